"""All channels of a layer at once: a small map of each, live, from the activations of the sheet CNN layers.

A layer wider than a map shows every second row and column. Where there are more channels than maps, each map shows two,
one below the other.
"""

from __future__ import annotations

from mnist.live import LEFT, Live
from mnist.sheets import facts
from mnist.sheets.common import section
from mnist.sheets.facts import NO_LAYER, Chosen
from mnist.sheets.screen import ACROSS, BANDS, LAST, MAP, MAPS, RIGHT, STEP, STRIP, WORK, ends, far_row, on_layers, work
from sheetgen.writer import heat
from sheetgen.writer.book import Sheet
from sheetgen.writer.sheets import layers
from sheetgen.writer.sheets.common import InputRule, across, colour, limit, merge
from sheetgen.writer.trace import letter

SHOWN = 1  # the block that is shown at first: the first convolution
LAYER, AT = STRIP, LEFT + 36  # the row and column of the layer that is chosen
CHOSEN = f"${letter(AT)}${LAYER}"
SLOTS = ACROSS * BANDS
HALF = MAP // 2  # the row of a map from which its second channel stands
OFFSET, SLOT = LAST + 5, LAST + 6  # workings below all: the column of each cell's plane, or 0; its map in the band
END = MAPS + BANDS * STEP - 2  # the last row of the last maps
AREA = (MAPS - 1, LEFT, END - 1, LEFT + ACROSS * STEP - 2)
LEAST, MOST, BOUND, COLD = (work(STRIP, k) for k in range(4))
TINY = "10^-9"  # of a layer that is all zeros, the colours need two ends all the same


def write(sheet: Sheet, cnn: Live) -> None:
    """Write the strip, and the facts about the layer that is chosen."""
    facts.write(sheet, cnn, CHOSEN)
    chosen = Chosen(cnn)
    section(sheet, STRIP, "Look inside: every channel of one layer", LEFT, RIGHT)
    _choice(sheet, cnn, chosen)
    _workings(sheet, cnn, chosen)
    _labels(sheet, chosen)
    _maps(sheet, cnn, chosen)


def _choice(sheet: Sheet, cnn: Live, chosen: Chosen) -> None:
    sheet.set_row_pixels(STRIP - 2, 6)
    sheet.set_row_pixels(STRIP - 1, 24)
    names = [layers.short(k, w) for k, w in enumerate(cnn.layout.written)]
    area = (LAYER - 1, AT, LAYER - 1, AT + 22)
    merge(sheet, area, "input", "bold", "left")
    sheet.put(LAYER, AT, names[SHOWN], "input", "bold", "left")
    source = "=" + on_layers(layers.table_range(cnn.layout, layers.NAME))
    limit(sheet, area, InputRule("list", source=source, hint=("Layer", "A layer of the sheet CNN layers.")))
    number = chosen["number"]
    # Behind ReLU nothing would be below 0.
    shifted = f'IF({chosen["norm"]}*{chosen["relu"]}=1," (BatchNorm shifts it)","")'
    sizes = f'"blue: below 0"&{shifted}&", to "&ROUND({LEAST},2)&"; orange: above 0, to "&ROUND({MOST},2)'
    note = f'IF(ISNUMBER({number}),{sizes},"{NO_LAYER}: choose one of the list")'
    sheet.live(LAYER, AT + 24, note, "muted", "section line")
    colour(sheet, (LAYER - 1, AT + 24, LAYER - 1, AT + 70), f"ISTEXT({number})", "fail")
    what = f"INDEX({on_layers(layers.table_range(cnn.layout, layers.WHAT))},{number},1)"
    every = f'IF({chosen["stride"]}=2,"; every second row and column is drawn","")'
    sheet.live(END + 1, LEFT, f'IF(ISNUMBER({number}),"each cell: "&{what}&{every},"")', "muted")


def _workings(sheet: Sheet, cnn: Live, chosen: Chosen) -> None:
    """Where the row and the column of each small cell stand on CNN layers."""
    axis = ("axis",)
    area = f"${letter(AREA[1])}${AREA[0] + 1}:${letter(AREA[3])}${AREA[2] + 1}"
    bounds = f"MIN(0,{area})", f"MAX(0,{area})", f"MAX({TINY},{MOST},-{LEAST})", f"-{BOUND}"
    for k, formula in enumerate(bounds):
        sheet.live(STRIP, WORK + k, formula, *axis)
    number, stride, channels = chosen["number"], chosen["stride"], chosen["channels"]
    left, _, _ = ends(cnn)
    start = far_row(cnn) - 1
    for c in range(ACROSS * STEP - 1):
        sheet.put(SLOT, LEFT + c, c // STEP, *axis)
        sheet.put(SLOT + 1, LEFT + c, c % STEP, *axis)
        x = f"{letter(LEFT + c)}{SLOT + 1}"
        there = f"IF({x}*{stride}<{chosen['width']},{chosen['column']}-{left},0)"
        sheet.live(OFFSET, LEFT + c, f"IF(ISNUMBER({number}),{there},0)", *axis)
    for band in range(BANDS):
        for y in range(MAP):
            row = MAPS + band * STEP + y
            across(sheet, row, WORK, [y, band * ACROSS], *axis)
            down = f"IF({channels}>{SLOTS},MOD({work(row, 0)},{HALF}),{work(row, 0)})"
            first = f"{work(row, 1)}+IF({channels}>{SLOTS},{SLOTS}*INT({work(row, 0)}/{HALF}),0)"
            sheet.live(row, WORK + 2, f"IF(ISNUMBER({number}),{first},0)", *axis)
            at = f"{chosen['row']}+{down}*{stride}*{channels}+{work(row, 2)}-IF({stride}=1,{start},0)"
            there = f"IF({down}*{stride}<{chosen['height']},{at},0)"
            sheet.live(row, WORK + 3, f"IF(ISNUMBER({number}),{there},0)", *axis)


def _labels(sheet: Sheet, chosen: Chosen) -> None:
    """The number of each map's channel, or channels."""
    number, channels = chosen["number"], chosen["channels"]
    for band in range(BANDS):
        row = MAPS - 1 + band * STEP
        sheet.set_row_pixels(row - 1, 16)
        for slot in range(ACROSS):
            k = f"{work(row + 1, 1)}+{letter(LEFT + slot * STEP)}${SLOT}"
            more = f'IF({k}+{SLOTS}<{channels},", below "&({k}+{SLOTS}),"")'
            label = f'IF(ISNUMBER({number}),IF({k}<{channels},"channel "&({k})&{more},""),"")'
            sheet.live(row, LEFT + slot * STEP, label, "muted")


def _maps(sheet: Sheet, cnn: Live, chosen: Chosen) -> None:
    left, _, last = ends(cnn)
    far, form = far_row(cnn), sheet.style("pixel")
    for band in range(BANDS):
        for y in range(MAP):
            row = MAPS + band * STEP + y
            at, first = (f"${letter(WORK + k)}{row}" for k in (3, 2))
            for c in range(ACROSS * STEP - 1):
                x = c % STEP
                if x == MAP:
                    continue  # between two maps
                column = letter(LEFT + c)
                offset, slot = f"{column}${OFFSET}", f"{column}${SLOT}"
                # Two columns hold it, whether or not the plane has a margin.
                wide = on_layers(f"{letter(left + 2 * x)}$1:{letter(left + 2 * x + 1)}${far - 1}")
                narrow = on_layers(f"{letter(left + x)}${far}:{letter(left + x + 1)}${last}")
                there = f"INDEX({narrow},{at}+{slot},{offset})"
                there = f"IF({chosen['stride']}=2,INDEX({wide},{at}+{slot},{offset}),{there})"
                none = f"OR({at}=0,{offset}=0,{first}+{slot}>={chosen['channels']})"
                sheet.live(row, LEFT + c, f'IF({none},"",{there})', form)
    sheet.conditional_format(*AREA, heat.within(COLD, BOUND, deep=True))
