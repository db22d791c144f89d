"""Live CNN: draw a digit in cells, and see what the network makes of it; every number on the way is a formula."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from mnist import digits
from mnist.live import FIRST, LAYERS, LEFT, LIVE, OWN, SEEN, TOP, WEIGHTS, Live
from mnist.sheets import samples, viewer
from mnist.sheets.common import heads, section
from sheetgen.writer import style
from sheetgen.writer.book import Book, Sheet
from sheetgen.writer.digits import scientific
from sheetgen.writer.sheets import weights
from sheetgen.writer.sheets.common import InputRule, across, colour, colour_words, limit, lock, merge, opened, page
from sheetgen.writer.trace import letter, quoted

SIZE = digits.SIZE
PIXEL = 15  # pixels of the screen for one of the image
PANEL = SEEN + SIZE + 1  # the column of the results
CHOICE = 6  # the row of what is chosen
CHOSEN = f"$E${CHOICE}"
# Beside the choice: its number in the list, and where its image stands in the gallery.
PICK, PICK_ROW, PICK_COLUMN = (f"${letter(PANEL + k)}${CHOICE}" for k in (3, 4, 5))
TEN = TOP + 8  # the first row of the ten digits' table
DIGIT, LOGIT, CHANCE, REST, THEIRS, APART = range(PANEL, PANEL + 6)
LIMIT = "10^-9"
SUBTITLE = (
    "Type a grey value, 0 (paper) to 255 (ink), into a cell of the drawing; everything follows: the network is {:,} "
    "formulas on the sheet CNN layers, and what it learned stands on the sheet CNN weights."
)


class Refs(NamedTuple):
    """Ranges of the ten digits' table."""

    logits: str
    chances: str
    rest: str
    apart: str


REFS = Refs(
    *(f"${letter(c)}${TEN}:${letter(c)}${TEN + 9}" for c in (LOGIT, CHANCE, REST, APART))
)  # fmt: skip
DIGIT_CELL = f"${letter(PANEL)}${TOP}"


def write(book: Book, cnn: Live) -> None:
    """Write the sheet, and define the names of its drawing, its choice and its logits."""
    subtitle = SUBTITLE.format(sum(len(x.formulas) for x in cnn.layout.written))
    sheet = opened(book, LIVE, "The network, live: paint a digit", subtitle, ())
    sheet.set_column_pixels(0, 0, 22)
    sheet.set_column_pixels(LEFT, PANEL - 1, PIXEL)
    sheet.set_column_pixels(PANEL, PANEL + 5, 92)
    for row in [*range(TOP, TOP + SIZE), *viewer.pixel_rows()]:
        sheet.set_row_pixels(row - 1, PIXEL)
    _choice(sheet, cnn)
    _drawing(sheet, cnn)
    _seen(sheet, cnn)
    _answer(sheet, cnn)
    _digits(sheet, cnn)
    viewer.write(sheet, cnn)
    last = letter(LEFT + SIZE - 1)
    drawing = f"${letter(LEFT)}${TOP}:${last}${TOP + SIZE - 1}"
    sheet.define(cnn_drawing=drawing, cnn_choice=CHOSEN, cnn_logits=REFS.logits)
    lock(sheet, format_columns=False)
    page(sheet, (3, 0), (viewer.LAST, PANEL + 5))
    sheet.fit_to_pages(1, 1)


def _choice(sheet: Sheet, cnn: Live) -> None:
    section(sheet, CHOICE - 1, "Which image the network reads", 0, PANEL + 5)
    choices = samples.places(cnn).choices
    sheet.set_row_pixels(CHOICE - 1, 24)
    area = (CHOICE - 1, LEFT + 3, CHOICE - 1, LEFT + 11)
    merge(sheet, area, "input", "bold")
    sheet.put(CHOICE, LEFT, "read", "muted")
    sheet.put(CHOICE, LEFT + 3, OWN, "input", "bold")
    hint = "Which image", "Your own drawing, a blank page, or one of twenty sample digits."
    complaint = "Not in the list", "Choose one of the list."
    limit(sheet, area, InputRule("list", source="=" + choices, hint=hint, complaint=complaint))
    tiny = sheet.style("muted", "center")
    sheet.put(CHOICE, PANEL, "its number in the list, and its place in the gallery", "muted")
    sheet.live(CHOICE, PANEL + 3, f"IFERROR(MATCH({CHOSEN},{choices},0),0)", tiny)
    sheet.live(CHOICE, PANEL + 4, f"{samples.DOWN}*MOD(MAX(0,{PICK}-3),{samples.HANDS})", tiny)
    sheet.live(CHOICE, PANEL + 5, f"{samples.ACROSS}*INT(MAX(0,{PICK}-3)/{samples.HANDS})", tiny)
    kept, none = f"your drawing is kept: choose “{OWN}” for it", "no such image: choose from the list"
    note = f'IF({PICK}=1,"it reads your drawing",IF({PICK}=0,"{none}","{kept}"))'
    sheet.live(CHOICE, SEEN + 4, note, "muted")
    colour(sheet, (CHOICE - 1, SEEN + 4, CHOICE - 1, PANEL - 1), f"{PICK}=0", "fail")


def _axes(sheet: Sheet, top: int, left: int) -> None:
    """Numbers from 1 to 28 above a grid, in which formulas look up where they stand."""
    across(sheet, top - 1, left, range(1, SIZE + 1), "axis")


def _drawing(sheet: Sheet, cnn: Live) -> None:
    section(sheet, TOP - 2, "Your drawing: type 0 to 255 into any cell", LEFT, LEFT + SIZE - 1)
    _axes(sheet, TOP, LEFT)
    axis, paper = sheet.style("axis"), sheet.style("pixel", "paper")
    for y in range(SIZE):
        sheet.put(TOP + y, 0, y + 1, axis)
    for (y, x), value in np.ndenumerate(cnn.images[FIRST]):
        sheet.put(TOP + y, LEFT + x, int(value), paper)
    area = (TOP - 1, LEFT, TOP + SIZE - 2, LEFT + SIZE - 1)
    hint, complaint = ("A pixel", "0 is paper, 255 is ink."), ("Not a grey value", "Type a whole number from 0 to 255.")
    limit(sheet, area, InputRule("integer", (0, 255), hint=hint, complaint=complaint))
    sheet.conditional_format(*area, style.ink())


def _seen(sheet: Sheet, cnn: Live) -> None:
    section(sheet, TOP - 2, "What the network reads", SEEN, SEEN + SIZE - 1)
    _axes(sheet, TOP, SEEN)
    pixel, gallery = sheet.style("pixel", "edge"), samples.places(cnn).gallery
    for y, x in np.ndindex(SIZE, SIZE):
        row, own = TOP + y, f"{letter(LEFT + x)}{TOP + y}"
        at = f"INDEX({gallery},{PICK_ROW}+$A{row},{PICK_COLUMN}+{letter(SEEN + x)}${TOP - 1})"
        # SUM of one cell is 0 where it is empty or holds a text.
        sheet.live(row, SEEN + x, f"IF({PICK}=1,SUM({own}),IF({PICK}<=2,0,{at}))", pixel)
    sheet.conditional_format(TOP - 1, SEEN, TOP + SIZE - 2, SEEN + SIZE - 1, style.ink())


def _chosen(formula: str) -> str:
    """A formula that tells of an image; a dash, if none of the list is chosen."""
    return f'IF({PICK}=0,"–",{formula})'


def _answer(sheet: Sheet, cnn: Live) -> None:
    section(sheet, TOP - 2, "The answer", PANEL, PANEL + 5)
    area, rest = REFS.chances, REFS.rest
    merge(sheet, (TOP - 1, PANEL, TOP + 5, PANEL + 1), "huge")
    sheet.live(TOP, PANEL, _chosen(f"MATCH(MAX({area}),{area},0)-1"), "huge")
    lines = (
        ("how sure it is", "percent", _chosen(f"MAX({area})")),
        ("runner-up", "whole", _chosen(f"MATCH(MAX({rest}),{rest},0)-1")),
        ("margin: how much surer than of the runner-up", "percent", _chosen(f"MAX({area})-MAX({rest})")),
        ("parameters that it learned", "whole", f"{quoted(WEIGHTS)}!{weights.total_cell()}"),
    )
    for k, (label, form, formula) in enumerate(lines):
        row = TOP + 1 + k
        sheet.live(row, PANEL + 2, formula, "bold", "right", form)
        sheet.put(row, PANEL + 3, label, "indent")


def _last_logits(cnn: Live) -> int:
    """The operation that gives the logits: the last with ten results and weights."""
    ops = cnn.layout.graph.ops
    return max(k for k, op in enumerate(ops) if "weight" in op.weights and op.out.size == 10)


def _digits(sheet: Sheet, cnn: Live) -> None:
    laid = cnn.layout
    logit_ids = laid.graph.ops[_last_logits(cnn)].out.ravel()
    chance_ids = laid.graph.outputs.ravel()
    places = laid.places
    names = ["digit", "logit", "probability", "the others", "PyTorch", "apart"]
    heads(sheet, TEN - 1, DIGIT, names, PIXEL)  # as high as the drawing's pixels beside it
    theirs = samples.places(cnn).logits
    for d in range(10):
        row = TEN + d
        value = sheet.style("cell", "millionth", "right")
        at = [_chosen(f"{quoted(LAYERS)}!{places.ref(int(ids[d]))}") for ids in (logit_ids, chance_ids)]
        sheet.put(row, DIGIT, d, "cell", "center", "bold")
        sheet.live(row, LOGIT, at[0], value)
        sheet.live(row, CHANCE, at[1], "cell", "percent", "right")
        chance = f"{letter(CHANCE)}{row}"
        rest = f"IF(${letter(DIGIT)}{row}={DIGIT_CELL},0,{chance})"
        sheet.live(row, REST, rest, "cell", "percent", "right", "muted")
        looked = f"INDEX({theirs},{PICK}-1,{samples.WIDE}*$A${TOP + d}-{samples.WIDE - 1})"
        sheet.live(row, THEIRS, f'IF({PICK}<2,"–",{looked})', "cell", "millionth", "right", "muted")
        apart = f"ABS({letter(LOGIT)}{row}-{letter(THEIRS)}{row})"
        sheet.live(row, APART, f"IF({PICK}<2,0,{apart})", "cell", "relative", "right", "muted")
    sheet.conditional_format(TEN - 1, CHANCE, TEN + 8, CHANCE, {
        "type": "data_bar", "bar_color": style.SERIES[4], "bar_solid": True, "min_type": "num", "min_value": 0,
        "max_type": "num", "max_value": 1,
    })  # fmt: skip
    for column in (LOGIT, CHANCE, REST, THEIRS):  # apart, for LibreOffice wants the ranges of two formats equal
        scientific(sheet, (TEN - 1, column, TEN + 8, column), "number", look="beyond, short")
    scientific(sheet, (TOP, PANEL + 2, TOP + 2, PANEL + 2), "number", look="beyond, short")
    _same(sheet)


def _same(sheet: Sheet) -> None:
    row = TEN + 11
    sheet.put(row, PANEL, "as PyTorch has it", "bold")
    allowed = f"{LIMIT}*MAX(MAX({REFS.logits}),-MIN({REFS.logits}))"
    formula = f'IF({PICK}<2,"–",IF(MAX({REFS.apart})<={allowed},"PASS","FAIL"))'
    sheet.live(row, PANEL + 2, formula, "verdict")
    colour_words(sheet, (row - 1, PANEL + 2, row - 1, PANEL + 2), f"${letter(PANEL + 2)}{row}")
    hint = "Choose a sample, and its logits are compared with those that PyTorch gave for it."
    sheet.put(row + 1, PANEL, hint, "muted")
