"""Fuzz the reader and the judge: mutate bytes, XML and formulas of small workbooks, and see what comes out.

Nothing but a verdict may: `python tests/benchmarks/fuzz_reader.py --seconds 3600`. What fails is kept in a folder, with
the command that makes it again. Between two workbooks some hundred formulas are mutated in memory, read, calculated and
differentiated: in a file most mutations never get so far.
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
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "helpers"))

import judge_mutants
from reader_formulas import RandomFormulas

from sheetgen.audit.judge import audit
from sheetgen.cells.cell import NotDifferentiable, backward
from sheetgen.excel import Entry, UnreadableWorkbook, Workbook, read
from sheetgen.reader import Circular, Formulas, cone, values

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


def formulas(seed: int) -> Workbook:
    """Formulas for every function, most of them with a few pieces put in, cut out or exchanged."""
    source = RandomFormulas(seed)
    rng, texts = source.rng, source.every()
    cells = {at: Entry(None, value) for at, value in source.cells(mixed=True).items()}
    for k, text in enumerate(texts, 1):
        for _ in range(rng.randint(0, 3)):
            at, piece = rng.randint(0, len(text)), rng.choice(PIECES) * rng.choice([1, 1, 1, 2, 40])
            if rng.random() < 0.2:  # a piece of another formula
                piece = rng.choice(texts)[rng.randint(0, 5) :][: rng.randint(1, 30)]
            text = (text[:at] + piece + text[at + rng.choice([0, 0, 1, 3, 9]) :])[:8_192]
        remembered = rng.choice([None, 1.5, "a text", "7", True, ""])
        cells[f"{rng.choice('ABCDEF')}{k if rng.random() < 0.9 else rng.randint(1, 20)}"] = Entry(text, remembered)
    names = {"eta": "S!$A$1", "w1x": f"={rng.choice(texts)}", "loop": "loop+1", "S!here": "$B$2:$B$9", "text": '"x"'}
    arrays = {
        ("S", rng.choice([*cells])): rng.choice(["A1:C3", "B2:B9", "C1", "D1:D30000", "A:A", "?"]) for _ in range(6)
    }
    return Workbook({"S": cells, "Sheet1": dict(list(cells.items())[:9])}, names, arrays)


def calculate(workbook: Workbook, rng: random.Random) -> None:
    """Read, calculate and differentiate a workbook."""
    book = Formulas(workbook)
    values(book)
    for at in rng.sample([*book.formulas()], 5):
        try:
            graph = cone(book, [at])
            backward(graph.cells[graph.targets[0]])
        except (Circular, NotDifferentiable):
            pass


@dataclass
class Tally:
    """What came out so far; what fails is kept."""

    keep: Path
    said: Counter[str] = field(default_factory=Counter)
    failed: int = 0
    slowest: float = 0.0

    def run(self, name: str, case: Callable[[], str], content: Callable[[], bytes]) -> None:
        """Count what a case says of itself. Only UnreadableWorkbook may come out of it."""
        before = time.process_time()
        try:
            self.said[case()] += 1
        except UnreadableWorkbook:
            self.said["unreadable"] += 1
        except Exception:
            self.failed += 1
            self.keep.mkdir(parents=True, exist_ok=True)
            (self.keep / name).write_bytes(content())
            print(f"FAILED: {name}\n{traceback.format_exc(limit=-4)}", flush=True)
        took = time.process_time() - before
        if took > SLOW:
            print(f"SLOW: {name} took {took:.0f} s", flush=True)
        self.slowest = max(self.slowest, took)

    def __str__(self) -> str:
        said = ", ".join(f"{count:,} {what}" for what, count in sorted(self.said.items()))
        return f"{said}; {self.failed} failed, the slowest took {self.slowest:.1f} s"


def judged(path: Path) -> str:
    """What the judge says of a file, after which the reader must read it too."""
    said = "not judged" if audit(path).problem else "judged"
    values(Formulas(read(path)))
    return said


def calculated(seed: int) -> str:
    """Read and calculate the formulas of a seed."""
    calculate(formulas(seed), random.Random(seed))
    return "workbooks of formulas"


def main() -> None:
    """Mutate until the time is over; the exit status is 1 if anything failed."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--seconds", type=float, default=60, help="of processor time")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--keep", type=Path, default=Path("out/fuzz"))
    options = parser.parse_args()
    rng, start, count, tally = random.Random(options.seed), time.process_time(), 0, Tally(options.keep)
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
            tally.run(f"{options.seed}-{count}.xlsx", partial(judged, path), path.read_bytes)
            seed = options.seed * 1_000_000 + count
            tally.run(
                f"formulas-{seed}.txt", partial(calculated, seed), lambda seed=seed: repr(formulas(seed)).encode()
            )
            count += 1
            if count % 250 == 0:
                print(f"{time.process_time() - start:.0f} s: {tally}", flush=True)
    print(f"{time.process_time() - start:.0f} s of processor time: {tally}")
    sys.exit(bool(tally.failed))


if __name__ == "__main__":
    main()
