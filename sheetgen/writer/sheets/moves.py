"""Which weight moves most in the row shown, in which direction, and because of which factor: in words.

A weight's gradient is what comes back to its unit, times the slope there, times what went in; with several samples it
is the sum of these products.
"""

from __future__ import annotations

from typing import NamedTuple

from sheetgen.cells.cell import Cell, add, cell, constant, mul, sub, variable
from sheetgen.cells.ops import OPS
from sheetgen.cells.text import number, show
from sheetgen.writer.book import Sheet, Value
from sheetgen.writer.digits import text_of, three_digits
from sheetgen.writer.plan import LABORATORY, Run
from sheetgen.writer.sheets.common import ROW, Box, bars, heads, insert, merge
from sheetgen.writer.sheets.network import Panel
from sheetgen.writer.sheets.shown import in_row
from sheetgen.writer.style import Axes
from sheetgen.writer.trace import Trace, letter, quoted

MOST_WEIGHTS, MOST_CELLS = 60, 2_500
FACTORS = ("comes back", "slope", "input")
COLUMNS = ("weight", "gradient", "comes back", "slope", "input", "change")
DIGITS = 3
TOLD = 1.1  # of the strongest samples a factor is named that makes so much of a difference
LEFT, CHART_LEFT, RIGHT = 0, 8, 7  # columns: of the sentences, of the chart, the last one of the sentences
CHART = 546, 320  # pixels
CHART_ROWS = CHART[1] // ROW + 1
TWO_LINES = 36  # pixels, of a sentence
TRY_ZERO = "Try it: type 0 as i1 on Network. Which weights do not move now, and which factor of their gradient is 0?"
TRY_ROW = "Try it: type another “row shown” on Network. Does the same weight still move most?"


class Factor(NamedTuple):
    """The three factors of a weight's gradient: which unit, what goes in, and their names."""

    unit: int
    source: Cell | None  # None: 1, of a bias
    layer: int
    names: tuple[str, str, str]


def _work(run: Run) -> int:
    spec = run.program.spec
    return spec.samples * (2 * sum(spec.layers[1:]) + len(run.program.next))


def fits(run: Run) -> bool:
    """Whether the network is small enough."""
    return len(run.program.next) <= MOST_WEIGHTS and _work(run) <= MOST_CELLS


class Moves:
    """The sentences, below `words` (a row from 1), and the workings, from a row and a column (from 0) on."""

    def __init__(self, run: Run, training: Trace, row: int, first: int, words: int):
        self.training = training
        self.run, self.row, self.first, self.words = run, row, first, words
        self.net, self.samples = run.program.network, run.program.spec.samples
        self.units = [(k, j) for k, layer in enumerate(self.net.layers) for j in range(layer.a.shape[1])]
        self.weights = list(run.program.next)
        self.factors = [self._factor(p) for p in self.weights]
        self.width = max(14 + self.samples, 20)
        self.table = words + 7  # the row of the table's heads
        self.top = row + 1  # of the weights' rows in the workings
        self.back = self.top + len(self.weights) + 2  # of the units' rows
        self.texts = self.back + 2 * len(self.units) + 2

    def _factor(self, p: Cell) -> Factor:
        plain = "" if self.samples == 1 else "[1]"
        for k, layer in enumerate(self.net.layers):
            for j in range(layer.a.shape[1]):
                a = (layer.a.item(0, j).name or "").removesuffix(plain)
                last = k == len(self.net.layers) - 1
                target = (self.net.targets.item(0, j).name or "").removesuffix(plain) if last else ""
                back = f"the error {a} - {target}" if last else f"what comes back to {a}"
                unit = self.units.index((k, j))
                for i, w in enumerate(layer.weights[j]):
                    if w is p:
                        x = self.net.layers[k - 1].a[0, i] if k else self.net.inputs[0, i]
                        return Factor(unit, x, i, (back, f"the slope at {a}", x.name.removesuffix(plain)))
                if layer.biases.size and layer.biases.item(j) is p:
                    return Factor(unit, None, 0, (back, f"the slope at {a}", "1, for a bias"))
        raise KeyError(p.name)

    def _input(self, p: int, s: int) -> Cell | None:
        factor = self.factors[p]
        k, _ = self.units[factor.unit]
        if factor.source is None:
            return None
        found: Cell = self.net.layers[k - 1].a.item(s, factor.layer) if k else self.net.inputs.item(s, factor.layer)
        return found

    def _at(self, column: int, row: int) -> str:
        return f"${letter(self.first + column)}${row}"

    def _of(self, kind: int, unit: int, s: int) -> str:
        """Where what comes back to a unit (0) and its slope (1) stand, for a sample."""
        return self._at(14 + s, self.back + 2 * unit + kind)

    def write(self, sheet: Sheet, panel: Panel) -> int:
        """Write the sentences, the table, its chart and its workings; the last row of what is printed."""
        self.panel = panel
        self._units(sheet)
        self._weights(sheet)
        self._sentences(sheet)
        return max(self._table(sheet), self.words + CHART_ROWS)

    def _number(self, c: Cell) -> str:
        return self.panel.number.get(c.name or "") or in_row(self.run, self.training, c)

    def _units(self, sheet: Sheet) -> None:
        """What comes back to every unit, and its slope, sample by sample."""
        muted = sheet.style("muted", "general")
        leaf = {u: (variable("back"), variable("slope")) for u in range(len(self.units))}
        heads(sheet, self.back - 1, self.first + 13, ["sample", *(f"{s + 1}" for s in range(self.samples))])
        for u, (k, j) in enumerate(self.units):
            layer, last = self.net.layers[k], k == len(self.net.layers) - 1
            for kind in (0, 1):
                sheet.put(self.back + 2 * u + kind, self.first + 13, f"{FACTORS[kind]}, unit {u + 1}", "muted")
            for s in range(self.samples):
                a, h = layer.a.item(s, j), layer.h.item(s, j)
                if last:
                    back = sub(a, self.net.targets.item(s, j))
                else:
                    above = [
                        (self.units.index((k + 1, m)), w) for m, w in enumerate(self.net.layers[k + 1].weights[:, j])
                    ]
                    back = add(*(mul(*leaf[m], w) for m, w in above))
                slope = cell(OPS[self.run.program.spec.activations[k]].adjoint(a, constant(1), h)[0])
                places = {leaf[m][kind]: self._of(kind, m, s) for m in leaf for kind in (0, 1)}

                def ref(c: Cell, places: dict[Cell, str] = places) -> str | None:
                    return places.get(c) or (self._number(c) if c.name else None)

                for kind, found in enumerate((back, slope)):
                    text = show(found, ref)
                    sheet.live(self.back + 2 * u + kind, self.first + 14 + s, f'IFERROR({text},"–")', muted)

    def _weights(self, sheet: Sheet) -> None:
        """Every weight: its gradient, the samples' parts of it, the factors of the largest part, and where it ranks."""
        muted = sheet.style("muted", "general")
        names = ["weight", "gradient", "its size", "rank, 1 is most", "but for the first", "sample", *FACTORS]
        more: list[Value | None] = ["names of the factors", *[None] * 4]
        heads(sheet, self.row, self.first, [*names, *more, *(f"part of sample {s + 1}" for s in range(self.samples))])
        for k, p in enumerate(self.weights):
            row = self.top + k
            unit = self.factors[k].unit
            g = self._number(self.run.program.gradients[k])
            sizes = self._column(2)
            parts = f"{self._at(14, row)}:{self._at(13 + self.samples, row)}"
            sheet.put(row, self.first, p.name, "muted")
            sheet.live(row, self.first + 1, g, muted)
            sheet.live(row, self.first + 2, f'IFERROR(ABS({self._at(1, row)}),"–")', muted)
            sheet.live(row, self.first + 3, f"IFERROR(ROUND({self._at(2, row)}/MAX({sizes}),9),0)", muted)
            first = self._at(1, self.texts)
            sheet.live(row, self.first + 4, f"IF({first}={k + 1},-1,{self._at(3, row)})", muted)
            which = f"IF(MAX({parts})>=-MIN({parts}),MATCH(MAX({parts}),{parts},0),MATCH(MIN({parts}),{parts},0))"
            sheet.live(row, self.first + 5, f"IFERROR({which},1)" if self.samples > 1 else "1*1", muted)
            for kind in (0, 1):
                block = f"{self._of(kind, unit, 0)}:{self._of(kind, unit, self.samples - 1)}"
                sheet.live(row, self.first + 6 + kind, f"INDEX({block},1,{self._at(5, row)})", muted)
            others = [self._input(k, s) for s in range(self.samples)]
            inputs = [self._number(c) if c else "1" for c in others]
            chosen = f"CHOOSE({self._at(5, row)},{','.join(inputs)})" if self.samples > 1 and others[0] else inputs[0]
            sheet.live(row, self.first + 8, f"{chosen}*1" if chosen == "1" else chosen, muted)
            for j, name in enumerate(self.factors[k].names):
                sheet.put(row, self.first + 9 + j, name, "muted")
            for s, x in enumerate(inputs):
                part = f"{self._of(0, unit, s)}*{self._of(1, unit, s)}*{x}"
                sheet.live(row, self.first + 14 + s, f'IFERROR({part},"–")', muted)

    def _column(self, k: int) -> str:
        return f"{self._at(k, self.top)}:{self._at(k, self.top + len(self.weights) - 1)}"

    def _picked(self, sheet: Sheet) -> None:
        """The weights that are spoken of, a row each: which, its name, numbers and factors; then these as text."""
        muted = sheet.style("muted", "general")
        ranks, but = self._column(3), self._column(4)
        which = (f"MATCH(1,{ranks},0)", f"MATCH(MAX({but}),{but},0)", f"MATCH(MIN({ranks}),{ranks},0)")
        names = ["", "its place", "weight", "gradient", "step", *FACTORS, "names of the factors", None, None]
        names += ["which factor", *(f"the first's, so many times ({x})" for x in FACTORS)]
        names += [f"{x} as text" for x in ("gradient", "step", *FACTORS)]
        heads(sheet, self.texts - 1, self.first, names)
        for k, (label, formula) in enumerate(zip(("most", "next", "least"), which, strict=True)):
            row = self.texts + k
            place = self._at(1, row)
            sheet.put(row, self.first, label, "muted")
            formulas = [f"IFERROR({formula},1)", self._item(0, place), self._item(1, place)]
            formulas.append(f'IFERROR(ABS(learning_rate*{self._at(3, row)}),"–")')
            formulas += [self._item(6 + j, place) for j in range(6)]
            quotients = f"{self._at(12, row)}:{self._at(14, row)}"
            formulas.append(f"IFERROR(MATCH(MAX({quotients}),{quotients},0),1)")
            for j in range(5, 8):
                one, two = f"ABS({self._at(j, self.texts)})", f"ABS({self._at(j, row)})"
                formulas.append(f"IFERROR(IF(SIGN({two})=0,10^9,ROUND({one}/{two},6)),0)")
            for j in range(3, 8):
                formulas.append(text_of(self._at(j, row), DIGITS, brackets=False))
            for j, text in enumerate(formulas, 1):
                sheet.live(row, self.first + j, text, muted)

    def _item(self, column: int, which: str) -> str:
        return f"INDEX({self._column(column)},{which},1)"

    def _sentences(self, sheet: Sheet) -> None:
        """What is said: which weight moves most, why, and what makes two others smaller."""
        self._picked(sheet)
        most = self.texts
        sizes = self._column(2)
        still = f'IF(SIGN(MAX({sizes}))=0,"No weight moves: every gradient is 0.",{self._first(most)})'
        still = f'IF(SIGN(learning_rate)=0,"No weight moves: the learning rate is 0.",{still})'
        first = f'IF(COUNT({sizes})=0,"Nothing moves: the numbers of this row have run off to infinity.",{still})'
        moves = f"IF(COUNT({sizes})=0,FALSE,AND(SIGN(learning_rate)<>0,SIGN(MAX({sizes}))>0))"
        title = '"Which weight moves most at iteration "&row_number&", and why"'
        several = len(self.weights) > 1
        lines = [title, first, f'IF({moves},{self._because(most)},"")']
        lines += [f'IF({moves},{self._other(most, most + k)},"")' for k in (1, 2) if several]
        for k, formula in enumerate(lines):
            row, look = self.words + k, ("section", "result", "text")[min(k, 2)]
            if k:
                merge(sheet, (row - 1, LEFT, row - 1, RIGHT), look, "broken")
                sheet.set_row_pixels(row - 1, TWO_LINES)
            otherwise = ('"Which weight moves most, and why"', "row_number", '""')[min(k, 2)]
            text = formula if k == 1 else f'IFERROR({formula},"")'
            sheet.live(row, LEFT, f"IF(ISNUMBER(row_number),{text},{otherwise})", look, *(["broken"] if k else []))
        merge(sheet, (self.words + 4, LEFT, self.words + 4, RIGHT), "aside")
        sheet.set_row_pixels(self.words + 4, TWO_LINES)
        sheet.put(self.words + 5, LEFT, TRY_ROW if self.samples > 1 else TRY_ZERO, "aside")

    def _first(self, row: int) -> str:
        name, g, step = self._at(2, row), self._at(15, row), self._at(16, row)
        way = f'IF(SIGN(learning_rate)*SIGN({self._at(3, row)})>0,"down","up")'
        return (
            f'{name}&" moves most: "&{way}&" by "&{step}&", for its gradient dE/d"&{name}&" = "&{g}&" is the largest"'
            f'&IF(learning_rate=1,"."," (the step is the learning rate times the gradient).")'
        )

    def _because(self, row: int) -> str:
        """The gradient as a product of its factors, of the sample that gives the most of it."""
        product = '&" × "&'.join(f'{self._at(17 + j, row)}&" ("&{self._at(8 + j, row)}&")"' for j in range(3))
        if self.samples == 1:
            return f'"It is "&{product}&"."'
        sample = self._item(5, self._at(1, row))
        parts = f"It is a sum over {self.samples} samples; the largest part is that of sample "
        return f'"{parts}"&{sample}&": "&{product}&"."'

    def _other(self, most: int, row: int) -> str:
        """What makes another weight's gradient smaller: the factor in which the two differ most; or that none does."""
        which = self._at(11, row)

        def chosen(first: int, at: int) -> str:
            return f"INDEX({self._at(first, at)}:{self._at(first + 2, at)},1,{which})"

        begins = "Next comes " if row == most + 1 else "Least moves "
        own = f'{chosen(8, row)}&" = "&{chosen(17, row)}'
        other = f'{self._at(2, most)}&" has "&{chosen(8, most)}&" = "&{chosen(17, most)}'
        why = f'" What makes it smaller most of all: "&{own}&", where "&{other}&"."'
        sizes = [f'SUBSTITUTE({chosen(17, at)},"-","")' for at in (row, most)]
        why = f'IF({sizes[0]}={sizes[1]},"",{why})'  # no factor alone makes a difference that is seen
        if self.samples > 1:  # of several samples the parts may cancel, or many small ones add up
            part = "*".join(self._at(j, row) for j in (5, 6, 7))
            cancel = '" Its samples pull it up and down, and nearly cancel."'
            told = f'IF(MAX({self._at(12, row)}:{self._at(14, row)})>{number(TOLD)},{why},"")'
            why = f"IF(ABS({part})>2*ABS({self._at(3, row)}),{cancel},{told})"
        smaller = f'"{begins}"&{self._at(2, row)}&", by "&{self._at(16, row)}&"."&{why}'
        exactly = f'IF({self._item(3, self._at(1, row))}=1,".",", to {DIGITS} digits.")'
        alike = f'{self._at(2, row)}&" moves just as much"&{exactly}'
        if row > most + 1:
            alike = f'"All others move as much, to {DIGITS} digits."'
        return f"IF({self._at(16, row)}={self._at(16, most)},{alike},{smaller})"

    def _table(self, sheet: Sheet) -> int:
        """Every weight's gradient as a product, under the sentences."""
        heads(sheet, self.table, LEFT, COLUMNS, "c")
        for k, _ in enumerate(self.weights):
            row, at = self.table + 1 + k, self.top + k
            sheet.live(row, LEFT, self._at(0, at), "cell", "center")
            step = f'IFERROR(-learning_rate*{self._at(1, at)},"–")'
            formulas = [self._at(1, at), self._at(6, at), self._at(7, at), self._at(8, at), step]
            for j, formula in enumerate(formulas, 1):
                sheet.live(row, LEFT + j, formula, "cell", "center", "three digits")
        last = self.table + len(self.weights)
        self._chart(sheet, last)
        three_digits(sheet, (self.table, 1, last - 1, len(COLUMNS) - 1))
        return last

    def _chart(self, sheet: Sheet, last: int) -> None:
        """How far each weight moves, as columns beside the table."""
        title = "How far the next update moves each weight"
        chart = sheet.book.chart({"type": "column"}, title, Axes("", "change in the update"))
        names, changes = (f"{quoted(LABORATORY)}!${letter(k)}${self.table + 1}:${letter(k)}${last}" for k in (0, 5))
        bars(chart, 0, COLUMNS[-1], names, changes, gap=60)
        chart.set_legend({"none": True})
        chart.show_hidden_data()
        text = "Column chart: how far the next update moves each weight of the row shown, up or down."
        insert(sheet, chart, Box((self.words, CHART_LEFT), (0, 4), CHART), text)
