"""Start: what the workbook is, how to use it, the index, a live checklist, and the certificate of its build."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from sheetgen.base.version import __version__
from sheetgen.spec import Spec
from sheetgen.writer import plan
from sheetgen.writer.book import Book, Calculate, Formula, Link, Sheet
from sheetgen.writer.plugins import ChecklistItem, Extra
from sheetgen.writer.sheets import advice, common, template
from sheetgen.writer.sheets.common import Box
from sheetgen.writer.sheets.plotted import SPOT_ROW, Curve, speak
from sheetgen.writer.style import Axes
from sheetgen.writer.trace import FIRST_ROW, HEADER_ROW, column_range, letter, quoted

INDEX = (
    (plan.IDEAS, "first a picture: what a gradient is, and why we go downhill"),
    (plan.NETWORK, "the network drawn with live numbers; type over any yellow one"),
    (plan.STEPS, "the derivation step by step, with the numbers put in"),
    (plan.TRAINING, "a row for each update; charts of the error, weights, gradients"),
    (plan.RATES, "the same training at several learning rates, and at yours"),
    (plan.LABORATORY, "put a slip in, and see who notices; the loss landscape"),
    (plan.CHECK, "is every number what PyTorch says? A map of every cell"),
    (plan.RECOMPUTED, "every cell a second time, for any inputs; it names a broken one"),
    (plan.DIFFERENCES, "the gradients of the row shown, without calculus"),
    (plan.TEMPLATE, "the description this workbook was built from"),
)

# The way to go, whose sheets are tiles; then the index in its groups, other packages' sheets in one of their own.
PATH = (plan.IDEAS, plan.NETWORK, plan.STEPS, plan.TRAINING, plan.LABORATORY)
CHECKS = (plan.CHECK, plan.RECOMPUTED, plan.DIFFERENCES)
BEGIN, LOOK, CHECK = "Begin here: five sheets, in this order", "Look further", "Check it yourself"
MORE = "A network that reads digits (MNIST)"

LEARNING = "Does it learn? The error E, update by update"
TRY_HEAD = "Try this"
HOW_TO = (
    "Type over a yellow cell on Network: the drawing, the steps and all rows of training follow.",
    "Break a formula on Training: this page turns red and names the cell. Ctrl+Z mends it.",
    "Type a learning rate of your own on Learning rates: is it faster?",
)
WHAT = (
    "Backpropagation finds for every weight of a network which way, and how strongly, it moves the error. Here each of "
    "its numbers is a live formula."
)
WHO = (
    "Student: click a number and read it; type over a yellow one, and all follow. Teacher: PyTorch checks it, live; a "
    "broken cell is named here."
)

VERDICT_ROW = 4
COLUMNS, COLUMN = 10, 127  # how many, and how wide in pixels: a screen
LAST_COLUMN, BESIDE = COLUMNS - 1, 6  # the last column; the last beside the picture
LEFT_END, RIGHT = 4, 5  # of the index: the last column of its left half, the first of its right half
PICTURE = Box((0, BESIDE + 1), (8, 4), (3 * COLUMN - 8, 174))  # the error falling, at the top right
PROGRAMS = {
    "IronCalc": "a spreadsheet program for web pages",
    "LibreOffice": "LibreOffice Calc itself",
    "formulas": "a Python program: every formula of the first rows",
    "formulas patterns": "the same, for all rows: each kind of formula once, then every cell that has it",
    "Formulon": "a program that its makers compare, bit for bit, with Excel 365; it is not Excel",
}  # what each engine is, in words
PASS_CHANGED = "PASS for your inputs"


class EngineLine(NamedTuple):
    """The findings of one engine when the workbook was built."""

    engine: str
    version: str
    cells: int
    worst: float
    where: str


@dataclass(frozen=True)
class Made:
    """How a workbook is made: the command line's options, what a check of its draft found, other packages' sheets.

    `calculate` is the engine that fills in the cached values of the formulas that come without one.
    """

    options: str = ""
    engines: Sequence[EngineLine] = ()
    extras: Sequence[Extra] = ()
    calculate: Calculate | None = None


class Falling(NamedTuple):
    """The curve of E on Training, the last row there, and the first of the columns that its chart quotes."""

    line: Curve
    last: int
    spots: int


class Content(NamedTuple):
    """The other sheets as Start tells of them: how many cells are compared with PyTorch, and what is recomputed."""

    spec: Spec
    compared: int
    rates_recomputed: bool
    falling: Falling


def write(book: Book, content: Content, oracle: plan.Oracle, made: Made) -> None:
    """Write the sheet Start; it was added first, so that it stands first."""
    verdicts = [v for extra in made.extras for v in extra.verdicts]
    sheet = book.workbook.get_worksheet_by_name(plan.START)
    spec = content.spec
    sheet.set_column_pixels(0, LAST_COLUMN, COLUMN)
    sheet.put(3, 0, WHO, "subtitle")
    _verdict(sheet, content.rates_recomputed, verdicts)
    _picture(sheet, content.falling)
    row = _tiles(sheet, 8)
    row = _index(sheet, row, [line for extra in made.extras for line in extra.sheets])
    row = _checklist(sheet, row, content.compared, verdicts)
    row = _certificate(sheet, row, made.engines)
    facts = (
        ("network", f"{'-'.join(map(str, spec.layers))}, {', '.join(dict.fromkeys(spec.activations))}, "
                    f"{spec.samples} sample{'s' * (spec.samples > 1)}, biases: {spec.bias}"),
        ("template", template.file_name(spec)),
        ("build options", made.options or "none"),
        ("made by", f"sheetgen {__version__}, checked against {oracle.version} (float64 autograd)"),
    )  # fmt: skip
    _section(sheet, row, "How it was built")
    for k, (name, text) in enumerate(facts, row + 1):
        sheet.put(k, 0, name, "cell", "bold")
        _line(sheet, k, 1, text, "cell")
    sheet.print_area(0, 0, row + len(facts) - 1, LAST_COLUMN)
    sheet.fit_to_pages(1, 1)
    common.lock(sheet, format_columns=False)
    sheet.activate()
    sheet.set_first_sheet()


def _section(sheet: Sheet, row: int, title: str) -> None:
    common.section(sheet, row, title, 0, LAST_COLUMN, common.SECTION_HEIGHT)


def _line(sheet: Sheet, row: int, first: int, text: str, *styles: str) -> None:
    common.line(sheet, row, text, first, LAST_COLUMN, *styles)


def _verdict(sheet: Sheet, rates: bool, verdicts: Sequence[ChecklistItem]) -> None:
    """The certificate in one cell, live; then the cell that is broken or the input that was changed, and what to do."""
    names = ["verdict", "recomputation_verdict", "differences_verdict", *(v.verdict for v in verdicts)]
    failed = ",".join(f'{name}="FAIL"' for name in names)
    right = f'IF(ISTEXT(row_number),row_number,IF(inputs_changed>0,"{PASS_CHANGED}","PASS"))'
    sheet.set_row_pixels(3, 40)
    area = 3, 0, 3, BESIDE
    common.merge(sheet, area, "big")
    sheet.live(VERDICT_ROW, 0, f'IF(IFERROR(OR({failed}),TRUE),"FAIL",{right})', "big")
    sheet.define(certificate="$A$4")
    what, do = advice.lines(rates, verdicts)
    common.line(sheet, 5, Formula(what), 0, BESIDE, "link")
    sheet.set_row_pixels(5, 30)
    common.merge(sheet, (5, 0, 5, BESIDE), "muted", "wrap")
    sheet.live(6, 0, do, "muted", "wrap")
    common.colour_words(sheet, area, "$A$4", stop=True)
    common.colour(sheet, area, "ISTEXT($A$4)", "note", stop=True)
    sheet.set_row_pixels(6, 10)


def _picture(sheet: Sheet, falling: Falling) -> None:
    """A small chart of the error, which says as Training's does why there is nothing to be drawn."""
    line, last = falling.line, falling.last
    axes = Axes("", "", across=(0, last - FIRST_ROW), whole=True)
    chart = sheet.book.chart({"type": "scatter", "subtype": "straight"}, LEARNING, axes)
    x, y = (column_range(plan.TRAINING, letter(k), last) for k in (0, line.drawn))
    common.curve(chart, 0, f"={quoted(plan.TRAINING)}!${letter(line.source)}${HEADER_ROW}", x, y)
    speak(chart, plan.TRAINING, SPOT_ROW + 1, falling.spots + 1)
    chart.set_legend({"none": True})
    chart.show_hidden_data()
    common.insert(
        sheet, chart, PICTURE, "Line chart: the error E_total, update by update; it falls when training works."
    )


def _tiles(sheet: Sheet, row: int) -> int:
    """The way to go, from left to right: a link in large letters, and what it leads to; returns the next free row."""
    common.section(sheet, row, BEGIN, 0, LAST_COLUMN, common.SECTION_HEIGHT)
    about = dict(INDEX)
    wide = COLUMNS // len(PATH)
    sheet.set_row_pixels(row, 32)
    sheet.set_row_pixels(row + 1, 38)
    sheet.set_row_pixels(row + 2, 10)
    for k, name in enumerate(PATH):
        look = ("tile", "tile, first") if k == 0 else ("tile",)
        left, right = wide * k, wide * (k + 1) - 1
        common.merge(sheet, (row, left, row, right), "link", *look)
        sheet.link(row + 1, left, Link.to(name, f"{k + 1}   {name}", f"Go to {name}"), *look)
        common.merge(sheet, (row + 1, left, row + 1, right), *look, "tile, text")
        sheet.put(row + 2, left, about[name], *look, "tile, text")
    return row + 4


def _index(sheet: Sheet, row: int, more: Sequence[tuple[str, str]]) -> int:
    """The other sheets at the left; other packages' at the right, and what to try where there is room."""
    about = dict(INDEX)
    rest = [name for name in about if name not in (*PATH, *CHECKS)]
    left = row
    for title, names in ((LOOK, rest), (CHECK, CHECKS)):
        left = _group(sheet, left, (0, LEFT_END), title, [(name, about[name]) for name in names])
    right = _group(sheet, row, (RIGHT, LAST_COLUMN), MORE, more) if more else row
    first, last, at = (0, LEFT_END, left) if more else (RIGHT, LAST_COLUMN, row)
    inside = ("indent",) if first else ()
    common.line(sheet, at, TRY_HEAD, first, last, "section", *inside)
    for k, text in enumerate(HOW_TO, at + 1):
        common.line(sheet, k, f"•  {text}", first, last, "text", *inside)
    return max(left, right, at + len(HOW_TO) + 2)


def _group(sheet: Sheet, row: int, columns: tuple[int, int], title: str, lines: Sequence[tuple[str, str]]) -> int:
    """A part of the index, in some columns; returns the next free row."""
    first, last = columns
    inside = ("indent",) if first else ()  # from the half at the left
    common.line(sheet, row, title, first, last, "section", *inside)
    for k, (name, text) in enumerate(lines, row + 1):
        sheet.link(k, first, Link.to(name, name, f"Go to {name}"), "cell", *inside)
        common.line(sheet, k, text, first + 1, last, "cell")
    return row + len(lines) + 2


def _checklist(sheet: Sheet, row: int, cells: int, verdicts: Sequence[ChecklistItem]) -> int:
    """Each line is a formula: it changes while a person works in the file."""
    _section(sheet, row, "Checked live, at this moment")
    lines = (
        ("every number equals PyTorch's", "verdict", "relative", "worst_difference",
         "the largest difference, in parts of the number; 1e-9 is allowed"),
        ("every cell is what it should be", "recomputation_verdict", "whole", "cells_that_differ",
         "cells differ from a second computation; for any inputs"),
        ("gradients agree numerically", "differences_verdict", "whole", "gradients_that_differ",
         "gradients differ from finite differences, in the row shown; for any inputs"),
        ("inputs are the template's", 'IF(inputs_changed=0,"yes","changed")', "whole", "inputs_changed",
         "inputs differ from the template's"),
        ("no cell is missing", f'IF(cells_compared={cells},"yes","FAIL")', "whole", "cells_compared",
         "cells are compared with PyTorch, with the template's inputs"),
        *((v.label, v.verdict, v.style, v.number, v.text) for v in verdicts),
    )  # fmt: skip
    for k, (name, formula, form, detail, text) in enumerate(lines, row + 1):
        common.across(sheet, k, 0, (name, None), "cell", "bold")
        sheet.live(k, 2, formula, "cell", "verdict")
        sheet.live(k, 3, detail, "cell", form, "center")
        _line(sheet, k, 4, text, "cell", "muted")
    area = (row, 2, row + len(lines) - 1, 2)
    first = f"$C{row + 1}"
    passed, failed = f'OR({first}="PASS",{first}="yes")', f'{first}="FAIL"'
    for test, look in ((passed, "pass"), (failed, "fail"), (f"ISTEXT({first})", "note")):
        common.colour(sheet, area, test, look, stop=True)
    return row + len(lines) + 2


def _certificate(sheet: Sheet, row: int, engines: Sequence[EngineLine]) -> int:
    """Write what the engines found: plain numbers, for no formula can know them."""
    _section(
        sheet, row, "Do other spreadsheet programs find the same? Tried when it was built, from the formulas alone"
    )
    row += 1
    if not engines:
        _line(sheet, row, 0, "not recalculated: run sheetgen check on this file", "cell", "muted")
        return row + 2
    names = "program", "version", "cells compared", "largest difference", "found in", None, "what it is"
    common.heads(sheet, row, 0, (*names, *[None] * (LAST_COLUMN - 6)), "lcccl")
    for k, result in enumerate(engines, row + 1):
        sheet.put(k, 0, result.engine, "cell")
        sheet.put(k, 1, result.version, "cell", "center")
        common.numbers(sheet, k, 2, (result.cells, result.worst), ("whole", "relative"))
        common.across(sheet, k, 4, (result.where, None), "cell", "muted")
        _line(sheet, k, 6, PROGRAMS.get(result.engine, ""), "cell", "muted")
    return row + len(engines) + 2
