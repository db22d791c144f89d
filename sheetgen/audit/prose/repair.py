"""Small slips of the pen in a line of textbook maths: the one change that makes it right."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice

from sheetgen.audit.prose.tokens import Piece, quantity, typed

MAX_TRIES = 1_000
MAX_BRACKETS = 40  # pieces of a line in which missing brackets are looked for

_NAME = re.compile(r"(E_total|a_h|a_o|[a-zE])([0-9]*)")
_STEMS = ("a_o", "a_h", "o", "h", "t", "i", "w", "E", "b")
_SIGNS = ("+", "-", "*")

Pieces = Sequence[Piece]
Edit = tuple[Pieces, str]  # the line after the change, and what was changed


def respelt(pieces: Pieces, fits: Callable[[Pieces], bool]) -> tuple[str, str] | None:
    """The line with one small change that fits, and the change: ('(a_o1-t1)*a_h1', 'a_h1 for a_h2')."""
    tried = islice(_edits(list(pieces)), MAX_TRIES)
    return next(((typed(edited), change) for edited, change in tried if fits(edited)), None)


def siblings(quantity: str) -> Iterator[str]:
    """The quantities that one could be taken for: other numbers of its kind, then other kinds of its number."""
    match = _NAME.fullmatch(quantity)
    if match is None:
        return
    stem, number = match.groups()
    if stem[0] == "E":
        yield from (name for name in ("E1", "E2", "E_total") if name != quantity)
    yield from (f"{stem}{k}" for k in range(1, 9) if stem != "E_total" and str(k) != number)
    yield from (f"{other}{number}" for other in _STEMS if other != stem and number)


def _edits(pieces: list[Piece]) -> Iterator[Edit]:
    yield from _replacements(pieces, _names)
    yield from _replacements(pieces, _letters)
    for k in range(1, len(pieces) - 1):  # b - a for a - b
        before, sign, after = pieces[k - 1 : k + 2]
        if sign.text == "-" and before.kind == after.kind == "name":
            swapped = [_as(before, after.typed), sign, _as(after, before.typed)]
            yield [*pieces[: k - 1], *swapped, *pieces[k + 2 :]], f"{typed(swapped)} for {typed(pieces[k - 1 : k + 2])}"
    yield from _replacements(pieces, lambda piece: (s for s in _SIGNS if piece.text in _SIGNS and s != piece.text))
    yield [_as(p, "*") if p.text == "+" else p for p in pieces], "* for every +"
    if len(pieces) <= MAX_BRACKETS:
        yield from _brackets(pieces)


def _replacements(pieces: list[Piece], others: Callable[[Piece], Iterable[str]]) -> Iterator[Edit]:
    """Every other text for every one piece; the d of dE1 stays before both names."""
    for k, piece in enumerate(pieces):
        mark = _mark(piece)
        for other in others(piece):
            edited = [*pieces[:k], _as(piece, mark + other), *pieces[k + 1 :]]
            yield edited, f"{other} for {piece.typed[len(mark) :]}"


def _mark(piece: Piece) -> str:
    """The d of dE1."""
    return piece.text[0] if piece.text[0] in "dδ" and quantity(piece.text) is None else ""


def _names(piece: Piece) -> Iterator[str]:
    """Other names for a name, spelt as the writer spells it where only the number differs: W7 and w8 give W8."""
    name = quantity(piece.text.removeprefix(_mark(piece))) or "" if piece.kind == "name" else ""
    for other in siblings(name):
        numbered = name[:-1] == other[:-1] and piece.typed[-1:] == name[-1:] and other[-1].isdigit()
        yield piece.typed[len(_mark(piece)) : -1] + other[-1] if numbered else other


def _letters(piece: Piece) -> list[str]:
    """Names for a number, as in a_o1 - 1."""
    return [f"{stem}{piece.text}" for stem in _STEMS if piece.kind == "number" and piece.text in "12345678"]


def _brackets(pieces: list[Piece]) -> Iterator[Edit]:
    """A pair of brackets around some of the terms."""
    for start in range(len(pieces)):
        if start and pieces[start - 1].text not in ("*", "/", "-", "(", "^"):
            continue
        level, summed = 0, False
        for end in range(start, len(pieces)):
            text = pieces[end].text
            level += {"(": 1, ")": -1}.get(text, 0)
            if level < 0:
                break
            summed |= level == 0 and text in _SIGNS
            if level == 0 and summed and text not in (*_SIGNS, "/", "^"):
                first, *rest = inside = pieces[start : end + 1]
                opened = [Piece("sign", "(", "(", first.gap), first._replace(gap=0), *rest, Piece("sign", ")", ")")]
                yield [*pieces[:start], *opened, *pieces[end + 1 :]], f"brackets around {typed(inside)}"


def _as(piece: Piece, text: str) -> Piece:
    return Piece("sign" if text in _SIGNS else "name", text, text, piece.gap)
