"""The cells that a formula reaches, and what its Template must know of them, within bounds for a whole workbook."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from sheetgen.excel.a1 import Area, address, place
from sheetgen.excel.references import Unresolved, area_of
from sheetgen.excel.tokens import corner as corner_of
from sheetgen.reader.block import EMPTY, MAX_DENSE, NUMBER, Mark, NotUnderstood
from sheetgen.reader.held import Held
from sheetgen.reader.plan import Plan
from sheetgen.reader.shared import Shape
from sheetgen.reader.template import Place

MAX_ROOM = 40_000_000  # Cells of all Templates, and references of all formulas
MAX_WORK = 100_000_000  # steps that it takes to calculate all formulas once


class Reach:
    """Finds the cells of references; what has been spent on them is spent for the whole workbook."""

    def __init__(self, held: Held) -> None:
        self._held = held
        self._places: dict[str, dict[str, Place]] = {name: {} for name in held.workbook.sheets}
        self._room, self._work = MAX_ROOM, MAX_WORK

    def charge(self, room: int, work: int = 0) -> None:
        """Raises NotUnderstood when the workbook is too large."""
        if room > self._room or work > self._work:
            raise NotUnderstood("the workbook has more references than are looked at")
        self._room -= room
        self._work -= work

    def place(self, sheet: str, corner: str) -> Place:
        """The place of 'b$2', a cell of a sheet."""
        places = self._places[sheet]
        if corner not in places:
            cell = corner_of(corner)
            assert cell is not None
            canonical = address(cell.row, cell.column)
            places[corner] = places.setdefault(canonical, (sheet, canonical))
        return places[corner]

    def singles(self, single: Sequence[str | Area], corners: list[str], sheet: str) -> list[Place]:
        """The cells of a formula that has no ranges; most have none."""
        own = self._places[sheet]
        if len(single) == len(corners) and not any(single):
            return [own.get(corner) or self.place(sheet, corner) for corner in corners]
        rest = iter(corners)
        return [
            self.place(piece.sheet or sheet, address(piece.row, piece.column))
            if isinstance(piece, Area)
            else self.place(piece or sheet, next(rest))
            for piece in single
        ]

    def shapes(self, plan: Plan, corners: list[str], at: Place, typed: bool) -> tuple[Shape, list[Place]]:
        """What the formula's Template must know of its references, and all their cells but for empty ones of ranges.

        Raises NotUnderstood.
        """
        shapes: list[Any] = []
        slots: list[Place] = []
        cell = place(at[1]) if plan.moves else None
        mark = self._held.text_or_kind if plan.texts else self._held.kind
        held = mark if plan.typed and typed else _number
        for reference in plan.resolved.references:
            try:
                one = area_of(reference, corners, at[0], cell)
            except Unresolved as error:
                raise NotUnderstood(str(error)) from error
            if one.single:
                found = [self.place(one.sheet, address(one.row, one.column))]
                shapes.append(((), (held(found[0]),)))
            else:
                found, shape = self._range(one, held)
                shapes.append(shape)
            slots += found
        return tuple(shapes), slots

    def _range(self, one: Area, held: Callable[[Place], Mark]) -> tuple[list[Place], Shape]:
        """(its cells but for empty ones, (rows and columns, what each of all holds)).

        Of a large range there are no empty cells, and its shape is lost.
        """
        large = one.size > MAX_DENSE
        self.charge(self._held.columns(one) + (0 if large else one.size // 8))
        self.charge(3 * self._held.count(one))  # for there is more to do than for a single cell
        inside = self._held.inside(one)
        found = [self.place(one.sheet, at) for _, _, at in inside]
        kinds = [held(at) for at in found]
        if large:
            return found, ((len(found),), _marks(kinds))
        rows, columns = one.last_row - one.row + 1, one.last_column - one.column + 1
        marks: list[Mark] = [EMPTY] * one.size
        for (row, column, _), mark in zip(inside, kinds, strict=True):
            marks[(row - one.row) * columns + column - one.column] = mark
        return found, ((rows, columns), _marks(marks))


def _number(at: Place) -> Mark:
    """The kind of a cell of which it does not matter."""
    return NUMBER


def _marks(marks: list[Mark]) -> bytes | tuple[Mark, ...]:
    """Marks in little room: a byte each, if none is a text."""
    kinds = [mark for mark in marks if not isinstance(mark, str)]
    return bytes(kinds) if len(kinds) == len(marks) else tuple(marks)
