"""Seconds that the judge takes, beside reading the files alone. `python tests/benchmarks/bench_audit.py [--jobs 2]`

30 workbooks like those that people hand in, a third of them with a defect; the collected ones, where they are; and a
trace of 10,000 rows. Seconds of the clock, and of processor time, which a busy machine does not stretch.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from random import Random
from typing import TypeVar

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "helpers"))

import judge_books
import judge_mutants
from books import TEMPLATES
from traces import write_trace

from sheetgen.audit.judge import audit
from sheetgen.audit.verdict import Verdict
from sheetgen.excel import read
from sheetgen.spec import load
from sheetgen.writer import workbook

T = TypeVar("T")
HOMEWORK = Path(__file__).resolve().parents[3] / "shared" / "data" / "homework"
COUNT, ROWS = 30, 10_000
GOALS = {"many": 15.0, "long": 20.0}


def many(folder: Path) -> list[Path]:
    """Write 30 workbooks; every third is a mutant."""
    mutants = judge_mutants.mutants(0, COUNT)
    found = []
    for k in range(COUNT):
        layout = judge_books.LAYOUTS[k % len(judge_books.LAYOUTS)]
        mutant = next(mutants)
        book = mutant.book if k % 3 == 0 else judge_books.book(Random(f"bench {k}"), layout)
        found.append(book.write(folder / f"book-{k:02}.xlsx"))
    return found


def long(folder: Path) -> Path:
    """Write a trace of 10,000 rows and 31 columns."""
    path = folder / "trace.xlsx"
    write_trace(workbook.plan(replace(load(TEMPLATES / "homework.toml"), steps=ROWS - 1)), path)
    return path


def timed(work: Callable[[], T]) -> tuple[T, float, float]:
    """What the work gives, and its seconds: of the clock, and of this process's processor time."""
    clock, cpu = time.perf_counter(), time.process_time()
    result = work()
    return result, time.perf_counter() - clock, time.process_time() - cpu


def row(name: str, clock: float, cpu: float, note: str = "") -> None:
    """One line of the report."""
    print(f"{name:52}{clock:8.1f} s{cpu:10.1f} s  {note}")


def words(verdicts: Sequence[Verdict]) -> str:
    """'20 right, 10 wrong'"""
    return ", ".join(f"{n} {word}" for word, n in Counter(v.word for v in verdicts).most_common())


def compared(name: str, paths: Sequence[Path], jobs: int, goal: float | None) -> None:
    """Read all files, judge all in this process, and judge all with some processes."""
    _, clock, cpu = timed(lambda: [read(path) for path in paths])
    row(f"{name}: read alone", clock, cpu)
    verdicts, clock, cpu = timed(lambda: [audit(path) for path in paths])
    row(f"{name}: judged one by one", clock, cpu, words(verdicts))
    command = [sys.executable, "-m", "sheetgen", "audit", "--jobs", str(jobs), "--json", *map(str, paths)]
    done, clock, _ = timed(lambda: subprocess.run(command, capture_output=True, text=True, check=False))
    inside = sum(found["seconds"] for found in json.loads(done.stdout)["files"])
    note = f"--jobs {jobs}; {inside:.1f} s within the judges" + (f"; goal {goal:g} s" if goal else "")
    print(f"{f'{name}: sheetgen audit':52}{clock:8.1f} s{'':12}  {note}")


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--jobs", type=int, default=2)
    jobs = parser.parse_args().jobs
    print(f"{'':52}{'clock':>10}{'processor':>12}")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        compared(f"{COUNT} workbooks", many(folder), jobs, GOALS["many"])
        if HOMEWORK.is_dir():
            paths = sorted(HOMEWORK.glob("*.xlsx"))
            compared(f"the {len(paths)} collected", paths, jobs, None)
        compared(f"a trace of {ROWS:,} rows", [long(folder)], 1, GOALS["long"])


if __name__ == "__main__":
    main()
