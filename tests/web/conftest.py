"""The page, built once from the sources as they are, and a browser for all tests of a file."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import web_page
from playwright.sync_api import Browser
from web_page import Visit


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The page as `python -m sheetgen.web.build` makes it."""
    return web_page.site(tmp_path_factory.mktemp("web") / "site")


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Chromium."""
    with web_page.chromium() as browser:
        yield browser


@pytest.fixture(scope="module")
def address(site: Path) -> Iterator[str]:
    """Where the page is served."""
    with web_page.served(site) as address:
        yield address


@pytest.fixture(scope="module")
def shared_visit(browser: Browser, address: str) -> Iterator[Visit]:
    """A visit that many tests share, for a cold start takes seconds."""
    visit = Visit(browser, address)
    yield visit
    visit.context.close()


@pytest.fixture
def visit(shared_visit: Visit) -> Iterator[Visit]:
    """The same with an empty list; nothing on it may fail."""
    shared_visit.clear()
    yield shared_visit
    assert shared_visit.errors == []
