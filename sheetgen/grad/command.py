"""What `sheetgen grad` does: read, differentiate, print."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

from rich.text import Text

from sheetgen.console import RIGHT, UNUSABLE, WRONG, complain, console
from sheetgen.grad.engine import Opener
from sheetgen.grad.result import SECONDS, grad
from sheetgen.grad.reverse import CannotDifferentiate
from sheetgen.grad.show import as_csv, as_json, as_table, closing
from sheetgen.grad.where import NoSuchCell, plain
from sheetgen.reader import Book
from sheetgen.xlsx import UnreadableWorkbook, read


def run(path: Path, cell: str, ranges: Sequence[str], form: str, engine: Opener | None, everything: bool) -> int:
    """Print the derivatives as 'table', 'json' or 'csv'; returns the exit status.

    `engine` opens the workbook to check them; `everything`: however long that takes.
    """
    seconds = math.inf if everything else SECONDS
    errors = console(stderr=True)
    try:
        with errors.status("reading the workbook") as status:
            book = Book(read(path))
            result = grad(book, cell, ranges, engine, seconds, lambda text: status.update(Text(text)))
    except (UnreadableWorkbook, NoSuchCell, CannotDifferentiate) as error:
        sentence = str(error) if isinstance(error, UnreadableWorkbook) else f"{plain(path.name)}: {error}."
        complain(sentence)
        return UNUSABLE
    if form == "json":
        print(as_json(path, result))
    elif form == "csv":
        print(as_csv(result), end="")
        for line in closing(result):
            errors.print(line, soft_wrap=True)
    else:
        as_table(console(), result)
    return RIGHT if result.right else WRONG
