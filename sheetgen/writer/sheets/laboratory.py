"""Laboratory: a slip put into a second training, the loss landscape of two weights, and which weight moves most."""

from __future__ import annotations

from sheetgen.cells.text import FormulaTooLong
from sheetgen.writer.book import Book, Sheet
from sheetgen.writer.plan import LABORATORY, Run
from sheetgen.writer.sheets import bug_lab, moves
from sheetgen.writer.sheets.common import line, merge, opened, section
from sheetgen.writer.sheets.landscape import GRID, PIXELS, TICKS, Landscape
from sheetgen.writer.sheets.moves import Moves
from sheetgen.writer.sheets.network import Panel
from sheetgen.writer.sheets.second_run import SecondRun
from sheetgen.writer.trace import Trace, letter

TOP, ROW = 4, 18  # the row of the titles; the height of those below, in pixels
MAP = 8  # the column where the map begins
WORKINGS = 31  # the column where the workings begin
WIDTHS = (118, 88, 92, 104, 104, 120, 36, 40)  # pixels, of the columns left of the map
MAP_CELL = PIXELS[0]
WORDS = TOP + GRID + 8  # the row of the title of the words
ONE_PAGE = WORDS + 24  # rows that one page takes legibly
SMALLEST, LARGEST, PAGE = 60, 74, 3_500  # percent, of several pages; one of the words takes so many rows at 1 %
TRY = WORDS - 4, WORDS - 2  # rows of what to try in the bug lab

SUBTITLE = (
    "Make a slip and see who notices; look at the landscape that the training walks through; ask "
    "why a weight moves. Yellow cells are yours."
)
TRY_SLIPS = (
    "Try it: choose one slip after another. How many would you have noticed in the curves alone? Only the last check "
    "sees every one that changes a number at all, so every sheet here is checked like that."
)
TOO_LONG = "E of a network of this size is too long a formula for one cell of a map, even of one sample."
ONE_WEIGHT = "This network has one weight, and a map needs two: how E depends on it is drawn on Ideas."


class LaboratoryPlaces:
    """The sheet laid out; what is too large for a network is None, and a sentence stands in its place."""

    def __init__(self, run: Run, training: Trace):
        self.run, self.training = run, training
        self.landscape: Landscape | None = None
        self.second: SecondRun | None = None
        at = WORKINGS + bug_lab.COLUMNS + 1
        self.moves = Moves(run, training, TOP + 1, at, WORDS) if moves.fits(run) else None
        at += self.moves.width + 1 if self.moves else 0
        try:
            if len(run.program.next) > 1:
                self.landscape = Landscape(run, training, (TOP + 2, MAP), at)
                at += self.landscape.width + 1
        except FormulaTooLong:
            pass
        try:
            second = SecondRun(run, training, TOP + 1, at, bug_lab.places(WORKINGS))
            self.second = second if second.fits else None
        except FormulaTooLong:
            pass

    @property
    def cells(self) -> int:
        """About how many formulas the sheet has."""
        return (self.second.columns * (self.second.updates + 1) if self.second else 0) + 1_000


def write(book: Book, places: LaboratoryPlaces, panel: Panel) -> None:
    """Write the sheet Laboratory."""
    sheet = opened(book, LABORATORY, "Laboratory: three experiments with this training", SUBTITLE)
    for k, width in enumerate((*WIDTHS, *[MAP_CELL] * GRID)):
        sheet.set_column_pixels(k, k, width)
    sheet.set_column(WORKINGS - 1, WORKINGS - 1, 3)
    end = places.second.first + places.second.columns if places.second else WORKINGS + 60
    sheet.set_column(WORKINGS, end, 14.5)
    sheet.set_row_pixels(TOP - 1, 26)
    for row in range(TOP + 1, WORDS):
        sheet.set_row_pixels(row - 1, ROW)
    sheet.set_row_pixels(TOP + GRID + 1, TICKS)
    some = f" in {places.second.updates} update{'s' * (places.second.updates > 1)}" if places.second else ""
    section(sheet, TOP, f"A bug lab: put a slip in, and see who notices it{some}", 0, 5)
    section(sheet, TOP, "The loss landscape of two weights, and the way down", MAP - 1, MAP + GRID - 1)
    if places.second:
        bug_lab.write(sheet, places.second, TOP + 1, WORKINGS)
        merge(sheet, (TRY[0] - 1, 0, TRY[1] - 1, 5), "aside")
        sheet.put(TRY[0], 0, TRY_SLIPS, "aside")
    else:
        line(sheet, TOP + 1, "A second training of a network of this size would not fit here.", 0, 5, "muted")
    if places.landscape:
        places.landscape.write(sheet, panel, TOP + 1)
    else:
        _instead(sheet, ONE_WEIGHT if len(places.run.program.next) < 2 else TOO_LONG)
    bottom = _words(sheet, places, panel)
    sheet.print_area(0, 0, bottom - 1, MAP + GRID - 1)
    if bottom <= ONE_PAGE:
        sheet.fit_to_pages(1, 1)
    else:  # the words have pages of their own; a break is heeded where the scale is given
        sheet.set_print_scale(max(SMALLEST, min(LARGEST, PAGE // (bottom - WORDS + 5))))
        sheet.set_h_pagebreaks([WORDS - 1])


def _instead(sheet: Sheet, text: str) -> None:
    """Say amid the place of the map why there is none, in a box that is seen."""
    top, left, right = TOP + 2, MAP + 1, MAP + GRID - 3
    area = top, left, top + 2, right
    merge(sheet, area, "note", "center", "wrap", "middle")
    sheet.put(top + 1, left, f"No map: {text}", "note", "center", "wrap", "middle")


def _words(sheet: Sheet, places: LaboratoryPlaces, panel: Panel) -> int:
    """Which weight moves most, and the last row of what is printed."""
    section(sheet, WORDS, None, 0, MAP + GRID - 1, 26)
    if places.moves:
        bottom = places.moves.write(sheet, panel)
    else:
        sheet.put(
            WORDS + 1, 0, "This network has too many weights or samples to tell which weight moves most.", "muted"
        )
        bottom = WORDS + 1
    if places.second:
        place = f"{letter(places.second.first)}{TOP + 1}"
        sheet.live(3, 1, f'HYPERLINK("#{LABORATORY}!{place}","See the second training row by row →")', "link")
    return bottom
