"""Finite differences: a second opinion on every gradient of the row shown, right for any input the reader types."""

from __future__ import annotations

from sheetgen.cells.cell import Cell, add, forward_order, mul
from sheetgen.cells.ops import ACTIVATIONS, OPS
from sheetgen.cells.text import show
from sheetgen.writer.book import Book, Sheet
from sheetgen.writer.digits import scientific
from sheetgen.writer.plan import DIFFERENCES, Run, of_row, quiet
from sheetgen.writer.sheets.common import colour_words, heads, lock, opened, page
from sheetgen.writer.sheets.glossary import tries
from sheetgen.writer.sheets.network import Panel
from sheetgen.writer.sheets.one_weight import wide
from sheetgen.writer.sheets.recomputation import DifferencePlaces
from sheetgen.writer.sheets.secant import AHEAD, COLUMN, POINTS, Secant
from sheetgen.writer.trace import guarded, letter

HEAD = 8  # the row of the table's headings
EPSILON_ROW = 5
VERDICT, DIFFER = "$E$4", "$E$5"
TOO_SMALL = "too small"  # less than the difference may be off: nothing is measured
UNDECIDED = "–"  # a moved weight makes E run off to infinity, or it has: there is nothing to compare
MOST = 64  # weights that are moved: the workings are two rows and a column for each
KINK = "kink"  # a ReLU unit switches between the two passes: E has no derivative there, and nothing to compare

LAST_COLUMN = 11  # of what is seen first
TRY_ROW = 27  # below the picture
SUBTITLE = (
    "Yes: nudge one weight up and down by ε (epsilon) and see how E changes: (E₊ − E₋) / 2ε. It must agree with "
    "backpropagation, for any inputs you type."
)
READ = (
    ("by nudging", "(E₊ − E₋) / 2ε with the small step ε above, while all other weights stay as they are"),
    ("by chain rule", "the gradient that backpropagation gives, as on Training"),
    ("allowed", "how far the two may be apart: a millionth of the gradient, and what rounding of E can do"),
    ("verdict", "PASS where the difference is no larger than what is allowed, FAIL where it is"),
    (TOO_SMALL, "a gradient smaller than rounding: it cannot be measured, which is no failure"),
)
BOTTOM = "E is 0, the least it can be: at the bottom of the valley every slope is 0."
FLAT = "Rounding may hide every slope here: there is nothing to measure, and nothing wrong."
TRIES = (
    ("1  Halve ε in the picture, again and again", "The secant turns into the tangent: with half the ε they are about "
     "four times closer on a smooth curve."),
    ("2  Type 1E-16 as ε", "Rounding eats it: a cell has 16 digits, E₊ and E₋ differ in the last of them, or not at "
     "all. The secant is noise."),
    ("3  Choose another weight", "Each has a curve of its own; the slope of its tangent is its gradient in the table."),
    ("4  On Network, change an input or the row shown", "All gradients change, by nudging and by the chain rule, and "
     "agree as before."),
)  # fmt: skip


def write(book: Book, run: Run, panel: Panel, places: DifferencePlaces) -> None:
    """Write the sheet Finite differences, and define `differences_verdict`."""
    sheet = opened(book, DIFFERENCES, "Can a gradient be had without calculus?", SUBTITLE)
    parameters = spread(list(run.program.next))
    last = HEAD + len(parameters)  # row of the table
    top = max(last + 2 * len(READ) + 4, TRY_ROW + 2 * len(TRIES)) + 2  # of the workings
    sheet.set_column(0, 0, 10)
    sheet.set_column(1, 41 + len(parameters), 14)
    sheet.set_column(1, 2, 15)
    _top(sheet, run, places.step)
    workings = _Workings(run, panel, parameters, places, top)
    workings.write(sheet)
    _table(sheet, run, panel, workings)
    _picture(sheet, run, workings, last)
    tries(sheet, TRY_ROW, (COLUMN, COLUMN + 2, LAST_COLUMN), TRIES)
    page(sheet, (HEAD, 1), (top - 1, LAST_COLUMN), repeat=True)
    lock(sheet)


def _picture(sheet: Sheet, run: Run, workings: _Workings, last: int) -> None:
    """The tangent and the secant of a weight, and the forward passes that they are drawn from."""
    row = workings.row(len(workings.parameters), 1) + 1
    sheet.put(row, 0, "Workings of the picture: a forward pass for every point of its curve", "section")
    weights = letter(2), letter(1 + len(workings.parameters)), workings.top + 1
    secant = Secant(sheet, row, (HEAD + 1, last))
    forms = [run.style(c.name or "") for c in workings.cells]
    scientific(sheet, (secant.row, 2, secant.row + POINTS - 1, 1 + len(workings.cells)), *forms)
    secant.passes(lambda at: workings.forward(sheet, at), workings.letters[id(run.program.network.loss)], weights)
    first = run.program.network.layers[-1].weights[0, 0]
    chosen = first if first in workings.parameters else workings.parameters[-1]
    secant.controls(chosen.name or "", wide(run, chosen) / AHEAD)
    secant.draw(HEAD)


def spread(parameters: list[Cell], most: int = MOST) -> list[Cell]:
    """All of a small network's parameters; of a large one as many as the sheet has room for, from first to last."""
    n = len(parameters)
    return parameters if n <= most else [parameters[k * (n - 1) // (most - 1)] for k in range(most)]


def _shown(column: str) -> str:
    """The formula of a number of the row shown."""
    return of_row(f"INDEX({column},row_number+1,1)")


def _top(sheet: Sheet, run: Run, step: str) -> None:
    sheet.put(4, 0, "row shown", "bold")
    sheet.live(4, 1, "row_number", "bold", "left", "whole")
    sheet.put(EPSILON_ROW, 0, "step ε", "bold")
    sheet.live(EPSILON_ROW, 1, _shown(step), "bold", "left", "relative")
    notes = []
    if (n := len(run.program.next)) > MOST:
        notes.append(f"{MOST} of the {n:,} weights and biases are compared, evenly spread.")
    if run.program.spec.kinked:
        notes.append(f"“{KINK}”: a ReLU unit switches within ±ε, where E has no derivative.")
    if notes:
        sheet.put(EPSILON_ROW + 1, 0, " ".join(notes), "muted")


class _Workings:
    """Two forward passes per weight: a row each, in which one weight is moved by ε."""

    def __init__(self, run: Run, panel: Panel, parameters: list[Cell], places: DifferencePlaces, top: int):
        self.run, self.panel, self.parameters, self.places, self.top = run, panel, parameters, places, top
        net = run.program.network
        known = {id(c) for c in (*run.program.next, *run.program.constants)}
        reached = forward_order(net.loss)
        worked = {id(c) for c in reached} - known
        self.cells = [*parameters, *(c for c in run.program.columns if id(c) in worked)]
        # Which ReLU units are on, as one number that differs where any of them switches.
        kinked = [c for c in reached if c.op in ACTIVATIONS and OPS[c.op].at_zero]
        on = [mul(k, c.apply("step")) for k, c in enumerate(kinked, 1)]
        self.on = add(*on).named("units on") if on else None
        self.cells += [self.on] if self.on else []
        self.letters = {id(c): letter(2 + k) for k, c in enumerate(self.cells)}

    def row(self, k: int, sign: int) -> int:
        """The row in which the k-th weight is moved up or down."""
        return self.top + 2 + 2 * k + (0 if sign > 0 else 1)

    def write(self, sheet: Sheet) -> None:
        """The block of forward passes below the table."""
        sheet.put(self.top, 0, "Workings: a forward pass for every weight, moved up and down", "section")
        heads(sheet, self.top + 1, 0, ["weight", "moved by", *(c.name for c in self.cells)])
        forms = [self.run.style(c.name or "") for c in self.cells]
        last = self.row(len(self.parameters), 1) - 1
        scientific(sheet, (self.top + 1, 2, last - 1, 1 + len(self.cells)), *forms)
        for k, p in enumerate(self.parameters):
            for sign in (1, -1):
                row = self.row(k, sign)
                sheet.put(row, 0, p.name, "cell", "center")
                sheet.live(row, 1, of_row(f"{sign}*$B${EPSILON_ROW}"), "cell", "relative")
                self.forward(sheet, row)

    def forward(self, sheet: Sheet, row: int) -> None:
        """A forward pass in a row, of which the first two cells say which weight is moved, and by how much."""
        forms = [self.run.style(c.name or "") for c in self.cells]
        for column, (c, form) in enumerate(zip(self.cells, forms, strict=True), 2):
            sheet.live(row, column, self._formula(c, row), "cell", form)

    def _formula(self, c: Cell, row: int) -> str:
        head = f"{self.letters[id(c)]}${self.top + 1}"
        if c in self.run.program.next:
            text = f"{self.panel.number[c.name or '']}+IF($A{row}={head},$B{row},0)"
        else:
            places = {k: f"{column}{row}" for k, column in self.letters.items() if k != id(c)}
            still = {id(p): self.panel.number[p.name or ""] for p in self.run.program.next}
            text = show(c, lambda x: places.get(id(x)) or still.get(id(x)) or self.run.names.get(x))
        return of_row(guarded(text, self.run.program.spec.bounded))


def _table(sheet: Sheet, run: Run, panel: Panel, workings: _Workings) -> None:
    heads(sheet, HEAD, 0, ("weight", "by nudging", "by chain rule", "difference", "allowed", "verdict"))
    loss = run.program.network.loss
    error = panel.number[loss.name or ""]
    column, eps = workings.letters[id(loss)], f"$B${EPSILON_ROW}"
    gradients = spread(list(run.program.gradients))
    for k, g in enumerate(gradients):
        row = HEAD + 1 + k
        up, down = workings.row(k, 1), workings.row(k, -1)
        sheet.put(row, 0, workings.parameters[k].name, "cell", "center")
        numeric = quiet(f'IFERROR(({column}{up}-{column}{down})/(2*{eps}),"diverged")')
        form = sheet.style("cell", run.style(g.name or ""))
        sheet.live(row, 1, numeric, form)
        sheet.live(row, 2, quiet(panel.number[g.name or ""]), form)
        apart = f'IFERROR(IF(B{row}=C{row},0,ABS(B{row}-C{row})),"–")'
        sheet.live(row, 3, quiet(apart), "cell", "relative")
        limit = f"0.000001*MAX(ABS(B{row}),ABS(C{row}))+{_shown(workings.places.rounding)}"
        sheet.live(row, 4, f'IFERROR({limit},"–")', "cell", "relative")
        undecided = f'IF(OR(ISNUMBER(B{row}),ISERROR(C{row})),"FAIL","{UNDECIDED}")'
        zero = f"AND(SIGN(C{row})=0,SIGN({error})=0)"  # at the bottom of E a gradient of 0 is right
        small = f"AND(D{row}<>0,E{row}>MAX(ABS(B{row}),ABS(C{row})),NOT({zero}))"
        passes = f'IF(IFERROR({small},FALSE),"{TOO_SMALL}","PASS")'
        verdict = f'IF(ISNUMBER(D{row}),IF(D{row}<=E{row},{passes},"FAIL"),{undecided})'
        if workings.on:
            on = workings.letters[id(workings.on)]
            verdict = f'IF({on}{up}<>{on}{down},"{KINK}",{verdict})'
        sheet.live(row, 5, quiet(verdict), "cell", "center")
    scientific(sheet, (HEAD, 1, HEAD + len(gradients) - 1, 2), "small")
    excused = [TOO_SMALL, *([KINK] if workings.on else []), *([] if run.program.spec.bounded else [UNDECIDED])]
    _verdict(sheet, len(gradients), excused, error, len(run.program.next))


def _verdict(sheet: Sheet, n: int, excused: list[str], error: str, every: int) -> None:
    """The verdict of all, in a word and in a sentence, and how to read the table; `error` is where E stands."""
    read = (
        *READ,
        ("why backpropagation", f"it finds all {every:,} slopes in one pass forward and one back; nudging needs "
         f"{2 * every:,} passes forward"),
    )  # fmt: skip
    block = f"$F${HEAD + 1}:$F${HEAD + n}"
    sheet.put(4, 3, "verdict", "muted", "right")
    sheet.put(EPSILON_ROW, 3, "gradients that differ", "muted", "right")
    excuses = "".join(f'+COUNTIF({block},"{word}")' for word in excused)
    small, passed = f'COUNTIF({block},"{TOO_SMALL}")={n}', f'COUNTIF({block},"PASS")'
    sheet.live(4, 4, of_row(f'IF({DIFFER}=0,IF({small},"{TOO_SMALL}","PASS"),"FAIL")'), "verdict", "shrink")
    sheet.live(EPSILON_ROW, 4, of_row(f"{n}-({passed}{excuses})"), "bold", "center", "whole", "shrink")
    sheet.define(differences_verdict=VERDICT, gradients_that_differ=DIFFER)
    agree = f"All {n} gradients agree" if n > 1 else "The gradient agrees"
    many = f'"{agree}: nudging and calculus tell the same."'
    some = f'{passed}&" of {n} gradients agree; the others cannot be measured here."'
    right = f'IF({small},"{FLAT}",IF(IFERROR(SIGN({error}),1)=0,"{BOTTOM}",IF({passed}={n},{many},{some})))'
    wrong = f'{DIFFER}&" of {n} gradients differ: they are red below."'
    sheet.live(HEAD - 1, 0, of_row(f"IF({DIFFER}=0,{right},{wrong})"), "bold")
    tries(sheet, HEAD + n + 2, (0, 2, 5), read, ("the table", "how to read it"))
    for area in ((3, 4, 3, 4), (HEAD, 5, HEAD + n - 1, 5)):
        colour_words(sheet, area)
