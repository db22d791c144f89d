"""From headings to a table: where its steps begin and end, and whether it is a training at all."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from typing import NamedTuple

from sheetgen.audit.find.lines import TableLine, error_of, whole
from sheetgen.audit.find.survey import LOOKED_AT, View
from sheetgen.audit.labels import is_given, is_gradient, is_weight
from sheetgen.audit.table import StepTable

ENOUGH = 8  # weights that are asked where a table ends


class Rejected(NamedTuple):
    """Headings that look like those of a training, and in one sentence why they are not."""

    rank: int  # the larger, the nearer to a training
    why: str


def table_of(view: View, head: int, lines: Sequence[TableLine]) -> StepTable | Rejected:
    """The table of these headings, or why there is none."""
    first = first_step(view, head, lines)
    begun = [] if first is None else [x for x in lines if view.has_numbers(x.line, first)]
    if first is None or not whole(begun):
        return numberless(view, head, lines)
    table = build(view, head, first, begun)
    table = table._replace(last=last_step(view, table))
    return _flaw(view, table) or table


def numberless(view: View, head: int, lines: Sequence[TableLine]) -> Rejected:
    """Why headings are no table: nothing stands below them."""
    side = "below" if view.across else "beside"
    return Rejected(0, f"The headings at {view.name(lines[0].line, head)} have no numbers {side} them.")


def first_step(view: View, head: int, lines: Sequence[TableLine]) -> int | None:
    """The first position after the headings where at least half of the lines have a number."""
    for position in range(head + 1, head + 1 + LOOKED_AT):
        if 2 * sum(view.number(x.line, position) for x in lines) >= len(lines):
            return position
    return None


def build(view: View, head: int, first: int, lines: Sequence[TableLine]) -> StepTable:
    """A table of one step, with one line for every quantity; the lines must have a weight and an error."""
    error = error_of(lines)
    options: dict[str, list[TableLine]] = defaultdict(list)
    for x in lines:
        if x.sure or not is_gradient(x.quantity) or not _uses_rate(view, x.line, first):
            options["E_total" if x.quantity == error else x.quantity].append(x)
    weights = [x.line for name, xs in options.items() if is_weight(name) for x in xs]
    total = _chosen(options["E_total"], lambda x: view.depends_on(x.line, first, weights))
    options["E_total"] = [total]

    def reached(x: TableLine) -> bool:
        return not is_gradient(x.quantity) and view.depends_on(total.line, first, [x.line])

    def given(x: TableLine) -> bool:
        """Whether nothing of the network leads there: y may be a target, or what comes out."""
        return not (view.has_formula(x.line, first) and view.depends_on(x.line, first, weights))

    possible = {name: [x for x in xs if not is_given(name) or given(x)] for name, xs in options.items()}
    chosen = sorted((_chosen(xs, reached), name) for name, xs in possible.items() if xs)
    quantities, labels = {name: x.line for x, name in chosen}, {name: x.text for x, name in chosen}
    return StepTable(view.sheet, view.across, head, first, first, quantities, labels)


def _chosen(lines: list[TableLine], wanted: Callable[[TableLine], bool]) -> TableLine:
    """The one line of a quantity, or of several the first that is wanted, or the first."""
    return lines[0] if len(lines) == 1 else next(filter(wanted, lines), lines[0])


def _uses_rate(view: View, line: int, first: int) -> bool:
    """Whether a formula names a learning rate itself: then dw1 is not the gradient, but the change of w1."""
    return any(view.precedents.uses(view.at(line, p), view.survey.rates) for p in (first, first + 1))


def weights_of(table: StepTable) -> list[int]:
    """The lines of the weights."""
    return [line for name, line in table.lines.items() if is_weight(name)]


def last_step(view: View, table: StepTable, limit: int | None = None) -> int:
    """Where the error and the weights end: at a gap, or before a line of sums or averages."""
    error, weights, last = table.lines["E_total"], weights_of(table), table.first
    ends = [line for line in (error, *weights[:ENOUGH]) if view.number(line, last + 1)]
    if limit is not None:
        last = limit
    elif ends:
        while 2 * sum(view.number(line, last + 1) for line in ends) >= len(ends):
            last += 1

    def is_step(p: int) -> bool:
        """Whether an error and weights stand there, and the error is not a sum or average of the errors above."""
        numbers = view.number(error, p) and any(view.number(w, p) for w in weights)
        return numbers and not view.precedents.uses(view.at(error, p), [view.at(error, p - 1)], ranges_only=True)

    while last > table.first and not is_step(last):
        last -= 1
    return last


def samples(table: StepTable) -> list[int]:
    """A few positions that speak for all steps: one cell typed over must not hide a table."""
    middle = (table.first + table.last) // 2
    return sorted({p for p in (table.first, table.first + 1, middle, table.last) if p <= table.last})


def _flaw(view: View, table: StepTable) -> Rejected | None:
    """Why this is no training, if it is none."""
    where, error, weights = f"{view.sheet}!{table.area}", table.lines["E_total"], weights_of(table)
    if not has_formulas(view, table):
        live = any(has_formulas(view, table, name) for name in table.lines)
        pasted = f"The error in {view.sheet}!{table.cells('E_total')}" if live else f"The table {where}"
        return Rejected(3, f"{pasted} holds numbers without formulas (pasted values): nothing can be checked.")
    if not any(view.depends_on(error, p, weights) for p in samples(table)):
        cell, row = view.name(error, table.first), "row" if view.across else "column"
        return Rejected(2, f"The error in {cell} is not computed from the weights of its own {row} (table {where}).")
    if not any(is_gradient(name) or name.endswith("_next") for name in table.lines) and not _learns(view, table):
        return Rejected(1, f"The table {where} is a forward pass only: it has no gradients, and no weight is updated.")
    return None


def has_formulas(view: View, table: StepTable, name: str = "E_total") -> bool:
    """Whether a quantity, the error, is computed."""
    return any(view.has_formula(table.lines[name], p) for p in samples(table))


def _learns(view: View, table: StepTable) -> bool:
    """Whether a weight is computed from itself one step before."""
    later = [(w, p) for p in samples(table)[1:] for w in weights_of(table)]
    return any(view.precedents.uses(view.at(w, p), [view.at(w, p - 1)]) for w, p in later)
