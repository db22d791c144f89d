"""The sheet Laboratory: slips, a loss landscape and words, beside NumPy and PyTorch."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from books import TEMPLATES, BuildBook, columns, place_of
from lxml import etree
from openpyxl import load_workbook
from slip_training import Row, kind_of, train

from sheetgen.cells.text import FormulaTooLong
from sheetgen.excel import Value, read
from sheetgen.excel.a1 import column_letters, column_number
from sheetgen.judge.engines.calculated import calculated
from sheetgen.judge.engines.iron import Live
from sheetgen.network import program
from sheetgen.network.second import SecondTraining
from sheetgen.spec import Spec, load, parse
from sheetgen.writer.book import writing
from sheetgen.writer.plan import Run
from sheetgen.writer.sheets import bug_lab, laboratory, network, training
from sheetgen.writer.sheets.bug_lab import CHECKS, MISSES, NOTHING, NOTICES
from sheetgen.writer.sheets.laboratory import LaboratoryPlaces
from sheetgen.writer.sheets.second_run import SecondRun

NONE = "none: the second training is right, too"
CHOICE = "Laboratory!B5"
STEPS = 12
DEEP = """
[network]
layers = [2, 3, 2, 2]
activation = ["relu", "tanh", "sigmoid"]
bias = "trained"
[data]
inputs = [[0.5, 1.0], [0.25, -0.5], [1.0, 0.75]]
targets = [[0.9, 0.1], [0.3, 0.6], [0.2, 0.8]]
[initial]
seed = 5
[training]
learning_rate = 0.3
steps = 30
"""
PLAIN = """
[network]
layers = [2, 1]
[data]
inputs = [0.5, 1.0]
targets = [0.9]
[initial]
seed = 5
[training]
steps = 30
"""
TEMPLATE = {name: load(TEMPLATES / f"{name}.toml") for name in ("homework", "mazur", "xor", "tanh-2-3-2")}
SPECS = TEMPLATE | {"deep": parse(DEEP, "deep.toml"), "plain": parse(PLAIN, "plain.toml")}


def slips(spec: Spec) -> dict[str, int]:
    """The titles of a network's slips and their numbers; 0 is none."""
    found = SecondTraining(program.build(spec)).slips
    return {NONE: 0} | {slip.title: k for k, slip in enumerate(found, 1)}


class Lab:
    """A workbook that stays open; what the sheet shows after something is typed."""

    def __init__(self, path: Path):
        self.path, self.book = path, read(path)
        self.live, self.cells = Live(self.book), self.book.sheets["Laboratory"]
        self.heads = columns(self.book, "Laboratory", 5)
        self.titles = {str(e.value).lstrip("0123456789 "): str(e.value) for e in self._titles()}

    def _titles(self) -> Iterator[Any]:
        column = self.heads["slip"]
        for row in range(6, 40):
            entry = self.cells.get(f"{column}{row}")
            if entry is None:
                return
            yield entry

    def type(self, **typed: Value) -> None:
        """Type something into cells."""
        for name, value in typed.items():
            self.live.put(place_of(self.book, name), value)

    def choose(self, title: str) -> None:
        """Choose a slip."""
        self.type(**{CHOICE: self.titles[title]})

    def columns(self, *names: str) -> Any:
        """Columns of the second training: (rows, columns)."""
        cells = [f"{self.heads[name]}{6 + k}" for k in range(STEPS + 1) for name in names]
        return np.array(self.show(*cells), float).reshape(STEPS + 1, len(names))

    def show(self, *at: str) -> list[Value | None]:
        """What some cells show."""
        return self.live.evaluate([("Laboratory", x) for x in at])


def written(spec: Spec, path: Path) -> Path:
    """A workbook of the laboratory and what it refers to."""
    run = Run(program.build(spec))
    trained = training.places(run)
    laid = LaboratoryPlaces(run, trained.trace)
    with writing(path, "a laboratory", calculated) as book:
        start = book.sheet("Start", "", "")  # with what Autograd check tells of inputs
        start.live(3, 0, 'IF(row_number="an input is missing",1,0)')
        start.live(4, 0, 'IF($A$3=0,"","an input is missing")')
        start.define(inputs_no_number="$A$3", input_to_mend="$A$4")
        panel = network.write(book, run, trained.trace)
        training.write(book, run, trained)
        laboratory.write(book, laid, panel)
    return path


@pytest.fixture(scope="module")
def labs(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """`labs(name)`: the laboratory of a network, open, with few steps."""
    folder = tmp_path_factory.mktemp("laboratory")

    @cache
    def lab(name: str) -> Lab:
        return Lab(written(replace(SPECS[name], steps=STEPS), folder / f"{name}.xlsx"))

    return lab


def close(found: Any, wanted: Any) -> bool:
    """Whether numbers agree to 1e-9."""
    return bool(np.allclose(np.array(found, float), np.array(wanted, float), rtol=1e-9, atol=1e-14))


@pytest.mark.parametrize("name", SPECS)
def test_every_slip_is_trained_as_numpy_trains_it(name: str) -> None:
    """Gradients, E and the next parameters of every row; each row from its own parameters, for a slip may be chaos."""
    second = SecondTraining(program.build(SPECS[name]))
    parameters = list(second.program.next)
    for title, slip in slips(SPECS[name]).items():
        cells = [*parameters, *(second.gradient[p] for p in parameters), second.net.loss]
        found = np.array(list(second.run(cells, slip, 121)))
        rows = train(SPECS[name], title, 120, found[:, : len(parameters)].tolist())
        assert close(found[0, : len(parameters)], list(rows[0].parameters.values()))
        assert close(found[:, len(parameters) :], [[*r.gradients.values(), r.E] for r in rows]), title
        following = [[x - r.steps[p] for p, x in r.parameters.items()] for r in rows]
        assert close(found[1:, : len(parameters)], following[:-1]), title


@pytest.mark.parametrize("name", SPECS)
def test_the_sheet_trains_every_slip(labs: Any, name: str) -> None:
    """As its formulas have it, recalculated by an engine after the slip is chosen from the list."""
    lab, spec = labs(name), SPECS[name]
    assert set(lab.titles) == set(slips(spec))
    parameters = list(train(spec, NONE, 0)[0].parameters)
    for title in lab.titles:
        lab.choose(title)
        names = [*parameters, *(f"dE/d{p}" for p in parameters), "E_total"]
        found = lab.columns(*(f"{name}, second" for name in names))
        wanted = [[*r.parameters.values(), *r.gradients.values(), r.E] for r in train(spec, title, STEPS)]
        assert close(found, wanted), title


def test_there_are_many_slips_and_only_those_that_a_network_can_have() -> None:
    kinds = {name: [kind_of(title) for title in slips(spec)] for name, spec in SPECS.items()}
    assert len(kinds["homework"]) == len(set(kinds["homework"])) == 16  # and none
    assert not {"one sample", "bias"} & {*kinds["homework"]} and {"one sample", "bias"} <= {*kinds["xor"]}
    assert "slides" in kinds["homework"] and not [k for k in ("xor", "deep") if "slides" in kinds[k]]
    assert "transpose" not in kinds["tanh-2-3-2"] and "transpose" in kinds["deep"]
    assert not {"brackets", "one error"} & {*kinds["xor"]}
    hidden = {"neighbour", "transpose", "brackets", "one error", "frozen", "already"}
    assert not hidden & {*kinds["plain"]} and len(kinds["plain"]) >= 9


def relative(x: float, y: float) -> float:
    """How far two numbers are apart, in parts of the larger one."""
    return abs(x - y) / max(abs(x), abs(y)) if x != y else 0.0


def differences(spec: Spec, title: str, rows: list[Row]) -> list[list[tuple[float, float]]]:
    """Row by row, the pairs of a number and what it should be."""
    typed = [(spec.inputs[0][0] + 0.05, spec.inputs[0][0])] if kind_of(title) == "typed" else []
    return [
        [
            *((r.gradients[p], r.right[p]) for p in r.right),
            (r.E, r.should), (r.rate, spec.learning_rate), *typed,
            *((r.steps[p], r.rate * r.gradients[p]) for p in r.steps if kind_of(title) in ("plus", "another", "never")),
        ]
        for r in rows
    ]  # fmt: skip


@pytest.mark.parametrize("name", ["homework", "mazur", "xor", "deep"])
def test_who_notices_a_slip(labs: Any, name: str) -> None:
    """The largest differences, the rows, the verdicts: measured in NumPy."""
    lab, spec = labs(name), SPECS[name]
    right = np.array([r.E for r in train(spec, NONE, STEPS)])
    for title in lab.titles:
        lab.choose(title)
        rows = train(spec, title, STEPS)
        pairs = differences(spec, title, rows)
        apart = np.abs(np.array([r.E for r in rows]) - right) / max(*right, *(r.E for r in rows))
        by_kind = {
            bug_lab.EYE: apart,
            bug_lab.RELATIVELY: np.array([max(relative(*pair) for pair in row) for row in pairs]),
            bug_lab.ABSOLUTELY: np.array([max(abs(x - y) for x, y in row) for row in pairs]),
        }
        shown = iter(lab.show(*(f"{x}{k}" for k in range(12, 17) for x in "DEF")))
        for check in CHECKS:
            measured = by_kind[check.kind]
            if title == NONE:
                measured = measured * (measured > 1e-12)  # NumPy adds up in another order
            largest, count, verdict = islice(shown, 3)
            noticed = int((measured > check.allowed).sum())
            assert np.isclose(largest, measured.max(), rtol=1e-6, atol=1e-13), (title, check)
            assert count == noticed, (title, check)
            assert verdict == (NOTHING if title == NONE else NOTICES if noticed else MISSES), (title, check)


def test_the_commonest_slip_passes_all_but_a_relative_check(labs: Any) -> None:
    """As FACTS have it: 2.6e-4 in dE/dw3, which neither the eye nor 1e-3 nor 1e-6 absolutely notices."""
    lab = labs("homework")
    lab.choose(next(iter(title for title in lab.titles if kind_of(title) == "neighbour")))
    assert lab.show("F12", "F13", "F14", "F15", "F16") == [MISSES, MISSES, MISSES, NOTICES, NOTICES]
    (largest, lesson, right, wrong) = lab.show("D16", "A8", "B6", "B7")
    assert largest == pytest.approx(2.6e-4, rel=0.01)
    assert "looks perfect, yet dE/dw3 is wrong by up to 0.026 %" in lesson and lesson.endswith("in every row.")
    assert right == "dE/dh2 = (dE/do1*w6 + dE/do2*w8)*a_h2*(1 - a_h2)"
    assert wrong == "dE/dh2 = (dE/do1*w6 + dE/do2*w8)*a_h1*(1 - a_h1)"


LESSONS = {
    "none": "Without a slip the second training is the sheet Training's, to 1e-9",
    "one error": "The loss curve looks right, yet dE/dw1 is wrong by up to ", "times": "The curves part",
    "plus": "The curves part", "half": "The curves part",
}  # fmt: skip


@pytest.mark.parametrize("kind", LESSONS)
def test_the_lesson_fits_the_slip(labs: Any, kind: str) -> None:
    lab = labs("homework")
    lab.choose(next(title for title in lab.titles if kind_of(title) == kind))
    (lesson,) = lab.show("A8")
    assert str(lesson).startswith(LESSONS[kind])


@pytest.mark.parametrize("name", SPECS)
def test_without_a_slip_it_is_training(labs: Any, name: str) -> None:
    lab = labs(name)
    lab.choose(NONE)
    own, right, apart = lab.columns("E_total, second", "right", "largest relative difference").T
    assert close(own, right) and max(apart) == 0
    lesson, *verdicts = lab.show("A8", *(f"F{k}" for k in range(12, 17)))
    assert "to 1e-9 in every row" in lesson and set(verdicts) == {NOTHING}


def test_a_broken_training_is_not_said_to_be_right(tmp_path: Path) -> None:
    """Without a slip the second training must be Training's: a cell of Training is broken here."""
    lab = Lab(written(replace(SPECS["homework"], steps=STEPS), tmp_path / "broken.xlsx"))
    lab.choose(NONE)
    column = columns(lab.book, "Training")["E_total"]
    lab.type(**{f"Training!{column}20": 0.5})
    assert "a cell is broken" in str(lab.show("A8")[0])


@pytest.mark.parametrize("typed", ["", "no", 3.0, "1"])
def test_what_is_no_slip_gets_a_sentence(labs: Any, typed: Value) -> None:
    lab = labs("homework")
    lab.type(**{CHOICE: typed})
    said, formula, *numbers = lab.show("A8", "B6", "D12", "D16")
    assert said == "There is no such slip: choose one from the list. Until then none is put in."
    assert formula == "" and numbers == [0.0, 0.0]


# --- the landscape

MAP_TOP, MAP_LEFT = 6, 8


def at(r: int, c: int) -> str:
    return f"{column_letters(MAP_LEFT + c + 1)}{MAP_TOP + r}"


def error(spec: Spec, parameters: dict[str, float]) -> float:
    """E of given weights, by PyTorch."""
    import torch

    x, t = torch.tensor(spec.inputs, dtype=torch.float64), torch.tensor(spec.targets, dtype=torch.float64)
    numbers, b = iter([v for k, v in parameters.items() if k[0] == "w"]), 0
    frozen = list(spec.biases) if spec.bias == "frozen" else [v for k, v in parameters.items() if k[0] == "b"]
    for m, n, name in zip(spec.layers, spec.layers[1:], spec.activations, strict=False):
        W = torch.tensor([[next(numbers) for _ in range(m)] for _ in range(n)], dtype=torch.float64)
        x = x @ W.T + (torch.tensor(frozen[b : b + n], dtype=torch.float64) if frozen else 0)
        x, b = {"identity": lambda h: h}.get(name, getattr(torch, name, torch.tanh))(x), b + n
    return float(((x - t) ** 2).sum() / 2)


@pytest.mark.parametrize(
    ("name", "across", "up", "row", "wider"),
    [("homework", "w5", "w7", 0, 3.0), ("homework", "w1", "w8", 11, 1.0), ("mazur", "w2", "w6", 12, 10.0),
     ("xor", "w3", "b4", 10, 3.0), ("tanh-2-3-2", "b1", "w12", 5, 2.0), ("plain", "w2", "w1", 9, 3.0)],
)  # fmt: skip
def test_the_map_is_the_error(labs: Any, name: str, across: str, up: str, row: int, wider: float) -> None:
    lab, spec = labs(name), SPECS[name]
    lab.type(**{"Laboratory!K5": across, "Laboratory!P5": up, "Laboratory!U5": wider, "row_shown": float(row)})
    run = [r.parameters for r in train(spec, NONE, STEPS)]
    xs, ys = (lab.show(*cells) for cells in ([at(21, c) for c in range(21)], [f"H{6 + r}" for r in range(21)]))
    for values, p in ((xs, across), (ys[::-1], up)):
        way = [r[p] for r in run]
        assert np.allclose(np.diff(values), values[1] - values[0]) and values[0] < min(way) < max(way) < values[-1]
    for r, c in ((0, 0), (0, 20), (20, 0), (20, 20), (10, 10), (3, 17)):
        weights = run[row] | {across: xs[c], up: ys[r]}
        assert close(lab.show(at(r, c)), [error(spec, weights)])
    others = ", the other weights as in the row shown" * (name != "plain")  # which has these two alone
    assert str(lab.show("H30")[0]).startswith(f"Colour is E_total{others}: from ")


def test_the_colours_are_levels_that_the_legend_names(labs: Any) -> None:
    """Each so many times higher than the one before; the first rule that holds gives a cell its level's colour."""
    lab = labs("homework")
    lab.type(**{"Laboratory!K5": "w5", "Laboratory!P5": "w7", "Laboratory!U5": 3.0, "row_shown": 0.0})
    E = np.array(lab.show(*(at(r, c) for r in range(21) for c in range(21))), float)
    least = min(0.9 * E.max(), max(E.min(), E.max() / 1000))
    wanted = [least * (E.max() / least) ** (k / 8) for k in range(1, 8)]
    rules = [r for a in load_workbook(lab.path)["Laboratory"].conditional_formatting if str(a.sqref) == "I6:AC26"
             for r in sorted(a.rules, key=lambda rule: rule.priority)]  # fmt: skip
    edges = [re.findall(r"I6<=(\$[A-Z]+\$\d+)", r.formula[0]) for r in rules]
    assert close(lab.show(*(x.replace("$", "") for found in edges for x in found)), wanted)
    assert [len(found) for found in edges] == [1] * 7 + [0] and all(r.stopIfTrue for r in rules)
    legend = load_workbook(lab.path)["Laboratory"]
    strip = [f"{column_letters(9 + 2 * k)}29" for k in range(8)]
    assert [legend[x].fill.fgColor.rgb for x in strip] == [r.dxf.fill.bgColor.rgb for r in rules]
    said = lab.show(*strip)
    assert said[-1] == "more" and [float(x) for x in said[:-1]] == pytest.approx(wanted, rel=0.06)


def test_of_many_samples_the_map_is_that_of_the_first(tmp_path: Path) -> None:
    """E of all is too long a formula for a cell; the sentence below says whose it is."""
    rng = np.random.default_rng(3)
    shown = {k: rng.uniform(0.1, 0.9, (20, n)).round(2).tolist() for k, n in (("inputs", 4), ("targets", 3))}
    text = PLAIN.replace("[2, 1]", '[4, 5, 3]\nactivation = ["relu", "sigmoid"]').replace("steps = 30", "steps = 2")
    text = text.replace("[0.5, 1.0]", str(shown["inputs"])).replace("[0.9]", str(shown["targets"]))
    spec = parse(text, "many.toml")
    lab = Lab(written(spec, tmp_path / "many.xlsx"))
    xs, ys = (lab.show(*cells) for cells in ([at(21, c) for c in range(21)], [f"H{6 + r}" for r in range(21)]))
    across, up = lab.show("K5", "P5")
    first = replace(spec, inputs=spec.inputs[:1], targets=spec.targets[:1])
    weights = train(spec, NONE, 0)[0].parameters
    for r, c in ((0, 0), (20, 20), (3, 17)):
        assert close(lab.show(at(r, c)), [error(first, weights | {across: xs[c], up: ys[r]})])
    assert str(lab.show("H30")[0]).startswith("Colour is E of sample 1 alone (E of all is too long a formula): from ")


def test_it_says_where_on_the_way_you_are(labs: Any) -> None:
    """Beside the start, beside the end, or at a circle between."""
    lab = labs("homework")
    names, across = (columns(lab.book, "Laboratory", 8)[head] for head in ("row", "map, across"))
    names = column_letters(column_number(names) + 1)
    spots = [f"{names}{9 + k}" for k in (0, STEPS, STEPS + 1)]
    for row, said in (
        (0, ["start: you are here", "end"]),
        (STEPS, ["start", "end: you are here"]),
        (5, ["start", "end"]),
    ):
        lab.type(row_shown=float(row))
        *ends, circle = lab.show(*spots)
        (x,) = lab.show(f"{across}{9 + STEPS + 1}")
        assert ends == said and (x == -1) == (row != 5) and circle == f"you are here: row {row}"
    lab.type(row_shown=0.0)


def test_the_way_lies_on_the_map_where_the_training_was(labs: Any) -> None:
    """In units of cells from the lower left corner, as the chart's axes have it."""
    lab = labs("homework")
    lab.type(**{"Laboratory!K5": "w5", "Laboratory!P5": "w7", "Laboratory!U5": 2.0, "row_shown": 9.0})
    run = [r.parameters for r in train(SPECS["homework"], NONE, STEPS)]
    xs, ys = (lab.show(*cells) for cells in ([at(21, c) for c in range(21)], [f"H{26 - r}" for r in range(21)]))
    for head, axis, p in (("map, across", xs, "w5"), ("map, up", ys, "w7")):
        letters = columns(lab.book, "Laboratory", 8)[head]
        found = lab.show(*(f"{letters}{9 + k}" for k in range(STEPS + 2)))
        wanted = [0.5 + (r[p] - axis[0]) / (axis[1] - axis[0]) for r in [*run, run[9]]]
        assert close(found, wanted)


@pytest.mark.parametrize(
    ("cell", "typed", "said"),
    [("Laboratory!K5", "w99", "choose two weights from the lists"), ("Laboratory!P5", "", "choose two weights"),
     ("Laboratory!P5", "w5", "two different weights"), ("Laboratory!U5", "far", "type a number from 1 to 1,000"),
     ("Laboratory!U5", 0.0, "type a number from 1 to 1,000"), ("row_shown", 99.0, "no such row")],
)  # fmt: skip
def test_without_a_map_a_sentence_says_why(labs: Any, cell: str, typed: Value, said: str) -> None:
    lab = labs("homework")
    lab.type(**{"Laboratory!K5": "w5", "Laboratory!P5": "w7", "Laboratory!U5": 3.0, "row_shown": 0.0, cell: typed})
    legend, one, other, axis = lab.show("H30", at(0, 0), at(20, 20), "H6")
    assert str(legend).startswith("No map: ") and said in str(legend) and (one, other, axis) == ("", "", "")
    formulas = [a for a, e in lab.cells.items() if e.formula]
    assert not [v for v in lab.show(*formulas) if isinstance(v, str) and v.startswith("#")]
    lab.type(**{cell: {"K5": "w5", "P5": "w7", "U5": 3.0}.get(cell[-2:], 0.0)})


def test_a_flat_map_is_said_to_be_flat(labs: Any) -> None:
    """With a rate so large that all units saturate the two weights change nothing; with the usual one they do."""
    lab = labs("homework")
    lab.type(**{"Laboratory!K5": "w5", "Laboratory!P5": "w7", "Laboratory!U5": 3.0, "row_shown": 0.0})
    lab.type(learning_rate=1e6)
    legend, one, other = lab.show("H30", at(0, 0), at(20, 20))
    assert one == other
    assert legend == "Flat: these two weights hardly change E_total here. It is 0.25 all over the map."
    assert str(lab.show("H31")[0]).startswith(f"Try it: type {STEPS} as “row shown” on Network, and look again. ")
    lab.type(learning_rate=1.0)
    assert "(blue)" in str(lab.show("H30")[0])


def test_it_says_why_the_way_ends_beside_the_blue(labs: Any) -> None:
    """Where E at its end, the other weights as in the row shown, is above the fourth of the eight levels."""
    said = set()
    for name, across, up in (("homework", "w5", "w7"), ("mazur", "w5", "w7"), ("xor", "w5", "w6")):
        lab, spec = labs(name), SPECS[name]
        run = [r.parameters for r in train(spec, NONE, STEPS)]
        for row in (0, 6, STEPS):
            lab.type(**{"Laboratory!K5": across, "Laboratory!P5": up, "Laboratory!U5": 3.0, "row_shown": float(row)})
            xs, ys = (lab.show(*cells) for cells in ([at(21, c) for c in range(21)], [f"H{6 + r}" for r in range(21)]))
            grid = np.array([[error(spec, run[row] | {across: x, up: y}) for x in xs] for y in ys])
            least = min(0.9 * grid.max(), max(grid.min(), grid.max() / 1000))
            r, c = (np.abs(np.array(axis) - run[-1][p]).argmin() for axis, p in ((ys, up), (xs, across)))
            beside = bool(grid[r, c] > least * (grid.max() / least) ** (4 / 8)) and row < STEPS
            legend, text = lab.show("H30", "H31")
            beside = beside and not str(legend).startswith("Flat")
            wanted = f"The line does not end in the blue: the colours hold the other weights at row {row}, "
            assert str(text).startswith(wanted) == beside, (name, row)
            there = row == STEPS and not str(legend).startswith("Flat")
            assert str(text).startswith("Here the other weights are the last row's. ") == there
            said.add(beside)
        lab.type(row_shown=0.0)
    assert said == {True, False}
    for row, other in ((0, STEPS), (STEPS, 0)):  # of a network that has no other weights
        labs("plain").type(row_shown=float(row))
        (text,) = labs("plain").show("H31")
        assert text == f"Try it: type {other} as “row shown” on Network. Where is it then?"


def test_without_a_landscape_a_box_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Amid the place of the map, not in small grey letters."""

    def refuse(*_: Any) -> None:
        raise FormulaTooLong("E")

    monkeypatch.setattr(laboratory, "Landscape", refuse)
    path = written(replace(SPECS["plain"], steps=STEPS), tmp_path / "plain.xlsx")
    assert str(read(path).sheets["Laboratory"]["J7"].value).startswith("No map: E of a network of this size")
    assert "J7:AA9" in merged(path)


def sheet_of(path: Path) -> Any:
    """The XML of the sheet Laboratory, and the cell formats it refers to."""
    with zipfile.ZipFile(path) as archive:
        names = [e.get("name") for e in etree.fromstring(archive.read("xl/workbook.xml")).iter("{*}sheet")]
        sheet = archive.read(f"xl/worksheets/sheet{names.index('Laboratory') + 1}.xml")
        formats = next(etree.fromstring(archive.read("xl/styles.xml")).iter("{*}cellXfs"))
    return etree.fromstring(sheet), list(formats)


def merged(path: Path) -> list[str]:
    """The areas of the sheet that are one cell."""
    return [e.get("ref") for e in sheet_of(path)[0].iter("{*}mergeCell")]


def test_no_text_is_cut_off(build_book: BuildBook) -> None:
    """Formulas shrink to their box, the second sentence below the map has two lines, the map's axes shrink, too."""
    path = build_book("homework")
    sheet, formats = sheet_of(path)
    assert {"B6:F6", "B7:F7", "H31:AC31"} <= {*merged(path)}
    looks = {c.get("r"): formats[int(c.get("s"))].find("{*}alignment") for c in sheet.iter("{*}c") if c.get("s")}
    assert all(looks[x].get("shrinkToFit") == "1" for x in ("B6", "B7", "I28", "AB28", "H6"))
    assert looks["H31"].get("wrapText") == "1"
    heights = {r.get("r"): float(r.get("ht")) for r in sheet.iter("{*}row") if r.get("ht")}
    assert heights["31"] >= 25 > heights["30"]  # points


def test_it_fits_a_screen(build_book: BuildBook) -> None:
    """With its map, in a program that draws columns 5 % wider, beside the row headings."""
    sheet = load_workbook(build_book("homework"))["Laboratory"]
    spans = [d for d in sheet.column_dimensions.values() if d.min <= 29]
    pixels = sum(round(d.width * 7) * (min(d.max, 29) - d.min + 1) for d in spans)
    assert sum(min(d.max, 29) - d.min + 1 for d in spans) == 29 and pixels * 1.057 + 30 < 1_366


@pytest.mark.parametrize("name", ["homework", "xor"])
def test_the_chart_of_moves_is_printed_whole_and_has_a_title(build_book: BuildBook, name: str) -> None:
    path = build_book(name)
    with zipfile.ZipFile(path) as archive:
        drawings = [
            etree.fromstring(archive.read(n)) for n in archive.namelist() if n.startswith("xl/drawings/drawing")
        ]
        charts = [archive.read(n).decode() for n in archive.namelist() if n.startswith("xl/charts/chart")]
        areas = list(etree.fromstring(archive.read("xl/workbook.xml")).iter("{*}definedName"))
    (area,) = [e.text for e in areas if "Print_Area" in e.get("name") and "Laboratory" in e.text]
    anchors = [a for d in drawings for a in d.iter("{*}twoCellAnchor", "{*}oneCellAnchor")]
    (anchor,) = [a for a in anchors if "how far the next update" in etree.tostring(a).decode()]
    end = int(next(anchor.find("{*}to").iter("{*}row")).text)
    assert end < int(area.rpartition("$")[2])
    assert int(next(anchor.find("{*}to").iter("{*}col")).text) <= 29  # no wider than the map
    assert len([c for c in charts if "How far the next update moves each weight" in c]) == 1


def test_the_path_is_drawn_exactly_over_the_map(build_book: BuildBook) -> None:
    """The chart has the size of the map's cells, its plot area is all of it, its axes count cells."""
    with zipfile.ZipFile(build_book("homework")) as archive:
        charts = [etree.fromstring(archive.read(n)) for n in archive.namelist() if n.startswith("xl/charts/chart")]
        drawings = [archive.read(n).decode() for n in archive.namelist() if n.startswith("xl/drawings/drawing")]
    (chart,) = [c for c in charts if "Laboratory" in etree.tostring(c).decode() and len([*c.iter("{*}ser")]) == 4
                and not [*c.iter("{*}legend")]]  # fmt: skip
    layout = {e.tag.rpartition("}")[2]: e.get("val") for e in next(chart.iter("{*}plotArea")).find("{*}layout").iter()}
    assert (layout["x"], layout["y"], layout["w"], layout["h"]) == ("0", "0", "1", "1")
    ends = [(next(s.iter("{*}min")).get("val"), next(s.iter("{*}max")).get("val")) for s in chart.iter("{*}scaling")]
    assert ends == [("0", "21")] * 2
    (drawing,) = [d for d in drawings if "square at row 0" in d]
    anchor = next(a for a in etree.fromstring(drawing.encode()).iter("{*}oneCellAnchor", "{*}twoCellAnchor")
                  if "square at row 0" in etree.tostring(a).decode())  # fmt: skip
    spots = [[int(e.text) for e in anchor.find(f"{{*}}{end}")] for end in ("from", "to")]
    assert spots[0] == [MAP_LEFT, 0, MAP_TOP - 1, 0] and spots[1] == [MAP_LEFT + 21, 0, MAP_TOP + 20, 0]


# --- the words


@pytest.mark.parametrize(
    ("name", "row"),
    [("homework", 0), ("mazur", 0), ("mazur", 12), ("tanh-2-3-2", 0), ("tanh-2-3-2", 11), ("xor", 0), ("xor", 12),
     ("deep", 3), ("plain", 0)],
)  # fmt: skip
def test_it_says_which_weight_moves_most_and_why(labs: Any, name: str, row: int) -> None:
    lab, spec = labs(name), SPECS[name]
    lab.type(row_shown=float(row))
    gradients = train(spec, NONE, row)[row].gradients
    most, *_, least = sorted(gradients, key=lambda p: -abs(gradients[p]))
    title, first, second, third, fourth = (str(x) for x in lab.show(*(f"A{k}" for k in range(33, 38))))
    assert title == f"Which weight moves most at iteration {row}, and why"
    step = spec.learning_rate * gradients[most]
    assert first.startswith(f"{most} moves most: {'down' if step > 0 else 'up'} by ")
    assert float(first.split(" by ")[1].split(",")[0]) == pytest.approx(abs(step), rel=6e-3)
    assert float(first.split(" = ")[1].split(" ")[0]) == pytest.approx(gradients[most], rel=6e-3)
    assert fourth.startswith(f"Least moves {least}, by ") and third.startswith("Next comes ")
    product = [float(x.split(" (")[0].rpartition(" ")[2]) for x in second.split(" × ")]
    if spec.samples == 1:
        assert np.prod(product) == pytest.approx(gradients[most], rel=2e-2)
        assert second.startswith("It is ")
    else:
        assert second.startswith(f"It is a sum over {spec.samples} samples; the largest part is that of sample ")


def test_different_weights_win() -> None:
    """The rows above are not all of one weight."""
    won = set()
    for name, row in (("homework", 0), ("mazur", 0), ("tanh-2-3-2", 0), ("xor", 12)):
        gradients = train(SPECS[name], NONE, row)[row].gradients
        won.add(max(gradients, key=lambda p: abs(gradients[p])))
    assert len(won) >= 3


def test_what_makes_a_gradient_smaller(labs: Any) -> None:
    lab = labs("homework")
    lab.type(row_shown=0.0)
    assert lab.show("A35", "A36", "A37") == [
        "It is 0.13 (the error a_o2 - t2) × 0.233 (the slope at a_o2) × 0.511 (a_h2).",
        "Next comes w7, by 0.0154. What makes it smaller most of all: a_h1 = 0.507, where w8 has a_h2 = 0.511.",
        "Least moves w1, by 0.000317. What makes it smaller most of all: i1 = 0.05, where w8 has a_h2 = 0.511.",
    ]


def typed_into(lab: Lab, name: str) -> str:
    """Where on Network an input of this name stands."""
    (place,) = [a for a, e in lab.book.sheets["Network"].items() if a[0] == "A" and a[1:].isdigit() and e.value == name]
    return f"Network!B{place[1:]}"


def test_weights_that_move_alike_are_said_to(labs: Any) -> None:
    """A hidden layer that is saturated: w7 and w8 get the same; without an error nothing moves, and all move alike."""
    lab = labs("homework")
    place, usual = typed_into(lab, "i1"), SPECS["homework"].inputs[0][0]
    lab.type(row_shown=0.0, **{place: 1e6})
    first, third, fourth = lab.show("A34", "A36", "A37")
    assert first.startswith("w7 moves most: ") and third == "w8 moves just as much."
    assert fourth.startswith("Least moves w1, by 0.")
    lab.type(**{place: usual})
    assert "What makes it smaller" in str(lab.show("A36")[0])


def test_what_is_alike_but_for_the_digits_shown(labs: Any) -> None:
    """Two inputs that differ by less than is shown; inputs of 0, where no gradient is left."""
    lab = labs("plain")
    one, two = (typed_into(lab, name) for name in ("i1", "i2"))
    for x, y, said in (
        (1.0, 1.00001, ["w1 moves just as much, to 3 digits.", "All others move as much, to 3 digits."]),
        (1.0, 1.0, ["w2 moves just as much.", "All others move as much, to 3 digits."]),
        (0.0, 0.0, ["", ""]),
    ):
        lab.type(row_shown=0.0, **{one: x, two: y})
        assert lab.show("A36", "A37") == said
    assert lab.show("A34") == ["No weight moves: every gradient is 0."]
    lab.type(**{one: SPECS["plain"].inputs[0][0], two: SPECS["plain"].inputs[0][1]})


@pytest.mark.parametrize(
    ("cell", "typed", "usual", "said"),
    [("learning_rate", 0.0, 1.0, "No weight moves: the learning rate is 0."), ("row_shown", 1e6, 0.0, "no such row")],
)
def test_where_nothing_moves_a_sentence_says_so(labs: Any, cell: str, typed: float, usual: float, said: str) -> None:
    lab = labs("homework")
    lab.type(**{"row_shown": 0.0, cell: typed})
    assert lab.show("A34", "A35", "A36") == [said, "", ""]
    lab.type(**{cell: usual})


# --- larger networks


def test_what_is_too_large_is_left_out_with_a_sentence(build_book: BuildBook) -> None:
    """A map whose formula no cell takes, sentences about too many weights, a training with too many columns."""
    big = """
[network]
layers = [8, 12, 6]
activation = ["relu", "identity"]
[data]
inputs = {inputs}
targets = {targets}
[initial]
seed = 1
[training]
learning_rate = 0.01
learning_rates = [0.01]
steps = 12
"""
    rng = np.random.default_rng(0)
    shown = {k: rng.uniform(-1, 1, (30, n)).round(2).tolist() for k, n in (("inputs", 8), ("targets", 6))}
    run = Run(program.build(parse(big.format(**shown), "big.toml")))
    laid = LaboratoryPlaces(run, training.places(run).trace)
    assert laid.landscape is None and laid.moves is None and laid.second is None


def test_a_wide_second_training_has_fewer_rows() -> None:
    """As many as keep the table small."""
    text = PLAIN.replace("[2, 1]", "[10, 8, 4]").replace("[0.5, 1.0]", str([0.1] * 10)).replace("[0.9]", str([0.5] * 4))
    run = Run(program.build(parse(text.replace("steps = 30", "steps = 200"), "wide.toml")))
    second = SecondRun(run, training.places(run).trace, 5, 40, ("$A$1", "$A$2", "$A$3"))
    assert second.fits and 50 < second.updates < 100
    assert second.columns * second.updates <= 24_000 < second.columns * (second.updates + 1)


def test_one_row_that_differs_is_noticed(labs: Any) -> None:
    """A learning rate so large that all units saturate at once: after row 0 there is nothing to differ."""
    lab = labs("homework")
    lab.choose(next(title for title in lab.titles if kind_of(title) == "neighbour"))
    lab.type(learning_rate=1e6)
    assert lab.show("E16", "F16") == [1.0, NOTICES] and "in 1 of 13 rows" in str(lab.show("A8")[0])
    lab.type(learning_rate=1.0)


def linear(layers: list[int], rate: float) -> Spec:
    """A linear network, which nothing bounds."""
    text = f'[network]\nlayers = {layers}\nactivation = "identity"\n[data]\ninputs = {[0.5] * layers[0]}\n'
    text += f"targets = {[0.9] * layers[-1]}\n[initial]\nseed = 5\n[training]\nlearning_rate = {rate}\nsteps = 60\n"
    return parse(text, "linear.toml")


def test_curves_that_run_off_stay_at_their_last_point(tmp_path: Path) -> None:
    """No cell of theirs holds an error: a check would have to take it for a broken one."""
    lab = Lab(written(linear([2, 3, 2], 50.0), tmp_path / "off.xlsx"))
    names = "E_total, second", "update of the second curve", "E_total, second, drawn"
    own, x, y = (lab.show(*(f"{lab.heads[name]}{6 + k}" for k in range(61))) for name in names)
    numbers = [e for e in own if isinstance(e, float) and abs(e) < 1e307]
    assert 0 < len(numbers) < 61
    assert y == numbers + [numbers[-1]] * (61 - len(numbers))
    assert x == [float(min(k, len(numbers) - 1)) for k in range(61)]
    assert not [at for at, e in lab.cells.items() if str(e.value).startswith("#")]


def test_one_weight_has_no_map_and_is_told_so(tmp_path: Path) -> None:
    lab = Lab(written(linear([1, 1], 0.1), tmp_path / "one.xlsx"))
    assert any("a map needs two" in str(e.value) for e in lab.cells.values())


def test_where_an_input_is_no_number_no_check_says_that_it_misses_a_slip(labs: Any) -> None:
    lab = labs("homework")
    lab.choose(next(title for title in lab.titles if kind_of(title) == "neighbour"))
    lab.type(i_1="far")
    counts, verdicts = lab.show(*(f"E{k}" for k in range(12, 17))), lab.show(*(f"F{k}" for k in range(12, 17)))
    assert counts == [0.0] * 5 and verdicts == [NOTHING] * 5
    lab.type(i_1=SPECS["homework"].inputs[0][0])
