"""The frame of every engine: a workbook without its results goes in, Recalculated comes out."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from sheetgen.base.errors import MissingExtra, UserError
from sheetgen.excel import Place, Sheets, Value, Workbook, blank, read

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


class Attempt:
    """One engine at work on a workbook: the values so far, the cells it `refused` and why, what it left out."""

    def __init__(self, engine: str, path: Path, workbook: Workbook) -> None:
        self.engine, self.path, self.workbook = engine, path, workbook
        self.values: Values = {sheet: {} for sheet in workbook.sheets}
        self.refused: dict[Place, str] = {}
        self.left_out: list[str] = []

    def take(self, value_at: Callable[[str, str], Value | None]) -> None:
        """Ask for the value of every formula cell; one that has none was refused."""
        for sheet, address in formula_cells(self.workbook.sheets):
            why = self.refused.pop((sheet, address), f"{self.engine} gave no value")
            value = value_at(sheet, address)
            if value is None:
                self.refused[sheet, address] = why
            else:
                self.values[sheet][address] = value

    def take_saved(self, recalculated: Callable[[Path], Path]) -> None:
        """Take the values from the file that an engine saves of a blanked copy in a folder that is thrown away."""
        with tempfile.TemporaryDirectory() as folder:
            copy = Path(folder, "blank.xlsx")
            blank(self.path, copy)
            sheets = read(recalculated(copy)).sheets
        self.take(lambda sheet, address: entry.value if (entry := sheets.get(sheet, {}).get(address)) else None)


@dataclass(frozen=True)
class Engine:
    """An engine, which is called with a path, and with the Workbook if it has been read already.

    `version` raises EngineMissing, `calculate` fills an Attempt and may raise EngineFailed. `present` is a quicker way
    than `version` to see whether it is installed, where there is one.
    """

    name: str
    version: Callable[[], str]
    calculate: Callable[..., None]
    present: Callable[[], object] | None = None

    def __call__(self, path: str | Path, workbook: Workbook | None = None, **limits: float) -> Recalculated:
        """Raises EngineMissing, EngineFailed and UnreadableWorkbook."""
        release = self.version()
        start = time.perf_counter()
        attempt = Attempt(self.name, Path(path), workbook or read(path))
        self.calculate(attempt, **limits)
        refused = [f"{sheet}!{address}: {why}" for (sheet, address), why in attempt.refused.items()]
        seconds = time.perf_counter() - start
        return Recalculated(self.name, release, attempt.values, seconds, refused, tuple(attempt.left_out))


def formula_cells(sheets: Sheets) -> list[Place]:
    """Every cell with a formula."""
    return [(sheet, address) for sheet, cells in sheets.items() for address, entry in cells.items() if entry.formula]
