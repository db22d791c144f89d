"""What sheets with a trace have in common: the strip of charts on top, header cells, column styles."""

from __future__ import annotations

from collections.abc import Sequence

from sheetgen.writer import style
from sheetgen.writer.book import Book, Chart, Sheet
from sheetgen.writer.digits import Area
from sheetgen.writer.plan import START
from sheetgen.writer.trace import HEADER_ROW, LAST_ROW, letter

ROW = 20  # pixels
CHART_WIDTH, CHART_HEIGHT = 470, 11 * ROW + 12
CHART_LIMIT = 60  # series in one chart: more cannot be told apart


def opened(book: Book, name: str, heading: str, subtitle: str) -> Sheet:
    """A new sheet with a link back to Start."""
    sheet = book.sheet(name, heading, subtitle)
    book.link(sheet, 3, 0, START, "← Start", "Back to the index")
    return sheet


def colour(book: Book, sheet: Sheet, area: Area, test: str, look: str, stop: bool = False) -> None:
    """Give the cells of an area a look where a test holds, written for the first of them; `stop`: then no other."""
    rule = {"type": "formula", "criteria": f"={test}", "format": book.conditional(look)}
    sheet.conditional_format(*area, rule | ({"stop_if_true": True} if stop else {}))


def limit(sheet: Sheet, area: Area, ends: tuple[str, float, float], texts: tuple[str, str, str, str]) -> None:
    """Limit what may be typed: its kind, least and most; title and text of the hint, then those of the complaint."""
    rule = dict(zip(("validate", "minimum", "maximum"), ends, strict=True)) | {"criteria": "between"}
    rule |= dict(zip(("input_title", "input_message", "error_title", "error_message"), texts, strict=True))
    sheet.data_validation(*area, rule)


def strip(sheet: Sheet, columns: int) -> None:
    """Row heights and column widths of a sheet with a trace: the rows above the header stay in view."""
    for row in range(2, HEADER_ROW):
        sheet.set_row_pixels(row, ROW)
    sheet.set_column(0, 0, 11)
    sheet.set_column(1, columns, style.COLUMN_WIDTH)
    sheet.freeze_panes(HEADER_ROW, 1)
    # The first row of a column is not like the others, on purpose: Excel need not mark it with a green triangle.
    sheet.ignore_errors({"formula_differs": f"A1:{letter(columns)}{LAST_ROW}"})


def headers(book: Book, sheet: Sheet, first: int, names: Sequence[str], row: int = HEADER_ROW) -> None:
    """A row of column headings."""
    for k, name in enumerate(names):
        sheet.put(row, first + k, name, book.style("head", "center"))


def place_strip(sheet: Sheet, chart: Chart, k: int, description: str, x: int = 0, width: int = CHART_WIDTH) -> None:
    """Put the k-th chart of the strip in its place."""
    chart.set_size({"width": width, "height": CHART_HEIGHT})
    where = {"x_offset": x + 4 + k * (width + 8), "y_offset": 4, "object_position": 3, "description": description}
    if sheet.insert_chart(2, 1, chart, where):
        raise ValueError(f"{sheet.name}: the chart could not be placed")
