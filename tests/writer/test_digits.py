"""Numbers as they are seen: a small or large one is in scientific form wherever its format would show no digits."""

import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from books import BuildBook
from engine_books import needs_libreoffice
from mutants import set_cells
from openpyxl.utils import get_column_letter

from mnist.sheets import viewer
from sheetgen.excel.blank import blank
from sheetgen.writer.trace import letter

FIXED = re.compile(r"0\.0{4,}%?|General")  # a format of four decimals or more
NO_DIGITS = re.compile(r"-?0\.0{4,}%?")


def scientific(sheet: Any) -> set[str]:
    """The cells of a sheet that a conditional format shows in scientific form when they are small."""
    found: set[str] = set()
    for area in sheet.conditional_formatting:
        for rule in area.rules:
            first = str(area.sqref).partition(":")[0]
            if rule.formula and f"ABS({first})<0.0001" in rule.formula[0] and "E+00;-" in rule.dxf.numFmt.formatCode:
                found |= {
                    f"{get_column_letter(column)}{row}" for part in area.sqref.ranges for row, column in part.cells
                }
    return found


def bare(sheet: Any) -> Iterator[str]:
    """Cells whose format could show 0.0000 for a number that is not 0."""
    covered = scientific(sheet)
    for row in sheet.iter_rows():
        for c in row:
            other = c.number_format == "General" and c.protection.locked  # a text, a whole number
            numeric = isinstance(c.value, int | float) or (isinstance(c.value, str) and c.value.startswith("="))
            if numeric and not other and FIXED.fullmatch(c.number_format) and c.coordinate not in covered:
                yield f"{sheet.title}!{c.coordinate}"


@pytest.mark.parametrize("name", ["homework", "xor", "tanh-2-3-2"])
def test_no_small_number_is_without_digits(build_book: BuildBook, name: str) -> None:
    book = openpyxl.load_workbook(build_book(name, steps=8, learning_rates=(0.5, 2.0)))
    assert [at for sheet in book for at in bare(sheet)] == []
    assert sum(len(scientific(sheet)) for sheet in book) > 1_000


@pytest.mark.filterwarnings("ignore")  # openpyxl's of what it does not read
def test_nor_is_one_of_the_live_network(live_book: Path) -> None:
    whole = {f"Live CNN!{letter(viewer.AT)}{row}" for row in (viewer.CHANNEL, viewer.ROW, viewer.COLUMN)}
    assert [at for sheet in openpyxl.load_workbook(live_book) for at in bare(sheet) if at not in whole] == []


def test_a_cell_without_the_rule_is_seen() -> None:
    sheet = openpyxl.Workbook().active
    sheet["A1"], sheet["A2"] = 1e-9, 1e-9
    sheet["A1"].number_format = "0.000000000"
    assert list(bare(sheet)) == ["Sheet!A1"]


@pytest.mark.slow
def test_libreoffice_shows_them_so(homework_book: Path, tmp_path: Path) -> None:
    """Once training has converged, and with inputs that make everything tiny; a minus sign stays."""
    needs_libreoffice()
    if not shutil.which("pdftotext"):
        pytest.skip("poppler-utils is not installed")
    typed = {"B4": 30.0, "B9": 1000.0, "B10": 1e-7, "B11": -2e-6, "B16": -3e-9}
    book = set_cells(homework_book, tmp_path / "typed.xlsx", "Network", typed)
    blank(book, tmp_path / "book.xlsx")
    command = ["soffice", f"-env:UserInstallation=file://{tmp_path}/profile", "--headless", "--convert-to", "pdf"]
    subprocess.run([*command, "--outdir", tmp_path, tmp_path / "book.xlsx"], check=True, capture_output=True)
    said = subprocess.run(
        ["pdftotext", "-layout", tmp_path / "book.pdf", "-"], check=True, capture_output=True, text=True
    )
    words = said.stdout.split()
    assert [word for word in words if NO_DIGITS.fullmatch(word)] == []
    assert {"1.00000000E-07", "-2.00000000E-06", "-3.00000000E-09", "1.0E-07", "-2.0E-06"} <= set(words)
    assert "1E-7" in words and any("exp(" in word for word in words) and not any("0.00000" in word for word in words)
