"""A table that is pointed at by hand, where labels fail."""

from __future__ import annotations

import re

from sheetgen.audit.find.lines import TableLine, error_of, has_weight, plainest
from sheetgen.audit.find.steps import build, first_step, has_formulas, last_step
from sheetgen.audit.find.survey import Survey, View
from sheetgen.audit.labels import heading, quantity
from sheetgen.audit.table import Span, StepTable, span
from sheetgen.base.errors import UserError
from sheetgen.excel import Workbook
from sheetgen.excel.a1 import column_number, range_of

_SPEC = re.compile(r"(?:(?P<sheet>'(?:[^']|'')+'|[^!]+)!)?(?P<cells>[^\s!]+)(?P<lines>(?:\s+\S+=\S+)*)")


class NoTable(UserError):
    """The place that a person named is no table of a training; the message is one sentence."""


def pointed(book: Workbook, spec: str) -> StepTable:
    """The table at 'SHEET!A32:AE100', labels included; 'SHEET!A32:AE100 E_total=W w1=E' says what the columns are.

    Where the steps go to the right, the lines are rows: 'SHEET!A1:F31 E_total=12'. Raises NoTable.
    """
    match = _SPEC.fullmatch(spec.strip())
    if match is None:
        raise NoTable(f"{spec!r} is no place: write SHEET!A32:AE100, then E_total=W and so on where labels fail.")
    survey = Survey(book)
    sheet = _sheet(survey, match["sheet"])
    cells = range_of(match["cells"])
    if cells is None or cells.single:
        raise NoTable(f"{match['cells']!r} is no range of cells such as A32:AE100.")
    named = dict(_named(item) for item in match["lines"].split())
    kinds = {line.isdigit() for line in named.values()}
    if len(kinds) > 1:
        raise NoTable("Name columns (E_total=W) or rows (E_total=12), not both.")
    views = [View(survey, sheet, across) for across in (True, False) if not kinds or across not in kinds]
    lines, view = max(((_lines(view, span(cells, view.across)), view) for view in views), key=lambda pair: len(pair[0]))
    seen = span(cells, view.across)
    return _table(view, seen, _replaced(view, seen.start, lines, named))


def _sheet(survey: Survey, name: str | None) -> str:
    sheets = list(survey.workbook.sheets)
    if name is None:
        if len(sheets) != 1:
            raise NoTable("Say which sheet: SHEET!A32:AE100.")
        return sheets[0]
    plain = name[1:-1].replace("''", "'") if name.startswith("'") else name
    sheet = survey.precedents.resolver.sheet(plain.strip())
    if sheet is None:
        raise NoTable(f"There is no sheet {plain!r}; there are {', '.join(sheets)}.")
    return sheet


def _named(item: str) -> tuple[str, str]:
    """'E_total=W' -> ('E_total', 'W')."""
    name, _, line = item.rpartition("=")
    meant = quantity(name)
    if meant is None:
        raise NoTable(f"{name!r} is no quantity: write w1, E_total, dE/dw1 and so on.")
    if not (column_number(line) or (line.isdigit() and int(line))):
        raise NoTable(f"{line!r} is no column and no row.")
    return meant, line


def _lines(view: View, seen: Span) -> list[TableLine]:
    """The lines that have a label."""
    texts = ((line, view.text(line, seen.start)) for line in range(seen.line, seen.last_line + 1))
    headings = ((line, text, heading(text)) for line, text in texts if text)
    return [TableLine(line, text, h.quantity, h.tag, h.sure) for line, text, h in headings if h]


def _replaced(view: View, head: int, lines: list[TableLine], named: dict[str, str]) -> list[TableLine]:
    """The lines, with those that a person named in place of the labelled ones."""
    numbers = {name: column_number(line) or int(line) for name, line in named.items()}
    others = [x for x in lines if x.quantity not in named and x.line not in numbers.values()]
    return plainest(others) + [TableLine(n, view.text(n, head) or name, name) for name, n in numbers.items()]


def _table(view: View, seen: Span, lines: list[TableLine]) -> StepTable:
    head, end = seen.start, seen.end
    where = view.name(lines[0].line, head) if lines else view.sheet
    if error_of(lines) is None:
        raise NoTable(f"No heading at {where} names the error: write E_total=W, with its column or row.")
    if not has_weight(lines):
        raise NoTable(f"No heading at {where} names a weight: write w1=E and so on, with their columns or rows.")
    labelled = any(view.text(x.line, head) for x in lines)
    first = first_step(view, head if labelled else head - 1, lines)
    if first is None or first > end:
        raise NoTable(f"There are no numbers in the table at {where}.")
    table = build(view, head if labelled else max(head - 1, 1), first, lines)
    table = table._replace(last=last_step(view, table, limit=end))
    if not has_formulas(view, table):
        raise NoTable(f"The error in {view.sheet}!{table.cells('E_total')} has no formulas: nothing can be checked.")
    return table
