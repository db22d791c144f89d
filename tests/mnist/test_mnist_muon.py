"""Muon: its steps are orthogonal, keep the kernels' size, and are those of torch's own."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from mnist.model import Network
from mnist.muon import Muon, orthogonal
from mnist.notation import Architecture
from mnist.recipe import MuonAdamW, Recipe
from mnist.train import Run


def normal(*shape: int, seed: int = 0) -> torch.Tensor:
    """Normal numbers, the same for a seed."""
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


@given(rows=st.integers(1, 40), columns=st.integers(1, 40), seed=st.integers(0, 99), scale=st.floats(1e-3, 1e3))
def test_a_matrix_becomes_nearly_orthogonal(rows: int, columns: int, seed: int, scale: float) -> None:
    """All singular values but the smallest are near 1, and the singular vectors are the matrix's own."""
    matrix = normal(rows, columns, seed=seed) * scale
    u, s, v = torch.linalg.svd(matrix, full_matrices=False)
    found = u.T @ orthogonal(matrix) @ v.T
    values = found.diagonal()
    assert ((values > 0.65) & (values < 1.25))[s > 0.05 * s[0]].all()
    assert (found - torch.diag(values)).abs().max() < 1e-3


def test_nothing_comes_of_nothing() -> None:
    assert orthogonal(torch.zeros(3, 5)).equal(torch.zeros(3, 5))


@pytest.mark.parametrize("shape", [(32, 1, 3, 3), (16, 16, 3, 3), (8, 32, 3, 3)])
def test_a_kernel_keeps_its_size_and_turns_by_the_rate(shape: tuple[int, ...]) -> None:
    kernel = nn.Parameter(normal(*shape))
    Muon([kernel], lr=0.0, momentum=0.9).step()
    assert kernel.equal(normal(*shape))  # there is no gradient yet
    kernel.data.mul_(len(kernel) ** 0.5 / kernel.norm())
    before = kernel.detach().clone()
    kernel.grad = normal(*shape, seed=1)
    Muon([kernel], lr=0.02, momentum=0.9).step()
    assert kernel.norm().item() == pytest.approx(len(kernel) ** 0.5, rel=1e-6)
    assert ((kernel - before).norm() / before.norm()).item() == pytest.approx(0.02, rel=0.3)
    assert ((kernel - before) * kernel.grad).sum() < 0


@pytest.mark.skipif(not hasattr(torch.optim, "Muon"), reason="this torch has no Muon of its own to compare with")
@pytest.mark.parametrize("shape", [(32, 1, 3, 3), (16, 16, 3, 3)])
def test_the_steps_are_those_of_torch(shape: tuple[int, ...]) -> None:
    """torch.optim.Muon on the flattened kernel, brought to size after each step, but for its bfloat16."""
    ours, theirs = nn.Parameter(normal(*shape)), nn.Parameter(normal(*shape).flatten(1))
    mine = Muon([ours], lr=0.3, momentum=0.9)
    other = torch.optim.Muon([theirs], lr=0.3, momentum=0.9, weight_decay=0.0, nesterov=True)
    for k in range(1, 4):
        before = theirs.detach().clone()
        ours.grad = normal(*shape, seed=k)
        theirs.grad = ours.grad.flatten(1)
        mine.step()
        other.step()
        theirs.data.mul_(len(theirs) ** 0.5 / theirs.norm())
        assert (ours.flatten(1) - theirs).norm() < 0.03 * (theirs - before).norm()


def test_every_parameter_has_one_optimizer() -> None:
    """Kernels go to Muon, shared ones once; the classes' matrix to AdamW, and BatchNorm without weight decay."""
    recipe = Recipe("x", Architecture("v4p-c4-c4=1"), optimizer=MuonAdamW(turn=0.03))
    run = Run(recipe, 0, torch.device("cpu"))
    muon, adamw = run.optimizers
    assert [p.shape for p in muon.param_groups[0]["params"]] == [(4, 1, 3, 3), (4, 4, 3, 3)]
    assert muon.param_groups[0]["peak"] == 0.03 and {g["peak"] for g in adamw.param_groups} == {0.01}
    held = [id(p) for o in run.optimizers for g in o.param_groups for p in g["params"]]
    assert len(held) == len(set(held)) == len(list(Network(recipe.architecture).parameters()))
    assert [len(g["params"]) for g in adamw.param_groups] == [1, 6]
