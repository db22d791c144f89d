"""A formula as the calls it makes, operands first: 1+2*3 is 1, 2, 3, *, +. There is no tree, so none is too deep.

    parsed = parse("SUM(S!A1:B2,2)")   .code: Cells('S', 2, ''), Literal('number', 2.0), Call('SUM', 2, 'SUM')
                                       .corners: ['A1', 'B2'], those of all Cells in order; .calls: ('SUM',)
    parse("1+")                        raises FormulaError: .rule 'formula-syntax', a sentence, .position, .token
    for item in parsed.code:           a stack machine: an operand is pushed; an Operator or a Call takes its last
                                       `item.operands` values and pushes one

Operators: + - * / ^ & = <> < <= > >= take two; so do : (range), ' ' (intersection) and ',' (union) of references;
negative, positive and % take one. Brackets leave no trace. An argument left out is a Literal of kind 'missing'.
Excel's precedence: a sign before an operand binds more than a power, so -2^2 is 4.
"""

from __future__ import annotations

import re

from sheetgen.excel.functions import bare, returns_range
from sheetgen.excel.instructions import (
    COMPARISONS,
    Array,
    Call,
    Cells,
    FormulaError,
    Instruction,
    Literal,
    Name,
    Operator,
    Parsed,
    joined_cells,
)
from sheetgen.excel.structured import table_reference
from sheetgen.excel.tokens import LIKE_CELL, NAME_BEYOND, UNEXPECTED, Token, corner, is_array, tokens

BINDS = {**dict.fromkeys(COMPARISONS, 1), "&": 2, "+": 3, "-": 3, "*": 4, "/": 4, "^": 5}
PREFIX, UNION, INTERSECTION, RANGE = 6, 7, 8, 9
_SIGNS = {"+": "positive", "-": "negative"}
_MARKS = {"(": "open", ")": "close", ",": "comma", "%": "percent", ":": "range"}
_AFTER_SHEET = ("cell", "columns", "rows", "name", "error", "call")
_SIDE_BY_SIDE = "two operands stand side by side: write an operator or a comma between them"
_NO_RIGHT = "the range operator : has no range on its right: write two cells"
_BOOK = re.compile(r"\[([^\]]*)\]")


def parse(text: str, top_union: bool = False) -> Parsed:
    """The calls of a formula without its '='; `top_union` allows A1,B2 outside brackets. Raises FormulaError."""
    return _Parser(text, top_union).parse()


class _Bracket:
    """One open bracket, of a call or ('') a bare one, so many calls deep, with the operator that it interrupted."""

    def __init__(self, spelled: str, floor: int, level: int, operator: str) -> None:
        self.spelled, self.level, self.operator = spelled, level, operator
        self.floor = floor  # operators above the floor are its own
        self.arguments = 0
        self.ranges = True  # so far nothing but ranges in this argument


class _Parser:
    """Operators wait on a stack until one comes that binds no tighter."""

    def __init__(self, text: str, top_union: bool) -> None:
        self.text, self.top_union = text, top_union
        self.code: list[Instruction] = []
        self.corners: list[str] = []
        self.calls: list[str] = []
        self.levels = 0
        self.waiting: list[tuple[int, Operator]] = []  # how tightly each binds; their operands are not complete
        self.brackets = [_Bracket("", 0, 0, "")]
        self.wanted, self.is_range, self.spaced = True, False, False
        self.operator = ""  # after which an operand is missing
        self.prefix: str | None = None
        self.token = Token("", "", 0)

    def parse(self) -> Parsed:
        if self.text.lstrip().startswith("="):
            message = "The formula begins with =, which the file leaves out: remove it."
            raise FormulaError("formula-equals", message, Token("infix", "=", self.text.index("=")))
        for token in tokens(self.text):
            self.token = token
            if self.prefix is not None and token.kind not in _AFTER_SHEET:
                raise self.bad(f"nothing to refer to follows {self.owner()}!: write a cell, a range or a name after it")
            if token.kind == "space":
                self.spaced = True
                continue
            getattr(self, f"_{token.kind}")(token.text)
            self.spaced &= token.kind == "sheet"
        self.token = Token("", "", len(self.text))
        if self.prefix is not None:
            raise self.bad("it ends in a sheet name: write a cell after the !")
        if len(self.brackets) > 1:
            raise self.bad(f"brackets are left open: add {')' * (len(self.brackets) - 1)}")
        if self.wanted:
            raise self.missing() if self.operator else self.bad("it is empty: write one")
        self.reduce(0)
        return Parsed(tuple(self.code), self.corners, tuple(self.calls), self.levels)

    def bad(self, why: str) -> FormulaError:
        return FormulaError("formula-syntax", f"Excel cannot read the formula: {why}.", self.token)

    def missing(self) -> FormulaError:
        return self.bad(f"an operand is missing after {self.operator}")

    def reduce(self, binds: int) -> None:
        """Let the operators go that bind at least so tightly, from the last."""
        floor = self.brackets[-1].floor
        while len(self.waiting) > floor and self.waiting[-1][0] >= binds:
            _, operator = self.waiting.pop()
            if operator.name == ":" and (cells := joined_cells(*self.code[-2:])) is not None:
                self.code[-2:] = [cells]
            else:
                self.code.append(operator)

    def wait(self, name: str, binds: int, operands: int = 2) -> None:
        if operands == 2:
            self.reduce(binds)
        self.waiting.append((binds, Operator(name, operands)))

    # operands

    def operand(self, item: Instruction, is_range: bool) -> None:
        self.begin()
        self.code.append(item)
        self.end(is_range)

    def begin(self) -> None:
        """Begin an operand; right after another one, both are ranges with a space between them."""
        if not self.wanted:
            self.check_neighbour()
            self.wait(" ", INTERSECTION)
            self.operator = " "

    def end(self, is_range: bool) -> None:
        """Note that an operand has just ended."""
        if self.operator in (":", " ") and not is_range:
            raise self.bad(_NO_RIGHT if self.operator == ":" else _SIDE_BY_SIDE)
        self.wanted, self.operator, self.is_range, self.prefix = False, "", is_range, None
        self.brackets[-1].ranges &= is_range

    def check_neighbour(self) -> None:
        if not (self.spaced and self.is_range):
            raise self.bad(_SIDE_BY_SIDE)

    def _text(self, token: str) -> None:
        self.operand(Literal("text", token[1:-1].replace('""', '"')), False)

    def _error(self, token: str) -> None:
        dead = token == "#REF!"
        self.operand(Cells(self.prefix or "", 0, token) if dead else Literal("error", token), dead)

    def _array(self, token: str) -> None:
        if token.startswith("{="):
            raise self.bad(UNEXPECTED["}"])
        if not is_array(token):
            raise self.bad("an array constant holds constants only, in rows of equal length: write {1,2;3,4}")
        self.operand(Array(token), False)

    def _number(self, token: str) -> None:
        if (number := float(token)) == float("inf"):
            raise self.bad(f"the number {token} is beyond 1E308: write a smaller one")
        self.operand(Literal("number", number), False)

    def owner(self) -> str:
        """The sheet before the '!', or the other workbook, if there is one."""
        book = _BOOK.match(self.prefix or "")
        return book.group() if book and book[1] else (self.prefix or "")

    def _sheet(self, token: str) -> None:
        if not self.wanted:
            self.check_neighbour()
        quoted = token[0] == "'"
        prefix = token[1:-2].replace("''", "'") if quoted else token[:-1]
        name = _BOOK.sub("", prefix)
        if not quoted and any(LIKE_CELL.fullmatch(part) for part in name.split(":")):
            raise self.bad(f"the sheet name {name} looks like a cell: quote it")
        self.prefix = prefix

    def _cell(self, token: str) -> None:
        if corner(token) is not None:
            self.corners.append(token)
            self.operand(Cells(self.prefix or "", 1, ""), True)
        elif NAME_BEYOND.fullmatch(token):
            self.operand(Name(self.prefix or "", token, True), True)
        else:
            self._columns(token)

    def _columns(self, token: str) -> None:
        self.operand(Cells(self.prefix or "", 0, token), True)

    _rows = _columns

    def _r1c1(self, token: str) -> None:
        message = f"{token} is an R1C1 reference and the file holds A1 references: translate it."
        raise FormulaError("formula-r1c1", message, self.token)

    def _name(self, token: str) -> None:
        if self.prefix is None and token.upper() in ("TRUE", "FALSE"):
            self.operand(Literal("truth", token.upper() == "TRUE"), False)
        else:
            self.operand(Name(self.prefix or "", token), True)

    def _table(self, token: str) -> None:
        reference = table_reference(token)
        if reference is None:
            message = "The file has no @ in table references: write Table[[#This Row],[column]]."
            raise FormulaError("implicit-at", message, self.token)
        self.operand(reference, True)

    # operators and brackets

    def _infix(self, token: str) -> None:
        if self.wanted and token not in _SIGNS:
            raise self.bad(f"the operator {token} has no operand on its left")
        if self.operator == ":":
            raise self.bad(_NO_RIGHT)
        if self.wanted:
            self.wait(_SIGNS[token], PREFIX, 1)
        else:
            self.wait(token, BINDS[token])
        self.wanted, self.operator, self.is_range = True, token, False
        self.brackets[-1].ranges = False

    def _call(self, token: str) -> None:
        if self.prefix is not None:
            raise self.bad(f"{self.owner()}! stands before a function: remove it")
        self.calls.append(bare(token[:-1]))
        self.open(token[:-1])
        self.levels = max(self.levels, self.brackets[-1].level)

    def open(self, spelled: str = "") -> None:
        """Begin a call, or a pair of brackets."""
        self.begin()
        level = self.brackets[-1].level + bool(spelled)
        self.brackets.append(_Bracket(spelled, len(self.waiting), level, self.operator))
        self.wanted, self.is_range, self.operator = True, False, ""

    def _mark(self, token: str) -> None:
        if token == "@":
            message = "The file has no @ operator: remove it, or write _xlfn.SINGLE()."
            raise FormulaError("implicit-at", message, self.token)
        if token not in _MARKS:
            raise self.bad(UNEXPECTED.get(token, f"the character {token!r} is out of place: remove it"))
        getattr(self, _MARKS[token])()

    def percent(self) -> None:
        if self.wanted:
            raise self.bad("a % has no operand on its left")
        self.reduce(UNION)
        self.code.append(Operator("%", 1))
        self.is_range = self.brackets[-1].ranges = False

    def range(self) -> None:
        if self.wanted or not self.is_range:
            raise self.bad("the range operator : has no range on its left: write two cells")
        self.wait(":", RANGE)
        self.wanted, self.operator = True, ":"

    def comma(self) -> None:
        bracket = self.brackets[-1]
        if bracket.spelled:
            self.end_argument()
            bracket.ranges = True
            self.wanted, self.is_range = True, False
            return
        if self.wanted or not (self.is_range and bracket.ranges) or (len(self.brackets) == 1 and not self.top_union):
            raise self.bad("a comma outside a function joins ranges, in brackets: write (A1,B2), or remove it")
        self.wait(",", UNION)
        self.wanted, self.operator = True, ","

    def end_argument(self) -> None:
        """An operator must not dangle at its end; where nothing stands, something is missing."""
        if self.wanted and self.operator:
            raise self.missing()
        if self.wanted:
            self.code.append(Literal("missing", None))
        self.reduce(0)
        self.brackets[-1].arguments += 1

    def close(self) -> None:
        bracket = self.brackets[-1]
        if len(self.brackets) == 1:
            raise self.bad("a ) has no (: remove it")
        if bracket.spelled:
            if bracket.arguments or self.operator or not self.wanted:
                self.end_argument()
            self.code.append(Call(bare(bracket.spelled), bracket.arguments, bracket.spelled))
            is_range = returns_range(bracket.spelled)
        elif self.wanted:
            raise self.bad("a pair of brackets ends without an operand: fill or remove it")
        else:
            self.reduce(0)
            is_range = self.is_range and bracket.ranges
        self.brackets.pop()
        self.operator = bracket.operator
        self.end(is_range)
