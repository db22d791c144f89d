"""Engines that recalculate a finished workbook. They import nothing of what makes it.

One habit of sheetgen's own workbooks is known to one of them: IronCalc needs help with IFERROR(x,"diverged").

IronCalc gets inputs and formulas, LibreOffice and Formulon a copy of the file, none of them any cached value.
`formulas` in full does the same sheet by sheet, with the cached values of the other sheets; 'formulas patterns'
calculates every cell from the cached values it refers to.
"""

from collections.abc import Callable

from sheetgen.judge.engines import formulon, iron, libreoffice, patterns, whole
from sheetgen.judge.engines.beside import Outcome, side_by_side
from sheetgen.judge.engines.libreoffice import stop
from sheetgen.judge.engines.result import Engine, EngineFailed, EngineMissing, Recalculated, Values

_KNOWN: dict[str, Engine] = {x.NAME: x.recalculate for x in (iron, whole, patterns, libreoffice, formulon)}
ENGINES: dict[str, Callable[..., Recalculated]] = {**_KNOWN}
OPTIONAL = (libreoffice.NAME, formulon.NAME)  # what a person need not have installed


def version(name: str) -> str:
    """The version of an engine of ENGINES. Raises EngineMissing."""
    return _KNOWN[name].version()


def available(name: str) -> bool:
    """Whether an engine of ENGINES is installed."""
    engine = _KNOWN[name]
    try:
        (engine.present or engine.version)()
    except EngineMissing:
        return False
    return True


__all__ = [
    "ENGINES", "OPTIONAL", "EngineFailed", "EngineMissing", "Outcome", "Recalculated", "Values", "available",
    "side_by_side", "stop", "version",
]  # fmt: skip
