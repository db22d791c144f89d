"""The network drawn as a native chart: nodes, edges, and labels that are live in Excel and in LibreOffice.

A series that is named by a cell, and whose label shows the series name, is live text on a chart. The colour of a node
cannot be live: what is not computed yet stands under the first input, and what is, is missing among the pale ones.
"""

from __future__ import annotations

import math

from sheetgen.writer import style
from sheetgen.writer.book import Chart, Sheet
from sheetgen.writer.sheets import edges, labels
from sheetgen.writer.sheets.picture import WIDTH, Picture
from sheetgen.writer.sheets.points import INVISIBLE, TOP, Columns, Scene, known, series

CORNERS = 24  # of the ring


def insert(sheet: Sheet, scene: Scene, cell: tuple[int, int], column: int) -> int:
    """Draw the network at (row, column), counted from 0; its points stand in the columns from `column` on.

    Returns the first column that they do not need.
    """
    chart = sheet.book.workbook.add_chart({"type": "scatter", "subtype": "straight"})
    columns = Columns(sheet, column)
    edges.draw(chart, columns, scene)
    _nodes(chart, columns, scene)
    _ring(chart, columns, scene)
    labels.draw(chart, columns, scene)
    _finish(chart, scene.picture)
    where = {"object_position": 2, "x_offset": 0, "y_offset": 0, "description": _description(scene)}
    if sheet.insert_chart(*cell, chart, where):
        raise ValueError(f"{sheet.name}: the drawing could not be placed")
    return columns.column


def _nodes(chart: Chart, columns: Columns, scene: Scene) -> None:
    picture, stage = scene.picture, scene.walk.stage
    nodes, every = picture.nodes, [True] * len(picture.nodes)
    firsts = [n.said[-2] if n.kind in ("hidden", "output") else n.said[-1] for n in nodes]
    forward = columns.put([stage(said.forward) for said in firsts])
    back = columns.put([stage(n.said[-1].backward) for n in nodes])
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
    names = columns.put([picture.name_at(n) for n in nodes])
    for j, node in enumerate(nodes):
        font = style.series_name("center", bold=True, color=style.INK, size=picture.level.font)
        series(chart, (still[0], names), (j, j), name=node.label, data_labels=font, **INVISIBLE)


def _ring(chart: Chart, columns: Columns, scene: Scene) -> None:
    """A ring around the node that the walk has come to: of no size, under the first input, where there is none."""
    picture = scene.picture
    places = {n.name: n.at for n in picture.nodes}
    stages = [*scene.walk.forward, *scene.walk.backward]
    park = picture.nodes[0].at
    here = [(*park, 0.0)] + [
        (*places.get(s.at, park), picture.level.radius + 3 if s.at in places else 0.0) for s in stages
    ]
    areas = [columns.area(column, len(here)) for column in map(columns.put, zip(*here, strict=True))]
    now = columns.live([True] * 3, lambda k: f"INDEX({areas[columns.index(k)]},{scene.walk.now}+1,1)")
    turns = [2 * math.pi * k / CORNERS for k in range(CORNERS + 1)]
    unit = columns.put([math.cos(t) for t in turns]), columns.put([math.sin(t) for t in turns])
    x, y = (
        columns.live([True] * len(turns), lambda r, k=k: f"${now}${TOP + k}+{unit[k]}{r}*${now}${TOP + 2}")  # type: ignore[misc]
        for k in (0, 1)
    )
    line = {"color": style.LIT, "width": 4}
    series(chart, (x, y), (0, CORNERS), line=line, marker={"type": "none"})


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
