"""Shared by the MNIST sheets: their names, the order of the claims, headings, sections, prose."""

from __future__ import annotations

from collections.abc import Sequence

from mnist import live
from sheetgen.writer.book import Sheet, Value
from sheetgen.writer.sheets import common

REPORT, ARCHITECTURE, LOG, ERRORS, FULL = "MNIST report", "Architecture", "Training log", "Errors", "Full log"
INDEX = (
    (REPORT, "digits read by a small network: goal, checklist, seeds, what each step taught"),
    (ARCHITECTURE, "its layers, drawn to scale: sizes, receptive fields, parameters, all live"),
    (LOG, "one run shown live, with charts of loss and accuracy; choose its seed"),
    (ERRORS, "confusion matrix, how sure it was when wrong, each of its mistakes"),
)
LAST_INDEX = ((FULL, "every epoch of every recorded run: the numbers that Training log draws"),)
PICTURED = ", {count} pictured"  # what Start adds of Errors, if MNIST was at hand
LIVE_INDEX = (
    (
        live.LIVE,
        "paint a digit, and the network reads it; see every channel, any cell worked out",
    ),
    (live.LAYERS, "one cell of that network worked out, and every layer, cell by cell"),
    (live.WEIGHTS, "try a kernel on a patch of ink; then every weight by its PyTorch name"),
    (live.SAMPLES, "twenty digits to try, and which of them is the hardest"),
)

OURS, ONE_TEACHER, UNTAUGHT = "ours", "ours-1-teacher", "ours-untaught"
SMALL, TINY, REFERENCE, FAST, TEACHER = "small", "tiny", "reference", "fast", "teacher"
TELLING = {
    OURS: "ours: taught by wide ones",
    ONE_TEACHER: "ours-1-teacher: before it",
    UNTAUGHT: "ours-untaught: the first",
    SMALL: "small: few parameters",
    TINY: "tiny: fewer still",
    REFERENCE: "reference: the classic network",
    FAST: "fast: in little time",
    TEACHER: "teacher: wide, only to teach",
}
LADDER = "ladder-"  # what the names of the ladder's claims begin with
LONGEST = 400  # characters of a text from a record
SECTION_HEIGHT = 28  # pixels
NO_TARGET, NO_SEED = "no target", "no such seed"


def of_target(formula: str) -> str:
    """A formula that has a value only where the target is a number."""
    return f'IF(ISNUMBER(mnist_target),{formula},"{NO_TARGET}")'


def thousands(at: str) -> str:
    """A whole number below a million as text, with a comma wherever the workbook is opened."""
    return f'IF({at}<1000,{at},INT({at}/1000)&","&RIGHT("00"&({at}-1000*INT({at}/1000)),3))'


def heads(sheet: Sheet, row: int, first: int, names: Sequence[Value | None], height: int = 36) -> None:
    """Column headings, in two lines where they are long."""
    sheet.set_row_pixels(row - 1, height)
    common.heads(sheet, row, first, names, "c", "broken")


def section(sheet: Sheet, row: int, title: str, first: int, last: int) -> None:
    """A line that names what stands below it, ruled from one column to another."""
    common.section(sheet, row, title, first, last, SECTION_HEIGHT)


def paragraph(sheet: Sheet, row: int, columns: tuple[int, int], text: Value, fit: int, *styles: str) -> None:
    """A text over several merged cells, as high as its lines, of which each holds `fit` characters."""
    first, last = columns
    if first < last:
        common.merge(sheet, (row - 1, first, row - 1, last), "wrap", *styles)
    sheet.put(row, first, text, "wrap", *styles)
    sheet.set_row_pixels(row - 1, 6 + 16 * -(-max(len(text) if isinstance(text, str) else 1, 1) // fit))


def pages(sheet: Sheet, scale: int, rows: Sequence[int]) -> None:
    """Print at a scale in per cent, at which the columns fit, and begin a page at each of some rows."""
    sheet.set_print_scale(scale)  # a program that fits a sheet to pages by itself ignores where they begin
    sheet.set_h_pagebreaks([row - 1 for row in rows])


def distinct(texts: Sequence[str]) -> str:
    """The different ones of some texts, in one that is not too long."""
    text = "; or: ".join(dict.fromkeys(texts))
    return text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"
