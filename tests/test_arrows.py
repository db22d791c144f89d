"""The arrows of the house point one way: read off the imports of every file, wherever in the file they stand."""

import ast
import sys
from functools import cache
from pathlib import Path

import pytest

import sheetgen

HOUSE = Path(sheetgen.__file__).parent

API = "sheetgen.__init__"  # the functions on top of all rooms, which the commands call, and nobody else

# What a room may import of sheetgen besides itself and `base`, and nothing else. No arrow runs back up.
MAY: dict[str, set[str]] = {
    "base": set(),
    "cells": set(),
    "excel": set(),
    "spec": {"cells"},
    "templates": {"spec"},
    "network": {"cells", "spec"},
    "reader": {"cells", "excel"},
    "grad": {"cells", "excel", "reader"},
    "audit": {"cells", "excel", "reader"},
    "judge": {"excel", "spec"},
    "writer": {"cells", "excel", "network", "spec"},
    "deliver": {"audit", "cells", "excel", "judge", "network", "spec", "templates", "writer"},
    "__init__": {"audit", "deliver", "excel", "grad", "judge", "reader"},
    "web": {"audit", "deliver", "excel", "reader", "writer"},
    "cli": {"__init__", "audit", "deliver", "grad", "judge", "network", "spec", "templates", "web", "writer"},
    "__main__": {"cli"},
}

# Within a room, what a folder may import of the room's other folders; "" are the files beside them.
WITHIN: dict[str, dict[str, set[str]]] = {
    "judge": {"compiled": set(), "engines": set(), "lint": set(), "": {"compiled", "engines", "lint"}},
    "audit": {
        "find": {""}, "network": {"", "find"}, "prose": {""}, "charts": {""}, "show": {""},
        "": {"charts", "find", "network", "prose"},
    },
    "network": {"": set(), "torch": set()},
    "writer": {"": {"planes", "sheets"}, "planes": {""}, "sheets": {"", "planes"}},
}  # fmt: skip

# The judge imports nothing of what writes, not even by way of a third. SHARED is all that both use: of the table of
# operators a Spec takes the names of the activations, and whether they are bounded.
JUDGE = ("judge", "excel")
ACCUSED = ("network", "writer", "deliver")
SHARED = {"sheetgen.base.errors", "sheetgen.base.text", "sheetgen.cells.ops", "sheetgen.excel.a1", "sheetgen.spec"}
ADDRESSES = "sheetgen.excel.a1"  # all that the writer imports of `excel`

# What a room imports beyond the standard library. A room that is not named here imports nothing, and so does all that
# judges the workbooks of others, which installs in seconds: excel, reader, cells, audit, grad.
LIBRARIES = {
    "__main__": {"click"},
    "cli": {"click", "rich"},
    "writer": {"PIL", "matplotlib", "numpy", "xlsxwriter"},
    "network": {"numpy", "safetensors", "torch"},
    "judge": {"formulas", "formulon", "ironcalc", "lxml", "numpy", "schedula", "torch"},
    "deliver": {"numpy", "torch"},
    "__init__": {"torch"},
}
# Which of its files alone may import one of them.
ONLY = {
    "xlsxwriter": "sheetgen.writer.book",
    "matplotlib": "sheetgen.writer.typeset",
    "lxml": "sheetgen.judge.lint",
    "safetensors": "sheetgen.network.torch",
    "formulas": "sheetgen.judge.engines",
    "ironcalc": "sheetgen.judge.engines",
}

# Who may import by a string: `need`, and what a person names on the command line.
IMPORTERS = {"importlib.import_module", "importlib.util", "importlib.machinery", "importlib.*", "pkgutil", "runpy"}
IMPORTERS |= {"importlib.__import__", "__import__", "exec", "eval"}
BY_STRING = {"sheetgen.base.errors", "sheetgen.network.torch.load"}


def modules(house: Path = HOUSE) -> dict[str, str]:
    """The text of every module: 'sheetgen.spec', and 'sheetgen.judge.engines.__init__' for a package itself."""
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
    """'sheetgen.judge.engines.iron' -> 'judge'."""
    return module.split(".")[1]


def folder(module: str) -> str:
    """'sheetgen.judge.engines.iron' -> 'engines'; '' for 'sheetgen.judge.check'."""
    return module.split(".")[2] if module.count(".") > 2 else ""


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
    for name, imported in inside.items():
        wrong |= {f"{name} imports {other}" for other in imported if not allowed(name, other)}
        reached = reach(name, inside) if room(name) in JUDGE else set()
        wrong |= {f"{name} reaches {other}" for other in reached if room(other) in ACCUSED}
        outside = libraries({name: texts[name]}).get(room(name), set())
        elsewhere = {x for x in outside if x in ONLY and not f"{name}.".startswith(f"{ONLY[x]}.")}
        wrong |= {f"{name} imports {library}" for library in outside - LIBRARIES.get(room(name), set()) | elsewhere}
    return sorted(wrong)


def allowed(name: str, other: str) -> bool:
    """Whether one module may import another."""
    here, there = room(name), room(other)
    if here == "writer" and there == "excel":
        return other == ADDRESSES
    if here != there:
        return there in MAY[here] | {"base"}
    own, its = folder(name), folder(other)
    return own == its or here not in WITHIN or its in WITHIN[here].get(own, set())


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
    """A renamed room would be held by nothing, and a new one has to be drawn."""
    there = modules()
    assert {room(name) for name in there} == set(MAY)
    folders = {(room(name), folder(name)) for name in there if room(name) in WITHIN}
    assert folders == {(here, own) for here, within in WITHIN.items() for own in within}


def test_no_arrow_of_the_drawing_runs_in_a_circle() -> None:
    left = {name: set(may) for name, may in MAY.items()}
    while ground := {name for name, may in left.items() if not may & set(left)}:
        left = {name: may for name, may in left.items() if name not in ground}
    assert left == {}


@pytest.mark.parametrize(
    ("file", "line", "complaint"),
    [
        ("cells.cell", "from sheetgen import spec", "sheetgen.cells.cell imports sheetgen.spec"),
        ("cells.text", "import sheetgen.writer.trace", "sheetgen.cells.text imports sheetgen.writer.trace"),
        ("spec", "from sheetgen.network import layers", "sheetgen.spec imports sheetgen.network.layers"),
        ("judge.check", "from sheetgen.cells.cell import Cell", "sheetgen.judge.check imports sheetgen.cells.cell"),
        ("judge.check", "from sheetgen.deliver import build", "sheetgen.judge.check reaches sheetgen.writer.book"),
        ("judge.check", "import sheetgen", "sheetgen.judge.check imports sheetgen.__init__"),
        ("spec", "from sheetgen import __version__", "sheetgen.spec imports sheetgen.__init__"),
        ("audit.judge", "from sheetgen import build", "sheetgen.audit.judge imports sheetgen.__init__"),
        ("base.text", "from sheetgen import spec", "sheetgen.base.text imports sheetgen.spec"),
        ("audit.show.text", "from sheetgen.writer import book",
         "sheetgen.audit.show.text imports sheetgen.writer.book"),
        ("audit.processes", "import click", "sheetgen.audit.processes imports click"),
        ("grad.show", "from rich.table import Table", "sheetgen.grad.show imports rich"),
        ("excel.a1", "from ..writer.trace import letter", "sheetgen.judge.engines.iron reaches sheetgen.writer.trace"),
        ("judge.lint.rules", "def f():\n    from sheetgen.network import program",
         "sheetgen.judge.check reaches sheetgen.network.program"),
        ("deliver.build", "import xlsxwriter.utility", "sheetgen.deliver.build imports xlsxwriter"),
        ("writer.style", "import xlsxwriter", "sheetgen.writer.style imports xlsxwriter"),
        ("writer.workbook", "from sheetgen.judge import oracle",
         "sheetgen.writer.workbook imports sheetgen.judge.oracle"),
        ("writer.book", "from sheetgen.excel.read import read", "sheetgen.writer.book imports sheetgen.excel.read"),
        ("spec", "from torch import nn", "sheetgen.spec imports torch"),
        ("writer.sheets.rates", "importlib.import_module('torch')", "sheetgen.writer.sheets.rates imports torch"),
        ("writer.sheets.rates", "__import__('torch')", "sheetgen.writer.sheets.rates imports torch"),
        ("audit.judge", "need('numpy', 'build', 'numpy')", "sheetgen.audit.judge imports numpy"),
        ("audit.judge", "errors.need('torch', 'torch', '')", "sheetgen.audit.judge imports torch"),
        ("excel.read", "def f():\n    import openpyxl.styles", "sheetgen.excel.read imports openpyxl"),
        ("cells.cell", "import numpy as np", "sheetgen.cells.cell imports numpy"),
        ("cells.text", "from scipy import special", "sheetgen.cells.text imports scipy"),
        ("reader.graph", "from importlib import import_module as load", "sheetgen.reader.graph imports by a string"),
        ("grad.reverse", "__import__(name)", "sheetgen.grad.reverse imports by a string"),
        ("grad.tape", "need(name, 'build', '')", "sheetgen.grad.tape imports by a string"),
        ("audit.find.tables", "exec('import numpy')", "sheetgen.audit.find.tables imports by a string"),
        ("writer.style", "from matplotlib import pyplot", "sheetgen.writer.style imports matplotlib"),
        ("reader.kinds", "import numpy as np", "sheetgen.reader.kinds imports numpy"),
        ("deliver.build", "from mnist import model", "sheetgen.deliver.build imports mnist"),
        ("reader.graph", "from sheetgen.audit import judge", "sheetgen.reader.graph imports sheetgen.audit.judge"),
        ("audit.judge", "from sheetgen.network import layers", "sheetgen.audit.judge imports sheetgen.network.layers"),
        ("audit.find.tables", "from sheetgen.audit.network import edits",
         "sheetgen.audit.find.tables imports sheetgen.audit.network.edits"),
        ("judge.compiled.fold", "from sheetgen.judge.engines import iron",
         "sheetgen.judge.compiled.fold imports sheetgen.judge.engines.iron"),
        ("grad.reverse", "from sheetgen.audit.find import tables",
         "sheetgen.grad.reverse imports sheetgen.audit.find.tables"),
        ("grad.result", "from sheetgen.judge.engines import iron",
         "sheetgen.grad.result imports sheetgen.judge.engines.iron"),
    ],
)  # fmt: skip
def test_a_wrong_arrow_is_seen(file: str, line: str, complaint: str) -> None:
    texts = modules()
    texts[f"sheetgen.{file}"] += f"\n{line}\n"
    assert complaint in wrong_arrows(texts)
