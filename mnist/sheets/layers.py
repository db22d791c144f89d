"""A recipe's network as rows of a table: what each layer is, and what follows from it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from mnist.notation import CLASSES, SIZE, parse, shrink
from mnist.recipe import Recipe

CONVOLUTION, NORM, LARGEST, MEAN = "convolution", "BatchNorm", "max-pooling", "average pooling"


class Layer(NamedTuple):
    """What is given of a layer. `shared` is the number of the layer whose kernel it uses; 0 is its own."""

    kind: str
    kernel: int
    stride: int
    padding: int
    channels: int  # that it gives
    shared: int = 0


class Shape(NamedTuple):
    """What follows: sizes in pixels; the jump is how far apart two neighbours' fields are in the image."""

    inputs: int
    size: int
    field: int
    jump: int
    parameters: int
    multiply_adds: int


IMAGE = Shape(0, SIZE, 1, 1, 0, 0)


def layers(recipe: Recipe) -> list[Layer]:
    """The layers in their order, counted from 1 on; ReLU and dropout, which have no shape, are left out.

    Raises BadNetwork.
    """
    found: list[Layer] = []
    numbers: list[int] = []  # of each block's convolution
    size, channels = SIZE, 1
    for block in parse(recipe.net):
        shared = 0 if block.shared is None else numbers[block.shared]
        channels = block.channels
        found.append(Layer(CONVOLUTION, 3, 1, int(block.padded), channels, shared))
        numbers.append(len(found))
        if recipe.batch_norm:
            found.append(Layer(NORM, 1, 1, 0, channels))
        if block.pool:
            found.append(Layer(LARGEST, 2, 2, 0, channels))
        size = shrink(size, block)
    if recipe.head == "pooled":
        found.append(Layer(MEAN, size, size, 0, channels))
    return [*found, Layer(CONVOLUTION, 1 if recipe.head == "pooled" else size, 1, 0, CLASSES)]


def shapes(rows: Sequence[Layer]) -> list[Shape]:
    """Every layer's sizes and counts, of one image; a multiply-add of BatchNorm is its scale and shift."""
    found: list[Shape] = []
    above, channels = IMAGE, 1
    for x in rows:
        size = (above.size + 2 * x.padding - x.kernel) // x.stride + 1
        kernel = x.kernel**2 * channels * x.channels
        parameters = {CONVOLUTION: 0 if x.shared else kernel, NORM: 2 * x.channels}.get(x.kind, 0)
        work = size**2 * {CONVOLUTION: kernel, NORM: x.channels}.get(x.kind, 0)
        field = above.field + (x.kernel - 1) * above.jump
        above = Shape(channels, size, field, above.jump * x.stride, parameters, work)
        channels = x.channels
        found.append(above)
    return found
