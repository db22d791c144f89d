"""A PyTorch module as a workbook whose every number is a live formula."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from sheetgen.base.files import move_into_place, staging, why_not_writable
from sheetgen.base.progress import Progress, silent
from sheetgen.base.text import unseen
from sheetgen.judge.compare import Scales, compare_written
from sheetgen.judge.engines.calculated import calculated
from sheetgen.judge.lint import lint
from sheetgen.judge.report import Exported
from sheetgen.network.torch.graph import Array, CannotExport, Graph
from sheetgen.network.torch.trace import trace
from sheetgen.spec import PYTORCH
from sheetgen.writer.book import Book, writing
from sheetgen.writer.planes import layout
from sheetgen.writer.planes.kernels import LEFT
from sheetgen.writer.planes.layout import Layout
from sheetgen.writer.sheets import layers, model, predict, proof, weights
from sheetgen.writer.trace import letter

Place = tuple[str, str]  # sheet, address
PREDICT, MODEL, LAYERS, WEIGHTS = "Predict", "Model", "Layers", "Weights"
TITLE = "A neural network, live"
REMEDY = "choose another name"
MAX_NAME = 255  # characters
# What Excel would not read back as it was written: control characters, halves of pairs, escapes, errors.
_ODD = re.compile(r"_x[0-9A-Fa-f]{4}_|[\ufffe\uffff]|^#(DIV/0!|N/A|NAME\?|NULL!|NUM!|REF!|VALUE!)$")


@dataclass(frozen=True)
class ExportOptions:
    """How a network is shown: `features` and `outputs` name what goes in and comes out, which else is numbered.

    With `softmax` the outputs are probabilities of classes. `rows`: how many a table has. Without `check` nothing is
    recalculated.
    """

    features: Sequence[str] | None = None
    outputs: Sequence[str] | None = None
    softmax: bool = False
    rows: int = 20
    title: str = TITLE
    check: bool = True


@dataclass(frozen=True)
class Sheets:
    """Sheets to be written, how large the numbers around each cell are, and which layer each cell is of."""

    write: Callable[[Book], None]
    scales: Scales
    layers: Mapping[Place, str]


def export(
    module: nn.Module,
    example: Tensor,
    path: str | Path,
    options: ExportOptions = ExportOptions(),
    progress: Progress = silent,
) -> Exported:
    """Write a module, in eval mode and float64, as a workbook; print what it gives to see who checked it.

    `example` has the shape (samples, ...): of a network on vectors all rows are shown, of any other the first sample.
    Raises CannotExport before anything is written, and Disagrees if a spreadsheet program calculates something else;
    a file that was there is then untouched.
    """
    path = Path(path)
    _check_arguments(module, example, path, options)
    progress("tracing the network")
    graph = trace(module, example, options.softmax)
    _finite(graph)
    if options.softmax and graph.outputs.shape[0] == 1:
        raise CannotExport("the softmax of one output is always 1: export it without softmax")
    sheets = (_table if layout.is_line(graph) else _page)(graph, options)
    with staging(path, CannotExport, REMEDY) as folder:
        draft = folder / "draft.xlsx"
        progress("writing")
        with writing(draft, options.title, calculated) as book:
            sheets.write(book)
            comments = "Made by sheetgen. Every number that the network computes is a formula."
            about = {"subject": "A neural network as live formulas", "keywords": "neural network, PyTorch, sheetgen"}
            book.describe(options.title, comments, **about)
        progress("linting")
        _linted(draft, sheets.layers)
        lines = compare_written(draft, sheets.scales, progress) if options.check else []
        move_into_place(draft, path)
    return Exported(path, tuple(lines))


def _linted(draft: Path, layer_of: Mapping[Place, str]) -> None:
    """Raises CannotExport for what Excel would not take, which no other spreadsheet program need notice."""
    problems = lint(draft)
    if problems:
        first = problems[0]
        names = layer_of.get((first.sheet, first.cells), "the workbook").split(", ")
        layer = names[0] if len(names) == 1 else f"{names[0]} to {names[-1]}"
        where = f" ({first.sheet}!{first.cells})" if first.cells else f" ({first.sheet})" if first.sheet else ""
        more = f"; {len(problems) - 1:,} more such places" if len(problems) > 1 else ""
        raise CannotExport(f"{layer}{where}: {first.message.rstrip('.')}{more}")


def _check_arguments(module: Any, example: Any, path: Path, options: ExportOptions) -> None:
    rows, title = options.rows, options.title
    if not isinstance(module, nn.Module):
        raise CannotExport(f"{type(module).__name__} is no torch.nn.Module: export one")
    if not isinstance(example, Tensor) or example.is_complex() or example.layout != torch.strided:
        raise CannotExport("the example is no tensor of real numbers: give one of shape (samples, ...)")
    if not torch.isfinite(example).all():
        raise CannotExport("the example holds a number that is infinite or none at all: leave it out")
    if path.suffix.lower() != ".xlsx":
        raise CannotExport(f"{path}: the workbook's name must end with .xlsx")
    if why := why_not_writable(path):
        raise CannotExport(f"{path}: the file cannot be written ({why}): {REMEDY}")
    if isinstance(rows, bool) or not isinstance(rows, int) or rows < 1:
        raise CannotExport(f"rows is {rows!r}: give a whole number from 1 on")
    if isinstance(title, str) and (hidden := unseen(title)):
        raise CannotExport(f"the title holds an invisible character ({hidden}): leave it out")
    _check_name(title, "the title")


def _check_name(name: Any, what: str) -> None:
    if not isinstance(name, str) or not name.strip():
        raise CannotExport(f"{what} is empty: give it a name")
    if len(name) > MAX_NAME:
        raise CannotExport(f"{what} has {len(name):,} characters: use at most {MAX_NAME}")
    if _ODD.search(name) or any(unicodedata.category(c) in ("Cc", "Cs") for c in name):
        raise CannotExport(f"{what} is {name!r}, which no cell can hold as it is: use letters and signs")
    # Unlike a title, a name comes from somebody's data: wide spaces, and joiners that some scripts need, may be in it.
    if hidden := unseen("".join(c for c in name if unicodedata.category(c) != "Zs" and c not in "\u200c\u200d")):
        raise CannotExport(f"{what} holds an invisible character ({hidden}): leave it out")


def _names(given: Sequence[str] | None, usual: Sequence[str], what: str) -> list[str]:
    """The names of the columns, checked. Raises CannotExport."""
    if given is None:
        return list(usual)
    if isinstance(given, str):
        raise CannotExport(f"the names of the {what}s are one text: give a list of names")
    names = list(given)
    if len(names) != len(usual):
        raise CannotExport(f"there are {len(names):,} names for {len(usual):,} {what}s: give one for each")
    for k, name in enumerate(names, 1):
        _check_name(name, f"the name of {what} {k}")
    twice = next((name for k, name in enumerate(names) if name in names[:k]), None)
    if twice is not None:
        raise CannotExport(f"two {what}s are called {twice!r}: give each a name of its own")
    return names


def _output_names(graph: Graph, options: ExportOptions) -> list[str]:
    if graph.outputs.ndim < 2:
        usual = [f"class {k}" if options.softmax else f"y{k + 1}" for k in range(graph.outputs.size)]
    else:
        usual = [f"y[{', '.join(map(str, at))}]" for at in np.ndindex(*graph.outputs.shape)]
    return _names(options.outputs, usual, "output")


def _finite(graph: Graph) -> None:
    """Raises CannotExport for a weight that no cell can hold, which what follows from it need not show."""
    for weight in (weight for op in graph.ops for weight in op.weights.values()):
        if not np.isfinite(weight.array).all():
            raise CannotExport(f"{weight.name}: it holds a number that is infinite or none at all")


def _table(graph: Graph, options: ExportOptions) -> Sheets:
    """A network on vectors: one sheet to type on, one of weights."""
    names = _names(options.features, [f"x{k + 1}" for k in range(graph.inputs.size)], "feature")
    called = _output_names(graph, options)
    gap = predict.gap(options.softmax)
    plan = layout.line(graph, predict.LEFT, PREDICT, WEIGHTS, weights.first_section(graph), gap)
    table = predict.PredictTable(
        plan, PREDICT, WEIGHTS, names, called, options.softmax, max(options.rows, len(graph.example))
    )
    predict.fits(table)

    def write(book: Book) -> None:
        predict.write(book, table, options.title)
        weights.write(book, plan, WEIGHTS, [PREDICT])
        proof.write(book, list(proof.of_lines(plan, predict.FIRST_ROW)), PYTORCH)

    rows = range(predict.FIRST_ROW, predict.FIRST_ROW + table.rows)
    cells = [[at for row in rows for at in plan.places.cells(w.block.out, row)] for w in plan.written]
    return _sheets(write, plan, cells, plan.numbers)


def _page(graph: Graph, options: ExportOptions) -> Sheets:
    """Any other network: one sheet to type on, one of layers, one of weights."""
    vector = graph.inputs.ndim == 1
    if options.features is not None and not vector:
        raise CannotExport("features are the columns of a table, and this network reads planes: leave them out")
    names = _names(options.features, [f"x{k + 1}" for k in range(graph.inputs.size)], "feature") if vector else []
    called = _output_names(graph, options)
    first = layers.first_plane(graph)
    spot = model.spot(MODEL)
    plan = layout.planes(graph, spot, LAYERS, WEIGHTS, first, weights.first_section(graph))
    page = model.Page(plan, MODEL, LAYERS, WEIGHTS, names, called, options.softmax and graph.outputs.ndim == 1)
    model.fits(page)

    def write(book: Book) -> None:
        model.write(book, page, options.title)
        layers.write(book, plan, LAYERS, [MODEL])
        weights.write(book, plan, WEIGHTS, [MODEL])
        cells = [page.cell(k) for k in range(len(called))]
        proof.write(book, list(proof.of_planes(plan, MODEL, cells)), PYTORCH)

    sheets = _sheets(write, plan, [plan.places.cells(w.block.out) for w in plan.written], plan.numbers[:1])
    size = float(abs(graph.result[0]).max())
    return replace(sheets, scales={**sheets.scales, **{(MODEL, page.cell(k)): size for k in range(len(called))}})


def _sheets(write: Callable[[Book], None], plan: Layout, cells: Sequence[Sequence[Place]], numbers: Array) -> Sheets:
    """The sheets, given where the cells of each block stand, and the numbers of all elements for some samples."""
    scales: dict[Place, float] = _weight_scales(plan)
    names: dict[Place, str] = {}
    for w, own in zip(plan.written, cells, strict=True):
        scales |= dict.fromkeys(own, float(abs(numbers[:, w.block.out]).max()))
        names |= dict.fromkeys(own, w.block.layer)
    return Sheets(write, scales, names)


def _weight_scales(plan: Layout) -> dict[Place, float]:
    """BatchNorm's shift is a difference: what rounding makes of it is judged by the largest of its section."""
    scales: dict[Place, float] = {}
    for section in plan.shelf.sections:
        cells = {
            f"{letter(LEFT + k)}{section.top + i + 1}": abs(x[1])
            for i, line in enumerate(section.lines) for k, x in enumerate(line.cells) if isinstance(x, tuple)
        }  # fmt: skip
        largest = max(cells.values(), default=0.0)
        scales |= {(WEIGHTS, address): largest for address in cells}
    return scales
