"""The forward pass: against the equations of the 2-2-2 sigmoid network, where the labels say so, and step by step."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import NamedTuple

from sheetgen.audit.case import Case, agrees, kind_of
from sheetgen.audit.graph import EPSILON, ROUNDINGS
from sheetgen.audit.network.diagnose import always, diagnosed
from sheetgen.audit.network.edits import Suspect
from sheetgen.audit.network.trial import Trial
from sheetgen.audit.verdict import finding
from sheetgen.audit.write import replaced
from sheetgen.base.finding import Finding
from sheetgen.cells.ops import OPS
from sheetgen.reader import Place

Values = Mapping[str, float]
FORWARD = ("h", "a_h", "o", "a_o", "E", "E_total")
HIDDEN = ("h1", "h2", "a_h1", "a_h2")
OUTPUT = ("o1", "o2", "a_o1", "a_o2", "E1", "E2", "E_total")


def judge_forward(trial: Trial) -> None:
    """Add the findings about the forward pass, and the cells that agree with the equations of the 2-2-2 network."""
    case = trial.case
    findings: list[Finding] = []
    for suspect in compare(case):
        trial.right |= {case.at(suspect.quantity, s) for s in suspect.expected.keys() - set(suspect.steps)}
        trial.differs |= bool(suspect.steps)
        findings += diagnosed(trial, "forward", suspect)
    named = {(f.sheet, f.cells) for f in findings}
    findings += [f for f in _strays(trial) if (f.sheet, f.cells) not in named]
    trial.differs |= bool(findings)
    trial.findings += findings


class Equation(NamedTuple):
    """The quantities that another is made of, their formula in words, and as numbers.

    `value` also gives the size of the terms that cancel, for what rounding may do.
    """

    inputs: tuple[str, ...]
    words: str
    value: Callable[[Values], tuple[float, float]]


def _weighted(*terms: tuple[str, str]) -> Equation:
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


def equations(exchanged: bool) -> dict[str, Equation]:
    """The network's equations; `exchanged` tells whether w2 and w3, and w6 and w7, have changed places.

    Some number the weights by the unit that they leave, not by the one that they reach.
    """
    w2, w3, w6, w7 = ("w3", "w2", "w7", "w6") if exchanged else ("w2", "w3", "w6", "w7")
    return {
        "h1": _weighted(("w1", "i1"), (w2, "i2")),
        "h2": _weighted((w3, "i1"), ("w4", "i2")),
        "a_h1": _sigmoid("h1"),
        "a_h2": _sigmoid("h2"),
        "o1": _weighted(("w5", "a_h1"), (w6, "a_h2")),
        "o2": _weighted((w7, "a_h1"), ("w8", "a_h2")),
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


def compare(case: Case) -> Iterator[Suspect]:
    """Every line of the forward pass of a 2-2-2 network whose inputs stand in the table, or labelled on its sheet."""
    for layer in (HIDDEN, OUTPUT) if is_222(case) else ():
        suspects = list(_compared(case, equations(False), layer))
        if any(s.steps for s in suspects):  # perhaps the weights are but numbered another way
            again = list(_compared(case, equations(True), layer))
            suspects = min(suspects, again, key=lambda ways: sum(len(s.steps) for s in ways))
        yield from suspects


def _compared(case: Case, known: Mapping[str, Equation], layer: tuple[str, ...]) -> Iterator[Suspect]:
    for quantity in layer:
        equation = known[quantity]
        if quantity not in case.table.lines or not all(map(case.has, equation.inputs)):
            continue
        expected, wrong = {}, []
        for step in case.table.steps:
            number = case.value(quantity, step)
            wanted, size = equation.value({name: case.number(case.where(name, step)) for name in equation.inputs})
            if not math.isfinite(wanted) or math.isnan(number):  # an error is named where it starts
                continue
            bias = _bias(case, quantity, step, number - wanted)
            expected[step] = wanted + bias
            if not agrees(number, expected[step], ROUNDINGS * EPSILON * (size + abs(bias))):
                wrong.append(step)
        label = f"{quantity} = {equation.words}"
        yield Suspect(quantity, expected, wrong, label, always(label))


def _bias(case: Case, quantity: str, step: int, missing: float) -> float:
    """A bias that the sum of a unit has: a cell of the formula, labelled b in the table or outside of it."""
    formula = case.formula(quantity, step)
    if quantity not in ("h1", "h2", "o1", "o2") or formula is None or missing == 0:
        return 0.0
    possible = (at for at in formula.slots if at not in case.known or case.name(at).startswith("b"))
    return next((number for at in possible if agrees(missing, number := case.number(at))), 0.0)


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


def _strays(trial: Trial) -> Iterator[Finding]:
    """Formulas of the forward pass that take a result, or a weight, from another step: a row that was held with $."""
    case = trial.case
    kinds = {*FORWARD, "w", "b"}
    moving = {q for q in case.table.lines if kind_of(q) in kinds and not (kind_of(q) == "b" and case.constant(q))}
    for name in case.of_kind(*FORWARD):
        groups: dict[object, list[int]] = {}
        for step in case.table.steps[1:]:
            if _other_steps(case, name, step, moving) and not trial.column(name).odd(step):
                groups.setdefault(trial.column(name).patterns[step], []).append(step)
        for steps in groups.values():
            yield _stray(case, name, steps, _other_steps(case, name, steps[0], moving))


def _other_steps(case: Case, name: str, step: int, moving: set[str]) -> list[Place]:
    """The cells that a formula takes from other steps though they change from step to step."""
    formula = case.formula(name, step)
    named = ((at, *case.known.get(at, ("", step))) for at in (formula.slots if formula else ()))
    return [at for at, quantity, when in named if when != step and quantity in moving]


def _stray(case: Case, name: str, steps: Sequence[int], far: list[Place]) -> Finding:
    first, at = steps[0], case.at(name, steps[0])
    slots = formula.slots if (formula := case.formula(name, first)) else ()
    own = [case.at(case.name(slot), first) if slot in far else slot for slot in slots]
    text = replaced(case.formula_text(at), slots, own)
    return finding(
        "forward", case.cells(name, first, steps[-1]),
        f"{case.text(at)}: it takes {' and '.join(case.called(slot) for slot in dict.fromkeys(far))}",
        f"={text}" if text else "the cells of its own step", "each step must be computed from its own numbers",
    )  # fmt: skip
