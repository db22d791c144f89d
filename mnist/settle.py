"""BatchNorm's statistics measured anew after training: by the last weights, on the images as they are.

While a network learns, its running mean and variance are of warped images and of weights that have changed since. It
is tested on images that nobody warps (compare Wu and Johnson 2021, "Rethinking 'Batch' in BatchNorm", section 3).
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from mnist.norm import BatchNorm

AT_ONCE = 500  # images


@torch.no_grad()
def settle(model: nn.Module, images: Tensor) -> None:
    """Give every BatchNorm the mean over all batches of its batch's statistics; nothing else changes.

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
