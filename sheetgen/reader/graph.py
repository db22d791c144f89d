"""A workbook as a graph: the formula of every cell as a Template of Cells, and the cells that it refers to."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import count
from typing import Any, NamedTuple

import numpy as np
from openpyxl.formula.tokenizer import Token

from sheetgen.cell import Cell, constant
from sheetgen.reader.block import MAX_DENSE, Argument, Block, NotUnderstood, kind, slot
from sheetgen.reader.held import Held, Member
from sheetgen.reader.parse import Item, parse, single
from sheetgen.reader.plan import Piece, Plan, Planner, Reference, split
from sheetgen.reader.template import Formula, Place, Template
from sheetgen.xlsx import Workbook
from sheetgen.xlsx.a1 import MAX_COLUMN, MAX_ROW, Area, address, place

MAX_ROOM = 40_000_000  # Cells of all Templates, and references of all formulas
MAX_WORK = 200_000_000  # steps that it takes to calculate all formulas once
MAX_FOLLOWED = 2_000  # cells that are looked at to tell the kind of one
EMPTY = constant(0).named("e")  # an empty cell of a range
UNKNOWN = "nbt"  # the kind of a cell that may hold anything

Shape = tuple[Any, ...]  # what a Template must know of a reference: what its cells hold, and how they lie


class Shared(NamedTuple):
    """A Template, and which of the cells that a formula refers to it has variables for."""

    template: Template
    kept: list[int] | None  # None for all

    @classmethod
    def of(cls, root: Cell, variables: Sequence[Cell]) -> Shared:
        """A Template without the variables that make no difference, such as texts in a range that is added up."""
        template = Template(root, tuple(variables))
        used = {id(node) for node in template.order}
        kept = [k for k, v in enumerate(variables) if id(v) in used]
        if len(kept) == len(variables):
            return cls(template, None)
        template.variables = tuple(variables[k] for k in kept)
        return cls(template, kept)


@dataclass
class Book:
    """A workbook whose formulas can be evaluated and differentiated.

    `problems` tells of each formula that was looked at and not understood; its cached value is used instead.
    """

    workbook: Workbook
    problems: dict[Place, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        held = self._held = Held(self.workbook, self._guess)
        self.entry, self.number = held.entry, held.number
        sheets = {name.casefold(): name for name in self.workbook.sheets}
        self._planner = Planner(sheets, {name.casefold(): text for name, text in self.workbook.names.items()})
        self._formulas: dict[Place, Formula | None] = {}
        self._plans: dict[Any, Plan | str] = {}
        self._shared: dict[Any, Shared | str] = {}
        self._results: dict[Any, Argument | str] = {}  # of array formulas
        self._places: dict[str, dict[str, Place]] = {name: {} for name in self.workbook.sheets}
        self._guessed: dict[Place, str] = {}
        self._room, self._work = MAX_ROOM, MAX_WORK

    def formula(self, at: Place) -> Formula | None:
        """The formula of a cell; None for a number, a text, an empty cell, and what is not understood."""
        try:
            return self._formulas[at]
        except KeyError:
            pass
        found = None
        try:
            found = self._read(at)
        except NotUnderstood as why:
            self.problems[at] = str(why)
        self._formulas[at] = found
        return found

    def formulas(self) -> Iterator[Place]:
        """The place of every cell that holds a formula or a result of an array formula."""
        members = self._held.members
        for sheet, cells in self.workbook.sheets.items():
            yield from ((sheet, a) for a, entry in cells.items() if entry.formula is not None)
        yield from (at for at in members if (e := self.entry(at)) is None or e.formula is None)

    def _read(self, at: Place) -> Formula | None:
        member = self._held.members.get(at)
        entry = self.entry(at if member is None else (at[0], member[0]))
        if entry is None or entry.formula is None:
            if member is not None:
                raise NotUnderstood("the array formula is nowhere written out")
            return None
        return self._formula(entry.formula, at[0], member)

    def _formula(self, text: str, sheet: str, member: Member | None = None, typed: bool = True) -> Formula:
        skeleton, corners = split(text)
        plan = self._plan(skeleton, corners, text, sheet)
        if plan.single is not None:
            shapes, slots = (), self._singles(plan.single, corners, sheet)
        else:
            shapes, slots = self._shapes(plan, corners, sheet, typed)
        key = shapes, member
        shared = plan.templates.get(key)
        if shared is None:
            shared = plan.templates[key] = self._share(plan, shapes, member)
        if isinstance(shared, str):
            raise NotUnderstood(shared)
        if shared.kept is not None:
            slots = [slots[k] for k in shared.kept]
        self._charge(len(slots), shared.template.size)
        return Formula(shared.template, tuple(slots))

    def _charge(self, room: int, work: int = 0) -> None:
        """Raises NotUnderstood when the workbook is too large."""
        if room > self._room or work > self._work:
            raise NotUnderstood("the workbook has more references than are looked at")
        self._room -= room
        self._work -= work

    def _plan(self, skeleton: Any, corners: Sequence[str], text: str, sheet: str) -> Plan:
        plan = self._plans.get(skeleton) or self._plans.get((sheet, skeleton))
        if plan is None:
            try:
                plan = self._planner.plan(text, sheet, len(corners))
            except NotUnderstood as why:
                plan = str(why)
            known = isinstance(plan, Plan) and not plan.local
            self._plans[skeleton if known else (sheet, skeleton)] = plan
        if isinstance(plan, str):
            raise NotUnderstood(plan)
        return plan

    def _place(self, sheet: str, corner: str) -> Place:
        """The place of 'b$2' on a sheet. Raises NotUnderstood if there is none."""
        places = self._places[sheet]
        if corner not in places:
            row, column = place(corner)
            if not (1 <= row <= MAX_ROW and 1 <= column <= MAX_COLUMN):
                raise NotUnderstood(f"there is no cell {corner}")
            canonical = address(row, column)
            places[corner] = places.setdefault(canonical, (sheet, canonical))
        return places[corner]

    def _singles(self, single: Sequence[str | Area | None], corners: list[str], sheet: str) -> list[Place]:
        """The cells of a formula that has no ranges; most have none."""
        own = self._places[sheet]
        if len(single) == len(corners) and not any(single):
            return [own.get(corner) or self._place(sheet, corner) for corner in corners]
        rest = iter(corners)
        return [
            self._place(piece.sheet, address(piece.row, piece.column))
            if isinstance(piece, Area)
            else self._place(piece or sheet, next(rest))
            for piece in single
        ]

    def _shapes(self, plan: Plan, corners: list[str], sheet: str, typed: bool) -> tuple[Shape, list[Place]]:
        """What the formula's Template must know of its references, and all their cells but for empty ones of ranges."""
        shapes: list[Any] = []
        slots: list[Place] = []
        rest = iter(corners)
        for piece in plan.pieces:
            if isinstance(piece, Token):
                continue
            if isinstance(piece, Area):
                one = piece
            else:
                owner = sheet if piece.sheet is None else piece.sheet
                ends = [self._place(owner, next(rest)) for _ in range(piece.corners)]
                one = _area(owner, ends)
            held = (lambda at: self._held.mark(at, plan.texts)) if plan.typed and typed else _number
            if one.single:
                found = [self._place(one.sheet, address(one.row, one.column))]
                shapes.append(((), (held(found[0]),)))
            else:
                found, shape = self._range(one, held)
                shapes.append(shape)
            slots += found
        return tuple(shapes), slots

    def _range(self, one: Area, held: Callable[[Place], str]) -> tuple[list[Place], Shape]:
        """(its cells but for empty ones, (rows and columns, what each of all holds)).

        Of a large range there are no empty cells, and its shape is lost.
        """
        large = one.size > MAX_DENSE
        self._charge(self._held.columns(one) + (0 if large else one.size // 8))
        self._charge(self._held.count(one))
        inside = self._held.inside(one)
        found = [self._place(one.sheet, at) for _, _, at in inside]
        kinds = [held(at) for at in found]
        if large:
            return found, ((len(found),), _marks(kinds))
        rows, columns = one.last_row - one.row + 1, one.last_column - one.column + 1
        marks = ["e"] * one.size
        for (row, column, _), mark in zip(inside, kinds, strict=True):
            marks[(row - one.row) * columns + column - one.column] = mark
        return found, ((rows, columns), _marks(marks))

    def _share(self, plan: Plan, shapes: Shape, member: Member | None) -> Shared | str:
        """The Template of a formula, or why there is none; formulas that differ in spaces alone have one."""
        key = plan.key, shapes, member
        if key not in self._shared:
            try:
                variables, items = _filled(plan.pieces, shapes)
                root = single(parse(items)) if member is None else self._element(plan.key, items, shapes, member)
                shared = Shared.of(root, variables)
                self._charge(shared.template.size + len(variables))
                self._shared[key] = shared
            except NotUnderstood as why:
                self._shared[key] = str(why)
        return self._shared[key]

    def _element(self, key: Any, items: list[Item], shapes: Shape, member: Member) -> Cell:
        """One result of an array formula; a single result, row or column stands everywhere. Raises NotUnderstood."""
        if (key, shapes) not in self._results:
            try:
                self._results[key, shapes] = parse(items, array=True)
            except NotUnderstood as why:
                self._results[key, shapes] = str(why)
        found = self._results[key, shapes]
        if isinstance(found, str):
            raise NotUnderstood(found)
        if isinstance(found, Block) and not found.sparse:
            i, j = (0 if n == 1 else k for n, k in zip(found.cells.shape, member[1:], strict=True))
            if i >= found.cells.shape[0] or j >= found.cells.shape[1]:
                raise NotUnderstood("the array formula has fewer results than cells")
            return single(found.cells[i, j])
        return single(found)

    def _guess(self, at: Place) -> str:
        """The kind of a formula that remembers no value: that of its Cells, and of the cells that it may pass on."""
        if at not in self._guessed:
            self._guessed[at] = self._followed(at)
        return self._guessed[at]

    def _followed(self, at: Place) -> str:
        kinds: set[str] = set()
        todo = [at]
        for _ in range(MAX_FOLLOWED):
            if not todo:
                return "".join(sorted(kinds))
            at = todo.pop()
            entry = self.entry(at)
            if at in self._held.members or entry is None or entry.formula is None:
                break
            try:
                formula = self._formula(entry.formula, at[0], typed=False)
            except NotUnderstood:
                break
            where = dict(zip(map(id, formula.template.variables), formula.slots, strict=True))
            for c in _ends(formula.template.root):
                below = where.get(id(c))
                if below is not None and below in self._guessed:
                    kinds |= {*self._guessed[below]}
                elif below is not None and (e := self.entry(below)) and e.value is None:
                    todo.append(below)
                else:  # what gives an empty cell gives 0
                    kinds |= {*(kind(c) if below is None else self._held.mark(below)).replace("e", "n")}
        return UNKNOWN


def _number(at: Place) -> str:
    """The kind of a cell of which it does not matter."""
    return "n"


def _marks(marks: list[str]) -> str | tuple[str, ...]:
    """Marks in little room: as one text, if each is a letter."""
    text = "".join(marks)
    return text if len(text) == len(marks) else tuple(marks)


def _ends(root: Cell) -> Iterator[Cell]:
    """The Cells of which a formula gives one on as it is."""
    todo = [root]
    while todo:
        c = todo.pop()
        if c.op in ("if", "iferror"):
            todo += c.args[-2:]
        elif c.op == "identity":
            todo += c.args
        else:
            yield c


def _area(sheet: str, ends: Sequence[Place]) -> Area:
    """The range between two cells, or of one."""
    (row, column), (last_row, last_column) = place(ends[0][1]), place(ends[-1][1])
    rows, columns = sorted((row, last_row)), sorted((column, last_column))
    return Area(sheet, rows[0], columns[0], rows[1], columns[1])


def _filled(pieces: Sequence[Piece], shapes: Shape) -> tuple[list[Cell], list[Item]]:
    """(a variable for each cell that a formula refers to, its pieces with variables for references)."""
    variables: list[Cell] = []
    items: list[Item] = []
    rest = iter(shapes)
    for piece in pieces:
        if isinstance(piece, Token):
            items.append(piece)
            continue
        lie, marks = next(rest, ((), "n"))
        if lie == ():
            variables.append(slot(marks[0], len(variables)))
            items.append(variables[-1])
            continue
        numbers = count(len(variables))
        new = [EMPTY if mark == "e" else slot(mark, next(numbers)) for mark in marks]
        variables += [c for c in new if c is not EMPTY]
        cells = np.empty(len(new), object)
        cells[:] = new
        items.append(Block(cells.reshape(lie if len(lie) == 2 else (-1, 1)), sparse=len(lie) == 1))
    return variables, items
