"""Columns of 0 and 1: a 1 where a cell of a training run is not what the cells before it make of it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from sheetgen.cells.cell import Cell
from sheetgen.network.recompute import Recomputation
from sheetgen.writer.plan import NO_RATE, RATES, TRAINING
from sheetgen.writer.sheets.plotted import Curve
from sheetgen.writer.sheets.rates import RatePlaces
from sheetgen.writer.sheets.rates_told import RISEN, UP
from sheetgen.writer.sheets.side import RunAddresses
from sheetgen.writer.trace import ABOVE, DIVERGED, THIS, letter, quoted

LONGEST = 7_000  # characters of a formula, of which the numbers of rows may make a thousand more: Excel takes 8,192


class Flag(NamedTuple):
    """A column of flags: the column that it is about, that column's name, and the formulas."""

    sheet: str
    letter: str
    name: str
    first: str
    below: str


class Flags:
    """Write the flags of one run; `tiny` is the address of a number next to nothing, which keeps 0/0 away."""

    def __init__(self, rates: RatePlaces, again: Recomputation, side: RunAddresses, tiny: str):
        self.rates, self.again, self.side, self.tiny = rates, again, side, tiny
        self.too_long: list[str] = []  # names of what is only seen to be a number

    def training(self) -> list[Flag]:
        """The columns of Training."""
        flags = [counter(TRAINING)]
        for c in self.again.program.columns:
            if c in self.again.program.next:
                flags.append(self._weight(c, c.name or "", staged=True))
            else:
                flags.append(self._column(c, c.name or ""))
        return flags

    def rate(self, k: int) -> list[Flag]:
        """The columns of the k-th learning rate: its state, its error, when that has reached the threshold.

        In this order, so that the first cell of a row that is not right is the one that the others follow from.
        """
        loss = self.again.program.network.loss
        name = self.rates.names[k]
        reached = self.rates.reached(k)
        E = self.side.live_of(loss)
        hit = f"IF(AND(ISNUMBER(threshold),{E}<=threshold),$A{THIS},"
        risen = f'IFERROR(IF({E}/{self.side.live_of(loss, ABOVE)}>{RISEN},"{UP}",""),"")'
        same = [_same(self.side.live(reached), f"{hit}{nothing})") for nothing in ('""', risen)]
        flags = []
        for c in self.rates.cells:
            if c in self.again.program.next:
                flags.append(self._weight(c, f"{c.name} ({name})", staged=False))
            else:
                flags.append(self._flag(c, f"{c.name} ({name})", self.side.text(self.again.expected[c])))
        flags.append(self._flag(loss, f"E ({name})", self.side.text(loss)))
        if k == len(self.rates.numbers) - 1:
            flags = [f._replace(first=self._own(f, f.first), below=self._own(f, f.below)) for f in flags]
        return [*flags, Flag(RATES, reached, f"reached ({name})", *same)]

    def _own(self, flag: Flag, formula: str) -> str:
        """A flag of the reader's own rate, which may be no number."""
        return f'IF(ISNUMBER(my_learning_rate),{formula},IF({self.side.live(flag.letter)}="{NO_RATE}",0,1))'

    def drawn(self, line: Curve) -> Flag:
        """A column that a chart is drawn from: the number of another column, or #N/A where it has no point."""
        source, live = (self.side.live(letter(at)) for at in (line.source, line.drawn))
        point = f"ISNUMBER(LN({source}))" if line.log else f"AND(ISNUMBER({source}),ABS({source})<1E+307)"
        same = f"ABS({live}-{source})/(ABS({source})+{self.tiny})<=tolerance"
        formula = f"IFERROR(IF(IFERROR({point},FALSE),IF({same},0,1),IF(ISNA({live}),0,1)),1)"
        return Flag(self.side.sheet, letter(line.drawn), line.heading, formula, formula)

    def _column(self, c: Cell, name: str) -> Flag:
        if c not in self.again.expected:
            return self._flag(c, name, self.side.absolute[c])
        terms = self.again.terms.get(c, [])
        sizes = [self.side.text(t) for t in terms] if len(terms) > 1 else []
        return self._flag(c, name, self.side.text(self.again.expected[c]), sizes)

    def _weight(self, w: Cell, name: str, staged: bool) -> Flag:
        following, step = self.again.next(w, staged)
        sizes = [self.side.live_of(w, ABOVE), self.side.text(step, ABOVE)]
        below = self._flag(w, name, self.side.text(following, ABOVE), sizes)
        return below._replace(first=self._flag(w, name, self.side.absolute[w]).first)

    def _flag(self, c: Cell, name: str, expected: str, sizes: Sequence[str] = ()) -> Flag:
        """`sizes` are the terms of a sum that may cancel."""
        letters = self.side.letters[id(c)]
        formula = self._differs(self.side.live(letters), expected, sizes)
        if len(formula) > LONGEST:
            self.too_long.append(name)
            live = self.side.live(letters)
            formula = f'IFERROR(IF(OR(ISNUMBER({live}),{live}="{DIVERGED}"),0,1),1)'
        return Flag(self.side.sheet, letters, name, formula, formula)

    def _differs(self, live: str, expected: str, sizes: Sequence[str]) -> str:
        # A sum that cancels is rounded as its terms are; and a program may round what is nearly zero to zero.
        terms = f"+0.000001*({'+'.join(f'ABS({s})' for s in sizes)})" if sizes else ""
        # A quotient, for programs differ in what they make of a comparison of two very small numbers.
        apart = f"ABS({live}-({expected}))/(ABS({live}){terms}+{self.tiny})"
        near = f"IF(AND(ISNUMBER({live}),{apart}<=tolerance),0,1)"
        if not self.again.program.spec.bounded:
            # The power makes IronCalc look whether the number is one: elsewhere it goes on with infinity.
            near = f'IF({live}="{DIVERGED}",IF(ISNUMBER(({expected})^1),1,0),{near})'
        return f"IFERROR({near},1)"


def counter(sheet: str) -> Flag:
    """The column of iterations of a sheet."""
    same = _same(f"{quoted(sheet)}!A{THIS}", f"$A{THIS}")
    return Flag(sheet, "A", "the count of iterations", same, same)


def _same(live: str, expected: str) -> str:
    # An emptied cell is equal to 0, and to an empty text: so it is asked whether there is something.
    return f"IFERROR(IF(AND(COUNTA({live})=1,{live}={expected}),0,1),1)"
