"""The arrows of the house point one way: read off the imports of every file, wherever in the file they stand."""

import ast
import sys
from functools import cache
from pathlib import Path

import pytest

import sheetgen

HOUSE = Path(sheetgen.__file__).parent

# What every room may import: it imports nothing but the standard library.
BASE = {"errors", "progress", "text", "version"}
API = "sheetgen.__init__"  # the functions on top of all rooms, which the commands call, and nobody else

# What a room may import of sheetgen besides, and nothing else.
MAY = {
    **{room: set() for room in BASE},
    "cells": set(),
    "cell": {"cells"},
    "spec": {"cells"},
    "style": set(),
    "typeset": set(),
    "formula": {"cell", "cells"},
    "network": {"cell", "spec"},
    "derivation": {"cell", "network", "spec"},
    "program": {"cell", "network", "spec"},
    "layout": {"cell", "formula", "program", "xlsx"},
    "plan": {"cell", "layout", "program"},
    "sheets": {
        "sheets", "book", "cell", "cells", "derivation", "digits", "extras", "formula", "layout", "network", "plan",
        "program", "recompute", "spec", "style", "typeset", "files", "xlsx",
    },
    "stream": {"layout"},
    "book": {"files", "layout", "stream", "style"},
    "digits": {"book", "formula", "layout", "style"},
    "extras": {"book"},
    "reference": {"judge", "spec"},
    "finding": set(),
    "xlsx": {"xlsx"},
    "excel": {"excel", "xlsx"},
    "lint": {"lint", "excel", "finding", "xlsx"},
    "engines": {"engines", "errors", "xlsx"},
    "tables": {"finding", "xlsx"},
    "report": {"finding"},
    "carried": {"finding", "report", "spec", "xlsx"},
    "curves": {"finding", "report", "tables", "xlsx"},
    "judge": {
        "judge", "carried", "curves", "engines", "exported", "finding", "lint", "reference", "report", "spec", "tables",
        "xlsx",
    },
    "exported": {"engines", "finding", "judge", "report", "tables", "xlsx"},
    "reader": {"reader", "cell", "cells", "excel", "xlsx"},
    "grad": {"grad", "reader", "cell", "cells", "xlsx"},
    "compiled": {"compiled", "xlsx"},
    "exporter": {
        "exporter", "book", "cells", "digits", "engines", "exported", "files", "formula", "layout", "lint", "report",
        "style", "xlsx",
    },
    "files": set(),
    "templates": {"spec"},
    "audit": {"audit", "reader", "cell", "cells", "formula", "xlsx"},
    "building": {
        "engines", "extras", "files", "formula", "judge", "layout", "plan", "report", "sheets", "spec", "templates",
        "workbook", "xlsx",
    },
    "__init__": {"audit", "building", "engines", "exporter", "grad", "judge", "reader", "report", "xlsx"},
    "cli": {
        "__init__", "cli", "audit", "building", "engines", "exporter", "files", "grad", "report", "sheets", "spec",
        "templates",
    },
    "__main__": {"cli"},
}  # fmt: skip

# The judge imports nothing of what writes, not even by way of a third. SHARED is all that both use.
JUDGE = ("judge", "carried", "exported", "report", "tables", "reference", "engines", "xlsx", "lint", "compiled")
JUDGE += ("excel",)
ACCUSED = ("cell", "formula", "network", "program", "layout", "plan", "book", "sheets", "workbook", "derivation")
ACCUSED += ("digits", "exporter", "building", "stream")
# Of the table of operators a Spec takes the names of the activations, and whether they are bounded.
SHARED = {"sheetgen.base.errors", "sheetgen.judge.oracle", "sheetgen.spec", "sheetgen.base.text", "sheetgen.excel.a1"}
SHARED |= {"sheetgen.cells.ops", "sheetgen.judge.training"}

# What a room imports beyond the standard library. A room that is not named here imports nothing, and so does all that
# judges the workbooks of others, which installs in seconds: xlsx, reader, cell, formula, text, audit, grad.
LIBRARIES = {
    "__main__": {"click"},
    "cli": {"click", "rich"},
    "book": {"xlsxwriter"},
    "typeset": {"PIL", "matplotlib", "numpy"},
    "network": {"numpy"},
    "derivation": {"numpy"},
    "recompute": {"numpy"},
    "sheets": {"numpy"},
    "judge": {"torch"},
    "reference": {"torch"},
    "engines": {"formulas", "formulon", "ironcalc", "numpy", "schedula"},
    "compiled": {"numpy"},
    "lint": {"lxml"},
    "exporter": {"numpy", "safetensors", "torch"},
    "__init__": {"torch"},
}

# Who may import by a string: `need`, and what a person names on the command line.
IMPORTERS = {"importlib.import_module", "importlib.util", "importlib.machinery", "importlib.*", "pkgutil", "runpy"}
IMPORTERS |= {"importlib.__import__", "__import__", "exec", "eval"}
BY_STRING = {"sheetgen.base.errors", "sheetgen.network.torch.load"}


def modules(house: Path = HOUSE) -> dict[str, str]:
    """The text of every module: 'sheetgen.judge.engines.iron', and 'sheetgen.judge.engines.__init__' for a package itself."""
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
            found |= {base} if base != "sheetgen" else set()
            found |= {f"{base}.{alias.name}" for alias in node.names}
        elif isinstance(node, ast.Call) and literal(node) and called(node) in ("import_module", "__import__", "need"):
            found.add(str(node.args[0].value))  # type: ignore[attr-defined]
    return found


def called(node: ast.Call) -> str:
    """The name of a function that is called, without its module; a method of something else has none."""
    if isinstance(node.func, ast.Attribute):
        owner = getattr(node.func.value, "id", "")
        return node.func.attr if owner in ("importlib", "builtins", "errors") else ""
    return getattr(node.func, "id", "")


@cache
def dodges(module: str, text: str) -> bool:
    """Whether a module can import what no import statement of it names."""
    tree = ast.parse(text)
    names = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    names |= {f"importlib.{node.attr}" for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    unclear = [n for n in ast.walk(tree) if isinstance(n, ast.Call) and called(n) == "need" and not literal(n)]
    return bool((imports(module, text) | names) & IMPORTERS or unclear)


def literal(call: ast.Call) -> bool:
    """Whether the first argument of a call is a text that stands there."""
    return bool(call.args) and isinstance(call.args[0], ast.Constant)


def libraries(texts: dict[str, str]) -> dict[str, set[str]]:
    """What each room imports beyond the standard library and the house."""
    found: dict[str, set[str]] = {}
    for name, text in texts.items():
        outside = {x.split(".")[0] for x in imports(name, text)} - sys.stdlib_module_names - {"", "sheetgen"}
        found[room(name)] = found.get(room(name), set()) | outside
    return {name: outside for name, outside in found.items() if outside}


def room(module: str) -> str:
    """'sheetgen.judge.engines.iron' -> 'engines'."""
    return module.split(".")[1]


def arrows(texts: dict[str, str]) -> dict[str, set[str]]:
    """The modules of the house that each of them imports; what is no room is a name of the API."""
    rooms = {room(name) for name in texts}

    def modules_of(imported: str) -> set[str]:
        house, _, name = imported.partition(".")
        if house != "sheetgen" or name.partition(".")[0] in rooms - {"__init__"}:
            return {imported, f"{imported}.__init__"} & set(texts)
        return {API}

    return {name: {y for x in imports(name, text) for y in modules_of(x)} for name, text in texts.items()}


def wrong_arrows(texts: dict[str, str]) -> list[str]:
    """One line for every import that the drawing does not allow."""
    inside = arrows(texts)
    wrong = {f"{name} imports by a string" for name in texts if name not in BY_STRING and dodges(name, texts[name])}
    for name, found in inside.items():
        reached = reach(name, inside) if room(name) in JUDGE else set()
        allowed = MAY.get(room(name))
        if allowed is not None:
            wrong |= {f"{name} imports {other}" for other in found if room(other) not in allowed | BASE}
        wrong |= {f"{name} reaches {other}" for other in reached if room(other) in ACCUSED}
        outside = libraries({name: texts[name]}).get(room(name), set()) - LIBRARIES.get(room(name), set())
        wrong |= {f"{name} imports {library}" for library in outside}
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
    assert reach("sheetgen.judge.check", inside) & reach("sheetgen.writer.workbook", inside) == SHARED


def test_a_room_may_import_what_it_imports_and_no_more() -> None:
    """What nobody needs any longer goes from the table."""
    assert libraries(modules()) == LIBRARIES


def test_every_room_of_the_drawing_is_there() -> None:
    """A renamed room would be held by nothing."""
    rooms = {room(name) for name in modules()}
    assert {*MAY, *JUDGE, *ACCUSED, *LIBRARIES} <= rooms


@pytest.mark.parametrize(
    ("file", "line", "complaint"),
    [
        ("cell", "from sheetgen import spec", "sheetgen.cells.cell imports sheetgen.spec"),
        ("formula", "import sheetgen.writer.trace", "sheetgen.cells.text imports sheetgen.writer.trace"),
        ("layout", "from . import style", "sheetgen.writer.trace imports sheetgen.writer.style"),
        ("judge.check", "from sheetgen.cells.cell import Cell", "sheetgen.judge.check reaches sheetgen.cells.cell"),
        ("judge.check", "from sheetgen import building", "sheetgen.judge.check reaches sheetgen.writer.book"),
        ("judge.check", "import sheetgen", "sheetgen.judge.check imports sheetgen.__init__"),
        ("spec", "from sheetgen import __version__", "sheetgen.spec imports sheetgen.__init__"),
        ("audit.judge", "from sheetgen import build", "sheetgen.audit.judge imports sheetgen.__init__"),
        ("text", "from sheetgen import spec", "sheetgen.base.text imports sheetgen.spec"),
        ("audit.show.text", "from sheetgen import book", "sheetgen.audit.show.text imports sheetgen.writer.book"),
        ("audit.run", "import click", "sheetgen.audit.processes imports click"),
        ("grad.show", "from rich.table import Table", "sheetgen.grad.show imports rich"),
        ("xlsx.a1", "from ..layout import letter", "sheetgen.judge.engines.iron reaches sheetgen.writer.trace"),
        ("lint.rules", "def f():\n    from sheetgen.cells.text import show", "sheetgen.judge.check reaches sheetgen.cells.cell"),
        ("building", "import xlsxwriter.utility", "sheetgen.deliver.build imports xlsxwriter"),
        ("spec", "from torch import nn", "sheetgen.spec imports torch"),
        ("sheets.rates", "importlib.import_module('torch')", "sheetgen.writer.sheets.rates imports torch"),
        ("sheets.rates", "__import__('torch')", "sheetgen.writer.sheets.rates imports torch"),
        ("audit.judge", "need('numpy', 'build', 'numpy')", "sheetgen.audit.judge imports numpy"),
        ("audit.judge", "errors.need('torch', 'torch', '')", "sheetgen.audit.judge imports torch"),
        ("xlsx.read", "def f():\n    import openpyxl.styles", "sheetgen.excel.read imports openpyxl"),
        ("cell", "import numpy as np", "sheetgen.cells.cell imports numpy"),
        ("formula", "from scipy import special", "sheetgen.cells.text imports scipy"),
        ("reader.graph", "from importlib import import_module as load", "sheetgen.reader.graph imports by a string"),
        ("grad.reverse", "__import__(name)", "sheetgen.grad.reverse imports by a string"),
        ("grad.tape", "need(name, 'build', '')", "sheetgen.grad.tape imports by a string"),
        ("audit.find", "exec('import numpy')", "sheetgen.audit.find.tables imports by a string"),
        ("sheets.start", "from matplotlib import pyplot", "sheetgen.writer.sheets.start imports matplotlib"),
        ("reader.block", "import numpy as np", "sheetgen.reader.block imports numpy"),
        ("cells.ops", "from sheetgen.cells.cell import Cell", "sheetgen.cells.ops imports sheetgen.cells.cell"),
        ("building", "from mnist import model", "sheetgen.deliver.build imports mnist"),
        ("reader.graph", "from sheetgen import audit", "sheetgen.reader.graph imports sheetgen.audit.__init__"),
        ("audit.judge", "from sheetgen import network", "sheetgen.audit.judge imports sheetgen.network.layers"),
        ("compiled.fold", "from sheetgen import engines", "sheetgen.judge.compiled.fold imports sheetgen.judge.engines.__init__"),
        ("exporter.blocks", "from sheetgen.cells.cell import Cell", "sheetgen.writer.planes.blocks imports sheetgen.cells.cell"),
        ("grad.reverse", "from sheetgen.audit import find", "sheetgen.grad.reverse imports sheetgen.audit.find.tables"),
        ("grad.result", "from sheetgen.judge.engines import iron", "sheetgen.grad.result imports sheetgen.judge.engines.iron"),
    ],
)
def test_a_wrong_arrow_is_seen(file: str, line: str, complaint: str) -> None:
    texts = modules()
    texts[f"sheetgen.{file}"] += f"\n{line}\n"
    assert complaint in wrong_arrows(texts)
