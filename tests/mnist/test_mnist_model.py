"""The networks: their text, their parameters, their output; BatchNorm; the published counts."""

from __future__ import annotations

import pytest
import torch
from torch import nn
from torch.nn import functional

from mnist.ladder import LADDER
from mnist.model import BatchNorm, Dropout, Network, decayed, parameter_count, pooled, sha256
from mnist.notation import Architecture, BadNetwork, parse
from mnist.recipe import MOST_EPOCHS, MOST_PARAMETERS, RECIPES

# The networks of the table with their counts, as their authors give them.
COUNTS = {
    "v2-c2-v16p-v16-c16-v16-v16-c16-v32": 17_054,
    "v16-v16p-c16-v16-c16p-c16-c32": 16_848,
    "c16p-v16-c16-v16-c16p-c16-c16-c32": 19_184,
    "c16p-v16-c16=1-v16-c16=3p-v16-c16=5": 7_440,
    "c16p-v16-c16=1-v16=1-c16=1p-v16-c16=5": 5_136,
    "c16p-v16-c16=1-v16=1-c16=1p-c16=1-c16=1": 2_832,
}
PER_LAYER = [18, 4, 36, 4, 288, 32, 2304, 32, 2304, 32, 2304, 32, 2304, 32, 2304, 32, 4608, 64, 320]


@pytest.mark.parametrize("text", COUNTS)
def test_parameters_are_counted_once(text: str) -> None:
    assert parameter_count(Network(Architecture(text))) == COUNTS[text]


def test_the_reference_network_layer_by_layer() -> None:
    model = Network(RECIPES["reference"].architecture)
    kernels = [p.numel() for p in model.kernels.parameters()]
    norms = [sum(p.numel() for p in norm.parameters()) for norm in model.norms]
    found = [n for pair in zip(kernels, norms, strict=True) for n in pair] + [model.classify.weight.numel()]
    assert found == PER_LAYER and sum(found) == 17_054


def test_the_reference_network_is_that_of_plain_pytorch() -> None:
    """The same layers, spelt out by hand with torch.nn, give the same logits."""
    torch.manual_seed(1)
    model = Network(RECIPES["reference"].architecture).eval()
    layers: list[nn.Module] = []
    for inputs, outputs, padding in (
        (1, 2, 0), (2, 2, 1), (2, 16, 0), (16, 16, 0), (16, 16, 1), (16, 16, 0), (16, 16, 0), (16, 16, 1), (16, 32, 0),
    ):  # fmt: skip
        layers += [nn.Conv2d(inputs, outputs, 3, padding=padding, bias=False), nn.ReLU(), nn.BatchNorm2d(outputs)]
        layers += [nn.Dropout(0.1)] if len(layers) != 11 else [nn.Dropout(0.1), nn.MaxPool2d(2)]  # after block 2
    by_hand = nn.Sequential(*layers, nn.AvgPool2d(4), nn.Conv2d(32, 10, 1, bias=False), nn.Flatten()).eval()
    convs = [m for m in by_hand if isinstance(m, nn.Conv2d)]
    assert sum(isinstance(m, nn.MaxPool2d) for m in by_hand) == 1
    with torch.no_grad():
        for conv, kernel in zip(convs, [*model.kernels.parameters(), model.classify.weight], strict=True):
            conv.weight.copy_(kernel)
        images = torch.rand(3, 1, 28, 28) * 255
        torch.testing.assert_close(model(images), by_hand((images / 255 - 0.1307) / 0.3081))


def test_every_shipped_network_keeps_the_limits() -> None:
    for recipe in RECIPES.values():
        model = Network(recipe.architecture)
        assert model(torch.zeros(2, 1, 28, 28)).shape == (2, 10)
        assert recipe.epochs <= MOST_EPOCHS
        if not recipe.name.startswith(("ladder", "teacher")):
            assert parameter_count(model) < MOST_PARAMETERS
    counts = [parameter_count(Network(rung.recipe.architecture)) for rung in LADDER]
    assert len(LADDER) == 6 and counts[0] > MOST_PARAMETERS > max(counts[1:])


@pytest.mark.parametrize("size", [(2, 2), (5, 4), (7, 9), (26, 26)])
@pytest.mark.parametrize("layout", [torch.contiguous_format, torch.channels_last])
def test_pooling_without_gradients_is_pytorch_s(size: tuple[int, int], layout: torch.memory_format) -> None:
    x = torch.randn(3, 4, *size).contiguous(memory_format=layout)
    with torch.no_grad():
        assert pooled(x).equal(functional.max_pool2d(x, 2))
    kept = x.clone().requires_grad_()
    pooled(kept).sum().backward()
    assert kept.grad is not None and kept.grad.sum() == pooled(x).numel()


def test_a_shared_kernel_is_one_parameter_with_two_gradients() -> None:
    torch.manual_seed(0)
    shared, apart = Network(Architecture("c3-c3-c3=1")), Network(Architecture("c3-c3-c3"))
    state = {k: v.clone() for k, v in shared.state_dict().items()}
    apart.load_state_dict(state | {"kernels.2.weight": shared.kernels["1"].weight.clone()})
    images = torch.rand(4, 1, 28, 28) * 255
    for model in (shared, apart):
        model(images).logsumexp(1).sum().backward()
    kernel = shared.kernels["1"].weight.grad
    torch.testing.assert_close(kernel, apart.kernels["1"].weight.grad + apart.kernels["2"].weight.grad)


def test_weight_decay_spares_batchnorm() -> None:
    model = Network(Architecture("c3-c4"))
    kernels, others = decayed(model)
    assert {p.dim() for p in kernels} == {4} and len(kernels) == 3
    assert sum(p.numel() for p in others) == 2 * (3 + 4)


def test_the_hash_knows_every_weight() -> None:
    torch.manual_seed(0)
    model = Network(Architecture("c3-c4"))
    before = sha256(model)
    assert sha256(model) == before
    with torch.no_grad():
        model.norms[1].running_var[2] += 1e-6
    assert sha256(model) != before


@pytest.mark.parametrize(
    ("text", "message"),
    {
        "c16--c16": "block 1 is ''",
        "16": "block 0 is '16': write it like c16, v16, v16p or c16=1",
        "c16-x16": "block 1 is 'x16'",
        "c0": "block 0 has no channels",
        "c16-c16=1": "block 1 shares block 1, which has no kernel before it",
        "c16-c16-c16=1-c16=2": "block 3 shares block 2, which has no kernel",
        "c16-c16=0": "block 1 needs a kernel 16-16, but that of block 0 is 1-16",
        "c4-c4-c5=1": "block 2 needs a kernel 4-5, but that of block 1 is 4-4",
        "v4p-v4p-v4p-v4p": "nothing of the image is left after block 3",
    }.items(),
)
def test_a_bad_network_is_one_sentence(text: str, message: str) -> None:
    with pytest.raises(BadNetwork) as caught:
        parse(text)
    assert str(caught.value).startswith("network ") and message in str(caught.value) and "\n" not in str(caught.value)


def test_batchnorm_alone_is_pytorchs() -> None:
    torch.manual_seed(0)
    ours, theirs = BatchNorm(3), nn.BatchNorm2d(3)
    x = torch.randn(8, 3, 5, 5)
    torch.testing.assert_close(ours(x), theirs(x), rtol=0, atol=0)
    torch.testing.assert_close(ours.running_var, theirs.running_var, rtol=0, atol=0)


@pytest.mark.parametrize("layout", [torch.contiguous_format, torch.channels_last])
@pytest.mark.parametrize("p", [0.1, 0.5])
def test_dropout_is_dropout(layout: torch.memory_format, p: float) -> None:
    """The right share is zeroed, independently of place; the rest is scaled; gradients see the same mask."""
    torch.manual_seed(0)
    x = torch.rand(64, 16, 9, 7).add(1).contiguous(memory_format=layout).requires_grad_()
    y = Dropout(p)(x)
    kept = y != 0
    n = x.numel()
    assert abs(float(kept.float().mean()) - (1 - p)) < 4 * (p * (1 - p) / n) ** 0.5  # four standard deviations
    for dim in range(4):  # neighbours are zeroed independently
        one, two = kept.narrow(dim, 0, kept.shape[dim] - 1), kept.narrow(dim, 1, kept.shape[dim] - 1)
        assert abs(float((~one & ~two).float().mean()) - p * p) < 0.01
    torch.testing.assert_close(y[kept], (x / (1 - p))[kept], rtol=2e-5, atol=0)
    y.sum().backward()
    torch.testing.assert_close(x.grad, kept / (1 - p), rtol=2e-5, atol=0)
    assert torch.equal(Dropout(p).eval()(x), x)


def test_dropout_of_every_shape() -> None:
    torch.manual_seed(0)
    for x in (torch.ones(7), torch.ones(3, 5).T, torch.ones(2, 3, 5, 7).permute(1, 2, 3, 0), torch.ones(0, 3)):
        y = Dropout(0.5)(x)
        assert y.shape == x.shape and set(y.unique().tolist()) <= {0.0, 2.0}
