"""A workbook as a graph: the formula of every cell as a Template of Cells, and the cells that it refers to.

Thousands of cells hold one formula, each with its own references. So a formula is read once, as a Template with a
variable for each reference, and every cell has only the places of its own.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from sheetgen.cell import variable
from sheetgen.reader.functions import NotUnderstood
from sheetgen.reader.template import Formula, Place, Template, element_of, template_of, variables_of
from sheetgen.xlsx import Entry, ErrorValue, Workbook
from sheetgen.xlsx.a1 import Area, address, area, place, range_of, tokens

MAX_DENSE = 20_000  # cells of a range that are all looked at; of a larger one only its numbers are
MAX_SLOTS = 5_000_000  # references to cells in all formulas together
MAX_NAMES = 20  # defined names within defined names

_PLAIN = re.compile(r"(?<![\w.$!'\]])(\$?[A-Za-z]{1,3}\$?[1-9][0-9]{0,6})(?![\w(.!\[:])")
_BEYOND = re.compile(r"[\"!:'\[{#]")  # what the short way of reading a formula does not look at
_CONSTANTS = ("TRUE", "FALSE")


@dataclass
class Book:
    """A workbook whose formulas can be evaluated and differentiated.

    `problems` tells of each formula that was looked at and not understood; its cached value is used instead.
    """

    workbook: Workbook
    problems: dict[Place, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._formulas: dict[Place, Formula | None] = {}
        self._templates: dict[Any, Template | str | None] = {}
        self._sheets = {name.casefold(): name for name in self.workbook.sheets}
        self._names = {name.casefold(): text for name, text in self.workbook.names.items()}
        self._members = _array_members(self.workbook)
        self._room = MAX_SLOTS

    def entry(self, at: Place) -> Entry | None:
        """What stands in a cell; None if nothing does."""
        return self.workbook.sheets.get(at[0], {}).get(at[1])

    def formula(self, at: Place) -> Formula | None:
        """The formula of a cell; None for a number, a text, an empty cell, and what is not understood."""
        if at not in self._formulas:
            try:
                self._formulas[at] = self._read(at)
            except NotUnderstood as why:
                self.problems[at] = str(why)
                self._formulas[at] = None
        return self._formulas[at]

    def number(self, at: Place) -> float:
        """The number that a cell holds or remembers: 0 if it is empty, NaN if it is an error or a text."""
        entry = self.entry(at)
        value = None if entry is None else entry.value
        if isinstance(value, str):
            try:  # Excel calculates with a text that spells a number
                return float("nan" if isinstance(value, ErrorValue) or "_" in value else value)
            except ValueError:
                return float("nan")
        return float(value or 0)

    def _read(self, at: Place) -> Formula | None:
        if at in self._members:
            return self._member(at, *self._members[at])
        entry = self.entry(at)
        return None if entry is None or entry.formula is None else self._split(entry.formula, at[0])

    def _split(self, text: str, sheet: str) -> Formula:
        """The short way for a formula with nothing but single cells of its own sheet, which most are."""
        if not _BEYOND.search(text):
            parts = _PLAIN.split(text)
            key = tuple(parts[::2])
            if key not in self._templates:
                joined = "".join(p if k % 2 == 0 else f"_{k // 2}" for k, p in enumerate(parts))
                names = {t for kind, t in tokens(text) if kind == "name" and t.upper() not in _CONSTANTS}
                variables = [variable(f"_{k}") for k in range(len(parts) // 2)]
                self._templates[key] = None if names else template_of(joined, variables, {})
            found = self._templates[key]
            if found is not None:
                slots = tuple((sheet, p.replace("$", "").upper()) for p in parts[1::2])
                return Formula(_understood(found), self._counted(slots))
        return self._general(text, sheet, array=False)

    def _general(self, text: str, sheet: str, array: bool, element: tuple[int, int] | None = None) -> Formula:
        """Any formula: ranges, other sheets, defined names."""
        pieces, areas = self._resolved(text, sheet, MAX_NAMES)
        slots: list[Place] = []
        shapes: list[tuple[Any, ...]] = []
        for one in areas:
            shape, places = self._shape(one)
            shapes.append(shape)
            slots += places
        self._counted(slots)
        key = (pieces, tuple(shapes), array, element)
        if key not in self._templates:
            variables, references = variables_of(shapes)
            if element is None:
                self._templates[key] = template_of(pieces, variables, references, array)
            else:
                self._templates[key] = element_of(pieces, variables, references, element)
        return Formula(_understood(self._templates[key]), tuple(slots))

    def _counted(self, slots: Sequence[Place]) -> tuple[Place, ...]:
        self._room -= len(slots)
        if self._room < 0:
            raise NotUnderstood(f"the formulas of the workbook refer to more than {MAX_SLOTS:,} cells")
        return tuple(slots)

    def _resolved(self, text: str, sheet: str, depth: int) -> tuple[str, list[Area]]:
        """(the formula with a name _0, _1, ... for each reference, their areas), defined names replaced."""
        pieces: list[str] = []
        areas: list[Area] = []
        for kind, token in tokens(text):
            if kind == "other" or (kind == "text" and token.startswith("'")):
                raise NotUnderstood(f"the formula has something unexpected at {token[:40]}")
            if kind == "reference":
                found = area(token)
                owner = self._sheets.get((found.sheet or sheet).casefold())
                if owner is None:
                    raise NotUnderstood(f"there is no sheet {found.sheet[:40]}")
                pieces.append(f"_{len(areas)}_")
                areas.append(found._replace(sheet=owner))
            elif kind == "name" and token.upper() not in _CONSTANTS:
                inner, more = self._named(token, sheet, depth)
                shifted = _shifted(inner, len(areas))
                pieces.append(f"({shifted})" if len(more) != 1 or inner != "_0_" else shifted)
                areas += more
            else:
                pieces.append(token)
        return "".join(pieces), areas

    def _named(self, name: str, sheet: str, depth: int) -> tuple[str, list[Area]]:
        owner, _, bare = name.rpartition("!")
        owner = owner.strip("'") or sheet
        text = self._names.get(f"{owner}!{bare}".casefold(), self._names.get(bare.casefold()))
        if text is None:
            raise NotUnderstood(f"there is no name {bare[:40]}")
        if depth == 0:
            raise NotUnderstood(f"the name {bare[:40]} leads through too many others")
        return self._resolved(text.removeprefix("="), owner if owner.casefold() in self._sheets else sheet, depth - 1)

    def _shape(self, one: Area) -> tuple[tuple[Any, ...], list[Place]]:
        """What a Template must know of a range (its shape, and which cells hold numbers), and its places."""
        cells = self.workbook.sheets[one.sheet]
        if one.single:
            return (), [(one.sheet, address(one.row, one.column))]
        if one.size <= MAX_DENSE:
            places = [(one.sheet, a) for a in one.addresses()]
            marks = "".join(self._mark(at) for at in places)
            shape = (one.last_row - one.row + 1, one.last_column - one.column + 1, marks)
            return shape, places
        places = [(one.sheet, a) for a in cells if _inside(one, a) and self._mark((one.sheet, a)) == "n"]
        return (len(places),), places

    def _mark(self, at: Place) -> str:
        """n for a number (or a formula that gives one), e for an empty cell, t for a text or a truth value."""
        entry = self.entry(at)
        if entry is None:
            return "n" if at in self._members else "e"
        text = isinstance(entry.value, str | bool) and not isinstance(entry.value, ErrorValue)
        return "t" if text else "n"

    def _member(self, at: Place, anchor: str, element: tuple[int, int]) -> Formula:
        entry = self.entry((at[0], anchor))
        if entry is None or entry.formula is None:
            raise NotUnderstood("the array formula is nowhere written out")
        return self._general(entry.formula, at[0], array=True, element=element)

    def formulas(self) -> Iterator[Place]:
        """The place of every cell that holds a formula or a result of an array formula."""
        for sheet, cells in self.workbook.sheets.items():
            yield from ((sheet, a) for a, entry in cells.items() if entry.formula is not None)
        yield from (at for at in self._members if (e := self.entry(at)) is None or e.formula is None)


def _shifted(text: str, by: int) -> str:
    return re.sub(r"_(\d+)_", lambda match: f"_{int(match[1]) + by}_", text)


def _understood(found: Template | str | None) -> Template:
    if isinstance(found, Template):
        return found
    raise NotUnderstood(found or "")


def _inside(one: Area, text: str) -> bool:
    row, column = place(text)
    return one.row <= row <= one.last_row and one.column <= column <= one.last_column


def _array_members(workbook: Workbook) -> dict[Place, tuple[str, tuple[int, int]]]:
    """place -> (the cell that holds its array formula, which result it is)."""
    members: dict[Place, tuple[str, tuple[int, int]]] = {}
    for (sheet, anchor), text in workbook.arrays.items():
        one = range_of(text)
        if one is None or one.size > MAX_DENSE:
            continue
        for a in one.addresses():
            row, column = place(a)
            members[sheet, a] = anchor, (row - one.row, column - one.column)
    return members
