"""The command line: `build` and `export` write workbooks, `check` and `audit` judge them, `grad` differentiates."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from sheetgen import __version__
from sheetgen.console import FilePath, Group
from sheetgen.errors import require

if TYPE_CHECKING:
    from sheetgen.grad import Engine
    from sheetgen.xlsx import Workbook

PATH, NAME = FilePath(path_type=Path), FilePath()


@click.group(cls=Group, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="sheetgen")
def main() -> None:
    """Neural networks that train in live spreadsheet cells, proven equal to PyTorch autograd."""


@main.command(short_help="Write a workbook that trains a network, checked cell by cell.")
@click.argument("templates", nargs=-1, type=NAME, metavar="[TEMPLATE]...")
@click.option("-o", "--output", type=PATH, help="The file to write; a folder for many templates.")
@click.option("--steps", type=int, help="How many updates to train, instead of the template's.")
@click.option("--learning-rate", type=float, help="The learning rate, instead of the template's.")
@click.option("--check/--no-check", "checked", default=True, help="Recalculate the workbook with every engine first.")
def build(
    templates: tuple[str, ...], output: Path | None, steps: int | None, learning_rate: float | None, checked: bool
) -> None:
    """Write the workbook of each TEMPLATE: a .toml file, or the name of one that sheetgen ships.

    Without a template, the homework is written to out/sheetgen.xlsx.
    """
    require("sheetgen build", "build", "torch")
    from sheetgen import building

    sys.exit(building.build(templates, output, steps, learning_rate, checked))


@main.command(short_help="Recalculate workbooks that sheetgen made, with every engine.")
@click.argument("files", nargs=-1, required=True, type=PATH, metavar="FILE...")
@click.option("--engine", "engines", multiple=True, help="Only this engine; may be given more than once.")
def check(files: tuple[Path, ...], engines: tuple[str, ...]) -> None:
    """Recalculate each workbook FILE with every engine, and compare it with PyTorch autograd.

    The exit status is 0 if all is right, 1 if something is wrong, 2 if a file cannot be judged.
    """
    require("sheetgen check", "build")
    from sheetgen import building

    sys.exit(building.check_files(files, engines))


@main.command(short_help="Judge workbooks that anybody made, and name the wrong cells.")
@click.argument("paths", nargs=-1, required=True, type=PATH, metavar="FILE_OR_FOLDER...")
@click.option("--table", help="Where the table stands, such as 'Sheet1!A32:AE100', if its labels do not say so.")
@click.option("-j", "--jobs", type=click.IntRange(1, 256), help="How many files at a time; else one per processor.")
@click.option("--timeout", type=click.IntRange(1, 86_400), default=120, show_default=True, help="Seconds for one file.")
@click.option("--json", "as_json", is_flag=True, help="Print everything as JSON.")
@click.option("--markdown", is_flag=True, help="Print Markdown.")
@click.option("--junit", type=PATH, metavar="FILE", help="Write JUnit XML, for any CI.")
@click.option("--gradescope", type=PATH, metavar="FILE", help="Write Gradescope's results.json.")
@click.option("--points", type=click.FloatRange(0, 1e6), default=100, show_default=True, help="Its full score.")
@click.option("--report", type=PATH, metavar="OUT.xlsx", help="Write a workbook for the teacher.")
def audit(
    paths: tuple[Path, ...],
    table: str | None,
    jobs: int | None,
    timeout: int,
    as_json: bool,
    markdown: bool,
    junit: Path | None,
    gradescope: Path | None,
    points: float,
    report: Path | None,
) -> None:
    """Judge workbooks that anybody made: is the backpropagation in them right, and if not, which cell is wrong?

    Folders are searched for .xlsx and .xlsm files. The exit status is 0 if all is right, 1 if something was found, 2
    if a file could not be judged.
    """
    from sheetgen.audit.show import command

    outputs = command.Outputs(as_json, markdown, junit, gradescope, report, points)
    sys.exit(command.audit(paths, outputs, table, jobs, timeout))


@main.command(short_help="Give the exact derivative of any cell of any workbook.")
@click.argument("file", type=PATH)
@click.argument("cell")
@click.argument("ranges", nargs=-1, required=True, metavar="RANGE...")
@click.option("--json", "form", flag_value="json", help="Print JSON instead of a table.")
@click.option("--csv", "form", flag_value="csv", help="Print CSV instead of a table.")
@click.option("--numeric/--no-numeric", default=True, help="Check the derivatives with an engine.")
@click.option("--all", "everything", is_flag=True, help="Check all of them, even if it takes longer than 10 seconds.")
def grad(file: Path, cell: str, ranges: tuple[str, ...], form: str | None, numeric: bool, everything: bool) -> None:
    """Differentiate the CELL of a workbook FILE with respect to the cells of each RANGE, exactly.

    A CELL is written E5, Sheet2!E5 or as a defined name; a RANGE also B3:B20. Beside each derivative stands what
    an independent engine gives: there the cell is changed a little, and the workbook recalculated.

    The exit status is 0 if no derivative differs from that (those that were not checked are counted), 1 if one
    differs or is no finite number, 2 if there is no derivative.
    """
    from sheetgen.grad import command

    sys.exit(command.run(file, cell, ranges, form or "table", open_engine if numeric else None, everything))


def open_engine(workbook: Workbook) -> Engine:
    """Open a workbook in the engine that checks derivatives. Raises MissingExtra."""
    require("checking derivatives", "build")
    from sheetgen.engines.apart import Apart

    return Apart(workbook)


@main.command(short_help="Write a PyTorch network as a workbook of live formulas.")
@click.argument("model")
@click.option("--example", required=True, type=NAME, metavar="INPUT", help="A .csv with a header, .npy, .pt or "
              ".safetensors file; or a shape such as 1x1x28x28, for zeros.")  # fmt: skip
@click.option("-o", "--output", required=True, type=PATH, metavar="FILE.xlsx", help="The file.")
@click.option("--weights", type=PATH, metavar="FILE", help="A .safetensors, .pt or .pth file.")
@click.option("--features", metavar="A,B,C", help="The names of the inputs, instead of the header of a .csv.")
@click.option("--outputs", metavar="A,B", help="The names of the outputs, or of the classes.")
@click.option("--softmax", is_flag=True, help="The outputs are classes: show their probabilities.")
@click.option("--rows", type=int, default=20, show_default=True, help="How many rows a table has to type into.")
@click.option("--title", help="The heading of the workbook.")
@click.option("--check/--no-check", default=True, help="Recalculate the workbook with every engine first.")
def export(
    model: str,
    example: str,
    output: Path,
    weights: Path | None,
    features: str | None,
    outputs: str | None,
    softmax: bool,
    rows: int,
    title: str | None,
    check: bool,
) -> None:
    """Write a PyTorch network as a workbook to type into, every number of it a live formula.

    MODEL is file.py:name or package.module:name: a torch.nn.Module, or a function without arguments that gives one.
    Its code is run, so name only code that you trust. Weights and examples are only read: no pickle is ever run.

    The exit status is 0 if it was written, 1 if a spreadsheet program disagrees with PyTorch, 2 if something that was
    given cannot be used.
    """
    require("sheetgen export", "build", "torch")
    from sheetgen.exporter import command

    sys.exit(command.run(model, example, output, weights, features, outputs, softmax, rows, title, check))


@main.command()
def templates() -> None:
    """List the templates that sheetgen ships."""
    from sheetgen import templates

    templates.show()


if __name__ == "__main__":
    main(prog_name="sheetgen")
