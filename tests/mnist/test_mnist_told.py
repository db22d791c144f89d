"""What the MNIST sheets say in words: every figure is a record's, and nothing is promised or claimed that is not so."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import mnist_books
import pytest
from mnist_books import alone, claims, nowhere, pixels, sha
from mutants import set_cells

import mnist.sheets
from mnist import digits, live, recipe, record
from mnist.ladder import LADDER
from mnist.notation import Architecture, layers
from mnist.recipe import GOAL_MEAN, KEYS, RECIPES, Linear, Recipe, Warp
from mnist.record import Claim, Record
from mnist.sheets import errors, ladder, pictures, provenance, report, runs
from mnist.sheets.common import ERRORS, FAST, FULL, LIVE_INDEX, ONE_TEACHER, OURS, SMALL, TELLING, UNTAUGHT
from mnist.sheets.common import LADDER as STEPS
from sheetgen.excel import read
from sheetgen.judge.engines import ENGINES

CLAIMS = record.claims()
NUMBER = re.compile(r"(?<![\w-])\d[\d,]*(?:\.\d+)?")  # no digit of a name such as ours-1-teacher


def written(path: Path, found: dict[str, Claim], find: Any = nowhere) -> dict[str, dict[str, Any]]:
    """The values of a workbook with nothing but the sheets of some claims."""
    sheets = read(alone(path, found, find)).sheets
    return {name: {at: e.value for at, e in cells.items()} for name, cells in sheets.items()}


def texts(found: dict[str, dict[str, Any]]) -> list[str]:
    """What stands on the report as text."""
    return [value for value in found["MNIST report"].values() if isinstance(value, str)]


def column_a(report: dict[str, Any]) -> tuple[dict[Any, int], dict[Any, int]]:
    """(The first row, the last row) of what stands in the first column."""
    rows = sorted((int(at[1:]), value) for at, value in report.items() if re.fullmatch(r"A\d+", at))
    return {value: row for row, value in reversed(rows)}, {value: row for row, value in rows}


def figures(versions: Iterable[Claim]) -> set[str]:
    """All that the report may say of the versions of ours, as it writes it."""
    # The one is of 1×1 convolutions; MNIST has so many images to learn from and to be tested on.
    known = {f"{GOAL_MEAN:g}", "1", "60,000", "10,000"}
    for c in versions:
        known |= {f"{c.mean:.3f}", f"{c.deviation:.3f}", str(len(c.records)), str(c.recipe.distillation.teachers)}
    return known


# What was kept fair.


@pytest.mark.parametrize("found", [CLAIMS, claims([OURS, ONE_TEACHER, UNTAUGHT])], ids=["shipped", "made up"])
def test_every_figure_of_the_prose_is_a_records(found: dict[str, Claim]) -> None:
    versions = [found[name] for name in (OURS, ONE_TEACHER, UNTAUGHT)]
    fair = " ".join(report.fairness(found))
    for text in (fair, *(text for _, text in report.story(found))):
        assert set(NUMBER.findall(text)) <= figures(versions) | {str(len(versions))}, text
    for c in versions:
        assert f"{c.name} (" in fair and f"{c.mean:.3f} ± {c.deviation:.3f} %" in fair
        assert f"seeds: {len(c.records)}): {c.mean:.3f}" in fair


def test_the_versions_that_missed_the_goal_are_said_to_have_missed_it() -> None:
    fair = " ".join(report.fairness(CLAIMS))
    for name, met in ((UNTAUGHT, "below"), (ONE_TEACHER, "below"), (OURS, "at")):
        (said,) = re.findall(rf"{name} \([^)]*\): [^,]*, (\w+) the goal beyond", fair)
        assert said == met == ("at" if round(CLAIMS[name].mean, 6) >= GOAL_MEAN else "below")


def test_nobody_says_that_the_test_set_chose_nothing() -> None:
    fair, only = (" ".join(report.fairness(found)) for found in (CLAIMS, {OURS: CLAIMS[OURS]}))
    assert "the test set was not new" in fair
    assert "versions" not in only and "those trials are not recorded" in only
    story, alone = (" ".join(text for _, text in report.story(found)) for found in (CLAIMS, {OURS: CLAIMS[OURS]}))
    assert "judged 3 versions" in story and "a little flattered" in story and "versions" not in alone
    for said in (fair, only, story, alone):
        assert "chose nothing" not in said and "seeds run" not in said


def test_a_single_seed_has_no_deviation() -> None:
    one = Claim(UNTAUGHT, CLAIMS[UNTAUGHT].records[:1])
    assert f"seeds: 1): {one.mean:.2f} %, " in " ".join(report.fairness(CLAIMS | {UNTAUGHT: one}))


# What a run costs.


def test_seconds_are_told_with_the_teachers_and_without(tmp_path: Path) -> None:
    found = claims([OURS, ONE_TEACHER, SMALL, "teacher"])
    written(tmp_path / "x.xlsx", found)
    cells = ENGINES["IronCalc"](tmp_path / "x.xlsx").values["MNIST report"]
    values = {at: e.value for at, e in read(tmp_path / "x.xlsx").sheets["MNIST report"].items()}
    first, rows = column_a(values)
    walls = [r.wall_seconds for r in found["teacher"].records]
    for name, count in ((OURS, 3), (ONE_TEACHER, 1), (SMALL, 0)):
        own = [r.wall_seconds for r in found[name].records]
        assert cells[f"L{first[TELLING[name]]}"] == pytest.approx(sum(own) / len(own))
        assert cells[f"M{first[TELLING[name]]}"] == pytest.approx(sum(own) / len(own) + sum(walls[:count]))
        last = rows[name]  # of a claim's seeds
        assert cells[f"M{last}"] == pytest.approx(own[-1] + sum(walls[:count]))
    assert cells["J5"] == cells[f"L{first[TELLING[OURS]]}"] and cells["L5"] == cells[f"M{first[TELLING[OURS]]}"]


def test_seconds_of_teachers_that_nobody_recorded_are_not_made_up(tmp_path: Path) -> None:
    found = written(tmp_path / "x.xlsx", claims([OURS, SMALL]))["MNIST report"]
    first, rows = column_a(found)
    assert found[f"M{first[TELLING[OURS]]}"] == found[f"M{rows[OURS]}"] == found["L5"] == "–"
    assert found[f"M{first[TELLING[SMALL]]}"] == found[f"L{first[TELLING[SMALL]]}"]


# The ladder, whose judgements tests/test_mnist_runs.py holds against its records.


def chance(found: dict[str, Claim]) -> float:
    """The most that two seeds of one of some claims differ: √2 times as much as one deviates from the mean."""
    return round(2**0.5 * max(c.deviation for c in found.values() if len(c.records) > 1), 2)


def lesson(text: str, now: Record, before: Record | None, most: float) -> str:
    """What the report must say of a step, put together from its record and the one before it, and from `chance`."""
    moved = abs(round(now.accuracy, 2) - round(before.accuracy, 2)) if before else 1.0
    text = text.replace("{chance}", " (within chance)" if 0 < moved <= most + 1e-9 else "")

    def figures(r: Record) -> dict[str, str]:
        shares = {"test": r.accuracy, "train": r.last.train_accuracy}
        rounded = {name: f"{x:.2f}" for name, x in shares.items()}
        loss, gap = f"{r.last.train_loss:.4f}".rstrip("0"), f"{r.gap:+.2f}"
        return rounded | {"parameters": f"{r.parameters:,}", "loss": loss, "gap": gap}

    def said(match: re.Match[str]) -> str:
        new = figures(now)[match[1]]
        if match[2] or before is None:
            return new
        old = figures(before)[match[1]]
        if new == old:
            return f"stayed at {new}"
        more = float(new.replace(",", "")) > float(old.replace(",", ""))
        return f"{'rose' if more else 'fell'} from {old} to {new}"

    return re.sub(r"\{(\w+)( now)?\}", said, text)


def test_the_ladders_sentences_are_of_the_records_that_are_there(tmp_path: Path) -> None:
    found = claims([OURS, "ladder-1", "ladder-2", "ladder-4"])
    said = texts(written(tmp_path / "x.xlsx", found))
    one, two, four = (found[f"ladder-{k}"].records[0] for k in (1, 2, 4))
    most = chance(found)
    assert lesson(LADDER[0].taught, one, None, most) in said and lesson(LADDER[1].taught, two, one, most) in said
    assert "The step before it is not recorded." in said and f"4  {LADDER[3].title}" in said
    assert lesson(LADDER[3].taught, four, two, most) not in said


def test_the_ladders_sentences_follow_the_log(tmp_path: Path) -> None:
    said = {at: v for at, v in written(tmp_path / "x.xlsx", CLAIMS)["MNIST report"].items() if at[0] == "G"}
    steps = [CLAIMS[rung.recipe.name].records[0] for rung in LADDER]
    pairs = zip(LADDER, steps, [None, *steps], strict=False)
    most = chance(CLAIMS)
    assert {lesson(rung.taught, now, before, most) for rung, now, before in pairs} <= set(said.values())
    small = [str(v).rpartition(". ")[2] for v in said.values() if ladder.WITHIN in str(v)]
    rose = ("from 99.16 to 99.19 %", "from 98.70 to 98.79 %")  # the others moved by more
    assert small == [f"Test accuracy rose {x} (within chance)." for x in rose]
    ours = CLAIMS[OURS]
    (way,) = [v for v in said.values() if str(v).startswith(f"→  From there to ours, {round(ours.mean, 2):g} %: ")]
    assert f"{ours.recipe.epochs} epochs instead of {steps[-1].recipe.epochs}, teachers." in way
    (at,) = [at for at, v in said.items() if v == lesson(LADDER[4].taught, steps[4], steps[3], most)]
    (run,) = runs.of(runs.places(CLAIMS), LADDER[4].recipe.name)
    order = ["Start", "MNIST report", "Architecture", "Training log", ERRORS, FULL]
    for new, told in ((98.7, "stayed at 98.70 %."), (98.7 - most, f"fell from 98.70 to {98.7 - most:.2f} % (within")):
        edits = {f"H{run.last}": new, f"F{run.last}": 99.0}
        path = set_cells(tmp_path / "x.xlsx", tmp_path / "y.xlsx", FULL, edits, order)
        epochs = (*steps[4].epochs[:-1], replace(steps[4].last, test_accuracy=new, train_accuracy=99.0))
        wanted = lesson(LADDER[4].taught, replace(steps[4], epochs=epochs), steps[3], most)
        assert told in wanted and ENGINES["IronCalc"](path).values["MNIST report"][at] == wanted


def test_chance_is_not_made_up_where_no_deviation_is_known() -> None:
    assert ladder.WITHIN in ladder.sentence(LADDER[1].taught, 5, 4, (0.01, 0.05))
    assert ladder.WITHIN not in ladder.sentence(LADDER[1].taught, 5, 4)


@pytest.mark.parametrize("names", [[OURS, "ladder-1"], [OURS, SMALL, "ladder-1"]], ids=["one", "two"])
def test_the_ladder_says_how_much_seeds_deviate(tmp_path: Path, names: list[str]) -> None:
    found = claims(names)
    deviations = sorted(f"{c.deviation:.2f}" for c in found.values() if len(c.records) > 1)
    (title,) = [
        text for text in texts(written(tmp_path / "x.xlsx", found)) if text.startswith("What each step taught: ")
    ]
    assert f"one seed each (chance alone moves other networks by {deviations[0]} to {deviations[-1]} %)" in title


# Provenance tells of every recipe, and all of it.


def test_provenance_tells_of_every_recipe(tmp_path: Path) -> None:
    said = texts(written(tmp_path / "x.xlsx", CLAIMS))
    for name, claim in CLAIMS.items():
        assert provenance.recipe_text(claim.recipe) in said
        assert (f"recipe of {name}" in said) == name.startswith(STEPS)
    assert len({provenance.recipe_text(r) for r in RECIPES.values()}) == len(RECIPES)


OTHER: dict[str, Any] = {
    "net": "v8", "epochs": 3, "batch_size": 7, "learning_rate": 0.5, "momentum": 0.5, "weight_decay": 0.5,
    "label_smoothing": 0.25, "dropout": 0.25, "batch_norm": False, "head": "full", "mean": 0.5, "std": 0.5,
    "precision": "float16", "settle": True,
}  # fmt: skip
ONLY_OF: dict[str, tuple[dict[str, Any], Any]] = {  # what matters beside something else alone
    "optimizer": ({}, "muon"),
    "schedule": ({}, "step"),
    "teacher": ({"teacher": "x", "teachers": 1}, "y"),
    "teachers": ({"teacher": "x", "teachers": 1}, 2),
    "distill": ({"teacher": "x", "teachers": 1}, 0.5),
    "temperature": ({"teacher": "x", "teachers": 1}, 9.0),
    "turn": ({"optimizer": "muon"}, 0.5),
    "beta2": ({"optimizer": "adamw"}, 0.5),
    "warmup": ({"schedule": "linear"}, 0.5),
    "every": ({"schedule": "step"}, 2),
    "factor": ({"schedule": "step"}, 0.5),
}


@pytest.mark.parametrize("key", [key for key in KEYS if key not in ("name", "warp")])
def test_a_recipe_is_told_whole(key: str) -> None:
    given, other = ONLY_OF.get(key, ({}, OTHER.get(key)))
    one = Recipe("x", Architecture("v16")).as_dict() | given
    texts = [provenance.recipe_text(Recipe.from_dict(table)) for table in (one, one | {key: other})]
    assert texts[0] != texts[1]


@pytest.mark.parametrize("key", [f.name for f in fields(Warp)])
def test_a_warp_is_told_whole(key: str) -> None:
    one = Recipe("x", Architecture("v16"), warp=recipe.DIGITS)
    other = replace(one, warp=replace(one.warp, **{key: 7}))
    assert provenance.recipe_text(one) != provenance.recipe_text(other)


def test_what_was_called_otherwise_when_it_was_recorded_is_said(tmp_path: Path) -> None:
    said = texts(written(tmp_path / "x.xlsx", CLAIMS))
    then = [text for text in said if text.endswith("; called ours when it was recorded")]
    assert sorted(len(re.findall(r"\d", text)) for text in then) == [5, 7]  # as many as there are seeds


# Pictures are promised only where they are.


@pytest.mark.parametrize("find", [pixels, nowhere], ids=["at hand", "not at hand"])
def test_pictures_are_promised_only_where_they_are(tmp_path: Path, find: Any) -> None:
    found = claims([OURS])
    extra = mnist.sheets.sheets(found, LADDER, find)
    told = dict(extra.sheets)[ERRORS]
    shown = min(pictures.MOST, len(found[OURS].records[0].mistakes)) if find is pixels else 0
    assert ("picture" in told) == bool(shown) and (not shown or f"{shown} pictured" in told)
    said = [v for v in written(tmp_path / "x.xlsx", found, find)[ERRORS].values() if isinstance(v, str)]
    assert any("pictures of the first ones stand above" in v for v in said) == bool(shown)
    assert any(v == pictures.HOW for v in said) == (not shown)
    assert "picture" not in errors.SUBTITLE


# What is said of the networks without figures.


def test_the_labels_of_the_networks_are_so() -> None:
    r = {name: CLAIMS[name].records[0] for name in TELLING}
    assert set(TELLING) == {name for name in CLAIMS if not name.startswith(STEPS)}
    assert all(text.startswith(f"{name}: ") and len(text) <= 30 for name, text in TELLING.items())
    assert r["teacher"].recipe.architecture.net.startswith("c64") and r["teacher"].parameters > recipe.MOST_PARAMETERS
    assert (
        r["tiny"].parameters
        < r["small"].parameters
        < min(r[n].parameters for n in TELLING if n not in ("tiny", "small"))
    )
    assert CLAIMS[FAST].recipe.epochs == min(CLAIMS[n].recipe.epochs for n in TELLING)
    assert not CLAIMS[UNTAUGHT].recipe.distillation.teacher and CLAIMS[OURS].recipe.distillation.teacher == "teacher"


def test_what_was_done_is_what_the_recipe_of_ours_says() -> None:
    r = CLAIMS[OURS].recipe
    assert all((r.warp.rotation, r.warp.scale, r.warp.shear, r.warp.shift, r.warp.elastic))
    assert isinstance(r.schedule, Linear) and r.schedule.warmup > 0 and r.settle
    assert r.architecture.batch_norm and r.architecture.head == "pooled"
    assert 0 < r.distillation.distill < 1, "beside the labels"


def test_counts_in_words_are_so() -> None:
    assert len(digits.names()) == 20 and "twenty digits" in dict(LIVE_INDEX)[live.SAMPLES]
    work = {name: sum(x.multiply_adds for x in layers(RECIPES[name].architecture)) for name in (live.NET, OURS)}
    assert 0.25 < work[live.NET] / work[OURS] < 0.4, "mnist.live says a third"


def test_made_up_records_are_taught_by_made_up_teachers() -> None:
    assert claims([OURS])[OURS].records[0].taught_by == tuple(sha("teacher", k) for k in range(3))
    assert [r.weights_sha256 for r in claims(["teacher"])["teacher"].records] == [sha("teacher", k) for k in range(3)]
    assert mnist_books.SEEDS["teacher"] == 3
