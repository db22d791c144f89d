"""What Excel's functions mean in Cells: a table, one row each, for those that a calculation made by hand needs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import reduce
from typing import Any, NamedTuple

import numpy as np

from sheetgen.cell import Cell, constant, if_


class NotUnderstood(ValueError):
    """A formula, or a part of it, that has no Cells; the message says what, in a few words."""


class Block(NamedTuple):
    """A range, or a result of several cells: a 2-D array of Cells, and which of them hold numbers.

    Those that do not are passed over by SUM and its like. A `sparse` one is too large to be written out: only its
    numbers are there, in one column, and its shape is lost.
    """

    cells: Any  # numpy array of Cells, dtype object
    numbers: Any  # numpy array of bool, same shape
    sparse: bool = False

    @classmethod
    def of(cls, cells: Any) -> Block:
        """All of them numbers."""
        return cls(cells, np.ones(cells.shape, bool))


Argument = Cell | Block
Arguments = Sequence[Argument | None]


def elementwise(f: Callable[..., Cell], *arguments: Argument) -> Argument:
    """`f` of every cell, ranges broadcast as Excel does: a row or a column is repeated. Raises NotUnderstood."""
    if not any(isinstance(a, Block) for a in arguments):
        return f(*arguments)
    arrays = [dense(a) for a in arguments]
    try:
        shape = np.broadcast_shapes(*(a.shape for a in arrays))
    except ValueError as error:
        raise NotUnderstood("it calculates with ranges of different shapes") from error
    cells = np.empty(shape, object)
    for at in np.ndindex(*shape):
        cells[at] = f(*(np.broadcast_to(a, shape)[at] for a in arrays))
    return Block.of(cells)


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


def numbers(arguments: Arguments) -> list[Cell]:
    """Every number among the arguments, ranges row by row; empty cells and texts of ranges are passed over."""
    found: list[Cell] = []
    for a in arguments:
        found += a.cells[a.numbers].tolist() if isinstance(a, Block) else [one(a)]
    return found


def total(cells: Sequence[Cell]) -> Cell:
    """Their sum as one Cell."""
    return cells[0] if len(cells) == 1 else Cell("add", tuple(cells)) if cells else constant(0)


def times(*cells: Cell) -> Cell:
    """Their product as one Cell; unlike `mul` it leaves nothing out, for what was written is what is judged."""
    return cells[0] if len(cells) == 1 else Cell("mul", cells)


def square(a: Cell) -> Cell:
    """a^2."""
    return Cell("pow", (a, constant(2)))


def _zeroed(a: Argument | None) -> Any:
    """The array in which what is no number counts as 0, as in SUMPRODUCT."""
    cells = dense(a)
    return np.where(a.numbers, cells, constant(0)) if isinstance(a, Block) else cells


def _sumproduct(*arguments: Argument | None) -> Cell:
    arrays = [_zeroed(a) for a in arguments]
    if len({a.shape for a in arrays}) > 1:
        raise NotUnderstood("SUMPRODUCT has ranges of different shapes")
    return total([times(*cells) for cells in zip(*(a.ravel() for a in arrays), strict=True)])


def _pairs(f: Callable[[Cell, Cell], Cell]) -> Callable[..., Cell]:
    """The sum over two ranges of `f` of their cells: SUMXMY2 and its like."""

    def call(a: Argument | None, b: Argument | None) -> Cell:
        if dense(a).shape != dense(b).shape:
            raise NotUnderstood("its ranges have different shapes")
        return total([f(x, y) for x, y in zip(_zeroed(a).ravel(), _zeroed(b).ravel(), strict=True)])

    return call


def _mmult(a: Argument | None, b: Argument | None) -> Block:
    left, right = dense(a), dense(b)
    if left.shape[1] != right.shape[0]:
        raise NotUnderstood("MMULT has ranges that do not fit each other")
    cells = np.empty((left.shape[0], right.shape[1]), object)
    for i, j in np.ndindex(*cells.shape):
        cells[i, j] = total([times(x, y) for x, y in zip(left[i], right[:, j], strict=True)])
    return Block.of(cells)


def _transpose(a: Argument | None) -> Block:
    if isinstance(a, Block) and not a.sparse:
        return Block(a.cells.T, a.numbers.T)
    return Block.of(dense(a).T)


def _average(*arguments: Argument | None) -> Cell:
    found = numbers(arguments)
    if not found:
        raise NotUnderstood("AVERAGE has no number")
    return Cell("div", (total(found), constant(len(found))))


def _fold(op: str) -> Callable[..., Cell]:
    def call(*arguments: Argument | None) -> Cell:
        found = numbers(arguments)
        return reduce(lambda a, b: Cell(op, (a, b)), found) if found else constant(0)

    return call


def _not_zero(a: Cell) -> Cell:
    return Cell("ne", (a, constant(0)))


def _and(*arguments: Argument | None) -> Cell:
    return _not_zero(times(*(_not_zero(a) for a in numbers(arguments))))


def _or(*arguments: Argument | None) -> Cell:
    return _not_zero(total([_not_zero(a) for a in numbers(arguments)]))


def _if(condition: Argument | None, *branches: Argument | None) -> Argument:
    if not 1 <= len(branches) <= 2:
        raise NotUnderstood("IF has too few or too many arguments")
    a, b = ((*branches, None) if len(branches) == 1 else branches)[:2]
    return elementwise(if_, *(constant(0) if x is None else x for x in (condition, a, b)))


def _log(a: Cell, base: Cell | None = None) -> Cell:
    return Cell("div", (Cell("ln", (a,)), Cell("ln", (constant(10) if base is None else base,))))


def _logistic(two: float) -> Callable[[Cell], Cell]:
    """tanh and its like are e^x in disguise: (e^x - e^-x) / 2."""
    return lambda a: (Cell("exp", (a,)) + constant(two) * Cell("exp", (-a,))) / 2


def _cumulative(a: Cell, flag: Cell | None = None) -> Cell:
    if flag is not None and flag.op != "constant":
        raise NotUnderstood("NORM.S.DIST has a second argument that is no constant")
    return Cell("normal" if flag is None or flag.value else "normal_density", (a,))


def _round(a: Cell, digits: Cell | None = None) -> Cell:
    return Cell("round", (a, constant(0) if digits is None else digits))


def _cut(a: Cell, digits: Cell | None = None) -> Cell:
    """Towards zero, at a decimal place."""
    unit = constant(1) if digits is None else Cell("pow", (constant(10), digits))
    return Cell("sign", (a,)) * Cell("floor", (Cell("abs", (a,)) * unit,)) / unit


def _annuity(rate: Cell, n: Cell, future: Cell | None, due: Cell | None) -> tuple[Cell, Cell, Cell]:
    """(growth, what a payment of 1 each period grows to, future value): Excel's annuity, for a rate that is not 0."""
    grown = Cell("pow", (1 + rate, n))
    paid = (grown - 1) / rate
    if due is not None:
        paid = paid * (1 + rate * _not_zero(due))
    return grown, paid, constant(0) if future is None else future


def _pmt(rate: Cell, n: Cell, present: Cell, future: Cell | None = None, due: Cell | None = None) -> Cell:
    grown, paid, left = _annuity(rate, n, future, due)
    return if_(rate, -(present * grown + left) / paid, -(present + left) / n)


def _fv(rate: Cell, n: Cell, payment: Cell, present: Cell | None = None, due: Cell | None = None) -> Cell:
    grown, paid, start = _annuity(rate, n, present, due)
    return if_(rate, -(start * grown + payment * paid), -(start + payment * n))


def _pv(rate: Cell, n: Cell, payment: Cell, future: Cell | None = None, due: Cell | None = None) -> Cell:
    grown, paid, left = _annuity(rate, n, future, due)
    return if_(rate, -(left + payment * paid) / grown, -(left + payment * n))


def _npv(rate: Argument | None, *flows: Argument | None) -> Cell:
    growth = 1 + one(rate)
    return total([f / Cell("pow", (growth, constant(k))) for k, f in enumerate(numbers(flows), 1)])


class Function(NamedTuple):
    """How a function is called, and whether it takes ranges element by element inside it."""

    build: Callable[..., Argument]
    scalar: bool = False  # takes one cell each: a range is one result for every cell, where that is allowed
    array: bool = False

    def call(self, name: str, arguments: Arguments, array: bool) -> Argument:
        """The Cells of a call. Raises NotUnderstood."""
        try:
            if not self.scalar:
                return self.build(*arguments)
            if not array and any(isinstance(a, Block) and a.cells.size != 1 for a in arguments):
                raise NotUnderstood(f"{name} has a range where one cell belongs")
            return elementwise(self.build, *(constant(0) if a is None else a for a in arguments))
        except TypeError as error:
            raise NotUnderstood(f"{name} has too few or too many arguments") from error


def _unary(op: str) -> Function:
    return Function(lambda a: Cell(op, (a,)), scalar=True)


FUNCTIONS: dict[str, Function] = {
    "EXP": _unary("exp"),
    "LN": _unary("ln"),
    "SQRT": _unary("sqrt"),
    "ABS": _unary("abs"),
    "SIGN": _unary("sign"),
    "TANH": _unary("tanh"),
    "SIN": _unary("sin"),
    "COS": _unary("cos"),
    "ATAN": _unary("atan"),
    "INT": _unary("floor"),
    "COSH": Function(_logistic(1), scalar=True),
    "SINH": Function(_logistic(-1), scalar=True),
    "TAN": Function(lambda a: Cell("sin", (a,)) / Cell("cos", (a,)), scalar=True),
    "LOG": Function(_log, scalar=True),
    "LOG10": Function(lambda a: _log(a), scalar=True),
    "POWER": Function(lambda a, b: Cell("pow", (a, b)), scalar=True),
    "PI": Function(lambda: constant(np.pi)),
    "TRUE": Function(lambda: constant(1)),
    "FALSE": Function(lambda: constant(0)),
    "SUM": Function(lambda *x: total(numbers(x))),
    "PRODUCT": Function(lambda *x: times(*numbers(x))),
    "SUMPRODUCT": Function(_sumproduct, array=True),
    "SUMSQ": Function(lambda *x: total([square(a) for a in numbers(x)])),
    "SUMXMY2": Function(_pairs(lambda x, y: square(Cell("sub", (x, y)))), array=True),
    "SUMX2MY2": Function(_pairs(lambda x, y: Cell("sub", (square(x), square(y)))), array=True),
    "SUMX2PY2": Function(_pairs(lambda x, y: Cell("add", (square(x), square(y)))), array=True),
    "AVERAGE": Function(_average),
    "COUNT": Function(lambda *x: constant(len(numbers(x)))),
    "MAX": Function(_fold("max")),
    "MIN": Function(_fold("min")),
    "MMULT": Function(_mmult, array=True),
    "TRANSPOSE": Function(_transpose, array=True),
    "IF": Function(_if),
    "AND": Function(_and),
    "OR": Function(_or),
    "NOT": Function(lambda a: Cell("eq", (a, constant(0))), scalar=True),
    "ROUND": Function(_round, scalar=True),
    "TRUNC": Function(_cut, scalar=True),
    "ROUNDDOWN": Function(_cut, scalar=True),
    "MOD": Function(lambda a, b: a - b * Cell("floor", (a / b,)), scalar=True),
    "NORMSDIST": Function(lambda a: _cumulative(a), scalar=True),
    "NORM.S.DIST": Function(_cumulative, scalar=True),
    "PMT": Function(_pmt, scalar=True),
    "FV": Function(_fv, scalar=True),
    "PV": Function(_pv, scalar=True),
    "NPV": Function(_npv),
    "SLN": Function(lambda cost, salvage, life: (cost - salvage) / life, scalar=True),
    "SYD": Function(lambda c, s, n, k: (c - s) * (n - k + 1) * 2 / (n * (n + 1)), scalar=True),
}
