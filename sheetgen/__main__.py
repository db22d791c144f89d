"""The command line: `sheetgen build` writes workbooks, `check` judges them, `templates` lists what is shipped."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from sheetgen import __version__


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="sheetgen")
def main() -> None:
    """Neural networks that train in live spreadsheet cells, proven equal to PyTorch autograd."""


@main.command()
@click.argument("templates", nargs=-1, metavar="[TEMPLATE]...")
@click.option("-o", "--output", type=click.Path(path_type=Path), help="The file to write; a folder for many templates.")
@click.option("--steps", type=int, help="How many updates to train, instead of the template's.")
@click.option("--learning-rate", type=float, help="The learning rate, instead of the template's.")
@click.option("--check/--no-check", "checked", default=True, help="Recalculate the workbook with every engine first.")
def build(
    templates: tuple[str, ...], output: Path | None, steps: int | None, learning_rate: float | None, checked: bool
) -> None:
    """Write the workbook of each TEMPLATE: a .toml file, or the name of one that sheetgen ships.

    Without a template, the homework is written to out/sheetgen.xlsx.
    """
    from sheetgen import building

    sys.exit(building.build(templates, output, steps, learning_rate, checked))


@main.command()
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="FILE...")
@click.option("--engine", "engines", multiple=True, help="Only this engine; may be given more than once.")
def check(files: tuple[Path, ...], engines: tuple[str, ...]) -> None:
    """Recalculate each workbook FILE with every engine, and compare it with PyTorch autograd.

    The exit status is 0 if all is right, 1 if something is wrong, 2 if a file cannot be judged.
    """
    from sheetgen import building

    sys.exit(building.check_files(files, engines))


@main.command()
def templates() -> None:
    """List the templates that sheetgen ships."""
    from sheetgen import building

    building.list_templates()


if __name__ == "__main__":
    main(prog_name="sheetgen")
