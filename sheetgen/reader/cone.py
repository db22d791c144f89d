"""What a cell depends on, as one graph of Cells: the cone of formulas below it, down to numbers or to a cut.

Rows of a table have cones of one shape. Such cones share one graph, which is built and differentiated once, and
evaluated with each row's numbers.
"""

from __future__ import annotations

from collections.abc import Container, Hashable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

from sheetgen.cell import Cell, variable
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
    formulas: list[Formula | None] = []
    done: set[Place] = set()
    for target in targets:
        for at in ordered(book, target, cut, done):
            places.append(at)
            formulas.append(None if at in cut and at not in targets else book.formula(at))
    position = {at: k for k, at in enumerate(places)}
    return Cone(places, formulas, tuple(position[t] for t in targets))


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
    stuck: set[Place] = set()
    done: set[Place] = set()
    for start in book.formulas():
        while start not in done:
            try:
                for at in ordered(book, start, stuck, done):
                    formula = None if at in stuck else book.formula(at)
                    if formula is not None:
                        numbers = [found[s] if s in found else book.number(s) for s in formula.slots]
                        found[at] = formula.template(numbers)
            except Circular as circle:
                circles.append(circle)
                stuck.update(circle.places)
    return found, circles
