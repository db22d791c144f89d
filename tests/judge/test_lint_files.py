"""The linter on files that others wrote: openpyxl, and Excel itself."""

from pathlib import Path

import openpyxl  # type: ignore[import-untyped,unused-ignore]
import pytest
from openpyxl.chart import LineChart, Reference  # type: ignore[import-untyped,unused-ignore]

from sheetgen.judge.lint import HOUSE, lint

HOMEWORK = sorted((Path(__file__).parents[3] / "shared/data/homework").glob("*.xlsx"))


def test_a_workbook_of_openpyxl_lacks_only_alt_text(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    for row in range(1, 9):
        sheet.append([row, f"=A{row}^2", "text", True, None])
    sheet.merge_cells("F1:G2")
    sheet.freeze_panes = "B2"
    chart = LineChart()
    chart.add_data(Reference(sheet, min_col=2, min_row=1, max_row=8))
    sheet.add_chart(chart, "I2")
    book.create_sheet("A second one")["A1"] = "=Sheet!B2"
    book.save(tmp_path / "openpyxl.xlsx")
    assert {problem.kind for problem in lint(tmp_path / "openpyxl.xlsx")} == {"alt-text"}


@pytest.mark.skipif(not HOMEWORK, reason="the homework workbooks are not here")
@pytest.mark.parametrize("path", HOMEWORK, ids=lambda path: path.stem)
def test_files_saved_by_excel_break_house_rules_at_most(path: Path) -> None:
    assert {problem.kind for problem in lint(path)} <= HOUSE
