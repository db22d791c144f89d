"""All that `sheetgen grad` finds out: a row for every cell, what is left to say, and whether it is right."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from sheetgen.grad.numeric import Numeric, differentiated, recalculation
from sheetgen.grad.reverse import Graph, Swept, check_errors, check_understood, graph, sweep
from sheetgen.grad.where import cells_of, label_of, named, target_of
from sheetgen.reader import Book, Place

SECONDS = 10.0  # that the numeric check may take
STALE = 1e-9  # relative difference of a remembered number from the recalculated one

AGREES, DISAGREES, VAGUE, UNCHECKED = "agrees", "disagrees", "too imprecise", "not checked"


class Row(NamedTuple):
    """The derivative with respect to one cell; None for what is no finite number.

    `elasticity` is by how many percent the target grows when the cell grows by one; `numeric` is what differences give,
    give or take `error`; `difference` is relative to the larger of the two.
    """

    place: Place
    label: str
    value: float | None
    derivative: float | None
    elasticity: float | None
    numeric: float | None = None
    error: float | None = None
    difference: float | None = None
    check: str = UNCHECKED
    one_sided: bool = False


@dataclass
class Result:
    """The derivatives of one cell. `right` if all are finite and none is contradicted by the numeric check."""

    target: Place
    label: str
    formula: str
    value: float
    rows: list[Row]
    notes: list[str] = field(default_factory=list)

    @property
    def right(self) -> bool:
        """Whether every derivative is a number, and none disagrees with the numeric check."""
        return all(row.derivative is not None and row.check != DISAGREES for row in self.rows)

    def summary(self) -> str:
        """How many derivatives were checked, and how well they agree."""
        count = {state: sum(row.check == state for row in self.rows) for state in (AGREES, DISAGREES, VAGUE, UNCHECKED)}
        worst = max((row.difference for row in self.rows if row.check == AGREES and row.difference), default=0.0)
        agree = f"{count[AGREES]:,} of {len(self.rows):,} derivatives agree with the numeric check"
        parts = [agree + (f" (worst relative difference {worst:.1g})" if count[AGREES] else "")]
        more = {DISAGREES: "disagree", VAGUE: "too imprecise to be checked so", UNCHECKED: "not checked"}
        return ", ".join(parts + [f"{count[state]:,} {text}" for state, text in more.items() if count[state]])


def grad(
    book: Book,
    cell: str,
    ranges: Sequence[str],
    seconds: float = SECONDS,
    say: Callable[[str], object] = lambda text: None,
) -> Result:
    """The derivative of a cell with respect to all cells of some ranges, at the numbers that the formulas give now.

    Each is what a person finds who types another number into that cell alone; whatever follows from it is
    recalculated, other given cells too. `seconds` is the time for the numeric check, 0 for none. Raises NoSuchCell,
    CannotDifferentiate.
    """
    target = target_of(book, cell)
    given, notes = cells_of(book, ranges, target[0])
    say("reading the formulas")
    found = graph(book, target)
    say("differentiating")
    wanted = set(given)
    if math.isnan(found.values[-1]):
        live = sweep(found, ()).live
        check_understood(found, live, wanted)
        check_errors(found, live)
    swept = sweep(found, wanted)
    notes += check_understood(found, swept.live, wanted)
    say("checking by differences")
    rows = _rows(found, swept, given, time.monotonic() + seconds if seconds else -math.inf)
    entry = book.entry(target)
    label = next(label_of(book, [target]))
    result = Result(target, label, (entry and entry.formula) or "", found.values[-1], rows, notes)
    result.notes += [*_independent(found, given), *_stale(found), *_kinks(swept), *_edges(rows)]
    result.notes += _broken(found, swept, rows)
    return result


def _rows(found: Graph, swept: Swept, given: Sequence[Place], until: float) -> list[Row]:
    y = found.values[-1]
    rows = []
    for at, label in zip(given, label_of(found.book, given), strict=True):
        k = found.cone.position.get(at)
        x = found.book.number(at) if k is None else found.values[k]
        d = 0.0 if k is None else swept.adjoints[k]
        row = Row(at, label, _finite(x), _finite(d), _finite(d * x / y) if y else None)
        if until > 0 and (k is None or k == len(found.values) - 1):  # nothing to calculate
            row = _checked(row, Numeric(d, 0.0))
        elif k is not None and time.monotonic() < until and math.isfinite(d) and math.isfinite(x):
            row = _checked(row, differentiated(recalculation(found, k), x, until))
        rows.append(row)
    return rows


def _checked(row: Row, numeric: Numeric | None) -> Row:
    if numeric is None:
        return row
    d = math.nan if row.derivative is None else row.derivative
    larger = max(abs(d), abs(numeric.value))
    state = VAGUE if numeric.vague(d) else AGREES
    return row._replace(
        numeric=numeric.value,
        error=numeric.error,
        difference=_finite(abs(d - numeric.value) / larger) if larger else 0.0,
        check=state if numeric.agrees(d) else DISAGREES,
        one_sided=numeric.one_sided,
    )


def _finite(x: float) -> float | None:
    return x if math.isfinite(x) else None


def _some(places: Sequence[Place]) -> str:
    """The first few of some places, and how many more there are."""
    shown = ", ".join(map(named, places[:5]))
    return f"{shown} and {len(places) - 5:,} more" if len(places) > 5 else shown


def _independent(found: Graph, given: Sequence[Place]) -> list[str]:
    outside = [at for at in given if at not in found.cone.position]
    target = named(found.cone.places[-1])
    return [f"{target} does not depend on {_some(outside)}: the derivative is 0"] if outside else []


def _kinks(swept: Swept) -> list[str]:
    """Where the derivative is that of one side only."""
    by_kind: dict[str, list[Place]] = {}
    for at, kind in swept.kinks:
        by_kind.setdefault(kind, []).append(at)
    return [f"{kind} in {_some(places)}: there is a kink or a jump there" for kind, places in by_kind.items()]


def _edges(rows: Sequence[Row]) -> list[str]:
    edge = [row.place for row in rows if row.one_sided]
    return [f"on one side of the number in {_some(edge)} there are errors: the check is by the other"] if edge else []


def _broken(found: Graph, swept: Swept, rows: Sequence[Row]) -> list[str]:
    missing = [row.place for row in rows if row.derivative is None]
    if not missing:
        return []
    where = f", for that of {named(found.cone.places[swept.broken])} is none" if swept.broken is not None else ""
    return [f"the derivative with respect to {_some(missing)} is no finite number{where}"]


def _stale(found: Graph) -> list[str]:
    """Where the file remembers other numbers than its formulas give."""
    stale = []
    for k, (at, formula, below) in enumerate(zip(found.cone.places, found.cone.formulas, found.below, strict=True)):
        entry = found.book.entry(at) if formula else None
        old, new = entry.value if entry else None, found.values[k]
        if isinstance(old, float) and not math.isnan(new):
            floor = 1e-12 * max((abs(found.values[j]) for j in below), default=0.0)  # of terms that cancel
            if abs(old - new) > STALE * max(abs(old), abs(new)) + floor:
                stale.append(f"{named(at)} ({old:.10g}, now {new:.10g})")
    if not stale:
        return []
    count = "1 cell does" if len(stale) == 1 else f"{len(stale):,} do"
    return [
        f"{count} not hold what the formula gives, first {stale[0]}: the derivatives are at the recalculated numbers"
    ]
