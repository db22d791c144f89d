"""Formulon: its makers compare its results bit for bit with Excel 365's, case by case; it is not Excel itself."""

from importlib import metadata
from pathlib import Path

from sheetgen.base.errors import need
from sheetgen.judge.engines.result import Attempt, Engine, EngineFailed, EngineMissing, formula_cells

NAME = "Formulon"
MAX_FORMULAS = 250_000  # loading takes a second for each 8,000 of them

# Functions that Formulon's own list of known differences from Excel names (tests/divergence.yaml in its repository, as
# of version 0.18); a test holds that we write none of them, except where EXCEPT says why it does not matter.
DIVERGES = frozenset(
    {
        "ANCHORARRAY", "AREAS", "ARRAYTOTEXT", "ASC", "BESSELI", "BESSELY", "BYCOL", "COPILOT", "COUNTIF",
        "CUBEKPIMEMBER", "CUBEMEMBER", "CUBEMEMBERPROPERTY", "CUBERANKEDMEMBER", "CUBESET", "CUBESETCOUNT",
        "CUBEVALUE", "DETECTLANGUAGE", "ENCODEURL", "ERF.PRECISE", "ERFC.PRECISE", "FILTERXML", "FORECAST.ETS",
        "FORECAST.ETS.CONFINT", "FORECAST.ETS.SEASONALITY", "FORECAST.ETS.STAT", "FREQUENCY", "GETPIVOTDATA", "GROUPBY",
        "IMAGE", "INDIRECT", "INFO", "ISBLANK", "ISFORMULA", "JIS", "LAMBDA", "LINEST", "LOGEST", "MAP", "NOW",
        "PHONETIC", "PIVOTBY", "PY", "RAND", "RANDARRAY", "RANDBETWEEN", "REGEXEXTRACT", "REGEXREPLACE", "REGEXTEST",
        "ROWS", "RTD", "SCAN", "SEQUENCE", "STOCKHISTORY", "TEXT", "TODAY", "TRANSLATE", "WEBSERVICE", "XLOOKUP",
        "XMATCH",
    }
)  # fmt: skip
EXCEPT = {
    "COUNTIF": 'only for "<>" over cells that hold an empty text: the makers\' own driver cannot write those',
    "ROWS": "only for an array that is written out with rows of unlike lengths, which Excel refuses",
    "TEXT": 'only for a colour in the format, "[Red]0.00", which Excel shows now as text and now as an error',
}


def version() -> str:
    """The version of the installed package. Raises EngineMissing."""
    need("formulon", "formulon", "The engine Formulon", EngineMissing)
    return metadata.version("formulon")


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


recalculate = Engine(NAME, version, _calculate, present=version)
