"""The linter's grammar: what Excel accepts is accepted, each slip is named, and random formulas keep it honest."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl.utils import FORMULAE  # type: ignore[import-untyped,unused-ignore]

from sheetgen.excel import skeleton
from sheetgen.excel.a1 import Area, column_letters, column_number, overlaps, range_of
from sheetgen.excel.formula import parse
from sheetgen.excel.functions import EXCEL_2007, EXCEL_2010, NEWER
from sheetgen.excel.instructions import FormulaError
from sheetgen.excel.names import Resolver
from sheetgen.excel.tables import Table
from sheetgen.judge.lint.scope import Scope

AREA = Area("S", 2, 1, 9, 3)


@pytest.fixture
def scope() -> Scope:
    """Sheets S, Live network and It's; names rate and (of S) local; table T with eta and E total."""
    names = {"rate": "S!$A$1", "XFE1": "1", "S!local": "S!$A$1"}
    return Scope(Resolver(["S", "Live network", "It's"], names, [Table("T", AREA, ("eta", "E total", "a]b"))]))


GOOD = """
A1 | $A$1*2 | -A1^2 | --A1 | +A1 | A1% | A1%% | 1E-9 | 12E-3+.5+1. | "a""b"&"" | TRUE | TRUE() | #N/A | XFD1048576
1/(1+EXP(-K3)) | SUM(A1:B2,C3) | SUM(A1,,B1) | IF(A1,,1) | IF(A1,2,) | (A1,B2) | SUM((A1,B1)) | SUM(A1:A3 A2:B2) | a1+b2
SUM(A:C,1:2) | {1,2;3,4} | MATCH(1,{1,-2,"a;b",TRUE,#N/A},0) | INDEX(A1:B2,1,2):C3 | COUNTIF(INDEX(A1:B2,1,2):C3,">1")
COUNTIF(rate,1) | S!A1 | 'Live network'!A1+'It''s'!$B$2 | S!A1:S!B2 | SUM('S:Live network'!A1) | A1 S!B1 | [0]!rate
rate*2 | RATE(1,2,3) | XFE1 | LOG10(5) | ATAN2(1,2) | DAYS360(A1,A2) | SUM(T[eta]) | T[[#This Row],[E total]]*2
SUM(T[[eta]:[E total]]) | [[#This Row],eta]*2 | SUM(T[#All]) | SUM(T[a']b]) | SUM(T) | _xlfn.STDEV.S(A1:A3)
NETWORKDAYS.INTL(A1,A2) | HYPERLINK("#S!A1","x") | HYPERLINK("#S!A"&ROW(),"x") | SUMPRODUCT(--(A1:A3="x")) |  A1 + B2
INDEX(A1:A3,2,1)&INDEX(A1:C1,1,2) | TEXT(A1,"0") | TEXT(A1,"0%")&", a.b" | ROUND(A1,2)&"" | TEXT(A1+LEN("a.b"),"0")
SUM( A1 , B1 ) | A1<>B1 | A1>=-B1 | SUBTOTAL(9,A1:A9) | S!local
""".strip()
BAD = {
    "formula-syntax": """SUM(A1 | SUM(A1)) | A1+ | *A1 | SUM(A1;B1) | {=SUM(A1)} | "a | A1,B1 | () | A1 2 | {A1}
        2020!A1 | A1=<B1 | A1==B1 | 1_0 | A1# | 'a!A1 | S! | S!1 | SUM(+) | A1:5 | 5:A1 | A1: | A1:+B1 | (A1 | A1) | %A1
        IF(A1,2,3 | SUM(1 2) | A1 S!"x" | $ | A$ | 1E400 | A1!B2 | T[eta | }A1 | A1] | (1,2) | S!SUM(A1) | "a" "b"
        SUM(A1,*2) | {1,2 | {} | {1,2;3}""",
    "formula-equals": "=A1 |  =A1",
    "formula-r1c1": "R1C1 | R[-1]C*2 | RC[-1] | SUM(R) | C[2] | R1C[3]+1 | RC",
    "formula-nesting": "ABS(" * 65 + "1" + ")" * 65,
    "formula-arguments": f"SUM({','.join(['1'] * 256)})",
    "argument-count": "ABS(1,2) | SUM() | IF(A1) | PI(1) | INDEX(A1:B2) | ROUND(1) | abs() | _xlfn.STDEV.S()",
    "argument-reference": """COUNTIF({1,2},1) | SUMIF(A1:A3,1,) | ROW(1) | OFFSET(1,1,1) | COUNTIFS(A1:A2,1,A1*2,1)
        COUNTIF(-A1,1) | SUBTOTAL(9,A1+1)""",
    "unknown-function": "SIGMOID(A1) | _xlfn.SUM(A1) | _xlfn.FOO(1) | local(1)",
    "future-prefix": """IFNA(A1,1) | STDEV.S(A1:A2) | FORMULATEXT(A1) | _xlfn.FILTER(A1:A2,B1:B2) | CONCAT(A1,A2)
        XLOOKUP(1,A1:A2,B1:B2)""",
    "newer-than-2010": """_xlfn.XLOOKUP(1,A1:A2,B1:B2) | _xlfn._xlws.SORT(A1:A2) | _xlfn.LET(_xlpm.x,1,_xlpm.x)
        _xlfn.IFNA(A1,1)""",
    "portability": """FIXED(A1) | FIXED(ROUND(A1,2),2,TRUE) | INDEX(A1:C1,2) | INDEX(A1:A9,MATCH(1,B1:B9,0))
        INDEX(rate,1) | TEXT(A1,"0.00") | TEXT(A1,"#,##0") | TEXT(A1,"0"&".0")
        IF(A1>0,fixed(A1,1),"") | 1+INDEX(S!A1:C1,1+1)""",
    "implicit-at": "@A1 | T[@eta] | SUM(@A1:A2) | [@eta]*2",
    "reference-range": "XFE2 | A1048577 | A0 | $XFE$1 | SUM(A1:A1048577) | SUM(A:XFE) | SUM(0:1) | ZZZ9999999",
    "missing-sheet": "Gone!A1 | 'Live  network'!B1 | SUM(S:Gone!A1)",
    "undefined-name": """w_1 | nan | local | 'Live network'!local | SUM(U[eta]) | SUM(T[x]) | SUM (A1) | E_total*2
        Live*1""",
    "dead-reference": "#REF! | SUM(S!#REF!)",
    "external-link": "[1]S!A1 | '[2]Live network'!A1 | [1]!rate",
    "string-literal": f'"{"x" * 256}"',
    "formula-length": "1+" * 4096 + "1",
    "link-target": 'HYPERLINK("#Gone!A1") | HYPERLINK("#gone","x") | HYPERLINK("#1","x")',
}


def texts(table: str) -> list[str]:
    return [text for line in table.splitlines() for text in line.split(" | ")]


@pytest.mark.parametrize("text", texts(GOOD))
def test_what_excel_accepts(scope: Scope, text: str) -> None:
    assert scope.judge(text, "Live network").faults == ()


@pytest.mark.parametrize(("rule", "text"), [(rule, text) for rule, table in BAD.items() for text in texts(table)])
def test_what_excel_refuses(scope: Scope, rule: str, text: str) -> None:
    found = scope.judge(text, "Live network").faults
    assert {name for name, _ in found} == {rule}, found


def test_the_function_tables_are_apart_and_complete() -> None:
    assert not EXCEL_2007.keys() & EXCEL_2010.keys() and not NEWER.keys() & (EXCEL_2007.keys() | EXCEL_2010.keys())
    assert set(FORMULAE) <= EXCEL_2007.keys() | EXCEL_2010.keys()


ATOMS = st.sampled_from(
    ["A1", "$B$7", "AA10", "S!C3", "'Live network'!D4", "rate", "1", "0.5", "2E-3", '"text"', '"q"""', "TRUE", "#N/A"]
)
RANGES = st.sampled_from(["A1:B9", "S!$A$1:$A$9", "T[eta]", "A:A", "OFFSET(A1,1,1)", "INDEX(A1:B2,1,1):C4"])


def bigger(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    """Every way to build a formula from smaller ones."""
    operators = st.sampled_from(["+", "-", "*", "/", "^", "&", "=", "<>", "<=", " >= ", " + "])
    return st.one_of(
        st.builds("{}{}{}".format, inner, operators, inner),
        st.builds("({})".format, inner),
        st.builds("-{}".format, inner),
        st.builds("({})%".format, inner),
        st.builds("SUM({})".format, st.lists(st.one_of(inner, RANGES), min_size=1, max_size=4).map(",".join)),
        st.builds("IF({},{},)".format, inner, inner),
        st.builds("COUNTIF({},{})".format, RANGES, inner),
        st.builds("MATCH({},{{1,2;3,4}},0)".format, inner),
    )


FORMULAS = st.recursive(st.one_of(ATOMS, RANGES), bigger, max_leaves=12)
SCOPE = Scope(Resolver(["S", "Live network"], {"rate": "S!$A$1"}, [Table("T", AREA, ("eta",))]))


@settings(deadline=None, max_examples=300)
@given(FORMULAS, st.data())
def test_printed_formulas_pass_and_one_bracket_less_fails(text: str, data: st.DataObject) -> None:
    assert SCOPE.judge(text, "S").faults == ()
    brackets = [place for place, character in enumerate(text) if character in "()"]
    if brackets:
        place = data.draw(st.sampled_from(brackets))
        assert "formula-syntax" in {rule for rule, _ in SCOPE.judge(text[:place] + text[place + 1 :], "S").faults}


@settings(deadline=None, max_examples=300)
@given(st.text(alphabet="A1$:!()[]{}'\"#,;+-*.% _RCS@e", max_size=25))
def test_no_text_breaks_the_reader(text: str) -> None:
    for rule, message in SCOPE.judge(text, "S").faults:
        assert rule and message.endswith(".")


@pytest.mark.parametrize("text", ["ROW('It''s'!A1:A1:B3)", "'It''s'!A1:A1:B3", "rate:A1:A2"])
def test_what_follows_a_colon_is_on_the_sheet_before_it(scope: Scope, text: str) -> None:
    assert not scope.judge(text, "S").local and scope.judge(f"{text}+A1", "S").local


def test_what_differs_in_rows_alone_is_judged_once_and_nothing_else_is(scope: Scope) -> None:
    assert scope.judge("A12+$B$3*LOG10(C4)", "S") is scope.judge("A1+$B$1*LOG10(C1)", "S")
    for text in ("w_12", "Sheet12!A1", "'A12'!A1", '"A12"', "T[A12]", "x.A12", "ABCD12", "A1234567", "_xlfn.T12(A1)"):
        assert scope.judge(text, "S") is not scope.judge(text.replace("12", "1"), "S")


MORE = st.sampled_from(["SUM(T[A1])", "T[A1]+A1", "A1000001*2", "SUM(A1234567)", "LOG10(A1)", "'A1'!B2", '"A1"&A1'])
CELL = re.compile(r"[A-Z]+\$?[0-9]+")


@settings(deadline=None, max_examples=300)
@given(st.one_of(FORMULAS, MORE), st.data())
def test_what_was_cut_before_is_cut_as_if_it_were_new(text: str, data: st.DataObject) -> None:
    """The memory is warm from the same text with other rows and columns."""
    ends = st.sampled_from(["A1", "B$2", "ZZ99", "XFD1048576", "XFE1", "C1000000", "D1048577", "E1234567"])
    other = CELL.sub(lambda _: data.draw(ends), text)
    for first, then in ((other, text), (text, other)):
        skeleton._memory.clear()
        assert _cut(first) == _parsed(first) and _cut(then) == _parsed(then)


def _cut(text: str) -> object:
    try:
        found, corners = skeleton.cut(text)
    except FormulaError as error:
        return error.rule, str(error)
    return found.code, found.calls, found.levels, corners


def _parsed(text: str) -> object:
    try:
        parsed = parse(text)
    except FormulaError as error:
        return error.rule, str(error)
    return parsed.code, parsed.calls, parsed.levels, parsed.corners


@given(st.integers(1, 16_384))
def test_columns_there_and_back(number: int) -> None:
    assert column_number(column_letters(number)) == number


def test_ranges_and_overlaps() -> None:
    assert range_of("B2:C9") == Area("", 2, 2, 9, 3) == range_of("$C$9:$B$2")
    assert range_of("A:B") == Area("", 1, 1, 1_048_576, 2) and range_of("2:3") == Area("", 2, 1, 3, 16_384)
    assert [range_of(text) for text in ("", "A", "1", "A1:B", "XFE1", "A0", "w_1", "A1:B2:C3")] == [None] * 8
    areas = [(found, text) for text in ("A1:B9", "D1:D9", "B9:D9", "A10", "C1:C8") if (found := range_of(text))]
    assert sorted(overlaps(areas)) == [("A1:B9", "B9:D9"), ("D1:D9", "B9:D9")]
