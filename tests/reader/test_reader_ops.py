"""The operators of other people's workbooks, value and gradient, against PyTorch float64 and central differences."""

import math

import numpy as np
import pytest
import test_cell
import torch
from books import STEADY
from cells import Each, each, number, op
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from torch.nn import functional

from sheetgen.cells.cell import OPS, Cell, Evaluator, NotDifferentiable, backward, constant, variable
from sheetgen.cells.ops import LOGICAL

x = variable("x")


def cells(name: str, *numbers: float) -> Each:
    """The operator, element by element; after its arguments come numbers."""
    return lambda *arrays: each(lambda *a: Cell(name, (*a, *map(constant, numbers))), len(arrays))(*arrays)


def told(name: str) -> Each:
    """torch's comparison, as a number with no slope."""
    return lambda a, b: getattr(torch, name)(a, b).double() + 0 * (a + b)


def more(a: Cell) -> Cell:
    return Cell("gt", (a, constant(0.5)))


def log_or(a: Cell, b: Cell) -> Cell:
    return Cell("iferror", (Cell("ln", (a,)), b))


CASES: dict[str, tuple[Each, Each, int]] = {  # torch's, ours, how many arguments
    "exp": (torch.exp, cells("exp"), 1),
    "ln": (lambda a: torch.log(a * a), lambda a: cells("ln")(a * a), 1),
    "log10": (lambda a: torch.log10(a * a), lambda a: cells("log10")(a * a), 1),
    "sqrt": (lambda a: torch.sqrt(a * a), lambda a: cells("sqrt")(a * a), 1),
    "pow": (lambda a, b: (a * a) ** b, lambda a, b: cells("pow")(a * a, b), 2),
    "pow 3": (lambda a: a**3, cells("pow", 3), 1),
    "pow 2": (lambda a: a**2, cells("pow", 2), 1),
    "pow 1": (lambda a: a**1, cells("pow", 1), 1),
    "pow 0": (lambda a: a**0, cells("pow", 0), 1),
    "pow -2": (lambda a: a**-2, cells("pow", -2), 1),
    "sin": (torch.sin, cells("sin"), 1),
    "cos": (torch.cos, cells("cos"), 1),
    "tan": (lambda a: torch.tan(a / 2), lambda a: cells("tan")(a / 2), 1),
    "atan": (torch.atan, cells("atan"), 1),
    "sinh": (torch.sinh, cells("sinh"), 1),
    "cosh": (torch.cosh, cells("cosh"), 1),
    "erf": (torch.erf, cells("erf"), 1),
    "normal": (torch.special.ndtr, cells("normal"), 1),
    "normal_density": (lambda a: torch.exp(-a * a / 2) / math.sqrt(2 * math.pi), cells("normal_density"), 1),
    "abs": (torch.abs, cells("abs"), 1),
    "sign": (torch.sign, cells("sign"), 1),
    "leaky_relu": (lambda a: functional.leaky_relu(a, 0.2), cells("leaky_relu", 0.2), 1),
    "gelu": (lambda a: functional.gelu(a, approximate="tanh"), cells("gelu"), 1),
    "max": (torch.maximum, cells("max"), 2),
    "max of three": (lambda *a: torch.stack(a).max(0).values, cells("max"), 3),
    "min of three": (lambda *a: torch.stack(a).min(0).values, cells("min"), 3),
    "min": (torch.minimum, cells("min"), 2),
    "if": (
        lambda a, b, c: torch.where(a > 0.5, b, c) + 0 * a,
        each(lambda a, b, c: more(a).apply("if", b, c), 3), 3,
    ),
    "iferror": (lambda a, b: torch.where(a > 0, torch.log(a.abs()), b), each(log_or, 2), 2),
    "isnumber": (lambda a: 1 + 0 * a, cells("isnumber"), 1),
    **{name: (told(name), cells(name), 2) for name in sorted(LOGICAL)},
}  # fmt: skip
REFUSED = {"floor": 2, "round": 2.3, "rounddown": 2.2, "roundup": 2.3}  # no derivative; what is made of 1.5^2


@pytest.mark.parametrize("name", CASES)
def test_value_and_gradient_are_torchs(name: str) -> None:
    torch_fn, cell_fn, arguments = CASES[name]
    used = op(torch_fn, cell_fn, *[(9,)] * arguments)
    assert name.split()[0] in used


def test_every_operator_has_its_line() -> None:
    assert set(OPS) <= set(test_cell.CASES) | set(CASES) | set(REFUSED)


@pytest.mark.parametrize("name", REFUSED)
def test_rounding_has_no_derivative(name: str) -> None:
    rounded = Cell(name, (x * x,) if name == "floor" else (x * x, constant(1)))
    assert number(rounded, x=1.5) == REFUSED[name]
    with pytest.raises(NotDifferentiable, match=name):
        backward(rounded)
    assert number(backward(x * 3 + 0 * rounded)[x], x=1.5) == 3  # nothing passes through it


ARGUMENTS = {"if": 3, "add": 3, "mul": 3} | dict.fromkeys(
    ("sub", "div", "pow", "max", "min", "iferror", "half_squared_error", "leaky_relu", "dot"), 2
)


@pytest.mark.parametrize("name", sorted(set(OPS) - set(REFUSED) - LOGICAL - {"step", "sign", "isnumber"}))
def test_adjoints_are_the_slopes_of_the_values(name: str) -> None:
    """By central differences, which know of no library."""
    rng = np.random.default_rng(len(name))
    leaves = [variable("x") for _ in range(ARGUMENTS.get(name, 1))]
    gradient = backward(Cell(name, tuple(leaves)))
    evaluate = Evaluator([gradient[leaf] for leaf in leaves], leaves)
    for _ in range(20):
        at = rng.uniform(0.2, 1.4, len(leaves)).tolist()
        for k, slope in enumerate(evaluate.of(at)):
            up, down = ([v + h * (j == k) for j, v in enumerate(at)] for h in (1e-6, -1e-6))
            expected = (OPS[name].value(*up) - OPS[name].value(*down)) / 2e-6
            assert slope == pytest.approx(expected, rel=1e-7, abs=1e-8)


def test_a_wrong_adjoint_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(OPS, "sqrt", OPS["sqrt"]._replace(adjoint=lambda y, g, a: (g / y,)))
    for test in (test_value_and_gradient_are_torchs, test_adjoints_are_the_slopes_of_the_values):
        with pytest.raises(AssertionError):
            test("sqrt")


@pytest.mark.parametrize(("name", "at", "slopes"), [
    ("max", (1, 1), (1, 0)), ("min", (1, 1), (1, 0)), ("abs", (0,), (0,)), ("iferror", (2, 5), (1, 0)),
    ("iferror", (math.nan, 5), (0, 1)), ("if", (1, 2, 3), (0, 1, 0)), ("if", (0, 2, 3), (0, 0, 1)),
])  # fmt: skip
def test_at_a_kink_one_side_has_the_whole_slope(name: str, at: tuple[float, ...], slopes: tuple[float, ...]) -> None:
    leaves = [variable("x") for _ in at]
    gradient = backward(Cell(name, tuple(leaves)))
    assert tuple(Evaluator([gradient[leaf] for leaf in leaves], leaves).of(list(at))) == slopes


@pytest.mark.parametrize("name", sorted(set(OPS) - {"iferror", "isnumber", "if", "leaky_relu"}))
def test_an_error_goes_on_through_every_operator(name: str) -> None:
    count = 2 if name in (*LOGICAL, "round", "rounddown", "roundup") else ARGUMENTS.get(name, 1)
    for k in range(count):
        for other in (0.0, 1.0, 2.0):
            at = [math.nan if j == k else other for j in range(count)]
            leaves = [variable("x") for _ in at]
            assert math.isnan(Evaluator([Cell(name, tuple(leaves))], leaves).of(at)[0]), at


@pytest.mark.parametrize(("a", "b", "sign"), [
    (0.1 + 0.2, 0.3, 0), (1, 1 + 1e-13, -1), (1, 1 + 4e-16, 0), (-1 - 1e-13, -1, -1), (1e300, 1e300 * (1 + 1e-15), 0),
    (0, 1e-300, -1), (0.0, -0.0, 0), (2, 1, 1), (1e-300, 1.00000000000001e-300, -1),
])  # fmt: skip
def test_numbers_are_compared_in_15_digits_as_in_excel(a: float, b: float, sign: int) -> None:
    results = {name: bool(OPS[name].value(a, b)) for name in LOGICAL}
    assert results == {
        "eq": sign == 0, "ne": sign != 0, "lt": sign < 0, "le": sign <= 0, "gt": sign > 0, "ge": sign >= 0
    }  # fmt: skip


@pytest.mark.parametrize(("a", "b", "y"), [
    (-8, 1 / 3, -2), (-8, -1 / 3, -0.5), (-8, 0.5, None), (-8, 2 / 3, None), (-8, 3, -512), (-2, -2, 0.25), (-2, 0, 1),
    (0, 0, None), (0, -1, None), (-1, 0.2, -1), (-1, 0.2 + 1e-9, None), (0, 0.5, 0), (-1e-320, 1e-320, None),
    (10, 400, None),
])  # fmt: skip
def test_powers_and_odd_roots(a: float, b: float, y: float | None) -> None:
    found = number(Cell("pow", (x, constant(b))), x=a)
    assert math.isnan(found) if y is None else found == pytest.approx(y, rel=1e-15)


@pytest.mark.parametrize(("name", "a", "digits", "result"), [
    ("round", 2.675, 2, 2.68), ("round", 1.005, 2, 1.01), ("round", -2.5, 0, -3), ("round", 1234.5, -2, 1200),
    ("round", 1250, -2, 1300), ("round", 0.5, 0, 1), ("round", 1e20, 10, 1e20), ("round", 1e300, 5, 1e300),
    ("round", 5e-324, 400, 5e-324), ("round", 1e300, -400, 0), ("round", 3.7, 0.9, 4), ("rounddown", 0.29, 2, 0.29),
    ("rounddown", -2.79, 1, -2.7), ("rounddown", 1e20, 10, 1e20), ("roundup", 2.01, 1, 2.1),
    ("roundup", -2.01, 1, -2.1), ("roundup", 3, 0, 3),
])  # fmt: skip
def test_rounding_goes_by_the_decimal_text(name: str, a: float, digits: float, result: float) -> None:
    assert OPS[name].value(a, digits) == result


TORCH: dict[str, Each] = {
    "exp": lambda a: torch.exp(torch.tanh(a)), "ln": lambda a: torch.log(a * a + 1), "sin": torch.sin,
    "sqrt": lambda a: torch.sqrt(a * a + 1), "cos": torch.cos, "atan": torch.atan, "erf": torch.erf, "abs": torch.abs,
    "normal": torch.special.ndtr, "max": lambda a, b: torch.where(a >= b, a, b), "square": lambda a: a**2,
    "min": lambda a, b: torch.where(a <= b, a, b), "pow": lambda a, b: (a * a + 1) ** torch.tanh(b),
    "if": lambda c, a, b: torch.where(c > 0, a, b),
}  # fmt: skip
CELL: dict[str, Each] = {
    "exp": lambda a: Cell("exp", (Cell("tanh", (a,)),)), "ln": lambda a: Cell("ln", (a * a + 1,)),
    "sqrt": lambda a: Cell("sqrt", (a * a + 1,)), "square": lambda a: Cell("pow", (a, constant(2))),
    "pow": lambda a, b: Cell("pow", (a * a + 1, Cell("tanh", (b,)))),
    "if": lambda c, a, b: Cell("gt", (c, constant(0))).apply("if", a, b),
}  # fmt: skip
TORCH |= test_cell.TORCH
CELL |= test_cell.CELL
ARITY = {**test_cell.ARITY, "max": 2, "min": 2, "pow": 2, "if": 3}


@pytest.mark.parametrize("numbers", [(3.0, 1.0, 3.0, 3.0), (2.0, 2.0), (0.0, 5.0, 5.0), (1.0, 1.0, 0.0, 1.0)])
@pytest.mark.parametrize("name", ["max", "min"])
def test_at_a_tie_the_first_has_the_whole_slope_as_in_torch(name: str, numbers: tuple[float, ...]) -> None:
    leaves = [variable("x") for _ in numbers]
    gradient = backward(Cell(name, tuple(leaves)))
    tensor = torch.tensor(numbers, dtype=torch.float64, requires_grad=True)
    getattr(tensor, name)(0).values.backward()
    assert Evaluator([gradient[leaf] for leaf in leaves], leaves).of([*numbers]) == tensor.grad.tolist()


@settings(max_examples=150, **STEADY)
@given(st.data())
def test_random_graphs_agree_with_autograd(data: st.DataObject) -> None:
    """Up to 14 operators, each on any earlier Cells, so that Cells are shared, squared, cancelled and forgotten."""
    values = data.draw(st.lists(st.integers(-16, 16).map(lambda k: k / 8 + 1 / 32), min_size=3, max_size=3))
    leaves = [variable("x") for _ in values]
    tensors = [torch.tensor(v, dtype=torch.float64, requires_grad=True) for v in values]
    made, nodes = list(leaves), list(tensors)
    for name in data.draw(st.lists(st.sampled_from(sorted(TORCH)), min_size=1, max_size=14)):
        picked = [data.draw(st.integers(0, len(made) - 1)) for _ in range(ARITY.get(name, 1))]
        made.append(CELL.get(name, cells(name))(*(made[k] for k in picked)))
        nodes.append(TORCH[name](*(nodes[k] for k in picked)))
    gradient = backward(made[-1])
    found = Evaluator([*made, *(gradient[leaf] for leaf in leaves)], leaves).of(values)
    grads = torch.autograd.grad(nodes[-1], tensors, allow_unused=True)
    expected = [*(n.item() for n in nodes), *(0.0 if g is None else g.item() for g in grads)]
    scale = max(1.0, *map(abs, expected))  # terms of this size may cancel
    assume(scale < 1e6)
    assert found == pytest.approx(expected, rel=1e-9, abs=1e-12 * scale)
