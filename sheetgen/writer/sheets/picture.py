"""Where the network is drawn, in pixels: its nodes, its edges, and labels that do not cover one another."""

from __future__ import annotations

import math
from collections.abc import Iterator
from functools import cached_property
from typing import NamedTuple

from sheetgen.network.layers import Network
from sheetgen.spec import Spec
from sheetgen.writer.sheets.boxes import Box, settled
from sheetgen.writer.sheets.walk import plain

WIDTH = 848  # of the drawing
LEAST_HEIGHT, ROOM = 340, 75  # of the drawing, and of a unit with all that is written around it
MOST_PITCH = 160  # between the units of a layer
MOST_NODES, MOST_LAYERS = 12, 8  # in one column, and columns of inputs and units
OFF = 5  # from a node to what is written at it: its ring has room
GAP = 6  # between labels
PLACES = [0.5 + sign * k / 50 for k in range(19) for sign in ((1, -1) if k else (1,))]  # along an edge
MOST_WEIGHTS = 36  # between two layers: the labels of more have no room
FEW = 24  # edges: with more of them a label cannot be clear of the other edges

# Arial's letters, in thousandths of its size; the others are as wide as a digit.
WIDTHS = dict.fromkeys("it/.:, ", 278) | {"w": 722, "E": 667, "=": 584, "-": 333, "m": 833, "s": 500, "c": 500}

Point = tuple[float, float]


class Level(NamedTuple):
    """How much is written: the size of the font in points, digits of a number, whether gradients stand beside weights,
    whether names are whole, whether weights are written at all."""

    font: int
    digits: int
    both: bool
    whole: bool
    weights: bool = True

    @property
    def line(self) -> float:
        """The height of a line of text."""
        return self.font * 1.6

    @property
    def radius(self) -> float:
        """Of a node."""
        return 18 if self.font > 8 else 12.5

    def number(self) -> str:
        """The longest number."""
        return "-0.000" + "1" * self.digits

    def width(self, text: str) -> float:
        """How wide a text is drawn."""
        return self.font * 96 / 72 * sum(WIDTHS.get(letter, 556) for letter in text) / 1000 + 3


LEVELS = (
    Level(9, 6, True, True),
    Level(9, 4, True, True),
    Level(9, 4, True, False),
    Level(8, 4, True, False),
    Level(8, 4, False, False),
    Level(8, 3, False, False),
    Level(8, 3, False, False, False),
)


class Said(NamedTuple):
    """What is written somewhere: a quantity forward and one backward, by their names."""

    forward: str
    backward: str


class Node(NamedTuple):
    """A circle: its name and what stands in it, its kind, its centre, the lines above and below it from top down."""

    name: str
    label: str
    kind: str  # input, hidden, output or error
    at: Point
    above: tuple[Said, ...]
    below: tuple[Said, ...]


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


def drawn(spec: Spec) -> bool:
    """Whether the network is drawn: not one with a layer too large, or with too many of them."""
    return max(spec.layers) <= MOST_NODES and len(spec.layers) <= MOST_LAYERS


def height(spec: Spec) -> int:
    """How tall the drawing is, in whole rows of 20 pixels: nothing where it is not drawn."""
    return max(LEAST_HEIGHT, 20 * math.ceil(ROOM * max(spec.layers) / 20)) if drawn(spec) else 0


class Picture:
    """A network of one sample, from left to right: inputs, units, errors, E_total; as much is written as has room."""

    def __init__(self, spec: Spec, net: Network):
        self.spec, self.net = spec, net
        crowded = max(layer.weights.size for layer in net.layers) > MOST_WEIGHTS
        for self.level in LEVELS[-1:] if crowded else LEVELS:
            self.nodes, self.edges = self._drawn()
            self.places = self._placed() if self.level.weights else {}
            if not any(True for _ in self.collisions()):
                break

    @cached_property
    def height(self) -> int:
        """In pixels."""
        return height(self.spec)

    def short(self, name: str) -> str:
        """What stands before a number: the name, or as little of it as is understood at its node or edge."""
        if self.level.whole:
            return f"{name} = "
        start, _, stem = name.rpartition("/d")
        if stem.startswith("w") and not (start and self.level.both):
            return f"{stem} "
        own = "a" if stem.startswith("a_") else stem.rstrip("0123456789_") or stem
        return f"{start}/d{own} " if start else f"{own} "

    def lines(self, node: Node) -> Iterator[tuple[Said, Box]]:
        """What is written at a node, and where: the widest of what it can be."""
        line, radius = self.level.line, self.level.radius
        (x, y) = node.at
        for k, said in enumerate(reversed(node.above)):
            yield said, Box(x, y + radius + OFF + line * (k + 0.5), self._width(said), line)
        for k, said in enumerate(node.below):
            yield said, Box(x, y - radius - OFF - line * (k + 0.5), self._width(said), line)

    def boxes(self) -> Iterator[tuple[str, Box]]:
        """All that must not cover one another: what is written, and the nodes."""
        size = 2 * self.level.radius
        for node in self.nodes:
            yield node.name, Box(*node.at, size, size)
            for said, box in self.lines(node):
                yield f"{node.name}: {said.forward}", box
        yield from self.places.items()

    def collisions(self) -> Iterator[tuple[str, str]]:
        """Pairs that cover one another."""
        boxes = list(self.boxes())
        for k, (name, box) in enumerate(boxes):
            yield from ((name, other) for other, b in boxes[k + 1 :] if box.meets(b))

    def text(self, name: str) -> str:
        """The longest text with a quantity: what cannot be negative has no sign, what is 1 is short."""
        number = "1" if name.startswith("dE/dE") else self.level.number()
        number = number.removeprefix("-" * name.startswith("E"))
        return ("" if name.startswith("i") else self.short(name)) + number

    def _width(self, said: Said) -> float:
        return max(self.level.width(self.text(name)) for name in said)

    def _drawn(self) -> tuple[list[Node], list[Edge]]:
        """Nodes and edges of one level; the layers stand as far apart as what is written at them allows."""
        columns = list(self._columns())
        widths = [max(self._width(said) for node in column for said in node.above + node.below) for column in columns]
        left, right = widths[0] / 2 + GAP, WIDTH - widths[-1] / 2 - GAP
        total = right - (widths[-1] + widths[-2]) / 2 - GAP  # of the errors
        last = total - (widths[-2] + widths[-3]) / 2 - GAP  # of the outputs
        layers = len(columns) - 2
        xs = [left + (last - left) * k / (layers - 1) for k in range(layers)] + [total, right]
        placed = [[self._at(n, x, j, len(c)) for j, n in enumerate(c)] for x, c in zip(xs, columns, strict=True)]
        nodes = [n for column in placed for n in column]
        edges = []
        for k, layer in enumerate(self.net.layers):
            for j, row in enumerate(layer.weights):
                edges += [Edge(w.name, placed[k][i], placed[k + 1][j]) for i, w in enumerate(row)]
        edges += [Edge("", p, q) for p, q in zip(placed[-3], placed[-2], strict=True)]
        edges += [Edge("", p, placed[-1][0]) for p in placed[-2]]
        return nodes, edges

    def _at(self, node: Node, x: float, j: int, count: int) -> Node:
        pitch = min(MOST_PITCH, self.height / max(self.spec.layers))
        lower = self.level.line / 2 * bool(self.net.biases)  # more is written above a unit with a bias than below
        return node._replace(at=(x, self.height / 2 - lower + pitch * ((count - 1) / 2 - j)))

    def _columns(self) -> Iterator[list[Node]]:
        """The nodes from left to right, still without a place."""
        nowhere = (0.0, 0.0)
        names = [plain(i.name) for i in self.net.inputs[0]]
        yield [Node(n, n, "input", nowhere, (), (Said(n, n),)) for n in names]
        for k, layer in enumerate(self.net.layers):
            kind = "output" if k == len(self.net.layers) - 1 else "hidden"
            column = []
            for j, h in enumerate(plain(h.name) for h in layer.h[0]):
                biases = [b.name for b in layer.biases[j : j + 1]]
                trained = self.spec.bias == "trained"
                above = [Said(b, f"dE/d{b}" if trained else b) for b in biases] + [Said(h, f"dE/d{h}")]
                column.append(Node(h, h, kind, nowhere, tuple(above), (Said(f"a_{h}", f"dE/da_{h}"),)))
            yield column
        pairs = [(plain(e.name), plain(t.name)) for e, t in zip(self.net.errors[0], self.net.targets[0], strict=True)]
        yield [Node(e, e, "error", nowhere, (Said(t, t),), (Said(e, f"dE/d{e}"),)) for e, t in pairs]
        yield [Node("E_total", "E", "error", nowhere, (), (Said("E_total", "dE/dE_total"),))]

    def _box(self, edge: Edge, s: float) -> Box:
        names = [edge.weight, f"dE/d{edge.weight}"]
        width = max(self.level.width(self.text(name)) for name in names)
        return Box(*edge.on(s), width, self.level.line * (2 if self.level.both else 1))

    def _placed(self) -> dict[str, Box]:
        """Where each weight is written: on its edge, near the middle, clear of all else as far as there is room."""
        size = 2 * self.level.radius
        still = [Box(*n.at, size, size) for n in self.nodes] + [b for n in self.nodes for _, b in self.lines(n)]
        weights = [e for e in self.edges if e.weight]
        choices: list[list[tuple[float, Box]]] = []
        for edge in weights:
            free = []
            for s in PLACES:
                box = self._box(edge, s)
                if not any(map(box.meets, still)):
                    usual = box._replace(width=box.width * 0.6)
                    others = sum(e.crosses(usual) for e in weights if e is not edge) if len(weights) <= FEW else 0
                    free.append((abs(s - 0.5) + 0.3 * others, box))
            choices.append(sorted(free, key=lambda pair: pair[0]) or [(9.0, self._box(edge, 0.5))])
        boxes: list[Box] = []
        for layer in self.net.layers:  # a node stands between the edges of two layers
            start = len(boxes)
            boxes += settled(choices[start : start + layer.weights.size])
        return dict(zip((e.weight for e in weights), boxes, strict=True))
