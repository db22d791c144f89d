"""What the sheet Learning rates says: what E does at every rate, which is the fastest, and what to try."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache
from itertools import islice, pairwise
from typing import TYPE_CHECKING, NamedTuple

from sheetgen.cells.text import number
from sheetgen.writer.book import Sheet
from sheetgen.writer.digits import text_of
from sheetgen.writer.plan import Run
from sheetgen.writer.sheets.common import heads
from sheetgen.writer.trace import FIRST_ROW, letter

if TYPE_CHECKING:
    from sheetgen.writer.sheets.rates import RatePlaces

FASTEST, NOBODY = "◂ fastest", "none"
ALREADY = "already there"  # every rate, before the first update
TYPE_ONE = "type a number"
UP = "up"  # in the columns that tell when the goal is reached: E has risen
RISEN = "1.000000001"  # of the E before; what is less is rounding
# What E does at a rate. One that falls, or rises now and then, may be the fastest; to jump to the goal once and to
# stand still there is luck: the units are saturated, and no gradient is left.
STILL, JUMPS, FALLS, RISES, ABOVE, RUNS_OFF, NO_NUMBER = (
    "does not move", "one jump, then stuck", "falls steadily", "rises", "ends above its start", "runs off to infinity",
    "no number",
)  # fmt: skip
TRIED, SLOW = 1_000, 0.95  # updates that decide which rates and goals are worth a try; what a tiny rate leaves of E
MOST_RATE, GOAL = 1e6, 0.001
FEW, TYPED = 3, 1.5  # times that E may rise at a rate that stands there at first; the rate if there is none
PRINTED = 15  # updates: as many as leave it one page
ROOMY = 7  # rates, at most, that leave room for lines between the sentences


class Tries(NamedTuple):
    """Rates that are worth a try: at one E hardly falls, one is faster than all (None: none was found), one fails."""

    tiny: float
    faster: float | None
    giant: float


NO_TRIES = Tries(0, None, 0)


def suggested(run: Run) -> Tries:
    """These, as they are with the template's inputs; the goal is out of the reach of the one that fails."""
    rates, aim = run.program.spec.learning_rates, goal(run)
    tiny, top = min(rates), max(rates)
    for _ in range(6):
        tiny = float(f"{tiny / 10:.0e}")
        errors = _errors(run, tiny)
        if errors[-1] > SLOW * errors[0]:
            break
    best = min(_updates(run, rate, aim) for rate in rates)
    near = [x for m in (1, 5, 2) for k in range(-6, 6) if top < (x := float(f"{m}e{k}")) <= 10 * top]
    faster = next((x for x in near if _updates(run, x, aim) < best and _goes_on(_errors(run, x))), None)
    for giant in (10.0**k for k in range(-5, 7) if 10.0**k > top):
        if _updates(run, giant, aim) == math.inf and not _falls(_errors(run, giant)):
            return Tries(tiny, faster, giant)
    return Tries(tiny, faster, MOST_RATE)


def too_long(run: Run) -> float | None:
    """The smallest round rate at which the first update leaps over the valley, and E rises; None if there is none."""
    top = max(run.program.spec.learning_rate, *run.program.spec.learning_rates)
    for rate in (x for k in range(-6, 7) for m in (1, 2, 5) if top < (x := float(f"{m}e{k}")) <= MOST_RATE):
        (before,), (after,) = islice(run.program.run([run.program.network.loss], rate), 2)
        if not after <= before:
            return rate if after < math.inf else None
    return None


def typed_at_first(run: Run) -> float:
    """What stands in the cell for a rate of one's own: one that is too long, if E comes down all the same."""
    rate = too_long(run)
    errors = _errors(run, rate) if rate else []
    # Where E jumps on and on, no two engines agree for long: what they round differently grows with each jump.
    settles = errors and sum(y > x for x, y in pairwise(errors)) <= FEW and errors[-1] < errors[0]
    return rate if rate and settles else TYPED


def _updates(run: Run, rate: float, aim: float) -> float:
    """After how many updates E is down to the goal: infinitely many if never."""
    return next((float(n) for n, E in enumerate(_errors(run, rate)) if aim >= E), math.inf)


def _falls(errors: Sequence[float]) -> bool:
    """Whether E falls with every update, not only with the first."""
    return all(y <= x * float(RISEN) for x, y in pairwise(errors)) and _goes_on(errors)


def _goes_on(errors: Sequence[float]) -> bool:
    """Whether E moves after the first update, too."""
    return len(errors) < 3 or not max(errors[1:]) <= 1.000001 * min(errors[1:])


def goal(run: Run) -> float:
    """What E is to come down to: 0.001, or the least number of one digit that a rate reaches."""
    errors = [_errors(run, rate) for rate in run.program.spec.learning_rates]
    least, rounded = min(e[-1] for e in errors), (float(f"{m}e{k}") for k in range(-3, 7) for m in range(1, 10))
    found = next((x for x in rounded if x >= least), GOAL)
    return found if found < errors[0][0] or least == 0 else float(f"{(least + errors[0][0]) / 2:.2g}")


@lru_cache(maxsize=32)
def _errors(run: Run, rate: float) -> list[float]:
    steps = min(TRIED, run.program.spec.steps)
    return [row[0] for row in islice(run.program.run([run.program.network.loss], rate), steps + 1)]


def _updates_in(steps: int) -> str:
    return f"{steps:,} update{'s' * (steps > 1)}"


class Told:
    """The formulas of the sentences. What they are made of stands above the folded columns."""

    def __init__(self, places: RatePlaces, tries: Tries = NO_TRIES):
        self.places, self.column = places, places.aside
        self.n, self.worth = len(places.numbers), tries
        self.best, self.fastest, self.nearest = (self.at(2, k) for k in range(3))

    def at(self, column: int, k: int) -> str:
        """A cell of the workings."""
        return f"${letter(self.column + column)}${self.places.row(k)}"

    def _updates(self, k: int) -> str:
        return f"${letter(self.places.updates)}${self.places.row(k)}"

    def write(self, sheet: Sheet) -> None:
        """Write the cells that the sentences are made of: E in words, who may be the fastest, and who is."""
        p = self.places
        names = ["E in words", "may be fastest", "the fastest: which, its rate; then the least E: which"]
        heads(sheet, p.row(0) - 1, self.column, names, "l")
        for k in range(self.n):
            sheet.live(p.row(k), self.column, self._does(k), "muted")
            sheet.live(p.row(k), self.column + 1, self.may(k), "muted", "general")
        may, last = f"{self.at(1, 0)}:{self.at(1, self.n - 1)}", p.table(len(p.marks))
        formulas = (
            f"IF(COUNT({may})=0,0,IF(MIN({may})=0,0,MATCH(MIN({may}),{may},0)))",
            self.rate_of(self.best),
            f"IF(COUNT({last})=0,0,MATCH(MIN({last}),{last},0))",
        )
        for k, formula in enumerate(formulas):
            sheet.live(p.row(k), self.column + 2, f"IFERROR({formula},0)", "muted", "general")

    def may(self, k: int) -> str:
        """The updates of a rate that may be the fastest, for it walks there; else an empty text."""
        word, count = self.at(0, k), self._updates(k)
        walks = f'OR({word}="{FALLS}",LEFT({word},{len(RISES)})="{RISES}")'
        return f'IF({walks},IF(ISNUMBER({count}),{count},""),"")'

    def rate_of(self, which: str) -> str:
        """The rate of a number from 1 on; where it is 0, why there is none."""
        counts = self.places.table(self.places.updates)
        none = f'IF(COUNT({counts})=0,"{NOBODY}",IF(MIN({counts})=0,"{ALREADY}","{NOBODY}"))'
        return f"IF({which}=0,{none},INDEX({self.places.table(0)},{which}+0,1))"

    def _does(self, k: int) -> str:
        """What E does, in words."""
        p = self.places
        every, later = p.errors(k), p.errors(k, FIRST_ROW + 1)
        first, last = every.split(":")
        ups = f'COUNTIF({p.column_of_hits(k)},"{UP}")'
        rises = f'IF({ups}=1,"{RISES} once","{RISES} "&{ups}&" times")'
        text = f'IF({last}>{first},"{ABOVE}",IF({ups}=0,"{FALLS}",{rises}))'
        if p.steps > 1:
            still = f'IF(ABS({last}-{first})<=0.000001*{first},"{STILL}","{JUMPS}")'
            text = f"IF(MAX({later})<=1.000001*MIN({later}),{still},{text})"
        text = f'IF(COUNT({every})<{p.steps + 1},"{RUNS_OFF}",{text})'
        text = f'IFERROR(IF(COUNT({every})=0,"{NO_NUMBER}",{text}),"{NO_NUMBER}")'
        return f'IF(ISNUMBER({p.own}),{text},"{TYPE_ONE}")' if k == self.n - 1 else text

    def word(self, k: int) -> str:
        """What the table says of the k-th rate."""
        own = f'IF(ISNUMBER({self.places.own}),"yours: ","")' if k == self.n - 1 else '""'
        return f'IF({self.best}={k + 1},"{FASTEST}, ",{own})&{self.at(0, k)}'

    def mark(self, k: int) -> str:
        """What follows the name of the k-th rate at the end of its curve."""
        return f'IF({self.best}={k + 1}," {FASTEST}","")'

    @property
    def answer(self) -> str:
        """Which rate is the fastest, what the smallest one loses, and what one's own does."""
        p, aim = self.places, text_of("threshold")
        small = min(range(self.n - 1), key=lambda k: p.numbers[k])
        count, slowest = self._updates(small), f"${letter(len(p.marks))}${p.row(small)}"
        updates = f"INDEX({p.table(p.updates)},{self.best}+0,1)"
        takes = f'IF(ISNUMBER({count}),"takes "&{count}&".","is only at "&{text_of(slowest, 3)}&" after {p.steps:,}.")'
        slow = f'IF({self.best}={small + 1},""," {p.names[small]} "&{takes})'
        after = f'{updates}&IF({updates}=1," update."," updates.")'
        found = f'"Of these, "&{self.fastest}&" is fastest: E is down to "&{aim}&" after "&{after}'
        least = f"INDEX({p.table(len(p.marks))},{self.nearest}+0,1)"
        near = f'INDEX({p.table(0)},{self.nearest}+0,1)&" comes nearest, to "&{text_of(least, 3)}&"."'
        far = f'"No rate gets E down to "&{aim}&" in {_updates_in(p.steps)}: "&{near}'
        luck = f'"No rate walks down to "&{aim}&": what gets there jumps once, and is stuck."'
        text = f"IF(COUNT({p.table(p.updates)})>0,{luck},{far})"
        there = f'"E is at "&{aim}&" or below before the first update: type a smaller goal."'
        text = f'IF({self.best}>0,{found}&{slow},IF({self.fastest}="{ALREADY}",{there},{text}))'
        text = f'IF(ISNUMBER(threshold),{text},"Type a number as your goal, into the yellow cell below.")'
        own = f'IF(ISNUMBER({p.own})," Yours, "&{text_of(p.own)}&", "&{self.at(0, self.n - 1)}&".","")'
        missing = '"No rate has numbers to compare: all ran off to infinity."'
        text = f"IF({self.nearest}=0,{missing},IFERROR({text}&{own},{missing}))"
        return f"IF(inputs_no_number>0,input_to_mend,{text})"

    @property
    def tries(self) -> str:
        """Three rates to type, and why a step may be too long."""
        tiny, faster, giant = (number(x) if x else "" for x in self.worth)
        longer = "Can you find a rate that is faster than all others? A little too long a step, and E jumps about."
        win = '" is a longer step. Does it win? Where does longer stop being faster?"'
        longer = f"{faster}&{win}" if faster else f'"{longer}"'
        paper = f"; on paper, the first {PRINTED}" if self.places.steps > PRINTED else ""
        lines = (
            '"Try it: type a rate of your own into the yellow cell of the last row."',
            f'"• "&{longer}',
            f'"• "&{giant}&" is a giant step. Does E still come down? See the black curve, and the last row."',
            f'"• "&{tiny}&" is a tiny step. How far does E get in {_updates_in(self.places.steps)}?"',
            '"Why: a gradient is the slope where you stand. A longer step is faster while that slope still holds. Too"&'
            '" long a one leaves it, and jumps over the valley, or to where no slope is left; a short one is slow."',
            f'"Below: E at every update{paper}. The + over the column letters unfolds how each rate is computed."',
        )
        gap = "&CHAR(10)&CHAR(10)&" if self.n <= ROOMY else "&CHAR(10)&"  # many rates leave less room
        return gap.join(lines)
