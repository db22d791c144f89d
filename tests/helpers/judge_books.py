"""Right workbooks of small networks as people make them by hand, from a seed: the class layout and stranger ones."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial
from random import Random

import judge_own
import judge_spelling as spelling
import judge_text
from judge_grid import Book, Chart, Content, Grid, Rate, Rule, Series, quoted
from judge_spelling import Network, Style

from sheetgen.excel.a1 import address, column_letters

LAYOUTS = ["class", "shuffled", "transposed", "several", "sheets", "network", "apart", "own"]
OTHERS = [
    Network(2, 3, 1, "tanh", "each"), Network(3, 2, 2), Network(2, 2, 2, "sigmoid", "each"),
    Network(2, 3, 1, "relu", "each"), Network(3, 2, 2, "tanh", "shared"), Network(2, 3, 2), Network(2, 2, 1),
]  # fmt: skip
MAZUR = Network(bias="shared")
RATES = [0.1, 0.2, 0.5, 0.8, 1.0, 2.0]
RATE_LABELS = ["η = ", "η =", "eta", "Learning Rate", "LR", "LR (η) =", "learning rate:", "LR=", "Learning rate (η)"]
RATE_NAMES = ["eta", "learning_rate", "LR", "rate"]
TARGETS = [(0.5, 0.5), (0.01, 0.99), (0.01, 0.99), (0.2, 0.8), (0.0, 1.0), (0.9, 0.3)]


@dataclass
class Person:
    """Whose workbook it is: the habits that stay the same through all of it."""

    rng: Random
    network: Network
    habits: Style
    start: dict[str, float]
    family: dict[str, str]
    tidy: bool = False  # the class layout: columns in the usual order from A on, header in row 32
    mixed: bool = False  # columns in another order, with gaps
    apart: bool = False  # targets and inputs stand outside the table
    gap: int = 1  # from the header to the first step
    offsets: dict[str, int] = field(default_factory=dict)  # quantity -> line, counted from the table's first
    labels: dict[str, str] = field(default_factory=dict)
    locked: set[str] = field(default_factory=set)
    rules: dict[str, Rule] = field(default_factory=dict)


def book(rng: Random, layout: str, steps: tuple[int, int] = (40, 70), staged: bool | None = None) -> Book:
    """A right workbook of a layout in LAYOUTS, its results known."""
    if layout == "own":
        return judge_own.own(rng, steps, staged)
    person = _person(rng, layout, staged)
    count = {"sheets": rng.randint(2, 4), "several": rng.randint(2, 3)}.get(layout, 1)
    rates = rng.sample(RATES, count)
    names = _sheet_names(rng, rates if layout == "sheets" else rates[:1])
    made = Book(layout, list(names), [])
    top, left = (32, 1) if person.tidy else (rng.randint(14 if person.apart else 8, 40), rng.randint(1, 6))
    across = layout != "transposed" and (layout not in ("apart", "network") or rng.random() < 0.8)
    kind = _rate_kind(rng, layout)
    _decide(person, kind)
    for k, value in enumerate(rates):
        sheet, length = names[min(k, len(names) - 1)], rng.randint(*steps)
        place = (31, 6) if person.tidy else (top - rng.randint(1, 2), left + rng.randrange(6))
        rate = _rate(rng, made, sheet, place, value, kind, across)
        grid = _grid(person, sheet, across, (top, left), length, rate)
        made.grids.append(grid)
        if person.apart:
            _apart(made, grid)
        top += length + rng.randint(6, 9) if layout == "several" else 0
    _charts(rng, made)
    if rng.random() < 0.7:
        _lines(rng, made)
    if layout == "sheets" and rng.random() < 0.5:
        _summary(made)
    made.cached = rng.random() > 0.05
    made.know()
    return made


def _person(rng: Random, layout: str, staged: bool | None) -> Person:
    shared = layout in ("shuffled", "apart", "sheets") and rng.random() < 0.25
    network = rng.choice(OTHERS) if layout == "network" else MAZUR if shared else Network()
    usual = layout == "class" or rng.random() < 0.4
    weights = [w for pairs in network.incoming.values() for w, _ in pairs]
    start = {f"t{k}": t for k, t in enumerate(rng.choice(TARGETS)[: network.outputs], 1)}
    inputs = [0.05, 0.1, 0.2] if usual else rng.sample([0.05, 0.1, 0.2, 0.3, 0.45, 0.6, 0.9, 1.0], 3)
    start |= {f"i{k}": x for k, x in enumerate(inputs[: network.inputs], 1)}
    drawn = rng.sample(range(5, 96), len(weights))
    start |= {w: round(0.1 + 0.05 * k, 2) if usual else drawn[k - 1] / 100 for k, w in enumerate(weights, 1)}
    if usual and network == Network():
        start |= {f"w{k}": w for k, w in zip(range(5, 9), (0.4, 0.45, 0.5, 0.55), strict=True)}
    start |= {b: round(rng.uniform(0.1, 0.7), 2) for b in set(network.biases.values())}
    person = Person(rng, network, spelling.style(rng, staged), start, rng.choice(spelling.FAMILIES))
    person.tidy, person.apart = layout == "class", layout == "apart"
    person.mixed = layout == "shuffled" or (not person.tidy and rng.random() < 0.25)
    person.gap = 2 if rng.random() < 0.05 else 1
    return person


def _sheet_names(rng: Random, rates: Sequence[float]) -> list[str]:
    if len(rates) == 1:
        return [rng.choice(["Sheet1", "BackProp", "Back Prop", "Calculation", "Tabelle1", "Backpropagation (2)"])]
    stem = rng.choice(["#", "LR_#", "eta=#", "η #", "lr#"])
    return [stem.replace("#", f"{rate:g}") for rate in rates]


def _rate_kind(rng: Random, layout: str) -> str:
    if layout in ("class", "several", "sheets"):
        return rng.choice(["beside", "beside", "beside", "half locked", "literal"])
    kinds = ["beside", "below", "name", "sheet", "literal", "column", "half locked"]
    return rng.choice(kinds)


def _rate(rng: Random, made: Book, sheet: str, place: tuple[int, int], value: float, kind: str, across: bool) -> Rate:
    """Put the learning rate somewhere near a place; formulas may give it as a number instead."""
    row, column = place
    label = rng.choice(RATE_LABELS)
    if kind in ("literal", "column"):
        return Rate(f"{value:g}", value)
    if kind == "sheet":
        sheet, row, column = "Inputs", 2, 1
        made.sheets.append(sheet)
    made.loose[sheet, address(row - (kind == "below"), column)] = label
    cell = address(row, column + (kind != "below"))
    made.loose[sheet, cell] = value
    column += kind != "below"
    text = f"${column_letters(column)}${row}"
    if kind == "half locked":
        text = f"{column_letters(column)}${row}" if across else f"${cell}"
    if kind == "name":
        name = rng.choice(RATE_NAMES)
        made.names[name] = f"{quoted(sheet)}!{text}"
        text = name
    return Rate(f"{sheet}!{text}" if kind == "sheet" else text, value, sheet, cell)


def _quantities(person: Person, kind: str) -> list[str]:
    """In the order of the class file, with what some people add."""
    net, rng = person.network, person.rng
    found = ["step"] if rng.random() < (0.1 if person.tidy else 0.3) else []
    found += net.given + ["eta"] * (kind == "column")
    for layer in "ho":
        units = {unit: pairs for unit, pairs in net.incoming.items() if unit[0] == layer}
        found += [w for pairs in units.values() for w, _ in pairs]
        found += [net.biases[unit] for unit in units] if net.bias == "each" else []
        found += [name for unit in units for name in (unit, f"a_{unit}")]
    found += [f"E{k}" for k in range(1, net.outputs + 1)] if net.outputs > 1 else []
    found += ["E_total", *spelling.helpers(net, person.habits), *(f"dE/d{w}" for w in net.trained)]
    return found + ([f"{w}_next" for w in net.trained] if not person.tidy and rng.random() < 0.15 else [])


def _grid(person: Person, sheet: str, across: bool, place: tuple[int, int], steps: int, rate: Rate) -> Grid:
    """A table whose labels begin at a place; the second table of a person has the lines of the first."""
    rng = person.rng
    top, left = place
    offsets = person.offsets
    lines = {name: (left if across else top) + k for name, k in offsets.items()}
    head = top if across else left
    first = head + 1 if person.tidy else head + person.gap
    grid = Grid(sheet, across, head, first, steps, person.network, rate, person.start, lines, person.labels)
    grid.locked = person.locked
    if person.apart:
        row = {name: 2 + k for k, name in enumerate(person.network.given)}
        grid.fixed = {name: f"$B${at}" for name, at in row.items()}
    if not person.rules:
        person.rules = _rules(person, grid)
    grid.rules = dict(person.rules)
    if "eta" in lines:
        rest: Content = rate.value if rng.random() < 0.5 else "{eta-}"
        grid.rules["eta"] = Rule(rate.value, rest)
    return grid


def _decide(person: Person, kind: str) -> None:
    """What is in the table, in which order, under which labels."""
    rng = person.rng
    names = [name for name in _quantities(person, kind) if not (person.apart and name in person.network.given)]
    person.labels = spelling.labels(rng, names + person.network.given, person.family)
    if person.mixed:
        names = _mixed(rng, names)
    at = 0
    for name in names:
        person.offsets[name] = at
        at += 1 if not person.mixed or rng.random() < 0.85 else rng.randint(2, 3)
    computed = [name for name in names if name not in person.network.given]
    share = rng.choice([0.0, 0.0, 0.2, 1.0])
    person.locked = {name for name in computed if rng.random() < share}


def _mixed(rng: Random, names: list[str]) -> list[str]:
    """The quantities in another order: whole groups for one person, all of them for another."""
    if rng.random() < 0.5:
        return rng.sample(names, len(names))
    groups: dict[str, list[str]] = {}
    for name in names:
        groups.setdefault("dE/" if "/" in name else name.rstrip("0123456789"), []).append(name)
    return [name for key in rng.sample(list(groups), len(groups)) for name in groups[key]]


def _rules(person: Person, grid: Grid) -> dict[str, Rule]:
    rng, net = person.rng, person.network
    rules: dict[str, Rule] = {}
    texts = spelling.formulas(net, person.habits, grid.beside)
    for name in net.given:
        number = person.start[name]
        rest: Content = (
            number if rng.random() < (0.8 if person.tidy else 0.5) else rng.choice([f"{{{name}-}}", f"{{{name}@0}}"])
        )
        rules[name] = Rule(number, rest)
    for w in net.trained:
        update = partial(spelling.fill, person.habits.update)
        if f"{w}_next" in grid.lines:
            rules[w] = Rule(person.start[w], f"{{{w}_next-}}")
            text = update(W=f"{{{w}}}", R="{eta}", G=f"{{dE/d{w}}}")
            rules[f"{w}_next"] = Rule(text, text)
        else:
            rules[w] = Rule(
                person.start[w],
                update(W=f"{{{w}-}}", R="{eta-}" if "eta" in grid.lines else "{eta}", G=f"{{dE/d{w}-}}"),
            )
    for name, text in texts.items():
        if "/" in name and rng.random() < 0.1:
            text = re.sub(r"\*(\{[^}]*\})", r"*(\1)", text, count=1)
        rules[name] = Rule(text, text)
    rules["step"] = Rule(0.0, "{step-}+1")
    return {name: rule for name, rule in rules.items() if name in grid.lines}


def _apart(made: Book, grid: Grid) -> None:
    """Targets and inputs in a column of their own, above the table."""
    for name, text in grid.fixed.items():
        cell = text.replace("$", "")
        made.loose[grid.sheet, cell] = grid.start[name]
        made.loose[grid.sheet, f"A{cell[1:]}"] = grid.labels[name]


def _charts(rng: Random, made: Book) -> None:
    """A loss curve for each table beside it, or one chart for all."""
    x = "step" if "step" in made.grids[0].lines and rng.random() < 0.5 else ""
    curves = [Series(grid, "E_total", 0, grid.steps - 1, x) for grid in made.grids]
    groups = [curves] if rng.random() < 0.25 else [[curve] for curve in curves]
    for group in groups if rng.random() < 0.9 else []:
        grid = group[0].grid
        edge = max(grid.lines.values()) if grid.across else grid.first + grid.steps
        at = address(grid.head if grid.across else 2, edge + 2)
        title = "Error" if len(group) > 1 else f"{rng.choice(['E_total', 'Error', 'Loss'])}, eta = {grid.rate.value:g}"
        made.charts.append(Chart(grid.sheet, at, title, group))


def _lines(rng: Random, made: Book) -> None:
    """The formulas as text: above the first table if there is room, else below the last of its sheet."""
    grid = made.grids[0]
    texts = judge_text.lines(rng, grid.network)
    top = grid.head if grid.across else min(grid.lines.values())
    rows = top - 6
    row, columns = 3, [8, 13, 20]
    if rows * len(columns) < len(texts):
        here = [g for g in made.grids if g.sheet == grid.sheet]
        row = max(g.first + g.steps if g.across else max(g.lines.values()) for g in here) + 3
        rows = len(texts)
    for k, (quantity, text) in enumerate(texts):
        at = address(row + k % rows, columns[k // rows])
        made.loose[grid.sheet, at] = text
        if quantity:
            made.lines[grid.sheet, at] = quantity


def _summary(made: Book) -> None:
    """A sheet that gathers the errors of every table side by side."""
    made.sheets.append("Summary")
    made.loose["Summary", "A1"] = "E_total of all learning rates"
    for k, grid in enumerate(made.grids, 2):
        made.loose["Summary", address(2, k)] = grid.rate.value
        for step in range(min(g.steps for g in made.grids)):
            made.copies["Summary", address(3 + step, k)] = (grid.sheet, grid.at("E_total", step))
