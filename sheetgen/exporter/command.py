"""What `sheetgen export` does: load, export, print."""

from __future__ import annotations

import csv
import sys
from pathlib import Path

from rich.console import Console
from rich.text import Text

RIGHT, WRONG, UNUSABLE = 0, 1, 2  # exit statuses


def run(
    model: str, given: str, output: Path, weights: Path | None, features: str | None, outputs: str | None,
    softmax: bool, rows: int, title: str | None, check: bool,
) -> int:  # fmt: skip
    """Export the network that `model` names, with the example that `given` names; returns the exit status."""
    errors = _console(sys.stderr)
    with errors.status("loading PyTorch") as status:
        from sheetgen.engines import EngineFailed, EngineMissing
        from sheetgen.exporter import load
        from sheetgen.exporter.compare import Disagrees
        from sheetgen.exporter.export import TITLE, export
        from sheetgen.exporter.graph import CannotExport

        try:
            status.update("loading the network")
            example, header = load.example(given)
            module = load.network(model, weights)
            lines = export(
                module, example, output, features=_split(features, header), outputs=_split(outputs), softmax=softmax,
                rows=rows, title=TITLE if title is None else title, check=check,
                progress=lambda text: status.update(Text(text)),
            )  # fmt: skip
            problem, code = "", RIGHT
        except (load.CannotLoad, CannotExport) as error:
            problem, code = str(error), UNUSABLE
        except (Disagrees, EngineFailed, EngineMissing) as error:
            problem, code = f"{output}: not written, for it failed its checks: {error}", WRONG
    if problem:
        errors.print(problem, style="red", soft_wrap=True)
        return code
    console = _console(sys.stdout)
    for line in lines:
        console.print(f"{line.engine} {line.version}: {line.cells:,} cells, worst relative error {line.worst:.1e}")
    said = f"{sum(line.cells for line in lines):,} results compared with PyTorch, all right" if check else "not checked"
    console.print(f"{output}: written, {said}", style="green", soft_wrap=True)
    return RIGHT


def _split(names: str | None, usual: list[str] | None = None) -> list[str] | None:
    """Names between commas; one that has a comma stands in quotes."""
    return usual if names is None else [name.strip() for name in next(csv.reader([names])) or [""]]


def _console(file: object) -> Console:
    """Prints names as they are."""
    console = Console(stderr=file is sys.stderr, markup=False, emoji=False, highlight=False)
    if not console.is_terminal:
        console.width = max(console.width, 120)
    return console
