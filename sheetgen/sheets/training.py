"""Training: a row per update in the class file's column order, under charts of the error, weights and gradients."""

from __future__ import annotations

from collections.abc import Iterator

from sheetgen.book import Book, Sheet, Stream, Value
from sheetgen.cell import Cell
from sheetgen.digits import scientific
from sheetgen.layout import ABOVE, FIRST_ROW, HEADER_ROW
from sheetgen.plan import START, TRAINING, Plan, value
from sheetgen.sheets.common import CHART_LIMIT, headers, line_chart, place_strip, strip

COLUMNS_ON_A_PAGE = 36  # more would be too small to read on paper

SUBTITLE = (
    "One row is one update, and every number is a formula: below its first row each column is a single formula, "
    "what Fill Down would make of it. Change a yellow cell on the sheet Network and all rows follow."
)


def write(book: Book, plan: Plan) -> None:
    """Write the sheet Training."""
    program, trace = plan.program, plan.training
    sheet = book.sheet(TRAINING, f"Training: {program.spec.steps:,} updates", SUBTITLE)
    book.link(sheet, 3, 0, START, "← Start", "Back to the index")
    strip(sheet, 1 + len(trace.columns))
    headers(book, sheet, 0, ["iteration", *(c.name for c in trace.columns)])
    forms = [plan.style(c.name) for c in trace.columns]
    columns = [Stream(book.style("cell", "whole", "center"), "0", f"A{ABOVE}+1")]
    columns += [Stream(book.style("cell", f), c.first, c.below) for f, c in zip(forms, trace.columns, strict=True)]

    def rows() -> Iterator[list[Value]]:
        for k, numbers in enumerate(plan.rows(program.columns)):
            yield [float(k), *map(value, numbers)]

    sheet.stream(FIRST_ROW, plan.last, 0, columns, rows)
    scientific(book, sheet, (FIRST_ROW - 1, 1, plan.last - 1, len(trace.columns)), *forms)
    sheet.repeat_rows(HEADER_ROW - 1)
    sheet.repeat_columns(0)
    sheet.fit_to_pages(-(-len(trace.columns) // COLUMNS_ON_A_PAGE), 0)
    sheet.print_area(0, 0, plan.last - 1, len(trace.columns))
    _charts(book, sheet, plan)


def _charts(book: Book, sheet: Sheet, plan: Plan) -> None:
    trace, program = plan.training, plan.program
    error, weights = [program.network.loss], list(program.next)
    charts: list[tuple[str, list[Cell], bool]] = [
        ("E_total", error, False),
        ("E_total, logarithmic axis", error, True),
        ("Weights", weights, False),
        ("Gradients dE/dw", list(program.gradients), False),
    ]
    if any(c.name and c.name.startswith("b") for c in weights):
        charts[2:] = [("Weights and biases", weights, False), ("Gradients", list(program.gradients), False)]
    if program.spec.samples > 1:  # whether a batch has been learnt is seen in its outputs
        outputs = program.network.layers[-1].a
        charts.append(("Outputs of every sample", list(outputs.flat), False))
    for k, (title, cells, log) in enumerate(charts):
        kept = cells[:CHART_LIMIT]
        series = [(c.name or "", f"{trace.letters[id(c)]}${HEADER_ROW}", trace.range(c)) for c in kept]
        if len(cells) > len(kept):
            title += f" (the first {len(kept)} of {len(cells)})"
        chart = line_chart(book, title, TRAINING, series, plan.last, log)
        what = f"{len(kept)} lines" if len(kept) > 1 else "a falling line when training works"
        place_strip(
            sheet, chart, k, f"Line chart: {title} against the iteration, {plan.last - FIRST_ROW} updates; {what}."
        )
