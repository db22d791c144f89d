"""One process, or several under torchrun that share every batch: the same numbers either way."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import Tensor, distributed, nn


def device_of(name: str = "auto") -> torch.device:
    """The device asked for; `auto` takes CUDA, else MPS, else the CPU; under torchrun each process its own GPU."""
    if name != "auto":
        return torch.device(name)
    if torch.cuda.is_available():
        return torch.device("cuda", int(os.environ.get("LOCAL_RANK", 0)))
    return torch.device("mps" if torch.backends.mps.is_available() else "cpu")


@contextmanager
def together(device: torch.device) -> Iterator[None]:
    """Join the other processes if torchrun started us: nccl between GPUs, else gloo."""
    if "WORLD_SIZE" not in os.environ:
        yield
        return
    distributed.init_process_group("nccl" if device.type == "cuda" else "gloo")
    try:
        yield
    finally:
        distributed.destroy_process_group()


def world() -> int:
    """How many processes share a batch."""
    return distributed.get_world_size() if distributed.is_initialized() else 1


def rank() -> int:
    """Which of them this is; only 0 prints and writes."""
    return distributed.get_rank() if distributed.is_initialized() else 0


def share(batch: Tensor) -> Tensor:
    """This process's part of a batch."""
    return batch.chunk(world())[rank()]


def summed(x: Tensor) -> Tensor:
    """The sum over all processes."""
    if world() > 1:
        distributed.all_reduce(x)
    return x


def wrap(model: nn.Module) -> nn.Module:
    """The model as it is trained: its gradients averaged over all processes."""
    if world() == 1:
        return model
    from torch.nn.parallel import DistributedDataParallel

    # BatchNorm's running statistics are the same everywhere (see `norm`), and kernels may be shared between blocks.
    return DistributedDataParallel(model, broadcast_buffers=False)
