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
from sheetgen.writer.book import Chart, Formula, Sheet
from sheetgen.writer.sheets.common import Box, across, insert
from sheetgen.writer.trace import letter, quoted

# In units of the drawing, each a pixel of the image if all fits. Eighths are exact: so the cells hold short numbers.
WIDTH, LEFT = 257.0, 22.0  # of all, and of what is written on the left
DEPTH = 0.125  # of a channel
GAP, LEAST = 3.5, 13.5  # between blocks; the room that a block's label needs
HEIGHT = 33.0  # of the highest block
SEEN = -4.0  # the height of what one cell sees of the image
TOP, BASE, BAR = 37.0, -20.0, 8.0  # the upper end, the ground of the bars, and the highest bar
UNIT = 4.85  # pixels
ROWS = 15  # of the sheet that the drawing takes
PLACE, SIZE, DEEP, RAW, POINTS = range(5)  # rows of a stage's hidden cells, from the first
SCALE, ROOM = range(2)  # right of all stages
SMALLER = 1, 0.875, 0.75  # of the scale: what is tried, a row for the room of each
HULL = 12  # points of a block
BARS = POINTS + HULL
LABELS = BARS + 2
LEFT_TEXTS = ("written as", "channels × size", "one cell sees", "share of the parameters")
SIDES = "above", "below", "below", "above"  # of their points, where a block's texts stand


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

    return next((k / 64 for k in range(64, 4, -1) if fits(k / 64)), 1 / 16)


def write(sheet: Sheet, drawing: Drawing, row: int, title: str) -> None:
    """Write the hidden cells, and place the drawing at a row."""
    _cells(sheet, drawing)
    chart = sheet.book.workbook.add_chart({"type": "scatter", "subtype": "straight"})
    for k, stage in enumerate(drawing.stages):
        line = {"color": _colour(stage.layer), "width": 1.5}
        _series(chart, drawing, k, POINTS, HULL, line=line)
        bar = {"color": _colour(stage.layer), "width": 14}
        _series(chart, drawing, k, BARS, 2, line=bar)
        for n, side in enumerate(SIDES):
            _label(chart, drawing, k, n, style.series_name(side, color=style.INK, bold=n == 0))
    for n in range(len(LEFT_TEXTS)):
        _label(chart, drawing, len(drawing.stages), n, style.series_name("right"))
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
    # A smaller scale, at which everything fits, once a person has made the planes larger.
    free = WIDTH - LEFT - n * LEAST
    chosen = f"MIN({free:g}/MAX(1,SUM({sizes},{depths})),{HEIGHT:g}/MAX(1,MAX({sizes})+MAX({depths})))"
    for m, share in reversed(list(enumerate(SMALLER, ROOM))):
        smaller = f"{share * scale:g}"
        rooms = "+".join(_room(f"{smaller}*({drawing.at(k, RAW)}+{drawing.at(k, RAW, 1)})") for k in range(n))
        _put(sheet, drawing, n, m, rooms)
        fits = f"AND({drawing.at(n, m)}<={WIDTH - LEFT:g},{smaller}*(MAX({sizes})+MAX({depths}))<={HEIGHT:g})"
        chosen = f"IF({fits},{smaller},{chosen})"
    _put(sheet, drawing, n, SCALE, chosen)
    _put(sheet, drawing, n, BARS, 0)
    for m, (text, y) in enumerate(zip(LEFT_TEXTS, (TOP - 3, -1.75, SEEN - 1.75, BASE + 1), strict=True)):
        across(sheet, drawing.row + LABELS + m, drawing.column + 3 * n + 1, (y, text), "muted", "general")


def _put(sheet: Sheet, drawing: Drawing, k: int, row: int, what: str | float, right: int = 0) -> None:
    """Write a formula, or a number that never changes."""
    value = Formula(what) if isinstance(what, str) else what
    sheet.put(drawing.row + row, drawing.column + 3 * k + right, value, "muted", "general")


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
    _put(sheet, drawing, k, PLACE, f"{place}+{_room(f'{size}+{deep}')}" if k else LEFT)
    most = f"MAX($M${drawing.stages[1].row}:$M${drawing.total - 1})"
    _put(sheet, drawing, k, PLACE, f"IF({most}>0,IF(ISNUMBER(M{r}),{BAR:g}*M{r}/{most},0),0)", 1)
    for m, (at, up) in enumerate(_hull(x, s, d), POINTS):
        _put(sheet, drawing, k, m, at)
        _put(sheet, drawing, k, m, up, 1)


def _written(sheet: Sheet, drawing: Drawing, k: int, stage: Stage) -> None:
    """The bar of a block, amid it, and the labels: above the block, on its ground, and at the upper end of the bar."""
    x, s, d = (drawing.at(k, row) for row in (PLACE, SIZE, DEEP))
    ends: tuple[str | float, ...] = (BASE, f"{BASE:g}+{drawing.at(k, PLACE, 1)}")
    for m, end in enumerate(ends, BARS):
        _put(sheet, drawing, k, m, f"{x}+({s}+{d})/2")
        _put(sheet, drawing, k, m, end, 1)
    rows = drawing.stages[0].row + 1, drawing.total - 1
    heights: tuple[str | float, ...] = (f"{s}+{d}", 0, SEEN, drawing.at(k, BARS + 1, 1))
    for m, (height, text) in enumerate(zip(heights, _labels(stage, rows), strict=True), LABELS):
        _put(sheet, drawing, k, m, height, 1)
        _put(sheet, drawing, k, m, text, 2)


def _hull(x: str, s: str, d: str) -> Iterator[tuple[str | float, str | float]]:
    """The front of a block, then the edges behind it, in one line."""
    for a, b in ("00", "s0", "ss", "0s", "00", "0s", "de", "ee", "ss", "ee", "ed", "s0"):
        # d is the corner behind 0, e the one behind s.
        right, up = ({"0": "", "s": s, "d": d, "e": f"{s}+{d}"}[c] for c in (a, b))
        yield f"{x}+{right}" if right else x, up or 0


def block_of(row: int, rows: tuple[int, int]) -> str:
    """The block whose kernel a layer uses again, looked up between two rows of the table."""
    looked = f"INDEX($P${rows[0]}:$P${rows[1]},H{row},1)"
    return f'IFERROR(IF(ISNUMBER({looked}),{looked},"?"),"?")'


def _labels(stage: Stage, rows: tuple[int, int]) -> tuple[str, ...]:
    """What is written on a block, under it, below that, and at its bar; the table's layers stand between two rows."""
    r, x = stage.row, stage.layer
    own, nameless = x.kind == CONVOLUTION, "mean"
    if own or x is IMAGE:
        nameless = "classes" if own else "image"
    share = f'IF(H{r}=0,ROUND(100*M{r},0)&" %","as block "&{block_of(r, rows)})' if own else '" "&""'
    size = f'IF(ISNUMBER(I{r}),G{r}&" × "&I{r}&"×"&I{r},I{r})'
    return f'IF(O{r}="","{nameless}",O{r})', size, f'J{r}&"×"&J{r}', share


def _series(chart: Chart, drawing: Drawing, k: int, row: int, count: int, **look: Any) -> None:
    """A line through so many points."""
    _add(chart, drawing, k, (row, row + count - 1), (row, row + count - 1), **look)


def _label(chart: Chart, drawing: Drawing, k: int, n: int, label: dict[str, Any]) -> None:
    """The n-th text of a stage, at its point; all of them stand amid the block, as its bar does."""
    y = LABELS + n
    name = f"={quoted(ARCHITECTURE)}!{drawing.at(k, y, 2)}"
    _add(chart, drawing, k, (BARS, BARS), (y, y), name=name, line={"none": True}, data_labels=label)


def _add(chart: Chart, drawing: Drawing, k: int, x: tuple[int, int], y: tuple[int, int], **look: Any) -> None:
    where = f"={quoted(ARCHITECTURE)}!"
    places = (
        f"{where}{drawing.at(k, rows[0], right)}:{drawing.at(k, rows[1], right)}" for right, rows in ((0, x), (1, y))
    )
    keys = zip(("categories", "values"), places, strict=True)
    chart.add_series({**dict(keys), "marker": {"type": "none"}, **look})


def _finish(chart: Chart, title: str) -> None:
    unseen = {"visible": False, "major_gridlines": {"visible": False}}
    chart.set_x_axis({"min": 0, "max": WIDTH, **unseen})
    chart.set_y_axis({"min": BASE - 1, "max": TOP, **unseen})
    chart.set_legend({"none": True})
    chart.set_title({"none": True})
    chart.set_chartarea({"border": {"color": style.RULE}, "fill": {"color": "#FFFFFF"}})
    chart.set_plotarea({"fill": {"color": "#FFFFFF"}, "layout": {"x": 0.0, "y": 0.01, "width": 1.0, "height": 0.98}})
    chart.show_hidden_data()
