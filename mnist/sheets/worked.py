"""One cell of Live CNN worked out: window times kernel, number by number, ReLU and BatchNorm, and the cell itself."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from mnist.live import LAYERS, LEFT, SEEN, Live
from mnist.sheets import facts, viewer
from mnist.sheets.common import section
from mnist.sheets.facts import Chosen
from mnist.sheets.screen import BLOCKS, GRID, LAST, RIGHT, WORK, ends, on_layers, on_weights, wide, work
from sheetgen.writer import heat
from sheetgen.writer.book import Formula, Sheet
from sheetgen.writer.digits import scientific
from sheetgen.writer.sheets.common import colour_words
from sheetgen.writer.trace import letter

SIDE, ASIDE, BAND = 3, 4, 5  # a window's rows and columns; blocks side by side; rows of each with its label
PLACE = 3  # columns of the grid for a number
NEXT = 30  # columns from one block to the next
WINDOW, TIMES, KERNEL, EQUALS, PRODUCT = 0, 9, 10, 19, 20  # columns within a block
COLUMN_OF, BLOCK_OF = LAST + 9, LAST + 10  # workings below all: each number's column in its window, and its block
FIRST_OF = WORK + 27  # workings: the first block of each row
BOUNDS = "window bound", "kernel bound", "product bound"
PLACES = ("ready", "top", "left", "at", "row", "column", "sum", *BOUNDS, *(f"-{name}" for name in BOUNDS))
TABLE = GRID + 10  # the row of the heading of the steps
STEPS = (SEEN, SEEN + 39), (SEEN + 41, SEEN + 52), (SEEN + 54, SEEN + 65), (SEEN + 67, RIGHT)
TELL = (
    "A convolution lays a small window on every channel of the layer above, multiplies it number by number by its "
    "kernel, and adds all products up. The dark cell of the map on the left is that sum, put through ReLU and "
    "BatchNorm. Below stand all windows and kernels that meet in it."
)
SAME = "10^-9"


def at(name: str) -> str:
    """The address of a place in the workings."""
    return work(GRID + 4 + PLACES.index(name), 0)


class Part(NamedTuple):
    """Where a number of a window, of its kernel, and their product stand: row and columns of the grid."""

    row: int
    left: int  # of the block
    column: int  # within the window

    def cell(self, part: int) -> str:
        """The address of the window's number, the kernel's or the product, by its first column in the block."""
        return f"{letter(self.left + part + PLACE * self.column)}{self.row}"


def label_row(block: int) -> int:
    """The row of a block's label; its numbers stand below."""
    return BLOCKS + 1 + block // ASIDE * BAND


def spots(block: int) -> Iterator[Part]:
    """The places of a block's numbers, row by row."""
    left = LEFT + block % ASIDE * NEXT
    for i in range(SIDE):
        yield from (Part(label_row(block) + 1 + i, left, j) for j in range(SIDE))


def _range(block: int, part: int) -> str:
    first, *_, last = spots(block)
    return f"{first.cell(part)}:{letter(last.left + part + PLACE * SIDE - 1)}{last.row}"


def write(sheet: Sheet, cnn: Live) -> None:
    """Write the steps beside the channel, and the windows and kernels below it."""
    chosen = Chosen(cnn)
    _workings(sheet, chosen)
    wide(sheet, GRID, (SEEN + 46, RIGHT), TELL, "wrap", rows=8)
    section(sheet, BLOCKS, "Every number that meets in the dark cell: window × kernel = products", LEFT, RIGHT)
    for block in range(facts.MOST):
        _block(sheet, cnn, chosen, block)
    for part, bound in ((WINDOW, "window bound"), (KERNEL, "kernel bound"), (PRODUCT, "product bound")):
        ranges = " ".join(_range(block, part) for block in range(facts.MOST))
        first = next(spots(0))
        area = (first.row - 1, first.left + part, first.row + 1, first.left + part + PLACE * SIDE - 1)
        sheet.conditional_format(*area, {**heat.within(at(f"-{bound}"), at(bound)), "multi_range": ranges})
    _steps(sheet, cnn, chosen)


def _workings(sheet: Sheet, chosen: Chosen) -> None:
    """Where the window, the kernel and the cell stand, and how large the numbers are, for the colours."""
    y, x, channel = viewer.SHOWN_ROW, viewer.SHOWN_COLUMN, viewer.SHOWN
    known = f"AND(ISNUMBER({y}),ISNUMBER({x}),ISNUMBER({channel}))"

    def if_ready(formula: str) -> str:
        return f"IF({at('ready')}=1,{formula},0)"

    def bound(part: int) -> str:
        ranges = ",".join(_range(block, part) for block in range(facts.MOST))
        return f"MAX(10^-9,MAX({ranges}),-MIN({ranges}))"

    sums = ",".join(_sum_cell(block) for block in range(facts.MOST))
    largest = f"MAX({_range(0, WINDOW)})"
    formulas = (
        f'IF({known},IF(OR({chosen["kind"]}="conv",{chosen["kind"]}="max"),1,0),0)',
        if_ready(f"{chosen['top']}+{y}*{chosen['down']}+{channel}*{chosen['next']}"),
        if_ready(f"{chosen['left']}+{x}*{chosen['right']}"),
        if_ready(f"{chosen['at']}+{channel}*{chosen['step']}"),
        f"IF({known},{chosen['row']}+{y}*{chosen['channels']}+{channel},0)",
        f"IF({known},{chosen['column']}+{x},0)",
        if_ready(f'IF({chosen["kind"]}="max",{largest},SUM({sums}))'),
        *map(bound, (WINDOW, KERNEL, PRODUCT)),
        *(f"-{at(name)}" for name in BOUNDS),
    )
    for k, (name, formula) in enumerate(zip(PLACES, formulas, strict=True)):
        sheet.live(GRID + 4 + k, WORK, formula, "axis")
        sheet.put(GRID + 4 + k, WORK + 1, name, "axis", "left")
    for block in range(ASIDE):
        for j in range(SIDE):
            for part in (WINDOW, KERNEL, PRODUCT):
                column = LEFT + block * NEXT + part + PLACE * j
                sheet.put(COLUMN_OF, column, j, "axis")
                sheet.put(BLOCK_OF, column, block, "axis")
    for block in range(0, facts.MOST, ASIDE):
        for row in range(label_row(block), label_row(block) + SIDE + 1):
            sheet.put(row, FIRST_OF, block, "axis")


def _sum_cell(block: int) -> str:
    return f"{letter(LEFT + block % ASIDE * NEXT + PRODUCT + PLACE)}{label_row(block)}"


def _number(row: int, left: int) -> str:
    """The number of the block whose first column is `left`."""
    return f"${letter(FIRST_OF)}{row}+{letter(left)}${BLOCK_OF}"


def _block(sheet: Sheet, cnn: Live, chosen: Chosen, block: int) -> None:
    first, *_ = spots(block)
    row, left = label_row(block), first.left
    if block % ASIDE == 0:
        sheet.set_row_pixels(row - 1, 18)
        for i in range(SIDE):
            sheet.put(row + 1 + i, 0, i, "pixel")
        sheet.set_row_pixels(row + SIDE, 8)
    used = f"AND({at('ready')}=1,{_number(row, left)}<{chosen['blocks']})"
    conv = f'AND({used},{chosen["kind"]}="conv")'
    name = f'"input "&({_number(row, left)})'
    below = (
        f'IF(AND({chosen["apart"]}={facts.MOST},{chosen["high"]}=2),", below "&({_number(row, left)}+{facts.MOST}),"")'
    )
    pool = f'IF({chosen["kind"]}="max","the channel itself",{name}&{below})'
    sheet.live(row, left, f'IF({used},{pool},"")', "muted")
    sheet.live(row, left + KERNEL, f'IF({conv},"kernel","")', "muted")
    sheet.live(row, left + PRODUCT, f'IF({conv},"sum","")', "muted")
    sums = f'IF({conv},SUM({_range(block, PRODUCT)}),"")'
    wide(
        sheet,
        row,
        (left + PRODUCT + PLACE, left + PRODUCT + PLACE * SIDE - 1),
        Formula(sums),
        "activation",
        "bold",
        rows=1,
    )
    for sign, column in (("×", TIMES), ("=", EQUALS)):
        sheet.live(row + 2, left + column, f'IF({conv},"{sign}","")', "muted", "center")
    for spot in spots(block):
        _cell(sheet, cnn, chosen, spot)


def _cell(sheet: Sheet, cnn: Live, chosen: Chosen, spot: Part) -> None:
    """A number of the window, the kernel's, and their product."""
    _, right, last = ends(cnn)
    window, kernel = (spot.cell(part) for part in (WINDOW, KERNEL))
    i, j = f"$A{spot.row}", f"{letter(spot.left + PLACE * spot.column)}${COLUMN_OF}"
    block = _number(spot.row, spot.left + PLACE * spot.column)
    there = f"{at('ready')}=1,{block}<{chosen['blocks']},{i}<{chosen['high']},{j}<{chosen['wide']}"
    down = f"{i}*{chosen['apart']}+{block}"
    shelf = cnn.layout.shelf
    layers = on_layers(f"$A$1:${letter(right)}${last + 1}")
    weights = on_weights(f"$A$1:${letter(max(s.width for s in shelf.sections))}${shelf.row}")
    formulas = (
        (WINDOW, f'IF(AND({there}),INDEX({layers},{at("top")}+{down},{at("left")}+{j}),"")'),
        (
            KERNEL,
            f'IF(AND({there},{chosen["kind"]}="conv"),INDEX({weights},{chosen["kernel"]}+{down},{at("at")}+{j}),"")',
        ),
        (PRODUCT, f'IF(ISNUMBER({kernel}),{window}*{kernel},"")'),
    )
    for part, formula in formulas:
        column = spot.left + part + PLACE * spot.column
        wide(sheet, spot.row, (column, column + PLACE - 1), Formula(formula), "activation", rows=1)


def _lines(cnn: Live, chosen: Chosen) -> list[tuple[str, str, str]]:
    """The steps: what each is called, its number, and its result, which follows from the one before."""
    _, right, last = ends(cnn)
    shelf = cnn.layout.shelf
    weights = on_weights(f"$A$1:${letter(max(s.width for s in shelf.sections))}${shelf.row}")
    ready, kind, relu = at("ready"), chosen["kind"], chosen["relu"]
    total, positive, scaled = (_at(2, k) for k in range(1, 4))
    scale, shift = (_at(1, k) for k in (3, 4))

    def norm(row: str) -> str:
        looked = f"INDEX({weights},{chosen[row]},{chosen['first']}+{viewer.SHOWN})"
        return _ready(f'IF({chosen["norm"]}=1,{looked},"none")')

    unknown = f'IF({at("row")}>0,"this layer has no window: see its formula on CNN layers","–")'
    first = f'IF({ready}=1,IF({kind}="max","the largest number of the window","all products, added up"),{unknown})'
    column = f'IF({at("column")}>26,"A","")&CHAR(65+MOD({at("column")}-1,26))'
    holds = _ready(f'"the cell {LAYERS}!"&{column}&{at("row")}&" holds"')
    cell = f"INDEX({on_layers(f'$A$1:${letter(right)}${last + 1}')},{at('row')},{at('column')})"
    none = _ready(f'IF({relu}=1,"","none")')
    return [
        (Formula(first), "", at("sum")),
        ("ReLU: what is below 0 becomes 0", Formula(none), f"IF({relu}=1,MAX(0,{total}),{total})"),
        ("× scale of BatchNorm", Formula(norm("scale")), f"IF(ISNUMBER({scale}),{positive}*{scale},{positive})"),
        ("+ shift of BatchNorm", Formula(norm("shift")), f"IF(ISNUMBER({shift}),{scaled}+{shift},{scaled})"),
        (Formula(holds), "", cell),
    ]


def _ready(formula: str) -> str:
    """A formula of a cell that can be worked out; else a dash."""
    return f'IF({at("ready")}=1,{formula},"–")'


def _at(column: int, step: int) -> str:
    """The address of what stands in a column of a step."""
    return f"${letter(STEPS[column][0])}${TABLE + 2 * step}"


def _steps(sheet: Sheet, cnn: Live, chosen: Chosen) -> None:
    """What is done with the sum, and that the result is the cell."""
    names = (("step", "left"), ("number", "right"), ("result", "right"), ("", "left"))
    for columns, (name, side) in zip(STEPS, names, strict=True):
        wide(sheet, TABLE, columns, name, "head", side)
    for k, (label, number, formula) in enumerate(_lines(cnn, chosen), 1):
        row = TABLE + 2 * k
        bold = ("bold",) if k > 3 else ()
        wide(sheet, row, STEPS[0], label, "cell", *bold)
        wide(sheet, row, STEPS[1], number, "cell", "millionth", "right")
        wide(sheet, row, STEPS[2], Formula(_ready(formula)), "cell", "millionth", "right", *bold)
    for place, _ in STEPS[1:3]:
        scientific(sheet, (TABLE + 1, place, TABLE + 10, place), "number", look="beyond, short")
    ours, cell = _at(2, 4), _at(2, 5)
    same = _ready(f'IF(ABS({ours}-{cell})<={SAME}*MAX(1,ABS({cell})),"PASS","FAIL")')
    row, (first, end) = TABLE + 10, STEPS[3]
    wide(sheet, row, (first, first + 7), Formula(same), "verdict")
    colour_words(sheet, (row - 1, first, row, first + 7), f"${letter(first)}${row}")
    wide(sheet, row, (first + 9, end), "PASS: the same number", "muted")
    wide(sheet, row + 3, (SEEN, RIGHT), Formula(_count(chosen)), "muted")


def _count(chosen: Chosen) -> str:
    """A sentence on how many windows meet in a cell of a convolution; nothing of any other layer."""
    count = f"({chosen['blocks']}*IF({chosen['wide']}=1,{chosen['high']},1))"
    one = '"This layer reads 1 channel: one window and one kernel meet in each cell. Choose a deeper layer above."'
    many = f'"This layer reads "&{count}&" channels: as many windows and kernels meet in each of its cells."'
    return f'IF({at("ready")}=1,IF({chosen["kind"]}="conv",IF({chosen["blocks"]}=1,{one},{many}),""),"")'
