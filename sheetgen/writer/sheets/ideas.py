"""Ideas: one screen before the numbers: what E is, what a gradient is, why it is subtracted, and the chain rule."""

from __future__ import annotations

from typing import NamedTuple

from sheetgen.cells.cell import Cell, backward, identity
from sheetgen.cells.text import TEXTBOOK, show
from sheetgen.writer import style
from sheetgen.writer.book import Book, Formula, Link, Sheet, Value
from sheetgen.writer.digits import scientific, spoken
from sheetgen.writer.plan import IDEAS, NETWORK, TRAINING, Run
from sheetgen.writer.sheets import glossary
from sheetgen.writer.sheets.common import Box, InputRule, across, limit, line, lock, merge, opened
from sheetgen.writer.sheets.one_weight import OneWeight, stem, wide
from sheetgen.writer.sheets.slope import Line, Picture
from sheetgen.writer.style import Axes
from sheetgen.writer.trace import Trace

BOX = 28, 84, 118, 86, 10  # pixels: the columns of a box, the number's first, that keeps text off the border last
GAP, MIDDLE = 12, 97  # pixels: the columns between boxes and picture, and those of the picture
LEFT, CENTRE, RIGHT, WORKINGS = 0, 6, 13, 19  # the first columns of the boxes, of the picture, of the workings
TRY = CENTRE + 2  # the first column of what to try
TOP, ROWS = 5, 7  # the first row of the boxes; rows of one, with the gap below
HEAD, BODY, APART = 24, 22, 8  # pixels: the heights of its rows
TYPED, WIDE = "$I$5", "$I$6"  # the weight, and half the picture's width

SUBTITLE = (
    "Five ideas and a note, and the rest is arithmetic. Type over the two yellow cells and watch; the symbols are "
    "explained below."
)


class Idea(NamedTuple):
    """A box: its headline, its sentence, its result, and the colour of what it tells of in the picture."""

    title: str
    text: Value
    result: Value
    colour: str = ""
    code: bool = False


def write(book: Book, run: Run, training: Trace) -> None:
    """Write the sheet Ideas."""
    sheet = opened(book, IDEAS, "How does a network learn? By going downhill", SUBTITLE)
    sheet.link(3, RIGHT + 3, Link.to(NETWORK, "Network →", "On to the numbers"), "right")
    widths = {CENTRE - 1: GAP, RIGHT - 1: GAP, WORKINGS - 1: 4 * GAP}
    widths |= {first + k: width for first in (LEFT, RIGHT) for k, width in enumerate(BOX)}
    for column in range(WORKINGS):
        sheet.set_column_pixels(column, column, widths.get(column, MIDDLE))
    sheet.set_column(WORKINGS, WORKINGS, 40)
    sheet.set_column(WORKINGS + 1, WORKINGS + 3 + run.program.spec.samples, 14)
    sheet.set_row_pixels(TOP - 2, 6)
    for k in range(3 * ROWS):
        sheet.set_row_pixels(TOP - 1 + k, {0: HEAD, ROWS - 1: APART}.get(k % ROWS, BODY))
    weight = OneWeight(sheet, run, training, (TOP, WORKINGS), (TYPED, WIDE))
    _typing(sheet, run, weight)
    ideas = (_error(run, weight), _gradient(weight), _downhill(weight), _update(run, weight), None, _guard(run))
    for k, idea in enumerate(ideas):
        place = TOP + ROWS * (k % 3), LEFT if k < 3 else RIGHT
        if idea:
            _box(sheet, place, k + 1 if k < len(ideas) - 1 else "+", idea)
        else:
            _chain(sheet, place, k + 1, weight)
    _picture(book, sheet, weight)
    below = TOP + 3 * ROWS
    glossary.write(sheet, below, (LEFT, TRY, WORKINGS - 2), weight)
    sheet.print_area(0, 0, below + glossary.ROWS - 1, WORKINGS - 2)
    sheet.fit_to_pages(1, 1)
    lock(sheet)


def _typing(sheet: Sheet, run: Run, weight: OneWeight) -> None:
    """The two yellow cells above the picture, each with its sentence."""
    value = run.program.initial[weight.weight]
    rows = (
        (f"type a weight {weight.name}", value, '"try "&1&", 2, 3: the tangent moves along the curve"'),
        ("picture shows ±", wide(run, weight.weight), '"to both sides; "&0.1&" shows it from near"'),
    )
    for row, (before, number, after) in enumerate(rows, TOP):
        line(sheet, row, None, CENTRE, CENTRE, "bold", "right")
        sheet.put(row, CENTRE + 1, before, "bold", "right")
        sheet.put(row, CENTRE + 2, number, "input", "general", "center", "bold")
        sheet.live(row, CENTRE + 3, after, "muted", "indent")
    hints = (
        ("decimal", (-1e6, 1e6), "A weight to try", "Any number: the picture is about this one, no other sheet is."),
        ("decimal", (1e-6, 1e6), "Half the width", "A number above 0: how far the picture goes to both sides."),
    )
    scientific(sheet, (TOP - 1, CENTRE + 2, TOP, CENTRE + 2), "general", look="beyond, typed")
    for row, (kind, ends, title, text) in enumerate(hints, TOP - 1):
        rule = InputRule(kind, ends, None, (title, text), ("Not such a number", text))
        limit(sheet, (row, CENTRE + 2, row, CENTRE + 2), rule)


def _box(sheet: Sheet, at: tuple[int, int], number: Value, idea: Idea) -> None:
    row, column = at
    _frame(sheet, at, number, idea.title, idea.colour)
    merge(sheet, (row, column, row + ROWS - 4, column + 3), "side, left")
    sheet.put(row + 1, column, idea.text, "body", "broken", "side, left", "indent")
    merge(sheet, (row + ROWS - 3, column, row + ROWS - 3, column + 3), "side, left", "floor")
    look = ("code",) if idea.code else ("result", *([f"ink, {idea.colour}"] if idea.colour else []))
    sheet.put(row + ROWS - 2, column, idea.result, *look, "side, left", "floor", "indent")


def _frame(sheet: Sheet, at: tuple[int, int], number: Value, title: str, colour: str) -> None:
    """The headline of a box, and its right side."""
    row, column = at
    sheet.put(row, column, number, "chip", *([f"chip, {colour}"] if colour else []))
    across(sheet, row, column + 1, [title, None, None], "headline")
    sheet.put(row, column + 4, None, "headline", "side, right")
    for k in range(1, ROWS - 1):
        sheet.put(row + k, column + 4, None, "side, right", *(["floor"] if k == ROWS - 2 else []))


def _told(weight: OneWeight, sentence: str, state: str = "state", brief: bool = False, **more: str) -> Formula:
    """A sentence with live numbers, or in its place why there are none; `brief`: a dash."""
    places = {key.replace(" ", "_"): at for key, at in (weight.at | weight.text).items()} | more
    why = weight.at[state]
    otherwise = '"–"' if brief else f'"Nothing to tell: "&{why}&"."'
    return Formula(f'IF({why}="",{spoken(sentence, places)},{otherwise})')


def _error(run: Run, weight: OneWeight) -> Idea:
    n, outputs = run.program.spec.samples, run.program.spec.layers[-1]
    parts = [*(["outputs"] * (outputs > 1)), *([f"{n} samples"] * (n > 1))]
    added = f" It is added up over all {' and '.join(parts)}." if parts else ""
    o, name = weight.out.h[0, 0].name, weight.name
    others = f" Its bottom is not 0 if other outputs err: {name} feeds {o} alone." if outputs > 1 == n else ""
    text = (
        f"The network answers a, and t is the target. The error E is half the squared distance, ½·(t − a)².{added} 0 "
        f"is perfect. The curve shows E for every {weight.name}.{others}"
    )
    result = _told(weight, f"E = {{E}} at {weight.name} = {{w}}", brief=True)
    return Idea("E says how wrong the network is", text, result, "curve")


def _gradient(weight: OneWeight) -> Idea:
    slope, name = weight.at["slope"], weight.name
    moves = (
        f'IF({slope}=0,"so a little more or less of {name} hardly changes E.",'
        f'"so {name} up by "&0.1&IF({slope}>0," raises"," lowers")&" E by about "&{weight.text["up"]}&".")'
    )
    text = (
        "It is the slope of the tangent, the line that touches the curve: rise over run of the dotted triangle. Here "
        "it is {slope}, {moves}"
    )
    result = _told(weight, f"dE/d{name} = {{slope}}", brief=True)
    return Idea("A gradient is a slope", _told(weight, text, moves=moves), result, "slope")


def _downhill(weight: OneWeight) -> Idea:
    slope, name = weight.at["slope"], weight.name
    places = {key.replace(" ", "_"): at for key, at in (weight.at | weight.text).items()}
    way = f'IF({slope}>0,"E rises to the right, so step to the left","E falls to the right, so step to the right")'
    steep = (
        "{way}: minus the slope. How far? η = {rate}, the learning rate. It takes E from {E} to {E_after}: it "
        "{words_of_the_step}."
    )
    flat = f"The curve is flat here: the slope is 0, and η times 0 is no step, however large η is. {name} stays, and E."
    told = f'IF({slope}=0,"{flat}",{spoken(steep, {**places, "way": way})})'
    result = _told(weight, f"{name}: {{w}} − {{rate}} · {{slope_in_brackets}} = {{next}}", brief=True)
    return Idea("Minus η times the gradient", _told(weight, "{told}", told=told), result, "step")


def _update(run: Run, weight: OneWeight) -> Idea:
    steps = run.program.spec.steps
    many = f"; after {steps:,} it is {{En}}" if steps > 1 else ""
    text = (
        f"Every weight has a slope of its own. An update moves them all at once, each by −η times its slope. On "
        f"{TRAINING} the first takes E from {{E0}} to {{E1}}{many}."
    )
    result = _told(weight, "E {words_of_the_update}", "missing", brief=True)
    return Idea("One update moves all weights", _told(weight, text, "missing"), result)


def _chain(sheet: Sheet, at: tuple[int, int], number: int, weight: OneWeight) -> None:
    """The chain rule as a table: three factors and their product, those of the first sample of a batch."""
    row, column = at
    _frame(sheet, at, number, "The chain rule: slopes multiply", "")
    net = weight.run.program.network
    hidden = len(net.layers) > 1
    x, h, a, e = (c[0, 0] for c in (weight.before, weight.out.h, weight.out.a, net.errors))
    way = [net.inputs[0, 0], *(["…"] if len(net.layers) > 2 else []), *([net.layers[-2].h[0, 0], x] if hidden else [])]
    steps = [" → ".join(c if isinstance(c, str) else stem(c) for c in part) for part in (way, (h, a, e))]
    sheet.put(row + 1, column, f" –{weight.name}→ ".join(steps), "body", "bold", "side, left", "indent")
    lines: tuple[tuple[str, Cell, Cell, str, str], ...] = (
        ("", e, a, _words(backward(e)[a]), "dE/da"),
        ("×", a, h, _words(backward(a)[h]), "da/dh"),
        ("×", h, weight.weight, _words(x), "x"),
        ("=", e, weight.weight, "the slope" if weight.count == 1 else f"sample 1 of {weight.count}", "dE/dw"),
    )
    for k, (sign, y, of, words, key) in enumerate(lines, row + 2):
        look = ("floor",) if sign == "=" else ()
        bold = ("bold", "ink, slope") if sign == "=" else ()
        sheet.put(k, column, sign or None, "center", "bold", "side, left", *look)
        sheet.put(k, column + 1, f"d{stem(y)}/d{stem(of)}", "body", *look, *bold)
        sheet.put(k, column + 2, words, "body", *look, *bold)
        first = weight.at[key].split(":")[0]
        sheet.live(k, column + 3, f'IF(ISNUMBER({first}),{first},"–")', "body", "millionth", "right", *look, *bold)
    scientific(sheet, (row + 1, column + 3, row + 4, column + 3), "number", look="beyond, short")


def _words(c: Cell) -> str:
    """A derivative in words, of whatever sample."""
    named = lambda x: stem(x) if x.name else None  # noqa: E731
    return show(identity(c) if c.name else c, named, TEXTBOOK)


GUARDS = {
    "sigmoid": Idea(
        "Note: why IF(h < −700, …)",
        "A unit squashes its sum h to 0…1: the sigmoid, 1/(1 + EXP(−h)). Beyond 709 EXP is #NUM! in Excel. Below −700 "
        "the sigmoid is 0 to 300 digits, so formulas ask first.",
        "IF(h<-700, 0, 1/(1+EXP(-h)))",
        code=True,
    ),
    "relu": Idea(
        "Note: why IF(h > 0, h, 0)",
        "A ReLU lets pass what is above 0 and makes the rest 0: its slope is 1 or 0. With too long steps its numbers "
        "outgrow every cell; formulas then say “diverged”, not #NUM!.",
        "IF(h>0, h, 0)",
        code=True,
    ),
    "tanh": Idea(
        "Note: why TANH(h) needs no IF",
        "EXP(710) is #NUM! in Excel, but TANH never fails. Far from 0 it is 1 or −1, and there its slope, 1 − a², is "
        "0: such a unit is saturated and hardly learns.",
        "TANH(h), slope 1 − TANH(h)^2",
        code=True,
    ),
    "identity": Idea(
        "Note: why cells can say “diverged”",
        "A linear unit passes h on, and nothing bounds it. With too long steps E and the weights outgrow every cell: "
        "Excel would show #NUM!. The formulas say “diverged”.",
        'IFERROR(…, "diverged")',
        code=True,
    ),
}  # in the order in which they matter


def _guard(run: Run) -> Idea:
    """What is done against numbers that no cell holds, for the first of a network's activations that needs it."""
    return next(idea for name, idea in GUARDS.items() if name in run.program.spec.activations)


def _picture(book: Book, sheet: Sheet, weight: OneWeight) -> None:
    picture = Picture(sheet, f"How E depends on one weight, {weight.name}", Axes(weight.name, "E"))
    curve, tangent, step = weight.names
    picture.ticks(weight.ticks, WORKINGS)
    picture.line(Line(curve, *weight.curve, style.CURVE, 2.5))
    picture.line(Line(tangent, *weight.tangent, style.SLOPE, 2.25))
    picture.line(Line("", *weight.triangle, style.SLOPE, 1, "round_dot"))
    picture.line(Line(step, *weight.step, style.STEP, 3.5))
    picture.label(weight.head, WORKINGS, "center", style.STEP)
    picture.point(weight.point, style.INK)
    picture.label(weight.here, WORKINGS, "above", style.INK)
    size = 6 * MIDDLE, 3 * (HEAD + 5 * BODY + APART) - HEAD - BODY - APART - 6
    text = (
        f"Line chart: E against {weight.name}, the tangent at the weight that is typed, the triangle of its slope, and "
        "one step downhill."
    )
    picture.place(weight.nothing, WORKINGS, Box((TOP + 1, CENTRE), (0, 6), size), text)
