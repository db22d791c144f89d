"""The parts of all sheets: headings, sections, rows of a table, colours that follow a test, cells to type into."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from sheetgen.writer import style
from sheetgen.writer.book import Book, Chart, Link, Sheet, Value
from sheetgen.writer.digits import Area
from sheetgen.writer.trace import HEADER_ROW, LAST_ROW, START, letter

ROW, SECTION_HEIGHT = 20, 26  # pixels
CHART_LIMIT = 60  # series in one chart: more cannot be told apart
VERDICTS = (("PASS", "pass"), ("FAIL", "fail"))
SIDES = {"l": ("left",), "c": ("center",), "r": ("right",), " ": ()}


def opened(
    book: Book, name: str, heading: str, subtitle: str, widths: Sequence[float] = (), look: str = "subtitle"
) -> Sheet:
    """A new sheet with a link back to Start, and the widths of its first columns."""
    sheet = book.sheet(name, heading, subtitle, look=look)
    sheet.link(3, 0, Link.to(START, "← Start", "Back to the index"))
    columns(sheet, widths)
    return sheet


def back(sheet: Sheet, names: Sequence[str], apart: int = 1) -> None:
    """Links to the sheets that a person came from, some columns apart."""
    for k, name in enumerate(names):
        sheet.link(3, apart * k, Link.to(name, f"← {name}", f"Back to {name}"))


def columns(sheet: Sheet, widths: Sequence[float]) -> None:
    """Set the widths of the first columns."""
    for column, width in enumerate(widths):
        sheet.set_column(column, column, width)


def across(sheet: Sheet, row: int, first: int, values: Sequence[Value | None], *look: str) -> None:
    """Write some cells of a row that look alike."""
    for column, value in enumerate(values, first):
        sheet.put(row, column, value, *look)


def numbers(
    sheet: Sheet, row: int, first: int, values: Iterable[Value | None], forms: Iterable[str], *look: str
) -> None:
    """Write the numbers of a row of a table, each in its form and amid its cell."""
    for column, (value, form) in enumerate(zip(values, forms, strict=True), first):
        sheet.put(row, column, value, "cell", *look, "center", form)


def heads(sheet: Sheet, row: int, first: int, names: Sequence[Value | None], sides: str = "c", *look: str) -> None:
    """Write column headings; `sides` says for each, the last letter for all others, on which side its text stands."""
    for k, name in enumerate(names):
        sheet.put(row, first + k, name, "head", *SIDES[sides[min(k, len(sides) - 1)]], *look)


def line(sheet: Sheet, row: int, text: Value | None, first: int, last: int, *look: str) -> None:
    """Write a text that runs over several cells, without merging them: those right of it stay empty."""
    across(sheet, row, first, [text, *[None] * (last - first)], *look)


def section(sheet: Sheet, row: int, title: str | None, first: int, last: int, height: int | None = None) -> None:
    """Name what stands below, in a line ruled from one column to another; its height in pixels."""
    if height:
        sheet.set_row_pixels(row - 1, height)
    line(sheet, row, title, first, last, "section")


def colour(sheet: Sheet, area: Area, test: str, look: str, stop: bool = False) -> None:
    """Give the cells of an area a look where a test holds, written for the first of them; `stop`: then no other."""
    rule = {"type": "formula", "criteria": f"={test}", "format": sheet.book.conditional(look)}
    sheet.conditional_format(*area, rule | ({"stop_if_true": True} if stop else {}))


def colour_words(
    sheet: Sheet, area: Area, at: str = "", words: Sequence[tuple[str, str]] = VERDICTS, stop: bool = False
) -> None:
    """Give the cells of an area a look for each word; `at` is how a test refers to the first of them."""
    for word, look in words:
        colour(sheet, area, f'{at or first_of(area)}="{word}"', look, stop)


def first_of(area: Area) -> str:
    """The address of the first cell of an area."""
    return f"{letter(area[1])}{area[0] + 1}"


class InputRule(NamedTuple):
    """The limits of what is typed: numbers between two, or the texts of a list; the hint, and the complaint."""

    kind: str  # decimal, integer or list
    ends: tuple[float, float] | None = None
    source: str | Sequence[str] | None = None
    hint: tuple[str, str] = ("", "")  # title, text
    complaint: tuple[str, str] = ("", "")


def limit(sheet: Sheet, area: Area, typed: InputRule) -> None:
    """Limit what a person may type into an area."""
    rule: dict[str, Any] = {"validate": typed.kind}
    if typed.ends:
        rule |= {"criteria": "between", "minimum": typed.ends[0], "maximum": typed.ends[1]}
    if typed.source is not None:
        rule["source"] = typed.source
    texts = zip(
        ("input_title", "input_message", "error_title", "error_message"), typed.hint + typed.complaint, strict=True
    )
    if sheet.data_validation(*area, rule | {key: text for key, text in texts if text}):
        raise ValueError(f"{sheet.name}: what may be typed for {typed.hint[0]} was refused")


def page(sheet: Sheet, frozen: tuple[int, int], last: tuple[int, int], repeat: bool = False) -> None:
    """Keep rows and columns in view, print as far as a row and column; `repeat`: with the last row in view on top."""
    sheet.freeze_panes(*frozen)
    sheet.print_area(0, 0, last[0] - 1, last[1])
    if repeat:
        sheet.repeat_rows(frozen[0] - 1)


def lock(sheet: Sheet, **allowed: bool) -> None:
    """Protect a sheet without a password; its columns may be made wider."""
    sheet.protect("", {"format_columns": True, **allowed})


def merge(sheet: Sheet, area: Area, *look: str) -> None:
    """Make one cell of an area."""
    if sheet.merge_range(*area, "", sheet.style(*look)):
        raise ValueError(f"{sheet.name}: the cells of row {area[0] + 1} could not be merged")


def fold(sheet: Sheet, first: int, last: int) -> None:
    """Fold columns away, which Excel's + above the column after them unfolds: charts and formulas still read them."""
    sheet.set_column(first, last, style.COLUMN_WIDTH, None, {"level": 1, "hidden": True})
    sheet.set_column(last + 1, last + 1, None, None, {"collapsed": True})


def strip(sheet: Sheet, width: int) -> None:
    """Row heights and column widths of a sheet with a trace: the rows above the header stay in view."""
    for row in range(2, HEADER_ROW):
        sheet.set_row_pixels(row, ROW)
    sheet.set_column(0, 0, 11)
    sheet.set_column(1, width, style.COLUMN_WIDTH)
    sheet.freeze_panes(HEADER_ROW, 1)
    sheet.repeat_rows(HEADER_ROW - 1)
    # The first row of a column is not like the others, on purpose: Excel need not mark it with a green triangle.
    sheet.ignore_errors({"formula_differs": f"A1:{letter(width)}{LAST_ROW}"})


class Box(NamedTuple):
    """Where a chart stands: the cell, row and column from 0; how far from its corner, and how large, in pixels."""

    cell: tuple[int, int]
    offset: tuple[int, int]
    size: tuple[int, int]


def insert(sheet: Sheet, chart: Chart, box: Box, text: str) -> None:
    """Put a chart in its place; `text` is for whoever cannot see it."""
    chart.set_size({"width": box.size[0], "height": box.size[1]})
    options = {"x_offset": box.offset[0], "y_offset": box.offset[1], "object_position": 3, "description": text}
    if sheet.insert_chart(*box.cell, chart, options):
        raise ValueError(f"{sheet.name}: the chart could not be placed")


def bars(chart: Chart, k: int, name: str, x: str, y: str, **look: Any) -> None:
    """Add the k-th row of columns of a chart."""
    fill = {"fill": {"color": style.SERIES[k]}, "border": {"none": True}}
    chart.add_series({"name": name, "categories": f"={x}", "values": f"={y}", **fill, **look})


def below(chart: Chart, **more: Any) -> None:
    """Put the legend of a chart below it."""
    chart.set_legend({"position": "bottom", "font": style.label_font(), **more})


def curve(chart: Chart, k: int, name: str, x: str, y: str, **look: Any) -> None:
    """Add the k-th line of a chart, without points if its look does not say otherwise."""
    line = {"line": style.series_line(k), "marker": {"type": "none"}}
    chart.add_series({"name": name, "categories": f"={x}", "values": f"={y}", **line, **look})
