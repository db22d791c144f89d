"""A Graph laid out: every block's formulas with their addresses, and the weights that they refer to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from sheetgen.network.torch.graph import Array, CannotExport, Graph
from sheetgen.writer.planes.blocks import Block, blocks, is_line
from sheetgen.writer.planes.formulas import Writer
from sheetgen.writer.planes.kernels import Shelf
from sheetgen.writer.planes.place import Places, Plane, stacked
from sheetgen.writer.trace import LAST_COLUMN


class Spot(NamedTuple):
    """Where the input stands: channel c, row y, column x is `row + c * (height + 1) + y`, `column + x`, from 0."""

    sheet: str
    row: int
    column: int


@dataclass(frozen=True)
class Written:
    """A block, its formulas (without =) in the order of its numbers, and where they stand."""

    block: Block
    formulas: Sequence[str]
    rows: Array
    columns: Array
    plane: Plane | None = None  # on a sheet of planes


@dataclass(frozen=True)
class Layout:
    """Everything that the sheets of an exported network are written from."""

    graph: Graph
    places: Places
    written: Sequence[Written]
    shelf: Shelf
    numbers: Array  # (N, elements): what each element is for the samples of the example

    def values(self, ids: Array) -> Array:
        """(N, *ids.shape) numbers of some elements."""
        return self.numbers[:, ids]


def _numbers(graph: Graph, parts: Sequence[Block]) -> Array:
    total = 1 + max(int(block.out.max()) for block in parts)
    numbers = np.zeros((len(graph.example), max(total, graph.count)))
    numbers[:, graph.inputs] = graph.example
    for op in graph.ops:
        numbers[:, op.out] = op.value
    for block in parts:
        if block.ops[0].kind == "copy":
            numbers[:, block.out] = numbers[:, block.sources[0]]
    return numbers


def input_planes(graph: Graph) -> tuple[int, int, int]:
    """(channels, height, width) of the input as it stands on the sheet: a vector is a column."""
    shape = graph.inputs.shape
    if len(shape) == 1:
        return 1, shape[0], 1
    return (shape[0], shape[1], shape[2]) if len(shape) == 3 else (1, int(np.prod(shape[:-1])), shape[-1])


def planes(graph: Graph, spot: Spot, sheet: str, weights: str, first: int, weights_first: int) -> Layout:
    """One sample: its planes below each other on a sheet, from a row on (counted from 0). Raises CannotExport."""
    parts = blocks(graph)
    stack = stacked(parts, first, sheet)
    numbers = _numbers(graph, parts)
    at = np.zeros((3, numbers.shape[1]), int)
    c, y, x = np.indices(input_planes(graph))
    at[:, graph.inputs.ravel()] = np.stack(
        [np.ones(c.size, int), (spot.row + c * (y.max() + 2) + y).ravel(), (spot.column + x).ravel()]
    )
    for plane in stack:
        at[1:, plane.block.out.ravel()] = plane.position()
    places = Places([sheet, spot.sheet], at[0], at[1], at[2])
    shelf = Shelf(weights, weights_first)
    writer = Writer(places, shelf, {p.block.out.tobytes(): p for p in stack})
    written = [Written(p.block, writer.block(p.block), *p.position(), p) for p in stack]
    return Layout(graph, places, written, shelf, numbers)


def line(graph: Graph, column: int, sheet: str, weights: str, weights_first: int, gap: int = 0) -> Layout:
    """One row for every sample, from a column on: inputs, then the output, then what is in between.

    `gap`: columns left free behind the output. Raises CannotExport.
    """
    parts = blocks(graph)
    numbers = _numbers(graph, parts)
    last = next((b for b in parts if np.array_equal(b.out.ravel(), graph.outputs.ravel())), None)
    if last is None:
        raise CannotExport("the module's output is not what one of its layers gives: return all that one gives")
    order = [last, *(b for b in parts if b is not last)]
    width = column + graph.inputs.size + gap + sum(b.out.size for b in order)
    if width > LAST_COLUMN:
        raise CannotExport(
            f"the sheet {sheet} would need {width:,} columns, and Excel has {LAST_COLUMN:,}: use fewer units"
        )
    at = np.zeros((3, numbers.shape[1]), int)
    at[2, graph.inputs] = column + np.arange(graph.inputs.size)
    start = column + graph.inputs.size
    for block in order:
        at[2, block.out.ravel()] = start + np.arange(block.out.size)
        start += block.out.size + (gap if block is last else 0)
    places = Places([sheet], at[0], at[1], at[2], line=True)
    shelf = Shelf(weights, weights_first)
    writer = Writer(places, shelf, {})
    written = {id(b): Written(b, writer.block(b), at[1, b.out.ravel()], at[2, b.out.ravel()]) for b in parts}
    return Layout(graph, places, [written[id(b)] for b in order], shelf, numbers)


__all__ = ["Layout", "Spot", "Written", "input_planes", "is_line", "line", "planes"]
