"""An Excel formula as Cells: openpyxl's tokenizer, and Excel's precedence, in which -2^2 is 4."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NoReturn

from openpyxl.formula.tokenizer import Token, Tokenizer, TokenizerError

from sheetgen.cell import Cell, constant
from sheetgen.reader.functions import FUNCTIONS, Argument, Block, NotUnderstood, elementwise

COMPARISONS = {"=": "eq", "<>": "ne", "<": "lt", "<=": "le", ">": "gt", ">=": "ge"}
SIGNS = {"+": "add", "-": "sub", "*": "mul", "/": "div", "^": "pow", **COMPARISONS}
BINDS = {"^": 4, "*": 3, "/": 3, "+": 2, "-": 2, "&": 1, **dict.fromkeys(COMPARISONS, 0)}
CHAINS = ("add", "mul")  # one Cell with many arguments, for (a*b)*c is a*b*c


def parse(text: str, references: Mapping[str, Argument], array: bool = False) -> Argument:
    """The Cells of a formula (without its '='), in which `references` are the names of what it refers to.

    A Block of Cells, if it is an `array` formula that has several results. Raises NotUnderstood.
    """
    try:
        tokens = [t for t in Tokenizer(f"={text}").items if t.type != Token.WSPACE]
    except (TokenizerError, IndexError, ValueError) as error:
        raise NotUnderstood("the formula is not complete") from error
    parser = _Parser(tokens, references, array)
    found = parser.expression(0)
    if parser.at < len(tokens):
        parser.refuse()
    return found


class _Parser:
    """Precedence climbing over the tokens."""

    def __init__(self, tokens: list[Token], references: Mapping[str, Argument], array: bool) -> None:
        self.tokens, self.references, self.at = tokens, references, 0
        self.array = array  # whether an operator takes ranges element by element here

    def refuse(self) -> NoReturn:
        text = self.tokens[self.at].value if self.at < len(self.tokens) else "its end"
        raise NotUnderstood(f"the formula has something unexpected at {text[:40]}")

    def peek(self, kind: str, subtype: str = "") -> bool:
        token = self.tokens[self.at] if self.at < len(self.tokens) else None
        return token is not None and token.type == kind and subtype in ("", token.subtype)

    def take(self) -> Token:
        if self.at == len(self.tokens):
            self.refuse()
        self.at += 1
        return self.tokens[self.at - 1]

    def expression(self, least: int) -> Argument:
        """Operators that bind at least as tightly as `least`, from left to right."""
        left = self.operand()
        while self.peek(Token.OP_IN) and BINDS.get(self.tokens[self.at].value, -1) >= least:
            sign = self.take().value
            if sign == "&":
                raise NotUnderstood("it joins texts with &")
            left = self.join(SIGNS[sign], left, self.expression(BINDS[sign] + 1))
        return left

    def join(self, op: str, left: Argument, right: Argument) -> Argument:
        if (isinstance(left, Block) or isinstance(right, Block)) and not self.array:
            raise NotUnderstood("it calculates with a range where one cell belongs")

        def two(a: Cell, b: Cell) -> Cell:
            return Cell(op, (*a.args, b)) if op in CHAINS and a.op == op else Cell(op, (a, b))

        return elementwise(two, left, right)

    def operand(self) -> Argument:
        if self.peek(Token.OP_PRE):
            sign, operand = self.take().value, self.operand()
            return elementwise(lambda a: Cell("neg", (a,)), operand) if sign == "-" else operand
        token = self.take()
        if token.type == Token.OPERAND:
            found = self.literal(token)
        elif token.type == Token.FUNC and token.subtype == Token.OPEN:
            found = self.call(token.value[:-1].upper())
        elif token.type == Token.PAREN and token.subtype == Token.OPEN:
            found = self.expression(0)
            if not self.peek(Token.PAREN, Token.CLOSE):
                self.refuse()
            self.at += 1
        else:
            self.at -= 1
            self.refuse()
        while self.peek(Token.OP_POST):
            self.at += 1
            found = elementwise(lambda a: Cell("div", (a, constant(100))), found)
        return found

    def literal(self, token: Token) -> Argument:
        if token.subtype == Token.NUMBER:
            return constant(float(token.value))
        if token.subtype == Token.LOGICAL:
            return constant(token.value.upper() == "TRUE")
        if token.subtype == Token.RANGE:
            if token.value not in self.references:
                raise NotUnderstood(f"there is no name {token.value[:40]}")
            return self.references[token.value]
        kind = {Token.TEXT: "a text", Token.ERROR: f"the error {token.value}"}.get(token.subtype, token.value[:40])
        raise NotUnderstood(f"it holds {kind}")

    def call(self, name: str) -> Argument:
        name = name.removeprefix("_XLFN.").removeprefix("_XLWS.")
        if name not in FUNCTIONS:
            raise NotUnderstood(f"{name[:40]} is not understood")
        function = FUNCTIONS[name]
        outside, self.array = self.array, self.array or function.array
        arguments: list[Argument | None] = []
        while not self.peek(Token.FUNC, Token.CLOSE):
            if self.peek(Token.SEP):
                arguments.append(None)
            else:
                arguments.append(self.expression(0))
            if self.peek(Token.SEP):
                self.at += 1
                if self.peek(Token.FUNC, Token.CLOSE):
                    arguments.append(None)
            elif not self.peek(Token.FUNC, Token.CLOSE):
                self.refuse()
        self.at += 1
        self.array = outside
        return function.call(name, arguments, outside)


def single(found: Argument) -> Cell:
    """The one Cell of a result; a Block of one is that one. Raises NotUnderstood."""
    if not isinstance(found, Block):
        return found
    if found.cells.size != 1:
        raise NotUnderstood("it is a range where one cell belongs")
    cell: Cell = found.cells.item()
    return cell
