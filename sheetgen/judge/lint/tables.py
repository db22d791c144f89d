"""Tables: what each says of itself, compared with the cells it lies on."""

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from lxml import etree  # type: ignore[import-untyped,unused-ignore]

from sheetgen.excel.a1 import Area, address, range_of
from sheetgen.excel.read import unescape
from sheetgen.judge.lint.package import Add, Package

_FORMATS = etree.XPath("//@*[contains(local-name(), 'DxfId')]", smart_strings=False)


class Table(NamedTuple):
    """One table part."""

    name: str
    reference: str
    area: Area | None
    columns: tuple[str, ...]
    has_header: bool
    formulas: tuple[str, ...]
    formats: tuple[str, ...]


def read_table(package: Package, part: str) -> Table | None:
    """The table in a part, None if it cannot be read."""
    root = package.tree(part)
    if root is None:
        return None
    package.check_ids(part, root)
    columns = root.findall("{*}tableColumns/{*}tableColumn")
    reference = root.get("ref", "")
    return Table(
        root.get("displayName", ""),
        reference,
        range_of(reference),
        tuple(unescape(column.get("name", "")) for column in columns),  # a line break in an attribute is _x000a_
        root.get("headerRowCount", "1") != "0",
        tuple(f.text or "" for f in root.iter("{*}calculatedColumnFormula", "{*}totalsRowFormula")),
        tuple(_FORMATS(root)),
    )


def header_cells(tables: list[Table]) -> Iterator[tuple[str, str]]:
    """(address, column name) of every header cell."""
    for table in tables:
        if table.area and table.has_header:
            for offset, name in enumerate(table.columns):
                yield address(table.area.row, table.area.column + offset), name


def check_tables(tables: list[Table], texts: Mapping[str, str], add: Add) -> None:
    """Report header cells that differ from the columns, and columns that differ from the range; `texts` by address."""
    for table in tables:
        if table.area is None:
            add("table-header", table.reference, f"The range of table {table.name} is no range: write A1:B2.")
        elif table.area.last_column - table.area.column + 1 != len(table.columns):
            message = f"Table {table.name} spans another number of columns than it names: name every column."
            add("table-header", table.reference, message)
        for name, times in Counter(column.casefold() for column in table.columns).items():
            if times > 1 or not name:
                message = f"Table {table.name} has a column without a name, or two named {name}: rename one."
                add("table-header", table.reference, message)
    for cell, name in header_cells(tables):
        if texts.get(cell, "").replace("\r\n", "\n") != name.replace("\r\n", "\n"):
            message = f"The header cell does not hold the column's name {name!r} as text: write it there."
            add("table-header", cell, message)
