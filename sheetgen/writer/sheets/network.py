"""Network: the input cells, the network drawn with live numbers, and every number of the row shown."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from sheetgen.cells.cell import Cell
from sheetgen.cells.text import show
from sheetgen.writer.book import Book, Sheet
from sheetgen.writer.digits import scientific, text_of
from sheetgen.writer.plan import NETWORK, Run, extreme, of_row
from sheetgen.writer.sheets import drawing
from sheetgen.writer.sheets.common import InputRule, colour, heads, limit, opened, section
from sheetgen.writer.trace import Trace, letter

SHOWN_ROW = 4
HEAD = 8  # of the table of inputs
TOP = 4  # of the drawing
NOT_A_NUMBER, MISSING = "not a number: type one", "an input is missing"
GROUP_PIXELS = 206  # the width of a name and its number in the panel
LEFT = 4  # the drawing and the panel stand right of the inputs

AS_TEXT = "The same numbers as text: what the drawing and the worked lines of Steps are made of"
SUBTITLE = (
    "Type over any yellow cell: the drawing, the steps and all rows of training follow. "
    "A row number in the cell “row shown” moves the whole page to that iteration; 0 rewinds."
)


@dataclass(frozen=True)
class Panel:
    """Where the numbers of the row shown stand on the sheet Network, as numbers and as text: name -> address."""

    number: dict[str, str]
    text: dict[str, str]


def groups(run: Run) -> list[tuple[str, list[Cell]]]:
    """The panel's columns: inputs, state, one group per layer, errors with the gradients last."""
    program, net = run.program, run.program.network
    fixed = [*net.inputs.flat, *net.targets.flat, *(b for b in net.biases if b in program.constants)]
    result = [("inputs", [program.learning_rate, *fixed]), ("weights", list(program.next))]
    for k, layer in enumerate(net.layers):
        title = "outputs" if k == len(net.layers) - 1 else "hidden" if len(net.layers) == 2 else f"hidden {k + 1}"
        result.append((title, [c for pair in zip(layer.h.T.flat, layer.a.T.flat, strict=True) for c in pair]))
    result.append(("errors", [*net.errors.flat, net.loss]))
    if program.deltas:
        result.append(("deltas", list(program.deltas)))
    return [*result, ("gradients", list(program.gradients))]


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


def input_size(run: Run) -> str:
    """The formula of the largest of 1 and of the sizes of the numbers that stand beside the weights."""
    rows = {c: HEAD + 1 + k for k, (c, _, _) in enumerate(input_cells(run))}
    return show(run.input_size, lambda c: extreme(c, lambda a, b: f"{NETWORK}!$B${rows[a]}:$B${rows[b]}"))


def shown(run: Run, training: Trace, c: Cell) -> str:
    """The formula of a number in the row shown; inputs are the same in every row, also in one that there is not."""
    if c in run.program.constants:
        return run.names[c]
    return of_row(f"INDEX({training.range(c)},row_number+1,1)")


def write(book: Book, run: Run, training: Trace) -> Panel:
    """Write the sheet Network, define the names of its input cells, and tell where the panel stands."""
    spec = run.program.spec
    sheet = opened(book, NETWORK, f"Network: {spec.title}", SUBTITLE)
    sheet.set_column(0, 1, 13)
    sheet.set_column(2, 2, 27)
    sheet.set_column(3, 3, 2.5)
    columns = 2 * len(groups(run))
    for k in range(columns):
        sheet.set_column(LEFT + k, LEFT + k, 17 if k % 2 else 11)
    aside = drawing.column(spec)
    rows = Chooser("row", 0, spec.steps, "0 is before training", len(input_cells(run)))
    _chooser(sheet, SHOWN_ROW, aside, rows)
    if spec.samples > 1:
        samples = Chooser("sample", 1, min(spec.samples, drawing.MOST_SAMPLES), "in the drawing")
        _chooser(sheet, SHOWN_ROW + 1, aside, samples)
    last_input = _inputs(sheet, run)
    top = TOP + drawing.height(spec) // 20 + 2
    panel = _panel(sheet, run, training, top)
    drawing.insert(sheet, run, panel.text, (TOP - 1, LEFT), GROUP_PIXELS * len(groups(run)))
    bottom = top + 2 + max(len(cells) for _, cells in groups(run))
    sheet.print_area(0, 0, max(bottom, last_input), LEFT + columns - 1)
    sheet.fit_to_pages(1, 1 if bottom < 70 else 0)
    sheet.freeze_panes(SHOWN_ROW + 1, 0)
    return panel


class Chooser(NamedTuple):
    """A cell for a whole number from `low` to `high`, a note beside it; `inputs`: without so many none is shown."""

    what: str  # row or sample
    low: int
    high: int
    note: str
    inputs: int = 0


def _chooser(sheet: Sheet, row: int, aside: int, chooser: Chooser) -> None:
    """An input cell for a whole number, `row_shown` or `sample_shown`.

    A cell aside holds the same, `row_number` or `sample_number`, or a text: what is pasted is not validated.
    """
    what, low, high, note, inputs = chooser
    shown, none = f"{what}_shown", f"no such {what}"
    sheet.put(row, 0, f"{what} shown", "bold")
    sheet.put(row, 1, low, "input", "whole", "center", "bold")
    sheet.define(**{shown: f"$B${row}"})
    inside = f"AND({shown}>={low},{shown}<={high},{shown}=INT({shown}))"
    checked = f'IF(ISNUMBER({shown}),IF({inside},{shown},"{none}"),"{none}")'
    if inputs:  # without all of them there is nothing to show in any row
        checked = f'IF(COUNT($B${HEAD + 1}:$B${HEAD + inputs})<{inputs},"{MISSING}",{checked})'
    sheet.live(row, aside, checked, "muted", "general")
    sheet.put(row, aside + 1, f"what is shown: a {what} that there is", "muted")
    sheet.define(**{f"{what}_number": f"${letter(aside)}${row}"})
    label = f"{low} to {high:,}; {note}"
    message = f'IF({what}_number="{none}","{none}: type {low} to {high:,}","{label}")'
    sheet.live(row, 2, message, "muted", "indent")
    colour(sheet, (row - 1, 2, row - 1, 2), f'{what}_number="{none}"', "fail")
    hint = f"{what.capitalize()} shown", f"The {what} to look at: a whole number from {low} to {high:,}."
    complaint = f"No such {what}", f"Type a whole number from {low} to {high:,}."
    limit(sheet, (row - 1, 1, row - 1, 1), InputRule("integer", (low, high), hint=hint, complaint=complaint))


def _inputs(sheet: Sheet, run: Run) -> int:
    section(sheet, HEAD - 2, "Inputs", 0, 2)
    heads(sheet, HEAD, 0, ("name", "value"))
    heads(sheet, HEAD, 2, ("what it is",), "l", "indent")
    cells = input_cells(run)
    for row, (c, number, about) in enumerate(cells, HEAD + 1):
        sheet.put(row, 0, c.name, "cell", "center")
        sheet.put(row, 1, number, "input", "general", "center")
        label = f'IF(ISNUMBER($B${row}),"{about}","{NOT_A_NUMBER}")'
        sheet.live(row, 2, label, "cell", "muted", "indent")
        sheet.define(**{run.names[c]: f"$B${row}"})
    scientific(sheet, (HEAD, 1, HEAD + len(cells) - 1, 1), "general", look="beyond, typed")
    last = HEAD + len(cells) - 1
    colour(sheet, (HEAD, 2, last, 2), f"NOT(ISNUMBER($B{HEAD + 1}))", "fail")
    hint = "An input", "Type any number: every sheet follows. Undo takes it back."
    complaint = "Not a number", "Type a number between -1,000,000 and 1,000,000."
    limit(sheet, (HEAD, 1, last, 1), InputRule("decimal", (-1e6, 1e6), hint=hint, complaint=complaint))
    return HEAD + len(cells)


def _panel(sheet: Sheet, run: Run, training: Trace, top: int) -> Panel:
    """The numbers of the row shown, and below them the same as text, which labels and worked lines are made of."""
    width = 2 * len(groups(run))
    height = max(len(cells) for _, cells in groups(run))
    below = top + height + 5
    heading = '"Every number at iteration "&row_number'
    sheet.live(top, LEFT, of_row(heading), "section")
    section(sheet, below, AS_TEXT, LEFT, LEFT + width - 1)
    section(sheet, top, None, LEFT + 1, LEFT + width - 1)
    panel = Panel({}, {})
    for c, row, column in _places(groups(run), top + 2):
        name = c.name or ""
        at, at_text = f"${letter(column + 1)}${row}", f"${letter(column + 1)}${row + below - top}"
        sheet.put(row, column, name, "cell", "center")
        sheet.live(row, column + 1, shown(run, training, c), "cell", run.style(name))
        sheet.put(row + below - top, column, name, "muted", "center")
        sheet.live(row + below - top, column + 1, text_of(at), "muted", "right")
        panel.number[name], panel.text[name] = f"{NETWORK}!{at}", f"{NETWORK}!{at_text}"
    scientific(sheet, (top + 1, LEFT, top + height, LEFT + width - 1), "wide")
    for k, (title, _) in enumerate(groups(run)):
        for row in (top + 1, below + 1):
            heads(sheet, row, LEFT + 2 * k, (title, None), "c ")
    return panel


def _places(titled: Sequence[tuple[str, list[Cell]]], top: int) -> Iterator[tuple[Cell, int, int]]:
    for k, (_, cells) in enumerate(titled):
        for row, c in enumerate(cells, top):
            yield c, row, LEFT + 2 * k
