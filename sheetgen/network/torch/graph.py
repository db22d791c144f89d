"""A feed-forward network as a list of operations on numbered elements, with no framework in it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sheetgen.base.errors import UserError

Array = Any  # a numpy array


class CannotExport(UserError):
    """A module that cannot become a workbook; the message is one sentence that names the layer or the limit."""


@dataclass(frozen=True)
class Weight:
    """A tensor that the network holds, by its PyTorch name; `trained` ones are among its `parameters()`."""

    name: str
    array: Array  # float64
    trained: bool


@dataclass(frozen=True)
class Operation:
    """One operation on one sample. Elements are numbered through the whole network, those of the input first.

    So reshaping, permuting and joining are no operations: they only pass other numbers on.
    """

    kind: str  # a row of the table in `formulas`
    layer: str  # the path of its module or weight, else the function's name
    text: str  # what a person calls it: "Conv2d 16 to 32, 3 x 3"
    args: tuple[Array, ...]  # the numbers of the elements that it reads
    out: Array  # the numbers of its results, in the shape of one sample
    value: Array  # the results for the example: (N, *out.shape), float64
    settings: Mapping[str, Any] = field(default_factory=dict)
    weights: Mapping[str, Weight] = field(default_factory=dict)


@dataclass(frozen=True)
class Graph:
    """A traced network: its operations in their order, and the numbers of its input and of its output."""

    inputs: Array  # in the shape of one sample
    example: Array  # (N, *inputs.shape), float64
    ops: Sequence[Operation]
    outputs: Array
    result: Array  # (N, *outputs.shape), float64
    parameters: int  # as PyTorch counts them

    @property
    def count(self) -> int:
        """How many elements there are."""
        return sum(int(ids.size) for ids in (self.inputs, *(op.out for op in self.ops)))
