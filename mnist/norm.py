"""BatchNorm whose statistics are those of the whole batch, however many processes share it."""

from __future__ import annotations

import torch
from torch import Tensor, distributed, nn


class BatchNorm(nn.BatchNorm2d):
    """`torch.nn.BatchNorm2d`; with data-parallel training its mean and variance are taken over all processes.

    `torch.nn.SyncBatchNorm` does so on GPUs only. Every process must hold equally many images.
    """

    shared = True  # False where every process is given the whole batch

    def forward(self, x: Tensor) -> Tensor:
        """(N, C, H, W) in and out."""
        if not (self.training and self.shared and distributed.is_available() and distributed.is_initialized()):
            return super().forward(x)
        from torch.distributed.nn.functional import all_reduce  # differentiable

        world = distributed.get_world_size()
        values = x.to(self.running_mean.dtype)  # under autocast, x is of half precision
        mean = all_reduce(values.mean((0, 2, 3))) / world
        variance = all_reduce((values - mean[:, None, None]).square().mean((0, 2, 3))) / world
        with torch.no_grad():
            n = x.numel() // x.shape[1] * world
            momentum = self.momentum or 0.0
            self.running_mean.lerp_(mean, momentum)
            self.running_var.lerp_(variance * n / (n - 1), momentum)
            self.num_batches_tracked.add_(1)
        scale = self.weight * torch.rsqrt(variance + self.eps)
        shift = self.bias - mean * scale
        return x * scale[:, None, None] + shift[:, None, None]
