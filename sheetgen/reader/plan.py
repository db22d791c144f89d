"""The text of a formula taken apart: its tokens, and where in it the corners of its references stand.

Thousands of cells hold one formula, each with references of its own. What is left of the text without the corners of
the references ('A1' has one, 'B2:C9' two) is the same for all of them, and is looked at once.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, NamedTuple, TypeAlias

from openpyxl.formula.tokenizer import Token

from sheetgen.reader.block import NotUnderstood
from sheetgen.reader.functions import FUNCTIONS
from sheetgen.reader.parse import COMPARISONS, MAX_SHOWN, function_name, tokenized, unexpected
from sheetgen.xlsx.a1 import Area, range_of

MAX_NAMES = 20  # defined names within defined names
MAX_ONE = 100_000  # characters of a formula with what its defined names stand for
MAX_ALL = 20_000_000  # characters of all formulas that differ in more than their references, likewise

_CELL = r"\$?[A-Za-z]{1,3}\$?[0-9]{1,7}"
_CORNER = re.compile(rf"(?<![\w.$\\?])({_CELL})(?![\w.(!\[\\?])")
_CORNER_OR_QUOTED = re.compile(rf"""("(?:[^"]|"")*"|'(?:[^']|'')*')|{_CORNER.pattern}""")
_QUALIFIED = re.compile(r"(?:(?P<quoted>'(?:[^']|'')+')!|(?P<bare>[^\W\d][\w.]*)!)?(?P<cells>[^!']+)")
_CORNERS = re.compile(rf"{_CELL}(:{_CELL})?")
_ABSOLUTE = re.compile(r"\$[A-Za-z]{1,3}\$[0-9]+(:\$[A-Za-z]{1,3}\$[0-9]+)?|\$[A-Za-z]+:\$[A-Za-z]+|\$[0-9]+:\$[0-9]+")

Skeleton = tuple[Any, ...]


def split(text: str) -> tuple[Skeleton, list[str]]:
    """(what is left of a formula without the corners of its references, those corners)."""
    if '"' in text or "'" in text:
        parts = _CORNER_OR_QUOTED.split(text)
        return (*parts[::3], None, *parts[1::3]), [p for p in parts[2::3] if p is not None]
    parts = _CORNER.split(text)
    return tuple(parts[::2]), parts[1::2]


class Reference(NamedTuple):
    """A cell or a range whose corners are in the formula; `sheet` is None for the formula's own."""

    sheet: str | None
    corners: int


Piece: TypeAlias = Token | Reference | Area


@dataclass
class Plan:
    """A formula without the corners of its references; what must be known of the cells that they lead to."""

    pieces: list[Piece]
    local: bool  # it means something else on another sheet, for it has defined names
    typed: bool  # it asks whether a cell holds a number, a text or a truth value
    texts: bool  # it compares texts
    templates: dict[Any, Any] = field(default_factory=dict)  # for the book

    @cached_property
    def single(self) -> list[str | Area | None] | None:
        """The sheet of each reference (None for the formula's own) or the cell itself, if none is to a range.

        None if there are ranges, or if it matters what the cells hold.
        """
        found: list[str | Area | None] = []
        for piece in self.pieces:
            if isinstance(piece, Area) and piece.single:
                found.append(piece)
            elif isinstance(piece, Reference) and piece.corners == 1:
                found.append(piece.sheet)
            elif not isinstance(piece, Token):
                return None
        return None if self.typed else found

    @cached_property
    def key(self) -> tuple[str | None, ...]:
        """Equal for formulas that differ in nothing but spaces, capitals and what they refer to."""
        return tuple(_key(p) if isinstance(p, Token) else None for p in self.pieces)


def _key(token: Token) -> str:
    return str(token.value if token.subtype == Token.TEXT else token.value.upper())


class Planner:
    """Takes apart the formulas of one workbook."""

    def __init__(self, sheets: Mapping[str, str], names: Mapping[str, str]) -> None:
        self.sheets, self.names = sheets, names  # both by casefolded names: the name itself, what it stands for
        self._room = MAX_ALL
        self._end = 0  # where the room for one formula ends

    def plan(self, text: str, sheet: str, corners: int) -> Plan:
        """The Plan of a formula of a sheet that has so many corners. Raises NotUnderstood."""
        self._end = max(self._room - MAX_ONE, 0)
        found = list(self._pieces(text, sheet, 0))
        pieces = [p for p in found if p is not None]
        if sum(p.corners for p in pieces if isinstance(p, Reference)) != corners:
            unexpected(text)
        tokens = [p for p in pieces if isinstance(p, Token)]
        texts = any(t.type == Token.OP_IN and t.value in COMPARISONS for t in tokens)
        calls = [FUNCTIONS[function_name(t)] for t in tokens if t.type == Token.FUNC and t.subtype == Token.OPEN]
        return Plan(pieces, None in found, texts or any(call.takes != "cells" for call in calls), texts)

    def _pieces(self, text: str, sheet: str, depth: int) -> Iterator[Piece | None]:
        """The pieces of a formula, or of what a name stands for; None where they depend on the sheet."""
        self._room -= len(text)
        if self._room < self._end:
            raise NotUnderstood("its defined names stand for too much" if depth else "there are too many formulas")
        for token in tokenized(text):
            if token.type == Token.FUNC and token.subtype == Token.OPEN and function_name(token) not in FUNCTIONS:
                raise NotUnderstood(f"{function_name(token)[:MAX_SHOWN]} is not understood")
            if token.type != Token.OPERAND or token.subtype != Token.RANGE:
                yield token
                continue
            match = _QUALIFIED.fullmatch(token.value)
            if match is None:
                raise NotUnderstood(f"there is no name {token.value[:MAX_SHOWN]}")
            owner, cells = self._owner(match), match["cells"]
            if depth == 0 and _CORNERS.fullmatch(cells):
                yield Reference(owner, 1 + (":" in cells))
            elif (area := range_of(cells)) is not None:
                if depth and not _ABSOLUTE.fullmatch(cells):
                    raise NotUnderstood(f"it has a defined name for {token.value[:MAX_SHOWN]}, which moves")
                if owner is None:
                    yield None
                yield area._replace(sheet=owner or sheet)
            else:
                yield None
                yield from self._named(cells, owner or sheet, depth + 1)

    def _owner(self, match: re.Match[str]) -> str | None:
        """The sheet before the '!'. Raises NotUnderstood if there is none of that name."""
        name = match["quoted"][1:-1].replace("''", "'") if match["quoted"] else match["bare"]
        if name is not None and name.casefold() not in self.sheets:
            raise NotUnderstood(f"there is no sheet {name[:MAX_SHOWN]}")
        return None if name is None else self.sheets[name.casefold()]

    def _named(self, name: str, sheet: str, depth: int) -> Iterator[Piece | None]:
        text = self.names.get(f"{sheet}!{name}".casefold(), self.names.get(name.casefold()))
        if text is None:
            raise NotUnderstood(f"there is no name {name[:MAX_SHOWN]}")
        if depth > MAX_NAMES:
            raise NotUnderstood(f"the name {name[:MAX_SHOWN]} leads through too many others")
        inner = list(self._pieces(text.removeprefix("="), sheet, depth))
        if all(p is None or isinstance(p, Area) for p in inner):
            yield from inner
            return
        yield from (Token("(", Token.PAREN, Token.OPEN), *inner, Token(")", Token.PAREN, Token.CLOSE))
