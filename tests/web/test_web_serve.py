"""`sheetgen web`: the files of one folder, to this machine alone, under the page's policy."""

from __future__ import annotations

import gzip
import http.client
import os
import re
import signal
import socket
import struct
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from email.message import Message
from pathlib import Path

import pytest
import web_page
from click.testing import CliRunner

from sheetgen.__main__ import main
from sheetgen.web import serve


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Some files, and one beside them that is nobody's business."""
    (tmp_path / "secret.txt").write_text("secret")
    site = tmp_path / "site"
    (site / "pyodide").mkdir(parents=True)
    (site / "index.html").write_text("<p>the page</p>")
    (site / "main.js").write_text("export {};")
    (site / "pyodide" / "python.zip").write_bytes(b"PK")
    return site


@pytest.fixture
def port(folder: Path) -> Iterator[int]:
    with web_page.served(folder) as address:
        yield int(address.rstrip("/").rpartition(":")[2])


def ask(port: int, path: str, method: str = "GET", **headers: str) -> tuple[int, Message, bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", port)
    connection.request(method, path, headers=headers)
    response = connection.getresponse()
    body = response.read()
    connection.close()
    return response.status, response.headers, body


def test_the_page_comes_with_its_policy(port: int) -> None:
    status, headers, body = ask(port, "/")
    assert (status, body) == (200, b"<p>the page</p>")
    policy = headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy and "connect-src 'self'" in policy and "unsafe-inline" not in policy
    assert "'unsafe-eval'" not in policy and headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Content-Type"] == "text/html; charset=utf-8"


def test_texts_are_compressed_for_whoever_can_read_that(port: int) -> None:
    _, headers, body = ask(port, "/main.js", **{"Accept-Encoding": "gzip, br"})
    assert headers["Content-Encoding"] == "gzip" and gzip.decompress(body) == b"export {};"
    assert headers["Content-Type"] == "text/javascript; charset=utf-8"
    _, headers, body = ask(port, "/main.js")
    assert "Content-Encoding" not in headers and body == b"export {};"
    _, headers, body = ask(port, "/pyodide/python.zip", **{"Accept-Encoding": "gzip"})
    assert body == b"PK" and headers["Content-Type"] == "application/octet-stream"


@pytest.mark.parametrize(
    "path", ["/../secret.txt", "/%2e%2e/secret.txt", "/..%2fsecret.txt", "/pyodide/", "/none.js", "/%00"]
)
def test_nothing_else_is_served(port: int, path: str) -> None:
    status, _, body = ask(port, path)
    assert status == 404 and b"secret" not in body


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
def test_nothing_is_taken(port: int, method: str) -> None:
    assert ask(port, "/", method)[0] == 501


def test_only_this_machine_is_served(folder: Path) -> None:
    with serve.server(folder) as running:
        assert running.server_address[0] == "127.0.0.1"


def test_a_browser_that_hangs_up_is_no_fault(folder: Path, capfd: pytest.CaptureFixture[str]) -> None:
    (folder / "large.zip").write_bytes(bytes(1 << 24))
    with web_page.served(folder) as address, socket.socket() as browser:
        browser.connect(("127.0.0.1", int(address.rstrip("/").rpartition(":")[2])))
        browser.sendall(b"GET /large.zip HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert browser.recv(9) == b"HTTP/1.1 "
        browser.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))  # reset it
        browser.close()
        time.sleep(0.3)
    assert capfd.readouterr().err == ""


@pytest.mark.skipif(os.name != "posix", reason="signals")
@pytest.mark.parametrize(
    "words", [["-m", "sheetgen", "web", "--no-browser", "SITE"], ["SITE/serve.py", "--no-browser"]]
)
def test_the_command_serves_until_it_is_stopped(folder: Path, words: list[str]) -> None:
    """From the command, and from the file that lies beside the page, on a stick without sheetgen."""
    (folder / "serve.py").write_bytes(Path(serve.__file__).read_bytes())
    alone = ["-I"] if "serve.py" in words[0] else []
    command = [sys.executable, *alone, *(word.replace("SITE", str(folder)) for word in words), "--no-browser"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        line = process.stdout.readline()
        address = re.search(r"http://127\.0\.0\.1:\d+/", line)
        assert address and line.endswith("until you press Ctrl-C.\n")
        with urllib.request.urlopen(address[0]) as response:
            assert response.read() == b"<p>the page</p>"
        process.send_signal(signal.SIGINT)
        assert process.wait(20) == 130


def test_a_folder_without_a_page_and_a_port_in_use(tmp_path: Path, folder: Path) -> None:
    result = CliRunner().invoke(main, ["web", str(tmp_path)])
    assert result.exit_code == 2 and "holds no page: python -m sheetgen.web.build" in result.output
    with serve.server(folder) as running:
        port = str(running.server_address[1])
        result = CliRunner().invoke(main, ["web", str(folder), "--no-browser", "--port", port])
    assert result.exit_code == 2 and "The page cannot be served" in result.output
