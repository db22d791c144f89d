"""Sample digits as MNIST's are made: white on black, fitted into 20 x 20 pixels, the centre of mass in the middle.

The same bytes on every machine: what is not a sum of whole numbers is done number by number, with +, -, *, / and the
square root, which IEEE 754 fixes to the last bit.
"""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray

from mnist.notation import SIZE as SIZE  # also this module's own
from mnist.strokes import DRAWN

BOX = 20  # pixels that a digit may fill, its ink included
MARGIN = 3  # pixels of paper on each side
EDGE = 1  # pixels over which the pen's ink fades, as under the square of a scanner's pixel
PIECES = 16  # straight ones between two points, each shorter than a pixel
MIDDLE = (SIZE - 1) / 2

Picture = NDArray[np.uint8]  # (28, 28): 0 the paper, 255 the ink
Points = NDArray[np.float64]  # (n, 2), or (2,) for one point: x, y


class NoSample(LookupError):
    """There is no sample digit of that name; the message is one sentence."""


def names() -> list[str]:
    """The samples' names, in order of class; the first character is the class."""
    return list(DRAWN)


def true_class(name: str) -> int:
    """The digit that a sample was drawn as. Raises NoSample."""
    if name not in DRAWN:
        raise NoSample(f"there is no sample digit {name!r}: take one of {', '.join(DRAWN)}")
    return int(name[0])


def image(name: str) -> Picture:
    """(28, 28) grey values of a sample, 0 the paper and 255 the ink; not to be written to. Raises NoSample."""
    true_class(name)
    return samples()[name]


@cache
def samples() -> dict[str, Picture]:
    """Every sample's image, by name."""
    pictures = {name: drawn(path, pen) for name, (pen, path) in DRAWN.items()}
    for picture in pictures.values():
        picture.flags.writeable = False  # all callers share it
    return pictures


def drawn(path: str, pen: float) -> Picture:
    """(28, 28): a path of `strokes`, as large as the box and the margin allow, its centre of mass in the middle."""
    lines = [curve(stroke) for stroke in strokes(path)]
    points = np.concatenate(lines)
    low, high = points.min(0), points.max(0)
    scale = (BOX - pen - EDGE) / (high - low).max()
    lines = [(line - (low + high) / 2) * scale + MIDDLE for line in lines]
    mass = centre(paint(lines, pen))
    reach = max(np.abs(line - mass).max() for line in lines)  # a 7 hangs far below its centre of mass
    smaller = min(1, (SIZE / 2 - MARGIN - pen / 2) / reach)
    return paint([(line - mass) * smaller + MIDDLE for line in lines], pen)


def strokes(path: str) -> list[Points]:
    """The points of each stroke of a path."""
    return [np.array([p.split() for p in stroke.split(",")], float) for stroke in path.split("/")]


def curve(points: Points) -> Points:
    """A smooth line through the points (Catmull and Rom 1974): at each it heads from the last to the next."""
    before, after = 2 * points[0] - points[1], 2 * points[-1] - points[-2]
    around = np.concatenate([[before], points, [after]])[:, None]
    a, b, c, d = around[:-3], around[1:-2], around[2:-1], around[3:]
    t = (np.arange(PIECES) / PIECES)[:, None]
    spans = b + t / 2 * (c - a + t * (2 * a - 5 * b + 4 * c - d + t * (3 * (b - c) + d - a)))
    return np.concatenate([spans.reshape(-1, 2), points[-1:]])


def paint(lines: list[Points], pen: float) -> Picture:
    """(28, 28): lines in pixels, drawn by a round pen; (0, 0) is the middle of the first pixel.

    Across a level or upright line, the ink of the pixels sums to the pen's width, wherever the line lies between them.
    """
    away = np.min([distance(line) for line in lines], axis=0)
    ink = np.clip((pen / 2 - away) / EDGE + 0.5, 0, 1)
    picture: Picture = np.floor(255 * ink + 0.5).astype(np.uint8)
    return picture


def distance(line: Points) -> NDArray[np.float64]:
    """(28, 28): how far the middle of each pixel is from the nearest point of a line of straight pieces."""
    y, x = np.indices((SIZE, SIZE))[..., None]
    (x0, y0), (dx, dy) = line[:-1].T, np.diff(line, axis=0).T
    along = np.clip(((x - x0) * dx + (y - y0) * dy) / (dx * dx + dy * dy), 0, 1)
    right, down = x - x0 - along * dx, y - y0 - along * dy
    nearest: NDArray[np.float64] = np.sqrt((right * right + down * down).min(-1))
    return nearest


def centre(picture: Picture) -> Points:
    """(2,): x and y of the centre of mass, in pixels."""
    ink = picture.astype(int)  # whole numbers, whose sum does not depend on the order
    line = np.arange(SIZE)
    mass: Points = np.array([(ink.sum(axis) * line).sum() for axis in (0, 1)]) / ink.sum()
    return mass
