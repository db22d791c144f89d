"""One training run as other sheets refer to it: where each of its Cells stands, row by row."""

from __future__ import annotations

from collections.abc import Mapping

from sheetgen.cells.cell import Cell
from sheetgen.cells.text import show
from sheetgen.writer.trace import THIS, quoted


class RunAddresses:
    """A run on `sheet`: `letters` are its columns there, `own` those of its deltas on the sheet that refers to it,
    `absolute` the names of what stands in no row."""

    def __init__(self, sheet: str, letters: Mapping[int, str], absolute: Mapping[Cell, str], own: Mapping[int, str]):
        self.sheet, self.letters, self.absolute, self.own = sheet, letters, absolute, own

    def live(self, letters: str, row: str = THIS) -> str:
        """The address of a column's cell in a row."""
        return f"{quoted(self.sheet)}!{letters}{row}"

    def live_of(self, c: Cell, row: str = THIS) -> str:
        """The address of a Cell in a row."""
        return self.live(self.letters[id(c)], row)

    def range(self, first: Cell, last: Cell) -> str:
        """The addresses of neighbours in a row."""
        return f"{self.live_of(first)}:{self.letters[id(last)]}{THIS}"

    def ref(self, c: Cell, row: str = THIS) -> str | None:
        """How a formula of a row refers to a Cell: by its place on one of the two sheets, or by its name."""
        if id(c) in self.letters:
            return self.live_of(c, row)
        return f"{self.own[id(c)]}{row}" if id(c) in self.own else self.absolute.get(c)

    def text(self, c: Cell, row: str = THIS) -> str:
        """A Cell written out as a formula of a row."""
        return show(c, lambda x: self.ref(x, row))
