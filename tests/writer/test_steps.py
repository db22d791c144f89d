"""The six steps and the row shown: what they say, and that every number follows what a person types."""

import math
import re
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Any

import pytest
from books import STEADY, BuildBook, columns, labels, lines, panel, place_of, recalculated
from engine_books import run, write
from hypothesis import given, settings
from hypothesis import strategies as st
from worked_text import text_value

from sheetgen.excel import Workbook, read
from sheetgen.excel.a1 import column_letters, place
from sheetgen.judge.engines import ENGINES
from sheetgen.judge.engines.result import Values
from sheetgen.network import program
from sheetgen.spec import Spec
from sheetgen.writer.digits import text_of
from sheetgen.writer.sheets import steps

STEPS = """
Step 1: forward pass and errors
h1 = w1*i1 + w2*i2
a_h1 = 1/(1 + exp(-h1))
h2 = w3*i1 + w4*i2
a_h2 = 1/(1 + exp(-h2))
o1 = w5*a_h1 + w6*a_h2
a_o1 = 1/(1 + exp(-o1))
o2 = w7*a_h1 + w8*a_h2
a_o2 = 1/(1 + exp(-o2))
E1 = 0.5*(t1 - a_o1)^2
E2 = 0.5*(t2 - a_o2)^2
E = E1 + E2
Step 2: one output weight, dE/dw5
dE/dE1 = 1
dE1/da_o1 = a_o1 - t1
dE/da_o1 = dE/dE1*dE1/da_o1
da_o1/do1 = a_o1*(1 - a_o1)
dE/do1 = dE/da_o1*da_o1/do1
do1/dw5 = a_h1
dE/dw5 = dE/dE1*dE1/da_o1*da_o1/do1*do1/dw5
dE/dw5 = (a_o1 - t1)*a_o1*(1 - a_o1)*a_h1
Step 3: all output weights
dE/dE2 = 1
dE/da_o2 = a_o2 - t2
dE/do2 = dE/da_o2*a_o2*(1 - a_o2)
dE/dw5 = (a_o1 - t1)*a_o1*(1 - a_o1)*a_h1
dE/dw6 = (a_o1 - t1)*a_o1*(1 - a_o1)*a_h2
dE/dw7 = (a_o2 - t2)*a_o2*(1 - a_o2)*a_h1
dE/dw8 = (a_o2 - t2)*a_o2*(1 - a_o2)*a_h2
Step 4: gradients of the hidden activations
dE1/da_h1 = (a_o1 - t1)*a_o1*(1 - a_o1)*w5
dE2/da_h1 = (a_o2 - t2)*a_o2*(1 - a_o2)*w7
dE/da_h1 = dE1/da_h1 + dE2/da_h1
dE1/da_h2 = (a_o1 - t1)*a_o1*(1 - a_o1)*w6
dE2/da_h2 = (a_o2 - t2)*a_o2*(1 - a_o2)*w8
dE/da_h2 = dE1/da_h2 + dE2/da_h2
Step 5: input-layer weights by the chain rule
da_h1/dh1 = a_h1*(1 - a_h1)
dE/dh1 = dE/da_h1*da_h1/dh1
dh1/dw1 = i1
dE/dw1 = dE/dh1*dh1/dw1
dE/dw2 = dE/dh1*i2
dE/dh2 = dE/da_h2*a_h2*(1 - a_h2)
dE/dw3 = dE/dh2*i1
dE/dw4 = dE/dh2*i2
Step 6: the final formulas and the update
dE/dw1 = ((a_o1 - t1)*a_o1*(1 - a_o1)*w5 + (a_o2 - t2)*a_o2*(1 - a_o2)*w7)*a_h1*(1 - a_h1)*i1
dE/dw2 = ((a_o1 - t1)*a_o1*(1 - a_o1)*w5 + (a_o2 - t2)*a_o2*(1 - a_o2)*w7)*a_h1*(1 - a_h1)*i2
dE/dw3 = ((a_o1 - t1)*a_o1*(1 - a_o1)*w6 + (a_o2 - t2)*a_o2*(1 - a_o2)*w8)*a_h2*(1 - a_h2)*i1
dE/dw4 = ((a_o1 - t1)*a_o1*(1 - a_o1)*w6 + (a_o2 - t2)*a_o2*(1 - a_o2)*w8)*a_h2*(1 - a_h2)*i2
w1_next = w1 - learning_rate*dE/dw1
w2_next = w2 - learning_rate*dE/dw2
w3_next = w3 - learning_rate*dE/dw3
w4_next = w4 - learning_rate*dE/dw4
w5_next = w5 - learning_rate*dE/dw5
w6_next = w6 - learning_rate*dE/dw6
w7_next = w7 - learning_rate*dE/dw7
w8_next = w8 - learning_rate*dE/dw8
"""


@pytest.fixture(scope="module")
def book(homework_book: Path) -> Workbook:
    return read(homework_book)


def test_the_six_steps_line_by_line(homework_book: Path, book: Workbook) -> None:
    titles = {int(at[1:]): str(e.value) for at, e in book.sheets["Steps"].items() if str(e.value).startswith("Step ")}
    assert [text for _, text in sorted((titles | lines(homework_book)).items())] == STEPS.strip().splitlines()


def test_every_line_has_its_four_renderings(homework_book: Path, book: Workbook) -> None:
    cells = book.sheets["Steps"]
    for row in lines(homework_book):
        formula, spelt, live, text = (cells[f"{column}{row}"] for column in "BCDE")
        assert str(formula.value).startswith("=") and (formula.formula is None) == ("16" not in str(formula.value))
        assert spelt.formula and isinstance(spelt.value, str) and live.formula and isinstance(live.value, float)
        assert text.value == text_value(live.value)
    assert {int(at[1:]) for at, e in cells.items() if at[0] == "D" and e.formula} == set(lines(homework_book))


@pytest.mark.parametrize("shown", [0, 1, 29])
def test_the_formulas_are_those_of_training(homework_book: Path, book: Workbook, shown: int) -> None:
    """Each gradient's last line, each forward line, each update: what stands in Training's row, letter for letter."""
    training, where = book.sheets["Training"], columns(book, "Training")
    cells = book.sheets["Steps"]
    values = recalculated(homework_book, row_shown=float(shown))["Steps"] if shown else {}
    told: dict[str, str] = {}
    for row, line in lines(homework_book).items():
        name = name_on_training(line)
        told[name] = str(values.get(f"B{row}", cells[f"B{row}"].value))
    weights = [f"w{k}" for k in range(1, 9)]
    for name in [*(k for k in where if k[0] in "haoE" and " " not in k), *(f"dE/d{w}" for w in weights)]:
        assert told[name] == f"={training[f'{where[name]}{16 + shown}'].formula}"
    for w in weights:
        assert told[f"{w}_next"] == f"={training[f'{where[w]}{17 + shown}'].formula}"


def test_every_address_in_a_formula_is_of_the_row_shown_or_of_a_line_above(homework_book: Path, book: Workbook) -> None:
    """An address without a sheet is one of Training; what is worked out on the way stands on Steps itself."""
    values = recalculated(homework_book, row_shown=7.0)["Steps"]
    rows, inside = lines(homework_book), 0
    for row in rows:
        text = str(values.get(f"B{row}", book.sheets["Steps"][f"B{row}"].value))
        for sheet, column, at in re.findall(r"(Steps!)?\b([A-Z]+)(\d+)\b", text):
            assert (column == "D" and int(at) in rows and int(at) < row) if sheet else at == "23"
            inside += bool(sheet)
    assert inside > 8


@pytest.mark.parametrize("most", [8_000, 200])
def test_a_long_formula_is_several_literals_or_says_where_it_stands(
    build_book: BuildBook, homework_spec: Spec, monkeypatch: pytest.MonkeyPatch, most: int
) -> None:
    monkeypatch.setattr(steps, "MOST_TEXT", most)
    inputs = tuple(k / 100 for k in range(40))
    wide = replace(homework_spec, source=f"{most}.toml", layers=(40, 1, 2), inputs=(inputs,), weights=(0.1,) * 42)
    path = build_book(wide, steps=3)
    book, values = read(path), recalculated(path, row_shown=2.0)["Steps"]
    row = 7  # of the first line, h1
    at = f"{columns(book, 'Training')['h1']}18"
    assert ('"&"' in str(book.sheets["Steps"][f"B{row}"].formula)) == (most == 8_000)
    stands = f"={book.sheets['Training'][at].formula}"
    assert len(stands) > 250
    assert values[f"B{row}"] == (stands if most == 8_000 else f"too long to print: see Training!{at}")


def name_on_training(line: str) -> str:
    return {"E": "E_total"}.get(name := line.split(" = ")[0], name)


def value_of(text: str) -> float:
    """What a worked line comes to."""
    return float(eval(text.replace("^", "**"), {"exp": math.exp, "tanh": math.tanh}))


def flows(book: Workbook) -> dict[str, str]:
    """Name -> address of every gradient on Network's panel."""
    cells = book.sheets["Network"]
    found = {}
    for at, entry in cells.items():
        right = f"{column_letters(place(at)[1] + 1)}{place(at)[0]}"
        if re.fullmatch(r"dE/d\w+", str(entry.value)) and isinstance(getattr(cells.get(right), "value", None), float):
            found[str(entry.value)] = right
    assert len(found) == 1 + 2 + 2 * 4 + 8
    return found


def check_row(path: Path, values: Values, row: int, suffix: str = "") -> None:
    """Panel, Steps and worked lines all tell of one row of Training."""
    book = read(path)
    where, numbers = columns(book, "Training"), values["Training"]
    for name, at in panel(book).items():
        if name in where:
            assert values["Network"][at] == numbers[f"{where[name]}{row}"]
    rows, followed = lines(path), set()
    if not suffix:  # whatever flows back, but for E's own slope, which is 1
        at_last = {line.split(" = ")[0]: f"D{at}" for at, line in sorted(rows.items())}
        for name, at in flows(book).items():
            if name != "dE/dE":
                assert values["Steps"][at_last[name]] == pytest.approx(values["Network"][at], rel=1e-12, abs=1e-16)
    for at, line in rows.items():
        name, live = name_on_training(line), values["Steps"][f"D{at}"]
        column, below = (where.get(name + suffix) or where.get(name)), where.get(name.removesuffix("_next"))
        if name.endswith("_next") and f"{below}{row + 1}" in numbers:
            column, expected = below, numbers[f"{below}{row + 1}"]
        else:
            expected = numbers.get(f"{column}{row}")
        if expected is not None and (suffix == "" or not name.startswith("dE/d")):
            assert live == pytest.approx(expected, rel=1e-12, abs=1e-16)
            followed.add(name)
        assert isinstance(live, float)
        assert value_of(str(values["Steps"][f"C{at}"])) == pytest.approx(live, rel=1e-4, abs=1e-7)
    assert {"h1", "a_o1", "E1"} <= followed and len(followed) > 8 and len(panel(book)) > 20


@pytest.mark.parametrize("shown", [0, 7, 30])
def test_panel_and_steps_follow_the_row_shown(homework_book: Path, shown: int) -> None:
    values = recalculated(homework_book, row_shown=float(shown))
    check_row(homework_book, values, 16 + shown)
    assert values["Steps"]["B3"] == f"row shown: {shown}"
    assert values["Steps"]["B4"] == f"as the Excel formula (Training, row {16 + shown})"
    assert values["Start"]["A4"] == "PASS"  # finite differences hold in every row


def test_the_row_shown_is_really_another(homework_book: Path) -> None:
    with pytest.raises(AssertionError):
        check_row(homework_book, recalculated(homework_book, row_shown=8.0), 16 + 7)


def test_the_steps_of_a_batch_are_its_first_samples(build_book: BuildBook) -> None:
    path = build_book("xor", steps=8, learning_rates=(0.5, 2.0))
    check_row(path, recalculated(path, row_shown=5.0), 21, "[1]")


def test_the_drawing_is_live(homework_book: Path, book: Workbook) -> None:
    values = recalculated(homework_book, row_shown=7.0)
    where, numbers = columns(book, "Training"), values["Training"]

    def text(name: str) -> str:
        return text_value(numbers[f"{where[name]}23"]).strip("()")  # type: ignore[arg-type]

    named = ["h1", "h2", "a_h1", "a_h2", "t1", "t2", "o1", "o2", "a_o1", "a_o2", "E1", "E2", "E_total"]
    named += [f"w{k}" for k in range(1, 9)]
    gradients = [" "] * 8  # those of the edges are written backward only
    expected = [text("i1"), text("i2"), *(f"{name.replace('_total', '')} = {text(name)}" for name in named), *gradients]
    assert sorted(map(str, labels(homework_book, values))) == sorted(expected)


def test_the_drawing_shows_the_sample_chosen(build_book: BuildBook) -> None:
    path = build_book("xor", steps=8, learning_rates=(0.5, 2.0))
    values = recalculated(path, sample_shown=3.0)
    where = columns(read(path), "Training")
    shown = labels(path, values)
    for name in ("a_h1", "a_o1", "E1"):  # with four digits
        numbers = [float(str(values["Training"][f"{where[f'{name}[{s}]']}16"])) for s in (3, 1)]
        expected = [f"{name} = {x:.4g}" for x in numbers]
        assert expected[0] in shown and expected[0] != expected[1] and expected[1] not in shown


def trained(spec: Spec, rate: float | None = None) -> list[list[float]]:
    """All rows of all columns, by the Evaluator."""
    built = program.build(spec)
    return list(islice(built.run(built.columns, rate), spec.steps + 1))


@pytest.mark.parametrize(("typed", "changed"), [
    ({"learning_rate": 0.25}, {"learning_rate": 0.25}), ({"i_2": -0.7}, {"inputs": ((0.05, -0.7),)}),
    ({"t_1": 0.01, "t_2": 0.99}, {"targets": ((0.01, 0.99),)}),
    ({"w_3": 1e3}, {"weights": (0.15, 0.2, 1e3, 0.3, 0.4, 0.45, 0.5, 0.55)}),
    ({"i_1": 1e6, "i_2": -1e6}, {"inputs": ((1e6, -1e6),)}),
])  # fmt: skip
def test_every_row_follows_what_is_typed(
    homework_book: Path, book: Workbook, homework_spec: Spec, typed: dict[str, float], changed: dict[str, object]
) -> None:
    values = recalculated(homework_book, **typed)
    expected = trained(replace(homework_spec, **changed))  # type: ignore[arg-type]
    letters = [letters for name, letters in columns(book, "Training").items() if " > 0" not in name][1:]
    for row, numbers in enumerate(expected, 16):
        assert [values["Training"][f"{k}{row}"] for k in letters] == pytest.approx(numbers, rel=1e-9, abs=1e-15)
    assert values["Start"]["A4"] == "PASS for your inputs"
    assert values["Finite differences"]["E4"] == "PASS"


@pytest.mark.parametrize("rate", [0.05, 3.0])
def test_your_own_learning_rate_has_its_curve(
    homework_book: Path, book: Workbook, homework_spec: Spec, rate: float
) -> None:
    values = recalculated(homework_book, my_learning_rate=rate)["Learning rates"]
    headings = [c.name for c in program.build(homework_spec).columns]
    errors = [row[headings.index("E_total")] for row in trained(homework_spec, rate)]
    where = columns(book, "Learning rates")
    assert [values[f"{where['E (yours)']}{row}"] for row in range(16, 47)] == pytest.approx(errors, rel=1e-12)
    assert [values[f"{where['E (1)']}{row}"] for row in (16, 46)] != pytest.approx([errors[0], errors[-1]])
    reached = next((float(k) for k, e in enumerate(errors) if e <= 0.001), "not reached")
    _, own = place_of(book, "my_learning_rate")
    at_10, at_30, updates = (values[own.replace("A", k)] for k in "BCD")
    assert (at_10, at_30, updates) == (pytest.approx(errors[10]), pytest.approx(errors[30]), reached)
    assert values["K6"] == (rate if reached != "not reached" else 2.0)  # the fastest


def test_your_own_threshold_is_counted(homework_book: Path, book: Workbook) -> None:
    """From the first row to the last; at the last row's own error it is reached in the last row."""
    column = columns(book, "Learning rates")["E (1)"]
    first, last = (book.sheets["Learning rates"][f"{column}{row}"].value for row in (16, 46))
    cases = (first, 0, "already there"), (0.005, 18, 2.0), (last, 30, 2.0), (1e-9, "not reached", "none")
    for threshold, updates, fastest in cases:
        values = recalculated(homework_book, threshold=threshold)["Learning rates"]  # type: ignore[arg-type]
        assert (values["D9"], values["K6"]) == (updates, fastest)


WHOLE = st.integers(1, 10**6)
NUMBERS = st.floats(1e-9, 1e9) | st.floats(1e-300, 1e300) | WHOLE.map(lambda k: k / 1000) | WHOLE.map(lambda k: k / 8)
TOLD = {
    0.0: "0", 0.05: "0.05", -0.3: "(-0.3)", 2.0: "2", 0.2314375: "0.231438", 0.1 + 0.2: "0.3", 1e-4: "0.0001",
    9.9e-5: "9.9E-5", 9.999996e-5: "1E-4", -1.234567e-9: "(-1.23457E-9)", 999999.5: "1000000", 1234567.8: "1234568",
    123456789.0: "123456789", 1e9: "1E9", 1.5e300: "1.5E300", 1e-300: "1E-300", 1000.0: "1000", 2.3e-308: "0.23E-307",
}  # fmt: skip


@settings(max_examples=5, **STEADY)
@given(st.lists(NUMBERS | NUMBERS.map(lambda x: -x), min_size=40, max_size=40))
def test_numbers_in_worked_lines(numbers: list[float]) -> None:
    """The text that a formula makes, and the one that is written beside it, to the last digit."""
    import ironcalc

    model = ironcalc.create("test", "en", "UTC", "en")
    for row, number in enumerate([*numbers, *TOLD], 1):
        model.update_cell_with_number(0, row, 1, number)
        model.update_cell_with_formula(0, row, 2, "=" + text_of(f"A{row}"))
    model.evaluate()
    found = [model.get_cell_value(0, row, 2) for row in range(1, 41 + len(TOLD))]
    assert found == [text_value(number) for number in [*numbers, *TOLD]]
    assert found[40:] == list(TOLD.values())
    for number, text in zip(numbers, found[:40], strict=True):
        assert float(text.strip("()")) == pytest.approx(number, rel=5.1e-6)
        assert ("E" in text) == (abs(number) < 1e-4 or abs(number) >= 1e9)


def test_every_engine_writes_numbers_alike(tmp_path: Path) -> None:
    numbers = [*TOLD, *(k * 10.0**e / 7 for k in (1, -5, 13) for e in range(-12, 12))]
    cells: dict[str, Any] = {f"A{row}": number for row, number in enumerate(numbers, 1)}
    cells |= {f"B{row}": ("=" + text_of(f"A{row}"), "x") for row in range(1, len(numbers) + 1)}
    path = write(tmp_path / "b.xlsx", {"S": cells})
    for engine in ENGINES:
        values = run(engine, path).values["S"]
        assert [values[f"B{row}"] for row in range(1, len(numbers) + 1)] == list(map(text_value, numbers)), engine
