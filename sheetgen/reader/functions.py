"""What Excel's functions mean in Cells: a table, one row each, for those that a calculation made by hand needs."""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from sheetgen.cells.cell import Cell, constant
from sheetgen.reader import choices, finance, lookup
from sheetgen.reader.block import (
    EMPTY,
    NUMBER,
    Argument,
    Arguments,
    Block,
    NotUnderstood,
    calculable,
    condition,
    dense,
    elementwise,
    flat,
    holds,
    kind,
    numbers,
    truth,
)

MAX_PRODUCTS = 300_000  # that one MMULT adds up
MAX_FACTORS = 32  # of one product: the derivatives of n factors take n^2 of them


def total(cells: Sequence[Cell]) -> Cell:
    """Their sum as one Cell."""
    return cells[0] if len(cells) == 1 else Cell("add", tuple(cells)) if cells else constant(0)


def times(*cells: Cell) -> Cell:
    """Their product as one Cell; unlike `mul` it leaves nothing out, for what was written is what is judged."""
    while len(cells) > MAX_FACTORS:
        cells = tuple(times(*cells[k : k + MAX_FACTORS]) for k in range(0, len(cells), MAX_FACTORS))
    return cells[0] if len(cells) == 1 else Cell("mul", cells)


def square(a: Cell) -> Cell:
    """a^2."""
    return a.apply("pow", 2)


def _sumproduct(*arguments: Argument | None) -> Cell:
    blocks = [Block(dense(a)) for a in arguments]
    if len({b.shape for b in blocks}) > 1:
        raise NotUnderstood("SUMPRODUCT has ranges of different shapes")
    factors = zip(*(map(_zeroed, flat(b.rows)) for b in blocks), strict=True)
    return total([times(*cells) for cells in factors])


def _zeroed(c: Cell) -> Cell:
    """What is no number counts as 0 in SUMPRODUCT."""
    return c if holds(c, NUMBER) else constant(0)


def _pairs(f: Callable[[Cell, Cell], Cell]) -> Callable[..., Cell]:
    """The sum over two ranges of `f` of their cells, for SUMXMY2 and its like."""

    def call(a: Argument | None, b: Argument | None) -> Cell:
        left, right = Block(dense(a)), Block(dense(b))
        if left.shape != right.shape:
            raise NotUnderstood("its ranges have different shapes")
        x, y = flat(left.rows), flat(right.rows)
        if any(kind(c) != NUMBER for c in x + y):  # engines differ in what they make of it
            raise NotUnderstood("its ranges have a cell that holds no number")
        return total([f(c, d) for c, d in zip(x, y, strict=True)])

    return call


def _mmult(a: Argument | None, b: Argument | None) -> Block:
    left, right = dense(a), dense(b)
    if len(left[0]) != len(right):
        raise NotUnderstood("MMULT has ranges that do not fit each other")
    if any(kind(c) != NUMBER for c in flat(left) + flat(right)):
        raise NotUnderstood("MMULT has a cell that holds no number")
    if len(left) * len(right) * len(right[0]) > MAX_PRODUCTS:
        raise NotUnderstood("MMULT has too many cells")
    columns = [*zip(*right, strict=True)]
    return Block([[total([*map(times, row, column)]) for column in columns] for row in left])


def _transpose(a: Argument | None) -> Block:
    columns = zip(*dense(a), strict=True)
    # An empty cell, once turned over, is a number.
    return Block([[constant(0) if kind(c) == EMPTY else c for c in column] for column in columns])


def _mean(found: Sequence[Cell]) -> Cell:
    return Cell("div", (total(found), constant(len(found))))  # of nothing it is an error, as in Excel


def _variance(sample: bool) -> Callable[..., Cell]:
    def call(*arguments: Argument | None) -> Cell:
        found = numbers(arguments)
        finance.only_numbers(arguments)
        if len(found) <= sample:
            return finance.ERROR
        mean = _mean(found)
        return Cell("div", (total([square(a - mean) for a in found]), constant(len(found) - sample)))

    return call


def _deviation(sample: bool) -> Callable[..., Cell]:
    variance = _variance(sample)
    return lambda *x: Cell("sqrt", (variance(*x),))


def _fold(op: str) -> Callable[..., Cell]:
    def call(*arguments: Argument | None) -> Cell:
        found = numbers(arguments)
        return constant(0) if not found else found[0] if len(found) == 1 else Cell(op, tuple(found))

    return call


def _product(*arguments: Argument | None) -> Cell:
    found = numbers(arguments)
    return times(*found) if found else constant(0)


def _count(*arguments: Argument | None) -> Cell:
    return total([Cell("isnumber", (a,)) for a in numbers(arguments)])  # errors in a range are not counted


def _erf(a: Cell) -> Cell:
    if kind(a) not in (NUMBER, EMPTY):
        raise NotUnderstood("ERF has what may be no number")
    return Cell("erf", (a,))


def _log(a: Cell, base: Cell | None = None) -> Cell:
    return Cell("log10", (a,)) if base is None else Cell("div", (Cell("ln", (a,)), Cell("ln", (base,))))


def _normal(a: Cell, cumulative: Cell = truth(True)) -> Cell:  # noqa: B008
    if cumulative.op != "constant":
        raise NotUnderstood("NORM.S.DIST has a second argument that is no constant")
    return Cell("normal" if cumulative.value else "normal_density", (a,))


def _normal_of(a: Cell, mean: Cell, deviation: Cell, cumulative: Cell) -> Cell:
    found = _normal((a - mean) / deviation, cumulative)
    value = found if found.op == "normal" else found / deviation
    return finance.only_if(Cell("gt", (deviation, constant(0))), value=value)


def _rounding(op: str) -> Callable[..., Cell]:
    return lambda a, digits: Cell(op, (a, digits))


def _range_of_one(a: Argument | None) -> Argument | None:
    """A reference to one cell is a range of one cell; anything else as it is."""
    return Block(dense(a)) if isinstance(a, Cell) and a.op == "variable" else a


class Function(NamedTuple):
    """How a function is called.

    `takes`: 'cells', one each, and where arrays are allowed it gives a result for each cell of a range; 'ranges', as
    SUM does; 'arrays', inside which operators take ranges cell by cell, as in SUMPRODUCT; or 'all', as they are.
    """

    build: Callable[..., Any]  # of 'cells' a Cell, of others an Argument
    takes: str = "ranges"

    def inside(self, array: bool, entered: bool) -> bool:
        """Whether operators among its arguments take ranges cell by cell; `entered` as an array formula they do."""
        return entered or self.takes == "arrays" or (self.takes == "cells" and array)

    def call(self, name: str, arguments: Arguments, array: bool) -> Argument:
        """The Cells of a call. Raises NotUnderstood."""
        try:
            inspect.signature(self.build).bind(*arguments)
        except TypeError as error:
            raise NotUnderstood(f"{name} has too few or too many arguments") from error
        if self.takes == "cells":
            if not array and any(isinstance(a, Block) and a.size != 1 for a in arguments):
                raise NotUnderstood(f"{name} has a range where one cell belongs")
            given = (constant(0) if a is None else a for a in arguments)
            return elementwise(lambda *cells: self.build(*map(calculable, cells)), *given)
        if self.takes != "all":
            arguments = [_range_of_one(a) for a in arguments]
        found: Argument = self.build(*arguments)
        return found


def _cells(build: Callable[..., Argument]) -> Function:
    return Function(build, "cells")


def _unary(op: str) -> Function:
    return Function(lambda a: Cell(op, (a,)), "cells")


FUNCTIONS: dict[str, Function] = {
    **{op.upper(): _unary(op) for op in ("exp", "ln", "log10", "sqrt", "abs", "sign")},
    **{op.upper(): _unary(op) for op in ("sin", "cos", "tan", "atan", "sinh", "cosh", "tanh")},
    **{op.upper(): _cells(_rounding(op)) for op in ("round", "rounddown", "roundup")},
    "ERF": Function(lambda a: elementwise(_erf, a), "all"),
    "TRUNC": _cells(lambda a, digits=finance.ZERO: Cell("rounddown", (a, digits))),
    "INT": _unary("floor"),
    "MOD": _cells(lambda a, b: Cell("sub", (a, times(b, Cell("floor", (a / b,)))))),
    "LOG": _cells(_log),
    "POWER": _cells(lambda a, b: Cell("pow", (a, b))),
    "PI": _cells(lambda: constant(math.pi)),
    "TRUE": _cells(lambda: truth(True)),
    "FALSE": _cells(lambda: truth(False)),
    "SUM": Function(lambda *x: total(numbers(x))),
    "PRODUCT": Function(_product),
    "SUMSQ": Function(lambda *x: total([square(a) for a in numbers(x)])),
    "AVERAGE": Function(lambda *x: _mean(numbers(x))),
    "COUNT": Function(_count),
    "MAX": Function(_fold("max")),
    "MIN": Function(_fold("min")),
    **dict.fromkeys(("VAR", "VAR.S"), Function(_variance(True))),
    **dict.fromkeys(("VARP", "VAR.P"), Function(_variance(False))),
    **dict.fromkeys(("STDEV", "STDEV.S"), Function(_deviation(True))),
    **dict.fromkeys(("STDEVP", "STDEV.P"), Function(_deviation(False))),
    "SUMPRODUCT": Function(_sumproduct, "arrays"),
    "SUMXMY2": Function(_pairs(lambda x, y: square(Cell("sub", (x, y)))), "arrays"),
    "SUMX2MY2": Function(_pairs(lambda x, y: Cell("sub", (square(x), square(y)))), "arrays"),
    "SUMX2PY2": Function(_pairs(lambda x, y: Cell("add", (square(x), square(y)))), "arrays"),
    "MMULT": Function(_mmult, "arrays"),
    "TRANSPOSE": Function(_transpose, "arrays"),
    "IF": Function(choices.if_else, "all"),
    "IFERROR": Function(choices.iferror, "all"),
    "CHOOSE": Function(choices.choose_by_number, "all"),
    "INDEX": Function(lookup.index, "all"),
    "MATCH": Function(lookup.match, "all"),
    "ROWS": Function(lookup.extent("ROWS", len), "all"),
    "COLUMNS": Function(lookup.extent("COLUMNS", lambda rows: len(rows[0])), "all"),
    "COUNTA": Function(lookup.count_filled),
    "AND": Function(choices.logical(lambda found: times(*found))),
    "OR": Function(choices.logical(total)),
    "NOT": Function(lambda a: elementwise(lambda c: Cell("eq", (condition(c), constant(0))), a), "all"),
    "NORMSDIST": _cells(lambda a: _normal(a)),
    "NORM.S.DIST": _cells(_normal),
    **dict.fromkeys(("NORMDIST", "NORM.DIST"), _cells(_normal_of)),
    "NPV": Function(finance.npv),
    **{f.__name__.upper(): _cells(f) for f in (finance.pmt, finance.fv, finance.pv, finance.nper)},
    **{f.__name__.upper(): _cells(f) for f in (finance.ipmt, finance.ppmt)},
    **{f.__name__.upper(): _cells(f) for f in (finance.sln, finance.syd, finance.ddb, finance.db)},
}
