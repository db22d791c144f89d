"""The operators and functions that are understood: a table, one row each, of what they make of values and ranges."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable
from functools import reduce
from typing import NamedTuple, TypeAlias

from sheetgen.excel.a1 import Area, place
from sheetgen.judge.compiled.arithmetic import finite
from sheetgen.judge.compiled.parse import COMPARISONS, CannotCompile
from sheetgen.judge.compiled.values import (
    Cells,
    Item,
    Known,
    Operand,
    Varying,
    compared,
    elementwise,
    is_error,
    kind,
    later,
    merged,
    number,
    settled,
    text,
    truth,
)

Build: TypeAlias = Callable[..., Item]


class Function(NamedTuple):
    """`build` gets the Cells and the arguments; least and most: how many of these."""

    build: Build
    least: int
    most: int = 255


def call(name: str, cells: Cells, arguments: list[Item]) -> Item:
    """The result of an operator or a function. Raises CannotCompile, without the cell's name."""
    found = FUNCTIONS.get(name)
    if found is None:
        raise CannotCompile(f"the function {name[:40]} is not understood")
    if not found.least <= len(arguments) <= found.most:
        raise CannotCompile(f"{name} has too few or too many arguments")
    return found.build(cells, *arguments)


def _range(name: str, item: Item) -> Area:
    if not isinstance(item, Area):
        raise CannotCompile(f"{name} has something else where a range belongs")
    return item


def _numbers(name: str, count: int) -> Function:
    """A function of single numbers."""

    def build(cells: Cells, *arguments: Item) -> Item:
        return elementwise(name, *(number(cells.scalar(a)) for a in arguments))

    return Function(build, count, count)


def _comparison(name: str) -> Function:
    return Function(lambda cells, a, b: compared(name, cells.scalar(a), cells.scalar(b)), 2, 2)


def _join(cells: Cells, a: Item, b: Item) -> Item:
    left, right = cells.scalar(a), cells.scalar(b)
    return math.nan if is_error(left) or is_error(right) else text(left) + text(right)


# Functions of many values -------------------------------------------------------------------------------------------


def _over(cells: Cells, join: str, each: str, varying: list[Varying]) -> Varying:
    """Cells joined with one another, after something is done to `each`."""
    numbers = tuple(map(cells.number_of, varying))
    return later("n", ("over", join, each, len(numbers)), (), (numbers,), max(a.level for a in varying))


def _gather(
    cells: Cells, arguments: Iterable[Item], join: str, each: str = "", kinds: str = "n"
) -> tuple[list[Operand], int]:
    """(operands to be joined, constants first; how many values they are): of a range only what has one of `kinds`."""
    found: list[Operand] = []
    count = 0
    for argument in arguments:
        if isinstance(argument, Area):
            held = [a for a in cells.contents(argument) if kind(a) in kinds]
            varying = [a for a in held if isinstance(a, Varying)]
            found += [_over(cells, join, each, varying)] if varying else []
            constants = [number(a) for a in held if not isinstance(a, Varying)]
        else:
            held = constants = [truth(argument) if each == "truth" else number(argument)]
        found += [elementwise(each, a) if each else a for a in constants]
        count += len(held)
    return sorted(found, key=lambda a: isinstance(a, Varying)), count


def _total(join: str, found: list[Operand]) -> Operand:
    return reduce(lambda a, b: elementwise(join, a, b), found)


def _heedful(cells: Cells, arguments: Iterable[Item], result: Operand) -> Operand:
    """The result, but an error where a truth value in a range is one, although it counts for nothing."""
    held = (a for argument in arguments if isinstance(argument, Area) for a in cells.contents(argument))
    truths = [a for a in held if isinstance(a, Varying) and a.kinds == "b"]
    return elementwise("+", result, elementwise("*", _over(cells, "+", "", truths), 0.0)) if truths else result


def _joined(join: str, empty: float, each: str = "", kinds: str = "n") -> Function:
    """SUM, MAX and their like; `empty` is their value where there are no numbers at all."""

    def build(cells: Cells, *arguments: Item) -> Item:
        found, count = _gather(cells, arguments, join, each, kinds)
        result = _total(join, found) if count else empty
        return truth(result) if each == "truth" else result if each else _heedful(cells, arguments, result)

    return Function(build, 1)


def _average(cells: Cells, *arguments: Item) -> Item:
    found, count = _gather(cells, arguments, "+")
    return _heedful(cells, arguments, elementwise("/", _total("+", found), float(count))) if count else math.nan


def _counta(cells: Cells, *arguments: Item) -> Item:
    held = (cells.contents(a) if isinstance(a, Area) else [a] for a in arguments)
    return float(sum(a is not None for values in held for a in values))


def _sumproduct(cells: Cells, *arguments: Item) -> Item:
    """Ranges that vary are windows; the product of the constant ones is the kernel."""
    areas = [_range("SUMPRODUCT", a) for a in arguments]
    if len({shape(a) for a in areas}) > 1:
        raise CannotCompile("SUMPRODUCT has ranges of different shapes")
    natures = [cells.nature(a) for a in areas]
    if "error" in natures:
        return math.nan
    size = areas[0].size
    kernel = cells.kernel([a for a, nature in zip(areas, natures, strict=True) if nature == "constant"], size)
    windows = [cells.window(a) for a, nature in zip(areas, natures, strict=True) if nature == "varying"]
    if not windows:
        return float(finite(cells.kernels[kernel].sum()))
    leaf = kernel, *(number for number, _ in windows)
    return later("n", ("products", size, len(windows)), (), (leaf,), max(level for _, level in windows))


# Choices ------------------------------------------------------------------------------------------------------------


def _if(cells: Cells, condition: Item, then: Item, other: Item = False) -> Item:
    asked = truth(cells.scalar(condition))
    if not isinstance(asked, Varying):
        return asked if is_error(asked) else then if asked else other
    (a, of_a), (b, of_b) = settled(cells.scalar(then)), settled(cells.scalar(other))
    return elementwise("IF", asked, a, b, kinds=merged(of_a, of_b))


def _iferror(cells: Cells, value: Item, other: Item) -> Item:
    found = cells.scalar(value)
    if not isinstance(found, Varying):
        return other if is_error(found) else found
    if "t" in found.kinds:
        raise CannotCompile("IFERROR has what may be a text, and that depends on the inputs")
    instead, kinds = settled(cells.scalar(other))
    return elementwise("IFERROR", found, instead, kinds=merged(found.kinds, kinds))


def _index(cells: Cells, array: Item, row: Item, column: Item = None) -> Item:
    area = _range("INDEX", array)
    rows, columns = shape(area)
    if column is None and rows == 1:
        row, column = 1.0, row
    elif column is None and columns == 1:
        column = 1.0
    down, right = number(cells.scalar(row)), number(cells.scalar(column))
    if not isinstance(down, Varying) and not isinstance(right, Varying):
        return _part(area, down, right)
    if 0.0 in (down, right):
        raise CannotCompile("INDEX gives a whole row or column, and which one depends on the inputs")
    values = [settled(a) for a in cells.contents(area)]
    numbers = tuple(cells.number_of(a) for a, _ in values)
    level = max((a.level for a, _ in values if isinstance(a, Varying)), default=0)
    return later(merged(*(k for _, k in values)), ("pick", rows, columns), (down, right), (numbers,), level)


def _part(area: Area, down: Known, right: Known) -> Item:
    """One cell of a range; for 0 a whole column or row of it."""
    rows, columns = shape(area)
    if not (isinstance(down, float) and isinstance(right, float) and 0 <= down < rows + 1 and 0 <= right < columns + 1):
        return math.nan
    row, column = area.row + int(down) - 1, area.column + int(right) - 1
    area = area._replace(row=row, last_row=row) if down >= 1 else area
    return area._replace(column=column, last_column=column) if right >= 1 else area


def _match(cells: Cells, value: Item, array: Item, how: Item = 1.0) -> Item:
    area, wanted = _range("MATCH", array), cells.scalar(value)
    if number(cells.scalar(how)) != 0:
        raise CannotCompile("MATCH is understood with 0 as its third argument only")
    if min(shape(area)) > 1:
        raise CannotCompile("MATCH has a range of several rows and columns")
    if isinstance(wanted, str) and re.search("[*?~]", wanted):
        raise CannotCompile("MATCH looks for wildcards")
    if wanted is None:  # engines differ in what they make of it
        raise CannotCompile("MATCH looks for an empty cell")
    among = [a if kind(a) == kind(wanted) else math.nan for a in cells.contents(area)]  # no error is ever equal
    if isinstance(wanted, Varying) or any(isinstance(a, Varying) for a in among):
        numbers = tuple(cells.number_of(number(a)) for a in among)
        level = max((a.level for a in among if isinstance(a, Varying)), default=0)
        return later("n", ("match", len(among)), (wanted,), (numbers,), level)
    return next((float(n) for n, a in enumerate(among, 1) if compared("=", a, wanted) is True), math.nan)


# Places -------------------------------------------------------------------------------------------------------------


def shape(area: Area) -> tuple[int, int]:
    """(rows, columns) of a range."""
    return area.last_row - area.row + 1, area.last_column - area.column + 1


def _extent(name: str, axis: int) -> Function:
    return Function(lambda _, array: float(shape(_range(name, array))[axis]), 1, 1)


def _position(name: str, axis: int) -> Function:
    def build(cells: Cells, *array: Item) -> Item:
        area = _range(name, array[0]) if array else None
        return float((area.row, area.column)[axis] if area else place(cells.here[1])[axis])

    return Function(build, 0, 1)


PLACES = ("ROWS", "COLUMNS", "ROW", "COLUMN")  # ask where a range is, not what it holds

FUNCTIONS: dict[str, Function] = {
    **{name: _numbers(name, 2) for name in ("+", "-", "*", "/", "^", "ROUND", "MOD")},
    **{name: _numbers(name, 1) for name in ("negative", "%", "ABS", "EXP", "LN", "SQRT", "TANH", "INT", "SIGN")},
    "POWER": _numbers("^", 2),
    "positive": Function(lambda cells, a: cells.scalar(a), 1, 1),
    **{name: _comparison(name) for name in COMPARISONS},
    "&": Function(_join, 2, 2),
    "TRUE": Function(lambda _: True, 0, 0),
    "FALSE": Function(lambda _: False, 0, 0),
    "NOT": Function(lambda cells, a: elementwise("NOT", truth(cells.scalar(a)), kinds="b"), 1, 1),
    "SUM": _joined("+", 0.0),
    "MAX": _joined("max", 0.0),
    "MIN": _joined("min", 0.0),
    "COUNT": _joined("+", 0.0, "counts"),
    "AND": _joined("min", math.nan, "truth", "nb"),
    "OR": _joined("max", math.nan, "truth", "nb"),
    "AVERAGE": Function(_average, 1),
    "COUNTA": Function(_counta, 1),
    "SUMPRODUCT": Function(_sumproduct, 1),
    "IF": Function(_if, 2, 3),
    "IFERROR": Function(_iferror, 2, 2),
    "INDEX": Function(_index, 2, 3),
    "MATCH": Function(_match, 2, 3),
    "ROWS": _extent("ROWS", 0),
    "COLUMNS": _extent("COLUMNS", 1),
    "ROW": _position("ROW", 0),
    "COLUMN": _position("COLUMN", 1),
}
