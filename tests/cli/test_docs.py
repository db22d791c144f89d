"""The pages of docs: their figures are the records' and the code's, their commands and links exist."""

from __future__ import annotations

import re
import runpy
import signal
from pathlib import Path

import pytest
from judge_rest import DEFECTS
from shown import DOCS, PAGES, ROOT, words

import sheetgen
from mnist import record, spreadsheet, tables
from mnist.recipe import GOAL_MEAN, MOST_PARAMETERS, MuonAdamW
from mnist.sheets.checklist import FAST_SECONDS, FEW_PARAMETERS
from mnist.sheets.common import INDEX, LAST_INDEX, LIVE_INDEX
from sheetgen import spec, templates
from sheetgen.base.errors import Status
from sheetgen.excel import read
from sheetgen.judge import check, lint, training
from sheetgen.judge.compare import PATTERNS_UP_TO
from sheetgen.network.torch import layers
from sheetgen.network.torch.recorder import MAX_ELEMENTS
from sheetgen.writer.plan import (
    CHECK,
    DIFFERENCES,
    IDEAS,
    LABORATORY,
    NETWORK,
    RATES,
    RECOMPUTED,
    START,
    STEPS,
    TEMPLATE,
    TRAINING,
)

MNIST, CHECKED, BENCHMARKS = (DOCS[name] for name in ("mnist.md", "checked.md", "benchmarks.md"))
CLAIMS = record.claims()
RECORDS = [r for claim in CLAIMS.values() for r in claim.records]


def rows(page: str, command: str) -> list[list[str]]:
    """The table below the command that prints it, without its head."""
    found = re.search(rf"<!-- {re.escape(command)} -->\n((?:\|.*\n)+)", page)
    assert found, command
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in found[1].splitlines()[2:]]


def number(text: str) -> int:
    return int(text.replace(",", ""))


# MNIST


def test_the_results_are_what_the_command_prints() -> None:
    shown = re.search(r"<!-- python -m mnist report --markdown -->\n(.*?)\n\n", MNIST, re.DOTALL)
    assert shown and shown[1] == tables.markdown(list(CLAIMS.values()))


def test_the_cells_own_accuracy_is_the_recorded_one() -> None:
    found, page = spreadsheet.load(), words(MNIST)
    assert found is not None
    assert f"**The spreadsheet's own accuracy: {found.accuracy:.2f} %**, {found.right:,} of" in page
    assert f"reads {found.agreed:,} of {found.images:,} alike" in page
    assert f"`{found.weights_sha256}`" in page and f"{found.worst:.1e} of the largest" in page
    assert f"recalculated {found.ironcalc} of them, chosen at random ({found.ironcalc_worst:.1e})" in page
    assert round(found.seconds / 30) == 3, "a minute and a half"
    assert f"took {found.seconds:.0f} s on two cores" in words(BENCHMARKS)
    live = CLAIMS[found.net].records[found.seed]
    assert f"are `{found.net}`, seed {found.seed}, its {live.parameters:,} parameters" in page


def test_what_the_test_set_had_seen_is_told_as_it_was() -> None:
    page = words(MNIST)
    untaught, one, ours = (CLAIMS[name] for name in ("ours-untaught", "ours-1-teacher", "ours"))
    for claim in (untaught, one, ours):
        assert f"{claim.mean:.3f} ± {claim.deviation:.3f} %" in page.split("## What the test set had seen")[1]
    five = one.accuracies[:5]
    assert f"{sum(five) / 5:.3f} % after five seeds" in page and len(one.records) - len(five) == 2  # "two more"
    assert f"A goal of {GOAL_MEAN:g} % on average" in page and untaught.mean < GOAL_MEAN and one.mean < GOAL_MEAN
    assert f"take the {ours.mean:.3f} % as a little flattered" in page
    assert [c.recipe.distillation.teachers for c in (untaught, one, ours)] == [0, 1, 3]
    assert "chose nothing" not in page and "all seeds run" not in page


def test_the_cost_is_told_with_the_teachers_and_without() -> None:
    page, ours = words(MNIST), CLAIMS["ours"].records
    teachers = record.seconds_of_teachers(ours[0], RECORDS)
    walls = sorted(r.wall_seconds for r in ours)
    assert f"{teachers:,.0f} s for the three of `ours`" in page
    assert f"took {walls[0]:,.0f} to {walls[-1]:,.0f} s" in page
    assert {r.hardware["threads"] for c in CLAIMS.values() for r in c.records if c.name != "fast"} == {"1"}
    fast = sorted(r.wall_seconds for r in CLAIMS["fast"].records)
    assert f"within {FAST_SECONDS} seconds: {fast[0]:.0f} to {fast[-1]:.0f} s on two cores" in page


def test_the_networks_are_what_they_are_said_to_be() -> None:
    page = words(MNIST)
    for name, most in FEW_PARAMETERS.items():
        assert re.search(rf"`{name}`( has)? fewer than {most:,}", page)
    ours = CLAIMS["ours"]
    assert f"fewer than {MOST_PARAMETERS:,} parameters, {ours.recipe.epochs} epochs" in page
    other = {name for name, claim in CLAIMS.items() if not isinstance(claim.recipe.optimizer, MuonAdamW)}
    assert other == {"reference", "ours-untaught", *(f"ladder-{k}" for k in range(1, 7))}
    unsettled = {name for name, claim in CLAIMS.items() if not claim.recipe.settle}
    assert unsettled == {*other, "teacher"} and "(`ours`, `ours-1-teacher`, `small`, `tiny` and `fast`)" in page


# How it is checked


def test_the_tolerances_and_rules_are_the_codes() -> None:
    assert f"A linter** of {len(lint.RULES)} rules" in CHECKED
    assert check.RELATIVE == 1e-9 and "a relative 1e-9" in words(CHECKED)
    assert training.NUDGE == 2**-50 and "2⁻⁵⁰" in CHECKED


def test_the_mutation_table_adds_up() -> None:
    *lines, total = rows(CHECKED, ".venv/bin/python tests/benchmarks/bench_judge.py --seed 20")
    assert total[0] == "all" and [number(x) for x in total[1:]] == [
        sum(number(line[k]) for line in lines) for k in range(1, 5)
    ]
    assert number(total[1]) == len(DEFECTS) and f"defect of {len(DEFECTS)} kinds" in words(CHECKED)


@pytest.mark.slow
def test_the_engines_recalculated_all_that_is_in_the_workbook(tmp_path: Path) -> None:
    sheetgen.build(None, tmp_path / "x.xlsx", check=False)
    cells = [entry for sheet in read(tmp_path / "x.xlsx").sheets.values() for entry in sheet.values()]
    formulas = sum(entry.formula is not None for entry in cells)
    table = rows(CHECKED, ".venv/bin/python build.py")
    assert {line[0].split(" ")[0] for line in table} == {"IronCalc", "formulas", "LibreOffice", "Formulon"}
    assert {number(line[1]) for line in table} == {formulas}
    assert all(float(line[2]) < 1e-9 for line in table)


# What is in the workbook, and how it is used


def test_the_sheets_are_the_ones_listed() -> None:
    listed = re.findall(r"^\| ([A-Z][A-Za-z ]+) \|", DOCS["workbook.md"], re.MULTILINE)
    more = [name for name, _ in [*INDEX, *LIVE_INDEX, *LAST_INDEX]]
    own = [START, IDEAS, NETWORK, STEPS, TRAINING, RATES, LABORATORY, CHECK, RECOMPUTED, DIFFERENCES, TEMPLATE]
    assert listed == [*own, *more]
    assert len(more) == 9 and "The last nine" in DOCS["workbook.md"]
    assert ", ".join(f"{r:.1f}" for r in spec.LEARNING_RATES) in DOCS["workbook.md"]


def test_the_templates_are_the_ones_listed() -> None:
    listed = re.findall(r"^\| `([\w.-]+)` \| ([\d-]+) \|", DOCS["templates.md"], re.MULTILINE)
    shipped = {path.stem: spec.load(path) for path in templates.folder().glob("*.toml")}
    assert dict(listed) == {name: "-".join(map(str, found.layers)) for name, found in shipped.items()}


def test_the_exit_statuses_are_the_codes() -> None:
    found = re.findall(r"^\| ([\d, ]+) \|", DOCS["ci.md"], re.MULTILINE)
    signals = [128 + number for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)]
    assert found == [*map(str, (int(status) for status in Status)), ", ".join(map(str, signals))]


def test_the_submissions_are_what_their_script_makes(monkeypatch: pytest.MonkeyPatch) -> None:
    folder = ROOT / "docs" / "examples"
    made = runpy.run_path(str(folder / "submissions.py"))
    assert {path.stem for path in (folder / "submissions").glob("*.xlsx")} == set(made["PEOPLE"])
    for name in made["PEOPLE"]:
        found, expected = read(folder / "submissions" / f"{name}.xlsx").sheets, made["submission"](name).entries()
        assert {s: {at: e.formula for at, e in cells.items()} for s, cells in found.items()} == {
            s: {at: e.formula for at, e in cells.items()} for s, cells in expected.items()
        }


def test_what_is_exported_is_bounded_as_told() -> None:
    page = words(DOCS["export.md"])
    assert MAX_ELEMENTS == 2_000_000 and "two million activations" in page
    assert f"up to {PATTERNS_UP_TO:,} formulas" in page
    for kind in layers.MODULES:
        known = kind.__name__.removesuffix("1d").removesuffix("2d")
        told = {"MaxPool": "max,", "AvgPool": "average", "AdaptiveAvgPool": "adaptive average", "Flatten": "flatten"}
        assert told.get(known, known) in page or known in ("Unflatten", "Identity", "Dropout"), known


# Benchmarks and links


def test_every_benchmark_is_listed() -> None:
    there = {path.name for path in (ROOT / "tests" / "benchmarks").glob("bench_*.py")}
    assert {name for name in there if f"`{name}`" in BENCHMARKS or f"benchmarks/{name}`" in BENCHMARKS} == there


LINKS = [(name, link) for name, page in PAGES.items() for link in re.findall(r"\]\(((?!https?:)[^)]+)\)", page)]


@pytest.mark.parametrize(("name", "link"), LINKS)
def test_links_lead_to_files_and_headings(name: str, link: str) -> None:
    if link == "../../releases/latest":  # of the repository's page, which is above README
        assert name == "README.md"
        return
    path, _, heading = link.partition("#")
    file = ROOT / ("" if name == "README.md" else "docs") / path
    assert file.is_file()
    if heading:
        there = re.findall(r"^#+ (.*)$", file.read_text(encoding="utf-8"), re.MULTILINE)
        assert heading in {re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-") for title in there}


def test_a_table_that_is_gone_is_noticed() -> None:
    for page in ("| a |\n|---|\n| 1 |\n", "<!-- x -->\nno table"):
        with pytest.raises(AssertionError):
            rows(page, "x")
