"""The sheet of one file in the report: its findings, what was compared, what was not understood."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from sheetgen import style
from sheetgen.audit.show import names
from sheetgen.audit.show.names import link
from sheetgen.audit.show.text import kind, ordered, plain, where
from sheetgen.audit.verdict import SEVERITIES, Finding, Verdict
from sheetgen.book import Book, Sheet
from sheetgen.xlsx.a1 import quoted

SEVERITY, KIND = "A", "B"  # the columns that the summary counts
HEADS = ("severity", "kind", "where", "what is there", "what it should be", "why it matters")
WIDTHS = (11, 19, 26, 40, 40, 44)
HEAD_ROW = 5
FORGIVEN = "forgiven"
MOST = 2_000  # findings that are listed
MOST_UNREAD = 200
LONGEST = 600  # characters of one text
COLOURS = {
    "right": style.PASS_INK, "doubtful": style.NOTE_INK, "wrong": style.FAIL_INK, "not judged": style.MUTED,
}  # fmt: skip
LOOKS = {"error": "fail", "warning": "note"}


class FileSheet(NamedTuple):
    """What the summary must know: the sheet's name, the rows of its findings, and the link to the file."""

    verdict: Verdict
    name: str
    first: int
    last: int
    address: str


def write(book: Book, verdict: Verdict, name: str, summary: str, address: str) -> FileSheet:
    """Write the sheet of a file."""
    sheet = book.sheet(name, plain(verdict.path, 120), plain(verdict.sentence(), 500), COLOURS[verdict.word])
    for column, width in enumerate(WIDTHS):
        sheet.set_column(column, column, width)
    link(book, sheet, 3, 0, f"internal:{quoted(summary)}!A1", "← Summary", "Back to the summary")
    link(book, sheet, 3, 2, address, "open the workbook", plain(verdict.path, 250))
    last = _findings(book, sheet, ordered(verdict)[:MOST], address)
    row = last + 1
    if len(verdict.findings) > MOST:
        sheet.put(row, 0, f"and {len(verdict.findings) - MOST:,} more, which are not listed", book.style("muted"))
        row += 1
    row = _compared(book, sheet, row + 1, verdict, address) if verdict.tables else row
    row = _listed(book, sheet, row + 1, "Not judged", verdict.unjudged) if verdict.unjudged else row
    row = _listed(book, sheet, row + 1, "Not understood, so not judged", verdict.unread) if verdict.unread else row
    sheet.freeze_panes(HEAD_ROW, 0)
    sheet.repeat_rows(HEAD_ROW - 1)
    sheet.print_area(0, 0, row - 1, len(HEADS) - 1)
    return FileSheet(verdict, name, HEAD_ROW + 1, last, address)


def _findings(book: Book, sheet: Sheet, findings: Sequence[Finding], address: str) -> int:
    """The table of findings; returns its last row, of which there is at least one."""
    sheet.set_row_pixels(HEAD_ROW - 1, 24)
    for column, head in enumerate(HEADS):
        sheet.put(HEAD_ROW, column, head, book.style("head", *(["center"] if column == 0 else [])))
    first, last = HEAD_ROW + 1, HEAD_ROW + max(len(findings), 1)
    text = ("cell", "wrap")
    for row, finding in enumerate(findings, first):
        sheet.put(row, 0, finding.severity, book.style(*text, "center", "bold"))
        sheet.put(row, 1, kind(finding), book.style(*text))
        target = names.cell(address, finding.sheet, finding.cells)
        link(book, sheet, row, 2, target, where(finding.sheet, finding.cells), "", *text)
        told = [plain(x, LONGEST) for x in (finding.found, finding.expected, finding.why)]
        for column, one in enumerate(told, 3):
            sheet.put(row, column, one, book.style(*text))
        place = where(finding.sheet, finding.cells)
        names.fit(sheet, row, zip((kind(finding), place, *told), WIDTHS[1:], strict=True))
    if not findings:
        for column in range(len(HEADS)):
            sheet.put(first, column, "nothing was found" if column == 1 else None, book.style("cell", "muted"))
    for word, look in LOOKS.items():
        rule = {"type": "cell", "criteria": "==", "value": f'"{word}"', "format": book.conditional(look)}
        sheet.conditional_format(first - 1, 0, last - 1, 0, rule)
    if findings:
        sheet.data_validation(
            first - 1, 0, last - 1, 0, {"validate": "list", "source": [*SEVERITIES, FORGIVEN], "error_type": "warning"}
        )
        sheet.autofilter(HEAD_ROW - 1, 0, last - 1, len(HEADS) - 1)
    return last


def _section(book: Book, sheet: Sheet, row: int, title: str) -> None:
    sheet.set_row_pixels(row - 1, 26)
    for column in range(len(HEADS)):
        sheet.put(row, column, title if column == 0 else None, book.style("section"))


def _compared(book: Book, sheet: Sheet, row: int, verdict: Verdict, address: str) -> int:
    """The tables that were compared; returns the row below."""
    _section(book, sheet, row, "What was compared")
    heads = ("rows", "gradients", "table", "worst relative difference", "where", None)
    for column, head in enumerate(heads):
        sheet.put(row + 1, column, head, book.style("head", *(["center"] if column in (0, 1) else [])))
    for k, t in enumerate(verdict.tables, row + 2):
        sheet.put(k, 0, t.rows, book.style("cell", "center", "whole"))
        sheet.put(k, 1, t.gradients, book.style("cell", "center", "whole"))
        link(book, sheet, k, 2, names.cell(address, t.sheet, t.cells), where(t.sheet, t.cells), "", "cell", "broken")
        sheet.put(k, 3, names.finite(t.worst), book.style("cell", "left", "relative"))
        sheet.put(k, 4, plain(t.where) or None, book.style("cell"))
        sheet.put(k, 5, None, book.style("cell"))
    return row + 2 + len(verdict.tables)


def _listed(book: Book, sheet: Sheet, row: int, title: str, texts: Sequence[str]) -> int:
    """What was not judged, or not understood; returns the row below."""
    _section(book, sheet, row, f"{title}: {len(texts):,}")
    lines = [plain(text, 200) for text in texts[:MOST_UNREAD]]
    if len(texts) > MOST_UNREAD:
        lines.append(f"and {len(texts) - MOST_UNREAD:,} more")
    for k, line in enumerate(lines, row + 1):
        sheet.put(k, 0, line, book.style("text"))
    return row + 1 + len(lines)
