"""Charts that never go blank: columns to draw from beside the table, and titles that say what is not drawn.

A logarithmic axis cannot hold 0, programs draw a text as 0, and a linear axis overflows with its largest number: one
such cell makes a whole chart lie or vanish. #N/A alone is no point, so a curve is drawn from a column that holds it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

from sheetgen.writer import style
from sheetgen.writer.book import Chart, Sheet, Stream
from sheetgen.writer.sheets.common import curve, heads
from sheetgen.writer.style import Axes
from sheetgen.writer.trace import FIRST_ROW, HEADER_ROW, THIS, column_range, letter, quoted

SPOTS = ("title", "what it says if it is empty", "x", "y")
SPOT_ROW = 4  # the heading of the cells that charts quote; a row for each chart follows
LEGEND = 9  # a longer one has two columns, which leave no room for the curves
AMID = 3.0  # a logarithmic axis around it alone goes from 1 to 10
COLUMN_PIXELS = 106
ROOM = 1.25  # of an axis, for the labels of the curves' ends
TICKS = 5  # of an axis of iterations, at the most, beside 0: a narrow chart has room for no more


class Curve(NamedTuple):
    """A curve: the column that it is named by, counted from 0, and the one it is drawn from."""

    source: int
    drawn: int
    name: str
    log: bool

    @property
    def helper(self) -> bool:
        """Whether it is drawn from a column of its own."""
        return self.source != self.drawn

    @property
    def heading(self) -> str:
        """The heading of a column of its own; the judge reads it."""
        return f"{self.name} > 0" if self.log else f"{self.name} plotted"

    @property
    def formula(self) -> str:
        """The formula of a column of its own."""
        at = f"{letter(self.source)}{THIS}"
        if self.log:  # what has a logarithm; some engines take 1E-17 > 0 for false
            return f"IF(ISNUMBER(LN({at})),{at},NA())"
        # Beyond it a linear axis has no room for its own ends.
        return f"IF(ISNUMBER({at}),IF(ABS({at})<1E+307,{at},NA()),NA())"


def speak(chart: Chart, sheet: str, row: int, column: int) -> None:
    """Let a chart show the text of a cell at the point (x, y) of the two cells right of it.

    It is the name of a series without a line: LibreOffice keeps the title as it was when the file was made, but names
    of series are live everywhere. A text of one space shows nothing.
    """
    name, x, y = (f"={quoted(sheet)}!${letter(column + k)}${row}" for k in range(3))
    silent = {"line": {"none": True}, "marker": {"type": "none"}, "data_labels": style.series_name("center")}
    chart.add_series({"name": name, "categories": x, "values": y, **silent})


class Drawing(NamedTuple):
    """A chart: its title, its curves, and in words why curves may have no point or end early."""

    title: str
    log: bool
    lines: list[Curve]
    bounded: bool
    decades: int = 1  # from tick to tick of a logarithmic axis
    named: bool = True  # in a legend
    colours: Sequence[int] = ()  # of the curves, among those of all series; else in their order

    def colour(self, k: int) -> int:
        """Which of the colours of all series the k-th curve has."""
        return self.colours[k] if self.colours else k

    @property
    def reasons(self) -> tuple[str, str, str]:
        """No number that can be drawn; no number at all; some rows are not drawn."""
        none = "no row holds a number" if self.bounded else "every row diverged"
        number = "a number " * (not self.bounded)
        if self.log:
            return "E is nowhere above 0", none, f"where it is {number}above 0"
        return "every number is beyond 1E+307", none, "where it is a number" if self.bounded else "until it diverged"


Ends = Callable[[Chart, Drawing, int], None]  # writes cells from a column on, adds series


def draw(title: str, columns: Iterable[tuple[str, int]], log: bool, bounded: bool, free: int) -> Drawing:
    """A chart of some columns (name, place); columns to draw from, if any are needed, are taken from `free` on."""
    helpers = log or not bounded
    return Drawing(
        title, log, [Curve(at, free + k if helpers else at, name, log) for k, (name, at) in enumerate(columns)], bounded
    )


def helpers(drawings: Iterable[Drawing]) -> list[Curve]:
    """The columns that charts are drawn from and that are not the table's own."""
    return [line for drawing in drawings for line in drawing.lines if line.helper]


def tick(last: int, end: int) -> int:
    """From one tick to the next of an axis that may end beyond the last number: none stands there."""
    round_ones = (k * 10**power for power in range(len(str(last))) for k in (1, 2, 5))
    fits = (k for k in round_ones if k <= last <= TICKS * k and (last // k + 1) * k > end)
    return next(fits, last // 2 if last % 2 == 0 else last)


class Plotted:
    """The charts of one sheet, drawn from a table of `width` columns, of which the last are the charts' own."""

    def __init__(self, sheet: Sheet, drawings: Sequence[Drawing], last: int, width: int):
        self.sheet, self.drawings, self.last = sheet, drawings, last
        self.helpers = helpers(drawings)
        self.width = width + len(self.helpers)
        self.right = self.width - 1  # the last column that charts need
        form = sheet.style("cell", "scientific", "muted")
        self.streams = [Stream(form, line.formula, line.formula, given=False) for line in self.helpers]
        if self.helpers:
            heads(sheet, HEADER_ROW, self.helpers[0].drawn, [line.heading for line in self.helpers])

    def charts(self, right: int, ends: Ends | None = None) -> list[Chart]:
        """The charts, unplaced; `right` is where the strip of charts ends, in pixels from the second column.

        `ends` labels the ends of the curves, in the place of a legend.
        """
        table = max(self.width, 1 + math.ceil(right / COLUMN_PIXELS))
        heads(self.sheet, SPOT_ROW, table, SPOTS, "l")
        self.right = table + len(SPOTS) - 1
        return [self._chart(drawing, SPOT_ROW + 1 + k, table, ends) for k, drawing in enumerate(self.drawings)]

    def _range(self, column: int) -> str:
        return f"${letter(column)}${FIRST_ROW}:${letter(column)}${self.last}"

    def _count(self, columns: Iterable[int]) -> str:
        return f"COUNT({','.join(map(self._range, columns))})"

    def _say(self, drawing: Drawing, row: int, column: int) -> None:
        """Write the title, what is said where nothing is drawn, and where: amid the axis, at a height that is drawn."""
        drawn = self._count(line.drawn for line in drawing.lines)
        numbers = self._count(line.source for line in drawing.lines)
        beyond, none, some = drawing.reasons
        every = len(drawing.lines) * (self.last - FIRST_ROW + 1)
        at = letter(column + 1)
        title = f'"{drawing.title}"&IF({at}{row}<>" ",": empty, "&{at}{row},IF({drawn}<{every},", {some}",""))'
        message = f'IF({numbers}>0,"{beyond}","{none}")' if drawn != numbers else f'"{none}"'
        first = f"{letter(drawing.lines[0].drawn)}{FIRST_ROW}"
        text, number = self.sheet.style("muted"), self.sheet.style("muted", "general")
        self.sheet.live(row, column, title, text)
        self.sheet.live(row, column + 1, f'IF({drawn}>0," ",{message})', text)
        self.sheet.put(row, column + 2, (self.last - FIRST_ROW) / 2, number)
        self.sheet.live(row, column + 3, f"IF(ISNUMBER({first}),{first},{AMID:g})", number)

    def _chart(self, drawing: Drawing, row: int, column: int, ends: Ends | None) -> Chart:
        """Lines over the iterations, and a point that speaks where there is no other."""
        self._say(drawing, row, column)
        where = f"={quoted(self.sheet.name)}!"
        title = f"{where}${letter(column)}${row}"
        kind = {"type": "scatter", "subtype": "straight"}
        across = 0, math.ceil((self.last - FIRST_ROW) * (ROOM if ends else 1))
        step = tick(self.last - FIRST_ROW, across[1])
        axes = Axes("iteration", "", drawing.log, across, whole=True, decades=drawing.decades, step_x=step)
        chart = self.sheet.book.chart(kind, title, axes)
        x = f"{quoted(self.sheet.name)}!{self._range(0)}"
        for k, line in enumerate(drawing.lines):
            y = column_range(self.sheet.name, letter(line.drawn), self.last)
            of = drawing.colour(k)
            point = {"marker": style.series_point(of)} if line.helper else {}  # one point alone has no line
            curve(chart, of, f"{where}${letter(line.source)}${HEADER_ROW}", x, y, **point)
        if ends:
            ends(chart, drawing, column + len(SPOTS))
        speak(chart, self.sheet.name, row, column + 1)
        legend = {"position": "right", "font": style.label_font(), "delete_series": [len(drawing.lines)]}
        chart.set_legend(legend if drawing.named and 1 < len(drawing.lines) <= LEGEND and not ends else {"none": True})
        chart.show_hidden_data()  # a column that somebody hides keeps its curve
        return chart
