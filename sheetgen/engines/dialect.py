"""What the two `formulas` engines share: formulas cut into text and areas, values to and from `formulas`."""

import logging
import re
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from math import isfinite
from typing import Any

import numpy as np

from ..xlsx import ErrorValue, Value, Workbook
from ..xlsx.a1 import Area, area, tokens
from .result import need

MAX_AREA = 1_000_000  # cells in one range


class NotEvaluated(Exception):
    """A formula these engines cannot judge, and why, in words that follow 'Sheet!A1: '."""


# Their result depends on where a cell is, not only on its value; with references replaced by slots that is lost.
PLACE_FUNCTIONS = frozenset(
    {
        "ADDRESS", "ANCHORARRAY", "AREAS", "CELL", "COLUMN", "FORMULATEXT", "INDIRECT", "ISFORMULA", "ISREF", "LAMBDA",
        "LET", "OFFSET", "ROW", "SHEET", "SHEETS", "SINGLE",
    }
)

_UNSIGNED = re.compile("[eE](?=[0-9])")

Pieces = list[str | Area]


class Cutter:
    """Cuts the formulas of one workbook: names become what they stand for, every reference an Area with its sheet."""

    def __init__(self, workbook: Workbook) -> None:
        self.names = {name.casefold(): text for name, text in workbook.names.items()}
        self.sheets = {sheet.casefold(): sheet for sheet in workbook.sheets}
        with quiet():
            self.functions = _functions()
        self.areas: dict[tuple[str, str], str | Area] = {}  # every cell is referred to several times

    def cut(self, sheet: str, formula: str) -> tuple[Pieces, set[str]]:
        """(text and areas, names of the functions called). Raises NotEvaluated."""
        pieces: Pieces = []
        called = set()
        ended, gap = False, False  # was the last token the end of an operand, did spaces follow it
        for kind, text in tokens(formula):
            if kind == "space":
                gap = True
                continue
            if ended and gap and (kind in ("reference", "name", "call") or text == "("):
                raise NotEvaluated("an intersection of ranges is not in the dialect")
            ended, gap = kind in ("reference", "name") or text == ")", False
            if kind == "call":
                called.add(self._function(text[:-1].upper()))
            pieces.append(self._piece(sheet, kind, text))
        return pieces, called

    def _piece(self, sheet: str, kind: str, text: str) -> str | Area:
        if kind == "reference":
            return self._area(sheet, text)
        if kind == "name":
            return self._name(sheet, text)
        if kind == "number":  # `formulas` reads neither '1E9' nor '3.'
            return _UNSIGNED.sub("E+", text).rstrip(".")
        if kind == "other":
            raise NotEvaluated(f"{text!r} is not in the dialect")
        return text

    def _function(self, name: str) -> str:
        bare = name.removeprefix("_XLFN.").removeprefix("_XLWS.")
        if bare in PLACE_FUNCTIONS:
            raise NotEvaluated(f"the function {bare} looks at addresses, not at values")
        if name not in self.functions:
            raise NotEvaluated(f"the function {bare} is unknown to formulas")
        return bare

    def _area(self, sheet: str, reference: str) -> str | Area:
        key = sheet, reference
        if key not in self.areas:
            found = area(reference)
            name = self.sheets.get(found.sheet.casefold()) if found.sheet else sheet
            self.areas[key] = "#REF!" if name is None else found._replace(sheet=name)
        return self.areas[key]

    def _name(self, sheet: str, name: str) -> str | Area:
        if name.upper() in ("TRUE", "FALSE"):
            return name
        owner, mark, bare = name.rpartition("!")
        scope = area(f"{owner}!A1").sheet if mark else sheet
        text = self.names.get(f"{scope}!{bare}".casefold(), self.names.get(bare.casefold()))
        if text is None:
            return "#NAME?"  # which is what Excel shows for a name that is not defined
        kinds = [kind for kind, _ in tokens(text)]
        if kinds == ["reference"]:
            return self._area(sheet, text)
        if set(kinds) <= {"number", "sign", "text"}:
            return f"({text})"
        raise NotEvaluated(f"the name {name} stands for a formula")


def _functions() -> Any:
    """What `formulas` can calculate, and HYPERLINK, which it lacks: a cell with a link shows the link's text."""
    formulas = need("formulas", "formulas")
    functions = formulas.get_functions()
    if "HYPERLINK" not in functions:
        functions["HYPERLINK"] = formulas.functions.wrap_ufunc(lambda _, text: text, input_parser=lambda *x: x)
    return functions


def formulas_value(value: Value | None) -> Any:
    """A cached value as `formulas` holds it."""
    formulas, schedula = need("formulas", "formulas"), need("schedula", "formulas")
    if value is None:
        return schedula.EMPTY
    if isinstance(value, ErrorValue):
        errors = formulas.tokens.operand.Error.errors
        return errors.get(str(value), errors["#VALUE!"])
    return value


def plain_value(value: Any) -> Value:
    """What `formulas` computed, as a Value; a blank is 0, a number that Excel cannot hold #NUM!."""
    formulas, schedula = need("formulas", "formulas"), need("schedula", "formulas")
    if value is schedula.EMPTY:
        return 0.0
    if isinstance(value, formulas.tokens.operand.XlError):
        return ErrorValue(value)
    if isinstance(value, str):
        return str(value)
    if isinstance(value, bool | np.bool_):
        return bool(value)
    if isinstance(value, complex | np.complexfloating) or not isfinite(value):
        return ErrorValue("#NUM!")
    return float(value)


@contextmanager
def quiet() -> Iterator[None]:
    """Keep to ourselves what `formulas` warns and logs while it tries: overflow of EXP, functions it lacks."""
    logger = logging.getLogger("schedula")
    level = logger.level
    logger.setLevel(logging.CRITICAL)
    try:
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore")
            yield
    finally:
        logger.setLevel(level)
