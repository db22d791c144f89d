"""Which cells a cell is computed from, read off the formulas; nothing is calculated, or needs to be understood."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Collection, Iterable, Mapping

from sheetgen.excel import Place, Workbook
from sheetgen.excel.a1 import Area, address, place
from sheetgen.excel.names import Resolver

FARTHEST = 2_000  # cells looked at before giving up: the error of a step is not farther from its weights
WIDEST = 1_000  # cells of a range that are followed one by one


BySheet = Mapping[str, list[tuple[int, int]]]  # rows and columns


class Precedents:
    """The cells that the formulas of a workbook name."""

    def __init__(self, workbook: Workbook) -> None:
        self.sheets, self.resolver = workbook.sheets, Resolver.of(workbook)
        self._areas: dict[Place, list[Area]] = {}
        self._placed: dict[frozenset[Place], BySheet] = {}  # the learning rates, which every label is asked about

    def areas(self, at: Place) -> list[Area]:
        """The areas that the formula of a cell names, directly or by a name."""
        if at not in self._areas:
            entry = self.sheets[at[0]].get(at[1])
            text = entry.formula if entry else None
            self._areas[at] = list(self.resolver.areas(text, at[0], place(at[1]))) if text else []
        return self._areas[at]

    def uses(self, at: Place, cells: Collection[Place], *, ranges_only: bool = False) -> bool:
        """Whether the formula of a cell names one of some cells, or a range that has it."""
        return any(self._meets(area, cells) for area in self.areas(at) if not (ranges_only and area.single))

    def _meets(self, area: Area, cells: Collection[Place]) -> bool:
        """Whether one of the cells is in the area."""
        if area.single:
            return (area.sheet, address(area.row, area.column)) in cells
        if not isinstance(cells, frozenset):
            placed = _by_sheet(cells)
        elif (known := self._placed.get(cells)) is not None:
            placed = known
        else:
            placed = self._placed[cells] = _by_sheet(cells)
        return any(area.holds(*at) for at in placed.get(area.sheet, ()))

    def depends_on(self, at: Place, goals: Collection[Place]) -> bool:
        """Whether a cell is computed from one of the goals, directly or by way of other cells."""
        seen = {at}
        queue = deque(seen)
        while queue and len(seen) < FARTHEST:
            for area in self.areas(queue.popleft()):
                if area.size > WIDEST:
                    if self._meets(area, goals):
                        return True
                    continue
                for cell in ((area.sheet, a) for a in area.addresses()):
                    if cell in goals:
                        return True
                    if cell not in seen:
                        seen.add(cell)
                        queue.append(cell)
        return False


def _by_sheet(cells: Iterable[Place]) -> BySheet:
    placed: defaultdict[str, list[tuple[int, int]]] = defaultdict(list)
    for sheet, at in cells:
        placed[sheet].append(place(at))
    return placed
