"""Differentiation without calculus: central differences of any function, extrapolated to a step of 0."""

from __future__ import annotations

import math
import sys
import time
from collections.abc import Callable
from typing import NamedTuple

EPSILON = sys.float_info.epsilon
FACTOR = 4.0  # how much smaller each step is than the one before
LEVELS = 7  # steps from one start
ENOUGH = 1e-10  # a relative error that needs no better
POOR = 1e-7  # one that calls for another start
NOISE = 4  # units in the last place by which a recalculated number may be off

SAFETY = 10.0  # estimates of an error are estimates
WORTH = 1e-6  # relative difference that a check must be able to see
CLOSER = 1e-4  # how much smaller steps are that a jump beside the number must not reach
RELATIVE = 1e-8  # what differences are trusted with, however small their estimated error


class Numeric(NamedTuple):
    """A derivative by differences, and its estimated error; `one_sided` if there are errors on the other side."""

    value: float
    error: float
    one_sided: bool = False

    def agrees(self, derivative: float) -> bool:
        """Whether a derivative may be the true one."""
        return abs(derivative - self.value) <= SAFETY * self.error + RELATIVE * max(abs(derivative), abs(self.value))

    def vague(self, derivative: float) -> bool:
        """Whether the error is so large, beside both, that to agree says little."""
        return SAFETY * self.error > WORTH * max(abs(derivative), abs(self.value)) > 0


def differentiated(
    f: Callable[[float], float], x: float, until: float = math.inf, scale: float = 1.0
) -> Numeric | None:
    """The derivative of `f` at `x` by Ridders' method; None if none is found, or not in time.

    The first steps are an eighth of `x`, times `scale`; where they do not do, others are tried. `until` is as
    time.monotonic.
    """
    best: Numeric | None = None
    for ahead, behind in ((1, 1), (1, 0), (0, 1)):  # where there are errors on one side, the other
        for size in dict.fromkeys((abs(x), 1.0, 1e-5)):
            numeric = _extrapolated(f, x, size * scale / 8, (ahead, behind), until) if size else None
            if numeric and (best is None or not best.error <= numeric.error):
                best = numeric._replace(one_sided=ahead != behind)
            if time.monotonic() > until or (best and best.error <= POOR * abs(best.value)):
                return best
        if best:
            break
    return best


def _extrapolated(
    f: Callable[[float], float], x: float, step: float, sides: tuple[int, int], until: float
) -> Numeric | None:
    """Steps that shrink by a FACTOR, each with the better estimates that it makes of those before (Neville's table)."""
    best: Numeric | None = None
    order = sum(sides)  # by which power of the step an estimate is wrong, and more by each multiple of it
    above: list[float] = []
    step = 2.0 ** round(math.log2(step))  # so that x + step and x - step are rounded as little as can be
    for _ in range(LEVELS):
        if time.monotonic() > until:
            break
        high, low = x + step * sides[0], x - step * sides[1]
        up, down = f(high), f(low)
        row = [(up - down) / (high - low) if high > low else math.nan]
        noise = NOISE * EPSILON * max(abs(up), abs(down)) / step
        step /= FACTOR
        if not math.isfinite(row[0]):
            above = []
            continue
        for k, old in enumerate(above):
            row.append(row[k] + (row[k] - old) / (FACTOR ** (order * (k + 1)) - 1))
            error = max(abs(row[-1] - row[-2]), abs(row[-1] - old)) + noise
            if best is None or error <= best.error:
                best = Numeric(row[-1], error)
        above = row
        if best and best.error <= max(ENOUGH * abs(best.value), 2 * noise):
            break
    return best
