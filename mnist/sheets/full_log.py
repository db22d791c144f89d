"""Full log: what came of each network in a line, then every epoch of every run, as recorded."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import astuple

from mnist.ladder import LADDER
from mnist.sheets.common import FULL, LOG, TELLING, heads
from mnist.sheets.common import LADDER as STEP
from mnist.sheets.runs import COLUMNS, FULL_HEAD, RATE, REACHED, RunRows, networks, of
from sheetgen.writer import style
from sheetgen.writer.book import Book, Formula, Link, Sheet, Value
from sheetgen.writer.digits import scientific
from sheetgen.writer.sheets.common import Box, across, bars, insert, numbers, opened, page
from sheetgen.writer.style import Axes
from sheetgen.writer.trace import letter, quoted

FORMS = ("millionth", "ten thousandth", "hundredth", "ten thousandth", "hundredth", "tenth")
WIDTHS = (16, 8, 9, 11, 11, 12, 11, 17, 10, 12)
TITLE = "Full log: every epoch of every run"
SUBTITLE = (
    "On top a line per network: the mean of its seeds after the last epoch. The arrows in the headings filter. "
    "Only these lines and the chart are printed."
)
STEPS = " Those called ladder are the steps of MNIST report."
WORDS = (
    "which network", "its random start", "a pass over all images", "size of a step", "error on the images fed",
    "of these, most of them warped", "error on new images", "of 10,000 new images", "each epoch took",
    "its epoch, or –",
)  # fmt: skip
ALL = "all"  # what stands for the seed in a network's line
NAMED = len(COLUMNS) + 8  # the column, out of sight, of what a network is called on the chart
NAMES = TELLING | {r.recipe.name: f"{r.recipe.name}: {r.title}" for r in LADDER}
LEAST = 98  # per cent, where the bars begin
HIGH = 17  # pixels of a row
CHART_ROWS = 8  # at the least; it ends where the lines of the networks do, for no more is printed


def write(book: Book, logged: Sequence[RunRows]) -> None:
    """Write the sheet."""
    steps = STEPS if any(run.claim.startswith(STEP) for run in logged) else ""
    sheet = opened(book, FULL, TITLE, SUBTITLE + steps, WIDTHS)
    sheet.set_default_row(HIGH * 0.75)
    for row in (2, 3):
        sheet.set_row_pixels(row - 1, 20)
    sheet.link(3, 2, Link.to(LOG, "→ Training log: its charts", "One run shown, and the charts"))
    sheet.set_row_pixels(FULL_HEAD - 2, 30)
    across(sheet, FULL_HEAD - 1, 0, WORDS, "muted", "center", "broken")
    heads(sheet, FULL_HEAD, 0, COLUMNS)
    for row, name in enumerate(networks(logged), FULL_HEAD + 1):
        _network(sheet, row, name, of(logged, name))
    for run in logged:
        for row, epoch in enumerate(run.record.epochs, run.first):
            # The last epoch of a run, which is what counts, is told from the others.
            look = ("bold",) if row == run.last else ()
            sheet.put(row, 0, run.claim, "cell", *look)
            numbers(sheet, row, 1, (run.record.seed, *astuple(epoch)), ("whole", "whole", *FORMS), *look)
            mark(sheet, row)
    last = logged[-1].last
    scientific(sheet, (logged[0].first - 1, RATE, last - 1, RATE + 5), "number", look="beyond, short")
    inside = {
        "type": "data_bar", "bar_solid": True, "data_bar_2010": True, "bar_color": style.COOL,
        "min_type": "num", "min_value": LEAST, "max_type": "num", "max_value": 100, "min_length": 0, "max_length": 100,
    }  # fmt: skip
    sheet.conditional_format(FULL_HEAD, RATE + 4, last - 1, RATE + 4, inside)
    _chart(sheet, len(networks(logged)))
    sheet.autofilter(FULL_HEAD - 1, 0, last - 1, len(COLUMNS) - 1)
    page(sheet, (FULL_HEAD, 0), (FULL_HEAD + max(len(networks(logged)), CHART_ROWS), NAMED - 2))


def _network(sheet: Sheet, row: int, name: str, runs: Sequence[RunRows]) -> None:
    """The line of a network: means over its seeds, of the last epoch, but for the seconds of all epochs."""
    means = [f"AVERAGE({','.join(f'{k}{run.last}' for run in runs)})" for k in "EFGH"]
    epochs = f"MAX(C{runs[0].first}:C{runs[-1].last})"
    seconds = f"AVERAGE(I{runs[0].first}:I{runs[-1].last})"
    cells: tuple[Value | None, ...] = (ALL, Formula(epochs), None, *map(Formula, (*means, seconds)), None)
    sheet.put(row, 0, name, "cell", "group data", "bold")
    sheet.put(row, NAMED, NAMES.get(name, name), "muted")
    for column, (value, form) in enumerate(zip(cells, ("text", "whole", *FORMS, "text"), strict=True), 1):
        sheet.put(row, column, value, "cell", "group data", "bold", "center", form)


def _chart(sheet: Sheet, count: int) -> None:
    """The lines of the networks as bars, the first on top."""
    where, last = quoted(FULL), FULL_HEAD + count
    title = f"Which reads best? The bars begin at {LEAST} %"
    chart = sheet.book.chart({"type": "bar"}, title, Axes("", ""))
    x, y = (f"{where}!${column}${FULL_HEAD + 1}:${column}${last}" for column in (letter(NAMED), "H"))
    label = {"value": True, "num_format": "0.00", "font": style.label_font()}
    bars(chart, 0, "mean", x, y, gap=40, data_labels=label)
    # XlsxWriter calls the axis of the names y, for they stand one above the other.
    chart.set_y_axis({"reverse": True, "num_font": style.label_font(color=style.INK), "line": {"color": style.RULE}})
    chart.set_x_axis({"min": LEAST, "max": 100, "visible": False, "major_gridlines": {"visible": False}})
    chart.set_legend({"none": True})
    chart.show_hidden_data()
    sheet.set_column(NAMED, NAMED, 9, None, {"hidden": True, "level": 1})
    text = "Bar chart: the mean test accuracy of each network after the last epoch; the same numbers stand in its line."
    insert(sheet, chart, Box((FULL_HEAD, len(COLUMNS)), (14, 2), (415, HIGH * max(count, CHART_ROWS) - 4)), text)


def mark(sheet: Sheet, row: int) -> None:
    """The epoch if the target is reached in it, else a dash."""
    formula = f'IF(AND(ISNUMBER(mnist_target),ISNUMBER(H{row}),H{row}>=mnist_target),C{row},"–")'
    sheet.live(row, REACHED, formula, "cell", "center", "whole", "muted")
