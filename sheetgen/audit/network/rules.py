"""Rules of updating that are no plain gradient descent: told from the updates of a table, and not judged."""

from __future__ import annotations

import math
from collections.abc import Sequence

from sheetgen.audit.case import Case, agrees
from sheetgen.audit.labels import quantity
from sheetgen.audit.network.updates import Update


def another_rule(case: Case, updates: Sequence[Update]) -> Update | None:
    """An update of a table whose rule is no plain gradient descent, but another one; None if it is not such a table.

    Momentum is told by its own gradient, or itself, of several steps, or by a helper that remembers, in most of the
    updates; so is a batch, whose samples have a row each, and copies of the weights in all but the first. So are rules
    that shrink every weight, cut its gradient by that of others, or take no more of it than its sign.
    """
    late = [u for u in updates if u.step > 1 and not u.copies]
    those = [u for u in late if u.remembers or _remembers(u) or _bends(case, u)]
    if those and 2 * len(those) > len(late):
        return those[0]
    return late[0] if late and _scheduled(case, late) else None


def _bends(case: Case, update: Update) -> bool:
    """Whether it starts from its own weight and takes its own gradient, but by no plain learning rate."""
    own, gradient = (update.quantity, -1), (f"dE/d{update.quantity}", -1)
    weights = {t for t, f in update.weights.items() if f != 0}
    if weights != {own} or gradient not in update.gradients or update.step < 1:
        return False
    taken = {t for t, f in update.gradients.items() if f != 0}
    if not taken:  # its sign
        before, after = case.number(case.at(update.quantity, update.step - 1)), case.number(update.place)
        return math.isfinite(after) and not agrees(after, before)
    together = len(taken) > 1 and gradient in taken and {by for _, by in taken} == {-1}
    return together or (taken == {gradient} and not agrees(update.weights[own], 1))


def _scheduled(case: Case, updates: Sequence[Update]) -> bool:
    """Whether the learning rate is another one in most steps, the same for all weights, and from no cell it slid to."""
    rates: dict[int, list[float]] = {}
    for u in updates:
        if not math.isfinite(u.rate) or u.rate == 0:
            return False
        held = [p for p in u.others if agrees(abs(case.number(p)), abs(u.rate))]
        if any(p not in case.known or quantity(case.known[p][0]) is not None for p in held):
            return False
        rates.setdefault(u.step, []).append(u.rate)
    alike = all(len(found) > 1 and agrees(min(found), max(found)) for found in rates.values())
    return alike and "eta" not in case.table.lines and 2 * len({f[0] for f in rates.values()}) > len(rates) > 2


def _remembers(update: Update) -> bool:
    own = {t for t, f in update.gradients.items() if f != 0}
    weights = {t: f for t, f in update.weights.items() if f != 0}
    gradient = f"dE/d{update.quantity}"
    if len(own) > 1 and {q for q, _ in own} == {gradient} and (gradient, -1) in own:
        return True
    return len(weights) > 1 and {q for q, _ in weights} == {update.quantity} and agrees(sum(weights.values()), 1)
