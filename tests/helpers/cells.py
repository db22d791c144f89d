"""Cells beside PyTorch: one helper makes the test of an operator one line."""

from collections.abc import Callable
from operator import methodcaller
from typing import Any

import numpy as np
import pytest
import torch

from sheetgen.cells.cell import Cell, Evaluator, add, backward, forward_order, variable

Each = Callable[..., Any]


tanh: Callable[[Cell], Cell] = methodcaller("apply", "tanh")
relu: Callable[[Cell], Cell] = methodcaller("apply", "relu")


def each(f: Callable[..., Cell], inputs: int) -> Each:
    """`f`, element by element over arrays of Cells."""
    return np.frompyfunc(f, inputs, 1)


def op(torch_fn: Each, cell_fn: Each, *shapes: tuple[int, ...], low: float = -2, high: float = 2) -> set[str]:
    """Value and gradients of `cell_fn` over arrays of Cells equal torch's; returns the operators of the graph."""
    rng = np.random.default_rng(0)
    data = [rng.uniform(low, high, shape) for shape in shapes]
    leaves = [each(lambda _: variable("x"), 1)(values) for values in data]
    tensors = [torch.tensor(values, requires_grad=True) for values in data]
    y, expected = np.atleast_1d(np.asarray(cell_fn(*leaves))), torch.atleast_1d(torch_fn(*tensors))
    weights = rng.uniform(-1, 1, y.shape)  # so that no gradient is 1 or 0 by chance
    loss = add(*(w * c for w, c in zip(weights.flat, y.flat, strict=True)))
    total = (torch.tensor(weights) * expected).sum()
    gradient = backward(loss)
    flat = [x for array in leaves for x in array.flat]
    evaluate = Evaluator([*y.flat, *(gradient[x] for x in flat)])
    found = evaluate(dict(zip(flat, [v for values in data for v in values.flat], strict=True)))
    torchs = [n for t in (expected, *torch.autograd.grad(total, tensors)) for n in t.reshape(-1).tolist()]
    assert found == pytest.approx(torchs, rel=1e-13, abs=1e-15)
    return {node.op for node in forward_order(*y.flat)}


def number(c: Cell, **values: float) -> float:
    """The value of a Cell, its variables by name."""
    leaves = [n for n in forward_order(c) if n.op == "variable"]
    return Evaluator([c])({n: values[n.name or ""] for n in leaves})[0]
