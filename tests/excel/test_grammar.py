"""The one grammar of formulas: precedence, every kind of token, what Excel would not read, and no limit of depth."""

import time
from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sheetgen.excel.formula import parse
from sheetgen.excel.instructions import Array, Call, Cells, FormulaError, Literal, Name, Operator, TableReference
from sheetgen.excel.skeleton import cut, key
from sheetgen.excel.tokens import Corner, corner, mover, pieces, split, tokens

SECONDS = 20  # far more than any of these takes
SHORT = {"negative": "neg", "positive": "pos"}


def shown(text: str, top_union: bool = False) -> str:
    """The calls of a formula in one line: 1 2 3 * +"""
    parsed = parse(text, top_union)
    corners = iter(parsed.corners)
    words = []
    for item in parsed.code:
        if isinstance(item, Cells):
            cells = ":".join(next(corners) for _ in range(item.corners)) or item.text
            words.append(f"{item.prefix}!{cells}" if item.prefix else cells)
        elif isinstance(item, Literal):
            words.append("_" if item.value is None else f"{item.value:g}" if item.kind == "number" else str(item.value))
        elif isinstance(item, Operator):
            words.append({" ": "&&", ",": "||"}.get(item.name, SHORT.get(item.name, item.name)))
        elif isinstance(item, Call):
            words.append(f"{item.name}/{item.operands}")
        elif isinstance(item, Name):
            words.append(f"{item.prefix}!{item.name}" if item.prefix else item.name)
        else:
            words.append(item.text if isinstance(item, Array) else f"{item.table}{sorted(item.rows)}{item.columns}")
    return " ".join(words)


@pytest.mark.parametrize(("text", "calls"), [
    ("1+2*3", "1 2 3 * +"), ("(1+2)*3", "1 2 + 3 *"), ("1-2-3", "1 2 - 3 -"), ("2^3^2", "2 3 ^ 2 ^"),
    ("-2^2", "2 neg 2 ^"), ("2^-2^2", "2 2 neg ^ 2 ^"), ("-A1%", "A1 % neg"), ("2^50%", "2 50 % ^"),
    ("--1", "1 neg neg"),
    ("1&2+3", "1 2 3 + &"), ("1&2=3", "1 2 & 3 ="), ("1<2=TRUE", "1 2 < True ="), ("1<>2>=3", "1 2 <> 3 >="),
    ("-A1:B2", "A1:B2 neg"), ("A1:B2 C1:C9", "A1:B2 C1:C9 &&"), ("(A1,B2)", "A1 B2 ||"), ("A1:B2%", "A1:B2 %"),
    ("A1:B2:C3", "A1:B2 C3 :"), ("INDEX(A:A,2):C3", "A:A 2 INDEX/2 C3 :"), ("(A1):(B2)", "A1:B2"),
    ("SUM(A1,,2)", "A1 _ 2 SUM/3"), ("SUM()", "SUM/0"), ("SUM(,)", "_ _ SUM/2"), ("IF(1,2,)", "1 2 _ IF/3"),
    ("sum( A1 )", "A1 SUM/1"), ("_xlfn._xlws.SORT(A1)", "A1 SORT/1"), ("SUM((A1,B1) B1)", "A1 B1 || B1 && SUM/1"),
    ("S!A1:B2", "S!A1:B2"), ("S!A1:s!B2", "S!A1:B2"), ("A1:S!B2", "A1 S!B2 :"), ("'It''s'!$B$2", "It's!$B$2"),
    ("S:T!A1", "S:T!A1"), ("'a b:T'!A1", "a b:T!A1"), ("[1]S!A1", "[1]S!A1"), ("[0]!rate", "[0]!rate"),
    ("S!1:2", "S!1:2"), ("$A:C", "$A:C"), ("S!rate", "S!rate"), ("XFE1", "XFE1"), ("A0", "A0"), ("$XFE$1", "$XFE$1"),
    ("T[a b]", "T[]('a b',)"), ("T[[#This Row],[a]:[b]]", "T['#this row']('a', 'b')"), ("[[#All],x]", "['#all']('x',)"),
    ("T[a']b]", "T[]('a]b',)"), ("T[]", "T[]()"), ('"a""b"', 'a"b'), ("#N/A", "#N/A"), ("S!#REF!", "S!#REF!"),
    ("{1,2;3,4}", "{1,2;3,4}"), ("1E3+.5", "1000 0.5 +"), ("TRUE", "True"), ("TRUE()", "TRUE/0"), ("S!TRUE", "S!TRUE"),
    (" A1 \n+ 1 ", "A1 1 +"), ("LOG10(A1)", "A1 LOG10/1"), ("w_1*E_total", "w_1 E_total *"),
])  # fmt: skip
def test_operands_come_first(text: str, calls: str) -> None:
    assert shown(text) == calls


def test_literals_keep_their_kinds() -> None:
    code = parse('f(1,TRUE,"TRUE",#N/A,)').code
    assert [item.kind for item in code if isinstance(item, Literal)] == ["number", "truth", "text", "error", "missing"]


@pytest.mark.parametrize(("text", "rule", "position", "token", "words"), [
    ("=A1", "formula-equals", 0, "=", "begins with ="), ("1+", "formula-syntax", 2, "", "missing after +"),
    ("", "formula-syntax", 0, "", "it is empty"), ("SUM(A1", "formula-syntax", 6, "", "left open: add )"),
    ("A1 2", "formula-syntax", 3, "2", "side by side"), ("SUM(A1;B1)", "formula-syntax", 6, ";", "a comma"),
    ("A1,B1", "formula-syntax", 2, ",", "in brackets"), ("()", "formula-syntax", 1, ")", "without an operand"),
    ('1&"a', "formula-syntax", 2, '"', "no closing quote"), ("1E400", "formula-syntax", 0, "1E400", "beyond 1E308"),
    ("R1C1", "formula-r1c1", 0, "R1C1", "an R1C1 reference"), ("1+@A1", "implicit-at", 2, "@", "no @ operator"),
    ("T[@a]", "implicit-at", 0, "T[@a]", "no @ in table"), ("A1:5", "formula-syntax", 3, "5", "no range on its right"),
    ("S!1", "formula-syntax", 2, "1", "follows S!"), ("[1]S!1", "formula-syntax", 5, "1", "follows [1]!"),
    ("A1!B2", "formula-syntax", 0, "A1!", "looks like a cell"), ("{A1}", "formula-syntax", 0, "{A1}", "constants only"),
    ("S!SUM(1)", "formula-syntax", 2, "SUM(", "before a function"), ("1(2)", "formula-syntax", 1, "(", "side by side"),
    ("A1:(B1+1)", "formula-syntax", 8, ")", "no range on its right"),
    ("S!", "formula-syntax", 2, "", "ends in a sheet"),
])  # fmt: skip
def test_what_excel_would_not_read_is_named(text: str, rule: str, position: int, token: str, words: str) -> None:
    with pytest.raises(FormulaError) as caught:
        parse(text)
    error = caught.value
    assert (error.rule, error.position, error.token) == (rule, position, token) and words in error.message
    assert error.message.endswith(".")


def test_a_name_may_stand_for_a_union() -> None:
    assert shown("A1,B2", top_union=True) == "A1 B2 ||"


def test_functions_are_listed_in_order_and_their_nesting_counted() -> None:
    parsed = parse("SUM(_xlfn.STDEV.S(A1),(MAX(1)))+min(2)")
    assert parsed.calls == ("SUM", "STDEV.S", "MAX", "MIN") and parsed.levels == 2


NESTS = [("(", ")"), ("SUM(", ")"), ("-(", ")"), ("IF(1,", ",)"), ("-", ""), ("1%", ""), ("A1:", ""), ("A1 ", ""),
         ("1+", ""), ("{", ""), ("[", ""), ("T[", ""), ("'", ""), ("''", ""), ('"', ""), ("1", ""), ("a:", ""),
         ("A", ""), ("[a'", ""), ("$", ""), ("#", ""), ("S!", ""), ("(A1,", ")")]  # fmt: skip


@pytest.mark.parametrize(("opener", "closer"), NESTS)
def test_it_takes_time_in_proportion_to_the_text(opener: str, closer: str) -> None:
    n = 100_000 if closer in (")", ",)") and opener != "(A1," else 30_000
    start = time.process_time()
    try:
        parse(opener * n + "A1" + closer * n)
    except FormulaError as error:
        assert error.message
    assert time.process_time() - start < SECONDS


# The text alone.

ATOMS = st.sampled_from(
    ["A1", "$B$7", "AA10", "S!C3", "'a b'!D4", "rate", "1", "2E-3", '"t ""A1"', "#N/A", "A:C", "2:$3"]
)
TEXTS = st.recursive(
    ATOMS,
    lambda inner: st.one_of(
        st.builds("{}{}{}".format, inner, st.sampled_from(["+", " * ", "^", "&", "<="]), inner),
        st.builds("SUM({},{})".format, inner, inner),
        st.builds("-({})%".format, inner),
        st.builds("SUM(A1:B9,S!$A$1:$A9,{})".format, inner),
    ),
    max_leaves=12,
)


@settings(deadline=None)
@given(st.one_of(TEXTS, st.text(alphabet="A1$:!()[]{}'\"#,;+-*.% _RCS@e\n", max_size=25)))
def test_tokens_and_pieces_give_the_formula_back(text: str) -> None:
    for cut_up in (tokens(text), pieces(text)):
        found = list(cut_up)
        assert "".join(t.text for t in found) == text
        assert [t.start for t in found] == [len("".join(t.text for t in found[:k])) for k in range(len(found))]


@settings(deadline=None)
@given(TEXTS, st.integers(0, 99), st.integers(0, 99))
def test_a_formula_moved_has_its_key(text: str, down: int, right: int) -> None:
    moved = mover(text)(down, right)
    assert key(moved, 5 + down, 7 + right) == key(text, 5, 7)
    assert mover(moved)(-down, -right).replace(" ", "") == mover(text)(0, 0).replace(" ", "")


def kinds(found: Sequence[tuple[str, str, int]]) -> list[tuple[str, str]]:
    return [(kind, text) for kind, text, _ in found]


def test_pieces_join_what_belongs_together() -> None:
    found = kinds(list(pieces("S!$A1:B2+'a b'!eta*A:C-A1:S!B2,S!#REF! B7")))
    assert found == [
        ("reference", "S!$A1:B2"), ("infix", "+"), ("name", "'a b'!eta"), ("infix", "*"), ("reference", "A:C"),
        ("infix", "-"), ("reference", "A1"), ("mark", ":"), ("reference", "S!B2"), ("mark", ","), ("error", "S!#REF!"),
        ("space", " "), ("reference", "B7"),
    ]  # fmt: skip


def test_corners() -> None:
    assert corner("$B3") == Corner(3, 2, False, True) and corner("b$03") == Corner(3, 2, True, False)
    assert corner("A") == Corner(0, 1, True, False) and corner("$7") == Corner(7, 0, True, True)
    assert [corner(text) for text in ("A0", "XFE1", "A1048577", "", "ABCD1", "A1B", f"A{'9' * 5000}")] == [None] * 7
    assert mover("A1+$B$2+A:A+1:1+\"A1\"+'A1'!A1")(1, 2) == "C2+$B$2+C:C+2:2+\"A1\"+'A1'!C2"
    assert mover("B2:C3+S!A1")(-1, -1) == "A1:B2+S!#REF!" and mover("A1:C3")(0, -1) == "#REF!"


# What formulas have in common.


@pytest.mark.parametrize(("formulas", "different"), [
    (["A1*$B$2+SUM(A$1:A1)", "A2*$B$2+SUM(A$1:A2)", " a3 * $B$2+sum((A$1:A3))"], "A4*$B$3+SUM(A$1:A4)"),
    (["'a b'!A1&\"A1\"", "'A B'!A2&\"A1\"", "'a b'!A3&\"A1\""], "'a b'!A4&\"A4\""),
    (["T[A1]+C1", "T[A1]+C2", "t[a1]+C3"], "T[A4]+C4"), (["SUM(1:1)", "SUM(2:2)", "SUM(3:3)"], "SUM(1:1)"),
    (["SUM(A:A)", "SUM(A:A)", "SUM(A:A)"], "SUM(B:B)"), (["A1+1", "A2+1", "A3+1"], "A4+TRUE"),
    (["XFE1+A1", "XFE1+A2", "xfe1+A3"], "XFE4+A4"), (["A1", "A2", "A3"], "$A4"),
    (["f(A1)", "F(A2)", "F(A3)"], "F(A4,)"),
    (["(A1", "(A1", "(A1"], "(A4"),
])  # fmt: skip
def test_a_filled_down_column_has_one_key_and_a_slip_another(formulas: list[str], different: str) -> None:
    keys = [key(text, row, 3) for row, text in enumerate([*formulas, different], 1)]
    assert len({*keys[:3]}) == 1 and keys[3] != keys[0] and len({*keys}) == 2


def test_filling_right_keeps_the_key_too() -> None:
    assert key("A:B+$C1", 1, 4) == key("B:C+$C1", 1, 5) != key("A:B+$C1", 1, 5)


def test_a_skeleton_is_looked_at_once() -> None:
    first, corners = cut("SUM(A1:B2)*'S 1'!$C$3")
    again, others = cut("SUM(D7:E9)*'S 1'!C3")
    assert first is again and corners == ["A1", "B2", "$C$3"] and others == ["D7", "E9", "C3"]
    with_table, inside = cut("T[A1]+A1")
    assert inside == ["A1"] and with_table == cut("T[A1]+B7")[0] != cut("T[B1]+B7")[0]
    assert cut("XFE1+A1") == (cut("XFE1+B2")[0], ["A1"]) and cut("SUM(A:A)")[0] != cut("SUM(B:B)")[0]
    assert isinstance(cut("T[a]")[0].code[0], TableReference)


@pytest.mark.parametrize("row", [1, 999_999, 1_000_000, 1_039_999, 1_047_999, 1_048_499, 1_048_569, 1_048_576])
def test_every_row_of_a_sheet_is_split_alike(row: int) -> None:
    assert split(f"2*A{row}+$B${row}") == (("2*", "+", ""), [f"A{row}", f"$B${row}"])
    assert split(f"2*A{row + 1_048_576}")[1] == []


def test_split_is_quick_and_leaves_texts_alone() -> None:
    assert split("A1*$B$2+LOG10(C3)") == (("", "*", "+LOG10(", ")"), ["A1", "$B$2", "C3"])
    assert split("\"A1\"&'A1'!B2&Sheet1!C3&x.A1")[1] == ["B2", "C3"]
