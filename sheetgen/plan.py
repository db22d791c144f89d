"""What every sheet needs to know of the others: where the inputs, the trace and the row shown stand."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice

from sheetgen.cell import Cell
from sheetgen.layout import DIVERGED, FIRST_ROW, Trace, fit_columns, last_row, letter, scalar_name
from sheetgen.program import Program

START, NETWORK, STEPS, TRAINING = "Start", "Network", "Steps", "Training"
RATES, CHECK, RECOMPUTED = "Learning rates", "Autograd check", "Recomputation"
DIFFERENCES, TEMPLATE = "Finite differences", "Template"

TYPED_RATE = 1.5  # what the cell for a learning rate of one's own holds at first
NO_RATE = "no rate"  # in the columns of a rate that is no number
MOST_RECOMPUTED = 150_000  # cells of Learning rates; beyond it the sheet Recomputation leaves them out
MOST_MOVED = 60_000  # formulas of central differences; beyond it all weights are moved at once
MEASURED_ROWS = 2_000  # how many rows decide a column's number format, and are kept in memory


def value(x: float, message: str = DIVERGED) -> float | str:
    """A number as a cell shows it: the message where it ran off to infinity."""
    return x if math.isfinite(x) else message


def of_row(formula: str) -> str:
    """A formula that has a value only where “row shown” is a row; else it says that there is no such row."""
    return f"IF(ISNUMBER(row_number),{formula},row_number)"


def of_my_rate(formula: str) -> str:
    """A formula of another sheet that has a value only where a number stands in the cell for a rate of one's own."""
    return f'IF(ISNUMBER(my_learning_rate),{formula},"{NO_RATE}")'


@dataclass(frozen=True)
class Oracle:
    """What PyTorch says: handed to the sheets as plain numbers, so that no sheet imports torch.

    `columns` are its numbers by label, row by row, with `E (0.1)` for E_total at another learning rate; `scales` the
    smallest scale on which a column can be compared.
    """

    version: str
    columns: Mapping[str, Sequence[float]]
    scales: Mapping[str, float]


@dataclass
class Plan:
    """The addresses that sheets share. Rows count from 1, columns from 0."""

    program: Program
    names: dict[Cell, str] = field(init=False)
    training: Trace = field(init=False)
    rates: list[Trace] = field(init=False)
    _rows: dict[tuple[tuple[int, ...], float | None], list[list[float]]] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        program = self.program
        leaves = [*program.constants, *program.initial]
        self.names = {c: c.name if c is program.learning_rate else scalar_name(c.name or "") for c in leaves}  # type: ignore[misc]
        last_row(program.spec.steps)
        fit_columns(2 + 3 * (len(program.columns) + len(program.spec.learning_rates)), CHECK)
        fit_columns(5 + len(self.learning_rates) * (3 + len(self.rate_cells)), RATES)
        self.training = Trace(program, program.columns, self.names, 1, TRAINING)
        self._extent = self._measure()
        self.rates = [self._rate_trace(k) for k in range(len(self.learning_rates))]

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

    @property
    def learning_rates(self) -> list[float]:
        """The rates compared; the last is the user's own."""
        return [*self.program.spec.learning_rates, TYPED_RATE]

    @property
    def rate_names(self) -> list[str]:
        """What the rates are called in headings."""
        return [*(f"{rate:g}" for rate in self.program.spec.learning_rates), "yours"]

    @property
    def rates_recomputed(self) -> bool:
        """Whether the sheet Recomputation has room for Learning rates."""
        per_rate = 2 + len(self.rate_cells)
        return len(self.learning_rates) * per_rate * (self.program.spec.steps + 1) <= MOST_RECOMPUTED

    @property
    def last(self) -> int:
        """The row of the last step."""
        return self.training.last

    @property
    def cells(self) -> int:
        """How many cells the tables have that hold a row for every step."""
        checked = len(self.program.columns) + len(self.program.spec.learning_rates)
        rates = len(self.learning_rates) * (3 + len(self.rate_cells))
        drawn = 1 if self.program.spec.bounded else 2 + 2 * len(self.program.next)
        columns = 4 + len(self.program.columns) + drawn + rates + 3 * checked + self._recomputed(drawn)
        return (self.last - FIRST_ROW + 1) * columns

    def _recomputed(self, drawn: int) -> int:
        """How many columns the sheet Recomputation has."""
        program, n = self.program, len(self.learning_rates)
        layers, rows = program.network.layers, program.spec.steps + 1
        runs = 1 + (n if self.rates_recomputed else 0)
        flags = 1 + len(program.columns) + drawn + (1 + n * (3 + len(self.rate_cells)) if runs > 1 else 0)
        deltas = 0 if program.deltas else runs * sum(layer.h.size for layer in layers)
        samples, differences = program.spec.samples, 0
        for k, layer in enumerate(layers):
            weights = sum(w in program.next for w in (*layer.weights.flat, *layer.biases))
            moved = (k < len(layers) - 1) * samples + sum(a.h.size for a in layers[k + 1 : -1])
            differences += weights * (2 * (moved + 1) + 1)
        if rows * differences > MOST_MOVED:  # then all weights are moved together, or none
            differences = 2 * (sum(layer.h.size for layer in layers[:-1]) + 1) + 1
            differences = differences if rows * differences <= 2 * MOST_MOVED else 0
        return 10 + flags + deltas + differences

    @property
    def fixed_terms(self) -> list[list[Cell]]:
        """The numbers beside the weights that are the same in every row: the inputs, frozen biases layer by layer."""
        net, constants = self.program.network, self.program.constants
        frozen = ([b for b in layer.biases if b in constants] for layer in net.layers)
        return [list(net.inputs.flat), *(biases for biases in frozen if biases)]

    @property
    def input_size(self) -> float:
        """The largest of 1 and of the sizes of `fixed_terms`."""
        return max([1.0, *(abs(self.program.constants[c]) for group in self.fixed_terms for c in group)])

    @property
    def formulas(self) -> int:
        """About how many formulas the workbook has: the cells of the tables, but for PyTorch's numbers."""
        checked = len(self.program.columns) + len(self.program.spec.learning_rates)
        return self.cells - (self.last - FIRST_ROW + 1) * checked

    # Learning rates: column A counts, then E_total of every rate side by side, then the rows at which each has
    # reached the threshold, then what each rate needs to compute: weights and activations.

    @property
    def rate_cells(self) -> list[Cell]:
        """What a rate's working columns hold: the state and the activations; the gradients are written out."""
        net = self.program.network
        staged = list(self.program.deltas)
        return [*self.program.next, *(a for layer in net.layers for a in layer.a.flat), *staged]

    def rate_row(self, k: int) -> int:
        """The row of the k-th rate in the table on top of the sheet."""
        return 5 + k

    def _rate_trace(self, k: int) -> Trace:
        n, work = len(self.learning_rates), self.rate_cells
        absolute = self.names | {self.program.learning_rate: f"$A${self.rate_row(k)}"}
        trace = Trace(self.program, work, absolute, 1 + 2 * n + k * len(work), RATES)
        trace.with_cell(self.program.network.loss, 1 + k)
        if k == n - 1:  # the reader's own rate may be anything
            own = self.of_own_rate
            trace.columns = [c._replace(first=own(c.first), below=own(c.below)) for c in trace.columns]
        return trace

    def of_own_rate(self, formula: str) -> str:
        """A formula that has a value only where a number stands in the cell for a learning rate of one's own."""
        return f'IF(COUNT($A${self.rate_row(len(self.learning_rates) - 1)})=1,{formula},"{NO_RATE}")'

    def reached(self, k: int) -> str:
        """The letter of the column that tells at which step the k-th rate has reached the threshold."""
        return letter(1 + len(self.learning_rates) + k)

    def rows(self, cells: Sequence[Cell], learning_rate: float | None = None) -> Iterator[list[float]]:
        """The numbers of `cells` for every row of the sheet; kept, if they are few, for several sheets show them."""
        rows = islice(self.program.run(cells, learning_rate), self.program.spec.steps + 1)
        if self.program.spec.steps > MEASURED_ROWS:
            return rows
        key = (tuple(map(id, cells)), learning_rate)
        if key not in self._rows:
            self._rows[key] = list(rows)
        return iter(self._rows[key])

    def shown(self, c: Cell) -> str:
        """The formula of a number in the row shown; inputs are the same in every row, also in one that there is not."""
        if c in self.program.constants:
            return self.names[c]
        return of_row(f"INDEX({self.training.range(c)},row_number+1,1)")
