"""`formulas` in full: a sheet's formulas live, chained to one another; small sheets only, for it is slow.

It adds to 'formulas patterns' that the library finds its own way through the references and the order of calculation,
and the results of a sheet follow from the rest of the workbook without any cached value of the sheet itself.
"""

from collections.abc import Mapping
from importlib import metadata
from typing import Any

import numpy as np

from sheetgen.base.errors import need
from sheetgen.excel import Workbook
from sheetgen.excel.a1 import Area, address
from sheetgen.judge.engines.dialect import Cutter, NotEvaluated, formulas_value, plain_value, quiet
from sheetgen.judge.engines.result import Attempt, Engine, EngineMissing

NAME = "formulas"
MAX_FORMULAS = 600  # on one sheet
MAX_WORK = 60_000  # cells that the formulas of one sheet refer to, counted as often as they are


def version() -> str:
    """The version of the installed package. Raises EngineMissing."""
    return metadata.version(need("formulas", "build", "The engine formulas", EngineMissing).__name__)


def _calculate(attempt: Attempt, limit: int = MAX_FORMULAS) -> None:
    """Calculate each sheet of at most `limit` formulas with the cached values of the others, 5 ms a formula."""
    cutter = Cutter(attempt.workbook)
    for sheet, cells in attempt.workbook.sheets.items():
        formulas = {at: entry.formula for at, entry in cells.items() if entry.formula is not None}
        live = _Sheet(attempt.workbook, cutter, sheet, formulas if len(formulas) <= limit else {})
        why = ""
        if len(formulas) > limit:
            why = f"{len(formulas):,} formula cells are more than {limit}"
        elif live.work > MAX_WORK:
            why = f"its formulas refer to {live.work:,} cells, over {MAX_WORK:,}"
        if why:
            attempt.left_out.append(f"{sheet}: {why}; see 'formulas patterns'")
        elif formulas:
            live.calculate(attempt)


class _Sheet:
    """One live sheet: `nodes` maps places to formulas or constants, as ExcelModel.from_dict wants them."""

    def __init__(self, workbook: Workbook, cutter: Cutter, sheet: str, formulas: Mapping[str, str]) -> None:
        self.workbook, self.cutter, self.sheet = workbook, cutter, sheet
        # formulas knows sheets by upper-case names and stumbles over an apostrophe in one; numbers it takes.
        self.alias = {name: f"SHEET_{number}" for number, name in enumerate(workbook.sheets)}
        self.nodes: dict[str, Any] = {}
        self.refused: dict[tuple[str, str], str] = {}
        self.live: list[str] = []
        self.areas: set[Area] = set()
        for where, formula in formulas.items():
            self._add(where, formula)
        self.work = sum(area.size for area in self.areas)

    def calculate(self, attempt: Attempt) -> None:
        """Put the sheet's results into an attempt."""
        mixed = {area for area in self.areas if area.sheet == self.sheet and any(map(self._is_live, area.addresses()))}
        for area in mixed:
            self._add_constants(area)
        given = {self._reference(area): self._range(area) for area in self.areas - mixed}
        import formulas

        with quiet():
            model = formulas.ExcelModel().from_dict(self.nodes)
            solution = model.calculate({name: cells for name, cells in given.items() if name not in self.nodes})
        attempt.refused |= self.refused
        for where in self.live:
            result = solution.get(self._node(self.sheet, where))
            if result is None:
                attempt.refused[self.sheet, where] = "formulas gave no value"
            else:
                attempt.values[self.sheet][where] = plain_value(result.value[0, 0])

    def _is_live(self, where: str) -> bool:
        return self._node(self.sheet, where) in self.nodes

    def _node(self, sheet: str, where: str) -> str:
        return f"{self.alias[sheet]}!{where}"

    def _add(self, where: str, formula: str) -> None:
        try:
            cut, areas = self.cutter.cut(self.sheet, where, formula)
        except NotEvaluated as error:
            self.refused[self.sheet, where] = str(error)
            return
        self.areas.update(areas)
        self.nodes[self._node(self.sheet, where)] = f"={cut.text(map(self._reference, areas))}"
        self.live.append(where)

    def _reference(self, area: Area) -> str:
        first = self._node(area.sheet, address(area.row, area.column))
        return first if area.single else f"{first}:{address(area.last_row, area.last_column)}"

    def _add_constants(self, area: Area) -> None:
        """Add the cells that stand beside live ones in a range: inputs, cells that were refused."""
        for where in area.addresses():
            # In brackets, or formulas takes a text that begins with '=' for a formula.
            self.nodes.setdefault(self._node(area.sheet, where), [[self._value(area.sheet, where)]])

    def _range(self, area: Area) -> Any:
        """A range without a live cell, such as one of another sheet: given whole, for a node for each takes longer."""
        from formulas.ranges import Ranges

        values = np.empty(area.size, object)
        values[:] = [self._value(area.sheet, where) for where in area.addresses()]
        return Ranges().push(self._reference(area), values.reshape(area.shape))

    def _value(self, sheet: str, where: str) -> Any:
        entry = self.workbook.sheets[sheet].get(where)
        return formulas_value(None if entry is None else entry.value)


recalculate = Engine(NAME, version, _calculate)
