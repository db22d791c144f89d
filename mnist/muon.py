"""Muon: steps that turn a kernel in all directions alike (K. Jordan and others, "Muon", 2024).

`torch.optim.Muon` takes matrices only; this one takes kernels of convolutions, and keeps each at its size, which ReLU
and BatchNorm behind it make meaningless: so the learning rate says by how much of itself a kernel changes in a step.
"""

from __future__ import annotations

from collections.abc import Iterable

import torch
from torch import Tensor, nn

# Iterated, x -> 3.4445 x - 4.775 x^3 + 2.0315 x^5 brings every singular value from 0..1 to about 1 within five steps.
NEWTON_SCHULZ = (3.4445, -4.7750, 2.0315)


def orthogonal(matrix: Tensor, steps: int = 5) -> Tensor:
    """(M, N): U V' of the matrix's singular value decomposition U S V', roughly: singular values of 0.7 to 1.2."""
    a, b, c = NEWTON_SCHULZ
    x = matrix.T if matrix.shape[0] > matrix.shape[1] else matrix
    x = x / (x.norm() + 1e-7)
    for _ in range(steps):
        square = x @ x.T
        x = a * x + (b * square + c * square @ square) @ x
    return x.T if matrix.shape[0] > matrix.shape[1] else x


class Muon(torch.optim.Optimizer):
    """Nesterov's momentum, made orthogonal, on kernels (O, I, H, W) seen as matrices (O, I * H * W)."""

    def __init__(self, kernels: Iterable[nn.Parameter], lr: float, momentum: float):
        super().__init__(kernels, {"lr": lr, "momentum": momentum})

    @torch.no_grad()
    def step(self, closure: None = None) -> None:
        """One step of every kernel that has a gradient; each ends with the norm that He's initialisation expects."""
        for group in self.param_groups:
            for kernel in group["params"]:
                if kernel.grad is None:
                    continue
                state = self.state[kernel]
                if "velocity" not in state:
                    state["velocity"] = torch.zeros_like(kernel)
                velocity = state["velocity"]
                velocity.mul_(group["momentum"]).add_(kernel.grad)
                ahead = kernel.grad.add(velocity, alpha=group["momentum"]).flatten(1)
                size = len(kernel) ** 0.5  # the norm of a matrix with as many orthonormal rows
                turn = orthogonal(ahead) * max(1.0, len(ahead) / ahead.shape[1]) ** 0.5
                kernel.sub_(turn.view_as(kernel), alpha=group["lr"])
                kernel.mul_(size / kernel.norm())
