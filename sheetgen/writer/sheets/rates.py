"""Learning rates: the same network trained live at several rates, one of them the reader's own."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

from sheetgen.writer import style
from sheetgen.writer.book import Book, Sheet, Stream, Value
from sheetgen.writer.digits import scientific, text_of, three_digits
from sheetgen.writer.plan import MEASURED_ROWS, NO_RATE, RATES, Run, ticks, value
from sheetgen.writer.sheets.common import (
    ROW,
    Box,
    InputRule,
    across,
    colour,
    fold,
    heads,
    insert,
    limit,
    merge,
    opened,
)
from sheetgen.writer.sheets.ends import Ends
from sheetgen.writer.sheets.plotted import Curve, Plotted, draw, helpers
from sheetgen.writer.sheets.rates_told import (
    FASTEST,
    MOST_RATE,
    PRINTED,
    RISEN,
    TYPE_ONE,
    UP,
    Told,
    goal,
    suggested,
    typed_at_first,
)
from sheetgen.writer.trace import ABOVE, FIRST_ROW, HEADER_ROW, LAST_ROW, THIS, Trace, fit_columns, letter

TABLE_HEAD = 4
MOST_RECOMPUTED = 150_000  # cells; beyond it the sheet Recomputation leaves them out
WIDEST = 1_320  # pixels: what a screen shows
RATE_PIXELS, ERROR_PIXELS, EMPTY_PIXELS = 82, 80, 64  # of the first column, of the errors, of one that is not set
SEEN = 7  # columns, at least, that are not folded away: the table on top needs them, and as many pixels as 8 have
HEAD_PIXELS, RATE_ROW, TOP_PIXELS = 36, 24, 440  # heights: of the table's head, of its rows, of all down to row 14
ANSWER_PIXELS, GAP = 26, 12
TITLE = "E_total at every learning rate, logarithmic axis"
HEADING = "How large a step? One training at several learning rates"
COLOURS = (0, 7, 2, 3, 4, 1, 5, 8)  # of the rates, so that neighbours differ; one's own is ink
OWN_COLOUR = 6


class RatePlaces:
    """Where the rates stand: a table on top of the sheet, a row for each; and their runs, column by column.

    Column A counts, then come the errors of all rates, side by side, then the iterations at which each has reached the
    threshold, then what each rate needs to compute: `cells`, weights and activations; the gradients are written out.
    """

    def __init__(self, run: Run):
        program, n = run.program, len(run.program.spec.learning_rates) + 1
        self.last, self.steps = run.last, program.spec.steps
        self.numbers = [*program.spec.learning_rates, typed_at_first(run)]  # the last is the user's own
        self.names = [*(f"{rate:g}" for rate in program.spec.learning_rates), "yours"]  # as headings have them
        net = program.network
        self.cells = [*program.next, *(a for layer in net.layers for a in layer.a.flat), *program.deltas]
        self.width = 1 + n * (2 + len(self.cells))
        fit_columns(self.width + n, RATES)
        self.traces = [self._trace(run, k) for k in range(n)]
        errors = zip(self.heads("E"), range(1, n + 1), strict=True)
        drawing = draw(TITLE, list(errors), True, program.spec.bounded, self.width)
        self.curves = drawing._replace(colours=(*COLOURS[: n - 1], OWN_COLOUR))

    def _trace(self, run: Run, k: int) -> Trace:
        n, work = len(self.numbers), self.cells
        absolute = run.names | {run.program.learning_rate: f"$A${self.row(k)}"}
        trace = Trace(run.program, work, absolute, 1 + 2 * n + k * len(work), RATES)
        trace.with_cell(run.program.network.loss, 1 + k)
        if k == n - 1:  # the reader's own rate may be anything
            trace.columns = [c._replace(first=self.of_own(c.first), below=self.of_own(c.below)) for c in trace.columns]
        return trace

    @property
    def lines(self) -> list[Curve]:
        """The columns that the chart is drawn from and that are not the table's own."""
        return helpers([self.curves])

    @property
    def columns(self) -> int:
        """How many columns there are."""
        return self.width + len(self.lines)

    @property
    def marks(self) -> list[int]:
        """The iterations whose error the table lists: 10, 50, 100 and the last, as far as there are so many."""
        return [n for n in (10, 50, 100) if n < self.steps] + [self.steps]

    @property
    def recomputed(self) -> bool:
        """Whether the sheet Recomputation has room for the rates."""
        return len(self.numbers) * (2 + len(self.cells)) * (self.steps + 1) <= MOST_RECOMPUTED

    def heads(self, what: str) -> list[str]:
        """Headings of a quantity of each rate."""
        return [f"{what} ({name})" for name in self.names]

    def row(self, k: int) -> int:
        """The row of the k-th rate in the table on top of the sheet."""
        return TABLE_HEAD + 1 + k

    def of_own(self, formula: str) -> str:
        """A formula that has a value only where a number stands in the cell for a learning rate of one's own."""
        return f'IF(COUNT({self.own})=1,{formula},"{NO_RATE}")'

    @property
    def own(self) -> str:
        """The address of the cell for a learning rate of one's own."""
        return f"$A${self.row(len(self.numbers) - 1)}"

    def table(self, column: int) -> str:
        """A column of the table on top, from the first rate to one's own."""
        return f"${letter(column)}${self.row(0)}:${letter(column)}${self.row(len(self.numbers) - 1)}"

    @property
    def aside(self) -> int:
        """The first of the columns that are folded away."""
        return max(1 + len(self.numbers), SEEN)

    @property
    def right(self) -> int:
        """The last column of the table; it is wide where there are few."""
        return min(SEEN, self.aside - 1)

    @property
    def updates(self) -> int:
        """The table's column of the updates until the threshold is reached; what E does comes next, in words."""
        return 1 + len(self.marks)

    def errors(self, k: int, first: int = FIRST_ROW) -> str:
        """The errors of the k-th rate, from a row on."""
        return f"${letter(1 + k)}${first}:${letter(1 + k)}${self.last}"

    def hits(self, k: int) -> tuple[str, str]:
        """What stands in the first row, and below: the iteration once E is at or below the threshold, else UP where E
        has risen, else an empty text; MIN passes over both."""
        E = letter(1 + k)
        there = f"IF(AND(ISNUMBER(threshold),{E}{THIS}<=threshold),$A{THIS},"
        return there + '"")', f'{there}IFERROR(IF({E}{THIS}/{E}{ABOVE}>{RISEN},"{UP}",""),""))'

    def column_of_hits(self, k: int) -> str:
        """These, from the first row to the last."""
        return f"${self.reached(k)}${FIRST_ROW}:${self.reached(k)}${self.last}"

    def reached(self, k: int) -> str:
        """The letter of the column that tells at which step the k-th rate has reached the threshold."""
        return letter(1 + len(self.numbers) + k)


def write(book: Book, run: Run, places: RatePlaces) -> None:
    """Write the sheet Learning rates."""
    program, n, width = run.program, len(places.numbers), places.width
    told = Told(places, suggested(run))
    sheet = opened(book, RATES, HEADING, "")
    sheet.live(2, 0, told.answer, "result")
    heads(sheet, HEADER_ROW, 0, ["iteration"])
    heads(sheet, HEADER_ROW, 1, places.heads("E"), "c", "group rates")
    names = [*places.heads("reached"), *(f"{c.name} ({name})" for name in places.names for c in places.cells)]
    heads(sheet, HEADER_ROW, 1 + n, names)
    number, count = sheet.style("cell", "number"), sheet.style("cell", "whole", "center")
    small, short = sheet.style("cell", "scientific"), sheet.style("cell", "three digits", "center")
    total = [t.columns[t.cells.index(program.network.loss)] for t in places.traces]
    columns = [Stream(count, "0", f"A{ABOVE}+1")] + [Stream(short, c.first, c.below) for c in total]
    columns += [Stream(count, *places.hits(k), given=False) for k in range(n)]
    for trace in places.traces:
        work = [c for c, node in zip(trace.columns, trace.cells, strict=True) if node is not program.network.loss]
        styles = [small if c.name.startswith("dE") else number for c in work]
        columns += [Stream(s, c.first, c.below) for s, c in zip(styles, work, strict=True)]
    plotted = Plotted(sheet, [places.curves._replace(decades=_decades(run, places))], run.last, width)
    columns += plotted.streams
    _shape(sheet, len(columns) - 1, n)
    _table(sheet, places, told)
    _typed(sheet, places, goal(run))
    sheet.stream(FIRST_ROW, run.last, 0, columns, lambda: _rows(run, places))
    scientific(sheet, (FIRST_ROW - 1, 1 + 2 * n, run.last - 1, width - 1), "number")
    three_digits(sheet, (FIRST_ROW - 1, 1, run.last - 1, n))
    _chart(sheet, places, plotted, told)


def _shape(sheet: Sheet, last: int, n: int) -> None:
    """Row heights and column widths: all above the numbers fits a screen."""
    below = HEADER_ROW - 1 - TABLE_HEAD - n  # rows between the table and the numbers, of what is left of the height
    free = TOP_PIXELS - HEAD_PIXELS - RATE_ROW * n
    box = [GAP, *[(free - GAP) // (below - 1)] * (below - 1)] if below > 1 else [free]
    heights = [ANSWER_PIXELS, ROW + 2, HEAD_PIXELS, *[RATE_ROW] * n, *box]
    for row, height in enumerate(heights, 1):
        sheet.set_row_pixels(row, height)
    sheet.set_column(1 + n, last, style.COLUMN_WIDTH)
    sheet.set_column_pixels(0, 0, RATE_PIXELS)
    sheet.set_column_pixels(1, max(n, SEEN - 1), ERROR_PIXELS)
    if n < SEEN:
        sheet.set_column_pixels(SEEN - 1, SEEN - 1, 2 * ERROR_PIXELS)
    # The first row of a column is not like the others, on purpose: Excel need not mark it with a green triangle.
    sheet.ignore_errors({"formula_differs": f"A1:{letter(last)}{LAST_ROW}"})


def _decades(run: Run, places: RatePlaces) -> int:
    """How many powers of ten from tick to tick hold for the errors of all rates."""
    loss = [run.program.network.loss]
    errors = [row[0] for rate in places.numbers for row in islice(run.rows(loss, rate), MEASURED_ROWS)]
    positive = [x for x in errors if 0 < x < float("inf")]
    return ticks(min(positive), max(positive)) if positive else 1


def _chart(sheet: Sheet, places: RatePlaces, plotted: Plotted, told: Told) -> None:
    """The curves right of the table, each labelled at its end; fold the columns away that they are computed in."""
    n = len(places.numbers)
    left = SEEN * ERROR_PIXELS + 16  # from the second column
    width = WIDEST - RATE_PIXELS - left
    texts = [f'"{name}"' for name in places.names[:-1]] + [f'"yours: "&{text_of(places.own)}']
    ends = Ends(sheet, [f"{text}&{told.mark(k)}" for k, text in enumerate(texts)], places.last)
    (chart,) = plotted.charts(left + width, ends)
    told.write(sheet)
    last = ends.right
    what = ", ".join(places.names[:-1])
    text = f"Line chart: E_total against the iteration for the learning rates {what} and your own."
    insert(sheet, chart, Box((2, 1), (left, 2), (width, ROW + TOP_PIXELS)), text)
    fold(sheet, places.aside, last)
    seen = RATE_PIXELS + max(n, SEEN) * ERROR_PIXELS
    sheet.print_area(0, 0, min(places.last, FIRST_ROW + PRINTED) - 1, last + -(-(WIDEST - seen) // EMPTY_PIXELS))
    sheet.fit_to_pages(1, 1)


def _rows(run: Run, places: RatePlaces) -> Iterator[list[Value]]:
    """The numbers of the traces, row by row."""
    errors = [run.rows([run.program.network.loss], rate) for rate in places.numbers]
    work = [run.rows(places.cells, rate) for rate in places.numbers]
    for n, parts in enumerate(zip(*errors, *work, strict=True)):
        yield [float(n), *(value(x) for part in parts for x in part)]


def _table(sheet: Sheet, places: RatePlaces, told: Told) -> None:
    """E at a few rows, the updates to reach the threshold, and what E does: all live."""
    n, picked, updates = len(places.numbers), places.marks, places.updates
    small = sheet.style("cell", "three digits", "center")
    names = ["learning rate", *(f"E after {m:,}" for m in picked)]
    heads(sheet, TABLE_HEAD, 0, names, "c", "broken")
    until = f'"updates"&CHAR(10)&"to E ≤ "&IF(ISNUMBER(threshold),{text_of("threshold")},"…")'
    sheet.live(TABLE_HEAD, updates, until, "head", "center", "broken")
    heads(sheet, TABLE_HEAD, updates + 1, ["what E does", *[None] * (places.right - updates - 1)], "l", "broken")
    for k, rate in enumerate(places.numbers):
        row, own = places.row(k), k == n - 1
        sheet.put(row, 0, rate, *(("input",) if own else ("cell", "bold")), "general", "center")
        for j, m in enumerate(picked):
            at = f"INDEX(${letter(1 + k)}${FIRST_ROW}:${letter(1 + k)}${places.last},{m}+1,1)"
            sheet.live(row, 1 + j, f'IFERROR({at},"–")', small)
        hits = places.column_of_hits(k)
        formula = f'IF(ISNUMBER(threshold),IF(COUNT({hits})=0,"not reached",MIN({hits})),"no threshold")'
        sheet.live(row, updates, places.of_own(formula) if own else formula, "cell", "whole", "center")
        sheet.live(row, updates + 1, told.word(k), "cell", "unbroken")
        across(sheet, row, updates + 2, [None] * (places.right - updates - 1), "cell")
    area = places.row(0) - 1, 0, places.row(n - 1) - 1, 0
    three_digits(sheet, (area[0], 1, area[2], len(picked)))
    shown = area[0], updates, area[2], places.right
    colour(sheet, shown, f'LEFT(${letter(updates + 1)}{places.row(0)},{len(FASTEST)})="{FASTEST}"', "fastest")
    scientific(sheet, area, "general", look="beyond, typed")
    top = 1 if places.row(n - 1) + 1 == HEADER_ROW - 1 else 2  # below the table: a gap where there is room
    box = places.row(n - 1) + top - 1, 0, HEADER_ROW - 2, places.right
    merge(sheet, box, "aside")
    sheet.live(box[0] + 1, 0, told.tries, "aside")


def _typed(sheet: Sheet, places: RatePlaces, threshold: float) -> None:
    """The cells to type into: a rate of one's own, and the threshold above its column."""
    updates, own = places.updates, places.row(len(places.numbers) - 1)
    sheet.live(3, updates - 1, f'IF(ISNUMBER(threshold),"goal: E ≤","{TYPE_ONE}:")', "muted", "right")
    sheet.put(3, updates, threshold, "input", "general", "center")
    sheet.put(3, updates + 1, "yellow cells are yours", "muted", "indent")
    sheet.define(threshold=f"${letter(updates)}$3", my_learning_rate=f"$A${own}")
    scientific(sheet, (2, updates, 2, updates), "general", look="beyond, typed")
    for name, at in (("my_learning_rate", (own - 1, updates + 1)), ("threshold", (2, updates - 1))):
        colour(sheet, (*at, *at), f"NOT(ISNUMBER({name}))", "fail")
    for at, title, text in (
        ((own - 1, 0), "Your learning rate", "Type any rate from 0 to 1,000,000: the last curve follows."),
        ((2, updates), "Your goal", "The column below counts the updates until E is at or below this number."),
    ):
        complaint = "Not a number", "Type 0 to 1,000,000."
        limit(sheet, (*at, *at), InputRule("decimal", (0, MOST_RATE), hint=(title, text), complaint=complaint))
