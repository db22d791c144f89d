"""What the command `sheetgen audit` does: find the files, judge them, and write every report that is asked for."""

from __future__ import annotations

import io
import math
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from sheetgen.audit import run
from sheetgen.audit.show import gradescope, junit, machine, markdown, terminal
from sheetgen.audit.show.text import plain, save
from sheetgen.audit.verdict import Verdict
from sheetgen.console import UNUSABLE, complain, console
from sheetgen.drafts import obstacle


class Outputs(NamedTuple):
    """Which reports are wanted, and where."""

    json: bool = False
    markdown: bool = False
    junit: Path | None = None
    gradescope: Path | None = None
    report: Path | None = None
    points: float = 100.0

    @property
    def files(self) -> list[Path]:
        """The files to write."""
        return [path for path in (self.junit, self.gradescope, self.report) if path is not None]


def audit(paths: Sequence[Path], outputs: Outputs, table: str | None, jobs: int | None, timeout: float) -> int:
    """Judge files and folders and report; returns the exit status: 0 right, 1 something was found, 2 not judged."""
    _survive_narrow_encodings()
    if problem := _unusable(paths, outputs):
        complain(problem)
        return UNUSABLE
    files = run.find_files(paths, leave_out=outputs.files)
    with _progress(len(files)) as progress:
        verdicts = run.audit_all(files, jobs, progress, pointed=table, timeout=timeout)
    if nothing := all(path.is_dir() for path in files):
        names = ", ".join(plain(path) for path in files)
        complain(f"{names}: there is nothing to judge: name a workbook, or a folder with .xlsx or .xlsm files in it")
    if outputs.json:
        sys.stdout.write(machine.document(verdicts))
    elif outputs.markdown:
        sys.stdout.write(markdown.document(verdicts))
    elif not nothing:
        terminal.show(verdicts, console())
    written = [_write(path, content) for path, content in _files(verdicts, outputs)]
    return max([verdict.code for verdict in verdicts] if all(written) else [UNUSABLE], default=UNUSABLE)


def _unusable(paths: Sequence[Path], outputs: Outputs) -> str:
    """Why nothing should be begun, for the end would be bad; or ''."""
    if outputs.json and outputs.markdown:
        return "--json and --markdown: both would be printed: choose one of them"
    if not math.isfinite(outputs.points):
        return f"--points {outputs.points}: the points must be a number"
    files, judged = outputs.files, {os.path.realpath(path) for path in paths}
    for k, path in enumerate(files):
        if os.path.realpath(path) in judged:
            return _cannot(path, "it is what is judged")
        if os.path.realpath(path) in [os.path.realpath(other) for other in files[:k]]:
            return _cannot(path, "two reports would have this name")
        if why := obstacle(path):
            return _cannot(path, why)
    if outputs.report is not None and outputs.report.suffix.lower() != ".xlsx":
        return f"{plain(outputs.report)}: the report's name must end with .xlsx"
    return ""


def _cannot(path: Path, reason: object) -> str:
    return f"{plain(path)}: the file cannot be written ({plain(reason)}): choose another name"


def _files(verdicts: Sequence[Verdict], outputs: Outputs) -> Iterator[tuple[Path, Callable[[Path], None]]]:
    """Each file that is wanted, and what writes it."""
    if outputs.junit is not None:
        yield outputs.junit, lambda path: save(path, junit.document(verdicts))
    if outputs.gradescope is not None:
        text = gradescope.document(verdicts, outputs.points)
        yield outputs.gradescope, lambda path: save(path, text.encode())
    if outputs.report is not None:
        from sheetgen.audit.show import workbook  # XlsxWriter is imported only where a workbook is wanted

        yield outputs.report, lambda path: workbook.write(verdicts, path)


def _write(path: Path, write: Callable[[Path], None]) -> bool:
    try:
        write(path)
    except OSError as error:
        complain(_cannot(path, error.strerror or error))
        return False
    return True


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
