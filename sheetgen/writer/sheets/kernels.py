"""Kernels as small pictures: the first convolutions', orange where a number is positive, blue where it is negative."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from sheetgen.network.torch.graph import Array, Graph
from sheetgen.writer import style
from sheetgen.writer.book import Sheet
from sheetgen.writer.planes.layout import Layout
from sheetgen.writer.sheets.common import section

COLUMN = 28  # pixels of a column, about as high as a row
LARGEST, MOST, ACROSS = 5, 16, 8  # of a kernel's side; pictures of a tensor, and side by side
TENSORS = 2
LEGEND = "orange and +: what lies there is added; blue and −: it is taken away; the deeper, the more"


class Pictured(NamedTuple):
    """The kernels of a tensor that are shown: (kernels, height, width) numbers of the tensor, and their names."""

    name: str
    title: str
    numbers: Array
    names: Sequence[str]


def pictured(graph: Graph) -> list[Pictured]:
    """The kernels of the first two convolutions: one of each output, or of the first output one of each input."""
    found: list[Pictured] = []
    for op in graph.ops:
        weight = op.weights.get("weight")
        if op.kind != "conv" or weight is None or any(weight.name == p.name for p in found):
            continue
        outputs, inner, height, width = weight.array.shape
        if not 1 < max(height, width) <= LARGEST or len(found) == TENSORS:
            continue
        numbers = np.arange(weight.array.size).reshape(weight.array.shape)
        if inner == 1 or not found:
            count, chosen = outputs, numbers[:MOST, 0]
            title = f"{weight.name}: " + ("a kernel for each channel" if inner == 1 else "what each reads of input 0")
            names = [f"out {k}" for k in range(len(chosen))]
        else:
            count, chosen = inner, numbers[0, :MOST]
            title = f"{weight.name}: the kernels of its channel 0, one for each input"
            names = [f"in {k}" for k in range(len(chosen))]
        more = f" (the first {MOST} of {count})" if count > MOST else ""
        found.append(Pictured(weight.name, title + more, chosen, names))
    return found


def last_column(tensor: Pictured, left: int) -> int:
    """The last column of a tensor's pictures, from a column on."""
    count, _, width = tensor.numbers.shape
    return left + min(int(count), ACROSS) * (int(width) + 1) - 2


def write(sheet: Sheet, layout: Layout, shown: Sequence[Pictured], at: tuple[int, int]) -> int:
    """Draw them from a row (counted from 1) and a column on, beside the table; returns the last column."""
    (row, left), right, bottom = at, 0, layout.shelf.sections[0].top - 2 if layout.shelf.sections else 0
    if shown:
        sheet.put(row - 1, left, LEGEND, "muted")
    for tensor in shown:
        count, height, width = tensor.numbers.shape
        bands = -(-count // ACROSS)
        if row + bands * (height + 1) > bottom:
            break  # no room beside the table: its numbers stand below
        last = last_column(tensor, left)
        section(sheet, row, tensor.title, left, last)
        for k in range(count):
            band, place = divmod(k, ACROSS)
            top, column = row + 1 + band * (height + 1), left + place * (width + 1)
            sheet.put(top, column, tensor.names[k], "axis", "left")
            _kernel(sheet, layout, tensor, k, (top + 1, column))
        area = row + 1, left, row + bands * (height + 1), last
        sheet.conditional_format(*area, style.heat(signed=True))
        row += 2 + bands * (height + 1)
        right = max(right, last)
    return right


def _kernel(sheet: Sheet, layout: Layout, tensor: Pictured, k: int, at: tuple[int, int]) -> None:
    form = sheet.style("sign")
    for (i, j), number in np.ndenumerate(tensor.numbers[k]):
        sheet.live(at[0] + i, at[1] + j, layout.shelf.address(tensor.name, int(number)), form)
