"""The same network in PyTorch float64: the oracle. Beside the exporter, the only place that imports torch.

It shares a Spec with the generator and nothing else: the forward pass is torch's, the gradients are autograd's.
Several runs are trained side by side (the learning rates to compare, and a shadow of each that shows what rounding
does), so every tensor of parameters has a first dimension for the run.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional

from sheetgen.spec import Spec

# "A few units in the last place": LibreOffice takes a difference below 2^-48 of its terms for 0: then a weight stays.
ULPS = 128 * 2.0**-52
NUDGE = 2.0**-50  # how far a shadow run's weights are moved, relatively
DRIFTS = 16  # how much more than its shadow a right program may drift
CHUNK = 2_000  # rows whose numbers are computed at once

ACTIVATION = {"sigmoid": torch.sigmoid, "tanh": torch.tanh, "relu": functional.relu, "identity": lambda h: h}
# What the derivative's terms add up to without their signs, by the size of the output a.
STEEPEST = {
    "sigmoid": lambda a: a * (1 + a),
    "tanh": lambda a: 1 + a * a,
    "relu": lambda a: (a > 0).to(a.dtype),
    "identity": torch.ones_like,
}


class Number(NamedTuple):
    """What a cell should hold, and how far rounding alone may move it in a program that is right."""

    value: float
    rounding: float


class Series(NamedTuple):
    """One quantity over all rows: its values, and how far rounding may move each; (rows,) each."""

    values: Tensor
    rounding: Tensor

    def numbers(self) -> Iterator[Number]:
        """Row by row; what ran off to infinity is NaN."""
        for value, rounding in zip(self.values.tolist(), self.rounding.tolist(), strict=True):
            finite = math.isfinite(value) and math.isfinite(rounding)
            yield Number(value, rounding) if finite else Number(math.nan, math.inf)


def tolerance(number: Number, relative: float = 1e-9) -> float:
    """How far a right cell may be off: 1e-9 relative, but never less than what rounding does."""
    return max(relative * abs(number.value), number.rounding)


def scale(numbers: Iterable[Number], relative: float = 1e-9) -> float:
    """The smallest scale on which a whole column can be compared: 0 unless rounding hides 1e-9 of some number.

    A difference below `tolerance` is below `relative` when divided by max(|value|, scale).
    """
    needed = [n.rounding / relative for n in numbers if relative * abs(n.value) < n.rounding < math.inf]
    return max(needed, default=0.0)


def versions() -> str:
    """The oracle's name and version, for reports."""
    return f"PyTorch {torch.__version__.split('+')[0]}"


class Pass(NamedTuple):
    """One forward and backward pass of R runs. parameters and their gradients in the order w, b of each layer."""

    parameters: list[Tensor]  # (R, units, inputs) and, with biases, (R, 1, units)
    layers: list[tuple[Tensor, Tensor]]  # (h, a) of each layer, (R, samples, units)
    errors: Tensor  # (R, samples, outputs)
    gradients: list[Tensor]  # of the parameters
    deltas: list[Tensor]  # of each h


class Net:
    """The network of a Spec for R runs at once, in float64."""

    def __init__(self, spec: Spec):
        self.spec = spec
        self.x, self.t = (torch.tensor(data, dtype=torch.float64) for data in (spec.inputs, spec.targets))
        self.biased = spec.bias != "none"

    def initial(self) -> list[Tensor]:
        """The first parameters, for one run."""
        parameters, w, b = [], 0, 0
        weights, biases = (torch.tensor(p, dtype=torch.float64) for p in (self.spec.weights, self.spec.biases))
        for m, n in itertools.pairwise(self.spec.layers):
            parameters.append(weights[w : w + m * n].reshape(1, n, m))
            if self.biased:
                parameters.append(biases[b : b + n].reshape(1, 1, n))
            w, b = w + m * n, b + n
        return parameters

    def trained(self) -> list[bool]:
        """Which parameters training updates."""
        per_layer = [True, self.spec.bias == "trained"] if self.biased else [True]
        return per_layer * (len(self.spec.layers) - 1)

    def __call__(self, parameters: Sequence[Tensor]) -> Pass:
        """Forward, then autograd; runs do not see one another, so the sum of their losses serves them all."""
        parameters = [p.detach().requires_grad_() for p in parameters]
        values, layers, a = iter(parameters), [], self.x
        for name in self.spec.activations:
            h = a @ next(values).mT
            h = h + next(values) if self.biased else h
            a = ACTIVATION[name](h)
            layers.append((h, a))
        errors = 0.5 * (self.t - a) ** 2
        found = torch.autograd.grad(errors.sum(), [*parameters, *(h for h, _ in layers)], retain_graph=True)
        return Pass(parameters, layers, errors, list(found[: len(parameters)]), list(found[len(parameters) :]))

    def magnitudes(self, done: Pass, largest: Sequence[Tensor]) -> Pass:
        """How large the terms are that add up, or cancel, to each number: sum |w x| for h, |a| + |t| for a - t.

        A gradient's magnitude is what backpropagation gives with |a| + |t| for a - t, and no sign anywhere.
        """
        values, m, forward = iter(largest), self.x.abs(), []
        for h, a in done.layers:
            mh = m @ next(values).mT
            mh = mh + next(values) if self.biased else mh
            (slope,) = torch.autograd.grad(a.sum(), h, retain_graph=True)
            m = a.detach().abs() + slope.abs() * mh
            forward.append((mh, m))
        output = done.layers[-1][1].detach()
        cancel = m + self.t.abs()
        step = 2 if self.biased else 1
        inputs = [self.x.abs().expand(len(output), -1, -1), *(a.detach().abs() for _, a in done.layers[:-1])]
        delta = cancel
        gradients: list[Tensor] = []
        deltas: list[Tensor] = []
        for k in reversed(range(len(done.layers))):
            # The slopes 1 - a and 1 - a^2 cancel, too, where a unit saturates.
            delta = delta * STEEPEST[self.spec.activations[k]](done.layers[k][1].detach().abs())
            deltas.insert(0, delta)
            gradients[:0] = [delta.mT @ inputs[k], *([delta.sum(1, keepdim=True)] if self.biased else [])]
            delta = delta @ largest[k * step]
        return Pass(list(largest), forward, (output - self.t).abs() * cancel, gradients, deltas)


def train(net: Net, learning_rates: Sequence[float]) -> Iterator[tuple[list[Tensor], Tensor, Tensor]]:
    """(parameters, E_total, its magnitude) of all runs before each update; a run for each rate, then their shadows.

    A shadow starts from weights moved by a few units in the last place: what becomes of that is what rounding does.
    Training may amplify it without bound (a large learning rate is a chaotic map); then two right programs differ,
    and no check can ask for more.
    """
    n = len(learning_rates)
    rates = torch.tensor(list(learning_rates) * 2, dtype=torch.float64).reshape(-1, 1, 1)
    parameters = []
    for p in net.initial():
        signs = torch.tensor([1.0, -1.0, -1.0], dtype=torch.float64).repeat(p.numel())[: p.numel()].view_as(p)
        shadow = p + NUDGE * signs * p.abs().clamp(min=NUDGE)
        parameters.append(torch.cat([p.repeat(n, 1, 1), shadow.repeat(n, 1, 1)]))
    for _ in range(net.spec.steps + 1):
        done = net(parameters)
        a = done.layers[-1][1].detach()
        magnitude = ((a - net.t).abs() * (1 + a.abs() + net.t.abs())).sum((1, 2))  # a inherits from sums of size 1
        yield parameters, done.errors.detach().sum((1, 2)), magnitude
        updates = zip(parameters, done.gradients, net.trained(), strict=True)
        parameters = [p - rates * g if trained else p for p, g, trained in updates]


def run(spec: Spec) -> dict[str, Series]:
    """All quantities of training over all rows, and E_total at each of the learning rates to compare, as `E (0.1)`.

    Row 0 is before the first update. Labels are the workbook's: t1, i1, w1, h1, a_h1, o1, a_o1, E1, E_total, dE/dw1,
    dE/do1, and [2] for sample 2.
    """
    net = Net(spec)
    runs = [spec.learning_rate, *spec.learning_rates]
    history = list(train(net, runs))
    result = _numbers(net, [p for p, _, _ in history], len(runs))
    errors, magnitudes = (torch.stack([row[k] for row in history]) for k in (1, 2))
    for k, rate in enumerate(spec.learning_rates, 1):
        drift = (errors[:, k] - errors[:, k + len(runs)]).abs().cummax(0).values
        rounding = torch.maximum(ULPS * magnitudes[:, k], DRIFTS * drift)
        result[f"E ({rate:g})"] = Series(errors[:, k], rounding)
    return result


def trajectory(spec: Spec) -> Iterator[dict[str, Number]]:
    """The labelled numbers of training, row by row."""
    series = {label: s.numbers() for label, s in run(spec).items() if not label.startswith("E (")}
    for numbers in zip(*series.values(), strict=True):
        yield dict(zip(series, numbers, strict=True))


def _numbers(net: Net, history: list[list[Tensor]], runs: int) -> dict[str, Series]:
    """The first run's numbers, a chunk of rows at a time: each row is a run of its own, with that row's parameters."""
    parts: list[dict[str, Series]] = []
    drift: dict[str, Tensor] = {}
    largest: list[Tensor] | None = None
    for first in range(0, len(history), CHUNK):
        rows = history[first : first + CHUNK]
        main, shadow = ([torch.stack([row[k][r] for row in rows]) for k in range(len(rows[0]))] for r in (0, runs))
        sizes = [p.abs().cummax(0).values for p in main]
        if largest is not None:  # a weight inherits the rounding of everything it has been
            sizes = [torch.maximum(s, before) for s, before in zip(sizes, largest, strict=True)]
        largest = [s[-1:] for s in sizes]
        done = net(main)
        values, others = _labelled(net, done, net.x, net.t), _labelled(net, net(shadow), net.x, net.t)
        magnitudes = _labelled(net, net.magnitudes(done, sizes), net.x.abs(), net.t.abs())
        part = {}
        for label, value in values.items():
            apart = (value - others[label]).abs().cummax(0).values
            apart = torch.maximum(apart, drift.get(label, apart))
            drift[label] = apart[-1:]
            part[label] = Series(value, torch.maximum(ULPS * magnitudes[label], DRIFTS * apart))
        parts.append(part)
    return {k: Series(*(torch.cat([p[k][j] for p in parts]) for j in (0, 1))) for k in parts[0]}


def _labelled(net: Net, done: Pass, x: Tensor, t: Tensor) -> dict[str, Tensor]:
    """Every quantity of a pass under its label, (R,) each."""
    rows, table = len(done.errors), {}

    def put(prefix: str, tensors: Sequence[Tensor]) -> None:
        values = torch.cat([p.detach().reshape(rows, -1) for p in tensors], 1) if tensors else torch.empty(rows, 0)
        table.update({f"{prefix}{k + 1}": column for k, column in enumerate(values.T)})

    def put_samples(prefix: str, values: Tensor) -> None:
        for s in range(net.spec.samples):
            suffix = f"[{s + 1}]" if net.spec.samples > 1 else ""
            for k, column in enumerate(values[:, s].detach().T):
                table[f"{prefix}{k + 1}{suffix}"] = column

    put_samples("t", t.expand(rows, *t.shape))
    put_samples("i", x.expand(rows, *x.shape))
    step = 2 if net.biased else 1
    put("w", done.parameters[::step])
    put("dE/dw", done.gradients[::step])
    put("b", done.parameters[1::2] if net.biased else [])
    put("dE/db", done.gradients[1::2] if net.spec.bias == "trained" else [])
    hidden = len(done.layers) - 1
    for k, ((h, a), g) in enumerate(zip(done.layers, done.deltas, strict=True)):
        prefix = "o" if k == hidden else "h" if hidden == 1 else f"h{k + 1}_"
        put_samples(prefix, h)
        put_samples(f"a_{prefix}", a)
        put_samples(f"dE/d{prefix}", g)
    put_samples("E", done.errors)
    return table | {"E_total": done.errors.detach().sum((1, 2))}
