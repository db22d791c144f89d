"""The lines of the page after a verdict: filters, what is stopped, files that change, a judge that cannot be loaded."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
import web_page
from playwright.sync_api import Browser
from web_page import Visit

SUBMISSIONS = Path(__file__).parents[2] / "docs" / "examples" / "submissions"


def shown(visit: Visit) -> list[str]:
    """The names of the lines that are seen."""
    return [name for name in visit.lines() if visit.page.locator(f"li:has(.name:text-is('{name}'))").is_visible()]


def test_a_filter_holds_for_what_comes_later_and_goes_with_its_last_file(visit: Visit, tmp_path: Path) -> None:
    for name in ("ada", "ben"):
        shutil.copy(SUBMISSIONS / f"{name}.xlsx", tmp_path)
    visit.drop(tmp_path / "ada.xlsx", tmp_path / "ben.xlsx")
    visit.judged(2)
    visit.page.get_by_role("button", name="right 1").click()
    assert shown(visit) == ["ada.xlsx"]
    visit.drop(SUBMISSIONS / "cleo.xlsx")
    visit.judged(3)
    assert shown(visit) == ["ada.xlsx"]
    shutil.copy(tmp_path / "ben.xlsx", tmp_path / "ada.xlsx")
    visit.drop(tmp_path / "ada.xlsx")
    visit.page.wait_for_function("() => !document.querySelector('li[data-word=right]')")
    visit.judged(3)
    assert shown(visit) == ["ada.xlsx", "ben.xlsx", "cleo.xlsx"]


def test_a_file_that_is_stopped_twice_stays_in_every_report(visit: Visit, tmp_path: Path) -> None:
    for number in range(12):
        shutil.copy(SUBMISSIONS / "ben.xlsx", tmp_path / f"{number}.xlsx")
    visit.drop(*sorted(tmp_path.iterdir()))
    visit.page.locator("#stop").dblclick()
    visit.judged(12)
    assert visit.page.inner_text("#progress-text").startswith("Stopped: ")
    files = json.loads(visit.take("#json"))["files"]
    assert len(files) == 12 and sum(file["problem"].endswith("was stopped before it was judged.") for file in files) > 5
    visit.errors.clear()


def test_a_file_that_is_handed_in_again_takes_the_place_of_the_former(visit: Visit, tmp_path: Path) -> None:
    shutil.copy(SUBMISSIONS / "ben.xlsx", tmp_path / "mine.xlsx")
    visit.drop(tmp_path / "mine.xlsx")
    assert visit.judged(1) == {"mine.xlsx": "wrong"}
    shutil.copy(SUBMISSIONS / "ada.xlsx", tmp_path / "mine.xlsx")
    visit.drop(tmp_path / "mine.xlsx")
    visit.page.wait_for_selector("li[data-word=right]")
    assert visit.judged(1) == {"mine.xlsx": "right"}
    entering = "new DragEvent('dragenter', {bubbles: true, cancelable: true})"  # kept, it refuses a drop right after it
    assert not visit.page.evaluate(f"document.body.dispatchEvent({entering})")


def test_a_file_that_changed_since_has_findings_and_a_sentence(visit: Visit, tmp_path: Path) -> None:
    for name in ("ben", "cleo"):
        shutil.copy(SUBMISSIONS / f"{name}.xlsx", tmp_path)
    visit.drop(tmp_path)
    visit.judged(2)
    for path in tmp_path.iterdir():
        path.write_bytes(path.read_bytes() + b" ")
    visit.page.locator("#list summary").first.click()
    visit.page.locator(".finding").first.wait_for()
    assert "drop it again to see its numbers" in visit.page.locator("#list .body").first.inner_text()
    assert visit.page.locator(".strip").count() == 0


def test_what_is_not_judged_says_why_and_nothing_of_mending(visit: Visit, tmp_path: Path) -> None:
    (tmp_path / "notes.xlsx").write_text("a list of things to do")
    visit.drop(tmp_path / "notes.xlsx")
    visit.judged(1)
    assert "nothing to mend" not in visit.page.inner_text("#list")
    assert "no complete zip file" in visit.sentence("notes.xlsx")


@pytest.mark.parametrize(
    ("part", "damage"),
    [
        ("pyodide/pyodide.asm.wasm.gz", None),
        ("pyodide/pyodide.asm.wasm.gz", 500_000),
        ("pyodide/python_stdlib.zip", 1_000),
        ("python.zip", 1_000),
        ("worker.js", None),
        ("pyodide/pyodide.mjs", None),
    ],
)
def test_a_judge_that_cannot_be_loaded_says_so(
    site: Path, browser: Browser, tmp_path: Path, part: str, damage: int | None
) -> None:
    """A part is missing, or was cut on its way."""
    shutil.copytree(site, tmp_path / "site")
    path = tmp_path / "site" / part
    path.write_bytes(path.read_bytes()[:damage]) if damage else path.unlink()
    with web_page.served(tmp_path / "site") as address:
        visit = Visit(browser, address, ready=False)
        visit.drop(SUBMISSIONS / "ada.xlsx")
        visit.page.wait_for_selector("#state.problem")
        sentence = visit.page.inner_text("#state")
        assert (
            sentence.startswith("The judge could not be loaded (") and sentence.count("\n") == 0 and len(sentence) < 300
        )
        assert visit.judged(1) == {"ada.xlsx": "not judged"}
        visit.context.close()
