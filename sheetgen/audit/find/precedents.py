"""Which cells a cell is computed from, read off the formulas; nothing is calculated, or needs to be understood."""

from __future__ import annotations

from collections import deque
from collections.abc import Collection

from sheetgen.excel import Place, Workbook
from sheetgen.excel.a1 import Area, place
from sheetgen.excel.names import Resolver

FARTHEST = 2_000  # cells looked at before giving up: the error of a step is not farther from its weights
WIDEST = 1_000  # cells of a range that are followed one by one


class Precedents:
    """The cells that the formulas of a workbook name."""

    def __init__(self, workbook: Workbook) -> None:
        self.sheets, self.resolver = workbook.sheets, Resolver.of(workbook)
        self._areas: dict[Place, list[Area]] = {}

    def areas(self, at: Place) -> list[Area]:
        """The areas that the formula of a cell names, directly or by a name."""
        if at not in self._areas:
            entry = self.sheets[at[0]].get(at[1])
            text = entry.formula if entry else None
            self._areas[at] = list(self.resolver.areas(text, at[0], place(at[1]))) if text else []
        return self._areas[at]

    def uses(self, at: Place, cells: Collection[Place], *, ranges_only: bool = False) -> bool:
        """Whether the formula of a cell names one of some cells, or a range that has it."""
        areas = [area for area in self.areas(at) if not (ranges_only and area.single)]
        return any(_has(area, cell) for area in areas for cell in cells)

    def depends_on(self, at: Place, goals: Collection[Place]) -> bool:
        """Whether a cell is computed from one of the goals, directly or by way of other cells."""
        seen = {at}
        queue = deque(seen)
        while queue and len(seen) < FARTHEST:
            for area in self.areas(queue.popleft()):
                if area.size > WIDEST:
                    if any(_has(area, goal) for goal in goals):
                        return True
                    continue
                for cell in ((area.sheet, a) for a in area.addresses()):
                    if cell in goals:
                        return True
                    if cell not in seen:
                        seen.add(cell)
                        queue.append(cell)
        return False


def _has(area: Area, cell: Place) -> bool:
    return area.sheet == cell[0] and area.holds(*place(cell[1]))
