"""What the reader makes of Excel's functions and operators: as IronCalc has it, and as mathematics does."""

from __future__ import annotations

import math
import re
from pathlib import Path
from statistics import NormalDist

import pytest
import xlsxwriter
from grad_books import Cells, book, write
from hypothesis import given, settings
from hypothesis import strategies as st

from sheetgen.engines import iron
from sheetgen.reader import Book, values
from sheetgen.reader.functions import FUNCTIONS
from sheetgen.xlsx import ErrorValue, Value, read

# A4 is a text, A5 is TRUE, A6 and A7 are empty.
DATA: Cells = {
    "A1": 3, "A2": -2.5, "A3": 7.25, "A4": "text", "A5": True,
    "B1": 0.5, "B2": 2, "B3": -1.25, "C1": 0.3, "C2": 1.75, "C3": 0.6,
}  # fmt: skip

PRECEDENCE = {
    "-2^2": 4, "2^-2": 0.25, "-2^-2": 0.25, "50%": 0.5, "-50%": -0.5, "5%%": 0.0005, "2^3^2": 64, "-A1^2": 9,
    "0-A1^2": -9, "2*-A1^2": 18, "1-(2-3)": 2, "1-2-3": -4, "6/3/2": 1, "6/3*2": 4, "6/(3*2)": 1, "2+3*4^2": 50,
    "+A1": 3, "--A1": 3, "-+-A1": 3, "2--3": 5, "2*-3": -6, "10%^2": 0.01, "2^200%": 4, "-2%^2": 0.0004,
    "1+2=3": 1, "1<2": 1, "2<=2": 1, "3>4": 0, "3>=4": 0, "2<>2": 0, "2=2+1": 0, "1+(2<3)": 2, "2*(3=3)": 2,
    "((1+2))*3": 9, "1e3+.5": 1000.5, " 1 + 2 ": 3, "0.1+0.2=0.3": 1, "1=TRUE": 0, "FALSE<>TRUE": 1,
}  # fmt: skip

KNOWN = {
    "ROUND(2.5,0)": 3, "ROUND(-2.5,0)": -3, "ROUND(-0.5,0)": -1, "ROUND(2.675,2)": 2.68, "ROUND(1250,-2)": 1300,
    "ROUND(1234,-5)": 0, "ROUNDDOWN(-2.7,0)": -2, "ROUNDUP(-2.1,0)": -3, "ROUNDUP(2.111,2)": 2.12, "ROUNDUP(2,0)": 2,
    "TRUNC(-2.7)": -2, "TRUNC(2.789,2)": 2.78, "INT(-2.5)": -3, "INT(2.5)": 2, "INT(-3)": -3,
    "MOD(-3,2)": 1, "MOD(3,-2)": -1, "MOD(-7,3)": 2, "MOD(7.5,2)": 1.5, "MOD(-6,3)": 0,
    "SUM(A1:A7)": 7.75, "SUM(A5)": 0, "SUM(TRUE)": 1, "SUM(A5,1)": 1, "SUM(A1:A7,2,TRUE)": 10.75, "SUM(A6:A7)": 0,
    "AVERAGE(A1:A7)": 7.75 / 3, "COUNT(A1:A7)": 3, "COUNT(A4:A7,3)": 1, "MAX(A1:A7)": 7.25, "MAX(A4:A7)": 0,
    "MIN(A1:A7)": -2.5, "MAX(A2:A2,A6)": -2.5, "MIN(A3,A5:A7)": 7.25, "PRODUCT(A1:A7)": -54.375,
    "PRODUCT(A6:A7)": 0, "SUMSQ(A1:A7)": 67.8125, "A5+1": 2, "A6+1": 1, "A6=0": 1, 'A6=""': 1, 'A4="TEXT"': 1,
    "IF(1>2,5)": 0, "IF(2>1,5)": 5, "IF(1<2,,6)": 0, "IF(1>2,5,)": 0, "IF(-1,5,6)": 5, "IF(A6,5,6)": 6,
    "IF(FALSE,1/0,6)": 6, "IFERROR(1/0,7)": 7, "IFERROR(3,1/0)": 3, "IFERROR(LN(-1),A1)": 3, "IFERROR(1/0,)": 0,
    "CHOOSE(2.9,5,6,7)": 6, "CHOOSE(1,A1,1/0)": 3, "INDEX(A1:C3,2,3)": 1.75, "INDEX(A1:A3,3)": 7.25,
    "INDEX(A1:C1,2)": 0.5, "AND(1,2)": 1, "AND(A1>0,A2>0)": 0, "OR(A1>0,A2>0)": 1, "OR(0,FALSE)": 0, "NOT(A1>5)": 1,
    "AND(A1:A7)": 1, "OR(A5:A7)": 1,
    "SUMPRODUCT(A1:A3,B1:B3)": -12.5625, "SUMPRODUCT(A1:A5,A1:A5)": 67.8125, "SUMPRODUCT((A1:A3>0)*B1:B3)": -0.75,
    "SUMPRODUCT(--(A1:A3>0))": 2, "SUMPRODUCT(A1:A3>0)": 0, "SUMXMY2(A1:A3,B1:B3)": 98.75,
    "SUMX2MY2(A1:A3,B1:B3)": 62, "SUMX2PY2(A1:A3,B1:B3)": 73.625, "SUM(MMULT(A1:B2,B1:C2))": 9.775,
    "VARP(A1)": 0, "DDB(1000,100,5,5)": 29.6, "SYD(1000,100,5,2)": 240, "DB(1000,100,5,1)": 369,
    "IPMT(0.01,1,12,1000,0,1)": 0, "PMT(0,10,1000)": -100, "FV(0,12,-100)": 1200, "PV(0,12,-100)": 1200,
    "NPER(0,-100,1000)": 10, "TRUE": 1, "FALSE()": 0, "TRUE()+1": 2, "LOG(8,2)": 3, "LOG(100)": 2, "SIGN(0)": 0,
}  # fmt: skip

# Formulas whose result IronCalc tells, for all functions.
_ASKED = """
    EXP(B1) LN(A3) LOG10(A3) LOG(A3,B2) SQRT(A3) ABS(A2) SIGN(A2) SIN(A1) COS(A1) TAN(A1) ATAN(A2) SINH(A2)
    COSH(A2) TANH(B1) ROUND(A3,1) ROUNDDOWN(A2,0) ROUNDUP(A2,0) TRUNC(A2) INT(A2) MOD(A2,B2) POWER(A3,B1) PI() TRUE()
    FALSE() SUM(A1:C3) PRODUCT(A1:C3) SUMSQ(A1:C3) AVERAGE(A1:C7) COUNT(A1:C7) MAX(A1:C3) MIN(A1:C3) VAR(A1:A5)
    VAR.S(A1:C3) VARP(A1:A5) VAR.P(A1:C3) STDEV(A1:A5) STDEV.S(A1:C3) STDEVP(A1:A5) STDEV.P(A1:C3)
    SUMPRODUCT(A1:A3-B1:B3,C1:C3) SUMPRODUCT(EXP(B1:B3)) SUMXMY2(A1:A3,C1:C3) SUMX2MY2(A1:A3,C1:C3)
    SUMX2PY2(A1:A3,C1:C3) SUM(MMULT(A1:B2,B1:C2)) SUM(MMULT(TRANSPOSE(A1:A3),B1:B3)) IF(A1>A2,A3,B1) IFERROR(LN(A2),B1)
    CHOOSE(B2,A1,A2,A3) INDEX(A1:C3,3,1) AND(A1>0,B1>0) OR(A1<0,B1<0) NOT(A1) NORMSDIST(C1) NORM.S.DIST(C1,TRUE)
    NORM.S.DIST(C1,FALSE) NORMDIST(A1,B1,B2,TRUE) NORM.DIST(A1,B1,B2,FALSE) NPV(C1,A1:A7,B1) PMT(C1,A1,A3)
    PMT(C1,A1,A3,B1,1) PMT(0,A1,A3,B1) FV(C1,A1,A2,B1) FV(C1,A1,A2,B1,1) PV(C1,A1,A2) PV(C1,A1,A2,B1,1)
    NPER(0.01,-100,1000) NPER(0.01,-100,1000,50,1) IPMT(0.01,3,12,1000) IPMT(0.01,3,12,1000,50,1) PPMT(0.01,3,12,1000)
    PPMT(0.01,3,12,1000,50,1) SLN(1000,A1,5) SYD(1000,A1,5,4) DDB(1000,A1,5,2) DDB(1000,100,5,2,1.5) DB(1000,100,5,3)
    DB(1000,100,5,6,7) DB(1000,100,5,1,7)
"""

_ERRORS = """
    1/0 LN(0) LN(-1) LOG10(0) SQRT(-1) 0^0 MOD(5,0) EXP(710) 1E308*10 A4+1 -A4 AVERAGE(A4:A7) VAR(A1) STDEV.S(A1)
    VARP(A4:A7) CHOOSE(4,5,6) CHOOSE(0,5,6) NORM.DIST(1,0.5,-2,TRUE) IPMT(0.01,13,12,1000) SYD(1000,100,5,6)
    IF(1/0,1,2) SUM(1,1/0) MAX(LN(0),5) IFERROR(1/0,LN(0)) AND(TRUE,1/0) 1/0=1/0 POWER(0,0) LOG(8,1)
"""

ASKED, ERRORS = _ASKED.split(), _ERRORS.split()

PYTHON = {
    "ERF(C1)": math.erf(0.3), "ERF(A2)": math.erf(-2.5), "EXP(-A1)": math.exp(-3), "LN(A1)": math.log(3),
    "TAN(A1)": math.tan(3), "ATAN(A3)": math.atan(7.25), "COSH(A1)": math.cosh(3), "SINH(A1)": math.sinh(3),
    "TANH(C1)": math.tanh(0.3), "NORMSDIST(C2)": NormalDist().cdf(1.75),
    "NORM.S.DIST(C2,FALSE)": NormalDist().pdf(1.75),
    "NORM.DIST(A1,B1,B2,TRUE)": NormalDist(0.5, 2).cdf(3), "NORMDIST(A1,B1,B2,FALSE)": NormalDist(0.5, 2).pdf(3),
    "PI()": math.pi, "PMT(0.01,12,1000)": -1000 * 0.01 / (1 - 1.01**-12), "NPV(0.1,100,50)": 100 / 1.1 + 50 / 1.21,
}  # fmt: skip

Found = dict[str, float]


def calculated(formulas: list[str], data: Cells = DATA) -> Found:
    """Formula -> value; fails if one is not understood."""
    made = book(data | {f"E{k}": f"={f}" for k, f in enumerate(formulas, 1)})
    found, circles = values(made)
    assert not made.problems
    assert not circles
    return {f: found["Sheet1", f"E{k}"] for k, f in enumerate(formulas, 1)}


@pytest.fixture(scope="module")
def asked(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Value]:
    """What IronCalc says of every formula."""
    formulas = [*PRECEDENCE, *KNOWN, *ASKED, *ERRORS]
    cells = DATA | {f"E{k}": f"={f}" for k, f in enumerate(formulas, 1)}
    path = write(tmp_path_factory.mktemp("iron") / "asked.xlsx", {"Sheet1": cells})
    found = iron.recalculate(path).values["Sheet1"]
    return {f: found[f"E{k}"] for k, f in enumerate(formulas, 1)}


@pytest.mark.parametrize("table", [PRECEDENCE, KNOWN, PYTHON], ids=["precedence", "known", "python"])
def test_formulas_have_their_known_values(table: dict[str, float]) -> None:
    found = calculated(list(table))
    wrong = {f: (found[f], w) for f, w in table.items() if not math.isclose(found[f], w, rel_tol=1e-14, abs_tol=1e-15)}
    assert not wrong


def test_formulas_have_the_values_that_ironcalc_gives(asked: dict[str, Value]) -> None:
    formulas = [*PRECEDENCE, *KNOWN, *ASKED]
    found = calculated(formulas)
    assert not {f: asked[f] for f in formulas if isinstance(asked[f], str)}
    wrong = {
        f: (found[f], asked[f])
        for f in formulas
        # IronCalc's error function, by which it has the normal distribution, is right to 10 digits.
        if not math.isclose(found[f], float(asked[f]), rel_tol=1e-10 if "DIST" in f else 1e-12, abs_tol=1e-15)
    }
    assert not wrong


def test_no_function_is_left_out() -> None:
    every = " ".join([*KNOWN, *ASKED, *PYTHON])
    assert {name for name in FUNCTIONS if not re.search(rf"(?<![A-Z.0-9]){re.escape(name)}\(", every)} == set()


def test_errors_are_no_numbers(asked: dict[str, Value]) -> None:
    found = calculated(ERRORS)
    assert {f: v for f, v in found.items() if not math.isnan(v)} == {}
    assert {f: asked[f] for f in ERRORS if not isinstance(asked[f], ErrorValue)} == {}


@pytest.mark.parametrize(
    ("formula", "why"),
    [
        ("SUM()", "SUM has no arguments"),
        ("EXP()", "EXP has too few or too many arguments"),
        ("EXP(1,2)", "EXP has too few or too many arguments"),
        ("PMT(1,2)", "PMT has too few or too many arguments"),
        ("EXP(A1:A3)", "EXP has a range where one cell belongs"),
        ("A1:A3+1", "it calculates with a range where one cell belongs"),
        ("A1:A3", "it is a range where one cell belongs"),
        ("SUMPRODUCT(A1:A3,B1:B2)", "SUMPRODUCT has ranges of different shapes"),
        ("SUMXMY2(A1:A3,B1:B2)", "its ranges have different shapes"),
        ("MMULT(A1:B2,A1:B3)", "MMULT has ranges that do not fit each other"),
        ("SUM(A1,A4)+SUM(IF(A1>0,A4,1),2)", "it uses what may be a text"),
        ('SUM(1,"x")', "it uses what may be a text"),
        ("INDEX(A1:C3,A1,1)", "INDEX has a place that is calculated"),
        ("INDEX(A1:C3,4,1)", "INDEX leaves its range"),
        ("INDEX(A1:C3,2)", "INDEX has one place in a range of two dimensions"),
        ("NORM.S.DIST(1,A1)", "NORM.S.DIST has a second argument that is no constant"),
        ("#N/A", "it holds the error #N/A"),
        ("1+", "the formula has something unexpected at its end"),
        ("(1", "the formula has something unexpected at its end"),
        ("1 2", "the formula has something unexpected at 2"),
        ("", "the formula has something unexpected at its end"),
        ("{1,2}", None),
        ('"1"+1', "it holds a text with digits"),
        ("MAX(A1:A3 B1:B3)", None),
    ],
)
def test_what_is_not_understood_says_why_and_has_no_number(formula: str, why: str | None) -> None:
    made = book(DATA | {"E1": f"={formula}"})
    assert ("Sheet1", "E1") not in values(made)[0]
    said = made.problems["Sheet1", "E1"]
    assert why is None or said == why
    assert "\n" not in said
    assert len(said) < 100


def test_spelling_makes_no_difference() -> None:
    for formula in ("sum(a1:a3)", "SUM( $A$1:A$3 )", "_xlfn.Sum(A3:A1)", "SUM(Sheet1!A1:A3)", "SUM('sheet1'!A1:A3)"):
        assert calculated([formula]) == {formula: 7.75}


@settings(max_examples=60, deadline=None)
@given(st.floats(-1e6, 1e6), st.integers(-4, 6))
def test_roundings_go_the_way_they_are_named(a: float, digits: int) -> None:
    names = ("ROUND", "ROUNDDOWN", "ROUNDUP", "TRUNC")
    found = calculated([f"{name}(A1,{digits})" for name in names], {"A1": a})
    near, down, up, cut = found.values()
    unit = 10.0**-digits
    slack = 1e-9 * max(unit, abs(a))
    assert down == cut
    assert abs(down) <= abs(a) <= abs(up) + slack
    assert abs(near - a) <= unit / 2 + slack
    assert near in (down, up)
    assert abs(up - down) <= unit + slack
    assert [f"{-v:.9e}" for v in calculated([f"{n}(A1,{digits})" for n in names], {"A1": -a}).values() if v] == [
        f"{v:.9e}" for v in found.values() if v
    ]


@settings(max_examples=60, deadline=None)
@given(st.integers(-1000, 1000), st.integers(-50, 50).filter(bool))
def test_mod_has_the_sign_of_its_divisor(a: int, b: int) -> None:
    found = calculated(["MOD(A1,A2)", "INT(A1/A2)"], {"A1": a, "A2": b})
    assert list(found.values()) == [a % b, a // b]


@settings(max_examples=60, deadline=None)
@given(st.lists(st.one_of(st.none(), st.floats(-100, 100), st.booleans(), st.sampled_from(["x", "7", ""])), max_size=6))
def test_ranges_pass_over_texts_blanks_and_truth_values(held: list[float | bool | str | None]) -> None:
    data: Cells = {f"A{k}": c for k, c in enumerate(held, 1) if c is not None}
    numbers = [float(c) for c in held if isinstance(c, float)]
    found = calculated(["SUM(A1:A6)", "COUNT(A1:A6)", "AVERAGE(A1:A6)", "MAX(A1:A6)", "MIN(A1:A6)"], data)
    mean = sum(numbers) / len(numbers) if numbers else math.nan
    wanted = [sum(numbers), len(numbers), mean, max(numbers, default=0), min(numbers, default=0)]
    for value, w in zip(found.values(), wanted, strict=True):
        assert math.isclose(value, w, rel_tol=1e-12, abs_tol=1e-12) or (math.isnan(value) and math.isnan(w))


ARRAYS: dict[str, tuple[str, list[list[float]]]] = {
    "E1:F2": ("MMULT(A1:B2,A1:B2)", [[7, 10], [15, 22]]),
    "E4:E5": ("MMULT(A1:B2,D1:D2)", [[17], [39]]),
    "E7:F8": ("TRANSPOSE(A1:B2)", [[1, 3], [2, 4]]),
    "E10:F11": ("A1:B2*D1:D2", [[5, 10], [18, 24]]),
    "E13:F14": ("A1:B2-MMULT(A1:B2,TRANSPOSE(A1:B2))", [[-4, -9], [-8, -21]]),
    "E16:F17": ("1/(1+EXP(-A1:B2))", [[1 / (1 + math.exp(-k)) for k in row] for row in ((1, 2), (3, 4))]),
    "E19:E19": ("SUM((A1:B2-2)^2)", [[6]]),
    "E21:F22": ("D1:D2", [[5, 5], [6, 6]]),
    "E24:F25": ("IF(A1:B2>2,A1:B2,0)", [[0, 0], [3, 4]]),
    "E27:E27": ("SUM(IF(A1:B2>2,1,0))", [[2]]),
}


def test_array_formulas_fill_their_cells(tmp_path: Path) -> None:
    path = tmp_path / "arrays.xlsx"
    with xlsxwriter.Workbook(path) as made:
        sheet = made.add_worksheet("Sheet1")
        for place, number in {"A1": 1, "B1": 2, "A2": 3, "B2": 4, "D1": 5, "D2": 6}.items():
            sheet.write(place, number)
        for ref, (formula, _) in ARRAYS.items():
            sheet.write_array_formula(ref, f"{{={formula}}}")
        sheet.write_formula("H1", "=SUM(E1:F2)")
        sheet.write_formula("H2", "=F8+1")
        sheet.write_array_formula("H4:H6", "{=MMULT(A1:B2,D1:D2)}")  # one cell too many
    opened = Book(read(path))
    found, _ = values(opened)
    for ref, (_, rows) in ARRAYS.items():
        first = int(re.sub(r"\D.*", "", ref[1:]))
        for i, row in enumerate(rows):
            for j, wanted in enumerate(row):
                at = f"{'EF'[j]}{first + i}"
                assert math.isclose(found["Sheet1", at], wanted, rel_tol=1e-15), (ref, at)
    assert (found["Sheet1", "H1"], found["Sheet1", "H2"]) == (54, 5)
    assert ("Sheet1", "H6") not in found
    assert opened.problems["Sheet1", "H6"] == "the array formula has fewer results than cells"
