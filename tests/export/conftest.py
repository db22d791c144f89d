"""The network of the exam, and its workbook, which is exported once and which nobody writes to."""

from pathlib import Path

import pytest
import torch
from export_books import exported, samples, trained
from torch import nn

from sheetgen.judge.engines import available

RELATIVE = 1e-9


@pytest.fixture(scope="session")
def data() -> torch.Tensor:
    return samples()


@pytest.fixture(scope="session")
def net(data: torch.Tensor) -> nn.Module:
    return trained(data)


@pytest.fixture(scope="session")
def book(net: nn.Module, data: torch.Tensor, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path: Path = tmp_path_factory.mktemp("export") / "exam.xlsx"
    lines = exported(net, data, path)
    assert {line.engine for line in lines} >= {"IronCalc", "formulas patterns"}
    assert ("LibreOffice" in {line.engine for line in lines}) == available("LibreOffice")
    assert all(0 <= line.worst <= RELATIVE for line in lines)
    return path
