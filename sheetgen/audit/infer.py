"""Gradient lines whose label nobody could read: an update tells what it multiplies with the learning rate."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace

from sheetgen.audit.case import Case, agrees
from sheetgen.audit.updates import Updates
from sheetgen.xlsx.a1 import place

LOOKED_AT = 8  # steps


def with_gradients(case: Case) -> Case:
    """The case with a line dE/dw for every weight that has none, where its updates name one."""
    table, lines, labels = case.table, dict(case.table.lines), dict(case.table.labels)
    taken = set(lines.values())
    for weight in case.weights:
        gradient = f"dE/d{weight}"
        if gradient in lines:
            continue
        votes = Counter(_lines(case, weight))
        if votes:
            line, count = votes.most_common(1)[0]
            if line not in taken and 2 * count > sum(votes.values()):
                lines[gradient], labels[gradient] = line, f"the gradient of {weight}"
                taken.add(line)
    if len(lines) == len(table.lines):
        return case
    return replace(case, table=table._replace(lines=lines, labels=labels))


def _lines(case: Case, weight: str) -> Iterator[int]:
    """The lines of the cells that updates of a weight subtract, times the learning rate, one step before."""
    reader, table = Updates(case), case.table
    targets = [t for t in reader.targets() if t[0] == weight][:LOOKED_AT]
    for _, step, at in targets:
        formula = case.book.formula(at)
        if formula is None:
            continue
        for slot in formula.slots:
            row, column = place(slot[1])
            line, when = (column, row) if table.across else (row, column)
            here = slot[0] == table.sheet and when == table.first + step - 1 and case.known.get(slot) is None
            if here and case.book.formula(slot) is not None and _subtracted(case, formula.slots, slot, at):
                yield line


def _subtracted(case: Case, slots: tuple[tuple[str, str], ...], slot: tuple[str, str], at: tuple[str, str]) -> bool:
    """Whether the new weight changes with the cell by minus the learning rate (of any size): told by trying it."""
    formula = case.book.formula(at)
    if formula is None:
        return False
    numbers = [case.number(s) for s in slots]
    moved = [x + (1.0 if s == slot else 0.0) for x, s in zip(numbers, slots, strict=True)]
    twice = [x + (2.0 if s == slot else 0.0) for x, s in zip(numbers, slots, strict=True)]
    a, b, c = (formula.template(x) for x in (numbers, moved, twice))
    return b != a and agrees(c - b, b - a, 1e-12)
