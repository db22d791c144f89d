"""Every kind of defect that people make, put into right workbooks at random places: what the judge must find.

`mutants(seed, n)` gives n of them, each kind and each layout in its turn.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from random import Random

import judge_books
from judge_books import LAYOUTS
from judge_defects import Change
from judge_grid import Book
from judge_rest import DEFECTS

from sheetgen.audit.verdict import Verdict
from sheetgen.base.finding import ERROR, WARNING, Finding
from sheetgen.excel.a1 import range_of

TRIES = 400
NOISE = 1e-12  # a gradient near convergence is a difference of numbers near 1: what is smaller may be rounding


@dataclass
class Mutant:
    """A workbook with one defect, and what must be said of it."""

    name: str  # "update: plus for minus #0.31", which `mutant` makes again
    kind: str
    book: Book
    change: Change
    right: Callable[[], Book]  # makes the workbook again without the defect

    def caught(self, verdict: Verdict) -> bool:
        """Whether anything was found at all."""
        return any(finding.severity in (ERROR, WARNING) for finding in verdict.findings)

    def named(self, verdict: Verdict) -> bool:
        """Whether a finding of the right kind covers a changed cell and says what belongs there."""
        return any(self._names(finding) for finding in verdict.findings)

    def first(self, verdict: Verdict) -> bool:
        """Whether such a finding begins at the first cell that is wrong."""
        starts = {(sheet, cells.split(":")[0]) for sheet, cells in self.change.cells}
        return any(
            self._names(finding) and bool({(finding.sheet, finding.first), (finding.sheet, "")} & starts)
            for finding in verdict.findings
        )

    def others(self, verdict: Verdict) -> int:
        """How many errors and warnings are about something else."""
        return sum(f.severity in (ERROR, WARNING) and not self._overlaps(f) for f in verdict.findings)

    def _names(self, finding: Finding) -> bool:
        return (
            finding.severity in (ERROR, WARNING)
            and finding.kind in self.change.kinds
            and self._overlaps(finding)
            and (not self.change.right or any(re.search(text, finding.expected) for text in self.change.right))
        )

    def _overlaps(self, finding: Finding) -> bool:
        return any(finding.sheet == sheet and overlap(finding.cells, cells) for sheet, cells in self.change.cells)


def overlap(one: str, other: str) -> bool:
    """Whether two ranges share a cell; '' (a chart, which is no range) meets everything."""
    a, b = range_of(one), range_of(other)
    if not other or a is None or b is None:
        return not other
    down = a.row <= b.last_row and b.row <= a.last_row
    return down and a.column <= b.last_column and b.column <= a.last_column


def mutant(seed: int, number: int, steps: tuple[int, int] = (40, 70)) -> Mutant:
    """One of the mutants of a seed."""
    names = list(DEFECTS)
    name = names[number % len(names)]
    defect = DEFECTS[name]
    layouts = [layout for layout in LAYOUTS if layout in defect.layouts]
    for attempt in range(TRIES):
        turn = number // len(names) + number + attempt // 20
        rng, again = (Random(f"{seed}.{number}.{attempt}") for _ in range(2))
        make = partial(judge_books.book, layout=layouts[turn % len(layouts)], steps=steps, staged=defect.staged)
        book = make(rng)
        change = defect.make(rng, book, rng.choice(book.grids))
        if change is not None and (change.silent or _moves(book, change)):
            return Mutant(f"{name} #{seed}.{number}", name, book, change, partial(make, again))
    raise AssertionError(f"no workbook takes the defect {name}")


def mutants(seed: int, n: int, steps: tuple[int, int] = (40, 70)) -> Iterator[Mutant]:
    """n mutants, every kind as often as any other."""
    return (mutant(seed, number, steps) for number in range(n))


def _moves(book: Book, change: Change) -> bool:
    """Recalculate; whether a number in the changed cells is another than before, by more than rounding."""
    before = dict(book.values)
    book.calculate()
    return any(_differ(before.get(at), book.values.get(at)) for at in cells_of(change))


def cells_of(change: Change) -> Iterator[tuple[str, str]]:
    """(sheet, address) of every changed cell."""
    for sheet, cells in change.cells:
        area = range_of(cells)
        assert area is not None
        yield from ((sheet, at) for at in area.addresses())


def _differ(old: object, new: object) -> bool:
    if isinstance(old, float) and isinstance(new, float):
        return abs(old - new) > 1e-7 * max(abs(old), abs(new)) + NOISE
    return old != new
