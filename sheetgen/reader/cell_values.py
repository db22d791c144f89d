"""The cells of a workbook, as the file remembers them: numbers, kinds, and which cells of a range are not empty."""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from itertools import accumulate
from typing import NamedTuple

from sheetgen.excel import Entry, ErrorValue, Workbook
from sheetgen.excel.a1 import MAX_ROW, Area, place, range_of
from sheetgen.reader.kinds import EMPTY, MAX_DENSE, NUMBER, NUMERAL, TEXT, TRUTH, UNKNOWN, Kind, Mark, spells_number
from sheetgen.reader.template import Place

MAX_MEMBERS = 500_000  # cells that all array formulas fill
MAX_WHAT_IFS = 100_000  # columns of what-if data tables that are told apart

Member = tuple[str | None, int, int]  # the cell that holds the array formula (None: it fills too many), which result


class ColumnRun(NamedTuple):
    """The cells of one column, within an area, that are not empty: (row, address) of `rows[start:end]`."""

    column: int
    rows: list[tuple[int, str]]
    start: int
    end: int


class CellValues:
    """The cells of a workbook."""

    def __init__(self, workbook: Workbook) -> None:
        self.workbook = workbook
        self.members = dict(_members(workbook))
        self._what_ifs = _what_ifs(workbook)
        self._kinds: dict[Place, Kind] = {}
        self._columns: dict[str, tuple[dict[int, list[tuple[int, str]]], list[int]]] = {}

    def entry(self, at: Place) -> Entry | None:
        """The content of a cell; None if it is empty."""
        cells = self.workbook.sheets.get(at[0])
        return None if cells is None else cells.get(at[1])

    def number(self, at: Place) -> float:
        """The number that a cell holds or remembers: 0 if it is empty, NaN if it is an error or a text."""
        entry = self.entry(at)
        if entry is None:
            return math.nan if at in self.members else 0.0
        value = entry.value
        if isinstance(value, str):  # Excel calculates with a text that spells a number
            return float(value) if spells_number(value) else math.nan
        if value is None:
            return 0.0 if entry.formula is None else math.nan
        return float(value)

    def what_if(self, at: Place) -> bool:
        """Whether a cell is a result of a what-if data table: it looks like a number, and follows from others."""
        if not self._what_ifs:
            return False
        row, column = place(at[1])
        rows = self._what_ifs.get((at[0], column), [])
        k = bisect_right(rows, (row, MAX_ROW)) - 1
        return (at[0], 0) in self._what_ifs or (k >= 0 and row <= rows[k][1])

    def is_uncached(self, at: Place) -> bool:
        """Whether a cell has a formula, and does not remember what came out."""
        entry = self.entry(at)
        if entry is None:
            return at in self.members
        return entry.value is None and (entry.formula is not None or at in self.members)

    def kind(self, at: Place) -> Kind:
        """The kind of what a cell holds."""
        kind = self._kinds.get(at)
        if kind is None:
            kind = self._kinds[at] = self._kind(at)
        return kind

    def guess(self, at: Place) -> Kind:
        """The kind of a formula that remembers no value."""
        return UNKNOWN

    def _kind(self, at: Place) -> Kind:
        if self.is_uncached(at):
            return self.guess(at)
        entry = self.entry(at)
        value = None if entry is None else entry.value
        if value is None:
            return EMPTY
        if isinstance(value, bool):
            return TRUTH
        if not isinstance(value, str) or isinstance(value, ErrorValue):
            return NUMBER
        return NUMERAL if spells_number(value) else TEXT

    def text_or_kind(self, at: Place) -> Mark:
        """The text that a cell holds, if that cannot change; else the kind of what it holds."""
        kind = self.kind(at)
        entry = self.entry(at)
        if kind not in (TEXT, NUMERAL) or entry is None or entry.formula is not None or at in self.members:
            return kind
        return str(entry.value)

    def filled(self, area: Area) -> Iterator[Place]:
        """The cells of an area that are not empty."""
        return ((area.sheet, at) for run in self.runs(area) for _, at in run.rows[run.start : run.end])

    def runs(self, area: Area) -> list[ColumnRun]:
        """A ColumnRun for each column of an area that holds anything somewhere on the sheet."""
        columns, numbers = self._index(area.sheet)
        inside = numbers[bisect_left(numbers, area.column) : bisect_right(numbers, area.last_column)]
        ends = (area.row, ""), (area.last_row + 1, "")
        return [ColumnRun(k, columns[k], *(bisect_left(columns[k], end) for end in ends)) for k in inside]

    def _index(self, sheet: str) -> tuple[dict[int, list[tuple[int, str]]], list[int]]:
        """(column -> its (row, address), in order; the columns in order)."""
        if sheet not in self._columns:
            columns: dict[int, list[tuple[int, str]]] = {}
            members = {address for name, address in self.members if name == sheet}
            for address in self.workbook.sheets[sheet].keys() | members:
                row, column = place(address)
                columns.setdefault(column, []).append((row, address))
            for rows in columns.values():
                rows.sort()
            self._columns[sheet] = columns, sorted(columns)
        return self._columns[sheet]


def _what_ifs(workbook: Workbook) -> dict[tuple[str, int], list[tuple[int, int]]]:
    """(sheet, column) -> (a row from which what-if data tables fill it, the last row of all that begin up to there).

    Column 0 stands for all of a sheet, where that is too much to tell apart, or a table's range is none.
    """
    columns: dict[tuple[str, int], list[tuple[int, int]]] = {}
    room = MAX_WHAT_IFS
    for (sheet, _), text in workbook.what_ifs.items():
        area = range_of(text)
        room -= area.shape[1] if area else 0
        for column in range(area.column, area.last_column + 1) if area and room >= 0 else (0,):
            columns.setdefault((sheet, column), []).append((area.row, area.last_row) if area else (0, 0))
    for rows in columns.values():
        rows.sort()
        rows[:] = zip((first for first, _ in rows), accumulate((last for _, last in rows), max), strict=True)
    return columns


def _members(workbook: Workbook) -> Iterator[tuple[Place, Member]]:
    """The cells that array formulas fill; the first alone, if they are too many."""
    room = MAX_MEMBERS
    for (sheet, anchor), text in workbook.arrays.items():
        area = range_of(text)
        if area is None or area.size > min(MAX_DENSE, room):
            yield (sheet, anchor), (None, 0, 0)
            continue
        room -= area.size
        for address in area.addresses():
            row, column = place(address)
            yield (sheet, address), (anchor, row - area.row, column - area.column)
