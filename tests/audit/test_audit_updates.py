"""The judge on updates, learning rates, and columns that are not one formula."""

from __future__ import annotations

from pathlib import Path

import pytest
from judge_hand import FORMULAS, GRADIENTS, STARTS, WEIGHTS, Hand, judged, only, told, without

from sheetgen.base.finding import ERROR, NOTE, WARNING


def plain(w: str, rate: str = "$G$31") -> str:
    """The usual update of a weight."""
    return f"={{<{w}}}-{rate}*{{<dE/d{w}}}"


def inline(w: str) -> str:
    """An update that holds the derivative itself."""
    return f"={{<{w}}}-$G$31*" + str(FORMULAS[f"dE/d{w}"])[1:].replace("{", "{<")


# --- what is subtracted


def test_another_weight_s_gradient(tmp_path: Path) -> None:
    hand = Hand().with_rules(w3="=$G33-($G$31*{<dE/dw1})".replace("$G33", "{$<w3}"))
    finding = only(judged(tmp_path, hand))
    assert (finding.severity, finding.kind, finding.cells) == (ERROR, "update", "G34:G44")
    assert finding.found == "=$G33-($G$31*X33): it uses dE/dw1 of the step before"
    assert finding.expected == "=$G33-($G$31*Z33): it uses dE/dw3 of the step before"


WRONG = {
    "another weight to start from": (
        "={<w6}-$G$31*{<dE/dw5}",
        "it starts from w6 of the step before",
        "=M33-$G$31*AB33",
    ),
    "added": ("={<w5}+$G$31*{<dE/dw5}", "the gradient is added", "=M33-$G$31*AB33"),
    "twice": ("={<w5}-$G$31*{<dE/dw5}-$G$31*{<dE/dw5}", "its learning rate is 1", "0.5 (G31)"),
    "two gradients": ("={<w5}-$G$31*({<dE/dw5}+{<dE/dw6})", "it uses dE/dw5 of the step before and dE/dw6", "dE/dw5"),
    "half the old weight": ("=0.5*{<w5}-$G$31*{<dE/dw5}", "the old weight counts 0.5 times", "=M33-$G$31*AB33"),
    "no gradient": ("={<w5}-$G$31*{<a_o1}", "it uses no gradient", "it uses dE/dw5"),
    "the first weight": ("={0w5}-$G$31*{<dE/dw5}", "it starts from w5", "it starts from w5 of the step before"),
    "another rate": ("={<w5}-0.4*{<dE/dw5}", "its learning rate is 0.4", "0.5 (G31)"),
    "a weight for the rate": ("={<w5}-{<w6}*{<dE/dw5}", "its learning rate is taken from w6", "=M33-$G$31*AB33"),
    "an empty cell for the rate": ("={<w5}-$AZ$1*{<dE/dw5}", "the learning rate is 0", "=M33-$G$31*AB33"),
    "the rate times the old weight": ("={<w5}-$G$31*{<w5}*{<dE/dw5}", "", "=M33-"),
}


@pytest.mark.parametrize(("text", "said", "expected"), WRONG.values(), ids=list(WRONG))
def test_one_wrong_update(text: str, said: str, expected: str, tmp_path: Path) -> None:
    verdict = judged(tmp_path, Hand().with_rules(w5=text))
    first = verdict.findings[0]
    assert first.severity == ERROR and first.kind in ("update", "rate") and first.cells.startswith("M3")
    assert {f.cells.strip("0123456789:M") for f in verdict.findings} == {""}  # no other column is blamed
    assert said in first.found and expected in first.expected


def test_a_step_of_its_own_is_a_circle_and_nothing_after_it_is_blamed(tmp_path: Path) -> None:
    hand = Hand()
    hand.odd["w5", 6] = "={<w5}-$G$31*{dE/dw5}"
    found = [(f.kind, f.cells) for f in judged(tmp_path, hand).findings]
    assert found == [("circular", "M39"), ("update", "M39")]


def with_new_weights() -> Hand:
    """The new weights in columns of their own; each step takes those of the step before."""
    hand = Hand()
    for w in WEIGHTS:
        hand.rules[f"new {w}"] = f"={{{w}}}-$G$31*{{dE/d{w}}}"
        hand.rules[w] = f"={{<new {w}}}"
    return hand


def test_the_new_weights_may_have_columns_of_their_own(tmp_path: Path) -> None:
    hand = with_new_weights()
    assert judged(tmp_path, hand).findings == []
    hand.swapped("new w2", "{dE/dw2}", "{dE/dw1}")
    finding = only(judged(tmp_path, hand))
    assert (finding.kind, finding.cells) == ("update", hand.area("new w2"))
    assert finding.expected.startswith("=F33-$G$31*Y33: ")


def test_new_weights_that_are_not_handed_on(tmp_path: Path) -> None:
    hand = with_new_weights()
    finding = only(judged(tmp_path, hand.with_rules(w3="={0new w3}")))
    assert (finding.severity, finding.kind, finding.cells) == (ERROR, "update", "G35:G44")
    assert finding.expected.startswith("=AH34: with w3_next (AH34) for w3_next (AH33)")


def test_weights_that_never_change_though_the_inputs_are_the_same(tmp_path: Path) -> None:
    finding = only(judged(tmp_path, Hand().with_rules(**{w: f"={{<{w}}}" for w in WEIGHTS})))
    assert (finding.severity, finding.kind, finding.first) == (WARNING, "update", "E34")


def test_the_change_may_have_a_column_of_its_own(tmp_path: Path) -> None:
    hand = Hand()
    for w in WEIGHTS:
        hand.rules[f"change of {w}"] = f"=$G$31*{{dE/d{w}}}"
        hand.rules[w] = f"={{<{w}}}-{{<change of {w}}}"
    assert judged(tmp_path, hand).findings == []
    finding = only(judged(tmp_path, hand.with_rules(w3="={<w3}-{<change of w2}")))
    assert (finding.kind, finding.cells) == ("update", "G34:G44")
    assert finding.expected == "=G33-AH33: it uses dE/dw3 of the step before"


def test_updates_that_hold_the_derivative_themselves(tmp_path: Path) -> None:
    hand = Hand(rules=without(*GRADIENTS)).with_rules(**{w: inline(w) for w in WEIGHTS})
    verdict = judged(tmp_path, hand)
    assert (verdict.word, verdict.findings, verdict.tables[0].gradients) == ("right", [], 8 * 11)
    finding = only(judged(tmp_path, hand.swapped("w3", "{<w6}", "{<w5}")))
    assert (finding.severity, finding.kind, finding.cells) == (ERROR, "update", "G34:G44")
    assert finding.expected.startswith(f"{hand.text(inline('w3'), 1)}: with w6 (N33) for w5 (M33)")


def test_changes_that_hold_the_derivative_are_no_gradients(tmp_path: Path) -> None:
    """They are the rate times the derivative, whether or not the rate is a cell."""
    for rate in ("$G$31", "0.5"):
        hand = Hand(rules=without(*GRADIENTS))
        for w in WEIGHTS:
            hand.rules[f"step {w}"] = f"={rate}*" + str(FORMULAS[f"dE/d{w}"])[1:]
            hand.rules[w] = f"={{<{w}}}-{{<step {w}}}"
        verdict = judged(tmp_path, hand)
        assert (verdict.word, verdict.findings) == ("right", []), rate
        hand.rules["step w4"] = hand.rules["step w3"]
        assert told(judged(tmp_path, hand)) == [("update", "H34:H44")], rate


@pytest.mark.parametrize("label", ["", "column {}", "to subtract {}"])
def test_gradients_without_a_label_are_told_by_their_updates(label: str, tmp_path: Path) -> None:
    hand = Hand(labels={name: label.format(k) for k, name in enumerate(GRADIENTS)})
    verdict = judged(tmp_path, hand)
    assert (verdict.word, verdict.findings, verdict.tables[0].gradients) == ("right", [], 96)
    finding = only(judged(tmp_path, hand.swapped("dE/dw3", "{a_h2}", "{a_h1}")))
    assert (finding.kind, finding.cells) == ("gradient", "Z33:Z44")
    assert "with a_h2 (L33) for a_h1 (J33)" in finding.expected


# --- the learning rate


def sliding(since: int, rate: str = "$G{}") -> Hand:
    """A table in which the rate of w3 begins to slide after some steps, by a reference whose row is not held."""
    hand = Hand(loose={"F29": "eta =", "G29": 0.5, "F30": 1.0, "G30": 7.0, "G31": 3.0})
    hand.with_rules(**{w: plain(w, "$G$29") for w in WEIGHTS})
    hand.odd |= {("w3", s): plain("w3", rate.format(29 + s - since)) for s in range(since, hand.steps)}
    return hand


def test_a_learning_rate_that_slides_off_its_cell(tmp_path: Path) -> None:
    """Over two other numbers, a heading, and into the weight's own column; each is said, the cell is named."""
    verdict = judged(tmp_path, sliding(2))
    rates = [f for f in verdict.findings if f.kind == "rate"]
    assert [f.cells for f in rates] == ["G36:G37", "G38", "G39:G44"]
    assert {f.severity for f in rates} == {ERROR}
    assert [f.expected.partition(": ")[0] for f in rates[:2]] == ["=G35-$G$29*Z35", "=G37-$G$29*Z37"]
    assert "0.5 (G29)" in rates[2].expected and "taken from w3 of 6 steps before" in rates[2].found
    assert "taken from G32, where there is no number" in rates[1].found
    assert all("hold it with $" in f.message for f in rates)
    assert {f.kind for f in verdict.findings if f.severity != NOTE} == {"rate", "value"}
    assert [f.cells for f in verdict.findings if f.kind == "value"] == ["G38"]  # only where the error starts


def test_a_rate_that_changes_in_one_row(tmp_path: Path) -> None:
    hand = Hand()
    hand.odd["w5", 6] = plain("w5", "0.4")
    finding = only(judged(tmp_path, hand))
    assert (finding.severity, finding.kind, finding.cells) == (ERROR, "rate", "M39")
    assert finding.expected == "=M38-$G$31*AB38: 0.5 (G31)"


def test_a_rate_may_be_a_number_a_column_or_its_own_for_every_table(tmp_path: Path) -> None:
    number = Hand().with_rules(**{w: plain(w, "0.3") for w in WEIGHTS})
    number.loose = {}
    column = Hand(sheet="Column").with_rules(**{w: plain(w, "{<eta}") for w in WEIGHTS})
    column.rules["eta"] = 0.5
    column.odd |= {("eta", step): 0.25 for step in range(6, 12)}  # a schedule
    other = Hand(sheet="Other", loose={"F31": "eta =", "G31": 2.0})
    verdict = judged(tmp_path, number, column, other)
    assert [f for f in verdict.findings if (f.kind, f.sheet) != ("input", "Column")] == []


# --- momentum


def test_momentum_by_the_last_change_is_told_and_not_judged(tmp_path: Path) -> None:
    hand = Hand()
    for w in WEIGHTS:
        hand.odd[w, 1] = plain(w)
        hand.rules[w] = f"{plain(w)}+0.9*({{<{w}}}-{{<<{w}}})"
    verdict = judged(tmp_path, hand)
    finding = only(verdict)
    assert (verdict.word, finding.severity, finding.kind, finding.first) == ("not judged", NOTE, "rule", "E35")
    assert "was not judged" in finding.message and "updates not judged" in verdict.sentence()


@pytest.mark.parametrize("lag", ["", "<"])
def test_momentum_by_a_velocity_is_told_and_not_judged(lag: str, tmp_path: Path) -> None:
    hand = Hand(starts=STARTS | {f"v{k}": 0.0 for k in range(1, 9)})
    for k, w in enumerate(WEIGHTS, 1):
        hand.rules[f"v{k}"] = f"=0.9*{{<v{k}}}+{{{'' if lag else '<'}dE/d{w}}}"
        hand.rules[w] = f"={{<{w}}}-$G$31*{{{lag}v{k}}}"
    verdict = judged(tmp_path, hand)
    assert (verdict.word, only(verdict).severity) == ("not judged", NOTE)
    hand.swapped("dE/dw6", "{a_h2}", "{a_h1}")  # the gradients are judged all the same
    assert told(judged(tmp_path, hand)) == [("gradient", "AC33:AC44")]


def test_one_update_that_remembers_is_no_momentum(tmp_path: Path) -> None:
    hand = Hand(odd={("w5", 1): plain("w5")}).with_rules(w5="={<w5}-$G$31*({<dE/dw5}+{<<dE/dw5})")
    assert told(judged(tmp_path, hand)) == [("update", "M35:M44")]


# --- columns


def test_a_pasted_number(tmp_path: Path) -> None:
    hand = Hand()
    hand.odd["dE/dw3", 5] = 0.01
    finding = only(judged(tmp_path, hand))
    assert (finding.severity, finding.kind, finding.cells) == (ERROR, "column", "Z38")
    assert finding.expected.startswith(f"{hand.text(FORMULAS['dE/dw3'], 5)}, as in")


def test_another_formula_in_one_row(tmp_path: Path) -> None:
    hand = Hand()
    hand.odd["dE/dw5", 6] = FORMULAS["dE/dw6"]
    finding = only(judged(tmp_path, hand))
    assert (finding.severity, finding.kind, finding.cells) == (ERROR, "column", "AB39")


def test_two_rows_with_another_formula_are_named_each(tmp_path: Path) -> None:
    hand = Hand(odd={("dE/dw5", step): FORMULAS["dE/dw6"] for step in (4, 7)})
    assert told(judged(tmp_path, hand)) == [("column", "AB37"), ("column", "AB40")]


def test_the_one_row_that_is_right_is_not_blamed_for_the_others(tmp_path: Path) -> None:
    hand = Hand(odd={("dE/dw5", 6): FORMULAS["dE/dw5"]}).swapped("dE/dw5", "{a_h1}", "{a_h2}")
    verdict = judged(tmp_path, hand)
    assert told(verdict) == [("gradient", "AB33:AB44")]
    assert [(f.severity, f.cells) for f in verdict.findings[1:]] == [(NOTE, "AB39")]


def test_an_input_that_was_typed_over(tmp_path: Path) -> None:
    hand = Hand()
    hand.odd["i2", 5] = 0.2
    finding = only(judged(tmp_path, hand))
    assert (finding.severity, finding.kind, finding.cells) == (ERROR, "input", "D38")
    assert "0.1, as in the rest" in finding.expected


def test_the_fill_handle_that_counts_on(tmp_path: Path) -> None:
    hand = Hand()
    hand.odd |= {("t1", step): 0.01 + step - 3 for step in range(4, 12)}
    finding = only(judged(tmp_path, hand))
    assert (finding.severity, finding.kind, finding.cells) == (ERROR, "drift", "A37:A44")
    hand = Hand(odd={("t1", step): 0.01 * (1 + 1e-15 * step) for step in range(4, 12)})
    finding = only(judged(tmp_path, hand))
    assert (finding.severity, finding.kind, finding.first) == (NOTE, "drift", "A37")
    hand = Hand(starts=STARTS | {"b1": 0.35}, odd={("b1", step): 0.35 + step for step in range(1, 12)})
    hand.rules["b1"] = 0.35
    finding = only(judged(tmp_path, hand.with_rules(h1="={w1}*{i1}+{w2}*{i2}+{b1}")))
    assert (finding.severity, finding.kind, finding.cells) == (ERROR, "drift", "AF34:AF44")


def test_results_that_were_pasted_are_told_though_they_are_right(tmp_path: Path) -> None:
    """With an input of 0, the gradients that it is a factor of are 0: typed so, they agree."""
    hand = Hand(starts=STARTS | {"i1": 0.0}).with_rules(i1=0.0, g1=0.0, g3=0.0)
    found = judged(tmp_path, hand).findings
    assert [(f.severity, f.kind) for f in found] == [(WARNING, "column"), (WARNING, "column")]
    assert [f.cells for f in found] == ["X33:X44", "Z33:Z44"]


def test_weights_that_were_pasted_are_told(tmp_path: Path) -> None:
    hand = Hand()
    hand.odd |= {("w7", step): 0.5 - 0.01 * step for step in range(1, 12)}
    finding = only(judged(tmp_path, hand))
    assert (finding.severity, finding.kind, finding.cells) == (WARNING, "column", "O33:O44")


def test_a_formula_that_is_right_in_other_words_is_but_noted(tmp_path: Path) -> None:
    hand = Hand().with_rules(g4="={dE/dw3}*2")
    hand.odd["dE/dw4", 6] = FORMULAS["dE/dw4"]
    finding = only(judged(tmp_path, hand))
    assert (finding.severity, finding.kind, finding.cells) == (NOTE, "column", "AA39")


def test_a_table_that_has_only_the_new_value_of_a_weight(tmp_path: Path) -> None:
    """As the fuzzer made one: a term may name a weight that has no column of its own."""
    hand = Hand(rules=without("w1"), starts={name: x for name, x in STARTS.items() if name != "w1"})
    hand.with_rules(h1="=0.15*{i1}+{w2}*{i2}", w2="={<w2}-{<new w1}*{<dE/dw2}")
    hand.rules["new w1"] = "=0.15-$G$31*{dE/dw1}"
    assert "update" in {f.kind for f in judged(tmp_path, hand).findings}
