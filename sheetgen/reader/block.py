"""What a piece of a formula is: a Cell or a Block of them, and whether they hold numbers, texts or truth values.

Excel's functions ask what a cell holds: SUM passes over a text and a truth value that stand in a range, and a
comparison of a number with a text goes by their kinds. The kind of a Cell is a word of letters, one for each thing
that it may hold:

    n  a number, or an error        e  nothing: the cell is empty
    b  TRUE or FALSE                t  a text        s  a text that spells a number, with which Excel calculates

It is the name of the Cell: of a variable "n12", and of a text that cannot change "t:yes".
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np

from sheetgen.cell import Cell, constant, variable
from sheetgen.reader.ops import LOGICAL, if_

MAX_POOL = 2**18  # variables that formulas share
RANKS = {"n": 0, "t": 1, "s": 1, "b": 2}  # numbers < texts < truth values
MAX_DENSE = 20_000  # cells of a range, or of the result of an array formula


class NotUnderstood(ValueError):
    """A formula, or a part of it, that has no Cells; the message says what, in a few words."""


class Block(NamedTuple):
    """A range, or a result of several cells: a 2-D array of Cells.

    A `sparse` one is too large to be written out: only the cells that hold something are there, in one column, and
    its shape is lost.
    """

    cells: Any  # numpy array of Cells, dtype object
    sparse: bool = False


Argument = Cell | Block
Arguments = Sequence[Argument | None]


def kind(c: Cell) -> str:
    """What the Cell may hold."""
    if c.op in LOGICAL:
        return "b"
    return _letters(c.name) if c.name else "n"


@lru_cache(MAX_POOL)
def _letters(name: str) -> str:
    return name.partition(":")[0].rstrip("0123456789")


def known_text(c: Cell) -> str | None:
    """The text that the Cell holds, whatever happens; an empty cell is as good as an empty text."""
    if kind(c) == "e":
        return ""
    return c.name.partition(":")[2] if c.name and ":" in c.name else None


@lru_cache(MAX_POOL)
def slot(mark: str, k: int) -> Cell:
    """The k-th variable of a formula, for a cell that holds what `mark` says; formulas share their variables."""
    held, colon, text = mark.partition(":")
    return variable(f"{held}{k}{colon}{text}")


def literal_text(text: str) -> Cell:
    """A text that stands in a formula: no number, but Excel might take one with digits for a number or a date."""
    return constant(float("nan")).named(f"{'s' if any(map(str.isdigit, text)) else 't'}:{text}")


def is_literal_text(c: Cell) -> bool:
    """Whether it is a text that stands in the formula."""
    return c.op == "constant" and kind(c) in ("t", "s")


def calculable(c: Cell) -> Cell:
    """A Cell that is calculated with. Raises NotUnderstood for a text that stands in the formula."""
    if is_literal_text(c):
        raise NotUnderstood("it calculates with a text")
    return c


def truth(value: bool) -> Cell:
    """TRUE or FALSE."""
    return constant(value).named("b")


def elementwise(f: Callable[..., Cell], *arguments: Argument) -> Argument:
    """`f` of every cell, ranges broadcast as Excel does: a row or a column is repeated. Raises NotUnderstood."""
    if not any(isinstance(a, Block) for a in arguments):
        return f(*arguments)
    arrays = [dense(a) for a in arguments]
    try:
        shape = np.broadcast_shapes(*(a.shape for a in arrays))
    except ValueError as error:
        raise NotUnderstood("it calculates with ranges of different shapes") from error
    if shape[0] * shape[1] > MAX_DENSE:
        raise NotUnderstood("it calculates with too many cells")
    cells = np.empty(shape, object)
    wide = [np.broadcast_to(a, shape) for a in arrays]
    for at in np.ndindex(*shape):
        cells[at] = f(*(a[at] for a in wide))
    return Block(cells)


def dense(argument: Argument | None) -> Any:
    """The Cells as a 2-D array; one Cell is an array of one. Raises NotUnderstood."""
    if isinstance(argument, Block):
        if argument.sparse:
            raise NotUnderstood("it uses a range of too many cells")
        return argument.cells
    array = np.empty((1, 1), object)
    array[0, 0] = one(argument)
    return array


def one(argument: Argument | None) -> Cell:
    """A single Cell; nothing between two commas is 0. Raises NotUnderstood."""
    if argument is None:
        return constant(0)
    if isinstance(argument, Block):
        if argument.sparse or argument.cells.size != 1:
            raise NotUnderstood("it has a range where one cell belongs")
        cell: Cell = argument.cells.item()
        return cell
    return argument


def holds(c: Cell, wanted: str) -> bool:
    """Whether the Cell is of a wanted kind. Raises NotUnderstood if that cannot be told."""
    letters = kind(c)
    if len(letters) == 1:
        return letters in wanted
    found = [letter in wanted for letter in letters]
    if any(found) and not all(found):
        raise NotUnderstood("it uses a cell of which it cannot be told whether it holds a number")
    return all(found)


def select(arguments: Arguments, wanted: str) -> Iterator[Cell]:
    """What is of a wanted kind in the ranges, row by row, and whatever is no range. Raises NotUnderstood if unsure."""
    for a in arguments:
        if isinstance(a, Block):
            yield from (c for c in a.cells.ravel() if holds(c, wanted))
            continue
        c = one(a)
        # IF may give a reference, in which a text is passed over; a text of its own is an error.
        if kind(c) not in ("n", "b") or (c.op == "if" and kind(c) != "n"):
            raise NotUnderstood("it uses what may be a text")
        yield c


def numbers(arguments: Arguments) -> list[Cell]:
    """Every number; empty cells, texts and truth values of ranges are passed over. Raises NotUnderstood if unsure."""
    return list(select(arguments, "n"))


def compare(op: str, a: Cell, b: Cell) -> Cell:
    """A comparison of two numbers or truth values, or of texts that cannot change. Raises NotUnderstood."""
    kinds = {*kind(a), *kind(b)}
    if kinds <= {"n", "e"} or kinds <= {"b", "e"}:
        return Cell(op, (a, b))
    if op in ("eq", "ne"):
        x, y = known_text(a), known_text(b)
        if x is not None and y is not None:
            return truth((x.lower() == y.lower()) == (op == "eq"))
    low, high = RANKS.get(kind(a)), RANKS.get(kind(b))
    if (
        low is not None and high is not None and low != high
    ):  # of different kinds: what is asked is known, but for errors
        known = {"eq": False, "ne": True, "lt": low < high, "le": low < high, "gt": low > high, "ge": low > high}[op]
        errors = tuple(c for c in (a, b) if kind(c) in ("n", "b"))
        error = errors[0] if len(errors) == 1 else Cell("add", errors)
        return Cell("eq" if known else "ne", (error, error))
    raise NotUnderstood("it compares texts, or numbers with texts or truth values")


def condition(c: Cell) -> Cell:
    """A Cell that is asked whether it is true. Raises NotUnderstood."""
    if "s" in kind(c) or is_literal_text(c):
        raise NotUnderstood("it takes a text for a truth value")
    return c


def choose(c: Cell, a: Cell, b: Cell) -> Cell:
    """IF, which keeps the kinds of what it chooses from. Raises NotUnderstood."""
    return _chosen(if_(condition(c), a, b))


def choose_else(a: Cell, b: Cell) -> Cell:
    """IFERROR, likewise. Raises NotUnderstood."""
    return _chosen(Cell("iferror", (a, b)))


def _chosen(c: Cell) -> Cell:
    ends = c.args[-2:]
    if any(is_literal_text(x) and kind(x) == "s" for x in ends):
        raise NotUnderstood("it chooses a text that may be a number")
    return of_kinds(c, *ends)


def of_kinds(c: Cell, *ends: Cell) -> Cell:
    """The Cell, marked as holding what one of some others holds."""
    kinds = "".join(sorted({letter for end in ends for letter in kind(end)}))
    return c if kinds == "n" else c.named(kinds)
