"""Cells that choose: what is typed or pasted there and is nothing to choose is said, and breaks nothing."""

import re
from pathlib import Path

import pytest
from books import BuildBook, columns, labels, lines, panel, place_of, recalculated
from engine_books import run
from mutants import set_cells

from sheetgen.excel import ErrorValue, Value, Workbook, read
from sheetgen.judge.engines.result import Values


@pytest.fixture(scope="module")
def book(homework_book: Path) -> Workbook:
    return read(homework_book)


NO_ROWS: list[Value] = [500.0, 31.0, -3.0, -1.0, 2.5, 1e300, "7", "seven", "", True]


def errors(values: Values) -> list[str]:
    """Where an error stands, such as #VALUE!."""
    plotted = ("Training", "Learning rates")  # where #N/A is what a chart leaves out
    return [f"{sheet}!{at}" for sheet, cells in values.items() for at, v in cells.items()
            if isinstance(v, ErrorValue) and not (v == "#N/A" and sheet in plotted)]  # fmt: skip


@pytest.mark.parametrize("typed", NO_ROWS)
def test_a_row_that_there_is_not_is_said_everywhere(homework_book: Path, book: Workbook, typed: Value) -> None:
    values = recalculated(homework_book, row_shown=typed)
    assert errors(values) == []
    network, steps, numeric = (values[sheet] for sheet in ("Network", "Steps", "Finite differences"))
    assert network["C4"] == "no such row: type 0 to 30"
    heading = next(at for at, e in book.sheets["Network"].items() if e.value == "Every number at iteration 0")
    assert network[heading] == "Every number of the row shown"
    for name, at in panel(book).items():
        if name not in ("learning_rate", "i1", "i2", "t1", "t2"):
            assert network[at] == "–"
    for row in lines(homework_book):
        assert [steps[f"{column}{row}"] for column in "CDE"] == ["–"] * 3
    told = "no such row: type a whole number from 0 to 30 into “row shown” on Network."
    assert {numeric["E4"], numeric["B4"], numeric["A7"]} == {"no such row"} and steps["E3"] == "–"
    assert steps["B3"] == network["E3"] == told
    assert steps["B4"] == "as the Excel formula"
    assert [values["Start"][at] for at in ("A4", "A5")] == ["no such row", "Network!B4: no such row"]
    assert sum(str(text).endswith(" = –") for text in labels(homework_book, values)) == 11 + 8  # and weights
    assert "w3 = –" in labels(homework_book, values)


@pytest.mark.parametrize("typed", [0.0, 5.0, -1.0, 1.5, "two", ""])
def test_a_sample_that_there_is_not_is_said(build_book: BuildBook, typed: Value) -> None:
    path = build_book("xor", steps=8, learning_rates=(0.5, 2.0))
    values = recalculated(path, sample_shown=typed)
    assert errors(values) == [] and values["Start"]["A4"] == "PASS"
    assert values["Network"]["C5"] == "no such sample: type 1 to 4"
    nodes = [text for text in labels(path, values) if str(text).endswith("–")]
    assert len(nodes) == 2 + 2 * 3 + 2 + 2  # inputs, h and a, o and a_o, target and error
    assert values["Network"]["E3"] == "no such sample: mend the red cell"
    assert "w1 = –" not in labels(path, values)
    assert recalculated(path, sample_shown=4.0)["Network"]["C5"] == "1 to 4; in the drawing"


@pytest.mark.parametrize("typed", ["a text", None, True])
def test_an_input_that_is_no_number_is_said(homework_book: Path, book: Workbook, typed: Value | None) -> None:
    values = recalculated(homework_book, w_1=typed)
    row = place_of(book, "w_1")[1].removeprefix("B")
    assert values["Network"][f"C{row}"] == "not a number: type one"
    trained = {"Training", "Learning rates", "Laboratory", "Autograd check", "Recomputation"}
    assert not [at for at in errors(values) if re.fullmatch(r"Laboratory!A?[A-Z]\d+", at)]  # what a person reads
    assert {at.split("!")[0] for at in errors(values)} <= trained
    told = f"w1, cell Network!B{row}, holds no number: type one there, or undo (Ctrl+Z)."
    assert values["Steps"]["B3"] == values["Training"]["B2"] == values["Learning rates"]["A2"] == told
    assert told in values["Laboratory"].values()  # not that no check notices the slip
    assert "misses it" not in values["Laboratory"].values()
    assert {values["Recomputation"][f"{k}{row}"] for k in "CFI" for row in (6, 7)} == {"–"}
    assert (values["Steps"]["D7"], values["Finite differences"]["E4"]) == ("–", "an input is missing")
    assert values["Start"]["A5"] == told


@pytest.mark.parametrize("typed", ["fast", "", True])
def test_a_rate_of_your_own_that_is_no_number_is_said(homework_book: Path, book: Workbook, typed: Value) -> None:
    values = recalculated(homework_book, my_learning_rate=typed)
    assert errors(values) == [] and values["Start"]["A4"] == "PASS"
    rates, where = values["Learning rates"], columns(book, "Learning rates")
    own = [k for name, k in where.items() if name.endswith("(yours)") and "reached" not in name]
    assert len(own) > 10 and {rates[f"{k}{row}"] for k in own for row in (16, 20, 46)} == {"no rate"}
    assert [rates[f"{k}11"] for k in "BCDE"] == ["no rate"] * 3 + ["type a number"]
    assert rates["K6"] == 2.0 or rates["K6"] == "none"


@pytest.mark.parametrize("typed", ["low", "", True])
def test_a_threshold_that_is_no_number_is_said(homework_book: Path, typed: Value) -> None:
    values = recalculated(homework_book, threshold=typed)
    assert errors(values) == [] and values["Start"]["A4"] == "PASS"
    rates = values["Learning rates"]
    assert {rates[f"D{row}"] for row in range(5, 12)} == {"no threshold"}
    assert (rates["K6"], rates["C3"]) == ("none", "type a number:")


@pytest.mark.slow
def test_libreoffice_says_so_too(homework_book: Path, tmp_path: Path) -> None:
    for typed in (500.0, -3.0, 2.5, '="seven"'):
        values = run("LibreOffice", set_cells(homework_book, tmp_path / "b.xlsx", "Network", {"B4": typed})).values
        assert errors(values) == [] and values["Network"]["C4"] == "no such row: type 0 to 30"
        assert values["Start"]["A4"] == "no such row"
        assert (values["Steps"]["D7"], values["Finite differences"]["E4"]) == ("–", "no such row")
