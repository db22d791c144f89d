"""Sample digits: the images that Live CNN can show, and what PyTorch says of each."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from mnist import digits
from mnist.live import OWN, SAMPLES, Live
from mnist.sheets.common import heads, section
from sheetgen.writer import style
from sheetgen.writer.book import Book, Sheet
from sheetgen.writer.digits import scientific
from sheetgen.writer.sheets.common import lock, merge, opened, page
from sheetgen.writer.trace import letter, quoted

PIXEL = 9  # pixels of the screen for one of the image
GALLERY, LEFT = 8, 1  # the row (from 1) and column (from 0) of the first image's first pixel
DOWN, ACROSS = digits.SIZE + 2, digits.SIZE + 1  # from one image to the next
HANDS = 2  # images of a class, one below the other
LIST = GALLERY + HANDS * DOWN + 3  # the first row of the list of choices
WIDE = 5  # columns for a number below the images
SUBTITLE = (
    "Drawn for this workbook, stroke by stroke; no image of MNIST is here. Below, PyTorch's ten logits for each, "
    "with which Live CNN compares its own."
)


class SamplePlaces(NamedTuple):
    """Where the list, the gallery and PyTorch's logits stand, for formulas on other sheets."""

    choices: str
    gallery: str
    logits: str


def choices(cnn: Live) -> list[str]:
    """All that a person can choose: their own drawing, then the images."""
    return [OWN, *cnn.images]


def places(cnn: Live) -> SamplePlaces:
    """Absolute ranges. The logits begin with the blank page, the second choice."""
    last = LIST + len(choices(cnn)) - 1
    right = letter(LEFT + len(digits.names()) // HANDS * ACROSS)
    first, end = letter(_logit_column(0)), letter(_logit_column(9))
    sheet = quoted(SAMPLES)
    return SamplePlaces(
        f"{sheet}!$A${LIST}:$A${last}",
        f"{sheet}!${letter(LEFT)}${GALLERY}:${right}${GALLERY + HANDS * DOWN}",
        f"{sheet}!${first}${LIST + 1}:${end}${last}",
    )


def _logit_column(digit: int) -> int:
    return LEFT + WIDE * digit


def write(book: Book, cnn: Live) -> None:
    """Write the sheet."""
    sheet = opened(book, SAMPLES, "Sample digits", SUBTITLE, ())
    columns = LEFT + len(digits.names()) // HANDS * ACROSS
    sheet.set_column_pixels(0, 0, 100)
    sheet.set_column_pixels(LEFT, columns, PIXEL)
    section(sheet, GALLERY - 2, "Twenty digits, two hands", 0, columns)
    for row in range(GALLERY - 1, GALLERY + HANDS * DOWN):
        sheet.set_row_pixels(row - 1, PIXEL if (row - GALLERY) % DOWN < digits.SIZE else 16)
    for k, name in enumerate(digits.names()):
        _image(sheet, name, GALLERY + k % HANDS * DOWN, LEFT + k // HANDS * ACROSS)
    sheet.conditional_format(GALLERY - 1, LEFT, GALLERY + HANDS * DOWN - 1, columns, style.ink())
    _logits(sheet, cnn, columns)
    lock(sheet, format_columns=False)
    page(sheet, (3, 1), (LIST + len(choices(cnn)), columns))


def _image(sheet: Sheet, name: str, row: int, column: int) -> None:
    sheet.put(row - 1, column, name, "muted")
    pixel = sheet.style("pixel")
    for (y, x), value in np.ndenumerate(digits.image(name)):
        sheet.put(row + y, column + x, int(value), pixel)


def _logits(sheet: Sheet, cnn: Live, columns: int) -> None:
    section(sheet, LIST - 2, "What can be chosen, and PyTorch's logits in float64", 0, columns)
    heads(sheet, LIST - 1, 0, ["choice"], 20)
    for digit in range(10):
        _wide(sheet, LIST - 1, _logit_column(digit), digit, "head", "right")
    number = ("cell", "ten thousandth", "fine")
    last = LIST + len(choices(cnn)) - 1
    area = LIST - 1, _logit_column(0), last - 1, _logit_column(9)
    scientific(sheet, area, "number", look="beyond, short")
    for k, name in enumerate(choices(cnn)):
        sheet.put(LIST + k, 0, name, "cell")
        for digit, value in enumerate(cnn.logits.get(name, ())):
            _wide(sheet, LIST + k, _logit_column(digit), float(value), *number)


def _wide(sheet: Sheet, row: int, column: int, value: float, *look: str) -> None:
    """A number over WIDE columns, in the first of which formulas find it."""
    merge(sheet, (row - 1, column, row - 1, column + WIDE - 1), *look)
    sheet.put(row, column, value, *look)
