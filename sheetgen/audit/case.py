"""What every question about a table needs: its cells as places, and their recalculated numbers."""

from __future__ import annotations

import math
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass, field
from functools import cache, cached_property
from typing import Any, TypeVar

from sheetgen.audit.table import Table
from sheetgen.cells.cell import Cell, Evaluator, NotDifferentiable, add, backward, constant, forward_order, mul, rebuilt
from sheetgen.reader import Book, Cone, Formula, Place

T = TypeVar("T")

RELATIVE = 1e-9
EPSILON = 2.0**-52
ROUNDINGS = 8  # how many times the first-order bound a number may be off by rounding


@dataclass
class Case:
    """A table that is judged, in its book, with the recalculated number of every formula."""

    book: Book
    table: Table
    numbers: Mapping[Place, float]
    rates: list[Place] = field(default_factory=list)  # the cells that are labelled as its learning rate
    fixed: Mapping[str, Place] = field(default_factory=dict)  # inputs, targets and biases outside the table
    shared: dict[Hashable, Any] = field(default_factory=dict)  # what tables of one workbook need but once

    def once(self, what: str, shape: Hashable, make: Callable[[], T]) -> T:
        """What was made for this shape before, or makes it."""
        key = what, shape
        if key not in self.shared:
            self.shared[key] = make()
        found: T = self.shared[key]
        return found

    def at(self, quantity: str, step: int) -> Place:
        """The place of a quantity at a step."""
        return self.table.sheet, self.table.address(quantity, step)

    def has(self, quantity: str) -> bool:
        """Whether a quantity stands in the table, or labelled beside it."""
        return quantity in self.table.lines or quantity in self.fixed

    def where(self, quantity: str, step: int) -> Place:
        """The place of a quantity at a step, or its one place outside the table."""
        return self.at(quantity, step) if quantity in self.table.lines else self.fixed[quantity]

    def number(self, at: Place) -> float:
        """The recalculated number of a cell, or what it holds."""
        return self.numbers[at] if at in self.numbers else self.book.number(at)

    def formula(self, quantity: str, step: int) -> Formula | None:
        """The formula of a quantity at a step."""
        return self.book.formula(self.at(quantity, step))

    def text(self, at: Place) -> str:
        """What stands in a cell, as a person sees it: a formula with its '=', or a value."""
        entry = self.book.entry(at)
        if entry is None:
            return "an empty cell"
        if entry.formula is not None:
            return f"={entry.formula}"
        return shown(entry.value) if isinstance(entry.value, float) else repr(entry.value)

    @cached_property
    def known(self) -> dict[Place, tuple[str, int]]:
        """place -> (quantity, step) for every cell of the table."""
        return {self.at(q, step): (q, step) for q in self.table.lines for step in self.table.steps}

    def those(self, prefix: str) -> list[str]:
        """The table's quantities whose kind is `prefix` ('w', 'i', 'a_h', 'dE/d'), in order."""
        return [q for q in self.table.lines if kind_of(q) == prefix]

    @cached_property
    def weights(self) -> list[str]:
        """Weights and biases."""
        return [q for q in self.table.lines if kind_of(q) in ("w", "b")]

    def constant(self, quantity: str) -> bool:
        """Whether a quantity has one number in all steps."""
        return len({self.number(self.at(quantity, step)) for step in self.table.steps}) == 1

    def called(self, at: Place) -> str:
        """What a person calls a cell: 'a_h1 (J33)', or 'G31' where it has no label."""
        found = self.known.get(at) or next(((q, 0) for q, place in self.fixed.items() if place == at), None)
        where = at[1] if at[0] == self.table.sheet else f"{at[0]}!{at[1]}"
        return f"{found[0]} ({where})" if found else where


@cache
def kind_of(quantity: str) -> str:
    """'w1' -> 'w', 'a_h2' -> 'a_h', 'dE/dw1' -> 'dE/d', 'w1_next' -> '_next', 'E_total' -> 'E_total'."""
    if quantity.startswith("dE/d"):
        return "dE/d"
    if quantity.endswith("_next"):
        return "_next"
    return quantity.partition("[")[0].rstrip("0123456789_")


def shown(number: float) -> str:
    """A number for a sentence."""
    return f"{number:.10g}"


def agrees(found: float, truth: float, floor: float = 0.0) -> bool:
    """Whether two numbers are one, but for 1e-9 of it and what rounding can do."""
    return abs(found - truth) <= RELATIVE * abs(truth) + floor


class Measured:
    """A Cell, and what rounding may have done to its value, for the leaves of each row.

    To first order, that is the sum over all its intermediate results y of |d root / d y * y| times half a unit in the
    last place; the derivatives come from `backward` again.
    """

    def __init__(self, root: Cell, leaves: list[Cell]) -> None:
        self.leaves = leaves
        self.root = root

    @cached_property
    def _bound(self) -> Evaluator:
        try:
            (root,) = rebuilt([self.root], _unkinked)
            gradient = backward(root)
        except NotDifferentiable:  # a rounded number is what it is
            return Evaluator([constant(0)])
        nodes = [n for n in forward_order(root) if n.op != "constant"]
        terms = [Cell("abs", (mul(gradient[n], n),)) for n in nodes]
        return Evaluator([add(constant(0), *terms)])

    def rounding(self, numbers: list[float]) -> float:
        """What rounding may have done to it, at most."""
        bound = self._bound(dict(zip(self.leaves, numbers, strict=True)))[0]
        return ROUNDINGS * EPSILON * bound if math.isfinite(bound) else 0.0


def _unkinked(node: Cell) -> Cell:
    """No ABS, whose derivative at 0 would hide what rounding does to a difference of 0."""
    return Cell("identity", node.args) if node.op == "abs" else node


def leaves_of(cone: Cone) -> list[Cell]:
    """The variables of a cone's graph, in the order of `cone.leaves`."""
    return [cone.cells[k] for k in cone.leaves]
