"""`sheetgen check`."""

from __future__ import annotations

from pathlib import Path

import click

from sheetgen.base.errors import Status, require
from sheetgen.cli.console import PATH, Command, complain, console, ended_with_us, stages, succeed, worst
from sheetgen.judge.report import Report, merged, summary, table


@click.command(cls=Command, short_help="Recalculate workbooks that sheetgen made, with every engine.")
@click.argument("files", nargs=-1, required=True, type=PATH, metavar="FILE...")
@click.option("--engine", "names", multiple=True, help="Only this engine; may be given more than once.")
def check(files: tuple[Path, ...], names: tuple[str, ...]) -> Status:
    """Recalculate each workbook FILE with every engine, and compare it with PyTorch autograd.

    The exit status is 0 if all is right, 1 if something is wrong, 2 if a file cannot be judged.
    """
    require("sheetgen check", "build")
    import sheetgen
    from sheetgen.judge import engines

    def check_one(path: Path) -> Status:
        with stages("reading") as progress, ended_with_us(engines.stop):
            report = sheetgen.check(path, names, progress=progress)
        print_report(report)
        if report.passed:
            succeed(f"{path}: right")
            return Status.RIGHT
        n = len(merged(report.findings))
        complain(f"{path}: {n:,} finding{'s' * (n != 1)}")
        return Status.WRONG

    return worst(dict.fromkeys(files), check_one)


def print_report(report: Report) -> None:
    """Print the table of engines, then the notes and findings."""
    out = console()
    out.print(table(report.lines), soft_wrap=True)
    for note in report.notes:
        out.print(f"note: {note}", soft_wrap=True)
    for finding, more in summary(report.findings):
        where = f"{finding.sheet}!{finding.cells}: " if finding.sheet else ""
        engine = f" [{finding.engine}]" if finding.engine else ""
        out.print(f"{finding.kind}: {where}{finding.message}{engine}", soft_wrap=True)
        if more:
            out.print(f"    and {more:,} more of this kind")
