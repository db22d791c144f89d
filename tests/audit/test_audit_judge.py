"""The judge on workbooks that people handed in, and on small ones that have the same faults."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pytest
from judge_hand import D2, FORMULAS, TO_H1, TO_H2, Hand, judged, only, told, write

from sheetgen.audit.judge import audit
from sheetgen.audit.verdict import Verdict
from sheetgen.base.finding import ERROR, NOTE, WARNING

HOMEWORK = Path(__file__).parents[3] / "shared" / "data" / "homework"
handed_in = pytest.mark.skipif(not HOMEWORK.is_dir(), reason="the collected workbooks are not here")
A_H2_FOR_A_H1 = "with a_h2 (L{row}) for a_h1 (J{row}) it agrees with the derivative in every step"


@cache
def sheet(number: int) -> Verdict:
    """The verdict on one of the collected workbooks."""
    return audit(HOMEWORK / f"sheet-{number:02}.xlsx")


def errors(verdict: Verdict) -> list[tuple[str, str, str]]:
    """(kind, sheet, cells) of every error."""
    return [(f.kind, f.sheet, f.cells) for f in verdict.findings if f.severity == ERROR]


# --- as they were handed in


@handed_in
@pytest.mark.parametrize(("number", "rows"), [(1, 68), (2, 60), (3, 68)])
def test_the_right_ones_pass_without_a_word(number: int, rows: int) -> None:
    verdict = sheet(number)
    assert (verdict.word, verdict.code, verdict.findings, verdict.unread) == ("right", 0, [], [])
    assert [(t.rows, t.gradients) for t in verdict.tables] == [(rows, 8 * rows)]
    assert 0 < verdict.tables[0].worst < 1e-13


@handed_in
def test_the_other_unit_s_activation() -> None:
    verdict = sheet(4)
    assert (verdict.word, verdict.code) == ("wrong", 1)
    assert errors(verdict) == [("gradient", "Sheet1", "Z33:Z100"), ("gradient", "Sheet1", "AA33:AA100")]
    assert len(verdict.findings) == 2
    for finding in verdict.findings:
        assert finding.expected.endswith(A_H2_FOR_A_H1.format(row=33)) and "*L33*(1-L33)*" in finding.expected


@handed_in
def test_six_sheets_with_one_fault_each_and_inputs_that_drift() -> None:
    verdict = sheet(5)
    etas = ["0.1", "0.2", "0.5", "0.8", "1.0", "2.0"]
    assert errors(verdict) == [("gradient", eta, "Y24:Y74") for eta in etas]
    assert all("with a_h1 (J24) for a_h2 (L24)" in f.expected for f in verdict.findings if f.severity == ERROR)
    notes = [(f.severity, f.kind, f.sheet, f.first) for f in verdict.findings if f.severity != ERROR]
    assert notes == [(NOTE, "drift", eta, cell) for eta in etas for cell in ("C24", "D50")]


@handed_in
def test_a_matrix_for_its_transpose() -> None:
    verdict = sheet(6)
    assert errors(verdict) == [("gradient", "Sheet1", f"{c}3:{c}200") for c in ("X", "Y", "Z", "AA")]
    said = [f.expected.partition(": with ")[2].partition(" it agrees")[0] for f in verdict.findings]
    assert said == ["w7 (O3) for w6 (N3)", "w7 (O3) for w6 (N3)", "w6 (N3) for w7 (O3)", "w6 (N3) for w7 (O3)"]


@handed_in
def test_updates_with_another_weight_s_gradient_and_wrong_lines_of_text() -> None:
    verdict = sheet(7)
    assert errors(verdict) == [("update", "Calculation", "J31:J70"), ("update", "Calculation", "K31:K70")]
    assert "dE/dw1" in verdict.findings[0].found and "dE/dw3" in verdict.findings[0].expected
    assert "dE/dw2" in verdict.findings[1].found and "dE/dw4" in verdict.findings[1].expected
    assert verdict.findings[0].expected.startswith("=J30-($W$27*AC30): ")
    texts = {(f.sheet, f.cells) for f in verdict.findings[2:] if (f.severity, f.kind) == (WARNING, "text")}
    assert {("Calculation", "V4"), ("Calculation", "V20"), ("Formulae", "A27"), ("Formulae", "A43")} <= texts
    assert len(texts) == len(verdict.findings) - 2


@handed_in
def test_a_learning_rate_that_slides() -> None:
    verdict = sheet(8)
    first, second = "Sheet1", "assignment6-calculations"
    assert errors(verdict) == [
        ("gradient", first, "Z33:Z100"), ("gradient", first, "AA33:AA100"),
        ("gradient", second, "Z21:Z100"), ("gradient", second, "AA21:AA100"), ("rate", second, "G24:G100"),
    ]  # fmt: skip
    slid = next(f for f in verdict.findings if f.kind == "rate")
    assert slid.expected.startswith("=G23-$G$19*Z23: ") and "w3 of 3 steps before" in slid.found


@handed_in
def test_eight_sheets_with_one_fault() -> None:
    verdict = sheet(9)
    names = [f"LR_{eta}" for eta in ("0.1", "0.2", "0.5", "0.8", "1", "2", "8", "20")]
    assert errors(verdict) == [("gradient", name, f"{c}5:{c}54") for name in names for c in ("Z", "AA")]
    assert {f.kind for f in verdict.findings if f.severity != ERROR} == {"text"}


# --- the same without the collection


def test_a_right_table_passes_without_a_word(tmp_path: Path) -> None:
    verdict = judged(tmp_path, Hand())
    assert (verdict.word, verdict.code, verdict.findings, verdict.unread) == ("right", 0, [], [])
    assert verdict.sentence().startswith("right: 12 rows, 96 gradients compared, worst relative difference ")


def test_the_writer_s_formula_is_kept_but_for_the_wrong_reference(tmp_path: Path) -> None:
    """Spaces, brackets and $ signs stay; both gradients into the unit are named, each from its first cell on."""
    spaced = f"= {TO_H2} * ({{$a_h1}}*(1 - {{$a_h1}})) * {{i1}}"
    hand = Hand().with_rules(g3=spaced, g4=f"={TO_H2}*{{a_h1}}*(1-{{a_h1}})*{{i2}}")
    verdict = judged(tmp_path, hand)
    assert errors(verdict) == [("gradient", "Sheet1", "Z33:Z44"), ("gradient", "Sheet1", "AA33:AA44")]
    first, second = verdict.findings
    right = str(hand.text(spaced.replace("a_h1", "a_h2"), 0))
    assert first.expected == f"{right}: {A_H2_FOR_A_H1.format(row=33)}"
    assert "*$L33*" not in right and "($L33*(1 - $L33))" in right
    assert second.expected == f"{hand.text(FORMULAS['dE/dw4'], 0)}: {A_H2_FOR_A_H1.format(row=33)}"
    assert first.found.startswith(f"{hand.text(spaced, 0)}: it gives ") and ", the derivative is " in first.found


def test_weights_for_their_transpose(tmp_path: Path) -> None:
    hand = Hand()
    for quantity in ("dE/dw1", "dE/dw2"):
        hand.swapped(quantity, "{w7}", "{w6}")
    for quantity in ("dE/dw3", "dE/dw4"):
        hand.swapped(quantity, "{w6}", "{w7}")
    verdict = judged(tmp_path, hand)
    assert told(verdict) == [("gradient", hand.area(f"dE/dw{k}")) for k in range(1, 5)]
    for k, finding in enumerate(verdict.findings, 1):
        assert finding.expected.startswith(f"{hand.text(FORMULAS[f'dE/dw{k}'], 0)}: with w")


SLIPS = {
    "another input": ("dE/dw4", "*{i2}", "*{i1}", "i2 (D33) for i1 (C33)"),
    "another target": ("dE/dw5", "{t1}", "{t2}", "t1 (A33) for t2 (B33)"),
    "one of two": ("dE/dw5", "(1-{a_o1})", "(1-{a_o2})", "a_o1 (R33) for a_o2 (T33)"),
    "the sum for the activation": ("dE/dw7", "*{a_h1}", "*{h1}", "a_h1 (J33) for h1 (I33)"),
    "another weight": ("dE/dw1", "*{w7}", "*{w8}", "w7 (O33) for w8 (P33)"),
}


@pytest.mark.parametrize(("quantity", "right", "wrong", "said"), SLIPS.values(), ids=list(SLIPS))
def test_one_reference_of_a_gradient(quantity: str, right: str, wrong: str, said: str, tmp_path: Path) -> None:
    hand = Hand().swapped(quantity, right, wrong)
    finding = only(judged(tmp_path, hand))
    assert (finding.severity, finding.kind, finding.cells) == (ERROR, "gradient", hand.area(quantity))
    text = hand.text(FORMULAS[quantity], 0)
    assert finding.expected == f"{text}: with {said} it agrees with the derivative in every step"


STRUCTURE = {
    "no brackets": (TO_H1, TO_H1[1:-1], "brackets around the sum"),
    "a minus": (TO_H1, TO_H1.replace("+", "-", 1), "+ for -"),
    "no slope": ("*(1-{a_h1})", "", "(1 - a_h1 (J33))"),
}


@pytest.mark.parametrize(("right", "wrong", "said"), STRUCTURE.values(), ids=list(STRUCTURE))
def test_the_structure_of_a_gradient(right: str, wrong: str, said: str, tmp_path: Path) -> None:
    hand = Hand().swapped("dE/dw1", right, wrong)
    finding = only(judged(tmp_path, hand))
    assert (finding.kind, finding.cells) == ("gradient", "X33:X44")
    assert said in finding.expected and finding.expected.startswith("=((R33-A33)*R33*(1-R33)*M33+")


def test_a_structure_that_is_mended_keeps_its_dollar_signs(tmp_path: Path) -> None:
    hand = Hand().with_rules(g8=f"=-{D2}*{{$a_h2}}")
    finding = only(judged(tmp_path, hand))
    text, _, said = finding.expected.partition(": ")
    assert text == "=(T33-B33)*T33*(1-T33)*$L33"
    assert said == "with no minus sign it agrees with the derivative in every step"


def test_a_gradient_that_no_small_edit_mends_is_told_the_textbook_s_formula(tmp_path: Path) -> None:
    finding = only(judged(tmp_path, Hand().with_rules(g7="={a_o2}^3+SIN({h2})")))
    assert finding.expected == "=(T33-B33)*T33*(1-T33)*J33"


def test_a_fault_on_one_sheet_is_named_there_alone(tmp_path: Path) -> None:
    other = Hand(sheet="Other").swapped("dE/dw3", "*{i1}", "*{i2}")
    verdict = judged(tmp_path, Hand(), other, Hand(sheet="Third"))
    assert errors(verdict) == [("gradient", "Other", "Z33:Z44")] and len(verdict.findings) == 1
    assert [t.sheet for t in verdict.tables] == ["Sheet1", "Other", "Third"]


def test_errors_come_before_notes_and_each_as_one_reads(tmp_path: Path) -> None:
    hand = Hand().swapped("dE/dw8", "{a_h2}", "{a_h1}")
    hand.odd["dE/dw1", 7] = 0.5
    hand.odd["h2", 2] = "={w3}*{i1}+{w4}*{i1}"
    hand.odd |= {("i2", step): 0.1 + 1e-16 * step for step in range(1, 12)}
    found = [(f.severity, f.first) for f in judged(tmp_path, hand).findings]
    assert found == [(ERROR, "AE33"), (ERROR, "K35"), (ERROR, "X40"), (NOTE, "D34")]


# --- the forward pass


FORWARD = {
    "another weight": ("h1", "{w2}", "{w1}", "=E33*C33+F33*D33: with w2 (F33) for w1 (E33)"),
    "another unit": ("a_o1", "{o1}", "{o2}", "=1/(1+EXP(-Q33)): with o1 (Q33) for o2 (S33)"),
    "no half": ("E1", "0.5*", "", "with the factor 0.5"),
    "brackets": ("a_h1", "1/(1+EXP(-{h1}))", "1/1+EXP(-{h1})", "a_h1 = 1/(1 + exp(-h1))"),
    "another error": ("E_total", "{E2}", "{E1}", "with E2 (V33) for E1 (U33)"),
}


@pytest.mark.parametrize(("quantity", "right", "wrong", "said"), FORWARD.values(), ids=list(FORWARD))
def test_the_forward_pass_is_held_to_the_network_s_equations(
    quantity: str, right: str, wrong: str, said: str, tmp_path: Path
) -> None:
    """Gradients that are right for the network are not blamed for a wrong forward pass."""
    hand = Hand().swapped(quantity, right, wrong)
    found = judged(tmp_path, hand).findings
    assert [(f.severity, f.kind, f.cells) for f in found] == [(ERROR, "forward", hand.area(quantity))]
    assert said in found[0].expected


def test_a_network_that_no_equation_is_known_of_is_held_to_its_own_formulas(tmp_path: Path) -> None:
    """Tanh for the sigmoid in one unit of a network with a third input: the derivative goes along with it."""
    slope = f"={TO_H1}*(1-{{a_h1}}^2)"
    hand = Hand().with_rules(a_h1="=TANH({h1})", g1=f"{slope}*{{i1}}", g2=f"{slope}*{{i2}}")
    hand.rules |= {"i3": 0.4, "w9": 0.3, "dE/dw9": f"{slope}*{{i3}}"}
    hand.with_rules(w9="={<w9}-$G$31*{<dE/dw9}", h1="={w1}*{i1}+{w2}*{i2}+{w9}*{i3}")
    hand.starts["w9"] = 0.3
    verdict = judged(tmp_path, hand)
    assert (verdict.word, verdict.findings, verdict.tables[0].gradients) == ("right", [], 9 * 12)
    verdict = judged(tmp_path, hand.swapped("dE/dw9", "{i3}", "{i1}"))
    assert told(verdict) == [("gradient", hand.area("dE/dw9"))]


def test_a_table_may_be_pointed_at(tmp_path: Path) -> None:
    cells = Hand(labels={"E_total": "what to make small"}).swapped("dE/dw5", "{a_h1}", "{a_h2}").cells()
    path = write(tmp_path / "book.xlsx", {"Sheet1": cells})
    assert told(audit(path, "Sheet1!A32:AE44 E_total=W")) == [("gradient", "AB33:AB44")]
    assert audit(path, "Sheet1!A32").word == "not judged"
