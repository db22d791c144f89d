"""The oracle trains whatever PyTorch can run, and its coarse runs show what rounding does: no more, and no less."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn

from sheetgen.judge.training import NUDGE, ROOM, RUNS, Optimizer, TrainingStep, rounding, train

X, T = (torch.linspace(-1, 1, n, dtype=torch.float64).reshape(4, -1).sin() for n in (24, 8))
RATE, STEPS = 0.01, 6


class Attentive(nn.Module):
    """No row of layers: a residual, a normalisation, a product of activations."""

    def __init__(self) -> None:
        super().__init__()
        self.query, self.key, self.out = nn.Linear(6, 6), nn.Linear(6, 6, bias=False), nn.Linear(6, 2)
        self.norm = nn.LayerNorm(6)

    def forward(self, x: Tensor) -> Tensor:
        weights = (self.query(x) @ self.key(x).mT).softmax(-1)
        out: Tensor = self.out(self.norm(x + weights @ x))
        return out


def descent(rate: Tensor, gradient: Tensor, parameter: Tensor) -> tuple[Tensor]:
    return (parameter - rate * gradient,)


def momentum(rate: Tensor, gradient: Tensor, parameter: Tensor, velocity: Tensor) -> tuple[Tensor, Tensor]:
    velocity = 0.9 * velocity + gradient
    return parameter - rate * velocity, velocity


def adam(rate: Tensor, g: Tensor, p: Tensor, m: Tensor, v: Tensor, k: Tensor) -> tuple[Tensor, ...]:
    m, v, k = 0.9 * m + 0.1 * g, 0.999 * v + 0.001 * g * g, k + 1
    return p - rate * (m / (1 - 0.9**k)) / ((v / (1 - 0.999**k)).sqrt() + 1e-8), m, v, k


RULES: dict[str, tuple[Optimizer, Callable[[list[nn.Parameter]], torch.optim.Optimizer]]] = {
    "descent": (descent, lambda p: torch.optim.SGD(p, RATE)),
    "momentum": (momentum, lambda p: torch.optim.SGD(p, RATE, momentum=0.9)),
    "Adam": (adam, lambda p: torch.optim.Adam(p, RATE)),
}


def network() -> nn.Module:
    torch.manual_seed(3)
    return Attentive().double()


def squared(output: Tensor, target: Tensor) -> Tensor:
    return (output - target) ** 2


def steps(rates: list[float], optimizer: Optimizer = descent) -> list[TrainingStep]:
    return list(train(network(), squared, optimizer, (X, T), rates, STEPS))


@pytest.mark.parametrize("rule", [lambda r, g, p, m=0: p, lambda r, g, p, *m: p, lambda r, g, p, *, m: p])
def test_an_optimizer_s_states_are_counted_or_refused(rule: Optimizer) -> None:
    with pytest.raises(TypeError, match="An optimizer takes"):
        steps([RATE], rule)


@pytest.mark.parametrize("rule", RULES)
def test_any_module_is_trained_as_torch_trains_it(rule: str) -> None:
    optimizer, torchs = RULES[rule]
    module = network()
    by_torch = torchs(list(module.parameters()))
    for step in steps([RATE], optimizer):
        by_torch.zero_grad()
        loss = squared(module(X), T).sum()
        loss.backward()  # type: ignore[no-untyped-call]
        assert step.errors[0].sum().item() == pytest.approx(loss.item(), rel=1e-12)
        for name, p in module.named_parameters():
            assert p.grad is not None
            torch.testing.assert_close(step.parameters[name][0], p.detach(), rtol=1e-11, atol=1e-13)
            torch.testing.assert_close(step.slopes[name][0], p.grad, rtol=1e-10, atol=1e-12)
        by_torch.step()


def test_the_outputs_of_modules_within_have_their_gradients() -> None:
    """By a central difference: the output layer's bias moves its output by as much."""
    first = steps([RATE])[0]
    assert set(first.outputs) == {"query", "key", "out", "norm"} and set(first.slopes) >= set(first.outputs)
    torch.testing.assert_close(first.slopes["out"][0].sum(0), first.slopes["out.bias"][0])


def test_the_learning_rates_go_side_by_side_and_exactly() -> None:
    """The exact runs are those of a training without any coarse one beside it, and each has its own rate."""
    both, alone = steps([RATE, 5 * RATE]), steps([5 * RATE])
    for two, one in zip(both, alone, strict=True):
        assert len(two.errors) == 2 * (1 + RUNS)
        torch.testing.assert_close(two.errors[1], one.errors[0], rtol=1e-13, atol=1e-15)
    assert not torch.equal(both[-1].errors[0], both[-1].errors[1])


def test_the_training_is_the_same_each_time() -> None:
    assert all(torch.equal(a.errors, b.errors) for a, b in zip(steps([RATE]), steps([RATE]), strict=True))


def test_coarse_runs_go_as_far_as_rounding_may_and_no_farther() -> None:
    """Here nothing is ill-conditioned: they are off by many NUDGEs, and by no more than a thousand of them."""
    errors = torch.stack([step.errors.sum((1, 2)) for step in steps([RATE])])
    allowed = rounding(errors) / errors[:, 0]
    assert (allowed > NUDGE).all() and (allowed < 1_000 * ROOM * NUDGE).all()


class Cancels(nn.Module):
    """Adds 1 and takes it away again, so that all but 2^-52 of what it is given may be lost."""

    def __init__(self) -> None:
        super().__init__()
        self.w = nn.Parameter(torch.tensor([1e-9], dtype=torch.float64))

    def forward(self, x: Tensor) -> Tensor:
        return (x * self.w + 1) - 1


def test_a_difference_that_cancels_has_a_floor() -> None:
    one = torch.ones(1, 1, dtype=torch.float64)
    (step,) = train(Cancels(), squared, descent, (one, 0 * one), [RATE], 0)
    value = rounding((step.errors.sum((1, 2)).sqrt())[None])
    assert 2.0**-50 < value.item() < 2.0**-40  # of terms of size 1, where the number itself is 1e-9


def test_a_lost_difference_is_seen() -> None:
    """What is below 2^-48 of its terms is 0 in LibreOffice, so a weight stays: half of the coarse runs do so, too."""
    module = nn.Linear(1, 1, bias=False, dtype=torch.float64)
    module.weight.data.fill_(1.0)
    one = torch.ones(1, 1, dtype=torch.float64)
    stays = 1 + 2.0**-49  # the target: the error is half of what is lost
    first, *_ = train(module, lambda y, t: 0.5 * (y - t) ** 2, descent, (one, stays * one), [1.0], 1)
    exact, losing = first.slopes["weight"][0], first.slopes["weight"][-RUNS // 2 :]
    assert exact.item() == pytest.approx(-(2.0**-49)) and (losing == 0).sum() > 0


def test_chaos_is_never_trusted_again() -> None:
    """Once rounding has reached 1e-9 of the numbers, the farthest of all rows so far is what is allowed."""
    exact = torch.ones(4, 1, dtype=torch.float64)
    apart = torch.tensor([1e-12, 1e-6, 1e-15, 1e-15], dtype=torch.float64)[:, None]
    assert rounding(torch.cat([exact, exact + apart], 1)).tolist() == pytest.approx(
        [ROOM * x for x in (1e-12, 1e-6, 1e-6, 1e-6)], rel=1e-3
    )
    calm = torch.tensor([1e-12, 1e-10, 1e-15, 1e-15], dtype=torch.float64)[:, None]
    assert rounding(torch.cat([exact, exact + calm], 1))[2].item() < 1e-13
