"""The networks of `notation` in PyTorch."""

from __future__ import annotations

import hashlib

import torch
from torch import Tensor, distributed, nn
from torch.nn import functional

from mnist.notation import CLASSES, Architecture, parse

CHANCES = 2**16
AT_ONCE = 500  # images


class Dropout(nn.Module):
    """Zero each number with probability p, and scale the rest by 1 / (1 - p), as `torch.nn.Dropout` does.

    On a CPU most of that one's time goes into 64 random bits per number, one thread at a time; 16 are enough, so that
    one random number makes four draws: p is rounded to a multiple of 2^-16, and the scale is that of the rounded p.
    """

    def __init__(self, p: float):
        super().__init__()
        self.p = p

    def forward(self, x: Tensor) -> Tensor:
        """Any shape in and out."""
        if not self.training or x.device.type != "cpu":
            return functional.dropout(x, self.p, self.training)
        if not x.is_contiguous(memory_format=torch.channels_last if x.dim() == 4 else torch.contiguous_format):
            x = x.contiguous()
        below = round(self.p * CHANCES)
        bits = torch.empty((x.numel() + 3) // 4, dtype=torch.int64).random_(-(2**63), None)
        chances = bits.view(torch.int16)[: x.numel()]  # -32768 to 32767, all alike
        mask = (chances >= below - CHANCES // 2).to(x.dtype).mul_(CHANCES / (CHANCES - below))
        return x * mask.as_strided(x.shape, x.stride())  # x is dense: the mask lies in memory as x does

    def extra_repr(self) -> str:
        """For `print(model)`."""
        return f"p={self.p}"


class BatchNorm(nn.BatchNorm2d):
    """`torch.nn.BatchNorm2d`; with data-parallel training its mean and variance are taken over all processes.

    `torch.nn.SyncBatchNorm` does so on GPUs only. Every process must hold equally many images.
    """

    shared = True  # False where every process is given the whole batch

    def forward(self, x: Tensor) -> Tensor:
        """(N, C, H, W) in and out."""
        if not (self.training and self.shared and distributed.is_available() and distributed.is_initialized()):
            return super().forward(x)
        from torch.distributed.nn.functional import all_reduce  # differentiable

        world = distributed.get_world_size()
        values = x.to(self.running_mean.dtype)  # under autocast, x is of half precision
        mean = all_reduce(values.mean((0, 2, 3))) / world
        variance = all_reduce((values - mean[:, None, None]).square().mean((0, 2, 3))) / world
        with torch.no_grad():
            n = x.numel() // x.shape[1] * world
            momentum = self.momentum or 0.0
            self.running_mean.lerp_(mean, momentum)
            self.running_var.lerp_(variance * n / (n - 1), momentum)
            self.num_batches_tracked.add_(1)
        scale = self.weight * torch.rsqrt(variance + self.eps)
        shift = self.bias - mean * scale
        return x * scale[:, None, None] + shift[:, None, None]


class Network(nn.Module):
    """(N, 1, 28, 28) images of 0 to 255 in, (N, 10) logits out. Raises BadNetwork."""

    def __init__(self, architecture: Architecture):
        super().__init__()
        a = architecture
        self.blocks, self.mean, self.std = parse(a.net), a.mean, a.std
        self.kernels, self.norms = nn.ModuleDict(), nn.ModuleList()
        for k, block in enumerate(self.blocks):
            if block.shared is None:
                self.kernels[str(k)] = nn.Conv2d(block.inputs, block.channels, 3, bias=False)
            self.norms.append(BatchNorm(block.channels) if a.batch_norm else nn.Identity())
        last, average = self.blocks[-1], a.head == "pooled"
        self.dropout = Dropout(a.dropout) if a.dropout else nn.Identity()
        self.pool = nn.AvgPool2d(last.size) if average else nn.Identity()
        self.classify = nn.Conv2d(last.channels, CLASSES, 1 if average else last.size, bias=False)
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


@torch.no_grad()
def recalibrate(model: nn.Module, images: Tensor) -> None:
    """Give every BatchNorm the mean over all batches of its batch's statistics; nothing else changes.

    While a network learns, its running mean and variance are of warped images and of weights that have changed since;
    it is tested on images as they are (compare Wu and Johnson 2021, "Rethinking 'Batch' in BatchNorm", section 3).
    `images` are (N, 1, 28, 28) of 0 to 255; the model is left in evaluation mode.
    """
    model.eval()
    norms = [m for m in model.modules() if isinstance(m, BatchNorm)]
    before = [norm.momentum for norm in norms]
    for norm in norms:
        norm.train()
        norm.shared = False  # data-parallel, every process measures all images for itself
    for k, part in enumerate(images.split(AT_ONCE)):
        for norm in norms:
            norm.momentum = 1 / (k + 1)
        model(part.float().contiguous(memory_format=torch.channels_last))
    for norm, momentum in zip(norms, before, strict=True):
        norm.momentum, norm.shared = momentum, True
        norm.eval()
