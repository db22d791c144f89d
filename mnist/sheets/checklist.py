"""The report's checklist: what is required of ours, and what was aimed at beyond; each line PASS or FAIL, live."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from mnist import live
from mnist.recipe import GOAL_EACH, GOAL_MEAN, MOST_EPOCHS, MOST_PARAMETERS
from mnist.record import Claim
from mnist.sheets import errors
from mnist.sheets.common import (
    ARCHITECTURE,
    ERRORS,
    FAST,
    FULL,
    NO_TARGET,
    OURS,
    SMALL,
    TINY,
    of_target,
    section,
)
from mnist.sheets.results import Summary
from mnist.spreadsheet import Measured
from sheetgen.writer.book import Formula, Link, Sheet, Value
from sheetgen.writer.sheets import common, weights
from sheetgen.writer.trace import quoted

LIVE_TARGET = Formula(of_target("mnist_target"))
LEARNED, TESTED = 60_000, 10_000  # images in MNIST's training set and in its test set
FAST_SECONDS = 90
FEW_PARAMETERS = {SMALL: 5_000, TINY: 4_000}
MEASURED, RELATION, LIMIT, VERDICT, FROM = 4, 5, 6, 7, 8  # columns
SHEETS = (ARCHITECTURE, ERRORS, FULL, live.WEIGHTS)
ALLOWED = {"<": "<", "≤": "<=", "≥": ">=", "=": "="}  # as formulas have them


class Check(NamedTuple):
    """A line of the checklist: what is measured, how it is compared, with what, and on which sheet it stands."""

    text: str
    formula: str
    form: str
    relation: str
    limit: Value
    source: str
    required: bool = False


def _ours(s: Summary, at: errors.MatrixPlaces) -> list[Check]:
    log, row = FULL, s.row
    return [
        Check("parameters", f"$B${row}", "whole", "<", MOST_PARAMETERS, ARCHITECTURE, True),
        Check("epochs of training", f"$C${row}", "whole", "<", MOST_EPOCHS + 1, log, True),
        Check("test images, all of them", at.images, "whole", "=", TESTED, ERRORS, True),
        Check("last epoch, every seed: accuracy %", f"$G${row}", "hundredth", "≥", LIVE_TARGET, log, True),
        Check("last epoch, mean over all seeds: accuracy %", *_mean(s), "≥", LIVE_TARGET, log, True),
        Check("epoch at which the slowest seed is at the target first", f"$I${row}", "whole", "≤", MOST_EPOCHS, log,
              True),
        Check("the goal beyond, mean over all seeds: accuracy %", *_mean(s), "≥", GOAL_MEAN, log),
        Check("the goal beyond, every seed: accuracy %", f"$G${row}", "hundredth", "≥", GOAL_EACH, log),
    ]  # fmt: skip


def _mean(s: Summary) -> tuple[str, str]:
    # Rounded, or a mean of equal numbers could stand a last digit below them.
    return f"ROUND($E${s.row},6)", "thousandth"


def _few(name: str, s: Summary) -> list[Check]:
    return [
        Check(f"the {name} network: parameters", f"$B${s.row}", "whole", "≤", FEW_PARAMETERS[name], ARCHITECTURE),
        Check(f"the {name} network, mean over all seeds: accuracy %", *_mean(s), "≥", LIVE_TARGET, FULL),
    ]


def _fast(s: Summary) -> list[Check]:
    return [
        Check("the fast run: seconds of the slowest seed, start and data included", f"MAX($L${s.first}:$L${s.last})",
              "tenth", "≤", FAST_SECONDS, "below"),
        Check("the fast run, last epoch, every seed: accuracy %", f"$G${s.row}", "hundredth", "≥", LIVE_TARGET,
              FULL),
    ]  # fmt: skip


def _cells(s: Summary, m: Measured) -> list[Check]:
    """The network that runs in cells; what was measured of it is in its record."""
    total = f"{quoted(live.WEIGHTS)}!{weights.total_cell()}"
    source, right = "its record", f"100*{m.right}/{m.images}"
    return [
        Check("the network in cells: parameters, counted there", total, "whole", "=", Formula(f"$B${s.row}"),
              live.WEIGHTS),
        Check("the cells' own accuracy on the test images %", right, "hundredth", "≥", LIVE_TARGET, source),
        Check("images that cells and PyTorch read alike", f"0+{m.agreed}", "whole", "=", m.images, source),
    ]  # fmt: skip


def checks(summaries: Mapping[str, Summary], at: errors.MatrixPlaces, measured: Measured | None = None) -> list[Check]:
    """All lines; those that are required come first."""
    lines = _ours(summaries[OURS], at)
    for name in FEW_PARAMETERS:
        lines += _few(name, summaries[name]) if name in summaries else []
    lines += _fast(summaries[FAST]) if FAST in summaries else []
    return lines + (_cells(summaries[live.NET], measured) if measured else [])


def height(claims: Mapping[str, Claim], measured: Measured | None = None) -> int:
    """How many rows the checklist takes."""
    return 5 + 8 + 2 * sum(name in claims for name in (*FEW_PARAMETERS, FAST)) + (3 if measured else 0)


def write(sheet: Sheet, row: int, lines: Sequence[Check]) -> tuple[str, int]:
    """Write the checklist, what is required first; returns where the required verdicts stand, and how many they are."""
    required = [x for x in lines if x.required]
    beyond = [x for x in lines if not x.required]
    _table(sheet, row, "Required: checked live, at this moment", "of ours", required)
    _table(sheet, row + len(required) + 3, "Beyond: more than was required", "of ours, if not said otherwise", beyond)
    return f"$H${row + 2}:$H${row + 1 + len(required)}", len(required)


def _table(sheet: Sheet, row: int, title: str, of: str, lines: Sequence[Check]) -> None:
    """A title, the headings and the lines."""
    section(sheet, row, title, 0, FROM)
    names = [of, "", "", "", "measured", "", "limit", "verdict", "on the sheet"]
    common.heads(sheet, row + 1, 0, names, "lcccccccl")
    first = row + 2
    for k, line in enumerate(lines, first):
        common.line(sheet, k, line.text, 0, MEASURED - 1, "cell")
        number = sheet.style("cell", "center", line.form)
        sheet.live(k, MEASURED, line.formula, number)
        sheet.put(k, RELATION, line.relation, "cell", "center", "muted")
        sheet.put(k, LIMIT, line.limit, number)
        test = f"$E{k}{ALLOWED[line.relation]}$G{k}"
        formula = f'IF(AND(ISNUMBER($E{k}),{test}),"PASS","FAIL")'
        formula = f'IF(OR($E{k}="{NO_TARGET}",$G{k}="{NO_TARGET}"),"{NO_TARGET}",{formula})'
        sheet.live(k, VERDICT, formula, "cell", "verdict")
        if line.source in SHEETS:
            sheet.link(k, FROM, Link.to(line.source, line.source, "Where it is measured"), "cell")
        else:
            sheet.put(k, FROM, line.source, "cell", "muted")
    common.colour_words(sheet, (first - 1, VERDICT, first + len(lines) - 2, VERDICT), f"$H{first}")
