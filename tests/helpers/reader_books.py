"""Workbooks for the tests of the reader: in memory, and what it makes of a formula."""

from collections.abc import Mapping
from typing import Any

from sheetgen.excel import Entry, Workbook
from sheetgen.reader import Formulas, values

Held = Any  # a number, a text, '=a formula', (a formula, its cached value)


def entry(held: Held) -> Entry:
    """One cell."""
    if isinstance(held, tuple):
        return Entry(held[0].removeprefix("="), _value(held[1]))
    if isinstance(held, str) and held.startswith("="):
        return Entry(held[1:], None)
    return Entry(None, _value(held))


def _value(held: Held) -> Any:
    return float(held) if isinstance(held, int) and not isinstance(held, bool) else held


def book(
    cells: Mapping[str, Held],
    names: Mapping[str, str] | None = None,
    arrays: Mapping[str, str] | None = None,
    **sheets: Mapping[str, Held],
) -> Formulas:
    """The Formulas of a sheet S, and others."""
    pages = {"S": cells, **{name.replace("_", " "): page for name, page in sheets.items()}}
    entries = {name: {at: entry(held) for at, held in page.items()} for name, page in pages.items()}
    return Formulas(Workbook(entries, dict(names or {}), {("S", at): ref for at, ref in (arrays or {}).items()}))


def value(formula: str, cells: Mapping[str, Held] | None = None, **more: Any) -> float | str:
    """What the reader makes of a formula in ZZ99: its value, or why it is not understood."""
    return of(book({**(cells or {}), "ZZ99": f"={formula}"}, **more), "ZZ99")


def of(found: Formulas, at: str, sheet: str = "S") -> float | str:
    """The value of a cell, or why it is not understood."""
    numbers, _ = values(found)
    return found.problems[sheet, at] if (sheet, at) in found.problems else numbers[sheet, at]
