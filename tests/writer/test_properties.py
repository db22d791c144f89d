"""Any small network: what a spreadsheet engine makes of its formulas is what PyTorch autograd says, at 1e-9."""

from __future__ import annotations

import math
import tempfile
from pathlib import Path

import pytest
from books import TEMPLATES
from engine_books import needs
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from traces import recalculated

from sheetgen.judge import oracle
from sheetgen.spec import ACTIVATIONS, BIASES, FORMULAS, Spec, load, parse, weight_count

number = st.floats(-2, 2).map(lambda x: round(x, 3))


@st.composite
def networks(draw: st.DrawFn) -> Spec:
    """Random layers, activations, biases, batch, numbers and form of the formulas."""
    layers = draw(st.lists(st.integers(1, 3), min_size=2, max_size=4))
    activations = draw(st.lists(st.sampled_from(ACTIVATIONS), min_size=len(layers) - 1, max_size=len(layers) - 1))
    bias, samples = draw(st.sampled_from(BIASES)), draw(st.integers(1, 3))
    data = {key: [[draw(number) for _ in range(n)] for _ in range(samples)]
            for key, n in (("inputs", layers[0]), ("targets", layers[-1]))}  # fmt: skip
    numbers = [draw(number) for _ in range(weight_count(tuple(layers)) + sum(layers[1:]))]
    n = weight_count(tuple(layers))
    biases = f"biases = {numbers[n:]}\n" if bias != "none" else ""
    text = (
        f'[network]\nlayers = {layers}\nactivation = {activations}\nbias = "{bias}"\n'.replace("'", '"')
        + f'formulas = "{draw(st.sampled_from(FORMULAS))}"\n[data]\ninputs = {data["inputs"]}\n'
        + f"targets = {data['targets']}\n[initial]\nweights = {numbers[:n]}\n{biases}"
        + f"[training]\nlearning_rate = {draw(st.floats(0.01, 1).map(lambda x: round(x, 3)))}\nsteps = 4\n"
    )
    return parse(text, "random.toml")


def agree(spec: Spec, engine: str = "IronCalc") -> int:
    """Every cell of the trace agrees; returns how many were compared."""
    compared = 0
    spoilt = math.inf  # the first row in which rounding spoils a gradient by over 1e-9: the rows below inherit that
    with tempfile.TemporaryDirectory() as folder:
        for name, step, value, wanted in recalculated(spec, Path(folder) / "trace.xlsx", engine):
            if step > spoilt:
                break
            compared += 1
            if name.startswith("dE") and wanted.rounding > 1e-9 * abs(wanted.value):
                spoilt = min(spoilt, step)
            if math.isnan(wanted.value):
                assert value == "diverged", (name, step, value)
            else:
                assert isinstance(value, float), (name, step, value)
                assert abs(value - wanted.value) <= oracle.tolerance(wanted), (name, step, value, wanted)
    return compared


@settings(max_examples=40, derandomize=True, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(networks())
def test_a_random_network_agrees_with_autograd(spec: Spec) -> None:
    assert agree(spec) > 0


@pytest.mark.slow
@settings(max_examples=120, derandomize=True, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(networks())
def test_many_random_networks_agree_with_autograd(spec: Spec) -> None:
    assert agree(spec) > 0


@pytest.mark.slow
@pytest.mark.parametrize("engine", ["IronCalc", "LibreOffice", "Formulon"])
@pytest.mark.parametrize("name", sorted(path.stem for path in TEMPLATES.glob("*.toml")))
def test_a_template_trained_as_long_as_it_is_shipped_agrees_with_autograd(name: str, engine: str) -> None:
    needs(engine)
    spec = load(TEMPLATES / f"{name}.toml")
    assert agree(spec, engine) > 30 * spec.steps


def test_the_property_can_fail() -> None:
    """A network whose trace is compared with another network's numbers is caught."""
    text = "[network]\nlayers = [1, 1]\n[data]\ninputs = [1]\ntargets = [0]\n[initial]\nweights = [0.5]\n"
    right, other = parse(text, "a.toml"), parse(text.replace("0.5", "0.500001"), "b.toml")
    with tempfile.TemporaryDirectory() as folder:
        values = list(recalculated(right, Path(folder) / "a.xlsx"))
    wanted = list(oracle.trajectory(other))
    wrong = [name for name, step, value, _ in values if abs(value - wanted[step][name].value) > 1e-9]
    assert {"w1", "o1", "a_o1", "E_total", "dE/dw1"} <= set(wrong)
