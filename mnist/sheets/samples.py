"""Sample digits: the images that Live CNN can show, and what PyTorch says of each."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from mnist import digits
from mnist.live import LIVE, OWN, SAMPLES, Live
from mnist.sheets.common import section
from sheetgen.writer import heat, style
from sheetgen.writer.book import Book, Formula, Link, Sheet, Value
from sheetgen.writer.digits import scientific
from sheetgen.writer.sheets.common import colour, colour_words, line, lock, merge, opened, page
from sheetgen.writer.trace import letter, quoted

NOT_KNOWN = "not known"  # whether the cells agree with PyTorch, which has read samples alone
PIXEL = 4  # pixels of the screen for one of the image
GALLERY, LEFT = 6, 1  # the row (from 1) and column (from 0) of the first image's first pixel
TELLS = 2  # lines below an image
DOWN, ACROSS = digits.SIZE + TELLS + 2, digits.SIZE + 1  # from one image to the next
HANDS = 2  # images of a class, one below the other
LINE = 18  # pixels
LIST = GALLERY + HANDS * DOWN + 3  # the first row of the list of choices
WIDE = 14  # columns for a number below the images
MADE = ("true", "reads", "sure", "next", "its logit", "behind", "right?")  # what follows the logits
TRUE, READS, AT, NEXT, SECOND, BEHIND, RIGHT = range(10, 17)  # their places in the list
SUBTITLE = (
    "Twenty digits, drawn for this workbook; no image of MNIST is here. The network gives each of the ten answers a "
    "score, its logit: the nearer the next digit's comes to the winner's, the harder was the choice."
)
UNSTORED = "what you paint on Live CNN: PyTorch’s answers are stored only for the samples"
TRY = (
    "Try: copy the 28 × 28 pixels of “{}” into your drawing on Live CNN (paste the values only). Rub out its loop "
    "pixel by pixel, from the lower left on. When does the answer change?"
)
TRIED = "9 curved"
TITLE = "What PyTorch reads of each, and how far the next digit is behind (each 1 behind: 2.7 times less probable)"


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
    sheet = opened(book, SAMPLES, "Which digit is the hardest to read?", SUBTITLE, ())
    sheet.link(3, LEFT, Link.to(LIVE, LIVE, "Choose one of these, and the cells read it"))
    columns = LEFT + len(digits.names()) // HANDS * ACROSS
    sheet.set_column_pixels(0, 0, 100)
    sheet.set_column_pixels(LEFT, columns, PIXEL)
    section(sheet, GALLERY - 2, TITLE, 0, columns)
    for row in range(GALLERY - 1, GALLERY + HANDS * DOWN - 1):
        sheet.set_row_pixels(row - 1, PIXEL if (row - GALLERY) % DOWN < digits.SIZE else LINE)
    for hand in range(HANDS):
        sheet.put(GALLERY + hand * DOWN - 1, 0, ("one hand", "another hand")[hand], "muted")
    for k, name in enumerate(digits.names()):
        if name in cnn.images:
            _image(sheet, cnn, name, (GALLERY + k % HANDS * DOWN, LEFT + k // HANDS * ACROSS))
    sheet.conditional_format(GALLERY - 1, LEFT, GALLERY + HANDS * DOWN - 3, columns, heat.ink(style.PAPER))
    if TRIED in cnn.images:
        sheet.put(GALLERY + HANDS * DOWN - 1, 0, TRY.format(TRIED), "bold")
    _list(sheet, cnn, columns)
    lock(sheet, format_columns=False)
    page(sheet, (3, 1), (LIST + len(choices(cnn)), columns))
    sheet.fit_to_pages(1, 1)


def _image(sheet: Sheet, cnn: Live, name: str, at: tuple[int, int]) -> None:
    """An image with its name above it, and below it what PyTorch reads and whether that is right."""
    row, column = at
    sheet.put(row - 1, column, name, "muted", "bold")
    pixel = sheet.style("pixel")
    for (y, x), value in np.ndenumerate(digits.image(name)):
        sheet.put(row + y, column + x, int(value), pixel)
    row_of = LIST + choices(cnn).index(name)
    reads, following, behind, right = (f"${letter(_column(k))}${row_of}" for k in (READS, NEXT, BEHIND, RIGHT))
    below = row + digits.SIZE
    # Nothing here may depend on what Live CNN reads: it reads this gallery, and would so depend on itself.
    hardest = f"{behind}={_least(cnn)}"
    verdict = f'IF({right}="right",IF({hardest},", hardest",", right"),", wrong")'
    told = f'IF({right}="right","✓","✗")&" reads "&{reads}&{verdict}'
    sheet.live(below, column, told, "muted")
    sheet.live(below + 1, column, f'"next "&{following}&", "&ROUND({behind},1)&" behind"', "muted")
    colour(sheet, (below - 1, column, below, column + digits.SIZE - 1), hardest, "note")


def _list(sheet: Sheet, cnn: Live, columns: int) -> None:
    """What can be chosen, PyTorch's logits for it, and what follows from them."""
    section(sheet, LIST - 2, "What can be chosen, and PyTorch's logits for it", 0, columns)
    sheet.set_row_pixels(LIST - 2, 20)
    sheet.put(LIST - 1, 0, "choice", "head")
    for k, name in enumerate([*range(10), *MADE]):
        _wide(sheet, LIST - 1, k, name, "head", "center" if k in (TRUE, READS, NEXT) else "right")
    number = ("cell", "thousandth")
    last = LIST + len(choices(cnn)) - 1
    scientific(sheet, (LIST - 1, _column(0), last - 1, _column(9)), "number", look="beyond, narrow")
    for k, name in enumerate(choices(cnn)):
        row = LIST + k
        sheet.put(row, 0, name, "cell")
        if name not in cnn.logits:
            line(sheet, row, UNSTORED, LEFT, _column(RIGHT + 1) - 1, "cell", "muted")
            continue
        for digit, value in enumerate(cnn.logits[name]):
            _wide(sheet, row, digit, float(value), *number)
        _made(sheet, row, name)
    area = (LIST - 1, _column(RIGHT), last - 1, _column(RIGHT + 1) - 1)
    colour_words(sheet, area, f"${letter(_column(RIGHT))}{LIST}", (("right", "pass"), ("wrong", "fail")))
    behind = f"${letter(_column(BEHIND))}{LIST}"
    colour(sheet, (LIST - 1, 0, last - 1, 0), f"AND(ISNUMBER({behind}),{behind}={_least(cnn)})", "note")
    _summary(sheet, cnn, last)


def _least(cnn: Live) -> str:
    """The smallest lead that any sample has, the blank page aside, whose digit nobody knows."""
    column, last = letter(_column(BEHIND)), LIST + len(choices(cnn)) - 1
    return f"MIN(${column}${LIST + 2}:${column}${last})"


def _summary(sheet: Sheet, cnn: Live, last: int) -> None:
    """How many are right, the hardest, and whether the cells of Live CNN agree on the one that they read."""
    names, following, behind, right = (f"${column}${LIST + 2}:${column}${last}" for column in
                                       ("A", *(letter(_column(k)) for k in (NEXT, BEHIND, RIGHT))))  # fmt: skip
    which = f"MATCH({_least(cnn)},{behind},0)"
    hardest = f'"The hardest is “"&INDEX({names},{which},1)&"”: "&INDEX({following},{which},1)&" comes next."'
    now = 'IF(cnn_same="PASS",", and its cells agree with PyTorch.",", and its cells differ from PyTorch.")'
    read = f'IF(cnn_same="{NOT_KNOWN}",""," Live CNN reads “"&cnn_choice&"” now"&{now})'
    count = f'COUNTIF({right},"right")'
    told = f'"PyTorch reads "&{count}&" of {len(digits.names())} right. "&{hardest}&{read}'
    sheet.live(3, LEFT + ACROSS, told, "bold")


def of_blank() -> tuple[str, str]:
    """The addresses of what PyTorch reads of the blank page, the second choice, and of how sure it is."""
    reads, sure = (f"{quoted(SAMPLES)}!${letter(_column(k))}${LIST + 1}" for k in (READS, AT))
    return reads, sure


def _made(sheet: Sheet, row: int, name: str) -> None:
    """The true digit, what PyTorch reads and how surely, what comes next, how far behind, and whether it is right."""
    logits = [f"${letter(_column(k))}{row}" for k in range(10)]
    line_of, most = f"{logits[0]}:{logits[-1]}", f"MAX({logits[0]}:{logits[-1]})"  # between them the cells are empty
    true, read, second = (f"${letter(_column(k))}{row}" for k in (TRUE, READS, SECOND))
    known = name in digits.names()
    rest = ",".join(f"IF({at}<{most},{at},-10^9)" for at in logits)
    verdict = f'IF({read}={true},"right","wrong")' if known else '"–"'
    made = (
        digits.true_class(name) if known else "none",
        Formula(f"(MATCH({most},{line_of},0)-1)/{WIDE}"),
        Formula(f"INT(10^5/({'+'.join(f'EXP({at}-{most})' for at in logits)}))/10^5"),
        Formula(f"(MATCH({second},{line_of},0)-1)/{WIDE}"), Formula(f"MAX({rest})"), Formula(f"{most}-{second}"),
        Formula(verdict),
    )  # fmt: skip
    forms = ("center",), ("center",), ("thousandths",), ("center",), ("thousandth",), ("thousandth",), ("right",)
    for k, (value, form) in enumerate(zip(made, forms, strict=True), TRUE):
        _wide(sheet, row, k, value, "cell", *form)


def _wide(sheet: Sheet, row: int, k: int, value: Value, *look: str) -> None:
    """The k-th number of the list, over WIDE columns, in the first of which formulas find it."""
    column = _column(k)
    merge(sheet, (row - 1, column, row - 1, column + WIDE - 1), *look)
    sheet.put(row, column, value, *look)
