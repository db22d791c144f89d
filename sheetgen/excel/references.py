"""The references of a formula, once names are looked up: see `names`."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple, TypeAlias

from sheetgen.excel.a1 import MAX_COLUMN, MAX_ROW, Area
from sheetgen.excel.instructions import Instruction
from sheetgen.excel.tokens import Corner, corner

At: TypeAlias = tuple[int, int] | None


class Unresolved(ValueError):
    """It cannot be told what a formula refers to; the message says why, in a few words without the cell."""


class Slot(NamedTuple):
    """The n-th reference of a formula, from 0."""

    number: int


class Unknown(NamedTuple):
    """A reference to what is not there: the error that Excel shows, and why; `external`: it is in another workbook."""

    error: str
    why: str
    external: bool = False


class Open(NamedTuple):
    """Cells whose corners are those of the formula from `start` on; sheet '' is the formula's own, as in an Area."""

    sheet: str
    start: int
    corners: int


class Moving(NamedTuple):
    """Cells that move with the cell that asks, as if told for A1; `rows`: it must stand in one of these."""

    sheet: str
    first: Corner
    last: Corner
    why: str
    rows: tuple[int, int] = (1, MAX_ROW)


Reference: TypeAlias = Open | Area | Moving
Step: TypeAlias = Instruction | Slot | Unknown


class Resolved(NamedTuple):
    """The calls of a formula and its references; `scope`: how far it means the same: '', 'sheet' or 'cell'."""

    code: tuple[Step, ...]
    references: tuple[Reference, ...]
    calls: tuple[str, ...]
    scope: str

    @property
    def unknown(self) -> Unknown | None:
        """The first of its references to what is not there."""
        return next((item for item in self.code if isinstance(item, Unknown)), None)

    def areas(self, corners: Sequence[str], sheet: str, at: At = None) -> list[Area]:
        """The cells that each Slot stands for. Raises Unresolved for what moves with the cell, if that is not told."""
        return [area_of(reference, corners, sheet, at) for reference in self.references]


def area_of(reference: Reference, corners: Sequence[str], sheet: str, at: At = None) -> Area:
    """The cells of one reference of a formula. Raises Unresolved."""
    if isinstance(reference, Area):
        return reference if reference.sheet else reference._replace(sheet=sheet)
    if isinstance(reference, Open) and reference.corners == 1:  # nine in ten
        return _cell(reference.sheet or sheet, corners[reference.start])
    if isinstance(reference, Open):
        ends = [corner(text) for text in corners[reference.start : reference.start + reference.corners]]
    else:
        ends = [_wrapped(end, reference, sheet, at) for end in (reference.first, reference.last)]
    return _between(reference.sheet or sheet, ends[0], ends[-1])


@lru_cache(1 << 18)
def _cell(sheet: str, text: str) -> Area:
    return _between(sheet, corner(text), corner(text))


def _between(sheet: str, first: Corner | None, last: Corner | None) -> Area:
    if first is None or last is None:
        raise Unresolved("it refers to a cell off the sheet")
    return area_between(sheet, first, last)


def area_between(sheet: str, first: Corner, last: Corner) -> Area:
    """The range between two corners, in whatever order; a whole column or row reaches to the end of the sheet."""
    rows, columns = sorted((first.row, last.row)), sorted((first.column, last.column))
    return Area(sheet, rows[0] or 1, columns[0] or 1, rows[1] or MAX_ROW, columns[1] or MAX_COLUMN)


def _wrapped(end: Corner, reference: Moving, sheet: str, at: At) -> Corner:
    """Where the corner lies, seen from a cell: beyond the end of the sheet it begins anew."""
    if at is None or not reference.rows[0] <= at[0] <= reference.rows[1]:
        raise Unresolved(reference.why)
    if reference.rows != (1, MAX_ROW) and reference.sheet != sheet:
        raise Unresolved(reference.why)
    row = end.row if end.row_fixed else (end.row + at[0] - 2) % MAX_ROW + 1
    column = end.column if end.column_fixed else (end.column + at[1] - 2) % MAX_COLUMN + 1
    return end._replace(row=row, column=column)


def owners_of(prefix: str) -> tuple[str, list[str]]:
    """'[1]S:T' -> ('[1', ['S', 'T']): the other workbook, '' for this one ([0]), and the sheets before a '!'."""
    book, mark, sheets = prefix.rpartition("]")
    if mark and "[" not in book:
        book, sheets = "", prefix
    return "" if book == "[0" else book, sheets.split(":") if sheets else []
