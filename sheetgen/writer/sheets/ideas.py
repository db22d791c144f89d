"""Ideas: one screen before the numbers: what E is, what a gradient is, why it is subtracted, and the chain rule."""

from __future__ import annotations

from typing import NamedTuple

from sheetgen.cells.cell import Cell, backward, identity
from sheetgen.cells.text import TEXTBOOK, show
from sheetgen.writer import style
from sheetgen.writer.book import Book, Formula, Link, Sheet, Value
from sheetgen.writer.digits import scientific, spoken
from sheetgen.writer.plan import IDEAS, NETWORK, TRAINING, Run
from sheetgen.writer.sheets.common import Box, InputRule, across, limit, line, lock, merge, opened
from sheetgen.writer.sheets.one_weight import OneWeight, stem, wide
from sheetgen.writer.sheets.slope import Line, Picture
from sheetgen.writer.style import Axes
from sheetgen.writer.trace import Trace

CHIP, TEXT, GAP, MIDDLE = 28, 98, 12, 97  # pixels: the widths of columns
LEFT, CENTRE, RIGHT, WORKINGS = 0, 5, 12, 17  # the first columns of the boxes, of the picture, of the workings
TOP, ROWS = 5, 7  # the first row of the boxes; rows of one, with the gap below
HEAD, BODY = 24, 22  # pixels: the heights of its rows
TYPED, WIDE = "$H$5", "$H$6"  # the weight, and half the picture's width

SUBTITLE = (
    "Six ideas, and the rest is arithmetic. Type over the yellow cells and watch; then go on to the sheet Network."
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
    sheet = opened(book, IDEAS, "Ideas: how a network learns, in one picture", SUBTITLE)
    sheet.link(3, RIGHT + 3, Link.to(NETWORK, "Network →", "On to the numbers"), "right")
    for column in range(WORKINGS):
        wide = {LEFT: CHIP, RIGHT: CHIP, CENTRE - 1: GAP, RIGHT - 1: GAP, WORKINGS - 1: 4 * GAP}
        width = wide.get(column, MIDDLE if CENTRE <= column < RIGHT else TEXT)
        sheet.set_column_pixels(column, column, width)
    sheet.set_column(WORKINGS, WORKINGS, 40)
    sheet.set_column(WORKINGS + 1, WORKINGS + 2 + run.program.spec.samples, 14)
    sheet.set_row_pixels(TOP - 2, 6)
    for k in range(3):
        for row in range(ROWS):
            sheet.set_row_pixels(TOP - 1 + ROWS * k + row, HEAD if row == 0 else BODY if row < ROWS - 1 else 8)
    weight = OneWeight(sheet, run, training, (TOP, WORKINGS), (TYPED, WIDE))
    _typing(sheet, run, weight)
    ideas = (_error(run, weight), _gradient(weight), _downhill(weight), _update(run, weight), None, _guard(run))
    for k, idea in enumerate(ideas):
        place = TOP + ROWS * (k % 3), LEFT if k < 3 else RIGHT
        if idea:
            _box(sheet, place, k + 1, idea)
        else:
            _chain(sheet, place, k + 1, weight)
    _picture(book, sheet, weight)
    sheet.print_area(0, 0, TOP + 3 * ROWS - 2, WORKINGS - 2)
    lock(sheet)


def _typing(sheet: Sheet, run: Run, weight: OneWeight) -> None:
    """The two yellow cells above the picture, each with its sentence."""
    value = run.program.initial[weight.weight]
    rows = (
        (f"type a weight {weight.name}", value, '"and the tangent moves along the curve"'),
        ("picture shows ±", wide(run, weight.weight), '"type "&0.1&": zoomed in, the curve is its tangent"'),
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


def _box(sheet: Sheet, at: tuple[int, int], number: int, idea: Idea) -> None:
    row, column = at
    _headline(sheet, at, number, idea.title, idea.colour)
    last = column + 3
    merge(sheet, (row, column, row + ROWS - 4, last), "broken", "left", "sides")
    sheet.put(row + 1, column, idea.text, "broken", "left", "sides")
    merge(sheet, (row + ROWS - 3, column, row + ROWS - 3, last), "sides", "floor")
    look = ("code",) if idea.code else ("result", *([f"ink, {idea.colour}"] if idea.colour else []))
    sheet.put(row + ROWS - 2, column, idea.result, *look, "sides", "floor")


def _headline(sheet: Sheet, at: tuple[int, int], number: int, title: str, colour: str) -> None:
    row, column = at
    sheet.put(row, column, number, "chip", *([f"chip, {colour}"] if colour else []))
    across(sheet, row, column + 1, [title, None], "headline")
    sheet.put(row, column + 3, None, "headline", "side, right")


def _told(weight: OneWeight, sentence: str, state: str = "state", brief: bool = False, **more: str) -> Formula:
    """A sentence with live numbers, or in its place why there are none; `brief`: a dash."""
    places = {key.replace(" ", "_"): at for key, at in (weight.at | weight.text).items()} | more
    why = weight.at[state]
    otherwise = '"–"' if brief else f'"Nothing to tell: "&{why}&"."'
    return Formula(f'IF({why}="",{spoken(sentence, places)},{otherwise})')


def _error(run: Run, weight: OneWeight) -> Idea:
    n, outputs = run.program.spec.samples, run.program.spec.layers[-1]
    each = "each output" if outputs > 1 else "the output"
    over = " and ".join([*(["outputs"] * (outputs > 1)), *([f"{n} samples"] * (n > 1))])
    added = f"E adds them up, for all {over}" if over else "That is E"
    text = (
        f"The network answers a, and the target t is what is right. For {each} take half the square of the distance, "
        f"½·(t − a)². {added}; 0 is perfect. The curve is E for every {weight.name}."
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
        "The gradient is the slope of the tangent, the straight line that touches the curve: rise divided by run of "
        "the dotted triangle. Here it is {slope}, {moves}"
    )
    result = _told(weight, f"dE/d{name} = {{slope}}", brief=True)
    return Idea("A gradient is a slope", _told(weight, text, moves=moves), result, "slope")


def _downhill(weight: OneWeight) -> Idea:
    slope, name = weight.at["slope"], weight.name
    way = (
        f'IF({slope}>0,"E rises to the right, so step to the left",IF({slope}<0,"E falls to the right, so step to the '
        f'right","The curve is flat here, so there is no step"))'
    )
    text = (
        "{way}: minus the slope. The learning rate η = {rate} says how far. One step on this curve takes E from {E} to "
        "{E_after}: it {words_of_the_step}."
    )
    result = _told(weight, f"{name}: {{w}} − {{rate}} · {{slope_in_brackets}} = {{next}}", brief=True)
    return Idea("Minus η times the gradient", _told(weight, text, way=way), result, "step")


def _update(run: Run, weight: OneWeight) -> Idea:
    steps = run.program.spec.steps
    many = f" After {steps:,} updates it is {{En}}." if steps > 1 else ""
    text = (
        "A gradient holds one slope for every weight, and an update moves all weights at once, each by −η times its "
        f"own slope. On {TRAINING} the first update takes E from {{E0}} to {{E1}}.{many}"
    )
    result = _told(weight, "E {words_of_the_update}", "missing", brief=True)
    return Idea("One update moves all weights", _told(weight, text, "missing"), result)


def _chain(sheet: Sheet, at: tuple[int, int], number: int, weight: OneWeight) -> None:
    """The chain rule as a table: three factors and their product, those of the first sample of a batch."""
    row, column = at
    _headline(sheet, at, number, "The chain rule: slopes multiply", "")
    net = weight.run.program.network
    x, h, a, e = (c[0, 0] for c in (weight.before, weight.out.h, weight.out.a, net.errors))
    merge(sheet, (row, column, row, column + 3), "sides", "muted")
    told = f"{weight.name} moves {h.name}, that moves {a.name}, that moves {e.name}:"
    if weight.count > 1:
        sum_up = f"of sample 1; the slopes of all {weight.count} samples add up to {{slope}}:"
        sheet.put(row + 1, column, _told(weight, sum_up), "sides", "muted")
    else:
        sheet.put(row + 1, column, told, "sides", "muted")
    lines: tuple[tuple[str, Cell, Cell, str, str], ...] = (
        ("", e, a, _words(backward(e)[a]), "dE/da"),
        ("×", a, h, _words(backward(a)[h]), "da/dh"),
        ("×", h, weight.weight, _words(x), "x"),
        ("=", e, weight.weight, "the slope" if weight.count == 1 else "of sample 1", "dE/dw"),
    )
    for k, (sign, y, of, words, key) in enumerate(lines, row + 2):
        look = ("floor",) if sign == "=" else ()
        bold = ("bold", "ink, slope") if sign == "=" else ()
        sheet.put(k, column, sign or None, "center", "bold", "side, left", *look)
        sheet.put(k, column + 1, f"d{stem(y)}/d{stem(of)}", *look, *bold)
        sheet.put(k, column + 2, words, *look, *bold)
        first = weight.at[key].split(":")[0]
        sheet.live(k, column + 3, first, "millionth", "right", "indent", "side, right", *look, *bold)
    scientific(sheet, (row + 1, column + 3, row + 4, column + 3), "number", look="beyond, short")


def _words(c: Cell) -> str:
    """A derivative in words, of whatever sample."""
    named = lambda x: stem(x) if x.name else None  # noqa: E731
    return show(identity(c) if c.name else c, named, TEXTBOOK)


GUARDS = {
    "sigmoid": Idea(
        "Why IF(h < −700, …)",
        "A unit squashes its sum h to between 0 and 1 by the sigmoid, 1/(1 + EXP(−h)). Beyond 709 no cell holds EXP: "
        "Excel shows #NUM!. Below h = −700 the sigmoid is 0 to 300 digits, so formulas ask first.",
        "IF(h<-700, 0, 1/(1+EXP(-h)))",
        code=True,
    ),
    "relu": Idea(
        "Why IF(h > 0, h, 0)",
        "A ReLU lets what is above 0 pass and makes the rest 0: its slope is 1 or 0. Nothing bounds it. If the steps "
        "are too long, its numbers outgrow every cell; formulas then say “diverged”, not #NUM!.",
        "IF(h>0, h, 0)",
        code=True,
    ),
    "tanh": Idea(
        "Why TANH(h) needs no IF",
        "Some functions fail for large numbers: EXP(710) is #NUM! in Excel. TANH never does. Far from 0 it is 1 or −1, "
        "and there its slope, 1 − a², is 0: such a unit is saturated and hardly learns.",
        "TANH(h), slope 1 − TANH(h)^2",
        code=True,
    ),
    "identity": Idea(
        "Why some cells can say “diverged”",
        "A linear unit passes h on as it is, and nothing bounds it. If the steps are too long, E and the weights grow "
        "until no cell can hold them: Excel would show #NUM!. The formulas say “diverged” in its place.",
        'IFERROR(…, "diverged")',
        code=True,
    ),
}  # in the order in which they matter


def _guard(run: Run) -> Idea:
    """What is done against numbers that no cell holds, for the first of a network's activations that needs it."""
    return next(idea for name, idea in GUARDS.items() if name in run.program.spec.activations)


def _picture(book: Book, sheet: Sheet, weight: OneWeight) -> None:
    picture = Picture(book, sheet, f"How E depends on one weight, {weight.name}", Axes(weight.name, "E"))
    curve, tangent, step = weight.names
    picture.line(Line(curve, *weight.curve, style.CURVE, 2.5))
    picture.line(Line(tangent, *weight.tangent, style.SLOPE, 2.25))
    picture.line(Line("", *weight.triangle, style.SLOPE, 1, "round_dot"))
    picture.line(Line(step, *weight.step, style.STEP, 3.5))
    picture.label(weight.head, WORKINGS, "center", style.STEP)
    picture.point(weight.point, style.INK)
    picture.label(weight.here, WORKINGS, "above", style.INK)
    size = 6 * MIDDLE, 3 * (HEAD + 5 * BODY + 8) - HEAD - BODY - 14
    text = (
        f"Line chart: E against {weight.name}, the tangent at the weight that is typed, the triangle of its slope, and "
        "one step downhill."
    )
    picture.place(weight.nothing, WORKINGS, Box((TOP + 1, CENTRE), (0, 6), size), text)
