"""The sheet of planes: a table of what stands on it, then every activation as one formula."""

from __future__ import annotations

from collections.abc import Sequence

from sheetgen.network.torch.graph import Graph
from sheetgen.writer import style
from sheetgen.writer.book import Book, Sheet
from sheetgen.writer.digits import scientific
from sheetgen.writer.planes.blocks import blocks
from sheetgen.writer.planes.layout import Layout, Written
from sheetgen.writer.planes.place import LEFT, TITLE_ROWS, Plane
from sheetgen.writer.sheets import worked_cell
from sheetgen.writer.sheets.common import back, heads, lock, page, section
from sheetgen.writer.trace import letter

TOP = 5  # the row of the worked cell's title, counted from 1; of the table's heading, if there is no worked cell
# What the table tells, and in which column: texts run over the empty cells beside them.
NUMBER, NAME, WHAT, CHANNELS, HEIGHT, WIDTH, ROW, COLUMN, COUNT = 0, 2, 6, 18, 20, 22, 24, 26, 28
HEADS = {
    NUMBER: "#", NAME: "name", WHAT: "what each cell is", CHANNELS: "channels", HEIGHT: "height", WIDTH: "width",
    ROW: "first row", COLUMN: "first col.", COUNT: "formulas",
}  # fmt: skip
SUBTITLE = (
    "Channels are interleaved down the rows, so that the window of every cell is one block of the plane above it. "
    "Grey zeros are padding. Locked: nothing here is to be typed."
)


def table(graph: Graph) -> int:
    """The row of the table's heading, counted from 1, below the worked cell."""
    return TOP + worked_cell.rows(graph)


def first_plane(graph: Graph) -> int:
    """The row, counted from 0, from which the planes of a network stand, below the table."""
    return table(graph) + len(blocks(graph)) + 2


def short(k: int, written: Written) -> str:
    """The name that the table and a person's list have for a block."""
    block = written.block
    planes = " × ".join(map(str, block.planes))
    name = block.text if block.layer == block.ops[0].kind else block.layer
    return f"{k + 1}  {name.partition(',')[0][:40]}  ({planes})"


def table_range(layout: Layout, column: int) -> str:
    """A column of the table, absolute, without the sheet."""
    name, row = letter(column), table(layout.graph)
    return f"${name}${row + 1}:${name}${row + len(layout.written)}"


def write(book: Book, layout: Layout, name: str, heading: str, home: Sequence[str] = ()) -> None:
    """Write the sheet of planes, with links back to the sheets of `home`."""
    sheet = book.sheet(name, heading, SUBTITLE)
    back(sheet, home, 3)
    sheet.set_column_pixels(0, 1, 34)
    widest = max(w.plane.width for w in layout.written if w.plane is not None)
    sheet.set_column_pixels(LEFT, max(LEFT + widest, COUNT + 1), 40)
    worked_cell.write(sheet, layout, TOP)
    _table(sheet, layout)
    for k, written in enumerate(layout.written):
        assert written.plane is not None
        _title(sheet, written, written.plane, short(k, written))
        _cells(sheet, layout, written, written.plane)
    lock(sheet, format_rows=True)
    page(sheet, (3, LEFT), (table(layout.graph) + len(layout.written) + 1, max(LEFT + widest, COUNT + 1)))


def _table(sheet: Sheet, layout: Layout) -> None:
    top = table(layout.graph)
    heads(sheet, top, 0, [HEADS.get(column) for column in range(COUNT + 2)], "l" * CHANNELS + "r")
    line, whole = sheet.style("cell", "fine"), sheet.style("cell", "fine", "whole")
    for k, written in enumerate(layout.written):
        row, plane = top + 1 + k, written.plane
        assert plane is not None
        channels, height, width = written.block.planes
        shown: dict[int, float | str] = {
            NUMBER: k + 1, NAME: short(k, written), WHAT: written.block.text, CHANNELS: channels, HEIGHT: height,
            WIDTH: width, ROW: int(written.rows.min()) + 1, COLUMN: int(written.columns.min()) + 1,
            COUNT: len(written.formulas),
        }  # fmt: skip
        for column in range(COUNT + 2):
            value = shown.get(column)
            blank_beside_text = value is None and column < CHANNELS
            if not blank_beside_text:  # a text runs over cells that are not there
                sheet.put(row, column, value, whole if isinstance(value, int) else line)


def _title(sheet: Sheet, written: Written, plane: Plane, title: str) -> None:
    row = plane.top - TITLE_ROWS + 1
    section(sheet, row, title, 0, LEFT + max(plane.width, 24) - 1)
    at = f"{letter(int(written.columns[0]))}{int(written.rows[0]) + 1}"
    sheet.put(row + 1, 0, f"{written.block.text}.  {at}: {written.formulas[0]}", "muted")
    axis = sheet.style("axis")
    sheet.put(row + 2, 0, "y", axis)
    sheet.put(row + 2, 1, "chan.", axis)
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
    sheet.conditional_format(*area, style.heat())
    scientific(sheet, area, "activation", look="beyond, narrow")
