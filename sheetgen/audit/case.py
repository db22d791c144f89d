"""A table that is judged: its cells as places, their recalculated numbers, and what its workbook's tables share."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass, field
from functools import cache, cached_property

from sheetgen.audit.graph import CellGraph
from sheetgen.audit.table import StepTable
from sheetgen.reader import CellFormula, Formulas, Place

RELATIVE = 1e-9
MOST_NODES = 2_000_000  # of all formulas that are tried for one workbook


@dataclass
class Budget:
    """The work that may still be done for one workbook."""

    left: int = MOST_NODES

    def spend(self, cost: int) -> bool:
        """Whether there is enough left, which then becomes less."""
        enough = cost <= self.left
        self.left -= cost if enough else 0
        return enough


@dataclass
class Case:
    """A table in its book, with the recalculated number of every formula, and of other cells once it was asked for.

    `rates`: the cells that are labelled as its learning rate; `fixed`: inputs, targets and biases outside of it.
    `graphs` and `budget` are those of all tables of one workbook.
    """

    book: Formulas
    table: StepTable
    numbers: dict[Place, float]
    rates: list[Place] = field(default_factory=list)
    fixed: Mapping[str, Place] = field(default_factory=dict)
    graphs: dict[Hashable, CellGraph] = field(default_factory=dict)
    budget: Budget = field(default_factory=Budget)

    def graph(self, shape: Hashable, make: Callable[[], CellGraph]) -> CellGraph:
        """The CellGraph of a shape, from memory or made."""
        graph = self.graphs.get(shape)
        if graph is None:
            graph = self.graphs[shape] = make()
        return graph

    def at(self, quantity: str, step: int) -> Place:
        """The place of a quantity at a step."""
        places = self._places[quantity]
        return places[step] if 0 <= step < len(places) else (self.table.sheet, self.table.address(quantity, step))

    def cells(self, quantity: str, first: int = 0, last: int | None = None) -> tuple[str, str]:
        """(sheet, range) of a quantity from step to step, as a Finding has it."""
        return self.table.sheet, self.table.cells(quantity, first, last)

    def has(self, quantity: str) -> bool:
        """Whether a quantity stands in the table, or labelled beside it."""
        return quantity in self.table.lines or quantity in self.fixed

    def where(self, quantity: str, step: int) -> Place:
        """The place of a quantity at a step, or its one place outside the table."""
        return self.at(quantity, step) if quantity in self.table.lines else self.fixed[quantity]

    def number(self, at: Place) -> float:
        """The recalculated number of a cell, or what it holds."""
        number = self.numbers.get(at)
        if number is None:
            number = self.numbers[at] = self.book.number(at)
        return number

    def value(self, quantity: str, step: int) -> float:
        """The number of a quantity at a step."""
        return self.number(self.at(quantity, step))

    def result(self, formula: CellFormula) -> float:
        """The number that a formula gives with those of its cells."""
        return formula.template([self.number(at) for at in formula.slots])

    def formula(self, quantity: str, step: int) -> CellFormula | None:
        """The formula of a quantity at a step."""
        return self.book.formula(self.at(quantity, step))

    def text(self, at: Place) -> str:
        """The content of a cell, as a person sees it: a formula with its '=', or a value."""
        entry = self.book.entry(at)
        if entry is None:
            return "an empty cell"
        if entry.formula is not None:
            return f"={entry.formula}"
        return shown(entry.value) if isinstance(entry.value, float) else repr(entry.value)

    def formula_text(self, at: Place) -> str:
        """The text of a cell's formula, without its '='; '' if it has none."""
        entry = self.book.entry(at)
        return (entry and entry.formula) or ""

    @cached_property
    def _places(self) -> dict[str, list[Place]]:
        """quantity -> its place at every step."""
        table = self.table
        return {q: [(table.sheet, table.address(q, step)) for step in table.steps] for q in table.lines}

    @cached_property
    def known(self) -> dict[Place, tuple[str, int]]:
        """place -> (quantity, step) for every cell of the table."""
        return {at: (q, step) for q, places in self._places.items() for step, at in enumerate(places)}

    def name(self, at: Place) -> str:
        """The quantity of a cell of the table; '' for another cell."""
        return self.known[at][0] if at in self.known else ""

    def of_kind(self, *kinds: str) -> list[str]:
        """The table's quantities of some kinds ('w', 'i', 'a_h', 'dE/d'), in order."""
        return [q for q in self.table.lines if kind_of(q) in kinds]

    @cached_property
    def weights(self) -> list[str]:
        """Weights and biases."""
        return self.of_kind("w", "b")

    def constant(self, quantity: str) -> bool:
        """Whether a quantity has one number in all steps."""
        return len({self.value(quantity, step) for step in self.table.steps}) == 1

    def called(self, at: Place) -> str:
        """The name of a cell for a person: 'a_h1 (J33)', or 'G31' where it has no label."""
        name = self.name(at) or next((q for q, place in self.fixed.items() if place == at), "")
        where = at[1] if at[0] == self.table.sheet else f"{at[0]}!{at[1]}"
        return f"{name} ({where})" if name else where


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


def agrees(number: float, truth: float, floor: float = 0.0) -> bool:
    """Whether two numbers are one, but for 1e-9 of it and what rounding can do."""
    return abs(number - truth) <= RELATIVE * abs(truth) + floor
