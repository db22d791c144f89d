"""Random modules for the tests of the exporter: layers, shapes and settings by hypothesis, weights by a seed."""

from collections.abc import Callable
from typing import Any, NamedTuple

import torch
from hypothesis import strategies as st
from torch import Tensor, nn
from torch.nn import functional


class Call(nn.Module):
    """A function of x and of what the layers given give for x."""

    def __init__(self, f: Callable[..., Tensor], *layers: nn.Module):
        super().__init__()
        self.f, self.layers = f, nn.ModuleList(layers)

    def forward(self, x: Tensor) -> Tensor:
        return self.f(x, *(layer(x) for layer in self.layers))


class Normalised(nn.Module):
    """(x - mean) / std with buffers, one number for each channel or for all."""

    def __init__(self, count: int, dims: int):
        super().__init__()
        shape = (count, *[1] * (dims - 1)) if count > 1 else ()
        self.register_buffer("mean", torch.randn(shape))
        self.register_buffer("std", torch.rand(shape) + 0.5)

    def forward(self, x: Tensor) -> Tensor:
        return (x - self.mean) / self.std


class Twice(nn.Module):
    """The kernel of one layer, used again with another stride."""

    def __init__(self, channels: int):
        super().__init__()
        self.conv = nn.Conv2d(channels, channels, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        return functional.conv2d(torch.tanh(self.conv(x)), self.conv.weight, padding=1)


ELEMENTWISE: list[Callable[[], nn.Module]] = [
    nn.ReLU, nn.LeakyReLU, lambda: nn.LeakyReLU(0.1 + 0.2), nn.Sigmoid, nn.Tanh, lambda: nn.GELU(approximate="tanh"),
    nn.Dropout, nn.Identity,
    lambda: Call(lambda x: 5 - x * -2), lambda: Call(lambda x: -x / 3), lambda: Call(lambda x: 2 / (x * x + 1) - 1),
    lambda: Call(lambda x: -2 * (1 - torch.sigmoid(x)) * x), lambda: Call(lambda x: -3 - (-2 * x)),
    lambda: Call(lambda x: 0.1 / (-0.7 / (torch.exp(torch.tanh(x)) - 5))),
    lambda: Call(lambda x: torch.log(torch.relu(x) + (1 / 3)) + x),
]  # fmt: skip


def _pair(low: int, high: int) -> st.SearchStrategy[tuple[int, int]]:
    return st.tuples(st.integers(low, high), st.integers(low, high))


@st.composite
def convolutions(draw: Any, channels: int, same: bool = False) -> nn.Module:
    """Conv2d with any settings, or one that keeps the shape of its input."""
    groups = draw(st.sampled_from([g for g in range(1, channels + 1) if channels % g == 0]))
    outputs = channels if same else groups * draw(st.integers(1, 3 if groups == 1 else 2))
    bias = draw(st.booleans())
    if same or draw(st.booleans()):
        kernel = draw(st.sampled_from([(1, 1), (3, 3), (1, 3), (3, 1)]))
        dilation = draw(st.sampled_from([1, 2]))
        return nn.Conv2d(channels, outputs, kernel, padding="same", dilation=dilation, groups=groups, bias=bias)
    kernel, stride, padding, dilation = draw(_pair(1, 3)), draw(_pair(1, 2)), draw(_pair(0, 2)), draw(_pair(1, 2))
    return nn.Conv2d(channels, outputs, kernel, stride, padding, dilation, groups, bias)


@st.composite
def pools(draw: Any) -> nn.Module:
    """MaxPool2d, AvgPool2d and AdaptiveAvgPool2d with any settings."""
    kernel = draw(_pair(1, 3))
    stride = draw(st.none() | _pair(1, 3))
    padding = tuple(draw(st.integers(0, k // 2)) for k in kernel)
    ceil = draw(st.booleans())
    return draw(st.sampled_from([
        nn.MaxPool2d(kernel, stride, padding, draw(st.sampled_from([1, 1, 2])), ceil_mode=ceil),
        nn.AvgPool2d(kernel, stride, padding, ceil, draw(st.booleans()), draw(st.none() | st.integers(2, 7))),
        nn.AdaptiveAvgPool2d((draw(st.integers(1, 4)), draw(st.none() | st.integers(1, 3)))),
    ]))  # fmt: skip


@st.composite
def planes_layers(draw: Any, shape: tuple[int, ...]) -> nn.Module:
    """Any layer on (C, H, W)."""
    c, pixels = shape[0], shape[0] * shape[1] * shape[2]
    kind = draw(st.integers(0, 13))
    if kind < 4:
        return draw(convolutions(c))
    if kind < 6:
        return draw(pools())
    if kind == 6:
        return nn.BatchNorm2d(c, affine=draw(st.booleans()), eps=draw(st.sampled_from([1e-5, 0.1 + 0.2])))
    if kind == 7:
        dim = draw(st.sampled_from([1, -1]))
        return draw(st.sampled_from([Normalised(c, 3), nn.Softmax(dim), nn.LogSoftmax(dim), Twice(c)]))
    if kind == 8:
        a, b = draw(convolutions(c, same=True)), draw(convolutions(c, same=True))
        return draw(st.sampled_from([
            Call(lambda x, a: x + a, a), Call(lambda x, a, b: a - b * x, a, b),
            Call(lambda x, a, b: torch.cat([a, x, b], 1), a, b), Call(lambda x, a: torch.cat((a, x), dim=-1), a),
            Call(lambda x, a: x.mean((2, 3), keepdim=True) * a, a), Call(lambda x, a: a - a.sum(1, keepdim=True), a),
        ]))  # fmt: skip
    if kind == 9:
        return draw(st.sampled_from([
            nn.Flatten(), Call(lambda x: x.view(x.shape[0], -1)), Call(lambda x: x.reshape(x.size(0), pixels)),
            Call(lambda x: x.amax((2, 3))), Call(lambda x: torch.mean(x, dim=[-1, -2])),
            Call(lambda x: x.transpose(1, 2)), Call(lambda x: x[:, -1:, 1:]),
            Call(lambda x: x.permute(0, 3, 1, 2).contiguous()), nn.Linear(shape[-1], 2),
        ]))  # fmt: skip
    return draw(st.sampled_from(ELEMENTWISE))()


@st.composite
def vector_layers(draw: Any, n: int) -> nn.Module:
    """Any layer on a vector."""
    kind = draw(st.integers(0, 8))
    if kind < 3:
        return nn.Linear(n, draw(st.integers(1, 5)), bias=draw(st.booleans()))
    if kind == 3:
        return nn.BatchNorm1d(n, affine=draw(st.booleans()))
    if kind == 4:
        a, b = nn.Linear(n, n), nn.Linear(n, n, bias=False)
        return draw(st.sampled_from([
            Call(lambda x, a: a + x, a), Call(lambda x, a, b: torch.cat([b, a, x], dim=1), a, b),
            Call(lambda x, a, b: a * b - x, a, b), Normalised(n, 1), nn.Softmax(1), nn.LogSoftmax(-1),
            Call(lambda x: x.sum(1, keepdim=True) * x), Call(lambda x, a: x / (a * a + 1), a),
            Call(lambda x: torch.cat(x.chunk(2, 1)[::-1], 1)),
        ]))  # fmt: skip
    return draw(st.sampled_from(ELEMENTWISE))()


class Case(NamedTuple):
    """A module, and an example for it."""

    module: nn.Module
    example: Tensor

    def __repr__(self) -> str:
        return f"{self.module!r} on {tuple(self.example.shape)}"


def randomised(module: nn.Module) -> nn.Module:
    """The module with random statistics and weights everywhere, in eval mode."""
    with torch.no_grad():
        for layer in module.modules():
            if isinstance(layer, nn.BatchNorm1d | nn.BatchNorm2d):
                assert layer.running_mean is not None and layer.running_var is not None
                layer.running_mean.normal_()
                layer.running_var.uniform_(0.2, 3)
                if layer.affine:
                    layer.weight.normal_()
                    layer.bias.normal_()
    return module.eval()


@st.composite
def cases(draw: Any, planes: bool) -> Case:
    """One to six layers on planes, or on vectors; layers that an example has become too small for are left out."""
    with torch.random.fork_rng():
        torch.manual_seed(draw(st.integers(0, 2**31)))
        shape: tuple[int, ...] = tuple(draw(st.integers(1, k)) for k in ((3, 6, 6) if planes else (5,)))
        samples = draw(st.integers(1, 3))
        example = torch.randn(samples, *shape)
        layers: list[nn.Module] = []
        for _ in range(draw(st.integers(1, 6))):
            layer = draw(planes_layers(shape) if len(shape) == 3 else vector_layers(shape[0]))
            try:
                with torch.no_grad():
                    after = nn.Sequential(*layers, layer).eval()(example)
            except RuntimeError:  # a kernel larger than what is left
                continue
            if after.numel() and after.isfinite().all():
                layers.append(layer)
                shape = tuple(after.shape[1:])
        return Case(randomised(nn.Sequential(*layers, Call(lambda x: 3 * x))), example)
