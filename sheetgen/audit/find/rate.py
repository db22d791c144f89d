"""Where the learning rate stands."""

from __future__ import annotations

from collections.abc import Iterator

from sheetgen.audit.find.lines import Labels, View, all_labels
from sheetgen.audit.find.reach import Reach, Spot
from sheetgen.audit.labels import quantity
from sheetgen.audit.table import Table
from sheetgen.excel import Workbook
from sheetgen.excel.a1 import address, range_of

RIGHT, BELOW = 4, 2  # how far from its label a number may stand: labels are often merged cells
MOST = 20  # rates below one label that are to be compared; more are a column of a table


def rate(book: Workbook, table: Table) -> list[tuple[str, str]]:
    """(sheet, address) of every cell that is labelled or named as a learning rate.

    Those of the table's sheet come first, the nearest before others.
    """
    spots = {spot for spot in rates(book, all_labels(book)) if not _later(table, spot)}
    order = {name: k for k, name in enumerate(book.sheets)}

    def nearness(spot: Spot) -> tuple[bool, int, int, Spot]:
        away = spot.sheet != table.sheet
        return away, order[spot.sheet], 0 if away else _distance(table, spot), spot

    return [(spot.sheet, address(spot.row, spot.column)) for spot in sorted(spots, key=nearness)]


def rates(book: Workbook, labels: Labels) -> Iterator[Spot]:
    """Every cell that a label left of it or above it, or a defined name, calls a learning rate."""
    reach = Reach(book)
    for name, text in book.names.items():
        if quantity(name.rpartition("!")[2]) == "eta":
            named = list(reach.named(next(iter(book.sheets), ""), text.removeprefix("=")))
            if len(named) == 1 and named[0].single:
                yield Spot(named[0].sheet, named[0].row, named[0].column)
    for sheet, own in labels.items():
        view = View(book, sheet, across=True)
        for label in own:
            if label.heading.quantity == "eta":
                yield from _beside(view, label.row, label.column)


def _beside(view: View, row: int, column: int) -> Iterator[Spot]:
    """The number right of a label, or else the numbers below it."""
    right = next((c for c in range(column + 1, column + 1 + RIGHT) if view.entry(c, row)), column)
    if _is_rate(view, right, row):
        yield Spot(view.sheet, row, right)
        return
    below = next((r for r in range(row + 1, row + 1 + BELOW) if view.entry(column, r)), row)
    for r in range(below, below + MOST):
        if not _is_rate(view, column, r):
            return
        yield Spot(view.sheet, r, column)


def _is_rate(view: View, column: int, row: int) -> bool:
    """Whether a number stands there; a formula that gives a text only shows one."""
    return view.number(column, row) and not view.text(column, row)


def _later(table: Table, spot: Spot) -> bool:
    """Whether it is the learning rate of another step than the first: a column of the table itself."""
    line, position = (spot.column, spot.row) if table.across else (spot.row, spot.column)
    return spot.sheet == table.sheet and table.lines.get("eta") == line and table.first < position <= table.last


def _distance(table: Table, spot: Spot) -> int:
    """How many rows and columns lie between a cell and a table."""
    area = range_of(table.area)
    if area is None:
        return 0
    down = max(area.row - spot.row, spot.row - area.last_row, 0)
    return down + max(area.column - spot.column, spot.column - area.last_column, 0)
