"""References to tables: Table[column], Table[[#This Row],[a]:[b]], Table[#All].

table_reference("T[[#All],[a]:[b]]")    TableReference('T', {'#all'}, ('a', 'b')); None where there is an @
cells(table, reference)                 the Area; of all data rows, where #This Row is asked for
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from sheetgen.excel.a1 import Area
from sheetgen.excel.instructions import TableReference
from sheetgen.excel.tables import Table

THIS_ROW = "#this row"
_ITEM = re.compile(r"\[((?:[^\[\]']|'.)*)\]", re.S)
_ESCAPED = re.compile(r"'(.)", re.S)


def table_reference(text: str) -> TableReference | None:
    """Read a token of kind 'table'; None if it has an @, which no file has."""
    table, inner = text[:-1].split("[", 1)
    nested = _ITEM.findall(inner) if "[" in inner else []
    items = [*nested, _ITEM.sub("", inner).strip(" ,:")]  # columns may stand without brackets of their own
    if any(item.startswith("@") for item in (inner, *items)):
        return None
    rows = frozenset(item.strip().lower() for item in items if item.startswith("#"))
    columns = tuple(_ESCAPED.sub(r"\1", item) for item in items if item and not item.startswith("#"))
    return TableReference(table, rows, columns)


def cells(table: Table, reference: TableReference) -> Area:
    """The cells that a reference to the table means, but for #This Row. Raises KeyError if there are none."""
    first, last = table.data
    spans = {
        "#all": (table.area.row, table.area.last_row),
        "#data": (first, last),
        "#headers": (table.area.row, first - 1),
        "#totals": (last + 1, table.area.last_row),
        THIS_ROW: (first, last),
    }
    rows = [spans[item] for item in reference.rows or ("#data",)]
    columns = sorted(_columns(table, reference.columns)) or [table.area.column, table.area.last_column]
    if any(top > bottom for top, bottom in rows):
        raise KeyError(reference.table)
    return Area(table.area.sheet, min(rows)[0], columns[0], max(bottom for _, bottom in rows), columns[-1])


def _columns(table: Table, names: tuple[str, ...]) -> Iterator[int]:
    known = {name.casefold(): k for k, name in reversed(list(enumerate(table.columns)))}
    return (table.area.column + known[name.casefold()] for name in names)
