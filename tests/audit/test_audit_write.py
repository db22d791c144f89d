"""Somebody's formula, once read, is written back as Excel has it."""

import pytest
from reader_books import book

from sheetgen.audit.write import written
from sheetgen.reader import Book


def again(found: Book, at: str = "ZZ99") -> str:
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
