"""A training epoch: the conventional input pipeline against ours. `python tests/benchmarks/bench_training.py [IMAGES]`

Conventional: `DataLoader` over `torchvision.datasets.MNIST`, each image turned, made a tensor and normalised by
torchvision's transforms, `torch.nn.Dropout`, contiguous tensors. Both train the reference network with its own recipe
on the first IMAGES training images (10,000 by default), scaled to 60,000; needs MNIST (see `--data` of `mnist`).
"""

from __future__ import annotations

import sys
import time
from dataclasses import replace

import torch
from torch import nn
from torch.nn import functional
from torch.utils.data import DataLoader, Subset

from mnist import data
from mnist.data import Images
from mnist.recipe import RECIPES, Recipe
from mnist.train import Run, train

CPU = torch.device("cpu")
REFERENCE = replace(RECIPES["reference"], epochs=2)


def conventional(recipe: Recipe, count: int, workers: int) -> float:
    """Seconds of the second epoch, evaluation left out."""
    from torchvision import transforms
    from torchvision.datasets import MNIST

    turned = transforms.Compose(
        [transforms.RandomRotation(recipe.warp.rotation), transforms.ToTensor(), transforms.Normalize(0.1307, 0.3081)]
    )
    images = Subset(MNIST(root=str(data.folder_of()), train=True, transform=turned), range(count))
    loader = DataLoader(images, recipe.batch_size, shuffle=True, num_workers=workers, drop_last=True)
    torch.manual_seed(0)
    scaled = replace(recipe.architecture, mean=0.0, std=1 / 255)  # the transforms have scaled the images already
    run = Run(replace(recipe, architecture=scaled), 0, CPU)
    model = run.model.to(memory_format=torch.contiguous_format)
    if recipe.architecture.dropout:
        model.dropout = nn.Dropout(recipe.architecture.dropout)
    for _ in range(2):
        start = time.perf_counter()
        model.train()
        for batch, labels in loader:
            run.model.zero_grad()
            functional.cross_entropy(model(batch), labels).backward()
            run.optimizers[0].step()
    return time.perf_counter() - start


def ours(recipe: Recipe, training: Images) -> float:
    """Seconds of the second epoch, evaluation of ten images included."""
    few = Images(training.images[:10], training.labels[:10])
    return list(train(Run(recipe, 0, CPU), training, few))[-1].seconds


def main(count: int = 10_000) -> None:
    """Print seconds per epoch of 60,000 images, and ratios."""
    training, _ = data.load()
    part = Images(training.images[:count], training.labels[:count])
    scale = 60_000 / count
    slow = {f"DataLoader, {w} workers": conventional(REFERENCE, count, w) * scale for w in (0, 2)}
    fast = {
        "ours, float32": ours(REFERENCE, part) * scale,
        "ours, float32, no dropout": ours(replace(REFERENCE, dropout=0.0), part) * scale,
        "ours, bfloat16, no dropout": ours(replace(REFERENCE, dropout=0.0, precision="bfloat16"), part) * scale,
    }
    best = min(slow.values())
    print(f"the reference network, {torch.get_num_threads()} threads, PyTorch {torch.__version__}")
    for name, seconds in (slow | fast).items():
        print(f"{name:28s} {seconds:6.1f} s per epoch, {best / seconds:4.2f} times as fast as the better DataLoader")


if __name__ == "__main__":
    main(*(int(a) for a in sys.argv[1:]))
