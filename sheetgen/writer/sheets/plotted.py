"""Charts that never go blank: columns to draw from beside the table, and titles that say what is not drawn.

A logarithmic axis cannot hold 0, programs draw a text as 0, and a linear axis overflows with its largest number: one
such cell makes a whole chart lie or vanish. #N/A alone is no point, so a curve is drawn from a column that holds it.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from sheetgen.writer import style
from sheetgen.writer.book import Book, Chart, Sheet, Stream
from sheetgen.writer.sheets.common import headers
from sheetgen.writer.trace import FIRST_ROW, HEADER_ROW, THIS, column_range, letter, quoted

SPOTS = ("title", "what it says if it is empty", "x", "y")
SPOT_ROW = 4  # the heading of the cells that charts quote; a row for each chart follows
LEGEND = 20  # a longer one leaves no room for the curves
AMID = 3.0  # a logarithmic axis around it alone goes from 1 to 10
COLUMN_PIXELS = 106
FONT = {"name": style.FONT, "size": 9, "color": style.MUTED}


class Line(NamedTuple):
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
        """What stands over a column of its own; the judge reads it."""
        return f"{self.name} > 0" if self.log else f"{self.name} plotted"

    @property
    def formula(self) -> str:
        """What a column of its own holds."""
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
    label = {"series_name": True, "value": False, "position": "center", "font": FONT}
    silent = {"line": {"none": True}, "marker": {"type": "none"}, "data_labels": label}
    chart.add_series({"name": name, "categories": x, "values": y, **silent})


class Drawing(NamedTuple):
    """A chart: its title, its curves, and in words why curves may have no point or end early."""

    title: str
    log: bool
    lines: list[Line]
    bounded: bool

    @property
    def reasons(self) -> tuple[str, str, str]:
        """No number that can be drawn; no number at all; some rows are not drawn."""
        none = "no row holds a number" if self.bounded else "every row diverged"
        number = "a number " * (not self.bounded)
        if self.log:
            return "E is nowhere above 0", none, f"where it is {number}above 0"
        return "every number is beyond 1E+307", none, "where it is a number" if self.bounded else "until it diverged"


def draw(title: str, columns: Iterable[tuple[str, int]], log: bool, bounded: bool, free: int) -> Drawing:
    """A chart of some columns (name, place); columns to draw from, if any are needed, are taken from `free` on."""
    helpers = log or not bounded
    return Drawing(
        title, log, [Line(at, free + k if helpers else at, name, log) for k, (name, at) in enumerate(columns)], bounded
    )


def helpers(drawings: Iterable[Drawing]) -> list[Line]:
    """The columns that charts are drawn from and that are not the table's own."""
    return [line for drawing in drawings for line in drawing.lines if line.helper]


class Plotted:
    """The charts of one sheet, drawn from a table of `width` columns, of which the last are the charts' own."""

    def __init__(self, book: Book, sheet: Sheet, drawings: Sequence[Drawing], last: int, width: int):
        self.book, self.sheet, self.drawings, self.last = book, sheet, drawings, last
        self.helpers = helpers(drawings)
        self.width = width + len(self.helpers)
        form = book.style("cell", "scientific", "muted")
        self.streams = [Stream(form, line.formula, line.formula, given=False) for line in self.helpers]
        if self.helpers:
            headers(book, sheet, self.helpers[0].drawn, [line.heading for line in self.helpers])

    def charts(self, right: int) -> list[Chart]:
        """The charts, unplaced; `right` is where the strip of charts ends, in pixels from the second column."""
        table = max(self.width, 1 + math.ceil(right / COLUMN_PIXELS))
        headers(self.book, self.sheet, table, SPOTS, SPOT_ROW)
        return [self._chart(drawing, SPOT_ROW + 1 + k, table) for k, drawing in enumerate(self.drawings)]

    def _range(self, column: int) -> str:
        return f"${letter(column)}${FIRST_ROW}:${letter(column)}${self.last}"

    def _count(self, columns: Iterable[int]) -> str:
        return f"COUNT({','.join(map(self._range, columns))})"

    def _say(self, drawing: Drawing, row: int, column: int) -> None:
        """Write the title, what is said where nothing is drawn, and where: amid the axis, at a height that is drawn."""
        drawn = self._count(line.drawn for line in drawing.lines)
        held = self._count(line.source for line in drawing.lines)
        beyond, none, some = drawing.reasons
        every = len(drawing.lines) * (self.last - FIRST_ROW + 1)
        at = letter(column + 1)
        title = f'"{drawing.title}"&IF({at}{row}<>" ",": empty, "&{at}{row},IF({drawn}<{every},", {some}",""))'
        message = f'IF({held}>0,"{beyond}","{none}")' if drawn != held else f'"{none}"'
        first = f"{letter(drawing.lines[0].drawn)}{FIRST_ROW}"
        text, number = self.book.style("muted"), self.book.style("muted", "general")
        self.sheet.live(row, column, title, text)
        self.sheet.live(row, column + 1, f'IF({drawn}>0," ",{message})', text)
        self.sheet.put(row, column + 2, (self.last - FIRST_ROW) / 2, number)
        self.sheet.live(row, column + 3, f"IF(ISNUMBER({first}),{first},{AMID:g})", number)

    def _chart(self, drawing: Drawing, row: int, column: int) -> Chart:
        """Lines over the iterations, and a point that speaks where there is no other."""
        self._say(drawing, row, column)
        where = f"={quoted(self.sheet.name)}!"
        title = f"{where}${letter(column)}${row}"
        chart = self.book.chart({"type": "scatter", "subtype": "straight"}, title, "iteration", "", drawing.log)
        for k, line in enumerate(drawing.lines):
            series = {
                "name": f"{where}${letter(line.source)}${HEADER_ROW}",
                "categories": where + self._range(0),
                "values": "=" + column_range(self.sheet.name, letter(line.drawn), self.last),
                "line": style.series_line(k),
                "marker": style.series_point(k) if line.helper else {"type": "none"},  # one point alone has no line
            }
            chart.add_series(series)
        speak(chart, self.sheet.name, row, column + 1)
        chart.set_x_axis(
            {"min": 0, "max": self.last - FIRST_ROW, "num_font": FONT, "name": "iteration",
             "major_gridlines": {"visible": False}, "line": {"color": style.RULE, "width": 0.75},
             "name_font": {**FONT, "bold": False}, "label_position": "low", "num_format": "#,##0"}
        )  # fmt: skip
        legend = {"position": "right", "font": FONT, "delete_series": [len(drawing.lines)]}
        chart.set_legend(legend if 1 < len(drawing.lines) <= LEGEND else {"none": True})
        chart.show_hidden_data()  # a column that somebody hides keeps its curve
        return chart
