"""The check of a derivative by an engine, which shares nothing with the reader and the calculus.

The engine opens the workbook by itself and is handed in. It counts only if it finds the target's number, too; then
its differences are compared with the derivative.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import NamedTuple, Protocol

from sheetgen.base.errors import MissingExtra, UserError
from sheetgen.excel import ErrorValue, Value, Workbook
from sheetgen.grad.numeric import CLOSER, Numeric, differentiated
from sheetgen.grad.where import brief, named
from sheetgen.reader import Formulas, Place

AGREES, DIFFERS, VAGUE, UNCHECKED = "agrees", "differs", "too imprecise", "not checked"
CANNOT = "the engine cannot calculate it"
SAME = 1e-9  # relative difference of numbers that are taken for one

# Why a derivative was not checked.
NOT_INSTALLED = "needs sheetgen[build]"
NOT_ASKED = "no engine was asked"
NO_TIME = "there was no time left"
NO_NUMBER = "it is no finite number"


class EngineSession(Protocol):
    """A spreadsheet program with a workbook open."""

    name: str

    def recalculate(self, target: Place, changes: Mapping[Place, float]) -> Value | None:
        """The value of a cell when other numbers are typed into some, which are put back. Raises UserError."""
        ...


Opener = Callable[[Workbook], EngineSession]  # raises UserError: MissingExtra if the engine is not installed


class Checked(NamedTuple):
    """A verdict on one derivative, and what differences gave, if they were taken."""

    verdict: str
    numeric: Numeric | None = None


@dataclass
class Check:
    """The target's workbook in an engine; if that is of no use, `verdict` is the one of every derivative.

    `value` is what the engine finds for the target, with the numbers that are `typed` into other cells; `reasons` has
    for a verdict why it was given, where that was told.
    """

    target: Place
    name: str = ""  # the engine's
    engine: EngineSession | None = None
    value: Value | None = None
    typed: Mapping[Place, float] = field(default_factory=dict)
    verdict: str = ""
    until: float = math.inf  # as time.monotonic
    reasons: dict[str, str] = field(default_factory=dict)

    def open(self, opener: Opener | None, book: Formulas, ours: float, floor: float,
             remembered: Mapping[Place, float]) -> None:  # fmt: skip
        """Have an engine calculate the target, and compare its number with the file's and with `ours`, the reader's.

        Where the engine stands alone, or has no number, it is of no use; else no derivative of the reader's is right.
        If it cannot do without, it is given the numbers that the reader goes by, too, as `remembered` by the file.
        """
        if opener is None:
            self.verdict = self._verdict(UNCHECKED, NOT_ASKED)
            return
        try:
            self.engine = opener(book.workbook)
            self.name = self.engine.name
            for self.typed in ({}, remembered) if remembered else ({},):
                self.value = self.engine.recalculate(self.target, self.typed)
                if same(self.value, ours, floor):
                    return
        except MissingExtra:
            self.verdict = self._verdict(UNCHECKED, NOT_INSTALLED)
        except UserError as error:
            self.verdict = self._verdict(CANNOT, str(error).rstrip("."))
        else:
            entry = book.entry(self.target)
            self.verdict = self._compared(ours, floor, entry.value if entry else None)

    def _compared(self, ours: float, floor: float, file: Value | None) -> str:
        no_number = self.value is None or isinstance(self.value, str)
        alone = same(file, ours, floor) or (no_number and not isinstance(file, str))
        return self._verdict(
            CANNOT if alone else DIFFERS,
            f"for {named(self.target)} {self.name} gives {shown(self.value)}, the file remembers {shown(file)}, "
            f"and the formulas as they are read here give {shown(ours)}",
        )

    def of(self, place: Place, number: float, derivative: float) -> Checked:
        """Check the derivative with respect to a cell that holds a number."""
        if self.verdict:
            return Checked(self.verdict)
        try:
            f = partial(self._value, place)
            numeric = differentiated(f, number, self.until)
            if numeric and not numeric.agrees(derivative):  # there may be a jump beside the number
                closer = differentiated(f, number, self.until, CLOSER)
                if closer and closer.agrees(derivative) and not closer.vague(derivative):
                    numeric = closer
        except UserError as error:
            return Checked(self._verdict(CANNOT, str(error).rstrip(".")))
        if numeric is None and time.monotonic() >= self.until:
            return Checked(self._verdict(UNCHECKED, NO_TIME))
        if numeric is None:
            return Checked(self._verdict(CANNOT, f"with other numbers in {named(place)} {self.name} gives errors"))
        if not numeric.agrees(derivative):
            return Checked(DIFFERS, numeric)
        return Checked(VAGUE if numeric.vague(derivative) else AGREES, numeric)

    def _value(self, place: Place, number: float) -> float:
        assert self.engine
        value = self.engine.recalculate(self.target, {**self.typed, place: number})
        return math.nan if value is None or isinstance(value, str) else float(value)

    def _verdict(self, verdict: str, reason: str) -> str:
        """The verdict; the first reason for it is kept."""
        self.reasons.setdefault(verdict, reason)
        return verdict


def same(a: Value | None, b: Value | None, floor: float = 0.0) -> bool:
    """Whether two values of a cell are one: numbers but for rounding, which `floor` is an absolute bound of."""
    if isinstance(a, str) or isinstance(b, str) or a is None or b is None:
        return a == b
    return a == b or abs(a - b) <= SAME * max(abs(a), abs(b)) + floor


def shown(value: Value | None) -> str:
    """A value in a sentence."""
    if value is None:
        return "nothing"
    if isinstance(value, str):
        return brief(value) if isinstance(value, ErrorValue) else f"the text {brief(value)!r}"
    return f"{value:.12g}"
