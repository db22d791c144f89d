"""Template: the TOML that the workbook was built from, so that a check needs nothing beside the file; and every key."""

from __future__ import annotations

import json
import tomllib

from sheetgen.spec import KEYS, Key, Spec
from sheetgen.writer.book import Book, Sheet
from sheetgen.writer.plan import TEMPLATE
from sheetgen.writer.sheets.common import across, heads, line, lock, opened

OPTIONS_ROW, FIRST_LINE = 4, 7
ONE_PAGE = 50  # rows that are legible on one
CODE_CHARACTERS, MOST_LINES = 58, 20  # of a line of the template in its column; a longer one is cut off
HELP, LAST = 3, 6  # columns: the keys stand beside the lines, which stay where a check looks for them

SUBTITLE = (
    "A dozen lines describe a network; the program makes all the sheets of them. Change a copy, and build your own."
)
COMMAND = "sheetgen build my.toml -o my.xlsx"
HOW_TO = "1  Copy the lines of the template into a text file, my.toml.   2  Change them.   3  Type in a terminal:"
ABOUT = "file: where it was read from; options: what the command that built it added, such as --steps 50"
WITH = "sheetgen is the free program that made this file: its README says how to install it (Python)."
EXAMPLE_HEAD = "Another one to copy and build: {}"
EXAMPLES = {
    "XOR, which takes a hidden layer": """\
[network]
layers = [2, 3, 1]
activation = ["tanh", "sigmoid"]
bias = "trained"
[data]
inputs = [[0, 0], [0, 1], [1, 0], [1, 1]]
targets = [[0], [1], [1], [0]]
[initial]
seed = 2
[training]
steps = 300""",
    "one sample, two hidden units": """\
[network]
layers = [2, 2, 2]
[data]
inputs = [0.05, 0.1]
targets = [0.5, 0.5]
[initial]
seed = 1
[training]
learning_rate = 1.0
steps = 200""",
}  # the second for those whose template has many samples, as XOR has


def file_name(spec: Spec) -> str:
    """The name of the template's file, without its folder."""
    return spec.source.replace("\\", "/").split("/")[-1]


def write(book: Book, spec: Spec, options: str) -> None:
    """Write the sheet Template: the options of the command line, then the template line by line, all as text."""
    sheet = opened(book, TEMPLATE, "Which lines make this workbook?", SUBTITLE, (7, 58, 2, 14, 28, 39, 24))
    for row, (name, text) in enumerate((("options", options or "none"), ("file", file_name(spec))), OPTIONS_ROW):
        sheet.put(row, 0, name, "bold")
        sheet.put(row, 1, text, "code")
    sheet.put(OPTIONS_ROW - 1, 1, ABOUT, "muted")
    sheet.put(OPTIONS_ROW, HELP, "build your own", "bold")
    sheet.put(OPTIONS_ROW, HELP + 1, HOW_TO, "text")
    sheet.put(OPTIONS_ROW + 1, HELP + 1, COMMAND, "command")
    sheet.put(OPTIONS_ROW - 1, HELP + 1, WITH, "muted")
    heads(sheet, FIRST_LINE - 1, 0, ("line", "template"), "cl")
    # Not splitlines(), which also splits at characters that TOML allows within a line.
    lines = spec.text.replace("\r\n", "\n").removesuffix("\n").split("\n")
    for k, text in enumerate(lines):
        sheet.put(FIRST_LINE + k, 0, k + 1, "muted", "center")
        sheet.put(FIRST_LINE + k, 1, text, "code")
        if len(text) > CODE_CHARACTERS:
            sheet.set_row_pixels(FIRST_LINE + k - 1, 6 + 14 * min(MOST_LINES, -(-len(text) // CODE_CHARACTERS)))
    last = max(_changes(sheet, _keys(sheet) + 2, spec), _example(sheet, FIRST_LINE + len(lines) + 1, spec))
    sheet.print_area(0, 0, last - 1, LAST)
    sheet.fit_to_pages(1, last <= ONE_PAGE)  # else as many as it takes
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


def _example(sheet: Sheet, row: int, spec: Spec) -> int:
    """Another template, below this one and in column A, for what stands in B is this one's; return the last row."""
    title, text = [*EXAMPLES.items()][spec.samples > 1]
    heads(sheet, row, 0, (EXAMPLE_HEAD.format(title), None), "l", "indent")
    for k, words in enumerate(text.splitlines(), row + 1):
        line(sheet, k, words, 0, 1, "formula", "indent")
    return k


def _changes(sheet: Sheet, row: int, spec: Spec) -> int:
    """Lines of this template to change, and what comes of it; return the last row."""
    heads(sheet, row, HELP, ("try this", "put there", "and see", None), "l")
    for k, (key, text, seen) in enumerate(changes(spec), row + 1):
        sheet.put(k, HELP, key, "cell", "bold")
        sheet.put(k, HELP + 1, text, "cell", "formula")
        line(sheet, k, seen, HELP + 2, LAST, "cell")
    return k


def changes(spec: Spec) -> list[tuple[str, str, str]]:
    """For some keys what to put in place of this template's lines, and what is seen then; the first two go together."""
    inputs, *hidden, outputs = spec.layers
    more = [inputs, *hidden[:-1], (hidden[-1] if hidden else 1) + 1, outputs]
    initial = tomllib.loads(spec.text).get("initial", {})
    seed = ("and seed", "drawn anew: as many weights as there are now")
    given = ("and weights", "in place of weights and biases: they are drawn, as many as there are now")
    key, seen = given if "weights" in initial else seed
    other = "sigmoid" if set(spec.activations) == {"tanh"} else "tanh"
    return [
        ("layers", f"layers = {more}", "one more hidden unit: Network draws it, Steps tells its slopes"),
        (key, f"seed = {initial.get('seed', 0) + 1}", seen),
        ("activation", f'activation = "{other}"', "other slopes, so another way down: does E fall faster?"),
        (
            "learning_rate",
            f"learning_rate = {10 * spec.learning_rate or 1.0:g}",
            "steps ten times as long: does E still fall?",
        ),
    ]
