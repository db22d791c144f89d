"""`sheetgen audit`: find the files, judge them, and write every report that is asked for."""

from __future__ import annotations

import io
import math
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import click
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from sheetgen.audit import processes
from sheetgen.audit.show import gradescope, junit, machine, markdown
from sheetgen.audit.verdict import Verdict
from sheetgen.base.errors import Status, UserError
from sheetgen.base.files import CannotWrite, save, why_not_writable
from sheetgen.base.finding import ERROR, WARNING
from sheetgen.base.text import plain
from sheetgen.cli import copies, github
from sheetgen.cli import verdicts as terminal
from sheetgen.cli.console import PATH, Command, complain, console, worst

HINT = "choose another name"
NEVER = "never"
FAILURE = "From what on the exit status is not 0; a file that is not judged counts as an error."
processes.PRELOADED.append("sheetgen.__main__")  # which the program imports, and so would every process


class Outputs(NamedTuple):
    """Which reports are wanted, and where."""

    json: bool = False
    markdown: bool = False
    github: bool = False
    junit: Path | None = None
    gradescope: Path | None = None
    report: Path | None = None
    comments: Path | None = None
    points: float = 100.0

    @property
    def files(self) -> list[Path]:
        """The files to write."""
        return [path for path in (self.junit, self.gradescope, self.report) if path is not None]

    def check(self, judged: Sequence[Path]) -> None:
        """Raise UserError before anything is begun, if the end would be bad."""
        printed = [f"--{name}" for name in ("json", "markdown", "github") if getattr(self, name)]
        if len(printed) > 1:
            raise UserError(f"{' and '.join(printed)}: each would be printed: choose one of them")
        if not math.isfinite(self.points):
            raise UserError(f"--points {self.points}: the points must be a number")
        taken = {os.path.realpath(path): "it is what is judged" for path in judged}
        here = {os.path.realpath(path) for path in self.files if path.is_file() and not processes.is_report(path)}
        if here:
            files = map(os.path.realpath, processes.find_files(judged))
            taken |= {path: "it is among what is judged, and no report" for path in files if path in here} | taken
        for path in self.files:
            if why := taken.get(os.path.realpath(path)) or why_not_writable(path):
                raise CannotWrite(f"{plain(path)}: the file cannot be written ({plain(why)}): {HINT}")
            taken[os.path.realpath(path)] = "two reports would have this name"
        if self.report is not None and self.report.suffix.lower() != ".xlsx":
            raise CannotWrite(f"{plain(self.report)}: the report's name must end with .xlsx")


@click.command(cls=Command, short_help="Judge workbooks that anybody made, and name the wrong cells.")
@click.argument("paths", nargs=-1, required=True, type=PATH, metavar="FILE_OR_FOLDER...")
@click.option("--table", help="Where the table stands, such as 'Sheet1!A32:AE100', if its labels do not say so.")
@click.option("-j", "--jobs", type=click.IntRange(1, 256), help="How many files at a time; else one per processor.")
@click.option("--timeout", type=click.IntRange(1, 86_400), default=120, show_default=True, help="Seconds for one file.")
@click.option("--fail-on", type=click.Choice([WARNING, ERROR, NEVER]), default=WARNING, show_default=True, help=FAILURE)
@click.option("--json", is_flag=True, help="Print everything as JSON.")
@click.option("--markdown", is_flag=True, help="Print Markdown.")
@click.option("--github", is_flag=True, help="Annotate the files on GitHub, in a step of GitHub Actions.")
@click.option("--junit", type=PATH, metavar="FILE", help="Write JUnit XML, for any CI.")
@click.option("--gradescope", type=PATH, metavar="FILE", help="Write Gradescope's results.json.")
@click.option("--points", type=click.FloatRange(0, 1e6), default=100, show_default=True, help="Its full score.")
@click.option("--report", type=PATH, metavar="OUT.xlsx", help="Write a workbook for the teacher.")
@click.option(
    "--comments", type=PATH, metavar="FOLDER", help="Write copies with the findings as comments in their cells."
)
def audit(
    paths: tuple[Path, ...], table: str | None, jobs: int | None, timeout: int, fail_on: str, **reports: object
) -> Status:
    """Judge workbooks that anybody made: is the backpropagation in them right, and if not, which cell is wrong?

    Folders are searched for .xlsx and .xlsm files. The exit status is 0 if all is right, 1 if something was found, 2
    if a file could not be judged.
    """
    _survive_narrow_encodings()
    outputs = Outputs(**reports)  # type: ignore[arg-type]  # click gives each option its type
    outputs.check(paths)
    files = processes.find_files(paths, leave_out=[*outputs.files, *copies.earlier(outputs.comments)])
    places = copies.places(outputs.comments, paths, files, outputs.files) if outputs.comments else {}
    with _progress(len(files)) as progress:
        verdicts = processes.audit_all(files, jobs, progress, processes.Assignment(table, timeout))
    if nothing := all(path.is_dir() for path in files) and not outputs.github:
        names = ", ".join(plain(path) for path in files)
        complain(f"{names}: there is nothing to judge: name a workbook, or a folder with .xlsx or .xlsm files in it")
    if outputs.json:
        sys.stdout.write(machine.document(verdicts))
    elif outputs.markdown:
        sys.stdout.write(markdown.document(verdicts))
    elif not (outputs.github or nothing):
        terminal.show(verdicts, console())
    written = worst(outputs.files, lambda path: _write(path, verdicts, outputs))
    written = max(written, copies.write(verdicts, places))
    told = worst([verdicts], github.tell) if outputs.github else Status.RIGHT
    return max([written, told, *(_code(verdict, fail_on) for verdict in verdicts)])


def _code(verdict: Verdict, fail_on: str) -> Status:
    """The exit status for one file, if nothing fails but what shall."""
    passes = fail_on == NEVER or (fail_on == ERROR and verdict.word == "doubtful")
    return Status.RIGHT if passes else verdict.code


def _write(path: Path, verdicts: Sequence[Verdict], outputs: Outputs) -> Status:
    """Write one of the reports. Raises CannotWrite."""
    if path == outputs.junit:
        save(path, junit.document(verdicts), CannotWrite, HINT)
    elif path == outputs.gradescope:
        save(path, gradescope.document(verdicts, outputs.points).encode(), CannotWrite, HINT)
    else:
        from sheetgen.deliver.marks import write_report  # XlsxWriter is imported only where a workbook is wanted

        write_report(verdicts, path)
    return Status.RIGHT


def _survive_narrow_encodings() -> None:
    """Where the output can hold no ∂, a ? is printed for it, instead of ending in the middle."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")


@contextmanager
def _progress(files: int) -> Iterator[Callable[[Verdict], None]]:
    """A bar on stderr, if that is a terminal."""
    out = console(stderr=True)
    columns = (TextColumn("judging"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=out, transient=True, disable=not out.is_terminal) as bar:
        task = bar.add_task("", total=files)
        yield lambda verdict: bar.advance(task)
