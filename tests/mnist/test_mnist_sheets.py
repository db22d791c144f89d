"""The sheets of MNIST: they say what the records say, follow what is changed, and turn red when it fails."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Callable
from dataclasses import replace
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import Any

import mnist_books
import numpy as np
import openpyxl
import pytest
from books import recalculated, written
from lxml import etree
from mnist_books import OURS, alone, claims, nowhere, pixels, record, save
from mutants import SHEETS, set_cells

import mnist.sheets
import sheetgen
from mnist import published
from mnist.ladder import LADDER
from mnist.model import Network, parameter_count
from mnist.notation import Architecture, layers
from mnist.recipe import RECIPES, REFERENCE, SMALL, TARGET, Distillation, MuonAdamW
from mnist.record import Claim, Record
from mnist.sheets import architecture, provenance, runs
from mnist.sheets.charts import SETTLING, TITLES
from mnist.sheets.common import TELLING, distinct
from sheetgen.__main__ import main
from sheetgen.deliver.build import ask_oracle
from sheetgen.excel import Value, Workbook, read
from sheetgen.excel.a1 import place
from sheetgen.excel.charts import read_charts
from sheetgen.judge.check import check
from sheetgen.judge.columns import find
from sheetgen.judge.engines import ENGINES, available
from sheetgen.spec import Spec
from sheetgen.writer import plugins
from sheetgen.writer.plugins import CannotAdd, Extra

MNIST = ["MNIST report", "Architecture", "Training log", "Errors", "Full log"]
PER_LAYER = [18, 4, 36, 4, 288, 32, 2304, 32, 2304, 32, 2304, 32, 2304, 32, 2304, 32, 4608, 64, 320]
NAMES = ("ours", "ours-1-teacher", "reference", "small", "fast", "teacher", "ladder-1", "ladder-2")

Write = Callable[..., Path]


@pytest.fixture(scope="module")
def write_book(homework_spec: Spec, tmp_path_factory: pytest.TempPathFactory) -> Write:
    """`write_book(claims, find)`: the homework's workbook, of few steps, with the sheets of some claims."""
    few = replace(homework_spec, steps=3)
    oracle = ask_oracle(few)

    def write(made: dict[str, Claim], images: Any = nowhere) -> Path:
        path = tmp_path_factory.mktemp("mnist") / "book.xlsx"
        extra = mnist.sheets.sheets(made, LADDER, images)
        return written(path, few, oracle, options=f"--steps {few.steps}", extras=[extra])

    return write


@pytest.fixture(scope="module")
def made() -> dict[str, Claim]:
    """Claims like those that are committed."""
    return claims(NAMES)


@pytest.fixture(scope="module")
def book(write_book: Write, made: dict[str, Claim]) -> Path:
    """A workbook with all these sheets, and pictures."""
    return write_book(made, pixels)


@pytest.fixture(scope="module")
def cells(book: Path) -> Workbook:
    return read(book)


def at(cells: Workbook, sheet: str, text: str, right: int = 0, nth: int = 0) -> str:
    """The address so many columns to the right of a text."""
    found = [address for address, entry in cells.sheets[sheet].items() if entry.value == text]
    row, column = place(found[nth])
    return f"{openpyxl.utils.get_column_letter(column + right)}{row}"


def at_fact(label: str, cells: Workbook) -> str:
    """Where a fact stands on Errors: below its label."""
    row, column = place(at(cells, "Errors", label))
    return f"{openpyxl.utils.get_column_letter(column)}{row + 1}"


def values(cells: Workbook, sheet: str, column: str, first: int, last: int) -> list[Value | None]:
    """A column's values."""
    return [cells.sheets[sheet][f"{column}{row}"].value for row in range(first, last + 1)]


def verdicts(found: dict[str, dict[str, Value]], cells: Workbook) -> dict[str, Value]:
    """The checklist, line by line, from recalculated values."""
    sheet = cells.sheets["MNIST report"]
    rows = [place(a)[0] for a, e in sheet.items() if a[0] == "H" and e.value in ("PASS", "FAIL")]
    return {str(sheet[f"A{row}"].value): found["MNIST report"][f"H{row}"] for row in rows}


def changed(book: Path, folder: Path, sheet: str, edits: dict[str, str | float]) -> dict[str, dict[str, Value]]:
    """What IronCalc makes of a workbook with some cells typed over."""
    return ENGINES["IronCalc"](set_cells(book, folder / "changed.xlsx", sheet, edits)).values


# The network, as PyTorch counts it.


@pytest.mark.parametrize("name", sorted(RECIPES))
def test_parameters_are_pytorchs(name: str) -> None:
    found = layers(RECIPES[name].architecture)
    assert sum(x.parameters for x in found) == parameter_count(Network(RECIPES[name].architecture))


def test_the_references_layers_are_the_published_ones(cells: Workbook, made: dict[str, Claim]) -> None:
    counts = [x.parameters for x in layers(REFERENCE.architecture) if x.parameters]
    assert counts == PER_LAYER and sum(counts) == 17_054
    table = architecture.places(made)["reference"]
    shown = [x for x in values(cells, "Architecture", "L", table.first, table.last) if x]
    assert shown == PER_LAYER


@pytest.mark.parametrize("recipe", [OURS, REFERENCE, SMALL, LADDER[0].recipe], ids=lambda r: r.name)
def test_output_sizes_are_those_of_a_forward_pass(recipe: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    import torch
    from torch.nn import functional

    model = Network(recipe.architecture).eval()
    seen: list[tuple[int, int]] = []

    def watch(name: str, module: Any = functional) -> None:
        old = getattr(module, name)

        def call(*args: Any, **kwargs: Any) -> Any:
            out = old(*args, **kwargs)
            seen.append((out.shape[1], out.shape[-1]))
            return out

        monkeypatch.setattr(module, name, call)

    for name in ("conv2d", "max_pool2d", "avg_pool2d"):
        watch(name)
    model(torch.zeros(1, 1, 28, 28))  # with gradients, or pooling goes another way
    mine = [(x.channels, x.size) for x in layers(recipe.architecture) if x.kind != "BatchNorm"]
    assert mine == seen


def test_receptive_fields_by_hand() -> None:
    """3x3 adds 2 jumps, a 2x2 pooling 1, and doubles the jump; global pooling adds 4 of 4 pixels here."""
    found = layers(OURS.architecture)
    fields = [x.field for x in found if x.kind != "BatchNorm"]
    assert fields == [3, 5, 6, 10, 14, 18, 20, 28, 36, 52, 52]
    assert [x.jump for x in found][-3:] == [4, 20, 20]


def test_multiply_adds_by_hand() -> None:
    found = layers(REFERENCE.architecture)
    assert found[0].multiply_adds == 26 * 26 * 9 * 1 * 2 and found[1].multiply_adds == 26 * 26 * 2
    assert found[-1].multiply_adds == 320 and found[6].multiply_adds == 0  # the head; max-pooling


# What the sheets say.


def test_the_judge_passes_a_workbook_with_the_sheets(book: Path) -> None:
    report = check(book, engines=["IronCalc", "formulas patterns", "LibreOffice"], house=True)
    assert report.findings == []
    formulas = sum(e.formula is not None for sheet in read(book).sheets.values() for e in sheet.values())
    assert {line.cells for line in report.lines} == {formulas} and formulas > 4_000


def test_formulas_in_full_agree(made: dict[str, Claim], tmp_path: Path) -> None:
    """The slow engine, on these sheets alone; one that is too large for it is left to its patterns."""
    path = alone(tmp_path / "four.xlsx", {name: made[name] for name in ("ours", "small")})
    found, cached = ENGINES["formulas"](path), read(path).sheets
    assert found.not_evaluated == [] and {text.split(":")[0] for text in found.left_out} <= {"Architecture"}
    assert sum(map(len, found.values.values())) > 500
    for sheet, values_ in found.values.items():
        for address, value in values_.items():
            wanted = cached[sheet][address].value
            same = pytest.approx(wanted, rel=1e-9, abs=1e-13) if isinstance(wanted, float) else wanted
            assert value == same, f"{sheet}!{address}"


def test_no_table_is_taken_for_a_training_trace(cells: Workbook) -> None:
    assert [name for name in MNIST if find(name, cells.sheets[name])] == []


@pytest.mark.parametrize("engine", ["IronCalc", "LibreOffice"])
def test_recalculated_sheets_equal_the_records(
    book: Path, cells: Workbook, made: dict[str, Claim], engine: str
) -> None:
    if not available(engine):
        pytest.skip(f"{engine} is not installed")
    found = ENGINES[engine](book).values
    report = found["MNIST report"]
    column_a = {at: e.value for at, e in cells.sheets["MNIST report"].items() if at[0] == "A"}
    for name in ("ours", "reference", "small", "fast"):
        claim = made[name]
        row = place(at(cells, "MNIST report", TELLING[name]))[0]
        accuracies = np.array(claim.accuracies)
        assert report[f"E{row}"] == pytest.approx(accuracies.mean(), abs=1e-9)
        assert report[f"F{row}"] == pytest.approx(accuracies.std(ddof=1), abs=1e-9)
        assert report[f"G{row}"] == accuracies.min() and report[f"C{row}"] == claim.recipe.epochs
        assert report[f"D{row}"] == len(claim.records) and report[f"H{row}"] == max(r.best for r in claim.records)
        first = next(row for row in range(row + 1, 200) if column_a.get(f"A{row}") == name)
        for k, r in enumerate(claim.records, first):
            assert (report[f"E{k}"], report[f"H{k}"]) == (r.accuracy, r.best)
            assert report[f"I{k}"] == (r.first_above(TARGET) or "not reached")
    rung = made["ladder-2"].records[0]
    row = place(at(cells, "MNIST report", f"2  {LADDER[1].title}", nth=1))[0]  # below the sentence
    assert (report[f"C{row}"], report[f"D{row}"]) == (rung.accuracy, rung.best)
    assert report[f"F{row}"] == pytest.approx(rung.epochs[-1].train_accuracy - rung.accuracy, abs=1e-9)
    assert set(verdicts(found, cells).values()) <= {"PASS", "FAIL"}


def test_the_log_is_the_records(cells: Workbook, made: dict[str, Claim]) -> None:
    """Every epoch of every seed of every claim."""
    sheet = cells.sheets["Full log"]
    for run in runs.places(made):
        for row, e in enumerate(run.record.epochs, run.first):
            found = [sheet[f"{k}{row}"].value for k in "ABCDEFGHI"]
            numbers = [e.learning_rate, e.train_loss, e.train_accuracy, e.test_loss, e.test_accuracy, e.seconds]
            assert found == [run.claim, run.record.seed, e.epoch, *numbers]
    total = sum(len(r.epochs) for claim in made.values() for r in claim.records)
    first = runs.places(made)[0].first
    assert len([a for a in sheet if re.fullmatch(r"A\d+", a) and int(a[1:]) >= first]) == total


def test_the_seed_chosen_is_followed(book: Path, cells: Workbook, made: dict[str, Claim], tmp_path: Path) -> None:
    found = changed(book, tmp_path, "Training log", {"A5": 3.0})["Training log"]
    r = made["ours"].records[3]
    assert found[runs.ROW_AT.replace("$", "")] == 1 + 3 * len(r.epochs) and "B5" not in found
    for row, e in enumerate(r.epochs, runs.LIVE):
        assert [found[f"{k}{row}"] for k in "BDEFGHI"] == [
            3, e.learning_rate, e.train_loss, e.train_accuracy, e.test_loss, e.test_accuracy, e.seconds,
        ]  # fmt: skip
    assert [found[f"{k}5"] for k in "DE"] == [r.accuracy, r.best]
    assert found["F5"] == next(e.epoch for e in r.epochs if e.test_accuracy == r.best)
    assert found["G5"] == r.first_above(TARGET)
    rules = openpyxl.load_workbook(book)["Training log"].data_validations.dataValidation
    assert {str(rule.sqref): rule.type for rule in rules} == {"A5": "list", "H5": "decimal"}
    assert {str(rule.sqref): rule.formula1 for rule in rules}["A5"] == '"0,1,2,3,4"'
    wrong = len(r.mistakes)
    assert str(found["A6"]).startswith(f"Seed 3 takes {wrong} of 10,000 test images for another digit")
    assert str(found["A6"]).endswith(f"It was at the target first in epoch {r.first_above(TARGET)}.")


def test_the_published_run_is_whole(cells: Workbook) -> None:
    assert len(published.RUN) == 20 and published.RUN[6].test_accuracy == 99.42
    assert [p.learning_rate for p in published.RUN] == [0.1] * 6 + [0.01] * 6 + [0.001] * 6 + [0.0001] * 2
    assert max(p.test_accuracy for p in published.RUN) == 99.44 and published.RUN[-1].test_accuracy == 99.36
    assert (published.RUN[0].train_accuracy, published.RUN[-1].test_loss) == (89.08, 0.0182)
    assert values(cells, "Training log", "O", runs.LIVE, runs.LIVE + 19) == [p.test_accuracy for p in published.RUN]


def test_errors_are_those_of_numpy(cells: Workbook, made: dict[str, Claim]) -> None:
    r = made["ours"].records[0]
    matrix = np.array(r.confusion)
    top = place(at(cells, "Errors", "true ↓  taken for →"))[0]
    shown = [[cells.sheets["Errors"][f"{k}{top + 1 + n}"].value for k in "BCDEFGHIJK"] for n in range(10)]
    assert np.array_equal(np.array(shown, int), matrix)
    right = matrix.diagonal()
    precision, recall = right / matrix.sum(0), right / matrix.sum(1)
    for column, wanted in (("M", precision), ("N", recall), ("O", 2 * precision * recall / (precision + recall))):
        assert values(cells, "Errors", column, top + 1, top + 10) == pytest.approx(list(wanted), abs=1e-12)
    accuracy = cells.sheets["Errors"][at_fact("accuracy %", cells)].value
    assert accuracy == pytest.approx(r.accuracy) and right.sum() == 10_000 - len(r.mistakes)


def test_the_mistakes_are_listed_surest_first(cells: Workbook, made: dict[str, Claim]) -> None:
    mistakes = made["ours"].records[0].mistakes
    first = place(at(cells, "Errors", "how sure"))[0] + 1
    shown = [[cells.sheets["Errors"][f"{k}{row}"].value for k in "BCDE"] for row in range(first, first + len(mistakes))]
    assert shown == [[m.index, m.true, m.predicted, m.probability] for m in mistakes]
    sure = [float(row[3] or 0) for row in shown]
    assert sure == sorted(sure, reverse=True)


def test_pictures_are_the_images_of_the_surest_mistakes(book: Path, made: dict[str, Claim]) -> None:
    sheet = openpyxl.load_workbook(book)["Errors"]
    mistakes = made["ours"].records[0].mistakes
    left, top = len(mnist.sheets.errors.WIDTHS) + 1, mnist.sheets.errors.STRIP
    for k, m in enumerate(mistakes[:24]):
        row, column = top + k // 6 * 29, left + k % 6 * 29
        assert str(sheet.cell(row, column).value).startswith(f"{m.true} → {m.predicted}")
        shown = [[sheet.cell(row + 1 + y, column + x).value for x in range(28)] for y in range(28)]
        assert shown == pixels([m.index])[0]
    assert len(mistakes) > 24


def test_without_images_the_list_says_how_to_get_them(write_book: Write, made: dict[str, Claim]) -> None:
    found = read(write_book({"ours": made["ours"]})).sheets["Errors"]
    assert any("docs/mnist.md" in str(e.value) for e in found.values())
    told = (Path(__file__).parents[2] / "docs" / "mnist.md").read_text(encoding="utf-8")
    assert "python -m mnist verify" in told and "a build shows the first wrong images" in told


# What turns red.


def test_all_is_well_at_first(cells: Workbook, book: Path) -> None:
    found = verdicts(ENGINES["IronCalc"](book).values, cells)
    required = [text for text in found if not text.startswith(("the goal", "the small", "the fast"))]
    assert len(required) == 6 and {found[text] for text in required} == {"PASS"}


SLIPS = {
    "an accuracy": ("Full log", "H", 1, 98.0, "last epoch, every seed: accuracy %"),
    "a mean": ("Full log", "H", 1, 90.0, "last epoch, mean over all seeds: accuracy %"),
    "an epoch": ("Full log", "C", 1, 20.0, "epochs of training"),
}


@pytest.mark.parametrize("slip", SLIPS)
def test_the_checklist_fails_what_is_changed(
    book: Path, cells: Workbook, made: dict[str, Claim], tmp_path: Path, slip: str
) -> None:
    sheet, column, seed, value, line = SLIPS[slip]
    run = runs.places(made)[seed]
    found = changed(book, tmp_path, sheet, {f"{column}{run.last}": value})
    assert verdicts(found, cells)[line] == "FAIL"
    assert found["MNIST report"]["A5"] == "FAIL" and found["Start"]["A4"] == "FAIL"
    assert found["Start"]["A5"] == "MNIST at its target: not so. See what is red on the sheet MNIST report."


def test_a_layer_made_wider_fails_the_checklist(
    book: Path, cells: Workbook, made: dict[str, Claim], tmp_path: Path
) -> None:
    table = architecture.places(made)["ours"]
    row = table.first + len(table.layers) - 4  # the last 3x3 convolution
    assert cells.sheets["Architecture"][f"G{row}"].value == 32
    found = changed(book, tmp_path, "Architecture", {f"G{row}": 80.0})
    wider = Architecture(OURS.architecture.net[: -len("c32")] + "c80")
    assert found["Architecture"][f"L{table.total}"] == parameter_count(Network(wider)) > 20_000
    assert verdicts(found, cells)["parameters"] == "FAIL" and found["Architecture"][f"M{table.total + 1}"] == "FAIL"


def test_no_seed_at_the_target_is_said(book: Path, cells: Workbook, made: dict[str, Claim], tmp_path: Path) -> None:
    found = changed(book, tmp_path, "Training log", {"H5": 99.99})
    assert found["Training log"]["G5"] == "not reached"
    line = "epoch at which the slowest seed is at the target first"
    assert verdicts(found, cells)[line] == "FAIL"


def test_a_large_small_network_fails_its_line(write_book: Write) -> None:
    wide = replace(SMALL, architecture=Architecture(SMALL.architecture.net.replace("21", "24")))
    large = Claim("small", (record(wide, 0, 30),))
    found = read(write_book({"ours": claims(["ours"])["ours"], "small": large}))
    assert found.sheets["MNIST report"][at(found, "MNIST report", "the small network: parameters", 7)].value == "FAIL"
    assert found.sheets["MNIST report"][at(found, "MNIST report", "small: few parameters", 5)].value == "–"


def test_a_matrix_that_is_changed_disagrees_with_the_log(book: Path, cells: Workbook, tmp_path: Path) -> None:
    top = place(at(cells, "Errors", "true ↓  taken for →"))[0]
    found = changed(book, tmp_path, "Errors", {f"C{top + 1}": 7.0})
    assert found["Errors"][at_fact("they agree", cells)] == "FAIL"


# How they are written.


def test_the_sheets_stand_last_and_link_both_ways(book: Path) -> None:
    opened = openpyxl.load_workbook(book)
    assert opened.sheetnames == SHEETS and SHEETS[-5:] == MNIST
    links = {str(c.value): c.hyperlink.location for row in opened["Start"].iter_rows() for c in row if c.hyperlink}
    for name in MNIST:
        assert links[name] in (f"'{name}'!A1", f"{name}!A1")
        back = {str(c.value): c.hyperlink.location for row in opened[name].iter_rows() for c in row if c.hyperlink}
        assert back.pop("← Start") == "Start!A1"
        assert {to.strip("'").removesuffix("!A1").strip("'") for to in back.values()} <= set(MNIST)
        assert opened[name].freeze_panes and opened[name].print_area
        assert "sheetgen" in opened[name].oddFooter.left.text
        assert len(back) >= {"MNIST report": 3, "Training log": 1, "Full log": 1}.get(name, 0)


def test_every_chart_says_what_it_shows_and_remembers_it(book: Path) -> None:
    with zipfile.ZipFile(book) as archive:
        charts = [etree.fromstring(archive.read(n)) for n in archive.namelist() if n.startswith("xl/charts/chart")]
        drawings = [etree.fromstring(archive.read(n)) for n in archive.namelist() if "/drawings/drawing" in n]
    said = [e.get("descr", "") for d in drawings for e in d.iter("{*}cNvPr")]
    assert all(len(text) > 8 for text in said) and sum("Line chart" in text for text in said) > 6
    mine = [c for c in charts if any(n in (f.text or "") for n in MNIST for f in c.iter("{*}f"))]
    assert len(mine) == 14
    for chart in mine:
        says = chart.find("{*}chart/{*}title//{*}f") is not None  # then it has a series that draws no line
        for values_ in [*chart.iter("{*}yVal"), *chart.iter("{*}val")]:
            label = values_.getparent().find("{*}dLbls") is not None  # a point that is a text
            if says and label:
                continue
            assert len([v for v in values_.iter("{*}v") if v.text]) >= (1 if label else 2)
    bases = [(e.text, c) for c in mine for e in c.iter("{*}t") if c.find(".//{*}logBase") is not None]
    assert {text for text, _ in bases} >= {"cross-entropy", "parameters, on a logarithmic axis"}


def test_a_seed_that_there_is_not_leaves_no_chart_without_a_word(book: Path) -> None:
    found = read(book)
    titles_of = [title for title, *_ in TITLES]
    for seed, said in ((99.0, "there is no such seed"), (found.sheets["Training log"]["A5"].value, " ")):
        values = recalculated(book, mnist_seed=seed)["Training log"]
        titles = [at for at, e in found.sheets["Training log"].items() if "of the seed shown" in str(e.formula)]
        ending = f": empty, {said}" if said != " " else ""
        assert [str(values[at]).removesuffix(SETTLING) for at in titles] == [f"{title}{ending}" for title, *_ in TITLES]
        for chart in read_charts(book):
            if "of the seed shown" in chart.name:
                messages = [s for s in chart.series if s.name.area and s.name.area.row != runs.HEAD]
                assert [values[s.name.text.split("$")[1] + s.name.text.split("$")[2]] for s in messages[:1]] == [said]
                drawn = [
                    a for s in chart.series if s.name.area and s.name.area.row == runs.HEAD and (a := s.values.area)
                ]
                shown = {str(values[at]) == "#N/A" for area in drawn for at in area.addresses()}
                assert shown == {said != " "} and len(drawn) == len(
                    TITLES[titles_of.index(chart.name.split(" at ")[0].removesuffix(SETTLING))][1]
                )


def test_the_same_records_give_the_same_bytes(write_book: Write, made: dict[str, Claim], book: Path) -> None:
    assert write_book(made, pixels).read_bytes() == book.read_bytes()


def test_texts_of_a_record_never_become_formulas(write_book: Write) -> None:
    evil = '=HYPERLINK("https://example.org")'
    one = replace(
        record(OURS, 0, 30), command=evil, hardware={"=1+1": "@SUM(A1)"}, versions={"torch": "=2"}, weights_sha256=evil
    )
    found = read(write_book({"ours": Claim("ours", (one,))})).sheets["MNIST report"]
    assert [e for e in found.values() if e.value == evil] and not any(
        "HYPER" in (e.formula or "") for e in found.values()
    )
    assert any(e.value == "=1+1: @SUM(A1)" and e.formula is None for e in found.values())


@pytest.mark.parametrize("names", [["ours"], ["ours", "small"], ["ours", "ladder-1"]])
def test_what_is_not_recorded_yet_is_left_out(write_book: Write, made: dict[str, Claim], names: list[str]) -> None:
    path = write_book({name: made[name] for name in names})
    report = check(path, engines=["IronCalc"], house=True)
    assert report.findings == [] and openpyxl.load_workbook(path).sheetnames == SHEETS


def test_long_texts_are_cut_and_recipes_told() -> None:
    assert len(distinct(["x" * 50_000])) == 400
    text = provenance.recipe_text(REFERENCE)
    assert text.startswith("v2-c2-v16p") and "times 0.1" in text and "; images turned by 7°; " in text
    taught = replace(REFERENCE, optimizer=MuonAdamW(), distillation=Distillation("x", 1, 0.9, 4.0))
    text = provenance.recipe_text(taught)
    assert "muon, kernels turning by up to 2% a step" in text
    assert "taught by the first seed of x (90% of the loss, temperature 4)" in text
    three = replace(taught, distillation=Distillation("x", 3))
    assert "taught by the first 3 seeds of x (" in provenance.recipe_text(three)


def test_provenance_names_teachers_and_runs_that_had_all_cores(write_book: Write, made: dict[str, Claim]) -> None:
    taught = tuple(replace(r, taught_by=("ab" * 32,)) for r in made["ours"].records)
    alone = tuple(replace(r, hardware=r.hardware | {"threads": "2"}) for r in made["fast"].records)
    path = write_book({"ours": Claim("ours", taught), "fast": Claim("fast", alone)})
    texts = {e.value for e in read(path).sheets["MNIST report"].values()}
    assert {"SHA-256 of the teachers", "ab" * 32} <= texts
    assert {"python -m mnist seeds --net fast --n 3 --jobs 1", "python -m mnist seeds --net ours --n 5"} <= texts


# The way in: entry points, broken records, nothing recorded.


@pytest.fixture
def only(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[], Extra | None]], None]:
    """Make one function the only one that adds sheets to the default workbook."""

    def use(function: Callable[[], Extra | None]) -> None:
        point = EntryPoint("mnist", "mnist.sheets:gather", plugins.GROUP)
        monkeypatch.setattr(EntryPoint, "load", lambda _: function)
        monkeypatch.setattr(plugins, "entry_points", lambda group: [point] if group == plugins.GROUP else [])

    return use


def default_build(path: Path) -> int:
    """sheetgen build -o path --steps 2 --no-check"""
    with pytest.raises(SystemExit) as stop:
        main(["build", "-o", str(path), "--steps", "2", "--no-check"])
    return int(stop.value.code or 0)


def test_the_default_workbook_has_the_sheets_and_no_other_has(only: Any, tmp_path: Path, made: Any) -> None:
    for claim in (made["ours"], made["small"]):
        for r in claim.records:
            save(tmp_path / "runs", r)
    only(lambda: mnist.sheets.gather(tmp_path / "runs", nowhere))
    assert default_build(tmp_path / "x.xlsx") == 0
    assert openpyxl.load_workbook(tmp_path / "x.xlsx").sheetnames == SHEETS
    sheetgen.build("homework", tmp_path / "y.xlsx", steps=2, check=False)
    assert openpyxl.load_workbook(tmp_path / "y.xlsx").sheetnames == SHEETS[:-5]


@pytest.mark.parametrize("there", [False, True], ids=["no folder", "none of ours"])
def test_without_records_of_ours_there_are_no_sheets(only: Any, tmp_path: Path, made: Any, there: bool) -> None:
    if there:
        save(tmp_path / "runs", made["small"].records[0])
    only(lambda: mnist.sheets.gather(tmp_path / "runs", nowhere))
    assert default_build(tmp_path / "x.xlsx") == 0
    assert openpyxl.load_workbook(tmp_path / "x.xlsx").sheetnames == SHEETS[:-5]


BREAKS: dict[str, tuple[Callable[[Record], Record] | str, str]] = {
    "no JSON": ("{", "is broken"),
    "another accuracy": (lambda r: replace(r, epochs=(*r.epochs[:-1], replace(r.epochs[-1], test_accuracy=99.9))),
                         "contradicts itself"),
    "an endless run": (lambda r: replace(r, wall_seconds=float("inf")), "something that is no number"),
    "a number for a text": (lambda r: replace(r, hardware={"cores": 2}), "something that is no text"),  # type: ignore[dict-item]
    "another seed's": (lambda r: replace(r, seed=1), "is of seed 1: give it that name"),
    "no network": (lambda r: replace(r, recipe=replace(r.recipe, architecture=Architecture("x9"))), "block 0"),
}  # fmt: skip


@pytest.mark.parametrize("how", BREAKS)
def test_a_broken_record_is_one_sentence_and_the_old_file_stays(
    only: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str], how: str
) -> None:
    wrong, sentence = BREAKS[how]
    path = save(tmp_path / "runs", record(OURS, 0, 30))
    if how == "another seed's":
        save(tmp_path / "runs", record(OURS, 1, 30))
    if isinstance(wrong, str):
        path.write_text(wrong)
    else:
        path.write_text(save(tmp_path / "other", wrong(record(OURS, 0, 30))).read_text())
    only(lambda: mnist.sheets.gather(tmp_path / "runs", nowhere))
    (tmp_path / "x.xlsx").write_text("old")
    assert default_build(tmp_path / "x.xlsx") == 2
    out, err = capsys.readouterr()
    assert out == "" and len(err.strip().splitlines()) == 1 and sentence in err
    assert (tmp_path / "x.xlsx").read_text() == "old" and {p.name for p in tmp_path.iterdir()} <= {
        "runs",
        "other",
        "x.xlsx",
    }


def test_a_package_that_cannot_be_loaded_is_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    point = EntryPoint("gone", "nowhere_at_all:f", plugins.GROUP)
    monkeypatch.setattr(plugins, "entry_points", lambda group: [point])
    with pytest.raises(CannotAdd, match=r"nowhere_at_all:f: .* install its package again"):
        plugins.gather()


def test_the_entry_point_of_the_project_is_ours() -> None:
    text = (Path(mnist_books.__file__).parents[2] / "pyproject.toml").read_text(encoding="utf-8")
    assert f'[project.entry-points."{plugins.GROUP}"]\nmnist = "mnist.sheets:gather"' in text
    assert callable(mnist.sheets.gather)


def test_images_are_taken_from_disk_only_if_they_are_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from digits import made_up

    from mnist import data
    from mnist.sheets import pictures

    monkeypatch.setenv(data.FOLDER, str(tmp_path))
    assert pictures.from_disk([3]) is None
    for name in data.FILES:
        (tmp_path / "MNIST" / "raw").mkdir(parents=True, exist_ok=True)
        (tmp_path / "MNIST" / "raw" / name).write_bytes(b"damaged")
    assert pictures.from_disk([3]) is None
    images = made_up(20)
    monkeypatch.setattr(data, "load", lambda folder=None, download=True: (images, images))
    found = pictures.from_disk([3, 19])
    assert found == [images.images[3, 0].tolist(), images.images[19, 0].tolist()]
    assert pictures.from_disk([20]) is None, "another data set's images must not be shown"
