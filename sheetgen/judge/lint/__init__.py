"""Find what makes Excel offer a repair ("We found a problem with some content...") or show a name error.

    from sheetgen.judge.lint import lint
    assert lint("book.xlsx") == []

No validator covers this, so it is read from the raw XML. `RULES` lists the rules, which are the kinds of the findings.
"""

from pathlib import Path

from sheetgen.base.finding import Finding
from sheetgen.excel import UnreadableWorkbook
from sheetgen.judge.lint.book import LintWorkbook
from sheetgen.judge.lint.drawing import check_drawings
from sheetgen.judge.lint.package import Findings, LintPackage
from sheetgen.judge.lint.rows import Rows
from sheetgen.judge.lint.rules import HOUSE, RULES
from sheetgen.judge.lint.sheet import Surroundings
from sheetgen.judge.lint.tables import header_cells

__all__ = ["HOUSE", "RULES", "lint"]


def lint(path: str | Path) -> list[Finding]:
    """The problems of a finished .xlsx file; an empty list is a pass. OSError if the file cannot be opened."""
    report = Findings()
    try:
        with LintPackage(path, report) as package:
            _lint(package, report)
    except UnreadableWorkbook as error:
        message = f"The linter stopped here: {str(error).rstrip('.')}: write the file again."
        report.append(Finding("package", Path(path).name, "", message))
    return report


def _lint(package: LintPackage, report: Findings) -> None:
    parts = package.related("", "officeDocument")
    if len(parts) != 1:
        report.add("package", "", "", f"The package has {len(parts)} workbooks: relate it to one.")
    root = package.tree(parts[0]) if parts else None
    if root is not None:
        _check(LintWorkbook(package, parts[0], root, report))
    package.check()


def _check(book: LintWorkbook) -> None:
    book.check()
    for tab in book.tabs:
        if tab.part and tab.kind == "worksheet":
            rows = Rows(book, tab, {address for address, _ in header_cells(book.tables[tab.name])})
            if rows.root is not None:
                book.package.check_ids(tab.part, rows.root)
                Surroundings(book, tab, rows.root, rows.texts).check()
        if tab.part:
            check_drawings(book, tab)
    book.check_after_sheets()
