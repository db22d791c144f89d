"""Building and checking, stage by stage: `python tests/benchmarks/bench_build.py [TEMPLATE.toml] [--against FOLDER]`.

A row per stage and engine: wall and processor seconds (user and system, of child processes too), cells. Each runs in a
process of its own, one after the other; the last row is the whole command. FOLDER is another checkout, such as the one
before a change: its rows are measured in the same run, each right after ours and on the workbook that ours wrote, for a
machine is never idle twice.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parents[2]

# One stage: it runs in a checkout, and prints [wall seconds, processor seconds, cells].
STAGE = """
import json, resource, sys, time
def spent():
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(u.ru_utime + u.ru_stime for u in used)
stage, path = sys.argv[1:]
from sheetgen.excel import read
if stage == "linting":
    from sheetgen.judge.lint import lint as run
elif stage == "PyTorch autograd":
    def run(path):
        from pathlib import Path
        from sheetgen.judge.check import reference_values
        from sheetgen.judge.provenance import template
        from sheetgen.judge.report import Report
        book = read(path)
        reference_values(template(book, Path(path)), [], Report(Path(path)))
elif stage == "reading":
    run = read
else:
    from sheetgen.judge.engines import ENGINES, available
    if stage not in ENGINES or not available(stage):
        print(json.dumps(None))
        sys.exit()
    run = ENGINES[stage]
began, before = time.perf_counter(), spent()
found = run(path)
if stage == "linting":
    found = list(found)
cells = sum(map(len, found.values.values())) if hasattr(found, "values") and hasattr(found, "engine") else None
print(json.dumps([time.perf_counter() - began, spent() - before, cells]))
"""
STAGES = ("reading", "linting", "PyTorch autograd", "IronCalc", "formulas", "formulas patterns", "LibreOffice",
          "Formulon")  # fmt: skip
COMMAND = """
import json, resource, subprocess, sys, time
began = time.perf_counter()
status = subprocess.run([sys.executable, *sys.argv[1:]], capture_output=True, text=True)
used = resource.getrusage(resource.RUSAGE_CHILDREN)
assert status.returncode == 0, status.stderr
print(json.dumps([time.perf_counter() - began, used.ru_utime + used.ru_stime, None]))
"""


def measured(checkout: Path, code: str, *arguments: str) -> list[float] | None:
    """What a process prints that runs some code of a checkout."""
    environment = os.environ | {"PYTHONPATH": str(checkout)}
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments], env=environment, cwd=checkout, capture_output=True, text=True
    )
    if done.returncode:
        return None  # an older checkout may not know the stage
    found: list[float] | None = json.loads(done.stdout.splitlines()[-1])
    return found


def row(name: str, results: list[list[float] | None]) -> None:
    """Print one stage: cells, then wall and processor seconds of every checkout."""
    cells = next((r[2] for r in results if r and r[2]), None)
    columns = ("".join(f"{number:9.1f}" for number in r[:2]) if r else f"{'-':>9}{'-':>9}" for r in results)
    print(f"{name:24}{f'{cells:,}' if cells else '':>10}{''.join(columns)}", flush=True)


def main(template: str | None, checkouts: list[Path]) -> None:
    """Print the table."""
    print(f"{'seconds: wall, processor':24}{'cells':>10}" + "".join(f"{c.name[:16]:>18}" for c in checkouts))
    with tempfile.TemporaryDirectory() as folder:
        book = f"{folder}/0.xlsx"  # ours
        build = ["build.py", *([template] if template else []), "-o", f"{folder}/x.xlsx"]
        row("write only", [measured(c, COMMAND, *build[:-1], f"{folder}/{k}.xlsx", "--no-check") for k, c in
                           enumerate(checkouts)])  # fmt: skip
        for stage in STAGES:
            row(stage, [measured(c, STAGE, stage, book) for c in checkouts])
        row("write, check, certify", [measured(c, COMMAND, *build) for c in checkouts])


if __name__ == "__main__":
    words = sys.argv[1:]
    other = [Path(words.pop(k + 1)).resolve() for k in [words.index("--against")]] if "--against" in words else []
    names = [word for word in words if word != "--against"]
    main(str(Path(names[0]).resolve()) if names else None, [ROOT, *other])
