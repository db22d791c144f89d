"""The functions of Excel that choose, look up and join: IF, CHOOSE, AND, INDEX, MATCH, ROWS, COLUMNS, COUNTA, &."""

from __future__ import annotations

import re
from collections.abc import Callable

from sheetgen.cells.cell import Cell, Evaluator, constant, forward_order
from sheetgen.reader import finance
from sheetgen.reader.kinds import (
    EMPTY,
    NUMBER,
    NUMERAL,
    TEXT,
    TRUTH,
    Argument,
    NotUnderstood,
    Range,
    Rows,
    calculable,
    choose,
    choose_else,
    compare,
    condition,
    dense,
    elementwise,
    flat,
    is_literal_text,
    kind,
    known_text,
    literal_text,
    one,
    select,
)

COUNT_NUMERALS = {"SUM", "PRODUCT", "AVERAGE", "COUNT", "MAX", "MIN"}  # take a typed "3" for a number, in Excel
MAX_OPTIONS = 1_000  # cells among which one is chosen by a number that may change
_NUMERAL = re.compile(r"[-+]?[0-9]{1,15}")  # what a point means depends on the country


def logical(join: Callable[[list[Cell]], Cell]) -> Callable[..., Cell]:
    """AND or OR: whether the product or the sum of the truth values, each 0 or 1, is not 0."""

    def call(*arguments: Argument | None) -> Cell:
        truths = [Cell("ne", (c, constant(0))) for c in select(arguments, NUMBER | TRUTH)]
        if not truths:
            raise NotUnderstood("AND or OR has no truth value")
        return Cell("ne", (join(truths), constant(0)))

    return call


def by_cell(f: Callable[..., Cell], *usual: Argument) -> Callable[..., Argument]:
    """A function of single cells that takes ranges cell by cell wherever it stands; an argument left out is 0."""
    return lambda *x: elementwise(f, *(constant(0) if a is None else a for a in (*x, *usual[len(x) :])))


def iferror(a: Cell, b: Cell) -> Cell:
    """IFERROR. Raises NotUnderstood."""
    # In a text that Excel would take for a number we see none, and would go on with the wrong one of the two.
    if any(kind(c) & (TEXT | NUMERAL) for c in forward_order(a) if c.op in ("variable", "if")):
        raise NotUnderstood("IFERROR has a text in it")
    return choose_else(calculable(a), b)


def is_not(a: Cell) -> Cell:
    """NOT. Raises NotUnderstood."""
    return Cell("eq", (condition(a), constant(0)))


def choose_by_number(which: Argument | None, *options: Argument | None) -> Cell:
    """CHOOSE. Raises NotUnderstood."""
    index, chosen = Cell("rounddown", (one(which), constant(0))), finance.ERROR
    for k, option in reversed(list(enumerate(options, 1))):
        chosen = choose(Cell("eq", (index, constant(k))), one(option), chosen)
    return chosen


def _rows(argument: Argument | None, name: str) -> Rows:
    """The cells of a range, row by row. Raises NotUnderstood."""
    if not isinstance(argument, Range) and (argument is None or argument.op != "variable"):
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


def index(
    of: Argument | None, row: Argument | None, column: Argument | None = None, *which_area: Argument | None
) -> Argument:
    """INDEX: a cell, for 0 a whole row or column, a choice if the place may change. Raises NotUnderstood."""
    if which_area:
        raise NotUnderstood("INDEX has too few or too many arguments")
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
        return Range(rows)
    return rows[0][0]


def _part(lines: Rows, place: float | None) -> Rows:
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
    position, room = finance.ERROR, MAX_OPTIONS
    for k, c in reversed(list(enumerate(flat(rows), 1))):
        equal = constant(0) if _is_empty(c) else compare("eq", c, value)
        if equal.op == "constant":
            position = constant(k) if equal.value else position
        else:  # no error is equal to anything
            position, room = equal.apply("iferror", 0).apply("if", k, position), room - 1
            if room < 0:
                raise NotUnderstood("MATCH looks among too many cells")
    sure = kind(value) not in (NUMBER, TRUTH)  # that it is no error
    return position if sure else finance.only_if(Cell("eq", (value, value)), value=position)


def count_filled(*arguments: Argument | None) -> Cell:
    """COUNTA: how many cells hold anything. Raises NotUnderstood."""
    if any(a is None for a in arguments):
        raise NotUnderstood("COUNTA has nothing between two commas")
    cells = (c for a in arguments for c in (flat(a.rows) if isinstance(a, Range) else [one(a)]))
    return constant(sum(not _is_empty(c) for c in cells))


def extent(name: str, of: Callable[[Rows], int]) -> Callable[..., Cell]:
    """ROWS and COLUMNS: how many the range has."""
    return lambda argument: constant(of(_rows(argument, name)))
