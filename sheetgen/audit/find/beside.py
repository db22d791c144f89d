"""The cells that belong to a table but stand outside it: inputs, targets and biases that have one cell each."""

from __future__ import annotations

from collections.abc import Iterator

from sheetgen.audit.case import kind_of
from sheetgen.audit.labels import quantity
from sheetgen.audit.table import StepTable
from sheetgen.excel import Workbook
from sheetgen.excel.a1 import address, column_letters, place, range_of
from sheetgen.reader import Place

GIVEN = ("i", "t", "b")


def without_sparse(book: Workbook, table: StepTable) -> StepTable:
    """The table without lines that are empty at most steps: parameters whose label stands in line with its labels."""
    cells = book.sheets[table.sheet]

    def filled(line: int) -> int:
        return sum(table.place(line, step) in cells for step in table.steps)

    if len(table.steps) < 3:
        return table
    kept = {q: line for q, line in table.lines.items() if 2 * filled(line) > len(table.steps)}
    return table._replace(lines=kept, labels={q: table.labels[q] for q in kept if q in table.labels})


def with_helpers(book: Workbook, table: StepTable) -> StepTable:
    """The table with lines for columns of formulas that no quantity has: helpers, such as the delta of a unit.

    They go by their label, or their letters where they have none.
    """
    cells = book.sheets[table.sheet]
    low, high = min(table.lines.values()), max(table.lines.values())
    lines, labels = dict(table.lines), dict(table.labels)
    taken = set(lines.values())

    def formulas(line: int) -> bool:
        count = sum((e := cells.get(table.place(line, s))) is not None and e.formula is not None for s in table.steps)
        return 2 * count > len(table.steps)

    def add(line: int) -> bool:
        if line in taken:
            return True
        if line < 1 or not formulas(line):
            return False
        head = cells.get(table.place(line, table.head - table.first))
        text = head.value if head is not None and isinstance(head.value, str) else ""
        name = text.strip()[:20] or (column_letters(line) if table.across else f"row {line}")
        if name not in lines and quantity(name) is None:
            lines[name], labels[name] = line, text
            taken.add(line)
        return True

    for line in range(low, high + 1):
        add(line)
    for start, by in ((low - 1, -1), (high + 1, 1)):
        while add(start):
            start += by
    return table._replace(lines=lines, labels=labels)


def fixed(book: Workbook, table: StepTable) -> dict[str, Place]:
    """The cells on the table's sheet that a label right beside or above them names; not those named twice unlike."""
    places: dict[str, Place] = {}
    twice: set[str] = set()
    cells = book.sheets[table.sheet]
    for name, at in _labelled(book, table):
        if name in places and cells[places[name][1]].value != cells[at[1]].value:
            twice.add(name)
        places.setdefault(name, at)
    return {name: at for name, at in places.items() if name not in twice and name not in table.lines}


def _labelled(book: Workbook, table: StepTable) -> Iterator[tuple[str, Place]]:
    cells = book.sheets[table.sheet]
    own = range_of(table.area)
    for cell, entry in cells.items():
        if entry.formula is not None or not isinstance(entry.value, str) or len(entry.value) > 20:
            continue
        name = quantity(entry.value)
        if name is None or kind_of(name) not in GIVEN:
            continue
        row, column = place(cell)
        if own and own.holds(row, column):
            continue
        for near in (address(row, column + 1), address(row + 1, column)):
            if near in cells and isinstance(cells[near].value, float):
                yield name, (table.sheet, near)
                break
