"""The lower part of Ideas: the words and symbols with their numbers, and what to try, each with what is then seen."""

from __future__ import annotations

from collections.abc import Sequence

from sheetgen.cells.cell import Cell
from sheetgen.cells.text import number
from sheetgen.writer.book import Formula, Sheet, Value
from sheetgen.writer.digits import scientific, spoken
from sheetgen.writer.plan import NETWORK
from sheetgen.writer.sheets.common import heads, line, merge
from sheetgen.writer.sheets.one_weight import OneWeight, stem
from sheetgen.writer.sheets.rates_told import too_long

ROWS, ROW = 10, 21  # of both tables; pixels
TRY = "try this", "what you see, and why"
NEAR, FAR = 0.1, 100_000  # half the width of a picture seen from near; a weight that is far off
Pairs = Sequence[tuple[Value, Value]]
MAKES = {
    "sigmoid": "the sigmoid of {}",
    "tanh": "the tanh of {}",
    "relu": "{}, or 0 if that is less",
    "identity": "{} itself",
}
SATURATED = (
    "The curve is flat: the unit answers the same whatever {name} is. Its slope is 0, or nearly, and so is the step: "
    "a unit that is driven so far hardly learns."
)
DISTANT = {
    "sigmoid": SATURATED,
    "tanh": SATURATED,
    "relu": "Where its sum is below 0 this unit is off: it answers 0, its curve is flat, and it does not learn. Where "
    "it is on, E grows with the square of the distance.",
    "identity": "E grows with the square of the distance, and the slope with the distance: the further off, the longer "
    "the step. Too long a one leaps over the valley.",
}  # by the activation of the output


def write(sheet: Sheet, row: int, columns: tuple[int, int, int], weight: OneWeight) -> None:
    """Write both tables; `columns` are the first of the symbols, the first of what to try, and the last."""
    first, middle, last = columns
    for k in range(row, row + 1 + ROWS):
        sheet.set_row_pixels(k - 1, ROW + 3 * (k == row))
    what = "what it is, in sample 1" if weight.count > 1 else "what it is"
    heads(sheet, row, first, ["symbol", None], "l", "body", "indent")
    heads(sheet, row, first + 2, [what, *[None] * (middle - first - 4)], "l", "body")
    heads(sheet, row, middle - 1, ["now"], "c", "body")
    for k, (symbol, text, at) in enumerate(_symbols(weight), row + 1):
        line(sheet, k, symbol, first, first + 1, "cell", "body", "bold", "indent")
        line(sheet, k, text, first + 2, middle - 2, "cell", "body")
        shown = f'IF({weight.at["state"]}="",IFERROR(({at})^1,"–"),"–")'
        sheet.live(k, middle - 1, shown, "cell", "body", "ten thousandth", "center")
    scientific(sheet, (row, middle - 1, row + ROWS - 1, middle - 1), "number", look="beyond, short")
    tries(sheet, row, (middle, middle + 2, last), _experiments(weight))


def tries(sheet: Sheet, row: int, columns: tuple[int, int, int], pairs: Pairs, titles: tuple[str, str] = TRY) -> None:
    """A table of what to do and what is then seen, two rows for each; from two columns on, as far as the third."""
    do, see, last = columns
    heads(sheet, row, do, [titles[0], *[None] * (see - do - 1)], "l", "body", "indent")
    heads(sheet, row, see, [titles[1], *[None] * (last - see)], "l", "body")
    for k, texts in enumerate(pairs):
        for left, right, text, look in ((do, see - 1, texts[0], ("bold", "indent")), (see, last, texts[1], ())):
            at = row + 1 + 2 * k
            merge(sheet, (at - 1, left, at, right), "cell", "body", "broken", *look)
            sheet.put(at, left, text, "cell", "body", "broken", *look)


def _symbols(weight: OneWeight) -> list[tuple[str, str, str | None]]:
    """A symbol, what it is, and the formula of its number: in the order of the forward pass, then of the update."""
    run, net, at = weight.run, weight.run.program.network, weight.at
    first = {key: at[key].split(":")[0] for key in ("x", "h", "a", "t")}  # of the first sample
    slope = f"a gradient: how steep E is along {weight.name}"
    if weight.count > 1:
        slope = "a gradient: the slope of E, all samples added"
    bias = ", and a bias" if run.program.spec.biases else ""
    made = [MAKES[name] for name in run.program.spec.activations]
    x, o, a, t = (stem(c[0, 0]) for c in (weight.before, weight.out.h, weight.out.a, net.targets))
    found: list[tuple[str, str, str | None]] = [
        (stem(net.inputs[0, 0]), "an input: what the network is shown", weight.place(net.inputs[0, 0]))
    ]
    if len(net.layers) > 1:
        h: Cell = net.layers[-2].h[0, 0]
        found += [
            (stem(h), f"a sum: what comes in, times its weights{bias}", weight.place(h)),
            (x, f"what the unit passes on: {made[-2].format(stem(h))}", first["x"]),
        ]
    return [
        *found,
        (weight.name, f"a weight: how much {x} counts in {o}", at["w"]),
        (o, "the sum of an output unit", first["h"]),
        (a, f"the answer: {made[-1].format(o)}", first["a"]),
        (t, "the target: what the answer should be", first["t"]),
        ("E, E_total", "the error: every ½(t − a)², added up", at["E"]),
        ("η, eta", "the learning rate: how far a step goes", at["rate"]),
        (f"dE/d{weight.name}", slope, at["slope"]),
    ]


def _experiments(weight: OneWeight) -> Pairs:
    """What to do, and what is then seen and why; true for any network and any inputs."""
    name, there, here = weight.name, weight.at["slope there"], weight.at["slope"]
    compared = (
        f'IF(ABS({there})>ABS({here}),"steeper than now: a longer step",IF(ABS({there})<ABS({here}),'
        f'"flatter than now: a shorter step","as steep as now: as long a step"))'
    )
    steeper = (
        "There dE/d"
        + name
        + " is {slope}, {compared}. With one and the same η, steps are long on the slopes and short near the bottom."
    )
    distant = DISTANT[weight.run.program.spec.activations[-1]].format(name=name)
    hand = "E goes from {E} to {after}. Then type the number that box 3 tells, again and again: that is training."
    told = {"slope": weight.text["slope there"], "compared": compared, "E": weight.text["E"],
            "after": weight.text["E after"], "next": weight.text["next"]}  # fmt: skip
    return [
        (live(weight, f"1  Type {{next}} as {name}: an update by hand", told), live(weight, hand, told)),
        (f"2  Type {weight.elsewhere} as {name}", live(weight, steeper, told)),
        (Formula(f'"3  Type "&{NEAR}&" for what the picture shows"'),
         "The curve turns into its tangent: from near, a smooth curve is straight. So the slope foretells what a small "
         "step does to E."),
        (f"4  Type {FAR} as {name}", distant),
        _leap(weight),
    ]  # fmt: skip


def _leap(weight: OneWeight) -> tuple[Value, Value]:
    """The last of them: a rate at which the first update leaps over the valley, if there is one; else a longer one."""
    rate = too_long(weight.run)
    if rate is None:
        text = "Every step is ten times as long. Does E still fall? Boxes 3 and 4 tell; if it rises, the step leapt"
        return f"5  On {NETWORK}, type ten times the learning rate", f"{text} over the valley."
    text = "The first update is so long a step that it leaps over the valley, and E rises: box 4 tells. A smaller"
    return Formula(f'"5  On {NETWORK}, type "&{number(rate)}&" as learning_rate"'), f"{text} learning rate mends it."


def live(weight: OneWeight, sentence: str, places: dict[str, str]) -> Formula:
    """A sentence with live numbers, or in its place why there are none."""
    why = weight.at["state"]
    return Formula(f'IF({why}="",{spoken(sentence, places)},"Nothing to tell: "&{why}&".")')
