"""Which cells a person means by E5, Sheet2!B3:B20, 'My sheet'!A1 or a defined name, in capitals or not."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from sheetgen.base.errors import UserError
from sheetgen.base.text import plain
from sheetgen.excel import ErrorValue
from sheetgen.excel.a1 import Area, address, place, qualified, range_of
from sheetgen.reader import Book, Place

MOST = 100_000  # cells that one command differentiates with respect to
MAX_NAMES = 10  # defined names that lead to one another

_SHEET = re.compile(r"(?:'((?:[^']|'')+)'|([^'!]+))!(.+)", re.DOTALL)


class NoSuchCell(UserError):
    """What was asked for is not in the workbook."""


def brief(text: str, most: int = 60) -> str:
    """A text of a file, safe to show within a sentence."""
    return plain(text, most).strip()


def named(at: Place) -> str:
    """A place as a person writes it: Loan!B3, 'My sheet'!B3."""
    return qualified(brief(at[0]), at[1])


def target_of(book: Book, text: str) -> Place:
    """The one cell that a text names; without a sheet, on the first that has a formula there. Raises NoSuchCell."""
    sheets = list(book.workbook.sheets)
    found = range_of(text.strip())
    if found and found.single:
        at = address(found.row, found.column)
        held = [s for s in sheets if at in book.workbook.sheets[s]]
        with_formula = [s for s in sheets if book.formula((s, at)) or (s, at) in book.problems]
        return (with_formula or held or sheets or [""])[0], at
    area = _area(book, text, sheets[0] if sheets else "")
    if not area.single:
        raise NoSuchCell(f"{brief(text)} is more than one cell: a derivative is of one")
    return area.sheet, address(area.row, area.column)


def cells_of(book: Book, texts: Sequence[str], sheet: str) -> tuple[list[Place], list[str]]:
    """(the cells with numbers that some texts name, each once; notes on those left out). Raises NoSuchCell.

    Texts without a sheet mean `sheet`.
    """
    found: dict[Place, None] = {}
    notes: list[str] = []
    room = MOST
    for text in texts:
        area = _area(book, text, sheet)
        room -= area.size
        if room < 0:
            raise NoSuchCell(f"{brief(text)} is too large: a derivative is with respect to {MOST:,} cells at most")
        places = [(area.sheet, a) for a in area.addresses()]
        kept = [at for at in places if not _lack(book, at)]
        table = next((at for at in places if book.what_if(at)), None)
        if table is not None:
            raise NoSuchCell(f"{named(table)} {_lack(book, table)}, into which nobody can type another number")
        if len(places) == 1 and not kept:
            raise NoSuchCell(f"{named(places[0])} {_lack(book, places[0])}: there is no number to change")
        if not kept:
            raise NoSuchCell(f"{brief(text)} holds no number")
        if left := len(places) - len(kept):
            notes.append(f"{left:,} {'cells' if left > 1 else 'cell'} of {brief(text)} without a number left out")
        found |= dict.fromkeys(kept)
    return list(found), notes


def _lack(book: Book, at: Place) -> str:
    """Why a cell has no number that a person could change; empty if it has one."""
    entry = book.entry(at)
    if book.what_if(at):
        return "is a result of a what-if data table"
    if entry is None:
        return "" if book.formula(at) else "is empty"  # or one of the results of an array formula
    if isinstance(entry.value, ErrorValue):
        return "" if entry.formula else "holds an error"
    if isinstance(entry.value, str):
        return "gives a text" if entry.formula else "holds a text"
    return "holds TRUE or FALSE" if isinstance(entry.value, bool) else ""


def _area(book: Book, text: str, sheet: str, depth: int = MAX_NAMES) -> Area:
    """The cells that a text names, with their sheet. Raises NoSuchCell."""
    said = brief(text)
    text = text.strip().removeprefix("=")
    owner = sheet
    if match := _SHEET.fullmatch(text):
        wanted, text = (match[1] or "").replace("''", "'") or match[2], match[3]
        known = {name.casefold(): name for name in book.workbook.sheets}
        if wanted.casefold() not in known:
            there = ", ".join(brief(name) for name in list(book.workbook.sheets)[:10]) or "none"
            raise NoSuchCell(f"{said}: there is no sheet {brief(wanted)} (the sheets are {there})")
        owner = known[wanted.casefold()]
    if found := range_of(text):
        if not owner:
            raise NoSuchCell(f"{said}: the workbook has no sheet with cells")
        return found._replace(sheet=owner)
    names = {name.casefold(): meant for name, meant in book.workbook.names.items()}
    meant = names.get(f"{owner}!{text}".casefold(), names.get(text.casefold()))
    if meant is None:
        raise NoSuchCell(f"{said} is no cell, range or defined name of the workbook")
    if depth == 0:
        raise NoSuchCell(f"{said}: the name leads through too many others")
    try:
        return _area(book, meant, owner, depth - 1)
    except NoSuchCell as error:
        raise NoSuchCell(f"{said} stands for {brief(meant)}, which is no range of cells") from error


def label_of(book: Book, places: Sequence[Place]) -> Iterator[str]:
    """For each place the text that a reader would take for its label, '' if there is none.

    The text left of it; else the first above it, over other numbers; else the first left of it, over other numbers.
    """
    above: dict[Place, str] = {}
    left: dict[Place, str] = {}
    for sheet, at in places:
        row, column = place(at)
        yield (
            _text(book, (sheet, address(row, column - 1)) if column > 1 else None)
            or _first(book, sheet, row, column, -1, 0, above)
            or _first(book, sheet, row, column, 0, -1, left)
        )


def _first(book: Book, sheet: str, row: int, column: int, down: int, right: int, known: dict[Place, str]) -> str:
    """The first text in a direction; an empty cell ends the search. `known` remembers what was found from where."""
    passed: list[Place] = []
    found = ""
    while row + down > 0 and column + right > 0:
        row, column = row + down, column + right
        at = sheet, address(row, column)
        if at in known:
            found = known[at]
            break
        passed.append(at)
        found = _text(book, at)
        if found or book.entry(at) is None:
            break
    known |= dict.fromkeys(passed, found)
    return found


def _text(book: Book, at: Place | None) -> str:
    entry = book.entry(at) if at else None
    text = entry.value if entry and isinstance(entry.value, str) and not isinstance(entry.value, ErrorValue) else ""
    return brief(text, 40)
