"""The functions that choose: IF and its like, INDEX, MATCH."""

from __future__ import annotations

import math
import re

from sheetgen.excel.a1 import Area
from sheetgen.judge.compiled.values import (
    CannotCompile,
    CellRows,
    Item,
    Known,
    Varying,
    as_number_and_kind,
    compared,
    defer,
    elementwise,
    is_error,
    kind,
    level_of,
    number,
    range_of,
    truth,
    union_kinds,
)


def if_(cells: CellRows, condition: Item, then: Item, other: Item = False) -> Item:
    """IF."""
    asked = truth(cells.scalar(condition))
    if not isinstance(asked, Varying):
        return asked if is_error(asked) else then if asked else other
    (a, of_a), (b, of_b) = as_number_and_kind(cells.scalar(then)), as_number_and_kind(cells.scalar(other))
    return elementwise("IF", asked, a, b, kinds=union_kinds(of_a, of_b))


def iferror(cells: CellRows, value: Item, other: Item) -> Item:
    """IFERROR."""
    tried = cells.scalar(value)
    if not isinstance(tried, Varying):
        return other if is_error(tried) else tried
    if "t" in tried.kinds:
        raise CannotCompile("IFERROR has what may be a text, and that depends on the inputs")
    fallback, kinds = as_number_and_kind(cells.scalar(other))
    return elementwise("IFERROR", tried, fallback, kinds=union_kinds(tried.kinds, kinds))


def choose(cells: CellRows, which: Item, *options: Item) -> Item:
    """CHOOSE."""
    place = elementwise("ROUNDDOWN", number(cells.scalar(which)), 0.0)
    if not isinstance(place, Varying):
        return options[int(place) - 1] if isinstance(place, float) and 1 <= place <= len(options) else math.nan
    result: Item = math.nan
    for k, option in reversed(list(enumerate(options, 1))):
        result = if_(cells, elementwise("=", place, float(k), kinds="b"), option, result)
    return result


def index(cells: CellRows, array: Item, row: Item, column: Item = None, *areas: Item) -> Item:
    """INDEX: a cell; for 0 a whole row or column of the range."""
    if areas:
        raise CannotCompile("INDEX of several ranges is not understood")
    area = range_of("INDEX", array)
    rows, columns = area.shape
    if column is None and rows == 1:
        row, column = 1.0, row
    elif column is None and columns == 1:
        column = 1.0
    down, right = number(cells.scalar(row)), number(cells.scalar(column))
    if not isinstance(down, Varying) and not isinstance(right, Varying):
        return _part(area, down, right)
    if 0.0 in (down, right):
        raise CannotCompile("INDEX gives a whole row or column, and which one depends on the inputs")
    values = [as_number_and_kind(a) for a in cells.contents(area)]
    numbers = tuple(cells.number_of(a) for a, _ in values)
    kinds, level = union_kinds(*(k for _, k in values)), level_of(a for a, _ in values)
    return defer(kinds, ("pick", rows, columns), (down, right), (numbers,), level)


def _part(area: Area, down: Known, right: Known) -> Item:
    """One cell of a range; for 0 a whole column or row of it."""
    rows, columns = area.shape
    if not (isinstance(down, float) and isinstance(right, float) and 0 <= down < rows + 1 and 0 <= right < columns + 1):
        return math.nan
    row, column = area.row + int(down) - 1, area.column + int(right) - 1
    area = area._replace(row=row, last_row=row) if down >= 1 else area
    return area._replace(column=column, last_column=column) if right >= 1 else area


def match(cells: CellRows, value: Item, array: Item, how: Item = 1.0) -> Item:
    """MATCH of what equals the value: the first place, or an error."""
    area, wanted = range_of("MATCH", array), cells.scalar(value)
    if number(cells.scalar(how)) != 0:
        raise CannotCompile("MATCH is understood with 0 as its third argument only")
    if min(area.shape) > 1:
        raise CannotCompile("MATCH has a range of several rows and columns")
    if isinstance(wanted, str) and re.search("[*?~]", wanted):
        raise CannotCompile("MATCH looks for wildcards")
    if wanted is None:  # engines differ in what they make of it
        raise CannotCompile("MATCH looks for an empty cell")
    among = [a if kind(a) == kind(wanted) else math.nan for a in cells.contents(area)]  # no error is ever equal
    if isinstance(wanted, Varying) or any(isinstance(a, Varying) for a in among):
        numbers = tuple(cells.number_of(number(a)) for a in among)
        return defer("n", ("match", len(among)), (wanted,), (numbers,), level_of(among))
    return next((float(n) for n, a in enumerate(among, 1) if compared("=", a, wanted) is True), math.nan)
