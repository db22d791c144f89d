"""`sheetgen check` on what `sheetgen export` wrote: right is right, and a broken formula is found and named."""

from __future__ import annotations

import re
from pathlib import Path
from xml.sax.saxutils import escape

import pytest
import torch
from export_books import exported, samples, trained
from mutants import edit, part, set_cells
from torch import nn

import sheetgen
from sheetgen.__main__ import main
from sheetgen.excel import read
from sheetgen.judge.check import check
from sheetgen.judge.engines import ENGINES, available
from sheetgen.judge.exported import Example
from sheetgen.judge.provenance import NoTemplate
from sheetgen.judge.report import Report

QUICK = ("IronCalc",)
TABLE, PAGE = ["Predict", "Weights", "PyTorch"], ["Model", "Layers", "Weights", "PyTorch"]


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A network on vectors: 4 samples in 20 rows, three classes."""
    path: Path = tmp_path_factory.mktemp("exported") / "exam.xlsx"
    exported(trained(samples()), samples(), path)
    return path


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small network on images."""
    torch.manual_seed(1)
    layers = nn.Conv2d(1, 3, 3, padding=1), nn.Tanh(), nn.AvgPool2d(2), nn.Flatten(), nn.Linear(3 * 3 * 3, 4)
    path: Path = tmp_path_factory.mktemp("exported") / "cnn.xlsx"
    sheetgen.export(nn.Sequential(*layers).double(), torch.rand(2, 1, 6, 6, dtype=torch.float64), path, check=False)
    return path


def saved(source: Path, target: Path, sheets: list[str], sheet: str, cells: dict[str, str | float]) -> Path:
    """What Excel would save after somebody typed into cells: every cached value follows."""
    typed = set_cells(source, target.with_name("typed.xlsx"), sheet, cells, sheets)
    values = ENGINES["IronCalc"](typed).values
    for name in sheets[:-1]:

        def recalculated(text: str, name: str = name) -> str:
            def cell(m: re.Match[str]) -> str:
                value = values[name][m[1]]
                inside = escape(value) if isinstance(value, str) else repr(value)
                return f'<c r="{m[1]}"{m[2]}><f>{m[3]}</f><v>{inside}</v></c>'

            return re.sub(r'<c r="(\w+)"([^>]*)><f>(.*?)</f><v>(.*?)</v></c>', cell, text) + "<!-- saved -->"

        typed = edit(typed, target.with_name(f"{name}.xlsx"), part(name, sheets), recalculated)
    return typed.rename(target)


def a_layer(page: Path) -> str:
    """The last formula of the layers: above them one cell is worked out, on which nothing depends."""
    return [at for at, entry in read(page).sheets["Layers"].items() if entry.formula][-1]


def doubled(table: Path) -> dict[str, str | float]:
    """Another formula in a whole column; rows without inputs stay empty."""
    cells = read(table).sheets["Predict"]
    return {f"F{row}": "=" + str(cells[f"F{row}"].formula).replace(',"",', ',"",2*', 1) for row in range(8, 28)}


def found(report: Report) -> set[tuple[str, str, str]]:
    return {(f.kind, f.sheet, f.cells) for f in report.findings}


def test_a_right_file_passes_in_every_engine_and_says_what_was_compared(table: Path, page: Path) -> None:
    for path, outputs in ((table, 12), (page, 4)):
        report = check(path)
        assert report.findings == [] and {x.engine for x in report.lines} == {x for x in ENGINES if available(x)}
        assert all(x.worst < 1e-9 and x.cells > 100 for x in report.lines if x.engine != "formulas")
        (note,) = (n for n in report.notes if n.startswith("compared with PyTorch"))
        assert f" {outputs} outputs for the example that the file carries (by every engine that " in note
        assert note.endswith("the network itself was not run")


def test_the_example_is_pytorch_s(table: Path) -> None:
    said = Example(read(table))
    assert said.bad == [] and (len(said.inputs), len(said.outputs)) == (12, 12)
    wanted = torch.softmax(trained(samples())(samples()[:4]), 1).detach().numpy().ravel().tolist()
    assert list(said.outputs.values()) == pytest.approx(wanted, rel=1e-13)


def test_a_broken_formula_is_named(table: Path, page: Path, tmp_path: Path) -> None:
    for path, sheets, sheet, cell in ((table, TABLE, "Predict", "F9"), (page, PAGE, "Layers", a_layer(page))):
        formula = read(path).sheets[sheet][cell].formula
        broken = set_cells(path, tmp_path / "b.xlsx", sheet, {cell: f"={formula}+0.001"}, sheets)
        assert ("cached", sheet, cell) in found(check(broken, QUICK))


def test_a_broken_formula_is_named_though_the_file_was_saved_with_it(table: Path, page: Path, tmp_path: Path) -> None:
    """Then the cached values agree with it: only what PyTorch said does not."""
    report = check(saved(table, tmp_path / "all.xlsx", TABLE, "Predict", doubled(table)), QUICK)
    assert {kind for kind, _, _ in found(report)} == {"wrong"} and ("wrong", "Predict", "F8") in found(report)
    hidden = read(table).sheets["Predict"]["N9"].formula
    report = check(saved(table, tmp_path / "one.xlsx", TABLE, "Predict", {"N9": f"={hidden}+1"}), QUICK)
    assert ("formula", "Predict", "N9") in found(report) and any(f.kind == "wrong" for f in report.findings)
    at = a_layer(page)
    layer = read(page).sheets["Layers"][at].formula
    report = check(saved(page, tmp_path / "cnn.xlsx", PAGE, "Layers", {at: f"={layer}+0.01"}), QUICK)
    assert {kind for kind, _, _ in found(report)} == {"wrong"} and {sheet for _, sheet, _ in found(report)} == {"Model"}


def test_a_broken_formula_in_an_empty_row_is_named(table: Path, tmp_path: Path) -> None:
    formula = read(table).sheets["Predict"]["E20"].formula
    report = check(saved(table, tmp_path / "b.xlsx", TABLE, "Predict", {"E20": f'={formula}&""'}), QUICK)
    assert found(report) == {("formula", "Predict", "E20")}


def test_a_changed_weight_is_another_network(table: Path, tmp_path: Path) -> None:
    cells = read(table).sheets["Weights"]
    at = next(a for a, e in cells.items() if e.formula is None and isinstance(e.value, float) and int(a[1:]) > 15)
    report = check(saved(table, tmp_path / "b.xlsx", TABLE, "Weights", {at: 9.0}), QUICK)
    assert {kind for kind, _, _ in found(report)} == {"wrong"}


def test_other_inputs_are_no_fault_and_hide_none(table: Path, tmp_path: Path) -> None:
    """The example is typed into a copy."""
    typed: dict[str, str | float] = {"B8": 3.25, "C9": 7.5, "B15": 1.0, "C15": 2.0, "D15": 3.0}
    report = check(saved(table, tmp_path / "typed.xlsx", TABLE, "Predict", {k: typed[k] for k in ("B8", "C9")}), QUICK)
    assert report.findings == [] and "typed into a copy, for other inputs stand in 2 cells" in report.notes[-1]
    report = check(saved(table, tmp_path / "b.xlsx", TABLE, "Predict", {"B8": 3.25, **doubled(table)}), QUICK)
    assert ("wrong", "Predict", "F8") in found(report)


def test_what_the_file_does_not_carry_is_said(table: Path, tmp_path: Path) -> None:
    older = edit(table, tmp_path / "older.xlsx", "xl/sharedStrings.xml", lambda t: t.replace(">cell<", ">place<"))
    report = check(older, QUICK)
    assert report.findings == [] and "the file carries no outputs of PyTorch" in report.notes[-1]
    damaged = edit(table, tmp_path / "d.xlsx", "xl/sharedStrings.xml", lambda t: re.sub("[^>]*!B8<", "B8<", t))
    assert found(check(damaged, QUICK)) == {("example", "PyTorch", "A6")}


def test_what_no_engine_recalculates_is_not_said_to_be_compared(
    table: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sheetgen.judge.check.too_much", lambda _: "Predict!A1 refers to 9 cells at once")
    monkeypatch.setattr("sheetgen.judge.exported.Live", None)  # the example is typed into no copy either
    for path in (table, set_cells(table, tmp_path / "typed.xlsx", "Predict", {"B8": 3.25}, TABLE)):
        report = check(path, QUICK)
        assert "no engine was asked" in report.findings[0].message and report.lines == []
        assert not any("compared" in note for note in report.notes)


def test_the_exit_status_tells(table: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    wrong = set_cells(table, tmp_path / "wrong.xlsx", "Predict", {"E9": "=0.5"}, TABLE)
    for path, status in ((table, 0), (wrong, 1), (tmp_path / "none.xlsx", 2)):
        with pytest.raises(SystemExit) as stop:
            main(["check", "--engine", "IronCalc", str(path)], prog_name="sheetgen")
        assert int(stop.value.code or 0) == status
    assert f"{table}: right" in capsys.readouterr().out
    other = edit(table, tmp_path / "other.xlsx", "xl/workbook.xml", lambda t: t.replace('name="P', 'name="X'))
    with pytest.raises(NoTemplate):
        check(other)
