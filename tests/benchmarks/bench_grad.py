"""Differentiating large workbooks, against differences. `python tests/benchmarks/bench_grad.py`

The time of one derivative by differences is that of one central difference (two recalculations by IronCalc), which is
the least that any such method needs. Seconds are of one processor.
"""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "helpers"))
from grad_books import AT, Cells, loan, training, write

from sheetgen.excel import read
from sheetgen.grad.reverse import evaluate, sweep
from sheetgen.grad.where import cells_of, target_of
from sheetgen.judge.engines.iron import Live
from sheetgen.reader import Formulas

# name -> (cells, the target, with respect to what)
CASES: dict[str, tuple[Cells, str, str]] = {
    "a loan of 25,000 months": (loan(25_000) | {"B2": 0.001}, "B5", "B1:B3"),
    "a training of 3,333 rows": (training(3_333), f"{AT['E_total']}3336", f"{AT['w1']}4:{AT['w8']}4"),
    "a training of 10,000 rows": (training(10_000), f"{AT['E_total']}10003", f"{AT['w1']}4:{AT['w8']}4"),
    "one sum of 100,000 squares": (
        {f"A{k}": k % 7 + 1 for k in range(1, 100_001)}
        | {f"B{k}": f"=A{k}^2" for k in range(1, 100_001)}
        | {"D1": "=SUM(B1:B100000)"},
        "D1",
        "A1:A100000",
    ),
}


def main() -> None:
    """Print for each case its cells, the seconds of each part, and what differences would take."""
    print(f"{'':28}{'cells':>9}{'file':>7}{'graph':>7}{'sweep':>7}{'given':>9}{'differences':>14}{'ratio':>9}")
    for name, (cells, target, given) in CASES.items():
        with tempfile.TemporaryDirectory() as folder:
            path = write(Path(folder) / "book.xlsx", {"Sheet1": cells})
            start = time.process_time()
            book = Formulas(read(path))
            filed = time.process_time() - start
        start = time.process_time()
        at = target_of(book, target)
        wanted, _ = cells_of(book, [given], at[0])
        found = evaluate(book, at)
        built = time.process_time() - start
        start = time.process_time()
        swept = sweep(found, set(wanted))
        took = time.process_time() - start
        formulas = sum(f is not None for f in found.cone.formulas)
        first = found.cone.position[wanted[0]]
        engine = Live(book.workbook)
        start = time.process_time()
        x, step = found.values[first], 1e-4 * found.values[first]
        low, high = (engine.recalculate(at, {wanted[0]: x + h}) for h in (-step, step))
        assert isinstance(low, float) and isinstance(high, float)
        slope = (high - low) / (2 * step)
        each = time.process_time() - start
        assert abs(slope - swept.adjoints[first]) <= 1e-3 * abs(slope), (slope, swept.adjoints[first])
        print(
            f"{name:28}{formulas:9,}{filed:6.1f}s{built:6.1f}s{took:6.1f}s{len(wanted):9,}"
            f"{each * len(wanted):13.1f}s{each * len(wanted) / took:9.1f}"
        )


if __name__ == "__main__":
    main()
