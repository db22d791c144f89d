"""A workbook as a structure that knows which cell is which quantity at which step: change it, recalculate, write."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import NamedTuple

import judge_spelling as spelling
import xlsxwriter
from judge_spelling import Network

from sheetgen.excel import Entry, ErrorValue, Sheets, Value, Workbook
from sheetgen.excel.a1 import address, column_letters, place
from sheetgen.judge.engines.iron import recalculate

Content = float | str  # a number, or a formula with names in braces
NAME = re.compile(r"\{([^{}]+?)(--|-|\+|@\d+|~\d+)?\}")
BRACKETS = str.maketrans("⟦⟧", "()")


class Rule(NamedTuple):
    """What a quantity is at the first step, and at every later one."""

    first: Content
    rest: Content


class Rate(NamedTuple):
    """The learning rate: how formulas write it, and its cell ("" for a literal or a column of the table)."""

    text: str
    value: float
    sheet: str = ""
    cell: str = ""


@dataclass
class Grid:
    """One table: where it stands, and what is in each line (a column; a row if it is not `across`)."""

    sheet: str
    across: bool
    head: int
    first: int
    steps: int
    network: Network
    rate: Rate
    start: dict[str, float]
    lines: dict[str, int]
    labels: dict[str, str]
    rules: dict[str, Rule] = field(default_factory=dict)
    fixed: dict[str, str] = field(default_factory=dict)  # what stands apart: i1 -> $B$3
    locked: set[str] = field(default_factory=set)  # quantities whose formulas say $E33 (E$33 if not across)
    odd: dict[tuple[str, int], Content] = field(default_factory=dict)  # what a defect puts in place of the rule

    def at(self, quantity: str, step: int) -> str:
        """The cell of a quantity."""
        line = self.lines[quantity]
        return address(self.first + step, line) if self.across else address(line, self.first + step)

    def area(self, quantity: str, first: int = 0, last: int | None = None) -> str:
        """The cells of a quantity from step to step."""
        return f"{self.at(quantity, first)}:{self.at(quantity, self.steps - 1 if last is None else last)}"

    def content(self, quantity: str, step: int) -> Content:
        """The number, or the formula with names, of one cell."""
        rule = self.rules[quantity]
        return self.odd.get((quantity, step), rule.rest if step else rule.first)

    def beside(self, quantities: Sequence[str]) -> bool:
        """Whether quantities stand side by side, in order."""
        at = [self.lines.get(name, -9 * k) for k, name in enumerate(quantities)]
        return len(at) > 1 and at == list(range(at[0], at[0] + len(at)))

    def formula(self, quantity: str, step: int, text: str) -> str:
        """The formula with addresses for names."""
        return NAME.sub(partial(self._reference, quantity, step), text).translate(BRACKETS)

    def _reference(self, quantity: str, step: int, match: re.Match[str]) -> str:
        name, mark = match[1], match[2] or ""
        if name == "eta" and name not in self.lines:
            return self._slid(step, int(mark[1:])) if mark[:1] == "~" else self.rate.text
        if name in self.fixed:
            return self.fixed[name]
        if mark.startswith("@"):
            row, column = place(self.at(name, int(mark[1:])))
            return f"{column_letters(column)}${row}" if self.across else f"${column_letters(column)}{row}"
        found = self.at(name, step + {"--": -2, "-": -1, "+": 1}.get(mark, 0))
        if quantity not in self.locked:
            return found
        return f"${found}" if self.across else re.sub(r"(?=\d)", "$", found, count=1)

    def _slid(self, step: int, since: int) -> str:
        """The rate's cell without its $: it moves with the steps."""
        row, column = place(self.rate.cell)
        sheet = f"{quoted(self.rate.sheet)}!" if self.rate.sheet != self.sheet else ""
        down, right = (step - since, 0) if self.across else (0, step - since)
        return sheet + address(row + down, column + right)


class Series(NamedTuple):
    """One curve of a chart: a quantity of a table, from step to step; `x` is the quantity along the axis."""

    grid: Grid
    quantity: str
    first: int
    last: int
    x: str = ""


@dataclass
class Chart:
    """A line chart (scatter if its series have an x) on a sheet."""

    sheet: str
    at: str
    title: str
    series: list[Series]


@dataclass
class Book:
    """A workbook: tables, charts, names, and everything else by sheet and address."""

    layout: str
    sheets: list[str]
    grids: list[Grid]
    charts: list[Chart] = field(default_factory=list)
    names: dict[str, str] = field(default_factory=dict)
    loose: dict[tuple[str, str], float | str] = field(default_factory=dict)  # labels, rates, text
    copies: dict[tuple[str, str], tuple[str, str]] = field(default_factory=dict)  # a cell that is =Sheet!A1
    lines: dict[tuple[str, str], str] = field(default_factory=dict)  # a line of text -> the quantity it gives
    values: dict[tuple[str, str], Value] = field(default_factory=dict)  # the results of the formulas
    cached: bool = True

    def entries(self) -> Sheets:
        """Every cell, with the results that are known."""
        sheets: Sheets = {name: {} for name in self.sheets}
        for sheet, at, content in self._contents():
            formula = isinstance(content, str) and content.startswith("=")
            known = self.values.get((sheet, at)) if formula else content
            sheets[sheet][at] = Entry(str(content)[1:] if formula else None, known)
        return sheets

    def _contents(self) -> Iterator[tuple[str, str, Content]]:
        yield from ((sheet, at, content) for (sheet, at), content in self.loose.items())
        for (sheet, at), (source, there) in self.copies.items():
            yield sheet, at, f"={quoted(source)}!{there}"
        for grid in self.grids:
            for name, line in grid.lines.items():
                head = (grid.head, line) if grid.across else (line, grid.head)
                yield grid.sheet, address(*head), grid.labels[name]
                for step in range(grid.steps):
                    content = grid.content(name, step)
                    text = f"={grid.formula(name, step, content)}" if isinstance(content, str) else content
                    yield grid.sheet, grid.at(name, step), text

    def know(self) -> None:
        """Put in the results that plain Python computes from the tables' first rows; right only for a right book."""
        for grid in self.grids:
            for step, row in enumerate(spelling.trajectory(grid.network, grid.start, grid.rate.value, grid.steps)):
                for name in grid.lines:
                    self.values[grid.sheet, grid.at(name, step)] = row[name]
        self.values |= {at: self.values[source] for at, source in self.copies.items()}

    def calculate(self) -> None:
        """Put in the results that IronCalc computes from the formulas; 0 in a circle, as Excel has it."""
        self.values = {}
        found = recalculate("book.xlsx", Workbook(self.entries(), self.names))
        assert not found.not_evaluated, found.not_evaluated[:3]
        for sheet, cells in found.values.items():
            for at, value in cells.items():
                self.values[sheet, at] = 0.0 if isinstance(value, ErrorValue) and value == "#CIRC!" else value

    def write(self, path: Path) -> Path:
        """Write the file, its results cached."""
        with xlsxwriter.Workbook(str(path), {"strings_to_numbers": False}) as file:
            pages = {name: file.add_worksheet(name) for name in self.sheets}
            for sheet, cells in self.entries().items():
                for at, (formula, value) in cells.items():
                    if formula is None:
                        pages[sheet].write(at, value)
                    else:
                        pages[sheet].write_formula(at, f"={formula}", None, value if self.cached else "")
            for name, text in self.names.items():
                file.define_name(name, f"={text}")
            for chart in self.charts:
                drawn = file.add_chart({"type": "scatter" if chart.series[0].x else "line"})
                for series in chart.series:
                    drawn.add_series(_plotted(series))
                drawn.set_title({"name": chart.title})
                pages[chart.sheet].insert_chart(chart.at, drawn)
        return path


def quoted(sheet: str) -> str:
    """The sheet's name as a formula writes it."""
    return sheet if re.fullmatch(r"[A-Za-z_]\w*", sheet) else f"'{sheet}'"


def _plotted(series: Series) -> dict[str, str]:
    def cells(quantity: str) -> str:
        ends = (place(at) for at in series.grid.area(quantity, series.first, series.last).split(":"))
        corners = ":".join(f"${column_letters(column)}${row}" for row, column in ends)
        return f"={quoted(series.grid.sheet)}!{corners}"

    return {"values": cells(series.quantity), **({"categories": cells(series.x)} if series.x else {})}
