"""The judge's way into a workbook: tables are found by their headings, cells by their names, wherever they stand."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from sheetgen.base.finding import Finding
from sheetgen.excel import Entry, Place, Value
from sheetgen.excel.a1 import address, column_letters, column_number, place
from sheetgen.excel.names import Resolver
from sheetgen.excel.references import Unresolved
from sheetgen.excel.skeleton import key
from sheetgen.excel.tokens import mover

Cells = Mapping[str, Entry]

COUNTER = "iteration"


class TraceTable(NamedTuple):
    """A table with a row per iteration: its label -> column letters, and its first and last row."""

    sheet: str
    columns: dict[str, str]
    first: int
    last: int

    def cells(self, label: str) -> Iterator[tuple[int, str]]:
        """(iteration, address) of a column, from the first row on."""
        for row in range(self.first, self.last + 1):
            yield row - self.first, f"{self.columns[label]}{row}"


def value_at(cells: Cells, at: str) -> Value | None:
    """The value of a cell of a sheet; None if it is empty."""
    return cells[at].value if at in cells else None


def cell_of(resolver: Resolver, text: str) -> Place | None:
    """The one cell that a name or an address with its sheet stands for."""
    try:
        area = resolver.area(text, "")
    except Unresolved:
        return None
    return (area.sheet, address(area.row, area.column)) if area.single and area.sheet else None


def find(sheet: str, cells: Cells) -> TraceTable | None:
    """The table of a sheet that counts iterations in its first column, if there is one."""
    for at, entry in cells.items():
        if entry.value == COUNTER and entry.formula is None:
            head, first = place(at)
            break
    else:
        return None
    columns: dict[str, str] = {}
    for at, entry in cells.items():
        row, column = place(at)
        if row == head and column >= first and isinstance(entry.value, str):
            columns.setdefault(entry.value, column_letters(column))
    last = head
    while isinstance(value_at(cells, address(last + 1, first)), float):
        last += 1
    return TraceTable(sheet, columns, head + 1, last)


def odd_cells(table: TraceTable, cells: Cells) -> Iterator[Finding]:
    """Cells below a column's first row whose formula is not the one that most of the column has.

    Formulas are compared as Fill Down makes them of one another. A column without any formula below its first row is a
    column of plain numbers, and passes.
    """
    for letters in table.columns.values():
        entries = {row: cells.get(f"{letters}{row}") for row in range(table.first + 1, table.last + 1)}
        formulas = {row: entry.formula for row, entry in entries.items() if entry and entry.formula}
        if not formulas:
            continue
        keys = {row: key(formula, row, column_number(letters)) for row, formula in formulas.items()}
        usual, _ = Counter(keys.values()).most_common(1)[0]
        home = next(row for row in keys if keys[row] == usual)
        filled = mover(formulas[home])
        for row in entries:
            if keys.get(row) != usual:
                stands = f"={formulas[row]}" if row in formulas else "a plain value"
                message = f"{stands} stands where its column has ={filled(row - home, 0)}"
                yield Finding("formula", table.sheet, f"{letters}{row}", message)
