"""Every update: the new weight must be the old one minus the learning rate times its own gradient.

The formula is taken apart by its derivatives: with respect to each weight and gradient that it uses, and so it does
not matter how it is written, w - eta*g or w + (-g)*eta.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Container, Iterable, Iterator, Sequence
from itertools import islice
from typing import NamedTuple

from sheetgen.audit.case import RELATIVE, Case, agrees, leaves_of
from sheetgen.audit.labels import quantity
from sheetgen.cells.cell import Cell, Evaluator, NotDifferentiable, backward
from sheetgen.reader import Circular, Place, cone
from sheetgen.reader.cone import ordered

MOST_LEAVES = 200  # an update that depends on more is no plain gradient descent

Term = tuple[str, int]  # quantity, step relative to the update's own


class Update(NamedTuple):
    """How one new weight is made.

    `weights`, `gradients`: what the result is multiplied with, for each weight and gradient that is used; `others`:
    how it depends on each further cell; `rate` is minus the factor of the gradient. `remembers`: it uses a helper of
    an earlier step, such as a velocity.
    """

    quantity: str
    step: int  # of the new weight
    place: Place
    weights: dict[Term, float]
    gradients: dict[Term, float]
    others: dict[Place, float]
    remembers: bool
    numbers: dict[Place, float]  # of all these cells; of one with an error, a number that stands in for it

    @property
    def copies(self) -> bool:
        """Whether it is a weight of another step as it is."""
        return list(self.weights.values()) == [1.0] and not self.gradients and not self.others

    @property
    def rate(self) -> float:
        """The learning rate that this update uses; NaN if it uses no gradient, or several."""
        found = [f for f in self.gradients.values() if f != 0] or list(self.gradients.values())
        return -found[0] if len(found) == 1 else math.nan


class _Graph:
    """What updates of one shape share: the derivatives of a result with respect to its leaves."""

    def __init__(self, root: Cell, leaves: Sequence[Cell]) -> None:
        self.leaves = leaves
        gradient = backward(root)
        self.evaluate = Evaluator([gradient[leaf] for leaf in leaves])

    def __call__(self, numbers: Sequence[float]) -> list[float]:
        return self.evaluate(dict(zip(self.leaves, numbers, strict=True)))


class Updates:
    """The updates of a table, read one by one."""

    def __init__(self, case: Case) -> None:
        self.case = case
        gradients = [q for q in case.those("dE/d") if q.removeprefix("dE/d") in case.weights]
        state = [*case.weights, *(q for q in case.table.lines if q.endswith("_next")), *gradients]
        self._state = frozenset(state)
        self._helpers = frozenset(q for q in case.table.lines if quantity(q) is None)

    def targets(self) -> Iterator[tuple[str, int, Place]]:
        """(weight, the step that it is new at, its place) for every formula that updates one.

        A table may have the new weights in lines of their own, and then the next step only copies them.
        """
        return (target for weight in self.case.weights for target in self.of(weight))

    def of(self, weight: str) -> Iterator[tuple[str, int, Place]]:
        """The targets that update one weight."""
        case, after = self.case, f"{weight}_next"
        if after in case.table.lines:
            return ((weight, s + 1, case.at(after, s)) for s in case.table.steps if case.formula(after, s))
        return ((weight, s, case.at(weight, s)) for s in case.table.steps if s > 0 and case.formula(weight, s))

    def read(self, weight: str, step: int, at: Place) -> Update | None:
        """Take the formula apart; None if it is no update of its own: a copy, or too much for one."""
        try:
            read = self._alone(at) or self._deep(at, step)
        except (Circular, NotDifferentiable):
            return None
        if read is None:
            return None
        graph, places = read
        known = self.case.known
        numbers = [_sound(self.case.number(p), k) for k, p in enumerate(places)]
        factors = graph(numbers)
        earlier = ((known.get(p), f) for p, f in zip(places, factors, strict=True))
        remembers = any(f != 0 and q is not None and q[0] in self._helpers and q[1] < step - 1 for q, f in earlier)
        update = Update(weight, step, at, {}, {}, {}, remembers, dict(zip(places, numbers, strict=True)))
        for place, factor in zip(places, factors, strict=True):
            found = known.get(place)
            if found is None or found[0] not in self._state:
                update.others[place] = update.others.get(place, 0.0) + factor
            else:
                term = (found[0].removesuffix("_next"), found[1] - step + found[0].endswith("_next"))
                kind = update.gradients if found[0].startswith("dE/d") else update.weights
                kind[term] = kind.get(term, 0.0) + factor
        return update

    def _alone(self, at: Place) -> tuple[_Graph, Sequence[Place]] | None:
        """The graph and the leaves of a formula that refers to cells of the table and to numbers alone, as most do."""
        book, known = self.case.book, self.case.known
        formula = book.formula(at)
        if formula is None:
            return None
        if any(s in known and known[s][0] in self._helpers and book.formula(s) for s in formula.slots):
            return None
        if not all(s in known or (book.formula(s) is None and s not in book.problems) for s in formula.slots):
            return None
        template = formula.template
        graph = self.case.once("one", id(template), lambda: _Graph(template.root, template.variables))
        return graph, formula.slots

    def _deep(self, at: Place, step: int) -> tuple[_Graph, Sequence[Place]] | None:
        """The same for any formula; None if it depends on too much, or on what is not understood."""
        cut = _Without(self.case, at, self._helpers, step - 1)
        if len(list(islice(ordered(self.case.book, at, cut, set()), MOST_LEAVES))) == MOST_LEAVES:
            return None
        found = cone(self.case.book, [at], cut)
        if any(p in self.case.book.problems for p in found.places):
            return None
        root = found.targets[0]
        graph = self.case.once("update", found.shape, lambda: _Graph(found.cells[root], leaves_of(found)))
        return graph, [found.places[k] for k in found.leaves]


def _sound(number: float, k: int) -> float:
    """The number, or one of its own for an error: what a formula is made of can be told all the same."""
    return number if math.isfinite(number) else 0.5 + k / 64


class _Without:
    """Where the graph of an update ends: at every cell of the table but the new weight itself, and late helpers.

    A helper, such as the change of a weight, is looked through from some step on; before it, it is a memory.
    """

    def __init__(self, case: Case, target: Place, helpers: Container[str], since: int) -> None:
        self.known, self.target = case.known, target
        self.helpers, self.since = helpers, since

    def __contains__(self, at: object) -> bool:
        found = self.known.get(at)  # type: ignore[call-overload]
        if found is None or at == self.target:
            return False
        return found[0] not in self.helpers or found[1] < self.since


class Fault(NamedTuple):
    """What is wrong with an update, in words that are the same for every step that has it."""

    kind: str  # update or rate
    found: str
    expected: str
    why: str


def usual_rate(case: Case, used: Iterable[float]) -> float:
    """The table's learning rate: of the labelled ones that which most updates use; else what most of them use."""
    rates = Counter(r for r in used if math.isfinite(r) and r > 0)
    labelled = [case.number(at) for at in case.rates]
    uses = [sum(n for found, n in rates.items() if agrees(rate, found)) for rate in labelled]
    if any(uses):
        return labelled[uses.index(max(uses))]
    return rates.most_common(1)[0][0] if rates else (labelled[0] if labelled else math.nan)


def rate_cells(case: Case, updates: Iterable[Update], rate: float) -> Counter[Place]:
    """The cells that hold the learning rate, by how many updates use them."""
    places = (p for u in updates for p, _ in u.others.items() if agrees(case.number(p), rate))
    return Counter(places)


def fault(case: Case, update: Update, rate: float, sign: float, home: Place | None, gradient: str) -> Fault | None:
    """What is wrong with an update; None if it is right. `sign` is -1 where the gradients are minus the derivative."""
    own, step = (update.quantity, -1), update.step
    slid = _slid(case, update)
    weights = {t: f for t, f in update.weights.items() if f != 0 and t != slid}
    if own not in weights or len(weights) > 1 or not agrees(weights[own], 1):
        there = " and ".join(_named(case, t, step) for t in weights) or "no weight"
        wanted = _named(case, own, step)
        if own in weights and len(weights) == 1:
            return Fault("update", f"the old weight counts {weights[own]:.6g} times", f"{wanted} once", WHY)
        return Fault("update", f"it starts from {there}", f"it starts from {wanted}", WHY)
    wanted = _named(case, (gradient, -1), step)
    gradients = {t: f for t, f in update.gradients.items() if f != 0}
    if not gradients and update.gradients:
        return Fault(
            "rate", "the learning rate is 0 there, so that the weight does not change", f"{rate:.6g}", WHY_RATE
        )
    if list(gradients) != [(gradient, -1)]:
        there = " and ".join(_named(case, t, step) for t in gradients) or "no gradient"
        return Fault("update", f"it uses {there}", f"it uses {wanted}", WHY)
    used = sign * update.rate
    if slid is not None:
        said = f"its learning rate is taken from {_named(case, slid, step)}"
        return Fault("rate", said, _held_in(rate, home), SLIDES)
    if agrees(used, rate):
        return None if _adds_up(case, update, gradient) else Fault("update", "more is added than its step", wanted, WHY)
    if agrees(-used, rate):
        return Fault("update", "the gradient is added", "the gradient is subtracted", "the error grows, not falls")
    return _wrong_rate(case, update, used, rate, home)


def _adds_up(case: Case, update: Update, gradient: str) -> bool:
    """Whether the new weight is the old one less the rate times the gradient, and nothing is added to that."""
    before, slope = (case.number(case.at(q, update.step - 1)) for q in (update.quantity, gradient))
    after, step = case.number(update.place), update.rate * slope
    if not math.isfinite(after) or not math.isfinite(before + step):
        return True  # an error, which is named where it starts
    return abs(before - step - after) <= RELATIVE * abs(step) + 4e-16 * (abs(before) + abs(after))


WHY = "the weight does not follow its own gradient, so the training is another one"
SLIDES = "the reference to the learning rate slides down the sheet: hold it with $"
WHY_RATE = "every update must use one learning rate"


def _slid(case: Case, update: Update) -> Term | None:
    """A weight of the table that stands where the learning rate belongs: the gradient is multiplied with it."""
    gradient = f"dE/d{update.quantity}", -1
    for term, factor in update.weights.items():
        (q, by), step = term, update.step
        if term == (update.quantity, -1) or factor == 0 or step + by < 0 or gradient not in update.gradients:
            continue
        if q not in case.table.lines:  # the table has only its new value
            continue
        rate, g = (update.numbers.get(at, math.nan) for at in (case.at(q, step + by), case.at(gradient[0], step - 1)))
        if agrees(factor, -g) and agrees(-update.gradients[gradient], rate):
            return term
    return None


def _wrong_rate(case: Case, update: Update, used: float, rate: float, home: Place | None) -> Fault:
    expected = _held_in(rate, home)
    if (text := next((p for p in update.others if math.isnan(case.number(p))), None)) is not None:
        return Fault("rate", f"its learning rate is taken from {text[1]}, where there is no number", expected, SLIDES)
    held = [p for p in update.others if agrees(abs(case.number(p)), abs(used)) and p != home]
    if held:
        at = held[0]
        slid = home is not None and at[0] == home[0] and at[1].strip("0123456789") == home[1].strip("0123456789")
        known = case.known.get(at)
        what = "another number" if known is None else f"{known[0]} of another purpose"
        said = f"its learning rate is taken from a cell that holds {what}"
        why = SLIDES if slid else WHY_RATE
        return Fault("rate", said, expected, why)
    return Fault("rate", f"its learning rate is {used:.6g}", expected, WHY_RATE)


def _held_in(rate: float, home: Place | None) -> str:
    return f"{rate:.6g}" + (f" ({home[1]})" if home else "")


def _named(case: Case, term: Term, step: int) -> str:
    quantity, by = term
    words = {-1: "the step before", 0: "its own step"}
    when = words.get(by, f"{-by} steps before" if by < 0 else "a later step")
    return f"{quantity} of {when}"
