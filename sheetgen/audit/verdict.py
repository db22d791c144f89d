"""What the judge says of one workbook: findings, what was compared, what was not understood."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

ERROR, WARNING, NOTE = SEVERITIES = "error", "warning", "note"

# kind -> what it is called in a report
KINDS = {
    "gradient": "wrong gradient",
    "update": "wrong update",
    "rate": "wrong learning rate",
    "forward": "wrong forward pass",
    "column": "not one formula",
    "input": "changed input",
    "drift": "drifting number",
    "value": "error value",
    "circular": "circular reference",
    "cached": "stale result",
    "chart": "wrong chart",
    "text": "contradicting text",
    "unread": "not understood",
}


class Finding(NamedTuple):
    """One thing that is wrong: where, what is there, what should be, and why it matters.

    `cells` is an address or a range of one sheet ("AA33:AA100"), or a chart's name; the texts are whole sentences or
    formulas for a person, one line each.
    """

    severity: str
    kind: str
    sheet: str
    cells: str
    found: str
    expected: str
    why: str

    @property
    def first(self) -> str:
        """The first cell."""
        return self.cells.split(":")[0]


class Judged(NamedTuple):
    """One table of a training: its cells ("A32:AE100"), its rows, and the gradients that were compared.

    `worst` is the largest relative difference between a gradient that passed and the derivative, and `where` its cell.
    """

    sheet: str
    cells: str
    rows: int
    gradients: int
    worst: float
    where: str


@dataclass
class Verdict:
    """The verdict on one workbook; `problem` is one sentence if it could not be judged."""

    path: Path
    findings: list[Finding] = field(default_factory=list)
    tables: list[Judged] = field(default_factory=list)
    unread: list[str] = field(default_factory=list)  # "Sheet1!B4: OFFSET is not understood"
    problem: str = ""
    seconds: float = 0.0

    @property
    def word(self) -> str:
        """'right', 'wrong', 'doubtful' (nothing but warnings) or 'not judged'."""
        if self.problem:
            return "not judged"
        severities = {finding.severity for finding in self.findings}
        return "wrong" if ERROR in severities else "doubtful" if WARNING in severities else "right"

    @property
    def code(self) -> int:
        """The exit status: 0 right, 1 something was found, 2 not judged."""
        return {"right": 0, "not judged": 2}.get(self.word, 1)

    def sentence(self) -> str:
        """The verdict in one line: "right: 68 rows, 544 gradients compared, worst relative difference 3e-15"."""
        if self.problem:
            return f"not judged: {self.problem}"
        rows, gradients = sum(t.rows for t in self.tables), sum(t.gradients for t in self.tables)
        worst = max((t.worst for t in self.tables), default=0.0)
        compared = f"{rows:,} rows, {gradients:,} gradients compared, worst relative difference {worst:.1g}"
        if self.word == "right":
            return f"right: {compared}"
        counts = [(sum(f.severity == s for f in self.findings), s) for s in (ERROR, WARNING)]
        return f"{self.word}: " + ", ".join(f"{n} {s}{'s' * (n > 1)}" for n, s in counts if n) + f" ({compared})"
