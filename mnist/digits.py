"""Sample digits as MNIST's are made: white on black, fitted into 20 x 20 pixels, the centre of mass in the middle.

The same bytes on every machine: what is not a sum of whole numbers is done number by number, with +, -, *, / and the
square root, which IEEE 754 fixes to the last bit.
"""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray

from mnist.notation import SIZE as SIZE  # also this module's own

BOX = 20  # pixels that a digit may fill, its ink included
MARGIN = 3  # pixels of paper on each side
EDGE = 1  # pixels over which the pen's ink fades, as under the square of a scanner's pixel
PIECES = 16  # straight ones between two points, each shorter than a pixel
MIDDLE = (SIZE - 1) / 2

# Two hands' digits, drawn for this project and taken from no data set: the pen's width in pixels, and the points "x y"
# that it passes through, in hundredths of a square, x to the right and y down, joined by smooth curves. At a slash the
# pen turns sharply or is lifted.
DRAWN = {
    "0 round": (2.5, "70 14, 54 4, 30 9, 12 32, 8 62, 22 90, 48 95, 74 80, 87 50, 80 20, 62 6, 50 8"),
    "0 slim": (2.2, "66 6, 50 9, 36 34, 27 66, 32 92, 48 95, 63 70, 72 36, 71 12, 60 3"),
    "1 plain": (2.5, "64 2, 56 30, 47 64, 40 98"),
    "1 with serif": (2.2, "42 24, 54 14, 64 2 / 64 2, 58 34, 54 66, 52 96 / 30 97, 52 96, 76 94"),
    "2 plain": (2.5, "16 26, 30 8, 56 5, 72 22, 62 48, 38 74, 12 93 / 12 93, 36 90, 62 91, 88 87"),
    "2 with loop": (2.2, "36 24, 50 6, 72 4, 82 19, 72 43, 46 69, 22 92, 5 90, 8 73, 30 76, 56 96, 88 90"),
    "3 round": (2.5, "18 15, 42 3, 67 9, 70 27, 54 42, 36 46 / 36 46, 62 49, 78 66, 70 87, 46 97, 14 88"),
    "3 flat": (2.2, "18 10, 46 9, 78 5 / 78 5, 60 24, 44 40 / 44 40, 68 44, 78 62, 66 86, 40 96, 12 87"),
    "4 open": (2.5, "28 8, 22 30, 16 50, 32 56, 58 53, 84 48 / 76 4, 70 36, 64 66, 60 98"),
    "4 closed": (2.2, "62 3, 40 30, 12 62 / 12 62, 46 63, 88 58 / 62 3, 59 50, 54 98"),
    "5 round": (2.5, "34 8, 29 26, 25 45 / 25 45, 46 38, 68 46, 74 66, 62 88, 38 96, 12 88 / 34 8, 58 8, 84 4"),
    "5 quick": (2.2, "86 4, 62 8, 44 10, 36 26, 34 40, 52 48, 64 62, 60 82, 42 94, 14 92"),
    "6 round": (2.5, "66 4, 42 20, 22 52, 20 80, 40 96, 64 88, 70 68, 56 54, 36 60, 22 78"),
    "6 straight": (2.2, "62 2, 46 34, 34 66, 30 88, 46 96, 62 84, 62 66, 48 62, 34 76"),
    "7 plain": (2.5, "10 16, 36 12, 62 11, 88 6 / 88 6, 70 32, 54 62, 46 98"),
    "7 with bar": (2.2, "16 24, 22 11, 52 12, 86 7 / 86 7, 70 38, 56 70, 46 98 / 36 58, 64 54, 92 48"),
    "8 round": (2.5, "54 44, 32 36, 30 14, 52 3, 74 12, 74 34, 54 44, 30 58, 22 80, 44 97, 70 90, 76 66, 54 44"),
    "8 slanted": (2.2, "82 10, 62 3, 44 14, 44 32, 56 50, 58 72, 46 94, 28 94, 26 76, 44 56, 68 38, 84 20"),
    "9 straight": (2.5, "76 16, 58 4, 34 14, 24 38, 38 54, 60 44, 78 12 / 78 12, 70 52, 62 98"),
    "9 curved": (2.2, "72 18, 54 4, 34 14, 28 36, 42 48, 64 38, 72 16 / 72 16, 76 48, 66 82, 44 97, 20 88"),
}

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
    """(28, 28): a path of DRAWN, as large as the box and the margin allow, its centre of mass in the middle."""
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
