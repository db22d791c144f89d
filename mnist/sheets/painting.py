"""Live CNN: draw a digit in cells, and see what the network makes of it; every number on the way is a formula."""

from __future__ import annotations

import numpy as np

from mnist.live import FIRST, LAYERS, LEFT, LIVE, NET, OWN, SAMPLES, SEEN, TOP, WEIGHTS, Live
from mnist.sheets import answer, samples, strip, viewer, worked
from mnist.sheets.common import pages, section
from mnist.sheets.screen import CHOICE, LAST, PANEL, RIGHT, SIZE, VIEW, WORK, lay
from sheetgen.writer import heat, style
from sheetgen.writer.book import Book, Link, Sheet
from sheetgen.writer.sheets.common import InputRule, across, colour, limit, lock, merge, opened, page
from sheetgen.writer.trace import letter

AT = LEFT + 10  # the column of the choice
CHOSEN = f"${letter(AT)}${CHOICE}"
LINKS = ((LAYERS, "every activation"), (WEIGHTS, "what it learned"), (SAMPLES, "twenty digits"))
SUBTITLE = (
    "Type 0 (paper) to 255 (ink) into the drawing, and everything follows: {:,} formulas on CNN layers. The network is "
    f"“{NET}” of MNIST report, narrower than “ours”, so that cells are quick."
)


def write(book: Book, cnn: Live) -> None:
    """Write the sheet, and define the names of its drawing, its choice and its logits."""
    subtitle = SUBTITLE.format(sum(len(x.formulas) for x in cnn.layout.written))
    sheet = opened(book, LIVE, "Paint a digit: what does the network read?", subtitle, ())
    lay(sheet)
    sheet.set_row_pixels(0, 30)
    sheet.set_row_pixels(1, 18)
    sheet.set_column_pixels(WORK, WORK + 20, 72)
    _choice(sheet, cnn)
    _drawing(sheet, cnn)
    _seen(sheet, cnn)
    answer.write(sheet, cnn)
    strip.write(sheet, cnn)
    viewer.write(sheet, cnn)
    worked.write(sheet, cnn)
    last = letter(LEFT + SIZE - 1)
    drawing = f"${letter(LEFT)}${TOP}:${last}${TOP + SIZE - 1}"
    sheet.define(cnn_drawing=drawing, cnn_choice=CHOSEN, cnn_logits=answer.REFS.logits, cnn_same=answer.SAME)
    lock(sheet, format_columns=False)
    page(sheet, (CHOICE, 0), (LAST, RIGHT))
    pages(sheet, 77, [VIEW])


def _choice(sheet: Sheet, cnn: Live) -> None:
    choices, pick = samples.places(cnn).choices, answer.PICK
    sheet.set_row_pixels(CHOICE - 1, 24)
    area = (CHOICE - 1, AT, CHOICE - 1, AT + 13)
    merge(sheet, area, "input", "bold")
    sheet.put(CHOICE, AT - 4, "read", "muted")
    sheet.put(CHOICE, AT, OWN, "input", "bold")
    hint = "Which image", "Your own drawing, a blank page, or one of twenty sample digits."
    complaint = "Not in the list", "Choose one of the list."
    limit(sheet, area, InputRule("list", source="=" + choices, hint=hint, complaint=complaint))
    sheet.put(answer.PICK_AT, WORK + 3, "its number in the list, and its place in the gallery", "axis", "left")
    hands = f"MAX(0,{pick}-3)"
    numbers = (
        f"IFERROR(MATCH({CHOSEN},{choices},0),0)", f"{samples.DOWN}*MOD({hands},{samples.HANDS})",
        f"{samples.ACROSS}*INT({hands}/{samples.HANDS})",
    )  # fmt: skip
    for k, formula in enumerate(numbers):
        sheet.live(answer.PICK_AT, WORK + k, formula, "axis")
    kept, none = f"your drawing is kept: choose “{OWN}” for it", "no such image: choose from the list"
    yours = "it reads your drawing; a blank page or one of twenty digits can be chosen"
    note = f'IF({pick}=1,"{yours}",IF({pick}=0,"{none}","{kept}"))'
    sheet.live(CHOICE, AT + 15, note, "muted")
    colour(sheet, (CHOICE - 1, AT + 15, CHOICE - 1, AT + 42), f"{pick}=0", "fail")
    sheet.put(CHOICE, PANEL + 16, "what it is made of:", "muted")
    for k, (name, tip) in enumerate(LINKS):
        sheet.link(CHOICE, PANEL + 28 + 12 * k, Link.to(name, name, tip))


def _axes(sheet: Sheet, left: int) -> None:
    """Numbers from 1 to 28 above a grid, out of sight, in which formulas look up where they stand."""
    sheet.set_row_pixels(TOP - 3, 22)
    sheet.set_row_pixels(TOP - 2, 6)
    across(sheet, TOP - 1, left, range(1, SIZE + 1), "pixel")


def _drawing(sheet: Sheet, cnn: Live) -> None:
    section(sheet, TOP - 2, "Your drawing: type 0 to 255", LEFT, LEFT + SIZE - 1)
    _axes(sheet, LEFT)
    axis, paper = sheet.style("axis"), sheet.style("pixel", "paper")
    for y in range(SIZE):
        sheet.put(TOP + y, 0, y + 1, axis)
    for (y, x), value in np.ndenumerate(cnn.images[FIRST]):
        sheet.put(TOP + y, LEFT + x, int(value), paper)
    area = (TOP - 1, LEFT, TOP + SIZE - 2, LEFT + SIZE - 1)
    hint, complaint = ("A pixel", "0 is paper, 255 is ink."), ("Not a grey value", "Type a whole number from 0 to 255.")
    limit(sheet, area, InputRule("integer", (0, 255), hint=hint, complaint=complaint))
    sheet.conditional_format(*area, heat.ink(style.INPUT_FILL))


def _seen(sheet: Sheet, cnn: Live) -> None:
    section(sheet, TOP - 2, "What the network reads", SEEN, SEEN + SIZE - 1)
    _axes(sheet, SEEN)
    pixel, gallery, pick = sheet.style("pixel", "edge"), samples.places(cnn).gallery, answer.PICK
    for y, x in np.ndindex(SIZE, SIZE):
        row, own = TOP + y, f"{letter(LEFT + x)}{TOP + y}"
        down, right = f"{answer.PICK_ROW}+$A{row}", f"{answer.PICK_COLUMN}+{letter(SEEN + x)}${TOP - 1}"
        # SUM of one cell is 0 where it is empty or holds a text.
        formula = f"IF({pick}=1,SUM({own}),IF({pick}<=2,0,INDEX({gallery},{down},{right})))"
        sheet.live(row, SEEN + x, formula, pixel)
    sheet.conditional_format(TOP - 1, SEEN, TOP + SIZE - 2, SEEN + SIZE - 1, heat.ink())
