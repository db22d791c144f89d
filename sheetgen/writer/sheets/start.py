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
from sheetgen.writer.sheets import autograd_check, common, template
from sheetgen.writer.sheets.network import SHOWN_ROW
from sheetgen.writer.trace import quoted

INDEX = (
    (plan.IDEAS, "first a picture: what a gradient is, why we go downhill"),
    (plan.NETWORK, "the inputs, and the network drawn with live numbers"),
    (plan.STEPS, "the derivation in six steps, with the numbers put in"),
    (plan.TRAINING, "a row per update, charts of the error, weights and gradients"),
    (plan.RATES, "the same training at several learning rates, and at yours"),
    (plan.LABORATORY, "put a slip in and see who notices; the loss landscape"),
    (plan.CHECK, "every number of every row beside PyTorch's"),
    (plan.RECOMPUTED, "every cell a second time: it names the broken one"),
    (plan.DIFFERENCES, "the gradients of the row shown, numerically, for any input"),
    (plan.TEMPLATE, "the description this workbook was built from"),
)

# The index in its groups; whatever is in none of them stands in LOOK, other packages' sheets in groups of their own.
PATH = (plan.IDEAS, plan.NETWORK, plan.STEPS, plan.TRAINING, plan.LABORATORY)
CHECKS = (plan.CHECK, plan.RECOMPUTED, plan.DIFFERENCES)
BEGIN, LOOK, CHECK, MORE = "Begin here, in this order", "Look further", "Check", "A network that reads digits (MNIST)"

TRY_HEAD = "Try this"
HOW_TO = (
    "Type over a yellow cell on Network: the drawing, the steps and every row of training follow.",
    "Set “row shown” on Network to walk through the training; 0 rewinds.",
    "Break a formula on Training: this page turns red and names the cell. Undo (Ctrl+Z) mends it.",
    "Type a learning rate of your own on Learning rates: is it faster?",
)

FORMULON = "Formulon's makers compare its results bit for bit with those of Excel 365; it is not Excel itself."

VERDICT_ROW, LAST_COLUMN = 4, 4
WIDTHS = 30, 18, 34, 20, 72, 3
LEFT_END, RIGHT = 2, 3  # of the index: the last column of its left half, the first of its right half
PASS_CHANGED = "PASS for your inputs"
ALL_WELL = "Every number equals PyTorch's, and every cell its second computation."
TRY = "Type over a yellow cell on Network, or break a formula on Training, and look at this page again."
MEND = "Undo it (Ctrl+Z). Or copy a right cell of its column over it: below its first row a column is one formula."
UNDO = "Undo what was changed last (Ctrl+Z)."
SEE_BELOW = "See the red line under “Checked live, at this moment”, and the sheet Autograd check."
SEE_DIFFERENCES = "See what is red on the sheet Finite differences."
TYPE_ROW = "Type there the number of a row that there is."
TYPE_NUMBER = "Every input must be a number: type one there, or undo (Ctrl+Z)."
STILL_CHECKED = (
    "Still checked, for your inputs: every cell, and the gradients by differences. Not checked: PyTorch's numbers, "
    "until you type the template's inputs again."
)
STILL_CHECKED_FEWER = (
    "Still checked, for your inputs: every cell of Training, the gradients by differences. Not checked: Learning rates "
    "(too many cells) and, until you type the template's inputs again, PyTorch's numbers."
)


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


class Content(NamedTuple):
    """The other sheets as Start tells of them: how many cells are compared with PyTorch, and what is recomputed."""

    spec: Spec
    compared: int
    rates_recomputed: bool


def write(book: Book, content: Content, oracle: plan.Oracle, made: Made) -> None:
    """Write the sheet Start; it was added first, so that it stands first."""
    verdicts = [v for extra in made.extras for v in extra.verdicts]
    sheet = book.workbook.get_worksheet_by_name(plan.START)
    spec = content.spec
    common.columns(sheet, WIDTHS)
    row = _verdict(sheet, content.rates_recomputed, verdicts)
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
    sheet.print_area(0, 0, row + len(facts) - 1, 4)
    sheet.fit_to_pages(1, 1)
    common.lock(sheet, format_columns=False)
    sheet.activate()
    sheet.set_first_sheet()


def _section(sheet: Sheet, row: int, title: str) -> None:
    common.section(sheet, row, title, 0, LAST_COLUMN, common.SECTION_HEIGHT)


def _line(sheet: Sheet, row: int, first: int, text: str, *styles: str) -> None:
    common.line(sheet, row, text, first, LAST_COLUMN, *styles)


def _verdict(sheet: Sheet, rates: bool, verdicts: Sequence[ChecklistItem]) -> int:
    """The certificate in one cell, live; then the cell that is broken or the input that was changed, and what to do."""
    names = ["verdict", "recomputation_verdict", "differences_verdict", *(v.verdict for v in verdicts)]
    failed = ",".join(f'{name}="FAIL"' for name in names)
    right = f'IF(ISTEXT(row_number),row_number,IF(inputs_changed>0,"{PASS_CHANGED}","PASS"))'
    sheet.set_row_pixels(3, 44)
    common.merge(sheet, (3, 0, 3, LAST_COLUMN), "big")
    sheet.live(VERDICT_ROW, 0, f'IF(IFERROR(OR({failed}),TRUE),"FAIL",{right})', "big")
    sheet.define(certificate="$A$4")
    what, do = _advice(rates)
    for row, formula, look in ((5, what, "link"), (6, do, "muted")):
        _line(sheet, row, 0, Formula(formula), look)
    area = 3, 0, 3, LAST_COLUMN
    common.colour_words(sheet, area, "$A$4", stop=True)
    common.colour(sheet, area, "ISTEXT($A$4)", "note", stop=True)
    sheet.set_row_pixels(6, 10)
    return 8


def _advice(rates: bool) -> tuple[str, str]:
    """The formulas of a link to what the verdict is about, and of what to do; `rates`: whether these are recomputed."""
    changed = 'HYPERLINK("#"&changed_place,changed_place&": "&changed_input)'
    checked = STILL_CHECKED if rates else STILL_CHECKED_FEWER
    shown = f"{plan.NETWORK}!B{SHOWN_ROW}"
    cases = (
        ('$A$4="PASS"', f'HYPERLINK("#{plan.RECOMPUTED}!A1","{ALL_WELL}")', TRY),
        ("inputs_no_number>0", changed, TYPE_NUMBER),
        ("cells_that_differ>0", autograd_check.broken_link(), MEND),
        ('differences_verdict="FAIL"', f'HYPERLINK("#{quoted(plan.DIFFERENCES)}!A1","{SEE_DIFFERENCES}")', UNDO),
        ('$A$4="FAIL"', f'HYPERLINK("#{quoted(plan.CHECK)}!A1","{SEE_BELOW}")', UNDO),
        ("ISTEXT(row_number)", f'HYPERLINK("#{shown}","{shown}: "&row_number)', TYPE_ROW),
    )
    what, do = changed, f'"{checked}"'
    for test, link, text in reversed(cases):
        what, do = f"IF({test},{link},{what})", f'IF({test},"{text}",{do})'
    return what, do


def _index(sheet: Sheet, row: int, more: Sequence[tuple[str, str]]) -> int:
    """The way to go and the other sheets at the left; what to try, and other packages' sheets, at the right."""
    about = dict(INDEX)
    rest = [name for name in about if name not in (*PATH, *CHECKS)]
    left = right = row
    for title, names in ((BEGIN, PATH), (LOOK, rest), (CHECK, CHECKS)):
        lines = [(name, about[name]) for name in names if name in about]
        left = _group(sheet, left, (0, LEFT_END), title, lines)
    if more:
        right = _group(sheet, right, (RIGHT, LAST_COLUMN), MORE, more)
    common.line(sheet, right, TRY_HEAD, RIGHT, LAST_COLUMN, "section", "indent")
    for k, text in enumerate(HOW_TO, right + 1):
        common.line(sheet, k, f"•  {text}", RIGHT, LAST_COLUMN, "text", "indent")
    return max(left, right + len(HOW_TO) + 2)


def _group(sheet: Sheet, row: int, columns: tuple[int, int], title: str, lines: Sequence[tuple[str, str]]) -> int:
    """A part of the index, in some columns; those of the way to go are numbered."""
    first, last = columns
    inside = ("indent",) if first else ()  # from the half at the left
    common.line(sheet, row, title, first, last, "section", *inside)
    for k, (name, about) in enumerate(lines, 1):
        text, look = (f"{k}   {name}", ("bold",)) if title == BEGIN else (name, ())
        sheet.link(row + k, first, Link.to(name, text, f"Go to {name}"), "cell", *look, *inside)
        common.line(sheet, row + k, about, first + 1, last, "cell")
    return row + len(lines) + 2


def _checklist(sheet: Sheet, row: int, cells: int, verdicts: Sequence[ChecklistItem]) -> int:
    """Each line is a formula: it changes while a person works in the file."""
    _section(sheet, row, "Checked live, at this moment")
    lines = (
        ("every number equals PyTorch's", "verdict", "relative", "worst_difference",
         "worst relative difference; 1e-9 is allowed"),
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
        sheet.put(k, 0, name, "cell", "bold")
        sheet.live(k, 1, formula, "cell", "verdict")
        sheet.live(k, 2, detail, "cell", form, "right")
        _line(sheet, k, 3, text, "cell", "muted", "indent")
    area = (row, 1, row + len(lines) - 1, 1)
    first = f"$B{row + 1}"
    passed, failed = f'OR({first}="PASS",{first}="yes")', f'{first}="FAIL"'
    for test, look in ((passed, "pass"), (failed, "fail"), (f"ISTEXT({first})", "note")):
        common.colour(sheet, area, test, look, stop=True)
    return row + len(lines) + 2


def _certificate(sheet: Sheet, row: int, engines: Sequence[EngineLine]) -> int:
    """Write what the engines found: plain numbers, for no formula can know them."""
    _section(sheet, row, "Recalculated when it was built, from formulas alone")
    row += 1
    if not engines:
        _line(sheet, row, 0, "not recalculated: run sheetgen check on this file", "cell", "muted")
        return row + 2
    common.heads(sheet, row, 0, ("engine", "version", "cells compared", "worst difference", "where"), "lcccl")
    for k, result in enumerate(engines, row + 1):
        sheet.put(k, 0, result.engine, "cell")
        sheet.put(k, 1, result.version, "cell", "center")
        common.numbers(sheet, k, 2, (result.cells, result.worst), ("whole", "relative"))
        sheet.put(k, 4, result.where, "cell", "muted")
    row += len(engines) + 1
    if any(result.engine == "Formulon" for result in engines):
        _line(sheet, row, 0, FORMULON, "cell", "muted")
        row += 1
    return row + 1
