"""The language of the two `formulas` engines: formulas cut into text and areas, values to and from `formulas`."""

import logging
import re
import warnings
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from math import isfinite
from typing import Any, NamedTuple

import numpy as np

from sheetgen.base.errors import need
from sheetgen.excel import ErrorValue, Value, Workbook
from sheetgen.excel.a1 import Area, place
from sheetgen.excel.functions import BY_PLACE
from sheetgen.excel.instructions import Array, Call, FormulaError, Literal, Operator
from sheetgen.excel.names import Resolver
from sheetgen.excel.references import At, Resolved, Slot, Step, Unknown, Unresolved
from sheetgen.excel.skeleton import Skeleton, cut
from sheetgen.excel.tokens import pieces
from sheetgen.judge.engines.result import EngineMissing

MAX_AREA = 1_000_000  # cells in one range

_UNSIGNED = re.compile("[eE](?=[0-9])")  # in a number


class NotEvaluated(Exception):
    """A formula these engines cannot judge, and why, in words that follow 'Sheet!A1: '."""


class SplitFormula(NamedTuple):
    """A formula without its references, as text: None stands for the next of them; and its calls, operands first."""

    pieces: tuple[str | None, ...]
    code: tuple[Step, ...]

    def text(self, references: Iterable[str]) -> str:
        """The formula with references put in."""
        rest = iter(references)
        return "".join(next(rest) if piece is None else piece for piece in self.pieces)


class Cutter:
    """Cuts the formulas of one workbook: names become what they stand for, every reference an Area with its sheet."""

    def __init__(self, workbook: Workbook) -> None:
        self.resolver = Resolver.of(workbook)
        with quiet():
            self.functions = _functions()
        self.cuts: dict[tuple[str, Skeleton, At], SplitFormula | NotEvaluated] = {}

    def cut(self, sheet: str, where: str, formula: str) -> tuple[SplitFormula, list[Area]]:
        """(the SplitFormula of a cell, which others share, its references in their order). Raises NotEvaluated."""
        at = place(where)
        try:
            skeleton, corners = cut(formula)
            resolved = self.resolver.resolve(skeleton, sheet, at)
            key = sheet, skeleton, at if resolved.scope == "cell" else None
            if key not in self.cuts:
                self.cuts[key] = self._cut(formula, resolved, sheet, at)
            shared = self.cuts[key]
            if isinstance(shared, NotEvaluated):
                raise shared
            return shared, resolved.areas(corners, sheet, at)
        except (FormulaError, Unresolved) as error:
            raise NotEvaluated(str(error).rstrip(".")) from error

    def _cut(self, formula: str, resolved: Resolved, sheet: str, at: At) -> SplitFormula | NotEvaluated:
        try:
            self._check(resolved)
            texts = (self._piece(kind, text, sheet, at) for kind, text, _ in pieces(formula) if kind != "space")
            return SplitFormula(tuple(texts), resolved.code)
        except NotEvaluated as error:
            return error

    def _check(self, resolved: Resolved) -> None:
        """Raises NotEvaluated for a function, an operator or a reference that is not in the dialect."""
        for item in resolved.code:
            if isinstance(item, Array):
                raise NotEvaluated("'{' is not in the dialect")
            if isinstance(item, Operator) and item.name in (" ", ":"):
                what = "an intersection of ranges" if item.name == " " else "':'"
                raise NotEvaluated(f"{what} is not in the dialect")
            if isinstance(item, Unknown) and item.external:
                raise NotEvaluated(item.why)
            if isinstance(item, Call) and item.name in BY_PLACE:
                raise NotEvaluated(f"the function {item.name} looks at addresses, not at values")
            if isinstance(item, Call) and item.spelled.upper() not in self.functions:
                raise NotEvaluated(f"the function {item.name} is unknown to formulas")

    def _piece(self, kind: str, text: str, sheet: str, at: At) -> str | None:
        if kind in ("reference", "name", "table") and text.upper() not in ("TRUE", "FALSE"):
            return self._meaning(text, sheet, at)
        if kind == "number":  # `formulas` reads neither '1E9' nor '3.'
            return _UNSIGNED.sub("E+", text).rstrip(".")
        return f"#{text.rpartition('#')[2]}" if kind == "error" else text  # S!#REF! without the sheet

    def _meaning(self, text: str, sheet: str, at: At) -> str | None:
        """None for cells, else the constant that a name stands for, or the error that Excel shows instead."""
        resolved, areas = self.resolver.read(text, sheet, at)
        if resolved.code == (Slot(0),):
            return None
        if resolved.unknown is not None and not (areas or resolved.calls):
            return resolved.unknown.error
        if areas or resolved.calls:
            is_name = ":" not in text
            raise NotEvaluated(f"the name {text} stands for a formula" if is_name else "':' is not in the dialect")
        return _constant(resolved.code)


def _constant(code: tuple[Step, ...]) -> str:
    """The text of constants and operators, each pair in brackets."""
    stack: list[str] = []
    for item in code:
        if isinstance(item, Literal):
            quoted = str(item.value).replace('"', '""')
            stack.append(f'"{quoted}"' if item.kind == "text" else str(item.value).upper().removesuffix(".0"))
        elif isinstance(item, Operator) and item.operands == 2:
            last = stack.pop()
            stack.append(f"({stack.pop()}{item.name}{last})")
        elif isinstance(item, Operator):
            sign = {"negative": "-", "positive": "+"}.get(item.name, "")
            stack.append(f"({sign}{stack.pop()}{'' if sign else item.name})")
    return f"({stack.pop()})"


def _functions() -> Any:
    """The functions of `formulas`, and HYPERLINK, which it lacks: a cell with a link shows the link's text."""
    formulas = need("formulas", "build", "The engine formulas", EngineMissing)
    functions = formulas.get_functions()
    if "HYPERLINK" not in functions:
        functions["HYPERLINK"] = formulas.functions.wrap_ufunc(lambda _, text: text, input_parser=lambda *x: x)
    return functions


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
    """A result of `formulas` as a Value; a blank is 0, a number that Excel cannot hold #NUM!."""
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
