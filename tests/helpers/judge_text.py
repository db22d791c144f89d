"""The lines of formula text that people write above a table."""

from __future__ import annotations

from random import Random

from judge_spelling import Network


def lines(rng: Random, net: Network) -> list[tuple[str, str]]:
    """(quantity, line of text) as written above a table; "" for a heading, or a step that no cell computes."""
    sigma = rng.choice(["σ(#) = 1/(1 + exp(-#))", "1/(1+exp(-#))", "σ(#)", "sigmoid(#)"])
    half = rng.choice(["1/2*(t# - a_o#)^2", "0.5*(t#-a_o#)^2", "½*(t# - a_o#)²", "(1/2) * (t# - a_o#)^2"])
    top = rng.choice(["∂E_total/∂", "∂E/∂", "dE/d", "∂E_t/∂"])
    named, found = {"sigmoid": sigma, "tanh": "tanh(#)", "relu": "max(0, #)"}, [("", "1"), ("", "Forward pass")]
    for unit, pairs in net.incoming.items():
        bias = f" + {net.biases[unit]}" if net.bias else ""
        found.append((unit, f"{unit} = " + " + ".join(f"{w}*{x}" for w, x in pairs) + bias))
        found.append((f"a_{unit}", f"a_{unit} = " + named[net.activation_of(unit)].replace("#", unit)))
    if net.outputs > 1:
        found += [(f"E{k}", f"E{k} = {half.replace('#', str(k))}") for k in range(1, net.outputs + 1)]
        found.append(("E_total", "E_total = " + " + ".join(f"E{k}" for k in range(1, net.outputs + 1))))
    found.append(("", "2"))
    if net.activation != "sigmoid":
        return found
    if net.outputs == 2:
        w = net.incoming["o1"][0][0]
        found.append(("", f"{top}{w} = ∂(E1+E2)/∂{w} = ∂E1/∂{w}"))
    found.append(("", "∂a_o1/∂o1 = a_o1*(1 - a_o1)"))
    flow = {f"o{k}": f"(a_o{k} - t{k})*a_o{k}*(1 - a_o{k})" for k in range(1, net.outputs + 1)}
    for h in (unit for unit in net.incoming if unit[0] == "h"):
        found.append(("", f"{top}{net.incoming[h][0][0]} = {top}a_{h} * ∂a_{h}/∂{h} * ∂{h}/∂{net.incoming[h][0][0]}"))
        flow[h] = "(" + " + ".join(f"{flow[o]}*{w}" for o, w in net.outgoing(f"a_{h}")) + f")*a_{h}*(1 - a_{h})"
    for unit, pairs in net.incoming.items():
        found += [(f"dE/d{w}", f"{top}{w} = {flow[unit]}*{x}") for w, x in pairs]
    return found
