"""A formula as Cells: its calls, operands first, made one after another."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from sheetgen.cells.cell import Cell, constant
from sheetgen.excel.functions import FUNCTIONS as FACTS
from sheetgen.excel.instructions import Call, Literal, Operator
from sheetgen.excel.references import Slot
from sheetgen.reader import choices
from sheetgen.reader.functions import FUNCTIONS, MAX_FACTORS
from sheetgen.reader.kinds import (
    UNION,
    Argument,
    NotUnderstood,
    Range,
    calculable,
    compare,
    elementwise,
    flat,
    is_literal_text,
    literal_text,
    of_kinds,
    truth,
)

CHAINS = {"add": None, "mul": MAX_FACTORS}  # one Cell with many arguments, for (a*b)*c is a*b*c; how many, at most
MAX_CELLS = 500_000  # that one formula may calculate, those within its ranges included


def parse(code: Sequence[Any], slots: Sequence[Argument], array: bool = False) -> Argument:
    """The Cells of a formula's calls, given the arguments in its slots; a Range if an `array` formula has many results.

    Raises NotUnderstood.
    """
    room = MAX_CELLS
    stack: list[Argument | None] = []
    for item, inside in zip(code, _cell_by_cell(code, array), strict=True):
        if isinstance(item, Slot):
            stack.append(slots[item.number])
        elif isinstance(item, Literal):
            stack.append(_literal(item))
        else:
            cut = len(stack) - item.operands
            result, made = _apply(item, stack[cut:], inside)
            stack[cut:] = [result]
            room -= made
            if room < 0:
                raise NotUnderstood("it calculates with too many cells")
    (last,) = stack
    assert last is not None
    return last


def _cell_by_cell(code: Sequence[Any], array: bool) -> list[bool]:
    """For each item whether operators take ranges cell by cell where it stands: within SUMPRODUCT, or in an array."""
    inside = [array] * len(code)
    around = [array]  # of the operands that are still to come, from the last
    for k in range(len(code) - 1, -1, -1):
        inside[k] = around.pop()
        if isinstance(code[k], Operator):
            around += [inside[k]] * code[k].operands
        elif isinstance(code[k], Call):
            around += [FUNCTIONS[code[k].name].inside(inside[k], array)] * code[k].operands
    return inside


def size(argument: Argument) -> int:
    """How many cells it has."""
    return argument.size if isinstance(argument, Range) else 1


def _apply(item: Operator | Call, operands: Sequence[Argument | None], array: bool) -> tuple[Argument, int]:
    """(the result, how many cells were made for it)."""
    if isinstance(item, Operator) and item.name == ",":
        return _union(operands)
    result = _operator(item, operands, array) if isinstance(item, Operator) else _call(item, operands, array)
    return result, size(result)


def _call(item: Call, arguments: Sequence[Argument | None], array: bool) -> Argument:
    facts = FACTS.get(item.name)
    if facts is not None and not facts.takes(len(arguments)):
        raise NotUnderstood(f"{item.name} has too few or too many arguments")
    if item.name in choices.COUNT_NUMERALS:
        arguments = [choices.as_number(a) for a in arguments]
    return FUNCTIONS[item.name].call(item.name, arguments, array)


def _operator(item: Operator, operands: Sequence[Argument | None], array: bool) -> Argument:
    """The Cells of an operator; its operands may be ranges only where they are taken cell by cell."""
    if not array and any(a is not None and size(a) != 1 for a in operands):
        raise NotUnderstood("it calculates with a range where one cell belongs")
    return elementwise(OPERATORS[item.name], *(a for a in operands if a is not None))


def _union(operands: Sequence[Argument | None]) -> tuple[Range, int]:
    """(A1:A9,C1), or the same cells of several sheets: the cells of all, in one column; and how many are new.

    A chain of unions grows in place, for each is an operand of the next and of nothing else.
    """
    ranges = [a if isinstance(a, Range) else Range([[a]]) for a in operands if a is not None]
    unions = [k for k, a in enumerate(ranges) if a.lost == UNION]
    at = max(unions, key=lambda k: ranges[k].size, default=0)  # the longest grows
    rows = ranges[at].rows if unions else []
    assert isinstance(rows, list)
    before = [[c] for a in ranges[:at] for c in flat(a.rows)]
    after = [[c] for a in ranges[at + bool(unions) :] for c in flat(a.rows)]
    rows[:0] = before
    rows += after
    return Range(rows, UNION), len(before) + len(after)


def _joined(op: str) -> Callable[[Cell, Cell], Cell]:
    def two(a: Cell, b: Cell) -> Cell:
        most = CHAINS.get(op, 0)
        chained = a.op == op and (most is None or len(a.args) < most)
        calculable(a), calculable(b)
        return Cell(op, (*a.args, b)) if chained else Cell(op, (a, b))

    return two


def _compared(op: str) -> Callable[[Cell, Cell], Cell]:
    return lambda a, b: compare(op, a, b)


def _positive(a: Cell) -> Cell:
    """A result that is no reference any more, so that SUM does not pass over a text; its kind remains."""
    return of_kinds(Cell("identity", (a,)), a) if a.op == "variable" else a


OPERATORS: dict[str, Callable[..., Cell]] = {
    **{sign: _joined(op) for sign, op in (("+", "add"), ("-", "sub"), ("*", "mul"), ("/", "div"), ("^", "pow"))},
    **{sign: _compared(op) for sign, op in (("=", "eq"), ("<>", "ne"), ("<", "lt"), ("<=", "le"))},
    **{sign: _compared(op) for sign, op in ((">", "gt"), (">=", "ge"))},
    "&": choices.join,
    "negative": lambda a: Cell("neg", (calculable(a),)),
    "positive": _positive,
    "%": lambda a: calculable(a) / 100,
}


def _literal(item: Literal) -> Cell | None:
    if item.kind == "error":
        raise NotUnderstood(f"it holds the error {item.value}")
    if isinstance(item.value, bool):
        return truth(item.value)
    if isinstance(item.value, str):
        return literal_text(item.value)
    return None if item.value is None else constant(item.value)


def single(result: Argument) -> Cell:
    """The one Cell of a result; a Range of one is that one. Raises NotUnderstood."""
    cell = result.single if isinstance(result, Range) else result
    if cell is None:
        shown = UNION if isinstance(result, Range) and result.lost == UNION else "a range"
        raise NotUnderstood(f"it is {shown} where one cell belongs")
    if is_literal_text(cell):
        raise NotUnderstood("it is a text")
    return cell
