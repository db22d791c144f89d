"""What Start says below its verdict, live: a link to what that is about, and what to do."""

from __future__ import annotations

from collections.abc import Sequence

from sheetgen.writer import plan
from sheetgen.writer.plugins import ChecklistItem
from sheetgen.writer.sheets import autograd_check
from sheetgen.writer.sheets.network import SHOWN_ROW
from sheetgen.writer.trace import quoted

ALL_WELL = "Every number agrees with PyTorch's, and every cell with a second calculation of it."
ALL_WELL_FEWER = ALL_WELL.replace("every cell", "every cell of Training")
TRY = "Type over a yellow cell on Network, or break a formula on Training, and look at this page again."
MEND = "Undo it (Ctrl+Z). Or copy a right cell of its column over it: below its first row a column is one formula."
UNDO = "Undo what was changed last (Ctrl+Z)."
SEE_BELOW = "See the red line under “Checked live, at this moment”, and the sheet Autograd check."
SEE_SHEET = "{}: not so. See what is red on the sheet {}."
SEE_DIFFERENCES = "See what is red on the sheet Finite differences."
TYPE_ROW = "Type there the number of a row that there is."
TYPE_NUMBER = "Until every input is a number, nothing can be checked."
STILL_CHECKED = (
    "Still checked, for your inputs: every cell, and the gradients by differences. Not checked: PyTorch's numbers, "
    "until you type the template's inputs again."
)
STILL_CHECKED_FEWER = (
    "Still checked, for your inputs: every cell of Training, the gradients by differences. Not checked: Learning rates "
    "(too many cells) and, until you type the template's inputs again, PyTorch's numbers."
)


def lines(rates: bool, more: Sequence[ChecklistItem]) -> tuple[str, str]:
    """The formulas of a link to what the verdict is about, and of what to do; `rates`: whether these are recomputed.

    `more` are other packages' lines of the checklist: one that fails alone leads to its own sheet.
    """
    changed = 'HYPERLINK("#"&changed_place,changed_place&": "&changed_input)'
    mend = 'HYPERLINK("#"&changed_place,input_to_mend)'
    well = ALL_WELL if rates else ALL_WELL_FEWER
    checked = STILL_CHECKED if rates else STILL_CHECKED_FEWER
    shown = f"{plan.NETWORK}!B{SHOWN_ROW}"
    others = (
        (f'AND(IFERROR(verdict<>"FAIL",FALSE),IFERROR({v.verdict}="FAIL",TRUE))',
         f'HYPERLINK("#{quoted(v.sheet)}!A1","{SEE_SHEET.format(v.label, v.sheet)}")', UNDO)
        for v in more
    )  # fmt: skip
    cases = (
        ('$A$4="PASS"', f'HYPERLINK("#{plan.RECOMPUTED}!A1","{well}")', TRY),
        ("inputs_no_number>0", mend, TYPE_NUMBER),
        ("cells_that_differ>0", autograd_check.broken_link(), MEND),
        ('differences_verdict="FAIL"', f'HYPERLINK("#{quoted(plan.DIFFERENCES)}!A1","{SEE_DIFFERENCES}")', UNDO),
        *others,
        ('$A$4="FAIL"', f'HYPERLINK("#{quoted(plan.CHECK)}!A1","{SEE_BELOW}")', UNDO),
        ("ISTEXT(row_number)", f'HYPERLINK("#{shown}","{shown}: "&row_number)', TYPE_ROW),
    )
    what, do = changed, f'"{checked}"'
    for test, link, text in reversed(cases):
        what, do = f"IF({test},{link},{what})", f'IF({test},"{text}",{do})'
    return what, do
