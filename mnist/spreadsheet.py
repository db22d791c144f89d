"""The spreadsheet's own accuracy: the formulas of a finished workbook, as they stand in its cells, on MNIST."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from mnist import live, record
from mnist.record import BadRecord
from sheetgen.base.errors import UserError
from sheetgen.base.files import save
from sheetgen.excel import Workbook, read
from sheetgen.excel.a1 import area, range_of
from sheetgen.judge.compiled import Compiled, compile_workbook

BATCH = 200
NAMES = {"cnn_drawing": 784, "cnn_choice": 1, "cnn_logits": 10}  # what the sheet Live CNN defines, of how many cells
RELATIVE = 1e-9  # of the largest logit of an image
IMAGES_BY_IRONCALC = 200
FILE = "spreadsheet.json"  # beside the records of the claim

Say = Callable[[int, int], object]


@dataclass(frozen=True)
class Measured:
    """Results of the cells of a workbook on the test images, beside those of PyTorch in float64."""

    net: str
    seed: int
    weights_sha256: str
    images: int
    right: int  # by the cells
    agreed: int  # images of which PyTorch has the same prediction
    worst: float  # difference of a logit, relative to the largest of its image
    formulas: int  # between the drawing and the logits
    ironcalc: int  # images that IronCalc recalculated too
    ironcalc_worst: float
    seconds: float

    @property
    def accuracy(self) -> float:
        """Per cent, the cells' own."""
        return 100 * self.right / self.images

    @property
    def agrees(self) -> bool:
        """Whether every prediction and every logit is PyTorch's."""
        return self.agreed == self.images and max(self.worst, self.ironcalc_worst) <= RELATIVE


class NoLiveNetwork(UserError):
    """The workbook has no network in cells; the message is one sentence."""


def _places(workbook: Workbook) -> tuple[list[tuple[str, str]], tuple[str, str], list[tuple[str, str]]]:
    """(the cells of the drawing, that of the choice, those of the logits)."""
    for sheet in live.SHEETS:
        if sheet not in workbook.sheets:
            raise NoLiveNetwork(f"the workbook has no sheet {sheet}: build it with python build.py")
    places = []
    for name, size in NAMES.items():
        if name not in workbook.names:
            raise NoLiveNetwork(f"the workbook does not define {name}: build it with python build.py")
        text = workbook.names[name].lstrip("=")
        at = area(text) if range_of(text.rpartition("!")[2]) else None  # a stranger may have deleted the cells
        if at is None or at.sheet not in live.SHEETS or at.size != size:
            raise NoLiveNetwork(f"{name} names {text}, not the cells that it should: build it with python build.py")
        places.append([(at.sheet, where) for where in at.addresses()])
    drawing, (choice,), logits = places
    return drawing, choice, logits


def compiled(path: Path) -> Compiled:
    """(N, 784) grey values in, (N, 10) logits out. Raises NoLiveNetwork, CannotCompile, and what read does."""
    workbook = read(path)
    drawing, choice, logits = _places(workbook)
    return compile_workbook(workbook, drawing, logits, {choice: live.OWN})


def batches(images: Any, size: int = BATCH) -> Iterator[Any]:
    """Rows of pixels in float64, `size` images at a time."""
    for k in range(0, len(images), size):
        yield images[k : k + size].reshape(len(images[k : k + size]), -1).astype(float)


def apart(cells: Any, theirs: Any) -> float:
    """The worst difference of (N, 10) logits, relative to the largest of an image; infinite if a cell is no number."""
    worst = (np.abs(cells - theirs).max(1) / np.abs(theirs).max(1)).max()
    return float("inf") if np.isnan(worst) else float(worst)


def measure(path: Path, images: Any, labels: Any, network: Any, say: Say = lambda done, of: None) -> dict[str, Any]:
    """Feed (N, 28, 28) images through the cells and a float64 network; returns the part of `Measured` about both."""
    import torch

    formulas = compiled(path)
    right = agreed = done = 0
    worst = 0.0
    for pixels in batches(images):
        cells = formulas(pixels)
        with torch.no_grad():
            theirs = network(torch.from_numpy(pixels).view(-1, 1, 28, 28)).numpy()
        worst = max(worst, apart(cells, theirs))
        right += int((cells.argmax(1) == labels[done : done + len(pixels)]).sum())
        agreed += int((cells.argmax(1) == theirs.argmax(1)).sum())
        done += len(pixels)
        say(done, len(images))
    return {"images": done, "right": right, "agreed": agreed, "worst": worst, "formulas": formulas.formulas}


def by_ironcalc(path: Path, images: Any, network: Any, say: Say = lambda done, of: None) -> float:
    """The worst relative difference of a logit, if IronCalc recalculates the whole workbook for every image."""
    import torch

    from sheetgen.judge.engines import iron

    workbook = read(path)
    drawing, choice, logits = _places(workbook)
    model = iron.Live(workbook._replace(sheets={name: workbook.sheets[name] for name in live.SHEETS}))
    model.put(choice, live.OWN)
    worst = 0.0
    for done, pixels in enumerate(batches(images, 1), 1):
        for where, value in zip(drawing, pixels[0].tolist(), strict=True):
            model.put(where, value)
        cells = [x if isinstance(x, float) else float("nan") for x in model.evaluate(logits)]
        with torch.no_grad():
            theirs = network(torch.from_numpy(pixels).view(1, 1, 28, 28)).numpy()
        worst = max(worst, apart(np.array([cells]), theirs))
        say(done, len(images))
    return worst


def run(path: Path, folder: Path | None, net: str, seed: int, say: Callable[[str, int, int], object]) -> Measured:
    """Measure a workbook whose cells hold a recorded network. Raises NoData, BadRecord, NoLiveNetwork and others."""
    from mnist import data

    start = time.perf_counter()
    _, test = data.load(folder)
    where = record.RUNS / net / f"seed{seed}.json"
    network = record.load_network(where).double()
    images, labels = test.images[:, 0].numpy(), test.labels.numpy()
    by_cells = measure(path, images, labels, network, lambda done, of: say("cells", done, of))
    chosen = np.random.default_rng(seed).choice(len(images), min(IMAGES_BY_IRONCALC, len(images)), replace=False)
    worst = by_ironcalc(path, images[chosen], network, lambda done, of: say("IronCalc", done, of))
    sha = record.read(where).weights_sha256
    seconds = round(time.perf_counter() - start, 1)
    return Measured(net, seed, sha, **by_cells, ironcalc=len(chosen), ironcalc_worst=worst, seconds=seconds)


def summary(m: Measured) -> list[str]:
    """All of a measurement, a line each."""
    return [
        f"{m.net}, seed {m.seed}, weights {m.weights_sha256}",
        f"the cells' own accuracy: {m.accuracy:.2f} %, {m.right:,} of {m.images:,} images, by {m.formulas:,} formulas",
        f"PyTorch in float64 reads {m.agreed:,} alike; the worst logit differs by {m.worst:.1e} of its image's largest",
        f"IronCalc recalculated {m.ironcalc:,} of them: {m.ironcalc_worst:.1e} at worst",
        f"{m.seconds:.0f} s",
    ]


def write(measured: Measured, records: Path = record.RUNS) -> Path:
    """Keep what was measured beside the claim's records; moved into place when whole."""
    path = records / measured.net / FILE
    save(path, (json.dumps(asdict(measured), indent=1) + "\n").encode())
    return path


def load(folder: Path = record.RUNS, net: str = live.NET) -> Measured | None:
    """The recorded measurement; None if there is none. Raises BadRecord."""
    path = folder / net / FILE
    if not path.is_file():
        return None
    try:
        measured = Measured(**json.loads(path.read_text(encoding="utf-8")))
        if not 0 <= measured.right <= measured.images or measured.agreed > measured.images or measured.images < 1:
            raise BadRecord(f"{path}: what was measured contradicts itself: measure again")
    except (OSError, ValueError, TypeError) as error:
        raise BadRecord(f"{path}: what was measured is broken: run python -m mnist spreadsheet again") from error
    return measured
