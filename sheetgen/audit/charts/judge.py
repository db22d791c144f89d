"""Charts that do not show what they seem to: they stop short of the table, or plot rows of another."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from sheetgen.audit.table import StepTable
from sheetgen.audit.verdict import finding
from sheetgen.base.finding import NOTE, WARNING, Finding
from sheetgen.excel.a1 import MAX_COLUMN, MAX_ROW, Area, address, qualified
from sheetgen.excel.charts import Chart, Reference, Series, read_charts

__all__ = ["Chart", "Reference", "Series", "judge_charts", "read_charts"]

NEAR = 2  # an index that stands this close to a table counts its steps


class Span(NamedTuple):
    """Cells seen along a table: their lines (columns, or rows) and their steps, from the first one (0) on."""

    line: int
    last_line: int
    start: int
    end: int


class Plot(NamedTuple):
    """A series that plots a line of a table, and the other tables that its cells run into."""

    series: Series
    area: Area
    table: StepTable
    span: Span
    others: tuple[StepTable, ...]


Fault = tuple[str, str]  # what should be there, and why


def judge_charts(charts: Sequence[Chart], tables: Sequence[StepTable]) -> Iterator[Finding]:
    """A finding for each fault of the charts that plot a training; those that plot other cells are left alone."""
    plots = [(chart, [plot for series in chart.series if (plot := _plot(series, tables))]) for chart in charts]
    stray = _strays(plots, tables)
    for chart, plotted in plots:
        if chart.problem:
            yield finding("unread", (chart.sheet, chart.name), chart.problem, "a chart", "it is not judged", NOTE)
        if chart in stray:
            yield stray[chart]
        for plot in plotted:
            for text, (expected, why) in _faults(plot, plotted, tables):
                yield _finding(chart, plot.series, plot.table, f"plots {_text(plot.area, chart)}{text}", expected, why)
                break  # one finding for a series


def _finding(chart: Chart, series: Series, table: StepTable, what: str, expected: str, why: str) -> Finding:
    name = series.label or _label(series, table) or "without a name"
    return finding("chart", (chart.sheet, chart.name), f"the series {name} {what}", expected, why, WARNING)


def _faults(plot: Plot, plotted: list[Plot], tables: Sequence[StepTable]) -> Iterator[tuple[str, Fault]]:
    """Everything that is wrong with one series, the worst first, each with words to put after its cells."""
    table, span = plot.table, plot.span
    if plot.others:
        why = f"the curve runs on into the table at {plot.others[0].area}"
        yield "", (f"{_line(table, span.line)}, the {_steps(table)} of one table", why)
    if why := _uncovered(plot):
        yield "", (f"{_line(table, span.line)}, all {len(table.steps)} {_steps(table)}", why)
    if fault := _misnamed(plot, plotted, tables):
        yield "", fault
    if (text := plot.series.categories.area) and (fault := _mislabelled(plot, text, plotted, tables)):
        yield f" against {_range(text)}", fault
    start, end = _usual([other for other in plotted if other.table is table]) or (span.start, span.end)
    if (span.start, span.end) != (start, end):
        same = _line(table, span.line, start, end)
        yield "", (f"{same}, as the other series do", "the curves of the chart show different steps")


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


def _misnamed(plot: Plot, plotted: list[Plot], tables: Sequence[StepTable]) -> Fault | None:
    """A series whose name is the label of another line, or of another table that the chart does not plot."""
    area = plot.series.name.area
    if area is None or not area.single:
        return None
    for table in tables:
        span = _span(area, table)
        if span is None or span.start != table.head - table.first or span.line not in table.lines.values():
            continue
        if table is plot.table and span.line != plot.span.line and plot.span.line in table.lines.values():
            return f"{_line(table, span.line)}, which its name stands for", f"its name is that of {_range(area)}"
        if table is not plot.table and not any(other.table is table for other in plotted):
            line = qualified(table.sheet, _line(table, span.line))
            return f"{line}, which its name stands for", f"its name is that of another table, {table.area}"
        return None
    return None


def _mislabelled(plot: Plot, area: Area, plotted: list[Plot], tables: Sequence[StepTable]) -> Fault | None:
    """Categories of another length, of other steps, or of another table that the chart does not plot."""
    if area.single or _whole(area):
        return None
    table, (_, _, start, end) = plot.table, plot.span
    values, labels = end - start + 1, _length(area, table)
    if labels != values:
        return f"{values} labels, one for each value", f"{values} values have {labels} labels"
    for other in tables:
        span = _span(area, other)
        if span is None or not _overlaps(span, other) or not _beside(span, other):
            continue
        if _together(other, table) and span.start != start:
            same = _line(table, span.line, start, end)
            return f"{same}, the same {_steps(table)}", "the labels of the axis belong to other steps"
        if not _together(other, table) and not any(plot.table is other for plot in plotted):
            return f"labels beside {_range(plot.area)}", f"the labels are those of another table, {other.area}"
    return None


def _strays(plots: list[tuple[Chart, list[Plot]]], tables: Sequence[StepTable]) -> Mapping[Chart, Finding]:
    """Charts that were copied with their sheet and still plot the old one, while nothing there plots the new one."""
    home = {chart.sheet for chart, plotted in plots if any(plot.table.sheet == chart.sheet for plot in plotted)}
    strangers = {table.sheet for table in tables} - home  # sheets with a table that no chart beside it plots
    stray = {}
    for chart, plotted in plots:
        sheets = {plot.table.sheet for plot in plotted}
        if chart.sheet in strangers and len(sheets) == 1 and sheets <= home:
            plot = plotted[0]
            why = f"it is a copy of the chart on {plot.table.sheet}, and no chart here plots the table on {chart.sheet}"
            what = f"plots {_text(plot.area, chart)}"
            stray[chart] = _finding(chart, plot.series, plot.table, what, f"cells of {chart.sheet}", why)
    return stray


def _plot(series: Series, tables: Sequence[StepTable]) -> Plot | None:
    """The table that a series belongs to, which is the one it starts in; None if it plots other cells."""
    area = series.values.area
    if area is None or area.single or _whole(area):
        return None
    met = []
    for table in tables:
        span = _span(area, table)
        if span and span.line == span.last_line and _overlaps(span, table) and _inside(span.line, table):
            # Tables may share their rows, one for each learning rate: the label of the line decides.
            met.append((table.first, span.line not in table.lines.values(), table, span))
    if not met:
        return None
    met.sort(key=lambda hit: hit[:2])
    *_, table, span = met[0]
    return Plot(series, area, table, span, tuple(other for _, _, other, _ in met if other.first > table.last))


def _span(area: Area, table: StepTable) -> Span | None:
    """The area seen along a table, which must stand on its sheet."""
    if area.sheet.casefold() != table.sheet.casefold():
        return None
    if table.across:
        return Span(area.column, area.last_column, area.row - table.first, area.last_row - table.first)
    return Span(area.row, area.last_row, area.column - table.first, area.last_column - table.first)


def _together(a: StepTable, b: StepTable) -> bool:
    """Whether two tables have the same rows, as where a sheet has a training for each learning rate."""
    return (a.sheet, a.across, a.first, a.last) == (b.sheet, b.across, b.first, b.last)


def _overlaps(span: Span, table: StepTable) -> bool:
    return span.start < len(table.steps) and span.end >= 0


def _inside(line: int, table: StepTable) -> bool:
    return min(table.lines.values()) <= line <= max(table.lines.values())


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


def _label(series: Series, table: StepTable) -> str:
    """The table's label of the line that a series plots."""
    area = series.values.area
    span = _span(area, table) if area else None
    return next((table.labels.get(q, q) for q, line in table.lines.items() if span and line == span.line), "")


def _line(table: StepTable, line: int, start: int = 0, end: int | None = None) -> str:
    """The cells of a line from step to step, the whole of it if none are given."""
    return f"{table.place(line, start)}:{table.place(line, len(table.steps) - 1 if end is None else end)}"


def _range(area: Area) -> str:
    start, end = address(area.row, area.column), address(area.last_row, area.last_column)
    return start if area.single else f"{start}:{end}"


def _text(area: Area, chart: Chart) -> str:
    """The range, with its sheet unless the chart stands there."""
    return _range(area) if area.sheet.casefold() == chart.sheet.casefold() else qualified(area.sheet, _range(area))


def _steps(table: StepTable) -> str:
    return "rows" if table.across else "columns"


def _count(n: int) -> str:
    return "step" if n == 1 else f"{n} steps"
