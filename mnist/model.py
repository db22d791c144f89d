"""The networks of `notation` in PyTorch."""

from __future__ import annotations

import hashlib

import torch
from torch import Tensor, nn
from torch.nn import functional

from mnist.dropout import Dropout
from mnist.norm import BatchNorm
from mnist.notation import CLASSES, SIZE, parse, shrink
from mnist.recipe import Recipe


class Network(nn.Module):
    """The network of a text; (N, 1, 28, 28) images of 0 to 255 in, (N, 10) logits out.

    Raises BadNetwork. `batch_norm=False` and `head="full"`, a convolution over all that is left of the image instead of
    the average pooling, are what the ladder starts from.
    """

    def __init__(
        self,
        text: str,
        dropout: float = 0.0,
        batch_norm: bool = True,
        head: str = "pooled",
        mean: float = 0.0,
        std: float = 1.0,
    ):
        super().__init__()
        self.blocks, self.mean, self.std = parse(text), mean, std
        self.kernels, self.norms = nn.ModuleDict(), nn.ModuleList()
        channels, size = 1, SIZE
        for k, block in enumerate(self.blocks):
            if block.shared is None:
                self.kernels[str(k)] = nn.Conv2d(channels, block.channels, 3, bias=False)
            self.norms.append(BatchNorm(block.channels) if batch_norm else nn.Identity())
            channels = block.channels
            size = shrink(size, block)
        self.dropout = Dropout(dropout) if dropout else nn.Identity()
        self.pool = nn.AvgPool2d(size) if head == "pooled" else nn.Identity()
        self.classify = nn.Conv2d(channels, CLASSES, 1 if head == "pooled" else size, bias=False)
        for conv in (*self.kernels.values(), self.classify):
            nn.init.kaiming_normal_(conv.weight, nonlinearity="relu")

    def forward(self, images: Tensor) -> Tensor:
        """The logits."""
        x = (images / 255 - self.mean) / self.std
        for k, (block, norm) in enumerate(zip(self.blocks, self.norms, strict=True)):
            kernel = self.kernels[str(k if block.shared is None else block.shared)].weight
            x = functional.relu_(functional.conv2d(x, kernel, padding=int(block.padded)))
            x = self.dropout(norm(x))
            if block.pool:
                x = pooled(x)
        return self.classify(self.pool(x)).flatten(1)


def pooled(x: Tensor) -> Tensor:
    """The largest of every 2 x 2: (N, C, H, W) in, (N, C, H // 2, W // 2) out.

    Without gradients, nobody asks where the largest stood, and two comparisons are several times as fast on a CPU.
    """
    if torch.is_grad_enabled():
        return functional.max_pool2d(x, 2)
    height, width = (n // 2 * 2 for n in x.shape[2:])
    rows = torch.maximum(x[:, :, 0:height:2, :width], x[:, :, 1:height:2, :width])
    return torch.maximum(rows[..., 0::2], rows[..., 1::2])


def build(recipe: Recipe) -> Network:
    """The untrained network of a recipe. Raises BadNetwork."""
    r = recipe
    return Network(r.net, r.dropout, r.batch_norm, r.head, r.mean, r.std)


def parameter_count(model: nn.Module) -> int:
    """How many parameters are trained; a shared kernel counts once, as in PyTorch's `parameters()`."""
    return sum(p.numel() for p in model.parameters())


def decayed(model: nn.Module) -> tuple[list[nn.Parameter], list[nn.Parameter]]:
    """The parameters that weight decay shrinks (kernels), and those it leaves (BatchNorm's scales and shifts)."""
    parameters = list(model.parameters())
    return [p for p in parameters if p.dim() > 1], [p for p in parameters if p.dim() == 1]


def sha256(model: nn.Module) -> str:
    """The SHA-256 of the weights: every tensor of the state, by name, in float32 bytes."""
    digest = hashlib.sha256()
    for name, tensor in sorted(model.state_dict().items()):
        digest.update(name.encode() + b"\0")
        digest.update(tensor.detach().cpu().to(torch.float32).contiguous().numpy().tobytes())
    return digest.hexdigest()
