"""What is not exported: refused before anything is written, or found wrong by a spreadsheet program; old files stay."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

import sheetgen
from sheetgen.deliver import export as exporting
from sheetgen.excel import Workbook, read
from sheetgen.judge.compare import Disagrees, agreement, compare_written
from sheetgen.judge.engines import ENGINES
from sheetgen.network.torch.graph import CannotExport
from sheetgen.writer.planes import layout


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"features": ["a", "b"]}, "there are 2 names for 3 features: .*"),
        ({"features": ["a", "b", "a"]}, "two features are called 'a': .*"),
        ({"features": ["a", " ", "c"]}, "the name of feature 2 is empty: .*"),
        ({"features": ["a", "b", 3]}, "the name of feature 3 is empty: .*"),
        ({"features": ["a", "b", "c" * 256]}, "the name of feature 3 has 256 characters: .*"),
        ({"features": ["a", "b\n", "c"]}, r"the name of feature 2 is 'b\\n', which no cell can hold .*"),
        ({"features": ["a", "b", "\ud800"]}, r"the name of feature 3 is '\\ud800', which no cell .*"),
        ({"features": ["a", "b", "#N/A"]}, "the name of feature 3 is '#N/A', which no cell .*"),
        ({"features": "abc"}, "the names of the features are one text: .*"),
        ({"outputs": ["a", "a", "b"]}, "two outputs are called 'a': .*"),
        ({"outputs": ["a"]}, "there are 1 names for 3 outputs: .*"),
        ({"title": ""}, "the title is empty: .*"),
        ({"title": "a\u200bb"}, r"the title holds an invisible character \(U\+200B, ZERO WIDTH SPACE\): leave it out"),
        ({"title": "a\u00a0b"}, r"the title holds an invisible character \(U\+00A0, NO-BREAK SPACE\): leave it out"),
        ({"title": "a\ue000b"}, r"the title holds an invisible character \(U\+E000, for private use\): leave it out"),
        ({"title": "a\nb"}, r"the title holds an invisible character \(U\+000A, a control character\): leave it out"),
        ({"outputs": ["a", "b", "a\u200b"]}, r"the name of output 3 holds an invisible character \(U\+200B, .*"),
        ({"features": ["a", "b", "\u202ec"]}, r"the name of feature 3 holds an invisible character \(U\+202E, .*"),
        ({"rows": 0}, "rows is 0: .*"),
        ({"rows": 2_000_000}, "2,000,000 rows of 23 formulas are too many for one sheet: use at most 43,478 rows"),
    ],
)
def test_bad_options_are_refused_before_anything_is_written(
    options: dict[str, Any], sentence: str, net: nn.Module, data: torch.Tensor, tmp_path: Path
) -> None:
    with pytest.raises(CannotExport, match=f"^{sentence}$"):
        sheetgen.export(net, data[:2], tmp_path / "new" / "x.xlsx", softmax=True, **options)
    assert list(tmp_path.iterdir()) == []


def with_variance(number: float) -> nn.Module:
    """What it gives is finite, even if its variance is not."""
    layer = nn.BatchNorm1d(2)
    layer.running_var = torch.tensor([1.0, number])
    return layer


class Logarithm(nn.Module):  # type: ignore[misc,unused-ignore]
    """Infinite at 0."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return torch.log(x)


@pytest.mark.parametrize(
    ("module", "example", "sentence"),
    [
        (nn.Linear(3, 17_000), torch.rand(1, 3), "the sheet Predict would need 17,0.. columns, .*"),
        (nn.Linear(2, 2), torch.tensor([[1.0, float("nan")]]), "the example holds a number that is .*"),
        (with_variance(float("inf")), torch.rand(1, 2), "running_var: it holds a number that is .*"),
        (Logarithm(), torch.zeros(1, 2), "the module: it gives a number for the example that no cell can hold"),
        (nn.Linear(2, 2), [[1.0, 2.0]], "the example is no tensor of real numbers: .*"),
        (nn.Linear(2, 2), torch.rand(2, 3), ".*it does not run on the example .*"),
        ("no module", torch.rand(1, 2), r"str is no torch\.nn\.Module: .*"),
    ],
)
def test_what_cannot_be_shown_is_refused_and_the_old_file_stays(
    module: Any, example: Any, sentence: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "old.xlsx"
    path.write_bytes(b"an older workbook")
    monkeypatch.setattr(exporting, "writing", None)  # nothing may be written
    with pytest.raises(CannotExport, match=f"^{sentence}$"):
        sheetgen.export(module, example, path)
    assert path.read_bytes() == b"an older workbook"
    assert list(tmp_path.iterdir()) == [path]


def test_the_softmax_of_one_output_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CannotExport, match="always 1"):
        sheetgen.export(nn.Linear(2, 1), torch.rand(1, 2), tmp_path / "x.xlsx", softmax=True)


def test_names_of_files(net: nn.Module, data: torch.Tensor, tmp_path: Path) -> None:
    (tmp_path / "folder.xlsx").mkdir()
    (tmp_path / "file").write_text("")
    for name, why in (("x.xls", "with .xlsx"), ("folder.xlsx", "is a folder"), ("file/x.xlsx", "cannot be written")):
        with pytest.raises(CannotExport, match=why):
            sheetgen.export(net, data[:1], tmp_path / name)


@pytest.mark.parametrize(("factor", "right"), [(1 + 1e-11, True), (1 + 1e-8, False), (-1.0, False)])
def test_a_wrong_cached_value_is_found(factor: float, right: bool, book: Path) -> None:
    workbook = planted(book, "Predict", "F9", factor)
    result = ENGINES["IronCalc"](book)
    if right:
        assert agreement(workbook, result, {}).cells == len(result.values["Predict"]) + len(result.values["Weights"])
        return
    with pytest.raises(Disagrees, match=r"^Predict!F9: IronCalc calculates 0\.\d+ where PyTorch has -?[01]\.\d+$"):
        agreement(workbook, result, {})


def planted(path: Path, sheet: str, address: str, factor: float) -> Workbook:
    workbook = read(path)
    entry = workbook.sheets[sheet][address]
    assert isinstance(entry.value, float) and entry.value > 0.0
    workbook.sheets[sheet][address] = entry._replace(value=entry.value * factor)
    return workbook


@pytest.mark.parametrize("value", [None, "passes", True])
def test_a_cached_value_that_is_no_number_is_found(value: Any, book: Path) -> None:
    workbook = read(book)
    workbook.sheets["Predict"]["F9"] = workbook.sheets["Predict"]["F9"]._replace(value=value)
    with pytest.raises(Disagrees, match="Predict!F9"):
        agreement(workbook, ENGINES["IronCalc"](book), {})


@pytest.mark.parametrize("value", [math.nan, math.inf, None])
def test_an_engine_that_says_nothing_does_not_agree(value: float | None, book: Path) -> None:
    result = ENGINES["IronCalc"](book)
    result.values["Predict"]["F9"] = value if value is not None else 0.0
    if value is None:
        del result.values["Predict"]["F9"]
    with pytest.raises(Disagrees, match="Predict!F9" if value is not None else "^IronCalc says nothing of 1 cells$"):
        agreement(read(book), result, {})


def test_the_floor_is_that_of_the_plane(book: Path) -> None:
    workbook, result = planted(book, "Predict", "F9", 1 + 1e-8), ENGINES["IronCalc"](book)
    assert agreement(workbook, result, {("Predict", "F9"): 1e6})
    with pytest.raises(Disagrees):
        agreement(workbook, result, {("Predict", "F9"): 1.0})


def test_a_workbook_that_disagrees_is_not_delivered(
    net: nn.Module, data: torch.Tensor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = layout.line

    def wrong(*arguments: Any) -> layout.Layout:
        made = real(*arguments)
        numbers = made.numbers.copy()
        numbers[1, made.written[1].block.out[2]] += 1e-7  # one hidden unit of the second row
        return replace(made, numbers=numbers)

    monkeypatch.setattr(layout, "line", wrong)
    path = tmp_path / "old.xlsx"
    path.write_bytes(b"an older workbook")
    with pytest.raises(Disagrees, match=r"^Predict!L9: IronCalc calculates "):
        sheetgen.export(net, data[:3], path, softmax=True)
    assert path.read_bytes() == b"an older workbook"
    assert list(tmp_path.iterdir()) == [path]
    sheetgen.export(net, data[:3], path, softmax=True, check=False)
    with pytest.raises(Disagrees, match=r"^Predict!L9: "):
        compare_written(path, {})


def test_the_same_network_gives_the_same_bytes(net: nn.Module, data: torch.Tensor, tmp_path: Path) -> None:
    a, b = tmp_path / "a.xlsx", tmp_path / "b.xlsx"
    for path in (a, b):
        sheetgen.export(net, data[:3], path, check=False)
    assert a.read_bytes() == b.read_bytes()


def test_names_of_every_script_are_names(net: nn.Module, data: torch.Tensor, tmp_path: Path) -> None:
    """Wide spaces, and joiners that Persian and Hindi need."""
    outputs = ["می\u200cخواهم", "क्\u200dष", "全角\u3000空白"]
    sheetgen.export(net, data[:1], tmp_path / "x.xlsx", outputs=outputs, check=False)
    assert (tmp_path / "x.xlsx").is_file()


def test_what_it_gives_tells_who_checked(net: nn.Module, data: torch.Tensor, tmp_path: Path) -> None:
    path = tmp_path / "x.xlsx"
    made = sheetgen.export(net, data[:3], path)
    assert made.path == path and made.cells == sum(x.cells for x in made.lines) > 100
    assert made.worst == max(x.worst for x in made.lines) <= 1e-9
    assert [x.rsplit(" ", 1)[0] for x in made.engines] == [x.engine for x in made.lines]
    assert made.engines[0].startswith("IronCalc ") and made.engines[1].startswith("formulas patterns ")
    head, *table, last = str(made).splitlines()
    assert repr(made) == str(made) and head.startswith("engine ")
    assert [line[: len(x.engine)] for line, x in zip(table, made.lines, strict=True)] == [x.engine for x in made.lines]
    assert last == f"{path}: written, {made.cells:,} results compared with PyTorch, all right"


def test_it_tells_that_nobody_checked(net: nn.Module, data: torch.Tensor, tmp_path: Path) -> None:
    made = sheetgen.export(net, data[:3], tmp_path / "x.xlsx", check=False)
    assert (made.lines, made.engines, made.cells, made.worst) == ((), (), 0, 0.0)
    assert str(made) == f"{tmp_path / 'x.xlsx'}: written, not checked"
