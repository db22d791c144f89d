"""Live CNN: whatever is chosen, drawn or looked at, the cells hold what PyTorch gives, in every engine."""

from __future__ import annotations

import re
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as functional
from engine_books import run
from live_books import (
    CHANCES,
    LOGITS,
    ORDER,
    Typed,
    apart,
    cells_of,
    changed,
    drawings,
    network,
    planes,
    theirs,
)

from mnist import digits, live
from mnist.sheets import answer, facts, samples, screen, strip, viewer, worked
from sheetgen.excel import Workbook
from sheetgen.writer.trace import letter

CHOICES = [live.BLANK, *digits.names()]
SEEN = [f"{letter(live.SEEN + x)}{live.TOP + y}" for y, x in np.ndindex(28, 28)]
GRID = [f"{letter(live.LEFT + x)}{screen.GRID + y}" for y, x in np.ndindex(28, 28)]


@pytest.fixture(scope="module")
def typed(live_cells: Workbook) -> Typed:
    """Shared: every test types what it depends on."""
    return Typed(live_cells)


@pytest.fixture(scope="module")
def net() -> Any:
    return network()


def image_of(name: str) -> Any:
    return np.zeros((28, 28)) if name == live.BLANK else digits.image(name).astype(float)


def agrees(typed: Typed, net: Any, image: Any, same: str) -> int:
    """The network reads the image, and every result on the sheet follows from PyTorch's logits; the digit."""
    at, right = typed.labelled(), theirs(net, [image])[0]
    values = typed.read([*LOGITS, *CHANCES, *SEEN, *at.values()])
    logits, chances, told = values[:10], values[10:20], dict(zip(at, values[-len(at) :], strict=True))
    assert values[20 : -len(at)] == image.ravel().tolist()
    assert apart(logits, right) <= 1e-9
    powers = np.exp(right - right.max())
    wanted = powers / powers.sum()
    assert chances == pytest.approx(wanted.tolist(), rel=1e-9, abs=1e-15)
    assert sum(chances) == pytest.approx(1, abs=1e-12)
    first, second = np.argsort(-wanted)[:2]
    assert (told["digit"], told["second"], told["same"]) == (first, second, same)
    assert told["sure"] == pytest.approx(wanted[first], rel=1e-9)
    assert told["margin"] == pytest.approx(wanted[first] - wanted[second], abs=1e-9)
    return int(told["digit"])


def test_there_are_two_hands_of_every_digit_and_a_blank_page() -> None:
    assert [name[0] for name in CHOICES[1:]] == [str(d) for d in range(10) for _ in range(2)]


@pytest.mark.parametrize("name", CHOICES)
def test_every_choice_is_read_as_pytorch_reads_it(typed: Typed, net: Any, name: str) -> None:
    typed.choose(name)
    digit = agrees(typed, net, image_of(name), "PASS")
    assert name == live.BLANK or digit == digits.true_class(name)


@pytest.mark.parametrize("k", range(5))
def test_every_drawing_is_read_as_pytorch_reads_it(typed: Typed, net: Any, k: int) -> None:
    image = drawings(5)[k]
    typed.choose(live.OWN)
    typed.draw(image)
    agrees(typed, net, image, "–")


def test_a_drawing_is_kept_while_another_image_is_read(typed: Typed, net: Any) -> None:
    image = drawings(3, seed=1)[1]
    typed.draw(image)
    typed.choose("7 plain")
    agrees(typed, net, image_of("7 plain"), "PASS")
    assert typed.read(typed.drawing) == image.ravel().tolist()
    typed.choose(live.OWN)
    agrees(typed, net, image, "–")


def test_an_erased_pixel_and_a_text_are_paper(typed: Typed, net: Any) -> None:
    image = drawings(3, seed=2)[2]
    typed.draw(image)
    typed.put(typed.drawing[300], "x")
    typed.put(typed.drawing[301], "")
    typed.choose(live.OWN)
    image.ravel()[300:302] = 0
    agrees(typed, net, image, "–")


@pytest.mark.parametrize("name", ["no such image", "", 3.0])
def test_a_choice_that_is_not_in_the_list_is_said_and_nothing_is_read(typed: Typed, name: Any) -> None:
    typed.draw(drawings(3, seed=2)[2])
    typed.choose(name)
    at = typed.labelled()
    values = typed.read([*LOGITS, *CHANCES, *at.values(), *SEEN])
    told = dict(zip(at, values[20 : -len(SEEN)], strict=True))
    assert told.pop("sentence") == "Choose an image from the list."
    assert values[:20] == ["–"] * 20 and set(told.values()) == {"–"} and set(values[-len(SEEN) :]) == {0.0}
    assert "no such image: choose from the list" in typed.read(texts(typed.book))
    typed.choose(live.OWN)


def texts(book: Workbook) -> list[str]:
    """Where formulas give texts."""
    return [at for at, e in book.sheets[live.LIVE].items() if e.formula and isinstance(e.value, str)]


def test_cached_values_are_pytorchs(live_cells: Workbook, net: Any) -> None:
    cells = live_cells.sheets[live.LIVE]
    drawn = np.array([cells[at].value for at in cells_of(live_cells, "cnn_drawing")], float).reshape(28, 28)
    assert np.array_equal(drawn, digits.image(live.FIRST))
    assert [cells[at].value for at in cells_of(live_cells, "cnn_choice")] == [live.OWN]
    assert cells_of(live_cells, "cnn_logits") == LOGITS
    assert apart([cells[at].value for at in LOGITS], theirs(net, [drawn])[0]) <= 1e-12


def test_planes_are_what_the_modules_of_pytorch_give(live_cells: Workbook, net: Any) -> None:
    """By forward hooks on the network, not by the exporter's trace."""
    given: list[Any] = []
    hooks = [norm.register_forward_hook(lambda _, __, out: given.append(out[0].numpy())) for norm in net.norms]
    theirs(net, [digits.image(live.FIRST)])
    for hook in hooks:
        hook.remove()
    cells = live_cells.sheets[live.LAYERS]
    convolutions = [p for p in planes(live_cells) if p.name.split()[1].startswith("kernels.")]
    assert len(convolutions) == len(given) == 8
    for plane, right in zip(convolutions, given, strict=True):
        assert plane.shape == right.shape
        shown = np.array([cells[at].value for at in plane.addresses()], float)
        assert np.abs(shown - right.ravel()).max() <= 1e-12 * np.abs(right).max(), plane.name


def test_the_samples_logits_are_pytorchs(live_cells: Workbook, net: Any) -> None:
    cells = live_cells.sheets[live.SAMPLES]
    for k, name in enumerate(CHOICES, samples.LIST + 1):
        assert cells[f"A{k}"].value == name
        row = [cells[f"{letter(samples.LEFT + samples.WIDE * d)}{k}"].value for d in range(10)]
        assert apart(row, theirs(net, [image_of(name)])[0]) <= 1e-12


# Look inside.


def look(typed: Typed, book: Workbook, number: int | None, channel: Any, y: Any = 0.0, x: Any = 0.0) -> Any:
    """Choose a layer, a channel and a cell; the plane. No number: a layer that there is not."""
    typed.put(strip.CHOSEN.replace("$", ""), "99" if number is None else planes(book)[number].name)
    for row, value in ((viewer.CHANNEL, channel), (viewer.ROW, y), (viewer.COLUMN, x)):
        typed.put(viewer.cell(row).replace("$", ""), float(value) if isinstance(value, int) else value)
    return None if number is None else planes(book)[number]


# The steps of the worked cell: what each is called, its number, its result; and whether the result is the cell's.
STEPS = [[f"{letter(column)}{worked.TABLE + 2 * k}" for k in range(1, 6)] for column, _ in worked.STEPS[:3]]
VERDICT = f"{letter(worked.STEPS[3][0])}{worked.TABLE + 10}"


def formulas(book: Workbook) -> list[str]:
    """Every formula of the sheet."""
    return [at for at, e in book.sheets[live.LIVE].items() if e.formula]


LOOKED_AT = [(0, 0), (1, 15), (2, 3), (3, 0), (10, 31), (11, 31), (12, 9), (16, 4)]


@pytest.mark.parametrize(("number", "channel"), LOOKED_AT)
def test_the_viewer_shows_one_channel(typed: Typed, live_cells: Workbook, number: int, channel: int) -> None:
    """As large as it fits; around the plane nothing is shown."""
    typed.choose("5 round")
    plane = look(typed, live_cells, number, channel)
    _, height, width = plane.shape
    zoom = 28 // height
    where = [(live.LAYERS, plane.at(channel, y, x)) for y, x in np.ndindex(height, width)]
    values = typed.model.evaluate([*((live.LIVE, at) for at in GRID), *where])
    grid, right = np.array(values[: len(GRID)], object).reshape(28, 28), values[len(GRID) :]
    assert len({*right}) > 1 or len(right) == 1
    drawn = np.array(right, object).reshape(height, width).repeat(zoom, 0).repeat(zoom, 1)
    assert grid[: zoom * height, : zoom * width].tolist() == drawn.tolist()
    assert {*grid[zoom * height :].ravel(), *grid[:, zoom * width :].ravel()} <= {""}


@pytest.mark.parametrize(("number", "channel", "told"), [
    (1, 16.0, "no such channel: this layer has channels 0 to 15"), (1, 31.0, "no such channel: this layer has channels 0 to 15"),
    (12, 10.0, "no such channel: this layer has channels 0 to 9"), (1, -1.0, "no such channel: this layer has channels 0 to 15"),
    (1, 0.5, "no such channel: this layer has channels 0 to 15"), (1, "", "no such channel: this layer has channels 0 to 15"),
    (1, "two", "no such channel: this layer has channels 0 to 15"), (None, 0.0, "no such layer: choose one of the list"),
])  # fmt: skip
def test_the_viewer_says_what_there_is_not(
    typed: Typed, live_cells: Workbook, number: int | None, channel: Any, told: str
) -> None:
    typed.choose("5 round")
    look(typed, live_cells, number, channel)
    steps, everywhere = STEPS[2], formulas(typed.book)
    values = typed.read([*GRID, *steps, viewer.SHOWN.replace("$", ""), *everywhere])
    assert set(values[: len(GRID)]) == {""} and told in values and not [v for v in values if str(v).startswith("#")]
    assert set(values[len(GRID) : len(GRID) + len(steps)]) == {"–"}
    assert values[len(GRID) + len(steps)] == told.partition(":")[0]
    look(typed, live_cells, 1, 15)
    assert "this layer has channels 0 to 15" in typed.read(everywhere)


def test_the_viewer_begins_with_the_first_convolution(live_cells: Workbook) -> None:
    """Its cached values are those of the plane, so that it is right before anything is recalculated."""
    plane = planes(live_cells)[strip.SHOWN]
    shown = [live_cells.sheets[live.LIVE][at].value for at in GRID]
    channel = viewer.FIRST[0]
    assert shown == [live_cells.sheets[live.LAYERS][plane.at(channel, y, x)].value for y, x in np.ndindex(28, 28)]


# All channels at once.


def label_of(channel: int) -> str:
    band, slot = divmod(channel % strip.SLOTS, screen.ACROSS)
    return f"{letter(live.LEFT + slot * screen.STEP)}{screen.MAPS - 1 + band * screen.STEP}"


def map_of(channel: int) -> list[str]:
    """The 14 x 14 cells in which a channel is drawn; of a second channel in one map, those below."""
    below, rest = divmod(channel, strip.SLOTS)
    band, slot = divmod(rest, screen.ACROSS)
    top = screen.MAPS + band * screen.STEP + below * strip.HALF
    left = live.LEFT + slot * screen.STEP
    return [f"{letter(left + x)}{top + y}" for y, x in np.ndindex(screen.MAP - below * strip.HALF, screen.MAP)]


@pytest.mark.parametrize("number", [0, 1, 2, 3, 5, 7, 10, 11, 12, 13, 16])
def test_the_strip_shows_every_channel(typed: Typed, live_cells: Workbook, number: int) -> None:
    """Whole, or every second row and column; and nothing where there is no activation."""
    typed.choose("9 curved")
    plane = look(typed, live_cells, number, 0)
    channels, height, width = plane.shape
    step = 2 if width > screen.MAP else 1
    area = range(screen.MAPS, strip.END + 1), range(live.LEFT, live.LEFT + screen.ACROSS * screen.STEP - 1)
    drawn = dict.fromkeys((f"{letter(x)}{y}" for y in area[0] for x in area[1]), "")
    labels, wanted, where = [], [], []
    for channel in range(channels):
        cells = map_of(channel)
        for y, x in np.ndindex(-(-height // step), -(-width // step)):
            wanted.append(cells[y * screen.MAP + x])
            where.append((live.LAYERS, plane.at(channel, y * step, x * step)))
        if channel < strip.SLOTS:
            more = f", below {channel + strip.SLOTS}" if channel + strip.SLOTS < channels else ""
            labels.append((label_of(channel), f"channel {channel}{more}"))
    drawn |= dict(zip(wanted, typed.model.evaluate(where), strict=True))
    gaps = {f"{letter(live.LEFT + k * screen.STEP - 1)}{y}" for k in range(1, screen.ACROSS) for y in area[0]}
    between = {f"{letter(x)}{screen.MAPS + screen.MAP}" for x in area[1]}  # the labels of the second band
    cells = [at for at in drawn if at not in gaps | between]
    assert typed.read(cells) == [drawn[at] for at in cells]
    assert len({drawn[at] for at in wanted}) > 1 or len(wanted) == 1
    assert typed.read([at for at, _ in labels]) == [text for _, text in labels]
    assert channels >= strip.SLOTS or typed.read([label_of(channels)]) == [""]


def test_the_strip_of_no_layer_is_empty(typed: Typed, live_cells: Workbook) -> None:
    look(typed, live_cells, None, 0)
    assert set(typed.read([at for channel in range(16) for at in map_of(channel)])) == {""}
    look(typed, live_cells, 1, 0)
    assert "" not in typed.read(map_of(15))


# One cell worked out.


def modules(net: Any, image: Any) -> list[tuple[Any, Any]]:
    """(what it reads, what it gives) of each convolution of PyTorch's, BatchNorm's included, in order."""
    given: list[Any] = []
    hooks = [norm.register_forward_hook(lambda _, __, out: given.append(out)) for norm in net.norms]
    theirs(net, [image])
    for hook in hooks:
        hook.remove()
    first = torch.tensor(image / 255)[None, None]
    read = [functional.max_pool2d(x, 2) if b.pool else x for x, b in zip(given, net.blocks, strict=True)]
    return [(x[0], out[0]) for x, out in zip([first, *read[:-1]], given, strict=True)]


CONVOLUTIONS = [1, 3, 4, 5, 6, 8, 9, 10]  # their numbers among the planes
CELLS = [(1, 10, 5, 16), (1, 3, 0, 0), (3, 7, 11, 4), (4, 2, 0, 11), (6, 15, 9, 9), (8, 0, 2, 3), (10, 31, 4, 0)]


@pytest.mark.parametrize(("number", "channel", "y", "x"), CELLS)
def test_a_worked_cell_is_pytorchs(
    typed: Typed, live_cells: Workbook, net: Any, number: int, channel: int, y: int, x: int
) -> None:
    """Window, kernel, products, sum, ReLU and BatchNorm, number by number."""
    typed.choose("2 with loop")
    plane = look(typed, live_cells, number, channel, y, x)
    k = CONVOLUTIONS.index(number)
    given, out = modules(net, image_of("2 with loop"))[k]
    kernel, norm = net.kernels[str(k)].weight[channel].detach().numpy(), net.norms[k]
    padding = int(net.blocks[k].padded)
    padded = np.pad(given.numpy(), ((0, 0), (padding, padding), (padding, padding)))
    window = padded[:, y : y + 3, x : x + 3]
    parts = {worked.WINDOW: window, worked.KERNEL: kernel, worked.PRODUCT: window * kernel}
    cells = [spot.cell(part) for part in parts for block in range(facts.MOST) for spot in worked.spots(block)]
    values = typed.read([*cells, *STEPS[2], STEPS[0][4], VERDICT])
    for k, right in enumerate(parts.values()):
        shown = values[k * facts.MOST * 9 : (k + 1) * facts.MOST * 9]
        assert shown[: right.size] == pytest.approx(right.ravel().tolist(), rel=1e-9, abs=1e-12)
        assert set(shown[right.size :]) <= {""}
    scale = float((norm.weight[channel] / (norm.running_var[channel] + norm.eps).sqrt()).detach())
    total = float((window * kernel).sum())
    steps = [total, max(0, total), max(0, total) * scale, float(out[channel, y, x]), float(out[channel, y, x])]
    assert values[-7:-2] == pytest.approx(steps, rel=1e-9, abs=1e-9)
    assert values[-2:] == [f"the cell CNN layers!{plane.at(channel, y, x)} holds", "PASS"]


@pytest.mark.parametrize("channel", [0, 9])
def test_a_worked_logit_is_pytorchs(typed: Typed, live_cells: Workbook, net: Any, channel: int) -> None:
    """Its 32 windows and kernels of one number stand two in a block."""
    typed.choose("6 straight")
    plane = look(typed, live_cells, 12, channel)
    right = float(theirs(net, [image_of("6 straight")])[0][channel])
    spots = [next(s for s in worked.spots(k % 16) if s.row == worked.label_row(k % 16) + 1 + k // 16) for k in range(32)]
    products = typed.read([spot.cell(worked.PRODUCT) for spot in spots])
    assert sum(products) == pytest.approx(right, rel=1e-9)
    kernel = net.classify.weight[channel].ravel().tolist()
    assert typed.read([spot.cell(worked.KERNEL) for spot in spots]) == pytest.approx(kernel, rel=1e-12)
    assert typed.read(STEPS[2]) == pytest.approx([right] * 5, rel=1e-9)
    assert typed.read(STEPS[1][1:4]) == ["none"] * 3
    assert typed.read([STEPS[0][4], VERDICT]) == [f"the cell CNN layers!{plane.at(channel, 0, 0)} holds", "PASS"]


@pytest.mark.parametrize(("number", "channel", "y", "x"), [(2, 5, 6, 7), (7, 15, 4, 0)])
def test_a_worked_pool_is_the_largest_of_its_window(
    typed: Typed, live_cells: Workbook, number: int, channel: int, y: int, x: int
) -> None:
    typed.choose("8 round")
    look(typed, live_cells, number, channel, y, x)
    before = planes(live_cells)[number - 1]
    window = [(live.LAYERS, before.at(channel, 2 * y + i, 2 * x + j)) for i in range(2) for j in range(2)]
    right = typed.model.evaluate(window)
    shown = typed.read([spot.cell(worked.WINDOW) for spot in worked.spots(0)])
    assert [v for v in shown if v != ""] == right and shown.count("") == 5
    assert typed.read(STEPS[2]) == [max(right)] * 5 and typed.read([VERDICT]) == ["PASS"]


def test_a_row_beyond_the_layer_is_its_last(typed: Typed, live_cells: Workbook) -> None:
    typed.choose("8 round")
    plane = look(typed, live_cells, 8, 3, 20, 27)
    assert typed.read([STEPS[0][4], VERDICT]) == [f"the cell CNN layers!{plane.at(3, 4, 4)} holds", "PASS"]
    assert {f"4 is shown: this layer has {k} 0 to 4" for k in ("rows", "columns")} <= set(typed.read(formulas(typed.book)))


@pytest.mark.parametrize(("y", "x"), [("", 0.0), (0.0, "two"), (-1.0, 0.0), (0.0, 0.5)])
def test_no_row_and_no_column_are_said(typed: Typed, live_cells: Workbook, y: Any, x: Any) -> None:
    look(typed, live_cells, 8, 3, y, x)
    values = typed.read(formulas(typed.book))
    told = "no such column: this layer has columns 0 to 4" if y == 0 else "no such row: this layer has rows 0 to 4"
    assert told in values and not [v for v in values if str(v).startswith("#")]
    assert set(typed.read([*STEPS[2], VERDICT])) == {"–"}


@pytest.mark.parametrize("number", [0, 11, 13, 16])
def test_a_layer_without_a_window_says_so(typed: Typed, live_cells: Workbook, number: int) -> None:
    look(typed, live_cells, number, 0)
    assert typed.read([STEPS[0][0]]) == ["this layer has no window: see its formula on CNN layers"]
    assert set(typed.read([*STEPS[2], VERDICT])) == {"–"}


def test_a_cell_that_differs_fails(live_cells: Workbook) -> None:
    """The verdict is of the numbers on CNN layers, not of its own."""
    typed = Typed(live_cells)
    plane = look(typed, live_cells, 4, 2, 3, 3)
    assert typed.read([VERDICT]) == ["PASS"]
    typed.put(plane.at(2, 3, 3), 1e3, live.LAYERS)
    assert typed.read([VERDICT]) == ["FAIL"]


# The blank page.


def test_the_blank_page_is_told_exactly_then(typed: Typed, net: Any) -> None:
    at = typed.labelled()["sentence"]
    right = theirs(net, [np.zeros((28, 28))])[0]
    chance = np.exp(right - right.max()) / np.exp(right - right.max()).sum()
    told = f"Nothing is painted, yet it says {right.argmax()} at {int(chance.max() * 1e5) / 1e3} %: "
    told += "a network must answer, and was never shown an empty page."
    assert "says 1 at 99.997 %" in told
    typed.choose(live.BLANK)
    assert typed.read([at]) == [told]
    typed.choose(live.OWN)
    typed.draw(np.zeros((28, 28)))
    assert typed.read([at]) == [told]
    for value in (1.0, -1.0):
        typed.put(typed.drawing[400], value)
        assert typed.read([at])[0].startswith("It says ")
    typed.put(typed.drawing[400], "x")  # a text is paper
    assert typed.read([at]) == [told]
    for name in ("no such image", "7 plain"):
        typed.choose(name)
        assert not typed.read([at])[0].startswith("Nothing")


# Other engines.


def reproduced(engine: str, path: Path, book: Workbook) -> None:
    """An engine gives every formula its cached value."""
    found = run(engine, path)
    assert found.not_evaluated == []
    count = 0
    for sheet, values in found.values.items():
        for at, value in values.items():
            wanted = book.sheets[sheet][at].value
            same = pytest.approx(wanted, rel=1e-9, abs=1e-12) if isinstance(wanted, float) else wanted
            assert value == same, f"{sheet}!{at}"
            count += 1
    assert count > 25_000


def test_libreoffice_gives_the_cached_values(live_book: Path, live_cells: Workbook) -> None:
    reproduced("LibreOffice", live_book, live_cells)


@pytest.mark.slow
@pytest.mark.filterwarnings("default")
def test_formulas_gives_the_cached_values(live_book: Path, live_cells: Workbook) -> None:
    reproduced("formulas patterns", live_book, live_cells)


@pytest.mark.slow
@pytest.mark.parametrize("name", CHOICES[::4])  # IronCalc reads them all
def test_libreoffice_reads_a_choice(live_book: Path, live_cells: Workbook, net: Any, tmp_path: Path, name: str) -> None:
    chosen = {cells_of(live_cells, "cnn_choice")[0]: shared(live_book, name)}
    copy = changed(live_book, tmp_path / "chosen.xlsx", live.LIVE, chosen)
    values = run("LibreOffice", copy).values[live.LIVE]
    assert apart([values[at] for at in LOGITS], theirs(net, [image_of(name)])[0]) <= 1e-9
    assert values[answer.SAME.replace("$", "")] == "PASS"


def shared(path: Path, name: str) -> int:
    """The number of a text among the workbook's shared strings, as the list of choices has it."""
    row = samples.LIST + 1 + CHOICES.index(name)
    with zipfile.ZipFile(path) as file:
        text = file.read(f"xl/worksheets/sheet{ORDER.index(live.SAMPLES) + 1}.xml").decode()
    match = re.search(rf'<c r="A{row}"[^>]* t="s"><v>(\d+)</v>', text)
    assert match
    return int(match[1])


@pytest.mark.slow
@pytest.mark.parametrize("k", range(2))
def test_libreoffice_reads_drawings(live_book: Path, live_cells: Workbook, net: Any, tmp_path: Path, k: int) -> None:
    image = drawings(2, seed=3)[k]
    pixels = dict(zip(cells_of(live_cells, "cnn_drawing"), image.ravel().tolist(), strict=True))
    copy = changed(live_book, tmp_path / "drawn.xlsx", live.LIVE, pixels)
    values = run("LibreOffice", copy).values[live.LIVE]
    assert apart([values[at] for at in LOGITS], theirs(net, [image])[0]) <= 1e-9


def test_the_network_computes_in_float64(net: Any) -> None:
    assert {p.dtype for p in net.parameters()} == {torch.float64} and not net.training
