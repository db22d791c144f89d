"""Workings of Live CNN: where the windows and kernels of each layer stand, and those of the layer that is chosen."""

from __future__ import annotations

from typing import NamedTuple

from mnist.live import Live
from mnist.sheets.screen import BLOCKS, MAP, SIZE, WORK, on_layers, work
from sheetgen.excel.a1 import Area, area
from sheetgen.writer.book import Sheet
from sheetgen.writer.planes.layout import Written
from sheetgen.writer.planes.worked import Parts, element, parts, pooled
from sheetgen.writer.sheets import layers
from sheetgen.writer.sheets.common import across
from sheetgen.writer.trace import letter

NO_LAYER = "no such layer"
ORDERS = (), ("relu",), ("norm",), ("relu", "norm")  # of what is done with a sum, that is worked out
MOST = 16  # input channels that have a place
TABLE = BLOCKS + 1  # the row of the heading


class Facts(NamedTuple):
    """Of a layer: rows and columns, counted from 1, of the window of its first cell, and the steps from there.

    The window's cell (i, j) of block b is `i * apart + b` rows and j columns from its first: a block is an input
    channel. Of a kernel of one cell, each block has two channels, one below the other.
    """

    channels: int
    height: int
    width: int
    row: int  # of its first cell, as the column
    column: int
    kind: str  # conv, max, or other
    stride: int  # of its map
    zoom: int  # of its channel in full: how many cells a side one activation has
    top: int = 0
    left: int = 0
    down: int = 0  # rows to the window of the next row
    right: int = 0  # columns to that of the next column
    next: int = 0  # rows to that of the next channel
    apart: int = 0
    high: int = 0  # rows of a block
    wide: int = 0
    blocks: int = 0
    kernel: int = 0  # its first row on CNN weights
    at: int = 0  # its first column
    step: int = 0  # columns to the next kernel
    relu: int = 0
    norm: int = 0
    scale: int = 0  # row on CNN weights
    shift: int = 0
    first: int = 0  # column of both


NAMES = Facts._fields
CHOSEN = {name: k for k, name in enumerate(("number", *NAMES))}  # columns of the row of the layer chosen


def row(cnn: Live) -> int:
    """The row of the facts about the layer that is chosen."""
    return TABLE + len(cnn.layout.written) + 2


class Chosen:
    """Addresses of the facts about the layer that is chosen, by their names."""

    def __init__(self, cnn: Live) -> None:
        self.row = row(cnn)

    def __getitem__(self, name: str) -> str:
        return work(self.row, CHOSEN[name])


def of_layer(written: Written) -> Facts:
    """The facts of a layer, read off its formulas: of its first cell, and of those a row, a column, a channel on."""
    channels, height, width = written.block.planes
    stride, zoom = -(-width // MAP), max(1, SIZE // max(height, width))
    plane = channels, height, width, int(written.rows.min()) + 1, int(written.columns.min()) + 1
    spots = (0, 0, 0), (0, min(1, height - 1), 0), (0, 0, min(1, width - 1)), (min(1, channels - 1), 0, 0)
    numbers = [element(written, *spot) for spot in spots]
    pools = [rows for k in numbers if (rows := pooled(written.formulas[k])) is not None]
    found = [p for k in numbers if (p := parts(written, k)) is not None]
    if len(pools) == len(spots) and len(pools[0]) > 1:
        (first, below, aside, after), second = (rows[0] for rows in pools), pools[0][1]
        near = Facts(*plane, "max", stride, zoom, blocks=1, high=len(pools[0]), apart=second.row - first.row)
    elif len(found) == len(spots) and found[0].whole and not found[0].bias and found[0].steps in ORDERS:
        first, below, aside, after = (area(p.window) for p in found)
        near = _kernel(Facts(*plane, "conv", stride, zoom), written, found[0], area(found[3].kernel))
    else:
        return Facts(*plane, "other", stride, zoom)
    near = near._replace(top=first.row, left=first.column, wide=first.last_column - first.column + 1)
    down, right = below.row - first.row, aside.column - first.column
    return near._replace(down=down, right=right, next=after.row - first.row)


def _kernel(facts: Facts, written: Written, of_first: Parts, following: Area) -> Facts:
    """The kernel, and what is done behind it."""
    _, inner, high, _ = written.block.ops[0].weights["weight"].array.shape
    kernel = area(of_first.kernel)
    blocks, high = (MOST, inner // MOST) if inner > MOST and high == 1 else (inner, high)
    facts = facts._replace(blocks=blocks, high=high, apart=blocks, relu=int("relu" in of_first.steps))
    facts = facts._replace(kernel=kernel.row, at=kernel.column, step=following.column - kernel.column)
    if not of_first.scale:
        return facts
    scale, shift = area(of_first.scale), area(of_first.shift)
    return facts._replace(norm=1, scale=scale.row, shift=shift.row, first=scale.column)


def write(sheet: Sheet, cnn: Live, chosen: str) -> None:
    """Write a row of facts for each layer, and a row that looks up those of the layer named in a cell."""
    axis = ("axis",)
    written = cnn.layout.written
    across(sheet, TABLE, WORK + 1, NAMES, *axis)
    for k, layer in enumerate(written):
        across(sheet, TABLE + 1 + k, WORK + 1, of_layer(layer), *axis)
    here = row(cnn)
    across(sheet, here - 1, WORK, [*CHOSEN], *axis)
    names = on_layers(layers.table_range(cnn.layout, layers.NAME))
    number = work(here, 0)
    sheet.live(here, WORK, f'IFERROR(MATCH({chosen},{names},0),"{NO_LAYER}")', *axis)
    for name in NAMES:
        at = letter(WORK + CHOSEN[name])
        looked = f"INDEX(${at}${TABLE + 1}:${at}${TABLE + len(written)},{number},1)"
        sheet.live(here, WORK + CHOSEN[name], f"IF(ISNUMBER({number}),{looked},{number})", *axis)
