"""The cone of a cell as one graph of Cells: all formulas below it, down to numbers or to a cut.

Rows of a table have cones of one shape. Such cones share one graph, which is built and differentiated once, and
evaluated with each row's numbers.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Hashable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property, partial

from sheetgen.cells.cell import Cell, variable
from sheetgen.reader.graph import Formulas
from sheetgen.reader.template import CellFormula, Place

Below = Callable[[Place], Sequence[Place]]  # what a cell refers to


class Circular(ValueError):
    """A cell that depends on itself; `places` are the cells of the circle, in order."""

    def __init__(self, places: Sequence[Place]) -> None:
        super().__init__(" -> ".join(f"{sheet}!{cell}" for sheet, cell in places))
        self.places = tuple(places)


class TooLarge(ValueError):
    """More cells below another than were to be looked at."""


@dataclass(eq=False)
class Cone:
    """Formulas in order, arguments before results, and the places that they start from.

    `position` has the number of each cell, of leaves too; `formulas` has None for a leaf; `shape` is equal for cones
    that differ in nothing but their places.
    """

    position: dict[Place, int]
    formulas: list[CellFormula | None]
    targets: tuple[int, ...]

    @cached_property
    def places(self) -> list[Place]:
        """The places of all cells, in order."""
        return list(self.position)

    @cached_property
    def shape(self) -> Hashable:
        """Equal for cones whose graphs are the same."""
        number = self.position.__getitem__
        graphs = ((id(f.template), *map(number, f.slots)) if f else None for f in self.formulas)
        return (*graphs, self.targets)

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


def cone(book: Formulas, targets: Sequence[Place], cut: Container[Place] = (), most: int | None = None) -> Cone:
    """Everything that the targets depend on; what is in `cut` is a leaf, unless it is a target.

    Raises Circular, and TooLarge for more than `most` cells.
    """
    position: dict[Place, int] = {}
    formulas: dict[Place, CellFormula | None] = {}
    inner = frozenset(targets)

    def below(at: Place) -> Sequence[Place]:
        formula = formulas[at] = book.formula(at) if at in inner or at not in cut else None
        return formula.slots if formula else ()

    for target in targets:
        for group, circle in _components(target, below, position):
            if circle:
                raise Circular(circle)
            if len(position) == most:
                raise TooLarge
            position[group[0]] = len(position)
    return Cone(position, [formulas[at] for at in position], tuple(position[t] for t in targets))


def _slots(book: Formulas, at: Place) -> Sequence[Place]:
    formula = book.formula(at)
    return formula.slots if formula else ()


def values(book: Formulas) -> tuple[dict[Place, float], list[Circular]]:
    """(the value of every formula that is understood, NaN for an error; the circles that were found).

    What is not understood, and what is in a circle, counts with the number that it remembers.
    """
    results: dict[Place, float] = {}
    circles: list[Circular] = []
    known: dict[Place, float] = {}  # results, and the numbers of all that is no formula or stays as it is
    for start in book.formulas():
        if start in known or _calculate(book, start, known, results):
            continue
        for group, circle in _components(start, partial(_slots, book), known):
            if circle:
                circles.append(Circular(circle))
                known.update((at, book.number(at)) for at in group)
            else:
                _calculate(book, group[0], known, results)
    return results, circles


def _calculate(book: Formulas, at: Place, known: dict[Place, float], results: dict[Place, float]) -> bool:
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
    known[at] = results[at] = formula.template(numbers)
    return True


def _components(start: Place, below: Below, known: Container[Place]) -> Iterator[tuple[list[Place], list[Place]]]:
    """Tarjan's: the cells below one, arguments before results; (those that depend on each other, a circle of them).

    The caller makes known what comes, and that is not looked at again. No recursion: a column of 100,000 cells is as
    deep as it is long.
    """
    order: dict[Place, int] = {}
    low: list[int] = []  # for each cell of the path the first in the order that it leads back to
    stack: list[Place] = []
    path: list[tuple[Place, Iterator[Place]]] = []
    loops: set[Place] = set()

    def enter(at: Place, slots: Sequence[Place]) -> None:
        order[at] = len(order)
        low.append(order[at])
        stack.append(at)
        path.append((at, iter(slots)))

    if start not in known:
        enter(start, below(start))
    while path:
        at, rest = path[-1]
        for place in rest:
            if place in known:  # its group is complete
                continue
            if place in order:
                low[-1] = min(low[-1], order[place])
                if place == at:
                    loops.add(at)
            elif slots := below(place):
                enter(place, slots)
                break
            else:  # a leaf
                yield [place], []
        else:
            path.pop()
            first = low.pop()
            if low:
                low[-1] = min(low[-1], first)
            if first == order[at]:
                k = len(stack) - 1
                while stack[k] != at:
                    k -= 1
                group = stack[k:]
                del stack[k:]
                yield group, _circle(group, below) if len(group) > 1 or at in loops else []


def _circle(group: Sequence[Place], below: Below) -> list[Place]:
    """One circle within a group of cells that depend on each other, in order."""
    inside = set(group)
    at = group[0]
    path: dict[Place, None] = {}
    while at not in path:
        path[at] = None
        at = next(place for place in below(at) if place in inside)
    circle = list(path)
    return circle[circle.index(at) :]
