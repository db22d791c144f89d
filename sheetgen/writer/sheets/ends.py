"""The ends of curves, labelled beside them: one reads the name where the curve is, and needs no legend.

A label stands beside its end, or as much below as keeps it at a distance from the one before, or above where that is
lower than the lowest place; a thin line leads there.
"""

from __future__ import annotations

from collections.abc import Sequence

from sheetgen.writer import style
from sheetgen.writer.book import Chart, Sheet
from sheetgen.writer.sheets.common import heads
from sheetgen.writer.sheets.plotted import SPOT_ROW, Drawing
from sheetgen.writer.trace import FIRST_ROW, letter, quoted

HEADS = ("label", "x of the end", "x of the label", "y of the end", "y of the label", "log10", "rank", "low", "apart")
LEAD = 0.04  # from an end to its label, of the length of the axis
LEAST = -300  # as a power of ten
# Below this power of ten E is made of rounding, which differs from engine to engine: there all curves end alike.
SETTLED, LOWEST = -22, -30
ROUGH = -10  # below this one few of its digits are the same everywhere
APART = 0.12  # from one label to the next, of the same, where the labels have as much room
SPREAD, SHARE = 1.0, 0.6  # from the first label to the last: powers of ten, at least, and of what the curves fall


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
            areas = [f"${letter(x)}${FIRST_ROW}:${letter(x)}${self.last}" for x in (line.source, line.drawn)]
            self._cells(k, count, column, areas)
        where = f"={quoted(self.sheet.name)}!"
        silent = {"marker": {"type": "none"}}
        for k in range(count):
            label, x, to_x, y, to_y = (f"${letter(column + j)}${SPOT_ROW + 1 + k}" for j in range(5))
            thin = {**style.series_line(drawing.colour(k), 0.75), "dash_type": "solid"}
            chart.add_series({"name": f"{where}{label}", "categories": f"{where}{x}:{to_x}",
                              "values": f"{where}{y}:{to_y}", "line": thin, **silent})  # fmt: skip
            chart.add_series({"name": f"{where}{label}", "categories": f"{where}{to_x}", "values": f"{where}{to_y}",
                              "line": {"none": True}, **silent, "data_labels": style.series_name("right")})  # fmt: skip

    def _cells(self, k: int, count: int, column: int, areas: Sequence[str]) -> None:
        errors, drawn = areas
        row, rows, steps = SPOT_ROW + 1 + k, range(SPOT_ROW + 1, SPOT_ROW + 1 + count), self.last - FIRST_ROW
        x, y, log, rank, lowest, apart = (f"{letter(column + j)}{row}" for j in (1, 3, 5, 6, 7, 8))
        logs = f"${letter(column + 5)}${rows[0]}:${letter(column + 5)}${rows[-1]}"
        points = f"COUNT({drawn})"
        settled = f'COUNTIF({errors},"<"&10^{SETTLED})>0'
        end = f'IF({points}>0,IFERROR(INDEX({drawn},{points},1),""),"")'  # of a curve that breaks off, its last point
        end = f"IF({settled},IFERROR(MAX(10^{LOWEST},{errors.partition(':')[2]}+0),10^{LOWEST}),{end})"
        fall = f"IFERROR({SHARE}*(LOG10({drawn.partition(':')[0]})-MIN({logs})),0)"
        low = f"MAX({LEAST},MIN(MIN({logs}),MAX({logs})-MAX({SPREAD},{fall})))"
        slot = f"10^MAX({lowest}+(COUNT({logs})-1-{rank})*{apart},{self._pushed(column, row, rows)})"
        cells = (
            (self.names[k], '" "'),
            (f"IF({settled},{steps},{points}-1)", "0"),
            (f"{x}+{LEAD * steps:.10g}", "0"),
            (end, amid := f"${letter(column - 1)}${rows[0]}"),  # where a chart speaks that draws nothing
            (f"IF({x}<{steps},{y},{slot})", amid),  # one that breaks off has its label beside its end
            (f'IF({points}=0,"",IF({settled},{SETTLED},ROUND(LOG10({end}),IF({end}<10^{ROUGH},1,6))))', '""'),
            (self._rank(row, rows, log.rstrip("0123456789")), '""'),
            (low, '""'),
            (f"(MAX({logs})-{lowest})*MIN({APART},1/MAX(1,COUNT({logs})-1))", '""'),
        )
        for j, (formula, nothing) in enumerate(cells):
            test = f"IFERROR({formula},{nothing})" if j == 5 else f"IF(ISNUMBER({log}),{formula},{nothing})"
            self.sheet.live(row, column + j, test, "muted", *(["general"] if j else []))

    @staticmethod
    def _pushed(column: int, row: int, rows: range) -> str:
        """The height of a label, as a power of ten, that those of the ends above leave it."""
        log, rank, apart = (letter(column + j) for j in (5, 6, 8))
        at, d = f"{rank}{row}", f"{apart}{row}"
        above = (f"IF(ISNUMBER({log}{j}),IF({rank}{j}<={at},{log}{j}+{rank}{j}*{d},999),999)" for j in rows)
        return f"MIN({','.join(above)})-{at}*{d}"

    @staticmethod
    def _rank(row: int, rows: range, log: str) -> str:
        """How many ends are above one: by logarithms, for some engines hold equal what differs by less than 1E-15."""
        above = (
            f"IF(ISNUMBER({log}{j}),IF({log}{j}>{'=' if j < row else ''}{log}{row},1,0),0)" for j in rows if j != row
        )
        return "+".join(above) or "0"
