"""Where the kernel stands that a person tries on the sheet of weights, and the lines of ink that it answers to."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from sheetgen.writer.digits import Area
from sheetgen.writer.trace import letter

MOST, ACROSS = 16, 8  # small pictures, and side by side
WORK = 50  # columns from the first to the workings
FACTS = ("outputs", "inner", "row", "column", "apart", "input", "output")  # of a tensor


class Patch(NamedTuple):
    """A small picture: its name, and where it has ink."""

    name: str
    ink: tuple[tuple[int, int], ...]


def patches(high: int, wide: int) -> list[Patch]:
    """Lines of ink as thin as they can be, each once."""
    square = high == wide
    lines = {
        "top row": [(0, j) for j in range(wide)],
        "middle row": [(high // 2, j) for j in range(wide) if high > 2],
        "bottom row": [(high - 1, j) for j in range(wide)],
        "falling \\": [(i, i) for i in range(high) if square],
        "left column": [(i, 0) for i in range(high)],
        "middle column": [(i, wide // 2) for i in range(high) if wide > 2],
        "right column": [(i, wide - 1) for i in range(high)],
        "rising /": [(i, wide - 1 - i) for i in range(high) if square],
    }
    return [Patch(name, tuple(ink)) for name, ink in lines.items() if ink]


class Places:
    """Where the parts stand: rows counted from 1, columns from 0."""

    def __init__(self, size: tuple[int, ...], top: int, left: int) -> None:
        self.high, self.wide = size
        self.left, self.choice, self.large = left, top, top + 3
        self.scale = 2 if self.wide <= 3 else 1  # columns and rows of a number of the large kernel
        self.own = left + self.scale * self.wide + 1
        self.answer = self.own + self.scale * self.wide + 1
        self.patches = self.answer + 4
        self.aside = 4 if self.wide <= 3 else 3  # patches side by side
        self.told = self.large + self.scale * self.high + 1
        bands = -(-len(patches(self.high, self.wide)) // self.aside)
        self.sisters = max(self.told + 4, self.large + bands * (self.high + 2)) + 1
        self.last_row = self.sisters + -(-MOST // ACROSS) * (self.high + 1)
        self.last = max(left + ACROSS * (self.wide + 1), self.patches + self.aside * (self.wide + 1)) - 2
        self.facts = top + 14  # of the workings: what is chosen stands above it, the tensors below

    def work(self, row: int, column: int) -> str:
        """The absolute address of a cell of the workings."""
        return f"${letter(self.left + WORK + column)}${row}"

    def chosen(self, name: str) -> str:
        """What is known of the tensor that is chosen."""
        return self.work(self.facts, 1 + FACTS.index(name))

    def cells(self, first: int) -> Iterator[tuple[int, int, int, int]]:
        """(i, j, row, column) of the numbers of the large kernel, or of the patch beside it."""
        for i, j in np.ndindex(self.high, self.wide):
            yield i, j, self.large + self.scale * i, first + self.scale * j

    def area(self, first: int) -> Area:
        """All of them."""
        return (self.large - 1, first, self.large + self.scale * self.high - 2, first + self.scale * self.wide - 1)


def inputs(at: Places) -> list[tuple[int, int]]:
    """The first and last column of each of the three cells that are typed into."""
    return [(at.left + 2, at.left + 9), (at.left + 15, at.left + 16), (at.left + 20, at.left + 21)]


def typed(at: Places, k: int) -> str:
    """The address of what is chosen: the layer, the channel, the kernel."""
    return f"${letter(inputs(at)[k][0])}${at.choice}"
