"""PyTorch as the oracle: the network as any user would write it, and how much rounding a right program may show."""

import math
from collections.abc import Iterator
from dataclasses import replace
from itertools import islice

import numpy as np
import pytest
import torch
from books import TEMPLATES
from torch import nn

from sheetgen.judge import oracle
from sheetgen.judge.oracle import Number, run, scale, tolerance, trajectory
from sheetgen.spec import Spec, load

HOMEWORK, XOR = load(TEMPLATES / "homework.toml"), load(TEMPLATES / "xor.toml")


def by_numpy(spec: Spec) -> Iterator[dict[str, float]]:
    """The homework once more, by hand: no autograd, no shared code."""
    (i,), (t,) = np.array(spec.inputs), np.array(spec.targets)
    W, V = np.array(spec.weights).reshape(2, 2, 2)
    while True:
        h = W @ i
        a_h = 1 / (1 + np.exp(-h))
        a_o = 1 / (1 + np.exp(-V @ a_h))
        d_o = (a_o - t) * a_o * (1 - a_o)
        d_h = V.T @ d_o * a_h * (1 - a_h)
        gradient = np.r_[np.outer(d_h, i), np.outer(d_o, a_h)]
        groups = {"dE/do": d_o, "dE/dh": d_h, "w": np.r_[W, V].flat, "dE/dw": gradient.flat}
        numbered = {f"{name}{k}": x for name, group in groups.items() for k, x in enumerate(group, 1)}
        yield numbered | {"E_total": ((t - a_o) ** 2).sum() / 2}
        W, V = W - spec.learning_rate * gradient[:2], V - spec.learning_rate * gradient[2:]


@pytest.mark.parametrize("name", ["homework", "homework-eta-0.5"])
def test_a_hand_written_homework_stays_within_rounding(name: str) -> None:
    """Another order of summation must never be called wrong, also where a_o - t cancels, in 300 rows."""
    spec = replace(load(TEMPLATES / f"{name}.toml"), steps=300, learning_rate=2.0)
    for row, mine in zip(trajectory(spec), by_numpy(spec), strict=False):
        assert [k for k, v in mine.items() if abs(v - row[k].value) > tolerance(row[k])] == []


def test_the_commonest_slip_does_not() -> None:
    """dE/dw3 with a_h1*(1 - a_h1) for a_h2*(1 - a_h2): 2.6e-4 off, far beyond what rounding explains."""
    row = next(trajectory(HOMEWORK))
    a1, a2, g = row["a_h1"].value, row["a_h2"].value, row["dE/dw3"]
    wrong = g.value * a1 * (1 - a1) / (a2 * (1 - a2))
    assert abs(wrong / g.value - 1) == pytest.approx(2.6e-4, rel=0.05)
    assert abs(wrong - g.value) > 1e5 * tolerance(g)


def test_rounding_is_small_where_nothing_cancels(homework_spec: Spec) -> None:
    """In the first rows 1e-9 is asked of every number, and no column needs a scale."""
    rows = list(trajectory(homework_spec))
    assert len(rows) == homework_spec.steps + 1
    assert all(tolerance(n) == 1e-9 * abs(n.value) for row in rows for n in row.values())
    assert all(scale([row[k] for row in rows]) == 0 for k in rows[0])


def test_rounding_shows_where_the_error_cancels() -> None:
    """Near convergence a_o - t is smaller than its own rounding times 1e9: there the floor takes over."""
    rows = list(trajectory(replace(HOMEWORK, steps=200, learning_rate=2.0)))
    scales = {k: scale([row[k] for row in rows]) for k in rows[0]}
    assert {k for k, s in scales.items() if s} >= {"E_total", "dE/dw5", "dE/do1"}
    assert not any(scales[f"w{k}"] or scales[f"t{k % 2 + 1}"] for k in range(1, 9))
    assert all(s < 1e-4 for s in scales.values())
    for row in rows:
        assert all(abs(tolerance(n) - 1e-9 * max(abs(n.value), scales[k])) <= 1e-9 * scales[k] for k, n in row.items())


def test_amplified_rounding_is_seen_by_the_coarse_runs() -> None:
    """Where training is a chaotic map, two right programs drift apart, and the allowance grows with them."""
    calm, wild = (list(trajectory(replace(XOR, steps=150, learning_rate=rate)))[-1]["w1"] for rate in (1.0, 10.0))
    assert calm.rounding < 1e-13 * abs(calm.value) and wild.rounding > abs(wild.value)


@pytest.mark.parametrize(("number", "allowed"), [
    (Number(2.0, 1e-15), 2e-9), (Number(-2.0, 1e-15), 2e-9), (Number(0.0, 1e-15), 1e-15), (Number(1e-8, 1e-15), 1e-15),
])  # fmt: skip
def test_tolerance(number: Number, allowed: float) -> None:
    assert tolerance(number) == pytest.approx(allowed)


@pytest.mark.parametrize(("numbers", "smallest"), [
    ([Number(1.0, 1e-15)], 0.0), ([Number(1e-7, 1e-15)], 1e-6), ([Number(1e-7, 1e-15), Number(1e-9, 1e-14)], 1e-5),
    ([Number(math.nan, math.inf)], 0.0), ([], 0.0),
])  # fmt: skip
def test_scale(numbers: list[Number], smallest: float) -> None:
    assert scale(numbers) == pytest.approx(smallest)


def test_each_learning_rate_is_a_trajectory_of_its_own() -> None:
    spec = replace(XOR, steps=20, learning_rates=(0.1, 1.0, 4.0))
    series = run(spec)
    for rate in spec.learning_rates:
        whole = [row["E_total"].value for row in trajectory(replace(spec, learning_rate=rate))]
        assert series[f"E ({rate:g})"].values.tolist() == pytest.approx(whole, rel=1e-14)


def test_off_to_infinity() -> None:
    spec = replace(HOMEWORK, activations=("identity", "identity"), steps=10)
    spec = replace(spec, learning_rate=100.0, learning_rates=(100.0,))
    for numbers in ([row["E_total"] for row in trajectory(spec)], list(run(spec)["E (100)"].numbers())):
        assert [math.isfinite(n.value) for n in numbers] == [True] * 6 + [False] * 5
        assert {n.rounding for n in numbers[6:]} == {math.inf}


def by_a_torch_user(spec: Spec) -> Iterator[float]:
    """E_total, as anybody would train this network with torch.nn."""
    modules: list[nn.Module] = []
    weights, biases = iter(spec.weights), iter(spec.biases)
    for m, n, name in zip(spec.layers, spec.layers[1:], spec.activations, strict=False):
        linear = nn.Linear(m, n, bias=spec.bias != "none").double()
        linear.weight.data = torch.tensor([[next(weights) for _ in range(m)] for _ in range(n)], dtype=torch.float64)
        if linear.bias is not None:
            linear.bias.data = torch.tensor([next(biases) for _ in range(n)], dtype=torch.float64)
            linear.bias.requires_grad = spec.bias == "trained"
        modules += [linear, {"sigmoid": nn.Sigmoid, "tanh": nn.Tanh}[name]()]
    net = nn.Sequential(*modules)
    x, t = torch.tensor(spec.inputs, dtype=torch.float64), torch.tensor(spec.targets, dtype=torch.float64)
    while True:
        loss = 0.5 * nn.functional.mse_loss(net(x), t, reduction="sum")
        yield loss.item()
        net.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        for p in net.parameters():
            if p.grad is not None:
                p.data -= spec.learning_rate * p.grad


@pytest.mark.parametrize("name", ["homework", "mazur", "xor", "tanh-2-3-2"])
def test_a_torch_user_gets_the_same_errors(name: str) -> None:
    spec = replace(load(TEMPLATES / f"{name}.toml"), steps=20)
    expected = [row["E_total"].value for row in trajectory(spec)]
    assert list(islice(by_a_torch_user(spec), 21)) == pytest.approx(expected, rel=1e-12)


def test_it_tells_its_version() -> None:
    assert oracle.versions() == f"PyTorch {torch.__version__.partition('+')[0]}"
