"""What a cell depends on, as one graph of Cells: the cone of formulas below it, down to numbers or to a cut.

Rows of a table have cones of one shape. Such cones share one graph, which is built and differentiated once, and
evaluated with each row's numbers.
"""

from __future__ import annotations

from collections.abc import Container, Hashable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

from sheetgen.cells.cell import Cell, variable
from sheetgen.reader.graph import Book
from sheetgen.reader.template import Formula, Place


class Circular(ValueError):
    """A cell that depends on itself; `places` are the cells of the circle, in order."""

    def __init__(self, places: Sequence[Place]) -> None:
        super().__init__(" -> ".join(f"{sheet}!{cell}" for sheet, cell in places))
        self.places = tuple(places)


@dataclass(eq=False)
class Cone:
    """Formulas in order, arguments before results, and the places that they start from.

    `places` are those of all cells, of leaves too; `formulas` has None for a leaf; `shape` is equal for cones that
    differ in nothing but their places.
    """

    places: list[Place]
    formulas: list[Formula | None]
    targets: tuple[int, ...]

    @cached_property
    def position(self) -> dict[Place, int]:
        """Where each place stands in `places`."""
        return {at: k for k, at in enumerate(self.places)}

    @cached_property
    def shape(self) -> Hashable:
        """Equal for cones whose graphs are the same."""
        position = self.position
        found = ((id(f.template), *(position[s] for s in f.slots)) if f else None for f in self.formulas)
        return (*found, self.targets)

    @cached_property
    def cells(self) -> list[Cell]:
        """The graph: a Cell for every place; leaves are variables."""
        cells: list[Cell] = []
        for formula in self.formulas:
            if formula is None:
                cells.append(variable(f"c{len(cells)}"))
            else:
                cells.append(formula.template.filled([cells[self.position[s]] for s in formula.slots]))
        return cells

    @property
    def leaves(self) -> Iterator[int]:
        """Which of `places` are leaves."""
        return (k for k, formula in enumerate(self.formulas) if formula is None)


def cone(book: Book, targets: Sequence[Place], cut: Container[Place] = ()) -> Cone:
    """Everything that the targets depend on; what is in `cut` is a leaf, unless it is a target. Raises Circular."""
    places: list[Place] = []
    leaf = _Except(cut, frozenset(targets))
    done: set[Place] = set()
    for target in targets:
        places += ordered(book, target, leaf, done)
    position = {at: k for k, at in enumerate(places)}
    formulas = [None if at in leaf else book.formula(at) for at in places]
    return Cone(places, formulas, tuple(position[t] for t in targets))


class _Except(Container[Place]):
    """What is in one container, but not in another."""

    def __init__(self, cut: Container[object], but: Container[object]) -> None:
        self.cut, self.but = cut, but

    def __contains__(self, at: object) -> bool:
        return at in self.cut and at not in self.but


def ordered(book: Book, target: Place, cut: Container[Place], done: set[Place]) -> Iterator[Place]:
    """The places that the target depends on, arguments before results, and itself; `done` grows. Raises Circular.

    No recursion: a column of 100,000 cells is as deep as it is long.
    """
    path: dict[Place, Iterator[Place]] = {}
    if target in done:
        return
    path[target] = _arguments(book, target, ())
    while path:
        at, rest = next(reversed(path.items()))
        for below in rest:
            if below in path:
                circle = list(path)
                raise Circular(circle[circle.index(below) :])
            if below not in done:
                path[below] = _arguments(book, below, cut)
                break
        else:
            del path[at]
            done.add(at)
            yield at


def _arguments(book: Book, at: Place, cut: Container[Place]) -> Iterator[Place]:
    formula = None if at in cut else book.formula(at)
    return iter(formula.slots if formula else ())


def values(book: Book) -> tuple[dict[Place, float], list[Circular]]:
    """(the value of every formula that is understood, NaN for an error; the circles that were found).

    What is not understood, and what is in a circle, counts with the number that it remembers.
    """
    found: dict[Place, float] = {}
    circles: list[Circular] = []
    known: dict[Place, float] = {}  # found, and the numbers of all that is no formula or stays as it is
    for start in book.formulas():
        if start in known:
            continue
        if _calculate(book, start, known, found):
            continue
        for group in components(book, start, known):
            formula = book.formula(group[0])
            if len(group) > 1 or (formula and group[0] in formula.slots):
                circles.append(Circular(_circle(book, group)))
                known.update((at, book.number(at)) for at in group)
            else:
                _calculate(book, group[0], known, found)
    return found, circles


def _calculate(book: Book, at: Place, known: dict[Place, float], found: dict[Place, float]) -> bool:
    """Calculate a cell, if all that it refers to is known or no formula; tells whether it could."""
    formula = book.formula(at)
    if formula is None:
        known[at] = book.number(at)
        return True
    numbers = []
    for below in formula.slots:
        number = known.get(below)
        if number is None:
            if book.formula(below) is not None:
                return False
            number = known[below] = book.number(below)
        numbers.append(number)
    known[at] = found[at] = formula.template(numbers)
    return True


def components(book: Book, start: Place, known: Container[Place]) -> Iterator[list[Place]]:
    """Tarjan's: the cells below one, arguments before results; those that depend on each other are one group.

    What becomes known while the groups come is not looked at again.
    """
    order: dict[Place, int] = {}
    low: dict[Place, int] = {}
    stack: list[Place] = []
    path: list[tuple[Place, Iterator[Place]]] = []

    def enter(at: Place) -> None:
        order[at] = low[at] = len(order)
        stack.append(at)
        path.append((at, _arguments(book, at, known)))

    enter(start)
    while path:
        at, rest = path[-1]
        for below in rest:
            if below in order:
                if below not in known:  # else it is in a group that is done
                    low[at] = min(low[at], order[below])
            elif below not in known:
                enter(below)
                break
        else:
            path.pop()
            if path:
                low[path[-1][0]] = min(low[path[-1][0]], low[at])
            if low[at] == order[at]:
                group = [stack.pop()]
                while group[-1] != at:
                    group.append(stack.pop())
                yield group[::-1]


def _circle(book: Book, group: Sequence[Place]) -> list[Place]:
    """One circle within a group of cells that depend on each other, in order."""
    inside = set(group)
    at = group[0]
    path: dict[Place, None] = {}
    while at not in path:
        path[at] = None
        formula = book.formula(at)
        at = next(below for below in (formula.slots if formula else ()) if below in inside)
    circle = list(path)
    return circle[circle.index(at) :]
