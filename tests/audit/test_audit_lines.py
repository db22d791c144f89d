"""Texts that spell formulas are held against the network; what cannot be read is left alone."""

from __future__ import annotations

from pathlib import Path
from random import Random

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from work import at_most

from sheetgen.audit.prose.judge import judge_lines
from sheetgen.audit.prose.meaning import Meaning, meaning_of
from sheetgen.audit.prose.parse import readings
from sheetgen.audit.prose.repair import siblings
from sheetgen.audit.prose.tokens import tokens, typed
from sheetgen.audit.table import StepTable
from sheetgen.audit.textbook import network_222
from sheetgen.base.finding import Finding
from sheetgen.cells.cell import Evaluator
from sheetgen.excel import Entry, ErrorValue, Workbook, read
from sheetgen.reader import Formulas

HOMEWORK = Path(__file__).parents[3] / "shared" / "data" / "homework"
NETWORK = Meaning(network_222())


def judge(cells: dict[str, str] | str, network: Meaning = NETWORK) -> list[Finding]:
    """The findings on texts in their cells; one text stands in A1."""
    entries = {at: Entry(None, text) for at, text in ({"A1": cells} if isinstance(cells, str) else cells).items()}
    return list(judge_lines(Workbook({"Sheet1": entries}, {}), network))


# Every spelling of a right line that people use.
RIGHT = [
    "h1 = w1*i1 + w2*i2",
    "h1=i1*W1+I2*W2",
    "a_h1 = σ(h1) = 1/(1+exp(-h1))",
    "a_h1 = sigmoid(h1) = 1/(1 + e^(-h1)) = 1/(1+e^-h1)",
    "o1=(a_h1*W5)+(a_h2*W6)",
    "a_01 = σ(o1)",
    "E_total = E1 + E2",
    "Total Error = E1 + E2",
    "E1 = ½ * (t1 - a_o1)²",
    "E1 = 1/2(t1-a_o1)^2",
    "E1 = (1/2)*(a_o1 − t1)²",
    "E1 = 0,5·[t1 − a_o1]^2",
    "E1 = 0.5(t1-a_o1)**2",
    "E₁ = ½(t₁ − a_o₁)²",
    "E1 = 0.5*(target1 - out_o1)^2",
    "∂E_total/∂w5 = ∂(E1+E2)/∂w5 = ∂E1/∂w5 = ∂E1/∂a_o1*∂a_o1/∂o1*∂o1/∂w5",
    "∂E_t/∂w5 = (∂(E1)/∂a_o1)*(∂a_o1/∂o1)*(∂o1/∂w5)",
    "∂E1/∂a_o1 = ∂((1/2)*(t1 - a_o1)^2)/∂a_o1 = (t1 - a_o1)*(-1) = a_o1 - t1",
    "∂E1/∂a_o1 = ∂(0.5(t1-a_01))²)/∂a_o1 = 0.5*2*(t1-a_o1)(-1) = a_01-t1",  # a bracket too many: that side is skipped
    "∂a_o1/∂o1 = ∂(σ(o1))/∂o1 = σ(o1)*(1 - σ(o1)) = a_o1(1 - a_o1)",
    "∂a_o1/∂o1 = ∂σ(o1)/∂o1 = a_o1 (1 - a_o1)",
    "dE1/da_o1 = a_o1 - t1",
    "dE/dw5 = dE1/da_o1 * da_o1/do1 * do1/dw5",
    "d(E1+E2)/dw5 = (a_o1-t1)*a_o1*(1-a_o1)*a_h1",
    "(∂E1)/(∂w5) = (a_o1-t1)*a_o1*(1-a_o1)*a_h1",
    "∂/∂w5(E1 + E2) = (a_o1-t1)*a_o1*(1-a_o1)*a_h1",
    "∂E1/∂a_o1 ∂a_o1/∂o1",
    "∂E1/∂o1 = ∂E1/∂a_o1 ∂a_o1/∂o1",
    "∂E1/∂o1 = (E1/a_o1)*(a_o1/o1)",  # the signs left out
    "∂E_t/∂w1 = [(a_o1 - t1)*a_o1*(1 - a_o1)*w5 + (a_o2 - t2)*a_o2*(1 - a_o2)*w7]*a_h1*(1 - a_h1)*i1",
    "∂E_t/∂w1 = ∂E_t/∂a_h1 * a_h1 * (1 - a_h1) * i1",
    "∂E2/∂w5 = 0",
    "w5_new = w5 - η*∂E_total/∂w5",
    "w5 = w5 - η ∂E/∂w5",
    "w5+ = w5 - η*∂E_total/∂w5",
    "w5 (new) = w5 - η*∂E_total/∂w5",
    "w5(t+1) = w5 - η*∂E_total/∂w5",
    "w5' = w5 - lr*(a_o1-t1)*a_o1*(1-a_o1)*a_h1",
    "1) h1 = w1*i1 + w2*i2",
    "2. h2 = w3*i1 + w4*i2",
    "h2 = w3*i1 + w4*i2 (2)",
    "Step 2: h2 = w3*i1 + w4*i2.",
    "h1 = w1*i1 + w2*i2; h2 = w3*i1 + w4*i2",
    "h1 = w1*i1 + w2*i2, h2 = w3*i1 + w4*i2",
    "h1 = w1*i1 + w2*i2\nh2 = w3*i1\n + w4*i2",
    "∂E/∂w5\n= ∂E1/∂w5\n= ∂E1/∂a_o1 *\n∂a_o1/∂o1 * ∂o1/∂w5",
]

# What is not for us to judge: prose, other networks, numbers put in, several lines run together.
LEFT_ALONE = [
    "",
    "=",
    "= = =",
    "Neural network = fun",
    "the gradient of w5 = wrong",
    "w1 = 0.15",
    "η = 0.5",
    "E_total = 0.0142",
    "h1 = 0.15*0.05 + 0.2*0.1 = 0.0275",
    "h1 = 0.15*i1 + 0.2*i2",
    "h1 = 1*w1 + 1*w2",
    "h1 = w1*1 + w2*0",
    "E1 = 0.5*(0.5 - a_o1)^2",
    "w5 = w5 - 0.5*∂E/∂w5",
    "w5_new = w5 - 0.5*∂E/∂w5",
    "w5 = w5 + Δw5",
    "dw5 = (t1-a_o1)*a_o1",
    "i1 = a_h2*w3",
    "o1 = a_o1",
    "h3 = w1*i1",
    "h1 = w1*i1 + w2*i2 + b1",
    "h1 = w1*i1 and h2 = w3*i1 + w4*i2",
    "h1 = w1*i1 + w2*i2 h2 = w3*i1 + w4*i2",
    "E1 = ½(t1 - a_o1)² E2 = ½(t2 - a_o2)²",
    "∂E1/∂a_o1 = a_o1 - t1   ∂a_o1/∂o1 = a_o1*(1-a_o1)",
    "∂E1/∂a_o1 = a_o1 - t1 ∂a_o1/∂o1 = a_o1*(1-a_o1)",
    "h1 = (w1*i1 + w2*i2",
    "E(w5) = E1(w5) + E2",
    "w5*a_h1 = o1",
    "a_h1 ≈ h1 = 2",
    "h1 == w1 ≠ i1",
    "∂²E/∂w5² = a_h1*a_h1",
    "h1 = w1 i1",
    "∂E/∂w5 = (a_o1 - t1)*...",
    "x = h1*a_h1*",
    "∂E1/∂w5 = a/b/c*/",
    "E_total = w1^w2^w3^",
    "((((((" * 50 + "=" + "h1",
    "E1 = " + "(" * 60 + "t1" + ")" * 60,
    "E1 = " + "∂" * 300,
    "E1 = t1" + "^t1" * 120,
    "E1 = " + "-" * 300 + "t1/0",
    "a_h1 = σ(h1 = w1)",
    "E1 = exp(exp(exp(99*t1 + 4)))",
    "o1 = w5*a_h1 + " + "w6*a_h2 + " * 60 + "1",  # too long to be a line
]


@pytest.mark.parametrize("line", RIGHT + LEFT_ALONE)
def test_no_finding(line: str) -> None:
    assert judge(line) == []


class Noise(Meaning):
    """A network in which no two quantities have to do with each other."""

    def value(self, name: str) -> tuple[float, ...]:
        draw = Random(name)
        return draw.random(), draw.random()

    def given(self, name: str) -> bool:
        return name[0] in "wbit" and not name.endswith("_next")


@pytest.mark.parametrize("line", [line for line in RIGHT if "=" in line and "= 0" not in line])
def test_a_right_line_was_really_read(line: str) -> None:
    assert judge(line, Noise({})) != []


# line -> (what it should be, the change)
WRONG = {
    "∂E2/∂a_h1 = (a_o2-t2)*a_o2*(1-a_o1)*W7": ("∂E2/∂a_h1 = (a_o2-t2)*a_o2*(1-a_o2)*W7", "a_o2 for a_o1"),
    "∂E_t/∂w3 = ∂E_t/∂a_h2*a_h1*(1-a_h2)*i1": ("∂E_t/∂w3 = ∂E_t/∂a_h2*a_h2*(1-a_h2)*i1", "a_h2 for a_h1"),
    "∂E1/∂w5 = ∂E1/∂a_o1 * ∂a_o1/∂o1 * ∂o1/∂w6": (
        "∂E1/∂w5 = ∂E1/∂a_o1 * ∂a_o1/∂o1 * ∂o1/∂w5", "w5 for w6",
    ),
    "dE1/dw5 = dE1/da_o1 * da_o1/do1 * do1/dw6": ("dE1/dw5 = dE1/da_o1 * da_o1/do1 * do1/dw5", "w5 for w6"),
    "∂E1/∂a_o1 = a_01-1": ("∂E1/∂a_o1 = a_01-t1", "t1 for 1"),
    "∂E1/∂a_o1 = t1 - a_o1": ("∂E1/∂a_o1 = a_o1 - t1", "a_o1 - t1 for t1 - a_o1"),
    "∂E1/∂W5 = (∂E1/∂a_o1)+(∂a_o1/∂o1)+(∂o1/∂W5)": (
        "∂E1/∂W5 = (∂E1/∂a_o1)*(∂a_o1/∂o1)*(∂o1/∂W5)", "* for every +",
    ),
    "E1/∂W5 = (∂E1/∂a_o1)+(∂a_o1/∂o1)+(∂o1/∂W5) + ": (
        "E1/∂W5 = (∂E1/∂a_o1)*(∂a_o1/∂o1)*(∂o1/∂W5)", "* for every +",
    ),
    "a_h1 = σ(h1) = 1/1+exp(-h1)": ("a_h1 = 1/(1+exp(-h1))", "brackets around 1+exp(-h1)"),
    "∂E_t/∂w1 = (∂E1/∂a_h1 + ∂E2/∂a_h1)*a_h1*1-a_h1*i1": (
        "∂E_t/∂w1 = (∂E1/∂a_h1 + ∂E2/∂a_h1)*a_h1*(1-a_h1)*i1", "brackets around 1-a_h1",
    ),
    "h1 = w1*i1 * w2*i2": ("h1 = w1*i1 + w2*i2", "+ for *"),
    "o2 = w5*a_h1 + w8*a_h2": ("o2 = w7*a_h1 + w8*a_h2", "w7 for w5"),
    "w5_new = w5 + η*∂E_total/∂w5": ("w5_new = w5 - η*∂E_total/∂w5", "- for +"),
    "w5 = w5 + η*∂E_total/∂w5": ("w5 = w5 - η*∂E_total/∂w5", "- for +"),
    "w3 = w3 - η*∂E_total/∂w1": ("w3 = w3 - η*∂E_total/∂w3", "w3 for w1"),
    "E1 = 1/2(t1-a_o2)^2": ("E1 = 1/2(t1-a_o1)^2", "a_o1 for a_o2"),
    "δE1/δo1 = (a_o1-t1)*a_o1*(1-a_o2)": ("δE1/δo1 = (a_o1-t1)*a_o1*(1-a_o1)", "a_o1 for a_o2"),
}  # fmt: skip


@pytest.mark.parametrize("line", WRONG)
def test_a_slip_is_named_and_mended(line: str) -> None:
    (found,) = judge(line)
    expected, change = WRONG[line]
    assert (found.severity, found.kind, found.sheet, found.cells) == ("warning", "text", "Sheet1", "A1")
    assert found.expected == expected
    assert found.message == f"it is not {expected.split(' =')[0]}: with {change} it is"
    assert judge(expected) == [], "the line that is proposed is right"


def test_a_line_that_no_small_change_mends_is_told_with_the_textbooks() -> None:
    (found,) = judge("∂E_t/∂W1 = (Et/a_o1)*(a_o1/o1)*(o1/a_h1)*(a_h1/h1)*(h1/W1)")  # a path is missing
    assert found.expected == (
        "∂E_t/∂W1 = ((a_o1 - t1)*a_o1*(1 - a_o1)*w5 + (a_o2 - t2)*a_o2*(1 - a_o2)*w7)*a_h1*(1 - a_h1)*i1"
    )
    assert found.message == "it is not ∂E_t/∂W1"
    (found,) = judge("∂(E1*E2)/∂w1 = E1*E2*h1*o1*i1")
    assert found.expected == "a formula that is equal to ∂(E1*E2)/∂w1"


def test_the_first_wrong_side_of_a_chain_is_told() -> None:
    (found,) = judge("∂a_o1/∂o1 = ∂σ(o1)/∂o1 = σ(o1)*(1-σ(o2)) = a_o1*(1-a_o1)")
    assert found.found == "∂a_o1/∂o1 = σ(o1)*(1-σ(o2))"


def test_the_right_side_may_stand_in_a_cell_to_the_right() -> None:
    wrong, right = "(a_o1 - t1)*a_o1*(1 - a_o1)*a_h2", "(a_o1 - t1)*a_o1*(1 - a_o1)*a_h1"
    for left in ("∂E_t/∂w5 =", "∂E_t/∂w5 = ∂E1/∂w5 ="):
        for column in "BCI":
            assert [f.cells for f in judge({"A1": left, f"{column}1": wrong})] == [f"{column}1"]
            assert judge({"A1": left, f"{column}1": right}) == []
        assert judge({"A1": left, "J1": wrong}) == []  # too far
        for label in ("w1", "a_h2", "∂E_t/∂w6", "∂E_t/∂w6 ="):
            assert judge({"A1": left, "B1": label, "C1": wrong}) == []
    (found,) = judge({"A1": "∂E_t/∂w5", "B1": wrong})
    assert (found.cells, found.expected) == ("B1", f"∂E_t/∂w5 = {right}")
    assert judge({"A1": "∂E_t/∂w5", "C1": wrong}) == []  # nothing says that it belongs there


def test_a_row_of_labels_is_no_equation() -> None:
    labels = ["t1", "t2", "h1", "a_h1", "o1", "E1", "∂E/∂w1", "∂E/∂w2", "a_h2", "E_tot"]
    assert judge({f"{column}1": label for column, label in zip("ABCDEFGHIJ", labels, strict=True)}) == []


def test_a_label_of_a_drawing_beside_the_formula_of_another_unit() -> None:
    assert judge({"A1": "i1", "B1": "w1*i1+w2*i2"}) == []
    assert judge({"A1": "a_h1", "B1": "w5*a_h1+w6*a_h2"}) == []
    assert len(judge({"A1": "h1", "B1": "w1*i1+w2*i1"})) == 1


def test_a_formula_that_goes_on_in_another_cell_is_left_alone() -> None:
    assert judge({"A1": "h1 = w1*i1", "B1": "+ w2*i2"}) == []
    assert judge({"A1": "h1 = w1*i1", "A2": "+ w2*i2"}) == []
    assert judge({"A1": "h1 = w1*i1 +", "A2": "w2*i2"}) == []
    assert len(judge({"A1": "h1 = w1*i1", "A2": "h2 = w3*i1 + w4*i2"})) == 1


def test_formulas_errors_and_numbers_are_no_texts() -> None:
    cells = {"A1": Entry('"h1 = w1"', "h1 = w1*i2"), "A2": Entry(None, ErrorValue("#N/A")), "A3": Entry(None, 1.0)}
    assert list(judge_lines(Workbook({"Sheet1": cells}, {}), NETWORK)) == []


def test_one_finding_for_a_cell_and_every_copy_is_found() -> None:
    line = "h1 = w1*i1 + w2*i1; h2 = w3*i1"
    assert [f.cells for f in judge({"A1": line, "B7": line})] == ["A1", "B7"]


PAIRS = [(of, by) for of in ("E_total", "E1", "E2", "o1", "o2") for by in ("w1", "w4", "w5", "w8", "i2", "a_h1", "h2")]


@settings(deadline=None)
@given(st.sampled_from(PAIRS), st.data())
def test_a_swapped_name_in_a_right_line_is_found_and_mended(pair: tuple[str, str], data: st.DataObject) -> None:
    """Whatever is swapped: the finding proposes a line that passes."""
    of, by = pair
    line = tokens(NETWORK.text(f"d{of}/d{by}"))
    names = [k for k, piece in enumerate(line) if piece.kind == "name"]
    left = f"∂{of}/∂{by}"
    assert judge(f"{left} = {typed(line)}") == []
    if not names:
        return  # it is 0
    at = data.draw(st.sampled_from(names))
    other = data.draw(st.sampled_from(list(siblings(line[at].text))))
    line[at] = line[at]._replace(text=other, typed=other)
    read = readings(line)[0]
    values = [NETWORK.value(name) for name in read.leaves]
    if None in values:
        return  # w9 or E3: the network has no such quantity
    if len(line) == 1 and left.startswith("∂E"):
        return
    (found,) = judge(f"{left} = {typed(line)}")
    assert judge(found.expected) == []
    assert " for " in found.message


def test_biases() -> None:
    shared, each = Meaning(network_222(2)), Meaning(network_222(4))
    for network, hidden, output in ((shared, "b1", "b2"), (each, "b2", "b4")):
        assert judge(f"h2 = w3*i1 + w4*i2 + {hidden}", network) == []
        assert judge(f"o2 = w7*a_h1 + w8*a_h2 + {output}", network) == []
        assert judge(f"∂E2/∂{output} = (a_o2 - t2)*a_o2*(1 - a_o2)", network) == []
        assert len(judge("h2 = w3*i1 + w4*i2", network)) == 1
    with pytest.raises(KeyError):
        network_222(3)


def test_the_network_gives_the_homeworks_own_lines() -> None:
    assert NETWORK.text("dE_total/dw5") == "(a_o1 - t1)*a_o1*(1 - a_o1)*a_h1"
    assert NETWORK.text("do1/dw5") == "a_h1"
    assert NETWORK.text("do1/dw7") == "0"
    assert NETWORK.text("E1") == "0.5*(t1 - a_o1)^2"
    assert NETWORK.text("w5") == NETWORK.text("h3") == ""
    assert NETWORK.value("h3") is NETWORK.value("dE1/dw9") is None
    assert NETWORK.value("dE2/dw5") == (0.0,) * len(NETWORK.value("w5") or ())


def test_the_meaning_of_a_strangers_table_is_its_own_forward_pass() -> None:
    """One input, one hidden unit, and weights numbered the other way round: lines are held against these cells."""
    heads = ["t1", "i1", "w1", "w2", "h1", "a_h1", "o1", "a_o1", "E1", "E_total", "dE/dw1"]
    row: list[str | float] = [
        0.5,
        0.1,
        0.2,
        0.3,
        "D2*B2",
        "1/(1+EXP(-E2))",
        "C2*F2",
        "TANH(G2)",
        "(A2-H2)^2/2",
        "I2",
        "9",
    ]
    cells = {f"{c}1": Entry(None, head) for c, head in zip("ABCDEFGHIJK", heads, strict=True)}
    for column, content in zip("ABCDEFGHIJK", row, strict=True):
        cells[f"{column}2"] = Entry(content, None) if isinstance(content, str) else Entry(None, content)
    lines = {head: k for k, head in enumerate(heads, 1)}
    book = Formulas(Workbook({"Sheet1": cells}, {}))
    meaning = meaning_of(book, StepTable("Sheet1", True, 1, 2, 2, lines, dict.fromkeys(heads, "")))
    for right in ("h1 = w2*i1", "a_o1 = tanh(o1)", "∂E/∂w1 = (a_o1 - t1)*(1 - a_o1^2)*a_h1", "o1 = w1*a_h1"):
        assert judge(right, meaning) == []
    for wrong in ("h1 = w1*i1", "a_o1 = σ(o1)", "∂E/∂w1 = (a_o1 - t1)*a_o1*(1 - a_o1)*a_h1", "w1_new = w1 + η*∂E/∂w1"):
        assert len(judge(wrong, meaning)) == 1
    assert judge("h2 = w3*i1", meaning) == []


# --- reading


def value(text: str, **numbers: float) -> float:
    """The value of a line, read in the plain way."""
    found = readings(tokens(text))[0]
    return Evaluator([found.root])({leaf: numbers[name] for name, leaf in found.leaves.items()})[0]


def test_signs_bind_as_in_a_textbook() -> None:
    assert value("-h1^2", h1=3) == -9
    assert value("2^3^2") == 512
    assert value("8/4/2") == 1
    assert value("h1 - o1 - 1", h1=5, o1=1) == 3
    assert value("2h1²", h1=3) == 18
    assert value("1/2(h1)", h1=4) == 2
    assert value("√".replace("√", "sqrt") + "(h1)", h1=9) == 3
    assert value("σ(h1) - sigmoid(h1)", h1=0.7) == 0


def test_two_readings_are_two_readings() -> None:
    assert len(readings(tokens("1/2(h1)"))) == 2
    assert len(readings(tokens("E1/o1"))) == 2
    assert len(readings(tokens("h1/2"))) == 1


@settings(deadline=None)
@given(st.text(alphabet="∂()[]/*+-^²½ .,=σeE1w5a_oht'\n", max_size=80))
@example("∂(∂(E1)/∂w5)/∂w5=1")
def test_no_text_is_too_strange(text: str) -> None:
    for found in judge(text):
        assert found.found and found.expected and found.message


@settings(deadline=None)
@given(st.text(max_size=60))
def test_a_line_can_be_typed_again(text: str) -> None:
    once = typed(tokens(text))
    assert typed(tokens(once)) == once
    assert once.split() == text.split()


@settings(max_examples=60, deadline=None)
@given(
    st.sampled_from([line for line, (_, change) in WRONG.items() if " for " in change]),
    st.sampled_from(["{}", "  {}  ", "3) {}", "Step 4: {}", "{} (7)", "{}.", "so it is\n{}"]),
)
def test_what_stands_around_a_line_does_not_hide_it(line: str, around: str) -> None:
    assert len(judge(around.format(line.rstrip("+ ")))) == 1


def test_a_sheet_full_of_lines_takes_no_time() -> None:
    lines = [*RIGHT, *LEFT_ALONE, *WRONG]
    cells = {f"A{k + 1}": lines[k % len(lines)] for k in range(5_000)}
    with at_most(10_000_000):
        assert judge(cells)


def test_many_different_wrong_lines_take_little_time() -> None:
    cells = {
        f"A{k}": f"∂E_t/∂w1 = {'a_h1*' * 20}(a_h1 - {'o1*' * (k % 40 + 1)}h1*{k % 3 + 1}/2)" for k in range(1, 400)
    }
    with at_most(20_000_000):
        assert len(judge(cells)) == 399


@pytest.mark.skipif(not HOMEWORK.is_dir(), reason="the homework's workbooks are not here")
def test_the_lines_of_the_homework() -> None:
    found = {path.stem: list(judge_lines(read(path), NETWORK)) for path in sorted(HOMEWORK.glob("*.xlsx"))}
    cells = {name: [(f.sheet, f.cells) for f in findings] for name, findings in found.items()}
    assert {name: len(found) for name, found in cells.items() if found} == {"sheet-07": 16, "sheet-09": 4}
    first = {cell for sheet, cell in cells["sheet-07"] if sheet == "Calculation"}
    assert first == {"V4", "V5", "V16", "V20", "V21", "V24", "V26", "K16"}
    assert {cell for _, cell in cells["sheet-09"]} == {"C32", "C33", "C36", "C37"}  # 1/1+exp(-h1)
