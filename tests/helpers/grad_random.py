"""Random workbooks: each formula as text, and the same in torch."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from grad_books import Cells
from hypothesis import strategies as st

Tensors = dict[str, torch.Tensor]
Formula = tuple[str, Callable[[Tensors], torch.Tensor]]
Made = tuple[Cells, list[tuple[str, Formula]]]  # the cells, the formulas of B1, B2, ... in order

UNARY: list[tuple[str, Callable[[torch.Tensor], torch.Tensor]]] = [
    ("TANH({})", torch.tanh),
    ("SIN({})", torch.sin),
    ("COS({})", torch.cos),
    ("ABS({})", torch.abs),
    ("-{}^2", lambda a: a**2),  # the minus sign comes first in a workbook
    ("EXP(0-{}^2)", lambda a: torch.exp(-(a**2))),
    ("LN(1+({})^2)", lambda a: torch.log(1 + a**2)),
    ("SQRT(2+COS({}))", lambda a: torch.sqrt(2 + torch.cos(a))),
    ("({})*50%", lambda a: a / 2),
    ("1/(1+EXP(-TANH({})))", lambda a: torch.sigmoid(torch.tanh(a))),
    ("NORM.S.DIST({},TRUE)", torch.special.ndtr),
    ("IF({0}>0.3,{0}*3,LN(-{0}+0.5))", lambda a: torch.where(a > 0.3, a * 3, torch.log(0.5 - a.clamp(max=0.4)))),
]
BINARY: list[tuple[str, Callable[[torch.Tensor, torch.Tensor], torch.Tensor]]] = [
    ("({}+{})", torch.add),
    ("({}-{})", torch.sub),
    ("{}*{}", torch.mul),
    ("{}/(1+{}^2)", lambda a, b: a / (1 + b**2)),
    ("MAX({},{})", torch.maximum),
    ("MIN({},{},5)", lambda a, b: torch.minimum(a, b).clamp(max=5)),
    ("SUMSQ({},{})", lambda a, b: a**2 + b**2),
    ("(2+TANH({}))^{}", lambda a, b: (2 + torch.tanh(a)) ** b),
    ("IF(AND({0}>{1},{1}>0),{0},{1})", lambda a, b: torch.where((a > b) & (b > 0), a, b)),
]


def read_of(name: str) -> Formula:
    """A reference."""
    return name, lambda known: known[name]


def sum_of(n: int) -> Formula:
    """SUM of all inputs but the first few."""
    return f"SUM(A{n}:A4)", lambda known: sum((known[f"A{k}"] for k in range(n, 5)), torch.zeros(()))


def unary(inner: Formula, kind: Any) -> Formula:
    """One argument, which is in brackets if it is more than a reference."""
    text = inner[0] if inner[0].isalnum() else f"({inner[0]})"
    return kind[0].format(text), lambda known: kind[1](inner[1](known))


def binary(a: Formula, b: Formula, kind: Any) -> Formula:
    """Two arguments."""
    texts = [x[0] if x[0].isalnum() else f"({x[0]})" for x in (a, b)]
    return kind[0].format(*texts), lambda known: kind[1](a[1](known), b[1](known))


@st.composite
def workbooks(draw: st.DrawFn) -> Made:
    """(the cells, the formulas of B1, B2, ... in order)."""
    cells: Cells = {f"A{k}": draw(st.integers(-200, 200)) / 97 for k in range(1, 5)}
    formulas: list[tuple[str, Formula]] = []
    for k in range(1, draw(st.integers(1, 8)) + 1):
        names = [*(f"A{j}" for j in range(1, 5)), *(f"B{j}" for j in range(1, k))]
        leaf = st.sampled_from([*map(read_of, names), *map(sum_of, (1, 3))])
        formula = draw(
            st.recursive(
                leaf,
                lambda inner: st.one_of(
                    st.builds(unary, inner, st.sampled_from(UNARY)),
                    st.builds(binary, inner, inner, st.sampled_from(BINARY)),
                ),
                max_leaves=6,
            )
        )
        cells[f"B{k}"] = f"={formula[0]}"
        formulas.append((f"B{k}", formula))
    return cells, formulas


def by_torch(cells: Cells, formulas: list[tuple[str, Formula]]) -> Tensors:
    """The same graph in float64; every tensor keeps its gradient."""
    known = {a: torch.tensor(v, dtype=torch.float64, requires_grad=True) for a, v in cells.items() if a[0] == "A"}
    for name, (_, call) in formulas:
        known[name] = call(known) * 1  # a tensor of its own, for =A1 too
        known[name].retain_grad()
    return known
