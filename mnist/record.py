"""Records of real runs: a JSON file and the weights for every seed, in a folder for every claim. No pixels."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, astuple, dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mnist.notation import CLASSES
from mnist.recipe import Recipe
from sheetgen.base.errors import UserError
from sheetgen.base.files import move_into_place, staging

if TYPE_CHECKING:
    from mnist.model import Network

RUNS = Path(__file__).parent / "runs"
FORMAT = 1


class BadRecord(UserError):
    """A record that is missing, broken or contradicts itself; the message is one sentence."""


@dataclass(frozen=True)
class Epoch:
    """A row of the log. Losses are mean cross-entropies; accuracies are per cent, of the images as they were fed."""

    epoch: int
    learning_rate: float  # of its last step
    train_loss: float
    train_accuracy: float
    test_loss: float
    test_accuracy: float
    seconds: float


@dataclass(frozen=True)
class Mistake:
    """One misclassified image: where it stands in the test set, its class, the class given, with what probability."""

    index: int
    true: int
    predicted: int
    probability: float


@dataclass(frozen=True)
class Record:
    """All that is kept of one run."""

    recipe: Recipe
    seed: int
    parameters: int
    tested: int  # how many images the accuracy is of
    held_out: int  # training images kept back and tested on instead of the test set; 0 for a final run
    epochs: tuple[Epoch, ...]
    views_accuracy: float  # of nine views of each image, per cent
    wall_seconds: float  # from the start of the process, data loading included
    confusion: tuple[tuple[int, ...], ...]  # by true class, then predicted class
    mistakes: tuple[Mistake, ...]
    weights_sha256: str
    versions: dict[str, str]
    hardware: dict[str, str]
    command: str
    taught_by: tuple[str, ...] = ()  # the SHA-256 of the teachers' weights

    @property
    def last(self) -> Epoch:
        """The last epoch."""
        return self.epochs[-1]

    @property
    def accuracy(self) -> float:
        """At the last epoch, per cent: what counts."""
        return self.last.test_accuracy

    @property
    def best(self) -> float:
        """At the best epoch, per cent: reported, never claimed."""
        return max(e.test_accuracy for e in self.epochs)

    @property
    def gap(self) -> float:
        """By how much the train accuracy is above the test accuracy at the last epoch, in points."""
        return self.last.train_accuracy - self.last.test_accuracy

    def as_dict(self) -> dict[str, Any]:
        """As its JSON has it."""
        return {"format": FORMAT} | asdict(self) | {"recipe": self.recipe.as_dict()}

    def first_above(self, target: float) -> int | None:
        """The first epoch whose test accuracy is at least `target`."""
        return next((e.epoch for e in self.epochs if e.test_accuracy >= target), None)


@dataclass(frozen=True)
class Claim:
    """The records of one recipe, by seed."""

    name: str
    records: tuple[Record, ...]

    @cached_property
    def recipe(self) -> Recipe:
        """The same for all its seeds."""
        return self.records[0].recipe

    @property
    def accuracies(self) -> list[float]:
        """Last-epoch accuracies by seed, per cent."""
        return [r.accuracy for r in self.records]

    def average(self, figure: Callable[[Record], float]) -> float:
        """A figure's mean over all seeds that are recorded, as AVERAGE has it."""
        return sum(map(figure, self.records)) / len(self.records)

    @property
    def mean(self) -> float:
        """Of the accuracies."""
        return self.average(lambda r: r.accuracy)

    @property
    def deviation(self) -> float:
        """Their sample standard deviation; 0 for a single seed."""
        n, mean = len(self.records), self.mean
        return float(sum((a - mean) ** 2 for a in self.accuracies) / (n - 1)) ** 0.5 if n > 1 else 0.0

    @property
    def score(self) -> str:
        """Mean and deviation in words."""
        return f"{self.mean:.3f} ± {self.deviation:.3f} %" if len(self.records) > 1 else f"{self.mean:.2f} %"

    @property
    def best(self) -> float:
        """At the best epoch of the best seed, per cent."""
        return max(r.best for r in self.records)

    @property
    def views(self) -> float:
        """The mean accuracy of nine views."""
        return self.average(lambda r: r.views_accuracy)

    @property
    def gap(self) -> float:
        """The mean of train less test accuracy at the last epoch."""
        return self.average(lambda r: r.gap)

    @property
    def seconds(self) -> float:
        """The mean of whole runs."""
        return self.average(lambda r: r.wall_seconds)

    def first_above(self, target: float) -> int | None:
        """The first epoch at which every seed has been at the target; None if one never was."""
        epochs = [r.first_above(target) for r in self.records]
        return None if None in epochs else max(filter(None, epochs))


def weights_path(record: Path) -> Path:
    """The weights that belong to a record."""
    return record.with_suffix(".safetensors")


def write(record: Record, model: Network, folder: Path) -> Path:
    """Write a record and its weights; both are moved into place when whole. Returns the record's path."""
    from safetensors.torch import save

    path = folder / f"seed{record.seed}.json"
    with staging(path) as drafts:
        state = {k: v.detach().cpu().contiguous() for k, v in model.state_dict().items()}
        (drafts / "weights").write_bytes(save(state))
        (drafts / "record").write_text(_text(record.as_dict()), encoding="utf-8")
        move_into_place(drafts / "weights", weights_path(path))
        move_into_place(drafts / "record", path)
    return path


def _text(data: dict[str, Any]) -> str:
    """JSON in which every epoch, mistake and row of the matrix is one line, so that a diff can be read."""
    lines = []
    for key, value in data.items():
        if isinstance(value, Sequence) and not isinstance(value, str) and value and not isinstance(value[0], str):
            rows = ",\n".join("  " + json.dumps(row) for row in value)
            lines.append(f" {json.dumps(key)}: [\n{rows}\n ]")
        else:
            lines.append(f" {json.dumps(key)}: {json.dumps(value)}")
    return "{\n" + ",\n".join(lines) + "\n}\n"


def read(path: Path) -> Record:
    """A record, checked for what must agree in it. Raises BadRecord."""
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
        if data.pop("format") != FORMAT:
            raise BadRecord(f"{path}: the record has another format: use the sheetgen that wrote it")
        # Before recipes said how many teach, the teachers' weights told it alone.
        recipe = {"teachers": len(data.get("taught_by", ()))} | data["recipe"]
        record = Record(
            **data
            | {
                "recipe": Recipe.from_dict(recipe),
                "epochs": tuple(Epoch(**row) for row in data["epochs"]),
                "confusion": tuple(tuple(row) for row in data["confusion"]),
                "mistakes": tuple(Mistake(**row) for row in data["mistakes"]),
                "taught_by": tuple(data.get("taught_by", ())),
            }
        )
        wrong = _contradiction(record)
    except OSError as error:
        raise BadRecord(f"{path}: the record cannot be read ({error.strerror})") from error
    except (ValueError, TypeError, KeyError, AttributeError, IndexError) as error:
        raise BadRecord(f"{path}: the record is broken: train again, or take the file from the repository") from error
    if wrong:
        raise BadRecord(f"{path}: the record contradicts itself: {wrong}")
    return record


def _contradiction(r: Record) -> str:
    """A phrase about what cannot be true together; empty if a record is consistent."""
    numbers = (r.seed, r.parameters, r.held_out, r.views_accuracy, r.wall_seconds)
    if not all(map(_finite, (*numbers, *(x for e in r.epochs for x in astuple(e))))):
        return "it holds something that is no number"
    texts = (r.command, r.weights_sha256, *r.taught_by, *r.versions.values(), *r.hardware.values())
    if not all(isinstance(x, str) for x in texts):
        return "it holds something that is no text"
    if len(set(r.taught_by)) != (teachers := r.recipe.distillation.teachers):
        return f"its recipe has {teachers} teachers, and {len(set(r.taught_by))} taught it"
    if not isinstance(r.tested, int) or r.tested < 1:
        return "it tested no images"
    if [e.epoch for e in r.epochs] != list(range(1, r.recipe.epochs + 1)):
        return f"its log is not of the epochs 1 to {r.recipe.epochs}"
    if len(r.confusion) != CLASSES or any(len(row) != CLASSES for row in r.confusion):
        return "its confusion matrix is not 10 by 10"
    if sum(map(sum, r.confusion)) != r.tested:
        return f"its confusion matrix does not count {r.tested:,} images"
    right = sum(r.confusion[k][k] for k in range(CLASSES))
    if right != r.tested - len(r.mistakes):
        return "its confusion matrix and its list of mistakes do not count alike"
    for m in r.mistakes:
        if not 0 <= m.index < r.tested or not 0 <= m.probability <= 1 or m.true == m.predicted:
            return f"image {m.index} is no mistake"
    if abs(100 * right / r.tested - r.accuracy) > 1e-9:
        return "its last accuracy is not that of its confusion matrix"
    return ""


def _finite(x: object) -> bool:
    return isinstance(x, int | float) and math.isfinite(x)


def claims(folder: Path = RUNS, pattern: str = "*") -> dict[str, Claim]:
    """Every claim that is recorded and whose name is like the pattern, by name. Raises BadRecord."""
    by_name = {}
    for place in sorted(p for p in folder.glob(pattern) if p.is_dir()) if folder.is_dir() else []:
        paths = sorted(place.glob("seed*.json"), key=lambda p: int(p.stem.removeprefix("seed")))
        records = tuple(read(p) for p in paths)
        for path, r in zip(paths, records, strict=True):
            if path.stem != f"seed{r.seed}":
                raise BadRecord(f"{path}: the record is of seed {r.seed}: give it that name")
        if any(r.recipe != records[0].recipe for r in records):
            raise BadRecord(f"{place}: its seeds were trained with different recipes: keep those of one")
        if any(set(r.taught_by) != set(records[0].taught_by) for r in records):
            raise BadRecord(f"{place}: its seeds were taught by different networks: keep those that the same taught")
        if records:
            by_name[place.name] = Claim(place.name, records)
    return by_name


def seconds_of_teachers(pupil: Record, records: Iterable[Record]) -> float | None:
    """How long a run's teachers were trained, in all; None if some of them are not among the records."""
    seconds = [r.wall_seconds for r in records if r.weights_sha256 in pupil.taught_by]
    return math.fsum(seconds) if len(seconds) == len(pupil.taught_by) else None


def load_network(path: Path) -> Network:
    """The trained network of a record, its weights checked against the recorded SHA-256. Raises BadRecord."""
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    from mnist.model import Network, sha256

    record = read(path)
    model = Network(record.recipe.architecture)
    try:
        model.load_state_dict(load_file(weights_path(path)))
    except (OSError, SafetensorError, RuntimeError) as error:
        raise BadRecord(f"{weights_path(path)}: the weights cannot be read, or are another network's") from error
    if sha256(model) != record.weights_sha256:
        raise BadRecord(f"{weights_path(path)}: these are not the weights that the record tells of (SHA-256)")
    model.eval()
    return model
