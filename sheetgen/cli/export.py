"""`sheetgen export`."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import click

from sheetgen.base.errors import Status, require
from sheetgen.cli.console import NAME, PATH, Command, complain, console, ended_with_us, stages, succeed
from sheetgen.judge.report import table


def _names(_: click.Context, __: click.Parameter, text: str | None) -> list[str] | None:
    """Names between commas; one that has a comma stands in quotes."""
    return None if text is None else [name.strip() for name in next(csv.reader([text])) or [""]]


@click.command(cls=Command, short_help="Write a PyTorch network as a workbook of live formulas.")
@click.argument("model")
@click.option("--example", required=True, type=NAME, metavar="INPUT", help="A .csv with a header, .npy, .pt or "
              ".safetensors file; or a shape such as 1x1x28x28, for zeros.")  # fmt: skip
@click.option("-o", "--output", required=True, type=PATH, metavar="FILE.xlsx", help="The file.")
@click.option("--weights", type=PATH, metavar="FILE", help="A .safetensors, .pt or .pth file.")
@click.option("--features", callback=_names, metavar="A,B,C", help="The names of the inputs, instead of the header of "
              "a .csv.")  # fmt: skip
@click.option("--outputs", callback=_names, metavar="A,B", help="The names of the outputs, or of the classes.")
@click.option("--softmax", is_flag=True, help="The outputs are classes: show their probabilities.")
@click.option("--rows", type=int, default=20, show_default=True, help="How many rows a table has to type into.")
@click.option("--title", help="The heading of the workbook.")
@click.option("--check/--no-check", default=True, help="Recalculate the workbook with every engine first.")
def export(model: str, example: str, output: Path, weights: Path | None, **options: Any) -> Status:
    """Write a PyTorch network as a workbook to type into, every number of it a live formula.

    MODEL is file.py:name or package.module:name: a torch.nn.Module, or a function without arguments that gives one.
    Its code is run, so name only code that you trust. Weights and examples are only read: no pickle is ever run.

    The exit status is 0 if it was written, 1 if a spreadsheet program disagrees with PyTorch, 2 if something that was
    given cannot be used.
    """
    require("sheetgen export", "build", "torch")
    with stages("loading PyTorch and the network") as progress:
        import sheetgen
        from sheetgen.judge.compare import Disagrees
        from sheetgen.judge.engines import EngineFailed, EngineMissing, stop
        from sheetgen.network.torch import load

        tensor, header = load.example(example)
        module = load.network(model, weights)
        options["features"] = options["features"] or header
        given = {name: value for name, value in options.items() if value is not None}
        try:
            with ended_with_us(stop):
                exported = sheetgen.export(module, tensor, output, **given, progress=progress)
        except (Disagrees, EngineFailed, EngineMissing) as error:
            complain(f"{output}: not written, for it failed its checks: {error}")
            return Status.WRONG
    if exported.lines:
        console().print(table(exported.lines), soft_wrap=True)
    succeed(exported.sentence())
    return Status.RIGHT
