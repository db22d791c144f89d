"""From the cells of a workbook to the steps that calculate them, each cell after those that it reads.

What does not depend on the inputs is calculated on the way, from its formula. There is no recursion, so that the chain
of cells may be as long as it likes.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np

from sheetgen.excel import Value, Workbook, read
from sheetgen.excel.a1 import Area, address
from sheetgen.judge.compiled.book import Book, Formula, Place, shown
from sheetgen.judge.compiled.functions import call, shape
from sheetgen.judge.compiled.parse import CannotCompile, Constant, Slot
from sheetgen.judge.compiled.steps import Compiled
from sheetgen.judge.compiled.values import Cells, Item, Varying, is_error


def compile_workbook(
    workbook: str | Path | Workbook,
    inputs: Sequence[Place],
    outputs: Sequence[Place],
    given: Mapping[Place, Value] | None = None,
) -> Compiled:
    """A function from the numbers in the cells `inputs` to those in the cells `outputs`, by the formulas between them.

    `given`: what other plain cells hold instead of what the file says. Values that the file remembers of formulas are
    not looked at. Raises CannotCompile, whose one sentence names the cell, and UnreadableWorkbook.
    """
    book = Book(workbook if isinstance(workbook, Workbook) else read(workbook), given or {})
    folder = _Folder(book)
    with np.errstate(all="ignore"):
        entered = [folder.enter(where) for where in inputs]
        left = [folder.leave(where) for where in outputs]
    return Compiled(folder.cells, entered, left, folder.patterns)


class _Folder:
    """The cells of a book as they become known."""

    def __init__(self, book: Book) -> None:
        self.book, self.cells = book, Cells()
        self.patterns: dict[int, object] = {}  # of the formulas that depend on the inputs
        self.read: dict[Place, Formula] = {}
        self.opened: set[Place | Area] = set()
        self.done: set[Place | Area] = set()

    def enter(self, where: Place) -> int:
        """The number of the row of an input."""
        found = self.book.plain(where, "an input")
        if found in self.cells.known:
            raise CannotCompile(f"{shown(found)} is an input twice.")
        if found in self.book.given:
            raise CannotCompile(f"{shown(found)} is an input, but it is given.")
        self.cells.known[found] = self.cells.row("n", 0, (("input",),), ())
        return self.cells.number_of(self.cells.known[found])

    def leave(self, where: Place) -> int:
        """The number of the row of an output, after all that it needs is known."""
        found = self.book.place(where)
        self._close([found])
        value = self.cells.known.get(found)
        if is_error(value):
            raise CannotCompile(f"{shown(found)} is an error whatever the inputs are{self._origin(found)}.")
        if value is None or isinstance(value, str) or (isinstance(value, Varying) and value.kinds == "t"):
            raise CannotCompile(f"{shown(found)} is an output, but it holds no number.")
        return self.cells.number_of(value if isinstance(value, Varying) else float(value))

    def _close(self, waiting: list[Place | Area]) -> None:
        """Make known the last cells or ranges of a list, and before that whatever they read."""
        while waiting:
            node = waiting[-1]
            if node in self.done:
                waiting.pop()
            elif node in self.opened:
                self._know(node)
                self.done.add(node)
                waiting.pop()
            else:
                self.opened.add(node)
                below = [n for n in self._below(node) if n not in self.done]
                for other in below:
                    if other in self.opened:
                        cells = [n for n in (node, other, *reversed(waiting)) if not isinstance(n, Area)]
                        raise CannotCompile(f"{shown(cells[0])} is part of a circular reference.")
                waiting += below

    def _below(self, node: Place | Area) -> Iterator[Place | Area]:
        """What must be known before a cell or a range is."""
        if isinstance(node, Area):
            for where in node.addresses():
                place = node.sheet, where
                if place in self.cells.known:
                    continue
                if self.book.has_formula(place):
                    yield place
                else:
                    self.cells.known[place] = self.book.constant(place)
        elif self.book.has_formula(node):
            try:
                self.read[node] = self.book.formula(node)
            except CannotCompile as error:
                raise CannotCompile(f"{shown(node)}: {error}.") from error
            yield from ((a.sheet, address(a.row, a.column)) if a.single else a for a in self.read[node].reads)
        elif node not in self.cells.known:
            self.cells.known[node] = self.book.constant(node)

    def _know(self, node: Place | Area) -> None:
        """Calculate a cell, all that it reads being known, or set down how to do so later."""
        if isinstance(node, Area) or node in self.cells.known:
            return
        formula = self.read[node]
        self.cells.here = node
        try:
            found = self.cells.scalar(self._calculated(formula))
        except CannotCompile as error:
            raise CannotCompile(f"{shown(node)}: {error}.") from error
        if isinstance(found, Varying):
            found = self.cells.row(found.kinds, found.level + 1, found.code, found.payload)
            self.patterns[self.cells.number_of(found)] = formula.calls, tuple(map(shape, formula.areas))
        self.cells.known[node] = 0.0 if found is None else found

    def _calculated(self, formula: Formula) -> Item:
        stack: list[Item] = []
        for instruction in formula.calls:
            if isinstance(instruction, Slot):
                stack.append(formula.areas[instruction.number])
            elif isinstance(instruction, Constant):
                stack.append(instruction.value)
            else:
                cut = len(stack) - instruction.operands
                stack[cut:] = [call(instruction.name, self.cells, stack[cut:])]
        return stack.pop()

    def _origin(self, where: Place) -> str:
        """Where an error that a cell shows comes from, if that is another cell."""
        at = where
        while at in self.read:
            areas = self.read[at].reads
            found = (place for a in areas for place in ((a.sheet, w) for w in a.addresses()) if self._wrong(place))
            above = next(found, None)
            if above is None:
                break
            at = above
        return "" if at == where else f", since {shown(at)} is"

    def _wrong(self, where: Place) -> bool:
        return is_error(self.cells.known.get(where))
