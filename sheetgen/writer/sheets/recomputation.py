"""Recomputation: every cell of Training and Learning rates beside what the cells before it make of it, for any inputs.

A cell is compared with a formula of its own that reads the others of its row, or of the row above: so one wrong cell is
one difference, however many cells follow from it.
"""

from __future__ import annotations

from typing import NamedTuple

from sheetgen.writer.book import Book, Sheet, Stream
from sheetgen.writer.digits import scientific
from sheetgen.writer.plan import RECOMPUTED
from sheetgen.writer.sheets import autograd_check, network, recomputed, three_ways
from sheetgen.writer.sheets.common import (
    SECTION_HEIGHT,
    across,
    colour,
    colour_words,
    heads,
    lock,
    opened,
    section,
    strip,
)
from sheetgen.writer.sheets.flags import Flag
from sheetgen.writer.sheets.moved import SCALES
from sheetgen.writer.sheets.rate_table import RateTable
from sheetgen.writer.trace import ABOVE, FIRST_ROW, HEADER_ROW, THIS, column_range, letter, quoted

SHEET_ROW, LETTER_ROW, NAME_ROW = HEADER_ROW - 3, HEADER_ROW - 2, HEADER_ROW - 1  # which cell a flag is about
WIDTH = 18.2  # of the columns of the first screen
WIDE = 60  # of the one right of them: its texts stand at its right end, beyond the screen
CELLS, DIFFER, PLACE, WHAT = 6, 7, 8, 9  # columns of the table

TITLE = "What if I change the inputs? Who checks then?"
SUBTITLE = (
    "PyTorch's numbers hold for the template's inputs alone. So here every cell is computed a second time, in another "
    "way, from whatever you type. It is not likely that both are wrong and agree."
)
TRY = (
    "Try it: type 0.4 over {} ({}): this sheet still says PASS. Then type 1 over {}: it names that cell alone. "
    "Undo twice (Ctrl+Z)."
)
ALL_EQUAL = "Every cell is what the cells before it make of it, to 9 digits."
LEFT_OUT = "Learning rates: too many cells to be computed twice here"
NO_STEPS = "gradients by small differences: too many formulas for a network of this size"
TOO_LONG = "{} of the columns are only seen to be numbers: a second formula would be too long for Excel"
TABLE = "the table of Learning rates", "read from its columns once more"
DETAILS = "Details, iteration by iteration"
COUNTED = "cells that differ so far (· none); the first of a row, by its column at the far right"
SMALL = "of small differences: how small, how exact"


class DifferencePlaces(NamedTuple):
    """The columns of the step of a central difference, and of what rounding does to the difference."""

    step: str
    rounding: str


def write(book: Book, layout: recomputed.RecomputationLayout) -> DifferencePlaces:
    """Write the sheet Recomputation, and define the names that Start refers to."""
    sheet = opened(book, RECOMPUTED, TITLE, SUBTITLE)
    last = layout.blocks[-1].first + len(layout.blocks[-1].flags) - 1
    strip(sheet, max(last, layout.table.column + layout.table.rates))
    sheet.set_column(1, recomputed.FLAGS_COLUMN - 1, WIDTH)
    sheet.live(3, 1, _experiment(layout), "link")
    for row in range(recomputed.VERDICT_ROW, recomputed.TOTAL_ROW + 1):
        sheet.set_row_pixels(row - 1, 22)
    _top(sheet, layout)
    three_ways.write(sheet, layout)
    _headings(sheet, layout)
    _stream(sheet, layout)
    _colours(sheet, layout)
    sheet.print_area(0, 0, recomputed.TOTAL_ROW - 1, recomputed.FLAGS_COLUMN - 1)
    sheet.fit_to_pages(1, 1)
    lock(sheet)
    scales = (letter(recomputed.SCALES_COLUMN + k) for k in range(len(SCALES)))
    _, step, rounding = (column_range(RECOMPUTED, column, layout.run.last) for column in scales)
    return DifferencePlaces(step, rounding)


def _experiment(layout: recomputed.RecomputationLayout) -> str:
    """The formula of a link to the first weight, which somebody is to change, with another cell to break."""
    weight = layout.run.program.network.layers[0].weights.flat[0]
    place = network.address(layout.run, weight)
    broken = "{} ({})".format(*autograd_check.to_break(layout.run, layout.training.trace))
    return f'HYPERLINK("#{place}","{TRY.format(place, weight.name, broken)}")'


def _counts(k: int) -> tuple[str, str]:
    """The letters of a block's two counting columns: the cells that differ so far, the first that does in the row."""
    return letter(1 + k), letter(4 + k)


def _top(sheet: Sheet, layout: recomputed.RecomputationLayout) -> None:
    """The verdict, what is computed again and how, the first cell that differs; the names that Start refers to."""
    total = f"${letter(DIFFER)}${recomputed.TOTAL_ROW}"
    sheet.put(recomputed.VERDICT_ROW, 0, "verdict", "bold")
    sheet.live(recomputed.VERDICT_ROW, 1, f'IF(IFERROR({total}=0,FALSE),"PASS","FAIL")', "verdict")
    words = f'IF({total}=0,"{ALL_EQUAL}",{autograd_check.broken_link()})'
    words = f"IF(inputs_no_number>0,input_to_mend,{words})"
    sheet.live(recomputed.VERDICT_ROW, 2, words, "bold", "indent")
    names = ("what is computed again", None, "in which other way", None, None, None)
    heads(sheet, recomputed.TABLE_ROW, 0, (*names, "cells", "that differ", "the first", "what it is"), "      ccll")
    row = recomputed.TABLE_ROW
    for k, block in enumerate(layout.blocks):
        row += 1
        _told(sheet, row, block.what, block.how, layout.run.height * len(block.flags))
        _first(sheet, layout.run.last, k, row, block)
    _table(sheet, layout.table, row + 1)
    _missing(sheet, layout, row + 2)
    _total(sheet, layout)
    row, column = recomputed.TABLE_TOP, layout.aside
    for k, text in enumerate(("largest input", "added to divisors, against 0")):
        sheet.put(row + k, column - 1, text, "muted", "right")
    sheet.live(row, column, network.input_size(layout.run), "muted", "left", "general")
    sheet.put(row + 1, column, 1e-300, "muted", "left", "relative")
    sheet.define(recomputation_verdict=f"$B${recomputed.VERDICT_ROW}", cells_that_differ=total)
    places = {"broken_place": PLACE, "broken_what": WHAT}
    sheet.define(**{name: f"${letter(column)}${recomputed.TOTAL_ROW}" for name, column in places.items()})


def _told(sheet: Sheet, row: int, what: str, how: str, cells: int) -> None:
    """A row of the table: what is computed again, how, and of how many cells."""
    across(sheet, row, 0, (what, None, how, None, None, None), "cell")
    sheet.put(row, CELLS, float(cells), "cell", "whole", "center")


def _missing(sheet: Sheet, layout: recomputed.RecomputationLayout, row: int) -> None:
    """What is not computed again, for it would be too much: there is a row for each that is left out."""
    texts = [] if layout.compared else [LEFT_OUT]
    texts += [] if layout.differences.flags else [NO_STEPS]
    if layout.too_long:
        texts.append(TOO_LONG.format(f"{len(layout.too_long):,}"))
    if texts:
        sheet.put(min(row, recomputed.TOTAL_ROW), 2, f"Not here: {'; '.join(texts)}.", "muted")


def _table(sheet: Sheet, table: RateTable, row: int) -> None:
    """The same for the table on top of Learning rates."""
    table.write(sheet)
    _told(sheet, row, *TABLE, table.cells)
    differ = f"{letter(DIFFER)}{row}"
    sheet.live(row, DIFFER, f"COUNT({table.grid})", "cell", "center", "whole")
    for column, text in zip((PLACE, WHAT), table.first(f"MIN({table.grid})"), strict=True):
        sheet.live(row, column, f'IF({differ}>0,{text},"")', "cell")


def _total(sheet: Sheet, layout: recomputed.RecomputationLayout) -> None:
    """How many cells differ in all, and which is the first."""
    rows = [recomputed.TABLE_ROW + 1 + k for k in range(len(layout.blocks) + 1)]
    differ = letter(DIFFER)
    # A wrong gradient differs from its central difference, too, and is one cell all the same.
    numeric = [row for row, block in zip(rows, layout.blocks, strict=False) if block.numeric]
    counted = "+".join(f"${differ}${row}" for row in rows if row not in numeric)
    total = f"IF({counted}>0,{counted},${differ}${numeric[0]})" if numeric else counted
    sheet.put(recomputed.TOTAL_ROW, 0, "in all", "bold")
    sheet.live(recomputed.TOTAL_ROW, DIFFER, total, "bold", "center", "whole")
    for column in (PLACE, WHAT):
        text = '""'
        for row in reversed(rows):
            text = f"IF(${differ}${row}>0,{letter(column)}{row},{text})"
        sheet.live(recomputed.TOTAL_ROW, column, text, "bold")


def _first(sheet: Sheet, last: int, k: int, row: int, block: recomputed.FlagBlock) -> None:
    """How many cells of a block differ, and which is the first: its address and name, and its iteration."""
    so_far, first = (f"${x}${FIRST_ROW}:${x}${last}" for x in _counts(k))
    left, right = block.span
    sheet.live(row, DIFFER, f"${_counts(k)[0]}${last}", "cell", "center", "whole")
    iteration = f"COUNTIF({so_far},0)"

    def head(at: int) -> str:
        return f"INDEX(${left}${at}:${right}${at},1,INDEX({first},{iteration}+1,1))"

    place = f'{head(SHEET_ROW)}&"!"&{head(LETTER_ROW)}&({iteration}+{FIRST_ROW})'
    named = f'{head(NAME_ROW)}&", iteration "&{iteration}'
    for column, text in ((PLACE, place), (WHAT, named)):
        sheet.live(row, column, f'IF({letter(DIFFER)}{row}>0,{text},"")', "cell")


def _headings(sheet: Sheet, layout: recomputed.RecomputationLayout) -> None:
    kinds = "Training", "Learning rates", "gradients"
    counts = [f"{word} {what}" for word in ("in", "first in") for what in kinds]
    heads(sheet, HEADER_ROW, 0, ["iteration", *counts, *SCALES])
    section(sheet, HEADER_ROW - 1, DETAILS, 0, recomputed.FLAGS_COLUMN - 1, SECTION_HEIGHT)
    for column, text in ((3, COUNTED), (recomputed.SCALES_COLUMN, SMALL)):
        sheet.put(HEADER_ROW - 1, column, text, "section", "muted", "plain")
    narrow = 9.5  # texts stand left, so that none runs over the one before
    for block in layout.blocks:
        beyond = block.first == recomputed.FLAGS_COLUMN
        side = ("right",) if beyond else ()
        sheet.put(SHEET_ROW - 1, block.first, f"{block.what}: 1 where it differs", "section", *side)
        sheet.set_column(block.first, block.first + len(block.flags) - 1, narrow)
        sheet.set_column(block.first, block.first, WIDE if beyond else 27)  # its heading is longer
        for j, flag in enumerate(block.flags, block.first):
            for row, text in ((SHEET_ROW, quoted(flag.sheet)), (LETTER_ROW, flag.letter), (NAME_ROW, flag.name)):
                typed = ("typed",) if text[0] == "'" else ()
                sheet.put(row, j, text, "muted", *(side if j == block.first and beyond else ("left",)), *typed)
        heads(sheet, HEADER_ROW, block.first, [_heading(block, flag) for flag in block.flags], "rc" if beyond else "c")
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
    none = Stream(flag)  # of a block that is left out
    totals, firsts = [none] * 3, [none] * 3
    for k, block in enumerate(layout.blocks):
        row, so_far = f"${block.span[0]}{THIS}:${block.span[1]}{THIS}", _counts(k)[0]
        totals[k] = Stream(flag, f"SUM({row})", f"{so_far}{ABOVE}+SUM({row})")
        firsts[k] = Stream(flag, *(f"IFERROR(MATCH(1,{row},0),0)",) * 2)
    columns += totals + firsts
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
    counts = FIRST_ROW - 1, 1, last, len(layout.blocks)
    for test, look in ((">0", "fail"), ("=0", "pass")):
        colour(sheet, counts, f"B{FIRST_ROW}{test}", look)
    for block in layout.blocks:
        area = FIRST_ROW - 1, block.first, last, block.first + len(block.flags) - 1
        colour(sheet, area, f"{block.span[0]}{FIRST_ROW}=1", "fail")
    verdict = recomputed.VERDICT_ROW - 1
    colour_words(sheet, (verdict, 1, verdict, 1), f"$B${recomputed.VERDICT_ROW}")
    count = f"${letter(DIFFER)}{recomputed.TABLE_ROW + 1}"
    rows = recomputed.TABLE_ROW, recomputed.TOTAL_ROW - 1
    colour(sheet, (rows[0], DIFFER, rows[1], WHAT), f"AND(ISNUMBER({count}),{count}>0)", "fail")
