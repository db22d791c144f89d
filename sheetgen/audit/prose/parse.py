"""A line of textbook maths, as people type it into a cell, read into Cells: `(t1-a_o1)²/2`, `∂E1/∂a_o1 * ∂a_o1/∂o1`.

Nothing is guessed: what can be read in two ways is read in both, and what cannot be read is refused.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import NamedTuple, NoReturn

from sheetgen.audit.prose.tokens import Piece, quantity
from sheetgen.cells.cell import Cell, add, backward, constant, is_constant, mul, variable

MAX_DEPTH = 40  # brackets within brackets
AHEAD = 4  # pieces that are looked at after the next one

_END = Piece("", "", "")
_DIFFERENTIALS = ("d", "δ")  # letters that some write for ∂, in front of a name
_FUNCTIONS = dict.fromkeys(("σ", "sigmoid", "sig", "sigm", "logistic"), "sigmoid") | {
    name: name for name in ("exp", "tanh", "ln", "sqrt")
}


class Unreadable(ValueError):
    """The text is no formula, or could mean several things."""


class Expression(NamedTuple):
    """A formula and its variables: quantities, and derivatives as 'dE1/da_o1'.

    `single` is a quantity, a derivative or a function of something by itself: what a line can be about.
    """

    root: Cell
    leaves: dict[str, Cell]
    single: bool


def readings(pieces: Sequence[Piece], last: bool = True) -> list[Expression]:
    """Every way to read a formula; none if it cannot be read. `last`: nothing but the end of the line follows it.

    1/2(t1 - a_o1)^2 is read as a half of the square and as one over twice the square, E1/o1 as a ratio and as a
    derivative whose signs were left out.
    """
    plain = _Parser(pieces, last)
    try:
        expressions = [plain.whole()]
        for tight, ratios in ((False, True), (True, False), (True, True)):
            if tight <= plain.met_tight and ratios <= plain.met_ratio:
                expressions.append(_Parser(pieces, last, tight, ratios).whole())
    except Unreadable:
        return []
    return expressions


class _Parser:
    """Recursive descent over the pieces of one formula."""

    def __init__(self, pieces: Sequence[Piece], last: bool, tight: bool = False, ratios: bool = False) -> None:
        self.pieces, self.last, self.tight, self.ratios = [*pieces, *[_END] * (AHEAD + 1)], last, tight, ratios
        self.at = self.depth = self.end_of_first = 0
        self.leaves: dict[str, Cell] = {}
        self.met_tight = self.met_ratio = False  # whether those readings differ from the plain one

    def refuse(self) -> NoReturn:
        raise Unreadable

    def peek(self, ahead: int = 0) -> str:
        """The text of a piece, '' where there is none."""
        return self.pieces[self.at + ahead].text

    def kind(self, ahead: int = 0) -> str:
        return self.pieces[self.at + ahead].kind

    def next(self) -> str:
        """Go past the next piece; its text."""
        self.at += 1
        return self.peek(-1)

    def take(self, text: str) -> bool:
        """Go past the next piece if it is this one."""
        same = self.peek() == text
        self.at += same
        return same

    def expect(self, text: str) -> None:
        if not self.take(text):
            self.refuse()

    def whole(self) -> Expression:
        """The formula from its first piece to its last."""
        root = self.sum()
        if self.kind():
            self.refuse()
        first, second = self.pieces[:2]
        named = first.kind in ("name", "partial") or second.kind == "partial"
        return Expression(root, self.leaves, named and self.end_of_first == self.at)

    def sum(self) -> Cell:
        terms = [self.product()]
        while self.peek() in ("+", "-"):
            terms.append(self.product() if self.next() == "+" else -self.product())
        return add(*terms)

    def product(self) -> Cell:
        left = self.signed()
        while True:
            if self.take("*"):
                left = mul(left, self.signed())
            elif self.take("/"):
                right = self.signed()
                self.met_tight |= self.beside()
                while self.tight and self.beside():
                    right = mul(right, self.power())
                left = left / right
            elif self.beside():
                left = mul(left, self.power())
            else:
                return left

    def beside(self) -> bool:
        """Whether a factor follows without a sign. With a space between it may be the next formula of the line."""
        gap = self.pieces[self.at].gap
        if self.peek() in ("(", "∂") or self.ratio():
            return gap == 0 or (gap == 1 and self.last)
        return self.kind() == "name" and gap == 0 and (self.kind(-1) in ("number", "square") or self.peek(-1) == ")")

    def signed(self) -> Cell:
        minus = False
        while self.peek() in ("+", "-"):
            minus ^= self.next() == "-"
        return -self.power() if minus else self.power()

    def power(self) -> Cell:
        if self.peek() == "e" and self.peek(1) == "^":
            self.at += 2
            with self.deeper():
                return self.signed().apply("exp")
        base = self.atom()
        if self.kind() == "square":
            return base.apply("pow", float(self.next()))
        if self.take("^"):
            with self.deeper():
                return base.apply("pow", self.signed())
        return base

    @contextmanager
    def deeper(self) -> Iterator[None]:
        """Count how deep the formula is nested."""
        self.depth += 1
        if self.depth > MAX_DEPTH:
            self.refuse()
        yield
        self.depth -= 1

    def atom(self) -> Cell:
        """A number, a name, a function, a derivative, or anything in brackets."""
        first = self.at == 0
        with self.deeper():
            if self.take("∂"):
                cell = self.derivative()
            elif [self.peek(k) for k in (0, 1, 3, 4)] == ["(", "∂", ")", "/"] and self.kind(2) == "name":
                self.at += 4  # (∂E1)/(∂w5)
                cell = self.below(self.quantity(self.peek(-2)))
            elif self.peek() == "(":
                cell = self.bracketed()
            elif self.kind() == "number":
                cell = constant(float(self.next()))
            elif self.kind() == "name":
                cell = self.name()
            else:
                self.refuse()
        if first:
            self.end_of_first = self.at
        return cell

    def bracketed(self) -> Cell:
        self.expect("(")
        inside = self.sum()
        self.expect(")")
        return inside

    def name(self) -> Cell:
        ratio, text = self.ratio(), self.next()
        if ratio:  # dE1/do1
            return self.below(self.quantity(text[1:]))
        if text in _DIFFERENTIALS and self.peek() == "(":
            return self.derivative()
        if text.lower() in _FUNCTIONS and self.peek() == "(":
            return self.bracketed().apply(_FUNCTIONS[text.lower()])
        above = self.quantity(text)
        if self.peek() == "(" and self.kind(1) == "name" and self.peek(2) == ")":
            self.refuse()  # E1(w5) may be a function or a product
        if self.peek() == "/" and self.peek(1) == "∂":  # E1/∂w5
            return self.below(above)
        below = quantity(self.peek(1)) if self.peek() == "/" and self.kind(1) == "name" else None
        self.met_ratio |= below is not None
        if below and self.ratios:
            self.at += 2
            return self.leaf(f"d{above}/d{below}")
        return self.leaf(above)

    def ratio(self) -> bool:
        """Whether dE1/do1 follows, with d or δ before both names."""
        above, slash, below = (self.peek(ahead) for ahead in range(3))
        marked = slash == "/" and above[:1] == below[:1] and above.startswith(_DIFFERENTIALS)
        return marked and bool(quantity(above[1:]) and quantity(below[1:]))

    def derivative(self) -> Cell:
        """The derivative after a ∂: E1/∂w5, (E1 + E2)/∂w5, σ(h1)/∂h1, or /∂w5(E1 + E2)."""
        if self.kind() == "name" and self.peek().lower() not in _FUNCTIONS:
            return self.below(self.quantity(self.next()))
        by = self.differential() if self.peek() == "/" else ""
        inside = self.atom()
        by = by or self.differential()
        gradients = backward(inside)
        slopes = {name: gradients[x] for name, x in self.leaves.items() if not is_constant(gradients[x], 0)}
        if any("/" in name for name in slopes):
            self.refuse()  # a second derivative
        return add(*(mul(slope, self.leaf(f"d{name}/d{by}")) for name, slope in slopes.items()))

    def below(self, above: str) -> Cell:
        return self.leaf(f"d{above}/d{self.differential()}")

    def differential(self) -> str:
        """The w5 of /∂w5, /(∂w5) or /dw5."""
        self.expect("/")
        bracket, partial, name = self.take("("), self.take("∂"), self.next()
        if not partial and not name.startswith(_DIFFERENTIALS):
            self.refuse()
        if bracket:
            self.expect(")")
        return self.quantity(name if partial else name[1:])

    def quantity(self, name: str) -> str:
        return quantity(name) or self.refuse()

    def leaf(self, name: str) -> Cell:
        """One variable for each name, so that `backward` can tell them apart."""
        return self.leaves.setdefault(name, variable(name))
