"""The operators and functions of single values, on arrays of float64; an error of a spreadsheet is NaN.

A truth value is 1 or 0. No result is infinite: a number that Excel cannot hold is an error.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]
Operation = Callable[..., Array]

_DIGITS = 1e15  # above it a double has no digits behind the point that Excel would show


def finite(x: Array) -> Array:
    """The same, but NaN for what is infinite."""
    wrong = np.isinf(x)
    return np.where(wrong, np.nan, x) if wrong.any() else x


def _finite(operation: Operation) -> Operation:
    return lambda *x: finite(operation(*x))


def _power(a: Array, b: Array) -> Array:
    """a^b as Excel has it: (-8)^(1/3) is -2, and 0^0 is an error."""
    root = np.rint(1 / np.where(b == 0, 1, b))
    odd = (a < 0) & (np.abs(b) < 1) & (root % 2 == 1) & (np.abs(root * b - 1) <= 1e-14)
    power = np.power(a, b)
    if odd.any():
        power = np.where(odd, -np.power(np.abs(a), b), power)
    return np.where((a == 0) & (b == 0) | np.isnan(a) | np.isnan(b), np.nan, power)


def _rounding(whole: Operation) -> Operation:
    """Rounding as the decimal digits show it: 2.675 becomes 2.68 although its double is a little less.

    `whole` gets how many units of the last digit the number has, and a small part of that.
    """

    def to_digits(x: Array, digits: Array) -> Array:
        scale = 10.0 ** np.trunc(digits)
        shifted = np.abs(x) * scale
        nearest = np.sign(x) * whole(shifted, shifted * 2 / _DIGITS) / scale
        return np.where(shifted < _DIGITS, nearest, x + 0 * digits)

    return _finite(to_digits)


def _modulo(a: Array, b: Array) -> Array:
    """The remainder of a divided by b, with the sign of b."""
    remainder: Array = a - b * np.floor(a / b)
    return remainder


def difference(a: Array, b: Array) -> Array:
    """a - b, but 0 where they agree in the 15 digits that a spreadsheet compares: 0.1+0.2=0.3."""
    exact: Array = np.asarray(np.subtract(a, b))
    near = (exact != 0) & (np.abs(exact) <= 1e-14 * np.abs(a))
    if near.any():
        pairs = zip(*(np.broadcast_to(x, exact.shape)[near] for x in (a, b)), strict=True)
        exact[near] = [float(f"{x:.14e}") - float(f"{y:.14e}") for x, y in pairs]
    return exact


def _unless_error(test: Operation) -> Operation:
    return lambda x: np.where(np.isnan(x), np.nan, test(x))


def _compared(test: Operation) -> Operation:
    checked = _unless_error(lambda x: test(x, 0))
    return lambda a, b: checked(difference(a, b))


def _if(condition: Array, then: Array, other: Array) -> Array:
    return np.where(np.isnan(condition), np.nan, np.where(condition != 0, then, other))


def _if_error(x: Array, other: Array) -> Array:
    return np.where(np.isnan(x), other, x)


ELEMENTWISE: dict[str, Operation] = {
    "+": _finite(np.add),
    "-": _finite(np.subtract),
    "*": _finite(np.multiply),
    "/": _finite(np.divide),
    "^": _finite(_power),
    "negative": np.negative,
    "%": lambda x: np.divide(x, 100),
    "=": _compared(np.equal),
    "<>": _compared(np.not_equal),
    "<": _compared(np.less),
    "<=": _compared(np.less_equal),
    ">": _compared(np.greater),
    ">=": _compared(np.greater_equal),
    "ABS": np.abs,
    "EXP": _finite(np.exp),
    "LN": _finite(np.log),
    "LOG10": _finite(np.log10),
    "SQRT": np.sqrt,
    "SIN": np.sin,
    "COS": np.cos,
    "TAN": np.tan,
    "ATAN": np.arctan,
    "SINH": _finite(np.sinh),
    "COSH": _finite(np.cosh),
    "TANH": np.tanh,
    "INT": np.floor,
    "SIGN": np.sign,
    "ROUND": _rounding(lambda units, part: np.floor(units + part + 0.5)),
    "ROUNDUP": _rounding(lambda units, part: np.ceil(units - part)),
    "ROUNDDOWN": _rounding(lambda units, part: np.floor(units + part)),
    "MOD": _finite(_modulo),
    "NOT": _unless_error(lambda x: x == 0),
    "truth": _unless_error(lambda x: x != 0),
    "square": _finite(np.square),
    "counts": lambda x: np.subtract(1.0, np.isnan(x)),  # COUNT passes over errors
    "max": np.maximum,
    "min": np.minimum,
    "IF": _if,
    "IFERROR": _if_error,
}
TOLERANT = {"counts", "IF", "IFERROR"}  # of all others, one error among the arguments makes an error
REDUCED: dict[str, Operation] = {"+": np.add, "*": np.multiply, "max": np.maximum, "min": np.minimum}
PAIRED: dict[str, Operation] = {  # of two ranges, cell by cell, to be added up
    "SUMXMY2": lambda x, y: (x - y) ** 2,
    "SUMX2MY2": lambda x, y: x**2 - y**2,
    "SUMX2PY2": lambda x, y: x**2 + y**2,
}
