"""The walk through the computation, forward and backward: a stage for every number, each with its sentence."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from sheetgen.cells.cell import Cell, forward_order, is_constant
from sheetgen.cells.text import TEXTBOOK, show
from sheetgen.network.recompute import Recomputation
from sheetgen.writer.plan import Run

MOST_TERMS = 3  # of a sum that is written out

FUNCTIONS = {
    "sigmoid": "the sigmoid of",
    "tanh": "the tanh of",
}


class Stage(NamedTuple):
    """One stage: the number that becomes known, the node that it stands at or the edge it stands on, what is needed
    before, and its sentence, with {name} where a number is put in."""

    name: str
    at: str
    needs: tuple[str, ...]
    sentence: str


def plain(name: str | None) -> str:
    """A name without its sample: h1[1] is h1."""
    return re.sub(r"\[\d+\]", "", name or "")


def shown_as(name: str) -> str:
    """A name as it is written on Network and Steps: E_total is E, as it is in dE/dw1."""
    return name.replace("E_total", "E")


def braced(c: Cell) -> str:
    """A Cell in textbook notation, with {name} for every number."""
    return show(c, lambda x: f"{{{plain(x.name)}}}" if x.name else None, TEXTBOOK)


def written(c: Cell) -> str:
    """A Cell in textbook notation, with the names of its numbers."""
    return show(c, lambda x: plain(x.name) if x.name else None, TEXTBOOK)


def _names(c: Cell) -> tuple[str, ...]:
    """The numbers that an expression is made of."""
    return tuple(dict.fromkeys(plain(x.name) for x in forward_order(c) if x.name and x is not c))


class Walk:
    """The stages of a network's first sample; the other samples' are the same."""

    def __init__(self, run: Run):
        self.program = run.program
        self.net, self.spec = run.program.network, run.program.spec
        self.again = Recomputation(run.program)
        self.many = self.spec.samples > 1
        self.forward = list(self._forward())
        self.backward = list(self._backward())

    def stage(self, name: str) -> int:
        """When a number becomes known, forward or backward; 0 for what is given."""
        for stages in (self.forward, self.backward):
            for k, stage in enumerate(stages, 1):
                if stage.name == name:
                    return k
        return 0

    @property
    def now(self) -> str:
        """The formula of the stage that the walk has come to, in both lists one after the other; 0 where it is not."""
        return f"IF(next_number=0,0,backward*{len(self.forward)}+next_number)"

    def _forward(self) -> Iterator[Stage]:
        x = self.net.inputs[0]
        for k, layer in enumerate(self.net.layers):
            for j, (h, a) in enumerate(zip(layer.h[0], layer.a[0], strict=True)):
                yield self._sum(plain(h.name), list(zip(layer.weights[j], x, strict=True)), [*layer.biases[j : j + 1]])
                yield self._activation(self.spec.activations[k], h, a)
            x = layer.a[0]
        for e, t, a in zip(self.net.errors[0], self.net.targets[0], x, strict=True):
            name, t_name, a_name = plain(e.name), plain(t.name), plain(a.name)
            about = f"half the square of {t_name} - {a_name} = {{{t_name}}} - {{{a_name}}}"
            yield Stage(name, name, (t_name, a_name), f"{name} is {{!{name}}}: {about}.")
        errors = [plain(e.name) for e in self.net.errors[0]]
        yield Stage("E_total", "E_total", tuple(errors), self._total(errors))

    def _total(self, errors: list[str]) -> str:
        start = "E is {E_total}"
        names = " + ".join(errors) if len(errors) <= MOST_TERMS else f"{errors[0]} + … + {errors[-1]}"
        numbers = " + ".join(f"{{{e}}}" for e in errors) if 1 < len(errors) <= MOST_TERMS else ""
        if self.many:
            own = f"{names} = {numbers}" if numbers else names if len(errors) > 1 else f"{names} = {{{errors[0]}}}"
            return f"{start}: the errors of all {self.spec.samples} samples, added up. The sample shown adds {own}."
        return f"{start}: {names}{f' = {numbers}' * bool(numbers)}. This is what training makes small."

    def _sum(self, name: str, pairs: list[tuple[Cell, Cell]], bias: Sequence[Cell]) -> Stage:
        left = [(plain(w.name), plain(x.name)) for w, x in pairs]
        extra = [plain(b.name) for b in bias]
        needs = tuple(n for pair in left for n in pair) + tuple(extra)
        names = [f"{w}*{x}" for w, x in left]
        if len(names) > MOST_TERMS:
            names = [names[0], "…", names[-1]]
            numbers = ""
        else:
            numbers = " = " + " + ".join([*(f"{{{w}}}*{{{x}}}" for w, x in left), *(f"{{{b}}}" for b in extra)])
        about = " + ".join([*names, *extra]) + numbers
        return Stage(name, name, needs, f"{name} is {{!{name}}}: each input times its weight, added up, {about}.")

    def _activation(self, kind: str, h: Cell, a: Cell) -> Stage:
        name, own = plain(a.name), plain(h.name)
        if kind == "relu":
            about = f"{own} = {{!{own}}} where that is above 0, else 0 (ReLU)"
        elif kind == "identity":
            about = f"{own} itself, for this layer is linear"
        else:
            about = f"{FUNCTIONS[kind]} {own} = {{!{own}}}"
        return Stage(name, own, (own,), f"{name} is {{!{name}}}, {about}.")

    def _backward(self) -> Iterator[Stage]:
        yield Stage(
            "dE/dE_total",
            "E_total",
            (),
            "dE/dE is {dE/dE_total}, and here the way back begins: E grows by 1 when E grows by 1.",
        )
        for e in self.net.errors[0]:
            own = plain(e.name)
            about = "E is a sum, so it grows by as much as each of its errors does"
            yield Stage(f"dE/d{own}", own, ("dE/dE_total",), f"dE/d{own} is {{!dE/d{own}}}: {about}.")
        for k in reversed(range(len(self.net.layers))):
            layer = self.net.layers[k]
            for h, a in zip(layer.h[0], layer.a[0], strict=True):
                yield self._flow(k, a)
                yield self._delta(self.spec.activations[k], h, a)
            yield from self._gradients(k)

    def _flow(self, k: int, a: Cell) -> Stage:
        """What comes back to an activation."""
        name, own = f"dE/d{plain(a.name)}", plain(a.name)
        if k == len(self.net.layers) - 1:
            j = next(j for j, x in enumerate(self.net.layers[k].a[0]) if x is a)
            target = plain(self.net.targets[0, j].name)
            about = f"the output minus its target, {own} - {target} = {{{own}}} - {{{target}}}"
            return Stage(name, own[2:], (f"dE/dE{j + 1}", own, target), f"{name} is {{!{name}}}: {about}.")
        above = self.net.layers[k + 1]
        j = next(j for j, x in enumerate(self.net.layers[k].a[0]) if x is a)
        pairs = [(f"dE/d{plain(h.name)}", plain(w.name)) for h, w in zip(above.h[0], above.weights[:, j], strict=True)]
        over = _listed([w for _, w in pairs])
        terms = [f"{g}*{w}" for g, w in pairs]
        if len(pairs) > MOST_TERMS:
            about = " + ".join([terms[0], "…", terms[-1]])
        else:
            about = " + ".join(terms) + " = " + " + ".join(f"{{{g}}}*{{{w}}}" for g, w in pairs)
        needs = tuple(n for pair in pairs for n in pair)
        return Stage(name, own[2:], needs, f"{name} is {{!{name}}}: what flows back over {over}, {about}.")

    def _delta(self, kind: str, h: Cell, a: Cell) -> Stage:
        name, own, back = f"dE/d{plain(h.name)}", plain(h.name), f"dE/d{plain(a.name)}"
        slope = self.again.flows[h]
        if is_constant(slope, 1):
            about = f"the same as {back}, for this layer is linear"
        elif slope.op == "step":
            about = f"{back} = {{!{back}}} where the unit is on (a_{own} = {{a_{own}}} is above 0), else 0"
        else:
            about = f"{back} = {{!{back}}}, times the slope of the {kind}, {written(slope)} = {braced(slope)}"
        return Stage(name, own, (back, *_names(slope)), f"{name} is {{!{name}}}: {about}.")

    def _gradients(self, k: int) -> Iterator[Stage]:
        layer = self.net.layers[k]
        x = self.net.inputs[0] if k == 0 else self.net.layers[k - 1].a[0]
        every = f", added up over the {self.spec.samples} samples; the one shown gives" if self.many else ":"
        for j, h in enumerate(layer.h[0]):
            own, delta = plain(h.name), f"dE/d{plain(h.name)}"
            for w, i in zip(layer.weights[j], x, strict=True):
                name, source = f"dE/d{w.name}", plain(i.name)
                about = f"{delta}*{source} = {{{delta}}}*{{{source}}}"
                why = f"{own} changes by {source} for each unit of {w.name}"
                yield Stage(name, w.name, (delta, source), f"{name} is {{!{name}}}{every} {about}, for {why}.")
            if self.spec.bias == "trained":
                b = layer.biases[j].name
                about = f"{delta} = {{!{delta}}}, for {own} changes by as much as {b} does"
                yield Stage(f"dE/d{b}", own, (delta,), f"dE/d{b} is {{!dE/d{b}}}{every} {about}.")


def _listed(words: Sequence[str]) -> str:
    """w5 and w7; w1, w2 and w3; w1, w2, … and w9."""
    if len(words) > MOST_TERMS:
        words = [*words[:2], "…", words[-1]]
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"
