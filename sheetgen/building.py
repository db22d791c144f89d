"""What the commands do: build a draft, have it judged, put the judge's findings in, move it into place; and print."""

from __future__ import annotations

import zipfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from rich.table import Table

from sheetgen import spec as specs
from sheetgen import workbook
from sheetgen.carried import NoTemplate
from sheetgen.check import check, linted
from sheetgen.console import RIGHT, UNUSABLE, WRONG, Progress, complain, console, ended_with_us, said, stages, warn
from sheetgen.drafts import room, settle
from sheetgen.engines import EngineFailed, EngineMissing, stop
from sheetgen.engines.calculated import calculated
from sheetgen.extras import CannotAdd, Extra, gather
from sheetgen.formula import FormulaTooLong
from sheetgen.layout import TooLarge
from sheetgen.plan import START
from sheetgen.report import Report, merged, summary, table
from sheetgen.sheets.start import EngineLine, Made
from sheetgen.spec import Spec, SpecError
from sheetgen.xlsx import UnreadableWorkbook
from sheetgen.xlsx.read import MAX_CELLS

DEFAULT = "homework"
OUTPUT = Path("out")
FINAL = "final.xlsx"
REMEDY = "choose another with -o"

LONG = {True: 400_000, False: 2_000_000}  # more formulas than these take minutes, checked or not


class CannotWrite(ValueError):
    """There is no place for the workbook; the message is one sentence with the remedy."""


def template_folder() -> Path:
    """Where the templates are: beside the package in a checkout, inside it in a wheel."""
    here = Path(__file__).resolve().parent
    return here / "templates" if (here / "templates").is_dir() else here.parent / "templates"


def find_template(name: str) -> Path:
    """The file of a template: a path, or the name of one that is shipped. Raises SpecError."""
    shipped = template_folder() / f"{name}.toml"
    path = Path(name)
    if path.suffix != ".toml" and not path.exists() and path.name == name:
        if shipped.is_file():
            return shipped
        known = ", ".join(sorted(p.stem for p in template_folder().glob("*.toml")))
        raise SpecError(f"{name}: there is no such template: give the path of a .toml file, or one of {known}")
    return path


def list_templates() -> None:
    """Print the shipped templates with their titles."""
    found = Table("template", "network", "title", box=None)
    for path in sorted(template_folder().glob("*.toml"), key=lambda path: path.stem):
        spec = specs.load(path)
        found.add_row(path.stem, "-".join(map(str, spec.layers)), spec.title)
    console().print(found)


def build(
    names: Sequence[str], output: Path | None, steps: int | None, learning_rate: float | None, checked: bool
) -> int:
    """Build the workbooks of some templates; returns the exit status. Nothing is overwritten by a failed build."""
    status = RIGHT
    options = " ".join(
        f"{flag} {value!r}"
        for flag, value in (("--steps", steps), ("--learning-rate", learning_rate))
        if value is not None
    )
    taken: set[Path] = set()
    complaints: set[str] = set()  # what is wrong with the options is wrong with them for every template
    for name in names or [DEFAULT]:
        try:
            spec = specs.with_options(specs.load(find_template(name)), steps, learning_rate)
            path = _target(spec, output, len(names))
            if path in taken:
                raise CannotWrite(f"{name}: {path} is written by another template: give one of them another name")
            taken.add(path)
            extras = [] if names else gather()  # the default workbook alone shows what other packages add
            if not _build_one(spec, path, options, checked, extras):
                status = max(status, WRONG)
        except (SpecError, CannotWrite, CannotAdd, TooLarge, FormulaTooLong, EngineMissing, EngineFailed) as error:
            named = isinstance(error, TooLarge | FormulaTooLong | EngineFailed)
            problem = f"{name}: {error}" if named else str(error)
            if problem not in complaints:
                complain(problem)
            complaints.add(problem)
            status = UNUSABLE
    return status


def _target(spec: Spec, output: Path | None, count: int) -> Path:
    name = f"{Path(spec.source).stem}.xlsx"
    one = output is not None and output.suffix.lower() == ".xlsx"
    if count > 1:  # a folder, one file for each
        if one:
            raise CannotWrite(f"{output}: this is the name of one workbook for {count} templates: give a folder")
        return (output or OUTPUT) / name
    if output is None:
        return OUTPUT / ("sheetgen.xlsx" if count == 0 else name)
    if not one:
        raise CannotWrite(f"{output}: the workbook's name must end with .xlsx")
    return output


def _build_one(spec: Spec, path: Path, options: str, checked: bool, extras: Sequence[Extra]) -> bool:
    """Write a draft, judge it, and write it again with the judge's figures; only then does it take its place."""
    plan = workbook.plan(spec)
    if checked and plan.cells > MAX_CELLS:
        raise TooLarge(
            f"{spec.steps:,} steps make {plan.cells:,} cells, more than the {MAX_CELLS:,} that a check reads: "
            "use fewer steps, or build it with --no-check"
        )
    with room(path, CannotWrite, REMEDY) as folder:
        if plan.formulas > LONG[checked]:
            work = "write, and to check with every engine" if checked else "write"
            warn(f"{path}: about {plan.formulas:,} formulas to {work}: this takes minutes")
        with stages("asking PyTorch autograd") as say, ended_with_us(stop):
            report = _draft(plan, folder, Made(options, extras=extras, calculate=calculated), checked, say)
        if report.passed:
            settle(folder / FINAL, path)
    if report.passed and not checked:
        said(f"{path}: written, not checked")
        return True
    report.path = path
    print_report(report)
    if report.passed:
        said(f"{path}: written, {sum(x.cells for x in report.lines):,} results compared, all right")
    else:
        complain(f"{path}: not written, for the draft failed its checks; a file that was there is untouched")
    return report.passed


def _draft(plan: workbook.Plan, folder: Path, made: Made, checked: bool, say: Progress) -> Report:
    """Write the FINAL workbook into a folder, unless a check of its draft fails; what the check found.

    Unchecked, it is linted all the same: Excel would refuse what the linter finds.
    """
    oracle = workbook.ask_oracle(plan.run.program.spec)
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
        say("writing the certificate")
        lines = [EngineLine(x.engine, x.version, x.cells, x.worst, x.where) for x in report.lines]
        workbook.write(plan, final, oracle, replace(made, engines=lines))
        _only_start_differs(draft, final)
    return report


def _only_start_differs(draft: Path, final: Path) -> None:
    """What was checked is what is delivered: but for the certificate's figures the two files are the same."""
    with zipfile.ZipFile(draft) as a, zipfile.ZipFile(final) as b:
        sheets = [name for name in a.namelist() if name.startswith("xl/worksheets/sheet")]
        changed = [name for name in sheets if a.read(name) != b.read(name)]
    if changed != ["xl/worksheets/sheet1.xml"]:
        raise AssertionError(f"writing the certificate changed {changed}, not only the sheet {START}")


def check_files(files: Sequence[Path], engines: Sequence[str]) -> int:
    """Judge some workbooks and print what was found; returns the exit status."""
    from sheetgen.engines import ENGINES

    unknown = [name for name in engines if name not in ENGINES]
    if unknown:
        complain(f"{unknown[0]}: there is no such engine: use one of {', '.join(ENGINES)}")
        return UNUSABLE
    status = RIGHT
    for path in dict.fromkeys(files):
        try:
            with stages("reading") as say, ended_with_us(stop):
                report = check(path, engines or None, progress=say)
        except (NoTemplate, SpecError, UnreadableWorkbook) as error:
            complain(str(error))
            status = UNUSABLE
            continue
        print_report(report)
        if report.passed:
            said(f"{path}: right")
        else:
            status = max(status, WRONG)
            n = len(merged(report.findings))
            complain(f"{path}: {n:,} finding{'s' * (n != 1)}")
    return status


def print_report(report: Report) -> None:
    """The table of engines, then the notes and findings."""
    out = console()
    out.print(table(report.lines), soft_wrap=True)
    for note in report.notes:
        out.print(f"note: {note}", soft_wrap=True)
    for finding, more in summary(report.findings):
        where = f"{finding.sheet}!{finding.cell}: " if finding.sheet else ""
        engine = f" [{finding.engine}]" if finding.engine else ""
        out.print(f"{finding.kind}: {where}{finding.message}{engine}", soft_wrap=True)
        if more:
            out.print(f"    and {more:,} more of this kind")
