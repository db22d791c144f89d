"""Full log: every epoch of every run, as recorded."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import astuple

from mnist.sheets.common import FULL, LOG, heads
from mnist.sheets.runs import COLUMNS, FULL_FIRST, FULL_HEAD, RATE, REACHED, RunRows
from sheetgen.writer.book import Book, Link, Sheet
from sheetgen.writer.digits import scientific
from sheetgen.writer.sheets.common import numbers, opened, page

FORMS = ("millionth", "ten thousandth", "hundredth", "ten thousandth", "hundredth", "tenth")
WIDTHS = (16, 8, 8, 11, 11, 12, 11, 12, 10, 12)
SUBTITLE = (
    "Every epoch of every run, as recorded. Train accuracy is of the images as they were fed, most of them warped."
)


def write(book: Book, logged: Sequence[RunRows]) -> None:
    """Write the sheet."""
    sheet = opened(book, FULL, "Full log", SUBTITLE, WIDTHS)
    sheet.link(3, 2, Link.to(LOG, "→ Training log: its charts", "One run shown, and the charts"))
    heads(sheet, FULL_HEAD, 0, COLUMNS)
    for run in logged:
        for row, epoch in enumerate(run.record.epochs, run.first):
            # The last epoch of a run, which is what counts, is told from the others.
            look = ("bold",) if row == run.last else ()
            sheet.put(row, 0, run.claim, "cell", *look)
            numbers(sheet, row, 1, (run.record.seed, *astuple(epoch)), ("whole", "whole", *FORMS), *look)
            mark(sheet, row)
    last = logged[-1].last
    scientific(sheet, (FULL_FIRST - 1, RATE, last - 1, RATE + 5), "number", look="beyond, short")
    sheet.set_portrait()
    page(sheet, (FULL_HEAD, 0), (last, len(COLUMNS) - 1), repeat=True)


def mark(sheet: Sheet, row: int) -> None:
    """The epoch if the target is reached in it, else a dash."""
    formula = f'IF(AND(ISNUMBER(mnist_target),ISNUMBER(H{row}),H{row}>=mnist_target),C{row},"–")'
    sheet.live(row, REACHED, formula, "cell", "center", "whole", "muted")
