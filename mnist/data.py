"""The 70,000 images of MNIST, checked, as uint8 tensors on one device."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from typing import NamedTuple

import torch
from torch import Tensor

from sheetgen.base.errors import UserError

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


def find(data: Path | None = None) -> Path | None:
    """The folder of the four files: the one that `data` or the environment names, MNIST in it, or MNIST/raw in it."""
    folder = folder_of(data)
    places = (folder / "MNIST" / "raw", folder / "raw", folder)
    return next((p for p in places if all((p / name).is_file() for name in FILES)), None)


def load(data: Path | None = None, download: bool = True) -> tuple[Images, Images]:
    """The 60,000 training and the 10,000 test images, downloaded if they are absent. Raises NoData."""
    from torchvision.datasets.mnist import read_image_file, read_label_file

    raw = find(data)
    if raw is None:
        if not download:
            raise NoData(f"{folder_of(data)}: MNIST is not there: name its folder with --data or in MNIST_DATA")
        raw = _download(folder_of(data))
    for name, digest in FILES.items():
        if _sha256(raw / name) != digest:
            raise NoData(f"{raw / name}: the file is damaged (its SHA-256 is another): delete it and run again")
    images, labels, test_images, test_labels = (str(raw / name) for name in FILES)
    return (
        Images(read_image_file(images)[:, None], read_label_file(labels)),
        Images(read_image_file(test_images)[:, None], read_label_file(test_labels)),
    )


def _download(folder: Path) -> Path:
    """Fetch MNIST into MNIST/raw of a folder, which may be named itself. Raises NoData."""
    from torchvision.datasets import MNIST

    root = folder.parent if (folder.parent.name, folder.name) == ("MNIST", "raw") else folder
    root = root.parent if root.name == "MNIST" else root
    try:
        MNIST(root=str(root), download=True)
    except (OSError, RuntimeError) as error:  # torchvision says "Error downloading" as a RuntimeError
        raise NoData(
            f"{folder}: MNIST is not there and cannot be downloaded ({str(error).splitlines()[0]}): "
            "go online, or name a folder that has it with --data"
        ) from error
    return root / "MNIST" / "raw"


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def split(train: Images, held_out: int) -> tuple[Images, Images]:
    """The training images without the last `held_out`, and those: what hyperparameters are chosen on."""
    n = len(train.labels) - held_out
    return Images(train.images[:n], train.labels[:n]), Images(train.images[n:], train.labels[n:])
