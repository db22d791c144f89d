"""Rectangles, and how to place many of them so that none covers another."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

TOUCH = 0.01  # pixels: lines of text stand close upon another
ROUNDS = 150  # of moving labels that cover one another


class Box(NamedTuple):
    """A rectangle around its centre."""

    x: float
    y: float
    width: float
    height: float

    def meets(self, other: Box) -> bool:
        """Whether it covers some of another."""
        return (
            abs(self.x - other.x) * 2 + TOUCH < self.width + other.width
            and abs(self.y - other.y) * 2 + TOUCH < self.height + other.height
        )


def settled(choices: Sequence[Sequence[tuple[float, Box]]]) -> list[Box]:
    """One box of each row of (cost, box): none over another, if that can be found by moving one after the other."""
    most = max(map(len, choices))
    padded = [[*row, *[row[-1]] * (most - len(row))] for row in choices]
    cost = np.array([[c for c, _ in row] for row in padded])
    x, y, w, h = (np.array([[box[k] for _, box in row] for row in padded]) for k in range(4))
    rows, luck = range(len(padded)), random.Random(1)
    at = cost.argmin(axis=1)

    def covers(j: int) -> NDArray[Any]:
        """How many others each place of the j-th covers. Shape: (places,)."""
        u, v, wide, tall = (a[np.arange(len(rows)), at][None, :] for a in (x, y, w, h))
        meets = (2 * abs(x[j][:, None] - u) < w[j][:, None] + wide) & (
            2 * abs(y[j][:, None] - v) < h[j][:, None] + tall
        )
        meets[:, j] = False
        count: NDArray[Any] = meets.sum(axis=1)
        return count

    for _ in range(ROUNDS):
        covered = [j for j in rows if covers(j)[at[j]]]
        if not covered:
            break
        for j in luck.sample(covered, len(covered)):
            score = 100 * covers(j) + cost[j] + [luck.random() * 3 for _ in range(most)]
            at[j] = score.argmin()
    return [padded[j][at[j]][1] for j in rows]
