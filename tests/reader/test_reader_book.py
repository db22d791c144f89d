"""What the reader makes of whole workbooks: names, sheets, ranges, circles, depth, and what it does not understand."""

from __future__ import annotations

import math
from pathlib import Path

import pytest
from grad_books import Cells, book, write
from work import at_most

from sheetgen.excel import Entry, Workbook, read
from sheetgen.reader import Circular, Formulas, cone, values
from sheetgen.reader.cone import TooLarge


def calculated(cells: Cells, names: dict[str, str] | None = None) -> dict[str, float]:
    """Address on the first sheet -> value; fails if a formula is not understood."""
    made = book(cells, names)
    found, circles = values(made)
    assert not made.problems
    assert not circles
    first = next(iter(made.workbook.sheets))
    return {at: value for (sheet, at), value in found.items() if sheet == first}


def test_other_sheets_are_found_however_they_are_spelled() -> None:
    sheets: Cells = {
        "Main": {"A1": "=Data!A1", "A2": "='Bob''s sheet'!$B$2*2", "A3": "=SUM('data'!A1:A2)", "A4": "=main!A1+1"},
        "Data": {"A1": 5, "A2": 6},
        "Bob's sheet": {"B2": 7},
    }
    assert calculated(sheets) == {"A1": 5, "A2": 14, "A3": 11, "A4": 6}


def test_names_stand_for_cells_constants_and_other_names() -> None:
    sheets: Cells = {
        "One": {"A1": 2, "B1": "=eta*3", "B2": "=ETA+half", "B3": "=SUM(all)", "B4": "=twice", "B5": "=-net^2"},
        "Two": {"A1": 10, "A2": 20, "B1": "=eta"},
    }
    names = {"eta": "One!$A$1", "Two!eta": "Two!$A$1", "half": "0.5", "all": "Two!$A$1:$A$2", "twice": "eta*2"}
    names["net"] = "1+eta"
    made = book(sheets, names)
    found = values(made)[0]
    assert not made.problems
    one = [found["One", f"B{k}"] for k in range(1, 6)]
    assert one == [6, 2.5, 30, 4, 9]  # a name is one operand, whatever stands in it
    assert found["Two", "B1"] == 10  # a sheet's own name goes before that of the workbook


@pytest.mark.parametrize(
    ("formula", "names", "why"),
    [
        ("x+1", {"x": "x"}, "the name x leads through too many others"),
        ("x+1", {"x": "y*2", "y": "x"}, "leads through too many others"),
        ("x+1", {}, "there is no name x"),
        ("x+1", {"x": "1+"}, "the name x stands for what cannot be read"),
        ("x+1", {"x": "#REF!"}, "it holds the error #REF!"),
        ("x+1", {"x": "+".join(["y"] * 9), "y": "+".join(["z"] * 9000), "z": "1+1+1+1+1+1"}, "stand for too much"),
        ("Gone!A1", {}, "there is no sheet Gone"),
        ("ZZZ1+1", {}, "there is no cell ZZZ1"),
        ("A0+1", {}, None),
        ("OFFSET(A1,1,0)", {}, "OFFSET is not understood"),
        ('INDIRECT("A1")', {}, "INDIRECT is not understood"),
        ("1+VLOOKUP(A1,A1:B2,2)", {}, "VLOOKUP is not understood"),
        ('A1&"x"', {}, "it joins texts with &"),
        ('"text"', {}, "it is a text"),
        ('"a">"b"', {}, "it compares texts, or numbers with texts or truth values"),
        ("_xlfn.LAMBDA(x,x)", {}, "LAMBDA is not understood"),
        ("[1]Sheet1!A1", {}, None),
    ],
)
def test_what_is_not_understood_has_no_number(formula: str, names: dict[str, str], why: str | None) -> None:
    made = book({"A1": 1, "B1": f"={formula}", "C1": "=A1+1", "D1": "=B1+1"}, names)
    found, _ = values(made)
    assert ("Sheet1", "B1") not in found
    assert list(made.problems) == [("Sheet1", "B1")]
    assert why is None or why in made.problems["Sheet1", "B1"]
    assert found["Sheet1", "C1"] == 2
    assert math.isnan(found["Sheet1", "D1"])  # nothing is remembered of what it needs


def test_the_remembered_value_stands_for_what_is_not_understood() -> None:
    sheet = {"A1": Entry("OFFSET(B1,0,0)", 3.0), "A2": Entry("A1*2", 99.0)}
    assert values(Formulas(Workbook({"S": sheet}, {})))[0] == {("S", "A2"): 6}


def test_absolute_and_mixed_references_share_a_template() -> None:
    cells: Cells = {f"A{row}": row for row in range(1, 6)}
    opened = book(cells | {f"B{row}": f"=A{row}*$A$1+A$2" for row in range(1, 6)})
    assert [values(opened)[0]["Sheet1", f"B{row}"] for row in range(1, 6)] == [3, 4, 5, 6, 7]
    formulas = [opened.formula(("Sheet1", f"B{row}")) for row in range(1, 6)]
    assert len({id(f.template) for f in formulas if f}) == 1
    assert formulas[2] is not None
    assert formulas[2].slots == (("Sheet1", "A3"), ("Sheet1", "A1"), ("Sheet1", "A2"))


def test_equal_formulas_share_a_template_and_their_cones_a_shape() -> None:
    cells: Cells = {"A1": 1, "G1": 0.5}
    for row in range(2, 12):
        cells |= {f"A{row}": row, f"B{row}": f"=A{row}^2", f"C{row}": f"= a{row} ^2", f"D{row}": f"=B{row}*$G$1+C{row}"}
    cells["B12"] = "=A11^3"
    made = book(cells)
    templates = {id(f.template) for r in range(2, 12) for c in "BC" if (f := made.formula(("Sheet1", f"{c}{r}")))}
    assert len(templates) == 1
    cones = [cone(made, [("Sheet1", f"D{row}")]) for row in range(2, 12)]
    assert len({c.shape for c in cones}) == 1
    assert cone(made, [("Sheet1", "B12")]).shape != cone(made, [("Sheet1", "B11")]).shape
    cut = cone(made, [("Sheet1", "D5")], [("Sheet1", "B5")])
    assert [cut.places[k][1] for k in cut.leaves] == ["B5", "G1", "A5"]


def test_a_cone_may_have_so_many_cells_and_no_more() -> None:
    made = book({"A1": 1, "A2": "=A1", "A3": "=A2+B2"})
    assert len(cone(made, [("Sheet1", "A3")], most=4).places) == 4
    with pytest.raises(TooLarge):
        cone(made, [("Sheet1", "A3")], most=3)


def test_whole_columns_hold_only_what_is_there() -> None:
    cells: Cells = {
        "A1": 1,
        "A7": 2,
        "A1048576": 4,
        "B9": 100,
        "C1": "=SUM(A:A)",
        "C2": "=SUM($A:B)",
        "C3": "=SUM(1:1)",
    }
    cells |= {"D4": "=SUM(A2:A1048576)", "D5": "=AVERAGE(A:A)", "D6": "=MAX(A1:B1048576)"}
    with at_most(250_000):
        assert calculated(cells) == {"C1": 7, "C2": 107, "C3": 8, "D4": 6, "D5": 7 / 3, "D6": 100}


def test_a_chain_of_20_000_cells_needs_no_recursion() -> None:
    n = 20_000
    cells: Cells = {"A1": 1} | {f"A{k}": f"=A{k - 1}+1" for k in range(2, n + 1)}
    backwards = dict(reversed(cells.items()))  # the last is asked first
    with at_most(8_000_000):
        assert calculated(backwards)[f"A{n}"] == n
        assert len(cone(book(cells), [("Sheet1", f"A{n}")]).places) == n


def test_cumulative_sums_take_bounded_time() -> None:
    # Each sum has a Template of its own: the time grows with the square of the rows, up to a bound.
    n = 400
    cells: Cells = {f"A{k}": 1 for k in range(1, n + 1)} | {f"B{k}": f"=SUM(A$1:A{k})" for k in range(1, n + 1)}
    with at_most(15_000_000):
        made = book(cells)
        found, _ = values(made)
    assert all(value == int(at[1:]) for (_, at), value in found.items())
    assert len(found) + len(made.problems) == n  # past its limits the reader says so


def test_circles_are_told_once_and_the_rest_goes_on() -> None:
    cells: Cells = {
        "A1": "=B1+1", "B1": "=C1*2", "C1": "=A1", "D1": "=D1+1", "E1": 4, "F1": "=E1*2", "G1": "=SUM(G1:G3)",
        "H1": "=A1+1",
    }  # fmt: skip
    made = book(cells)
    found, circles = values(made)
    assert sorted(sorted(at for _, at in c.places) for c in circles) == [["A1", "B1", "C1"], ["D1"], ["G1"]]
    assert not made.problems
    assert found["Sheet1", "F1"] == 8
    assert not {"A1", "B1", "C1", "D1", "G1"} & {at for _, at in found}
    assert math.isnan(found["Sheet1", "H1"])
    with pytest.raises(Circular, match="Sheet1!A1 -> Sheet1!B1 -> Sheet1!C1"):
        cone(book(cells), [("Sheet1", "A1")])


def test_long_and_deep_formulas() -> None:
    long = "+".join(["A1"] * 2730)  # 8,189 characters
    cells: Cells = {
        "A1": 1, "B1": "=" + "(" * 64 + "A1" + ")" * 64, "B2": f"={long}", "B3": "=" + "+".join(["1"] * 4_000),
        "B4": "=" + "SUM(" * 64 + "A1" + ")" * 64, "B5": "=" + "-" * 5_001 + "A1", "B6": "=" + "*".join(["A1"] * 2_000),
        "B7": "=" + "ABS(-" * 64 + "A1" + ")" * 64, "B8": "=1" + "^1" * 3_000,
    }  # fmt: skip
    with at_most(8_000_000):
        assert list(calculated(cells).values()) == [1, 2730, 4000, 1, -1, 1, 1, 1]


def test_a_file_with_names_is_read_as_the_same_book(tmp_path: Path) -> None:
    path = write(tmp_path / "named.xlsx", {"My data": {"A1": 3, "B1": "=eta*2"}}, {"eta": "'My data'!$A$1"})
    assert values(Formulas(read(path)))[0] == {("My data", "B1"): 6}
