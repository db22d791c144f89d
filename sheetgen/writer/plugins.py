"""Sheets that other packages add to the default workbook, found by their entry points: sheetgen imports none of them.

A package names, in the group `sheetgen.sheets`, a function without arguments. It gives an Extra, or None where it has
nothing to show, and raises CannotAdd where what it has is broken.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from importlib.metadata import entry_points
from typing import NamedTuple

from sheetgen.base.errors import UserError
from sheetgen.writer.book import Book

GROUP = "sheetgen.sheets"


class CannotAdd(UserError):
    """A package's sheets cannot be written; the message is one sentence with the remedy."""


class ChecklistItem(NamedTuple):
    """A line of Start's checklist; the names are defined ones, of cells that hold formulas."""

    label: str
    verdict: str  # the name of a cell with PASS or FAIL
    number: str  # the name of the number shown beside it
    style: str  # how that number is written
    text: str  # what it is
    sheet: str  # where what failed is told


class Extra(NamedTuple):
    """The sheets that a package adds in their order, each with what the index says of it, and how to write them.

    `write` is called once for every draft of the workbook, and must write the same each time.
    """

    sheets: Sequence[tuple[str, str]]
    verdicts: Sequence[ChecklistItem]
    write: Callable[[Book], None]


def gather() -> list[Extra]:
    """All that installed packages add, in the order of their entry points' names. Raises CannotAdd."""
    extras = []
    for point in sorted(entry_points(group=GROUP), key=lambda point: (point.name, point.value)):
        try:
            extra = point.load()
        except (ImportError, AttributeError) as error:
            what = f"{point.value}: the sheets of {point.name} cannot be loaded ({error})"
            raise CannotAdd(f"{what}: install its package again, or uninstall it") from error
        if (added := extra()) is not None:
            extras.append(added)
    return extras
