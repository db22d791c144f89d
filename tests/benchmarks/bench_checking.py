"""Checking a trace with `formulas`: by patterns against in full. `python tests/benchmarks/bench_checking.py [ROWS]`

The plain model is timed on fewer rows and scaled up linearly (its time per cell does not fall with size); give ROWS
on both sides with `--full` to time it on all of them, which takes minutes.
"""

from __future__ import annotations

import sys
import tempfile
import time
import warnings
from pathlib import Path

from bench_writing import make_plan, with_sheetgen

from sheetgen.judge.engines import ENGINES


def plain(path: Path) -> float:
    """Seconds that the library's own loader and calculation take."""
    import formulas

    start = time.perf_counter()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        formulas.ExcelModel().loads(str(path)).finish().calculate()
    return time.perf_counter() - start


def main(rows: int = 1_000, full: bool = False) -> None:
    """Print the seconds of both and their ratio."""
    few = rows if full else min(rows, 100)
    with tempfile.TemporaryDirectory() as folder:
        large, small = Path(folder) / "large.xlsx", Path(folder) / "small.xlsx"
        with_sheetgen(make_plan(rows), large)
        with_sheetgen(make_plan(few), small)
        patterns = sorted(ENGINES["formulas patterns"](large).seconds for _ in range(3))[1]
        seconds = plain(small) * rows / few
    scaled = "" if full else f" (measured on {few}, scaled)"
    print(f"formulas in full,  {rows:,} rows: {seconds:8.1f} s{scaled}")
    print(f"formulas patterns, {rows:,} rows: {patterns:8.1f} s (median of 3)")
    print(f"ratio {seconds / patterns:.0f}")


if __name__ == "__main__":
    main(*(int(a) for a in sys.argv[1:] if a.isdigit()), full="--full" in sys.argv)
