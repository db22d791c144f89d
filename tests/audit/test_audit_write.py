"""Somebody's formula, once read, is written back as Excel has it."""

import pytest
from reader_books import book

from sheetgen.audit.write import replaced, with_dollars, written
from sheetgen.reader import Formulas


def again(found: Formulas, at: str = "ZZ99") -> str:
    """The formula of a cell of sheet S, read and written."""
    formula = found.formula(("S", at))
    assert formula is not None
    names = {id(v): slot for v, slot in zip(formula.template.variables, formula.slots, strict=True)}
    return written(formula.template.root, names, "S")


@pytest.mark.parametrize("formula", [
    "A1-B1*C1", "(A1-B1)*C1", "-(A1^2)", "A1/(B1*C1)", "1/(1+EXP(-A1))", "LOG10(A1)", "ROUND(A1,2)", "ROUNDDOWN(A1,B1)",
    "IFERROR(A1,0)", "IF(A1>=B1,C1,0)", "ERF(A1)", "SINH(A1)+COSH(B1)*TAN(C1)", "MAX(A1,B1)", "MIN(A1,B1,C1)",
    "NORM.S.DIST(A1,TRUE)",
])  # fmt: skip
def test_a_formula_comes_back_as_it_was(formula: str) -> None:
    assert again(book({"A1": 1.0, "B1": 2.0, "C1": 3.0, "ZZ99": f"={formula}"})) == f"={formula}"


@pytest.mark.parametrize(("sheet", "said"), [("Other", "Other!A1"), ("My_sheet", "'My sheet'!A1")])
def test_a_cell_of_another_sheet_is_named_as_a_formula_names_it(sheet: str, said: str) -> None:
    assert again(book({"ZZ99": f"=2*{said}"}, **{sheet: {"A1": 1.0}})) == f"=2*{said}"


def test_the_quote_in_a_sheet_s_name_is_doubled() -> None:
    assert again(book({"ZZ99": "=2*'Ann''s'!A1"}, **{"Ann's": {"A1": 1.0}})) == "=2*'Ann''s'!A1"


@pytest.mark.parametrize(("text", "there"), [
    ("$A1-B$1*A1", "$A1-D$2*A1"), ("S!A1-'S'!$B$1*A1", "S!A1-'S'!$D$2*A1"), ("A1-B1", ""), ("A1-eta*B1*A1", ""),
    ("A1-SUM(B1:B1)*A1", ""), ("A1-T[B1]*A1*B1", ""), ("IF(TRUE,A1,B1)-A1", "IF(TRUE,A1,D2)-A1"),
])  # fmt: skip
def test_a_reference_is_replaced_where_each_is_one_cell(text: str, there: str) -> None:
    old = [("S", "A1"), ("S", "B1"), ("S", "A1")]
    assert replaced(text, old, [("S", "A1"), ("S", "D2"), ("S", "A1")]) == there


def test_new_cells_have_the_dollars_of_the_old_ones_where_those_are_always_the_same() -> None:
    old, new = [("S", "A1"), ("S", "B1"), ("S", "B1")], [("S", "A2"), ("S", "B2"), ("S", "C3"), ("S", "D4")]
    assert with_dollars("$A1-B$1*B1", old, new) == [("S", "$A2"), *new[1:]]
    assert with_dollars("$A1-B$1*B$1", old, new) == [("S", "$A2"), ("S", "B$2"), ("S", "C$3"), ("S", "D4")]
