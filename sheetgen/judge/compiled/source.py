"""The formulas of a workbook: the calls that many cells share, and the ranges that each cell refers to."""

from __future__ import annotations

import math
from collections.abc import Mapping
from itertools import pairwise
from typing import NamedTuple

from sheetgen.excel import Entry, ErrorValue, Place, Value, Workbook
from sheetgen.excel.a1 import MAX_COLUMN, MAX_ROW, Area, address, area, place, qualified
from sheetgen.excel.functions import EXTENT
from sheetgen.excel.instructions import Call, FormulaError
from sheetgen.excel.names import Resolver
from sheetgen.excel.references import Resolved, Slot, Step, Unresolved
from sheetgen.excel.skeleton import cut
from sheetgen.judge.compiled.values import CannotCompile, Known

MAX_AREA = 1_000_000  # cells of one range


class SourceFormula(NamedTuple):
    """The calls that it makes and the ranges in its slots; `reads`: those whose values it needs."""

    code: tuple[Step, ...]
    areas: list[Area]
    reads: list[Area]


class Source:
    """The cells of a workbook, some plain ones of which hold something else than in the file."""

    def __init__(self, workbook: Workbook, given: Mapping[Place, Value]) -> None:
        self.resolver = Resolver.of(workbook)
        self.cells = workbook.sheets
        spread = [(sheet, ref) for (sheet, _), ref in workbook.arrays.items() if not area(ref).single]
        self.arrays = {(sheet, a) for sheet, ref in spread for a in area(ref).addresses()}
        self.given = {self.plain(at, "given"): value for at, value in given.items()}

    def place(self, at: Place) -> Place:
        """A place as the workbook spells it. Raises CannotCompile if there is none such."""
        sheet = self.resolver.sheet(at[0])
        try:
            row, column = place(at[1])
        except ValueError:
            row, column = 0, 0
        if sheet is None or not (0 < row <= MAX_ROW and 0 < column <= MAX_COLUMN):
            raise CannotCompile(f"{shown(at)} is no cell of the workbook.")
        return sheet, address(row, column)

    def plain(self, at: Place, role: str) -> Place:
        """The same for a cell that must not hold a formula."""
        at = self.place(at)
        if self.has_formula(at):
            raise CannotCompile(f"{shown(at)} is {role}, but it holds a formula.")
        return at

    def entry(self, at: Place) -> Entry:
        """The cell as the file has it."""
        return self.cells[at[0]].get(at[1], Entry(None, None))

    def has_formula(self, at: Place) -> bool:
        """Whether it is calculated; also where the results of an array formula spread."""
        return self.entry(at).formula is not None or at in self.arrays

    def constant(self, at: Place) -> Known:
        """The value of a plain cell; an error is NaN."""
        value = self.given.get(at, self.entry(at).value)
        if isinstance(value, ErrorValue):
            return math.nan
        return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else value

    def formula(self, at: Place) -> SourceFormula:
        """The formula of a cell. Raises CannotCompile, without the cell's name."""
        if at in self.arrays:
            raise CannotCompile("an array formula is not understood")
        cell = place(at[1])
        try:
            skeleton, corners = cut(self.entry(at).formula or "")
            resolved = self.resolver.resolve(skeleton, at[0], cell)
            areas = resolved.areas(corners, at[0], cell)
        except (FormulaError, Unresolved) as error:
            raise CannotCompile(str(error).rstrip(".")) from error
        if resolved.unknown is not None:
            raise CannotCompile(resolved.unknown.why)
        unread = _unread(resolved)
        reads = [a for n, a in enumerate(areas) if n not in unread]
        if large := [a for a in reads if a.size > MAX_AREA]:
            ends = address(large[0].row, large[0].column), address(large[0].last_row, large[0].last_column)
            raise CannotCompile(f"{':'.join(ends)} is a range of more than {MAX_AREA:,} cells")
        return SourceFormula(resolved.code, areas, reads)


def _unread(resolved: Resolved) -> set[int]:
    """The slots of which only the place is asked, as in ROWS(A1:B9)."""
    if not EXTENT.intersection(resolved.calls):
        return set()
    pairs = [(a.number, b) for a, b in pairwise(resolved.code) if isinstance(a, Slot) and isinstance(b, Call)]
    return {number for number, call in pairs if call.name in EXTENT and call.operands == 1}


def shown(at: Place) -> str:
    """A place as a formula has it."""
    return qualified(*at)
