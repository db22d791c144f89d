"""The network of a Spec in PyTorch: the number that each cell of its training should hold, and what rounding may do.

It shares a Spec with the generator and nothing else.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

import torch
from torch import Tensor, nn

from sheetgen.judge.training import RUNS, TrainingStep, rounding, train
from sheetgen.spec import Spec

ACTIVATION: dict[str, Callable[[], nn.Module]] = {
    "sigmoid": nn.Sigmoid, "tanh": nn.Tanh, "relu": nn.ReLU, "identity": nn.Identity
}  # fmt: skip


class Number(NamedTuple):
    """The number that a cell should hold, and how far rounding alone may move it in a program that is right."""

    value: float
    rounding: float


class NumberSeries(NamedTuple):
    """One quantity over all rows: its values, and how far rounding may move each; (rows,) each."""

    values: Tensor
    rounding: Tensor

    def numbers(self) -> Iterator[Number]:
        """Row by row; (nan, inf) from where the number ran off to infinity."""
        for value, floor in zip(self.values.tolist(), self.rounding.tolist(), strict=True):
            finite = math.isfinite(value) and math.isfinite(floor)
            yield Number(value, floor) if finite else Number(math.nan, math.inf)


def tolerance(number: Number, relative: float = 1e-9) -> float:
    """The most that a right cell may be off: 1e-9 relative, but never less than rounding moves it."""
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


def network(spec: Spec) -> nn.Sequential:
    """The network of a Spec as any user of PyTorch would write it, with its first weights."""
    layers, (w, b) = [], (iter(spec.weights), iter(spec.biases))
    for (m, n), activation in zip(itertools.pairwise(spec.layers), spec.activations, strict=True):
        linear = nn.Linear(m, n, bias=spec.bias != "none", dtype=torch.float64)
        linear.weight.data = torch.tensor(list(itertools.islice(w, m * n)), dtype=torch.float64).reshape(n, m)
        if linear.bias is not None:
            linear.bias.data = torch.tensor(list(itertools.islice(b, n)), dtype=torch.float64)
            linear.bias.requires_grad = spec.bias == "trained"
        layers += [linear, ACTIVATION[activation]()]
    return nn.Sequential(*layers)


def half_squared_error(output: Tensor, target: Tensor) -> Tensor:
    """The homework's: 1/2 (t - a)^2."""
    return 0.5 * (target - output) ** 2


def descent(rate: Tensor, gradient: Tensor, parameter: Tensor) -> tuple[Tensor]:
    """Gradient descent, which keeps no state."""
    return (parameter - rate * gradient,)


def run(spec: Spec) -> dict[str, NumberSeries]:
    """All quantities of training over all rows, and E_total at each of the learning rates to compare, as `E (0.1)`.

    Row 0 is before the first update. Labels are the workbook's: t1, i1, w1, h1, a_h1, o1, a_o1, E1, E_total, dE/dw1,
    dE/do1, and [2] for sample 2.
    """
    rates = [spec.learning_rate, *spec.learning_rates]
    x, t = (torch.tensor(data, dtype=torch.float64) for data in (spec.inputs, spec.targets))
    rows, totals = [], []
    for step in train(network(spec), half_squared_error, descent, (x, t), rates, spec.steps):
        rows.append(step.every(len(rates)))
        totals.append(step.errors.sum((1, 2)).unflatten(0, (1 + RUNS, len(rates))))
    result = {label: _series(values) for label, values in _labelled(spec, rows, x, t).items()}
    by_rate = torch.stack(totals)
    result["E_total"] = _series(by_rate[:, :, 0])
    return result | {f"E ({rate:g})": _series(by_rate[:, :, k]) for k, rate in enumerate(spec.learning_rates, 1)}


def _series(runs: Tensor) -> NumberSeries:
    return NumberSeries(runs[:, 0], rounding(runs))


def trajectory(spec: Spec) -> Iterator[dict[str, Number]]:
    """The labelled numbers of training, row by row."""
    columns = {label: s.numbers() for label, s in run(spec).items() if not label.startswith("E (")}
    for numbers in zip(*columns.values(), strict=True):
        yield dict(zip(columns, numbers, strict=True))


def _labelled(spec: Spec, steps: Sequence[TrainingStep], x: Tensor, t: Tensor) -> dict[str, Tensor]:
    """Every quantity of a network of a Spec under its label, (rows, runs) each."""
    shape, table = steps[0].errors.shape[:1], dict[str, Tensor]()

    def put(prefix: str, rows: Sequence[Mapping[str, Tensor]], ending: str) -> None:
        names = [name for name in rows[0] if name.endswith(ending)]
        parts = [torch.stack([row[name] for row in rows]).flatten(2) for name in names]
        columns = torch.cat(parts, 2).unbind(2) if parts else ()
        table.update({f"{prefix}{k}": column for k, column in enumerate(columns, 1)})

    def put_samples(prefix: str, rows: Sequence[Tensor]) -> None:
        for s, values in enumerate(torch.stack(list(rows)).unbind(2), 1):
            suffix = f"[{s}]" if spec.samples > 1 else ""
            table.update({f"{prefix}{k}{suffix}": column for k, column in enumerate(values.unbind(2), 1)})

    for prefix, data in (("t", t), ("i", x)):
        put_samples(prefix, [data.expand(*shape, *data.shape)] * len(steps))
    parameters, slopes = [step.parameters for step in steps], [step.slopes for step in steps]
    for letter, ending in (("w", ".weight"), ("b", ".bias")):
        put(letter, parameters, ending)
        put(f"dE/d{letter}", slopes, ending)
    last = len(spec.layers) - 2
    for k in range(last + 1):
        h, a = str(2 * k), str(2 * k + 1)
        prefix = "o" if k == last else "h" if last == 1 else f"h{k + 1}_"
        put_samples(prefix, [step.outputs[h] for step in steps])
        put_samples(f"a_{prefix}", [step.outputs[a] for step in steps])
        put_samples(f"dE/d{prefix}", [step.slopes[h] for step in steps])
    put_samples("E", [step.errors for step in steps])
    return table
