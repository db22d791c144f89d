"""All the calculus: a graph of Cells, and reverse mode whose gradients are Cells again.

The value and the adjoint of an operator are its row in `sheetgen.cells.ops`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from operator import itemgetter

from sheetgen.cells.ops import OPS as OPS
from sheetgen.cells.ops import NotDifferentiable as NotDifferentiable


class Cell:
    """One number of a computation: a constant, a named variable, or an operator applied to other Cells.

    Like micrograd's `Value`, but symbolic: it holds no data, so one graph serves every row of a sheet.
    """

    __slots__ = ("args", "name", "op", "value")

    def __init__(self, op: str, args: tuple[Cell, ...] = (), name: str | None = None, value: float = math.nan):
        self.op, self.args, self.name, self.value = op, args, name, value

    def named(self, name: str) -> Cell:
        """Give the Cell the name that people call it by, and return it."""
        self.name = name
        return self

    def apply(self, op: str, *others: Cell | float) -> Cell:
        """The result of an operator on this Cell and others."""
        return Cell(op, (self, *map(cell, others)))

    def times(self, *factors: Cell | float) -> Cell:
        """The product with others, as one operator."""
        return mul(self, *factors)

    def __add__(self, other: Cell | float) -> Cell:
        return add(self, other)

    def __radd__(self, other: float) -> Cell:
        return add(other, self)

    def __sub__(self, other: Cell | float) -> Cell:
        return sub(self, other)

    def __rsub__(self, other: float) -> Cell:
        return sub(other, self)

    def __mul__(self, other: Cell | float) -> Cell:
        return mul(self, other)

    def __rmul__(self, other: float) -> Cell:
        return mul(other, self)

    def __truediv__(self, other: Cell | float) -> Cell:
        return self.apply("div", other)

    def __neg__(self) -> Cell:
        return self.apply("neg")

    def __repr__(self) -> str:
        return f"Cell({self.name or self.op})"


def constant(value: float) -> Cell:
    """A number that never changes, such as the 1 in 1 - a."""
    return Cell("constant", value=float(value))


def variable(name: str) -> Cell:
    """A leaf whose number comes from elsewhere: an input, a weight, the learning rate."""
    return Cell("variable", name=name)


def cell(x: Cell | float) -> Cell:
    """`x` itself if it is a Cell, else the constant."""
    return x if isinstance(x, Cell) else constant(x)


def is_constant(x: Cell, value: float) -> bool:
    """Whether `x` is the constant `value`."""
    return x.op == "constant" and x.value == value


def add(*terms: Cell | float) -> Cell:
    """A sum; zeros drop out."""
    kept = [t for t in map(cell, terms) if not is_constant(t, 0)]
    return kept[0] if len(kept) == 1 else Cell("add", tuple(kept)) if kept else constant(0)


def sub(a: Cell | float, b: Cell | float) -> Cell:
    """A difference; subtracting zero drops out."""
    a, b = cell(a), cell(b)
    return a if is_constant(b, 0) else Cell("sub", (a, b))


def mul(*factors: Cell | float) -> Cell:
    """A product; ones drop out, a zero wins."""
    kept = [f for f in map(cell, factors) if not is_constant(f, 1)]
    if any(is_constant(f, 0) for f in kept):
        return constant(0)
    return kept[0] if len(kept) == 1 else Cell("mul", tuple(kept)) if kept else constant(1)


def dot(left: Iterable[Cell | float], right: Iterable[Cell | float]) -> Cell:
    """The sum of the products of two rows of equal length; pairs with a zero drop out."""
    pairs = [(cell(p), cell(q)) for p, q in zip(left, right, strict=True)]
    kept = [pair for pair in pairs if not any(is_constant(c, 0) for c in pair)]
    return Cell("dot", tuple(c for side in zip(*kept, strict=True) for c in side)) if kept else constant(0)


def sigmoid(h: Cell) -> Cell:
    """The logistic function, 1 / (1 + exp(-h))."""
    return h.apply("sigmoid")


def identity(h: Cell) -> Cell:
    """`h` as a Cell of its own, so that an output layer can be linear and still have a column."""
    return h.apply("identity")


def half_squared_error(t: Cell, a: Cell) -> Cell:
    """(t - a)^2 / 2, the error of one output."""
    return t.apply("half_squared_error", a)


def forward_order(*roots: Cell) -> list[Cell]:
    """Every Cell that the roots depend on, arguments before results; no recursion, so depth has no limit."""
    order: list[Cell] = []
    done: set[int] = set()
    opened: set[int] = set()
    stack = [*reversed(roots)]
    while stack:
        node = stack[-1]
        if id(node) in done or id(node) in opened or not node.args:
            stack.pop()
            if id(node) not in done:
                done.add(id(node))
                order.append(node)
        else:
            opened.add(id(node))
            stack += reversed(node.args)
    return order


def rebuilt(roots: Iterable[Cell], change: Callable[[Cell], Cell]) -> list[Cell]:
    """The roots of the same graph in which every Cell, once its arguments are changed, went through `change`.

    What nothing changes stays the Cell that it was.
    """
    roots = tuple(roots)
    new: dict[int, Cell] = {}
    for node in forward_order(*roots):
        args = tuple(new[id(a)] for a in node.args)
        same = all(a is b for a, b in zip(args, node.args, strict=True))
        new[id(node)] = change(node if same else Cell(node.op, args, node.name, node.value))
    return [new[id(root)] for root in roots]


def summed_products(node: Cell) -> Cell:
    """A `dot` as a sum of products, whose parts can be changed one by one; any other Cell as it is."""
    half = len(node.args) // 2
    products = [Cell("mul", pair) for pair in zip(node.args[:half], node.args[half:], strict=False)]
    return node if node.op != "dot" else products[0] if half == 1 else Cell("add", tuple(products))


def read_once(c: Cell) -> Cell:
    """An activation written so that it reads its argument, which is long, once; of a text that is none, MAX makes 0."""
    if c.op == "sigmoid":
        return constant(1) / (1 + (-c.args[0].apply("max", -700)).apply("exp"))
    return c.args[0].apply("max", 0) if c.op == "relu" else c


class Gradients:
    """The derivatives of one Cell with respect to every Cell before it: `gradients[w]` is again a Cell."""

    def __init__(self, adjoints: Mapping[int, Cell]):
        self._adjoints = adjoints

    def __getitem__(self, x: Cell) -> Cell:
        return self._adjoints.get(id(x), constant(0))


def backward(root: Cell) -> Gradients:
    """Differentiate `root` in reverse mode; the gradients are Cells that share the forward graph.

    Contributions to an adjoint are added in forward order, as a person writes them, not in the order in which
    reverse mode finds them. Raises NotDifferentiable.
    """
    order = forward_order(root)
    position = {id(node): k for k, node in enumerate(order)}
    contributions: dict[int, list[tuple[int, Cell]]] = {id(root): [(0, constant(1))]}
    adjoints: dict[int, Cell] = {}
    for node in reversed(order):
        terms = sorted(contributions.get(id(node), []), key=lambda pair: pair[0])
        g = adjoints[id(node)] = add(*(c for _, c in terms))
        if node.args and not is_constant(g, 0):
            for arg, c in zip(node.args, OPS[node.op].adjoint(node, g, *node.args), strict=True):
                contributions.setdefault(id(arg), []).append((position[id(node)], cell(c)))
    return Gradients(adjoints)


class Evaluator:
    """Numbers for a set of Cells: built once, called once per row.

    `inputs` are variables whose numbers may be given in order, to `of`. A number that is not finite, or that depends
    on one, is NaN: a spreadsheet has an error there.
    """

    def __init__(self, cells: Iterable[Cell], inputs: Iterable[Cell] = ()):
        self.cells = tuple(cells)
        slot = {id(node): k for k, node in enumerate(inputs)}
        self._inputs = len(slot)
        rest = [node for node in forward_order(*self.cells) if id(node) not in slot]
        slot |= {id(node): k for k, node in enumerate(rest, len(slot))}
        self._start = [node.value for node in rest]
        self._leaves = [(node, slot[id(node)]) for node in rest if node.op == "variable"]
        self._work = [
            (slot[id(n)], OPS[n.op].value, _getter([slot[id(a)] for a in n.args]))
            for n in rest
            if n.op not in ("constant", "variable")
        ]
        self._results = [slot[id(c)] for c in self.cells]

    def __call__(self, values: Mapping[Cell, float]) -> list[float]:
        """The values of the Cells, given those of the variables. Raises KeyError for a variable left out."""
        v = self._start[:]
        for leaf, k in self._leaves:
            v[k] = values[leaf]
        return self._run(v)

    def of(self, numbers: list[float]) -> list[float]:
        """The values of the Cells, given those of all `inputs`, in order. Raises ValueError for more or fewer."""
        if len(numbers) != self._inputs:
            raise ValueError(f"{len(numbers)} numbers are given for {self._inputs} inputs.")
        return self._run(numbers + self._start)

    def _run(self, v: list[float]) -> list[float]:
        for k, f, args in self._work:
            try:
                y = f(*args(v))
            except (ArithmeticError, ValueError):
                y = math.nan
            v[k] = y if math.isfinite(y) else math.nan
        return [v[k] for k in self._results]


def _getter(slots: Sequence[int]) -> Callable[[list[float]], Sequence[float]]:
    """What takes the numbers in some slots, which are as many as an operator has arguments, at once."""
    first = slots[0] if slots else 0
    return itemgetter(*slots) if len(slots) > 1 else itemgetter(slice(first, first + len(slots)))
