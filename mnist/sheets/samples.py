"""Sample digits: the images that Live CNN can show, and what PyTorch says of each."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from mnist import digits
from mnist.live import LIVE, OWN, SAMPLES, Live
from mnist.sheets.common import section
from sheetgen.writer import style
from sheetgen.writer.book import Book, Formula, Link, Sheet
from sheetgen.writer.digits import scientific
from sheetgen.writer.sheets.common import colour_words, lock, merge, opened, page
from sheetgen.writer.trace import letter, quoted

PIXEL = 4  # pixels of the screen for one of the image
GALLERY, LEFT = 6, 1  # the row (from 1) and column (from 0) of the first image's first pixel
TELLS = 2  # lines below an image
DOWN, ACROSS = digits.SIZE + TELLS + 2, digits.SIZE + 1  # from one image to the next
HANDS = 2  # images of a class, one below the other
LINE = 18  # pixels
LIST = GALLERY + HANDS * DOWN + 3  # the first row of the list of choices
WIDE = 14  # columns for a number below the images
MADE = ("true", "reads", "at", "right?", "the cells")  # what follows the logits
SUBTITLE = (
    "Drawn for this workbook, stroke by stroke; no image of MNIST is here. Choose one on Live CNN, and the cells "
    "read it."
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
    first, end = letter(_column(0)), letter(_column(9))
    sheet = quoted(SAMPLES)
    return SamplePlaces(
        f"{sheet}!$A${LIST}:$A${last}",
        f"{sheet}!${letter(LEFT)}${GALLERY}:${right}${GALLERY + HANDS * DOWN}",
        f"{sheet}!${first}${LIST + 1}:${end}${last}",
    )


def _column(k: int) -> int:
    """The column of the k-th number of the list: ten logits, then what is made of them."""
    return LEFT + WIDE * k


def write(book: Book, cnn: Live) -> None:
    """Write the sheet."""
    sheet = opened(book, SAMPLES, "Sample digits", SUBTITLE, ())
    sheet.link(3, LEFT, Link.to(LIVE, LIVE, "The network reads one of these"))
    columns = LEFT + len(digits.names()) // HANDS * ACROSS
    sheet.set_column_pixels(0, 0, 100)
    sheet.set_column_pixels(LEFT, columns, PIXEL)
    section(
        sheet,
        GALLERY - 2,
        "Twenty digits, two hands: above each its name and true digit, below it what PyTorch reads",
        0,
        columns,
    )
    for row in range(GALLERY - 1, GALLERY + HANDS * DOWN - 1):
        sheet.set_row_pixels(row - 1, PIXEL if (row - GALLERY) % DOWN < digits.SIZE else LINE)
    for k, name in enumerate(digits.names()):
        if name in cnn.images:
            _image(sheet, cnn, name, (GALLERY + k % HANDS * DOWN, LEFT + k // HANDS * ACROSS))
    sheet.conditional_format(GALLERY - 1, LEFT, GALLERY + HANDS * DOWN - 3, columns, style.ink(style.PAPER))
    _list(sheet, cnn, columns)
    lock(sheet, format_columns=False)
    page(sheet, (3, 1), (LIST + len(choices(cnn)), columns))


def _image(sheet: Sheet, cnn: Live, name: str, at: tuple[int, int]) -> None:
    """An image with its name above it, and below it what PyTorch reads and whether that is right."""
    row, column = at
    sheet.put(row - 1, column, name, "muted", "bold")
    pixel = sheet.style("pixel")
    for (y, x), value in np.ndenumerate(digits.image(name)):
        sheet.put(row + y, column + x, int(value), pixel)
    line = LIST + choices(cnn).index(name)
    reads, sure, right = (f"{letter(_column(10 + k))}{line}" for k in (1, 2, 3))
    below = row + digits.SIZE
    sheet.live(below, column, f'"reads "&{reads}&" at "&INT({sure}*1000)/10&" %"', "muted")
    # Nothing here may depend on what Live CNN reads: it reads this gallery, and would so depend on itself.
    sheet.live(below + 1, column, right, "muted")


def _list(sheet: Sheet, cnn: Live, columns: int) -> None:
    """What can be chosen, PyTorch's logits for it, and what follows from them."""
    section(sheet, LIST - 2, "What can be chosen, and PyTorch's logits in float64", 0, columns)
    sheet.set_row_pixels(LIST - 2, 20)
    sheet.put(LIST - 1, 0, "choice", "head")
    for k, name in enumerate([*range(10), *MADE]):
        _wide(sheet, LIST - 1, k, name, "head", "right")
    number = ("cell", "thousandth", "fine")
    last = LIST + len(choices(cnn)) - 1
    scientific(sheet, (LIST - 1, _column(0), last - 1, _column(9)), "number", look="beyond, narrow")
    for k, name in enumerate(choices(cnn)):
        row = LIST + k
        sheet.put(row, 0, name, "cell")
        if name not in cnn.logits:
            continue
        for digit, value in enumerate(cnn.logits[name]):
            _wide(sheet, row, digit, float(value), *number)
        _made(sheet, row, name)
    right = letter(_column(13))
    area = (LIST - 1, _column(13), last - 1, _column(14) - 1)
    colour_words(sheet, area, f"${right}{LIST}", (("right", "pass"), ("wrong", "fail")))
    counted = f'COUNTIF(${right}${LIST + 1}:${right}${last},"right")'
    said = f"${letter(_column(14))}${LIST + 1}:${letter(_column(14))}${last}"
    now = f'IF(COUNTIF({said},"agree")=1,"agree.",IF(COUNTIF({said},"differ")=1,"differ.",""))'
    read = f'IF({now}="",""," Live CNN reads “"&cnn_choice&"” now, and its cells "&{now})'
    told = f'"PyTorch reads "&{counted}&" of {len(digits.names())} right."&{read}'
    sheet.live(3, LEFT + ACROSS, told, "muted")


def _made(sheet: Sheet, row: int, name: str) -> None:
    """The true digit, what PyTorch reads, how sure it is, and whether that is right."""
    logits = [f"${letter(_column(k))}{row}" for k in range(10)]
    most = f"MAX({','.join(logits)})"
    reads = "+".join(f"{k}*({at}={most})" for k, at in enumerate(logits) if k)
    true, read = (f"{letter(_column(10 + k))}{row}" for k in range(2))
    known = name in digits.names()
    _wide(sheet, row, 10, digits.true_class(name) if known else "none", "cell", "fine", "right")
    _wide(sheet, row, 11, Formula(reads), "cell", "fine", "right")
    _wide(
        sheet, row, 12, Formula(f"1/({'+'.join(f'EXP({at}-{most})' for at in logits)})"), "cell", "fine", "thousandths"
    )
    verdict = f'IF({read}={true},"right","wrong")' if known else '"–"'
    _wide(sheet, row, 13, Formula(verdict), "cell", "fine", "right")
    agrees = f'IF(cnn_choice=$A{row},IF(cnn_same="PASS","agree","differ"),"")'
    _wide(sheet, row, 14, Formula(agrees), "cell", "fine", "right")


def _wide(sheet: Sheet, row: int, k: int, value: float | str, *look: str) -> None:
    """The k-th number of the list, over WIDE columns, in the first of which formulas find it."""
    column = _column(k)
    merge(sheet, (row - 1, column, row - 1, column + WIDE - 1), *look)
    sheet.put(row, column, value, *look)
