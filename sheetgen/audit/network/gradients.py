"""Every gradient cell against the derivative of the workbook's own E."""

from __future__ import annotations

import math
from collections.abc import Iterator
from functools import partial
from typing import NamedTuple

from sheetgen.audit.case import RELATIVE, Case, agrees, shown
from sheetgen.audit.network import forward
from sheetgen.audit.network.derivatives import Truths
from sheetgen.audit.network.diagnose import diagnosed
from sheetgen.audit.network.edits import Suspect
from sheetgen.audit.network.trial import Trial
from sheetgen.audit.verdict import finding
from sheetgen.base.finding import NOTE, WARNING, Finding
from sheetgen.reader import Place


class Compared(NamedTuple):
    """A line of gradients beside the derivative with respect to `of`.

    `independent`: steps at which E does not depend on it, though the gradient is not 0. `worst` is the largest relative
    difference, but for differences that rounding explains, and `where` its cell.
    """

    suspect: Suspect
    of: str
    independent: list[int]
    worst: float
    where: Place | None


def judge_gradients(trial: Trial) -> None:
    """Add the findings about gradients, the cells that agree with the derivative, and how far they are off.

    Where the forward pass is wrong, a gradient that is right for the equations is not at fault.
    """
    case = trial.case
    lines = list(_compare(case, trial.truths))
    trial.compared = sum(len(line.suspect.expected) for line in lines)
    if lines and all(_opposite(case, line.suspect) for line in lines):
        trial.sign = -1.0
        trial.findings.append(finding(
            "gradient", case.cells(lines[0].suspect.quantity), "all gradients are minus the derivative",
            "the derivative, or a label that says so", "this is right as long as the updates add them", NOTE,
        ))  # fmt: skip
    for line in lines:
        suspect = line.suspect
        if trial.sign < 0:
            for s, x in suspect.expected.items():
                trial.measure(relative(-case.value(suspect.quantity, s), x), case.at(suspect.quantity, s))
            continue
        trial.measure(line.worst, line.where)
        trial.right |= {case.at(suspect.quantity, s) for s in suspect.right}
        at_fault = [s for s in suspect.steps if not (trial.differs and _by_equations(case, line, s))]
        trial.findings += diagnosed(trial, "gradient", suspect._replace(steps=at_fault))
    trial.findings += [_independent(case, line) for line in lines if line.independent and not trial.differs]


def relative(number: float, truth: float) -> float:
    """By how much of the truth a number differs from it; infinitely, where the truth is 0 and it is not."""
    off = abs(number - truth)
    return off / abs(truth) if truth else math.inf if off else 0.0


def _compare(case: Case, truths: Truths) -> Iterator[Compared]:
    """Every line that is labelled dE/d of something in the table."""
    for quantity in case.of_kind("dE/d"):
        of = quantity.removeprefix("dE/d")
        if of not in case.table.lines:
            continue
        expected: dict[int, float] = {}
        wrong: list[int] = []
        independent: list[int] = []
        worst, where = 0.0, None
        for step in case.table.steps:
            at = case.at(quantity, step)
            entry, number = case.book.entry(at), case.number(at)
            if entry is None or (isinstance(entry.value, str) and entry.formula is None):
                continue
            truth = truths.number(of, step)
            if truth is None:
                if truths.total(step) is not None and truths.of(of, step) is None and number != 0:
                    independent.append(step)
                continue
            if math.isnan(number):
                continue
            expected[step] = truth
            off = relative(number, truth)
            if not agrees(number, truth) and not agrees(number, truth, truths.floor(of, step)):
                wrong.append(step)
            elif off > RELATIVE:
                continue  # nothing but rounding
            if off > worst:
                worst, where = off, at
        tolerance, formula = partial(truths.floor, of), partial(truths.formula, of)
        suspect = Suspect(quantity, expected, wrong, "the derivative", formula, tolerance)
        yield Compared(suspect, of, independent, worst, where)


def _independent(case: Case, line: Compared) -> Finding:
    steps, quantity = line.independent, line.suspect.quantity
    return finding(
        "gradient", case.cells(quantity, steps[0], steps[-1]), case.text(case.at(quantity, steps[0])),
        f"{shown(0)}, or another error", f"E_total does not depend on {line.of} at {len(steps)} steps", WARNING,
    )  # fmt: skip


def _opposite(case: Case, suspect: Suspect) -> bool:
    """Whether all gradients of a line are minus the derivative."""
    numbers = ((case.value(suspect.quantity, s), x) for s, x in suspect.expected.items())
    return bool(suspect.steps) and all(agrees(number, -x, 1e-17) for number, x in numbers)


def _by_equations(case: Case, line: Compared, step: int) -> bool:
    """Whether a gradient is what the textbook makes of the numbers in its own row."""
    wanted = forward.gradient(case, line.of, step)
    return wanted is not None and agrees(case.value(line.suspect.quantity, step), wanted, 1e-17)
