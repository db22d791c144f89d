"""What a heading means: every spelling that people use, and nothing that is a sentence or an equation."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from books import STEADY, TEMPLATES
from hypothesis import given, settings
from hypothesis import strategies as st

from sheetgen.audit.labels import heading, is_gradient, is_parameter, is_weight, quantity
from sheetgen.network.program import build
from sheetgen.spec import load

SPELLINGS = {
    "w1": [
        "w1",
        "W1",
        "w_1",
        "w₁",
        "weight 1",
        "Weight_1",
        "w1 (old)",
        "old w1",
        "w1 :",
        "ｗ１",
        "w\u00a01",
        "w_{1}",
        "w01",
    ],
    "w11": ["w11", "W_11", "w₁₁"],
    "w1_2": ["w1,2", "w_1_2", "w_{1,2}"],
    "w_i1_h2": ["w_i1_h2", "w_i1h2", "wi1h2", "w(i1->h2)"],
    "b1": ["b1", "bias1", "Bias 1", "b_1", "b₁"],
    "b_h1": ["b_h1", "bias h1"],
    "i1": ["i1", "I1", "x1", "input1", "Input 1", "in1", "x₁"],
    "t1": ["t1", "T1", "target1", "target_o1", "y1", "desired 1", "t_o1", "expected output 1"],
    "h1": ["h1", "H1", "net_h1", "neth1", "net h1", "z_h1", "in_h1", "sum_h1", "Σh1", "h1 (net)", "hidden 1"],
    "a_h1": ["a_h1", "ah1", "out_h1", "outh1", "act_h1", "a_H1", "aH1", "h1_out", "σ(h1)", "sigmoid(h1)", "H1 output"],
    "o1": ["o1", "O1", "net_o1", "neto1", "net o1", "z_o1", "net_output1"],
    "a_o1": ["a_o1", "ao1", "a_O1", "a_01", "a01", "A_01", "out_o1", "act_o1", "o1_out", "σ(o1)", "ŷ1", "y_hat1"],
    "E1": ["E1", "E_1", "E_o1", "Eo1", "error1", "Error 1", "E₁", "E_01", "loss 1"],
    "E_total": [
        *("E", "E_total", "E_tot", "E_t", "Et", "Etotal", "E total", "E_TOTAL", "E\u00a0total", "E-total", "E_total ="),
        *("Error", "Total Error", "Total_error", "Loss", "cost", "MSE", "ΣE", "E1 + E2", "E (0.1)", "Error:"),
    ],
    "dE/dw1": [
        *("∂E/∂w1", "𝜕E/𝜕w1", "dE/dw1", "dEt/dw1", "dE_total/dw1", "δE_t/δw1", "∂E_total/∂W1", "E∂w1", "dw1", "∂w1"),
        *("grad_w1", "grad w1", "gradient w1", "Gradient of W1", "∇w1", "dE_dw1", "dEdw1", "∂E / ∂w₁", "w1 grad"),
        *("d(E)/d(w1)", "ΔE/Δw1", "dL/dw1", "dLoss/dw1", "partial E/partial w1", "dE/w1", "∂E wrt w1", "dE-dw1"),
    ],
    "dE/db2": ["∂E/∂b2", "dE_total/db2", "db2", "∂E_t/∂bias2"],
    "dE/da_h1": ["∂E/∂a_h1", "dE_total/dout_h1", "∂E_t/∂ah1"],
    "dE/do1": ["dE/do1", "∂E_total/∂net_o1"],
    "dE1/da_h2": ["∂E_1/∂a_h2 =", "dE1/dah2", "∂E_o1/∂a_h2"],
    "da_o1/do1": ["∂a_o1/∂o1", "dout_o1/dnet_o1"],
    "w1_next": [
        *("w1new", "w1_new", "new w1", "new_w1", "w1 (new)", "w1'", "w1’", "w1+", "w1⁺", "w1_next", "updated w1"),
        *("w1(t+1)", "w1 t+1", "W1 updated", "next w1", "w_new_1"),
    ],
    "b1_next": ["new b1", "b1'", "bias 1 (new)"],
    "eta": [
        *(
            "η",
            "𝜂",
            "eta",
            "Eta",
            "η =",
            "lr",
            "LR=",
            "L.R",
            "L.R.",
            "learning rate",
            "Learning Rate:",
            "learning_rate",
        ),
        *("alpha", "α", "LR (η) =", "learning rate (η)", "learning rate α", "η (learning rate)"),
    ],
    "iteration": ["iteration", "Iteration", "iter", "epoch", "step", "#", "Epochs", "Iteration #", "S.No"],
}


@pytest.mark.parametrize(("meant", "label"), [(q, label) for q, labels in SPELLINGS.items() for label in labels])
def test_a_spelling_means_its_quantity(meant: str, label: str) -> None:
    assert quantity(label) == meant
    assert quantity(f"  {label}\n") == meant
    assert quantity(label.replace("_", " ")) == meant, "an underscore is a space"


@pytest.mark.parametrize(
    "label",
    [
        *(
            "",
            " ",
            "_",
            "e",
            "l",
            "1",
            "12",
            "w1²",
            "σ",
            "½",
            "Legend",
            "Output layer",
            "Derivatives",
            "Error Table",
            "verdict",
            "moved by",
            "reached (0.1)",
        ),
        *(
            "h1 = w1*i1 + w2*i2",
            "a_h1 = σ(h1)",
            "w1*i1+w2*i2",
            "∂o1/∂w5 = a_h1",
            "w1 = 0.15",
            "η = 0.1",
            "E_total = E1 + E2",
        ),
        *("(a_o1 - t1)*a_o1*(1 - a_o1)*a_h1", "a_o1-t1", "E1 = 1/2 * (t1 - a_o1)^2", "E_total of all learning rates"),
        *(
            "w1 live",
            "E_total PyTorch",
            "w1 velocity",
            "Δw1",
            "delta w1",
            "δ_o1",
            "delta_o1",
            "δh1",
            "dE/deta",
            "dw1/dE",
        ),
        *("Neural Network Design (BackProp)", "the weight w1 is changed in every step", "w12345", "w1" * 40, "E_0.1"),
    ],
)
def test_what_is_no_heading_is_none(label: str) -> None:
    assert quantity(label) is None


@pytest.mark.parametrize("template", sorted(TEMPLATES.glob("*.toml")), ids=lambda path: path.stem)
def test_the_names_of_our_own_networks_mean_themselves(template: Path) -> None:
    names = [str(column.name) for column in build(load(template)).columns]
    assert len(names) > 20
    assert [quantity(name) for name in names] == names


def test_a_deep_network_and_its_samples_mean_themselves() -> None:
    names = [*("h1_1", "h2_1", "a_h2_1", "h1[2]", "a_h1[2]", "t1[4]", "i2[1]", "E1[2]", "a_h2_1[3]", "b12", "w120")]
    names += ["dE/dh2_1", "dE/da_h2_1[3]", "dE/dw12", "w12_next", "b3_next", "dE/dh1[2]"]
    assert [quantity(name) for name in names] == names


@pytest.mark.parametrize(
    ("label", "tag"),
    [("w1 (0.1)", "0.1"), ("E (yours)", "yours"), ("a_h1(η=2)", "η=2"), ("w1 (old)", ""), ("LR (η)", "")],
)
def test_what_stands_in_brackets_tells_trainings_apart(label: str, tag: str) -> None:
    found = heading(label)
    assert found is not None and found.tag == tag


@pytest.mark.parametrize(("vague", "plain"), [("dw1", "dE/dw1"), ("Error", "E_total"), ("y1", "t1"), ("x1", "i1")])
def test_a_vague_spelling_gives_way_to_a_plain_one(vague: str, plain: str) -> None:
    one, other = heading(vague), heading(plain)
    assert one and other and one.quantity == other.quantity
    assert (one.sure, other.sure) == (False, True)


def test_kinds_of_quantities() -> None:
    assert [is_weight(q) for q in ("w1", "w", "w1_2", "w_i1_h2", "b1", "w1_next", "dE/dw1", "wrong")] == [True] * 4 + [
        False
    ] * 4
    assert [is_parameter(q) for q in ("w1", "b1", "b_h1", "i1", "b1_next")] == [True] * 3 + [False] * 2
    assert [is_gradient(q) for q in ("dE/dw1", "da_o1/do1", "w1", "E_total")] == [True, True, False, False]


@settings(**STEADY)
@given(st.text(max_size=60))
def test_any_text_has_an_answer_at_once(text: str) -> None:
    found = quantity(text)
    assert found is None or quantity(found) == found


@settings(**STEADY)
@given(st.sampled_from(sorted(SPELLINGS)), st.data())
def test_case_and_trailing_signs_do_not_matter(meant: str, data: st.DataObject) -> None:
    label = data.draw(st.sampled_from([x for x in SPELLINGS[meant] if len(x) > 2]))
    cased = data.draw(st.sampled_from([label.upper(), label.lower(), label.title()])) if label.isascii() else label
    assert quantity(cased + data.draw(st.sampled_from(["", "=", " =", ":", " :"]))) == meant


def test_hostile_texts_are_quick() -> None:
    start = time.process_time()
    for piece in ("d", "a", "w1", "new ", "(", "((", "e_", "1", "_", "dd/", "total", "∂", "grad "):
        for length in range(1, 60):
            quantity(piece * length)
    assert time.process_time() - start < 2
