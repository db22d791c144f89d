"""Break a cell of an open workbook, recalculate it with IronCalc, see what Start says, and mend it again."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from books import place_of

from sheetgen.excel import Value, read
from sheetgen.judge.columns import find
from sheetgen.judge.engines.iron import Live

SHEETS = ("Training", "Learning rates")
INPUTS: dict[str, dict[str, float]] = {
    "the template's": {},
    "i1 = 0.06": {"i_1": 0.06},
    "a rate of 10, targets 0 and 1": {"learning_rate": 10, "t_1": 0, "t_2": 1},
    "inputs 0, a rate of one's own of 10,000": {"i_1": 0, "i_2": 0, "my_learning_rate": 1e4},
    "saturated": {"w_1": 1e3, "w_5": -500, "learning_rate": 1e4},
}


class Said(NamedTuple):
    """What Start says: the verdict, the line below it, what to do."""

    verdict: Value | None
    what: Value | None
    do: Value | None


class Opened:
    """A finished workbook, open in IronCalc."""

    def __init__(self, path: Path):
        self.book = read(path)
        self.live = Live(self.book)
        self.tables = {name: t for name in SHEETS if (t := find(name, self.book.sheets[name]))}

    def type(self, **inputs: float | str) -> None:
        """Type something into cells, which go by their defined names."""
        for name, number in inputs.items():
            self.live.put(place_of(self.book, name), number if isinstance(number, str) else float(number))

    def said(self) -> Said:
        """What Start says now."""
        return Said(*self.live.evaluate(("Start", at) for at in ("A4", "A5", "A6")))

    def value(self, sheet: str, cell: str) -> Value | None:
        """What a cell holds now."""
        return self.live.evaluate([(sheet, cell)])[0]

    def broken(self, sheet: str, cell: str, formula: str | None = None) -> Said:
        """What Start says when a cell is broken: by another formula, else by a number that is a little off."""
        own = self.book.sheets[sheet][cell].formula
        assert own is not None
        if formula is None:
            now = self.value(sheet, cell)
            off = f"({own})*1.00000001" if isinstance(now, float) and abs(now) > 1e-280 else "0.001"
            formula = off
        self.live.put((sheet, cell), None, formula)
        said = self.said()
        self.live.put((sheet, cell), None, own)
        return said

    def cells(self, sheet: str) -> Iterator[tuple[str, list[str]]]:
        """(heading, the addresses of its first, a middle and its last row) of every column that has formulas."""
        table = self.tables[sheet]
        middle = random.Random(sheet).randint(table.first + 1, table.last - 1)
        for label, letters in table.columns.items():
            yield label, [f"{letters}{row}" for row in (table.first, middle, table.last)]


def named(sheet: str, cell: str) -> str:
    """How Start begins the line that names a cell."""
    return f"{sheet if ' ' not in sheet else repr(sheet)}!{cell}, "
