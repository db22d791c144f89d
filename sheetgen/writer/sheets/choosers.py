"""The yellow cells on top of the sheet Network: the row, the sample, forward or backward, and the step of the walk."""

from __future__ import annotations

from typing import NamedTuple

from sheetgen.writer.book import Sheet
from sheetgen.writer.sheets.common import InputRule, colour, limit
from sheetgen.writer.trace import letter

MISSING = "an input is missing"
PASSES = "forward", "backward"
WRONG_PASS = 'AND(pass_shown<>"forward",pass_shown<>"backward")'
WRONG_STEP = 'IF(ISNUMBER(next_shown),next_shown<>next_number,next_shown<>"")'  # an empty one is as 0
NO_PASS, NO_STEP = "no such pass", "no such step"


class Chooser(NamedTuple):
    """A cell for a whole number from `low` to `high`, a note beside it; `inputs`: without all of them none is shown.

    `inputs` is how many there are, and where, as arguments of COUNT.
    """

    what: str  # row or sample
    low: int
    high: int
    note: str
    inputs: tuple[int, str] = (0, "")


def number(sheet: Sheet, row: int, aside: int, chooser: Chooser) -> None:
    """An input cell for a whole number, `row_shown` or `sample_shown`.

    A cell aside holds the same, `row_number` or `sample_number`, or a text: what is pasted is not validated.
    """
    what, low, high, note, (count, inputs) = chooser
    shown, none = f"{what}_shown", f"no such {what}"
    _cell(sheet, row, f"{what} shown", low, shown)
    inside = f"AND({shown}>={low},{shown}<={high},{shown}=INT({shown}))"
    checked = f'IF(ISNUMBER({shown}),IF({inside},{shown},"{none}"),"{none}")'
    if count:  # without all of them there is nothing to show in any row
        checked = f'IF(COUNT({inputs})<{count},"{MISSING}",{checked})'
    _aside(sheet, row, aside, checked, f"{what}_number")
    label = f"{low} to {high:,}; {note}"
    _note(sheet, row, f'{what}_number="{none}"', f'"{none}: type {low} to {high:,}"', f'"{label}"')
    hint = f"{what.capitalize()} shown", f"The {what} to look at: a whole number from {low} to {high:,}."
    complaint = f"No such {what}", f"Type a whole number from {low} to {high:,}."
    limit(sheet, (row - 1, 1, row - 1, 1), InputRule("integer", (low, high), hint=hint, complaint=complaint))


def direction(sheet: Sheet, row: int, aside: int) -> None:
    """The cell for forward or backward, `pass_shown`; aside `backward` is 1 or 0."""
    _cell(sheet, row, "pass", PASSES[0], "pass_shown")
    _aside(sheet, row, aside, f'IF(pass_shown="{PASSES[1]}",1,0)', "backward")
    note = 'IF(backward=1,"gradients, from E to the weights","numbers, from the inputs to E")'
    _note(sheet, row, WRONG_PASS, f'"{NO_PASS}: choose one"', note)
    hint = "Forward or backward", "Forward: the numbers flow to E. Backward: the gradients flow back."
    complaint = "No such pass", "Choose forward or backward."
    limit(sheet, (row - 1, 1, row - 1, 1), InputRule("list", source=[*PASSES], hint=hint, complaint=complaint))


def step(sheet: Sheet, row: int, aside: int, stages: tuple[int, int]) -> None:
    """The cell “next”, `next_shown`, for a stage of the walk; aside is `next_number`, 0 for all at once."""
    _cell(sheet, row, "next", 0, "next_shown")
    last = f"IF(backward=1,{stages[1]},{stages[0]})"
    inside = f"AND(next_shown>=0,next_shown<={last},next_shown=INT(next_shown))"
    _aside(sheet, row, aside, f"IF(ISNUMBER(next_shown),IF({inside},next_shown,0),0)", "next_number")
    note = f'"1 to "&{last}&": step by step; 0: all"'
    _note(sheet, row, WRONG_STEP, f'"{NO_STEP}: type 0 to "&{last}', note)
    hint = "Next", f"Type 1, 2, 3, … to walk through: {stages[0]} steps forward, {stages[1]} backward. 0 shows all."
    complaint = "No such step", f"Type a whole number from 0 to {stages[0]} forward, to {stages[1]} backward."
    limit(sheet, (row - 1, 1, row - 1, 1), InputRule("integer", (0, max(stages)), hint=hint, complaint=complaint))


def _cell(sheet: Sheet, row: int, label: str, first: str | float, name: str) -> None:
    sheet.put(row, 0, label, "bold")
    sheet.put(row, 1, first, "input", *([] if isinstance(first, str) else ["whole"]), "center", "bold")
    sheet.define(**{name: f"$B${row}"})


def _aside(sheet: Sheet, row: int, column: int, formula: str, name: str) -> None:
    sheet.live(row, column, formula, "muted", "general")
    sheet.put(row, column + 1, name, "muted")
    sheet.define(**{name: f"${letter(column)}${row}"})


def _note(sheet: Sheet, row: int, wrong: str, complaint: str, note: str) -> None:
    sheet.live(row, 2, f"IF({wrong},{complaint},{note})", "muted", "indent")
    colour(sheet, (row - 1, 1, row - 1, 2), wrong, "fail")
