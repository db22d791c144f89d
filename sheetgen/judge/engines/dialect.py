"""What the two `formulas` engines share: formulas cut into text and areas, values to and from `formulas`."""

import logging
import re
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from math import isfinite
from typing import Any, NamedTuple

import numpy as np

from sheetgen.base.errors import need
from sheetgen.excel import ErrorValue, Value, Workbook
from sheetgen.excel.a1 import REFERENCE, Area, tokens
from sheetgen.excel.a1 import area as area_of
from sheetgen.judge.engines.result import EngineMissing

MAX_AREA = 1_000_000  # cells in one range


class NotEvaluated(Exception):
    """A formula these engines cannot judge, and why, in words that follow 'Sheet!A1: '."""


# Their result depends on where a cell is, not only on its value; with references replaced by slots that is lost.
PLACE_FUNCTIONS = frozenset(
    {
        "ADDRESS",
        "ANCHORARRAY",
        "AREAS",
        "CELL",
        "COLUMN",
        "FORMULATEXT",
        "INDIRECT",
        "ISFORMULA",
        "ISREF",
        "LAMBDA",
        "LET",
        "OFFSET",
        "ROW",
        "SHEET",
        "SHEETS",
        "SINGLE",
    }
)

_UNSIGNED = re.compile("[eE](?=[0-9])")
_WORD = re.compile(rf'"(?:[^"]|"")*"|{REFERENCE}')

Piece = str | Area | None  # a text, what a name stands for, or the next reference
Found = tuple[str | Area, tuple[int, int] | str]  # a reference: its cells and their shape, or twice the error it is


class Cut(NamedTuple):
    """What formulas have in common that differ in their references alone, and the names of the functions called."""

    pieces: tuple[Piece, ...]
    called: frozenset[str]

    @property
    def named(self) -> bool:
        """Whether a name among them stands for cells."""
        return any(isinstance(piece, Area) for piece in self.pieces)


class Cutter:
    """Cuts the formulas of one workbook: names become what they stand for, every reference an Area with its sheet."""

    def __init__(self, workbook: Workbook) -> None:
        self.names = {name.casefold(): text for name, text in workbook.names.items()}
        self.sheets = {sheet.casefold(): sheet for sheet in workbook.sheets}
        with quiet():
            self.functions = _functions()
        self.found: dict[tuple[str, str], Found] = {}  # every cell is referred to several times
        self.cuts: dict[tuple[str, str], Cut | NotEvaluated | None] = {}

    def cut(self, sheet: str, formula: str) -> tuple[Cut, list[Found]]:
        """(what it shares with others, its references in their order). Raises NotEvaluated.

        Cutting a formula into tokens is slow, and thousands differ in their references alone: only the first is cut.
        """
        references: list[str] = []

        def slot(match: re.Match[str]) -> str:
            word = match.group()
            if word[0] == '"':
                return word
            references.append(word)
            return "\0"

        key = sheet, _WORD.sub(slot, formula)
        if key not in self.cuts:
            self.cuts[key] = self._cut(sheet, formula) if references == _references(formula) else None
        if (cut := self.cuts[key]) is None:  # a sheet's name has words like references, so each is cut for itself
            references = _references(formula)
            cut = self.cuts.setdefault((sheet, formula), self._cut(sheet, formula))
        if isinstance(cut, NotEvaluated):
            raise cut
        assert cut is not None
        return cut, [self._area(sheet, reference) for reference in references]

    def _cut(self, sheet: str, formula: str) -> Cut | NotEvaluated:
        try:
            return self._tokens(sheet, formula)
        except NotEvaluated as error:
            return error

    def _tokens(self, sheet: str, formula: str) -> Cut:
        pieces: list[Piece] = []
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
        return Cut(tuple(pieces), frozenset(called))

    def _piece(self, sheet: str, kind: str, text: str) -> Piece:
        if kind == "reference":
            return None
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

    def _area(self, sheet: str, reference: str) -> Found:
        key = sheet, reference
        if key not in self.found:
            area = area_of(reference)
            name = self.sheets.get(area.sheet.casefold()) if area.sheet else sheet
            self.found[key] = ("#REF!", "#REF!") if name is None else (area._replace(sheet=name), area.shape)
        return self.found[key]

    def _name(self, sheet: str, name: str) -> str | Area:
        if name.upper() in ("TRUE", "FALSE"):
            return name
        owner, mark, bare = name.rpartition("!")
        scope = area_of(f"{owner}!A1").sheet if mark else sheet
        text = self.names.get(f"{scope}!{bare}".casefold(), self.names.get(bare.casefold()))
        if text is None:
            return "#NAME?"  # which is what Excel shows for a name that is not defined
        kinds = [kind for kind, _ in tokens(text)]
        if kinds == ["reference"]:
            return self._area(sheet, text)[0]
        if set(kinds) <= {"number", "sign", "text"}:
            return f"({text})"
        raise NotEvaluated(f"the name {name} stands for a formula")


def _functions() -> Any:
    """What `formulas` can calculate, and HYPERLINK, which it lacks: a cell with a link shows the link's text."""
    formulas = need("formulas", "build", "The engine formulas", EngineMissing)
    functions = formulas.get_functions()
    if "HYPERLINK" not in functions:
        functions["HYPERLINK"] = formulas.functions.wrap_ufunc(lambda _, text: text, input_parser=lambda *x: x)
    return functions


def _references(formula: str) -> list[str]:
    return [text for kind, text in tokens(formula) if kind == "reference"]


def formulas_value(value: Value | None) -> Any:
    """A cached value as `formulas` holds it."""
    import schedula

    if value is None:
        return schedula.EMPTY
    if isinstance(value, ErrorValue):
        from formulas.tokens.operand import Error

        return Error.errors.get(str(value), Error.errors["#VALUE!"])
    return value


def plain_value(value: Any) -> Value:
    """What `formulas` computed, as a Value; a blank is 0, a number that Excel cannot hold #NUM!."""
    import schedula
    from formulas.tokens.operand import XlError

    if value is schedula.EMPTY:
        return 0.0
    if isinstance(value, XlError):
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
