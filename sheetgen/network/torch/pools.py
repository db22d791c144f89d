"""PyTorch's poolings and reductions, as operations of a Graph that look at windows."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from torch import Tensor
from torch.nn import functional

from sheetgen.network.torch import windows
from sheetgen.network.torch.recorder import Recorder, TracedTensor

Pair = int | Sequence[int]


def pair(x: Pair) -> tuple[int, int]:
    """Along the height, along the width."""
    a, b = (x, x) if isinstance(x, int) else (x[0], x[-1])
    return int(a), int(b)


def times(p: tuple[int, int]) -> str:
    """A pair as people write it."""
    return str(p[0]) if p[0] == p[1] else f"{p[0]} × {p[1]}"


def max_pool2d(
    r: Recorder, x: TracedTensor, kernel_size: Pair, stride: Pair | None = None, padding: Pair = 0, dilation: Pair = 1,
    ceil_mode: bool = False, return_indices: bool = False,
) -> TracedTensor:  # fmt: skip
    """The largest of each window."""
    r.must(not return_indices, "MaxPool2d with return_indices is not supported")
    size, step = pair(kernel_size), pair(stride if stride is not None and stride != [] else kernel_size)
    value = functional.max_pool2d(x.value, size, step, pair(padding), pair(dilation), ceil_mode)
    seen = windows.sliding(x.ids[0].numpy(), value.shape[2:], size, step, pair(padding), pair(dilation))
    return r.put("reduce", f"MaxPool2d {times(size)}", (x.ids,), value, {"f": "MAX", "windows": seen})


def avg_pool2d(
    r: Recorder, x: TracedTensor, kernel_size: Pair, stride: Pair | None = None, padding: Pair = 0,
    ceil_mode: bool = False, count_include_pad: bool = True, divisor_override: int | None = None,
) -> TracedTensor:  # fmt: skip
    """The mean of each window."""
    size, step = pair(kernel_size), pair(stride if stride is not None and stride != [] else kernel_size)
    around = pair(padding)
    value = functional.avg_pool2d(x.value, size, step, around, ceil_mode, count_include_pad, divisor_override)
    seen = windows.sliding(x.ids[0].numpy(), value.shape[2:], size, step, around, (1, 1))
    settings: dict[str, Any] = {"f": "AVERAGE", "windows": seen}
    if divisor_override:
        settings["divisors"] = windows.constant(value.shape[1:], divisor_override)
    elif count_include_pad and any(around):
        settings["divisors"] = windows.padded_counts(x.shape, value.shape[1:], size, step, around)
    return r.put("reduce", f"AvgPool2d {times(size)}", (x.ids,), value, settings)


def adaptive_avg_pool2d(r: Recorder, x: TracedTensor, output_size: Any) -> TracedTensor:
    """Means of windows that cover all of the input."""
    wanted = (output_size, output_size) if isinstance(output_size, int | None) else tuple(output_size)
    size = pair([n if w is None else int(w) for w, n in zip(wanted, x.value.shape[-2:], strict=True)])
    value = functional.adaptive_avg_pool2d(x.value, size)
    seen = windows.adaptive(x.ids[0].numpy(), size)
    return r.put("reduce", f"AdaptiveAvgPool2d {times(size)}", (x.ids,), value, {"f": "AVERAGE", "windows": seen})


def reduced(name: str, text: str, f: Callable[..., Tensor]) -> Callable[..., TracedTensor]:
    """The sum, mean or largest along some dimensions of a sample."""

    def call(r: Recorder, x: TracedTensor, dim: Any = None, keepdim: bool = False) -> TracedTensor:
        r.must(dim is not None, f"{text.lower()} without dimensions mixes the samples of a batch: name them")
        dims = tuple(d % x.value.dim() for d in ((dim,) if isinstance(dim, int) else dim))
        r.must(0 not in dims, f"{text.lower()} over the samples of a batch is not supported")
        value = f(x.value, dims, keepdim)
        rest = [d for d in range(x.value.dim()) if d not in dims]
        seen = x.ids[0].permute([d - 1 for d in [*rest[1:], *dims]]).reshape(value[0].numel(), -1)
        return r.put("reduce", text, (x.ids,), value, {"f": name, "windows": seen.numpy()})

    return call
