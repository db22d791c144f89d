"""Numbers far out: inputs of 1e3, weights of 1e2, a learning rate of 1e4. Never #NUM!, and right all the same."""

from __future__ import annotations

import math
from pathlib import Path

import pytest
from traces import recalculated

from sheetgen.judge import oracle
from sheetgen.judge.engines import available
from sheetgen.spec import ACTIVATIONS, parse

SIZES = {
    "inputs of 1e3": ("[1000, -1000]", "[0.15, 0.2, -0.25, 0.3, 0.4, -0.45, 0.5, 0.55]", "0.5"),
    "weights of 1e2": ("[0.05, 0.1]", "[100, -100, 100, 100, -100, 100, 100, -100]", "0.5"),
    "a learning rate of 1e4": ("[0.05, 0.1]", "[0.15, 0.2, 0.25, 0.3, 0.4, 0.45, 0.5, 0.55]", "10000"),
    "all of them": ("[1000, -1000]", "[100, -100, 100, 100, -100, 100, 100, -100]", "10000"),
    "the largest that are allowed": ("[1e6, -1e6]", "[1e6, -1e6, 1e6, 1e6, -1e6, 1e6, 1e6, -1e6]", "1e6"),
}


# LibreOffice starts slowly, so it takes the homework's own activation only.
PAIRS = [(a, e) for a in ACTIVATIONS for e in ("IronCalc", "formulas patterns")]
PAIRS += [("sigmoid", "LibreOffice")] if available("LibreOffice") else []


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize(("activation", "engine"), PAIRS)
def test_saturated_networks_stay_finite_or_say_so(tmp_path: Path, size: str, activation: str, engine: str) -> None:
    inputs, weights, learning_rate = SIZES[size]
    spec = parse(
        f'[network]\nlayers = [2, 2, 2]\nactivation = "{activation}"\n[data]\ninputs = {inputs}\n'
        f"targets = [0.01, 0.99]\n[initial]\nweights = {weights}\n"
        f"[training]\nlearning_rate = {learning_rate}\nsteps = 12\n",
        "far.toml",
    )
    said = 0
    for name, step, value, wanted in recalculated(spec, tmp_path / "far.xlsx", engine):
        if isinstance(value, str):
            assert value == "diverged" and not spec.bounded, (name, step, value)
            assert math.isnan(wanted.value), (name, step, wanted)
            said += 1
        else:
            assert math.isfinite(value)
            assert abs(value - wanted.value) <= oracle.tolerance(wanted), (name, step, value, wanted)
    assert not said or activation in ("relu", "identity")


def test_an_exploding_network_does_explode(tmp_path: Path) -> None:
    """The message is really shown, so the test above is not passed by tame networks alone."""
    text = (
        '[network]\nlayers = [1, 1, 1]\nactivation = "identity"\n[data]\ninputs = [1000]\ntargets = [1]\n'
        "[initial]\nweights = [100, 100]\n[training]\nlearning_rate = 10000\nsteps = 12\n"
    )
    values = [value for _, _, value, _ in recalculated(parse(text, "x.toml"), tmp_path / "x.xlsx")]
    assert values.count("diverged") > 20
    assert all(isinstance(v, float) or v == "diverged" for v in values)
