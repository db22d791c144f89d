"""Central differences: every gradient of every row from the forward pass alone, computed again with a weight a little
larger and a little smaller.

The step, and what is allowed, go by the sizes of the inputs and of the row's own weights: how far an output moves, and
how much of the difference is rounding. Beyond MOST_MOVED formulas all weights are moved at once, every other one down,
and the sum of the gradients with these signs is compared; beyond twice as many formulas nothing is.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from sheetgen.cells.cell import Cell, Evaluator, add, constant, mul, rebuilt, sub, variable
from sheetgen.cells.text import FormulaTooLong, show
from sheetgen.writer.book import Value
from sheetgen.writer.plan import Run, extreme, largest, value
from sheetgen.writer.sheets.side import RunAddresses
from sheetgen.writer.trace import THIS, guarded, letter

MOST_MOVED = 60_000  # formulas of central differences
STEP = 1e-5
ABSOLUTE = 1e-9  # how well a central difference can agree, for rounding
SCALES = ("largest weight, or 1", "step ε", "rounding")


class Moved(NamedTuple):
    """A column of a forward pass with moved weights."""

    heading: str
    formula: str
    cell: Cell


class Differences:
    """The columns of central differences of the run on Training: `columns` from `first` on, then `flags`.

    `scales` is the column of the first of SCALES, `size` the address of the size of the inputs.
    """

    def __init__(self, run: Run, side: RunAddresses, first: int, scales: int, size: str):
        self.run, self.side, self.first = run, side, first
        self.weight, self.step, self.rounding = (f"${letter(scales + k)}{THIS}" for k in range(3))
        self.places = {id(run.input_size): size}
        self.epsilon = variable("ε")
        program, net = run.program, run.program.network
        self.hidden = [a for layer in net.layers[:-1] for a in layer.a.flat]
        self.gradients = dict(zip(program.next, program.gradients, strict=True))
        self.quotients: dict[Cell, str] = {}  # of a weight that is moved alone, as a formula
        self.together = 1  # how many weights are moved at once
        self.columns: list[Moved] = []
        self.flags: list[tuple[Cell | None, str]] = []  # the gradient that it is about (None: all of them), the formula
        try:
            self._build(list(program.next), program.spec.steps + 1)
        except FormulaTooLong:
            self.columns, self.flags, self.quotients = [], [], {}
        self.scales = self._scales()

    def _build(self, parameters: list[Cell], rows: int) -> None:
        if 3 * rows * len(parameters) <= MOST_MOVED:
            for p in parameters:
                self._difference({p: 1})
        if not self.columns or rows * len(self.columns) > MOST_MOVED:
            self.columns, self.flags, self.quotients, self.together = [], [], {}, len(parameters)
            self._difference({p: (-1) ** k for k, p in enumerate(parameters)})
            if rows * len(self.columns) > 2 * MOST_MOVED:
                self.columns, self.flags = [], []

    def _difference(self, signs: Mapping[Cell, int]) -> None:
        """The columns of one central difference, and its flag."""
        loss = self.run.program.network.loss
        weight = next(iter(signs)).name if len(signs) == 1 else "all weights"
        errors = []
        for way, mark in ((1, "+"), (-1, "−")):
            leaves = {p: (add if s == way else sub)(p, self.epsilon) for p, s in signs.items()}
            *hidden, error = rebuilt([*self.hidden, loss], lambda c, leaves=leaves: leaves.get(c, c))  # type: ignore[misc]
            places = {id(self.epsilon): self.step}
            for a, b in zip(self.hidden, hidden, strict=True):
                if a is not b:
                    places[id(b)] = self._add(f"{a.name}, {weight} {mark} ε", b, places)
            errors.append(self._add(f"E, {weight} {mark} ε", error, places))
        about = self.gradients[next(iter(signs))] if len(signs) == 1 else None
        up, down = errors
        if len(signs) == 1:
            self.quotients[next(iter(signs))] = f"({up}-{down})/(2*{self.step})"
        self.flags.append((about, self._differs(up, down, signs)))

    def _differs(self, up: str, down: str, signs: Mapping[Cell, int]) -> str:
        live = {p: self.side.live_of(self.gradients[p]) for p in signs}
        analytic = "".join(f"{'+' if s > 0 else '-'}{live[p]}" for p, s in signs.items()).removeprefix("+")
        allowed = f"0.000001*({'+'.join(f'ABS({x})' for x in live.values())})+{self.rounding}"
        if self.run.program.spec.kinked:  # a kink between the two bends E
            now = self.side.live_of(self.run.program.network.loss)
            allowed += f"+ABS({up}-2*{now}+{down})/{self.step}"
        formula = f"IFERROR(IF(ABS(({up}-{down})/(2*{self.step})-({analytic}))<={allowed},0,1),0)"
        if len(formula) > 8_000:
            raise FormulaTooLong(formula)
        return formula

    def _add(self, heading: str, c: Cell, places: Mapping[int, str]) -> str:
        """Place a Cell in the next column, and return its address."""
        text = show(c, lambda x: places.get(id(x)) or self.side.ref(x))
        self.columns.append(Moved(heading, guarded(text, self.run.program.spec.bounded), c))
        return f"${letter(self.first + len(self.columns) - 1)}{THIS}"

    def _scales(self) -> list[Cell]:
        """SCALES as Cells: a row's largest weight, the step, and what rounding may do."""
        layers = self.run.program.network.layers
        groups = [[w for w in (*layer.weights.flat, *layer.biases) if w in self.gradients] for layer in layers]
        weight = largest(group for group in groups if group)
        k, many = len(layers), self.together
        size = self.run.input_size
        step = constant(STEP) / size / many if many > 1 else constant(STEP) / size
        error = constant(1).apply("max", self.run.program.network.loss)
        rounding = mul(ABSOLUTE, error, size.apply("pow", 2), many, weight.apply("pow", 2 * k - 1))
        self.places[id(weight)] = self.weight
        return [weight, step / weight.apply("pow", k - 1) if k > 1 else step, rounding]

    @property
    def formulas(self) -> list[str]:
        """The formulas of SCALES, guarded."""

        def ref(c: Cell) -> str | None:
            return self.places.get(id(c)) or extreme(c, self.side.range) or self.side.ref(c)

        return [guarded(show(c, ref), self.run.program.spec.bounded) for c in self.scales]

    def values(self) -> Iterator[tuple[list[Value], list[Value]]]:
        """The numbers of SCALES and those of all columns, row by row."""
        program = self.run.program
        leaves = [*program.next, program.network.loss]
        # Of E as it stands in its cell: computed anew it would be infinite where the cell holds a text.
        scales = Evaluator(self.scales, [*program.constants, *leaves])
        evaluate = Evaluator([column.cell for column in self.columns])
        for numbers in self.run.rows(leaves):
            row = dict(zip(leaves, numbers, strict=True))
            # MAX passes over the text of a number that diverged.
            there = (x if math.isfinite(x) else 0.0 for x in numbers)
            sizes = scales.of([*program.constants.values(), *there])
            yield [*map(value, sizes)], [*map(value, evaluate({**program.constants, **row, self.epsilon: sizes[1]}))]
