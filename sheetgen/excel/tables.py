"""The tables of a workbook: where each lies, and the names of its columns."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from sheetgen.excel.a1 import Area, range_of


class Table(NamedTuple):
    """A table: its range, headers and totals (0 or more rows each) included, and the names of its columns."""

    name: str
    area: Area
    columns: tuple[str, ...]
    headers: int = 1
    totals: int = 0

    @property
    def data(self) -> tuple[int, int]:
        """The first and last of its rows that hold data."""
        return self.area.row + self.headers, self.area.last_row - self.totals


def table_of(sheet: str, attributes: Mapping[str, str], columns: Iterable[str]) -> Table | None:
    """The table that the attributes of its part describe; None if it lies nowhere."""
    area = range_of(attributes.get("ref", ""))
    headers, totals = attributes.get("headerRowCount", "1"), attributes.get("totalsRowCount", "0")
    if area is None or not (headers + totals).isdecimal() or len(headers + totals) > 9:
        return None
    name = attributes.get("displayName") or attributes.get("name", "")
    return Table(name, area._replace(sheet=sheet), tuple(columns), int(headers), int(totals))
