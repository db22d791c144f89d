"""Is a finished workbook right? The judge reads the file alone, and imports nothing of what made it.

Every formula is recalculated by real engines on a copy that remembers no results, and compared with the cached value
and, where a table counts iterations, with PyTorch's float64 autograd. An empty list of findings is a pass.
"""

from __future__ import annotations

import math
import os
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from sheetgen import exported
from sheetgen.carried import template, with_inputs
from sheetgen.engines import ENGINES, EngineFailed, EngineMissing, Recalculated
from sheetgen.engines.effort import too_much
from sheetgen.lint import HOUSE, lint
from sheetgen.report import Finding, Line, Report
from sheetgen.spec import Spec
from sheetgen.tables import Table, find, odd_cells
from sheetgen.xlsx import ErrorValue, Sheets, Value, Workbook, read

RELATIVE = 1e-9
ROUNDING = 1e-13  # an absolute floor where no reference tells how large the terms are that cancel
JUDGED = ("Autograd check", "Finite differences", "Start")  # their numbers are differences: noise around zero
NOISE = 1e-9

Place = tuple[str, str]  # sheet, address
Expected = dict[Place, tuple[float, float]]  # PyTorch's number, and how far a right cell may be off


def check(
    path: str | Path,
    engines: Sequence[str] | None = None,
    progress: Callable[[str], object] = lambda _: None,
    house: bool = False,
) -> Report:
    """Judge a workbook; `progress` is told what is done next.

    The house's own rules (alt text, and what else Excel does not mind) are findings with `house`, else notes: a
    program that saved the workbook again may have lost them.

    A workbook that `sheetgen export` wrote has no template: it is judged by `check_exported`.
    Raises NoTemplate, SpecError or UnreadableWorkbook where there is nothing to judge.
    """
    report = Report(Path(path))
    progress("reading")
    workbook = read(path)
    if exported.is_one(workbook):
        return check_exported(workbook, engines or list(ENGINES), report, progress, house)
    network = with_inputs(template(workbook, report.path), workbook, report)
    progress("linting")
    _lint(report, house)
    tables = [t for name, cells in workbook.sheets.items() if (t := find(name, cells))]
    report.findings += cached_errors(workbook.sheets)
    for table in tables:
        report.findings += [
            Finding("formula", o.sheet, o.address, f"{o.found} stands where its column has {o.expected}")
            for o in odd_cells(table, workbook.sheets[table.sheet])
        ]
    progress("PyTorch autograd")
    expected = reference_values(network, tables, report) if _fits(network, workbook, report) else {}
    _compare_cached(workbook, expected, report)
    if why := too_much(workbook):
        report.findings.append(Finding("not evaluated", "", "", f"{why}: no engine was asked"))
        return report
    for name, result in _recalculated(path, engines or list(ENGINES), progress):
        if isinstance(result, Recalculated):
            report.lines.append(_compare(result, workbook, expected, report))
        else:
            _absent(name, result, report)
    return report


def check_exported(
    workbook: Workbook, names: Sequence[str], report: Report, progress: Callable[[str], object], house: bool
) -> Report:
    """Judge what `sheetgen export` wrote: no template tells of it, but it carries PyTorch's outputs for an example."""
    progress("linting")
    _lint(report, house)
    report.findings += [*cached_errors(workbook.sheets), *exported.odd(workbook)]
    if why := too_much(workbook):
        report.findings.append(Finding("not evaluated", "", "", f"{why}: no engine was asked"))
        return report
    for name, result in _recalculated(report.path, exported.asked(workbook, names, report), progress):
        if isinstance(result, Recalculated):
            report.lines.append(exported.compare(result, workbook, report))
        else:
            _absent(name, result, report)
    exported.say(workbook, report)
    return report


def _lint(report: Report, house: bool) -> None:
    for p in lint(report.path):
        finding = Finding("lint", p.sheet, p.cell, f"{p.message} [{p.rule}]")
        if house or p.rule not in HOUSE:
            report.findings.append(finding)
        else:
            report.notes.append(f"{p.sheet}!{p.cell}: {finding.message}")


def _fits(network: Spec, workbook: Workbook, report: Report) -> bool:
    """Whether the workbook has room for what its template says: PyTorch is not run for what cannot be there."""
    held, needed = sum(map(len, workbook.sheets.values())), (network.steps + 1) * len(network.weights)
    if needed > held:
        message = f"its template makes {needed:,} weights, and the workbook has {held:,} cells: PyTorch was not run"
        report.findings.append(Finding("rows", "Template", "", message))
    return needed <= held


def reference_values(network: Spec, tables: Iterable[Table], report: Report) -> Expected:
    """PyTorch's number for every cell of every column whose heading is one of the network's quantities."""
    from sheetgen import reference  # imports torch, which takes seconds

    expected: Expected = {}
    series = {label: list(s.numbers()) for label, s in reference.run(network).items()}
    optional = {k for k in series if k.startswith(("dE/do", "dE/dh"))}
    optional |= {k for k in series if network.samples > 1 and k[0] in "ti"}
    optional |= {k for k in series if network.bias == "frozen" and k[0] == "b"}
    found: set[str] = set()
    for table in tables:
        if table.last - table.first != network.steps:
            message = f"its table has {table.last - table.first + 1:,} rows for {network.steps:,} steps and row 0"
            report.findings.append(Finding("rows", table.sheet, f"A{table.last}", message))
        for label in table.columns:
            quantity = label.removesuffix(" live").removesuffix(" PyTorch")
            if label == quantity and table.sheet == "Autograd check":
                continue  # there the bare label heads a column of differences
            for (_, address), number in zip(table.cells(label), series.get(quantity, ()), strict=False):
                expected[table.sheet, address] = number.value, reference.tolerance(number, RELATIVE)
                found.add(quantity)
    for label in series:
        if label not in found | optional:
            report.findings.append(Finding("missing", "", "", f"no table has a column {label}"))
    return expected


def cached_errors(sheets: Sheets) -> Iterator[Finding]:
    """Formula cells whose cached value is an error, or is not there."""
    for sheet, cells in sheets.items():
        for address, entry in cells.items():
            if isinstance(entry.value, ErrorValue):
                yield Finding("error", sheet, address, f"the cached value is {entry.value}")
            elif entry.formula and entry.value is None:
                yield Finding("cached", sheet, address, "the formula has no cached value")


def _compare_cached(workbook: Workbook, expected: Expected, report: Report) -> None:
    """The file as it is, before any engine: previews and pandas show these numbers."""
    pairs = (
        ((sheet, address), entry.value, expected.get((sheet, address)))
        for sheet, cells in workbook.sheets.items()
        for address, entry in cells.items()
    )
    for at, value, wanted in pairs:
        if wanted is not None and value is not None and not _agrees(value, *wanted):
            message = f"the cached value is {value!r}, PyTorch's is {wanted[0]!r}"
            report.findings.append(Finding("cached", *at, message))


def _recalculated(
    path: str | Path, names: Sequence[str], progress: Callable[[str], object]
) -> Iterator[tuple[str, Recalculated | Exception]]:
    """Each engine's results, in the order of names. LibreOffice, a program of its own, runs beside."""

    def run(name: str) -> Recalculated | Exception:
        try:
            return ENGINES[name](path)
        except (EngineMissing, EngineFailed) as error:
            return error

    with ThreadPoolExecutor(1) as beside:
        ahead = {name: beside.submit(run, name) for name in names if name == "LibreOffice"}
        for name in names:
            progress(name)
            yield name, ahead[name].result() if name in ahead else run(name)


def _absent(name: str, error: Exception, report: Report) -> None:
    """An engine that did not run: LibreOffice may be missing on a person's machine, but nothing may in CI."""
    excused = isinstance(error, EngineMissing) and name == "LibreOffice" and not os.environ.get("CI")
    if excused:
        report.notes.append(f"not run: {error}")
    else:
        report.findings.append(Finding("engine", "", "", str(error), name))


def _compare(result: Recalculated, workbook: Workbook, expected: Expected, report: Report) -> Line:
    """Compare one engine's values with the cached ones and with PyTorch's."""
    cells, worst, where = 0, 0.0, ""
    for text in result.not_evaluated:
        report.findings.append(Finding("not evaluated", "", "", text, result.engine))
    for sheet, values in result.values.items():
        for address, value in values.items():
            cached = workbook.sheets[sheet][address].value
            cells += 1
            if isinstance(value, ErrorValue):
                report.findings.append(Finding("error", sheet, address, f"the formula gives {value}", result.engine))
                continue
            wanted = expected.get((sheet, address))
            if wanted is not None and not _agrees(value, *wanted):
                message = f"the formula gives {value!r}, PyTorch autograd {wanted[0]!r}"
                report.findings.append(Finding("wrong", sheet, address, message, result.engine))
            allowed = 2 * wanted[1] if wanted else _allowed(sheet, cached)
            if cached is not None and not _same(value, cached, allowed):
                message = f"the formula gives {value!r}, the cached value is {cached!r}"
                report.findings.append(Finding("cached", sheet, address, message, result.engine))
            error = _relative(value, wanted)
            if error > worst:
                worst, where = error, f"{sheet}!{address}"
    return Line(result.engine, result.version, cells, worst, where, result.seconds)


def _allowed(sheet: str, cached: Value | None) -> float:
    floor = NOISE if sheet in JUDGED else ROUNDING
    return floor + RELATIVE * (abs(cached) if isinstance(cached, float) else 0.0)


def _agrees(value: Value, wanted: float, allowed: float) -> bool:
    """Whether a cell holds what PyTorch says; a number that ran off to infinity is the text "diverged"."""
    if math.isnan(wanted):
        return isinstance(value, str)
    return isinstance(value, float) and abs(value - wanted) <= allowed


def _same(value: Value, cached: Value, allowed: float) -> bool:
    if isinstance(value, float) and isinstance(cached, float):
        return abs(value - cached) <= allowed
    if isinstance(value, str) and isinstance(cached, str) and value != cached:
        # A text that spells out numbers may differ in their last digit, where an engine rounds half the other way.
        ours, theirs = (_NUMBER.sub("#", text) for text in (value, cached))
        pairs = zip(_NUMBER.findall(value), _NUMBER.findall(cached), strict=False)
        return ours == theirs and all(math.isclose(float(a), float(b), rel_tol=2e-5) for a, b in pairs)
    return value == cached


_NUMBER = re.compile(r"\d+(?:\.\d+)?")


def _relative(value: Value, wanted: tuple[float, float] | None) -> float:
    """The relative error against PyTorch, on the scale on which the cell is judged."""
    if wanted is None or not isinstance(value, float) or math.isnan(wanted[0]):
        return 0.0
    return abs(value - wanted[0]) * RELATIVE / wanted[1] if wanted[1] else 0.0
