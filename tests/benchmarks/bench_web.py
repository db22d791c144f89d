"""The page beside the command: `python tests/benchmarks/bench_web.py [FOLDER] [--rounds 5] [--class 300]`

Prints what comes over the wire; the seconds from opening the page cold to the first verdict; then for each workbook of
FOLDER those of the page, from the drop to the verdict, and of the command, in turn; the same for a class of 300 mutants
in one folder; and of 600 mutants how many get the same verdict, word for word, in node as here (`--mutants`). A cold
page has nothing in its cache. Medians of all rounds.
"""

from __future__ import annotations

import argparse
import os
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "helpers"))

import judge_mutants
import web_page
from playwright.sync_api import Browser
from web_page import Visit

EXAMPLES = Path(__file__).parents[2] / "docs" / "examples" / "submissions"


def seconds(work: Callable[[], object]) -> float:
    """How long it takes."""
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun


def cold(browser: Browser, address: str, first: Path, rounds: int) -> Iterator[str]:
    """Opening the page with nothing in the cache, and dropping a file on it at once."""
    up, verdict = [], []
    for _ in range(rounds):
        begun = time.perf_counter()
        visit = Visit(browser, address, ready=False)
        visit.drop(first)
        visit.page.wait_for_selector("html[data-ready]", state="attached")
        up.append(time.perf_counter() - begun)
        visit.judged(1)
        verdict.append(time.perf_counter() - begun)
        visit.context.close()
    yield f"cold, {rounds} times: Python and the judge are there after {statistics.median(up):.1f} s, the first verdict"
    yield f"({first.name}) after {statistics.median(verdict):.1f} s, at worst {max(verdict):.1f} s"


def wire(site: Path) -> Iterator[str]:
    """What a browser loads, compressed as a host compresses texts."""
    from sheetgen.web import build, serve

    files = [path for path in site.rglob("*") if path.is_file() and path.name not in build.LATER]
    packed = {p: len(serve.compressed(p)) if p.suffix in serve.COMPRESSED else p.stat().st_size for p in files}
    yield f"over the wire: {sum(packed.values()) / 1e6:.2f} MB in {len(packed)} files"
    for path in sorted(packed, key=lambda p: -packed[p])[:4]:
        yield f"    {path.name:24}{packed[path] / 1e6:8.2f} MB"


def later(visit: Visit, folder: Path, rounds: int) -> Iterator[str]:
    """Each workbook on the open page, and by the command."""
    yield f"{'later verdicts, seconds':32}{'page':>8}{'command':>10}"
    for path in sorted(folder.glob("*.xlsx")):
        page, command = [], []
        for _ in range(rounds):
            visit.clear()
            page.append(seconds(lambda path=path: (visit.drop(path), visit.judged(1))))  # type: ignore[misc]
            command.append(seconds(lambda path=path: web_page.command(folder, [path.name])))  # type: ignore[misc]
        yield f"{path.name:32}{statistics.median(page):8.2f}{statistics.median(command):10.2f}"


def class_of(visit: Visit, mutants: int) -> Iterator[str]:
    """A folder of many workbooks, dropped as one."""
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch, "class")
        folder.mkdir()
        for number in range(mutants):
            judge_mutants.mutant(3, number).book.write(folder / f"{number:03}.xlsx")
        visit.clear()
        page = seconds(lambda: (visit.drop(folder), visit.judged(mutants)))
        command = seconds(lambda: web_page.command(folder.parent, ["class"]))
        rows = visit.take("#csv").decode().count("\r\n") - 1
        yield f"a class of {mutants}: page {page:.0f} s, command {command:.0f} s; the table has {rows} lines"


def in_node(site: Path, mutants: int) -> Iterator[str]:
    """The page's archive in node, beside the judge here."""
    with tempfile.TemporaryDirectory() as scratch:
        for number in range(mutants):
            judge_mutants.mutant(5, number).book.write(Path(scratch, f"{number:03}.xlsx"))
        with ThreadPoolExecutor(1) as beside:
            there = beside.submit(web_page.in_node, site, Path(scratch))
            here = web_page.documents(Path(scratch))
    same, bytes_same = 0, 0
    for name, (document, _) in there.result().items():
        bytes_same += web_page.timeless(document) == web_page.timeless(here[name])
        try:
            web_page.alike(document, here[name])
            same += 1
        except AssertionError:
            yield f"{name} differs"
    yield f"{mutants} mutants in node: {same} alike, {bytes_same} to the byte"


def main() -> None:
    """Print everything."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])  # type: ignore[union-attr]
    parser.add_argument("folder", nargs="?", type=Path, default=EXAMPLES)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--class", dest="size", type=int, default=300)
    parser.add_argument("--mutants", type=int, default=600)
    given = parser.parse_args()
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # the command would compile itself each time
    command = [shutil.which("chromium") or "chromium", "--version"]
    version = subprocess.run(command, capture_output=True, text=True).stdout
    print(f"{version.strip()}, Python {platform.python_version()}, {os.cpu_count()} processors", flush=True)
    with tempfile.TemporaryDirectory() as scratch:
        site = web_page.site(Path(scratch, "site"))
        for line in wire(site):
            print(line, flush=True)
        with web_page.chromium() as browser, web_page.served(site) as address:
            for line in cold(browser, address, EXAMPLES / "ben.xlsx", given.rounds):
                print(line, flush=True)
            visit = Visit(browser, address)
            for line in later(visit, given.folder, given.rounds):
                print(line, flush=True)
            for line in class_of(visit, given.size) if given.size else ():
                print(line, flush=True)
        for line in in_node(site, given.mutants) if given.mutants else ():
            print(line, flush=True)


if __name__ == "__main__":
    main()
