"""What-if data tables: their results look like numbers and follow from others, so that no derivative passes one."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from grad_books import Cells, book, checked, run, write
from mutants import edit

from sheetgen.excel import Entry, Workbook
from sheetgen.grad.result import grad
from sheetgen.grad.reverse import CannotDifferentiate
from sheetgen.grad.where import NoSuchCell
from sheetgen.reader import Formulas

Capture = pytest.CaptureFixture[str]

WHAT_IF: Cells = {
    "A1": 5, "A2": 2, "B1": "=A1*A2", "C3": 3, "C4": 4, "D2": "=B1", "D3": 6, "D4": 8, "F1": "=SUM(D3:D4)",
    "F2": "=D4+B1", "F3": "=IF(A1>0,B1,D4)", "G1": "=SUM(G3:G4)", "G3": 1, "G4": 2,
}  # fmt: skip


def what_if(path: Path, ref: str = 'ref="D3:D4"') -> Path:
    """A workbook with a what-if data table in D3:D4, as Excel writes it: its results stand as plain numbers."""
    table = f'<c r="D3"><f t="dataTable" {ref} dt2D="0" dtr="0" r1="A1"/><v>'
    plain = write(path.with_name("plain.xlsx"), {"Model": WHAT_IF})
    return edit(plain, path, "xl/worksheets/sheet1.xml", lambda text: re.sub('<c r="D3"[^>]*><v>', table, text))


@pytest.mark.parametrize(("cell", "ranges"), [("F1", ["A1"]), ("F1", ["A2"]), ("F2", ["A1:A2"]), ("D4", ["A1"])])
def test_a_what_if_data_table_is_refused(cell: str, ranges: list[str], capsys: Capture, tmp_path: Path) -> None:
    """Its results are no constants: 0 would be a wrong number."""
    status, out, err = run(capsys, what_if(tmp_path / "t.xlsx"), cell, *ranges)
    assert (status, out) == (2, "") and "a result of a what-if data table" in err and len(err.splitlines()) == 1


def test_nobody_types_into_a_what_if_data_table(capsys: Capture, tmp_path: Path) -> None:
    for asked in ("D3", "D3:D4", "C3:D3"):
        status, out, err = run(capsys, what_if(tmp_path / "t.xlsx"), "F1", asked)
        assert (status, out) == (2, "") and "Model!D3 is a result of a what-if data table, into which nobody" in err


@pytest.mark.parametrize("ref", ['ref="D3:D4"', 'ref="D3:D1048576"', 'ref="C2:E9"'])
def test_what_does_not_depend_on_a_what_if_data_table_is_differentiated(
    ref: str, capsys: Capture, tmp_path: Path
) -> None:
    path = what_if(tmp_path / "t.xlsx", ref)
    for cell, asked in (("B1", "A1"), ("F3", "A1"), ("G1", "G3")):
        status, out, _ = run(capsys, path, cell, asked)
        assert status == 0 and "the derivative agrees with IronCalc" in out


@pytest.mark.parametrize("ref", ["", 'ref="none"', 'ref="D3:D99999999"'])
def test_a_what_if_data_table_that_is_nowhere_is_everywhere(ref: str, capsys: Capture, tmp_path: Path) -> None:
    """Which cells it fills cannot be told; without a range it is the one cell that holds it."""
    status, out, err = run(capsys, what_if(tmp_path / "t.xlsx", ref), "F1", "A1")
    assert (status, out) == (2, "") and "a what-if data table" in err


def test_many_what_if_data_tables_take_no_time() -> None:
    cells = {f"A{row}": Entry(None, 1.0) for row in range(1, 5_001)}
    cells |= {"B1": Entry("SUM(A1:A5000)*C1", 5_000.0), "C1": Entry(None, 1.0)}
    areas = {("Sheet1", f"A{row}"): f"A{row}" for row in range(1, 5_001)}
    with pytest.raises(CannotDifferentiate, match="what-if data table"):
        grad(Formulas(Workbook({"Sheet1": cells}, {}, {}, areas)), "B1", ["C1"])
    wide = {("Sheet1", f"A{row}"): "A1:XFD9" for row in range(1, 5_001)}
    assert all(Formulas(Workbook({"Sheet1": cells}, {}, {}, wide)).what_if(("Sheet1", a)) for a in ("A1", "XFD1048576"))


# Wherever a result of one is met. D3:D4 are of a table with one input, K3:L4 of one with two, T!A1 of one elsewhere.
MODEL: Cells = {
    "A1": 5, "A2": 2, "B1": "=A1*A2", "D2": "=B1", "C3": 3, "C4": 4, "D3": 6, "D4": 8,
    "J2": "=B1", "K2": 1, "L2": 2, "J3": 3, "J4": 4, "K3": 3, "L3": 6, "K4": 4, "L4": 8,
}  # fmt: skip
TABLES = {("Model", "D3"): "D3:D4", ("Model", "K3"): "K3:L4", ("T", "A1"): "A1:C1"}
NAMES = {"results": "Model!$D$3:$D$4", "one": "Model!$D$4", "both": "SUM(Model!$K$3:$L$4)"}
IN_BETWEEN = [
    "=D3", "=D4*A1", "=+D3", "=SUM(D1:D9)", "=SUM(A1:E9)", "=SUM(D:D)", "=SUM(4:4)", "=A1*COUNT(D3:D4)", "=MAX(D3:D4)",
    "=SUM(results)", "=one*A1", "=both", "=INDEX(D3:D4,2)", "=INDEX(results,1)*A1", "=IF(A1>0,D4,1)", "=IF(D4>0,A1,1)",
    "=IFERROR(D3,A1)", "=AND(D3>1,A1>1)*A1", "=CHOOSE(1,D3,A1)", "=SUMPRODUCT(D3:D4,C3:C4)", "=K3", "=SUM(K3:L4)",
    "=L4*A1", "=T!A1+A1", "=SUM(T!A1:C1)", "=NPV(A1,D3:D4)", "=A1+D3*0", "=ROUND(D3,0)*A1",
    # not understood, so that it is told by the references alone
    "=OFFSET(D2,1,0)", "=OFFSET(A1,A2,3)*A1", "=INDEX(D3:D4,A2)", "=INDIRECT(""D3"")*A1", "=MEDIAN(D3:D4)",
    "=MEDIAN(results)*A1", "=TABLE(,A1)", "=MULTIPLE.OPERATIONS(B1,A1,C3)",
]  # fmt: skip


@pytest.mark.parametrize("formula", IN_BETWEEN)
def test_no_derivative_passes_a_result_of_a_table(formula: str) -> None:
    """As the target, and with cells in between that remember a number or none; whatever the derivative is by."""
    for remembered in (None, 6.0):
        cells = MODEL | {"F1": Entry(formula[1:], remembered), "F2": Entry("F1", remembered), "F3": "=F2*2+A1"}
        model = book({"Model": cells, "T": {"A1": 1, "B1": 2, "C1": 3}}, NAMES, what_ifs=TABLES)
        for target in ("F1", "F3"):
            for given in ("A1", "A2"):
                with pytest.raises(CannotDifferentiate, match=r"what-if data table|Model!F1 is not understood"):
                    checked(model, f"Model!{target}", [given])


@pytest.mark.parametrize("table", ["D3", "D3:D4", "results", "one", "C1:L9", "K4", "T!B1", "L:L"])
def test_no_cell_of_a_table_is_one_to_type_into(table: str) -> None:
    model = book({"Model": MODEL | {"F1": "=B1"}, "T": {"A1": 1, "B1": 2, "C1": 3}}, NAMES, what_ifs=TABLES)
    with pytest.raises(NoSuchCell, match=r"is a result of a what-if data table|is too large"):
        checked(model, "F1", [table])


@pytest.mark.parametrize("target", ["D3", "D4", "K3", "L4", "T!A1", "T!C1", "one"])
def test_a_cell_of_a_table_is_no_target(target: str) -> None:
    model = book({"Model": MODEL, "T": {"A1": 1, "B1": 2, "C1": 3}}, NAMES, what_ifs=TABLES)
    with pytest.raises(CannotDifferentiate, match="is a result of a what-if data table"):
        checked(model, target, ["Model!A1"])


@pytest.mark.parametrize("formula", ["=B1", "=SUM(C3:C4)*A1", "=INDEX(C3:D4,1,1)*A1", "=IF(A1>0,B1,D3)", "=SUM(A1:C9)"])
def test_what_only_stands_beside_a_table_is_differentiated(formula: str) -> None:
    found = checked(book({"Model": MODEL | {"F1": formula}}, what_ifs={("Model", "D3"): "D3:D4"}), "F1", ["A1"])
    assert found.proven and found.rows[0].derivative


@pytest.mark.parametrize("text", ["", "TABLE(,A1)", "{=TABLE(A1,)}", "A9"])
@pytest.mark.parametrize("inputs", ['dt2D="0" dtr="0" r1="A1"', 'dt2D="0" dtr="1" r1="A1"', 'dt2D="1" r1="A1" r2="A2"'])
def test_the_table_of_a_file_is_seen_whatever_its_formula_says(
    text: str, inputs: str, capsys: Capture, tmp_path: Path
) -> None:
    """By a row, a column, or both; some programs write a text into the element that should be empty."""
    table = f'<c r="D3"><f t="dataTable" ref="D3:D4" {inputs}>{text}</f><v>'
    plain = write(tmp_path / "plain.xlsx", {"Model": WHAT_IF | {"H1": "=MEDIAN(D3:D4)", "H2": "=H1*A1"}})
    change = {"xl/worksheets/sheet1.xml": lambda xml: re.sub('<c r="D3"[^>]*><v>', table, xml)}
    path = edit(plain, tmp_path / "t.xlsx", *next(iter(change.items())))
    for cell in ("D3", "D4", "F1", "F2", "H1", "H2"):
        status, out, err = run(capsys, path, cell, "A1")
        assert (status, out) == (2, "") and re.search(r"what-if data table|MEDIAN is not understood", err)
