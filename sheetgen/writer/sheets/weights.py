"""The sheet of weights: every tensor by its PyTorch name and shape, its numbers counted live."""

from __future__ import annotations

import math
from collections.abc import Sequence

from sheetgen.network.torch.graph import CannotExport, Graph
from sheetgen.writer import heat
from sheetgen.writer.book import Book, Sheet
from sheetgen.writer.digits import scientific
from sheetgen.writer.planes.kernels import LEFT, Section, Shelf
from sheetgen.writer.planes.layout import Layout
from sheetgen.writer.sheets import common, kernel_places, kernels
from sheetgen.writer.trace import letter

HEADING = "What does a kernel look for?"
TABLE = 6  # the row of the table's heading, counted from 1
NAME, SHAPE, COUNT, PYTORCH, GROUP = 0, 1, 4, 6, 8  # the columns of the table, in which numbers have two
SUBTITLE = (
    "A kernel is a small pattern of numbers, laid on every spot of the picture above it. It answers most where there "
    "is ink under its orange numbers, and paper under its blue ones."
)
OTHER = "Every number that was learned, by the name and shape that PyTorch gives its tensor: counted, and listed below."


def first_section(graph: Graph) -> int:
    """The row, counted from 0, from which the tensors of a network stand, below the table."""
    trained = {w.name for op in graph.ops for w in op.weights.values() if w.trained}
    return max(TABLE + 4 + len(trained), _tried(graph).last_row + 1 if kernels.tensors(graph) else 0)


def total_cell() -> str:
    """The address of the count of all parameters, absolute, without the sheet."""
    return f"${letter(COUNT)}${TABLE + 1}"


def _tried(graph: Graph) -> kernel_places.Places:
    """Where the kernel stands that a person tries."""
    return kernel_places.Places(kernels.tensors(graph)[0].array.shape[2:], TABLE, GROUP + 1)


def write(book: Book, layout: Layout, name: str, home: Sequence[str] = ()) -> None:
    """Write the sheet of weights, with links back to the sheets of `home`.

    Raises CannotExport if its table has no room for all tensors.
    """
    tried = _tried(layout.graph) if kernels.tensors(layout.graph) else None
    sheet = book.sheet(name, *((HEADING, SUBTITLE) if tried else ("What did the network learn?", OTHER)))
    widest = max((s.width for s in layout.shelf.sections), default=1)
    column = kernels.COLUMN if tried and _short(layout) else 52
    longest = max((len(s.name) for s in layout.shelf.sections if s.trained), default=0)
    sheet.set_column_pixels(0, 0, min(260, max(124, 7 * longest + 10)) if tried else 210)
    common.back(sheet, home)
    last = tried.last if tried else GROUP + 8
    sheet.set_column_pixels(LEFT, max(LEFT + widest, last), column)
    _table(sheet, layout, column < 52)
    if tried:
        kernels.write(sheet, layout, tried)
    for section in layout.shelf.sections:
        _section(sheet, section, "weight, short" if column < 52 else "weight")
    common.page(sheet, (3, LEFT), (first_section(layout.graph), last))
    sheet.fit_to_pages(1, 1)
    common.lock(sheet, format_rows=True)


def _short(layout: Layout) -> bool:
    """Whether the numbers fit into the columns of pictures."""
    cells = (x for section in layout.shelf.sections for line in section.lines for x in line.cells)
    return all(abs(x[1] if isinstance(x, tuple) else x) < 99.5 for x in cells if isinstance(x, float | tuple))


def _table(sheet: Sheet, layout: Layout, narrow: bool) -> None:
    shelf: Shelf = layout.shelf
    names = ("tensor", "shape", None, None, None, "counted", None, "PyTorch")  # texts run over what is empty
    common.heads(sheet, TABLE, NAME, names, "lllr", *(["fine"] if narrow else []))
    sheet.put(
        TABLE - 1, NAME, f"all that was learned, listed below{_norms(layout.graph)}{_biases(layout.graph)}", "muted"
    )
    rows = [s for s in shelf.sections if s.trained]
    first, last = TABLE + 2, TABLE + 1 + len(rows)
    if rows and last + 2 > rows[0].top:
        raise CannotExport(f"{len(rows)} tensors have no room in the table of the sheet {sheet.name}")
    look = "cell", "whole"
    for row in range(TABLE + 1, last + 1):
        for column in (COUNT, PYTORCH):
            common.merge(sheet, (row - 1, column, row - 1, column + 1), *look, *(["bold"] if row == TABLE + 1 else []))
    bold = sheet.style(*look, "bold")
    count_column = letter(COUNT)
    sheet.put(TABLE + 1, NAME, "all parameters", "cell", "bold")
    common.line(sheet, TABLE + 1, None, SHAPE, COUNT - 1, "cell")
    sheet.live(TABLE + 1, COUNT, f"SUM({count_column}{first}:{count_column}{max(first, last)})", bold)
    sheet.put(TABLE + 1, PYTORCH, layout.graph.parameters, bold)
    for k, section in enumerate(rows):
        row = first + k
        sheet.put(row, NAME, section.name, "cell")
        shape = " × ".join(map(str, section.shape))
        common.line(sheet, row, shape, SHAPE, COUNT - 1, "cell", *(["fine"] if narrow else []))
        sheet.live(row, COUNT, f"COUNT({section.count_area})", *look)
        sheet.put(row, PYTORCH, math.prod(section.shape), *look)


def _norms(graph: Graph) -> str:
    """What the weights of BatchNorm are, which no name tells."""
    names = (w.name for op in graph.ops if op.kind == "norm" for w in op.weights.values() if w.trained)
    first = next(names, "").rpartition(".")[0]
    return f"; {first}: BatchNorm, its scale (weight) and shift (bias)" if first else ""


def _biases(graph: Graph) -> str:
    """That the kernels have no bias, of a network whose convolutions have none."""
    kernels = [op.weights for op in graph.ops if op.kind == "conv"]
    return "; the kernels have no bias" if kernels and not any("bias" in w for w in kernels) else ""


def _section(sheet: Sheet, section: Section, look: str) -> None:
    title = f"{section.name}   {' × '.join(map(str, section.shape))}"
    common.section(sheet, section.top, title, 0, LEFT + max(section.width, 12) - 1)
    axis, label, number = sheet.style("axis", "left"), sheet.style("axis"), sheet.style(look)
    sheet.filled(section.top + 1, LEFT, section.top + len(section.lines), LEFT + section.width - 1)
    for i, line in enumerate(section.lines):
        row = section.top + i
        sheet.put(row + 1, 0, line.label or None, label)
        for k, x in enumerate(line.cells):
            if isinstance(x, str):
                sheet.put(row + 1, LEFT + k, x, axis)
            elif isinstance(x, tuple):
                sheet.fill(row + 1, LEFT + k, x[0], x[1], number)
            elif x is not None:
                sheet.fill(row + 1, LEFT + k, None, x, number)
    last = section.top + len(section.lines) - 1
    area = section.top, LEFT, last, LEFT + section.width - 1
    sheet.conditional_format(*area, heat.around(section.count_area))
    scientific(sheet, area, "weight", look="beyond, narrow")
