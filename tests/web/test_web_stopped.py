"""What would hold up the judge in a browser: it is stopped, with the command's sentence, and the page lives on."""

from __future__ import annotations

import shutil
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
import web_page
from playwright.sync_api import Browser
from web_page import Visit

SUBMISSIONS = Path(__file__).parents[2] / "docs" / "examples" / "submissions"
SHIM = """
from sheetgen.audit.verdict import Verdict
def audit(path, table=None):
    if path.stem == "endless":
        while True: pass
    if path.stem == "greedy":
        hoard = []
        while True: hoard.append(bytearray(1 << 28))
    if path.stem == "fatal":
        import os
        os.abort()
    if path.stem == "deep":
        def down(n): return [down(n + 1)]
        down(0)
    from sheetgen.audit.kept import audit
    return audit(path, table)
"""


@pytest.fixture(scope="module")
def visit(site: Path, browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Visit]:
    """A page whose judge does what no workbook should be able to make it do, for files of certain names."""
    folder = tmp_path_factory.mktemp("odd") / "site"
    shutil.copytree(site, folder)
    with zipfile.ZipFile(site / "python.zip") as old, zipfile.ZipFile(folder / "python.zip", "w") as new:
        for name in old.namelist():
            new.writestr(name.replace("audit/judge.py", "audit/kept.py"), old.read(name))
        new.writestr("sheetgen/audit/judge.py", SHIM)
    with web_page.served(folder) as address:
        visit = Visit(browser, address)
        visit.page.locator(".options summary").click()
        yield visit
        visit.context.close()


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("endless", "endless.xlsx takes longer than 5 seconds to judge, so it was stopped."),
        ("fatal", "fatal.xlsx made its judge end too early."),
        ("greedy", "greedy.xlsx made its judge end too early."),
        ("deep", "deep.xlsx made its judge end too early."),
    ],
)
def test_a_file_that_holds_up_the_judge_costs_no_other_its_verdict(
    visit: Visit, tmp_path: Path, name: str, sentence: str
) -> None:
    visit.clear()
    visit.page.fill("#timeout", "5" if name == "endless" else "60")
    ada = SUBMISSIONS / "ada.xlsx"
    for other in ("a", name, "z"):
        shutil.copy(ada, tmp_path / f"{other}.xlsx")
    visit.drop(tmp_path / "a.xlsx", tmp_path / f"{name}.xlsx", tmp_path / "z.xlsx")
    assert visit.judged(3) == {"a.xlsx": "right", f"{name}.xlsx": "not judged", "z.xlsx": "right"}
    assert visit.sentence(f"{name}.xlsx") == f"{sentence}"
    files = visit.document()["files"]
    assert [file["problem"] for file in files] == ["", sentence, ""]


def test_a_person_can_stop_it_all_and_go_on(visit: Visit, tmp_path: Path) -> None:
    visit.clear()
    for name in ("endless", "b", "c"):
        shutil.copy(SUBMISSIONS / "ada.xlsx", tmp_path / f"{name}.xlsx")
    visit.page.fill("#timeout", "600")
    visit.drop(tmp_path / "endless.xlsx")
    visit.page.wait_for_selector("#stop", state="visible")
    visit.page.wait_for_timeout(500)
    visit.page.click("#stop")
    assert visit.judged(1) == {"endless.xlsx": "not judged"}
    assert visit.sentence("endless.xlsx") == "endless.xlsx was stopped before it was judged."
    visit.drop(tmp_path / "b.xlsx")
    assert visit.judged(2)["b.xlsx"] == "right"
