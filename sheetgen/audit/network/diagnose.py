"""Findings about the forward pass and the gradients: the steps that are wrong, put together and diagnosed."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterator, Mapping, Sequence
from functools import partial
from typing import NamedTuple

from sheetgen.audit.case import Case, agrees, kind_of, shown
from sheetgen.audit.labels import quantity
from sheetgen.audit.network import edits, forward, gradients
from sheetgen.audit.network.columns import Column, column
from sheetgen.audit.network.gradients import Truths
from sheetgen.audit.verdict import finding
from sheetgen.audit.write import replaced
from sheetgen.base.finding import NOTE, WARNING, Finding
from sheetgen.reader import Place

FORWARD = ("h", "a_h", "o", "a_o", "E", "E_total")
WHY_GRADIENT = "the weights then move in a wrong direction, though the error may still fall"


class Lines:
    """The lines of a table: each one's pattern, found once."""

    def __init__(self, case: Case) -> None:
        self.case = case
        self._found: dict[str, Column] = {}

    def __getitem__(self, quantity: str) -> Column:
        if quantity not in self._found:
            self._found[quantity] = column(self.case, quantity)
        return self._found[quantity]


class Wrong(NamedTuple):
    """A line that is wrong at some steps: what is right at every step, and how to say so."""

    quantity: str
    truth: Mapping[int, float]
    steps: Sequence[int]
    said: str  # what the truth is called: "the derivative"
    instead: Callable[[int], str]  # a right formula for a step, where no small edit is found; or ''
    floor: Callable[[int], float] = lambda step: 0.0  # how far rounding may move the truth


def diagnosed(case: Case, lines: Lines, kind: str, wrong: Wrong, why: str) -> Iterator[Finding]:
    """A finding for each formula of the line that is wrong; what breaks its pattern is left to `columns`."""
    line = lines[wrong.quantity]
    groups: dict[object, list[int]] = {}
    for step in wrong.steps:
        groups.setdefault(line.patterns[step], []).append(step)
    for pattern, steps in groups.items():
        first, last = steps[0], steps[-1]
        at = case.at(wrong.quantity, first)
        if line.odd(first):
            continue
        number = f"it gives {shown(case.number(at))}, {wrong.said} is {shown(wrong.truth[first])}"
        edit = None if pattern is None else _edit(case, wrong, line, pattern)
        if edit is None and pattern is not None and (helper := _helper(case, lines, wrong, steps)) is not None:
            yield from diagnosed(case, lines, kind, helper, why)
            continue
        if edit is not None:
            expected = f"{edit.text(first)}: with {edit.said(first)} it agrees with {wrong.said} in every step"
        else:
            expected = wrong.instead(first) or shown(wrong.truth[first])
        where = case.table.cells(wrong.quantity, first, last)
        yield finding(kind, (at[0], where), f"{case.text(at)}: {number}", expected, why)


def _helper(case: Case, lines: Lines, wrong: Wrong, steps: Sequence[int]) -> Wrong | None:
    """A helper line that is the one at fault: a small edit of it would make this line right; None if there is none.

    What the helper should be follows from what is missing here and from how much this formula makes of it.
    """
    first = case.formula(wrong.quantity, steps[0])
    for at in dict.fromkeys(first.slots if first else ()):
        name, by = case.known.get(at, ("", 0))
        if not name or quantity(name) is not None or by != steps[0]:
            continue
        truth = {s: x for s in wrong.truth if (x := _should_be(case, wrong, name, s)) is not None}
        off = [s for s in truth if not agrees(case.number(case.at(name, s)), truth[s], 1e-17)]
        found = Wrong(name, truth, off, f"what {wrong.quantity} needs", lambda _: "")
        pattern = lines[name].patterns[steps[0]]
        if off and pattern is not None and _edit(case, found, lines[name], pattern) is not None:
            return found
    return None


def _should_be(case: Case, wrong: Wrong, helper: str, step: int) -> float | None:
    """What a helper must be at a step for the line to be right there."""
    formula, at = case.formula(wrong.quantity, step), case.at(helper, step)
    if formula is None or at not in formula.slots:
        return None
    numbers = [case.number(s) for s in formula.slots]
    nought, one = (formula.template([x if s == at else n for s, n in zip(formula.slots, numbers, strict=True)])
                   for x in (0.0, 1.0))  # fmt: skip
    return (wrong.truth[step] - nought) / (one - nought) if one != nought else None


def _edit(case: Case, wrong: Wrong, line: Column, pattern: object) -> edits.Edit | None:
    formulas = {
        s: f
        for s in case.table.steps
        if line.patterns[s] == pattern and s in wrong.truth and (f := case.formula(wrong.quantity, s)) is not None
    }
    return edits.find(edits.Tried(case, wrong.quantity, formulas, wrong.truth, wrong.floor)) if formulas else None


class Forward(NamedTuple):
    """What was found of the forward pass, and whether it differs from the network's equations anywhere."""

    findings: list[Finding]
    wrong: bool


def forward_findings(case: Case, lines: Lines, right: set[Place]) -> Forward:
    """What the 2-2-2 network's equations say of the forward pass; `right` gets the cells that agree."""
    found: list[Finding] = []
    differs = False
    for line in forward.compare(case):
        right |= {case.at(line.quantity, s) for s in line.truth.keys() - set(line.wrong)}
        differs = differs or bool(line.wrong)
        said = f"{line.quantity} = {line.equation.said}"
        wrong = Wrong(line.quantity, line.truth, line.wrong, said, lambda _, said=said: said)  # type: ignore[misc]
        found += diagnosed(case, lines, "forward", wrong, "everything that follows is computed from it")
    told = {(f.sheet, f.cells) for f in found}
    found += [f for f in strayed(case, lines) if (f.sheet, f.cells) not in told]
    return Forward(found, differs or bool(found))


def strayed(case: Case, lines: Lines) -> Iterator[Finding]:
    """Formulas of the forward pass that take a result, or a weight, from another step: a row that was held with $."""
    still = set(filter(case.constant, case.those("b")))
    for name in case.table.lines:
        if kind_of(name) not in FORWARD:
            continue
        groups: dict[object, list[int]] = {}
        for step in case.table.steps[1:]:
            if _other_steps(case, name, step, still) and not lines[name].odd(step):
                groups.setdefault(lines[name].patterns[step], []).append(step)
        for steps in groups.values():
            first, last = steps[0], steps[-1]
            formula, at = case.formula(name, first), case.at(name, first)
            far = _other_steps(case, name, first, still)
            own = [case.at(case.known[s][0], first) if s in far else s for s in formula.slots] if formula else []
            entry = case.book.entry(at)
            text = replaced(entry.formula or "", formula.slots, own) if entry and formula else ""
            said = " and ".join(case.called(s) for s in dict.fromkeys(far))
            yield finding(
                "forward", (at[0], case.table.cells(name, first, last)), f"{case.text(at)}: it takes {said}",
                f"={text}" if text else "the cells of its own step", "each step must be computed from its own numbers",
            )  # fmt: skip


def _other_steps(case: Case, name: str, step: int, still: Container[str]) -> list[Place]:
    formula = case.formula(name, step)
    found = []
    for slot in formula.slots if formula else ():
        quantity, when = case.known.get(slot, ("", step))
        if when != step and quantity not in still and kind_of(quantity) in (*FORWARD, "w", "b"):
            found.append(slot)
    return found


class Gradients(NamedTuple):
    """What was found of the gradients: findings, what was compared, and -1 where all are minus the derivative."""

    findings: list[Finding]
    compared: int
    worst: float
    where: Place | None
    sign: float


def gradient_findings(case: Case, lines: Lines, truths: Truths, excused: bool, right: set[Place]) -> Gradients:
    """Every gradient cell beside the derivative of E; `right` gets the cells that agree.

    `excused`: the forward pass is wrong. Then a gradient that is right for the equations is not at fault.
    """
    compared = list(gradients.compare(case, truths))
    sign = -1.0 if compared and all(_opposite(case, c) for c in compared) else 1.0
    findings: list[Finding] = []
    if sign < 0:
        c = compared[0]
        compared = [_turned(case, c) for c in compared]
        findings.append(finding(
            "gradient", (case.table.sheet, case.table.cells(c.quantity)), "all gradients are minus the derivative",
            "the derivative, or a label that says so", "this is right as long as the updates add them", NOTE,
        ))  # fmt: skip
    else:
        for c in compared:
            right |= {case.at(c.quantity, s) for s in c.truth.keys() - set(c.wrong)}
            steps = [s for s in c.wrong if not (excused and _local(case, c, s))]
            wrong = Wrong(
                c.quantity, c.truth, steps, "the derivative", partial(truths.formula, c.of), partial(truths.floor, c.of)
            )
            findings += diagnosed(case, lines, "gradient", wrong, WHY_GRADIENT)
    lost = [c for c in compared if c.without and not excused]
    findings += [_independent(case, c) for c in lost]
    best = max(compared, key=lambda c: c.worst, default=None)
    count = sum(len(c.truth) for c in compared)
    return Gradients(findings, count, best.worst if best else 0.0, best.where if best else None, sign)


def _independent(case: Case, c: gradients.Compared) -> Finding:
    first, last = c.without[0], c.without[-1]
    at = case.at(c.quantity, first)
    return finding(
        "gradient", (at[0], case.table.cells(c.quantity, first, last)), case.text(at), f"{shown(0)}, or another error",
        f"E_total does not depend on {c.of} at {len(c.without)} steps", WARNING,
    )  # fmt: skip


def _opposite(case: Case, c: gradients.Compared) -> bool:
    return bool(c.wrong) and all(agrees(case.number(case.at(c.quantity, s)), -t, 1e-17) for s, t in c.truth.items())


def _turned(case: Case, c: gradients.Compared) -> gradients.Compared:
    """A line of gradients that are minus the derivative, measured as that."""
    off = {s: gradients.relative(-case.number(case.at(c.quantity, s)), t) for s, t in c.truth.items()}
    worst = max(off, key=lambda s: off[s])
    return c._replace(worst=off[worst], where=case.at(c.quantity, worst))


def _local(case: Case, c: gradients.Compared, step: int) -> bool:
    """Whether a gradient is what the textbook makes of the numbers in its own row."""
    wanted = forward.gradient(case, c.of, step)
    return wanted is not None and agrees(case.number(case.at(c.quantity, step)), wanted, 1e-17)
