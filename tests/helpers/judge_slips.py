"""More of the defects of `judge_mutants`: updates, the learning rate, the forward pass."""

from __future__ import annotations

import re
from random import Random

from judge_books import LAYOUTS, RATES
from judge_defects import (
    Change,
    a_step,
    alone,
    defect,
    everywhere,
    names_in,
    said,
    siblings,
    since,
    swap,
    swapped,
    text_of,
)  # fmt: skip
from judge_grid import Book, Grid

from sheetgen.excel.a1 import column_letters, place

CLASSIC = [layout for layout in LAYOUTS if layout != "network"]  # where the labels say 2-2-2


# --- updates


def update_of(rng: Random, grid: Grid) -> tuple[str, str, str]:
    """(line, formula, weight) of an update: in the weight's own line, or in a line of new weights."""
    w = rng.choice(grid.network.trained)
    name = f"{w}_next" if f"{w}_next" in grid.lines else w
    return name, text_of(grid, name), w


def wrong_update(grid: Grid, name: str, text: str, *right: str) -> Change:
    """A whole line of updates with another formula."""
    return Change({"update"}, [everywhere(grid, name, text)], right)


def rate_said(grid: Grid) -> list[str]:
    """Patterns for the learning rate: its cell, its name, its number, or its column."""
    text = re.escape(grid.rate.text).replace(r"\$", r"\$?")
    cell = re.sub(r"(\d+)$", r"\\$?\1\\b", re.sub(r"^([A-Z]+)", r"\\$?\1", grid.rate.cell))
    number = rf"(?<![\d.]){re.escape(f'{grid.rate.value:g}')}(?![\d.])"
    return [number, *([text, cell] if cell else []), *said(grid, "eta")]


@defect("update: another weight's gradient")
def _another(rng: Random, book: Book, grid: Grid) -> Change | None:
    name, text, w = update_of(rng, grid)
    other = rng.choice([x for x in grid.network.trained if x != w])
    return wrong_update(grid, name, swapped(text, f"dE/d{w}", f"dE/d{other}"), *said(grid, f"dE/d{w}"))


@defect("update: plus for minus")
def _plus(rng: Random, book: Book, grid: Grid) -> Change | None:
    name, text, w = update_of(rng, grid)
    outside = [m for m in re.finditer(r"\{[^}]*\}|(-)", text) if m[1]]
    at = outside[0].start()
    sign = "" if text[at - 1] == "(" else "+"
    return wrong_update(grid, name, text[:at] + sign + text[at + 1 :], *said(grid, f"dE/d{w}"))


@defect("update: an older gradient")
def _older(rng: Random, book: Book, grid: Grid) -> Change | None:
    name, text, w = update_of(rng, grid)
    mark = "-" if name == w else ""
    changed = text.replace(f"{{dE/d{w}{mark}}}", f"{{dE/d{w}{mark}-}}")
    cells = since(grid, name, 2, changed) if rng.random() < 0.5 else alone(grid, name, a_step(rng, grid), changed)
    return Change({"update", "column"}, [cells], said(grid, f"dE/d{w}"))


@defect("update: another weight as the base")
def _base(rng: Random, book: Book, grid: Grid) -> Change | None:
    name, text, w = update_of(rng, grid)
    return wrong_update(grid, name, swapped(text, w, rng.choice(siblings(grid, w))), *said(grid, w))


@defect("update: half of the rate")
def _halved(rng: Random, book: Book, grid: Grid) -> Change | None:
    name, text, _ = update_of(rng, grid)
    changed = re.sub(r"(\{eta-?\})", rng.choice([r"\1/2", r"0.5*\1", r"2*\1"]), text)
    return wrong_update(grid, name, changed, *rate_said(grid))._replace(kinds={"update", "rate"})


@defect("update: no rate")
def _no_rate(rng: Random, book: Book, grid: Grid) -> Change | None:
    name, text, _ = update_of(rng, grid)
    changed = re.sub(r"\{eta-?\} ?\* ?| ?\* ?\{eta-?\}", "", text)
    return wrong_update(grid, name, changed, *rate_said(grid))._replace(kinds={"update", "rate"})


@defect("rate: slides off its cell")
def _slides(rng: Random, book: Book, grid: Grid) -> Change | None:
    """The reference has no $, so that it moves with the steps; right at the first."""
    name, text, w = update_of(rng, grid)
    if not grid.rate.cell:
        return None
    start = 1 if name == w else 0
    everywhere(grid, name, text.replace("{eta}", f"{{eta~{start}}}"))
    return Change({"rate", "update"}, [(grid.sheet, grid.area(name, start + 1))], rate_said(grid))


@defect("rate: another number from a step on")
def _another_rate(rng: Random, book: Book, grid: Grid) -> Change | None:
    name, text, _ = update_of(rng, grid)
    rate = rng.choice([x for x in RATES if x != grid.rate.value])
    cells = since(grid, name, a_step(rng, grid), re.sub(r"\{eta-?\}", f"{rate:g}", text))
    return Change({"rate", "update", "column"}, [cells], rate_said(grid))


@defect("rate: another cell")
def _another_cell(rng: Random, book: Book, grid: Grid) -> Change | None:
    name, text, _ = update_of(rng, grid)
    x = rng.choice([q for q in grid.network.given if q in grid.lines] or grid.network.trained)
    row, column = place(grid.at(x, 0))
    changed = re.sub(r"\{eta-?\}", f"${column_letters(column)}${row}", text)
    return wrong_update(grid, name, changed, *rate_said(grid))._replace(kinds={"update", "rate"})


# --- the forward pass


def wrong_forward(grid: Grid, name: str, text: str, right: list[str]) -> Change | None:
    """A whole line of the forward pass with another formula."""
    if text == text_of(grid, name):
        return None
    return Change({"forward"}, [everywhere(grid, name, text)], right)


def unit_of(rng: Random, grid: Grid) -> str:
    """h1, h2, o1 or o2."""
    return rng.choice(list(grid.network.incoming))


@defect("forward: another weight", CLASSIC)
def _forward_weight(rng: Random, book: Book, grid: Grid) -> Change | None:
    found = swap(rng, grid, [unit_of(rng, grid)], rng.choice(["w", "w", "i", "a_h"]))
    if found is None or ":" in found[1]:
        return None
    return wrong_forward(grid, found[0], found[1], said(grid, found[2]))


@defect("forward: a term is missing", CLASSIC)
def _forward_term(rng: Random, book: Book, grid: Grid) -> Change | None:
    unit = unit_of(rng, grid)
    text = text_of(grid, unit)
    terms = list(re.finditer(r"\s?[+,]\s?(\()?\{[^{}]+\}\s?\*\s?\{[^{}]+\}(?(1)\))", text))
    if not terms:
        return None
    term = rng.choice(terms)
    gone = next(x for x in names_in(term[0]) if x[0] == "w")
    return wrong_forward(grid, unit, text.replace(term[0], "", 1), said(grid, gone))


@defect("forward: the activation", CLASSIC)
def _forward_activation(rng: Random, book: Book, grid: Grid) -> Change | None:
    """EXP(x) for EXP(-x), or 1/1+EXP(-x)."""
    name = f"a_{unit_of(rng, grid)}"
    text = text_of(grid, name)
    changed = re.sub(r"EXP\((-1 ?\* ?|0-|-)", "EXP(", text)
    if rng.random() < 0.5 and re.fullmatch(r"1/\(.*\)", text):
        changed = f"1/{text[3:-1]}"
    return wrong_forward(grid, name, changed, ["EXP", "exp"])


@defect("forward: E without 1/2", CLASSIC)
def _forward_half(rng: Random, book: Book, grid: Grid) -> Change | None:
    name = rng.choice(["E1", "E2"])
    changed = re.sub(r"^(0\.5|\(1/2\)|1/2) ?\* ?|/2$", "", text_of(grid, name))
    return wrong_forward(grid, name, changed, [r"0\.5", "1/2", "/2", "½"])


@defect("forward: E of the other target", CLASSIC)
def _forward_target(rng: Random, book: Book, grid: Grid) -> Change | None:
    found = swap(rng, grid, [rng.choice(["E1", "E2"])], rng.choice(["t", "a_o"]))
    return wrong_forward(grid, found[0], found[1], said(grid, found[2])) if found else None


@defect("forward: E_total lacks an error", CLASSIC)
def _forward_total(rng: Random, book: Book, grid: Grid) -> Change | None:
    kept, gone = rng.sample(["E1", "E2"], 2)
    return wrong_forward(grid, "E_total", f"{{{kept}}}", said(grid, gone))
