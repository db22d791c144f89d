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
                piece = sheet + mark + (after[1] if "$" in after[1] else _fixed_like(cell, after[1]))
        parts.append(piece)
    return "" if next(rest, None) else "".join(parts)


def with_dollars(text: str, old: Sequence[Place], new: Sequence[Place]) -> list[Place]:
    """The new places with the $ signs of a formula's references, where each old place has always the same ones."""
    cells = [piece.rpartition("!")[2] for kind, piece, _ in pieces(text) if kind == "reference"]
    if len(cells) != len(old):
        return list(new)
    spelt: dict[Place, set[str]] = {}
    for place, cell in zip(old, cells, strict=True):
        spelt.setdefault(place, set()).add(cell)
    ways = [spelt[place] if len(spelt[place]) == 1 else {""} for place in old] + [{""}] * (len(new) - len(old))
    return [
        (sheet, cell if not way or ":" in way else _fixed_like(way, cell))
        for (sheet, cell), (way,) in zip(new, ways, strict=True)
    ]


def _fixed_like(old: str, new: str) -> str:
    """('$J35', 'L35') -> '$L35'."""
    place = corner(new)
    return str(place._replace(column_fixed=old.startswith("$"), row_fixed="$" in old[1:])) if place else new


def canonical(cells: Sequence[Cell]) -> list[Cell]:
    """The same graph with 1/(1 + EXP(-h)) as a sigmoid and (t - a)^2 * 0.5 as half a squared error; leaves are kept.

    Their derivatives are then a textbook's: a*(1 - a), and a - t.
    """
    return rebuilt(cells, _textbook)


def _textbook(node: Cell) -> Cell:
    match _shape(node):
        case ("div", 1.0, Cell(op="add") as below) | ("pow", Cell(op="add") as below, -1.0):
            h = _logit(below)
            return node if h is None else Cell("sigmoid", (h,))
        case ("mul", 0.5, square) | ("mul", square, 0.5) | ("div", square, 2.0):
            match square:
                case Cell(op="pow", args=(Cell(op="sub") as difference, two)) if _number(two) == 2:
                    return Cell("half_squared_error", difference.args)
    return node


def _logit(below: Cell) -> Cell | None:
    """h, if the Cell is 1 + EXP(-h), and -h is written so, or as a product with -1, or as 0 - h."""
    match _shape(below):
        case ("add", 1.0, Cell(op="exp", args=(power,))) | ("add", Cell(op="exp", args=(power,)), 1.0):
            match _shape(power):
                case ("mul", -1.0, _) | ("sub", 0.0, _):
                    return power.args[1]
                case ("neg", _) | ("mul", _, -1.0):
                    return power.args[0]
    return None


def _shape(node: Cell) -> tuple[str | float | Cell, ...]:
    """An operator and its arguments, as numbers where they are."""
    return node.op, *(arg if (number := _number(arg)) is None else number for arg in node.args)


def _number(node: Cell) -> float | None:
    if node.op == "constant":
        return node.value
    if node.op == "div":
        top, bottom = map(_number, node.args)
        return top / bottom if top is not None and bottom else None
    return -x if node.op == "neg" and (x := _number(node.args[0])) is not None else None
