"""The parts of a formula, operands first: see `formula`."""

from __future__ import annotations

from typing import NamedTuple, TypeAlias

from sheetgen.excel.tokens import Token

Constant: TypeAlias = float | str | bool | None


class Literal(NamedTuple):
    """A constant; kind: number, text, truth, error (value: its name, such as #N/A), or missing."""

    kind: str
    value: Constant


class Array(NamedTuple):
    """An array constant, as it is spelt: {1,2;3,4}."""

    text: str


class Cells(NamedTuple):
    """A reference: to one cell or a range whose 1 or 2 corners are taken from the formula's; 0: `text` says where.

    That is A:C, 1:2, #REF! or a cell off the sheet. `prefix` is what stands before the '!', without quotes: '' for the
    formula's own sheet, 'S', 'S:T' for all sheets from one to another, '[1]S' for one of another workbook.
    """

    prefix: str
    corners: int
    text: str


class Name(NamedTuple):
    """A defined name, or a table's: `prefix` as in Cells, `beyond`: XFE1 may be meant as a cell off the sheet."""

    prefix: str
    name: str
    beyond: bool = False


class TableReference(NamedTuple):
    """Table[column]: `table` is '' for the one around the formula, `rows` has '#all', '#headers', '#this row', ..."""

    table: str
    rows: frozenset[str]
    columns: tuple[str, ...]


class Operator(NamedTuple):
    """An operation on the last few values."""

    name: str
    operands: int


class Call(NamedTuple):
    """A function of the last few values: in capitals without prefix, and as it is spelt."""

    name: str
    operands: int
    spelled: str


Instruction: TypeAlias = Literal | Array | Cells | Name | TableReference | Operator | Call
# The operators on references, as what is refused is called.
ON_REFERENCES = {":": "the range operator", " ": "an intersection of ranges", ",": "a union of ranges"}
COMPARISONS = ("=", "<>", "<", "<=", ">", ">=")


class Parsed(NamedTuple):
    """`calls`: the functions called, in the order of their names in the text; `levels`: how deep they are nested."""

    code: tuple[Instruction, ...]
    corners: list[str]
    calls: tuple[str, ...]
    levels: int


class FormulaError(ValueError):
    """Excel would not read on: a rule of the linter, a sentence, and the token where it stops ('' at the end)."""

    def __init__(self, rule: str, message: str, token: Token) -> None:
        super().__init__(message)
        self.rule, self.message, self.position, self.token = rule, message, token.start, token.text


def joined_cells(first: Instruction, last: Instruction) -> Cells | None:
    """A1:B2 as one reference, where both ends are cells of one sheet."""
    if not (isinstance(first, Cells) and isinstance(last, Cells) and first.corners == last.corners == 1):
        return None
    same = last.prefix.casefold() in ("", first.prefix.casefold())
    return Cells(first.prefix, 2, "") if same else None
