"""The picture of Finite differences: E as a chosen weight moves, its tangent, and the secant through E₋ and E₊.

The difference ε is one that can be seen: the picture reaches three times as far.
"""

from __future__ import annotations

from collections.abc import Callable

from sheetgen.writer import style
from sheetgen.writer.book import Sheet
from sheetgen.writer.digits import scientific
from sheetgen.writer.sheets.common import Box, InputRule, limit
from sheetgen.writer.sheets.slope import Ledger, Line, Picture, lower, per_cent, reach, straight
from sheetgen.writer.style import Axes
from sheetgen.writer.trace import DIVERGED, letter

POINTS, AHEAD = 25, 3  # of the curve; how many ε it goes to both sides
MIDDLE, STRIDE = POINTS // 2, POINTS // 2 // AHEAD  # the point of the weight itself; points within one ε
CHOSEN, EPSILON = "$H$4", "$H$5"  # the weight, and ε in the picture
COLUMN, SIZE = 6, (602, 350)  # of the picture; its size in pixels


class Secant(Ledger):
    """The workings of the picture, from a row on: forward passes, then what is drawn.

    `table` is where the table of weights stands: its first and its last row.
    """

    def __init__(self, sheet: Sheet, row: int, table: tuple[int, int]):
        super().__init__(sheet, row, 0)
        self.table = table
        names = self._column("A")
        found = f"IFERROR(INDEX({names},MATCH({CHOSEN},{names},0),1)={CHOSEN},FALSE)"
        above = f'IF({EPSILON}>0,IF({EPSILON}<=1000000,"","ε is too large"),"ε must be above 0")'
        asked = f'IF({found},IF(ISNUMBER({EPSILON}),{above},"type ε"),"choose a weight")'
        self.say("state", "nothing drawn", f"IF(ISNUMBER(row_number),{asked},row_number)")
        self.number("ε", "ε as typed", EPSILON)
        place = f"MATCH({CHOSEN},{names},0)"
        self.number("tangent", "analytic", f"INDEX({self._column('C')},{place},1)^1")

    def _column(self, column: str) -> str:
        return f"${column}${self.table[0]}:${column}${self.table[1]}"

    def passes(self, write: Callable[[int], None], loss: str, weights: tuple[str, str, int]) -> None:
        """Write a forward pass for each point (`write` fills in a row), and draw E, which stands in the column `loss`.

        `weights` are the first and the last column of the weights, and the row that heads them.
        """
        self.first = self.row + 1
        for k in range(POINTS):
            self.row += 1
            self.sheet.live(self.row, 0, f'IF({self.at["state"]}="",{CHOSEN},"–")', "cell", "center")
            moved = f'IF({self.at["state"]}="",{(k - MIDDLE)}*{EPSILON}/{STRIDE},0)'
            self.sheet.live(self.row, 1, moved, "cell", "relative")
            write(self.row)
        first, last, head = weights
        still = f"${first}${self.first + MIDDLE}:${last}${self.first + MIDDLE}"
        self.middle = f"INDEX({still},1,MATCH({CHOSEN},${first}${head}:${last}${head},0))"
        self.loss = loss
        self._numbers()

    def _error(self, k: int) -> str:
        return f"${self.loss}${self.first + MIDDLE + k * STRIDE}"

    def _numbers(self) -> None:
        at = self.at
        self.number("w", "the weight", self.middle, 4)
        self.number("E", "E there", f"{self._error(0)}^1")
        self.number("E+", "E₊", f"{self._error(1)}^1")
        self.number("E-", "E₋", f"{self._error(-1)}^1")
        self.number("secant", "its slope", f"({at['E+']}-{at['E-']})/(2*{at['ε']})")
        apart = f"100*ABS({at['secant']}-{at['tangent']})/ABS({at['tangent']})"
        self.number("apart", "per cent", f"IF({at['secant']}={at['tangent']},0,{apart})", 2)
        at["curve"] = f"${self.loss}${self.first}:${self.loss}${self.first + POINTS - 1}"
        self.drawable(POINTS + 2, at["curve"], at["tangent"], at["secant"])
        self._lines()

    def _lines(self) -> None:
        """What is drawn, and what it is called."""
        at, slope, half = self.at, self.at["tangent"], f"{AHEAD}*{self.at['ε']}"
        far = self.number("far", "tangent's reach", reach(at["curve"], half, slope))
        down = self.number("down far", "downhill", lower(at["E"], slope, far))
        self.number("down", "how it falls", f"ABS({slope})*{down}")
        self.axes(at["w"], (half, half), f"ABS({slope})*{far}")
        start = self.row + 1
        for k in range(POINTS):
            self.row += 1
            self.sheet.put(self.row, 0, "curve", "muted")
            self.sheet.put(self.row, 1, k / (POINTS - 1), "muted", "general", "right")
            y = self.drawn(self.y.at(f"${self.loss}${self.first + k}-{at['E']}"))
            self.sheet.live(self.row, 2, y, "muted", "general", "right")
        self.curve = f"$B${start}:$B${self.row}", f"$C${start}:$C${self.row}"
        self.tangent = self.points("tangent", straight(slope, far, down))
        ends = [(f"{s}{at['ε']}", f"{at[key]}-{at['E']}") for s, key in (("-", "E-"), ("", "E+"))]
        self.secant = self.points("secant", ends)
        self.point = self.points("the point", [("0", "0")])
        self.ends = []
        for label, end in zip(("E₋", "E₊"), ends, strict=True):
            self.points("", [end], f'IF({at["ok"]}=1,"{label}"," ")')
            self.ends.append(self.row)
        self.nothing = self.why(f"E {DIVERGED}")
        says = (
            f'"E, as "&{CHOSEN}&" moves from "&{self.text["w"]}',
            f'"tangent: slope "&{self.text["tangent"]}&", by backpropagation"',
            f'"secant: slope (E₊ − E₋) / 2ε = "&{self.text["secant"]}',
        )
        self.names = [self.label(f'IF({at["ok"]}=1,{formula},"–")') for formula in says]

    def controls(self, weight: str, epsilon: float) -> None:
        """The yellow cells above the picture, and what it shows in words."""
        sheet = self.sheet
        rows: tuple[tuple[float | str, str, str], ...] = (
            (weight, "weight", "choose one: the curve is E as it moves, in the row shown"),
            (epsilon, "ε in the picture", "type half of it, again and again: do secant and tangent come together?"),
        )
        for row, (value, name, about) in enumerate(rows, 4):
            sheet.put(row, COLUMN, name, "bold", "right")
            sheet.put(row, COLUMN + 1, value, "input", "general", "center", "bold")
            sheet.put(row, COLUMN + 2, about, "muted", "indent")
        hint = "The weight", "Choose one of the table on the left."
        choose = InputRule("list", source=f"={self._column('A')}", hint=hint, complaint=("No such weight", hint[1]))
        limit(sheet, (3, COLUMN + 1, 3, COLUMN + 1), choose)
        text = "A number above 0, at most 1,000,000: how far the weight is moved up and down in the picture."
        rule = InputRule(
            "decimal", (1e-20, 1e6), hint=("ε in the picture", text), complaint=("Not such a number", text)
        )
        limit(sheet, (4, COLUMN + 1, 4, COLUMN + 1), rule)
        scientific(sheet, (4, COLUMN + 1, 4, COLUMN + 1), "general", look="beyond, typed")
        at, words = self.at, self.text
        same = f'"secant "&{words["secant"]}&", tangent "&{words["tangent"]}&": "&{per_cent(at["apart"])}&" apart"'
        said = f'IF(COUNT({at["apart"]})=1,{same},"nothing to compare: "&{words["secant"]})'
        sheet.live(6, COLUMN + 2, f'IF({at["state"]}="",{said},"nothing is drawn: "&{at["state"]})', "result", "indent")

    def draw(self, row: int) -> None:
        """Draw the picture below a row."""
        picture = Picture(self.sheet, "The secant through E₋ and E₊, and the tangent", Axes("weight", "E"))
        curve, tangent, secant = self.names
        picture.ticks(self.ticks, 0)
        picture.line(Line(curve, *self.curve, style.CURVE, 2.5))
        picture.line(Line(tangent, *self.tangent, style.SLOPE, 2.25))
        picture.line(Line(secant, *self.secant, style.STEP, 2.25, "dash"))
        picture.point(self.point, style.INK)
        for spot in self.ends:
            x, y = (f"${letter(k)}${spot}:${letter(k)}${spot}" for k in (1, 2))
            picture.point((x, y), style.STEP)
            picture.label(spot, 0, "above", style.STEP)
        text = "Line chart: E against the chosen weight, with its tangent and the secant from w − ε to w + ε."
        picture.place(self.nothing, 0, Box((row, COLUMN), (16, 6), SIZE), text)
