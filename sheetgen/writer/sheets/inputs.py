"""The input cells of the sheet Network: a list of them, and of a batch a table with a row per sample."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain

from sheetgen.cells.cell import Cell
from sheetgen.cells.text import show
from sheetgen.writer.book import Sheet
from sheetgen.writer.digits import Area, scientific
from sheetgen.writer.plan import NETWORK, Run, extreme, quiet
from sheetgen.writer.sheets import picture
from sheetgen.writer.sheets.common import InputRule, colour, heads, limit, section
from sheetgen.writer.sheets.walk import plain
from sheetgen.writer.trace import Trace, letter

SHOWN_ROW = 4
HEAD = 8  # of the list of inputs, and where the drawing begins
LEFT = 4  # the drawing and the tables stand right of the inputs
ACROSS = 8  # columns, as wide as the drawing
MOST_LIVE = 100  # samples whose outputs stand beside them
NOT_A_NUMBER = "not a number: type one"
TYPED = InputRule(
    "decimal",
    (-1e6, 1e6),
    hint=("An input", "Type any number: every sheet follows. Undo takes it back."),
    complaint=("Not a number", "Type a number between -1,000,000 and 1,000,000."),
)


def input_cells(run: Run) -> list[tuple[Cell, float, str]]:
    """Every input cell of the sheet: its Cell, its first value, what it is."""
    program = run.program
    net = program.network
    about: dict[Cell, str] = {program.learning_rate: "how far each update goes"}
    about |= dict.fromkeys(net.inputs.flat, "input") | dict.fromkeys(net.targets.flat, "target")
    for k, layer in enumerate(net.layers):
        hidden = "into the hidden layer" if len(net.layers) == 2 else f"into hidden layer {k + 1}"
        where = "into the outputs" if k == len(net.layers) - 1 else hidden
        about |= dict.fromkeys(layer.weights.flat, f"initial weight {where}")
        fixed = "frozen" if program.spec.bias == "frozen" else "initial"
        about |= dict.fromkeys(layer.biases, f"{fixed} bias {where}")
    values = {**program.constants, **program.initial}
    return [(c, values[c], text) for c, text in about.items()]


@dataclass(frozen=True)
class Band:
    """Some columns of the table of samples: a Cell per sample in each, and the row of their headings."""

    head: int
    columns: list[Sequence[Cell]]

    def area(self, first: int, last: int) -> str:
        """All samples of some of its columns, counted from 0."""
        rows = self.head + 1, self.head + len(self.columns[0])
        return f"${letter(LEFT + 1 + first)}${rows[0]}:${letter(LEFT + 1 + last)}${rows[1]}"


class Layout:
    """Which row of the sheet Network begins what; rows are counted from 1."""

    def __init__(self, run: Run, panel_height: int):
        spec, net = run.program.spec, run.program.network
        self.run, self.samples = run, spec.samples
        listed = [c for c, _, _ in input_cells(run)]
        data = set(chain(net.inputs.flat, net.targets.flat)) if spec.samples > 1 else set()
        self.listed = [c for c in listed if c not in data]
        self.legend = HEAD + picture.height(spec) // 20
        row = self.legend + 2
        self.bands: list[Band] = []
        self.live: list[Sequence[Cell]] = []
        self.panel = row
        if spec.samples > 1:
            tables = self._tables()
            table = sum(spec.samples + 2 for _ in tables) + 2
            self.panel, row = (row, row + panel_height) if panel_height < table else (row + table, row)
            self.bands = [Band(row + 1 + k * (spec.samples + 2), cells) for k, cells in enumerate(tables)]

    def _tables(self) -> list[list[Sequence[Cell]]]:
        """The columns of the table, in as many bands as are needed: they are not wider than the drawing."""
        net, most = self.run.program.network, ACROSS - 1
        given = [*net.inputs.T], [*net.targets.T]
        if self.samples <= MOST_LIVE:
            self.live = [*net.layers[-1].a.T, *net.errors.T]
        for groups in ([*given[0], *given[1], *self.live],), ([*given[0], *given[1]], self.live), (*given, self.live):
            if max(map(len, groups)) <= most:
                break
        return [group[k : k + most] for group in groups for k in range(0, len(group), most)]

    def places(self, cells: Sequence[Sequence[Cell]]) -> Iterator[str]:
        """Where some columns of the table stand, as few areas as they are."""
        wanted = {id(column[0]) for column in cells}
        for band in self.bands:
            at = [k for k, column in enumerate(band.columns) if id(column[0]) in wanted]
            if at:
                yield band.area(at[0], at[-1])

    def column(self, c: Cell) -> str:
        """The column of the table that begins with a Cell."""
        (area,) = self.places([[c]])
        return area

    def every_input(self) -> str:
        """All input cells, as arguments of COUNT."""
        net = self.run.program.network
        own = [f"$B${HEAD + 1}:$B${HEAD + len(self.listed)}"]
        return ",".join([*own, *(self.places([*net.inputs.T, *net.targets.T]) if self.bands else ())])

    def addresses(self) -> Iterator[tuple[Cell, tuple[int, int]]]:
        """(input, its row and its column)."""
        for row, c in enumerate(self.listed, HEAD + 1):
            yield c, (row, 1)
        live = {id(c) for column in self.live for c in column}
        for band in self.bands:
            for k, column in enumerate(band.columns):
                yield from ((c, (band.head + 1 + s, LEFT + 1 + k)) for s, c in enumerate(column) if id(c) not in live)


def write(sheet: Sheet, layout: Layout, training: Trace) -> None:
    """Write all inputs, and define their names."""
    cells = {id(c): (number, about) for c, number, about in input_cells(layout.run)}
    heads(sheet, HEAD, 0, ("input", "value"))
    heads(sheet, HEAD, 2, ("what it is",), "l", "indent")
    for c, (row, column) in layout.addresses():
        number, about = cells[id(c)]
        sheet.put(row, column, number, "input", "general", "center")
        sheet.define(**{layout.run.names[c]: f"${letter(column)}${row}"})
        if column == 1:
            sheet.put(row, 0, c.name, "cell", "center")
            label = f'IF(ISNUMBER($B${row}),"{about}","{NOT_A_NUMBER}")'
            sheet.live(row, 2, label, "cell", "muted", "indent")
    last = HEAD + len(layout.listed) - 1
    _rules(sheet, (HEAD, 1, last, 1))
    colour(sheet, (HEAD, 2, last, 2), f"NOT(ISNUMBER($B{HEAD + 1}))", "fail")
    if layout.bands:
        _table(sheet, layout, training)


def _rules(sheet: Sheet, area: Area) -> None:
    scientific(sheet, area, "general", look="beyond, typed")
    limit(sheet, area, TYPED)


def _table(sheet: Sheet, layout: Layout, training: Trace) -> None:
    """The head of the table, its samples' numbers, and what the network makes of them."""
    run, net = layout.run, layout.run.program.network
    top = layout.bands[0].head - 1
    section(sheet, top, "Samples: one in a row", LEFT, LEFT + ACROSS - 1)
    given = ",".join(layout.places([*net.inputs.T, *net.targets.T]))
    count = net.inputs.size + net.targets.size
    message = f'IF(COUNT({given})={count},"type over the yellow cells","{NOT_A_NUMBER} into every yellow cell")'
    sheet.live(top, LEFT + 3, message, "section", "muted")
    colour(sheet, (top - 1, LEFT + 3, top - 1, LEFT + 3), f"COUNT({given})<{count}", "fail")
    live = {id(column[0]) for column in layout.live}
    for band in layout.bands:
        heads(sheet, band.head, LEFT, ["sample", *(plain(column[0].name) for column in band.columns)])
        rows = band.head, band.head + layout.samples - 1
        for s in range(layout.samples):
            sheet.put(band.head + 1 + s, LEFT, s + 1, "cell", "center")
        for k, column in enumerate(band.columns, LEFT + 1):
            if id(column[0]) in live:
                for s, c in enumerate(column):
                    formula = quiet(f"INDEX({training.range(c)},row_number+1,1)")
                    sheet.live(band.head + 1 + s, k, formula, "cell", "center", run.style(c.name or ""))
                scientific(sheet, (rows[0], k, rows[1], k), "wide")
            else:
                _rules(sheet, (rows[0], k, rows[1], k))
                colour(sheet, (rows[0], k, rows[1], k), f"NOT(ISNUMBER({letter(k)}{rows[0] + 1}))", "fail")
        mine = (rows[0], LEFT, rows[1], LEFT + len(band.columns))
        colour(sheet, (*mine[:3], LEFT), f"${letter(LEFT)}{rows[0] + 1}=sample_number", "chosen")


def input_size(layout: Layout) -> str:
    """The formula of the largest of 1 and of the sizes of the numbers that stand beside the weights."""
    net = layout.run.program.network
    rows = {c: f"{NETWORK}!$B${row}" for row, c in enumerate(layout.listed, HEAD + 1)}

    def area(first: Cell, last: Cell) -> str:
        if first in rows:
            return f"{rows[first]}:{rows[last].partition('!')[2]}"
        return ",".join(f"{NETWORK}!{area}" for area in layout.places([*net.inputs.T]))

    return show(layout.run.input_size, lambda c: extreme(c, area))


def place_of(layout: Layout, k: str) -> str:
    """The formula of where the k-th of `input_cells` stands, such as Network!B9."""
    net = layout.run.program.network
    if not layout.bands:
        return f'"{NETWORK}!B"&({HEAD}+{k})'
    n, m = net.inputs.size, net.targets.size
    inside = [
        _in_table(layout, f"({k}-{before + 2})", [*cells]) for before, cells in ((0, net.inputs), (n, net.targets))
    ]
    listed = f'"B"&({HEAD}+{k}-IF({k}=1,0,{n + m}))'
    return f'"{NETWORK}!"&IF(OR({k}=1,{k}>{1 + n + m}),{listed},IF({k}<={1 + n},{inside[0]},{inside[1]}))'


def _in_table(layout: Layout, k: str, cells: Sequence[Sequence[Cell]]) -> str:
    places = dict(layout.addresses())
    first = [places[c] for c in cells[0]]
    column = f"MOD({k},{len(first)})+1"
    letters = ",".join(f'"{letter(c)}"' for _, c in first)
    rows = ",".join(str(r) for r, _ in first)
    return f"CHOOSE({column},{letters})&(CHOOSE({column},{rows})+INT({k}/{len(first)}))"
