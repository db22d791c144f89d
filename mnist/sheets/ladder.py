"""The report's ladder: networks trained alike, each of which changes one thing, and what that taught."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import stdev

from mnist.ladder import Rung
from mnist.sheets.common import LONGEST, REPORT, heads, paragraph, section
from mnist.sheets.results import LAST_COLUMN
from mnist.sheets.runs import RunRows, of
from sheetgen.writer import style
from sheetgen.writer.book import Formula, Sheet, Value
from sheetgen.writer.sheets.common import Box, curve, insert, line, numbers
from sheetgen.writer.style import Axes
from sheetgen.writer.trace import quoted

HEADS = (
    "step", "parameters", "last epoch %", "best epoch %", "train, last %", "train − test", "seconds",
)  # fmt: skip
FORMS = ("whole", "hundredth", "hundredth", "hundredth", "signed", "tenth")
TAUGHT = len(HEADS)  # the column where the text begins
FIT = 106  # characters in a line of it
CHART_ROWS = 14


def write(sheet: Sheet, row: int, rungs: Sequence[Rung], runs: Sequence[RunRows]) -> int:
    """Write the ladder's table and chart, of the steps that are recorded; returns the row below them."""
    if not (there := _recorded(rungs, runs)):
        return row
    section(sheet, row, f"The ladder: one change at a time, all else alike, {_chance(runs)}", 0, LAST_COLUMN)
    heads(sheet, row + 1, 0, HEADS)
    line(sheet, row + 1, "what it taught", TAUGHT, LAST_COLUMN, "head")
    records = {run.claim: run.record for _, run in there}
    for k, (rung, run) in enumerate(there):
        n = [x.recipe.name for x in rungs].index(run.claim)
        taught = rung.lesson(run.record, records.get(rungs[n - 1].recipe.name) if n else None)
        _rung(sheet, row + 2 + k, f"{n + 1}  {rung.title}", taught[:LONGEST], run)
    last = row + 1 + len(there)
    _chart(sheet, row + 2, last)
    return row + height(rungs, runs)


def height(rungs: Sequence[Rung], runs: Sequence[RunRows]) -> int:
    """How many rows it takes."""
    there = len(_recorded(rungs, runs))
    return 2 + there + CHART_ROWS if there else 0


def _recorded(rungs: Sequence[Rung], runs: Sequence[RunRows]) -> list[tuple[Rung, RunRows]]:
    """The steps that are recorded, each with its run."""
    return [(rung, seeds[0]) for rung in rungs if (seeds := of(runs, rung.recipe.name))]


def _chance(runs: Sequence[RunRows]) -> str:
    """One seed is one draw: by how much the seeds of one claim deviate, where there are several."""
    claims = [[run.record.accuracy for run in of(runs, name)] for name in dict.fromkeys(run.claim for run in runs)]
    deviations = [stdev(accuracies) for accuracies in claims if len(accuracies) > 1]
    if not deviations:
        return "one seed each"
    return f"one seed each (seeds of other networks deviate by {min(deviations):.2f} to {max(deviations):.2f} %)"


def _rung(sheet: Sheet, row: int, title: str, taught: str, run: RunRows) -> None:
    r = run.record
    cells: tuple[Value, ...] = (
        r.parameters, Formula(run.end("H")), Formula(f"MAX({run.cells('H')})"), Formula(run.end("F")),
        Formula(f"E{row}-C{row}"), r.wall_seconds,
    )  # fmt: skip
    paragraph(sheet, row, (TAUGHT, LAST_COLUMN), taught, FIT, "cell")
    lines = max(-(-len(taught) // FIT), -(-len(title) // 30))
    sheet.set_row_pixels(row - 1, 6 + 16 * max(1, lines))
    sheet.put(row, 0, title, "cell", "wrap", "bold")
    numbers(sheet, row, 1, cells, FORMS, "wrap")


def _chart(sheet: Sheet, first: int, last: int) -> None:
    """Train and test accuracy of every step: where the lines part, it learns by heart."""
    where = quoted(REPORT)
    title = "Train and test accuracy at the last epoch of every step"
    chart = sheet.book.chart({"type": "line"}, title, Axes("", "per cent"))
    for k, (column, name) in enumerate((("E", "train"), ("C", "test"))):
        x, y = (f"{where}!${letter}${first}:${letter}${last}" for letter in ("A", column))
        curve(chart, k, name, x, y, marker=style.series_point(k, 6))
    text = "Line chart: train and test accuracy at the last epoch, step by step."
    insert(sheet, chart, Box((last, 0), (4, 6), (1_000, 20 * CHART_ROWS - 12)), text)
