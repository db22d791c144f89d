"""A teacher's workbook of marks: the verdicts of an audit, as the plain data that a sheet of the writer takes."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from pathlib import Path

from sheetgen.audit.show.text import ALL_KINDS, kind, ordered, short, where
from sheetgen.audit.verdict import Verdict
from sheetgen.base.finding import Finding
from sheetgen.writer.sheets import audit_report
from sheetgen.writer.sheets.audit_file import ComparedTable, FileReport, ListedFinding, Place

# The edit that makes a formula right, such as "with a_h2 (L33) for a_h1 (J33) it agrees": the same wherever it stands.
_EDIT = re.compile(r"\bwith (.+?) it (?:agrees|is)\b")
_ADDRESS = re.compile(r"\s*\(\$?[A-Z]{1,3}\$?\d+\)")
_SHAPE = re.compile(r"\$?\b[A-Z]{1,3}\$?\d+\b|\d+(?:\.\d+)?(?:[eE][-+]?\d+)?")


def causes(findings: Iterable[Finding]) -> list[list[Finding]]:
    """The findings in groups of one cause each, in the order of their first: the same slip, in several places."""
    groups: dict[tuple[str, ...], list[Finding]] = {}
    for f in findings:
        groups.setdefault((f.severity, kind(f), *_cause(f)), []).append(f)
    return list(groups.values())


def _cause(f: Finding) -> tuple[str, ...]:
    """What findings of the same cause have in common: the edit that mends them, or else all but numbers and places."""
    edit = _EDIT.search(f.expected) or _EDIT.search(f.message)
    if edit and not edit[1].startswith("brackets"):
        return "edit", _ADDRESS.sub("", edit[1])
    shapes = [_SHAPE.sub("#", text) for text in (f.expected, f.message)]
    return ("edit", _SHAPE.sub("#", edit[1])) if edit else ("shape", *shapes)


def write_report(verdicts: Sequence[Verdict], path: Path) -> None:
    """Write the workbook for the teacher. Raises CannotWrite."""
    files = [
        FileReport(
            v.path, title, v.word, v.at_best, v.sentence(), v.problem, v.rest,
            [_listed(group) for group in causes(ordered(v))],
            [ComparedTable(_place(t.sheet, t.cells), t.rows, t.gradients, t.worst, t.where) for t in v.tables],
            v.unjudged, v.unread,
        )
        for v, title in zip(verdicts, short(verdicts), strict=True)
    ]  # fmt: skip
    audit_report.write(files, ALL_KINDS, path)


def _listed(group: Sequence[Finding]) -> ListedFinding:
    f, *others = group
    texts = f.found, f.expected, f.message
    return ListedFinding(
        f.severity, kind(f), _place(f.sheet, f.cells), texts, [_place(o.sheet, o.cells) for o in others]
    )


def _place(sheet: str, cells: str) -> Place:
    return Place(sheet, cells, where(sheet, cells))
