"""Break every column of Training and of Learning rates, one cell at a time: is Start red, and does it name the cell?

Of each column the first, a middle and the last row, under the template's inputs and under four other sets. Prints a
line for each set, and every miss; the exit status is 1 if there was one.

    python tests/benchmarks/bench_breaking.py [--template NAME] [--steps N]
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "helpers"))
from breaking import INPUTS, SHEETS, Opened, named

from sheetgen import templates
from sheetgen.deliver.build import ask_oracle
from sheetgen.judge.engines.calculated import calculated
from sheetgen.spec import load, with_options
from sheetgen.writer import workbook
from sheetgen.writer.sheets.start import Made


def main() -> int:
    """Break and count."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--template", default="homework")
    parser.add_argument("--steps", type=int, default=30)
    options = parser.parse_args()
    spec = with_options(load(templates.find(options.template)), options.steps)
    missed = 0
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "book.xlsx"
        workbook.write(workbook.plan(spec), path, ask_oracle(spec), Made(calculate=calculated))
        for title, inputs in INPUTS.items():
            missed += _broken(Opened(path), title, inputs)
    return 1 if missed else 0


def _broken(book: Opened, title: str, inputs: dict[str, float]) -> int:
    """How many broken cells are not named under some inputs."""
    start, count, missed = time.perf_counter(), 0, 0
    book.type(**{name: number for name, number in inputs.items() if name in book.book.names})
    false_red = book.said().verdict == "FAIL"
    for sheet in SHEETS:
        for label, cells in book.cells(sheet):
            for cell in (c for c in cells if book.book.sheets[sheet][c].formula):
                said = book.broken(sheet, cell)
                count += 1
                if said.verdict != "FAIL" or not str(said.what).startswith(named(sheet, cell)):
                    missed += 1
                    print(f"    missed: {sheet}!{cell}, {label}: {said.verdict}, {said.what}")
    red = ", and red while nothing was broken" if false_red else ""
    seconds = time.perf_counter() - start
    print(f"{title}: {count - missed} of {count} broken cells named{red}, {seconds:.0f} s", flush=True)
    return missed + false_red


if __name__ == "__main__":
    sys.exit(main())
