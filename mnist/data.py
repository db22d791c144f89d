"""The 70,000 images of MNIST, checked, as uint8 tensors on one device."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from typing import NamedTuple

import torch
from torch import Tensor

from sheetgen.errors import UserError

FOLDER = "MNIST_DATA"  # the environment variable that names the folder

# SHA-256 of the four files, unpacked, as torchvision keeps them: a damaged one would train to a lower accuracy unseen.
FILES = {
    "train-images-idx3-ubyte": "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
    "train-labels-idx1-ubyte": "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
    "t10k-images-idx3-ubyte": "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
    "t10k-labels-idx1-ubyte": "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
}


class NoData(UserError):
    """MNIST is not there and cannot be fetched, or is damaged; the message is one sentence with the remedy."""


class Images(NamedTuple):
    """Images and their classes: (N, 1, 28, 28) uint8, and (N,) int64, on one device."""

    images: Tensor
    labels: Tensor

    def to(self, device: torch.device) -> Images:
        """The same on another device."""
        return Images(self.images.to(device), self.labels.to(device))


def folder_of(data: Path | None = None) -> Path:
    """Where MNIST is or will be: the folder asked for, that of the environment, ./data if there, or a cache."""
    if data is not None or os.environ.get(FOLDER):
        return data or Path(os.environ[FOLDER])
    return Path("data") if Path("data/MNIST").is_dir() else Path.home() / ".cache" / "sheetgen"


def load(data: Path | None = None, download: bool = True) -> tuple[Images, Images]:
    """The 60,000 training and the 10,000 test images, downloaded if they are absent. Raises NoData."""
    from torchvision.datasets import MNIST

    folder = folder_of(data)
    raw = folder / "MNIST" / "raw"
    if not all((raw / name).is_file() for name in FILES):
        if not download:
            raise NoData(f"{folder}: MNIST is not there: name its folder with --data or in MNIST_DATA")
        _download(folder)
    for name, digest in FILES.items():
        if _sha256(raw / name) != digest:
            raise NoData(f"{raw / name}: the file is damaged (its SHA-256 is another): delete it and run again")
    train, test = (MNIST(root=str(folder), train=train) for train in (True, False))
    return Images(train.data[:, None], train.targets), Images(test.data[:, None], test.targets)


def _download(folder: Path) -> None:
    from torchvision.datasets import MNIST

    try:
        MNIST(root=str(folder), download=True)
    except (OSError, RuntimeError) as error:  # torchvision says "Error downloading" as a RuntimeError
        raise NoData(
            f"{folder}: MNIST is not there and cannot be downloaded ({str(error).splitlines()[0]}): "
            "go online, or name a folder that has it with --data"
        ) from error


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def split(train: Images, held_out: int) -> tuple[Images, Images]:
    """The training images without the last `held_out`, and those: what hyperparameters are chosen on."""
    n = len(train.labels) - held_out
    return Images(train.images[:n], train.labels[:n]), Images(train.images[n:], train.labels[n:])
