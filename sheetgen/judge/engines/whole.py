"""`formulas` in full: a sheet's formulas live, chained to one another; small sheets only, for it is slow.

What it adds to 'formulas patterns': the library finds its own way through the references and the order of calculation,
and the results of a sheet follow from the rest of the workbook without any cached value of the sheet itself.
"""

import time
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np

from sheetgen.base.errors import need
from sheetgen.excel import Workbook, read
from sheetgen.excel.a1 import Area, address
from sheetgen.judge.engines.dialect import Cutter, NotEvaluated, formulas_value, plain_value, quiet
from sheetgen.judge.engines.result import EngineMissing, Recalculated, Values

NAME = "formulas"
MAX_FORMULAS = 600  # on one sheet
MAX_WORK = 60_000  # cells that the formulas of one sheet refer to, counted as often as they are


def version() -> str:
    """The version of the installed package. Raises EngineMissing."""
    need("formulas", "build", "The engine formulas", EngineMissing)
    return metadata.version("formulas")


def recalculate(path: str | Path, workbook: Workbook | None = None, limit: int = MAX_FORMULAS) -> Recalculated:
    """Calculate each sheet of at most `limit` formulas with the cached values of the others, 5 ms a formula.

    Raises EngineMissing, UnreadableWorkbook.
    """
    release = version()
    start = time.perf_counter()
    workbook = workbook or read(path)
    cutter = Cutter(workbook)
    values: Values = {sheet: {} for sheet in workbook.sheets}
    unknown: list[str] = []
    left_out: list[str] = []
    for sheet, cells in workbook.sheets.items():
        formulas = {where: entry.formula for where, entry in cells.items() if entry.formula is not None}
        if len(formulas) > limit:
            left_out.append(f"{sheet}: {len(formulas):,} formula cells are more than {limit}; see 'formulas patterns'")
        elif formulas:
            live = _Sheet(workbook, cutter, sheet, formulas)
            if live.work > MAX_WORK:
                left_out.append(
                    f"{sheet}: its formulas refer to {live.work:,} cells, over {MAX_WORK:,}; see 'formulas patterns'"
                )
            else:
                unknown += live.calculate(values)
    return Recalculated(NAME, release, values, time.perf_counter() - start, unknown, tuple(left_out))


class _Sheet:
    """One live sheet: `nodes` maps places to formulas or constants, as ExcelModel.from_dict wants them."""

    def __init__(self, workbook: Workbook, cutter: Cutter, sheet: str, formulas: dict[str, str]) -> None:
        self.workbook, self.cutter, self.sheet = workbook, cutter, sheet
        # formulas knows sheets by upper-case names and stumbles over an apostrophe in one; numbers it takes.
        self.alias = {name: f"SHEET_{number}" for number, name in enumerate(workbook.sheets)}
        self.nodes: dict[str, Any] = {}
        self.unknown: list[str] = []
        self.live: list[str] = []
        self.areas: set[Area] = set()
        for where, formula in formulas.items():
            self._add(where, formula)
        self.work = sum(area.size for area in self.areas)

    def calculate(self, values: Values) -> list[str]:
        """Put the sheet's results into values; one line for each cell that has none."""
        mixed = {area for area in self.areas if area.sheet == self.sheet and any(map(self._is_live, area.addresses()))}
        for area in mixed:
            self._add_constants(area)
        given = {self._reference(area): self._range(area) for area in self.areas - mixed}
        import formulas

        with quiet():
            model = formulas.ExcelModel().from_dict(self.nodes)
            solution = model.calculate({name: cells for name, cells in given.items() if name not in self.nodes})
        for where in self.live:
            found = solution.get(self._node(self.sheet, where))
            if found is None:
                self._give_up(where, "formulas gave no value")
            else:
                values[self.sheet][where] = plain_value(found.value[0, 0])
        return self.unknown

    def _is_live(self, where: str) -> bool:
        return self._node(self.sheet, where) in self.nodes

    def _node(self, sheet: str, where: str) -> str:
        return f"{self.alias[sheet]}!{where}"

    def _give_up(self, where: str, why: str) -> None:
        self.unknown.append(f"{self.sheet}!{where}: {why}")

    def _add(self, where: str, formula: str) -> None:
        try:
            cut, found = self.cutter.cut(self.sheet, formula)
        except NotEvaluated as error:
            self._give_up(where, str(error))
            return
        references = iter(found)
        pieces = [next(references)[0] if piece is None else piece for piece in cut.pieces]
        self.areas.update(piece for piece in pieces if isinstance(piece, Area))
        text = "".join(piece if isinstance(piece, str) else self._reference(piece) for piece in pieces)
        self.nodes[self._node(self.sheet, where)] = f"={text}"
        self.live.append(where)

    def _reference(self, area: Area) -> str:
        first = self._node(area.sheet, address(area.row, area.column))
        return first if area.single else f"{first}:{address(area.last_row, area.last_column)}"

    def _add_constants(self, area: Area) -> None:
        """What stands beside live cells in a range and is not itself live: inputs, cells that gave up."""
        for where in area.addresses():
            # In brackets, or formulas takes a text that begins with '=' for a formula.
            self.nodes.setdefault(self._node(area.sheet, where), [[self._value(area.sheet, where)]])

    def _range(self, area: Area) -> Any:
        """What has no live cell in it, such as other sheets: given whole, for a node for each cell takes longer."""
        from formulas.ranges import Ranges

        found = np.empty(area.size, object)
        found[:] = [self._value(area.sheet, where) for where in area.addresses()]
        return Ranges().push(self._reference(area), found.reshape(area.shape))

    def _value(self, sheet: str, where: str) -> Any:
        entry = self.workbook.sheets[sheet].get(where)
        return formulas_value(None if entry is None else entry.value)
