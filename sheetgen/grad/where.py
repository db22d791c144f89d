"""Which cells a person means by E5, Sheet2!B3:B20, 'My sheet'!A1 or a defined name, in capitals or not."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from sheetgen.base.errors import UserError
from sheetgen.base.text import plain
from sheetgen.excel import ErrorValue
from sheetgen.excel.a1 import Area, address, place, qualified, range_of
from sheetgen.excel.references import Unresolved
from sheetgen.reader import Formulas, Place

MOST = 100_000  # cells that one command differentiates with respect to

_SHEET = re.compile(r"(?:'((?:[^']|'')+)'|([^'!]+))!(.+)", re.DOTALL)


class NoSuchCell(UserError):
    """The workbook has no such cell, or no number in it."""


def brief(text: str, most: int = 60) -> str:
    """A text of a file, safe to show within a sentence."""
    return plain(text, most).strip()


def named(at: Place) -> str:
    """A place as a person writes it: Loan!B3, 'My sheet'!B3."""
    return qualified(brief(at[0]), at[1])


def target_of(book: Formulas, text: str) -> Place:
    """The one cell that a text names; without a sheet, on the first that has a formula there. Raises NoSuchCell."""
    sheets = list(book.workbook.sheets)
    area = range_of(text.strip())
    if area and area.single:
        at = address(area.row, area.column)
        with_entry = [s for s in sheets if at in book.workbook.sheets[s]]
        with_formula = [s for s in sheets if book.formula((s, at)) or (s, at) in book.problems]
        return (with_formula or with_entry or sheets or [""])[0], at
    area = _area(book, text, sheets[0] if sheets else "")
    if not area.single:
        raise NoSuchCell(f"{brief(text)} is more than one cell: a derivative is of one")
    return area.sheet, address(area.row, area.column)


def cells_of(book: Formulas, texts: Sequence[str], sheet: str) -> tuple[list[Place], list[str]]:
    """(the cells with numbers that some texts name, each once; notes on those left out). Raises NoSuchCell.

    Texts without a sheet mean `sheet`.
    """
    cells: dict[Place, None] = {}
    notes: list[str] = []
    room = MOST
    for text in texts:
        area = _area(book, text, sheet)
        room -= area.size
        if room < 0:
            raise NoSuchCell(f"{brief(text)} is too large: a derivative is with respect to {MOST:,} cells at most")
        places = [(area.sheet, a) for a in area.addresses()]
        numbers = [at for at in places if not _lack(book, at)]
        table = next((at for at in places if book.what_if(at)), None)
        if table is not None:
            raise NoSuchCell(f"{named(table)} {_lack(book, table)}, into which nobody can type another number")
        if len(places) == 1 and not numbers:
            raise NoSuchCell(f"{named(places[0])} {_lack(book, places[0])}: there is no number to change")
        if not numbers:
            raise NoSuchCell(f"{brief(text)} holds no number")
        if left := len(places) - len(numbers):
            notes.append(f"{left:,} {'cells' if left > 1 else 'cell'} of {brief(text)} without a number left out")
        cells |= dict.fromkeys(numbers)
    return list(cells), notes


def _lack(book: Formulas, at: Place) -> str:
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


def _area(book: Formulas, text: str, sheet: str) -> Area:
    """The cells that a text names, with their sheet. Raises NoSuchCell."""
    shown, resolver = brief(text), book.resolver
    text = text.strip().removeprefix("=")
    if match := _SHEET.fullmatch(text):  # a person may leave out the quotes that the file needs
        name, text = (match[1] or "").replace("''", "'") or match[2], match[3]
        owner = resolver.sheet(name)
        if owner is None:
            sheets = ", ".join(map(brief, resolver.order[:10])) or "none"
            raise NoSuchCell(f"{shown}: there is no sheet {brief(name)} (the sheets are {sheets})")
        sheet = owner
    try:
        area = resolver.area(text, sheet)
    except Unresolved as error:
        meaning = resolver.text(text, sheet)
        if meaning is None:
            raise NoSuchCell(f"{shown} is no cell, range or defined name of the workbook") from error
        raise NoSuchCell(f"{shown} stands for {brief(meaning)}, which is no range of cells") from error
    if not area.sheet:
        raise NoSuchCell(f"{shown}: the workbook has no sheet with cells")
    return area


def label_of(book: Formulas, places: Sequence[Place]) -> Iterator[str]:
    """For each place the text that a reader would take for its label, '' if there is none.

    The text left of it; else the first above it, over other numbers; else the first left of it, over other numbers.
    """
    above: dict[Place, str] = {}
    left: dict[Place, str] = {}
    for at in places:
        yield _text(book, _beside(at, 0, -1)) or _first(book, at, (-1, 0), above) or _first(book, at, (0, -1), left)


def _beside(at: Place, down: int, right: int) -> Place | None:
    """The place so many rows and columns away; None off the sheet."""
    row, column = place(at[1])
    return (at[0], address(row + down, column + right)) if row + down > 0 and column + right > 0 else None


def _first(book: Formulas, start: Place, step: tuple[int, int], known: dict[Place, str]) -> str:
    """The first text in a direction; an empty cell ends the search. `known` remembers the text for each place."""
    passed: list[Place] = []
    at, label = _beside(start, *step), ""
    while at and not label:
        if at in known:
            label = known[at]
            break
        passed.append(at)
        label = _text(book, at)
        at = _beside(at, *step) if book.entry(at) else None
    known |= dict.fromkeys(passed, label)
    return label


def _text(book: Formulas, at: Place | None) -> str:
    entry = book.entry(at) if at else None
    text = entry.value if entry and isinstance(entry.value, str) and not isinstance(entry.value, ErrorValue) else ""
    return brief(text, 40)
