"""The one type for a problem that a judge finds in a workbook."""

from __future__ import annotations

from typing import NamedTuple

ERROR, WARNING, NOTE = SEVERITIES = "error", "warning", "note"


class Finding(NamedTuple):
    """One problem, and where it is.

    `kind` is a kind of the judge that found it, or a rule of the linter. `sheet` is a sheet's name, or a part of the
    package, or ''. `cells` is an address, a range ("AA33:AA100"), the name of a chart, or ''. `message` is one sentence
    for a person: the problem, or why it matters where `found` and `expected` say what stands there and what should.
    `engine` is '' where no engine was needed to see it.
    """

    kind: str
    sheet: str
    cells: str
    message: str
    engine: str = ""
    severity: str = ERROR
    found: str = ""
    expected: str = ""

    @property
    def first(self) -> str:
        """The first cell."""
        return self.cells.split(":")[0]
