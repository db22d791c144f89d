"""Reverse mode with numbers: one formula's Cells are passed backwards through the op table's own adjoints."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

from sheetgen.cells.cell import Evaluator, NotDifferentiable, cell, constant, is_constant, variable
from sheetgen.cells.ops import NEAR, OPS
from sheetgen.reader.template import Template

MOST_FACTORS = 64  # of a product or sum whose adjoint is written out at once: n factors make n^2 of it
MASKS = 1_000  # of one formula that are remembered

KINKED = {name for name, op in OPS.items() if op.at_zero or op.at_tie or op.at_step}
BRANCHING = {"if", "iferror"}


class Local:
    """How an operator passes a derivative on to its arguments, as numbers, made once from the table of operators.

    `known` has the numbers of arguments that are constants, None for others. `kind` tells what comes out: 'smooth',
    or 'flat', which is always 0, or 'refused', which is no derivative.
    """

    def __init__(self, op: str, known: Sequence[float | None]) -> None:
        self.y, self.g = variable("y"), variable("g")
        self.args = tuple(variable(f"x{k}") if n is None else constant(n) for k, n in enumerate(known))
        try:
            adjoint = [cell(c) for c in OPS[op].adjoint(self.y, self.g, *self.args)]
        except NotDifferentiable:
            self.kind = "refused"
            return
        self.kind = "flat" if all(is_constant(c, 0) for c in adjoint) else "smooth"
        self._evaluator = Evaluator(adjoint)

    def __call__(self, y: float, g: float, args: Sequence[float]) -> list[float]:
        """The derivative with respect to each argument, given the result `y` and the derivative `g` by it."""
        return self._evaluator({self.y: y, self.g: g, **dict(zip(self.args, args, strict=True))})


@lru_cache(4_096)
def local(op: str, known: tuple[float | None, ...]) -> Local:
    """The Local of an operator; those used lately are kept."""
    return Local(op, known)


def passed_on(op: str, y: float, g: float, args: Sequence[float], moving: Sequence[bool]) -> list[float]:
    """The derivative with respect to each argument; what is no number for one that is not `moving` means nothing."""
    if op == "pow" and not moving[1]:  # then it is a power, and no exponential function: its base may be negative
        return local(op, (None, args[1]))(y, g, args)
    if len(args) <= MOST_FACTORS or op == "dot":
        return local(op, (None,) * len(args))(y, g, args)
    parts = [args[k : k + MOST_FACTORS] for k in range(0, len(args), MOST_FACTORS)]
    inner = [OPS[op].value(*part) for part in parts]  # sums, products, MAX and MIN alone have so many
    outer = passed_on(op, y, g, inner, [True] * len(inner))
    pairs = zip(parts, inner, outer, strict=True)
    return [d for part, z, gz in pairs for d in passed_on(op, z, gz, part, [True] * len(part))]


class Refused(ValueError):
    """The derivative would pass through a rounding function."""


class Swept(NamedTuple):
    """What went backwards through one formula: a derivative and a flag for each of its variables, and its kinks.

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
        self.kinds = [local(n.op, (None,) * min(len(n.args), MOST_FACTORS)).kind if n.args else "" for n in order]
        self._steps = [x for x in zip(range(len(order)), self.ops, self.args, self.kinds, strict=True) if x[2]][::-1]
        self.slots = [at.get(id(v), -1) for v in template.variables]
        self.variables = template.variables
        self.branches = not BRANCHING.isdisjoint(self.ops)
        self._values = Evaluator(order)
        self._masks: dict[tuple[bool, ...], list[bool]] = {}

    def moving(self, mask: tuple[bool, ...]) -> list[bool]:
        """Which of its Cells have a derivative, given which of its variables have one. The result is the last."""
        if mask not in self._masks:
            if len(self._masks) == MASKS:
                self._masks.clear()
            found = [False] * len(self.ops)
            for flag, k in zip(mask, self.slots, strict=True):
                if k >= 0:
                    found[k] = flag
            for k, args in enumerate(self.args):
                if args:
                    found[k] = self.kinds[k] != "flat" and any(found[j] for j in args)
            self._masks[mask] = found
        return self._masks[mask]

    def back(self, numbers: Sequence[float], mask: tuple[bool, ...], g: float) -> Swept:
        """Pass `g`, the derivative of something by this formula, on to the variables. Raises Refused.

        Nothing passes where the derivative is 0, so an error in a branch that is not taken does no harm.
        """
        v = self._values(dict(zip(self.variables, numbers, strict=True)))
        moving = self.moving(mask)
        adjoint, live, kinks = [0.0] * len(v), [False] * len(v), []
        adjoint[-1], live[-1] = g, True
        for k, op, args, kind in self._steps:
            if not live[k]:
                continue
            for j in self._used(k, v) if op in BRANCHING else args:
                live[j] = True
            if op in KINKED and (kink := self._kink(k, v, moving)):
                kinks.append(kink)
            if adjoint[k] != 0 and moving[k]:
                if kind == "refused":
                    raise Refused
                flags = [moving[j] for j in args]
                found = passed_on(op, v[k], adjoint[k], [v[j] for j in args], flags)
                for j, d, flag in zip(args, found, flags, strict=True):
                    if flag:
                        adjoint[j] += d
        at = self.slots
        return Swept([adjoint[k] if k >= 0 else 0.0 for k in at], [k >= 0 and live[k] for k in at], kinks)

    def _used(self, k: int, v: Sequence[float]) -> tuple[int, ...]:
        """The arguments of an IF or IFERROR that count at these numbers."""
        first, *branches = self.args[k]
        if self.ops[k] == "iferror":
            return (first, *branches) if math.isnan(v[first]) else (first,)
        return (first,) if math.isnan(v[first]) else (first, branches[0 if v[first] else 1])

    def _kink(self, k: int, v: Sequence[float], moving: Sequence[bool]) -> str:
        """What the kink is, where a change of an argument would meet one."""
        op, args = OPS[self.ops[k]], self.args[k]
        if op.at_zero:
            return op.at_zero if moving[args[0]] and v[args[0]] == 0 else ""
        if op.at_step:
            a, *digits = (v[j] for j in args)
            steps = moving[args[0]] and math.isfinite(sum(digits, a))
            return op.at_step if steps and len({op.value(a * x, *digits) for x in (1 - NEAR, 1 + NEAR)}) > 1 else ""
        # Of MAX and MIN those that are the result count, of a comparison both sides.
        top = v[k] if len(args) != 2 else v[args[0]]
        tied = [j for j in args if abs(v[j] - top) <= NEAR * abs(top)]
        return op.at_tie if len(tied) > 1 and any(moving[j] and self.kinds[j] != "refused" for j in tied) else ""
