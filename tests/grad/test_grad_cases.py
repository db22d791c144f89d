"""What real workbooks hold: each is differentiated rightly, or refused by the cell that cannot be, and never wrong."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from grad_books import Cells, book, checked, run, write
from mutants import edit

from sheetgen.cells.ops import OPS
from sheetgen.excel import Entry, ErrorValue, read
from sheetgen.excel.a1 import Area
from sheetgen.excel.tables import Table
from sheetgen.grad import tape
from sheetgen.grad.engine import AGREES, CANNOT, DIFFERS
from sheetgen.grad.result import grad
from sheetgen.grad.reverse import CannotDifferentiate

ERROR = Entry("1/0", ErrorValue("#DIV/0!"))


@pytest.mark.parametrize(
    ("formula", "cells", "derivative"),
    [
        ("=TRUNC((0.1+0.7)*10)*A1", {"A1": 3}, 8), ("=ROUNDUP(1.1-1+2.9,0)*A1", {"A1": 3}, 3),
        # odd roots of negative numbers are numbers, as in every engine
        ("=A1^(1/3)", {"A1": -8}, 1 / 12), ("=POWER(A1,1/3)*3", {"A1": -8}, 1 / 4),
        ("=(-A1)^(1/3)", {"A1": 8}, -1 / 12), ("=A1^(-1/3)", {"A1": -8}, -1 / 48), ("=A1^0.5", {"A1": 4}, 1 / 4),
        ("=A1^-0.5", {"A1": 4}, -1 / 16),
        # a rate below -1
        ("=FV(-2,3,A1)", {"A1": 100}, -1), ("=PV(-2,3,A1)", {"A1": 100}, 1), ("=FV(A1,3,100)", {"A1": -2}, 100),
        ("=IFERROR(PMT(-2,3,A1),7*A1)", {"A1": 100}, 7),
        # texts that spell numbers are calculated with, and passed over by SUM
        ("=A1*A2", {"A1": 3, "A2": "12"}, 12), ("=A1*SUM(A2:A3)", {"A1": 3, "A2": "12", "A3": 5}, 5),
        ("=A1+A2", {"A1": 3, "A2": " 4e1 "}, 1),
        # and no text is below a number
        ("=IF(A2>45000,A1*2,A1*3)", {"A1": 3, "A2": "2024-01-10"}, 2),
        # precedence and signs
        ("=-A1^2", {"A1": 3}, 6), ("=A1^2^3", {"A1": 3}, 1458), ("=A1%^2", {"A1": 3}, 0.0006),
        ("=+-+A1", {"A1": 3}, -1), ("=IF(A1>2,,5)+A1", {"A1": 3}, 1),
    ],
)  # fmt: skip
def test_it_is_differentiated_rightly(formula: str, cells: Cells, derivative: float) -> None:
    found = checked(book(cells | {"B1": formula}), "B1", ["A1"])
    assert found.rows[0].derivative == pytest.approx(derivative, rel=1e-12)
    assert found.rows[0].check == AGREES


def test_rounding_goes_by_15_digits() -> None:
    """So the condition holds, for the number that is rounded is one half in 15 digits; which is a jump."""
    cells = {"A1": 1.05, "B1": "=IF(ROUND(A1*(0.0284+0.0046)-0.0284,4)=0.0063,A1*2,A1*3)"}
    found = checked(book(cells), "B1", ["A1"])
    assert found.value == found.check.value == 2.1 and found.rows[0].derivative == 2
    assert found.notes == ["a rounding at its threshold in Sheet1!B1: there is a kink or a jump there"]
    assert found.rows[0].check == DIFFERS  # by the slope across the jump
    assert checked(book(cells | {"A1": 1.0501}), "B1", ["A1"]).proven


@pytest.mark.parametrize(
    ("formula", "cells"),
    [
        ("=[1]Sheet1!B2*A1", {}), ("='[1]M&A Model'!$E$14*A1", {}), ('="2"*A1', {}), ('=A1&""', {}),
        ("=IFERROR(A2-45300,100)*A1", {"A2": "2024-01-10"}), ("=A2-45300+A1", {"A2": "2024-01-10"}),
        ("=A2*A1", {"A2": "1,000"}), ("=SUM(OFFSET(A1,0,0,2,1))", {}), ("=SUMPRODUCT((A1,A2))", {}),
        ("=SUM(A1:A2 A1:A2)", {}), ("=SUM({1,2;3,4}*A1)", {}), ("=_xlfn.LAMBDA(_xlpm.a,_xlpm.a^2)(A1)", {}),
        ("=RAND()*A1", {}), ("=A1*A2", {"A2": ERROR}),
        ("=A1*B1", {}),  # itself
    ],
)  # fmt: skip
@pytest.mark.parametrize("remembered", [None, 6.0])
def test_or_refused_by_its_name(formula: str, cells: Cells, remembered: float | None) -> None:
    model = book(cells | {"A1": 3, "B1": Entry(formula[1:], remembered), "C1": Entry("B1+A1", remembered)})
    for target in ("B1", "C1"):
        with pytest.raises(CannotDifferentiate, match=r"Sheet1!(A2|B1) "):
            checked(model, target, ["A1"])


@pytest.mark.parametrize(
    "formula",
    [
        "MEDIAN('Q 1:Q 3'!A1)", "TABLE(,A2)", "MEDIAN(Q1:Q3!A1)", "CELL(A1#)", "MEDIAN(A2:INDEX(A1:A2,1))",
        "MEDIAN(OFFSET(A2,-1,0))", "MEDIAN(A2,nowhere)", "MEDIAN(A2,",
    ],
)  # fmt: skip
def test_what_may_depend_on_a_cell_in_a_way_that_is_not_seen_is_no_constant(formula: str) -> None:
    assert "cannot be told whether it depends on S!A1" in _why_not(formula)


@pytest.mark.parametrize(
    "formula",
    [
        "MEDIAN([0]!rate)", "MEDIAN(moving)", "MEDIAN(Table[x])", "MEDIAN('S:Q 1'!A1)", "MEDIAN((A2,A1))",
        "FOO(A1:B9 A1)",
    ],
)  # fmt: skip
def test_what_is_not_understood_depends_on_the_cells_that_it_names(formula: str) -> None:
    assert "it depends on S!A1" in _why_not(formula)


def _why_not(formula: str) -> str:
    """Why S!D1 has no derivative with respect to S!A1, with a formula in C1 that is not understood."""
    names = {"rate": "S!$A$1", "moving": "S!XFC1"}  # as told for A1; from C1, two columns on, it is A1 again
    sheets = {"S": {"A1": 3, "A2": 1, "B1": "=A1", "C1": Entry(formula, 6.0), "D1": "=C1*2"}, "Q 1": {"A1": "=S!A1"}}
    table = Table("Table", Area("S", 1, 1, 2, 1), ("x",), headers=0)
    with pytest.raises(CannotDifferentiate, match="S!C1 is not understood") as refused:
        checked(book(sheets, names, tables=(table,)), "S!D1", ["A1"])
    return str(refused.value)


COMPARISONS = {"eq", "ne", "lt", "le", "gt", "ge"}


def test_the_derivative_is_0_everywhere_of_these_operators_and_of_no_others() -> None:
    """Those through which no derivative passes at all are None."""
    told = {op: {tape._is_flat(op, n) for n in (1, 2, 3) if _takes(op, n)} for op in OPS}
    assert all(len(flat) == 1 for flat in told.values())
    assert {op for op, flat in told.items() if flat == {True}} == COMPARISONS | {"step", "sign", "isnumber"}
    assert {op for op, flat in told.items() if flat == {None}} == {"floor", "round", "rounddown", "roundup"}


def _takes(op: str, arguments: int) -> bool:
    """Whether the adjoint of an operator takes so many arguments."""
    try:
        inspect.signature(OPS[op].adjoint).bind(1, 1, *range(arguments))
    except TypeError:
        return False
    return op != "dot" or arguments == 2


# Array formulas.


@pytest.mark.parametrize(
    ("formula", "derivative"),
    [
        ("SUM(IFERROR(A1:A3,0)*B1:B3)", 10), ("SUM(IF(B1:B3>15,A1:A3,0))", 0), ("SUM(A1:A1*B1:B1)", 10),
        ("SUM(A1:A3*B1:B3)", None), ("MAX(A1:A3*B1:B3)", None), ("SUMPRODUCT(A1:A3,B1:B3)", None),
        ("AND(A1:A3>0)*A1", None),
    ],
)  # fmt: skip
def test_array_formulas_over_ranges_with_errors(formula: str, derivative: float | None) -> None:
    cells: Cells = {"A1": 2, "A2": ERROR, "A3": 4, "B1": 10, "B2": 20 if "15" not in formula else 5, "B3": 30}
    model = book(cells | {"C1": Entry(formula, None)}, arrays={("Sheet1", "C1"): "C1"})
    if derivative is None:
        with pytest.raises(CannotDifferentiate, match="an error where a number is needed"):
            checked(model, "C1", ["A1"])
    else:
        (row,) = checked(model, "C1", ["A1"]).rows
        assert (row.derivative, row.check) == (derivative, AGREES)


def test_dynamic_arrays_that_spill() -> None:
    """Their results stand as numbers, which are no constants."""
    cells: Cells = {"A1": 2, "A2": 3, "B1": Entry("A1:A2^2", 4.0), "B2": Entry(None, 9.0)}
    model = book(cells | {"C1": "=SUM(B1:B2)", "C2": "=B2"}, arrays={("Sheet1", "B1"): "B1:B2"})
    assert [(row.derivative, row.check) for row in checked(model, "C1", ["A1:A2"]).rows] == [(4, AGREES), (6, AGREES)]
    assert [row.derivative for row in checked(model, "C2", ["A1:A2"]).rows] == [0, 6]
    (row,) = checked(model, "C1", ["B2"]).rows
    assert (row.derivative, row.check) == (1, CANNOT)  # there nobody could type it


# What the file remembers.


@pytest.mark.parametrize("old", [7.0, ErrorValue("#NUM!"), "text", True])
def test_a_cell_that_remembers_something_else_is_told_of(old: float | str) -> None:
    found = checked(book({"A1": 2, "A2": Entry("A1*3", old), "A3": Entry("A2*2", 12.0)}), "A3", ["A1"])
    assert found.proven and len(found.notes) == 1
    assert re.match(r"1 cell does not hold what the formula gives, first Sheet1!A2 \(.*, now 6\)", found.notes[0])


def test_a_number_where_the_reader_finds_an_error_is_told_of() -> None:
    found = grad(book({"A1": 2, "A2": Entry("LN(-1)", 7.0), "A3": Entry("IFERROR(A2,5)*A1", 14.0)}), "A3", ["A1"])
    assert any(re.search(r"2 do not hold .* first Sheet1!A2 \(7, now an error\)", note) for note in found.notes)
    quiet = {"A1": 2, "A2": Entry("A4", "x"), "A4": "x", "A3": Entry("A1*3", 6.0), "A5": Entry('IF(A4="x",A3,A2)', 6.0)}
    assert checked(book(quiet), "A5", ["A1"]).notes == []


# Settings of the workbook.


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return write(tmp_path / "plain.xlsx", {"S": {"A1": 3, "B1": "=A1^2", "C1": "=A1+0.5*C2", "C2": "=C1"}})


def changed(path: Path, change: Callable[[str], str]) -> Path:
    return edit(path, path.with_name("t.xlsx"), "xl/workbook.xml", change)


def calculation(text: str) -> Callable[[str], str]:
    return lambda xml: re.sub(r"<calcPr[^>]*/>", f"<calcPr {text}/>", xml)


@pytest.mark.parametrize("precision", ["0", "false"])
def test_precision_as_displayed_is_refused(precision: str, path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    status, out, err = run(capsys, changed(path, calculation(f'fullPrecision="{precision}"')), "B1", "A1")
    assert (status, out) == (2, "") and "calculates with numbers as displayed" in err


def test_what_changes_nothing_is_no_hindrance(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Full precision, iteration where nothing is a circle, dates from 1904."""
    for change in (
        calculation('fullPrecision="1" iterate="1" iterateCount="50"'),
        lambda xml: re.sub(r"<workbookPr[^>]*/>", '<workbookPr date1904="1"/>', xml),
    ):
        status, out, _ = run(capsys, changed(path, change), "B1", "A1")
        assert status == 0 and "the derivative agrees with IronCalc" in out


def test_a_circle_is_refused_though_it_is_iterated(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    status, out, err = run(capsys, changed(path, calculation('iterate="1"')), "C1", "A1")
    assert (status, out) == (2, "") and "S!C1 depends on itself: S!C1 -> S!C2 -> S!C1" in err


def test_a_sheet_of_macros_without_a_part_is_passed_over(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    sheet = '<sheet xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships" name="Module1" '
    sheet += 'sheetId="9" state="veryHidden" r:id=""/></sheets>'
    with_macros = changed(path, lambda xml: xml.replace("</sheets>", sheet))
    assert list(read(with_macros).sheets) == ["S"]
    assert run(capsys, with_macros, "B1", "A1")[0] == 0
