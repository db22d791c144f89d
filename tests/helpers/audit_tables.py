"""A training in the cells of a workbook in memory, as a person would type it: any place, either way, any spelling."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from sheetgen.audit.table import StepTable
from sheetgen.excel import Entry, Value, Workbook
from sheetgen.excel.a1 import address

# A network of two weights, as a person would type it: {w1} is this step's cell, {<w1} the one before, {E} the rate's.
FORMULAS = {
    "t1": "",
    "i1": "",
    "w1": "{<w1}-Settings!$B$1*{<dE/dw1}",
    "h1": "{w1}*{i1}",
    "a_h1": "1/(1+EXP(-{h1}))",
    "w2": "{<w2}-Settings!$B$1*{<dE/dw2}",
    "o1": "{w2}*{a_h1}",
    "a_o1": "1/(1+EXP(-{o1}))",
    "E1": "0.5*({t1}-{a_o1})^2",
    "E_total": "{E1}",
    "dE/dw1": "({a_o1}-{t1})*{a_o1}*(1-{a_o1})*{w2}*{a_h1}*(1-{a_h1})*{i1}",
    "dE/dw2": "({a_o1}-{t1})*{a_o1}*(1-{a_o1})*{a_h1}",
}
NAMES = list(FORMULAS)
Cells = dict[str, Entry]


def cells(
    across: bool, head: int, lines: Mapping[str, int], steps: int, *, gap: int = 0, formulas: bool = True
) -> Cells:
    """A training of `steps` steps whose labels stand at `head`; `lines` has the column (row) of every quantity."""

    def at(line: int, position: int) -> str:
        return address(position, line) if across else address(line, position)

    found = {at(line, head): Entry(None, label) for label, line in lines.items()}
    first = head + 1 + gap
    meant = {label.partition(" (")[0]: line for label, line in lines.items()}
    for position in range(first, first + steps):
        places = {name: at(line, position) for name, line in meant.items()}
        before = {f"<{name}": at(line, position - 1) for name, line in meant.items()}
        for name, line in meant.items():
            text = FORMULAS[name] if position > first or "<" not in FORMULAS[name] else ""
            written = text.format_map(places | before) if text and formulas else None
            found[at(line, position)] = Entry(written, 0.5)
    return found


def row(start: int = 1, names: Iterable[str] = NAMES) -> dict[str, int]:
    """Quantity -> column, one beside the other."""
    return {name: start + k for k, name in enumerate(names)}


def book(*sheets: Cells, names: Mapping[str, str] | None = None) -> Workbook:
    """A workbook with these sheets, and the learning rate on another."""
    settings_ = {"A1": Entry(None, "η ="), "B1": Entry(None, 0.5)}
    named = {f"Sheet{k + 1}": own for k, own in enumerate(sheets)}
    return Workbook(named | {"Settings": settings_}, dict(names or {}))


def text(**placed: Value) -> Cells:
    """Plain cells: text(A1='Title', B2=3.0)."""
    return {at: Entry(None, value) for at, value in placed.items()}


def only(found: Sequence[StepTable]) -> StepTable:
    """The one table there is."""
    assert len(found) == 1, found
    return found[0]
