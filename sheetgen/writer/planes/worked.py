"""A formula of a convolution or of a pool taken to pieces: the window, the kernel, and what is done with their sum."""

from __future__ import annotations

import re
from typing import NamedTuple

from sheetgen.excel.a1 import Area, area
from sheetgen.writer.planes.layout import Written

_AT = r"((?:'[^']+'|\w+)!\$[A-Z]+\$\d+(?::\$[A-Z]+\$\d+)?)"  # on the sheet of weights
_WINDOW = r"([A-Z]+\d+(?::[A-Z]+\d+)?)"
_CONV = re.compile(
    rf"(?P<relu>MAX\(0,)?(?:SUMPRODUCT\({_WINDOW},{_AT}\)|{_WINDOW}\*{_AT})(?:\+{_AT})?(?(relu)\))(?:\*{_AT}\+{_AT})?"
)
_POOL = re.compile(rf"MAX\({_WINDOW}(?:,{_WINDOW})?(?:,{_WINDOW})?\)")


class Parts(NamedTuple):
    """What a cell of a convolution is made of: ranges and cells as its formula has them, '' for what it does not have.

    The cell is max(0, sum(window * kernel) + bias) * scale + shift, without the max if it has no `relu`.
    """

    window: str
    kernel: str
    bias: str
    relu: bool
    scale: str
    shift: str


def parts(formula: str) -> Parts | None:
    """The parts of a convolution's formula, ReLU and BatchNorm behind it or not; None of any other."""
    found = _CONV.fullmatch(formula)
    if found is None:
        return None
    _, window, kernel, cell, weight, bias, scale, shift = (text or "" for text in found.groups())
    return Parts(window or cell, kernel or weight, bias, found["relu"] is not None, scale, shift)


def pooled(formula: str) -> list[Area] | None:
    """The rows of the window of which a cell is the largest; None if it is something else."""
    found = _POOL.fullmatch(formula)
    return None if found is None else [area(text) for text in found.groups() if text]


def element(written: Written, channel: int, y: int, x: int) -> int:
    """The number of a cell's formula among those of its block."""
    _, height, width = written.block.planes
    return (channel * height + y) * width + x
