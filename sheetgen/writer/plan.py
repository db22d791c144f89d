"""Shared by the sheets of a training run: their names, its numbers, and what their formulas say where there is none."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice

from sheetgen.cells.cell import Cell, constant
from sheetgen.network.program import Program
from sheetgen.writer.trace import DIVERGED, FIRST_ROW, last_row, scalar_name
from sheetgen.writer.trace import START as START

IDEAS, NETWORK, STEPS, TRAINING = "Ideas", "Network", "Steps", "Training"
RATES, CHECK, RECOMPUTED = "Learning rates", "Autograd check", "Recomputation"
LABORATORY, DIFFERENCES, TEMPLATE = "Laboratory", "Finite differences", "Template"

NONE = "–"  # for a number where there is no row that is shown; `why_none` says why
NO_RATE = "no rate"  # in the columns of a rate that is no number
MEASURED_ROWS = 2_000  # how many rows decide a column's number format, and are kept in memory


def value(x: float, message: str = DIVERGED) -> float | str:
    """A number as a cell shows it: the message where it ran off to infinity."""
    return x if math.isfinite(x) else message


def of_row(formula: str) -> str:
    """A formula that has a value only where “row shown” is a row; else it says that there is no such row."""
    return f"IF(ISNUMBER(row_number),{formula},row_number)"


def quiet(formula: str) -> str:
    """The same where one sentence says why there is none, and many cells need not repeat it."""
    return f'IF(ISNUMBER(row_number),{formula},"{NONE}")'


def of_my_rate(formula: str) -> str:
    """A formula of another sheet that has a value only where a number stands in the cell for a rate of one's own."""
    return f'IF(ISNUMBER(my_learning_rate),{formula},"{NO_RATE}")'


def largest(groups: Iterable[Sequence[Cell]]) -> Cell:
    """The largest of 1 and of the sizes of some numbers."""
    ends = (end for first, *rest in groups for end in (first.apply("max", *rest), -first.apply("min", *rest)))
    return constant(1).apply("max", *ends)


def extreme(c: Cell, place: Callable[[Cell, Cell], str]) -> str | None:
    """The largest or least of some neighbours as a formula has it: that of a range, from the first to the last."""
    if c.op not in ("max", "min") or c.args[0].op == "constant":
        return None
    return f"{c.op.upper()}({place(c.args[0], c.args[-1])})"


def ticks(low: float, high: float) -> int:
    """How many powers of ten from tick to tick of a logarithmic axis: few ticks, that can be read."""
    span = math.log10(high / low) if 0 < low < high < math.inf else 0.0
    return 1 if span <= 4 else 2 if span <= 8 else 3  # below 1e-34 a difference of outputs is 0: twelve ticks at most


@dataclass(frozen=True)
class Oracle:
    """The numbers of PyTorch: handed to the sheets as they are, so that no sheet imports torch.

    `columns` are its numbers by label, row by row, with `E (0.1)` for E_total at another learning rate; `scales` the
    smallest scale on which a column can be compared.
    """

    version: str
    columns: Mapping[str, Sequence[float]]
    scales: Mapping[str, float]


class Run:
    """A training run as every sheet shows it: the names of its input cells, its numbers row by row, their formats."""

    def __init__(self, program: Program):
        self.program = program
        self.names = {
            c: c.name if c is program.learning_rate else scalar_name(c.name)
            for c in (*program.constants, *program.initial)
            if c.name
        }
        self.last = last_row(program.spec.steps)  # the row of the last step
        self.input_size = largest(self.fixed_terms)
        self._rows: dict[tuple[tuple[int, ...], float | None], list[list[float]]] = {}
        self._extent = self._measure()

    @property
    def height(self) -> int:
        """How many rows a trace has."""
        return self.last - FIRST_ROW + 1

    def _measure(self) -> dict[str, tuple[float, float]]:
        """The smallest (but not zero) and the largest size of every column's numbers."""
        extent: dict[str, tuple[float, float]] = {}
        for row in islice(self.rows(self.program.columns), MEASURED_ROWS):
            for c, x in zip(self.program.columns, map(abs, row), strict=True):
                low, high = extent.get(c.name or "", (math.inf, 0.0))
                extent[c.name or ""] = min(low, x or low), max(high, x) if math.isfinite(x) else math.inf
        return extent

    def style(self, name: str) -> str:
        """The number format of a quantity, such as that its numbers fit a column and show enough digits."""
        low, high = self._extent.get(name, (1.0, 1.0))
        small = name.startswith(("E", "dE"))
        if high >= 1000 or (small and low < 1e-9):
            return "scientific"
        return "small" if small else "number"

    def decades(self, name: str) -> int:
        """How many powers of ten there are from tick to tick of a logarithmic axis of a quantity."""
        low, high = self._extent.get(name, (1.0, 1.0))
        return ticks(low, high)

    @property
    def fixed_terms(self) -> list[list[Cell]]:
        """The numbers beside the weights that are the same in every row: the inputs, frozen biases layer by layer."""
        net, constants = self.program.network, self.program.constants
        frozen = ([b for b in layer.biases if b in constants] for layer in net.layers)
        return [list(net.inputs.flat), *(biases for biases in frozen if biases)]

    def rows(self, cells: Sequence[Cell], learning_rate: float | None = None) -> Iterator[list[float]]:
        """The numbers of `cells` for every row of the sheet; kept, if they are few, for several sheets show them."""
        rows = islice(self.program.run(cells, learning_rate), self.program.spec.steps + 1)
        if self.program.spec.steps > MEASURED_ROWS:
            return rows
        key = (tuple(map(id, cells)), learning_rate)
        if key not in self._rows:
            self._rows[key] = list(rows)
        return iter(self._rows[key])
