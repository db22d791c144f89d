r"""The operators, one row each: the value, the adjoint, the text in every notation. Nothing adds to the table later.

Values are a spreadsheet's: where it has an error, there is an exception or NaN.

`adjoint(y, g, *args)` passes on `g`, the derivative by the result: a Cell or a number for each argument. It is written
on the operator's own output `y`, as a textbook does.

In a text `{a:product}` is the first argument, in brackets unless it binds as tightly as a product does (sum, product,
power or atom), `{b}` and `{c}` are the next, and `{*}` is all of them; a text without any is the sign between them.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable
from decimal import ROUND_DOWN, ROUND_HALF_UP, ROUND_UP, Decimal
from typing import Any, NamedTuple

Cell = Any  # of sheetgen.cells.cell, which imports this table
Adjoint = tuple[Cell | float, ...]

SQRT_2_PI = math.sqrt(2 * math.pi)
GELU, CUBE = math.sqrt(2 / math.pi), 0.044715  # of the tanh form
NEAR = 1e-14  # numbers that differ by more, relatively, differ in 15 digits
STEP = "a rounding at its threshold"


class NotDifferentiable(ValueError):
    """A derivative that would pass through a rounding function; the message names the operator."""


class Op(NamedTuple):
    """A row of the table.

    `once`: a second Excel text that reads its argument only once, for a long one that can hold no text such as
    “diverged”, which MAX would skip. `at_zero`, `at_tie`: the name of the kink where the first argument is 0, or two
    are equal; `at_step`: that of the jumps of a function made of steps. `bounded`: whether it stays between two
    numbers, for an activation that a layer may have; else None.
    """

    value: Callable[..., float]
    adjoint: Callable[..., Adjoint]
    excel: str
    words: str
    tex: str
    once: str = ""
    at_zero: str = ""
    at_tie: str = ""
    at_step: str = ""
    bounded: bool | None = None


def _function(
    name: str, value: Callable[..., float], adjoint: Callable[..., Adjoint], tex: str = "", **more: Any
) -> Op:
    """The row of a function that Excel and a textbook write NAME(a, b)."""
    words = f"{name.lower()}({{*}})"
    return Op(value, adjoint, f"{name}({{*}})", words, tex or rf"\operatorname{{{name.lower()}}}({{*}})", **more)


def _flat(y: Cell, g: Cell, *x: Cell) -> Adjoint:
    return (0,) * len(x)


def _refused(y: Cell, g: Cell, *x: Cell) -> Adjoint:
    raise NotDifferentiable(y.op)


def _sigmoid(h: float) -> float:
    # exp(700) is near the largest double, and Excel's EXP gives #NUM! beyond it: the sheet has the same bound.
    return 0.0 if h < -700 else 1 / (1 + math.exp(-h))


def _products(y: Cell, g: Cell, *x: Cell) -> Adjoint:
    return tuple(g.times(*x[:k], *x[k + 1 :]) for k in range(len(x)))


def _dot(*x: float) -> float:
    half = len(x) // 2
    return sum(map(operator.mul, x[:half], x[half:]), 0.0)


def _dot_adjoint(y: Cell, g: Cell, *x: Cell) -> Adjoint:
    half = len(x) // 2
    return tuple(g * other for other in x[half:] + x[:half])


def _wins(chosen: Cell, g: Cell) -> Adjoint:
    return chosen.apply("if", g, 0), chosen.apply("if", 0, g)


def _first(y: Cell, g: Cell, *x: Cell) -> Adjoint:
    """The first argument that equals the result gets all, as in torch.max(dim); torch.amax would share it out."""
    passed = []
    for a in x[:-1]:
        own, g = _wins(a.apply("eq", y), g)
        passed.append(own)
    return (*passed, g)


def _choice(choose: Callable[[tuple[float, ...]], float]) -> Callable[..., float]:
    return lambda *x: math.nan if any(map(math.isnan, x)) else choose(x)


def _power(a: float, b: float) -> float:
    if a == b == 0 or a != a or b != b:  # in C an error to the power of 0 is 1
        raise ArithmeticError  # and Excel's 0^0 is #NUM!
    if a < 0 < abs(b) < 1:  # (-8)^(1/3) is -2 in Excel, as in every engine: the odd roots of negative numbers
        root = round(1 / b)
        if root % 2 and math.isclose(1 / root, b, rel_tol=1e-14):
            return -math.pow(-a, b)
    return math.pow(a, b)


def _power_adjoint(y: Cell, g: Cell, a: Cell, b: Cell) -> Adjoint:
    """The second is written out only where the exponent can change: the logarithm of a negative base is no number."""
    if b.op != "constant":
        return g.times(b, a.apply("pow", b - 1)), g.times(y, a.apply("ln"))
    if 0 < abs(b.value) < 1:  # a^(b-1) would be no number where a root of a negative number is one
        return g.times(b, y) / a, 0
    lower = a if b.value == 2 else a.apply("pow", b.value - 1)
    return (0 if b.value == 0 else g * b if b.value == 1 else g.times(b, lower)), 0


def _sign_of_difference(a: float, b: float) -> int:
    """-1, 0 or 1 as a is below, at or above b in 15 digits, for so Excel compares: 0.1+0.2=0.3 is TRUE."""
    if math.isnan(a) or math.isnan(b):
        raise ArithmeticError
    if a != b and abs(a - b) <= NEAR * abs(a) and f"{a:.14e}" == f"{b:.14e}":
        return 0
    return int(a > b) - int(a < b)


def _comparison(true: tuple[int, ...], excel: str, words: str, tex: str) -> Op:
    """A row that is true where the sign of the difference is one of these."""
    excel, words, tex = (f"{{a:sum}}{sign}{{b:sum}}" for sign in (excel, f" {words} ", rf" {tex} "))
    kink = "a condition at its threshold"
    return Op(lambda a, b: float(_sign_of_difference(a, b) in true), _flat, excel, words, tex, at_tie=kink)


def _sign(a: float) -> float:
    return a if math.isnan(a) else float(int(a > 0) - int(a < 0))


def _leaky_adjoint(y: Cell, g: Cell, h: Cell, slope: Cell) -> Adjoint:
    on = h.apply("gt", 0)
    return on.apply("if", g, g * slope), on.apply("if", 0, g * h)


def _gelu_adjoint(y: Cell, g: Cell, h: Cell) -> Adjoint:
    tanh = (GELU * (h + CUBE * h.times(h, h))).apply("tanh")
    slope = 0.5 * h * (1 - tanh * tanh) * (GELU * (1 + 3 * CUBE * (h * h)))
    return (g * (0.5 * (1 + tanh) + slope),)


def _rounding(name: str, how: str) -> Op:
    """Rounding of the decimal text, so that 2.675 is rounded as it is read; of 15 digits of it, for so Excel rounds."""

    def value(a: float, digits: float) -> float:
        k, text = int(digits), Decimal(repr(a))  # int of NaN is an error
        if math.isfinite(a) and text.adjusted() + k < 14:
            text = Decimal(f"{a:.14e}")
        if math.isnan(a) or -int(text.as_tuple().exponent) <= k or a == 0:
            return a
        if k < -310:  # beyond all numbers
            return 0.0 if how != ROUND_UP else math.nan
        return float(text.quantize(Decimal(1).scaleb(-k), how))

    return _function(name, value, _refused, at_step=STEP)


_ARITHMETIC = {
    "add": Op(lambda *x: sum(x), lambda y, g, *x: (g,) * len(x), "+", " + ", " + "),
    "sub": Op(
        lambda a, b: a - b, lambda y, g, a, b: (g, -g),
        "{a:sum}-{b:product}", "{a:sum} - {b:product}", "{a:sum} - {b:product}",
    ),
    "neg": Op(lambda a: -a, lambda y, g, a: (-g,), "-{a:product}", "-{a:product}", "-{a:product}"),
    "mul": Op(lambda *x: math.prod(x), _products, "*", "*", r" \cdot "),
    "div": Op(
        lambda a, b: a / b, lambda y, g, a, b: (g / b, -(g * y / b)),
        "{a:product}/{b:power}", "{a:product}/{b:power}", r"\dfrac{{a}}{{b}}",
    ),
    # The first half of the arguments with the second, where both lie in blocks; else a sum of products is written.
    "dot": Op(_dot, _dot_adjoint, "SUMPRODUCT({a},{b})", "{a} · {b}", r"{a} \cdot {b}"),
    "pow": Op(_power, _power_adjoint, "{a:atom}^{b:atom}", "{a:atom}^{b:atom}", "{a:atom}^{{b}}"),
    "half_squared_error": Op(
        lambda t, a: (t - a) ** 2 / 2, lambda y, g, t, a: (g * (t - a), g * (a - t)),
        "0.5*({a:sum}-{b:product})^2", "0.5*({a:sum} - {b:product})^2", r"\frac{1}{2}({a:sum} - {b:product})^2",
    ),
}  # fmt: skip

_ACTIVATIONS = {
    "sigmoid": Op(
        _sigmoid, lambda y, g, h: (g.times(y, 1 - y),),
        # EXP(710) is #NUM! in Excel; below -700 the function is 0 to 300 digits.
        "IF({a}<-700,0,1/(1+EXP(-{a:atom})))", "1/(1 + exp(-{a:atom}))", r"\dfrac{1}{1 + e^{-{a:atom}}}",
        once="1/(1+EXP(-MAX(-700,{a})))", bounded=True,
    ),
    "tanh": _function("TANH", math.tanh, lambda y, g, h: (g * (1 - y * y),), r"\tanh({a})", bounded=True),
    "relu": Op(
        lambda h: 0.0 if h <= 0 else h, lambda y, g, h: (g * y.apply("step"),),  # 0 at 0, as in PyTorch
        # Not MAX, which skips a cell that says “diverged”; text is larger than any number.
        "IF({a}>0,{a},0)", "max(0, {a})", r"\max(0,\, {a})",
        once="MAX(0,{a})", at_zero="MAX at a tie", bounded=False,
    ),
    "identity": Op(lambda h: h, lambda y, g, h: (g,), "{a}", "{a}", "{a}", bounded=False),
    "step": Op(
        lambda h: 1.0 if h > 0 else 0.0 * h, _flat,
        "IF({a}>0,1,0)", "[{a} > 0]", r"[\,{a} > 0\,]", at_zero="a threshold",
    ),
    "leaky_relu": Op(
        lambda h, slope: h if h > 0 else slope * h, _leaky_adjoint,
        "IF({a}>0,{a},{b:product}*{a:product})", "leaky_relu({*})", r"\operatorname{leaky\_relu}({*})",
        at_zero="a slope that changes at 0",
    ),
    "gelu": Op(
        lambda h: 0.5 * h * (1 + math.tanh(GELU * (h + CUBE * h**3))), _gelu_adjoint,
        f"0.5*{{a:product}}*(1+TANH(SQRT(2/PI())*({{a:sum}}+{CUBE}*{{a:atom}}^3)))", "gelu({*})",
        r"\operatorname{gelu}({*})",
    ),
}  # fmt: skip

_FUNCTIONS = {
    "exp": _function("EXP", math.exp, lambda y, g, a: (g * y,), "e^{{a}}"),
    "ln": _function("LN", math.log, lambda y, g, a: (g / a,), r"\ln({a})"),
    "log10": _function("LOG10", math.log10, lambda y, g, a: (g / (a * math.log(10)),), r"\log_{10}({a})"),
    "sqrt": _function("SQRT", math.sqrt, lambda y, g, a: (g / (2 * y),), r"\sqrt{{a}}"),
    "sin": _function("SIN", math.sin, lambda y, g, a: (g * a.apply("cos"),), r"\sin({a})"),
    "cos": _function("COS", math.cos, lambda y, g, a: (-(g * a.apply("sin")),), r"\cos({a})"),
    "tan": _function("TAN", math.tan, lambda y, g, a: (g * (1 + y * y),), r"\tan({a})"),
    "atan": _function("ATAN", math.atan, lambda y, g, a: (g / (1 + a * a),), r"\arctan({a})"),
    "sinh": _function("SINH", math.sinh, lambda y, g, a: (g * a.apply("cosh"),), r"\sinh({a})"),
    "cosh": _function("COSH", math.cosh, lambda y, g, a: (g * a.apply("sinh"),), r"\cosh({a})"),
    "erf": _function(
        "ERF", math.erf, lambda y, g, a: (g.times(math.sqrt(8), (math.sqrt(2) * a).apply("normal_density")),)
    ),
    "normal_density": Op(
        lambda a: math.exp(-a * a / 2) / SQRT_2_PI, lambda y, g, a: (-g.times(a, y),),
        "NORM.S.DIST({a},FALSE)", "φ({a})", r"\varphi({a})",
    ),
    "normal": Op(
        lambda a: math.erfc(-a / math.sqrt(2)) / 2, lambda y, g, a: (g * a.apply("normal_density"),),
        "NORM.S.DIST({a},TRUE)", "Φ({a})", r"\Phi({a})",
    ),
    "abs": _function("ABS", abs, lambda y, g, a: (g * a.apply("sign"),), "|{a}|", at_zero="ABS at 0"),
    "sign": _function("SIGN", _sign, _flat, at_zero="SIGN at 0"),
    "max": _function("MAX", _choice(max), _first, r"\max({*})", at_tie="MAX at a tie"),
    "min": _function("MIN", _choice(min), _first, r"\min({*})", at_tie="MIN at a tie"),
    "floor": Op(
        lambda a: float(math.floor(a)), _refused, "INT({a})", "floor({a})", r"\lfloor{a}\rfloor", at_step=STEP
    ),
    "round": _rounding("ROUND", ROUND_HALF_UP),
    "rounddown": _rounding("ROUNDDOWN", ROUND_DOWN),
    "roundup": _rounding("ROUNDUP", ROUND_UP),
}  # fmt: skip

_CHOICES = {
    "if": Op(
        lambda c, a, b: c if c != c else a if c else b, lambda y, g, c, a, b: (0, *_wins(c, g)),
        "IF({*})", "({b} if {a}, else {c})", r"\begin{cases}{b} & {a}\\{c}\end{cases}", at_zero="a condition at 0",
    ),
    # Where a is no number, b: then nothing passes to a, and a number is told from none by its being one.
    "iferror": _function("IFERROR", lambda a, b: b if a != a else a, lambda y, g, a, b: _wins(a.apply("isnumber"), g)),
    "isnumber": _function("ISNUMBER", lambda a: float(a == a), _flat),
}  # fmt: skip

_COMPARISONS = {
    "eq": _comparison((0,), "=", "=", "="),
    "ne": _comparison((-1, 1), "<>", "≠", r"\ne"),
    "lt": _comparison((-1,), "<", "<", "<"),
    "le": _comparison((-1, 0), "<=", "≤", r"\le"),
    "gt": _comparison((1,), ">", ">", ">"),
    "ge": _comparison((0, 1), ">=", "≥", r"\ge"),
}

OPS: dict[str, Op] = {**_ARITHMETIC, **_ACTIVATIONS, **_FUNCTIONS, **_CHOICES, **_COMPARISONS}
LOGICAL = frozenset(_COMPARISONS)  # whose results are TRUE or FALSE
ACTIVATIONS = tuple(name for name, op in OPS.items() if op.bounded is not None)  # that a layer may have
