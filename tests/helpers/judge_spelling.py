"""How people spell a small network: its formulas, with names in braces where the addresses go, its labels and lines.

`{w1}` is a cell of the same step, `{w1-}` of the step before; the sum that needs its brackets stands in ⟦ ⟧.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence
from random import Random
from typing import NamedTuple


class Network(NamedTuple):
    """One hidden layer. `bias` is "" (none), "shared" (one a layer, never trained) or "each" (one a unit, trained)."""

    inputs: int = 2
    hidden: int = 2
    outputs: int = 2
    activation: str = "sigmoid"  # of the hidden units; the outputs are sigmoid too, or tanh with tanh
    bias: str = ""

    @property
    def incoming(self) -> dict[str, list[tuple[str, str]]]:
        """h1 -> [(w1, i1), (w2, i2)], and so on to the last output; the weights are numbered in this order."""
        inputs = [f"i{k}" for k in range(1, self.inputs + 1)]
        hidden = [f"h{k}" for k in range(1, self.hidden + 1)]
        outputs = [f"o{k}" for k in range(1, self.outputs + 1)]
        found: dict[str, list[tuple[str, str]]] = {}
        count = 0
        for layer, sources in ((hidden, inputs), (outputs, [f"a_{h}" for h in hidden])):
            for unit in layer:
                found[unit] = [(f"w{count + k}", source) for k, source in enumerate(sources, 1)]
                count += len(sources)
        return found

    @property
    def biases(self) -> dict[str, str]:
        """h1 -> b1 and so on; empty if there are none."""
        if self.bias == "shared":
            return {unit: "b1" if unit[0] == "h" else "b2" for unit in self.incoming}
        return {unit: f"b{k}" for k, unit in enumerate(self.incoming, 1)} if self.bias else {}

    @property
    def trained(self) -> list[str]:
        """The weights and biases that are updated."""
        weights = [w for pairs in self.incoming.values() for w, _ in pairs]
        return weights + (list(self.biases.values()) if self.bias == "each" else [])

    @property
    def given(self) -> list[str]:
        """Targets, inputs, and biases that never change."""
        shared = ["b1", "b2"] if self.bias == "shared" else []
        return [f"t{k}" for k in range(1, self.outputs + 1)] + [f"i{k}" for k in range(1, self.inputs + 1)] + shared

    def activation_of(self, unit: str) -> str:
        """sigmoid, tanh or relu."""
        return "sigmoid" if unit[0] == "o" and self.activation == "relu" else self.activation

    def outgoing(self, activation: str) -> list[tuple[str, str]]:
        """a_h1 -> [(o1, w5), (o2, w7)]."""
        return [(unit, w) for unit, pairs in self.incoming.items() for w, source in pairs if source == activation]


ACTIVATE: dict[str, Callable[[float], float]] = {
    "sigmoid": lambda h: 1 / (1 + math.exp(-h)),
    "tanh": math.tanh,
    "relu": lambda h: max(0.0, h),
}
SLOPE: dict[str, Callable[[float], float]] = {
    "sigmoid": lambda a: a * (1 - a),
    "tanh": lambda a: 1 - a * a,
    "relu": lambda a: float(a > 0),
}


def trajectory(net: Network, start: dict[str, float], rate: float, steps: int) -> list[dict[str, float]]:
    """Every quantity at every step, in plain Python and float64; also the helpers dE/do1, dE/dh1, dE/da_h1."""
    rows = [_step(net, start, rate)]
    while len(rows) < steps:
        rows.append(_step(net, {x: rows[-1][f"{x}_next"] if x in net.trained else v for x, v in start.items()}, rate))
    return [{**row, "step": float(k)} for k, row in enumerate(rows)]


def _step(net: Network, start: dict[str, float], rate: float) -> dict[str, float]:
    v = {**start, "eta": rate}
    for unit, pairs in net.incoming.items():
        v[unit] = sum(v[w] * v[x] for w, x in pairs) + v.get(net.biases.get(unit, ""), 0.0)
        v[f"a_{unit}"] = ACTIVATE[net.activation_of(unit)](v[unit])
    for k in range(1, net.outputs + 1):
        v[f"E{k}"] = 0.5 * (v[f"t{k}"] - v[f"a_o{k}"]) ** 2
    v["E_total"] = sum(v[f"E{k}"] for k in range(1, net.outputs + 1))
    for unit, pairs in reversed(net.incoming.items()):
        if unit[0] == "h":
            v[f"dE/da_{unit}"] = sum(v[f"dE/d{o}"] * v[w] for o, w in net.outgoing(f"a_{unit}"))
        g = v[f"dE/da_{unit}"] if unit[0] == "h" else v[f"a_{unit}"] - v[f"t{unit[1:]}"]
        v[f"dE/d{unit}"] = g * SLOPE[net.activation_of(unit)](v[f"a_{unit}"])
        for w, x in pairs:
            v[f"dE/d{w}"] = v[f"dE/d{unit}"] * v[x]
        if net.bias == "each":
            v[f"dE/d{net.biases[unit]}"] = v[f"dE/d{unit}"]
    return v | {f"{w}_next": v[w] - rate * v[f"dE/d{w}"] for w in net.trained}


# Spellings: X is the argument, T the target, A the activation, H what goes into it, W the weight, G its gradient.
SIGMOIDS = [
    "1/(1+EXP(-X))", "1/(1+EXP(-1*X))", "1/(1+EXP(0-X))", "(1/(1+EXP(-X)))", "1/(1+EXP(-(X)))", "1/(1+ EXP(-X))",
    "EXP(X)/(1+EXP(X))", "POWER(1+EXP(-X),-1)", "(1+EXP(-X))^(-1)", "1/(EXP(-X)+1)",
]  # fmt: skip
ACTIVATIONS = {
    "sigmoid": SIGMOIDS,
    "tanh": ["TANH(X)", "TANH(X)", "(EXP(X)-EXP(-X))/(EXP(X)+EXP(-X))", "2/(1+EXP(-2*X))-1"],
    "relu": ["MAX(0,X)", "IF(X>0,X,0)", "MAX(X,0)"],
}
SLOPES = {
    "sigmoid": ["A*(1-A)", "A*(1-A)", "(A*(1-A))", "(1-A)*A", "(A-A^2)"],
    "tanh": ["(1-A^2)", "(1-A*A)", "(1-POWER(A,2))"],
    "relu": ["IF(H>0,1,0)", "(H>0)", "IF(A>0,1,0)"],
}
HALVES = [
    "0.5*(T-A)^2", "(1/2)*(T-A)^2", "1/2*(T-A)^2", "0.5*POWER(T-A,2)", "((T-A)^2)/2", "(T-A)^2/2", "0.5*(A-T)^2",
    "0.5*((T-A)^2)", "0.5*(T-A)*(T-A)", "0.5 * (T-A)^2",
]  # fmt: skip
SIGNALS = ["(A-T)", "(A-T)", "(A-T)", "(-(T-A))", "-1*(T-A)"]
UPDATES = ["W-R*G", "W-R*G", "W-(R*G)", "W-G*R", "W+(-R*G)", "(W-R*G)", "W-R*(G)", "W - R*G", "W-1*R*G"]
SUMS = ["plain", "plain", "brackets", "swapped", "SUM", "SUMPRODUCT", "SUMPRODUCT"]
TOTALS = ["plain", "SUM", "brackets"]
HELPERS = {"": (), "delta": ("dE/do", "dE/dh"), "da": ("dE/da_h",), "all": ("dE/do", "dE/da_h", "dE/dh")}


class Style(NamedTuple):
    """One person's habits."""

    sum: str
    total: str
    activation: dict[str, str]
    slope: dict[str, str]
    half: str
    signal: str
    update: str
    helpers: str
    reverse: bool  # the last factor of a gradient is written first
    spaces: bool


def style(rng: Random, staged: bool | None = None) -> Style:
    """Somebody's habits, at random."""
    helpers = rng.choice(["delta", "da", "all"]) if staged or (staged is None and rng.random() < 0.3) else ""
    return Style(
        rng.choice(SUMS),
        rng.choice(TOTALS),
        {name: rng.choice(texts) for name, texts in ACTIVATIONS.items()},
        {name: rng.choice(texts) for name, texts in SLOPES.items()},
        rng.choice(HALVES),
        rng.choice(SIGNALS),
        rng.choice(UPDATES),
        helpers,
        rng.random() < 0.15,
        rng.random() < 0.25,
    )


def fill(text: str, **names: str) -> str:
    """Put names in braces for the single capitals of a spelling."""
    return re.sub(r"\b([A-Z])\b", lambda m: names.get(m[1], m[1]), text)


def helpers(net: Network, habits: Style) -> list[str]:
    """The helper columns of a staged table, such as dE/do1."""
    units = {"dE/do": net.outputs, "dE/dh": net.hidden, "dE/da_h": net.hidden}
    return [f"{stem}{k}" for stem in HELPERS[habits.helpers] for k in range(1, units[stem] + 1)]


def formulas(net: Network, habits: Style, beside: Callable[[Sequence[str]], bool]) -> dict[str, str]:
    """Quantity -> formula with names in braces; `beside` tells whether quantities stand side by side, in order."""
    found: dict[str, str] = {}
    for unit, pairs in net.incoming.items():
        found[unit] = _weighted(habits.sum, pairs, net.biases.get(unit), beside)
        found[f"a_{unit}"] = fill(habits.activation[net.activation_of(unit)], X=f"{{{unit}}}")
    errors = {f"E{k}": fill(habits.half, T=f"{{t{k}}}", A=f"{{a_o{k}}}") for k in range(1, net.outputs + 1)}
    found |= errors if net.outputs > 1 else {"E_total": errors["E1"]}
    if net.outputs > 1:
        terms = [f"{{{name}}}" for name in errors]
        plain, between = "+".join(terms), ":" if beside(list(errors)) and net.outputs == 2 else ","
        listed = f"SUM({between.join(terms)})"
        found["E_total"] = {"plain": plain, "SUM": listed, "brackets": f"({plain})"}[habits.total]
    found |= _gradients(net, habits)
    return {name: spaced(text) if habits.spaces else text for name, text in found.items()}


def _weighted(how: str, pairs: list[tuple[str, str]], bias: str | None, beside: Callable[[Sequence[str]], bool]) -> str:
    weights, sources = zip(*pairs, strict=True)
    end = f"+{{{bias}}}" if bias else ""
    if how == "SUMPRODUCT" and beside(weights) and beside(sources):
        return f"SUMPRODUCT({{{weights[0]}}}:{{{weights[-1]}}},{{{sources[0]}}}:{{{sources[-1]}}}){end}"
    terms = [f"{{{x}}}*{{{w}}}" if how == "swapped" else f"{{{w}}}*{{{x}}}" for w, x in pairs]
    if how == "SUM":
        return f"SUM({','.join(terms)}{',' + end[1:] if end else ''})"
    return "+".join(f"({term})" if how == "brackets" else term for term in terms) + end


def _gradients(net: Network, habits: Style) -> dict[str, str]:
    """The helpers and the gradients; what has no column of its own is written out."""
    found: dict[str, str] = {}
    kept = HELPERS[habits.helpers]

    def named(stem: str, k: str, text: str) -> str:
        if stem not in kept:
            return text
        found[f"{stem}{k}"] = text.strip("⟦⟧") if stem == "dE/da_h" else text
        return f"{{{stem}{k}}}"

    def slope(unit: str) -> str:
        return fill(habits.slope[net.activation_of(unit)], A=f"{{a_{unit}}}", H=f"{{{unit}}}")

    def signal(k: str) -> str:
        return fill(habits.signal, A=f"{{a_o{k}}}", T=f"{{t{k}}}")

    flow = {o: named("dE/do", o[1:], f"{signal(o[1:])}*{slope(o)}") for o in net.incoming if o[0] == "o"}
    for h in (unit for unit in net.incoming if unit[0] == "h"):
        terms = [f"{flow[o]}*{{{w}}}" for o, w in net.outgoing(f"a_{h}")]
        whole = named("dE/da_h", h[1:], f"⟦{'+'.join(terms)}⟧")
        flow[h] = named("dE/dh", h[1:], f"{whole}*{slope(h)}")
    for unit, pairs in net.incoming.items():
        for w, x in pairs:
            found[f"dE/d{w}"] = f"{{{x}}}*{flow[unit]}" if habits.reverse else f"{flow[unit]}*{{{x}}}"
        if net.bias == "each":
            found[f"dE/d{net.biases[unit]}"] = flow[unit]
    return found


def spaced(text: str) -> str:
    """Spaces around + and *, as some people type."""
    return re.sub(r"(?<=[}\)⟧\d])([+*])(?=[{(⟦A-Z\d])", r" \1 ", text)


# Labels: # is the number, and in a gradient's the whole label of the weight (or helper).
FAMILIES: list[dict[str, str]] = [
    {},
    {"grad": "∂E/∂#", "E_total": "E_tot"},
    {"grad": "∂E_total/∂#", "h": "net_h#", "o": "net_o#", "a_h": "out_h#", "a_o": "out_o#", "t": "target#"},
    {"grad": "dE/d#", "w": "W#", "a_h": "ah#", "a_o": "ao#", "E_total": "E_t", "t": "T#", "i": "I#"},
    {"grad": "δE_t/δ#", "a_h": "act_h#", "a_o": "act_o#", "E_total": "E_t", "E": "E_#"},
    {"grad": "dEt/d#", "a_o": "a_0#", "E_total": "Et", "step": "epoch"},
    {"grad": "E∂#", "step": "Iteration"},
    {"grad": "d#", "E_total": "E_TOTAL"},
    {"grad": "dE_d#", "E_total": "Error", "t": "target_#", "i": "x#", "step": "iter"},
    {"grad": "∂E_t/∂#", "w": "W#", "E": "Error#", "E_total": "Total Error", "t": "Target #", "i": "Input #"},
    {"grad": "dE/d#", "w": "w_#", "h": "h_#", "o": "o_#", "i": "i_#", "t": "t_#", "E": "E_#", "E_total": "E"},
    {"grad": "dE_total/d#", "h": "H#", "o": "O#", "a_h": "a_H#", "a_o": "a_O#", "E_total": "Etotal"},
]
PLAIN = {
    "t": "t#", "i": "i#", "w": "w#", "b": "b#", "h": "h#", "a_h": "a_h#", "o": "o#", "a_o": "a_o#", "E": "E#",
    "E_total": "E_total", "grad": "dE/d#", "eta": "eta", "step": "step", "next": "#new",
}  # fmt: skip
NEXTS = ["#new", "#_new", "#+", "new #", "#'"]
DELTAS = ["dE/d#", "∂E/∂#", "delta_#", "δ_#", "δ#"]  # for dE/do1 and dE/dh1


def labels(rng: Random, quantities: Sequence[str], family: dict[str, str] | None = None) -> dict[str, str]:
    """What one person writes over each quantity."""
    chosen = {**PLAIN, "next": rng.choice(NEXTS), **(rng.choice(FAMILIES) if family is None else family)}
    delta, end = rng.choice(DELTAS), rng.choice(["", "", "", " "])

    def label(name: str) -> str:
        if name.endswith("_next"):
            return chosen["next"].replace("#", label(name.removesuffix("_next")))
        if name.startswith("dE/d"):
            of = name.removeprefix("dE/d")
            if of[0] in "wb":
                return chosen["grad"].replace("#", label(of))
            return (delta if of[0] in "oh" else "dE/d#").replace("#", of)
        stem, number = re.fullmatch(r"(.*?)(\d*)", name).groups()  # type: ignore[union-attr]
        return chosen[stem].replace("#", number)

    return {name: label(name) + end * (rng.random() < 0.2) for name in quantities}
