"""The charts of the Training log: one run's loss and accuracy, all seeds, and ours beside the reference."""

from __future__ import annotations

import math
from collections.abc import Sequence

from mnist import published
from mnist.sheets.common import LOG, OURS, REFERENCE, insert
from mnist.sheets.runs import BESIDE, CHART_ROWS, COMPARISON, FACTS, HEAD, LIVE, SIDE_BY_SIDE, Run, of
from sheetgen.writer import style
from sheetgen.writer.book import Book, Chart, Sheet
from sheetgen.writer.sheets.plotted import SPOTS, speak
from sheetgen.writer.trace import letter, quoted

WIDTH, HEIGHT = 436, 20 * CHART_ROWS - 8  # of a chart, in pixels
WHERE = quoted(LOG)
DRAWN = BESIDE + len(SIDE_BY_SIDE) + 1  # right of what is printed: what the charts of the seed shown are drawn from
PLOTTED = "DEFGH"  # the columns that are drawn
SPOT = DRAWN + len(PLOTTED)
TARGET_LINE = {"color": style.FAIL_INK, "width": 1.25, "dash_type": "dash"}


def write(book: Book, sheet: Sheet, runs: Sequence[Run]) -> None:
    """Place four charts beside the run shown, two by two."""
    _drawn(book, sheet, runs)
    drawn = (
        (_loss(book, runs), "Line chart: train and test loss of the chosen seed by epoch, and its learning rate."),
        (_accuracy(book, runs), "Line chart: train and test accuracy of the chosen seed by epoch, and the target."),
        (_seeds(book, runs), "Line chart: test accuracy of every seed of ours by epoch, and the target."),
        (_compared(book, runs), "Line chart: mean test accuracy of ours and of the reference, and the published run."),
    )
    for k, (chart, text) in enumerate(drawn):
        legend = {"position": "bottom", "font": {"name": style.FONT, "size": 9, "color": style.MUTED}}
        chart.set_legend(legend | ({"delete_series": [2]} if k < 2 else {}))  # what it says is no curve
        insert(sheet, (HEAD + k // 2 * CHART_ROWS, BESIDE), chart, (WIDTH, HEIGHT), (k % 2 * (WIDTH + 8), 2), text)


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
    at, last = _from(column), LIVE + len(of(runs, OURS)[0].record.epochs) - 1
    return f"${at}${LIVE}:${at}${last}"


def _from(column: str) -> str:
    return letter(DRAWN + PLOTTED.index(column)) if column in PLOTTED else column


def _drawn(book: Book, sheet: Sheet, runs: Sequence[Run]) -> None:
    """#N/A for what is no number, as for a seed that there is not; and the titles, which say so."""
    record = of(runs, OURS)[0].record
    muted, head = book.style("muted", "general"), book.style("head", "center")
    for k, name in enumerate(("learning rate", "train loss", "train accuracy", "test loss", "test accuracy")):
        sheet.put(HEAD, DRAWN + k, f"{name}, plotted", head)
    for row in range(LIVE, LIVE + len(record.epochs)):
        for k, column in enumerate(PLOTTED, DRAWN):
            sheet.live(row, k, f"IF(ISNUMBER({column}{row}),{column}{row},NA())", muted)
    for k, name in enumerate(SPOTS):
        sheet.put(HEAD, SPOT + k, name, head)
    there, first = f"ISNUMBER($B${FACTS})", f"{_from('E')}{LIVE}"
    for row, title in enumerate(("Loss of the seed shown", "Accuracy of the seed shown"), LIVE):
        sheet.live(row, SPOT, f'"{title}"&IF({there},"",": empty, there is no such seed")', muted)
        sheet.live(row, SPOT + 1, f'IF({there}," ","there is no such seed")', muted)
        sheet.put(row, SPOT + 2, len(record.epochs) / 2, muted)
    sheet.live(LIVE, SPOT + 3, f"IF(ISNUMBER({first}),{first},1)", muted)
    sheet.put(LIVE + 1, SPOT + 3, (_low(runs) + 100) / 2, muted)


def _low(runs: Sequence[Run]) -> float:
    """Where the axis of the accuracies of the seed shown begins."""
    epochs = [e for run in of(runs, OURS) for e in run.record.epochs]
    return floor_of([x for e in epochs for x in (e.train_accuracy, e.test_accuracy)])


def _title(row: int) -> str:
    return f"={WHERE}!${letter(SPOT)}${row}"


def _head(column: str) -> str:
    return f"={WHERE}!${column}${HEAD}"


def _loss(book: Book, runs: Sequence[Run]) -> Chart:
    epochs = len(of(runs, OURS)[0].record.epochs)
    chart = _empty(book, _title(LIVE), "cross-entropy", epochs, right="learning rate")
    for k, column in enumerate("EG"):
        _line(chart, _head(column), _shown(runs, "C"), _shown(runs, column), style.series_line(k))
    speak(chart, LOG, LIVE, SPOT + 1)
    grey = {"color": style.SERIES[7], "width": 1.25, "dash_type": "square_dot"}
    _line(chart, _head("D"), _shown(runs, "C"), _shown(runs, "D"), grey, right=True)
    return chart


def _accuracy(book: Book, runs: Sequence[Run]) -> Chart:
    epochs = max(e.epoch for run in of(runs, OURS) for e in run.record.epochs)
    chart = _empty(book, _title(LIVE + 1), "per cent", epochs, _low(runs))
    for k, column in enumerate("FH"):
        _line(chart, _head(column), _shown(runs, "C"), _shown(runs, column), style.series_line(k))
    speak(chart, LOG, LIVE + 1, SPOT + 1)
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
