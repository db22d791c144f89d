"""The reader: what a formula means, what its references reach, and what is not understood."""

import math
from pathlib import Path
from typing import Any

import pytest
import xlsxwriter
from books import STEADY, BuildBook
from hypothesis import given, settings
from hypothesis import strategies as st
from reader_books import Held, book, of, value

from sheetgen.cells.cell import Evaluator, backward
from sheetgen.excel import ErrorValue, read
from sheetgen.excel.a1 import Area
from sheetgen.excel.tables import Table
from sheetgen.reader import Circular, Formulas, NotUnderstood, cone, values

CELLS: dict[str, Held] = {
    "A1": 3, "A2": -2, "A3": 5, "B1": "abc", "B2": "7", "B3": True, "C1": 0.1, "C2": 0.2, "C3": ErrorValue("#N/A"),
}  # fmt: skip


@pytest.mark.parametrize(("formula", "result"), [
    ("-2^2", 4), ("-A1^2", 9), ("0-A1^2", -9), ("2^-2", 0.25), ("2^3^2", 64), ("2^-2^2", 0.0625), ("-2^-2", 0.25),
    ("50%", 0.5), ("-50%", -0.5), ("200%%", 0.02), ("2^200%", 4), ("-A1%", -0.03), ("9-3-2", 4), ("1-(2-3)", 2),
    ("A1-A2-A3", 0), ("A1-(A2-A3)", 10), ("8/4/2", 1), ("8/(4/2)", 4), ("A1/(A2*A3)", -0.3), ("A1/A2*A3", -7.5),
    ("2*3+4*5", 26), ("2+3*4", 14), ("2*3^2", 18), ("1+2=3", 1), ("2<3", 1), ("1<2=TRUE", 1), ("3>2>1", 1),
    ("+A1", 3), ("--A1", 3), ("-+-A1", 3), ("1--1", 2), ("2*-3", -6), ("-(2+3)", -5), ("((A1))", 3), (" A1 + 1 ", 4),
    ("3>2=1", 0), ("1/0>2>1", math.nan),
    ("1E3+.5", 1000.5), ("1.5e-1", 0.15), ("TRUE+1", 2), ("FALSE", 0), ("a1*A$1*$A1*$A$1", 81), ("1<>1", 0),
])  # fmt: skip
def test_signs_bind_as_in_excel(formula: str, result: float) -> None:
    assert value(formula, CELLS) == pytest.approx(result, rel=1e-15, nan_ok=True)


@pytest.mark.parametrize(("formula", "result"), [
    ("SUM(A1:C2)", 1.3), ("SUM(A1:A3)", 6), ("SUM(B1:B3)", 0), ("SUM(B2)", 0), ("SUM(B2+0)", 7), ("SUM(B3,1)", 1),
    ("SUM(TRUE,1)", 2), ("SUM(A1,,2)", 5), ("SUM(A1:A2,A1:A2)", 2), ("SUM((A1))", 3), ("SUM(C1:C3)", math.nan),
    ("AVERAGE(A1:B3)", 2), ("AVERAGE(E1:E3)", math.nan), ("AVERAGE(A1,E1)", 3), ("AVERAGE(A1,E1+0)", 1.5),
    ("MAX(E5,-3)", -3), ("MAX(E5+0,-3)", 0), ("MAX(B1:B3)", 0), ("MIN(A1:B3)", -2), ("PRODUCT(A1:B3)", -30),
    ("PRODUCT(E1:E2)", 0), ("COUNT(A1:C3)", 5), ("COUNT(B2,1,TRUE)", 2), ("SUMSQ(A1:B2)", 13), ("B2*2", 14),
    ("B3+1", 2), ("B1+1", math.nan), ("C3+1", math.nan), ("E1+1", 1), ("VAR(A1)", math.nan), ("VARP(A1)", 0),
    ("STDEV(E1:E9)", math.nan), ("SUMPRODUCT(A1:A3,B1:B3)", 0), ("SUMPRODUCT(A1:A3*2)", 12),
    ("SUMPRODUCT((A1:A3>0)*A1:A3)", 8), ("SUMPRODUCT(A1:A3>0)", 0), ("SUMPRODUCT(--(A1:A3>0))", 2), ("SUM(1:1)", 3.1),
    ("SUM(A:A)", 6), ("SUM(A:B,C1)", 6.1), ("MAX($A:$A)", 5), ("AND(B1:B3)", 1), ("OR(A1<0,A2<0)", 1),
    ("AND(A1:A3)", 1), ("NOT(B3)", 0), ("AND(A1>0,A2>0)", 0),
])  # fmt: skip
def test_texts_blanks_and_truth_values(formula: str, result: float) -> None:
    assert value(formula, CELLS) == pytest.approx(result, rel=1e-15, nan_ok=True)


@pytest.mark.parametrize(("formula", "result"), [
    ('A1="abc"', 0), ('B1="ABC"', 1), ('B1<>"x"', 1), ('A1=""', 0), ('E1=""', 1), ("E1=0", 1), ("A1=B1", 0),
    ("B3=TRUE", 1), ("A1=TRUE", 0), ('"a"="A"', 1), ('C3="a"', math.nan), ("C1+C2=0.3", 1), ('IF(A1<>"",A1,0)', 3),
    ("E1=FALSE", 1), ('IF(B1="abc1",2,3)', 3), ("IF(A1>0,1)", 1), ("IF(A1<0,1)", 0), ("IF(C3,1,2)", math.nan),
    ("IF(A1>0,1,C3)", 1), ('IF(A1>0,"x",1)', math.nan), ('IF(A1<0,"x",1)', 1), ("IF(A1>0,IF(A2>0,1,2),3)", 2),
    ("IF(,1,2)", 2), ("IF(TRUE,,5)", 0), ("IFERROR(1/0,5)", 5), ("IFERROR(C3,5)", 5), ("IFERROR(A1,5)", 3),
    ("IFERROR(IFERROR(1/0,LN(0)),7)", 7), ('IFERROR(A1/0,"no")', math.nan), ("IFERROR(1/0,)", 0),
    ("CHOOSE(2,A1,A2)", -2), ("CHOOSE(4,1,2,3)", math.nan), ("INDEX(A1:A3,2)", -2), ("INDEX(A1:C2,2,3)", 0.2),
    ("INDEX(A1:C1,3)", 0.1), ("SUM(INDEX(B1:B3,2),1)", 1), ('A1>"a"', 0), ('A1<"a"', 1), ("A1>B2", 0), ("A1<B3", 1),
    ("B2<B3", 1), ("B3>A1", 1), ("C3<B3", math.nan), ("INDEX(A1:A3,A1)", 5), ("INDEX(A1:A3,1+1)", -2),
    ("INDEX(A1:C3,A1,COLUMNS(A1:C1)-2)", 5), ("INDEX(A1:A3,A2+9)", math.nan), ("SUM(INDEX(A1:C3,0,1))", 6),
    ("SUM(INDEX(A1:C2,2,0))", -1.8), ("SUM(INDEX(INDEX(A1:C3,0,1),1+1),1)", -1), ("SUM(INDEX(A1:B3,,1))", 6),
    ("MATCH(5,A1:A3,0)", 3), ("MATCH(A2,A1:A3,0)", 2), ("MATCH(9,A1:A3,0)", math.nan), ('MATCH("ABC",B1:B3,0)', 1),
    ("MATCH(TRUE,B1:B3,0)", 3), ("MATCH(0.2,C1:C3,0)", 2), ('MATCH("7",A1:C2,0)', "several rows"),
    ("INDEX(A1:A3,MATCH(B1,B1:B3,0))", 3), ("MATCH(0,E1:E3,0)", math.nan), ("MATCH(C3,A1:A3,0)", math.nan),
    ("MATCH(0.2,C1:C3)", "with 0 as its third"), ('MATCH("a*",B1:B3,0)', "wildcards"), ("MATCH(E1,A1:A3,0)", "empty"),
    ("ROWS(A1:C2)", 2), ("COLUMNS(A1:C2)", 3), ("ROWS(A1)", 1), ("ROWS(3)", "no range"), ("COUNTA(A1:E3)", 9),
    ("COUNTA(E1,1,B1)", 2), ("COUNTA(1,)", "nothing between"), ("SUM(A1,ROWS(A:A))", "too many cells"),
    ('IF("a"&B1="AABC",1,2)', 1), ('IF(B2&1+1&TRUE="72TRUE",1,2)', 1), ('IF(E1&""="",1,2)', 1),
    ('MATCH("x"&1,B1:B3,0)', math.nan), ('A1&"x"="3x"', "may change"), ('MAX(A1,"9")', 9),
    ('SUM("15",1)', 16), ('SUM("1.5",1)', "may be a text"), ('COUNT("5",A1)', 2),
    ('SUM("5%",1)', "may be a text"), ('AND("1")', "may be a text"),
])  # fmt: skip
def test_comparisons_and_choices(formula: str, result: float | str) -> None:
    found = value(formula, CELLS)
    assert result in str(found) if isinstance(result, str) else found == pytest.approx(result, nan_ok=True)


@pytest.mark.parametrize(("formula", "why"), [
    ("A1:A3*2", "a range where one cell belongs"), ("A1:A3", "a range"),
    ("SUM(A1:A3*2)", "a range where one cell belongs"), ("-A1:A3", "a range"), ("SUM(-A1:A3)", "a range"),
    ("SUM(A1:A3%)", "a range"), ("EXP(A1:A3)", "EXP has a range"), ("SUMPRODUCT(IF(A1:A3>0,1,0))", "a range"),
    ("SUM(IF(A1:A3>0,1,0))", "a range"), ("SUMPRODUCT(SUM(A1:A3*2))", "a range"), ('B1>"a"', "compares texts"),
    ("B1>B2", "compares texts"), ("E1<B1", "compares texts"), ('"a"&"b"', "it is a text"), ('A1&"b"', "joins texts"),
    ('"5"+1', "calculates with a text"), ('"a"', "it is a text"), ('"5%"', "it is a text"),
    ('-"a"', "calculates with a text"), ('"a"%', "calculates with a text"), ('EXP("1")', "calculates with a text"),
    ('IF("a",1,2)', "a text for a truth"), ('IF(A1>0,"5",1)+1', "may be a number"),
    ('IFERROR(A1,"5")+1', "may be a number"), ('IFERROR("x",1)', "calculates with a text"),
    ('SUM("x",1)', "may be a text"), ("SUM(B1&B2)", "may be a text"), ("IF(B2,1,2)", "a text for a truth"),
    ("IFERROR(B1,1)", "IFERROR has a text"), ("IFERROR(B1+1,1)", "IFERROR has a text"),
    ("MMULT(A1:B2,A1:B2)", "no number"), ("SUMXMY2(A1:A3,B1:B3)", "no number"),
    ("SUMXMY2(A1:A3,A1:A2)", "different shapes"), ("AND(E1:E2)", "no truth value"), ("INDEX(A1:C3,A1,0)", "may change"),
    ("INDEX(A1:A3,4)", "leaves its range"), ("INDEX(A1:B3,2)", "two dimensions"),
    ("SUM(IF(A1>0,B1,1))", "may be a text"), ("SUM(IF(A1>0,A1))", "may be a text"), ("NPV(0.1,E1:E2)", "no number"),
    ("DATE(2020,1,1)", "DATE is not understood"), ("VLOOKUP(A1,A1:B3,2)", "VLOOKUP is not understood"),
    ("X()", "X is not"), ("_xlfn.LET(a,1,a)", "LET is not understood"), ("A1()", "is not understood"),
    ("EXP()", "too few"), ("EXP(1,2)", "too few"), ("SUM()", "too few"), ("IF(1)", "too few"),
    ("nowhere", "no name nowhere"), ("Other!A1", "no sheet Other"), ("'[1]S'!A1", "no sheet"),
    ("[1]S!A1", "no sheet [1]S"),
    ("S:T!A1", "no sheet S:T"), ("A1:S!B2", "the range operator"), ("A0", "no cell A0"), ("XYZ1", "no cell XYZ1"),
    ("A1048577", "no cell A1048577"), ("A1 A2", "an intersection"), ("(A1,A2)", "a union"), ("{1,2}", "unexpected"),
    ("SUM({1,2})", "unexpected"), ("@A1", "unexpected at @"), ("A1#", "unexpected at #"), ("1+", "its end"),
    ("", "its end"),
    ("()", "unexpected"), ("SUM(", "its end"), ("1)", "unexpected at )"), ("*2", "unexpected"), ("1 2", "unexpected"),
    ("#REF!+1", "the error #REF!"), ("S!#REF!", "the error #REF!"), ("Table1[x]", "no table Table1"),
    ('"open', 'unexpected at "'),
    ("1,2", "unexpected"), ("A1:INDEX(A:A,3)", "not understood"), ("A1:B2:C3", "the range operator"),
    ("INDEX(A:A,2)", "too many cells"), ("=A1", "unexpected"), ("1_0+1", "unexpected at 1_0"),
    ("SIGN(1E999)", "unexpected at 1E999"), ("INDEX(A1:A3,1E999)", "unexpected"), ("SUM(A1;2)", "unexpected at ;"),
    ("VAR(A1>0,2)", "a truth value"), ("VAR(,2)", "nothing among"), ("NPV(1,A1>0)", "a truth value"),
    ("INDEX(A1>0,1)", "no range"), ("ROUND(2.5)", "too few"), ("IFERROR(1)", "too few"),
])  # fmt: skip
def test_what_is_not_understood_says_why(formula: str, why: str) -> None:
    found = value(formula, CELLS)
    assert isinstance(found, str) and why in found and len(found) < 120


def test_what_is_not_understood_counts_with_what_it_remembers() -> None:
    found = book(
        {"A1": ("=NOW()", 42), "A2": "=A1*2", "B1": "=NOW()", "B2": "=B1*2", "C1": ("=NOW()", "x"), "C2": "=C1*2"}
    )
    numbers, circles = values(found)
    assert numbers["S", "A2"] == 84 and not circles
    assert math.isnan(numbers["S", "B2"]) and math.isnan(numbers["S", "C2"])
    assert set(found.problems) == {("S", "A1"), ("S", "B1"), ("S", "C1")}


# References.

NAMES = {
    "eta": "S!$A$1", "Other sheet!eta": "'Other sheet'!$B$2", "half": "0.5", "rate": "=eta*half", 
    
    "both": "S!$A$1:$A$3", "two": "S!$A$1,'Other sheet'!$B$2", "loop": "loop2+1", "loop2": "loop", "column": "S!$A:$A",
    "gone": "S!#REF!", "Sum_1.x": "SUM(both)",
}  # fmt: skip


@pytest.mark.parametrize(("formula", "result"), [
    ("eta", 3), ("ETA*2", 6), ("half", 0.5), ("rate", 1.5), ("-rate^2", 2.25), ("SUM(both)", 6), ("SUM(column)", 6),
    ("sum_1.X", 6), ("'Other sheet'!eta", 20), ("'Other sheet'!B2+A1", 23), ("SUM('Other sheet'!B1:B$2)", 30),
    ("'other SHEET'!B2", 20), ("'It''s'!A1", 7), ("S!A1", 3), ("s!$A1", 3), ("S!eta", 3),
    ("SUM(S:It''s!A1)", "unexpected"), ("SUM('S:It''s'!A1)", 10), ("MAX('It''s:S'!A1,2)", 7), ("SUM(two)", 23),
    ("SUM((A1,A1:A2,'It''s'!A1))", 11), ("COUNT((A1:C1,A9))", 2), ("SUMPRODUCT((A1,A2))", "uses a union"),
    ("EXP((A1,A2))", "EXP has a range"), ("(A1,A2)*2", "a range"), ("INDEX((A1,A2),1)", "uses a union"),
    ("loop", "too many others"), ("both", "a range"), ("gone", "the error #REF!"), ("two", "a union"),
])  # fmt: skip
def test_names_and_other_sheets(formula: str, result: float | str) -> None:
    sheets: dict[str, Any] = {"Other_sheet": {"B1": 10, "B2": 20}, "It's": {"A1": 7}}
    found = value(formula, CELLS, names=NAMES, **sheets)
    assert found == result if isinstance(result, float | int) else isinstance(found, str) and result in found


def test_a_name_means_what_it_means_on_the_sheet_of_the_formula() -> None:
    found = book({"A1": 3, "A9": "=eta*2"}, NAMES, Other_sheet={"B2": 20, "A9": "=eta*2"})
    assert of(found, "A9") == 6 and of(found, "A9", "Other sheet") == 40


def test_a_name_may_move_with_the_cell_that_asks() -> None:
    names = {"left": "S!XFD1", "top": "S!A$1", "here": "S!A1"}  # as seen from A1; left of it is the last column
    found = book({"A1": 3, "A2": 4, "B1": "=left*2", "B2": "=left*top", "C3": "=SUM(B1:B2)+here"}, names)
    assert of(found, "B1") == 6 and of(found, "B2") == 24
    with pytest.raises(Circular):
        cone(found, [("S", "C3")])


def test_tables() -> None:
    table = Table("T", Area("S", 1, 1, 4, 2), ("x", "y z"), totals=1)
    cells: dict[str, Held] = {"A1": "x", "B1": "y z", "A2": 2, "A3": 3, "A4": "=SUM(T[x])", "D1": "=T[@x]"}
    cells |= {f"B{k}": "=T[[#This Row],[x]]*10" for k in (2, 3)} | {"D2": "=SUM(T[[x]:[Y Z]])+COUNTA(T[#All])"}
    cells |= {"D4": "=T[[#This Row],[x]]", "D5": "=T[gone]", "B4": "=T[[#Totals],[x]]", "D3": "=SUM(T)"}
    made = Formulas(book(cells).workbook._replace(tables=(table,)))
    assert [of(made, at) for at in ("A4", "B2", "B3", "D2", "B4", "D3")] == [5, 20, 30, 63, 5, 55]
    assert "unexpected" in str(of(made, "D1")) and "row of a table" in str(of(made, "D4"))
    assert "no such rows or columns" in str(of(made, "D5"))


def test_names_that_stand_for_more_and_more() -> None:
    doubling = {f"n{k}x": f"n{k + 1}x+n{k + 1}x" for k in range(19)} | {"n19x": "1"}
    assert "stand for too much" in str(value("n0x", names=doubling))
    assert value("n15x", names=doubling) == 16


def test_formulas_that_differ_in_their_references_share_a_template() -> None:
    cells: dict[str, Held] = {f"A{k}": k for k in range(1, 6)}
    cells |= {f"B{k}": f"=A{k}*$A$1 + exp(A{k + 1})" for k in range(1, 4)} | {"B4": "=A4*$A$1+EXP( A5 )"}
    cells |= {f"C{k}": f"=SUM(A{k}:A{k + 1})*2" for k in range(1, 4)}
    found = book(cells, Other={"B1": "=A1*$A$1+EXP(A2)"})
    templates = [found.formula(("S", f"B{k}")) for k in range(1, 5)] + [found.formula(("Other", "B1"))]
    assert len({id(f.template) for f in templates if f}) == 1
    assert templates[3] and templates[3].slots == (("S", "A4"), ("S", "A1"), ("S", "A5"))
    ranges = [found.formula(("S", f"C{k}")) for k in range(1, 4)]
    assert len({id(f.template) for f in ranges if f}) == 1
    assert ranges[2] and ranges[2].slots == (("S", "A3"), ("S", "A4"))


def test_empty_cells_of_two_ranges_do_not_mix_them() -> None:
    assert value("SUM(A1:A3)+10*SUM(B1:B2)", {"A1": 1, "A3": 2, "B1": 3, "B2": 4}) == 73


def test_array_formulas_fill_their_cells() -> None:
    cells: dict[str, Held] = {
        "A1": 1, "A2": 2, "B1": 3, "B2": 4, "D1": "=A1:A2*B1:B2", "F1": "=MMULT(A1:B2,A1:B2)", 
        "H1": "=TRANSPOSE(A1:B2)",
        "J1": "=SUM(A1:A2*B1:B2)", "K1": "=IF(A1:A2>1,A1:A2,0)", "L1": "=A1", "M1": "=SUM(D1:D2)", "N1": "=A1:A2",
        "O1": "=A1:A3*B1:B2",
    }  # fmt: skip
    arrays = {"D1": "D1:D2", "F1": "F1:G2", "H1": "H1:I2", "J1": "J1", "K1": "K1:K2", "L1": "L1:L2"}
    arrays |= {"N1": "N1:N3", "O1": "O1:O2"}
    found = book(cells, arrays=arrays)
    numbers, _ = values(found)
    expected = {"D1": 3, "D2": 8, "F1": 7, "G1": 15, "F2": 10, "G2": 22, "H1": 1, "I1": 2, "H2": 3, "I2": 4, "J1": 11,
                "K1": 0, "K2": 2, "L1": 1, "L2": 1, "M1": 11, "N1": 1, "N2": 2}  # fmt: skip
    assert {at: n for (_, at), n in numbers.items()} == expected
    assert {at: why for (_, at), why in found.problems.items()} == {
        "N3": "the array formula has fewer results than cells",
        **dict.fromkeys(("O1", "O2"), "it calculates with ranges of different shapes"),
    }


@pytest.mark.parametrize(("formula", "result"), [
    ("=A1>2", 0), ("=(A1>2)*1", 1), ("=IF(A1>2,TRUE,FALSE)", 0), ("=IF(A1>2,1,0)", 1), ("=A1", 3), ("=B1", 0),
    ("=C1", 3), ("=D1", "cannot be told"), ("=IF(A1>2,A1,B1)", "cannot be told"), ("=E1", 0), ("=+A1", 3), ("=+B1", 0),
    ("=NOT(A1)", 0),
])  # fmt: skip
def test_the_kind_of_a_formula_that_remembers_nothing(formula: str, result: float | str) -> None:
    """SUM passes over a truth value; openpyxl writes no cached values that would tell."""
    found = value("SUM(X1:X2)", {"A1": 3, "B1": "text", "C1": "=A1", "D1": "=TODAY()", "X1": formula})
    assert found == result if isinstance(result, int) else isinstance(found, str) and result in found


def test_shared_formulas_of_a_file(tmp_path: Path) -> None:
    with xlsxwriter.Workbook(tmp_path / "a.xlsx") as file:
        sheet = file.add_worksheet("My sheet")
        for k in range(5):
            sheet.write(k, 0, k + 1)
            sheet.write_formula(k, 1, f"='My sheet'!A{k + 1}^2*rate", None, (k + 1) ** 2 / 2)
        sheet.write_array_formula("C1:C2", "{=A1:A2*B1:B2}", None, 0.5)
        file.define_name("rate", "=0.5")
    found = Formulas(read(tmp_path / "a.xlsx"))
    numbers, _ = values(found)
    assert [numbers["My sheet", f"B{k}"] for k in range(1, 6)] == [0.5, 2, 4.5, 8, 12.5]
    assert numbers["My sheet", "C2"] == 4


def test_every_formula_of_our_own_workbook_gives_what_it_remembers(build_book: BuildBook) -> None:
    found = Formulas(read(build_book("homework")))
    numbers, circles = values(found)
    wrong = [
        at for at, number in numbers.items()
        if number != pytest.approx(found.number(at), rel=1e-9, abs=1e-12, nan_ok=True)
    ]  # fmt: skip
    asking = {
        "Recomputation",
        "Ideas",
        "Network",
        "Laboratory",
        "Finite differences",
    }  # what cells hold, or how a number is written
    unread = [at for at in found.problems if at[0] not in asking]
    assert not wrong and not circles and len(numbers) > 7 * len(unread)


# The graph.


def test_a_cone_is_differentiated_and_may_be_cut() -> None:
    found = book({"A1": 2, "A2": "=A1*3", "A3": "=A2^2+A1", "A4": "=A3*A2"})
    whole = cone(found, [("S", "A4")])
    assert [a for _, a in whole.places] == ["A1", "A2", "A3", "A4"] and [*whole.leaves] == [0]
    gradient = backward(whole.cells[whole.targets[0]])
    evaluate = Evaluator([gradient[whole.cells[0]]], [whole.cells[0]])
    assert evaluate.of([2.0]) == [3 * 27 * 4 + 6 * 2]  # of 27 a^3 + 3 a^2
    cut = cone(found, [("S", "A4"), ("S", "A3")], {("S", "A2"), ("S", "A3")})
    assert [a for _, a in cut.places] == ["A2", "A1", "A3", "A4"] and cut.targets == (3, 2)
    assert [cut.places[k][1] for k in cut.leaves] == ["A2", "A1"]


def test_rows_of_one_kind_have_cones_of_one_shape() -> None:
    cells: dict[str, Held] = {f"A{k}": k for k in range(1, 4)} | {f"B{k}": f"=EXP(A{k})*$A$9" for k in range(1, 4)}
    found = book({**cells, "A9": 1, "B4": "=EXP(A3)*A3"})
    shapes = [cone(found, [("S", f"B{k}")]).shape for k in range(1, 5)]
    assert shapes[0] == shapes[1] == shapes[2] != shapes[3]


@pytest.mark.parametrize(("cells", "circle"), [
    ({"A1": "=A1+1"}, ["A1"]), ({"A1": "=B1", "B1": "=C1", "C1": "=A1"}, ["A1", "B1", "C1"]),
    ({"A1": "=SUM(A:A)"}, ["A1"]), ({"A1": "=B1", "B1": "=C1+B2", "C1": "=B1", "B2": 1}, ["B1", "C1"]),
    ({"A1": "=IF(TRUE,1,A1)"}, ["A1"]),
])  # fmt: skip
def test_circles_are_named(cells: dict[str, Held], circle: list[str]) -> None:
    found = book(cells)
    with pytest.raises(Circular) as caught:
        cone(found, [("S", "A1")])
    assert sorted(a for _, a in caught.value.places) == circle
    _, circles = values(found)
    assert [sorted(a for _, a in c.places) for c in circles] == [circle]


def test_what_depends_on_a_circle_counts_with_what_it_remembers() -> None:
    found = book({"A1": ("=B1+1", 5), "B1": ("=A1+1", 6), "C1": "=A1*2", "D1": ("=D1", 1), "E1": "=D1+C1"})
    numbers, circles = values(found)
    assert numbers == {("S", "C1"): 10, ("S", "E1"): 11} and len(circles) == 2


@settings(max_examples=60, **STEADY)
@given(st.lists(st.lists(st.integers(0, 11), max_size=3), min_size=12, max_size=12))
def test_values_come_in_any_order_and_circles_are_all_found(edges: list[list[int]]) -> None:
    """Against the plain definition: a cell is in a circle if it can be reached from itself."""
    texts = ["+".join(["1", *(f"A{j + 1}" for j in e)]) for e in edges]
    cells: dict[str, Held] = {f"A{k}": (f"={text}", 1) for k, text in enumerate(texts, 1)}
    reach = [set(e) for e in edges]
    for _ in edges:
        reach = [r.union(*(reach[j] for j in r)) for r in reach]
    numbers, circles = values(book(cells))
    stuck = {k for k in range(12) if k in reach[k]}
    assert set(numbers) == {("S", f"A{k + 1}") for k in range(12) if k not in stuck}
    known = dict.fromkeys(stuck, 1.0)
    for k in sorted(set(range(12)) - stuck, key=lambda k: len(reach[k])):
        known[k] = 1 + sum(known[j] for j in edges[k])
        assert numbers["S", f"A{k + 1}"] == known[k]
    assert {int(a[1:]) - 1 for c in circles for _, a in c.places} <= stuck and bool(circles) == bool(stuck)


def test_understanding_is_not_an_error_of_ours() -> None:
    assert issubclass(NotUnderstood, ValueError) and issubclass(Circular, ValueError)
