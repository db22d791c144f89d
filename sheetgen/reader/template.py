"""A formula that many cells share: its Cells, with a variable for every cell that it refers to."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

from sheetgen.cells.cell import Cell, Evaluator, forward_order

Place = tuple[str, str]  # sheet, address


@dataclass(eq=False)
class Template:
    """A formula with a variable for every cell that it refers to."""

    root: Cell
    variables: tuple[Cell, ...]
    used: list[int] | None = None  # which of the cells that the formula names have variables; None for all

    @classmethod
    def of(cls, root: Cell, variables: Sequence[Cell]) -> Template:
        """A Template without the variables that make no difference, such as texts in a range that is added up."""
        nodes = set(map(id, forward_order(root)))
        used = [k for k, v in enumerate(variables) if id(v) in nodes]
        return cls(root, tuple(variables[k] for k in used), None if len(used) == len(variables) else used)

    @cached_property
    def order(self) -> list[Cell]:
        """Its Cells, arguments before results."""
        return forward_order(self.root)

    @cached_property
    def size(self) -> int:
        """How much there is to hold, and to do for each cell that has the formula."""
        return sum(1 + len(node.args) for node in self.order)

    @cached_property
    def _evaluator(self) -> Evaluator:
        return Evaluator([self.root], self.variables)

    def __call__(self, numbers: Iterable[float]) -> float:
        """Its value, given that of every variable; NaN where a spreadsheet has an error."""
        return self._evaluator.of([*numbers])[0]

    def filled(self, arguments: Sequence[Cell]) -> Cell:
        """Its Cells, with others in the place of the variables, and without names."""
        new = {id(v): a for v, a in zip(self.variables, arguments, strict=True)}
        for node in self.order:
            if id(node) not in new:
                new[id(node)] = Cell(node.op, tuple(new[id(a)] for a in node.args), None, node.value)
        return new[id(self.root)]


class CellFormula(NamedTuple):
    """The formula of one cell: a Template, and the place that each of its variables stands for."""

    template: Template
    slots: tuple[Place, ...]
