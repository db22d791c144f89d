"""Findings that are missing: errors without a derivative, and updates that nothing vouches for."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Collection, Iterable, Iterator, Mapping

from sheetgen.audit.case import Case, agrees, kind_of
from sheetgen.audit.network.derivatives import Total, Truths
from sheetgen.audit.network.forward import is_222
from sheetgen.audit.network.updates import RULE
from sheetgen.base.finding import Finding
from sheetgen.cells.cell import Cell, forward_order, is_constant
from sheetgen.excel.a1 import place, qualified, range_of
from sheetgen.reader import Place

FARTHEST = 2_000  # cells looked at to tell what a first weight is computed from
LOOKED_AT = 3  # steps whose graph is asked for parameters that no label names


def no_table(case: Case) -> str:
    """Why a table is none any more, once lines that are empty at most steps have gone; or ''."""
    where = qualified(case.table.sheet, case.table.area)
    if "E_total" not in case.table.lines:
        return f"{where} was not judged: most of its steps have no error of their own"
    return "" if case.weights else f"{where} was not judged: most of its steps have no weights of their own"


def no_loss(case: Case, truths: Truths) -> str:
    """Why the error of a table cannot be held against its weights, as a perceptron's cannot; or ''."""
    where = qualified(case.table.sheet, case.table.cells("E_total"))
    totals = [(step, total) for step in case.table.steps if (total := truths.total(step)) is not None]
    if not totals and truths.rounded:
        return f"{where} was not judged: E depends on a rounded number ({truths.rounded}), which has no derivative"
    graphs = {id(total.graph): (step, total) for step, total in totals}.values()
    if graphs and all(_flat(case, truths, step) for step, _ in graphs):
        return f"{where} was not judged: a step function stands between the weights and E, so E has no derivative"
    below = any(case.value("E_total", step) < 0 for step, _ in totals)
    if below and not is_222(case) and all(_difference(case, *both) for both in graphs):
        return f"{where} was not judged: E is a difference, which can be below 0, and no loss to descend"
    return ""


def _flat(case: Case, truths: Truths, step: int) -> bool:
    """Whether E depends on weights, and its derivative is 0 whatever the numbers are."""
    derivatives = [d[1].root for w in case.weights if (d := truths.of(w, step)) is not None]
    return bool(derivatives) and all(is_constant(root, 0) for root in derivatives)


def _difference(case: Case, step: int, total: Total) -> bool:
    """Whether E is a sum in which something stands by itself that the weights do not move, as a target does."""
    position = total.cone.position
    moved = {id(total.graph.cells[position[at]]) for w in case.weights if (at := case.at(w, step)) in position}
    for node in forward_order(total.graph.root):
        if any(id(a) in moved for a in node.args):
            moved.add(id(node))
    return any(t.op != "constant" and id(t) not in moved for t in _terms(total.graph.root))


def _terms(root: Cell) -> Iterator[Cell]:
    """The summands of a sum, however it is bracketed, without the numbers that they are multiplied with."""
    todo = [root]
    while todo:
        c = todo.pop()
        rest = [a for a in c.args if a.op != "constant"]
        if c.op in ("add", "sub", "neg", "identity"):
            todo += c.args
        elif c.op in ("mul", "div") and len(rest) == 1 and (c.op == "mul" or c.args[0] is rest[0]):
            todo += rest
        else:
            yield c


def updates(case: Case, truths: Truths, right: Collection[Place], findings: Iterable[Finding]) -> dict[str, Place]:
    """The first cell of every weight whose updates are neither known to be right nor named by a finding."""
    named = {(f.sheet, at) for f in findings if (area := range_of(f.cells)) for at in area.addresses()}
    settled = {*right, *named}
    first: dict[str, Place] = {}
    for weight in case.weights:
        for before, after in _changes(case, weight):
            new = case.number(after)
            if after not in settled and math.isfinite(new) and not agrees(new, case.number(before)):
                first.setdefault(weight, after)
    for line in case.table.lines:  # a new weight without the old one, and a parameter with a label of its own
        weight = line.removesuffix("_next")
        if (line != weight and weight not in case.table.lines) or _remembers(case, truths, line):
            at = next((at for s in case.table.steps[1:] if (at := case.at(line, s)) and case.formula(line, s)), None)
            if at is not None and at not in settled and not case.constant(line):
                first.setdefault(weight, at)
    return first


def _changes(case: Case, weight: str) -> Iterator[tuple[Place, Place]]:
    """(the cell before, the cell after) of every step of a weight.

    Where the new weight has a line of its own, the next step must be the same number, or it is a change, too.
    """
    after = f"{weight}_next"
    for step in case.table.steps:
        old = case.at(weight, step)
        if after in case.table.lines:
            yield old, case.at(after, step)
            if step:
                yield case.at(after, step - 1), old
        elif step:
            yield case.at(weight, step - 1), old


def _remembers(case: Case, truths: Truths, line: str) -> bool:
    """Whether a line without a meaning is a parameter: E depends on it, and it is computed from its step before."""
    if kind_of(line) in ("w", "b", "i", "t", "eta", "E", "dE/d", "_next") or line in ("E_total", "iteration"):
        return False
    for step in case.table.steps[1 : 1 + LOOKED_AT]:
        formula, total = case.formula(line, step), truths.total(step)
        if formula is not None and case.at(line, step - 1) in formula.slots:
            return total is not None and case.at(line, step) in total.cone.position
    return False


def elsewhere(case: Case) -> Place | None:
    """A formula outside of the table that uses one of its gradients, as the update of a batch does."""
    gradients = {case.at(q, s) for q in case.of_kind("dE/d") for s in case.table.steps}
    for at in case.book.formulas():
        formula = None if at in case.known else case.book.formula(at)
        if formula is not None and not gradients.isdisjoint(formula.slots):
            return at
    return None


def begins(case: Case, known: Mapping[Place, str]) -> Place | None:
    """A first weight that is computed from a gradient of some table: an update that no table has as one of its own."""
    for weight in case.weights:
        start = case.at(weight, 0)
        seen, todo = {start}, deque([start])
        while todo and len(seen) < FARTHEST:
            formula = case.book.formula(todo.popleft())
            for at in formula.slots if formula else ():
                if kind_of(known.get(at, "")) == "dE/d":
                    return start
                if at not in seen and at not in known:
                    seen.add(at)
                    todo.append(at)
    return None


def sentence(case: Case, weights: Mapping[str, Place]) -> str:
    """The sentence about updates that were not judged: the weights, and the first cell as one reads."""
    sheet, first = min(weights.values(), key=lambda at: place(at[1]))
    names = [case.table.labels.get(w, w).strip() or w for w in weights]
    which = ", ".join(names[:4]) + (f" and {len(names) - 4} more" if len(names) > 4 else "")
    return f"updates not judged: those of {which} are not {RULE} (the first is {qualified(sheet, first)})"
