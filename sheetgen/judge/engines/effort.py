"""The number of cells that the formulas of a workbook make an engine read: a stranger's may ask for everything."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

from sheetgen.excel import Workbook
from sheetgen.excel.a1 import range_of

MOST_AT_ONCE = 4_000_000  # cells of one range: an engine may hold all of them
MOST = 100_000_000  # of all ranges, counted as often as they are written: a minute or two of the quickest engine
_RANGE = re.compile(r"[$A-Za-z0-9]+:[$A-Za-z0-9]+")


def too_much(workbook: Workbook) -> str:
    """Why no engine should be asked to recalculate it, in one sentence; or ''."""
    total = 0
    for where, size in _ranges(workbook):
        total += size
        if size > MOST_AT_ONCE:
            return f"{where} refers to {size:,} cells at once, and at most {MOST_AT_ONCE:,} are read"
        if total > MOST:
            return f"the formulas refer to more than {MOST:,} cells in all, up to {where}"
    return ""


def _ranges(workbook: Workbook) -> Iterator[tuple[str, int]]:
    """(cell, the cells of a range) for every range, by its address or its defined name, in every formula."""
    sizes = {name.rpartition("!")[2].casefold(): max(_sizes(text), default=0) for name, text in workbook.names.items()}
    wide = [name for name, size in sizes.items() if size > 1]
    named = re.compile(rf"(?<![\w.])(?:{'|'.join(map(re.escape, wide))})(?![\w.(])")
    for sheet, cells in workbook.sheets.items():
        for at, entry in cells.items():
            if entry.formula is None:
                continue
            if ":" in entry.formula:
                yield from ((f"{sheet}!{at}", size) for size in _sizes(entry.formula))
            folded = entry.formula.casefold()
            if any(name in folded for name in wide):
                yield from ((f"{sheet}!{at}", sizes[name]) for name in named.findall(folded))


def _sizes(formula: str) -> Iterator[int]:
    """The cells of each range that stands in a formula outside its texts, which are between quotes."""
    for part in formula.split('"')[::2]:
        yield from filter(None, map(_size, _RANGE.findall(part)))


@lru_cache(1 << 16)
def _size(text: str) -> int:
    area = range_of(text)
    return area.size if area else 0
