"""No text of a template, a file or a user becomes a formula: not by F2 and Enter, not when a CSV file is opened."""

import csv
import io
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import openpyxl  # type: ignore[import-untyped,unused-ignore]
import pytest
import torch
from books import written
from torch import nn
from verdicts import hostile

import sheetgen
from sheetgen.base import text
from sheetgen.deliver.marks import write_report
from sheetgen.excel import read
from sheetgen.grad.result import grad
from sheetgen.grad.show import COLUMNS, as_csv
from sheetgen.reader import Formulas
from sheetgen.spec import load
from sheetgen.writer.book import Link, writing

RETYPED = ["=1+1", "+1", "-1", "@SUM(A1)", "'quoted", "=cmd|' /C calc'!A0", " =1+1", "\uff1d1+1"]
HARMLESS = ["1+1=2", "a", "x=1", "", "−1", "(1)", '"=1"', "a'b"]

pytestmark = pytest.mark.filterwarnings("ignore:.* extension is not supported")  # by openpyxl

Cell = tuple[str, str, str, bool]  # sheet, address, text, whether it is marked as a text


def texts(path: Path) -> Iterator[Cell]:
    """Every cell that holds a text of its own."""
    for sheet in openpyxl.load_workbook(path):
        for row in sheet.iter_rows():
            for cell in row:
                if isinstance(cell.value, str) and cell.data_type in ("s", "inlineStr"):
                    yield sheet.title, cell.coordinate, cell.value, bool(cell.quotePrefix)


def unmarked(path: Path) -> list[Cell]:
    """The texts that would not survive F2 and Enter."""
    return [cell for cell in texts(path) if text.retyped(cell[2]) and not cell[3]]


def shown(path: Path) -> set[str]:
    return {cell[2] for cell in texts(path)}


@pytest.mark.parametrize("one", RETYPED)
def test_what_would_be_retyped(one: str) -> None:
    assert text.retyped(one)


@pytest.mark.parametrize("one", HARMLESS)
def test_what_would_not(one: str) -> None:
    assert not text.retyped(one) and not text.calculates(one)


def test_each_way_to_write_a_text(tmp_path: Path) -> None:
    """And the marks are seen: the same file without them has as many faults."""
    with writing(tmp_path / "x.xlsx", "=1") as book:
        sheet = book.sheet("One", "=heading", "+subtitle")
        for row, one in enumerate([*RETYPED, *HARMLESS], 4):
            if one:
                sheet.put(row, 0, one, book.style("cell", "bold"))
        sheet.link(40, 0, Link.to("One", "@link", "tip"))
        sheet.put(41, 0, "=shown", book.style("typed"))
        assert sheet.merge_range(42, 0, 42, 2, "-merged", book.style("wrap")) == 0
    found = list(texts(tmp_path / "x.xlsx"))
    assert {cell[2] for cell in found if cell[3]} == {
        *RETYPED, "=heading", "+subtitle", "@link", "=shown", "-merged",
    }  # fmt: skip
    assert unmarked(tmp_path / "x.xlsx") == [] and sum(text.retyped(cell[2]) for cell in found) == len(RETYPED) + 5
    styled = openpyxl.load_workbook(tmp_path / "x.xlsx")["One"]["A4"]
    assert styled.font.bold and styled.border.bottom.style  # else it looks as it did


@pytest.mark.parametrize("sign", "=+-@'")
def test_a_template(sign: str, tmp_path: Path) -> None:
    path = tmp_path / f"{sign}evil.toml"
    title = f"{sign}1+1"
    path.write_text(f"""title = "{title}"
[network]
layers = [
+2,
2]
[data]
inputs = [
-1,
1]
targets = [1, 0]
[initial]
seed = 1
[training]
steps = 2
""")
    made = written(tmp_path / "x.xlsx", load(path), options="--steps 2")
    assert {f"{title}, in live cells", path.name, "+2,", "-1,"} <= shown(made)
    assert unmarked(made) == []


def exported_table(path: Path) -> None:
    names = {"features": ["=a", "+b"], "outputs": ["@c", "-d"], "title": "=1+1"}
    sheetgen.export(nn.Linear(2, 2), torch.rand(2, 2), path, softmax=True, check=False, **names)


def exported_planes(path: Path) -> None:
    net = nn.Sequential(nn.Conv2d(1, 2, 2), nn.Flatten(), nn.Linear(8, 2))
    sheetgen.export(net, torch.rand(1, 1, 3, 3), path, outputs=["=a", "'b"], title="@1", check=False)


def report(path: Path) -> None:
    write_report(hostile(path.parent), path)


@pytest.mark.parametrize(
    ("write", "there"),
    [
        (exported_table, {"=1+1", "=a", "+b", "@c", "-d"}),
        (exported_planes, {"@1", "=a", "'b"}),
        (report, {'\'=HYPERLINK("http://evil.example","click")\'!B2:B9'}),
    ],
)
def test_other_workbooks(write: Callable[[Path], None], there: set[str], tmp_path: Path) -> None:
    write(tmp_path / "x.xlsx")
    assert there <= shown(tmp_path / "x.xlsx") and unmarked(tmp_path / "x.xlsx") == []


def test_the_sheets_of_mnist(live_book: Path) -> None:
    assert unmarked(live_book) == []


@pytest.mark.parametrize("label", [x for x in RETYPED if text.calculates(x)])
def test_a_csv_file(label: str, tmp_path: Path) -> None:
    made: Any = openpyxl.Workbook()
    made.active["A1"].value = label
    made.active["A1"].data_type = "s"
    made.active["B1"], made.active["C1"] = 2, "=B1*3"
    made.save(tmp_path / "x.xlsx")
    rows = list(csv.reader(io.StringIO(as_csv(grad(Formulas(read(tmp_path / "x.xlsx")), "C1", ["B1"])))))
    assert rows[0] == list(COLUMNS) and rows[1][1].lstrip("'") == label.strip()
    assert not any(text.calculates(field) and not number(field) for row in rows for field in row)


def number(field: str) -> bool:
    """A number may begin with its sign."""
    try:
        float(field)
    except ValueError:
        return False
    return True
