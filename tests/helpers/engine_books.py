"""Workbooks that the tests of the engines write, and the way they ask for an engine that may be missing."""

import math
import os
from pathlib import Path
from typing import Any

import pytest
import xlsxwriter

from sheetgen.excel import Value
from sheetgen.excel.a1 import address
from sheetgen.judge.engines import ENGINES, OPTIONAL, Recalculated, available


def needs(engine: str) -> None:
    """Skip without an engine that a person need not have; in CI a missing engine is a failure."""
    if not available(engine):
        if os.environ.get("CI"):
            pytest.fail(f"{engine} is missing in CI.")
        pytest.skip(f"{engine} is not installed.")


def needs_libreoffice() -> None:
    needs("LibreOffice")


def run(engine: str, path: Path) -> Recalculated:
    if engine in OPTIONAL:
        needs(engine)
    return ENGINES[engine](path)


def write(path: Path, sheets: dict[str, dict[str, Any]], names: dict[str, str] | None = None) -> Path:
    """A workbook of constants and '=formulas'; a pair is (formula, cached value), the default value is 0."""
    with xlsxwriter.Workbook(path, {"strings_to_formulas": False}) as book:
        pages = {name: book.add_worksheet(name) for name in sheets}
        for name, text in (names or {}).items():
            assert book.define_name(name, text) in (None, 0)
        for name, cells in sheets.items():
            for where, entry in cells.items():
                formula, value = entry if isinstance(entry, tuple) else (entry, 0)
                if isinstance(formula, str) and formula.startswith("="):
                    assert pages[name].write_formula(where, formula, None, value) == 0
                else:
                    assert pages[name].write(where, formula) == 0
    return path


STEP = {  # the 2-2-2 network with sigmoid units, in the order of its columns
    "h1": "{w1}*{i1}+{w2}*{i2}", "a1": "1/(1+EXP(-{h1}))", "h2": "{w3}*{i1}+{w4}*{i2}", "a2": "1/(1+EXP(-{h2}))",
    "o1": "{w5}*{a1}+{w6}*{a2}", "y1": "1/(1+EXP(-{o1}))", "o2": "{w7}*{a1}+{w8}*{a2}", "y2": "1/(1+EXP(-{o2}))",
    "E": "0.5*({t1}-{y1})^2+0.5*({t2}-{y2})^2",
    "s1": "({y1}-{t1})*{y1}*(1-{y1})", "s2": "({y2}-{t2})*{y2}*(1-{y2})",
    "d1": "({s1}*{w5}+{s2}*{w7})*{a1}*(1-{a1})*{i1}", "d2": "({s1}*{w5}+{s2}*{w7})*{a1}*(1-{a1})*{i2}",
    "d3": "({s1}*{w6}+{s2}*{w8})*{a2}*(1-{a2})*{i1}", "d4": "({s1}*{w6}+{s2}*{w8})*{a2}*(1-{a2})*{i2}",
    "d5": "{s1}*{a1}", "d6": "{s1}*{a2}", "d7": "{s2}*{a1}", "d8": "{s2}*{a2}",
}  # fmt: skip
INPUTS = {"t1": 0.01, "t2": 0.99, "i1": 0.05, "i2": 0.1}
WEIGHTS = {"w1": 0.15, "w2": 0.2, "w3": 0.25, "w4": 0.3, "w5": 0.4, "w6": 0.45, "w7": 0.5, "w8": 0.55}
COLUMNS = [*INPUTS, *WEIGHTS, *STEP]


def trace(rows: int) -> dict[str, tuple[str, float]]:
    """Address -> (formula, its value by plain Python) of a training run with the rate in a defined name."""
    cells: dict[str, tuple[str, float]] = {}
    weights = dict(WEIGHTS)
    for row in range(2, rows + 2):
        place = {name: f"{address(row, 1 + n)}" for n, name in enumerate(COLUMNS)}
        values = {**INPUTS, **weights}
        for name, value in values.items():
            above = {key: address(row - 1, 1 + n) for n, key in enumerate(COLUMNS)}
            if row > 2:
                update = f"={above[name]}-eta*{above['d' + name[1:]]}" if name in WEIGHTS else f"={above[name]}"
                cells[place[name]] = update, value
        for name, formula in STEP.items():
            python = formula.format(**{key: f"({number!r})" for key, number in values.items()})
            values[name] = eval(python.replace("^", "**"), {"EXP": math.exp})
            cells[place[name]] = "=" + formula.format(**place), values[name]
        weights = {name: weights[name] - 0.5 * values["d" + name[1:]] for name in weights}
    return cells


def trace_book(path: Path, cells: dict[str, tuple[str, float]]) -> Path:
    first = {address(2, 1 + n): value for n, value in enumerate([*INPUTS.values(), *WEIGHTS.values()])}
    return write(path, {"Trace": {**first, "AZ1": 0.5, **cells}}, {"eta": "=Trace!$AZ$1"})


def same(value: Value, right: Value) -> bool:
    """Of one type, and equal; numbers to 12 digits."""
    close = value == pytest.approx(right, rel=1e-12) if isinstance(right, float) else value == right
    return close and type(value) is type(right)
