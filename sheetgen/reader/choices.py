"""The functions of Excel that choose: IF and its like, AND and OR, INDEX."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from sheetgen.cells.cell import Cell, constant, forward_order
from sheetgen.reader import finance
from sheetgen.reader.block import (
    NUMBER,
    NUMERAL,
    TEXT,
    TRUTH,
    Argument,
    Arguments,
    NotUnderstood,
    calculable,
    choose,
    choose_else,
    elementwise,
    kind,
    one,
    select,
    truth,
)


def truths(arguments: Arguments) -> Iterator[Cell]:
    """Of each number or truth value whether it is not 0."""
    for c in select(arguments, NUMBER | TRUTH):
        yield Cell("ne", (c, constant(0)))


def logical(join: Callable[[list[Cell]], Cell]) -> Callable[..., Cell]:
    """AND or OR: whether the product or the sum of the truth values, each 0 or 1, is not 0."""

    def call(*arguments: Argument | None) -> Cell:
        found = list(truths(arguments))
        if not found:
            raise NotUnderstood("AND or OR has no truth value")
        return Cell("ne", (join(found), constant(0)))

    return call


def if_else(asked: Argument | None, a: Argument | None, b: Argument | None = truth(False)) -> Argument:  # noqa: B008
    """IF. Raises NotUnderstood."""
    return elementwise(choose, *(constant(0) if x is None else x for x in (asked, a, b)))


def iferror(a: Argument | None, b: Argument | None) -> Argument:
    """IFERROR. Raises NotUnderstood."""

    def two(a: Cell, b: Cell) -> Cell:
        # In a text that Excel would take for a number we see none, and would go on with the wrong one of the two.
        if any(kind(c) & (TEXT | NUMERAL) for c in forward_order(a) if c.op in ("variable", "if")):
            raise NotUnderstood("IFERROR has a text in it")
        return choose_else(calculable(a), b)

    return elementwise(two, *(constant(0) if x is None else x for x in (a, b)))


def choose_by_number(which: Argument | None, *options: Argument | None) -> Argument:
    """CHOOSE. Raises NotUnderstood."""
    index, found = Cell("rounddown", (one(which), constant(0))), finance.ERROR
    for k, option in reversed(list(enumerate(options, 1))):
        found = choose(Cell("eq", (index, constant(k))), one(option), found)
    return found
