"""The forward pass of the 2-2-2 sigmoid network, where the labels say that it is one, against its equations."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from typing import NamedTuple

from sheetgen.audit.case import EPSILON, ROUNDINGS, Case, agrees
from sheetgen.cells.ops import OPS

Values = Mapping[str, float]


class Equation(NamedTuple):
    """What a quantity is: the quantities that it is made of, their formula in words, and as numbers.

    `value` also gives the size of the terms that cancel, for what rounding may do.
    """

    inputs: tuple[str, ...]
    said: str
    value: Callable[[Values], tuple[float, float]]


class Compared(NamedTuple):
    """A line of the forward pass: its equation, the right number at each step, and the steps that differ."""

    quantity: str
    equation: Equation
    truth: dict[int, float]
    wrong: list[int]


def _weighted(terms: tuple[tuple[str, str], ...]) -> Equation:
    def value(v: Values) -> tuple[float, float]:
        products = [v[w] * v[x] for w, x in terms]
        return sum(products), sum(map(abs, products))

    inputs = tuple(name for pair in terms for name in pair)
    return Equation(inputs, " + ".join(f"{w}*{x}" for w, x in terms), value)


def _sigmoid(h: str) -> Equation:
    def value(v: Values) -> tuple[float, float]:
        a = OPS["sigmoid"].value(v[h])
        return a, a * (1 + abs(v[h]))

    return Equation((h,), f"1/(1 + exp(-{h}))", value)


def _error(t: str, a: str) -> Equation:
    def value(v: Values) -> tuple[float, float]:
        return (v[t] - v[a]) ** 2 / 2, abs(v[t] - v[a]) * (abs(v[t]) + abs(v[a]))

    return Equation((t, a), f"1/2*({t} - {a})^2", value)


def _sum(*names: str) -> Equation:
    return Equation(names, " + ".join(names), lambda v: (sum(v[n] for n in names), sum(abs(v[n]) for n in names)))


def equations(hidden: bool, output: bool) -> dict[str, Equation]:
    """The network's equations; `hidden` and `output` tell whether w2 and w3 (w6 and w7) have changed places.

    Some number the weights by the unit that they leave, not by the one that they reach.
    """
    w2, w3 = ("w3", "w2") if hidden else ("w2", "w3")
    w6, w7 = ("w7", "w6") if output else ("w6", "w7")
    return {
        "h1": _weighted((("w1", "i1"), (w2, "i2"))),
        "h2": _weighted(((w3, "i1"), ("w4", "i2"))),
        "a_h1": _sigmoid("h1"),
        "a_h2": _sigmoid("h2"),
        "o1": _weighted((("w5", "a_h1"), (w6, "a_h2"))),
        "o2": _weighted(((w7, "a_h1"), ("w8", "a_h2"))),
        "a_o1": _sigmoid("o1"),
        "a_o2": _sigmoid("o2"),
        "E1": _error("t1", "a_o1"),
        "E2": _error("t2", "a_o2"),
        "E_total": _sum("E1", "E2"),
    }


def is_222(case: Case) -> bool:
    """Whether the labels are those of the 2-2-2 network."""
    lines = set(case.table.lines)
    more = lines & {"w9", "i3", "h3", "o3", "a_h3", "a_o3", "t3", "E3"}
    return {f"w{k}" for k in range(1, 9)} <= lines and len(lines & {"a_h1", "a_h2", "a_o1", "a_o2"}) == 4 and not more


def compare(case: Case) -> Iterator[Compared]:
    """Every line of the forward pass of a 2-2-2 network whose inputs stand in the table, or labelled on its sheet."""
    if not is_222(case):
        return
    for layer, other in ((HIDDEN, (True, False)), (OUTPUT, (False, True))):
        found = list(_compared(case, equations(False, False), layer))
        if any(c.wrong for c in found):  # perhaps the weights are but numbered another way
            again = list(_compared(case, equations(*other), layer))
            found = min(found, again, key=lambda ways: sum(len(c.wrong) for c in ways))
        yield from found


HIDDEN = ("h1", "h2", "a_h1", "a_h2")
OUTPUT = ("o1", "o2", "a_o1", "a_o2", "E1", "E2", "E_total")


def _compared(case: Case, known: Mapping[str, Equation], layer: tuple[str, ...]) -> Iterator[Compared]:
    for quantity in layer:
        equation = known[quantity]
        if quantity not in case.table.lines or not all(map(case.has, equation.inputs)):
            continue
        truth, wrong = {}, []
        for step in case.table.steps:
            found = case.number(case.at(quantity, step))
            values = {name: case.number(case.where(name, step)) for name in equation.inputs}
            wanted, size = equation.value(values)
            if not math.isfinite(wanted) or math.isnan(found):  # an error is named where it starts
                continue
            bias = _bias(case, quantity, step, found - wanted)
            truth[step] = wanted + bias
            if not agrees(found, truth[step], ROUNDINGS * EPSILON * (size + abs(bias))):
                wrong.append(step)
        yield Compared(quantity, equation, truth, wrong)


def _bias(case: Case, quantity: str, step: int, missing: float) -> float:
    """A bias that the sum of a unit has: a cell of the formula, labelled b in the table or outside of it."""
    formula = case.formula(quantity, step)
    if quantity not in ("h1", "h2", "o1", "o2") or formula is None or missing == 0:
        return 0.0
    for at in formula.slots:
        known = case.known.get(at)
        number = case.number(at)
        if (known is None or known[0].startswith("b")) and agrees(missing, number):
            return number
    return 0.0


def gradient(case: Case, weight: str, step: int) -> float | None:
    """dE/dw by the textbook, from the numbers that stand in the step's own cells; None if one is missing."""
    names = ("t1", "t2", "i1", "i2", "a_h1", "a_h2", "a_o1", "a_o2", "w5", "w6", "w7", "w8")
    if weight not in {f"w{k}" for k in range(1, 9)} or not all(map(case.has, names)):
        return None
    t1, t2, i1, i2, h1, h2, o1, o2, w5, w6, w7, w8 = (case.number(case.where(name, step)) for name in names)
    d1, d2 = (o1 - t1) * o1 * (1 - o1), (o2 - t2) * o2 * (1 - o2)
    e1, e2 = (d1 * w5 + d2 * w7) * h1 * (1 - h1), (d1 * w6 + d2 * w8) * h2 * (1 - h2)
    by_number = (e1 * i1, e1 * i2, e2 * i1, e2 * i2, d1 * h1, d1 * h2, d2 * h1, d2 * h2)
    return by_number[int(weight[1:]) - 1]
