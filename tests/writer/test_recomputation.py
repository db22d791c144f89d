"""One broken cell, with any inputs, turns Start red and is named; an unbroken workbook never does."""

from __future__ import annotations

import math
import random
import re
from dataclasses import replace
from pathlib import Path

import pytest
from books import BuildBook, panel, place_of
from breaking import INPUTS, SHEETS, Opened, named

from sheetgen.deliver.build import ask_oracle
from sheetgen.excel import read
from sheetgen.judge.columns import find
from sheetgen.spec import Spec, parse

EXTREME: list[dict[str, float]] = [
    *({"learning_rate": rate} for rate in (1e-3, 100, 1e4)),
    *({"my_learning_rate": rate} for rate in (1e-3, 1e4, 1e6)),
    {"t": 0, "learning_rate": 10}, {"t": 1}, {"i": 0}, {"i": 1e6}, {"i": -1e3, "w": 50}, {"w": 0}, {"w": 1},
]  # fmt: skip
# Of a batch, with a layer that can run off to infinity, gradients in stages, and biases.
FAR = """
[network]
layers = [2, 3, 2, 1]
activation = ["relu", "tanh", "identity"]
bias = "trained"
[data]
inputs = [[0.5, -1], [1, 0.25]]
targets = [[1], [-1]]
[initial]
seed = 5
[training]
learning_rate = 0.5
steps = 30
learning_rates = [0.1, 3]
"""


@pytest.fixture(scope="module")
def far() -> Spec:
    """A network that diverges at some rates."""
    return parse(FAR, "far.toml")


def opened(path: Path, inputs: dict[str, float]) -> Opened:
    """A workbook with inputs typed; a letter stands for all names that begin with it."""
    book = Opened(path)
    for key, number in inputs.items():
        names = [n for n in book.book.names if n.startswith(f"{key}_")] if len(key) == 1 else [key]
        book.type(**dict.fromkeys(names, number))
    return book


def broken_cells(book: Opened, count: int, seed: str) -> list[tuple[str, str]]:
    """Some cells with formulas of the first, a middle and the last rows."""
    cells = [(sheet, c) for sheet in SHEETS for _, three in book.cells(sheet) for c in three]
    kept = [(sheet, c) for sheet, c in cells if book.book.sheets[sheet][c].formula]
    return random.Random(seed).sample(kept, count)


@pytest.mark.parametrize("inputs", INPUTS)
def test_one_broken_cell_turns_start_red_and_is_named(right: Path, inputs: str) -> None:
    book = opened(right, INPUTS[inputs])
    for sheet, cell in broken_cells(book, 8, inputs):
        said = book.broken(sheet, cell)
        assert said.verdict == "FAIL" and str(said.what).startswith(named(sheet, cell)), (sheet, cell, said)
        counts = cell[0] == "A" and cell[1].isdigit()  # one count of iterations follows from another
        assert (counts or str(said.what).endswith(": 1 cell differs")) and "Undo" in str(said.do)
    assert book.said().verdict == ("PASS for your inputs" if INPUTS[inputs] else "PASS")


@pytest.mark.slow
@pytest.mark.parametrize("inputs", list(INPUTS)[1:3])
def test_thirty_broken_cells_of_the_homework(build_book: BuildBook, inputs: str) -> None:
    book = opened(build_book("homework", steps=200), INPUTS[inputs])
    for sheet, cell in broken_cells(book, 15, f"thirty, {inputs}"):
        said = book.broken(sheet, cell)
        assert said.verdict == "FAIL" and str(said.what).startswith(named(sheet, cell)), (sheet, cell, said)


def test_a_neighbour_read_by_mistake_is_named_with_its_quantity(right: Path) -> None:
    """The slip that was once not seen at all: another sample's activation in one gradient, with an input changed."""
    book = opened(right, {"i_1": 0.06})
    gradient, h2, h1 = (book.tables["Training"].columns[name] for name in ("dE/dw3", "a_h2", "a_h1"))
    formula = book.book.sheets["Training"][f"{gradient}20"].formula
    assert formula and f"{h2}20" in formula
    said = book.broken("Training", f"{gradient}20", formula.replace(f"{h2}20", f"{h1}20", 1))
    assert said.what == f"Training!{gradient}20, dE/dw3, iteration 4: 1 cell differs"


def test_an_error_names_the_cell_that_it_came_from(right: Path) -> None:
    book = Opened(right)
    cell = f"{book.tables['Training'].columns['a_h1']}18"
    said = book.broken("Training", cell, "1/0")
    assert said.verdict == "FAIL" and str(said.what).startswith(f"Training!{cell}, a_h1, iteration 2: ")
    assert str(said.what).endswith(" cells differ")


@pytest.mark.parametrize("inputs", [{}, {"i_1": 0.06, "t_1": 0.9}])
def test_one_gradient_in_three_ways_with_its_numbers(
    right: Path, homework_spec: Spec, inputs: dict[str, float]
) -> None:
    """PyTorch's number, whatever is typed; and the factors that are told multiply to it."""
    changed = replace(homework_spec, inputs=((0.06, 0.1),), targets=((0.9, 0.5),)) if inputs else homework_spec
    torch = ask_oracle(replace(changed, steps=1)).columns["dE/dw5"][0]
    book = opened(right, inputs)
    ways = [book.value("Recomputation", f"{k}6") for k in "CFI"]
    assert ways[:2] == pytest.approx([torch] * 2, rel=1e-12) and ways[2] == pytest.approx(torch, rel=1e-7)
    told = [str(book.value("Recomputation", f"{k}7")) for k in "CFI"]
    factors = [[float(x.strip("()")) for x in text.split(" × ")] for text in told[:2]]
    assert [len(f) for f in factors] == [3, 2]
    assert [math.prod(f) for f in factors] == pytest.approx([torch] * 2, rel=2e-5)
    assert told[2] == "(E+ − E−) / 2ε with ε = 1E-5"


def test_of_a_batch_the_three_ways_say_what_they_add_up(build_book: BuildBook) -> None:
    cells = read(build_book("xor", steps=8, learning_rates=(0.5, 2.0))).sheets["Recomputation"]
    ways = [cells[f"{k}6"].value for k in "CFI"]
    assert ways == pytest.approx([ways[0]] * 3, rel=1e-6)
    assert [cells[f"{k}7"].value for k in "CF"] == ["added up over the 4 samples"] * 2


def test_the_cell_to_break_is_named(right: Path) -> None:
    sheets = read(right).sheets
    column = find("Training", sheets["Training"])
    assert column is not None
    told = f"type 1 over Training!{column.columns['w5']}21 (w5, iteration 5)"
    assert told in str(sheets["Recomputation"]["B3"].value) and told in str(sheets["Autograd check"]["C3"].value)


@pytest.mark.parametrize("text", ['""', '"diverged"', "0", "NA()"])
def test_whatever_is_put_there_is_seen(right: Path, text: str) -> None:
    book = Opened(right)
    cell = f"{book.tables['Learning rates'].columns['w3 (0.5)']}22"
    said = book.broken("Learning rates", cell, text)
    assert said.verdict == "FAIL" and str(said.what).startswith(f"'Learning rates'!{cell}, w3 (0.5), iteration 6: ")


@pytest.mark.parametrize("cell", ["B5", "C5", "B6", "C6", "J6", "I5"])
def test_the_table_on_top_of_learning_rates_is_checked_too(right: Path, cell: str) -> None:
    book = Opened(right)
    said = book.broken("Learning rates", cell, "0.123")
    assert said.verdict == "FAIL" and str(said.what).startswith(f"'Learning rates'!{cell.replace('I5', 'J6')}, ")


def test_a_rate_that_is_typed_over_is_named(right: Path) -> None:
    book = Opened(right)
    book.live.put(("Learning rates", "A5"), 0.3)
    assert str(book.said().what).startswith("'Learning rates'!A5, learning rate of the rate 0.5: ")


@pytest.mark.parametrize("inputs", EXTREME, ids=str)
def test_no_false_red(right: Path, inputs: dict[str, float]) -> None:
    said = opened(right, inputs).said()
    changed = set(inputs) != {"my_learning_rate"}
    assert said.verdict == ("PASS for your inputs" if changed else "PASS"), said


@pytest.mark.slow
def test_a_network_that_diverges_is_checked_and_never_falsely_red(build_book: BuildBook, far: Spec) -> None:
    path = build_book(far)
    for inputs in ({}, {"learning_rate": 1e4}, {"w": 3, "learning_rate": 2}, {"my_learning_rate": 1e6}, {"i": 0}):
        book = opened(path, inputs)
        assert str(book.said().verdict).startswith("PASS"), (inputs, book.said())
        for sheet, cell in broken_cells(book, 2, str(inputs)):
            if book.value(sheet, cell) != "diverged":
                said = book.broken(sheet, cell)
                assert said.verdict == "FAIL" and str(said.what).startswith(named(sheet, cell)), (sheet, cell, said)
    book = opened(path, {"learning_rate": 1e6, "i": 1e6})
    cell = f"{book.tables['Training'].columns['E_total']}46"
    assert book.value("Training", cell) == "diverged"
    assert str(book.broken("Training", cell, "1").what).startswith(f"Training!{cell}, E_total, ")
    low = f"{book.tables['Training'].columns['E_total']}16"
    assert str(book.broken("Training", low, '"diverged"').what).startswith(f"Training!{low}, E_total, ")


def test_start_says_what_was_changed_and_what_is_still_checked(right: Path) -> None:
    book = Opened(right)
    book.type(i_2=0.2)
    said = book.said()
    sheet, cell = place_of(book.book, "i_2")
    assert said.what == f"{sheet}!{cell}: i2 is 0.2, the template has 0.1"
    assert "Still checked" in str(said.do) and "Not checked: PyTorch's numbers" in str(said.do)
    book.type(w_8=7.0)
    assert str(book.said().what).endswith("i2 is 0.2, the template has 0.1 (and 1 more)")
    book.type(w_8="seven")
    said = book.said()
    told = f"w8, cell Network!{place_of(book.book, 'w_8')[1]}, holds no number: type one there, or undo (Ctrl+Z)."
    assert said.verdict == "FAIL" and said.what == told and "number" in str(said.do)
    # In the same words on every sheet of checks.
    assert book.value("Autograd check", "C4") == book.value("Recomputation", "C4") == told


def test_no_number_that_means_nothing_is_shown_with_other_inputs(right: Path) -> None:
    book = Opened(right)
    book.type(i_1=0.3)
    assert {book.value("Autograd check", at) for at in ("B12", "C12", "C13", "C6")} == {"–"}


def test_a_difference_finds_a_gradient_that_both_computations_have_wrong(right: Path) -> None:
    """The third way stands on the forward pass alone: with the second one broken, too, the first is still seen."""
    book = Opened(right)
    letters = book.tables["Training"].columns["dE/dw5"]
    flag = next(
        a.rstrip("0123456789")
        for a, e in read(right).sheets["Recomputation"].items()
        if e.value == "dE/dw5 differs" and e.formula is None
    )
    for row in range(16, 27):
        book.live.put(("Recomputation", f"{flag}{row}"), 0.0)
    said = book.broken("Training", f"{letters}19", "0.5")
    assert said.verdict == "FAIL" and str(said.what).startswith(f"Training!{letters}19, dE/dw5, iteration 3: ")


def test_a_gradient_that_no_difference_can_measure_is_not_said_to_agree(right: Path) -> None:
    book = opened(right, {"learning_rate": 1e6, "i_1": -30, "t_1": 0, "t_2": 1, "row_shown": 7})
    book.live.put(("Network", panel(book.book)["dE/dw1"]), 1000.0)
    assert book.value("Finite differences", "F9") == "too small"
    assert book.said().verdict == "PASS for your inputs"  # nothing was measured, and nothing is said to be wrong


def test_what_only_the_finite_differences_see_leads_to_them(right: Path) -> None:
    book = Opened(right)
    book.live.put(("Network", panel(book.book)["dE/dw1"]), 0.5)
    said = book.said()
    assert said.verdict == "FAIL" and said.what == "See what is red on the sheet Finite differences."


LARGE = """
title = "too large for a second look at everything"
network = {layers = [3, 6, 2], bias = "trained"}
data = {inputs = [[1, 0.5, -1], [0, 1, 2]], targets = [[1, 0], [0, 1]]}
initial = {seed = 1}
training = {steps = 5}
"""


def test_a_large_network_moves_all_weights_at_once_and_says_what_is_left_out(
    build_book: BuildBook, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sheetgen.writer.sheets.moved.MOST_MOVED", 100)  # formulas
    monkeypatch.setattr("sheetgen.writer.sheets.rates.MOST_RECOMPUTED", 100)
    book = Opened(build_book(parse(LARGE, "large.toml")))
    sheet = book.book.sheets["Recomputation"]
    assert any(e.value == "the gradients together differs numerically" for e in sheet.values())
    assert not any(e.value == "every cell of Learning rates" for e in sheet.values())
    book.type(i_1_1=0.9)
    said = book.said()
    assert said.verdict == "PASS for your inputs" and "Learning rates (too many cells)" in str(said.do)
    cell = f"{book.tables['Training'].columns['dE/dw7']}19"
    assert str(book.broken("Training", cell).what) == f"Training!{cell}, dE/dw7, iteration 3: 1 cell differs"
    assert book.value("Recomputation", "H10") == 0.0
    assert str(sheet["C12"].value).startswith("Not here: Learning rates")
    said = book.broken("Training", cell, "3")
    assert said.verdict == "FAIL" and str(said.what).startswith(f"Training!{cell}, ")


LINEAR = """
title = "a line that runs away"
network = {layers = [1, 1], activation = "identity"}
data = {inputs = [[1]], targets = [[0.5]]}
initial = {weights = [0.3]}
training = {learning_rate = 1000, steps = 60, learning_rates = [0.1]}
"""


def test_the_scale_of_a_difference_passes_over_an_error_that_has_diverged(build_book: BuildBook) -> None:
    """MAX skips the text in its cell: so does the value that is given with the formula."""
    path = build_book(parse(LINEAR, "linear.toml"))
    book = read(path)
    column = next(at.rstrip("0123456789") for at, e in book.sheets["Recomputation"].items() if e.value == "rounding")
    cells = [f"{column}{row}" for row in range(16, 77)]
    error = next(t.columns["E_total"] for t in Opened(path).tables.values())
    assert book.sheets["Training"][f"{error}76"].value == "diverged"
    given = [book.sheets["Recomputation"][at].value for at in cells]
    found = Opened(path).live.evaluate(("Recomputation", at) for at in cells)
    assert isinstance(given[-1], float)
    assert all(
        x == (pytest.approx(y, rel=1e-9) if isinstance(y, float) else y) for x, y in zip(given, found, strict=True)
    )


def test_a_formula_too_long_to_be_computed_twice_is_left_out_in_words(
    build_book: BuildBook, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sheetgen.writer.sheets.flags.LONGEST", 330)  # characters
    book = Opened(build_book(parse(LARGE.replace("steps = 5", "steps = 6"), "long.toml")))
    told = [
        str(e.value) for e in book.book.sheets["Recomputation"].values() if "only seen to be numbers" in str(e.value)
    ]
    assert len(told) == 1 and book.said().verdict == "PASS"
    long = {e.formula for e in book.book.sheets["Recomputation"].values() if e.formula and "OR(ISNUMBER" in e.formula}
    (cell, *_) = sorted(m[1] for f in long if (m := re.search(r"^IFERROR\(IF\(OR\(ISNUMBER\(Training!(\w+20)\),", f)))
    book.live.put(("Training", cell), "x")
    said = book.said()
    assert said.verdict == "FAIL" and str(said.what).startswith(f"Training!{cell}, ")
