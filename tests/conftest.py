"""Workbooks that many tests read: each is built once per session, and nobody writes to it."""

import gc
import hashlib
import os
import pickle
import signal
import sys
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import live_books
import pytest
from books import FEW, TEMPLATES, BuildBook, written

import mnist.live
from mnist.live import Live
from sheetgen.deliver.build import ask_oracle
from sheetgen.excel import Workbook, read
from sheetgen.judge.columns import find
from sheetgen.judge.engines import beside, patterns, together
from sheetgen.spec import Spec, load, parse, with_options
from sheetgen.writer.plan import Oracle
from sheetgen.writer.sheets import steps
from sheetgen.writer.typeset import Picture, typeset


def pytest_configure() -> None:
    """Take a closed terminal and Ctrl+C for what they are, though nohup or a shell's & may have begun the tests.

    These start hundreds of processes, several at a time: one thread of PyTorch each, and what Python compiled is kept.
    To look for cycles among millions of cells took an eighth of the time: it is done more seldom.
    """
    signal.signal(signal.SIGHUP, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    gc.set_threshold(100_000, 50, 50)
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    sys.dont_write_bytecode = False


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the files that have slow tests: at the end it is many short ones that processors can share."""
    slow = {item.path for item in items if item.get_closest_marker("slow")}
    items.sort(key=lambda item: item.path not in slow)


STEPS = 30  # enough for every kind of formula, and cheap


@pytest.fixture(autouse=True)
def engines_in_this_process(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Run several engines in this process, as one alone is: each is then started once, not once for every test."""
    if request.module.__name__ != "test_beside":  # whose tests are about the processes
        monkeypatch.setattr(beside, "sys", SimpleNamespace(executable=""))


@pytest.fixture(scope="session", autouse=True)
def patterns_are_kept() -> Iterator[None]:
    """Have `formulas` compile a pattern once for all tests, unless one of them changes what it is made with."""

    @cache
    def kept(pattern: str, at_once: bool, _: object) -> together.Pattern:
        return together.compile_pattern(pattern, at_once)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(patterns, "compile_pattern", lambda *key: kept(*key, together.careful))
        yield


@pytest.fixture(scope="session", autouse=True)
def pictures_are_kept(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Typeset every line of mathematics once for all workers: it takes most of the time of building a workbook."""
    shared = tmp_path_factory.getbasetemp()
    shared = (shared.parent if "PYTEST_XDIST_WORKER" in os.environ else shared) / "pictures"
    shared.mkdir(exist_ok=True)

    def kept(tex: str, colour: str) -> Picture:
        path = shared / hashlib.sha256(f"{tex} {colour}".encode()).hexdigest()
        if not path.exists():
            draft = path.with_suffix(f".{os.getpid()}")
            draft.write_bytes(pickle.dumps(typeset(tex, colour)))
            draft.replace(path)  # another worker may have done the same
        picture: Picture = pickle.loads(path.read_bytes())
        return picture

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(steps, "typeset", kept)
        yield


@pytest.fixture(scope="session")
def homework_spec() -> Spec:
    """The homework, trained for 30 steps."""
    return replace(load(TEMPLATES / "homework.toml"), steps=STEPS)


@pytest.fixture(scope="session")
def homework_oracle(homework_spec: Spec) -> Oracle:
    """What PyTorch says of the homework's 30 steps."""
    return ask_oracle(homework_spec)


@pytest.fixture(scope="session")
def build_book(tmp_path_factory: pytest.TempPathFactory, homework_spec: Spec, homework_oracle: Oracle) -> BuildBook:
    """`build_book(spec or template's name, steps=5, ...)`: a finished workbook; options replace the Spec's own."""
    built: dict[Spec, Path] = {}

    def build(spec: Spec | str, **options: Any) -> Path:
        options = {"steps": STEPS} | options if isinstance(spec, str) else options
        spec = replace(load(TEMPLATES / f"{spec}.toml") if isinstance(spec, str) else spec, **options)
        if spec not in built:
            oracle = homework_oracle if spec == homework_spec else ask_oracle(spec)
            built[spec] = written(tmp_path_factory.mktemp("book") / f"{Path(spec.source).stem}.xlsx", spec, oracle)
        return built[spec]

    return build


@pytest.fixture(scope="session")
def homework_book(build_book: BuildBook, homework_spec: Spec) -> Path:
    """The homework's workbook, with 30 steps."""
    return build_book(homework_spec)


@pytest.fixture(scope="session")
def right(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The homework with few rows and one learning rate to compare."""
    text = (TEMPLATES / "homework.toml").read_text() + "learning_rates = [0.5]\n"
    homework = with_options(parse(text, "homework.toml"), steps=FEW)
    return written(tmp_path_factory.mktemp("check") / "right.xlsx", homework, options=f"--steps {FEW}")


@pytest.fixture(scope="session")
def column(right: Path) -> dict[str, str]:
    """The letters of each column of Training."""
    table = find("Training", read(right).sheets["Training"])
    assert table is not None
    return table.columns


@pytest.fixture(scope="session")
def live_network() -> Live:
    """The trained network of the sheet Live CNN, laid out."""
    return mnist.live.load()


@pytest.fixture(scope="session")
def live_book(live_network: Live, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workbook of the live sheets alone."""
    return live_books.write(tmp_path_factory.mktemp("live") / "live.xlsx", live_network)


@pytest.fixture(scope="session")
def live_cells(live_book: Path) -> Workbook:
    """What is in that workbook; nobody changes it."""
    return read(live_book)
