"""The network drawn as a native chart: nodes, edges, and labels that are live in Excel and in LibreOffice.

A series that is named by a cell, and whose label shows the series name, is live text on a chart. The colour of a node
cannot be live: what is not computed yet stands under the first input, and what is, is missing among the pale ones.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

from sheetgen.writer import style
from sheetgen.writer.book import Chart, Sheet
from sheetgen.writer.sheets import edges
from sheetgen.writer.sheets.boxes import Box
from sheetgen.writer.sheets.picture import WIDTH, Picture, Said
from sheetgen.writer.sheets.points import TOP, Columns, Scene, at, known, series

CORNERS = 24  # of the ring
INVISIBLE: dict[str, Any] = {"line": {"none": True}, "marker": {"type": "none"}}


def insert(sheet: Sheet, scene: Scene, cell: tuple[int, int], column: int) -> int:
    """Draw the network at (row, column), counted from 0; its points stand in the columns from `column` on.

    Returns the first column that they do not need.
    """
    chart = sheet.book.workbook.add_chart({"type": "scatter", "subtype": "straight"})
    columns = Columns(sheet, column)
    edges.draw(chart, columns, scene)
    _nodes(chart, columns, scene)
    _ring(chart, columns, scene)
    _labels(chart, columns, scene)
    _finish(chart, scene.picture)
    where = {"object_position": 2, "x_offset": 0, "y_offset": 0, "description": _description(scene)}
    if sheet.insert_chart(*cell, chart, where):
        raise ValueError(f"{sheet.name}: the drawing could not be placed")
    return columns.column


def _nodes(chart: Chart, columns: Columns, scene: Scene) -> None:
    picture, stage = scene.picture, scene.walk.stage
    nodes, every = picture.nodes, [True] * len(picture.nodes)
    firsts = [n.above[-1] if n.kind in ("hidden", "output") else n.below[0] for n in nodes]
    forward = columns.put([stage(said.forward) for said in firsts])
    back = columns.put([stage(n.below[0].backward) for n in nodes])
    still = columns.put([n.at[0] for n in nodes]), columns.put([n.at[1] for n in nodes])
    state = columns.live(every, lambda row: f"IF({known(f'{forward}{row}', f'{back}{row}')},1,0)")

    def where(on: int) -> tuple[str, str]:
        x, y = (
            columns.live(every, lambda row, c=c: f"IF(${state}{row}={on},${c}{row},${c}${TOP})")  # type: ignore[misc]
            for c in still
        )
        return x, y

    off, on = where(0), where(1)
    kinds = [n.kind for n in nodes]

    def marks(kind: str, where: tuple[str, str], colour: str) -> None:
        rows = kinds.index(kind), len(kinds) - 1 - kinds[::-1].index(kind)
        size = int(picture.level.radius * 1.5)  # points
        mark = {"type": "circle", "size": size, "fill": {"color": colour}, "border": {"color": colour}}
        series(chart, where, rows, line={"none": True}, marker=mark)

    # What is parked lies under the inputs both in Excel, where what comes last is on top, and in LibreOffice.
    marks("input", still, style.TINTS["input"])
    for kind in dict.fromkeys(kinds[len(picture.net.inputs[0]) :]):
        marks(kind, off, style.PALE)
        marks(kind, on, style.TINTS[kind])
    marks("input", still, style.TINTS["input"])
    for j, node in enumerate(nodes):
        font = style.series_name("center", bold=True, color=style.INK, size=picture.level.font)
        series(chart, still, (j, j), name=node.label, data_labels=font, **INVISIBLE)


def _ring(chart: Chart, columns: Columns, scene: Scene) -> None:
    """A ring around the node that the walk has come to: of no size, under the first input, where there is none."""
    picture = scene.picture
    places = {n.name: n.at for n in picture.nodes}
    stages = [*scene.walk.forward, *scene.walk.backward]
    park = picture.nodes[0].at
    here = [(*park, 0.0)] + [
        (*places.get(s.at, park), picture.level.radius + 3 if s.at in places else 0.0) for s in stages
    ]
    row = f"IF(next_number=0,0,backward*{len(scene.walk.forward)}+next_number)+1"
    areas = [f"${column}${TOP}:${column}${TOP + len(stages)}" for column in map(columns.put, zip(*here, strict=True))]
    now = columns.live([True] * 3, lambda k: f"INDEX({areas[k - TOP]},{row},1)")
    turns = [2 * math.pi * k / CORNERS for k in range(CORNERS + 1)]
    unit = columns.put([math.cos(t) for t in turns]), columns.put([math.sin(t) for t in turns])
    x, y = (
        columns.live([True] * len(turns), lambda r, k=k: f"${now}${TOP + k}+{unit[k]}{r}*${now}${TOP + 2}")  # type: ignore[misc]
        for k in (0, 1)
    )
    line = {"color": style.LIT, "width": 4}
    series(chart, (x, y), (0, CORNERS), line=line, marker={"type": "none"})


class Label(NamedTuple):
    """What is written at a point forward and backward, nothing where it has no name, and its colour."""

    x: float
    forward_y: float
    backward_y: float
    said: Said
    colour: str


def _labels(chart: Chart, columns: Columns, scene: Scene) -> None:
    """What is written, on white: at the nodes, then on the edges."""
    picture = scene.picture
    labels: list[Label] = []
    for node in picture.nodes:
        for said, box in picture.lines(node):
            labels.append(Label(box.x, box.y, box.y, said, style.ACCENT if said.forward[0] == "b" else style.INK))
    for weight, box in picture.places.items():
        labels += _on_edge(picture, weight, box)
    every, parts = [True] * len(labels), []
    for k in (0, 1):
        names = [label.said[k] for label in labels]
        stage = columns.put([scene.walk.stage(name) for name in names])
        prefix = columns.put([(scene.prefix(name) if name else " ") or None for name in names])
        text = columns.live(
            [bool(name) for name in names],
            lambda row, names=names: scene.text(names[row - TOP]),  # type: ignore[misc]
        )
        parts.append((stage, prefix, text))
    xs = columns.put([label.x for label in labels])
    ups = columns.put([label.forward_y for label in labels]), columns.put([label.backward_y for label in labels])
    ys = columns.live(every, lambda row: f"IF(backward=1,{ups[1]}{row},{ups[0]}{row})")

    def way(row: int, part: tuple[str, str, str]) -> str:
        stage, prefix, text = part
        return f'IF(OR(next_number=0,next_number>={stage}{row}),{prefix}{row}&{text}{row}&""," ")'

    texts = columns.live(every, lambda row: f"IF(backward=1,{way(row, parts[1])},{way(row, parts[0])})")
    for j, label in enumerate(labels):
        look = style.series_name("center", size=picture.level.font, color=label.colour) | {"fill": {"color": "#FFFFFF"}}
        series(chart, (xs, ys), (j, j), name=at(texts, j), data_labels=look, **INVISIBLE)


def _on_edge(picture: Picture, weight: str, box: Box) -> list[Label]:
    """The weight, and backward its gradient below it, or in its place where there is no room for both."""
    gradient, half = f"dE/d{weight}", picture.level.line / 2
    if not picture.level.both:
        return [Label(box.x, box.y, box.y, Said(weight, gradient), style.ACCENT)]
    return [
        Label(box.x, box.y, box.y + half, Said(weight, weight), style.ACCENT),
        Label(box.x, box.y, box.y - half, Said("", gradient), style.NOTE_INK),
    ]


def _finish(chart: Chart, picture: Picture) -> None:
    hidden = {"visible": False, "major_gridlines": {"visible": False}}
    chart.set_x_axis({"min": 0, "max": WIDTH, **hidden})
    chart.set_y_axis({"min": 0, "max": picture.height, **hidden})
    chart.set_legend({"none": True})
    chart.set_title({"none": True})
    _unbroken(chart)
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


def _unbroken(chart: Chart) -> None:
    """Have the labels of a chart written on one line each, however long: XlsxWriter has no option for it."""

    def body(rotation: int | None, is_horizontal: bool) -> None:
        chart._xml_empty_tag("a:bodyPr", [("wrap", "none")])

    chart._write_a_body_pr = body
