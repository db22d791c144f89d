"""What a person sees who breaks a formula or changes an input: the sheets' own verdicts, recalculated by an engine."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from books import FEW
from mutants import formula_of, set_cells

from sheetgen.excel import Value, read
from sheetgen.excel.a1 import column_letters, column_number
from sheetgen.judge.columns import find
from sheetgen.judge.engines import ENGINES
from sheetgen.writer.trace import FIRST_ROW

CHANGED = {"Start": "PASS for your inputs", "check": "inputs changed"}


def recalculate(path: Path) -> dict[str, dict[str, Value]]:
    """All formulas' values, by IronCalc."""
    return ENGINES["IronCalc"](path).values


def judged(values: dict[str, dict[str, Value]]) -> dict[str, Value]:
    """What the judge's sheets say."""
    return {"Start": values["Start"]["A4"], "check": values["Autograd check"]["B4"]}


def test_an_untouched_workbook_says_pass(right: Path) -> None:
    values = recalculate(right)
    assert judged(values) == {"Start": "PASS", "check": "PASS"}
    assert values["Finite differences"]["E4"] == "PASS"
    rows = [values["Autograd check"][f"B{row}"] for row in range(FIRST_ROW, FIRST_ROW + FEW + 1)]
    assert rows == ["PASS"] * (FEW + 1)


def names() -> list[str]:
    """Every column of Training."""
    pairs = "t1 t2 i1 i2 w1 w2 w3 w4 h1 a_h1 h2 a_h2 w5 w6 w7 w8 o1 a_o1 o2 a_o2 E1 E2 E_total"
    return [*pairs.split(), *(f"dE/dw{k}" for k in range(1, 9))]


@pytest.mark.parametrize("name", names())
def test_breaking_any_formula_turns_cell_row_column_and_start_red(
    right: Path, column: dict[str, str], tmp_path: Path, name: str
) -> None:
    row = random.Random(name).randint(FIRST_ROW + 1, FIRST_ROW + FEW)
    cell = f"{column[name]}{row}"
    formula = formula_of(right, "Training", cell)
    broken = set_cells(right, tmp_path / "b.xlsx", "Training", {cell: f"=({formula})*1.00000001"})
    values = recalculate(broken)
    assert judged(values) == {"Start": "FAIL", "check": "FAIL"}
    table = find("Autograd check", read(right).sheets["Autograd check"])
    assert table is not None
    check, letters = values["Autograd check"], table.columns[name]
    worst = check[f"{letters}{row}"]
    assert isinstance(worst, float) and worst > 1e-9  # the cell
    assert check[f"B{row}"] == "FAIL"  # its row
    assert check[f"{letters}13"] == "NO"  # its column
    before = [check[f"B{r}"] for r in range(FIRST_ROW, row)]
    assert before == ["PASS"] * len(before)  # rows above are none the worse


def test_emptied_and_error_cells_turn_red(right: Path, column: dict[str, str], tmp_path: Path) -> None:
    for new in ('=""', "=1/0", "=0"):
        cell = f"{column['a_o2']}20"
        values = recalculate(set_cells(right, tmp_path / "b.xlsx", "Training", {cell: new}))
        assert judged(values) == {"Start": "FAIL", "check": "FAIL"}, new
        assert values["Autograd check"]["B20"] == "FAIL"


def test_a_broken_learning_rate_trace_turns_start_red(right: Path, tmp_path: Path) -> None:
    table = find("Learning rates", read(right).sheets["Learning rates"])
    assert table is not None
    cell = f"{table.columns['w5 (0.5)']}20"
    formula = formula_of(right, "Learning rates", cell)
    broken = set_cells(right, tmp_path / "b.xlsx", "Learning rates", {cell: f"=({formula})*1.0000001"})
    assert judged(recalculate(broken)) == {"Start": "FAIL", "check": "FAIL"}


@pytest.mark.parametrize("name", ["i_1", "t_2", "w_1", "w_8", "learning_rate"])
def test_a_changed_input_asks_for_finite_differences_which_agree(right: Path, tmp_path: Path, name: str) -> None:
    address = read(right).names[name].replace("$", "").split("!")[1]
    for new in (0.3, -7.5, 900.0):
        values = recalculate(set_cells(right, tmp_path / "c.xlsx", "Network", {address: new}))
        assert judged(values) == CHANGED, new
        assert values["Finite differences"]["E4"] in ("PASS", "too small"), new
        rows = {values["Autograd check"][f"B{row}"] for row in range(FIRST_ROW, FIRST_ROW + FEW + 1)}
        assert rows == {"inputs changed"}


def test_finite_differences_find_a_wrong_gradient_for_changed_inputs(
    right: Path, column: dict[str, str], tmp_path: Path
) -> None:
    address = read(right).names["w_1"].replace("$", "").split("!")[1]
    changed = set_cells(right, tmp_path / "c.xlsx", "Network", {address: 0.9})
    cell = f"{column['dE/dw3']}{FIRST_ROW}"
    slip = formula_of(right, "Training", cell).replace(f"*{column['a_h2']}16*(1-{column['a_h2']}16)",
                                                       f"*{column['a_h1']}16*(1-{column['a_h1']}16)")  # fmt: skip
    assert slip != formula_of(right, "Training", cell)
    values = recalculate(set_cells(changed, tmp_path / "d.xlsx", "Training", {cell: "=" + slip}))
    assert values["Finite differences"]["E4"] == "FAIL"
    assert judged(values)["Start"] == "FAIL"
    verdicts = [values["Finite differences"][f"F{9 + k}"] for k in range(8)]
    assert verdicts == ["PASS", "PASS", "FAIL", "PASS", "PASS", "PASS", "PASS", "PASS"]


@pytest.mark.parametrize("row", [0, 1, 7, FEW])
def test_the_row_shown_is_followed_everywhere(right: Path, column: dict[str, str], tmp_path: Path, row: int) -> None:
    address = read(right).names["row_shown"].replace("$", "").split("!")[1]
    moved = set_cells(right, tmp_path / "r.xlsx", "Network", {address: float(row)}) if row else right
    values = recalculate(moved)
    network = values["Network"]
    cells = read(right).sheets["Network"]
    followed = 0
    for place, entry in cells.items():
        if entry.formula and "INDEX(Training!" in entry.formula:
            number = column_number("".join(filter(str.isalpha, place)))
            name = str(cells[f"{column_letters(number - 1)}{''.join(filter(str.isdigit, place))}"].value)
            name = {"E": "E_total"}.get(name, name)
            assert network[place] == values["Training"][f"{column[name]}{FIRST_ROW + row}"], name
            followed += 1
    assert followed >= 27
    assert values["Finite differences"]["E4"] == "PASS"
    if row < FEW:  # the last lines of Steps are the next row's weights
        steps = sorted((a, v) for a, v in values["Steps"].items() if a.startswith("D") and isinstance(v, float))
        following = {values["Training"][f"{column[f'w{k}']}{FIRST_ROW + row + 1}"] for k in range(1, 9)}
        assert all(any(abs(v - w) < 1e-12 for _, v in steps) for w in following if isinstance(w, float))
