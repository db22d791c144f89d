"""A1 addresses: columns, cells and areas, from text and to text."""

import re
from bisect import bisect, insort
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import NamedTuple

MAX_ROW, MAX_COLUMN = 1_048_576, 16_384

_COLUMN, _ROW = r"\$?[A-Za-z]{1,3}", r"\$?0{0,9}[1-9][0-9]{0,6}"  # A01 is A1
_CELLS = rf"(?:{_COLUMN}{_ROW}(?::{_COLUMN}{_ROW})?|{_COLUMN}:{_COLUMN}|{_ROW}:{_ROW})"
_RANGE = re.compile(_CELLS)
_PLAIN_SHEET = re.compile(r"(?![rR]\d*[cC]\d*$)[^\W\d]\w*")
_CORNER = re.compile(r"(?:\$?([A-Za-z]+))?(?:\$?([0-9]+))?")


class Area(NamedTuple):
    """A reference to cells of one sheet ('' is the formula's own), 1-based, both ends included."""

    sheet: str
    row: int
    column: int
    last_row: int
    last_column: int

    @property
    def single(self) -> bool:
        """One cell, as against a range."""
        return (self.row, self.column) == (self.last_row, self.last_column)

    @property
    def size(self) -> int:
        """How many cells it has."""
        return (self.last_row - self.row + 1) * (self.last_column - self.column + 1)

    @property
    def shape(self) -> tuple[int, int]:
        """How many rows and columns it has."""
        return self.last_row - self.row + 1, self.last_column - self.column + 1

    def holds(self, row: int, column: int) -> bool:
        """Whether a cell is one of its own."""
        return self.row <= row <= self.last_row and self.column <= column <= self.last_column

    def addresses(self) -> Iterator[str]:
        """'A1', 'B1', 'A2', ...: its cells, row by row."""
        columns = [column_letters(column) for column in range(self.column, self.last_column + 1)]
        return (f"{letters}{row}" for row in range(self.row, self.last_row + 1) for letters in columns)


@lru_cache(MAX_COLUMN)  # not without end: a stranger may ask for anything
def column_number(letters: str) -> int:
    """A -> 1, Z -> 26, AA -> 27; 0 for what is no column."""
    number = 0
    if len(letters) > 3 or not (letters.isascii() and letters.isalpha()):
        return 0
    for letter in letters.upper():
        number = 26 * number + ord(letter) - 64
    return number


@lru_cache(MAX_COLUMN)
def column_letters(number: int) -> str:
    """1 -> A, 26 -> Z, 27 -> AA; nothing for 0 and less, where there is no column."""
    letters = ""
    while number > 0:
        number, digit = divmod(number - 1, 26)
        letters = chr(65 + digit) + letters
    return letters


def place(address: str) -> tuple[int, int]:
    """'B3' -> (3, 2), row first; '$' is ignored."""
    column, row = _corner(address)
    return row, column


def address(row: int, column: int) -> str:
    """(3, 2) -> 'B3'."""
    return f"{column_letters(column)}{row}"


def area(reference: str) -> Area:
    """The cells a reference token names; a whole column or row reaches to the end of the sheet."""
    sheet, _, cells = reference.rpartition("!")
    if sheet.startswith("'"):
        sheet = sheet[1:-1].replace("''", "'")
    first, _, last = cells.partition(":")
    (left, top), (right, bottom) = _corner(first), _corner(last or first)
    columns = (left, right) if left else (1, MAX_COLUMN)
    rows = (top, bottom) if top else (1, MAX_ROW)
    return Area(sheet, min(rows), min(columns), max(rows), max(columns))


def range_of(text: str) -> Area | None:
    """The cells that 'B2', 'B2:C9', 'A:B' or '1:2' names, with or without $; None if it is no range of a sheet."""
    if not _RANGE.fullmatch(text):
        return None
    cells = area(text)
    return cells if cells.last_row <= MAX_ROW and cells.last_column <= MAX_COLUMN else None


def quoted(sheet: str) -> str:
    """A sheet's name in quotes: 'Back Prop'."""
    doubled = sheet.replace("'", "''")
    return f"'{doubled}'"


def qualified(sheet: str, cells: str) -> str:
    """Cells with their sheet as a formula has them: Sheet1!A1, 'Back Prop'!A1; a name like R1C1 or A1 needs quotes."""
    plain = _PLAIN_SHEET.fullmatch(sheet) is not None and range_of(sheet) is None
    return f"{sheet if plain else quoted(sheet)}!{cells}"


def overlaps(areas: Sequence[tuple[Area, str]]) -> Iterator[tuple[str, str]]:
    """The labels of areas of one sheet that share a cell; one that lies on another is not compared with later ones.

    A sweep down the rows keeps the areas side by side, by their columns, so that only neighbours are looked at.
    """
    row: list[tuple[Area, str]] = []  # side by side
    for new, label in sorted(areas):
        index = max(bisect(row, new.column, key=_first_column) - 1, 0)
        alone = True
        while index < len(row) and row[index][0].column <= new.last_column:
            old, other = row[index]
            if old.last_row < new.row:
                del row[index]
                continue
            if old.last_column >= new.column:
                alone = False
                yield other, label
            index += 1
        if alone:
            insort(row, (new, label), key=_first_column)


def _first_column(item: tuple[Area, str]) -> int:
    return item[0].column


def _corner(text: str) -> tuple[int, int]:
    """Column and row; 0 where a whole column or row has none."""
    match = _CORNER.fullmatch(text)
    if match is None:
        raise ValueError(f"{text!r} is no cell address.")
    letters, digits = match.groups(default="")
    return column_number(letters), int(digits or 0)
