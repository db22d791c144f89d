"""Charts that do not show what they seem to: they stop short of the table, or plot rows of another."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import NamedTuple

from sheetgen.audit.table import Span, StepTable, span
from sheetgen.audit.verdict import finding
from sheetgen.base.finding import NOTE, WARNING, Finding
from sheetgen.excel.a1 import MAX_COLUMN, MAX_ROW, Area, address, qualified
from sheetgen.excel.charts import Chart, Series

NEAR = 2  # an index that stands this close to a table counts its steps


class Plot(NamedTuple):
    """A series that plots a line of a table, and the other tables that its cells run into."""

    chart: Chart
    series: Series
    area: Area
    table: StepTable
    span: Span
    others: tuple[StepTable, ...]


def judge_charts(charts: Sequence[Chart], tables: Sequence[StepTable]) -> Iterator[Finding]:
    """A finding for each fault of the charts that plot a training; those that plot other cells are left alone."""
    plots = [(chart, [p for series in chart.series if (p := _plot(chart, series, tables))]) for chart in charts]
    home = {chart.sheet for chart, sisters in plots if any(p.table.sheet == chart.sheet for p in sisters)}
    strangers = {table.sheet for table in tables} - home  # sheets with a table that no chart beside it plots
    for chart, sisters in plots:
        if chart.problem:
            yield finding("unread", (chart.sheet, chart.name), chart.problem, "a chart", "it is not judged", NOTE)
        sheets = {plot.table.sheet for plot in sisters}
        if chart.sheet in strangers and len(sheets) == 1 and sheets <= home:
            (old,) = sheets
            why = f"it is a copy of the chart on {old}, and no chart here plots the table on {chart.sheet}"
            yield _finding(sisters[0], f"cells of {chart.sheet}", why)
        for plot in sisters:
            yield from islice(_faults(plot, sisters, tables), 1)  # one finding for a series


def _finding(plot: Plot, expected: str, why: str, against: str = "") -> Finding:
    chart, table = plot.chart, plot.table
    label = next((table.labels.get(q, q) for q, line in table.lines.items() if line == plot.span.line), "")
    cells = _range(plot.area)
    if plot.area.sheet.casefold() != chart.sheet.casefold():
        cells = qualified(plot.area.sheet, cells)
    series = f"the series {plot.series.label or label or 'without a name'} plots {cells}{against}"
    return finding("chart", (chart.sheet, chart.name), series, expected, why, WARNING)


def _faults(plot: Plot, sisters: list[Plot], tables: Sequence[StepTable]) -> Iterator[Finding]:
    """Everything that is wrong with one series, the worst first."""
    table, seen = plot.table, plot.span
    if plot.others:
        why = f"the curve runs on into the table at {plot.others[0].area}"
        yield _finding(plot, f"{_line(table, seen.line)}, the {_steps(table)} of one table", why)
    if why := _uncovered(plot):
        yield _finding(plot, f"{_line(table, seen.line)}, all {len(table.steps)} {_steps(table)}", why)
    yield from _misnamed(plot, sisters, tables)
    yield from _mislabelled(plot, sisters, tables)
    start, end = _usual([other for other in sisters if other.table is table]) or (seen.start, seen.end)
    if (seen.start, seen.end) != (start, end):
        same = _line(table, seen.line, start, end)
        yield _finding(plot, f"{same}, as the other series do", "the curves of the chart show different steps")


def _usual(sisters: list[Plot]) -> tuple[int, int] | None:
    """The first and last step that most series of one table plot, of those that show the whole of it."""
    spans = Counter((p.span.start, p.span.end) for p in sisters if not p.others and not _uncovered(p))
    return max(spans, key=lambda span: (spans[span], span[1] - span[0]), default=None)


def _uncovered(plot: Plot) -> str:
    """Which steps the curve leaves out, or how far it runs past them; '' if it shows the table."""
    table, (_, _, start, end) = plot.table, plot.span
    last = len(table.steps) - 1
    head = table.head - table.first
    side = ("above", "below") if table.across else ("left of", "right of")
    if start == 1 and end == last:
        return ""  # all but what one starts with, which is often row 0
    hidden = [f"the {word} {_count(n)}" for word, n in (("first", start), ("last", last - end)) if n > 0]
    if hidden:
        return f"the curve hides {' and '.join(hidden)}"
    beyond = [(n, word) for word, n in zip(side, (head - start, end - last), strict=True) if n > 0]
    n, word = max(beyond, default=(0, ""))
    steps = _steps(table) if n > 1 else _steps(table)[:-1]
    return f"the curve runs over {n} {steps} {word} the table" if n else ""


def _misnamed(plot: Plot, sisters: list[Plot], tables: Sequence[StepTable]) -> Iterator[Finding]:
    """A series whose name is the label of another line, or of another table that the chart does not plot."""
    area = plot.series.name.area
    if area is None or not area.single:
        return
    for table in tables:
        seen = _span(area, table)
        if seen is None or seen.start != table.head - table.first or seen.line not in table.lines.values():
            continue
        line = _line(table, seen.line)
        if table is plot.table and seen.line != plot.span.line and plot.span.line in table.lines.values():
            yield _finding(plot, f"{line}, which its name stands for", f"its name is that of {_range(area)}")
        if table is not plot.table and not any(other.table is table for other in sisters):
            why = f"its name is that of another table, {table.area}"
            yield _finding(plot, f"{qualified(table.sheet, line)}, which its name stands for", why)
        return


def _mislabelled(plot: Plot, sisters: list[Plot], tables: Sequence[StepTable]) -> Iterator[Finding]:
    """Categories of another length, of other steps, or of another table that the chart does not plot."""
    area = plot.series.categories.area
    if area is None or area.single or _whole(area):
        return
    table, (_, _, start, end) = plot.table, plot.span
    against = f" against {_range(area)}"
    values, labels = end - start + 1, _length(area, table)
    if labels != values:
        yield _finding(plot, f"{values} labels, one for each value", f"{values} values have {labels} labels", against)
    for other in tables:
        seen = _span(area, other)
        if seen is None or not _overlaps(seen, other) or not _beside(seen, other):
            continue
        if _together(other, table) and seen.start != start:
            same = f"{_line(table, seen.line, start, end)}, the same {_steps(table)}"
            yield _finding(plot, same, "the labels of the axis belong to other steps", against)
        if not _together(other, table) and not any(sister.table is other for sister in sisters):
            why = f"the labels are those of another table, {other.area}"
            yield _finding(plot, f"labels beside {_range(plot.area)}", why, against)


def _plot(chart: Chart, series: Series, tables: Sequence[StepTable]) -> Plot | None:
    """The table that a series belongs to, which is the one it starts in; None if it plots other cells."""
    area = series.values.area
    if area is None or area.single or _whole(area):
        return None
    met = []
    for table in tables:
        seen = _span(area, table)
        low, high = min(table.lines.values()), max(table.lines.values())
        if seen and seen.line == seen.last_line and _overlaps(seen, table) and low <= seen.line <= high:
            # Tables may share their rows, one for each learning rate: the label of the line decides.
            met.append((table.first, seen.line not in table.lines.values(), table, seen))
    if not met:
        return None
    met.sort(key=lambda candidate: candidate[:2])
    *_, table, seen = met[0]
    return Plot(chart, series, area, table, seen, tuple(other for _, _, other, _ in met if other.first > table.last))


def _span(area: Area, table: StepTable) -> Span | None:
    """The area seen along a table, which must stand on its sheet."""
    return span(area, table.across, table.first) if area.sheet.casefold() == table.sheet.casefold() else None


def _together(a: StepTable, b: StepTable) -> bool:
    """Whether two tables have the same rows, as where a sheet has a training for each learning rate."""
    return (a.sheet, a.across, a.first, a.last) == (b.sheet, b.across, b.first, b.last)


def _overlaps(span: Span, table: StepTable) -> bool:
    return span.start < len(table.steps) and span.end >= 0


def _beside(span: Span, table: StepTable) -> bool:
    low, high = min(table.lines.values()), max(table.lines.values())
    return low - NEAR <= span.line and span.last_line <= high + NEAR


def _whole(area: Area) -> bool:
    """Whole columns or rows, which Excel cuts off by itself."""
    return area.last_row - area.row + 1 == MAX_ROW or area.last_column - area.column + 1 == MAX_COLUMN


def _length(area: Area, table: StepTable) -> int:
    """How many labels categories are: along the table if they are a block of several levels."""
    rows, columns = area.last_row - area.row + 1, area.last_column - area.column + 1
    if min(rows, columns) == 1:
        return max(rows, columns)
    return rows if table.across else columns


def _line(table: StepTable, line: int, start: int = 0, end: int | None = None) -> str:
    """The cells of a line from step to step, the whole of it if none are given."""
    return f"{table.place(line, start)}:{table.place(line, len(table.steps) - 1 if end is None else end)}"


def _range(area: Area) -> str:
    start, end = address(area.row, area.column), address(area.last_row, area.last_column)
    return start if area.single else f"{start}:{end}"


def _steps(table: StepTable) -> str:
    return "rows" if table.across else "columns"


def _count(n: int) -> str:
    return "step" if n == 1 else f"{n} steps"
