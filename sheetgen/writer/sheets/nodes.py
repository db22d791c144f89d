"""The parts of a drawn network: nodes, edges, and what is written at them, in pixels."""

from __future__ import annotations

import math
from typing import NamedTuple

from sheetgen.writer.sheets.boxes import Box

# Arial's letters, in thousandths of its size; the others are as wide as a digit.
WIDTHS = dict.fromkeys("it/.:, ", 278) | {"w": 722, "E": 667, "=": 584, "-": 333, "m": 833, "s": 500, "c": 500}

Point = tuple[float, float]


class Level(NamedTuple):
    """How much is written: the size of the font in points, digits of a number, whether gradients stand beside weights,
    whether names are whole; or whether all numbers of a unit stand inside it, without their names."""

    font: int
    digits: int
    both: bool
    whole: bool
    inside: bool = False

    @property
    def line(self) -> float:
        """The height of a line of text."""
        return self.font * 1.6

    @property
    def radius(self) -> float:
        """Of a node."""
        return (37 if self.digits > 3 else 31) if self.inside else 20

    def number(self) -> str:
        """The longest number."""
        return "-0.000" + "1" * self.digits

    def width(self, text: str) -> float:
        """How wide a text is drawn."""
        return self.font * 96 / 72 * sum(WIDTHS.get(letter, 556) for letter in text) / 1000 + 3


class Said(NamedTuple):
    """What is written somewhere: a quantity forward and one backward, by their names."""

    forward: str
    backward: str


class Text(NamedTuple):
    """Something that is written at a node: its room, and whether it begins (1) or ends (-1) at an end of it."""

    said: Said
    box: Box
    side: int = 0


class Node(NamedTuple):
    """A circle: its name and what stands in it, its kind, its centre, and what is written at it, from top down."""

    name: str
    label: str
    kind: str  # input, hidden, output or error
    at: Point
    said: tuple[Said, ...]
    texts: tuple[Text, ...] = ()


class Edge(NamedTuple):
    """A line between two nodes, with the name of its weight; none for a plain one."""

    weight: str
    source: Node
    target: Node

    def on(self, s: float) -> Point:
        """A point along it."""
        (x, y), (p, q) = self.source.at, self.target.at
        return x + s * (p - x), y + s * (q - y)

    def ends(self, radius: float) -> tuple[Point, Point]:
        """From rim to rim: LibreOffice draws lines over nodes."""
        (x, y), (p, q) = self.source.at, self.target.at
        cut = radius / math.hypot(p - x, q - y)
        return self.on(cut), self.on(1 - cut)

    def crosses(self, box: Box) -> bool:
        """Whether it runs through a rectangle."""
        (x, y), (p, q) = self.source.at, self.target.at
        low, high = 0.0, 1.0
        for start, step, middle, half in ((x, p - x, box.x, box.width / 2), (y, q - y, box.y, box.height / 2)):
            if step == 0:
                if abs(start - middle) > half:
                    return False
                continue
            first, last = sorted(((middle - half - start) / step, (middle + half - start) / step))
            low, high = max(low, first), min(high, last)
        return low < high
