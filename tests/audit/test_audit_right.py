"""What the judge must not blame, what it must never call right, and where an error begins."""

from __future__ import annotations

from pathlib import Path

import pytest
import xlsxwriter
from books import BuildBook
from judge_hand import FORMULAS, GRADIENTS, STARTS, TO_H1, WEIGHTS, Content, Hand, judged, only, told, without, write

from sheetgen.audit.judge import audit
from sheetgen.base.finding import ERROR, NOTE, WARNING
from sheetgen.judge.engines import ENGINES

# --- conventions


def minus(name: str) -> str:
    """A gradient with the other sign."""
    return f"=-({str(FORMULAS[name])[1:]})"


def turned() -> Hand:
    """A table of which all gradients are minus the derivative, and added."""
    hand = Hand()
    hand.rules |= {name: minus(name) for name in GRADIENTS}
    return hand.with_rules(**{w: f"={{<{w}}}+$G$31*{{<dE/d{w}}}" for w in WEIGHTS})


def test_minus_the_derivative_that_is_added_is_but_noted(tmp_path: Path) -> None:
    verdict = judged(tmp_path, turned())
    assert (verdict.word, only(verdict).severity, only(verdict).kind) == ("right", NOTE, "gradient")


def test_minus_the_derivative_that_is_subtracted_is_wrong_and_so_is_one_of_eight(tmp_path: Path) -> None:
    hand = turned().with_rules(w1="={<w1}-$G$31*{<dE/dw1}")
    assert told(judged(tmp_path, hand)) == [("update", "E34:E44")]
    hand = Hand().with_rules(g6=minus("dE/dw6"))
    assert told(judged(tmp_path, hand)) == [("gradient", "AC33:AC44")]


def test_the_weights_may_be_numbered_by_where_they_come_from(tmp_path: Path) -> None:
    hidden = Hand().with_rules(h1="={w1}*{i1}+{w3}*{i2}", h2="={w2}*{i1}+{w4}*{i2}")
    hidden.with_rules(g2=FORMULAS["dE/dw3"], g3=FORMULAS["dE/dw2"])
    verdict = judged(tmp_path, hidden)
    assert (verdict.word, verdict.findings) == ("right", [])
    hidden.with_rules(h2="={w3}*{i1}+{w4}*{i2}")  # now one unit is numbered this way, and one that
    assert judged(tmp_path, hidden).word == "wrong"


def test_biases_that_are_not_trained(tmp_path: Path) -> None:
    apart = Hand().with_rules(h1="={w1}*{i1}+{w2}*{i2}+$B$3", h2="={w3}*{i1}+{w4}*{i2}+$B$3")
    apart.loose |= {"A3": "b1", "B3": 0.35}
    within = Hand(sheet="Within", starts=STARTS | {"b1": 0.35})
    within.rules |= {"b1": "={<b1}"}
    within.with_rules(h1="={w1}*{i1}+{w2}*{i2}+{b1}", h2="={w3}*{i1}+{w4}*{i2}+{b1}")
    verdict = judged(tmp_path, apart, within)
    assert (verdict.word, verdict.findings) == ("right", [])


def test_biases_that_are_trained(tmp_path: Path) -> None:
    hand = Hand(starts=STARTS | {"b1": 0.35}).with_rules(h1="={w1}*{i1}+{w2}*{i2}+{b1}")
    hand.rules |= {"b1": "={<b1}-$G$31*{<dE/db1}", "dE/db1": f"={TO_H1}*{{a_h1}}*(1-{{a_h1}})"}
    verdict = judged(tmp_path, hand)
    assert (verdict.word, verdict.findings, verdict.tables[0].gradients) == ("right", [], 9 * 12)
    assert told(judged(tmp_path, hand.swapped("dE/db1", "(1-{a_h1})", "(1-{a_h2})"))) == [("gradient", "AG33:AG44")]


def test_inputs_and_targets_beside_the_table(tmp_path: Path) -> None:
    given = ("t1", "t2", "i1", "i2")
    hand = Hand(rules=without(*given))
    for k, name in enumerate(given, 1):
        hand.loose |= {f"A{k}": name, f"B{k}": STARTS[name]}
        for quantity, text in hand.rules.items():
            hand.rules[quantity] = str(text).replace(f"{{{name}}}", f"$B${k}")
    verdict = judged(tmp_path, hand)
    assert (verdict.word, verdict.findings, verdict.tables[0].gradients) == ("right", [], 96)
    finding = only(judged(tmp_path, hand.swapped("dE/dw3", "*$B$3", "*$B$4")))
    assert finding.expected.partition(": with ")[2].startswith("i1 (B3) for i2 (B4)")


def test_a_parameter_whose_label_stands_in_line_with_the_headings(tmp_path: Path) -> None:
    hand = Hand(loose={"F31": "eta =", "G31": 0.5, "AH32": "b1", "AH33": 0.35})
    hand.with_rules(h1="={w1}*{i1}+{w2}*{i2}+$AH$33", h2="={w3}*{i1}+{w4}*{i2}+$AH$33")
    verdict = judged(tmp_path, hand)
    assert (verdict.word, verdict.findings, verdict.tables[0].cells) == ("right", [], "A32:AE44")


def test_samples_in_turn(tmp_path: Path) -> None:
    hand = Hand()
    samples = [(0.01, 0.99, 0.05, 0.1), (0.99, 0.01, 0.9, 0.2), (0.5, 0.5, 0.3, 0.7)]
    for step in range(hand.steps):
        given = zip(("t1", "t2", "i1", "i2"), samples[step % 3], strict=True)
        hand.odd |= {(name, step): x for name, x in given}
    verdict = judged(tmp_path, hand)
    assert (verdict.word, verdict.findings) == ("right", [])


def test_a_batch_is_one_row_for_every_sample(tmp_path: Path) -> None:
    """The weights are the same in all rows, and gradients stand beside each sample's error."""
    hand = Hand(steps=4)
    hand.rules |= {w: f"={{0{w}}}" for w in WEIGHTS}
    hand.odd |= {("i1", k): x for k, x in enumerate((0.0, 0.0, 1.0, 1.0))}
    hand.odd |= {("i2", k): x for k, x in enumerate((0.0, 1.0, 0.0, 1.0))}
    verdict = judged(tmp_path, hand)
    assert (verdict.word, only(verdict).severity, verdict.tables[0].gradients) == ("right", NOTE, 32)
    assert told(judged(tmp_path, hand.swapped("dE/dw7", "{a_h1}", "{a_h2}"))) == [("gradient", "AD34:AD36")]


def test_a_batch_whose_gradients_are_added_up_is_told_and_not_judged(tmp_path: Path) -> None:
    hand = Hand(steps=16)
    hand.rules |= {w: f"={{<{w}}}" for w in WEIGHTS}
    for step in range(16):
        hand.odd |= {("i1", step): float(step % 4 > 1), ("i2", step): float(step % 2)}
        if step and step % 4 == 0:
            batch = "SUM({<<<<G}:{<G})"
            hand.odd |= {(w, step): f"={{<{w}}}-$G$31*{batch.replace('G', f'dE/d{w}')}" for w in WEIGHTS}
    verdict = judged(tmp_path, hand)
    assert (verdict.word, verdict.code, told(verdict), verdict.tables[0].gradients) == ("not judged", 2, [], 8 * 16)
    assert "128 gradients compared" in verdict.sentence() and "; updates not judged: those of w1" in verdict.sentence()


def test_inputs_and_first_weights_by_formula_spaces_and_dollars(tmp_path: Path) -> None:
    hand = Hand().with_rules(**{name: f"={{<{name}}}" for name in ("t1", "t2", "i1", "i2")})
    hand.loose |= {f"B{k}": STARTS[w] for k, w in enumerate(WEIGHTS, 1)}
    hand.starts |= {w: f"=$B${k}" for k, w in enumerate(WEIGHTS, 1)}
    for step in (3, 4, 7):
        for name in ("dE/dw3", "h1", "a_o1"):
            text = str(FORMULAS[name])
            hand.odd[name, step] = text.replace("*", " * ").replace("{w", "{$w").replace("{i", " {i")
    verdict = judged(tmp_path, hand)
    assert (verdict.word, verdict.findings) == ("right", [])


@pytest.mark.parametrize("steps", [1, 2, 3])
def test_a_few_steps(steps: int, tmp_path: Path) -> None:
    verdict = judged(tmp_path, Hand(steps=steps))
    assert (verdict.word, verdict.findings, verdict.tables[0].gradients) == ("right", [], 8 * steps)
    hand = Hand(steps=steps).swapped("dE/dw3", "{a_h2}", "{a_h1}")
    assert told(judged(tmp_path, hand)) == [("gradient", hand.area("dE/dw3") if steps > 1 else "Z33")]


def test_sheetgen_s_own_workbooks_are_right(homework_book: Path, right: Path, build_book: BuildBook) -> None:
    for path in (homework_book, right, build_book("xor", steps=12)):
        verdict = audit(path)
        assert (verdict.word, told(verdict)) == ("right", []), path
        assert sum(t.gradients for t in verdict.tables) >= 200


# --- nothing compared is never right


NOTHING: dict[str, tuple[dict[str, Content], str]] = {
    "an unknown function": ({"E1": "=0.5*({t1}-{a_o1})^2+GAMMALN({t1}+2)*0"}, "GAMMALN is not understood"),
    "an error that is its own": ({"E_total": "={E1}+{E2}+0*{E_total}"}, "depends on itself"),
}


@pytest.mark.parametrize(("rules", "said"), NOTHING.values(), ids=list(NOTHING))
def test_an_error_without_a_derivative_is_doubtful(rules: dict[str, Content], said: str, tmp_path: Path) -> None:
    hand = Hand()
    hand.rules |= rules
    verdict = judged(tmp_path, hand)
    assert (verdict.code, sum(t.gradients for t in verdict.tables)) == (1, 0)
    unread = [f for f in verdict.findings if (f.severity, f.kind) == (WARNING, "unread")]
    assert any(f.cells == "W33:W44" and said in f.found for f in unread)
    assert not [f for f in verdict.findings if f.kind in ("gradient", "value", "forward") and f.cells != "W33:W44"]


def test_a_rounded_error_is_not_judged(tmp_path: Path) -> None:
    verdict = judged(tmp_path, Hand().with_rules(E_total="=ROUND({E1}+{E2},15)"))
    assert (verdict.code, verdict.findings) == (2, [])
    assert verdict.problem == (
        "Sheet1!W33:W44 was not judged: E depends on a rounded number (round), which has no derivative"
    )


def test_what_is_not_understood_is_listed_and_no_error(tmp_path: Path) -> None:
    hand = Hand().with_rules(g2=f"{FORMULAS['dE/dw2']}+GAMMALN({{t1}})*0")
    verdict = judged(tmp_path, hand)
    assert (verdict.word, told(verdict)) == ("doubtful", [("unread", "Y33:Y44")])
    assert verdict.unread[0] == "Sheet1!Y33: GAMMALN is not understood" and len(verdict.unread) == 12
    assert verdict.tables[0].gradients == 7  # of the first step: all that follows is unknown


def test_a_forward_pass_alone_is_not_judged(tmp_path: Path) -> None:
    hand = Hand(rules=without(*GRADIENTS))
    hand.rules |= {w: STARTS[w] for w in WEIGHTS}
    verdict = judged(tmp_path, hand)
    assert (verdict.word, verdict.code) == ("not judged", 2) and "forward pass only" in verdict.problem


def test_momentum_without_gradients_is_not_judged(tmp_path: Path) -> None:
    """There is but a note then, and that must not read as right."""
    hand = Hand(rules=without(*GRADIENTS), starts=STARTS | {f"v{k}": 0.0 for k in range(1, 9)})
    for k, w in enumerate(WEIGHTS, 1):
        hand.rules[f"v{k}"] = f"=0.9*{{<v{k}}}+{str(FORMULAS[f'dE/d{w}'])[1:]}"
        hand.rules[w] = f"={{<{w}}}-$G$31*{{<v{k}}}"
    verdict = judged(tmp_path, hand)
    assert (verdict.word, verdict.code) == ("not judged", 2)
    assert verdict.problem.startswith("updates not judged: those of w1, w2, w3, w4 and 4 more are not w - learning")


def test_pasted_gradients_are_compared_and_told(tmp_path: Path) -> None:
    path = write(tmp_path / "book.xlsx", {"Sheet1": Hand().cells()})
    numbers = ENGINES["IronCalc"](path).values["Sheet1"]
    hand = Hand()
    hand.odd |= {(g, s): float(numbers[hand.at(g, s)]) for g in GRADIENTS for s in range(hand.steps)}
    verdict = judged(tmp_path, hand)
    assert (verdict.word, verdict.tables[0].gradients) == ("doubtful", 96)
    assert told(verdict) == [("column", hand.area(g)) for g in GRADIENTS]
    hand.odd["dE/dw5", 4] = 0.1
    assert ("gradient", "AB37") in [(kind, cells.split(":")[0]) for kind, cells in told(judged(tmp_path, hand))]


def test_pasted_values_are_not_judged(tmp_path: Path) -> None:
    numbers: dict[str, Content] = {
        at: x if isinstance(x, str) and x[0] != "=" else 0.5 for at, x in Hand().cells().items()
    }
    verdict = audit(write(tmp_path / "book.xlsx", {"Sheet1": numbers}))
    assert (verdict.code, verdict.problem.count("pasted")) == (2, 1)


# --- errors, circles, stale results


def test_an_error_is_named_where_it_starts(tmp_path: Path) -> None:
    hand = Hand()
    hand.odd["E1", 4] = "=1/0"
    assert told(judged(tmp_path, hand)) == [("value", "U37")]  # E_total of the step is an error, too
    hand = Hand()
    hand.odd["w3", 4] = "={<w3}-$G$31*{<dE/dw3}/0"
    verdict = judged(tmp_path, hand)
    assert [f.cells for f in verdict.findings if f.kind == "value"] == ["G37"]
    assert {f.first for f in verdict.findings} == {"G37"}
    hand = Hand().with_rules(E2="=LN(0)")
    assert ("value", "V33:V44") in told(judged(tmp_path, hand))


def test_a_circle_is_named_once(tmp_path: Path) -> None:
    hand = Hand()
    hand.loose |= {"AG2": "=AH2", "AH2": "=AI2+1", "AI2": "=AG2", "AJ2": "=AI2*2"}
    finding = only(judged(tmp_path, hand))
    assert (finding.severity, finding.kind, finding.cells) == (ERROR, "circular", "AG2")
    assert finding.found == "it depends on itself: AG2 -> AH2 -> AI2 -> AG2"


def test_a_stale_result_is_named_where_it_starts(tmp_path: Path) -> None:
    """Excel writes what it computed; here two cells were not recalculated, and what follows from them was."""
    hand = Hand()
    path = write(tmp_path / "book.xlsx", {"Sheet1": hand.cells()})
    numbers = ENGINES["IronCalc"](path).values["Sheet1"]

    def saved(**changed: float) -> Path:
        with xlsxwriter.Workbook(str(path)) as book:
            page = book.add_worksheet("Sheet1")
            for at, content in hand.cells().items():
                if isinstance(content, str) and content.startswith("="):
                    page.write_formula(at, content, None, changed.get(at, numbers[at]))
                else:
                    page.write(at, content)
        return path

    assert audit(saved()).findings == []
    stale = audit(saved(Z40=0.5, Z41=0.5))
    assert stale.word == "doubtful"
    assert [(f.kind, f.cells) for f in stale.findings] == [("cached", "Z40:Z41")]
    assert "the file remembers 0.5" in stale.findings[0].found
