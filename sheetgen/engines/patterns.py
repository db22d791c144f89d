"""`formulas` by compiled patterns: every formula cell, calculated once from the cached values it refers to.

References become slots, so the thousand rows of a trace are a few patterns; each is compiled once. The result is
sound by induction: if every cell follows from its precedents' cached values, and the inputs are right, all are.
"""

import time
from collections.abc import Callable, Iterable
from functools import wraps
from pathlib import Path
from typing import Any, ClassVar, NamedTuple

import numpy as np

from ..xlsx import Value, Workbook, read
from ..xlsx.a1 import Area, address
from .dialect import MAX_AREA, Cutter, NotEvaluated, formulas_value, plain_value, quiet
from .result import Recalculated, Values, formula_cells, need, package_version

NAME = "formulas patterns"

# One value from one value of each argument: these may be called with a column of a thousand cells. All others would
# reduce it: MAX(0, column) is one number.
ELEMENTWISE = frozenset(
    {
        "ABS", "ACOS", "ASIN", "ATAN", "CHAR", "COS", "EXP", "FIXED", "IF", "IFERROR", "INT", "ISERROR", "ISNUMBER",
        "ISTEXT", "LN", "LOG10", "MOD", "NA", "NOT", "POWER", "REPT", "ROUND", "SIGN", "SIN", "SINH", "SQRT", "TAN",
        "TANH", "TEXT",
    }
)
MAX_CACHED = 4_000_000  # cells of ranges kept at a time


class Task(NamedTuple):
    """One formula cell: where it is and what its slots refer to."""

    sheet: str
    address: str
    areas: list[Area]


Group = tuple[str, bool]  # the formula with slots, and whether it may be called with columns


def version() -> str:
    """The version of the installed package. Raises EngineMissing."""
    return package_version("formulas")


def recalculate(path: str | Path) -> Recalculated:
    """Calculate every formula cell from cached values. Raises EngineMissing, UnreadableWorkbook."""
    release = version()
    start = time.perf_counter()
    workbook = read(path)
    values: Values = {sheet: {} for sheet in workbook.sheets}
    groups, unknown = group(workbook)
    precedents = Precedents(workbook)
    with quiet():
        for (pattern, columns), tasks in groups.items():
            try:
                results = (_by_column if columns else _by_cell)(_compile(pattern, columns), tasks, precedents)
            except NotEvaluated as error:
                unknown += [f"{task.sheet}!{task.address}: {error}" for task in tasks]
                continue
            for task, result in zip(tasks, results, strict=True):
                if isinstance(result, NotEvaluated):
                    unknown.append(f"{task.sheet}!{task.address}: {result}")
                else:
                    values[task.sheet][task.address] = result
    return Recalculated(NAME, release, values, time.perf_counter() - start, unknown)


def group(workbook: Workbook) -> tuple[dict[Group, list[Task]], list[str]]:
    """The formula cells by pattern, and a line for each that cannot be judged. Raises EngineMissing."""
    cutter = Cutter(workbook)
    groups: dict[Group, list[Task]] = {}
    unknown = []
    for sheet, where in formula_cells(workbook.sheets):
        try:
            pieces, called = cutter.cut(sheet, workbook.sheets[sheet][where].formula or "")
        except NotEvaluated as error:
            unknown.append(f"{sheet}!{where}: {error}")
            continue
        areas = [piece for piece in pieces if isinstance(piece, Area)]
        slots = (f"{'A' if piece.single else 'B'}{n}" for n, piece in enumerate(areas, 1))
        pattern = "".join(piece if isinstance(piece, str) else next(slots) for piece in pieces)
        columns = called <= ELEMENTWISE and all(piece.single for piece in areas)
        groups.setdefault((pattern, columns), []).append(Task(sheet, where, areas))
    return groups, unknown


class Precedents:
    """The cached values of a workbook, as `formulas` wants them; ranges are read once."""

    def __init__(self, workbook: Workbook) -> None:
        self.sheets = workbook.sheets
        self.ranges: dict[Area, Any] = {}
        self.cached = 0
        self.ends: dict[str, tuple[int, int]] = {}

    def cell(self, sheet: str, where: str) -> Any:
        """One value. Raises NotEvaluated for a formula that has no cached value."""
        entry = self.sheets[sheet].get(where)
        if entry is not None and entry.formula is not None and entry.value is None:
            raise NotEvaluated(f"it needs {sheet}!{where}, which has no cached value")
        return formulas_value(None if entry is None else entry.value)

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
            self.ranges[wanted] = found.reshape(wanted.last_row - wanted.row + 1, -1)
        return self.ranges[wanted]


def _by_column(function: "Pattern", tasks: list[Task], precedents: Precedents) -> list[Value | NotEvaluated]:
    """All cells of a group in one call, each slot a column of values."""
    results: list[Value | NotEvaluated] = []
    rows = []
    for task in tasks:
        try:
            rows.append([precedents.cell(a.sheet, address(a.row, a.column)) for a in task.areas])
            results.append(0.0)
        except NotEvaluated as error:
            results.append(error)
    if not rows:
        return results
    columns = np.empty((len(rows), len(tasks[0].areas)), object)
    for i, row in enumerate(rows):
        columns[i] = row
    found = np.broadcast_to(function([columns[:, [slot]] for slot in range(columns.shape[1])]), (len(rows), 1))
    values = iter(found[:, 0])
    return [result if isinstance(result, NotEvaluated) else plain_value(next(values)) for result in results]


def _by_cell(function: "Pattern", tasks: list[Task], precedents: Precedents) -> list[Value | NotEvaluated]:
    results: list[Value | NotEvaluated] = []
    for task in tasks:
        try:
            found = function([precedents(area) for area in task.areas])
            if found.size != 1:
                raise NotEvaluated(f"it gives {found.size} values")
            results.append(plain_value(found.ravel()[0]))
        except NotEvaluated as error:
            results.append(error)
    return results


Pattern = Callable[[list[Any]], Any]


def _compile(pattern: str, columns: bool) -> Pattern:
    """A function from the values of the slots, in order, to an array of objects. Raises NotEvaluated."""
    try:
        pipe = _parser(columns).ast(f"={pattern}")[1].compile()
        order = [int(slot[1:]) - 1 for slot in pipe.inputs]
    except Exception as error:  # whatever a parser of other people's making raises, the cell was not evaluated
        raise NotEvaluated(f"formulas cannot compile it ({type(error).__name__})") from error

    def call(slots: list[Any]) -> Any:
        try:
            return np.asarray(pipe(*(slots[n] for n in order)), object)
        except Exception as error:  # likewise
            raise NotEvaluated(f"formulas cannot calculate it ({type(error).__name__})") from error

    return call


def _parser(columns: bool) -> Any:
    """The parser of `formulas`; for columns, one whose functions are careful."""
    formulas = need("formulas", "formulas")
    if not columns:
        return formulas.Parser()
    function, operator = formulas.tokens.function.Function, formulas.tokens.operator.OperatorToken

    class Careful(formulas.Parser):  # type: ignore[misc, name-defined]
        filters: ClassVar[list[Any]] = [
            _careful_token(f) if f in (function, operator) else f for f in formulas.Parser.filters
        ]

    return Careful()


def _careful_token(token: Any) -> Any:
    class CarefulToken(token):  # type: ignore[misc]
        def compile(self) -> Any:
            function = super().compile()
            if isinstance(function, dict):
                return {**function, "function": careful(function["function"])}
            return careful(function)

    return CarefulToken


def careful(function: Callable[..., Any]) -> Callable[..., Any]:
    """An elementwise function of `formulas` that stays elementwise when one of the cells raises.

    One cell of 1E200^2 raises OverflowError inside, and `formulas` then answers a single #VALUE! for the whole column.
    """

    @wraps(function)
    def call(*arguments: Any) -> Any:
        result = function(*arguments)
        shape = np.broadcast_shapes(*map(np.shape, arguments))
        if np.shape(result) == shape or np.prod(shape) <= 1:
            return result
        cells: Iterable[tuple[Any, ...]] = zip(*(np.broadcast_to(a, shape).ravel() for a in arguments), strict=True)
        single = [np.ravel(np.asarray(function(*(np.array([[v]], object) for v in cell)), object))[0] for cell in cells]
        separate = np.empty(len(single), object)
        separate[:] = single
        return separate.reshape(shape).view(type(result)) if isinstance(result, np.ndarray) else separate.reshape(shape)

    return call
