"""Is a written network right? Every formula is recalculated by engines, and compared with the value in its cell."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from sheetgen.base.errors import UserError
from sheetgen.base.progress import Progress, silent
from sheetgen.excel import Workbook, read
from sheetgen.judge.engines import EngineFailed, EngineMissing, Recalculated, side_by_side
from sheetgen.judge.engines.result import formula_cells
from sheetgen.judge.exported import PATTERNS_UP_TO, RELATIVE, off
from sheetgen.judge.report import Line

Scales = Mapping[tuple[str, str], float]  # (sheet, address) -> the largest number of the cell's plane


class Disagrees(UserError):
    """A spreadsheet program calculates something else than PyTorch; the message is one sentence that names the cell."""


def compare(path: Path, scales: Scales, progress: Progress = silent) -> list[Line]:
    """Compare every formula cell with its cached value, which is PyTorch's; a line for each engine that is here.

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
    lines = []
    for name in names:  # in one order, whichever was first: what is raised is always the same
        result = results[name]
        if isinstance(result, Recalculated):
            lines.append(judge(workbook, result, scales))
            progress(lines[-1].told())
        elif isinstance(result, EngineFailed):
            raise result
        elif name != "LibreOffice":
            raise EngineMissing(f"{path.name} cannot be checked: {result}") from result
    return lines


def judge(workbook: Workbook, result: Recalculated, scales: Scales) -> Line:
    """What one engine makes of a workbook. Raises Disagrees for the first cell that differs, and counts the others."""
    if result.not_evaluated:
        raise Disagrees(f"{result.not_evaluated[0]} ({result.engine}, {len(result.not_evaluated):,} such cells)")
    wrong, worst, where = [], 0.0, ""
    cells = formula_cells(workbook.sheets)
    for sheet, address in cells:
        wanted = workbook.sheets[sheet][address].value
        found = result.values[sheet][address]
        error = off(found, wanted, scales.get((sheet, address), 0.0))
        if error > RELATIVE:
            wrong.append(f"{sheet}!{address}: {result.engine} calculates {found!r} where PyTorch has {wanted!r}")
        if error > worst:
            worst, where = error, f"{sheet}!{address}"
    if wrong:
        more = f", and {len(wrong) - 1:,} more cells differ" if len(wrong) > 1 else ""
        raise Disagrees(wrong[0] + more)
    return Line(result.engine, result.version, len(cells), worst, where, result.seconds)
