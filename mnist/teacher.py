"""Learning from larger networks: beside the labels, a pupil learns the logits that others give to the same images."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn import functional

from mnist import record
from mnist.model import sha256
from mnist.recipe import Distillation
from mnist.record import BadRecord

AT_ONCE = 32  # images: what a wide network makes of them stays in a core's cache, and takes half the time


class Teacher(nn.Module):
    """An ensemble of trained networks: (N, 1, 28, 28) images in, (N, 10) mean logits out."""

    def __init__(self, networks: Sequence[nn.Module]):
        super().__init__()
        self.networks = nn.ModuleList(networks)
        self.eval().requires_grad_(False)

    @torch.no_grad()
    def forward(self, images: Tensor) -> Tensor:
        """The logits, without gradients."""
        parts = images.split(AT_ONCE)
        return torch.stack([torch.cat([network(part).float() for part in parts]) for network in self.networks]).mean(0)

    def hashes(self) -> tuple[str, ...]:
        """The SHA-256 of each network's weights, for the pupil's record."""
        return tuple(sha256(network) for network in self.networks)


def find(how: Distillation, held_out: int, folders: Sequence[Path]) -> Teacher:
    """The networks to learn from, of the first folder of records that has the claim. Raises BadRecord.

    `held_out` training images are kept back from the pupil: a teacher that has seen them would tell of them.
    """
    claim, count = how.teacher, how.teachers
    command = f"python -m mnist seeds --net {claim} --n {count}"
    folder = next((f for f in folders if claim in record.claims(f, claim)), None)
    if folder is None:
        raise BadRecord(f"{claim}: nothing is recorded of this teacher: first run: {command}")
    records = record.claims(folder, claim)[claim].records[:count]
    if len(records) < count:
        raise BadRecord(f"{folder / claim}: {len(records)} of {count} teachers are recorded: first run: {command}")
    paths = [folder / claim / f"seed{r.seed}.json" for r in records]
    for path, r in zip(paths, records, strict=True):
        if r.held_out != held_out:
            raise BadRecord(
                f"{path}: this teacher did not keep back the same images as its pupil: train it first, with: "
                f"{command} --held-out {held_out}"
            )
    return Teacher([record.load_network(path) for path in paths])


def distilled(loss: Tensor, logits: Tensor, taught: Tensor, how: Distillation) -> Tensor:
    """(1 - distill) of the loss, and distill of the cross-entropy to what is taught, softened by the temperature.

    Times temperature squared, for softening divides the gradients by it (Hinton, Vinyals, Dean 2015, section 2.1).
    """
    share, temperature = how.distill, how.temperature
    soft = functional.cross_entropy(logits / temperature, (taught / temperature).softmax(1))
    return (1 - share) * loss + share * temperature**2 * soft
