"""The network drawn as a native chart: nodes, edges, and labels that are live in Excel and in LibreOffice.

A series that is named by a cell, and whose label shows the series name, is live text on a chart. Neither the width nor
the colour of a line can be live: there is a series for each, which has all edges, and one that is not of its class is a
line of no length under its node. So is the colour of a node that is not computed yet: it stands under the first input.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sheetgen.writer import style
from sheetgen.writer.book import Chart, Sheet, Value
from sheetgen.writer.digits import DIGITS, text_of
from sheetgen.writer.plan import NETWORK, Run
from sheetgen.writer.sheets.picture import WIDTH, Box, Node, Picture, Said
from sheetgen.writer.sheets.shown import Shown
from sheetgen.writer.sheets.walk import Walk
from sheetgen.writer.trace import letter, quoted

TOP = 9  # the first row of the drawing's points
CORNERS = 24  # of the ring
PLAIN = 4  # the class of an edge without a weight
CLASSES = (1, 2, 3, -1, -2, -3)  # of the others: their size, and their sign
INVISIBLE: dict[str, Any] = {"line": {"none": True}, "marker": {"type": "none"}}


@dataclass(frozen=True)
class Scene:
    """What is drawn: the picture, the walk through it, and where its numbers stand."""

    run: Run
    picture: Picture
    walk: Walk
    shown: Shown

    def known(self, name: str) -> str:
        """A condition: whether a number is computed where the walk has come to; nothing if it is given."""
        k = self.walk.stage(name)
        return f"OR(next_number=0,next_number>={k})" if k else ""

    def text(self, name: str) -> str:
        """A formula of what is written for a quantity, once it is computed."""
        digits = self.picture.level.digits
        if digits == DIGITS:  # without the brackets that a worked line needs
            number = f'SUBSTITUTE(SUBSTITUTE({self.shown.text[name]},"(",""),")","")'
        else:
            number = text_of(self.shown.number[name], digits, brackets=False)
        whole = number if name.startswith("i") else f'"{self.picture.short(name)}"&{number}'
        known = self.known(name)
        return f'IF({known},{whole}," ")' if known else whole

    def said(self, said: Said) -> str:
        """A formula of what is written for one quantity forward and another one backward."""
        forward, backward = map(self.text, said)
        return forward if forward == backward else f"IF(backward=1,{backward},{forward})"


class _Columns:
    """Hands out columns for the drawing's points, right of what a person reads."""

    def __init__(self, sheet: Sheet, column: int):
        self.sheet, self.column = sheet, column

    def write(self, values: Sequence[Value | None], live: bool = False) -> str:
        """Write a column of numbers, or of live formulas, and return its letter."""
        form = self.sheet.style("muted", "general")
        for row, value in enumerate(values, TOP):
            if isinstance(value, str) and live:
                self.sheet.live(row, self.column, value, form)
            elif value is not None:
                self.sheet.put(row, self.column, round(value, 2) if isinstance(value, float) else value, form)
        self.column += 1
        return letter(self.column - 1)


def _at(column: str, first: int, last: int | None = None) -> str:
    """Some rows of a column, counted from 0, as a chart refers to them."""
    start = f"{quoted(NETWORK)}!${column}${TOP + first}"
    return f"={start}" + (f":${column}${TOP + last}" if last is not None else "")


def insert(sheet: Sheet, scene: Scene, cell: tuple[int, int], column: int) -> None:
    """Draw the network at (row, column), counted from 0; its points stand in the columns from `column` on."""
    chart = sheet.book.workbook.add_chart({"type": "scatter", "subtype": "straight"})
    columns = _Columns(sheet, column)
    _edges(chart, columns, scene)
    _nodes(chart, columns, scene)
    _ring(chart, columns, scene)
    _labels(chart, columns, scene)
    _finish(chart, scene.picture)
    where = {"object_position": 2, "x_offset": 0, "y_offset": 0, "description": _description(scene)}
    if sheet.insert_chart(*cell, chart, where):
        raise ValueError(f"{sheet.name}: the drawing could not be placed")


def _series(chart: Chart, columns: tuple[str, str], rows: tuple[int, int], **options: Any) -> None:
    x, y = columns
    chart.add_series({"categories": _at(x, *rows), "values": _at(y, *rows), **options})


def _edges(chart: Chart, columns: _Columns, scene: Scene) -> None:
    """Every edge three times a row: where it begins, where it ends, and a gap."""
    picture = scene.picture
    ends = [edge.ends(picture.level.radius + 2) for edge in picture.edges]
    under = [edge.source.at for edge in picture.edges]
    kind = columns.write([x for edge in picture.edges for x in (_class(scene, edge), None, None)], live=True)
    lit = columns.write([x for edge in picture.edges for x in (_lit(scene, edge), None, None)], live=True)
    rows = 0, 3 * len(ends) - 2

    def of_class(test: str, **line: Any) -> None:
        places = []
        for k in (0, 1):
            values: list[Value | None] = []
            for j, (pair, spot) in enumerate(zip(ends, under, strict=True)):
                row = TOP + 3 * j
                values += [f"IF({test.format(row)},{round(p[k], 2)},{round(spot[k], 2)})" for p in pair] + [None]
            places.append(columns.write(values, live=True))
        _series(chart, (places[0], places[1]), rows, line=line, marker={"type": "none"})

    # What of two series is on top differs: one of them is seen through.
    of_class(f"${lit}{{}}=1", color=style.LIT, width=10, transparency=45)
    of_class(f"${kind}{{}}=0", color=style.RULE, width=1)
    of_class(f"${kind}{{}}={PLAIN}", color=style.MUTED, width=1.75)
    for c in CLASSES:
        look = {"color": style.POSITIVE} if c > 0 else {"color": style.NEGATIVE, "dash_type": "dash"}
        of_class(f"${kind}{{}}={c}", width=style.EDGE_WIDTHS[abs(c) - 1], **look)


def _class(scene: Scene, edge: Any) -> str:
    """The formula of an edge's class: 0 while it is not computed, or not a number."""
    forward, back = scene.known(edge.target.name), _back(edge)
    if not edge.weight:
        test = f"IF(backward=1,{scene.known(back)},{forward})"
        return f"IF({test},{PLAIN},0)"
    ways = []
    for name, size, known in (
        (f"dE/d{edge.weight}", scene.shown.sizes[1], scene.known(f"dE/d{edge.weight}")),
        (edge.weight, scene.shown.sizes[0], forward),
    ):
        at = scene.shown.number[name]
        grown = "".join(f"+IF(ABS({at})>{part}*{size},1,0)" for part in (0.333, 0.666))
        ways.append(f"IF(AND(ISNUMBER({at}),{known}),IF(SIGN({at})<0,-1,1)*(1{grown}),0)")
    return f"IF(backward=1,{ways[0]},{ways[1]})"


def _back(edge: Any) -> str:
    """What flows back over an edge: the gradient of where it comes from; nothing into an input."""
    name = edge.source.name
    return {"input": "", "error": f"dE/d{name}"}.get(edge.source.kind, f"dE/da_{name}")


def _lit(scene: Scene, edge: Any) -> str:
    """The formula of whether an edge leads to the node that the walk has come to, or backward away from it."""
    stages = [scene.walk.stage(name) for name in (_back(edge), f"dE/d{edge.weight}") if name and name != "dE/d"]
    stages = [k for k in stages if k] or [-1]
    back = f"OR({','.join(f'next_number={k}' for k in stages)})"
    return f"IF(IF(backward=1,{back},next_number={scene.walk.stage(edge.target.name)}),1,0)"


def _nodes(chart: Chart, columns: _Columns, scene: Scene) -> None:
    picture = scene.picture
    x0, y0 = (round(x, 2) for x in picture.nodes[0].at)
    size = int(picture.level.radius * 1.5)  # points
    state = columns.write([_state(scene, n) for n in picture.nodes], live=True)
    spots = [
        columns.write(
            [f"IF(${state}{TOP + j}={on},{round(n.at[k], 2)},{(x0, y0)[k]})" for j, n in enumerate(picture.nodes)],
            live=True,
        )
        for on in (0, 1)
        for k in (0, 1)
    ]
    still = columns.write([n.at[0] for n in picture.nodes]), columns.write([n.at[1] for n in picture.nodes])
    kinds = [n.kind for n in picture.nodes]

    def marks(kind: str, where: tuple[str, str], colour: str) -> None:
        rows = kinds.index(kind), len(kinds) - 1 - kinds[::-1].index(kind)
        mark = {"type": "circle", "size": size, "fill": {"color": colour}, "border": {"color": colour}}
        _series(chart, where, rows, line={"none": True}, marker=mark)

    # What is parked is under the inputs, in Excel, where what comes last is on top, and in LibreOffice, where the first
    # is.
    marks("input", still, style.TINTS["input"])
    for kind in dict.fromkeys(kinds[len(picture.net.inputs[0]) :]):
        marks(kind, (spots[0], spots[1]), style.PALE)
        marks(kind, (spots[2], spots[3]), style.TINTS[kind])
    marks("input", still, style.TINTS["input"])
    for j, node in enumerate(picture.nodes):
        font = style.series_name("center", bold=True, color=style.INK, size=picture.level.font)
        _series(chart, still, (j, j), name=node.label, data_labels=font, **INVISIBLE)


def _state(scene: Scene, node: Node) -> str:
    """The formula of whether a number of a node is computed."""
    if node.kind == "input":
        return "1"
    first = node.above[-1] if node.kind != "error" else node.below[0]
    back = node.below[0].backward
    return f"IF(IF(backward=1,{scene.known(back)},{scene.known(first.forward)}),1,0)"


def _ring(chart: Chart, columns: _Columns, scene: Scene) -> None:
    """A ring around the node that the walk has come to: of no size, under the first input, where there is none."""
    picture = scene.picture
    places = {n.name: n.at for n in picture.nodes}
    stages = [*scene.walk.forward, *scene.walk.backward]
    park = picture.nodes[0].at
    here = [(*places.get(s.at, park), picture.level.radius + 3 if s.at in places else 0.0) for s in stages]
    xs, ys, radii = zip(*here, strict=True)
    row = f"backward*{len(scene.walk.forward)}+next_number"
    now = []
    for values, otherwise in ((xs, park[0]), (ys, park[1]), (radii, 0.0)):
        column = columns.write(values)
        area = f"${column}${TOP}:${column}${TOP + len(stages) - 1}"
        now.append(f"IF(next_number=0,{otherwise:.2f},INDEX({area},{row},1))")
    at = columns.write(now, live=True)
    x, y, r = (f"${at}${TOP + k}" for k in range(3))
    turns = [2 * math.pi * k / CORNERS for k in range(CORNERS + 1)]
    ring = (
        columns.write([f"{x}+{math.cos(t):.4f}*{r}" for t in turns], live=True),
        columns.write([f"{y}+{math.sin(t):.4f}*{r}" for t in turns], live=True),
    )
    line = {"color": style.LIT, "width": 4}
    _series(chart, ring, (0, CORNERS), line=line, marker={"type": "none"})


def _labels(chart: Chart, columns: _Columns, scene: Scene) -> None:
    """What is written, on white: at the nodes, then on the edges."""
    picture = scene.picture
    points: list[tuple[float, Value, str, str]] = []  # x, y, text, colour
    for node in picture.nodes:
        for said, box in picture.lines(node):
            colour = style.ACCENT if said.forward.startswith("b") else style.INK
            points.append((box.x, box.y, scene.said(said), colour))
    for weight, box in picture.places.items():
        points += _on_edge(scene, weight, box)
    xs = columns.write([x for x, *_ in points])
    ys = columns.write([y for _, y, *_ in points], live=True)
    texts = columns.write([text for _, _, text, _ in points], live=True)
    for j, (*_, colour) in enumerate(points):
        label = style.series_name("center", size=picture.level.font, color=colour) | {"fill": {"color": "#FFFFFF"}}
        _series(chart, (xs, ys), (j, j), name=_at(texts, j), data_labels=label, **INVISIBLE)


def _on_edge(scene: Scene, weight: str, box: Box) -> list[tuple[float, Value, str, str]]:
    """The weight, and backward its gradient below it, or in its place where there is no room for both."""
    own, back = style.ACCENT, style.NOTE_INK
    gradient, half = f"dE/d{weight}", scene.picture.level.line / 2
    if not scene.picture.level.both:
        return [(box.x, box.y, scene.said(Said(weight, gradient)), own)]
    up = f"IF(backward=1,{box.y + half:.2f},{box.y:.2f})"
    below = f'IF(backward=1,{scene.text(gradient)}," ")'
    return [(box.x, up, scene.text(weight), own), (box.x, box.y - half, below, back)]


def _finish(chart: Chart, picture: Picture) -> None:
    hidden = {"visible": False, "major_gridlines": {"visible": False}}
    chart.set_x_axis({"min": 0, "max": WIDTH, **hidden})
    chart.set_y_axis({"min": 0, "max": picture.height, **hidden})
    chart.set_legend({"none": True})
    chart.set_title({"none": True})
    chart.show_blanks_as("gap")
    chart.show_hidden_data()
    chart.set_chartarea({"border": {"color": style.RULE}, "fill": {"color": "#FFFFFF"}})
    chart.set_plotarea({"fill": {"color": "#FFFFFF"}, "layout": {"x": 0, "y": 0, "width": 1, "height": 1}})
    chart.set_size({"width": WIDTH, "height": picture.height})


def _description(scene: Scene) -> str:
    spec = scene.run.program.spec
    shape = "-".join(map(str, spec.layers))
    first = " The sample shown is drawn." if spec.samples > 1 else ""
    return (
        f"Drawing of the {shape} network at the row shown: forward every node shows its number and every edge its "
        f"weight, backward their gradients; the numbers are live.{first} The same numbers stand in the table below."
    )
