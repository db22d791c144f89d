"""What cannot be written is refused in one sentence that names the layer or the limit, before anything is written."""

import copy
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from export_layer_books import export
from export_random import Call
from torch import Tensor, nn
from torch.nn import functional

from sheetgen.network.torch.graph import CannotExport
from sheetgen.network.torch.trace import trace


class Inside(nn.Module):
    """A layer that stands inside, so that its path is more than a name."""

    def __init__(self, layer: nn.Module):
        super().__init__()
        self.first, self.body = nn.Identity(), nn.Sequential(nn.Identity(), layer)

    def forward(self, x: Tensor) -> Tensor:
        return self.body(self.first(x))


class TwoInputs(nn.Module):
    def forward(self, x: Tensor, y: Tensor) -> Tensor:
        return x + y


class Unused(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.used, self.spare = nn.Linear(2, 2), nn.Linear(2, 2)

    def forward(self, x: Tensor) -> Tensor:
        return self.used(x)


class Derived(nn.Linear):
    """A layer that is a known one by its class, and does something else."""

    def forward(self, x: Tensor) -> Tensor:
        return super().forward(x) * 2


def branch(x: Tensor) -> Tensor:
    return x if x.sum() > 0 else -x


def in_place(x: Tensor) -> Tensor:
    y = x * 2
    return functional.relu_(y) + y


def hooked() -> nn.Module:
    module = nn.Sequential(nn.Linear(2, 2), nn.Tanh())
    module[0].register_forward_hook(lambda m, x, y: y * 2)
    return module


LAYERS: dict[str, tuple[Callable[[], nn.Module], tuple[int, ...], str]] = {
    "elu": (lambda: Inside(nn.ELU()), (1, 2), r"body\.1 \(ELU\): this kind of layer is not supported"),
    "lstm": (lambda: Inside(nn.LSTM(2, 2)), (1, 3, 2), r"body\.1 \(LSTM\): this kind of layer is not supported"),
    "transposed": (lambda: Inside(nn.ConvTranspose2d(1, 1, 3)), (1, 1, 4, 4), r"body\.1 \(ConvTranspose2d\): this"),
    "gelu": (lambda: Inside(nn.GELU()), (1, 2), r"body\.1: GELU is supported in its tanh form"),
    "reflect": (
        lambda: Inside(nn.Conv2d(1, 1, 3, padding=1, padding_mode="reflect")), (1, 1, 4, 4),
        r"body\.1: padding_mode 'reflect' is not supported",
    ),
    "even same": (lambda: Inside(nn.Conv2d(1, 1, 2, padding="same")), (1, 1, 4, 4), r"body\.1: padding='same' with an"),
    "norm": (
        lambda: Inside(nn.BatchNorm1d(2, track_running_stats=False)), (3, 2),
        r"body\.1: BatchNorm without running statistics",
    ),
    "indices": (lambda: Inside(nn.MaxPool2d(2, return_indices=True)), (1, 1, 4, 4), r"body\.1: MaxPool2d with return"),
    "softmax": (lambda: Inside(nn.Softmax(0)), (2, 2), r"body\.1: largest over the samples"),
    "too small": (lambda: Inside(nn.Conv2d(1, 1, 5)), (1, 1, 4, 4), r"body\.1: it does not run on the example"),
    "branch": (lambda: Inside(Call(branch)), (1, 2), "the module cannot be traced.*control flow"),
    "two inputs": (TwoInputs, (1, 2), "^y: the module has more than one input"),
    "pair": (lambda: Call(lambda x: (x, x)), (1, 2), "the module gives no single tensor"),
    "constant": (lambda: Call(lambda x: torch.ones(2, 2)), (2, 2), "the module gives no single tensor"),
    "mixed": (lambda: Call(lambda x: x.view(-1, 6)), (2, 3), "view|it mixes the samples of a batch"),
    "mixed again": (lambda: Call(lambda x: x.transpose(0, 1)), (3, 3), "it mixes the samples of a batch"),
    "mixed by a sum": (lambda: Call(lambda x: x + x.sum(1)), (1, 2), "it mixes the samples of a batch"),
    "by sample": (
        lambda: Call(lambda x: x + torch.arange(x.size(0))[:, None]), (1, 2), "a constant differs between samples",
    ),
    "mixed by size": (lambda: Call(lambda x: x / x.size(0)), (1, 2), "gives other numbers than its operations"),
    "other": (lambda: Inside(Call(lambda x: x.flip(1))), (1, 2), r"body\.1 \(flip\): this operation is not supported"),
    "mean": (lambda: Inside(Call(lambda x: x.mean())), (1, 2), r"body\.1: mean without dimensions mixes the samples"),
    "cat": (
        lambda: Inside(Call(lambda x: torch.cat([x, torch.zeros(2, 1)], 1))), (1, 2),
        r"body\.1: joining the input with constants",
    ),
    "pad": (lambda: Inside(Call(lambda x: functional.pad(x, (1, 1)))), (1, 2), r"body\.1 \(pad\): this operation"),
    "dropout": (lambda: Inside(Call(lambda x: functional.dropout(x, 0.5))), (1, 2), r"body\.1: dropout that goes on"),
    "random": (lambda: Call(lambda x: x + torch.randn(2)), (1, 2), "gives other numbers than its operations"),
    "in place": (lambda: Call(in_place), (1, 2), "gives other numbers than its operations"),
    "add in place": (lambda: Call(lambda x: x.add_(1) + x), (1, 2), "gives other numbers than its opera"),
    "hook": (hooked, (1, 2), "gives other numbers than its operations"),
    "derived": (lambda: Derived(2, 2), (1, 2), "gives other numbers than its operations"),
    "unused": (Unused, (1, 2), r"spare\.weight: the network never uses this parameter as it is"),
    "parametrized": (
        lambda: nn.Sequential(nn.utils.parametrizations.weight_norm(nn.Linear(2, 2))), (1, 2), "parametriz",
    ),
    "ln of 0": (lambda: Inside(Call(lambda x: torch.log(x * 0))), (1, 2), r"body\.1: it gives a number.* no cell can"),
    "nothing": (lambda: Inside(Call(lambda x: x[:, 2:].relu())), (1, 2), r"body\.1: it gives a tensor with nothing"),
    "identity": (nn.Flatten, (1, 2), "the module computes nothing"),
    "no features": (nn.ReLU, (3,), r"the example has the shape \(3,\)"),
    "part": (lambda: Call(lambda x: x.relu()[:, :1]), (1, 2), "the module's output is not what one of its layers"),
    "columns of a line": (
        lambda: nn.Sequential(nn.Linear(1, 20_000), nn.Linear(20_000, 1)), (1, 1),
        "would need 20,002 columns, and Excel has 16,384",
    ),
    "columns": (nn.ReLU, (1, 1, 1, 16_390), r"would need \d+ rows and 16,392 columns, and Excel has 1,048,576 and 16"),
    "rows": (
        lambda: nn.Sequential(*(nn.LeakyReLU(0.1) for _ in range(4))), (1, 1, 300_000, 1),
        r"would need 1,200,0\d\d rows and 3 columns, and Excel has 1,048,576",
    ),
    "numbers": (nn.ReLU, (1, 1_100_000), "the network has more than 2,000,000 numbers"),
    "characters": (
        lambda: Inside(nn.Conv2d(1, 1, 40, dilation=2)), (1, 1, 79, 79),
        r"^body\.1 .*a formula would have [\d,]{6} characters, and Excel takes 8,192: use smaller kernels",
    ),
    "arguments": (
        lambda: Inside(Call(lambda x: (x * 3).amax((2, 3)))), (1, 2, 300, 4),
        r"^body\.1 .*a formula would have 300 arguments, and Excel takes 255",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", LAYERS)
def test_it_is_refused_in_one_sentence(name: str, tmp_path: Path) -> None:
    torch.manual_seed(0)
    make, shape, why = LAYERS[name]
    with pytest.raises(CannotExport, match=why) as caught:
        export(make(), torch.ones(shape), tmp_path / "b.xlsx")
    assert "\n" not in str(caught.value) and len(str(caught.value)) < 250
    assert list(tmp_path.iterdir()) == []


def test_a_batch_of_channels_is_no_image() -> None:
    """PyTorch takes (2, H, W) for one image of two channels, which are two samples here."""
    with pytest.raises(CannotExport, match="0: a convolution needs samples of channels, rows and columns"):
        trace(nn.Sequential(nn.Conv2d(2, 2, 1)), torch.ones(1, 4, 4))


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.bfloat16])
@pytest.mark.parametrize("single", [False, True])
def test_the_module_is_left_as_it_is(dtype: torch.dtype, single: bool) -> None:
    torch.manual_seed(0)
    module: nn.Module = nn.BatchNorm1d(3)
    if not single:
        constant = torch.arange(3.0)
        module = nn.Sequential(nn.Linear(3, 3), module, nn.Dropout(), Call(lambda x: torch.relu_(x + constant)))
    module = module.to(dtype).train()
    weights = copy.deepcopy(module.state_dict())
    parts = {name: (set(vars(m)), m.training) for name, m in module.named_modules()}
    example = torch.randn(4, 3)
    before = example.clone()
    trace(module, example)
    after = module.state_dict()
    assert all(torch.equal(after[name], w) and after[name].dtype == w.dtype for name, w in weights.items())
    assert {name: (set(vars(m)), m.training) for name, m in module.named_modules()} == parts
    assert all(p.requires_grad and p.grad is None for p in module.parameters())
    assert torch.equal(example, before)


def test_a_module_that_insists_on_float32_is_taken() -> None:
    module = nn.Sequential(Call(lambda x: x.float() / 255), nn.Linear(3, 2))
    graph = trace(module, torch.randint(0, 256, (2, 3)))
    assert [op.kind for op in graph.ops] == ["scalar", "linear"]
    with torch.no_grad():
        wanted = copy.deepcopy(module[1]).double()(torch.from_numpy(graph.example) / 255)
    assert abs(graph.result - wanted.numpy()).max() < 1e-12
