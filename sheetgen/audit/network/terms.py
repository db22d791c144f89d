"""How each new weight is made: its formula taken apart by its derivatives.

They are taken with respect to each weight and gradient that it uses, and so it does not matter how it is written,
w - eta*g or w + (-g)*eta.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property

from sheetgen.audit.case import Case, kind_of
from sheetgen.audit.graph import CellGraph, Cut
from sheetgen.audit.labels import quantity
from sheetgen.cells.cell import NotDifferentiable
from sheetgen.reader import Circular, Place, cone
from sheetgen.reader.cone import TooLarge

MOST_CELLS = 199  # an update that depends on more is no plain gradient descent

Term = tuple[str, int]  # quantity, step relative to the update's own


@dataclass
class Update:
    """A new weight.

    `step`: where it is new; `line` and `row`: the line of the table that has it, and the step there. `weights` and
    `gradients`: the factors of all that it uses; `others`: how it depends on each further cell. `remembers`: it uses a
    helper of an earlier step, such as a velocity. `numbers`: of all these cells; of one with an error, a number that
    stands in for it.
    """

    quantity: str
    step: int
    line: str
    row: int
    place: Place
    weights: dict[Term, float] = field(default_factory=dict)
    gradients: dict[Term, float] = field(default_factory=dict)
    others: dict[Place, float] = field(default_factory=dict)
    numbers: dict[Place, float] = field(default_factory=dict)
    remembers: bool = False

    @property
    def own(self) -> Term:
        """The weight as it was before."""
        return self.quantity, -1

    @property
    def gradient(self) -> Term:
        """Its own gradient."""
        return f"dE/d{self.quantity}", -1

    @cached_property
    def starts(self) -> dict[Term, float]:
        """The weights that count."""
        return {term: factor for term, factor in self.weights.items() if factor != 0}

    @cached_property
    def slopes(self) -> dict[Term, float]:
        """The gradients that count."""
        return {term: factor for term, factor in self.gradients.items() if factor != 0}

    @property
    def copies(self) -> bool:
        """Whether it is a weight of another step as it is."""
        return list(self.weights.values()) == [1.0] and not self.gradients and not self.others

    @property
    def rate(self) -> float:
        """The learning rate, minus the factor of the gradient; NaN if it uses no gradient, or several."""
        factors = list((self.slopes or self.gradients).values())
        return -factors[0] if len(factors) == 1 else math.nan


def updates(case: Case) -> list[Update]:
    """Every update of a table but those that are too much for one."""
    reader = _Reader(case)
    return [update for weight in case.weights for update in targets(case, weight) if reader.read(update)]


def targets(case: Case, weight: str) -> Iterator[Update]:
    """An Update, not yet read, for every formula that makes a weight new.

    A table may have the new weights in lines of their own, and then the next step only copies them.
    """
    line = f"{weight}_next" if f"{weight}_next" in case.table.lines else weight
    later = int(line != weight)
    for row in case.table.steps[1 - later :]:
        if case.formula(line, row):
            yield Update(weight, row + later, line, row, case.at(line, row))


class _Reader:
    """Takes the formulas of updates apart."""

    def __init__(self, case: Case) -> None:
        self.case = case
        gradients = [q for q in case.of_kind("dE/d") if q.removeprefix("dE/d") in case.weights]
        self._state = frozenset([*case.weights, *gradients, *(q for q in case.table.lines if q.endswith("_next"))])
        self._helpers = frozenset(q for q in case.table.lines if quantity(q) is None)

    def read(self, update: Update) -> bool:
        """Fill in what an update is made of; False if it is none of its own: a circle, or too much for one."""
        try:
            if (read := self._graph(update)) is None:
                return False
            graph, places = read
            numbers = [_sound(self.case.number(p), k) for k, p in enumerate(places)]
            factors = graph.slopes(numbers)
        except (Circular, TooLarge, NotDifferentiable):
            return False
        update.numbers = dict(zip(places, numbers, strict=True))
        for place, factor in zip(places, factors, strict=True):
            name, step = self.case.known.get(place, ("", 0))
            update.remembers |= factor != 0 and name in self._helpers and step < update.step - 1
            if name in self._state:
                term = name.removesuffix("_next"), step - update.step + name.endswith("_next")
                terms = update.gradients if kind_of(name) == "dE/d" else update.weights
                terms[term] = terms.get(term, 0.0) + factor
            else:
                update.others[place] = update.others.get(place, 0.0) + factor
        return True

    def _graph(self, update: Update) -> tuple[CellGraph, list[Place]] | None:
        """The graph of a formula and its leaves; None if it depends on what is not understood.

        It ends at every cell of the table but late helpers: one such as the change of a weight is looked through from
        the step before on; earlier it is a memory. A cell of the table that is not understood may be a leaf, if the
        formula itself refers to it.
        """
        book, known, since = self.case.book, self.case.known, update.step - 1
        cut = Cut(known, lambda name, step: name not in self._helpers or step < since)
        below, formula = cone(book, [update.place], cut, MOST_CELLS), book.formula(update.place)
        lost = [p for p in below.places if p in book.problems]
        if lost and not (formula and known.keys() & formula.slots >= set(lost)):
            return None
        return self.case.graph(below.shape, lambda: CellGraph.of(below)), [below.places[k] for k in below.leaves]


def _sound(number: float, k: int) -> float:
    """The number, or one of its own for an error: what a formula is made of can be told all the same."""
    return number if math.isfinite(number) else 0.5 + k / 64
