"""The edges of the drawing, as wide as their numbers are large, solid or dashed by their signs.

Neither the width nor the colour of a line can be live: there is a series for each, which has all edges, and one that is
not of its class is a line of no length under its node.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sheetgen.writer import style
from sheetgen.writer.book import Chart
from sheetgen.writer.sheets.nodes import Edge
from sheetgen.writer.sheets.points import TOP, Columns, Scene, known, series

PLAIN = 4  # the class of an edge without a weight
CLASSES = (1, 2, 3, -1, -2, -3)  # of the others: their size, and their sign
PARTS = 0.333, 0.666  # of the largest: from there on an edge is thicker


def draw(chart: Chart, columns: Columns, scene: Scene) -> None:
    """Every edge three times a row: where it begins, where it ends, and a gap."""
    picture = scene.picture
    kind, lit = _classes(columns, scene)
    ends = [edge.ends(picture.level.radius + 2) for edge in picture.edges]
    rim = [columns.put([x for p, q in ends for x in (p[k], q[k], None)]) for k in (0, 1)]
    under = [columns.put([x for e in picture.edges for x in (e.source.at[k],) * 2 + (None,)]) for k in (0, 1)]
    points = [True, True, False] * len(ends)

    def of_class(column: str, value: int, **line: Any) -> None:
        x, y = (
            columns.live(points, lambda row, a=a, b=b: f"IF(${column}{row}={value},${a}{row},${b}{row})")  # type: ignore[misc]
            for a, b in zip(rim, under, strict=True)
        )
        series(chart, (x, y), (0, len(points) - 2), line=line, marker={"type": "none"})

    # What of two series is on top differs from program to program: so one of them is seen through.
    of_class(lit, 1, color=style.LIT, width=10, transparency=45)
    of_class(kind, 0, color=style.RULE, width=1)
    of_class(kind, PLAIN, color=style.MUTED, width=1.5)
    for c in CLASSES:
        look = {"color": style.POSITIVE} if c > 0 else {"color": style.NEGATIVE, "dash_type": "dash"}
        of_class(kind, c, width=style.EDGE_WIDTHS[not picture.fans][abs(c) - 1], **look)


def _classes(columns: Columns, scene: Scene) -> tuple[str, str]:
    """The columns of the class of every edge, 0 while it is not computed or no number, and of whether it is lit."""
    edges, stage = scene.picture.edges, scene.walk.stage
    backs = [back_over(e) for e in edges]
    gradients = [f"dE/d{e.weight}" if e.weight else back for e, back in zip(edges, backs, strict=True)]

    def spread(values: Sequence[int]) -> str:
        return columns.put([x for value in values for x in (value, None, None)])

    forward = spread([stage(e.target.name) for e in edges])
    back = spread([stage(g) for g in gradients])
    source = spread([stage(b) if b else -1 for b in backs])  # an edge is lit when its gradient is told, and before it
    first = [True, False, False] * len(edges)

    def of_edge(row: int) -> str:
        edge = edges[(row - TOP) // 3]
        computed = known(f"{forward}{row}", f"{back}{row}")
        if not edge.weight:
            return f"IF({computed},{PLAIN},0)"
        return f"IF({computed},IF(backward=1,{sized(1, f'dE/d{edge.weight}')},{sized(0, edge.weight)}),0)"

    def sized(k: int, name: str) -> str:
        at = scene.shown.number[name]
        grown = "".join(f"+IF(ABS({at})>{part}*{scene.shown.sizes[k]},1,0)" for part in PARTS)
        return f"IF(ISNUMBER({at}),IF(SIGN({at})<0,-1,1)*(1{grown}),0)"

    def lit(row: int) -> str:
        told = f"OR(next_number={source}{row},next_number={back}{row})"
        return f"IF(next_number=0,0,IF(IF(backward=1,{told},next_number={forward}{row}),1,0))"

    found = []
    for formula in (of_edge, lit):
        once = columns.live(first, formula)
        found.append(
            columns.live(
                [True, True, False] * len(edges),
                lambda row, once=once: f"{once}{row - (row - TOP) % 3}",  # type: ignore[misc]
            )
        )
    return found[0], found[1]


def back_over(edge: Edge) -> str:
    """What flows back over an edge: the gradient of where it comes from; nothing into an input."""
    name = edge.source.name
    return {"input": "", "error": f"dE/d{name}"}.get(edge.source.kind, f"dE/da_{name}")
