"""A device, a pipe or a socket might never end: it is no ordinary file, wherever one is read or written."""

import os
import signal
import socket
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner
from export_inputs import CODE

import mnist.__main__
from sheetgen.__main__ import main

REASON = "no ordinary file"


def pipe(path: Path) -> None:
    os.mkfifo(path)


def device(path: Path) -> None:
    path.symlink_to("/dev/zero")


def plug(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as made:
        made.bind(path.name)


@pytest.fixture(params=[pipe, device, plug])
def special(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The name, without its ending, of a file of every kind that somebody may name; waiting for one is a failure."""
    monkeypatch.chdir(tmp_path)
    make: Callable[[Path], None] = request.param
    for ending in ("xlsx", "toml", "csv", "npy", "pt", "safetensors", "py", "xml", "json"):
        make(Path(f"odd.{ending}"))
    Path("net.py").write_text(CODE)
    Path("beside.py").write_text("WIDTH = 4\n")
    Path("data.csv").write_text("height,weight\n1.5,-2\n")
    Path("ann.xlsx").touch()

    def waited(*_: object) -> None:
        raise TimeoutError("it waited for the file")

    before = signal.signal(signal.SIGALRM, waited)
    signal.alarm(30)
    yield "odd"
    signal.alarm(0)
    signal.signal(signal.SIGALRM, before)


READ = """
build odd.toml
build odd.xlsx
check odd.xlsx
audit odd.xlsx
audit . --table Sheet1!A1:B2
grad odd.xlsx A1 B1
export net.py:Table --example odd.csv -o x.xlsx
export net.py:Table --example odd.npy -o x.xlsx
export net.py:Table --example odd.pt -o x.xlsx
export net.py:Table --example odd.safetensors -o x.xlsx
export net.py:Table --example data.csv --weights odd.pt -o x.xlsx
export net.py:Table --example data.csv --weights odd.safetensors -o x.xlsx
export odd.py:Table --example data.csv -o x.xlsx
"""
WRITTEN = """
build -o odd.xlsx --no-check
audit ann.xlsx --junit odd.xml
audit ann.xlsx --gradescope odd.json
audit ann.xlsx --report odd.xlsx
export net.py:Table --example data.csv -o odd.xlsx
"""


@pytest.mark.parametrize("line", [*READ.strip().splitlines(), *WRITTEN.strip().splitlines()])
def test_it_is_refused_at_once(line: str, special: str) -> None:
    before = {path.name for path in Path().iterdir()}
    done = CliRunner().invoke(main, line.split())
    assert done.exit_code == 2 and "Traceback" not in done.output
    assert special in done.output and REASON in done.output
    assert {path.name for path in Path().iterdir()} - before <= {"__pycache__"}


def test_it_is_no_workbook_for_mnist_either(special: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mnist.data.load", lambda *_: (None, type("Images", (), {"images": _Any(), "labels": _Any()})))
    done = CliRunner().invoke(mnist.__main__.main, ["spreadsheet", f"{special}.xlsx"])
    assert done.exit_code == 2 and REASON in done.stderr


class _Any:
    """Images that nobody looks at."""

    def __getitem__(self, _: object) -> "_Any":
        return self

    def numpy(self) -> "_Any":
        return self


def test_a_report_is_not_put_in_the_place_of_a_device(tmp_path: Path) -> None:
    done = CliRunner().invoke(main, ["audit", str(tmp_path), "--junit", "/dev/null"])
    assert done.exit_code == 2 and f"/dev/null: the file cannot be written (it is {REASON})" in done.stderr
