"""The values of an engine compared with the cached ones, and with what a judge knows of the cells."""

from __future__ import annotations

import math
from collections.abc import Callable, Container, Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

from sheetgen.base.errors import UserError
from sheetgen.base.finding import Finding
from sheetgen.base.progress import Progress, silent
from sheetgen.excel import ErrorValue, Place, Sheets, Value, Workbook, read
from sheetgen.judge.engines import EngineFailed, EngineMissing, Recalculated, side_by_side
from sheetgen.judge.engines.result import formula_cells
from sheetgen.judge.report import CACHED, WRONG, EngineResult, Report

RELATIVE, FLOOR = 1e-9, 1e-12  # of a number, and of the largest that it is made of: sums of both signs cancel
PATTERNS_UP_TO = 30_000  # formula cells; beyond, 'formulas patterns' takes minutes

Scales = Mapping[Place, float]  # the largest number of the cell's plane


class Disagrees(UserError):
    """A spreadsheet program calculates something else than PyTorch; the message is one sentence that names the cell."""


class Comparison(NamedTuple):
    """On one value: what PyTorch has instead ('' if it agrees), whether it is the cached one, the relative error."""

    instead: str
    same: bool
    error: float


Judge = Callable[[Place, Value, Value | None], Comparison]  # a cell, an engine's value, the cached one


def off(value: Value | None, wanted: Value | None, allowed: float) -> float:
    """The error of a number, RELATIVE where it is as large as allowed; infinite for anything else that differs."""
    if not (isinstance(value, float) and isinstance(wanted, float)):
        return 0.0 if value == wanted and not isinstance(value, ErrorValue) else math.inf
    if not math.isfinite(value):
        return math.inf
    difference = abs(value - wanted)
    return difference * RELATIVE / allowed if difference and allowed else math.inf if difference else 0.0


def allowance(wanted: Value | None, floor: float) -> float:
    """The most that a right cell may be off: RELATIVE of what it should hold, and an absolute floor."""
    return floor + (RELATIVE * abs(wanted) if isinstance(wanted, float) else 0.0)


def compare(
    result: Recalculated, workbook: Workbook, report: Report, judge: Judge, apart: Container[Place] = ()
) -> EngineResult:
    """Put what is wrong with one engine's values into a report; cells that stand `apart` are judged elsewhere."""

    def add(kind: str, at: Place, message: str, values: tuple[Value, Value | None]) -> None:
        value, cached = map(repr, values)
        report.findings.append(Finding(kind, *at, message, result.engine, found=value, expected=cached))

    count, worst, where = 0, 0.0, ""
    for sheet, address in formula_cells(workbook.sheets):
        value = result.values.get(sheet, {}).get(address)
        if value is None:
            continue
        count += 1
        at = sheet, address
        if at in apart:
            continue
        cached = workbook.sheets[sheet][address].value
        if isinstance(value, ErrorValue):
            add("error", at, f"the formula gives {value}", (value, cached))
            continue
        instead, same, error = judge(at, value, cached)
        if instead:
            add(WRONG, at, f"the formula gives {value!r}, {instead}", (value, cached))
        if cached is not None and not same:
            add(CACHED, at, f"the formula gives {value!r}, the cached value is {cached!r}", (value, cached))
        if error > worst:
            worst, where = error, f"{sheet}!{address}"
    return EngineResult(result.engine, result.version, count, worst, where, result.seconds)


def cached_errors(sheets: Sheets, fine: Callable[[str, str], bool] = lambda *_: False) -> Iterator[Finding]:
    """Formula cells whose cached value is an error, or is not there; those are `fine` that charts leave out."""
    for sheet, cells in sheets.items():
        for address, entry in cells.items():
            if isinstance(entry.value, ErrorValue) and not fine(sheet, address):
                yield Finding("error", sheet, address, f"the cached value is {entry.value}")
            elif entry.formula and entry.value is None:
                yield Finding(CACHED, sheet, address, "the formula has no cached value")


def compare_written(path: Path, scales: Scales, progress: Progress = silent) -> list[EngineResult]:
    """Compare every formula cell with its cached value, which is PyTorch's; the result of each engine that is here.

    A number may be off by 1e-9 of itself and 1e-12 of the largest of its plane, for sums of both signs cancel.
    Raises Disagrees, EngineFailed, and EngineMissing without IronCalc.
    """
    workbook = read(path)
    names = ["IronCalc", "LibreOffice"]
    if len(formula_cells(workbook.sheets)) <= PATTERNS_UP_TO:
        names.insert(1, "formulas patterns")
    progress(f"recalculating with {', '.join(names)}")
    with side_by_side(path, names, workbook) as running:
        results = dict(running)
    agreed = []
    for name in names:  # in one order, whichever was first: what is raised is always the same
        result = results[name]
        if isinstance(result, Recalculated):
            agreed.append(agreement(workbook, result, scales))
            progress(agreed[-1].finished())
        elif isinstance(result, EngineFailed):
            raise result
        elif name != "LibreOffice":
            raise EngineMissing(f"{path.name} cannot be checked: {result}") from result
    return agreed


def agreement(workbook: Workbook, result: Recalculated, scales: Scales) -> EngineResult:
    """The result of an engine that agrees with PyTorch. Raises Disagrees for the first cell, and counts the others."""

    def judge(at: Place, value: Value, cached: Value | None) -> Comparison:
        error = off(value, cached, allowance(cached, FLOOR * scales.get(at, 0.0)))
        return Comparison("PyTorch has another" if error > RELATIVE else "", True, error)

    if result.not_evaluated:
        raise Disagrees(f"{result.not_evaluated[0]} ({result.engine}, {len(result.not_evaluated):,} such cells)")
    report = Report(Path())
    line = compare(result, workbook, report, judge)
    if missing := len(formula_cells(workbook.sheets)) - line.cells:
        raise Disagrees(f"{result.engine} says nothing of {missing:,} cells")
    if not report.passed:
        first, more = report.findings[0], len(report.findings) - 1
        where = f"{first.sheet}!{first.cells}: {first.engine}"
        others = f", and {more:,} more cells differ" if more else ""
        raise Disagrees(f"{where} calculates {first.found} where PyTorch has {first.expected}{others}")
    return line
