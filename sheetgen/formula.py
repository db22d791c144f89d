"""A Cell as text: an Excel formula, a textbook line, TeX, or the same line with the numbers put in.

`ref(cell)` is the only difference between the renderings of one dialect: it names a Cell (an address, a symbol, a
number) or returns None, and then the Cell is written out.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import NamedTuple

from sheetgen.cell import Cell
from sheetgen.errors import UserError

SUM, PRODUCT, POWER, ATOM = range(4)  # how tightly a piece of text binds

Ref = Callable[[Cell], str | None]

MAX_FORMULA = 8192  # characters, Excel's limit
AROUND = 80  # of them for what sheets put around a formula, such as IFERROR(…,"diverged")


class FormulaTooLong(UserError):
    """A formula that Excel would refuse: over 8,192 characters."""


class Text(str):
    """A piece of a formula that knows how tightly it binds."""

    level: int

    def __new__(cls, text: str, level: int = ATOM) -> Text:
        self = super().__new__(cls, text)
        self.level = level
        return self

    def at(self, level: int) -> str:
        """The text, in brackets if it binds less tightly than `level`."""
        return str(self) if self.level >= level else f"({self})"


class Dialect(NamedTuple):
    """How a notation writes its operators: three infix signs, and a template for each function."""

    plus: str
    minus: str
    times: str
    functions: Mapping[str, Callable[..., Text]]
    limit: int | None = None


EXCEL = Dialect(
    "+",
    "-",
    "*",
    {
        "div": lambda a, b: Text(f"{a.at(PRODUCT)}/{b.at(POWER)}", PRODUCT),
        # EXP(710) is #NUM! in Excel; below -700 the function is 0 to 300 digits.
        "sigmoid": lambda h: Text(f"IF({h}<-700,0,1/(1+EXP(-{h.at(ATOM)})))"),
        "tanh": lambda h: Text(f"TANH({h})"),
        # Not MAX, which skips a cell that says “diverged”; text is larger than any number.
        "relu": lambda h: Text(f"IF({h}>0,{h},0)"),
        "step": lambda h: Text(f"IF({h}>0,1,0)"),
        "identity": lambda h: h,
        "half_squared_error": lambda t, a: Text(f"0.5*({t.at(SUM)}-{a.at(PRODUCT)})^2", PRODUCT),
    },
    MAX_FORMULA - AROUND,
)

TEXTBOOK = Dialect(
    " + ",
    " - ",
    "*",
    {
        "div": EXCEL.functions["div"],
        "sigmoid": lambda h: Text(f"1/(1 + exp(-{h.at(ATOM)}))", PRODUCT),
        "tanh": lambda h: Text(f"tanh({h})"),
        "relu": lambda h: Text(f"max(0, {h})"),
        "step": lambda h: Text(f"[{h} > 0]"),
        "identity": lambda h: h,
        "half_squared_error": lambda t, a: Text(f"0.5*({t.at(SUM)} - {a.at(PRODUCT)})^2", PRODUCT),
    },
)

TEX = Dialect(
    " + ",
    " - ",
    r" \cdot ",
    {
        "div": lambda a, b: Text(rf"\dfrac{{{a}}}{{{b}}}"),
        "sigmoid": lambda h: Text(rf"\dfrac{{1}}{{1 + e^{{-{h.at(ATOM)}}}}}"),
        "tanh": lambda h: Text(rf"\tanh({h})"),
        "relu": lambda h: Text(rf"\max(0,\, {h})"),
        "step": lambda h: Text(rf"[\,{h} > 0\,]"),
        "identity": lambda h: h,
        "half_squared_error": lambda t, a: Text(rf"\frac{{1}}{{2}}({t.at(SUM)} - {a.at(PRODUCT)})^2", PRODUCT),
    },
)


def number(value: float) -> str:
    """A literal that every engine reads alike: no exponent, for the literal 1E-9 is not safe everywhere."""
    return format(Decimal(repr(value)), "f").removesuffix(".0")


def show(root: Cell, ref: Ref, dialect: Dialect = EXCEL) -> str:
    """Write `root` out in a dialect, naming the Cells that `ref` names; the root itself is always written out.

    Raises FormulaTooLong where Excel would refuse the formula.
    """
    seen: dict[int, Text] = {}

    def render(node: Cell) -> Text:
        if id(node) not in seen:
            name = None if node is root and node.args else ref(node)
            seen[id(node)] = Text(name) if name is not None else _write(node, render, dialect)
            if dialect.limit and len(seen[id(node)]) >= dialect.limit:
                raise FormulaTooLong(
                    f"the formula of {root.name or root.op} is too long, for Excel takes {MAX_FORMULA:,} characters: "
                    "use staged formulas"
                )
        return seen[id(node)]

    return str(render(root))


def _write(node: Cell, render: Callable[[Cell], Text], dialect: Dialect) -> Text:
    if node.op == "constant":
        return Text(number(node.value), ATOM if node.value >= 0 else SUM)
    if node.op == "variable":
        raise KeyError(f"{node.name} has no place on the sheet")
    args = [render(a) for a in node.args]
    if node.op == "add":
        return _join_sum(node, args, dialect)
    if node.op == "sub":
        return Text(args[0].at(SUM) + dialect.minus + args[1].at(PRODUCT), SUM)
    if node.op == "neg":
        # In Excel the minus sign binds tighter than ^: =-A1^2 is +9 for A1 = 3, so a power gets brackets.
        return Text("-" + (f"({args[0]})" if "^" in args[0] else args[0].at(PRODUCT)), SUM)
    if node.op == "mul":
        return Text(dialect.times.join(a.at(PRODUCT) for a in args), PRODUCT)
    return dialect.functions[node.op](*args)


def _join_sum(node: Cell, args: list[Text], dialect: Dialect) -> Text:
    text = args[0].at(SUM)
    for term, arg in zip(node.args[1:], args[1:], strict=True):
        # a + (-b) reads better as a - b; the minus sign is already there when the term was written out.
        written_out = term.op == "neg" and arg.startswith("-")
        text += dialect.minus + arg[1:] if written_out else dialect.plus + arg.at(PRODUCT)
    return Text(text, SUM)


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
