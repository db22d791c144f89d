"""Findings about updates: the faults of single steps, put together and diagnosed."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from sheetgen.audit.case import RELATIVE, Case, agrees, kind_of
from sheetgen.audit.network import edits
from sheetgen.audit.network.columns import filled, filled_text
from sheetgen.audit.network.diagnose import Lines, Wrong, diagnosed
from sheetgen.audit.network.gradients import Truths, relative
from sheetgen.audit.network.rules import another_rule
from sheetgen.audit.network.updates import WHY, Fault, Update, Updates, fault, rate_cells, usual_rate
from sheetgen.audit.verdict import finding
from sheetgen.audit.write import replaced
from sheetgen.base.finding import NOTE, WARNING, Finding
from sheetgen.excel.a1 import column_letters, place
from sheetgen.reader import Formula, Place

Moves = Mapping[tuple[str, int], tuple[float, float]]  # of a weight and the step it is new at: old weight, derivative

ROUGHLY = 1e-6  # relative: a rate that is told from a step, which is a difference of two weights


class Moved(NamedTuple):
    """What was found of the updates, and the largest relative difference of a step that no line of gradients tells."""

    findings: list[Finding]
    worst: float = 0.0
    where: Place | None = None


def update_findings(case: Case, lines: Lines, truths: Truths, sign: float, right: set[Place]) -> Moved:
    """What is wrong with the updates of a table; `right` gets the cells that are right."""
    reader = Updates(case)
    found = [u for w, step, at in reader.targets() if (u := reader.read(w, step, at)) is not None]
    if (first := another_rule(case, found)) is not None:
        return Moved([finding(
            "rule", first.place, case.text(first.place), "w - learning rate * dE/dw",
            "the update is no plain gradient descent, so it was not judged", NOTE,
        )])  # fmt: skip
    if found and all(u.copies for u in found):
        return Moved([_kept(case, found[0].place)])
    with_gradients = [u for u in found if f"dE/d{u.quantity}" in case.table.lines]
    without = [u for u in found if f"dE/d{u.quantity}" not in case.table.lines]
    findings = list(_by_gradients(case, lines, with_gradients, sign, right))
    alone = _by_truth(case, lines, truths, without, right)
    return alone._replace(findings=[*findings, *alone.findings, *_handed_on(case, lines)])


def _kept(case: Case, at: Place) -> Finding:
    """What is said of weights that are never updated: a batch has another sample in every step."""
    batch = not all(map(case.constant, case.those("i")))
    why = "every weight keeps its value, as for the samples of one batch, so no update was judged"
    return finding(
        "rule" if batch else "update", at, case.text(at), "w - learning rate * dE/dw",
        why if batch else "no weight ever changes: nothing is learned", NOTE if batch else WARNING,
    )  # fmt: skip


def _handed_on(case: Case, lines: Lines) -> Iterator[Finding]:
    """Weights whose new value has a line of its own: each step must take that of the step before."""
    for weight in case.weights:
        after = f"{weight}_next"
        if after not in case.table.lines:
            continue
        late = [s for s in case.table.steps if s > 0 and case.formula(weight, s) is not None]
        truth = {s: x for s in late if math.isfinite(x := case.number(case.at(after, s - 1)))}
        wrong = [s for s, x in truth.items() if abs(case.number(case.at(weight, s)) - x) > 1e-15 * abs(x)]
        said = f"the new {weight} of the step before"
        yield from diagnosed(case, lines, "update", Wrong(weight, truth, wrong, said, lambda _, said=said: said), WHY)  # type: ignore[misc]


def _by_gradients(
    case: Case, lines: Lines, updates: Sequence[Update], sign: float, right: set[Place]
) -> Iterator[Finding]:
    rate = usual_rate(case, (sign * u.rate for u in updates))
    cells = rate_cells(case, updates, rate)
    home = next((at for at in case.rates if at in cells), cells.most_common(1)[0][0] if cells else None)
    faults: dict[tuple[str, Fault], list[Update]] = {}
    for update in updates:
        step_rate = _rate_at(case, update, rate)
        wrong = fault(case, update, step_rate, sign, home, f"dE/d{update.quantity}")
        if wrong is None:
            right.add(update.place)
        else:
            faults.setdefault((update.quantity, wrong), []).append(update)
    for (quantity, wrong), those in faults.items():
        yield _finding(case, lines, quantity, wrong, those, rate * sign, home)


def _rate_at(case: Case, update: Update, rate: float) -> float:
    """The learning rate of a step, where the table has a line of them."""
    if "eta" not in case.table.lines:
        return rate
    for step in (update.step - 1, update.step):
        if step in case.table.steps and agrees(abs(update.rate), case.number(case.at("eta", step))):
            return case.number(case.at("eta", step))
    return rate


def _finding(
    case: Case, lines: Lines, quantity: str, wrong: Fault, those: Sequence[Update], rate: float, home: Place | None
) -> Finding:
    at, last = those[0].place, those[-1].place
    line, lag = _line(case, quantity)
    first = those[0].step + lag
    truth: dict[int, float] = {}
    formulas: dict[int, Formula] = {}
    for u in those:
        step = u.step + lag
        before, gradient = case.at(quantity, u.step - 1), case.at(f"dE/d{quantity}", u.step - 1)
        truth[step] = case.number(before) - _rate_at(case, u, rate) * case.number(gradient)
        formula = case.book.formula(u.place)
        if formula is not None and lines[line].patterns[step] == lines[line].patterns[first]:
            formulas[step] = formula
    text = _held(case, at, formulas.get(first), truth[first], home) if wrong.kind == "rate" else ""
    if not text and lines[line].odd(first) and (wanted := filled(case, lines[line], first)) is not None:
        fits = agrees(wanted.template([case.number(s) for s in wanted.slots]), truth[first])
        text = filled_text(case, lines[line], first) if fits else ""
    if not text and (edit := edits.find(edits.Tried(case, line, formulas, truth))) is not None:
        text = edit.text(first)
    expected = f"{text}: {wrong.expected}" if text else wrong.expected
    where = at[1] if len(those) == 1 else f"{at[1]}:{last[1]}"
    return finding(wrong.kind, (at[0], where), f"{case.text(at)}: {wrong.found}", expected, wrong.why)


def _line(case: Case, weight: str) -> tuple[str, int]:
    """The line that holds the new weight, and by how many steps it stands from the one that it is new at."""
    after = f"{weight}_next"
    return (after, -1) if after in case.table.lines else (weight, 0)


def _held(case: Case, at: Place, formula: Formula | None, truth: float, home: Place | None) -> str:
    """The formula with the cell of the learning rate, held with $, in the place of the reference that slid off it."""
    entry = case.book.entry(at)
    if formula is None or home is None or entry is None or entry.formula is None or home[0] != at[0]:
        return ""
    for k in range(len(formula.slots)):
        slots = [*formula.slots[:k], home, *formula.slots[k + 1 :]]
        if agrees(formula.template([case.number(s) for s in slots]), truth):
            row, column = place(home[1])
            slots[k] = home[0], f"${column_letters(column)}${row}"
            text = replaced(entry.formula, formula.slots, slots)
            return f"={text}" if text else ""
    return ""


def _by_truth(case: Case, lines: Lines, truths: Truths, updates: Sequence[Update], right: set[Place]) -> Moved:
    """Updates without a line of gradients: the step itself must be the derivative times one learning rate."""
    moves: dict[tuple[str, int], tuple[float, float]] = {}
    for u in updates:
        wanted = truths.number(u.quantity, u.step - 1) if u.step >= 1 else None
        if wanted is not None:
            moves[u.quantity, u.step] = case.number(case.at(u.quantity, u.step - 1)), wanted
    rate, used = _rate_of(case, updates, moves)
    if not math.isfinite(rate) or not _descends(case, moves, rate, used):
        return Moved([])
    findings: list[Finding] = []
    worst, where = 0.0, None
    for weight in dict.fromkeys(u.quantity for u in updates if not _frozen(case, u.quantity)):
        line, lag = _line(case, weight)
        own = {s + lag: move for (w, s), move in moves.items() if w == weight}
        truth = {s: before - rate * d for s, (before, d) in own.items()}
        wrong = [s for s, t in truth.items() if not _close(case, line, s, t, own[s], rate)]
        right |= {case.at(line, s) for s in truth.keys() - set(wrong)}
        for s, (before, d) in own.items():
            off = relative((before - case.number(case.at(line, s))) / rate, d) if rate else 0.0
            if off > worst and (s in wrong or off <= RELATIVE):  # the others differ by rounding
                worst, where = off, case.at(line, s)
        named = Wrong(line, truth, wrong, "the right step", lambda _: "")
        findings += diagnosed(case, lines, "update", named, WHY)
    return Moved(findings, worst, where)


def _frozen(case: Case, quantity: str) -> bool:
    """Whether it is a bias that keeps its value: many do not train them."""
    return kind_of(quantity) == "b" and case.constant(quantity)


def _close(case: Case, line: str, step: int, truth: float, move: tuple[float, float], rate: float) -> bool:
    """The step is judged, not the weight, which is so much larger that it would hide a wrong step."""
    off = abs(case.number(case.at(line, step)) - truth)
    return off <= 1e-9 * abs(rate * move[1]) + 4e-16 * (abs(truth) + abs(move[0]))


def _descends(case: Case, moves: Moves, rate: float, used: float) -> bool:
    """Whether most updates follow the derivative at the rate, or climb at another: else theirs is another rule.

    A rule that descends at a multiple of the labelled rate is another one, too, such as the delta rule beside a
    squared error that is not halved.
    """

    def most(rate: float) -> bool:
        fits = 0
        for (weight, step), (before, d) in moves.items():
            line, lag = _line(case, weight)
            fits += _close(case, line, step + lag, before - rate * d, (before, d), rate)
        return 2 * fits > len(moves)

    return most(rate) or (used < 0 and most(used))


def _rate_of(case: Case, updates: Sequence[Update], moves: Moves) -> tuple[float, float]:
    """(the learning rate: what most updates amount to, or the only one that is labelled; what they amount to).

    A sheet may compare several rates, each with its own table and cell.
    """
    implied: list[float] = sorted(
        (before - case.number(u.place)) / d
        for u in updates
        if (u.quantity, u.step) in moves
        for before, d in [moves[u.quantity, u.step]]
        if d
    )
    middle = implied[len(implied) // 2] if implied else math.nan
    labelled = [case.number(at) for at in case.rates]
    meant = [rate for rate in labelled if math.isclose(rate, middle, rel_tol=ROUGHLY)]
    return meant[0] if meant else labelled[0] if len(set(labelled)) == 1 else middle, middle
