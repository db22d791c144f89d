"""Every operator against PyTorch float64, value and gradient; then the graph: constants, order, depth, NaN."""

import math
from typing import Any

import pytest
import torch
from books import STEADY
from cells import Each, each, number, op, relu, tanh
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from sheetgen.cells.cell import (
    OPS,
    Cell,
    Evaluator,
    add,
    backward,
    cell,
    constant,
    dot,
    forward_order,
    half_squared_error,
    identity,
    mul,
    sigmoid,
    sub,
    variable,
)
from sheetgen.cells.text import TEXTBOOK, by_name, show

CASES: dict[str, tuple[Any, ...]] = {
    "add": (lambda a, b: a + b, lambda a, b: a + b, (3,), (3,)),
    "add of many": (lambda a: a.sum(), lambda a: add(*a), (7,)),
    "add number": (lambda a: 2.5 + a, lambda a: 2.5 + a, (3,)),
    "sub": (lambda a, b: a - b, lambda a, b: a - b, (3,), (3,)),
    "sub from number": (lambda a: 1 - a, lambda a: 1 - a, (3,)),
    "neg": (lambda a: -a, lambda a: -a, (3,)),
    "mul": (lambda a, b: a * b, lambda a, b: a * b, (3,), (3,)),
    "mul of many": (lambda a: a.prod(), lambda a: mul(*a), (5,)),
    "mul by itself": (lambda a: a * a * a, lambda a: each(lambda x: mul(x, x, x), 1)(a), (3,)),
    "mul number": (lambda a: 2.5 * a, lambda a: 2.5 * a, (3,)),
    "div": (lambda a, b: a / b, lambda a, b: a / b, (3,), (3,)),
    "sigmoid": (torch.sigmoid, each(sigmoid, 1), (9,)),
    "tanh": (torch.tanh, each(tanh, 1), (9,)),
    "relu": (torch.relu, each(relu, 1), (9,)),
    "step": (lambda a: (a > 0).double() + 0 * a, each(lambda x: Cell("step", (x,)), 1), (9,)),
    "identity": (lambda a: a, each(identity, 1), (3,)),
    "half_squared_error": (lambda t, a: 0.5 * (t - a) ** 2, each(half_squared_error, 2), (3,), (3,)),
    "matmul": (lambda w, x: w @ x, lambda w, x: w @ x, (3, 4), (4,)),
    "dot": (torch.dot, dot, (5,), (5,)),
    "dot with itself": (lambda a: torch.dot(a, a), lambda a: dot(a, a), (4,)),
    "dots in a row": (
        lambda w, v, x: torch.dot(v, torch.tanh(w @ x)),
        lambda w, v, x: dot(v, [tanh(dot(row, x)) for row in w]), (3, 4), (3,), (4,),
    ),
    "shared": (lambda a: torch.sigmoid(a) * a + a, lambda a: each(sigmoid, 1)(a) * a + a, (3,)),
    "two layers": (
        lambda w, v, x: torch.tanh(v @ torch.sigmoid(w @ x)),
        lambda w, v, x: each(tanh, 1)(v @ each(sigmoid, 1)(w @ x)),
        (3, 2), (2, 3), (2,),
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_value_and_gradient_are_torchs(name: str) -> None:
    torch_fn, cell_fn, *shapes = CASES[name]
    used = op(torch_fn, cell_fn, *shapes)
    assert name not in OPS or name in used


def test_a_wrong_adjoint_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """The helper can fail: the homework's commonest slip, and a value off by 1e-12."""
    monkeypatch.setitem(OPS, "sigmoid", OPS["sigmoid"]._replace(adjoint=lambda y, g, h: (mul(g, h, 1 - h),)))
    monkeypatch.setitem(OPS, "tanh", OPS["tanh"]._replace(value=lambda h: math.tanh(h) * (1 + 1e-12)))
    for name in ("sigmoid", "tanh"):
        with pytest.raises(AssertionError):
            test_value_and_gradient_are_torchs(name)


x, y, z = map(variable, "xyz")


@pytest.mark.parametrize(("simplified", "kept"), [
    (add(x, 0), x), (add(0, x, 0.0), x), (x + 0, x), (0 + x, x), (sub(x, 0), x), (x - 0, x),
    (mul(x, 1), x), (mul(1, x, 1.0), x), (x * 1, x), (1 * x, x), (add(x), x), (mul(x), x),
])  # fmt: skip
def test_zeros_and_ones_drop_out(simplified: Cell, kept: Cell) -> None:
    assert simplified is kept


def test_a_pair_with_a_zero_drops_out_of_a_dot() -> None:
    assert dot([x, 0, y], [y, z, z]).args == (x, y, y, z)
    assert dot([x, 0], [0, y]).op == dot([], []).op == "constant"
    with pytest.raises(ValueError, match="argument 2 is shorter"):
        dot([x, y], [z])


@pytest.mark.parametrize(("c", "value"), [(add(), 0), (add(0, 0), 0), (mul(), 1), (mul(1, 1), 1), (mul(x, 0, y), 0)])
def test_constants_alone(c: Cell, value: float) -> None:
    assert (c.op, c.value) == ("constant", value)


def test_a_number_is_a_constant_and_a_cell_itself() -> None:
    assert cell(x) is x and (cell(2).op, cell(2).value) == ("constant", 2.0)


@pytest.mark.parametrize(("c", "gradient"), [
    (x, "1"), (y, "0"), (x + y, "1"), (y - x, "-1"), (x * y * z, "z*y"), (mul(x, y, z), "y*z"), (x * x, "x + x"),
    (half_squared_error(y, x), "x - y"), (half_squared_error(x, y), "x - y"), (sigmoid(x).named("a"), "a*(1 - a)"),
    (tanh(x).named("a"), "1 - a*a"), (relu(x).named("a"), "[a > 0]"), (identity(x) * y, "y"), (x / y, "1/y"),
])  # fmt: skip
def test_gradients_as_a_textbook_writes_them(c: Cell, gradient: str) -> None:
    assert show(backward(c)[x], by_name, TEXTBOOK) == gradient


def test_contributions_are_added_in_forward_order() -> None:
    """Reverse mode meets the last user of x first; a person writes the first one first."""
    first, second, third = y * x, z * x, variable("v") * x
    assert show(backward(add(first, second, third))[x], by_name, TEXTBOOK) == "y + z + v"
    assert show(backward(add(third, first, second))[x], by_name, TEXTBOOK) == "v + y + z"


def test_arguments_come_before_results_and_once() -> None:
    a = x + y
    b = a * a
    order = forward_order(b, a)
    assert order == [x, y, a, b]


def test_5000_cells_deep() -> None:
    deep = x
    for _ in range(2500):
        deep = identity(deep * 0.999)
    assert len(forward_order(deep)) > 5000
    value, slope = Evaluator([deep, backward(deep)[x]])({x: 2.0})
    assert (value, slope) == pytest.approx((2 * 0.999**2500, 0.999**2500), rel=1e-12)


def test_shared_cells_are_visited_once() -> None:
    doubled = x
    for _ in range(900):  # 2**900 paths
        doubled = doubled + doubled
    assert Evaluator([doubled, backward(doubled)[x]])({x: 1.0}) == [2.0**900, 2.0**900]


@pytest.mark.parametrize("c", [
    x / y, y / y, x * x, mul(z, -1) * 0.5 * x * z, x + x, -x - x, half_squared_error(x, -x), 0 * y + x * 10,
], ids=lambda c: show(c, by_name))  # fmt: skip
def test_what_is_not_finite_is_nan_and_stays_nan(c: Cell) -> None:
    values = {"x": 1e308, "y": 0.0, "z": -1e200}
    users = [identity(c), sigmoid(c), tanh(c), relu(c), Cell("step", (c,)), c - c, c / c, half_squared_error(c, y)]
    assert all(math.isnan(number(user, **values)) for user in (c, *users))


def test_nan_stays_where_it_is() -> None:
    bad, good = x / y, x + y
    values = Evaluator([bad, good, bad + good])({x: 1.0, y: 0.0})
    assert math.isnan(values[0]) and values[1] == 1.0 and math.isnan(values[2])


@pytest.mark.parametrize(("h", "a"), [
    (0, 0.5), (800, 1.0), (1e6, 1.0), (-699, 1 / (1 + math.exp(699))), (-701, 0.0), (-800, 0.0), (-1e6, 0.0),
])  # fmt: skip
def test_the_sigmoid_far_from_zero(h: float, a: float) -> None:
    assert number(sigmoid(x), x=h) == a


def test_relu_at_zero() -> None:
    tensor = torch.zeros((), dtype=torch.float64, requires_grad=True)
    torch.relu(tensor).backward()  # type: ignore[no-untyped-call]
    assert tensor.grad is not None and number(backward(relu(x))[x], x=0.0) == tensor.grad.item() == 0.0


def test_a_variable_left_out_is_an_error() -> None:
    with pytest.raises(KeyError):
        Evaluator([x + y])({x: 1.0})


def test_repr_names_the_cell() -> None:
    assert repr(x) == "Cell(x)" and repr(x + y) == "Cell(add)" and repr((x + y).named("h1")) == "Cell(h1)"


TORCH: dict[str, Each] = {
    "add": lambda *a: torch.stack(a).sum(), "mul": lambda *a: torch.stack(a).prod(), "sub": lambda a, b: a - b,
    "neg": lambda a: -a, "div": lambda a, b: a / (b * b + 1), "sigmoid": torch.sigmoid, "tanh": torch.tanh,
    "relu": torch.relu, "identity": lambda a: a, "half_squared_error": lambda t, a: 0.5 * (t - a) ** 2,
}  # fmt: skip
CELL: dict[str, Each] = {
    "add": add, "mul": mul, "sub": sub, "neg": lambda a: -a, "div": lambda a, b: a / (b * b + 1), "sigmoid": sigmoid,
    "tanh": tanh, "relu": relu, "identity": identity, "half_squared_error": half_squared_error,
}  # fmt: skip
ARITY = {"sub": 2, "div": 2, "half_squared_error": 2, "add": 3, "mul": 3}


@settings(max_examples=150, **STEADY)
@given(st.data())
def test_random_graphs_agree_with_autograd(data: st.DataObject) -> None:
    """Up to 14 operators, each on any earlier Cells, so that Cells are shared, squared, cancelled and forgotten."""
    eighths = st.integers(-16, 16).map(lambda k: k / 8)
    values = data.draw(st.lists(eighths, min_size=3, max_size=3))
    leaves = [variable(f"x{k}") for k in range(3)]
    tensors = [torch.tensor(v, dtype=torch.float64, requires_grad=True) for v in values]
    number = data.draw(eighths)
    cells, nodes = [*leaves, constant(number)], [*tensors, torch.tensor(number, dtype=torch.float64)]
    for name in data.draw(st.lists(st.sampled_from(sorted(CELL)), min_size=1, max_size=14)):
        picked = [data.draw(st.integers(0, len(cells) - 1)) for _ in range(ARITY.get(name, 1))]
        cells.append(CELL[name](*(cells[k] for k in picked)))
        nodes.append(TORCH[name](*(nodes[k] for k in picked)))
    gradient = backward(cells[-1])
    found = Evaluator([*cells, *(gradient[x] for x in leaves)])(dict(zip(leaves, values, strict=True)))
    reached = nodes[-1].requires_grad
    grads = torch.autograd.grad(nodes[-1], tensors, allow_unused=True) if reached else [None] * 3
    expected = [*(n.item() for n in nodes), *(0.0 if g is None else g.item() for g in grads)]
    scale = max(1.0, *map(abs, expected))  # terms of this size may cancel
    assume(scale < 1e6)
    assert found == pytest.approx(expected, rel=1e-9, abs=1e-12 * scale)
