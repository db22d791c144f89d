"""The lines of the derivation in plain words: what is computed, and for a factor of a chain rule what it means."""

from __future__ import annotations

import re
from collections.abc import Sequence

from sheetgen.cells.cell import Cell
from sheetgen.network.derivation import Line

_PARTIAL = re.compile(r"d(?P<y>[^/]+)/d(?P<x>[^/]+)")
_DEEP = re.compile(r"a_h(\d+)_")  # of a network with several hidden layers
ACTIVATIONS = {
    "sigmoid": "the sigmoid: {} squashed to between 0 and 1",
    "tanh": "the tanh: {} squashed to between −1 and 1",
    "relu": "the ReLU: {}, or 0 where that is negative",
    "identity": "{} as it is",
}
STEEP = {  # why the slope of an activation is what it is, line by line
    "sigmoid": "how steep the sigmoid is, with u = e^−{0}:\n1. u has the slope −u, and 1/x has −1/x^2\n"
    "2. so a = 1/(1+u) has the slope u/(1+u)^2\n3. u/(1+u) = 1−a, so this slope is a(1−a)",
    "tanh": "how steep tanh is at {0}: a = sinh/cosh\n1. sinh has the slope cosh, cosh has sinh\n"
    "2. so a has (cosh^2−sinh^2)/cosh^2\n3. divided out, this slope is 1−a^2",
    "relu": "how steep the ReLU is at {0}: 1 where that is positive, else 0",
    "identity": "1: the output is {0} as it is",
}
_NAMES = re.compile(r"^(?P<kind>a_|E|[a-z])")


def in_words(line: Line, activations: Sequence[str], product: bool) -> str:
    """A line in words; `product`: it is the factors of a chain rule multiplied, which stand above it.

    `activations` are the names of the layers' activation functions.
    """
    if line.name.endswith("_next"):
        return "a step downhill: the weight minus learning rate times slope"
    if match := _PARTIAL.fullmatch(line.name):
        y, x = _bare(match["y"]), _bare(match["x"])
        return STEEP[_activation(y, activations)].format(x) if y.startswith("a_") else _slope(y, x, line.cell, product)
    name = _bare(line.name)
    if name == "E":
        return "the error: those of all outputs added up" + "; E_total on Training" * (line.name == "E")
    if name.startswith("E"):
        return f"half the squared distance of a_o{name[1:]} from its target"
    if not name.startswith("a_"):
        return "what comes in times its weights, added up"
    return ACTIVATIONS[_activation(name, activations)].format(name[2:])


def _activation(name: str, activations: Sequence[str]) -> str:
    """The activation function of a unit."""
    deep = _DEEP.match(name)
    return activations[-1 if name.startswith("a_o") else int(deep[1]) - 1 if deep else 0]


def _bare(name: str) -> str:
    """A name without its sample."""
    return name.partition("[")[0]


def _known(cell: Cell) -> str:
    """The gradient of a line above that a derivative is the product of, with others; nothing if it is written out."""
    first = cell.args[0] if cell.op == "mul" else cell
    return re.sub(r"\[\d+\]", "", first.name or "") if first.op == "variable" else ""


def _slope(y: str, x: str, cell: Cell, product: bool) -> str:
    """A derivative in words."""
    match = _NAMES.match(x)
    kind = match["kind"] if match else ""
    if not y.startswith("E"):  # a weighted sum
        return f"what {x} is multiplied by" if kind in ("w", "i", "a_") else "1: it is added as it is"
    total = y == "E"
    if kind == "E":
        return f"{y} follows {x} one to one: it is a sum"
    known = _known(cell) if total else ""
    if kind == "a_":
        if x.startswith("a_o"):
            if known:
                return f"how E changes with {x}: the two factors above, multiplied"
            return f"how far {x} is above its target: the half and the 2 cancel, and the inner −1 turns t − a round"
        if total:
            return f"how E changes with {x}: all ways, summed"
        weight = cell.args[-1].name or ""
        return f"the way over o{y[1:]}: dE/do{y[1:]} times {weight}" if weight[:1] == "w" else f"the way over o{y[1:]}"
    if not known:
        return f"how {y} changes with {x}, written out"
    if kind not in ("w", "i"):
        return f"{known} times how steep a_{x} is: once, for all weights into {x}"
    if product and known.startswith("dE/dE"):
        return "the chain rule; the first three make dE/do1"
    return f"{known}, times what {x} is multiplied by"
