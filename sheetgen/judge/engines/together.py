"""`formulas` made to calculate all cells of a pattern in one call.

A slot of single cells becomes a column, a row for each cell; a slot of ranges a stack, a window for each cell.
Operators and elementwise functions take columns as they are; a function that reduces its arguments is called window by
window: all this is the library's own code. Of plain numbers alone, + - * / and SUMPRODUCT, SUM, MAX, MIN, AND, OR are
calculated for all cells at once, by the very operations that the library does for one: a convolution has thousands of
windows.
`patterns` compares the first cell of every group, one in the middle and the last with what the library alone makes of
them, to the last bit.
"""

from collections.abc import Callable, Iterable, Sequence
from functools import reduce, wraps
from typing import Any, ClassVar

import numpy as np

from sheetgen.excel.a1 import Area
from sheetgen.excel.instructions import Call, Operator
from sheetgen.excel.references import Slot, Step
from sheetgen.judge.engines.dialect import NotEvaluated

# One value from one value of each argument: a column of a thousand arguments gives a column of a thousand values.
ELEMENTWISE = frozenset(
    {
        "ABS", "ACOS", "ASIN", "ATAN", "CHAR", "COS", "EXP", "FIXED", "HYPERLINK", "IF", "IFERROR", "INT", "ISBLANK",
        "ISERROR", "ISNA", "ISNUMBER", "ISTEXT", "LEFT", "LEN", "LN", "LOG10", "MOD", "NA", "NOT", "POWER", "REPT",
        "ROUND", "SIGN", "SIN", "SINH", "SQRT", "SUBSTITUTE", "TAN", "TANH", "TEXT",
    }
)  # fmt: skip
# One value from all of what each argument holds.
REDUCING = frozenset(
    {"AND", "AVERAGE", "COUNT", "COUNTA", "COUNTIF", "INDEX", "MATCH", "MAX", "MIN", "OR", "SUM", "SUMPRODUCT", "SUMSQ"}
)

Pattern = Callable[[list[Any]], Any]


def takes(code: Iterable[Step], areas: Sequence[Area]) -> bool:
    """Whether all cells of a formula may be calculated together: every range is an argument of a reducing function."""
    stack: list[bool] = []  # is it a range as it stands
    for item in code:
        if isinstance(item, Call | Operator):
            ranges = any(stack[len(stack) - item.operands :])
            del stack[len(stack) - item.operands :]
            known = REDUCING if ranges else ELEMENTWISE | REDUCING
            if item.name not in known and (ranges or isinstance(item, Call)):
                return False
        stack.append(isinstance(item, Slot) and not areas[item.number].single)
    return not any(stack)


def compile_pattern(pattern: str, together: bool) -> Pattern:
    """A function from the values of the slots, in order, to an array of objects. Raises NotEvaluated."""
    import formulas

    parser = _parser() if together else formulas.Parser()
    try:
        pipe = parser.ast(f"={pattern}")[1].compile()
        order = [int(slot[1:]) - 1 for slot in pipe.inputs]
    except Exception as error:  # whatever a parser of other people's making raises, the cell was not evaluated
        raise NotEvaluated(f"formulas cannot compile it ({type(error).__name__})") from error

    def call(slots: list[Any]) -> Any:
        try:
            return np.asarray(pipe(*(slots[n] for n in order)), object)
        except Exception as error:  # likewise
            raise NotEvaluated(f"formulas cannot calculate it ({type(error).__name__})") from error

    return call


def _parser() -> Any:
    """The parser of `formulas`, with functions that know columns and stacks."""
    import formulas

    function, operator = formulas.tokens.function.Function, formulas.tokens.operator.OperatorToken

    class Together(formulas.Parser):  # type: ignore[misc]
        filters: ClassVar[list[Any]] = [_token(f) if f in (function, operator) else f for f in formulas.Parser.filters]

    return Together()


def _token(token: Any) -> Any:
    class FunctionToken(token):  # type: ignore[misc]
        def compile(self) -> Any:
            function = super().compile()
            name = self.name.upper()
            wrap = windows(name) if name in REDUCING else arithmetic(name) if name in _ARITHMETIC else careful
            if isinstance(function, dict):
                return {**function, "function": wrap(function["function"])}
            return wrap(function)

    return FunctionToken


def careful(function: Callable[..., Any]) -> Callable[..., Any]:
    """An elementwise function of `formulas` that stays elementwise when one of the cells raises.

    One cell of 1E200^2 raises OverflowError inside, and `formulas` then answers a single #VALUE! for the whole column.
    """

    @wraps(function)
    def call(*arguments: Any) -> Any:
        result = function(*arguments)
        shape = np.broadcast_shapes(*map(np.shape, arguments))
        if np.shape(result) == shape or np.prod(shape) <= 1:
            return result
        cells: Iterable[tuple[Any, ...]] = zip(*(np.broadcast_to(a, shape).ravel() for a in arguments), strict=True)
        single = [np.ravel(np.asarray(function(*(np.array([[v]], object) for v in cell)), object))[0] for cell in cells]
        separate = np.empty(len(single), object)
        separate[:] = single
        return separate.reshape(shape).view(type(result)) if isinstance(result, np.ndarray) else separate.reshape(shape)

    return call


_ARITHMETIC: dict[str, Callable[..., Any]] = {
    "+": np.add, "-": np.subtract, "*": np.multiply, "/": np.divide, "U-": np.negative,
}  # fmt: skip


def arithmetic(name: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """A wrapper that makes an operator of `formulas` quick for columns of plain numbers with results that are such."""

    def wrap(function: Callable[..., Any]) -> Callable[..., Any]:
        slow = careful(function)

        @wraps(function)
        def call(*arguments: Any) -> Any:
            numbers = [_numbers(a) for a in arguments]
            if all(a is not None for a in numbers) and any(np.ndim(a) for a in arguments):
                results = _ARITHMETIC[name](*numbers)
                if np.isfinite(results).all():
                    return results.astype(object)
            return slow(*arguments)

        return call

    return wrap


_NUMBERS = frozenset({float, int, np.float64})
_TRUTHS = _NUMBERS | {bool, np.bool_}


def _numbers(argument: Any, kinds: frozenset[type] = _NUMBERS) -> Any:
    """As an array of floats, or None if one is something else: a text, a blank, an error."""
    values = np.asarray(argument, object)
    return values.astype(float) if kinds.issuperset(map(type, values.ravel())) else None


def windows(name: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """A wrapper that makes a reducing function of `formulas` give a column: a value for each window of its stacks."""

    def wrap(function: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(function)
        def call(*arguments: Any) -> Any:
            count = max((np.shape(a)[0] for a in arguments if np.ndim(a)), default=1)
            values = _at_once(name, count, arguments)
            if values is None:
                values = [_single(function(*(_of_row(a, row, count) for a in arguments))) for row in range(count)]
            column = np.empty((count, 1), object)
            column[:, 0] = values
            return column

        return call

    return wrap


def _of_row(argument: Any, row: int, count: int) -> Any:
    """An argument as one cell has it: a window of a stack, a cell of a column; a constant is the same for all."""
    if np.ndim(argument) == 3:
        return argument[row].astype(object)
    return argument[[row]] if np.ndim(argument) == 2 and len(argument) == count else argument


def _single(result: Any) -> Any:
    if np.size(result) != 1:
        raise NotEvaluated(f"it gives {np.size(result)} values")
    return np.ravel(np.asarray(result, object))[0]


def _at_once(name: str, count: int, arguments: tuple[Any, ...]) -> list[Any] | None:
    """The values of a column for plain numbers; None where one argument is something else, which the library knows."""
    if name not in ("AND", "MAX", "MIN", "OR", "SUM", "SUMPRODUCT"):
        return None
    kinds = _TRUTHS if name in ("AND", "OR") else _NUMBERS
    plain = [_plain(a, count, kinds) for a in arguments]
    if name == "SUMPRODUCT" and len({np.shape(a) for a in arguments}) > 1:
        return None
    flat = [a for a in plain if a is not None]
    if len(flat) < len(plain):
        return None
    if name == "SUMPRODUCT":
        return list(reduce(np.multiply, flat).sum(axis=1).tolist())
    each = np.concatenate(flat, axis=1)
    if name in ("MAX", "MIN"):
        return list(map(max if name == "MAX" else min, each.tolist()))
    values: Any = each.sum(axis=1) if name == "SUM" else (each.all if name == "AND" else each.any)(axis=1)
    return list(values.tolist())


def _plain(argument: Any, count: int, kinds: frozenset[type]) -> Any:
    """A row of numbers for each cell, or None if one of them is of no such kind."""
    if np.ndim(argument) == 3:
        return argument.reshape(count, -1) if argument.dtype == float else None
    numbers = _numbers(argument, kinds)
    return None if numbers is None else np.broadcast_to(numbers.reshape(-1, 1), (count, 1))
