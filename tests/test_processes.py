"""sheetgen as a process of its own: on a terminal, in a pipe, on a full disk, and interrupted."""

import contextlib
import os
import pty
import resource
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PLAIN = {k: v for k, v in os.environ.items() if k not in ("FORCE_COLOR", "TTY_COMPATIBLE", "NO_COLOR")}
COMMAND = [sys.executable, "-m", "sheetgen"]
BUILD = [*COMMAND, "build", "--steps", "3", "-o", "out/x.xlsx"]


def left_in(folder: Path) -> set[str]:
    """Every file under a folder, hidden or not."""
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with an older workbook, and a folder for temporary files that is empty."""
    for name in ("out", "tmp"):
        (tmp_path / name).mkdir()
    (tmp_path / "out" / "x.xlsx").write_text("old")
    monkeypatch.setitem(PLAIN, "TMPDIR", str(tmp_path / "tmp"))
    return tmp_path


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
    assert done.stderr == "out/x.xlsx: the file cannot be written (File too large): choose another with -o\n"
    assert left_in(place) == {"out/x.xlsx"} and (place / "out/x.xlsx").read_text() == "old"


@pytest.mark.parametrize("seen", [".sheetgen-*", ".sheetgen-*/.sheetgen-*", ".sheetgen-*/draft.xlsx"])
def test_an_interrupted_build_leaves_nothing_behind(seen: str, place: Path) -> None:
    """Interrupted before PyTorch is asked, while the draft is written, and while it is checked."""

    def listen() -> None:
        signal.signal(signal.SIGINT, signal.SIG_DFL)  # a shell has its background jobs ignore it

    process = subprocess.Popen(
        BUILD, cwd=place, env=PLAIN, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, preexec_fn=listen
    )
    end = time.monotonic() + 60
    while not list((place / "out").glob(seen)) and process.poll() is None and time.monotonic() < end:
        time.sleep(0.005)
    process.send_signal(signal.SIGINT)
    try:
        out, err = process.communicate(timeout=3)
    except subprocess.TimeoutExpired:  # Python drops an interrupt that falls into a finaliser: a person presses again
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=120)  # closes the pipes, so a failure here spoils no other test
    assert (process.returncode, out) == (1, "")
    assert err.strip().endswith("Aborted!")
    assert left_in(place) == {"out/x.xlsx"} and (place / "out/x.xlsx").read_text() == "old"


def test_build_py_is_the_same_command(place: Path) -> None:
    done = [
        subprocess.run([*command, "--steps", "0"], cwd=place, env=PLAIN, capture_output=True, text=True, check=False)
        for command in ([sys.executable, str(ROOT / "build.py")], [*COMMAND, "build"])
    ]
    assert [x.returncode for x in done] == [2, 2]
    assert done[0].stderr == done[1].stderr and done[0].stderr.startswith("command line: --steps is 0")
