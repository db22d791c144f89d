"""Small convolutional networks, written as text: `v16-c16p-c16=1`.

A block is a 3x3 convolution without bias, ReLU, BatchNorm. `c16` is padded and has 16 channels, `v16` is not padded
("valid"); `p` puts a 2x2 max-pooling behind it; `=1` uses the kernel of block 1 again (blocks count from 0), with a
BatchNorm of its own. Behind the last block: global average pooling, and a 1x1 convolution to ten logits.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from sheetgen.errors import UserError

SIZE = 28  # an image is 28 x 28
CLASSES = 10
BLOCK = re.compile(r"(?P<kind>[cv])(?P<channels>\d{1,3})(?:=(?P<shared>\d{1,2}))?(?P<pool>p?)")


class Block(NamedTuple):
    """One block of a network, as its text says it."""

    channels: int
    padded: bool
    pool: bool
    shared: int | None  # the block whose kernel this one uses


class BadNetwork(UserError):
    """A network's text that means nothing; the message is one sentence."""


def parse(text: str) -> list[Block]:
    """The blocks of `v16-c16p-c16=1`. Raises BadNetwork naming the block and the remedy."""
    blocks: list[Block] = []
    size = SIZE
    for k, part in enumerate(text.split("-")):
        match = BLOCK.fullmatch(part)
        if match is None:
            raise BadNetwork(f"network {text!r}: block {k} is {part!r}: write it like c16, v16, v16p or c16=1")
        shared = int(match["shared"]) if match["shared"] else None
        block = Block(int(match["channels"]), match["kind"] == "c", bool(match["pool"]), shared)
        if block.channels == 0:
            raise BadNetwork(f"network {text!r}: block {k} has no channels: give it at least one")
        if shared is not None:
            inputs = [1, *(b.channels for b in blocks)]
            if shared >= k or blocks[shared].shared is not None:
                raise BadNetwork(f"network {text!r}: block {k} shares block {shared}, which has no kernel before it")
            if (inputs[shared], blocks[shared].channels) != (inputs[k], block.channels):
                raise BadNetwork(
                    f"network {text!r}: block {k} needs a kernel {inputs[k]}-{block.channels}, "
                    f"but that of block {shared} is {inputs[shared]}-{blocks[shared].channels}"
                )
        size = shrink(size, block)
        if size < 1:
            raise BadNetwork(f"network {text!r}: nothing of the image is left after block {k}: pool less, or pad")
        blocks.append(block)
    return blocks


def shrink(size: int, block: Block) -> int:
    """The side of what a block makes of a plane whose side is `size`."""
    return (size if block.padded else size - 2) // (2 if block.pool else 1)
