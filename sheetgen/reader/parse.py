"""An Excel formula as Cells: openpyxl's tokenizer, and Excel's precedence, in which -2^2 is 4.

Brackets are kept on a stack of our own, so that a formula may be as deep as it likes.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable
from typing import NoReturn, TypeAlias

from openpyxl.formula.tokenizer import Token, Tokenizer, TokenizerError

from sheetgen.cell import Cell, constant
from sheetgen.cells.ops import LOGICAL
from sheetgen.reader.block import (
    Argument,
    Block,
    NotUnderstood,
    calculable,
    compare,
    elementwise,
    is_literal_text,
    literal_text,
    of_kinds,
    truth,
)
from sheetgen.reader.functions import FUNCTIONS, MAX_FACTORS

COMPARISONS = {"=": "eq", "<>": "ne", "<": "lt", "<=": "le", ">": "gt", ">=": "ge"}
SIGNS = {"+": "add", "-": "sub", "*": "mul", "/": "div", "^": "pow", **COMPARISONS}
BINDS = {"pow": 3, "mul": 2, "div": 2, "add": 1, "sub": 1, **dict.fromkeys(LOGICAL, 0)}
PREFIX = 4  # how tightly a sign before an operand binds: more than a power
CHAINS = {"add": None, "mul": MAX_FACTORS}  # one Cell with many arguments, for (a*b)*c is a*b*c; how many, at most
MAX_CELLS = 500_000  # that one formula may calculate, those within its ranges included
MAX_SHOWN = 40  # characters of a stranger's formula in a message

_NUMBER = re.compile(r"([0-9]+\.?[0-9]*|\.[0-9]+)([eE][-+]?[0-9]+)?")  # not all that Python takes for one

Item: TypeAlias = Token | Argument  # a reference is already what it stands for


def tokenized(text: str) -> list[Token]:
    """The tokens of a formula (without its '='), but for spaces. Raises NotUnderstood."""
    try:
        return [t for t in Tokenizer(f"={text}").items if t.type != Token.WSPACE]
    except (TokenizerError, IndexError, ValueError) as error:
        raise NotUnderstood("the formula is not complete") from error


def function_name(token: Token) -> str:
    """The name in a token that opens a call, as the table of functions has it."""
    return str(token.value)[:-1].upper().removeprefix("_XLFN.").removeprefix("_XLWS.")


def parse(items: Iterable[Item], array: bool = False) -> Argument:
    """The Cells of a formula; a Block of them, if it is an `array` formula with several results.

    Raises NotUnderstood.
    """
    return _Parser(array).parse(items)


def unexpected(text: str) -> NoReturn:
    """Raise NotUnderstood for a token that cannot stand where it stands."""
    raise NotUnderstood(f"the formula has something unexpected at {text[:MAX_SHOWN]}")


class _Level:
    """What stands in one pair of brackets: operands, operators that wait for theirs, and arguments that are done."""

    def __init__(self, opener: Token | None, name: str, array: bool) -> None:
        self.opener, self.name = opener, name
        self.array = array  # whether operators take ranges cell by cell here
        self.arguments: list[Argument | None] = []
        self.operands: list[Argument] = []
        self.operators: list[str] = []
        self.expecting = True  # an operand comes next


class _Parser:
    """Operators wait on a stack until one comes that binds no tighter."""

    def __init__(self, array: bool) -> None:
        self.entered, self.room = array, MAX_CELLS
        self.levels = [_Level(None, "", array)]

    def parse(self, items: Iterable[Item]) -> Argument:
        for item in items:
            if isinstance(item, Token):
                self.take(item)
            else:
                self.operand(item, "a reference")
        if len(self.levels) > 1:
            unexpected("its end")
        found = self.finished("its end")
        return found if found is not None else unexpected("its end")

    def take(self, token: Token) -> None:
        level, text = self.levels[-1], str(token.value)
        if token.type == Token.OPERAND:
            self.operand(_literal(token), text)
        elif token.type == Token.OP_PRE and level.expecting:
            level.operators.append(text)
        elif token.type == Token.OP_IN and text in SIGNS and not level.expecting:
            self.reduce(BINDS[SIGNS[text]])
            level.operators.append(SIGNS[text])
            level.expecting = True
        elif token.type == Token.OP_POST and not level.expecting:
            level.operands[-1] = self.charged(
                elementwise(lambda a: calculable(a) / 100, self.checked(level.operands[-1]))
            )
        elif token.type in (Token.FUNC, Token.PAREN) and token.subtype == Token.OPEN:
            self.open(token)
        elif token.type in (Token.FUNC, Token.PAREN) and level.opener is not None:
            self.close(token)
        elif text == "," and token.type == Token.SEP and level.name:
            level.arguments.append(self.finished(text))
            level.expecting = True
        elif text == "&":
            raise NotUnderstood("it joins texts with &")
        else:
            unexpected(text)

    def operand(self, operand: Argument, text: str) -> None:
        level = self.levels[-1]
        if not level.expecting:
            unexpected(text)
        level.operands.append(operand)
        level.expecting = False

    def open(self, token: Token) -> None:
        level, name = self.levels[-1], function_name(token)
        if not level.expecting:
            unexpected(str(token.value))
        array = level.array
        if token.type == Token.FUNC:
            if name not in FUNCTIONS:
                raise NotUnderstood(f"{name[:MAX_SHOWN]} is not understood")
            array = FUNCTIONS[name].inside(array, self.entered)
        self.levels.append(_Level(token, name, array))

    def close(self, token: Token) -> None:
        level = self.levels[-1]
        last = self.finished(str(token.value))
        self.levels.pop()
        if level.name:
            arguments = [*level.arguments, last] if level.arguments or last is not None else []
            last = self.charged(FUNCTIONS[level.name].call(level.name, arguments, self.levels[-1].array))
        if last is None:
            unexpected(str(token.value))
        self.operand(last, str(token.value))

    def finished(self, text: str) -> Argument | None:
        """The whole of what stands in the brackets, up to here; None for nothing."""
        level = self.levels[-1]
        if not level.operands and not level.operators:
            return None
        if level.expecting:
            unexpected(text)
        self.reduce(0)
        return level.operands.pop()

    def reduce(self, binds: int) -> None:
        """Apply the operators that bind at least so tightly, from the last."""
        level = self.levels[-1]
        while level.operators and BINDS.get(level.operators[-1], PREFIX) >= binds:
            op, right = level.operators.pop(), level.operands.pop()
            if op in BINDS:
                found = elementwise(_joined(op), self.checked(level.operands.pop()), self.checked(right))
            else:
                found = elementwise(_signed(op), self.checked(right))
            level.operands.append(self.charged(found))

    def checked(self, operand: Argument) -> Argument:
        """An operand of an operator, which may be a range only where it is taken cell by cell."""
        if isinstance(operand, Block) and not self.levels[-1].array and operand.size != 1:
            raise NotUnderstood("it calculates with a range where one cell belongs")
        return operand

    def charged(self, found: Argument) -> Argument:
        self.room -= found.size if isinstance(found, Block) else 1
        if self.room < 0:
            raise NotUnderstood("it calculates with too many cells")
        return found


def _joined(op: str) -> Callable[[Cell, Cell], Cell]:
    def two(a: Cell, b: Cell) -> Cell:
        if op in LOGICAL:
            return compare(op, a, b)
        most = CHAINS.get(op, 0)
        chained = a.op == op and (most is None or len(a.args) < most)
        calculable(a), calculable(b)
        return Cell(op, (*a.args, b)) if chained else Cell(op, (a, b))

    return two


def _signed(sign: str) -> Callable[[Cell], Cell]:
    def one(a: Cell) -> Cell:
        if sign == "-":
            return Cell("neg", (calculable(a),))
        # What it gives is no reference any more, so that SUM does not pass over a text; its kind remains.
        return of_kinds(Cell("identity", (a,)), a) if a.op == "variable" else a

    return one


def _literal(token: Token) -> Cell:
    text = str(token.value)
    if token.subtype == Token.NUMBER:
        number = float(text) if _NUMBER.fullmatch(text) else math.inf
        if math.isinf(number):
            unexpected(text)
        return constant(number)
    if token.subtype == Token.LOGICAL:
        return truth(text.upper() == "TRUE")
    if token.subtype == Token.TEXT:
        return literal_text(text[1:-1].replace('""', '"'))
    raise NotUnderstood(f"it holds {'the error ' if token.subtype == Token.ERROR else ''}{text[:MAX_SHOWN]}")


def single(found: Argument) -> Cell:
    """The one Cell of a result; a Block of one is that one. Raises NotUnderstood."""
    cell = found.single if isinstance(found, Block) else found
    if cell is None:
        raise NotUnderstood("it is a range where one cell belongs")
    if is_literal_text(cell):
        raise NotUnderstood("it is a text")
    return cell
