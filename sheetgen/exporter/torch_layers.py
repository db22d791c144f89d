"""What the layers and functions of PyTorch do, as operations of a Graph: three tables, one row for each."""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from sheetgen.exporter import windows
from sheetgen.exporter.graph import CannotExport
from sheetgen.exporter.trace import Held, Recorder, Traced

Pair = int | Sequence[int]


def pair(x: Pair) -> tuple[int, int]:
    """Along the height, along the width."""
    a, b = (x, x) if isinstance(x, int) else (x[0], x[-1])
    return int(a), int(b)


def _must(condition: bool, r: Recorder, why: str) -> None:
    if not condition:
        raise CannotExport(f"{r.layer or 'the module'}: {why}")


def linear(r: Recorder, x: Traced, weight: Held, bias: Held | None = None) -> Traced:
    """y = x W^T + b over the last dimension, as `torch.nn.functional.linear`."""
    value = functional.linear(x.value, weight.value, None if bias is None else bias.value)
    outputs, inputs = weight.value.shape
    return r.put("linear", f"Linear {inputs} to {outputs}", (x.ids,), value, {}, {"weight": weight, "bias": bias})


def conv2d(
    r: Recorder, x: Traced, weight: Held, bias: Held | None = None, stride: Pair = 1, padding: Pair | str = 0,
    dilation: Pair = 1, groups: int = 1,
) -> Traced:  # fmt: skip
    """A convolution with zeros around its input, as `torch.nn.functional.conv2d`."""
    size, step, apart = tuple(weight.value.shape[2:]), pair(stride), pair(dilation)
    if isinstance(padding, str):
        total = tuple(d * (k - 1) if padding == "same" else 0 for d, k in zip(apart, size, strict=True))
        _must(all(t % 2 == 0 for t in total), r, "padding='same' with an even kernel is not supported")
        padding = tuple(t // 2 for t in total)
    around = pair(padding)
    value = functional.conv2d(
        x.value, weight.value, None if bias is None else bias.value, step, around, apart, groups
    )
    words = [f"Conv2d {x.shape[0]} to {len(weight.value)}", f"{size[0]} × {size[1]}"]
    words += [f"{name} {_times(p)}" for name, p, usual in
              (("stride", step, (1, 1)), ("padding", around, (0, 0)), ("dilation", apart, (1, 1))) if p != usual]  # fmt: skip
    words += [f"{groups} groups"] if groups > 1 else []
    settings = {"stride": step, "padding": around, "dilation": apart, "groups": groups}
    return r.put("conv", ", ".join(words), (x.ids,), value, settings, {"weight": weight, "bias": bias})


def _times(p: tuple[int, int]) -> str:
    return str(p[0]) if p[0] == p[1] else f"{p[0]} × {p[1]}"


def batch_norm(
    r: Recorder, x: Traced, mean: Held | None, variance: Held | None, weight: Held | None = None,
    bias: Held | None = None, training: bool = False, momentum: float = 0.1, eps: float = 1e-5,
) -> Traced:  # fmt: skip
    """(x - mean) / sqrt(variance + eps) * weight + bias with the running statistics, as in eval mode."""
    if mean is None or variance is None or training:
        raise CannotExport(f"{r.layer}: BatchNorm without running statistics mixes the samples of a batch")
    held = {"weight": weight, "bias": bias, "mean": mean, "variance": variance}
    parts = [None if w is None else w.value for w in (mean, variance, weight, bias)]
    value = functional.batch_norm(x.value, *parts, False, 0.0, eps)
    return r.put("norm", "BatchNorm", (x.ids,), value, {"eps": eps}, held)


def unary(kind: str, text: str, f: Callable[..., Tensor], **settings: float) -> Callable[..., Traced]:
    """An elementwise function."""
    return lambda r, x, *_, **__: r.put(kind, text, (x.ids,), f(x.value), settings)


relu = unary("relu", "ReLU", functional.relu)
sigmoid = unary("sigmoid", "Sigmoid", torch.sigmoid)
tanh = unary("tanh", "Tanh", torch.tanh)
exp = unary("exp", "exp", torch.exp)
log = unary("log", "ln", torch.log)


def leaky_relu(r: Recorder, x: Traced, negative_slope: float = 0.01, inplace: bool = False) -> Traced:
    """x, or slope * x below 0."""
    value = functional.leaky_relu(x.value, negative_slope)
    return r.put("leaky_relu", f"LeakyReLU {negative_slope:g}", (x.ids,), value, {"slope": float(negative_slope)})


def gelu(r: Recorder, x: Traced, approximate: str = "none") -> Traced:
    """x / 2 * (1 + tanh(sqrt(2 / pi) * (x + 0.044715 x^3))); the exact form has no function in a spreadsheet."""
    _must(approximate == "tanh", r, "GELU is supported in its tanh form: use approximate='tanh'")
    return r.put("gelu", "GELU", (x.ids,), functional.gelu(x.value, approximate="tanh"))


WORDS = {"+": "sum", "-": "difference", "*": "product", "/": "quotient"}


def arithmetic(sign: str, f: Callable[..., Any]) -> Callable[..., Any]:
    """+ - * / of a tensor with another, with one that the module holds, or with a number."""

    def call(r: Recorder, a: Any, b: Any, alpha: float = 1, rounding_mode: str | None = None) -> Traced:
        _must(alpha == 1 and rounding_mode is None, r, f"{sign} with alpha or a rounding mode is not supported")
        value = f(_value(a), _value(b))
        ids = tuple(torch.broadcast_to(x.ids, value.shape) for x in (a, b) if isinstance(x, Traced))
        if len(ids) == 2:
            return r.put("binary", WORDS[sign], ids, value, {"sign": sign})
        settings = {"sign": sign, "first": isinstance(a, Traced)}
        other = b if isinstance(a, Traced) else a
        if isinstance(other, Held) and other.value.dim():
            _must(other.value.dim() < value.dim() or len(other.value) == 1, r, "a constant differs between samples")
            # Which number of the constant each element meets: PyTorch broadcasts the places as it does the numbers.
            places = torch.broadcast_to(torch.arange(other.value.numel()).view(other.value.shape), value.shape)[0]
            settings["places"] = places.numpy()
            return r.put("held", f"{sign} {other.name}", ids, value, settings, {"held": other})
        number = float(_value(other))
        if (sign in "+-" and number == 0 and settings["first"]) or (sign in "*/" and number == 1 and settings["first"]):
            x: Traced = a
            return x  # exactly
        return r.put("scalar", f"{sign} {number:g}", ids, value, {**settings, "number": number})

    return call


def _value(x: Any) -> Any:
    return x.value if isinstance(x, Traced | Held) else x


def max_pool2d(
    r: Recorder, x: Traced, kernel_size: Pair, stride: Pair | None = None, padding: Pair = 0, dilation: Pair = 1,
    ceil_mode: bool = False, return_indices: bool = False,
) -> Traced:  # fmt: skip
    """The largest of each window."""
    _must(not return_indices, r, "MaxPool2d with return_indices is not supported")
    size, step = pair(kernel_size), pair(stride if stride is not None and stride != [] else kernel_size)
    value = functional.max_pool2d(x.value, size, step, pair(padding), pair(dilation), ceil_mode)
    seen = windows.sliding(x.ids[0].numpy(), value.shape[2:], size, step, pair(padding), pair(dilation))
    return r.put("reduce", f"MaxPool2d {_times(size)}", (x.ids,), value, {"f": "MAX", "windows": seen})


def avg_pool2d(
    r: Recorder, x: Traced, kernel_size: Pair, stride: Pair | None = None, padding: Pair = 0, ceil_mode: bool = False,
    count_include_pad: bool = True, divisor_override: int | None = None,
) -> Traced:  # fmt: skip
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
    return r.put("reduce", f"AvgPool2d {_times(size)}", (x.ids,), value, settings)


def adaptive_avg_pool2d(r: Recorder, x: Traced, output_size: Any) -> Traced:
    """Means of windows that cover all of the input."""
    wanted = (output_size, output_size) if isinstance(output_size, int | None) else tuple(output_size)
    size = tuple(n if w is None else int(w) for w, n in zip(wanted, x.value.shape[-2:], strict=True))
    value = functional.adaptive_avg_pool2d(x.value, size)  # type: ignore[arg-type]
    seen = windows.adaptive(x.ids[0].numpy(), size)
    return r.put("reduce", f"AdaptiveAvgPool2d {_times(size)}", (x.ids,), value, {"f": "AVERAGE", "windows": seen})


def reduced(name: str, text: str, f: Callable[..., Tensor]) -> Callable[..., Traced]:
    """The sum, mean or largest along some dimensions of a sample."""

    def call(r: Recorder, x: Traced, dim: Any = None, keepdim: bool = False) -> Traced:
        _must(dim is not None, r, f"{text.lower()} without dimensions mixes the samples of a batch: name them")
        dims = tuple(d % x.value.dim() for d in ((dim,) if isinstance(dim, int) else dim))
        _must(0 not in dims, r, f"{text.lower()} over the samples of a batch is not supported")
        value = f(x.value, dims, keepdim)
        rest = [d for d in range(x.value.dim()) if d not in dims]
        seen = x.ids[0].permute([d - 1 for d in [*rest[1:], *dims]]).reshape(value[0].numel(), -1)
        return r.put("reduce", text, (x.ids,), value, {"f": name, "windows": seen.numpy()})

    return call


largest, total, mean = (
    reduced("MAX", "largest", torch.amax), reduced("SUM", "sum", torch.sum), reduced("AVERAGE", "mean", torch.mean)
)  # fmt: skip
subtract, divide = arithmetic("-", operator.sub), arithmetic("/", operator.truediv)


def softmax(r: Recorder, x: Traced, dim: int | None = None, _stacklevel: int = 3, dtype: Any = None) -> Traced:
    """exp(x - largest) over their sum, with helper cells for each."""
    powers = exp(r, _shifted(r, x, dim))
    return divide(r, powers, total(r, powers, dim, True))  # type: ignore[no-any-return]


def log_softmax(r: Recorder, x: Traced, dim: int | None = None, _stacklevel: int = 3, dtype: Any = None) -> Traced:
    """x - largest - ln(sum of exp(x - largest))."""
    shifted = _shifted(r, x, dim)
    return subtract(r, shifted, log(r, total(r, exp(r, shifted), dim, True)))  # type: ignore[no-any-return]


def _shifted(r: Recorder, x: Traced, dim: int | None) -> Traced:
    """The largest becomes 0, so that exp cannot overflow."""
    _must(dim is not None, r, "softmax without a dimension is not supported: name it")
    return subtract(r, x, largest(r, x, dim, True))  # type: ignore[no-any-return]


def _same(r: Recorder, x: Traced, *_: Any, **__: Any) -> Traced:
    """What changes nothing in eval mode."""
    return x


Handler = Callable[..., Any]

MODULES: Mapping[type, Handler] = {
    nn.Linear: lambda r, m, x: linear(r, x, *_held(r, m, "weight", "bias")),
    nn.Conv2d: lambda r, m, x: _conv2d_module(r, m, x),
    nn.BatchNorm1d: lambda r, m, x: _norm_module(r, m, x),
    nn.BatchNorm2d: lambda r, m, x: _norm_module(r, m, x),
    nn.ReLU: lambda r, m, x: relu(r, x),
    nn.LeakyReLU: lambda r, m, x: leaky_relu(r, x, m.negative_slope),
    nn.Sigmoid: lambda r, m, x: sigmoid(r, x),
    nn.Tanh: lambda r, m, x: tanh(r, x),
    nn.GELU: lambda r, m, x: gelu(r, x, m.approximate),
    nn.MaxPool2d: lambda r, m, x: max_pool2d(
        r, x, m.kernel_size, m.stride, m.padding, m.dilation, m.ceil_mode, m.return_indices
    ),
    nn.AvgPool2d: lambda r, m, x: avg_pool2d(
        r, x, m.kernel_size, m.stride, m.padding, m.ceil_mode, m.count_include_pad, m.divisor_override
    ),
    nn.AdaptiveAvgPool2d: lambda r, m, x: adaptive_avg_pool2d(r, x, m.output_size),
    nn.Softmax: lambda r, m, x: softmax(r, x, m.dim),
    nn.LogSoftmax: lambda r, m, x: log_softmax(r, x, m.dim),
    nn.Flatten: lambda r, m, x: r.moved(torch.flatten, (x, m.start_dim, m.end_dim), {}),
    nn.Unflatten: lambda r, m, x: r.moved(torch.unflatten, (x, m.dim, m.unflattened_size), {}),
    **dict.fromkeys((nn.Identity, nn.Dropout, nn.Dropout2d), lambda r, m, x: x),
}

FUNCTIONS: Mapping[Any, Handler] = {
    functional.linear: lambda r, x, w, b=None: linear(r, x, w, b),
    functional.conv2d: conv2d,
    functional.batch_norm: batch_norm,
    **dict.fromkeys((functional.relu, functional.relu_, torch.relu, torch.relu_, "relu", "relu_"), relu),
    **dict.fromkeys((torch.sigmoid, functional.sigmoid, "sigmoid", "sigmoid_"), sigmoid),
    **dict.fromkeys((torch.tanh, functional.tanh, "tanh", "tanh_"), tanh),
    **dict.fromkeys((torch.exp, "exp"), exp),
    **dict.fromkeys((torch.log, "log"), log),
    functional.leaky_relu: leaky_relu,
    functional.gelu: gelu,
    **dict.fromkeys((functional.max_pool2d, torch.max_pool2d), max_pool2d),
    functional.avg_pool2d: avg_pool2d,
    functional.adaptive_avg_pool2d: adaptive_avg_pool2d,
    **dict.fromkeys((functional.softmax, torch.softmax, "softmax"), softmax),
    **dict.fromkeys((functional.log_softmax, torch.log_softmax, "log_softmax"), log_softmax),
    **dict.fromkeys((torch.mean, "mean"), mean),
    **dict.fromkeys((torch.sum, "sum"), total),
    **dict.fromkeys((torch.amax, "amax"), largest),
    **dict.fromkeys(
        (operator.add, operator.iadd, torch.add, "add", "add_"), arithmetic("+", operator.add)
    ),
    **dict.fromkeys((operator.sub, operator.isub, torch.sub, "sub", "sub_"), subtract),
    **dict.fromkeys((operator.mul, operator.imul, torch.mul, "mul", "mul_"), arithmetic("*", operator.mul)),
    **dict.fromkeys((operator.truediv, operator.itruediv, torch.div, "div", "div_"), divide),
    operator.neg: lambda r, x: arithmetic("*", operator.mul)(r, x, -1.0),
    **dict.fromkeys((functional.dropout, functional.dropout2d, torch.dropout, "contiguous", "detach", "clone"), _same),
    **dict.fromkeys(("double", "float", "to"), _same),
    "size": lambda r, x, *dim: x.value.size(*dim),
    "dim": lambda r, x: x.value.dim(),
    getattr: lambda r, x, name: _attribute(r, x, name),
}

# These move elements, or repeat them, and compute nothing.
MOVES: set[Any] = {
    torch.flatten, torch.reshape, torch.permute, torch.transpose, torch.swapaxes, torch.movedim, torch.squeeze,
    torch.unsqueeze, torch.cat, torch.concat, torch.chunk, torch.split, torch.stack, torch.narrow, torch.unflatten,
    operator.getitem, "view", "reshape", "flatten", "permute", "transpose", "swapaxes", "movedim", "squeeze",
    "unsqueeze", "chunk", "split", "narrow", "unflatten", "expand", "repeat",
}  # fmt: skip


def _held(r: Recorder, module: nn.Module, *names: str) -> list[Held | None]:
    found = [getattr(module, name) for name in names]
    return [None if t is None else r.held(t) for t in found]


def _conv2d_module(r: Recorder, m: nn.Conv2d, x: Traced) -> Traced:
    _must(m.padding_mode == "zeros", r, f"padding_mode {m.padding_mode!r} is not supported: use zeros")
    weight, bias = _held(r, m, "weight", "bias")
    assert weight is not None
    return conv2d(r, x, weight, bias, m.stride, m.padding, m.dilation, m.groups)


def _norm_module(r: Recorder, m: nn.BatchNorm1d | nn.BatchNorm2d, x: Traced) -> Traced:
    return batch_norm(r, x, *_held(r, m, "running_mean", "running_var", "weight", "bias"), eps=m.eps)


def _attribute(r: Recorder, x: Traced, name: str) -> Any:
    _must(name in ("shape", "ndim", "dtype", "device"), r, f"the attribute {name} is not supported")
    return getattr(x.value, name)
