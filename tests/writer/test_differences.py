"""Finite differences where they are hard: at a ReLU's kink, where a network diverges, and with many weights."""

from __future__ import annotations

from pathlib import Path

import pytest
from books import BuildBook, columns, panel, recalculated
from mutants import set_cells

from sheetgen.excel import Value, read
from sheetgen.spec import Spec, parse, weight_count
from sheetgen.writer.plan import DIFFERENCES, TRAINING
from sheetgen.writer.sheets.differences import BOTTOM, MOST

# The hidden unit is at its kink for the first sample: h = 0, and its bias moves it either way.
KINK = """
[network]
layers = [2, 1, 1]
activation = ["relu", "identity"]
bias = "trained"
[data]
inputs = [[0, 0], [0, 1]]
targets = [[1], [0]]
[initial]
weights = [0.3, 0.4, 0.7]
biases = [0, 0.1]
[training]
steps = 3
"""


def verdicts(values: dict[str, dict[str, Value]], count: int) -> list[Value]:
    """Start's verdict, the sheet's, and each weight's."""
    sheet = values[DIFFERENCES]
    return [values["Start"]["A4"], sheet["E4"], *(sheet[f"F{9 + k}"] for k in range(count))]


@pytest.fixture
def kink(build_book: BuildBook) -> Path:
    """The workbook of a network at its kink."""
    return build_book(parse(KINK, "kink.toml"))


def test_a_kink_is_named_and_fails_nothing(kink: Path) -> None:
    cells = read(kink).sheets[DIFFERENCES]
    assert [cells[f"A{9 + k}"].value for k in range(5)] == ["w1", "w2", "w3", "b1", "b2"]
    expected = ["PASS", "PASS", "PASS", "PASS", "PASS", "kink", "PASS"]
    assert verdicts(recalculated(kink), 5) == expected
    assert [cells[f"F{9 + k}"].value for k in range(5)] == expected[2:]


def test_a_wrong_gradient_beside_a_kink_still_fails(kink: Path, tmp_path: Path) -> None:
    cell = f"{columns(read(kink), TRAINING)['dE/dw2']}16"
    formula = read(kink).sheets[TRAINING][cell].formula
    broken = set_cells(kink, tmp_path / "b.xlsx", TRAINING, {cell: f"=({formula})*1.001"})
    assert verdicts(recalculated(broken), 5) == ["FAIL", "FAIL", "PASS", "FAIL", "PASS", "kink", "PASS"]


def many(units: int) -> Spec:
    """A network of many weights."""
    text = f"network = {{layers = [6, {units}, 1], activation = 'tanh'}}\ninitial = {{seed = 1}}\n"
    return parse(text + "data = {inputs = [1, 2, 3, 4, 5, 6], targets = [1]}\ntraining = {steps = 2}", "many.toml")


@pytest.mark.parametrize("units", [9, 10])  # 63 weights, and 70
def test_many_weights_are_sampled_and_the_sheet_says_so(build_book: BuildBook, units: int) -> None:
    path = build_book(many(units))
    cells = read(path).sheets[DIFFERENCES]
    names = [str(cells[f"A{9 + k}"].value) for k in range(min(7 * units, MOST))]
    assert len(set(names)) == len(names) and (names[0], names[-1]) == ("w1", f"w{weight_count((6, units, 1))}")
    said = str(cells["A6"].value) if "A6" in cells else ""
    assert said == ("64 of the 70 weights and biases are compared, evenly spread." if units == 10 else "")
    start, whole, *each = verdicts(recalculated(path), len(names))
    assert (start, whole) == ("PASS", "PASS") and set(each) <= {"PASS", "too small"} and each.count("PASS") > 50


def test_a_diverged_relu_stays_diverged(build_book: BuildBook) -> None:
    """MAX(0, text) would be 0, and the unit would come back to life."""
    text = f"""
    network = {{layers = {[1] * 32}, activation = "relu"}}
    data = {{inputs = [1], targets = [1e6]}}
    initial = {{weights = {[1] * 31}}}
    training = {{steps = 2, learning_rate = 1e6}}"""
    path = build_book(parse(text, "far.toml"))
    book, values = read(path), recalculated(path)[TRAINING]
    units = [letters for name, letters in columns(book, TRAINING).items() if name.startswith("a_")]
    for found in ([values[f"{u}17"] for u in units], [book.sheets[TRAINING][f"{u}17"].value for u in units]):
        first = found.index("diverged")  # 1e12 to the power of the layer, after one update
        assert 20 < first < 29 and all(isinstance(x, float) for x in found[:first])
        assert set(found[first:]) == {"diverged"}


def test_at_the_bottom_every_gradient_is_right_and_it_is_said_why(homework_book: Path) -> None:
    """E is exactly 0: nothing is wrong, and nothing too small to tell."""
    at, before = columns(read(homework_book), TRAINING), recalculated(homework_book)
    values = recalculated(homework_book, **{f"t_{k}": before[TRAINING][f"{at[f'a_o{k}']}16"] for k in (1, 2)})
    measured = [values[DIFFERENCES][f"B{9 + k}"] for k in range(8)]
    assert values[TRAINING][f"{at['E_total']}16"] == 0 and any(measured)  # what is measured is rounding
    assert verdicts(values, 8)[1:] == ["PASS"] * 9 and values[DIFFERENCES]["A7"] == BOTTOM
    assert before[DIFFERENCES]["A7"] == "All 8 gradients agree: nudging and calculus tell the same."


def test_a_gradient_that_is_not_0_at_the_bottom_is_too_small_or_wrong(homework_book: Path) -> None:
    typed: dict[str, Value] = {f"w_{k}": 0.0 for k in range(5, 9)}
    for wrong, word in ((1e-12, "too small"), (0.5, "FAIL")):
        typed[f"Network!{panel(read(homework_book))['dE/dw5']}"] = wrong
        found = verdicts(recalculated(homework_book, **typed), 8)
        assert found[6] == word and found[1] == ("FAIL" if word == "FAIL" else "PASS")


def test_without_an_input_the_table_is_empty(homework_book: Path) -> None:
    values = recalculated(homework_book, i_1="")[DIFFERENCES]
    assert {values[f"{column}{row}"] for column in "BCDEF" for row in range(9, 17)} == {"–"}
    assert values["E4"] == values["A7"] == "an input is missing"
