"""The tables of a training are found wherever they stand, and nothing else is taken for one."""

from __future__ import annotations

from pathlib import Path

import pytest
from audit_tables import NAMES, Cells, book, cells, only, row, text
from books import STEADY
from hypothesis import given, settings
from hypothesis import strategies as st
from work import at_most

from sheetgen.audit.find.survey import Survey, rate
from sheetgen.audit.find.tables import find, why_none
from sheetgen.audit.table import StepTable
from sheetgen.excel import Entry, ErrorValue, read
from sheetgen.excel.a1 import address


@settings(**STEADY)
@given(
    st.booleans(), st.integers(1, 60), st.integers(1, 60), st.permutations(NAMES), st.integers(1, 5), st.integers(0, 2)
)
def test_a_table_is_found_wherever_it_stands(
    across: bool, head: int, start: int, order: list[str], steps: int, gap: int
) -> None:
    lines = row(start, order)
    table = only(find(book(cells(across, head, lines, steps, gap=gap))))
    assert table == StepTable(
        "Sheet1", across, head, head + 1 + gap, head + gap + steps, lines, {name: name for name in order}
    )


@settings(**STEADY)
@given(st.booleans(), st.lists(st.integers(0, 3), min_size=len(NAMES), max_size=len(NAMES)))
def test_empty_columns_between_the_headings_do_not_matter(across: bool, gaps: list[int]) -> None:
    lines = {name: 1 + k + sum(gaps[: k + 1]) for k, name in enumerate(NAMES)}
    assert only(find(book(cells(across, 2, lines, 3)))).lines == lines


def test_spellings_are_found_and_kept() -> None:
    spelt = {"W1": "w1", "out_o1": "a_o1", "Error": "E_total", "∂E_t/∂W1": "dE/dw1"}
    sheet = cells(True, 1, row(), 2)
    wanted = {old: new for new, old in spelt.items()}
    sheet = {at: Entry(e.formula, wanted.get(str(e.value), e.value)) for at, e in sheet.items()}
    table = only(find(book(sheet)))
    assert {table.labels[old] for old in wanted} == set(spelt)
    assert table.lines == row()


def test_title_rows_blank_rows_units_and_notes_around_a_table() -> None:
    sheet = cells(True, 5, row(2), 3, gap=2)
    sheet |= text(
        B1="Backpropagation", C3="Forward pass", L3="Derivatives", B6="[1]", C6="[1]", O8="a note", B12="the end"
    )
    table = only(find(book(sheet)))
    assert (table.head, table.first, table.last, table.area) == (5, 8, 10, "B5:M10")


def test_tables_side_by_side_and_one_below_another() -> None:
    sheet = cells(True, 3, row(1), 4) | cells(True, 3, row(15), 2) | cells(True, 12, row(4), 3)
    assert [t.area for t in find(book(sheet))] == ["A3:L7", "O3:Z5", "D12:O15"]


def test_tables_side_by_side_without_a_column_between() -> None:
    sheet = cells(True, 3, row(1), 4) | cells(True, 3, row(13), 4)
    assert [t.area for t in find(book(sheet))] == ["A3:L7", "M3:X7"]


def test_several_sheets_in_their_order() -> None:
    found = find(book(cells(True, 3, row(), 4), text(A1="w1", B1="E"), cells(False, 1, row(), 4)))
    assert [(t.sheet, t.area, t.across) for t in found] == [("Sheet1", "A3:L7", True), ("Sheet3", "A1:E12", False)]


def test_trainings_told_apart_by_brackets_share_the_rest() -> None:
    sheet: Cells = {}
    start = 2
    for tag in ("0.1", "0.5"):
        sheet |= cells(True, 1, {f"{name} ({tag})": start + k for k, name in enumerate(NAMES)}, 3)
        start += len(NAMES)
    sheet |= text(A1="iteration", A2=0.0, A3=1.0, A4=2.0)
    one, other = find(book(sheet))
    assert one.lines == {"iteration": 1} | row(2)
    assert other.lines == {"iteration": 1} | row(2 + len(NAMES))
    assert other.labels["w1"] == "w1 (0.5)"


def test_a_list_of_parameters_beside_the_headings_is_left_out() -> None:
    sheet = cells(True, 29, row(4), 5)
    for k, name in enumerate(("i1", "w1", "w2", "a_o1")):
        sheet |= {f"A{29 + k}": Entry(None, name), f"B{29 + k}": Entry(None, 0.5)}
    assert only(find(book(sheet))).lines == row(4)
    sheet = cells(True, 29, row(4), 5) | text(A29="w1", A30=0.3, R29="i1", R30=0.1)  # labels above their numbers
    assert only(find(book(sheet))).lines == row(4)


def test_new_weights_under_the_same_names_are_not_the_weights() -> None:
    sheet = cells(True, 2, row(), 3)
    for k, name in enumerate(("w1", "w2")):
        column = 13 + k
        sheet[address(2, column)] = Entry(None, name)
        for r in (3, 4, 5):
            sheet[address(r, column)] = Entry(f"{address(r, row()[name])}-0.5*{address(r, 11 + k)}", 0.4)
    assert only(find(book(sheet))).lines == row()
    titled = only(find(book(sheet | text(M1="Updated weights"))))
    assert titled.lines == row() | {"w1_next": 13, "w2_next": 14}


def test_of_two_weights_of_one_name_the_error_tells_which() -> None:
    """No part has everything: the first w1 is a copy that nothing is computed from."""
    names = ["w1", "E1", *(name for name in NAMES if name not in ("w1", "E1"))]
    lines = row(3, [*(name for name in names if name != "w1"), "w1"])
    sheet = cells(True, 2, lines, 3)
    sheet |= text(A2="w1", A3=0.1, A4=0.1, A5=0.1, B2="E1", B3=0.1, B4=0.1, B5=0.1)
    assert only(find(book(sheet))).lines == lines


def test_dw_beside_the_gradient_is_no_gradient() -> None:
    """dw1 is eta times the gradient here; where there is no gradient either, it is still none."""
    lines = row()
    sheet = cells(True, 2, lines, 3)
    for k, name in enumerate(("w1", "w2")):
        sheet[address(2, 13 + k)] = Entry(None, f"d{name}")
        for r in (3, 4, 5):
            gradient = address(r, lines[f"dE/d{name}"])
            sheet[address(r, 13 + k)] = Entry(f"Settings!$B$1*{gradient}", 0.1)
    assert only(find(book(sheet))).lines == lines
    without = {at: e for at, e in sheet.items() if e.value not in ("dE/dw1", "dE/dw2")}
    assert only(find(book(without))).lines == {name: k for name, k in lines.items() if "/" not in name}


@pytest.mark.parametrize("first", ["dw", "dE/dw"])
def test_of_dw_and_the_gradient_the_gradient_wins_wherever_it_stands(first: str) -> None:
    order = [name for name in NAMES if name[:2] != "dE"]
    lines = row(1, [*order, "dE/dw1", "dE/dw2"])
    sheet = cells(True, 2, lines, 3) | text(M2="dw1", N2="dw2")
    for r in (3, 4, 5):
        sheet |= {f"M{r}": Entry(f"2*K{r}", 0.1), f"N{r}": Entry(f"2*L{r}", 0.1)}
    if first == "dw":
        sheet |= text(M2="dE/dw1", N2="dE/dw2", K2="dw1", L2="dw2")
    columns = (11, 12) if first == "dE/dw" else (13, 14)
    found = only(find(book(sheet))).lines
    assert (found["dE/dw1"], found["dE/dw2"]) == columns


def test_dw_alone_is_the_gradient() -> None:
    sheet = cells(True, 2, row(), 3)
    sheet = {
        at: Entry(e.formula, str(e.value).replace("dE/", "") if type(e.value) is str else e.value)
        for at, e in sheet.items()
    }
    table = only(find(book(sheet)))
    assert (table.lines, table.labels["dE/dw1"]) == (row(), "dw1")


def test_one_error_alone_is_the_total() -> None:
    lines = row(1, [name for name in NAMES if name != "E_total"])
    table = only(find(book(cells(True, 2, lines, 3))))
    assert (table.lines["E_total"], table.labels["E_total"], "E1" in table.lines) == (lines["E1"], "E1", False)
    sheet = cells(True, 2, lines, 3) | text(N2="E2", N3=0.1, N4=0.1, N5=0.1)
    assert find(book(sheet)) == []


def test_a_column_e_beside_e1_and_e2_is_the_total() -> None:
    sheet = cells(True, 2, row(), 3) | text(J2="E", N2="E2", N3=0.1, N4=0.1, N5=0.1)
    assert only(find(book(sheet))).lines == row() | {"E2": 14}


def test_a_label_value_list_of_one_step() -> None:
    sheet = cells(False, 1, row(3), 1) | text(A1="Forward pass", A2="name", B2="value", C5="a note")
    table = only(find(book(sheet)))
    assert (table.across, table.first, table.last, table.address("w1", 0)) == (False, 2, 2, "B5")


def test_a_heading_that_is_copied_by_a_formula_is_a_heading() -> None:
    sheet = cells(True, 2, row(), 3)
    sheet = {at: Entry("Sheet9!A1" if type(e.value) is str else e.formula, e.value) for at, e in sheet.items()}
    assert only(find(book(sheet))).lines == row()


def test_formulas_without_results_and_with_errors_are_steps() -> None:
    sheet = cells(True, 2, row(), 4)
    bare = {at: Entry(e.formula, None if e.formula else e.value) for at, e in sheet.items()}
    assert only(find(book(bare))).last == 6
    wrong = {
        at: Entry(e.formula, ErrorValue("#NUM!") if e.formula and at.endswith("5") else e.value)
        for at, e in sheet.items()
    }
    assert only(find(book(wrong))).last == 6


@pytest.mark.parametrize("damage", ["J3", "J6", "J4", "C5", "K4"])
def test_a_cell_that_is_typed_over_or_gone_hides_no_table(damage: str) -> None:
    sheet = cells(True, 2, row(), 5)
    assert only(find(book(sheet | {damage: Entry(None, 0.1)}))).area == "A2:L7"
    if damage not in ("J3", "J6"):
        del sheet[damage]
        assert only(find(book(sheet))).area == "A2:L7"


@pytest.mark.parametrize(
    "footer",
    [
        {"J6": Entry("AVERAGE(J3:J5)", 0.1)},
        {
            "A6": Entry(None, "Average"),
            **{address(6, k): Entry(f"AVERAGE({address(3, k)}:{address(5, k)})", 0.1) for k in range(2, 13)},
        },
        {"C6": Entry("C5-K5", 0.1), "F6": Entry("F5-L5", 0.1)},
        {address(7, k): Entry(None, 0.1) for k in range(1, 13)},
    ],
    ids=["an average", "averages of everything", "weights without an error", "numbers after a gap"],
)
def test_a_footer_is_no_step(footer: Cells) -> None:
    assert only(find(book(cells(True, 2, row(), 3) | footer))).last == 5


def test_what_is_no_table() -> None:
    legend = text(A1="i1", B1="w1", C1="E_total", A2="i2", B2="w2", B3="w3")
    drawing = text(A3="i1", B3=0.5, E2="w1", H9="E_total", H10=0.3, A12="w2", A13="h1 = w1*i1")
    network = {"A1": "w1", "B1": Entry("Sheet2!C3", 0.5), "A2": "E_total", "B2": Entry("Sheet2!J3", 0.1)}
    copies = {at: e if isinstance(e, Entry) else Entry(None, e) for at, e in network.items()}
    training = cells(True, 2, row(), 3)
    assert find(book(legend | {k.replace("A", "K"): v for k, v in drawing.items()})) == []
    found = find(book(copies, training))
    assert [t.sheet for t in found] == ["Sheet2"], "numbers copied from a training are not a second one"


def test_differences_to_a_reference_are_no_training() -> None:
    """Every cell compares a cell of the training with a number: its error does not come from its weights."""
    training = cells(True, 2, row(), 4)
    checked = {
        at: e if at.endswith("2") and not at[-2].isdigit() else Entry(f"ABS(Sheet1!{at}-Sheet3!{at})", 0.0)
        for at, e in training.items()
    }
    values = {at: Entry(None, e.value) for at, e in training.items()}
    b = book(training, checked, values)
    assert [t.sheet for t in find(b)] == ["Sheet1"]


def test_forward_passes_alone_are_no_training() -> None:
    lines = row(1, [name for name in NAMES if name[:2] != "dE"])
    sheet = cells(True, 2, lines | {"dE/dw1": 30, "dE/dw2": 31}, 4)
    sheet = {
        at: Entry(None, 0.5) if at[0] in "CF" and at[1:] > "2" else e
        for at, e in sheet.items()
        if at[:2] != "AD" and at[:2] != "AE"
    }
    b = book(sheet)
    assert find(b) == []
    assert (
        why_none(b) == "The table Sheet1!A2:J6 is a forward pass only: it has no gradients, and no weight is updated."
    )


@settings(**STEADY)
@given(
    st.dictionaries(
        st.builds(address, st.integers(1, 12), st.integers(1, 12)),
        st.builds(
            Entry,
            st.sampled_from([None, None, "A1+B2", "SUM(A1:L12)", "Sheet9!B1", "nothing", "((", "E1:E1"]),
            st.sampled_from(
                [None, 1.0, True, "w1", "E", "E_total", "dE/dw1", "h1", "η", "w1 (0.1)", "E (0.1)", "dw1", "?"]
            ),
        ),
    )
)
def test_any_sheet_has_an_answer(sheet: Cells) -> None:
    b = book(sheet)
    for table in find(b):
        assert table.first <= table.last and table.head < table.first
        assert {"E_total", "w1"} <= set(table.lines)
        rate(Survey(b), table)
    assert why_none(b)


def test_large_sheets_and_far_cells_take_no_time() -> None:
    sheet = cells(True, 3, row(), 10_000)
    sheet |= text(A1048576="w1", XFD1048576="E", XFD1="η") | {"XFC1048576": Entry("1+1", 2.0)}
    b = book(sheet, {address(r, c): Entry(None, f"text {r} {c}") for r in range(1, 501) for c in range(1, 101)})
    with at_most(1_500_000):
        table = only(find(b))
        assert (table.first, table.last) == (4, 10_003)
        assert rate(Survey(b), table) == [("Settings", "B1")]


def test_our_own_workbooks(homework_book: Path, right: Path) -> None:
    found = find(read(homework_book))
    assert {t.sheet for t in found} == {"Training", "Learning rates"}
    training = found[0]
    assert (training.sheet, len(training.lines), len(training.steps)) == ("Training", 32, 31)
    assert all(label == name for name, label in training.labels.items())
    rates = [t for t in found if t.sheet == "Learning rates"]
    assert len({t.address("E_total", 0) for t in rates}) == len(rates) == 7
    assert all(len(t.steps) == 31 for t in rates)
    small = find(read(right))
    assert [len(t.steps) for t in small] == [11] * len(small)


HOMEWORK = Path(__file__).parents[3] / "shared" / "data" / "homework"
ALL = {*("t1", "t2", "i1", "i2", "h1", "a_h1", "h2", "a_h2", "o1", "a_o1", "o2", "a_o2", "E1", "E2", "E_total")}
ALL |= {f"{kind}{k}" for kind in ("w", "dE/dw") for k in range(1, 9)}


@pytest.mark.skipif(not HOMEWORK.is_dir(), reason="the collected workbooks are not here")
@pytest.mark.parametrize(
    ("name", "areas", "eta"),
    [
        ("01", ["A34:AE102"], "B33"),
        ("02", ["A33:AE93"], "G32"),
        ("03", ["A32:AE100"], "G31"),
        ("04", ["A32:AE100"], "G31"),
        ("05", ["A23:AE74"] * 6, "P19"),
        ("06", ["A2:AE200"], "F1"),
        ("07", ["D29:AH70"], "W27"),
        ("08", ["A32:AE100", "A20:AE100"], "G31"),
        ("09", ["A4:AE54"] * 8, "B2"),
    ],
)
def test_the_workbooks_that_people_handed_in(name: str, areas: list[str], eta: str) -> None:
    b = read(HOMEWORK / f"sheet-{name}.xlsx")
    tables = find(b)
    assert [t.area for t in tables] == areas
    assert all(set(t.lines) == ALL for t in tables)
    assert rate(Survey(b), tables[0])[0] == (tables[0].sheet, eta)
