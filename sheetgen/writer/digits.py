"""How numbers are written: in cells, whatever they become, and as text in worked lines."""

from __future__ import annotations

from itertools import groupby

from sheetgen.cells.text import number
from sheetgen.writer import style
from sheetgen.writer.book import Sheet
from sheetgen.writer.trace import letter

Area = tuple[int, int, int, int]  # first row, first column, last row, last column, counted from 0


def scientific(sheet: Sheet, area: Area, *forms: str, look: str = "beyond") -> None:
    """Have numbers that their column's format shows badly shown in scientific form, whatever they become.

    `forms` names the format of each column, or one of all: a number below 1e-4 would have few digits or none, a large
    one would not fit. A format with conditions of its own would lose the minus sign in some programs.
    """
    top, left, bottom, right = area
    given = forms * (right - left + 1) if len(forms) == 1 else forms
    columns = zip(range(left, right + 1), given, strict=True)
    for form, run in groupby(columns, lambda pair: pair[1]):
        at = [column for column, _ in run]
        rule = style.beyond(f"{letter(at[0])}{top + 1}", form)
        if form != "scientific":
            sheet.conditional_format(top, at[0], bottom, at[-1], {**rule, "format": sheet.book.conditional(look)})


DIGITS = 6  # significant, in worked lines
MOST_DIGITS = 9  # before the decimal sign
ROUND_UP = 2e-7  # added to a logarithm: what is rounded to 10.0000 counts as 10 before it is, and so does LOG10(1000)
LEAST_POWER = -307  # Excel has no smaller power of ten


def text_of(address: str, digits: int = DIGITS) -> str:
    """A formula that writes a number as a person would in a worked line: 0.05, 0.606478, (-0.3), 1.2E-7.

    The decimal sign is that of the reader's country, which TEXT cannot have; and FIXED is not known to every program.
    Small and large numbers are a mantissa, E and an exponent, for programs differ in how they join these to a text.
    A negative number gets brackets, for it stands in sums.
    """
    power = f"INT(LOG10(ABS({address}))+{number(ROUND_UP)})"
    least = f"MAX({LEAST_POWER},{power})"
    plain = f'ROUND({address},MAX(0,{digits - 1}-{power}))&""'
    written = (
        f"IF(OR(ABS({address})<{number(style.LEAST)},ABS({address})>=10^{MOST_DIGITS}),"
        f'ROUND({address}/10^{least},{digits - 1})&"E"&{least},{plain})'
    )
    # By SIGN, for an engine holds whatever is nearer to 0 than 1e-15 equal to it.
    signed = f'IF(SIGN({address})<0,"("&{written}&")",{written})'
    return f'IF(ISNUMBER({address}),IF(SIGN({address})=0,"0",{signed}),{address})'
