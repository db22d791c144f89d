"""A network described in TOML -> a frozen Spec; whatever does not fit is one sentence naming file, key and remedy."""

from __future__ import annotations

import difflib
import itertools
import math
import random
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, NamedTuple

from sheetgen.base.errors import UserError
from sheetgen.base.text import shown, unseen
from sheetgen.cells.ops import ACTIVATIONS, OPS

# The sheet of an exported file that carries PyTorch's outputs for an example, and its heads.
PYTORCH, HEADS = "PyTorch", ("what", "cell", "number")

LOSSES = ("half_squared_error",)
BIASES = ("none", "trained", "frozen")
FORMULAS = ("expanded", "staged")
LEARNING_RATES = (0.1, 0.2, 0.5, 0.8, 1.0, 2.0)
MAX_STEPS = 10**9  # the layout knows how many rows a sheet has; beyond this a number is a slip
STEPS_REMEDY = "give a whole number of updates from 1 on"
MAX_LINE = 32_767  # characters in a cell: the workbook carries its template, line by line
MAX_UNITS = 64  # in one layer: beyond it a sheet is no longer something a person reads
MAX_WEIGHTS = 100_000  # in all: each has a column, and a sheet has fewer


class SpecError(UserError):
    """A template that cannot be used; the message is one sentence with the remedy."""


@dataclass(frozen=True)
class Spec:
    """A network, its data and how it is trained. Shapes are checked: whoever holds a Spec may rely on it."""

    source: str  # where it came from, for messages
    text: str  # the TOML itself, which the workbook carries
    title: str
    layers: tuple[int, ...]
    activations: tuple[str, ...]  # one per layer after the inputs
    bias: str
    formulas: str
    inputs: tuple[tuple[float, ...], ...]  # (samples, layers[0])
    targets: tuple[tuple[float, ...], ...]  # (samples, layers[-1])
    weights: tuple[float, ...]  # w1, w2, ...: layer by layer, unit by unit, input by input
    biases: tuple[float, ...]  # b1, b2, ...: layer by layer, unit by unit; empty without biases
    learning_rate: float
    steps: int
    learning_rates: tuple[float, ...]

    @property
    def samples(self) -> int:
        """How many samples one update sees."""
        return len(self.inputs)

    @property
    def bounded(self) -> bool:
        """Whether every activation is bounded, so that training cannot run off to infinity."""
        return all(OPS[name].bounded for name in self.activations)

    @property
    def kinked(self) -> bool:
        """Whether an activation has a kink, where the error has no derivative."""
        return any(OPS[name].at_zero for name in self.activations)


def weight_count(layers: tuple[int, ...]) -> int:
    """How many weights connect the layers."""
    return sum(m * n for m, n in itertools.pairwise(layers))


class Key(NamedTuple):
    """A key of a template: what it means, what may stand there, its default; where there is none, what then holds."""

    means: str
    may: str
    default: Any = None
    otherwise: str = "it must be there"


def _any_of(texts: tuple[str, ...]) -> str:
    return ", ".join(f'"{text}"' for text in texts)


KEYS: dict[str, dict[str, Key]] = {
    "": {**dict.fromkeys(("network", "data", "initial", "training"), Key("a table", "its keys", {})),
        "title": Key("the name of the network", "one line of 1 to 80 characters", None, "the file's name")},
    "network": {
        "layers": Key("units of each layer, inputs first", f"a list of whole numbers from 1 to {MAX_UNITS}"),
        "activation": Key("what a unit makes of its sum", f"{_any_of(ACTIVATIONS)}, or a list", "sigmoid"),
        "bias": Key("whether units have a bias", _any_of(BIASES), "none"),
        "loss": Key("the error of an output", _any_of(LOSSES), LOSSES[0]),
        "formulas": Key("one long formula, or steps", _any_of(FORMULAS), None, "expanded, if short")},
    "data": {
        "inputs": Key("what the network is shown", "a list of numbers, or one for each sample"),
        "targets": Key("what it should answer", "as many samples as the inputs have")},
    "initial": {
        "seed": Key("draws weights, always the same", "a whole number from 0 on", None, "nothing is drawn"),
        "weights": Key("w1, w2, ... at first", "a list of numbers, layer by layer", None, "drawn by the seed"),
        "biases": Key("b1, b2, ... at first", "a list of numbers, layer by layer", None, "0 each, if there is a seed")},
    "training": {
        "learning_rate": Key("η: how far each update goes", "a number", 1.0),
        "steps": Key("how many updates", "a whole number from 1 on", 200),
        "learning_rates": Key("those of the sheet Learning rates", "a list of 1 to 8", list(LEARNING_RATES))},
}  # fmt: skip


class _Table:
    """One table of the TOML: hands out its keys. Raises SpecError for one that is not known."""

    def __init__(self, source: str, name: str, entries: Mapping[str, Any]):
        self.source, self.name, self.entries = source, name, dict(entries)
        for key in entries:
            if key not in KEYS[name]:
                near = difflib.get_close_matches(key.lower(), KEYS[name], 1)
                meant = f" (did you mean {near[0]}?)" if near else ""
                problem = f"is not a key sheetgen knows{meant}: use one of {', '.join(KEYS[name])}, or remove it"
                raise self.fail(key if key.isprintable() and len(key) <= 60 else shown(key), problem)

    def fail(self, key: str, problem: str) -> SpecError:
        where = f"{self.name}.{key}" if self.name else key
        return SpecError(f"{self.source}: {where} {problem}")

    def get(self, key: str) -> Any:
        return self.entries.get(key, KEYS[self.name][key].default)

    def need(self, key: str, remedy: str) -> Any:
        if (value := self.get(key)) is None:
            raise self.fail(key, f"is missing: {remedy}")
        return value

    def number(self, key: str, value: Any) -> float:
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise self.fail(key, f"holds {shown(value)}, which is not a number: write it like 0.5")
        try:
            result = float(value)
        except OverflowError:
            result = math.inf
        if not abs(result) <= 1e6:  # also catches nan; a bounded net with inputs up to 1e6 stays finite
            problem = f"holds {shown(value)}, which a sheet cannot train with: use numbers between -1e6 and 1e6"
            raise self.fail(key, problem)
        return result

    def whole(self, key: str, value: Any, low: int, high: int | None, remedy: str) -> int:
        if isinstance(value, bool) or not isinstance(value, int) or value < low or (high and value > high):
            raise self.fail(key, f"is {shown(value)}: {remedy}")
        return int(value)

    def choice(self, key: str, value: Any, choices: tuple[str, ...]) -> str:
        if value not in choices:
            raise self.fail(key, f"is {shown(value)}: use one of {', '.join(choices)}")
        return str(value)

    def row(self, key: str, value: Any, length: int | None, remedy: str) -> tuple[float, ...]:
        if not isinstance(value, list) or (length is not None and len(value) != length):
            have = f"has {len(value)} numbers" if isinstance(value, list) else f"is {shown(value)}"
            raise self.fail(key, f"{have}: {remedy}")
        return tuple(self.number(key, v) for v in value)


def load(path: Path | str) -> Spec:
    """Read a template file. Raises SpecError, also for a file that is missing or not TOML."""
    try:
        if Path(path).exists() and not (Path(path).is_file() or Path(path).is_dir()):
            raise OSError(0, "it is no ordinary file")  # and might never end
        text = Path(path).read_text(encoding="utf-8-sig")  # Windows puts a mark before UTF-8
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else "not UTF-8 text"
        raise SpecError(f"{path}: the template cannot be read ({reason}): give the path of a .toml file") from None
    return parse(text, str(path))


def parse(text: str, source: str) -> Spec:
    """Read a template from its text. Raises SpecError."""
    if max(map(len, text.split("\n"))) > MAX_LINE:
        raise SpecError(
            f"{source}: a line has over {MAX_LINE:,} characters, which no cell can carry: break it into several"
        )
    try:
        top_entries = tomllib.loads(text)
    except (ValueError, RecursionError) as error:  # also for a number of over 4,300 digits
        raise SpecError(f"{source}: this is not TOML ({error}): mend that line") from None
    top = _Table(source, "", top_entries)
    tables = {}
    for name in ("network", "data", "initial", "training"):
        entries = top.get(name)
        if not isinstance(entries, dict):
            raise top.fail(name, f"is {shown(entries)}: make it a table, [{name}]")
        tables[name] = _Table(source, name, entries)
    title = top.entries.get("title", Path(source).stem)
    if not isinstance(title, str) or not title.strip() or len(title) > 80 or "\n" in title:
        raise top.fail("title", "must be one line of 1 to 80 characters: give the network a short name")
    if hidden := unseen(title):
        problem = f"holds an invisible character ({hidden}): leave it out, and give the network a short name"
        raise top.fail("title", problem)
    layers, activations, bias, formulas = _network(tables["network"])
    inputs, targets = _data(tables["data"], layers)
    weights, biases = _initial(tables["initial"], layers, bias)
    learning_rate, steps, learning_rates = _training(tables["training"])
    if formulas is None:  # expanded is the homework's form, and grows with depth and samples
        formulas = "expanded" if len(layers) == 3 and len(inputs) == 1 and max(layers) <= 4 else "staged"
    return Spec(
        source, text, title, layers, activations, bias, formulas, inputs, targets, weights, biases,
        learning_rate, steps, learning_rates,
    )  # fmt: skip


def _network(table: _Table) -> tuple[tuple[int, ...], tuple[str, ...], str, str | None]:
    remedy = f"give at least two whole numbers from 1 to {MAX_UNITS}, inputs first, such as [2, 2, 2]"
    raw = table.need("layers", remedy)
    if not isinstance(raw, list) or len(raw) < 2:
        raise table.fail("layers", f"is {shown(raw)}: {remedy}")
    layers = tuple(table.whole("layers", n, 1, MAX_UNITS, remedy) for n in raw)
    if (count := weight_count(layers)) > MAX_WEIGHTS:
        raise table.fail("layers", f"has {count:,} weights, more than any sheet has columns: use fewer units")
    named = table.get("activation")
    names = named if isinstance(named, list) else [named] * (len(layers) - 1)
    if len(names) != len(layers) - 1:
        raise table.fail(
            "activation", f"names {len(names)} activations: give one, or one for each of the {len(layers) - 1} layers"
        )
    activations = tuple(table.choice("activation", name, ACTIVATIONS) for name in names)
    bias = table.choice("bias", table.get("bias"), BIASES)
    table.choice("loss", table.get("loss"), LOSSES)
    formulas = table.get("formulas")
    if formulas is not None:
        table.choice("formulas", formulas, FORMULAS)
    return layers, activations, bias, formulas


def _data(table: _Table, layers: tuple[int, ...]) -> tuple[tuple[tuple[float, ...], ...], ...]:
    result = []
    for key, units in (("inputs", layers[0]), ("targets", layers[-1])):
        remedy = f"give {units} numbers, or a list of samples of {units} numbers each, to fit network.layers"
        raw = table.need(key, remedy)
        nested = isinstance(raw, list) and any(isinstance(row, list) for row in raw)
        rows = raw if nested else [raw]
        result.append(tuple(table.row(key, row, units, remedy) for row in rows))
    if len(result[0]) != len(result[1]):
        raise table.fail(
            "targets", f"has {len(result[1])} samples for {len(result[0])} samples of inputs: give one for each"
        )
    return tuple(result)


def _initial(table: _Table, layers: tuple[int, ...], bias: str) -> tuple[tuple[float, ...], tuple[float, ...]]:
    n, units = weight_count(layers), sum(layers[1:])
    seed, raw_w, raw_b = table.get("seed"), table.get("weights"), table.get("biases")
    fit = f"to fit network.layers {shown(list(layers))}"
    if seed is None and (raw_w is None or (bias != "none" and raw_b is None)):
        missing = "weights" if raw_w is None else "biases"
        raise table.fail(missing, f"is missing: give the numbers, or a seed such as seed = 1 {fit}")
    if seed is not None:
        seed = table.whole("seed", seed, 0, None, "give a whole number from 0 on")
    if raw_b is not None and bias == "none":
        raise table.fail("biases", 'is given, but network.bias is "none": set it to "trained" or "frozen"')
    # random.Random is promised to give the same numbers on every Python, so a seed means the same network for ever.
    source = random.Random(seed)
    drawn = tuple(
        round(source.uniform(-1, 1) * math.sqrt(6 / (m + k)), 6)  # Glorot and Bengio 2010, eq. 16
        for m, k in itertools.pairwise(layers)
        for _ in range(m * k)
    )
    weights = drawn if raw_w is None else table.row("weights", raw_w, n, f"give {n}, w1 to w{n}, {fit}")
    if bias == "none":
        return weights, ()
    zeros = (0.0,) * units
    return weights, zeros if raw_b is None else table.row(
        "biases", raw_b, units, f"give {units}, b1 to b{units}, {fit}"
    )


def _training(table: _Table) -> tuple[float, int, tuple[float, ...]]:
    learning_rate = table.number("learning_rate", table.get("learning_rate"))
    steps = table.whole("steps", table.get("steps"), 1, MAX_STEPS, STEPS_REMEDY)
    rates = table.row("learning_rates", table.get("learning_rates"), None, "give a list")
    if not 1 <= len(rates) <= 8:
        raise table.fail("learning_rates", f"has {len(rates)} numbers: give 1 to 8 of them to compare")
    if len({f"{rate:g}" for rate in rates}) < len(rates):
        raise table.fail("learning_rates", "has two numbers that read alike: give each once, with six digits at most")
    return learning_rate, steps, rates


def with_options(spec: Spec, steps: int | None = None, learning_rate: float | None = None) -> Spec:
    """The same Spec with other options, as the command line gives them. Raises SpecError."""
    table = _Table("command line", "", {})
    if steps is not None:
        table.whole("--steps", steps, 1, MAX_STEPS, STEPS_REMEDY)
        spec = replace(spec, steps=steps)
    if learning_rate is not None:
        spec = replace(spec, learning_rate=table.number("--learning-rate", learning_rate))
    return spec
