"""The page without the network: what a browser keeps of it, which is of one version, and where it keeps nothing."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
import web_page
from playwright.sync_api import Browser
from web_page import Visit

from sheetgen.web import build, serve

SUBMISSIONS = Path(__file__).parents[2] / "docs" / "examples" / "submissions"
KEPT = """async () => {
  const kept = {};
  for (const name of await caches.keys()) kept[name] = await (await (await caches.open(name)).match("view.js")).text();
  return kept;
}"""
UPDATED = """async () => {
  const registration = await navigator.serviceWorker.getRegistration();
  await registration.update();
  while (!registration.waiting) await new Promise((resolve) => setTimeout(resolve, 20));
}"""


def elsewhere(address: str) -> str:
    """The same server under a name that is not this machine's own to the page, and is to a browser."""
    return address.replace("127.0.0.1", "page.localhost")


def test_it_works_without_the_network_once_loaded(browser: Browser, site: Path) -> None:
    """From a folder of a plain host, as GitHub Pages has it."""
    with web_page.served(site.parent, plain=True) as address:
        _cut_the_network(Visit(browser, f"{elsewhere(address)}{site.name}/"))


def _cut_the_network(visit: Visit) -> None:
    visit.page.wait_for_selector("html[data-offline]", state="attached")
    visit.context.set_offline(True)
    visit.drop(SUBMISSIONS / "ben.xlsx")
    assert visit.judged(1) == {"ben.xlsx": "wrong"}
    visit.page.reload()
    visit.page.wait_for_selector("html[data-ready]", state="attached")
    visit.drop(SUBMISSIONS / "ada.xlsx")
    assert visit.judged(1) == {"ada.xlsx": "right"}
    assert len(visit.take("#report")) > 5_000
    visit.context.close()


def test_on_this_machine_nothing_is_kept_that_another_program_would_show(visit: Visit) -> None:
    visit.page.wait_for_selector("html[data-offline]", state="attached")
    assert "works without the network" in visit.page.locator("#state").inner_text()
    assert visit.page.evaluate("async () => (await navigator.serviceWorker.getRegistrations()).length") == 0
    assert visit.page.evaluate("async () => (await caches.keys()).length") == 0


def test_a_new_version_is_kept_whole(
    browser: Browser, site: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Even from a host that lets browsers keep its files for ten minutes, as GitHub Pages does."""
    monkeypatch.setitem(serve.HEADERS, "Cache-Control", "max-age=600")
    folder = tmp_path / "site"
    shutil.copytree(site, folder)
    with web_page.served(folder) as address:
        visit = Visit(browser, elsewhere(address))
        visit.page.wait_for_selector("html[data-offline]", state="attached")
        (folder / "view.js").write_text("// another version\n" + (folder / "view.js").read_text())
        (folder / "offline.js").write_text(build._offline(folder))
        visit.page.evaluate(UPDATED)
        kept = visit.page.evaluate(KEPT)
        assert [text.startswith("// another version") for text in kept.values()] == [False, True]
        visit.context.close()
