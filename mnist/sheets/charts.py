"""The charts of the Training log: one run's loss and accuracy, all seeds, and ours beside the reference."""

from __future__ import annotations

import math
from collections.abc import Sequence

from mnist import published
from mnist.sheets.common import LOG, OURS, REFERENCE
from mnist.sheets.runs import BESIDE, CHART_ROWS, COMPARISON, HEAD, LIVE, SIDE_BY_SIDE, Run, of
from sheetgen import style
from sheetgen.book import Book, Chart, Sheet
from sheetgen.layout import letter, quoted

WIDTH, HEIGHT = 436, 20 * CHART_ROWS - 8  # of a chart, in pixels
WHERE = quoted(LOG)
TARGET_LINE = {"color": style.FAIL_INK, "width": 1.25, "dash_type": "dash"}


def write(book: Book, sheet: Sheet, runs: Sequence[Run]) -> None:
    """Place four charts beside the run shown, two by two."""
    drawn = (
        (_loss(book, runs), "Line chart: train and test loss of the chosen seed by epoch, and its learning rate."),
        (_accuracy(book, runs), "Line chart: train and test accuracy of the chosen seed by epoch, and the target."),
        (_seeds(book, runs), "Line chart: test accuracy of every seed of ours by epoch, and the target."),
        (_compared(book, runs), "Line chart: mean test accuracy of ours and of the reference, and the published run."),
    )
    for k, (chart, text) in enumerate(drawn):
        chart.set_size({"width": WIDTH, "height": HEIGHT})
        chart.set_legend({"position": "bottom", "font": {"name": style.FONT, "size": 9, "color": style.MUTED}})
        where = {"x_offset": k % 2 * (WIDTH + 8), "y_offset": 2, "object_position": 3, "description": text}
        if sheet.insert_chart(HEAD + k // 2 * CHART_ROWS, BESIDE, chart, where):
            raise ValueError(f"{sheet.name}: a chart could not be placed")


def floor_of(accuracies: Sequence[float]) -> float:
    """Where an axis of accuracies begins: below what all but the first tries reach, in halves of a per cent."""
    later = sorted(accuracies)[len(accuracies) // 8 :]
    return max(0.0, min(99.0, math.floor(2 * later[0]) / 2))


def _line(chart: Chart, name: str, x: str, y: str, line: dict[str, object], right: bool = False) -> None:
    chart.add_series(
        {"name": name, "categories": f"={WHERE}!{x}", "values": f"={WHERE}!{y}", "line": line, "y2_axis": right,
         "marker": {"type": "none"}}
    )  # fmt: skip


def _empty(book: Book, title: str, y: str, epochs: int, low: float | None = None, right: str = "") -> Chart:
    up = None if low is None else (low, 100.0)
    kind = {"type": "scatter", "subtype": "straight"}
    return book.chart(kind, title, "epoch", y, across=(0, epochs), up=up, right=right)


def _target(chart: Chart, epochs: int) -> None:
    first, last = COMPARISON + 2, COMPARISON + 1 + min(epochs, len(published.RUN))
    x, y = letter(BESIDE), letter(BESIDE + len(SIDE_BY_SIDE) - 1)
    _line(chart, "target", f"${x}${first}:${x}${last}", f"${y}${first}:${y}${last}", TARGET_LINE)


def _shown(runs: Sequence[Run], column: str) -> str:
    last = LIVE + len(of(runs, OURS)[0].record.epochs) - 1
    return f"${column}${LIVE}:${column}${last}"


def _head(column: str) -> str:
    return f"={WHERE}!${column}${HEAD}"


def _loss(book: Book, runs: Sequence[Run]) -> Chart:
    epochs = len(of(runs, OURS)[0].record.epochs)
    chart = _empty(book, "Loss of the seed shown", "cross-entropy", epochs, right="learning rate")
    for k, column in enumerate("EG"):
        _line(chart, _head(column), _shown(runs, "C"), _shown(runs, column), style.series_line(k))
    grey = {"color": style.SERIES[7], "width": 1.25, "dash_type": "square_dot"}
    _line(chart, _head("D"), _shown(runs, "C"), _shown(runs, "D"), grey, right=True)
    return chart


def _accuracy(book: Book, runs: Sequence[Run]) -> Chart:
    ours = [e for run in of(runs, OURS) for e in run.record.epochs]
    low = floor_of([x for e in ours for x in (e.train_accuracy, e.test_accuracy)])
    epochs = max(e.epoch for e in ours)
    chart = _empty(book, "Accuracy of the seed shown", "per cent", epochs, low)
    for k, column in enumerate("FH"):
        _line(chart, _head(column), _shown(runs, "C"), _shown(runs, column), style.series_line(k))
    _target(chart, epochs)
    return chart


def _seeds(book: Book, runs: Sequence[Run]) -> Chart:
    ours = of(runs, OURS)
    epochs = len(ours[0].record.epochs)
    low = floor_of([e.test_accuracy for run in ours for e in run.record.epochs])
    chart = _empty(book, "Every seed of ours, on the test images", "per cent", epochs, low)
    for k, run in enumerate(ours):
        x, y = (f"${column}${run.first}:${column}${run.last}" for column in "CH")
        _line(chart, f"seed {run.record.seed}", x, y, style.series_line(k, 1.25))
    _target(chart, epochs)
    return chart


def _compared(book: Book, runs: Sequence[Run]) -> Chart:
    low = floor_of([p.test_accuracy for p in published.RUN])
    title = "Ours, the reference, and its published run"
    chart = _empty(book, title, "per cent", len(published.RUN), low)
    first = COMPARISON + 2
    names = (("ours, mean", OURS), ("reference, mean", REFERENCE), ("reference, published run", published.NAME))
    for k, (name, claim) in enumerate(names):
        there = [len(run.record.epochs) for run in of(runs, claim)] or [0]
        rows = len(published.RUN) if claim == published.NAME else min(max(there), len(published.RUN))
        if rows:
            x, y = letter(BESIDE), letter(BESIDE + 1 + k)
            last = first + rows - 1
            _line(chart, name, f"${x}${first}:${x}${last}", f"${y}${first}:${y}${last}", style.series_line(k))
    _target(chart, len(published.RUN))
    return chart
