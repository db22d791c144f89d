"""The steps of a compiled workbook: all cells of one level that have the same code, for many inputs at once."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import reduce
from typing import Any, NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt

from sheetgen.judge.compiled.arithmetic import ELEMENTWISE, PAIRED, REDUCED, Array, finite
from sheetgen.judge.compiled.values import CellRows, Code

LANES = 16  # inputs that one matrix product takes
BATCH = 8 * LANES  # inputs at a time
MAX_STATE = 1 << 28  # bytes of all cells of a batch
MAX_STEP = 1024  # cells of a step, so that what it does in between stays in the processor's cache
MAX_GATHERED = 1 << 20  # bytes of the windows that are multiplied at a time
# Multiplications of one matrix product: for more, OpenBLAS takes several threads, and on a machine that is shared these
# wait for each other much longer than they work.
MAX_PRODUCT = 1 << 18

Call: TypeAlias = Callable[..., Array]  # of the state (cells, batch) and operands: (cells of the step, batch)


class Stretch(NamedTuple):
    """Cells that lie one after another in the state; `program`: (what to call, of how many operands)."""

    first: int
    last: int
    program: Sequence[tuple[Call, int]]

    def run(self, state: Array) -> None:
        """Calculate the cells from those above them."""
        stack: list[Array] = []
        for call, count in self.program:
            cut = len(stack) - count
            stack[cut:] = [call(state, *stack[cut:])]
        state[self.first : self.last] = stack.pop()


class Compiled:
    """A function from the inputs of a workbook to its outputs.

    formulas: how many cells depend on the inputs and lead to the outputs; patterns: how many differ in more than the
    places and constants they refer to.
    """

    def __init__(self, cells: CellRows, inputs: list[int], outputs: list[int], patterns: Mapping[int, object]) -> None:
        """`patterns`: for each row that is a formula, what it has in common with others."""
        needed = _needed(cells, outputs) | set(inputs)
        self.formulas = len(needed & patterns.keys())
        self.patterns = len({patterns[n] for n in needed & patterns.keys()})
        groups: dict[tuple[int, Code], list[int]] = defaultdict(list)
        for n in sorted(needed):
            groups[cells.rows[n].level, cells.rows[n].code].append(n)
        order = sorted(groups, key=lambda key: key[0])  # constants are of level -1, inputs of level 0
        rows = np.empty(len(cells.rows), int)
        rows[np.array([n for key in order for n in groups[key]], int)] = np.arange(len(needed))
        self.height, self.inputs, self.outputs = len(needed), rows[inputs], rows[outputs]
        self.steps = []
        for key in order:
            for members in _parts(groups[key], MAX_STEP) if key[1] != (("input",),) else ():
                program = _program(key[1], [cells.rows[n].payload for n in members], cells, rows)
                self.steps.append(Stretch(rows[members[0]], rows[members[-1]] + 1, program))

    def __call__(self, batch: npt.ArrayLike) -> Array:
        """The outputs (N, outputs) of inputs (N, inputs), float64.

        NaN where a cell would show an error or a text. Raises ValueError for another shape.
        """
        given = np.asarray(batch, np.float64)
        if given.ndim != 2 or given.shape[1] != len(self.inputs):
            raise ValueError(f"The batch has the shape {given.shape}, not (N, {len(self.inputs)}).")
        result = np.empty((len(given), len(self.outputs)))
        size = max(1, min(BATCH, MAX_STATE // (8 * max(self.height, 1))))
        with np.errstate(all="ignore"):
            for start in range(0, len(given), size):
                part = given[start : start + size]
                state = np.zeros((self.height, -(-len(part) // LANES) * LANES))
                state[self.inputs, : len(part)] = finite(part.T)
                for step in self.steps:
                    step.run(state)
                result[start : start + size] = state[self.outputs, : len(part)].T
        return result


def _needed(cells: CellRows, outputs: list[int]) -> set[int]:
    """The numbers of the rows that lead to the outputs; a row reads only rows that were there before it."""
    needed = set(outputs)
    for n in range(len(cells.rows) - 1, -1, -1):
        if n in needed:
            row = cells.rows[n]
            leaves = (LEAVES[str(name)] for name, *_ in row.code if name in LEAVES)
            for leaf, payload in zip(leaves, row.payload, strict=True):
                needed.update(leaf.reads(cells, payload))
    return needed


def _program(code: Code, payloads: list[tuple[Any, ...]], cells: CellRows, rows: Array) -> list[tuple[Call, int]]:
    """The calls of a step; each leaf of the code has one column of the payloads."""
    columns = iter(zip(*payloads, strict=True))
    program: list[tuple[Call, int]] = []
    for name, *details in code:
        if name in LEAVES:
            leaf = LEAVES[str(name)]
            program.append((leaf.build(next(columns), cells, rows, *details), leaf.operands))
        else:
            program.append((_ignoring(ELEMENTWISE[str(name)]), int(details[0])))
    return program


def _ignoring(operation: Callable[..., Array]) -> Call:
    return lambda _, *operands: operation(*operands)


Column: TypeAlias = Sequence[Any]


def _constant(column: Column, *_: Any) -> Call:
    values = np.array(column, np.float64)[:, None]
    return lambda state: values


def _cell(column: Column, cells: CellRows, rows: Array) -> Call:
    chosen = rows[np.array(column)]
    return lambda state: np.take(state, chosen, axis=0)


def _over(column: Column, cells: CellRows, rows: Array, join: str, each: str, _: int) -> Call:
    """SUM, MAX and so on over ranges, cell by cell: the cells of all ranges that come first, then those second, ..."""
    chosen = rows[np.array(column)].T

    def call(state: Array) -> Array:
        parts = (np.take(state, at, axis=0) for at in chosen)
        return finite(reduce(REDUCED[join], (ELEMENTWISE[each](x) for x in parts) if each else parts))

    return call


def _pick(column: Column, cells: CellRows, rows: Array, height: int, width: int) -> Call:
    """INDEX at places that differ from input to input."""
    chosen = rows[np.array(column)]

    def call(state: Array, down: Array, right: Array) -> Array:
        inside = (down >= 1) & (down < height + 1) & (right >= 1) & (right < width + 1)
        at = np.where(inside, (np.floor(down) - 1) * width + np.floor(right) - 1, 0).astype(int)
        return np.where(inside, state[np.take_along_axis(chosen, at, axis=1), np.arange(state.shape[1])], np.nan)

    return call


def _match(column: Column, cells: CellRows, rows: Array, size: int) -> Call:
    """The first cell of a range that equals a value; the last is tried first."""
    chosen = rows[np.array(column)].T

    def call(state: Array, wanted: Array) -> Array:
        position: Array = np.full((chosen.shape[1], state.shape[1]), np.nan)
        for n in range(size, 0, -1):
            position = np.where(ELEMENTWISE["="](np.take(state, chosen[n - 1], axis=0), wanted) == 1, n, position)
        return position

    return call


def _pairs(column: Column, cells: CellRows, rows: Array, name: str) -> Call:
    """SUMXMY2 and its like of two ranges, whose cells alternate."""
    chosen = rows[np.array(column)].T

    def call(state: Array) -> Array:
        total: Array = np.zeros((chosen.shape[1], state.shape[1]))
        for x, y in zip(chosen[::2], chosen[1::2], strict=True):
            total += PAIRED[name](np.take(state, x, axis=0), np.take(state, y, axis=0))
        return finite(total)

    return call


# SUMPRODUCT -----------------------------------------------------------------------------------------------------------


class KernelBlock(NamedTuple):
    """Kernels (v, K) that meet the same windows, whose rows are (K, u): cell cells[i] is product picks[i] of v u."""

    kernels: Array
    windows: Array
    cells: Array
    picks: Array


def _products(column: Column, cells: CellRows, rows: Array, size: int, windows: int) -> Call:
    return _several(column, cells, rows) if windows > 1 else _blocked(column, cells, rows, size)


def _blocked(column: Column, cells: CellRows, rows: Array, size: int) -> Call:
    """One matrix product for all windows and kernels that meet, as those of a convolution do."""
    blocks = [block for meeting in _meetings(column) for block in _blocks(meeting, cells, rows, size)]

    def call(state: Array) -> Array:
        result = np.empty((len(column), state.shape[1]))
        for block in blocks:
            gathered = np.take(state, block.windows, axis=0).reshape(size, -1, LANES).swapaxes(0, 1)
            products = np.empty((len(block.kernels), len(gathered), LANES))
            np.matmul(block.kernels, gathered, out=products.swapaxes(0, 1))
            result[block.cells] = products.reshape(-1, state.shape[1])[block.picks]
        return finite(result)

    return call


Meeting: TypeAlias = dict[int, dict[int, list[int]]]  # window -> kernel -> which cells of the step ask for the two


def _meetings(column: Column) -> list[Meeting]:
    """(kernel, window) of each cell, by the kernels that meet the same windows."""
    met: Meeting = defaultdict(lambda: defaultdict(list))
    for n, (kernel, window) in enumerate(column):
        met[window][kernel].append(n)
    alike: dict[tuple[int, ...], Meeting] = defaultdict(dict)
    for window, kernels in met.items():
        alike[tuple(sorted(kernels))][window] = kernels
    return list(alike.values())


def _blocks(meeting: Meeting, cells: CellRows, rows: Array, size: int) -> Iterator[KernelBlock]:
    """A meeting in parts that are not too large."""
    for kernels in _parts(sorted(next(iter(meeting.values()))), MAX_PRODUCT // (LANES * size)):
        weights = np.array([cells.kernels[k] for k in kernels])
        for windows in _parts(sorted(meeting), MAX_GATHERED // (8 * BATCH * size)):
            pairs = ((j, i) for j in range(len(kernels)) for i in range(len(windows)))
            asked = [(n, j * len(windows) + i) for j, i in pairs for n in meeting[windows[i]][kernels[j]]]
            gathered = rows[np.array([cells.windows[w] for w in windows])].T
            yield KernelBlock(weights, gathered, *np.array(asked).T)


def _parts(numbers: list[int], most: int) -> Iterator[list[int]]:
    return (numbers[start : start + max(1, most)] for start in range(0, len(numbers), max(1, most)))


def _several(column: Column, cells: CellRows, rows: Array) -> Call:
    """Several ranges that vary, multiplied cell by cell."""
    kernels = np.array([cells.kernels[kernel] for kernel, *_ in column]).T
    chosen = [rows[np.array([cells.windows[w] for w in side])].T for side in list(zip(*column, strict=True))[1:]]

    def call(state: Array) -> Array:
        total: Array = np.zeros((len(column), state.shape[1]))
        for n, kernel in enumerate(kernels):
            total += reduce(np.multiply, (np.take(state, side[n], axis=0) for side in chosen), kernel[:, None])
        return finite(total)

    return call


class Leaf(NamedTuple):
    """A leaf of a code: `build` makes a call for a column of payloads, of so many operands; `reads` gives its rows."""

    build: Callable[..., Call]
    operands: int
    reads: Callable[[CellRows, Any], Iterable[int]]


def _all(_: CellRows, numbers: Any) -> Iterable[int]:
    return tuple(numbers)


def _windows(cells: CellRows, payload: Any) -> Iterable[int]:
    return (n for window in payload[1:] for n in cells.windows[window].tolist())


LEAVES: dict[str, Leaf] = {
    "constant": Leaf(_constant, 0, lambda cells, value: ()),
    "cell": Leaf(_cell, 0, lambda cells, number: (number,)),
    "over": Leaf(_over, 0, _all),
    "pick": Leaf(_pick, 2, _all),
    "match": Leaf(_match, 1, _all),
    "pairs": Leaf(_pairs, 0, _all),
    "products": Leaf(_products, 0, _windows),
}
