"""Engines side by side: the same results as one by one, and no process that outlives whoever started it."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from engine_books import write

from sheetgen.excel import read
from sheetgen.judge.engines import ENGINES, EngineFailed, EngineMissing, Recalculated, beside, side_by_side

QUICK = ("formulas patterns", "IronCalc")
# An engine that tells its process and then takes for ever.
ENDLESS = (
    "import os, pathlib, time; from sheetgen.judge.engines import beside\n"
    "def endless(name, path, _):\n"
    "    pathlib.Path(path).with_name(name + ' runs').write_text(str(os.getpid()))\n"
    "    time.sleep(60)\n"
    "beside.outcome = endless; beside.work({name!r}, {folder!r})"
)


@pytest.fixture
def book(tmp_path: Path) -> Path:
    return write(tmp_path / "b.xlsx", {"S": {"A1": 2, "A2": ("=A1*2", 999), "A3": ("=A2+1", 999), "A4": ("=1/0", 0)}})


def started(book: Path, names: tuple[str, ...] = QUICK) -> dict[str, object]:
    with side_by_side(book, names, read(book)) as running:
        return dict(running)


def wait_for(what: Callable[[], object], seconds: float = 30) -> None:
    end = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < end, "it never happened"
        time.sleep(0.02)


def process_in(file: Path) -> int:
    """The number of the process that a file tells of, once it does."""
    wait_for(lambda: file.exists() and file.read_text().strip())
    return int(file.read_text())


def alive(process: int) -> bool:
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


@pytest.mark.parametrize("processors", [1, 2])
def test_the_results_are_those_of_one_by_one(book: Path, monkeypatch: pytest.MonkeyPatch, processors: int) -> None:
    monkeypatch.setattr(beside, "processors", lambda: processors)
    found = started(book)
    assert set(found) == set(QUICK)
    for name in QUICK:
        result, alone = found[name], ENGINES[name](book)
        assert isinstance(result, Recalculated) and result._replace(seconds=0) == alone._replace(seconds=0)


def test_their_processes_end_in_order(book: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not by the abort that Python makes of a thread that waits for its standard input: that leaves a core."""
    made: list[subprocess.Popen[bytes]] = []

    class Popen(subprocess.Popen[bytes]):
        def __init__(self, *arguments: Any, **options: Any) -> None:
            super().__init__(*arguments, **options)
            made.append(self)

    monkeypatch.setattr(subprocess, "Popen", Popen)
    started(book)
    assert [process.returncode for process in made] == [0, 0]


def test_one_engine_alone_starts_no_process(book: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(subprocess, "Popen", None)
    assert isinstance(started(book, ("IronCalc",))["IronCalc"], Recalculated)


def test_a_missing_engine_is_said_to_be_missing(book: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    found = started(book, ("IronCalc", "LibreOffice"))
    assert isinstance(found["LibreOffice"], EngineMissing) and "apt install" in str(found["LibreOffice"])


@pytest.mark.parametrize(
    ("program", "why"),
    [
        ("import os; os._exit(3)", "exit status 3"),
        ("import os; os.kill(os.getpid(), 9)", "SIGKILL"),
        ("raise MemoryError('no more')", "MemoryError: no more"),
        ("open({folder!r} + '/' + {name!r}, 'w').write('half a result')", "exit status 0"),
    ],
)
def test_an_engine_that_dies_has_failed(book: Path, monkeypatch: pytest.MonkeyPatch, program: str, why: str) -> None:
    monkeypatch.setattr(beside, "_PROGRAM", program)
    found = started(book)
    assert {name: type(error) for name, error in found.items()} == dict.fromkeys(QUICK, EngineFailed)
    assert str(found["IronCalc"]) == f"IronCalc ended without a result ({why})."


def test_leaving_early_ends_all(book: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever the reason: Ctrl-C, a finding that ends the check, a fault of ours."""
    monkeypatch.setattr(beside, "_PROGRAM", ENDLESS)
    monkeypatch.setattr(beside, "processors", lambda: 2)
    with pytest.raises(KeyboardInterrupt), side_by_side(book, QUICK, read(book)):
        processes = [process_in(book.with_name(f"{name} runs")) for name in QUICK]
        assert all(map(alive, processes))
        raise KeyboardInterrupt
    assert not any(map(alive, processes))


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_they_end_with_a_starter_that_is_killed(book: Path, number: int) -> None:
    """Nobody is left to end them or to remove what they share."""
    code = (
        "from sheetgen.judge.engines import beside, side_by_side; from sheetgen.excel import read\n"
        f"beside._PROGRAM, book = {ENDLESS!r}, {str(book)!r}\n"
        f"with side_by_side(book, {QUICK!r}, read(book)) as running: list(running)"
    )
    scratch = book.parent / "scratch"
    scratch.mkdir()
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path)), "TMPDIR": str(scratch)}
    starter = subprocess.Popen([sys.executable, "-c", code], env=environment)
    process = process_in(book.with_name("formulas patterns runs"))
    assert alive(process) and list(scratch.iterdir())
    starter.send_signal(number)
    assert starter.wait() == -number
    wait_for(lambda: not alive(process), beside.GRACE + 10)
    wait_for(lambda: not list(scratch.iterdir()))


def test_libreoffice_is_ended_with_its_process(book: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is a program of its own, in a session of its own."""
    fake = book.with_name("soffice")
    told = book.with_name("soffice runs")
    fake.write_text(
        f'#!/bin/sh\ncase "$*" in *--version*) echo LibreOffice 1.2.3;; *) echo $$ >"{told}"; exec sleep 60;; esac\n'
    )
    fake.chmod(0o755)
    monkeypatch.setenv("PATH", f"{fake.parent}{os.pathsep}{os.environ['PATH']}")
    with side_by_side(book, ("LibreOffice", "IronCalc"), read(book)):
        process = process_in(told)
        assert alive(process)
    assert not alive(process)
