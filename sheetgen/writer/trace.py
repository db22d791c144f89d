"""Where each Cell stands: a trace has a row for every step and a column for every Cell."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, NamedTuple

from sheetgen.base.errors import UserError
from sheetgen.cells.cell import Cell
from sheetgen.cells.text import show
from sheetgen.excel.a1 import MAX_COLUMN, MAX_ROW, column_letters, qualified

if TYPE_CHECKING:  # audit writes its report without numpy
    from sheetgen.network.program import Program

START = "Start"  # the sheet that the others link back to
HEADER_ROW = 15  # counted from 1, as on the sheet: the same on every sheet with a trace, so that rows correspond
FIRST_ROW = HEADER_ROW + 1
LAST_ROW, LAST_COLUMN = MAX_ROW, MAX_COLUMN

# In a column's formula these stand for the row it is in and for the row above.
THIS, ABOVE = "\x00", "\x01"
DIVERGED = "diverged"  # what a cell says whose number ran off to infinity


class TooLarge(UserError):
    """More steps than a sheet has rows, or more numbers than it has columns."""


class Column(NamedTuple):
    """A column of a table: the formula of its first row, and the one formula of all rows below."""

    name: str
    letter: str
    first: str
    below: str

    def at(self, row: int) -> str:
        """The formula (without =) in a row, counted from 1."""
        return at_row(self.first if row == FIRST_ROW else self.below, row)


def letter(column: int) -> str:
    """The letters of a column counted from 0, as XlsxWriter counts: 0 is A, 26 is AA."""
    return column_letters(column + 1)


def fit_columns(count: int, sheet: str) -> None:
    """Raises TooLarge for more columns than a sheet has."""
    if count > LAST_COLUMN:
        raise TooLarge(
            f"the sheet {sheet} would need {count:,} columns, but a sheet of Excel has {LAST_COLUMN:,}: "
            "use fewer units or samples"
        )


def at_row(formula: str, row: int) -> str:
    """Put row numbers into a column's formula."""
    return formula.replace(THIS, str(row)).replace(ABOVE, str(row - 1))


def scalar_name(name: str) -> str:
    """The defined name of an input cell: w1 is `w_1` (W1 would be an address), i1[2] is `i_1_2`."""
    stem = name.replace("]", "").replace("[", "_")
    return stem if "_" in stem[:2] or not stem[1:2].isdigit() else f"{stem[0]}_{stem[1:]}"


def last_row(steps: int) -> int:
    """The row of the last step. Raises TooLarge, with the reason."""
    if steps > LAST_ROW - FIRST_ROW:
        raise TooLarge(
            f"{steps:,} steps end in row {FIRST_ROW + steps:,}, but a sheet of Excel ends at row {LAST_ROW:,}: "
            f"use at most {LAST_ROW - FIRST_ROW:,} steps"
        )
    return FIRST_ROW + steps


def guarded(formula: str, bounded: bool) -> str:
    """A formula that says what happened where an unbounded network runs off to infinity, which Excel shows as #NUM!."""
    return formula if bounded else f'IFERROR({formula},"{DIVERGED}")'


class Trace:
    """A row per training step, a column per placed Cell; whatever is not placed is written out where it is used.

    Every formula refers to its own row, except that a state leaf is the expression of its next value, one row up;
    `absolute` names the Cells that stand outside the table (inputs, first weights, the learning rate).
    """

    def __init__(
        self,
        program: Program,
        cells: Iterable[Cell],
        absolute: Mapping[Cell, str],
        first_column: int,
        sheet: str,
    ):
        self.program, self.absolute, self.sheet = program, absolute, sheet
        self.cells = list(cells)
        self.letters = {id(c): letter(first_column + k) for k, c in enumerate(self.cells)}
        self.last = last_row(program.spec.steps)
        self.columns = [self._column(c) for c in self.cells]

    def with_cell(self, c: Cell, column: int) -> Trace:
        """Place one more Cell, in a column anywhere on the sheet, and return the trace."""
        self.letters[id(c)] = letter(column)
        self.cells.append(c)
        self.columns = [self._column(x) for x in self.cells]
        return self

    def ref(self, row: str) -> dict[int, str]:
        """The addresses of all placed Cells in a row."""
        return {k: f"{letter}{row}" for k, letter in self.letters.items()}

    def _column(self, c: Cell) -> Column:
        def formula(node: Cell, row: str) -> str:
            places = self.ref(row)
            if node is c and c.args:
                del places[id(c)]
            text = show(node, lambda x: places.get(id(x)) or self.absolute.get(x))
            return guarded(text, self.program.spec.bounded)

        name = c.name or ""
        if c in self.program.next:
            return Column(name, self.letters[id(c)], self.absolute[c], formula(self.program.next[c], ABOVE))
        own = formula(c, THIS) if c.args else self.absolute[c]
        return Column(name, self.letters[id(c)], own, own)

    def range(self, c: Cell, absolute: bool = True) -> str:
        """The column of a Cell as a range on its sheet, such as Training!$N$16:$N$216."""
        return column_range(self.sheet, self.letters[id(c)], self.last, absolute)


def column_range(sheet: str, letter: str, last: int, absolute: bool = True) -> str:
    """All rows of a column of a trace, with the sheet's name."""
    mark = "$" if absolute else ""
    return f"{quoted(sheet)}!{mark}{letter}${FIRST_ROW}:{mark}{letter}${last}"


def quoted(sheet: str) -> str:
    """A sheet's name as formulas write it."""
    return qualified(sheet, "").removesuffix("!")
