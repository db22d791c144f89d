"""What sheets with a trace have in common: the strip of charts on top, header cells, column styles."""

from __future__ import annotations

import math
from collections.abc import Sequence
from decimal import ROUND_HALF_UP, Context, Decimal

from sheetgen import style
from sheetgen.book import Book, Chart, Sheet
from sheetgen.layout import HEADER_ROW, LAST_ROW, letter

ROW = 20  # pixels
CHART_WIDTH, CHART_HEIGHT = 470, 11 * ROW + 12
CHART_LIMIT = 60  # series in one chart: more cannot be told apart


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


DIGITS = 6  # significant, in worked lines


def text_of(address: str) -> str:
    """A formula that writes a number as a person would in a worked line: 0.05, 0.606478, (-0.3).

    FIXED follows the decimal sign of the reader's country, where TEXT would need a format of that country; ROUND
    comes first because engines differ in how FIXED rounds. A negative number gets brackets, for it stands in sums.
    """
    many = f"MAX(0,MIN(11,{DIGITS - 1}-INT(LOG10(ABS({address})))))"
    digits = f"IF(ROUND({address},0)={address},0,IF(ROUND({address},2)={address},2,{many}))"
    written = f"FIXED(ROUND({address},{digits}),{digits},TRUE)"
    signed = f'IF({address}<0,"("&{written}&")",{written})'
    return f'IF(ISNUMBER({address}),IF({address}=0,"0",{signed}),{address})'


def text_value(x: float | str) -> str:
    """What `text_of` shows for a number."""
    if isinstance(x, str):
        return x
    if x == 0:
        return "0"
    many = max(0, min(11, DIGITS - 1 - math.floor(math.log10(abs(x)))))
    digits = next((d for d in (0, 2) if round(x, d) == x), many)
    # ROUND rounds a half away from zero, and looks at 15 digits: 0.2314375 is a half, whatever its last bit says.
    places = Decimal(1).scaleb(-digits)
    text = f"{Decimal(f'{abs(x):.15g}').quantize(places, ROUND_HALF_UP, Context(prec=400)):f}"
    return f"(-{text})" if x < 0 else text
