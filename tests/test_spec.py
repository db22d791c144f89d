"""Templates: the good ones load, and a bad one gives one sentence that names the file, the key and the remedy."""

import math
import re
from collections.abc import Callable
from dataclasses import fields, replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from books import GOOD, STEADY, TEMPLATES
from hypothesis import given, settings
from hypothesis import strategies as st

from sheetgen.spec import Spec, SpecError, load, parse, weight_count, with_options

SHIPPED = sorted(TEMPLATES.glob("*.toml"))


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_every_shipped_template_loads(path: Path) -> None:
    spec = load(path)
    assert spec.source == str(path) and spec.text == path.read_text(encoding="utf-8") and spec.title
    assert len(spec.weights) == weight_count(spec.layers) and len(spec.activations) == len(spec.layers) - 1
    assert {len(row) for row in spec.inputs} == {spec.layers[0]}
    assert {len(row) for row in spec.targets} == {spec.layers[-1]}
    assert len(path.read_text().splitlines()) <= 25  # saying only what differs


def test_the_homework_in_full() -> None:
    spec = load(TEMPLATES / "homework.toml")
    assert replace(spec, source="", text="") == Spec(
        source="", text="", title="Backpropagation, 2-2-2", layers=(2, 2, 2), activations=("sigmoid", "sigmoid"),
        bias="none", formulas="expanded", inputs=((0.05, 0.1),), targets=((0.5, 0.5),),
        weights=(0.15, 0.2, 0.25, 0.3, 0.4, 0.45, 0.5, 0.55), biases=(), learning_rate=1.0, steps=200,
        learning_rates=(0.1, 0.2, 0.5, 0.8, 1.0, 2.0),
    )  # fmt: skip
    assert spec.samples == 1 and spec.bounded


@pytest.mark.parametrize(("old", "new", "expected"), [
    ("", "", {"title": "good", "steps": 200, "learning_rate": 1.0, "formulas": "expanded", "inputs": ((1.0, 2.0),)}),
    ("[training]", "[training]\nsteps = 1_000\nlearning_rate = -2", {"steps": 1000, "learning_rate": -2.0}),
    ("layers", 'activation = "relu"\nlayers', {"activations": ("relu", "relu"), "bounded": False}),
    ("layers", 'activation = ["tanh", "sigmoid"]\nlayers', {"activations": ("tanh", "sigmoid"), "bounded": True}),
    ("layers", 'bias = "trained"\nlayers', {"bias": "trained", "biases": (0.0, 0.0, 0.0, 0.0)}),
    ("layers", 'formulas = "staged"\nlayers', {"formulas": "staged"}),
    ("[2, 2, 2]", "[2, 3, 3, 2]", {"formulas": "staged"}), ("[2, 2, 2]", "[2, 5, 2]", {"formulas": "staged"}),
    ("[1, 2]", "[[1, 2]]", {"samples": 1, "inputs": ((1.0, 2.0),)}),
    ("[1, 2]\ntargets = [0, 1]", "[[1, 2], [3, 4]]\ntargets = [[0, 1], [1, 0]]", {"samples": 2, "formulas": "staged"}),
    ("[network]", 'title = "Émile’s 網路 =1+1"\n[network]', {"title": "Émile’s 網路 =1+1"}),
    ("\n", "\r\n", {"layers": (2, 2, 2)}), ("[data]", "# =1+1\n[data]", {"layers": (2, 2, 2)}),
])  # fmt: skip
def test_defaults_and_choices(old: str, new: str, expected: dict[str, object]) -> None:
    spec = parse(GOOD.replace(old, new) if old else GOOD, "folder/good.toml")
    assert {key: getattr(spec, key) for key in expected} == expected


def test_a_seed_gives_the_same_numbers_for_ever() -> None:
    assert parse(GOOD, "x").weights == (
        -0.895621, 0.851035, 0.646113, -0.599956, -0.011182, -0.123721, 0.371325, 0.707225,
    )  # fmt: skip
    assert load(TEMPLATES / "tanh-2-3-2.toml").weights[:4] == (-0.801068, 0.761189, 0.577901, -0.536617)
    assert parse(GOOD.replace("seed = 1", "seed = 2"), "x").weights != parse(GOOD, "x").weights


def test_given_numbers_win_over_the_seed() -> None:
    spec = parse(GOOD.replace("seed = 1", "seed = 1\nweights = [1, 2, 3, 4, 5, 6, 7, 8]"), "x")
    assert spec.weights == (1, 2, 3, 4, 5, 6, 7, 8) and {type(w) for w in spec.weights} == {float}


def test_numbers_are_exact() -> None:
    spec = parse(GOOD.replace("[1, 2]", "[0.30000000000000004, 1e-300]"), "x")
    assert spec.inputs == ((0.1 + 0.2, 1e-300),)


# What of GOOD is replaced, by what (; is a new line), the key that must be named, and the remedy.
BAD = r"""
[network]          | [network] ; layer = 1                 | network.layer           | use one of layers
[data]             | [data] ; input = 1                    | data.input              | use one of inputs, targets, or re
[initial]          | [initial] ; weight = 1                | initial.weight          | use one of seed, weights, biases
[training]         | [training] ; epochs = 1               | training.epochs         | use one of learning_rate, steps,
[network]          | titel = "x" ; [network]               | titel                   | use one of network, data, initial
[training]         | [train]                               | train                   | use one of network, data, initial
[network]          | title = 1 ; [network]                 | title                   | give the network a short name
[network]          | title = " " ; [network]               | title                   | give the network a short name
[network]          | title = "a\nb" ; [network]            | title                   | one line of 1 to 80 characters
[network]          | title = "a\u0001b" ; [network]        | title                   | give the network a short name
layers = [2, 2, 2] |                                       | network.layers          | give at least two whole numbers
[2, 2, 2]          | 2                                     | network.layers          | such as [2, 2, 2]
[2, 2, 2]          | [2]                                   | network.layers          | at least two whole numbers
[2, 2, 2]          | [2, 0, 2]                             | network.layers          | whole numbers from 1 to 64
[2, 2, 2]          | [2, 65, 2]                            | network.layers          | whole numbers from 1 to 64
[2, 2, 2]          | [2, 2.0, 2]                           | network.layers          | whole numbers from 1 to 64
[2, 2, 2]          | [2, "2", 2]                           | network.layers          | whole numbers from 1 to 64
[2, 2, 2]          | [2, true, 2]                          | network.layers          | whole numbers from 1 to 64
[2, 2, 2]          | [[2, 2], [2]]                         | network.layers          | whole numbers from 1 to 64
[network]          | [network] ; activation = "softmax"    | network.activation      | use one of sigmoid, tanh, relu, i
[network]          | [network] ; activation = 1            | network.activation      | use one of sigmoid, tanh, relu, i
[network]          | [network] ; activation = ["tanh"]     | network.activation      | one for each of the 2 layers
[network]          | [network] ; activation = [[], "relu"] | network.activation      | use one of sigmoid, tanh, relu, i
[network]          | [network] ; bias = true               | network.bias            | use one of none, trained, frozen
[network]          | [network] ; loss = "cross entropy"    | network.loss            | use one of half_squared_error
[network]          | [network] ; formulas = "short"        | network.formulas        | use one of expanded, staged
inputs = [1, 2]    |                                       | data.inputs             | give 2 numbers, or a list of samp
targets = [0, 1]   |                                       | data.targets            | give 2 numbers, or a list of samp
[1, 2]             | [1]                                   | data.inputs             | of 2 numbers each, to fit network
[0, 1]             | [0, 1, 2]                             | data.targets            | of 2 numbers each, to fit network
[1, 2]             | []                                    | data.inputs             | give 2 numbers
[1, 2]             | [[]]                                  | data.inputs             | give 2 numbers
[1, 2]             | 1                                     | data.inputs             | give 2 numbers
[1, 2]             | "1, 2"                                | data.inputs             | give 2 numbers
[1, 2]             | [[1, 2], [3]]                         | data.inputs             | give 2 numbers
[1, 2]             | [[1, 2], 3]                           | data.inputs             | give 2 numbers
[1, 2]             | [[[1, 2]]]                            | data.inputs             | give 2 numbers
[1, 2]             | [[1, 2], [3, 4]]                      | data.targets            | give one for each
[1, 2]             | [1, true]                             | data.inputs             | write it like 0.5
[1, 2]             | [1, "2"]                              | data.inputs             | write it like 0.5
[1, 2]             | [1, 2024-01-01]                       | data.inputs             | write it like 0.5
[1, 2]             | [1, nan]                              | data.inputs             | use numbers between -1e6 and 1e6
[1, 2]             | [1, -inf]                             | data.inputs             | use numbers between -1e6 and 1e6
[1, 2]             | [1, 1e400]                            | data.inputs             | use numbers between -1e6 and 1e6
[1, 2]             | [1, 1000000.1]                        | data.inputs             | use numbers between -1e6 and 1e6
[1, 2]             | [1, HUGE]                             | data.inputs             | use numbers between -1e6 and 1e6
seed = 1           |                                       | initial.weights         | give the numbers, or a seed such
seed = 1           | seed = -1                             | initial.seed            | give a whole number from 0 on
seed = 1           | seed = 1.5                            | initial.seed            | give a whole number from 0 on
seed = 1           | seed = true                           | initial.seed            | give a whole number from 0 on
seed = 1           | weights = [1, 2]                      | initial.weights         | give 8, w1 to w8, to fit network.
seed = 1           | seed = 1 ; biases = [1]               | initial.biases          | set it to "trained" or "frozen"
[training]         | [training] ; steps = 0                | training.steps          | give a whole number of updates fr
[training]         | [training] ; steps = 2.5              | training.steps          | give a whole number of updates fr
[training]         | [training] ; steps = true             | training.steps          | give a whole number of updates fr
[training]         | [training] ; steps = HUGE             | training.steps          | give a whole number of updates fr
[training]         | [training] ; learning_rate = "1"      | training.learning_rate  | write it like 0.5
[training]         | [training] ; learning_rate = nan      | training.learning_rate  | use numbers between -1e6 and 1e6
[training]         | [training] ; learning_rates = 1       | training.learning_rates | give a list
[training]         | [training] ; learning_rates = []      | training.learning_rates | give 1 to 8 of them to compare
[training]         | [training] ; learning_rates = NINE    | training.learning_rates | give 1 to 8 of them to compare
[training]         | [training] ; learning_rates = [1, 1]  | training.learning_rates | give each once
[training]         | [[training]]                          | training                | make it a table, [training]
[2, 2, 2]          | INLINE                                | network.layers          | give at least two whole numbers
layers = [2, 2, 2] | layersDOTTED = 1                      | network.layers          | give at least two whole numbers
[1, 2]             | NESTED                                | data.inputs             | give 2 numbers
[1, 2]             | BRACKETS                              | this is not TOML        | mend that line
seed = 1           | seed = DIGITS                         | this is not TOML        | mend that line
[training]         | [training                             | this is not TOML        | mend that line
[1, 2]             | [1,, 2]                               | this is not TOML        | mend that line
[data]             | [network]                             | this is not TOML        | mend that line
seed = 1           | seed = 1 \                            | this is not TOML        | mend that line
"""
STANDS_FOR = {
    "HUGE": "0x" + "f" * 5000, "NINE": str(list(range(9))), "DOTTED": ".a" * 3000, "NESTED": "[" * 200 + "]" * 200,
    "BRACKETS": "[" * 3000, "DIGITS": "9" * 5000, "INLINE": "{a = " * 99 + "1" + "}" * 99,
}  # fmt: skip


@pytest.mark.parametrize("line", BAD.strip().splitlines())
def test_a_bad_template_is_one_sentence(line: str) -> None:
    old, new, key, remedy = (part.strip() for part in line.split("|"))
    for word, text in STANDS_FOR.items():
        new = new.replace(word, text)
    assert GOOD.count(old) == 1
    with pytest.raises(SpecError) as caught:
        parse(GOOD.replace(old, new.replace(" ; ", "\n")), "folder/bad.toml")
    message = str(caught.value)
    assert re.fullmatch(rf"folder/bad\.toml: {re.escape(key)}\b[^\n]*: [^:\n]*", message)
    assert remedy in message.partition(key)[2]
    assert len(message) < 300


def test_biases_are_counted_and_asked_for() -> None:
    biased = GOOD.replace("layers", 'bias = "trained"\nlayers')
    assert parse(biased.replace("seed = 1", "seed = 1\nbiases = [1, 2, 3, 4]"), "x").biases == (1, 2, 3, 4)
    with pytest.raises(SpecError, match=r"^x: initial.biases has 2 numbers: give 4, b1 to b4, to fit network.layers"):
        parse(biased.replace("seed = 1", "seed = 1\nbiases = [1, 2]"), "x")
    with pytest.raises(SpecError, match=r"^x: initial.biases is missing: give the numbers, or a seed"):
        parse(biased.replace("seed = 1", "weights = [1, 2, 3, 4, 5, 6, 7, 8]"), "x")


@pytest.mark.parametrize(("make", "reason"), [
    (lambda path: None, "No such file or directory"), (lambda path: path.mkdir(), "Is a directory"),
    (lambda path: path.write_bytes(b"\x89PNG\r\n\x1a\n\xff"), "not UTF-8 text"),
    (lambda path: path.write_text(GOOD, "utf-16"), "not UTF-8 text"),
], ids=["missing", "folder", "binary", "UTF-16"])  # fmt: skip
def test_a_file_that_cannot_be_read(make: Callable[[Path], object], reason: str, tmp_path: Path) -> None:
    make(path := tmp_path / "bad.toml")
    with pytest.raises(SpecError) as caught:
        load(path)
    assert str(caught.value) == f"{path}: the template cannot be read ({reason}): give the path of a .toml file"


def test_a_path_that_none_can_have() -> None:
    with pytest.raises(SpecError, match="the template cannot be read"):
        load("a\0b.toml")


def test_notepads_mark_before_utf_8_is_no_error(tmp_path: Path) -> None:
    (tmp_path / "mark.toml").write_text(GOOD, "utf-8-sig")
    assert load(tmp_path / "mark.toml").text == GOOD


@pytest.mark.parametrize(("options", "message"), [
    ({"steps": 0}, "--steps is 0: give a whole number of updates from 1 on"),
    ({"steps": 10**12}, "--steps is 1000000000000: give a whole number of updates from 1 on"),
    ({"learning_rate": math.nan}, "--learning-rate holds nan, which a sheet cannot train with: "
                                  "use numbers between -1e6 and 1e6"),
])  # fmt: skip
def test_bad_options_of_the_command_line(homework_spec: Spec, options: dict[str, Any], message: str) -> None:
    with pytest.raises(SpecError) as caught:
        with_options(homework_spec, **options)
    assert str(caught.value) == f"command line: {message}"


def test_options_replace_what_they_name_and_nothing_else(homework_spec: Spec) -> None:
    changed = with_options(homework_spec, steps=7, learning_rate=2.5)
    differs = {f.name for f in fields(Spec) if getattr(changed, f.name) != getattr(homework_spec, f.name)}
    assert differs == {"steps", "learning_rate"} and (changed.steps, changed.learning_rate) == (7, 2.5)
    assert with_options(homework_spec) == homework_spec


KEYS = [*re.findall(r"\w+(?= =)", GOOD), "title", "loss", "bias", "activation", "weights", "biases", "steps", "a.b"]
VALUES = ["1", "-0.5", "1e400", "nan", "true", '"tanh"', '"', "[]", "[2, 2, 2]", "[[1, 2], [3, 4]]", "{a = 1}", "[",
          "\\", "1979-05-27", "'" * 3, "0x10", "[1, [2]]", "\ud7ff", "9" * 40]  # fmt: skip
LINES = st.one_of(
    st.sampled_from(GOOD.splitlines()),
    st.builds("{} = {}".format, st.sampled_from(KEYS), st.sampled_from(VALUES)),
    st.builds("[{}]".format, st.sampled_from(KEYS)),
    st.text(max_size=20),
)
TEXTS = st.one_of(st.text(), st.lists(LINES, max_size=15).map("\n".join))


@settings(max_examples=400, **STEADY)
@given(TEXTS, st.integers(0, len(GOOD)), st.integers(0, 40), st.text(max_size=5))
def test_no_text_raises_anything_but_a_spec_error(text: str, start: int, length: int, other: str) -> None:
    """Random lines, and the good template with a piece of it replaced."""
    for candidate in (text, GOOD[:start] + other + GOOD[start + length :]):
        try:
            spec = parse(candidate, "random.toml")
        except SpecError as error:
            assert str(error).startswith("random.toml: ") and "\n" not in str(error)
        else:
            assert len(spec.weights) == weight_count(spec.layers)


@settings(max_examples=30, **STEADY)
@given(st.integers(0, 2**40), st.lists(st.integers(1, 6), min_size=2, max_size=5))
def test_drawn_weights_have_glorots_range(seed: int, layers: list[int]) -> None:
    text = GOOD.replace("[2, 2, 2]", str(layers)).replace("seed = 1", f"seed = {seed}")
    text = text.replace("[1, 2]", str([1] * layers[0])).replace("[0, 1]", str([0] * layers[-1]))
    weights = iter(parse(text, "x").weights)
    for m, n in pairwise(layers):
        assert all(abs(next(weights)) <= math.sqrt(6 / (m + n)) for _ in range(m * n))
    assert list(weights) == []
