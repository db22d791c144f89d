"""The diagnosis: the smallest edit of a formula that makes it right in every step.

Edits are tried from the likeliest slip to the rarest. Each is first tried on a few steps, and what survives on all.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from itertools import combinations, islice, product
from typing import NamedTuple

from sheetgen.audit.case import Case, agrees, kind_of
from sheetgen.audit.write import held, replaced, written
from sheetgen.cells.cell import Cell, Evaluator, constant, forward_order, rebuilt, summed_products
from sheetgen.reader import Formula, Place

MOST_SLOTS = 40  # references of a formula in which swaps are looked for
MOST_NODES = 1_000  # of a formula whose structure is changed
MOST_TRIES = 5_000
MOST_IN_ALL = 2_000_000  # nodes of all formulas that are tried for one workbook
MOST_PLACES = 5  # occurrences of one reference that may be swapped together
TRIED = 4  # steps on which an edit is tried first

Truth = Mapping[int, float]  # step -> the right number
FAMILIES = (("w", "b"), ("a_h", "h", "a_o", "o", "i"), ("t", "a_o"), ("E",), ("dE/d",), ("eta",))


class Edit(NamedTuple):
    """A formula that would be right: its Cells, where its references are at a step, and what was done, in words."""

    root: Cell
    variables: tuple[Cell, ...]
    slots: Callable[[int], Sequence[Place]]
    said: Callable[[int], str]
    tried: Tried

    def text(self, step: int) -> str:
        """The edited formula at a step, with its '='; where only references change, all else is as it was written."""
        case, formula, slots = self.tried.case, self.tried.formulas[step], self.slots(step)
        entry = case.book.entry(case.at(self.tried.quantity, step))
        now = (entry and entry.formula) or ""
        if self.root is formula.template.root and (text := replaced(now, formula.slots, slots)):
            return f"={text}"
        kept = held(now, formula.slots, slots)
        places = {id(v): at for v, at in zip(self.variables, kept, strict=True)}
        return written(self.root, places, case.table.sheet)


class Tried(NamedTuple):
    """What an edit starts from: the formula at each step that it must be right at."""

    case: Case
    quantity: str
    formulas: Mapping[int, Formula]  # step -> its formula; all of one pattern
    truth: Truth
    floor: Callable[[int], float] = lambda step: 0.0  # how far rounding may move the truth

    @property
    def base(self) -> tuple[int, Formula]:
        """The step that speaks for all: not the first, where a row that is held with $ is the step's own."""
        return list(self.formulas.items())[min(1, len(self.formulas) - 1)]

    @property
    def steps(self) -> list[int]:
        """All steps, a few spread ones first."""
        every = list(self.formulas)
        few = [every[k * (len(every) - 1) // (TRIED - 1)] for k in range(TRIED)] if len(every) > TRIED else every
        return list(dict.fromkeys([*few, *every]))


def find(tried: Tried) -> Edit | None:
    """The first edit after which the formula agrees with the truth at every step; None if there is none."""
    root = next(iter(tried.formulas.values())).template.root
    plain = Evaluator([root])  # for every edit that only swaps references
    left = tried.case.once("edits", None, lambda: [MOST_IN_ALL])
    size = len(forward_order(root))
    for edit in islice(candidates(tried), min(MOST_TRIES, left[0] // size)):
        left[0] -= size
        if _right(tried, edit, plain if edit.root is root else Evaluator([edit.root])):
            return edit
    return None


def _right(tried: Tried, edit: Edit, evaluate: Evaluator) -> bool:
    for step in tried.steps:
        numbers = [tried.case.number(at) for at in edit.slots(step)]
        found = evaluate(dict(zip(edit.variables, numbers, strict=True)))[0]
        truth = tried.truth[step]
        if not agrees(found, truth, 1e-17) and not (math.isfinite(found) and agrees(found, truth, tried.floor(step))):
            return False
    return True


def candidates(tried: Tried) -> Iterator[Edit]:
    """Edits, the likeliest first: one reference for a sibling, then structure, then two references at once."""
    formula = next(iter(tried.formulas.values()))
    root, variables = formula.template.root, formula.template.variables
    if len(forward_order(root)) > MOST_NODES:
        return
    swaps = list(_swaps(tried)) if len(variables) <= MOST_SLOTS else []
    for swap in swaps:
        yield _swapped(tried, root, variables, [swap])
    for other, said in restructured(root):
        yield Edit(other, variables, _slots(tried, []), partial(_same, said), tried)
    yield from _factors(tried, root, variables)
    short = [s for s in swaps if s.whole]
    for one, two in combinations(short, 2):
        if not set(one.slots) & set(two.slots):
            yield _swapped(tried, root, variables, [one, two])
    for swap, (other, said) in product(short, restructured(root)):
        edit = _swapped(tried, other, variables, [swap])
        yield edit._replace(said=partial(_both, said, edit.said))


class Swap(NamedTuple):
    """Some references of a formula, all to one cell, that take another cell."""

    slots: tuple[int, ...]
    new: tuple[str, int]  # quantity, step relative to the formula's own
    whole: bool  # whether all references to the cell are meant


def _relative(case: Case, at: Place, step: int) -> tuple[str, int] | Place:
    """(quantity, steps from here) of a cell of the table, or of one beside it; or the place itself."""
    found = case.known.get(at)
    if found:
        return found[0], found[1] - step
    return next(((name, 0) for name, place in case.fixed.items() if place == at), at)


def _swaps(tried: Tried) -> Iterator[Swap]:
    case, (step, formula) = tried.case, tried.base
    groups: dict[tuple[str, int] | Place, list[int]] = {}
    for k, at in enumerate(formula.slots):
        groups.setdefault(_relative(case, at, step), []).append(k)
    for old, slots in groups.items():
        subsets = [tuple(slots)]
        if 1 < len(slots) <= MOST_PLACES:
            subsets += [c for n in range(len(slots) - 1, 0, -1) for c in combinations(slots, n)]
        for new in _siblings(case, old):
            for subset in subsets:
                yield Swap(subset, new, len(subset) == len(slots))


def _siblings(case: Case, old: tuple[str, int] | Place) -> Iterator[tuple[str, int]]:
    """What a person may have meant: the same kind of quantity, then kindred ones; the same one at another step."""
    if isinstance(old[1], str):  # a cell outside the table, or one that slid off it
        yield from ((q, 0) for q in [*case.table.lines, *case.fixed])
        return
    quantity, by = old
    kind = kind_of(quantity)
    every = [*case.table.lines, *case.fixed]
    near = [q for q in every if kind_of(q) == kind and q != quantity]
    families = [family for family in FAMILIES if kind in family]
    kindred = [q for q in every if q not in near and any(kind_of(q) in f for f in families)]
    yield from ((q, by) for q in near)
    if by != 0:
        yield quantity, 0
    yield from ((q, by) for q in kindred if q != quantity)
    yield from ((quantity, k) for k in (by - 1, by + 1))


def _slots(tried: Tried, swaps: Sequence[Swap]) -> Callable[[int], Sequence[Place]]:
    """Where the references are at a step after some swaps."""

    def at(step: int) -> Sequence[Place]:
        slots = list(tried.formulas[step].slots)
        for swap in swaps:
            for k in swap.slots:
                slots[k] = tried.case.where(swap.new[0], step + swap.new[1])
        return slots

    return at


def _swapped(tried: Tried, root: Cell, variables: tuple[Cell, ...], swaps: Sequence[Swap]) -> Edit:
    def said(step: int) -> str:
        case, slots = tried.case, tried.formulas[step].slots
        names = [(case.where(s.new[0], step + s.new[1]), slots[s.slots[0]]) for s in swaps]
        return " and ".join(f"{case.called(new)} for {case.called(old)}" for new, old in names)

    return Edit(root, variables, _slots(tried, swaps), said, tried)


def _same(said: str, step: int) -> str:
    """What is said of an edit that names no cell of a step."""
    return said


def _both(one: str, other: Callable[[int], str], step: int) -> str:
    return f"{one} and {other(step)}"


def restructured(root: Cell) -> Iterator[tuple[Cell, str]]:
    """The formula with one operator changed, one factor left out, or brackets set otherwise."""
    # A minus sign too many is taken away, not made up for by another.
    (root,) = rebuilt([root], summed_products)
    nodes = forward_order(root)[::-1]
    for node in sorted(nodes, key=lambda node: node.op != "neg"):
        for other, said in _local(node):
            yield _with(root, node, other), said


def _with(root: Cell, old: Cell, new: Cell) -> Cell:
    """The Cells of root with one node replaced."""
    return rebuilt([root], lambda node: new if node is old else node)[0]


def _local(node: Cell) -> Iterator[tuple[Cell, str]]:
    args = node.args
    if node.op in ("add", "mul", "sub", "div", "pow") and len(args) == 2:
        words = {"add": "+", "sub": "-", "mul": "*", "div": "/"}
        for op, sign in words.items():
            if op != node.op:
                yield Cell(op, args), f"{sign} for {words.get(node.op, '^')}"
        if node.op in ("sub", "div"):
            yield Cell(node.op, args[::-1]), "the two sides exchanged"
    if node.op in ("add", "sub"):
        yield from _brackets(node)
    if node.op == "mul":
        for k in range(len(args)):
            rest = args[:k] + args[k + 1 :]
            yield rest[0] if len(rest) == 1 else Cell("mul", rest), "one factor less"
            yield Cell("mul", (*args[:k], Cell("sub", (constant(1), args[k])), *args[k + 1 :])), "1 - it for a factor"
    if node.op == "neg":
        yield args[0], "no minus sign"
    elif node.op in ("exp", "variable", "sub", "add", "mul", "div"):
        yield Cell("neg", (node,)), "a minus sign"
    if node.op == "exp":
        yield Cell("exp", (Cell("neg", args),)), "EXP of minus that"
    if node.op == "sub" and args[0].op == "constant" and args[0].value == 1:
        yield args[1], "no 1 -"
    if node.op == "constant" and node.value not in (0, 1):
        yield from ((constant(v), f"{v:g} for {node.value:g}") for v in (0.5, 1, 2) if v != node.value)
    for factor in (0.5, 2):
        if node.op in ("add", "sub", "mul", "pow", "div"):
            yield Cell("mul", (constant(factor), node)), f"the factor {factor:g}"
    if node.op in ("variable", "sub"):
        yield Cell("pow", (node, constant(2))), "its square"
    if node.op == "pow":
        yield args[0], "no power"


def _brackets(node: Cell) -> Iterator[tuple[Cell, str]]:
    """a*b + c*d*e as (a*b + c*d)*e: factors of the last term that belong to the whole sum, or of the first."""
    said = "brackets around the sum"
    last, first = node.args[-1], node.args[0]
    if last.op == "mul":
        for k in range(1, len(last.args)):
            kept = last.args[0] if k == 1 else Cell("mul", last.args[:k])
            yield Cell("mul", (Cell(node.op, (*node.args[:-1], kept)), *last.args[k:])), said
    if first.op == "mul":
        for k in range(1, len(first.args)):
            kept = first.args[-1] if k == len(first.args) - 1 else Cell("mul", first.args[k:])
            yield Cell("mul", (*first.args[:k], Cell(node.op, (kept, *node.args[1:])))), said


def _factors(tried: Tried, root: Cell, variables: tuple[Cell, ...]) -> Iterator[Edit]:
    """A factor that is missing: a quantity of the step, 1 minus it, or both."""
    case = tried.case
    extra = Cell("variable", name="extra")
    shapes = [
        (extra, "{}"),
        (Cell("sub", (constant(1), extra)), "(1 - {})"),
        (Cell("mul", (extra, Cell("sub", (constant(1), extra)))), "{0}*(1 - {0})"),
    ]
    nodes = [n for n in reversed(forward_order(root)) if n.op in ("mul", "add", "sub", "variable")][:12]
    for node, quantity, (shape, said) in product(nodes, case.table.lines, shapes):
        if kind_of(quantity) in ("_next", "dE/d", "E", "E_total", "iteration"):
            continue
        plain = _slots(tried, [])

        def slots(step: int, q: str = quantity, plain: Callable[[int], Sequence[Place]] = plain) -> Sequence[Place]:
            return [*plain(step), case.at(q, step)]

        def words(step: int, q: str = quantity, said: str = said) -> str:
            return "the factor " + said.format(case.called(case.at(q, step)))

        yield Edit(_with(root, node, Cell("mul", (node, shape))), (*variables, extra), slots, words, tried)
