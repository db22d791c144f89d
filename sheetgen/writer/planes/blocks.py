"""Which operations are written as one formula, and what has to be copied so that every window is one block."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from sheetgen.cells import ops
from sheetgen.network.torch.graph import Array, CannotExport, Graph, Operation


def _brackets(op: ops.Op) -> int:
    """How many brackets the Excel text of an operator has around its argument; 0 if it reads it more than once."""
    before, *after = re.split(r"\{[abc*]", op.once or op.excel)
    return before.count("(") - before.count(")") if len(after) == 1 else 0


# These read one cell once, so they can be written around the formula that gives it; by how many brackets it is then
# deeper. What is not here is no deeper than three, as GELU's.
AROUND = {"norm": 1, "scalar": 1, "held": 1} | {name: n for name, op in ops.OPS.items() if (n := _brackets(op))}
INNERMOST = 4
DEEPEST = 60  # of Excel's 64 levels; whatever is written around more gets cells of its own


@dataclass
class Block:
    """A tensor that is written on a sheet: what is computed first, and what is written around that.

    `margin` is how many rows and columns of zeros stand around each plane, for a convolution that pads.
    """

    ops: list[Operation]
    margin: tuple[int, int] = (0, 0)
    sources: list[Array] = field(default_factory=list)  # of the first operation: element numbers, copies replaced

    @property
    def out(self) -> Array:
        """The numbers of its elements."""
        return self.ops[-1].out

    @property
    def depth(self) -> int:
        """How many brackets stand around the innermost part of its formulas, at most."""
        return INNERMOST + sum(AROUND.get(op.kind, 0) for op in self.ops)

    @property
    def planes(self) -> tuple[int, int, int]:
        """(channels, height, width), as it stands on the sheet: a vector is a column of channels."""
        shape = self.out.shape
        if len(shape) < 2:
            return self.out.size, 1, 1
        if len(shape) == 3:
            return shape[0], shape[1], shape[2]
        return 1, int(np.prod(shape[:-1])), shape[-1]

    @property
    def text(self) -> str:
        """The name that a person has for it."""
        return ", then ".join(dict.fromkeys(op.text for op in self.ops))

    @property
    def layer(self) -> str:
        """The layers that it is of."""
        return ", ".join(dict.fromkeys(op.layer for op in self.ops))


def is_line(graph: Graph) -> bool:
    """Whether a sample is one row: every tensor is a vector or a number."""
    return graph.inputs.ndim == 1 and all(op.out.ndim < 2 for op in graph.ops)


def blocks(graph: Graph) -> list[Block]:
    """The blocks of a network, in the order in which they are written. Raises CannotExport."""
    parts = _copied(graph, _joined(graph))
    if not parts:
        raise CannotExport("the module computes nothing: there is no formula to write")
    return parts


def _joined(graph: Graph) -> list[Block]:
    owner = np.full(graph.count, -1)
    for k, op in enumerate(graph.ops):
        owner[op.out.ravel()] = k
    readers: list[list[int]] = [[] for _ in graph.ops]
    for k, ids in [*((k, ids) for k, op in enumerate(graph.ops) for ids in op.args), (-1, graph.outputs)]:
        for source in np.unique(owner[ids.ravel()]):
            if source >= 0:
                readers[source].append(k)
    joined: dict[int, Block] = {}
    for k, op in enumerate(graph.ops):
        source = owner[op.args[0].ravel()[0]]
        alone = source >= 0 and readers[source] == [k]
        fits = alone and op.kind in AROUND and np.array_equal(op.args[0], graph.ops[source].out)
        if fits and joined[source].depth + AROUND[op.kind] <= DEEPEST:
            joined[k] = joined.pop(source)
            joined[k].ops.append(op)
        else:
            joined[k] = Block([op], sources=list(op.args))
    return sorted(joined.values(), key=lambda b: int(b.ops[0].out.flat[0]))


def _copied(graph: Graph, parts: Sequence[Block]) -> list[Block]:
    """Copies go before what needs them, and margins around what a convolution pads."""
    line, fresh = is_line(graph), graph.count
    whole = {block.out.tobytes(): block for block in parts}
    result: list[Block] = []
    for block in parts:
        op = block.ops[0]
        if op.kind == "conv":
            pads = op.settings["padding"]
            source = whole.get(op.args[0].tobytes())
            if source is None or source.out.shape != op.args[0].shape:
                source, fresh = _copy(op, fresh)
                result.append(source)
                whole[op.args[0].tobytes()] = source
            block.sources = [source.out]
            source.margin = (max(source.margin[0], pads[0]), max(source.margin[1], pads[1]))
        result.append(block)
    for block in [b for b in result if b.ops[0].kind == "linear"]:
        ids = block.ops[0].args[0]
        if not _is_rectangle(graph, ids, result, line):
            copied, fresh = _copy(block.ops[0], fresh)
            result.insert(result.index(block), copied)
            block.sources = [copied.out]
    return result


def _copy(op: Operation, fresh: int) -> tuple[Block, int]:
    ids = op.args[0]
    out = np.arange(fresh, fresh + ids.size).reshape(ids.shape)
    copied = Operation("copy", op.layer, "copied", (ids,), out, np.empty(0))
    return Block([copied], sources=[ids]), fresh + ids.size


def _is_rectangle(graph: Graph, ids: Array, parts: Sequence[Block], line: bool) -> bool:
    """Whether what a linear layer reads is all of one block, or a row of one."""
    if line and np.array_equal(np.sort(ids), graph.inputs):
        return True
    for block in parts:
        if ids.size == block.out.size:  # zeros stand around it, never in between
            if ids.ndim == 1 and np.array_equal(np.sort(ids), np.sort(block.out.ravel())):
                return True
            if ids.ndim > 1 and np.array_equal(ids, block.out) and block.out.ndim != 3:
                return True
    return False
