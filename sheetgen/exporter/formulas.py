"""The formula of every element: one table for what is computed first, one for what is written around it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import groupby

import numpy as np

from sheetgen.exporter.blocks import Block
from sheetgen.exporter.graph import Array, CannotExport, Op
from sheetgen.exporter.kernels import Shelf
from sheetgen.exporter.place import Places, Plane, Rectangle
from sheetgen.exporter.windows import NONE
from sheetgen.formula import ATOM, MAX_FORMULA, PRODUCT, SUM, Text

MAX_ARGUMENTS = 255  # of a function, Excel's limit
LEVELS = {"+": SUM, "-": SUM, "*": PRODUCT, "/": PRODUCT}

Texts = list[Text]


class Writer:
    """Writes the formulas of blocks, given where everything stands."""

    def __init__(self, places: Places, shelf: Shelf, planes: Mapping[bytes, Plane]):
        self.places, self.shelf, self.planes = places, shelf, planes

    def block(self, block: Block) -> list[str]:
        """The formula (without =) of each element, in the order of its numbers. Raises CannotExport."""
        first, *around = block.ops
        core = FIRST[first.kind](self, block, first) if first.kind in FIRST else self._refs(first, block)
        if first.kind not in FIRST:  # it reads a cell as it would read a formula
            around = block.ops
        for op in around:
            core = AROUND[op.kind](self, op, core)
        longest = max(core, key=len)
        if len(longest) >= MAX_FORMULA:
            raise CannotExport(
                f"{block.layer} ({block.text}): a formula would have {len(longest):,} characters, and Excel takes "
                f"{MAX_FORMULA:,}: use smaller kernels"
            )
        return [str(text) for text in core]

    def _refs(self, op: Op, block: Block, k: int = 0) -> Texts:
        return [Text(self.places.ref(int(i))) for i in block.sources[k].ravel()]

    def products(self, pairs: Sequence[tuple[str, str]]) -> Text:
        """The sum of products of ranges with ranges."""
        parts = [f"SUMPRODUCT({a},{b})" if ":" in a else f"{a}*{b}" for a, b in pairs]
        return Text("+".join(parts), SUM if len(parts) > 1 else PRODUCT if "*" in parts[0] else ATOM)

    def biased(self, op: Op, out: Array, core: Texts) -> Texts:
        """Each output with its bias, if there is one; `out` says which output each element belongs to."""
        if "bias" not in op.weights:
            return core
        bias = self.shelf.vector(op.weights["bias"])
        return [Text(f"{text.at(SUM)}+{bias[o]}", SUM) for text, o in zip(core, out.tolist(), strict=True)]


def runs(numbers: Sequence[int]) -> Iterator[tuple[int, int]]:
    """(first, last) places of the stretches in which each number is one more than the one before."""
    for _, stretch in groupby(enumerate(numbers), lambda pair: pair[1] - pair[0]):
        places = [k for k, _ in stretch]
        yield places[0], places[-1]


def _conv(w: Writer, block: Block, op: Op) -> Texts:
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
    found: Texts = []
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
                found.append(w.products(list(zip(seen[group, y, x], corner[o], strict=True))))
    return w.biased(op, np.repeat(np.arange(outputs), rows * columns), found)


def _kernel_texts(shelf: Shelf, k: Rectangle, pieces: Sequence[tuple[tuple[int, int], tuple[int, int]]]) -> list[str]:
    return [shelf.text(Rectangle(k.row + a, k.column + i, k.row + b, k.column + j)) for (a, b), (i, j) in pieces]


def _linear(w: Writer, block: Block, op: Op) -> Texts:
    """Every row of what it reads is a rectangle; the weights of each output are laid as that is."""
    weight, ids = op.weights["weight"], block.sources[0]
    outputs = len(weight.array)
    found: Texts = []
    for row in ids.reshape(-1, ids.shape[-1]):
        order = np.lexsort((w.places.column[row], w.places.row[row]))
        columns = len(np.unique(w.places.column[row]))
        index = order.reshape(-1, columns)
        kernels = w.shelf.kernels(weight, index, [f"in {k}" for k in index[:, 0]])
        window = w.places.ranges(row)
        if len(window) != 1:
            raise AssertionError(f"{op.layer}: a linear layer reads {len(window)} ranges")
        found += [w.products([(window[0], w.shelf.text(kernel))]) for kernel in kernels]
    return w.biased(op, np.tile(np.arange(outputs), len(found) // outputs), found)


def _reduce(w: Writer, block: Block, op: Op) -> Texts:
    name, divisors = op.settings["f"], op.settings.get("divisors")
    found: Texts = []
    for k, window in enumerate(op.settings["windows"]):
        ranges = w.places.ranges(window[window != NONE])
        if len(ranges) > MAX_ARGUMENTS:
            raise CannotExport(
                f"{block.layer} ({op.text}): a formula would have {len(ranges):,} arguments, and Excel takes "
                f"{MAX_ARGUMENTS}: use smaller windows"
            )
        if divisors is not None:
            found.append(Text(f"SUM({','.join(ranges)})/{divisors[k]}", PRODUCT))
        elif len(ranges) == 1 and ":" not in ranges[0]:
            found.append(Text(ranges[0]))
        else:
            found.append(Text(f"{name}({','.join(ranges)})"))
    return found


def _binary(w: Writer, block: Block, op: Op) -> Texts:
    a, b = w._refs(op, block, 0), w._refs(op, block, 1)
    sign = op.settings["sign"]
    return [Text(f"{x}{sign}{y}", LEVELS[sign]) for x, y in zip(a, b, strict=True)]


def _leaky(w: Writer, block: Block, op: Op) -> Texts:
    slope = w.shelf.literal(op.settings["slope"], op.layer)
    return [Text(f"IF({x}>0,{x},{slope}*{x})") for x in w._refs(op, block)]


def _gelu(w: Writer, block: Block, op: Op) -> Texts:
    return [Text(f"0.5*{x}*(1+TANH(SQRT(2/PI())*({x}+0.044715*{x}^3)))", PRODUCT) for x in w._refs(op, block)]


FIRST: Mapping[str, Callable[[Writer, Block, Op], Texts]] = {
    "conv": _conv,
    "linear": _linear,
    "reduce": _reduce,
    "binary": _binary,
    "leaky_relu": _leaky,
    "gelu": _gelu,
    "copy": lambda w, block, op: w._refs(op, block),
}


def _norm(w: Writer, op: Op, core: Texts) -> Texts:
    scale, shift = w.shelf.norm(op)
    each = op.out[0].size
    return [Text(f"{x.at(PRODUCT)}*{scale[k // each]}+{shift[k // each]}", SUM) for k, x in enumerate(core)]


def _applied(x: Text, sign: str, other: str, first: bool) -> Text:
    """x sign other, or other sign x."""
    level = LEVELS[sign]
    right = level + 1 if sign in "-/" else level
    if first:
        return Text(f"{x.at(level)}{sign}{other if not other.startswith('-') else f'({other})'}", level)
    return Text(f"{other}{sign}{f'({x})' if x.startswith('-') else x.at(right)}", level)


def _scalar(w: Writer, op: Op, core: Texts) -> Texts:
    s = op.settings
    other = w.shelf.literal(s["number"], op.layer)
    return [_applied(x, s["sign"], other, s["first"]) for x in core]


def _held(w: Writer, op: Op, core: Texts) -> Texts:
    s, addresses = op.settings, w.shelf.vector(op.weights["held"])
    pairs = zip(core, s["places"].ravel().tolist(), strict=True)
    return [_applied(x, s["sign"], addresses[k], s["first"]) for x, k in pairs]


AROUND: Mapping[str, Callable[[Writer, Op, Texts], Texts]] = {
    "norm": _norm,
    "scalar": _scalar,
    "held": _held,
    "relu": lambda w, op, core: [Text(f"MAX(0,{x})") for x in core],
    # EXP(710) is #NUM! in Excel; at -700 the function is 0 to 300 digits.
    "sigmoid": lambda w, op, core: [Text(f"1/(1+EXP(-MAX(-700,{x})))", PRODUCT) for x in core],
    "tanh": lambda w, op, core: [Text(f"TANH({x})") for x in core],
    "exp": lambda w, op, core: [Text(f"EXP({x})") for x in core],
    "log": lambda w, op, core: [Text(f"LN({x})") for x in core],
}
