"""The value of a cell while a workbook is compiled: a constant, calculated at once, or what the inputs make of it.

A Varying value is a small program for a stack: `code` says what is done, and cells that have the same code are one
step later; `payload` says with what, one thing for each leaf of the code: which cell, which constant, which range.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple, TypeAlias

import numpy as np

from sheetgen.base.errors import UserError
from sheetgen.excel import Place
from sheetgen.excel.a1 import Area
from sheetgen.excel.tokens import SPELLED_NUMBER
from sheetgen.judge.compiled.arithmetic import ELEMENTWISE, TOLERANT, Array

Code: TypeAlias = tuple[tuple[str | int, ...], ...]


class CannotCompile(UserError):
    """A formula that is not understood; the message is one sentence that names the cell."""


class Varying(NamedTuple):
    """A value that depends on the inputs. kinds: which it may have, of n(umber), b(oolean) and t(ext, held as NaN).

    level: how many formulas lie between it and the inputs, at most.
    """

    kinds: str
    level: int
    code: Code
    payload: tuple[Any, ...]


Known: TypeAlias = float | str | bool | None  # a constant: NaN is an error, None an empty cell
Operand: TypeAlias = Known | Varying
Item: TypeAlias = Operand | Area  # a reference stays one until a value is asked for, since SUM passes over texts in it


def range_of(name: str, item: Item) -> Area:
    """An argument that must be a range. Raises CannotCompile."""
    if not isinstance(item, Area):
        raise CannotCompile(f"{name} has something else where a range belongs")
    return item


def is_error(a: Operand) -> bool:
    """Whether it is an error whatever the inputs are."""
    return isinstance(a, float) and math.isnan(a)


def elementwise(name: str, *arguments: Operand, kinds: str = "n") -> Operand:
    """One operation on numbers: calculated now if all are constants, else later."""
    if name not in TOLERANT and any(map(is_error, arguments)):
        return math.nan
    constants = [np.float64(a) for a in arguments if isinstance(a, float | bool)]
    if len(constants) == len(arguments):
        result = float(ELEMENTWISE[name](*constants))
        return bool(result) if kinds == "b" and result == result else result
    return defer(kinds, (name, len(arguments)), arguments)


def defer(
    kinds: str,
    instruction: tuple[str | int, ...],
    operands: Sequence[Operand],
    leaf: tuple[Any, ...] = (),
    level: int = 0,
) -> Varying:
    """The value that an instruction makes of operands, and of what its own leaf refers to, on this level."""
    parts = [a if isinstance(a, Varying) else Varying("n", 0, (("constant",),), (a,)) for a in operands]
    code = (*(c for part in parts for c in part.code), instruction)
    payload = (*(x for part in parts for x in part.payload), *leaf)
    return Varying(kinds, max([level, *(part.level for part in parts)]), code, payload)


def level_of(values: Iterable[Operand]) -> int:
    """The number of formulas between the values and the inputs, at most."""
    return max((a.level for a in values if isinstance(a, Varying)), default=0)


def number(a: Operand) -> Operand:
    """A value where a number belongs: an empty cell is 0, TRUE is 1, a text that is no number an error."""
    if a is None:
        return 0.0
    if isinstance(a, str):
        if SPELLED_NUMBER.fullmatch(a):
            return float(a)
        if re.search("[0-9]", a):  # "50%" and "1/2/2024" are numbers too, to some
            raise CannotCompile(f"it calculates with the text {a[:40]!r}")
        return math.nan
    return float(a) if isinstance(a, bool) else a


def truth(a: Operand) -> Operand:
    """A value where a condition belongs."""
    if isinstance(a, str):
        return {"TRUE": True, "FALSE": False}.get(a.upper(), math.nan)
    return elementwise("truth", number(a), kinds="b")


def as_number_and_kind(a: Operand) -> tuple[Operand, str]:
    """(a number, its kind) of a value that is chosen by the inputs, as in IF; a text becomes NaN."""
    if isinstance(a, str):
        if re.search("[0-9]", a) or a.upper() in ("TRUE", "FALSE"):
            raise CannotCompile(f"whether it gives the text {a[:40]!r} depends on the inputs")
        return math.nan, "t"
    kinds = a.kinds if isinstance(a, Varying) else "b" if isinstance(a, bool) else "n"
    return number(a), kinds


def union_kinds(*kinds: str) -> str:
    """All kinds that one of several values may have."""
    return "".join(sorted(set("".join(kinds))))


def kind(a: Operand) -> str:
    """n, b, t, or e for an empty cell. Raises CannotCompile for a value whose kind depends on the inputs."""
    if isinstance(a, Varying):
        if a.kinds not in ("n", "b"):
            raise CannotCompile("it asks what kind of value a cell has, and that depends on the inputs")
        return a.kinds
    return "e" if a is None else "t" if isinstance(a, str) else "b" if isinstance(a, bool) else "n"


def compared(name: str, a: Operand, b: Operand) -> Operand:
    """a = b, a < b, ...; texts without regard to case, and numbers < texts < truth values."""
    empty: dict[str, Known] = {"n": 0.0, "b": False, "t": "", "e": 0.0}
    a, b = empty[kind(b)] if a is None else a, empty[kind(a)] if b is None else b
    if isinstance(a, str) and isinstance(b, str):
        less, more = float(a.casefold() < b.casefold()), float(a.casefold() > b.casefold())
        return elementwise(name, more, less, kinds="b")
    ranks = {"n": 0.0, "t": 1.0, "b": 2.0}
    if kind(a) == kind(b):
        return elementwise(name, number(a), number(b), kinds="b")

    def rank(x: Operand) -> Operand:
        nothing = elementwise("*", 0.0 if isinstance(x, str) else number(x), 0.0)  # but an error stays one
        return elementwise("+", nothing, ranks[kind(x)])

    return elementwise(name, rank(a), rank(b), kinds="b")


def text(a: Operand) -> str:
    """A constant as & joins it. Raises CannotCompile for what depends on the inputs."""
    if isinstance(a, Varying):
        raise CannotCompile("it makes a text that depends on the inputs")
    if isinstance(a, bool):
        return str(a).upper()
    if isinstance(a, float):
        shown = f"{a:.15g}"
        if "e" in shown:
            raise CannotCompile(f"it makes a text of the number {a}")
        return shown
    return a or ""


class CellRows:
    """The cells calculated so far, and what their programs refer to: rows of the state, ranges, kernels.

    Every value that one input makes differ has a row of its own; so have constants that lie within ranges of them.
    """

    def __init__(self) -> None:
        self.known: dict[Place, Operand] = {}
        self.here: Place = ("", "")  # the cell that is calculated
        self.rows: list[Varying] = []
        self.windows: list[Array] = []  # of numbers of rows
        self.kernels: list[Array] = []  # of constants
        self._contents: dict[Area, list[Operand]] = {}
        self._constants: dict[str, int] = {}
        self._natures: dict[Area, str] = {}
        self._window: dict[Area, tuple[int, int]] = {}
        self._kernel: dict[tuple[Area | int, ...], int] = {}

    def row(self, kinds: str, level: int, code: Code, payload: tuple[Any, ...]) -> Varying:
        """Keep a value in the state; what comes back refers to it."""
        self.rows.append(Varying(kinds, level, code, payload))
        return Varying(kinds, level, (("cell",),), (len(self.rows) - 1,))

    def constant_row(self, constant: float) -> int:
        """The number of the row that holds a constant."""
        key = repr(constant)
        if key not in self._constants:
            self._constants[key] = len(self.rows)
            self.row("n", -1, (("constant",),), (constant,))
        return self._constants[key]

    def number_of(self, a: Operand) -> int:
        """The number of the row of a cell's value."""
        if isinstance(a, Varying):
            return int(a.payload[0])
        return self.constant_row(a if isinstance(a, float) else math.nan)

    def contents(self, area: Area) -> list[Operand]:
        """The values of a range, row by row."""
        if area not in self._contents:
            self._contents[area] = [self.known.get((area.sheet, a)) for a in area.addresses()]
        return self._contents[area]

    def scalar(self, item: Item) -> Operand:
        """The one value of an argument. Raises CannotCompile for a range."""
        if not isinstance(item, Area):
            return item
        if not item.single:
            raise CannotCompile("it has a range where one cell belongs")
        return self.contents(item)[0]

    def nature(self, area: Area) -> str:
        """Whether a range is 'constant' or 'varying', or has an 'error' whatever the inputs are."""
        if area not in self._natures:
            values = self.contents(area)
            varying = "varying" if any(isinstance(a, Varying) for a in values) else "constant"
            self._natures[area] = "error" if any(map(is_error, values)) else varying
        return self._natures[area]

    def window(self, area: Area) -> tuple[int, int]:
        """(the number of a range among the windows, its level), what is no number being 0."""
        if area not in self._window:
            values = [a if kind(a) == "n" else self._nothing(a) for a in self.contents(area)]
            self.windows.append(np.array([self.number_of(a) for a in values]))
            self._window[area] = len(self.windows) - 1, level_of(values)
        return self._window[area]

    def _nothing(self, a: Operand) -> Operand:
        """0 for what is no number; but a truth value that is an error stays one."""
        nothing = elementwise("*", a, 0.0) if isinstance(a, Varying) else 0.0
        return self.row(*nothing._replace(level=nothing.level + 1)) if isinstance(nothing, Varying) else 0.0

    def kernel(self, areas: Sequence[Area], size: int) -> int:
        """The number of the product of constant ranges among the kernels, what is no number being 0."""
        key: tuple[Area | int, ...] = size, *areas
        if key not in self._kernel:
            columns = [[a if isinstance(a, float) else 0.0 for a in self.contents(area)] for area in areas]
            self.kernels.append(np.prod(np.array([np.ones(size), *columns]), axis=0))
            self._kernel[key] = len(self.kernels) - 1
        return self._kernel[key]
