"""Template: the TOML that the workbook was built from, so that a check needs nothing beside the file."""

from __future__ import annotations

from sheetgen.spec import Spec
from sheetgen.writer.book import Book
from sheetgen.writer.plan import TEMPLATE
from sheetgen.writer.sheets.common import heads, lock, opened

OPTIONS_ROW, FIRST_LINE = 4, 7

SUBTITLE = "The description this workbook was built from. Change a copy of it and build your own network."


def file_name(spec: Spec) -> str:
    """The name of the template's file, without its folder."""
    return spec.source.replace("\\", "/").split("/")[-1]


def write(book: Book, spec: Spec, options: str) -> None:
    """Write the sheet Template: the options of the command line, then the template line by line, all as text."""
    sheet = opened(book, TEMPLATE, "Template", SUBTITLE, (11, 110))
    for row, (name, text) in enumerate((("options", options), ("file", file_name(spec))), OPTIONS_ROW):
        sheet.put(row, 0, name, "bold")
        sheet.put(row, 1, text, "code")
    heads(sheet, FIRST_LINE - 1, 0, ("line", "template"), "cl")
    # Not splitlines(), which also splits at characters that TOML allows within a line.
    for k, line in enumerate(spec.text.replace("\r\n", "\n").removesuffix("\n").split("\n")):
        sheet.put(FIRST_LINE + k, 0, k + 1, "muted", "center")
        sheet.put(FIRST_LINE + k, 1, line, "code")
    sheet.freeze_panes(FIRST_LINE - 1, 0)
    lock(sheet, format_columns=False)
