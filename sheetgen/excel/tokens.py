"""A formula's text cut into tokens, and what can be done with the text alone: find, move and compare its references.

    [t.text for t in tokens("SUM(A1:B2)")]  'SUM(', 'A1', ':', 'B2', ')': every token, spaces too; joined, the formula
    pieces("1+S!$A1:B2")                    the same, but a reference is one: kind 'reference', text 'S!$A1:B2'
    split("A1*$B$2+A1")                     (('', '*', '+', ''), ['A1', '$B$2', 'A1']), without looking at tokens
    corner("$B3")                           Corner(3, 2, False, True): row, column, is each fixed by a $; None: no cell
    mover("A1*$B$2")(1, 0)                  'A2*$B$2': the formula as Fill Down and Fill Right make it

Kinds: space text error array sheet columns rows cell r1c1 number call table name infix mark; a call ends with its '(',
a sheet with its '!', `columns` and `rows` are whole ones such as A:C and 1:2, a mark is any other character.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import lru_cache
from itertools import accumulate
from typing import NamedTuple

from sheetgen.excel.a1 import MAX_COLUMN, MAX_ROW, column_letters, column_number

_NUMBER = r"(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[Ee][+-]?[0-9]+)?"
_END = r"(?![\w.?\\(\[!])"
_TOKEN = re.compile(
    rf"""(?P<space>[ \t\r\n]+)
      | (?P<text>"[^"]*(?:""[^"]*)*")
      | (?P<error>\#(?:NULL!|DIV/0!|VALUE!|REF!|NAME\?|NUM!|N/A))
      | (?P<array>\{{(?:[^{{}}"]|"[^"]*")*\}})
      | (?P<sheet>(?:'(?:[^']|'')+'
          | (?:\[[0-9]+\])?(?:(?![A-Za-z]{{1,3}}[0-9]+:)[^\W\d][\w.]*:)?[^\W\d][\w.]*|\[[0-9]+\])!)
      | (?P<columns>\$?[A-Za-z]{{1,3}}:\$?[A-Za-z]{{1,3}}{_END})
      | (?P<rows>\$?[0-9]+:\$?[0-9]+{_END})
      | (?P<cell>\$?[A-Za-z]{{1,3}}\$?[0-9]+{_END})
      | (?P<r1c1>(?:[Rr](?:[0-9]+|\[-?[0-9]+\])?[Cc](?:[0-9]+|\[-?[0-9]+\])?|[RrCc](?:\[-?[0-9]+\])?){_END})
      | (?P<number>{_NUMBER}(?![\w.]))
      | (?P<call>[^\W\d][\w.]*\()
      | (?P<table>(?:[^\W\d][\w.]*)?\[(?:[^\[\]']|'.|\[(?:[^\[\]']|'.)*\])*\])
      | (?P<name>[^\W\d][\w.?\\]*|\\[\w.?\\]*)
      | (?P<infix><>|<=|>=|[-+*/^&=<>])
      | (?P<mark>.)""",
    re.X | re.S,
)
_CORNER = re.compile(  # begins with what is rare, and never looks back: half of the time of `cut` is spent here
    r"""([$A-Za-z](?<![\w.$\\?].)(?:(?<=\$)[A-Za-z]{1,3}+|[A-Za-z]{0,2}+(?<!\$))
         (?<![Xx][Ff][E-Ze-z])(?<!(?:[Xx][G-Zg-z]|[YZyz][A-Za-z])[A-Za-z])  # beyond the last column: maybe names
         \$?+(?:[1-9][0-9]{0,5}+|10(?:[0-3][0-9]{4}|4[0-7][0-9]{3}|48[0-4][0-9]{2}|485[0-6][0-9]|4857[0-6])))(?![\w.(!\[\\?])""",
    re.X | re.S,
)
_CORNER_OR_QUOTED = re.compile(rf"""("[^"]*+"|'[^']*+')|{_CORNER.pattern}""", re.X | re.S)
_PARTS = re.compile(r"(\$?)([A-Za-z]*)(\$?)([0-9]*)")


_ITEM = rf'\s*(?:[-+]?{_NUMBER}|"[^"]*(?:""[^"]*)*"|TRUE|FALSE|\#[A-Z/0!?]+)\s*'
_ARRAY = re.compile(rf"\{{{_ITEM}(?:[,;]{_ITEM})*\}}", re.I)
# The text of a cell that is calculated with as a number.
SPELLED_NUMBER = re.compile(rf"\s*[-+]?{_NUMBER}\s*")
_STRING = re.compile(r'"[^"]*"')
NAME_BEYOND = re.compile(r"[A-Za-z]+0*[1-9][0-9]*")  # XFE1 is no cell, so it may be a name
LIKE_CELL = re.compile(r"\$?[A-Za-z]{1,3}\$?[0-9]+|[RrCc]|[Rr][0-9]*[Cc][0-9]*")
UNEXPECTED = {
    '"': 'a text has no closing quote: close it, and double every " inside it',
    "'": "a quoted sheet name is not closed or not followed by !: write 'Sheet name'!A1",
    "{": "a brace is out of place: array formulas are stored without {=...}, array constants are closed by }",
    "}": "a brace is out of place: array formulas are stored without {=...}",
    "[": "a [ is not closed: write A1 references and Table[column]",
    "]": "a ] has no [: remove it",
    "!": "a sheet name that is not a plain word must be quoted: write 'Sheet name'!A1",
    "#": "a spill reference is stored as _xlfn.ANCHORARRAY(A1): write that, or name the range",
    ";": "a semicolon is no argument separator in the file: write a comma",
}


_LETTERS = {  # one for each token, so that pieces can be seen in them; that of a sign or number is its first character
    "sheet": "s", "cell": "c", "columns": "w", "rows": "w", "name": "n", "error": "n", "call": ".", "r1c1": ".",
    "table": ".",
}  # fmt: skip
_PIECE = re.compile(r"(?P<reference>s?(?:c(?::c)?|w))|sn|.", re.S)


class Token(NamedTuple):
    """A piece of a formula, and where it begins."""

    kind: str
    text: str
    start: int


class Corner(NamedTuple):
    """A cell of a reference, 1-based; 0 and fixed where a whole column or row has no row or column."""

    row: int
    column: int
    row_fixed: bool
    column_fixed: bool

    def moved(self, rows: int, columns: int) -> str:
        """The text of the cell so many rows down and columns right of it; '' off the sheet."""
        row, column, row_fixed, column_fixed = self
        least_row, least_column = bool(row), bool(column)
        row += 0 if row_fixed else rows
        column += 0 if column_fixed else columns
        if not (least_row <= row <= MAX_ROW and least_column <= column <= MAX_COLUMN):
            return ""
        letters = f"{'$' if column_fixed else ''}{column_letters(column)}" if column else ""
        return f"{letters}{'$' if row_fixed else ''}{row}" if row else letters

    def __str__(self) -> str:
        return self.moved(0, 0)


def tokens(text: str) -> Iterator[Token]:
    """The tokens of a formula without its '='."""
    for match in _TOKEN.finditer(text):
        yield Token(match.lastgroup or "", match.group(), match.start())


def depth(text: str) -> int:
    """How deep the brackets of a formula are nested."""
    steps = (token.text.endswith("(") - (token.text == ")") for token in tokens(text) if token.kind in ("call", "mark"))
    return max(accumulate(steps), default=0)


def pieces(text: str) -> Iterator[Token]:
    """The tokens, but a reference with its sheet and both corners is one of kind 'reference'; S!eta is one name."""
    parts = list(tokens(text))
    letters = "".join([_LETTERS.get(part.kind, part.text[0]) for part in parts])
    for match in _PIECE.finditer(letters):
        first, last = match.span()
        if last - first == 1 and not match.lastgroup:
            yield parts[first]
        else:
            joined = "".join([part.text for part in parts[first:last]])
            yield Token(match.lastgroup or parts[last - 1].kind, joined, parts[first].start)


def is_array(text: str) -> bool:
    """Whether a token of kind 'array' holds constants only, in rows of equal length."""
    rows = _STRING.sub("", text).split(";")
    return _ARRAY.fullmatch(text) is not None and len({row.count(",") for row in rows}) == 1


def split(text: str) -> tuple[tuple[str | None, ...], list[str]]:
    """(what is left of a formula without the corners of its references, those corners).

    Thousands of cells have the same left. It is quick and may be mistaken, e.g. in Table[A1]: `formula.cut` is not.
    """
    if '"' in text or "'" in text:
        parts = _CORNER_OR_QUOTED.split(text)
        return (*parts[::3], None, *parts[1::3]), [p for p in parts[2::3] if p is not None]
    parts = _CORNER.split(text)
    return tuple(parts[::2]), parts[1::2]


@lru_cache(1 << 17)
def corner(text: str) -> Corner | None:
    """A cell such as $A$1 (or the A of A:A); None if it is not on a sheet."""
    match = _PARTS.fullmatch(text)
    if match is None or not text:
        return None
    first, letters, second, digits = match.groups()
    if not letters:
        first, second = "", first or second
    row, column = int(digits) if len(digits) < 20 and digits else 0, column_number(letters)
    if not (bool(digits) <= row <= MAX_ROW and bool(letters) <= column <= MAX_COLUMN):
        return None
    return Corner(row, column, bool(second) or not digits, bool(first) or not letters)


def mover(text: str) -> Callable[[int, int], str]:
    """A function of (rows down, columns right) giving the formula as it reads there; off the sheet is #REF!.

    Cutting the formula once makes the thousandth copy of a shared formula as cheap as joining strings.
    """
    references: list[list[Corner]] = []
    between = [""]  # what stands before each of them, and after the last
    for kind, piece, _ in pieces(text):
        sheet, mark, cells = piece.rpartition("!") if kind == "reference" else ("", "", "")
        corners = [c for c in map(corner, cells.split(":")) if c is not None]
        if cells and len(corners) == cells.count(":") + 1:
            between[-1] += sheet + mark
            references.append(corners)
            between.append("")
        else:
            between[-1] += piece

    def moved(rows: int, columns: int) -> str:
        parts = [before + _moved(corners, rows, columns) for before, corners in zip(between, references, strict=False)]
        return "".join(parts) + between[-1]

    return moved


def _moved(corners: list[Corner], rows: int, columns: int) -> str:
    if len(corners) == 1:
        return corners[0].moved(rows, columns) or "#REF!"
    texts = [c.moved(rows, columns) for c in corners]
    return ":".join(texts) if all(texts) else "#REF!"
