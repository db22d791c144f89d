"""What is drawn, and the cells that a chart is drawn from."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from sheetgen.writer.book import Chart, Sheet, Value
from sheetgen.writer.digits import DIGITS, bare, text_of
from sheetgen.writer.plan import NETWORK, Run
from sheetgen.writer.sheets.picture import Picture
from sheetgen.writer.sheets.shown import Shown
from sheetgen.writer.sheets.walk import Walk
from sheetgen.writer.trace import letter, quoted

TOP = 9  # the first row of the drawing's points
INVISIBLE: dict[str, Any] = {"line": {"none": True}, "marker": {"type": "none"}}


@dataclass(frozen=True)
class Scene:
    """What is drawn: the picture, the walk through it, and where its numbers stand."""

    run: Run
    picture: Picture
    walk: Walk
    shown: Shown

    def text(self, name: str) -> str:
        """The formula of a number as it is written on the drawing."""
        digits = self.picture.level.digits
        if digits == DIGITS:  # without the brackets that a worked line needs
            return bare(self.shown.text[name])
        return text_of(self.shown.number[name], digits, brackets=False)

    def prefix(self, name: str) -> str:
        """What stands before it."""
        return "" if name.startswith("i") else self.picture.short(name)


class Columns:
    """Hands out columns for the drawing's points, right of what a person reads.

    All that differs from row to row stands in a cell: engines read a formula once, if it is the same in every row.
    """

    def __init__(self, sheet: Sheet, column: int):
        self.sheet, self.column = sheet, column
        self.form = sheet.style("muted", "general")

    def put(self, values: Sequence[Value | None]) -> str:
        """Write a column of numbers or texts and return its letter."""
        for row, value in enumerate(values, TOP):
            if value is not None:
                self.sheet.put(row, self.column, round(value, 2) if isinstance(value, float) else value, self.form)
        return self._next()

    def live(self, rows: Sequence[bool], formula: Callable[[int], str]) -> str:
        """Write a column of formulas, which are asked for by their rows on the sheet, where `rows` is true."""
        for row, wanted in enumerate(rows, TOP):
            if wanted:
                self.sheet.live(row, self.column, formula(row), self.form)
        return self._next()

    @staticmethod
    def index(row: int) -> int:
        """Which of a column's values stands in a row of the sheet, counted from 0."""
        return row - TOP

    @staticmethod
    def cell(column: str, k: int) -> str:
        """The address of the k-th value of a column, counted from 0."""
        return f"${column}${TOP + k}"

    @staticmethod
    def area(column: str, count: int) -> str:
        """The first values of a column."""
        return f"${column}${TOP}:${column}${TOP + count - 1}"

    def _next(self) -> str:
        self.column += 1
        return letter(self.column - 1)


def known(forward: str, back: str) -> str:
    """A condition: whether the walk has come to the stages that stand in two cells; 0 is what is given."""
    return f"OR(next_number=0,next_number>=IF(backward=1,{back},{forward}))"


def at(column: str, first: int, last: int | None = None) -> str:
    """Some rows of a column, counted from 0, as a chart refers to them."""
    start = f"{quoted(NETWORK)}!${column}${TOP + first}"
    return f"={start}" + (f":${column}${TOP + last}" if last is not None else "")


def series(chart: Chart, columns: tuple[str, str], rows: tuple[int, int], **options: Any) -> None:
    """Add a series of points, whose x and y stand in two columns, from one row to another."""
    x, y = columns
    chart.add_series({"categories": at(x, *rows), "values": at(y, *rows), **options})
