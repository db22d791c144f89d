"""Where the weights stand: each tensor by its PyTorch name, its kernels laid out as the windows that they meet."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from sheetgen.cells.cell import Cell, Evaluator, constant, variable
from sheetgen.cells.text import number, show
from sheetgen.network.torch.graph import Array, CannotExport, Operation, Weight
from sheetgen.writer.planes.place import Rectangle
from sheetgen.writer.trace import LAST_COLUMN, LAST_ROW, letter, quoted

LEFT = 1  # the column of labels
BAND = 256  # columns of kernels side by side, where several fit
SCALE, SHIFT = "scale = weight / √(running_var + eps)", "shift = bias − running_mean × scale"  # of a BatchNorm


class SheetRow(NamedTuple):
    """A row of the sheet: its label, and numbers or formulas (without =) with their numbers, from column LEFT on."""

    label: str
    cells: Sequence[float | tuple[str, float] | str | None]


@dataclass
class Section:
    """A tensor on the sheet: its rows from `top` on, its title above them."""

    name: str
    shape: tuple[int, ...]
    trained: bool
    top: int
    lines: list[SheetRow]

    @property
    def width(self) -> int:
        """Its columns."""
        return max(len(line.cells) for line in self.lines)

    @property
    def count_area(self) -> str:
        """The cells that hold its numbers; whatever else stands there is text."""
        return f"${letter(LEFT)}${self.top + 1}:${letter(LEFT + self.width - 1)}${self.top + len(self.lines)}"


@dataclass
class Shelf:
    """The sheet of weights, filled as formulas ask for them."""

    sheet: str
    row: int  # the next free one, counted from 0
    sections: list[Section] = field(default_factory=list)
    _kernels: dict[tuple[str, bytes, tuple[int, ...]], list[Rectangle]] = field(default_factory=dict)
    _vectors: dict[str, list[str]] = field(default_factory=dict)
    _first: dict[str, dict[int, str]] = field(default_factory=dict)  # where a tensor's elements stand

    def text(self, r: Rectangle) -> str:
        """An absolute range on this sheet."""
        first, last = f"${letter(r.column)}${r.row + 1}", f"${letter(r.last_column)}${r.last_row + 1}"
        return f"{quoted(self.sheet)}!" + (first if r.size == 1 else f"{first}:{last}")

    def _add(self, name: str, shape: Sequence[int], trained: bool, lines: list[SheetRow]) -> int:
        top = self.row + 2
        self.row = top + len(lines)
        width = LEFT + max(len(line.cells) for line in lines)
        if self.row >= LAST_ROW or width > LAST_COLUMN:
            raise CannotExport(
                f"{name}: the sheet {self.sheet} would need {self.row + 1:,} rows and {width:,} columns, and Excel has "
                f"{LAST_ROW:,} and {LAST_COLUMN:,}: use a smaller network"
            )
        self.sections.append(Section(name, tuple(shape), trained, top, lines))
        return top

    def kernels(self, weight: Weight, index: Array, labels: Sequence[str]) -> list[Rectangle]:
        """One block of `index`'s shape for each output: `index` says which number of the output's kernel stands where.

        A tensor that is asked for again in another arrangement is repeated by formulas, so that it is written once.
        """
        key = (weight.name, index.tobytes(), index.shape)
        if key not in self._kernels:
            numbers = weight.array.reshape(len(weight.array), -1)
            known = self._first.get(weight.name)
            cells = np.arange(numbers.size).reshape(numbers.shape)[:, index]  # (outputs, height, width)

            def shown(k: int) -> float | tuple[str, float]:
                value = float(numbers.flat[k])
                return value if known is None else (_bare(known[k]), value)

            rectangles, lines = _bands(cells, shown, labels)
            repeated = known is not None
            name = f"{weight.name}, arranged again" if repeated else weight.name
            top = self._add(name, weight.array.shape, weight.trained and not repeated, lines)
            placed = [Rectangle(r.row + top, r.column, r.last_row + top, r.last_column) for r in rectangles]
            self._kernels[key] = placed
            if not repeated:
                self._first[weight.name] = self._addresses(cells, placed)
        return self._kernels[key]

    def address(self, name: str, number: int) -> str:
        """Where a number of a tensor stands, on this sheet."""
        return _bare(self._first[name][number])

    def _addresses(self, cells: Array, placed: Sequence[Rectangle]) -> dict[int, str]:
        addresses = {}
        for block, r in zip(cells, placed, strict=True):
            for (i, j), k in np.ndenumerate(block):
                addresses[int(k)] = self.text(Rectangle(r.row + i, r.column + j, r.row + i, r.column + j))
        return addresses

    def vector(self, weight: Weight) -> list[str]:
        """The addresses of a tensor's numbers, in their order: in rows of at most BAND, unless they stand already."""
        if weight.name in self._first:
            return [self._first[weight.name][k] for k in range(weight.array.size)]
        if weight.name not in self._vectors:
            values = weight.array.ravel().tolist()
            rows = [values[k : k + BAND] for k in range(0, len(values), BAND)]
            lines = [SheetRow("" if len(rows) == 1 else f"from {k * BAND}", row) for k, row in enumerate(rows)]
            top = self._add(weight.name, weight.array.shape, weight.trained, lines)
            self._vectors[weight.name] = self._across(top, len(values))
            self._first[weight.name] = dict(enumerate(self._vectors[weight.name]))
        return self._vectors[weight.name]

    def _across(self, top: int, count: int) -> list[str]:
        at = (divmod(k, BAND) for k in range(count))
        return [self.text(Rectangle(top + r, LEFT + c, top + r, LEFT + c)) for r, c in at]

    def norm(self, op: Operation) -> tuple[list[str], list[str]]:
        """The two numbers of a BatchNorm for each channel: y = x * scale + shift, which follow from its tensors."""
        tensors = [op.weights.get(name) for name in ("weight", "bias", "mean", "variance")]
        key = " ".join([*("" if w is None else w.name for w in tensors), str(op.settings["eps"])])
        if f"{key} scale" not in self._vectors:
            leaves = [constant(k == 0) if w is None else variable(w.name) for k, w in enumerate(tensors)]
            weight, bias, mean, variance = leaves
            eps = variable("eps")
            scale = weight / (variance + eps).apply("sqrt")
            shift = Cell("sub", (bias, mean * scale))
            given = [(leaf, w) for leaf, w in zip(leaves, tensors, strict=True) if w is not None]
            columns = [[(leaf, _bare(at)) for at in self.vector(w)] for leaf, w in given]
            literal, evaluate = _bare(self.literal(op.settings["eps"], op.layer)), Evaluator([scale, shift])
            places = [{**dict(row), eps: literal} for row in zip(*columns, strict=True)]
            rows = ({leaf: float(w.array.flat[k]) for leaf, w in given} for k in range(len(places)))
            numbers = [evaluate({**row, eps: op.settings["eps"]}) for row in rows]
            for j, (name, c) in enumerate(((SCALE, scale), (SHIFT, shift))):
                cells = [(show(c, place.get), row[j]) for place, row in zip(places, numbers, strict=True)]
                lines = [SheetRow("", cells[k : k + BAND]) for k in range(0, len(cells), BAND)]
                top = self._add(f"{op.layer}: {name}", (len(cells),), False, lines)
                addresses = self._vectors[f"{key} {name[:5]}"] = self._across(top, len(cells))
                for place, at in zip(places, addresses, strict=True):
                    place[c] = _bare(at)
        return self._vectors[f"{key} scale"], self._vectors[f"{key} shift"]

    def literal(self, value: float, layer: str) -> str:
        """A number in a formula. Excel reads 15 digits of it, so one of more stands in a cell."""
        if value == 0 or (1e-15 < abs(value) < 1e15 and float(f"{value:.15g}") == value):
            return number(value)
        return self.vector(Weight(f"{layer}: the number {value!r}", np.array([value]), False))[0]


def _bare(address: str) -> str:
    """Without the sheet, for formulas on it."""
    return address.rpartition("!")[2]


def _bands(
    cells: Array, shown: Callable[[int], float | tuple[str, float]], labels: Sequence[str]
) -> tuple[list[Rectangle], list[SheetRow]]:
    """Kernels of one row stand below each other, higher ones side by side; rows are counted from the section's top."""
    outputs, height, width = cells.shape
    if height == 1:
        lines = [SheetRow(f"out {o}", [shown(int(k)) for k in cells[o, 0]]) for o in range(outputs)]
        return [Rectangle(o, LEFT, o, LEFT + width - 1) for o in range(outputs)], lines
    step = width + (width > 1)
    side = max(1, BAND // step)
    rectangles: list[Rectangle] = []
    lines = []
    for first in range(0, outputs, side):
        shelf = range(first, min(first + side, outputs))
        heads: list[float | tuple[str, float] | str | None] = []
        for o in shelf:
            heads += [f"out {o}", *[None] * (step - 1)]
        lines.append(SheetRow("", heads))
        top = len(lines)
        for o in shelf:
            left = LEFT + (o - first) * step
            rectangles.append(Rectangle(top, left, top + height - 1, left + width - 1))
        for i in range(height):
            row: list[float | tuple[str, float] | str | None] = []
            for o in shelf:
                row += [*(shown(int(k)) for k in cells[o, i]), *[None] * (step - width)]
            lines.append(SheetRow(labels[i], row))
    return rectangles, lines
