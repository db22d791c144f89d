"""A formula as the calls it makes, operands first: 1+2*3 is 1, 2, 3, *, +. There is no tree, so none too deep."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple, NoReturn, TypeAlias

from sheetgen.base.errors import UserError
from sheetgen.excel import Value


class CannotCompile(UserError):
    """What is not understood; the message is one sentence that names the cell."""


class Constant(NamedTuple):
    """A number, text, truth value, or error (NaN) in a formula; None is an argument left out."""

    value: Value | None


class Slot(NamedTuple):
    """The n-th reference of a formula, from 0."""

    number: int


class Call(NamedTuple):
    """An operator or a function, by its name, of the last few values."""

    name: str
    operands: int


Instruction: TypeAlias = Constant | Slot | Call
Tokens: TypeAlias = Iterable[tuple[str, str]]

COMPARISONS = ("=", "<>", "<", "<=", ">", ">=")
BINDS = {**dict.fromkeys(COMPARISONS, 1), "&": 2, "+": 3, "-": 3, "*": 4, "/": 4, "^": 5}
PREFIX = 6  # a sign before an operand binds more than a power: -2^2 is 4
BRACKET = 0


@dataclass
class _Waiting:
    """An operator whose operands are not complete, or an open bracket with the arguments it has so far."""

    name: str
    binds: int
    count: int


def parse(tokens: Tokens) -> tuple[Instruction, ...]:
    """The calls of a formula, cut by `xlsx.a1.tokens`. Raises CannotCompile, without the cell's name."""
    parser = _Parser()
    for kind, text in tokens:
        if kind != "space":
            parser.take(kind, text)
    return parser.end()


def unexpected(text: str) -> NoReturn:
    """Raise CannotCompile for a token that cannot stand where it stands."""
    raise CannotCompile(f"{text[:40]!r} is not expected there")


class _Parser:
    """Operators wait on a stack until one comes that binds no tighter."""

    def __init__(self) -> None:
        self.done: list[Instruction] = []
        self.waiting: list[_Waiting] = [_Waiting("", BRACKET, 0)]
        self.expecting = True  # an operand comes next
        self.slots = 0

    def take(self, kind: str, text: str) -> None:
        last = self.waiting[-1]
        if self.expecting and kind == "sign" and last.name + text in COMPARISONS and last.name:
            last.name += text  # "<" was there, now comes the "=" of "<="
        elif kind in ("reference", "number", "text", "error", "name"):
            self.operand(kind, text)
        elif kind == "call" or text == "(":
            self.expect(True, text)
            name = text[:-1].upper().removeprefix("_XLFN.").removeprefix("_XLWS.")
            self.waiting.append(_Waiting(name, BRACKET, 0))
        elif text in ("+", "-") and self.expecting:
            self.waiting.append(_Waiting("negative" if text == "-" else "positive", PREFIX, 1))
        elif text in BINDS:
            self.expect(False, text)
            self.reduce(BINDS[text])
            self.waiting.append(_Waiting(text, BINDS[text], 2))
            self.expecting = True
        elif text == "%":
            self.expect(False, text)
            self.done.append(Call(text, 1))
        elif text in (",", ")"):
            self.argument(text)
        else:
            raise CannotCompile(f"{text[:40]!r} is not understood")

    def expect(self, operand: bool, text: str) -> None:
        if self.expecting != operand:
            unexpected(text)

    def operand(self, kind: str, text: str) -> None:
        self.expect(True, text)
        self.expecting = False
        if kind == "reference":
            self.done.append(Slot(self.slots))
            self.slots += 1
        else:
            self.done.append(Constant(_literal(kind, text)))

    def reduce(self, binds: int) -> None:
        """Let the operators go that bind at least so tightly, from the last."""
        while self.waiting[-1].binds >= binds:
            ready = self.waiting.pop()
            self.done.append(Call(ready.name, ready.count))

    def argument(self, text: str) -> None:
        """The end of an argument, at a comma or at the bracket that closes."""
        bracket = self.waiting[-1]
        if self.expecting:  # nothing stands there, which only a function takes
            if bracket.binds != BRACKET or not bracket.name:
                unexpected(text)
            if text == "," or bracket.count:
                self.done.append(Constant(None))
                bracket.count += 1
        else:
            self.reduce(BRACKET + 1)
            bracket = self.waiting[-1]
            bracket.count += 1
        if len(self.waiting) == 1 or (text == "," and not bracket.name):
            unexpected(text)
        self.expecting = text == ","
        if text == ")":
            self.waiting.pop()
            if bracket.name:
                self.done.append(Call(bracket.name, bracket.count))

    def end(self) -> tuple[Instruction, ...]:
        self.expect(False, "the end")
        self.reduce(BRACKET + 1)
        if len(self.waiting) > 1:
            unexpected("the end")
        return tuple(self.done)


def _literal(kind: str, text: str) -> Value:
    if kind == "number":
        number = float(text)
        return number if math.isfinite(number) else unexpected(text)
    if kind == "text":
        return text[1:-1].replace('""', '"')
    if kind == "error":
        return math.nan
    if text.upper() in ("TRUE", "FALSE"):
        return text.upper() == "TRUE"
    raise CannotCompile(f"the name {text[:40]} is not defined")
