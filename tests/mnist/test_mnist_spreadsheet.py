"""The spreadsheet's own accuracy: what is recorded of it, how it is measured, and that a defect is noticed."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from click.testing import CliRunner
from engine_books import write as plain_book
from live_books import (
    DEFECTS,
    RECORD,
    SAMPLE,
    Defect,
    Typed,
    changed,
    drawings,
    network,
    one_error,
    one_zero,
    planes,
)

from mnist import data, digits, live, record, spreadsheet
from mnist.__main__ import main
from mnist.data import Images, NoData
from mnist.record import BadRecord
from mnist.spreadsheet import RELATIVE, Measured, NoLiveNetwork
from sheetgen.excel import Workbook, read
from sheetgen.writer.trace import letter

FEW = np.stack([digits.image(SAMPLE).astype(float), digits.image("8 slanted").astype(float), *drawings(3, seed=4)])
LABELS = np.array([3, 8, 0, 0, 0])


@pytest.fixture(scope="module")
def net() -> Any:
    return network()


@pytest.fixture(scope="module", autouse=True)
def compiled_once() -> Iterator[None]:
    """Every workbook is compiled once, however many tests measure it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(spreadsheet, "compiled", cache(spreadsheet.compiled))
        yield


@pytest.fixture(scope="module")
def defective(
    live_book: Path, live_cells: Workbook, tmp_path_factory: pytest.TempPathFactory
) -> Callable[[Defect], Path]:
    """`defective(defect)`: the workbook with it; one file for each."""
    folder = tmp_path_factory.mktemp("defects")
    return cache(lambda defect: changed(live_book, folder / f"{defect.__name__}.xlsx", *defect(live_cells)))


# What is recorded.


def test_what_is_recorded_is_of_the_records_weights() -> None:
    found, made = spreadsheet.load(), record.read(RECORD)
    assert found is not None and (found.net, found.seed) == (live.NET, live.SEED)
    assert found.weights_sha256 == made.weights_sha256
    assert found.images == made.tested == 10_000 and made.held_out == 0
    assert abs(found.right - sum(made.confusion[k][k] for k in range(10))) <= 1
    assert found.accuracy == pytest.approx(made.accuracy, abs=0.0101)
    assert found.agrees and found.agreed == 10_000 and found.ironcalc == spreadsheet.IMAGES_BY_IRONCALC


def test_what_is_recorded_is_of_as_many_formulas_as_there_are(live_cells: Workbook) -> None:
    """Those between the drawing and the logits: what the network reads, its planes up to the logits, the ten cells."""
    found = spreadsheet.load()
    softmax = sum(plane.count for plane in planes(live_cells) if "softmax" in plane.name)
    assert found is not None
    assert found.formulas == 784 + sum(plane.count for plane in planes(live_cells)) - softmax + 10


GOOD = Measured("fast", 0, "ab", 10, 9, 10, 1e-15, 27_000, 2, 1e-15, 1.0)


@pytest.mark.parametrize(
    ("change", "agrees"),
    [
        ({}, True), ({"right": 3}, True), ({"agreed": 9}, False), ({"worst": 2 * RELATIVE}, False),
        ({"ironcalc_worst": 2 * RELATIVE}, False), ({"worst": float("inf")}, False), ({"worst": float("nan")}, False),
    ],
)  # fmt: skip
def test_what_agrees(change: dict[str, Any], agrees: bool) -> None:
    assert replace(GOOD, **change).agrees is agrees


def test_what_is_written_is_read_again(tmp_path: Path) -> None:
    assert spreadsheet.load(tmp_path) is None
    (tmp_path / "fast").mkdir()
    assert spreadsheet.write(GOOD, tmp_path) == tmp_path / "fast" / spreadsheet.FILE
    assert spreadsheet.load(tmp_path) == GOOD and GOOD.accuracy == 90
    assert [p.name for p in (tmp_path / "fast").iterdir()] == [spreadsheet.FILE]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("{", "is broken"), ("[]", "is broken"), ("{}", "is broken"), ('{"net": 1}', "is broken"),
        ("\ud800", "is broken"), ({"right": "many"}, "is broken"), ({"more": 1}, "is broken"),
        ({"right": 11}, "contradicts itself"), ({"right": -1}, "contradicts itself"),
        ({"agreed": 11}, "contradicts itself"),
        ({"images": 0, "right": 0, "agreed": 0}, "contradicts itself"),
    ],
)  # fmt: skip
def test_a_bad_record_is_one_sentence(tmp_path: Path, text: str | dict[str, Any], told: str) -> None:
    (tmp_path / "fast").mkdir()
    where = spreadsheet.write(GOOD, tmp_path)
    content = text if isinstance(text, str) else json.dumps(json.loads(where.read_text()) | text)
    where.write_bytes(content.encode("utf-8", "surrogatepass"))
    with pytest.raises(BadRecord, match=told) as caught:
        spreadsheet.load(tmp_path)
    assert str(caught.value).startswith(f"{where}: ") and "\n" not in str(caught.value)


# How it is measured.


def test_a_cell_without_a_number_does_not_agree() -> None:
    right = np.array([[1.0, -4.0], [2.0, 0.5]])
    assert spreadsheet.apart(right, right) == 0
    assert spreadsheet.apart(right + np.array([[0, 0.4], [0, 0]]), right) == pytest.approx(0.1)
    assert spreadsheet.apart(np.where(right == 0.5, np.nan, right), right) == float("inf")


@pytest.mark.parametrize("defect", DEFECTS)
def test_the_sheet_itself_notices_a_defect(defective: Callable[[Defect], Path], defect: Defect) -> None:
    typed = Typed(read(defective(defect)))
    typed.choose(SAMPLE)
    assert typed.read([typed.labelled()["same"]]) == ["FAIL"]


SLOW = [pytest.param(d, marks=[] if d is one_zero else [pytest.mark.slow]) for d in (*DEFECTS, one_error)]


@pytest.mark.parametrize("defect", SLOW)
def test_measuring_notices_a_defect(defective: Callable[[Defect], Path], net: Any, defect: Defect) -> None:
    found = spreadsheet.measure(defective(defect), FEW, LABELS, net)
    assert found["worst"] > RELATIVE and found["images"] == len(FEW)


def test_ironcalc_notices_a_cell_without_a_number(defective: Callable[[Defect], Path], net: Any) -> None:
    assert spreadsheet.by_ironcalc(defective(one_error), FEW[:1], net) == float("inf")


def test_measuring_finds_nothing_where_nothing_is(live_book: Path, net: Any) -> None:
    said: list[tuple[int, int]] = []
    found = spreadsheet.measure(live_book, FEW, LABELS, net, lambda done, of: said.append((done, of)))
    assert found["worst"] <= 1e-12 and found["agreed"] == found["images"] == 5 and said == [(5, 5)]
    right = net(torch.tensor(FEW)[:, None]).argmax(1).numpy()
    assert found["right"] == (right == LABELS).sum() >= 2
    assert spreadsheet.by_ironcalc(live_book, FEW[3:], net) <= 1e-12


@pytest.fixture(scope="module")
def test_images() -> Images:
    """MNIST's 10,000 test images."""
    for folder in (None, Path(__file__).parents[3] / "shared" / "data"):
        try:
            return data.load(folder, download=False)[1]
        except NoData:
            continue
    pytest.skip("MNIST is not on this machine: set MNIST_DATA to its folder")


@pytest.mark.slow
def test_images_of_mnist_agree(live_book: Path, net: Any, test_images: Images) -> None:
    images, labels = test_images.images[:200, 0].numpy(), test_images.labels[:200].numpy()
    found = spreadsheet.measure(live_book, images, labels, net)
    assert found["worst"] <= 1e-12 and found["agreed"] == 200 and found["right"] >= 195
    assert spreadsheet.by_ironcalc(live_book, images[:3], net) <= 1e-12


# The command.


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Two sample digits for MNIST, one of them recalculated by IronCalc; a copy of the record to write beside."""
    test = Images(torch.tensor(FEW[:2]).to(torch.uint8)[:, None], torch.tensor(LABELS[:2]))
    monkeypatch.setattr(data, "load", lambda *_: (test, test))
    monkeypatch.setattr(spreadsheet, "IMAGES_BY_IRONCALC", 1)
    folder = tmp_path / "runs"
    (folder / live.NET).mkdir(parents=True)
    for name in (RECORD, record.weights_path(RECORD)):
        (folder / live.NET / name.name).write_bytes(name.read_bytes())
    monkeypatch.setattr(record, "RUNS", folder)


def command(*arguments: str) -> tuple[int, str, str]:
    """Run in this process: (exit status, standard output, standard error)."""
    done = CliRunner().invoke(main, ["spreadsheet", *arguments])
    return done.exit_code, done.stdout, done.stderr


@pytest.mark.usefixtures("few")
def test_the_command_tells_the_accuracy_and_keeps_it(live_book: Path, tmp_path: Path) -> None:
    status, out, err = command(str(live_book), "--keep")
    assert status == 0 and re.fullmatch(r"cells: 2 images, [\d.]+ s\nIronCalc: 1 images, [\d.]+ s\n", err)
    assert out.startswith("fast, seed 0, weights ")
    assert "the cells' own accuracy: 100.00 %, 2 of 2 images, by 2" in out and "PyTorch in float64 reads 2 alike" in out
    kept = spreadsheet.load(tmp_path / "runs")
    assert kept is not None and (kept.images, kept.right, kept.ironcalc, kept.agrees) == (2, 2, 1, True)
    assert kept.weights_sha256 == record.read(RECORD).weights_sha256
    assert out.endswith(f"{tmp_path / 'runs' / live.NET / spreadsheet.FILE}: written\n")


@pytest.mark.usefixtures("few")
def test_the_command_fails_on_a_defect_and_keeps_nothing(defective: Callable[[Defect], Path], tmp_path: Path) -> None:
    status, out, err = command(str(defective(one_zero)), "--keep")
    assert status == 1 and err.splitlines()[2:] == ["the cells and PyTorch do not agree"]
    assert "the cells' own accuracy: " in out and spreadsheet.load(tmp_path / "runs") is None


def other_book(path: Path, cells: dict[str, Any], **names: str) -> Path:
    """A workbook that has the live sheets, but other things on them."""
    here = {"A1": "my drawing", **{f"{c}{row}": 0 for row in range(2, 30) for c in map(letter, range(28))}, **cells}
    return plain_book(path, {live.LIVE: here, **{name: {"A1": 0} for name in live.SHEETS[1:]}}, names)


DRAWING = {"cnn_drawing": "='Live CNN'!$A$2:$AB$29", "cnn_choice": "='Live CNN'!$A$1"}
TEN = {"cnn_logits": "='Live CNN'!$A$30:$J$30"}
BUILD = "build it with python build.py"


@pytest.mark.usefixtures("few")
@pytest.mark.parametrize(
    ("names", "cell", "message"),
    [
        ({}, 0, f"the workbook does not define cnn_drawing: {BUILD}"),
        (DRAWING, 0, f"the workbook does not define cnn_logits: {BUILD}"),
        (DRAWING | {"cnn_logits": "=#REF!"}, 0, f"cnn_logits names #REF!, not the cells that it should: {BUILD}"),
        (DRAWING | {"cnn_logits": "=5"}, 0, f"cnn_logits names 5, not the cells that it should: {BUILD}"),
        (DRAWING | {"cnn_logits": "='Live CNN'!$A:$J"}, 0, "cnn_logits names 'Live CNN'!$A:$J, not the cells"),
        (DRAWING | TEN, "=RAND()", "RAND"),
        (DRAWING | TEN, "=1/0", "'Live CNN'!A30 is an error whatever the inputs are"),
    ],
)  # fmt: skip
def test_another_workbook_is_one_sentence(tmp_path: Path, names: dict[str, str], cell: Any, message: str) -> None:
    cells = {f"{c}30": 0 for c in "BCDEFGHIJ"}
    one_sentence(other_book(tmp_path / "other.xlsx", {**cells, "A30": cell}, **names), message)


@pytest.mark.usefixtures("few")
def test_no_workbook_is_one_sentence(tmp_path: Path) -> None:
    one_sentence(tmp_path / "none.xlsx", "none.xlsx cannot be opened: No such file or directory")
    (tmp_path / "text.xlsx").write_text("no workbook")
    one_sentence(tmp_path / "text.xlsx", "text.xlsx is not an .xlsx")
    one_sentence(plain_book(tmp_path / "plain.xlsx", {"S": {"A1": 1}}), f"the workbook has no sheet Live CNN: {BUILD}")


def one_sentence(path: Path, message: str) -> None:
    """The command ends with status 2 and one line that says why."""
    status, _, err = command(str(path))
    assert status == 2 and message in err and len(err.splitlines()) == 1, err


def test_without_the_names_there_is_no_live_network(tmp_path: Path) -> None:
    with pytest.raises(NoLiveNetwork, match="does not define cnn_drawing"):
        spreadsheet.compiled(other_book(tmp_path / "other.xlsx", {}))
