"""Fuzz the reader and the judge: mutate bytes, XML and formulas of small workbooks, and see what comes out.

Nothing but a verdict may: `python tests/benchmarks/fuzz_reader.py --seconds 3600`. What fails is kept in a folder, with
the command that makes it again.
"""

from __future__ import annotations

import argparse
import random
import re
import sys
import tempfile
import time
import traceback
import zipfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

import judge_mutants

from sheetgen.audit.judge import audit
from sheetgen.reader import Book, values
from sheetgen.xlsx import UnreadableWorkbook, read

SLOW = 20.0  # seconds that one workbook may take
PIECES = [
    "(", ")", "((", "))", ",", ";", ":", "+", "-", "*", "/", "^", "%", "&", "=", "<>", "<", ">=", "$", "!", "'", '"',
    "#", "{", "}", "[", "]", "A1", "$A$1", "A1:B9", "A:A", "1:1", "XFD1048576", "Sheet1!A1", "'x'!B2", "_0_", "1E308",
    "1E-9", ".5", "TRUE", "#REF!", "#N/A", '"text"', "SUM(", "IF(", "EXP(", "LN(", "SUMPRODUCT(", "MMULT(",
    "TRANSPOSE(", "INDEX(", "OFFSET(", "IFERROR(", "MAX(", "ROUND(", "POWER(", "_xlfn.", "LET(", "eta", "w1", "1.2.3",
    "--", "^^", "2^-2", "SUM(A1:XFD1048576)",
]  # fmt: skip
FORMULA = re.compile(rb"<f[^>]*>([^<]*)</f>")


def mutated(rng: random.Random, parts: dict[str, bytes]) -> dict[str, bytes]:
    """The parts with a few changes: bytes of any part, or pieces of formulas of a sheet."""
    made = dict(parts)
    for _ in range(rng.randint(1, 4)):
        name = rng.choice(list(made))
        data = bytearray(made[name])
        formulas = [m.span(1) for m in FORMULA.finditer(data)] if name.startswith("xl/worksheets/") else []
        if formulas and rng.random() < 0.8:
            start, end = rng.choice(formulas)
            at = rng.randint(start, end)
            piece = rng.choice(PIECES).encode().replace(b"<", b"&lt;") * rng.choice([1, 1, 1, 2, 40])
            data[at : at + rng.choice([0, 0, 1, 3])] = piece
        else:
            _bytes(rng, data)
        made[name] = bytes(data)
    return made


def _bytes(rng: random.Random, data: bytearray) -> None:
    at = rng.randrange(len(data) + 1)
    way = rng.random()
    if way < 0.4 and at < len(data):
        data[at] = rng.randrange(256)
    elif way < 0.7:
        del data[at : at + rng.randint(1, 60)]
    elif data:
        start = rng.randrange(len(data))
        data[at:at] = data[start : start + rng.randint(1, 300)]


def main() -> None:
    """Mutate until the time is over; the exit status is 1 if anything failed."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--seconds", type=float, default=60, help="of processor time")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--keep", type=Path, default=Path("out/fuzz"))
    options = parser.parse_args()
    rng, start, count, slowest, failed = random.Random(options.seed), time.process_time(), 0, 0.0, 0
    said = {"judged": 0, "not judged": 0, "unreadable": 0}
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "fuzzed.xlsx"
        while time.process_time() - start < options.seconds:
            if count % 50 == 0:
                judge_mutants.mutant(options.seed, count // 50, (12, 16)).book.write(path)
                with zipfile.ZipFile(path) as book:
                    parts = {entry.filename: book.read(entry) for entry in book.infolist()}
            with zipfile.ZipFile(path, "w") as book:
                for name, data in mutated(rng, parts).items():
                    book.writestr(name, data)
            count += 1
            before = time.process_time()
            try:
                said["not judged" if audit(path).problem else "judged"] += 1
                values(Book(read(path)))
            except UnreadableWorkbook:
                said["unreadable"] += 1
            except Exception:
                failed += 1
                options.keep.mkdir(parents=True, exist_ok=True)
                (options.keep / f"{options.seed}-{count}.xlsx").write_bytes(path.read_bytes())
                print(f"FAILED at {count}:\n{traceback.format_exc(limit=-4)}", flush=True)
            took = time.process_time() - before
            if took > max(slowest, SLOW):
                print(f"SLOW at {count}: {took:.0f} s", flush=True)
            slowest = max(slowest, took)
            if count % 500 == 0:
                print(f"{count:,} workbooks, {said}, {failed} failed, slowest {slowest:.1f} s", flush=True)
    print(f"{count:,} workbooks in {time.process_time() - start:.0f} s of processor time: {said}, {failed} failed, "
          f"slowest {slowest:.1f} s")  # fmt: skip
    sys.exit(bool(failed))


if __name__ == "__main__":
    main()
