"""sheetgen as a process of its own: on a terminal, in a pipe, on a full disk, and interrupted."""

import contextlib
import os
import pty
import resource
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from progress import parted

ROOT = Path(__file__).parents[2]
PLAIN = {k: v for k, v in os.environ.items() if k not in ("FORCE_COLOR", "TTY_COMPATIBLE", "NO_COLOR")}
COMMAND = [sys.executable, "-m", "sheetgen"]
BUILD = [*COMMAND, "build", "homework", "--steps", "3", "-o", "out/x.xlsx"]  # without the sheets of MNIST


def left_in(folder: Path) -> set[str]:
    """Every file under a folder, hidden or not."""
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder with an older workbook, and a folder for temporary files that is empty: it can be seen as `tmp`."""
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "x.xlsx").write_text("old")
    with tempfile.TemporaryDirectory() as short:  # a socket's path has to be
        (tmp_path / "tmp").symlink_to(short)
        monkeypatch.setitem(PLAIN, "TMPDIR", short)
        yield tmp_path


def on_terminal(command: list[str], folder: Path) -> tuple[int, str, str]:
    """Run a command with its standard error on a terminal: (exit status, standard output, what the terminal got)."""
    ours, theirs = pty.openpty()
    terminal = PLAIN | {"TERM": "xterm-256color", "COLUMNS": "100"}
    process = subprocess.Popen(command, cwd=folder, env=terminal, stdout=subprocess.PIPE, stderr=theirs, text=True)
    os.close(theirs)
    shown = b""
    with contextlib.suppress(OSError):  # Linux reports the end of a terminal as an error
        while piece := os.read(ours, 4096):
            shown += piece
    os.close(ours)
    out, _ = process.communicate(timeout=60)
    return process.returncode, out, shown.decode()


def test_progress_is_shown_on_a_terminal(place: Path) -> None:
    status, out, shown = on_terminal([*BUILD, "--no-check"], place)
    assert (status, out) == (0, "out/x.xlsx: written, not checked\n")
    # The line is drawn anew a dozen times a second: on a fast machine a short stage goes by unseen.
    assert any(stage in shown for stage in ("asking PyTorch autograd", "writing")) and "\x1b[" in shown
    assert left_in(place) == {"out/x.xlsx"}


def test_a_complaint_is_red_on_a_terminal_only(place: Path) -> None:
    command = [*COMMAND, "check", "nothere.xlsx"]
    status, out, shown = on_terminal(command, place)
    piped = subprocess.run(command, cwd=place, env=PLAIN, capture_output=True, text=True, check=False)
    assert (status, out) == (piped.returncode, piped.stdout) == (2, "")
    assert "\x1b[31m" in shown and "nothere.xlsx" in shown
    assert "\x1b" not in piped.stderr and "nothere.xlsx" in piped.stderr


def test_a_full_disk_is_one_sentence(place: Path) -> None:
    """A file may not grow beyond 4,000 bytes: to a program that is an error like a full disk."""

    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (4_000, 4_000))

    done = subprocess.run(
        [*BUILD, "--no-check"], cwd=place, env=PLAIN, capture_output=True, text=True, check=False, preexec_fn=limit
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert parted(done.stderr)[1] == (
        "out/x.xlsx: the file cannot be written (File too large): choose another with -o\n"
    )
    assert left_in(place) == {"out/x.xlsx"} and (place / "out/x.xlsx").read_text() == "old"


def started(command: list[str], folder: Path) -> subprocess.Popen[str]:
    """A process that listens to the signals, which a shell may have its background jobs ignore."""

    def listen() -> None:
        for number in (signal.SIGINT, signal.SIGHUP):
            signal.signal(number, signal.SIG_DFL)

    return subprocess.Popen(
        command, cwd=folder, env=PLAIN, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, preexec_fn=listen
    )


def wait_for(process: subprocess.Popen[str], folder: Path, pattern: str) -> None:
    """Until something is there by that name."""
    end = time.monotonic() + 60
    while not list(folder.glob(pattern)) and process.poll() is None and time.monotonic() < end:
        time.sleep(0.005)
    assert process.poll() is None


def stopped_by(process: subprocess.Popen[str], number: int) -> tuple[int, str, str]:
    """(exit status, standard output, what is complained of) of a process that gets a signal."""
    process.send_signal(number)
    try:
        out, err = process.communicate(timeout=5)
    except subprocess.TimeoutExpired:  # Python drops an interrupt that falls into a finaliser: a person presses again
        process.send_signal(number)
        out, err = process.communicate(timeout=120)  # closes the pipes, so a failure here spoils no other test
    return process.returncode, out, parted(err)[1]


KEPT = "nothing half-written is left, and a file that was there is untouched\n"
STOPS = [
    (signal.SIGINT, f"interrupted: {KEPT}"), (signal.SIGTERM, f"stopped by SIGTERM: {KEPT}"),
    (signal.SIGHUP, f"stopped by SIGHUP: {KEPT}"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("seen", "stop"),
    [(".sheetgen-*", 0), (".sheetgen-*/.sheetgen-*", 1), (".sheetgen-*/draft.xlsx", 2), (".sheetgen-*/draft.xlsx", 1)],
)
def test_a_stopped_build_leaves_nothing_behind(seen: str, stop: int, place: Path) -> None:
    """Stopped before PyTorch is asked, while the draft is written, and while it is checked."""
    number, sentence = STOPS[stop]
    process = started(BUILD, place)
    wait_for(process, place / "out", seen)
    assert stopped_by(process, number) == (128 + number, "", sentence)
    assert left_in(place) == {"out/x.xlsx"} and (place / "out/x.xlsx").read_text() == "old"


SOFFICE = """#!/bin/sh
case "$*" in *--version*) echo LibreOffice 7.4.7.2 0; exit;; esac
touch converting
sleep 300 # a child of its own, as the real one has
"""


def test_libreoffice_ends_with_us(place: Path, right: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is a program of its own, and waiting for it would take longer than a cancelled job has."""
    (place / "bin").mkdir()
    (place / "bin" / "soffice").write_text(SOFFICE)
    (place / "bin" / "soffice").chmod(0o755)
    monkeypatch.setitem(PLAIN, "PATH", f"{place / 'bin'}{os.pathsep}{PLAIN['PATH']}")
    process = started([*COMMAND, "check", str(right), "--engine", "LibreOffice"], place)
    wait_for(process, place, "converting")
    assert stopped_by(process, signal.SIGTERM) == (143, "", STOPS[1][1])
    assert left_in(place / "tmp") == set()  # where the copy was that it worked on
    if Path("/proc/self").exists():
        there = [path for path in Path("/proc").glob("[0-9]*/cwd") if path.is_symlink() and readable(path) == place]
        assert there == []


def readable(link: Path) -> Path | None:
    """What a link leads to, if we may know and its process is still there."""
    try:
        return link.readlink()
    except OSError:
        return None


def test_a_closed_terminal_stops_the_build(place: Path) -> None:
    """Its every print fails from then on, and it still cleans up."""
    pid, ours = pty.fork()
    if pid == 0:
        os.chdir(place)
        os.execve(sys.executable, BUILD, PLAIN | {"TERM": "xterm"})
    end = time.monotonic() + 60
    while not list((place / "out").glob(".sheetgen-*/.sheetgen-*")) and time.monotonic() < end:
        time.sleep(0.005)
    os.close(ours)
    _, status = os.waitpid(pid, 0)
    assert os.waitstatus_to_exitcode(status) == 128 + signal.SIGHUP
    assert left_in(place) == {"out/x.xlsx"} and (place / "out/x.xlsx").read_text() == "old"


def test_a_stopped_audit_is_not_one_that_found_something(place: Path, right: Path) -> None:
    for k in range(12):
        (place / f"{k}.xlsx").write_bytes(right.read_bytes())
    command = [*COMMAND, "audit", ".", "--report", "out/marks.xlsx", "-j", "1"]
    process = started(command, place)
    time.sleep(1.5)
    assert process.poll() is None
    status, out, err = stopped_by(process, signal.SIGTERM)
    assert (status, out, err) == (143, "", STOPS[1][1])
    assert not (place / "out" / "marks.xlsx").exists()


def test_a_reader_that_leaves_is_not_a_finding(place: Path) -> None:
    """`sheetgen templates | head -0` ends as every program does that is told so by SIGPIPE."""
    process = started([*COMMAND, "templates"], place)
    assert process.stdout is not None and process.stderr is not None
    process.stdout.close()
    assert process.wait(60) == 128 + signal.SIGPIPE and process.stderr.read() == ""
    process.stderr.close()


def test_build_py_is_the_same_command(place: Path) -> None:
    done = [
        subprocess.run([*command, "--steps", "0"], cwd=place, env=PLAIN, capture_output=True, text=True, check=False)
        for command in ([sys.executable, str(ROOT / "build.py")], [*COMMAND, "build"])
    ]
    assert [x.returncode for x in done] == [2, 2]
    assert done[0].stderr == done[1].stderr and done[0].stderr.startswith("command line: --steps is 0")
