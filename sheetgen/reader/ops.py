"""The operators that only a workbook which somebody else made needs: rows of the one table, in sheetgen.cell.

Numbers are what a spreadsheet makes of them: where it has an error, there is an exception or NaN.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from decimal import ROUND_DOWN, ROUND_HALF_UP, ROUND_UP, Decimal

from sheetgen.cell import OPS, Cell, NotDifferentiable, Op, constant, mul

LOGICAL = frozenset({"eq", "ne", "lt", "le", "gt", "ge"})  # whose results are TRUE or FALSE
SQRT_2_PI = math.sqrt(2 * math.pi)
NEAR = 1e-14  # numbers that differ by more, relatively, differ in 15 digits


def if_(condition: Cell, a: Cell, b: Cell) -> Cell:
    """`a` where the condition is not 0, else `b`."""
    return Cell("if", (condition, a, b))


def _flat(y: Cell, g: Cell, *x: Cell) -> tuple[Cell, ...]:
    return (constant(0),) * len(x)


def _refused(y: Cell, g: Cell, *x: Cell) -> tuple[Cell, ...]:
    raise NotDifferentiable(y.op)


def _wins(chosen: Cell, g: Cell) -> tuple[Cell, Cell]:
    return if_(chosen, g, constant(0)), if_(chosen, constant(0), g)


def _power(a: float, b: float) -> float:
    if a == b == 0 or a != a or b != b:  # in C an error to the power of 0 is 1
        raise ArithmeticError  # and Excel's 0^0 is #NUM!
    if a < 0 < abs(b) < 1:  # (-8)^(1/3) is -2 in Excel, as in every engine: the odd roots of negative numbers
        root = round(1 / b)
        if root % 2 and math.isclose(1 / root, b, rel_tol=1e-14):
            return -math.pow(-a, b)
    return math.pow(a, b)


def _power_adjoint(y: Cell, g: Cell, a: Cell, b: Cell) -> tuple[Cell, Cell]:
    """The second is written out only where the exponent can change: the logarithm of a negative base is no number."""
    if b.op != "constant":
        return mul(g, b, Cell("pow", (a, b - 1))), mul(g, y, Cell("ln", (a,)))
    if 0 < abs(b.value) < 1:  # a^(b-1) would be no number where a root of a negative number is one
        return mul(g, b, y) / a, constant(0)
    lower = a if b.value == 2 else Cell("pow", (a, constant(b.value - 1)))
    return (constant(0) if b.value == 0 else mul(g, b) if b.value == 1 else mul(g, b, lower)), constant(0)


def _sign_of_difference(a: float, b: float) -> int:
    """-1, 0 or 1 as a is below, at or above b in 15 digits, for so Excel compares: 0.1+0.2=0.3 is TRUE."""
    if math.isnan(a) or math.isnan(b):
        raise ArithmeticError
    if a != b and abs(a - b) <= NEAR * abs(a) and f"{a:.14e}" == f"{b:.14e}":
        return 0
    return int(a > b) - int(a < b)


def _compared(true: tuple[int, ...]) -> Op:
    """A comparison that is true where the sign of the difference is one of these."""
    return Op(lambda a, b: float(_sign_of_difference(a, b) in true), _flat)


def _erf_adjoint(y: Cell, g: Cell, a: Cell) -> tuple[Cell]:
    return (mul(g, math.sqrt(8), Cell("normal_density", (mul(math.sqrt(2), a),))),)


def _sign(a: float) -> float:
    return a if math.isnan(a) else float(int(a > 0) - int(a < 0))


def _choice(choose: Callable[[float, float], float]) -> Callable[[float, float], float]:
    return lambda a, b: math.nan if math.isnan(a) or math.isnan(b) else choose(a, b)


def _rounded(how: str) -> Callable[[float, float], float]:
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

    return value


OPS.update(
    {
        "exp": Op(math.exp, lambda y, g, a: (mul(g, y),)),
        "ln": Op(math.log, lambda y, g, a: (g / a,)),
        "log10": Op(math.log10, lambda y, g, a: (g / mul(a, math.log(10)),)),
        "pow": Op(_power, _power_adjoint),
        "sqrt": Op(math.sqrt, lambda y, g, a: (g / mul(2, y),)),
        "sin": Op(math.sin, lambda y, g, a: (mul(g, Cell("cos", (a,))),)),
        "cos": Op(math.cos, lambda y, g, a: (-mul(g, Cell("sin", (a,))),)),
        "tan": Op(math.tan, lambda y, g, a: (mul(g, 1 + mul(y, y)),)),
        "atan": Op(math.atan, lambda y, g, a: (g / (1 + mul(a, a)),)),
        "sinh": Op(math.sinh, lambda y, g, a: (mul(g, Cell("cosh", (a,))),)),
        "cosh": Op(math.cosh, lambda y, g, a: (mul(g, Cell("sinh", (a,))),)),
        "erf": Op(math.erf, _erf_adjoint),
        "normal_density": Op(lambda a: math.exp(-a * a / 2) / SQRT_2_PI, lambda y, g, a: (-mul(g, a, y),)),
        "normal": Op(
            lambda a: math.erfc(-a / math.sqrt(2)) / 2, lambda y, g, a: (mul(g, Cell("normal_density", (a,))),)
        ),
        "abs": Op(abs, lambda y, g, a: (mul(g, Cell("sign", (a,))),)),
        "sign": Op(_sign, _flat),
        "max": Op(_choice(max), lambda y, g, a, b: _wins(Cell("ge", (a, b)), g)),
        "min": Op(_choice(min), lambda y, g, a, b: _wins(Cell("le", (a, b)), g)),
        "if": Op(lambda c, a, b: c if c != c else a if c else b, lambda y, g, c, a, b: (constant(0), *_wins(c, g))),
        # Where a is no number, b: then nothing passes to a, and a number is told from none by its being one.
        "iferror": Op(lambda a, b: b if a != a else a, lambda y, g, a, b: _wins(Cell("isnumber", (a,)), g)),
        "isnumber": Op(lambda a: float(a == a), _flat),
        "eq": _compared((0,)),
        "ne": _compared((-1, 1)),
        "lt": _compared((-1,)),
        "le": _compared((-1, 0)),
        "gt": _compared((1,)),
        "ge": _compared((0, 1)),
        "floor": Op(lambda a: float(math.floor(a)), _refused),
        "round": Op(_rounded(ROUND_HALF_UP), _refused),
        "rounddown": Op(_rounded(ROUND_DOWN), _refused),
        "roundup": Op(_rounded(ROUND_UP), _refused),
    }
)
