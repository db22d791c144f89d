"""Reverse accumulation over a whole workbook: the derivative of one cell with respect to all cells below it.

The derivative with respect to a cell is what a person finds who types another number into that cell alone: it becomes
a number, and everything that follows from it is recalculated, other cells that were asked for included. That is the
adjoint of the cell, so one sweep gives all of them.
"""

from __future__ import annotations

import math
from collections.abc import Collection
from dataclasses import dataclass, field

from sheetgen.base.errors import UserError
from sheetgen.cells.ops import NotDifferentiable
from sheetgen.excel.a1 import place
from sheetgen.grad.blind import depends
from sheetgen.grad.tape import Tape
from sheetgen.grad.where import brief, named
from sheetgen.reader import Circular, Cone, Formulas, Place, cone
from sheetgen.reader.template import Template

MOST_SHOWN = 6  # cells of a circle that are named

ROUNDING = ("ROUND", "ROUNDUP", "ROUNDDOWN", "TRUNC", "INT", "MOD")  # of the functions that the reader understands


class CannotDifferentiate(UserError):
    """There is no exact derivative; the message is one sentence that names the cell."""


@dataclass
class Evaluation:
    """The cells that the target depends on, arguments before results, and their recalculated numbers.

    `below[k]` are the cells that the formula of cell k refers to; the target is the last.
    """

    book: Formulas
    cone: Cone
    values: list[float] = field(default_factory=list)
    below: list[tuple[int, ...]] = field(default_factory=list)

    def __post_init__(self) -> None:
        position, values = self.cone.position, self.values
        for at, formula in zip(self.cone.places, self.cone.formulas, strict=True):
            below = tuple([position[s] for s in formula.slots]) if formula else ()
            self.below.append(below)
            values.append(formula.template([values[j] for j in below]) if formula else self.book.number(at))


def evaluate(book: Formulas, target: Place) -> Evaluation:
    """Everything that the target depends on. Raises CannotDifferentiate."""
    if book.workbook.as_displayed:
        raise CannotDifferentiate("the workbook calculates with numbers as displayed: no derivative passes rounding")
    entry, formula = book.entry(target), book.formula(target)
    if target in book.problems:
        raise CannotDifferentiate(f"{named(target)} is not understood: {brief(book.problems[target])}")
    if formula is None:
        number = entry is not None and isinstance(entry.value, float)
        what = "is empty" if entry is None else f"holds {'a number' if number else 'a text or an error'} and no formula"
        raise CannotDifferentiate(f"{named(target)} {what}: it depends on nothing")
    try:
        return Evaluation(book, cone(book, [target]))
    except Circular as circle:
        raise CannotDifferentiate(circle_text(circle)) from circle


def circle_text(circle: Circular) -> str:
    """One sentence that names the circle."""
    names = [named(at) for at in circle.places]
    if len(names) > MOST_SHOWN:
        names[MOST_SHOWN - 1 : -1] = [f"{len(names) - MOST_SHOWN:,} more"]
    return f"{named(circle.places[0])} depends on itself: {' -> '.join([*names, names[0]])}"


@dataclass
class Adjoints:
    """The derivative of the target by every cell, which cells count at these numbers, and the kinks."""

    adjoints: list[float]
    live: bytearray
    kinks: list[tuple[Place, str]] = field(default_factory=list)
    broken: int | None = None  # the first cell through which the derivative became no finite number


def sweep(evaluation: Evaluation, given: Collection[Place]) -> Adjoints:
    """One reverse sweep; only what depends on a given cell has an adjoint. Raises CannotDifferentiate."""
    tapes: dict[int, Tape] = {}
    places, formulas, values = evaluation.cone.places, evaluation.cone.formulas, evaluation.values

    def tape_of(template: Template) -> Tape:
        if id(template) not in tapes:
            tapes[id(template)] = Tape(template)
        return tapes[id(template)]

    n = len(formulas)
    active = bytearray(n)
    for k, (at, formula, below) in enumerate(zip(places, formulas, evaluation.below, strict=True)):
        if at in given:
            active[k] = True
        elif formula and any(map(active.__getitem__, below)):
            active[k] = tape_of(formula.template).active(tuple([bool(active[j]) for j in below]))[-1]
    result = Adjoints([0.0] * n, bytearray(n))
    adjoints, live = result.adjoints, result.live
    adjoints[-1], live[-1] = 1.0, True
    for k in range(n - 1, -1, -1):
        formula, below = formulas[k], evaluation.below[k]
        if formula is None or not live[k]:
            continue
        mask = tuple([bool(active[j]) for j in below])
        tape = tape_of(formula.template)
        if not (tape.branches or any(mask)):
            for j in below:
                live[j] = True
            continue
        try:
            pulled = tape.vjp([values[j] for j in below], mask, adjoints[k])
        except NotDifferentiable as error:
            raise CannotDifferentiate(_rounding(evaluation, k)) from error
        for j, d, counts in zip(below, pulled.adjoints, pulled.live, strict=True):
            adjoints[j] += d
            live[j] |= counts
        if result.broken is None and not all(map(math.isfinite, pulled.adjoints)):
            result.broken = k
        result.kinks += [(places[k], kink) for kink in dict.fromkeys(pulled.kinks)]
    return result


def _rounding(evaluation: Evaluation, k: int) -> str:
    at = evaluation.cone.places[k]
    entry = evaluation.book.entry(at)
    calls: tuple[str, ...] = ()
    if entry and entry.formula:  # else it is a result of an array formula that stands elsewhere
        calls = evaluation.book.resolver.read(entry.formula, at[0], place(at[1]))[0].calls
    name = next((name for name in calls if name in ROUNDING), "a rounding function")
    return f"{named(at)} uses {name}, through which no derivative passes"


def check_errors(evaluation: Evaluation, live: bytearray) -> None:
    """Refuse a target that is an error, naming the first cell that is one. Raises CannotDifferentiate."""
    if not math.isnan(evaluation.values[-1]):
        return
    first = next(k for k, value in enumerate(evaluation.values) if live[k] and math.isnan(value))
    at, target = evaluation.cone.places[first], evaluation.cone.places[-1]
    what = "is" if evaluation.cone.formulas[first] else "holds a text or an error, which is"
    where = "" if at == target else f", and {named(target)} depends on it"
    raise CannotDifferentiate(f"{named(at)} {what} an error where a number is needed{where}")


def check_understood(evaluation: Evaluation, live: bytearray, given: Collection[Place]) -> list[Place]:
    """The formulas that are not understood but cannot matter. Raises CannotDifferentiate for one that matters."""
    book, harmless = evaluation.book, []
    clean: set[Place] = set()
    target = named(evaluation.cone.places[-1])
    for k, at in enumerate(evaluation.cone.places):
        if evaluation.cone.formulas[k] or not live[k] or at not in book.problems:
            continue
        why = not_understood(book, at)
        if book.what_if(at):  # whatever its cells depend on
            raise CannotDifferentiate(f"{named(at)} is a result of a what-if data table, and {target} depends on it")
        if at not in given and (reason := depends(book, at, given, clean)):
            raise CannotDifferentiate(f"{why}, {reason}, and {target} depends on it")
        entry = book.entry(at)
        if entry is None or entry.value is None:
            raise CannotDifferentiate(f"{why}, it remembers no number, and {target} depends on it")
        harmless.append(at)
    return harmless


def not_understood(book: Formulas, at: Place) -> str:
    """That a formula is not understood, and why."""
    return f"{named(at)} is not understood ({brief(book.problems[at])})"
