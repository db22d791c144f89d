"""The verdict on one workbook: findings, the tables that were compared, the cells that were not understood."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from sheetgen.base.errors import Status
from sheetgen.base.finding import ERROR, WARNING, Finding

MOST = 3  # parts that could not be judged that are told of in one line

# kind -> what it is called in a report
KINDS = {
    "gradient": "wrong gradient",
    "update": "wrong update",
    "rule": "another update",
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


def finding(kind: str, place: tuple[str, str], found: str, expected: str, why: str, severity: str = ERROR) -> Finding:
    """A Finding at some cells of a sheet, or at a chart: what is there, what should be, and why it matters.

    The texts are whole sentences or formulas for a person, one line each.
    """
    return Finding(kind, *place, why, severity=severity, found=found, expected=expected)


class Judged(NamedTuple):
    """One table of a training: its cells ("A32:AE100"), its rows, and the gradients that were compared.

    `worst` is the largest relative difference of all of them from the derivative, wrong ones too but for what rounding
    explains, and `where` its cell. `unjudged` tells how many weights have updates that were not judged.
    """

    sheet: str
    cells: str
    rows: int
    gradients: int
    worst: float
    where: str
    unjudged: int = 0


@dataclass
class Verdict:
    """The verdict on one workbook; `problem` is one sentence if it could not be judged.

    `unjudged` has a sentence for each part that could not be judged though others could, such as its updates.
    """

    path: Path
    findings: list[Finding] = field(default_factory=list)
    tables: list[Judged] = field(default_factory=list)
    unread: list[str] = field(default_factory=list)  # "Sheet1!B4: OFFSET is not understood"
    problem: str = ""
    seconds: float = 0.0
    unjudged: list[str] = field(default_factory=list)
    unread_beyond: int = 0  # how many more there are that `unread` does not name

    @property
    def unread_cells(self) -> int:
        """How many cells were not understood."""
        return len(self.unread) + self.unread_beyond

    @property
    def word(self) -> str:
        """'right', 'wrong', 'doubtful' (nothing but warnings) or 'not judged', which a part of it is enough for."""
        if self.problem:
            return "not judged"
        severities = {finding.severity for finding in self.findings}
        if ERROR in severities:
            return "wrong"
        return "doubtful" if WARNING in severities else self.at_best

    @property
    def at_best(self) -> str:
        """The word if nothing had been found."""
        return "not judged" if self.problem or self.unjudged else "right"

    @property
    def code(self) -> Status:
        """The exit status: right, wrong for whatever was found, unusable for what was not judged."""
        return {"right": Status.RIGHT, "not judged": Status.UNUSABLE}.get(self.word, Status.WRONG)

    @property
    def rest(self) -> str:
        """The parts that could not be judged, in one line."""
        more = len(self.unjudged) - MOST
        return "; ".join(self.unjudged[:MOST]) + (f"; and {more} more" if more > 0 else "")

    def sentence(self) -> str:
        """The verdict in one line: "right: 68 rows, 544 gradients compared, worst relative difference 3e-15"."""
        if self.problem:
            return f"not judged: {self.problem}"
        rows, gradients = sum(t.rows for t in self.tables), sum(t.gradients for t in self.tables)
        worst = max((t.worst for t in self.tables), default=0.0)
        compared = f"{rows:,} rows, {gradients:,} gradients compared, worst relative difference {worst:.2g}"
        if self.word == "right":
            return f"right: {compared}"
        if self.word == "not judged":
            return f"not judged: {compared}; {self.rest}"
        counts = [(sum(f.severity == s for f in self.findings), s) for s in (ERROR, WARNING)]
        problems = ", ".join(f"{n} {s}{'s' * (n > 1)}" for n, s in counts if n)
        return f"{self.word}: {problems} ({compared})" + (f"; {self.rest}" if self.unjudged else "")


def faulty(path: Path, error: Exception) -> Verdict:
    """The verdict on a file on which the judge itself failed: whatever that was, the file was not judged."""
    why = f"{type(error).__name__}: {error}"[:300]
    return Verdict(path, problem=f"{path.name} could not be judged, for the judge has a fault ({why}).")


def too_slow(path: Path, seconds: float) -> Verdict:
    """The verdict on a file that was not judged within its time."""
    limit = f"{seconds:g} second{'s' * (seconds != 1)}"
    return Verdict(path, problem=f"{path.name} takes longer than {limit} to judge, so it was stopped.", seconds=seconds)


def cut_short(path: Path, ending: str = "") -> Verdict:
    """The verdict on a file whose judge ended before it had one; `ending` is the signal that ended it, if one did."""
    return Verdict(path, problem=f"{path.name} made its judge end {f'with {ending}' if ending else 'too early'}.")
