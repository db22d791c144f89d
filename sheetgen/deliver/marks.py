"""A teacher's workbook of marks: the verdicts of an audit, as the plain data that a sheet of the writer takes."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from sheetgen.audit.show.text import ALL_KINDS, kind, ordered, short, where
from sheetgen.audit.verdict import Verdict
from sheetgen.writer.sheets import audit_report
from sheetgen.writer.sheets.audit_file import ComparedTable, FileReport, ListedFinding, Place


def write_report(verdicts: Sequence[Verdict], path: Path) -> None:
    """Write the workbook for the teacher. Raises CannotWrite."""

    def place(sheet: str, cells: str) -> Place:
        return Place(sheet, cells, where(sheet, cells))

    files = [
        FileReport(
            v.path, title, v.word, v.at_best, v.sentence(), v.problem, v.rest,
            [ListedFinding(f.severity, kind(f), place(f.sheet, f.cells), (f.found, f.expected, f.message))
             for f in ordered(v)],
            [ComparedTable(place(t.sheet, t.cells), t.rows, t.gradients, t.worst, t.where) for t in v.tables],
            v.unjudged, v.unread,
        )
        for v, title in zip(verdicts, short(verdicts), strict=True)
    ]  # fmt: skip
    audit_report.write(files, ALL_KINDS, path)
