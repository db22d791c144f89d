"""A workbook as the search for tables sees it: its labels, its learning rates, and each sheet both ways round."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from functools import cached_property
from itertools import islice
from typing import NamedTuple

from sheetgen.audit.find.precedents import Precedents
from sheetgen.audit.labels import Heading, heading, quantity
from sheetgen.audit.table import StepTable
from sheetgen.excel import Entry, Place, Workbook
from sheetgen.excel.a1 import address, place, range_of

LOOKED_AT = 4  # positions after the headings where the first step may stand: blank lines and units come before it
MOST = 20_000  # labels of one sheet: more are no headings
RIGHT, BELOW = 4, 2  # how far from its label a learning rate may stand: labels are often merged cells
MOST_RATES = 20  # below one label, that are to be compared; more are a column of a table


class HeadingCell(NamedTuple):
    """A cell that names a quantity."""

    row: int
    column: int
    text: str
    heading: Heading


class Survey:
    """Everything that is looked up once for all tables of a workbook."""

    def __init__(self, workbook: Workbook) -> None:
        self.workbook, self.precedents = workbook, Precedents(workbook)

    @cached_property
    def labels(self) -> dict[str, list[HeadingCell]]:
        """Every cell that names a quantity, by sheet."""
        return {sheet: list(islice(_labels(cells), MOST)) for sheet, cells in self.workbook.sheets.items()}

    @cached_property
    def rates(self) -> frozenset[Place]:
        """Every cell that a label left of it or above it, or a defined name, calls a learning rate."""
        return frozenset((*self._named_rates(), *self._labelled_rates()))

    def _named_rates(self) -> Iterator[Place]:
        for name, text in self.workbook.names.items():
            if quantity(name.rpartition("!")[2]) == "eta":
                home = next(iter(self.workbook.sheets), "")
                areas = [*self.precedents.resolver.areas(text.removeprefix("="), home)]
                if len(areas) == 1 and areas[0].single:
                    yield areas[0].sheet, address(areas[0].row, areas[0].column)

    def _labelled_rates(self) -> Iterator[Place]:
        for sheet, labels in self.labels.items():
            view = View(self, sheet, across=True)
            for label in labels:
                if label.heading.quantity == "eta":
                    yield from _rates_beside(view, label.row, label.column)


def _labels(cells: Mapping[str, Entry]) -> Iterator[HeadingCell]:
    for at, entry in cells.items():
        if type(entry.value) is str and (meaning := heading(entry.value)):
            yield HeadingCell(*place(at), entry.value, meaning)


class View:
    """One sheet, looked at with the steps going down (`across`) or to the right."""

    def __init__(self, survey: Survey, sheet: str, across: bool) -> None:
        self.survey, self.sheet, self.across = survey, sheet, across
        self.cells, self.precedents = survey.workbook.sheets[sheet], survey.precedents

    def at(self, line: int, position: int) -> Place:
        """The place where a line meets a position."""
        return self.sheet, address(position, line) if self.across else address(line, position)

    def name(self, line: int, position: int) -> str:
        """The same as a person writes it: Sheet1!B3."""
        return "!".join(self.at(line, position))

    def entry(self, line: int, position: int) -> Entry | None:
        """The cell that stands there."""
        return self.cells.get(self.at(line, position)[1]) if line > 0 and position > 0 else None

    def number(self, line: int, position: int) -> bool:
        """Whether a number or a formula stands there, whatever the formula gives; a copied heading is neither."""
        entry = self.entry(line, position)
        if entry is None or type(entry.value) is float:
            return entry is not None
        return entry.formula is not None and not (type(entry.value) is str and heading(entry.value))

    def text(self, line: int, position: int) -> str:
        """The text that stands there, or ''."""
        entry = self.entry(line, position)
        return entry.value if entry and type(entry.value) is str else ""

    def has_numbers(self, line: int, position: int) -> bool:
        """Whether a number stands at a position or shortly after it."""
        return any(self.number(line, p) for p in range(position, position + LOOKED_AT))

    def has_formula(self, line: int, position: int) -> bool:
        """Whether a formula stands there."""
        entry = self.entry(line, position)
        return entry is not None and bool(entry.formula)

    def depends_on(self, line: int, position: int, others: Collection[int]) -> bool:
        """Whether the cell of a line is computed from that of another line at the same position."""
        return self.precedents.depends_on(self.at(line, position), {self.at(x, position) for x in others})


def _rates_beside(view: View, row: int, column: int) -> Iterator[Place]:
    """The number right of a label, or else the numbers below it."""
    right = next((c for c in range(column + 1, column + 1 + RIGHT) if view.entry(c, row)), column)
    if _is_rate(view, right, row):
        yield view.at(right, row)
        return
    below = next((r for r in range(row + 1, row + 1 + BELOW) if view.entry(column, r)), row)
    for r in range(below, below + MOST_RATES):
        if not _is_rate(view, column, r):
            return
        yield view.at(column, r)


def _is_rate(view: View, column: int, row: int) -> bool:
    """Whether a number stands there; a formula that gives a text only shows one."""
    return view.number(column, row) and not view.text(column, row)


def rate(survey: Survey, table: StepTable) -> list[Place]:
    """Every cell that is labelled or named as a learning rate: those of the table's sheet first, the nearest before.

    The rates of later steps, in a column of the table itself, are none of them.
    """
    order = {name: k for k, name in enumerate(survey.workbook.sheets)}
    own = range_of(table.area)

    def nearness(at: Place) -> tuple[bool, int, int, tuple[int, int]]:
        sheet, (row, column) = at[0], place(at[1])
        away = sheet != table.sheet or own is None
        down, aside = (0, 0) if own is None else (
            max(own.row - row, row - own.last_row, 0), max(own.column - column, column - own.last_column, 0)
        )  # fmt: skip
        return away, order[sheet], 0 if away else down + aside, (row, column)

    later = {(table.sheet, table.address("eta", step)) for step in table.steps[1:]} if "eta" in table.lines else set()
    return sorted(survey.rates - later, key=nearness)
