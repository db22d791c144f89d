"""`sheetgen grad`: what is typed, what is printed, and one sentence for everything that cannot be done."""

from __future__ import annotations

import csv
import io
import json
import math
import re
from collections.abc import Callable
from functools import partial
from pathlib import Path

import grad_books
import pytest
from grad_books import OPTION, Cells, book, checked, loan, write
from mutants import edit

from sheetgen.cli.grad import MOST_ROWS
from sheetgen.excel import Entry, ErrorValue, Workbook
from sheetgen.grad.engine import AGREES, DIFFERS, VAGUE
from sheetgen.grad.result import grad
from sheetgen.grad.where import MOST, NoSuchCell, cells_of, label_of, named, target_of
from sheetgen.reader import Formulas

Run = tuple[int, str, str]  # exit status, standard output, standard error


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Run]:
    """Run the command in an empty folder."""
    monkeypatch.chdir(tmp_path)
    for name in ("FORCE_COLOR", "TTY_COMPATIBLE"):
        monkeypatch.delenv(name, raising=False)

    return partial(grad_books.run, capsys)


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A loan and an option in one workbook, with names."""
    sheets = {"Loan": loan(24), "My 'own' option": OPTION}
    names = {"rate": "Loan!$B$2", "terms": "Loan!$B$1:$B$3", "Spot": "'My ''own'' option'!$B$1", "three": "3"}
    return write(tmp_path_factory.mktemp("grad") / "model.xlsx", sheets, names)


def test_a_table_for_people(run: Callable[..., Run], model: Path) -> None:
    status, out, err = run(model, "loan!b5", "terms", "b4")
    lines = out.splitlines()
    assert (status, err) == (0, "")
    assert lines[0].startswith("derivatives of Loan!B5 (Interest in all) = 11886.8693")
    assert lines[1].split() == ["cell", "label", "value", "derivative", "numeric", "relative", "difference"]
    assert [line.split()[0] for line in lines[2:6]] == ["Loan!B1", "Loan!B2", "Loan!B3", "Loan!B4"]
    assert re.fullmatch(r" Loan!B2\s+Yearly rate\s+0\.045\s+26\d{4}\.\d+\s+26\d{4}\.\d+\s+\de-\d\d\s*", lines[3])
    assert re.fullmatch(r"all 4 derivatives agree with IronCalc \(worst relative difference \de-\d\d\)", lines[-1])


def test_json_and_csv_say_the_same(run: Callable[..., Run], model: Path) -> None:
    status, out, err = run(model, "'My ''own'' option'!B8", "B1:B5", "--json")
    found = json.loads(out)
    assert (status, err) == (0, "")
    assert found["cell"] == "'My ''own'' option'!B8" and found["label"] == "Call" and found["right"] is True
    assert found["formula"] == OPTION["B8"][1:]
    assert {row["check"] for row in found["derivatives"]} == {AGREES}
    status, out, err = run(model, "'My ''own'' option'!B8", "B1:B5", "--csv")
    rows = list(csv.DictReader(io.StringIO(out)))
    assert status == 0 and err.strip() == found["summary"]
    for row, wanted in zip(rows, found["derivatives"], strict=True):
        assert list(row) == list(wanted)
        texts = ("cell", "label", "check")
        assert [row[key] for key in texts] == [wanted[key] for key in texts]
        assert all(float(row[key]) == wanted[key] for key in wanted if key not in texts)
    delta = found["derivatives"][0]
    assert delta["elasticity"] == pytest.approx(delta["derivative"] * delta["value"] / found["value"], rel=1e-12)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ("Loan!B5 nosuch", r"nosuch is no cell, range or defined name of the workbook"),
        ("Loan!B5 B1048577", r"B1048577 is no cell, range .*"),
        ("Loan!B5 No!B5", r"No!B5: there is no sheet No \(the sheets are Loan, My 'own' option\)"),
        ("No!B5 B1", r"No!B5: there is no sheet No .*"),
        ("Loan!B5 three", r"three stands for 3, which is no range of cells"),
        ("Loan!B5 A:A", r"A:A is too large: a derivative is with respect to 100,000 cells at most"),
        ("Loan!B5 B1:ZZ100 B1:ZZ200", r"B1:ZZ200 is too large: .*"),
        ("Loan!B5 A1", r"Loan!A1 holds a text: there is no number to change"),
        ("Loan!B5 Z99", r"Loan!Z99 is empty: there is no number to change"),
        ("Loan!B5 A1:A5", r"A1:A5 holds no number"),
        ("Loan!B1:B5 B1", r"Loan!B1:B5 is more than one cell: a derivative is of one"),
        ("terms B1", r"terms is more than one cell: .*"),
        ("Loan!B1 B2", r"Loan!B1 holds a number and no formula: it depends on nothing"),
        ("Loan!A1 B2", r"Loan!A1 holds a text or an error and no formula: .*"),
        ("Loan!Z99 B2", r"Loan!Z99 is empty: .*"),
    ],
)
def test_bad_input_is_one_sentence(arguments: str, sentence: str, run: Callable[..., Run], model: Path) -> None:
    status, out, err = run(model, *arguments.split())
    assert (status, out) == (2, "")
    assert re.fullmatch(rf"model\.xlsx: {sentence}\.\n", err)


def test_a_file_that_is_no_workbook(run: Callable[..., Run], tmp_path: Path) -> None:
    (tmp_path / "x.xlsx").write_text("no")
    for name in ("x.xlsx", "nothere.xlsx"):
        status, out, err = run(name, "A1", "B1")
        assert (status, out) == (2, "") and re.fullmatch(rf"{name} .*\.\n", err)
    assert run("x.xlsx", "A1")[0] == 2  # no range


def test_texts_of_the_file_are_no_markup_and_steer_nothing(run: Callable[..., Run], tmp_path: Path) -> None:
    evil = "[red]x[/red]:smile:_x001B_[31m_x202E_"
    cells: Cells = {"A1": "Evil", "B1": 2, "A2": "=B1", "B2": "=B1*3", "A3": "+1", "B3": 5, "B4": "=B3+B1"}
    path = write(tmp_path / "e.xlsx", {"(b)S": cells})
    changed = edit(path, tmp_path / "f.xlsx", "xl/worksheets/sheet1.xml", lambda text: text.replace("Evil", evil))
    _, out, _ = run(changed, "B2", "B1")
    assert "[red]x[/red]:smile:�[31m" in out and "\u202e" not in out
    for form, escape in (("--json", "\\ufffd"), ("--csv", "\ufffd")):
        out = run(changed, "B2", "B1", form)[1]
        assert f"[red]x[/red]:smile:{escape}[31m" in out and "\u202e" not in out
    rows = list(csv.DictReader(io.StringIO(run(changed, "B4", "B3", "--csv")[1])))
    assert rows[0]["label"] == "'+1" and rows[0]["cell"] == "'(b)S'!B3"


def test_a_large_range_is_cut_in_the_table_only(run: Callable[..., Run], tmp_path: Path) -> None:
    n = MOST_ROWS + 2
    cells: Cells = {f"A{k}": k for k in range(1, n + 1)} | {"B1": f"=SUMSQ(A1:A{n})"}
    path = write(tmp_path / "l.xlsx", {"S": cells})
    assert "and 2 more: --csv and --json have all" in run(path, "B1", f"A1:A{n}", "--no-numeric")[1]
    assert len(run(path, "B1", f"A1:A{n}", "--no-numeric", "--csv")[1].splitlines()) == n + 1


# Which cells are meant, what they are called, and what is said of them.


def test_the_sheet_that_is_meant() -> None:
    two = book(
        {"One": {"A1": 1, "B2": "=A1"}, "Two": {"A1": "=3+B1", "B1": 4}}, {"eta": "Two!$B$1", "One!eta": "One!$A$1"}
    )
    assert target_of(two, "a1") == ("Two", "A1")  # the first with a formula there
    assert target_of(two, "$B$1") == ("Two", "B1")  # the first with anything there
    assert target_of(two, "one!A1") == ("One", "A1")
    assert target_of(two, "'TWO'!a1") == ("Two", "A1")
    assert cells_of(two, ["A1", "B1"], "Two") == ([("Two", "A1"), ("Two", "B1")], [])
    assert cells_of(two, ["ETA"], "Two")[0] == [("Two", "B1")]
    assert cells_of(two, ["eta", "A1"], "One")[0] == [("One", "A1")]  # of the sheet itself first; each cell once
    with pytest.raises(NoSuchCell, match=r"leads through too many|no range"):
        cells_of(book({"A1": "=1"}, {"loop": "loop"}), ["loop"], "Sheet1")


def test_cells_without_a_number_are_left_out_of_a_range() -> None:
    found, notes = cells_of(book({"A1": "x", "A2": 3, "A4": "=A2"}), ["A1:A4"], "Sheet1")
    assert found == [("Sheet1", "A2"), ("Sheet1", "A4")]
    assert notes == ["2 cells of A1:A4 without a number left out"]
    assert MOST == 100_000


def test_labels() -> None:
    cells: Cells = {
        "A1": "Title", "A3": "Rate", "B3": 0.1, "C3": 0.2, "E1": "t", "F1": "w", "E2": 1, "F2": 2, "E3": 3, "F3": 4,
        "H9": 5,
    }  # fmt: skip
    places = [("Sheet1", a) for a in ("B3", "C3", "E2", "F3", "E3", "H9", "A1")]
    assert list(label_of(book(cells), places)) == ["Rate", "Rate", "t", "w", "t", "", ""]
    assert named(("a b", "C1")) == "'a b'!C1" and named(("it's", "C1")) == "'it''s'!C1" and named(("a", "C1")) == "a!C1"


def test_notes_say_what_a_reader_must_know() -> None:
    stale = Formulas(
        Workbook(
            {
                "S": {
                    "A1": Entry(None, 2.0),
                    "A2": Entry("A1*3", 7.0),
                    "A3": Entry("NOSUCH(A9)", 5.0),
                    "A4": Entry("[1]Rates!$B$2", 2.0),
                    "A5": Entry("A2*A3*A4", 60.0),
                    "A6": Entry("NOSUCH(A1)", ErrorValue("#N/A")),
                    "A7": Entry(None, 1.0),
                }
            },
            {},
        )
    )
    found = checked(stale, "A5", ["A1", "A7"])
    assert found.value == 60 and [row.derivative for row in found.rows] == [30, 0]
    assert found.right and [row.check for row in found.rows] == [AGREES, AGREES]
    text = "\n".join(found.notes)
    assert re.search(r"S!A3 is not understood \(NOSUCH .*\): it counts with the number that it remembers", text)
    assert re.search(r"S!A4 is not understood .*: it counts", text)
    assert "S!A5 does not depend on S!A7: the derivative is 0" in text
    assert "1 cell does not hold what the formula gives, first S!A2 (7, now 6)" in text
    assert len(found.notes) == 4


@pytest.mark.parametrize(
    ("formula", "note", "check"),
    [
        ("=MAX(A1,2)", r"MAX at a tie in Sheet1!B1: there is a kink or a jump there", DIFFERS),
        ("=MIN(3*A1,6)", r"MIN at a tie .*", DIFFERS),
        ("=ABS(A1-2)", r"ABS at 0 .*", AGREES),
        ("=IF(A1>=2,3*A1,A1)", r"a condition at its threshold .*", VAGUE),
        ("=IF(A1-2,3*A1,A1)", r"a condition at 0 .*", DIFFERS),
        ("=IF(A1>=2,3*A1,A1+4)", r"a condition at its threshold .*", DIFFERS),
    ],
)
def test_a_kink_is_told_of(formula: str, note: str, check: str) -> None:
    found = checked(book({"A1": 2, "B1": formula}), "B1", ["A1"])
    assert len(found.notes) == 1 and re.fullmatch(note, found.notes[0])
    assert found.rows[0].check == check
    assert found.right == (check != DIFFERS)
    assert checked(book({"A1": 2.5, "B1": formula}), "B1", ["A1"]).notes == []


def test_no_finite_derivative_is_no_number() -> None:
    found = grad(book({"A1": 0, "A2": 1, "B1": "=SQRT(A1)", "C1": "=B1+A2"}), "C1", ["A1:A2"])
    assert [row.derivative for row in found.rows] == [None, 1] and not found.right
    assert found.notes == [
        "the derivative with respect to Sheet1!A1 is no finite number, for that of Sheet1!B1 is none"
    ]


def test_at_the_edge_of_what_a_formula_takes_the_other_side_is_checked() -> None:
    found = checked(book({"A1": 3, "B1": "=IF(A1>3,LN(0),EXP(A1))"}), "B1", ["A1"])
    (row,) = found.rows
    assert row.check == AGREES and row.derivative == pytest.approx(math.exp(3), rel=1e-12)
    assert any("on one side of the number in Sheet1!A1 there are errors" in note for note in found.notes)
