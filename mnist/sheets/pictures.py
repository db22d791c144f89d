"""Misclassified images as cells: 28 x 28 small grey ones each, where MNIST is at hand; no pixels are ever recorded."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from mnist.notation import SIZE
from mnist.record import Mistake
from sheetgen.writer import heat, style
from sheetgen.writer.book import Sheet

ACROSS, MOST = 6, 24  # pictures in a row, and in all
PIXEL = 3  # of the screen, the side of a cell
STEP = SIZE + 1  # columns or rows from one picture to the next
CAPTION = 20
HOW = (
    "Their pictures are not in this file: MNIST was not at hand when it was made. The project’s docs/mnist.md tells "
    "how to add them."
)

Rows = Sequence[Sequence[int]]  # 28 rows of 28 numbers from 0 to 255
Find = Callable[[Sequence[int]], list[Rows] | None]  # the test images of some indices, if they are at hand


class Picture(NamedTuple):
    """A wrong image and what was made of it."""

    mistake: Mistake
    pixels: Rows


def from_disk(indices: Sequence[int]) -> list[Rows] | None:
    """Test images from where MNIST is kept, if it is there; nothing is downloaded."""
    from mnist import data  # imports torch

    if data.find() is None:
        return None  # told apart here, for loading imports torchvision first, which takes two seconds
    try:
        _, test = data.load(download=False)
    except (data.NoData, OSError):
        return None
    return [test.images[k, 0].tolist() for k in indices] if max(indices, default=0) < len(test.labels) else None


def gather(mistakes: Sequence[Mistake], find: Find) -> list[Picture]:
    """The pictures of the first mistakes; none if the images are not at hand."""
    first = mistakes[:MOST]
    images = find([m.index for m in first]) if first else None
    return [Picture(m, pixels) for m, pixels in zip(first, images, strict=True)] if images else []


def rows(count: int) -> int:
    """How many rows of the sheet some pictures take."""
    return -(-count // ACROSS) * STEP


def height(count: int) -> int:
    """How many pixels high these rows are."""
    return -(-count // ACROSS) * (CAPTION + SIZE * PIXEL)


def write(sheet: Sheet, top: int, left: int, shown: Sequence[Picture]) -> int:
    """Draw the pictures, a caption above each; returns the last column."""
    across = min(ACROSS, len(shown))
    right = left + across * STEP - 1
    sheet.set_column_pixels(left, right, PIXEL)
    for band in range(-(-len(shown) // ACROSS)):
        sheet.set_row_pixels(top - 1 + band * STEP, CAPTION)
        for k in range(1, STEP):
            sheet.set_row_pixels(top - 1 + band * STEP + k, PIXEL)
    caption, pixel = sheet.style("muted"), sheet.style("pixel")
    for k, picture in enumerate(shown):
        row, column = top + k // ACROSS * STEP, left + k % ACROSS * STEP
        m = picture.mistake
        sheet.put(row, column, f"{m.true} → {m.predicted}: {m.probability:.2f}", caption)
        for y, line in enumerate(picture.pixels, row + 1):
            for x, value in enumerate(line, column):
                sheet.put(y, x, value, pixel)
    # Captions are text, to which a colour scale does nothing.
    sheet.conditional_format(top - 1, left, top - 2 + rows(len(shown)), right, heat.ink(style.PAPER))
    return right
