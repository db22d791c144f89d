"""Cells of somebody's formula written back as an Excel formula."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sheetgen.cells.cell import Cell, rebuilt
from sheetgen.cells.text import FormulaTooLong, show
from sheetgen.excel.a1 import qualified
from sheetgen.excel.tokens import corner, pieces
from sheetgen.reader import Place


def written(root: Cell, places: Mapping[int, Place], sheet: str) -> str:
    """The formula, with its '=', in which the variables (by id) stand for places; '' if it is too long."""

    def ref(node: Cell) -> str | None:
        at = places.get(id(node))
        if at is None:
            return None
        return at[1] if at[0] == sheet else qualified(*at)

    try:
        return "=" + show(root, ref)
    except (FormulaTooLong, KeyError):
        return ""


def replaced(text: str, old: Sequence[Place], new: Sequence[Place]) -> str:
    """A formula's text with some references replaced, $ signs kept; '' if its references are not one cell each."""
    parts, rest = [], iter(zip(old, new, strict=True))
    for kind, piece, _ in pieces(text):
        if kind in ("name", "table") and piece.upper() not in ("TRUE", "FALSE"):
            return ""
        if kind == "reference":
            sheet, mark, cell = piece.rpartition("!")
            before, after = next(rest, ("", ""))
            if ":" in cell or not after:
                return ""
            if before != after:
                piece = sheet + mark + (after[1] if "$" in after[1] else _held_like(cell, after[1]))
        parts.append(piece)
    return "" if next(rest, None) else "".join(parts)


def held(text: str, old: Sequence[Place], new: Sequence[Place]) -> list[Place]:
    """The new places with the $ signs of a formula's references, where each old place has always the same ones."""
    cells = [piece.rpartition("!")[2] for kind, piece, _ in pieces(text) if kind == "reference"]
    if len(cells) != len(old):
        return list(new)
    spelt: dict[Place, set[str]] = {}
    for place, cell in zip(old, cells, strict=True):
        spelt.setdefault(place, set()).add(cell)
    ways = [spelt[place] if len(spelt[place]) == 1 else {""} for place in old] + [{""}] * (len(new) - len(old))
    return [
        (sheet, cell if not way or ":" in way else _held_like(way, cell))
        for (sheet, cell), (way,) in zip(new, ways, strict=True)
    ]


def _held_like(old: str, new: str) -> str:
    """('$J35', 'L35') -> '$L35'."""
    place = corner(new)
    return str(place._replace(column_fixed=old.startswith("$"), row_fixed="$" in old[1:])) if place else new


def canonical(cells: Sequence[Cell]) -> list[Cell]:
    """The same graph with 1/(1 + EXP(-h)) as a sigmoid and (t - a)^2 * 0.5 as half a squared error; leaves are kept.

    Their derivatives are then a textbook's: a*(1 - a), and a - t.
    """
    return rebuilt(cells, _textbook)


def _number(node: Cell) -> float | None:
    if node.op == "constant":
        return node.value
    if node.op == "div":
        top, bottom = map(_number, node.args)
        return top / bottom if top is not None and bottom else None
    return -x if node.op == "neg" and (x := _number(node.args[0])) is not None else None


def _textbook(node: Cell) -> Cell:
    h = _logistic(node)
    if h is not None:
        return Cell("sigmoid", (h,))
    squared = _halved(node)
    return node if squared is None else Cell("half_squared_error", squared.args)


def _logistic(node: Cell) -> Cell | None:
    """h, if the Cell is 1/(1 + EXP(-h)) or (1 + EXP(-h))^-1."""
    if node.op == "div" and _number(node.args[0]) == 1:
        below = node.args[1]
    elif node.op == "pow" and _number(node.args[1]) == -1:
        below = node.args[0]
    else:
        return None
    if below.op != "add" or len(below.args) != 2:
        return None
    one, power = below.args if below.args[1].op == "exp" else below.args[::-1]
    return _negated(power.args[0]) if power.op == "exp" and _number(one) == 1 else None


def _halved(node: Cell) -> Cell | None:
    """t - a, if the Cell is half its square: 0.5*(t - a)^2, (t - a)^2/2."""
    if node.op == "mul" and len(node.args) == 2 and 0.5 in (halves := [_number(a) for a in node.args]):
        square = node.args[1 - halves.index(0.5)]
    elif node.op == "div" and _number(node.args[1]) == 2:
        square = node.args[0]
    else:
        return None
    two = square.op == "pow" and _number(square.args[1]) == 2
    return square.args[0] if two and square.args[0].op == "sub" else None


def _negated(node: Cell) -> Cell | None:
    """h, if the Cell is -h, -1*h, h*-1 or 0 - h."""
    if node.op == "neg":
        return node.args[0]
    if node.op == "mul" and len(node.args) == 2 and -1 in (values := [_number(a) for a in node.args]):
        return node.args[1 - values.index(-1)]
    return node.args[1] if node.op == "sub" and _number(node.args[0]) == 0 else None
