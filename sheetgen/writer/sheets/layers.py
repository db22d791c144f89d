"""The sheet of planes: one cell worked out, a table of the layers in words, then every activation as one formula."""

from __future__ import annotations

from collections.abc import Sequence

from sheetgen.network.torch.graph import Graph, Operation
from sheetgen.writer import heat
from sheetgen.writer.book import Book, Link, Sheet, Value
from sheetgen.writer.digits import scientific
from sheetgen.writer.planes.blocks import Block, blocks
from sheetgen.writer.planes.layout import Layout, Written
from sheetgen.writer.planes.place import LEFT, TITLE_ROWS, Plane
from sheetgen.writer.sheets import worked_cell
from sheetgen.writer.sheets.common import back, line, lock, merge, page, section
from sheetgen.writer.trace import letter

HEADING = "Where does one cell of a network come from?"
TOP = 5  # the row of the worked cell's title, counted from 1; of the table's heading, if there is no worked cell
# What the table tells, and in which column: texts run over the empty cells beside them.
NAME, WHAT, COUNT, LAST = 0, 6, 26, 30
SUBTITLE = (
    "Each cell looks at a small window of the layer above it. Here is one, number by number; then every layer in its "
    "order, each cell a formula."
)
ORDER = (
    "Channels stand below one another, row by row: so the window of a cell is one block. Grey zeros are padding. The "
    "sheet is locked, for all of it follows from the picture."
)
# What the steps of a softmax are called, and what they are.
SOFTMAX = {
    "largest": "the largest of the numbers above",
    "difference, then exp": "e to the power of: the number − the largest",
    "sum": "all these powers, added up",
    "quotient": "the power / that sum: a probability",
}
REDUCED = {"MAX": ("max", "the largest of its window"), "AVERAGE": ("mean", "the mean of its window")}
BEHIND = {"relu": "ReLU", "norm": "BatchNorm"}


def table(graph: Graph) -> int:
    """The row of the table's heading, counted from 1, below the worked cell."""
    return TOP + worked_cell.rows(graph)


def first_plane(graph: Graph) -> int:
    """The row, counted from 0, from which the planes of a network stand, below the table."""
    return table(graph) + len(blocks(graph)) + 3


def short(k: int, written: Written) -> str:
    """The name that the table and a person's list have for a block."""
    block = written.block
    planes = " × ".join(map(str, block.planes))
    name = block.text if block.layer.isdigit() or block.layer == block.ops[0].kind else block.layer
    before = "input " if block.ops[0].kind == "scalar" and name[0] in "+-−*×/" else ""
    return f"{k + 1}  {before}{name.partition(',')[0][:40]}  ({planes})"


def plain(block: Block) -> str:
    """What each cell of a block is, in words."""
    if block.layer == "softmax" and block.text in SOFTMAX:
        return SOFTMAX[block.text]
    first, *behind = block.ops
    return ", then ".join(dict.fromkeys([_first(first), *(BEHIND.get(op.kind, op.text) for op in behind)]))


def _first(op: Operation) -> str:
    """What is computed first."""
    if op.kind == "scalar":
        return f"the number above it {op.text}"
    if "Pool" in op.text and op.settings.get("f") in REDUCED:
        return _pooled(op)
    if op.kind == "linear":
        return f"all {op.weights['weight'].array.shape[1]} numbers above × their weights, added up"
    if op.kind == "copy":
        return "the same number once more, where there is room for zeros around it"
    if op.kind != "conv":
        return op.text
    _, inner, height, width = op.weights["weight"].array.shape
    if height == width == 1:
        return f"the {inner} numbers above × their weights, added up"
    read = "the channel" if inner == 1 else f"all {inner} channels"
    return f"a {height} × {width} window of {read} above × a kernel, added up"


def _pooled(op: Operation) -> str:
    """A pooling in words: of windows of one size, or of as many as cover its input."""
    kind, cell = REDUCED[op.settings["f"]]
    name, _, size = op.text.partition(" ")
    sides = size if "×" in size else f"{size} × {size}"
    return f"{sides} {kind}-pooling: {cell}" if not name.startswith("Adaptive") else f"{cell} ({op.text})"


def table_range(layout: Layout, column: int) -> str:
    """A column of the table, absolute, without the sheet."""
    name, row = letter(column), table(layout.graph)
    return f"${name}${row + 1}:${name}${row + len(layout.written)}"


def write(book: Book, layout: Layout, name: str, home: Sequence[str] = (), hint: str = "") -> None:
    """Write the sheet of planes, with links back to the sheets of `home`; the hint says where to look further."""
    sheet = book.sheet(name, HEADING, SUBTITLE)
    back(sheet, home, 3)
    sheet.set_column_pixels(0, 1, 34)
    widest = max(w.plane.width for w in layout.written if w.plane is not None)
    sheet.set_column_pixels(LEFT, max(LEFT + widest, LAST), 40)
    worked_cell.write(sheet, layout, TOP, hint)
    _table(sheet, layout)
    for k, written in enumerate(layout.written):
        assert written.plane is not None
        _title(sheet, written, written.plane, short(k, written))
        _cells(sheet, layout, written, written.plane)
    lock(sheet, format_rows=True)
    page(sheet, (3, LEFT), (table(layout.graph) + len(layout.written) + 1, LAST))
    sheet.fit_to_pages(1, 1)


def _table(sheet: Sheet, layout: Layout) -> None:
    top = table(layout.graph)
    _row(sheet, top, ("layer, by PyTorch’s name", "each of its cells is", "cells"), "head")
    sheet.put(top, LAST, "begins at", "head", "right")
    for row, written in enumerate(layout.written, top + 1):
        assert written.plane is not None
        name = short(row - top - 1, written)
        _row(sheet, row, (name, plain(written.block), len(written.formulas)), "cell")
        there = f"A{written.plane.top - TITLE_ROWS + 1}"
        sheet.link(row, LAST, Link.to(sheet.name, cell(written), "Go to this layer", there), "cell", "right")
    sheet.put(top + 1 + len(layout.written), 0, ORDER, "muted")


def _row(sheet: Sheet, row: int, shown: tuple[str, str, Value], look: str) -> None:
    """A row of the table: its lines go on below what is empty."""
    line(sheet, row, shown[0], NAME, WHAT - 1, look)
    line(sheet, row, shown[1], WHAT, COUNT - 1, look)
    merge(sheet, (row - 1, COUNT, row - 1, COUNT + 1), look, "whole", "right")
    sheet.put(row, COUNT, shown[2], look, "whole", "right")
    line(sheet, row, None, COUNT + 2, LAST, look)


def cell(written: Written, number: int = 0) -> str:
    """The address of one of a block's numbers, without the sheet."""
    return f"{letter(int(written.columns[number]))}{int(written.rows[number]) + 1}"


def _title(sheet: Sheet, written: Written, plane: Plane, title: str) -> None:
    row = plane.top - TITLE_ROWS + 1
    section(sheet, row, title, 0, LEFT + max(plane.width, 24) - 1)
    said = plain(written.block)
    told = f"{said[0].upper()}{said[1:]}: {cell(written)} = {written.formulas[0]}"
    sheet.put(row + 1, 0, told, "muted")
    axis = sheet.style("axis")
    sheet.put(row + 2, 0, "row", axis)
    sheet.put(row + 2, 1, "channel", axis)
    left = int(written.columns.min())
    for x in range(written.block.planes[2]):
        sheet.put(row + 2, left + x, x, axis)


def _cells(sheet: Sheet, layout: Layout, written: Written, plane: Plane) -> None:
    form, axis = sheet.style("activation"), sheet.style("axis")
    sheet.filled(plane.top + 1, LEFT, plane.top + plane.height, LEFT + plane.width - 1)
    values = layout.values(written.block.out)[0].ravel().tolist()
    for row, column, formula, value in zip(
        written.rows.tolist(), written.columns.tolist(), written.formulas, values, strict=True
    ):
        sheet.fill(row + 1, column, formula, value, form)
    channels, height, _ = written.block.planes
    down, aside = plane.block.margin
    for y in range(-down, height + down):
        for c in range(channels):
            row = plane.top + (y + down) * channels + c + 1
            inside = 0 <= y < height
            if inside and c == 0:
                sheet.put(row, 0, y, axis)
            sheet.put(row, 1, c, axis)
            if down or aside:
                _zeros(sheet, row, plane, aside if inside else plane.width)
    _heat(sheet, plane)


def _zeros(sheet: Sheet, row: int, plane: Plane, count: int) -> None:
    """Padding: the first and last cells of a row, or all of it."""
    padding = sheet.style("activation", "padding")
    columns: Sequence[int] = range(plane.width)
    if count < plane.width:
        columns = [*range(count), *range(plane.width - count, plane.width)]
    for k in columns:
        sheet.put(row, LEFT + k, 0.0, padding)


def _heat(sheet: Sheet, plane: Plane) -> None:
    (down, aside), (channels, height, width) = plane.block.margin, plane.block.planes
    top = plane.top + down * channels
    left = LEFT + aside
    area = top, left, top + height * channels - 1, left + width - 1
    sheet.conditional_format(*area, heat.between())
    scientific(sheet, area, "activation", look="beyond, narrow")
