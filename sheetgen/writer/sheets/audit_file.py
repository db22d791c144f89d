"""The sheet of one judged file in the report of an audit: its findings, what was compared, what was not understood."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from sheetgen.base.text import plain
from sheetgen.excel.a1 import quoted
from sheetgen.writer import style
from sheetgen.writer.book import Book, Link, Sheet
from sheetgen.writer.digits import Area
from sheetgen.writer.sheets import links
from sheetgen.writer.sheets.common import SECTION_HEIGHT, across, columns, heads, page, section

SEVERITY, KIND, PLACES = "A", "B", "G"  # the columns that the summary counts
HEADS = ("severity", "kind", "where", "what is there", "what it should be", "why it matters", "places", "also in")
WIDTHS = (10, 15, 28, 36, 36, 28, 7, 19)
HEAD_ROW = 5
CHOICES = ("error", "warning", "note", "forgiven")  # severities: of a finding, and what a teacher may say of it
NOTHING = "Nothing is wrong: all that could be judged agrees with the derivatives, and is a formula."
MOST = 2_000  # findings that are listed
MOST_UNREAD = 200
LONGEST, LONGEST_LIST = 600, 100  # characters of one text, of the other places
COLOURS = {
    "right": style.PASS_INK, "doubtful": style.NOTE_INK, "wrong": style.FAIL_INK, "not judged": style.MUTED,
}  # fmt: skip
LOOKS = {"error": "fail", "warning": "note"}  # the severities that make a workbook not right


class Place(NamedTuple):
    """Cells of the file that was judged, or something else on a sheet; `text` is how a formula writes it."""

    sheet: str
    cells: str
    text: str

    def link(self, file: str) -> Link:
        """The link to it, given where the file is."""
        return Link(links.cell(file, self.sheet, self.cells), self.text)


class ListedFinding(NamedTuple):
    """A row of the findings: one cause, in one place or in several.

    `texts` are what is there, in the first place, what it should be, and why it matters.
    """

    severity: str
    kind: str
    place: Place
    texts: tuple[str, str, str]
    others: Sequence[Place] = ()

    @property
    def places(self) -> int:
        """In how many places it was found."""
        return 1 + len(self.others)

    @property
    def also(self) -> str:
        """The other places, as many as can be read."""
        told = ""
        for k, place in enumerate(self.others):
            text = ", " * (k > 0) + plain(place.text, LONGEST_LIST)
            if len(told) + len(text) > LONGEST_LIST and k:
                return f"{told} and {len(self.others) - k:,} more"
            told += text
        return told


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
    """A finished sheet, for the summary: the sheet's name, the rows of its findings, and the link to the file."""

    file: FileReport
    name: str
    first: int
    last: int
    address: str


def write(book: Book, file: FileReport, name: str, summary: str, address: str) -> FileSheet:
    """Write the sheet of a file."""
    sheet = book.sheet(name, plain(file.path.name, 120), plain(file.sentence, 500), COLOURS[file.word])
    columns(sheet, WIDTHS)
    sheet.link(3, 0, Link(f"internal:{quoted(summary)}!A1", "← Summary", "Back to the summary"))
    links.put(sheet, 3, 2, Link(address, "open the workbook", plain(file.path, 250)))
    last = _findings(sheet, file.findings[:MOST], address)
    row = last + 1
    if len(file.findings) > MOST:
        sheet.put(row, 0, f"and {len(file.findings) - MOST:,} more, which are not listed", "muted")
        row += 1
    row = _compared(sheet, row + 1, file.tables, address) if file.tables else row
    row = _listed(sheet, row + 1, "Not judged", file.unjudged) if file.unjudged else row
    row = _listed(sheet, row + 1, "Not understood, so not judged", file.unread) if file.unread else row
    page(sheet, (HEAD_ROW, 0), (row, len(HEADS) - 1), repeat=True)
    return FileSheet(file, name, HEAD_ROW + 1, last, address)


def _findings(sheet: Sheet, findings: Sequence[ListedFinding], address: str) -> int:
    """The table of findings; returns its last row, of which there is at least one."""
    sheet.set_row_pixels(HEAD_ROW - 1, 24)
    heads(sheet, HEAD_ROW, 0, HEADS, "c     c ")
    first, last = HEAD_ROW + 1, HEAD_ROW + max(len(findings), 1)
    text = ("cell", "wrap")
    for row, finding in enumerate(findings, first):
        sheet.put(row, 0, finding.severity, *text, "center", "bold")
        sheet.put(row, 1, finding.kind, *text)
        links.put(sheet, row, 2, finding.place.link(address), *text)
        texts = [plain(x, LONGEST) for x in finding.texts]
        across(sheet, row, 3, texts, *text)
        sheet.put(row, 6, finding.places, *text, "center", "whole")
        sheet.put(row, 7, finding.also or None, *text, "muted")
        shown = (finding.kind, finding.place.text, *texts, "", finding.also)
        links.fit(sheet, row, zip(shown, WIDTHS[1:], strict=True))
    if not findings:
        across(sheet, first, 0, [None, NOTHING, *[None] * (len(HEADS) - 2)], "cell", "muted")
    colour_equal(sheet, (first - 1, 0, last - 1, 0), LOOKS)
    if findings:
        choice = {"validate": "list", "source": list(CHOICES), "error_type": "warning"}
        sheet.data_validation(first - 1, 0, last - 1, 0, choice)
        sheet.autofilter(HEAD_ROW - 1, 0, last - 1, len(HEADS) - 1)
    return last


def colour_equal(sheet: Sheet, area: Area, looks: Mapping[str, str]) -> None:
    """Give the cells of an area the look of the word that they hold."""
    for word, look in looks.items():
        rule = {"type": "cell", "criteria": "==", "value": f'"{word}"', "format": sheet.book.conditional(look)}
        sheet.conditional_format(*area, rule)


def _compared(sheet: Sheet, row: int, tables: Sequence[ComparedTable], address: str) -> int:
    """The tables that were compared; returns the row below."""
    section(sheet, row, "What was compared", 0, len(HEADS) - 1, SECTION_HEIGHT)
    heads(sheet, row + 1, 0, ("rows", "gradients", "table", "worst relative difference", "where", *[None] * 3), "cc ")
    for k, t in enumerate(tables, row + 2):
        across(sheet, k, 0, (t.rows, t.gradients), "cell", "center", "whole")
        links.put(sheet, k, 2, t.place.link(address), "cell", "broken")
        sheet.put(k, 3, links.finite(t.worst), "cell", "left", "relative")
        across(sheet, k, 4, (plain(t.where) or None, *[None] * 3), "cell")
    return row + 2 + len(tables)


def _listed(sheet: Sheet, row: int, title: str, texts: Sequence[str]) -> int:
    """List texts, such as of what was not judged; returns the row below."""
    section(sheet, row, f"{title}: {len(texts):,}", 0, len(HEADS) - 1, SECTION_HEIGHT)
    lines = [plain(text, 200) for text in texts[:MOST_UNREAD]]
    if len(texts) > MOST_UNREAD:
        lines.append(f"and {len(texts) - MOST_UNREAD:,} more")
    for k, line in enumerate(lines, row + 1):
        sheet.put(k, 0, line, "text")
    return row + 1 + len(lines)
