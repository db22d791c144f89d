"""The only file that imports XlsxWriter: a Book of Sheets, written beside its place and moved there when whole."""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple
from xml.sax.saxutils import escape

import xlsxwriter
from xlsxwriter.chart import Chart as Chart
from xlsxwriter.exceptions import FileCreateError
from xlsxwriter.format import Format
from xlsxwriter.worksheet import CellFormulaTuple, CellNumberTuple, Worksheet

from sheetgen import style
from sheetgen.files import move_into_place, staging
from sheetgen.layout import ABOVE, THIS, letter, quoted
from sheetgen.style import ACCENT
from sheetgen.text import retyped

Value = float | str
Rows = Callable[[], Iterator[Sequence[Value | None]]]  # None is #N/A, of which charts draw no point
Limits = tuple[float, float] | None  # of an axis

CREATED = datetime(2026, 1, 1)  # fixed, so that the same options give the same bytes
CHART_CACHE_ROWS = 2_000  # charts of longer tables are drawn from the cells alone


class BookError(RuntimeError):
    """XlsxWriter refused something; nothing is ever left out silently."""


class Stream(NamedTuple):
    """One column of a table that is written row by row: a formula for the first row, one for all below.

    THIS and ABOVE in a formula stand for row numbers; without a formula the column holds plain values.
    """

    style: Format
    first: str | None = None
    below: str | None = None


class Sheet(Worksheet):
    """XlsxWriter's worksheet, with exact numbers and with tables that are streamed into the file.

    A column of a trace is one formula, so a row of XML is one template: filling it in is 40 times faster than
    `write_formula` cell by cell, and needs no memory for the rows.
    """

    _table: tuple[int, int, int, list[Stream], Rows] | None = None
    _cache: list[Sequence[Value | None]] | None = None
    typed: Callable[[Format], Format] = staticmethod(lambda form: form)  # the Book's
    dim_rowmax: int  # XlsxWriter's

    def __init__(self) -> None:
        super().__init__()
        self.cached: dict[str, Value] = {}  # what each formula written by `put` shows, by absolute address

    def put(self, row: int, column: int, value: Value | None, form: Format, formula: str | None = None) -> None:
        """Write a cell (row counted from 1, column from 0): a number, a text, or a formula with its cached value."""
        before = self.table[row - 1].get(column)
        if before is not None and type(before).__name__ != "Blank":
            raise BookError(f"{self.name}, {letter(column)}{row}: the cell is written twice")
        if isinstance(value, float) and not math.isfinite(value):
            raise BookError(f"{self.name}, {letter(column)}{row}: no cell can hold {value}")
        if formula is not None:
            self.cached[f"${letter(column)}${row}"] = "" if value is None else value
            code = self.write_formula(row - 1, column, "=" + formula, form, value)
        elif value is None:
            code = self.write_blank(row - 1, column, None, form)
        elif isinstance(value, str):
            code = self.write_string(row - 1, column, value, form)
        else:
            code = self.write_number(row - 1, column, value, form)
        if code:
            raise BookError(f"{self.name}, {letter(column)}{row}: XlsxWriter refused {formula or value!r} ({code})")

    def fill(self, row: int, column: int, formula: str | None, value: float, form: Format) -> None:
        """Write one of very many numbers, or formulas that need no rewriting: as `put`, five times as fast.

        What `put` looks for is not looked for: a cell that is written twice, a number that no cell can hold.
        """
        cell = CellNumberTuple(value, form) if formula is None else CellFormulaTuple(formula, form, value)
        self.table[row - 1][column] = cell

    def filled(self, row: int, column: int, last_row: int, last_column: int) -> None:
        """Say where `fill` writes, in rows counted from 1. Raises BookError if that is not on a sheet."""
        for r, c in ((row - 1, column), (last_row - 1, last_column)):
            if self._check_dimensions(r, c):
                raise BookError(f"{self.name}: {letter(c)}{r + 1:,} does not fit on a sheet")

    def stream(self, first_row: int, last_row: int, column: int, columns: list[Stream], rows: Rows) -> None:
        """Have a table written below everything else of this sheet. `rows()` gives its values from the first row on.

        Rows are counted from 1. The values are asked for when the file is written, a row at a time.
        """
        self._table = (first_row, last_row, column, columns, rows)
        right = column + len(columns) - 1
        if self._check_dimensions(first_row - 1, column) or self._check_dimensions(last_row - 1, right):
            raise BookError(f"{self.name}: rows {first_row:,} to {last_row:,} do not fit on a sheet")

    def _write_string(self, row: int, col: int, string: str, cell_format: Format | None = None) -> Any:
        # All texts come by here, links' too: one that begins like a formula stays a text when a person edits its cell.
        form = self.typed(cell_format) if cell_format and retyped(string) else cell_format
        return super()._write_string(row, col, string, form)

    def _xml_number_element(self, number: float, attributes: Iterable[tuple[str, Any]] = ()) -> None:
        # XlsxWriter writes 16 digits; a double needs up to 17, and an input must come back as it was typed.
        attr = "".join(f' {key}="{value}"' for key, value in attributes)
        self.fh.write(f"<c{attr}><v>{float(number)!r}</v></c>")

    def _xml_formula_element(self, formula: str, result: Any, attributes: Iterable[tuple[str, Any]] = ()) -> None:
        # XlsxWriter writes a result that is an empty text as if there were none.
        super()._xml_formula_element(formula, result, [*attributes, *([("t", "str")] if result == "" else [])])

    def _write_sheet_data(self) -> None:
        if self._table is None:
            super()._write_sheet_data()
            return
        first_row, last_row, column, columns, rows = self._table
        if beside := [row for row in self.table if row >= first_row - 1]:
            raise BookError(f"{self.name}: cells of row {beside[0] + 1} stand where the table is")
        self._xml_start_tag("sheetData")
        lowest = self.dim_rowmax
        self.dim_rowmax = first_row - 2  # else XlsxWriter would make a dict for every row below
        self._write_rows()
        self.dim_rowmax = lowest
        templates: dict[tuple[object, ...], str] = {}
        for row, values in zip(range(first_row, last_row + 1), rows(), strict=True):
            types = ["str" if isinstance(v, str) else "e" if v is None else "" for v in values]
            kind = (row == first_row, *types)
            if kind not in templates:
                formulas = [s.first if row == first_row else s.below for s in columns]
                indices = [s.style._get_xf_index() for s in columns]
                templates[kind] = _row_template(column, indices, formulas, types)
            if any(types):
                values = [escape(v) if isinstance(v, str) else "#N/A" if v is None else v for v in values]
            self.fh.write(templates[kind].replace(THIS, str(row)).replace(ABOVE, str(row - 1)) % tuple(values))
        self._xml_end_tag("sheetData")

    def _get_range_data(self, row_start: int, col_start: int, row_end: int, col_end: int) -> Any:
        # The numbers that a chart caches, so that a preview draws it.
        if self._table is None or row_start + 1 < self._table[0]:
            return super()._get_range_data(row_start, col_start, row_end, col_end)
        first_row, last_row, column, _, rows = self._table
        if last_row - first_row > CHART_CACHE_ROWS:
            return ()
        if self._cache is None:
            self._cache = list(islice(rows(), last_row - first_row + 1))
        picked = self._cache[row_start + 1 - first_row : row_end + 2 - first_row]
        return [row[c - column] for row in picked for c in range(col_start, col_end + 1)]


def _row_template(column: int, indices: list[int], formulas: list[str | None], types: list[str]) -> str:
    """The XML of one row, with THIS and ABOVE for row numbers, and %r for its numbers and %s for its texts."""
    parts = [f'<row r="{THIS}">']
    for k, (index, formula, kind) in enumerate(zip(indices, formulas, types, strict=True)):
        start = f'<c r="{letter(column + k)}{THIS}" s="{index}"'
        f = f"<f>{escape(formula).replace('%', '%%')}</f>" if formula else ""
        if not kind:
            parts.append(f"{start}>{f}<v>%r</v></c>")
        elif formula:
            parts.append(f'{start} t="{kind}">{f}<v>%s</v></c>')
        else:
            parts.append(f'{start} t="inlineStr"><is><t>%s</t></is></c>')
    return "".join(parts) + "</row>"


class Book:
    """A workbook being written. Styles are named in `style.STYLES` and merged."""

    def __init__(self, path: Path, title: str):
        self.workbook = xlsxwriter.Workbook(str(path), {"strings_to_numbers": False, "use_zip64": False})
        self.workbook.worksheet_class = Sheet
        self._styles: dict[tuple[str, ...], Format] = {}
        self._names: dict[str, tuple[str, str]] = {}
        self.workbook.set_properties({
            "title": title, "author": "sheetgen", "company": "", "created": CREATED,
            "subject": "A neural network whose training is live formulas",
            "keywords": "backpropagation, neural network, gradient descent, sheetgen",
            "comments": "Made by sheetgen. Every number of the training is a formula; see the sheet Start.",
        })  # fmt: skip
        self.workbook.formats[0].set_font_name(style.FONT)
        self.workbook.formats[0].set_font_size(10)
        self.workbook.set_calc_mode("auto")
        self.workbook.set_size(1_600, 930)

    def style(self, *names: str) -> Format:
        """The cell format that merges the named styles."""
        if names not in self._styles:
            merged: dict[str, Any] = {}
            for name in ("base", *names):
                merged |= style.STYLES[name]
            form = self._styles[names] = self.workbook.add_format(merged)
            # Numbered in the order of use, not of sheets: what Start writes last then changes no other sheet's numbers.
            form._get_xf_index()
        return self._styles[names]

    def typed(self, form: Format) -> Format:
        """The cell format like another for a text that a person's F2 and Enter must not make a formula of."""
        return self.style(*next(names for names, known in self._styles.items() if known is form), "typed")

    def conditional(self, name: str) -> Format:
        """The differential format (colours only) of a conditional format."""
        key = ("conditional", name)
        if key not in self._styles:
            self._styles[key] = self.workbook.add_format(style.STYLES[name])
        return self._styles[key]

    def sheet(self, name: str, heading: str, subtitle: str, colour: str = ACCENT) -> Sheet:
        """A new sheet with its heading, a link back to Start, and its print set-up."""
        sheet: Sheet = self.workbook.add_worksheet(name)
        sheet.typed = self.typed
        sheet.hide_gridlines(2)
        sheet.set_tab_color(colour)
        sheet.set_row_pixels(0, 34)
        sheet.put(1, 0, heading, self.style("title"))
        sheet.put(2, 0, subtitle, self.style("subtitle"))
        sheet.set_landscape()
        sheet.set_paper(9)
        sheet.fit_to_pages(1, 0)
        sheet.set_margins(left=0.4, right=0.4, top=0.5, bottom=0.6)
        sheet.set_footer('&L&8&"Arial"sheetgen&C&8&A&R&8page &P of &N')
        return sheet

    def name(self, name: str, sheet: str, address: str) -> None:
        """Define a name for one cell, such as learning_rate."""
        if self.workbook.define_name(name, f"={quoted(sheet)}!{address}"):
            raise BookError(f"Excel does not allow the name {name!r}")
        self._names[name] = (sheet, address)

    def shown(self, name: str) -> Value:
        """What the formula in the cell of a defined name shows."""
        sheet, address = self._names[name]
        cached: dict[str, Value] = self.workbook.get_worksheet_by_name(sheet).cached
        return cached[address]

    def link(self, sheet: Sheet, row: int, column: int, target: str, text: str, tip: str, *styles: str) -> None:
        """A hyperlink to another sheet."""
        form = self.style("link", *styles)
        if sheet.write_url(row - 1, column, f"internal:{quoted(target)}!A1", form, text, tip):
            raise BookError(f"{sheet.name}: the link to {target} was refused")

    def chart(
        self, kind: dict[str, str], title: str, x: str, y: str, log: bool = False, across: Limits = None,
        up: Limits = None, right: str = "",
    ) -> Chart:  # fmt: skip
        """An empty chart in the house style; `across` and `up` are where its axes begin and end.

        `right` names a second y axis, for series with `y2_axis`.
        """
        chart = self.workbook.add_chart(kind)
        font = {"name": style.FONT, "size": 9, "color": style.MUTED}
        chart.set_title({"name": title, "name_font": {**font, "size": 11, "bold": True, "color": style.INK}})
        rule = {"color": style.RULE, "width": 0.75}
        axis = {"num_font": font, "name_font": {**font, "bold": False}, "line": rule}
        low = {"major_gridlines": {"visible": False}, "label_position": "low"}
        chart.set_x_axis({**axis, "name": x, **low, **_limits(across)})
        extra = {"log_base": 10, "num_format": "0E+00"} if log else _limits(up)
        chart.set_y_axis({**axis, "name": y, "major_gridlines": {"visible": True, "line": rule}, **extra})
        if right:
            chart.set_y2_axis({**axis, "name": right, "min": 0, "major_gridlines": {"visible": False}})
        chart.set_legend({"position": "right", "font": font})
        chart.set_chartarea({"border": {"color": style.RULE}, "fill": {"color": "#FFFFFF"}})
        chart.set_plotarea({"fill": {"color": "#FFFFFF"}})
        return chart


def _limits(ends: Limits) -> dict[str, float]:
    return {} if ends is None else {"min": ends[0], "max": ends[1]}


@contextmanager
def writing(
    path: Path, title: str, error: Callable[[str], Exception] | None = None, hint: str = ""
) -> Iterator[Book]:
    """A Book that is written beside `path` and moved there when it is whole; an existing file survives a failure.

    Raises OSError with the reason when the folder cannot be written to, or as `staging` does. Warnings of XlsxWriter
    are errors.
    """
    with staging(path, error, hint) as folder, warnings.catch_warnings():
        warnings.simplefilter("error", UserWarning)  # XlsxWriter's kind; other libraries' deprecations stop nobody
        draft = folder / path.name
        book = Book(draft, title)
        book.workbook.tmpdir = str(folder)  # its unpacked parts go where they are removed, whatever happens
        yield book
        try:
            book.workbook.close()
        except FileCreateError as error:
            raise error.args[0] from None  # the OSError that XlsxWriter wrapped
        finally:
            for sheet in (s for s in book.workbook.worksheets() if s.fh is not None):  # one that failed half-way
                sheet.fh.close()
        move_into_place(draft, path)
