"""What the judge cannot tell is said, with exit status 2, and is never called right or wrong."""

from __future__ import annotations

from pathlib import Path

import pytest
from grad_books import write
from judge_hand import FORMULAS, GRADIENTS, STARTS, WEIGHTS, Content, Hand, judged, only, told, without

from sheetgen.audit import judge as judges
from sheetgen.audit.judge import audit
from sheetgen.audit.show import gradescope, junit, machine
from sheetgen.audit.verdict import Verdict
from sheetgen.base.finding import ERROR, NOTE

# --- rules of updating that are not judged

STATE = {"m": "=0.9*{<m}+0.1*{g}", "v": "=0.999*{<v}+0.001*{g}^2"}
ADAM = "{<m}/(1-0.9^{<step})/(SQRT({<v}/(1-0.999^{<step}))+0.00000001)"
RULES = {
    "momentum": ("{<m}", ["m"]),
    "RMSProp": ("{<g}/(SQRT({<v})+0.00000001)", ["v"]),
    "Adam": (ADAM, ["m", "v"]),
    "Adam, the bias corrected by the step before": (ADAM.replace("{<step}", "MAX({<step}-1,1)"), ["m", "v"]),
    "the sign of the gradient": ("SIGN({<g})", []),
    "weight decay": ("({<g}+0.01*{<w})", []),
    "clipped by its norm": ("{<g}/MAX(1,100*SQRT({<g}^2+{<dE/dw1}^2+{<dE/dw5}^2))", []),
    "a rate that decays": ("{<g}/(1+0.1*{<step})", []),
    "Nesterov": ("({<g}+0.9*{<m})", ["m"]),
}


def rule(what: str) -> Hand:
    """The homework, its weights updated by w - eta * (what is said of w, g, m, v and step)."""
    move, state = RULES[what]
    hand = Hand(rules={"step": "={<step}+1", **FORMULAS}, starts={"step": 1.0, **STARTS})
    hand.loose = {"AH30": "eta =", "AI30": 0.1}
    for k, w in enumerate(WEIGHTS, 1):

        def spelt(text: str, k: int = k, w: str = w) -> str:
            for name, full in (("m", f"m{k}"), ("v", f"v{k}"), ("g", f"dE/d{w}"), ("w", w)):
                text = text.replace(f"{{{name}}}", f"{{{full}}}").replace(f"{{<{name}}}", f"{{<{full}}}")
            return text

        hand.rules |= {f"{s}{k}": spelt(STATE[s]) for s in state}
        hand.starts |= {f"{s}{k}": spelt(STATE[s].partition("+")[2]).join(("=", "")) for s in state}
        hand.rules[w] = f"={{<{w}}}-$AI$30*{spelt(move)}"
    hand.labels = {f"{s}{k}": f"{s} of {w}" for s in state for k, w in enumerate(WEIGHTS, 1)}
    return hand


@pytest.mark.parametrize("what", RULES)
def test_a_rule_that_is_no_plain_gradient_descent_is_not_judged(what: str, tmp_path: Path) -> None:
    verdict = judged(tmp_path, rule(what))
    assert (verdict.word, verdict.code, told(verdict)) == ("not judged", 2, [])
    assert verdict.sentence().startswith("not judged: 12 rows, 96 gradients compared, worst relative difference ")
    assert "; updates not judged: those of w1, w2, w3, w4 and 4 more are not w - learning rate * dE/dw" in (
        verdict.sentence()
    )
    hand = rule(what).swapped("dE/dw3", "{a_h2}", "{a_h1}")  # the gradients are judged all the same
    assert judged(tmp_path, hand).word == "wrong" and ("gradient", hand.area("dE/dw3")) in told(judged(tmp_path, hand))


def test_updates_without_gradients_that_follow_no_rule_are_not_judged(tmp_path: Path) -> None:
    """Each weight has a rate of its own; and all of them half the rate that is labelled."""
    for rate in (lambda k: f"0.{k}", lambda k: "0.5*$G$31"):
        hand = Hand(rules=without(*GRADIENTS))
        for k, w in enumerate(WEIGHTS, 1):
            gradient = str(FORMULAS[f"dE/d{w}"])[1:].replace("{", "{<")
            hand.rules[w] = f"={{<{w}}}-{rate(k)}*{gradient}"
        verdict = judged(tmp_path, hand)
        assert (verdict.code, told(verdict)) == (2, []) and "updates not judged" in verdict.sentence()


def test_an_update_that_stands_outside_of_the_table_is_not_judged(tmp_path: Path) -> None:
    """A batch, and beside it the weights that come of the sum of its gradients."""
    hand = Hand(steps=4)
    hand.rules |= {w: f"={{0{w}}}" for w in WEIGHTS}
    hand.odd |= {("i1", k): x for k, x in enumerate((0.0, 0.0, 1.0, 1.0))}
    assert judged(tmp_path, hand).word == "right"  # there is no update
    hand.loose["AZ40"] = f"=E33-G31*SUM({hand.area('dE/dw1')})"
    verdict = judged(tmp_path, hand)
    assert (verdict.code, verdict.unjudged) == (
        2, ["updates not judged: Sheet1!AZ40 uses gradients, but is no step of a table"],
    )  # fmt: skip


def test_more_than_the_step_is_wrong(tmp_path: Path) -> None:
    hand = Hand(loose={"F31": "eta =", "G31": 0.5, "AK1": 0.001}).with_rules(w5="={<w5}-$G$31*{<dE/dw5}+$AK$1*{i1}")
    assert told(judged(tmp_path, hand)) == [("update", "M34:M44")]


def test_a_step_without_gradients_needs_no_derivative(tmp_path: Path) -> None:
    hand = Hand(odd={("E_total", 11): "=ROUND({E1}+{E2},15)", **{(g, 11): "" for g in GRADIENTS}})
    assert "unread" not in [kind for kind, _ in told(judged(tmp_path, hand))]
    del hand.odd["dE/dw1", 11]
    assert "unread" in [kind for kind, _ in told(judged(tmp_path, hand))]


def test_a_table_that_begins_with_an_update_is_not_judged(tmp_path: Path) -> None:
    """A block per iteration: the first weights of one come of the gradients of the other, here with another's."""
    first, second = Hand(steps=2), Hand(sheet="Next", steps=2)
    second.starts |= {w: f"=Sheet1!{first.at(w, 1)}" for w in WEIGHTS}
    assert judged(tmp_path, first, second).word == "right"
    second.starts["w2"] = f"=Sheet1!{first.at('w2', 1)}-Sheet1!G31*Sheet1!{first.at('dE/dw1', 1)}"
    verdict = judged(tmp_path, first, second)
    assert (verdict.code, verdict.unjudged[0][:34]) == (2, "updates not judged: Next!F33 uses ")


def test_a_parameter_without_a_label_is_not_judged() -> None:
    inputs = {"w1": "{x1}", "w2": "{x2}", "b": "1"}
    more = {f"dE/d{w}": f"=({{output}}-{{target}})*{x}" for w, x in inputs.items()}
    plain = {w: f"={{<{w}}}-$P$1*{{<dE/d{w}}}" for w in inputs}
    more["offset"] = "={<offset}-$P$1*({<output}-{<target})*0.5"
    verdict = neuron("=0.5*({target}-{output})^2", "={net}+{offset}", **more, **plain)
    assert (verdict.code, told(verdict), verdict.unjudged) == (
        2, [], ["updates not judged: those of offset are not w - learning rate * dE/dw (the first is Sheet1!M34)"],
    )  # fmt: skip


def test_what_counts_and_leads_nowhere_is_no_parameter(tmp_path: Path) -> None:
    counter = Hand(rules={"row": "={<row}+1", **FORMULAS}, starts={"row": 1.0, **STARTS})
    counter.loose = {"A1": "eta", "B1": 0.5}
    counter.with_rules(**{w: f"={{<{w}}}-$B$1*{{<dE/d{w}}}" for w in WEIGHTS})
    assert judged(tmp_path, counter).word == "right"


# --- errors that are no loss


STARTED = {"w1": -0.3, "w2": 0.1, "b": 0.05, "offset": 0.2}


def neuron(error: str, output: str = "=IF({net}>0,1,0)", move: str = "$P$1*{<error}*{<x}", **more: Content) -> Verdict:
    """A neuron on the four samples of OR, five times, its weights updated by its error times its input."""
    rules = {"x1": 0.0, "x2": 0.0, "target": 0.0, "w1": "={<w1}+" + move.replace("{<x}", "{<x1}")}
    rules |= {"w2": "={<w2}+" + move.replace("{<x}", "{<x2}"), "b": "={<b}+" + move.replace("*{<x}", "")}
    rules |= {"net": "={w1}*{x1}+{w2}*{x2}+{b}", "output": output, "error": error, **more}
    hand = Hand(rules=rules, starts=dict(STARTED), loose={"O1": "learning rate", "P1": 0.3}, steps=20)
    samples = ((0.0, 0.0, 0.0), (0.0, 1.0, 1.0), (1.0, 0.0, 1.0), (1.0, 1.0, 1.0))
    for s in range(20):
        hand.odd |= {(name, s): x for name, x in zip(("x1", "x2", "target"), samples[s % 4], strict=True)}
    return audit(write(FOLDER / "book.xlsx", {"Sheet1": hand.cells()}))


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path) -> None:
    global FOLDER
    FOLDER = tmp_path


FOLDER = Path()
STEPS = ["=IF({net}>0,1,0)", "=({net}>=0)*1", "=--({net}>0)", "=SIGN({net})", "=INT({net}>0)", "=ROUND({net},0)"]


@pytest.mark.parametrize("output", STEPS)
@pytest.mark.parametrize("error", ["={target}-{output}", "=({target}-{output})^2", "=0.5*({target}-{output})^2"])
def test_a_perceptron_is_not_judged(output: str, error: str) -> None:
    verdict = neuron(error, output)
    assert (verdict.word, verdict.code, verdict.findings) == ("not judged", 2, [])
    assert "step function" in verdict.sentence() or "rounded number" in verdict.sentence()


def test_an_error_that_is_a_difference_is_no_loss() -> None:
    """The delta rule on the difference itself; with the loss instead, it is a loss like any other."""
    verdict = neuron("={target}-{output}", "={net}")
    assert (verdict.code, verdict.findings) == (2, []) and "E is a difference" in verdict.sentence()
    right = neuron("=0.5*({target}-{output})^2", "={net}", "$P$1*({<target}-{<output})*{<x}")
    assert (right.word, right.findings) == ("right", [])
    wrong = neuron("=0.5*({target}-{output})^2", "={net}", "$P$1*({<target}-{<output})*{<x}*0.5")
    assert wrong.code != 0


def test_an_error_below_zero_that_the_weights_move_as_a_whole_is_a_loss(tmp_path: Path) -> None:
    rules = {"w1": "={<w1}-0.1*{<dE/dw1}", "o1": "={w1}*{i1}", "E_total": "=-{o1}", "dE/dw1": "=-{i1}"}
    verdict = judged(tmp_path, Hand(rules={"i1": 1.0, **rules}, starts={"i1": 1.0, "w1": 0.2}))
    assert (verdict.word, verdict.tables[0].gradients) == ("right", 12)


def test_a_neuron_whose_output_is_called_y_and_whose_samples_come_in_turn() -> None:
    more = {f"dE/d{w}": f"=({{y}}-{{target}})*{x}" for w, x in (("w1", "{x1}"), ("w2", "{x2}"), ("b", "1"))}
    loss = "=-({target}*LN({y})+(1-{target})*LN(1-{y}))"
    given = {"y": "=1/(1+EXP(-{net}))", **more}
    plain = {w: f"={{<{w}}}-$P$1*{{<dE/d{w}}}" for w in ("w1", "w2", "b")}
    verdict = neuron(loss, "", **given, **plain)
    assert (verdict.word, verdict.findings, verdict.tables[0].gradients) == ("right", [], 60)
    wrong = neuron(loss, "", **plain, **given | {"dE/dw2": "=({y}-{target})*{y}*(1-{y})*{x2}"})
    assert wrong.word == "wrong"


def test_an_error_in_every_fourth_row_is_not_judged() -> None:
    total = "+".join(f"({{{'<' * k}target}}-{{{'<' * k}output}})^2" for k in range(4))
    hand = Hand(rules=dict.fromkeys(("x1", "x2", "target"), 1.0), starts={"w1": 0.1, "w2": 0.2}, steps=16)
    hand.rules |= {w: f"={{<{w}}}+0.1*({{<target}}-{{<output}})*{{<x{w[1]}}}" for w in ("w1", "w2")}
    hand.rules |= {"output": "={w1}*{x1}+{w2}*{x2}", "error": ""}
    hand.odd |= {("error", s): f"={total}" for s in range(3, 16, 4)}
    verdict = audit(write(FOLDER / "book.xlsx", {"Sheet1": hand.cells()}))
    assert (verdict.code, verdict.findings) == (2, [])
    assert "most of its steps have no error of their own" in verdict.problem


def test_a_fault_of_the_judge_is_no_verdict(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def broken(*_: object) -> None:
        raise KeyError("E_total")

    monkeypatch.setattr(judges, "judge_updates", broken)
    verdict = judged(tmp_path, Hand())
    assert (verdict.word, verdict.code, verdict.tables) == ("not judged", 2, [])
    assert verdict.problem == "book.xlsx could not be judged, for the judge has a fault (KeyError: 'E_total')."


# --- what is said of the numbers


def test_the_worst_difference_is_of_all_that_was_compared(tmp_path: Path) -> None:
    assert judged(tmp_path, Hand()).tables[0].worst < 1e-12
    hand = Hand().with_rules(g3=str(FORMULAS["dE/dw3"]).replace("{a_h2}", "{a_h1}"))
    table = judged(tmp_path, hand).tables[0]
    assert 1e-4 < table.worst < 1e-3 and table.where.startswith("Sheet1!Z")
    alone = Hand(rules=without(*GRADIENTS)).with_rules(**{w: inline(w) for w in WEIGHTS})
    assert judged(tmp_path, alone).tables[0].worst < 1e-9
    table = judged(tmp_path, alone.swapped("w3", "{<w6}", "{<w5}")).tables[0]
    assert 1e-3 < table.worst < 10 and table.where.startswith("Sheet1!G")
    turned = Hand().with_rules(**{f"g{w[1]}": f"=-({str(FORMULAS[f'dE/d{w}'])[1:]})" for w in WEIGHTS})
    turned.with_rules(**{w: f"={{<{w}}}+$G$31*{{<dE/d{w}}}" for w in WEIGHTS})
    assert judged(tmp_path, turned).tables[0].worst < 1e-12


def inline(weight: str) -> str:
    """An update that holds the derivative itself."""
    return f"={{<{weight}}}-$G$31*" + str(FORMULAS[f"dE/d{weight}"])[1:].replace("{", "{<")


def test_an_input_that_comes_of_an_array_formula_is_a_number_like_others(tmp_path: Path) -> None:
    hand = Hand(loose={"F31": "eta =", "G31": 0.5, "AK1": 0.2})
    hand.odd["i2", 7] = "=AK1"
    finding = only(judged(tmp_path, hand))
    assert (finding.severity, finding.kind, finding.cells) == (ERROR, "input", hand.at("i2", 7))
    hand.loose["AK1"] = 0.1
    assert judged(tmp_path, hand).word == "right"


def test_a_right_row_is_not_told_to_become_what_the_others_are(tmp_path: Path) -> None:
    hand = Hand(odd={("dE/dw5", 6): FORMULAS["dE/dw5"]}).swapped("dE/dw5", "{a_h1}", "{a_h2}")
    note = judged(tmp_path, hand).findings[-1]
    assert (note.severity, note.expected) == (NOTE, "one formula in the whole column")


def test_the_reports_say_that_a_part_was_not_judged(tmp_path: Path) -> None:
    verdict = judged(tmp_path, rule("Adam"))
    assert '"code": 2' in machine.document([verdict]) and '"unjudged": [' in machine.document([verdict])
    assert b'<error message="updates not judged' in junit.document([verdict])
    assert '"score": 50.0' in gradescope.document([verdict], 100)  # eight columns of gradients, and eight not judged
