"""The parts that all reports share: places as formulas write them, the order of findings, counts."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable, Sequence

from sheetgen.audit.verdict import KINDS, Verdict
from sheetgen.base.finding import ERROR, SEVERITIES, WARNING, Finding
from sheetgen.base.text import plain
from sheetgen.excel.a1 import qualified, range_of

WORDS = ("right", "doubtful", "wrong", "not judged")
SUMMARY = ("file", "verdict", "errors", "warnings", "first wrong cell")  # a line of it for each of several files
OTHER = "other"
ALL_KINDS = (*KINDS.values(), OTHER)


def where(sheet: str, cells: str) -> str:
    """'Back Prop'!AA33:AA100, as a formula has it; what is no cell, such as a chart, keeps its name."""
    if not sheet or not cells:
        return plain(sheet or cells)
    name = plain(sheet)
    if range_of(cells) is None:
        return f"{name}: {plain(cells)}"
    return qualified(name, cells)


def kind(finding: Finding) -> str:
    """The name of the kind of a finding, by which the report counts."""
    return KINDS.get(finding.kind, OTHER)


def ordered(verdict: Verdict) -> list[Finding]:
    """Errors first, then warnings, then notes; each in the order in which they were found."""
    return sorted(verdict.findings, key=lambda finding: SEVERITIES.index(finding.severity))


def counts(verdict: Verdict) -> dict[str, int]:
    """How many errors, warnings and notes."""
    severities = Counter(finding.severity for finding in verdict.findings)
    return {severity: severities[severity] for severity in SEVERITIES}


def parts(finding: Finding, why: str = "why") -> list[tuple[str, str]]:
    """The texts of a finding, each with its label: what is there, what should be, and why."""
    labelled = (("is", finding.found), ("should be", finding.expected), (why, finding.message))
    return [(label, text) for label, text in labelled if text]


def lines(finding: Finding, why: str = "why") -> list[str]:
    """The same, as plain lines."""
    return [f"{label}: {plain(text)}" for label, text in parts(finding, why)]


def summary(verdict: Verdict) -> tuple[str, str, str]:
    """The last three of SUMMARY: the counts, which only a judged file has, and the first wrong cell."""
    n = counts(verdict)
    errors, warnings = ("", "") if verdict.problem else (str(n[ERROR]), str(n[WARNING]))
    return errors, warnings, next((where(f.sheet, f.cells) for f in faults(verdict)), "")


def faults(verdict: Verdict) -> list[Finding]:
    """Errors and warnings: what makes a workbook not right."""
    return [finding for finding in ordered(verdict) if finding.severity in (ERROR, WARNING)]


def short(verdicts: Sequence[Verdict]) -> list[str]:
    """The name of each file in a table of all: its path from the folder that they have in common."""
    paths = [verdict.path.absolute() for verdict in verdicts]
    try:
        folder = os.path.commonpath([path.parent for path in paths])
        return [plain(os.path.relpath(path, folder)) for path in paths]
    except ValueError:  # on two drives of Windows
        return [plain(verdict.path) for verdict in verdicts]


def tally(verdicts: Iterable[Verdict]) -> dict[str, int]:
    """How many files got each verdict."""
    words = Counter(verdict.word for verdict in verdicts)
    return {word: words[word] for word in WORDS}


def total(verdicts: list[Verdict]) -> str:
    """'30 workbooks: 7 right, 22 wrong, 1 not judged'."""
    parts = [f"{n:,} {word}" for word, n in tally(verdicts).items() if n]
    return f"{len(verdicts):,} workbook{'s' * (len(verdicts) != 1)}: {', '.join(parts)}"
