"""The layers and functions of PyTorch, as operations of a Graph: three tables, one row for each."""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import nn
from torch.nn import functional

from sheetgen.network.torch.graph import CannotExport
from sheetgen.network.torch.pools import Pair, adaptive_avg_pool2d, avg_pool2d, max_pool2d, pair, reduced, times
from sheetgen.network.torch.recorder import Constant, Recorder, TracedTensor


def linear(r: Recorder, x: TracedTensor, weight: Constant, bias: Constant | None = None) -> TracedTensor:
    """y = x W^T + b over the last dimension, as `torch.nn.functional.linear`."""
    value = functional.linear(x.value, weight.value, None if bias is None else bias.value)
    outputs, inputs = weight.value.shape
    return r.put("linear", f"Linear {inputs} to {outputs}", (x.ids,), value, {}, {"weight": weight, "bias": bias})


def conv2d(
    r: Recorder, x: TracedTensor, weight: Constant, bias: Constant | None = None, stride: Pair = 1,
    padding: Pair | str = 0, dilation: Pair = 1, groups: int = 1,
) -> TracedTensor:  # fmt: skip
    """A convolution with zeros around its input, as `torch.nn.functional.conv2d`."""
    r.must(x.value.dim() == 4, "a convolution needs samples of channels, rows and columns")
    size, step, apart = pair(weight.value.shape[2:]), pair(stride), pair(dilation)
    if isinstance(padding, str):
        total = tuple(d * (k - 1) if padding == "same" else 0 for d, k in zip(apart, size, strict=True))
        r.must(all(t % 2 == 0 for t in total), "padding='same' with an even kernel is not supported")
        padding = tuple(t // 2 for t in total)
    around = pair(padding)
    value = functional.conv2d(x.value, weight.value, None if bias is None else bias.value, step, around, apart, groups)
    words = [f"Conv2d {x.shape[0]} to {len(weight.value)}", f"{size[0]} × {size[1]}"]
    extras = {"stride": (step, 1), "padding": (around, 0), "dilation": (apart, 1)}
    words += [f"{name} {times(p)}" for name, (p, usual) in extras.items() if p != (usual, usual)]
    words += [f"{groups} groups"] if groups > 1 else []
    settings = {"stride": step, "padding": around, "dilation": apart, "groups": groups}
    return r.put("conv", ", ".join(words), (x.ids,), value, settings, {"weight": weight, "bias": bias})


def batch_norm(
    r: Recorder, x: TracedTensor, mean: Constant | None, variance: Constant | None, weight: Constant | None = None,
    bias: Constant | None = None, training: bool = False, momentum: float = 0.1, eps: float = 1e-5,
) -> TracedTensor:  # fmt: skip
    """(x - mean) / sqrt(variance + eps) * weight + bias with the running statistics, as in eval mode."""
    if mean is None or variance is None or training:
        raise CannotExport(f"{r.layer or 'the module'}: BatchNorm without running statistics mixes a batch's samples")
    constants = {"weight": weight, "bias": bias, "mean": mean, "variance": variance}
    w, b = (None if t is None else t.value for t in (weight, bias))
    value = functional.batch_norm(x.value, mean.value, variance.value, w, b, eps=eps)
    return r.put("norm", "BatchNorm", (x.ids,), value, {"eps": eps}, constants)


# PyTorch's name of a function: (the row of the table of operators, what people call it: a layer goes by that name).
UNARY = {
    "relu": ("relu", "ReLU"), "sigmoid": ("sigmoid", "Sigmoid"), "tanh": ("tanh", "Tanh"), "exp": ("exp", "exp"),
    "log": ("ln", "ln"),
}  # fmt: skip


def unary(name: str) -> Callable[..., TracedTensor]:
    """An elementwise function."""
    (kind, text), f = UNARY[name], getattr(torch, name, None) or getattr(functional, name)
    return lambda r, x, *_, **__: r.put(kind, text, (x.ids,), f(x.value))


exp, log = unary("exp"), unary("log")


def leaky_relu(r: Recorder, x: TracedTensor, negative_slope: float = 0.01, inplace: bool = False) -> TracedTensor:
    """x, or slope * x below 0."""
    value = functional.leaky_relu(x.value, negative_slope)
    return r.put("leaky_relu", f"LeakyReLU {negative_slope:g}", (x.ids,), value, {"numbers": (float(negative_slope),)})


def gelu(r: Recorder, x: TracedTensor, approximate: str = "none") -> TracedTensor:
    """x / 2 * (1 + tanh(sqrt(2 / pi) * (x + 0.044715 x^3))); the exact form has no function in a spreadsheet."""
    r.must(approximate == "tanh", "GELU is supported in its tanh form: use approximate='tanh'")
    return r.put("gelu", "GELU", (x.ids,), functional.gelu(x.value, approximate="tanh"))


ARITHMETIC = {"add": ("+", "sum"), "sub": ("-", "difference"), "mul": ("*", "product"), "div": ("/", "quotient")}


def arithmetic(op: str, f: Callable[..., Any]) -> Callable[..., Any]:
    """+ - * / of a tensor with another, with one that the module holds, or with a number."""
    sign, word = ARITHMETIC[op]

    def call(r: Recorder, a: Any, b: Any, alpha: float = 1, rounding_mode: str | None = None) -> TracedTensor:
        r.must(alpha == 1 and rounding_mode is None, f"{sign} with alpha or a rounding mode is not supported")
        value = f(_value(a), _value(b))
        ids = tuple(torch.broadcast_to(x.ids, value.shape) for x in (a, b) if isinstance(x, TracedTensor))
        if len(ids) == 2:
            return r.put("binary", word, ids, value, {"op": op})
        settings = {"op": op, "first": isinstance(a, TracedTensor)}
        other = b if isinstance(a, TracedTensor) else a
        if isinstance(other, Constant):
            r.must(other.value.dim() < value.dim() or len(other.value) == 1, "a constant differs between samples")
            # Which number of the constant each element meets: PyTorch broadcasts the places as it does the numbers.
            places = torch.broadcast_to(torch.arange(other.value.numel()).view(other.value.shape), value.shape)[0]
            settings["places"] = places.numpy()
            return r.put("held", f"{sign} {other.name}", ids, value, settings, {"held": other})
        number = float(_value(other))
        if (sign in "+-" and number == 0 and settings["first"]) or (sign in "*/" and number == 1 and settings["first"]):
            x: TracedTensor = a
            return x  # exactly
        return r.put("scalar", f"{sign} {number:g}", ids, value, {**settings, "number": number})

    return call


def _value(x: Any) -> Any:
    return x.value if isinstance(x, TracedTensor | Constant) else x


largest, total, mean = (
    reduced("MAX", "largest", torch.amax), reduced("SUM", "sum", torch.sum), reduced("AVERAGE", "mean", torch.mean)
)  # fmt: skip
subtract, divide = arithmetic("sub", operator.sub), arithmetic("div", operator.truediv)


def softmax(
    r: Recorder, x: TracedTensor, dim: int | None = None, _stacklevel: int = 3, dtype: Any = None
) -> TracedTensor:
    """exp(x - largest) over their sum, with helper cells for each."""
    powers = exp(r, _shifted(r, x, dim))
    return divide(r, powers, total(r, powers, dim, True))  # type: ignore[no-any-return]


def log_softmax(
    r: Recorder, x: TracedTensor, dim: int | None = None, _stacklevel: int = 3, dtype: Any = None
) -> TracedTensor:
    """x - largest - ln(sum of exp(x - largest))."""
    shifted = _shifted(r, x, dim)
    return subtract(r, shifted, log(r, total(r, exp(r, shifted), dim, True)))  # type: ignore[no-any-return]


def _shifted(r: Recorder, x: TracedTensor, dim: int | None) -> TracedTensor:
    """The largest becomes 0, so that exp cannot overflow."""
    r.must(dim is not None, "softmax without a dimension is not supported: name it")
    return subtract(r, x, largest(r, x, dim, True))  # type: ignore[no-any-return]


def dropout(r: Recorder, x: TracedTensor, p: float = 0.5, training: bool = True, inplace: bool = False) -> TracedTensor:
    """Nothing in eval mode."""
    r.must(not training, "dropout that goes on in eval mode gives random numbers: give it training=self.training")
    return x


def _same(r: Recorder, x: TracedTensor, *_: Any, **__: Any) -> TracedTensor:
    """The tensor itself, for all is float64 already."""
    return x


Handler = Callable[..., Any]


def _layer(name: str) -> Handler:
    """The handler of a layer without parameters."""
    return lambda r, m, x: unary(name)(r, x)


def _spellings(name: str) -> list[Any]:
    """PyTorch's functions and methods of a name, those that work in place included."""
    names = name, f"{name}_"
    return [*names, *(getattr(place, n) for place in (torch, functional) for n in names if hasattr(place, n))]


MODULES: Mapping[Any, Handler] = {
    nn.Linear: lambda r, m, x: linear(r, x, **_constants(r, m, "weight", "bias")),
    nn.Conv2d: lambda r, m, x: _conv2d_module(r, m, x),
    **dict.fromkeys((nn.BatchNorm1d, nn.BatchNorm2d), lambda r, m, x: _norm_module(r, m, x)),
    **{getattr(nn, layer): _layer(name) for name, (_, layer) in UNARY.items() if hasattr(nn, layer)},
    nn.LeakyReLU: lambda r, m, x: leaky_relu(r, x, m.negative_slope),
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
    **{key: unary(name) for name in UNARY for key in _spellings(name)},
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
    **dict.fromkeys((operator.add, operator.iadd, torch.add, "add", "add_"), arithmetic("add", operator.add)),
    **dict.fromkeys((operator.sub, operator.isub, torch.sub, "sub", "sub_"), subtract),
    **dict.fromkeys((operator.mul, operator.imul, torch.mul, "mul", "mul_"), arithmetic("mul", operator.mul)),
    **dict.fromkeys((operator.truediv, operator.itruediv, torch.div, "div", "div_"), divide),
    operator.neg: lambda r, x: arithmetic("mul", operator.mul)(r, x, -1.0),
    **dict.fromkeys((functional.dropout, functional.dropout2d, torch.dropout), dropout),
    **dict.fromkeys(("contiguous", "detach", "clone", "double", "float", "to"), _same),
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


def handler(module: nn.Module) -> Handler | None:
    """The handler of a layer, if its kind is known; a class that derives from it is taken to only add to it."""
    return next((call for kind, call in MODULES.items() if isinstance(module, kind)), None)


def _constants(r: Recorder, module: nn.Module, *names: str) -> dict[str, Any]:
    """A layer's tensors, by the names of its attributes; None where it has none."""
    tensors = {name: getattr(module, name) for name in names}
    return {name: None if t is None else r.constant(t, f"{r.layer}.{name}") for name, t in tensors.items()}


def _conv2d_module(r: Recorder, m: nn.Conv2d, x: TracedTensor) -> TracedTensor:
    r.must(m.padding_mode == "zeros", f"padding_mode {m.padding_mode!r} is not supported: use zeros")
    settings = {"stride": m.stride, "padding": m.padding, "dilation": m.dilation, "groups": m.groups}
    return conv2d(r, x, **_constants(r, m, "weight", "bias"), **settings)


def _norm_module(r: Recorder, m: nn.BatchNorm1d | nn.BatchNorm2d, x: TracedTensor) -> TracedTensor:
    t = _constants(r, m, "running_mean", "running_var", "weight", "bias")
    return batch_norm(r, x, t["running_mean"], t["running_var"], t["weight"], t["bias"], eps=m.eps)


def _attribute(r: Recorder, x: TracedTensor, name: str) -> Any:
    r.must(name in ("shape", "ndim", "dtype", "device"), f"the attribute {name} is not supported")
    return getattr(x.value, name)
