"""Calculate, while a workbook is being written, the cached values of formulas that come without one."""

from collections.abc import Iterable, Mapping
from typing import Any

from sheetgen.excel import Entry, Value
from sheetgen.judge.engines.iron import NAME, empty_model, put, value_of
from sheetgen.judge.engines.result import EngineFailed

Cell = tuple[int, int, str | None, Value | None]  # row from 1, column from 0, formula, value if it is known
Results = dict[str, dict[tuple[int, int], Value]]


def calculated(sheets: Mapping[str, Iterable[Cell]], names: Mapping[str, str]) -> Results:
    """Sheet by sheet, the values of the formulas that come without one; those that have one are taken at their word.

    Raises EngineMissing without IronCalc, and EngineFailed for a formula that it cannot calculate.
    """
    order = list(sheets)
    # IronCalc takes names of one cell only.
    model = empty_model(order, {name: cells for name, cells in names.items() if ":" not in cells})
    wanted = [
        (number, row, column)
        for number, (sheet, contents) in enumerate(sheets.items())
        for row, column, formula, value in contents
        if _put(model, (number, row, column), formula, value)
    ]
    model.evaluate()
    results: Results = {sheet: {} for sheet in order}
    for number, row, column in wanted:
        value = value_of(model, number, row, column + 1)
        if value is None:
            raise EngineFailed(f"{NAME} gave no value for row {row}, column {column + 1} of the sheet {order[number]}.")
        results[order[number]][row, column] = value
    return results


def _put(model: Any, at: tuple[int, int, int], formula: str | None, value: Value | None) -> bool:
    """Whether the cell is to be calculated."""
    sheet, row, column = at
    if value is None or isinstance(value, str):
        put(model, sheet, row, column + 1, Entry(formula if value is None else None, value))
    else:
        model.update_cell_with_number(sheet, row, column + 1, float(value))
    return value is None
