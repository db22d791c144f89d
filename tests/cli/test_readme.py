"""README.md: short, its pictures there, and what it states of the project looked up."""

from __future__ import annotations

import re

import pytest
from shown import DOCS, README, ROOT, words

from mnist import record, spreadsheet
from mnist.live import LAYERS
from mnist.recipe import MOST_PARAMETERS
from sheetgen.excel import Workbook
from sheetgen.writer.trace import FIRST_ROW, LAST_ROW

LONGEST = 130  # lines


def test_it_is_short() -> None:
    assert len(README.splitlines()) <= LONGEST


def test_the_two_commands_are_marked_for_ci() -> None:
    build, test = (re.search(rf"<!-- {name} -->\n```sh\n(.*?)\n```", README) for name in ("build", "test"))
    assert build and build[1].endswith(".venv/bin/python build.py")
    assert test and test[1].endswith(".venv/bin/pytest")
    assert "[all]" in build[1] and "[test]" in test[1]


def test_every_page_of_docs_is_one_click_away() -> None:
    linked = set(re.findall(r"\]\(docs/(\w+\.md)", README))
    assert linked == set(DOCS)


@pytest.mark.parametrize("name", ["contact.png", "audit.png"])
def test_pictures_load_at_once(name: str) -> None:
    assert f"(docs/{name})" in README
    assert (ROOT / "docs" / name).stat().st_size < 600_000


def test_mnist_is_told_as_it_is_recorded() -> None:
    page, claims, found = words(README), record.claims(), spreadsheet.load()
    ours, one, untaught = (claims[name] for name in ("ours", "ours-1-teacher", "ours-untaught"))
    runs = [r for claim in claims.values() for r in claim.records]
    alone = sum(r.wall_seconds for r in ours.records) / len(ours.records)
    teachers = record.seconds_of_teachers(ours.records[0], runs)
    assert f"fewer than {MOST_PARAMETERS:,} parameters: {ours.mean:.3f} ± {ours.deviation:.3f} % over five" in page
    assert len(ours.records) == 5
    assert f"({untaught.mean:.3f} and {one.mean:.3f} %)" in page
    assert f"costs {alone:,.0f} s, with its three teachers {alone + teachers:,.0f} s" in page
    assert found is not None and f"its formulas read {found.accuracy:.2f} %" in page


def test_the_judge_s_figures_are_those_of_the_table() -> None:
    total = re.search(r"\| all \| \d+ \| (\d+) \| (\d+) \| (\d+) \|", DOCS["checked.md"])
    assert total
    assert f"Of {total[1]} workbooks with a planted defect it caught {total[2]} and named {total[3]}" in words(README)


def test_stated_numbers_are_the_code_s(live_cells: Workbook) -> None:
    assert f"{LAST_ROW - FIRST_ROW:,} updates" in README
    cells = {at: entry for at, entry in live_cells.sheets[LAYERS].items() if entry.formula is not None}
    below = [at for at in cells if int(re.sub(r"\D", "", at)) > 20]  # above the layers one cell is worked out
    formulas = len(below)
    assert 0 < len(cells) - formulas < 100
    assert f"network of {formulas:,} formulas" in words(README)
    assert f"all {formulas:,} activations, each a short formula" in DOCS["workbook.md"]
