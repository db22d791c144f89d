"""A picture of a slope: E as one weight moves, the lines that touch or cut it, and what they are called, all live."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from sheetgen.writer import style
from sheetgen.writer.book import Chart, Sheet
from sheetgen.writer.digits import text_of
from sheetgen.writer.sheets.common import Box, insert
from sheetgen.writer.sheets.scaled import Axis, Ends, axis, heights
from sheetgen.writer.style import Axes
from sheetgen.writer.trace import DIVERGED, letter, quoted

REACH = 0.6  # of half the picture's width: how far a straight line goes
RISE = 0.5  # of the curve's height: how far it may rise
LOW = 0.2  # of that: how far it goes down at least
LARGEST = 1_000  # per cent
LINES = {"below": 0.015, "left": 1}  # how long the line of a tick is, by the side of its text
OUT = -1  # where there is nothing to draw: below every axis
RUN = 0.8  # of such a line: the triangle's base


class Ledger:
    """Named numbers below one another: what each is, its formula, the same as text with few digits, and what it is for
    each sample.

    A number is that of its formula as long as the first one, `state`, is an empty text; else it is that text.
    """

    def __init__(self, sheet: Sheet, row: int, column: int):
        self.sheet, self.row, self.column = sheet, row, column
        self.at: dict[str, str] = {}
        self.text: dict[str, str] = {}

    def say(self, key: str, about: str, formula: str) -> str:
        """Write a text or a number as it is, and return its address."""
        self.row += 1
        self.sheet.put(self.row, self.column, about, "muted")
        return self._live(key, 1, formula)

    def number(self, key: str, about: str, formula: str, digits: int = 3, brackets: bool = False) -> str:
        """Write a number that may be none, and return its address."""
        at = self.say(key, about, self.guarded(formula))
        self.text[key] = f"${letter(self.column + 2)}${self.row}"
        self.sheet.live(self.row, self.column + 2, text_of(at, digits, brackets), "muted", "right")
        return at

    def samples(self, key: str, about: str, formulas: Sequence[str]) -> str:
        """Write a number of every sample, in a row; return the range."""
        self.row += 1
        self.sheet.put(self.row, self.column, about, "muted")
        for k, formula in enumerate(formulas, 3):
            self._live(key, k, self.guarded(formula))
        first, last = letter(self.column + 3), letter(self.column + 2 + len(formulas))
        self.at[key] = f"${first}${self.row}:${last}${self.row}"
        return self.at[key]

    def _live(self, key: str, column: int, formula: str) -> str:
        self.sheet.live(self.row, self.column + column, formula, "muted", "general", "right")
        self.at[key] = f"${letter(self.column + column)}${self.row}"
        return self.at[key]

    def guarded(self, formula: str) -> str:
        """A formula that says why it has no number."""
        return f'IF({self.at["state"]}="",IFERROR({formula},"{DIVERGED}"),{self.at["state"]})'

    def drawable(self, count: int, *areas: str) -> None:
        """Write `ok`: 1 if these areas hold so many numbers, else 0; then nothing of the picture is seen."""
        formula = f'IF({self.at["state"]}="",IF(COUNT({",".join(areas)})={count},1,0),0)'
        self.say("ok", "is it drawn?", formula)

    def axes(self, w: str, half: tuple[str, str], rise: str) -> None:
        """Write the axes around a point (w, E), for a weight that goes from the one to the other offset, and for the
        curve and a straight line that rises so high; and their ticks."""
        at = self.at
        low, high = (f"{end}({at['curve']})" for end in ("MIN", "MAX"))
        fall, up = f"MAX({at['E']}-{low},{at['down']})", f"MAX({high}-{at['E']},{rise})"
        self.ticks: list[tuple[int, str]] = []  # rows, and on which side of the point the text stands
        self.x = self._axis(Ends("w", w, *half, snug=True), "below")
        self.y = self._axis(Ends("E", at["E"], *heights(at["E"], fall, up)), "left")

    def _axis(self, ends: Ends, side: str) -> Axis:
        place, ticks = axis(lambda about, formula: self.say(about, about, formula), self.at["ok"], ends)
        still, moving = (3, 1) if side == "below" else (1, 3)  # its line begins and ends in two columns each
        for text, at in ticks:
            self.row += 1
            self.sheet.live(self.row, self.column, text, "muted")
            for k, (end, formula) in enumerate(((0, at), (LINES[side], f"${letter(self.column + moving)}${self.row}"))):
                self.sheet.put(self.row, self.column + still + k, end, "muted", "general", "right")
                self.sheet.live(self.row, self.column + moving + k, formula, "muted", "general", "right")
            self.ticks.append((self.row, side))
        return place

    def drawn(self, place: str) -> str:
        """A formula of where something stands in the picture."""
        return f"IF({self.at['ok']}=1,{place},{OUT})"

    def why(self, reason: str) -> int:
        """Write what the picture says in its middle where nothing is drawn; return the row."""
        self.row += 1
        text = f'IF({self.at["ok"]}=1," ",IF({self.at["state"]}="","{reason}",{self.at["state"]}))'
        self.sheet.live(self.row, self.column, text, "muted")
        for k in (1, 2):
            self.sheet.put(self.row, self.column + k, 0.5, "muted", "general", "right")
        return self.row

    def points(self, about: str, points: Sequence[tuple[str, str]], label: str = "") -> tuple[str, str]:
        """Write points (the formulas of how far they are from the point (w, E)) below one another; return the ranges of
        their places.

        `label` is the formula of a text that stands in place of what they are.
        """
        first = self.row + 1
        for dx, dy in points:
            self.row += 1
            if label:
                self.sheet.live(self.row, self.column, label, "muted")
            else:
                self.sheet.put(self.row, self.column, about, "muted")
            for k, place in enumerate((self.x.at(dx), self.y.at(dy)), 1):
                self.sheet.live(self.row, self.column + k, self.drawn(place), "muted", "general", "right")
        x, y = (f"${letter(self.column + k)}${first}:${letter(self.column + k)}${self.row}" for k in (1, 2))
        return x, y

    def label(self, formula: str) -> str:
        """Write a text of the picture, and return its address."""
        self.row += 1
        self.sheet.live(self.row, self.column, formula, "muted")
        return f"${letter(self.column)}${self.row}"


class Line(NamedTuple):
    """A line of the picture: where its name, its x and its y stand, and how it is drawn."""

    name: str
    x: str
    y: str
    colour: str
    width: float
    dash: str = "solid"


def reach(curve: str, half: str, slope: str) -> str:
    """The formula of how far a straight line goes to both sides, so that it leaves neither the picture's width nor
    the height of the curve."""
    height = f"{RISE}*(MAX({curve})-MIN({curve}))"
    steep = f"IF({height}>0,MIN({REACH}*{half},{height}/ABS({slope})),{REACH}*{half})"
    return f"IFERROR({steep},{REACH}*{half})"


def lower(E: str, slope: str, far: str) -> str:
    """The formula of how far a straight line goes down: E is never below 0."""
    return f"MIN({far},MAX({LOW}*{far},IFERROR({E}/ABS({slope}),{far})))"


def per_cent(at: str) -> str:
    """The formula of a number of per cent in words: 5.7 %, less than 0.1 %, more than 1000 %."""
    return f'IF({at}<0.1,"less than "&0.1,IF({at}>={LARGEST},"more than {LARGEST}",ROUND({at},1)&""))&" %"'


def straight(slope: str, far: str, down: str) -> list[tuple[str, str]]:
    """The upper and the lower end of a line through the point, as formulas of how far they are from it."""
    way = f"IF({slope}<0,-1,1)"
    return [(f"{way}*{far}", f"ABS({slope})*{far}"), (f"-{way}*{down}", f"-ABS({slope})*{down}")]


class Picture:
    """A chart of lines and labelled spots."""

    def __init__(self, sheet: Sheet, title: str, axes: Axes):
        self.sheet = sheet
        self.chart: Chart = sheet.book.chart({"type": "scatter", "subtype": "straight"}, title, axes)
        bare = {"min": 0, "max": 1, "label_position": "none", "major_tick_mark": "none", "minor_tick_mark": "none",
                "line": {"none": True}, "major_gridlines": {"visible": False},
                "name_font": style.label_font(bold=False)}  # fmt: skip
        self.chart.set_x_axis({**bare, "name": axes.x, "name_layout": {"x": 0.92, "y": 0.8}})
        self.chart.set_y_axis({**bare, "name": axes.y, "name_layout": {"x": 0.02, "y": 0.03},
                               "name_font": {**style.label_font(bold=False), "rotation": 0}})  # fmt: skip
        self._unnamed: list[int] = []
        self._series = 0

    def ticks(self, ticks: Sequence[tuple[int, str]], column: int) -> None:
        """Draw the ticks of both axes: their rows, and on which side of its line stands the text of each."""
        for row, side in ticks:
            name, *ends = (f"${letter(column + k)}${row}" for k in range(5))
            look = style.series_name(side) | {"custom": [None, {"delete": True}]}
            x, y = (self._at(":".join(ends[k : k + 2])) for k in (0, 2))
            places = {"name": self._at(name), "categories": x, "values": y}
            line = {"color": style.GRID, "width": 0.75}
            self.chart.add_series({**places, "line": line, "marker": {"type": "none"}, "data_labels": look})
            self._unnamed.append(self._series)
            self._series += 1

    def _at(self, area: str) -> str:
        return f"={quoted(self.sheet.name)}!{area}"

    def line(self, line: Line) -> None:
        """Draw a line; one without a name is not in the legend."""
        if not line.name:
            self._unnamed.append(self._series)
        look = {"color": line.colour, "width": line.width, "dash_type": line.dash}
        places = {"categories": self._at(line.x), "values": self._at(line.y)}
        named: dict[str, Any] = {"name": self._at(line.name)} if line.name else {}
        self.chart.add_series({**places, **named, "line": look, "marker": {"type": "none"}})
        self._series += 1

    def point(self, at: tuple[str, str], colour: str) -> None:
        """Draw a point; at the ranges of its x and its y."""
        marker = {"type": "circle", "size": 9, "fill": {"color": colour}, "border": {"color": "#FFFFFF"}}
        places = {"categories": self._at(at[0]), "values": self._at(at[1])}
        self.chart.add_series({**places, "line": {"none": True}, "marker": marker})
        self._series += 1
        self._unnamed.append(self._series - 1)

    def label(self, row: int, column: int, side: str, colour: str, **font: Any) -> None:
        """Write the text in `column` at the point that stands in the two columns right of it."""
        name, x, y = (self._at(f"${letter(column + k)}${row}") for k in range(3))
        look = style.series_name(side, **{"bold": True, "size": 10, **font, "color": colour})
        silent = {"line": {"none": True}, "marker": {"type": "none"}, "data_labels": look}
        self.chart.add_series({"name": name, "categories": x, "values": y, **silent})
        self._series += 1
        self._unnamed.append(self._series - 1)

    def place(self, why: int, column: int, box: Box, text: str) -> None:
        """Put the picture in its place; in the row `why` stands what it says where there is nothing to draw."""
        self.label(why, column, "center", style.MUTED)
        legend = {"position": "bottom", "font": style.label_font(color=style.INK)}
        self.chart.set_plotarea({"layout": {"x": 0.12, "y": 0.11, "width": 0.85, "height": 0.64}})
        self.chart.set_legend({**legend, "delete_series": self._unnamed})
        self.chart.show_hidden_data()
        insert(self.sheet, self.chart, box, text)
