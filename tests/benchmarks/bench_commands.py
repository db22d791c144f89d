"""Every command as people run it: `python tests/benchmarks/bench_commands.py [--against FOLDER] [--rounds N]`.

A row per command: the medians of wall seconds and of processor seconds (user and system, also of child processes that
it waits for), each run a process of its own. The FOLDER of --against is another checkout, such as the one before a
change: its commands run in turn with ours, on the files that ours wrote, and the last column is the median of ours
divided by theirs in wall seconds, round by round. --audit names the folder of workbooks to audit, --mnist of images.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "tests" / "helpers"))
from grad_books import AT, training, write  # noqa: E402

ENGINES = ("IronCalc", "formulas patterns")  # the seconds of the others are hardly ours
Seconds = tuple[float, float]  # wall, processor


def commands(folder: Path, audited: list[Path], images: list[str]) -> dict[str, list[str]]:
    """Name -> what follows `python -m`; those that read a workbook read the one that the first row has written."""
    book, rows = folder / "book.xlsx", folder / "rows.xlsx"
    write(rows, {"Sheet1": training(3_333)})
    weights = f"{AT['w1']}4:{AT['w8']}4"
    return {
        "build, not checked": ["sheetgen", "build", "--no-check", "-o", str(book)],
        "check by two engines": ["sheetgen", "check", *(f"--engine={name}" for name in ENGINES), str(book)],
        f"audit of {len(audited)} workbooks": ["sheetgen", "audit", *map(str, audited)],
        "grad of 100,000 cells": ["sheetgen", "grad", "--no-numeric", str(rows), f"{AT['E_total']}3336", weights],
        "mnist spreadsheet": ["mnist", "spreadsheet", *images, str(book)],
    }


def measured(checkout: Path, arguments: list[str]) -> Seconds | None:
    """The seconds of one command of a checkout; None if it cannot do that."""
    environment = os.environ | {"PYTHONPATH": str(checkout), "OMP_NUM_THREADS": "1"}
    command = [sys.executable, "-m", *arguments]
    began, before = time.perf_counter(), os.times()
    done = subprocess.run(command, env=environment, cwd=checkout, capture_output=True, text=True)
    wall, after = time.perf_counter() - began, os.times()
    if done.returncode not in (0, 1):  # 1: a workbook is wrong
        print(f"{checkout.name}: {done.stderr.strip().splitlines()[-1:]}", file=sys.stderr)
        return None
    spent = after.children_user + after.children_system - before.children_user - before.children_system
    return wall, spent


def row(name: str, rounds: list[list[Seconds | None]]) -> None:
    """Print one command: medians of every checkout, and the ratio."""
    columns = []
    for results in zip(*rounds, strict=True):
        medians = [statistics.median(part) for part in zip(*filter(None, results), strict=True)]
        columns.append("".join(f"{seconds:9.2f}" for seconds in medians) or f"{'-':>9}{'-':>9}")
    ratios = [ours[0] / theirs[0] for ours, *others in rounds for theirs in others if ours and theirs]
    ratio = f"{statistics.median(ratios):8.2f}" if ratios else ""
    print(f"{name:26}{''.join(columns)}{ratio}", flush=True)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--against", type=Path)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--audit", type=Path, default=ROOT / "docs" / "examples" / "submissions")
    parser.add_argument("--mnist", type=Path)
    options = parser.parse_args()
    images = ["--data", str(options.mnist.resolve())] if options.mnist else []
    checkouts = [ROOT, *([options.against.resolve()] if options.against else [])]
    print(f"{'seconds: wall, processor':26}" + "".join(f"{checkout.name[:16]:>18}" for checkout in checkouts))
    with tempfile.TemporaryDirectory() as folder:
        for name, arguments in commands(Path(folder), sorted(options.audit.resolve().glob("*.xlsx")), images).items():
            row(name, [[measured(c, arguments) for c in reversed(checkouts)][::-1] for _ in range(options.rounds)])


if __name__ == "__main__":
    main()
