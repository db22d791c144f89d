"""Is each line of the table one formula, as Fill Down makes it? Where it breaks is named."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from itertools import pairwise
from typing import NamedTuple

from sheetgen.audit.case import Case, agrees, kind_of, shown
from sheetgen.audit.verdict import finding
from sheetgen.base.finding import ERROR, NOTE, WARNING, Finding
from sheetgen.excel.a1 import address
from sheetgen.excel.tokens import corner, mover
from sheetgen.reader import CellFormula, Place
from sheetgen.reader.template import Template

COMPUTED = ("h", "a_h", "o", "a_o", "E", "E_total", "dE/d")
MOSTLY = 0.6  # the share of a line that must be one formula, or one number, for the rest to be odd

Pattern = tuple[Template, tuple[tuple[str, int, int], ...]]  # what Fill Down repeats: the R1C1 form of its cells


class PatternLine(NamedTuple):
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

    def groups(self, steps: Iterable[int]) -> list[list[int]]:
        """The steps that have one formula, put together; without those that break the line."""
        groups: dict[Pattern | None, list[int]] = {}
        for step in steps:
            groups.setdefault(self.patterns[step], []).append(step)
        return [group for group in groups.values() if not self.odd(group[0])]

    @property
    def mostly(self) -> bool:
        """Whether so many steps have the common pattern that another formula is odd."""
        return sum(map(self.has, range(1, len(self.patterns)))) >= MOSTLY * (len(self.patterns) - 1)


@lru_cache(1 << 17)
def _spot(cell: str) -> tuple[int, int]:
    place = corner(cell)
    return (place.row, place.column) if place else (0, 0)


def column(case: Case, quantity: str) -> PatternLine:
    """The patterns of the line of a quantity.

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
        spots = []
        for (sheet, cell), stays in zip(formula.slots, still[formula.template], strict=True):
            row, col = _spot(cell)
            along = 0 if stays else step
            spots.append((sheet, row - along, col) if case.table.across else (sheet, row, col - along))
        patterns.append((formula.template, tuple(spots)))
    counts = Counter(p for p in patterns[1:] if p is not None)  # step 0 starts from given numbers
    common = counts.most_common(1)[0][0] if counts else None
    if common is not None and counts[common] < 2 and len(patterns) > 3 and kind_of(quantity) in ("i", "t", "eta"):
        common = None
    if common is None and kind_of(quantity) in COMPUTED:
        common = patterns[0]  # all that follows was pasted
    model = next((s for s in (*steps[1:], 0) if patterns[s] == common), -1) if common else -1
    return PatternLine(quantity, patterns, common, model, _repeats(patterns, common))


def _repeats(patterns: Sequence[Pattern | None], common: Pattern | None) -> bool:
    """Whether the formulas after the first step are the same again every so many steps."""
    odd = [s for s, pattern in enumerate(patterns) if s and pattern != common]
    if len(odd) < 2 or any(patterns[s] is None for s in odd):
        return False
    by = odd[1] - odd[0]
    return by > 1 and patterns[1:-by] == patterns[1 + by :]


def _still(formulas: Sequence[CellFormula | None]) -> dict[Template, list[bool]]:
    """Whether each reference of a template mostly stays where it is, from step to step that have it."""
    slots: dict[Template, list[tuple[Place, ...]]] = {}  # from step to step
    for formula in filter(None, formulas):
        slots.setdefault(formula.template, []).append(formula.slots)
    return {template: [_stays(places) for places in zip(*rows, strict=True)] for template, rows in slots.items()}


def _stays(places: Sequence[Place]) -> bool:
    """Whether from one to the next they are mostly the same."""
    same = sum(old == new for old, new in pairwise(places))
    return 2 * same > len(places) - 1


def filled(case: Case, column: PatternLine, step: int) -> CellFormula | None:
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
    return CellFormula(model.template, tuple(slots))


def filled_text(case: Case, column: PatternLine, step: int) -> str:
    """The line's formula as it would read at a step."""
    text = case.formula_text(case.at(column.quantity, column.model))
    by = step - column.model
    return "=" + mover(text)(*((by, 0) if case.table.across else (0, by))) if text else "the formula"


def spans(steps: Sequence[int], kinds: Sequence[object] | None = None) -> list[tuple[int, int]]:
    """[3, 4, 5, 9] -> [(3, 5), (9, 9)]; steps of different kinds are apart."""
    runs: list[tuple[int, int]] = []
    for step in steps:
        if runs and runs[-1][1] == step - 1 and (kinds is None or kinds[step] == kinds[step - 1]):
            runs[-1] = runs[-1][0], step
        else:
            runs.append((step, step))
    return runs


def line_of(case: Case) -> str:
    """A line of the table, in a word."""
    return "column" if case.table.across else "row"


def odd_formulas(case: Case, column: PatternLine, right: set[Place]) -> Iterator[Finding]:
    """Formulas, and numbers, that stand where the line has another formula; those in `right` become notes."""
    if column.common is None:
        return
    mostly = column.mostly
    late = range(1, 1 if column.repeats else len(column.patterns))
    odd = [s for s in late if not column.has(s) and (mostly or column.patterns[s] is None)]
    for first, last in spans(odd, column.patterns):
        if column.patterns[first] is not None and _reaches_back(case, column, first):
            continue  # momentum, which has no step before the first to remember
        yield _odd(case, column, (first, last), right)
    if not column.has(0) and column.patterns[0] is not None and (wanted := filled(case, column, 0)) is not None:
        expected = case.result(wanted)
        if math.isfinite(expected) and not agrees(case.value(column.quantity, 0), expected):
            yield _odd(case, column, (0, 0), right)


def _reaches_back(case: Case, column: PatternLine, step: int) -> bool:
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


def _odd(case: Case, column: PatternLine, span: tuple[int, int], right: set[Place]) -> Finding:
    """The finding about steps that break the line, from the first to the last of a span."""
    places = [case.at(column.quantity, s) for s in range(span[0], span[1] + 1)]
    at, line, where = places[0], line_of(case), case.cells(column.quantity, *span)
    wanted = filled(case, column, span[0])
    numbers = [
        (case.number(place), case.result(formula))
        for s, place in enumerate(places, span[0])
        if (formula := filled(case, column, s)) is not None
    ]
    same = all(agrees(a, b) for a, b in numbers)
    text = case.text(at)
    expected = f"{filled_text(case, column, span[0])}, as in the rest of the {line}" if wanted else "one formula"
    if column.patterns[span[0]] is None:
        why = "it agrees for now, but does not follow when an input changes"
        severity = NOTE if same and kind_of(column.quantity) in ("i", "t", "eta") else WARNING if same else ERROR
        text += f": a number where the {line} has a formula"
        return finding("column", where, text, expected, why if same else "it is not the formula's number", severity)
    if right.issuperset(places):
        why = "it is right, but no formula to fill down"
        if not same and case.at(column.quantity, column.model) not in right:  # the rest is wrong: no model
            expected, why = f"one formula in the whole {line}", "it is right, the others are not"
        return finding("column", where, text, expected, why, NOTE)
    why = "it gives the same number" if same else f"it gives {shown(case.number(at))} for {shown(numbers[0][1])}"
    return finding("column", where, text, expected, why, NOTE if same else ERROR)


def learned(case: Case, quantity: str) -> bool:
    """Whether it is a weight, or a bias that is trained."""
    return kind_of(quantity) == "w" or (kind_of(quantity) == "b" and f"dE/d{quantity}" in case.table.lines)


def pasted(case: Case, column: PatternLine, right: set[Place]) -> Iterator[Finding]:
    """A line of results without any formula, though its numbers may be right; wrong ones are named elsewhere."""
    q, kind = column.quantity, kind_of(column.quantity)
    if any(column.patterns) or len(case.table.steps) < 2:
        return
    cells = [at for s in case.table.steps if case.book.formula(at := case.at(q, s)) is None]
    numbers = [case.number(at) for at in cells if case.book.entry(at) is not None and at not in case.book.problems]
    weight = learned(case, q) and f"{q}_next" not in case.table.lines and len(set(numbers)) > len(numbers) // 2
    gradient = kind == "dE/d" and bool(numbers) and right.issuperset(cells)
    if weight or gradient or (numbers and kind in COMPUTED and kind != "dE/d"):
        yield finding(
            "column", case.cells(q), f"{case.text(cells[0])}: numbers, no formulas", "formulas",
            f"{q} was pasted: it follows from nothing, and does not change when an input does", WARNING,
        )  # fmt: skip
