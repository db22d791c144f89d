"""Templates as a book shares them: of formulas in cells, and of the results of array formulas."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import count
from typing import Any, NamedTuple

from sheetgen.cells.cell import Cell, constant
from sheetgen.reader.block import EMPTY, NUMBER, Argument, Block, NotUnderstood, Typed, slot
from sheetgen.reader.parse import single
from sheetgen.reader.template import Template

NOTHING = Typed(constant(0), EMPTY)  # an empty cell of a range

SINGLE: tuple[Any, Any] = (), (NUMBER,)  # the shape of one cell of which it does not matter what it holds

Shape = tuple[Any, ...]  # what a Template must know of references: how their cells lie, and what they hold


class Shared(NamedTuple):
    """A Template, and which of the cells that a formula refers to it has variables for."""

    template: Template
    kept: list[int] | None  # None for all

    @classmethod
    def of(cls, root: Cell, variables: Sequence[Cell]) -> Shared:
        """A Template without the variables that make no difference, such as texts in a range that is added up."""
        template = Template(root, tuple(variables))
        used = {id(node) for node in template.order}
        kept = [k for k, v in enumerate(variables) if id(v) in used]
        if len(kept) == len(variables):
            return cls(template, None)
        template.variables = tuple(variables[k] for k in kept)
        return cls(template, kept)


class Results(NamedTuple):
    """What an array formula gives, the variables in it, and the Templates of its results."""

    found: Argument
    variables: list[Cell]
    shared: dict[tuple[int, int], Shared | str]

    def one(self, i: int, j: int) -> Cell:
        """The result that stands in a row and a column. Raises NotUnderstood."""
        if not isinstance(self.found, Block) or self.found.sparse:
            return single(self.found)
        i, j = (0 if n == 1 else k for n, k in zip(self.found.shape, (i, j), strict=True))
        if i >= self.found.shape[0] or j >= self.found.shape[1]:
            raise NotUnderstood("the array formula has fewer results than cells")
        return single(self.found.rows[i][j])


def filled(shapes: Shape) -> tuple[list[Cell], list[Argument]]:
    """(a variable for each cell that a formula refers to, what stands in each of its slots)."""
    variables: list[Cell] = []
    slots: list[Argument] = []
    for lie, marks in shapes:
        if lie == ():
            variables.append(slot(marks[0], len(variables)))
            slots.append(variables[-1])
            continue
        numbers = count(len(variables))
        cells = [NOTHING if mark == EMPTY else slot(mark, next(numbers)) for mark in marks]
        variables += [c for c in cells if c is not NOTHING]
        width = lie[-1] if len(lie) == 2 else 1
        rows = [cells[k : k + width] for k in range(0, len(cells), width)]
        slots.append(Block(rows, sparse=len(lie) == 1))
    return variables, slots
