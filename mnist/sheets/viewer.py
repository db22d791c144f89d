"""One channel of the layer that is chosen, in full, as a heat map; and which of its cells is worked out."""

from __future__ import annotations

import numpy as np

from mnist.live import LEFT, SEEN, Live
from mnist.sheets import strip
from mnist.sheets.common import section
from mnist.sheets.facts import Chosen
from mnist.sheets.screen import GRID, RIGHT, SIZE, VIEW, WORK, ends, on_layers, wide, work
from sheetgen.writer import style
from sheetgen.writer.book import Formula, Sheet
from sheetgen.writer.sheets.common import InputRule, across, colour, limit
from sheetgen.writer.trace import letter

AT = SEEN + 9  # the column of what is chosen
CHANNEL, ROW, COLUMN = GRID, GRID + 3, GRID + 6  # rows
FIRST = (10, 5, 16)  # the channel, row and column at first
NO_CHANNEL, NO_ROW, NO_COLUMN = "no such channel", "no such row", "no such column"
SHOWN, SHOWN_ROW, SHOWN_COLUMN = (work(GRID + k, 0) for k in range(3))  # the ones that there are


def cell(row: int) -> str:
    """The address of what is chosen in a row."""
    return f"${letter(AT)}${row}"


def write(sheet: Sheet, cnn: Live) -> None:
    """Write the viewer."""
    chosen = Chosen(cnn)
    section(sheet, VIEW, "One channel in full, and one cell of it worked out", LEFT, RIGHT)
    sheet.set_row_pixels(GRID - 3, 14)
    sheet.set_row_pixels(GRID - 2, 5)
    across(sheet, GRID - 1, LEFT, range(SIZE), "pixel")
    marks = f"{letter(LEFT)}{GRID - 2}:{letter(LEFT + SIZE)}{GRID - 2}"
    sheet.ignore_errors({"number_stored_as_text": marks})
    for x in range(0, SIZE, 5):
        sheet.put(GRID - 2, LEFT + x, str(x), "axis", "left")  # a text may be wider than its column
    for y in range(SIZE):
        sheet.put(GRID + y, 0, y, "axis")
    most = max(w.block.planes[0] for w in cnn.layout.written)
    _choices(sheet, chosen, most)
    _plane(sheet, cnn, chosen)


def _choices(sheet: Sheet, chosen: Chosen, most: int) -> None:
    """What is typed, what is shown of it, and what there is."""
    number = chosen["number"]
    lines = (
        (CHANNEL, "channel", most, "channels", NO_CHANNEL), (ROW, "its row", SIZE, "height", NO_ROW),
        (COLUMN, "its column", SIZE, "width", NO_COLUMN),
    )  # fmt: skip
    for k, (row, label, count, size, none) in enumerate(lines):
        wide(sheet, row, (SEEN, AT - 1), label, "muted")
        look = ("input", "bold", "left")
        wide(sheet, row, (AT, AT + 4), FIRST[k], *look)
        area = (row - 1, AT, row, AT + 4)
        hint = label.rpartition(" ")[2].capitalize(), "From 0; beside it stands how many there are."
        limit(sheet, area, InputRule("list", source=[str(x) for x in range(count)], hint=hint))
        typed, last = cell(row), f"({chosen[size]}-1)"
        whole = f"IF(ISNUMBER({typed}),IF(AND({typed}>=0,{typed}=INT({typed})),{typed},-1),-1)"
        # A row or column beyond the layer's last is the last: a smaller layer may be chosen at any time.
        is_one = f"IF({whole}<0,\"{none}\",MIN({whole},{last}))"
        if row == CHANNEL:
            is_one = f'IF(OR({whole}<0,{whole}>{last}),"{none}",{typed})'
        there = work(GRID + k, 0)
        sheet.live(GRID + k, WORK, f"IF(ISNUMBER({number}),{is_one},{number})", "axis")
        plural = label.rpartition(" ")[2] + "s"
        beyond = f'IF(ISTEXT({there}),"{none}: ",IF({there}<{typed},{there}&" is shown: ",""))'
        note = f'IF(ISNUMBER({number}),{beyond}&"this layer has {plural} 0 to "&{last},"")'
        wide(sheet, row, (AT + 6, AT + 34), Formula(note), "muted")
        colour(sheet, (row - 1, AT + 6, row, AT + 34), f"ISTEXT({there})", "fail")


def _plane(sheet: Sheet, cnn: Live, chosen: Chosen) -> None:
    left, _, last = ends(cnn)
    channels, height, width, row0, column0 = (chosen[k] for k in ("channels", "height", "width", "row", "column"))
    form = sheet.style("pixel", "edge")
    for y, x in np.ndindex(SIZE, SIZE):
        row, column = GRID + y, letter(LEFT + x)
        # Two columns hold it, whether or not the plane has a margin.
        area = on_layers(f"{letter(left + x)}$1:{letter(left + x + 1)}${last}")
        at = f"INDEX({area},{row0}+$A{row}*{channels}+{SHOWN},{column0}-{left})"
        formula = f'IF(OR($A{row}>={height},{column}${GRID - 1}>={width},ISTEXT({SHOWN})),"",{at})'
        sheet.live(row, LEFT + x, formula, form)
    area = (GRID - 1, LEFT, GRID + SIZE - 2, LEFT + SIZE - 1)
    here = f"AND($A{GRID}={SHOWN_ROW},{letter(LEFT)}${GRID - 1}={SHOWN_COLUMN},ISNUMBER({SHOWN}))"
    colour(sheet, area, here, "marked", stop=True)
    sheet.conditional_format(*area, style.heat_within(strip.COLD, strip.BOUND, deep=True))
