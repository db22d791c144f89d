"""Axes that follow what is drawn, in cells.

Programs choose the ends of an axis themselves, mostly from 0 on, so that a curve seen from near is a dot. So a picture
goes from 0 to 1 both ways: what is drawn is brought there, and the ticks are points with live names.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from sheetgen.writer.digits import text_of

PARTS = 7  # from tick to tick, at most, but for one at an end
TICKS = PARTS + 2
CLOSE = 1e-3  # of the number in its middle: an axis that is shorter tells how far from it its ticks are
LEVEL = 1e-15  # of E: it rises and falls by less only in the rounding
EVEN = 1e-9  # of a step: a tick so near to an end stands there
PLAIN = -4, 5  # powers of ten of the largest number on an axis that is written without one

Say = Callable[[str, str], str]  # writes what a cell is, and its formula; returns its address


class Axis(NamedTuple):
    """An axis from 0 to 1: where the point stands on it that the picture is about, and how much 1 is."""

    here: str
    span: str

    def at(self, offset: str) -> str:
        """The formula of what is so far from the point."""
        return f"{self.here}+({offset})/{self.span}" if offset != "0" else self.here


class Ends(NamedTuple):
    """What an axis is made for: the point's number, and the formulas of how far it goes below and above it.

    `snug`: it ends there, not at the next tick.
    """

    name: str
    here: str
    below: str
    above: str
    snug: bool = False


def heights(E: str, fall: str, rise: str) -> tuple[str, str]:
    """How far an axis for E goes below and above it: from 0, unless all that is seen is in the upper half."""
    level = f"{fall}+{rise}<={LEVEL}*{E}"
    below = f"IF(OR({level},{E}-{fall}<=({E}+{rise})/2),{E},{fall})"
    return below, f"IF({level},IF({E}=0,1,{E}),{rise})"


def axis(say: Say, ok: str, ends: Ends) -> tuple[Axis, list[tuple[str, str]]]:
    """Write an axis; and for each of TICKS the formulas of its text and its place.

    Without anything to draw (`ok` is not 1) there is one from 0 to 1 that has ticks without texts.
    """
    name, here = ends.name, ends.here
    below = say(f"{name}: below the point", f"IF({ok}=1,{ends.below},0)")
    above = say(f"{name}: above it", f"IF({ok}=1,{ends.above},1)")
    near = f"{below}+{above}<{CLOSE}*ABS({here})"
    zero = say(f"{name}: ticks are counted from", f"IF({ok}=1,IF({near},{here},0),0)")
    beyond = say(f"{name}: from there to the point", f"IF({ok}=1,{here}-{zero},0)")
    rough = f"({below}+{above})/{PARTS}"
    power = say(f"{name}: power of ten of a step", f"MAX(-300,INT(LOG10({rough})))")
    ten = f"10^{power}"
    nice = f"IF({rough}<={ten},1,IF({rough}<=2*{ten},2,IF({rough}<=5*{ten},5,10)))"
    step = say(f"{name}: from tick to tick", f"{nice}*{ten}")
    low, high = f"({beyond}-{below})/{step}", f"({beyond}+{above})/{step}"
    if ends.snug:
        first, last = f"-INT({EVEN}-{low})", f"INT({high}+{EVEN})"
    else:
        first, last = f"INT({low}+{EVEN})", f"-INT({EVEN}-{high})"
    first = say(f"{name}: first tick, in steps", first)
    last = say(f"{name}: last tick", last)
    span = say(f"{name}: from end to end", f"{below}+{above}" if ends.snug else f"({last}-{first})*{step}")
    start = below if ends.snug else f"({beyond}-{first}*{step})"
    place = Axis(say(f"{name}: where the point is, from 0 to 1", f"{start}/{span}"), span)
    largest = f"MAX(ABS({first}),ABS({last}))*{step}"
    tens = say(f"{name}: power of ten of the largest tick", f"INT(LOG10({largest})+{EVEN})")
    ticks = []
    for k in range(TICKS):
        steps = f"MIN({first}+{k},{last})"
        ticks.append(
            (
                _text(ok, ends, (zero, steps, step, power, tens), f"{first}+{k}<={last}"),
                place.at(f"{steps}*{step}-{beyond}"),
            )
        )
    return place, ticks


def _text(ok: str, ends: Ends, places: tuple[str, str, str, str, str], there: str) -> str:
    """The formula of what stands at a tick: its number, or how far it is from the point's, which has its own."""
    zero, steps, step, power, tens = places
    number = f"{steps}*{step}"
    plain = f'ROUND({number},MAX(0,-{power}))&""'
    short = f'ROUND({number}/10^{tens},MAX(0,{tens}-{power}))&"E"&{tens}'
    written = f'IF(AND({tens}>={PLAIN[0]},{tens}<={PLAIN[1]}),{plain},IF({steps}=0,"0",{short}))'
    apart = f'IF({steps}=0,"{ends.name} = "&{text_of(ends.here, 4, False)},IF({steps}>0,"+","")&{written})'
    return f'IF({ok}=1,IF({there},IF({zero}=0,{written},{apart})," ")," ")'
