"""The lower half of Live CNN: one channel of one layer as a heat map, chosen from lists."""

from __future__ import annotations

import numpy as np

from mnist import digits
from mnist.live import LAYERS, LEFT, SEEN, TOP, Live
from mnist.sheets.common import merge, section, typed
from sheetgen.writer import style
from sheetgen.writer.book import Book, Sheet
from sheetgen.writer.sheets import layers as layers_sheet
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


def write(book: Book, sheet: Sheet, cnn: Live) -> None:
    """Write the viewer."""
    section(book, sheet, TITLE, "Look inside: one channel of one layer", LEFT, RIGHT)
    axis = book.style("axis")
    for x in range(SIZE):
        sheet.put(GRID - 1, LEFT + x, x, axis)
        sheet.put(GRID + x, 0, x, axis)
    most = max(w.block.planes[0] for w in cnn.layout.written)
    _lists(book, sheet, cnn, most)
    _facts(book, sheet, cnn)
    _plane(book, sheet, cnn)


def _lists(book: Book, sheet: Sheet, cnn: Live, most: int) -> None:
    layers = f"{quoted(LAYERS)}!{layers_sheet.table_range(cnn.layout, layers_sheet.NAME)}"
    names = [layers_sheet.short(k, w) for k, w in enumerate(cnn.layout.written)]
    numbers = [str(k) for k in range(most)]
    shown: tuple[tuple[int, str, str | int, str | list[str], str], ...] = (
        (LAYER, "layer", names[SHOWN], "=" + layers, "A layer of the sheet CNN layers."),
        (CHANNEL, "channel", 0, numbers, "From 0; the line below says how many the layer has."),
    )
    given = book.style("input", "bold", "left")
    for row, label, value, source, message in shown:
        sheet.put(row, SEEN, label, book.style("muted"))
        area = (row - 1, AT, row - 1, AT + 16)
        merge(sheet, area, given)
        sheet.put(row, AT, value, given)
        typed(sheet, area, "list", label.capitalize(), message, source=source)


def _facts(book: Book, sheet: Sheet, cnn: Live) -> None:
    """Places on CNN layers, looked up in its table."""
    names = f"{quoted(LAYERS)}!{layers_sheet.table_range(cnn.layout, layers_sheet.NAME)}"

    number, chosen, last = _cell(FACTS), _cell(CHANNEL), f"({_cell(FACTS + 1)}-1)"

    def of_layer(formula: str) -> str:
        return f"IF(ISNUMBER({number}),{formula},{number})"

    def looked(column: int) -> str:
        return of_layer(f"INDEX({quoted(LAYERS)}!{layers_sheet.table_range(cnn.layout, column)},{number},1)")

    there = f"AND({chosen}>=0,{chosen}<={last},{chosen}=INT({chosen}))"
    channel = of_layer(f'IF(ISNUMBER({chosen}),IF({there},{chosen},"{NO_CHANNEL}"),"{NO_CHANNEL}")')
    facts = (
        ("its number", f'IFERROR(MATCH({_cell(LAYER)},{names},0),"{NO_LAYER}")'),
        ("channels", looked(layers_sheet.CHANNELS)),
        ("height", looked(layers_sheet.HEIGHT)),
        ("width", looked(layers_sheet.WIDTH)),
        ("its first row on CNN layers", looked(layers_sheet.ROW)),
        ("its first column", looked(layers_sheet.COLUMN)),
        ("channel shown", channel),
    )
    for k, (label, formula) in enumerate(facts):
        sheet.put(FACTS + k, SEEN, label, book.style("muted"))
        form = book.style("fine", "left")
        merge(sheet, (FACTS + k - 1, AT, FACTS + k - 1, AT + 8), form)
        sheet.live(FACTS + k, AT, formula, form)
    of_channel = f'IF({_cell(FACTS + 6)}="{NO_CHANNEL}","{NO_CHANNEL}: ","")&"this layer has 0 to "&{last}'
    notes = (
        (LAYER + 1, f'IF(ISNUMBER({number}),"","{NO_LAYER}: choose one of the list")', NO_LAYER),
        (CHANNEL + 1, f'IF(ISNUMBER({number}),{of_channel},"")', NO_CHANNEL),
    )
    for row, formula, wrong in notes:
        sheet.live(row, AT, formula, book.style("muted"))
        rule = {"type": "formula", "criteria": f'=LEFT({_cell(row)},{len(wrong)})="{wrong}"'}
        sheet.conditional_format(row - 1, AT, row - 1, AT + 16, {**rule, "format": book.conditional("fail")})


def _plane(book: Book, sheet: Sheet, cnn: Live) -> None:
    last = max(int(w.rows.max()) for w in cnn.layout.written) + 1
    left = min(int(w.columns.min()) for w in cnn.layout.written)
    channels, height, width, row0, column0, channel = (_cell(FACTS + k) for k in range(1, 7))
    form = book.style("pixel", "edge")
    for y, x in np.ndindex(SIZE, SIZE):
        row, column = GRID + y, letter(LEFT + x)
        # Two columns hold it, whether or not the plane has a margin.
        area = f"{quoted(LAYERS)}!{letter(left + x)}$1:{letter(left + x + 1)}${last}"
        at = f"INDEX({area},{row0}+$A{row}*{channels}+{channel},{column0}-{left})"
        formula = f'IF(OR($A{row}>={height},{column}${GRID - 1}>={width},ISTEXT({channel})),"",{at})'
        sheet.live(row, LEFT + x, formula, form)
    sheet.conditional_format(GRID - 1, LEFT, GRID + SIZE - 2, LEFT + SIZE - 1, style.heat())
