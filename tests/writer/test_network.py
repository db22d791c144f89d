"""The sheet Network: gradients beside PyTorch's, the walk through the computation, the drawing, the samples' table."""

import itertools
import re
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import openpyxl
import pytest
import torch
from books import TEMPLATES, BuildBook, charts_on, labels, network_alone, panel, place_of, recalculated
from lxml import etree

from sheetgen.cells.cell import Cell
from sheetgen.excel import Value, Workbook, read
from sheetgen.excel.a1 import column_letters, place
from sheetgen.judge.engines.result import Values
from sheetgen.network import layers, program
from sheetgen.spec import Spec, load, parse
from sheetgen.writer.plan import Run
from sheetgen.writer.sheets import network
from sheetgen.writer.sheets.boxes import Box
from sheetgen.writer.sheets.picture import WIDTH, Picture, drawn
from sheetgen.writer.sheets.walk import Stage, Walk

NAMES = ["homework", "homework-eta-0.5", "mazur", "xor", "tanh-2-3-2"]
FUNCTIONS = {"sigmoid": torch.sigmoid, "tanh": torch.tanh, "relu": torch.relu, "identity": lambda h: h * 1.0}


def net(shape: list[int], bias: str = "none", samples: int = 1, activation: str = "sigmoid") -> Spec:
    """A network of some shape, with numbers of both signs."""
    inputs = [[round(0.3 * (k + s) - 0.5, 2) for k in range(shape[0])] for s in range(samples)]
    targets = [[round(0.2 * (k + s), 2) for k in range(shape[-1])] for s in range(samples)]
    text = f"[network]\nlayers = {shape}\nbias = '{bias}'\nactivation = '{activation}'\n[data]\ninputs = {inputs}\n"
    text += f"targets = {targets}\n[initial]\nseed = 3\n[training]\nlearning_rate = 0.05\nlearning_rates = [0.1]\n"
    return parse(text + "steps = 8\n", f"net-{'-'.join(map(str, shape))}.toml")


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Path]:
    """`alone(spec, formula, ...)`: the sheets Network and Training, each built once."""

    @cache
    def build(spec: Spec, *formulas: str) -> Path:
        return network_alone(tmp_path_factory.mktemp("alone") / "b.xlsx", spec, *formulas)

    return build


@pytest.fixture(scope="module")
def homework(alone: Callable[..., Path], homework_spec: Spec) -> Path:
    """The homework's sheet Network."""
    return alone(homework_spec)


def numbers(book: Workbook, values: Values) -> dict[str, Value | None]:
    """The tables of every number at the row shown, by name."""
    cells = book.sheets["Network"]
    (head,) = (at for at, e in cells.items() if "Every number at iteration" in (e.formula or ""))
    found: dict[str, Value | None] = {}
    for at, entry in cells.items():
        row, column = place(at)
        beside = f"{column_letters(column + 1)}{row}"
        if row > place(head)[0] + 1 and column in (5, 7, 9, 11) and isinstance(entry.value, str):
            found[entry.value] = values["Network"].get(beside)
    return found


BATCH = net([4, 5, 3], "trained", 3)


# --- the gradients of what lies between


def gradients(spec: Spec, row: int) -> list[dict[str, float]]:
    """PyTorch's dE/dh and dE/da of every unit, sample by sample, after some updates."""
    shapes = list(itertools.pairwise(spec.layers))
    numbers, biases = iter(spec.weights), iter(spec.biases)
    W = [torch.tensor([[next(numbers) for _ in range(m)] for _ in range(n)], dtype=torch.float64) for m, n in shapes]
    b = [torch.tensor([next(biases, 0.0) for _ in range(n)], dtype=torch.float64) for _, n in shapes]
    trained = [*W, *(b if spec.bias == "trained" else [])]
    for _ in range(row + 1):
        for p in trained:
            p.requires_grad_(True)
            p.grad = None
        x, kept = torch.tensor(spec.inputs, dtype=torch.float64), []
        for k, (w, c) in enumerate(zip(W, b, strict=True)):
            h = x @ w.T + c
            x = FUNCTIONS[spec.activations[k]](h)
            h.retain_grad()
            x.retain_grad()
            kept.append((h, x))
        ((x - torch.tensor(spec.targets, dtype=torch.float64)) ** 2 / 2).sum().backward()
        with torch.no_grad():
            for p in trained:
                p -= spec.learning_rate * p.grad
    found = []
    for s in range(spec.samples):
        own = {}
        for k, (h, a) in enumerate(kept):
            prefix = "o" if k == len(kept) - 1 else "h" if len(kept) == 2 else f"h{k + 1}_"
            for j in range(h.shape[1]):
                own[f"dE/d{prefix}{j + 1}"] = h.grad[s, j].item()
                own[f"dE/da_{prefix}{j + 1}"] = a.grad[s, j].item()
        found.append(own)
    return found


@pytest.mark.parametrize("row", [0, 1, 7])
@pytest.mark.parametrize("name", [*NAMES, "3-3-3-2"])
def test_the_gradients_of_the_row_shown_are_pytorchs(alone: Callable[..., Path], name: str, row: int) -> None:
    deep = net([3, 3, 3, 2], "trained", 3, "relu")
    spec = deep
    if name in NAMES:
        spec = replace(load(TEMPLATES / f"{name}.toml"), steps=8, learning_rates=(0.5,))
    path = alone(spec)
    book = read(path)
    for s, expected in enumerate(gradients(spec, row)):
        typed: dict[str, Value] = {"row_shown": float(row)} | (
            dict.fromkeys(["sample_shown"][: spec.samples - 1], s + 1.0)
        )
        found = numbers(book, recalculated(path, **typed))
        assert {k: found[k] for k in expected} == pytest.approx(expected, rel=1e-9, abs=1e-15)
        assert [found[k] for k in found if k.startswith("dE/dE")] == [1.0] * (1 + spec.layers[-1])


# --- the walk

SHAPES = [
    ([2, 2, 2], "none"),
    ([2, 3, 1], "trained"),
    ([4, 5, 3], "frozen"),
    ([2, 3, 3, 2], "trained"),
    ([1, 1], "none"),
]


def plain(c: Cell) -> str:
    """A name without its sample."""
    return str(c.name).partition("[")[0]


def walk(spec: Spec) -> Walk:
    return Walk(Run(program.build(spec)))


@pytest.mark.parametrize(("shape", "bias"), SHAPES)
@pytest.mark.parametrize("samples", [1, 3])
def test_the_walk_visits_everything_once_and_nothing_too_early(shape: list[int], bias: str, samples: int) -> None:
    spec = net(shape, bias, samples)
    found, network = walk(spec), layers.build(spec)
    given = {plain(c) for c in [*network.inputs[0], *network.targets[0], *network.weights, *network.biases]}
    units = [plain(c) for layer in network.layers for c in (*layer.h[0], *layer.a[0])]
    computed = [*units, *(plain(e) for e in network.errors[0]), "E_total"]
    forward = [stage.name for stage in found.forward]
    assert sorted(forward) == sorted(computed)
    trained = [c.name for c in [*network.weights, *(network.biases if bias == "trained" else [])]]
    assert sorted(s.name for s in found.backward) == sorted(f"dE/d{name}" for name in [*computed, *trained])
    for known, stages in ((given, found.forward), (given | set(computed), found.backward)):
        known = set(known)
        for stage in stages:
            said = {name.removeprefix("!") for name in re.findall(r"\{(.*?)\}", stage.sentence)}
            assert set(stage.needs) <= known, stage
            assert said - {stage.name} <= known, stage
            known.add(stage.name)


def test_the_order_of_the_homework() -> None:
    found = walk(load(TEMPLATES / "homework.toml"))
    assert " ".join(s.name for s in found.forward) == "h1 a_h1 h2 a_h2 o1 a_o1 o2 a_o2 E1 E2 E_total"
    back = "E_total E1 E2 a_o1 o1 a_o2 o2 w5 w6 w7 w8 a_h1 h1 a_h2 h2 w1 w2 w3 w4"
    assert [s.name.removeprefix("dE/d") for s in found.backward] == back.split()


SENTENCES = {
    ("forward", 1): "Step 1 of 11: h1 is 0.0275: each input times its weight, added up, w1*i1 + w2*i2 = "
    "0.15*0.05 + 0.2*0.1.",
    ("forward", 2): "Step 2 of 11: a_h1 is 0.506875, the sigmoid of h1 = 0.0275.",
    ("forward", 11): "Step 11 of 11: E is 0.0141814: E1 + E2 = 0.00566875 + 0.00851262. This is what training "
    "makes small.",
    ("backward", 1): "Step 1 of 19: dE/dE is 1, and here the way back begins: E grows by 1 when E grows by 1.",
    ("backward", 4): "Step 4 of 19: dE/da_o1 is 0.106478: the output minus its target, a_o1 - t1 = 0.606478 - 0.5.",
    ("backward", 8): "Step 8 of 19: dE/dw5 is 0.0128808: dE/do1*a_h1 = 0.0254122*0.506875, for o1 changes by a_h1 for "
    "each unit of w5.",
    ("backward", 12): "Step 12 of 19: dE/da_h1 is 0.0253643: what flows back over w5 and w7, dE/do1*w5 + dE/do2*w7 = "
    "0.0254122*0.4 + 0.0303987*0.5.",
    ("backward", 13): "Step 13 of 19: dE/dh1 is 0.00633987: dE/da_h1 = 0.0253643, times the slope of the sigmoid, "
    "a_h1*(1 - a_h1) = 0.506875*(1 - 0.506875).",
}


@pytest.mark.parametrize("way", SENTENCES)
def test_a_step_is_told_in_a_sentence(homework: Path, way: tuple[str, int]) -> None:
    values = recalculated(homework, pass_shown=way[0], next_shown=float(way[1]))
    assert values["Network"]["E3"] == SENTENCES[way]


@pytest.mark.parametrize("way", ["forward", "backward"])
def test_every_step_adds_the_number_that_it_tells_of(homework: Path, way: str) -> None:
    """On the drawing; and the walk ends with what 0 shows."""
    stages: list[Stage] = getattr(walk(load(TEMPLATES / "homework.toml")), way)
    before = labels(homework, recalculated(homework, pass_shown=way, next_shown=1.0))
    assert sum(str(text).startswith(("h1 =", "dE/dE =")) for text in before) == 1
    for k, stage in enumerate(stages[1:], 2):
        values = recalculated(homework, pass_shown=way, next_shown=float(k))
        now = labels(homework, values)
        (new,) = (b for a, b in zip(before, now, strict=True) if a != b)
        name = stage.name.replace("E_total", "E")
        assert str(new).startswith(f"{name} = ") and values["Network"]["E3"].startswith(  # type: ignore[union-attr]
            f"Step {k} of {len(stages)}: {name} is {str(new).partition(' = ')[2]}"
        )
        before = now
    assert before == labels(homework, recalculated(homework, pass_shown=way, next_shown=0.0))
    assert before == labels(homework, recalculated(homework, pass_shown=way, next_shown=""))


@pytest.mark.parametrize("typed", [12.0, -1.0, 1.5, "two", "7", True])
def test_a_step_that_there_is_not_is_said(homework: Path, typed: Value) -> None:
    values = recalculated(homework, next_shown=typed)
    assert values["Network"]["C6"] == "no such step: type 0 to 11"
    assert values["Network"]["E3"] == "no such step: type a whole number from 0 to 11 into “next”"
    assert labels(homework, values) == labels(homework, recalculated(homework))
    assert recalculated(homework, pass_shown="backward", next_shown=12.0)["Network"]["C6"] == (
        "1 to 19: step by step; 0: all"
    )


@pytest.mark.parametrize("typed", ["back", "", 1.0])
def test_a_pass_that_there_is_not_is_said(homework: Path, typed: Value) -> None:
    network = recalculated(homework, pass_shown=typed)["Network"]
    assert network["C5"] == "no such pass: choose one"
    assert network["E3"] == "no such pass: choose forward or backward in the red cell"


# --- the drawing


@pytest.mark.parametrize("bias", ["none", "trained"])
@pytest.mark.parametrize("shape", [
    [2, 2, 2], [2, 3, 1], [2, 3, 2], [4, 5, 3], [6, 6, 6], [2, 6, 2], [6, 2, 6], [1, 1], [1, 6, 1], [6, 6],
    [3, 4, 4, 2], [2, 2, 2, 2], [6, 6, 6, 6], [3, 5, 5, 5, 2], [12, 12, 12], [1, 12, 1],
])  # fmt: skip
def test_no_label_covers_another_or_a_node(shape: list[int], bias: str) -> None:
    """The widest that each may become, in Arial; and what is not written on the edges is said."""
    spec = net(shape, bias)
    picture = Picture(spec, layers.build(spec))
    boxes = list(picture.boxes())
    assert len(boxes) + sum(len(n.texts) for n in picture.nodes if picture.level.inside) > 2 * len(picture.nodes) - 1
    drawn = boxes if not picture.fans else [*boxes, *picture.places.items()]
    for (one, a), (two, b) in itertools.combinations(boxes, 2):
        across = min(a.x + a.width / 2, b.x + b.width / 2) - max(a.x - a.width / 2, b.x - b.width / 2)
        up = min(a.y + a.height / 2, b.y + b.height / 2) - max(a.y - a.height / 2, b.y - b.height / 2)
        assert min(across, up) < 0.1, (one, two)
    for name, box in drawn:
        assert box.x - box.width / 2 >= 0 and box.x + box.width / 2 <= WIDTH, name
        assert box.y - box.height / 2 >= 0 and box.y + box.height / 2 <= picture.height, name
    assert set(picture.places) == {c.name for c in layers.build(spec).weights}
    for node in picture.nodes:  # no edge runs through what is written around a node
        for text in [] if picture.level.inside else node.texts:
            assert not [e.weight for e in picture.edges if runs_through(e.source.at, e.target.at, text.box)], node
        for text in node.texts if picture.level.inside else []:
            assert abs(text.box.y - node.at[1]) + text.box.height / 2 < picture.level.radius
    fan = [e for e in picture.edges if e.weight]
    for end in ("source", "target"):  # those alone are written at the same time
        for same in {getattr(e, end).name for e in fan}:
            own = [picture.places[e.weight] for e in fan if getattr(e, end).name == same]
            assert not [(a, b) for a, b in itertools.combinations(own, 2) if a.meets(b)]


def runs_through(p: tuple[float, float], q: tuple[float, float], box: Box) -> bool:
    """Whether a line has a point well within a box, by looking at a thousand of them."""
    points = ((p[0] + s / 1000 * (q[0] - p[0]), p[1] + s / 1000 * (q[1] - p[1])) for s in range(1001))
    return any(abs(x - box.x) < box.width / 2 - 1 and abs(y - box.y) < box.height / 2 - 1 for x, y in points)


class Drawn(NamedTuple):
    """A series of edges: how it looks, and which of them it shows."""

    width: int
    dashed: bool
    colour: str
    edges: list[int]


def edges_of(path: Path, values: Values) -> Iterator[Drawn]:
    """The series that have all edges."""
    book = read(path)
    with zipfile.ZipFile(path) as archive:
        root = etree.fromstring(archive.read(charts_on(archive, path, "Network")[0]))

    def points(series: Any, kind: str) -> list[Value | None]:
        area = series.findtext(f"{{*}}{kind}//{{*}}f").replace("$", "").partition("!")[2]
        first, last = map(place, area.split(":")) if ":" in area else (place(area),) * 2
        cells = [f"{column_letters(first[1])}{row}" for row in range(first[0], last[0] + 1)]
        return [values["Network"].get(at, getattr(book.sheets["Network"].get(at), "value", None)) for at in cells]

    for series in root.iter("{*}ser"):
        line = series.find("{*}spPr/{*}ln")
        at = list(zip(points(series, "xVal"), points(series, "yVal"), strict=True))
        if line is not None and line.get("w") and len(at) > 2 and at[2] == (None, None):
            shown = [j for j in range((len(at) + 1) // 3) if at[3 * j] != at[3 * j + 1]]
            colour, dash = line.find(".//{*}srgbClr").get("val"), line.find("{*}prstDash") is not None
            yield Drawn(int(line.get("w")), dash, colour, shown)


@pytest.mark.parametrize("way", ["forward", "backward"])
def test_edges_are_as_wide_as_their_numbers_are_large(homework: Path, way: str) -> None:
    typed: dict[str, Value] = {"w_1": -0.05, "w_2": 0.4, "w_3": -0.9, "w_5": 0.1, "w_6": -0.45, "t_1": 0.9}
    values = recalculated(homework, pass_shown=way, **typed)
    found = list(edges_of(homework, values))
    assert len(found) == 9  # lit, not computed, plain, and six classes
    shown = numbers(read(homework), values)
    prefix = "dE/d" if way == "backward" else ""
    sizes = {j: shown[f"{prefix}w{j + 1}"] for j in range(8)}
    assert min(sizes.values()) < 0 < max(sizes.values())  # type: ignore[type-var, operator]
    where = {j: [d for d in found if j in d.edges] for j in range(12)}
    assert {len(series) for series in where.values()} == {1}
    for j, x in sizes.items():
        assert isinstance(x, float) and where[j][0].dashed == (x < 0), j
    for i, j in itertools.combinations(sizes, 2):
        if abs(sizes[i]) < abs(sizes[j]):  # type: ignore[arg-type]
            assert where[i][0].width <= where[j][0].width
    assert len({series[0].width for j, series in where.items() if j < 8}) > 1
    assert len({d.colour for d in found if d.dashed}) == 1


@pytest.mark.parametrize(("way", "k", "lit", "computed"), [
    ("forward", 1, [0, 1], [0, 1]), ("forward", 4, [], [0, 1, 2, 3]), ("forward", 5, [4, 5], [0, 1, 2, 3, 4, 5]),
    ("forward", 11, [10, 11], list(range(12))), ("backward", 2, [10], [10]), ("backward", 4, [8], [8, 10, 11]),
    ("backward", 12, [4, 6], list(range(4, 12))), ("backward", 16, [0], [0, *range(4, 12)]),
])  # fmt: skip
def test_the_edges_that_are_spoken_of_are_lit(
    homework: Path, way: str, k: int, lit: list[int], computed: list[int]
) -> None:
    """Forward what leads into a node, backward what leads out of it; what is not computed yet is thin and grey."""
    found = list(edges_of(homework, recalculated(homework, pass_shown=way, next_shown=float(k))))
    assert found[0].edges == lit
    assert sorted(j for d in found[2:] for j in d.edges) == computed
    assert sorted([*found[1].edges, *computed]) == list(range(12))


def test_a_network_too_large_says_so(alone: Callable[..., Path]) -> None:
    assert drawn(net([2] * 8)) and not drawn(net([2] * 9))
    path = alone(net([2, 13, 1]))
    book = read(path)
    texts = [str(e.value) for e in book.sheets["Network"].values()]
    assert any("is not drawn" in text for text in texts) and not any("“next”" in text for text in texts)
    assert "pass_shown" not in book.names and numbers(book, recalculated(path))["dE/da_o1"] is not None


@pytest.mark.parametrize(("way", "k", "spoken"), [
    ("forward", 0, []), ("forward", 1, [1, 2, 3, 4, 5]), ("forward", 2, []), ("forward", 3, [6, 7, 8, 9, 10]),
    ("forward", 11, [26, 27, 28, 29, 30]), ("backward", 5, []), ("backward", 12, [27]), ("backward", 26, [26, 31, 36]),
    ("backward", 28, [27, 32, 37]), ("backward", 36, [1]),
])  # fmt: skip
def test_a_crowded_drawing_writes_the_weights_that_are_spoken_of(
    alone: Callable[..., Path], way: str, k: int, spoken: list[int]
) -> None:
    """On their edges: as many labels as a stage needs, or the gradient that it tells."""
    path = alone(net([5, 5, 3]))
    values = recalculated(path, pass_shown=way, next_shown=float(k))
    shown = numbers(read(path), values)
    told = [str(text) for text in labels(path, values)[-5:] if text != " "]
    stage = values["Network"]["E3"]
    if ": dE/dw" in str(stage):
        assert len(told) == 1 and float(told[0].split()[-1]) == pytest.approx(shown[f"dE/dw{spoken[0]}"], rel=6e-3)
    else:
        assert [text.split()[0] for text in told] == [f"w{j}" for j in spoken]
        assert [float(text.split()[1]) for text in told] == pytest.approx([shown[f"w{j}"] for j in spoken], rel=6e-3)
    assert "“next” writes weights on the edges" in str(read(path).sheets["Network"])


# --- the sheet


@pytest.mark.parametrize("name", ["homework", "xor", "4-5-3"])
def test_a_person_needs_no_wider_screen(alone: Callable[..., Path], name: str) -> None:
    path = alone(BATCH if name == "4-5-3" else replace(load(TEMPLATES / f"{name}.toml"), steps=8))
    sheet = openpyxl.load_workbook(path)["Network"]
    _, right = sheet.print_area.replace("'", "").split("!")[1].replace("$", "").split(":")
    last = place(right)[1]
    dims = sheet.column_dimensions
    groups = [(d.min, d.max, d.width, d.hidden, d.outlineLevel) for d in dims.values()]
    assert sum(int(w * 7 + 0.5) * (min(b, last) - a + 1) for a, b, w, _, _ in groups if a <= last) <= 1_250
    used = {c.column for row in sheet.iter_rows() for c in row if c.value is not None}
    aside = {c for c in used if c > last}
    assert aside and all(any(a <= c <= b and hidden and level for a, b, _, hidden, level in groups) for c in aside)


def test_samples_stand_in_a_table(alone: Callable[..., Path]) -> None:
    spec, path = BATCH, alone(BATCH)
    book = read(path)
    for s, k in itertools.product(range(3), range(4)):
        sheet, at = place_of(book, f"i_{k + 1}_{s + 1}")
        row, column = place(at)
        assert book.sheets[sheet][at].value == spec.inputs[s][k]
        assert book.sheets[sheet][f"E{row}"].value == s + 1  # type: ignore[comparison-overlap]
        assert place(place_of(book, f"i_{k + 1}_1")[1])[1] == column
    values = recalculated(path, sample_shown=3.0)
    assert numbers(book, values)["i3"] == spec.inputs[2][2]


@pytest.mark.parametrize("shape", [[2, 2, 2], [4, 5, 3], [9, 2, 8]])
def test_every_input_has_its_place(alone: Callable[..., Path], shape: list[int]) -> None:
    """The k-th of them all, as the verdict names the one that was changed; and the size is that of all inputs."""
    spec = net(shape, "trained", 1 if max(shape) == 2 else 3)
    run = Run(program.build(spec))
    names = [run.names[c] for c, _, _ in network.input_cells(run)]
    path = alone(spec, *(network.place_of(run, f"{k}") for k in range(1, len(names) + 1)), network.input_size(run))
    book, start = read(path), recalculated(path)["Start"]
    assert [start[f"A{row}"] for row in range(3, 3 + len(names))] == ["!".join(place_of(book, n)) for n in names]
    for name in [n for n in names if n.startswith("i_")]:
        assert recalculated(path, **{name: -77.0})["Start"][f"A{3 + len(names)}"] == 77.0


def test_a_changed_input_is_named_by_its_cell(build_book: BuildBook) -> None:
    path = build_book("xor", steps=8, learning_rates=(0.5, 2.0))
    book = read(path)
    sheet, at = place_of(book, "changed_place")
    for name in ("learning_rate", "i_2_3", "t_1_4", "w_4", "b_2"):
        assert recalculated(path, **{name: 0.123})[sheet][at] == "!".join(place_of(book, name)), name


@pytest.mark.parametrize(("typed", "told"), [
    ({"w_2": ""}, "w2, cell Network!B11, holds no number: type one there, or undo (Ctrl+Z)."),
    ({"learning_rate": "much"}, "learning_rate, cell Network!B9, holds no number: type one there, or undo (Ctrl+Z)."),
    ({"i_1_2": "much"}, "i1[2], cell Network!F30, holds no number: type one there, or undo (Ctrl+Z)."),
    ({"row_shown": 9.0}, "no such row: type a whole number from 0 to 8 into “row shown” on Network."),
])  # fmt: skip
def test_what_is_missing_is_said_once(build_book: BuildBook, typed: dict[str, Value], told: str) -> None:
    """In a sentence that names the cell; numbers are dashes, and so are those on the drawing."""
    path = build_book("xor", steps=8, learning_rates=(0.5, 2.0))
    values = recalculated(path, **typed)
    assert values["Network"]["E3"] == told
    assert set(numbers(read(path), values).values()) == {"–"}
    assert "row_shown" in typed or values["Training"]["B2"] == told
    said = [str(text) for text in labels(path, values)]
    assert {"w1 = –", "a_o1 = –", "E = –"} <= set(said) and not [
        text for text in said if "such" in text or "red" in text
    ]


@pytest.mark.parametrize(("way", "k", "name"), [("forward", 2, "a_h1"), ("backward", 1, "dE/dE"), ("forward", 11, "E")])
def test_the_number_that_is_told_is_marked_in_the_table(homework: Path, way: str, k: int, name: str) -> None:
    values = recalculated(homework, pass_shown=way, next_shown=float(k))
    sheet, at = place_of(read(homework), "stage_name")
    assert values[sheet][at] == name and name in numbers(read(homework), values)
    rules = openpyxl.load_workbook(homework)["Network"].conditional_formatting
    marks = {
        str(area.sqref): rule.formula[0] for area in rules for rule in area.rules if "stage_name" in str(rule.formula)
    }
    assert {area[0]: rule for area, rule in marks.items()} == {k: f"{k}{area[1:3]}=stage_name" for k, area in
                                                               zip("EGIK", marks, strict=True)}  # fmt: skip


def test_what_is_to_be_tried_happens(homework: Path) -> None:
    """A target that is the answer leaves no gradient on its way; an input of 0 none of its weights; and 0 is known."""
    at = panel(read(homework))
    values = recalculated(homework)["Network"]
    tries = {str(v).split("  ")[0]: str(v) for k, v in values.items() if k[0] == "A" and str(v)[:3] in ("2  ", "4  ")}
    answer = float(tries["4"].split(" ")[3])
    assert tries["4"].endswith(" as t1, 0 as “row shown”. Which gradients vanish?") and answer == pytest.approx(
        0.606478
    )
    assert tries["4"] in recalculated(homework, row_shown=5.0)["Network"].values()
    assert tries["2"] == "2  Type 0 as i1. Which weights stop learning?"
    found = recalculated(homework, t_1=answer)["Network"]
    sizes = {w: abs(float(found[at[f"dE/dw{w}"]])) for w in range(1, 9)}
    assert max(sizes[5], sizes[6]) < 1e-7 < min(sizes[w] for w in (1, 2, 3, 4, 7, 8))
    still = recalculated(homework, i_1=0.0)["Network"]
    assert {w for w in range(1, 9) if still[at[f"dE/dw{w}"]] == 0} == {1, 3}
    assert "2  Type 1 as i1. Which weights learn now?" in still.values()
