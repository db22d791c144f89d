"""One training step: constants, state, forward pass, gradients and updates. It knows of no rows and no sheet."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from sheetgen.cells.cell import Cell, Evaluator, backward, identity, sub, variable
from sheetgen.network import layers
from sheetgen.network.layers import Network
from sheetgen.spec import Spec


@dataclass(frozen=True)
class Program:
    """A training step, built once. A state leaf owns the expression of its next value: w <- w - learning_rate*dE/dw."""

    spec: Spec
    network: Network
    learning_rate: Cell
    constants: Mapping[Cell, float]  # inputs, targets, the learning rate, frozen biases
    initial: Mapping[Cell, float]  # every state leaf's first value
    next: Mapping[Cell, Cell]  # every state leaf's next value
    gradients: tuple[Cell, ...]  # dE/dw1, ..., dE/db1, ...
    deltas: tuple[Cell, ...]  # dE/do1, ..., dE/dh1, ...: what staged formulas refer to
    columns: tuple[Cell, ...]  # all a reader wants to see, in the homework's order

    def column(self, name: str) -> Cell:
        """The Cell of that name. Raises KeyError."""
        return {c.name: c for c in self.columns}[name]

    def run(self, cells: Iterable[Cell], learning_rate: float | None = None) -> Iterator[list[float]]:
        """The numbers of `cells`, row by row for ever: row 0 is before the first update."""
        cells = list(cells)
        evaluate = Evaluator([*cells, *self.next.values()])
        values = {**self.constants, **self.initial}
        if learning_rate is not None:
            values[self.learning_rate] = learning_rate
        while True:
            numbers = evaluate(values)
            yield numbers[: len(cells)]
            values.update(zip(self.next, numbers[len(cells) :], strict=True))


def build(spec: Spec) -> Program:
    """The training step of a Spec: stochastic gradient descent on the half squared error."""
    net = layers.build(spec)
    learning_rate = variable("learning_rate")
    gradient = backward(net.loss)
    deltas = [gradient[h].named(f"dE/d{h.name}") for layer in reversed(net.layers) for h in layer.h.flat]
    trained = net.weights + (net.biases if spec.bias == "trained" else [])
    # The gradient of a bias *is* its unit's delta; it still gets a Cell of its own, for it has a column of its own.
    gradients = {p: gradient[p] if p.name[0] == "w" else identity(gradient[p]) for p in trained if p.name}
    for p, g in gradients.items():
        g.named(f"dE/d{p.name}")
    values = [*spec.weights, *spec.biases]
    parameters = dict(zip([*net.weights, *net.biases], values, strict=True))
    constants = dict(zip(net.inputs.flat, [x for row in spec.inputs for x in row], strict=True))
    constants |= dict(zip(net.targets.flat, [t for row in spec.targets for t in row], strict=True))
    constants |= {p: v for p, v in parameters.items() if p not in gradients} | {learning_rate: spec.learning_rate}
    if spec.formulas == "expanded":  # the adjoints stay unnamed, so that they are written out
        for delta in deltas:
            delta.name = None
        deltas = []
    return Program(
        spec,
        net,
        learning_rate,
        constants,
        {p: parameters[p] for p in gradients},
        {p: sub(p, learning_rate * g) for p, g in gradients.items()},
        tuple(gradients.values()),
        tuple(deltas),
        tuple(_columns(spec, net, deltas, list(gradients.values()))),
    )


def _columns(spec: Spec, net: Network, deltas: list[Cell], gradients: list[Cell]) -> Iterator[Cell]:
    """t i | w h a_h | w o a_o | E | dE: the columns of the class file, and of any network in the same spirit.

    A single sample stands in the table, as in the class file; a batch would repeat it in every row, and does not.
    """
    if spec.samples == 1:
        yield from net.targets.flat
        yield from net.inputs.flat
    for layer in net.layers:
        yield from layer.weights.flat
        if spec.bias == "trained":
            yield from layer.biases
        for k in range(layer.h.shape[1]):
            for s in range(spec.samples):
                yield layer.h[s, k]
                yield layer.a[s, k]
    yield from net.errors.flat
    yield net.loss
    yield from deltas
    yield from gradients
