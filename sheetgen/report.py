"""What a judge has to say: findings, one line per engine, and the report that holds them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

MOST_FINDINGS = 20  # of one kind that are named; the rest is counted


class Finding(NamedTuple):
    """One thing that is wrong, and where. `engine` is empty where no engine was needed to see it."""

    kind: str
    sheet: str
    cell: str
    message: str
    engine: str = ""


class Line(NamedTuple):
    """What one engine found: how many cells were compared, the worst relative error and where it is."""

    engine: str
    version: str
    cells: int
    worst: float
    where: str
    seconds: float


@dataclass
class Report:
    """The verdict on one workbook. It passes if `findings` is empty; `notes` say what a reader should know."""

    path: Path
    lines: list[Line] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    @property
    def passed(self) -> bool:
        """Whether nothing was found."""
        return not self.findings


def summary(findings: Sequence[Finding]) -> list[tuple[Finding, int]]:
    """Findings worth printing: the first few of each kind and engine, each with how many more there are of its kind."""
    kinds: dict[tuple[str, str], list[Finding]] = {}
    for finding in findings:
        kinds.setdefault((finding.kind, finding.engine), []).append(finding)
    shown = []
    for group in kinds.values():
        kept = group[:MOST_FINDINGS]
        shown += [(f, 0) for f in kept[:-1]] + [(kept[-1], len(group) - len(kept))]
    return shown
