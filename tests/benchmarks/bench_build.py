"""The whole command: `python tests/benchmarks/bench_build.py` times building and checking the default workbook."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).parents[2]


def main() -> None:
    """Print the seconds of `build.py --no-check` and of `build.py`, median of three, process start included."""
    for options, what in ((["--no-check"], "write only"), ([], "write, recalculate with every engine, write again")):
        seconds = []
        for _ in range(3):
            with tempfile.TemporaryDirectory() as folder:
                command = [sys.executable, str(ROOT / "build.py"), "-o", str(Path(folder) / "x.xlsx"), *options]
                start = time.perf_counter()
                subprocess.run(command, check=True, capture_output=True)
                seconds.append(time.perf_counter() - start)
        print(f"{what}: {sorted(seconds)[1]:.1f} s (median of 3: {', '.join(f'{s:.1f}' for s in seconds)})")


if __name__ == "__main__":
    main()
