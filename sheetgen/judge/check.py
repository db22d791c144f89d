"""Is a finished workbook right? The judge reads the file, and imports nothing of what writes its cells.

It shares with the generator `spec`, which reads the template that the file carries (and `text`, which looks for what
cannot be seen in its title), and addresses. A fault in these it would not see. `oracle`, which trains that network in
PyTorch, also gave the numbers that the sheet Autograd check shows.

Every formula is recalculated by real engines on a copy that remembers no results, and compared with the cached value
and, where a table counts iterations, with PyTorch's float64 autograd. An empty list of findings is a pass.
"""

from __future__ import annotations

import math
import os
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

from sheetgen.base.errors import UserError, require
from sheetgen.base.finding import Finding
from sheetgen.base.progress import Finished, Progress, silent
from sheetgen.excel import Place, Value, Workbook, read
from sheetgen.excel.names import Resolver
from sheetgen.judge import exported
from sheetgen.judge.columns import TraceTable, cell_of, find, odd_cells
from sheetgen.judge.compare import RELATIVE, Comparison, Judge, allowance, cached_errors, compare, off
from sheetgen.judge.curves import Curves, bare_title
from sheetgen.judge.engines import ENGINES, OPTIONAL, EngineMissing, Outcome, Recalculated, side_by_side
from sheetgen.judge.engines.effort import too_much
from sheetgen.judge.lint import HOUSE, lint
from sheetgen.judge.provenance import template, with_inputs
from sheetgen.judge.report import CACHED, EngineResult, Report
from sheetgen.spec import Spec

ROUNDING = 1e-13  # an absolute floor where no reference tells how large the terms are that cancel
DIFFERENCE_SHEETS = ("Autograd check", "Finite differences", "Start")  # their numbers are noise around zero
NOISE = 1e-9
OWN_VERDICTS = ("verdict", "recomputation_verdict", "differences_verdict")  # names of cells
_NUMBER = re.compile(r"\d+(?:\.\d+)?")

Expected = dict[Place, tuple[float, float]]  # PyTorch's number, and how far a right cell may be off


def check(
    path: str | Path,
    engines: Sequence[str] | None = None,
    progress: Progress = silent,
    house: bool = False,
) -> Report:
    """Judge a workbook; `progress` is told what is done next, and by a Finished what an engine has found.

    The house's own rules (alt text, and what else Excel does not mind) are findings with `house`, else notes: a
    program that saved the workbook again may have lost them.

    Raises NoTemplate, SpecError or UnreadableWorkbook where there is nothing to judge, UserError for an unknown engine,
    MissingExtra without PyTorch.
    """
    report = Report(Path(path))
    names = list(dict.fromkeys(engines or ENGINES))
    if unknown := [name for name in names if name not in ENGINES]:
        raise UserError(f"{unknown[0]}: there is no such engine: use one of {', '.join(ENGINES)}")
    progress("reading")
    workbook = read(path)
    if why := too_much(workbook):
        report.add("not evaluated", "", "", f"{why}: no engine was asked")
        names = []
    judge = _check_exported if exported.is_one(workbook) else _check_training
    judge(workbook, names, report, progress, house)
    return report


def _check_training(workbook: Workbook, names: Sequence[str], report: Report, progress: Progress, house: bool) -> None:
    """Judge a workbook of `sheetgen build`: its template tells which network it trains."""
    require("checking a workbook that trains", "torch")
    network = with_inputs(template(workbook, report.path), workbook, report)
    with side_by_side(report.path, names, workbook) as running:  # they begin now, and we look at the rest meanwhile
        progress("linting")
        linted(report, house)
        tables = [t for name, cells in workbook.sheets.items() if (t := find(name, cells))]
        curves = Curves(report.path, tables, workbook.sheets)
        report.findings += own_failures(workbook)
        report.findings += [*curves.wrong, *curves.findings({}), *cached_errors(workbook.sheets, curves.leave_out)]
        for table in tables:
            report.findings += odd_cells(table, workbook.sheets[table.sheet])
        progress("PyTorch autograd")
        expected = reference_values(network, tables, report) if _fits(network, workbook, report) else {}
        report.findings += _wrong_cached(workbook, expected)

        def judged(result: Recalculated, part: Report) -> EngineResult:
            part.findings += curves.findings(result.values, result.engine)
            return compare(result, workbook, part, _judge(expected), curves.cells)

        _gather(names, running, report, progress, judged)


def _check_exported(workbook: Workbook, names: Sequence[str], report: Report, progress: Progress, house: bool) -> None:
    """Judge a workbook of `sheetgen export`: it has no template, but carries PyTorch's outputs for an example."""
    names = exported.asked(workbook, names, report)
    example = exported.Example(workbook)
    with side_by_side(report.path, names, workbook) as running:
        progress("linting")
        linted(report, house)
        report.findings += [*cached_errors(workbook.sheets), *example.odd()]
        judge = example.judge()
        _gather(names, running, report, progress, lambda x, part: compare(x, workbook, part, judge))
    example.conclude(report)


def _gather(
    names: Sequence[str],
    running: Iterator[tuple[str, Outcome]],
    report: Report,
    progress: Progress,
    judged: Callable[[Recalculated, Report], EngineResult],
) -> None:
    """Put the results of the engines into the report, in the order of `names`, whichever was first."""
    parts: dict[str, Report] = {}
    while waiting := [name for name in names if name not in parts]:
        progress(", ".join(waiting))
        name, result = next(running)
        part = parts[name] = Report(report.path)
        if isinstance(result, Recalculated) and not result.values:
            part.notes += [f"{name} left out {line}" for line in result.left_out]
        elif isinstance(result, Recalculated):
            part.findings += [Finding("not evaluated", "", "", text, name) for text in result.not_evaluated]
            part.lines.append(judged(result, part))
        elif isinstance(result, EngineMissing) and name in OPTIONAL and not os.environ.get("CI"):
            part.notes.append(f"not run: {result}")  # it may be missing on a person's machine, but not in CI
        else:
            part.add("engine", "", "", str(result), name)
        progress(part.lines[0].finished() if part.lines else Finished(f"{name}: not run"))
    for name in names:
        report.extend(parts[name])
    if names and not report.lines and not report.findings:
        report.add("not evaluated", "", "", "no engine recalculated it: nothing was judged")


def linted(report: Report, house: bool) -> None:
    """Put the findings of the linter into the report: the house's own rules as notes, but for the house."""
    for rule, sheet, cell, message, *_ in lint(report.path):
        message = f"{message} [{rule}]"
        if house or rule not in HOUSE:
            report.add("lint", sheet, cell, message)
        else:
            report.notes.append(f"{sheet}!{cell}: {message}")


def own_failures(workbook: Workbook) -> Iterator[Finding]:
    """The workbook's own verdicts that say FAIL in the file: none that was built right does."""
    resolver = Resolver.of(workbook)
    for sheet, address in filter(None, (cell_of(resolver, name) for name in OWN_VERDICTS)):
        entry = workbook.sheets[sheet].get(address)
        if entry and entry.value == "FAIL":
            yield Finding("verdict", sheet, address, "the workbook's own check says FAIL")


def _fits(network: Spec, workbook: Workbook, report: Report) -> bool:
    """Whether the workbook has room for what its template says: PyTorch is not run for what cannot be there."""
    cells, needed = sum(map(len, workbook.sheets.values())), (network.steps + 1) * len(network.weights)
    if needed > cells:
        message = f"its template makes {needed:,} weights, and the workbook has {cells:,} cells: PyTorch was not run"
        report.add("rows", "Template", "", message)
    return needed <= cells


def reference_values(network: Spec, tables: Iterable[TraceTable], report: Report) -> Expected:
    """PyTorch's number for every cell of every column whose heading is one of the network's quantities."""
    from sheetgen.judge import oracle  # imports torch, which takes seconds

    expected: Expected = {}
    series = {label: list(s.numbers()) for label, s in oracle.run(network).items()}
    optional = {k for k in series if k.startswith(("dE/do", "dE/dh"))}
    optional |= {k for k in series if network.samples > 1 and k[0] in "ti"}
    optional |= {k for k in series if network.bias == "frozen" and k[0] == "b"}
    shown: set[str] = set()
    for table in tables:
        if table.last - table.first != network.steps:
            message = f"its table has {table.last - table.first + 1:,} rows for {network.steps:,} steps and row 0"
            report.add("rows", table.sheet, f"A{table.last}", message)
        for label in table.columns:
            quantity = label.removesuffix(" live").removesuffix(" PyTorch")
            if label == quantity and table.sheet == "Autograd check":
                continue  # there the bare label heads a column of differences
            for (_, address), number in zip(table.cells(label), series.get(quantity, ()), strict=False):
                expected[table.sheet, address] = number.value, oracle.tolerance(number, RELATIVE)
                shown.add(quantity)
    for label in series:
        if label not in shown | optional:
            report.add("missing", "", "", f"no table has a column {label}")
    return expected


def _wrong_cached(workbook: Workbook, expected: Expected) -> Iterator[Finding]:
    """Wrong values in the file as it is, before any engine: previews and pandas show these numbers."""
    for sheet, cells in workbook.sheets.items():
        for address, entry in cells.items():
            wanted = expected.get((sheet, address))
            if wanted is not None and entry.value is not None and _error(entry.value, *wanted) > RELATIVE:
                message = f"the cached value is {entry.value!r}, PyTorch's is {wanted[0]!r}"
                yield Finding(CACHED, sheet, address, message)


def _judge(expected: Expected) -> Judge:
    """Compare a value with PyTorch's, and with the cached one."""

    def judge(at: Place, value: Value, cached: Value | None) -> Comparison:
        if at not in expected:
            floor = NOISE if at[0] in DIFFERENCE_SHEETS else ROUNDING
            return Comparison("", cached is None or _same(value, cached, allowance(cached, floor)), 0.0)
        wanted, allowed = expected[at]
        error = _error(value, wanted, allowed)
        instead = f"PyTorch autograd {wanted!r}" if error > RELATIVE else ""
        same = cached is None or _same(value, cached, 2 * allowed)
        return Comparison(instead, same, error if math.isfinite(error) else 0.0)

    return judge


def _error(value: Value, wanted: float, allowed: float) -> float:
    """The error against PyTorch, as `off` has it; a number that ran off to infinity is the text "diverged"."""
    if math.isnan(wanted):
        return 0.0 if isinstance(value, str) else math.inf
    return off(value, wanted, allowed)


def _same(value: Value, cached: Value, allowed: float) -> bool:
    """Whether two values are the same; texts that spell out numbers may differ in their last digits.

    An engine may round half the other way, and a chart's title may say that rows are left out.
    """
    if isinstance(value, float) and isinstance(cached, float):
        return abs(value - cached) <= allowed
    if isinstance(value, str) and isinstance(cached, str) and value != cached:
        texts = bare_title(value), bare_title(cached)
        ours, theirs = (_NUMBER.sub("#", text) for text in texts)
        pairs = zip(*map(_NUMBER.findall, texts), strict=False)
        return ours == theirs and all(math.isclose(float(a), float(b), rel_tol=2e-5) for a, b in pairs)
    return value == cached
