"""Training a second time, by the book: what each number should be, given the others of its own row.

The gradients here are the deltas of a textbook, written layer by layer, where `cell.backward` differentiates the graph.
"""

from __future__ import annotations

import numpy as np

from sheetgen.cells.cell import Cell, add, constant, half_squared_error, identity, mul, sub
from sheetgen.cells.ops import OPS
from sheetgen.network.layers import Layer
from sheetgen.network.program import Program


class Recomputation:
    """Every column's number as an expression of the other columns, with a delta dE/dh for every unit.

    `deltas` maps each h to the Cell of its delta: the program's own where it has columns for them, else a new one.
    `flows` maps each a to what comes back to it, dE/da, and each h to the slope of its activation there.
    `terms` lists what adds up to a number, where the sum may cancel.
    """

    def __init__(self, program: Program):
        self.program = program
        self.activation = program.spec.activations
        layers = program.network.layers
        own = [h for layer in reversed(layers) for h in layer.h.flat]
        self.deltas: dict[Cell, Cell] = dict(zip(own, program.deltas, strict=True)) if program.deltas else {}
        self.flows: dict[Cell, Cell] = {}
        self.expected: dict[Cell, Cell] = {}
        self.terms: dict[Cell, list[Cell]] = {}
        self._forward(layers)
        for k in reversed(range(len(layers))):
            self._delta(k)
        self.gradient_of = dict(zip(program.next, program.gradients, strict=True))
        self._gradients(layers)

    def _forward(self, layers: tuple[Layer, ...]) -> None:
        net = self.program.network
        x = net.inputs
        for k, layer in enumerate(layers):
            for (s, j), h in np.ndenumerate(layer.h):
                bias = [layer.biases.item(j)] if layer.biases.size else []
                self._sum(h, [*map(mul, layer.weights[j], x[s]), *bias])
                self.expected[layer.a.item(s, j)] = h.apply(self.activation[k])
            x = layer.a
        for at, error in np.ndenumerate(net.errors):
            self.expected[error] = half_squared_error(net.targets.item(*at), x.item(*at))
        self._sum(net.loss, list(net.errors.flat))

    def _sum(self, c: Cell, terms: list[Cell]) -> None:
        total = add(*terms)
        # A sum of one Cell that has a column is that column's number, not the number computed anew.
        self.expected[c], self.terms[c] = identity(total) if total.name else total, terms

    def _delta(self, k: int) -> None:
        """The deltas of a layer: from the targets for the last one, else from the layer above."""
        net = self.program.network
        layer, last = net.layers[k], k == len(net.layers) - 1
        for (s, j), h in np.ndenumerate(layer.h):
            a: Cell = layer.a.item(s, j)
            if last:
                above = sub(a, net.targets.item(s, j))
            else:
                following = net.layers[k + 1]
                above = add(*(self.deltas[g] * w for g, w in zip(following.h[s], following.weights[:, j], strict=True)))
            (slope,) = OPS[self.activation[k]].adjoint(a, constant(1), h)
            self.flows[a], self.flows[h] = above, slope if isinstance(slope, Cell) else constant(slope)
            delta = mul(above, slope)
            if h in self.deltas:
                self.expected[self.deltas[h]] = delta
            else:
                self.deltas[h] = Cell(delta.op, delta.args, f"dE/d{h.name}")

    def _gradients(self, layers: tuple[Layer, ...]) -> None:
        x = self.program.network.inputs
        for layer in layers:
            for (j, i), w in np.ndenumerate(layer.weights):
                self._sum(self.gradient_of[w], [mul(self.deltas[h], x[s, i]) for s, h in enumerate(layer.h[:, j])])
            for j, b in enumerate(layer.biases):
                if b in self.gradient_of:
                    self._sum(self.gradient_of[b], [self.deltas[h] for h in layer.h[:, j]])
            x = layer.a

    def next(self, p: Cell, staged: bool) -> tuple[Cell, Cell]:
        """The right value of a weight in the next row, and the step that is subtracted.

        `staged`: from its gradient's column; else from the deltas.
        """
        gradient = self.gradient_of[p]
        step = self.program.learning_rate * (gradient if staged else self.expected[gradient])
        return sub(p, step), step
