"""The committed records: whole, of the networks they name, and within the limits; and right, where MNIST is at hand."""

from __future__ import annotations

import json
import re
import subprocess
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest

from mnist import data, evaluate, record
from mnist.__main__ import OUT
from mnist.evaluate import slack
from mnist.ladder import LADDER
from mnist.model import Network, parameter_count
from mnist.recipe import GOAL_EACH, GOAL_MEAN, MOST_EPOCHS, MOST_PARAMETERS, RECIPES, SGD, TARGET, Stairs
from mnist.sheets.checklist import FAST_SECONDS, FEW_PARAMETERS

FIVE_SEEDS = ("ours", "ours-1-teacher", "ours-untaught", "small", "tiny", "reference", "fast")
ROOT = record.RUNS.parents[1]
CLAIMS = record.claims()
PATHS = [record.RUNS / name / f"seed{r.seed}.json" for name, claim in CLAIMS.items() for r in claim.records]


def test_every_claim_is_there_with_all_its_seeds() -> None:
    assert set(CLAIMS) == {*FIVE_SEEDS, "teacher", *(rung.recipe.name for rung in LADDER)}
    for name in FIVE_SEEDS:
        seeds = [r.seed for r in CLAIMS[name].records]
        assert len(seeds) >= 5 and seeds == list(range(len(seeds)))  # none is left out


def git(*arguments: str) -> str:
    """What git says of the repository; empty if there is none."""
    done = subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, text=True, check=False)
    return done.stdout if done.returncode == 0 else ""


def test_nothing_that_was_ever_recorded_is_gone() -> None:
    """A network that the test set has judged stays on record, whatever is recorded after it."""
    if git("rev-parse", "--is-shallow-repository").strip() != "false":
        pytest.skip("the history is not here")
    log = git("log", "--format=", "--raw", "--no-abbrev", "--", "mnist/runs/*/seed*.json")
    blobs = sorted({line.split()[3] for line in log.splitlines() if line.startswith(":")} - {"0" * 40})
    found = subprocess.run(
        ["git", "cat-file", "--batch"], cwd=ROOT, input="\n".join(blobs), capture_output=True, text=True, check=True
    )
    ever = set(re.findall(r'"weights_sha256": "(\w+)"', found.stdout))
    assert len(ever) >= 46 and ever <= {r.weights_sha256 for c in CLAIMS.values() for r in c.records}


@pytest.mark.parametrize(
    ("name", "teachers", "seeds", "mean", "deviation"),
    [("ours-untaught", 0, 5, 99.590, 0.040), ("ours-1-teacher", 1, 7, 99.587, 0.028), ("ours", 3, 5, 99.656, 0.035)],
)
def test_the_versions_of_ours_are_told_apart(
    name: str, teachers: int, seeds: int, mean: float, deviation: float
) -> None:
    claim = CLAIMS[name]
    assert claim.recipe.architecture == CLAIMS["ours"].recipe.architecture
    assert (claim.recipe.distillation.teachers, len(claim.records)) == (teachers, seeds)
    assert (round(claim.mean, 3), round(claim.deviation, 3)) == (mean, deviation)


def test_every_record_is_written_as_it_was_read(tmp_path: Path) -> None:
    """To the byte, but for keys that recipes had not yet when it was recorded."""
    for path in PATHS:
        made = record.read(path)
        before, again = path.read_text(), record.write(made, record.load_network(path), tmp_path).read_text()
        table = json.loads(before)["recipe"]
        assert made.recipe.as_dict() | table == made.recipe.as_dict()
        shown = json.dumps({key: value for key, value in made.recipe.as_dict().items() if key in table})
        lines = again.splitlines(keepends=True)
        assert lines[2].startswith(' "recipe": ')
        taught = "" if '"taught_by"' in before else f',\n "taught_by": {json.dumps(made.taught_by)}'
        assert "".join([*lines[:2], f' "recipe": {shown},\n', *lines[3:]]).replace(taught, "", 1) == before


@pytest.mark.parametrize("path", PATHS, ids=lambda p: f"{p.parent.name}-{p.stem}")
def test_a_record_is_of_its_recipe_and_has_its_weights(path: Path) -> None:
    made = record.read(path)
    assert made.recipe == RECIPES[path.parent.name] and made.held_out == 0 and made.tested == 10_000
    untrained = Network(made.recipe.architecture)
    assert parameter_count(record.load_network(path)) == made.parameters == parameter_count(untrained)
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
    assert made.parameters == 17_054 and (r.precision, r.architecture.dropout) == ("float32", 0.1)
    assert r.distillation.teacher == "" and r.batch_size == 512
    assert r.optimizer == SGD(0.1, 0.9, 0.0) and r.schedule == Stairs(6, 0.1)


@pytest.mark.parametrize("name", FIVE_SEEDS)
def test_pupils_name_their_teachers_by_their_weights(name: str) -> None:
    teachers = [r.weights_sha256 for r in CLAIMS["teacher"].records]
    for made in CLAIMS[name].records:
        assert list(made.taught_by) == teachers[: made.recipe.distillation.teachers]
        assert bool(made.recipe.distillation.teacher) == bool(made.recipe.distillation.teachers)


def test_the_cost_of_a_pupil_is_its_own_and_its_teachers() -> None:
    records = [r for claim in CLAIMS.values() for r in claim.records]
    walls = [r.wall_seconds for r in CLAIMS["teacher"].records]
    for name, count in (("ours", 3), ("ours-1-teacher", 1), ("ours-untaught", 0), ("small", 0)):
        found = record.seconds_of_teachers(CLAIMS[name].records[0], records)
        assert found == pytest.approx(sum(walls[:count]), abs=1e-9)
    assert record.seconds_of_teachers(CLAIMS["ours"].records[0], CLAIMS["teacher"].records[:2]) is None


LADDER_RECORDS = [CLAIMS[rung.recipe.name].records[0] for rung in LADDER]


def test_what_the_ladder_says_without_figures_is_so() -> None:
    """The judgements in the texts of LADDER, for the records that are shipped."""
    one, two, three, four, five, six = LADDER_RECORDS
    assert one.last.train_accuracy > 99.9 > one.accuracy and one.parameters > MOST_PARAMETERS
    assert two.parameters < one.parameters and two.gap < one.gap and two.accuracy < one.accuracy
    assert three.last.train_loss < two.last.train_loss and three.last.train_accuracy > two.last.train_accuracy
    assert four.parameters < three.parameters and four.accuracy < three.accuracy
    assert four.gap > 0 > five.gap and six.accuracy > five.accuracy
    steps = [b.accuracy - a.accuracy for a, b in pairwise(LADDER_RECORDS)]
    assert steps[-1] == max(steps)


# One recipe and one set of teachers in a folder: what differs is never averaged.


def claim_of(folder: Path, *records: dict[str, object]) -> dict[str, record.Claim]:
    """What `claims` makes of a folder that holds the first seeds of ours, each with some changes."""
    (folder / "ours").mkdir()
    for seed, changes in enumerate(records):
        data = json.loads((record.RUNS / "ours" / f"seed{seed}.json").read_text(encoding="utf-8"))
        recipe = data["recipe"] | changes.pop("recipe", {})  # type: ignore[operator]
        (folder / "ours" / f"seed{seed}.json").write_text(json.dumps(data | changes | {"recipe": recipe}))
    return record.claims(folder)


def test_seeds_with_other_numbers_of_teachers_are_not_pooled(tmp_path: Path) -> None:
    one = CLAIMS["ours"].records[0].taught_by[:1]
    with pytest.raises(record.BadRecord, match="different recipes"):
        claim_of(tmp_path, {}, {"recipe": {"teachers": 1}, "taught_by": one})


def test_seeds_with_other_teachers_are_not_pooled(tmp_path: Path) -> None:
    others = ["ab" * 32, *CLAIMS["ours"].records[0].taught_by[1:]]
    with pytest.raises(record.BadRecord, match="taught by different networks"):
        claim_of(tmp_path, {}, {"taught_by": others})


@pytest.mark.parametrize("taught_by", [[], ["ab" * 32], ["ab" * 32] * 3], ids=["none", "one", "one, thrice"])
def test_a_record_names_as_many_teachers_as_its_recipe(tmp_path: Path, taught_by: list[str]) -> None:
    with pytest.raises(record.BadRecord, match=f"its recipe has 3 teachers, and {len(set(taught_by))} taught it"):
        claim_of(tmp_path, {"taught_by": taught_by})


def test_records_from_before_recipes_counted_teachers_are_told_apart_too(tmp_path: Path) -> None:
    """They say nothing of a number, and so the weights that they name are counted."""
    path = tmp_path / "ours" / "seed0.json"
    assert claim_of(tmp_path, {})["ours"].recipe.distillation.teachers == 3
    data = json.loads(path.read_text())
    del data["recipe"]["teachers"]
    path.write_text(json.dumps(data))
    assert record.claims(tmp_path)["ours"].recipe == RECIPES["ours"]
    (tmp_path / "ours" / "seed1.json").write_text(json.dumps(data | {"seed": 1, "taught_by": data["taught_by"][:1]}))
    with pytest.raises(record.BadRecord, match="different recipes"):
        record.claims(tmp_path)


@pytest.fixture(scope="module")
def test_images() -> data.Images:
    """MNIST's 10,000 test images."""
    for folder in (None, Path(__file__).parents[3] / "shared" / "data"):
        try:
            return data.load(folder, download=False)[1]
        except data.NoData:
            continue
    pytest.skip("MNIST is not on this machine: set MNIST_DATA to its folder")


# The rest, some thirty seeds, is what `python -m mnist verify` is for: it has them all.
VERIFIED = [path for path in PATHS if path.parent.name == "ours" or path.stem == "seed0"]


@pytest.mark.slow
@pytest.mark.parametrize("path", VERIFIED, ids=lambda p: f"{p.parent.name}-{p.stem}")
def test_the_weights_give_the_recorded_accuracy(path: Path, test_images: data.Images) -> None:
    agree(path, test_images)


def test_the_first_seed_of_ours_gives_the_recorded_accuracy(test_images: data.Images) -> None:
    agree(record.RUNS / "ours" / "seed0.json", test_images)


def test_only_another_machine_may_judge_an_image_otherwise() -> None:
    made = CLAIMS["ours"].records[0]
    versions, hardware = evaluate.environment("cpu", 1)
    assert slack(replace(made, versions=versions, hardware=hardware)) == 0
    assert slack(replace(made, versions=versions | {"torch": "0"}, hardware=hardware)) == 1
    assert (
        slack(replace(made, versions=versions, hardware=hardware | {"processor": "x"}))
        == slack(replace(made, versions={}, hardware={}))
        == 1
    )


def agree(path: Path, test_images: data.Images) -> None:
    """Evaluated again, a record's weights make its mistakes, but for an image on the edge."""
    made = record.read(path)
    scores = evaluate.logits(record.load_network(path), test_images.images)
    assert abs(evaluate.accuracy(scores, test_images.labels) - made.accuracy) <= 0.01 * slack(made) + 1e-9
    found = {m.index for m in evaluate.mistakes(scores, test_images.labels)}
    assert len(found ^ {m.index for m in made.mistakes}) <= 2 * slack(made)
