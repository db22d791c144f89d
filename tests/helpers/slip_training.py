"""Training with a slip, in NumPy, from the sentence that names it: nothing of it is made of Cells."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from sheetgen.spec import Spec

SLOPES: dict[str, Any] = {
    "sigmoid": (lambda h: 1 / (1 + np.exp(-h)), lambda a: a * (1 - a)),
    "tanh": (np.tanh, lambda a: 1 - a * a),
    "relu": (lambda h: np.maximum(h, 0), lambda a: 1.0 * (a > 0)),
    "identity": (lambda h: h, np.ones_like),
}
KINDS = {
    "none": "none", "where the slope at": "neighbour", "change places": "transpose", "no brackets": "brackets",
    "times .* minus ": "times", "slope at .* is forgotten": "no slope", "only the first output": "one error",
    "twice as large": "twice", "without the one half": "half", "a \\$ too many": "frozen",
    "already updated": "already", "only the first sample": "one sample", "as if the bias": "bias",
    ": plus in its update": "plus", "updated with": "another", "never updated": "never",
    "slides down": "slides", "typed over": "typed",
}  # fmt: skip


class Row(NamedTuple):
    """The numbers of a row: parameters and their gradients as the updates use them, by name; and the right ones."""

    parameters: dict[str, float]
    gradients: dict[str, float]
    E: float
    right: dict[str, float]
    should: float
    rate: float
    steps: dict[str, float]


def kind_of(title: str) -> str:
    """What kind of slip a title speaks of."""
    found = [kind for words, kind in KINDS.items() if re.search(words, title)]
    assert len(found) == 1, (title, found)
    return found[0]


class Net:
    """Weights and biases of each layer, as arrays."""

    def __init__(self, spec: Spec):
        self.spec, at, b = spec, 0, 0
        self.W: list[Any] = []
        self.b: list[Any] = []
        for m, n in zip(spec.layers, spec.layers[1:], strict=False):
            self.W.append(np.array(spec.weights[at : at + m * n]).reshape(n, m))
            self.b.append(np.array(spec.biases[b : b + n]) if spec.biases else np.zeros(n))
            at, b = at + m * n, b + n

    def put(self, parameters: Sequence[float]) -> None:
        """Take everything that is trained, in order."""
        numbers = iter(parameters)
        for a in (*self.W, *(self.b if self.spec.bias == "trained" else [])):
            a.flat = [next(numbers) for _ in range(a.size)]

    def names(self, W: list[Any], b: list[Any]) -> dict[str, float]:
        """Everything that is trained, by name."""
        flat = {f"w{k}": float(x) for k, x in enumerate(np.concatenate([w.ravel() for w in W]), 1)}
        if self.spec.bias == "trained":
            flat |= {f"b{k}": float(x) for k, x in enumerate(np.concatenate(b), 1)}
        return flat


def backward(net: Net, x: Any, t: Any, slip: str, first: list[Any]) -> tuple[list[Any], list[Any], float]:
    """The gradients and E, with a slip; `first` keeps the activations of row 0."""
    spec, W = net.spec, net.W
    A = [x]
    for w, b, name in zip(W, net.b, spec.activations, strict=True):
        A.append(SLOPES[name][0](A[-1] @ w.T + b))
    if not first:
        first += A
    slope = [SLOPES[name][1](a) for name, a in zip(spec.activations, A[1:], strict=True)]
    error = A[-1] - t
    deltas = [error * slope[-1] * (2 if slip == "twice" else 1)]
    for k in reversed(range(len(W) - 1)):
        above, w, f = deltas[0], W[k + 1], slope[k]
        hidden = k == len(W) - 2
        if hidden and slip == "transpose":
            w = w.T
        if hidden and slip == "already":
            w = w - spec.learning_rate * above.T @ A[k + 1]
        back = np.outer(above[:, 0], w[0]) if hidden and slip == "one error" else above @ w
        if k == 0 and slip == "neighbour":
            f = f.copy()
            f[:, 1] = f[:, 0]
        deltas.insert(0, back * f)
    few = slice(0, 1) if slip == "one sample" else slice(None)
    gW = [d[few].T @ a[few] for d, a in zip(deltas, A, strict=False)]
    gb = [d[few].sum(0) for d in deltas]
    if slip == "brackets":
        terms = deltas[1] * W[1][:, 0]
        gW[0][0, 0] = (terms[:, :-1].sum(1) + terms[:, -1] * slope[0][:, 0] * x[:, 0]).sum()
    if slip == "times":
        gW[-1][0, 0] = (A[-1][:, 0] * t[:, 0] * slope[-1][:, 0] * A[-2][:, 0]).sum()
    if slip == "no slope":
        gW[-1][-1, 0] = (error[:, -1] * A[-2][:, 0]).sum()
    if slip == "frozen":
        gW[-1][0, 0] = (deltas[-1][:, 0] * first[-2][:, 0]).sum()
    if slip == "bias":
        gb[0][0] = (deltas[0][:, 0] * x[:, 0]).sum()
    return gW, gb, float((error**2).sum() * (1 if slip == "half" else 0.5))


def train(spec: Spec, title: str, steps: int, follow: Sequence[Sequence[float]] = ()) -> list[Row]:
    """All rows of a training with the slip that a title names; `follow`: each from the parameters that are given."""
    slip, net = kind_of(title), Net(spec)
    x, t = np.array(spec.inputs), np.array(spec.targets)
    if slip == "typed":
        x[0, 0] += 0.05
    below = [spec.learning_rate, *spec.inputs[0], *spec.targets[0]][:9]
    first: list[Any] = []
    rows = []
    for k in range(steps + 1):
        if follow:
            net.put(follow[k])
        gW, gb, E = backward(net, x, t, slip, first)
        rW, rb, should = backward(net, x, t, "none", [0])
        rate = spec.learning_rate
        if slip == "slides":
            rate = below[k] if k < len(below) else 0.0
        step, p = {n: rate * g for n, g in net.names(gW, gb).items()}, net.names(net.W, net.b)
        out = len(p) - (sum(spec.layers[1:]) if spec.bias == "trained" else 0) - net.W[-1].size + 1
        one, two = (f"w{out}", f"w{out + 1}") if net.W[-1].size > 1 else ("w1", "w2")
        step[f"w{out}"] *= -1 if slip == "plus" else 1
        if slip == "another":
            step[two] = step[one]
        if slip == "never":
            step[list(p)[-1]] = 0.0
        rows.append(Row(p, net.names(gW, gb), E, net.names(rW, rb), should, rate, step))
        net.put([x - step[n] for n, x in p.items()])
    return rows
