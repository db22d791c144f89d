"""One channel of the layer that is chosen, in full, as a heat map; and which of its cells is worked out."""

from __future__ import annotations

import numpy as np

from mnist.live import LEFT, SEEN, Live
from mnist.sheets import strip
from mnist.sheets.common import section
from mnist.sheets.facts import Chosen
from mnist.sheets.screen import GRID, LAST, RIGHT, SIZE, VIEW, WORK, ends, far_row, on_layers, wide, work
from sheetgen.writer import heat
from sheetgen.writer.book import Formula, Sheet
from sheetgen.writer.sheets.common import InputRule, colour, limit
from sheetgen.writer.trace import letter

AT = SEEN + 9  # the column of what is chosen
CHANNEL, ROW, COLUMN = GRID, GRID + 3, GRID + 6  # rows
FIRST = (10, 5, 16)  # the channel, row and column at first
COLUMN_AT = LAST + 11  # workings below all: the number of each column of the screen
NO_CHANNEL, NO_ROW, NO_COLUMN = "no such channel", "no such row", "no such column"
SHOWN, SHOWN_ROW, SHOWN_COLUMN = (work(GRID + k, 0) for k in range(3))  # the ones that there are


def cell(row: int) -> str:
    """The address of what is chosen in a row."""
    return f"${letter(AT)}${row}"


def write(sheet: Sheet, cnn: Live) -> None:
    """Write the viewer."""
    chosen = Chosen(cnn)
    section(sheet, VIEW, "One channel in full, and one cell of it worked out", LEFT, RIGHT)
    _axes(sheet, chosen)
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
        is_one = f'IF({whole}<0,"{none}",MIN({whole},{last}))'
        if row == CHANNEL:
            is_one = f'IF(OR({whole}<0,{whole}>{last}),"{none}",{typed})'
        there = work(GRID + k, 0)
        sheet.live(GRID + k, WORK, f"IF(ISNUMBER({number}),{is_one},{number})", "axis")
        plural = label.rpartition(" ")[2] + "s"
        beyond = f'IF(ISTEXT({there}),"{none}: ",IF({there}<{typed},{there}&" is shown: ",""))'
        note = f'IF(ISNUMBER({number}),{beyond}&"this layer has {plural} 0 to "&{last},"")'
        wide(sheet, row, (AT + 6, AT + 34), Formula(note), "muted")
        colour(sheet, (row - 1, AT + 6, row, AT + 34), f"ISTEXT({there})", "fail")


def _axes(sheet: Sheet, chosen: Chosen) -> None:
    """The row and column of the plane that each cell shows, -1 beyond it: of a small plane, several show one."""
    number, zoom = chosen["number"], chosen["zoom"]
    sheet.set_row_pixels(GRID - 3, 14)
    sheet.set_row_pixels(GRID - 2, 5)
    for k in range(SIZE):
        sheet.put(GRID + k, WORK + 4, k, "axis")
        sheet.put(COLUMN_AT, LEFT + k, k, "axis")
        for row, column, given, size, look in (
            (GRID + k, 0, work(GRID + k, 4), "height", ("axis", "plain axis")),
            (GRID - 1, LEFT + k, f"{letter(LEFT + k)}${COLUMN_AT}", "width", ("pixel",)),
        ):
            shown = f"INT({given}/{zoom})"
            there = f"IF({shown}<{chosen[size]},{shown},-1)"
            sheet.live(row, column, f"IF(ISNUMBER({number}),{there},-1)", *look)
    for x in range(0, SIZE, 5):
        at = f"{letter(LEFT + x)}{GRID - 1}"
        sheet.live(GRID - 2, LEFT + x, f'IF({at}<0,"",{at}&"")', "axis", "left")  # a text may be wider than its column


def _plane(sheet: Sheet, cnn: Live, chosen: Chosen) -> None:
    (left, _, last), far = ends(cnn), far_row(cnn)
    form = sheet.style("pixel", "edge")
    for y, x in np.ndindex(SIZE, SIZE):
        row, column = GRID + y, letter(LEFT + x)
        # Of a wide plane two columns hold it, whether or not there is a margin; a narrow one is drawn larger.
        wide_area = on_layers(f"{letter(left + x)}$1:{letter(left + x + 1)}${far - 1}")
        narrow = on_layers(f"${letter(left)}${far}:{letter(left + x // 2 + 1)}${last}")
        down = f"{chosen['row']}+$A{row}*{chosen['channels']}+{SHOWN}"
        offset = f"{chosen['column']}-{left}"
        of_narrow = f"INDEX({narrow},{down}-{far - 1},{offset}+{column}${GRID - 1})"
        at = f"IF({chosen['zoom']}=1,INDEX({wide_area},{down},{offset}),{of_narrow})"
        sheet.live(row, LEFT + x, f'IF(OR($A{row}<0,{column}${GRID - 1}<0,ISTEXT({SHOWN})),"",{at})', form)
    area = (GRID - 1, LEFT, GRID + SIZE - 2, LEFT + SIZE - 1)
    here = f"AND($A{GRID}={SHOWN_ROW},{letter(LEFT)}${GRID - 1}={SHOWN_COLUMN},ISNUMBER({SHOWN}))"
    colour(sheet, area, here, "marked", stop=True)
    sheet.conditional_format(*area, heat.within(strip.COLD, strip.BOUND, deep=True))
