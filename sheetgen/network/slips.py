"""Slips that people make in backpropagation, most of them found in workbooks that students published.

A network has those that make sense in it: without a hidden layer, without biases, with one output there are fewer.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, NamedTuple

from sheetgen.cells.cell import Cell, add, cell, constant, mul, sub
from sheetgen.cells.ops import OPS
from sheetgen.cells.text import TEXTBOOK, by_name, show

if TYPE_CHECKING:
    from sheetgen.network.second import SecondTraining

TYPED = 0.05  # what is typed over an input is so much too large
BELOW = 8  # cells below the learning rate that hold numbers, in the story of a reference that slides


class Slip(NamedTuple):
    """A slip: its title, the number that is wrong first and its two formulas, and the wrong Cell of each column.

    `about` is the number that people compare: the gradient of a weight, where a unit's is wrong.
    """

    title: str
    name: str
    right: str
    wrong: str
    changes: Mapping[Cell, Cell]
    about: str


Found = Iterator[Slip]
RIGHT = "none: the second training is right, too"
_MAKERS: list[Callable[[SecondTraining], Found]] = []


def _slip(make: Callable[[SecondTraining], Found]) -> Callable[[SecondTraining], Found]:
    _MAKERS.append(make)
    return make


def listed(training: SecondTraining) -> Found:
    """The slips that a network can have."""
    for make in _MAKERS:
        yield from make(training)


def _written(c: Cell) -> str:
    return show(c, by_name, TEXTBOOK)


def _lines(training: SecondTraining, right: Cell, wrong: Cell) -> tuple[str, str]:
    """Two formulas as a textbook writes them; of several samples that of the first, whose name is then plain."""
    more = " + ..." if training.program.spec.samples > 1 else ""
    return _written(right) + more, _written(wrong) + more


class _Place(NamedTuple):
    """A unit of a layer, for one sample: what it puts out, its pre-activation, its slope, what comes back to it."""

    a: Cell
    h: Cell
    slope: Cell
    terms: list[Cell]  # of the error that comes back; a_o - t for an output


def _of_delta(t: SecondTraining, title: str, wrong: Mapping[Cell, Cell]) -> Slip:
    """A slip in what comes back to units."""
    delta, new = next(iter(wrong.items()))
    units = ((t.deltas[h], layer.weights[j][0]) for layer in t.net.layers for s in layer.h for j, h in enumerate(s))
    about = next(w for d, w in units if d is delta)
    lines = _written(t.right[delta]), _written(new)
    return Slip(title, delta.name or "", *lines, wrong, f"dE/d{about.name}")


def _place(training: SecondTraining, k: int, s: int, j: int) -> _Place:
    net = training.net
    layer = net.layers[k]
    a, h = layer.a.item(s, j), layer.h.item(s, j)
    slope = cell(OPS[training.program.spec.activations[k]].adjoint(a, constant(1), h)[0])
    if k == len(net.layers) - 1:
        return _Place(a, h, slope, [sub(a, net.targets.item(s, j))])
    above = net.layers[k + 1]
    terms = [mul(training.deltas[g], w) for g, w in zip(above.h[s], above.weights[:, j], strict=True)]
    return _Place(a, h, slope, terms)


def _into(training: SecondTraining, k: int, s: int, i: int) -> Cell:
    """The i-th number that goes into a layer."""
    found: Cell = training.net.layers[k - 1].a.item(s, i) if k else training.net.inputs.item(s, i)
    return found


def _plain(c: Cell) -> str:
    """The name of a Cell, of a batch without the number of its sample."""
    return (c.name or "").removesuffix("[1]")


@_slip
def _neighbour(t: SecondTraining) -> Found:
    first = t.net.layers[0]
    if len(t.net.layers) > 1 and first.a.shape[1] > 1 and t.program.spec.activations[0] != "identity":
        wrong = {t.deltas[h[1]]: t.inside(t.deltas[h[1]], {a[1]: a[0]}) for h, a in zip(first.h, first.a, strict=True)}
        names = ", ".join(f"dE/d{w.name}" for w in first.weights[1][:2])
        one, other = (_plain(first.a.item(0, j)) for j in (0, 1))
        title = f"{names}: the slope at {one}, where the slope at {other} belongs"
        yield _of_delta(t, title, wrong)


@_slip
def _transpose(t: SecondTraining) -> Found:
    out = t.net.layers[-1]
    n = len(out.weights)
    if len(t.net.layers) > 1 and out.weights.shape == (n, n) and n > 1:
        flipped = {out.weights.item(k, j): out.weights.item(j, k) for k in range(n) for j in range(n) if k != j}
        wrong = {t.deltas[h]: t.inside(t.deltas[h], flipped) for h in t.net.layers[-2].h.flat}
        one, other = (p.name for p in next(iter(flipped.items())))
        title = f"on the way back weights change places: {one} and {other}{', and so on' if n > 2 else ''}"
        yield _of_delta(t, title, wrong)


@_slip
def _brackets(t: SecondTraining) -> Found:
    if len(t.net.layers) > 1 and len(t.net.layers[1].weights) > 1:
        w = t.net.layers[0].weights.item(0, 0)

        def part(s: int, sums: bool) -> Cell:
            at, x = _place(t, 0, s, 0), _into(t, 0, s, 0)
            if sums:
                return mul(add(*at.terms), at.slope, x)
            return add(*at.terms[:-1], mul(at.terms[-1], at.slope, x))

        title = f"dE/d{w.name}: the sum that comes back has no brackets"
        lines = _lines(t, part(0, True), part(0, False))
        name, wrong = f"dE/d{w.name}", add(*(part(s, False) for s in range(t.program.spec.samples)))
        yield Slip(title, name, *lines, {t.gradient[w]: wrong}, name)


def _output(t: SecondTraining, j: int, title: str, error: Callable[[_Place, Cell], Cell]) -> Slip:
    """A slip in the gradient of the first weight into an output."""
    k = len(t.net.layers) - 1
    w = t.net.layers[k].weights.item(j, 0)

    def part(s: int, wrong: bool) -> Cell:
        at, x = _place(t, k, s, j), _into(t, k, s, 0)
        front = error(at, t.net.targets.item(s, j)) if wrong else mul(*at.terms, at.slope)
        return mul(front, x)

    lines = _lines(t, part(0, False), part(0, True))
    name, wrong = f"dE/d{w.name}", add(*(part(s, True) for s in range(t.program.spec.samples)))
    return Slip(f"{name}: {title}", name, *lines, {t.gradient[w]: wrong}, name)


@_slip
def _times(t: SecondTraining) -> Found:
    k = t.net.layers[-1]
    a, target = _plain(k.a.item(0, 0)), _plain(t.net.targets.item(0, 0))
    yield _output(t, 0, f"{a} times {target}, where {a} minus {target} belongs", lambda at, y: mul(at.a, y, at.slope))


@_slip
def _no_slope(t: SecondTraining) -> Found:
    out = t.net.layers[-1]
    if t.program.spec.activations[-1] != "identity":
        j = len(out.weights) - 1
        title = f"the slope at {_plain(out.a.item(0, j))} is forgotten"
        yield _output(t, j, title, lambda at, y: add(*at.terms))


@_slip
def _one_error(t: SecondTraining) -> Found:
    if len(t.net.layers) > 1 and len(t.net.layers[-1].weights) > 1:
        k = len(t.net.layers) - 2
        wrong = {}
        for s, units in enumerate(t.net.layers[k].h):
            for j, h in enumerate(units):
                at = _place(t, k, s, j)
                wrong[t.deltas[h]] = mul(at.terms[0], at.slope)
        title = "only the first output's error flows back to the hidden layer"
        yield _of_delta(t, title, wrong)


@_slip
def _twice(t: SecondTraining) -> Found:
    wrong = {t.deltas[h]: mul(2, t.right[t.deltas[h]]) for h in t.net.layers[-1].h.flat}
    title = "every gradient is twice as large: the one half of E is forgotten in its derivative"
    yield _of_delta(t, title, wrong)


@_slip
def _half(t: SecondTraining) -> Found:
    errors = zip(t.net.targets.flat, t.net.layers[-1].a.flat, strict=True)
    wrong = add(*(sub(y, a).apply("pow", 2) for y, a in errors))
    title = "E_total without the one half, and the gradients right"
    first = sub(t.net.targets.item(0), t.net.layers[-1].a.item(0)).apply("pow", 2)
    lines = _written(t.net.errors.item(0)), _written(first)
    yield Slip(title, t.net.errors.item(0).name or "", *lines, {t.net.loss: wrong}, t.net.loss.name or "")


@_slip
def _frozen(t: SecondTraining) -> Found:
    if len(t.net.layers) > 1:
        k = len(t.net.layers) - 1
        w = t.net.layers[k].weights.item(0, 0)
        front = [t.deltas[units[0]] for units in t.net.layers[k].h]
        still = [t.frozen(_into(t, k, s, 0)) for s in range(len(front))]
        lines = _lines(t, mul(front[0], _into(t, k, 0, 0)), mul(front[0], still[0]))
        title = f"dE/d{w.name}: a $ too many, so that {_plain(_into(t, k, 0, 0))} stays that of row 0"
        wrong = add(*map(mul, front, still))
        yield Slip(title, f"dE/d{w.name}", *lines, {t.gradient[w]: wrong}, f"dE/d{w.name}")


@_slip
def _already(t: SecondTraining) -> Found:
    if len(t.net.layers) > 1:
        rate = t.program.learning_rate
        new = {w: sub(w, rate * t.gradient[w]) for w in t.net.layers[-1].weights.flat}
        wrong = {t.deltas[h]: t.inside(t.deltas[h], new) for h in t.net.layers[-2].h.flat}
        title = "hidden gradients from output weights that are already updated"
        yield _of_delta(t, title, wrong)


@_slip
def _one_sample(t: SecondTraining) -> Found:
    if t.program.spec.samples > 1:
        wrong: dict[Cell, Cell] = {}
        for k, layer in enumerate(t.net.layers):
            for j, h in enumerate(layer.h[0]):
                for i, w in enumerate(layer.weights[j]):
                    wrong[t.gradient[w]] = mul(t.deltas[h], _into(t, k, 0, i))
                if layer.biases.size and layer.biases.item(j) in t.gradient:
                    wrong[t.gradient[layer.biases.item(j)]] = mul(1, t.deltas[h])
        w = t.net.weights[0]
        terms = [mul(t.deltas[h], _into(t, 0, s, 0)) for s, h in enumerate(t.net.layers[0].h[:2, 0])]
        right = _written(add(*terms)) + (" + ..." if t.program.spec.samples > 2 else "")
        title = "only the first sample counts: the sum over the samples is forgotten"
        yield Slip(title, f"dE/d{w.name}", right, _written(terms[0]), wrong, f"dE/d{w.name}")


@_slip
def _bias(t: SecondTraining) -> Found:
    if t.program.spec.bias == "trained":
        layer = t.net.layers[0]
        b = layer.biases.item(0)
        parts = [mul(t.deltas[h], _into(t, 0, s, 0)) for s, h in enumerate(layer.h[:, 0])]
        title = f"dE/d{b.name}: times {_plain(_into(t, 0, 0, 0))}, as if the bias were a weight"
        lines = _lines(t, t.deltas[layer.h.item(0, 0)].apply("identity"), parts[0])
        yield Slip(title, f"dE/d{b.name}", *lines, {t.gradient[b]: add(*parts)}, f"dE/d{b.name}")


def _of_update(t: SecondTraining, p: Cell, title: str, wrong: str, step: Cell) -> Slip:
    """A slip in the update of one weight, which subtracts a wrong step."""
    name, right = f"{p.name}_next", f"{p.name} - learning_rate*dE/d{p.name}"
    return Slip(f"{p.name}{title}", name, right, wrong, {t.step(p): step}, f"the update of {p.name}")


@_slip
def _plus(t: SecondTraining) -> Found:
    p = t.net.layers[-1].weights.item(0)
    title, wrong = ": plus in its update, where minus belongs", f"{p.name} + learning_rate*dE/d{p.name}"
    yield _of_update(t, p, title, wrong, -t.right[t.step(p)])


@_slip
def _another(t: SecondTraining) -> Found:
    weights = t.net.layers[-1].weights.flat if t.net.layers[-1].weights.size > 1 else t.net.weights
    if len(weights) > 1:
        q, p = weights[0], weights[1]
        wrong = f"{p.name} - learning_rate*dE/d{q.name}"
        yield _of_update(t, p, f": updated with dE/d{q.name}", wrong, mul(t.rate, t.gradient[q]))


@_slip
def _never(t: SecondTraining) -> Found:
    *_, p = t.program.next
    yield _of_update(t, p, " is never updated", p.name or "", constant(0))


@_slip
def _slides(t: SecondTraining) -> Found:
    if t.program.spec.samples > 1:
        return  # below the learning rate of a batch stands a table, and the story would be another one
    below = [*t.net.inputs[0], *t.net.targets[0]][:BELOW]
    rate = constant(0)  # the cells below those are empty
    for k, c in reversed(list(enumerate([t.program.learning_rate, *below]))):
        rate = t.update.apply("eq", k).apply("if", c, rate)
    w, title = t.net.weights[0].name, "the learning rate without $, so that it slides down onto other numbers"
    wrong = f"{w} - B9*dE/d{w}, then {w} - B10*dE/d{w}, {w} - B11*dE/d{w}, ..."
    yield Slip(title, f"{w}_next", f"{w} - $B$9*dE/d{w} in every row", wrong, {t.rate: rate}, "the learning rate")


@_slip
def _typed(t: SecondTraining) -> Found:
    name = t.typed.name or ""
    title = f"{name} typed over: it is {TYPED} too large"
    yield Slip(title, name, name, f"{name} + {TYPED}", {t.typed: t.true + TYPED}, name)
