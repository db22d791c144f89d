"""Learning rates: the same network trained live at several rates, one of them the reader's own."""

from __future__ import annotations

from collections.abc import Iterator

from sheetgen.book import Book, Sheet, Stream, Value
from sheetgen.digits import scientific
from sheetgen.layout import ABOVE, FIRST_ROW, HEADER_ROW, THIS, letter
from sheetgen.plan import RATES, START, Plan, value
from sheetgen.sheets.common import headers, place_strip, strip
from sheetgen.sheets.plotted import Line, Plotted, draw

TABLE_HEAD = 4
THRESHOLD = 0.001
CHART = 640  # pixels
TITLE = "E_total at every learning rate, logarithmic axis"
TYPE_ONE = "type a number"

SUBTITLE = (
    "How the error falls depends on the learning rate. The last row of the table is yours: type any rate. "
    "Every rate is trained live in the columns below, with the gradients written out in the updates."
)


def marks(plan: Plan) -> list[int]:
    """The iterations whose error the table lists: 10, 50, 100 and the last, as far as there are so many."""
    steps = plan.program.spec.steps
    return [n for n in (10, 50, 100) if n < steps] + [steps]


def write(book: Book, plan: Plan) -> list[Line]:
    """Write the sheet Learning rates; returns the columns that the chart is drawn from."""
    program = plan.program
    n = len(plan.learning_rates)
    traces = plan.rates
    width = 1 + 2 * n + sum(len(plan.rate_cells) for _ in traces)
    sheet = book.sheet(RATES, "Learning rates, side by side", SUBTITLE)
    book.link(sheet, 3, 0, START, "← Start", "Back to the index")
    errors = [f"E ({rate:g})" for rate in plan.learning_rates[:-1]] + ["E (yours)"]
    names = ["iteration", *errors, *(f"reached ({r[3:-1]})" for r in errors)]
    for k, _ in enumerate(traces):
        names += [f"{c.name} ({errors[k][3:-1]})" for c in plan.rate_cells]
    headers(book, sheet, 0, names)
    _table(book, sheet, plan)
    number, count = book.style("cell", "number"), book.style("cell", "whole", "center")
    small = book.style("cell", "scientific")
    total = [t.columns[t.cells.index(program.network.loss)] for t in traces]
    columns = [Stream(count, "0", f"A{ABOVE}+1")] + [Stream(small, c.first, c.below) for c in total]
    for k in range(n):
        # The iteration once the error is at or below the threshold, else an empty text, which MIN passes over.
        reached = f'IF(AND(ISNUMBER(threshold),{letter(1 + k)}{THIS}<=threshold),$A{THIS},"")'
        columns.append(Stream(count, reached, reached, given=False))
    for trace in traces:
        work = [c for c, node in zip(trace.columns, trace.cells, strict=True) if node is not program.network.loss]
        styles = [small if c.name.startswith("dE") else number for c in work]
        columns += [Stream(s, c.first, c.below) for s, c in zip(styles, work, strict=True)]
    curves = draw(TITLE, list(zip(errors, range(1, n + 1), strict=True)), True, program.spec.bounded, width)
    plotted = Plotted(book, sheet, [curves], plan.last, width)
    columns += plotted.streams
    strip(sheet, len(columns) - 1)
    sheet.stream(FIRST_ROW, plan.last, 0, columns, lambda: _rows(plan))
    scientific(book, sheet, (FIRST_ROW - 1, 1 + 2 * n, plan.last - 1, width - 1), "number")
    sheet.repeat_rows(HEADER_ROW - 1)
    sheet.print_area(0, 0, plan.last - 1, max(2 * n, 3 + len(marks(plan)) + 6))
    offset = (3 + len(marks(plan))) * 96
    what = ", ".join(f"{r:g}" for r in plan.learning_rates[:-1])
    (chart,) = plotted.charts(offset + CHART)
    text = f"Line chart: E_total against the iteration for the learning rates {what} and your own."
    place_strip(sheet, chart, 0, text, offset, CHART)
    return plotted.helpers


def _rows(plan: Plan) -> Iterator[list[Value]]:
    """The numbers of the traces, row by row."""
    loss = plan.program.network.loss
    errors = [plan.rows([loss], rate) for rate in plan.learning_rates]
    work = [plan.rows(plan.rate_cells, rate) for rate in plan.learning_rates]
    for n, parts in enumerate(zip(*errors, *work, strict=True)):
        yield [float(n), *(value(x) for part in parts for x in part)]


def _table(book: Book, sheet: Sheet, plan: Plan) -> None:
    """E at a few rows, the updates to reach the threshold, the fastest rate: all live."""
    n, picked = len(plan.learning_rates), marks(plan)
    head, small = book.style("head", "center"), book.style("cell", "scientific")
    heads = ["learning rate", *(f"E at {m:,}" for m in picked), "updates"]
    heads[len(picked)] += " (last)"
    for k, name in enumerate(heads):
        sheet.put(TABLE_HEAD, k, name, head)
    updates = 1 + len(picked)
    for k, rate in enumerate(plan.learning_rates):
        row, own = plan.rate_row(k), k == n - 1
        sheet.put(row, 0, rate, book.style(*(("input",) if own else ("cell", "bold")), "general", "center"))
        for j, m in enumerate(picked):
            at = f"INDEX(${letter(1 + k)}${FIRST_ROW}:${letter(1 + k)}${plan.last},{m}+1,1)"
            sheet.live(row, 1 + j, at, small)
        column = plan.reached(k)
        hits = f"{column}${FIRST_ROW}:{column}${plan.last}"
        formula = f'IF(ISNUMBER(threshold),IF(COUNT({hits})=0,"not reached",MIN({hits})),"no threshold")'
        formula = plan.of_own_rate(formula) if own else formula
        sheet.live(row, updates, formula, book.style("cell", "whole", "center"))
    first, last = plan.rate_row(0), plan.rate_row(n - 1)
    rates, counts = f"$A${first}:$A${last}", f"${letter(updates)}${first}:${letter(updates)}${last}"
    fastest = f'IF(COUNT({counts})=0,"none",INDEX({rates},MATCH(MIN({counts}),{counts},0),1))'
    # With ten steps or fewer the table has three columns, and "fastest" takes the first two.
    _below(book, sheet, plan, last + 1, max(updates, 3), fastest)


def _below(book: Book, sheet: Sheet, plan: Plan, row: int, updates: int, fastest: str) -> None:
    sheet.put(row, 0, "fastest", book.style("bold", "center"))
    sheet.live(row, 1, fastest, book.style("bold", "center", "general", "pass"))
    told = f'IF(ISNUMBER(threshold),"to reach E ≤","{TYPE_ONE}:")'
    sheet.live(row, updates - 1, told, book.style("muted", "right"))
    sheet.put(row, updates, THRESHOLD, book.style("input", "general", "center"))
    book.name("threshold", RATES, f"${letter(updates)}${row}")
    own = plan.rate_row(len(plan.learning_rates) - 1)
    book.name("my_learning_rate", RATES, f"$A${own}")
    sheet.live(own, updates + 1, f'IF(ISNUMBER(my_learning_rate),"","{TYPE_ONE}")', book.style("muted"))
    for area in ((plan.rate_row(0) - 1, 0, own - 1, 0), (row - 1, 1, row - 1, 1), (row - 1, updates, row - 1, updates)):
        scientific(book, sheet, area, "general", look="beyond, typed")
    for name, at in (("my_learning_rate", (own - 1, updates + 1)), ("threshold", (row - 1, updates - 1))):
        wrong = {"type": "formula", "criteria": f"=NOT(ISNUMBER({name}))", "format": book.conditional("fail")}
        sheet.conditional_format(*at, *at, wrong)
    for at, title, text in (
        ((own - 1, 0), "Your learning rate", "Type any rate from 0 to 1,000,000: the last curve follows."),
        ((row - 1, updates), "Threshold", "The column updates counts the updates until E is at or below this number."),
    ):
        sheet.data_validation(
            *at, *at,
            {"validate": "decimal", "criteria": "between", "minimum": 0, "maximum": 1e6, "input_title": title,
             "input_message": text, "error_title": "Not a number", "error_message": "Type 0 to 1,000,000."},
        )  # fmt: skip
