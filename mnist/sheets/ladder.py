"""The report's ladder: networks trained alike, each of which changes one thing; a chart, and live sentences."""

from __future__ import annotations

import math
from collections.abc import Sequence
from statistics import stdev
from string import Formatter

from mnist.ladder import Rung
from mnist.recipe import Recipe
from mnist.sheets.common import OURS, REPORT, heads, of_target, paragraph, section, thousands
from mnist.sheets.results import LAST_COLUMN
from mnist.sheets.runs import RunRows, of
from sheetgen.writer import style
from sheetgen.writer.book import Formula, Sheet, Value
from sheetgen.writer.sheets.common import Box, across, below, curve, insert, numbers
from sheetgen.writer.style import Axes
from sheetgen.writer.trace import letter, quoted

HEADS = (
    "the steps in numbers", "parameters", "last epoch %", "best epoch %", "train, last %", "train − test",
    "train loss, last", "seconds",
)  # fmt: skip
FORMS = ("whole", "hundredth", "hundredth", "hundredth", "signed", "ten thousandth", "tenth")
FIGURES = {"parameters": ("B", 0), "test": ("C", 2), "train": ("E", 2), "gap": ("F", 2), "loss": ("G", 4)}
DRAWN = LAST_COLUMN + 2  # the first of two columns, out of sight: what a step is called on the chart, and the target
SAID = 6  # the column where the sentences begin, right of the chart
FIT = 114  # characters in a line of them
CHART = 532, 316  # pixels
TITLE_ROW, TEXT_ROW = 19, 34  # pixels
STEPS = 6  # that have a place
ROWS = 2 * STEPS + 2  # that the chart and the sentences take
FIRST_OF = "The step before it is not recorded."
WITHIN = " (within chance)"  # what another seed could have changed as much
COLOURS = {"E": 0, "C": 1}  # column -> its colour among those of a chart


def write(sheet: Sheet, row: int, rungs: Sequence[Rung], runs: Sequence[RunRows]) -> int:
    """Write the ladder's chart, sentences and table, of the steps that are recorded; returns the row below them."""
    if not (there := _recorded(rungs, runs)):
        return row
    chance = deviations(runs)
    section(sheet, row, f"What each step taught: step by step, {_chance(chance)}", 0, LAST_COLUMN)
    head = row + ROWS
    heads(sheet, head, 0, HEADS)
    known = {rung.recipe.name: head + 1 + k for k, (rung, _) in enumerate(there)}
    for k, (rung, run) in enumerate(there):
        n = [x.recipe.name for x in rungs].index(run.claim)
        name, at = f"{n + 1}  {rung.title}", row + 1 + 2 * k
        sheet.put(at, SAID, name, "bold")
        before = known.get(rungs[n - 1].recipe.name) if n else 0
        told = f'"{FIRST_OF}"' if before is None else sentence(rung.taught, head + 1 + k, before, chance)
        paragraph(sheet, at + 1, (SAID, LAST_COLUMN), Formula(told), FIT)
        _numbers(sheet, head + 1 + k, name, run)
        across(sheet, head + 1 + k, DRAWN, (float(n + 1), Formula(of_target("mnist_target"))), "muted")
    sheet.set_column(DRAWN, DRAWN + 1, 9, None, {"hidden": True, "level": 1})
    for at in range(row, row + 2 * STEPS, 2):
        sheet.set_row_pixels(at, TITLE_ROW)
        sheet.set_row_pixels(at + 1, TEXT_ROW)
    sheet.put(head - 1, SAID, Formula(_to_ours(of(runs, OURS)[0].record.recipe, there[-1][0].recipe)), "bold")
    low = math.floor(min(a for _, run in there for a in (run.record.accuracy, run.record.last.train_accuracy)))
    _chart(sheet, row, (head + 1, head + len(there)), low)
    return row + height(rungs, runs)


def height(rungs: Sequence[Rung], runs: Sequence[RunRows]) -> int:
    """How many rows it takes."""
    there = len(_recorded(rungs, runs))
    return ROWS + there + 2 if there else 0


def sentence(text: str, row: int, before: int, chance: Sequence[float] = ()) -> str:
    """A lesson as a formula: its figures stand in a row of the table, those of the step before in another."""
    parts = []
    for said, field, *_ in Formatter().parse(text):
        parts += [f'"{said}"'] if said else []
        if field == "chance":
            parts += [_within(row, before, math.sqrt(2) * chance[-1])] if chance else []
        elif field:
            name, _, now = field.partition(" ")
            parts.append(_figure(name, row) if now else _change(name, row, before))
    return "&".join(parts)


def _to_ours(ours: Recipe, last: Recipe) -> str:
    """What leads from the last step to ours, and how far."""
    again = ", some kernels used again" if "=" in ours.architecture.net else ""
    taught = ", teachers" if ours.distillation.teachers else ""
    text = f"wider layers{again}, {ours.epochs} epochs instead of {last.epochs}{taught}"
    mean = 'IF(ISNUMBER(mnist_mean),ROUND(mnist_mean,2)&" %","–")'
    return f'"→  From there to ours, "&{mean}&": {text}."'


def _figure(name: str, row: int) -> str:
    """A number of the table as text; one of thousands has a comma there."""
    column, digits = FIGURES[name]
    at = f"{column}{row}"
    if not digits:
        return thousands(at)
    sign = f'IF({at}>0,"+","")&' if name == "gap" else ""
    shown = f"ROUND({at},{digits})"
    if digits == 2:  # with the 0 of 98.70, whatever the decimal sign is
        tenths = f"ROUND({at},1)"
        shown += f'&IF(AND({shown}={tenths},{tenths}<>ROUND({at},0)),"0","")'
    return sign + shown


def _change(name: str, row: int, before: int) -> str:
    """Which way a number went, and from what to what."""
    now, then = _figure(name, row), _figure(name, before)
    column, digits = FIGURES[name]
    new, old = (f"ROUND({column}{k},{digits})" for k in (row, before))
    return f'IF({new}={old},"stayed at "&{now},IF({new}>{old},"rose","fell")&" from "&{then}&" to "&{now})'


def _within(row: int, before: int, most: float) -> str:
    """Whether the test accuracy changed, but by no more than two draws deviate from one another, as shown."""
    new, old = (f"ROUND(C{k},2)" for k in (row, before))
    return f'IF({new}={old},"",IF(ROUND(ABS({new}-{old}),2)<={most:.2f},"{WITHIN}",""))'


def _recorded(rungs: Sequence[Rung], runs: Sequence[RunRows]) -> list[tuple[Rung, RunRows]]:
    """The steps that are recorded, each with its run."""
    return [(rung, seeds[0]) for rung in rungs if (seeds := of(runs, rung.recipe.name))]


def deviations(runs: Sequence[RunRows]) -> list[float]:
    """By how much the seeds of a claim deviate, of all claims that have several; the largest comes last."""
    claims = [[run.record.accuracy for run in of(runs, name)] for name in dict.fromkeys(run.claim for run in runs)]
    return sorted(stdev(accuracies) for accuracies in claims if len(accuracies) > 1)


def _chance(chance: Sequence[float]) -> str:
    """One seed is one draw: how much another may differ, where that is known."""
    if not chance:
        return "one seed each"
    return f"one seed each (chance alone moves other networks by {chance[0]:.2f} to {chance[-1]:.2f} %)"


def _numbers(sheet: Sheet, row: int, name: str, run: RunRows) -> None:
    r = run.record
    cells: tuple[Value, ...] = (
        r.parameters, Formula(run.end("H")), Formula(f"MAX({run.cells('H')})"), Formula(run.end("F")),
        Formula(f"E{row}-C{row}"), Formula(run.end("E")), r.wall_seconds,
    )  # fmt: skip
    sheet.put(row, 0, name, "cell", "bold")
    numbers(sheet, row, 1, cells, FORMS)


def _chart(sheet: Sheet, row: int, rows: tuple[int, int], low: float) -> None:
    """Train and test accuracy of every step: where train is far above, it learns by heart."""
    where = quoted(REPORT)

    def column(at: str) -> str:
        return f"{where}!${at}${rows[0]}:${at}${rows[1]}"

    title = "Dashed far above solid: a sign of learning by heart"
    axes = Axes("step", "images right at the last epoch, %", up=(low, 100.0), step=0.5 if low > 95 else None)
    chart = sheet.book.chart({"type": "line"}, title, axes)
    for at, name, dash in (("E", "training images", "dash"), ("C", "test images", "solid")):
        k = COLOURS[at]
        look = {"line": {**style.series_line(k, 2.25), "dash_type": dash}, "marker": style.series_point(k, 7)}
        curve(chart, k, name, column(letter(DRAWN)), column(at), **look)
    target = {"color": style.FAIL_INK, "width": 1.25, "dash_type": "square_dot"}
    curve(chart, 2, "target", column(letter(DRAWN)), column(letter(DRAWN + 1)), line=target)
    below(chart)
    chart.show_hidden_data()
    text = "Line chart: train and test accuracy at the last epoch, step by step, and the target."
    insert(sheet, chart, Box((row, 0), (4, 4), CHART), text)
