"""The command line: python -m mnist train | seeds | ladder | verify | spreadsheet | report."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from mnist.ladder import LADDER
from mnist.recipe import RECIPES, TARGET
from sheetgen.base.errors import Status, require
from sheetgen.cli.console import PATH, CommandGroup, complain

STARTED = time.time()

OUT = Path("out/mnist")
net_option = click.option(
    "--net", type=click.Choice(list(RECIPES)), default="ours", show_default=True, help="Which recipe."
)
data_option = click.option("--data", type=PATH, help="The folder with MNIST, or for it.")
out_option = click.option("--out", type=PATH, default=OUT, show_default=True, help="For checkpoints.")
records_option = click.option(
    "--records", type=PATH, default=OUT / "runs", show_default=True, help="For what is measured."
)
jobs_option = click.option("--jobs", type=click.IntRange(1), default=os.cpu_count(), help="Runs at once.")
epochs_option = click.option("--epochs", type=click.IntRange(1), help="How many, instead of the recipe's.")
held_out_option = click.option(
    "--held-out", type=click.IntRange(0, 59_000), default=0, help="Test on so many training images kept back instead."
)


def of_several_runs(command: Callable[..., None]) -> Callable[..., None]:
    """The options of a command that starts several runs."""
    for option in (records_option, out_option, data_option, held_out_option, epochs_option, jobs_option):
        command = option(command)
    return command


class Commands(CommandGroup):
    """Commands that keep what they have done when a signal stops them."""

    kept = "what is checkpointed goes on with --resume"


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
def main() -> None:
    """Train small networks on MNIST, and keep honest records of it."""


@main.command(short_help="Train one network: a line and a checkpoint per epoch.")
@net_option
@epochs_option
@click.option("--seed", type=int, default=0, show_default=True)
@click.option("--device", default="auto", show_default=True, help="auto, cpu, cuda, cuda:1 or mps.")
@click.option("--resume", is_flag=True, help="Go on from the last checkpoint.")
@click.option("--target", type=float, default=TARGET, show_default=True, help="Exit with 1 below so many per cent.")
@click.option("--threads", type=click.IntRange(1), help="CPU threads.")
@held_out_option
@data_option
@out_option
@records_option
def train(net: str, epochs: int | None, seed: int, target: float, threads: int | None, **options: Any) -> None:
    """Train one network: a line per epoch, a checkpoint after each, a record at the end."""
    require("training", "torch")
    from dataclasses import replace

    import torch

    from mnist import runner

    if threads:
        torch.set_num_threads(threads)
    recipe = RECIPES[net] if epochs is None else replace(RECIPES[net], epochs=epochs)
    record = runner.run(recipe, seed, runner.Options(**options), STARTED)
    if record.accuracy < target:
        complain(f"{record.accuracy:.2f} % at the last epoch is below the target of {target:g} %")
        sys.exit(Status.WRONG)


def _run_all(runs: list[tuple[str, int]], target: float, jobs: int, resume: bool, **options: object) -> None:
    """Run several times `train`, with options that are passed on where they are given."""
    require("training", "torch")
    from mnist.runner import Job, run_all

    passed = {f"--{key.replace('_', '-')}": value for key, value in options.items() if value not in (None, 0)}
    flags = [*(str(x) for pair in passed.items() for x in pair), *(["--resume"] if resume else [])]
    all_jobs = [
        Job(f"{net} {seed}", ("--net", net, "--seed", str(seed), "--target", str(target), *flags)) for net, seed in runs
    ]
    if failed := run_all(all_jobs, min(jobs, len(all_jobs)), click.echo):
        complain(f"below the target, or failed: {', '.join(j.name for j in failed)}")
        sys.exit(Status.WRONG)


@main.command(short_help="Train one network with several seeds, and print their table.")
@net_option
@click.option("--n", "count", type=click.IntRange(1), default=5, show_default=True, help="How many seeds, from 0.")
@click.option("--resume", is_flag=True, help="Go on from the last checkpoints.")
@click.option("--target", type=float, default=TARGET, show_default=True, help="Exit with 1 if a seed stays below it.")
@click.option("--device", default="auto", show_default=True)
@of_several_runs
def seeds(net: str, count: int, records: Path, **options: Any) -> None:
    """Train one network with several seeds, one core each, and print their table."""
    try:
        _run_all([(net, seed) for seed in range(count)], records=records, **options)
    finally:
        _print_report(records, net)


@main.command(short_help="Train the six rungs of the ladder, and print their table.")
@click.option("--resume", is_flag=True, help="Go on from the last checkpoints.")
@of_several_runs
def ladder(records: Path, **options: Any) -> None:
    """Train the six rungs of the ladder alike, and print their table."""
    _run_all([(rung.recipe.name, 0) for rung in LADDER], target=0, records=records, **options)
    _print_report(records, "ladder-*")


@main.command(short_help="Evaluate every recorded network again on the test images.")
@data_option
@click.option("--records", type=PATH, help="Another folder of records than the shipped one.")
def verify(data: Path | None, records: Path | None) -> None:
    """Evaluate every recorded network again on the real test images, and compare with what is recorded."""
    require("evaluating a network", "torch")
    from mnist.evaluate import verify_all

    if not verify_all(data, records, click.echo):
        sys.exit(Status.WRONG)


@main.command(short_help="Measure the accuracy of the formulas in a workbook's cells.")
@click.argument("workbook", type=PATH, default=Path("out/sheetgen.xlsx"))
@data_option
@click.option("--keep", is_flag=True, help="Keep what was measured beside the records, for the report.")
def spreadsheet(workbook: Path, data: Path | None, keep: bool) -> None:
    """The accuracy of the formulas in WORKBOOK (by default out/sheetgen.xlsx) on the test images.

    All images go through the formulas as they stand in the cells, and through PyTorch in float64; some are recalculated
    by IronCalc too. The exit status is 0 if all agree.
    """
    require("comparing the formulas with PyTorch", "build", "torch")
    from mnist import live, record
    from mnist.spreadsheet import run, summary, write
    from mnist.tables import progress

    with progress() as say:
        measured = run(workbook, data, live.NET, live.SEED, say)
    click.echo("\n".join(summary(measured)))
    if not measured.agrees:
        complain("the cells and PyTorch do not agree")
        sys.exit(Status.WRONG)
    if keep:
        click.echo(f"{write(measured, record.RUNS)}: written")


@main.command(short_help="Print the table of all records, over the seeds of each.")
@click.option("--records", type=PATH, help="Another folder of records than the shipped one.")
@click.option("--markdown", is_flag=True, help="As docs/mnist.md shows it.")
def report(records: Path | None, markdown: bool) -> None:
    """Print the table of all records: mean, deviation and minimum over the seeds, at the last epoch."""
    from mnist import tables
    from mnist.record import RUNS, claims

    if markdown:
        click.echo(tables.markdown(list(claims(records or RUNS).values())))
    else:
        _print_report(records or RUNS)


def _print_report(records: Path, pattern: str = "*") -> None:
    from mnist.record import claims
    from mnist.tables import table

    if recorded := claims(records, pattern):
        table(list(recorded.values()))


if __name__ == "__main__":
    main(prog_name="python -m mnist")
