"""A table on trial: what was found of it so far."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from sheetgen.audit.case import RELATIVE, Case
from sheetgen.audit.network.columns import PatternLine, column
from sheetgen.audit.network.derivatives import Truths
from sheetgen.audit.network.edits import Suspect
from sheetgen.base.finding import Finding
from sheetgen.reader import Place


@dataclass
class Trial:
    """The findings about a table, and the cells that something other than their neighbours says are right.

    `compared`: how many gradients were; `worst` is the largest relative difference, and `where` its cell. `sign` is -1
    where all gradients are minus the derivative. `differs`: the forward pass is not the network's.
    """

    case: Case
    truths: Truths  # the derivatives of its error
    findings: list[Finding] = field(default_factory=list)
    right: set[Place] = field(default_factory=set)
    compared: int = 0
    worst: float = 0.0
    where: Place | None = None
    sign: float = 1.0
    differs: bool = False
    _columns: dict[str, PatternLine] = field(default_factory=dict)

    def column(self, quantity: str) -> PatternLine:
        """The patterns of a line, looked for once."""
        if quantity not in self._columns:
            self._columns[quantity] = column(self.case, quantity)
        return self._columns[quantity]

    def vouch(self, suspect: Suspect) -> None:
        """Take in the cells of a line that are right."""
        self.right |= {self.case.at(suspect.quantity, s) for s in suspect.right}

    def measure(self, suspect: Suspect, off: Mapping[int, float]) -> None:
        """Take in how far the numbers of a line are off, step by step, but for what rounding explains.

        Of several that are equally far off the first counts, whichever of them rounding makes the largest.
        """
        wrong = set(suspect.steps)
        for step, by in off.items():
            if by > self.worst * (1 + RELATIVE) and (by <= RELATIVE or step in wrong):
                self.worst, self.where = by, self.case.at(suspect.quantity, step)
