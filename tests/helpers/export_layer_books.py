"""Workbooks of exported modules for the tests, and the comparison of what an engine makes of them with PyTorch."""

import copy
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from engine_books import run
from torch import Tensor, nn

from sheetgen.excel import Value, read
from sheetgen.excel.a1 import address, place
from sheetgen.judge.engines import Values
from sheetgen.judge.engines.calculated import calculated
from sheetgen.network.torch.graph import Array, Graph
from sheetgen.network.torch.trace import trace
from sheetgen.writer.book import Book, Formula, writing
from sheetgen.writer.planes import layout
from sheetgen.writer.planes.layout import Layout, Spot
from sheetgen.writer.sheets import layers
from sheetgen.writer.sheets import weights as weights_sheet
from sheetgen.writer.trace import at_row

INPUT, LAYERS, WEIGHTS = "The input", "The layers", "The weights"
SPOT = Spot(INPUT, 5, 1)
FIRST_ROW = 8  # of a line, counted from 1
RELATIVE, FLOOR = 1e-9, 1e-12  # of the number, of the largest of its tensor


class Exported(NamedTuple):
    """A written workbook, what it was written from, and what PyTorch says of its outputs."""

    path: Path
    graph: Graph
    layout: Layout
    wanted: Array  # (rows, outputs)

    def cell(self, element: int, sample: int = 0) -> tuple[str, str]:
        """The sheet and the address of an element."""
        p = self.layout.places
        row = FIRST_ROW + sample if p.line else int(p.row[element]) + 1
        return p.sheets[int(p.sheet[element])], address(row, int(p.column[element]) + 1)


def pytorch(module: nn.Module, example: Tensor) -> Array:
    """(N, outputs) in float64: the module's own forward, with nothing of the exporter."""
    with torch.no_grad():
        return copy.deepcopy(module).double().eval()(example.double().clone()).reshape(len(example), -1).numpy()


def export(module: nn.Module, example: Tensor, path: Path) -> Exported:
    """The workbook of a module: a line for every sample if all is vectors, else the planes of the first sample."""
    graph = trace(module, example)
    line = layout.is_line(graph)
    first = weights_sheet.first_section(graph)
    if line:
        made = layout.line(graph, 0, LAYERS, WEIGHTS, first)
    else:
        made = layout.planes(graph, SPOT, LAYERS, WEIGHTS, layers.first_plane(graph), first)
    path.unlink(missing_ok=True)
    with writing(path, "x", calculated) as book:
        (_line if line else _planes)(book, made)
        weights_sheet.write(book, made, WEIGHTS)
    wanted = pytorch(module, example)
    return Exported(path, graph, made, wanted if line else wanted[:1])


def _planes(book: Book, made: Layout) -> None:
    """The input stands where Spot says, whatever the layout thinks."""
    sheet, example = book.sheet(INPUT, "Input", ""), made.graph.example[0]
    if example.ndim == 1:
        example = example[:, None]
    for (c, y, x), value in np.ndenumerate(example.reshape(-1, *example.shape[-2:])):
        row = SPOT.row + c * (example.shape[-2] + 1) + y
        sheet.put(row + 1, SPOT.column + x, float(value), book.style("cell"))
    layers.write(book, made, LAYERS)


def _line(book: Book, made: Layout) -> None:
    sheet = book.sheet(LAYERS, "A line for every sample", "")
    for k, sample in enumerate(made.graph.example.tolist()):
        row = FIRST_ROW + k
        for column, value in enumerate(sample):
            sheet.put(row, column, value, book.style("cell"))
        for w in made.written:
            values = made.values(w.block.out)[k].ravel().tolist()
            for column, formula, value in zip(w.columns.tolist(), w.formulas, values, strict=True):
                sheet.put(row, column, Formula(at_row(formula, row), value), "cell")


def wrong(book: Exported, engine: str = "IronCalc") -> list[str]:
    """Every formula cell that an engine finds to be otherwise than PyTorch, and every output."""
    found = run(engine, book.path)
    bad = [*found.not_evaluated, *_outputs(book, found.values)]
    for sample in range(len(book.wanted)):
        for w in book.layout.written:
            cells = [book.cell(element, sample) for element in w.block.out.ravel().tolist()]
            bad += _unequal(cells, found.values, book.layout.values(w.block.out)[sample].ravel())
    weights = {a: entry.value for a, entry in read(book.path).sheets[WEIGHTS].items() if entry.formula}
    numbers = {a: value for a, value in weights.items() if isinstance(value, float)}  # others are texts
    bad += _unequal([(WEIGHTS, a) for a in numbers], found.values, np.array([*numbers.values()]))
    bad += [
        f"{WEIGHTS}!{a}: {value}"
        for a, value in weights.items()
        if found.values[WEIGHTS][a] != value and a not in numbers
    ]
    bad += _worked(book, found.values)
    activations = sum(w.block.out.size for w in book.layout.written) * len(book.wanted)
    if sum(len(cells) for cells in found.values.values()) != activations + len(weights) + len(worked_cell(book)):
        bad.append("there are formula cells that nobody looked at")
    return bad


def worked_cell(book: Exported) -> dict[str, Value]:
    """What the formulas of the worked cell show, above the planes."""
    if book.layout.places.line:
        return {}
    top = layers.first_plane(book.graph)
    cells = read(book.path).sheets[LAYERS]
    found = {at: entry.value for at, entry in cells.items() if entry.formula and place(at)[0] <= top}
    return {at: "" if value is None else value for at, value in found.items()}


def _worked(book: Exported, found: Values) -> list[str]:
    """Its numbers are what the file shows, its last result is PyTorch's largest activation, and its verdict is PASS."""
    shown = worked_cell(book)
    if not shown:
        return []
    numbers = {at: value for at, value in shown.items() if isinstance(value, float)}
    bad = _unequal([(LAYERS, at) for at in numbers], found, np.array([*numbers.values()]))
    block = next(w.block for w in book.layout.written if w.block.ops[0].kind == "conv")
    most = float(book.layout.values(block.out)[0].max())
    if not any(abs(value - most) <= RELATIVE * abs(most) for value in numbers.values()):
        bad.append("the worked cell is not the largest of the first convolution")
    return bad + [f"{at}: {value}" for at, value in shown.items() if isinstance(value, str) and value != "PASS"]


def wrong_outputs(book: Exported, path: Path) -> list[str]:
    """The outputs that IronCalc finds in a changed copy of a workbook to be otherwise than PyTorch."""
    return _outputs(book, run("IronCalc", path).values)


def _outputs(book: Exported, found: Values) -> list[str]:
    ids = book.graph.outputs.ravel().tolist()
    return [
        text for k, wanted in enumerate(book.wanted) for text in _unequal([book.cell(i, k) for i in ids], found, wanted)
    ]


def _unequal(cells: list[tuple[str, str]], found: Values, wanted: Array) -> list[str]:
    floor = FLOOR * float(np.abs(wanted).max(initial=0)) + 1e-290
    bad = []
    for (sheet, where), y in zip(cells, wanted.tolist(), strict=True):
        x = found[sheet].get(where)
        if not isinstance(x, float) or not abs(x - y) <= RELATIVE * abs(y) + floor:
            bad.append(f"{sheet}!{where} is {x!r}, and PyTorch has {y!r}")
    return bad


def other_weights(book: Exported, module: nn.Module) -> list[str]:
    """The parameters that do not stand once on the sheet of weights, by their name and shape and with every number."""
    cells = read(book.path).sheets[WEIGHTS]
    sections = [s for s in book.layout.shelf.sections if s.trained]
    parameters = dict(module.named_parameters())
    bad = [] if sorted(s.name for s in sections) == sorted(parameters) else [f"{[s.name for s in sections]}"]
    for s in sections:
        block = [
            cells[where].value
            for row in range(s.top + 1, s.top + 1 + len(s.lines))
            for k in range(s.width)
            if (where := address(row, 2 + k)) in cells and cells[where].formula is None
        ]
        numbers = sorted(x for x in block if isinstance(x, float))
        tensor = parameters[s.name].detach().double()
        if numbers != sorted(tensor.ravel().tolist()) or s.shape != tuple(tensor.shape):
            bad.append(f"{s.name} stands otherwise")
    if book.graph.parameters != sum(p.numel() for p in parameters.values()):
        bad.append("the parameters are miscounted")
    return bad
