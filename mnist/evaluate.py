"""A trained network on images: logits, accuracy, confusion matrix, mistakes; and recorded networks evaluated again."""

from __future__ import annotations

import os
import platform
from collections.abc import Callable
from functools import cache
from pathlib import Path

import numpy
import torch
from torch import Tensor, nn
from torch.nn import functional

from mnist import data, record
from mnist.notation import CLASSES
from mnist.record import Mistake, Record

BATCH = 100  # what comes between the layers stays in a core's cache: twice as fast as a thousand


@torch.inference_mode()
def logits(model: nn.Module, images: Tensor) -> Tensor:
    """(N, 10) logits of (N, 1, 28, 28) uint8 images, in evaluation mode and float32."""
    model.eval()
    like = torch.channels_last
    parts = [model(batch.float().contiguous(memory_format=like)) for batch in images.split(BATCH)]
    return torch.cat(parts)


def loss_and_accuracy(scores: Tensor, labels: Tensor) -> tuple[float, float]:
    """The mean cross-entropy, and the accuracy in per cent."""
    loss = functional.cross_entropy(scores, labels).item()
    return loss, accuracy(scores, labels)


def accuracy(scores: Tensor, labels: Tensor) -> float:
    """Per cent of the rows whose largest score is the label's: exact, two decimals for 10,000 images."""
    return 100 * int((scores.argmax(1) == labels).sum()) / len(labels)


def confusion(scores: Tensor, labels: Tensor) -> list[list[int]]:
    """Counts by true class (row) and predicted class (column)."""
    pairs = labels * CLASSES + scores.argmax(1)
    return torch.bincount(pairs, minlength=CLASSES**2).view(CLASSES, CLASSES).tolist()  # type: ignore[no-any-return]


def mistakes(scores: Tensor, labels: Tensor) -> list[Mistake]:
    """Every misclassified image, the surest mistake first."""
    probability, predicted = scores.double().softmax(1).max(1)
    wrong = (predicted != labels).nonzero().flatten().tolist()
    unsorted = [Mistake(k, int(labels[k]), int(predicted[k]), float(probability[k])) for k in wrong]
    return sorted(unsorted, key=lambda m: (-m.probability, m.index))


@torch.inference_mode()
def views(model: nn.Module, images: Tensor) -> Tensor:
    """(N, 10) mean probabilities over nine views: each image as it is and shifted by a pixel in eight directions."""
    total = torch.zeros(len(images), CLASSES, device=images.device)
    for dy in (-1, 0, 1):
        for dx in (-1, 0, 1):
            moved = functional.pad(images, (1 + dx, 1 - dx, 1 + dy, 1 - dy))[:, :, 1:-1, 1:-1]
            total += logits(model, moved).softmax(1)
    return total / 9


def environment(device: str, threads: int) -> tuple[dict[str, str], dict[str, str]]:
    """(versions, hardware) of this process."""
    import torchvision

    versions = {"python": platform.python_version(), "torch": torch.__version__, "torchvision": torchvision.__version__}
    versions |= {"numpy": numpy.__version__}
    hardware = {"device": device, "processor": _processor(), "cores": str(os.cpu_count()), "threads": str(threads)}
    if device.startswith("cuda"):
        hardware["gpu"] = torch.cuda.get_device_name()
    return versions, hardware | {"system": f"{platform.system()} {platform.machine()}"}


@cache
def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()


def slack(recorded: Record) -> int:
    """How many images may be judged otherwise: none by the recording processor and PyTorch, else one.

    Others add in another order, and an image may stand on the edge.
    """
    versions, hardware = environment("cpu", 1)
    same_torch = versions["torch"] == recorded.versions.get("torch")
    return 0 if same_torch and hardware["processor"] == recorded.hardware.get("processor") else 1


def verify_all(folder: Path | None, records: Path | None, say: Callable[[str], object]) -> bool:
    """Whether every record's weights give the recorded accuracy (see `slack`). Raises NoData, BadRecord."""
    _, test = data.load(folder)
    right = True
    for claim in record.claims(records or record.RUNS).values():
        for recorded in claim.records:
            path = (records or record.RUNS) / claim.name / f"seed{recorded.seed}.json"
            scores = logits(record.load_network(path), test.images)
            again = accuracy(scores, test.labels)
            off = round(abs(again - recorded.accuracy) * len(test.labels) / 100)
            same = recorded.held_out > 0 or off <= slack(recorded)
            right = right and same
            verdict = "right" if same else "WRONG"
            say(f"{verdict}: {claim.name} seed {recorded.seed}: {again:.2f} %, recorded {recorded.accuracy:.2f} %")
    return right
