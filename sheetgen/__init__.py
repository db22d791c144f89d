"""sheetgen: neural networks that train in live spreadsheet cells, proven equal to PyTorch autograd.

Every command is a function here. What it needs is imported when it is called: nothing heavy before, and never more
than its own part, so that `audit` and `grad` import neither numpy nor PyTorch. Each raises a UserError, whose message
is one sentence, where something that was given cannot be used; none prints, and none ends the process.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

# The rooms that have the name of a function below: imported first, they do not take that name when they are used.
from sheetgen import audit as _audit  # noqa: F401
from sheetgen import grad as _grad  # noqa: F401
from sheetgen.base.errors import UserError, require
from sheetgen.base.progress import Progress, silent
from sheetgen.base.version import __version__

if TYPE_CHECKING:
    from torch import Tensor, nn

    from sheetgen.audit.verdict import Verdict
    from sheetgen.deliver.build import Built
    from sheetgen.excel import Workbook
    from sheetgen.grad.engine import EngineSession
    from sheetgen.grad.result import Result
    from sheetgen.judge.report import Exported, Report

__all__ = ["UserError", "__version__", "audit", "audit_all", "build", "check", "export", "grad"]


def build(
    template: str | Path | None = None,
    output: str | Path | None = None,
    *,
    steps: int | None = None,
    learning_rate: float | None = None,
    check: bool = True,
    progress: Progress = silent,
) -> Built:
    """Write the workbook of a template: a .toml file, or the name of one that is shipped; else the default workbook.

    It goes to `output`, by default into the folder out, and with `check` only if every engine and PyTorch agree with
    it. Raises FailedChecks, which has the report, if they do not; a file that was there is then untouched.
    """
    require("sheetgen.build", "build", "torch")
    from sheetgen.deliver.build import BuildOptions
    from sheetgen.deliver.build import build as write

    return write(template, output, BuildOptions(steps, learning_rate, check), progress)


def check(path: str | Path, engines: Sequence[str] = (), *, progress: Progress = silent) -> Report:
    """Recalculate a workbook that sheetgen wrote with some engines, or with all, and compare it with PyTorch.

    It is right if the report has no findings. Raises UserError if the file cannot be judged.
    """
    require("sheetgen.check", "build")
    from sheetgen.judge import check as judge

    return judge.check(path, [engines] if isinstance(engines, str) else engines or None, progress)


def audit(path: str | Path, table: str | None = None) -> Verdict:
    """Judge the backpropagation in a workbook that anybody made.

    `table` says where the training stands, as 'Sheet1!A32:AE100', if its labels do not. A file that cannot be judged
    is a verdict with a problem. It is judged in this process, however long that takes.
    """
    from sheetgen.audit import judge

    return judge.audit(Path(path), table)


def audit_all(
    paths: Sequence[str | Path], table: str | None = None, *, jobs: int | None = None, timeout: float = 120.0
) -> list[Verdict]:
    """Judge many workbooks, and those in folders, each in a process with limits of memory and time, in seconds.

    `jobs` of them run at a time, by default one per processor. A script that calls this needs its
    `if __name__ == "__main__":`, as always with processes.
    """
    from sheetgen.audit import processes

    return processes.audit_all(processes.find_files(map(Path, paths)), jobs, task=processes.Assignment(table, timeout))


def grad(
    path: str | Path,
    cell: str,
    *ranges: str,
    check: bool = True,
    seconds: float = 10.0,
    progress: Progress = silent,
) -> Result:
    """Differentiate a cell of any workbook with respect to the cells of some ranges, exactly.

    Cells are written E5, Sheet2!E5 or as a defined name. `check`: an engine, if one is installed, recalculates the
    workbook beside it, for so many seconds at most. Raises UserError if there is no such cell, or no derivative.
    """
    from sheetgen.excel import read
    from sheetgen.grad import result
    from sheetgen.reader import Formulas

    return result.grad(Formulas(read(path)), cell, ranges, _engine if check else None, seconds, progress)


def _engine(workbook: Workbook) -> EngineSession:
    """Open a workbook in the engine that checks derivatives. Raises MissingExtra."""
    require("checking derivatives", "build")
    from sheetgen.judge.engines.apart import Apart

    return Apart(workbook)


def export(
    model: nn.Module, example: Tensor, output: str | Path, *, progress: Progress = silent, **options: Any
) -> Exported:
    """Write a PyTorch network as a workbook to type into, every number of it a live formula.

    `example` has the shape (samples, ...). The options are those of `sheetgen.deliver.export.ExportOptions`:
    features, outputs, softmax, rows, title, check. Raises CannotExport before anything is written, and Disagrees if a
    spreadsheet program calculates something else.
    """
    require("sheetgen.export", "build", "torch")
    from sheetgen.deliver.export import ExportOptions
    from sheetgen.deliver.export import export as write

    return write(model, example, output, ExportOptions(**options), progress)
