"""How much the formulas of a workbook make an engine read, told without one: a stranger's may ask for everything."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ..xlsx import Workbook
from ..xlsx.a1 import area, tokens

MOST_AT_ONCE = 4_000_000  # cells of one range: an engine may hold all of them
MOST = 100_000_000  # of all ranges, counted as often as they are written: a minute or two of the quickest engine


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
    named = re.compile(rf"(?<![\w.])(?:{'|'.join(map(re.escape, wide))})(?![\w.(])", re.IGNORECASE) if wide else None
    for sheet, cells in workbook.sheets.items():
        for at, entry in cells.items():
            if entry.formula is not None and ":" in entry.formula:
                yield from ((f"{sheet}!{at}", size) for size in _sizes(entry.formula))
            if entry.formula is not None and named is not None:
                yield from ((f"{sheet}!{at}", sizes[found.casefold()]) for found in named.findall(entry.formula))


def _sizes(formula: str) -> Iterator[int]:
    if ":" in formula:
        yield from (area(text).size for kind, text in tokens(formula) if kind == "reference" and ":" in text)
