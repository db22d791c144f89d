"""Training: a row per update in the class file's column order, under charts of the error, weights and gradients."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from sheetgen.cells.cell import Cell
from sheetgen.writer.book import Book, Sheet, Stream, Value
from sheetgen.writer.digits import scientific
from sheetgen.writer.plan import TRAINING, Run, value
from sheetgen.writer.sheets.common import CHART_LIMIT, CHART_WIDTH, heads, in_strip, insert, opened, strip
from sheetgen.writer.sheets.plotted import Curve, Drawing, Plotted, draw, helpers
from sheetgen.writer.trace import ABOVE, FIRST_ROW, HEADER_ROW, Trace

COLUMNS_ON_A_PAGE = 36  # more would be too small to read on paper

SUBTITLE = (
    "One row is one update, and every number is a formula: below its first row each column is a single formula, "
    "what Fill Down would make of it. Change a yellow cell on the sheet Network and all rows follow."
)


class TrainingPlaces(NamedTuple):
    """Where the run stands, row by row, and what the charts draw of it."""

    trace: Trace
    drawings: list[Drawing]

    @property
    def lines(self) -> list[Curve]:
        """The columns that charts are drawn from and that are not the table's own."""
        return helpers(self.drawings)

    @property
    def columns(self) -> int:
        """How many columns there are."""
        return 1 + len(self.trace.columns) + len(self.lines)


def places(run: Run) -> TrainingPlaces:
    """Lay the sheet out. Raises FormulaTooLong."""
    trace = Trace(run.program, run.program.columns, run.names, 1, TRAINING)
    return TrainingPlaces(trace, _drawings(run, trace))


def write(book: Book, run: Run, places: TrainingPlaces) -> None:
    """Write the sheet Training."""
    program, trace = run.program, places.trace
    sheet = opened(book, TRAINING, f"Training: {program.spec.steps:,} updates", SUBTITLE)
    heads(sheet, HEADER_ROW, 0, ["iteration", *(c.name for c in trace.columns)])
    forms = [run.style(c.name) for c in trace.columns]
    columns = [Stream(sheet.style("cell", "whole", "center"), "0", f"A{ABOVE}+1")]
    columns += [Stream(sheet.style("cell", f), c.first, c.below) for f, c in zip(forms, trace.columns, strict=True)]

    def rows() -> Iterator[list[Value]]:
        for k, numbers in enumerate(run.rows(program.columns)):
            yield [float(k), *map(value, numbers)]

    plotted = Plotted(sheet, places.drawings, run.last, len(columns))
    columns += plotted.streams
    strip(sheet, len(columns) - 1)
    sheet.stream(FIRST_ROW, run.last, 0, columns, rows)
    scientific(sheet, (FIRST_ROW - 1, 1, run.last - 1, len(trace.columns)), *forms)
    sheet.repeat_columns(0)
    sheet.fit_to_pages(-(-len(trace.columns) // COLUMNS_ON_A_PAGE), 0)
    sheet.print_area(0, 0, run.last - 1, len(trace.columns))
    _place(sheet, plotted, run.last - FIRST_ROW)


def _drawings(run: Run, trace: Trace) -> list[Drawing]:
    """The charts: the error twice, all weights, all gradients, and what a batch has learnt."""
    program = run.program
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
        drawn = [(c.name or "", place[id(c)]) for c in cells[:CHART_LIMIT]]
        if len(cells) > len(drawn):
            title += f" (the first {len(drawn)} of {len(cells)})"
        drawings.append(draw(title, drawn, log, program.spec.bounded, 1 + len(place) + len(helpers(drawings))))
    return drawings


def _place(sheet: Sheet, plotted: Plotted, updates: int) -> None:
    shown = plotted.drawings
    for k, (drawing, chart) in enumerate(zip(shown, plotted.charts(len(shown) * (CHART_WIDTH + 8)), strict=True)):
        lines = len(drawing.lines)
        what = f"{lines} lines" if lines > 1 else "a falling line when training works"
        title = f"Line chart: {drawing.title} against the iteration, {updates} updates; {what}."
        insert(sheet, chart, in_strip(k), title)
