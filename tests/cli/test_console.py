"""What all commands share: stages, interruptions, exit statuses, empty names, and help that can be read."""

import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

import mnist.__main__
import sheetgen.__main__
from sheetgen.cli import console
from sheetgen.cli.console import Command, FilePath, Stopped, ended_with_us, stages, stoppable
from sheetgen.judge.report import EngineResult, Finished

BY = [signal.SIGINT, signal.SIGTERM, signal.SIGHUP]


def test_a_line_for_each_finished_stage(capsys: pytest.CaptureFixture[str]) -> None:
    with stages("reading") as say:
        say("reading")  # which is no other stage
        say("an engine")
        say(EngineResult("Abacus", "1.2", 1_234, 2e-16, "A!B3", 0.5).finished())
        say("writing")
    out, err = capsys.readouterr()
    assert out == ""
    first, figures, last = err.splitlines()
    assert re.fullmatch(r"reading: \d\.\d s", first) and re.fullmatch(r"writing: \d\.\d s", last)
    assert figures == "Abacus 1.2: 1,234 cells, worst relative error 2.0e-16 at A!B3, 0.5 s"


def test_a_line_is_written_in_one_piece(monkeypatch: pytest.MonkeyPatch) -> None:
    """Else a signal between its text and its end has the next message on the same line."""
    pieces: list[str] = []
    monkeypatch.setattr(sys.stderr, "write", pieces.append)
    with stages("reading") as say:
        say("writing")
    assert len([piece for piece in pieces if piece]) == 2 and all(piece.endswith(" s\n") for piece in pieces if piece)


def test_a_stage_that_fails_is_not_finished(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(ValueError), stages("reading") as say:
        say(Finished("a figure"))
        say("writing")
        raise ValueError
    assert capsys.readouterr().err == "a figure\n"


@pytest.mark.parametrize("number", BY)
def test_a_signal_is_one_sentence_and_its_status(number: int, capsys: pytest.CaptureFixture[str]) -> None:
    before = signal.getsignal(number)
    ended: list[str] = []
    with pytest.raises(SystemExit) as stop, stoppable("nothing is lost"), ended_with_us(lambda: ended.append("helper")):
        try:
            os.kill(os.getpid(), number)
            time.sleep(10)
        finally:
            os.kill(os.getpid(), number)  # a closed terminal sends several: cleaning up goes on
            ended.append("cleaned up")
    assert stop.value.code == 128 + number and ended == ["helper", "cleaned up"]
    how = "interrupted" if number == signal.SIGINT else f"stopped by {signal.Signals(number).name}"
    assert capsys.readouterr().err == f"{how}: nothing is lost\n"
    assert signal.getsignal(number) is before


def test_nothing_else_catches_it() -> None:
    assert not issubclass(Stopped, (Exception, KeyboardInterrupt, SystemExit))


def test_a_signal_that_is_ignored_stays_ignored(capsys: pytest.CaptureFixture[str]) -> None:
    """As nohup has it."""
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with stoppable("nothing is lost"):
            os.kill(os.getpid(), signal.SIGHUP)
            time.sleep(0.01)
    finally:
        signal.signal(signal.SIGHUP, before)
    assert capsys.readouterr().err == ""


def test_an_interruption_that_python_dropped_is_raised_at_the_next_stage() -> None:
    """What is raised within a finaliser is lost."""
    with pytest.raises(SystemExit) as stop, stoppable("nothing is lost"), stages("reading") as say:
        try:
            os.kill(os.getpid(), signal.SIGTERM)
            time.sleep(10)
        except Stopped:
            pass
        say("writing")
        pytest.fail("it went on")
    assert stop.value.code == 143


def test_what_was_done_before_the_signal_counts_as_done() -> None:
    with pytest.raises(SystemExit) as stop, stoppable("nothing is lost"):
        try:
            os.kill(os.getpid(), signal.SIGTERM)
            time.sleep(10)
        except Stopped:
            sys.exit(0)
    assert stop.value.code == 0


def test_an_error_that_the_signal_led_to_is_not_told(capsys: pytest.CaptureFixture[str]) -> None:
    """Such as that of a terminal that is gone."""
    with pytest.raises(SystemExit) as stop, stoppable("nothing is lost"):
        try:
            os.kill(os.getpid(), signal.SIGHUP)
            time.sleep(10)
        finally:
            raise OSError(5, "Input/output error")
    assert stop.value.code == 129 and capsys.readouterr().err == "stopped by SIGHUP: nothing is lost\n"


def test_a_fork_ends_at_once() -> None:
    ours, theirs = os.pipe()
    with stoppable("nothing is lost"):
        if (pid := os.fork()) == 0:
            os.write(theirs, b"ready")
            time.sleep(10)
            os._exit(0)
        os.read(ours, 5)
        os.kill(pid, signal.SIGTERM)
        _, status = os.waitpid(pid, 0)
    os.close(ours)
    os.close(theirs)
    assert os.waitstatus_to_exitcode(status) == 143


@pytest.mark.parametrize(("error", "status"), [(KeyboardInterrupt(), 130), (BrokenPipeError(), 141)])
def test_click_has_no_other_status_for_it(error: BaseException, status: int) -> None:
    def fail() -> None:
        raise error

    assert CliRunner().invoke(Command("x", callback=fail), []).exit_code == status


PATHS = [
    ["build", "-o", ""], ["build", ""], ["build", " "], ["check", ""], ["audit", ""], ["audit", "x", "--report", ""],
    ["audit", "x", "--junit", ""], ["audit", "x", "--gradescope", ""], ["grad", "", "A1", "B1"],
    ["export", "m:m", "--example", "1x1", "-o", ""], ["export", "m:m", "--example", "", "-o", "x.xlsx"],
    ["export", "m:m", "--example", "1x1", "--weights", "", "-o", "x.xlsx"],
    ["export", "", "--example", "1x1", "-o", "x.xlsx"],
]  # fmt: skip


@pytest.mark.parametrize("arguments", PATHS, ids=" ".join)
def test_an_empty_name_is_not_the_folder_we_are_in(
    arguments: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    done = CliRunner().invoke(sheetgen.__main__.main, arguments)
    assert done.exit_code == 2 and done.stdout == "" and "Traceback" not in done.stderr
    assert re.search(r"the name is empty: give|: give the network as file\.py:name", done.stderr)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("option", ["--data", "--records"])
def test_an_empty_folder_of_mnist_is_refused_too(option: str) -> None:
    done = CliRunner().invoke(mnist.__main__.main, ["verify", option, ""])
    assert done.exit_code == 2 and "the name is empty" in done.stderr


COMMANDS = {"sheetgen": sheetgen.__main__.main, "python -m mnist": mnist.__main__.main}


@pytest.mark.parametrize("name", COMMANDS)
def test_help_tells_every_command_in_one_whole_line(name: str) -> None:
    """At 80 columns: no line is cut off, none goes on below."""
    group = COMMANDS[name]
    assert isinstance(group, click.Group)
    shown = CliRunner().invoke(group, ["--help"], terminal_width=80, prog_name=name).stdout
    lines = shown.partition("Commands:\n")[2].splitlines()
    told = dict(line.split(None, 1) for line in lines)
    assert list(told) == sorted(group.commands) and len(lines) == len(told)
    assert all(text.endswith(".") and not text.endswith("..") for text in told.values())
    assert all(len(line) <= 80 for line in shown.splitlines())


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_its_own_help(name: str) -> None:
    for command in COMMANDS[name].commands:  # type: ignore[attr-defined,unused-ignore]
        done = CliRunner().invoke(COMMANDS[name], [command, "--help"], terminal_width=80)
        assert done.exit_code == 0 and "..." not in re.sub(r"\w\.\.\.|\]\.\.\.", "", done.stdout)


def test_the_console_prints_texts_as_they_are(capsys: pytest.CaptureFixture[str]) -> None:
    console.complain("a[red] :x: " + "long " * 60)
    assert capsys.readouterr().err == "a[red] :x: " + "long " * 60 + "\n"


def test_help_is_quick() -> None:
    """Neither torch nor an engine is imported for it."""
    code = "import sheetgen.__main__, sys; print({'torch', 'numpy', 'openpyxl', 'xlsxwriter'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "set()\n"


def test_a_path_is_a_path() -> None:
    assert FilePath(path_type=Path).convert("a/b", None, None) == Path("a/b")
