"""The way of the training over the map of the Laboratory: a chart without fill, exactly over the map's cells."""

from __future__ import annotations

from typing import Any, NamedTuple

from sheetgen.writer import style
from sheetgen.writer.book import Chart, Sheet
from sheetgen.writer.plan import LABORATORY
from sheetgen.writer.sheets.common import Box, insert
from sheetgen.writer.trace import letter, quoted

TEXT = "Line chart over the map: the way of the training, from a square at row 0; a circle marks the row shown."


class Way(NamedTuple):
    """The columns (from 0) of its points, counted in cells of the map, and of their names; its rows (from 1).

    The last row is that of the row shown; the one before it is the end of the way.
    """

    x: int
    y: int
    names: int
    first: int
    last: int

    def draw(self, sheet: Sheet, at: tuple[int, int], map_size: tuple[int, tuple[int, int]]) -> None:
        """Draw it at a cell (row from 1, column from 0): so many cells each way, so large each in pixels."""
        chart: Chart = sheet.book.workbook.add_chart({"type": "scatter", "subtype": "straight"})
        count, pixels = map_size
        end = self.last - 1
        self._series(chart, (self.first, end), line={"color": style.INK, "width": 2.25}, marker={"type": "none"})
        for row, kind, fill, side in (
            (self.first, "square", style.INK, "above"),
            (end, "diamond", style.INK, "below"),
            (self.last, "circle", style.RED_NODE, "right"),
        ):
            marker = {"type": kind, "size": 9, "fill": {"color": fill}, "border": {"color": fill}}
            label = style.series_name(side, bold=True, color=fill) | {"fill": {"color": "#FFFFFF"}}
            self._series(chart, (row, row), line={"none": True}, marker=marker, data_labels=label)
        hidden = {"visible": False, "major_gridlines": {"visible": False}, "min": 0, "max": count}
        chart.set_x_axis(hidden)
        chart.set_y_axis(hidden)
        chart.set_legend({"none": True})
        chart.set_title({"none": True})
        chart.set_chartarea({"border": {"none": True}, "fill": {"none": True}})
        chart.set_plotarea({"fill": {"none": True}, "layout": {"x": 0, "y": 0, "width": 1, "height": 1}})
        chart.show_hidden_data()
        insert(sheet, chart, Box((at[0] - 1, at[1]), (0, 0), (count * pixels[0], count * pixels[1])), TEXT)

    def _series(self, chart: Chart, rows: tuple[int, int], **look: Any) -> None:
        on, (first, last) = quoted(LABORATORY), rows
        x, y, names = (letter(k) for k in (self.x, self.y, self.names))
        places = {"categories": f"={on}!${x}${first}:${x}${last}", "values": f"={on}!${y}${first}:${y}${last}"}
        chart.add_series({"name": f"={on}!${names}${first}", **places, **look})
