"""A workbook as a graph: the formula of every cell as a Template of Cells, and the cells that it refers to."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple, TypeVar

from sheetgen.cells.cell import Cell
from sheetgen.excel import Workbook
from sheetgen.excel.a1 import place
from sheetgen.excel.instructions import FormulaError
from sheetgen.excel.names import Resolver
from sheetgen.excel.skeleton import Skeleton, cut
from sheetgen.reader.cell_values import CellValues, Member
from sheetgen.reader.kinds import EMPTY, NUMBER, UNKNOWN, Argument, Kind, NotUnderstood, Range, kind
from sheetgen.reader.parse import parse, single
from sheetgen.reader.plan import FormulaPlan, unreadable
from sheetgen.reader.references import SINGLE, References, Shape, arguments
from sheetgen.reader.template import CellFormula, Place, Template

MAX_FOLLOWED = 2_000  # cells that are looked at to tell the kind of one
WHAT_IF = "it is a result of a what-if data table"

T = TypeVar("T")


class _Results(NamedTuple):
    """The results of an array formula, the variables in them, and a Template for each (or why there is none)."""

    results: Argument
    variables: list[Cell]
    templates: dict[Any, Template | str]

    def result(self, i: int, j: int) -> Cell:
        """The one in a row and a column; a single result, row or column stands everywhere. Raises NotUnderstood."""
        if not isinstance(self.results, Range) or self.results.lost:
            return single(self.results)
        i, j = (0 if n == 1 else k for n, k in zip(self.results.shape, (i, j), strict=True))
        if i >= self.results.shape[0] or j >= self.results.shape[1]:
            raise NotUnderstood("the array formula has fewer results than cells")
        return single(self.results.rows[i][j])


class Formulas(CellValues):
    """A workbook whose formulas can be evaluated and differentiated.

    `problems` tells of each formula that was looked at and not understood; its cached value is used instead.
    """

    def __init__(self, workbook: Workbook) -> None:
        super().__init__(workbook)
        self.problems: dict[Place, str] = {}
        self.resolver = Resolver.of(workbook)
        self._references = References(self)
        self._formulas: dict[Place, CellFormula | None] = {}
        self._plans: dict[Any, FormulaPlan | str] = {}
        self._templates: dict[Any, Template | str] = {}
        self._results: dict[Any, _Results | str] = {}  # of array formulas that differ in their references alone
        self._arrays: dict[Any, tuple[_Results, list[Place]] | str] = {}
        self._guessed: dict[Place, Kind] = {}

    def formula(self, at: Place) -> CellFormula | None:
        """The formula of a cell; None for a number, a text, an empty cell, and what is not understood."""
        formula = self._formulas.get(at)
        if formula is not None or at in self._formulas:
            return formula
        try:
            formula = self._read(at)
        except NotUnderstood as why:
            self.problems[at] = str(why)
        self._formulas[at] = formula
        return formula

    def formulas(self) -> Iterator[Place]:
        """The place of every cell that holds a formula or a result of an array formula."""
        for sheet, cells in self.workbook.sheets.items():
            yield from ((sheet, a) for a, entry in cells.items() if entry.formula is not None)
        yield from (at for at in self.members if (e := self.entry(at)) is None or e.formula is None)

    def _read(self, at: Place, typed: bool = True) -> CellFormula | None:
        """The formula of a cell; unless `typed`, as if all that it refers to were numbers. Raises NotUnderstood."""
        if self.what_if(at):
            raise NotUnderstood(WHAT_IF)
        member = self.members.get(at)
        if member is not None:
            return self._member(at[0], member, typed)
        entry = self.entry(at)
        if entry is None or entry.formula is None:
            return None
        plan, corners = self._plan(entry.formula, at)
        shapes, slots = self._references.resolve(plan, corners, at, typed)
        return self._placed(plan.templates.get(shapes) or self._template(plan, shapes), slots)

    def _placed(self, template: Template, slots: Sequence[Place]) -> CellFormula:
        if template.used is not None:
            slots = [slots[k] for k in template.used]
        self._references.spend(len(slots), template.size)
        return CellFormula(template, tuple(slots))

    def _plan(self, text: str, at: Place) -> tuple[FormulaPlan, list[str]]:
        """(a formula and all that have its skeleton, the corners of its references). Raises NotUnderstood."""
        try:
            skeleton, corners = cut(text)
        except FormulaError as error:
            raise unreadable(text, error) from error
        plan = self._plans.get(skeleton) or self._plans.get((at[0], skeleton)) or self._new_plan(skeleton, at)
        if isinstance(plan, str):
            raise NotUnderstood(plan)
        return plan, corners

    def _new_plan(self, skeleton: Skeleton, at: Place) -> FormulaPlan | str:
        resolved = self.resolver.resolve(skeleton, at[0], place(at[1]))
        try:
            plan: FormulaPlan | str = FormulaPlan.of(resolved)
        except NotUnderstood as why:
            plan = str(why)
        if resolved.scope != "cell":
            self._plans[(at[0], skeleton) if resolved.scope else skeleton] = plan
        return plan

    def _template(self, plan: FormulaPlan, shapes: Shape) -> Template:
        """The Template of a formula; formulas that differ in spaces alone have one. Raises NotUnderstood."""

        def new() -> Template:
            variables, slots = arguments(shapes or (SINGLE,) * len(plan.resolved.references))
            return self._new(single(parse(plan.key, slots)), variables)

        template = plan.templates[shapes] = _remembered(self._templates, (plan.key, shapes), new)
        return template

    def _new(self, root: Cell, variables: Sequence[Cell]) -> Template:
        template = Template.of(root, variables)
        self._references.spend(template.size + len(template.variables))
        return template

    def _member(self, sheet: str, member: Member, typed: bool) -> CellFormula:
        """One result of an array formula. Raises NotUnderstood."""
        anchor, i, j = member
        if anchor is None:
            raise NotUnderstood("the array formula fills too many cells")
        at = sheet, anchor
        results, slots = _remembered(self._arrays, (at, typed), lambda: self._array(at, typed))
        new = lambda: self._new(results.result(i, j), results.variables)  # noqa: E731
        return self._placed(_remembered(results.templates, (i, j), new), slots)

    def _array(self, anchor: Place, typed: bool) -> tuple[_Results, list[Place]]:
        """(the results of an array formula, the cells that it refers to). Raises NotUnderstood."""
        entry = self.entry(anchor)
        if entry is None or entry.formula is None:
            raise NotUnderstood("the array formula is nowhere written out")
        plan, corners = self._plan(entry.formula, anchor)
        shapes, slots = self._references.resolve(plan, corners, anchor, typed)

        def new() -> _Results:
            variables, given = arguments(shapes or (SINGLE,) * len(plan.resolved.references))
            return _Results(parse(plan.key, given, array=True), variables, {})

        return _remembered(self._results, (plan.key, shapes), new), slots

    def guess(self, at: Place) -> Kind:
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
                elif below is not None and self.is_uncached(below):
                    todo += [] if below in seen else [below]
                    seen.add(below)
                else:  # what gives an empty cell gives 0
                    kinds |= kind(c) if below is None else self.kind(below)
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


def _remembered(known: dict[Any, T | str], key: Any, new: Callable[[], T]) -> T:
    """The value of a key, made when it is first asked for. Raises NotUnderstood, and remembers why."""
    if key not in known:
        try:
            known[key] = new()
        except NotUnderstood as why:
            known[key] = str(why)
    value = known[key]
    if isinstance(value, str):
        raise NotUnderstood(value)
    return value
