"""How numbers are written: in cells, whatever they become, and as text in worked lines."""

from __future__ import annotations

import re
from collections.abc import Mapping
from itertools import groupby

from sheetgen.cells.text import number
from sheetgen.writer import style
from sheetgen.writer.book import Sheet
from sheetgen.writer.trace import letter

Area = tuple[int, int, int, int]  # first row, first column, last row, last column, counted from 0


def scientific(sheet: Sheet, area: Area, *forms: str, look: str = "beyond", where: str = "") -> None:
    """Have numbers that their column's format shows badly shown in scientific form, whatever they become.

    `where` is a further test, for a look that is more than a format: of two looks, LibreOffice shows the first alone.

    `forms` names the format of each column, or one of all: a number below 1e-4 would have few digits or none, a large
    one would not fit. A format with conditions of its own would lose the minus sign in some programs.
    """
    top, left, bottom, right = area
    given = forms * (right - left + 1) if len(forms) == 1 else forms
    columns = zip(range(left, right + 1), given, strict=True)
    for form, run in groupby(columns, lambda pair: pair[1]):
        at = [column for column, _ in run]
        rule = style.beyond(f"{letter(at[0])}{top + 1}", form)
        if where:
            rule["criteria"] = f"=AND({where},{rule['criteria'].removeprefix('=')})"
        if form != "scientific":
            sheet.conditional_format(top, at[0], bottom, at[-1], {**rule, "format": sheet.book.conditional(look)})


def three_digits(sheet: Sheet, area: Area) -> None:
    """Have numbers from 0.001 to 1,000 shown with three significant digits and no exponent; others have one."""
    at = f"{letter(area[1])}{area[0] + 1}"
    for low, high, look in ((0.001, 0.01, "0.00000"), (0.01, 0.1, "0.0000"), (0.1, 1, "0.000"), (1, 10, "hundredth"),
                            (10, 100, "tenth"), (100, 1000, "whole")):  # fmt: skip
        # One that is rounded up to the next power has its digits, too.
        test = f"IF(ISNUMBER({at}),AND(ABS({at})>={low * 0.9995:.10g},ABS({at})<{high * 0.9995:.10g}),FALSE)"
        rule = {"type": "formula", "criteria": f"={test}", "format": sheet.book.conditional(look)}
        sheet.conditional_format(*area, rule)


DIGITS = 6  # significant, in worked lines
MOST_DIGITS = 9  # before the decimal sign
ROUND_UP = 2e-7  # added to a logarithm: what is rounded to 10.0000 counts as 10 before it is, and so does LOG10(1000)
LITERAL = 250  # characters of a text in a formula; Excel takes 255
LEAST_POWER = -307  # Excel has no smaller power of ten


def text_of(address: str, digits: int = DIGITS, brackets: bool = True) -> str:
    """A formula that writes a number as a person would in a worked line: 0.05, 0.606478, (-0.3), 1.2E-7.

    The decimal sign is that of the reader's country, which TEXT cannot have; and FIXED is not known to every program.
    Small and large numbers are a mantissa, E and an exponent, for programs differ in how they join these to a text.
    A negative number gets brackets, for it stands in sums; without `brackets` it has its sign alone. With fewer digits,
    fewer stand before the decimal sign.
    """
    power = f"INT(LOG10(ABS({address}))+{number(ROUND_UP * 10 ** (DIGITS - digits))})"
    least = f"MAX({LEAST_POWER},{power})"
    plain = f'ROUND({address},MAX(0,{digits - 1}-{power}))&""'
    written = (
        f"IF(OR(ABS({address})<{number(style.LEAST)},ABS({address})>=10^{MOST_DIGITS + digits - DIGITS}),"
        f'ROUND({address}/10^{least},{digits - 1})&"E"&{least},{plain})'
    )
    # By SIGN, for an engine holds whatever is nearer to 0 than 1e-15 equal to it.
    signed = f'IF(SIGN({address})<0,"("&{written}&")",{written})' if brackets else written
    return f'IF(ISNUMBER({address}),IF(SIGN({address})=0,"0",{signed}),{address})'


def spoken(sentence: str, places: Mapping[str, str]) -> str:
    """The formula of a sentence: `{w}` in it is what stands at `places["w"]`, `{!w}` the same without brackets."""
    pieces = []
    for k, piece in enumerate(re.split(r"\{(.*?)\}", sentence)):
        if k % 2:
            pieces.append(bare(places[piece[1:]]) if piece[0] == "!" else places[piece])
        else:
            parts = (piece[j : j + LITERAL] for j in range(0, len(piece), LITERAL))
            pieces += ['"' + part.replace('"', '""') + '"' for part in parts]
    return "&".join(pieces)


def bare(address: str) -> str:
    """A formula of what `text_of` wrote, without the brackets of a negative number."""
    return f'SUBSTITUTE(SUBSTITUTE({address},"(",""),")","")'
