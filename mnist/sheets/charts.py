"""The charts of the Training log: one run's loss and accuracy, all seeds, and ours beside the reference."""

from __future__ import annotations

import math
from collections.abc import Sequence

from mnist import published
from mnist.sheets.common import LOG, OURS, REFERENCE
from mnist.sheets.runs import BESIDE, CHART_ROWS, COMPARISON, FACTS, HEAD, LIVE, SIDE_BY_SIDE, RunRows, of
from sheetgen.writer import style
from sheetgen.writer.book import Book, Chart, Sheet
from sheetgen.writer.sheets.common import Box, below, curve, heads, insert
from sheetgen.writer.sheets.plotted import SPOTS, speak
from sheetgen.writer.style import Axes
from sheetgen.writer.trace import letter, quoted

WIDTH, HEIGHT = 436, 20 * CHART_ROWS - 8  # of a chart, in pixels
WHERE = quoted(LOG)
DRAWN = BESIDE + len(SIDE_BY_SIDE) + 1  # right of what is printed: what the charts of the seed shown are drawn from
PLOTTED = "DEFGH"  # the columns that are drawn
SPOT = DRAWN + len(PLOTTED)
TARGET_LINE = {"color": style.FAIL_INK, "width": 1.25, "dash_type": "dash"}


def write(sheet: Sheet, runs: Sequence[RunRows]) -> None:
    """Place four charts beside the run shown, two by two."""
    book = sheet.book
    _drawn(sheet, runs)
    drawn = (
        (_loss(book, runs), "Line chart: train and test loss of the chosen seed by epoch, and its learning rate."),
        (_accuracy(book, runs), "Line chart: train and test accuracy of the chosen seed by epoch, and the target."),
        (_seeds(book, runs), "Line chart: test accuracy of every seed of ours by epoch, and the target."),
        (_compared(book, runs), "Line chart: mean test accuracy of ours and of the reference, and the published run."),
    )
    for k, (chart, text) in enumerate(drawn):
        below(chart, **({"delete_series": [2]} if k < 2 else {}))  # what it says is no curve
        box = Box((HEAD + k // 2 * CHART_ROWS, BESIDE), (k % 2 * (WIDTH + 8), 2), (WIDTH, HEIGHT))
        insert(sheet, chart, box, text)


def floor_of(accuracies: Sequence[float]) -> float:
    """Where an axis of accuracies begins: below what all but the first tries reach, in halves of a per cent."""
    later = sorted(accuracies)[len(accuracies) // 8 :]
    return max(0.0, min(99.0, math.floor(2 * later[0]) / 2))


def _line(chart: Chart, k: int, name: str, places: tuple[str, str], **look: object) -> None:
    """A line of the chart, from its places of x and y on the sheet."""
    x, y = places
    curve(chart, k, name, f"{WHERE}!{x}", f"{WHERE}!{y}", **look)


def _empty(book: Book, title: str, axes: Axes) -> Chart:
    return book.chart({"type": "scatter", "subtype": "straight"}, title, axes)


def _accuracies(epochs: int, low: float) -> Axes:
    return Axes("epoch", "per cent", across=(0, epochs), up=(low, 100.0))


def _target(chart: Chart, epochs: int) -> None:
    first, last = COMPARISON + 2, COMPARISON + 1 + min(epochs, len(published.RUN))
    x, y = letter(BESIDE), letter(BESIDE + len(SIDE_BY_SIDE) - 1)
    _line(chart, 0, "target", _columns(x, y, first, last), line=TARGET_LINE)


def _columns(x: str, y: str, first: int, last: int) -> tuple[str, str]:
    return f"${x}${first}:${x}${last}", f"${y}${first}:${y}${last}"


def _shown(runs: Sequence[RunRows], column: str) -> tuple[str, str]:
    return _columns("C", _from(column), LIVE, LIVE + len(of(runs, OURS)[0].record.epochs) - 1)


def _from(column: str) -> str:
    return letter(DRAWN + PLOTTED.index(column)) if column in PLOTTED else column


def _drawn(sheet: Sheet, runs: Sequence[RunRows]) -> None:
    """#N/A for what is no number, as for a seed that there is not; and the titles, which say so."""
    record = of(runs, OURS)[0].record
    muted = sheet.style("muted", "general")
    names = ("learning rate", "train loss", "train accuracy", "test loss", "test accuracy")
    heads(sheet, HEAD, DRAWN, [f"{name}, plotted" for name in names])
    for row in range(LIVE, LIVE + len(record.epochs)):
        for k, column in enumerate(PLOTTED, DRAWN):
            sheet.live(row, k, f"IF(ISNUMBER({column}{row}),{column}{row},NA())", muted)
    heads(sheet, HEAD, SPOT, SPOTS)
    there, first = f"ISNUMBER($B${FACTS})", f"{_from('E')}{LIVE}"
    for row, title in enumerate(("Loss of the seed shown", "Accuracy of the seed shown"), LIVE):
        sheet.live(row, SPOT, f'"{title}"&IF({there},"",": empty, there is no such seed")', muted)
        sheet.live(row, SPOT + 1, f'IF({there}," ","there is no such seed")', muted)
        sheet.put(row, SPOT + 2, len(record.epochs) / 2, muted)
    sheet.live(LIVE, SPOT + 3, f"IF(ISNUMBER({first}),{first},1)", muted)
    sheet.put(LIVE + 1, SPOT + 3, (_low(runs) + 100) / 2, muted)


def _low(runs: Sequence[RunRows]) -> float:
    """Where the axis of the accuracies of the seed shown begins."""
    epochs = [e for run in of(runs, OURS) for e in run.record.epochs]
    return floor_of([x for e in epochs for x in (e.train_accuracy, e.test_accuracy)])


def _title(row: int) -> str:
    return f"={WHERE}!${letter(SPOT)}${row}"


def _head(column: str) -> str:
    return f"={WHERE}!${column}${HEAD}"


def _loss(book: Book, runs: Sequence[RunRows]) -> Chart:
    epochs = len(of(runs, OURS)[0].record.epochs)
    axes = Axes("epoch", "cross-entropy", across=(0, epochs), right="learning rate")
    chart = _empty(book, _title(LIVE), axes)
    for k, column in enumerate("EG"):
        _line(chart, k, _head(column), _shown(runs, column))
    speak(chart, LOG, LIVE, SPOT + 1)
    grey = {"color": style.SERIES[7], "width": 1.25, "dash_type": "square_dot"}
    _line(chart, 2, _head("D"), _shown(runs, "D"), line=grey, y2_axis=True)
    return chart


def _accuracy(book: Book, runs: Sequence[RunRows]) -> Chart:
    epochs = max(e.epoch for run in of(runs, OURS) for e in run.record.epochs)
    chart = _empty(book, _title(LIVE + 1), _accuracies(epochs, _low(runs)))
    for k, column in enumerate("FH"):
        _line(chart, k, _head(column), _shown(runs, column))
    speak(chart, LOG, LIVE + 1, SPOT + 1)
    _target(chart, epochs)
    return chart


def _seeds(book: Book, runs: Sequence[RunRows]) -> Chart:
    ours = of(runs, OURS)
    epochs = len(ours[0].record.epochs)
    low = floor_of([e.test_accuracy for run in ours for e in run.record.epochs])
    chart = _empty(book, "Every seed of ours, on the test images", _accuracies(epochs, low))
    for k, run in enumerate(ours):
        places = _columns("C", "H", run.first, run.last)
        _line(chart, k, f"seed {run.record.seed}", places, line=style.series_line(k, 1.25))
    _target(chart, epochs)
    return chart


def _compared(book: Book, runs: Sequence[RunRows]) -> Chart:
    low = floor_of([p.test_accuracy for p in published.RUN])
    chart = _empty(book, "Ours, the reference, and its published run", _accuracies(len(published.RUN), low))
    first = COMPARISON + 2
    names = (("ours, mean", OURS), ("reference, mean", REFERENCE), ("reference, published run", published.NAME))
    for k, (name, claim) in enumerate(names):
        there = [len(run.record.epochs) for run in of(runs, claim)] or [0]
        rows = len(published.RUN) if claim == published.NAME else min(max(there), len(published.RUN))
        if rows:
            _line(chart, k, name, _columns(letter(BESIDE), letter(BESIDE + 1 + k), first, first + rows - 1))
    _target(chart, len(published.RUN))
    return chart
