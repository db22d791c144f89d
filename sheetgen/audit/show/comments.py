"""The verdict on a workbook as comments in a copy of it: every finding stands at its cell."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from sheetgen.audit.show.text import kind, lines, ordered, where
from sheetgen.audit.verdict import Verdict
from sheetgen.base.finding import Finding
from sheetgen.excel import comments
from sheetgen.excel.a1 import address, range_of

MOST = 1_000  # findings that become comments; errors come first
NO_CELL = "A1"  # where a finding stands that has no cell

is_copy = comments.is_copy


def write_copy(verdict: Verdict, target: str | Path) -> None:
    """Copy the workbook that a verdict is about, with its findings as comments. Raises CannotWrite, UnreadableWorkbook.

    It has no processes and no threads. A workbook without a sheet of cells is copied as it is.
    """
    comments.write(verdict.path, target, texts(verdict, comments.worksheets(verdict.path)))


def texts(verdict: Verdict, sheets: Sequence[str]) -> dict[str, dict[str, str]]:
    """Sheet -> cell -> the findings at it, errors first, for the sheets that have cells.

    A range's stand at its first cell; those at no cell, such as a chart's, at A1 of their sheet, or of the first one.
    """
    if not sheets:
        return {}
    findings = ordered(verdict)
    by_cell: dict[tuple[str, str], list[str]] = {}
    for finding in findings[:MOST]:
        by_cell.setdefault(_place(finding, sheets), []).append(_text(finding, sheets))
    if len(findings) > MOST:
        by_cell.setdefault((sheets[0], NO_CELL), []).append(f"and {len(findings) - MOST:,} more findings")
    found: dict[str, dict[str, str]] = {}
    for (sheet, cell), parts in by_cell.items():
        found.setdefault(sheet, {})[cell] = "\n\n".join(parts)
    return found


def _place(finding: Finding, sheets: Sequence[str]) -> tuple[str, str]:
    """The sheet and the cell at which a finding stands."""
    area = range_of(finding.cells)
    if finding.sheet not in sheets:
        return sheets[0], NO_CELL
    return finding.sheet, address(area.row, area.column) if area else NO_CELL


def _text(finding: Finding, sheets: Sequence[str]) -> str:
    """'error: wrong gradient, Z33:Z79', and below it what is there, what should be, and why."""
    area = range_of(finding.cells)
    place = where(finding.sheet, finding.cells)
    if area and finding.sheet in sheets:
        place = "" if area.single else finding.cells
    head = f"{finding.severity}: {kind(finding)}"
    return "\n".join([f"{head}, {place}" if place else head, *lines(finding)])
