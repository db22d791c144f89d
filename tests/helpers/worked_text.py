"""Numbers as worked lines have them, computed without a spreadsheet: what the formulas of `text_of` must show."""

from __future__ import annotations

import math
from decimal import ROUND_HALF_UP, Context, Decimal

from sheetgen.writer.digits import DIGITS, LEAST_POWER, MOST_DIGITS, ROUND_UP
from sheetgen.writer.style import LEAST


def text_value(x: float | str) -> str:
    """What `text_of` shows for a number."""
    if isinstance(x, str):
        return x
    if x == 0:
        return "0"
    power = math.floor(math.log10(abs(x)) + ROUND_UP)
    if LEAST <= abs(x) < 10**MOST_DIGITS:
        text = _rounded(abs(x), max(0, DIGITS - 1 - power))
    else:
        power = max(LEAST_POWER, power)
        text = f"{_rounded(abs(x) / 10.0**power, DIGITS - 1)}E{power}"
    return f"(-{text})" if x < 0 else text


def _rounded(x: float, digits: int) -> str:
    # ROUND rounds a half away from zero, and looks at 15 digits: 0.2314375 is a half, whatever its last bit says.
    places = Decimal(1).scaleb(-digits)
    text = f"{Decimal(f'{x:.15g}').quantize(places, ROUND_HALF_UP, Context(prec=400)):f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
