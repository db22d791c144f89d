"""Reverse mode with numbers: one formula's Cells are passed backwards through the op table's own adjoints."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple, SupportsFloat

from sheetgen.cells.cell import Evaluator, NotDifferentiable
from sheetgen.cells.ops import NEAR, OPS
from sheetgen.reader.template import Template

MASKS = 1_000  # of one formula that are remembered

KINKED = {name for name, op in OPS.items() if op.at_zero or op.at_tie or op.at_step}
BRANCHING = {"if", "iferror"}


class TapeNumber(float):
    """A number that can do what the adjoints of the table ask of a Cell; an error is NaN."""

    op = "variable"

    @property
    def value(self) -> float:
        """As that of a constant Cell."""
        return float(self)

    def apply(self, op: str, *others: SupportsFloat) -> TapeNumber:
        """The result of an operator on this number and others."""
        try:
            y = OPS[op].value(float(self), *map(float, others))
        except (ArithmeticError, ValueError):
            y = math.nan
        return TapeNumber(y)

    def times(self, *factors: float) -> TapeNumber:
        """The product with others."""
        return TapeNumber(math.prod((self, *factors)))

    def __mul__(self, other: float) -> TapeNumber:
        return TapeNumber(float(self) * other)

    def __truediv__(self, other: float) -> TapeNumber:
        return self.apply("div", other)

    def __add__(self, other: float) -> TapeNumber:
        return TapeNumber(float(self) + other)

    def __sub__(self, other: float) -> TapeNumber:
        return TapeNumber(float(self) - other)

    def __rsub__(self, other: float) -> TapeNumber:
        return TapeNumber(other - float(self))

    def __neg__(self) -> TapeNumber:
        return TapeNumber(-float(self))

    __rmul__, __radd__ = __mul__, __add__


class TapeConstant(TapeNumber):
    """A number that does not change."""

    op = "constant"


def vjp(op: str, y: float, g: float, args: Sequence[float], active: Sequence[bool]) -> Sequence[float]:
    """The derivative by each argument, given the result `y` and the derivative `g` by it; of no meaning unless active.

    Raises NotDifferentiable.
    """
    numbers = [TapeNumber(x) for x in args]
    if op == "pow" and not active[1]:  # then it is a power, and no exponential function: its base may be negative
        numbers[1] = TapeConstant(args[1])
    derivatives: Sequence[float] = OPS[op].adjoint(TapeNumber(y), TapeNumber(g), *numbers)
    return derivatives


class Pullback(NamedTuple):
    """The way back through one formula: a derivative and a flag for each of its variables, and its kinks.

    `live`: whether the variable is used at these numbers; one in the branch of an IF that is not taken is not.
    """

    adjoints: list[float]
    live: list[bool]
    kinks: list[str]


class Tape:
    """A Template to be gone through backwards, again and again, with other numbers."""

    def __init__(self, template: Template) -> None:
        order = template.order
        at = {id(node): k for k, node in enumerate(order)}
        self.ops = [node.op for node in order]
        self.args = [tuple(at[id(a)] for a in node.args) for node in order]
        self.flat = {op: _is_flat(op, n) for op, n in {node.op: len(node.args) for node in order if node.args}.items()}
        self._steps = [(k, self.ops[k], args) for k, args in enumerate(self.args) if args]
        self.slots = [at[id(v)] for v in template.variables]
        self.branches = not BRANCHING.isdisjoint(self.ops)
        self._values = Evaluator(order, template.variables)
        self._masks: dict[tuple[bool, ...], list[bool]] = {}

    def active(self, mask: tuple[bool, ...]) -> list[bool]:
        """Which of its Cells have a derivative, given which of its variables have one. The result is the last."""
        if mask not in self._masks:
            if len(self._masks) == MASKS:
                self._masks.clear()
            active = [False] * len(self.ops)
            for flag, k in zip(mask, self.slots, strict=True):
                active[k] = flag
            for k, op, args in self._steps:
                active[k] = not self.flat[op] and any(active[j] for j in args)
            self._masks[mask] = active
        return self._masks[mask]

    def vjp(self, numbers: list[float], mask: tuple[bool, ...], g: float) -> Pullback:
        """Pass `g`, the derivative of something by this formula, on to the variables. Raises NotDifferentiable.

        Nothing passes where the derivative is 0, so an error in a branch that is not taken does no harm.
        """
        v = self._values.of(numbers)
        active = self.active(mask)
        adjoint, live, kinks = [0.0] * len(v), [False] * len(v), []
        adjoint[-1], live[-1] = g, True
        for k, op, args in reversed(self._steps):
            if not live[k]:
                continue
            for j in self._used(k, v) if op in BRANCHING else args:
                live[j] = True
            if op in KINKED and (kink := self._kink(k, v, active)):
                kinks.append(kink)
            if adjoint[k] != 0 and active[k]:
                flags = [active[j] for j in args]
                for j, d, flag in zip(args, vjp(op, v[k], adjoint[k], [v[j] for j in args], flags), flags, strict=True):
                    if flag:
                        adjoint[j] += d
        return Pullback([float(adjoint[k]) for k in self.slots], [live[k] for k in self.slots], kinks)

    def _used(self, k: int, v: Sequence[float]) -> tuple[int, ...]:
        """The arguments of an IF or IFERROR that count at these numbers."""
        first, *branches = self.args[k]
        if self.ops[k] == "iferror":
            return (first, *branches) if math.isnan(v[first]) else (first,)
        return (first,) if math.isnan(v[first]) else (first, branches[0 if v[first] else 1])

    def _kink(self, k: int, v: Sequence[float], active: Sequence[bool]) -> str:
        """The name of the kink, where a change of an argument would meet one."""
        op, args = OPS[self.ops[k]], self.args[k]
        if op.at_zero:
            return op.at_zero if active[args[0]] and v[args[0]] == 0 else ""
        if op.at_step:
            a, *digits = (v[j] for j in args)
            steps = active[args[0]] and math.isfinite(sum(digits, a))
            return op.at_step if steps and len({op.value(a * x, *digits) for x in (1 - NEAR, 1 + NEAR)}) > 1 else ""
        # Of MAX and MIN those that are the result count, of a comparison both sides.
        top = v[k] if len(args) != 2 else v[args[0]]
        tied = [j for j in args if abs(v[j] - top) <= NEAR * abs(top)]
        return op.at_tie if len(tied) > 1 and any(active[j] and not self._rounds(j) for j in tied) else ""

    def _rounds(self, k: int) -> bool:
        """Whether a Cell is a rounding, through which no derivative passes."""
        return bool(self.args[k]) and self.flat[self.ops[k]] is None


def _is_flat(op: str, arguments: int) -> bool | None:
    """Whether the derivative is 0 everywhere; None for a rounding function, which has none."""
    try:
        derivatives = vjp(op, 1.0, 1.0, (1.0,) * arguments, (True,) * arguments)
    except NotDifferentiable:
        return None
    return all(isinstance(d, int) and d == 0 for d in derivatives)
