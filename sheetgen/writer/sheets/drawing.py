"""The network drawn as a native chart: nodes, edges, and labels that are live in Excel and in LibreOffice.

A series that is named by a cell, and whose label shows the series name, is live text on a chart.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from sheetgen.spec import Spec
from sheetgen.writer import style
from sheetgen.writer.book import Chart, Sheet
from sheetgen.writer.plan import NETWORK, Run
from sheetgen.writer.trace import letter, quoted

GAP, INNER, MARGIN = 1.25, 0.62, 0.32  # between layers, between h and a_h, at the sides; in units of the x axis
MOST_EDGES = 40  # beyond it the weights' labels would cover one another
MOST_NODES = 12  # in one column
MOST_SAMPLES = 250  # what CHOOSE can choose from
ALONG = (0.32, 0.42, 0.6, 0.7, 0.5), (0.5, 0.32, 0.68)  # of an edge, sloping or level: where its label may stand
LABEL = 92, 15  # pixels: the size of a label
DATA_COLUMN = 30  # the drawing's coordinates stand right of everything a person reads: here, unless a panel is wider

Point = tuple[float, float]


def height(spec: Spec) -> int:
    """How tall the drawing is, in pixels: nothing where a layer is too large to be drawn."""
    return 110 + min(130, 560 // max(spec.layers)) * max(spec.layers) if max(spec.layers) <= MOST_NODES else 0


def column(spec: Spec) -> int:
    """Where the drawing's coordinates stand, counted from 0."""
    return max(DATA_COLUMN, 14 + 2 * len(spec.layers))


class _Picture:
    """Points and lines of a network, from left to right: i, then h and a_h of each layer, then E and E_total."""

    def __init__(self, run: Run, width: int):
        self.width, net = width, run.program.network
        self.nodes: list[tuple[str, Point, str]] = []  # name, place, colour
        self.edges: list[tuple[str, Point, Point]] = []  # the weight's name, or nothing for a plain arrow
        previous = self._column([c.name for c in net.inputs[0]], 0.0, style.MUTED)
        x = GAP
        for k, layer in enumerate(net.layers):
            outputs = k == len(net.layers) - 1
            colour = style.ORANGE_NODE if outputs else style.BLUE_NODE
            before = self._column([c.name for c in layer.h[0]], x, colour)
            after = self._column([c.name for c in layer.a[0]], x + INNER, colour)
            for (j, i), w in np.ndenumerate(layer.weights):
                self.edges.append((w.name, previous[i], before[j]))
            self.edges += [("", p, q) for p, q in zip(before, after, strict=True)]
            previous, x = after, x + INNER + GAP
        x -= GAP - INNER
        errors = self._column([c.name for c in net.errors[0]], x, style.RED_NODE)
        self.edges += [("", p, q) for p, q in zip(previous, errors, strict=True)]
        x += INNER
        (total,) = self._column([net.loss.name or ""], x, style.RED_NODE)
        self.edges += [("", p, total) for p in errors]
        self.right = x
        self.across = across = width * 0.98 / (x + 2 * MARGIN)
        self.half = max(run.program.spec.layers) / 2 + 0.1
        self.unit = unit = height(run.program.spec) * 0.96 / (2 * self.half)  # pixels
        self.size = int(min(34, unit * 0.3))  # of a node, in points
        self.rim = self.size * 0.6 / unit  # how far a label stands off a node's centre
        radius = self.size * 96 / 72 / 2 + 2
        self.edges = [(w, *_shortened(p, q, across, unit, radius)) for w, p, q in self.edges]

    def weight_labels(self) -> Iterator[tuple[str, Point]]:
        """Where each weight is written: the first place along its edge that no other label has taken."""
        taken: list[Point] = []
        for w, p, q in self.edges:
            if w:
                places = [(p[0] + s * (q[0] - p[0]), p[1] + s * (q[1] - p[1])) for s in ALONG[p[1] == q[1]]]
                free = [at for at in places if all(self._apart(at, other) for other in taken)]
                taken.append((free or places)[0])
                yield w, taken[-1]

    def _apart(self, p: Point, q: Point) -> bool:
        return abs(p[0] - q[0]) * self.across > LABEL[0] or abs(p[1] - q[1]) * self.unit > LABEL[1]

    def _column(self, names: list[str], x: float, colour: str) -> list[Point]:
        places = [(x, (len(names) - 1) / 2 - k) for k in range(len(names))]
        self.nodes += [(name, at, colour) for name, at in zip(names, places, strict=True)]
        return places


def _shortened(p: Point, q: Point, across: float, unit: float, radius: float) -> tuple[Point, Point]:
    """An edge from rim to rim: a chart may draw its lines over its nodes."""
    dx, dy = q[0] - p[0], q[1] - p[1]
    cut = radius / math.hypot(dx * across, dy * unit)
    return (p[0] + cut * dx, p[1] + cut * dy), (q[0] - cut * dx, q[1] - cut * dy)


def insert(sheet: Sheet, run: Run, text: Mapping[str, str], at: tuple[int, int], width: int) -> None:
    """Draw the network, or the sample shown of a batch, at (row, column), counted from 0; `width` is in pixels."""
    if not height(run.program.spec):
        return  # the panel below shows every number; a drawing of so many nodes would show none
    picture = _Picture(run, width)
    chart = sheet.book.workbook.add_chart({"type": "scatter"})
    cells = _Cells(sheet, column(run.program.spec))
    _edges(chart, cells, picture)
    if len([w for w, *_ in picture.edges if w]) <= MOST_EDGES:
        for w, spot in picture.weight_labels():
            _label(chart, cells, Label(*spot, "above", style.ACCENT, f"{w} = "), [text[w]])
    for name, spot, colour in picture.nodes:
        _node(chart, cells, name, spot, colour, picture.size)
        _label(chart, cells, Label(spot[0], spot[1] - picture.rim, "below", style.INK), _samples(text, name))
    for b in run.program.network.biases:
        h = run.program.network.layers
        unit = [c.name for layer in h for c in (layer.h[0] if layer.biases.size else [])]
        biases = [c.name for layer in h for c in layer.biases]
        spot = {name: p for name, p, _ in picture.nodes}[unit[biases.index(b.name)]]
        label = Label(spot[0], spot[1] + picture.rim, "above", style.ACCENT, f"{b.name} = ")
        _label(chart, cells, label, [text[b.name or ""]])
    _finish(chart, picture, run)
    where = {"object_position": 3, "x_offset": 0, "y_offset": 2, "description": _description(run)}
    if sheet.insert_chart(*at, chart, where):
        raise ValueError(f"{sheet.name}: the drawing could not be placed")


def _samples(text: Mapping[str, str], name: str) -> list[str]:
    """Where a node's number stands, for every sample of a batch."""
    stem = name.removesuffix("[1]")
    return [text[k] for k in text if k == name or k.startswith(f"{stem}[")][:MOST_SAMPLES]


class _Cells:
    """Hands out cells right of the printed page for the drawing's coordinates and labels."""

    def __init__(self, sheet: Sheet, column: int):
        self.sheet, self.column, self.row = sheet, column, 8
        sheet.put(7, column, "the drawing's points: x, y, label", "muted")

    def point(self, p: Point | None) -> int:
        """Write a point (or leave a gap) and return its row."""
        self.row += 1
        for k, x in enumerate(p or ()):
            self.sheet.put(self.row, self.column + k, round(x, 4), "muted", "general")
        return self.row

    def label(self, row: int, prefix: str, addresses: Sequence[str]) -> None:
        """Write a live text beside a point: of the sample shown, and without the brackets that a worked line needs."""
        own = [a.removeprefix(f"{NETWORK}!") for a in addresses]
        shown = own[0]
        if len(own) > 1:
            shown = f"IF(ISNUMBER(sample_number),CHOOSE(sample_number,{','.join(own)}),sample_number)"
        formula = f'{f"{chr(34)}{prefix}{chr(34)}&" if prefix else ""}SUBSTITUTE(SUBSTITUTE({shown},"(",""),")","")'
        self.sheet.live(row, self.column + 2, formula, "muted")

    def at(self, k: int, row: int) -> str:
        """The k-th of the three cells of a row, as a chart refers to it."""
        return f"={quoted(NETWORK)}!${letter(self.column + k)}${row}"

    def range(self, k: int, first: int, last: int) -> str:
        """The k-th of the three columns."""
        return f"{self.at(k, first)}:${letter(self.column + k)}${last}"


def _series(chart: Chart, cells: _Cells, first: int, last: int, **options: Any) -> None:
    places = {"categories": cells.range(0, first, last), "values": cells.range(1, first, last)}
    chart.add_series({**places, **options})


def _edges(chart: Chart, cells: _Cells, picture: _Picture) -> None:
    line = {"color": style.RULE, "width": 1.5}
    first = cells.row + 1
    for _, p, q in picture.edges:
        cells.point(p)
        cells.point(q)
        cells.point(None)  # a gap, so that one series draws all edges
    cells.sheet.put(first, cells.column + 2, "edges", "muted")
    _series(chart, cells, first, cells.row - 1, name=cells.at(2, first), line=line, marker={"type": "none"})


def _node(chart: Chart, cells: _Cells, name: str, at: Point, colour: str, size: int) -> None:
    row = cells.point(at)
    cells.sheet.put(row, cells.column + 2, name.removesuffix("[1]"), "muted")
    marker = {"type": "circle", "size": size, "fill": {"color": colour}, "border": {"color": colour}}
    _point(chart, cells, row, marker, style.series_name("center", bold=True, color="#FFFFFF"))


class Label(NamedTuple):
    """Where a live text stands beside a point, its colour, and what is written before it."""

    x: float
    y: float
    side: str
    colour: str
    prefix: str = ""


def _label(chart: Chart, cells: _Cells, label: Label, addresses: Sequence[str]) -> None:
    row = cells.point((label.x, label.y))
    cells.label(row, label.prefix, addresses)
    _point(chart, cells, row, {"type": "none"}, style.series_name(label.side, color=label.colour))


def _point(chart: Chart, cells: _Cells, row: int, marker: dict[str, Any], label: dict[str, Any]) -> None:
    _series(chart, cells, row, row, name=cells.at(2, row), line={"none": True}, marker=marker, data_labels=label)


def _finish(chart: Chart, picture: _Picture, run: Run) -> None:
    hidden = {"visible": False, "major_gridlines": {"visible": False}}
    chart.set_x_axis({"min": -MARGIN, "max": picture.right + MARGIN, **hidden})
    chart.set_y_axis({"min": -picture.half, "max": picture.half, **hidden})
    chart.set_legend({"none": True})
    chart.set_title({"none": True})
    chart.show_blanks_as("gap")
    chart.set_chartarea({"border": {"color": style.RULE}, "fill": {"color": "#FFFFFF"}})
    chart.set_plotarea({"fill": {"color": "#FFFFFF"}, "layout": {"x": 0.01, "y": 0.02, "width": 0.98, "height": 0.96}})
    chart.set_size({"width": picture.width, "height": height(run.program.spec)})


def _description(run: Run) -> str:
    spec = run.program.spec
    shape = "-".join(map(str, spec.layers))
    first = " The sample shown is drawn." if spec.samples > 1 else ""
    return (
        f"Drawing of the {shape} network: every node shows its number at the row shown, every edge its weight; "
        f"the numbers are live.{first} The same numbers stand in the table below."
    )
