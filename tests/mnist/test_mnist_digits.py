"""The sample digits: two hands, made as MNIST's are but of no image of it, and read rightly by every network."""

from __future__ import annotations

import hashlib
import math
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import torch

from mnist import data, digits, record
from mnist.digits import DRAWN, MARGIN, SIZE, Points, centre, curve, drawn, image, names, paint, samples, true_class

FIVE_SEEDS = ("ours", "small", "tiny", "fast", "reference")
RUNS = [path for name in FIVE_SEEDS for path in sorted((record.RUNS / name).glob("seed*.json"))]
# Of all samples, one after the other; another after a stroke has been changed.
SHA256 = "a10cebbf218d91f4797f8ff83b5e905167f08440f6251a3694b3d89ed5845a95"
STRANGERS = 0.2  # of an image's own length: half of MNIST's ones have another one within 0.26


def level(y: float, x: float = 6, length: float = 14) -> Points:
    """A level line."""
    return np.array([[x, y], [x + length, y]], float)


def caps(pen: float) -> float:
    """The ink of a line's two ends: a disk that fades out, whose mean area that is."""
    return math.pi * (pen**2 / 4 + digits.EDGE**2 / 12)


def inked(picture: digits.Picture) -> tuple[int, int, int, int]:
    """How many rows and columns of paper are above, below, left and right of the ink."""
    rows, columns = (np.flatnonzero(picture.any(axis)) for axis in (1, 0))
    return int(rows[0]), SIZE - 1 - int(rows[-1]), int(columns[0]), SIZE - 1 - int(columns[-1])


def apart(a: digits.Picture, b: digits.Picture) -> float:
    """The distance of two images as a part of the first one's length."""
    return float(np.linalg.norm(a.astype(float) - b) / np.linalg.norm(a.astype(float)))


def test_there_are_two_of_each_class_in_order() -> None:
    assert Counter(map(true_class, names())) == dict.fromkeys(range(10), 2)
    assert [true_class(name) for name in names()] == sorted(true_class(name) for name in names())
    assert list(samples()) == names()


def test_names_are_fit_for_a_list_to_choose_from() -> None:
    assert len(set(names())) == len(names())
    for name in names():
        assert name[0] == str(true_class(name)) and name[1] == " "
        assert len(name) <= 12 and name.replace(" ", "").isalnum() and name == " ".join(name.split())


@pytest.mark.parametrize("ask", [image, true_class])
@pytest.mark.parametrize("name", ["10 round", "", "0"])
def test_an_unknown_name_is_refused_in_a_sentence(ask: Callable[[str], object], name: str) -> None:
    with pytest.raises(digits.NoSample, match=f"there is no sample digit '{name}': take one of 0 round, .*9 curved$"):
        ask(name)


@pytest.mark.parametrize("name", names())
def test_a_sample_is_made_as_mnist_is(name: str) -> None:
    picture = image(name)
    assert picture.dtype == np.uint8 and picture.shape == (SIZE, SIZE) and not picture.flags.writeable
    margins = inked(picture)
    assert min(margins) >= MARGIN == 3 and SIZE - min(margins[0] + margins[1], margins[2] + margins[3]) >= 17
    assert centre(picture) == pytest.approx([13.5, 13.5], abs=0.1)
    assert picture.max() == 255 and 0.2 < np.mean((picture > 0) & (picture < 255)) / np.mean(picture > 0) < 0.75


@pytest.mark.parametrize(("one", "other"), list(zip(names()[::2], names()[1::2], strict=True)))
def test_the_two_of_a_class_are_of_different_hands(one: str, other: str) -> None:
    assert apart(image(one), image(other)) > 0.6


def test_the_bytes_are_the_same_everywhere() -> None:
    assert hashlib.sha256(b"".join(picture.tobytes() for picture in samples().values())).hexdigest() == SHA256


@pytest.mark.parametrize("name", names())
def test_no_grey_value_is_on_the_edge_of_its_rounding(name: str) -> None:
    pen, path = DRAWN[name]
    for slip in (-1e-10, 1e-10):  # a million times what floating point may lose
        assert (drawn(path, pen + slip) == image(name)).all()


def test_torch_is_not_needed() -> None:
    code = "import sys; from mnist.digits import samples; samples(); sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0


@pytest.mark.parametrize("y", [13, 13.3, 13.5, 13.9])
@pytest.mark.parametrize("pen", [1.5, 2.2, 2.6])
def test_a_level_line_has_the_ink_of_its_length_and_its_caps(pen: float, y: float) -> None:
    ink = paint([level(y)], pen).astype(float) / 255
    assert ink[:, 10:18].sum(0) == pytest.approx([pen] * 8, abs=0.01)  # wherever it lies between the pixels
    assert ink.sum() == pytest.approx(14 * pen + caps(pen), rel=0.01)
    assert centre(paint([level(y)], pen)) == pytest.approx([13, y], abs=0.1)


@pytest.mark.parametrize("angle", [20, 45, 80])
def test_a_slanting_line_has_as_much_ink(angle: float) -> None:
    way = np.array([math.cos(math.radians(angle)), math.sin(math.radians(angle))])
    ink = paint([np.array([13.5 - 8 * way, 13.5 + 8 * way])], 2.4).sum() / 255
    assert ink == pytest.approx(16 * 2.4 + caps(2.4), rel=0.05)  # at 45°, rows of pixels are farther apart


def test_a_shift_by_whole_pixels_shifts_the_picture() -> None:
    line = curve(np.array([[8, 8], [12.5, 17], [19.25, 9]]))
    moved = paint([line + np.array([3, -2])], 2.25)
    assert (moved == np.roll(paint([line], 2.25), (-2, 3), (0, 1))).all() and moved.any()


def test_ink_on_ink_is_no_blacker() -> None:
    lines = [level(13.25), level(13.25)[:, ::-1], level(14)]
    together = paint(lines, 2.4)
    assert (together == np.max([paint([line], 2.4) for line in lines], 0)).all() and together.max() == 255
    assert set(np.unique(paint(lines, 20))) <= set(range(256)) and paint(lines, 20)[13, 13] == 255


def test_a_curve_passes_through_its_points_and_is_smooth() -> None:
    turns = np.arange(-1, 10) * math.pi / 4
    points = np.stack([np.cos(turns), np.sin(turns)], 1)
    line = curve(points)
    assert (line[:: digits.PIECES] == pytest.approx(points)) and len(line) == 10 * digits.PIECES + 1
    inner = line[digits.PIECES : -digits.PIECES]  # the ends know only one neighbour
    assert np.linalg.norm(inner, axis=1) == pytest.approx(np.ones(len(inner)), abs=0.01)  # the chords are at 0.92
    straight = curve(np.array([[0, 0], [2, 1], [4, 2]]))
    assert straight[:, 0] == pytest.approx(2 * straight[:, 1]) and (np.diff(straight[:, 0]) > 0).all()


def test_pieces_are_shorter_than_a_pixel() -> None:
    for _, path in DRAWN.values():
        for stroke in digits.strokes(path):
            assert max(math.dist(a, b) for a, b in pairwise(curve(stroke))) * digits.BOX / 80 < 1


@pytest.mark.parametrize("pen", [2, 2.6])
def test_a_drawing_fills_the_box_and_keeps_its_aspect(pen: float) -> None:
    assert inked(drawn("0 0, 0 90 / 0 90, 45 90 / 45 90, 45 0 / 45 0, 0 0", pen)) == (4, 4, 8, 8)
    assert inked(drawn("8 0, 8 10 / 8 10, 28 10 / 28 10, 28 0 / 28 0, 8 0", pen)) == (8, 8, 4, 4)


def test_a_drawing_that_hangs_is_smaller_and_keeps_the_margin() -> None:
    hammer = drawn("0 0, 100 0 / 0 4, 100 4 / 50 0, 50 100", 2.4)
    assert inked(hammer)[1] == MARGIN and centre(hammer) == pytest.approx([13.5, 13.5], abs=0.3)


@pytest.mark.parametrize("path", RUNS, ids=lambda p: f"{p.parent.name}-{p.stem}")
def test_every_network_reads_every_sample(path: Path) -> None:
    images = torch.tensor(np.stack(list(samples().values())))[:, None].float()
    with torch.no_grad():
        probabilities = record.load_network(path)(images).double().softmax(1)
    read = dict(zip(names(), probabilities.argmax(1).tolist(), strict=True))
    assert read == {name: true_class(name) for name in names()}
    if path == record.RUNS / "ours" / "seed0.json":
        assert probabilities.max(1).values.min() > 0.9


def test_all_networks_are_asked() -> None:
    assert Counter(path.parent.name for path in RUNS) == dict.fromkeys(FIVE_SEEDS, 5)


def test_no_sample_is_an_image_of_mnist() -> None:
    try:
        train, test = data.load(download=False)
    except data.NoData:
        pytest.skip("MNIST is not on this machine: set MNIST_DATA to its folder")
    near = (test.images[7, 0].numpy() // 8 * 8).astype(np.uint8)  # a copy in fewer greys, to be found
    asked = torch.tensor(np.stack([*samples().values(), near])).flatten(1).float()
    parts = (*train.images.split(10_000), *test.images.split(10_000))
    nearest = torch.stack([torch.cdist(asked, part.flatten(1).float()).min(1).values for part in parts]).min(0).values
    *own, copy = (nearest / asked.norm(dim=1)).tolist()
    assert copy < STRANGERS / 4 and min(own) > STRANGERS
