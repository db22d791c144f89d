"""What README.md and the pages of docs show: their commands, and how to run them without the environment they name."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
DOCS = {path.name: path.read_text(encoding="utf-8") for path in sorted((ROOT / "docs").glob("*.md"))}
PAGES = {"README.md": README, **DOCS}
PROGRAMS = {".venv/bin/sheetgen": [sys.executable, "-m", "sheetgen"], ".venv/bin/python": [sys.executable]}
BESIDE = ("build.py", "docs", "mnist", "templates", "tests")  # what commands find in the folder of the repository


def words(text: str) -> str:
    """A page on one line."""
    return " ".join(text.split())


def blocks(page: str, language: str) -> list[str]:
    """The fenced blocks of one language."""
    return re.findall(rf"```{language}\n(.*?)```", page, re.DOTALL)


def lines(page: str) -> list[str]:
    """Every command in the blocks of a page, but for the two that install."""
    shown = "\n".join(blocks(page, "sh")).splitlines()
    return [line for line in shown if line and not line.startswith("(python3 -m venv")]


def commands(page: str) -> list[list[str]]:
    """Every command that a page shows, in blocks, in the text and above tables, as words."""
    inline = re.findall(r"`((?:\.venv/bin/)?(?:python|sheetgen)\b ?[^`\n]+)`", page)
    above = [line for line in re.findall(r"<!-- (.*?) -->", page) if " " in line and "python" in line]
    actions = re.findall(r"- run: (sheetgen [^>\n]+)", page)
    return [shlex.split(line, comments=True) for line in [*lines(page), *inline, *above, *actions]]


def in_folder(folder: Path) -> Path:
    """Make a folder look like that of the repository, as far as commands can see."""
    for name in BESIDE:
        (folder / name).symlink_to(ROOT / name)
    return folder


def run(line: list[str], folder: Path, *more: str) -> subprocess.CompletedProcess[str]:
    """Run a command as it is shown, but with the Python that runs the tests."""
    arguments = [*PROGRAMS[line[0]], *line[1:], *more]
    path = os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")])
    return subprocess.run(arguments, cwd=folder, capture_output=True, text=True, env={**os.environ, "PYTHONPATH": path})
