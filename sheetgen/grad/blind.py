"""Whether a formula that is not understood may depend on a cell: by the references that stand in it."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator

from sheetgen.excel.a1 import Area, area, place, tokens
from sheetgen.grad.where import named
from sheetgen.reader import Book, Place

MAX_NAMES = 10
ANYWHERE = ("INDIRECT(", "OFFSET(", "TABLE(")  # what they refer to stands nowhere in the formula
_OTHER_BOOK = re.compile(r"(?:'[^']*\[[^\]]*\](?:[^']|'')*'|\[(?!0\])[^\]]*\][\w.]*)![$\w.:]+")  # [0] is this one
_FIXED = re.compile(r"(\$[A-Za-z]+|\$[0-9]+|:)+")


class _Unknown(ValueError):
    """It cannot be told what the formula refers to."""


def depends(book: Book, start: Place, given: Collection[Place], clean: set[Place]) -> str:
    """Why a formula may depend on one of the given cells, in a few words; '' if it cannot.

    `clean` collects cells that were looked at and depend on none.
    """
    seen: set[Place] = set()
    todo = [start]
    while todo:
        at = todo.pop()
        if at in given and at != start:
            return f"it depends on {named(at)}"
        if at in seen or at in clean:
            continue
        seen.add(at)
        try:
            todo += below(book, at)
        except _Unknown as why:
            return str(why) or f"it cannot be told whether it depends on {named(next(iter(given)))}"
    clean |= seen
    return ""


def below(book: Book, at: Place) -> Iterable[Place]:
    """The cells that a formula refers to, understood or not."""
    formula = book.formula(at)
    if formula is not None:
        return formula.slots
    entry = book.entry(at)
    if at not in book.problems:
        return ()
    if book.what_if(at):
        raise _Unknown(f"it depends on {named(at)}, a result of a what-if data table")
    if entry is None or entry.formula is None:
        raise _Unknown  # a result of an array formula that stands elsewhere
    return {cell for one in _areas(book, entry.formula, at[0], MAX_NAMES) for cell in _held(book, one)}


def _areas(book: Book, text: str, sheet: str, depth: int) -> Iterator[Area]:
    """What the references and defined names of a formula stand for. Raises _Unknown."""
    names = {name.casefold(): meant for name, meant in book.workbook.names.items()}
    for kind, token in tokens(_OTHER_BOOK.sub("0", text)):
        if kind == "reference":
            if depth < MAX_NAMES and not _FIXED.fullmatch(token.rpartition("!")[2]):
                raise _Unknown  # what a name stands for moves with the cell
            found = area(token)
            yield found._replace(sheet=found.sheet or sheet)
        elif kind == "name" and token.upper() not in ("TRUE", "FALSE"):
            owner, _, bare = token.rpartition("!")
            owner = owner.strip("'") or sheet
            meant = names.get(f"{owner}!{bare}".casefold(), names.get(bare.casefold()))
            if meant is None or depth == 0:
                raise _Unknown
            yield from _areas(book, meant, owner, depth - 1)
        elif kind == "other" or (kind == "call" and token.upper() in ANYWHERE):
            raise _Unknown


def _held(book: Book, one: Area) -> Iterator[Place]:
    """The cells of an area that hold something. Raises _Unknown."""
    sheet = next((name for name in book.workbook.sheets if name.casefold() == one.sheet.casefold()), None)
    if sheet is None:
        raise _Unknown  # from one sheet to another, such as 'Q 1:Q 4'!A1
    cells = book.workbook.sheets[sheet]
    if one.size <= len(cells):
        yield from ((sheet, a) for a in one.addresses() if a in cells)
        return
    yield from ((sheet, a) for a in cells if one.holds(*place(a)))
