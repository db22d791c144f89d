"""The network that runs in cells, for all tests of a file."""

from __future__ import annotations

from typing import Any

import pytest
from live_books import Typed, network

from sheetgen.excel import Workbook


@pytest.fixture(scope="module")
def typed(live_cells: Workbook) -> Typed:
    """Shared: every test types what it depends on."""
    return Typed(live_cells)


@pytest.fixture(scope="module")
def net() -> Any:
    """The same network in PyTorch."""
    return network()
