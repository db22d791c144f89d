"""The formula of every element: one table for what is computed first, one for what is written around it.

Operators are written by their rows of the table of all operators.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import groupby

import numpy as np

from sheetgen.cells.text import ATOM, MAX_ARGUMENTS, MAX_FORMULA, SUM, Text, compose, compose_once
from sheetgen.network.torch.graph import Array, CannotExport, Operation
from sheetgen.network.torch.windows import NONE
from sheetgen.writer.planes.blocks import Block
from sheetgen.writer.planes.kernels import Shelf
from sheetgen.writer.planes.place import Places, Plane, Rectangle

Texts = list[Text]


class Writer:
    """Writes the formulas of blocks, given where everything stands."""

    def __init__(self, places: Places, shelf: Shelf, planes: Mapping[bytes, Plane]):
        self.places, self.shelf, self.planes = places, shelf, planes

    def block(self, block: Block) -> list[str]:
        """The formula (without =) of each element, in the order of its numbers. Raises CannotExport."""
        first, *around = block.ops
        if first.kind in AROUND:  # it reads a cell as it would read a formula
            core, around = self._refs(block), block.ops
        else:
            core = FIRST.get(first.kind, _elementwise)(self, block, first)
        for op in around:
            core = AROUND[op.kind](self, op, core) if op.kind in AROUND else [compose_once(op.kind, x) for x in core]
        longest = max(core, key=len)
        if len(longest) >= MAX_FORMULA:
            raise CannotExport(
                f"{block.layer} ({block.text}): a formula would have {len(longest):,} characters, and Excel takes "
                f"{MAX_FORMULA:,}: use smaller kernels"
            )
        return [str(text) for text in core]

    def _refs(self, block: Block, k: int = 0) -> Texts:
        return [Text(self.places.ref(int(i))) for i in block.sources[k].ravel()]

    def literal(self, op: Operation, value: float) -> Text:
        """A number of an operation."""
        text = self.shelf.literal(value, op.layer)
        return Text(text, SUM if text.startswith("-") else ATOM)

    def biased(self, op: Operation, out: Array, core: Texts) -> Texts:
        """Each output with its bias, if there is one; `out` says which output each element belongs to."""
        if "bias" not in op.weights:
            return core
        bias = self.shelf.vector(op.weights["bias"])
        return [compose("add", [text, Text(bias[o])]) for text, o in zip(core, out.tolist(), strict=True)]


def _products(pairs: Sequence[tuple[str, str]]) -> Text:
    """The sum of products of ranges with ranges, or of cells with cells."""
    return compose("add", [compose("dot" if ":" in a else "mul", [Text(a), Text(b)]) for a, b in pairs])


def runs(numbers: Sequence[int]) -> Iterator[tuple[int, int]]:
    """(first, last) places of the stretches in which each number is one more than the one before."""
    for _, stretch in groupby(enumerate(numbers), lambda pair: pair[1] - pair[0]):
        places = [k for k, _ in stretch]
        yield places[0], places[-1]


def _conv(w: Writer, block: Block, op: Operation) -> Texts:
    plane = w.planes[block.sources[0].tobytes()]
    channels = plane.block.planes[0]
    weight, groups = op.weights["weight"], op.settings["groups"]
    outputs, inner, height, width = weight.array.shape
    (sy, sx), (dy, dx), (py, px) = (op.settings[k] for k in ("stride", "dilation", "padding"))
    # The kernel is laid as its window is: rows of (kernel row, channel), columns of kernel columns.
    index = np.arange(inner * height * width).reshape(inner, height, width).transpose(1, 0, 2).reshape(-1, width)
    labels = [f"row {y}, in {c}" for y in range(height) for c in range(inner)]
    kernels = w.shelf.kernels(weight, index, labels)
    down = [y * dy * channels + c for y in range(height) for c in range(inner)]
    across = [x * dx for x in range(width)]
    pieces = [(a, b) for a in runs(down) for b in runs(across)]
    corner = [_kernel_texts(w.shelf, kernel, pieces) for kernel in kernels]
    _, rows, columns = block.ops[0].out.shape
    top, left = plane.top + (plane.block.margin[0] - py) * channels, int(w.places.column[block.sources[0].min()]) - px
    texts: Texts = []
    seen: dict[tuple[int, int, int], list[str]] = {}
    for o in range(outputs):
        group = o * groups // outputs
        for y in range(rows):
            for x in range(columns):
                if (group, y, x) not in seen:
                    r, c = top + y * sy * channels + group * inner, left + x * sx
                    seen[group, y, x] = [
                        w.places.text(Rectangle(r + down[a], c + across[i], r + down[b], c + across[j]))
                        for (a, b), (i, j) in pieces
                    ]
                texts.append(_products(list(zip(seen[group, y, x], corner[o], strict=True))))
    return w.biased(op, np.repeat(np.arange(outputs), rows * columns), texts)


def _kernel_texts(shelf: Shelf, k: Rectangle, pieces: Sequence[tuple[tuple[int, int], tuple[int, int]]]) -> list[str]:
    return [shelf.text(Rectangle(k.row + a, k.column + i, k.row + b, k.column + j)) for (a, b), (i, j) in pieces]


def _linear(w: Writer, block: Block, op: Operation) -> Texts:
    """Every row of what it reads is a rectangle; the weights of each output are laid as that is."""
    weight, ids = op.weights["weight"], block.sources[0]
    outputs = len(weight.array)
    texts: Texts = []
    for row in ids.reshape(-1, ids.shape[-1]):
        order = np.lexsort((w.places.column[row], w.places.row[row]))
        columns = len(np.unique(w.places.column[row]))
        index = order.reshape(-1, columns)
        kernels = w.shelf.kernels(weight, index, [f"in {k}" for k in index[:, 0]])
        window = w.places.ranges(row)
        if len(window) != 1:
            raise AssertionError(f"{op.layer}: a linear layer reads {len(window)} ranges")
        texts += [_products([(window[0], w.shelf.text(kernel))]) for kernel in kernels]
    return w.biased(op, np.tile(np.arange(outputs), len(texts) // outputs), texts)


def _reduce(w: Writer, block: Block, op: Operation) -> Texts:
    name, divisors = op.settings["f"], op.settings.get("divisors")
    texts: Texts = []
    for k, window in enumerate(op.settings["windows"]):
        ranges = w.places.ranges(window[window != NONE])
        if len(ranges) > MAX_ARGUMENTS:
            raise CannotExport(
                f"{block.layer} ({op.text}): a formula would have {len(ranges):,} arguments, and Excel takes "
                f"{MAX_ARGUMENTS}: use smaller windows"
            )
        if divisors is not None:
            texts.append(compose("div", [Text(f"SUM({','.join(ranges)})"), Text(str(divisors[k]))]))
        elif len(ranges) == 1 and ":" not in ranges[0]:
            texts.append(Text(ranges[0]))
        else:
            texts.append(Text(f"{name}({','.join(ranges)})"))
    return texts


def _binary(w: Writer, block: Block, op: Operation) -> Texts:
    pairs = zip(w._refs(block, 0), w._refs(block, 1), strict=True)
    return [compose(op.settings["op"], pair) for pair in pairs]


def _elementwise(w: Writer, block: Block, op: Operation) -> Texts:
    """An operator of the table, of cells and numbers."""
    numbers = [w.literal(op, value) for value in op.settings.get("numbers", ())]
    return [compose(op.kind, [x, *numbers]) for x in w._refs(block)]


FIRST: Mapping[str, Callable[[Writer, Block, Operation], Texts]] = {
    "conv": _conv,
    "linear": _linear,
    "reduce": _reduce,
    "binary": _binary,
    "copy": lambda w, block, op: w._refs(block),
}


def _norm(w: Writer, op: Operation, core: Texts) -> Texts:
    scale, shift = w.shelf.norm(op)
    each = op.out[0].size
    return [
        compose("add", [compose("mul", [x, Text(scale[k // each])]), Text(shift[k // each])])
        for k, x in enumerate(core)
    ]


def _with(op: Operation, x: Text, other: Text) -> Text:
    """An operator of what is written and something else, on the side where that stands."""
    return compose(op.settings["op"], [x, other] if op.settings["first"] else [other, x])


def _scalar(w: Writer, op: Operation, core: Texts) -> Texts:
    other = w.literal(op, op.settings["number"])
    return [_with(op, x, other) for x in core]


def _held(w: Writer, op: Operation, core: Texts) -> Texts:
    addresses = w.shelf.vector(op.weights["held"])
    return [_with(op, x, Text(addresses[k])) for x, k in zip(core, op.settings["places"].ravel().tolist(), strict=True)]


# What is written around a formula and is no operator of the table.
AROUND: Mapping[str, Callable[[Writer, Operation, Texts], Texts]] = {"norm": _norm, "scalar": _scalar, "held": _held}
