"""The committed records: whole, of the networks they name, and within the limits; and right, where MNIST is at hand."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from mnist import data, evaluate, record
from mnist.__main__ import OUT
from mnist.ladder import LADDER, RECIPES
from mnist.model import build, parameter_count
from mnist.recipe import MOST_EPOCHS, MOST_PARAMETERS, TARGET
from mnist.sheets.checklist import FAST_SECONDS, FEW_PARAMETERS, GOAL_EACH, GOAL_MEAN
from mnist.verify import slack

FIVE_SEEDS = ("ours", "small", "tiny", "reference", "fast")
CLAIMS = record.claims()
PATHS = [record.RUNS / name / f"seed{r.seed}.json" for name, claim in CLAIMS.items() for r in claim.records]


def test_every_claim_is_there_with_all_its_seeds() -> None:
    assert set(CLAIMS) == {*FIVE_SEEDS, "teacher", *(rung.recipe.name for rung in LADDER)}
    for name in FIVE_SEEDS:
        seeds = [r.seed for r in CLAIMS[name].records]
        assert len(seeds) >= 5 and seeds == list(range(len(seeds)))  # none is left out


@pytest.mark.parametrize("path", PATHS, ids=lambda p: f"{p.parent.name}-{p.stem}")
def test_a_record_is_of_its_recipe_and_has_its_weights(path: Path) -> None:
    made = record.read(path)
    assert made.recipe == RECIPES[path.parent.name] and made.held_out == 0 and made.tested == 10_000
    assert parameter_count(record.load_network(path)) == made.parameters == parameter_count(build(made.recipe))
    assert len(made.epochs) <= MOST_EPOCHS
    own = made.command.replace(str(OUT / "runs"), "").replace(str(OUT), "")  # what `seeds` passes on
    assert "/" not in own and path.stat().st_size < 100_000  # no path of somebody's machine, and no pixels


def test_ours_keeps_the_requirements_in_every_seed() -> None:
    for made in CLAIMS["ours"].records:
        assert made.parameters < MOST_PARAMETERS and len(made.epochs) <= MOST_EPOCHS
        assert made.accuracy >= TARGET and made.accuracy == made.epochs[-1].test_accuracy


def test_every_seed_of_ours_is_at_its_goal() -> None:
    assert min(CLAIMS["ours"].accuracies) >= GOAL_EACH and CLAIMS["ours"].mean >= GOAL_MEAN


@pytest.mark.parametrize(("name", "most"), FEW_PARAMETERS.items())
def test_a_small_network_keeps_its_record(name: str, most: int) -> None:
    claim = CLAIMS[name]
    assert claim.records[0].parameters <= most and claim.mean >= TARGET


def test_the_fast_run_is_at_the_target_in_time() -> None:
    for made in CLAIMS["fast"].records:
        assert made.accuracy >= TARGET and made.wall_seconds <= FAST_SECONDS
        assert made.hardware["cores"] == made.hardware["threads"] == "2" and made.hardware["device"] == "cpu"


def test_the_reference_is_the_classic_network_and_recipe() -> None:
    made = CLAIMS["reference"].records[0]
    r = made.recipe
    assert made.parameters == 17_054 and (r.precision, r.teacher, r.dropout) == ("float32", "", 0.1)
    assert (r.optimizer, r.learning_rate, r.schedule, r.every, r.factor, r.batch_size) == (
        "sgd", 0.1, "step", 6, 0.1, 512,
    )  # fmt: skip


@pytest.mark.parametrize("name", FIVE_SEEDS)
def test_pupils_name_their_teachers_by_their_weights(name: str) -> None:
    teachers = {r.weights_sha256 for r in CLAIMS["teacher"].records}
    for made in CLAIMS[name].records:
        assert set(made.taught_by) == (teachers if made.recipe.teacher else set())


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


def test_only_another_machine_may_judge_an_image_otherwise() -> None:
    made = CLAIMS["ours"].records[0]
    versions, hardware = record.environment("cpu", 1)
    assert slack(replace(made, versions=versions, hardware=hardware)) == 0
    assert slack(replace(made, versions=versions | {"torch": "0"}, hardware=hardware)) == 1
    assert slack(replace(made, versions=versions, hardware=hardware | {"processor": "x"})) == slack(
        replace(made, versions={}, hardware={})
    ) == 1


def agree(path: Path, test_images: data.Images) -> None:
    """Evaluated again, a record's weights make its mistakes, but for an image on the edge."""
    made = record.read(path)
    scores = evaluate.logits(record.load_network(path), test_images.images)
    assert abs(evaluate.accuracy(scores, test_images.labels) - made.accuracy) <= 0.01 * slack(made) + 1e-9
    found = {m.index for m in evaluate.mistakes(scores, test_images.labels)}
    assert len(found ^ {m.index for m in made.mistakes}) <= 2 * slack(made)
