"""A second training, in which a number chooses a slip: what a slip does to every number after it.

The right formulas are the textbook's, with a delta for every unit; a slip is what stands in the place of some of them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import islice

from sheetgen.cells.cell import Cell, Evaluator, identity, mul, sub, variable
from sheetgen.network import slips
from sheetgen.network.program import Program
from sheetgen.network.recompute import Recomputation


def instead(root: Cell, change: Callable[[Cell], Cell | None]) -> Cell:
    """A Cell in which others stand in the place of some; what `change` gives is not entered."""
    seen: dict[Cell, Cell] = {}

    def walk(c: Cell) -> Cell:
        if c not in seen:
            new = change(c) if c is not root else None
            args = tuple(map(walk, c.args)) if new is None else ()
            same = all(a is b for a, b in zip(args, c.args, strict=False))
            seen[c] = new if new is not None else c if same else Cell(c.op, args, None, c.value)
        return seen[c]

    return walk(root)


def bare(c: Cell) -> Cell:
    """The same Cell without its name, so that it is written out where it is used."""
    return Cell(c.op, c.args) if c.args else c


class SecondTraining:
    """A training with a column for each of `columns`, whose formulas depend on `choice`, the number of a slip.

    `right` has the right formula of every column, with the other columns in it as they are. `typed` is the input that
    a slip types over, `first` tells of which column a Cell is the number of row 0, `checks` are pairs of a column and
    what it should be, given the other numbers of its row; `update` counts the rows.
    """

    def __init__(self, program: Program):
        self.program, self.net, again = program, program.network, Recomputation(program)
        self.choice, self.update = variable("slip"), variable("update")
        self.deltas, self.gradient = again.deltas, again.gradient_of
        self.typed: Cell = self.net.inputs.item(0)
        self.true = variable(self.typed.name or "")
        self.rate = identity(program.learning_rate).named("learning rate")
        activations = [a for layer in self.net.layers for a in layer.a.flat]
        self.right = {c: bare(c) for c in (*activations, self.net.loss)}
        self.right |= {d: bare(again.expected.get(d, d)) for d in self.deltas.values()}
        self.right |= {g: bare(again.expected[g]) for g in self.gradient.values()}
        self.right |= {self.rate: program.learning_rate, self.typed: self.true}
        self.steps: dict[Cell, Cell] = {}
        self.first: dict[Cell, Cell] = {}
        self.slips = list(slips.listed(self))
        self._truth()

    def step(self, p: Cell) -> Cell:
        """The column of what an update subtracts from a weight; only slips need one."""
        if p not in self.steps:
            right = mul(self.rate, self.gradient[p])
            self.steps[p] = Cell(right.op, right.args, f"step of {p.name}")
            self.right[self.steps[p]] = right
        return self.steps[p]

    def frozen(self, c: Cell) -> Cell:
        """The number of a column in row 0, which a formula reads in every row."""
        cell = variable(f"{c.name} of row 0")
        self.first[cell] = c
        return cell

    def inside(self, c: Cell, new: Mapping[Cell, Cell]) -> Cell:
        """The right formula of a column with other Cells in it."""
        return instead(self.right[c], lambda x: new.get(x, x if x in self.right else None))

    def _truth(self) -> None:
        """The right numbers for the row's own weights: deltas, the error and, where they are long sums, gradients."""
        new: dict[Cell, Cell] = {}
        several = self.program.spec.samples > 1
        for c in (*self.deltas.values(), *self.gradient.values(), self.net.loss):
            found = self.inside(c, new) if c is not self.net.loss else self.right[c]
            found = identity(found) if found.name else found
            new[c] = Cell(found.op, found.args, f"true {c.name}")
        gradients = [] if several else list(self.gradient.values())
        self.truth = [new[c] for c in new if c not in gradients]
        self.checks = [(g, new[g] if several else bare(new[g])) for g in self.gradient.values()]
        self.checks += [(self.net.loss, new[self.net.loss]), (self.rate, self.program.learning_rate)]
        self.checks += [(self.typed, self.true), *((step, bare(self.right[step])) for step in self.steps.values())]

    @property
    def columns(self) -> list[Cell]:
        """All Cells that have a column, those of the training before those of the truth."""
        own = [c for c in self.right if c is not self.typed]
        return [*self.program.next, *own, *self.truth]

    def formula(self, c: Cell) -> Cell:
        """What stands in a column: its right formula, or what a slip makes of it."""
        result = self.right[c] if c in self.right else bare(c)
        for k in reversed(range(len(self.slips))):
            if c in self.slips[k].changes:
                chosen = self.choice.apply("eq", k + 1)
                result = chosen.apply("if", self.slips[k].changes[c], result)
        return result

    def following(self, p: Cell) -> Cell:
        """The next value of a weight."""
        return sub(p, self.steps.get(p) or self.rate * self.gradient[p])

    def run(self, cells: Sequence[Cell], slip: int, rows: int) -> Iterator[list[float]]:
        """The numbers of some columns, row by row, with a slip; 0 is none."""
        done: dict[Cell, Cell] = {}

        def final(c: Cell) -> Cell | None:
            if c not in self.right and c not in places:
                return None
            if c not in done:
                done[c] = instead(bare(self.formula(c)), final)
            return done[c]

        places = set(self.truth)
        program = self.program
        roots = [final(c) or c for c in cells]
        following = [instead(self.following(p), final) for p in program.next]
        sources = [final(c) or c for c in self.first.values()]
        evaluate = Evaluator([*roots, *following, *sources])
        values = {**program.constants, **program.initial, self.choice: float(slip)}
        values |= {self.true: program.constants[self.typed], **dict.fromkeys(self.first, 0.0)}
        for k in range(rows):
            values[self.update] = float(k)
            numbers = evaluate(values)
            if k == 0 and sources:
                values |= dict(zip(self.first, numbers[-len(sources) :], strict=True))
                numbers = evaluate(values)
            yield numbers[: len(roots)]
            values.update(zip(program.next, islice(numbers, len(roots), len(roots) + len(following)), strict=True))
