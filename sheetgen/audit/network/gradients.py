"""Every gradient cell against the derivative of the workbook's own E, which `backward` takes of the formulas read."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from sheetgen.audit.case import RELATIVE, Case, Measured, agrees, kind_of, leaves_of
from sheetgen.audit.write import canonical, written
from sheetgen.cells.cell import Cell, Evaluator, Gradients, NotDifferentiable, backward, constant
from sheetgen.reader import Circular, Cone, Place, cone

GIVEN = ("w", "b", "_next", "i", "t", "eta")
MOST_CELLS = 20_000  # in the cone of one E


class Below:
    """Where the graph of E at a step ends: at its inputs, targets and weights, and at everything of other steps."""

    def __init__(self, case: Case, step: int) -> None:
        self.known, self.step = case.known, step

    def __contains__(self, at: object) -> bool:
        found = self.known.get(at)  # type: ignore[call-overload]
        return found is not None and (found[1] != self.step or kind_of(found[0]) in GIVEN)


class Total(NamedTuple):
    """E at one step, with everything down to the weights, and its derivatives."""

    cone: Cone
    numbers: list[float]  # of the leaves
    graph: Graph


class Graph:
    """What cones of one shape share: derivatives, each made once."""

    def __init__(self, cone: Cone) -> None:
        self.cells = cone.cells
        self.leaves = leaves_of(cone)
        self.root = self.cells[cone.targets[0]]
        self._gradients: Gradients = backward(self.root)
        self._measured: dict[tuple[int, ...], Measured] = {}
        self._joint: dict[tuple[tuple[int, ...], ...], Evaluator] = {}

    def derivative(self, positions: tuple[int, ...]) -> Measured:
        """The derivative of E with respect to the cells at some positions, added up."""
        if positions not in self._measured:
            found = [self._gradients[self.cells[k]] for k in positions]
            root = found[0] if len(found) == 1 else Cell("add", tuple(found)) if found else constant(0)
            self._measured[positions] = Measured(root, self.leaves)
        return self._measured[positions]

    def numbers(self, wanted: tuple[tuple[int, ...], ...], leaves: list[float]) -> list[float]:
        """The derivatives with respect to several cells, or sums of them, at once: they have most of E in common."""
        if wanted not in self._joint:
            self._joint[wanted] = Evaluator([self.derivative(positions).root for positions in wanted])
        return self._joint[wanted](dict(zip(self.leaves, leaves, strict=True)))


@dataclass
class Truths:
    """The derivatives of E in a table: what its gradient cells should be. `rounded`: by what E is, if it is."""

    case: Case
    problem: str = ""
    rounded: str = ""
    _totals: dict[int, Total | None] = field(default_factory=dict)
    _numbers: dict[int, dict[str, float]] = field(default_factory=dict)

    def total(self, step: int) -> Total | None:
        """E at a step; None if it cannot be differentiated, and then `problem` says why."""
        if step not in self._totals:
            self._totals[step] = self._find(step)
        return self._totals[step]

    def _find(self, step: int) -> Total | None:
        at = self.case.at("E_total", step)
        try:
            found = cone(self.case.book, [at], Below(self.case, step))
        except Circular:
            return self._lost(at, "itself")
        if (lost := next((p for p in found.places if p in self.case.book.problems), None)) is not None:
            return self._lost(at, f"{lost[0]}!{lost[1]}: {self.case.book.problems[lost]}")
        if len(found.places) > MOST_CELLS:
            return self._lost(at, f"more than {MOST_CELLS:,} cells")
        try:
            graph: Graph = self.case.once("E", found.shape, lambda: Graph(found))
        except NotDifferentiable as op:
            self.rounded = str(op)
            return self._lost(at, f"a rounded number ({op})")
        if not math.isfinite(self.case.number(at)):
            return None  # an error, which is named where it starts
        numbers = [self.case.number(found.places[k]) for k in found.leaves]
        return Total(found, numbers, graph)

    def _lost(self, at: Place, on: str) -> Total | None:
        """No Total: of the first E that cannot be differentiated it is remembered what it depends on."""
        self.problem = self.problem or f"{at[0]}!{at[1]} depends on {on}"
        return None

    def of(self, quantity: str, step: int) -> tuple[Total, Measured] | None:
        """The derivative of E at a step with respect to a quantity; None where E does not depend on it."""
        total = self.total(step)
        if total is None:
            return None
        positions = self._positions(total.cone, quantity, step)
        return (total, total.graph.derivative(positions)) if positions else None

    def _positions(self, found: Cone, quantity: str, step: int) -> tuple[int, ...]:
        """Where the quantity stands in the graph, at whatever steps E depends on it.

        A forward pass that takes a weight from another step is not the gradient's fault, so all of them count.
        """
        own = found.position.get(self.case.at(quantity, step))
        return (own,) if own is not None else tuple(self._elsewhere(found, quantity, step))

    def _elsewhere(self, found: Cone, quantity: str, step: int) -> list[int]:
        near = (self.case.at(quantity, s) for s in (step - 1, step + 1))
        for at in near:
            if at in found.position:
                return [found.position[at]]
        known = self.case.known
        names = (quantity, f"{quantity}_next")
        return [k for k in found.leaves if (known.get(found.places[k]) or ("",))[0] in names]

    def number(self, quantity: str, step: int) -> float | None:
        """The derivative as a number; None where there is none."""
        if step not in self._numbers:
            self._numbers[step] = self._all(step)
        value = self._numbers[step].get(quantity, math.nan)
        return value if math.isfinite(value) else None

    def _all(self, step: int) -> dict[str, float]:
        """The derivatives at a step with respect to every quantity that may be asked for."""
        total = self.total(step)
        if total is None:
            return {}
        asked = [*self.case.weights, *(q.removeprefix("dE/d") for q in self.case.those("dE/d"))]
        asked = [q for q in dict.fromkeys(asked) if q in self.case.table.lines]
        found = {q: p for q in asked if (p := self._positions(total.cone, q, step))}
        return dict(zip(found, total.graph.numbers(tuple(found.values()), total.numbers), strict=True))

    def floor(self, quantity: str, step: int) -> float:
        """How far rounding alone may move it."""
        found = self.of(quantity, step)
        return found[1].rounding(found[0].numbers) if found else 0.0

    def formula(self, quantity: str, step: int) -> str:
        """The derivative as an Excel formula of the table's cells, the way a textbook writes it."""
        total = self.total(step)
        if total is None:
            return ""
        cells = canonical(total.cone.cells)
        position = total.cone.position.get(self.case.at(quantity, step))
        if position is None:
            return ""
        root = backward(cells[total.cone.targets[0]])[cells[position]]
        if not root.args:
            return ""
        names = {id(cell): at for cell, at in zip(cells, total.cone.places, strict=True)}
        return written(root, names, self.case.table.sheet)


class Compared(NamedTuple):
    """A line of gradients beside the derivative: the steps that differ, and the truth at each step that has one.

    `worst` is the largest relative difference, but for differences that rounding explains.
    """

    quantity: str
    of: str
    truth: dict[int, float]
    wrong: list[int]
    without: list[int]  # steps at which E does not depend on it, though the gradient is not 0
    worst: float
    where: Place | None


def relative(found: float, truth: float) -> float:
    """By how much of the truth a number differs from it; infinitely, where the truth is 0 and it is not."""
    off = abs(found - truth)
    return off / abs(truth) if truth else math.inf if off else 0.0


def compare(case: Case, truths: Truths) -> Iterator[Compared]:
    """Every line that is labelled dE/d of something in the table."""
    for quantity in case.those("dE/d"):
        of = quantity.removeprefix("dE/d")
        if of not in case.table.lines:
            continue
        truth: dict[int, float] = {}
        wrong: list[int] = []
        without: list[int] = []
        worst, where = 0.0, None
        for step in case.table.steps:
            at = case.at(quantity, step)
            wanted = truths.number(of, step)
            entry = case.book.entry(at)
            if entry is None or (isinstance(entry.value, str) and entry.formula is None):
                continue
            if wanted is None:
                if truths.total(step) is not None and truths.of(of, step) is None and case.number(at) != 0:
                    without.append(step)
                continue
            found = case.number(at)
            if math.isnan(found):
                continue
            truth[step] = wanted
            off = relative(found, wanted)
            if not agrees(found, wanted) and not agrees(found, wanted, truths.floor(of, step)):
                wrong.append(step)
            elif off > RELATIVE:
                continue  # nothing but rounding
            if off > worst:
                worst, where = off, at
        yield Compared(quantity, of, truth, wrong, without, worst, where)
