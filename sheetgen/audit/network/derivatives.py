"""The derivatives of the workbook's own E, which `backward` takes of the formulas read."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from sheetgen.audit.case import Case, kind_of
from sheetgen.audit.graph import CellGraph, Cut
from sheetgen.audit.write import canonical, written
from sheetgen.cells.cell import Cell, NotDifferentiable, backward
from sheetgen.reader import Circular, Cone, Place, cone

GIVEN = ("w", "b", "_next", "i", "t", "eta")
MOST_CELLS = 20_000  # in the cone of one E


class Total(NamedTuple):
    """E at one step, with everything down to the weights, and its derivatives."""

    cone: Cone
    numbers: list[float]  # of the leaves
    graph: CellGraph


@dataclass
class Truths:
    """The right numbers of the gradient cells of a table.

    `problem`: why E of some step cannot be differentiated; `rounded`: the operator that rounds it, if one does.
    """

    case: Case
    problem: str = ""
    rounded: str = ""
    _totals: dict[int, Total | str | None] = field(default_factory=dict)  # a text tells what it depends on instead
    _numbers: dict[int, dict[str, float]] = field(default_factory=dict)
    _floors: dict[tuple[str, int], float] = field(default_factory=dict)

    def anew(self) -> Truths:
        """The same numbers for another who asks; its `problem` is of the steps that are asked for from now on."""
        return replace(self, problem="", rounded="")

    def total(self, step: int) -> Total | None:
        """E at a step; None if it cannot be differentiated, and then `problem` says why."""
        if step not in self._totals:
            self._totals[step] = self._total(step)
        total = self._totals[step]
        if isinstance(total, str):
            self.problem = self.problem or total
            return None
        return total

    def _total(self, step: int) -> Total | str | None:
        """E with everything of its own step; its inputs, targets and weights, and all of other steps, are leaves."""
        case, at = self.case, self.case.at("E_total", step)
        try:
            below = cone(case.book, [at], Cut(case.known, lambda q, s: s != step or kind_of(q) in GIVEN))
        except Circular:
            return _lost(at, "itself")
        if (lost := next((p for p in below.places if p in case.book.problems), None)) is not None:
            return _lost(at, f"{lost[0]}!{lost[1]}: {case.book.problems[lost]}")
        if len(below.places) > MOST_CELLS:
            return _lost(at, f"more than {MOST_CELLS:,} cells")
        graph = case.graph(below.shape, lambda: CellGraph.of(below))
        try:
            graph.differentiate()
        except NotDifferentiable as op:
            self.rounded = str(op)
            return _lost(at, f"a rounded number ({op})")
        if not math.isfinite(case.number(at)):
            return None  # an error, which is named where it starts
        return Total(below, [case.number(below.places[k]) for k in below.leaves], graph)

    def of(self, quantity: str, step: int) -> tuple[Total, CellGraph] | None:
        """The derivative of E at a step with respect to a quantity; None where E does not depend on it."""
        total = self.total(step)
        cells = self._cells(total, quantity, step) if total else ()
        return (total, total.graph.derivative(cells)) if total and cells else None

    def _cells(self, total: Total, quantity: str, step: int) -> tuple[Cell, ...]:
        """The quantity in the graph, at whatever steps E depends on it.

        A forward pass that takes a weight from another step is not the gradient's fault, so all of them count.
        """
        position = total.cone.position
        near = (position.get(self.case.at(quantity, s)) for s in (step, step - 1, step + 1))
        own = next((k for k in near if k is not None), None)
        return tuple(total.graph.cells[k] for k in ([own] if own is not None else self._elsewhere(total, quantity)))

    def _elsewhere(self, total: Total, quantity: str) -> Iterator[int]:
        places = total.cone.places
        return (k for k in total.cone.leaves if self.case.name(places[k]) in (quantity, f"{quantity}_next"))

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
        case = self.case
        asked = dict.fromkeys([*case.weights, *(q.removeprefix("dE/d") for q in case.of_kind("dE/d"))])
        cells = {q: c for q in asked if q in case.table.lines and (c := self._cells(total, q, step))}
        return dict(zip(cells, total.graph.derivatives(tuple(cells.values()), total.numbers), strict=True))

    def floor(self, quantity: str, step: int) -> float:
        """How far rounding alone may move it; every edit that is tried asks again."""
        if (quantity, step) not in self._floors:
            derivative = self.of(quantity, step)
            self._floors[quantity, step] = derivative[1].rounding(derivative[0].numbers) if derivative else 0.0
        return self._floors[quantity, step]

    def formula(self, quantity: str, step: int) -> str:
        """The derivative as an Excel formula of the table's cells, the way a textbook writes it."""
        total = self.total(step)
        position = total.cone.position.get(self.case.at(quantity, step)) if total else None
        if total is None or position is None:
            return ""
        cells = canonical(total.cone.cells)
        root = backward(cells[total.cone.targets[0]])[cells[position]]
        names = {id(cell): at for cell, at in zip(cells, total.cone.places, strict=True)}
        return written(root, names, self.case.table.sheet) if root.args else ""


def _lost(at: Place, on: str) -> str:
    return f"{at[0]}!{at[1]} depends on {on}"
