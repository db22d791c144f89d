"""Autograd check: every number of every row beside PyTorch's, with verdicts that turn red when a formula breaks."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from sheetgen.cells.cell import Evaluator, variable
from sheetgen.cells.text import show
from sheetgen.writer.book import Book, Formula, Sheet, Stream, Value
from sheetgen.writer.digits import scientific
from sheetgen.writer.plan import CHECK, RATES, TRAINING, Oracle, Run, value
from sheetgen.writer.sheets import groups, overview, template_inputs
from sheetgen.writer.sheets.common import colour, colour_words, heads, lock, opened, strip
from sheetgen.writer.sheets.groups import BAND_ROW, Group
from sheetgen.writer.sheets.plotted import COLUMN_PIXELS
from sheetgen.writer.sheets.rates import RatePlaces
from sheetgen.writer.trace import ABOVE, FIRST_ROW, HEADER_ROW, THIS, Trace, fit_columns, letter, quoted

TOLERANCE = 1e-9
VERDICT_ROW, WORST_ROW = 4, overview.LEGEND_ROW + 1
VERDICT = f"$B${VERDICT_ROW}"
CHANGED = "inputs changed"  # what stands for a verdict then
COLUMN_VERDICT_ROW = WORST_ROW + 1
# Of the columns of live values, and of PyTorch's: what they are for, and a number for each.
WORKINGS_ROW, COUNT_ROW, SCALE_ROW = WORST_ROW - 2, WORST_ROW, WORST_ROW
PAPER = 1000  # pixels that the texts above the table need

TITLE = "Is every number what PyTorch says?"
SUBTITLE = (
    "PyTorch is the library most networks are trained with; its autograd finds every gradient by itself, from the "
    "network's program. It knows nothing of these formulas."
)
TRY = (
    "Try it: type 1 over {0}, then look here again. Its square turns red, and so does all that follows from it; what "
    "came before keeps its colour. Undo (Ctrl+Z)."
)
ALL_EQUAL = (
    "All {:,} numbers of the training agree with PyTorch's. A square: the fewest digits that agree in a fifth of the "
    "rows{}; below, on the screen, every cell."
)
NEIGHBOURS = " and {} columns"
NOT_EQUAL = "Where it is red, the numbers are not PyTorch's."
OTHERS = ". PyTorch's numbers are for the template: see Recomputation, which checks yours."
COUNTED = "how many cells of the column hold something: an emptied one counts as 0, which might be right"
SCALED = "a smaller number is compared on this scale: where terms cancel to nearly 0, their own rounding is left"

Live = Callable[[], Iterator[list[float]]]  # the numbers that are compared, row by row


class Quantity(NamedTuple):
    """One column that is checked: its name, where it is live, PyTorch's numbers and the smallest scale."""

    name: str
    sheet: str
    letter: str
    expected: Sequence[float]
    scale: float


def quantities(training: Trace, rates: RatePlaces, oracle: Oracle) -> list[Quantity]:
    """Every column of Training, then E_total at every fixed learning rate."""
    places = [(c.name, TRAINING, c.letter) for c in training.columns]
    places += [(name, RATES, letter(1 + k)) for k, name in enumerate(rates.heads("E")[:-1])]
    return [Quantity(*place, oracle.columns[place[0]], oracle.scales[place[0]]) for place in places]


def compared(training: Trace, rates: RatePlaces) -> int:
    """How many columns are compared with PyTorch, each of which takes three. Raises TooLarge."""
    count, program = len(training.columns) + len(rates.numbers) - 1, training.program
    inputs = len(program.constants) + len(program.initial)
    fit_columns(2 + count + max(2 * count, 2 + inputs), CHECK)
    return count


def _groups(run: Run, checked: Sequence[Quantity]) -> list[Group]:
    """The groups of the columns that are checked: those of Training, and the errors at other learning rates."""
    parts, n = groups.of_program(run.program), len(run.program.columns)
    rates = Group("E_total at other rates", "rates", n, len(checked) - n)
    return [*parts, rates] if rates.width else parts


def write(book: Book, run: Run, training: Trace, rates: RatePlaces, oracle: Oracle) -> None:
    """Write the sheet Autograd check, and define `verdict`, `inputs_changed` and `tolerance`."""
    checked = quantities(training, rates, oracle)
    n = len(checked)
    sheet = opened(book, CHECK, TITLE, SUBTITLE)
    strip(sheet, 1 + 3 * n)
    sheet.set_column(1, 1, 14)
    sheet.set_column_pixels(2, 1 + n, overview.SQUARE)
    parts = _groups(run, checked)
    _headings(sheet, [q.name for q in checked], parts, oracle.version)
    squares = overview.write(sheet, run.height, parts)
    together = squares[0][1] + 1  # columns in a square
    _top(sheet, run, n, NEIGHBOURS.format(together) if together > 1 else "")
    place, told = to_break(run, training)
    sheet.live(VERDICT_ROW - 1, 2, f'HYPERLINK("#{place}","{TRY.format(f"{place} ({told})")}")', "link")
    template_inputs.write(sheet, run, 2 + n)
    _columns(sheet, run, checked)
    _stream(sheet, run, checked, lambda: _live(run, rates))
    _colours(sheet, run, n)
    wide = max(0, math.ceil((PAPER - overview.SQUARE * n) / COLUMN_PIXELS))
    bottom, right = (overview.LEGEND_ROW, overview.MOST) if together > 1 else (COLUMN_VERDICT_ROW, n + wide)
    sheet.print_area(0, 0, bottom - 1, 1 + right)
    sheet.fit_to_pages(1, 1)
    lock(sheet)


def _headings(sheet: Sheet, names: Sequence[str], parts: Sequence[Group], version: str) -> None:
    """The names of the columns, upright, for these are narrow; and over them those of their groups."""
    sheet.set_row_pixels(HEADER_ROW - 1, 60)
    heads(sheet, HEADER_ROW, 0, ["iteration", "verdict"])
    for k, (name, (look, edge)) in enumerate(zip(names, groups.looks(parts), strict=True), 2):
        heads(sheet, HEADER_ROW, k, [name], "c", look, *edge, "upright")
    overview.band(sheet, BAND_ROW, [(group.look, group.width) for group in parts])
    n = len(names)
    heads(sheet, HEADER_ROW, 2 + n, [f"{name} {what}" for what in ("live", "PyTorch") for name in names])
    sheet.put(BAND_ROW, 2 + n, "live values", "section")
    sheet.put(BAND_ROW, 2 + 2 * n, f"{version}, float64", "section")


def to_break(run: Run, training: Trace) -> tuple[str, str]:
    """The address of a weight of Training that somebody is to break, to see what follows; and what it is."""
    weight, row = run.program.network.layers[-1].weights.flat[0], (FIRST_ROW + run.last + 1) // 2
    return f"{TRAINING}!{training.letters[id(weight)]}{row}", f"{weight.name}, iteration {row - FIRST_ROW:,}"


class Difference:
    """A cell of the left block, by one expression: 0 where equal, 1 where it cannot be compared.

    Its value is the expression's, and not the engine's: for that, numbers are equal that differ by less than 1e-15,
    however small they are. Where programs, which compare 15 digits, show 0, it is still the difference of all digits.
    """

    def __init__(self) -> None:
        self.live, self.torch, self.scale = map(variable, ("live", "PyTorch", "smallest scale"))
        size = self.torch.apply("abs")
        largest = size.apply("gt", self.scale).apply("if", size, self.scale)
        relative = (self.live - self.torch).apply("abs") / largest
        self.cell = self.live.apply("eq", self.torch).apply("if", 0, relative).apply("iferror", 1)
        self._evaluate = Evaluator([relative, self.cell], [self.live, self.torch, self.scale])

    def formula(self, live: str, torch: str, scale: str) -> str:
        """The expression of three addresses."""
        return show(self.cell, {self.live: live, self.torch: torch, self.scale: scale}.get)

    def value(self, live: float, torch: float, scale: float) -> float:
        """The expression of three numbers; what diverged is equal to what diverged, as its text is."""
        relative, whole = self._evaluate.of([x if math.isfinite(x) else math.inf for x in (live, torch, scale)])
        return whole if math.isnan(relative) else relative


def _live(run: Run, rates: RatePlaces) -> Iterator[list[float]]:
    errors = [run.rows([run.program.network.loss], rate) for rate in rates.numbers[:-1]]
    for parts in zip(run.rows(run.program.columns), *errors, strict=True):
        yield [x for part in parts for x in part]


def _top(sheet: Sheet, run: Run, n: int, neighbours: str) -> None:
    """The verdict, the worst difference, the number of cells, the tolerance."""
    worst = f"$C${WORST_ROW}:${letter(1 + n)}${WORST_ROW}"
    counts = f"${letter(2 + n)}${COUNT_ROW}:${letter(1 + 2 * n)}${COUNT_ROW}"
    whole = f"SUM({counts})={run.height * n}"
    passes = f"IFERROR(AND(MAX({worst})<=tolerance,{whole}),FALSE)"
    verdict = f'IF(inputs_changed>0,"{CHANGED}",IF({passes},"PASS","FAIL"))'
    sheet.put(VERDICT_ROW, 0, "verdict", "bold")
    sheet.live(VERDICT_ROW, 1, verdict, "verdict")
    sheet.live(VERDICT_ROW, 2, _in_words(ALL_EQUAL.format(run.height * n, neighbours)), "bold")
    sheet.put(BAND_ROW, 0, "every cell:", "bold")
    facts: tuple[tuple[int, int, str, str, str, Value], ...] = (
        (WORST_ROW, 1, "worst_difference", "worst", "relative", Formula(f'IF(inputs_changed>0,"–",MAX({worst}))')),
        (WORST_ROW + 1, 1, "tolerance", "allowed", "relative", TOLERANCE),
        (VERDICT_ROW, 3 + n, "cells_compared", "cells compared", "whole", Formula(f"SUM({counts})")),
    )
    sheet.define(verdict=VERDICT)
    for row, column, name, text, form, fact in facts:
        sheet.put(row, column - 1, text, "muted", "center")
        sheet.put(row, column, fact, "bold", "center", form)
        sheet.define(**{name: f"${letter(column)}${row}"})


def _in_words(right: str) -> str:
    """The formula of the verdict as a sentence; of a link to the first broken cell, if there is one."""
    right = f'IF({VERDICT}="PASS","{right}","{NOT_EQUAL}")'
    others = f'IF(inputs_changed>0,changed_input&"{OTHERS}",{right})'
    return f"IF(inputs_no_number>0,input_to_mend,IF(cells_that_differ>0,{broken_link()},{others}))"


def broken_link() -> str:
    """The formula of a link to the first broken cell, which says what it is and how many there are."""
    count = 'cells_that_differ&IF(cells_that_differ=1," cell differs"," cells differ")'
    return f'HYPERLINK("#"&broken_place,broken_place&", "&broken_what&": "&{count})'


def _columns(sheet: Sheet, run: Run, checked: list[Quantity]) -> None:
    """Per column: the worst difference and the verdict; at the right how many cells are there, and the scale."""
    rows, n = run.height, len(checked)
    for at, text in ((2 + n, COUNTED), (2 + 2 * n, SCALED)):
        sheet.put(WORKINGS_ROW, at, text, "muted")
    for j, q in enumerate(checked):
        column = letter(2 + j)
        block = f"{column}${FIRST_ROW}:{column}${run.last}"
        live = f"{quoted(q.sheet)}!${q.letter}${FIRST_ROW}:${q.letter}${run.last}"
        largest = f'IF(inputs_changed>0,"–",MAX({block}))'
        sheet.live(WORST_ROW, 2 + j, largest, "square")
        # An emptied cell would read as 0, which may be right: so the live cells are counted, too.
        sheet.live(COUNT_ROW, 2 + n + j, f"COUNTA({live})", "muted", "center", "whole")
        sheet.put(SCALE_ROW, 2 + 2 * n + j, q.scale, "muted", "center", "relative")
        ok = f"AND({column}{WORST_ROW}<=tolerance,{letter(2 + n + j)}{COUNT_ROW}={rows})"
        verdict = f'IF(inputs_changed>0,"–",IF(IFERROR({ok},FALSE),"yes","NO"))'
        sheet.live(COLUMN_VERDICT_ROW, 2 + j, verdict, "cell", "center", "muted")


def _stream(sheet: Sheet, run: Run, checked: list[Quantity], numbers: Live) -> None:
    n, difference = len(checked), Difference()
    rows = f"$C{THIS}:{letter(1 + n)}{THIS}"
    verdict = f'IF(inputs_changed>0,"{CHANGED}",IF(MAX({rows})<=tolerance,"PASS","FAIL"))'
    columns = [Stream(sheet.style("cell", "whole", "center"), "0", f"A{ABOVE}+1")]
    columns.append(Stream(sheet.style("cell", "center"), verdict, verdict, given=False))
    for j in range(n):
        live, torch = (f"{letter(2 + k * n + j)}{THIS}" for k in (1, 2))
        formula = difference.formula(live, torch, f"{letter(2 + 2 * n + j)}${SCALE_ROW}")
        columns.append(Stream(sheet.style("square"), formula, formula))
    for q in checked:
        formula = f"{quoted(q.sheet)}!{q.letter}{THIS}"
        columns.append(Stream(sheet.style("cell", run.style(q.name)), formula, formula))
    columns += [Stream(sheet.style("cell", run.style(q.name))) for q in checked]

    def values() -> Iterator[list[Value]]:
        for k, row in enumerate(numbers()):
            torch = [q.expected[k] for q in checked]
            apart = map(difference.value, row, torch, (q.scale for q in checked))
            yield [float(k), *apart, *map(value, row), *map(value, torch)]

    sheet.stream(FIRST_ROW, run.last, 0, columns, values)
    forms = [run.style(q.name) for q in checked]
    scientific(sheet, (FIRST_ROW - 1, 2 + n, run.last - 1, 1 + 3 * n), *forms, *forms)


def _colours(sheet: Sheet, run: Run, n: int) -> None:
    """Red where a formula is broken; amber where an input was changed, for then PyTorch's numbers say nothing."""
    last, right = run.last - 1, 1 + n
    whole, each = (VERDICT_ROW - 1, 1, VERDICT_ROW - 1, 1), (COLUMN_VERDICT_ROW - 1, 2, COLUMN_VERDICT_ROW - 1, right)
    data, verdicts = (FIRST_ROW - 1, 2, last, right), (FIRST_ROW - 1, 1, last, 1)
    colour_words(sheet, whole)
    rules = [
        (each, f'C${COLUMN_VERDICT_ROW}="NO"', "fail"),
        (whole, "inputs_changed>0", "note"),
        ((FIRST_ROW - 1, 0, last, 1), f'$B{FIRST_ROW}="FAIL"', "fail"),
        (verdicts, f'$B{FIRST_ROW}="PASS"', "pass"),
        (verdicts, f'$B{FIRST_ROW}="{CHANGED}"', "note"),
        ((HEADER_ROW - 1, 2, HEADER_ROW - 1, right), f'C${COLUMN_VERDICT_ROW}="NO"', "fail"),
    ]
    for area, test, look in rules:
        colour(sheet, area, test, look)
    for area in (data, (WORST_ROW - 1, 2, WORST_ROW - 1, right)):
        overview.shade(sheet, area)
