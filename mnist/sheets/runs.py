"""Where everything stands on Training log and Full log, for the sheets that refer to it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from mnist.record import Claim, Record
from mnist.sheets.common import FULL
from mnist.tables import ordered
from sheetgen.writer.trace import letter, quoted

# Training log: what is shown of one run, charts, and below them its table and the comparison side by side.
LABELS, FACTS, TOLD = 4, 5, 6  # rows
CHARTS = 8  # the row of the first charts
UPPER, LOWER = 16, 13  # rows of a band of charts
HEAD = CHARTS + UPPER + LOWER + 2
LIVE = HEAD + 1
COLUMNS = (
    "run", "seed", "epoch", "learning rate", "train loss", "train accuracy %", "test loss", "test accuracy %",
    "seconds", "at target in epoch",
)  # fmt: skip
RATE, REACHED = 3, 9  # columns, on both sheets
BESIDE = 11  # the column where the comparison begins
SIDE_BY_SIDE = (
    "epoch", "ours, mean", "reference, mean", "published", "its train acc. %", "its test loss", "its rate", "target",
)  # fmt: skip
ROW_AT = f"${letter(BESIDE + len(SIDE_BY_SIDE) + 1)}${FACTS}"  # out of sight: where the seed shown begins in the log
FULL_HEAD = 5  # the row of Full log's headings; a line for each network follows, then every epoch


class RunRows(NamedTuple):
    """Where the epochs of one run stand on Full log."""

    claim: str
    record: Record
    first: int

    @property
    def last(self) -> int:
        """The row of the last epoch."""
        return self.first + len(self.record.epochs) - 1

    def cells(self, column: str) -> str:
        """A column's rows of this run, for other sheets."""
        return f"{quoted(FULL)}!${column}${self.first}:${column}${self.last}"

    def end(self, column: str) -> str:
        """A column's cell at the last epoch, for other sheets."""
        return f"{quoted(FULL)}!${column}${self.last}"


def places(claims: Mapping[str, Claim]) -> list[RunRows]:
    """All runs, claim by claim and seed by seed; those of a claim stand together."""
    row = FULL_HEAD + 1 + len(claims)
    runs = []
    for claim in ordered(claims.values()):
        for record in claim.records:
            runs.append(RunRows(claim.name, record, row))
            row = runs[-1].last + 1
    return runs


def networks(runs: Sequence[RunRows]) -> list[str]:
    """The names of the claims, in their order."""
    return list(dict.fromkeys(run.claim for run in runs))


def of(runs: Sequence[RunRows], claim: str) -> list[RunRows]:
    """The runs of a claim."""
    return [run for run in runs if run.claim == claim]


def column_of(runs: Sequence[RunRows], column: str) -> str:
    """A column's rows from the first to the last of some runs that stand together, for other sheets."""
    return f"{quoted(FULL)}!${column}${runs[0].first}:${column}${runs[-1].last}"
