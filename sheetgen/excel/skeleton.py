"""Formulas that differ in their references alone are one: looked at once, compared by what they have in common.

skeleton, corners = cut("SUM(B7,2)")    from memory: all cells of a filled-down column have one Skeleton
skeleton.code, .calls, .levels          as parse() gives them; skeletons are equal, and hash alike, if they differ
                                        in nothing but spaces, brackets, capitals of names, and references
cut("1+")                               raises FormulaError
key("B7*$C$1", 7, 3)                    the R1C1 form of the formula in C7: equal for cells that Fill Down or Fill
                                        Right makes of one another, and for no others
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from functools import cached_property

from sheetgen.excel.formula import parse
from sheetgen.excel.instructions import Array, Call, Cells, FormulaError, Instruction, Name, Parsed, TableReference
from sheetgen.excel.tokens import Corner, corner, split

MAX_KEPT = 2_000_000  # characters of skeletons that are remembered
_FIXED = 1 << 32  # apart from all distances


class Skeleton:
    """A formula without the corners of its references; `size`: how many characters it has."""

    def __init__(self, parsed: Parsed, size: int) -> None:
        self.code, self.calls, self.levels, self.size = parsed.code, parsed.calls, parsed.levels, size
        self.corners = len(parsed.corners)

    @cached_property
    def names(self) -> bool:
        """Whether there are names in it, or tables."""
        return any(isinstance(item, Name | TableReference) for item in self.code)

    @cached_property
    def wholes(self) -> tuple[Corner, ...]:
        """The ends of its whole columns and rows."""
        texts = [item.text.split(":") for item in self.code if isinstance(item, Cells) and not item.corners]
        return tuple(c for text in texts for c in map(corner, text) if c is not None)

    @cached_property
    def without_wholes(self) -> Skeleton | tuple[Hashable, ...]:
        """The same for all that differ in nothing but references, those to whole columns and rows included."""
        return tuple(_shape(item, wholes=False) for item in self.code) if self.wholes else self

    @cached_property
    def _shape(self) -> tuple[Hashable, ...]:
        return tuple(map(_shape, self.code))

    @cached_property
    def _hash(self) -> int:
        return hash(self._shape)

    def __eq__(self, other: object) -> bool:
        if self is other:
            return True
        return isinstance(other, Skeleton) and self._hash == other._hash and self._shape == other._shape

    def __hash__(self) -> int:
        return self._hash


def _shape(item: Instruction, wholes: bool = True) -> Hashable:
    """An instruction without what does not count, or (unless `wholes`) which whole columns or rows it means."""
    if isinstance(item, Cells):
        blind = not wholes and all(map(corner, item.text.split(":")))
        return Cells, item.prefix.casefold(), item.corners, "" if blind else item.text.upper()
    if isinstance(item, Name):
        return Name, item.prefix.casefold(), item.name.casefold()
    if isinstance(item, TableReference):
        return TableReference, item.table.casefold(), item.rows, tuple(name.casefold() for name in item.columns)
    if isinstance(item, Call):
        return Call, item.spelled.upper(), item.operands
    return (Array, "".join(item.text.split())) if isinstance(item, Array) else item


class _Memory(dict[Hashable, Skeleton | None]):
    """Skeletons by what `split` left of them, or by the whole text; forgets all when there are too many."""

    room = MAX_KEPT

    def keep(self, shape: Hashable, skeleton: Skeleton | None, size: int) -> None:
        self.room -= size
        if self.room < 0:
            self.clear()
            self.room = MAX_KEPT - size
        self[shape] = skeleton


_memory = _Memory()


def cut(text: str, top_union: bool = False) -> tuple[Skeleton, list[str]]:
    """(what the formula has in common with others, the corners of its references). Raises FormulaError.

    `top_union`: as `parse` has it.
    """
    left, corners = split(text)
    shape = (left, top_union) if top_union else left
    skeleton = _memory.get(shape)
    if skeleton is None and shape not in _memory:
        skeleton = _regular(text, corners, top_union)
        _memory.keep(shape, skeleton, len(text))
    if skeleton is not None:
        return skeleton, corners
    parsed = parse(text, top_union)
    return Skeleton(parsed, len(text)), parsed.corners


def _regular(text: str, corners: Sequence[str], top_union: bool) -> Skeleton | None:
    """The Skeleton, if the corners are those that the grammar finds: then so it is whatever they are."""
    try:
        parsed = parse(text, top_union)
    except FormulaError:
        return None
    return Skeleton(parsed, len(text)) if parsed.corners == corners else None


def key(text: str, row: int, column: int) -> Hashable:
    """Equal for formulas of cells that are one formula filled down or right; a text that is no formula is its own."""
    try:
        skeleton, corners = cut(text)
    except FormulaError:
        return text
    ends = [c for c in (*map(corner, corners), *skeleton.wholes) if c is not None]
    return skeleton.without_wholes, *[
        (c.row + _FIXED if c.row_fixed else c.row - row, c.column + _FIXED if c.column_fixed else c.column - column)
        for c in ends
    ]
