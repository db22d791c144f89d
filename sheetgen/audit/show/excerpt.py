"""The numbers around a finding: a strip of cells in which the wrong one, and what its formula uses, are marked."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from sheetgen.audit.verdict import Verdict
from sheetgen.base.finding import Finding
from sheetgen.base.text import plain
from sheetgen.excel import Entry, Place, Workbook
from sheetgen.excel.a1 import Area, address, place, range_of
from sheetgen.excel.names import Resolver

WRONG, USED, MEANT = "wrong", "used", "meant"  # the cell itself; what its formula uses; what the repair uses instead
BESIDE = 6  # cells on either side of one that stands in no table
MOST = 60  # cells of a strip
MOST_BEYOND = 12  # cells of other steps
LONGEST = 24  # characters of a text
_CELL = re.compile(r"(?<![\w.!$'])\$?([A-Z]{1,3})\$?([1-9][0-9]*)(?![\w(!])")


class StripCell(NamedTuple):
    """One cell of a strip: 'Z33', the label above or beside it, its number as text, and what it is to the finding."""

    cell: str
    label: str
    text: str
    mark: str


class Excerpt:
    """The strips of one workbook. `numbers` are those of its formulas, for a file that remembers none."""

    def __init__(self, workbook: Workbook, verdict: Verdict, numbers: dict[Place, float]) -> None:
        self.workbook, self.numbers = workbook, numbers
        self.resolver = Resolver.of(workbook)
        areas = [(t.sheet, area) for t in verdict.tables if (area := range_of(t.cells)) is not None]
        self.tables = [(sheet, area, self._across(sheet, area)) for sheet, area in areas if sheet in workbook.sheets]

    def strip(self, finding: Finding) -> list[StripCell]:
        """The step that a finding begins in: its row of a table, or its column where the steps are columns.

        What its formula uses of other steps, such as the weight before an update, and of elsewhere, comes first.
        """
        cells = self.workbook.sheets.get(finding.sheet)
        if cells is None or range_of(finding.first) is None or finding.first not in cells:
            return []
        at = place(finding.first)
        used = self._used(finding, cells[finding.first], at)
        meant = [f"{letters}{row}" for letters, row in _CELL.findall(finding.expected)]
        marks = dict.fromkeys(meant, MEANT) | dict.fromkeys(used, USED) | {finding.first: WRONG}
        area, across = self._table(finding.sheet, at)
        step = area._replace(row=at[0], last_row=at[0]) if across else area._replace(column=at[1], last_column=at[1])
        line = [address(*cell) for cell in _window(step, at)]
        beyond = [cell for cell in (*used, *meant) if cell not in line][:MOST_BEYOND]
        return [
            StripCell(cell, self._label(cells, _heads(area, across, cell)), self._text(finding.sheet, cell), mark)
            for cell in dict.fromkeys((*beyond, *line))
            if cell in cells
            for mark in [marks.get(cell, "")]
        ]

    def _used(self, finding: Finding, entry: Entry, at: tuple[int, int]) -> list[str]:
        """The cells of its own sheet that a formula refers to."""
        areas = self.resolver.areas(entry.formula or "", finding.sheet, at)
        own = (area for area in areas if area.sheet in ("", finding.sheet) and area.size <= MOST)
        return [cell for area in own for cell in area.addresses()]

    def _table(self, sheet: str, at: tuple[int, int]) -> tuple[Area, bool]:
        """The table around a cell, and whether its steps are rows; elsewhere the cells on either side."""
        row, column = at
        for name, area, across in self.tables:
            if name == sheet and area.holds(row, column):
                return area, across
        return Area("", max(1, row - BESIDE), max(1, column - BESIDE), row, column + BESIDE), True

    def _across(self, sheet: str, area: Area) -> bool:
        """Whether the labels of a table stand in its first row, and its steps are rows."""
        cells = self.workbook.sheets[sheet]

        def texts(places: Iterator[str]) -> float:
            values = [cells[a].value for a in places if a in cells]
            return sum(isinstance(value, str) for value in values) / max(1, len(values))

        head = area._replace(last_row=area.row).addresses()
        return texts(head) >= texts(area._replace(last_column=area.column).addresses())

    def _label(self, cells: dict[str, Entry], places: Sequence[str]) -> str:
        values = (cells[a].value for a in places if a in cells)
        return next((plain(v, LONGEST) for v in values if isinstance(v, str) and v.strip()), "")

    def _text(self, sheet: str, cell: str) -> str:
        entry = self.workbook.sheets[sheet][cell]
        value = self.numbers.get((sheet, cell)) if entry.value is None else entry.value
        if isinstance(value, bool):
            return str(value).upper()
        return f"{value:.7g}" if isinstance(value, float) else plain(value or "", LONGEST)


def _window(line: Area, at: tuple[int, int]) -> list[tuple[int, int]]:
    """At most MOST cells of a row or a column, around one of them."""
    cells = [(r, c) for r in range(line.row, line.last_row + 1) for c in range(line.column, line.last_column + 1)]
    first = max(0, min(cells.index(at) - MOST // 2, len(cells) - MOST))
    return cells[first : first + MOST]


def _heads(area: Area, across: bool, cell: str) -> list[str]:
    """Where the label of a cell may stand: at the head of its line in the table, elsewhere before it."""
    row, column = place(cell)
    if not area.holds(row, column):
        return [address(row, c) for c in range(column - 1, max(0, column - BESIDE), -1)]
    if across:
        return [address(r, column) for r in range(area.row, row)]
    return [address(row, c) for c in range(area.column, 0, -1)]
