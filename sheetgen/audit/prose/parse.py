"""A line of textbook maths, as people type it into a cell, read into Cells: `(t1-a_o1)²/2`, `∂E1/∂a_o1 * ∂a_o1/∂o1`.

Nothing is guessed: what can be read in two ways is read in both, and what cannot be read is refused.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from typing import NamedTuple, NoReturn

from sheetgen.audit.prose.tokens import Piece, typed
from sheetgen.cells.cell import Cell, add, backward, constant, is_constant, mul, sigmoid, variable

MAX_DEPTH = 40  # brackets within brackets

Known = Callable[[str], str | None]  # the quantity that a name means, such as a_o1 for a_01

_DIFFERENTIALS = "dδ"  # letters that some write for ∂, in front of a name


def _applied(op: str, x: Cell) -> Cell:
    return Cell(op, (x,))


_FUNCTIONS: dict[str, Callable[[Cell], Cell]] = {
    **dict.fromkeys(("σ", "sigmoid", "sig", "sigm", "logistic"), sigmoid),
    **{name: partial(_applied, name) for name in ("exp", "tanh", "ln", "sqrt")},
}


class Unreadable(ValueError):
    """The text is no formula, or could mean several things; the message names the place."""


class Expression(NamedTuple):
    """A formula and its variables: quantities, and derivatives as 'dE1/da_o1'.

    `single` is a quantity, a derivative or a function of something by itself: what a line can be about.
    """

    root: Cell
    leaves: dict[str, Cell]
    single: bool


def readings(pieces: Sequence[Piece], known: Known, last: bool = True) -> list[Expression]:
    """Every way to read a formula; none if it cannot be read. `last`: nothing but the end of the line follows it.

    1/2(t1 - a_o1)^2 is read as a half of the square and as one over twice the square, E1/o1 as a ratio and as a
    derivative whose signs were left out.
    """
    try:
        plain = _Parser(pieces, known, last)
        found = [plain.whole()]
        for tight in (False, True)[: 1 + plain.met_tight]:
            for ratios in (False, True)[: 1 + plain.met_ratio]:
                if tight or ratios:
                    found.append(_Parser(pieces, known, last, tight, ratios).whole())
    except Unreadable:
        return []
    return found


class _Parser:
    """Recursive descent over the pieces of one formula."""

    def __init__(
        self, pieces: Sequence[Piece], known: Known, last: bool, tight: bool = False, ratios: bool = False
    ) -> None:
        self.pieces, self.known, self.last, self.tight, self.ratios = pieces, known, last, tight, ratios
        self.at = self.depth = 0
        self.leaves: dict[str, Cell] = {}
        self.met_tight = self.met_ratio = False  # whether those readings differ from the plain one

    def refuse(self) -> NoReturn:
        raise Unreadable(f"piece {self.at} of {typed(self.pieces)!r}")

    def peek(self, ahead: int = 0) -> str:
        """The text of a piece, '' where there is none."""
        return self.pieces[self.at + ahead].text if 0 <= self.at + ahead < len(self.pieces) else ""

    def kind(self, ahead: int = 0) -> str:
        return self.pieces[self.at + ahead].kind if 0 <= self.at + ahead < len(self.pieces) else ""

    def take(self, text: str) -> bool:
        """Go past the next piece if it is this one."""
        found = self.peek() == text
        self.at += found
        return found

    def expect(self, text: str) -> None:
        if not self.take(text):
            self.refuse()

    def whole(self) -> Expression:
        """The formula from its first piece to its last."""
        root = self.sum()
        if self.at < len(self.pieces):
            self.refuse()
        return Expression(root, self.leaves, self.alone())

    def alone(self) -> bool:
        """Whether a name, a derivative or a function is all there is."""
        if self.pieces[0].kind not in ("name", "partial") and self.pieces[1:2] != [Piece("partial", "∂", "∂")]:
            return False
        self.at = 0
        try:
            self.atom()
        except Unreadable:  # e^x
            return False
        return self.at == len(self.pieces)

    def sum(self) -> Cell:
        terms = [self.product()]
        while (sign := self.peek()) in ("+", "-"):
            self.at += 1
            terms.append(self.product() if sign == "+" else -self.product())
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
        if self.at == len(self.pieces):
            return False
        gap, text = self.pieces[self.at].gap, self.peek()
        if text in ("(", "∂") or self.ratio(self.at):
            return gap == 0 or (gap == 1 and self.last)
        return self.kind() == "name" and gap == 0 and (self.kind(-1) in ("number", "square") or self.peek(-1) == ")")

    def signed(self) -> Cell:
        minus = False
        while self.peek() in ("+", "-"):
            minus ^= self.peek() == "-"
            self.at += 1
        found = self.power()
        return -found if minus else found

    def power(self) -> Cell:
        if self.peek() == "e" and self.peek(1) == "^":
            self.at += 2
            with self.deeper():
                return Cell("exp", (self.signed(),))
        base = self.atom()
        if self.kind() == "square":
            self.at += 1
            return Cell("pow", (base, constant(float(self.pieces[self.at - 1].text))))
        if self.take("^"):
            with self.deeper():
                return Cell("pow", (base, self.signed()))
        return base

    def atom(self) -> Cell:
        with self.deeper():
            return self.inner()

    @contextmanager
    def deeper(self) -> Iterator[None]:
        """Count how deep the formula is nested."""
        self.depth += 1
        if self.depth > MAX_DEPTH:
            self.refuse()
        yield
        self.depth -= 1

    def inner(self) -> Cell:
        if self.take("∂"):
            return self.derivative()
        if self.peek() == "(" and self.peek(1) == "∂" and (found := self.fraction()):
            return found
        if self.take("("):
            found = self.sum()
            self.expect(")")
            return found
        if self.kind() == "number":
            self.at += 1
            return constant(float(self.pieces[self.at - 1].text))
        if self.kind() == "name":
            return self.name()
        self.refuse()

    def name(self) -> Cell:
        text = self.peek()
        if self.ratio(self.at):  # dE1/do1
            found = self.leaf(f"d{self.quantity(text[1:])}/d{self.quantity(self.peek(2)[1:])}")
            self.at += 3
            return found
        self.at += 1
        if text in _DIFFERENTIALS and self.peek() == "(":
            return self.derivative()
        if text.lower() in _FUNCTIONS and self.take("("):
            inside = self.sum()
            self.expect(")")
            return _FUNCTIONS[text.lower()](inside)
        above = self.quantity(text)
        if self.peek() == "(" and self.kind(1) == "name" and self.peek(2) == ")":
            self.refuse()  # E1(w5) may be a function or a product
        if self.peek() == "/" and self.peek(1) == "∂":  # E1/∂w5
            return self.below(above)
        below = self.known(self.peek(1)) if self.peek() == "/" and self.kind(1) == "name" else None
        self.met_ratio |= below is not None
        if below and self.ratios:
            self.at += 2
            return self.leaf(f"d{above}/d{below}")
        return self.leaf(above)

    def ratio(self, at: int) -> bool:
        """Whether dE1/do1 stands there, with d or δ before both names."""
        above, slash, below = (self.pieces[k].text if k < len(self.pieces) else "" for k in (at, at + 1, at + 2))
        return bool(
            slash == "/"
            and above[:1]
            and above[0] in _DIFFERENTIALS
            and above[0] == below[:1]
            and self.known(above[1:])
            and self.known(below[1:])
        )

    def derivative(self) -> Cell:
        """The derivative after a ∂: E1/∂w5, (E1 + E2)/∂w5, σ(h1)/∂h1, or /∂w5(E1 + E2)."""
        if self.kind() == "name" and self.peek().lower() not in _FUNCTIONS:
            self.at += 1
            return self.below(self.quantity(self.pieces[self.at - 1].text))
        by = self.differential() if self.peek() == "/" else ""
        inside = self.atom()
        by = by or self.differential()
        gradients = backward(inside)
        parts = [(name, gradients[x]) for name, x in self.leaves.items() if not is_constant(gradients[x], 0)]
        if any("/" in name for name, _ in parts):
            self.refuse()  # a second derivative
        return add(constant(0), *(mul(g, self.leaf(f"d{name}/d{by}")) for name, g in parts))

    def fraction(self) -> Cell | None:
        """(∂E1)/(∂w5); None, and nothing taken, if only a bracket around a derivative begins here."""
        start = self.at
        self.at += 3
        if self.kind(-1) == "name" and self.take(")") and self.peek() == "/":
            return self.below(self.quantity(self.pieces[start + 2].text))
        self.at = start
        return None

    def below(self, above: str) -> Cell:
        return self.leaf(f"d{above}/d{self.differential()}")

    def differential(self) -> str:
        """The w5 of /∂w5, /(∂w5) or /dw5."""
        self.expect("/")
        bracket = self.take("(")
        name = self.peek(1) if self.peek() == "∂" else self.peek()[1:]
        if self.peek()[:1] not in ("∂", *_DIFFERENTIALS):
            self.refuse()
        self.at += 2 if self.peek() == "∂" else 1
        if bracket:
            self.expect(")")
        return self.quantity(name)

    def quantity(self, name: str) -> str:
        return self.known(name) or self.refuse()

    def leaf(self, name: str) -> Cell:
        """One variable for each name, so that `backward` can tell them apart."""
        if name not in self.leaves:
            self.leaves[name] = variable(name)
        return self.leaves[name]
