"""The groups of a training's columns: data, a group for each layer, errors, gradients; a band of their names, tints,
and pages of paper that begin where a group does.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import NamedTuple

from sheetgen.cells.cell import Cell
from sheetgen.network.program import Program
from sheetgen.writer.book import Sheet
from sheetgen.writer.sheets.common import heads
from sheetgen.writer.trace import HEADER_ROW

BAND_ROW = HEADER_ROW - 1  # the names of the groups of columns, above the headings
TOGETHER = 8  # columns after which a band tells its name again


class Group(NamedTuple):
    """Neighbouring columns: the name on the band, the look, the first of them and how many."""

    name: str
    look: str
    first: int
    width: int


def of_program(program: Program) -> list[Group]:
    """The groups of a program's columns, which are counted from 0."""
    kinds = _kinds(program)
    found, at = [], 0
    for (name, look), cells in groupby(program.columns, lambda c: kinds[id(c)]):
        count = len(list(cells))
        found.append(Group(name, look, at, count))
        at += count
    return found


def _kinds(program: Program) -> dict[int, tuple[str, str]]:
    """Name and look of every column, by the identity of its Cell."""
    net = program.network
    *hidden, outputs = net.layers
    kinds: dict[int, tuple[str, str]] = {}

    def put(name: str, look: str, *cells: Cell) -> None:
        kinds.update(dict.fromkeys(map(id, cells), (name, look)))

    put("data: targets and inputs", "data", *net.targets.flat, *net.inputs.flat)
    for k, layer in enumerate(hidden, 1):
        number = f" {k}" if len(hidden) > 1 else ""
        put(f"forward → hidden layer{number}", "hidden", *_layer(layer))
    put("forward → outputs", "outputs", *_layer(outputs))
    put("error", "error", *net.errors.flat, net.loss)
    put("backward ← gradients", "gradients", *program.deltas, *program.gradients)
    return kinds


def _layer(layer: object) -> Iterator[Cell]:
    for part in ("weights", "biases", "h", "a"):
        yield from getattr(layer, part).flat


def head(sheet: Sheet, first: int, names: Sequence[str], groups: Sequence[Group], breaks: Sequence[int]) -> None:
    """Write the headings from a column on in their groups' tints, and the groups' names on a band above them."""
    for k, (name, (look, edge)) in enumerate(zip(names, looks(groups), strict=True)):
        heads(sheet, HEADER_ROW, first + k, [name], "c", look, *edge)
    _band(sheet, first, groups, breaks)


def _band(sheet: Sheet, first: int, groups: Sequence[Group], breaks: Sequence[int]) -> None:
    """The names of the groups; of a wide one, and where a page begins, again."""
    for group in groups:
        for k in range(group.width):
            told = k % TOGETHER == 0 or group.first + k in breaks
            # A name needs two columns, and may run over the next one only.
            text = group.name if told and (k == 0 or group.width - k > 1) else None
            sheet.put(
                BAND_ROW,
                first + group.first + k,
                text,
                "group",
                f"group {group.look}",
                *(("edge left",) if k == 0 else ()),
            )


def looks(groups: Sequence[Group]) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Column by column: the look of its group, and that of an edge where one begins."""
    for group in groups:
        for k in range(group.width):
            yield f"group {group.look}", ("edge left",) if k == 0 else ()


def pages(groups: Sequence[Group], most: int) -> list[int]:
    """The columns, counted from 0, at which a page begins, but for the first: at a group's first, if it can be."""
    breaks: list[int] = []
    start = 0
    for group in groups:
        end = group.first + group.width
        if end - start <= most:
            continue
        if group.first > start:
            breaks.append(group.first)
        start = group.first
        while end - start > most:  # a group wider than a page
            start += most
            breaks.append(start)
    return breaks


def paper(sheet: Sheet, last: tuple[int, int], breaks: Sequence[int], first: int, scale: int) -> None:
    """Print pages side by side, at a size (percent) that can be read, to the last row and column; each begins where a
    group of columns does. The band, the headings and the columns before `first` stand on every page.
    """
    sheet.repeat_rows(BAND_ROW - 1, BAND_ROW)
    sheet.repeat_columns(0, first - 1)
    sheet.set_print_scale(scale)
    sheet.set_v_pagebreaks([first + at for at in breaks])
    sheet.print_area(0, 0, last[0] - 1, last[1])
