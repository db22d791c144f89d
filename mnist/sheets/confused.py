"""The commonest confusions of Errors: drawn with this project's own digits, and in sentences; live from the matrix.

No image of MNIST may stand in the repository, so digits of `mnist.digits` stand for those that are confused.
"""

from __future__ import annotations

from typing import NamedTuple

from mnist import digits
from mnist.notation import CLASSES
from mnist.sheets.common import ERRORS
from sheetgen.writer import style
from sheetgen.writer.book import Chart, Sheet
from sheetgen.writer.sheets.common import Box, across, insert
from sheetgen.writer.style import Axes
from sheetgen.writer.trace import letter, quoted

PAIRS = 3  # that are shown
HANDS = (  # the samples that are drawn without lifting the pen, or by going back
    "0 round", "1 plain", "2 plain", "3 round", "4 closed", "5 quick", "6 round", "7 plain", "8 round", "9 straight",
)  # fmt: skip
SHAPES = (
    "one closed loop", "one upright stroke", "a bow that ends in a flat foot", "two bows, open to the left",
    "an angle, open or closed, at an upright stroke", "a flat top, then a bow, open to the left",
    "a stroke that ends in a loop at the bottom", "a flat top on a slanting stroke", "two loops, one on the other",
    "a loop on top of an upright stroke",
)  # fmt: skip
STEP, TOP, FROM, TO = 145, 40, 50, 230  # from pair to pair, and where a pair's digits begin, in hundredths of a digit
WIDE = 380
SIZE = 250, 290  # pixels
TITLE = "The commonest confusions, as sketches"
NONE = "No digit is taken for another."


class Matrix(NamedTuple):
    """Where the confusion matrix begins, and the hidden cells: rows from 1, columns from 0."""

    row: int
    column: int
    hidden: int

    @property
    def pens(self) -> int:
        """The row where the digits' points begin."""
        return self.row + CLASSES + PAIRS + 1

    def fact(self, k: int, column: int) -> str:
        """Of the k-th pair: its key, how often, the true digit, the other, and what is written on the drawing."""
        return f"${letter(self.hidden + column)}${self.row + CLASSES + k}"


KEY, TIMES, TRUE, TAKEN, SAID, ACROSS = range(6)


def write(sheet: Sheet, at: Matrix, place: tuple[int, int], told: int) -> None:
    """Draw the pairs at a cell, row and column from 0, and tell of each in a row from `told` on."""
    _keys(sheet, at)
    pens = [path(name) for name in HANDS]
    points = max(map(len, pens))
    across(sheet, at.pens - 1, at.hidden, SHAPES, "muted")
    for k, pen in enumerate(pens):
        for n, (x, y) in enumerate(pen + pen[-1:] * (points - len(pen)), at.pens):
            across(sheet, n, at.hidden + 2 * k, (x, y), "muted", "general")
    chart = sheet.book.chart({"type": "scatter", "subtype": "smooth"}, TITLE, Axes("", ""))
    for k in range(PAIRS):
        for right, start in ((0, FROM), (1, TO)):
            column = at.hidden + 2 * CLASSES + 4 * k + 2 * right
            _digit(sheet, at, (k, right), (column, start), points)
            _pen(chart, column, at.pens, points)
        _label(chart, at, k)
        sheet.live(told + k, 0, sentence(at, k), "text")
    _finish(chart)
    text = "Drawing: the pairs of digits that are most often confused, the true one on the left; told in words below."
    insert(sheet, chart, Box(place, (8, 0), SIZE), text)
    sheet.set_column(at.hidden, at.hidden + 2 * CLASSES + 4 * PAIRS, 9, None, {"hidden": True, "level": 1})


def path(name: str) -> list[tuple[int, int]]:
    """A sample's line in whole hundredths of a square, y downward, drawn without lifting the pen."""
    line: list[tuple[int, int]] = []
    for stroke in digits.strokes(digits.DRAWN[name][1]):
        points = [(round(x), round(y)) for x, y in stroke.tolist()]
        if line and line[-1] != points[0]:
            line.reverse()  # so that the pen is where it goes on
        line += points
    return line


def _keys(sheet: Sheet, at: Matrix) -> None:
    """Each mistake's count and place in one number, the largest of them, and what they mean."""
    for row in range(CLASSES):
        for column in set(range(CLASSES)) - {row}:
            cell = f"{letter(at.column + column)}{at.row + row}"
            key = f"IF(ISNUMBER({cell}),100*ROUND({cell},0)+{99 - 10 * row - column},0)"
            sheet.live(at.row + row, at.hidden + column, key, "muted", "general")
    first, last = letter(at.hidden), letter(at.hidden + CLASSES - 1)
    keys = f"${first}${at.row}:${last}${at.row + CLASSES - 1}"
    for k in range(PAIRS):
        key, times, true, taken = (at.fact(k, column) for column in (KEY, TIMES, TRUE, TAKEN))
        formulas = (
            f"LARGE({keys},{k + 1})",
            f"MAX(0,INT({key}/100))",
            f"INT((99-{key}+100*INT({key}/100))/10)",
            f"99-{key}+100*INT({key}/100)-10*{true}",
            f'IF({times}>0,{true}&" → "&{taken}&", "&{_often(times)}," ")',
        )
        for column, formula in enumerate(formulas):
            sheet.live(at.row + CLASSES + k, at.hidden + column, formula, "muted", "general")
        across(sheet, at.row + CLASSES + k, at.hidden + ACROSS, (WIDE / 2, -STEP * k - TOP / 2), "muted")


def _often(times: str) -> str:
    return f'IF({times}=1,"once",{times}&" times")'


def sentence(at: Matrix, k: int) -> str:
    """What the two digits of a pair look like; nothing where there is no such pair."""
    shapes = f"${letter(at.hidden)}${at.pens - 1}:${letter(at.hidden + CLASSES - 1)}${at.pens - 1}"
    times, true, taken = (at.fact(k, column) for column in (TIMES, TRUE, TAKEN))
    looks = "&".join(
        f'"{a}"&IF({n}=8,"n "," ")&{n}&" is "&INDEX({shapes},1,{n}+1)' for a, n in ((": a", true), (", a", taken))
    )
    return f'IF({times}>0,{true}&" taken for "&{taken}&", "&{_often(times)}&{looks}&".","{"" if k else NONE}")'


def _digit(sheet: Sheet, at: Matrix, which: tuple[int, int], place: tuple[int, int], points: int) -> None:
    """The points of the left or right digit of a pair; all in one place if there is no such pair."""
    (k, right), (column, start) = which, place
    times, digit = at.fact(k, TIMES), at.fact(k, TAKEN if right else TRUE)
    first, last = letter(at.hidden), letter(at.hidden + 2 * CLASSES - 1)
    for row in range(at.pens, at.pens + points):
        for n, moved in enumerate((f"{start}+", f"{-STEP * k - TOP}-")):
            point = f"INDEX({first}{row}:{last}{row},1,2*{digit}+{n + 1})"
            sheet.live(row, column + n, f"{moved}{point}*({times}>0)", "muted", "general")


def _pen(chart: Chart, column: int, first: int, points: int) -> None:
    where, last = quoted(ERRORS), first + points - 1
    x, y = (f"={where}!${letter(k)}${first}:${letter(k)}${last}" for k in (column, column + 1))
    ink = {"color": style.INK, "width": 3}
    chart.add_series({"categories": x, "values": y, "line": ink, "marker": {"type": "none"}})


def _label(chart: Chart, at: Matrix, k: int) -> None:
    where = f"={quoted(ERRORS)}!"
    name, x, y = (where + at.fact(k, column) for column in (SAID, ACROSS, ACROSS + 1))
    chart.add_series({
        "name": name, "categories": x, "values": y, "line": {"none": True}, "marker": {"type": "none"},
        "data_labels": style.series_name("center", color=style.INK, bold=True),
    })  # fmt: skip


def _finish(chart: Chart) -> None:
    unseen = {"visible": False, "major_gridlines": {"visible": False}}
    chart.set_x_axis({"min": 0, "max": WIDE, **unseen})
    chart.set_y_axis({"min": -STEP * PAIRS, "max": 0, **unseen})
    chart.set_legend({"none": True})
    chart.set_plotarea({"fill": {"color": "#FFFFFF"}, "layout": {"x": 0.02, "y": 0.1, "width": 0.96, "height": 0.88}})
    chart.show_hidden_data()
