"""Small slips of the pen in a line of textbook maths: the one change that makes it right."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from itertools import islice

from sheetgen.audit.prose.parse import Known
from sheetgen.audit.prose.tokens import Piece, typed

MAX_TRIES = 1_000
MAX_BRACKETS = 40  # pieces of a line in which missing brackets are looked for

_NAME = re.compile(r"(E_total|a_h|a_o|[a-zE])([0-9]*)")
_STEMS = ("a_o", "a_h", "o", "h", "t", "i", "w", "E", "b")
_SIGNS = ("+", "-", "*")

Pieces = Sequence[Piece]
Edit = tuple[Pieces, str]  # the line after the change, and what was changed


def respelt(pieces: Pieces, known: Known, fits: Callable[[Pieces], bool]) -> tuple[str, str] | None:
    """The line with one small change that fits, and the change: ('(a_o1-t1)*a_h1', 'a_h1 for a_h2')."""
    tried = islice(_edits(list(pieces), known), MAX_TRIES)
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


def _edits(pieces: list[Piece], known: Known) -> Iterator[Edit]:
    yield from _swaps(pieces, known)
    yield from _letters(pieces)
    yield from _exchanges(pieces)
    yield from _signs(pieces)
    yield from _brackets(pieces)


def _swaps(pieces: list[Piece], known: Known) -> Iterator[Edit]:
    """Another name for one name."""
    for k, piece in enumerate(pieces):
        mark = piece.text[0] if piece.text[0] in "dδ" and known(piece.text) is None else ""  # the d of dE1
        quantity = known(piece.text[len(mark) :]) if piece.kind == "name" else None
        for other in siblings(quantity) if quantity else ():
            name = _alike(piece.typed[len(mark) :], quantity or "", other)
            yield _put(pieces, k, mark + name), f"{name} for {piece.typed[len(mark) :]}"


def _alike(typed: str, quantity: str, other: str) -> str:
    """The other name, spelt as the writer spells this one where only the number differs: W7 and w8 give W8."""
    digits = other[-1:]
    if quantity[:-1] == other[:-1] and typed[-1:] == quantity[-1:] and digits.isdigit():
        return typed[:-1] + digits
    return other


def _letters(pieces: list[Piece]) -> Iterator[Edit]:
    """A name for a number, as in a_o1 - 1."""
    for k, piece in enumerate(pieces):
        if piece.kind == "number" and piece.text in "12345678":
            for stem in _STEMS:
                yield _put(pieces, k, f"{stem}{piece.text}"), f"{stem}{piece.text} for {piece.typed}"


def _exchanges(pieces: list[Piece]) -> Iterator[Edit]:
    """b - a for a - b."""
    for k in range(1, len(pieces) - 1):
        before, sign, after = pieces[k - 1 : k + 2]
        if sign.text == "-" and before.kind == after.kind == "name":
            swapped = [_as(before, after.typed), sign, _as(after, before.typed)]
            yield [*pieces[: k - 1], *swapped, *pieces[k + 2 :]], f"{typed(swapped)} for {typed(pieces[k - 1 : k + 2])}"


def _signs(pieces: list[Piece]) -> Iterator[Edit]:
    """Another sign for one sign, or a product for a whole sum."""
    for k, piece in enumerate(pieces):
        if piece.text in _SIGNS:
            for other in _SIGNS:
                if other != piece.text:
                    yield _put(pieces, k, other), f"{other} for {piece.typed}"
    yield [_as(p, "*") if p.text == "+" else p for p in pieces], "* for every +"


def _brackets(pieces: list[Piece]) -> Iterator[Edit]:
    """A pair of brackets around some of the terms."""
    n = len(pieces)
    if n > MAX_BRACKETS:
        return
    for start in range(n):
        if start and pieces[start - 1].text not in ("*", "/", "-", "(", "^"):
            continue
        level, summed = 0, False
        for end in range(start, n):
            level += {"(": 1, ")": -1}.get(pieces[end].text, 0)
            if level < 0:
                break
            summed |= level == 0 and pieces[end].text in _SIGNS
            if level == 0 and summed and pieces[end].text not in (*_SIGNS, "/", "^"):
                first, *rest = pieces[start : end + 1]
                inside = [Piece("sign", "(", "(", first.gap), first._replace(gap=0), *rest, Piece("sign", ")", ")")]
                yield (
                    [*pieces[:start], *inside, *pieces[end + 1 :]],
                    f"brackets around {typed(pieces[start : end + 1])}",
                )


def _put(pieces: list[Piece], at: int, text: str) -> Pieces:
    return [*pieces[:at], _as(pieces[at], text), *pieces[at + 1 :]]


def _as(piece: Piece, text: str) -> Piece:
    kind = "sign" if text in _SIGNS else "name"
    return Piece(kind, text, text, piece.gap)
