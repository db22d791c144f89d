"""Files and names of which .github/CONTRIBUTING.md tells are there; docs/changelog.md has the form that it names."""

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from shown import DOCS, ROOT

from sheetgen import __version__

PAGE = (ROOT / ".github" / "CONTRIBUTING.md").read_text(encoding="utf-8")
TITLES = ("An operator", "An engine", "A sheet", "A lint rule", "A kind of finding")
LONGEST = 80  # lines: one page


def items(page: str) -> list[str]:
    """The paragraphs, the items of lists and the rows of tables, each on a line."""
    joined = re.sub(r"\n *(?![\n|# ]|\d\. )", " ", page.strip())
    return [line for line in joined.splitlines() if "`" in line]


def missing(item: str, root: Path = ROOT) -> list[str]:
    """The files that an item names and that are not there, and the names that none of its files defines."""
    quoted = re.findall(r"`([^`]+)`", item)
    paths = [text for text in quoted if re.fullmatch(r"[\w./]+(/|\.\w+)", text)]
    names = [text for text in quoted if re.fullmatch(r"[A-Za-z_]\w*", text)]
    files = [root / path for path in paths if (root / path).exists()]
    sources = [f for file in files for f in ([file] if file.suffix == ".py" else file.glob("*.py"))]
    known = {name for source in sources for name in defined(source)}
    return [text for text in paths if not (root / text).exists()] + [name for name in names if name not in known]


@cache
def defined(source: Path) -> frozenset[str]:
    """The functions, classes and constants of a module."""
    return frozenset(_defined(source))


def _defined(source: Path) -> Iterator[str]:
    for node in ast.parse(source.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            yield node.name
        elif isinstance(node, ast.Assign | ast.AnnAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            yield from (name.id for target in targets for name in ast.walk(target) if isinstance(name, ast.Name))


@pytest.mark.parametrize("item", items(PAGE))
def test_what_the_page_names_is_there(item: str) -> None:
    assert missing(item) == []


def test_the_page_tells_how_to_add_everything_on_one_page() -> None:
    sections = dict(re.findall(r"^## (.+?)\n(.*?)(?=^## |\Z)", PAGE, re.MULTILINE | re.DOTALL))
    for title in TITLES:
        steps = re.findall(r"^\d\. ", sections[title], re.MULTILINE)
        assert 3 <= len(steps) <= 4 and "`tests/" in sections[title]
    assert len(PAGE.splitlines()) <= LONGEST


def test_every_room_of_the_packages_is_on_the_map() -> None:
    """A package of the tree that the map does not name could not be found by it."""
    table = PAGE.partition("## An operator")[0]
    packages = {path.parent.relative_to(ROOT).as_posix() for path in ROOT.glob("sheetgen/*/__init__.py")}
    assert {f"{package}/" for package in packages} <= set(re.findall(r"`([^`]+)`", table))


def test_what_is_not_there_is_noticed() -> None:
    assert missing("1. `sheetgen/cells/ops.py`: a row of `OPS`, and `Nothing`") == ["Nothing"]
    assert missing("`sheetgen/gone.py` and `sheetgen/judge/lint/`, `lint`") == ["sheetgen/gone.py"]
    assert items("a `b`\nc `d`\n\n1. `e`\n   f `g`\n2. `h`\n") == ["a `b` c `d`", "1. `e` f `g`", "2. `h`"]


def test_the_changelog_has_what_is_not_released_first_and_this_version_next() -> None:
    versions = re.findall(r"^## (.+)$", DOCS["changelog.md"], re.MULTILINE)
    assert versions[:2] == ["Unreleased", __version__]
    kinds = set(re.findall(r"^### (.+)$", DOCS["changelog.md"], re.MULTILINE))
    assert kinds <= {"Added", "Changed", "Deprecated", "Removed", "Fixed", "Security"}
