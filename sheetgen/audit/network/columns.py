"""Is each line of the table one formula, as Fill Down makes it, or one number? What breaks it is named."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Container, Iterator, Sequence
from functools import lru_cache
from typing import NamedTuple

from sheetgen.audit.case import Case, agrees, kind_of, shown
from sheetgen.audit.network.samples import MOSTLY, counted, samples
from sheetgen.audit.verdict import finding
from sheetgen.base.finding import ERROR, NOTE, WARNING, Finding
from sheetgen.excel.a1 import address, mover, place
from sheetgen.reader import Formula, Place

COMPUTED = ("h", "a_h", "o", "a_o", "E", "E_total", "dE/d")
SAME = 1e-12  # relative: numbers that differ by less drifted by rounding alone

Pattern = tuple[int, tuple[tuple[str, int, int], ...]]


class Column(NamedTuple):
    """A line of the table: the pattern that most of it has, and the steps that have another, or none."""

    quantity: str
    patterns: list[Pattern | None]  # for each step; None where there is no formula
    common: Pattern | None
    model: int  # a step that has the common pattern; -1 if there is none
    repeats: bool = False  # whether every so many steps it is the same again, as in a batch of samples

    def has(self, step: int) -> bool:
        """Whether the step has the common pattern."""
        return self.common is not None and self.patterns[step] == self.common

    def odd(self, step: int) -> bool:
        """Whether the step breaks the line: a number among formulas, or another formula than most have."""
        if self.common is None or step == 0 or self.has(step) or self.repeats:
            return False
        return self.patterns[step] is None or self.mostly

    @property
    def mostly(self) -> bool:
        """Whether so many steps have the common pattern that another formula is odd."""
        return sum(map(self.has, range(1, len(self.patterns)))) >= MOSTLY * (len(self.patterns) - 1)


@lru_cache(1 << 18)
def _spot(text: str) -> tuple[int, int]:
    return place(text)


def column(case: Case, quantity: str) -> Column:
    """What the line of a quantity has in common.

    Whether a reference goes along when the formula is filled is not asked of its $ signs, but of what the references of
    neighbours do: G31 typed by hand in every row is one formula, and $R35 beside R35 is, too.
    """
    steps = case.table.steps
    formulas = [case.formula(quantity, step) for step in steps]
    still = _still(formulas)
    patterns: list[Pattern | None] = []
    for step, formula in zip(steps, formulas, strict=True):
        if formula is None:
            patterns.append(None)
            continue
        fixed = still.get(id(formula.template), ())
        spots = []
        for k, (sheet, cell) in enumerate(formula.slots):
            row, col = _spot(cell)
            if not fixed[k]:
                row, col = (row - step, col) if case.table.across else (row, col - step)
            spots.append((sheet, row, col))
        patterns.append((id(formula.template), tuple(spots)))
    counts = Counter(p for p in patterns[1:] if p is not None)  # step 0 starts from given numbers
    common = counts.most_common(1)[0][0] if counts else None
    if common is not None and counts[common] < 2 and len(patterns) > 3 and kind_of(quantity) in ("i", "t", "eta"):
        common = None
    if common is None and kind_of(quantity) in COMPUTED:
        common = patterns[0]  # all that follows was pasted
    model = next((s for s in (*steps[1:], 0) if patterns[s] == common), -1) if common else -1
    return Column(quantity, patterns, common, model, _repeats(patterns, common))


def _repeats(patterns: Sequence[Pattern | None], common: Pattern | None) -> bool:
    """Whether the formulas after the first step are the same again every so many steps."""
    odd = [s for s, pattern in enumerate(patterns) if s and pattern != common]
    if len(odd) < 2 or any(patterns[s] is None for s in odd):
        return False
    by = odd[1] - odd[0]
    return by > 1 and patterns[1:-by] == patterns[1 + by :]


def _still(formulas: Sequence[Formula | None]) -> dict[int, tuple[bool, ...]]:
    """For each template: whether each of its references mostly stays where it is, from step to step that have it."""
    votes: dict[int, list[int]] = {}
    last: dict[int, Formula] = {}
    for b in formulas:
        if b is None:
            continue
        a = last.get(id(b.template))
        last[id(b.template)] = b
        if a is None:
            continue
        tally = votes.setdefault(id(a.template), [0] * len(a.slots))
        for k, (x, y) in enumerate(zip(a.slots, b.slots, strict=True)):
            tally[k] += 1 if x == y else -1
    found = {key: tuple(v > 0 for v in tally) for key, tally in votes.items()}
    for formula in formulas:
        if formula is not None:
            found.setdefault(id(formula.template), (False,) * len(formula.slots))
    return found


def filled(case: Case, column: Column, step: int) -> Formula | None:
    """The formula that the step would have if the line were one formula."""
    if column.common is None or column.model == 0 != step:
        return None
    model = case.formula(column.quantity, column.model)
    if model is None:
        return None
    slots: list[Place] = []
    for (sheet, cell), (_, row, col) in zip(model.slots, column.common[1], strict=True):
        if _spot(cell) != (row, col):  # it goes along
            row, col = (row + step, col) if case.table.across else (row, col + step)
        if row < 1 or col < 1:
            return None
        slots.append((sheet, address(row, col)))
    return Formula(model.template, tuple(slots))


def spans(steps: Sequence[int], kinds: Sequence[object] | None = None) -> list[tuple[int, int]]:
    """[3, 4, 5, 9] -> [(3, 5), (9, 9)]; steps of different kinds are apart."""
    found: list[tuple[int, int]] = []
    for step in steps:
        if found and found[-1][1] == step - 1 and (kinds is None or kinds[step] == kinds[step - 1]):
            found[-1] = found[-1][0], step
        else:
            found.append((step, step))
    return found


def odd_formulas(case: Case, column: Column, right: Container[Place]) -> Iterator[Finding]:
    """Formulas, and numbers, that stand where the line has another formula; those in `right` are but noted."""
    if column.common is None:
        return
    mostly = column.mostly
    late = range(1, 1 if column.repeats else len(column.patterns))
    odd = [s for s in late if not column.has(s) and (mostly or column.patterns[s] is None)]
    for first, last in spans(odd, column.patterns):
        if column.patterns[first] is not None and _reaches_back(case, column, first):
            continue  # momentum, which has no step before the first to remember
        yield _odd(case, column, first, last, right)
    if not column.has(0) and column.patterns[0] is not None and (wanted := filled(case, column, 0)) is not None:
        here, there = case.number(case.at(column.quantity, 0)), wanted.template([case.number(s) for s in wanted.slots])
        if math.isfinite(there) and not agrees(here, there):
            yield _odd(case, column, 0, 0, right)


def _reaches_back(case: Case, column: Column, step: int) -> bool:
    """Whether the line's formula cannot stand at a step, for it would take a cell above the first one."""
    model, wanted = case.formula(column.quantity, column.model), filled(case, column, step)
    if model is None or wanted is None or step > 1:
        return False
    lines = set(case.table.lines.values())
    for old, (sheet, cell) in zip(model.slots, wanted.slots, strict=True):
        line, position = _spot(cell)[::-1] if case.table.across else _spot(cell)
        if old != (sheet, cell) and sheet == case.table.sheet and line in lines and position < case.table.first:
            return True
    return False


def _odd(case: Case, column: Column, first: int, last: int, right: Container[Place]) -> Finding:
    q = column.quantity
    at = case.at(q, first)
    wanted = filled(case, column, first)
    numbers = [
        (case.number(case.at(q, s)), f.template([case.number(x) for x in f.slots]))
        for s in range(first, last + 1)
        if (f := filled(case, column, s)) is not None
    ]
    same = all(agrees(a, b) for a, b in numbers)
    pasted = column.patterns[first] is None
    where = case.table.cells(q, first, last)
    expected = f"{filled_text(case, column, first)}, as in the rest of the {_line(case)}" if wanted else "one formula"
    if pasted:
        found = f"{case.text(at)}: a number where the {_line(case)} has a formula"
        why = (
            "it agrees for now, but does not follow when an input changes" if same else "it is not the formula's number"
        )
        given = same and kind_of(q) in ("i", "t", "eta")
        return finding("column", (at[0], where), found, expected, why, NOTE if given else WARNING if same else ERROR)
    if all(case.at(q, s) in right for s in range(first, last + 1)):
        why = "it is right, but no formula to fill down"
        if not same and case.at(q, column.model) not in right:  # the rest is what is wrong: it is no model
            expected, why = f"one formula in the whole {_line(case)}", "it is right, the others are not"
        return finding("column", (at[0], where), case.text(at), expected, why, NOTE)
    why = "it gives the same number" if same else f"it gives {shown(case.number(at))} for {shown(numbers[0][1])}"
    return finding("column", (at[0], where), case.text(at), expected, why, NOTE if same else ERROR)


def _line(case: Case) -> str:
    return "column" if case.table.across else "row"


def filled_text(case: Case, column: Column, step: int) -> str:
    """The line's formula as it would read at a step."""
    entry = case.book.entry(case.at(column.quantity, column.model))
    if entry is None or entry.formula is None:
        return "the formula"
    by = step - column.model
    return "=" + (mover(entry.formula)(by, 0) if case.table.across else mover(entry.formula)(0, by))


def odd_numbers(case: Case, column: Column) -> Iterator[Finding]:
    """A line of given numbers in which one was typed over, or which the fill handle counted on."""
    q = column.quantity
    given = [s for s in case.table.steps if column.patterns[s] is None]
    kind = kind_of(q)
    if len(given) < 3 or len(given) < MOSTLY * len(column.patterns) or kind not in ("i", "t", "eta", "w", "b"):
        return
    if kind in ("i", "t"):
        if samples(case):
            return
        given = list(case.table.steps)  # a formula among them, or one result of an array formula, is a number, too
    numbers = {s: case.number(case.at(q, s)) for s in given}
    if _learned(case, q) and len(set(numbers.values())) > len(given) // 2:
        return  # pasted results of a training
    usual, count = Counter(numbers.values()).most_common(1)[0]
    if count == len(given):
        return
    if all(abs(x - usual) <= SAME * max(abs(usual), abs(x)) for x in numbers.values()):
        first = next(s for s in given if numbers[s] != usual)
        yield finding(
            "drift", (case.table.sheet, case.table.cells(q, first, given[-1])),
            f"{q} changes in its last digits, {numbers[first]!r} for {usual!r}", f"{shown(usual)} in every step",
            "the fill handle counted on by nothing; the numbers are right to 12 digits", NOTE,
        )  # fmt: skip
        return
    found = counted(numbers, given)
    if found is not None:
        first, by = found
        at = case.at(q, first)
        yield finding(
            "drift", (at[0], case.table.cells(q, first, given[-1])),
            f"{q} goes up by {shown(by)} from step to step: {shown(numbers[first - 1])}, {shown(numbers[first])}, ...",
            f"{shown(numbers[given[0]])} in every step", "the fill handle counted on: each step has another number",
        )  # fmt: skip
    elif count >= MOSTLY * len(given):
        odd = [s for s in given if not math.isclose(numbers[s], usual, rel_tol=SAME)]
        for first, last in spans(odd):
            yield finding(
                "input", (case.table.sheet, case.table.cells(q, first, last)), f"{q} is {shown(numbers[first])}",
                f"{shown(usual)}, as in the rest of the {_line(case)}",
                "an input was typed over: from here on another problem is trained",
            )  # fmt: skip


def _learned(case: Case, quantity: str) -> bool:
    """Whether it is a weight, or a bias that is trained."""
    return kind_of(quantity) == "w" or (kind_of(quantity) == "b" and f"dE/d{quantity}" in case.table.lines)


def pasted(case: Case, column: Column, right: Container[Place]) -> Iterator[Finding]:
    """A line of results without any formula, though its numbers may be right; wrong ones are named elsewhere."""
    q = column.quantity
    if any(column.patterns) or len(case.table.steps) < 2:
        return
    cells = [case.at(q, s) for s in case.table.steps if case.book.formula(case.at(q, s)) is None]
    numbers = [case.number(at) for at in cells if case.book.entry(at) is not None and at not in case.book.problems]
    learned = _learned(case, q) and f"{q}_next" not in case.table.lines and len(set(numbers)) > len(numbers) // 2
    gradient = kind_of(q) == "dE/d" and bool(numbers) and all(at in right for at in cells)
    if learned or gradient or (numbers and kind_of(q) in COMPUTED and kind_of(q) != "dE/d"):
        yield finding(
            "column", (case.table.sheet, case.table.cells(q)), f"{case.text(cells[0])}: numbers, no formulas",
            "formulas", f"{q} was pasted: it follows from nothing, and does not change when an input does", WARNING,
        )  # fmt: skip
