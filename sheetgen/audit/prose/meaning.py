"""The quantities of a network as Cells, with values and derivatives at a few points, for lines that speak of them."""

from __future__ import annotations

import random
from collections.abc import Mapping
from typing import Protocol

from sheetgen.audit.table import StepTable
from sheetgen.audit.textbook import network_222
from sheetgen.cells.cell import Cell, Evaluator, Gradients, NotDifferentiable, backward, forward_order, mul, variable
from sheetgen.cells.text import TEXTBOOK, show
from sheetgen.reader import Formulas, Place, cone

POINTS, SEED = 3, 20

Numbers = tuple[float, ...]  # one for each point


class Truth(Protocol):
    """The network that a line must agree with.

    Every answer has a number for each of the same points, NaN where there is none.
    """

    def value(self, name: str) -> Numbers | None:
        """The values of a quantity such as a_h1, w5, E_total; None if there is no such quantity."""

    def derivative(self, of: str, by: str) -> Numbers | None:
        """The total derivative of one quantity by another; None if there is no such quantity."""

    def given(self, name: str) -> bool:
        """Whether a quantity is not computed: an input, a target, a weight, the rate."""

    def text(self, name: str) -> str:
        """The textbook's formula of a quantity, or of a derivative such as 'dE_total/dw5'; '' if it has none."""


class Meaning:
    """A Truth made of named Cells, whose variables take random values; the graph may be anybody's.

    A quantity is what its Cell computes, and a derivative what `backward` says of two Cells of one graph.
    """

    def __init__(self, cells: Mapping[str, Cell], points: int = POINTS, seed: int = SEED) -> None:
        self.cells = dict(cells)
        self._gradients: dict[str, Gradients] = {}
        self._learn()
        self._names = {id(cell): name for name, cell in self.cells.items()}
        draw = random.Random(seed)
        leaves = [node for node in forward_order(*self.cells.values()) if node.op == "variable"]
        self._points = [{leaf: draw.uniform(0.1, 0.9) * draw.choice((-1, 1)) for leaf in leaves} for _ in range(points)]
        self._known: dict[int, tuple[Cell, Numbers]] = {}

    def _learn(self) -> None:
        """Give every weight its next value, w1_next, by gradient descent with the rate eta."""
        if "E_total" in self.cells:
            eta = self.cells.setdefault("eta", variable("eta"))
            for name in [name for name in self.cells if name[0] in "wb"]:
                slope = self._slope("E_total", name)
                if slope is not None:
                    self.cells[f"{name}_next"] = self.cells[name] - mul(eta, slope)

    def value(self, name: str) -> Numbers | None:
        """The values of a quantity; None if there is no such Cell."""
        return self._numbers(self.cells[name]) if name in self.cells else None

    def derivative(self, of: str, by: str) -> Numbers | None:
        """The total derivative; None if there is no such Cell, or it cannot be differentiated."""
        cell = self._slope(of, by)
        return None if cell is None else self._numbers(cell)

    def given(self, name: str) -> bool:
        """Whether a quantity is a variable, or there is none of this name."""
        return name not in self.cells or self.cells[name].op == "variable"

    def text(self, name: str) -> str:
        """The formula, written with the names of its Cells; '' for a variable or what no textbook writes."""
        of, slash, by = name.partition("/")
        cell = self._slope(of[1:], by[1:]) if slash else self.cells.get(name)
        if slash and cell and id(cell) in self._names:
            return self._names[id(cell)]  # ∂o1/∂w5 is a_h1, and no more is to be said
        try:
            return show(cell, lambda c: self._names.get(id(c)), TEXTBOOK) if cell and cell.op != "variable" else ""
        except KeyError:
            return ""

    def _slope(self, of: str, by: str) -> Cell | None:
        if of not in self.cells or by not in self.cells:
            return None
        try:
            if of not in self._gradients:
                self._gradients[of] = backward(self.cells[of])
        except NotDifferentiable:
            return None
        return self._gradients[of][self.cells[by]]

    def _numbers(self, cell: Cell) -> Numbers:
        if id(cell) not in self._known:
            evaluate = Evaluator([cell])
            self._known[id(cell)] = cell, tuple(evaluate(point)[0] for point in self._points)
        return self._known[id(cell)][1]


class Network222(Meaning):
    """The homework's network: 2-2-2, sigmoid, E_total = E1 + E2 with half squared errors, one step of SGD.

    `biases`: none, 2 (b1 of both hidden units, b2 of both outputs) or 4 (b1 and b2 hidden, b3 and b4 of the outputs).
    """

    def __init__(self, biases: int = 0) -> None:
        super().__init__(network_222(biases))


def meaning_of(book: Formulas, table: StepTable, beside: Mapping[str, Place] = {}, step: int = 0) -> Meaning:
    """The quantities of a table by its own forward pass, whatever network it is. Raises Circular.

    `beside`: inputs, targets and biases that have a cell of their own outside the table.
    """
    places = dict(beside) | {
        name: (table.sheet, table.address(name, step))
        for name in table.lines
        if not name.endswith("_next") and "/" not in name and name not in ("eta", "iteration")
    }
    given = {at for name, at in places.items() if name[0] in "wbit"}
    found = cone(book, [at for at in places.values() if at not in given], given)
    return Meaning({name: found.cells[found.position[at]] for name, at in places.items() if at in found.position})
