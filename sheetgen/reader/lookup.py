"""The functions of Excel that look up and join: INDEX, MATCH, ROWS, COLUMNS, COUNTA, &."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from sheetgen.cells.cell import Cell, Evaluator, constant, forward_order
from sheetgen.reader import finance
from sheetgen.reader.block import (
    EMPTY,
    NUMBER,
    TRUTH,
    Argument,
    Block,
    NotUnderstood,
    calculable,
    compare,
    dense,
    flat,
    is_literal_text,
    kind,
    known_text,
    literal_text,
    one,
)
from sheetgen.reader.choices import choose_by_number

COUNT_NUMERALS = {"SUM", "PRODUCT", "AVERAGE", "COUNT", "MAX", "MIN"}  # take a typed "3" for a number, in Excel
MAX_OPTIONS = 1_000  # cells among which one is chosen by a number that may change
_NUMERAL = re.compile(r"[-+]?[0-9]{1,15}")  # what a point means depends on the country


def _rows(argument: Argument | None, name: str) -> Sequence[Sequence[Cell]]:
    """The cells of a range, row by row. Raises NotUnderstood."""
    if not isinstance(argument, Block) and (argument is None or argument.op != "variable"):
        raise NotUnderstood(f"{name} has no range")
    return dense(argument)


def _is_empty(c: Cell) -> bool:
    """Whether the cell is empty. Raises NotUnderstood if that cannot be told."""
    if EMPTY in kind(c) and kind(c) != EMPTY:
        raise NotUnderstood("it uses a cell of which it cannot be told whether it is empty")
    return kind(c) == EMPTY


def constant_of(c: Cell) -> float | None:
    """The number that the Cell always is; None if it may change."""
    if c.op == "constant":
        return c.value
    if any(node.op == "variable" for node in forward_order(c)):
        return None
    return Evaluator([c], []).of([])[0]


def as_number(argument: Argument | None) -> Argument | None:
    """The number that a text in a formula spells, anything else as it is."""
    if isinstance(argument, Cell) and is_literal_text(argument):
        text = known_text(argument) or ""
        return constant(float(text)) if _NUMERAL.fullmatch(text) else argument
    return argument


def join(a: Cell, b: Cell) -> Cell:
    """a & b, where both are known. Raises NotUnderstood."""
    return literal_text(_text(a) + _text(b))


def _text(c: Cell) -> str:
    text = known_text(c)
    if text is not None:
        return text
    value = constant_of(c) if kind(c) in (NUMBER, TRUTH) else None
    shown = "e" if value is None or value != value else f"{value:.15g}"
    if "e" in shown or "n" in shown:
        raise NotUnderstood("it joins texts with & that may change")
    return str(bool(value)).upper() if kind(c) == TRUTH else shown


def index(of: Argument | None, row: Argument | None, column: Argument | None = None) -> Argument:
    """INDEX: a cell, for 0 a whole row or column, a choice if the place may change. Raises NotUnderstood."""
    rows = _rows(of, "INDEX")
    places = [calculable(one(row)), calculable(one(column))]
    if column is None:
        if len(rows) > 1 and len(rows[0]) > 1:
            raise NotUnderstood("INDEX has one place in a range of two dimensions")
        places = places[::-1] if len(rows) == 1 else places
        places[len(rows) != 1] = constant(1)
    down, right = map(constant_of, places)
    if 0 in (down, right) and None in (down, right):
        raise NotUnderstood("INDEX gives a whole row or column, and which one may change")
    rows = _part(rows, down)
    columns = _part(list(zip(*rows, strict=True)), right)
    rows = list(zip(*columns, strict=True))
    if down is None or right is None:
        if len(rows) * len(rows[0]) > MAX_OPTIONS:
            raise NotUnderstood("INDEX has a place that is calculated, in a range of too many cells")
        options = [choose_by_number(places[1], *cells) if right is None else cells[0] for cells in rows]
        return choose_by_number(places[0], *options) if down is None else options[0]
    if 0 in (down, right):
        return Block(rows)
    return rows[0][0]


def _part(lines: Sequence[Sequence[Cell]], place: float | None) -> Sequence[Sequence[Cell]]:
    """One of the rows or columns; all, for 0 or a place that may change."""
    if place is None or 0 <= place < 1:
        return lines
    if not 1 <= place < len(lines) + 1:
        raise NotUnderstood("INDEX leaves its range")
    return [lines[int(place) - 1]]


def match(wanted: Argument | None, among: Argument | None, how: Argument | None = constant(1)) -> Cell:  # noqa: B008
    """MATCH: the place of the first cell that is equal; an error if there is none. Raises NotUnderstood."""
    rows, value = _rows(among, "MATCH"), one(wanted)
    if constant_of(one(how)) != 0:
        raise NotUnderstood("MATCH is understood with 0 as its third argument only")
    if len(rows) > 1 and len(rows[0]) > 1:
        raise NotUnderstood("MATCH has a range of several rows and columns")
    if _is_empty(value):  # engines differ in what they make of it
        raise NotUnderstood("MATCH looks for an empty cell")
    if set(known_text(value) or "") & {*"*?~"}:
        raise NotUnderstood("MATCH looks for wildcards")
    found, room = finance.ERROR, MAX_OPTIONS
    for k, c in reversed(list(enumerate((c for row in rows for c in row), 1))):
        equal = None if _is_empty(c) else compare("eq", c, value)
        if equal is not None and equal.op == "constant":
            found = constant(k) if equal.value else found
        elif equal is not None:  # no error is equal to anything
            found, room = equal.apply("iferror", 0).apply("if", k, found), room - 1
            if room < 0:
                raise NotUnderstood("MATCH looks among too many cells")
    return finance.only_if(Cell("eq", (value, value)), value=found) if kind(value) in (NUMBER, TRUTH) else found


def count_filled(*arguments: Argument | None) -> Cell:
    """COUNTA: how many cells hold anything. Raises NotUnderstood."""
    if any(a is None for a in arguments):
        raise NotUnderstood("COUNTA has nothing between two commas")
    cells = (c for a in arguments for c in (flat(a.rows) if isinstance(a, Block) else [one(a)]))
    return constant(sum(not _is_empty(c) for c in cells))


def extent(name: str, of: Callable[[Sequence[Sequence[Cell]]], int]) -> Callable[..., Cell]:
    """ROWS and COLUMNS: how many the range has."""
    return lambda argument: constant(of(_rows(argument, name)))
