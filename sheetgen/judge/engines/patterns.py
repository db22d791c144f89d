"""`formulas` by compiled patterns: every formula cell, calculated once from the cached values it refers to.

References become slots, so the thousand rows of a trace are a few patterns, and so are the windows of a convolution;
each is compiled once, and called once for all its cells. The result is sound by induction: if every cell follows from
its precedents' cached values, and the inputs are right, all are.
"""

import time
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from sheetgen.excel import Value, Workbook, read
from sheetgen.excel.a1 import Area, address
from sheetgen.judge.engines.dialect import (
    MAX_AREA,
    Cut,
    Cutter,
    Found,
    NotEvaluated,
    formulas_value,
    plain_value,
    quiet,
)
from sheetgen.judge.engines.result import Recalculated, Values, formula_cells
from sheetgen.judge.engines.together import Pattern, compile_pattern, takes
from sheetgen.judge.engines.whole import version as version

NAME = "formulas patterns"

MAX_CACHED = 4_000_000  # cells of ranges kept at a time
MAX_STACKED = 2_000_000  # numbers of the windows that are stacked for one call
FEW = 4  # cells of a group that are calculated one by one, as is


class Task(NamedTuple):
    """One formula cell: where it is and what its slots refer to."""

    sheet: str
    address: str
    areas: list[Area]


class Group(NamedTuple):
    """What cells have in common: the formula with slots, whether it may be called for all, the shapes of its ranges."""

    pattern: str
    together: bool
    shapes: tuple[tuple[int, int], ...] = ()


def recalculate(path: str | Path, workbook: Workbook | None = None) -> Recalculated:
    """Calculate every formula cell from cached values. Raises EngineMissing, UnreadableWorkbook."""
    release = version()
    start = time.perf_counter()
    workbook = workbook or read(path)
    values: Values = {sheet: {} for sheet in workbook.sheets}
    groups, unknown = group(workbook)
    calculate = Calculator(Precedents(workbook))
    with quiet():
        for shared, tasks in groups.items():
            for task, result in zip(tasks, calculate(shared, tasks), strict=True):
                if isinstance(result, NotEvaluated):
                    unknown.append(f"{task.sheet}!{task.address}: {result}")
                else:
                    values[task.sheet][task.address] = result
    return Recalculated(NAME, release, values, time.perf_counter() - start, unknown)


def group(workbook: Workbook) -> tuple[dict[Group, list[Task]], list[str]]:
    """The formula cells by pattern, and a line for each that cannot be judged. Raises EngineMissing."""
    cutter = Cutter(workbook)
    known: dict[tuple[int, tuple[Any, ...]], Group] = {}  # by the cut, which the cutter keeps, and the shapes
    groups: dict[Group, list[Task]] = {}
    unknown = []
    for sheet, where in formula_cells(workbook.sheets):
        try:
            cut, found = cutter.cut(sheet, workbook.sheets[sheet][where].formula or "")
        except NotEvaluated as error:
            unknown.append(f"{sheet}!{where}: {error}")
            continue
        key = id(cut), tuple(shape for _, shape in found)
        if key not in known:
            known[key] = _group(cut, found)
        groups.setdefault(known[key], []).append(Task(sheet, where, _areas(cut, found)))
    return groups, unknown


def _areas(cut: Cut, found: list[Found]) -> list[Area]:
    """What the slots of a formula refer to."""
    if not cut.named:
        return [area for area, _ in found if isinstance(area, Area)]
    references = iter(found)
    pieces = (next(references)[0] if piece is None else piece for piece in cut.pieces)
    return [piece for piece in pieces if isinstance(piece, Area)]


def _group(cut: Cut, found: list[Found]) -> Group:
    references, slots, shapes = iter(found), count(1), []
    pattern = ""
    for piece in cut.pieces:
        piece = next(references)[0] if piece is None else piece
        if isinstance(piece, Area):
            shapes += [] if piece.single else [piece.shape]
            piece = f"{'A' if piece.single else 'B'}{next(slots)}"
        pattern += piece
    return Group(pattern, takes(pattern, cut.called, len(shapes)), tuple(shapes))


class Precedents:
    """The cached values of a workbook, as `formulas` wants them; ranges are read once."""

    def __init__(self, workbook: Workbook) -> None:
        self.sheets = workbook.sheets
        self.ranges: dict[Area, Any] = {}
        self.cached = 0

    def cell(self, sheet: str, where: str) -> Any:
        """One value. Raises NotEvaluated for a formula that has no cached value."""
        entry = self.sheets[sheet].get(where)
        if entry is not None and entry.formula is not None and entry.value is None:
            raise NotEvaluated(f"it needs {sheet}!{where}, which has no cached value")
        return formulas_value(None if entry is None else entry.value)

    def value(self, wanted: Area) -> Any:
        """The value of a single cell, the array of a range. Raises NotEvaluated."""
        return self.cell(wanted.sheet, address(wanted.row, wanted.column)) if wanted.single else self(wanted)

    def __call__(self, wanted: Area) -> Any:
        """A 2-D array of objects, 1 x 1 for a cell. Raises NotEvaluated."""
        if wanted not in self.ranges:
            if wanted.size > MAX_AREA:
                raise NotEvaluated(f"a range of {wanted.size:,} cells is too large")
            if self.cached + wanted.size > MAX_CACHED:
                self.ranges, self.cached = {}, 0
            self.cached += wanted.size
            found = np.empty(wanted.size, object)
            found[:] = [self.cell(wanted.sheet, where) for where in wanted.addresses()]
            self.ranges[wanted] = found.reshape(wanted.shape)
        return self.ranges[wanted]


class Calculator:
    """Calculates groups: together where it can, else one by one; what it compiled is kept."""

    def __init__(self, precedents: Precedents) -> None:
        self.precedents = precedents
        self.compiled: dict[tuple[str, bool], Pattern] = {}

    def __call__(self, shared: Group, tasks: list[Task]) -> list[Value | NotEvaluated]:
        """The value of each cell, or why it has none."""
        if shared.together and len(tasks) >= FEW:
            size = max(1, sum(rows * columns for rows, columns in shared.shapes))
            step = max(1, MAX_STACKED // size)
            try:
                results = [r for k in range(0, len(tasks), step) for r in self._together(shared, tasks[k : k + step])]
            except NotEvaluated:  # one by one it may be
                return self._singly(shared, tasks)
            picked = (0, len(tasks) // 2, -1)
            if same([results[k] for k in picked], self._singly(shared, [tasks[k] for k in picked])):
                return results
        return self._singly(shared, tasks)

    def _pattern(self, shared: Group, together: bool) -> Pattern:
        key = shared.pattern, together
        if key not in self.compiled:
            self.compiled[key] = compile_pattern(*key)
        return self.compiled[key]

    def _together(self, shared: Group, tasks: list[Task]) -> Iterator[Value | NotEvaluated]:
        """All in one call, each slot a column of values or a stack of windows. Raises NotEvaluated."""
        rows: list[Any] = []
        for task in tasks:
            try:
                rows.append([self.precedents.value(area) for area in task.areas])
            except NotEvaluated as error:
                rows.append(error)
        whole = [row for row in rows if not isinstance(row, NotEvaluated)]
        if whole:
            slots = [_slot(given) for given in zip(*whole, strict=True)]
            found = np.broadcast_to(self._pattern(shared, True)(slots), (len(whole), 1))
            values = iter(found[:, 0])
        for row in rows:
            yield row if isinstance(row, NotEvaluated) else plain_value(next(values))

    def _singly(self, shared: Group, tasks: list[Task]) -> list[Value | NotEvaluated]:
        results: list[Value | NotEvaluated] = []
        for task in tasks:
            try:
                found = self._pattern(shared, False)([self.precedents(area) for area in task.areas])
                if found.size != 1:
                    raise NotEvaluated(f"it gives {found.size} values")
                results.append(plain_value(found.ravel()[0]))
            except NotEvaluated as error:
                results.append(error)
        return results


def _slot(given: tuple[Any, ...]) -> Any:
    """A column of single cells, (cells, 1), or a stack of windows, (cells, rows, columns): floats if all are."""
    if not isinstance(given[0], np.ndarray):
        column = np.empty((len(given), 1), object)
        column[:, 0] = given
        return column
    stack = np.stack(given)
    return stack.astype(float) if set(map(type, stack.ravel())) == {float} else stack


def same(some: list[Value | NotEvaluated], others: list[Value | NotEvaluated]) -> bool:
    """To the last bit."""
    return [(type(a), repr(a)) for a in some] == [(type(b), repr(b)) for b in others]
