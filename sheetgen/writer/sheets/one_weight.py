"""E as a function of one weight into the outputs, in cells: the curve, its slope by the chain rule, one step downhill.

Only one output depends on such a weight: o = w*x + the rest. All that stands before it is row 0 of Training.
"""

from __future__ import annotations

import math

from sheetgen.cells.cell import Cell, Evaluator, add, backward, half_squared_error, identity, mul, variable
from sheetgen.cells.text import show
from sheetgen.writer.book import Sheet
from sheetgen.writer.plan import TRAINING, Run
from sheetgen.writer.sheets.choosers import MISSING
from sheetgen.writer.sheets.common import heads, section
from sheetgen.writer.sheets.slope import RUN, Ledger, lower, per_cent, reach, straight
from sheetgen.writer.trace import DIVERGED, FIRST_ROW, Trace, letter

WIDTHS = 6.0, 12.0, 25.0, 50.0, 100.0  # half the picture's width: the first in which E changes by SEEN of its most
SEEN = 0.4
POINTS = 41  # of the curve: an odd number, so that its middle is one
INSIDE = 0.95  # of half the picture's width: a weight further from the network's own moves the picture
ASIDE = 0.1  # of it: how far its label stands from a point, on the side where the curve is lower
ARROW = 0.8  # of half the picture's width: the most that a step is drawn long
NONE = "1/0"  # what is guarded


class OneWeight(Ledger):
    """The workings of Ideas, from (row, column) on: numbers by their keys, ranges of what is drawn, texts of it.

    `typed` and `width` are the cells for the weight and for half the picture's width.
    """

    def __init__(self, sheet: Sheet, run: Run, training: Trace, at: tuple[int, int], inputs: tuple[str, str]):
        super().__init__(sheet, at[0] + 1, at[1])
        self.run, self.training = run, training
        net = run.program.network
        self.out = net.layers[-1]
        self.before = net.layers[-2].a if len(net.layers) > 1 else net.inputs  # (samples, units)
        self.count = run.program.spec.samples
        self.weight: Cell = self.out.weights[0, 0]
        self.name = self.weight.name or ""
        title = "Workings: what the sentences and the picture of this page are made of"
        section(sheet, at[0], title, self.column, self.column + 2 + self.count)
        samples = [f"sample {s + 1}" for s in range(self.count)]
        heads(sheet, at[0] + 1, self.column, ("what", "number", "as text", *samples), "lc")
        self._inputs(*inputs)
        self._chain()
        self._step()
        self._training()
        self._picture()

    def _inputs(self, typed: str, width: str) -> None:
        at, own = self.at, self.run.names[self.weight]
        number = f'IF(ABS({typed})<=1000000,"","type −1,000,000 to 1,000,000")'
        missing = self.say("missing", "why nothing is trained", f'IF(row_number="{MISSING}",row_number,"")')
        state = f'IF({missing}="",IF(ISNUMBER({typed}),{number},"type a number"),{missing})'
        self.say("state", "why nothing is drawn", state)
        self.number("w", f"{self.name} as typed", typed, 4)
        self.number("rate", "learning rate η", "learning_rate", 4, brackets=True)
        usual = f"{wide(self.run, self.weight):g}"
        half = f"IF(ISNUMBER({width}),IF({width}>0,MIN({width},1000000),{usual}),{usual})"
        self.number("half", "half the picture's width", half)
        middle = f"IF(ABS({at['w']}-{own})<={INSIDE}*{at['half']},{own},{at['w']})"
        self.number("middle", "amid the picture", middle)

    def _chain(self) -> None:
        """The chain of slopes of every sample; E and its slope, which add them up."""
        net = self.run.program.network
        x, h, a, t, e = (stem(c[0, 0]) for c in (self.before, self.out.h, self.out.a, net.targets, net.errors))
        given = {
            "x": (x, [self.before[s, 0] for s in range(self.count)]),
            "rest": (f"the rest of {h}", [self._rest(s) for s in range(self.count)]),
            "t": (t, [net.targets[s, 0] for s in range(self.count)]),
            "others": ("errors of other outputs", [add(*net.errors[s, 1:]) for s in range(self.count)]),
        }
        for key, (about, cells) in given.items():
            self.samples(key, about, [show(identity(c), self.place) for c in cells])
        titles = {"h": h, "a": a, "e": e, "dE/da": f"d{e}/d{a}", "da/dh": f"d{a}/d{h}", "dE/dw": f"d{e}/d{self.name}"}
        for key, cell in self._lines().items():
            self.samples(key, titles[key], [self._text(cell, s, w=self.at["w"]) for s in range(self.count)])
        self.number("E", "E there", self._total(self.at["e"]), 4)
        slopes = self.at["dE/dw"]
        self.number("slope", f"its slope, dE/d{self.name}", f"IF(COUNT({slopes})={self.count},SUM({slopes}),{NONE})")

    def _lines(self) -> dict[str, Cell]:
        """The forward pass and the chain rule of one sample, each line by its key; E and its slope as one formula."""
        w, x, rest, t = map(variable, ("w", "x", "rest", "t"))
        h = mul(w, x) + rest
        a = h.named("h").apply(self.run.program.spec.activations[-1]).named("a")
        e = half_squared_error(t, a).named("e")
        by_a, by_h = backward(e)[a], backward(a)[h]
        by_w = mul(variable("dE/da"), variable("da/dh"), x)
        self.curve_of = half_squared_error(t, Cell(a.op, (Cell(h.op, h.args),)))
        self.slope_of = backward(self.curve_of)[w]
        return {"h": h, "a": a, "e": e, "dE/da": by_a, "da/dh": by_h, "dE/dw": by_w}

    def _rest(self, s: int) -> Cell:
        pairs = zip(self.out.weights[0, 1:], self.before[s, 1:], strict=True)
        return add(*(w * x for w, x in pairs), *self.out.biases[:1])

    def place(self, c: Cell) -> str | None:
        """Where a number of the network stands: its cell on Network, or row 0 of Training."""
        column = self.training.letters.get(id(c))
        return self.run.names.get(c) or (f"{TRAINING}!${column}${FIRST_ROW}" if column else None)

    def _text(self, c: Cell, s: int, w: str) -> str:
        """The formula of a line for one sample, with the weight at an address."""
        column = letter(self.column + 3 + s)
        places = {"w": w}
        for key in ("x", "rest", "t", "h", "a", "dE/da", "da/dh"):
            row = self.at.get(key, "").rpartition("$")[2]
            places[key] = f"{column}${row}"
        return show(c, lambda x: places.get(x.name or "") if x is not c else None)

    def _total(self, errors: str) -> str:
        """E: the errors of every sample at a weight, and those of the other outputs."""
        both = f"{errors},{self.at['others']}"
        return f"IF(COUNT({both})={2 * self.count},SUM({both}),{NONE})"

    def _step(self) -> None:
        at = self.at
        self.number("slope in brackets", "the same within a product", at["slope"], 3, brackets=True)
        self.number("up", f"what {self.name} + 0.1 adds to E, about", f"0.1*ABS({at['slope']})")
        self.number("step", "one step, −η times the slope", f"-{at['rate']}*{at['slope']}")
        power = f"INT(LOG10({ARROW}*{at['half']}/ABS({at['step']})))"
        self.number("power", "power of ten by which it is drawn longer", f"IF({at['step']}=0,0,{power})")
        self.number("next", f"{self.name} after the step", f"{at['w']}+{at['step']}", 4)
        error = stem(self.run.program.network.errors[0, 0])
        after = [self._text(self.curve_of, s, at["next"]) for s in range(self.count)]
        self.samples("after", f"{error} after the step", after)
        self.number("E after", "E after the step", self._total(at["after"]), 4)
        self._change("of the step", at["E"], at["E after"])
        self.elsewhere = steep(self.run, self.weight)
        there = [self._text(self.slope_of, s, f"{self.elsewhere:g}") for s in range(self.count)]
        slopes = self.samples("there", f"d{error}/d{self.name} at {self.elsewhere:g}", there)
        total = f"IF(COUNT({slopes})={self.count},SUM({slopes}),{NONE})"
        self.number("slope there", f"slope at {self.name} = {self.elsewhere:g}", total)

    def _training(self) -> None:
        """What the first update of Training does, and all of them: whatever weight is typed here."""
        drawn, self.at["state"] = self.at["state"], self.at["missing"]
        column = self.training.letters[id(self.run.program.network.loss)]
        for key, row in (("E0", FIRST_ROW), ("E1", FIRST_ROW + 1), ("En", self.run.last)):
            self.number(key, f"E after update {row - FIRST_ROW:,}", f"({TRAINING}!${column}${row})^1", 4)
        self._change("of the update", self.at["E0"], self.at["E1"])
        self.at["state"] = drawn

    def _change(self, what: str, before: str, after: str) -> None:
        """By how many per cent E has changed, as a number and in words."""
        change = f"IF({before}=0,0,100*ABS({after}-{before})/{before})"
        some = per_cent(self.number(f"change {what}", f"per cent, {what}", change, 2))
        rose = f'"rose by "&{some}&IF(learning_rate>0,": too long a step","")'
        words = f'IF({after}<{before},"fell by "&{some},IF({after}>{before},{rose},"did not change"))'
        known = f'IF(COUNT({before},{after})=2,{words},"{DIVERGED}")'
        self.say(f"words {what}", f"in words, {what}", f'IF({self.at["state"]}="",{known},{self.at["state"]})')

    def _picture(self) -> None:
        at, text, name = self.at, self.text, self.name
        first = self._curve()
        half, slope = at["half"], at["slope"]
        far = self.number("far", "how far the tangent goes", reach(at["curve"], half, slope))
        down = self.number("down far", "how far downhill", lower(at["E"], slope, far))
        self.number("down", "by how much it falls there", f"ABS({slope})*{down}")
        left = f"{half}+{at['w']}-{at['middle']}"
        self.axes(at["w"], (left, f"2*{half}-({left})"), f"ABS({slope})*{far}")
        self.curve = self._places(first)
        self.tangent = self.points("tangent", straight(slope, far, down))
        run = f"IF({slope}<0,-{RUN},{RUN})*{far}"
        self.triangle = self.points("run and rise", [("0", "0"), (run, "0"), (run, f"{slope}*{run}")])
        tip = f"{at['step']}*10^{at['power']}"
        self.step = self.points("step", [("0", "0"), (tip, "0")])
        self.point = self.points("the point", [("0", "0")])
        aside = f"-IF({slope}<0,-1,1)*{ASIDE}*{half}"
        self.points("", [(aside, "0")], f'IF({at["ok"]}=1,"{name} = "&{text["w"]}," ")')
        self.here = self.row
        arrow = f'IF({at["step"]}>0,"▶",IF({at["step"]}<0,"◀"," "))'
        self.points("", [(tip, "0")], f'IF({at["ok"]}=1,{arrow}," ")')
        self.head = self.row
        self.nothing = self.why("E is beyond what a cell can hold")
        power = f"ABS({at['power']})"
        times = f'IF({power}<5,10^{power}&"","10^"&{power})&" times "&IF({at["power"]}>0,"longer","shorter")'
        says = (
            f'"E, as {name} changes and all else stays"',
            f'"tangent: slope dE/d{name} = "&{text["slope"]}',
            f'"step -η·dE/d{name} = "&{text["step"]}&IF({at["power"]}=0,"",", drawn "&{times})',
        )
        self.names = [self.label(f'IF({at["ok"]}=1,{formula},"–")') for formula in says]

    def _curve(self) -> int:
        """A row for each point: the weight, room for its place, E, and the error of every sample; return the first."""
        at, first = self.at, self.row + 2
        error, left, right = (letter(self.column + k) for k in (3, 4, 3 + self.count))
        at["curve"] = f"${error}${first}:${error}${first + POINTS - 1}"
        self.drawable(3 + POINTS, at["E"], at["slope"], at["step"], at["curve"])
        for k in range(POINTS):
            row = self.row = first + k
            w = self.guarded(f"{at['middle']}+{k - POINTS // 2}*{at['half']}/{POINTS // 2}")
            self.sheet.live(row, self.column, w, "muted", "general", "right")
            total = self.guarded(self._total(f"${left}{row}:${right}{row}"))
            self.sheet.live(row, self.column + 3, total, "muted", "general", "right")
            for s in range(self.count):
                formula = self.guarded(self._text(self.curve_of, s, f"${letter(self.column)}{row}"))
                self.sheet.live(row, self.column + 4 + s, formula, "muted", "general", "right")
        return first

    def _places(self, first: int) -> tuple[str, str]:
        """Where the points of the curve stand in the picture: the ranges of x and y."""
        error = letter(self.column + 3)
        for k in range(POINTS):
            self.sheet.put(first + k, self.column + 1, k / (POINTS - 1), "muted", "general", "right")
            y = self.drawn(self.y.at(f"${error}{first + k}-{self.at['E']}"))
            self.sheet.live(first + k, self.column + 2, y, "muted", "general", "right")
        x, y = (f"${letter(self.column + k)}${first}:${letter(self.column + k)}${first + POINTS - 1}" for k in (1, 2))
        return x, y


def steep(run: Run, weight: Cell) -> int:
    """A whole number in the picture at which E is steepest."""
    program = run.program
    evaluate = Evaluator([backward(program.network.loss)[weight]])
    values = {**program.constants, **program.initial}
    own, half = program.initial[weight], wide(run, weight)
    near = range(math.ceil(own - INSIDE * half), math.floor(own + INSIDE * half) + 1)
    return max(near, key=lambda w: abs(evaluate({**values, weight: float(w)})[0]))


def wide(run: Run, weight: Cell) -> float:
    """Half a width of a picture in which E is seen to change as a weight moves."""
    program = run.program
    evaluate = Evaluator([program.network.loss])
    values = {**program.constants, **program.initial}
    for half in WIDTHS:
        moved = (program.initial[weight] + k * half / 4 for k in range(-4, 5))
        errors = [evaluate({**values, weight: w})[0] for w in moved]
        if max(errors) - min(errors) >= SEEN * max(errors):
            return half
    return WIDTHS[0]


def stem(c: Cell) -> str:
    """The name of a number without its sample."""
    return (c.name or "").split("[")[0]
