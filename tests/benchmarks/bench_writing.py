"""Writing a trace: seconds, ratios in one run, and memory. `python tests/benchmarks/bench_writing.py [ROWS]`

The same 31 columns of the homework, written by sheetgen (with cached values), by XlsxWriter's own `write_formula`
loop (with cached values) and by openpyxl's write-only mode (which cannot write cached values).
"""

from __future__ import annotations

import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from sheetgen import spec, templates
from sheetgen.writer import workbook
from sheetgen.writer.book import writing
from sheetgen.writer.sheets import training
from sheetgen.writer.trace import FIRST_ROW
from sheetgen.writer.workbook import Plan


def make_plan(rows: int) -> Plan:
    """The homework with that many rows."""
    homework = spec.load(templates.find("homework"))
    return workbook.plan(spec.with_options(homework, steps=rows - 1))


def with_sheetgen(plan: Plan, path: Path) -> None:
    """The sheet Training as the workbook has it."""
    with writing(path, "benchmark") as book:
        inputs = book.sheet("Network", "inputs", "")
        for k, (c, name) in enumerate(plan.run.names.items(), 5):
            inputs.put(k, 1, (plan.run.program.constants | plan.run.program.initial)[c], book.style("input"))
            book.name(name, "Network", f"$B${k}")
        book.sheet("Start", "", "")
        training.write(book, plan.run, plan.training)


def with_xlsxwriter(plan: Plan, path: Path) -> None:
    """A plain loop over rows and columns, as anybody would write it, in constant memory."""
    import xlsxwriter

    book = xlsxwriter.Workbook(str(path), {"constant_memory": True})
    sheet = book.add_worksheet("Training")
    style = book.add_format({"num_format": "0.000000000"})
    for row, numbers in enumerate(plan.run.rows(plan.run.program.columns), FIRST_ROW):
        for k, (column, number) in enumerate(zip(plan.training.trace.columns, numbers, strict=True), 1):
            sheet.write_formula(row - 1, k, "=" + column.at(row), style, number)
    book.close()


def with_openpyxl(plan: Plan, path: Path) -> None:
    """openpyxl's fastest way; it computes nothing, for it has no place for cached values."""
    from openpyxl import Workbook

    book = Workbook(write_only=True)
    sheet = book.create_sheet("Training")
    for _ in range(FIRST_ROW - 1):
        sheet.append([])
    for row in range(FIRST_ROW, plan.run.last + 1):
        sheet.append(["=" + column.at(row) for column in plan.training.trace.columns])
    book.save(path)


WAYS = {"sheetgen": with_sheetgen, "XlsxWriter": with_xlsxwriter, "openpyxl": with_openpyxl}


def measure(way: str, rows: int) -> tuple[float, float]:
    """(seconds, peak memory in MB) of one way in a process of its own, imports and planning left out."""
    code = f"from bench_writing import run; run({way!r}, {rows})"
    here = Path(__file__).parent
    out = subprocess.run([sys.executable, "-c", code], cwd=here, capture_output=True, text=True, check=True).stdout
    seconds, megabytes = map(float, out.split())
    return seconds, megabytes


def run(way: str, rows: int) -> None:
    """Measure in this process and print."""
    plan = make_plan(rows)
    with tempfile.TemporaryDirectory() as folder:
        start = time.perf_counter()
        WAYS[way](plan, Path(folder) / "trace.xlsx")
        print(time.perf_counter() - start, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)


def main(rows: int = 10_000) -> None:
    """Print the table; every figure is the median of three runs, the ways taking turns."""
    figures: dict[str, list[tuple[float, float]]] = {way: [] for way in WAYS}
    for _ in range(3):
        for way in WAYS:
            figures[way].append(measure(way, rows))
    median = {way: sorted(runs)[1] for way, runs in figures.items()}
    own = median["sheetgen"][0]
    print(f"{rows:,} rows x 31 formula columns, median of 3")
    for way, (seconds, megabytes) in median.items():
        print(f"{way:11}{seconds:8.2f} s {megabytes:8.0f} MB   {seconds / own:5.1f} x sheetgen's time")
    for few in (1_000, rows, 5 * rows):
        print(f"sheetgen, {few:,} rows: peak memory {measure('sheetgen', few)[1]:.0f} MB")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
