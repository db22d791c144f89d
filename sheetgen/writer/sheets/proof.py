"""The example and PyTorch's outputs, cell by cell: the workbook can be checked without PyTorch and for ever."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from sheetgen.spec import HEADS
from sheetgen.writer.book import Book
from sheetgen.writer.planes.layout import Layout
from sheetgen.writer.sheets.common import heads, lock, page
from sheetgen.writer.trace import letter, quoted

HEADER = 5  # counted from 1
MOST = 10_000  # numbers, of as many samples as that are; of one sample, all
SUBTITLE = "The example, and PyTorch's outputs for it: sheetgen check types it into a copy, and compares."


class Claim(NamedTuple):
    """One number: 'input' or 'output', and the cell in which it stands for the example."""

    what: str
    sheet: str
    address: str
    number: float


def of_lines(plan: Layout, sheet: str, first_row: int) -> Iterator[Claim]:
    """A row for each sample, from a row on (counted from 1)."""
    graph = plan.graph
    ids, outputs = graph.inputs.ravel(), graph.outputs.ravel()
    for k in range(_samples(len(graph.example), ids.size + outputs.size)):
        for what, elements, numbers in (("input", ids, graph.example[k]), ("output", outputs, graph.result[k])):
            for element, number in zip(elements.tolist(), numbers.ravel().tolist(), strict=True):
                yield Claim(what, sheet, f"{letter(int(plan.places.column[element]))}{first_row + k}", number)


def of_planes(plan: Layout, sheet: str, outputs: Sequence[str]) -> Iterator[Claim]:
    """The first sample; `outputs` are the cells in which its outputs are shown, on a sheet."""
    graph, places = plan.graph, plan.places
    for element, number in zip(graph.inputs.ravel().tolist(), graph.example[0].ravel().tolist(), strict=True):
        at = f"{letter(int(places.column[element]))}{int(places.row[element]) + 1}"
        yield Claim("input", places.sheets[int(places.sheet[element])], at, number)
    for at, number in zip(outputs, graph.result[0].ravel().tolist(), strict=True):
        yield Claim("output", sheet, at, number)


def _samples(count: int, numbers: int) -> int:
    return min(count, max(1, MOST // numbers))


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
