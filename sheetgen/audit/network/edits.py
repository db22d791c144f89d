"""The diagnosis: the smallest edit of a formula that makes it right in every step.

Edits are tried from the likeliest slip to the rarest. Each is first tried on a few steps, and what survives on all.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import combinations, islice, product, tee
from typing import NamedTuple

from sheetgen.audit.case import Case, agrees, kind_of
from sheetgen.audit.write import replaced, with_dollars, written
from sheetgen.cells.cell import Cell, Evaluator, constant, forward_order, rebuilt, summed_products
from sheetgen.reader import CellFormula, Place

MOST_SLOTS = 40  # references of a formula in which swaps are looked for
MOST_NODES = 1_000  # of a formula whose structure is changed
MOST_TRIES = 5_000
MOST_PLACES = 5  # occurrences of one reference that may be swapped together
TRIED = 4  # steps on which an edit is tried first
KEPT = 256  # structures of one formula that are ready to be calculated

FAMILIES = (("w", "b"), ("a_h", "h", "a_o", "o", "i"), ("t", "a_o"), ("E",), ("dE/d",), ("eta",))
NO_FACTORS = ("_next", "dE/d", "E", "E_total", "iteration")

Relative = tuple[str, int]  # quantity, step relative to the formula's own


class Suspect(NamedTuple):
    """A line that is wrong at some steps.

    `expected` has its right numbers, and `label` is what they are called: "the derivative". `fallback` gives a right
    formula for a step, where no small edit is found, or ''. `tolerance` is how far rounding may move what is expected.
    """

    quantity: str
    expected: Mapping[int, float]
    steps: Sequence[int]
    label: str
    fallback: Callable[[int], str] = lambda step: ""
    tolerance: Callable[[int], float] = lambda step: 0.0

    @property
    def right(self) -> set[int]:
        """The steps at which it is right."""
        return self.expected.keys() - set(self.steps)


class Swap(NamedTuple):
    """Some references of a formula, all to one cell, that take another cell."""

    slots: tuple[int, ...]
    new: Relative
    whole: bool  # whether all references to the cell are meant


class Edit(NamedTuple):
    """A formula that would be right: its Cells, references that are swapped, and what else was done, in words.

    `factor`: the quantity of the step that is a further factor, which the words name as {}.
    """

    search: Search
    root: Cell
    swaps: tuple[Swap, ...] = ()
    words: str = ""
    factor: str = ""

    @property
    def variables(self) -> tuple[Cell, ...]:
        """The leaves of the Cells."""
        variables = self.search.template.variables
        return (*variables, EXTRA) if self.factor else variables

    def numbers(self, step: int) -> list[float]:
        """The numbers of the variables at a step."""
        case, numbers = self.search.case, self.search.numbers(step)[:]
        for swap in self.swaps:
            number = case.number(case.where(swap.new[0], step + swap.new[1]))
            for k in swap.slots:
                numbers[k] = number
        return [*numbers, case.value(self.factor, step)] if self.factor else numbers

    def slots(self, step: int) -> list[Place]:
        """The cells that the variables stand for at a step."""
        case, slots = self.search.case, list(self.search.formulas[step].slots)
        for swap in self.swaps:
            for k in swap.slots:
                slots[k] = case.where(swap.new[0], step + swap.new[1])
        return [*slots, case.at(self.factor, step)] if self.factor else slots

    def label(self, step: int) -> str:
        """The change in words, with the cells of a step."""
        case, slots = self.search.case, self.search.formulas[step].slots
        swaps = [
            f"{case.called(case.where(s.new[0], step + s.new[1]))} for {case.called(slots[s.slots[0]])}"
            for s in self.swaps
        ]
        if self.factor:
            return self.words.format(case.called(case.at(self.factor, step)))
        return " and ".join([self.words, *swaps] if self.words else swaps)

    def text(self, step: int) -> str:
        """The edited formula at a step, with its '='; where only references change, all else is as it was written."""
        case, formula, slots = self.search.case, self.search.formulas[step], self.slots(step)
        now = case.formula_text(case.at(self.search.suspect.quantity, step))
        if self.root is formula.template.root and (text := replaced(now, formula.slots, slots)):
            return f"={text}"
        places = dict(zip(map(id, self.variables), with_dollars(now, formula.slots, slots), strict=True))
        return written(self.root, places, case.table.sheet)

    def right(self) -> bool:
        """Whether the formula then agrees with what is expected, at every step."""
        suspect, evaluate = self.search.suspect, self.search.evaluator(self.root, self.variables)
        for step in self.search.steps:
            result = evaluate.of(self.numbers(step))[0]
            truth = suspect.expected[step]
            if not agrees(result, truth, 1e-17) and not (
                math.isfinite(result) and agrees(result, truth, suspect.tolerance(step))
            ):
                return False
        return True


EXTRA = Cell("variable", name="extra")
FACTORS = (
    (EXTRA, "the factor {}"),
    (Cell("sub", (constant(1), EXTRA)), "the factor (1 - {})"),
    (Cell("mul", (EXTRA, Cell("sub", (constant(1), EXTRA)))), "the factor {0}*(1 - {0})"),
)


class Search:
    """The search for an edit of the formulas that a suspect has at some steps, all of one pattern."""

    def __init__(self, case: Case, suspect: Suspect, formulas: Mapping[int, CellFormula]) -> None:
        self.case, self.suspect, self.formulas = case, suspect, formulas
        every = list(formulas)
        few = [every[k * (len(every) - 1) // (TRIED - 1)] for k in range(TRIED)] if len(every) > TRIED else every
        self.steps = list(dict.fromkeys([*few, *every]))  # a few spread ones first
        self.template = formulas[every[0]].template
        # The step that speaks for all: not the first, where a row that is held with $ is the step's own.
        self.base = every[min(1, len(every) - 1)]
        self._numbers: dict[int, list[float]] = {}
        self.evaluator = lru_cache(KEPT)(_evaluator)  # for edits of one structure, with other references

    def numbers(self, step: int) -> list[float]:
        """The numbers that the formula's own references have at a step."""
        if step not in self._numbers:
            self._numbers[step] = [self.case.number(at) for at in self.formulas[step].slots]
        return self._numbers[step]

    def edit(self) -> Edit | None:
        """The first edit after which the formula agrees with the truth at every step; None if there is none."""
        size = len(self.template.order)
        for edit in islice(self.candidates(), MOST_TRIES):
            if not self.case.budget.spend(size):
                return None
            if edit.right():
                return edit
        return None

    def candidates(self) -> Iterator[Edit]:
        """Edits, the likeliest first: one reference for a sibling, then structure, then two references at once."""
        root = self.template.root
        if len(self.template.order) > MOST_NODES:
            return
        swaps = list(self._swaps()) if len(self.template.variables) <= MOST_SLOTS else []
        yield from (Edit(self, root, (swap,)) for swap in swaps)
        others, again = tee(restructured(root))
        yield from (Edit(self, other, (), words) for other, words in others)
        yield from self._factors()
        short = [s for s in swaps if s.whole]
        for pair in combinations(short, 2):
            if not set(pair[0].slots) & set(pair[1].slots):
                yield Edit(self, root, pair)
        for swap, (other, words) in product(short, again):
            yield Edit(self, other, (swap,), words)

    def _swaps(self) -> Iterator[Swap]:
        groups: dict[Relative | Place, list[int]] = {}
        for k, at in enumerate(self.formulas[self.base].slots):
            groups.setdefault(self._relative(at), []).append(k)
        for old, slots in groups.items():
            subsets = [tuple(slots)]
            if 1 < len(slots) <= MOST_PLACES:
                subsets += [c for n in range(len(slots) - 1, 0, -1) for c in combinations(slots, n)]
            for new in self._siblings(old):
                yield from (Swap(subset, new, len(subset) == len(slots)) for subset in subsets)

    def _relative(self, at: Place) -> Relative | Place:
        """(quantity, steps from here) of a cell of the table, or of one beside it; or the place itself."""
        if at in self.case.known:
            name, step = self.case.known[at]
            return name, step - self.base
        return next(((name, 0) for name, place in self.case.fixed.items() if place == at), at)

    def _siblings(self, old: Relative | Place) -> Iterator[Relative]:
        """Cells that may have been meant: the same kind of quantity, then kindred ones, then other steps."""
        every = [*self.case.table.lines, *self.case.fixed]
        if isinstance(old[1], str):  # a cell outside the table, or one that slid off it
            yield from ((q, 0) for q in every)
            return
        quantity, by = old
        kind = kind_of(quantity)
        near = [q for q in every if kind_of(q) == kind and q != quantity]
        families = [family for family in FAMILIES if kind in family]
        kindred = [q for q in every if q not in near and any(kind_of(q) in f for f in families)]
        yield from ((q, by) for q in near)
        if by != 0:
            yield quantity, 0
        yield from ((q, by) for q in kindred if q != quantity)
        yield from ((quantity, k) for k in (by - 1, by + 1))

    def _factors(self) -> Iterator[Edit]:
        """A factor that is missing: a quantity of the step, 1 minus it, or both."""
        (root,) = rebuilt([self.template.root], summed_products)
        nodes = [n for n in reversed(forward_order(root)) if n.op in ("mul", "add", "sub", "variable")][:12]
        quantities = [q for q in self.case.table.lines if kind_of(q) not in NO_FACTORS]
        for node in nodes:
            others = [(_with(root, node, Cell("mul", (node, shape))), words) for shape, words in FACTORS]
            for quantity, (other, words) in product(quantities, others):
                yield Edit(self, other, (), words, quantity)


def _evaluator(root: Cell, variables: tuple[Cell, ...]) -> Evaluator:
    return Evaluator([root], variables)


def restructured(root: Cell) -> Iterator[tuple[Cell, str]]:
    """The formula with one operator changed, one factor left out, or brackets set otherwise."""
    # A minus sign too many is taken away, not made up for by another.
    (root,) = rebuilt([root], summed_products)
    nodes = forward_order(root)[::-1]
    for node in sorted(nodes, key=lambda node: node.op != "neg"):
        for other, words in _local(node):
            yield _with(root, node, other), words


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
            yield _product(args[:k] + args[k + 1 :]), "one factor less"
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


def _product(factors: tuple[Cell, ...]) -> Cell:
    return factors[0] if len(factors) == 1 else Cell("mul", factors)


def _brackets(node: Cell) -> Iterator[tuple[Cell, str]]:
    """a*b + c*d*e as (a*b + c*d)*e: factors of the last term that belong to the whole sum, or of the first."""
    words, args = "brackets around the sum", node.args
    last, first = args[-1].args, args[0].args
    for k in range(1, len(last)) if args[-1].op == "mul" else ():
        yield Cell("mul", (Cell(node.op, (*args[:-1], _product(last[:k]))), *last[k:])), words
    for k in range(1, len(first)) if args[0].op == "mul" else ():
        yield Cell("mul", (*first[:k], Cell(node.op, (_product(first[k:]), *args[1:])))), words
