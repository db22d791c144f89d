"""A Result as a table for the terminal, as JSON, as CSV."""

from __future__ import annotations

import csv
import io
import json
import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from sheetgen.grad.engine import AGREES, DIFFERS, UNCHECKED
from sheetgen.grad.result import Result, Row
from sheetgen.grad.where import named, plain
from sheetgen.text import calculates

MOST_ROWS = 500  # of a table for the terminal
NUMBERS = ("value", "derivative", "elasticity", "numeric", "numeric_error", "relative_difference")
COLUMNS = ("cell", "label", *NUMBERS, "check")


def values(row: Row) -> tuple[Any, ...]:
    """What stands in COLUMNS."""
    return (named(row.place), *row[1 : len(COLUMNS)])


def as_json(path: Path, result: Result) -> str:
    """One object; what is no finite number is null, and so is `right` where an engine did not confirm it.

    Nothing but ASCII, so that no text steers a terminal.
    """
    about = {
        "file": str(path),
        "cell": named(result.target),
        "label": result.label,
        "formula": result.formula,
        "value": result.value,
        "right": result.right and (result.proven or None),
        "engine": result.check.name or None,
        "engine_value": value if not isinstance(value := result.check.value, float) or math.isfinite(value) else None,
        "summary": result.summary(),
        "notes": result.notes,
        "derivatives": [dict(zip(COLUMNS, values(row), strict=True)) for row in result.rows],
    }
    return json.dumps(about, indent=2, allow_nan=False)


def as_csv(result: Result) -> str:
    """A line for every row; what is no finite number is left empty."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    for row in result.rows:
        cell, label, *numbers = values(row)
        # A spreadsheet would take such a label for a formula.
        writer.writerow([cell, f"'{label}" if calculates(label) else label, *numbers])
    return text.getvalue()


def as_table(console: Console, result: Result) -> None:
    """Print the table, with what it is of above and what is to be said below."""
    label = f" ({result.label})" if result.label else ""
    console.print(f"derivatives of {named(result.target)}{label} = {result.value:.12g}", soft_wrap=True)
    table = Table("cell", "label", box=None)
    for head in ("value", "derivative", "numeric", "relative difference"):
        table.add_column(head, justify="right", no_wrap=True)
    for row in result.rows[:MOST_ROWS]:
        table.add_row(*_texts(row), style="red" if row.derivative is None or row.check == DIFFERS else None)
    console.print(table)
    if (more := len(result.rows) - MOST_ROWS) > 0:
        console.print(f"and {more:,} more: --csv and --json have all", soft_wrap=True)
    for line in closing(result):
        console.print(line, soft_wrap=True)


def closing(result: Result) -> Iterator[str]:
    """The lines below a table."""
    for note in result.notes:
        yield f"note: {plain(note, 1_000)}"
    yield result.summary()


def _texts(row: Row) -> Iterator[str]:
    yield named(row.place)
    yield row.label
    for number, digits in ((row.value, 8), (row.derivative, 12), (row.numeric, 12)):
        yield "-" if number is None else f"{number:.{digits}g}"
    difference = "-" if row.difference is None else f"{row.difference:.1g}"
    yield difference if row.check in (AGREES, UNCHECKED) else f"{difference} {row.check}"
