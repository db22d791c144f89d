"""A formula that many cells share: its Cells, with a variable for every cell that it refers to."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from sheetgen.cell import Cell, Evaluator, constant, forward_order, variable
from sheetgen.reader.functions import Argument, Block, NotUnderstood
from sheetgen.reader.parse import parse, single

Place = tuple[str, str]  # sheet, address


@dataclass(eq=False)
class Template:
    """A formula with a variable for every cell that it refers to."""

    root: Cell
    variables: tuple[Cell, ...]

    @cached_property
    def order(self) -> list[Cell]:
        """Its Cells, arguments before results."""
        return forward_order(self.root)

    @cached_property
    def _evaluator(self) -> Evaluator:
        return Evaluator([self.root])

    def __call__(self, numbers: Iterable[float]) -> float:
        """Its value, given that of every variable; NaN where a spreadsheet has an error."""
        return self._evaluator(dict(zip(self.variables, numbers, strict=True)))[0]

    def filled(self, arguments: Sequence[Cell]) -> Cell:
        """Its Cells, with others in the place of the variables."""
        new = {id(v): a for v, a in zip(self.variables, arguments, strict=True)}
        for node in self.order:
            if id(node) not in new:
                args = tuple(new[id(a)] for a in node.args)
                new[id(node)] = Cell(node.op, args, None, node.value) if args else node
        return new[id(self.root)]


@dataclass(frozen=True)
class Formula:
    """The formula of one cell: a Template, and the place that each of its variables stands for."""

    template: Template
    slots: tuple[Place, ...]


def template_of(
    text: str, variables: Sequence[Cell], references: Mapping[str, Argument], array: bool = False
) -> Template | str:
    """The Template of a text in which references have names; a str that tells why there is none."""
    known: dict[str, Argument] = {v.name or "": v for v in variables}
    try:
        return Template(single(parse(text, {**known, **references}, array)), tuple(variables))
    except NotUnderstood as why:
        return str(why)


def variables_of(shapes: Sequence[tuple[Any, ...]]) -> tuple[list[Cell], dict[str, Argument]]:
    """(a variable for each slot, what the references are called): Blocks of variables for ranges."""
    variables: list[Cell] = []
    references: dict[str, Argument] = {}

    def more(n: int) -> list[Cell]:
        new = [variable(f"v{len(variables) + k}") for k in range(n)]
        variables.extend(new)
        return new

    for k, shape in enumerate(shapes):
        if not shape:
            references[f"_{k}_"] = more(1)[0]
            continue
        rows, columns, marks = shape if len(shape) == 3 else (shape[0], 1, "n" * shape[0])
        cells = np.empty((rows, columns), object)
        cells.ravel()[:] = [
            v if mark == "n" else constant(0 if mark == "e" else float("nan"))
            for v, mark in zip(more(rows * columns), marks, strict=True)
        ]
        numbers = np.array([mark == "n" for mark in marks], bool).reshape(rows, columns)
        references[f"_{k}_"] = Block(cells, numbers, sparse=len(shape) == 1)
    return variables, references


def element_of(
    text: str, variables: Sequence[Cell], references: Mapping[str, Argument], element: tuple[int, int]
) -> Template | str:
    """One result of an array formula; a single result, row or column stands everywhere."""
    try:
        found = parse(text, references, array=True)
        if not isinstance(found, Block):
            return Template(found, tuple(variables))
        rows, columns = found.cells.shape
        i, j = (0 if n == 1 else k for n, k in zip((rows, columns), element, strict=True))
        if i >= rows or j >= columns:
            return "the array formula has fewer results than cells"
        return Template(found.cells[i, j], tuple(variables))
    except NotUnderstood as why:
        return str(why)
