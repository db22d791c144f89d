"""Every update: the new weight must be the old one minus the learning rate times its own gradient."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from sheetgen.audit.case import RELATIVE, Case, agrees, kind_of
from sheetgen.audit.network.columns import filled, filled_text
from sheetgen.audit.network.diagnose import WHY, always, diagnosed, edit_of
from sheetgen.audit.network.edits import Suspect
from sheetgen.audit.network.gradients import relative
from sheetgen.audit.network.rules import another_rule
from sheetgen.audit.network.terms import Term, Update, updates
from sheetgen.audit.network.trial import Trial
from sheetgen.audit.verdict import finding
from sheetgen.audit.write import replaced
from sheetgen.base.finding import NOTE, WARNING, Finding
from sheetgen.excel.a1 import column_letters, place
from sheetgen.reader import Place

ROUGHLY = 1e-6  # relative: a rate that is told from a step, which is a difference of two weights
RULE = "w - learning rate * dE/dw"
SLIDES = "the reference to the learning rate slides down the sheet: hold it with $"
WHY_RATE = "every update must use one learning rate"


def judge_updates(trial: Trial) -> None:
    """Add the findings about the updates of a table, and the cells that are right."""
    case, every = trial.case, updates(trial.case)
    if (first := another_rule(case, every)) is not None:
        why = "the update is no plain gradient descent, so it was not judged"
        trial.findings.append(finding("rule", first.place, case.text(first.place), RULE, why, NOTE))
        return
    if every and all(u.copies for u in every):
        trial.findings.append(_frozen(case, every[0].place))
        return
    _by_gradients(trial, [u for u in every if u.gradient[0] in case.table.lines])
    _by_derivatives(trial, [u for u in every if u.gradient[0] not in case.table.lines])
    trial.findings += _handed_on(trial)


def _frozen(case: Case, at: Place) -> Finding:
    """The finding about weights that are never updated: a batch has another sample in every step."""
    if all(map(case.constant, case.of_kind("i"))):
        return finding("update", at, case.text(at), RULE, "no weight ever changes: nothing is learned", WARNING)
    why = "every weight keeps its value, as for the samples of one batch, so no update was judged"
    return finding("rule", at, case.text(at), RULE, why, NOTE)


def _handed_on(trial: Trial) -> Iterator[Finding]:
    """Weights whose new value has a line of its own: each step must take that of the step before."""
    case = trial.case
    for weight in case.weights:
        after = f"{weight}_next"
        if after not in case.table.lines:
            continue
        late = [s for s in case.table.steps if s > 0 and case.formula(weight, s) is not None]
        expected = {s: x for s in late if math.isfinite(x := case.value(after, s - 1))}
        wrong = [s for s, x in expected.items() if abs(case.value(weight, s) - x) > 1e-15 * abs(x)]
        label = f"the new {weight} of the step before"
        yield from diagnosed(trial, "update", Suspect(weight, expected, wrong, label, always(label)))


def _by_gradients(trial: Trial, every: Sequence[Update]) -> None:
    """Judge the updates of weights that have a line of gradients."""
    descent = Descent.of(trial.case, trial.sign, every)
    faults: dict[tuple[str, Finding], list[Update]] = {}
    for update in every:
        fault = descent.fault(update)
        if fault is None:
            trial.right.add(update.place)
        else:
            faults.setdefault((update.quantity, fault), []).append(update)
    trial.findings += [_located(trial, descent, fault, alike) for (_, fault), alike in faults.items()]


def _located(trial: Trial, descent: Descent, fault: Finding, alike: Sequence[Update]) -> Finding:
    """The fault with the cells of the updates that have it, and with the right formula where one is found."""
    case, quantity, first, at = trial.case, alike[0].quantity, alike[0].row, alike[0].place
    line = trial.column(alike[0].line)
    rates = {u.row: descent.rate_at(u, descent.rate * descent.sign) for u in alike}
    expected = {
        u.row: case.value(quantity, u.step - 1) - rates[u.row] * case.value(u.gradient[0], u.step - 1) for u in alike
    }
    text = descent.with_home(at, expected[first]) if fault.kind == "rate" else ""
    if not text and line.odd(first) and (wanted := filled(case, line, first)) is not None:
        text = filled_text(case, line, first) if agrees(case.result(wanted), expected[first]) else ""
    suspect = Suspect(line.quantity, expected, list(expected), "the right step")
    if not text and (edit := edit_of(case, suspect, line, first)) is not None:
        text = edit.text(first)
    return fault._replace(
        sheet=at[0],
        cells=at[1] if len(alike) == 1 else f"{at[1]}:{alike[-1].place[1]}",
        found=f"{case.text(at)}: {fault.found}",
        expected=f"{text}: {fault.expected}" if text else fault.expected,
    )


def _fault(kind: str, found: str, expected: str, why: str = WHY["update"]) -> Finding:
    """A Finding in words that are the same for every step that has it, without its cells."""
    return finding(kind, ("", ""), found, expected, why)


def _named(*terms: Term) -> str:
    """'w1 of the step before and w2 of its own step'."""
    words = {-1: "the step before", 0: "its own step"}
    return " and ".join(
        f"{quantity} of {words.get(by, f'{-by} steps before' if by < 0 else 'a later step')}" for quantity, by in terms
    )


class Descent(NamedTuple):
    """Plain gradient descent in a table: its learning rate, and the cell that has it.

    `sign` is -1 where the gradients are minus the derivative.
    """

    case: Case
    sign: float
    rate: float
    home: Place | None

    @classmethod
    def of(cls, case: Case, sign: float, every: Sequence[Update]) -> Descent:
        """That of most updates: with the labelled rate that most of them use, else with what most of them use."""
        rates = Counter(r for u in every if math.isfinite(r := sign * u.rate) and r > 0)
        labelled = [case.number(at) for at in case.rates]
        uses = [sum(n for used, n in rates.items() if agrees(rate, used)) for rate in labelled]
        rate = labelled[0] if labelled else math.nan
        if any(uses):
            rate = labelled[uses.index(max(uses))]
        elif rates:
            rate = rates.most_common(1)[0][0]
        homes = Counter(p for u in every for p in u.others if agrees(case.number(p), rate))
        home = next((at for at in case.rates if at in homes), homes.most_common(1)[0][0] if homes else None)
        return cls(case, sign, rate, home)

    def rate_at(self, update: Update, otherwise: float) -> float:
        """The learning rate of a step, where the table has a line of them."""
        for step in (update.step - 1, update.step) if "eta" in self.case.table.lines else ():
            if step in self.case.table.steps and agrees(abs(update.rate), rate := self.case.value("eta", step)):
                return rate
        return otherwise

    def fault(self, update: Update) -> Finding | None:
        """The first fault of an update; None if it is right."""
        rate, slid = self.rate_at(update, self.rate), _slid(self.case, update)
        starts = {term: factor for term, factor in update.starts.items() if term != slid}
        if starts.keys() != {update.own}:
            begin = f"it starts from {_named(*starts) or 'no weight'}"
            return _fault("update", begin, f"it starts from {_named(update.own)}")
        if not agrees(starts[update.own], 1):
            times = f"the old weight counts {starts[update.own]:.6g} times"
            return _fault("update", times, f"{_named(update.own)} once")
        if update.gradients and not update.slopes:
            text = "the learning rate is 0 there, so that the weight does not change"
            return _fault("rate", text, f"{rate:.6g}", WHY_RATE)
        if update.slopes.keys() != {update.gradient}:
            used = f"it uses {_named(*update.slopes) or 'no gradient'}"
            return _fault("update", used, f"it uses {_named(update.gradient)}")
        if slid is not None:
            return _fault("rate", f"its learning rate is taken from {_named(slid)}", self._home(rate), SLIDES)
        if agrees(self.sign * update.rate, rate):
            sound = self._adds_up(update)
            return None if sound else _fault("update", "more is added than its step", _named(update.gradient))
        if agrees(-self.sign * update.rate, rate):
            why = "the error grows, not falls"
            return _fault("update", "the gradient is added", "the gradient is subtracted", why)
        return self._wrong_rate(update, self._home(rate))

    def _home(self, rate: float) -> str:
        return f"{rate:.6g}" + (f" ({self.home[1]})" if self.home else "")

    def _adds_up(self, update: Update) -> bool:
        """Whether the new weight is the old one less the rate times the gradient, and nothing is added to that."""
        before, slope = (self.case.value(q, update.step - 1) for q in (update.quantity, update.gradient[0]))
        after, step = self.case.number(update.place), update.rate * slope
        if not math.isfinite(after) or not math.isfinite(before + step):
            return True  # an error, which is named where it starts
        return abs(before - step - after) <= RELATIVE * abs(step) + 4e-16 * (abs(before) + abs(after))

    def _wrong_rate(self, update: Update, expected: str) -> Finding:
        used, numbers = self.sign * update.rate, {at: self.case.number(at) for at in update.others}
        if (text := next((at for at, number in numbers.items() if math.isnan(number)), None)) is not None:
            words = f"its learning rate is taken from {text[1]}, where there is no number"
            return _fault("rate", words, expected, SLIDES)
        at = next((p for p, x in numbers.items() if agrees(abs(x), abs(used)) and p != self.home), None)
        if at is None:
            return _fault("rate", f"its learning rate is {used:.6g}", expected, WHY_RATE)
        name = self.case.name(at)
        number = f"{name} of another purpose" if name else "another number"
        words = f"its learning rate is taken from a cell that holds {number}"
        home = self.home
        slid = home is not None and at[0] == home[0] and at[1].strip("0123456789") == home[1].strip("0123456789")
        return _fault("rate", words, expected, SLIDES if slid else WHY_RATE)

    def with_home(self, at: Place, expected: float) -> str:
        """The formula with the cell of the learning rate, held with $, in the place of the reference that slid off."""
        text, formula, home = self.case.formula_text(at), self.case.book.formula(at), self.home
        if formula is None or home is None or not text or home[0] != at[0]:
            return ""
        for k in range(len(formula.slots)):
            slots = [*formula.slots[:k], home, *formula.slots[k + 1 :]]
            if agrees(self.case.result(formula._replace(slots=tuple(slots))), expected):
                row, column = place(home[1])
                slots[k] = home[0], f"${column_letters(column)}${row}"
                text = replaced(text, formula.slots, slots)
                return f"={text}" if text else ""
        return ""


def _slid(case: Case, update: Update) -> Term | None:
    """A weight of the table that stands where the learning rate belongs: the gradient is multiplied with it."""
    for term, factor in update.starts.items() if update.gradient in update.gradients else ():
        quantity, step = term[0], update.step + term[1]
        if term == update.own or step < 0 or quantity not in case.table.lines:  # the table has only its new value
            continue
        cells = case.at(quantity, step), case.at(update.gradient[0], update.step - 1)
        rate, slope = (update.numbers.get(at, math.nan) for at in cells)
        if agrees(factor, -slope) and agrees(-update.gradients[update.gradient], rate):
            return term
    return None


class Move(NamedTuple):
    """A step of a weight: what it was before, what it is after, and the derivative of E."""

    update: Update
    before: float
    after: float
    slope: float

    def target(self, rate: float) -> float:
        """The weight that the derivative leads to."""
        return self.before - rate * self.slope

    def follows(self, rate: float) -> bool:
        """Whether the derivative leads there: the step is judged, for the weight would hide a wrong one."""
        target = self.target(rate)
        floor = 1e-9 * abs(rate * self.slope) + 4e-16 * (abs(target) + abs(self.before))
        return abs(self.after - target) <= floor


def _by_derivatives(trial: Trial, every: Sequence[Update]) -> None:
    """Judge updates without a line of gradients: the step itself must be the derivative times one learning rate.

    Most of them must follow the derivative at the rate, or climb at another: else theirs is another rule. One that
    descends at a multiple of the labelled rate is, too, such as the delta rule beside a squared error not halved.
    """
    case = trial.case
    moves: list[Move] = []
    for u in every:
        slope = trial.truths.number(u.quantity, u.step - 1) if u.step >= 1 else None
        if slope is not None:
            moves.append(Move(u, case.value(u.quantity, u.step - 1), case.number(u.place), slope))
    rate, used = _rate_of(case, moves)
    most = [2 * sum(move.follows(r) for move in moves) > len(moves) for r in (rate, used)]
    if not math.isfinite(rate) or not (most[0] or (used < 0 and most[1])):
        return
    lines: dict[str, list[Move]] = {}
    for move in moves:
        lines.setdefault(move.update.quantity, []).append(move)
    for weight, own in lines.items():
        if kind_of(weight) == "b" and case.constant(weight):
            continue  # many do not train their biases
        expected = {move.update.row: move.target(rate) for move in own}
        wrong = [move.update.row for move in own if not move.follows(rate)]
        suspect = Suspect(own[0].update.line, expected, wrong, "the right step")
        trial.vouch(suspect)
        if rate:
            off = {move.update.row: relative((move.before - move.after) / rate, move.slope) for move in own}
            trial.measure(suspect, off)
        trial.findings += diagnosed(trial, "update", suspect)


def _rate_of(case: Case, moves: Sequence[Move]) -> tuple[float, float]:
    """(the learning rate: what most updates amount to, or the only one that is labelled; what they amount to).

    A sheet may compare several rates, each with its own table and cell.
    """
    implied = sorted((move.before - move.after) / move.slope for move in moves if move.slope)
    middle = implied[len(implied) // 2] if implied else math.nan
    labelled = [case.number(at) for at in case.rates]
    meant = [rate for rate in labelled if math.isclose(rate, middle, rel_tol=ROUGHLY)]
    return meant[0] if meant else labelled[0] if len(set(labelled)) == 1 else middle, middle
