"""What `sheetgen export` does: load, export, print."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

from sheetgen.console import RIGHT, UNUSABLE, WRONG, Progress, complain, console, ended_with_us, said, stages
from sheetgen.report import Exported, table


class Refused(Exception):
    """Nothing was written; the message is one sentence."""

    def __init__(self, sentence: str, status: int) -> None:
        super().__init__(sentence)
        self.status = status


def run(
    model: str, given: str, output: Path, weights: Path | None, features: str | None, outputs: str | None,
    softmax: bool, rows: int, title: str | None, check: bool,
) -> int:  # fmt: skip
    """Export the network that `model` names, with the example that `given` names; returns the exit status."""
    options: dict[str, Any] = {"outputs": _split(outputs), "softmax": softmax, "rows": rows, "check": check}
    options |= {} if title is None else {"title": title}
    try:
        with stages("loading PyTorch and the network") as say:
            made = _export(model, given, output, weights, _split(features), options, say)
    except Refused as error:
        complain(str(error))
        return error.status
    if made.lines:
        console().print(table(made.lines), soft_wrap=True)
    said(made.sentence())
    return RIGHT


def _export(
    model: str, given: str, output: Path, weights: Path | None, features: list[str] | None, options: dict[str, Any],
    say: Progress,
) -> Exported:  # fmt: skip
    """Load, and export. Raises Refused."""
    from sheetgen.engines import EngineFailed, EngineMissing, stop
    from sheetgen.exporter import load
    from sheetgen.exporter.compare import Disagrees
    from sheetgen.exporter.export import export
    from sheetgen.exporter.graph import CannotExport

    try:
        example, header = load.example(given)
        module = load.network(model, weights)
        with ended_with_us(stop):
            return export(module, example, output, features=features or header, **options, progress=say)
    except (load.CannotLoad, CannotExport) as error:
        raise Refused(str(error), UNUSABLE) from error
    except (Disagrees, EngineFailed, EngineMissing) as error:
        raise Refused(f"{output}: not written, for it failed its checks: {error}", WRONG) from error


def _split(names: str | None) -> list[str] | None:
    """Names between commas; one that has a comma stands in quotes."""
    return None if names is None else [name.strip() for name in next(csv.reader([names])) or [""]]
