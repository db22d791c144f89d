"""Which cells a cell is computed from, read off the texts of the formulas."""

from __future__ import annotations

from collections import deque
from collections.abc import Collection, Iterator
from typing import NamedTuple

from sheetgen.excel import Workbook
from sheetgen.excel.a1 import Area, address, area, tokens

FARTHEST = 2_000  # cells looked at before giving up: the error of a step is not farther from its weights
WIDEST = 1_000  # cells of a range that are followed one by one
DEEPEST = 3  # names that stand for names


class Spot(NamedTuple):
    """One cell, 1-based."""

    sheet: str
    row: int
    column: int


class Reach:
    """Follows the references of a workbook's formulas; nothing is calculated."""

    def __init__(self, book: Workbook) -> None:
        self.book = book
        self.names = {name.casefold(): text.removeprefix("=") for name, text in book.names.items()}
        self.sheets = {name.casefold(): name for name in book.sheets}
        self._seen: dict[tuple[str, str], list[Area]] = {}

    def areas(self, sheet: str, at: str) -> list[Area]:
        """The cells that the formula of a cell names, directly or by a defined name, with their sheet."""
        if (sheet, at) not in self._seen:
            entry = self.book.sheets[sheet].get(at)
            self._seen[sheet, at] = list(self.named(sheet, entry.formula)) if entry and entry.formula else []
        return self._seen[sheet, at]

    def named(self, sheet: str, formula: str, depth: int = DEEPEST) -> Iterator[Area]:
        """The cells that a formula of a sheet names."""
        for kind, text in tokens(formula):
            if kind == "reference":
                found = area(text)
                if (home := self.sheets.get((found.sheet or sheet).casefold())) is not None:
                    yield found._replace(sheet=home)
            elif kind == "name" and depth:
                meant = self.names.get(f"{sheet}!{text}".casefold()) or self.names.get(text.casefold())
                yield from self.named(sheet, meant, depth - 1) if meant else ()

    def meets(self, sheet: str, at: str, goals: Collection[Spot]) -> bool:
        """Whether a cell is computed from one of the goals, directly or by way of other cells."""
        places = {(goal.sheet, address(goal.row, goal.column)) for goal in goals}
        seen = {(sheet, at)}
        queue = deque(seen)
        while queue and len(seen) < FARTHEST:
            for found in self.areas(*queue.popleft()):
                if found.size > WIDEST:
                    if any(inside(found, goal) for goal in goals):
                        return True
                    continue
                for cell in ((found.sheet, a) for a in found.addresses()):
                    if cell in places:
                        return True
                    if cell not in seen:
                        seen.add(cell)
                        queue.append(cell)
        return False


def inside(found: Area, spot: Spot) -> bool:
    """Whether a cell belongs to an area."""
    rows, columns = found.row <= spot.row <= found.last_row, found.column <= spot.column <= found.last_column
    return found.sheet == spot.sheet and rows and columns
