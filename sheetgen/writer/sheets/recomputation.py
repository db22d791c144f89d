"""Recomputation: every cell of Training and Learning rates beside what the cells before it make of it, for any inputs.

A cell is compared with a formula of its own that reads the others of its row, or of the row above: so one wrong cell is
one difference, however many cells follow from it.
"""

from __future__ import annotations

from typing import NamedTuple

from sheetgen.writer.book import Book, Sheet, Stream
from sheetgen.writer.digits import scientific
from sheetgen.writer.plan import RECOMPUTED
from sheetgen.writer.sheets import network, recomputed
from sheetgen.writer.sheets.common import across, colour, colour_words, fold, heads, line, lock, opened, strip
from sheetgen.writer.sheets.flags import Flag
from sheetgen.writer.sheets.moved import SCALES
from sheetgen.writer.sheets.rate_table import RateTable
from sheetgen.writer.trace import ABOVE, FIRST_ROW, HEADER_ROW, THIS, column_range, letter, quoted

SHEET_ROW, LETTER_ROW, NAME_ROW = HEADER_ROW - 3, HEADER_ROW - 2, HEADER_ROW - 1  # which cell a flag is about

SUBTITLE = (
    "Whatever you type: every cell of Training and Learning rates is computed again from the cells before it, "
    "gradients in {} other way{}."
)
ALL_EQUAL = "Every cell is, to 1e-9, what the cells before it make of it."
COUNTED = "how many cells differ down to this iteration; the number of the first column that does in it"
FOLDED = (
    "Folded away: the second computation, and a 1 for each cell that differs. Unprotect (no password), then + above."
)


class DifferencePlaces(NamedTuple):
    """The columns of the step of a central difference, and of what rounding does to the difference."""

    step: str
    rounding: str


def write(book: Book, layout: recomputed.RecomputationLayout) -> DifferencePlaces:
    """Write the sheet Recomputation, and define the names that Start refers to."""
    ways = ("two", "s: by deltas, and by small differences") if layout.differences.flags else ("an", ": by deltas")
    sheet = opened(book, RECOMPUTED, "Recomputed, cell by cell, for any inputs", SUBTITLE.format(*ways), column=1)
    last = layout.blocks[-1].first + len(layout.blocks[-1].flags) - 1
    last = max(last, layout.table.column + layout.table.rates)
    strip(sheet, last)
    _top(sheet, layout)
    _headings(sheet, layout)
    _stream(sheet, layout)
    _colours(sheet, layout)
    fold(sheet, recomputed.FLAGS_COLUMN, last)
    sheet.put(HEADER_ROW - 2, 0, FOLDED, "muted")
    sheet.repeat_columns(0)
    sheet.print_area(0, 0, layout.run.last - 1, recomputed.FLAGS_COLUMN - 1)
    lock(sheet)
    scales = (letter(recomputed.SCALES_COLUMN + k) for k in range(len(SCALES)))
    _, step, rounding = (column_range(RECOMPUTED, column, layout.run.last) for column in scales)
    return DifferencePlaces(step, rounding)


def _counts(k: int) -> tuple[str, str]:
    """The letters of a block's two counting columns: the cells that differ so far, the first that does in the row."""
    return letter(1 + 2 * k), letter(2 + 2 * k)


def _top(sheet: Sheet, layout: recomputed.RecomputationLayout) -> None:
    """The verdict, what was compared, the first cell that differs; defines the names that Start refers to."""
    rows = layout.run.height
    muted = sheet.style("muted")
    sheet.put(recomputed.VERDICT_ROW, 1, "verdict", "bold", "right")
    total = f"$D${recomputed.TOTAL_ROW}"
    verdict = f'IF(IFERROR({total}=0,FALSE),"PASS","FAIL")'
    sheet.live(recomputed.VERDICT_ROW, 2, verdict, "verdict")
    found = f'{total}&IF({total}=1," cell differs"," cells differ")&": the first is named below, in red."'
    sheet.live(recomputed.VERDICT_ROW, 3, f'IF({total}=0,"{ALL_EQUAL}",{found})', "bold", "indent")
    names = ("what is compared", None, "cells", "that differ", "at iteration", "column no.", "the first", "what it is")
    heads(sheet, recomputed.TABLE_ROW, 0, (*names, None, None), "lcccccl")
    for k, block in enumerate(layout.blocks):
        row = recomputed.TABLE_ROW + 1 + k
        across(sheet, row, 0, (block.what, None), "cell")
        sheet.put(row, 2, float(rows * len(block.flags)), "cell", "whole", "center")
        _first(sheet, layout.run.last, k, row, block)
    _table(sheet, layout.table, recomputed.TABLE_ROW + 1 + len(layout.blocks))
    _total(sheet, layout)
    sheet.put(recomputed.SIZE_ROW, 0, "largest input", muted)
    sheet.live(recomputed.SIZE_ROW, 2, network.input_size(layout.run), "muted", "center", "general")
    sheet.put(recomputed.SIZE_ROW, 3, "the larger it is, the smaller the step of a small difference", "muted", "indent")
    sheet.put(recomputed.SIZE_ROW + 1, 0, "added to divisors", muted)
    sheet.put(recomputed.SIZE_ROW + 1, 3, "so that nothing is divided by 0", "muted", "indent")
    sheet.put(recomputed.SIZE_ROW + 1, 2, 1e-300, "muted", "center", "relative")
    sheet.define(recomputation_verdict=f"$C${recomputed.VERDICT_ROW}", cells_that_differ=total)
    sheet.define(broken_place=f"$G${recomputed.TOTAL_ROW}", broken_what=f"$H${recomputed.TOTAL_ROW}")


def _table(sheet: Sheet, table: RateTable, row: int) -> None:
    """The same for the table on top of Learning rates."""
    table.write(sheet)
    center = sheet.style("cell", "center", "whole")
    across(sheet, row, 0, ("table of Learning rates", None), "cell")
    sheet.put(row, 2, float(table.cells), "cell", "whole", "center")
    sheet.live(row, 3, f"COUNT({table.grid})", center)
    sheet.put(row, 4, None, center)
    sheet.live(row, 5, f'IF(D{row}>0,MIN({table.grid}),"")', center)
    for column, text in zip((6, 7), table.first(f"F{row}"), strict=True):
        sheet.live(row, column, f'IF(D{row}>0,{text},"")', "cell")


def _total(sheet: Sheet, layout: recomputed.RecomputationLayout) -> None:
    """How many cells differ in all, and which is the first."""
    bold, center = sheet.style("bold"), sheet.style("bold", "center", "whole")
    rows = [recomputed.TABLE_ROW + 1 + k for k in range(len(layout.blocks) + 1)]
    # A wrong gradient differs from its central difference, too, and is one cell all the same.
    numeric = [row for row, block in zip(rows, layout.blocks, strict=False) if block.numeric]
    counted = "+".join(f"$D${row}" for row in rows if row not in numeric)
    total = f"IF({counted}>0,{counted},$D${numeric[0]})" if numeric else counted
    sheet.put(recomputed.TOTAL_ROW, 0, "the first of all", bold)
    sheet.live(recomputed.TOTAL_ROW, 3, total, center)
    for column in (6, 7):
        text = '""'
        for row in reversed(rows):
            text = f"IF($D${row}>0,{letter(column)}{row},{text})"
        sheet.live(recomputed.TOTAL_ROW, column, text, bold)


def _first(sheet: Sheet, last: int, k: int, row: int, block: recomputed.FlagBlock) -> None:
    """How many cells of a block differ, and which is the first: its iteration, its column, its address and name."""
    so_far, first = (f"${x}${FIRST_ROW}:${x}${last}" for x in _counts(k))
    left, right = block.span
    center = sheet.style("cell", "center", "whole")
    sheet.live(row, 3, f"${_counts(k)[0]}${last}", center)
    sheet.live(row, 4, f'IF(D{row}>0,COUNTIF({so_far},0),"")', center)
    sheet.live(row, 5, f'IF(D{row}>0,INDEX({first},E{row}+1,1),"")', center)

    def head(at: int) -> str:
        return f"INDEX(${left}${at}:${right}${at},1,F{row})"

    place = f'{head(SHEET_ROW)}&"!"&{head(LETTER_ROW)}&(E{row}+{FIRST_ROW})'
    sheet.live(row, 6, f'IF(D{row}>0,{place},"")', "cell")
    sheet.live(row, 7, f'IF(D{row}>0,{head(NAME_ROW)}&", iteration "&E{row},"")', "cell")


def _headings(sheet: Sheet, layout: recomputed.RecomputationLayout) -> None:
    counts = [f"{what}, {which}" for what in ("Training", "rates", "gradients") for which in ("so far", "first")]
    heads(sheet, HEADER_ROW, 0, ["iteration", *counts, *SCALES])
    first, end = recomputed.SCALES_COLUMN, recomputed.FLAGS_COLUMN - 1
    line(sheet, HEADER_ROW - 1, COUNTED, 1, first - 1, "group", "group data")
    line(sheet, HEADER_ROW - 1, "how small a difference, how exact", first, end, "group", "group rates")
    narrow, muted = 9.5, sheet.style("muted", "left")  # what is folded away must not run over what is not
    for block in layout.blocks:
        sheet.put(SHEET_ROW - 1, block.first, f"{block.what}: 1 where it differs", "section")
        sheet.set_column(block.first, block.first + len(block.flags) - 1, narrow)
        sheet.set_column(block.first, block.first, 27)  # its heading is longer
        for j, flag in enumerate(block.flags, block.first):
            for row, text in ((SHEET_ROW, quoted(flag.sheet)), (LETTER_ROW, flag.letter), (NAME_ROW, flag.name)):
                sheet.put(row, j, text, sheet.style("muted", "left", "typed") if text[0] == "'" else muted)
        heads(sheet, HEADER_ROW, block.first, [_heading(block, flag) for flag in block.flags])
    if workings := layout.workings:
        at = layout.working_column
        title = "Workings: deltas, then forward passes with weights moved"
        sheet.put(SHEET_ROW - 1, at, title, "section")
        heads(sheet, HEADER_ROW, at, [w.heading for w in workings])


def _heading(block: recomputed.FlagBlock, flag: Flag) -> str:
    if flag.letter == "A":
        return f"iteration differs ({flag.sheet})"
    return f"{flag.name} {'differs numerically' if block.numeric else 'differs'}"


def _stream(sheet: Sheet, layout: recomputed.RecomputationLayout) -> None:
    count, flag = sheet.style("cell", "whole", "center"), sheet.style("cell", "count", "center")
    columns = [Stream(count, "0", f"A{ABOVE}+1")]
    for k in range(3):
        if k < len(layout.blocks):
            left, right = layout.blocks[k].span
            row, so_far = f"${left}{THIS}:${right}{THIS}", _counts(k)[0]
            columns.append(Stream(flag, f"SUM({row})", f"{so_far}{ABOVE}+SUM({row})"))
            columns.append(Stream(flag, *(f"IFERROR(MATCH(1,{row},0),0)",) * 2))
        else:
            columns += [Stream(flag)] * 2
    columns += [Stream(sheet.style("cell", "relative", "center"), f, f) for f in layout.differences.formulas]
    parts: dict[int, list[Stream]] = {
        block.first: [Stream(flag, f.first, f.below) for f in block.flags] for block in layout.blocks
    }
    styles = {name: sheet.style("cell", name) for name in ("scientific", "number")}
    parts[layout.working_column] = [Stream(styles[w.style], w.formula, w.formula) for w in layout.workings]
    for at in sorted(parts):
        columns += parts[at]
    sheet.stream(FIRST_ROW, layout.run.last, 0, columns, layout.rows)
    at, forms = layout.working_column, [w.style for w in layout.workings]
    if forms:
        scientific(sheet, (FIRST_ROW - 1, at, layout.run.last - 1, at + len(forms) - 1), *forms)


def _colours(sheet: Sheet, layout: recomputed.RecomputationLayout) -> None:
    """Red where a cell differs, and in the column of iterations beside it."""
    last = layout.run.last - 1
    firsts = ",".join(f"${_counts(k)[1]}{FIRST_ROW}>0" for k in range(len(layout.blocks)))
    colour(sheet, (FIRST_ROW - 1, 0, last, 0), f"OR({firsts})", "fail")
    for block in layout.blocks:
        area = FIRST_ROW - 1, block.first, last, block.first + len(block.flags) - 1
        colour(sheet, area, f"{block.span[0]}{FIRST_ROW}=1", "fail")
    colour_words(sheet, (recomputed.VERDICT_ROW - 1, 2, recomputed.VERDICT_ROW - 1, 2), f"$C${recomputed.VERDICT_ROW}")
    count = f"$D{recomputed.TABLE_ROW + 1}"
    colour(sheet, (recomputed.TABLE_ROW, 3, recomputed.TOTAL_ROW - 1, 7), f"AND(ISNUMBER({count}),{count}>0)", "fail")
