"""Where the table of a training stands: quantities in columns and a step per row, or the other way round."""

from __future__ import annotations

from typing import NamedTuple

from sheetgen.excel.a1 import Area, address


class Span(NamedTuple):
    """Cells seen along a table: their lines (columns, or rows) and their steps, both ends included."""

    line: int
    last_line: int
    start: int
    end: int


def span(area: Area, across: bool, first: int = 0) -> Span:
    """An area seen along a table whose steps are rows, if it is `across`, or columns; `first` is step 0."""
    rows, columns = (area.row, area.last_row), (area.column, area.last_column)
    lines, steps = (columns, rows) if across else (rows, columns)
    return Span(*lines, steps[0] - first, steps[1] - first)


class StepTable(NamedTuple):
    """A table of a training.

    `across`: the labels stand in one row and every step is a row below; else they stand in one column and every step
    is a column right of it. `head` is the row (column) of the labels; `first` and `last` those of the steps. `lines`
    has the column (row) of each quantity, and `labels` what is written there. All numbers are 1-based. Quantities are
    written as sheetgen does: t1 i1 w1 b1 h1 a_h1 o1 a_o1 E1 E_total dE/dw1 w1_next.
    """

    sheet: str
    across: bool
    head: int
    first: int
    last: int
    lines: dict[str, int]
    labels: dict[str, str]

    @property
    def steps(self) -> range:
        """0, 1, ...: a number for each step."""
        return range(self.last - self.first + 1)

    def address(self, quantity: str, step: int) -> str:
        """The cell of a quantity at a step, such as 'AA33'; step -1 is where step 0 would find the one before."""
        return self.place(self.lines[quantity], step)

    def place(self, line: int, step: int) -> str:
        """The cell of a line (a column, or a row) at a step."""
        return address(self.first + step, line) if self.across else address(line, self.first + step)

    def cells(self, quantity: str, first: int = 0, last: int | None = None) -> str:
        """The cells of a quantity from step to step, both included: 'AA33:AA100', or 'AA33' if it is one."""
        start = self.address(quantity, first)
        end = self.address(quantity, self.last - self.first if last is None else last)
        return start if start == end else f"{start}:{end}"

    @property
    def area(self) -> str:
        """All its cells, the labels too: 'A32:AE100'."""
        low, high = min(self.lines.values()), max(self.lines.values())
        if self.across:
            return f"{address(self.head, low)}:{address(self.last, high)}"
        return f"{address(low, self.head)}:{address(high, self.last)}"
