"""The quantities of a network as Cells, with values and derivatives at a few points, for lines that speak of them."""

from __future__ import annotations

import random
from collections.abc import Mapping

from sheetgen.audit.table import StepTable
from sheetgen.cells.cell import Cell, Evaluator, Gradients, NotDifferentiable, backward, forward_order, mul, variable
from sheetgen.cells.text import TEXTBOOK, show
from sheetgen.reader import Formulas, Place, cone

POINTS, SEED = 3, 20

Numbers = tuple[float, ...]  # one for each point, NaN where there is none


class Meaning:
    """The network that a line must agree with: named Cells, whose variables take random values.

    A name is a quantity, such as a_h1, w5, E_total, or the total derivative of two of them, such as 'dE_total/dw5'.
    Every weight has its next value, w1_next, by gradient descent with the rate eta.
    """

    def __init__(self, cells: Mapping[str, Cell]) -> None:
        self.cells = dict(cells)
        eta = self.cells.setdefault("eta", variable("eta"))
        self._gradients: dict[str, Gradients] = {}
        self._numbers: dict[str, Numbers | None] = {}
        for name in [name for name in cells if name[0] in "wb"]:
            if slope := self.cell(f"dE_total/d{name}"):
                self.cells[f"{name}_next"] = self.cells[name] - mul(eta, slope)
        self._names = {id(cell): name for name, cell in self.cells.items()}
        draw = random.Random(SEED)
        leaves = [node for node in forward_order(*self.cells.values()) if node.op == "variable"]
        self._points = [{leaf: draw.uniform(0.1, 0.9) * draw.choice((-1, 1)) for leaf in leaves} for _ in range(POINTS)]

    def cell(self, name: str) -> Cell | None:
        """The Cell of a name; None if there is no such quantity, or it cannot be differentiated."""
        of, slash, by = name.partition("/")
        if not slash:
            return self.cells.get(name)
        of, by = of[1:], by[1:]
        if of not in self.cells or by not in self.cells:
            return None
        try:
            if of not in self._gradients:
                self._gradients[of] = backward(self.cells[of])
        except NotDifferentiable:
            return None
        return self._gradients[of][self.cells[by]]

    def value(self, name: str) -> Numbers | None:
        """The values of a name at the points; None if it has no Cell."""
        if name not in self._numbers:
            cell = self.cell(name)
            evaluate = Evaluator([cell]) if cell else None
            self._numbers[name] = tuple(evaluate(point)[0] for point in self._points) if evaluate else None
        return self._numbers[name]

    def given(self, name: str) -> bool:
        """Whether a name is not computed: an input, a target, a weight, the rate, or nothing in this network."""
        cell = self.cell(name)
        return cell is None or cell.op == "variable"

    def text(self, name: str) -> str:
        """The textbook's formula of a name; '' for a variable or what no textbook writes."""
        cell = self.cell(name)
        if "/" in name and id(cell) in self._names:
            return self._names[id(cell)]  # ∂o1/∂w5 is a_h1, and no more is to be said
        try:
            return show(cell, lambda c: self._names.get(id(c)), TEXTBOOK) if cell and cell.op != "variable" else ""
        except KeyError:  # a variable that has no name
            return ""


def meaning_of(book: Formulas, table: StepTable, beside: Mapping[str, Place] = {}) -> Meaning:
    """The quantities of a table by its own forward pass, whatever network it is. Raises Circular.

    `beside`: inputs, targets and biases that have a cell of their own outside the table.
    """
    places = dict(beside) | {
        name: (table.sheet, table.address(name, 0))
        for name in table.lines
        if not name.endswith("_next") and "/" not in name and name not in ("eta", "iteration")
    }
    given = {at for name, at in places.items() if name[0] in "wbit"}
    graph = cone(book, [at for at in places.values() if at not in given], given)
    return Meaning({name: graph.cells[graph.position[at]] for name, at in places.items() if at in graph.position})
