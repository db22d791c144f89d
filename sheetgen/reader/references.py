"""The cells that a formula refers to, and their kinds and shapes, within bounds for a whole workbook."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import count
from typing import Any

from sheetgen.cells.cell import Cell, constant
from sheetgen.excel.a1 import Area, address, place
from sheetgen.excel.references import Unresolved, area_of
from sheetgen.reader.cell_values import CellValues
from sheetgen.reader.kinds import (
    EMPTY,
    MAX_DENSE,
    NUMBER,
    TOO_LARGE,
    Argument,
    Mark,
    NotUnderstood,
    Range,
    Typed,
    slot,
)
from sheetgen.reader.plan import FormulaPlan
from sheetgen.reader.template import Place

MAX_ROOM = 40_000_000  # Cells of all Templates, and references of all formulas
MAX_WORK = 100_000_000  # steps that it takes to calculate all formulas once

NOTHING = Typed(constant(0), EMPTY)  # an empty cell of a range
SINGLE: tuple[Any, Any] = (), (NUMBER,)  # the shape of one cell of which it does not matter what it holds

Shape = tuple[Any, ...]  # of references: how their cells lie, and the kinds of what they hold


class References:
    """Finds the cells of references; what has been spent on them is spent for the whole workbook."""

    def __init__(self, values: CellValues) -> None:
        self._values = values
        self._places: dict[str, dict[str, Place]] = {name: {} for name in values.workbook.sheets}
        self._room, self._work = MAX_ROOM, MAX_WORK

    def spend(self, room: int, work: int = 0) -> None:
        """Raises NotUnderstood when the workbook is too large."""
        if room > self._room or work > self._work:
            raise NotUnderstood("the workbook has more references than are looked at")
        self._room -= room
        self._work -= work

    def _place(self, sheet: str, corner: str) -> Place:
        """The place of 'b$02', a cell of a sheet."""
        plain = corner.replace("$", "").upper()
        letters = plain.rstrip("0123456789")
        plain = f"{letters}{int(plain[len(letters) :])}"
        places = self._places[sheet]
        at = places[corner] = places.setdefault(plain, (sheet, plain))
        return at

    def resolve(self, plan: FormulaPlan, corners: list[str], at: Place, typed: bool) -> tuple[Shape, list[Place]]:
        """(the shapes and kinds of the references, all their cells but for empty ones of ranges).

        Raises NotUnderstood.
        """
        if plan.single is not None:  # most formulas have no ranges
            return (), self._singles(plan.single, corners, at[0])
        shapes: list[Any] = []
        slots: list[Place] = []
        cell = place(at[1]) if plan.moves else None
        mark = self._values.text_or_kind if plan.texts else self._values.kind
        mark = mark if plan.typed and typed else _number
        for reference in plan.resolved.references:
            try:
                area = area_of(reference, corners, at[0], cell)
            except Unresolved as error:
                raise NotUnderstood(str(error)) from error
            if area.single:
                places = [self._place(area.sheet, address(area.row, area.column))]
                shapes.append(((), (mark(places[0]),)))
            else:
                places, shape = self._range(area, mark)
                shapes.append(shape)
            slots += places
        return tuple(shapes), slots

    def _singles(self, single: Sequence[str | Area], corners: list[str], sheet: str) -> list[Place]:
        own = self._places[sheet]
        if len(single) == len(corners) and not any(single):
            return [own.get(corner) or self._place(sheet, corner) for corner in corners]
        rest = iter(corners)
        return [
            self._place(item.sheet or sheet, address(item.row, item.column))
            if isinstance(item, Area)
            else self._place(item or sheet, next(rest))
            for item in single
        ]

    def _range(self, area: Area, mark: Callable[[Place], Mark]) -> tuple[list[Place], Shape]:
        """(its cells but for empty ones, (rows and columns, what each of all holds)).

        Of a large range there are no empty cells, and its shape is lost.
        """
        large = area.size > MAX_DENSE
        runs = self._values.runs(area)
        filled = sum(run.end - run.start for run in runs)
        self.spend(len(runs) + (0 if large else area.size // 8))
        self.spend(3 * filled)  # for there is more to do than for a single cell
        cells = sorted((row, run.column, at) for run in runs for row, at in run.rows[run.start : run.end])
        places = [self._place(area.sheet, at) for _, _, at in cells]
        kinds = [mark(at) for at in places]
        if large:
            return places, ((len(places),), _marks(kinds))
        rows, columns = area.shape
        marks: list[Mark] = [EMPTY] * area.size
        for (row, column, _), kind in zip(cells, kinds, strict=True):
            marks[(row - area.row) * columns + column - area.column] = kind
        return places, ((rows, columns), _marks(marks))


def _number(at: Place) -> Mark:
    """The kind of a cell of which it does not matter."""
    return NUMBER


def _marks(marks: list[Mark]) -> bytes | tuple[Mark, ...]:
    """Marks in little room: a byte each, if none is a text."""
    kinds = [mark for mark in marks if not isinstance(mark, str)]
    return bytes(kinds) if len(kinds) == len(marks) else tuple(marks)


def arguments(shapes: Shape) -> tuple[list[Cell], list[Argument]]:
    """(a variable for each cell that a formula refers to, the Cell or Range in each of its slots)."""
    variables: list[Cell] = []
    slots: list[Argument] = []
    for lie, marks in shapes:
        if lie == ():
            variables.append(slot(marks[0], len(variables)))
            slots.append(variables[-1])
            continue
        numbers = count(len(variables))
        cells = [NOTHING if mark == EMPTY else slot(mark, next(numbers)) for mark in marks]
        variables += [c for c in cells if c is not NOTHING]
        width = lie[-1] if len(lie) == 2 else 1
        rows = [cells[k : k + width] for k in range(0, len(cells), width)]
        slots.append(Range(rows, lost=TOO_LARGE if len(lie) == 1 else ""))
    return variables, slots
