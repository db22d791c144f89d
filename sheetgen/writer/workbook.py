"""A Spec -> a finished workbook: the one place that knows all sheets."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from sheetgen.network import program
from sheetgen.spec import Spec
from sheetgen.writer.book import writing
from sheetgen.writer.plan import START, Oracle, Run
from sheetgen.writer.sheets import (
    autograd_check,
    differences,
    ideas,
    laboratory,
    network,
    rates,
    recomputation,
    start,
    steps,
    template,
    training,
)
from sheetgen.writer.sheets.laboratory import LaboratoryPlaces
from sheetgen.writer.sheets.rates import RatePlaces
from sheetgen.writer.sheets.recomputed import RecomputationLayout
from sheetgen.writer.sheets.start import Made
from sheetgen.writer.sheets.training import TrainingPlaces


@dataclass(frozen=True)
class Plan:
    """A workbook laid out: where on each sheet stands what others refer to, before any of them is written."""

    run: Run
    training: TrainingPlaces
    rates: RatePlaces
    laboratory: LaboratoryPlaces
    recomputation: RecomputationLayout
    compared: int  # columns, with PyTorch

    @property
    def cells(self) -> int:
        """How many cells the tables have that hold a row for every step."""
        checked = 2 + 3 * self.compared
        tables = self.training.columns + self.rates.columns + checked + self.recomputation.columns
        return self.run.height * tables + self.laboratory.cells

    @property
    def formulas(self) -> int:
        """About how many formulas the workbook has: the cells of the tables, but for PyTorch's numbers."""
        return self.cells - self.run.height * self.compared


def plan(spec: Spec) -> Plan:
    """Lay a workbook out. Raises TooLarge or FormulaTooLong, before anything slow is done."""
    run = Run(program.build(spec))
    drawn, compared = training.places(run), RatePlaces(run)
    count = autograd_check.compared(drawn.trace, compared)
    lab = LaboratoryPlaces(run, drawn.trace)
    return Plan(run, drawn, compared, lab, RecomputationLayout(run, drawn, compared), count)


def write(plan: Plan, path: Path, oracle: Oracle, made: Made = Made()) -> None:  # noqa: B008 (it is immutable)
    """Write a workbook. Raises OSError, and what `made.calculate` does."""
    run, trace = plan.run, plan.training.trace
    spec = run.program.spec
    with writing(path, spec.title, made.calculate) as book:
        book.describe(
            f"{spec.title}: a neural network in live cells",
            "Made by sheetgen. Every number of the training is a formula; see the sheet Start.",
            subject="A neural network whose training is live formulas",
            keywords="backpropagation, neural network, gradient descent, sheetgen",
        )
        book.sheet(START, f"{spec.title}, in live cells", start.WHAT)
        ideas.write(book, run, trace)
        panel = network.write(book, run, trace)
        steps.write(book, run, trace, panel)
        spots = training.write(book, run, plan.training)
        rates.write(book, run, plan.rates)
        laboratory.write(book, plan.laboratory, panel)
        autograd_check.write(book, run, trace, plan.rates, oracle)
        scales = recomputation.write(book, plan.recomputation)
        differences.write(book, run, panel, scales)
        template.write(book, spec, made.options)
        for extra in made.extras:
            extra.write(book)
        falling = start.Falling(plan.training.drawings[0].lines[0], run.last, spots)
        told = start.Content(spec, run.height * plan.compared, plan.rates.recomputed, falling)
        start.write(book, told, oracle, made)
