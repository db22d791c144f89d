"""Architecture: a row per layer of each network; all that follows from the yellow cells is a formula."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from mnist.notation import CONVOLUTION, MAX_POOL, MEAN_POOL, NORM, SIZE, Layer, layers
from mnist.record import Claim
from mnist.sheets.common import ARCHITECTURE, OURS, REFERENCE, SMALL, TELLING, heads, section
from sheetgen.writer import style
from sheetgen.writer.book import Book, Formula, Sheet, Value
from sheetgen.writer.sheets import common
from sheetgen.writer.style import Axes
from sheetgen.writer.trace import quoted

SHOWN = (OURS, SMALL, REFERENCE)
HEAD, FIRST = 5, 6
WIDTHS = (9, 18, 8, 8, 9, 10, 10, 11, 9, 11, 8, 12, 16, 14, 3)
COLUMNS = (
    "layer", "what it is", "kernel", "stride", "padding", "channels in", "channels out", "kernel of layer",
    "output size", "receptive field", "jump", "parameters", "share of parameters", "multiply-adds",
)  # fmt: skip
TYPED = {  # column -> (what it is, least, most, what a person is told)
    2: ("Kernel", 1, SIZE, "The side of the square that the layer looks at, in cells of the layer above."),
    3: ("Stride", 1, SIZE, "How far it moves from one output to the next."),
    4: ("Padding", 0, SIZE, "How many rings of zeros are put around its input."),
    6: ("Channels", 1, 999, "How many planes the layer gives."),
}
SUBTITLE = (
    "Type over a yellow cell, and sizes, receptive fields, parameters and work follow. ReLU and dropout have no row, "
    "for they change no shape. A kernel that a later layer uses again counts once, as in PyTorch."
)


class ArchitecturePlaces(NamedTuple):
    """Where one network's table stands: its heading, its first and last layer."""

    claim: Claim
    title: int
    layers: Sequence[Layer]

    @property
    def first(self) -> int:
        """The row of the first layer; the image stands above it."""
        return self.title + 2

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
    sheet = common.opened(book, ARCHITECTURE, "Architecture, layer by layer", SUBTITLE, WIDTHS)
    heads(sheet, HEAD, 0, COLUMNS)
    for name, table in tables.items():
        title = f"{TELLING[name]}: {table.claim.recipe.architecture.net}"
        section(sheet, table.title, title, 0, len(COLUMNS) - 1)
        _image(sheet, table.title + 1)
        for k in range(len(table.layers)):
            _layer(sheet, table, k)
        _totals(sheet, table)
    last = max(table.total for table in tables.values()) + 1
    common.page(sheet, (HEAD, 2), (last, len(COLUMNS) + 8), repeat=True)
    if OURS in tables:
        _charts(sheet, tables[OURS])


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
        # Global average pooling looks at all that there is, whatever that is.
        all_there_is = x.kind == MEAN_POOL and column < 4
        _given(sheet, row, column, Formula(f"I{above}") if all_there_is else value, free)
    sheet.live(row, 5, f"G{above}", whole)
    _given(sheet, row, 6, x.channels if conv else Formula(f"F{row}"), conv)
    sheet.put(row, 7, x.shared if conv else None, sheet.style("input", "center", "own") if conv else fixed)
    if conv:
        what = "Kernel of layer", 0, k, "0: a kernel of its own. Or the number of a layer above."
        common.limit(sheet, (row - 1, 7, row - 1, 7), _whole(*what))
    square = f"C{row}*C{row}*F{row}*G{row}"
    formulas = (
        (8, f"INT((I{above}+2*E{row}-C{row})/D{row})+1"),
        (9, f"J{above}+(C{row}-1)*K{above}"),
        (10, f"K{above}*D{row}"),
        (11, f'IF(B{row}="{CONVOLUTION}",IF(H{row}=0,{square},0),IF(B{row}="{NORM}",2*G{row},0))'),
        (13, f'IF(B{row}="{CONVOLUTION}",I{row}*I{row}*{square},IF(B{row}="{NORM}",I{row}*I{row}*G{row},0))'),
    )  # fmt: skip
    for column, formula in formulas:
        sheet.live(row, column, formula, whole)
    sheet.live(row, 12, f"IF(L${table.total}=0,0,L{row}/L${table.total})", "cell", "share")


def _given(sheet: Sheet, row: int, column: int, value: Value, free: bool) -> None:
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
        "type": "data_bar", "bar_color": style.SERIES[4], "min_type": "num", "min_value": 0, "max_type": "max",
        "min_length": 0, "max_length": 100,  # else nothing at all would have a bar
    }  # fmt: skip
    sheet.conditional_format(table.first - 1, 12, table.last - 1, 12, shares)


def _charts(sheet: Sheet, table: ArchitecturePlaces) -> None:
    """Ours: what a layer sees and gives, and where its parameters are."""
    where, rows = quoted(ARCHITECTURE), (table.first, table.last)

    def values(letter: str) -> str:
        return f"{where}!${letter}${rows[0]}:${letter}${rows[1]}"

    title = "Ours: what a layer sees, and what is left of the image"
    axes = Axes("layer", "pixels", across=(0, len(table.layers) + 1))
    seen = sheet.book.chart({"type": "scatter", "subtype": "straight_with_markers"}, title, axes)
    for k, (letter, name) in enumerate((("J", "receptive field"), ("I", "output size"))):
        common.curve(seen, k, name, values("A"), values(letter), marker=style.series_point(k, 4))
    common.below(seen)
    axes = Axes("layer", "parameters")
    parameters = sheet.book.chart({"type": "column"}, "Ours: where the parameters are", axes)
    common.bars(parameters, 0, "parameters", values("A"), values("L"), gap=40)
    parameters.set_legend({"none": True})
    texts = (
        "Line chart: the receptive field grows from layer to layer while the output shrinks.",
        "Column chart: how many parameters each layer has.",
    )
    for k, (chart, text) in enumerate(zip((seen, parameters), texts, strict=True)):
        common.insert(sheet, chart, common.Box((HEAD, len(COLUMNS) + 1), (4, 4 + 264 * k), (470, 252)), text)
