"""The sheet Ideas and the picture of Finite differences: their curves, slopes, steps and sentences beside PyTorch's."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import torch
from books import TEMPLATES, BuildBook, charts_on, labels, recalculated
from lxml import etree
from slip_training import train
from torch import Tensor

from sheetgen.excel import ErrorValue, Value, read
from sheetgen.excel.a1 import address, place
from sheetgen.judge.engines.result import Values
from sheetgen.network.slips import RIGHT
from sheetgen.spec import Spec, load, parse
from sheetgen.writer.plan import DIFFERENCES, IDEAS
from sheetgen.writer.sheets import ideas, one_weight, secant
from sheetgen.writer.trace import letter

TYPED, WIDTH = (f"{IDEAS}!{at.replace('$', '')}" for at in (ideas.TYPED, ideas.WIDE))
ABOUT, NUMBER, EDGE, ERROR = (letter(ideas.WORKINGS + k) for k in range(4))  # columns of the workings of Ideas
CHOSEN, EPSILON = f"{DIFFERENCES}!H4", f"{DIFFERENCES}!H5"
FUNCTIONS = {"sigmoid": torch.sigmoid, "tanh": torch.tanh, "relu": torch.relu, "identity": lambda h: h}


def near(wanted: Any) -> Any:
    """Equal, but for rounding."""
    return pytest.approx(wanted, rel=1e-9, abs=1e-15)


RELU = """
network = {layers = [2, 3, 2], activation = ["relu", "identity"], bias = "trained"}
data = {inputs = [[1, 2], [-1, 0.5], [0.5, -2]], targets = [[1, 0], [0, 1], [1, 1]]}
initial = {seed = 4}
training = {learning_rate = 0.1, steps = 8, learning_rates = [0.5]}
"""


def error(spec: Spec, weights: Tensor, biases: Tensor) -> Tensor:
    """E of a network, by PyTorch alone."""
    a, w, b = torch.tensor(spec.inputs, dtype=torch.float64), 0, 0
    for k, (m, n) in enumerate(zip(spec.layers, spec.layers[1:], strict=False)):
        h = a @ weights[w : w + m * n].reshape(n, m).T
        if spec.biases:
            h = h + biases[b : b + n]
        a, w, b = FUNCTIONS[spec.activations[k]](h), w + m * n, b + n
    return ((torch.tensor(spec.targets, dtype=torch.float64) - a) ** 2).sum() / 2


def state(spec: Spec, updates: int = 0) -> tuple[Tensor, Tensor]:
    """The weights and biases after some updates."""
    w, b = (torch.tensor(x, dtype=torch.float64, requires_grad=True) for x in (spec.weights, spec.biases))
    for _ in range(updates):
        gw, gb = torch.autograd.grad(error(spec, w, b), (w, b), allow_unused=True)
        with torch.no_grad():
            w -= spec.learning_rate * gw
            b -= 0 if spec.bias != "trained" else spec.learning_rate * gb
    return w.detach(), b.detach()


def along(spec: Spec, k: int, values: Sequence[float], updates: int = 0) -> list[tuple[float, float]]:
    """E and its slope as the k-th weight takes some values, by autograd."""
    w, b = state(spec, updates)
    found = []
    for value in values:
        moved = w.clone()
        moved[k] = value
        moved.requires_grad_(True)
        E = error(spec, moved, b)
        (slope,) = torch.autograd.grad(E, moved)
        found.append((E.item(), slope[k].item()))
    return found


def first_out(spec: Spec) -> int:
    """The place of the first weight into the outputs."""
    return len(spec.weights) - spec.layers[-1] * spec.layers[-2]


def told(path: Path, values: Values, sheet: str = IDEAS, column: str = ABOUT, after: str = NUMBER) -> dict[str, Value]:
    """What the workings tell: a text in a column -> what stands beside it."""
    cells = read(path).sheets[sheet]
    found: dict[str, Any] = {}
    for at, entry in cells.items():
        if re.fullmatch(rf"{column}\d+", at) and isinstance(entry.value, str):
            beside = at.replace(column, after, 1)
            found[entry.value] = values[sheet].get(beside, cells[beside].value if beside in cells else None)
    return found


class Seen(NamedTuple):
    """What a person reads off a picture: the points of its curve, by the ticks of its axes; where they are drawn."""

    points: list[tuple[float, float]]
    drawn: list[tuple[float, float]]
    spans: tuple[float, float]  # what the width and the height of the picture stand for


def seen(path: Path, values: Values, sheet: str) -> Seen:
    """The picture of a sheet, read with nothing but what its chart draws, and the number amid each axis."""
    with zipfile.ZipFile(path) as archive:
        root = etree.fromstring(archive.read(charts_on(archive, path, sheet)[0]))
    cells = read(path).sheets[sheet]

    def held(series: Any, tag: str) -> list[Any]:
        ((_, area),) = [
            (f, f.text.rpartition("!")[2].replace("$", "")) for f in series.find(f"{{*}}{tag}").iter("{*}f")
        ]
        first, _, last = area.partition(":")
        (top, left), (bottom, right) = place(first), place(last or first)
        at = [address(row, column) for row in range(top, bottom + 1) for column in range(left, right + 1)]
        return [values[sheet].get(x, cells[x].value) for x in at]

    drawn: list[tuple[float, float]] = []
    ticks: dict[bool, list[tuple[str, float]]] = {False: [], True: []}  # of x, of y
    for series in root.iter("{*}ser"):
        x, y = held(series, "xVal"), held(series, "yVal")
        if len(x) > len(drawn):
            drawn = [*zip(x, y, strict=True)]
        if len(x) == 2 and series.find("{*}dLbls") is not None and held(series, "tx")[0] != " ":
            up = y[0] == y[1]
            ticks[up].append((held(series, "tx")[0], (y if up else x)[0]))
    said = told(path, values, sheet, *(("A", "B") if sheet == DIFFERENCES else ()))
    w = said["the weight" if sheet == DIFFERENCES else next(k for k in said if k.endswith("as typed"))]
    axes = [_axis(ticks[up], float(here)) for up, here in ((False, w), (True, said["E there"]))]  # type: ignore[arg-type]
    points = [tuple(zero + span * at for (zero, span), at in zip(axes, pair, strict=True)) for pair in drawn]
    return Seen(points, drawn, (axes[0][1], axes[1][1]))  # type: ignore[arg-type]


def _axis(ticks: list[tuple[str, float]], here: float) -> tuple[float, float]:
    """The number at the beginning of an axis, and how much longer it is than 0 to 1, from its ticks."""
    offsets = [0.0 if text[1:4] == " = " else float(text) for text, _ in ticks]
    assert 2 <= len(ticks) <= 9 and max(len(text) for text, _ in ticks) <= 14
    assert all(-1e-6 < at < 1 + 1e-6 for _, at in ticks)
    span = (offsets[-1] - offsets[0]) / (ticks[-1][1] - ticks[0][1])
    even = [ticks[0][1] + (x - offsets[0]) / span for x in offsets]
    assert [at for _, at in ticks] == pytest.approx(even, abs=1e-6) and sorted(set(offsets)) == offsets
    near = any(text.startswith("+") for text, _ in ticks)
    assert near == any(" = " in text for text, _ in ticks)
    return offsets[0] - span * ticks[0][1] + here * near, span


def errors(values: Values) -> list[str]:
    return [f"{s}!{at}" for s in (IDEAS, DIFFERENCES) for at, v in values[s].items() if isinstance(v, ErrorValue)]


def nothing(path: Path, values: Values, sheet: str) -> bool:
    """Whether no point of a picture is in it, and its axes have no numbers: there is a text alone."""
    with zipfile.ZipFile(path) as archive:
        root = etree.fromstring(archive.read(charts_on(archive, path, sheet)[0]))
    beyond, texts = set(), []
    for series in root.iter("{*}ser"):
        at = {
            tag: next(series.find(f"{{*}}{tag}").iter("{*}f")).text.rpartition("!")[2].replace("$", "").split(":")[0]
            for tag in ("tx", "yVal")
            if series.find(f"{{*}}{tag}") is not None
        }
        if series.find("{*}dLbls") is not None:
            texts.append(values[sheet][at["tx"]])
        else:
            beyond.add(values[sheet][at["yVal"]])
    return beyond == {-1.0} and [t for t in texts if t != " "] == texts[-1:]


@pytest.fixture(scope="module", params=["homework", "mazur", "xor", "tanh-2-3-2", "relu"])
def made(request: pytest.FixtureRequest, build_book: BuildBook) -> tuple[Spec, Path]:
    if request.param == "relu":
        spec = parse(RELU, "relu.toml")
    else:
        spec = replace(load(TEMPLATES / f"{request.param}.toml"), steps=8, learning_rates=(0.5,))
    return spec, build_book(spec)


@pytest.mark.parametrize("typed", [None, -3.7, 0.0, 25.0, -40_000.0])
def test_the_curve_and_its_tangent_are_pytorchs(made: tuple[Spec, Path], typed: float | None) -> None:
    spec, path = made
    k = first_out(spec)
    w = spec.weights[k] if typed is None else typed
    values = recalculated(path, **({} if typed is None else {TYPED: typed}))
    picture = seen(path, values, IDEAS)
    wanted = [E for E, _ in along(spec, k, [x for x, _ in picture.points])]
    assert [y for _, y in picture.points] == pytest.approx(wanted, rel=1e-9, abs=1e-7 * picture.spans[1])
    assert len(wanted) == one_weight.POINTS and max(wanted) - min(wanted) < picture.spans[1] * (1 + 1e-9)
    assert picture.points[0][0] < w < picture.points[-1][0] and errors(values) == []
    said = told(path, values)
    ((E, slope),) = along(spec, k, [w])
    assert said["E there"] == near(E)
    assert said[f"its slope, dE/dw{k + 1}"] == near(slope)
    after = w - spec.learning_rate * slope
    assert said[f"w{k + 1} after the step"] == near(after)
    assert said["E after the step"] == near(along(spec, k, [after])[0][0])
    drawn = labels(path, values, IDEAS)
    assert f"w{k + 1} = " in str(drawn) and any(str(text).startswith(f"tangent: slope dE/dw{k + 1}") for text in drawn)


@pytest.mark.parametrize(
    ("typed", "width", "middle"), [(0.4, 0.1, 0.4), (2.0, 6.0, 0.4), (7.0, 6.0, 7.0), (0.4, "", 0.4)]
)
def test_the_curve_stays_while_the_weight_is_in_the_picture(
    homework_book: Path, typed: float, width: Value, middle: float
) -> None:
    points = seen(homework_book, recalculated(homework_book, **{TYPED: typed, WIDTH: width}), IDEAS).points
    half = width if isinstance(width, float) and width > 0 else 6.0
    assert (points[0][0], points[20][0], points[-1][0]) == pytest.approx((middle - half, middle, middle + half))


def fills(path: Path, typed: float, width: float) -> None:
    """No axis goes from 0 to a point that is far off it: what is drawn takes a good part of the picture."""
    values = recalculated(path, **{TYPED: typed, WIDTH: width})
    picture = seen(path, values, IDEAS)
    across, up = ([pair[k] for pair in picture.drawn] for k in (0, 1))
    assert (min(across), max(across)) == (0, 1) and min(up) >= 0 and max(up) <= 1 + 1e-9 and errors(values) == []
    assert picture.spans[0] == pytest.approx(2 * width, rel=1e-9)
    errs = [y for _, y in picture.points]
    seen_to_rise = max(errs) - min(errs) > 1e-9 * max(errs)
    assert max(up) - min(up) > 0.3 if seen_to_rise else max(up) > 0.3


@pytest.mark.parametrize(("typed", "width"), [(0.4, 0.1), (0.4, 1e-6), (50.0, 1e-3), (50.0, 6.0), (-1e6, 1e6)])
def test_a_curve_seen_from_near_fills_its_picture(homework_book: Path, typed: float, width: float) -> None:
    fills(homework_book, typed, width)


def test_a_curve_far_off_fills_its_picture(made: tuple[Spec, Path]) -> None:
    fills(made[1], -1e6, 1e-3)


def test_other_weights_are_those_of_network(homework_book: Path, homework_spec: Spec) -> None:
    values = recalculated(homework_book, w_6=-2.0, i_1=0.9, learning_rate=3.0, **{TYPED: 1.0})
    spec = replace(homework_spec, inputs=((0.9, 0.1),), weights=(*homework_spec.weights[:5], -2.0, 0.5, 0.55))
    ((E, slope),) = along(spec, 4, [1.0])
    said = told(homework_book, values)
    assert (said["E there"], said["its slope, dE/dw5"]) == (near(E), near(slope))
    assert said["w5 after the step"] == near(1 - 3 * slope)


def test_the_first_update_is_that_of_all_weights(made: tuple[Spec, Path]) -> None:
    spec, path = made
    said = told(path, recalculated(path))
    for update in (0, 1, 8):
        E = error(spec, *state(spec, update)).item()
        assert said[f"E after update {update}"] == pytest.approx(E, rel=1e-9)
    before, after = (error(spec, *state(spec, n)).item() for n in (0, 1))
    assert said["in words, of the update"] == f"fell by {round(100 * (before - after) / before, 1):g} %"


def boxes(path: Path, values: Values) -> str:
    """All that the boxes say."""
    cells = read(path).sheets[IDEAS]
    return " ".join(str(values[IDEAS].get(at, e.value)) for at, e in cells.items() if re.fullmatch(r"[A-R]\d+", at))


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ({}, ["so w5 up by 0.1 raises E by about 0.00129.", "E rises to the right, so step to the left: minus",
              "w5: 0.4 − 1 · 0.0129 = 0.3871", "takes E from 0.01418 to 0.01402: it fell by 1.2 %."]),
        ({TYPED: -2.0}, ["up by 0.1 lowers E by about 0.00", "E falls to the right, so step to the right: minus"]),
        ({"learning_rate": 900.0}, ["it rose by ", ": too long a step"]),
        ({"learning_rate": 0.0}, ["it did not change.", "E did not change"]),
        ({TYPED: 1e5}, ["so a little more or less of w5 hardly changes E.", "The curve is flat here: the slope is 0"]),
        ({"learning_rate": -1.0}, ["it rose by 1.2 %.", "0.4 − (-1) · 0.0129"]),
    ],
)  # fmt: skip
def test_what_the_boxes_say(homework_book: Path, typed: dict[str, float], said: list[str]) -> None:
    values = recalculated(homework_book, **typed)
    text = boxes(homework_book, values)
    assert [part for part in said if part not in text] == [] and errors(values) == []
    assert ("How far?" in text) == ("The curve is flat here" not in text)


def test_the_chain_rule_multiplies(homework_book: Path) -> None:
    values, cells = recalculated(homework_book), read(homework_book).sheets[IDEAS]
    names = {e.value: f"Q{at[1:]}" for at, e in cells.items() if at[0] == "O" and e.value}
    first, second, third, product = (values[IDEAS][names[x]] for x in ("dE1/da_o1", "da_o1/do1", "do1/dw5", "dE1/dw5"))
    assert [cells[at.replace("Q", "P")].value for at in (names["dE1/da_o1"], names["da_o1/do1"], names["do1/dw5"])] == [
        "a_o1 - t1", "a_o1*(1 - a_o1)", "a_h1",
    ]  # fmt: skip
    wanted = 0.106477732206728, 0.238662492544112, 0.506874566764534, 0.012880818631628  # of the class file
    assert (first, second, third, product) == pytest.approx(wanted, rel=1e-12)


@pytest.mark.parametrize(("name", "title"), [
    ("homework", "Note: why IF(h < −700, …)"), ("xor", "Note: why IF(h < −700, …)"),
    ("tanh-2-3-2", "Note: why TANH(h) needs no IF"),
])  # fmt: skip
def test_the_guard_is_that_of_the_activations(build_book: BuildBook, name: str, title: str) -> None:
    path = build_book(replace(load(TEMPLATES / f"{name}.toml"), steps=8, learning_rates=(0.5,)))
    said = boxes(path, recalculated(path))
    way = {"homework": "i1 → h1 → a_h1 –w5→ o1 → a_o1 → E1", "xor": "i1 → h1 → a_h1 –w7→ o1 → a_o1 → E1"}
    assert title in said and way.get(name, "–w7→ o1 → a_o1 → E1") in said


@pytest.mark.parametrize(
    ("typed", "why"),
    [
        ({TYPED: "two"}, "type a number"), ({TYPED: ""}, "type a number"), ({TYPED: True}, "type a number"),
        ({TYPED: 1e300}, "type −1,000,000 to 1,000,000"), ({"w_6": "x"}, "an input is missing"),
        ({"i_1": ""}, "an input is missing"),
    ],
)  # fmt: skip
def test_why_nothing_is_drawn_is_said(homework_book: Path, typed: dict[str, Value], why: str) -> None:
    values = recalculated(homework_book, **typed)
    assert errors(values) == [] and why in labels(homework_book, values, IDEAS)
    assert nothing(homework_book, values, IDEAS)
    text = boxes(homework_book, values)
    assert f"Nothing to tell: {why}." in text
    assert ("E fell by 5.7 %" in text) == (why != "an input is missing")


@pytest.mark.parametrize(
    "typed", [{"w_6": 1e6}, {"i_1": -1e6, "w_1": 1e6}, {"learning_rate": 1e6}, {"row_shown": 99.0}]
)
def test_any_number_is_drawn(made: tuple[Spec, Path], typed: dict[str, Value]) -> None:
    _, path = made
    names = read(path).names
    values = recalculated(path, **{k: v for k, v in typed.items() if k in names})
    assert errors(values) == [] and told(path, values)["is it drawn?"] == 1.0
    assert "Nothing to tell" not in boxes(path, values)


def test_a_network_that_diverges_says_so(build_book: BuildBook) -> None:
    far = "network = {layers = [1, 1], activation = 'identity'}\ndata = {inputs = [1e6], targets = [0]}\n"
    spec = parse(far + "initial = {weights = [1e6]}\ntraining = {steps = 30, learning_rate = 1e6}", "far.toml")
    path = build_book(spec)
    values = recalculated(path)
    assert errors(values) == [] and "after 30 it is diverged." in boxes(path, values)


def test_the_secant_and_the_tangent_are_pytorchs(made: tuple[Spec, Path]) -> None:
    spec, path = made
    for k, eps, row in ((first_out(spec), None, 0), (0, 0.5, 7), (len(spec.weights) - 1, 1e-3, 8)):
        typed: dict[str, Value] = {CHOSEN: f"w{k + 1}", "row_shown": float(row), **({EPSILON: eps} if eps else {})}
        values = recalculated(path, **typed)
        cell = read(path).sheets[DIFFERENCES]["H5"].value
        e = eps or float(cell)  # type: ignore[arg-type]
        w = state(spec, row)[0][k].item()
        picture = seen(path, values, DIFFERENCES)
        steps = [w + j * e / 4 for j in range(-12, 13)]
        assert [x for x, _ in picture.points] == pytest.approx(steps, abs=1e-9 * e) and len(steps) == secant.POINTS
        wanted = [E for E, _ in along(spec, k, steps, row)]
        assert [y for _, y in picture.points] == pytest.approx(wanted, rel=1e-12, abs=1e-7 * picture.spans[1])
        said = told(path, values, DIFFERENCES, "A", "B")
        low, here, high = along(spec, k, [w - e, w, w + e], row)
        assert said["its slope"] == pytest.approx((high[0] - low[0]) / (2 * e), rel=1e-9, abs=1e-12)
        assert said["analytic"] == near(here[1]) and errors(values) == []


@pytest.mark.parametrize(
    ("typed", "why"),
    [
        ({CHOSEN: "w9"}, "choose a weight"), ({CHOSEN: ""}, "choose a weight"), ({CHOSEN: "w*"}, "choose a weight"),
        ({EPSILON: 0.0}, "ε must be above 0"), ({EPSILON: "x"}, "type ε"), ({EPSILON: 1e9}, "ε is too large"),
        ({"row_shown": 99.0}, "no such row"), ({"w_6": "x"}, "an input is missing"),
    ],
)  # fmt: skip
def test_why_no_secant_is_drawn_is_said(homework_book: Path, typed: dict[str, Value], why: str) -> None:
    values = recalculated(homework_book, **typed)
    assert errors(values) == [] and why in labels(homework_book, values, DIFFERENCES)
    assert nothing(homework_book, values, DIFFERENCES)
    assert values[DIFFERENCES]["I6"] == f"nothing is drawn: {why}"


def test_a_smaller_difference_brings_the_secant_to_the_tangent(homework_book: Path) -> None:
    said = [recalculated(homework_book, **{EPSILON: e})[DIFFERENCES]["I6"] for e in (2.0, 0.01)]
    assert said == ["secant 0.00947, tangent 0.0129: 26.5 % apart",
                    "secant 0.0129, tangent 0.0129: less than 0.1 % apart"]  # fmt: skip


def table(path: Path, values: Values, sheet: str, heading: str, columns: str) -> list[list[Value]]:
    """What stands below a heading in some columns, as far as the first of them is filled; of two merged rows once."""
    cells = read(path).sheets[sheet]
    (row,) = (place(at)[0] for at, e in cells.items() if e.value == heading and at[0] == columns[0])
    found: list[list[Value]] = []
    for k in range(row + 1, row + 12):
        line = [values[sheet].get(f"{c}{k}", cells[f"{c}{k}"].value if f"{c}{k}" in cells else None) for c in columns]
        found += [line] if line[0] is not None else []  # type: ignore[list-item]
    return found


def test_every_symbol_has_its_number(made: tuple[Spec, Path]) -> None:
    spec, path = made
    found = {str(symbol): number for symbol, number in table(path, recalculated(path), IDEAS, "symbol", "AH")}
    w, b = state(spec)
    k, inside = first_out(spec), spec.layers[0]
    i = torch.tensor(spec.inputs[0], dtype=torch.float64)
    h = w[:k].reshape(-1, inside) @ i + (b[: spec.layers[1]] if spec.biases else 0)
    a_h = FUNCTIONS[spec.activations[0]](h)
    o = w[k : k + len(a_h)] @ a_h + (b[spec.layers[1]] if spec.biases else 0)
    a_o = FUNCTIONS[spec.activations[1]](o)
    ((E, slope),) = along(spec, k, [spec.weights[k]])
    wanted = [i[0], h[0], a_h[0], spec.weights[k], o, a_o, spec.targets[0][0], E, spec.learning_rate, slope]
    names = ["i1", "h1", "a_h1", f"w{k + 1}", "o1", "a_o1", "t1", "E, E_total", "η, eta", f"dE/dw{k + 1}"]
    assert found == {name: near(float(x)) for name, x in zip(names, wanted, strict=True)}


def test_what_is_foretold_of_an_experiment_is_seen(made: tuple[Spec, Path]) -> None:
    spec, path = made
    k, name = first_out(spec), f"w{first_out(spec) + 1}"
    values = recalculated(path)
    hand, steeper, near_by, far, rate = table(path, values, IDEAS, "try this", "IK")
    typed = float(re.fullmatch(rf"1  Type (\S+) as {name}: an update by hand", str(hand[0]))[1])  # type: ignore[index]
    before, after = (float(x) for x in re.match(r"E goes from (\S+) to (\S+)\. ", str(hand[1])).groups())  # type: ignore[union-attr]
    own = spec.weights[k]
    for w, told_there in ((own, before), (typed, after)):
        assert told_there == pytest.approx(along(spec, k, [w])[0][0], rel=2e-3)
    there = float(re.fullmatch(rf"2  Type (\S+) as {name}", str(steeper[0]))[1])  # type: ignore[index]
    (_, here), (_, slope) = along(spec, k, [own, there])
    words = "steeper than now: a longer step" if abs(slope) > abs(here) else "flatter than now: a shorter step"
    assert str(steeper[1]).startswith(f"There dE/d{name} is ") and words in str(steeper[1])
    assert float(str(steeper[1]).split(" is ")[1].split(",")[0]) == pytest.approx(slope, rel=6e-3)
    assert near_by[0] == "3  Type 0.1 for what the picture shows"
    leaps = re.fullmatch(r"5  On Network, type (\S+) as learning_rate", str(rate[0]))
    if leaps:
        errors = [r.E for r in train(replace(spec, learning_rate=float(leaps[1])), RIGHT, 1)]
        assert errors[1] > errors[0] and "leaps over the valley, and E rises" in str(rate[1])
    else:
        assert "ten times the learning rate" in str(rate[0])
    bound = float(re.fullmatch(rf"4  Type (\S+) as {name}", str(far[0]))[1])  # type: ignore[index]
    (_, distant), (E, _), (twice, _) = along(spec, k, [bound, bound, 2 * bound])
    if "The curve is flat" in str(far[1]):
        assert abs(distant) < 1e-9 and twice == pytest.approx(E, rel=1e-9)
    else:
        assert str(far[1]).startswith("E grows with the square") and twice / E == pytest.approx(4, rel=1e-3)


def test_the_slope_foretold_elsewhere_follows_the_inputs(homework_book: Path, homework_spec: Spec) -> None:
    values = recalculated(homework_book, i_1=0.9, **{TYPED: -3.0})
    line = str(table(homework_book, values, IDEAS, "try this", "IK")[1][1])
    ((_, slope),) = along(replace(homework_spec, inputs=((0.9, 0.1),)), 4, [-3.0])
    assert "as steep as now: as long a step" in line and float(line.split()[3][:-1]) == pytest.approx(slope, rel=6e-3)


def test_the_weights_to_choose_from_are_those_of_the_table(homework_book: Path) -> None:
    number = [*read(homework_book).sheets].index(DIFFERENCES) + 1
    with zipfile.ZipFile(homework_book) as archive:
        root = etree.fromstring(archive.read(f"xl/worksheets/sheet{number}.xml"))
    (rule,) = (e for e in root.iter("{*}dataValidation") if e.get("type") == "list")
    cells = read(homework_book).sheets[DIFFERENCES]
    assert f"{DIFFERENCES}!{rule.get('sqref')}" == CHOSEN and rule.findtext("{*}formula1") == "$A$9:$A$16"
    assert [cells[f"A{row}"].value for row in range(9, 17)] == [f"w{k}" for k in range(1, 9)]
