"""The operators and functions that are understood, one row each: from values and ranges to a value or a range."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from functools import reduce
from typing import TypeAlias

import numpy as np

from sheetgen.excel.a1 import Area, place
from sheetgen.excel.functions import FUNCTIONS as FACTS
from sheetgen.excel.instructions import COMPARISONS, ON_REFERENCES, Call, Operator
from sheetgen.excel.names import MAX_SHOWN
from sheetgen.excel.references import Step
from sheetgen.judge.compiled import choices
from sheetgen.judge.compiled.arithmetic import PAIRED, finite
from sheetgen.judge.compiled.values import (
    CannotCompile,
    CellRows,
    Item,
    Operand,
    Varying,
    compared,
    defer,
    elementwise,
    is_error,
    kind,
    level_of,
    number,
    range_of,
    text,
    truth,
)

Build: TypeAlias = Callable[..., Item]  # of the CellRows and the arguments


def call(item: Step, cells: CellRows, arguments: list[Item]) -> Item:
    """The result of an operator or a function. Raises CannotCompile, without the cell's name."""
    if isinstance(item, Operator) and item.name in FUNCTIONS:
        return FUNCTIONS[item.name](cells, *arguments)
    if not isinstance(item, Call):
        what = ON_REFERENCES.get(item.name, item.name) if isinstance(item, Operator) else "an array constant"
        raise CannotCompile(f"{what} is not understood")
    if item.name not in FUNCTIONS:
        raise CannotCompile(f"the function {item.name[:MAX_SHOWN]} is not understood")
    if not FACTS[item.name].takes(len(arguments)):
        raise CannotCompile(f"{item.name} has too few or too many arguments")
    return FUNCTIONS[item.name](cells, *arguments)


def _numbers(name: str) -> Build:
    """A function of single numbers."""
    return lambda cells, *arguments: elementwise(name, *(number(cells.scalar(a)) for a in arguments))


def _comparison(name: str) -> Build:
    return lambda cells, a, b: compared(name, cells.scalar(a), cells.scalar(b))


def _log(cells: CellRows, a: Item, *base: Item) -> Item:
    values = [number(cells.scalar(x)) for x in (a, *base)]
    return elementwise("/", *(elementwise("LN", x) for x in values)) if base else elementwise("LOG10", *values)


def _join(cells: CellRows, a: Item, b: Item) -> Item:
    left, right = cells.scalar(a), cells.scalar(b)
    return math.nan if is_error(left) or is_error(right) else text(left) + text(right)


# Functions of many values -------------------------------------------------------------------------------------------


def _over(cells: CellRows, join: str, each: str, varying: list[Varying]) -> Varying:
    """Cells joined with one another, after something is done to `each`."""
    numbers = tuple(map(cells.number_of, varying))
    return defer("n", ("over", join, each, len(numbers)), (), (numbers,), level_of(varying))


def _gather(
    cells: CellRows, arguments: Iterable[Item], join: str, each: str = "", kinds: str = "n"
) -> tuple[list[Operand], int]:
    """(operands to be joined, constants first; how many values they are): of a range only what has one of `kinds`."""
    operands: list[Operand] = []
    count = 0
    for argument in arguments:
        if isinstance(argument, Area):
            values = [a for a in cells.contents(argument) if kind(a) in kinds]
            varying = [a for a in values if isinstance(a, Varying)]
            operands += [_over(cells, join, each, varying)] if varying else []
            constants = [number(a) for a in values if not isinstance(a, Varying)]
        else:
            values = constants = [truth(argument) if each == "truth" else number(argument)]
        operands += [elementwise(each, a) if each else a for a in constants]
        count += len(values)
    return sorted(operands, key=lambda a: isinstance(a, Varying)), count


def _total(join: str, operands: list[Operand]) -> Operand:
    return reduce(lambda a, b: elementwise(join, a, b), operands)


def _heedful(cells: CellRows, arguments: Iterable[Item], result: Operand) -> Operand:
    """The result, but an error where a truth value in a range is one, although it counts for nothing."""
    values = (a for argument in arguments if isinstance(argument, Area) for a in cells.contents(argument))
    truths = [a for a in values if isinstance(a, Varying) and a.kinds == "b"]
    return elementwise("+", result, elementwise("*", _over(cells, "+", "", truths), 0.0)) if truths else result


def _joined(join: str, empty: float, each: str = "", kinds: str = "n") -> Build:
    """SUM, MAX and their like; `empty` is their value where there are no numbers at all."""

    def build(cells: CellRows, *arguments: Item) -> Item:
        operands, count = _gather(cells, arguments, join, each, kinds)
        result = _total(join, operands) if count else empty
        if each == "truth":
            return truth(result)
        return result if each == "counts" else _heedful(cells, arguments, result)

    return build


def _average(cells: CellRows, *arguments: Item) -> Item:
    operands, count = _gather(cells, arguments, "+")
    return _heedful(cells, arguments, elementwise("/", _total("+", operands), float(count))) if count else math.nan


def _counta(cells: CellRows, *arguments: Item) -> Item:
    lists = (cells.contents(a) if isinstance(a, Area) else [a] for a in arguments)
    return float(sum(a is not None for values in lists for a in values))


def _same_shape(name: str, *arguments: Item) -> list[Area]:
    areas = [range_of(name, a) for a in arguments]
    if len({area.shape for area in areas}) > 1:
        raise CannotCompile(f"{name} has ranges of different shapes")
    return areas


def _sumproduct(cells: CellRows, *arguments: Item) -> Item:
    """Ranges that vary are windows; the product of the constant ones is the kernel."""
    areas = _same_shape("SUMPRODUCT", *arguments)
    natures = [cells.nature(a) for a in areas]
    if "error" in natures:
        return math.nan
    size = areas[0].size
    kernel = cells.kernel([a for a, nature in zip(areas, natures, strict=True) if nature == "constant"], size)
    windows = [cells.window(a) for a, nature in zip(areas, natures, strict=True) if nature == "varying"]
    if not windows:
        return float(finite(cells.kernels[kernel].sum()))
    leaf = kernel, *(number for number, _ in windows)
    return defer("n", ("products", size, len(windows)), (), (leaf,), max(level for _, level in windows))


def _pairs(name: str) -> Build:
    """SUMXMY2 and its like: a sum over two ranges, cell by cell."""

    def build(cells: CellRows, a: Item, b: Item) -> Item:
        pairs = zip(*map(cells.contents, _same_shape(name, a, b)), strict=True)
        values = [x for pair in pairs for x in pair]
        if any(kind(x) != "n" for x in values):  # engines differ in what they make of it
            raise CannotCompile(f"{name} has a cell that holds no number")
        if not any(isinstance(x, Varying) for x in values):
            return float(finite(np.asarray(sum(map(PAIRED[name], values[::2], values[1::2])))))
        return defer("n", ("pairs", name), (), (tuple(map(cells.number_of, values)),), level_of(values))

    return build


# Places -------------------------------------------------------------------------------------------------------------


def _extent(name: str, axis: int) -> Build:
    return lambda _, array: float(range_of(name, array).shape[axis])


def _position(name: str, axis: int) -> Build:
    def build(cells: CellRows, *array: Item) -> Item:
        area = range_of(name, array[0]) if array else None
        return float((area.row, area.column)[axis] if area else place(cells.here[1])[axis])

    return build


_OF_NUMBERS = (
    "+", "-", "*", "/", "^", "negative", "%", "ABS", "EXP", "LN", "LOG10", "SQRT", "SIN", "COS", "TAN", "ATAN", "SINH",
    "COSH", "TANH", "INT", "SIGN", "ROUND", "ROUNDUP", "ROUNDDOWN", "MOD",
)  # fmt: skip

FUNCTIONS: dict[str, Build] = {
    **{name: _numbers(name) for name in _OF_NUMBERS},
    "POWER": _numbers("^"),
    "TRUNC": lambda cells, a, digits=0.0: _numbers("ROUNDDOWN")(cells, a, digits),
    "LOG": _log,
    "PI": lambda _: math.pi,
    "positive": lambda cells, a: cells.scalar(a),
    **{name: _comparison(name) for name in COMPARISONS},
    "&": _join,
    "TRUE": lambda _: True,
    "FALSE": lambda _: False,
    "NOT": lambda cells, a: elementwise("NOT", truth(cells.scalar(a)), kinds="b"),
    "SUM": _joined("+", 0.0),
    "SUMSQ": _joined("+", 0.0, "square"),
    "PRODUCT": _joined("*", 0.0),
    "MAX": _joined("max", 0.0),
    "MIN": _joined("min", 0.0),
    "COUNT": _joined("+", 0.0, "counts"),
    "AND": _joined("min", math.nan, "truth", "nb"),
    "OR": _joined("max", math.nan, "truth", "nb"),
    "AVERAGE": _average,
    "COUNTA": _counta,
    "SUMPRODUCT": _sumproduct,
    **{name: _pairs(name) for name in PAIRED},
    "IF": choices.if_,
    "IFERROR": choices.iferror,
    "CHOOSE": choices.choose,
    "INDEX": choices.index,
    "MATCH": choices.match,
    "ROWS": _extent("ROWS", 0),
    "COLUMNS": _extent("COLUMNS", 1),
    "ROW": _position("ROW", 0),
    "COLUMN": _position("COLUMN", 1),
}
