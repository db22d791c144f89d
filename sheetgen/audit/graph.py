"""The graph below one cell: its derivatives and how far rounding may move them, made once for all rows of a shape."""

from __future__ import annotations

import math
from collections.abc import Callable, Container, Mapping, Sequence
from functools import cached_property

from sheetgen.cells.cell import (
    Cell,
    Evaluator,
    Gradients,
    NotDifferentiable,
    backward,
    forward_order,
    is_constant,
    rebuilt,
)
from sheetgen.reader import Cone, Place

EPSILON = 2.0**-52
ROUNDINGS = 8  # how many times the first-order bound a number may be off by rounding


class Cut(Container[Place]):
    """The cells at which a graph ends: those of a table whose quantity and step `ends` accepts."""

    def __init__(self, known: Mapping[Place, tuple[str, int]], ends: Callable[[str, int], bool]) -> None:
        self.known, self.ends = known, ends

    def __contains__(self, at: object) -> bool:
        named = self.known.get(at)  # type: ignore[call-overload]
        return named is not None and self.ends(*named)


class CellGraph:
    """A Cell as a function of its leaves, whose numbers are those of a row; `cells` are those on the way."""

    def __init__(self, root: Cell, leaves: Sequence[Cell], cells: Sequence[Cell] = ()) -> None:
        self.root, self.leaves, self.cells = root, leaves, cells
        self._gradients: Gradients | None = None
        self._derivatives: dict[tuple[Cell, ...], CellGraph] = {}
        self._together: dict[tuple[tuple[Cell, ...], ...], Evaluator] = {}

    @classmethod
    def of(cls, cone: Cone) -> CellGraph:
        """The graph of the target of a cone; leaves and cells are in the order of the cone's."""
        return cls(cone.cells[cone.targets[0]], [cone.cells[k] for k in cone.leaves], cone.cells)

    def differentiate(self) -> Gradients:
        """The derivatives with respect to every Cell before it. Raises NotDifferentiable."""
        if self._gradients is None:
            self._gradients = backward(self.root)
        return self._gradients

    def derivative(self, cells: tuple[Cell, ...]) -> CellGraph:
        """The derivative with respect to some Cells, added up."""
        if cells not in self._derivatives:
            terms = [self.differentiate()[c] for c in cells]
            root = terms[0] if len(terms) == 1 else Cell("add", tuple(terms))
            self._derivatives[cells] = CellGraph(root, self.leaves)
        return self._derivatives[cells]

    def derivatives(self, wanted: tuple[tuple[Cell, ...], ...], numbers: list[float]) -> list[float]:
        """The numbers of several derivatives at once, which have most of the graph in common."""
        if wanted not in self._together:
            self._together[wanted] = Evaluator([self.derivative(cells).root for cells in wanted], self.leaves)
        return self._together[wanted].of(numbers)

    @cached_property
    def _evaluator(self) -> Evaluator:
        return Evaluator([self.root], self.leaves)

    def value(self, numbers: list[float]) -> float:
        """Its number."""
        return self._evaluator.of(numbers)[0]

    def slopes(self, numbers: list[float]) -> list[float]:
        """The derivatives with respect to each of the leaves."""
        return self.derivatives(tuple((leaf,) for leaf in self.leaves), numbers)

    @cached_property
    def _sensitive(self) -> Evaluator:
        """All results y on the way, and then d root / d y of each."""
        try:
            (root,) = rebuilt([self.root], _unkinked)
            gradient = backward(root)
        except NotDifferentiable:  # a rounded number is what it is
            return Evaluator([], self.leaves)
        nodes = [n for n in forward_order(root) if n.op != "constant" and not is_constant(gradient[n], 0)]
        return Evaluator([*nodes, *(gradient[n] for n in nodes)], self.leaves)

    def rounding(self, numbers: list[float]) -> float:
        """How far rounding may move its value, at most: to first order, the sum of |d root / d y * y|."""
        values = self._sensitive.of(numbers)
        half = len(values) // 2
        bound = sum(abs(slope * y) for y, slope in zip(values[:half], values[half:], strict=True))
        return ROUNDINGS * EPSILON * bound if math.isfinite(bound) else 0.0


def _unkinked(node: Cell) -> Cell:
    """No ABS, whose derivative at 0 would hide what rounding does to a difference of 0."""
    return Cell("identity", node.args) if node.op == "abs" else node
