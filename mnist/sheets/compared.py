"""The report's chart: how many parameters each network has, and how many of the test images it reads."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from mnist.sheets.common import FAST, OURS, REFERENCE, REPORT, SMALL, TEACHER, TINY
from mnist.sheets.results import LAST_COLUMN, Summary
from sheetgen.writer import style
from sheetgen.writer.book import Chart, Sheet
from sheetgen.writer.sheets.common import Box, heads, insert
from sheetgen.writer.style import Axes
from sheetgen.writer.trace import letter, quoted

SIDES = {  # networks that are drawn, and where their names stand
    TEACHER: "above", FAST: "right", REFERENCE: "left", TINY: "below", SMALL: "above", OURS: "left",
}  # fmt: skip
AT = LAST_COLUMN + 2  # the column, from 0, of the hidden cells: name, x, y
LEAST, MOST = 1_000, 1_000_000  # parameters: the ends of the axis
SIZE = 468, 400  # pixels
ROWS = 22  # that it takes of the sheet
TITLE = "Few parameters, few mistakes"
BEST = "required: upper left"


def write(sheet: Sheet, summaries: Mapping[str, Summary], place: tuple[int, int], first: int) -> None:
    """Place the chart at a cell, row and column from 0; `first` is the row of the checklist's first line."""
    shown = [name for name in SIDES if name in summaries]
    means = [summaries[name].claim.mean for name in shown]
    low, high = max(0.0, math.floor(10 * min(means) - 1) / 10), min(100.0, math.ceil(10 * max(means) + 1) / 10)
    axes = Axes("parameters, on a logarithmic axis", "test images right, %", across=(LEAST, MOST), up=(low, high),
                log_x=True, form=style.WHOLE, step=0.1 if high - low <= 1 else None)  # fmt: skip
    chart = sheet.book.chart({"type": "scatter", "subtype": "straight"}, TITLE, axes)
    row = place[0] + 1
    heads(sheet, row, AT, ("network", "parameters, plotted", "accuracy, plotted"))
    for k, name in enumerate(shown, row + 1):
        _network(sheet, chart, summaries[name], k, (low, high))
    _limits(sheet, chart, row + 1 + len(shown), first, (low, high))
    chart.set_legend({"none": True})
    chart.show_hidden_data()
    sheet.set_column(AT, AT + 2, 12, None, {"hidden": True, "level": 1})
    text = (
        "Scatter chart: each network by its parameters and its mean accuracy on the test images; dashed lines are the "
        "limits. Ours has about as many parameters as the classic reference, and makes fewer mistakes."
    )
    insert(sheet, chart, Box(place, (12, 4), SIZE), text)


def _network(sheet: Sheet, chart: Chart, s: Summary, row: int, ends: tuple[float, float]) -> None:
    """A point, which stays on the chart wherever a person's numbers send it: its name then says so."""
    x, y = f"$B${s.row}", f"$E${s.row}"
    beyond = f"OR({x}>{MOST},{x}<{LEAST},{y}>{ends[1]:g},{y}<{ends[0]:g})"
    there = f"COUNT({x},{y})=2"
    name = f'"{s.claim.name}"&IF({there},IF({beyond}," (beyond the edge)",""),"")'
    sheet.live(row, AT, name, "muted")
    for column, (at, least, most) in enumerate(((x, LEAST, MOST), (y, *ends)), AT + 1):
        sheet.live(row, column, f"IF({there},MAX({least:g},MIN({most:g},{at})),NA())", "muted", "general")
    ours = s.claim.name == OURS
    colour = style.ORANGE_NODE if ours else style.BLUE_NODE
    marker = {"type": "diamond" if ours else "circle", "size": 12 if ours else 7, "fill": {"color": colour},
              "border": {"none": True}}  # fmt: skip
    label = style.series_name(SIDES[s.claim.name], color=style.INK, bold=ours)
    _series(chart, row, row, marker=marker, line={"none": True}, data_labels=label)


def _limits(sheet: Sheet, chart: Chart, row: int, first: int, ends: tuple[float, float]) -> None:
    """The most parameters and the target, from the checklist; a target that is no number has no line."""
    most, low, high = f"$G${first}", f"{ends[0]:g}", f"{ends[1]:g}"
    target = f"IF(ISNUMBER(mnist_target),MAX({low},MIN({high},mnist_target)),NA())"
    allowed = f"IF(ISNUMBER({most}),MAX({LEAST},MIN({MOST},{most})),NA())"
    points = ((allowed, f"0+{low}"), (allowed, f"0+{high}"), (f"0+{LEAST}", target), (f"0+{MOST}", target))
    for k, point in enumerate(points, row):
        for column, formula in enumerate(point, AT + 1):
            sheet.live(k, column, formula, "muted", "general")
    for k, name in ((row, "most parameters"), (row + 2, "target")):
        sheet.put(k, AT, name, "muted")
        _series(chart, k, k + 1, marker={"type": "none"},
                line={"color": style.FAIL_INK, "width": 1.25, "dash_type": "dash"})  # fmt: skip
    sheet.put(row + 4, AT, BEST, "muted")
    sheet.put(row + 4, AT + 1, LEAST * 1.15, "muted", "general")
    sheet.put(row + 4, AT + 2, ends[0] + 0.06 * (ends[1] - ends[0]), "muted", "general")
    label = style.series_name("right", color=style.FAIL_INK)
    _series(chart, row + 4, row + 4, marker={"type": "none"}, line={"none": True}, data_labels=label)


def _series(chart: Chart, first: int, last: int, **look: Any) -> None:
    where = quoted(REPORT)
    name, x, y = (f"={where}!${letter(AT + k)}${first}" for k in range(3))
    ends = [f"${letter(AT + k)}${last}" for k in range(3)]
    chart.add_series({"name": name, "categories": f"{x}:{ends[1]}", "values": f"{y}:{ends[2]}", **look})
