"""IronCalc: a spreadsheet engine in Rust; exact doubles, the fastest of the engines."""

import time
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import Any

from ..xlsx import Entry, ErrorValue, Place, Value, Workbook, read
from ..xlsx.a1 import place, tokens
from .result import EngineFailed, Recalculated, Values, formula_cells, need, package_version

NAME = "IronCalc"
_DIVERGED = ',"diverged"'


def version() -> str:
    """The version of the installed package. Raises EngineMissing."""
    return package_version("ironcalc")


def recalculate(path: str | Path, workbook: Workbook | None = None) -> Recalculated:
    """Evaluate a model built from inputs and formulas alone, which therefore holds no cached value.

    Its own reader is not used: it prints, takes three times as long, and panics on charts and links it does not know.
    Raises EngineMissing, UnreadableWorkbook, and EngineFailed if IronCalc can make nothing of the workbook.
    """
    release = version()
    start = time.perf_counter()
    workbook = workbook or read(path)
    values: Values = {sheet: {} for sheet in workbook.sheets}
    try:
        model, refused = _build(workbook)
        model.evaluate()
        for number, (sheet, cells) in enumerate(workbook.sheets.items()):
            for address, entry in cells.items():
                if entry.formula is not None and (value := _value(model, number, address)) is not None:
                    values[sheet][address] = value
    except BaseException as error:  # a panic in Rust arrives as a BaseException of its own
        if isinstance(error, Exception) or type(error).__name__ == "PanicException":
            raise EngineFailed(f"IronCalc can make nothing of {Path(path).name}: {error}.") from error
        raise
    nothing = [
        f"{sheet}!{address}: " + refused.get((sheet, address), "IronCalc gave no value")
        for sheet, address in formula_cells(workbook.sheets)
        if address not in values[sheet]
    ]
    return Recalculated(NAME, release, values, time.perf_counter() - start, nothing)


class Live:
    """A workbook that stays open: cells are typed over, and everything is recalculated."""

    def __init__(self, workbook: Workbook) -> None:
        self.order = {sheet: number for number, sheet in enumerate(workbook.sheets)}
        self.model, _ = _build(workbook)

    def put(self, where: Place, value: Value) -> None:
        """Type a number or a text into a cell (sheet, address)."""
        _put(self.model, self.order[where[0]], where[1], Entry(None, value))

    def put_formula(self, where: Place, formula: str) -> None:
        """Write a formula (without =) into a cell."""
        _put(self.model, self.order[where[0]], where[1], Entry(formula, None))

    def evaluate(self, wanted: Iterable[Place]) -> list[Value | None]:
        """Recalculate all formulas; what some cells then hold."""
        self.model.evaluate()
        return [_value(self.model, self.order[sheet], address) for sheet, address in wanted]


def _build(workbook: Workbook) -> tuple[Any, dict[Place, str]]:
    """(the model, why a formula was refused)."""
    ironcalc = need("ironcalc", "ironcalc")
    model = ironcalc.create("judged", "en", "UTC", "en")
    for number, sheet in enumerate(workbook.sheets):
        if number == 0:
            model.rename_sheet(0, sheet)
        else:
            model.add_sheet(sheet)
    order = list(workbook.sheets)
    for name, text in workbook.names.items():
        sheet, _, bare = name.rpartition("!")
        with suppress(ironcalc.WorkbookError):  # it takes names of cells only; a formula that needs another is #NAME?
            model.new_defined_name(bare, order.index(sheet) if sheet in order else None, text)
    refused = {}
    for number, (sheet, cells) in enumerate(workbook.sheets.items()):
        for address, entry in cells.items():
            try:
                _put(model, number, address, entry)
            except ironcalc.WorkbookError as error:
                refused[sheet, address] = f"IronCalc refused it ({error})"
    return model, refused


def _put(model: Any, sheet: int, address: str, entry: Entry) -> None:
    row, column = place(address)
    if entry.formula is not None:
        model.update_cell_with_formula(sheet, row, column, f"={_checked(entry.formula)}")
    elif isinstance(entry.value, ErrorValue):
        model.update_cell_with_formula(sheet, row, column, f"={entry.value}")
    elif isinstance(entry.value, bool):
        model.update_cell_with_bool(sheet, row, column, entry.value)
    elif isinstance(entry.value, float):
        model.update_cell_with_number(sheet, row, column, entry.value)
    else:
        model.update_cell_with_text(sheet, row, column, entry.value)


def _checked(formula: str) -> str:
    """IFERROR(x,"diverged"), wherever it stands, as IFERROR((x)^1,"diverged").

    Where Excel has #NUM! as soon as a number overflows, IronCalc goes on with infinity until the cell is done, so that
    IFERROR misses it; but the result of a power it looks at.
    """
    if _DIVERGED not in formula:
        return formula
    opened: list[int] = []  # where the argument of each call begins that is not closed yet
    pieces: list[str] = []
    for kind, text in tokens(formula):
        if kind == "call" or text == "(":
            opened.append(len(pieces) + 1 if text.upper() == "IFERROR(" else 0)
        elif text == ")" and opened and (start := opened.pop()) and "".join(pieces[-2:]) == _DIVERGED:
            pieces[start] = f"({pieces[start]}"
            pieces[-2] = ")^1,"
        pieces.append(text)
    return "".join(pieces)


def _value(model: Any, sheet: int, address: str) -> Value | None:
    row, column = place(address)
    value: Value | None = model.get_cell_value(sheet, row, column)
    if isinstance(value, str) and value.startswith("#"):  # an error, or a text that looks like one
        error = model.get_cell_type(sheet, row, column) == need("ironcalc", "ironcalc").CellType.ErrorValue
        return ErrorValue(value) if error else value
    return value
