"""Find the tables of trainings in a workbook that somebody else made, wherever they stand."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterator

from sheetgen.audit.find.lines import Label, Labels, Line, View, all_labels, groups, has_weight, whole
from sheetgen.audit.find.pointed import NoTable, pointed
from sheetgen.audit.find.rate import rate, rates
from sheetgen.audit.find.reach import Reach, Spot
from sheetgen.audit.find.steps import Rejected, numberless, table_of
from sheetgen.audit.labels import is_weight
from sheetgen.audit.table import Table
from sheetgen.excel import Workbook
from sheetgen.excel.a1 import address, place

__all__ = ["NoTable", "find", "pointed", "rate", "why_none"]


def find(book: Workbook) -> list[Table]:
    """Every table of a training: labels above or beside numbers, with an error that is computed from the weights."""
    return _survey(book, all_labels(book))[0]


def why_none(book: Workbook) -> str:
    """One sentence that says why `find` found nothing."""
    labels = all_labels(book)
    rejected = _survey(book, labels)[1]
    if rejected:
        return max(rejected, key=lambda r: r.rank).why
    formulas = any(entry.formula for cells in book.sheets.values() for entry in cells.values())
    weights, errors = _first(labels, is_weight), _first(labels, lambda name: name[0] == "E")
    if weights and errors:
        return f"There are weights ({weights}) and an error ({errors}), but not in one row or one column of numbers."
    if weights:
        return f"There are weights ({weights}), but nothing is labelled as their error (E_total)."
    if errors:
        return f"There is an error ({errors}), but nothing is labelled as a weight (w1, w2, ...)."
    kind = "This is another kind of workbook" if formulas else "There are no formulas and no network"
    return f"{kind}: nothing is labelled as a weight (w1, w2, ...) or as an error (E_total)."


def _first(labels: Labels, wanted: Callable[[str], bool]) -> str:
    """The first cell that names a quantity of a kind, or ''."""
    found = ((sheet, x) for sheet, own in labels.items() for x in own if wanted(x.heading.quantity))
    return next((f"{sheet}!{address(x.row, x.column)}" for sheet, x in found), "")


def _survey(book: Workbook, labels: Labels) -> tuple[list[Table], list[Rejected]]:
    """The tables of every sheet, from top to bottom, and what only looked like one."""
    tables: list[Table] = []
    rejected: list[Rejected] = []
    reach = Reach(book)
    eta = set(rates(book, labels))
    for sheet, own in labels.items():
        found: list[Table] = []
        for across in (True, False):
            view = View(book, sheet, across)
            for head, lines in _heads(own, across):
                for table in _tables(view, reach, head, lines, eta):
                    if isinstance(table, Table):
                        found.append(table)
                    else:
                        rejected.append(table)
        tables += _apart(found)
    return tables, rejected


def _tables(
    view: View, reach: Reach, head: int, lines: list[Line], rates: Collection[Spot]
) -> Iterator[Table | Rejected]:
    numbered = [x for x in lines if view.has_numbers(x.line, head + 1)]
    if not whole(numbered):
        yield numberless(view, head, lines)
        return
    for own in groups(view, head, numbered):
        yield table_of(view, reach, head, own, rates)


def _heads(labels: list[Label], across: bool) -> Iterator[tuple[int, list[Line]]]:
    """(row, its labels), or (column, its labels), where a weight and an error are among them."""
    heads: dict[int, list[Line]] = defaultdict(list)
    for row, column, text, heading in labels:
        head, line = (row, column) if across else (column, row)
        heads[head].append(Line(line, text, heading.quantity, heading.tag, heading.sure))
    for head, lines in sorted(heads.items()):
        if has_weight(lines) and any(x.quantity[0] == "E" for x in lines):
            yield head, sorted(lines)


def _apart(tables: list[Table]) -> list[Table]:
    """No cell is the error of two tables: the one with more quantities wins."""
    taken: set[str] = set()
    kept = []
    for table in sorted(tables, key=lambda t: -len(t.lines)):
        if (start := table.address("E_total", 0)) not in taken:
            taken.add(start)
            kept.append(table)
    return sorted(kept, key=lambda t: place(t.address("E_total", 0)))
