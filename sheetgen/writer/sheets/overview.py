"""The map of Autograd check: how many digits agree with PyTorch's, of a part of the training in each square.

A square holds the largest relative difference of its cells, and shows how many of 16 digits are alike: so does every
cell of the table below it.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from typing import NamedTuple

from sheetgen.writer.book import Sheet
from sheetgen.writer.digits import Area
from sheetgen.writer.sheets.common import colour, colour_words, first_of, heads
from sheetgen.writer.sheets.groups import Group
from sheetgen.writer.style import ALIKE
from sheetgen.writer.trace import FIRST_ROW, letter

HEAD_ROW, BLOCKS = 5, 5
LAST_ROW = HEAD_ROW + BLOCKS
LEGEND_ROW = LAST_ROW + 1
SQUARE, TALL = 30, 24  # pixels: how wide and how high
MOST = 38  # squares across a screen
LETTER = 6  # pixels
NAMES = {"data": "data", "hidden": "hidden", "outputs": "outputs", "error": "errors", "gradients": "gradients",
         "rates": "learning rates"}  # fmt: skip
LEGEND = (
    ((), "all of them", 4),
    (("alike, 15",), "12 to 15: rounding, for sums were added in another order", 11),
    (("alike, 10",), "9 to 11: rounding where nearly equal numbers cancel", 10),
    (("alike, broken",), "fewer: a formula is broken", 0),
)  # the look, what it tells, and how many squares that takes


class Part(NamedTuple):
    """Neighbouring squares of one look: for each the first and the last of its columns, counted from 0."""

    look: str
    squares: list[tuple[int, int]]


def parts(groups: Sequence[Group]) -> list[Part]:
    """The squares of one row: a column in each, or as many neighbours as it takes for all to fit a screen."""
    spans = []
    for look, some in groupby(groups, lambda group: group.look):
        members = list(some)
        spans.append((look, members[0].first, members[-1].first + members[-1].width))
    size = 1
    while sum(-(-(end - first) // size) for _, first, end in spans) > max(MOST, len(spans)):
        size += 1
    return [Part(look, [(k, min(k + size, end) - 1) for k in range(first, end, size)]) for look, first, end in spans]


def write(sheet: Sheet, height: int, groups: Sequence[Group]) -> list[tuple[int, int]]:
    """Write the map from the third column on, a row for a block of iterations; returns each square's columns."""
    shown = parts(groups)
    squares = [square for part in shown for square in part.squares]
    heads(sheet, HEAD_ROW, 0, ["iterations", "verdict"])
    band(sheet, HEAD_ROW, [(part.look, len(part.squares)) for part in shown])
    right = 1 + len(squares)
    for row, (first, last) in enumerate(blocks(height), HEAD_ROW + 1):
        sheet.set_row_pixels(row - 1, TALL)
        sheet.put(row, 0, f"{first:,} to {last:,}" if last > first else f"{first:,}", "cell", "center", "muted")
        for k, (left, end) in enumerate(squares, 2):
            area = f"{letter(2 + left)}${FIRST_ROW + first}:{letter(2 + end)}${FIRST_ROW + last}"
            sheet.live(row, k, f'IF(inputs_changed>0,"–",MAX({area}))', "square")
        every = f"$C{row}:${letter(right)}{row}"
        verdict = f'IF(inputs_changed>0,"–",IF(IFERROR(MAX({every})<=tolerance,FALSE),"PASS","FAIL"))'
        sheet.live(row, 1, verdict, "cell", "verdict")
    shade(sheet, (HEAD_ROW, 2, LAST_ROW - 1, right))
    colour_words(sheet, (HEAD_ROW, 1, LAST_ROW - 1, 1))
    _legend(sheet)
    return squares


def blocks(height: int) -> list[tuple[int, int]]:
    """The first and the last iteration of each block: as many each as can be, of `height` iterations."""
    size = -(-height // BLOCKS)
    return [(first, min(first + size, height) - 1) for first in range(0, height, size)]


def band(sheet: Sheet, row: int, spans: Sequence[tuple[str, int]]) -> None:
    """The names of the parts over their squares or columns, where there is room; of a wide part, on every screen."""
    column = 2
    for look, width in spans:
        for k in range(width):
            room = SQUARE * min(width - k, MOST)
            told = k % MOST == 0 and room >= LETTER * len(NAMES[look])
            edge = ("edge left",) if k == 0 else ()
            sheet.put(row, column, NAMES[look] if told else None, "group", f"group {look}", *edge)
            column += 1


def shade(sheet: Sheet, area: Area) -> None:
    """Colour each difference, and show how many digits are alike; of what is equal, the cell's own look tells it."""
    at = first_of(area)
    colour(sheet, area, "inputs_changed>0", "alike, unknown", stop=True)
    colour(sheet, area, f"OR(ISERROR({at}),{at}>tolerance)", "alike, broken", stop=True)
    for digits in ALIKE:  # the fewest first; by a product, for some programs hold small numbers equal to 0
        least = f"1E+{99 - digits}" if digits < ALIKE[-1] else "0"
        colour(sheet, area, f"{at}*1E+100>{least}", f"alike, {digits}", stop=True)


def _legend(sheet: Sheet) -> None:
    """How to read a square, in the squares' own looks."""
    sheet.set_row_pixels(LEGEND_ROW - 1, 26)
    sheet.put(LEGEND_ROW, 0, "Digits that agree", "bold")
    column = 2
    for look, text, width in LEGEND:
        sheet.put(LEGEND_ROW, column, 0, "square", *look)
        sheet.put(LEGEND_ROW, column + 1, text, "muted", "left", "indent")
        column += 1 + width
