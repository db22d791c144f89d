"""Pointing at a table by hand, its learning rate, and what is said where no table is found."""

from __future__ import annotations

import pytest
from audit_tables import Cells, book, cells, only, row, text
from work import at_most

from sheetgen.audit.find.pointed import NoTable, pointed
from sheetgen.audit.find.precedents import Precedents
from sheetgen.audit.find.survey import Survey, rate
from sheetgen.audit.find.tables import find, why_none
from sheetgen.excel import Entry, Workbook
from sheetgen.excel.a1 import address

NOTHING = "nothing is labelled as a weight (w1, w2, ...) or as an error (E_total)."


@pytest.mark.parametrize(
    ("sheet", "why"),
    [
        ({}, f"There are no formulas and no network: {NOTHING}"),
        ({"A1": Entry(None, "rent"), "B1": Entry("2+3", 5.0)}, f"This is another kind of workbook: {NOTHING}"),
        (text(A1="w1", B2=0.1), "There are weights (Sheet1!A1), but nothing is labelled as their error (E_total)."),
        (
            text(B7="E_total", B8=0.1),
            "There is an error (Sheet1!B7), but nothing is labelled as a weight (w1, w2, ...).",
        ),
        (
            text(A1="w1", A2=0.1, C9="Error", C10=0.1),
            "There are weights (Sheet1!A1) and an error (Sheet1!C9), but not in one row or one column of numbers.",
        ),
        (text(A1="w1", B1="E_total"), "The headings at Sheet1!A1 have no numbers below them."),
        (
            cells(True, 2, row(), 3, formulas=False),
            "The table Sheet1!A2:L5 holds numbers without formulas (pasted values): nothing can be checked.",
        ),
        (
            {**cells(True, 2, row(), 2), "J3": Entry(None, 0.1), "J4": Entry(None, 0.1)},
            "The error in Sheet1!J3:J4 holds numbers without formulas (pasted values): nothing can be checked.",
        ),
        (
            {**cells(True, 2, row(), 2), "J3": Entry("1+1", 2.0), "J4": Entry("1+1", 2.0)},
            "The error in Sheet1!J3 is not computed from the weights of its own row (table Sheet1!A2:L4).",
        ),
    ],
)
def test_why_nothing_is_found_is_one_sentence(sheet: Cells, why: str) -> None:
    b = book(sheet)
    assert find(b) == []
    assert why_none(b) == why


def test_the_learning_rate_beside_or_above_and_by_name() -> None:
    sheet = cells(True, 5, row(), 3)
    sheet |= text(F1="Learning Rate", F2="η =", I2=0.5, A2="lr", A3=0.1, L9="alpha", M9="text")
    sheet["M2"], sheet["N2"] = Entry(None, "eta"), Entry('"η = "&I2', "η = 0.5")
    b = book(
        sheet, names={"learning_rate": "Sheet1!$Q$40", "Settings!eta": "=Settings!$C$7", "table": "Sheet1!$A$1:$B$2"}
    )
    found = rate(Survey(b), only(find(b)))
    assert found == [("Sheet1", "A3"), ("Sheet1", "I2"), ("Sheet1", "Q40"), ("Settings", "B1"), ("Settings", "C7")]


def test_a_learning_rate_in_a_column_of_the_table_and_a_list_of_rates() -> None:
    sheet = cells(True, 5, row(2), 3) | text(A5="eta", A6=0.5, A7=0.5, A8=0.5)
    b = book(sheet)
    table = only(find(b))
    assert table.lines["eta"] == 1
    assert rate(Survey(b), table) == [("Sheet1", "A6"), ("Settings", "B1")]
    listed = book(cells(True, 5, row(2), 3) | text(C1="learning rate", C2=0.1, C3=0.5))
    assert rate(Survey(listed), only(find(listed))) == [("Sheet1", "C3"), ("Sheet1", "C2"), ("Settings", "B1")]


def test_pointing_at_a_table() -> None:
    b = book(cells(True, 3, row(), 4), cells(False, 2, row(3), 2))
    table = only([t for t in find(b) if t.across])
    assert pointed(b, "Sheet1!A3:L7") == table
    assert pointed(b, "'sheet1'!$A$3:$L$7") == table
    assert pointed(b, "Sheet1!A3:L6").last == 6, "no farther than it was pointed at"
    assert pointed(b, "Sheet1!A3:L99").last == 7, "nor than there are steps"
    assert pointed(b, "Sheet2!B3:D14") == next(t for t in find(b) if not t.across)
    lone = Workbook({"My sheet": b.sheets["Sheet1"]}, {})
    assert pointed(lone, "A3:L7").sheet == pointed(lone, "My sheet!A3:L7").sheet == "My sheet"


def test_pointing_names_what_labels_do_not() -> None:
    sheet = cells(True, 3, row(), 4)
    renamed = {
        at: Entry(e.formula, f"column {at[:-1]}" if e.value in ("E_total", "w1", "dE/dw1") else e.value)
        for at, e in sheet.items()
    }
    b = book(renamed)
    with pytest.raises(NoTable, match="No heading at Sheet1!A3 names the error"):
        pointed(book({at: e for at, e in renamed.items() if e.value != "E1"}), "Sheet1!A3:L7")
    table = pointed(b, "Sheet1!A3:L7 E_total=J w1=c ∂E/∂w1=K")
    assert table.lines == row()
    assert table.labels["w1"] == "column C"
    headless = book({at: e for at, e in sheet.items() if at[1:] != "3"})
    told = " ".join(f"{name}={address(1, k)[:-1]}" for name, k in row().items())
    table = pointed(headless, f"Sheet1!A4:L7 {told}")
    assert (table.lines, table.first, table.last, table.labels["w1"]) == (row(), 4, 7, "w1")
    turned = book(cells(False, 2, row(3), 2))
    assert pointed(turned, "Sheet1!B3:D14 w1=5 E_total=12") == only(find(turned))


@pytest.mark.parametrize(
    ("spec", "why"),
    [
        ("", "is no place: write SHEET!A32:AE100"),
        ("Sheet1!A3:L7 what is this", "is no place"),
        ("Nowhere!A3:L7", "There is no sheet 'Nowhere'; there are Sheet1, Settings."),
        ("A3:L7", "Say which sheet"),
        ("Sheet1!A3", "is no range of cells"),
        ("Sheet1!A0:B99999999", "is no range of cells"),
        ("Sheet1!A3:L7 thing=C", "'thing' is no quantity"),
        ("Sheet1!A3:L7 w1=12345678", "There are no numbers|is no column|No heading"),
        ("Sheet1!A3:L7 w1=?", "is no column and no row"),
        ("Sheet1!A3:L7 w1=C E_total=12", "Name columns"),
        ("Sheet1!N3:P7", "names the error"),
        ("Sheet1!J3:L7", "names a weight"),
        ("Sheet1!A3:L3", "There are no numbers"),
        ("Sheet1!A3:L7 E_total=A", "has no formulas"),
    ],
)
def test_pointing_amiss_says_so_in_one_sentence(spec: str, why: str) -> None:
    with pytest.raises(NoTable, match=why) as caught:
        pointed(book(cells(True, 3, row(), 4)), spec)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(("formula", "calls"), [("A1+B9*$C$3", 40_000), ("SUM(A1:B9)", 600_000)])
def test_a_formula_is_asked_about_2_000_rates_without_reading_their_addresses_again(formula: str, calls: int) -> None:
    precedents = Precedents(book({f"D{k}": Entry(formula, 1.0) for k in range(1, 101)}))
    rates = frozenset(("Sheet1", f"E{k}") for k in range(1, 2_001))
    with at_most(calls):
        assert not any(precedents.uses(("Sheet1", f"D{k}"), rates) for k in range(1, 101))
    assert precedents.uses(("Sheet1", "D1"), rates | {("Sheet1", "B9")})
    assert not precedents.uses(("Sheet1", "D1"), {("Settings", "B9")})
