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
        self.tables = [(t.sheet, area) for t in verdict.tables if (area := range_of(t.cells)) is not None]

    def strip(self, finding: Finding) -> list[StripCell]:
        """The step that a finding begins in: its row of a table, or its column where the steps are columns."""
        cells = self.workbook.sheets.get(finding.sheet)
        if cells is None or range_of(finding.first) is None or finding.first not in cells:
            return []
        at = place(finding.first)
        used = self._used(finding, cells[finding.first], at)
        meant = {f"{letters}{row}" for letters, row in _CELL.findall(finding.expected)} - used
        marks = dict.fromkeys(meant, MEANT) | dict.fromkeys(used, USED) | {finding.first: WRONG}
        return [
            StripCell(cell, self._label(cells, head), self._text(finding.sheet, cell), marks.get(cell, ""))
            for cell, head in self._line(finding, at)
            if cell in cells
        ]

    def _used(self, finding: Finding, entry: Entry, at: tuple[int, int]) -> set[str]:
        """The cells of its own sheet that a formula refers to."""
        areas = self.resolver.areas(entry.formula or "", finding.sheet, at)
        return {
            a for area in areas if area.sheet in ("", finding.sheet) and area.size <= MOST for a in area.addresses()
        }

    def _line(self, finding: Finding, at: tuple[int, int]) -> list[tuple[str, Sequence[str]]]:
        """(cell, where its label may stand) of the row or column of a table, not far from the finding."""
        row, column = at
        inside = [area for sheet, area in self.tables if sheet == finding.sheet and area.holds(row, column)]
        area = inside[0] if inside else Area("", row, max(1, column - BESIDE), row, column + BESIDE)
        if inside and not self._across(finding.sheet, area):
            rows = _window(area.row, area.last_row, row)
            return [(address(r, column), [address(r, c) for c in range(area.column, 0, -1)]) for r in rows]
        columns = _window(area.column, area.last_column, column)
        top = [area.row] if inside else range(row - 1, max(0, row - BESIDE), -1)
        return [(address(row, c), [address(r, c) for r in top]) for c in columns]

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


def _window(first: int, last: int, middle: int) -> range:
    """At most MOST of the numbers from first to last, around one of them."""
    low = max(first, min(middle - MOST // 2, last - MOST + 1))
    return range(low, min(last, low + MOST - 1) + 1)
