"""Copies of judged workbooks with their findings as comments: where each goes, and that it takes no other's place."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path

from sheetgen.audit import processes
from sheetgen.audit.show.comments import is_copy, write_copy
from sheetgen.audit.verdict import Verdict
from sheetgen.base.errors import Status, UserError
from sheetgen.base.files import CannotWrite, why_not_writable
from sheetgen.base.text import plain
from sheetgen.cli.console import worst

HINT = "choose another folder"


def earlier(folder: Path | None) -> list[Path]:
    """The copies that a folder holds already, which are no submissions."""
    if folder is None or not folder.is_dir():
        return []
    return [path for path in processes.find_files([folder]) if path.is_file() and is_copy(path)]


def places(folder: Path, judged: Sequence[Path], files: Sequence[Path], others: Sequence[Path]) -> dict[Path, Path]:
    """Where the copy of each file goes: its path from what was named on the command line, in the folder.

    Raises UserError if that is no place for it: it is a file that is judged, or another that is no such copy, or one of
    `others`, which are written, too.
    """
    try:
        base = os.path.commonpath([os.path.abspath(path if path.is_dir() else path.parent) for path in judged])
    except ValueError as error:  # on Windows
        raise UserError("--comments: the files are on two drives: judge those of one drive at a time") from error
    files = [path for path in files if not path.is_dir()]
    places = {path: folder / os.path.relpath(path, base) for path in files}
    taken = {os.path.realpath(path): "a report would have this name" for path in others}
    taken |= {os.path.realpath(path): "it is what is judged" for path in files}
    for path in places.values():
        why = taken.get(os.path.realpath(path)) or why_not_writable(path)
        if why or (path.exists() and not is_copy(path)):
            why = why or "it is no copy that sheetgen audit wrote"
            raise CannotWrite(f"{plain(path)}: the copy cannot be written ({plain(why)}): {HINT}")
        taken[os.path.realpath(path)] = "two copies would have this name"
    return places


def write(verdicts: Sequence[Verdict], places: Mapping[Path, Path]) -> Status:
    """Write the copies of those that have findings."""

    def one(verdict: Verdict) -> Status:
        write_copy(verdict, places[verdict.path])
        return Status.RIGHT

    return worst([verdict for verdict in verdicts if verdict.findings and verdict.path in places], one)
