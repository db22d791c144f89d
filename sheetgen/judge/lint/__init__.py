"""What makes Excel offer a repair ("We found a problem with some content...") or show a name error.

    from sheetgen.judge.lint import lint
    assert lint("book.xlsx") == []

No validator covers this, so it is read from the raw XML. Of sheetgen only xlsx and finding are imported. `RULES` lists
the rules, which are the kinds of the findings.
"""

from pathlib import Path

from sheetgen.base.finding import Finding
from sheetgen.excel import UnreadableWorkbook
from sheetgen.judge.lint.book import Book
from sheetgen.judge.lint.drawing import check_drawings
from sheetgen.judge.lint.package import Findings, Package
from sheetgen.judge.lint.rows import Rows
from sheetgen.judge.lint.rules import HOUSE, RULES
from sheetgen.judge.lint.sheet import Surroundings, wanted_texts

__all__ = ["HOUSE", "RULES", "lint"]


def lint(path: str | Path) -> list[Finding]:
    """The problems of a finished .xlsx file; an empty list is a pass. OSError if the file cannot be opened."""
    report = Findings()
    try:
        with Package(path, report) as package:
            _lint(package, report)
    except UnreadableWorkbook as error:
        message = f"The linter stopped here: {str(error).rstrip('.')}: write the file again."
        report.append(Finding("package", Path(path).name, "", message))
    return report


def _lint(package: Package, report: Findings) -> None:
    workbooks = package.related("", "officeDocument")
    if len(workbooks) != 1:
        report.add("package", "", "", f"The package has {len(workbooks)} workbooks: relate it to one.")
    for part in workbooks[:1]:
        book = Book(package, part, report)
        for sheet in book.sheets:
            if sheet.part and sheet.kind == "worksheet":
                rows = Rows(book, sheet, wanted_texts(book, sheet))
                if rows.root is not None:
                    package.check_ids(sheet.part, rows.root)
                    Surroundings(book, sheet, rows.root, rows.texts).check()
            if sheet.part:
                check_drawings(book, sheet)
        book.check_after_sheets()
    package.check()
