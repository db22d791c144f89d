"""Serve the page on this machine, to this machine alone: `sheetgen web`, or `python serve.py` beside the page.

It needs the standard library only, so that it runs from a USB stick, too.
"""

from __future__ import annotations

import gzip
import sys
import webbrowser
from functools import lru_cache, partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import IO, Any

# Nothing but the page's own files: no other host, no inline script, no frame, no form.
POLICY = {
    "default-src": "'none'",
    "script-src": "'self' 'wasm-unsafe-eval'",
    "worker-src": "'self' blob:",  # the judge's worker comes of a blob, and so obeys this policy on every host
    "connect-src": "'self'",
    "style-src": "'self'",
    "img-src": "'self'",
    "base-uri": "'none'",
    "form-action": "'none'",
}
CSP = "; ".join(f"{name} {source}" for name, source in POLICY.items())
HEADERS = {
    "Content-Security-Policy": f"{CSP}; frame-ancestors 'none'",
    "Cache-Control": "no-cache",  # ask each time whether it has changed
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}
TYPES = {
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".mjs": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
    ".txt": "text/plain; charset=utf-8",
}
COMPRESSED = (".css", ".html", ".js", ".mjs", ".svg", ".txt")


class Page(SimpleHTTPRequestHandler):
    """The files of one folder, and nothing else."""

    protocol_version = "HTTP/1.1"

    def end_headers(self) -> None:
        """Add the policy to whatever is sent."""
        for name, value in HEADERS.items():
            self.send_header(name, value)
        super().end_headers()

    def guess_type(self, path: Any) -> str:
        """Not by the system's table, which may say anything."""
        return TYPES.get(Path(path).suffix, "application/octet-stream")

    def list_directory(self, path: Any) -> None:
        """A folder without index.html is no page."""
        self.send_error(404)

    def send_head(self) -> Any:
        """Send texts compressed, to whoever can read that; the rest as files."""
        path = Path(self.translate_path(self.path))
        if "\0" in str(path):
            return self.send_error(404)
        path = path / "index.html" if path.is_dir() else path
        if path.suffix not in COMPRESSED or not path.is_file() or "gzip" not in self.headers.get("Accept-Encoding", ""):
            return super().send_head()
        content = compressed(path, path.stat().st_mtime_ns)
        self.send_response(200)
        self.send_header("Content-Type", TYPES[path.suffix])
        self.send_header("Content-Encoding", "gzip")
        self.send_header("Vary", "Accept-Encoding")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        return _Sent(content)

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing of each request."""


class Server(ThreadingHTTPServer):
    """A server that says nothing of a browser that hangs up, as each does when the page is loaded again."""

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Print the traceback of a fault alone."""
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, client_address)


class _Sent:
    """Bytes as the file that the handler copies and closes."""

    def __init__(self, content: bytes) -> None:
        self.content = content

    def read(self, _: int = -1) -> bytes:
        content, self.content = self.content, b""
        return content

    def close(self) -> None: ...


@lru_cache(64)
def compressed(path: Path, _: int = 0) -> bytes:
    """A file as it is sent; the time of its last change tells it from a former one."""
    return gzip.compress(path.read_bytes(), 6, mtime=0)


def server(folder: Path, port: int = 0) -> ThreadingHTTPServer:
    """A server of a folder for this machine alone; on any free port, if it is 0. Raises OSError."""
    return Server(("127.0.0.1", port), partial(Page, directory=str(folder)))


def address(running: ThreadingHTTPServer) -> str:
    """Where a browser finds it."""
    return f"http://127.0.0.1:{running.server_address[1]}/"  # not localhost, which may be another program's [::1]


def serve(folder: Path, port: int = 0, browse: bool = True, out: IO[str] = sys.stdout) -> None:
    """Serve a folder until Ctrl-C, and open the page in a browser. Raises OSError."""
    with server(folder, port) as running:
        print(f"The page is at {address(running)} until you press Ctrl-C.", file=out, flush=True)
        if browse:
            Thread(target=webbrowser.open, args=(address(running),), daemon=True).start()  # it may wait for the page
        running.serve_forever()


if __name__ == "__main__":
    try:
        serve(Path(__file__).resolve().parent, browse="--no-browser" not in sys.argv)
    except KeyboardInterrupt:
        sys.exit(130)
