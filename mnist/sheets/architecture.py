"""Architecture: each network drawn to scale, and a row per layer; all that follows from the yellow cells is live."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from mnist.notation import CONVOLUTION, MAX_POOL, MEAN_POOL, NORM, SIZE, Layer, layers
from mnist.recipe import MOST_PARAMETERS
from mnist.record import Claim
from mnist.sheets import drawn
from mnist.sheets.common import ARCHITECTURE, OURS, REFERENCE, SMALL, TELLING, heads, pages, section, thousands
from sheetgen.writer import style
from sheetgen.writer.book import Book, Formula, Sheet, Value
from sheetgen.writer.sheets import common
from sheetgen.writer.trace import quoted

SHOWN = (OURS, SMALL, REFERENCE)
CALLED = TELLING | {OURS: "ours: our network, trained with help from wider ones"}
FIRST = 4  # the row of the first network's title
WIDTHS = (8, 16, 8, 8, 9, 10, 10, 10, 10, 11, 8, 12, 16, 12, 10, 8, 1)
COLUMNS = (
    "layer", "what it is", "kernel", "stride", "padding", "channels in", "channels out", "kernel of layer",
    "output size", "receptive field", "jump", "parameters", "share of parameters", "multiply-adds", "written as",
    "block",
)  # fmt: skip
WRITTEN, BLOCK = 14, 15  # columns
LEGEND = (  # two in a row
    ("c32", "a 3×3 convolution to 32 planes, with a ring of zeros around its input: the size stays"),
    ("v32", "the same without the ring: the plane loses a pixel on every side"),
    ("p", "then 2×2 max-pooling: of four neighbours only the largest stays, so the size is halved"),
    ("=1", "as block 1 (last column below): its kernel is used again, more work but no new parameters"),
    ("mean", "each plane becomes one number, its mean; a last convolution makes ten answers of them"),
    ("ReLU", "what is below 0 becomes 0. It stands behind every convolution, then BatchNorm: mean 0, spread 1"),
)
JUMP = "Receptive field: the side of what a cell sees. Jump: pixels from one cell to the next."
SECOND = 8  # the column of the second of them
TYPED = {  # column -> (what it is, least, most, what a person is told)
    2: ("Kernel", 1, SIZE, "The side of the square that the layer looks at, in cells of the layer above."),
    3: ("Stride", 1, SIZE, "How far it moves from one output to the next."),
    4: ("Padding", 0, SIZE, "How many rings of zeros are put around its input."),
    6: ("Channels", 1, 999, "How many planes the layer gives."),
}
TITLE = "Architecture: from 28 × 28 pixels to ten answers"
SUBTITLE = (
    "Squares are to scale, and a block is as deep as it has planes (channels). Under each: what one cell of it sees of "
    "the image; if that is more than 28×28, the rest is padding. Yellow cells may be typed over."
)
NO_SIZE, NOTHING, NO_FIT = "no size", "nothing left", "no fit"


class ArchitecturePlaces(NamedTuple):
    """Where one network stands: its title, the drawing below it, the legend if it is the first, and its table."""

    claim: Claim
    title: int
    layers: Sequence[Layer]

    @property
    def head(self) -> int:
        """The row of the table's headings."""
        return self.title + drawn.ROWS + 2 + (len(LEGEND) // 2 if self.title == FIRST else 0)

    @property
    def first(self) -> int:
        """The row of the first layer; the image stands above it."""
        return self.head + 2

    @property
    def last(self) -> int:
        """The row of the last layer."""
        return self.first + len(self.layers) - 1

    @property
    def total(self) -> int:
        """The row of the sums; PyTorch's count stands below it."""
        return self.last + 1

    @property
    def parameters_cell(self) -> str:
        """The cell with all its parameters, for other sheets."""
        return f"{quoted(ARCHITECTURE)}!$L${self.total}"


def places(claims: Mapping[str, Claim]) -> dict[str, ArchitecturePlaces]:
    """The tables of the networks that are shown, one below the other. Raises BadNetwork."""
    tables: dict[str, ArchitecturePlaces] = {}
    row = FIRST
    for name in SHOWN:
        if name in claims:
            tables[name] = ArchitecturePlaces(claims[name], row, layers(claims[name].recipe.architecture))
            row = tables[name].total + 3
    return tables


def write(book: Book, tables: Mapping[str, ArchitecturePlaces]) -> None:
    """Write the sheet Architecture."""
    sheet = common.opened(book, ARCHITECTURE, TITLE, SUBTITLE, WIDTHS)
    sheet.put(3, 2, JUMP, "muted")
    for name, table in tables.items():
        net = table.claim.recipe.architecture.net
        section(sheet, table.title, f"{CALLED[name]}; its code in short: {net}", 0, len(COLUMNS) - 1)
        drawing = drawn.Drawing(drawn.stages(table.layers, table.first), table.total, table.title, len(WIDTHS))
        drawn.write(sheet, drawing, table.title + 1, name)
        _try(sheet, table)
        if table.title == FIRST:
            _legend(sheet, table.title + drawn.ROWS + 1)
        heads(sheet, table.head, 0, COLUMNS)
        _image(sheet, table.head + 1)
        for k, block in enumerate(_blocks(table.layers)):
            _layer(sheet, table, k)
            _written(sheet, table, k, block)
        _totals(sheet, table)
    most = max(len(drawn.stages(table.layers, 0)) for table in tables.values())
    sheet.set_column(len(WIDTHS), len(WIDTHS) + 3 * most + 2, 9, None, {"hidden": True, "level": 1})
    common.page(sheet, (3, 0), (max(table.total for table in tables.values()) + 1, len(COLUMNS)))
    pages(sheet, 73, [t.title for t in tables.values() if t.title != FIRST])


def _try(sheet: Sheet, table: ArchitecturePlaces) -> None:
    """What to type, and in a live sentence what comes of it."""
    total = f"$L${table.total}"
    what = f"type 64 in G{table.first}, the channels of block 0. The next convolution grows most: it reads them all."
    again = next((row for row, x in enumerate(table.layers, table.first) if x.shared), None)
    if again:  # more channels would not fit a kernel that is used again
        what = f"type 0 in H{again}, and this layer has a kernel of its own. What does it cost?"
    within = f'IF({total}<{MOST_PARAMETERS},"fewer than","no longer fewer than")'
    text = f'"Try it: {what} Now "&{thousands(total)}&" parameters: "&{within}&" the {MOST_PARAMETERS:,} allowed."'
    sheet.live(table.head - 1, 0, text, "bold")


def _legend(sheet: Sheet, row: int) -> None:
    """What a network's name means, part by part, two in a row."""
    for k, (part, meaning) in enumerate(LEGEND):
        at, left = row + k // 2, (0, SECOND)[k % 2]
        sheet.put(at, left, part, "cell", "bold", "center")
        common.line(sheet, at, meaning, left + 1, (SECOND, len(COLUMNS))[k % 2] - 1, "cell")


def _blocks(rows: Sequence[Layer]) -> list[int]:
    """The block of each layer, as the network's name counts them: a new one begins with every convolution."""
    count, blocks = -1, []
    for x in rows:
        count += x.kind == CONVOLUTION
        blocks.append(count)
    return blocks


def _written(sheet: Sheet, table: ArchitecturePlaces, k: int, block: int) -> None:
    """How the network's name has a layer, as it is now; what has no name there, such as the last one, is empty."""
    row, kind = table.first + k, table.layers[k].kind
    text = sheet.style("cell", "center", "bold")
    if kind == CONVOLUTION and k < len(table.layers) - 1:
        kernel = f'IF(H{row}=0,"","="&{drawn.block_of(row, (table.first, table.last))})'
        named = f"AND(COUNT(C{row},D{row},E{row},G{row})=4,C{row}=3,D{row}=1,OR(E{row}=0,E{row}=1))"
        sheet.live(row, WRITTEN, f'IF({named},IF(E{row}=1,"c","v")&G{row}&{kernel},"other")', text)
    else:
        sheet.put(row, WRITTEN, "p" if kind == MAX_POOL else None, text)
    has_name = kind == CONVOLUTION and k < len(table.layers) - 1
    sheet.put(row, BLOCK, block if has_name else None, sheet.style("cell", "center", "muted"))


def _image(sheet: Sheet, row: int) -> None:
    """The row of the image: one channel, each pixel its own field."""
    plain = sheet.style("cell", "center", "muted")
    texts: dict[int, Value] = {0: 0, 1: "image", 6: 1, 8: SIZE, 9: 1, 10: 1}
    for k in range(len(COLUMNS)):
        sheet.put(row, k, texts.get(k), sheet.style("cell", "muted") if k == 1 else plain)


def _layer(sheet: Sheet, table: ArchitecturePlaces, k: int) -> None:
    x, row = table.layers[k], table.first + k
    above, conv = row - 1, x.kind == CONVOLUTION
    whole = sheet.style("cell", "center", "whole")
    fixed = sheet.style("cell", "center", "whole", "muted")
    sheet.put(row, 0, k + 1, fixed)
    sheet.put(row, 1, x.kind, sheet.style("cell", "bold") if conv else sheet.style("cell", "indent"))
    free = x.kind in (CONVOLUTION, MAX_POOL)
    for column, value in ((2, x.kernel), (3, x.stride), (4, x.padding)):
        # Global average pooling looks at all that there is, whatever that is; BatchNorm at each cell alone.
        all_there_is = x.kind == MEAN_POOL and column < 4
        given = None if x.kind == NORM else Formula(f"I{above}") if all_there_is else value
        _given(sheet, row, column, given, free)
    sheet.put(row, 5, Formula(f"G{above}") if conv else None, whole)
    _given(sheet, row, 6, x.channels if conv else Formula(f"G{above}"), conv)
    sheet.put(row, 7, x.shared if conv else None, sheet.style("input", "center", "own") if conv else fixed)
    if conv:
        what = "Kernel of layer", 0, k, "0: a kernel of its own. Or the number of a layer above."
        common.limit(sheet, (row - 1, 7, row - 1, 7), _whole(*what))
    for column, formula in _following(x.kind, row, (table.first, table.last)):
        sheet.live(row, column, formula, whole)
    sheet.live(row, 12, f"IF(ISNUMBER(L{row}),IF(L${table.total}=0,0,L{row}/L${table.total}),0)", "cell", "share")


def _following(kind: str, row: int, rows: tuple[int, int]) -> Iterator[tuple[int, str]]:
    """(Column, formula) of what follows from the row above and the yellow cells, which a person may have emptied."""
    above, square = row - 1, f"C{row}*C{row}*F{row}*G{row}"
    if kind == NORM:  # it changes no shape
        yield from ((8, f"I{above}"), (9, f"J{above}"), (10, f"K{above}"))
        yield 11, f'IF(ISNUMBER(G{row}),2*G{row},"–")'
        yield 13, f'IF(COUNT(I{row},G{row})=2,I{row}*I{row}*G{row},"–")'
        return
    there = f"COUNT(I{above},C{row},D{row},E{row})=4"
    fits = f"AND(D{row}>=1,C{row}>=1,I{above}+2*E{row}>=C{row})"
    size = f'IF({fits},INT((I{above}+2*E{row}-C{row})/D{row})+1,"{NOTHING}")'
    yield 8, f'IF({there},{size},"{NO_SIZE}")'
    yield 9, f'IF(COUNT(J{above},K{above},C{row})=3,J{above}+(C{row}-1)*K{above},"–")'
    yield 10, f'IF(COUNT(K{above},D{row})=2,K{above}*D{row},"–")'
    if kind == CONVOLUTION:
        yield 11, f'IF(COUNT(C{row},F{row},G{row})=3,IF(H{row}=0,{square},{_again(row, rows)}),"–")'
        yield 13, f'IF(COUNT(I{row},C{row},F{row},G{row})=4,I{row}*I{row}*{square},"–")'
    else:
        yield 11, "0+0"
        yield 13, "0+0"


def _again(row: int, rows: tuple[int, int]) -> str:
    """The parameters of a layer that uses another's kernel: none, if it fits."""
    fits = ",".join(f"INDEX(${k}${rows[0]}:${k}${rows[1]},H{row},1)={k}{row}" for k in "CFG")
    return f'IFERROR(IF(AND({fits}),0,"{NO_FIT}"),"{NO_FIT}")'


def _given(sheet: Sheet, row: int, column: int, value: Value | None, free: bool) -> None:
    """A number that the rest follows from: a person's to change, or fixed by the kind of layer."""
    form = sheet.style("input", "center", "whole") if free else sheet.style("cell", "center", "whole", "muted")
    sheet.put(row, column, value, form)
    if free:
        common.limit(sheet, (row - 1, column, row - 1, column), _whole(*TYPED[column]))


def _whole(title: str, least: int, most: int, text: str) -> common.InputRule:
    complaint = "Not possible", f"Type a whole number from {least} to {most}."
    return common.InputRule("integer", (least, most), hint=(title, text), complaint=complaint)


def _totals(sheet: Sheet, table: ArchitecturePlaces) -> None:
    """The sums, and what PyTorch counted when the network was trained."""
    row, recorded = table.total, table.claim.records[0].parameters
    common.line(sheet, row, "total", 0, 10, "head")
    for column, letter, form in ((11, "L", ("center", "whole")), (12, "M", ("share",)), (13, "N", ("center", "whole"))):
        sheet.live(row, column, f"SUM({letter}{table.first}:{letter}{table.last})", "head", *form)
    sheet.put(row + 1, 0, "PyTorch counted", "muted")
    sheet.put(row + 1, 11, recorded, "center", "whole", "muted")
    sheet.live(row + 1, 12, f'IF(L{row}=L{row + 1},"PASS","FAIL")', "verdict")
    common.colour_words(sheet, (row, 12, row, 12), f"$M{row + 1}")
    shares = {
        "type": "data_bar", "bar_solid": True, "data_bar_2010": True, "bar_color": style.SERIES[4], "min_type": "num",
        "min_value": 0, "max_type": "max",
        "min_length": 0, "max_length": 100,  # else nothing at all would have a bar
    }  # fmt: skip
    sheet.conditional_format(table.first - 1, 12, table.last - 1, 12, shares)
