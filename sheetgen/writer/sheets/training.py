"""Training: a row per update in the class file's column order, under charts of the error, weights and gradients."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import NamedTuple

from sheetgen.cells.cell import Cell
from sheetgen.writer.book import Book, Sheet, Stream, Value
from sheetgen.writer.digits import scientific, text_of
from sheetgen.writer.plan import LABORATORY, TRAINING, Run, value
from sheetgen.writer.sheets import groups, moves
from sheetgen.writer.sheets.choosers import MISSING
from sheetgen.writer.sheets.common import CHART_LIMIT, ROW, Box, colour, fold, heads, insert, opened, strip
from sheetgen.writer.sheets.plotted import COLUMN_PIXELS, SPOTS, Curve, Drawing, Plotted, draw, helpers
from sheetgen.writer.sheets.slope import per_cent
from sheetgen.writer.trace import ABOVE, FIRST_ROW, HEADER_ROW, Trace

COLUMNS_ON_A_PAGE, PAPER_SCALE = 12, 70  # beside the iteration; percent
WIDE, LEAST, TALL, GAP = 296, 264, 8 * ROW + 12, 6  # pixels of a chart, and to the next
SCREEN, SEEN = 1_242, 4  # pixels of a screen right of the iteration; charts that it shows at once
SLACK = 1.015  # LibreOffice draws a chart a little left of its column
HARDLY, MOST_ASKED = 4, 60  # times that weights move less than others; weights of a layer that a formula asks about

ABOUT = (
    "One row is one update: each column is one formula, filled down from its second row. E_total is E on Network. "
    "Change a yellow cell there and all rows follow. The mark ▸ is at the row shown there."
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


def write(book: Book, run: Run, places: TrainingPlaces) -> int:
    """Write the sheet Training; returns the first column of the cells that its charts quote."""
    program, trace, steps = run.program, places.trace, run.program.spec.steps
    sheet = opened(book, TRAINING, f"Training: {steps:,} update{'s' * (steps > 1)}", "", column=1)
    n, parts = len(trace.columns), groups.of_program(program)
    heads(sheet, HEADER_ROW, 0, ["iteration"])
    breaks = groups.pages(parts, COLUMNS_ON_A_PAGE)
    groups.head(sheet, 1, [c.name for c in trace.columns], parts, breaks)
    edges = [edge for _, edge in groups.looks(parts)]
    forms = [run.style(c.name) for c in trace.columns]
    columns = [Stream(sheet.style("cell", "whole", "center"), "0", f"A{ABOVE}+1")]
    columns += [
        Stream(sheet.style("cell", f, *edge), c.first, c.below)
        for f, c, edge in zip(forms, trace.columns, edges, strict=True)
    ]

    def rows() -> Iterator[list[Value]]:
        for k, numbers in enumerate(run.rows(program.columns)):
            yield [float(k), *map(value, numbers)]

    plotted = Plotted(sheet, places.drawings, run.last, len(columns))
    columns += plotted.streams
    strip(sheet, len(columns) - 1)
    sheet.set_column(0, 0, 9)
    sheet.stream(FIRST_ROW, run.last, 0, columns, rows)
    _told(sheet, run, trace)
    _shown(sheet, run, forms)
    scientific(sheet, (FIRST_ROW - 1, 1, run.last - 1, n), *forms)
    groups.paper(sheet, (run.last, n), breaks, 1, PAPER_SCALE)
    end = _place(sheet, plotted, breaks, run.last - FIRST_ROW)
    fold(sheet, 1 + n, end)
    return end - len(SPOTS) + 1


def _told(sheet: Sheet, run: Run, trace: Trace) -> None:
    """What to look at, in a live sentence: the error before and after an update, and a weight; or why there is none."""
    weight = run.program.network.layers[-1].weights[0, 0]
    gradient = run.program.gradients[[*run.program.next].index(weight)]
    before, after, last = (
        f"{trace.letters[id(run.program.network.loss)]}{k}" for k in (FIRST_ROW, FIRST_ROW + 1, run.last)
    )
    w, w_next, slope = (f"{trace.letters[id(c)]}{FIRST_ROW + k}" for c, k in ((weight, 0), (weight, 1), (gradient, 0)))
    e, e_next, e_last, told, told_next = (text_of(at, 3, brackets=False) for at in (before, after, last, w, w_next))
    share = f'IF({after}>10*{before},"more than tenfold",{per_cent(f"(100*ABS({after}/{before}-1))")})'
    up = f'{share}&" up"&IF(learning_rate>0,": the step is too long","")'
    change = f'IF({after}>{before},{up},IF({after}<{before},{share}&" down","unchanged"))'
    change = f'IFERROR({change},"unchanged")'
    end = f'IF(ISNUMBER({last}),{e_last},"no number: it has diverged")'
    text = f'"The first update takes E_total from "&{e}&" to "&{e_next}&", "&{change}'
    text += f'&"; after {run.program.spec.steps:,} it is "&{end}&". "'
    moved = f'"{weight.name} becomes "&{told}&" - "&{text_of("learning_rate", 3)}&"*"&{text_of(slope, 3)}'
    rule = 'IF(learning_rate>0,"every weight moves against its gradient",'
    rule += 'IF(learning_rate=0,"at a rate of 0 no weight moves","below 0 every weight moves uphill"))'
    moved += f'&" = "&{told_next}&": "&{rule}&"."'
    diverged = '"E_total has diverged in the first update: type a smaller learning_rate on Network."'
    text = f"IF(COUNT({before},{after},{w_next},{slope})<4,{diverged},{text}&{moved})"
    missing = f'row_number="{MISSING}"'
    sheet.live(2, 1, f"IF({missing},why_none,{text})", "subtitle")
    sheet.put(3, 1, ABOUT, "muted")
    sheet.live(4, 1, _asked(run, trace), "bold")
    colour(sheet, (1, 1, 1, 10), missing, "fail")
    # From column A on: of rules for one and the same area LibreOffice would take the format of the first for all.
    colour(sheet, (FIRST_ROW - 1, 0, run.last - 1, len(trace.columns)), f"ISERROR(A{FIRST_ROW})", "unsaid", stop=True)


def _asked(run: Run, trace: Trace) -> str:
    """The formula of a question: why the weights of one layer hardly move beside another's, if that is so."""
    text = '"which weights move most, and why those"'
    layers = run.program.network.layers
    ends = [list(layer.weights.flat) for layer in (layers[0], layers[-1])]
    if len(layers) > 1 and max(map(len, ends)) <= MOST_ASKED:
        names = [" to ".join(dict.fromkeys(w.name or "" for w in (g[0], g[-1]))) for g in ends]
        columns = [[trace.letters[id(w)] for w in group] for group in ends]
        moved = [f"({'+'.join(f'ABS({k}{run.last}-{k}{FIRST_ROW})' for k in group)})/{len(group)}" for group in columns]
        for still, much in ((1, 0), (0, 1)):
            hardly = f'"why do the weights {names[still]} hardly move, beside {names[much]}"'
            text = f"IF(IFERROR({HARDLY}*{moved[still]}<{moved[much]},FALSE),{hardly},{text})"
    says = f"; {LABORATORY} says what makes them" if moves.fits(run) else ""
    compare = f"Compare the gradients, in the same colours beside them{says}."
    return f'"Try this: "&{text}&"? {compare}"'


def _shown(sheet: Sheet, run: Run, forms: list[str]) -> None:
    """Mark the row that is shown on Network, by a sign beside its colour; say at the left which it is."""
    test = f"$A{FIRST_ROW}=row_number"
    colour(sheet, (FIRST_ROW - 1, 0, run.last - 1, 0), test, "shown, marked")
    cells = FIRST_ROW - 1, 1, run.last - 1, len(forms)
    scientific(sheet, cells, *forms, look="shown, beyond", where=test)
    colour(sheet, cells, test, "shown")
    sheet.put(5, 0, "row shown", "muted", "center")
    sheet.live(6, 0, 'IF(ISNUMBER(row_number),row_number,"none")', "bold", "center", "whole")
    colour(sheet, (5, 0, 5, 0), "ISNUMBER($A$6)", "shown, marked")
    sheet.put(7, 0, "choose it", "muted", "center")
    sheet.put(8, 0, "on Network", "muted", "center")


def _drawings(run: Run, trace: Trace) -> list[Drawing]:
    """The charts: the error twice, all weights, all gradients, and what a batch has learnt."""
    program = run.program
    error, weights, gradients = [program.network.loss], list(program.next), list(program.gradients)
    charts: list[tuple[str, list[Cell], bool]] = [
        ("E_total", error, False),
        ("E_total, logarithmic axis", error, True),
        ("Weights", weights, False),
        ("Gradients dE/dw", gradients, False),
    ]
    if any(c.name and c.name.startswith("b") for c in weights):
        charts[2:] = [("Weights and biases", weights, False), ("Gradients", gradients, False)]
    if program.spec.samples > 1:  # whether a batch has been learnt is seen in its outputs
        outputs = program.network.layers[-1].a
        charts.append(("Outputs of every sample", list(outputs.flat), False))
    place = {id(c): k for k, c in enumerate(trace.cells, 1)}
    drawings: list[Drawing] = []
    for title, cells, log in charts:
        drawn = [(c.name or "", place[id(c)]) for c in cells[:CHART_LIMIT]]
        if len(cells) > len(drawn):
            title += f" (the first {len(drawn)} of {len(cells)})"
        drawing = draw(title, drawn, log, program.spec.bounded, 1 + len(place) + len(helpers(drawings)))
        drawing = drawing._replace(named=cells is not gradients)  # these have the colours of the weights beside them
        drawings.append(drawing._replace(decades=run.decades(error[0].name or "")) if log else drawing)
    return drawings


def _place(sheet: Sheet, plotted: Plotted, breaks: list[int], updates: int) -> int:
    """Put the charts side by side, none across the edge of a page; returns the last column that they need."""
    shown = plotted.drawings
    edges = [round(b * COLUMN_PIXELS * SLACK) for b in breaks]
    places = next(
        (found for wide in range(WIDE, LEAST, -4) if (found := _spread(len(shown), wide, edges))[SEEN] <= SCREEN),
        _spread(len(shown), WIDE, edges),
    )
    charts = plotted.charts(places[-1])
    usual = min(right - left for left, right in pairwise(places))
    for left, right, drawing, chart in zip(places, places[1:], shown, charts, strict=False):
        lines = len(drawing.lines)
        what = f"{lines} lines" if lines > 1 else "a falling line when training works"
        title = f"Line chart: {drawing.title} against the iteration, {updates} update{'s' * (updates > 1)}; {what}."
        wide = right - left if right - left < 1.5 * usual else usual  # as wide as the page, if little is missing
        insert(sheet, chart, Box((4, 1), (4 + left, 4), (wide - GAP, TALL)), title)
    return plotted.right


def _spread(count: int, wide: int, edges: list[int]) -> list[int]:
    """Where charts begin and the last one ends, in pixels, each with a gap: none across an edge."""
    places, x = [], 0
    for _ in range(count):
        for edge in edges:
            x = edge if x < edge < x + wide + GAP else x
        places.append(x)
        x += wide + GAP
    return [*places, x]
