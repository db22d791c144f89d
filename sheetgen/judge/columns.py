"""The judge's way into a workbook: tables are found by their headings, not by knowing who wrote them where."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from sheetgen.base.finding import Finding
from sheetgen.excel import Entry
from sheetgen.excel.a1 import column_letters, mover, place

Cells = Mapping[str, Entry]

COUNTER = "iteration"
CANDIDATES = 5  # rows that may speak for their column


class Table(NamedTuple):
    """A table with a row per iteration: its label -> column letters, and its first and last row."""

    sheet: str
    columns: dict[str, str]
    first: int
    last: int

    def cells(self, label: str) -> Iterator[tuple[int, str]]:
        """(iteration, address) of a column, from the first row on."""
        for row in range(self.first, self.last + 1):
            yield row - self.first, f"{self.columns[label]}{row}"


def find(sheet: str, cells: Cells) -> Table | None:
    """The table of a sheet that counts iterations in its first column, if there is one."""
    for address, entry in cells.items():
        if entry.value == COUNTER and entry.formula is None:
            head, column = place(address)
            break
    else:
        return None
    columns: dict[str, str] = {}
    for address, entry in cells.items():
        row, k = place(address)
        if row == head and k >= column and isinstance(entry.value, str):
            columns.setdefault(entry.value, column_letters(k))
    last = head
    while isinstance(cells.get(f"{column_letters(column)}{last + 1}", Entry(None, None)).value, float):
        last += 1
    return Table(sheet, columns, head + 1, last)


def odd_cells(table: Table, cells: Cells) -> Iterator[Finding]:
    """Cells below a column's first row whose formula is not the one that most of the column has.

    What is compared is the formula relative to its own cell: what Fill Down would make of it. A column without any
    formula below its first row is a column of plain numbers, and passes.
    """
    for letters in table.columns.values():
        rows = range(table.first + 1, table.last + 1)
        found = {row: cells.get(f"{letters}{row}", Entry(None, None)).formula for row in rows}
        if not any(found.values()):
            continue
        model = _common(found)
        for row, formula in found.items():
            if formula != model[row]:
                stands = f"={formula}" if formula else "a plain value"
                message = f"{stands} stands where its column has ={model[row]}"
                yield Finding("formula", table.sheet, f"{letters}{row}", message)


def _common(found: Mapping[int, str | None]) -> dict[int, str]:
    """What each row would hold if the column were one formula: the first one tried that fits most rows."""
    best: dict[int, str] = {}
    most = -1
    for home in [row for row, formula in found.items() if formula][:CANDIDATES]:
        move = mover(found[home] or "")
        filled = {row: move(row - home, 0) for row in found}
        fits = sum(filled[row] == formula for row, formula in found.items())
        if fits > most:
            best, most = filled, fits
        if 2 * fits > len(found):
            break
    return best
