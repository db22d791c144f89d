"""A Cell as text: an Excel formula, a textbook line, TeX, or the same line with the numbers put in.

`ref(cell)` is the only difference between the renderings of one dialect: it names a Cell (an address, a symbol, a
number) or returns None, and then the Cell is written out.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from decimal import Decimal
from functools import cache
from typing import NamedTuple

from sheetgen.base.errors import UserError
from sheetgen.cells.cell import Cell
from sheetgen.cells.ops import OPS

COMPARISON, SUM, PRODUCT, POWER, ATOM = range(-1, 4)  # how tightly a piece of text binds
LEVELS = {"sum": SUM, "product": PRODUCT, "power": POWER, "atom": ATOM}

Ref = Callable[[Cell], str | None]
InBlock = Callable[[Sequence[Cell]], tuple[str, tuple[int, int]] | None]  # the range of Cells, its rows and columns

MAX_FORMULA = 8192  # characters, Excel's limit
MAX_ARGUMENTS = 255  # of a function, Excel's limit
AROUND = 80  # of its characters for what sheets put around a formula, such as IFERROR(…,"diverged")

_FIELD = re.compile(r"\{([abc*])(?::(sum|product|power|atom))?\}")
_BRACKETS = re.compile(r"[({\[][^(){}\[\]]*[)}\]]")
_SIGNS = [re.compile(signs) for signs in (r"[=<>≠≤≥]|\\[nlg]e\b", r"[-+]", r"[*/·]|\\cdot", r"\^")]


class FormulaTooLong(UserError):
    """A formula that Excel would refuse: over 8,192 characters."""


class Text(str):
    """A piece of a formula that knows how tightly it binds."""

    level: int
    positive: Text | None  # what stands after its minus sign, where it is a negation

    def __new__(cls, text: str, level: int = ATOM, positive: Text | None = None) -> Text:
        self = str.__new__(cls, text)
        self.level, self.positive = level, positive
        return self

    def at(self, level: int) -> str:
        """The text, in brackets if it binds less tightly than `level`."""
        return str(self) if self.level >= level else f"({self})"


class Dialect(NamedTuple):
    """A notation: the column of the table of operators that has its texts, and the sign between arguments."""

    column: str
    comma: str = ", "
    limit: int | None = None


EXCEL = Dialect("excel", ",", MAX_FORMULA - AROUND)
TEXTBOOK = Dialect("words")
TEX = Dialect("tex")


def number(value: float) -> str:
    """A literal that every engine reads alike: no exponent, for the literal 1E-9 is not safe everywhere."""
    return format(Decimal(repr(value)), "f").removesuffix(".0")


def show(root: Cell, ref: Ref, dialect: Dialect = EXCEL, block: InBlock = lambda cells: None) -> str:
    """Write `root` out in a dialect, naming the Cells that `ref` names; the root itself is always written out.

    Raises FormulaTooLong where Excel would refuse the formula.
    """
    seen: dict[int, Text] = {}

    def render(node: Cell) -> Text:
        if id(node) not in seen:
            name = None if node is root and node.args else ref(node)
            seen[id(node)] = Text(name) if name is not None else write(node)
            if dialect.limit and len(seen[id(node)]) >= dialect.limit:
                raise FormulaTooLong(
                    f"the formula of {root.name or root.op} is too long, for Excel takes {MAX_FORMULA:,} characters: "
                    "use staged formulas"
                )
        return seen[id(node)]

    def write(node: Cell) -> Text:
        if node.op == "constant":
            return Text(number(node.value), ATOM if node.value >= 0 else SUM)
        if node.op == "variable":
            raise KeyError(f"{node.name} has no place on the sheet")
        if node.op != "dot":
            return compose(node.op, [render(a) for a in node.args], dialect)
        half = len(node.args) // 2
        left, right = node.args[:half], node.args[half:]
        if (one := block(left)) and (other := block(right)) and one[1] == other[1]:
            return compose("dot", [Text(one[0]), Text(other[0])], dialect)
        pairs = zip(map(render, left), map(render, right), strict=True)
        return compose("add", [compose("mul", pair, dialect) for pair in pairs], dialect)

    return str(render(root))


def compose(op: str, args: Sequence[Text], dialect: Dialect = EXCEL) -> Text:
    """An operator of texts, by its row of the table; `dot` is that of two ranges."""
    text = getattr(OPS[op], dialect.column)
    if op == "add":
        return _sum(text, getattr(OPS["sub"], dialect.column), args)
    if op == "neg":
        # In Excel the minus sign binds tighter than ^: =-A1^2 is +9 for A1 = 3, so a power gets brackets.
        positive = Text(f"({args[0]})") if "^" in args[0] else args[0]
        return Text(_fill(text, [positive]), SUM, positive)
    while len(args) > MAX_ARGUMENTS and "{*}" in text:
        args = [_fill(text, args[k : k + MAX_ARGUMENTS], dialect.comma) for k in range(0, len(args), MAX_ARGUMENTS)]
    return _fill(text, args, dialect.comma)


def compose_once(op: str, arg: Text) -> Text:
    """The Excel text of an operator that reads a long argument only once; it must hold no text such as “diverged”."""
    return _fill(OPS[op].once or OPS[op].excel, [arg])


def _sum(plus: str, minus: str, args: Sequence[Text]) -> Text:
    total = args[0]
    for a in args[1:]:  # a + (-b) reads better as a - b
        total = _fill(minus, [total, a.positive]) if a.positive else Text(total.at(SUM) + plus + a.at(PRODUCT), SUM)
    return total


def _fill(text: str, args: Sequence[Text], comma: str = ",") -> Text:
    """A text of the table of operators, its arguments put in."""
    literals, fields, level = _parsed(text)
    if text == "{a}":
        return args[0]
    if not fields:  # the sign between them
        return Text(text.join(a.at(level) for a in args), level)
    result = literals[0]
    for (letter, least), literal in zip(fields, literals[1:], strict=True):
        result += (comma.join(args) if letter == "*" else args["abc".index(letter)].at(least)) + literal
    return Text(result, level)


@cache
def _parsed(text: str) -> tuple[list[str], list[tuple[str, int]], int]:
    """(what stands around the arguments, each one's letter and how tightly it has to bind, how tightly all binds)."""
    first, *rest = _FIELD.split(text)
    fields = [(letter, LEVELS.get(level, COMPARISON)) for letter, level in zip(rest[::3], rest[1::3], strict=True)]
    bare = _FIELD.sub("x", text)
    while (inner := _BRACKETS.sub("x", bare)) != bare:
        bare = inner
    level = next((k for k, signs in enumerate(_SIGNS, COMPARISON) if signs.search(bare)), ATOM)
    return [first, *rest[2::3]], fields, level


def by_name(node: Cell) -> str | None:
    """The textbook's `ref`: whatever has a name goes by it."""
    return node.name


def tex_name(name: str) -> str:
    r"""The TeX of a name of ours: `a_h1` is a_{h1}, `dE/dw5` a fraction with partial signs, `h1[2]` h_1^{(2)}."""
    if name == "learning_rate":
        return r"\eta"
    if name.endswith("_next"):
        return tex_name(name.removesuffix("_next")) + r"^{\,\mathrm{next}}"
    if "/" in name:
        top, bottom = (tex_name(part.removeprefix("d")) for part in name.split("/"))
        return rf"\dfrac{{\partial {top}}}{{\partial {bottom}}}"
    stem, _, sample = name.partition("[")
    upper = rf"^{{({sample.rstrip(']')})}}" if sample else ""
    if "_" in stem:  # a_h1, E_total; in deep networks h2_1 and a_h2_1, unit 1 of layer 2
        base, _, index = stem.partition("_")
        if layer := re.fullmatch(r"([A-Za-z]+)(\d+)", base):
            base, index = layer[1], f"{layer[2]},{index}"
        index = rf"\mathrm{{{index}}}" if index.isalpha() else index.replace("_", ",")
        return rf"{base}_{{{index}}}" + upper
    match = re.fullmatch(r"([A-Za-z]+)(\d+)", stem)
    return (rf"{match[1]}_{{{match[2]}}}" if match else stem) + upper


def by_tex_name(node: Cell) -> str | None:
    """The `ref` of typeset mathematics."""
    return tex_name(node.name) if node.name else None


def live_text(root: Cell, ref: Ref) -> str:
    """An Excel formula (without =) that spells `root` out with numbers put in; `ref` gives cells that hold text."""
    marked = show(root, lambda c: None if (at := ref(c)) is None else f"\0{at}\0", TEXTBOOK)
    pieces = [p if k % 2 else f'"{p}"' for k, p in enumerate(marked.split("\0")) if p]
    return "&".join(pieces)
