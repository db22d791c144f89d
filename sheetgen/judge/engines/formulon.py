"""Formulon: its makers compare its results bit for bit with Excel 365's, case by case; it is not Excel itself."""

import tempfile
import time
from importlib import metadata
from pathlib import Path

from sheetgen.base.errors import need
from sheetgen.excel import Workbook, blank, read
from sheetgen.judge.engines.result import EngineFailed, EngineMissing, Recalculated, formula_cells, taken

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


def recalculate(path: str | Path, workbook: Workbook | None = None, limit: int = MAX_FORMULAS) -> Recalculated:
    """Load a blanked copy, recalculate and save it: the saved file has every digit, and is quicker to read than cells.

    Raises EngineMissing, UnreadableWorkbook, and EngineFailed if Formulon can make nothing of the workbook.
    """
    release = version()
    start = time.perf_counter()
    workbook = workbook or read(path)
    if (count := len(formula_cells(workbook.sheets))) > limit:
        why = f"the workbook: {count:,} formula cells are more than {limit:,}, and would take it minutes"
        return Recalculated(NAME, release, {}, time.perf_counter() - start, [], (why,))
    with tempfile.TemporaryDirectory() as folder:
        copy, saved = Path(folder, "blank.xlsx"), Path(folder, "saved.xlsx")
        blank(path, copy)
        saved.write_bytes(_recalculated(copy))
        seen = read(saved).sheets
    values, nothing = taken(workbook, seen, NAME)
    return Recalculated(NAME, release, values, time.perf_counter() - start, nothing)


def _recalculated(path: Path) -> bytes:
    import formulon

    try:
        with formulon.Workbook.load(path.read_bytes()) as book:
            book.recalc()
            saved: bytes = book.save()
    except (formulon.FormulonError, MemoryError) as error:
        raise EngineFailed(f"Formulon can make nothing of the workbook: {error}.") from error
    return saved
