"""The lower half of Live CNN: one channel of one layer as a heat map, chosen from lists."""

from __future__ import annotations

import numpy as np

from mnist import digits
from mnist.live import LAYERS, LEFT, SEEN, TOP, Live
from mnist.sheets.common import section
from sheetgen.writer import style
from sheetgen.writer.book import Sheet
from sheetgen.writer.sheets import layers
from sheetgen.writer.sheets.common import InputRule, across, colour, limit, merge
from sheetgen.writer.trace import letter, quoted

SIZE = digits.SIZE
TITLE = TOP + SIZE + 2
GRID = TITLE + 3  # the row of the first cell
LAST = GRID + SIZE
AT = SEEN + 9  # the column of what is chosen
LAYER, CHANNEL = TITLE + 3, TITLE + 5  # rows
FACTS = TITLE + 9  # the first row of the facts about the layer
SHOWN = 1  # the block that is shown at first: the first convolution
RIGHT = SEEN + SIZE + 6  # the last column
NO_LAYER, NO_CHANNEL = "no such layer", "no such channel"


def pixel_rows() -> range:
    """The rows of square cells."""
    return range(GRID, GRID + SIZE)


def _cell(row: int) -> str:
    return f"${letter(AT)}${row}"


def write(sheet: Sheet, cnn: Live) -> None:
    """Write the viewer."""
    section(sheet, TITLE, "Look inside: one channel of one layer", LEFT, RIGHT)
    across(sheet, GRID - 1, LEFT, range(SIZE), "axis")
    for y in range(SIZE):
        sheet.put(GRID + y, 0, y, "axis")
    most = max(w.block.planes[0] for w in cnn.layout.written)
    _lists(sheet, cnn, most)
    _facts(sheet, cnn)
    _plane(sheet, cnn)


def _lists(sheet: Sheet, cnn: Live, most: int) -> None:
    listed = f"{quoted(LAYERS)}!{layers.table_range(cnn.layout, layers.NAME)}"
    names = [layers.short(k, w) for k, w in enumerate(cnn.layout.written)]
    numbers = [str(k) for k in range(most)]
    shown: tuple[tuple[int, str, str | int, str | list[str], str], ...] = (
        (LAYER, "layer", names[SHOWN], "=" + listed, "A layer of the sheet CNN layers."),
        (CHANNEL, "channel", 0, numbers, "From 0; the line below says how many the layer has."),
    )
    given = ("input", "bold", "left")
    for row, label, value, source, message in shown:
        sheet.put(row, SEEN, label, "muted")
        area = (row - 1, AT, row - 1, AT + 16)
        merge(sheet, area, *given)
        sheet.put(row, AT, value, *given)
        limit(sheet, area, InputRule("list", source=source, hint=(label.capitalize(), message)))


def _facts(sheet: Sheet, cnn: Live) -> None:
    """Places on CNN layers, looked up in its table."""
    names = f"{quoted(LAYERS)}!{layers.table_range(cnn.layout, layers.NAME)}"

    number, chosen, last = _cell(FACTS), _cell(CHANNEL), f"({_cell(FACTS + 1)}-1)"

    def of_layer(formula: str) -> str:
        return f"IF(ISNUMBER({number}),{formula},{number})"

    def looked(column: int) -> str:
        return of_layer(f"INDEX({quoted(LAYERS)}!{layers.table_range(cnn.layout, column)},{number},1)")

    there = f"AND({chosen}>=0,{chosen}<={last},{chosen}=INT({chosen}))"
    channel = of_layer(f'IF(ISNUMBER({chosen}),IF({there},{chosen},"{NO_CHANNEL}"),"{NO_CHANNEL}")')
    facts = (
        ("its number", f'IFERROR(MATCH({_cell(LAYER)},{names},0),"{NO_LAYER}")'),
        ("channels", looked(layers.CHANNELS)),
        ("height", looked(layers.HEIGHT)),
        ("width", looked(layers.WIDTH)),
        ("its first row on CNN layers", looked(layers.ROW)),
        ("its first column", looked(layers.COLUMN)),
        ("channel shown", channel),
    )
    for k, (label, formula) in enumerate(facts):
        sheet.put(FACTS + k, SEEN, label, "muted")
        merge(sheet, (FACTS + k - 1, AT, FACTS + k - 1, AT + 8), "fine", "left")
        sheet.live(FACTS + k, AT, formula, "fine", "left")
    of_channel = f'IF({_cell(FACTS + 6)}="{NO_CHANNEL}","{NO_CHANNEL}: ","")&"this layer has 0 to "&{last}'
    notes = (
        (LAYER + 1, f'IF(ISNUMBER({number}),"","{NO_LAYER}: choose one of the list")', NO_LAYER),
        (CHANNEL + 1, f'IF(ISNUMBER({number}),{of_channel},"")', NO_CHANNEL),
    )
    for row, formula, wrong in notes:
        sheet.live(row, AT, formula, "muted")
        colour(sheet, (row - 1, AT, row - 1, AT + 16), f'LEFT({_cell(row)},{len(wrong)})="{wrong}"', "fail")


def _plane(sheet: Sheet, cnn: Live) -> None:
    last = max(int(w.rows.max()) for w in cnn.layout.written) + 1
    left = min(int(w.columns.min()) for w in cnn.layout.written)
    channels, height, width, row0, column0, channel = (_cell(FACTS + k) for k in range(1, 7))
    form = sheet.style("pixel", "edge")
    for y, x in np.ndindex(SIZE, SIZE):
        row, column = GRID + y, letter(LEFT + x)
        # Two columns hold it, whether or not the plane has a margin.
        area = f"{quoted(LAYERS)}!{letter(left + x)}$1:{letter(left + x + 1)}${last}"
        at = f"INDEX({area},{row0}+$A{row}*{channels}+{channel},{column0}-{left})"
        formula = f'IF(OR($A{row}>={height},{column}${GRID - 1}>={width},ISTEXT({channel})),"",{at})'
        sheet.live(row, LEFT + x, formula, form)
    sheet.conditional_format(GRID - 1, LEFT, GRID + SIZE - 2, LEFT + SIZE - 1, style.heat())
