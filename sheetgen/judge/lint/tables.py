"""Tables: what each says of itself, compared with the cells it lies on."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from lxml import etree  # type: ignore[import-untyped,unused-ignore]

from sheetgen.excel.a1 import address
from sheetgen.excel.read import unescape
from sheetgen.excel.tables import Table, table_of
from sheetgen.judge.lint.package import Add, Findings, LintPackage

_FORMATS = etree.XPath("//@*[contains(local-name(), 'DxfId')]", smart_strings=False)


class TablePart(NamedTuple):
    """A table, the range as its part has it, its formulas, and the differential formats that it uses."""

    table: Table
    reference: str
    formulas: tuple[str, ...]
    formats: tuple[str, ...]


def read_tables(package: LintPackage, sheet: str, part: str, report: Findings) -> Iterator[TablePart]:
    """The tables of a sheet; one that lies nowhere is reported and left out."""
    for table_part in package.related(part, "table") if part else ():
        root = package.tree(table_part)
        if root is None:
            continue
        package.check_ids(table_part, root)
        columns = [unescape(column.get("name", "")) for column in root.iterfind("{*}tableColumns/{*}tableColumn")]
        name, reference = root.get("displayName", ""), root.get("ref", "")
        table = table_of(sheet, root.attrib, columns)
        if table is None:
            report.add("table-header", sheet, reference, f"The range of table {name} is no range: write A1:B2.")
            continue
        formulas = tuple(f.text or "" for f in root.iter("{*}calculatedColumnFormula", "{*}totalsRowFormula"))
        yield TablePart(table._replace(name=name), reference, formulas, tuple(_FORMATS(root)))


def header_cells(parts: Iterable[TablePart]) -> Iterator[tuple[str, str]]:
    """(address, column name) of every header cell."""
    for table, *_ in parts:
        for offset, name in enumerate(table.columns if table.headers else ()):
            yield address(table.area.row, table.area.column + offset), name


def check_tables(parts: Iterable[TablePart], texts: Mapping[str, str], add: Add) -> None:
    """Report header cells that differ from the columns, and columns that differ from the range; `texts` by address."""
    for table, reference, *_ in parts:
        if table.area.shape[1] != len(table.columns):
            message = f"Table {table.name} spans another number of columns than it names: name every column."
            add("table-header", reference, message)
        for name, times in Counter(column.casefold() for column in table.columns).items():
            if times > 1 or not name:
                message = f"Table {table.name} has a column without a name, or two named {name}: rename one."
                add("table-header", reference, message)
    for cell, name in header_cells(parts):
        if texts.get(cell, "").replace("\r\n", "\n") != name.replace("\r\n", "\n"):
            message = f"The header cell does not hold the column's name {name!r} as text: write it there."
            add("table-header", cell, message)
