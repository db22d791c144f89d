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
from sheetgen.writer.sheets import network
from sheetgen.writer.sheets.common import colour, colour_words, heads, lock, opened, strip
from sheetgen.writer.sheets.rates import RatePlaces
from sheetgen.writer.trace import ABOVE, FIRST_ROW, HEADER_ROW, THIS, Trace, fit_columns, letter, quoted

TOLERANCE = 1e-9
VERDICT_ROW, CHANGED_ROW, INPUT_ROW, WORST_ROW = 4, 5, 6, 11
VERDICT = f"$B${VERDICT_ROW}"
CHANGED = "inputs changed"  # what stands for a verdict then
COLUMN_VERDICT_ROW, COUNT_ROW, SCALE_ROW = WORST_ROW + 1, WORST_ROW + 2, WORST_ROW + 3

SUBTITLE = (
    "Left: how far every cell is from PyTorch's float64 autograd, relatively. Right: the live values, then PyTorch's. "
    "What a broken formula changes turns red, its row and its column, and the sheet Start names the formula."
)

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
    count = len(training.columns) + len(rates.numbers) - 1
    fit_columns(2 + 3 * count, CHECK)
    return count


def write(book: Book, run: Run, training: Trace, rates: RatePlaces, oracle: Oracle) -> None:
    """Write the sheet Autograd check, and define `verdict`, `inputs_changed` and `tolerance`."""
    checked = quantities(training, rates, oracle)
    n = len(checked)
    sheet = opened(book, CHECK, f"Checked against {oracle.version}, cell by cell", SUBTITLE)
    strip(sheet, 1 + 3 * n)
    sheet.set_column(1, 1, 14)
    sheet.set_column(2, 1 + n, 9.5)
    names = [q.name for q in checked]
    names += [f"{q.name} live" for q in checked] + [f"{q.name} PyTorch" for q in checked]
    heads(sheet, HEADER_ROW, 0, ["iteration", "verdict", *names])
    sheet.put(WORST_ROW - 1, 0, "relative differences", "section")
    sheet.put(HEADER_ROW - 1, 2 + n, "live values", "section")
    sheet.put(HEADER_ROW - 1, 2 + 2 * n, f"{oracle.version}, float64", "section")
    _top(sheet, run, n)
    _inputs(sheet, run)
    _columns(sheet, run, checked)
    _stream(sheet, run, checked, lambda: _live(run, rates))
    _colours(sheet, run, n)
    sheet.repeat_columns(0)
    sheet.print_area(0, 0, run.last - 1, 1 + n)
    lock(sheet)


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


def _top(sheet: Sheet, run: Run, n: int) -> None:
    """The verdict, the worst difference, the number of cells, the tolerance."""
    worst = f"$C${WORST_ROW}:${letter(1 + n)}${WORST_ROW}"
    counts = f"$C${COUNT_ROW}:${letter(1 + n)}${COUNT_ROW}"
    whole = f"SUM({counts})={run.height * n}"
    passes = f"IFERROR(AND(MAX({worst})<=tolerance,{whole}),FALSE)"
    verdict = f'IF(inputs_changed>0,"{CHANGED}",IF({passes},"PASS","FAIL"))'
    label = sheet.style("muted", "right")
    sheet.put(VERDICT_ROW, 0, "verdict", "bold")
    sheet.live(VERDICT_ROW, 1, verdict, "verdict")
    sheet.live(VERDICT_ROW, 2, f'IF(cells_that_differ>0,{broken_link()},"")', "link", "indent")
    sheet.define(verdict=VERDICT)
    facts: tuple[tuple[int, str, str, str, Value], ...] = (
        (8, "worst_difference", "worst difference", "relative", Formula(f'IF(inputs_changed>0,"–",MAX({worst}))')),
        (11, "cells_compared", "cells compared", "whole", Formula(f"SUM({counts})")),
        (14, "tolerance", "tolerance, relative", "relative", TOLERANCE),
    )
    for column, name, text, form, fact in facts:
        sheet.put(VERDICT_ROW, column, text, label)
        sheet.put(VERDICT_ROW, column + 1, fact, "bold", "left", form)
        sheet.define(**{name: f"${letter(column + 1)}${VERDICT_ROW}"})


def broken_link() -> str:
    """The formula of a link to the first broken cell, which says what it is and how many there are."""
    count = 'cells_that_differ&IF(cells_that_differ=1," cell differs"," cells differ")'
    return f'HYPERLINK("#"&broken_place,broken_place&", "&broken_what&": "&{count})'


def _inputs(sheet: Sheet, run: Run) -> None:
    """The template's inputs beside the live ones: PyTorch's numbers hold for those of the template only."""
    cells = network.input_cells(run)
    for k, text in enumerate(("input", "template", "now", "changed")):
        sheet.put(INPUT_ROW + k, 0, text, "head" if k == 0 else "muted", "left")
    sheet.put(INPUT_ROW, 1, None, "head")
    for k, (c, number, _) in enumerate(cells):
        column = letter(2 + k)
        sheet.put(INPUT_ROW, 2 + k, c.name, "head", "center")
        sheet.put(INPUT_ROW + 1, 2 + k, number, "cell", "center", "general")
        sheet.live(INPUT_ROW + 2, 2 + k, run.names[c], "cell", "center", "general")
        now = f"{column}{INPUT_ROW + 2}"
        same = f"IF(ISNUMBER({now}),IF({column}{INPUT_ROW + 1}={now},0,1),-1)"
        sheet.live(INPUT_ROW + 3, 2 + k, same, "cell", "center", "count")
    scientific(sheet, (INPUT_ROW, 2, INPUT_ROW + 1, 1 + len(cells)), "general", look="beyond, typed")
    row = INPUT_ROW + 3
    every = f"$C${row}:${letter(1 + len(cells))}${row}"
    sheet.live(row, 1, f"{len(cells)}-COUNTIF({every},0)", "bold", "center", "whole")
    sheet.define(inputs_changed=f"$B${row}")
    _first_changed(sheet, run, every, len(cells))


def _first_changed(sheet: Sheet, run: Run, every: str, n: int) -> None:
    """The first input that is no number, or else the first that is not the template's: in words, and where it is."""
    row = CHANGED_ROW
    muted = sheet.style("muted")
    sheet.put(row, 0, "first changed", muted)
    first = f"IF(COUNTIF({every},-1)>0,MATCH(-1,{every},0),IFERROR(MATCH(1,{every},0),0))"
    sheet.live(row, 1, first, "muted", "center", "count")
    last = letter(1 + n)

    def at(k: int) -> str:
        return f"INDEX($C${INPUT_ROW + k}:${last}${INPUT_ROW + k},1,$B${row})"

    more = 'IF(inputs_changed>1," (and "&(inputs_changed-1)&" more)","")'
    number = f'{at(0)}&" is "&{at(2)}&", the template has "&{at(1)}&{more}'
    text = f'IF($B${row}=0,"",IF({at(3)}=-1,{at(0)}&" is no number",{number}))'
    sheet.live(row, 2, text, muted)
    place = f'IF($B${row}=0,"",{network.place_of(run, f"$B${row}")})'
    sheet.live(row, 8, place, muted)
    sheet.live(row, 9, f"COUNTIF({every},-1)", "muted", "count")
    sheet.define(changed_input=f"$C${row}", changed_place=f"$I${row}", inputs_no_number=f"$J${row}")


def _columns(sheet: Sheet, run: Run, checked: list[Quantity]) -> None:
    """Per column: the worst difference, the verdict, how many numbers are live, the smallest scale."""
    for row, text in zip(
        range(WORST_ROW, SCALE_ROW + 1), ("worst", "verdict", "live cells", "smallest scale"), strict=True
    ):
        sheet.put(row, 0, text, "muted")
    rows = run.height
    for j, q in enumerate(checked):
        column = letter(2 + j)
        block = f"{column}${FIRST_ROW}:{column}${run.last}"
        live = f"{quoted(q.sheet)}!${q.letter}${FIRST_ROW}:${q.letter}${run.last}"
        largest = f'IF(inputs_changed>0,"–",MAX({block}))'
        sheet.live(WORST_ROW, 2 + j, largest, "relative", "center")
        # An emptied cell would read as 0, which may be right: so the live cells are counted, too.
        sheet.live(COUNT_ROW, 2 + j, f"COUNTA({live})", "muted", "center", "whole")
        sheet.put(SCALE_ROW, 2 + j, q.scale, "muted", "center", "relative")
        ok = f"AND({column}{WORST_ROW}<=tolerance,{column}{COUNT_ROW}={rows})"
        verdict = f'IF(inputs_changed>0,"–",IF(IFERROR({ok},FALSE),"PASS","FAIL"))'
        sheet.live(COLUMN_VERDICT_ROW, 2 + j, verdict, "verdict")


def _stream(sheet: Sheet, run: Run, checked: list[Quantity], numbers: Live) -> None:
    n, difference = len(checked), Difference()
    rows = f"$C{THIS}:{letter(1 + n)}{THIS}"
    verdict = f'IF(inputs_changed>0,"{CHANGED}",IF(MAX({rows})<=tolerance,"PASS","FAIL"))'
    columns = [Stream(sheet.style("cell", "whole", "center"), "0", f"A{ABOVE}+1")]
    columns.append(Stream(sheet.style("cell", "center"), verdict, verdict, given=False))
    for j in range(n):
        live, torch = (f"{letter(2 + k * n + j)}{THIS}" for k in (1, 2))
        formula = difference.formula(live, torch, f"{letter(2 + j)}${SCALE_ROW}")
        columns.append(Stream(sheet.style("cell", "relative"), formula, formula))
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
    whole, each = ((row - 1, 1, row - 1, to) for row, to in ((VERDICT_ROW, 1), (COLUMN_VERDICT_ROW, right)))
    changed = f"C${INPUT_ROW + 3}"
    data, verdicts = (FIRST_ROW - 1, 2, last, right), (FIRST_ROW - 1, 1, last, 1)
    colour_words(sheet, whole)
    colour_words(sheet, each)
    rules = [
        (whole, "inputs_changed>0", "note"),
        ((INPUT_ROW - 1, 2, INPUT_ROW + 2, right), f"AND(ISNUMBER({changed}),{changed}<>0)", "note"),
        (data, "inputs_changed>0", "faded"),  # differences from numbers that hold for other inputs
        (data, f"AND(inputs_changed=0,OR(ISERROR(C{FIRST_ROW}),C{FIRST_ROW}>tolerance))", "fail"),
        ((FIRST_ROW - 1, 0, last, 1), f'$B{FIRST_ROW}="FAIL"', "fail"),
        (verdicts, f'$B{FIRST_ROW}="PASS"', "pass"),
        (verdicts, f'$B{FIRST_ROW}="{CHANGED}"', "note"),
        ((HEADER_ROW - 1, 2, HEADER_ROW - 1, right), f'C${COLUMN_VERDICT_ROW}="FAIL"', "fail"),
    ]
    for area, test, look in rules:
        colour(sheet, area, test, look)
