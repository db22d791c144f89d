"""Excel's functions in Cells: a table, one row each, of those that a calculation made by hand needs."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from sheetgen.cells.cell import Cell, constant
from sheetgen.reader import choices, finance
from sheetgen.reader.finance import ZERO
from sheetgen.reader.kinds import (
    EMPTY,
    NUMBER,
    Argument,
    Arguments,
    NotUnderstood,
    Range,
    calculable,
    choose,
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


def _sum_of_products(left: Sequence[Cell], right: Sequence[Cell]) -> Cell:
    return Cell("dot", (*left, *right)) if left else constant(0)


def _alike(arguments: Arguments, name: str) -> list[list[Cell]]:
    """The cells of each of some ranges of one shape. Raises NotUnderstood."""
    ranges = [Range(dense(a)) for a in arguments]
    if len({a.shape for a in ranges}) > 1:
        raise NotUnderstood(f"{name} of different shapes")
    return [flat(a.rows) for a in ranges]


def _sumproduct(*arguments: Argument | None) -> Cell:
    # What is no number counts as 0.
    ranges = [[c if holds(c, NUMBER) else constant(0) for c in a] for a in _alike(arguments, "SUMPRODUCT has ranges")]
    return _sum_of_products(*ranges) if len(ranges) == 2 else total(list(map(times, *ranges)))


def _pairs(f: Callable[[Cell, Cell], Cell]) -> Callable[..., Cell]:
    """The sum over two ranges of `f` of their cells, for SUMXMY2 and its like."""

    def call(*arguments: Argument | None) -> Cell:
        x, y = _alike(arguments, "its ranges have")
        _only_numbers(x + y, "its ranges have")
        return total(list(map(f, x, y)))

    return call


def _only_numbers(cells: Sequence[Cell], name: str) -> None:
    """Raises NotUnderstood for what is no number, for engines differ in what they make of it."""
    if any(kind(c) != NUMBER for c in cells):
        raise NotUnderstood(f"{name} a cell that holds no number")


def _mmult(a: Argument | None, b: Argument | None) -> Range:
    left, right = dense(a), dense(b)
    if len(left[0]) != len(right):
        raise NotUnderstood("MMULT has ranges that do not fit each other")
    _only_numbers(flat(left) + flat(right), "MMULT has")
    if len(left) * len(right) * len(right[0]) > MAX_PRODUCTS:
        raise NotUnderstood("MMULT has too many cells")
    columns = [*zip(*right, strict=True)]
    return Range([[_sum_of_products(row, column) for column in columns] for row in left])


def _transpose(a: Argument | None) -> Range:
    columns = zip(*dense(a), strict=True)
    # An empty cell, once turned over, is a number.
    return Range([[constant(0) if kind(c) == EMPTY else c for c in column] for column in columns])


def _mean(cells: Sequence[Cell]) -> Cell:
    return Cell("div", (total(cells), constant(len(cells))))  # of nothing it is an error, as in Excel


def _variance(sample: bool) -> Callable[..., Cell]:
    def call(*arguments: Argument | None) -> Cell:
        cells = numbers(arguments)
        finance.only_numbers(arguments)
        if len(cells) <= sample:
            return finance.ERROR
        mean = _mean(cells)
        return Cell("div", (total([square(a - mean) for a in cells]), constant(len(cells) - sample)))

    return call


def _deviation(sample: bool) -> Callable[..., Cell]:
    variance = _variance(sample)
    return lambda *x: Cell("sqrt", (variance(*x),))


def _fold(op: str) -> Callable[..., Cell]:
    def call(*arguments: Argument | None) -> Cell:
        cells = numbers(arguments)
        return Cell(op, tuple(cells)) if len(cells) > 1 else total(cells)

    return call


def _product(*arguments: Argument | None) -> Cell:
    cells = numbers(arguments)
    return times(*cells) if cells else constant(0)


def _count(*arguments: Argument | None) -> Cell:
    return total([Cell("isnumber", (a,)) for a in numbers(arguments)])  # errors in a range are not counted


def _erf(a: Cell, upper: Cell | None = None) -> Cell:
    if upper is not None or kind(a) not in (NUMBER, EMPTY):
        raise NotUnderstood("ERF has a second argument" if upper else "ERF has what may be no number")
    return Cell("erf", (a,))


def _log(a: Cell, base: Cell | None = None) -> Cell:
    return Cell("log10", (a,)) if base is None else Cell("div", (Cell("ln", (a,)), Cell("ln", (base,))))


def _normal(a: Cell, cumulative: Cell = truth(True)) -> Cell:  # noqa: B008
    if cumulative.op != "constant":
        raise NotUnderstood("NORM.S.DIST has a second argument that is no constant")
    return Cell("normal" if cumulative.value else "normal_density", (a,))


def _normal_of(a: Cell, mean: Cell, deviation: Cell, cumulative: Cell) -> Cell:
    value = _normal((a - mean) / deviation, cumulative)
    value = value if value.op == "normal" else value / deviation
    return finance.only_if(Cell("gt", (deviation, constant(0))), value=value)


def _rounding(op: str) -> Callable[..., Cell]:
    return lambda a, digits: Cell(op, (a, digits))


def _range_of_one(a: Argument | None) -> Argument | None:
    """A reference to one cell is a range of one cell; anything else as it is."""
    return Range(dense(a)) if isinstance(a, Cell) and a.op == "variable" else a


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
        if self.takes == "cells":
            if not array and any(isinstance(a, Range) and a.size != 1 for a in arguments):
                raise NotUnderstood(f"{name} has a range where one cell belongs")
            given = (constant(0) if a is None else a for a in arguments)
            return elementwise(lambda *cells: self.build(*map(calculable, cells)), *given)
        if self.takes != "all":
            arguments = [_range_of_one(a) for a in arguments]
        result: Argument = self.build(*arguments)
        return result


def _cells(build: Callable[..., Argument]) -> Function:
    return Function(build, "cells")


def _unary(op: str) -> Function:
    return Function(lambda a: Cell(op, (a,)), "cells")


FUNCTIONS: dict[str, Function] = {
    **{op.upper(): _unary(op) for op in ("exp", "ln", "log10", "sqrt", "abs", "sign")},
    **{op.upper(): _unary(op) for op in ("sin", "cos", "tan", "atan", "sinh", "cosh", "tanh")},
    **{op.upper(): _cells(_rounding(op)) for op in ("round", "rounddown", "roundup")},
    "ERF": Function(choices.by_cell(_erf), "all"),
    "TRUNC": _cells(lambda a, digits=ZERO: Cell("rounddown", (a, digits))),
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
    "IF": Function(choices.by_cell(choose, ZERO, ZERO, truth(False)), "all"),
    "IFERROR": Function(choices.by_cell(choices.iferror), "all"),
    "CHOOSE": Function(choices.choose_by_number, "all"),
    "INDEX": Function(choices.index, "all"),
    "MATCH": Function(choices.match, "all"),
    "ROWS": Function(choices.extent("ROWS", len), "all"),
    "COLUMNS": Function(choices.extent("COLUMNS", lambda rows: len(rows[0])), "all"),
    "COUNTA": Function(choices.count_filled),
    "AND": Function(choices.logical(lambda truths: times(*truths))),
    "OR": Function(choices.logical(total)),
    "NOT": Function(choices.by_cell(choices.is_not), "all"),
    "NORMSDIST": _cells(lambda a: _normal(a)),
    "NORM.S.DIST": _cells(_normal),
    **dict.fromkeys(("NORMDIST", "NORM.DIST"), _cells(_normal_of)),
    "NPV": Function(finance.npv),
    **{f.__name__.upper(): _cells(f) for f in (finance.pmt, finance.fv, finance.pv, finance.nper)},
    **{f.__name__.upper(): _cells(f) for f in (finance.ipmt, finance.ppmt)},
    **{f.__name__.upper(): _cells(f) for f in (finance.sln, finance.syd, finance.ddb, finance.db)},
}
