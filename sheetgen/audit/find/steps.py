"""From headings to a table: where its steps begin and end, and whether it is a training at all."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Sequence
from typing import NamedTuple

from sheetgen.audit.find.lines import LOOKED_AT, Line, View, error_of, whole
from sheetgen.audit.find.reach import Reach, Spot, inside
from sheetgen.audit.labels import is_given, is_gradient, is_weight
from sheetgen.audit.table import Table

ENOUGH = 8  # weights that are asked where a table ends


class Rejected(NamedTuple):
    """Headings that look like those of a training, and in one sentence why they are not."""

    rank: int  # the larger, the nearer to a training
    why: str


def table_of(view: View, reach: Reach, head: int, lines: Sequence[Line], rates: Collection[Spot]) -> Table | Rejected:
    """The table of these headings, or why there is none."""
    first = first_step(view, head, lines)
    begun = [] if first is None else [x for x in lines if view.has_numbers(x.line, first)]
    if first is None or not whole(begun):
        return numberless(view, head, lines)
    table = build(view, reach, head, first, begun, rates)
    table = table._replace(last=last_step(view, reach, table))
    why = _flaw(view, reach, table)
    return why or table


def numberless(view: View, head: int, lines: Sequence[Line]) -> Rejected:
    """What is said of headings without a table."""
    where = f"{view.sheet}!{view.at(lines[0].line, head)}"
    return Rejected(0, f"The headings at {where} have no numbers {'below' if view.across else 'beside'} them.")


def first_step(view: View, head: int, lines: Sequence[Line]) -> int | None:
    """The first position after the headings where at least half of the lines have a number."""
    for position in range(head + 1, head + 1 + LOOKED_AT):
        if 2 * sum(view.number(x.line, position) for x in lines) >= len(lines):
            return position
    return None


def build(
    view: View, reach: Reach, head: int, first: int, lines: Sequence[Line], rates: Collection[Spot] = ()
) -> Table:
    """A table of one step, with one line for every quantity; the lines must have a weight and an error."""
    error = error_of(lines)
    options: dict[str, list[Line]] = defaultdict(list)
    for x in lines:
        if x.sure or not is_gradient(x.quantity) or not _uses(view, reach, x.line, first, rates):
            options["E_total" if x.quantity == error else x.quantity].append(x)
    weights = [view.spot(x.line, first) for name, xs in options.items() if is_weight(name) for x in xs]
    total = _chosen(options["E_total"], lambda x: reach.meets(view.sheet, view.at(x.line, first), weights))
    options["E_total"] = [total]

    def reached(x: Line) -> bool:
        at = view.at(total.line, first)
        return not is_gradient(x.quantity) and reach.meets(view.sheet, at, [view.spot(x.line, first)])

    def given(x: Line) -> bool:
        """Whether nothing of the network leads there: y may be a target, or what comes out."""
        entry = view.entry(x.line, first)
        computed = entry is not None and entry.formula is not None
        return not (computed and reach.meets(view.sheet, view.at(x.line, first), weights))

    kept = {name: [x for x in xs if not is_given(name) or given(x)] for name, xs in options.items()}
    chosen = sorted((_chosen(xs, reached), name) for name, xs in kept.items() if xs)
    return Table(
        view.sheet,
        view.across,
        head,
        first,
        first,
        {name: x.line for x, name in chosen},
        {name: x.text for x, name in chosen},
    )


def _chosen(lines: list[Line], wanted: Callable[[Line], bool]) -> Line:
    """The one line of a quantity, or of several the first that is wanted, or the first."""
    return lines[0] if len(lines) == 1 else next(filter(wanted, lines), lines[0])


def _uses(view: View, reach: Reach, line: int, first: int, rates: Collection[Spot]) -> bool:
    """Whether a formula names a learning rate itself: then dw1 is not the gradient, but the change of w1."""
    areas = [area for p in (first, first + 1) for area in reach.areas(view.sheet, view.at(line, p))]
    return any(inside(area, spot) for area in areas for spot in rates)


def weights_of(table: Table) -> list[int]:
    """The lines of the weights."""
    return [line for name, line in table.lines.items() if is_weight(name)]


def last_step(view: View, reach: Reach, table: Table, limit: int | None = None) -> int:
    """Where the error and the weights end: at a gap, or before a line of sums or averages."""
    error, weights, first = table.lines["E_total"], weights_of(table)[:ENOUGH], table.first
    keys = [line for line in (error, *weights) if view.number(line, first + 1)]
    last = first
    if limit is not None:
        last = limit
    elif keys:
        while 2 * sum(view.number(line, last + 1) for line in keys) >= len(keys):
            last += 1
    while last > first and not _is_step(view, reach, table, last):
        last -= 1
    return last


def _is_step(view: View, reach: Reach, table: Table, position: int) -> bool:
    """Whether the last step stands there: an error and weights, and not a sum or average of the errors above."""
    error = table.lines["E_total"]
    if not view.number(error, position) or not any(view.number(w, position) for w in weights_of(table)):
        return False
    above = view.spot(error, position - 1)
    return not any(inside(a, above) and not a.single for a in reach.areas(view.sheet, view.at(error, position)))


def samples(table: Table) -> list[int]:
    """A few positions that speak for all steps: one cell typed over must not hide a table."""
    middle = (table.first + table.last) // 2
    return sorted({p for p in (table.first, table.first + 1, middle, table.last) if p <= table.last})


def _flaw(view: View, reach: Reach, table: Table) -> Rejected | None:
    """Why this is no training, if it is none."""
    where, error, weights = f"{view.sheet}!{table.area}", table.lines["E_total"], weights_of(table)
    if not has_formulas(view, table):
        live = any(has_formulas(view, table, name) for name in table.lines)
        what = f"The error in {view.sheet}!{table.cells('E_total')}" if live else f"The table {where}"
        return Rejected(3, f"{what} holds numbers without formulas (pasted values): nothing can be checked.")

    def leads(p: int) -> bool:
        return reach.meets(view.sheet, view.at(error, p), [view.spot(w, p) for w in weights])

    if not any(map(leads, samples(table))):
        cell = f"{view.sheet}!{view.at(error, table.first)}"
        row = "row" if view.across else "column"
        return Rejected(2, f"The error in {cell} is not computed from the weights of its own {row} (table {where}).")
    if not any(is_gradient(name) or name.endswith("_next") for name in table.lines) and not _learns(view, reach, table):
        return Rejected(1, f"The table {where} is a forward pass only: it has no gradients, and no weight is updated.")
    return None


def has_formulas(view: View, table: Table, name: str = "E_total") -> bool:
    """Whether a quantity, the error, is computed."""
    entries = [view.entry(table.lines[name], p) for p in samples(table)]
    return any(entry and entry.formula for entry in entries)


def _learns(view: View, reach: Reach, table: Table) -> bool:
    """Whether a weight is computed from itself one step before."""
    return any(
        inside(area, view.spot(w, p - 1))
        for p in samples(table)[1:]
        for w in weights_of(table)
        for area in reach.areas(view.sheet, view.at(w, p))
    )
