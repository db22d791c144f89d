"""Find the tables of trainings in a workbook that somebody else made, wherever they stand."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator

from sheetgen.audit.find.lines import TableLine, groups, has_weight, whole
from sheetgen.audit.find.pointed import NoTable, pointed
from sheetgen.audit.find.steps import Rejected, numberless, table_of
from sheetgen.audit.find.survey import HeadingCell, Survey, View, rate
from sheetgen.audit.labels import is_weight
from sheetgen.audit.table import StepTable
from sheetgen.excel import Workbook
from sheetgen.excel.a1 import address, place

__all__ = ["NoTable", "Survey", "find", "pointed", "rate", "why_none"]


def find(book: Workbook) -> list[StepTable]:
    """Every table of a training: labels above or beside numbers, with an error that is computed from the weights."""
    survey = Survey(book)
    by_sheet = {sheet: [x for x in _candidates(survey, sheet) if isinstance(x, StepTable)] for sheet in survey.labels}
    return [table for tables in by_sheet.values() for table in _apart(tables)]


def why_none(book: Workbook) -> str:
    """One sentence that says why `find` found nothing."""
    survey = Survey(book)
    rejected = [r for sheet in survey.labels for r in _candidates(survey, sheet) if isinstance(r, Rejected)]
    if rejected:
        return max(rejected, key=lambda r: r.rank).why
    formulas = any(entry.formula for cells in book.sheets.values() for entry in cells.values())
    weights, errors = _first(survey, is_weight), _first(survey, lambda name: name[0] == "E")
    if weights and errors:
        return f"There are weights ({weights}) and an error ({errors}), but not in one row or one column of numbers."
    if weights:
        return f"There are weights ({weights}), but nothing is labelled as their error (E_total)."
    if errors:
        return f"There is an error ({errors}), but nothing is labelled as a weight (w1, w2, ...)."
    kind = "This is another kind of workbook" if formulas else "There are no formulas and no network"
    return f"{kind}: nothing is labelled as a weight (w1, w2, ...) or as an error (E_total)."


def _first(survey: Survey, wanted: Callable[[str], bool]) -> str:
    """The first cell that names a quantity of a kind, or ''."""
    cells = ((sheet, x) for sheet, labels in survey.labels.items() for x in labels if wanted(x.heading.quantity))
    return next((f"{sheet}!{address(x.row, x.column)}" for sheet, x in cells), "")


def _candidates(survey: Survey, sheet: str) -> Iterator[StepTable | Rejected]:
    """The tables of a sheet, and all that only looks like one, from top to bottom and then from left to right."""
    for across in (True, False):
        view = View(survey, sheet, across)
        for head, lines in _heads(survey.labels[sheet], across):
            numbered = [x for x in lines if view.has_numbers(x.line, head + 1)]
            if whole(numbered):
                yield from (table_of(view, head, own) for own in groups(view, head, numbered))
            else:
                yield numberless(view, head, lines)


def _heads(labels: list[HeadingCell], across: bool) -> Iterator[tuple[int, list[TableLine]]]:
    """(row, its labels), or (column, its labels), where a weight and an error are among them."""
    heads: dict[int, list[TableLine]] = defaultdict(list)
    for row, column, text, heading in labels:
        head, line = (row, column) if across else (column, row)
        heads[head].append(TableLine(line, text, heading.quantity, heading.tag, heading.sure))
    for head, lines in sorted(heads.items()):
        if has_weight(lines) and any(x.quantity[0] == "E" for x in lines):
            yield head, sorted(lines)


def _apart(tables: list[StepTable]) -> list[StepTable]:
    """The tables, without those whose error is the error of one with more quantities."""
    by_error: dict[str, StepTable] = {}
    for table in sorted(tables, key=lambda t: -len(t.lines)):
        by_error.setdefault(table.address("E_total", 0), table)
    return sorted(by_error.values(), key=lambda t: place(t.address("E_total", 0)))
