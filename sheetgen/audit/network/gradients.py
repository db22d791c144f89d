"""Every gradient cell against the derivative of the workbook's own E."""

from __future__ import annotations

import math
from collections.abc import Iterator
from functools import partial

from sheetgen.audit.case import Case, agrees, shown
from sheetgen.audit.network import forward
from sheetgen.audit.network.derivatives import Truths
from sheetgen.audit.network.diagnose import diagnosed
from sheetgen.audit.network.edits import Suspect
from sheetgen.audit.network.trial import Trial
from sheetgen.audit.verdict import finding
from sheetgen.base.finding import NOTE, WARNING, Finding


def judge_gradients(trial: Trial) -> None:
    """Add the findings about gradients, the cells that agree with the derivative, and how far they are off.

    Where the forward pass is wrong, a gradient that is right for the equations is not at fault.
    """
    case = trial.case
    suspects = list(_compare(case, trial.truths))
    trial.compared = sum(len(suspect.expected) for suspect in suspects)
    if suspects and all(_opposite(case, suspect) for suspect in suspects):
        trial.sign = -1.0
        trial.findings.append(finding(
            "gradient", case.cells(suspects[0].quantity), "all gradients are minus the derivative",
            "the derivative, or a label that says so", "this is right as long as the updates add them", NOTE,
        ))  # fmt: skip
    for suspect in suspects:
        numbers = {s: trial.sign * case.value(suspect.quantity, s) for s in suspect.expected}
        trial.measure(suspect, {s: relative(numbers[s], x) for s, x in suspect.expected.items()})
        if trial.sign > 0:
            trial.vouch(suspect)
            at_fault = [s for s in suspect.steps if not (trial.differs and _by_equations(case, suspect, s))]
            trial.findings += diagnosed(trial, "gradient", suspect._replace(steps=at_fault))
    if not trial.differs:
        trial.findings += _independent(case, trial.truths)


def relative(number: float, truth: float) -> float:
    """By how much of the truth a number differs from it; infinitely, where the truth is 0 and it is not."""
    off = abs(number - truth)
    return off / abs(truth) if truth else math.inf if off else 0.0


def _lines(case: Case) -> Iterator[tuple[str, str, list[int]]]:
    """(line, quantity, steps that are filled) for every line that is labelled dE/d of a quantity of the table."""
    for line in case.of_kind("dE/d"):
        entries = ((s, case.book.entry(case.at(line, s))) for s in case.table.steps)
        steps = [s for s, e in entries if e is not None and (e.formula is not None or not isinstance(e.value, str))]
        if (of := line.removeprefix("dE/d")) in case.table.lines:
            yield line, of, steps


def _compare(case: Case, truths: Truths) -> Iterator[Suspect]:
    """Every line of gradients beside the derivative."""
    for line, of, steps in _lines(case):
        expected: dict[int, float] = {}
        wrong: list[int] = []
        for step in steps:
            number, truth = case.value(line, step), truths.number(of, step)
            if truth is None or math.isnan(number):
                continue
            expected[step] = truth
            if not agrees(number, truth) and not agrees(number, truth, truths.floor(of, step)):
                wrong.append(step)
        tolerance, formula = partial(truths.floor, of), partial(truths.formula, of)
        yield Suspect(line, expected, wrong, "the derivative", formula, tolerance)


def _independent(case: Case, truths: Truths) -> Iterator[Finding]:
    """Lines of gradients that are not 0 where E does not depend on the quantity."""
    for line, of, every in _lines(case):
        steps = [s for s in every if truths.total(s) and not truths.of(of, s) and case.value(line, s) != 0]
        if steps:
            yield finding(
                "gradient", case.cells(line, steps[0], steps[-1]), case.text(case.at(line, steps[0])),
                f"{shown(0)}, or another error", f"E_total does not depend on {of} at {len(steps)} steps", WARNING,
            )  # fmt: skip


def _opposite(case: Case, suspect: Suspect) -> bool:
    """Whether all gradients of a line are minus the derivative."""
    numbers = ((case.value(suspect.quantity, s), x) for s, x in suspect.expected.items())
    return bool(suspect.steps) and all(agrees(number, -x, 1e-17) for number, x in numbers)


def _by_equations(case: Case, suspect: Suspect, step: int) -> bool:
    """Whether a gradient is what the textbook makes of the numbers in its own row."""
    wanted = forward.gradient(case, suspect.quantity.removeprefix("dE/d"), step)
    return wanted is not None and agrees(case.value(suspect.quantity, step), wanted, 1e-17)
