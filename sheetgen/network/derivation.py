"""The homework's six steps as lines of Cells: everything that Steps shows is rendered from these, nothing is typed."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from sheetgen.cells.cell import Cell, add, backward, identity, mul, sub, variable
from sheetgen.network import layers
from sheetgen.network.layers import Layer, Network
from sheetgen.spec import Spec

MOST = 12  # lines of one kind; a large network's other lines look the same


class Line(NamedTuple):
    """`name = cell`. The line's value may be used by later lines, which then refer to it by that name."""

    name: str
    cell: Cell


class Step(NamedTuple):
    """One of the six steps: its title, a sentence, its lines."""

    title: str
    about: str
    lines: list[Line]


class _Derivation:
    def __init__(self, spec: Spec):
        # A batch is derived for its first sample: the gradient of the batch is the sum over its samples.
        self.spec = replace(spec, inputs=spec.inputs[:1], targets=spec.targets[:1])
        self.net: Network = layers.build(self.spec)
        self.E = "E" if spec.samples == 1 else "E[1]"
        self.batch = spec.samples > 1
        self.net.loss.named(self.E)
        self.gradient = backward(self.net.loss)
        self.learning_rate = variable("learning_rate")
        self.short = len(spec.layers) == 3 and max(spec.layers) <= 4

    def partial(self, y: Cell, x: Cell) -> Line:
        """One factor of a chain rule."""
        return Line(f"d{y.name}/d{x.name}", self.by_reference(backward(y)[x]))

    @staticmethod
    def by_reference(c: Cell) -> Cell:
        """A derivative that is itself a number of the network (do1/dw5 is a_h1) is named, not computed again."""
        return identity(c) if c.name and c.args else c

    def of(self, x: Cell) -> str:
        """The name of the gradient dE/dx."""
        return f"d{self.E}/d{x.name}"

    def chain(self, path: list[Cell]) -> Iterator[Line]:
        """Along a path of which dE/d(its first) is known: every factor, and after it the gradient that it leads to."""
        for y, x in itertools.pairwise(path):
            factor = self.partial(y, x)
            yield factor
            yield Line(self.of(x), mul(variable(self.of(y)), variable(factor.name)))

    def delta(self, h: Cell, a: Cell) -> Line:
        """dE/dh of a unit, of whose activation dE/da is known: all weights into the unit need it."""
        return Line(self.of(h), mul(variable(self.of(a)), backward(a)[h]))

    def layer(self, k: int) -> Layer:
        return self.net.layers[k]


def derive(spec: Spec) -> list[Step]:
    """The six steps of a network, for its first sample; four where no layer is hidden."""
    d = _Derivation(spec)
    steps = [_forward(d), _one_output_weight(d), _output_weights(d)]
    if len(d.net.layers) > 1:
        steps += [_hidden_activations(d), _one_input_weight(d)]
    steps.append(_final(d, {line.name for step in steps for line in step.lines}))
    return [step._replace(title=f"Step {k}: {step.title}") for k, step in enumerate(steps, 1)]


def _forward(d: _Derivation) -> Step:
    lines = []
    for layer in d.net.layers:
        for h, a in list(zip(layer.h[0], layer.a[0], strict=True))[:MOST]:
            lines += [Line(h.name, h), Line(a.name, a)]
    lines += [Line(e.name, e) for e in d.net.errors[0][:MOST]]
    lines.append(Line(d.E, d.net.loss))
    return Step("forward pass and errors", "From the inputs to the error, unit by unit.", lines)


def _one_output_weight(d: _Derivation) -> Step:
    out = d.net.layers[-1]
    h, a, w, e = out.h[0, 0], out.a[0, 0], out.weights[0, 0], d.net.errors[0, 0]
    way = [d.partial(d.net.loss, e), *d.chain([e, a, h]), d.partial(h, w)]
    factors = [way[0], *way[1::2]]
    product = Line(d.of(w), mul(*(variable(f.name) for f in factors)))
    written = Line(d.of(w), d.gradient[w])
    about = f"Only {e.name} depends on {w.name}: the chain rule, factor by factor, and the factors multiplied out."
    return Step(f"one output weight, {d.of(w)}", about, [*way, product, written])


def _output_weights(d: _Derivation) -> Step:
    out = d.net.layers[-1]
    lines: list[Line] = []
    for e, a, h in list(zip(d.net.errors[0], out.a[0], out.h[0], strict=True))[1:MOST]:  # the first: in the step before
        lines += [d.partial(d.net.loss, e), Line(d.of(a), d.gradient[a]), d.delta(h, a)]
    lines += [Line(d.of(w), d.gradient[w]) for w in list(out.weights.flat)[:MOST]]
    lines += [Line(d.of(b), identity(d.gradient[h])) for b, h in _biased(d, out)]
    return Step("all output weights", "The same product for every weight into an output.", lines)


def _biased(d: _Derivation, layer: Layer) -> list[tuple[Cell, Cell]]:
    trained = d.spec.bias == "trained"
    return list(zip(layer.biases, layer.h[0], strict=True))[:MOST] if trained else []


def _hidden_activations(d: _Derivation) -> Step:
    lines: list[Line] = []
    of_error = [backward(e) for e in d.net.errors[0]]
    for depth, layer in reversed(list(enumerate(d.net.layers[:-1]))):
        last_hidden = depth == len(d.net.layers) - 2
        for h, a in list(zip(layer.h[0], layer.a[0], strict=True))[:MOST]:
            if last_hidden and len(of_error) > 1:  # one part for each error, then their sum, by name
                parts = [Line(f"d{e.name}/d{a.name}", g[a]) for e, g in zip(d.net.errors[0], of_error, strict=True)][
                    :MOST
                ]
                lines += parts
                whole = add(*(variable(p.name) for p in parts)) if len(parts) == len(of_error) else d.gradient[a]
            elif last_hidden:
                whole = d.gradient[a]
            else:  # deeper down, by the chain rule through the layer above
                above = d.net.layers[depth + 1]
                deltas = [variable(d.of(g)) if k < MOST else d.gradient[g] for k, g in enumerate(above.h[0])]
                whole = add(*(mul(delta, backward(g)[a]) for g, delta in zip(above.h[0], deltas, strict=True)))
            lines.append(Line(d.of(a), whole))
            if depth:  # that of the first layer stands in the next step
                lines.append(d.delta(h, a))
    about = (
        "An activation is what leaves a unit. A hidden one acts on every output: its gradient is a sum over the errors."
    )
    return Step("gradients of the hidden activations", about, lines)


def _one_input_weight(d: _Derivation) -> Step:
    first = d.net.layers[0]
    a, h, w = first.a[0, 0], first.h[0, 0], first.weights[0, 0]
    once = f"{d.of(a)} and {d.of(h)} are computed once, for all weights into {h.name}: this reuse is backpropagation."
    lines = list(d.chain([a, h, w]))
    for (j, i), weight in list(np.ndenumerate(first.weights))[1:MOST]:
        a, h = first.a[0, j], first.h[0, j]
        if i == 0:
            lines.append(d.delta(h, a))
        lines.append(Line(d.of(weight), mul(variable(d.of(h)), backward(h)[weight])))
    return Step("input-layer weights by the chain rule", once.replace("[1]", ""), lines)


def _final(d: _Derivation, derived: set[str]) -> Step:
    lines: list[Line] = []
    first = d.net.layers[0]
    if d.short:  # all substituted, the homework's last lines
        lines += [Line(d.of(w), d.gradient[w]) for w in list(first.weights.flat)[:MOST]]
        lines += [Line(d.of(b), identity(d.gradient[h])) for b, h in _biased(d, first)]
    derived |= {line.name for line in lines}
    trained = d.net.weights[:MOST] + (d.net.biases[:MOST] if d.spec.bias == "trained" else [])
    for p in trained:
        # A weight between hidden layers has no line above, and the gradient of a batch is the sum over its samples:
        # these have a column on Training.
        own = d.of(p)
        g = variable(own if own in derived and not d.batch else f"dE/d{p.name}")
        lines.append(Line(f"{p.name}_next", sub(p, d.learning_rate * g)))
    about = "Everything substituted, ready for a cell; then one step downhill for every weight."
    return Step("the final formulas and the update", about, lines)
