"""The network that runs in cells: a recorded one, laid out by sheetgen's exporter, and what PyTorch says."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from mnist import digits
from mnist.record import RUNS, load_network
from sheetgen.writer.planes import layout
from sheetgen.writer.sheets import layers, weights

NET, SEED = "fast", 0  # 16 channels wide: a third of the work of ours, so that an edited pixel is there at once
LIVE, LAYERS, WEIGHTS, SAMPLES = "Live CNN", "CNN layers", "CNN weights", "Sample digits"
SHEETS = (LIVE, LAYERS, WEIGHTS, SAMPLES)  # they refer to one another alone
TOP, LEFT, SEEN = 6, 1, 30  # where the drawing's first pixel is (row from 1, column from 0), and the network's input
FIRST = "3 round"  # what is drawn at first
HINT = f"On {LIVE} you can choose any cell of any layer, and it is worked out."
OWN, BLANK = "my drawing", "blank page"


class Live(NamedTuple):
    """A network laid out in cells, with images and their logits."""

    layout: layout.Layout
    logits: Mapping[str, Any]  # PyTorch's in float64, by the choice that shows the image
    images: Mapping[str, Any]  # (28, 28) each


def load(folder: Path = RUNS, net: str = NET, seed: int = SEED) -> Live:
    """The recorded network, laid out. Raises BadRecord, and CannotExport from the exporter."""
    import torch

    from sheetgen.network.torch.trace import trace

    network = load_network(folder / net / f"seed{seed}.json")
    images: dict[str, Any] = {BLANK: np.zeros((digits.SIZE, digits.SIZE)), **digits.samples()}
    pixels = torch.tensor(np.stack(list(images.values())), dtype=torch.float64)[:, None]
    graph = trace(network, pixels[list(images).index(FIRST)][None], softmax=True)
    with torch.no_grad():
        logits = network.double()(pixels).numpy()
    spot = layout.Spot(LIVE, TOP - 1, SEEN)
    laid = layout.planes(graph, spot, LAYERS, WEIGHTS, layers.first_plane(graph), weights.first_section(graph))
    return Live(laid, dict(zip(images, logits, strict=True)), images)


def network() -> Any:
    """The same network as a module, for `sheetgen export mnist.live:network`. Raises BadRecord."""
    return load_network(RUNS / NET / f"seed{SEED}.json")
