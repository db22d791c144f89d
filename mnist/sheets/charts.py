"""The charts of the Training log: one run's loss, accuracy and rate, all seeds, and ours beside the reference."""

from __future__ import annotations

import math
from collections.abc import Sequence
from statistics import fmean

from mnist import published
from mnist.sheets.common import FULL, LOG, OURS, REFERENCE
from mnist.sheets.runs import BESIDE, CHARTS, HEAD, LIVE, LOWER, ROW_AT, SIDE_BY_SIDE, UPPER, RunRows, of
from sheetgen.writer import style
from sheetgen.writer.book import Book, Chart, Sheet
from sheetgen.writer.sheets.common import Box, across, below, curve, heads, insert
from sheetgen.writer.sheets.plotted import AMID, SPOTS, speak
from sheetgen.writer.style import Axes
from sheetgen.writer.trace import letter, quoted

LINE = 0.08  # of a chart's height: a line of its legend
RIGHT = 1_256  # pixels: less than a screen's width, for some programs draw columns wider
DRAWN = BESIDE + len(SIDE_BY_SIDE) + 1  # right of what is printed: what the charts of the seed shown are drawn from
PLOTTED = "DEFGH"  # the columns that are drawn
LOSSES = "EG"  # on a logarithmic axis
TRAIN = "F"  # what of it is below the picture is said
SPOT = DRAWN + len(PLOTTED)
TITLES = (  # of the charts of the seed shown, and the columns that each draws
    ("Loss of the seed shown, log scale", LOSSES, "no loss above 0"),
    ("Accuracy of the seed shown", "FH", "no number"),
    ("Learning rate of the seed shown", "D", "no number"),
)
RATE, SETTLING = "D", ": large steps, then small to settle"
TARGET_LINE = {"color": style.FAIL_INK, "width": 1.25, "dash_type": "dash"}


def write(sheet: Sheet, runs: Sequence[RunRows]) -> None:
    """Place three charts on the first screen, and two below them."""
    book = sheet.book
    _drawn(sheet, runs)
    loss, accuracy, rate = (_of_seed(book, runs, k) for k in range(3))
    upper = (
        (loss, "Line chart: train and test loss of the chosen seed by epoch, on a logarithmic axis."),
        (accuracy, "Line chart: train and test accuracy of the chosen seed by epoch, and the target."),
        (_seeds(book, runs), "Line chart: test accuracy of every seed of ours by epoch, and the target."),
    )
    lower = (
        (_compared(book, runs), "Line chart: mean test accuracy of ours and of the reference, and its author's run."),
        (rate, "Line chart: the learning rate of the chosen seed by epoch."),
    )
    for row, rows, band in ((CHARTS, UPPER, upper), (CHARTS + UPPER, LOWER, lower)):
        width = RIGHT // len(band)
        for k, (chart, text) in enumerate(band):
            size = width - 8, 20 * rows - 8
            insert(sheet, chart, Box((row - 1, 0), (2 + k * width, 2), size), text)


def floor_of(accuracies: Sequence[float]) -> float:
    """Where an axis of accuracies begins: below all of them, in halves of a per cent."""
    return max(0.0, min(99.0, math.floor(2 * min(accuracies)) / 2))


def _line(chart: Chart, k: int, name: str, places: tuple[str, str], **look: object) -> None:
    """A line of the chart, from its places of x and y on this sheet, or on the one that they name."""
    x, y = (at if "!" in at else f"{quoted(LOG)}!{at}" for at in places)
    curve(chart, k, name, x, y, **look)


def _dashed(colour: int, dash: int, width: float = 1.25) -> dict[str, object]:
    return {**style.series_line(colour, width), "dash_type": style.DASHES[dash % len(style.DASHES)]}


def _empty(book: Book, title: str, axes: Axes, legend: float) -> Chart:
    """A chart whose legend takes a share of its height, and whose curves have all that is left."""
    chart = book.chart({"type": "scatter", "subtype": "straight"}, title, axes)
    chart.set_title({"name": title, "name_font": style.label_font(size=12, bold=True, color=style.INK)})
    white = {"fill": {"color": "#FFFFFF"}}
    chart.set_plotarea({**white, "layout": {"x": 0.13, "y": 0.13, "width": 0.83, "height": 0.71 - legend}})
    return chart


def _legend(chart: Chart, height: float, silent: Sequence[int] = ()) -> None:
    """A legend of some height at the lower edge, without the series that draw no curve."""
    below(chart, layout={"x": 0.06, "y": 0.98 - height, "width": 0.9, "height": height}, delete_series=list(silent))


def _accuracies(epochs: int, low: float) -> Axes:
    step = None if low < 95 else 0.5 if low < 99 else 0.2
    return Axes("epoch", "per cent", across=(0, epochs), up=(low, 100.0), step=step)


def _target(chart: Chart, epochs: int) -> None:
    last = LIVE - 1 + min(epochs, len(published.RUN))
    x, y = letter(BESIDE), letter(BESIDE + len(SIDE_BY_SIDE) - 1)
    _line(chart, 0, "target", _columns(x, y, LIVE, last), line=TARGET_LINE)


def _columns(x: str, y: str, first: int, last: int) -> tuple[str, str]:
    return f"${x}${first}:${x}${last}", f"${y}${first}:${y}${last}"


def _last(runs: Sequence[RunRows]) -> int:
    """The row of the last epoch of the seed shown."""
    return LIVE + len(of(runs, OURS)[0].record.epochs) - 1


def _from(column: str) -> str:
    return letter(DRAWN + PLOTTED.index(column))


def _drawn(sheet: Sheet, runs: Sequence[RunRows]) -> None:
    """#N/A for what cannot be drawn, as for a seed that there is not; and the titles, which say so."""
    record = of(runs, OURS)[0].record
    muted = sheet.style("muted", "general")
    names = ("learning rate", "train loss", "train accuracy", "test loss", "test accuracy")
    heads(sheet, HEAD, DRAWN, [f"{name}, plotted" for name in names])
    for row in range(LIVE, LIVE + len(record.epochs)):
        for k, column in enumerate(PLOTTED, DRAWN):
            # A logarithmic axis has no place for 0.
            at = f"{column}{row}"
            there = f"LN({at})" if column in LOSSES else at
            sheet.live(row, k, f"IF(ISNUMBER({there}),{at},NA())", muted)
    heads(sheet, HEAD, SPOT, SPOTS)
    amid = AMID, (_low(runs) + 100) / 2, 0.5
    for row, ((title, columns, none), y) in enumerate(zip(TITLES, amid, strict=True), LIVE):
        first, last = LIVE, _last(runs)
        drawn = ",".join(f"{_from(c)}{first}:{_from(c)}{last}" for c in columns)
        message = f'IF(ISNUMBER({ROW_AT}),IF(COUNT({drawn})>0," ","{none}"),"there is no such seed")'
        at = f"{letter(SPOT + 1)}{row}"
        rates = f"{RATE}{first}:{RATE}{last}"
        more = f'IF({RATE}{last}<MAX({rates})/2,"{SETTLING}","")' if columns == RATE else '""'
        sheet.live(row, SPOT, f'"{title}"&IF({at}=" ",{more},": empty, "&{at})', muted)
        sheet.live(row, SPOT + 1, message, muted)
        sheet.put(row, SPOT + 2, len(record.epochs) / 2, muted)
        sheet.live(row, SPOT + 3, f"IF(ISNUMBER({_from(columns[0])}{first}),{_from(columns[0])}{first},{y:g})", muted)
    start = f"{TRAIN}{LIVE}"
    below_it = LIVE + len(TITLES)
    text = f'"epoch 1: "&ROUND({start},1)&" %, off the chart"'
    sheet.live(below_it, SPOT + 1, f'IF(ISNUMBER({start}),IF({start}<{_low(runs):g},{text}," ")," ")', muted)
    across(sheet, below_it, SPOT + 2, (0.55 * len(record.epochs), _low(runs) + 0.14 * (100 - _low(runs))), "muted")
    sheet.set_column(DRAWN, SPOT + 3, 12, None, {"hidden": True, "level": 1})


def _low(runs: Sequence[RunRows]) -> float:
    """Where the axis of ours begins: below every test accuracy; the first train accuracies are far below."""
    return floor_of([e.test_accuracy for run in of(runs, OURS) for e in run.record.epochs])


def _of_seed(book: Book, runs: Sequence[RunRows], k: int) -> Chart:
    """The k-th chart of the seed shown: its title and its message are live."""
    epochs = len(of(runs, OURS)[0].record.epochs)
    kinds = (
        Axes("epoch", "cross-entropy", log=True, across=(0, epochs), form="General"),
        _accuracies(epochs, _low(runs)),
        Axes("epoch", "learning rate", across=(0, epochs)),
    )
    title, columns = f"={quoted(LOG)}!${letter(SPOT)}${LIVE + k}", TITLES[k][1]
    legend = (LINE, 2 * LINE, 0.0)[k]
    chart = _empty(book, title, kinds[k], legend)
    for n, column in enumerate(columns):
        # Told apart by more than colour: what was trained on is dashed.
        look = {"line": style.series_line(7) if len(columns) == 1 else _dashed(n, 1 - n, 1.75)}
        _line(chart, n, f"={quoted(LOG)}!${column}${HEAD}", _columns("C", _from(column), LIVE, _last(runs)), **look)
    speak(chart, LOG, LIVE + k, SPOT + 1)
    silent = [len(columns)]  # what it says is no curve
    if kinds[k].y == "per cent":
        _target(chart, epochs)
        speak(chart, LOG, LIVE + len(TITLES), SPOT + 1)
        silent.append(len(columns) + 2)
    if len(columns) > 1:
        _legend(chart, legend, silent)
    else:
        chart.set_legend({"none": True})
    chart.show_hidden_data()
    return chart


def _seeds(book: Book, runs: Sequence[RunRows]) -> Chart:
    ours = of(runs, OURS)
    epochs = len(ours[0].record.epochs)
    chart = _empty(book, "Every seed of ours, on the test images", _accuracies(epochs, _low(runs)), 2 * LINE)
    for k, run in enumerate(ours):
        x, y = (f"{quoted(FULL)}!{at}" for at in _columns("C", "H", run.first, run.last))
        _line(chart, k, f"seed {run.record.seed}", (x, y), line=_dashed(k, k))
    _target(chart, epochs)
    _legend(chart, 2 * LINE)
    return chart


def _compared(book: Book, runs: Sequence[RunRows]) -> Chart:
    names = (("ours, mean", OURS), ("reference, mean", REFERENCE), ("reference, by its author", published.NAME))
    means = [fmean(e) for _, claim in names for e in zip(*_tests(runs, claim), strict=False)]
    axes = _accuracies(len(published.RUN), floor_of(means))
    chart = _empty(book, "Ours, the reference, and as its author published it", axes, 1.5 * LINE)
    for k, (name, claim) in enumerate(names):
        rows = min(max(map(len, _tests(runs, claim)), default=0), len(published.RUN))
        if rows:
            places = _columns(letter(BESIDE), letter(BESIDE + 1 + k), LIVE, LIVE + rows - 1)
            _line(chart, k, name, places, line=_dashed(k, k, 1.75))
    _target(chart, len(published.RUN))
    _legend(chart, 1.5 * LINE)
    return chart


def _tests(runs: Sequence[RunRows], claim: str) -> list[list[float]]:
    """The test accuracies of each seed of a claim, epoch by epoch; the published run is one."""
    if claim == published.NAME:
        return [[p.test_accuracy for p in published.RUN]]
    return [[e.test_accuracy for e in run.record.epochs] for run in of(runs, claim)]
