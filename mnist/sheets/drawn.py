"""A network drawn to scale: what each layer gives, as a block as deep as its channels; below it, its parameters.

All follows from the cells of the layers' table. A chart draws the blocks from hidden cells; what is written on it are
names of series, which are live wherever a chart is shown.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from mnist.notation import CONVOLUTION, IMAGE, NORM, Layer
from mnist.sheets.common import ARCHITECTURE
from sheetgen.writer import style
from sheetgen.writer.book import Chart, Sheet
from sheetgen.writer.sheets.common import Box, across, insert
from sheetgen.writer.trace import letter, quoted

# In units of the drawing, each a pixel of the image if all fits.
WIDTH, LEFT = 257.0, 22.0  # of all, and of what is written on the left
DEPTH = 0.12  # of a channel
GAP, LEAST = 3.5, 12.5  # between blocks; the room that a block's label needs
HEIGHT = 33.0  # of the highest block
TOP, BASE, BAR = 37.0, -20.0, 10.0  # the upper end, the ground of the bars, and the highest bar
UNIT = 4.85  # pixels
ROWS = 15  # of the sheet that the drawing takes
PLACE, SIZE, DEEP, RAW, POINTS = range(5)  # rows of a stage's hidden cells, from the first
SCALE, ROOM = range(2)  # right of all stages
HULL = 12  # points of a block
LABELS = POINTS + HULL
BARS = LABELS + 3
LEFT_TEXTS = ("written as", "channels × height × width", "share of the parameters")


class Stage(NamedTuple):
    """What is drawn as one block: a layer that changes a shape, its row in the table."""

    layer: Layer
    row: int


class Drawing(NamedTuple):
    """The stages of one network, and where their hidden cells begin: row from 1, column from 0."""

    stages: Sequence[Stage]
    total: int  # the row of the table's sums
    row: int
    column: int

    def at(self, k: int, row: int, right: int = 0) -> str:
        """A hidden cell of the k-th stage, each of which has three columns."""
        return f"${letter(self.column + 3 * k + right)}${self.row + row}"

    def across(self, row: int, right: int) -> str:
        """The cells of all stages, as arguments of a function."""
        return ",".join(self.at(k, row, right) for k in range(len(self.stages)))


def stages(layers: Sequence[Layer], first: int) -> list[Stage]:
    """The image, which stands above the first layer's row, and all layers but BatchNorm."""
    return [Stage(IMAGE, first - 1)] + [Stage(x, first + k) for k, x in enumerate(layers) if x.kind != NORM]


def fitting(shapes: Sequence[tuple[float, float]]) -> float:
    """The largest scale up to 1 at which blocks of (size, depth) stand side by side."""

    def fits(scale: float) -> bool:
        room = sum(max(LEAST, scale * (size + depth) + GAP) for size, depth in shapes)
        return room <= WIDTH - LEFT and scale * max(size + depth for size, depth in shapes) <= HEIGHT

    return next((k / 100 for k in range(100, 5, -1) if fits(k / 100)), 0.05)


def write(sheet: Sheet, drawing: Drawing, row: int, title: str) -> None:
    """Write the hidden cells, and place the drawing at a row."""
    _cells(sheet, drawing)
    chart = sheet.book.workbook.add_chart({"type": "scatter", "subtype": "straight"})
    for k, stage in enumerate(drawing.stages):
        line = {"color": _colour(stage.layer), "width": 1.5}
        _series(chart, drawing, k, (POINTS, POINTS + HULL - 1), name=_named(drawing, k, POINTS), line=line)
        bar = {"color": _colour(stage.layer), "width": 14}
        _series(chart, drawing, k, (BARS, BARS + 1), name=_named(drawing, k, BARS), line=bar)
        for n, side in enumerate(("above", "below", "above")):
            _label(chart, drawing, k, LABELS + n, style.series_name(side, color=style.INK, bold=n == 0))
    for n in range(len(LEFT_TEXTS)):
        _label(chart, drawing, len(drawing.stages), LABELS + n, style.series_name("right"))
    _finish(chart, title)
    text = (
        f"Drawing of the network {title}, to scale: from the image on the left to the ten classes on the right, the "
        "planes that each layer gives shrink; a bar below each layer is its share of the parameters. The same numbers "
        "stand in the table below."
    )
    insert(sheet, chart, Box((row - 1, 0), (2, 2), (round(WIDTH * UNIT), round((TOP - BASE + 2) * UNIT))), text)


def _colour(x: Layer) -> str:
    if x is IMAGE:
        return style.MUTED
    return style.BLUE_NODE if x.kind == CONVOLUTION else style.GREEN_NODE


def _cells(sheet: Sheet, drawing: Drawing) -> None:
    """Each stage, then, right of them, the scale and what is written on the left."""
    n = len(drawing.stages)
    for k, stage in enumerate(drawing.stages):
        _stage(sheet, drawing, k, stage)
        _written(sheet, drawing, k, stage)
    scale = fitting([(float(s.layer.size), DEPTH * s.layer.channels) for s in drawing.stages])
    sizes, depths = drawing.across(RAW, 0), drawing.across(RAW, 1)
    rooms = "+".join(_room(f"{scale:g}*({drawing.at(k, RAW)}+{drawing.at(k, RAW, 1)})") for k in range(n))
    _put(sheet, drawing, n, ROOM, rooms)
    fits = f"AND({drawing.at(n, ROOM)}<={WIDTH - LEFT:g},{scale:g}*(MAX({sizes})+MAX({depths}))<={HEIGHT:g})"
    # A smaller scale, at which everything fits, once a person has made the planes larger.
    free = WIDTH - LEFT - n * LEAST
    small = f"MIN({free:g}/MAX(1,SUM({sizes},{depths})),{HEIGHT:g}/MAX(1,MAX({sizes})+MAX({depths})))"
    _put(sheet, drawing, n, SCALE, f"IF({fits},{scale:g},{small})")
    for m, (text, y) in enumerate(zip(LEFT_TEXTS, (TOP - 3, -2.2, BASE + 1), strict=True)):
        across(sheet, drawing.row + LABELS + m, drawing.column + 3 * n, (0.0, y, text), "muted", "general")


def _put(sheet: Sheet, drawing: Drawing, k: int, row: int, formula: str, right: int = 0) -> None:
    sheet.live(drawing.row + row, drawing.column + 3 * k + right, formula, "muted", "general")


def _room(block: str) -> str:
    """How much room a block has, of which this is the width."""
    return f"MAX({LEAST:g},{block}+{GAP:g})"


def _stage(sheet: Sheet, drawing: Drawing, k: int, stage: Stage) -> None:
    """Where a block stands, its size and depth, its points, and the height of its bar."""
    r, scale = stage.row, drawing.at(len(drawing.stages), SCALE)
    x, s, d = (drawing.at(k, row) for row in (PLACE, SIZE, DEEP))
    for right, (column, factor) in enumerate((("I", 1), ("G", DEPTH))):
        _put(sheet, drawing, k, RAW, f"IF(ISNUMBER({column}{r}),MAX(0,{column}{r})*{factor:g},0)", right)
        _put(sheet, drawing, k, (SIZE, DEEP)[right], f"{drawing.at(k, RAW, right)}*{scale}")
    place, size, deep = (drawing.at(k - 1, row) for row in (PLACE, SIZE, DEEP))
    _put(sheet, drawing, k, PLACE, f"{place}+{_room(f'{size}+{deep}')}" if k else f"0+{LEFT:g}")
    most = f"MAX($M${drawing.stages[1].row}:$M${drawing.total - 1})"
    _put(sheet, drawing, k, PLACE, f"IF({most}>0,IF(ISNUMBER(M{r}),{BAR:g}*M{r}/{most},0),0)", 1)
    for m, point in enumerate(_hull(x, s, d), POINTS):
        for right, formula in enumerate(point):
            _put(sheet, drawing, k, m, formula, right)
    sheet.put(drawing.row + POINTS, drawing.column + 3 * k + 2, stage.layer.kind, "muted")


def _written(sheet: Sheet, drawing: Drawing, k: int, stage: Stage) -> None:
    """The labels of a block, amid it, and its bar."""
    x, s, d = (drawing.at(k, row) for row in (PLACE, SIZE, DEEP))
    middle, bar = f"{x}+({s}+{d})/2", drawing.at(k, PLACE, 1)
    for m, (up, text) in enumerate(_labels(stage, bar, f"{s}+{d}"), LABELS):
        for right, formula in enumerate((middle, up, text)):
            _put(sheet, drawing, k, m, formula, right)
    for m, top in enumerate((f"0+({BASE:g})", f"{BASE:g}+{bar}")):
        _put(sheet, drawing, k, BARS + m, middle)
        _put(sheet, drawing, k, BARS + m, top, 1)
    sheet.put(drawing.row + BARS, drawing.column + 3 * k + 2, f"parameters, {stage.layer.kind}", "muted")


def _hull(x: str, s: str, d: str) -> Iterator[tuple[str, str]]:
    """The front of a block, then the edges behind it, in one line."""
    for a, b in ("00", "s0", "ss", "0s", "00", "0s", "de", "ee", "ss", "ee", "ed", "s0"):
        # d is the corner behind 0, e the one behind s.
        right, up = ({"0": "0", "s": s, "d": d, "e": f"{s}+{d}"}[c] for c in (a, b))
        yield f"{x}+{right}", f"0+{up}"


def _labels(stage: Stage, bar: str, height: str) -> Iterator[tuple[str, str]]:
    """(How high, what) is written on, under, and at the bar of a block."""
    r, x = stage.row, stage.layer
    yield height, f'IF(O{r}="","{"image" if x is IMAGE else "mean" if x.kind != CONVOLUTION else "classes"}",O{r})'
    yield "0+0", f'IF(ISNUMBER(I{r}),G{r}&" × "&I{r}&"×"&I{r},I{r})'
    own = x.kind == CONVOLUTION
    yield f"{BASE:g}+{bar}", f'IF(H{r}=0,ROUND(100*M{r},0)&" %","as layer "&H{r})' if own else '" "&""'


def _named(drawing: Drawing, k: int, row: int) -> str:
    return f"={quoted(ARCHITECTURE)}!{drawing.at(k, row, 2)}"


def _series(chart: Chart, drawing: Drawing, k: int, rows: tuple[int, int], **look: Any) -> None:
    where = quoted(ARCHITECTURE)
    x, y = (f"={where}!{drawing.at(k, rows[0], right)}:{drawing.at(k, rows[1], right)}" for right in (0, 1))
    chart.add_series({"categories": x, "values": y, "marker": {"type": "none"}, **look})


def _label(chart: Chart, drawing: Drawing, k: int, row: int, label: dict[str, Any]) -> None:
    _series(chart, drawing, k, (row, row), name=_named(drawing, k, row), line={"none": True}, data_labels=label)


def _finish(chart: Chart, title: str) -> None:
    unseen = {"visible": False, "major_gridlines": {"visible": False}}
    chart.set_x_axis({"min": 0, "max": WIDTH, **unseen})
    chart.set_y_axis({"min": BASE - 1, "max": TOP, **unseen})
    chart.set_legend({"none": True})
    chart.set_title({"none": True})
    chart.set_chartarea({"border": {"color": style.RULE}, "fill": {"color": "#FFFFFF"}})
    chart.set_plotarea({"fill": {"color": "#FFFFFF"}, "layout": {"x": 0.0, "y": 0.01, "width": 1.0, "height": 0.98}})
    chart.show_hidden_data()
