"""The formulas of a finished workbook, as they are written in its cells, for many inputs at once.

Nothing here knows what a workbook is about. Each formula is read (`source`), calculated at once if it does not depend
on the inputs, else set down as a little program (`values`, `functions`, `fold`); cells with the same program are one
step on arrays (`steps`, `arithmetic`).
"""

from sheetgen.excel import Place
from sheetgen.judge.compiled.fold import compile_workbook
from sheetgen.judge.compiled.steps import Compiled
from sheetgen.judge.compiled.values import CannotCompile

__all__ = ["CannotCompile", "Compiled", "Place", "compile_workbook"]
