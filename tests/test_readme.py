"""The README's code is run, its output compared, its template built, and what it states of the project looked up."""

from __future__ import annotations

import contextlib
import io
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from mnist.sheets.common import INDEX, LIVE_INDEX
from sheetgen import building, lint, spec
from sheetgen.layout import FIRST_ROW, LAST_ROW
from sheetgen.plan import CHECK, DIFFERENCES, NETWORK, RATES, START, STEPS, TEMPLATE, TRAINING

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    """The fenced blocks of one language."""
    return re.findall(rf"```{language}\n(.*?)```", README, re.DOTALL)


def test_the_fifteen_lines_print_what_stands_below_them() -> None:
    (code,), (output,) = [x for x in blocks("python") if "backward" in x], blocks("text")
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(compile(code, "README.md", "exec"), {})
    assert printed.getvalue() == output
    assert len([line for line in code.splitlines() if line.strip()]) <= 15


def test_your_own_network_builds_with_the_command_shown(tmp_path: Path) -> None:
    (toml,) = blocks("toml")
    assert len([line for line in toml.splitlines() if line.strip()]) <= 12
    (tmp_path / "mine.toml").write_text(toml)
    (command,) = [b for b in blocks("sh") if "mine.toml" in b]
    words = shlex.split(command)
    assert words[:2] == [".venv/bin/python", "build.py"]
    arguments = [sys.executable, str(ROOT / words[1]), *words[2:], "--no-check", "--steps", "5"]
    subprocess.run(arguments, cwd=tmp_path, check=True, capture_output=True)
    assert (tmp_path / "mine.xlsx").is_file()


def test_the_two_commands_are_marked_for_ci() -> None:
    build, test = (re.search(rf"<!-- {name} -->\n```sh\n(.*?)\n```", README) for name in ("build", "test"))
    assert build and build[1].endswith(".venv/bin/python build.py")
    assert test and test[1].endswith(".venv/bin/pytest")
    assert "[test]" in test[1]


def test_the_sheets_are_the_ones_listed() -> None:
    listed = re.findall(r"^\| ([A-Z][A-Za-z ]+) \|", README, re.MULTILINE)
    more = [name for name, _ in [*INDEX, *LIVE_INDEX]]
    assert listed == [START, NETWORK, STEPS, TRAINING, RATES, CHECK, DIFFERENCES, TEMPLATE, *more]


@pytest.mark.parametrize("path", re.findall(r"\]\(((?!https?:)[^)#]+)\)", README))
def test_pictures_and_files_exist(path: str) -> None:
    assert (ROOT / path).is_file()


def test_stated_numbers_are_the_code_s() -> None:
    assert f"{LAST_ROW - FIRST_ROW:,} steps" in README
    assert f"linter of {len(lint.RULES)} rules" in README
    shipped = {p.stem for p in building.template_folder().glob("*.toml")}
    assert shipped == {"homework", "homework-eta-0.5", "mazur", "tanh-2-3-2", "xor"}
    rates = ", ".join(f"{r:.1f}" for r in spec.LEARNING_RATES)
    assert rates in README
