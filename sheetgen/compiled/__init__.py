"""The formulas of a finished workbook, as they are written in its cells, for many inputs at once.

Nothing here knows what a workbook is about. Each formula is read (`parse`, `book`), calculated at once if it does not
depend on the inputs, else set down as a little program (`values`, `functions`, `fold`); cells with the same program are
one step on arrays (`steps`, `arithmetic`).
"""

from .book import Place
from .fold import compile_workbook
from .parse import CannotCompile
from .steps import Compiled

__all__ = ["CannotCompile", "Compiled", "Place", "compile_workbook"]
