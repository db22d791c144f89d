"""A cell of the first convolution worked out on the sheet of planes: window × kernel, and what is done with the sum."""

from __future__ import annotations

import numpy as np

from sheetgen.excel.a1 import Area, area
from sheetgen.network.torch.graph import Graph, Operation
from sheetgen.writer import heat
from sheetgen.writer.book import Link, Sheet
from sheetgen.writer.digits import scientific
from sheetgen.writer.planes.layout import Layout, Written
from sheetgen.writer.planes.place import LEFT
from sheetgen.writer.planes.worked import Parts, parts
from sheetgen.writer.sheets.common import colour_words, line, merge, section
from sheetgen.writer.trace import letter

MOST_ROWS, MOST_COLUMNS = 9, 5  # of a window that is shown
STEPS, TEXT = 7, 3  # rows that what is done with the sum may need, its heading included; of the text below the window
HIGH = 30  # pixels of a row
GAP = 1  # columns between two blocks
LABEL, LAST = 8, 30  # columns that the label of a step needs; the last of all
TITLES = ("window: what it sees", "kernel: what it looks for", "products: how they fit")
TELL = (
    "Where ink meets an orange number of the kernel, the product is large; a blue one counts against it. So the sum "
    "says how well the picture fits the kernel just here. The next cell of this layer has its window one step further."
)


def _first(graph: Graph) -> Operation | None:
    """The first convolution, if its window is small enough to be shown."""
    conv = next((op for op in graph.ops if op.kind == "conv"), None)
    if conv is None or max(conv.settings["dilation"]) > 1:
        return None
    _, inner, height, width = conv.weights["weight"].array.shape
    return conv if inner * height <= MOST_ROWS and width <= MOST_COLUMNS else None


def rows(graph: Graph) -> int:
    """How many rows it takes; none where the first convolution's window is too large, or there is no convolution."""
    conv = _first(graph)
    if conv is None:
        return 0
    _, inner, height, _ = conv.weights["weight"].array.shape
    return 3 + max(int(inner * height) + TEXT, STEPS)


def write(sheet: Sheet, layout: Layout, top: int, hint: str) -> None:
    """Write it from a row on, if there is one: the cell with the largest number of the first convolution."""
    conv = _first(layout.graph)
    if conv is None:
        return
    written = next(w for w in layout.written if w.block.ops[0] is conv)
    number = int(np.argmax(layout.values(written.block.out)[0]))
    found = parts(written, number)
    if found is None:
        raise AssertionError(f"{conv.layer}: the formula of a convolution is {written.formulas[number]}")
    cell = f"{letter(int(written.columns[number]))}{int(written.rows[number]) + 1}"
    section(sheet, top, f"Cell {cell}, further down: a window of the picture times a kernel, added up", 0, LAST)
    for row in range(top + 1, top + rows(layout.graph) - 2):
        sheet.set_row_pixels(row, HIGH)
    products = _numbers(sheet, top + 1, (area(found.window), area(found.kernel)), found)
    last = area(products).last_column - 1
    below = area(products).last_row + 1
    merge(sheet, (below - 1, LEFT, below + TEXT - 2, last), "wrap", "middle")
    sheet.put(below, LEFT, f"{TELL} {hint}".strip(), "wrap", "middle")
    _steps(sheet, top + 1, last + 2, (written, found, cell, products))
    sheet.put(top + rows(layout.graph) - 2, LEFT, f"{cell} = {written.formulas[number]}", "formula")


def _numbers(sheet: Sheet, top: int, areas: tuple[Area, Area], found: Parts) -> str:
    """Write the window, the kernel and their products side by side; returns where the products stand."""
    window, _ = areas
    high, wide = window.last_row - window.row + 1, window.last_column - window.column + 1
    before = found.kernel.rpartition("!")[0] + "!"
    lefts = [LEFT + k * (wide + GAP) for k in range(3)]
    for left, title, sign in zip(lefts, TITLES, ("×", "=", "→"), strict=True):
        sheet.put(top, left, title, "muted", "bold")
        sheet.put(top + (high + 1) // 2, left + wide, sign, "big")
    form = sheet.style("window")
    for i, j in np.ndindex(high, wide):
        ours, theirs = (f"{letter(a.column - 1 + j)}{a.row + i}" for a in areas)
        at = [f"{letter(left + j)}{top + 1 + i}" for left in lefts[:2]]
        formulas = (ours, before + theirs, f"{at[0]}*{at[1]}")
        for left, formula in zip(lefts, formulas, strict=True):
            sheet.live(top + 1 + i, left + j, formula, form)
    for left in lefts:
        here = (top, left, top + high - 1, left + wide - 1)
        cells = f"${letter(left)}${top + 1}:${letter(left + wide - 1)}${top + high}"
        sheet.conditional_format(*here, heat.around(cells))
        scientific(sheet, here, "activation", look="beyond, narrow")
    return f"{letter(lefts[2])}{top + 1}:{letter(lefts[2] + wide - 1)}{top + high}"


def _steps(sheet: Sheet, top: int, left: int, what: tuple[Written, Parts, str, str]) -> None:
    """A line for each step from the sum of the products to the cell."""
    written, found, cell, products = what
    none = "" if "bias" in written.block.ops[0].weights else ": this kernel has no bias"
    lines = [(f"all products, added up{none}", "", f"SUM({products})")]
    if found.bias:
        lines.append(("+ bias", found.bias, "{before}+{number}"))
    for kind in found.steps if found.whole else ():
        if kind == "relu":
            lines.append(("ReLU: what is below 0 becomes 0", "", "MAX(0,{before})"))
        else:
            lines.append(("× scale of BatchNorm", found.scale, "{before}*{number}"))
            lines.append(("+ shift of BatchNorm", found.shift, "{before}+{number}"))
    end = min(left + LABEL + 4, LAST)
    number, result = end - 4, end - 2
    line(sheet, top, "what is done with them", left, end, "head")
    for column, name in ((number, "number"), (result, "result")):
        sheet.put(top, column, name, "head", "right")
    look = ("cell", "thousandth", "right")
    for row, (label, given, formula) in enumerate(lines, top + 1):
        line(sheet, row, label, left, end, "cell")
        before, at = f"{letter(result)}{row - 1}", f"{letter(number)}{row}"
        if given:
            sheet.live(row, number, given, *look)
        sheet.live(row, result, formula.format(before=before, number=at), *look)
    row = top + 1 + len(lines)
    then = "" if found.whole else f"then {', then '.join(op.text for op in written.block.ops[1:])}: "
    line(sheet, row, f"{then}the cell {cell} holds", left, end, "cell", "bold")
    sheet.live(row, result, cell, *look, "bold")
    if found.whole:
        ours = f"{letter(result)}{row - 1}"
        test = f'IF(ABS({ours}-{letter(result)}{row})<=10^-9*MAX(1,ABS({ours})),"PASS","FAIL")'
        sheet.live(row, result + 1, test, "cell", "verdict")
        colour_words(sheet, (row - 1, result + 1, row - 1, result + 1))
    scientific(sheet, (top, number, row - 1, result), "number", look="beyond, narrow")
    sheet.link(row, end, Link.to(sheet.name, "see it", "Where the cell stands", cell), "cell")
