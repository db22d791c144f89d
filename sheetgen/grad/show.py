"""A Result as JSON and as CSV."""

from __future__ import annotations

import csv
import io
import json
import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from sheetgen.base.text import inert, plain
from sheetgen.grad.result import Result, Row
from sheetgen.grad.where import named

NUMBERS = ("value", "derivative", "elasticity", "numeric", "numeric_error", "relative_difference")
COLUMNS = ("cell", "label", *NUMBERS, "check")


def values(row: Row) -> tuple[Any, ...]:
    """The fields of a row, in the order of COLUMNS."""
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
        writer.writerow([cell, inert(label), *numbers])
    return text.getvalue()


def closing(result: Result) -> Iterator[str]:
    """The lines below a table."""
    for note in result.notes:
        yield f"note: {plain(note, 1_000)}"
    yield result.summary()
