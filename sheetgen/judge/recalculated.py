"""What an engine makes of a workbook, held against the cached values and against what a judge knows of its cells."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterator
from typing import NamedTuple

from sheetgen.base.finding import Finding
from sheetgen.excel import ErrorValue, Place, Sheets, Value, Workbook
from sheetgen.judge.engines import Recalculated
from sheetgen.judge.report import CACHED, WRONG, Line, Report


class Verdict(NamedTuple):
    """On one value: what PyTorch has instead ('' if it agrees), whether it is the cached one, the relative error."""

    instead: str
    same: bool
    error: float


Judge = Callable[[Place, Value, Value | None], Verdict]  # a cell, an engine's value, the cached one


def compare(
    result: Recalculated, workbook: Workbook, report: Report, judge: Judge, apart: Container[Place] = ()
) -> Line:
    """Put what is wrong with one engine's values into a report; cells that stand `apart` are judged elsewhere."""

    def add(kind: str, sheet: str, cell: str, message: str) -> None:
        report.add(kind, sheet, cell, message, result.engine)

    cells, worst, where = 0, 0.0, ""
    for sheet, values in result.values.items():
        for address, value in values.items():
            cached = workbook.sheets[sheet][address].value
            cells += 1
            if (sheet, address) in apart:
                continue
            if isinstance(value, ErrorValue):
                add("error", sheet, address, f"the formula gives {value}")
                continue
            instead, same, error = judge((sheet, address), value, cached)
            if instead:
                add(WRONG, sheet, address, f"the formula gives {value!r}, {instead}")
            if cached is not None and not same:
                add(CACHED, sheet, address, f"the formula gives {value!r}, the cached value is {cached!r}")
            if error > worst:
                worst, where = error, f"{sheet}!{address}"
    return Line(result.engine, result.version, cells, worst, where, result.seconds)


def cached_errors(sheets: Sheets, fine: Callable[[str, str], bool] = lambda *_: False) -> Iterator[Finding]:
    """Formula cells whose cached value is an error, or is not there; those are `fine` that charts leave out."""
    for sheet, cells in sheets.items():
        for address, entry in cells.items():
            if isinstance(entry.value, ErrorValue) and not fine(sheet, address):
                yield Finding("error", sheet, address, f"the cached value is {entry.value}")
            elif entry.formula and entry.value is None:
                yield Finding(CACHED, sheet, address, "the formula has no cached value")
