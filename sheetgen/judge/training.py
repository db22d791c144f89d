"""Train any PyTorch module in float64, and measure how far rounding may move each number of the training.

`train` takes a module, a loss and an optimiser: the forward pass is the module's, the gradients are autograd's. Several
runs go side by side, one for each learning rate, and beside each of them RUNS that are rounded coarsely, operation by
operation: how far these go is how far rounding goes.
"""

from __future__ import annotations

import copy
import inspect
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn
from torch.func import functional_call, vmap
from torch.utils._python_dispatch import TorchDispatchMode

RUNS = 8  # coarse runs beside each exact one: half of them nudge every number, half LOSE differences
NUDGE = 2.0**-50  # relatively: 8 times what rounding may do to a number
LOSE = 2.0**-48  # LibreOffice takes a sum or difference below this part of its terms for 0: then a weight stays
ROOM = 8  # how much farther than the farthest of them a right program may be
CHAOS = 1e-9  # of a column's largest number: once rounding has gone so far, it may go as far in any later row
POOL = 4096  # random numbers per run that are drawn at once

Loss = Callable[[Tensor, Tensor], Tensor]  # outputs and targets -> errors, whose sum is minimised
# (learning rate, gradient, parameter, its state) -> (parameter, state) of the next row. State is 0 at first.
Optimizer = Callable[..., tuple[Tensor, ...]]
Named = Mapping[str, Tensor]  # by the name of a parameter, or of a module


class Coarse(TorchDispatchMode):  # type: ignore[misc, unused-ignore]
    """Rounds all runs but the exact ones coarsely, forward and backward: every tensor has a first dimension of runs.

    Half of them nudge what an operation reads, not what it gives: this shows where terms cancel, within a product of
    matrices too, and in the slope 1 - a of a unit that saturates. The others begin nudged, and lose differences.
    """

    def __init__(self, exact: int, runs: int):
        super().__init__()
        self.exact, self.runs, self.losing = exact, runs, (exact + runs) // 2
        self.random = torch.Generator().manual_seed(0)
        self.pool, self.used = torch.ones(runs, 0), 0

    @classmethod
    def _should_skip_dynamo(cls) -> bool:
        return False  # else torch imports its compiler, which takes longer than all the rest

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        """Called by torch for every operation on tensors."""
        if func.is_view:
            return func(*args, **kwargs or {})
        args = [self._nudged(x) if self._is_ours(x) else x for x in args]
        result = func(*args, **kwargs or {})
        if func in (torch.ops.aten.add.Tensor, torch.ops.aten.sub.Tensor) and all(map(self._is_ours, args)):
            size, *terms = (x[self.losing :].abs() for x in (result, *args))
            result[self.losing :].masked_fill_(size < LOSE * torch.maximum(*terms), 0)
        return result

    def moved(self, x: Tensor) -> Tensor:
        """Numbers that the coarse runs begin with, nudged."""
        return x * self._factors(x[0].numel()).view(x.shape)

    def _factors(self, size: int) -> Tensor:
        drawn = torch.empty(self.runs, size, dtype=torch.float64)
        drawn.uniform_(1 - NUDGE, 1 + NUDGE, generator=self.random)[: self.exact] = 1
        return drawn

    def _is_ours(self, x: object) -> bool:
        return isinstance(x, Tensor) and x.is_floating_point() and x.ndim > 0 and len(x) == self.runs

    def _nudged(self, x: Tensor) -> Tensor:
        size = x.numel() // self.runs
        if self.used + size > self.pool.shape[1]:
            self.pool, self.used = self._factors(max(size, POOL)), 0
            self.pool[self.losing :] = 1
        factors = self.pool[:, self.used : self.used + size]
        self.used += size
        return x * factors.view(x.shape)


class TrainingStep(NamedTuple):
    """The numbers of one row, by names of parameters and modules: the exact runs, then the coarse; (runs, ...) each.

    `slopes` are the gradients of parameters that are trained, and of the outputs of modules that have parameters.
    """

    parameters: Named
    outputs: Named
    errors: Tensor
    slopes: Named

    def every(self, n: int) -> TrainingStep:
        """Every n-th run alone: of n learning rates, the first one's exact run and its coarse ones."""

        def thin(tensors: Named) -> Named:
            return {k: v[::n].clone() for k, v in tensors.items()}

        return TrainingStep(thin(self.parameters), thin(self.outputs), self.errors[::n].clone(), thin(self.slopes))


class Watched:
    """A module whose innermost modules are watched: what each puts out, by name.

    A probe, which is 0, is added to the output of each that has parameters: its gradient is the output's.
    """

    def __init__(self, module: nn.Module, x: Tensor):
        self.module = module
        self.outputs: dict[str, Tensor] = {}
        self.added: Named = {}
        inner = {name: m for name, m in module.named_modules() if not list(m.children())}
        for name, m in inner.items():
            m.register_forward_hook(lambda _m, _x, out, name=name: self._seen(name, out))
        self({}, {}, x)
        self.probes = {k: torch.zeros_like(v) for k, v in self.outputs.items() if list(inner[k].parameters())}

    def _seen(self, name: str, output: Tensor) -> Tensor:
        self.outputs[name] = output + self.added[name] if name in self.added else output
        return self.outputs[name]

    def __call__(self, parameters: Named, probes: Named, x: Tensor) -> tuple[Tensor, dict[str, Tensor]]:
        """(the module's output, that of each module within)."""
        self.added = probes
        return functional_call(self.module, dict(parameters), (x,)), dict(self.outputs)


def _states(optimizer: Optimizer) -> int:
    """How many tensors it keeps of a parameter: what it takes beyond rate, slope and parameter. Raises TypeError."""
    arguments = inspect.signature(optimizer).parameters.values()
    if any(a.kind is not a.POSITIONAL_OR_KEYWORD or a.default is not a.empty for a in arguments):
        raise TypeError("An optimizer takes a rate, a slope, a parameter and its states, each by a plain argument.")
    return len(arguments) - 3


def train(
    module: nn.Module,
    loss: Loss,
    optimizer: Optimizer,
    data: tuple[Tensor, Tensor],
    rates: Sequence[float],
    steps: int,
) -> Iterator[TrainingStep]:
    """Row by row, the numbers before the next update: of an exact run for each learning rate, and of RUNS coarse ones.

    Run j*len(rates) + k has the k-th rate; the exact ones are j = 0. `data` are inputs and targets. Parameters that ask
    for no gradient stay.
    """
    runs = len(rates) * (1 + RUNS)

    def copies(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
        return {k: v.detach().expand(runs, *v.shape).contiguous() for k, v in tensors.items()}

    watched, coarse = Watched(copy.deepcopy(module), data[0]), Coarse(len(rates), runs)
    rate = torch.tensor(rates, dtype=torch.float64).repeat(1 + RUNS)
    given, probes = copies(dict(zip("xt", data, strict=True))), copies(watched.probes)
    parameters = {k: coarse.moved(p) for k, p in copies(dict(module.named_parameters())).items()}
    trained = [k for k, p in module.named_parameters() if p.requires_grad]
    states = _states(optimizer)
    state = {k: [torch.zeros_like(parameters[k])] * states for k in trained}

    def forward(p: Named, probes: Named, x: Tensor, t: Tensor) -> tuple[Tensor, dict[str, Tensor]]:
        output, outputs = watched(p, probes, x)
        return loss(output, t), outputs

    for _ in range(steps + 1):
        leaves = {k: v.requires_grad_() for k, v in ({k: parameters[k] for k in trained} | probes).items()}
        with coarse:
            errors, outputs = vmap(forward)(parameters, probes, given["x"], given["t"])
            # Runs do not see one another, so the sum of their errors serves them all.
            slopes = dict(zip(leaves, torch.autograd.grad(errors.sum(), list(leaves.values())), strict=True))
            parameters = {k: p.detach() for k, p in parameters.items()}
            after = {k: vmap(optimizer)(rate, slopes[k], parameters[k], *state[k]) for k in trained}
        yield TrainingStep(parameters, {k: v.detach() for k, v in outputs.items()}, errors.detach(), slopes)
        parameters = parameters | {k: new for k, (new, *_) in after.items()}
        state = {k: rest for k, (_, *rest) in after.items()}


def rounding(runs: Tensor) -> Tensor:
    """The most that rounding may move an exact run's numbers, from it and its coarse runs (rows, 1 + RUNS); (rows,)."""
    exact = runs[:, 0]
    apart = (runs[:, 1:] - runs[:, :1]).abs().amax(1)
    farthest = apart.cummax(0).values
    # Training may amplify rounding without bound (a large learning rate is a chaotic map). Then two right programs
    # differ in every later row, and no check can ask for more.
    chaotic = farthest > CHAOS * exact.abs().cummax(0).values
    return ROOM * torch.where(chaotic, farthest, apart)
