"""A line of textbook maths cut into pieces, each as it means and as the writer typed it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from sheetgen.audit import labels

_TOKEN = re.compile(
    r"""(?P<number>[0-9]+(?:[.,][0-9]+)?|\.[0-9]+|[½¼])
      | (?P<name>[A-Za-zͰ-Ͽ_][A-Za-z0-9_Ͱ-Ͽ₀-₉]*['′’]?)
      | (?P<partial>[∂𝜕])
      | (?P<square>[²³])
      | (?P<sign>\*\*|[-−–+*×·⋅∙•∗✕/÷⁄∕^()\[\]{}])
      | (?P<space>\s+)
      | (?P<other>.)""",
    re.VERBOSE | re.DOTALL,
)
_ALIKE = {
    **dict.fromkeys("−–", "-"), **dict.fromkeys("×·⋅∙•∗✕", "*"), **dict.fromkeys("÷⁄∕", "/"), "**": "^",
    **dict.fromkeys("[{", "("), **dict.fromkeys("]}", ")"), "½": "0.5", "¼": "0.25", "²": "2", "³": "3", "𝜕": "∂",
}  # fmt: skip
_SUBSCRIPTS = str.maketrans("₀₁₂₃₄₅₆₇₈₉", "0123456789")


class Piece(NamedTuple):
    """A piece of a line: what it means, how the writer typed it, and how many spaces stand before it."""

    kind: str
    text: str
    typed: str
    gap: int = 0


def tokens(text: str) -> list[Piece]:
    """Cut a line into its pieces; spaces are kept with the piece that follows them."""
    pieces: list[Piece] = []
    gap = 0
    for match in _TOKEN.finditer(text):
        kind, typed = match.lastgroup or "", match.group()
        if kind == "space":
            gap = len(typed) if typed == " " else max(len(typed), 2)
            continue
        meant = typed.translate(_SUBSCRIPTS) if kind == "name" else _ALIKE.get(typed, typed)
        pieces.append(Piece(kind, meant.replace(",", ".") if kind == "number" else meant, typed, gap))
        gap = 0
    return pieces


def typed(pieces: Sequence[Piece]) -> str:
    """The text of a line again."""
    return "".join(" " * piece.gap + piece.typed for piece in pieces).strip()


def quantity(name: str) -> str | None:
    """The quantity that a name means, such as a_o1 for a_01; dw1 by itself may be a change or a derivative: None."""
    meant = labels.quantity(name)
    return None if meant is None or "/" in meant or meant == "iteration" else meant
