"""The references of a formula in one workbook: sheets, defined names, tables and 3-D references become areas.

    resolver = Resolver.of(workbook)
    resolved, areas = resolver.read("SUM(rate*B2:B9)", "S", (2, 3))  in C2 of sheet S; raises FormulaError, Unresolved
    for item in resolved.code:              as in `formula`, but Slot(n) for areas[n]; instead of a name stands what it
                                            stands for, and Unknown(error, why) for what is not there
    resolved = resolver.resolve(skeleton, "S", at)                   the same in two steps: once for all cells that
    resolved.areas(corners, "S", at)                                 have one Skeleton, then for each of them
    resolver.areas("rate*Gone!A1", "S")     every area that a formula names, whatever else is wrong with it
    resolver.area("rate", "S")              the one area that a text stands for; raises Unresolved
    resolver.sheet("s")                     'S', as the workbook spells it; None if there is none

Without the cell's place `at` (row, column), names that move with it and [#This Row] raise Unresolved. A 3-D reference
is the union (',') of a Slot for each of its sheets.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping, Sequence

from sheetgen.excel.a1 import Area
from sheetgen.excel.instructions import Cells, FormulaError, Literal, Name, Operator, TableReference
from sheetgen.excel.read import Workbook
from sheetgen.excel.references import (
    At,
    Moving,
    Open,
    Reference,
    Resolved,
    Slot,
    Step,
    Unknown,
    Unresolved,
    area_between,
    area_of,
    owners_of,
)
from sheetgen.excel.skeleton import Skeleton, cut
from sheetgen.excel.structured import THIS_ROW, cells
from sheetgen.excel.tables import Table
from sheetgen.excel.tokens import Corner, corner

MAX_NAMES = 20  # defined names within defined names
MAX_ONE = 100_000  # characters of a formula with what its defined names stand for
MAX_ALL = 20_000_000  # characters of all formulas that differ in more than their references, likewise
MAX_SHOWN = 40  # characters of a stranger's formula in a message


class Resolver:
    """Looks up what the formulas of one workbook refer to."""

    def __init__(self, sheets: Iterable[str], names: Mapping[str, str], tables: Iterable[Table] = ()) -> None:
        """`names`: 'eta' -> 'S!$A$1', one of a single sheet as 'S!eta'."""
        self.order = list(sheets)
        self.sheets = {name.casefold(): name for name in self.order}
        self.names = {name.casefold(): text.removeprefix("=") for name, text in names.items()}
        self.tables = {table.name.casefold(): table for table in reversed(list(tables))}  # the first of one name
        self.scoped = {name.rpartition("!")[2] for name in self.names if "!" in name}
        self.room = MAX_ALL
        self._resolved: dict[Hashable, Resolved] = {}
        self._meanings: dict[str, tuple[Skeleton, list[str]] | None] = {}

    @classmethod
    def of(cls, workbook: Workbook) -> Resolver:
        """That of a workbook that was read."""
        return cls(workbook.sheets, workbook.names, workbook.tables)

    def sheet(self, name: str) -> str | None:
        """The name of a sheet as the workbook spells it."""
        return self.sheets.get(name.casefold())

    def read(self, text: str, sheet: str, at: At = None) -> tuple[Resolved, list[Area]]:
        """The calls of a formula in a cell, and the cells it refers to. Raises FormulaError, Unresolved."""
        skeleton, corners = cut(text)
        resolved = self.resolve(skeleton, sheet, at)
        return resolved, resolved.areas(corners, sheet, at)

    def areas(self, text: str, sheet: str, at: At = None) -> Iterable[Area]:
        """Every area that a formula names; what cannot be told is left out."""
        try:
            skeleton, corners = cut(text)
        except FormulaError:
            return
        for reference in self.resolve(skeleton, sheet, at).references:
            try:
                yield area_of(reference, corners, sheet, at)
            except Unresolved:
                continue

    def area(self, text: str, sheet: str) -> Area:
        """The one area that a text stands for: B2:C9, S!A1, a name or a table. Raises Unresolved.

        It stands in no cell, so a name that moves with its formula is seen from A1.
        """
        try:
            resolved, areas = self.read(text, sheet, (1, 1))
        except FormulaError as error:
            raise Unresolved(f"{text[:MAX_SHOWN]} cannot be read") from error
        if resolved.unknown is not None:
            raise Unresolved(resolved.unknown.why)
        if resolved.code != (Slot(0),):
            raise Unresolved(f"{text[:MAX_SHOWN]} is no range of cells")
        return areas[0]

    def resolve(self, skeleton: Skeleton, sheet: str, at: At = None) -> Resolved:
        """The formula with areas for names, tables and sheets, from memory if it was asked before."""
        resolved = self._resolved.get(skeleton) or self._resolved.get((sheet, skeleton))
        if resolved is None:
            expansion = _Expansion(self, sheet, at)
            resolved = expansion.run(skeleton)
            if resolved.scope != "cell":
                self._resolved[(sheet, skeleton) if resolved.scope else skeleton] = resolved
        return resolved

    def defines(self, name: str, sheet: str) -> bool:
        """Whether a formula of the sheet may use the name, be it a table's."""
        return self._key(name, sheet) in self.names or name.casefold() in self.tables

    def text(self, name: str, sheet: str) -> str | None:
        """The text of a defined name on a sheet, as the file has it; None if there is no such name."""
        return self.names.get(self._key(name, sheet))

    def meaning(self, name: str, sheet: str) -> tuple[Skeleton, list[str]] | str | None:
        """The formula of a defined name, '' if there is none, None if nobody can read it."""
        key = self._key(name, sheet)
        if key not in self.names:
            return ""
        if key not in self._meanings:
            try:
                self._meanings[key] = cut(self.names[key], top_union=True)
            except FormulaError:
                self._meanings[key] = None
        return self._meanings[key]

    def _key(self, name: str, sheet: str) -> str:
        """The name as `names` has it: that of the sheet, if it has one of its own."""
        own = f"{sheet}!{name}".casefold()
        return own if own in self.names else name.casefold()


class _TooMuch(Exception):
    """A bound is reached."""


class _Expansion:
    """One formula in which everything is replaced by what it stands for."""

    def __init__(self, book: Resolver, sheet: str, at: At) -> None:
        self.book, self.sheet, self.at = book, sheet, at
        self.code: list[Step] = []
        self.references: list[Reference] = []
        self.calls: list[str] = []
        self.used = 0  # of the formula's corners
        self.scope = ""
        self.end = max(book.room - MAX_ONE, 0)

    def run(self, skeleton: Skeleton) -> Resolved:
        try:
            self.expand(skeleton, None, "", 0)
        except _TooMuch as why:
            self.code, self.references = [Unknown("#NAME?", str(why))], []
        return Resolved(tuple(self.code), tuple(self.references), tuple(self.calls), self.scope)

    def expand(self, skeleton: Skeleton, corners: list[str] | None, home: str, depth: int) -> None:
        """The code of the formula itself (corners None), or of a name within names, which may be of a sheet."""
        self.book.room -= skeleton.size
        if self.book.room < self.end:
            raise _TooMuch("its defined names stand for too much" if depth else "there are too many formulas")
        self.calls += skeleton.calls
        rest = iter(corners or ())
        for item in skeleton.code:
            if isinstance(item, Cells):
                own = None if corners is None else [corner(next(rest)) for _ in range(item.corners)]
                self.cells(item, own, home)
            elif isinstance(item, Name):
                self.name(item, home, depth)
            elif isinstance(item, TableReference):
                self.table(item)
            else:
                self.code.append(item)

    def sheets(self, prefix: str, home: str) -> list[str] | Unknown:
        """The sheets before a '!', '' for the formula's own; a hostile file may name one a:b or [1]."""
        if (known := self.book.sheet(prefix)) is not None:
            return [known]
        book, names = owners_of(prefix)
        if book:
            return Unknown("#REF!", f"there is no sheet {prefix[:MAX_SHOWN]}", True)
        ends = [self.book.sheet(name) for name in names]
        if None in ends:
            return Unknown("#REF!", f"there is no sheet {':'.join(names)[:MAX_SHOWN]}")
        if not ends:
            return [home]
        first, last = sorted(self.book.order.index(end or "") for end in (ends[0], ends[-1]))
        return self.book.order[first : last + 1]

    def cells(self, item: Cells, ends: list[Corner | None] | None, home: str) -> None:
        """A reference to cells; `ends`: its corners, if it stands in a name."""
        owners = self.sheets(item.prefix, home)
        start, self.used = self.used, self.used + (item.corners if ends is None else 0)
        if isinstance(owners, Unknown):
            self.code.append(owners)
            return
        if item.text == "#REF!":
            self.code.append(Literal("error", item.text))
            return
        reference = Open("", start, item.corners) if ends is None and item.corners else _fixed(item, ends)
        self.book.room -= 10 * len(owners) - 10  # as much as they are to write
        for owner in owners:
            self.slot(reference if isinstance(reference, Unknown) else reference._replace(sheet=owner))
        if len(owners) > 1:
            self.code.append(Operator(",", len(owners)))

    def slot(self, reference: Reference | Unknown) -> None:
        if isinstance(reference, Unknown):
            self.code.append(reference)
        else:
            self.code.append(Slot(len(self.references)))
            self.references.append(reference)

    def name(self, item: Name, home: str, depth: int) -> None:
        shown = item.name[:MAX_SHOWN]
        owners = self.sheets(item.prefix, home)
        if isinstance(owners, Unknown):
            self.code.append(owners)
            return
        if not owners[0] and item.name.casefold() in self.book.scoped:
            self.scope = self.scope or "sheet"
        meaning = self.book.meaning(item.name, owners[0] or self.sheet)
        if isinstance(meaning, tuple):
            if depth == MAX_NAMES:
                raise _TooMuch(f"the name {shown} leads through too many others")
            self.expand(*meaning, owners[0], depth + 1)
        elif meaning is None:
            self.code.append(Unknown("#NAME?", f"the name {shown} stands for what cannot be read"))
        elif item.name.casefold() in self.book.tables:
            self.table(TableReference(item.name, frozenset(), ()))
        else:
            self.code.append(Unknown("#NAME?", f"there is no {'cell' if item.beyond else 'name'} {shown}"))

    def table(self, item: TableReference) -> None:
        table = self.book.tables.get(item.table.casefold()) if item.table else self.table_around()
        if table is None:
            self.code.append(Unknown("#NAME?", f"there is no table {item.table[:MAX_SHOWN]}".rstrip()))
            return
        try:
            area = cells(table, item)
        except KeyError:
            self.code.append(Unknown("#REF!", f"the table {table.name[:MAX_SHOWN]} has no such rows or columns"))
            return
        if THIS_ROW not in item.rows:
            self.slot(area)
            return
        first, last = Corner(1, area.column, False, True), Corner(1, area.last_column, False, True)
        why = "it asks for its row of a table in which it does not stand"
        self.slot(Moving(area.sheet, first, last, why, table.data))

    def table_around(self) -> Table | None:
        self.scope = "cell"
        row, column = self.at or (0, 0)
        for table in self.book.tables.values():
            area = table.area
            inside = area.row <= row <= area.last_row and area.column <= column <= area.last_column
            if inside and area.sheet == self.sheet:
                return table
        return None


def _fixed(item: Cells, ends: Sequence[Corner | None] | None) -> Area | Moving | Unknown:
    """A reference whose cells are told by its own text, or by the corners in a name."""
    texts = item.text.split(":") if not item.corners else []
    known = [c for c in (map(corner, texts) if texts else ends or ()) if c is not None]
    if not known or len(known) < len(texts):
        return Unknown("#REF!", f"there is no cell {item.text[:MAX_SHOWN]}")
    if ends is None or all(c.row_fixed and c.column_fixed for c in known):
        return area_between("", known[0], known[-1])
    shown = f"{item.prefix}{'!' * bool(item.prefix)}{':'.join(map(str, known))}"
    return Moving("", known[0], known[-1], f"it has a defined name for {shown[:MAX_SHOWN]}, which moves")
