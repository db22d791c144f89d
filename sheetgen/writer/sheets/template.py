"""Template: the TOML that the workbook was built from, so that a check needs nothing beside the file; and every key."""

from __future__ import annotations

import json

from sheetgen.spec import KEYS, Key, Spec
from sheetgen.writer.book import Book, Sheet
from sheetgen.writer.plan import TEMPLATE
from sheetgen.writer.sheets.common import across, heads, line, lock, opened

OPTIONS_ROW, FIRST_LINE = 4, 7
CODE_CHARACTERS, MOST_LINES = 58, 20  # of a line of the template in its column; a longer one is cut off
HELP, LAST = 3, 6  # columns: the keys stand beside the lines, which stay where a check looks for them

SUBTITLE = "The description this workbook was built from, and every key of it: change a copy, build your own network."
COMMAND = "python build.py my.toml -o my.xlsx"
HOW_TO = "copy the lines of column B into a text file, my.toml, change it, and type:"


def file_name(spec: Spec) -> str:
    """The name of the template's file, without its folder."""
    return spec.source.replace("\\", "/").split("/")[-1]


def write(book: Book, spec: Spec, options: str) -> None:
    """Write the sheet Template: the options of the command line, then the template line by line, all as text."""
    sheet = opened(book, TEMPLATE, "Template", SUBTITLE, (5, 58, 2, 14, 29, 40, 25))
    for row, (name, text) in enumerate((("options", options), ("file", file_name(spec))), OPTIONS_ROW):
        sheet.put(row, 0, name, "bold")
        sheet.put(row, 1, text, "code")
    sheet.put(OPTIONS_ROW, HELP, "build your own", "bold")
    sheet.put(OPTIONS_ROW, HELP + 1, HOW_TO, "text")
    sheet.put(OPTIONS_ROW + 1, HELP + 1, COMMAND, "command")
    heads(sheet, FIRST_LINE - 1, 0, ("line", "template"), "cl")
    # Not splitlines(), which also splits at characters that TOML allows within a line.
    lines = spec.text.replace("\r\n", "\n").removesuffix("\n").split("\n")
    for k, text in enumerate(lines):
        sheet.put(FIRST_LINE + k, 0, k + 1, "muted", "center")
        sheet.put(FIRST_LINE + k, 1, text, "code")
        if len(text) > CODE_CHARACTERS:
            sheet.set_row_pixels(FIRST_LINE + k - 1, 6 + 14 * min(MOST_LINES, -(-len(text) // CODE_CHARACTERS)))
    last = _keys(sheet)
    sheet.print_area(0, 0, max(FIRST_LINE + len(lines), last) - 1, LAST)
    sheet.freeze_panes(FIRST_LINE - 1, 0)
    lock(sheet, format_columns=False)


def _keys(sheet: Sheet) -> int:
    """A line for each key that a template may have; return the last row."""
    heads(sheet, FIRST_LINE - 1, HELP, ("key", "what it means", "what may stand there", "if it is left out"), "l")
    row = FIRST_LINE - 1
    for table in ("", *(name for name in KEYS if name)):
        if table:
            row += 1
            line(sheet, row, f"[{table}]", HELP, LAST, "cell", "bold", "ink, curve")
        for name, key in KEYS[table].items():
            if name not in KEYS:  # a table has its own lines
                row += 1
                sheet.put(row, HELP, name, "cell", "bold")
                across(sheet, row, HELP + 1, [key.means, key.may, _default(key)], "cell")
    return row


def _default(key: Key) -> str:
    """What holds where a key is left out, as a template would say it."""
    return key.otherwise if key.default is None else json.dumps(key.default)
