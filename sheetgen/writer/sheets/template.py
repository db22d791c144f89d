"""Template: the TOML that the workbook was built from, so that a check needs nothing beside the file."""

from __future__ import annotations

from sheetgen.spec import Spec
from sheetgen.writer.book import Book
from sheetgen.writer.plan import TEMPLATE
from sheetgen.writer.sheets.common import opened

OPTIONS_ROW, FIRST_LINE = 4, 7

SUBTITLE = "The description this workbook was built from. Change a copy of it and build your own network."


def write(book: Book, spec: Spec, options: str) -> None:
    """Write the sheet Template: the options of the command line, then the template line by line, all as text."""
    sheet = opened(book, TEMPLATE, "Template", SUBTITLE)
    sheet.set_column(0, 0, 11)
    sheet.set_column(1, 1, 110)
    sheet.put(OPTIONS_ROW, 0, "options", book.style("bold"))
    sheet.put(OPTIONS_ROW, 1, options, book.style("code"))
    sheet.put(OPTIONS_ROW + 1, 0, "file", book.style("bold"))
    sheet.put(OPTIONS_ROW + 1, 1, spec.source.replace("\\", "/").split("/")[-1], book.style("code"))
    sheet.put(FIRST_LINE - 1, 0, "line", book.style("head", "center"))
    sheet.put(FIRST_LINE - 1, 1, "template", book.style("head", "left"))
    # Not splitlines(), which also splits at characters that TOML allows within a line.
    for k, line in enumerate(spec.text.replace("\r\n", "\n").removesuffix("\n").split("\n")):
        sheet.put(FIRST_LINE + k, 0, k + 1, book.style("muted", "center"))
        sheet.put(FIRST_LINE + k, 1, line, book.style("code"))
    sheet.freeze_panes(FIRST_LINE - 1, 0)
    sheet.protect("", {"select_locked_cells": True, "select_unlocked_cells": True})
