"""Live CNN: whatever is chosen, drawn or looked at, the cells hold what PyTorch gives, in every engine."""

from __future__ import annotations

import re
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from engine_books import run
from live_books import (
    CHANCES,
    LOGITS,
    ORDER,
    STEPS,
    Typed,
    apart,
    cells_of,
    changed,
    drawings,
    formulas,
    image_of,
    look,
    planes,
    theirs,
)

from mnist import digits, live
from mnist.sheets import answer, samples, screen, strip, viewer
from sheetgen.excel import Workbook
from sheetgen.writer.trace import letter

CHOICES = [live.BLANK, *digits.names()]
SEEN = [f"{letter(live.SEEN + x)}{live.TOP + y}" for y, x in np.ndindex(28, 28)]
GRID = [f"{letter(live.LEFT + x)}{screen.GRID + y}" for y, x in np.ndindex(28, 28)]


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
    agrees(typed, net, image, samples.NOT_KNOWN)


def test_a_drawing_is_kept_while_another_image_is_read(typed: Typed, net: Any) -> None:
    image = drawings(3, seed=1)[1]
    typed.draw(image)
    typed.choose("7 plain")
    agrees(typed, net, image_of("7 plain"), "PASS")
    assert typed.read(typed.drawing) == image.ravel().tolist()
    typed.choose(live.OWN)
    agrees(typed, net, image, samples.NOT_KNOWN)


def test_an_erased_pixel_and_a_text_are_paper(typed: Typed, net: Any) -> None:
    image = drawings(3, seed=2)[2]
    typed.draw(image)
    typed.put(typed.drawing[300], "x")
    typed.put(typed.drawing[301], "")
    typed.choose(live.OWN)
    image.ravel()[300:302] = 0
    agrees(typed, net, image, samples.NOT_KNOWN)


@pytest.mark.parametrize("name", ["no such image", "", 3.0])
def test_a_choice_that_is_not_in_the_list_is_said_and_nothing_is_read(typed: Typed, name: Any) -> None:
    typed.draw(drawings(3, seed=2)[2])
    typed.choose(name)
    at = typed.labelled()
    values = typed.read([*LOGITS, *CHANCES, *at.values(), *SEEN])
    told = dict(zip(at, values[20 : -len(SEEN)], strict=True))
    assert told.pop("sentence") == "Choose an image from the list."
    assert told.pop("same") == samples.NOT_KNOWN
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


NONE_OF_16 = "no such channel: this layer has channels 0 to 15"
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
    (1, 16.0, NONE_OF_16), (1, 31.0, NONE_OF_16), (12, 10.0, "no such channel: this layer has channels 0 to 9"),
    (1, -1.0, NONE_OF_16), (1, 0.5, NONE_OF_16), (1, "", NONE_OF_16), (1, "two", NONE_OF_16),
    (None, 0.0, "no such layer: choose one of the list"),
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
@pytest.mark.parametrize("name", CHOICES[::11])  # IronCalc reads them all
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
def test_libreoffice_reads_a_drawing(live_book: Path, live_cells: Workbook, net: Any, tmp_path: Path) -> None:
    image = drawings(1, seed=3)[0]
    pixels = dict(zip(cells_of(live_cells, "cnn_drawing"), image.ravel().tolist(), strict=True))
    copy = changed(live_book, tmp_path / "drawn.xlsx", live.LIVE, pixels)
    values = run("LibreOffice", copy).values[live.LIVE]
    assert apart([values[at] for at in LOGITS], theirs(net, [image])[0]) <= 1e-9


def test_the_network_computes_in_float64(net: Any) -> None:
    assert {p.dtype for p in net.parameters()} == {torch.float64} and not net.training
