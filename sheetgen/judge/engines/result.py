"""What every engine gives back, and how a missing one says so."""

from typing import NamedTuple

from sheetgen.base.errors import MissingExtra, UserError
from sheetgen.excel import Sheets, Value, Workbook

Values = dict[str, dict[str, Value]]  # sheet -> address -> value, formula cells only


class EngineMissing(MissingExtra):
    """An engine is not installed; the message is one sentence that tells how to install it."""


class EngineFailed(UserError):
    """An engine is there, but could make nothing of the workbook; the message is one sentence."""


class Recalculated(NamedTuple):
    """The values an engine gave to the formula cells of one workbook.

    Errors are ErrorValue texts. not_evaluated: a line per cell that should have a value here and has none, and why.
    left_out: a line per sheet, or for the workbook, that the engine does not attempt by design: another one covers it.
    """

    engine: str
    version: str
    values: Values
    seconds: float
    not_evaluated: list[str]
    left_out: tuple[str, ...] = ()


def formula_cells(sheets: Sheets) -> list[tuple[str, str]]:
    """(sheet, address) of every cell with a formula."""
    return [(sheet, address) for sheet, cells in sheets.items() for address, entry in cells.items() if entry.formula]


def taken(workbook: Workbook, seen: Sheets, engine: str) -> tuple[Values, list[str]]:
    """What an engine put into the formula cells of a copy that it saved, and a line for each that it gave no value."""
    values: Values = {sheet: {} for sheet in workbook.sheets}
    nothing = []
    for sheet, address in formula_cells(workbook.sheets):
        entry = seen.get(sheet, {}).get(address)
        if entry is None or entry.value is None:
            nothing.append(f"{sheet}!{address}: {engine} gave no value")
        else:
            values[sheet][address] = entry.value
    return values, nothing
