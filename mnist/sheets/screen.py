"""Where everything stands on Live CNN: a grid of small square cells, and the workings right of what a screen shows."""

from __future__ import annotations

from mnist import digits
from mnist.live import LAYERS, LEFT, SEEN, TOP, WEIGHTS, Live
from sheetgen.writer.book import Sheet, Value
from sheetgen.writer.sheets.common import merge
from sheetgen.writer.trace import letter, quoted

SIZE = digits.SIZE
PIXEL = 9  # pixels of the screen for one of the image: the answer and a band of maps are seen at once
MARGIN = 18  # pixels of the screen for the numbers of the rows
PANEL = SEEN + SIZE + 2  # the first column of the results
RIGHT = 130  # the last column that is seen or printed
WORK = RIGHT + 16  # the first column of the workings: where numbers stand that formulas look up
MAP, ACROSS, BANDS = 14, 8, 2  # the side of a small map; maps side by side, and how many such bands there are
STEP = MAP + 1  # from one map to the next
CHOICE = 3  # the row of the image that is chosen
STRIP = TOP + SIZE + 1  # the row of the strip's title
MAPS = STRIP + 2  # the row of the first maps' first cells
VIEW = MAPS + BANDS * STEP + 2  # the title of one channel in full
GRID = VIEW + 3  # its first row
BLOCKS = GRID + SIZE + 1  # the title of the windows and kernels
LAST = BLOCKS + 21  # the last row that is printed


def pixel_rows() -> list[int]:
    """The rows of square cells."""
    maps = [MAPS + band * STEP + y for band in range(BANDS) for y in range(MAP)]
    return [*range(TOP, TOP + SIZE), *maps, *range(GRID, GRID + SIZE)]


def lay(sheet: Sheet) -> None:
    """Set the widths and heights of the grid."""
    sheet.set_column_pixels(0, 0, MARGIN)
    sheet.set_column_pixels(LEFT, WORK - 1, PIXEL)
    for row in pixel_rows():
        sheet.set_row_pixels(row - 1, PIXEL)


def work(row: int, column: int) -> str:
    """The absolute address of a cell of the workings, its column counted from their first."""
    return f"${letter(WORK + column)}${row}"


def wide(sheet: Sheet, row: int, columns: tuple[int, int], value: Value, *look: str, rows: int = 2) -> None:
    """Write what a small cell has no room for over several columns and rows."""
    first, last = columns
    merge(sheet, (row - 1, first, row + rows - 2, last), *look)
    sheet.put(row, first, value, *look)


def on_layers(cells: str) -> str:
    """Cells of the sheet CNN layers, as a formula of another sheet refers to them."""
    return f"{quoted(LAYERS)}!{cells}"


def on_weights(cells: str) -> str:
    """Cells of the sheet CNN weights, as a formula of another sheet refers to them."""
    return f"{quoted(WEIGHTS)}!{cells}"


def far_row(cnn: Live) -> int:
    """The first row, counted from 1, of the planes no wider than a map; the wider ones stand above them."""
    return min(int(w.rows.min()) for w in cnn.layout.written if w.block.planes[2] <= MAP) + 1


def ends(cnn: Live) -> tuple[int, int, int]:
    """(first column from 0, last column, last row from 1) of the planes on CNN layers, a margin included."""
    written = cnn.layout.written
    left = min(int(w.columns.min()) for w in written)
    right = max(int(w.columns.max()) for w in written)
    return left, right + 1, max(int(w.rows.max()) for w in written) + 1
