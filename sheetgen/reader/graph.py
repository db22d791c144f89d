"""A workbook as a graph: the formula of every cell as a Template of Cells, and the cells that it refers to."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from sheetgen.cells.cell import Cell
from sheetgen.excel import Entry, Workbook
from sheetgen.excel.a1 import place
from sheetgen.excel.instructions import FormulaError
from sheetgen.excel.names import Resolver
from sheetgen.excel.skeleton import Skeleton, cut
from sheetgen.reader.block import EMPTY, NUMBER, TEXT, TRUTH, Kind, NotUnderstood, kind
from sheetgen.reader.held import Held, Member
from sheetgen.reader.parse import parse, single
from sheetgen.reader.plan import Plan, unreadable
from sheetgen.reader.reach import Reach
from sheetgen.reader.shared import SINGLE, Results, Shape, Shared, filled
from sheetgen.reader.template import Formula, Place

MAX_FOLLOWED = 2_000  # cells that are looked at to tell the kind of one
WHAT_IF = "it is a result of a what-if data table"
UNKNOWN = NUMBER | TRUTH | TEXT  # the kind of a cell that may hold anything


@dataclass
class Book:
    """A workbook whose formulas can be evaluated and differentiated.

    `problems` tells of each formula that was looked at and not understood; its cached value is used instead.
    """

    workbook: Workbook
    problems: dict[Place, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._held = Held(self.workbook, self._guess)
        self._reach = Reach(self._held)
        self._resolver = Resolver.of(self.workbook)
        self._formulas: dict[Place, Formula | None] = {}
        self._plans: dict[Any, Plan | str] = {}
        self._shared: dict[Any, Shared | str] = {}
        self._results: dict[Any, Results] = {}  # of array formulas that differ in their references alone
        self._arrays: dict[tuple[Place, bool], tuple[Results, list[Place]] | str] = {}
        self._guessed: dict[Place, Kind] = {}

    def entry(self, at: Place) -> Entry | None:
        """What stands in a cell; None if nothing does."""
        return self._held.entry(at)

    def number(self, at: Place) -> float:
        """The number that a cell holds or remembers: 0 if it is empty, NaN if it is an error or a text."""
        return self._held.number(at)

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

    def what_if(self, at: Place) -> bool:
        """Whether a cell is a result of a what-if data table."""
        return self._held.what_if(at)

    def formulas(self) -> Iterator[Place]:
        """The place of every cell that holds a formula or a result of an array formula."""
        members = self._held.members
        for sheet, cells in self.workbook.sheets.items():
            yield from ((sheet, a) for a, entry in cells.items() if entry.formula is not None)
        yield from (at for at in members if (e := self.entry(at)) is None or e.formula is None)

    def _read(self, at: Place, typed: bool = True) -> Formula | None:
        """The formula of a cell; unless `typed`, as if all that it refers to were numbers. Raises NotUnderstood."""
        if self._held.what_if(at):
            raise NotUnderstood(WHAT_IF)
        member = self._held.members.get(at)
        if member is not None:
            return self._member(at[0], member, typed)
        entry = self.entry(at)
        return None if entry is None or entry.formula is None else self._formula(entry.formula, at, typed)

    def _formula(self, text: str, at: Place, typed: bool) -> Formula:
        plan, corners = self._plan(text, at)
        if plan.single is not None:
            shapes, slots = (), self._reach.singles(plan.single, corners, at[0])
        else:
            shapes, slots = self._reach.shapes(plan, corners, at, typed)
        shared = plan.templates.get(shapes)
        if shared is None:
            shared = plan.templates[shapes] = self._share(plan, shapes)
        return self._placed(shared, slots)

    def _placed(self, shared: Shared | str, slots: Sequence[Place]) -> Formula:
        if isinstance(shared, str):
            raise NotUnderstood(shared)
        if shared.kept is not None:
            slots = [slots[k] for k in shared.kept]
        self._reach.charge(len(slots), shared.template.size)
        return Formula(shared.template, tuple(slots))

    def _member(self, sheet: str, member: Member, typed: bool = True) -> Formula:
        """One result of an array formula."""
        if member[0] is None:
            raise NotUnderstood("the array formula fills too many cells")
        anchor = (sheet, member[0]), typed
        if anchor not in self._arrays:
            self._arrays[anchor] = self._array(*anchor)
        found = self._arrays[anchor]
        if isinstance(found, str):
            raise NotUnderstood(found)
        results, slots = found
        return self._placed(self._result(results, *member[1:]), slots)

    def _array(self, anchor: Place, typed: bool) -> tuple[Results, list[Place]] | str:
        """(the results of an array formula, the cells that it refers to), or why there are none."""
        entry = self.entry(anchor)
        if entry is None or entry.formula is None:
            return "the array formula is nowhere written out"
        try:
            plan, corners = self._plan(entry.formula, anchor)
            shapes, slots = self._reach.shapes(plan, corners, anchor, typed)
            key = plan.key, shapes
            if key not in self._results:
                variables, given = filled(shapes)
                self._results[key] = Results(parse(plan.key, given, array=True), variables, {})
        except NotUnderstood as why:
            return str(why)
        return self._results[key], slots

    def _result(self, results: Results, i: int, j: int) -> Shared | str:
        """The Template of one result; a single result, row or column stands everywhere."""
        if (i, j) not in results.shared:
            try:
                results.shared[i, j] = shared = Shared.of(results.one(i, j), results.variables)
                self._reach.charge(shared.template.size + len(results.variables))
            except NotUnderstood as why:
                results.shared[i, j] = str(why)
        return results.shared[i, j]

    def _plan(self, text: str, at: Place) -> tuple[Plan, list[str]]:
        """(what is known of a formula and all that have its skeleton, the corners of its references)."""
        try:
            skeleton, corners = cut(text)
        except FormulaError as error:
            raise unreadable(text, error) from error
        plan = self._plans.get(skeleton) or self._plans.get((at[0], skeleton)) or self._new_plan(skeleton, at)
        if isinstance(plan, str):
            raise NotUnderstood(plan)
        return plan, corners

    def _new_plan(self, skeleton: Skeleton, at: Place) -> Plan | str:
        resolved = self._resolver.resolve(skeleton, at[0], place(at[1]))
        try:
            plan: Plan | str = Plan.of(resolved)
        except NotUnderstood as why:
            plan = str(why)
        if resolved.scope != "cell":
            self._plans[(at[0], skeleton) if resolved.scope else skeleton] = plan
        return plan

    def _share(self, plan: Plan, shapes: Shape) -> Shared | str:
        """The Template of a formula, or why there is none; formulas that differ in spaces alone have one."""
        key = plan.key, shapes
        if key not in self._shared:
            try:
                variables, given = filled(shapes or (SINGLE,) * len(plan.resolved.references))
                self._shared[key] = shared = Shared.of(single(parse(plan.key, given)), variables)
                self._reach.charge(shared.template.size + len(variables))
            except NotUnderstood as why:
                self._shared[key] = str(why)
        return self._shared[key]

    def _guess(self, at: Place) -> Kind:
        """The kind of a formula that remembers no value: that of its Cells, and of the cells that it may pass on."""
        if at not in self._guessed:
            self._guessed[at] = self._followed(at)
        return self._guessed[at]

    def _followed(self, at: Place) -> Kind:
        kinds = Kind(0)
        todo, seen = [at], {at}
        while todo and len(seen) < MAX_FOLLOWED:
            try:
                formula = self._read(todo.pop(), typed=False)
            except NotUnderstood:
                return UNKNOWN
            if formula is None:
                return UNKNOWN
            where = dict(zip(map(id, formula.template.variables), formula.slots, strict=True))
            for c in _ends(formula.template.root):
                below = where.get(id(c))
                if below is not None and below in self._guessed:
                    kinds |= self._guessed[below]
                elif below is not None and self._held.forgetful(below):
                    todo += [] if below in seen else [below]
                    seen.add(below)
                else:  # what gives an empty cell gives 0
                    kinds |= kind(c) if below is None else self._held.kind(below)
        kinds = kinds & ~EMPTY | NUMBER if EMPTY in kinds else kinds
        return UNKNOWN if todo else kinds or NUMBER


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
