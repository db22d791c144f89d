"""The ends of curves, labelled beside them: one reads the name where the curve is, and needs no legend.

The labels keep a distance from one another, in the order of the ends: a thin line leads from each end to its label.
"""

from __future__ import annotations

from collections.abc import Sequence

from sheetgen.writer import style
from sheetgen.writer.book import Chart, Sheet
from sheetgen.writer.sheets.common import heads
from sheetgen.writer.sheets.plotted import SPOT_ROW, Drawing
from sheetgen.writer.trace import FIRST_ROW, letter, quoted

HEADS = ("label", "x of the end", "x of the label", "y of the end", "y of the label", "log10", "rank")
LEAD = 1.04  # from an end to its label, of the length of the axis
SPREAD, SHARE = 1.5, 0.6  # from the first label to the last: powers of ten, at least, and of what the curves fall


class Ends:
    """Labels for the curves of one chart with a logarithmic axis: `names` are formulas of their texts."""

    def __init__(self, sheet: Sheet, names: Sequence[str], last: int):
        self.sheet, self.names, self.last = sheet, names, last
        self.right = 0  # the last column that is written to

    def __call__(self, chart: Chart, drawing: Drawing, column: int) -> None:
        """Write a row of HEADS for each curve from a column on; add a line and a label for each to the chart."""
        heads(self.sheet, SPOT_ROW, column, HEADS, "l")
        self.right = column + len(HEADS) - 1
        count = len(drawing.lines)
        for k, line in enumerate(drawing.lines):
            self._cells(k, count, column, f"${letter(line.drawn)}${FIRST_ROW}:${letter(line.drawn)}${self.last}")
        where = f"={quoted(self.sheet.name)}!"
        silent = {"marker": {"type": "none"}}
        for k in range(count):
            label, x, to_x, y, to_y = (f"${letter(column + j)}${SPOT_ROW + 1 + k}" for j in range(5))
            thin = {**style.series_line(k, 0.75), "dash_type": "solid"}
            chart.add_series({"name": f"{where}{label}", "categories": f"{where}{x}:{to_x}",
                              "values": f"{where}{y}:{to_y}", "line": thin, **silent})  # fmt: skip
            chart.add_series({"name": f"{where}{label}", "categories": f"{where}{to_x}", "values": f"{where}{to_y}",
                              "line": {"none": True}, **silent, "data_labels": style.series_name("right")})  # fmt: skip

    def _cells(self, k: int, count: int, column: int, drawn: str) -> None:
        row, first, last = SPOT_ROW + 1 + k, SPOT_ROW + 1, SPOT_ROW + count
        x, to_x, y, to_y, log, rank = (letter(column + j) for j in range(1, len(HEADS)))
        logs = f"${log}${first}:${log}${last}"
        amid = f"${letter(column - 1)}${first}"  # where a chart speaks that draws nothing
        text, number = self.sheet.style("muted"), self.sheet.style("muted", "general")
        there = f"ISNUMBER({log}{row})"
        end = f'IFERROR(INDEX({drawn},COUNT({drawn}),1),"")'  # of a curve that breaks off, its last point
        # By logarithms, for some engines hold small numbers equal that differ by less than 1E-15.
        above = [f"IF({log}{j}>{'=' if j < row else ''}{log}{row},1,0)" for j in range(first, last + 1) if j != row]
        ranked = "+".join(f"IF(ISNUMBER({log}{j}),{x},0)" for j, x in zip(
            (j for j in range(first, last + 1) if j != row), above, strict=True)) or "0"  # fmt: skip
        top = f"MAX({logs})"
        fall = f"IFERROR({SHARE}*(LOG10({drawn.partition(':')[0]})-MIN({logs})),0)"
        low = f"MIN(MIN({logs}),{top}-MAX({SPREAD},{fall}))"
        slot = f"10^({top}-{rank}{row}*({top}-{low})/MAX(1,COUNT({logs})-1))"
        steps = self.last - FIRST_ROW
        self.sheet.live(row, column, f'IF({there},{self.names[k]}," ")', text)
        self.sheet.live(row, column + 1, f"IF({there},COUNT({drawn})-1,0)", number)
        self.sheet.live(row, column + 2, f"IF({there},{LEAD}*{steps},0)", number)
        self.sheet.live(row, column + 3, f"IF({there},{end},{amid})", number)
        self.sheet.live(row, column + 4, f"IF({there},{slot},{amid})", number)
        self.sheet.live(row, column + 5, f'IFERROR(LOG10({end}),"")', number)
        self.sheet.live(row, column + 6, f'IF({there},{ranked},"")', number)
