"""Whether a formula that is not understood may depend on a cell: by the references that stand in it."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from sheetgen.excel.a1 import place
from sheetgen.excel.functions import ELSEWHERE
from sheetgen.excel.instructions import FormulaError, Operator
from sheetgen.excel.references import Unknown, Unresolved
from sheetgen.grad.where import named
from sheetgen.reader import Formulas, Place

ANYWHERE = {*ELSEWHERE, "TABLE"}  # what they refer to stands nowhere in the formula


def depends(book: Formulas, start: Place, given: Collection[Place], clean: set[Place]) -> str:
    """Why a formula may depend on one of the given cells, in a few words; '' if it cannot.

    `clean` collects cells that were looked at and depend on none.
    """
    seen: set[Place] = set()
    todo = [start]
    while todo:
        at = todo.pop()
        if at in given and at != start:
            return f"it depends on {named(at)}"
        if at in seen or at in clean:
            continue
        seen.add(at)
        if book.what_if(at):
            return f"it depends on {named(at)}, a result of a what-if data table"
        try:
            todo += _precedents(book, at)
        except (FormulaError, Unresolved):
            return f"it cannot be told whether it depends on {named(next(iter(given)))}"
    clean |= seen
    return ""


def _precedents(book: Formulas, at: Place) -> Iterable[Place]:
    """The cells that a formula refers to, understood or not. Raises FormulaError, Unresolved if that cannot be told."""
    formula = book.formula(at)
    if formula is not None or at not in book.problems:
        return formula.slots if formula else ()
    entry = book.entry(at)
    # Without a text it is a result of an array formula that stands elsewhere: the text '' cannot be read.
    resolved, areas = book.resolver.read((entry and entry.formula) or "", at[0], place(at[1]))
    lost = (item for item in resolved.code if isinstance(item, Unknown) and not item.external)
    between = Operator(":", 2) in resolved.code  # cells that no reference names
    if between or next(lost, None) or not ANYWHERE.isdisjoint(resolved.calls):
        raise Unresolved("it refers to cells that it does not name")
    return {cell for area in areas for cell in book.filled(area)}
