"""Learning rates: the same network trained live at several rates, one of them the reader's own."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

from sheetgen.writer.book import Book, Sheet, Stream, Value
from sheetgen.writer.digits import scientific, text_of, three_digits
from sheetgen.writer.plan import MEASURED_ROWS, NO_RATE, RATES, Run, ticks, value
from sheetgen.writer.sheets.common import ROW, Box, InputRule, colour, fold, heads, insert, limit, line, opened, strip
from sheetgen.writer.sheets.ends import Ends
from sheetgen.writer.sheets.plotted import COLUMN_PIXELS, Curve, Plotted, draw, helpers
from sheetgen.writer.trace import ABOVE, FIRST_ROW, HEADER_ROW, THIS, Trace, fit_columns, letter

TABLE_HEAD = 4
THRESHOLD = 0.001
TYPED_RATE = 1.5  # what the cell for a learning rate of one's own holds at first
MOST_RECOMPUTED = 150_000  # cells; beyond it the sheet Recomputation leaves them out
WIDEST = 1_320  # pixels: what a screen shows
FIRST_PIXELS, EMPTY_PIXELS = 82, 64  # of the first column, and of one that is not set
MARK_PIXELS = 84  # beside the table
FASTEST = "◂ fastest"
STUCK = "◂ then stuck"  # the fastest, if E stays where its first update leaves it: units are saturated
ALREADY = "already there"  # every rate, before the first update
FOLDED = "Folded away: how each rate is computed. + above unfolds it."
TITLE = "E_total at every learning rate, logarithmic axis"
TYPE_ONE = "type a number"

SUBTITLE = (
    "How fast the error falls depends on the learning rate: every rate is trained live below. "
    "The last row of the table is yours: type any rate."
)


class RatePlaces:
    """Where the rates stand: a table on top of the sheet, a row for each; and their runs, column by column.

    Column A counts, then come the errors of all rates, side by side, then the iterations at which each has reached the
    threshold, then what each rate needs to compute: `cells`, weights and activations; the gradients are written out.
    """

    def __init__(self, run: Run):
        program, n = run.program, len(run.program.spec.learning_rates) + 1
        self.last, self.steps = run.last, program.spec.steps
        self.numbers = [*program.spec.learning_rates, TYPED_RATE]  # the last is the user's own
        self.names = [*(f"{rate:g}" for rate in program.spec.learning_rates), "yours"]  # as headings have them
        net = program.network
        self.cells = [*program.next, *(a for layer in net.layers for a in layer.a.flat), *program.deltas]
        self.width = 1 + n * (2 + len(self.cells))
        fit_columns(self.width + n, RATES)
        self.traces = [self._trace(run, k) for k in range(n)]
        errors = zip(self.heads("E"), range(1, n + 1), strict=True)
        self.curves = draw(TITLE, list(errors), True, program.spec.bounded, self.width)

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

    def mark(self, k: int) -> str:
        """The address of the cell that marks the k-th rate if none is faster."""
        return f"${letter(2 + len(self.marks))}${self.row(k)}"

    def fastest(self, k: int) -> str:
        """Whether the k-th rate is marked as the fastest."""
        return f'OR({self.mark(k)}="{FASTEST}",{self.mark(k)}="{STUCK}")'

    def stuck(self, k: int) -> str:
        """Whether E above 0 is the same from the first update on; by a ratio, for engines round what is small."""
        errors = f"${letter(1 + k)}${FIRST_ROW + 1}:${letter(1 + k)}${self.last}"
        return f"IFERROR(MAX({errors})/MIN({errors})=1,FALSE)" if self.steps > 1 else "FALSE"

    def reached(self, k: int) -> str:
        """The letter of the column that tells at which step the k-th rate has reached the threshold."""
        return letter(1 + len(self.numbers) + k)


def write(book: Book, run: Run, places: RatePlaces) -> None:
    """Write the sheet Learning rates."""
    program, n, width = run.program, len(places.numbers), places.width
    sheet = opened(book, RATES, "Learning rates, side by side", SUBTITLE)
    heads(sheet, HEADER_ROW, 0, ["iteration"])
    heads(sheet, HEADER_ROW, 1, places.heads("E"), "c", "group rates")
    line(sheet, HEADER_ROW - 1, "E_total of every rate, iteration by iteration", 1, n, "group", "group rates")
    names = [*places.heads("reached"), *(f"{c.name} ({name})" for name in places.names for c in places.cells)]
    heads(sheet, HEADER_ROW, 1 + n, names)
    number, count = sheet.style("cell", "number"), sheet.style("cell", "whole", "center")
    small = sheet.style("cell", "scientific")
    total = [t.columns[t.cells.index(program.network.loss)] for t in places.traces]
    columns = [Stream(count, "0", f"A{ABOVE}+1")] + [Stream(small, c.first, c.below) for c in total]
    for k in range(n):
        # The iteration once the error is at or below the threshold, else an empty text, which MIN passes over.
        reached = f'IF(AND(ISNUMBER(threshold),{letter(1 + k)}{THIS}<=threshold),$A{THIS},"")'
        columns.append(Stream(count, reached, reached, given=False))
    for trace in places.traces:
        work = [c for c, node in zip(trace.columns, trace.cells, strict=True) if node is not program.network.loss]
        styles = [small if c.name.startswith("dE") else number for c in work]
        columns += [Stream(s, c.first, c.below) for s, c in zip(styles, work, strict=True)]
    drawing = places.curves._replace(decades=_decades(run, places))
    plotted = Plotted(sheet, [drawing], run.last, width)
    columns += plotted.streams
    strip(sheet, len(columns) - 1)
    _table(sheet, places)
    sheet.stream(FIRST_ROW, run.last, 0, columns, lambda: _rows(run, places))
    scientific(sheet, (FIRST_ROW - 1, 1 + 2 * n, run.last - 1, width - 1), "number")
    _chart(sheet, places, plotted)


def _decades(run: Run, places: RatePlaces) -> int:
    """How many powers of ten from tick to tick hold for the errors of all rates."""
    loss = [run.program.network.loss]
    errors = [row[0] for rate in places.numbers for row in islice(run.rows(loss, rate), MEASURED_ROWS)]
    positive = [x for x in errors if 0 < x < float("inf")]
    return ticks(min(positive), max(positive)) if positive else 1


def _chart(sheet: Sheet, places: RatePlaces, plotted: Plotted) -> None:
    """The curves right of the table, each labelled at its end; fold the columns away that they are computed in."""
    n = len(places.numbers)
    offset = (1 + len(places.marks)) * COLUMN_PIXELS + MARK_PIXELS
    width = WIDEST - FIRST_PIXELS - offset - 12
    texts = [f'"{name}"' for name in places.names[:-1]] + [f'"yours: "&{text_of(places.own)}']
    texts = [f'{text}&IF({places.fastest(k)}," "&{places.mark(k)},"")' for k, text in enumerate(texts)]
    ends = Ends(sheet, texts, places.last)
    (chart,) = plotted.charts(offset + width, ends)
    what = ", ".join(places.names[:-1])
    text = f"Line chart: E_total against the iteration for the learning rates {what} and your own."
    insert(sheet, chart, Box((2, 1), (offset + 4, 4), (width, 10 * ROW + 12)), text)
    fold(sheet, 1 + n, ends.right)
    sheet.put(HEADER_ROW - 1, ends.right + 1, FOLDED, "muted")
    seen = FIRST_PIXELS + n * COLUMN_PIXELS
    sheet.print_area(0, 0, places.last - 1, ends.right + max(9, -(-(WIDEST - seen) // EMPTY_PIXELS)))


def _rows(run: Run, places: RatePlaces) -> Iterator[list[Value]]:
    """The numbers of the traces, row by row."""
    errors = [run.rows([run.program.network.loss], rate) for rate in places.numbers]
    work = [run.rows(places.cells, rate) for rate in places.numbers]
    for n, parts in enumerate(zip(*errors, *work, strict=True)):
        yield [float(n), *(value(x) for part in parts for x in part)]


def _table(sheet: Sheet, places: RatePlaces) -> None:
    """E at a few rows, the updates to reach the threshold, the fastest rate: all live."""
    n, picked = len(places.numbers), places.marks
    small = sheet.style("cell", "three digits", "center")
    names = ["learning rate", *(f"E at {m:,}" for m in picked)]
    names[len(picked)] += " (last)"
    sheet.set_row_pixels(TABLE_HEAD - 1, ROW + 14)
    sheet.set_row_pixels(HEADER_ROW - 3, ROW - 14)  # nothing stands there
    heads(sheet, TABLE_HEAD, 0, names, "c", "broken")
    updates = 1 + len(picked)
    until = f'IF(ISNUMBER(threshold),"updates until E ≤ "&{text_of("threshold")},"updates until E ≤ …")'
    sheet.live(TABLE_HEAD, updates, until, "head", "center", "broken")
    for k, rate in enumerate(places.numbers):
        row, own = places.row(k), k == n - 1
        sheet.put(row, 0, rate, *(("input",) if own else ("cell", "bold")), "general", "center")
        for j, m in enumerate(picked):
            at = f"INDEX(${letter(1 + k)}${FIRST_ROW}:${letter(1 + k)}${places.last},{m}+1,1)"
            sheet.live(row, 1 + j, at, small)
        column = places.reached(k)
        hits = f"{column}${FIRST_ROW}:{column}${places.last}"
        formula = f'IF(ISNUMBER(threshold),IF(COUNT({hits})=0,"not reached",MIN({hits})),"no threshold")'
        formula = places.of_own(formula) if own else formula
        sheet.live(row, updates, formula, "cell", "whole", "center")
    first, last = places.row(0), places.row(n - 1)
    rates, counts = f"$A${first}:$A${last}", f"${letter(updates)}${first}:${letter(updates)}${last}"
    three_digits(sheet, (first - 1, 1, last - 1, len(picked)))
    for k in range(n):
        at = f"${letter(updates)}${places.row(k)}"
        first_of_all = f"AND(MIN({counts})>0,MATCH(MIN({counts}),{counts},0)={k + 1})"
        mark = f'IF(ISNUMBER({at}),IF({first_of_all},IF({places.stuck(k)},"{STUCK}","{FASTEST}"),""),"")'
        told = f'IF(ISNUMBER({places.own}),{mark},"{TYPE_ONE}")' if k == n - 1 else mark
        sheet.live(places.row(k), updates + 1, told, "muted")
    for word, look in ((FASTEST, "fastest"), (STUCK, "note")):
        colour(sheet, (first - 1, updates, last - 1, updates + 1), f'${letter(updates + 1)}{first}="{word}"', look)
    found = f"INDEX({rates},MATCH(MIN({counts}),{counts},0),1)"
    fastest = f'IF(COUNT({counts})=0,"none",IF(MIN({counts})=0,"{ALREADY}",{found}))'
    # With ten steps or fewer the table has three columns, and "fastest" takes the first two.
    _below(sheet, places, last + 1, max(updates, 3), fastest)


def _below(sheet: Sheet, places: RatePlaces, row: int, updates: int, fastest: str) -> None:
    sheet.put(row, 0, "fastest", "bold", "center")
    sheet.live(row, 1, fastest, "bold", "center", "general")
    colour(sheet, (row - 1, 1, row - 1, 1), f"ISNUMBER($B${row})", "fastest")
    label = f'IF(ISNUMBER(threshold),"threshold: E ≤","{TYPE_ONE}:")'
    sheet.live(row, updates - 1, label, "muted", "right")
    sheet.put(row, updates, THRESHOLD, "input", "general", "center")
    sheet.define(threshold=f"${letter(updates)}${row}")
    own = places.row(len(places.numbers) - 1)
    sheet.define(my_learning_rate=f"$A${own}")
    for area in ((places.row(0) - 1, 0, own - 1, 0), (row - 1, 1, row - 1, 1), (row - 1, updates, row - 1, updates)):
        scientific(sheet, area, "general", look="beyond, typed")
    beside = own - 1, 2 + len(places.marks)
    for name, at in (("my_learning_rate", beside), ("threshold", (row - 1, updates - 1))):
        colour(sheet, (*at, *at), f"NOT(ISNUMBER({name}))", "fail")
    for at, title, text in (
        ((own - 1, 0), "Your learning rate", "Type any rate from 0 to 1,000,000: the last curve follows."),
        ((row - 1, updates), "Threshold", "The column beside counts the updates until E is at or below this number."),
    ):
        complaint = "Not a number", "Type 0 to 1,000,000."
        limit(sheet, (*at, *at), InputRule("decimal", (0, 1e6), hint=(title, text), complaint=complaint))
