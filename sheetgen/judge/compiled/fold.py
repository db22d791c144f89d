"""From the cells of a workbook to the steps that calculate them, each cell after those that it reads.

What does not depend on the inputs is calculated on the way, from its formula. There is no recursion, so that the chain
of cells may be as long as it likes.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np

from sheetgen.excel import Place, Value, Workbook, read
from sheetgen.excel.a1 import Area
from sheetgen.excel.instructions import Literal
from sheetgen.excel.references import Slot
from sheetgen.judge.compiled.functions import call
from sheetgen.judge.compiled.source import Source, SourceFormula, shown
from sheetgen.judge.compiled.steps import Compiled
from sheetgen.judge.compiled.values import CannotCompile, CellRows, Item, Varying, is_error


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
    folder = _Folder(Source(workbook if isinstance(workbook, Workbook) else read(workbook), given or {}))
    with np.errstate(all="ignore"):
        rows_in = [folder.enter(at) for at in inputs]
        rows_out = [folder.leave(at) for at in outputs]
    return Compiled(folder.cells, rows_in, rows_out, folder.patterns)


class _Folder:
    """The cells of a workbook as they become known."""

    def __init__(self, source: Source) -> None:
        self.source, self.cells = source, CellRows()
        self.patterns: dict[int, object] = {}  # of the formulas that depend on the inputs
        self.read: dict[Place, SourceFormula] = {}
        self.opened: set[Place | Area] = set()
        self.done: set[Place | Area] = set()

    def enter(self, at: Place) -> int:
        """The number of the row of an input."""
        at = self.source.plain(at, "an input")
        if at in self.cells.known:
            raise CannotCompile(f"{shown(at)} is an input twice.")
        if at in self.source.given:
            raise CannotCompile(f"{shown(at)} is an input, but it is given.")
        self.cells.known[at] = self.cells.row("n", 0, (("input",),), ())
        return self.cells.number_of(self.cells.known[at])

    def leave(self, at: Place) -> int:
        """The number of the row of an output, after all that it needs is known."""
        at = self.source.place(at)
        self._close([at])
        value = self.cells.known.get(at)
        if is_error(value):
            raise CannotCompile(f"{shown(at)} is an error whatever the inputs are{self._origin(at)}.")
        if value is None or isinstance(value, str) or (isinstance(value, Varying) and value.kinds == "t"):
            raise CannotCompile(f"{shown(at)} is an output, but it holds no number.")
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
        """The cells and ranges that must be known before a cell or a range is."""
        if isinstance(node, Area):
            for place in _places(node):
                if self.source.has_formula(place):
                    yield place
                else:
                    self.cells.known.setdefault(place, self.source.constant(place))
        elif self.source.has_formula(node):
            try:
                self.read[node] = self.source.formula(node)
            except CannotCompile as error:
                raise CannotCompile(f"{shown(node)}: {error}.") from error
            yield from (next(_places(area)) if area.single else area for area in self.read[node].reads)
        else:
            self.cells.known.setdefault(node, self.source.constant(node))

    def _know(self, node: Place | Area) -> None:
        """Calculate a cell, all that it reads being known, or set down how to do so later."""
        if isinstance(node, Area) or node in self.cells.known:
            return
        formula = self.read[node]
        self.cells.here = node
        try:
            value = self.cells.scalar(self._calculated(formula))
        except CannotCompile as error:
            raise CannotCompile(f"{shown(node)}: {error}.") from error
        if isinstance(value, Varying):
            value = self.cells.row(value.kinds, value.level + 1, value.code, value.payload)
            self.patterns[self.cells.number_of(value)] = formula.code, tuple(area.shape for area in formula.areas)
        self.cells.known[node] = 0.0 if value is None else value

    def _calculated(self, formula: SourceFormula) -> Item:
        stack: list[Item] = []
        for item in formula.code:
            if isinstance(item, Slot):
                stack.append(formula.areas[item.number])
            elif isinstance(item, Literal):
                stack.append(math.nan if item.kind == "error" else item.value)
            else:
                cut = len(stack) - getattr(item, "operands", 0)
                stack[cut:] = [call(item, self.cells, stack[cut:])]
        return stack.pop()

    def _origin(self, at: Place) -> str:
        """The cell that an error comes from, in words, if that is another."""
        cell = at
        while cell in self.read:
            precedents = (place for area in self.read[cell].reads for place in _places(area))
            above = next((place for place in precedents if is_error(self.cells.known.get(place))), None)
            if above is None:
                break
            cell = above
        return "" if cell == at else f", since {shown(cell)} is"


def _places(area: Area) -> Iterator[Place]:
    return ((area.sheet, at) for at in area.addresses())
