"""The formulas of a workbook, cut into a pattern that many cells share and the ranges that each refers to."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import NamedTuple, TypeAlias

from sheetgen.excel import Entry, ErrorValue, Value, Workbook
from sheetgen.excel.a1 import MAX_COLUMN, MAX_ROW, Area, address, area, place, qualified, tokens
from sheetgen.judge.compiled.functions import PLACES
from sheetgen.judge.compiled.parse import Call, CannotCompile, Instruction, Slot, parse
from sheetgen.judge.compiled.values import Known

Place: TypeAlias = tuple[str, str]  # a sheet, and an address such as "B7"

MAX_AREA = 1_000_000  # cells of one range
_FIXED = re.compile(r".*!\$[A-Z]+\$[0-9]+(:\$[A-Z]+\$[0-9]+)?", re.IGNORECASE | re.DOTALL)


class Formula(NamedTuple):
    """The calls that it makes and the ranges in its slots; `reads`: those whose values it needs."""

    calls: tuple[Instruction, ...]
    areas: tuple[Area, ...]
    reads: tuple[Area, ...]


class Book:
    """The cells of a workbook, some plain ones of which hold something else than in the file."""

    def __init__(self, workbook: Workbook, given: Mapping[Place, Value]) -> None:
        self.sheets = {name.casefold(): name for name in workbook.sheets}
        self.cells = workbook.sheets
        self.names = {name.casefold(): text for name, text in workbook.names.items()}
        spread = [(sheet, ref) for (sheet, _), ref in workbook.arrays.items() if not area(ref).single]
        self.arrays = {(sheet, a) for sheet, ref in spread for a in area(ref).addresses()}
        self.given = {self.plain(where, "given"): value for where, value in given.items()}
        self._parsed: dict[tuple[str, ...], tuple[tuple[Instruction, ...], tuple[int, ...]]] = {}
        self._areas: dict[tuple[str, str], Area] = {}

    def place(self, where: Place) -> Place:
        """A place as the workbook spells it. Raises CannotCompile if there is none such."""
        sheet = self.sheets.get(where[0].casefold())
        try:
            row, column = place(where[1])
        except ValueError:
            row, column = 0, 0
        if sheet is None or not (0 < row <= MAX_ROW and 0 < column <= MAX_COLUMN):
            raise CannotCompile(f"{shown(where)} is no cell of the workbook.")
        return sheet, address(row, column)

    def plain(self, where: Place, what: str) -> Place:
        """The same for a cell that must not hold a formula."""
        found = self.place(where)
        if self.has_formula(found):
            raise CannotCompile(f"{shown(found)} is {what}, but it holds a formula.")
        return found

    def entry(self, where: Place) -> Entry:
        """What the file has there."""
        return self.cells[where[0]].get(where[1], Entry(None, None))

    def has_formula(self, where: Place) -> bool:
        """Whether it is calculated; also where the results of an array formula spread."""
        return self.entry(where).formula is not None or where in self.arrays

    def constant(self, where: Place) -> Known:
        """What a plain cell holds; an error is NaN."""
        value = self.given.get(where, self.entry(where).value)
        if isinstance(value, ErrorValue):
            return float("nan")
        return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else value

    def formula(self, where: Place) -> Formula:
        """The formula of a cell. Raises CannotCompile, without the cell's name."""
        if where in self.arrays:
            raise CannotCompile("an array formula is not understood")
        cut = list(self._expanded(where[0], self.entry(where).formula or ""))
        pattern = tuple("" if kind == "reference" else text for kind, text in cut)
        if pattern not in self._parsed:
            calls = parse(cut)
            pairs = zip(calls, (*calls[1:], None), strict=True)
            asked = {c.number for c, then in pairs if isinstance(c, Slot) and isinstance(then, Call) and _placed(then)}
            reads = tuple(c.number for c in calls if isinstance(c, Slot) and c.number not in asked)
            self._parsed[pattern] = calls, reads
        calls, reads = self._parsed[pattern]
        areas = tuple(self._area(where[0], text) for kind, text in cut if kind == "reference")
        return Formula(calls, areas, tuple(areas[n] for n in reads))

    def _expanded(self, sheet: str, formula: str) -> Iterator[tuple[str, str]]:
        """The tokens of a formula, but for names those of what they stand for."""
        for kind, text in tokens(formula):
            if kind == "name" and text.upper() not in ("TRUE", "FALSE"):
                yield from self._meaning(sheet, text)
            elif kind != "space":
                yield kind, text

    def _meaning(self, sheet: str, name: str) -> list[tuple[str, str]]:
        owner, mark, bare = name.rpartition("!")
        scope = area(f"{owner}!A1").sheet if mark else sheet
        text = self.names.get(f"{scope}!{bare}".casefold(), self.names.get(bare.casefold()))
        if text is None:
            raise CannotCompile(f"the name {name[:40]} is not defined")
        found = [(kind, t) for kind, t in tokens(text) if kind != "space"]
        if not {kind for kind, _ in found} <= {"reference", "number", "sign", "text"}:
            raise CannotCompile(f"the name {name[:40]} stands for what is not understood")
        if any(kind == "reference" and not _FIXED.fullmatch(t) for kind, t in found):
            raise CannotCompile(f"what the name {name[:40]} refers to depends on where it is asked")
        return [("sign", "("), *found, ("sign", ")")]

    def _area(self, sheet: str, reference: str) -> Area:
        key = sheet, reference
        if key not in self._areas:
            found = area(reference)
            owner = self.sheets.get(found.sheet.casefold()) if found.sheet else sheet
            if owner is None:
                raise CannotCompile(f"there is no sheet {found.sheet[:40]!r}")
            if found.size > MAX_AREA:
                raise CannotCompile(f"{reference[:40]} is a range of more than {MAX_AREA:,} cells")
            if found.last_row > MAX_ROW or found.last_column > MAX_COLUMN:
                raise CannotCompile(f"{reference[:40]} is off the sheet")
            self._areas[key] = found._replace(sheet=owner)
        return self._areas[key]


def _placed(call: Call) -> bool:
    return call.name in PLACES and call.operands == 1


def shown(where: Place) -> str:
    """A place as a formula has it."""
    return qualified(*where)
