"""Dropout that makes four draws of one random number."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

CHANCES = 2**16


class Dropout(nn.Module):
    """Zero each number with probability p, and scale the rest by 1 / (1 - p), as `torch.nn.Dropout` does.

    On a CPU most of that one's time goes into 64 random bits per number, one thread at a time; 16 are enough: p is
    rounded to a multiple of 2^-16, and the scale is that of the rounded p.
    """

    def __init__(self, p: float):
        super().__init__()
        self.p = p

    def forward(self, x: Tensor) -> Tensor:
        """Any shape in and out."""
        if not self.training or x.device.type != "cpu":
            return functional.dropout(x, self.p, self.training)
        if not x.is_contiguous(memory_format=torch.channels_last if x.dim() == 4 else torch.contiguous_format):
            x = x.contiguous()
        below = round(self.p * CHANCES)
        bits = torch.empty((x.numel() + 3) // 4, dtype=torch.int64).random_(-(2**63), None)
        chances = bits.view(torch.int16)[: x.numel()]  # -32768 to 32767, all alike
        mask = (chances >= below - CHANCES // 2).to(x.dtype).mul_(CHANCES / (CHANCES - below))
        return x * mask.as_strided(x.shape, x.stride())  # x is dense: the mask lies in memory as x does

    def extra_repr(self) -> str:
        """What `print(model)` shows."""
        return f"p={self.p}"
