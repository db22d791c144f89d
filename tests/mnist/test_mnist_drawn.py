"""Architecture's drawings: every block is as large, as deep and as named as the table below it, whatever is typed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest
from mnist_books import alone, claims, record
from mutants import set_cells

from mnist import recipe
from mnist.notation import CONVOLUTION, IMAGE, MAX_POOL, NORM, Architecture, Layer, layers
from mnist.record import Claim
from mnist.sheets import architecture, drawn
from mnist.sheets.architecture import ArchitecturePlaces
from mnist.sheets.common import ARCHITECTURE
from sheetgen.excel import ErrorValue, Value, read
from sheetgen.excel.charts import Chart, read_charts
from sheetgen.judge.engines import ENGINES

ORDER = ["Start", "MNIST report", ARCHITECTURE, "Training log", "Errors", "Full log"]
NAMES = ("ours", "small", "reference")
EACH = 6  # series of a block


@pytest.fixture(scope="module")
def made() -> dict[str, Claim]:
    """Made-up records; those of ours are of the network that shares kernels."""
    shared = replace(recipe.OURS, name="ours")
    return claims(NAMES) | {"ours": Claim("ours", tuple(record(shared, seed, 36) for seed in range(2)))}


@pytest.fixture(scope="module")
def book(made: dict[str, Claim], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sheets of MNIST alone."""
    return alone(tmp_path_factory.mktemp("drawn") / "book.xlsx", made)


class Block(NamedTuple):
    """A block as a chart draws it, in the units of its axes."""

    left: float
    size: float
    depth: float
    bar: float
    texts: tuple[str, ...]


def drawings(book: Path) -> list[Chart]:
    """The drawings, in the order of the networks."""
    found = [c for c in read_charts(book) if c.sheet == ARCHITECTURE and len(c.series) > 20]
    return sorted(found, key=lambda c: c.series[0].values.area.row if c.series[0].values.area else 0)


def blocks(chart: Chart, values: dict[str, Value]) -> list[Block]:
    """What a drawing shows, read from the cells that its series refer to: a block and its bar, then four texts."""

    def numbers(k: int) -> tuple[list[float], list[float]]:
        x, y = chart.series[k].categories.area, chart.series[k].values.area
        assert x and y
        return [float(values[at] or 0) for at in x.addresses()], [float(values[at] or 0) for at in y.addresses()]

    count = (len(chart.series) - len(drawn.LEFT_TEXTS)) // EACH
    shown = []
    for k in range(count):
        (x, y), (_, bar) = numbers(EACH * k), numbers(EACH * k + 1)
        names = [s.name.area for s in chart.series[EACH * k + 2 : EACH * (k + 1)]]
        texts = tuple(str(values[at]) for area in names if area for at in area.addresses())
        front = max(x[:4]) - x[0]
        assert front == pytest.approx(max(y[:4])), "the front of a block is a square"
        assert max(x) - x[0] - front == pytest.approx(max(y) - front), "it recedes by as much to the right as up"
        corners = list(zip(np.round(x, 9), np.round(y, 9), strict=True))
        edges = {frozenset(pair) for pair in pairwise(corners)}
        assert edges == {frozenset(map(rounded, pair)) for pair in box(x[0], front, max(y) - front)}
        shown.append(Block(x[0], front, max(y) - front, bar[1] - bar[0], texts))
    return shown


def rounded(p: tuple[float, float]) -> tuple[float, float]:
    return round(p[0], 9), round(p[1], 9)


def box(x: float, s: float, d: float) -> list[tuple[tuple[float, float], tuple[float, float]]]:
    """The nine edges of a box that one sees: four in front, three that recede, two at the back."""
    front = [(x, 0.0), (x + s, 0.0), (x + s, s), (x, s)]
    back = [(x + (s + d), d), (x + (s + d), s + d), (x + d, s + d)]
    edges = [*zip(front, [*front[1:], front[0]], strict=True), *zip(front[1:], back, strict=True)]
    return [*edges, (back[0], back[1]), (back[1], back[2])]


def recalculated(book: Path, folder: Path, edits: dict[str, str | float]) -> dict[str, Value]:
    """All values of Architecture after some cells were typed over, by IronCalc."""
    path = set_cells(book, folder / "edited.xlsx", ARCHITECTURE, edits, ORDER) if edits else book
    plain = {at: e.value for at, e in read(path).sheets[ARCHITECTURE].items() if e.value is not None}
    return plain | ENGINES["IronCalc"](path).values[ARCHITECTURE]


def expected(rows: Sequence[Layer]) -> list[tuple[int, int]]:
    """(Channels, size) of all that is drawn: PyTorch's, by tests/mnist/test_mnist_sheets.py."""
    return [(x.channels, x.size) for x in [IMAGE, *rows] if x.kind != NORM]


def agrees(shown: Sequence[Block], rows: Sequence[Layer]) -> None:
    """Every block is to scale, stands right of the one before it, and says what it is."""
    wanted = expected(rows)
    assert len(shown) == len(wanted)
    scale = shown[0].size / IMAGE.size
    assert 0 < scale <= 1
    sizes, channels = np.array([s for _, s in wanted]), np.array([c for c, _ in wanted])
    assert np.array([b.size for b in shown]) == pytest.approx(scale * sizes, rel=1e-9)
    assert np.array([b.depth for b in shown]) == pytest.approx(scale * drawn.DEPTH * channels, rel=1e-9)
    assert [b.texts[1] for b in shown] == [f"{c} × {s}×{s}" for c, s in wanted]
    assert [b.texts[2] for b in shown] == [f"{x.field}×{x.field}" for x in [IMAGE, *rows] if x.kind != NORM]
    for one, other in zip(shown, [*shown[1:], None], strict=True):
        end = other.left if other else drawn.WIDTH
        assert one.left + one.size + one.depth < end + 1e-9 and one.size + one.depth <= drawn.HEIGHT + 1e-9
    parameters = np.array([0, *(x.parameters for x in rows if x.kind != NORM)])
    bars = np.array([b.bar for b in shown])
    most = max(x.parameters for x in rows)
    assert bars == pytest.approx(drawn.BAR * parameters / most, rel=1e-9)
    total = sum(x.parameters for x in rows)
    block = np.cumsum([x.kind == CONVOLUTION for x in rows]) - 1
    for b, x in zip(shown[1:], [x for x in rows if x.kind != NORM], strict=True):
        share = f"{100 * x.parameters / total:.0f} %" if not x.shared else f"as block {block[x.shared - 1]}"
        assert b.texts[3] == (share if x.kind == CONVOLUTION else " ")


@pytest.mark.parametrize("name", NAMES)
def test_the_blocks_are_the_layers(book: Path, made: dict[str, Claim], name: str) -> None:
    shown = blocks(drawings(book)[NAMES.index(name)], recalculated(book, book.parent, {}))
    agrees(shown, layers(made[name].recipe.architecture))
    assert shown[0].size > 20, "the image is large enough to see what shrinks"


def table(made: dict[str, Claim], name: str) -> ArchitecturePlaces:
    return architecture.places(made)[name]


EDITS = {  # column, layer, what is typed; the network as it was and as it is then written
    "a ring of zeros": ("E", 1, 1.0, "v2-", "c2-"),
    "no ring of zeros": ("E", 3, 0.0, "-c2-", "-v2-"),
    "more channels": ("G", -4, 64.0, "v32", "v64"),
}


@pytest.mark.parametrize("how", EDITS)
def test_the_drawing_follows_what_is_typed(book: Path, made: dict[str, Claim], tmp_path: Path, how: str) -> None:
    column, layer, value, old, new = EDITS[how]
    at, net = table(made, "reference"), made["reference"].recipe.architecture.net
    row = at.first + (layer - 1 if layer > 0 else len(at.layers) + layer)
    found = recalculated(book, tmp_path, {f"{column}{row}": value})
    changed = Architecture(net.replace(old, new, 1))
    assert changed.net != net
    agrees(blocks(drawings(book)[2], found), layers(changed))


def test_planes_that_a_person_makes_huge_stay_on_the_drawing(
    book: Path, made: dict[str, Claim], tmp_path: Path
) -> None:
    at = table(made, "ours")
    found = recalculated(book, tmp_path, {f"E{at.first}": 28.0, f"G{at.first}": 999.0})
    shown = blocks(drawings(book)[0], found)
    assert shown[1].texts[1] == "999 × 82×82" and shown[1].size == pytest.approx(82 / 28 * shown[0].size)
    assert max(b.size + b.depth for b in shown) <= drawn.HEIGHT + 1e-9
    assert max(b.left + b.size + b.depth for b in shown) <= drawn.WIDTH


@pytest.mark.parametrize("name", NAMES)
def test_what_the_layers_are_written_as_is_the_name_of_the_network(
    book: Path, made: dict[str, Claim], name: str
) -> None:
    at, cells = table(made, name), recalculated(book, book.parent, {})
    written = [str(cells.get(f"O{row}", "")) for row in range(at.first, at.last + 1)]
    assert "-".join(filter(None, written)).replace("-p", "p") == made[name].recipe.architecture.net
    kinds = [x.kind for x in at.layers]
    assert all((text == "p") == (kind == MAX_POOL) for text, kind in zip(written, kinds, strict=True))


def test_the_legend_explains_every_sign_of_the_notation(made: dict[str, Claim]) -> None:
    signs = set("".join(part for part, _ in architecture.LEGEND))
    for claim in made.values():
        assert {c for c in claim.recipe.architecture.net if not c.isdigit()} <= signs | {"-"}


def test_a_kernel_of_a_layer_that_has_none_is_of_no_block(book: Path, made: dict[str, Claim], tmp_path: Path) -> None:
    """Its second layer is BatchNorm, whose row names no block."""
    at = table(made, "ours")
    found = recalculated(book, tmp_path, {f"H{at.first + 5}": 2.0})
    assert (
        found[f"O{at.first + 5}"] == "c32=?"
        and [b.texts[3] for b in blocks(drawings(book)[0], found)][4] == "as block ?"
    )


def test_a_kernel_that_is_used_again_has_to_fit(book: Path, made: dict[str, Claim], tmp_path: Path) -> None:
    """One's own costs what the sheet has one try; one that does not fit is said not to."""
    at = table(made, "ours")
    row = next(row for row, x in enumerate(at.layers, at.first) if x.shared)
    first, own, wide = (recalculated(book, tmp_path, x) for x in ({}, {f"H{row}": 0.0}, {f"G{at.first}": 64.0}))
    assert f"Try it: type 0 in H{row}, and this layer has a kernel of its own." in str(first[f"A{at.head - 1}"])
    assert (first[f"L{row}"], own[f"L{row}"], wide[f"L{row}"]) == (0, 3 * 3 * 32 * 32, architecture.NO_FIT)
    assert float(own[f"L{at.total}"]) - float(first[f"L{at.total}"]) == 3 * 3 * 32 * 32
    assert "Now 28,704 parameters: no longer fewer than the 20,000 allowed." in str(own[f"A{at.head - 1}"])


def test_more_channels_cost_most_in_the_next_convolution(book: Path, made: dict[str, Claim], tmp_path: Path) -> None:
    """As the sheet says where it has 64 typed."""
    tables = [at for at in (table(made, name) for name in NAMES) if not any(x.shared for x in at.layers)]
    found, more = (recalculated(book, tmp_path, {f"G{at.first}": x for at in tables} if x else {}) for x in (0.0, 64.0))
    for at in tables:
        assert "The next convolution grows most" in str(found[f"A{at.head - 1}"])
        rows = range(at.first, at.last + 1)
        grown = [float(more[f"L{row}"] or 0) - float(found[f"L{row}"] or 0) for row in rows]
        second = [k for k, x in enumerate(at.layers) if x.kind == CONVOLUTION][1]
        assert int(np.argmax(grown)) == second and grown[second] > 0


BROKEN: tuple[tuple[str, str | float], ...] = (
    ("C", '=""'), ("D", '=""'), ("E", '=""'), ("G", '=""'), ("H", '=""'), ("D", 0.0), ("C", 99.0), ("G", '="wide"'),
    ("D", '="far"'), ("C", 0.0), ("G", -3.0), ("H", 77.0),
)  # fmt: skip


@pytest.mark.parametrize(("column", "typed"), BROKEN)
def test_a_cell_without_a_size_shows_no_error(
    book: Path, made: dict[str, Claim], tmp_path: Path, column: str, typed: str | float
) -> None:
    at = table(made, "ours")
    found = recalculated(book, tmp_path, {f"{column}{at.first + 3}": typed})
    assert [where for where, value in found.items() if isinstance(value, ErrorValue)] == []
    shown = blocks(drawings(book)[0], found)
    assert max(b.left + b.size + b.depth for b in shown) <= drawn.WIDTH
