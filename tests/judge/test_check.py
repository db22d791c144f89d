"""The judge finds what is broken, names the cell, and passes what is right. Every mutant is one kind of slip."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest
from books import FEW, place_of
from mutants import edit, formula_of, part, set_cells

from sheetgen.excel import read
from sheetgen.judge.check import OWN_VERDICTS, _same, check
from sheetgen.judge.columns import find
from sheetgen.judge.engines import ENGINES, available
from sheetgen.judge.provenance import NoTemplate
from sheetgen.judge.report import summary
from sheetgen.writer.sheets.plotted import Drawing
from sheetgen.writer.trace import FIRST_ROW

QUICK = ("IronCalc",)


def test_a_right_workbook_passes_in_every_engine_that_is_quick(right: Path) -> None:
    """Without `formulas` in full, which takes as long as all the others: in test_cli.py it judges every template."""
    report = check(right, [name for name in ENGINES if name != "formulas"])
    assert report.findings == []
    ran = {line.engine for line in report.lines}
    assert ran == {name for name in ENGINES if available(name)} - {"formulas"} >= {"IronCalc", "formulas patterns"}
    formulas = sum(e.formula is not None for cells in read(right).sheets.values() for e in cells.values())
    by_engine = {line.engine: line for line in report.lines}
    assert by_engine["IronCalc"].cells == by_engine["formulas patterns"].cells == formulas
    assert all(line.worst < 1e-9 for line in report.lines)


def test_libreoffice_is_there_in_ci() -> None:
    if os.environ.get("CI"):
        assert available("LibreOffice"), "CI must have LibreOffice: a missing engine is a failure there"


# A slip: (column, rows it is made in, what is replaced, by what).
ALL = range(FIRST_ROW + 1, FIRST_ROW + FEW + 1)
SLIPS = {
    "a_h1 for a_h2 in one row": ("dE/dw3", [20], "{a_h2}", "{a_h1}"),
    "a_h1 for a_h2 in every row": ("dE/dw3", [FIRST_ROW, *ALL], r"*{a_h2}*(1-{a_h2})", "*{a_h1}*(1-{a_h1})"),
    "the transpose of the weights": ("dE/dw1", [FIRST_ROW, *ALL], "{w7}", "{w6}"),
    "another weight's gradient": ("w3", ALL, "{dE/dw3}", "{dE/dw1}"),
    "a wrong sign": ("w5", ALL, "-learning_rate", "+learning_rate"),
    "a constant off by 1e-7": ("E1", [22], "0.5*", "0.50000005*"),
    "a constant off by 1e-7, everywhere": ("E1", [FIRST_ROW, *ALL], "0.5*", "0.50000005*"),
    "missing parentheses": ("a_o1", [FIRST_ROW, *ALL], "1/(1+EXP(-{o1}))", "1/1+EXP(-{o1})"),
    "a rate that slid off its cell": ("w8", ALL, "learning_rate", "Network!B{below}"),
    "the row above": ("h1", [19], "{w1}", "{above w1}"),
    "a frozen row": ("o2", [23], "{w7}", "{frozen w7}"),
}


def _spelt(text: str, column: dict[str, str], row: int, source_row: int) -> str:
    def place(match: re.Match[str]) -> str:
        name = match[1]
        if name == "below":
            return str(9 + row - FIRST_ROW)
        if name.startswith("above "):
            return f"{column[name[6:]]}{row - 1}"
        if name.startswith("frozen "):
            return f"{column[name[7:]]}$16"
        return f"{column[name]}{source_row}"

    return re.sub(r"\{([^}]+)\}", place, text)


@pytest.mark.parametrize("slip", SLIPS)
def test_a_slip_is_found_and_its_first_cell_named(
    right: Path, column: dict[str, str], tmp_path: Path, slip: str
) -> None:
    name, rows, old, new = SLIPS[slip]
    cells: dict[str, str | float] = {}
    for row in rows:
        source_row = row - 1 if name[0] == "w" else row
        formula = formula_of(right, "Training", f"{column[name]}{row}")
        changed = formula.replace(_spelt(old, column, row, source_row), _spelt(new, column, row, source_row))
        assert changed != formula
        cells[f"{column[name]}{row}"] = "=" + changed
    broken = set_cells(right, tmp_path / "broken.xlsx", "Training", cells)
    engines = ("IronCalc", "formulas patterns") if slip.startswith("a_h1") else QUICK
    report = check(broken, engines)
    first = next(iter(cells))
    for engine in engines:
        assert any((f.engine, f.sheet, f.cells) == (engine, "Training", first) for f in report.findings), slip
    wrong = [f.cells for f in report.findings if f.engine == "IronCalc" and f.kind == "wrong" and f.sheet == "Training"]
    assert first in wrong
    if len(cells) == 1:  # one row out of its column: also seen without any engine
        assert [(f.sheet, f.cells) for f in report.findings if f.kind == "formula"] == [("Training", first)]


def test_a_pasted_number_is_found_even_if_it_is_right(right: Path, column: dict[str, str], tmp_path: Path) -> None:
    cell = f"{column['a_h1']}21"
    value = read(right).sheets["Training"][cell].value
    assert isinstance(value, float)
    report = check(set_cells(right, tmp_path / "b.xlsx", "Training", {cell: value}), QUICK)
    assert [(f.kind, f.sheet, f.cells) for f in report.findings] == [("formula", "Training", cell)]


def test_a_shifted_dollar_is_found_on_the_sheet_of_rates(right: Path, tmp_path: Path) -> None:
    cells = read(right).sheets["Learning rates"]
    at, old = next((a, e.formula) for a, e in cells.items() if e.formula and "$A$5*" in e.formula and a.endswith("18"))
    report = check(
        set_cells(right, tmp_path / "b.xlsx", "Learning rates", {at: "=" + old.replace("$A$5", "$A6")}), QUICK
    )
    assert ("formula", "Learning rates", at) in [(f.kind, f.sheet, f.cells) for f in report.findings]
    assert any(f.sheet == "Learning rates" and f.cells == at and f.engine == "IronCalc" for f in report.findings)


@pytest.mark.parametrize(
    "engine",
    [pytest.param(name, marks=pytest.mark.slow if name == "formulas" else ()) for name in ENGINES if available(name)],
)
def test_poisoned_cached_values_are_corrected(right: Path, tmp_path: Path, engine: str) -> None:
    poisoned = edit(
        right,
        tmp_path / "p.xlsx",
        part("Ideas"),  # small, so that `formulas` in full takes part
        lambda text: re.sub(r"(</f><v>)[0-9.eE+-]+(</v>)", r"\g<1>999\2", text),
    )
    workbook_, truth = read(poisoned), read(right)
    bad = [a for a, e in workbook_.sheets["Ideas"].items() if e.formula and e.value == 999]
    assert len(bad) > 100
    values = ENGINES[engine](poisoned).values["Ideas"]
    if engine != "formulas patterns":  # which goes one step from cached values, and so finds each but corrects none
        for a in bad:
            right_value = truth.sheets["Ideas"][a].value
            assert values[a] == pytest.approx(right_value, rel=1e-6, abs=1e-9)
    else:
        assert sum(values[a] != 999 for a in bad) > 100


def test_a_poisoned_training_cell_needs_no_engine(right: Path, column: dict[str, str], tmp_path: Path) -> None:
    cell = f"{column['dE/dw3']}20"
    change = rf'(<c r="{cell}"[^>]*><f>.*?</f>)<v>.*?</v>'
    poisoned = edit(right, tmp_path / "p.xlsx", part("Training"), lambda t: re.sub(change, r"\1<v>999</v>", t))
    cached = [(f.sheet, f.cells) for f in check(poisoned, ["IronCalc"]).findings if f.kind == "cached" and not f.engine]
    assert ("Training", cell) in cached


def test_a_tampered_pytorch_number_is_found(right: Path, tmp_path: Path) -> None:
    table = find("Autograd check", read(right).sheets["Autograd check"])
    assert table is not None
    cell = f"{table.columns['dE/dw3 PyTorch']}20"
    value = read(right).sheets["Autograd check"][cell].value
    assert isinstance(value, float)
    report = check(set_cells(right, tmp_path / "b.xlsx", "Autograd check", {cell: value * (1 + 1e-7)}), QUICK)
    assert ("Autograd check", cell) in [(f.sheet, f.cells) for f in report.findings]


def test_an_unknown_function_and_an_error_are_found(right: Path, column: dict[str, str], tmp_path: Path) -> None:
    for formula in ("=NOSUCHFUNCTION(1)", "=1/0"):
        cell = f"{column['E2']}20"
        broken = set_cells(right, tmp_path / "b.xlsx", "Training", {cell: formula})
        report = check(broken, ("IronCalc", "formulas patterns"))
        for engine in ("IronCalc", "formulas patterns"):
            named = [f for f in report.findings if f.engine == engine and (f.cells == cell or cell in f.message)]
            assert named, (formula, engine)


def test_changed_inputs_are_noted_and_judged_by_their_own_numbers(right: Path, tmp_path: Path) -> None:
    address = read(right).names["w_1"].replace("$", "").split("!")[1]
    changed = set_cells(right, tmp_path / "c.xlsx", "Network", {address: 0.2})
    report = check(changed, ["IronCalc"])
    assert "w_1 is 0.2, not 0.15" in report.notes[0]
    kinds = {f.kind for f in report.findings}
    assert kinds == {"cached"}  # the file's cached values are those of the old input, and only that is wrong


def test_an_input_that_is_no_number_is_named(right: Path, tmp_path: Path) -> None:
    address = read(right).names["w_1"].replace("$", "").split("!")[1]
    broken = set_cells(right, tmp_path / "c.xlsx", "Network", {address: "=0.1+0.05"})
    found = [(f.kind, f.sheet, f.cells) for f in check(broken, ["IronCalc"]).findings]
    assert ("input", "Network", address) in found


def test_a_missing_row_is_found(right: Path, tmp_path: Path) -> None:
    last = FIRST_ROW + FEW
    cut = edit(right, tmp_path / "c.xlsx", part("Training"), lambda t: re.sub(rf'<row r="{last}">.*?</row>', "", t))
    kinds = {f.kind for f in check(cut, ["IronCalc"]).findings}
    assert "rows" in kinds


def test_a_column_that_is_gone_is_missed(right: Path, tmp_path: Path) -> None:
    strings = "xl/sharedStrings.xml"
    gone = edit(right, tmp_path / "c.xlsx", strings, lambda t: t.replace("<t>dE/dw8</t>", "<t>something</t>"))
    messages = [f.message for f in check(gone, ["IronCalc"]).findings if f.kind == "missing"]
    assert messages == []  # the sheet Autograd check still shows the column
    both = edit(gone, tmp_path / "d.xlsx", strings, lambda t: t.replace("dE/dw8 ", "x "))
    messages = [f.message for f in check(both, ["IronCalc"]).findings if f.kind == "missing"]
    assert messages == ["no table has a column dE/dw8"]


def test_a_workbook_without_a_template_is_refused_by_name(right: Path, tmp_path: Path) -> None:
    renamed = edit(right, tmp_path / "other.xlsx", "xl/workbook.xml", lambda t: t.replace('"Template"', '"Notes"'))
    with pytest.raises(NoTemplate, match=r"other\.xlsx: there is no sheet Template"):
        check(renamed)


def test_the_summary_names_some_and_counts_the_rest(right: Path, tmp_path: Path) -> None:
    poison = lambda text: re.sub(r"(</f><v>)[0-9.eE+-]+(</v>)", r"\g<1>999\2", text)  # noqa: E731
    report = check(edit(right, tmp_path / "p.xlsx", part("Training"), poison), ["IronCalc"])
    shown = summary(report.findings)
    assert len(shown) < len(report.findings)
    assert len(shown) + sum(more for _, more in shown) == len(report.findings)


@pytest.mark.parametrize("own", OWN_VERDICTS)
def test_a_workbook_whose_own_check_says_fail_is_not_right(own: str, right: Path, tmp_path: Path) -> None:
    """Its verdicts are formulas, whose values an engine gave: that they agree with every engine is not enough."""
    sheet, address = place_of(read(right), own)
    new = edit(right, tmp_path / "f.xlsx", part(sheet), lambda text: re.sub(
        rf'(<c r="{address}"[^>]*>)<f>.*?</f><v>PASS</v>', r'\1<f>"FAIL"</f><v>FAIL</v>', text
    ))  # fmt: skip
    found = [(f.sheet, f.cells) for f in check(new, QUICK).findings if f.kind == "verdict"]
    assert found == [(sheet, address)]


@pytest.mark.parametrize("bounded", [True, False])
def test_a_title_may_leave_rows_out_that_one_program_rounds_to_0(bounded: bool) -> None:
    title = "E_total, logarithmic axis"
    *_, partly = Drawing(title, True, [], bounded).reasons
    assert _same(f"{title}, {partly}", title, 0) and _same(title, f"{title}, {partly}", 0)


def test_other_titles_may_not_differ() -> None:
    assert not _same("E_total, logarithmic axis: empty, E is nowhere above 0", "E_total, logarithmic axis", 0)
    assert not _same("E_total, until it diverged", "E_total", 0)
