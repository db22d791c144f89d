"""Lines of given numbers: one number all the way, numbers that count on, or a sample for each step."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from sheetgen.audit.case import RELATIVE, Case

MOSTLY = 0.6  # the share of a line that must be one formula, or one number, for the rest to be odd


def samples(case: Case) -> bool:
    """Whether each step has a sample of its own: then an input or a target that differs was not typed over."""

    def found() -> bool:
        return any(_usual(case, q) < MOSTLY * len(case.table.steps) for q in (*case.those("i"), *case.those("t")))

    return case.once("samples", (case.table.sheet, case.table.across, case.table.head, case.table.first), found)


def _usual(case: Case, quantity: str) -> int:
    """At how many steps a quantity has its most frequent number; at all where the fill handle counted on."""
    numbers = {s: case.number(case.at(quantity, s)) for s in case.table.steps}
    if len(numbers) > 2 and counted(numbers, list(numbers)) is not None:
        return len(numbers)
    # To 12 digits: one number that the fill handle made drift by rounding alone is one number.
    return Counter(f"{x:.12g}" for x in numbers.values()).most_common(1)[0][1]


def counted(numbers: dict[int, float], given: Sequence[int]) -> tuple[int, float] | None:
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
