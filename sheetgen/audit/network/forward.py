"""The forward pass: against the equations of the 2-2-2 sigmoid network, where the labels say so, and step by step."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from functools import cache

from sheetgen.audit.case import Case, agrees, kind_of
from sheetgen.audit.graph import EPSILON, ROUNDINGS, CellGraph
from sheetgen.audit.network.diagnose import always, diagnosed
from sheetgen.audit.network.edits import Suspect
from sheetgen.audit.network.trial import Trial
from sheetgen.audit.textbook import network_222
from sheetgen.audit.verdict import finding
from sheetgen.audit.write import replaced
from sheetgen.base.finding import Finding
from sheetgen.cells.cell import Cell, forward_order
from sheetgen.cells.text import TEXTBOOK, show
from sheetgen.reader import Place

FORWARD = ("h", "a_h", "o", "a_o", "E", "E_total")
LAYERS = ("h1", "h2", "a_h1", "a_h2"), ("o1", "o2", "a_o1", "a_o2", "E1", "E2", "E_total")


def judge_forward(trial: Trial) -> None:
    """Add the findings about the forward pass, and the cells that agree with the equations of the 2-2-2 network."""
    for suspect in compare(trial.case):
        trial.vouch(suspect)
        trial.differs |= bool(suspect.steps)
        trial.findings += diagnosed(trial, "forward", suspect)
    named = {(f.sheet, f.cells) for f in trial.findings}
    trial.findings += [f for f in _strays(trial) if (f.sheet, f.cells) not in named]
    trial.differs |= bool(trial.findings)


def is_222(case: Case) -> bool:
    """Whether the labels are those of the 2-2-2 network."""
    lines = set(case.table.lines)
    more = lines & {"w9", "i3", "h3", "o3", "a_h3", "a_o3", "t3", "E3"}
    return {f"w{k}" for k in range(1, 9)} <= lines and len(lines & {"a_h1", "a_h2", "a_o1", "a_o2"}) == 4 and not more


def compare(case: Case) -> Iterator[Suspect]:
    """Every line of the forward pass of a 2-2-2 network whose inputs stand in the table, or labelled on its sheet."""
    for layer in LAYERS if is_222(case) else ():
        suspects = list(_compared(case, layer, False))
        if any(s.steps for s in suspects):  # perhaps the weights are but numbered another way
            again = list(_compared(case, layer, True))
            suspects = min(suspects, again, key=lambda ways: sum(len(s.steps) for s in ways))
        yield from suspects


def _compared(case: Case, layer: tuple[str, ...], by_source: bool) -> Iterator[Suspect]:
    equations = network_222(by_source=by_source, apart=True)
    for quantity in layer:
        leaves = [c for c in forward_order(equations[quantity]) if c.name]
        names, graph = [c.name or "" for c in leaves], CellGraph(equations[quantity], leaves)
        if quantity not in case.table.lines or not all(map(case.has, names)):
            continue
        expected, wrong = {}, []
        for step in case.table.steps:
            number, inputs = case.value(quantity, step), [case.number(case.where(name, step)) for name in names]
            wanted = graph.value(inputs)
            if not math.isfinite(wanted) or math.isnan(number):  # an error is named where it starts
                continue
            bias = _bias(case, quantity, step, number - wanted)
            expected[step] = wanted + bias
            if not agrees(number, expected[step]):
                floor = graph.rounding(inputs) + ROUNDINGS * EPSILON * abs(bias)
                wrong += [] if agrees(number, expected[step], floor) else [step]
        words = show(graph.root, lambda c: c.name, TEXTBOOK).replace("0.5*", "1/2*")
        yield Suspect(quantity, expected, wrong, f"{quantity} = {words}", always(f"{quantity} = {words}"))


def _bias(case: Case, quantity: str, step: int, missing: float) -> float:
    """A bias that the sum of a unit has: a cell of the formula, labelled b in the table or outside of it."""
    formula = case.formula(quantity, step)
    if quantity not in ("h1", "h2", "o1", "o2") or formula is None or missing == 0:
        return 0.0
    possible = (at for at in formula.slots if at not in case.known or case.name(at).startswith("b"))
    return next((number for at in possible if agrees(missing, number := case.number(at))), 0.0)


@cache
def _backward() -> tuple[dict[str, Cell], list[str], CellGraph]:
    """The network, and its error as a function of the numbers in a row that its gradients are made of."""
    cells = network_222()
    names = ["t1", "t2", "i1", "i2", "a_h1", "a_h2", "a_o1", "a_o2", "w5", "w6", "w7", "w8"]
    return cells, names, CellGraph(cells["E_total"], [cells[name] for name in names])


def gradient(case: Case, weight: str, step: int) -> float | None:
    """dE/dw by the textbook, from the numbers that stand in the step's own cells; None if one is missing."""
    cells, names, graph = _backward()
    if weight not in cells or not weight.startswith("w") or not all(map(case.has, names)):
        return None
    return graph.derivatives(((cells[weight],),), [case.number(case.where(name, step)) for name in names])[0]


def _strays(trial: Trial) -> Iterator[Finding]:
    """Formulas of the forward pass that take a result, or a weight, from another step: a row that was held with $."""
    case = trial.case
    kinds = {*FORWARD, "w", "b"}
    moving = {q for q in case.table.lines if kind_of(q) in kinds and not (kind_of(q) == "b" and case.constant(q))}
    for name in case.of_kind(*FORWARD):
        steps = [s for s in case.table.steps[1:] if _other_steps(case, name, s, moving)]
        for group in trial.column(name).groups(steps):
            yield _stray(case, name, group, _other_steps(case, name, group[0], moving))


def _other_steps(case: Case, name: str, step: int, moving: set[str]) -> list[Place]:
    """The cells that a formula takes from other steps though they change from step to step."""
    formula = case.formula(name, step)
    named = ((at, *case.known.get(at, ("", step))) for at in (formula.slots if formula else ()))
    return [at for at, quantity, when in named if when != step and quantity in moving]


def _stray(case: Case, name: str, steps: Sequence[int], far: list[Place]) -> Finding:
    first, at = steps[0], case.at(name, steps[0])
    slots = formula.slots if (formula := case.formula(name, first)) else ()
    own = [case.at(case.name(slot), first) if slot in far else slot for slot in slots]
    text = replaced(case.formula_text(at), slots, own)
    return finding(
        "forward", case.cells(name, first, steps[-1]),
        f"{case.text(at)}: it takes {' and '.join(case.called(slot) for slot in dict.fromkeys(far))}",
        f"={text}" if text else "the cells of its own step", "each step must be computed from its own numbers",
    )  # fmt: skip
