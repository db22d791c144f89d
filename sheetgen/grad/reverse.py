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
from sheetgen.excel.a1 import tokens
from sheetgen.grad.blind import depends
from sheetgen.grad.tape import Refused, Tape
from sheetgen.grad.where import brief, named
from sheetgen.reader import Book, Circular, Cone, Place, cone
from sheetgen.reader.template import Template

MOST_SHOWN = 6  # cells of a circle that are named

ROUNDING = ("ROUND", "ROUNDUP", "ROUNDDOWN", "TRUNC", "INT", "MOD", "QUOTIENT", "EVEN", "ODD")
ROUNDING_STARTS = ("CEILING", "FLOOR", "MROUND", "ISO.CEILING")


class CannotDifferentiate(UserError):
    """There is no exact derivative; the message is one sentence that names the cell."""


@dataclass
class Graph:
    """The cells that the target depends on, arguments before results, and their recalculated numbers.

    `below[k]` are the cells that the formula of cell k refers to; the target is the last.
    """

    book: Book
    cone: Cone
    values: list[float] = field(init=False)
    below: list[tuple[int, ...]] = field(init=False)

    def __post_init__(self) -> None:
        values: list[float] = []
        position = self.cone.position
        self.below = [tuple(position[s] for s in f.slots) if f else () for f in self.cone.formulas]
        for at, formula, below in zip(self.cone.places, self.cone.formulas, self.below, strict=True):
            values.append(formula.template([values[j] for j in below]) if formula else self.book.number(at))
        self.values = values


def graph(book: Book, target: Place) -> Graph:
    """Everything that the target depends on. Raises CannotDifferentiate."""
    if book.workbook.as_displayed:
        raise CannotDifferentiate("the workbook calculates with numbers as displayed: no derivative passes rounding")
    entry, formula = book.entry(target), book.formula(target)
    if target in book.problems:
        raise CannotDifferentiate(f"{named(target)} is not understood: {brief(book.problems[target])}")
    if formula is None:
        value = entry.value if entry else None
        number = isinstance(value, float)
        what = "is empty" if entry is None else f"holds {'a number' if number else 'a text or an error'} and no formula"
        raise CannotDifferentiate(f"{named(target)} {what}: it depends on nothing")
    try:
        return Graph(book, cone(book, [target]))
    except Circular as circle:
        raise CannotDifferentiate(circle_text(circle)) from circle


def circle_text(circle: Circular) -> str:
    """One sentence that names the circle."""
    names = [named(at) for at in circle.places]
    if len(names) > MOST_SHOWN:
        names[MOST_SHOWN - 1 : -1] = [f"{len(names) - MOST_SHOWN:,} more"]
    return f"{named(circle.places[0])} depends on itself: {' -> '.join([*names, names[0]])}"


@dataclass
class Swept:
    """What one sweep found: the adjoint of every cell, which cells count at these numbers, and the kinks."""

    adjoints: list[float]
    live: bytearray
    moving: bytearray
    kinks: list[tuple[Place, str]]
    broken: int | None = None  # the first cell through which the derivative became no number


def sweep(graph: Graph, given: Collection[Place]) -> Swept:
    """One reverse sweep; only what depends on a given cell has an adjoint. Raises CannotDifferentiate."""
    tapes: dict[int, Tape] = {}
    formulas, values = graph.cone.formulas, graph.values

    def tape_of(template: Template) -> Tape:
        if id(template) not in tapes:
            tapes[id(template)] = Tape(template)
        return tapes[id(template)]

    n = len(formulas)
    moving = bytearray(n)
    for k, (at, formula, below) in enumerate(zip(graph.cone.places, formulas, graph.below, strict=True)):
        if at in given:
            moving[k] = True
        elif formula and any(moving[j] for j in below):
            moving[k] = tape_of(formula.template).moving(tuple(bool(moving[j]) for j in below))[-1]
    found = Swept([0.0] * n, bytearray(n), moving, [])
    found.adjoints[-1], found.live[-1] = 1.0, True
    for k in range(n - 1, -1, -1):
        formula, below = formulas[k], graph.below[k]
        if formula is None or not found.live[k]:
            continue
        mask = tuple(bool(moving[j]) for j in below)
        tape = tape_of(formula.template)
        if not (tape.branches or any(mask)):
            for j in below:
                found.live[j] = True
            continue
        try:
            back = tape.back([values[j] for j in below], mask, found.adjoints[k])
        except Refused as error:
            raise CannotDifferentiate(_rounding(graph, k)) from error
        for j, d, live in zip(below, back.adjoints, back.live, strict=True):
            found.adjoints[j] += d
            found.live[j] |= live
        if found.broken is None and any(map(math.isnan, back.adjoints)):
            found.broken = k
        found.kinks += [(graph.cone.places[k], kink) for kink in dict.fromkeys(back.kinks)]
    return found


def _rounding(graph: Graph, k: int) -> str:
    at = graph.cone.places[k]
    entry = graph.book.entry(at)
    text = (entry and entry.formula) or ""
    called = [token[:-1].upper().removeprefix("_XLFN.") for kind, token in tokens(text) if kind == "call"]
    names = [name for name in called if name in ROUNDING or name.startswith(ROUNDING_STARTS)]
    return f"{named(at)} uses {names[0] if names else 'a rounding function'}, through which no derivative passes"


def check_errors(graph: Graph, live: bytearray) -> None:
    """Refuse a target that is an error, naming the first cell that is one. Raises CannotDifferentiate."""
    if not math.isnan(graph.values[-1]):
        return
    first = next(k for k, value in enumerate(graph.values) if live[k] and math.isnan(value))
    at, target = graph.cone.places[first], graph.cone.places[-1]
    what = "is" if graph.cone.formulas[first] else "holds a text or an error, which is"
    where = "" if at == target else f", and {named(target)} depends on it"
    raise CannotDifferentiate(f"{named(at)} {what} an error where a number is needed{where}")


def check_understood(graph: Graph, live: bytearray, given: Collection[Place]) -> list[Place]:
    """The formulas that are not understood but cannot matter. Raises CannotDifferentiate for one that matters."""
    found = []
    clean: set[Place] = set()
    problems = graph.book.problems
    for k, at in enumerate(graph.cone.places):
        if graph.cone.formulas[k] or not live[k] or at not in problems:
            continue
        why = not_understood(graph.book, at)
        target = named(graph.cone.places[-1])
        if graph.book.what_if(at):  # whatever its cells depend on
            raise CannotDifferentiate(f"{named(at)} is a result of a what-if data table, and {target} depends on it")
        if at not in given and (reason := depends(graph.book, at, given, clean)):
            raise CannotDifferentiate(f"{why}, {reason}, and {target} depends on it")
        entry = graph.book.entry(at)
        if entry is None or entry.value is None:
            raise CannotDifferentiate(f"{why}, it remembers no number, and {target} depends on it")
        found.append(at)
    return found


def not_understood(book: Book, at: Place) -> str:
    """That a formula is not understood, and why."""
    return f"{named(at)} is not understood ({brief(book.problems[at])})"
