"""Calculate, while a workbook is being written, the cached values of formulas that come without one."""

from collections.abc import Iterable, Mapping

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
    wanted = []
    for number, contents in enumerate(sheets.values()):
        for row, column, formula, value in contents:
            if value is None:
                wanted.append((number, row, column))
            if value is None or isinstance(value, str):
                put(model, number, row, column + 1, Entry(formula if value is None else None, value))
            else:
                model.update_cell_with_number(number, row, column + 1, float(value))
    model.evaluate()
    results: Results = {sheet: {} for sheet in order}
    for number, row, column in wanted:
        value = value_of(model, number, row, column + 1)
        if value is None:
            raise EngineFailed(f"{NAME} gave no value for row {row}, column {column + 1} of the sheet {order[number]}.")
        results[order[number]][row, column] = value
    return results
