"""A network on vectors as a table: what it predicts is PyTorch's, for its own rows and for those typed into it."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import openpyxl  # type: ignore[import-untyped,unused-ignore]
import pytest
import torch
from export_books import CLASSES, EXAMPLES, FEATURES
from openpyxl.formula.translate import Translator  # type: ignore[import-untyped,unused-ignore]
from torch import nn

import sheetgen
from sheetgen.excel import Entry, read
from sheetgen.judge.engines import ENGINES, available
from sheetgen.judge.lint import lint

INPUTS, OUTPUTS, PREDICTION = "BCD", "EFG", "H"  # columns
FIRST, LAST = 8, 27  # rows of the sheet
RELATIVE = 1e-9
LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"

engines = pytest.mark.parametrize(
    "engine",
    [name if available(name) else pytest.param(name, marks=pytest.mark.skip(reason=f"{name} is not installed"))
     for name in ("IronCalc", "LibreOffice")],
)  # fmt: skip


def wanted(net: nn.Module, rows: object) -> tuple[Any, list[str]]:
    """PyTorch's probabilities, and the class of each row."""
    with torch.no_grad():
        found = net(torch.as_tensor(rows, dtype=torch.float64)).softmax(1).numpy()
    return found, [CLASSES[k] for k in found.argmax(1)]


def typed(path: Path, copy: Path, cells: Mapping[str, object], engine: str) -> dict[str, Any]:
    """What an engine makes of the sheet Predict after something was typed into it."""
    workbook = openpyxl.load_workbook(path)
    for address, value in cells.items():
        workbook["Predict"][address] = value
    workbook.save(copy)
    result = ENGINES[engine](copy)
    assert result.not_evaluated == []
    return dict(result.values["Predict"])


def formulas_of(path: Path, row: int) -> dict[str, str]:
    """Column -> formula (without =) of a row."""
    cells = read(path).sheets["Predict"]
    places = [(at.rstrip("0123456789"), entry.formula) for at, entry in cells.items() if at.lstrip(LETTERS) == str(row)]
    return {column: formula for column, formula in places if formula is not None}


def test_the_sheet_is_a_table_to_type_into(book: Path, data: torch.Tensor) -> None:
    workbook = openpyxl.load_workbook(book)
    assert workbook.sheetnames == ["Predict", "Weights", "PyTorch"]
    sheet = workbook["Predict"]
    heads = [sheet[f"{c}7"].value for c in (*INPUTS, *OUTPUTS, PREDICTION)]
    assert heads == [*FEATURES, *CLASSES, "prediction"]
    assert {sheet[f"{c}7"].number_format for c in OUTPUTS} == {'"P("@")"'}
    assert [[sheet[f"{c}{FIRST + r}"].value for c in INPUTS] for r in range(EXAMPLES)] == data[:EXAMPLES].tolist()
    yellow = sheet[f"B{FIRST}"].fill.fgColor.rgb
    for row in range(FIRST, LAST + 1):
        for column in INPUTS:
            assert not sheet[f"{column}{row}"].protection.locked
            assert sheet[f"{column}{row}"].fill.fgColor.rgb == yellow
    assert sheet[f"B{LAST + 1}"].value is None and sheet[f"E{LAST + 1}"].value is None
    assert not sheet.protection.sheet  # or rows could not be filled down
    assert workbook["Weights"].protection.sheet and workbook["Weights"]["B20"].protection.locked
    (first, *_) = sheet.data_validations.dataValidation
    assert (first.type, str(first.sqref), first.promptTitle) == ("decimal", f"B{FIRST}:B{LAST}", "hours")
    assert sheet.column_dimensions["J"].outlineLevel == 1 and not sheet.column_dimensions["H"].outlineLevel
    assert list(lint(book)) == []


def test_cached_values_are_pytorch_s(book: Path, net: nn.Module, data: torch.Tensor) -> None:
    cells = read(book).sheets["Predict"]
    probabilities, names = wanted(net, data[:EXAMPLES])
    for r in range(EXAMPLES):
        found = [cells[f"{c}{FIRST + r}"].value for c in OUTPUTS]
        np.testing.assert_allclose(np.array(found, float), probabilities[r], RELATIVE)
        assert cells[f"{PREDICTION}{FIRST + r}"].value == names[r]
    assert {cells[f"{c}{LAST}"].value for c in (*OUTPUTS, PREDICTION, "J")} == {""}


def test_hidden_units_are_pytorch_s_and_headed_by_their_layer(book: Path, net: nn.Module, data: torch.Tensor) -> None:
    cells = read(book).sheets["Predict"]
    assert isinstance(net, nn.Sequential)
    with torch.no_grad():
        hidden = net[:2](data[:EXAMPLES]).numpy()
    found = [[cells[f"{c}{FIRST + r}"].value for c in "JKLMNO"] for r in range(EXAMPLES)]
    np.testing.assert_allclose(np.array(found, float), hidden, RELATIVE)
    assert cells["J6"].value == "0: Linear 3 to 6, then Tanh"


@engines
def test_rows_typed_afterwards_and_filled_down(engine: str, book: Path, net: nn.Module, tmp_path: Path) -> None:
    rows = [[1.5, 7.25, 3.0], [-4.0, 0.0, 1e-3], [123.4, -5.6, 9.0]]
    where = [FIRST, EXAMPLES + FIRST, LAST + 1]  # one typed over, one that was empty, one that is filled down
    cells: dict[str, object] = {
        f"{c}{row}": x for row, values in zip(where, rows, strict=True) for c, x in zip(INPUTS, values, strict=True)
    }
    for column, formula in formulas_of(book, LAST).items():
        below = f"{column}{LAST + 1}"
        cells[below] = Translator(f"={formula}", f"{column}{LAST}").translate_formula(below)
    found = typed(book, tmp_path / "typed.xlsx", cells, engine)
    probabilities, names = wanted(net, rows)
    for row, expected, name in zip(where, probabilities, names, strict=True):
        np.testing.assert_allclose([found[f"{c}{row}"] for c in OUTPUTS], expected, RELATIVE)
        assert found[f"{PREDICTION}{row}"] == name
    assert len(set(names)) > 1  # else this would prove little


@engines
def test_a_row_without_all_its_numbers_shows_nothing(engine: str, book: Path, tmp_path: Path) -> None:
    cells = {"B20": 1.0, "C20": 2.0, "B21": "two", "C21": 2.0, "D21": 3.0, "B22": 0.0, "C22": 0.0, "D22": 0.0}
    found = typed(book, tmp_path / "typed.xlsx", cells, engine)
    shown = {row: {found[f"{c}{row}"] for c in formulas_of(book, row)} for row in (20, 21, 23, LAST)}
    assert shown == {row: {""} for row in shown}
    assert sum(found[f"{c}22"] for c in OUTPUTS) == pytest.approx(1)  # zeros are numbers


def test_every_column_is_one_formula(book: Path) -> None:
    first = formulas_of(book, FIRST)
    assert len(first) == 3 + 1 + 6 + 5 + 3 + 1 + 3 + 1  # P, prediction, two layers, logits, largest, exp, sum
    for row in range(FIRST + 1, LAST + 1):
        assert formulas_of(book, row) == {
            c: Translator(f"={f}", f"{c}{FIRST}").translate_formula(f"{c}{row}")[1:] for c, f in first.items()
        }


def test_without_names_and_classes(tmp_path: Path) -> None:
    path = tmp_path / "plain.xlsx"
    one = nn.Sequential(nn.Linear(1, 2), nn.Sigmoid(), nn.Linear(2, 2))
    sheetgen.export(one, torch.tensor([[2.0]]), path, rows=2)
    cells = read(path).sheets["Predict"]
    assert [cells[f"{c}7"].value for c in "BCD"] == ["x1", "y1", "y2"]
    assert "E7" not in cells or cells["E7"].value is None
    assert cells["C9"].value == "" and "C10" not in cells
    with torch.no_grad():
        expected = one.double()(torch.tensor([[2.0]], dtype=torch.float64))[0]
    np.testing.assert_allclose([float(cells[f"{c}8"].value or 0) for c in "CD"], expected.numpy(), RELATIVE)


def test_more_examples_than_rows(tmp_path: Path) -> None:
    sheetgen.export(nn.Linear(2, 1), torch.rand(5, 2), tmp_path / "x.xlsx", rows=1, check=False)
    cells = read(tmp_path / "x.xlsx").sheets["Predict"]
    assert isinstance(cells["D12"].value, float) and "D13" not in cells


HOSTILE = ["=1+1", "@x", '+cmd|" /C calc"!A0', "-1", "<b>&amp;", "{=A1}", "x" * 255, "1", "TRUE", "漢字", "a,b"]


def test_names_never_become_formulas(tmp_path: Path) -> None:
    n = len(HOSTILE)
    path = tmp_path / "names.xlsx"
    torch.manual_seed(3)
    sheetgen.export(
        nn.Linear(n, n), torch.rand(3, n), path, features=HOSTILE, outputs=HOSTILE[::-1], softmax=True, title="=2+2"
    )
    cells = read(path).sheets["Predict"]
    heads = {re.sub(r"[0-9]", "", at): entry for at, entry in cells.items() if re.fullmatch(r"[A-Z]+7", at)}
    found = [heads[c] for c in "BCDEFGHIJKL"] + [heads[c] for c in "MNOPQRSTUVW"]
    assert found == [Entry(None, name) for name in [*HOSTILE, *HOSTILE[::-1]]]
    assert cells["A1"] == Entry(None, "=2+2")
    assert cells["X8"].value in HOSTILE
    assert openpyxl.load_workbook(path)["Predict"]["B7"].quotePrefix
    assert list(lint(path)) == []


def test_importing_sheetgen_imports_no_torch() -> None:
    code = "import sys, sheetgen; sheetgen.export, sheetgen.audit; assert not {'torch', 'numpy'} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)
    with pytest.raises(AttributeError, match="no attribute 'exports'"):
        _ = sheetgen.exports
