"""Recomputation's worked number: one gradient in three ways, live, side by side, each with its numbers put in."""

from __future__ import annotations

from collections.abc import Iterator

from sheetgen.writer.book import Sheet
from sheetgen.writer.digits import scientific, text_of
from sheetgen.writer.plan import NONE
from sheetgen.writer.sheets import recomputed
from sheetgen.writer.sheets.common import across, heads, merge
from sheetgen.writer.trace import FIRST_ROW, at_row, guarded, letter

WAYS = (
    (2, 4, "the chain rule written out, on Training"),
    (5, 7, "delta (dE/do, how E changes with the unit's sum) × input"),
    (8, 9, "E a little up less E a little down"),
)  # the first and the last column, and in words
LONGEST = 4_000  # characters
HEIGHTS = 28, 54, 28  # pixels: of what it is, of the number, of the numbers put in


def write(sheet: Sheet, layout: recomputed.RecomputationLayout) -> None:
    """Write the first gradient of the last layer, before the first update; a way that takes too long is left out."""
    program, side, row = layout.run.program, layout.sides[0], recomputed.WAYS_ROW
    weight = program.network.layers[-1].weights.flat[0]
    gradient = layout.again.gradient_of[weight]
    ways = (
        side.live_of(gradient), side.text(layout.again.expected[gradient]), layout.differences.quotients.get(weight)
    )  # fmt: skip
    form = layout.run.style(gradient.name or "")
    heads(sheet, row, 0, [f"{gradient.name}, three ways", *[None] * 9], "l")
    across(sheet, row + 1, 0, ["in iteration 0", *[None] * 9], "bold")
    across(sheet, row + 2, 0, ["with its numbers put in", *[None] * 9], "cell", "muted")
    for (first, last, words), formula, spelt in zip(WAYS, ways, _spelt(sheet, layout), strict=True):
        if formula and len(formula) <= LONGEST:
            sheet.put(row, first, words, "head", "left")
            live = guarded(at_row(formula, FIRST_ROW), program.spec.bounded)
            lines = (live, ("picture", form)), (at_row(spelt, FIRST_ROW), ("body", "numbers", "unbroken"))
            for k, (told, look) in enumerate(lines, 1):
                merge(sheet, (row + k - 1, first, row + k - 1, last), *look)
                sheet.live(row + k, first, f'IF(inputs_no_number>0,"{NONE}",{told})', *look)
            scientific(sheet, (row, first, row, first), form)
    for k, height in enumerate(HEIGHTS):
        sheet.set_row_pixels(row - 1 + k, height)


def _spelt(sheet: Sheet, layout: recomputed.RecomputationLayout) -> Iterator[str]:
    """The formulas of what the ways multiply; of a batch, whose samples are added up, in words."""
    again, side, net = layout.again, layout.sides[0], layout.run.program.network
    unit, h = net.layers[-1].a.item(0, 0), net.layers[-1].h.item(0, 0)
    x = (net.layers[-2].a if len(net.layers) > 1 else net.inputs).item(0, 0)
    if (samples := layout.run.program.spec.samples) > 1:
        yield from [f'"added up over the {samples} samples"'] * 2
    else:
        places = []
        factors = (f"dE/d{unit.name}", again.flows[unit]), (f"d{unit.name}/d{h.name}", again.flows[h])
        for k, (name, c) in enumerate(factors, recomputed.TABLE_TOP + 2):
            sheet.put(k, layout.aside - 1, f"{name} in iteration 0", "muted", "right")
            told = guarded(at_row(side.text(c), FIRST_ROW), layout.run.program.spec.bounded)
            sheet.live(k, layout.aside, told, "muted", "left", "general")
            places.append(f"${letter(layout.aside)}${k}")
        yield _product(*places, str(side.ref(x)))
        yield _product(str(side.ref(again.deltas[h])), str(side.ref(x)))
    yield f'"(E+ − E−) / 2ε with ε = "&{text_of(layout.differences.step)}'


def _product(*addresses: str) -> str:
    return '&" × "&'.join(map(text_of, addresses))
