"""What Excel would not take, and probabilities of probabilities, are never written."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from export_books import EXAMPLES, samples, trained
from torch import Tensor, nn
from torch.nn import functional

import sheetgen
from sheetgen.excel import read
from sheetgen.judge.compare import agreement
from sheetgen.judge.engines import ENGINES
from sheetgen.judge.lint import lint
from sheetgen.network.torch.graph import CannotExport
from sheetgen.writer.planes import blocks

SMALL = torch.tensor([[0.5, -0.25], [1.0, 2.0]], dtype=torch.float64)


class Chain(nn.Module):
    """A linear layer, and the same function many times over."""

    def __init__(self, f: Callable[[Tensor], Tensor], times: int) -> None:
        super().__init__()
        self.first, self.f, self.times = nn.Linear(2, 2), f, times

    def forward(self, x: Tensor) -> Tensor:
        y = self.first(x)
        for _ in range(self.times):
            y = self.f(y)
        return y


CHAINS = {
    "tanh": (torch.tanh, 72), "sigmoid": (torch.sigmoid, 41), "relu": (functional.relu, 90),
    "exp of minus": (lambda x: torch.exp(x * -0.5), 60), "scale and shift": (lambda x: x * 1.01 + 0.01, 140),
}  # fmt: skip


@pytest.mark.parametrize("what", CHAINS)
def test_a_long_chain_of_layers_gets_cells_of_its_own(what: str, tmp_path: Path) -> None:
    f, times = CHAINS[what]
    path = tmp_path / "deep.xlsx"
    sheetgen.export(Chain(f, times).double(), SMALL, path, check=False)
    assert lint(path) == []
    line = agreement(read(path), ENGINES["IronCalc"](path), {})
    assert line.worst < 1e-9 and line.cells > 60


def test_a_formula_that_excel_does_not_take_is_refused_by_its_layer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Were it not for cells of their own: the engines take what Excel does not."""
    monkeypatch.setattr(blocks, "DEEPEST", 1_000)
    path = tmp_path / "deep.xlsx"
    net = nn.Sequential(nn.Linear(2, 2), *[nn.Tanh() for _ in range(72)]).double()
    for check in (True, False):
        with pytest.raises(CannotExport) as refused:
            sheetgen.export(net, SMALL, path, check=check)
        assert str(refused.value).startswith("0 to 72 (Predict!")
        assert "Functions are nested more than 64 deep" in str(refused.value)
        assert "\n" not in str(refused.value) and not path.exists()


def test_short_networks_are_written_as_they_were(tmp_path: Path) -> None:
    """A few layers stay within one formula."""
    net = nn.Sequential(nn.Linear(2, 2), nn.ReLU(), nn.Tanh(), nn.Sigmoid()).double()
    path = tmp_path / "short.xlsx"
    sheetgen.export(net, SMALL, path, check=False)
    formulas = [e.formula for e in read(path).sheets["Predict"].values()]
    assert any(f and all(name in f for name in ("SUMPRODUCT", "MAX(0,", "TANH", "EXP")) for f in formulas)


def by_hand(x: Tensor) -> Tensor:
    powers = torch.exp(x)
    return powers / powers.sum(1, keepdim=True)


ENDS = {
    "a layer": nn.Softmax(1), "the last dimension": nn.Softmax(-1),
    "then no dropout": nn.Sequential(nn.Softmax(1), nn.Dropout(0.5)),
}  # fmt: skip
FUNCTIONS: dict[str, Callable[[Tensor], Tensor]] = {
    "functional": lambda x: functional.softmax(x, 1), "torch": lambda x: torch.softmax(x, -1),
    "a method": lambda x: x.softmax(1), "by hand": by_hand,
    "of its logarithm": lambda x: torch.exp(functional.log_softmax(x, 1)),
}  # fmt: skip


@pytest.mark.parametrize("what", [*ENDS, *FUNCTIONS])
def test_the_softmax_of_probabilities_is_refused(what: str, tmp_path: Path) -> None:
    linear = nn.Linear(2, 2)
    net = nn.Sequential(linear, ENDS[what]) if what in ENDS else Chain(FUNCTIONS[what], 1)
    path = tmp_path / "twice.xlsx"
    with pytest.raises(CannotExport, match=r"its outputs are probabilities already, .*: export it without softmax$"):
        sheetgen.export(net.double(), SMALL, path, softmax=True, check=False)
    assert not path.exists()
    sheetgen.export(net.double(), SMALL, path, check=False)  # as they are
    assert path.exists()


@pytest.mark.parametrize("layer", [nn.LogSoftmax(1), nn.Sigmoid(), nn.ReLU(), nn.Identity()], ids=repr)
def test_the_softmax_of_anything_else_is_pytorch_s(layer: nn.Module, tmp_path: Path) -> None:
    """The softmax of the logarithms of probabilities are these probabilities."""
    net = nn.Sequential(trained(samples()), layer)
    path = tmp_path / "once.xlsx"
    made = sheetgen.export(net, samples()[:EXAMPLES], path, softmax=True)
    assert made.lines and made.worst < 1e-9
    wanted = torch.softmax(net(samples()[:EXAMPLES]), 1).detach().numpy()
    cells = read(path).sheets["Predict"]
    head = next(a for a, e in cells.items() if e.value == "class 0")
    first = int(head[1:]) + 1
    found = [[cells[f"{chr(ord(head[0]) + k)}{first + row}"].value for k in range(3)] for row in range(EXAMPLES)]
    assert torch.allclose(torch.tensor(found, dtype=torch.float64), torch.from_numpy(wanted), 1e-12, 1e-15)
