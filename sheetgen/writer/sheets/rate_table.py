"""The table on top of Learning rates, checked cell by cell on the sheet Recomputation: a row for each of its columns, a
column for each of its rates. A cell that differs shows its number, counted row by row, else nothing.
"""

from __future__ import annotations

from sheetgen.cells.text import number
from sheetgen.writer.book import Sheet
from sheetgen.writer.plan import RATES, of_my_rate
from sheetgen.writer.sheets.common import colour, first_of, heads
from sheetgen.writer.sheets.rates import RatePlaces
from sheetgen.writer.sheets.rates_told import ALREADY, FALLS, NOBODY, RISES, Told
from sheetgen.writer.trace import FIRST_ROW, letter, quoted

ON = quoted(RATES)


class RateTable:
    """Where the numbers stand, from a row (counted from 1) and a column (from 0) on, and what they are about."""

    def __init__(self, rates: RatePlaces, row: int, column: int, tiny: str):
        self.places, self.row, self.column, self.tiny = rates, row, column, tiny
        self.marks, self.rates, self.told = rates.marks, len(rates.numbers), Told(rates)
        self.labels = ["learning rate", *(f"E after {m:,}" for m in self.marks), "updates"]
        self.cells = len(self.labels) * self.rates + 1

    def write(self, sheet: Sheet) -> None:
        """Write the grid, and below it a cell for the fastest rate."""
        shown, muted = sheet.style("cell", "whole", "center"), sheet.style("muted", "right")
        sheet.put(self.row, self.column, "table of Learning rates", muted)  # the edge of it is on the first screen
        heads(sheet, self.row, self.column + 1, self.places.names, "c")
        n, fastest = len(self.labels), self.row + len(self.labels) + 1
        for j, label in enumerate(self.labels):
            sheet.put(self.row + 1 + j, self.column, label, muted)
            for k in range(self.rates):
                differs = f'IF({self._right(j, k)},"",{j * self.rates + k + 1})'
                sheet.live(self.row + 1 + j, self.column + 1 + k, differs, shown)
        sheet.put(fastest, self.column, "fastest", muted)
        sheet.live(fastest, self.column + 1, f'IF({self._fastest()},"",{self.cells})', shown)
        area = (self.row, self.column + 1, self.row + n, self.column + self.rates)
        colour(sheet, area, f"ISNUMBER({first_of(area)})", "fail")

    @property
    def grid(self) -> str:
        """All the cells: their COUNT is how many differ, their MIN the first."""
        last = self.row + len(self.labels) + 1
        return f"${letter(self.column + 1)}${self.row + 1}:${letter(self.column + self.rates)}${last}"

    def first(self, n: str) -> tuple[str, str]:
        """The formulas of the address and of the name of the cell whose number stands at `n`."""
        j, k = f"INT(({n}-1)/{self.rates})", f"MOD({n}-1,{self.rates})"
        names = f"${letter(self.column)}${self.row + 1}:${letter(self.column)}${self.row + len(self.labels)}"
        heads = f"${letter(self.column + 1)}${self.row}:${letter(self.column + self.rates)}${self.row}"
        place = f'"{ON}!"&CHAR(65+{j})&({self.places.row(0)}+{k})'
        name = f'INDEX({names},{j}+1,1)&" of the rate "&INDEX({heads},1,{k}+1)'
        fastest = f"{ON}!{self.told.fastest.replace('$', '')}"
        return (
            f'IF({n}={self.cells},"{fastest}",{place})',
            f'IF({n}={self.cells},"the fastest rate",{name})',
        )

    def _cell(self, column: int, k: int) -> str:
        return f"{ON}!${letter(column)}${self.places.row(k)}"

    def _right(self, column: int, k: int) -> str:
        """Whether a cell of the table is what it should be."""
        live = self._cell(column, k)
        if column == 0 and k == self.rates - 1:
            return "TRUE"  # the reader's own: whatever is typed
        if column == 0:
            return self._same(live, number(self.places.numbers[k]))
        if column <= len(self.marks):
            return self._same(live, f"{ON}!${letter(1 + k)}${FIRST_ROW + self.marks[column - 1]}")
        hits = f"{ON}!${self.places.reached(k)}${FIRST_ROW}:${self.places.reached(k)}${self.places.last}"
        updates = f'IF(ISNUMBER(threshold),IF(COUNT({hits})=0,"not reached",MIN({hits})),"no threshold")'
        return self._same(live, of_my_rate(updates) if k == self.rates - 1 else updates)

    def _fastest(self) -> str:
        """Whether the fastest rate is the first with the fewest updates of those that walk to the goal."""
        rows = range(self.places.row(0), self.places.row(self.rates - 1) + 1)
        words, may = ([f"{ON}!${letter(self.told.column + c)}${r}" for r in rows] for c in (0, 1))
        counts = [self._cell(len(self.labels) - 1, k) for k in range(self.rates)]
        every = [f"{area[0]}:{area[-1].partition('!')[2]}" for area in (counts, may)]
        walks = (f'OR({w}="{FALLS}",LEFT({w},{len(RISES)})="{RISES}")' for w in words)
        right = (f'IF({w},IF(ISNUMBER({n}),{n},""),"")={m}' for w, n, m in zip(walks, counts, may, strict=True))
        rates = f"{self._cell(0, 0)}:${letter(0)}${rows[-1]}"
        none = f'IF(COUNT({every[0]})=0,"{NOBODY}",IF(MIN({every[0]})=0,"{ALREADY}","{NOBODY}"))'
        best = f"INDEX({rates},MATCH(MIN({every[1]}),{every[1]},0),1)"
        told = f"IF(IF(COUNT({every[1]})=0,0,MIN({every[1]}))=0,{none},{best})"
        return f"IF(AND({','.join(right)}),{self._same(f'{ON}!{self.told.fastest}', told)},FALSE)"

    def _same(self, live: str, expected: str) -> str:
        # An emptied cell counts as 0 in a difference, and texts have none.
        near = f"ABS({live}-{expected})/(ABS({live})+{self.tiny})<=tolerance"
        return f"IF(COUNTA({live})=0,FALSE,IFERROR({near},IFERROR({live}={expected},FALSE)))"
