"""The rest of the defects of `judge_mutants`: columns, numbers, results, charts and lines of text."""

from __future__ import annotations

import re
from random import Random

from judge_defects import (
    DEFECTS,
    Change,
    a_step,
    alone,
    computed,
    defect,
    everywhere,
    names_in,
    said,
    text_of,
)  # fmt: skip
from judge_grid import Book, Grid, Series
from judge_slips import update_of

__all__ = ["DEFECTS"]

ANY = {"column", "gradient", "forward", "update", "rate"}  # a formula that breaks its column may be told by its number
MANY = ("several", "sheets")

# --- a column that is not one formula


@defect("column: an odd step")
def _odd(rng: Random, book: Book, grid: Grid) -> Change | None:
    """One cell refers to the step before for one of its references."""
    name = rng.choice(computed(grid))
    step = a_step(rng, grid)
    text = grid.content(name, step)
    assert isinstance(text, str)
    found = [x for x in names_in(text) if x in grid.lines and x not in grid.network.given]
    if not found or ":" in text:
        return None
    old = rng.choice(found)
    changed = re.sub(rf"\{{{re.escape(old)}(-?)\}}", f"{{{old}\\1-}}", text)
    return Change(ANY, [alone(grid, name, step, changed)], said(grid, old))


@defect("column: a frozen step")
def _frozen(rng: Random, book: Book, grid: Grid) -> Change | None:
    """E$33 for E33 in a whole line: right at the first step only."""
    name = rng.choice(computed(grid))
    text = text_of(grid, name)
    found = [x for x in names_in(text) if x in grid.lines and x not in grid.network.given and x in computed(grid)]
    if not found or ":" in text:
        return None
    old = rng.choice(found)
    before = f"{{{old}-}}" in text
    sheet, _ = everywhere(grid, name, re.sub(rf"\{{{re.escape(old)}-?\}}", f"{{{old}@0}}", text))
    return Change(ANY, [(sheet, grid.area(name, 2 if before else 1))], said(grid, old))


@defect("column: a pasted number")
def _pasted(rng: Random, book: Book, grid: Grid) -> Change | None:
    name, step = rng.choice(computed(grid)), a_step(rng, grid)
    value = book.values[grid.sheet, grid.at(name, step)]
    assert isinstance(value, float)
    return Change({"column", "update"}, [alone(grid, name, step, value)], silent=True)


@defect("column: pasted numbers from a step on")
def _pasted_on(rng: Random, book: Book, grid: Grid) -> Change | None:
    name, step = rng.choice(computed(grid)), a_step(rng, grid)
    for k in range(step, grid.steps):
        value = book.values[grid.sheet, grid.at(name, k)]
        assert isinstance(value, float)
        alone(grid, name, k, value)
    return Change({"column", "update"}, [(grid.sheet, grid.area(name, step))], silent=True)


# --- numbers


def typed(grid: Grid) -> list[str]:
    """The lines that hold the same number at every step."""
    given = [q for q in grid.lines if q in (*grid.network.given, "eta")]
    return [q for q in given if isinstance(x := grid.rules[q].rest, float) and x == grid.rules[q].first]


@defect("input: typed over")
def _typed_over(rng: Random, book: Book, grid: Grid) -> Change | None:
    """0.5 becomes 5, or 0.05 becomes 0.5, in one cell of a line of inputs."""
    given = [q for q in grid.lines if q in (*grid.network.given, "eta")]
    if not given:
        return None
    name = rng.choice(given)
    value = grid.start.get(name, grid.rate.value)
    cell = alone(grid, name, a_step(rng, grid), round(rng.choice([10, 0.1, 100]) * value, 6) if value else 1.0)
    return Change({"input", "drift", "column", "rate"}, [cell])


@defect("input: numbers drift")
def _drift(rng: Random, book: Book, grid: Grid) -> Change | None:
    """0.05, 0.06, 0.07: what the fill handle makes of two numbers, or of one that ends in a digit."""
    if not typed(grid):
        return None
    name, by = rng.choice(typed(grid)), rng.choice([0.01, 0.01, 0.1, 1])
    for k in range(1, grid.steps):
        alone(grid, name, k, round(float(grid.rules[name].first) + k * by, 6))
    return Change({"input", "drift", "rate"}, [(grid.sheet, grid.area(name, 1))])


# --- results


@defect("result: does not match its formula")
def _stale(rng: Random, book: Book, grid: Grid) -> Change | None:
    name, step = rng.choice(computed(grid)), a_step(rng, grid)
    at = (grid.sheet, grid.at(name, step))
    value = book.values[at]
    assert isinstance(value, float)
    book.values[at] = rng.choice([value * (1 + 1e-6), value + 0.5, 0.0, round(value, 4)])
    if not book.cached or abs(float(book.values[at]) - value) < 1e-7 * abs(value):
        return None
    return Change({"cached"}, [at], silent=True)


@defect("result: an error value")
def _error(rng: Random, book: Book, grid: Grid) -> Change | None:
    """#REF! for a reference, or a function that is not there, in one cell or in a whole line."""
    name, step = rng.choice(computed(grid)), a_step(rng, grid)
    text = text_of(grid, name)
    found = names_in(text)
    if not found or ":" in text:
        return None
    changed = re.sub(rf"\{{{re.escape(rng.choice(found))}-?\}}", "#REF!", text, count=1)
    whole = rng.random() < 0.3
    return Change({"value"}, [everywhere(grid, name, changed) if whole else alone(grid, name, step, changed)])


@defect("result: a circle")
def _circle(rng: Random, book: Book, grid: Grid) -> Change | None:
    """A weight updated with the gradient of its own step, or a sum that includes itself."""
    name, text, w = update_of(rng, grid)
    if name != w or rng.random() < 0.3:
        name = "E_total"
        return Change({"circular"}, [everywhere(grid, name, f"{text_of(grid, name)}+{{{name}}}")])
    changed = text.replace(f"{{dE/d{w}-}}", f"{{dE/d{w}}}")
    if rng.random() < 0.5:
        return Change({"circular", "update"}, [alone(grid, w, a_step(rng, grid), changed)])
    return Change({"circular", "update"}, [everywhere(grid, w, changed)])


# --- charts and text


@defect("chart: stops short")
def _short(rng: Random, book: Book, grid: Grid) -> Change | None:
    if not book.charts:
        return None
    chart = rng.choice(book.charts)
    k = rng.randrange(len(chart.series))
    series = chart.series[k]
    chart.series[k] = series._replace(last=rng.randint(2, series.last - 3))
    return Change({"chart"}, [(chart.sheet, "")], silent=True)


@defect("chart: another table's steps", MANY)
def _other_table(rng: Random, book: Book, grid: Grid) -> Change | None:
    """The copied sheet's chart still shows the first sheet; or a curve that runs from one table into the next."""
    charts = [c for c in book.charts if len(c.series) == 1]
    if len(charts) < 2:
        return None
    chart = rng.choice(charts)
    old = chart.series[0]
    other = rng.choice([g for g in book.grids if g is not old.grid])
    if other.sheet == old.grid.sheet:
        low, high = sorted((old.grid, other), key=lambda g: g.first)
        gap = high.first - low.first
        chart.series[0] = Series(low, old.quantity, 5, gap + high.steps // 2, old.x)
    else:
        chart.series[0] = Series(other, old.quantity, 0, other.steps - 1, old.x)
    return Change({"chart"}, [(chart.sheet, "")], silent=True)


@defect("text: a line contradicts the formulas")
def _text(rng: Random, book: Book, grid: Grid) -> Change | None:
    """One name for its sibling on the right of a line of text."""
    lines = [at for at in book.lines if not re.search(r"σ|sigmoid", str(book.loose[at]))]
    if not lines or len(book.grids[0].network.incoming) != 4:
        return None
    at = rng.choice(lines)
    text = str(book.loose[at])
    start = text.rindex("=")
    found = list(re.finditer(r"(?<![A-Za-z_])(w|i|t|a_h|a_o|E)(\d)\b", text[start:]))
    if not found:
        return None
    name = rng.choice(found)
    number = rng.choice([k for k in range(1, 9 if name[1] == "w" else 3) if k != int(name[2])])
    book.loose[at] = text[: start + name.start()] + f"{name[1]}{number}" + text[start + name.end() :]
    return Change({"text"}, [at], silent=True)
