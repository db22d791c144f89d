"""The numbers of the row and the sample shown, on the sheet Network: as numbers, and aside as text."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial

from sheetgen.cells.cell import Cell
from sheetgen.cells.text import show
from sheetgen.excel.a1 import column_number
from sheetgen.writer.book import Sheet
from sheetgen.writer.digits import scientific, text_of
from sheetgen.writer.plan import NETWORK, NONE, TRAINING, Run, quiet
from sheetgen.writer.sheets import picture
from sheetgen.writer.sheets.common import colour, heads, line
from sheetgen.writer.sheets.inputs import ACROSS, HEAD, LEFT, Layout
from sheetgen.writer.sheets.walk import Walk, plain, shown_as
from sheetgen.writer.trace import FIRST_ROW, Trace, guarded, letter

ASIDE = LEFT + ACROSS + 1  # what only formulas read stands from this column on
TEXTS = ASIDE + 3  # of the panel, a column for each of its groups
FIRST = TEXTS + 4  # of the numbers of a batch's first sample: name, number, text
Number = tuple[str, Callable[[], str]]  # a quantity's name, and what makes the formula of its number
MEANING = "h1: the sum that enters a unit; a_h1: its activation, what leaves it; dE/dw1: by how much E grows with w1"


@dataclass(frozen=True)
class Panel:
    """Where the numbers of the row shown stand on the sheet Network, as numbers and as text: name -> address."""

    number: dict[str, str] = field(default_factory=dict)
    text: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Shown(Panel):
    """The same of the sample shown, by names without a sample; and the largest sizes of weights and gradients."""

    sizes: tuple[str, str] = ("", "")


def shown(run: Run, training: Trace, c: Cell) -> str:
    """The formula of a number in the row shown; inputs are the same in every row, also in one that there is not."""
    found = in_row(run, training, c)
    return found if c in run.program.constants else quiet(found)


def in_row(run: Run, training: Trace, c: Cell) -> str:
    """The same where it is known that there is such a row."""
    return run.names[c] if c in run.program.constants else f"INDEX({training.range(c)},row_number+1,1)"


def of_sample(formula: str, run: Run) -> str:
    """A formula that has a value only where there are a row and a sample that are shown."""
    if run.program.spec.samples > 1:
        formula = f'IF(ISNUMBER(sample_number),{formula},"{NONE}")'
    return quiet(formula)


class Quantities:
    """The formulas of all numbers of the row and the sample shown, in four groups."""

    def __init__(self, run: Run, training: Trace, layout: Layout, walk: Walk):
        self.run, self.training, self.layout, self.walk = run, training, layout, walk
        self.where: dict[str, str] = {}  # name -> the address of its number
        self.program = run.program
        self.many = run.program.spec.samples > 1

    def groups(self) -> list[tuple[str, list[Number]]]:
        """The panel's columns; a formula may refer to numbers by `where`, so it is made when all have a place."""
        p = self.program
        return [
            ("weights", [self._shown(c) for c in p.next]),
            ("forward", self._forward()),
            ("backward", self._backward()),
            ("gradients of the weights", [self._shown(g) for g in p.gradients]),
        ]

    def _shown(self, c: Cell) -> Number:
        return self.name_of(c), partial(shown, self.run, self.training, c)

    @staticmethod
    def name_of(c: Cell) -> str:
        """The name of a number, without its sample."""
        return plain(c.name)

    def _one(self, family: Sequence[Cell]) -> str:
        """The formula of a number of which every sample has one."""
        first = family[0]
        if first in self.program.constants:
            return of_sample(f"INDEX({self.layout.column(first)},sample_number,1)", self.run)
        if not self.many:
            return shown(self.run, self.training, first)
        letters = [self.training.letters[id(c)] for c in (first, family[1], family[-1])]
        step = column_number(letters[1]) - column_number(letters[0])
        area = f"{TRAINING}!${letters[0]}${FIRST_ROW}:${letters[2]}${self.training.last}"
        k = f"{step}*(sample_number-1)+1" if step > 1 else "sample_number"
        return of_sample(f"INDEX({area},row_number+1,{k})", self.run)

    def _forward(self) -> list[Number]:
        net = self.program.network
        columns: list[Sequence[Cell]] = [*net.inputs.T, *net.targets.T] if self.many else []
        for layer in net.layers:
            columns += [c for pair in zip(layer.h.T, layer.a.T, strict=True) for c in pair]
        columns += [*net.errors.T]
        return [*((self.name_of(c[0]), partial(self._one, c)) for c in columns), self._shown(net.loss)]

    def _backward(self) -> list[Number]:
        again, net = self.walk.again, self.program.network
        found: list[Number] = [
            (f"dE/d{name}", partial(quiet, "1")) for name in ("E_total", *map(self.name_of, net.errors[0]))
        ]
        for layer in reversed(net.layers):
            for h, a in zip(layer.h.T, layer.a.T, strict=True):
                flow, delta = again.flows[a[0]], again.deltas[h[0]]
                back = f"dE/d{self.name_of(a[0])}"
                found.append((back, partial(self._derived, flow, None, "")))
                own = partial(self._derived, delta, flow, back)
                if self.program.deltas:
                    own = partial(self._one, [again.deltas[c] for c in h])
                found.append((f"dE/d{self.name_of(h[0])}", own))
        return found

    def _derived(self, c: Cell, flow: Cell | None, back: str) -> str:
        """The formula of a gradient that has no column on Training, made of numbers that are shown."""

        def ref(x: Cell) -> str | None:
            return self.where[back] if x is flow else self.where[plain(x.name)] if x.name else None

        if c is not flow and len(c.args) == 1 and c.op == "identity":
            return of_sample(str(ref(c.args[0])), self.run)
        return of_sample(guarded(show(c, ref), self.program.spec.bounded), self.run)


def heights(run: Run) -> int:
    """How many rows the panel takes, with its headings and a row below."""
    p = run.program
    net = p.network
    forward = sum(2 * layer.h.shape[1] for layer in net.layers) + net.errors.shape[1] + 1
    forward += (net.inputs.shape[1] + net.targets.shape[1]) * (p.spec.samples > 1)
    return int(max(len(p.next), forward)) + 3


def write(sheet: Sheet, quantities: Quantities, layout: Layout) -> tuple[Panel, Shown]:
    """Write the panel, and aside the same as text."""
    run, where = quantities.run, quantities.where
    sample = '&", of sample "&sample_number' * quantities.many
    title = f'IF(ISNUMBER(row_number),"Every number at iteration "&row_number{sample},"Every number of the row shown")'
    sheet.live(layout.panel, LEFT, title, "section")
    line(sheet, layout.panel, None, LEFT + 1, LEFT + 2, "section")
    line(sheet, layout.panel, MEANING, LEFT + 3, LEFT + ACROSS - 1, "section", "muted", "plain")
    top = layout.panel + 2
    given = {quantities.name_of(c): (row, 1) for c, (row, column) in layout.addresses() if column == 1}
    texts = {}
    for name, (row, column) in given.items():
        where[name], texts[name] = f"${letter(column)}${row}", f"${letter(ASIDE)}${row}"
    places: dict[str, tuple[int, int]] = {}
    groups = quantities.groups()
    for k, (title, group) in enumerate(groups):
        heads(sheet, layout.panel + 1, LEFT + 2 * k, (title, None), "c ")
        for row, (name, _) in enumerate(group, top):
            places[name] = row, k
            where[name] = f"${letter(LEFT + 2 * k + 1)}${row}"
            texts[name] = f"${letter(TEXTS + k)}${row}"
    for name, formula in (pair for _, group in groups for pair in group):
        row, k = places[name]
        sheet.put(row, LEFT + 2 * k, shown_as(name), "cell", "center")
        sheet.live(row, LEFT + 2 * k + 1, formula(), "cell", "right", run.style(name))
        sheet.live(row, TEXTS + k, text_of(where[name]), "muted", "shrink")  # over no cell beside it
    last = max(row for row, _ in places.values())
    scientific(sheet, (top - 1, LEFT, last - 1, LEFT + ACROSS - 1), "wide")
    for row, column in (place for name, place in given.items() if name not in places):
        at = f"${letter(column)}${row}"
        sheet.live(row, ASIDE, f'IF(ISNUMBER({at}),{text_of(at)},"{NONE}")', "muted", "shrink")
    if picture.drawn(run.program.spec):
        for column in range(LEFT, LEFT + ACROSS, 2):
            colour(sheet, (top - 1, column, last - 1, column), f"{letter(column)}{top}=stage_name", "chosen")
    return _panels(sheet, quantities, layout, texts)


def _panels(sheet: Sheet, q: Quantities, layout: Layout, texts: dict[str, str]) -> tuple[Panel, Shown]:
    """Where all numbers stand; of a batch those of its first sample, which Steps derives, are written aside."""
    weights = [q.where[q.name_of(c)] for c in q.program.next if (c.name or "").startswith("w")]
    gradients = [q.where[f"dE/d{c.name}"] for c in q.program.next if (c.name or "").startswith("w")]
    sizes = []
    for row, cells in enumerate((weights, gradients), 2):
        area = f"{cells[0]}:{cells[-1]}"
        sheet.live(row, ASIDE + 2, f"MAX(MAX({area}),-MIN({area}))", "muted", "general")
        sizes.append(f"${letter(ASIDE + 2)}${row}")
    own = Shown(dict(q.where), dict(texts), (sizes[0], sizes[1]))
    panel = Panel({}, {})
    for name in own.number:
        panel.number[name], panel.text[name] = f"{NETWORK}!{own.number[name]}", f"{NETWORK}!{own.text[name]}"
    if q.many:
        _first_sample(sheet, q, panel)
    return panel, own


def _first_sample(sheet: Sheet, q: Quantities, panel: Panel) -> None:
    net = q.program.network
    cells = [*net.inputs[0], *net.targets[0]]
    for layer in net.layers:
        cells += [c for pair in zip(layer.h[0], layer.a[0], strict=True) for c in pair]
    for name in list(panel.number):
        if f"{name}[1]" in {c.name for c in (*cells, *net.errors[0])}:
            del panel.number[name], panel.text[name]
    for row, c in enumerate([*cells, *net.errors[0]], HEAD + 1):
        number, text = (f"${letter(FIRST + k)}${row}" for k in (1, 2))
        sheet.put(row, FIRST, c.name, "muted")
        sheet.live(row, FIRST + 1, shown(q.run, q.training, c), "muted", "general")
        sheet.live(row, FIRST + 2, text_of(number), "muted")
        panel.number[c.name], panel.text[c.name] = f"{NETWORK}!{number}", f"{NETWORK}!{text}"
