"""Formulon: its makers compare its results bit for bit with Excel 365's, case by case; it is not Excel itself."""

from importlib import metadata
from pathlib import Path

from sheetgen.base.errors import need
from sheetgen.judge.engines.result import Attempt, Engine, EngineFailed, EngineMissing, formula_cells

NAME = "Formulon"
MAX_FORMULAS = 250_000  # loading takes a second for each 8,000 of them


def version() -> str:
    """The version of the installed package. Raises EngineMissing."""
    return metadata.version(need("formulon", "formulon", "The engine Formulon", EngineMissing).__name__)


def _calculate(attempt: Attempt, limit: int = MAX_FORMULAS) -> None:
    """Load a blanked copy, recalculate, save: the saved file has every digit, and is quicker to read than cells."""
    if (count := len(formula_cells(attempt.workbook.sheets))) > limit:
        attempt.values.clear()
        attempt.left_out.append(
            f"the workbook: {count:,} formula cells are more than {limit:,}, and would take it minutes"
        )
    else:
        attempt.take_saved(_saved)


def _saved(copy: Path) -> Path:
    import formulon

    target = copy.with_name("saved.xlsx")
    try:
        with formulon.Workbook.load(copy.read_bytes()) as book:
            book.recalc()
            target.write_bytes(book.save())
    except (formulon.FormulonError, MemoryError) as error:
        raise EngineFailed(f"Formulon can make nothing of the workbook: {error}.") from error
    return target


recalculate = Engine(NAME, version, _calculate)
