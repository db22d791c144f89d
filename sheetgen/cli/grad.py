"""`sheetgen grad`."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click
from rich.console import Console
from rich.table import Table
from rich.text import Text

from sheetgen.base.errors import Status, UserError
from sheetgen.base.text import plain
from sheetgen.cli.console import PATH, Command, console

if TYPE_CHECKING:
    from sheetgen.grad.result import Result, Row

MOST_ROWS = 500  # of a table


@click.command(cls=Command, short_help="Give the exact derivative of any cell of any workbook.")
@click.argument("file", type=PATH)
@click.argument("cell")
@click.argument("ranges", nargs=-1, required=True, metavar="RANGE...")
@click.option("--json", "form", flag_value="json", help="Print JSON instead of a table.")
@click.option("--csv", "form", flag_value="csv", help="Print CSV instead of a table.")
@click.option("--numeric/--no-numeric", default=True, help="Check the derivatives with an engine.")
@click.option("--all", "everything", is_flag=True, help="Check all of them, even if it takes longer than 10 seconds.")
def grad(file: Path, cell: str, ranges: tuple[str, ...], form: str | None, numeric: bool, everything: bool) -> Status:
    """Differentiate the CELL of a workbook FILE with respect to the cells of each RANGE, exactly.

    A CELL is written E5, Sheet2!E5 or as a defined name; a RANGE also B3:B20. Beside each derivative stands what
    an independent engine gives: there the cell is changed a little, and the workbook recalculated.

    The exit status is 0 if no derivative differs from that (those that the engine cannot check are named), 1 if one
    differs or is no finite number, 2 if there is no derivative.
    """
    import sheetgen
    from sheetgen.grad import show
    from sheetgen.grad.result import SECONDS
    from sheetgen.grad.reverse import CannotDifferentiate
    from sheetgen.grad.where import NoSuchCell

    seconds = math.inf if everything else SECONDS
    errors = console(stderr=True)
    try:
        with errors.status("reading the workbook") as status:
            progress = lambda text: status.update(Text(text))  # noqa: E731
            result = sheetgen.grad(file, cell, *ranges, check=numeric, seconds=seconds, progress=progress)
    except (NoSuchCell, CannotDifferentiate) as error:
        raise UserError(f"{plain(file.name)}: {error}.") from error
    if form == "json":
        print(show.as_json(file, result))
    elif form == "csv":
        print(show.as_csv(result), end="")
        for line in show.closing(result):
            errors.print(line, soft_wrap=True)
    else:
        print_table(console(), result)
    return Status.RIGHT if result.right else Status.WRONG


def print_table(out: Console, result: Result) -> None:
    """Print a row for each derivative, with their target above and the summary below."""
    from sheetgen.grad.engine import DIFFERS
    from sheetgen.grad.show import closing
    from sheetgen.grad.where import named

    label = f" ({result.label})" if result.label else ""
    out.print(f"derivatives of {named(result.target)}{label} = {result.value:.12g}", soft_wrap=True)
    table = Table("cell", "label", box=None)
    for head in ("value", "derivative", "numeric", "relative difference"):
        table.add_column(head, justify="right", no_wrap=True)
    for row in result.rows[:MOST_ROWS]:
        style = "red" if row.derivative is None or row.check == DIFFERS else None
        table.add_row(named(row.place), row.label, *_numbers(row), style=style)
    out.print(table)
    if (more := len(result.rows) - MOST_ROWS) > 0:
        out.print(f"and {more:,} more: --csv and --json have all", soft_wrap=True)
    for line in closing(result):
        out.print(line, soft_wrap=True)


def _numbers(row: Row) -> Iterator[str]:
    from sheetgen.grad.engine import AGREES, UNCHECKED

    for number, digits in ((row.value, 8), (row.derivative, 12), (row.numeric, 12)):
        yield "-" if number is None else f"{number:.{digits}g}"
    difference = "-" if row.difference is None else f"{row.difference:.1g}"
    yield difference if row.check in (AGREES, UNCHECKED) else f"{difference} {row.check}"
