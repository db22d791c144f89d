"""A small network that tests export: three named features, three classes, trained until it tells them apart."""

from __future__ import annotations

from pathlib import Path

import torch
from torch import nn

import sheetgen
from sheetgen.judge.report import EngineResult, Exported

FEATURES, CLASSES = ["hours", "sleep", "coffee"], ["fails", "passes", "excels"]
EXAMPLES = 4


def samples() -> torch.Tensor:
    """200 rows of three numbers, float64."""
    return torch.rand(200, 3, generator=torch.Generator().manual_seed(1), dtype=torch.float64).mul(10).round(decimals=1)


def trained(data: torch.Tensor) -> nn.Module:
    """3-6-5-3 in float64."""
    torch.manual_seed(0)
    score = data @ torch.tensor([1.0, 0.6, -0.4], dtype=torch.float64)
    target = torch.bucketize(score, torch.tensor([3.0, 8.0]))
    made = nn.Sequential(nn.Linear(3, 6), nn.Tanh(), nn.Linear(6, 5), nn.ReLU(), nn.Linear(5, 3)).double()
    adam = torch.optim.Adam(made.parameters(), lr=0.03)
    for _ in range(200):
        adam.zero_grad()
        nn.functional.cross_entropy(made(data), target).backward()
        adam.step()
    assert float((made(data).argmax(1) == target).double().mean()) > 0.9
    return made


def exported(net: nn.Module, data: torch.Tensor, path: Path) -> list[EngineResult]:
    """Its first samples as a workbook of 20 rows, checked."""
    made: Exported = sheetgen.export(net, data[:EXAMPLES], path, features=FEATURES, outputs=CLASSES, softmax=True)
    assert made.path == path
    return [*made.lines]
