"""Training: a row per update in the class file's column order, under charts of the error, weights and gradients."""

from __future__ import annotations

from collections.abc import Iterator

from sheetgen.book import Book, Sheet, Stream, Value
from sheetgen.cell import Cell
from sheetgen.digits import scientific
from sheetgen.layout import ABOVE, FIRST_ROW, HEADER_ROW
from sheetgen.plan import START, TRAINING, Plan, value
from sheetgen.sheets.common import CHART_LIMIT, CHART_WIDTH, headers, place_strip, strip
from sheetgen.sheets.plotted import Drawing, Line, Plotted, draw, helpers

COLUMNS_ON_A_PAGE = 36  # more would be too small to read on paper

SUBTITLE = (
    "One row is one update, and every number is a formula: below its first row each column is a single formula, "
    "what Fill Down would make of it. Change a yellow cell on the sheet Network and all rows follow."
)


def write(book: Book, plan: Plan) -> list[Line]:
    """Write the sheet Training; returns the columns that charts are drawn from and that are not the table's own."""
    program, trace = plan.program, plan.training
    sheet = book.sheet(TRAINING, f"Training: {program.spec.steps:,} updates", SUBTITLE)
    book.link(sheet, 3, 0, START, "← Start", "Back to the index")
    headers(book, sheet, 0, ["iteration", *(c.name for c in trace.columns)])
    forms = [plan.style(c.name) for c in trace.columns]
    columns = [Stream(book.style("cell", "whole", "center"), "0", f"A{ABOVE}+1")]
    columns += [Stream(book.style("cell", f), c.first, c.below) for f, c in zip(forms, trace.columns, strict=True)]

    def rows() -> Iterator[list[Value]]:
        for k, numbers in enumerate(plan.rows(program.columns)):
            yield [float(k), *map(value, numbers)]

    plotted = Plotted(book, sheet, _drawings(plan), plan.last, len(columns))
    columns += plotted.streams
    strip(sheet, len(columns) - 1)
    sheet.stream(FIRST_ROW, plan.last, 0, columns, rows)
    scientific(book, sheet, (FIRST_ROW - 1, 1, plan.last - 1, len(trace.columns)), *forms)
    sheet.repeat_rows(HEADER_ROW - 1)
    sheet.repeat_columns(0)
    sheet.fit_to_pages(-(-len(trace.columns) // COLUMNS_ON_A_PAGE), 0)
    sheet.print_area(0, 0, plan.last - 1, len(trace.columns))
    _place(sheet, plotted, plan.last - FIRST_ROW)
    return plotted.helpers


def _drawings(plan: Plan) -> list[Drawing]:
    """What the charts show: the error twice, all weights, all gradients, and what a batch has learnt."""
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
    place = {id(c): k for k, c in enumerate(trace.cells, 1)}
    drawings: list[Drawing] = []
    for title, cells, log in charts:
        kept = [(c.name or "", place[id(c)]) for c in cells[:CHART_LIMIT]]
        if len(cells) > len(kept):
            title += f" (the first {len(kept)} of {len(cells)})"
        drawings.append(draw(title, kept, log, program.spec.bounded, 1 + len(place) + len(helpers(drawings))))
    return drawings


def _place(sheet: Sheet, plotted: Plotted, updates: int) -> None:
    shown = plotted.drawings
    for k, (drawing, chart) in enumerate(zip(shown, plotted.charts(len(shown) * (CHART_WIDTH + 8)), strict=True)):
        lines = len(drawing.lines)
        what = f"{lines} lines" if lines > 1 else "a falling line when training works"
        title = f"Line chart: {drawing.title} against the iteration, {updates} updates; {what}."
        place_strip(sheet, chart, k, title)
