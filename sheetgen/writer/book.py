"""The only file that imports XlsxWriter: a Book of Sheets, written beside its place and moved there when whole."""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

import xlsxwriter
from xlsxwriter.chart import Chart as Chart
from xlsxwriter.exceptions import FileCreateError
from xlsxwriter.format import Format
from xlsxwriter.worksheet import CellFormulaTuple, CellNumberTuple, Worksheet

from sheetgen.base.files import move_into_place, staging
from sheetgen.base.text import retyped
from sheetgen.writer import style
from sheetgen.writer.stream import Cells, Results, Rows, StreamTable
from sheetgen.writer.stream import Formula as Formula
from sheetgen.writer.stream import Link as Link
from sheetgen.writer.stream import Stream as Stream
from sheetgen.writer.stream import Value as Value
from sheetgen.writer.style import ACCENT, Axes
from sheetgen.writer.trace import letter, quoted

# Sheet by sheet, what the formulas show that come without a value, given all cells and the defined names.
Calculate = Callable[[Mapping[str, Cells], Mapping[str, str]], Mapping[str, Results]]

CREATED = datetime(2026, 1, 1)  # fixed, so that the same options give the same bytes
MOST_CALCULATED = 3_000_000  # cells; of a larger workbook the formulas without a value get theirs when it is opened


class BookError(RuntimeError):
    """XlsxWriter refused something; nothing is ever left out silently."""


class Sheet(Worksheet):
    """XlsxWriter's worksheet, with exact numbers and with tables that are streamed into the file."""

    _table: StreamTable | None = None
    book: Book
    dim_rowmax: int  # XlsxWriter's

    def __init__(self) -> None:
        super().__init__()
        self._texts: dict[tuple[int, int], str] = {}  # XlsxWriter keeps a number in their place

    def style(self, *names: str) -> Format:
        """The cell format that merges the named styles."""
        return self.book.style(*names)

    def put(self, row: int, column: int, value: Value | None, *look: str | Format) -> None:
        """Write a cell (row counted from 1, column from 0): a number, a text, or a Formula.

        `look` names the styles that the cell format merges, or is that format.
        """
        form = look[0] if look and isinstance(look[0], Format) else self.book.style(*look)
        before = self.table[row - 1].get(column)
        if before is not None and type(before).__name__ != "Blank":
            raise BookError(f"{self.name}, {letter(column)}{row}: the cell is written twice")
        number = value.value if isinstance(value, Formula) else value
        if isinstance(number, float) and not math.isfinite(number):
            raise BookError(f"{self.name}, {letter(column)}{row}: no cell can hold {number}")
        if isinstance(value, Formula):
            code = self.write_formula(row - 1, column, f"={value}", form, number)
        elif value is None:
            code = self.write_blank(row - 1, column, None, form)
        elif isinstance(value, str):
            self._texts[row, column] = value
            code = self.write_string(row - 1, column, value, form)
        else:
            code = self.write_number(row - 1, column, value, form)
        if code:
            raise BookError(f"{self.name}, {letter(column)}{row}: XlsxWriter refused {value!r} ({code})")

    def live(self, row: int, column: int, formula: str, *look: str | Format) -> None:
        """Write a formula whose cached value an engine calculates when the workbook is whole."""
        self.put(row, column, Formula(formula), *look)

    def link(self, row: int, column: int, link: Link, *styles: str) -> None:
        """Write a hyperlink."""
        form = self.style("link", *styles)
        if code := self.write_url(row - 1, column, link.target, form, link.text, link.tip or None):
            raise BookError(f"{self.name}: the link to {link.target} was refused ({code})")

    def define(self, **names: str) -> None:
        """Define names for some cells of this sheet, such as learning_rate."""
        for name, address in names.items():
            self.book.name(name, self.name, address)

    def fill(self, row: int, column: int, formula: str | None, value: Value, form: Format) -> None:
        """Write one of very many numbers or formulas: as `put`, but faster, for it looks for nothing."""
        row_of = self.table[row - 1]
        row_of[column] = CellFormulaTuple(formula, form, value) if formula else CellNumberTuple(value, form)

    def filled(self, row: int, column: int, last_row: int, last_column: int) -> None:
        """Say where `fill` writes, in rows counted from 1. Raises BookError if that is not on a sheet."""
        for r, c in ((row - 1, column), (last_row - 1, last_column)):
            if self._check_dimensions(r, c):
                raise BookError(f"{self.name}: {letter(c)}{r + 1:,} does not fit on a sheet")

    def stream(self, first_row: int, last_row: int, column: int, columns: list[Stream], rows: Rows) -> None:
        """Have a table written below everything else of this sheet. `rows()` gives its given values, row by row.

        Rows are counted from 1. The values are asked for when the file is written, a row at a time.
        """
        table = self._table = StreamTable(first_row, last_row, column, columns, rows)
        if self._check_dimensions(first_row - 1, column) or self._check_dimensions(last_row - 1, table.right):
            raise BookError(f"{self.name}: rows {first_row:,} to {last_row:,} do not fit on a sheet")

    @property
    def size(self) -> int:
        """How many cells it has."""
        return sum(map(len, self.table.values())) + (self._table.size if self._table else 0)

    def contents(self) -> Cells:
        """All cells that hold something, for an engine that calculates what formulas show that have no value."""
        for row, cells in self.table.items():
            for column, cell in cells.items():
                if isinstance(cell, CellNumberTuple):
                    yield row + 1, column, None, cell.number
                elif isinstance(cell, CellFormulaTuple):
                    yield row + 1, column, cell.formula, cell.value
        yield from ((row, column, None, text) for (row, column), text in self._texts.items())
        if self._table:
            yield from self._table.contents()

    def fill_in(self, results: Results) -> None:
        """Take what was calculated as the cached values of the formulas that have none."""
        for row, cells in self.table.items():
            for column, cell in cells.items():
                if isinstance(cell, CellFormulaTuple) and cell.value is None:
                    cells[column] = cell._replace(value=results[row + 1, column])
        if self._table:
            self._table.results = results

    def _prepare_formula(self, formula: str, expand_future_functions: bool = False) -> str:
        # XlsxWriter looks for 29 functions of later Excels in every formula; here are none, which the linter holds.
        return formula.removeprefix("=")

    def _write_string(self, row: int, col: int, string: str, cell_format: Format | None = None) -> Any:
        # All texts come by here, links' too: one that begins like a formula stays a text when a person edits its cell.
        form = self.book.typed(cell_format) if cell_format and retyped(string) else cell_format
        return super()._write_string(row, col, string, form)

    def _xml_number_element(self, number: float, attributes: Iterable[tuple[str, Any]] = ()) -> None:
        # XlsxWriter writes 16 digits; a double needs up to 17, and an input must come back as it was typed.
        attr = "".join(f' {key}="{value}"' for key, value in attributes)
        self.fh.write(f"<c{attr}><v>{float(number)!r}</v></c>")

    def _xml_formula_element(self, formula: str, result: Any, attributes: Iterable[tuple[str, Any]] = ()) -> None:
        # XlsxWriter writes a result that is an empty text as if there were none, and none as the text "None".
        attributes = [*attributes, *([("t", "str")] if result == "" else [])]
        if result is not None:
            super()._xml_formula_element(formula, result, attributes)
        else:
            attr = "".join(f' {key}="{value}"' for key, value in attributes)
            self.fh.write(f"<c{attr}><f>{escape(formula)}</f></c>")

    def _write_sheet_data(self) -> None:
        if self._table is None:
            super()._write_sheet_data()
            return
        first = self._table.first
        if beside := [row for row in self.table if row >= first - 1]:
            raise BookError(f"{self.name}: cells of row {beside[0] + 1} stand where the table is")
        self._xml_start_tag("sheetData")
        lowest = self.dim_rowmax
        self.dim_rowmax = first - 2  # else XlsxWriter would make a dict for every row below
        self._write_rows()
        self.dim_rowmax = lowest
        for line in self._table.lines():
            self.fh.write(line)
        self._xml_end_tag("sheetData")

    def _get_range_data(self, row_start: int, col_start: int, row_end: int, col_end: int) -> Any:
        # The numbers that a chart caches, so that a preview draws it.
        if self._table is None or row_start + 1 < self._table.first:
            return super()._get_range_data(row_start, col_start, row_end, col_end)
        return self._table.drawn(range(row_start + 1, row_end + 2), range(col_start, col_end + 1))


class Book:
    """A workbook being written. Styles are named in `style.STYLES` and merged."""

    def __init__(self, path: Path, title: str, calculate: Calculate | None = None):
        self._calculate = calculate
        self.workbook = xlsxwriter.Workbook(str(path), {"strings_to_numbers": False, "use_zip64": False})
        self.workbook.worksheet_class = Sheet
        self._styles: dict[tuple[str, ...], Format] = {}
        self._names: dict[str, str] = {}
        self.describe(title, "Made by sheetgen.")
        self.workbook.formats[0].set_font_name(style.FONT)
        self.workbook.formats[0].set_font_size(10)
        self.workbook.set_calc_mode("auto")
        self.workbook.set_size(1_600, 930)

    def describe(self, title: str, comments: str, **more: str) -> None:
        """Set the properties of the file, such as its subject and keywords."""
        own = {"author": "sheetgen", "company": "", "created": CREATED}
        self.workbook.set_properties({"title": title, "comments": comments, **more, **own})

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

    def sheet(self, name: str, heading: str, subtitle: str, colour: str = ACCENT, look: str = "subtitle") -> Sheet:
        """A new sheet with its heading, a link back to Start, and its print set-up."""
        sheet: Sheet = self.workbook.add_worksheet(name)
        sheet.book = self
        sheet.hide_gridlines(2)
        sheet.set_tab_color(colour)
        sheet.set_row_pixels(0, 34)
        sheet.put(1, 0, heading, self.style("title"))
        sheet.put(2, 0, subtitle, self.style(look))
        sheet.set_landscape()
        sheet.set_paper(9)
        sheet.fit_to_pages(1, 0)
        sheet.set_margins(left=0.4, right=0.4, top=0.5, bottom=0.6)
        sheet.set_footer('&L&8&"Arial"sheetgen&C&8&A&R&8page &P of &N')
        return sheet

    def name(self, name: str, sheet: str, address: str) -> None:
        """Define a name for some cells, such as learning_rate."""
        self._names[name] = f"{quoted(sheet)}!{address}"
        if self.workbook.define_name(name, f"={self._names[name]}"):
            raise BookError(f"Excel does not allow the name {name!r}")

    def calculate(self) -> None:
        """Have the engine calculate what `live` cells and streams that are not given show; without one they show none.

        Neither do those of a workbook so large that an engine would need gigabytes: it is calculated when it is opened.
        """
        sheets: dict[str, Sheet] = {sheet.name: sheet for sheet in self.workbook.worksheets()}
        if self._calculate and sum(sheet.size for sheet in sheets.values()) <= MOST_CALCULATED:
            results = self._calculate({name: sheet.contents() for name, sheet in sheets.items()}, self._names)
            for name, sheet in sheets.items():
                sheet.fill_in(results[name])

    def chart(self, kind: dict[str, str], title: str, axes: Axes) -> Chart:
        """An empty chart in the house style."""
        chart = self.workbook.add_chart(kind)
        style.dress(chart, title, axes)
        return chart


@contextmanager
def writing(
    path: Path,
    title: str,
    calculate: Calculate | None = None,
    error: Callable[[str], Exception] | None = None,
    hint: str = "",
) -> Iterator[Book]:
    """A Book that is written beside `path` and moved there when it is whole; an existing file survives a failure.

    An engine may `calculate` what its live formulas show, so that previews and programs that only read show it, too.

    Raises OSError with the reason when the folder cannot be written to, or as `staging` does. Warnings of XlsxWriter
    are errors.
    """
    with staging(path, error, hint) as folder, warnings.catch_warnings():
        warnings.simplefilter("error", UserWarning)  # XlsxWriter's kind; other libraries' deprecations stop nobody
        draft = folder / path.name
        book = Book(draft, title, calculate)
        book.workbook.tmpdir = str(folder)  # its unpacked parts go where they are removed, whatever happens
        yield book
        book.calculate()
        try:
            book.workbook.close()
        except FileCreateError as error:
            raise error.args[0] from None  # the OSError that XlsxWriter wrapped
        finally:
            for sheet in (s for s in book.workbook.worksheets() if s.fh is not None):  # one that failed half-way
                sheet.fh.close()
        move_into_place(draft, path)
