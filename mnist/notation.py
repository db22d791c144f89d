"""Small convolutional networks, described: their text, such as `v16-c16p-c16=1`, and what each layer follows to.

A block is a 3x3 convolution without bias, ReLU, BatchNorm. `c16` is padded and has 16 channels, `v16` is not padded
("valid"); `p` puts a 2x2 max-pooling behind it; `=1` uses the kernel of block 1 again (blocks count from 0), with a
BatchNorm of its own. Behind the last block: global average pooling, and a 1x1 convolution to ten logits.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import NamedTuple

from sheetgen.base.errors import UserError

SIZE = 28  # an image is 28 x 28
CLASSES = 10
BLOCK = re.compile(r"(?P<kind>[cv])(?P<channels>\d{1,3})(?:=(?P<shared>\d{1,2}))?(?P<pool>p?)")
CONVOLUTION, NORM, MAX_POOL, MEAN_POOL = "convolution", "BatchNorm", "max-pooling", "average pooling"


class BadNetwork(UserError):
    """A network's text that means nothing; the message is one sentence."""


@dataclass(frozen=True)
class Architecture:
    """A network without its weights. The ladder starts without BatchNorm and with another head than the rest."""

    net: str
    dropout: float = 0.0
    batch_norm: bool = True
    head: str = "pooled"  # or full: a convolution over all that is left of the image
    mean: float = 0.0  # images are scaled to 0..1, then shifted and divided by these
    std: float = 1.0


class Block(NamedTuple):
    """One block of a network."""

    inputs: int
    channels: int
    padded: bool
    pool: bool
    shared: int | None  # the block whose kernel this one uses
    size: int  # the side of the planes that it gives


def parse(text: str) -> list[Block]:
    """The blocks of `v16-c16p-c16=1`. Raises BadNetwork naming the block and the remedy."""
    blocks: list[Block] = []
    inputs, size = 1, SIZE
    for k, part in enumerate(text.split("-")):
        match = BLOCK.fullmatch(part)
        if match is None:
            raise BadNetwork(f"network {text!r}: block {k} is {part!r}: write it like c16, v16, v16p or c16=1")
        channels, padded, pool = int(match["channels"]), match["kind"] == "c", bool(match["pool"])
        if channels == 0:
            raise BadNetwork(f"network {text!r}: block {k} has no channels: give it at least one")
        shared = int(match["shared"]) if match["shared"] else None
        if shared is not None:
            _check_kernel(text, blocks, shared, (inputs, channels))
        size = (size if padded else size - 2) // (2 if pool else 1)
        if size < 1:
            raise BadNetwork(f"network {text!r}: nothing of the image is left after block {k}: pool less, or pad")
        blocks.append(Block(inputs, channels, padded, pool, shared, size))
        inputs = channels
    return blocks


def _check_kernel(text: str, blocks: list[Block], shared: int, needed: tuple[int, int]) -> None:
    """Raises BadNetwork if the block after some others cannot use the kernel of one of them."""
    k = len(blocks)
    if shared >= k or blocks[shared].shared is not None:
        raise BadNetwork(f"network {text!r}: block {k} shares block {shared}, which has no kernel before it")
    if (kernel := blocks[shared][:2]) != needed:
        raise BadNetwork(
            f"network {text!r}: block {k} needs a kernel {needed[0]}-{needed[1]}, "
            f"but that of block {shared} is {kernel[0]}-{kernel[1]}"
        )


class Layer(NamedTuple):
    """A layer, and what follows of one image: sizes in pixels; two neighbours' fields are a jump apart in the image."""

    kind: str
    channels: int  # that it gives
    kernel: int
    stride: int
    padding: int
    shared: int  # the number of the layer whose kernel it uses; 0 is its own
    inputs: int
    size: int
    field: int
    jump: int

    def then(
        self, kind: str, channels: int, kernel: int = 1, stride: int = 1, padding: int = 0, shared: int = 0
    ) -> Layer:
        """The layer behind this one."""
        size = (self.size + 2 * padding - kernel) // stride + 1
        field, jump = self.field + (kernel - 1) * self.jump, self.jump * stride
        return Layer(kind, channels, kernel, stride, padding, shared, self.channels, size, field, jump)

    @property
    def parameters(self) -> int:
        """Those that no layer before it counts."""
        kernel = 0 if self.shared else self.kernel**2 * self.inputs * self.channels
        return {CONVOLUTION: kernel, NORM: 2 * self.channels}.get(self.kind, 0)

    @property
    def multiply_adds(self) -> int:
        """One of BatchNorm is its scale and shift."""
        kernel = self.kernel**2 * self.inputs * self.channels
        return self.size**2 * {CONVOLUTION: kernel, NORM: self.channels}.get(self.kind, 0)


IMAGE = Layer("image", 1, 1, 1, 0, 0, 0, SIZE, 1, 1)


def layers(network: Architecture) -> list[Layer]:
    """The layers in their order, counted from 1 on; ReLU and dropout, which have no shape, are left out.

    Raises BadNetwork.
    """
    rows = [IMAGE]
    numbers: list[int] = []  # of each block's convolution
    for block in parse(network.net):
        shared = 0 if block.shared is None else numbers[block.shared]
        numbers.append(len(rows))
        rows.append(rows[-1].then(CONVOLUTION, block.channels, 3, padding=int(block.padded), shared=shared))
        if network.batch_norm:
            rows.append(rows[-1].then(NORM, block.channels))
        if block.pool:
            rows.append(rows[-1].then(MAX_POOL, block.channels, 2, 2))
    last = rows[-1]
    if network.head == "pooled":
        rows.append(last.then(MEAN_POOL, last.channels, last.size, last.size))
    return [*rows[1:], rows[-1].then(CONVOLUTION, CLASSES, rows[-1].size)]
