"""The template's inputs beside the live ones, on Autograd check: PyTorch's numbers hold for the template alone."""

from __future__ import annotations

from sheetgen.writer.book import Sheet
from sheetgen.writer.digits import scientific
from sheetgen.writer.plan import Run
from sheetgen.writer.sheets import network
from sheetgen.writer.sheets.common import colour
from sheetgen.writer.trace import letter

CHANGED_ROW, INPUT_ROW = 5, 6
MEND = ", holds no number: type one there, or undo (Ctrl+Z)."


def write(sheet: Sheet, run: Run, left: int) -> None:
    """Write them from a column on, and define `inputs_changed`, `input_to_mend` and what else other sheets tell."""
    cells = network.input_cells(run)
    for k, text in enumerate(("input", "template", "now", "changed")):
        sheet.put(INPUT_ROW + k, left, text, "head" if k == 0 else "muted", "left")
    sheet.put(INPUT_ROW, left + 1, None, "head")
    for k, (c, number, _) in enumerate(cells, left + 2):
        column = letter(k)
        sheet.put(INPUT_ROW, k, c.name, "head", "center")
        sheet.put(INPUT_ROW + 1, k, number, "cell", "center", "general")
        sheet.live(INPUT_ROW + 2, k, run.names[c], "cell", "center", "general")
        now = f"{column}{INPUT_ROW + 2}"
        # Of the cell itself: a copy of an empty one is 0, which is a number.
        same = f"IF(ISNUMBER({run.names[c]}),IF({column}{INPUT_ROW + 1}={now},0,1),-1)"
        sheet.live(INPUT_ROW + 3, k, same, "cell", "center", "count")
    row, last = INPUT_ROW + 3, left + 1 + len(cells)
    scientific(sheet, (INPUT_ROW, left + 2, INPUT_ROW + 1, last), "general", look="beyond, typed")
    every = f"${letter(left + 2)}${row}:${letter(last)}${row}"
    sheet.live(row, left + 1, f"{len(cells)}-COUNTIF({every},0)", "bold", "center", "whole")
    sheet.define(inputs_changed=f"${letter(left + 1)}${row}")
    first = f"{letter(left + 2)}${row}"
    test = f"AND(ISNUMBER({first}),{first}<>0)"
    colour(sheet, (INPUT_ROW - 1, left + 2, INPUT_ROW + 2, last), test, "note")
    _first_changed(sheet, run, left, every)


def _first_changed(sheet: Sheet, run: Run, left: int, every: str) -> None:
    """The first input that is no number, or else the first that is not the template's: in words, and where it is."""
    row = CHANGED_ROW
    muted = sheet.style("muted")
    sheet.put(row, left, "first changed", muted)
    first = f"IF(COUNTIF({every},-1)>0,MATCH(-1,{every},0),IFERROR(MATCH(1,{every},0),0))"
    sheet.live(row, left + 1, first, "muted", "center", "count")
    n = f"${letter(left + 1)}${row}"

    def at(k: int) -> str:
        return f"INDEX({every.replace(f'${INPUT_ROW + 3}', f'${INPUT_ROW + k}')},1,{n})"

    more = 'IF(inputs_changed>1," (and "&(inputs_changed-1)&" more)","")'
    number = f'{at(0)}&" is "&{at(2)}&", the template has "&{at(1)}&{more}'
    text = f'IF({n}=0,"",IF({at(3)}=-1,{at(0)}&" is no number",{number}))'
    sheet.live(row, left + 2, text, muted)
    place = f'IF({n}=0,"",{network.place_of(run, n)})'
    sheet.live(row, left + 8, place, muted)
    sheet.live(row, left + 9, f"COUNTIF({every},-1)", "muted", "count")
    # Told in these words on every sheet that tells it.
    mend = f'IF({letter(left + 9)}{row}=0,"",{at(0)}&", cell "&{letter(left + 8)}{row}&"{MEND}")'
    sheet.live(row, left + 10, mend, "muted")
    names = ("changed_input", "changed_place", "inputs_no_number", "input_to_mend")
    sheet.define(**{name: f"${letter(left + k)}${row}" for name, k in zip(names, (2, 8, 9, 10), strict=True)})
