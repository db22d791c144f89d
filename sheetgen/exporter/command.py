"""What `sheetgen export` does: load, export, print."""

from __future__ import annotations

import csv
from pathlib import Path

from sheetgen.console import RIGHT, UNUSABLE, WRONG, complain, console, ended_with_us, said, stages
from sheetgen.report import table


def run(
    model: str, given: str, output: Path, weights: Path | None, features: str | None, outputs: str | None,
    softmax: bool, rows: int, title: str | None, check: bool,
) -> int:  # fmt: skip
    """Export the network that `model` names, with the example that `given` names; returns the exit status."""
    with stages("loading PyTorch"):
        from sheetgen.engines import EngineFailed, EngineMissing, stop
        from sheetgen.exporter import load
        from sheetgen.exporter.compare import Disagrees
        from sheetgen.exporter.export import TITLE, export
        from sheetgen.exporter.graph import CannotExport
    try:
        with stages("loading the network") as say, ended_with_us(stop):
            example, header = load.example(given)
            made = export(
                load.network(model, weights), example, output, features=_split(features, header),
                outputs=_split(outputs), softmax=softmax, rows=rows, title=TITLE if title is None else title,
                check=check, progress=say,
            )  # fmt: skip
    except (load.CannotLoad, CannotExport) as error:
        complain(str(error))
        return UNUSABLE
    except (Disagrees, EngineFailed, EngineMissing) as error:
        complain(f"{output}: not written, for it failed its checks: {error}")
        return WRONG
    if made.lines:
        console().print(table(made.lines), soft_wrap=True)
    said(made.sentence())
    return RIGHT


def _split(names: str | None, usual: list[str] | None = None) -> list[str] | None:
    """Names between commas; one that has a comma stands in quotes."""
    return usual if names is None else [name.strip() for name in next(csv.reader([names])) or [""]]
