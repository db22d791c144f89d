"""Loans and depreciation in Cells, as Excel defines them."""

from __future__ import annotations

from sheetgen.cells.cell import Cell, constant
from sheetgen.reader.kinds import TRUTH, Argument, Arguments, NotUnderstood, kind, numbers, one

ZERO, ONE, ERROR = constant(0), constant(1), constant(float("nan"))


def if_(condition: Cell, a: Cell, b: Cell) -> Cell:
    """`a` where the condition is not 0, else `b`."""
    return condition.apply("if", a, b)


def power(a: Cell, b: Cell) -> Cell:
    """a^b."""
    return Cell("pow", (a, b))


def only_if(*conditions: Cell, value: Cell) -> Cell:
    """The value, and an error unless all conditions hold."""
    for c in conditions:
        value = if_(c, value, ERROR)
    return value


def _at_most(a: Cell, b: Cell) -> Cell:
    return Cell("le", (a, b))


def _growth(rate: Cell, n: Cell, due: Cell | None) -> tuple[Cell, Cell]:
    """(what 1 grows to in n periods, what a payment of 1 each period grows to), for a rate that is not 0."""
    grown = power(1 + rate, n)
    paid = (grown - 1) / rate
    return grown, paid if due is None else paid * (1 + rate * Cell("ne", (due, ZERO)))


def pmt(rate: Cell, n: Cell, present: Cell, future: Cell = ZERO, due: Cell | None = None) -> Cell:
    """PMT: the payment of each period; unlike FV and PV it knows no rate of -1 or less."""
    grown, paid = _growth(rate, n, due)
    payment = only_if(Cell("lt", (constant(-1), rate)), value=-((present * grown + future) / paid))
    return if_(rate, payment, -((present + future) / n))


def fv(rate: Cell, n: Cell, payment: Cell, present: Cell = ZERO, due: Cell | None = None) -> Cell:
    """FV: what there is in the end."""
    grown, paid = _growth(rate, n, due)
    return if_(rate, -(present * grown + payment * paid), -(present + payment * n))


def pv(rate: Cell, n: Cell, payment: Cell, future: Cell = ZERO, due: Cell | None = None) -> Cell:
    """PV: what it is worth now."""
    grown, paid = _growth(rate, n, due)
    return if_(rate, -((future + payment * paid) / grown), -(future + payment * n))


def nper(rate: Cell, payment: Cell, present: Cell, future: Cell = ZERO, due: Cell | None = None) -> Cell:
    """NPER: how many periods it takes."""
    paid = payment if due is None else payment * (1 + rate * Cell("ne", (due, ZERO)))
    ratio = (paid - future * rate) / (paid + present * rate)
    return if_(rate, Cell("ln", (ratio,)) / Cell("ln", (1 + rate,)), -((present + future) / payment))


def ipmt(rate: Cell, k: Cell, n: Cell, present: Cell, future: Cell = ZERO, due: Cell | None = None) -> Cell:
    """IPMT: the interest in the k-th payment."""
    interest = fv(rate, k - 1, pmt(rate, n, present, future, due), present, due) * rate
    if due is not None:
        early = if_(Cell("eq", (k, ONE)), ZERO, interest / (1 + rate))
        interest = if_(Cell("ne", (due, ZERO)), early, interest)
    return only_if(_at_most(ONE, k), _at_most(k, n), value=interest)


def ppmt(rate: Cell, k: Cell, n: Cell, present: Cell, future: Cell = ZERO, due: Cell | None = None) -> Cell:
    """PPMT: what the k-th payment pays back."""
    return pmt(rate, n, present, future, due) - ipmt(rate, k, n, present, future, due)


def only_numbers(arguments: Arguments) -> None:
    """Raises NotUnderstood for a truth value or nothing between the commas, for engines differ in whether it counts."""
    if any(a is None or (isinstance(a, Cell) and kind(a) == TRUTH) for a in arguments):
        raise NotUnderstood("it has a truth value or nothing among its numbers")


def npv(rate: Argument | None, *flows: Argument | None) -> Cell:
    """NPV: cash flows at the end of each period, discounted. Raises NotUnderstood."""
    only_numbers(flows)
    growth, cells = 1 + one(rate), numbers(flows)
    if not cells:
        raise NotUnderstood("NPV has no number")
    return Cell("add", tuple(f / power(growth, constant(k)) for k, f in enumerate(cells, 1)))


def sln(cost: Cell, salvage: Cell, life: Cell) -> Cell:
    """SLN: depreciation by equal parts."""
    return (cost - salvage) / life


def syd(cost: Cell, salvage: Cell, life: Cell, k: Cell) -> Cell:
    """SYD: depreciation by the sum of the years' digits."""
    value = (cost - salvage) * (life - k + 1) * 2 / (life * (life + 1))
    return only_if(Cell("gt", (k, ZERO)), _at_most(k, life), value=value)


def ddb(cost: Cell, salvage: Cell, life: Cell, k: Cell, factor: Cell = constant(2)) -> Cell:  # noqa: B008
    """DDB: depreciation by a fixed rate of what is left, down to the salvage value."""
    rate = factor / life
    slow = Cell("lt", (rate, ONE))
    before = if_(slow, cost * power(1 - rate, k - 1), if_(Cell("eq", (k, ONE)), cost, ZERO))
    after = if_(slow, cost * power(1 - rate, k), ZERO)
    value = Cell("max", (ZERO, before - Cell("max", (after, salvage))))
    signs = (_at_most(ZERO, cost), _at_most(ZERO, salvage), Cell("gt", (factor, ZERO)))
    return only_if(*signs, _at_most(ONE, k), _at_most(k, life), value=value)


def db(cost: Cell, salvage: Cell, life: Cell, k: Cell, month: Cell = constant(12)) -> Cell:  # noqa: B008
    """DB: depreciation by a fixed rate that is rounded to three digits; `month`: how many the first year has."""
    rate = Cell("round", (1 - power(salvage / cost, ONE / life), constant(3)))
    first = cost * rate * month / 12
    full = (cost - first) * power(1 - rate, k - 2) * rate
    last = (cost - first) * power(1 - rate, life - 1) * rate * (12 - month) / 12
    value = if_(Cell("eq", (k, ONE)), first, if_(_at_most(k, life), full, last))
    end = life + Cell("lt", (month, constant(12)))
    signs = (Cell("gt", (cost, ZERO)), _at_most(ZERO, salvage), _at_most(ONE, month), _at_most(month, constant(12)))
    return only_if(*signs, _at_most(ONE, k), _at_most(k, end), value=value)
