"""Shared by the MNIST sheets: their names, the order of the claims, headings, sections, charts and verdicts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from mnist import live
from sheetgen.writer import style
from sheetgen.writer.book import Book, Chart, Sheet, Value
from sheetgen.writer.plan import START
from sheetgen.writer.trace import letter

REPORT, ARCHITECTURE, LOG, ERRORS = "MNIST report", "Architecture", "Training log", "Errors"
INDEX = (
    (REPORT, "digits read by a small network: goal, checklist, every seed, and what each step taught"),
    (ARCHITECTURE, "its layers: sizes, receptive fields, parameters, multiply-adds, all live"),
    (LOG, "every epoch of every run, with charts of loss and accuracy"),
    (ERRORS, "confusion matrix, precision, recall, and the list of the wrong images"),
)
PICTURED = ", with pictures of {count} of them"  # what Start adds of Errors, if MNIST was at hand
LIVE_INDEX = (
    (live.LIVE, "paint a digit in cells, and the network reads it; look at any channel of any layer"),
    (live.LAYERS, "every activation of that network as one short formula"),
    (live.WEIGHTS, "every weight by its PyTorch name, counted live"),
    (live.SAMPLES, "twenty digits to try, and PyTorch’s logits for each"),
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
PASS, FAIL = "PASS", "FAIL"
NO_TARGET, NO_SEED = "no target", "no such seed"


def of_target(formula: str) -> str:
    """A formula that has a value only where the target is a number."""
    return f'IF(ISNUMBER(mnist_target),{formula},"{NO_TARGET}")'


def open_sheet(book: Book, name: str, heading: str, subtitle: str, widths: Sequence[float]) -> Sheet:
    """A new sheet with the link back to Start and its columns' widths."""
    sheet = book.sheet(name, heading, subtitle)
    book.link(sheet, 3, 0, START, "← Start", "Back to the index")
    for column, width in enumerate(widths):
        sheet.set_column(column, column, width)
    return sheet


def section(book: Book, sheet: Sheet, row: int, title: str, first: int, last: int, height: int = 28) -> None:
    """A line that names what stands below it, ruled from one column to another."""
    sheet.set_row_pixels(row - 1, height)
    for k in range(first, last + 1):
        sheet.put(row, k, title if k == first else None, book.style("section"))


def heads(book: Book, sheet: Sheet, row: int, first: int, names: Sequence[Value], height: int = 36) -> None:
    """Column headings, in two lines where they are long."""
    sheet.set_row_pixels(row - 1, height)
    for k, name in enumerate(names, first):
        sheet.put(row, k, name, book.style("head", "center", "broken"))


def merge(sheet: Sheet, area: tuple[int, int, int, int], form: Any) -> None:
    """Make one cell of an area: first row and column, last row and column, all from 0."""
    if sheet.merge_range(*area, "", form):
        raise ValueError(f"{sheet.name}: the cells of row {area[0] + 1} could not be merged")


def typed(sheet: Sheet, area: tuple[int, int, int, int], kind: str, title: str, message: str, **more: Any) -> None:
    """Limit what a person may type into an area, from 0; `more` is XlsxWriter's, such as `minimum` and `maximum`."""
    limits = {"criteria": "between"} if "minimum" in more else {}
    rule = {"validate": kind, **limits, "input_title": title, "input_message": message, **more}
    if sheet.data_validation(*area, rule):
        raise ValueError(f"{sheet.name}: what may be typed for {title} was refused")


def dots(k: int, size: int) -> dict[str, Any]:
    """The markers of a chart's k-th line."""
    return {"type": "circle", "size": size, "fill": {"color": style.SERIES[k]}, "border": {"none": True}}


def insert(
    sheet: Sheet, cell: tuple[int, int], chart: Chart, size: tuple[int, int], offset: tuple[int, int], text: str
) -> None:
    """Put a chart at a cell, row and column from 0; `text` is for whoever cannot see it."""
    chart.set_size({"width": size[0], "height": size[1]})
    options = {"x_offset": offset[0], "y_offset": offset[1], "object_position": 3, "description": text}
    if sheet.insert_chart(*cell, chart, options):
        raise ValueError(f"{sheet.name}: a chart could not be placed")


def paragraph(book: Book, sheet: Sheet, row: int, columns: tuple[int, int], text: str, fit: int, *styles: str) -> None:
    """A text over several merged cells, as high as its lines, of which each holds `fit` characters."""
    first, last = columns
    form = book.style("wrap", *styles)
    if first < last:
        merge(sheet, (row - 1, first, row - 1, last), form)
    sheet.put(row, first, text, form)
    sheet.set_row_pixels(row - 1, 6 + 16 * -(-max(len(text), 1) // fit))


def colour_verdicts(book: Book, sheet: Sheet, row: int, column: int, last_row: int | None = None) -> None:
    """Green for PASS and red for FAIL, live."""
    first = f"${letter(column)}{row}"
    for word, look in ((PASS, "pass"), (FAIL, "fail")):
        rule = {"type": "formula", "criteria": f'={first}="{word}"', "format": book.conditional(look)}
        sheet.conditional_format(row - 1, column, (last_row or row) - 1, column, rule)


def distinct(texts: Sequence[str]) -> str:
    """The different ones of some texts, in one that is not too long."""
    text = "; or: ".join(dict.fromkeys(texts))
    return text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"
