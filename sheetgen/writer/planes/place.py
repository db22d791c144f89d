"""Where every element stands: planes one below the other, or one row for every sample; and ranges of elements."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from sheetgen.network.torch.graph import Array, CannotExport
from sheetgen.writer.planes.blocks import Block
from sheetgen.writer.trace import LAST_COLUMN, LAST_ROW, THIS, letter, quoted

TITLE_ROWS = 3  # above each plane: its title, what its formulas do, the numbers of its columns
LEFT = 2  # columns with the numbers of the row and of the channel


class Rectangle(NamedTuple):
    """Rows and columns, counted from 0, the last ones included."""

    row: int
    column: int
    last_row: int
    last_column: int

    @property
    def size(self) -> int:
        """How many cells."""
        return (self.last_row - self.row + 1) * (self.last_column - self.column + 1)


@dataclass
class Places:
    """The sheet, row and column of every element, by its number; `line` writes THIS for the row."""

    sheets: Sequence[str]  # the first is the one that formulas are written on
    sheet: Array
    row: Array
    column: Array
    line: bool = False

    def text(self, r: Rectangle, sheet: int = 0) -> str:
        """A range as a formula refers to it."""
        if self.line:
            first, last = f"${letter(r.column)}{THIS}", f"${letter(r.last_column)}{THIS}"
        else:
            first, last = f"{letter(r.column)}{r.row + 1}", f"{letter(r.last_column)}{r.last_row + 1}"
        before = f"{quoted(self.sheets[sheet])}!" if sheet else ""
        return before + (first if r.size == 1 else f"{first}:{last}")

    def cells(self, elements: Array, row: int | None = None) -> list[tuple[str, str]]:
        """(sheet, address) of each element; in a `row` (counted from 1) of a network that has one for each sample."""
        at = zip(*(x[elements.ravel()].tolist() for x in (self.sheet, self.row, self.column)), strict=True)
        return [(self.sheets[sheet], f"{letter(column)}{row or down + 1}") for sheet, down, column in at]

    def ref(self, element: int) -> str:
        """One element."""
        row, column = int(self.row[element]), int(self.column[element])
        return self.text(Rectangle(row, column, row, column), int(self.sheet[element]))

    def ranges(self, elements: Array) -> list[str]:
        """Some elements as few ranges: blocks of whole rows."""
        at = sorted(zip(*(x[elements].tolist() for x in (self.sheet, self.row, self.column)), strict=True))
        runs: list[tuple[int, Rectangle]] = []
        for sheet, row, column in at:
            if runs and runs[-1][0] == sheet and runs[-1][1][2:] == (row, column - 1):
                runs[-1] = sheet, runs[-1][1]._replace(last_column=column)
            else:
                runs.append((sheet, Rectangle(row, column, row, column)))
        merged: list[tuple[int, Rectangle]] = []
        for sheet, r in runs:
            above = merged[-1][1] if merged and merged[-1][0] == sheet else None
            if above and (above.column, above.last_row, above.last_column) == (r.column, r.row - 1, r.last_column):
                merged[-1] = sheet, above._replace(last_row=r.last_row)
            else:
                merged.append((sheet, r))
        return [self.text(r, sheet) for sheet, r in merged]


@dataclass
class Plane:
    """A block on the sheet of planes: the row of its first cell (margin included), counted from 0."""

    block: Block
    top: int

    @property
    def height(self) -> int:
        """Rows, margin included."""
        channels, height, _ = self.block.planes
        return (height + 2 * self.block.margin[0]) * channels

    @property
    def width(self) -> int:
        """Columns, margin included."""
        return self.block.planes[2] + 2 * self.block.margin[1]

    def position(self) -> tuple[Array, Array]:
        """(row, column) of each element, in the order of the block's numbers: channels are interleaved down rows."""
        channels, height, width = self.block.planes
        c, y, x = np.indices((channels, height, width))
        rows = self.top + (y + self.block.margin[0]) * channels + c
        return rows.ravel(), (LEFT + self.block.margin[1] + x).ravel()


def stacked(parts: Sequence[Block], first: int, sheet: str) -> list[Plane]:
    """The planes of a network, one below the other from a row on. Raises CannotExport."""
    planes, row = [], first
    for block in parts:
        plane = Plane(block, row + TITLE_ROWS)
        row = plane.top + plane.height + 1
        if row > LAST_ROW or LEFT + plane.width > LAST_COLUMN:
            raise CannotExport(
                f"{block.layer}: the sheet {sheet} would need {row:,} rows and {LEFT + plane.width:,} columns, and "
                f"Excel has {LAST_ROW:,} and {LAST_COLUMN:,}: use a smaller network"
            )
        planes.append(plane)
    return planes
