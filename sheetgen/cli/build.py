"""`sheetgen build` and `sheetgen templates`."""

from __future__ import annotations

from pathlib import Path

import click
from rich.table import Table

from sheetgen.base.errors import Status, require
from sheetgen.cli.check import print_report
from sheetgen.cli.console import NAME, PATH, Command, complain, console, ended_with_us, stages, succeed, worst


@click.command(cls=Command, short_help="Write a workbook that trains a network, checked cell by cell.")
@click.argument("templates", nargs=-1, type=NAME, metavar="[TEMPLATE]...")
@click.option("-o", "--output", type=PATH, help="The file to write; a folder for many templates.")
@click.option("--steps", type=int, help="How many updates to train, instead of the template's.")
@click.option("--learning-rate", type=float, help="The learning rate, instead of the template's.")
@click.option("--check/--no-check", "checked", default=True, help="Recalculate the workbook with every engine first.")
def build(
    templates: tuple[str, ...], output: Path | None, steps: int | None, learning_rate: float | None, checked: bool
) -> Status:
    """Write the workbook of each TEMPLATE: a .toml file, or the name of one that sheetgen ships.

    Without a template, the homework is written to out/sheetgen.xlsx.
    """
    require("sheetgen build", "build", "torch")
    import sheetgen
    from sheetgen.base.files import CannotWrite
    from sheetgen.deliver.build import OUTPUT, FailedChecks, default_output
    from sheetgen.judge import engines

    written: set[Path] = set()

    def build_one(template: str | None) -> Status:
        path = output
        if len(templates) > 1:
            path = default_output(template, output or OUTPUT)
            if output is not None and output.suffix.lower() == ".xlsx":
                count = f"{len(templates)} templates"
                raise CannotWrite(f"{output}: this is the name of one workbook for {count}: give a folder")
            if path in written:
                raise CannotWrite(f"{template}: {path} is written by another template: give one of them another name")
            written.add(path)
        try:
            with stages("asking PyTorch autograd") as progress, ended_with_us(engines.stop):
                built = sheetgen.build(
                    template, path, steps=steps, learning_rate=learning_rate, check=checked, progress=progress
                )
        except FailedChecks as error:
            print_report(error.report)
            complain(str(error))
            return Status.WRONG
        if not checked:
            succeed(f"{built.path}: written, not checked")
            return Status.RIGHT
        print_report(built.report)
        succeed(f"{built.path}: written, {sum(x.cells for x in built.report.lines):,} results compared, all right")
        return Status.RIGHT

    return worst(templates or [None], build_one)


@click.command(cls=Command)
def templates() -> None:
    """List the templates that sheetgen ships."""
    from sheetgen import spec
    from sheetgen.templates import shipped

    table = Table("template", "network", "title", box=None)
    for path in shipped():
        network = spec.load(path)
        table.add_row(path.stem, "-".join(map(str, network.layers)), network.title)
    console().print(table)
