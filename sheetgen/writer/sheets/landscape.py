"""The loss landscape of two weights on the sheet Laboratory: a map of live cells, and the way of the training over it.

A cell's weight is that of the row shown, but for the two weights of the map: then it is the sum of a number that
depends on the column (`across`) and one that depends on the row (`up`), so that one formula serves the whole map.
"""

from __future__ import annotations

from sheetgen.cells.cell import Cell, add, read_once, rebuilt
from sheetgen.cells.text import FormulaTooLong, show
from sheetgen.writer import style
from sheetgen.writer.book import Formula, Sheet
from sheetgen.writer.digits import scientific, text_of
from sheetgen.writer.plan import Run
from sheetgen.writer.sheets.common import InputRule, colour, first_of, heads, limit, line, merge
from sheetgen.writer.sheets.levels import levels
from sheetgen.writer.sheets.network import Panel
from sheetgen.writer.sheets.way import Way
from sheetgen.writer.trace import FIRST_ROW, THIS, Trace, at_row, letter, quoted

GRID = 21  # cells across and up
ACROSS = "\x02"  # in the formula of the map: the letters of a column
HALF = GRID // 2
POINTS = 61  # of the way, at most
PIXELS = 26, 18  # of a cell of the map
CONTROLS = 0, 5, 10  # columns from the map's first: the weight across, the weight up, how much wider
WIDER, SEEN = (1.0, 1_000.0), 3.0  # what may be typed, and what stands there at first
FLAT = 0.002  # of E: cells that differ by less have one E to the eye
TWO_LINES, TICKS = 36, 6  # pixels
EVERY = 5  # cells from one number along an edge to the next
OUT = 0.7  # how much of the way's own range there is on either side of its middle


class Landscape:
    """The map, whose first cell is `at` (row from 1, column from 0), with its workings from column `first` on.

    Raises FormulaTooLong where E does not fit into a cell.
    """

    def __init__(self, run: Run, training: Trace, at: tuple[int, int], first: int):
        self.run, self.training, self.at, self.first = run, training, at, first
        self.weights = list(run.program.next)
        self.top = at[0] + 3  # of the workings' rows
        self.across, n = first + 4, len(self.weights)  # columns
        self.up = self.across + GRID
        self.way = self.up + n
        self.width = 4 + GRID + n + 6
        steps = run.program.spec.steps
        points = min(steps + 1, POINTS)
        self.alone = False  # whether it is E of the first sample alone
        self.rows = [round(k * steps / (points - 1)) for k in range(points)]
        self.pattern = self._pattern()

    def _pattern(self) -> str:
        """E at a place of the map: THIS stands for its row, ACROSS for the column of what is added across."""
        places = {p: f"({ACROSS}${self.top + k}+${letter(self.up + k)}{THIS})" for k, p in enumerate(self.weights)}
        net = self.run.program.network

        def text(c: Cell) -> str:
            (error,) = rebuilt([c], read_once)
            return show(error, lambda x: places.get(x) or self.run.names.get(x))

        try:
            error = text(net.loss)
        except FormulaTooLong:  # of many samples: then of one of them
            self.alone = len(net.errors) > 1
            if not self.alone:
                raise
            error = text(add(*net.errors[0]))
        return f'IF(ISNUMBER({self._ok}),IFERROR({error},"–"),"")'

    def formula(self, r: int, c: int) -> str:
        """The same at a place, whose uppermost row and first column are 0."""
        return at_row(self.pattern, self.at[0] + r).replace(ACROSS, letter(self.across + c))

    def _cell(self, k: int, row: int) -> str:
        """One of the cells above the workings."""
        return f"${letter(self.first + 1 + k)}${row}"

    @property
    def _ok(self) -> str:
        return self._cell(0, 4)

    def _column(self, k: int) -> str:
        at = letter(self.first + k)
        return f"${at}${self.top}:${at}${self.top + len(self.weights) - 1}"

    def _way(self, k: int) -> str:
        at = letter(self.way + k)
        return f"${at}${self.top}:${at}${self.top + len(self.rows) - 1}"

    def write(self, sheet: Sheet, panel: Panel, row: int) -> None:
        """Write the map, its controls in a row above it, what it shows below it, and the workings."""
        self.choices = [f"${letter(self.at[1] + k + 2)}${row}" for k in CONTROLS]
        self._controls(sheet, row)
        self._weights(sheet, panel)
        self._range(sheet)
        self._walk(sheet)
        self._map(sheet)
        area = self.at[0] - 1, self.at[1], self.at[0] + GRID - 2, self.at[1] + GRID - 1
        levels(sheet, area, (self._cell(2, 4), self._cell(3, 4)), (self.at[0], self.across), self._if)
        self._legend(sheet, self.at[0] + GRID + 3)
        places = Way(self.way + 4, self.way + 5, self.way + 1, self.top, self.top + len(self.rows))
        places.draw(sheet, self.at, (GRID, PIXELS))

    def _defaults(self) -> tuple[int, int]:
        """The weights that are chosen at first: the first into each of two outputs, or the first two into one."""
        out = self.run.program.network.layers[-1].weights
        pair = (out[0, 0], out[1, 0]) if len(out) > 1 else list(out.flat)[:2]
        pair = pair if len(pair) > 1 else self.weights[:2]
        return self.weights.index(pair[0]), self.weights.index(pair[-1])

    def _controls(self, sheet: Sheet, row: int) -> None:
        names = self._column(0)
        defaults = [self.weights[k].name or "" for k in self._defaults()]
        for k, (at, text) in enumerate(zip(CONTROLS, ("across", "up", "width"), strict=True)):
            column = self.at[1] + at
            sheet.put(row, column, text, "muted")
            area = row - 1, column + 2, row - 1, column + 3
            merge(sheet, area, "input", "center", "bold", "general")
            look = sheet.style("input", "center", "bold", "general")
            if k == 2:
                sheet.put(row, column + 2, SEEN, look)
                hint = "How wide a view", "1: the way of the training fills the map; 3: three times as much is seen."
                rule = InputRule("decimal", WIDER, hint=hint, complaint=("Not a number", "Type 1 to 1,000."))
            else:
                sheet.put(row, column + 2, defaults[k], look)
                hint = f"The weight {text}", "Choose one of the network's weights."
                complaint = "No such weight", "Choose a weight from the list."
                rule = InputRule("list", source=f"={names}", hint=hint, complaint=complaint)
            limit(sheet, area, rule)
        sheet.put(row, self.at[1] + CONTROLS[2] + 4, "× the way's own width", "muted", "indent")
        scientific(sheet, (row - 1, self.at[1] + CONTROLS[2] + 2) * 2, "general", look="beyond, typed")

    def _weights(self, sheet: Sheet, panel: Panel) -> None:
        """Every weight: its number at the row shown, and what it is in each column and row of the map."""
        heads(sheet, self.top - 1, self.first, ["weight", "at the row shown", "column", None])
        heads(sheet, self.top - 1, self.across, [f"across {c}" for c in range(GRID)])
        heads(sheet, self.at[0] - 1, self.up, [f"{p.name} up" for p in self.weights])
        muted = sheet.style("muted", "general")
        base = letter(self.first + 1)
        x, y = self._cell(0, self.at[0] - 3), self._cell(1, self.at[0] - 3)
        for k, p in enumerate(self.weights):
            row = self.top + k
            sheet.put(row, self.first, p.name, "muted")
            sheet.live(row, self.first + 1, panel.number[p.name or ""], muted)
            place = self.training.cells.index(p) + 1
            sheet.put(row, self.first + 2, place, muted)
            for c in range(GRID):
                head = f"{letter(self.at[1] + c)}${self.at[0] + GRID}"
                sheet.live(row, self.across + c, f"IF({x}={k + 1},{head},${base}{row})", muted)
            for r in range(GRID):
                head = f"${letter(self.at[1] - 1)}{self.at[0] + r}"
                at = self.at[0] + r
                sheet.live(at, self.up + k, f"IF(AND({y}={k + 1},ISNUMBER({head})),{head}-${base}${row},0)", muted)

    def _range(self, sheet: Sheet) -> None:
        """Which weights are chosen, the middle of the map, and half of what it shows."""
        muted = sheet.style("muted", "general")
        row, names = self.at[0] - 3, self._column(0)
        sheet.put(row, self.first, "across, up", "muted")
        for k in (0, 1):
            sheet.live(row, self.first + 1 + k, f"IFERROR(MATCH({self.choices[k]},{names},0),0)", muted)
        x, y, wider = self._cell(0, row), self._cell(1, row), self.choices[2]
        base = self._column(1)
        problem = f'IF(COUNT({base})<{len(self.weights)},"at this row a weight is no number",1)'
        problem = f"IF(ISNUMBER(row_number),{problem},row_number)"
        inside = f"IF(ISNUMBER({wider}),AND({wider}>={WIDER[0]:g},{wider}<={WIDER[1]:g}),FALSE)"
        problem = f'IF({inside},{problem},"width: type a number from 1 to 1,000")'
        problem = f'IF({x}={y},"choose two different weights",{problem})'
        problem = f'IF({x}*{y}=0,"choose two weights from the lists",{problem})'
        sheet.put(4, self.first, "what can be drawn", "muted")
        sheet.live(4, self.first + 1, problem, muted)
        # Above the workings, right of the chosen weights: the middle and half of the map, across and up.
        for k in (0, 1):
            middle = f"(MAX({self._way(2 + k)})+MIN({self._way(2 + k)}))/2"
            half = f"MAX({OUT}*{self._span(k)},0.2*{self._span(1 - k)},0.05)*{wider}"
            sheet.live(row, self.first + 4 + 2 * k, self._if(middle, "0"), muted)
            sheet.live(row, self.first + 5 + 2 * k, self._if(half, "1"), muted)

    def _if(self, formula: str, otherwise: str = '""') -> str:
        return f"IF(ISNUMBER({self._ok}),{formula},{otherwise})"

    def _span(self, k: int) -> str:
        return f"(MAX({self._way(2 + k)})-MIN({self._way(2 + k)}))"

    def _middle(self, k: int) -> tuple[str, str]:
        row = self.at[0] - 3
        return f"${letter(self.first + 4 + 2 * k)}${row}", f"${letter(self.first + 5 + 2 * k)}${row}"

    def _walk(self, sheet: Sheet) -> None:
        """The way: the two weights at some rows of Training, and where on the map that is; at last the row shown."""
        heads(sheet, self.top - 1, self.way, ["row", None, "weight across", "weight up", "map, across", "map, up"])
        muted = sheet.style("muted", "general")
        first, last = (letter(k) for k in (1, len(self.training.cells)))
        x, y = (self._cell(k, self.at[0] - 3) for k in (0, 1))
        on, base, places = quoted(self.training.sheet), self._column(1), self._column(2)
        end = self.top + len(self.rows)
        for row, step in enumerate([*self.rows, None], self.top):
            sheet.put(row, self.way, "row shown" if step is None else step, muted)
            for k, chosen in enumerate((x, y)):
                at = letter(self.way + 2 + k)
                shown = f"INDEX({base},{chosen},1)"
                if step is not None:
                    before = f"{at}{row - 1}" if row > self.top else shown
                    line_of = f"{on}!${first}${FIRST_ROW + step}:${last}${FIRST_ROW + step}"
                    number = f"INDEX({line_of},1,INDEX({places},{chosen},1))"
                    shown = f"IF(ISNUMBER({number}),{number},{before})"
                sheet.live(row, self.way + 2 + k, self._if(shown, "0"), muted)
                middle, half = self._middle(k)
                place = f"{HALF}*({at}{row}-{middle})/{half}+{GRID / 2}"
                if step is None:  # at either end it is said there, and no circle is drawn
                    place = f"IF(OR(row_number=0,row_number={self.rows[-1]}),-1,{place})"
                sheet.live(row, self.way + 4 + k, self._if(f"IFERROR({place},{GRID / 2})", "-1"), muted)
        sheet.put(end, self.way + 1, None)
        here, steps = "you are here", self.run.program.spec.steps
        labels = (
            (self.top, f'IF(row_number=0,"start: {here}","start")'),
            (end - 1, f'IF(row_number={steps},"end: {here}","end")'),
            (end, f'"{here}: row "&row_number'),
        )
        for row, text in labels:
            sheet.live(row, self.way + 1, self._if(text, '" "'), muted)

    def _map(self, sheet: Sheet) -> None:
        """The cells, the numbers along two edges, of which every fifth is shown, and the names of the weights."""
        row, column = self.at
        axis, cell, hidden = sheet.style("landscape axis"), sheet.style("landscape"), sheet.style("pixel")
        below = row + GRID
        for c in range(GRID):
            middle, half = self._middle(0)
            sheet.live(below, column + c, self._if(f"{middle}+{half}*{c - HALF}/{HALF}"), hidden)
        for r in range(GRID):
            middle, half = self._middle(1)
            look = hidden if r % EVERY else axis
            sheet.live(row + r, column - 1, self._if(f"{middle}+{half}*{HALF - r}/{HALF}"), look)
            for c in range(GRID):
                sheet.live(row + r, column + c, self.formula(r, c), cell)
        for k in range(0, GRID, EVERY):
            area = below, column + max(0, k - 1), below, column + min(GRID - 1, k + 1)
            merge(sheet, area, "landscape axis")
            sheet.live(below + 1, area[1], f"{letter(column + k)}{below}", axis)
            for edge in (area, (row + k - 1, column - 1, row + k - 1, column - 1)):
                size = f"ABS({first_of(edge)})"
                for test, look in ((f"{size}>=999.5", "beyond, axis"), (f"AND({size}>=10,{size}<999.5)", "whole")):
                    colour(sheet, edge, f"IF(ISNUMBER({first_of(edge)}),{test},FALSE)", look)
        merge(sheet, (below, column + HALF + 2, below, column + HALF + 3), "bold", "center")
        sheet.live(below + 1, column + HALF + 2, self._if(f'{self.choices[0]}&" →"'), "bold", "center")
        merge(sheet, (row - 1, column - 2, row + GRID - 2, column - 2), "bold", "upwards")
        sheet.live(row, column - 2, self._if(f'{self.choices[1]}&" →"'), "bold", "upwards")

    @property
    def _area(self) -> str:
        """All cells of the map."""
        row, column = self.at
        return f"${letter(column)}${row}:${letter(column + GRID - 1)}${row + GRID - 1}"

    def _legend(self, sheet: Sheet, row: int) -> None:
        """What the map shows, in words, or why it shows nothing; and what to try."""
        spots, (low, high) = [self._cell(k, 4) for k in (2, 3)], (self._cell(k, 4) for k in (4, 5))
        for k, what in enumerate(("MIN", "MAX")):
            sheet.live(4, self.first + 3 + k, f"{what}({self._area})", "muted", "general")
            sheet.live(4, self.first + 5 + k, text_of(spots[k], 2), "muted")
        sheet.put(4, self.first + 2, "lowest, highest; as text; where the way ends", "muted")
        sheet.live(4, self.first + 7, self._at_the_end(), "muted", "general")
        flat = f"OR({low}={high},{spots[1]}-{spots[0]}<={FLAT}*{spots[1]})"
        what = f"E_total{', the other weights as in the row shown' * (len(self.weights) > 2)}"
        what = "E of sample 1 alone (E of all is too long a formula)" if self.alone else what
        text = f'"Colour is {what}: from "&{low}&" (blue) to "&{high}&" (orange)."'
        level = f'"Flat: these two weights hardly change E_total here. It is "&{high}&" all over the map."'
        text = f"IF({flat},{level},{text})"
        text = f'IF(COUNT({self._area})=0,"Every E_total of this map has run off to infinity.",{text})'
        left, right = self.at[1] - 1, self.at[1] + GRID - 1
        line(sheet, row, Formula(f'IF(ISNUMBER({self._ok}),{text},"No map: "&{self._ok}&".")'), left, right)
        merge(sheet, (row, left, row, right), "aside")
        sheet.set_row_pixels(row, TWO_LINES)
        sheet.live(row + 1, left, self._tries(f"OR(ISTEXT({self._ok}),{flat})"), "aside")
        colour(sheet, (row - 1, left, row - 1, right), f"ISTEXT({self._ok})", "note")

    def _at_the_end(self) -> str:
        """E of the cell that the way ends in."""
        end = self.top + len(self.rows) - 1
        x, y = (f"INT({letter(self.way + k)}{end})" for k in (4, 5))
        return f"IFERROR(INDEX({self._area},{GRID}-{y},{x}+1),0)"

    def _tries(self, silent: str) -> str:
        """What to try: at another row the colours are others; and why the way may end beside the blue."""
        last = self.run.program.spec.steps
        if len(self.weights) < 3:
            return f'"Try it: type "&IF(row_number={last},0,{last})&" as “row shown” on Network. Where is it then?"'
        moved = "The line, the way of the training, is the same; the land is not, for the other weights have moved."
        there = f'"Try it: type {last} as “row shown” on Network, and look again. {moved}"'
        back = f'"Here the other weights are the last row\'s. Try it: type 0 as “row shown” on Network. {moved}"'
        beside = (
            '"The line does not end in the blue: the colours hold the other weights at row "&row_number&", and these '
            f'move, too. Try it: type {last} as “row shown” on Network. Does it then end in the blue?"'
        )
        blue = f"${letter(self.across + len(style.LEVELS) // 2 - 1)}${self.at[0]}"
        text = f"IF({self._cell(6, 4)}>{blue},{beside},{there})"
        return f"IF({silent},{there},IF(row_number={last},{back},{text}))"
