"""A Spec -> the forward pass as Cells, in numpy object arrays: the mathematics reads as it does on paper."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sheetgen.cells.cell import Cell, add, half_squared_error, identity, variable
from sheetgen.spec import Spec

Cells = NDArray[Any]  # of Cell objects


@dataclass(frozen=True)
class Layer:
    """One layer: `a = f(h)`, `h = W x (+ b)`. Shapes: weights (units, inputs), biases (units,) or (0,), h and a
    (samples, units)."""

    weights: Cells
    biases: Cells
    h: Cells
    a: Cells


@dataclass(frozen=True)
class Network:
    """The forward pass. Shapes: inputs (samples, n), targets and errors (samples, outputs)."""

    inputs: Cells
    targets: Cells
    layers: tuple[Layer, ...]
    errors: Cells
    loss: Cell

    @property
    def weights(self) -> list[Cell]:
        """w1, w2, ... in order."""
        return [w for layer in self.layers for w in layer.weights.flat]

    @property
    def biases(self) -> list[Cell]:
        """b1, b2, ... in order."""
        return [b for layer in self.layers for b in layer.biases]


def suffix(spec: Spec, sample: int) -> str:
    """The end of a sample's names: nothing if there is only one, else [1], [2], ..."""
    return f"[{sample + 1}]" if spec.samples > 1 else ""


def layer_prefix(spec: Spec, k: int) -> str:
    """The letters before the pre-activations of layer `k`: h (h1_, h2_ in a deep network), o for the outputs."""
    hidden = len(spec.layers) - 2
    return "o" if k == hidden else "h" if hidden == 1 else f"h{k + 1}_"


def _variables(names: list[str], shape: tuple[int, ...]) -> Cells:
    cells = np.empty(len(names), dtype=object)
    cells[:] = [variable(name) for name in names]
    return cells.reshape(shape)


def build(spec: Spec) -> Network:
    """The network of a Spec, every Cell named as the homework names it: i1, w1, h1, a_h1, o1, a_o1, E1, E_total."""
    samples = range(spec.samples)

    def data(letter: str, units: int) -> Cells:
        names = [f"{letter}{k + 1}{suffix(spec, s)}" for s in samples for k in range(units)]
        return _variables(names, (spec.samples, units))

    inputs, targets = data("i", spec.layers[0]), data("t", spec.layers[-1])
    layers: list[Layer] = []
    x, w, b = inputs, 0, 0
    for k, (fan_in, units) in enumerate(zip(spec.layers, spec.layers[1:], strict=False)):
        W = _variables([f"w{w + j + 1}" for j in range(units * fan_in)], (units, fan_in))
        bias = _variables([f"b{b + j + 1}" for j in range(units if spec.bias != "none" else 0)], (-1,))
        w, b = w + W.size, b + bias.size
        h = np.array([W @ row for row in x], dtype=object)
        if bias.size:
            h = h + bias
        f = np.frompyfunc(lambda unit, name=spec.activations[k]: unit.apply(name), 1, 1)
        layers.append(Layer(W, bias, h, np.asarray(f(h))))
        x = layers[-1].a
        _name(layers[-1], layer_prefix(spec, k), spec)
    errors: Cells = np.asarray(np.frompyfunc(half_squared_error, 2, 1)(targets, x))
    error: Cell
    for (s, k), error in np.ndenumerate(errors):
        error.named(f"E{k + 1}{suffix(spec, s)}")
    total = add(*errors.flat) if errors.size > 1 else identity(errors.flat[0])
    return Network(inputs, targets, tuple(layers), errors, total.named("E_total"))


def _name(layer: Layer, prefix: str, spec: Spec) -> None:
    for s, k in np.ndindex(layer.h.shape):
        h = layer.h.item(s, k).named(f"{prefix}{k + 1}{suffix(spec, s)}")
        layer.a.item(s, k).named(f"a_{h.name}")
