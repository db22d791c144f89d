"""The charts of the tables: every curve draws all rows of the column it is named by, and #N/A nowhere else.

A curve may be drawn from a column beside the table that is headed by another one's name and a rule, as in "E > 0": it
holds that column's numbers, and #N/A where the chart has no point. A logarithmic axis, which cannot hold 0, demands it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from sheetgen.base.finding import Finding
from sheetgen.excel import Place, Sheets, Value
from sheetgen.excel.a1 import column_letters
from sheetgen.excel.charts import Chart, Series, read_charts
from sheetgen.judge.columns import TraceTable, value_at

POSITIVE, ANY = " > 0", " plotted"
RULES: dict[str, Callable[[float], bool]] = {POSITIVE: lambda x: x > 0, ANY: lambda x: abs(x) < 1e307}
NOTHING = "#N/A"
# Ends the title of a logarithmic chart if rows are left out: LibreOffice rounds to 0 what others do not.
_PARTLY = re.compile(r", where it is (a number )?above 0$")
SAME = 1e-12  # relative: LibreOffice writes 15 digits


class Drawn(NamedTuple):
    """A column that charts are drawn from: its letters, those of the column it repeats, and which numbers it keeps."""

    table: TraceTable
    letters: str
    source: str
    keeps: Callable[[float], bool]

    def rows(self) -> range:
        """Every row of the table."""
        return range(self.table.first, self.table.last + 1)

    def point(self, value: Value | None) -> Value:
        """The value it must have beside a value of its source."""
        return value if isinstance(value, float) and self.keeps(value) else NOTHING


def bare_title(text: str) -> str:
    """A chart's title without the end that speaks of rows that are left out."""
    return _PARTLY.sub("", text)


class Curves:
    """The charts of a workbook that draw its tables."""

    def __init__(self, path: str | Path, tables: Sequence[TraceTable], sheets: Sheets) -> None:
        self.sheets = sheets
        by_sheet = {table.sheet: table for table in tables}
        labels = {t.sheet: {letters: label for label, letters in t.columns.items()} for t in tables}
        self.drawn: dict[Place, Drawn] = {}  # by sheet and letters
        self.wrong: list[Finding] = []
        for chart in read_charts(path):
            for series in chart.series:
                area = series.values.area
                table = by_sheet.get(area.sheet) if area else None
                if area is None or table is None or area.last_row < table.first:
                    continue
                letters = column_letters(area.column)
                label, rule = _rule(labels[table.sheet].get(letters, ""))
                if rule and label in table.columns:
                    self.drawn[table.sheet, letters] = Drawn(table, letters, table.columns[label], RULES[rule])
                if fault := _fault(chart, series, table, label, rule, labels[table.sheet]):
                    self.wrong.append(Finding("chart", chart.sheet, chart.name, fault))
        self.cells = {(d.table.sheet, f"{d.letters}{row}") for d in self.drawn.values() for row in d.rows()}

    def leave_out(self, sheet: str, address: str) -> bool:
        """Whether a chart leaves a cell out that it is drawn from, and whose formula says so."""
        return (sheet, address) in self.cells and self.sheets[sheet][address].left_out

    def findings(self, values: Mapping[str, Mapping[str, Value]], engine: str = "") -> Iterator[Finding]:
        """Cells from which a chart is drawn that hold neither their column's number nor, where there is none, #N/A.

        `values` are one engine's, which may have gone one step from the values in the file.
        """
        for drawn in self.drawn.values():
            sheet = drawn.table.sheet
            known, cached = values.get(sheet, {}), self.sheets[sheet]
            for row in drawn.rows():
                place, source = f"{drawn.letters}{row}", f"{drawn.source}{row}"
                plotted, remembered = known.get(place, value_at(cached, place)), value_at(cached, source)
                value = known.get(source, remembered)
                if not any(_same(plotted, drawn.point(x)) for x in (value, remembered)):
                    message = f"a chart plots {plotted!r} where {source} is {value!r}"
                    yield Finding("chart", sheet, place, message, engine)


def _rule(label: str) -> tuple[str, str]:
    """'E > 0' -> ('E', ' > 0'); a label without a rule is left as it is."""
    return next(((label.removesuffix(rule), rule) for rule in RULES if label.endswith(rule)), (label, ""))


def _fault(chart: Chart, series: Series, table: TraceTable, label: str, rule: str, labels: Mapping[str, str]) -> str:
    """The fault of a curve; '' if it is right."""
    area, name = series.values.area, series.name.area
    if area is None or (area.row, area.last_row) != (table.first, table.last) or area.column != area.last_column:
        return f"a curve plots {series.values.text}, not one column from row {table.first} to row {table.last}"
    if chart.log and rule != POSITIVE:
        return f"a logarithmic axis, which cannot hold 0, plots {label or series.values.text} itself"
    named = labels.get(column_letters(name.column)) if name and name.sheet == table.sheet else None
    if named is None or named != label or (name and name.row != table.first - 1):
        return f"the curve named by {series.name.text} plots {label or series.values.text}"
    return ""


def _same(value: Value | None, wanted: Value) -> bool:
    if isinstance(value, float) and isinstance(wanted, float):
        return abs(value - wanted) <= SAME * abs(wanted)
    return value == wanted
