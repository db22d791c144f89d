"""The judge: one workbook in, one Verdict out. It asks not who made it, and believes no result in it."""

from __future__ import annotations

import math
import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path

from sheetgen.audit import unjudged
from sheetgen.audit.case import Case, agrees, kind_of, shown
from sheetgen.audit.charts.judge import judge_charts
from sheetgen.audit.find.beside import fixed, with_helpers, without_sparse
from sheetgen.audit.find.pointed import NoTable, pointed
from sheetgen.audit.find.survey import Survey, rate
from sheetgen.audit.find.tables import find, why_none
from sheetgen.audit.graph import CellGraph
from sheetgen.audit.network.columns import COMPUTED, odd_formulas, pasted, spans
from sheetgen.audit.network.derivatives import Truths
from sheetgen.audit.network.forward import judge_forward
from sheetgen.audit.network.given import has_samples, odd_numbers
from sheetgen.audit.network.gradients import judge_gradients
from sheetgen.audit.network.trial import Trial
from sheetgen.audit.network.unlabelled import with_gradients
from sheetgen.audit.network.updates import judge_updates
from sheetgen.audit.prose.judge import judge_lines
from sheetgen.audit.prose.meaning import Meaning, meaning_of
from sheetgen.audit.table import StepTable
from sheetgen.audit.textbook import BIASES, network_222
from sheetgen.audit.verdict import Judged, Verdict, faulty, finding
from sheetgen.base.finding import NOTE, SEVERITIES, WARNING, Finding
from sheetgen.excel import ErrorValue, UnreadableWorkbook, Value, Workbook, read
from sheetgen.excel.a1 import address, place, qualified
from sheetgen.excel.charts import read_charts
from sheetgen.reader import Circular, Formulas, Place, values
from sheetgen.reader.template import Template

NOISE = 1e-12  # two engines may differ in whether two numbers that differ in their last digit are equal
MOST_UNREAD = 1_000


def audit(path: Path, spec: str | None = None) -> Verdict:
    """Judge a workbook; a bad file is a Verdict with a problem, and raises nothing.

    `spec` names the table by hand, as 'SHEET!A32:AE100 E_total=W'.
    """
    start = time.perf_counter()
    verdict = Verdict(Path(path))
    try:
        workbook = read(path)
        book = Formulas(workbook)
        tables = [pointed(workbook, spec)] if spec else find(workbook)
        if tables:
            _judge(book, tables, verdict)
        else:
            verdict.problem = why_none(workbook)
    except (UnreadableWorkbook, NoTable) as error:
        verdict.problem = str(error)
    except (MemoryError, RecursionError):
        verdict.problem = f"{Path(path).name} is too large or too deeply nested to be judged."
    except Exception as error:  # of the judge itself: whatever a stranger's workbook does to it, it was not judged
        verdict = faulty(Path(path), error)
    verdict.seconds = time.perf_counter() - start
    return verdict


def _judge(book: Formulas, tables: list[StepTable], verdict: Verdict) -> None:
    numbers, circles = values(book)
    findings = list(_circles(circles))
    findings += _errors(book, numbers, {at for circle in circles for at in circle.places})
    findings += _stale(book, numbers)
    trials = list(_trials(book, tables, numbers, verdict))
    known = {at: quantity for trial in trials for at, (quantity, _) in trial.case.known.items()}
    for trial in trials:
        findings += _table(trial, known, verdict)
    if not any(t.gradients for t in verdict.tables) and all(f.severity == NOTE for f in findings):
        verdict.problem = _nothing(verdict)
    charts = read_charts(verdict.path)
    findings += judge_charts(charts, tables)
    findings += judge_lines(book.workbook, _truth(book, tables[0], findings))
    verdict.findings = ordered(_without_echoes(findings), book.workbook)
    verdict.unread = [f"{s}!{a}: {why}" for (s, a), why in book.problems.items()][:MOST_UNREAD]
    verdict.unread_beyond = len(book.problems) - len(verdict.unread)


def _trials(
    book: Formulas, tables: Iterable[StepTable], numbers: Mapping[Place, float], verdict: Verdict
) -> Iterator[Trial]:
    """The tables that can be judged; of the others the verdict is told."""
    first, survey = None, Survey(book.workbook)
    for table in tables:
        table = with_helpers(book.workbook, without_sparse(book.workbook, table))
        case = replace(first, table=table) if first else Case(book, table, dict(numbers))
        first = first or case  # whose graphs and budget all have
        if why := unjudged.no_table(case):
            verdict.unjudged.append(why)
            continue
        rates, beside = rate(survey, table), fixed(book.workbook, table)
        case = with_gradients(replace(case, rates=rates, fixed=beside))
        truths = Truths(case)
        if why := unjudged.no_loss(case, truths):
            verdict.unjudged.append(why)
            continue
        yield Trial(case, truths.anew())


def _nothing(verdict: Verdict) -> str:
    if verdict.unjudged:
        return verdict.rest
    cells = ", ".join(f"{t.sheet}!{t.cells}" for t in verdict.tables[:3])
    return f"the weights and the error of {cells} were read, but no gradient and no update was found to compare."


def _truth(book: Formulas, table: StepTable, findings: Iterable[Finding]) -> Meaning:
    """The truth for lines of text: the table's own formulas, or the network, where the forward pass is wrong."""
    if any(f.kind == "forward" for f in findings):
        biases = sum(kind_of(q) == "b" for q in table.lines)
        return Meaning(network_222(biases if biases in BIASES else 0))
    try:
        return meaning_of(book, table, fixed(book.workbook, table))
    except Circular:
        return Meaning(network_222())


def _table(trial: Trial, known: Mapping[Place, str], verdict: Verdict) -> list[Finding]:
    """Everything about one table; `known` are the quantities of the cells of all tables."""
    case, table = trial.case, trial.case.table
    judge_forward(trial)
    judge_gradients(trial)
    judge_updates(trial)
    sampled = has_samples(case)
    findings: list[Finding] = []
    for quantity in table.lines:
        column = trial.column(quantity)
        findings += odd_formulas(case, column, trial.right)
        findings += odd_numbers(case, column, sampled)
        findings += pasted(case, column, trial.right)
        findings += _unread(case, quantity)
    findings += trial.findings
    # Without lines of gradients it is the updates that were held against the derivative.
    alone = {w for w in case.weights if f"dE/d{w}" not in table.lines}
    moved = sum(case.name(at).removesuffix("_next") in alone for at in trial.right)
    open_ = _open(trial, findings, known, verdict)
    at = "!".join(trial.where or ())
    compared = trial.compared or moved
    verdict.tables.append(Judged(table.sheet, table.area, len(table.steps), compared, trial.worst, at, open_))
    if trial.truths.problem:
        findings.append(finding(
            "unread", case.cells("E_total"), trial.truths.problem, "formulas that have a derivative",
            "the gradients of these steps could not be compared", WARNING,
        ))  # fmt: skip
    return findings


def _open(trial: Trial, findings: Iterable[Finding], known: Mapping[Place, str], verdict: Verdict) -> int:
    """How many weights have updates that were not judged; the verdict is told of them."""
    case = trial.case
    weights = unjudged.updates(case, trial.truths, trial.right, [f for f in findings if f.severity != NOTE])
    still = all(map(case.constant, case.weights))
    at = unjudged.begins(case, known) or (unjudged.elsewhere(case) if still else None)
    if weights:
        verdict.unjudged.append(unjudged.sentence(case, weights))
    elif at is not None:
        verdict.unjudged.append(f"updates not judged: {qualified(*at)} uses gradients, but is no step of a table")
    return len(weights) or (len(case.weights) if at is not None else 0)


def _unread(case: Case, quantity: str) -> Iterator[Finding]:
    """Formulas of a line that are not understood: the results that the file remembers stand for them."""
    if kind_of(quantity) not in (*COMPUTED, "w", "b", "_next"):
        return
    lost = [s for s in case.table.steps if case.at(quantity, s) in case.book.problems]
    for first, last in spans(lost):
        at = case.at(quantity, first)
        yield finding(
            "unread", (at[0], case.table.cells(quantity, first, last)), f"{case.text(at)}: {case.book.problems[at]}",
            "a formula that is understood", "whether it is right is not known", WARNING,
        )  # fmt: skip


def _circles(circles: Iterable[Circular]) -> Iterator[Finding]:
    """A finding for each circle; those of one column, a row each, are told of once."""
    by_first = {circle.places[0]: [a for _, a in circle.places] for circle in circles}
    for first, cells in _runs(by_first):
        names = by_first[first][:6] + ["..."] * (len(by_first[first]) > 6) + [first[1]]
        yield finding(
            "circular", cells, f"it depends on itself: {' -> '.join(names)}", "a formula that leads to numbers",
            "a spreadsheet shows 0 or a warning, and what follows has no meaning",
        )  # fmt: skip


def _runs(places: Iterable[Place]) -> Iterator[tuple[Place, tuple[str, str]]]:
    """(the first one, all of them as a Finding has them) of cells that stand one below another."""
    lines: dict[tuple[str, int], list[int]] = {}
    for sheet, cell in places:
        row, column = place(cell)
        lines.setdefault((sheet, column), []).append(row)
    for (sheet, column), rows in lines.items():
        for top, bottom in spans(sorted(rows)):
            first, last = address(top, column), address(bottom, column)
            yield (sheet, first), (sheet, first if top == bottom else f"{first}:{last}")


def _errors(book: Formulas, numbers: Mapping[Place, float], circles: set[Place]) -> Iterator[Finding]:
    """Cells that show an error, and formulas that give one; only where it starts, not what follows from it.

    A formula that says NA() means it, for a chart leaves such a cell out. What follows from a circle, or from a formula
    that is not understood, is not blamed either.
    """
    # A formula that gives a text is no number to us, and no error.
    bad = {at for at, x in numbers.items() if math.isnan(x) and not isinstance(_remembered(book, at), str)}
    for sheet, cells in book.workbook.sheets.items():
        bad |= {(sheet, a) for a, e in cells.items() if isinstance(e.value, ErrorValue) and not e.left_out}
    bad |= {at for at, why in book.problems.items() if why.startswith("it holds the error")}
    unknown = bad | circles | {at for at in book.problems if math.isnan(book.number(at))}
    sources = [at for at in bad - circles if (f := book.formula(at)) is None or unknown.isdisjoint(f.slots)]
    for at, where in _runs(sources):
        value, entry = _remembered(book, at), book.entry(at)
        error = value if isinstance(value, ErrorValue) else "an error"
        text = f"={entry.formula}" if entry is not None and entry.formula else "it"
        why = "everything that refers to it is an error, too"
        yield finding("value", where, f"{text} gives {error}", "a number", why)


def _remembered(book: Formulas, at: Place) -> Value | None:
    entry = book.entry(at)
    return None if entry is None else entry.value


def _stale(book: Formulas, numbers: Mapping[Place, float]) -> Iterator[Finding]:
    """Results that the file remembers, and that a formula does not give from what it remembers of its inputs."""
    stale: dict[Place, float] = {}
    graphs: dict[Template, CellGraph] = {}
    for at, number in numbers.items():
        value, formula = _remembered(book, at), book.formula(at)
        if not isinstance(value, float) or math.isnan(number) or agrees(number, value) or formula is None:
            continue
        inputs, template = [book.number(s) for s in formula.slots], formula.template
        graph = graphs.setdefault(template, CellGraph(template.root, template.variables))
        if not agrees(template(inputs), value, graph.rounding(inputs) + NOISE):
            stale[at] = value
    for at, where in _runs(stale):
        yield finding(
            "cached", where, f"the file remembers {shown(stale[at])}", f"its formula gives {shown(numbers[at])}",
            "it was not recalculated: press F9, or Ctrl+Alt+F9", WARNING,
        )  # fmt: skip


def _without_echoes(findings: Iterable[Finding]) -> list[Finding]:
    """Findings without those that a more telling one at the same cells makes needless."""
    first = list({(f.kind, f.sheet, f.cells): f for f in reversed(list(findings))}.values())[::-1]
    telling = {(f.sheet, f.first) for f in first if f.kind in ("update", "rate", "circular", "value")}
    return [f for f in first if f.kind not in ("column", "forward", "gradient") or (f.sheet, f.first) not in telling]


def ordered(findings: list[Finding], workbook: Workbook) -> list[Finding]:
    """Errors, then warnings, then notes; each as one reads: sheet by sheet, row by row of the first cell."""
    sheets = list(workbook.sheets)

    def key(finding: Finding) -> tuple[int, int, int, int]:
        sheet = sheets.index(finding.sheet) if finding.sheet in sheets else len(sheets)
        try:
            row, column = place(finding.first)
        except ValueError:  # a chart's name
            row, column = 1 << 21, 0
        return SEVERITIES.index(finding.severity), sheet, row, column

    return sorted(findings, key=key)
