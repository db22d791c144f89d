"""A formula of a convolution or of a pool taken to pieces: the window, the kernel, and what is done with their sum."""

from __future__ import annotations

import re
from typing import NamedTuple

from sheetgen.excel.a1 import Area, area
from sheetgen.writer.planes.layout import Written

_AT = r"((?:'[^']+'|\w+)!\$[A-Z]+\$\d+(?::\$[A-Z]+\$\d+)?)"  # on the sheet of weights
_WINDOW = r"([A-Z]+\d+(?::[A-Z]+\d+)?)"
_SUM = re.compile(rf"(?:SUMPRODUCT\({_WINDOW},{_AT}\)|{_WINDOW}\*{_AT})(?:\+{_AT}(?!:))?")
_NORM = re.compile(rf"\*{_AT}\+{_AT}")
_POOL = re.compile(rf"MAX\({_WINDOW}(?:,{_WINDOW})?(?:,{_WINDOW})?\)")


class Parts(NamedTuple):
    """What a cell of a convolution is made of: ranges and cells as its formula has them, '' for what it does not have.

    `steps` are the kinds of what is done with the sum of products and bias, in order; `whole`: these are all there is.
    """

    window: str
    kernel: str
    bias: str
    steps: tuple[str, ...]
    whole: bool
    scale: str
    shift: str


def parts(written: Written, number: int) -> Parts | None:
    """The parts of the formula of a convolution's cell; None of any other, or of several windows."""
    first, *behind = written.block.ops
    formula = written.formulas[number]
    found = list(_SUM.finditer(formula)) if first.kind == "conv" else []
    if len(found) != 1:
        return None
    window, kernel, cell, weight, bias = (text or "" for text in found[0].groups())
    known = [op.kind for op in behind if op.kind in ("relu", "norm")]
    norm = _NORM.search(formula, found[0].end())
    scale, shift = norm.groups() if norm and known.count("norm") == 1 else ("", "")
    whole = len(known) == len(behind) and known.count("norm") <= 1
    return Parts(window or cell, kernel or weight, bias, tuple(known), whole, scale, shift)


def pooled(formula: str) -> list[Area] | None:
    """The rows of the window of which a cell is the largest; None if it is something else."""
    found = _POOL.fullmatch(formula)
    return None if found is None else [area(text) for text in found.groups() if text]


def element(written: Written, channel: int, y: int, x: int) -> int:
    """The number of a cell's formula among those of its block."""
    _, height, width = written.block.planes
    return (channel * height + y) * width + x
