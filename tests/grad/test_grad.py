"""Derivatives of any workbook: equal to PyTorch autograd's, to differences, and to what finance textbooks give."""

from __future__ import annotations

import math
import re
from typing import Any

import pytest
import torch
from grad_books import AT, OPTION, Cells, book, checked, loan, training
from grad_random import Made, by_torch, workbooks
from hypothesis import assume, given, settings

from sheetgen.grad import result
from sheetgen.grad.engine import AGREES, DIFFERS, UNCHECKED, VAGUE
from sheetgen.grad.result import Result, grad
from sheetgen.grad.reverse import CannotDifferentiate, sweep


def derivatives(found: Result) -> dict[str, float | None]:
    """Address -> derivative."""
    return {row.place[1]: row.derivative for row in found.rows}


def refusal(cells: Cells, cell: str, *ranges: str) -> str:
    """The one sentence of a refusal."""
    with pytest.raises(CannotDifferentiate) as error:
        grad(book(cells), cell, ranges)
    assert "\n" not in str(error.value)
    return str(error.value)


@settings(max_examples=100, deadline=None)
@given(workbooks())
def test_it_agrees_with_pytorch_on_random_workbooks(made: Made) -> None:
    cells, formulas = made
    known = by_torch(cells, formulas)
    last = formulas[-1][0]
    assume(abs(float(known[last].detach())) < 1e6)
    known[last].backward()  # type: ignore[no-untyped-call,unused-ignore]
    found = grad(book(cells), last, ["A1:A4", f"B1:{last}"])
    assert math.isclose(found.value, float(known[last].detach()), rel_tol=1e-12, abs_tol=1e-12)
    if any("kink" in note for note in found.notes):
        return  # where two are equal, PyTorch halves
    largest = max(float(t.grad.abs()) for t in known.values() if t.grad is not None)
    for name, d in derivatives(found).items():
        wanted = known[name].grad
        assert d is not None
        assert math.isclose(d, 0.0 if wanted is None else float(wanted), rel_tol=1e-9, abs_tol=1e-12 * largest), name


@settings(max_examples=40, deadline=None)
@given(workbooks())
def test_the_numeric_check_raises_no_false_alarm(made: Made) -> None:
    cells, formulas = made
    last = formulas[-1][0]
    found = checked(book(cells), last, ["A1:A4", f"B1:{last}"])
    if not found.notes:
        assert {row.check for row in found.rows} <= {AGREES, VAGUE}, found.rows


@settings(max_examples=40, deadline=None)
@given(workbooks())
def test_the_numeric_check_catches_a_wrong_derivative(made: Made) -> None:
    cells, formulas = made
    last = formulas[-1][0]

    def wrong(*arguments: Any) -> Any:
        swept = sweep(*arguments)
        swept.adjoints[:-1] = [1.0001 * d for d in swept.adjoints[:-1]]
        return swept

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(result, "sweep", wrong)
        found = checked(book(cells), last, ["A1:A4"])
    checks = {row.check for row in found.rows if row.derivative}
    if not found.notes:
        assert checks <= {DIFFERS, VAGUE}, found.rows
        assert found.right == (DIFFERS not in checks)


# Models that people make.


def test_the_greeks_of_an_option() -> None:
    model = book(OPTION)
    call = derivatives(checked(model, "B8", ["B1:B5"]))
    put = derivatives(checked(model, "B9", ["B1:B5"]))
    found = grad(model, "B11", ["B1"])
    assert found.rows[0].label == "Spot" and found.label == "Vega"
    greeks = {name: grad(model, name, ["B1"]).value for name in ("B10", "B11")}
    assert math.isclose(grad(model, "B8", ["B1"]).value, 4.759422392871535, rel_tol=1e-12)  # Hull's example: 4.76
    assert call["B1"] == pytest.approx(greeks["B10"], rel=1e-12)
    assert put["B1"] == pytest.approx(greeks["B10"] - 1, rel=1e-12)
    assert call["B4"] == pytest.approx(greeks["B11"], rel=1e-12) and put["B4"] == pytest.approx(
        greeks["B11"], rel=1e-12
    )
    discount = math.exp(-0.1 * 0.5)  # put and call differ by spot - strike * discount
    assert call["B3"] is not None and put["B3"] is not None
    assert call["B3"] - put["B3"] == pytest.approx(0.5 * 40 * discount, rel=1e-12)


def test_a_loan() -> None:
    months, principal, rate = 360, 250_000.0, 0.045
    cells = loan(months)
    found = checked(book(cells), "B5", ["B1:B4", "H10"])
    assert found.right and {row.check for row in found.rows} == {AGREES}
    assert [row.label for row in found.rows] == ["Loan", "Yearly rate", "Months", "Payment", "Balance"]
    r = torch.tensor(rate, dtype=torch.float64, requires_grad=True)
    p = torch.tensor(principal, dtype=torch.float64, requires_grad=True)
    payment = p * (r / 12) / (1 - (1 + r / 12) ** -months)
    balance, interest = p, torch.zeros((), dtype=torch.float64)
    for _ in range(months):
        interest, balance = interest + balance * r / 12, balance - (payment - balance * r / 12)
    interest.backward()  # type: ignore[no-untyped-call,unused-ignore]
    assert p.grad is not None and r.grad is not None
    by_cell = derivatives(found)
    assert by_cell["B1"] == pytest.approx(float(p.grad), rel=1e-9)
    assert by_cell["B2"] == pytest.approx(float(r.grad), rel=1e-9)
    assert found.rows[0].elasticity == pytest.approx(1, rel=1e-9)  # twice the loan, twice the interest


def test_depreciation_and_discounted_cash() -> None:
    cells: Cells = {"A1": "Cost", "B1": 30_000, "A2": "Salvage", "B2": 7_500, "A3": "Life", "B3": 10, "B4": 0.08}
    for k in range(1, 11):
        cells |= {f"D{k}": k, f"E{k}": "=SLN($B$1,$B$2,$B$3)", f"F{k}": f"=SYD($B$1,$B$2,$B$3,D{k})"}
        cells |= {f"G{k}": f"=MAX(E{k},F{k})", f"H{k}": f"=DDB($B$1,$B$2,$B$3,D{k})"}
    cells |= {"B5": "=NPV(B4,F1:F10)-NPV(B4,E1:E10)", "B6": "=SUM(F1:F10)", "B7": "=SUM(G1:G10)"}
    found = checked(book(cells), "B5", ["B1:B4"])
    assert {row.check for row in found.rows} == {AGREES}
    whole = derivatives(checked(book(cells), "B6", ["B1:B2"]))
    assert whole == pytest.approx({"B1": 1, "B2": -1}, rel=1e-12)  # in the end all is written off
    declining = checked(book(cells | {"B8": "=SUM(H1:H5)"}), "B8", ["B1"])
    assert derivatives(declining)["B1"] == pytest.approx(1 - 0.8**5, rel=1e-12)  # a fifth each year of what is left
    assert declining.rows[0].check == AGREES
    better = derivatives(checked(book(cells), "B7", ["B1"]))
    assert better["B1"] == pytest.approx(sum(max(1 / 10, k / 55) for k in range(1, 11)), rel=1e-12)


def test_a_training_is_differentiated_through_all_its_updates() -> None:
    rows, rate = 20, 0.5
    ranges = [f"{AT['w1']}4:{AT['w4']}4", f"{AT['w5']}4:{AT['w8']}4", "G1"]
    found = checked(book(training(rows, rate)), f"{AT['E_total']}{rows + 3}", ranges)
    assert found.right and [row.label for row in found.rows] == [*(f"w{k}" for k in range(1, 9)), "learning rate"]
    start = torch.tensor([0.15, 0.2, 0.25, 0.3, 0.4, 0.45, 0.5, 0.55], dtype=torch.float64, requires_grad=True)
    eta = torch.tensor(rate, dtype=torch.float64, requires_grad=True)
    i, t = torch.tensor([[0.05, 0.1]], dtype=torch.float64), torch.tensor([0.01, 0.99], dtype=torch.float64)
    w = start
    for k in range(rows):
        hidden = torch.sigmoid(w[:4].reshape(2, 2) @ i.T)
        error = ((t - torch.sigmoid(w[4:].reshape(2, 2) @ hidden).ravel()) ** 2).sum() / 2
        if k < rows - 1:
            w = w - eta * torch.autograd.grad(error, w, create_graph=True)[0]
    error.backward()  # type: ignore[no-untyped-call,unused-ignore]
    assert start.grad is not None and eta.grad is not None
    assert found.value == pytest.approx(float(error.detach()), rel=1e-12)
    assert [row.derivative for row in found.rows] == pytest.approx([*start.grad.tolist(), float(eta.grad)], rel=1e-9)


# What a derivative is, and where there is none.


def test_a_given_cell_that_holds_a_formula_becomes_a_number_and_what_follows_is_recalculated() -> None:
    found = checked(book({"A1": 2, "B1": "=A1*3", "C1": "=A1*B1"}), "C1", ["A1:C1"])
    assert derivatives(found) == {"A1": 12, "B1": 2, "C1": 1}  # A1 moves B1 too
    assert {row.check for row in found.rows} == {AGREES}


@pytest.mark.parametrize(
    ("formula", "derivative"),
    [
        ("=IF(A1<0,A1*2,LN(A1))", 2),
        ("=IF(A1<0,A1*2,B1)", 2),  # B1 is LN(A1), an error
        ("=IF(A1<0,A1*2,B2)", 2),  # B2 is not understood and depends on A1
        ("=IF(A1<0,A1*2,B3)", 2),  # B3 is ROUND(A1)
        ("=IF(ROUND(A1,0)<-1,A1*2,7)", 2),
        ("=SIGN(ROUND(A1,0))*A1", -1),
        ("=A1*ROUND(3.4,0)", 3),
        ("=0*ROUND(A1,0)+A1", 1),
        ("=A1^A2", -4),  # the exponent, 2, is not asked for
        ("=A1^3", 12),
        ("=IF(A1,A1^2,0)", -4),
        ("=AND(A1>-3,A2>5)+A1", 1),
        ("=MAX(A1,-5,ABS(A1)-9)", 1),
        ("=SUM(A1:A2,A1)", 2),
        ("=-A1^2", -4),
        ("=SQRT(A3)*0+A1", 1),
        ("=IFERROR(B1,A1*5)", 5),
        ("=IFERROR(A1*3,B2)", 3),
    ],
)
def test_nothing_passes_where_nothing_depends(formula: str, derivative: float) -> None:
    cells: Cells = {
        "A1": -2,
        "A2": 2,
        "A3": 0,
        "B1": "=LN(A1)",
        "B2": "=NOSUCH(A1)",
        "B3": "=ROUND(A1,0)",
        "C1": formula,
    }
    found = checked(book(cells | {"C1": formula}), "C1", ["A1"])
    assert derivatives(found) == {"A1": pytest.approx(derivative, rel=1e-12)}
    assert found.rows[0].check == AGREES and found.notes == []


def test_many_arguments_and_long_chains() -> None:
    n = 20_000
    cells: Cells = {f"A{k}": 1 + k / 1e6 for k in range(1, 301)}
    cells |= {"B1": "=PRODUCT(A1:A300)", "C1": "=B1"} | {f"C{k}": f"=C{k - 1}*1.0001" for k in range(2, n + 1)}
    found = grad(book(cells), f"C{n}", ["A1:A300"])
    for row in found.rows:
        assert row.derivative == pytest.approx(found.value / (row.value or math.nan), rel=1e-10)
    assert found.right and found.rows[0].check == UNCHECKED


@pytest.mark.parametrize(
    ("cells", "cell", "sentence"),
    [
        ({"B1": "=ROUND(A1,2)*A1"}, "B1", r"Sheet1!B1 uses ROUND, through which no derivative passes"),
        ({"B1": "=INT(A1)", "B2": "=B1*2"}, "B2", r"Sheet1!B1 uses INT, through .*"),
        ({"B1": "=A2+1"}, "A2", r"Sheet1!A2 is empty: it depends on nothing"),
        ({"B1": 3}, "B1", r"Sheet1!B1 holds a number and no formula: .*"),
        ({"B1": "x"}, "B1", r"Sheet1!B1 holds a text or an error and no formula: .*"),
        ({"B1": "=NOSUCH(A1)"}, "B1", r"Sheet1!B1 is not understood: .*NOSUCH.*"),
        (
            {"B1": "=NOSUCH(A1)", "B2": "=B1+A1"},
            "B2",
            r"Sheet1!B1 .*NOSUCH.*, it depends on Sheet1!A1, and .*",
        ),
        ({"B1": "=A1+1", "B2": "=NOSUCH(B1)", "B3": "=B2+A1"}, "B3", r"Sheet1!B2 .* depends on Sheet1!A1.*"),
        ({"B1": "=NOSUCH(A:A)", "B3": "=B1+A1"}, "B3", r"Sheet1!B1 .* depends on Sheet1!A1.*"),
        ({"B1": "=NOSUCH(4)", "B3": "=B1+A1"}, "B3", r"Sheet1!B1 .*NOSUCH.*, it remembers no number, .*"),
        ({"B1": '=INDIRECT("A"&1)', "B3": "=B1+A1"}, "B3", r"Sheet1!B1 .* cannot be told whether .*"),
        ({"B1": "=1/0", "B3": "=IF(A1>9,B2,B1)"}, "B3", r"Sheet1!B1 is an error where .*, and Sheet1!B3 depends on it"),
        ({"B1": "x", "B3": "=A1*B1"}, "B3", r"Sheet1!B1 holds a text or an error, .*"),
        (
            {"B1": "=B3+A1", "B2": "=B1", "B3": "=B2"},
            "B3",
            r"Sheet1!B3 depends on itself: .*!B3 -> .* -> .*!B3",
        ),
        (
            {"B1": "=B50+A1"} | {f"B{k}": f"=B{k - 1}" for k in range(2, 51)},
            "B50",
            r"Sheet1!B50 depends on itself: .*44 more.*",
        ),
    ],
)
def test_what_cannot_be_differentiated_is_said_in_one_sentence(cells: Cells, cell: str, sentence: str) -> None:
    assert re.fullmatch(sentence, refusal({"A1": 2, **cells}, cell, "A1"))
