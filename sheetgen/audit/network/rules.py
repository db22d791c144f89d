"""Rules of updating that are no plain gradient descent: told from the updates of a table, and not judged."""

from __future__ import annotations

import math
from collections.abc import Sequence

from sheetgen.audit.case import Case, agrees
from sheetgen.audit.labels import quantity
from sheetgen.audit.network.terms import Update


def another_rule(case: Case, updates: Sequence[Update]) -> Update | None:
    """An update of a table whose rule is no plain gradient descent, but another one; None if it is not such a table.

    Momentum is told by its own gradient, or itself, of several steps, or by a helper that remembers, in most of the
    updates; so is a batch, whose samples have a row each, and copies of the weights in all but the first. So are rules
    that shrink every weight, cut its gradient by that of others, or take no more of it than its sign.
    """
    late = [u for u in updates if u.step > 1 and not u.copies]
    others = [u for u in late if u.remembers or _remembers(u) or _bends(case, u)]
    if others and 2 * len(others) > len(late):
        return others[0]
    return late[0] if late and _scheduled(case, late) else None


def _bends(case: Case, update: Update) -> bool:
    """Whether it starts from its own weight and takes its own gradient, but by no plain learning rate."""
    if update.starts.keys() != {update.own} or update.gradient not in update.gradients or update.step < 1:
        return False
    if not update.slopes:  # its sign
        before, after = case.value(update.quantity, update.step - 1), case.number(update.place)
        return math.isfinite(after) and not agrees(after, before)
    alone = update.slopes.keys() == {update.gradient}
    together = update.gradient in update.slopes and {by for _, by in update.slopes} == {-1}
    return not agrees(update.starts[update.own], 1) if alone else together


def _scheduled(case: Case, updates: Sequence[Update]) -> bool:
    """Whether the learning rate is another one in most steps, the same for all weights, and from no cell it slid to."""
    rates: dict[int, list[float]] = {}
    for u in updates:
        if not math.isfinite(u.rate) or u.rate == 0:
            return False
        homes = [p for p in u.others if agrees(abs(case.number(p)), abs(u.rate))]
        if any(p not in case.known or quantity(case.name(p)) is not None for p in homes):
            return False
        rates.setdefault(u.step, []).append(u.rate)
    alike = all(len(used) > 1 and agrees(min(used), max(used)) for used in rates.values())
    return alike and "eta" not in case.table.lines and 2 * len({used[0] for used in rates.values()}) > len(rates) > 2


def _remembers(update: Update) -> bool:
    """Whether it uses its own gradient, or itself, of several steps."""
    slopes, starts = update.slopes, update.starts
    if len(slopes) > 1 and {q for q, _ in slopes} == {update.gradient[0]} and update.gradient in slopes:
        return True
    return len(starts) > 1 and {q for q, _ in starts} == {update.quantity} and agrees(sum(starts.values()), 1)
