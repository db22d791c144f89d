"""The one type for a problem that a judge finds in a workbook."""

from __future__ import annotations

from typing import NamedTuple

ERROR, WARNING, NOTE = "error", "warning", "note"


class Finding(NamedTuple):
    """One problem, and where it is.

    `kind` is a kind of the judge that found it, or a rule of the linter. `sheet` is a sheet's name, or a part of the
    package, or ''. `cell` is an address, a range, the name of a chart, or ''. `message` is one sentence for a person.
    `engine` is '' where no engine was needed to see it. `found` and `expected` are what stands there and what should.
    """

    kind: str
    sheet: str
    cell: str
    message: str
    engine: str = ""
    severity: str = ERROR
    found: str = ""
    expected: str = ""
