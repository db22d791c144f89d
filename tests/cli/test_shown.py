"""The commands and the code of README.md and docs work as they are printed."""

from __future__ import annotations

import contextlib
import io
import re
import shlex
import sys
from pathlib import Path

import pytest
import torch
from books import BuildBook
from breaking import Opened
from shown import DOCS, PAGES, PROGRAMS, README, ROOT, blocks, commands, in_folder, lines, run, words

from mnist.__main__ import main as mnist
from sheetgen.__main__ import main
from sheetgen.excel import read

FOUND = "audit docs/examples/submissions"  # what stands there is wrong: the status is 1
SHOWN = sorted({line.split("  #")[0].strip() for page in PAGES.values() for line in lines(page)})
# What takes minutes, fetches something or goes on until Ctrl-C is not run here; that it is understood is tested.
LONG = re.compile(r"-m mnist|mnist\.live|build\.py --|docs/\w+\.py|pip |benchmarks/|sheetgen (check|web)|web\.build")
QUICK = [line for line in SHOWN if not LONG.search(line)]


def status(line: str) -> int:
    """The exit status that a command is to have."""
    return int(FOUND in line)


@pytest.mark.parametrize("name", PAGES)
def test_commands_are_understood(name: str) -> None:
    for program, *arguments in commands(PAGES[name]):
        if program.endswith("sheetgen"):
            assert arguments[0] in main.commands, arguments
            if len(arguments) > 1 and not any(word.isupper() for word in arguments[1:]):  # FILE is no file
                main.commands[arguments[0]].make_context(arguments[0], arguments[1:])
        elif program.endswith("python") and arguments[:2] == ["-m", "mnist"]:
            if len(arguments) > 2:
                mnist.commands[arguments[2]].make_context(arguments[2], arguments[3:])
        elif program.endswith("python"):
            file = f"{arguments[1].replace('.', '/')}.py" if arguments[0] == "-m" else arguments[0]
            assert (ROOT / file).is_file() or file == "FOLDER/serve.py", arguments


@pytest.mark.parametrize("name", PAGES)
def test_commands_name_the_environment_they_need(name: str) -> None:
    for line in lines(PAGES[name]):
        assert line.startswith(".venv/bin/"), line


@pytest.mark.parametrize("line", QUICK)
def test_commands_work_as_they_are_printed(line: str, tmp_path: Path) -> None:
    folder = in_folder(tmp_path)
    (folder / "mine.toml").write_text(*blocks(DOCS["templates.md"], "toml"))
    if "submissions.py" in line:  # it writes into docs; what it makes is compared in test_docs.py
        assert (ROOT / shlex.split(line)[1]).is_file()
        return
    quick = ["--no-check"] if " export " in line else []
    quick = ["--no-check", "--steps", "5"] if " build" in line else quick
    done = run(shlex.split(line), folder, *quick)
    assert done.returncode == status(line), done.stderr
    given = re.search(r"(?:-o|--report) (\S+)", line)
    assert given is None or (folder / given[1]).is_file()


@pytest.mark.slow
def test_exports_pass_their_checks(tmp_path: Path) -> None:
    """As builds do: test_cli.py has every template checked."""
    folder, pages = in_folder(tmp_path), README + DOCS["export.md"]
    for line in dict.fromkeys(x for x in lines(pages) if " export " in x):
        done = run(shlex.split(line), folder)
        assert done.returncode == 0, done.stderr
    assert run([".venv/bin/sheetgen", "check", "out/exam.xlsx"], folder).returncode == 0


def test_a_command_that_does_not_work_is_noticed(tmp_path: Path) -> None:
    line = ".venv/bin/sheetgen grad docs/examples/submissions/nobody.xlsx Sheet1!W80 G31"
    assert run(shlex.split(line), in_folder(tmp_path)).returncode != status(line)
    assert lines("```sh\n(python3 -m venv x)\nsheetgen templates\n```") == ["sheetgen templates"]
    assert set(PROGRAMS) == {".venv/bin/sheetgen", ".venv/bin/python"} and len(QUICK) > 6


def test_what_audit_says_is_quoted_word_by_word(tmp_path: Path) -> None:
    (quoted,) = blocks(DOCS["audit.md"], "text")
    line = next(x for x in lines(DOCS["audit.md"]) if "ben.xlsx" in x)
    said = words(run(shlex.split(line), in_folder(tmp_path)).stdout)
    for sentence in quoted.splitlines():
        assert words(sentence) in said


def test_the_fifteen_lines_print_what_stands_below_them() -> None:
    (code,), (output,) = (blocks(DOCS["idea.md"], language) for language in ("python", "text"))
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(compile(code, "idea.md", "exec"), {})
    assert printed.getvalue() == output
    assert len([line for line in code.splitlines() if line.strip()]) <= 15


def test_the_export_from_python_says_who_checked_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (code,) = blocks(DOCS["export.md"], "python")
    monkeypatch.chdir(in_folder(tmp_path))
    monkeypatch.setattr(sys, "path", list(sys.path))
    exec(compile(code, "export.md", "exec"), {})
    assert "IronCalc" in capsys.readouterr().out
    cells = read("exam.xlsx").sheets["Predict"]
    x = torch.tensor([[1.5, 9, 0]], dtype=torch.float64)
    expected = torch.softmax(sys.modules["exam"].network()(x), 1)[0].tolist()
    assert [cells[f"{column}8"].value for column in "EFG"] == pytest.approx(expected, rel=1e-9)


def test_your_own_network_takes_twelve_lines() -> None:
    (toml,) = blocks(DOCS["templates.md"], "toml")
    assert len([line for line in toml.splitlines() if line.strip()]) <= 12
    assert "in twelve lines" in words(README)


def test_try_this_turns_start_red_and_names_the_cell(build_book: BuildBook) -> None:
    page = words(README)
    edit = re.search(r"edit `(\w+)`: write `(.+?)` for `(.+?)`", page)
    typed = re.search(r"type ([\d.]+) into the yellow cell of `(\w+)`", page)
    assert edit and typed
    opened = Opened(build_book("homework", steps=50))
    opened.type(**{typed[2].replace("i", "i_"): float(typed[1])})
    own = opened.book.sheets["Training"][edit[1]].formula
    assert own is not None and edit[3] in own
    assert str(opened.said().verdict).startswith("PASS")
    said = opened.broken("Training", edit[1], own.replace(edit[3], edit[2]))
    assert not str(said.verdict).startswith("PASS")
    assert str(said.what).startswith(f"Training!{edit[1]}, dE/dw3")
