"""What the cells of a workbook hold: numbers and kinds, and which cells of a large range hold anything."""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator

from sheetgen.excel import Entry, ErrorValue, Workbook
from sheetgen.excel.a1 import MAX_COLUMN, MAX_ROW, Area, place, range_of
from sheetgen.reader.block import EMPTY, MAX_DENSE, NUMBER, NUMERAL, TEXT, TRUTH, Kind, Mark, spells_number
from sheetgen.reader.template import Place

MAX_MEMBERS = 500_000  # cells that all array formulas fill
MAX_WHAT_IFS = 100_000  # columns of what-if data tables that are told apart

Member = tuple[str | None, int, int]  # the cell that holds the array formula (None: it fills too many), which result


class Held:
    """The cells of a workbook, as they are remembered; `guess` tells the kind of a formula that remembers nothing."""

    def __init__(self, workbook: Workbook, guess: Callable[[Place], Kind]) -> None:
        self.workbook, self._guess = workbook, guess
        self.members = dict(_members(workbook))
        self._kinds: dict[Place, Kind] = {}
        self._what_ifs = _what_ifs(workbook)
        self._columns: dict[str, tuple[dict[int, list[tuple[int, str]]], list[int]]] = {}

    def entry(self, at: Place) -> Entry | None:
        """What stands in a cell; None if nothing does."""
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
        if at[0] not in self._what_ifs:
            return False
        row, column = place(at[1])
        rows = self._what_ifs[at[0]].get(column, [])
        k = bisect_right(rows, (row, MAX_ROW)) - 1
        return k >= 0 and row <= rows[k][1]

    def forgetful(self, at: Place) -> bool:
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

    def _kind(self, at: Place) -> Kind:
        if self.forgetful(at):
            return self._guess(at)
        entry = self.entry(at)
        value = None if entry is None else entry.value
        if value is None or entry is None:
            return EMPTY
        if isinstance(value, bool):
            return TRUTH
        if not isinstance(value, str) or isinstance(value, ErrorValue):
            return NUMBER
        return NUMERAL if spells_number(value) else TEXT

    def text_or_kind(self, at: Place) -> Mark:
        """The text that a cell holds, if that cannot change; else the kind of what it holds."""
        kind = self.kind(at)
        if kind not in (TEXT, NUMERAL):
            return kind
        entry = self.entry(at)
        changes = entry is None or entry.formula is not None or at in self.members
        return kind if changes or entry is None else str(entry.value)

    def columns(self, one: Area) -> int:
        """How many columns of an area hold anything somewhere on the sheet."""
        return len(self._those(one))

    def count(self, one: Area) -> int:
        """How many cells of an area hold anything."""
        return sum(end - start for _, start, end in self._runs(one))

    def inside(self, one: Area) -> list[tuple[int, int, str]]:
        """(row, column, address) of the cells of an area that hold anything, row by row."""
        columns, _ = self._index(one.sheet)
        found = [(row, c, at) for c, start, end in self._runs(one) for row, at in columns[c][start:end]]
        return sorted(found)

    def _those(self, one: Area) -> range:
        """Which of the sheet's columns, in order, lie in the area."""
        _, numbers = self._index(one.sheet)
        return range(bisect_left(numbers, one.column), bisect_right(numbers, one.last_column))

    def _runs(self, one: Area) -> Iterator[tuple[int, int, int]]:
        """(column, where its cells in the area begin, and end)."""
        columns, numbers = self._index(one.sheet)
        for k in self._those(one):
            rows = columns[numbers[k]]
            yield numbers[k], bisect_left(rows, (one.row, "")), bisect_left(rows, (one.last_row + 1, ""))

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


def _what_ifs(workbook: Workbook) -> dict[str, dict[int, list[tuple[int, int]]]]:
    """sheet -> column -> the rows that its what-if data tables fill, in order and apart.

    All of a sheet, if that is too much to tell apart, or a table's range is none.
    """
    found: dict[str, dict[int, list[tuple[int, int]]]] = {}
    room = MAX_WHAT_IFS
    filled: set[str] = set()
    for (sheet, _), text in workbook.what_ifs.items():
        one, columns = range_of(text), found.setdefault(sheet, {})
        if one is None or (room := room - (one.last_column - one.column + 1)) < 0:
            filled.add(sheet)
            continue
        for column in range(one.column, one.last_column + 1):
            columns.setdefault(column, []).append((one.row, one.last_row))
    found |= {sheet: {column: [(1, MAX_ROW)] for column in range(1, MAX_COLUMN + 1)} for sheet in filled}
    return {sheet: {c: _apart(rows) for c, rows in columns.items()} for sheet, columns in found.items()}


def _apart(rows: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """The same rows in order, those that touch put together."""
    kept: list[tuple[int, int]] = []
    for first, last in sorted(rows):
        if kept and first <= kept[-1][1] + 1:
            kept[-1] = kept[-1][0], max(kept[-1][1], last)
        else:
            kept.append((first, last))
    return kept


def _members(workbook: Workbook) -> Iterator[tuple[Place, Member]]:
    room = MAX_MEMBERS
    for (sheet, anchor), text in workbook.arrays.items():
        one = range_of(text)
        if one is None or one.size > min(MAX_DENSE, room):
            yield (sheet, anchor), (None, 0, 0)
            continue
        room -= one.size
        for address in one.addresses():
            row, column = place(address)
            yield (sheet, address), (anchor, row - one.row, column - one.column)
