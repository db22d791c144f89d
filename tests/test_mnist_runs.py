"""The committed records: whole, of the networks they name, and within the limits; and right, where MNIST is at hand."""

from __future__ import annotations

from pathlib import Path

import pytest

from mnist import data, evaluate, record
from mnist.ladder import LADDER, RECIPES
from mnist.model import build, parameter_count
from mnist.recipe import MOST_EPOCHS, MOST_PARAMETERS, TARGET
from mnist.verify import SLACK

CLAIMS = record.claims()
PATHS = [record.RUNS / name / f"seed{r.seed}.json" for name, claim in CLAIMS.items() for r in claim.records]


def test_every_claim_is_there_with_all_its_seeds() -> None:
    assert set(CLAIMS) == {"ours", *(rung.recipe.name for rung in LADDER)}
    assert [r.seed for r in CLAIMS["ours"].records] == [0, 1, 2, 3, 4]


@pytest.mark.parametrize("path", PATHS, ids=lambda p: f"{p.parent.name}-{p.stem}")
def test_a_record_is_of_its_recipe_and_has_its_weights(path: Path) -> None:
    made = record.read(path)
    assert made.recipe == RECIPES[path.parent.name] and made.held_out == 0 and made.tested == 10_000
    assert parameter_count(record.load_network(path)) == made.parameters == parameter_count(build(made.recipe))
    assert len(made.epochs) <= MOST_EPOCHS
    assert "/" not in made.command and path.stat().st_size < 100_000  # no path of somebody's machine, and no pixels


def test_ours_keeps_the_requirements_in_every_seed() -> None:
    for made in CLAIMS["ours"].records:
        assert made.parameters < MOST_PARAMETERS and len(made.epochs) <= MOST_EPOCHS
        assert made.accuracy >= TARGET and made.accuracy == made.epochs[-1].test_accuracy


def test_the_ladder_says_what_each_rung_taught() -> None:
    assert all(rung.taught and len(rung.taught) < 300 for rung in LADDER)


@pytest.fixture(scope="module")
def test_images() -> data.Images:
    """MNIST's 10,000 test images."""
    for folder in (None, Path(__file__).parents[2] / "shared" / "data"):
        try:
            return data.load(folder, download=False)[1]
        except data.NoData:
            continue
    pytest.skip("MNIST is not on this machine: set MNIST_DATA to its folder")


@pytest.mark.slow
@pytest.mark.parametrize("path", PATHS, ids=lambda p: f"{p.parent.name}-{p.stem}")
def test_the_weights_give_the_recorded_accuracy(path: Path, test_images: data.Images) -> None:
    agree(path, test_images)


def test_the_first_seed_of_ours_gives_the_recorded_accuracy(test_images: data.Images) -> None:
    agree(record.RUNS / "ours" / "seed0.json", test_images)


def agree(path: Path, test_images: data.Images) -> None:
    """Evaluated again, a record's weights make its mistakes, but for an image on the edge."""
    made = record.read(path)
    scores = evaluate.logits(record.load_network(path), test_images.images)
    assert abs(evaluate.accuracy(scores, test_images.labels) - made.accuracy) <= 0.01 * SLACK + 1e-9
    found = {m.index for m in evaluate.mistakes(scores, test_images.labels)}
    assert len(found ^ {m.index for m in made.mistakes}) <= 2 * SLACK
