"""The page in a real browser, used as a person would: drop files, read the lines, take away what is offered."""

from __future__ import annotations

import difflib
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from sheetgen.audit.judge import audit
from sheetgen.audit.show import machine
from sheetgen.base.errors import UserError
from sheetgen.web import build, serve

# What Chromium would ask Google's hosts, it does not ask.
SWITCHES = (
    "--disable-background-networking", "--disable-component-update", "--disable-gpu", "--disable-quic",
    "--disable-sync", "--no-first-run", "--no-sandbox",
)  # fmt: skip
PATIENCE = 120_000  # milliseconds, on a busy machine


def site(folder: Path) -> Path:
    """A page built from the sources as they are; the test is skipped where npm cannot bring Pyodide."""
    try:
        build.fetch()
    except UserError as error:
        _without(str(error))
    build.build(folder, folder.parent / "none.xlsx")
    return folder


@contextmanager
def chromium() -> Iterator[Browser]:
    """The system's Chromium; the test is skipped where there is none."""
    path = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if path is None:
        _without("no Chromium is installed")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=list(SWITCHES))
        yield browser
        browser.close()


def _without(why: str) -> None:
    if os.environ.get("CI"):
        pytest.fail(why)
    pytest.skip(why)


class Plain(SimpleHTTPRequestHandler):
    """A host that sends files and no policy, as most do."""

    def log_message(self, *_: Any) -> None: ...


@contextmanager
def served(folder: Path, plain: bool = False) -> Iterator[str]:
    """The address of a folder that is served as `sheetgen web` does, or by a plain host."""
    page = partial(Plain, directory=str(folder))
    server = ThreadingHTTPServer(("127.0.0.1", 0), page) if plain else serve.server(folder)
    Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    try:
        yield serve.address(server)
    finally:
        server.shutdown()
        server.server_close()


class Visit:
    """One visit of the page, which has loaded the judge; `requests` are the addresses it asked for."""

    def __init__(self, browser: Browser, address: str, ready: bool = True, **context: Any) -> None:
        self.context = browser.new_context(viewport={"width": 1366, "height": 768}, accept_downloads=True, **context)
        self.context.set_default_timeout(PATIENCE)
        self.page: Page = self.context.new_page()
        self.requests: list[str] = []
        self.errors: list[str] = []
        self.context.on("request", lambda request: self.requests.append(request.url))
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))
        self.page.on("console", lambda m: self.errors.append(m.text) if m.type == "error" else None)
        self.page.goto(address)
        if ready:
            self.page.wait_for_selector("html[data-ready]", state="attached")

    def drop(self, *paths: Path) -> None:
        """Let files and folders fall on the page, as the system hands them to a browser."""
        box = self.page.locator("#drop").bounding_box()
        assert box is not None
        data = {"items": [], "files": [str(path) for path in paths], "dragOperationsMask": 1}
        session = self.context.new_cdp_session(self.page)
        for kind in ("dragEnter", "dragOver", "drop"):
            place = {"x": box["x"] + 20, "y": max(5, box["y"] + 20)}
            session.send("Input.dispatchDragEvent", {"type": kind, "data": data, **place})
        session.detach()

    def judged(self, files: int) -> dict[str, str]:
        """Name -> verdict of all lines, when that many are there and all are judged."""
        self.page.wait_for_function(
            "n => document.querySelectorAll('#list > li').length === n && document.getElementById('stop').hidden",
            arg=files,
        )
        return self.lines()

    def lines(self) -> dict[str, str]:
        """Name -> verdict, or 'waiting', of every line."""
        script = "lines => lines.map(li => [li.querySelector('.name').textContent, li.dataset.word])"
        return dict(self.page.locator("#list > li").evaluate_all(script))

    def sentence(self, name: str) -> str:
        """What stands below the name of a file."""
        return self.page.locator(f"#list > li:has(.name:text-is('{name}')) .sentence").first.inner_text()

    def take(self, selector: str) -> bytes:
        """The file that a button gives."""
        with self.page.expect_download() as download:
            self.page.click(selector)
        return Path(download.value.path()).read_bytes()

    def document(self) -> Any:
        """What `Everything (.json)` gives."""
        return json.loads(self.take("#json"))

    def clear(self) -> None:
        """Empty the list."""
        if self.page.locator("#clear").is_visible():
            self.page.click("#clear")


def timeless(document: bytes) -> bytes:
    """JSON of verdicts without what differs from run to run: the seconds."""
    lines = document.decode().splitlines(keepends=True)
    return "".join(line for line in lines if not line.lstrip().startswith('"seconds": ')).encode()


def alike(ours: bytes, theirs: bytes) -> None:
    """Assert that two documents say the same, but for what rounding does.

    Another C library's exp, and the sum of another Python, differ in the last digit. So the worst difference of what is
    right, which is below 1e-9, and where it stands, may be another; no finding, no word and no count may.
    """
    one, other = json.loads(timeless(ours)), json.loads(timeless(theirs))
    for document in (one, other):
        for file in document["files"]:
            file["sentence"] = re.sub(r"difference [\d.]+e-(09|1\d)", "difference 0", file["sentence"])
            for table in file["tables"]:
                table["worst"] = float(f"{table['worst']:.9g}") if table["worst"] > 1e-9 else 0
                table["where"] = table["where"] if table["worst"] else ""
    lines = [json.dumps(document, indent=1).splitlines() for document in (one, other)]
    assert list(difflib.unified_diff(*lines, n=0)) == []


def command(folder: Path, names: Sequence[str]) -> bytes:
    """What `sheetgen audit --json` prints of some files of a folder."""
    words = [sys.executable, "-m", "sheetgen", "audit", "--json", *names]
    return subprocess.run(words, cwd=folder, capture_output=True, check=False).stdout


def in_node(site: Path, folder: Path) -> dict[str, tuple[bytes, float]]:
    """What the page's archive says of each workbook of a folder, as (JSON, seconds), judged in node."""
    words = [
        "node",
        str(Path(__file__).with_name("web_node.mjs")),
        str(build.PYODIDE),
        str(site / "python.zip"),
        str(folder),
    ]
    lines = subprocess.run(words, capture_output=True, check=True, text=True).stdout.splitlines()
    results = map(json.loads, lines)
    return {x["name"]: (x["document"].encode(), x["seconds"]) for x in results}


def documents(folder: Path) -> dict[str, bytes]:
    """What this judge says of each, as JSON."""
    verdicts = {}
    for path in sorted(folder.iterdir()):
        verdict = audit(path)
        verdict.path = Path(path.name)
        verdicts[path.name] = machine.document([verdict]).encode()
    return verdicts
