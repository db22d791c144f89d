"""The arguments of operators and functions: Cells and Ranges of them, which hold numbers, texts or truth values.

Excel's functions ask what a cell holds: SUM passes over a text and a truth value that stand in a range, and a
comparison of a number with a text goes by their kinds.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from enum import IntFlag
from functools import lru_cache, reduce
from operator import or_
from typing import NamedTuple, TypeAlias

from sheetgen.cells.cell import Cell, constant, variable
from sheetgen.cells.ops import LOGICAL
from sheetgen.excel.tokens import SPELLED_NUMBER

MAX_POOL = 2**18  # variables that formulas share
MAX_DENSE = 20_000  # cells of a range, or of the result of an array formula


TOO_LARGE, UNION = "a range of too many cells", "a union of ranges"  # whose shape is lost

Rows: TypeAlias = Sequence[Sequence[Cell]]


class NotUnderstood(ValueError):
    """A formula, or a part of it, that has no Cells; the message says what, in a few words."""


class Kind(IntFlag):
    """The kinds of value that a cell may hold; more than one, if that depends."""

    NUMBER = 1  # or an error
    TRUTH = 2
    TEXT = 4
    NUMERAL = 8  # a text that spells a number, with which Excel calculates
    EMPTY = 16


NUMBER, TRUTH, TEXT, NUMERAL, EMPTY = Kind

UNKNOWN = NUMBER | TRUTH | TEXT  # of a cell that may hold anything
RANKS = {NUMBER: 0, TEXT: 1, NUMERAL: 1, TRUTH: 2}  # numbers < texts < truth values

Mark: TypeAlias = Kind | str  # the kind of what a cell holds, or a text that cannot change


class Typed(Cell):
    """A Cell that may hold something else than a number. `text`: the text that it holds, if that cannot change."""

    __slots__ = ("kind", "text")

    def __init__(self, c: Cell, kind: Kind, text: str | None = None) -> None:
        super().__init__(c.op, c.args, c.name, c.value)
        self.kind, self.text = kind, text


class Range(NamedTuple):
    """A range, or a result of several cells, row by row.

    Where its shape is `lost`, for it is TOO_LARGE to be written out or a UNION, its cells are in one column; of one
    that is too large those alone that hold something.
    """

    rows: Rows
    lost: str = ""

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns."""
        return len(self.rows), len(self.rows[0]) if self.rows else 1

    @property
    def size(self) -> int:
        """How many cells."""
        return math.prod(self.shape)

    @property
    def single(self) -> Cell | None:
        """The one Cell, if it is a range of one."""
        return self.rows[0][0] if self.size == 1 and not self.lost else None


Argument: TypeAlias = Cell | Range
Arguments: TypeAlias = Sequence[Argument | None]


def flat(rows: Rows) -> list[Cell]:
    """All Cells, row by row."""
    return [c for row in rows for c in row]


def kind(c: Cell) -> Kind:
    """The kinds of value that the Cell may hold."""
    return c.kind if isinstance(c, Typed) else TRUTH if c.op in LOGICAL else NUMBER


def known_text(c: Cell) -> str | None:
    """The text that the Cell holds, whatever happens; an empty cell is as good as an empty text."""
    if kind(c) == EMPTY:
        return ""
    return c.text if isinstance(c, Typed) else None


def spells_number(text: str) -> bool:
    """Whether a text that stands in a cell is calculated with as a number."""
    return SPELLED_NUMBER.fullmatch(text) is not None and math.isfinite(float(text))


@lru_cache(MAX_POOL)
def slot(mark: Mark, k: int) -> Cell:
    """The k-th variable of a formula, for a cell that holds what `mark` says; formulas share their variables."""
    new = variable(f"x{k}")
    if isinstance(mark, str):
        return Typed(new, NUMERAL if spells_number(mark) else TEXT, mark)
    return new if mark == NUMBER else Typed(new, Kind(mark))


def literal_text(text: str) -> Cell:
    """A text that stands in a formula: no number, but Excel might take one with digits for a number or a date."""
    return Typed(constant(math.nan), NUMERAL if any(map(str.isdigit, text)) else TEXT, text)


def is_literal_text(c: Cell) -> bool:
    """Whether it is a text that stands in the formula."""
    return c.op == "constant" and kind(c) in (TEXT, NUMERAL)


def calculable(c: Cell) -> Cell:
    """A Cell that is calculated with. Raises NotUnderstood for a text that stands in the formula."""
    if is_literal_text(c):
        raise NotUnderstood("it calculates with a text")
    return c


def truth(value: bool) -> Cell:
    """TRUE or FALSE."""
    return Typed(constant(value), TRUTH)


def elementwise(f: Callable[..., Cell], *arguments: Argument) -> Argument:
    """`f` of every cell, ranges broadcast as Excel does: a row or a column is repeated. Raises NotUnderstood."""
    if not any(isinstance(a, Range) for a in arguments):
        return f(*arguments)
    ranges = [Range(dense(a)) for a in arguments]
    height, width = (max(sizes) for sizes in zip(*(a.shape for a in ranges), strict=True))
    if any(rows not in (1, height) or columns not in (1, width) for rows, columns in (a.shape for a in ranges)):
        raise NotUnderstood("it calculates with ranges of different shapes")
    if height * width > MAX_DENSE:
        raise NotUnderstood("it calculates with too many cells")
    # A range of one row or one column is repeated.
    rows = [[[*row] * (width // len(row)) for row in [*a.rows] * (height // len(a.rows))] for a in ranges]
    return Range([[f(*cells) for cells in zip(*lines, strict=True)] for lines in zip(*rows, strict=True)])


def dense(argument: Argument | None) -> Rows:
    """The Cells row by row; one Cell is a row of one. Raises NotUnderstood."""
    if not isinstance(argument, Range):
        return [[one(argument)]]
    if argument.lost:
        raise NotUnderstood(f"it uses {argument.lost}")
    return argument.rows


def one(argument: Argument | None) -> Cell:
    """A single Cell; nothing between two commas is 0. Raises NotUnderstood."""
    if argument is None:
        return constant(0)
    c = argument.single if isinstance(argument, Range) else argument
    if c is None:
        raise NotUnderstood("it has a range where one cell belongs")
    return c


def holds(c: Cell, wanted: Kind) -> bool:
    """Whether the Cell is of a wanted kind. Raises NotUnderstood if that cannot be told."""
    kinds = kind(c)
    both = kinds & wanted
    if both and both != kinds:
        raise NotUnderstood("it uses a cell of which it cannot be told whether it holds a number")
    return bool(both)


def select(arguments: Arguments, wanted: Kind) -> Iterator[Cell]:
    """The Cells of a wanted kind in ranges, row by row, and all that is no range. Raises NotUnderstood if unsure."""
    for a in arguments:
        if isinstance(a, Range):
            yield from (c for row in a.rows for c in row if holds(c, wanted))
            continue
        c = one(a)
        # IF may give a reference, in which a text is passed over; a text of its own is an error.
        if kind(c) not in (NUMBER, TRUTH) or (c.op == "if" and kind(c) != NUMBER):
            raise NotUnderstood("it uses what may be a text")
        yield c


def numbers(arguments: Arguments) -> list[Cell]:
    """Every number; empty cells, texts and truth values of ranges are passed over. Raises NotUnderstood if unsure."""
    return list(select(arguments, NUMBER))


def compare(op: str, a: Cell, b: Cell) -> Cell:
    """A comparison of two numbers or truth values, or of texts that cannot change. Raises NotUnderstood."""
    kinds = kind(a) | kind(b)
    if kinds in NUMBER | EMPTY or kinds in TRUTH | EMPTY:
        return a.apply(op, b)
    if op in ("eq", "ne"):
        x, y = known_text(a), known_text(b)
        if x is not None and y is not None:
            return truth((x.lower() == y.lower()) == (op == "eq"))
    low, high = RANKS.get(kind(a)), RANKS.get(kind(b))
    if low is not None and high is not None and low != high:  # what is asked is known, but for errors
        known = {"eq": False, "ne": True, "lt": low < high, "le": low < high, "gt": low > high, "ge": low > high}[op]
        errors = [c for c in (a, b) if kind(c) in (NUMBER, TRUTH)]
        error = errors[0] if len(errors) == 1 else Cell("add", tuple(errors))
        return error.apply("eq" if known else "ne", error)
    raise NotUnderstood("it compares texts, or numbers with texts or truth values")


def condition(c: Cell) -> Cell:
    """A Cell that is asked whether it is true. Raises NotUnderstood."""
    if kind(c) & NUMERAL or is_literal_text(c):
        raise NotUnderstood("it takes a text for a truth value")
    return c


def choose(c: Cell, a: Cell, b: Cell) -> Cell:
    """IF, which keeps the kinds of what it chooses from. Raises NotUnderstood."""
    return _chosen(condition(c).apply("if", a, b))


def choose_else(a: Cell, b: Cell) -> Cell:
    """IFERROR, likewise. Raises NotUnderstood."""
    return _chosen(a.apply("iferror", b))


def _chosen(c: Cell) -> Cell:
    ends = c.args[-2:]
    if any(is_literal_text(x) and kind(x) == NUMERAL for x in ends):
        raise NotUnderstood("it chooses a text that may be a number")
    return of_kinds(c, *ends)


def of_kinds(c: Cell, *ends: Cell) -> Cell:
    """`c`, with the union of the kinds of `ends`."""
    kinds = reduce(or_, map(kind, ends))
    return c if kinds == NUMBER else Typed(c, kinds)
