"""The colours of a landscape: levels, each so many times higher than the one before, and a legend that tells them."""

from __future__ import annotations

from collections.abc import Callable

from sheetgen.writer import style
from sheetgen.writer.book import Sheet
from sheetgen.writer.digits import Area, text_of
from sheetgen.writer.sheets.common import colour, first_of, merge
from sheetgen.writer.trace import letter

LEVEL, DEEP = 0.9, 1_000  # the lowest level's edge: at most so much of the highest number, at least this part of it
BELOW = 3  # rows from the last of the map to the legend


def levels(
    sheet: Sheet, area: Area, ends: tuple[str, str], edges: tuple[int, int], shown: Callable[[str], str]
) -> None:
    """Colour a map whose least and largest number stand in two cells; the levels' edges go into cells from (row from 1,
    column from 0) on.

    `shown` is a formula that has a value only where there is a map.
    """
    low, high = ends
    least, here = f"MIN({LEVEL}*{high},MAX({low},{high}/{DEEP}))", first_of(area)
    row, left, count = area[2] + BELOW, area[1], len(style.LEVELS)
    sheet.put(row + 1, left - 1, "E ≤", "muted", "right")
    for k in range(count):
        text, test, look = '"more"', "TRUE", f"level {k}"
        if k < count - 1:
            edge = f"${letter(edges[1] + k)}${edges[0]}"
            text, test = text_of(edge, 2), f"{here}<={edge}"
            formula = f"IFERROR({least}*({high}/{least})^({k + 1}/{count}),0)"
            sheet.live(edges[0], edges[1] + k, formula, "muted", "general")
        merge(sheet, (row, left + 2 * k, row, left + 2 * k + 1), look, "center")
        sheet.live(row + 1, left + 2 * k, shown(text), look, "center")
        colour(sheet, area, f"IF(ISNUMBER({here}),{test},FALSE)", look, stop=True)
