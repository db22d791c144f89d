"""The arrows of the house point one way: read off the imports of every file, wherever in the file they stand."""

import ast
from functools import cache
from pathlib import Path

import pytest

import sheetgen

HOUSE = Path(sheetgen.__file__).parent

# What a room may import of sheetgen, and nothing else.
MAY = {
    "cell": set(),
    "text": set(),
    "spec": {"text"},
    "style": set(),
    "typeset": set(),
    "formula": {"cell"},
    "network": {"cell", "spec"},
    "derivation": {"cell", "network", "spec"},
    "program": {"cell", "network", "spec"},
    "layout": {"cell", "formula", "program"},
    "plan": {"cell", "layout", "program"},
    "book": {"drafts", "layout", "style", "text"},
    "digits": {"book", "formula", "layout", "style"},
    "extras": {"book"},
    "reference": {"judge", "spec"},
    "finding": set(),
    "judge": {"judge", "engines", "finding", "report", "xlsx"},
    "xlsx": {"xlsx"},
    "lint": {"lint", "finding", "xlsx"},
    "engines": {"engines", "xlsx"},
    "tables": {"finding", "xlsx"},
    "report": {"finding"},
    "carried": {"finding", "report", "spec", "xlsx"},
    "exported": {"engines", "finding", "judge", "report", "tables", "xlsx"},
    "reader": {"reader", "cell", "xlsx"},
    "grad": {"grad", "console", "reader", "cell", "text", "xlsx"},
    "compiled": {"compiled", "xlsx"},
    "exporter": {
        "exporter", "book", "console", "digits", "drafts", "engines", "exported", "formula", "layout", "lint", "report",
        "style", "text", "xlsx",
    },
    "drafts": set(),
    "console": {"report"},
    # book for the report it writes
    "audit": {"audit", "console", "drafts", "reader", "cell", "formula", "xlsx", "book", "style"},
}  # fmt: skip

# The judge imports nothing of what writes, not even by way of a third. SHARED is all that both use.
JUDGE = ("check", "carried", "exported", "report", "tables", "reference", "engines", "xlsx", "lint", "compiled")
JUDGE += ("judge",)
ACCUSED = ("cell", "formula", "network", "program", "layout", "plan", "book", "sheets", "workbook", "derivation")
ACCUSED += ("digits", "exporter")
SHARED = {"sheetgen.__init__", "sheetgen.reference", "sheetgen.spec", "sheetgen.text"}
SHARED |= {"sheetgen.judge.training"}

# Who alone may import a library.
ONLY = {
    "xlsxwriter": ("book",), "torch": ("reference", "judge", "exporter"), "torchvision": (), "matplotlib": ("typeset",),
    "mnist": (),
}  # fmt: skip


def modules(house: Path = HOUSE) -> dict[str, str]:
    """The text of every module: 'sheetgen.engines.iron', and 'sheetgen.engines.__init__' for a package itself."""
    paths = sorted(house.rglob("*.py"))
    return {".".join(p.relative_to(house.parent).with_suffix("").parts): p.read_text(encoding="utf-8") for p in paths}


@cache
def imports(module: str, text: str) -> set[str]:
    """The dotted names that a module imports, relative ones resolved; `from a import b` gives both a and a.b."""
    found = set()
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            above = module.split(".")[: -node.level] if node.level else []
            base = ".".join([*above, *filter(None, [node.module])])
            found |= {base, *(f"{base}.{alias.name}" for alias in node.names)}
        elif isinstance(node, ast.Call) and node.args and isinstance(node.args[0], ast.Constant):
            called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            if called in ("import_module", "__import__", "need"):  # need is the engines' own
                found.add(str(node.args[0].value))
    return found


def room(module: str) -> str:
    """'sheetgen.engines.iron' -> 'engines'."""
    return module.split(".")[1]


def arrows(texts: dict[str, str]) -> dict[str, set[str]]:
    """The modules of the house that each of them imports."""
    return {
        name: {y for x in imports(name, text) for y in (x, f"{x}.__init__") if y in texts}
        for name, text in texts.items()
    }  # fmt: skip


def wrong_arrows(texts: dict[str, str]) -> list[str]:
    """One line for every import that the drawing does not allow."""
    seen = {name: imports(name, text) for name, text in texts.items()}
    inside = arrows(texts)
    wrong = set()
    for name, found in inside.items():
        reached = reach(name, inside) if room(name) in JUDGE else set()
        allowed = MAY.get(room(name))
        if allowed is not None:
            wrong |= {f"{name} imports {other}" for other in found if room(other) not in {*allowed, "__init__"}}
        wrong |= {f"{name} reaches {other}" for other in reached if room(other) in ACCUSED}
        wrong |= {
            f"{name} imports {library}"
            for library, who in ONLY.items()
            if room(name) not in who and any(x.split(".")[0] == library for x in seen[name])
        }
    return sorted(wrong)


def reach(start: str, inside: dict[str, set[str]]) -> set[str]:
    """All modules that a module imports, and that those import."""
    known, todo = {start}, [start]
    while todo:
        new = inside[todo.pop()] - known
        known |= new
        todo += new
    return known


def test_the_arrows_point_one_way() -> None:
    assert wrong_arrows(modules()) == []


def test_the_judge_shares_with_the_generator_what_it_says_that_it_shares() -> None:
    """As `check` and docs/checked.md tell."""
    inside = arrows(modules())
    assert reach("sheetgen.check", inside) & reach("sheetgen.workbook", inside) == SHARED


def test_every_room_of_the_drawing_is_there() -> None:
    """A renamed room would be held by nothing."""
    rooms = {room(name) for name in modules()}
    assert {*MAY, *JUDGE, *ACCUSED, *(x for who in ONLY.values() for x in who)} <= rooms


@pytest.mark.parametrize(
    ("file", "line", "complaint"),
    [
        ("cell", "from sheetgen import spec", "sheetgen.cell imports sheetgen.spec"),
        ("formula", "import sheetgen.layout", "sheetgen.formula imports sheetgen.layout"),
        ("layout", "from . import style", "sheetgen.layout imports sheetgen.style"),
        ("check", "from sheetgen.cell import Cell", "sheetgen.check reaches sheetgen.cell"),
        ("check", "from sheetgen import building", "sheetgen.check reaches sheetgen.book"),
        ("xlsx.a1", "from ..layout import letter", "sheetgen.engines.iron reaches sheetgen.layout"),
        ("lint.rules", "def f():\n    from sheetgen.formula import show", "sheetgen.check reaches sheetgen.cell"),
        ("building", "import xlsxwriter.utility", "sheetgen.building imports xlsxwriter"),
        ("spec", "from torch import nn", "sheetgen.spec imports torch"),
        ("sheets.rates", "importlib.import_module('torch')", "sheetgen.sheets.rates imports torch"),
        ("sheets.start", "from matplotlib import pyplot", "sheetgen.sheets.start imports matplotlib"),
        ("building", "from mnist import model", "sheetgen.building imports mnist"),
        ("reader.graph", "from sheetgen import audit", "sheetgen.reader.graph imports sheetgen.audit.__init__"),
        ("audit.judge", "from sheetgen import network", "sheetgen.audit.judge imports sheetgen.network"),
        ("compiled.fold", "from sheetgen import engines", "sheetgen.compiled.fold imports sheetgen.engines.__init__"),
        ("exporter.blocks", "from sheetgen.cell import Cell", "sheetgen.exporter.blocks imports sheetgen.cell"),
        ("grad.reverse", "from sheetgen.audit import find", "sheetgen.grad.reverse imports sheetgen.audit.find"),
    ],
)
def test_a_wrong_arrow_is_seen(file: str, line: str, complaint: str) -> None:
    texts = modules()
    texts[f"sheetgen.{file}"] += f"\n{line}\n"
    assert complaint in wrong_arrows(texts)
