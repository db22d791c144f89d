"""`formulas` by compiled patterns: every formula cell, calculated once from the cached values it refers to.

References become slots, so the thousand rows of a trace are a few patterns, and so are the windows of a convolution;
each is compiled once, and called once for all its cells. The result is sound by induction: if every cell follows from
its precedents' cached values, and the inputs are right, all are.
"""

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np

from sheetgen.excel import Place, Value, Workbook
from sheetgen.excel.a1 import Area, address
from sheetgen.judge.engines.dialect import (
    MAX_AREA,
    Cutter,
    NotEvaluated,
    SplitFormula,
    formulas_value,
    plain_value,
    quiet,
)
from sheetgen.judge.engines.result import Attempt, Engine, formula_cells
from sheetgen.judge.engines.together import Pattern, compile_pattern, takes
from sheetgen.judge.engines.whole import version as version

NAME = "formulas patterns"

MAX_CACHED = 4_000_000  # cells of ranges kept at a time
MAX_STACKED = 2_000_000  # numbers of the windows that are stacked for one call
FEW = 4  # cells of a group that are calculated one by one, as is


class Task(NamedTuple):
    """One formula cell: where it is, and the cells that its slots refer to."""

    sheet: str
    address: str
    areas: list[Area]


class Group(NamedTuple):
    """Cells that are alike: the formula with slots, whether it may be called for all, the shapes of its ranges."""

    pattern: str
    together: bool
    shapes: tuple[tuple[int, int], ...] = ()


def _calculate(attempt: Attempt) -> None:
    """Calculate every formula cell from cached values."""
    groups, attempt.refused = group(attempt.workbook)
    calculate = Calculator(CachedValues(attempt.workbook))
    with quiet():
        for shared, tasks in groups.items():
            for task, result in zip(tasks, calculate(shared, tasks), strict=True):
                if isinstance(result, NotEvaluated):
                    attempt.refused[task.sheet, task.address] = str(result)
                else:
                    attempt.values[task.sheet][task.address] = result


def group(workbook: Workbook) -> tuple[dict[Group, list[Task]], dict[Place, str]]:
    """The formula cells by pattern, and why others cannot be judged. Raises EngineMissing."""
    cutter = Cutter(workbook)
    known: dict[tuple[int, tuple[Any, ...]], Group] = {}  # by the cut, which the cutter keeps, and the shapes
    groups: dict[Group, list[Task]] = {}
    refused: dict[Place, str] = {}
    for sheet, where in formula_cells(workbook.sheets):
        try:
            cut, areas = cutter.cut(sheet, where, workbook.sheets[sheet][where].formula or "")
        except NotEvaluated as error:
            refused[sheet, where] = str(error)
            continue
        key = id(cut), tuple(area.shape for area in areas)
        if key not in known:
            known[key] = _group(cut, areas)
        groups.setdefault(known[key], []).append(Task(sheet, where, areas))
    return groups, refused


def _group(cut: SplitFormula, areas: Sequence[Area]) -> Group:
    slots = [f"{'A' if area.single else 'B'}{n}" for n, area in enumerate(areas, 1)]
    shapes = tuple(area.shape for area in areas if not area.single)
    return Group(cut.text(slots), takes(cut.code, areas), shapes)


class CachedValues:
    """The cached values of a workbook, as `formulas` wants them; ranges are read once."""

    def __init__(self, workbook: Workbook) -> None:
        self.sheets = workbook.sheets
        self.ranges: dict[Area, Any] = {}
        self.cells: dict[Area, Any] = {}
        self.cached = 0

    def cell(self, sheet: str, where: str) -> Any:
        """One value. Raises NotEvaluated for a formula that has no cached value."""
        entry = self.sheets[sheet].get(where)
        if entry is not None and entry.formula is not None and entry.value is None:
            raise NotEvaluated(f"it needs {sheet}!{where}, which has no cached value")
        return formulas_value(None if entry is None else entry.value)

    def value(self, wanted: Area) -> Any:
        """The value of a single cell, the array of a range. Raises NotEvaluated."""
        if not wanted.single:
            return self(wanted)
        if wanted not in self.cells:  # most are asked for several times
            self.cells[wanted] = self.cell(wanted.sheet, address(wanted.row, wanted.column))
        return self.cells[wanted]

    def __call__(self, wanted: Area) -> Any:
        """A 2-D array of objects, 1 x 1 for a cell. Raises NotEvaluated."""
        if wanted not in self.ranges:
            if wanted.size > MAX_AREA:
                raise NotEvaluated(f"a range of {wanted.size:,} cells is too large")
            if self.cached + wanted.size > MAX_CACHED:
                self.ranges, self.cached = {}, 0
            self.cached += wanted.size
            values = np.empty(wanted.size, object)
            values[:] = [self.cell(wanted.sheet, where) for where in wanted.addresses()]
            self.ranges[wanted] = values.reshape(wanted.shape)
        return self.ranges[wanted]


class Calculator:
    """Calculates groups: together where it can, else one by one; what it compiled is kept."""

    def __init__(self, precedents: CachedValues) -> None:
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
            column = np.broadcast_to(self._pattern(shared, True)(slots), (len(whole), 1))
            values = iter(column[:, 0])
        for row in rows:
            yield row if isinstance(row, NotEvaluated) else plain_value(next(values))

    def _singly(self, shared: Group, tasks: list[Task]) -> list[Value | NotEvaluated]:
        results: list[Value | NotEvaluated] = []
        for task in tasks:
            try:
                result = self._pattern(shared, False)([self.precedents(area) for area in task.areas])
                if result.size != 1:
                    raise NotEvaluated(f"it gives {result.size} values")
                results.append(plain_value(result.ravel()[0]))
            except NotEvaluated as error:
                results.append(error)
        return results


def _slot(given: tuple[Any, ...]) -> Any:
    """A column of single cells, (cells, 1), or a stack of windows, (cells, rows, columns): floats if all are."""
    if not isinstance(given[0], np.ndarray):
        column = np.empty((len(given), 1), object)
        column[:, 0] = given
        return column
    different = list({id(array): array for array in given}.values())  # many cells refer to one range
    numbers = all(set(map(type, array.ravel())) == {float} for array in different)
    if len(different) == 1:
        one = different[0].astype(float) if numbers else different[0]
        return np.broadcast_to(one, (len(given), *one.shape))
    stack = np.stack(given)
    return stack.astype(float) if numbers else stack


def same(some: list[Value | NotEvaluated], others: list[Value | NotEvaluated]) -> bool:
    """To the last bit."""
    return [(type(a), repr(a)) for a in some] == [(type(b), repr(b)) for b in others]


recalculate = Engine(NAME, version, _calculate)
