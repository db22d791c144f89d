"""Recomputation's worked number: one gradient in three ways, live, side by side."""

from __future__ import annotations

from sheetgen.writer.book import Formula, Sheet, Value
from sheetgen.writer.digits import scientific
from sheetgen.writer.plan import NONE
from sheetgen.writer.sheets import recomputed
from sheetgen.writer.sheets.common import across, heads
from sheetgen.writer.trace import FIRST_ROW, at_row, guarded

WAYS = (
    (2, "the chain rule written out, on Training"),
    (5, "its output's delta, dE/do, times what came in"),
    (8, "E a little up less E a little down, over 2ε"),
)  # where, and in words
LONGEST = 4_000  # characters


def write(sheet: Sheet, layout: recomputed.RecomputationLayout) -> None:
    """Write the first gradient of the last layer, before the first update; a way that takes too long is left out."""
    program, side, row = layout.run.program, layout.sides[0], recomputed.WAYS_ROW
    weight = program.network.layers[-1].weights.flat[0]
    gradient = layout.again.gradient_of[weight]
    ways = (
        side.live_of(gradient), side.text(layout.again.expected[gradient]), layout.differences.quotients.get(weight)
    )  # fmt: skip
    form = layout.run.style(gradient.name or "")
    names: list[str | None] = [f"{gradient.name}, three ways", *[None] * 9]
    values: list[Value | None] = ["in iteration 0", *[None] * 9]
    for (column, words), formula in zip(WAYS, ways, strict=True):
        if formula and len(formula) <= LONGEST:
            names[column] = words
            told = guarded(at_row(formula, FIRST_ROW), program.spec.bounded)
            values[column] = Formula(f'IF(inputs_no_number>0,"{NONE}",{told})')
            scientific(sheet, (row, column, row, column), form)
    heads(sheet, row, 0, names, "l")
    sheet.set_row_pixels(row - 1, 24)
    sheet.set_row_pixels(row, 30)
    across(sheet, row + 1, 0, values, "cell", "result", "left", form)
