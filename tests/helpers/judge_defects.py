"""The defects of `judge_mutants`: each changes a book in place and tells what was done, or None if it does not fit."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from random import Random
from typing import NamedTuple

from judge_books import LAYOUTS
from judge_grid import Book, Content, Grid, Rule


class Change(NamedTuple):
    """What was done: the kinds of findings that name it, the changed cells, and what one of the texts must mention.

    `cells` are ranges of a sheet; `right` are patterns, one of which must be found in what is expected. `silent`: no
    number changes, so that nothing is recalculated.
    """

    kinds: set[str]
    cells: list[tuple[str, str]]
    right: Sequence[str] = ()
    silent: bool = False


Make = Callable[[Random, Book, Grid], Change | None]


class Defect(NamedTuple):
    """How to make it, and the layouts it is made in; `staged` asks for tables with (without) helper columns."""

    make: Make
    layouts: Sequence[str]
    staged: bool | None


DEFECTS: dict[str, Defect] = {}
NAMES = r"\{([^{}]+?)(--|-|\+)?\}"


def defect(name: str, layouts: Sequence[str] = LAYOUTS, staged: bool | None = None) -> Callable[[Make], Make]:
    """Enter a defect into the list."""

    def enter(make: Make) -> Make:
        DEFECTS[name] = Defect(make, layouts, staged)
        return make

    return enter


def said(grid: Grid, *quantities: str) -> list[str]:
    """Patterns for the ways to name quantities: the label, our own name, any cell of the line."""
    found = []
    for name in quantities:
        found += [re.escape(grid.labels.get(name, name).strip()), re.escape(name)]
        if name in grid.fixed:
            found.append(re.escape(grid.fixed[name]).replace(r"\$", r"\$?") + r"\b")
        elif name in grid.lines:
            row, column = re.search(r"\d+", at := grid.at(name, 0)), re.match(r"[A-Z]+", at)
            assert row and column
            found.append(rf"(?<![A-Z])\$?{column[0]}\$?\d" if grid.across else rf"[A-Z]\$?{row[0]}(?!\d)")
    return found


def siblings(grid: Grid, name: str) -> list[str]:
    """Quantities of the same kind with another number."""
    stem = name.rstrip("0123456789")
    there = [*grid.lines, *grid.fixed]
    return [x for x in there if x != name and stem != name and x.rstrip("0123456789") == stem]


def names_in(text: str) -> list[str]:
    """The quantities a formula refers to."""
    return sorted({m[1] for m in re.finditer(NAMES, text)} - {"eta", "step"})


def gradients(grid: Grid, layer: str = "ho") -> list[str]:
    """dE/dw1 and so on, of the weights into one layer or both."""
    return [f"dE/d{w}" for unit, pairs in grid.network.incoming.items() if unit[0] in layer for w, _ in pairs]


def text_of(grid: Grid, name: str) -> str:
    """The formula that a line has at its later steps; '' if it has numbers."""
    rest = grid.rules[name].rest
    return rest if isinstance(rest, str) else ""


def swapped(text: str, old: str, new: str) -> str:
    """The formula with one quantity for another, wherever it stands."""
    return re.sub(rf"\{{{re.escape(old)}(?=[-+}}])", f"{{{new}", text)


def everywhere(grid: Grid, name: str, text: str) -> tuple[str, str]:
    """Put a formula into a whole line; (sheet, cells). A weight's first cell stays a number."""
    first = grid.rules[name].first
    start = 1 if name in grid.network.trained else 0
    grid.rules[name] = Rule(first if start else text, text)
    return grid.sheet, grid.area(name, start)


def since(grid: Grid, name: str, step: int, content: Content, last: int | None = None) -> tuple[str, str]:
    """Put a formula or number into a line from a step on; (sheet, cells)."""
    end = grid.steps - 1 if last is None else last
    for k in range(step, end + 1):
        grid.odd[name, k] = content
    return grid.sheet, grid.area(name, step, end)


def alone(grid: Grid, name: str, step: int, content: Content) -> tuple[str, str]:
    """Put a formula or number into one cell; (sheet, cell)."""
    grid.odd[name, step] = content
    return grid.sheet, grid.at(name, step)


def a_step(rng: Random, grid: Grid, low: int = 2) -> int:
    """A step from the middle of the table."""
    return rng.randint(low, grid.steps - 3)


def computed(grid: Grid) -> list[str]:
    """The lines that hold formulas of the network: not inputs, not the learning rate, not the numbering."""
    return [q for q in grid.lines if q not in grid.network.given and q not in ("eta", "step")]


# --- gradients


def wrong_gradient(rng: Random, grid: Grid, name: str, text: str, *right: str) -> Change:
    """A whole line of gradients with another formula."""
    return Change({"gradient"}, [everywhere(grid, name, text)], said(grid, *right))


def swap(rng: Random, grid: Grid, names: Sequence[str], stem: str) -> tuple[str, str, str, str] | None:
    """(line, formula, old, new): a reference of one kind for its sibling, in one of some lines."""
    name = rng.choice(names)
    found = [x for x in names_in(text_of(grid, name)) if re.fullmatch(rf"{stem}\d+", x) and siblings(grid, x)]
    if not found:
        return None
    old = rng.choice(found)
    new = rng.choice(siblings(grid, old))
    return name, swapped(text_of(grid, name), old, new), old, new


@defect("gradient: the other unit's a*(1-a)")
def _slope(rng: Random, book: Book, grid: Grid) -> Change | None:
    """The commonest slip: in all gradients of one hidden unit, or in one of them."""
    unit = rng.choice([unit for unit in grid.network.incoming if unit[0] == "h"])
    lines = [f"dE/d{w}" for w, _ in grid.network.incoming[unit]]
    lines = lines if rng.random() < 0.5 else [rng.choice(lines)]
    other = rng.choice(siblings(grid, f"a_{unit}"))
    texts = {name: swapped(text_of(grid, name), f"a_{unit}", other) for name in lines}
    if any(text == text_of(grid, name) for name, text in texts.items()):
        return None
    return Change({"gradient"}, [everywhere(grid, *item) for item in texts.items()], said(grid, f"a_{unit}"))


def _swaps(title: str, layer: str, stem: str) -> None:
    @defect(title)
    def make(rng: Random, book: Book, grid: Grid) -> Change | None:
        found = swap(rng, grid, gradients(grid, layer), stem)
        return wrong_gradient(rng, grid, found[0], found[1], found[2]) if found else None


_swaps("gradient: another weight", "h", "w")
_swaps("gradient: the other input", "h", "i")
_swaps("gradient: the other target", "ho", "t")
_swaps("gradient: the other output", "ho", "a_o")
_swaps("gradient: the other activation", "o", "a_h")


@defect("gradient: W for its transpose", staged=False)
def _transpose(rng: Random, book: Book, grid: Grid) -> Change | None:
    """Hidden unit j takes the weights into output j."""
    net = grid.network
    hidden = [unit for unit in net.incoming if unit[0] == "h"]
    if len(hidden) != net.outputs:
        return None
    W = [[w for w, _ in net.incoming[f"o{k}"]] for k in range(1, net.outputs + 1)]
    cells = []
    for j, unit in enumerate(hidden):
        for w, _ in net.incoming[unit]:
            text = text_of(grid, f"dE/d{w}")
            changed = re.sub(r"\{(w\d+)\}", lambda m, j=j: _turned(W, m[1], j), text)  # type: ignore[misc]
            cells.append(everywhere(grid, f"dE/d{w}", changed))
    return Change({"gradient"}, cells, said(grid, W[0][1], W[1][0]))


def _turned(W: list[list[str]], name: str, j: int) -> str:
    k = next(k for k, row in enumerate(W) if name in row)
    return f"{{{W[j][k]}}}"


@defect("gradient: no brackets around the sum", staged=False)
def _no_brackets(rng: Random, book: Book, grid: Grid) -> Change | None:
    name = rng.choice(gradients(grid, "h"))
    text = text_of(grid, name)
    if grid.network.outputs < 2 or "⟦" not in text:
        return None
    return wrong_gradient(rng, grid, name, text.replace("⟦", "").replace("⟧", ""), r"\)")._replace(right=[r"\("])


def _patched(title: str, pattern: str, *replacements: str) -> None:
    """A defect that changes one match of a pattern in the formula of a gradient."""

    @defect(title)
    def make(rng: Random, book: Book, grid: Grid) -> Change | None:
        name = rng.choice(gradients(grid))
        text = text_of(grid, name)
        matches = list(re.finditer(pattern, text))
        if not matches:
            return None
        match = rng.choice(matches)
        changed = text[: match.start()] + match.expand(rng.choice(replacements)) + text[match.end() :]
        return wrong_gradient(rng, grid, name, changed, *names_in(match[0]))


_patched("gradient: (a*t) for (a-t)", r"(\{a_o\d\})-(\{t\d\})|(\{t\d\})-(\{a_o\d\})", r"\1\3*\2\4", r"\1\3+\2\4")
_patched("gradient: the sign", r"(\{a_o\d\})-(\{t\d\})|(\{t\d\})-(\{a_o\d\})", r"\2\4-\1\3")
_patched("gradient: a factor is missing", r" ?\* ?(\{[^{}]+\}|\(1-\{[^{}]+\}\))", "")
_patched("gradient: (1+a) for (1-a)", r"\(1-(\{[^{}]+\})", r"(1+\1", r"(\1-1")


@defect("gradient: the weight of the next step", staged=False)
def _updated(rng: Random, book: Book, grid: Grid) -> Change | None:
    """Hidden gradients with the weights that the output layer has just got."""
    name = rng.choice(gradients(grid, "h"))
    text = text_of(grid, name)
    weights = [x for x in names_in(text) if x[0] == "w"]
    if f"{weights[0]}_next" in grid.lines:
        changed = re.sub(r"\{(w\d+)\}", r"{\1_next}", text)
    else:
        changed = re.sub(r"\{(w\d+)\}", r"{\1+}", text)
    return wrong_gradient(rng, grid, name, changed, *weights)


@defect("gradient: a helper column", staged=True)
def _helper(rng: Random, book: Book, grid: Grid) -> Change | None:
    """A swapped reference in dE/do1, dE/da_h1 or dE/dh1, which several gradients use."""
    lines = [q for q in grid.lines if q.startswith("dE/d") and q not in gradients(grid) and q[4] in "oah"]
    name = rng.choice(lines)
    found = [x for x in names_in(text_of(grid, name)) if siblings(grid, x)]
    if not found:
        return None
    old = rng.choice(found)
    changed = swapped(text_of(grid, name), old, rng.choice(siblings(grid, old)))
    return wrong_gradient(rng, grid, name, changed, old)


@defect("gradient: in one step only")
def _one_gradient(rng: Random, book: Book, grid: Grid) -> Change | None:
    """A swapped reference in one cell."""
    found = swap(rng, grid, gradients(grid), rng.choice(["a_h", "w", "i", "a_o", "dE/do", "dE/dh"]))
    if found is None:
        return None
    cell = alone(grid, found[0], a_step(rng, grid, 0), found[1])
    return Change({"gradient", "column"}, [cell], said(grid, found[2]))
