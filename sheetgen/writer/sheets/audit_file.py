"""The sheet of one judged file in the report of an audit: its findings, what was compared, what was not understood."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from sheetgen.base.text import plain
from sheetgen.excel.a1 import quoted
from sheetgen.writer import style
from sheetgen.writer.book import Book, Sheet
from sheetgen.writer.sheets import links
from sheetgen.writer.sheets.links import link

SEVERITY, KIND = "A", "B"  # the columns that the summary counts
HEADS = ("severity", "kind", "where", "what is there", "what it should be", "why it matters")
WIDTHS = (11, 19, 26, 40, 40, 44)
HEAD_ROW = 5
CHOICES = ("error", "warning", "note", "forgiven")  # severities: of a finding, and what a teacher may say of it
MOST = 2_000  # findings that are listed
MOST_UNREAD = 200
LONGEST = 600  # characters of one text
COLOURS = {
    "right": style.PASS_INK, "doubtful": style.NOTE_INK, "wrong": style.FAIL_INK, "not judged": style.MUTED,
}  # fmt: skip
LOOKS = {"error": "fail", "warning": "note"}  # the severities that make a workbook not right


class Place(NamedTuple):
    """Cells of the file that was judged, or something else on a sheet; `text` is how a formula writes it."""

    sheet: str
    cells: str
    text: str


class ListedFinding(NamedTuple):
    """A row of the findings; `texts` are what is there, what it should be, and why it matters."""

    severity: str
    kind: str
    place: Place
    texts: tuple[str, str, str]


class ComparedTable(NamedTuple):
    """A table of the file whose gradients were compared, the worst of them in the cell `where`."""

    place: Place
    rows: int
    gradients: int
    worst: float
    where: str


class FileReport(NamedTuple):
    """All that the report tells of one file; the findings in the order in which they are listed.

    `word` is the verdict, `at_best` what it would be without findings, `sentence` the verdict in full, `problem` why
    nothing was judged, `rest` what else was not; `title` is the file's name in the summary.
    """

    path: Path
    title: str
    word: str
    at_best: str
    sentence: str
    problem: str
    rest: str
    findings: Sequence[ListedFinding]
    tables: Sequence[ComparedTable]
    unjudged: Sequence[str]
    unread: Sequence[str]

    @property
    def faults(self) -> list[ListedFinding]:
        """The listed errors and warnings."""
        return [finding for finding in self.findings if finding.severity in LOOKS][:MOST]


class FileSheet(NamedTuple):
    """What the summary must know: the sheet's name, the rows of its findings, and the link to the file."""

    file: FileReport
    name: str
    first: int
    last: int
    address: str


def write(book: Book, file: FileReport, name: str, summary: str, address: str) -> FileSheet:
    """Write the sheet of a file."""
    sheet = book.sheet(name, plain(file.path, 120), plain(file.sentence, 500), COLOURS[file.word])
    for column, width in enumerate(WIDTHS):
        sheet.set_column(column, column, width)
    link(book, sheet, 3, 0, f"internal:{quoted(summary)}!A1", "← Summary", "Back to the summary")
    link(book, sheet, 3, 2, address, "open the workbook", plain(file.path, 250))
    last = _findings(book, sheet, file.findings[:MOST], address)
    row = last + 1
    if len(file.findings) > MOST:
        sheet.put(row, 0, f"and {len(file.findings) - MOST:,} more, which are not listed", book.style("muted"))
        row += 1
    row = _compared(book, sheet, row + 1, file.tables, address) if file.tables else row
    row = _listed(book, sheet, row + 1, "Not judged", file.unjudged) if file.unjudged else row
    row = _listed(book, sheet, row + 1, "Not understood, so not judged", file.unread) if file.unread else row
    sheet.freeze_panes(HEAD_ROW, 0)
    sheet.repeat_rows(HEAD_ROW - 1)
    sheet.print_area(0, 0, row - 1, len(HEADS) - 1)
    return FileSheet(file, name, HEAD_ROW + 1, last, address)


def _findings(book: Book, sheet: Sheet, findings: Sequence[ListedFinding], address: str) -> int:
    """The table of findings; returns its last row, of which there is at least one."""
    sheet.set_row_pixels(HEAD_ROW - 1, 24)
    for column, head in enumerate(HEADS):
        sheet.put(HEAD_ROW, column, head, book.style("head", *(["center"] if column == 0 else [])))
    first, last = HEAD_ROW + 1, HEAD_ROW + max(len(findings), 1)
    text = ("cell", "wrap")
    for row, (severity, kind, place, whole) in enumerate(findings, first):
        sheet.put(row, 0, severity, book.style(*text, "center", "bold"))
        sheet.put(row, 1, kind, book.style(*text))
        link(book, sheet, row, 2, links.cell(address, place.sheet, place.cells), place.text, "", *text)
        texts = [plain(x, LONGEST) for x in whole]
        for column, x in enumerate(texts, 3):
            sheet.put(row, column, x, book.style(*text))
        links.fit(sheet, row, zip((kind, place.text, *texts), WIDTHS[1:], strict=True))
    if not findings:
        for column in range(len(HEADS)):
            sheet.put(first, column, "nothing was found" if column == 1 else None, book.style("cell", "muted"))
    for word, look in LOOKS.items():
        rule = {"type": "cell", "criteria": "==", "value": f'"{word}"', "format": book.conditional(look)}
        sheet.conditional_format(first - 1, 0, last - 1, 0, rule)
    if findings:
        choice = {"validate": "list", "source": list(CHOICES), "error_type": "warning"}
        sheet.data_validation(first - 1, 0, last - 1, 0, choice)
        sheet.autofilter(HEAD_ROW - 1, 0, last - 1, len(HEADS) - 1)
    return last


def _section(book: Book, sheet: Sheet, row: int, title: str) -> None:
    sheet.set_row_pixels(row - 1, 26)
    for column in range(len(HEADS)):
        sheet.put(row, column, title if column == 0 else None, book.style("section"))


def _compared(book: Book, sheet: Sheet, row: int, tables: Sequence[ComparedTable], address: str) -> int:
    """The tables that were compared; returns the row below."""
    _section(book, sheet, row, "What was compared")
    heads = ("rows", "gradients", "table", "worst relative difference", "where", None)
    for column, head in enumerate(heads):
        sheet.put(row + 1, column, head, book.style("head", *(["center"] if column in (0, 1) else [])))
    for k, t in enumerate(tables, row + 2):
        sheet.put(k, 0, t.rows, book.style("cell", "center", "whole"))
        sheet.put(k, 1, t.gradients, book.style("cell", "center", "whole"))
        target = links.cell(address, t.place.sheet, t.place.cells)
        link(book, sheet, k, 2, target, t.place.text, "", "cell", "broken")
        sheet.put(k, 3, links.finite(t.worst), book.style("cell", "left", "relative"))
        sheet.put(k, 4, plain(t.where) or None, book.style("cell"))
        sheet.put(k, 5, None, book.style("cell"))
    return row + 2 + len(tables)


def _listed(book: Book, sheet: Sheet, row: int, title: str, texts: Sequence[str]) -> int:
    """What was not judged, or not understood; returns the row below."""
    _section(book, sheet, row, f"{title}: {len(texts):,}")
    lines = [plain(text, 200) for text in texts[:MOST_UNREAD]]
    if len(texts) > MOST_UNREAD:
        lines.append(f"and {len(texts) - MOST_UNREAD:,} more")
    for k, line in enumerate(lines, row + 1):
        sheet.put(k, 0, line, book.style("text"))
    return row + 1 + len(lines)
