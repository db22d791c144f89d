"""Build the workbook of a template: write a draft, have it judged, write it again with the judge's figures."""

from __future__ import annotations

import zipfile
from dataclasses import dataclass, replace
from pathlib import Path

from sheetgen.base.errors import UserError
from sheetgen.base.files import CannotWrite, move_into_place, staging
from sheetgen.base.process import uncollected
from sheetgen.base.progress import Notice, Progress, silent
from sheetgen.cells.text import FormulaTooLong
from sheetgen.excel.read import MAX_CELLS
from sheetgen.judge.check import check, linted
from sheetgen.judge.engines import EngineFailed
from sheetgen.judge.engines.calculated import calculated
from sheetgen.judge.report import Report
from sheetgen.spec import Spec, load, with_options
from sheetgen.templates import find
from sheetgen.writer import workbook
from sheetgen.writer.plan import START, Oracle
from sheetgen.writer.plugins import gather
from sheetgen.writer.sheets.start import EngineLine, Made
from sheetgen.writer.trace import TooLarge

DEFAULT = "homework"
OUTPUT = Path("out")
FINAL = "final.xlsx"
REMEDY = "choose another with -o"

LONG = {True: 400_000, False: 2_000_000}  # more formulas than these take minutes, checked or not


class FailedChecks(UserError):
    """The draft of a workbook is wrong, so it was not written; `report` has the findings."""

    def __init__(self, path: Path, report: Report) -> None:
        super().__init__(f"{path}: not written, for the draft failed its checks; a file that was there is untouched")
        self.report = report


@dataclass(frozen=True)
class Built:
    """A workbook that was written; without a check, `report` has a line for no engine."""

    path: Path
    report: Report


def default_output(template: str | None, folder: Path = OUTPUT) -> Path:
    """Where the workbook of a template is written if nobody names a file. Raises SpecError."""
    return folder / ("sheetgen.xlsx" if template is None else f"{find(template).stem}.xlsx")


@dataclass(frozen=True)
class BuildOptions:
    """How a workbook is built: what differs from its template, and whether its draft is judged."""

    steps: int | None = None
    learning_rate: float | None = None
    check: bool = True

    @property
    def text(self) -> str:
        """As a command line has what differs."""
        given = {"--steps": self.steps, "--learning-rate": self.learning_rate}
        return " ".join(f"{flag} {value!r}" for flag, value in given.items() if value is not None)


def build(
    template: str | Path | None, output: str | Path | None, options: BuildOptions, progress: Progress = silent
) -> Built:
    """Build the workbook of a template, a file or the name of one that is shipped; without one, of the default network.

    Nothing is overwritten by a build that fails. Raises FailedChecks if the draft is wrong, and SpecError, CannotWrite,
    CannotAdd, TooLarge, FormulaTooLong, EngineMissing or EngineFailed if it cannot be built.
    """
    name = None if template is None else str(template)
    spec = with_options(load(find(name or DEFAULT)), options.steps, options.learning_rate)
    path = default_output(name) if output is None else Path(output)
    if path.suffix.lower() != ".xlsx":
        raise CannotWrite(f"{path}: the workbook's name must end with .xlsx")
    extras = gather() if name is None else []  # the default workbook alone shows what other packages add
    made = Made(options.text, extras=extras, calculate=calculated)
    try:
        with uncollected():
            report = _build(workbook.plan(spec), path, made, options.check, progress)
    except (TooLarge, FormulaTooLong, EngineFailed) as error:
        raise type(error)(f"{name or DEFAULT}: {error}") from error
    return Built(path, report)


def ask_oracle(spec: Spec) -> Oracle:
    """Ask PyTorch for the numbers of a Spec. Importing torch takes seconds, so it is done here and not before."""
    from sheetgen.judge import oracle

    series = {label: list(s.numbers()) for label, s in oracle.run(spec).items()}
    scales = {label: oracle.scale(numbers) for label, numbers in series.items()}
    return Oracle(oracle.versions(), {label: [n.value for n in s] for label, s in series.items()}, scales)


def _build(plan: workbook.Plan, path: Path, made: Made, checked: bool, progress: Progress) -> Report:
    """Write a draft, judge it, and write it again with the judge's figures; only then does it take its place."""
    if checked and plan.cells > MAX_CELLS:
        raise TooLarge(
            f"{plan.run.program.spec.steps:,} steps make {plan.cells:,} cells, more than the {MAX_CELLS:,} that a "
            "check reads: use fewer steps, or build it with --no-check"
        )
    with staging(path, CannotWrite, REMEDY) as folder:
        if plan.formulas > LONG[checked]:
            work = "write, and to check with every engine" if checked else "write"
            progress(Notice(f"{path}: about {plan.formulas:,} formulas to {work}: this takes minutes"))
        report = _draft(plan, folder, made, checked, progress)
        report.path = path
        if not report.passed:
            raise FailedChecks(path, report)
        move_into_place(folder / FINAL, path)
    return report


def _draft(plan: workbook.Plan, folder: Path, made: Made, checked: bool, say: Progress) -> Report:
    """Write the FINAL workbook into a folder, unless a check of its draft fails; the report on the draft.

    Unchecked, it is linted all the same: Excel would refuse what the linter finds.
    """
    oracle = ask_oracle(plan.run.program.spec)
    say("writing")
    draft, final = folder / "draft.xlsx", folder / FINAL
    workbook.write(plan, draft, oracle, made)
    if not checked:
        say("linting")
        report = Report(draft)
        linted(report, house=True)
        draft.replace(final)
        return report
    report = check(draft, progress=say, house=True)
    if report.passed:
        # XlsxWriter writes a workbook once, and only the whole of it knows its rows, styles and shared texts: to patch
        # the certificate in would be a second writer of all three.
        say("writing the certificate")
        lines = [EngineLine(x.engine, x.version, x.cells, x.worst, x.where) for x in report.lines]
        workbook.write(plan, final, oracle, replace(made, engines=lines))
        _only_start_differs(draft, final)
    return report


def _only_start_differs(draft: Path, final: Path) -> None:
    """Raise AssertionError if the file that is delivered is not the one that was checked, but for the certificate."""
    with zipfile.ZipFile(draft) as a, zipfile.ZipFile(final) as b:
        sheets = [name for name in a.namelist() if name.startswith("xl/worksheets/sheet")]
        changed = [name for name in sheets if a.read(name) != b.read(name)]
    if changed != ["xl/worksheets/sheet1.xml"]:
        raise AssertionError(f"writing the certificate changed {changed}, not only the sheet {START}")
