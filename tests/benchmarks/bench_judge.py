"""Mutation testing of the judge: `python tests/benchmarks/bench_judge.py [--mutants 600] [--seed 0] [--right 200]`

Puts every kind of defect into right workbooks at random places, and counts what `sheetgen audit` makes of them:
caught (anything was found), named (the right kind of finding, on a changed cell, with the right reference), first (and
it begins at the first wrong cell), more (errors and warnings about other cells, a workbook). Then false alarms on right
workbooks. `--only 'NAME #0.17' --keep FILE` makes one of them again and prints what was said.
"""

from __future__ import annotations

import argparse
import resource
import signal
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path
from random import Random
from typing import NamedTuple

sys.path.insert(0, str(Path(__file__).parents[1] / "helpers"))

import judge_books
import judge_mutants
from judge_grid import Book
from judge_rest import DEFECTS

from sheetgen.audit.judge import audit
from sheetgen.audit.verdict import Verdict
from sheetgen.base.finding import NOTE

RIGHT = "right"
PATIENCE = 120  # seconds for one workbook
MEMORY = 4 << 30  # bytes for one process


class Result(NamedTuple):
    """What the judge made of one workbook; `seconds` are its own."""

    name: str
    kind: str
    layout: str
    caught: bool
    named: bool
    first: bool
    more: int
    seconds: float
    said: str


def right(seed: int, number: int) -> tuple[str, Book]:
    """(name, book) of a right workbook."""
    layouts = judge_books.LAYOUTS
    return f"{RIGHT} #{seed}.{number}", judge_books.book(
        Random(f"right {seed}.{number}"), layouts[number % len(layouts)]
    )


def judged(book: Book, keep: Path | None = None) -> Verdict:
    """The verdict on a book's file; a judge that fails has a problem of its own."""
    with tempfile.TemporaryDirectory() as folder:
        path = book.write(keep or Path(folder) / "book.xlsx")
        signal.alarm(PATIENCE)
        try:
            return audit(path, None)
        except Exception as error:  # counted, and the next workbook is judged
            return Verdict(path, problem=f"the judge failed with {error!r}")
        finally:
            signal.alarm(0)


def limited() -> None:
    """Bound this process, so that one workbook that is too much for the judge is counted as such."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    signal.signal(signal.SIGALRM, _late)


def _late(*_: object) -> None:
    raise TimeoutError(f"no verdict in {PATIENCE} s")


def run(kind: str, seed: int, number: int) -> Result:
    """Make one workbook and have it judged; kind is 'right' or 'mutant'."""
    if kind == RIGHT:
        name, book = right(seed, number)
        verdict = judged(book)
        alarm = bool(verdict.problem) or any(f.severity != NOTE for f in verdict.findings)
        return Result(name, RIGHT, book.layout, alarm, False, False, 0, verdict.seconds, summary(verdict))
    mutant = judge_mutants.mutant(seed, number)
    verdict = judged(mutant.book)
    return Result(
        mutant.name, mutant.kind, mutant.book.layout, mutant.caught(verdict), mutant.named(verdict),
        mutant.first(verdict), mutant.others(verdict), verdict.seconds, summary(verdict),
    )  # fmt: skip


def summary(verdict: Verdict) -> str:
    """The verdict in a line, and its first finding."""
    first = [f"{f.kind} {f.sheet}!{f.cells}: {f.found[:90]} / {f.expected[:90]}" for f in verdict.findings[:1]]
    return " | ".join([verdict.sentence(), *first])


def table(results: list[Result]) -> Iterator[str]:
    """A line for each kind, and the sum."""
    yield f"{'':45}{'caught':>8}{'named':>8}{'first':>8}{'missed':>8}{'of':>6}{'more':>7}"
    for kind in [*DEFECTS, "all"]:
        of = [r for r in results if kind in (r.kind, "all")]
        if of:
            caught, named, first = (sum(flags) for flags in zip(*(r[3:6] for r in of), strict=True))
            more = sum(r.more for r in of) / len(of)
            yield f"{kind:45}{caught:8}{named:8}{first:8}{len(of) - caught:8}{len(of):6}{more:7.1f}"


def misses(results: list[Result]) -> Iterator[str]:
    """The mutants that were not caught or not named, with the command that makes each again."""
    for r in results:
        if not (r.caught and r.named):
            word = "not named" if r.caught else "MISSED"
            yield f"{word}: {r.layout}: {r.said}\n    --only '{r.name}' --keep out.xlsx"


def one(name: str, keep: Path | None) -> None:
    """Make one workbook again, and print everything that is known of it."""
    kind, _, numbers = name.rpartition(" #")
    seed, number = map(int, numbers.split("."))
    mutant = None if kind == RIGHT else judge_mutants.mutant(seed, number)
    book = mutant.book if mutant else right(seed, number)[1]
    limited()
    verdict = judged(book, keep)
    if mutant:
        print(f"{mutant.name} ({book.layout}): {mutant.change}")
        print(f"caught {mutant.caught(verdict)}, named {mutant.named(verdict)}, first {mutant.first(verdict)}")
    print(verdict.sentence())
    for finding in verdict.findings:
        print(*finding, sep=" | ")
    print(*verdict.unread[:20], sep="\n")


def main() -> None:
    """Print the table, the misses and the false alarms."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    for name, default in (("mutants", 600), ("seed", 0), ("right", 200), ("jobs", 2)):
        parser.add_argument(f"--{name}", type=int, default=default)
    parser.add_argument("--only", metavar="NAME")
    parser.add_argument("--keep", metavar="FILE", type=Path)
    options = parser.parse_args()
    if options.only:
        return one(options.only, options.keep)
    start = time.perf_counter()
    with ProcessPoolExecutor(options.jobs, initializer=limited) as pool:
        mutants = list(pool.map(partial(run, "mutant", options.seed), range(options.mutants), chunksize=4))
        rights = list(pool.map(partial(run, RIGHT, options.seed), range(options.right), chunksize=4))
    print(*table(mutants), sep="\n")
    alarms = [r for r in rights if r.caught]
    print(f"\nfalse alarms: {len(alarms)} of {len(rights)} right workbooks")
    print(*(f"ALARM: {r.layout}: {r.said}\n    --only '{r.name}' --keep out.xlsx" for r in alarms), sep="\n")
    print(*misses(mutants), sep="\n")
    judging = sum(r.seconds for r in mutants + rights)
    count = len(mutants) + len(rights)
    seconds = time.perf_counter() - start
    print(f"{seconds:.0f} s with {options.jobs} processes; the judge itself {judging / count:.2f} s a workbook")


if __name__ == "__main__":
    main()
