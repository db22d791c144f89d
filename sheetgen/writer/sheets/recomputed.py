"""The sheet Recomputation laid out: counts, scales, the flags of cells, deltas, moved forward passes, their flags."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain
from typing import NamedTuple

from sheetgen.network.recompute import Recomputation
from sheetgen.writer.book import Value
from sheetgen.writer.plan import RATES, TRAINING, Run, of_my_rate, value
from sheetgen.writer.sheets.flags import Flag, Flags, counter
from sheetgen.writer.sheets.moved import SCALES, Differences
from sheetgen.writer.sheets.rate_table import RateTable
from sheetgen.writer.sheets.rates import RatePlaces
from sheetgen.writer.sheets.side import RunAddresses
from sheetgen.writer.sheets.training import TrainingPlaces
from sheetgen.writer.trace import guarded, letter, quoted

VERDICT_ROW, WAYS_ROW, TABLE_ROW, TOTAL_ROW = 4, 5, 8, 13
TABLE_TOP = 3  # of the grid of the table on top of Learning rates
TOGETHER = "the gradients together"
BY_DELTAS = "its formula again from the cells before it; gradients passed back, layer by layer"
AT_EVERY_RATE = "the same, at every learning rate"
BY_STEPS = "no calculus: E with a weight a little larger, less E with it a little smaller"
SCALES_COLUMN = 7  # behind the iteration and two columns for each block
FLAGS_COLUMN = SCALES_COLUMN + len(SCALES)


class FlagBlock(NamedTuple):
    """Neighbouring columns of flags: what they check and how, the first of them, the flags; whether numerically."""

    what: str
    how: str
    first: int
    flags: list[Flag]
    numeric: bool = False

    @property
    def span(self) -> tuple[str, str]:
        """The letters of its first and its last column."""
        return letter(self.first), letter(self.first + len(self.flags) - 1)


class Working(NamedTuple):
    """A column that flags refer to: its heading, the name of its number format, its formula."""

    heading: str
    style: str
    formula: str


class RecomputationLayout:
    """The columns of the sheet: counts, scales, the flags of cells, deltas, moved forward passes, their flags."""

    def __init__(self, run: Run, training: TrainingPlaces, rates: RatePlaces):
        self.run, self.again, self.training, self.rates = run, Recomputation(run.program), training, rates
        self.compared = len(rates.numbers) if rates.recomputed else 0  # learning rates
        self.aside = FLAGS_COLUMN + len(rates.numbers) + 5  # a column: two numbers, beside the table
        self.size, self.tiny = (f"${letter(self.aside)}${TABLE_TOP + k}" for k in (0, 1))
        own = {id(d) for d in run.program.deltas}
        self.deltas = [d for d in self.again.deltas.values() if id(d) not in own]
        flags = 1 + len(run.program.columns) + len(training.lines)
        flags += 1 + self.compared * (2 + len(rates.cells)) + len(rates.lines) if self.compared else 0
        self.working_column = FLAGS_COLUMN + flags
        self.sides = list(self._sides(self.working_column))
        moved = self.working_column + len(self.sides) * len(self.deltas)
        self.differences = Differences(run, self.sides[0], moved, SCALES_COLUMN, self.size)
        self.blocks = list(self._blocks(moved + len(self.differences.columns)))
        self.table = RateTable(rates, TABLE_TOP, FLAGS_COLUMN, self.tiny)

    def _sides(self, at: int) -> Iterator[RunAddresses]:
        for k, trace in enumerate([self.training.trace, *self.rates.traces[: self.compared]]):
            own = {id(d): letter(at + k * len(self.deltas) + j) for j, d in enumerate(self.deltas)}
            names = {c: f"{quoted(trace.sheet)}!{x}" if x.startswith("$") else x for c, x in trace.absolute.items()}
            yield RunAddresses(trace.sheet, trace.letters, names, own)

    def _blocks(self, last: int) -> Iterator[FlagBlock]:
        self.flags = [Flags(self.rates, self.again, side, self.tiny) for side in self.sides]
        training, *rates = self.flags
        first = [*training.training(), *map(training.drawn, self.training.lines)]
        yield FlagBlock("every cell of Training", BY_DELTAS, FLAGS_COLUMN, first)
        if rates:
            second = [counter(RATES), *chain.from_iterable(r.rate(k) for k, r in enumerate(rates))]
            second += map(rates[0].drawn, self.rates.lines)
            yield FlagBlock("every cell of Learning rates", AT_EVERY_RATE, FLAGS_COLUMN + len(first), second)
        if self.differences.flags:
            letters, first_gradient = self.training.trace.letters, self.run.program.gradients[0]
            third = [
                Flag(TRAINING, letters[id(g or first_gradient)], (g.name if g else None) or TOGETHER, formula, formula)
                for g, formula in self.differences.flags
            ]
            yield FlagBlock("every gradient of Training", BY_STEPS, last, third, numeric=True)

    @property
    def too_long(self) -> list[str]:
        """The names of the cells that are not computed again, for the formula would be too long."""
        return [name for flags in self.flags for name in flags.too_long]

    @property
    def columns(self) -> int:
        """How many columns there are."""
        flags = sum(len(block.flags) for block in self.blocks)
        return FLAGS_COLUMN + flags + len(self.sides) * len(self.deltas) + len(self.differences.columns)

    @property
    def workings(self) -> list[Working]:
        """The deltas of every run, then the forward passes with moved weights, in the order of their columns."""
        workings = []
        for side, run in zip(self.sides, ["", *self.rates.names], strict=False):
            for d in self.deltas:
                text = guarded(side.text(d), self.run.program.spec.bounded)
                text = of_my_rate(text) if run == self.rates.names[-1] else text
                workings.append(Working(f"{d.name} ({run})" if run else d.name or "", "scientific", text))
        return workings + [Working(m.heading, "number", m.formula) for m in self.differences.columns]

    def rows(self) -> Iterator[list[Value]]:
        """The numbers of all rows: no cell differs."""
        counts: list[Value] = [0.0] * (SCALES_COLUMN - 1)
        flags: list[Value] = [0.0] * sum(len(block.flags) for block in self.blocks if not block.numeric)
        end: list[Value] = [0.0] * len(self.differences.flags)
        runs = [self.run.rows(self.deltas, rate) for rate in [None, *self.rates.numbers[: self.compared]]]
        for n, (deltas, (scales, moved)) in enumerate(
            zip(zip(*runs, strict=True), self.differences.values(), strict=True)
        ):
            yield [float(n), *counts, *scales, *flags, *(value(x) for run in deltas for x in run), *moved, *end]
