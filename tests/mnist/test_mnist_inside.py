"""Looking inside on Live CNN, beside PyTorch: the strip of maps, a cell worked out, the sentence on the blank page."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as functional
from live_books import STEPS, VERDICT, Typed, formulas, image_of, look, planes, theirs

from mnist import live
from mnist.sheets import answer, facts, samples, screen, strip, worked
from sheetgen.excel import Workbook
from sheetgen.writer.sheets import kernel_places, kernels, weights
from sheetgen.writer.trace import letter

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


@pytest.mark.parametrize("number", [1, 2, 3, 7, 10, 12, 13])
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
    spots = [
        next(s for s in worked.spots(k % 16) if s.row == worked.label_row(k % 16) + 1 + k // 16) for k in range(32)
    ]
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
    right = [float(str(x)) for x in typed.model.evaluate(window)]
    shown = typed.read([spot.cell(worked.WINDOW) for spot in worked.spots(0)])
    assert [v for v in shown if v != ""] == right and shown.count("") == 5
    assert typed.read(STEPS[2]) == [max(right)] * 5 and typed.read([VERDICT]) == ["PASS"]


def test_a_row_beyond_the_layer_is_its_last(typed: Typed, live_cells: Workbook) -> None:
    typed.choose("8 round")
    plane = look(typed, live_cells, 8, 3, 20, 27)
    assert typed.read([STEPS[0][4], VERDICT]) == [f"the cell CNN layers!{plane.at(3, 4, 4)} holds", "PASS"]
    assert {f"4 is shown: this layer has {k} 0 to 4" for k in ("rows", "columns")} <= set(
        typed.read(formulas(typed.book))
    )


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
    tried = f"{letter(answer.COLUMNS[0][0])}{answer.BARS + 22}"
    assert typed.read([tried])[0].startswith("Try “blank page” above: it says 1 at 99.997 %. Why? Softmax")
    blank = f"{letter(samples.LEFT + samples.WIDE * 5)}{samples.LIST + 1}"
    typed.put(blank, 30.0, live.SAMPLES)
    assert typed.read([tried])[0].startswith("Try “blank page” above: it says 5 at 99.999 %. Why?")
    typed.put(blank, float(right[5]), live.SAMPLES)
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


# A kernel to try, on CNN weights.

AT = kernel_places.Places((3, 3), weights.TABLE, weights.GROUP + 1)
PATCH = [f"{letter(column)}{row}" for _, _, row, column in AT.cells(AT.own)]
ANSWER = f"{letter(AT.answer)}{AT.large + 2}"
TOLD = f"{letter(AT.left)}{AT.told}"


def small(k: int) -> tuple[int, int]:
    """The row of a patch's answer, and its column."""
    return AT.large + k // 4 * 5 + 3, AT.patches + k % 4 * 4


def sister(k: int) -> list[str]:
    """The cells of a small picture, row by row."""
    row, column = AT.sisters + 2 + k // 8 * 4, AT.left + k % 8 * 4
    return [f"{letter(column + j)}{row + i}" for i, j in np.ndindex(3, 3)]


def pick(typed: Typed, layer: Any, channel: Any, kernel: Any) -> None:
    for k, value in enumerate((layer, channel, kernel)):
        typed.put(kernel_places.typed(AT, k).replace("$", ""), value, live.WEIGHTS)


@pytest.mark.parametrize(("layer", "channel", "kernel"), [(0, 0, 10), (3, 7, 2), (7, 15, 31)])
def test_a_kernel_is_pytorchs_and_answers_as_pytorch_does(
    typed: Typed, net: Any, layer: int, channel: int, kernel: int
) -> None:
    """Its numbers, its answers to eight lines and to a patch that is typed, its sisters; and the words for them."""
    pick(typed, f"kernels.{layer}.weight", float(channel), float(kernel))
    all_of = net.kernels[str(layer)].weight.detach()[:, channel]
    right, patch = all_of[kernel], torch.rand(3, 3, dtype=torch.float64)
    for where, value in zip(PATCH, patch.ravel().tolist(), strict=True):
        typed.put(where, value, live.WEIGHTS)
    cells = [f"{letter(column)}{row}" for _, _, row, column in AT.cells(AT.left)]
    lines = [torch.zeros(3, 3, dtype=torch.float64) for _ in range(8)]
    for k in range(3):
        lines[k][k] = lines[4 + k][:, k] = 1
    lines[3] = torch.eye(3, dtype=torch.float64)
    lines[7] = lines[3].flip(1)
    answers = [float(functional.conv2d(line[None, None], right[None, None])) for line in lines]
    where = [f"{letter(column)}{row}" for row, column in map(small, range(8))]
    values = typed.read([*cells, *where, ANSWER, TOLD], live.WEIGHTS)
    assert values[:9] == right.ravel().tolist()
    assert values[9:17] == pytest.approx(answers, rel=1e-9, abs=1e-12)
    assert values[17] == pytest.approx(float((right * patch).sum()), rel=1e-9)
    names = [p.name for p in kernel_places.patches(3, 3)]
    best, worst = names[int(np.argmax(answers))], names[int(np.argmin(answers))]
    strongest = int(right.abs().argmax())
    spot = f"{kernels.DOWN[strongest // 3]} {kernels.ASIDE[strongest % 3]}"
    side = "for" if right.ravel()[strongest] > 0 else "against"
    assert f"It likes best: {best} (" in values[18] and f"least: {worst} (" in values[18]
    assert values[18].endswith(f", {spot}: ink there counts most {side} it.")
    most = float(values[18].partition("ink can get is ")[2].partition(":")[0])
    assert most == pytest.approx(float(right.clamp(min=0).sum()), abs=0.005)
    first = kernel // 16 * 16
    shown = typed.read([at for k in range(16) for at in sister(k)], live.WEIGHTS)
    assert shown == all_of[first : first + 16].ravel().tolist()


@pytest.mark.parametrize(("layer", "channel", "kernel", "told"), [
    ("kernels", 0.0, 0.0, "no such layer: choose from the list"), ("", 0.0, 0.0, "no such layer: choose from the list"),
    ("kernels.0.weight", 1.0, 0.0, "no such channel: it reads channel 0 alone"),
    ("kernels.1.weight", "two", 0.0, "no such channel: it reads channels 0 to 15"),
    ("kernels.1.weight", 0.0, 16.0, "no such kernel: it has kernels 0 to 15"),
    ("kernels.1.weight", 0.0, 0.5, "no such kernel: it has kernels 0 to 15"),
])  # fmt: skip
def test_a_kernel_that_there_is_not_is_said(typed: Typed, layer: Any, channel: Any, kernel: Any, told: str) -> None:
    pick(typed, layer, channel, kernel)
    values = typed.read([at for at, e in typed.book.sheets[live.WEIGHTS].items() if e.formula], live.WEIGHTS)
    assert told in values and not [v for v in values if str(v).startswith("#")]
    shown = typed.read([TOLD, ANSWER, *sister(0)], live.WEIGHTS)
    assert {*shown} == {""}


def test_a_patch_of_texts_and_of_nothing_is_paper(typed: Typed) -> None:
    pick(typed, "kernels.0.weight", 0.0, 10.0)
    for where in PATCH:
        typed.put(where, "ink" if where == PATCH[4] else "", live.WEIGHTS)
    assert typed.read([ANSWER], live.WEIGHTS) == [0.0]
