"""What sheets with a trace have in common: the strip of charts on top, header cells, column styles."""

from __future__ import annotations

import math
from collections.abc import Sequence
from decimal import ROUND_HALF_UP, Context, Decimal
from itertools import groupby

from sheetgen import style
from sheetgen.book import Book, Chart, Sheet
from sheetgen.formula import number
from sheetgen.layout import FIRST_ROW, HEADER_ROW, LAST_ROW, letter, quoted

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


def line_chart(
    book: Book, title: str, sheet: str, series: Sequence[tuple[str, str, str]], last: int, log: bool = False
) -> Chart:
    """Lines over the iterations. Each series: its name, the cell that holds its name, its range."""
    chart = book.chart({"type": "scatter", "subtype": "straight"}, title, "iteration", "", log)
    for k, (_, cell, values) in enumerate(series):
        column, row = cell.split("$")
        chart.add_series(
            {
                "name": f"={quoted(sheet)}!${column}${row}",
                "categories": f"={quoted(sheet)}!$A${FIRST_ROW}:$A${last}",
                "values": "=" + values,
                "line": style.series_line(k),
                "marker": {"type": "none"},
            }
        )
    font = {"name": style.FONT, "size": 9, "color": style.MUTED}
    grid = {"visible": False}
    rule = {"color": style.RULE, "width": 0.75}
    chart.set_x_axis(
        {"min": 0, "max": last - FIRST_ROW, "num_font": font, "name": "iteration", "major_gridlines": grid,
         "line": rule, "name_font": {**font, "bold": False}, "label_position": "low", "num_format": "#,##0"}
    )  # fmt: skip
    if len(series) == 1:
        chart.set_legend({"none": True})
    return chart


def place_strip(sheet: Sheet, chart: Chart, k: int, description: str, x: int = 0, width: int = CHART_WIDTH) -> None:
    """Put the k-th chart of the strip in its place."""
    chart.set_size({"width": width, "height": CHART_HEIGHT})
    where = {"x_offset": x + 4 + k * (width + 8), "y_offset": 4, "object_position": 3, "description": description}
    if sheet.insert_chart(2, 1, chart, where):
        raise ValueError(f"{sheet.name}: the chart could not be placed")


Area = tuple[int, int, int, int]  # first row, first column, last row, last column, counted from 0


def scientific(book: Book, sheet: Sheet, area: Area, *forms: str) -> None:
    """Have numbers that their column's format shows badly shown in scientific form, whatever they become.

    `forms` names the format of each column, or one of all: a number below 1e-4 would have few digits or none, a large
    one would not fit. A format with conditions of its own would lose the minus sign in some programs.
    """
    top, left, bottom, right = area
    given = forms * (right - left + 1) if len(forms) == 1 else forms
    columns = zip(range(left, right + 1), given, strict=True)
    for form, run in groupby(columns, lambda pair: pair[1]):
        at = [column for column, _ in run]
        rule = style.beyond(f"{letter(at[0])}{top + 1}", form)
        if form != "scientific":
            sheet.conditional_format(top, at[0], bottom, at[-1], {**rule, "format": book.conditional("beyond")})


DIGITS = 6  # significant, in worked lines
MOST_DIGITS = 9  # before the decimal sign
ROUND_UP = 2e-7  # added to a logarithm: what is rounded to 10.0000 counts as 10 before it is, and so does LOG10(1000)
LEAST_POWER = -307  # Excel has no smaller power of ten


def text_of(address: str) -> str:
    """A formula that writes a number as a person would in a worked line: 0.05, 0.606478, (-0.3), 1.2E-7.

    The decimal sign is that of the reader's country, which TEXT cannot have; and FIXED is not known to every program.
    Small and large numbers are a mantissa, E and an exponent, for programs differ in how they join these to a text.
    A negative number gets brackets, for it stands in sums.
    """
    power = f"INT(LOG10(ABS({address}))+{number(ROUND_UP)})"
    least = f"MAX({LEAST_POWER},{power})"
    plain = f'ROUND({address},MAX(0,{DIGITS - 1}-{power}))&""'
    written = (
        f"IF(OR(ABS({address})<{number(style.LEAST)},ABS({address})>=10^{MOST_DIGITS}),"
        f'ROUND({address}/10^{least},{DIGITS - 1})&"E"&{least},{plain})'
    )
    # By SIGN, for an engine holds whatever is nearer to 0 than 1e-15 equal to it.
    signed = f'IF(SIGN({address})<0,"("&{written}&")",{written})'
    return f'IF(ISNUMBER({address}),IF(SIGN({address})=0,"0",{signed}),{address})'


def text_value(x: float | str) -> str:
    """What `text_of` shows for a number."""
    if isinstance(x, str):
        return x
    if x == 0:
        return "0"
    power = math.floor(math.log10(abs(x)) + ROUND_UP)
    if style.LEAST <= abs(x) < 10**MOST_DIGITS:
        text = _rounded(abs(x), max(0, DIGITS - 1 - power))
    else:
        power = max(LEAST_POWER, power)
        text = f"{_rounded(abs(x) / 10.0**power, DIGITS - 1)}E{power}"
    return f"(-{text})" if x < 0 else text


def _rounded(x: float, digits: int) -> str:
    # ROUND rounds a half away from zero, and looks at 15 digits: 0.2314375 is a half, whatever its last bit says.
    places = Decimal(1).scaleb(-digits)
    text = f"{Decimal(f'{x:.15g}').quantize(places, ROUND_HALF_UP, Context(prec=400)):f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
