"""A stranger's workbook that stays open in IronCalc, in this process and in one of its own."""

from __future__ import annotations

import gc

import pytest
from grad_books import Cells, book

from sheetgen.base.errors import UserError
from sheetgen.excel import Entry, ErrorValue
from sheetgen.grad.engine import CANNOT
from sheetgen.grad.result import grad
from sheetgen.judge.engines import apart
from sheetgen.judge.engines.iron import Live


def test_what_was_typed_is_put_back() -> None:
    cells: Cells = {"A1": 2, "A2": "=A1*3", "A4": "=A1+A2+A3", "A5": "=A1(", "A6": "=IFERROR(A5,7)"}
    live, target = Live(book(cells).workbook), ("Sheet1", "A4")
    for at, number, value in (("A1", 5.0, 20.0), ("A2", 1.0, 3.0), ("A3", 4.0, 12.0)):
        assert live.recalculate(target, {("Sheet1", at): number}) == value
        assert live.recalculate(target, {}) == 8
    assert live.recalculate(("Sheet1", "A6"), {}) == 7  # a formula that is refused is an error, and no empty cell
    assert live.recalculate(("Sheet1", "A6"), {("Sheet1", "A5"): 3.0}) == 3
    assert live.recalculate(("Sheet1", "A6"), {}) == 7


def test_results_of_array_formulas_are_calculated_and_nobody_types_into_them() -> None:
    cells = {"A1": 1, "A2": 2, "B1": Entry("A1:A2*10", 7.0), "B2": Entry(None, 7.0), "C1": "=SUM(B1:B2)"}
    workbook = book(cells, arrays={("Sheet1", "B1"): "B1:B2"}).workbook
    live = Live(workbook)
    assert live.recalculate(("Sheet1", "C1"), {}) == 30
    assert live.recalculate(("Sheet1", "C1"), {("Sheet1", "A2"): 5.0}) == 60
    for at in ("B1", "B2"):
        with pytest.raises(UserError, match="Nobody types into a result of an array formula"):
            live.recalculate(("Sheet1", "C1"), {("Sheet1", at): 5.0})
    with pytest.raises(UserError, match="so many cells"):
        Live(workbook._replace(arrays={("Sheet1", "B1"): "B1:XFD1048576"}))


def test_results_of_what_if_data_tables_are_errors_to_the_engine(monkeypatch: pytest.MonkeyPatch) -> None:
    cells: Cells = {"A1": 1, "D3": 6, "D4": 8, "F1": "=D4*A1", "G1": "=A1"}
    live = Live(book(cells, what_ifs={("Sheet1", "D3"): "D3:D4"}).workbook)
    assert live.recalculate(("Sheet1", "F1"), {}) == ErrorValue("#N/A")
    assert live.recalculate(("Sheet1", "G1"), {}) == 1
    many = {("Sheet1", f"A{k}"): "A1:XFD9" for k in range(100)}
    monkeypatch.setattr("sheetgen.judge.engines.iron.MAX_LOOKED_AT", 1_000)
    with pytest.raises(UserError, match="so many"):
        Live(book(cells, what_ifs=many).workbook)


# In a process of its own.


def test_an_engine_apart_does_the_same() -> None:
    cells: Cells = {"A1": 2, "A2": "=A1*3", "B1": Entry("A1:A2*10", 7.0)}
    engine = apart.Apart(book(cells, arrays={("Sheet1", "B1"): "B1"}).workbook)
    assert engine.recalculate(("Sheet1", "A2"), {}) == 6
    assert engine.recalculate(("Sheet1", "A2"), {("Sheet1", "A1"): 5.0}) == 15
    with pytest.raises(UserError, match="Nobody types into"):
        engine.recalculate(("Sheet1", "A2"), {("Sheet1", "B1"): 5.0})
    assert engine.recalculate(("Sheet1", "A2"), {}) == 6
    process = engine.process
    del engine
    gc.collect()
    assert process.poll() is not None  # it ends with whoever asked


def test_an_engine_that_takes_too_long_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    """A maximum of 17 billion cells, which does not even concern the target."""
    monkeypatch.setattr(apart, "SECONDS", 1.0)
    cells: Cells = {"A1": 2, "AA1": "=A1*2", "AA2": "=MAX(A1:Y1048576,AB1:XFD1048576)"}
    found = grad(book(cells), "AA1", ["A1"], apart.Apart)
    assert found.rows[0].check == CANNOT and found.right
    assert found.check.engine is None
    assert found.summary().endswith(" cannot calculate it")
    assert found.notes == ["IronCalc had to be ended, or took longer than 1 seconds"]
