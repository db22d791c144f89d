"""The example and PyTorch's outputs, cell by cell: the workbook can be checked without PyTorch and for ever."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from sheetgen.spec import HEADS
from sheetgen.writer.book import Book
from sheetgen.writer.planes.layout import Layout
from sheetgen.writer.sheets.common import heads, lock, page
from sheetgen.writer.trace import quoted

HEADER = 5  # counted from 1
MOST = 10_000  # numbers, of as many samples as that are; of one sample, all
SUBTITLE = "The example, and PyTorch's outputs for it: sheetgen check types it into a copy, and compares."


class Claim(NamedTuple):
    """One number: 'input' or 'output', and the cell in which it stands for the example."""

    what: str
    sheet: str
    address: str
    number: float


def of_lines(plan: Layout, first_row: int) -> Iterator[Claim]:
    """A row for each sample, from a row on (counted from 1)."""
    graph = plan.graph
    samples = min(len(graph.example), max(1, MOST // (graph.inputs.size + graph.outputs.size)))
    for k in range(samples):
        for what, ids, numbers in (("input", graph.inputs, graph.example), ("output", graph.outputs, graph.result)):
            cells = plan.places.cells(ids, first_row + k)
            yield from (Claim(what, *at, x) for at, x in zip(cells, numbers[k].ravel().tolist(), strict=True))


def of_planes(plan: Layout, sheet: str, outputs: Sequence[str]) -> Iterator[Claim]:
    """The first sample; `outputs` are the cells in which its outputs are shown, on a sheet."""
    cells = plan.places.cells(plan.graph.inputs), [(sheet, at) for at in outputs]
    for what, places, numbers in zip(("input", "output"), cells, (plan.graph.example, plan.graph.result), strict=True):
        yield from (Claim(what, *at, x) for at, x in zip(places, numbers[0].ravel().tolist(), strict=True))


def write(book: Book, claims: Sequence[Claim], name: str) -> None:
    """Write the sheet."""
    sheet = book.sheet(name, "What PyTorch says", SUBTITLE)
    sheet.set_column_pixels(0, 0, 90)
    sheet.set_column_pixels(1, 1, 150)
    sheet.set_column_pixels(2, 2, 190)
    heads(sheet, HEADER, 0, HEADS, "llr")
    text, form = sheet.style("cell"), sheet.style("cell", "general")
    for row, claim in enumerate(claims, HEADER + 1):
        sheet.put(row, 0, claim.what, text)
        sheet.put(row, 1, f"{quoted(claim.sheet)}!{claim.address}", text)
        sheet.put(row, 2, claim.number, form)
    page(sheet, (HEADER, 0), (HEADER + len(claims), 9), repeat=True)
    lock(sheet, format_rows=True)
