"""Texts that people give: safe to show, free of what nobody sees, and no formula to a spreadsheet."""

from __future__ import annotations

import re
import unicodedata
from typing import Any

_SIGNS = ("=", "+", "-", "@", "\uff1d", "\uff0b", "\uff0d", "\uff20")  # the last four are wide, as East Asia types them
# Signs that count as letters or marks and show nothing: fillers, joiners, Mongolian selectors, an empty braille.
_BLANK = re.compile("[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u3164\uffa0]")
_NAMELESS = {"Cc": "a control character", "Co": "for private use", "Cs": "half of a character", "Cn": "not in Unicode"}
LONGEST = 2_000  # characters of a text that is shown
_UNUSUAL = re.compile(r"[^\x20-\x7e]")


def plain(text: object, most: int = LONGEST) -> str:
    """One line that a terminal, XML and a sheet can hold: no control characters; a long text loses its middle."""
    whole = str(text)
    if len(whole) > most:
        whole = f"{whole[: most // 2]}…{whole[len(whole) - most + most // 2 + 1 :]}"
    return _UNUSUAL.sub(_harmless, whole)


def _harmless(match: re.Match[str]) -> str:
    c = match[0]
    if c.isprintable():
        return c
    # Characters of category Cf are not seen, and turn the direction of what is.
    return " " if c.isspace() else "" if unicodedata.category(c) == "Cf" else "�"


def calculates(text: str) -> bool:
    """Whether a spreadsheet may take a text for a formula, if it is typed or read from a CSV file."""
    return text.lstrip().startswith(_SIGNS)


def inert(text: str) -> str:
    """A text for a CSV file, with an apostrophe before what a spreadsheet may take for a formula."""
    return f"'{text}" if calculates(text) else text


def retyped(text: str) -> bool:
    """Whether a cell would hold something else than its text after F2 and Enter: an apostrophe is eaten, too."""
    return text.startswith("'") or calculates(text)


def unseen(text: str) -> str:
    """The first character of a text that is not seen, such as 'U+200B ZERO WIDTH SPACE'; '' if all are."""
    for c in text:
        if not c.isprintable() or _BLANK.match(c):
            return f"U+{ord(c):04X}, {unicodedata.name(c, '') or _NAMELESS[unicodedata.category(c)]}"
    return ""


def shown(value: Any) -> str:
    """A value as a message shows it: on one line, and short, however large or deep it is."""
    try:
        text = repr(value)
    except (ValueError, RecursionError):  # over 4,300 digits, over 1,000 tables deep
        return "more than can be shown"
    return text if len(text) <= 60 else f"{text[:57]}..."
