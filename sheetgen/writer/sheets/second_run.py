"""The second training of the sheet Laboratory: a row per update, a column per number, right of what a person reads.

Its formulas are built from Cells, the slip's beside the right one. Then come what its numbers should be for its own
weights, how far they are from that, and the error of the sheet Training, row by row.
"""

from __future__ import annotations

from sheetgen.cells.cell import Cell
from sheetgen.cells.text import AROUND, MAX_FORMULA, FormulaTooLong, show
from sheetgen.network.second import SecondTraining
from sheetgen.writer.book import Sheet
from sheetgen.writer.digits import scientific
from sheetgen.writer.plan import Run, value
from sheetgen.writer.sheets.common import heads
from sheetgen.writer.trace import FIRST_ROW, THIS, Trace, at_row, guarded, letter, quoted

MOST_ROWS = 100  # updates: a slip shows itself by then, or in no curve
MOST_CELLS = 24_000
FEWEST_ROWS = 10  # updates: with fewer a curve tells nothing

# The columns behind those of the Cells.
TRAINING_E, APART, RELATIVE, ABSOLUTE, PLOTTED_TRAINING, PLOTTED = *range(4), 4, 6
MEASURES = ("right", "apart", "largest relative difference", "largest difference")
# The points of both curves, where a number may run off to infinity: there they stay at the last one before.
DRAWN = ("update of the right curve", "right, drawn", "update of the second curve", "E_total, second, drawn")


class SecondRun:
    """Where the second training stands: its heads stand in a row from 1. `above` are cells: the number of the
    slip, the input that may be typed over, a number next to nothing that keeps 0/0 away."""

    def __init__(self, run: Run, training: Trace, head: int, first: int, above: tuple[str, str, str]):
        choice, typed, self.tiny = above
        self.run, self.training, self.head, self.first = run, training, head, first
        self.second = SecondTraining(run.program)
        self.slips = self.second.slips
        self.cells = self.second.columns
        self.measures = first + 1 + len(self.cells)
        self.drawn = () if run.program.spec.bounded else DRAWN
        self.columns = 1 + len(self.cells) + len(MEASURES) + len(self.drawn)
        self.updates = min(run.program.spec.steps, MOST_ROWS, MOST_CELLS // self.columns)
        self.last = head + 1 + self.updates
        self.letters = {c: letter(first + 1 + k) for k, c in enumerate(self.cells)}
        self.places = {c: f"{x}{THIS}" for c, x in self.letters.items()}
        self.fixed = {**run.names, self.second.true: run.names[self.second.typed], self.second.choice: choice}
        self.fixed |= {self.second.typed: typed}
        self.fixed |= {frozen: f"${self.letters[c]}${head + 1}" for frozen, c in self.second.first.items()}
        self.places[self.second.update] = f"${letter(first)}{THIS}"
        self.formulas = [self._formula(c) for c in self.cells]
        self.worst = self._worst()

    @property
    def fits(self) -> bool:
        """Whether there are enough rows for a curve."""
        return self.updates >= min(FEWEST_ROWS, self.run.program.spec.steps)

    def _text(self, c: Cell, row: str = THIS) -> str:
        def ref(x: Cell) -> str | None:
            return self.places[x].replace(THIS, row) if x in self.places else self.fixed.get(x)

        return guarded(show(c, ref), self.run.program.spec.bounded)

    def _formula(self, c: Cell) -> tuple[str, str]:
        """What stands in the first row of a column, and below."""
        if c in self.run.program.next:
            return self.fixed[c], self._text(self.second.following(c), "\x01")
        own = self.second.formula(c)
        text = self._text(own) if own.args else self._place(own)
        return text, text

    def _place(self, c: Cell) -> str:
        return self.places.get(c) or self.fixed[c]

    @property
    def typed(self) -> str:
        """The formula of the input that a slip types over."""
        return self._text(self.second.formula(self.second.typed))

    def _worst(self) -> tuple[str, str]:
        """The largest relative and absolute difference of a row from what its numbers should be."""
        pairs = [(self._place(x), self._place(y) if not y.args or y in self.places else f"({self._text(y)})")
                 for x, y in self.second.checks]  # fmt: skip
        parts = [f"ABS({x}-{y})/(MAX(ABS({x}),ABS({y}))+{self.tiny})" for x, y in pairs]
        apart = [f"ABS({x}-{y})" for x, y in pairs]
        both = tuple(f"IFERROR(MAX({','.join(terms)}),0)" for terms in (parts, apart))
        if max(map(len, both)) > MAX_FORMULA - AROUND:
            raise FormulaTooLong("the largest difference of a row is too long a formula")
        return both[0], both[1]

    def range(self, measure: int) -> str:
        """All rows of one of the columns behind those of the Cells."""
        at = letter(self.measures + measure)
        return f"${at}${self.head + 1}:${at}${self.last}"

    @property
    def errors(self) -> tuple[str, str]:
        """E_total in every row, of the right training and of the second one."""
        return self.range(TRAINING_E), self.column(self.run.program.network.loss)

    @property
    def curves(self) -> list[tuple[str, str]]:
        """The columns of x and y that the chart draws, for the right training and for the second one."""
        if self.drawn:
            return [(self.range(k), self.range(k + 1)) for k in (PLOTTED_TRAINING, PLOTTED)]
        updates = f"${letter(self.first)}${self.head + 1}:${letter(self.first)}${self.last}"
        return [(updates, y) for y in self.errors]

    def column(self, c: Cell) -> str:
        """All rows of a Cell's column."""
        return f"${self.letters[c]}${self.head + 1}:${self.letters[c]}${self.last}"

    def where(self, k: int) -> str:
        """The address of the first cell that the k-th slip makes wrong."""
        first = next(iter(self.slips[k].changes))
        return self.fixed[first].replace("$", "") if first in self.fixed else f"{self.letters[first]}{self.head + 1}"

    def write(self, sheet: Sheet, slip: int) -> None:
        """Write the table as it is with a slip, counted from 1."""
        names = ["update", *(f"{c.name}, second" for c in self.cells), *MEASURES, *self.drawn]
        heads(sheet, self.head, self.first, names)
        forms = [self._form(c) for c in self.cells]
        styles = [sheet.style("cell", form) for form in forms]
        count = sheet.style("cell", "whole", "center")
        sheet.filled(self.head + 1, self.first, self.last, self.first + len(names) - 1)
        for k, numbers in enumerate(self.second.run(self.cells, slip, self.updates + 1)):
            row = self.head + 1 + k
            sheet.fill(row, self.first, f"{letter(self.first)}{row - 1}+1" if k else "0*1", float(k), count)
            for j, x in enumerate(numbers):
                formula = at_row(self.formulas[j][k > 0], row)
                sheet.fill(row, self.first + 1 + j, formula, value(x), styles[j])
            self._measure(sheet, row, k)
        area = (self.head, self.first + 1, self.last - 1, self.first + len(self.cells))
        scientific(sheet, area, *forms)

    def _form(self, c: Cell) -> str:
        name = (c.name or "").removeprefix("true ").removeprefix("step of ")
        known = {x.name for x in self.run.program.columns}
        return self.run.style(name) if name in known else "small"

    def _measure(self, sheet: Sheet, row: int, k: int) -> None:
        loss = self.run.program.network.loss
        own, small = f"{self.letters[loss]}{row}", sheet.style("cell", "relative")
        training = f"{quoted(self.training.sheet)}!{self.training.letters[id(loss)]}{FIRST_ROW + k}"
        right = f"{letter(self.measures + TRAINING_E)}{row}"
        formulas = [training, f"IFERROR(ABS({own}-{right}),0)", *(at_row(x, row) for x in self.worst)]
        if self.drawn:
            formulas += [*self._point(right, PLOTTED_TRAINING, row), *self._point(own, PLOTTED, row)]
        for j, formula in enumerate(formulas):
            sheet.live(row, self.measures + j, formula, small)

    def _point(self, E: str, column: int, row: int) -> list[str]:
        """The point of a curve at E; where that is no number or too large for an axis, the point of the row before."""
        found = []
        for k, now in enumerate((f"{letter(self.first)}{row}", E)):
            before = f"{letter(self.measures + column + k)}{row - 1}" if row > self.head + 1 else "0"
            found.append(f"IF(ISNUMBER({E}),IF(ABS({E})<1E+307,{now},{before}),{before})")
        return found
