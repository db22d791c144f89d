"""Made-up records of MNIST runs, from a seeded generator: right in themselves, and like real ones to look at."""

from __future__ import annotations

import hashlib
import json
import random
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from mnist import recipe as recipes
from mnist.ladder import LADDER
from mnist.notation import Architecture, layers
from mnist.recipe import RECIPES, Recipe
from mnist.record import Claim, Epoch, Mistake, Record
from mnist.sheets import pictures, sheets
from sheetgen.judge.engines.calculated import calculated
from sheetgen.writer.book import writing

TESTED = 10_000
# A network of its own, so that a better one in the recipes changes no expectation here.
OURS = replace(recipes.OURS, architecture=Architecture("v16-v16p-c16-v16-c16p-c16-c32"))
SEEDS = {"ours": 5, "ours-1-teacher": 3, "ours-untaught": 2, "reference": 5, "small": 5, "fast": 3, "teacher": 3} | {
    rung.recipe.name: 1 for rung in LADDER
}
WRONG = {"ours": 36, "reference": 60, "small": 55, "fast": 45}  # about so many of the images


def record(recipe: Recipe, seed: int, wrong: int = 0) -> Record:
    """A run with about `wrong` mistakes, or just as many as its random numbers say."""
    random_ = random.Random(f"{recipe.name} {seed}")
    wrong = max(1, (wrong or random_.randint(50, 110)) + random_.randint(-5, 5))
    mistakes = _mistakes(random_, wrong)
    confusion = [[0] * 10 for _ in range(10)]
    for k in range(TESTED):
        confusion[k % 10][k % 10] += 1
    for m in mistakes:
        confusion[m.true][m.true] -= 1
        confusion[m.true][m.predicted] += 1
    epochs = _epochs(random_, recipe, wrong)
    return Record(
        recipe=recipe,
        seed=seed,
        parameters=sum(x.parameters for x in layers(recipe.architecture)),
        tested=TESTED,
        held_out=0,
        epochs=epochs,
        views_accuracy=min(100.0, epochs[-1].test_accuracy + random_.uniform(0, 0.1)),
        wall_seconds=sum(e.seconds for e in epochs) + 3.5,
        confusion=tuple(map(tuple, confusion)),
        mistakes=tuple(mistakes),
        weights_sha256=sha(recipe.name, seed),
        versions={"python": "3.11.2", "torch": "2.4.0", "torchvision": "0.19.0", "numpy": "1.26.4"},
        hardware={"device": "cpu", "processor": "A processor @ 2.5 GHz", "cores": "2", "threads": "1"},
        command=f"python -m mnist train --net {recipe.name} --seed {seed}",
        taught_by=tuple(sha(recipe.distillation.teacher, k) for k in range(recipe.distillation.teachers)),
    )


def sha(name: str, seed: int) -> str:
    """What stands for the SHA-256 of a run's weights."""
    return hashlib.sha256(f"{name} {seed}".encode()).hexdigest()


def _mistakes(random_: random.Random, wrong: int) -> list[Mistake]:
    found = []
    for index in sorted(random_.sample(range(TESTED), wrong)):
        true = index % 10
        predicted = random_.choice([k for k in range(10) if k != true])
        found.append(Mistake(index, true, predicted, random_.uniform(0.35, 0.99)))
    return sorted(found, key=lambda m: (-m.probability, m.index))


def _epochs(random_: random.Random, recipe: Recipe, wrong: int) -> tuple[Epoch, ...]:
    """Accuracies that rise to what the mistakes leave."""
    final, rows = 100 * (TESTED - wrong) / TESTED, []
    for epoch in range(1, recipe.epochs + 1):
        left = 1 - epoch / recipe.epochs
        test = final if left == 0 else round(final - 1.6 * left**2 - random_.uniform(-0.05, 0.2) * left, 2)
        train = round(final - 0.4 - 6 * left**3, 3)
        loss = 0.012 + 0.06 * left**2
        rate = recipe.rate(epoch * 100 - 1, 100)
        rows.append(Epoch(epoch, rate, loss * 3, train, loss, test, 14 + random_.uniform(0, 1)))
    return tuple(rows)


def claims(names: Sequence[str] = tuple(SEEDS)) -> dict[str, Claim]:
    """Claims by name, every seed made up."""
    known = RECIPES | {OURS.name: OURS}
    return {
        name: Claim(name, tuple(record(known[name], seed, WRONG.get(name, 0)) for seed in range(SEEDS[name])))
        for name in names
    }


def save(folder: Path, made: Record) -> Path:
    """Put a record where `mnist.record.claims` finds it; it has no weights."""
    path = folder / made.recipe.name / f"seed{made.seed}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(made.as_dict()), encoding="utf-8")
    return path


def pixels(indices: Sequence[int]) -> list[list[list[int]]]:
    """Images that stand in for MNIST's: a bright stroke whose place depends on the index."""
    return [
        [[max(0, 255 - 40 * abs(x - 8 - (k + y) % 12)) if 4 <= y < 24 else 0 for x in range(28)] for y in range(28)]
        for k in indices
    ]


def nowhere(_: Sequence[int]) -> None:
    """MNIST is not at hand."""


def alone(path: Path, made: Mapping[str, Claim], find: pictures.Find = nowhere) -> Path:
    """A workbook with nothing but the sheets of some claims."""
    with writing(path, "MNIST", calculated) as book:
        book.sheet("Start", "", "")
        sheets(made, LADDER, find).write(book)
    return path
