"""Where everything stands on the Training log, for the sheets that refer to it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from mnist.record import Claim, Record
from mnist.sheets.common import LOG, OURS
from mnist.tables import ordered
from sheetgen.writer.trace import quoted

LABELS, FACTS = 4, 5  # rows of what is shown of the whole run
HEAD, LIVE = 7, 8
COLUMNS = (
    "run", "seed", "epoch", "learning rate", "train loss", "train accuracy %", "test loss", "test accuracy %",
    "seconds", "epoch at the target",
)  # fmt: skip
RATE, REACHED = 3, 9  # columns
BESIDE = 11  # the column where charts and the comparison begin
SIDE_BY_SIDE = (
    "epoch", "ours, mean", "reference, mean", "published", "its train acc. %", "its test loss", "its learning rate",
    "target",
)  # fmt: skip
CHART_ROWS = 16
COMPARISON = LIVE + 2 * CHART_ROWS + 1  # its row, below two rows of charts


class RunRows(NamedTuple):
    """Where the epochs of one run stand."""

    claim: str
    record: Record
    first: int

    @property
    def last(self) -> int:
        """The row of the last epoch."""
        return self.first + len(self.record.epochs) - 1

    def cells(self, column: str) -> str:
        """A column's rows of this run, for other sheets."""
        return f"{quoted(LOG)}!${column}${self.first}:${column}${self.last}"

    def end(self, column: str) -> str:
        """A column's cell at the last epoch, for other sheets."""
        return f"{quoted(LOG)}!${column}${self.last}"


def places(claims: Mapping[str, Claim]) -> list[RunRows]:
    """All runs, claim by claim and seed by seed; those of a claim stand together."""
    row = LIVE + claims[OURS].recipe.epochs + 2
    runs = []
    for claim in ordered(claims.values()):
        for record in claim.records:
            runs.append(RunRows(claim.name, record, row))
            row = runs[-1].last + 1
    return runs


def of(runs: Sequence[RunRows], claim: str) -> list[RunRows]:
    """The runs of a claim."""
    return [run for run in runs if run.claim == claim]
