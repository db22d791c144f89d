"""Lines of given numbers: one number all the way, numbers that count on, or a sample for each step."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Sequence

from sheetgen.audit.case import RELATIVE, Case, kind_of, shown
from sheetgen.audit.network.columns import MOSTLY, PatternLine, learned, line_of, spans
from sheetgen.audit.verdict import finding
from sheetgen.base.finding import NOTE, Finding

SAME = 1e-12  # relative: numbers that differ by less drifted by rounding alone


def has_samples(case: Case) -> bool:
    """Whether each step has a sample of its own: then an input or a target that differs was not typed over."""
    return any(_usual(case, q) < MOSTLY * len(case.table.steps) for q in case.of_kind("i", "t"))


def _usual(case: Case, quantity: str) -> int:
    """At how many steps a quantity has its most frequent number; at all where the fill handle counted on."""
    numbers = {s: case.value(quantity, s) for s in case.table.steps}
    if len(numbers) > 2 and _counted(numbers, list(numbers)) is not None:
        return len(numbers)
    # To 12 digits: one number that the fill handle made drift by rounding alone is one number.
    return Counter(f"{x:.12g}" for x in numbers.values()).most_common(1)[0][1]


def _counted(numbers: dict[int, float], given: Sequence[int]) -> tuple[int, float] | None:
    """(the first step that goes on, by how much), if from some step on every number is that much more."""
    last = given[-1]
    by = numbers[last] - numbers[given[-2]]
    if by == 0 or given != list(range(given[0], last + 1)):
        return None
    first = last
    scale = max(abs(x) for x in numbers.values())
    while first - 1 >= given[0] and abs(numbers[first] - numbers[first - 1] - by) <= RELATIVE * scale:
        first -= 1
    return (first + 1, by) if last - first >= 2 else None


def odd_numbers(case: Case, column: PatternLine, sampled: bool) -> Iterator[Finding]:
    """A line of given numbers in which one was typed over, or which the fill handle counted on.

    `sampled`: each step has a sample of its own.
    """
    q, kind = column.quantity, kind_of(column.quantity)
    given = [s for s in case.table.steps if column.patterns[s] is None]
    if len(given) < 3 or len(given) < MOSTLY * len(column.patterns) or kind not in ("i", "t", "eta", "w", "b"):
        return
    if kind in ("i", "t"):
        if sampled:
            return
        given = list(case.table.steps)  # a formula among them, or one result of an array formula, is a number, too
    numbers = {s: case.value(q, s) for s in given}
    if learned(case, q) and len(set(numbers.values())) > len(given) // 2:
        return  # pasted results of a training
    usual, count = Counter(numbers.values()).most_common(1)[0]
    if count == len(given):
        return
    if all(abs(x - usual) <= SAME * max(abs(usual), abs(x)) for x in numbers.values()):
        first = next(s for s in given if numbers[s] != usual)
        yield finding(
            "drift", case.cells(q, first, given[-1]),
            f"{q} changes in its last digits, {numbers[first]!r} for {usual!r}", f"{shown(usual)} in every step",
            "the fill handle counted on by nothing; the numbers are right to 12 digits", NOTE,
        )  # fmt: skip
    elif (counting := _counted(numbers, given)) is not None:
        first, by = counting
        yield finding(
            "drift", case.cells(q, first, given[-1]),
            f"{q} goes up by {shown(by)} from step to step: {shown(numbers[first - 1])}, {shown(numbers[first])}, ...",
            f"{shown(numbers[given[0]])} in every step", "the fill handle counted on: each step has another number",
        )  # fmt: skip
    elif count >= MOSTLY * len(given):
        odd = [s for s in given if not math.isclose(numbers[s], usual, rel_tol=SAME)]
        for first, last in spans(odd):
            yield finding(
                "input", case.cells(q, first, last), f"{q} is {shown(numbers[first])}",
                f"{shown(usual)}, as in the rest of the {line_of(case)}",
                "an input was typed over: from here on another problem is trained",
            )  # fmt: skip
