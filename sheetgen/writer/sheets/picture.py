"""Where the network is drawn, in pixels: its nodes, its edges, and labels that do not cover one another."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from functools import cached_property

from sheetgen.network.layers import Network
from sheetgen.spec import Spec
from sheetgen.writer.sheets.boxes import Box, settled
from sheetgen.writer.sheets.nodes import Edge, Level, Node, Said, Text
from sheetgen.writer.sheets.walk import plain, shown_as

WIDTH = 848  # of the drawing
LEAST_HEIGHT, ROOM = 340, 75  # of the drawing, and of a unit of a crowded one
PITCHES = 214, 190, 165, 140, 120, 100  # between the units of a layer
MOST_NODES, MOST_LAYERS = 12, 8  # in one column, and columns of inputs and units
OFF = 4  # from a node to what is written at it: its ring has room
GAP = 6  # between labels
CLEAR = 10  # between those above and below a level edge, which is up to so thick
PLACES = [0.5 + sign * k / 50 for k in range(19) for sign in ((1, -1) if k else (1,))]  # along an edge
FEW = 24  # edges: the weights of more are written on those alone that are spoken of

LEVELS = (
    Level(10, 6, True, True),
    Level(9, 6, True, True),
    Level(9, 4, True, True),
    Level(9, 4, True, False),
    Level(9, 4, False, False),
    Level(9, 4, False, False, True),
    Level(9, 3, False, False, True),
)


def drawn(spec: Spec) -> bool:
    """Whether the network is drawn: not one with a layer too large, or with too many of them."""
    return max(spec.layers) <= MOST_NODES and len(spec.layers) <= MOST_LAYERS


def height(spec: Spec) -> int:
    """How tall the drawing is, in whole rows of 20 pixels: nothing where it is not drawn."""
    return max(LEAST_HEIGHT, 20 * math.ceil(ROOM * max(spec.layers) / 20)) if drawn(spec) else 0


class Picture:
    """A network of one sample, from left to right: inputs, units, errors, E; as much is written as has room."""

    def __init__(self, spec: Spec, net: Network):
        self.spec, self.net = spec, net
        # Whether weights are written on those edges alone that are spoken of.
        self.fans = sum(layer.weights.size for layer in net.layers) > FEW
        for level in LEVELS[-1:] if self.fans else LEVELS:
            self.level = level
            if any(self._fits(pitch) for pitch in self._pitches()):
                break

    @cached_property
    def height(self) -> int:
        """In pixels."""
        return height(self.spec)

    def short(self, name: str) -> str:
        """What stands before a number: the name, or as little of it as is understood at its node or edge."""
        name = shown_as(name)
        if self.level.whole:
            return f"{name} = "
        start, _, stem = name.rpartition("/d")
        if self.level.inside:
            return f"{name} " if stem[0] in "wt" else ""
        if stem.startswith("w") and not (start and self.level.both):
            return f"{stem} "
        own = "a" if stem.startswith("a_") else stem.rstrip("0123456789_") or stem
        return f"{start}/d{own} " if start else f"{own} "

    def name_at(self, node: Node) -> float:
        """How high the name of a node stands: above the numbers that stand in it."""
        return node.at[1] + self.level.inside * len(node.texts) * self.level.line / 2

    def boxes(self) -> Iterator[tuple[str, Box]]:
        """All that must not cover one another: what is written, and the nodes."""
        size = 2 * self.level.radius
        for node in self.nodes:
            yield node.name, Box(*node.at, size, size)
            yield from ((f"{node.name}: {text.said.forward}", text.box) for text in self.outside(node))
        if not self.fans:
            yield from self.places.items()

    def outside(self, node: Node) -> Sequence[Text]:
        """What is written around a node, not in it."""
        return () if self.level.inside else node.texts

    def collisions(self) -> Iterator[tuple[str, str]]:
        """Pairs that cover one another, and what is written at a node across an edge."""
        boxes = list(self.boxes())
        for k, (name, box) in enumerate(boxes):
            yield from ((name, other) for other, b in boxes[k + 1 :] if box.meets(b))
        for node in self.nodes:
            for text in self.outside(node):
                yield from ((f"{node.name}: {text.said.forward}", e.weight) for e in self.edges if e.crosses(text.box))

    def text(self, name: str) -> str:
        """The longest text with a quantity: what cannot be negative has no sign, what is 1 is short."""
        number = "1" if name.startswith("dE/dE") else self.level.number()
        number = number.removeprefix("-" * name.startswith("E"))
        return ("" if name.startswith("i") else self.short(name)) + number

    def _width(self, said: Said) -> float:
        return max(self.level.width(self.text(name)) for name in said)

    def _pitches(self) -> Iterator[float]:
        """Distances between the units of a layer, from the largest that the drawing has room for."""
        most, radius = max(self.spec.layers), self.level.radius
        if self.level.inside:
            room = (self.height - 2 * (radius + GAP)) / max(1, most - 1)
            return iter([min(PITCHES[0], room)] if room > 2 * radius + GAP or self.level is LEVELS[-1] else [])
        lines = max(len(node.said) for column in self._columns() for node in column)
        room = (self.height - 2 * (radius + OFF + lines * self.level.line + GAP / 2)) / max(1, most - 1)
        least = 2 * radius + OFF + self.level.line
        return (pitch for pitch in (min(PITCHES[0], room), *PITCHES[1:]) if least <= pitch <= room)

    def _fits(self, pitch: float) -> bool:
        """Draw everything at a distance between units, and tell whether nothing covers anything."""
        self.nodes, self.edges = self._drawn(pitch)
        texts: list[Text] = []
        for k, node in enumerate(self.nodes):
            self.nodes[k] = node._replace(texts=self._texts(node, texts))
            texts += self.nodes[k].texts
        self.places = self._placed()
        return not any(True for _ in self.collisions())

    def _drawn(self, pitch: float) -> tuple[list[Node], list[Edge]]:
        """Nodes and edges of one level; the layers stand as far apart as what is written at them allows."""
        columns = list(self._columns())
        radius = self.level.radius
        widths = [2 * radius] * len(columns)
        if not self.level.inside:
            widths = [max(self._width(said) for node in column for said in node.said) for column in columns]
        left, right = max(radius + OFF, widths[0] / 2 + GAP), WIDTH - max(widths[-1], 2 * radius) + radius - GAP
        total = right - max(radius + widths[-2] / 2 + GAP, 3 * radius)  # of the errors
        last = total - (widths[-2] + widths[-3]) / 2 - GAP * (3 if self.level.inside else 1)  # of the outputs
        layers = len(columns) - 2
        xs = [left + (last - left) * k / (layers - 1) for k in range(layers)] + [total, right]
        middle = self.height / 2
        placed = [
            [n._replace(at=(x, middle + pitch * ((len(c) - 1) / 2 - j))) for j, n in enumerate(c)]
            for x, c in zip(xs, columns, strict=True)
        ]
        nodes = [n for column in placed for n in column]
        edges = []
        for k, layer in enumerate(self.net.layers):
            for j, row in enumerate(layer.weights):
                edges += [Edge(w.name, placed[k][i], placed[k + 1][j]) for i, w in enumerate(row)]
        edges += [Edge("", p, q) for p, q in zip(placed[-3], placed[-2], strict=True)]
        edges += [Edge("", p, placed[-1][0]) for p in placed[-2]]
        return nodes, edges

    def _columns(self) -> Iterator[list[Node]]:
        """The nodes from left to right, still without a place."""
        nowhere, inside = (0.0, 0.0), self.level.inside
        names = [plain(i.name) for i in self.net.inputs[0]]
        yield [Node(n, n, "input", nowhere, (Said(n, n),)) for n in names]
        for k, layer in enumerate(self.net.layers):
            kind = "output" if k == len(self.net.layers) - 1 else "hidden"
            column = []
            for j, h in enumerate(plain(h.name) for h in layer.h[0]):
                trained = self.spec.bias == "trained"
                biases = layer.biases[j : j + 1] if not inside else layer.biases[:0]
                own = (Said(b.name, f"dE/d{b.name}" if trained else b.name) for b in biases)
                said = *own, Said(h, f"dE/d{h}"), Said(f"a_{h}", f"dE/da_{h}")
                column.append(Node(h, h, kind, nowhere, said))
            yield column
        pairs = [(plain(e.name), plain(t.name)) for e, t in zip(self.net.errors[0], self.net.targets[0], strict=True)]
        yield [Node(e, e, "error", nowhere, (Said(t, t), Said(e, f"dE/d{e}"))) for e, t in pairs]
        yield [Node("E_total", "E", "error", nowhere, (Said("E_total", "dE/dE_total"),))]

    def _texts(self, node: Node, others: Sequence[Text]) -> tuple[Text, ...]:
        """What is written at a node, each in a place: in it, or around it where no edge runs, if there is such."""
        (x, y), line, n = node.at, self.level.line, len(node.said)
        if self.level.inside:
            down = (n - 1) * line / 2  # the name stands above them
            return tuple(Text(s, Box(x, y + down - line * (k + 0.5), 0, line)) for k, s in enumerate(node.said))
        upper, lower = (sign * (y - self.height / 2) > 1 for sign in (1, -1))
        ways = range(n + 1) if lower else [n, *range(n)] if upper or n == 1 else [n - 1, n, *range(n - 1)]
        found = [tuple(self._around(node, above, side)) for side in (0, 1, -1) for above in ways]
        return min(found, key=lambda texts: self._crossed(texts, others))

    def _crossed(self, texts: Sequence[Text], others: Sequence[Text]) -> int:
        """How many edges and other texts some texts are in the way of, and ends of the drawing."""
        boxes = [text.box for text in texts]
        across = sum(e.crosses(box) for e in self.edges for box in boxes)
        across += sum(box.meets(other.box) for box in boxes for other in others)
        return across + sum(abs(box.x - WIDTH / 2) + box.width / 2 > WIDTH / 2 for box in boxes)

    def _around(self, node: Node, above: int, side: int) -> list[Text]:
        """What is written around a node: so many lines above it, the others below; amid, or from one side on."""
        (x, y), line, off = node.at, self.level.line, self.level.radius + OFF
        texts = []
        for k, said in enumerate(node.said):
            up = off + line * (above - k - 0.5) if k < above else -off - line * (k - above + 0.5)
            width = self._width(said)
            texts.append(Text(said, Box(x + side * (width / 2 - self.level.radius), y + up, width, line), side))
        return texts

    def _box(self, edge: Edge, s: float) -> Box:
        names = [edge.weight, f"dE/d{edge.weight}"]
        width = max(self.level.width(self.text(name)) for name in names)
        apart = CLEAR if abs(edge.source.at[1] - edge.target.at[1]) < self.level.line else 0  # of a level edge
        return Box(*edge.on(s), width, 2 * self.level.line + apart if self.level.both else self.level.line)

    def _placed(self) -> dict[str, Box]:
        """Where each weight is written: on its edge, near the middle, clear of all else as far as there is room."""
        weights = [e for e in self.edges if e.weight]
        if self.fans:
            return {e.weight: self._box(e, 0.5) for e in weights}
        size = 2 * self.level.radius
        still = [Box(*n.at, size, size) for n in self.nodes] + [t.box for n in self.nodes for t in self.outside(n)]
        choices: list[list[tuple[float, Box]]] = []
        for edge in weights:
            free = []
            for s in PLACES:
                box = self._box(edge, s)
                if not any(map(box.meets, still)):
                    usual = box._replace(width=box.width * 0.6)
                    others = sum(e.crosses(usual) for e in weights if e is not edge)
                    free.append((abs(s - 0.5) + 0.3 * others, box))
            choices.append(sorted(free, key=lambda pair: pair[0]) or [(9.0, self._box(edge, 0.5))])
        boxes: list[Box] = []
        for layer in self.net.layers:  # a node stands between the edges of two layers
            start = len(boxes)
            boxes += settled(choices[start : start + layer.weights.size])
        return dict(zip((e.weight for e in weights), boxes, strict=True))
