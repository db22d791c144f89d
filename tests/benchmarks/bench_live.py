"""The trained network in cells: seconds and sizes. `python tests/benchmarks/bench_live.py [WORKBOOK]`

WORKBOOK is the whole default workbook, out/sheetgen.xlsx if none is named; without it, the live sheets alone are timed.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "helpers"))

import live_books
import numpy as np
import torch  # what takes its time is loaded before the clock runs

from mnist import live, spreadsheet
from sheetgen.excel import Workbook, blank, read
from sheetgen.judge.engines import available, iron, libreoffice

ROOT = Path(__file__).parents[2]
GOALS = {"write": 2.0, "pixel": 0.5, "open": 15.0}
IMAGES = 2_000


def times(work: Callable[[], object], count: int) -> list[float]:
    """Seconds of some runs, sorted."""
    found = []
    for _ in range(count):
        start = time.perf_counter()
        work()
        found.append(time.perf_counter() - start)
    return sorted(found)


def row(name: str, found: list[float], goal: float | None = None) -> None:
    """One line of the report: the median, the goal, all runs."""
    told = f"goal {goal:g} s, " if goal else ""
    runs = ", ".join(f"{s:.2f}" for s in found)
    print(f"{name:66}{found[len(found) // 2]:8.2f} s   ({told}median of {len(found)}: {runs})")


def edited_pixel(book: Workbook) -> list[float]:
    """Seconds until the logits are there again after a pixel is typed in IronCalc."""
    model = iron.Live(book)
    drawing, logits = ([(live.LIVE, at) for at in live_books.cells_of(book, n)] for n in ("cnn_drawing", "cnn_logits"))
    values = iter(range(100, 256))
    seen = {tuple(model.evaluate(logits))}

    def edit() -> None:
        model.put(drawing[14 * 28 + 13], float(next(values)))
        seen.add(tuple(model.evaluate(logits)))

    found = times(edit, 5)
    if len(seen) != 6:
        raise AssertionError("the logits do not follow the pixel")
    return found


def opened(path: Path, folder: Path) -> list[float]:
    """Seconds of LibreOffice's process that opens a copy without cached values, recalculates it and saves it."""
    copy = folder / "blank.xlsx"
    blank(path, copy)
    number = iter(range(3))

    def convert() -> None:
        place = folder / f"run{next(number)}"
        place.mkdir()
        libreoffice.soffice(place, libreoffice.TIMEOUT, "--convert-to", "xlsx", "--outdir", str(place), str(copy))
        if not (place / copy.name).exists():
            raise AssertionError("LibreOffice converted nothing")

    return times(convert, 3)


def images_per_second(path: Path) -> None:
    """The compiled formulas on random images."""
    start = time.perf_counter()
    formulas = spreadsheet.compiled(path)
    print(f"{f'compiling {formulas.formulas:,} formulas':66}{time.perf_counter() - start:8.2f} s")
    images = np.random.default_rng(0).integers(0, 256, (IMAGES, 784)).astype(float)
    seconds = times(lambda: [formulas(batch) for batch in spreadsheet.batches(images)], 3)[1]
    print(f"{f'the compiled formulas on {IMAGES:,} images':66}{IMAGES / seconds:8.0f} images/s   (median of 3)")


def report(name: str, path: Path, folder: Path) -> None:
    """What one workbook takes in the engines, and its size."""
    book = read(path)
    count = sum(e.formula is not None for cells in book.sheets.values() for e in cells.values())
    print(f"{f'{name}: {count:,} formulas':66}{path.stat().st_size / 1e6:8.2f} MB")
    row(f"{name}, IronCalc: one edited pixel", edited_pixel(book), GOALS["pixel"])
    if available(libreoffice.NAME):
        folder.mkdir()
        row(f"{name}, LibreOffice: open, recalculate, save", opened(path, folder), GOALS["open"])


def main(whole: str = str(ROOT / "out" / "sheetgen.xlsx")) -> None:
    """Print the table."""
    print(f"torch {torch.__version__}, {torch.get_num_threads()} thread")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        path = folder / "live.xlsx"
        row("trace, lay out and write", times(lambda: live_books.write(path, live.load()), 3), GOALS["write"])
        report("the live sheets alone", path, folder / "alone")
        images_per_second(path)
        if Path(whole).is_file():
            report("the whole workbook", Path(whole), folder / "whole")
        else:
            print("the whole workbook is not there: build it with python build.py")


if __name__ == "__main__":
    main(*sys.argv[1:])
