"""The report of an audit as a workbook for a teacher: a summary with live counts, and a sheet for every file."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from sheetgen.base.files import CannotWrite
from sheetgen.base.text import plain
from sheetgen.base.version import __version__
from sheetgen.excel.a1 import column_letters, quoted
from sheetgen.writer.book import Formula, Link, Sheet, writing
from sheetgen.writer.sheets import audit_file, links
from sheetgen.writer.sheets.audit_file import KIND, PLACES, SEVERITY, FileReport, FileSheet
from sheetgen.writer.sheets.common import Box, across, bars, columns, heads, insert, merge, page
from sheetgen.writer.style import INK, Axes, label_font

SUMMARY = "Summary"
SUBTITLE = "Which workbooks are wrong, where, and which mistake is the commonest. Every count is a formula."
TO_DO = (
    "Click a file: its findings, a row for each cause, to hand out. To forgive one, choose “forgiven” as its severity "
    "there: the verdict, the counts and the chart follow."
)
HEADS = (
    "file", "verdict", "errors", "warnings", "rows", "gradients compared", "worst relative difference",
    "first wrong cell, or why it was not judged",
)  # fmt: skip
WIDTHS = (30, 12, 11, 11, 11, 11, 13, 58)
KIND_WIDTH = 12
TILE_ROW, ALL_ROW, WITH_ROW, HEAD_ROW = 5, 7, 8, 9
FIRST_ROW = HEAD_ROW + 1
CHART = Box((2, 5), (20, 4), (570, 0))  # right of the figures: where, how far from there, how wide
BAR, BARS = 22, 64  # pixels: of a bar, and of all that is around them
TILE, ABOVE = 44, 98  # pixels: how high a figure is; the rows between the headings and what is to be done
LOOKS = {"right": "pass", "doubtful": "note", "wrong": "fail", "not judged": "note"}


def write(files: Sequence[FileReport], kinds: Sequence[str], path: Path) -> None:
    """Write the workbook; its links lead to the files as seen from its folder. Raises CannotWrite.

    `kinds` are those of findings, in the order in which the summary has a column for each that was found.
    """
    names = links.sheets([file.path for file in files], {SUMMARY})
    with writing(path, "Audit of workbooks", error=CannotWrite, hint="choose another name") as book:
        book.describe("Audit of workbooks", f"Made by sheetgen {__version__}: sheetgen audit --report.")
        sheet = book.sheet(SUMMARY, f"Audit of {len(files):,} workbook{'s' * (len(files) != 1)}", SUBTITLE)
        home = path.absolute().parent
        sheets = [
            audit_file.write(book, file, name, SUMMARY, links.address(file.path, home))
            for file, name in zip(files, names, strict=True)
        ]
        _summary(sheet, sheets, _commonest(files, kinds))
        sheet.activate()
        sheet.set_first_sheet()


def _commonest(files: Sequence[FileReport], kinds: Sequence[str]) -> list[str]:
    """The kinds that were found, the commonest first."""
    having = Counter(kind for file in files for kind in {finding.kind for finding in file.faults})
    return sorted((kind for kind in kinds if having[kind]), key=lambda kind: -having[kind])


def _summary(sheet: Sheet, files: list[FileSheet], kinds: Sequence[str]) -> None:
    last, right = HEAD_ROW + len(files), len(HEADS) + len(kinds) - 1
    columns(sheet, [*WIDTHS, *(KIND_WIDTH for _ in kinds)])
    _tiles(sheet, files, last)
    height = BARS + BAR * max(len(kinds), 3)
    sheet.set_row_pixels(TILE_ROW, max(height - TILE - ABOVE, 52))
    merge(sheet, (TILE_ROW, 0, TILE_ROW, 4), "text", "wrap")
    sheet.put(TILE_ROW + 1, 0, TO_DO, "text", "wrap")
    sheet.set_row_pixels(HEAD_ROW - 1, 40)
    heads(sheet, HEAD_ROW, 0, (*HEADS, *kinds), " cccccc c", "broken")  # texts stand left, numbers in the middle
    for row, file in enumerate(files, FIRST_ROW):
        _row(sheet, row, file, kinds)
    _totals(sheet, files, kinds, last)
    _chart(sheet, kinds)
    audit_file.colour_equal(sheet, (FIRST_ROW - 1, 1, last - 1, 1), LOOKS)
    sheet.autofilter(HEAD_ROW - 1, 0, last - 1, right)
    page(sheet, (HEAD_ROW, 1), (last, right), repeat=True)


def _tiles(sheet: Sheet, files: list[FileSheet], last: int) -> None:
    """How many workbooks, and how many of each verdict, in large figures."""
    area = f"$B${FIRST_ROW}:$B${last}"
    words = [sheet.file.word for sheet in files]
    tiles = [("workbooks", len(files), f"COUNTA({area})")]
    tiles += [(word, words.count(word), f'COUNTIF({area},"{word}")') for word in LOOKS]
    sheet.set_row_pixels(TILE_ROW - 1, TILE)
    for column, (word, n, formula) in enumerate(tiles):
        sheet.put(TILE_ROW - 1, column, word, "head", "center")
        sheet.put(TILE_ROW, column, Formula(formula, n), "big", "whole")
        if word in LOOKS:
            rule = {"type": "cell", "criteria": ">", "value": 0, "format": sheet.book.conditional(LOOKS[word])}
            sheet.conditional_format(TILE_ROW - 1, column, TILE_ROW - 1, column, rule)


def _counted(shown: FileSheet, kinds: Sequence[str]) -> list[tuple[int, str]]:
    """Errors, warnings and each kind of finding of one file: how many, and the formula that counts them."""
    place = f"{quoted(shown.name)}!"
    severity, what, places = (f"{place}${c}${shown.first}:${c}${shown.last}" for c in (SEVERITY, KIND, PLACES))
    listed = shown.file.faults
    counts = [
        (sum(f.places for f in listed if f.severity == s), f'SUMIF({severity},"{s}",{places})')
        for s in audit_file.LOOKS
    ]
    for k, name in enumerate(kinds, len(HEADS)):
        head = f"{column_letters(k + 1)}${HEAD_ROW}"
        formula = "+".join(f'SUMIFS({places},{what},{head},{severity},"{s}")' for s in audit_file.LOOKS)
        counts.append((sum(f.places for f in listed if f.kind == name), formula))
    return counts


def _row(sheet: Sheet, row: int, shown: FileSheet, kinds: Sequence[str]) -> None:
    file = shown.file
    centred = ("cell", "center")
    path, problem = plain(file.title, 200), plain(file.problem, 300)
    rest = plain(file.rest, 300)
    findings = Link(f"internal:{quoted(shown.name)}!A1", path, "Go to its findings")
    links.put(sheet, row, 0, findings, "cell", "broken")
    first = next((finding.place for finding in file.faults), None)
    place = _first(file)
    links.fit(sheet, row, ((path, WIDTHS[0]), (problem or place or rest, WIDTHS[7])))
    if problem:
        sheet.put(row, 1, file.word, *centred, "bold")
        for column in range(2, len(HEADS) + len(kinds)):
            sheet.put(row, column, problem if column == 7 else None, "cell", "broken")
        return
    live = f'IF(C{row}>0,"wrong",IF(D{row}>0,"doubtful","{file.at_best}"))'
    sheet.put(row, 1, Formula(live, file.word), *centred, "bold")
    counted = _counted(shown, kinds)
    for column, (n, formula) in zip((2, 3, *range(len(HEADS), len(HEADS) + len(kinds))), counted, strict=True):
        sheet.put(row, column, Formula(formula, n), *centred, "count")
    across(sheet, row, 4, (sum(t.rows for t in file.tables), sum(t.gradients for t in file.tables)), *centred, "whole")
    worst = max((t.worst for t in file.tables), default=0.0)
    sheet.put(row, 6, links.finite(worst), *centred, "relative")
    if first is None:
        sheet.put(row, 7, rest or None, "cell", "broken")
    else:
        links.put(sheet, row, 7, first.link(shown.address)._replace(text=place), "cell", "broken")


def _first(file: FileReport) -> str:
    """The first wrong cell in words: where it is, what is wrong with it, and how many causes there are besides."""
    if not file.faults:
        return ""
    finding, *more = file.faults
    others = f" (and {len(more):,} more cause{'s' * (len(more) > 1)})" if more else ""
    return plain(f"{finding.place.text}: {finding.kind}{others}", 300)


def _totals(sheet: Sheet, files: list[FileSheet], kinds: Sequence[str], last: int) -> None:
    """Above the headings: how many findings there are in all, and how many workbooks have such."""
    rows = [[n for n, _ in _counted(file, kinds)] for file in files if not file.file.problem]
    sheet.put(ALL_ROW, 0, "findings in all", "muted", "right")
    sheet.put(WITH_ROW, 0, "workbooks that have such", "muted", "right")
    for k, column in enumerate((2, 3, *range(len(HEADS), len(HEADS) + len(kinds)))):
        letters = column_letters(column + 1)
        area = f"{letters}${FIRST_ROW}:{letters}${last}"
        counts = [row[k] for row in rows]
        sheet.put(ALL_ROW, column, Formula(f"SUM({area})", sum(counts)), "bold", "center", "whole")
        having = sum(n > 0 for n in counts)
        sheet.put(WITH_ROW, column, Formula(f'COUNTIF({area},">0")', having), "muted", "center", "whole")


def _chart(sheet: Sheet, kinds: Sequence[str]) -> None:
    """How many workbooks have each kind of mistake, as bars with their numbers."""
    if not kinds:
        return
    chart = sheet.book.chart({"type": "bar"}, "Workbooks with each kind of mistake", Axes("", ""))
    first, last = (column_letters(len(HEADS) + k) for k in (1, len(kinds)))
    names, counts = (f"{SUMMARY}!${first}${row}:${last}${row}" for row in (HEAD_ROW, WITH_ROW))
    bars(chart, 1, "workbooks", names, counts, gap=40, data_labels={"value": True, "font": label_font(color=INK)})
    # Of bars, the axis of the names is the upright one.
    chart.set_y_axis({"reverse": True, "num_font": label_font(color=INK), "major_gridlines": {"visible": False}})
    chart.set_x_axis({"visible": False, "major_gridlines": {"visible": False}, "min": 0})
    chart.set_legend({"none": True})
    box = CHART._replace(size=(CHART.size[0], BARS + BAR * max(len(kinds), 3)))
    insert(sheet, chart, box, f"Bar chart: in how many workbooks each kind of mistake was found: {', '.join(kinds)}.")
