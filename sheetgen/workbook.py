"""A Spec -> a finished workbook: the one place that knows all sheets."""

from __future__ import annotations

from pathlib import Path

from sheetgen import program
from sheetgen.book import writing
from sheetgen.plan import START, Oracle, Plan
from sheetgen.sheets import check, differences, network, rates, recomputation, start, steps, template, training
from sheetgen.sheets.start import Made
from sheetgen.spec import Spec


def ask_oracle(spec: Spec) -> Oracle:
    """PyTorch's numbers for a Spec. Importing torch takes seconds, so it is done here and not before."""
    from sheetgen import reference

    series = {label: list(s.numbers()) for label, s in reference.run(spec).items()}
    scales = {label: reference.scale(numbers) for label, numbers in series.items()}
    return Oracle(reference.versions(), {label: [n.value for n in s] for label, s in series.items()}, scales)


def plan(spec: Spec) -> Plan:
    """Lay a workbook out. Raises TooLarge or FormulaTooLong, before anything slow is done."""
    return Plan(program.build(spec))


def write(plan: Plan, path: Path, oracle: Oracle, made: Made = Made()) -> None:  # noqa: B008 (it is immutable)
    """Write a workbook. Raises OSError, and what `made.calculate` does."""
    spec = plan.program.spec
    with writing(path, f"{spec.title}: a neural network in live cells", made.calculate) as book:
        book.sheet(START, f"{spec.title}, in live cells", start_subtitle(spec))
        panel = network.write(book, plan)
        steps.write(book, plan, panel)
        drawn = training.write(book, plan), rates.write(book, plan)
        check.write(book, plan, oracle)
        places = recomputation.write(book, plan, *drawn)
        differences.write(book, plan, panel, places)
        template.write(book, spec, made.options)
        for extra in made.extras:
            extra.write(book)
        start.write(book, plan, oracle, made)


def start_subtitle(spec: Spec) -> str:
    """What the workbook is, in one sentence."""
    return (
        f"Every number of this network's training, over {spec.steps:,} updates, is a formula; "
        "every one is compared with PyTorch."
    )
