"""The overview of Autograd check, a heat map: the worst difference of each part of the network in each fifth of the
training, as a number and as a colour, and a verdict in words for each fifth.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

from sheetgen.writer.book import Sheet
from sheetgen.writer.digits import Area
from sheetgen.writer.sheets.common import colour, colour_words, first_of, heads
from sheetgen.writer.sheets.groups import Group
from sheetgen.writer.trace import FIRST_ROW, letter

HEAD_ROW, BLOCKS = 5, 5
LAST_ROW = HEAD_ROW + BLOCKS
ROUNDING = 1e-12  # smaller differences are of the last digits
NAMES = {"data": "data", "hidden": "hidden", "outputs": "outputs", "error": "errors", "gradients": "gradients",
         "rates": "other rates"}  # fmt: skip
LEGEND = (
    ("0", "", "equal, to the last of its 16 digits"),
    ("to 1E-12", "tepid", "rounding: a sum added up in another order"),
    ("to 1E-09", "warm", "rounding, where equal parts cancel; allowed"),
    ("above", "fail", "wrong: a formula is broken, and Start names it"),
)


def write(sheet: Sheet, height: int, groups: Sequence[Group]) -> None:
    """Write the map from the third column on, a row for each block of iterations, and beside it how to read it."""
    parts = list(_parts(groups))
    heads(sheet, HEAD_ROW, 0, ["iterations", "verdict"])
    for k, (look, _, _) in enumerate(parts, 2):
        heads(sheet, HEAD_ROW, k, [NAMES[look]], "c", "fine", f"group {look}")
    right = 1 + len(parts)
    for row, (first, last) in enumerate(blocks(height), HEAD_ROW + 1):
        sheet.put(row, 0, f"{first:,} to {last:,}" if last > first else f"{first:,}", "cell", "center", "muted")
        for k, (_, left, end) in enumerate(parts, 2):
            area = f"{letter(2 + left)}${FIRST_ROW + first}:{letter(2 + end)}${FIRST_ROW + last}"
            sheet.live(row, k, f'IF(inputs_changed>0,"–",MAX({area}))', "cell", "relative", "center")
        every = f"$C{row}:${letter(right)}{row}"
        verdict = f'IF(inputs_changed>0,"–",IF(IFERROR(MAX({every})<=tolerance,FALSE),"PASS","FAIL"))'
        sheet.live(row, 1, verdict, "cell", "verdict")
    grid = HEAD_ROW, 2, LAST_ROW - 1, right
    colour(sheet, grid, f"AND(inputs_changed=0,ISNUMBER({first_of(grid)}),{first_of(grid)}>tolerance)", "fail")
    shade(sheet, grid)
    colour_words(sheet, (HEAD_ROW, 1, LAST_ROW - 1, 1))
    _legend(sheet, right + 2)


def blocks(height: int) -> list[tuple[int, int]]:
    """The first and the last iteration of each block: as many each as can be, of `height` iterations."""
    size = -(-height // BLOCKS)
    return [(first, min(first + size, height) - 1) for first in range(0, height, size)]


def shade(sheet: Sheet, area: Area) -> None:
    """Tint what is not 0, the more the larger."""
    at = first_of(area)
    for least, most, look in ((ROUNDING, "tolerance", "warm"), (0, f"{ROUNDING:g}", "tepid")):
        # A product, for some engines hold small numbers equal to 0.
        test = f"AND(inputs_changed=0,ISNUMBER({at}),{at}*1E+100>{least * 1e100:g},{at}<={most})"
        colour(sheet, area, test, look)


def _parts(groups: Sequence[Group]) -> Sequence[tuple[str, int, int]]:
    """Look, first and last column of each part: all hidden layers are one."""
    parts = []
    for look, some in groupby(groups, lambda group: group.look):
        members = list(some)
        parts.append((look, members[0].first, members[-1].first + members[-1].width - 1))
    return parts


def _legend(sheet: Sheet, column: int) -> None:
    heads(sheet, HEAD_ROW, column, ["difference", "how to read it", *[None] * 3], "cl")
    for row, (number, look, text) in enumerate(LEGEND, HEAD_ROW + 1):
        sheet.put(row, column, number, "cell", "center", "muted", *([look] if look else []))
        sheet.put(row, column + 1, text, "muted", "indent")
    text = "relative: cell less PyTorch's number, in parts of that number"
    sheet.put(LAST_ROW, column, text, "muted")
