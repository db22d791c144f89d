"""Gradient lines whose label nobody could read: an update tells what it multiplies with the learning rate."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from itertools import islice

from sheetgen.audit.case import Case, agrees
from sheetgen.audit.labels import quantity
from sheetgen.audit.network.terms import targets
from sheetgen.excel.a1 import place
from sheetgen.reader import CellFormula, Place

LOOKED_AT = 8  # steps


def with_gradients(case: Case) -> Case:
    """The case with a line dE/dw for every weight that has none, where its updates name one."""
    table, lines, labels = case.table, dict(case.table.lines), dict(case.table.labels)
    helpers = {line: name for name, line in lines.items() if quantity(name) is None}
    taken = set(lines.values()) - helpers.keys()
    for weight in case.weights:
        gradient = f"dE/d{weight}"
        if gradient in lines:
            continue
        votes = Counter(_lines(case, weight))
        if votes:
            line, count = votes.most_common(1)[0]
            if line not in taken and 2 * count > sum(votes.values()):
                lines.pop(helpers.get(line, ""), None)
                lines[gradient], labels[gradient] = line, f"the gradient of {weight}"
                taken.add(line)
    if lines.keys() == table.lines.keys():
        return case
    return replace(case, table=table._replace(lines=lines, labels=labels))


def _lines(case: Case, weight: str) -> Iterator[int]:
    """The lines of the cells that updates of a weight subtract, times the learning rate, one step before."""
    table = case.table
    for update in islice(targets(case, weight), LOOKED_AT):
        formula = case.book.formula(update.place)
        for slot in formula.slots if formula else ():
            row, column = place(slot[1])
            line, when = (column, row) if table.across else (row, column)
            here = slot[0] == table.sheet and when == table.first + update.step - 1
            unread = slot not in case.known or quantity(case.name(slot)) is None
            if formula and here and unread and _pure(case, slot) and _subtracted(case, formula, slot):
                yield line


def _pure(case: Case, slot: Place) -> bool:
    """Whether a cell is computed, and neither from a learning rate nor from another gradient, as a change would be.

    Nor is it computed from its own line, as a velocity.
    """
    formula = case.book.formula(slot)
    if formula is None:
        return False
    uses = {case.name(s) for s in formula.slots}
    own = case.name(slot) or "no helper"
    return own not in uses and not any(q.startswith("dE/d") for q in uses) and not set(case.rates) & set(formula.slots)


def _subtracted(case: Case, formula: CellFormula, slot: Place) -> bool:
    """Whether the new weight changes with the cell by minus the learning rate (of any size): told by trying it.

    A cell that is subtracted as it is, is the change of the weight rather than the gradient.
    """
    a, b, c = (
        formula.template([case.number(s) + (more if s == slot else 0.0) for s in formula.slots])
        for more in (0.0, 1.0, 2.0)
    )
    bare = len(formula.slots) == 2 and agrees(abs(b - a), 1.0, 1e-12)
    return b != a and not bare and agrees(c - b, b - a, 1e-12)
