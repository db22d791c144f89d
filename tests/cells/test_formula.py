"""Formula text, asserted literally: Excel, textbook, TeX; brackets, numbers, limits; and what a formula computes."""

from collections.abc import Sequence
from dataclasses import replace
from inspect import signature

import ironcalc
import pytest
from books import STEADY
from cells import relu, tanh
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from sheetgen.cells.cell import (
    OPS,
    Cell,
    Evaluator,
    add,
    backward,
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
from sheetgen.cells.text import (
    AROUND,
    EXCEL,
    MAX_FORMULA,
    SUM,
    TEX,
    TEXTBOOK,
    Dialect,
    FormulaTooLong,
    Text,
    by_name,
    by_tex_name,
    compose,
    compose_once,
    live_text,
    number,
    show,
    tex_name,
)
from sheetgen.network import layers, program
from sheetgen.spec import Spec, parse
from sheetgen.writer import workbook
from sheetgen.writer.typeset import typeset

HOMEWORK_EXCEL = """
h1 = w1*i1+w2*i2
a_h1 = IF(h1<-700,0,1/(1+EXP(-h1)))
h2 = w3*i1+w4*i2
a_h2 = IF(h2<-700,0,1/(1+EXP(-h2)))
o1 = w5*a_h1+w6*a_h2
a_o1 = IF(o1<-700,0,1/(1+EXP(-o1)))
o2 = w7*a_h1+w8*a_h2
a_o2 = IF(o2<-700,0,1/(1+EXP(-o2)))
E1 = 0.5*(t1-a_o1)^2
E2 = 0.5*(t2-a_o2)^2
E_total = E1+E2
dE/dw1 = ((a_o1-t1)*a_o1*(1-a_o1)*w5+(a_o2-t2)*a_o2*(1-a_o2)*w7)*a_h1*(1-a_h1)*i1
dE/dw2 = ((a_o1-t1)*a_o1*(1-a_o1)*w5+(a_o2-t2)*a_o2*(1-a_o2)*w7)*a_h1*(1-a_h1)*i2
dE/dw3 = ((a_o1-t1)*a_o1*(1-a_o1)*w6+(a_o2-t2)*a_o2*(1-a_o2)*w8)*a_h2*(1-a_h2)*i1
dE/dw4 = ((a_o1-t1)*a_o1*(1-a_o1)*w6+(a_o2-t2)*a_o2*(1-a_o2)*w8)*a_h2*(1-a_h2)*i2
dE/dw5 = (a_o1-t1)*a_o1*(1-a_o1)*a_h1
dE/dw6 = (a_o1-t1)*a_o1*(1-a_o1)*a_h2
dE/dw7 = (a_o2-t2)*a_o2*(1-a_o2)*a_h1
dE/dw8 = (a_o2-t2)*a_o2*(1-a_o2)*a_h2
"""
HOMEWORK_TEXTBOOK = """
h1 = w1*i1 + w2*i2
a_h1 = 1/(1 + exp(-h1))
h2 = w3*i1 + w4*i2
a_h2 = 1/(1 + exp(-h2))
o1 = w5*a_h1 + w6*a_h2
a_o1 = 1/(1 + exp(-o1))
o2 = w7*a_h1 + w8*a_h2
a_o2 = 1/(1 + exp(-o2))
E1 = 0.5*(t1 - a_o1)^2
E2 = 0.5*(t2 - a_o2)^2
E_total = E1 + E2
dE/dw1 = ((a_o1 - t1)*a_o1*(1 - a_o1)*w5 + (a_o2 - t2)*a_o2*(1 - a_o2)*w7)*a_h1*(1 - a_h1)*i1
dE/dw2 = ((a_o1 - t1)*a_o1*(1 - a_o1)*w5 + (a_o2 - t2)*a_o2*(1 - a_o2)*w7)*a_h1*(1 - a_h1)*i2
dE/dw3 = ((a_o1 - t1)*a_o1*(1 - a_o1)*w6 + (a_o2 - t2)*a_o2*(1 - a_o2)*w8)*a_h2*(1 - a_h2)*i1
dE/dw4 = ((a_o1 - t1)*a_o1*(1 - a_o1)*w6 + (a_o2 - t2)*a_o2*(1 - a_o2)*w8)*a_h2*(1 - a_h2)*i2
dE/dw5 = (a_o1 - t1)*a_o1*(1 - a_o1)*a_h1
dE/dw6 = (a_o1 - t1)*a_o1*(1 - a_o1)*a_h2
dE/dw7 = (a_o2 - t2)*a_o2*(1 - a_o2)*a_h1
dE/dw8 = (a_o2 - t2)*a_o2*(1 - a_o2)*a_h2
"""
# An indented line continues the line above it.
HOMEWORK_TEX = r"""
h1 = w_{1} \cdot i_{1} + w_{2} \cdot i_{2}
a_h1 = \dfrac{1}{1 + e^{-h_{1}}}
h2 = w_{3} \cdot i_{1} + w_{4} \cdot i_{2}
a_h2 = \dfrac{1}{1 + e^{-h_{2}}}
o1 = w_{5} \cdot a_{h1} + w_{6} \cdot a_{h2}
a_o1 = \dfrac{1}{1 + e^{-o_{1}}}
o2 = w_{7} \cdot a_{h1} + w_{8} \cdot a_{h2}
a_o2 = \dfrac{1}{1 + e^{-o_{2}}}
E1 = \frac{1}{2}(t_{1} - a_{o1})^2
E2 = \frac{1}{2}(t_{2} - a_{o2})^2
E_total = E_{1} + E_{2}
dE/dw1 = ((a_{o1} - t_{1}) \cdot a_{o1} \cdot (1 - a_{o1}) \cdot w_{5}
    + (a_{o2} - t_{2}) \cdot a_{o2} \cdot (1 - a_{o2}) \cdot w_{7}) \cdot a_{h1} \cdot (1 - a_{h1}) \cdot i_{1}
dE/dw2 = ((a_{o1} - t_{1}) \cdot a_{o1} \cdot (1 - a_{o1}) \cdot w_{5}
    + (a_{o2} - t_{2}) \cdot a_{o2} \cdot (1 - a_{o2}) \cdot w_{7}) \cdot a_{h1} \cdot (1 - a_{h1}) \cdot i_{2}
dE/dw3 = ((a_{o1} - t_{1}) \cdot a_{o1} \cdot (1 - a_{o1}) \cdot w_{6}
    + (a_{o2} - t_{2}) \cdot a_{o2} \cdot (1 - a_{o2}) \cdot w_{8}) \cdot a_{h2} \cdot (1 - a_{h2}) \cdot i_{1}
dE/dw4 = ((a_{o1} - t_{1}) \cdot a_{o1} \cdot (1 - a_{o1}) \cdot w_{6}
    + (a_{o2} - t_{2}) \cdot a_{o2} \cdot (1 - a_{o2}) \cdot w_{8}) \cdot a_{h2} \cdot (1 - a_{h2}) \cdot i_{2}
dE/dw5 = (a_{o1} - t_{1}) \cdot a_{o1} \cdot (1 - a_{o1}) \cdot a_{h1}
dE/dw6 = (a_{o1} - t_{1}) \cdot a_{o1} \cdot (1 - a_{o1}) \cdot a_{h2}
dE/dw7 = (a_{o2} - t_{2}) \cdot a_{o2} \cdot (1 - a_{o2}) \cdot a_{h1}
dE/dw8 = (a_{o2} - t_{2}) \cdot a_{o2} \cdot (1 - a_{o2}) \cdot a_{h2}
"""
STAGED_EXCEL = """
dE/do1 = (a_o1-t1)*a_o1*(1-a_o1)
dE/do2 = (a_o2-t2)*a_o2*(1-a_o2)
dE/dh1 = (dE/do1*w5+dE/do2*w7)*a_h1*(1-a_h1)
dE/dh2 = (dE/do1*w6+dE/do2*w8)*a_h2*(1-a_h2)
dE/dw1 = dE/dh1*i1
dE/dw2 = dE/dh1*i2
dE/dw3 = dE/dh2*i1
dE/dw4 = dE/dh2*i2
dE/dw5 = dE/do1*a_h1
dE/dw6 = dE/do1*a_h2
dE/dw7 = dE/do2*a_h1
dE/dw8 = dE/do2*a_h2
"""


def table(text: str) -> dict[str, str]:
    """Name -> formula."""
    lines = text.strip().replace("\n    ", " ").splitlines()
    return {name: formula for name, _, formula in (line.partition(" = ") for line in lines)}


@pytest.mark.parametrize(("formulas", "dialect", "text"), [
    ("expanded", EXCEL, HOMEWORK_EXCEL), ("expanded", TEXTBOOK, HOMEWORK_TEXTBOOK), ("expanded", TEX, HOMEWORK_TEX),
    ("staged", EXCEL, HOMEWORK_EXCEL[: HOMEWORK_EXCEL.index("dE/dw1")] + STAGED_EXCEL[1:]),
], ids=["Excel", "textbook", "TeX", "staged"])  # fmt: skip
def test_every_formula_of_the_homework(homework_spec: Spec, formulas: str, dialect: Dialect, text: str) -> None:
    columns = program.build(replace(homework_spec, formulas=formulas)).columns
    ref = by_tex_name if dialect is TEX else by_name
    assert {c.name: show(c, ref, dialect) for c in columns if c.args} == table(text)


a, b, c, d = map(variable, "abcd")
power = half_squared_error(a, b)


@pytest.mark.parametrize(("cell", "text"), [
    (a + (b + c), "a+(b+c)"), (a - (b + c), "a-(b+c)"), (a - b - c, "a-b-c"), (a - (b - c), "a-(b-c)"),
    ((a + b) * c, "(a+b)*c"), (a * (b * c), "a*b*c"), ((a - b) * (c + d), "(a-b)*(c+d)"), (a * b + c * d, "a*b+c*d"),
    (a / (b * c), "a/(b*c)"), (a * b / c, "a*b/c"), (a / (b / c), "a/(b/c)"), (a / b / c, "a/b/c"),
    (a / (b + c), "a/(b+c)"), ((a + b) / c, "(a+b)/c"), (mul(a, b / c), "a*b/c"), (a / power, "a/(0.5*(a-b)^2)"),
    (-a, "-a"), (-(a + b), "-(a+b)"), (-(a * b), "-a*b"), (-(a / b), "-a/b"), (-identity(-a), "-(-a)"),
    (-a * b, "(-a)*b"), (a * -b, "a*(-b)"), (a + -b, "a-b"), (a + -(b + c), "a-(b+c)"), (a + -(b * c), "a-b*c"),
    (a - -b, "a-(-b)"), (-a + b, "-a+b"), (-a / b, "(-a)/b"), (a * -2, "a*(-2)"), (a + -2, "a+(-2)"),
    (constant(-2) + a, "-2+a"), (1 - a, "1-a"), (power * c, "0.5*(a-b)^2*c"), (power + c, "0.5*(a-b)^2+c"),
    (half_squared_error(a + b, c - d), "0.5*(a+b-(c-d))^2"), (half_squared_error(-a, c * d), "0.5*(-a-c*d)^2"),
    (-power, "-(0.5*(a-b)^2)"), (c + -power, "c-(0.5*(a-b)^2)"), (-(power + c), "-(0.5*(a-b)^2+c)"),
    (-(c * power), "-(c*0.5*(a-b)^2)"), (sigmoid(a + b), "IF(a+b<-700,0,1/(1+EXP(-(a+b))))"),
    (sigmoid(-a), "IF(-a<-700,0,1/(1+EXP(-(-a))))"), (sigmoid(a * b), "IF(a*b<-700,0,1/(1+EXP(-(a*b))))"),
    (tanh(a + b) * c, "TANH(a+b)*c"), (relu(a - b), "IF(a-b>0,a-b,0)"), (Cell("step", (a + b,)), "IF(a+b>0,1,0)"),
    (identity(a + b) * c, "(a+b)*c"), ((a + b).named("h") * c, "h*c"), ((a + b).named("h"), "a+b"),
    (-(a + b).named("h"), "-h"), (constant(3), "3"), (identity(a), "a"),
])  # fmt: skip
def test_brackets_where_needed_and_nowhere_else(cell: Cell, text: str) -> None:
    assert show(cell, by_name) == text


LIKE_A_TEXTBOOK = [
    (constant(3).apply("pow", a + b), "3^(a + b)"), ((a + b).apply("max", c, -d), "max(a + b, c, -d)"),
    (a.apply("ge", b + c), "a ≥ b + c"), (a.apply("ge", b).apply("if", c, d) * a, "(c if a ≥ b, else d)*a"),
    (dot([a, b], [c, d]) * a, "(a*c + b*d)*a"), (dot([a], [c]) * b, "a*c*b"), (a + identity(-b), "a - b"),
    (a.apply("sin") + b.apply("exp"), "sin(a) + exp(b)"), (a.apply("eq", b) * c, "(a = b)*c"),
]  # fmt: skip


@pytest.mark.parametrize(("cell", "text"), LIKE_A_TEXTBOOK)
def test_the_other_operators_as_a_textbook_writes_them(cell: Cell, text: str) -> None:
    assert show(cell, by_name, TEXTBOOK) == text


@pytest.mark.parametrize("name", OPS)
@pytest.mark.parametrize("dialect", [EXCEL, TEXTBOOK, TEX], ids=["Excel", "textbook", "TeX"])
def test_every_operator_has_a_text_in_every_dialect(name: str, dialect: Dialect) -> None:
    """With as many arguments as its value takes, none of which is lost."""
    count = len(signature(OPS[name].value).parameters) if name not in BUILT_IN else 1
    leaves = [variable(f"<{k}>") for k in range(2 if name in ("add", "mul", "dot", "max", "min") else count)]
    text = show(Cell(name, tuple(leaves)), by_name, dialect)
    assert all(leaf.name in text for leaf in leaves if leaf.name) and "{a" not in text and "{*" not in text


BUILT_IN = ("sigmoid", "exp", "ln", "log10", "sqrt", "sin", "cos", "tan", "atan", "sinh", "cosh", "tanh", "erf", "abs")


def row(cells: Sequence[Cell]) -> tuple[str, tuple[int, int]] | None:
    """The range of Cells that are a, b, c or d in this order, in cells A1:D1."""
    names = "".join(c.name or "" for c in cells)
    return (f"{names[0]}1:{names[-1]}1".upper(), (1, len(names))) if names in "abcd" else None


@pytest.mark.parametrize(("cell", "text"), [
    (dot([a, b], [c, d]), "SUMPRODUCT(A1:B1,C1:D1)"), (dot([a, b], [c, d]) + a, "SUMPRODUCT(A1:B1,C1:D1)+a"),
    (dot([a, b], [c, d]) * a, "SUMPRODUCT(A1:B1,C1:D1)*a"), (dot([b, a], [c, d]), "b*c+a*d"),
    (dot([a, b], [b, b]), "a*b+b*b"), (dot([a, b - c], [c, d]), "a*c+(b-c)*d"),
    (dot([a, b], [c, d]) / a, "SUMPRODUCT(A1:B1,C1:D1)/a"),
])  # fmt: skip
def test_a_dot_of_two_blocks_is_a_sumproduct(cell: Cell, text: str) -> None:
    assert show(cell, by_name, EXCEL, row) == text


def test_blocks_of_other_shapes_are_multiplied_out() -> None:
    """SUMPRODUCT of a row and a column of the same length is an error."""
    turned = {("a", "b"): ("A1:B1", (1, 2)), ("c", "d"): ("A3:A4", (2, 1))}
    text = show(dot([a, b], [c, d]), by_name, EXCEL, lambda cells: turned.get(tuple(x.name for x in cells)))
    assert text == "a*c+b*d"


def test_the_second_text_of_an_operator_reads_its_argument_once_and_gives_the_same() -> None:
    twice = {name: op for name, op in OPS.items() if op.once}
    assert {"relu", "sigmoid"} <= twice.keys()
    for name, op in twice.items():
        once = compose_once(name, Text("A1-A2", SUM))
        assert once.count("A1") == 1 and show(Cell(name, (a,)), by_name).count("a") > 1
        for value in (-800.0, -1.5, 0.0, 1.5, 800.0):
            assert excel(once, [value, 0.0]) == pytest.approx(op.value(value), rel=1e-15)


def test_relu_passes_on_what_is_no_number() -> None:
    """MAX would say 0 of a cell that holds “diverged”; so it is kept for what is calculated within the formula."""
    texts = '"diverged"', "A1"
    assert [excel(compose("relu", [Text(text)]), [-2.0]) for text in texts] == ["diverged", 0]
    assert compose_once("relu", Text("A1")) == "MAX(0,A1)"


@pytest.mark.parametrize("name", ["max", "min"])
def test_no_function_has_more_arguments_than_excel_takes(name: str) -> None:
    text = show(Cell(name, tuple(variable("x") for _ in range(600))), by_name)
    calls = text.split(name.upper() + "(")[1:]
    assert len(calls) == 4 and text.count("x") == 600 and max(call.count("x") for call in calls) == 255


def excel(formula: str, values: list[float]) -> float | str:
    """What IronCalc computes, with the values in A1, A2, ..."""
    model = ironcalc.create("test", "en", "UTC", "en")
    for row, value in enumerate(values, 1):
        model.update_cell_with_number(0, row, 1, value)
    model.update_cell_with_formula(0, 1, 2, f"={formula}")
    model.evaluate()
    result: float | str = model.get_cell_value(0, 1, 2)
    return result


def test_minus_before_a_power() -> None:
    """In a spreadsheet =-A1^2 is +9 for A1 = 3."""
    place = {a: "A1", b: "A2"}
    assert excel("-A1^2", [3, 1]) == 9
    assert excel(show(-power, place.get), [3, 1]) == -2
    assert excel(show(a + -(power * power), place.get), [3, 1]) == 3 - 4


@pytest.mark.parametrize(("value", "text"), [
    (1.0, "1"), (-2.0, "-2"), (0.5, "0.5"), (1e-9, "0.000000001"), (1e21, "1000000000000000000000"),
    (0.1 + 0.2, "0.30000000000000004"), (123456.789, "123456.789"), (1e-5, "0.00001"), (-1.5e-7, "-0.00000015"),
])  # fmt: skip
def test_numbers_have_no_exponent(value: float, text: str) -> None:
    assert number(value) == text


@settings(max_examples=100, **STEADY)
@given(st.floats(allow_nan=False, allow_infinity=False))
def test_a_number_reads_back_exactly(value: float) -> None:
    assert set(number(value)) <= set("-.0123456789") and float(number(value)) == value


PLACES = {"a": "$E$1", "b": "$E$2", "h": "Network!$J$39"}


@pytest.mark.parametrize(("cell", "text"), [
    (a * b, '$E$1&"*"&$E$2'), (power, '"0.5*("&$E$1&" - "&$E$2&")^2"'), (constant(1), '"1"'), (a, "$E$1"),
    (sigmoid((a + b).named("h")), '"1/(1 + exp(-"&Network!$J$39&"))"'), (1 - a, '"1 - "&$E$1'),
])  # fmt: skip
def test_a_formula_that_spells_itself_out(cell: Cell, text: str) -> None:
    assert live_text(cell, lambda c: PLACES.get(c.name or "")) == text


@pytest.mark.parametrize(("name", "tex"), [
    ("w1", "w_{1}"), ("w12", "w_{12}"), ("h", "h"), ("b3", "b_{3}"), ("a_h1", "a_{h1}"), ("h2_1", "h_{2,1}"),
    ("a_h2_11", "a_{h2,11}"), ("E_total", r"E_{\mathrm{total}}"), ("h1[2]", "h_{1}^{(2)}"), ("i1[12]", "i_{1}^{(12)}"),
    ("a_h1[2]", "a_{h1}^{(2)}"), ("a_h2_1[3]", "a_{h2,1}^{(3)}"), ("E[1]", "E^{(1)}"), ("learning_rate", r"\eta"),
    ("w5_next", r"w_{5}^{\,\mathrm{next}}"), ("dE/dw5", r"\dfrac{\partial E}{\partial w_{5}}"),
    ("dE_total/dE1", r"\dfrac{\partial E_{\mathrm{total}}}{\partial E_{1}}"),
    ("dE[1]/da_h1", r"\dfrac{\partial E^{(1)}}{\partial a_{h1}}"),
    ("da_o1/do1", r"\dfrac{\partial a_{o1}}{\partial o_{1}}"), ("do1/dw5", r"\dfrac{\partial o_{1}}{\partial w_{5}}"),
    ("dE/dh2_1[3]", r"\dfrac{\partial E}{\partial h_{2,1}^{(3)}}"),
])  # fmt: skip
def test_names_in_tex(name: str, tex: str) -> None:
    assert tex_name(name) == tex
    assert typeset(tex, "#000000").png.startswith(b"\x89PNG")


def test_tex_that_cannot_be_set_is_an_error() -> None:
    with pytest.raises(ValueError, match="Unknown symbol"):
        typeset(r"\nosuchsign", "#000000")


def test_a_variable_without_a_place_is_an_error() -> None:
    with pytest.raises(KeyError, match="b has no place on the sheet"):
        show(a + b, {a: "A1"}.get)


def test_8192_characters_are_too_many() -> None:
    room = MAX_FORMULA - AROUND - 1
    x, y = variable("x" * 4095), variable("y" * (room - 4096))
    assert len(show(x + y, by_name)) == room
    with pytest.raises(FormulaTooLong, match=r"^the formula of h7 is too long, for Excel takes 8,192 characters: use"):
        show((x + variable("y" * (room - 4095))).named("h7"), by_name)
    assert len(show(x + y, by_name, TEXTBOOK)) == room + 2  # nobody types a textbook into a cell


def test_a_deep_network_written_out_is_refused_by_name_and_staged_is_not() -> None:
    toml = """network = {layers = [2, 5, 5, 5, 5, 2], formulas = "expanded"}
        data = {inputs = [1, 2], targets = [1, 2]}
        initial = {seed = 1}"""
    with pytest.raises(FormulaTooLong, match=r"the formula of dE/dw1 is too long.* use staged formulas"):
        workbook.plan(parse(toml, "deep"))
    staged = workbook.plan(parse(toml.replace("expanded", "staged"), "deep"))
    assert max(len(column.below) for column in staged.training.trace.columns) < 120


def test_a_gradient_shares_the_forward_cells(homework_spec: Spec) -> None:
    """dE/dw5 refers to a_o1 itself, not to a copy of its formula: one number, one cell."""
    net = layers.build(homework_spec)
    gradient = backward(net.loss)[net.weights[4]]
    assert any(node is net.layers[-1].a[0, 0] for node in forward_order(gradient))


OPERATORS = {
    "add": add, "mul": mul, "sub": sub, "neg": lambda x: -x, "div": lambda x, y: x / y, "sigmoid": sigmoid,
    "tanh": tanh, "relu": relu, "step": lambda x: Cell("step", (x,)), "half_squared_error": half_squared_error,
    "identity": identity,
}  # fmt: skip
ARITY = {"add": 3, "mul": 3, "sub": 2, "div": 2, "half_squared_error": 2}
VARIABLES = [variable(f"A{row}") for row in (1, 2, 3)]


@settings(max_examples=200, **STEADY)
@given(st.data())
def test_a_spreadsheet_computes_what_the_evaluator_computes(data: st.DataObject) -> None:
    eighths = st.integers(-16, 16).map(lambda k: k / 8)
    values = data.draw(st.lists(eighths, min_size=3, max_size=3))
    cells = [*VARIABLES, constant(data.draw(eighths))]
    for name in data.draw(st.lists(st.sampled_from(sorted(OPERATORS)), min_size=1, max_size=9)):
        picked = [data.draw(st.integers(0, len(cells) - 1)) for _ in range(ARITY.get(name, 1))]
        cells.append(OPERATORS[name](*(cells[k] for k in picked)))
    numbers = Evaluator(forward_order(*cells))(dict(zip(VARIABLES, values, strict=True)))
    expected = Evaluator([cells[-1]])(dict(zip(VARIABLES, values, strict=True)))[0]
    scale = max((abs(x) for x in numbers if x == x), default=0)  # terms of this size may cancel
    assume(scale < 1e6)
    try:
        found = excel(show(cells[-1], by_name), values)
    except FormulaTooLong:
        assume(False)
    if expected == expected:
        assert found == pytest.approx(expected, rel=1e-9, abs=1e-12 * max(1, scale))
    else:
        assert found == "#DIV/0!"
