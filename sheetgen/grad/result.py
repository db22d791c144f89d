"""All that `sheetgen grad` finds out: a row for every cell, what is left to say, and whether it is right."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from sheetgen.grad.engine import AGREES, CANNOT, DIFFERS, NO_NUMBER, UNCHECKED, VAGUE, Check, Opener, same, shown
from sheetgen.grad.reverse import (
    Adjoints,
    Evaluation,
    check_errors,
    check_understood,
    evaluate,
    not_understood,
    sweep,
)
from sheetgen.grad.where import cells_of, label_of, named, target_of
from sheetgen.reader import Formulas, Place

SECONDS = 10.0  # that the check may take, when the engine has the workbook open


class Row(NamedTuple):
    """The derivative with respect to one cell; None for what is no finite number.

    `elasticity` is by how many percent the target grows when the cell grows by one; `numeric` is what an engine's
    differences give, give or take `error`; `difference` is relative to the larger of the two.
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
    """The derivatives of one cell, and the engine's check of them."""

    target: Place
    label: str
    formula: str
    value: float
    rows: list[Row]
    check: Check
    notes: list[str] = field(default_factory=list)

    @property
    def right(self) -> bool:
        """Whether every derivative is a number, and the engine contradicts none."""
        return all(row.derivative is not None and row.check != DIFFERS for row in self.rows)

    @property
    def proven(self) -> bool:
        """Whether the engine agrees with every derivative."""
        return all(row.check == AGREES for row in self.rows)

    def summary(self) -> str:
        """How many derivatives were checked, and how well they agree."""
        n, name = len(self.rows), self.check.name or "the engine"
        worst = max((row.difference for row in self.rows if row.check == AGREES and row.difference), default=0.0)
        why_not = self.check.reasons.get(UNCHECKED, NO_NUMBER)
        verbs = {
            AGREES: ("agrees", "agree", f"with {name} ({'worst ' if n > 1 else ''}relative difference {worst:.1g})"),
            DIFFERS: ("differs", "differ", f"from {name}"),
            VAGUE: ("was", "were", f"checked too imprecisely by {name}"),
            CANNOT: ("was", "were", f"not checked: {name} cannot calculate it"),
            UNCHECKED: ("was", "were", f"not checked: {why_not}"),
        }
        parts: list[str] = []
        for verdict, (singular, plural, rest) in verbs.items():
            if count := sum(row.check == verdict for row in self.rows):
                subject = "the derivative" if n == 1 else f"all {n:,} derivatives" if count == n else f"{count:,}"
                subject += f" of {n:,} derivatives" if count < n and not parts else ""
                parts.append(f"{subject} {singular if count == 1 else plural} {rest}")
        return ", ".join(parts)


def grad(
    book: Formulas,
    cell: str,
    ranges: Sequence[str],
    engine: Opener | None = None,
    seconds: float = SECONDS,
    say: Callable[[str], object] = lambda text: None,
) -> Result:
    """The derivative of a cell with respect to all cells of some ranges, at the numbers that the formulas give now.

    Each is what a person finds who types another number into that cell alone; whatever follows from it is
    recalculated, other given cells too. `engine` opens the workbook to check them, for at most so many `seconds`.
    Raises NoSuchCell, CannotDifferentiate.
    """
    target = target_of(book, cell)
    given, notes = cells_of(book, ranges, target[0])
    say("reading the formulas")
    evaluation = evaluate(book, target)
    say("differentiating")
    wanted = set(given)
    if math.isnan(evaluation.values[-1]):
        live = sweep(evaluation, ()).live
        check_understood(evaluation, live, wanted)
        check_errors(evaluation, live)
    swept = sweep(evaluation, wanted)
    remembered = check_understood(evaluation, swept.live, wanted)
    say("checking with an engine")
    check = Check(target)
    numbers = {at: x for at in remembered if math.isfinite(x := book.number(at))}
    check.open(engine, book, evaluation.values[-1], _floor(evaluation, -1), numbers)
    check.until = time.monotonic() + seconds
    rows = _rows(evaluation, swept, given, check)
    check.engine = None  # so that it ends
    label = next(label_of(book, [target]))
    entry = book.entry(target)
    result = Result(target, label, (entry and entry.formula) or "", evaluation.values[-1], rows, check, notes)
    result.notes += [f"{not_understood(book, at)}: it counts with the number that it remembers" for at in remembered]
    result.notes += [*_independent(evaluation, given), *_stale(evaluation), *_kinks(swept), *_edges(rows)]
    result.notes += [
        *_broken(evaluation, swept, rows),
        *(check.reasons[v] for v in (DIFFERS, CANNOT) if v in check.reasons),
    ]
    return result


def _rows(evaluation: Evaluation, swept: Adjoints, given: Sequence[Place], check: Check) -> list[Row]:
    y = evaluation.values[-1]
    rows = []
    for at, label in zip(given, label_of(evaluation.book, given), strict=True):
        k = evaluation.cone.position.get(at)
        x = evaluation.book.number(at) if k is None else evaluation.values[k]
        d = 0.0 if k is None else swept.adjoints[k]
        row = Row(at, label, _finite(x), _finite(d), _finite(d * x / y) if y else None)
        rows.append(_checked(row, d, check) if math.isfinite(d) and math.isfinite(x) else row)
    return rows


def _checked(row: Row, d: float, check: Check) -> Row:
    verdict, numeric = check.of(row.place, row.value or 0.0, d)
    if numeric is None:
        return row._replace(check=verdict)
    larger = max(abs(d), abs(numeric.value))
    return row._replace(
        numeric=numeric.value,
        error=numeric.error,
        difference=_finite(abs(d - numeric.value) / larger) if larger else 0.0,
        check=verdict,
        one_sided=numeric.one_sided,
    )


def _finite(x: float) -> float | None:
    return x if math.isfinite(x) else None


def _some(places: Sequence[Place]) -> str:
    """The first few of some places, and how many more there are."""
    shown = ", ".join(map(named, places[:5]))
    return f"{shown} and {len(places) - 5:,} more" if len(places) > 5 else shown


def _independent(evaluation: Evaluation, given: Sequence[Place]) -> list[str]:
    outside = [at for at in given if at not in evaluation.cone.position]
    target = named(evaluation.cone.places[-1])
    return [f"{target} does not depend on {_some(outside)}: the derivative is 0"] if outside else []


def _kinks(swept: Adjoints) -> list[str]:
    """Where the derivative is that of one side only."""
    by_kind: dict[str, list[Place]] = {}
    for at, kind in swept.kinks:
        by_kind.setdefault(kind, []).append(at)
    return [f"{kind} in {_some(places)}: there is a kink or a jump there" for kind, places in by_kind.items()]


def _edges(rows: Sequence[Row]) -> list[str]:
    edge = [row.place for row in rows if row.one_sided]
    return [f"on one side of the number in {_some(edge)} there are errors: the check is by the other"] if edge else []


def _broken(evaluation: Evaluation, swept: Adjoints, rows: Sequence[Row]) -> list[str]:
    missing = [row.place for row in rows if row.derivative is None]
    if not missing:
        return []
    where = f", for that of {named(evaluation.cone.places[swept.broken])} is none" if swept.broken is not None else ""
    return [f"the derivative with respect to {_some(missing)} is no finite number{where}"]


def _floor(evaluation: Evaluation, k: int) -> float:
    """How far rounding may move a cell whose terms cancel."""
    return 1e-12 * max((abs(evaluation.values[j]) for j in evaluation.below[k]), default=0.0)


def _stale(evaluation: Evaluation) -> list[str]:
    """Where the file remembers something else than its formulas give."""
    stale = []
    for k, (at, formula) in enumerate(zip(evaluation.cone.places, evaluation.cone.formulas, strict=True)):
        entry = evaluation.book.entry(at) if formula else None
        if entry is None or entry.value is None:
            continue
        old, new = evaluation.book.number(at), evaluation.values[k]
        if math.isnan(old) != math.isnan(new) or not (math.isnan(new) or same(old, new, _floor(evaluation, k))):
            now = "an error" if math.isnan(new) else shown(new)
            stale.append(f"{named(at)} ({shown(entry.value)}, now {now})")
    if not stale:
        return []
    count = "1 cell does" if len(stale) == 1 else f"{len(stale):,} do"
    return [
        f"{count} not hold what the formula gives, first {stale[0]}: the derivatives are at the recalculated numbers"
    ]
