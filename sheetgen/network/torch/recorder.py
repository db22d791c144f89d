"""The record of a module that runs on an example: tensors with numbered elements, and operations on them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from sheetgen.network.torch.graph import CannotExport, Operation, Weight

MAX_ELEMENTS = 2_000_000  # a workbook of more cells opens nowhere


@dataclass(frozen=True)
class TracedTensor:
    """A tensor of the run: its numbers, and the number of each element. Both have the batch's dimension."""

    value: Tensor
    ids: Tensor

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of one sample."""
        return tuple(self.value.shape[1:])


@dataclass(frozen=True)
class Constant:
    """A tensor that the module holds, or one that follows from such alone."""

    value: Tensor
    name: str
    trained: bool = False

    def weight(self) -> Weight:
        """As the Graph has it."""
        return Weight(self.name, self.value.detach().double().numpy(), self.trained)


class Recorder:
    """The operations of a module, written down while it runs."""

    def __init__(self, batch: Tensor, samples: int, names: Mapping[int, str], trained: set[int]):
        """Write down the first `samples` of a batch; the others only show what a module does to a batch."""
        self.batch, self.samples = len(batch), samples
        self.ops: list[Operation] = []
        self.names, self.trained = names, trained
        self.next = 0
        self.layer = ""  # the module that is running
        self.input = self._numbered(batch)

    def must(self, condition: bool, why: str) -> None:
        """Raises CannotExport, with the layer that is running, unless a condition holds."""
        if not condition:
            raise CannotExport(f"{self.layer or 'the module'}: {why}")

    def _numbered(self, value: Tensor) -> TracedTensor:
        """A tensor whose elements get new numbers; other samples have other numbers, so that none can be mixed up."""
        self.must(value.dim() > 0 and len(value) == self.batch, "it mixes the samples of a batch")
        size = value[0].numel()
        self.must(size > 0, "it gives a tensor with nothing in it")
        finite = bool(torch.isfinite(value[: self.samples]).all())
        self.must(finite, "it gives a number for the example that no cell can hold")
        if self.next + size > MAX_ELEMENTS:
            raise CannotExport(
                f"{self.layer or 'the input'}: the network has more than {MAX_ELEMENTS:,} numbers: use a smaller one"
            )
        ids = torch.arange(self.next, self.next + size).view(value.shape[1:])
        self.next += size
        return TracedTensor(value, torch.stack([ids + k * MAX_ELEMENTS for k in range(self.batch)]))

    def constant(self, tensor: Tensor, name: str) -> Constant:
        """A tensor of the module by its PyTorch name, or by another if it is no parameter and no buffer."""
        return Constant(tensor, self.names.get(id(tensor), name), id(tensor) in self.trained)

    def put(
        self,
        kind: str,
        text: str,
        args: tuple[Tensor, ...],
        value: Tensor,
        settings: Mapping[str, Any] | None = None,
        weights: Mapping[str, Constant | None] | None = None,
    ) -> TracedTensor:
        """Write an operation down. `args` are numbers of elements, with the batch's dimension."""
        for ids in args:
            self._apart(ids)
        out = self._numbered(value)
        constants = {key: w.weight() for key, w in (weights or {}).items() if w is not None}
        owner = next((w.name.rpartition(".")[0] for w in constants.values() if w.trained), "")
        sample = tuple(ids[0].numpy() for ids in args)
        layer = owner or self.layer or kind
        numbers = value[: self.samples].numpy()
        self.ops.append(Operation(kind, layer, text, sample, out.ids[0].numpy(), numbers, settings or {}, constants))
        return out

    def moved(self, function: Callable[..., Any], args: Any, kwargs: Any) -> Any:
        """Run a function that only moves elements: PyTorch moves their numbers as it moves the elements."""
        constant = any(isinstance(x, Constant) for x in flat((args, kwargs)))
        self.must(not constant, "joining the input with constants is not supported")
        values = function(*each(args, "value"), **each(kwargs, "value"))
        ids = function(*each(args, "ids"), **each(kwargs, "ids"))
        if isinstance(values, Tensor):
            return TracedTensor(values, self._apart(ids))
        return tuple(TracedTensor(v, self._apart(i)) for v, i in zip(values, ids, strict=True))

    def _apart(self, ids: Tensor) -> Tensor:
        """Numbers of elements, if those of every sample are its own."""
        whole = ids.dim() > 0 and len(ids) == self.batch
        shift = torch.arange(self.batch).view(-1, *(1 for _ in ids.shape[1:])) * MAX_ELEMENTS
        same = whole and torch.equal(ids - shift, ids[:1].expand_as(ids)) and bool((ids[0] < MAX_ELEMENTS).all())
        self.must(same, "it mixes the samples of a batch, which no sheet can show")
        return ids


def each(x: Any, part: str) -> Any:
    """Arguments with every TracedTensor replaced by its `value` or its `ids`, and every Constant by its tensor."""
    if isinstance(x, TracedTensor):
        return getattr(x, part)
    if isinstance(x, tuple | list):
        return type(x)(each(y, part) for y in x)
    if isinstance(x, dict):
        return {key: each(y, part) for key, y in x.items()}
    return x.value if isinstance(x, Constant) else x


def flat(x: Any) -> list[Any]:
    """All that stands in nested tuples, lists and dictionaries."""
    if isinstance(x, tuple | list):
        return [z for y in x for z in flat(y)]
    return [z for y in x.values() for z in flat(y)] if isinstance(x, dict) else [x]
