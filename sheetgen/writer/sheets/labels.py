"""What is written on the drawing, every text live: at the nodes, in them, and on the edges."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from sheetgen.writer import style
from sheetgen.writer.book import Chart
from sheetgen.writer.sheets.nodes import Said, Text
from sheetgen.writer.sheets.picture import Picture
from sheetgen.writer.sheets.points import INVISIBLE, Columns, Scene, at, series

POSITIONS = {0: "center", 1: "right", -1: "left"}
WHITE = {"fill": {"color": "#FFFFFF"}}


class Label(NamedTuple):
    """What is written at a point forward and backward, nothing where it has no name, its colour, where it begins."""

    x: float
    forward_y: float
    backward_y: float
    said: Said
    colour: str
    side: int = 0
    within: bool = False  # a node, whose tint it leaves


def draw(chart: Chart, columns: Columns, scene: Scene) -> None:
    """All labels: those of an edge of a crowded drawing only while it is spoken of."""
    picture = scene.picture
    labels = [label for node in picture.nodes for label in _at_node(picture, node.texts, node.at)]
    if not picture.fans:
        labels += [label for weight in picture.places for label in _on_edge(picture, weight)]
    every, parts = [True] * len(labels), []
    for k in (0, 1):
        names = [label.said[k] for label in labels]
        stage = columns.put([scene.walk.stage(name) for name in names])
        prefix = columns.put([(scene.prefix(name) if name else " ") or None for name in names])
        text = columns.live(
            [bool(name) for name in names],
            lambda row, names=names: scene.text(names[columns.index(row)]),  # type: ignore[misc]
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
        look = style.series_name(POSITIONS[label.side], size=picture.level.font, color=label.colour)
        series(
            chart, (xs, ys), (j, j), name=at(texts, j), data_labels=look if label.within else look | WHITE, **INVISIBLE
        )
    if picture.fans:
        _fans(chart, columns, scene)


def _at_node(picture: Picture, texts: Sequence[Text], centre: tuple[float, float]) -> Iterator[Label]:
    radius = picture.level.radius
    for said, box, side in texts:
        x = centre[0] - side * radius
        ink = style.ACCENT if said.forward[0] == "b" else style.INK
        yield Label(x, box.y, box.y, said, ink, side, abs(box.y - centre[1]) < radius)


def _on_edge(picture: Picture, weight: str) -> list[Label]:
    """The weight, and backward its gradient below it, or in its place where there is no room for both."""
    box, gradient = picture.places[weight], f"dE/d{weight}"
    half = (box.height - picture.level.line) / 2
    if not picture.level.both:
        return [Label(box.x, box.y, box.y, Said(weight, gradient), style.ACCENT)]
    return [
        Label(box.x, box.y, box.y + half, Said(weight, weight), style.ACCENT),
        Label(box.x, box.y, box.y - half, Said("", gradient), style.NOTE_INK),
    ]


def _fans(chart: Chart, columns: Columns, scene: Scene) -> None:
    """The weights of the edges that are spoken of, or the gradient: as many labels as one stage needs, and live places.

    A stage's edges stand at equal distances in the list of all: those into a unit beside one another.
    """
    picture, walk = scene.picture, scene.walk
    weights = [*picture.places]
    places = {weight: k for k, weight in enumerate(weights, 1)}
    spoken = [[], *(_spoken(scene, stage.name) for stage in (*walk.forward, *walk.backward))]
    most = max(map(len, spoken))
    found = [[places[name.removeprefix("dE/d")] for name in names] for names in spoken]
    first = [numbers[0] if numbers else 0 for numbers in found]
    step = [numbers[1] - numbers[0] if len(numbers) > 1 else 0 for numbers in found]
    slope = [float(bool(names) and names[0].startswith("dE/d")) for names in spoken]
    stages = [columns.put(values) for values in (first, step, [float(len(names)) for names in spoken], slope)]
    now = columns.live(
        [True] * 4, lambda k: f"INDEX({columns.area(stages[columns.index(k)], len(spoken))},{walk.now}+1,1)"
    )
    texts = []
    for start in ("", "dE/d"):
        names = [f"{start}{weight}" for weight in weights]
        prefix = columns.put([scene.prefix(name) for name in names])
        number = columns.live([True] * len(names), lambda r, n=names: scene.text(n[columns.index(r)]))  # type: ignore[misc]
        texts.append(
            columns.live([True] * len(names), lambda r, p=prefix, n=number: f"{p}{r}&{n}{r}")  # type: ignore[misc]
        )
    park = picture.nodes[0].at
    xy = [columns.put([park[k], *(box[k] for box in picture.places.values())]) for k in (0, 1)]
    count, rows = len(weights), [True] * most
    begin, stride, long, gradient = (columns.cell(now, k) for k in range(4))
    which = columns.live(rows, lambda r: f"IF({columns.index(r)}<{long},{begin}+{stride}*{columns.index(r)},0)")
    x, y = (columns.live(rows, lambda r, c=c: f"INDEX({columns.area(c, count + 1)},{which}{r}+1,1)") for c in xy)  # type: ignore[misc]
    forward, back = (f"INDEX({columns.area(c, count)},MAX(1,{which}#),1)" for c in texts)
    told = columns.live(rows, lambda r: f'IF({which}{r}=0," ",IF({gradient}=1,{back},{forward}))'.replace("#", str(r)))
    look = style.series_name("center", size=picture.level.font, color=style.ACCENT) | WHITE
    for j in range(most):
        series(chart, (x, y), (j, j), name=at(told, j), data_labels=look, **INVISIBLE)


def _spoken(scene: Scene, name: str) -> list[str]:
    """The weights, or the one gradient, on the edges that a stage speaks of."""
    edges = [e for e in scene.picture.edges if e.weight]
    if name.startswith("dE/dw"):
        return [name]
    if name.startswith("dE/da_"):
        return [e.weight for e in edges if e.source.name == name.removeprefix("dE/da_")]
    return [e.weight for e in edges if e.target.name == name]
