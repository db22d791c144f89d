"""The cells of Training log that choose: what is no seed and no target is said, and nothing fails for it."""

from __future__ import annotations

from pathlib import Path

import pytest
from books import recalculated, written
from mnist_books import claims, nowhere

import mnist.sheets
from mnist.ladder import LADDER
from mnist.sheets import runs
from sheetgen.excel import ErrorValue, Value, Workbook, read
from sheetgen.excel.a1 import place
from sheetgen.spec import Spec
from sheetgen.writer.plan import Oracle


@pytest.fixture(scope="module")
def book(homework_spec: Spec, homework_oracle: Oracle, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("mnist") / "book.xlsx"
    extra = mnist.sheets.sheets(claims(["ours", "fast"]), LADDER, nowhere)
    return written(path, homework_spec, homework_oracle, extras=[extra])


@pytest.fixture(scope="module")
def cells(book: Path) -> Workbook:
    return read(book)


def errors(found: dict[str, dict[str, Value]]) -> list[str]:
    """Where an error stands on the sheets of MNIST, but for #N/A in the columns that charts are drawn from."""
    return [f"{sheet}!{at}" for sheet in ("MNIST report", "Training log", "Full log") for at, v in found[sheet].items()
            if isinstance(v, ErrorValue) and (v != "#N/A" or (at[0] in "ABCDEFGHIJ" and at[1:].isdigit()))]  # fmt: skip


@pytest.mark.parametrize("typed", [99.0, -1.0, 0.5, "first", "", True])
def test_a_seed_that_there_is_not_is_said(book: Path, cells: Workbook, typed: Value) -> None:
    found = recalculated(book, mnist_seed=typed)
    log = found["Training log"]
    assert errors(found) == [] and [log[f"{k}5"] for k in "DEFG"] == ["no such seed"] * 4
    last = runs.LIVE + 8
    assert {log[f"{k}{row}"] for k in "BDEFGHI" for row in (runs.LIVE, last)} == {"no such seed"}
    assert {log[f"J{row}"] for row in (runs.LIVE, last)} == {"–"}
    assert found["Start"]["A4"] == found["MNIST report"]["A5"] == "PASS"


@pytest.mark.parametrize("typed", ["high", "", True])
def test_a_target_that_is_no_number_is_said(book: Path, cells: Workbook, typed: Value) -> None:
    found = recalculated(book, mnist_target=typed)
    sheet, report = cells.sheets["MNIST report"], found["MNIST report"]
    assert errors(found) == [] and found["Training log"]["G5"] == report["A5"] == "no target"
    rows = [place(at)[0] for at, e in sheet.items() if at[0] == "H" and e.value in ("PASS", "FAIL")]
    told = {str(sheet[f"A{row}"].value): report[f"H{row}"] for row in rows}
    of_target = [text for text, verdict in told.items() if verdict == "no target"]
    assert len(of_target) >= 4 and {"PASS", "no target"} == {told["parameters"], *(told[text] for text in of_target)}
    assert found["Start"]["A4"] == "PASS" and "FAIL" not in set(found["Start"].values())
