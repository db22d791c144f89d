"""Compiled formulas: they agree with IronCalc, and what they do not understand they say."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from books import STEADY
from compiled_books import (
    ARITHMETIC,
    FIRST,
    INPUTS,
    LOGIC,
    NETWORK_SHAPES,
    RANGES,
    ROWS,
    WIDTH,
    Cells,
    around,
    compare,
    grids,
    network,
    network_book,
    written,
)
from hypothesis import given, settings

from sheetgen.excel import Entry, Value, Workbook, read
from sheetgen.excel.a1 import address
from sheetgen.excel.formula import parse
from sheetgen.excel.instructions import Call, Operator
from sheetgen.judge.compiled import CannotCompile, Compiled, Place, compile_workbook, steps
from sheetgen.judge.compiled.functions import FUNCTIONS


@pytest.mark.parametrize("constant", [(), range(6), (1, 3, 5), (0, 2, 4)], ids=["none", "all", "even", "odd"])
@pytest.mark.parametrize("formulas", [ARITHMETIC, LOGIC, RANGES], ids=["arithmetic", "logic", "ranges"])
def test_every_operator_and_function_is_ironcalc_s(formulas: str, constant: Any, tmp_path: Path) -> None:
    """Whatever of the inputs is constant: nothing, all, or some."""
    chosen = [f for f in formulas.split() if len(constant) == 6 or f != '=A1&""=""']  # a text that varies
    outputs = [("S", f"G{n}") for n in range(1, len(chosen) + 1)]
    compare(around(tmp_path / "a.xlsx", chosen), INPUTS, ROWS, outputs, constant)


def test_no_function_is_without_a_test() -> None:
    formulas = (ARITHMETIC + LOGIC + RANGES).split()
    calls = (c for f in formulas for c in parse(f[1:]).code)
    assert {c.name for c in calls if isinstance(c, Call | Operator)} == FUNCTIONS.keys()


@settings(**STEADY, max_examples=60)
@given(made=grids())
def test_random_graphs_of_formulas_are_ironcalc_s(made: tuple[Cells, int], tmp_path_factory: Any) -> None:
    cells, last = made
    path = written(tmp_path_factory.mktemp("grid") / "a.xlsx", {"Grid": cells})
    inputs = [("Grid", address(1, c)) for c in range(1, WIDTH + 1)]
    outputs = [("Grid", address(r, c)) for r in range(FIRST, last + 1) for c in range(1, WIDTH + 1)]
    compare(path, inputs, np.random.default_rng(0).integers(-200, 200, (3, WIDTH)) / 97, outputs)


# What IronCalc sees otherwise than Excel, or not at all --------------------------------------------------------------


def compile_cells(
    cells: Cells, inputs: str, outputs: str, given: dict[Place, Value] | None = None, **rest: Any
) -> Compiled:
    """The cells of a sheet S, compiled without a file; places are 'A1 B2', the rest is what a Workbook also has."""
    sheets = {"S": {a: entry(c) for a, c in cells.items()}, "Other one": {"A1": Entry(None, 7.0)}}
    book = Workbook(sheets, rest.get("names", {}), rest.get("arrays", {}))
    return compile_workbook(book, [("S", a) for a in inputs.split()], [("S", a) for a in outputs.split()], given)


def entry(content: Any) -> Entry:
    """A formula remembers nonsense."""
    formula = isinstance(content, str) and content.startswith("=")
    return Entry(content[1:], 999.0) if formula else Entry(None, content)


@pytest.mark.parametrize(
    ("formula", "value"),
    [
        ("=s!a1+'OTHER ONE'!$a$1", 9.0),
        ("=A1*rate-1", -1.5),
        ("=A1*RATE^2", 0.125),  # (-0.25)^2
        ("=A1*three", 6.0),
        ("=A1*five", 10.0),
        ("=left+A1", 6.0),
        ("=A1*(ROWS(A:XFD)-1048574)", 4.0),
        ('=IF(word="Q",A1,0)', 2.0),
        ("=S!own+own", 10.0),
        ("=1/EXP(A1*400)", np.nan),  # EXP(800) is #NUM! at once
        ("=1E300*A1*1E300*0", np.nan),
        ("=AND(A1<0,1/(A1-2))", np.nan),  # all arguments are looked at
        ("=IF(1/EXP(A1*400)<1,1,2)", np.nan),
        ("=INDEX(B1:B3,A1-2)", np.nan),  # a whole column, where one cell belongs
        ("=A1+_xlfn.SUM(A1:B3)", 14.0),
        ('=IF(A1>5,1,"small")', np.nan),  # a text is no number
        ('=IF(A1>1,A1,"small")', 2.0),
        ('=SUM(1,IFERROR(1/(A1-2),"none"))', np.nan),
        ("=IF(A1<=2,A1,1/0)+IF(A1>2,1/0,A1)", 4.0),
        ("=A1*(ROWS(A$1:Z9)+COLUMNS(Z9))", 20.0),  # these do not look into themselves
        ("=" + "+".join(["A1"] * 2700), 5400.0),
        ("=" + "(" * 250 + "A1" + ")" * 250, 2.0),
    ],
)
def test_it_is_excel_s_dialect(formula: str, value: float) -> None:
    names = {"rate": "-0.25", "three": "1+2", "word": '"q"', "S!own": "S!$B$1", "own": "S!$B$2"}
    names |= {"five": "SUM(S!$B$1:$B$1)", "left": "S!XFD1048569"}  # the cell to the left of Z9 and eight rows above
    cells = {"A1": 0.0, "B1": 5.0, "B2": 1.0, "B3": 4.0, "Y1": 4.0, "Z9": formula}
    assert compile_cells(cells, "A1", "Z9", names=names)([[2.0]]).item() == pytest.approx(value, nan_ok=True)


def test_an_error_is_one_for_those_inputs_alone() -> None:
    cells = {
        "A1": 0.0,
        "A2": 0.0,
        "A3": "=1/A1",
        "A4": "=SUMPRODUCT(A1:A3,B1:B3)",
        "B1": 1.0,
        "B3": 0.0,
        "A5": "=LN(A4)",
    }
    found = compile_cells(cells, "A1 A2", "A3 A4 A5")([[1, 2], [0, 3], [-1, 4], [2, 5]])
    wrong = [[False, False, False], [True, True, True], [False, False, True], [False, False, False]]
    assert np.isnan(found).tolist() == wrong
    assert found[3].tolist() == [0.5, 2.0, np.log(2)]


@pytest.mark.parametrize("rows", [0, 1, 15, 16, 17, 129, 300])
def test_a_batch_is_as_long_as_it_likes(rows: int) -> None:
    function = compile_cells(
        {"A1": 0.0, "A2": "=A1^2", "A3": "=SUMPRODUCT(A1:A2,B1:B2)", "B1": 3.0, "B2": 1.0}, "A1", "A3 A2"
    )
    x = np.random.default_rng(0).normal(size=(rows, 1))
    assert function(x) == pytest.approx(np.hstack([3 * x + x**2, x**2]), rel=1e-14)


def test_a_batch_of_another_shape_is_refused() -> None:
    function = compile_cells({"A1": 0.0, "A2": "=A1+B1"}, "A1 B1", "A2")  # an input may be empty
    assert function([[1, 2]]).tolist() == [[3.0]]
    for wrong in ([1.0, 2.0], [[1.0]], np.zeros((1, 1, 2))):
        with pytest.raises(ValueError, match=r"^The batch has the shape .*, not \(N, 2\)\.$"):
            function(wrong)


def test_a_chain_of_cells_is_as_long_as_it_likes() -> None:
    cells: Cells = {"A1": 0.0} | {f"A{n}": f"=A{n - 1}+$B$1" for n in range(2, 5001)} | {"B1": "=C1/2", "C1": 0.5}
    function = compile_cells(cells, "A1", "A5000")
    assert (function.formulas, function.patterns) == (4999, 1)
    assert function([[1.0]]).item() == 1 + 4999 * 0.25


def test_only_what_leads_from_the_inputs_to_the_outputs_is_counted() -> None:
    cells = {"A1": 0.0, "A2": "=A1+1", "A3": "=A1-1", "A4": '=IF(B1="up",A2,A3)', "A5": "=B2*2+A4", "A6": "=VLOOKUP(1)",
             "B1": "down", "B2": "=1+1", "A7": "=A5+A4"}  # fmt: skip
    function = compile_cells(cells, "A1", "A5")
    assert (function.formulas, function.patterns) == (3, 3)  # A3, A4, A5
    assert function([[1.0]]).item() == 4
    assert compile_cells(cells, "A1", "A5", {("S", "B1"): "Up"})([[1.0]]).item() == 6


def test_a_drop_down_selects(tmp_path: Path) -> None:
    """A text in a plain cell chooses a picture, by INDEX and MATCH."""
    pictures = {address(r, c): float(10 * r + c) for r in range(1, 4) for c in range(5, 9)}
    cells: Cells = {"A1": 1.0, "B1": "two", "D1": "One", "D2": "Two", "D3": "Three", **pictures}
    cells |= {f"A{n}": f"=INDEX($E$1:$H$3,MATCH($B$1,$D$1:$D$3,0),{n - 1})*$A$1" for n in range(2, 6)}
    path, outputs = written(tmp_path / "a.xlsx", {"S": cells}), [("S", f"A{n}") for n in range(2, 6)]
    for n, chosen in enumerate(("one", "TWO", "Three"), 1):
        found = compile_workbook(path, [("S", "A1")], outputs, {("S", "$B$1"): chosen})([[1.0], [2.0]])
        assert found.tolist() == [[k * (10 * n + c) for c in range(5, 9)] for k in (1.0, 2.0)]
    assert compile_workbook(path, [("s", "a1")], outputs)([[1.0]]).tolist() == [[25.0, 26.0, 27.0, 28.0]]


ERRORS = {
    "S!A2: the function VLOOKUP is not understood.": {"A2": "=A1+VLOOKUP(1,B1:C2,2)"},
    "S!B1: the function RAND is not understood.": {"A2": "=A1+B1", "B1": "=RAND()"},
    "S!A2: ABS has too few or too many arguments.": {"A2": "=ABS(A1,2)"},
    "S!A2: an array constant is not understood.": {"A2": "=SUM({1,2})*A1"},
    "S!A2: the range operator is not understood.": {"A2": "=SUM(A1:INDEX(B1:B2,1))"},
    "S!A2: an intersection of ranges is not understood.": {"A2": "=SUM(A1:B1 B1:B2)"},
    "S!A2: a union of ranges is not understood.": {"A2": "=SUM((A1,A1))"},
    "S!A2: INDEX of several ranges is not understood.": {"A2": "=INDEX(A1:A1,1,1,1)"},
    "S!A2: Excel cannot read the formula: a pair of brackets ends without an operand: fill or remove it.": {
        "A2": "=A1*()"
    },
    "S!A2: Excel cannot read the formula: brackets are left open: add ).": {"A2": "=SUM(A1"},
    "S!A2: Excel cannot read the formula: the operator * has no operand on its left.": {"A2": "=*A1"},
    "S!A2: Excel cannot read the formula: the operator = has no operand on its left.": {"A2": "=A1<==2"},
    "S!A2: there is no name eta.": {"A2": "=A1*eta"},
    "S!A2: the name broken stands for what cannot be read.": {"A2": "=A1*broken"},
    "S!A2: there is no sheet T.": {"A2": "=A1*T!A1"},
    "S!A2: A1:A1048576 is a range of more than 1,000,000 cells.": {"A2": "=SUM(A:A)"},
    "S!A2: there is no cell A1048577.": {"A2": "=A1+A1048577"},
    "S!A2: SUMX2PY2 has ranges of different shapes.": {"A2": "=SUMX2PY2(A1:B1,B1:B2)"},
    "S!A2: SUMX2PY2 has a cell that holds no number.": {"A2": "=SUMX2PY2(A1:B1,B1:C1)"},
    "S!A2: it has a range where one cell belongs.": {"A2": "=A1*B1:B2"},
    "S!A2: SUMPRODUCT has ranges of different shapes.": {"A2": "=SUMPRODUCT(A1:B1,B1:B2)"},
    "S!A2: SUMPRODUCT has something else where a range belongs.": {"A2": "=SUMPRODUCT(A1,A1+1)"},
    "S!A2: INDEX gives a whole row or column, and which one depends on the inputs.": {"A2": "=SUM(INDEX(B1:C2,A1,0))"},
    "S!A2: MATCH is understood with 0 as its third argument only.": {"A2": "=MATCH(A1,B1:B2)"},
    "S!A2: MATCH has a range of several rows and columns.": {"A2": "=MATCH(A1,B1:C2,0)"},
    "S!A2: MATCH looks for wildcards.": {"A2": '=MATCH("t*",B1:B2,0)*A1'},
    "S!A2: MATCH looks for an empty cell.": {"A2": "=MATCH(B9,B1:B2,0)*A1"},
    "S!A2: it makes a text that depends on the inputs.": {"A2": '=A1&""'},
    "S!A2: it makes a text of the number 1e+20.": {"A2": '=(1E20&"")*A1'},
    "S!A2: it calculates with the text '50%'.": {"A2": '=A1*"50%"'},
    "S!A2: whether it gives the text '3' depends on the inputs.": {"A2": '=IF(A1>0,"3",1)'},
    "S!A2: it asks what kind of value a cell has, and that depends on the inputs.": {
        "A2": "=SUM(B1:B2)",
        "B1": "=IF(A1>0,TRUE,1)",
    },
    "S!A2: IFERROR has what may be a text, and that depends on the inputs.": {"A2": '=IFERROR(IF(A1>0,"a",1),2)'},
    "S!A4 is part of a circular reference.": {"A2": "=A1+A3", "A3": "=MAX(1,A4:A5)", "A4": "=A3*2"},
    "S!A2 is part of a circular reference.": {"A2": "=SUM(A1:A3)"},
    "S!A2 is an error whatever the inputs are.": {"A2": "=A1+1/0"},
    "S!A2 is an error whatever the inputs are, since S!B1 is.": {"A2": "=A1+B2", "B2": "=SUM(B1:B1)", "B1": "=0/0"},
    "S!A2 is an output, but it holds no number.": {"A2": '=IF(B1="",B9&"empty",A1)'},
    "S!A2: an array formula is not understood.": {"A2": 3.0},
}


@pytest.mark.parametrize("sentence", ERRORS)
def test_what_is_not_understood_is_said(sentence: str) -> None:
    names = {"broken": "A1*"}
    arrays = {("S", "A3"): "A2:A3"} if "array formula" in sentence else {("S", "A2"): "A2"}
    with pytest.raises(CannotCompile) as caught:
        compile_cells({"A1": 1.0, **ERRORS[sentence]}, "A1", "A2", names=names, arrays=arrays)
    assert str(caught.value) == sentence


@pytest.mark.parametrize(
    ("inputs", "outputs", "given", "sentence"),
    [
        ("A2", "A3", {}, "S!A2 is an input, but it holds a formula."),
        ("A1 $A$1", "A3", {}, "S!A1 is an input twice."),
        ("A1", "A3", {("S", "A2"): 1.0}, "S!A2 is given, but it holds a formula."),
        ("A1", "A3", {("S", "A1"): 1.0}, "S!A1 is an input, but it is given."),
        ("A1", "A3", {("T", "A1"): 1.0}, "T!A1 is no cell of the workbook."),
        ("A", "A3", {}, "S!A is no cell of the workbook."),
        ("A1", "B2:B3", {}, "S!B2:B3 is no cell of the workbook."),
        ("XFE1", "A3", {}, "S!XFE1 is no cell of the workbook."),
        ("A1048577", "A3", {}, "S!A1048577 is no cell of the workbook."),
        ("XFD1048576", "B9", {}, "S!B9 is an output, but it holds no number."),
    ],
)
def test_places_must_fit(inputs: str, outputs: str, given: dict[Place, Value], sentence: str) -> None:
    with pytest.raises(CannotCompile) as caught:
        compile_cells({"A1": 1.0, "A2": "=A1+1", "A3": "=A2"}, inputs, outputs, given)
    assert str(caught.value) == sentence


# Convolutions ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("limits", [{}, {"MAX_STEP": 37, "MAX_GATHERED": 9000, "MAX_PRODUCT": 1500, "MAX_STATE": 1}])
def test_a_convolutional_network_is_numpy_s(
    limits: dict[str, int], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also in the smallest parts."""
    for name, value in limits.items():
        monkeypatch.setattr(steps, name, value)
    rng = np.random.default_rng(1)
    weights = {name: rng.normal(size=shape) for name, shape in NETWORK_SHAPES.items()}
    images = rng.random((150 if not limits else 5, 144))
    path, inputs, outputs = network_book(tmp_path / "a.xlsx", weights)
    function = compile_workbook(path, inputs, outputs)
    np.testing.assert_allclose(function(images), network(weights, images), rtol=1e-11, atol=1e-13)
    assert (function.formulas, function.patterns) == (2 * 400 + 100 + 4 + 3 + 1, 6)


@pytest.mark.parametrize(
    ("sheet", "cell", "old", "new"),
    [
        ("First", "F25", "Image!E6:G8", "Image!F6:H8"),
        ("Second", "C10", "$D$13:$F$24", "$E$13:$G$24"),
        ("Most", "B3", "Second!C7:D7", "Second!E7:F7"),
        ("Mean", "A3", "$G2:$J2", "$G1:$J1"),
    ],
)
def test_one_wrong_formula_is_seen(sheet: str, cell: str, old: str, new: str, tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    weights = {name: rng.random(shape) for name, shape in NETWORK_SHAPES.items()}
    images = rng.random((20, 144))
    path, inputs, outputs = network_book(tmp_path / "a.xlsx", weights)
    book = read(path)
    formula = book.sheets[sheet][cell].formula or ""
    assert old in formula
    book.sheets[sheet][cell] = Entry(formula.replace(old, new), None)
    wrong = ~np.isclose(compile_workbook(book, inputs, outputs)(images), network(weights, images), rtol=1e-9)
    assert wrong.any()


def test_windows_and_kernels_meet_as_they_like() -> None:
    """Only some of the pairs, some of them twice; and with a third range, of constants or of inputs."""
    rng = np.random.default_rng(2)
    pairs, x, kernels = rng.integers(0, [6, 5], (60, 2)), rng.normal(size=(30, 8)), rng.normal(size=(5, 3))
    cells: Cells = {address(2 + j, k + 1): value for (j, k), value in np.ndenumerate(kernels)}
    for n, (i, j) in enumerate(pairs, 1):
        ranges = f"{address(1, i + 1)}:{address(1, i + 3)},{address(2 + j, 1)}:{address(2 + j, 3)}"
        cells |= {f"X{n}": f"=SUMPRODUCT({ranges})", f"Y{n}": f"=SUMPRODUCT({ranges},$A$2:$C$2)"}
        cells |= {f"Z{n}": f"=SUMPRODUCT({ranges},$B$1:$D$1)"}
    names = " ".join(f"{column}{n}" for column in "XYZ" for n in range(1, 61))
    found = compile_cells(cells, "A1 B1 C1 D1 E1 F1 G1 H1", names)(x)
    right = np.lib.stride_tricks.sliding_window_view(x, 3, axis=1)[:, pairs[:, 0]] * kernels[pairs[:, 1]]
    third = [np.ones(3), kernels[0], x[:, None, 1:4]]
    np.testing.assert_allclose(found, np.hstack([(right * t).sum(2) for t in third]), rtol=1e-12, atol=1e-13)
