"""Lines whose numbers are not what they should be: put together by formula, and diagnosed."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from sheetgen.audit.case import Case, agrees, shown
from sheetgen.audit.labels import quantity
from sheetgen.audit.network.columns import PatternLine
from sheetgen.audit.network.edits import Edit, Search, Suspect
from sheetgen.audit.network.trial import Trial
from sheetgen.audit.verdict import finding
from sheetgen.base.finding import Finding

# kind of finding -> why it matters
WHY = {
    "forward": "everything that follows is computed from it",
    "gradient": "the weights then move in a wrong direction, though the error may still fall",
    "update": "the weight does not follow its own gradient, so the training is another one",
}


def always(text: str) -> Callable[[int], str]:
    """The same text for every step."""
    return lambda step: text


def diagnosed(trial: Trial, kind: str, suspect: Suspect) -> Iterator[Finding]:
    """A finding for each formula of the line that is wrong; what breaks its pattern is left to `columns`."""
    case, line = trial.case, trial.column(suspect.quantity)
    for steps in line.groups(suspect.steps):
        first, last = steps[0], steps[-1]
        at = case.at(suspect.quantity, first)
        edit = edit_of(case, suspect, line, first)
        helper = None if edit or line.patterns[first] is None else _helper(trial, suspect, first)
        if helper is not None:
            yield from diagnosed(trial, kind, helper)
            continue
        if edit is not None:
            expected = f"{edit.text(first)}: with {edit.label(first)} it agrees with {suspect.label} in every step"
        else:
            expected = suspect.fallback(first) or shown(suspect.expected[first])
        number = f"it gives {shown(case.number(at))}, {suspect.label} is {shown(suspect.expected[first])}"
        where = case.cells(suspect.quantity, first, last)
        yield finding(kind, where, f"{case.text(at)}: {number}", expected, WHY[kind])


def _helper(trial: Trial, suspect: Suspect, first: int) -> Suspect | None:
    """A helper line that is the one at fault: a small edit of it would make this line right; None if there is none.

    The right number of the helper follows from what is missing here and from how much this formula makes of it.
    """
    case = trial.case
    formula = case.formula(suspect.quantity, first)
    for at in dict.fromkeys(formula.slots if formula else ()):
        name, step = case.known.get(at, ("", 0))
        if not name or quantity(name) is not None or step != first:
            continue
        expected = {s: x for s in suspect.expected if (x := _should_be(case, suspect, name, s)) is not None}
        wrong = [s for s, x in expected.items() if not agrees(case.value(name, s), x, 1e-17)]
        helper = Suspect(name, expected, wrong, f"what {suspect.quantity} needs")
        if wrong and edit_of(case, helper, trial.column(name), first) is not None:
            return helper
    return None


def _should_be(case: Case, suspect: Suspect, helper: str, step: int) -> float | None:
    """The number that a helper must have at a step for the line to be right there."""
    formula, at = case.formula(suspect.quantity, step), case.at(helper, step)
    if formula is None or at not in formula.slots:
        return None
    at_0, at_1 = (formula.template([x if s == at else case.number(s) for s in formula.slots]) for x in (0.0, 1.0))
    return (suspect.expected[step] - at_0) / (at_1 - at_0) if at_1 != at_0 else None


def edit_of(case: Case, suspect: Suspect, line: PatternLine, step: int) -> Edit | None:
    """The small edit that would make all formulas right that are one with that of a step."""
    pattern = line.patterns[step]
    if pattern is None:
        return None
    alike = [s for s in case.table.steps if line.patterns[s] == pattern and s in suspect.expected]
    formulas = {s: f for s in alike if (f := case.formula(suspect.quantity, s)) is not None}
    return Search(case, suspect, formulas).edit() if formulas else None
