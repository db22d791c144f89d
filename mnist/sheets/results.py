"""The report's results: one line for every claim, and one for every seed below it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from mnist.recipe import TARGET
from mnist.record import Claim, seconds_of_teachers
from mnist.sheets.architecture import Places
from mnist.sheets.common import TELLING, heads, of_target, section
from mnist.sheets.runs import Run, of
from sheetgen.book import Book, Sheet, Value
from sheetgen.sheets.common import ROW

LAST_COLUMN = 13
CLAIM_HEADS = (
    "network", "parameters", "epochs", "seeds", "mean, last epoch %", "standard deviation", "lowest seed %",
    "best epoch %", "at target, slowest", "9 views, mean %", "train − test, mean", "seconds, mean",
    "seconds with teachers", "layers",
)  # fmt: skip
SEED_HEADS = (
    "run", "seed", "epochs", "images tested", "last epoch %", "from the mean", "images wrong", "best epoch %",
    "at target first", "9 views %", "train − test", "seconds", "seconds with teachers",
    "SHA-256 of the weights",
)  # fmt: skip
CLAIM_FORMS = (
    "whole", "whole", "whole", "thousandth", "thousandth", "hundredth", "hundredth", "whole", "thousandth", "signed",
    "whole", "whole",
)  # fmt: skip
SEED_FORMS = (
    "whole", "whole", "whole", "hundredth", "signed", "whole", "hundredth", "whole", "hundredth", "signed", "tenth",
    "tenth",
)  # fmt: skip
NOT_REACHED, UNKNOWN = "not reached", "–"  # the latter where a teacher is not recorded


class Summary(NamedTuple):
    """A claim's line, and the lines of its seeds; with the numbers that its formulas give."""

    claim: Claim
    runs: Sequence[Run]
    network: Places | None
    row: int
    first: int
    teachers: float | None  # the seconds that they were trained, which every seed of a claim has in common

    @property
    def last(self) -> int:
        """The row of the last seed."""
        return self.first + len(self.runs) - 1

    @property
    def parameters(self) -> int:
        """Of the network: live where the sheet Architecture has it."""
        return self.network.parameters if self.network else self.runs[0].record.parameters

    @property
    def slowest(self) -> Value:
        """The epoch at which the last of the seeds is at the target."""
        return self.claim.first_above(TARGET) or NOT_REACHED

    @property
    def whole(self) -> Value:
        """The mean seconds with the teachers' training."""
        return UNKNOWN if self.teachers is None else self.claim.seconds + self.teachers


def places(
    claims: Mapping[str, Claim], runs: Sequence[Run], networks: Mapping[str, Places], row: int
) -> dict[str, Summary]:
    """The lines of the claims that the report is about, from a row on."""
    names = [name for name in TELLING if name in claims]
    records = [run.record for run in runs]
    summaries: dict[str, Summary] = {}
    first = row + 2 + len(names) + 3
    for k, name in enumerate(names):
        mine = of(runs, name)
        teachers = seconds_of_teachers(mine[0].record, records)
        summaries[name] = Summary(claims[name], mine, networks.get(name), row + 2 + k, first, teachers)
        first = summaries[name].last + 1
    return summaries


def write(book: Book, sheet: Sheet, summaries: Mapping[str, Summary]) -> int:
    """Write both tables; returns the row below them."""
    lines = list(summaries.values())
    top = lines[0].row - 2
    section(book, sheet, top, "Results over all recorded seeds, on the test images", 0, LAST_COLUMN)
    heads(book, sheet, top + 1, 0, CLAIM_HEADS)
    for name, line in summaries.items():
        _claim(book, sheet, name, line)
    section(book, sheet, lines[0].first - 2, "Every seed", 0, LAST_COLUMN)
    heads(book, sheet, lines[0].first - 1, 0, SEED_HEADS)
    rows = {run.record.weights_sha256: row for line in lines for row, run in enumerate(line.runs, line.first)}
    for line in lines:
        for row, run in enumerate(line.runs, line.first):
            _seed(book, sheet, line, run, row, [rows[x] for x in run.record.taught_by if x in rows])
    return lines[-1].last + 1


def _claim(book: Book, sheet: Sheet, name: str, s: Summary) -> None:
    """One line over all seeds of a claim."""
    c = s.claim
    area = {k: f"{k}{s.first}:{k}{s.last}" for k in "BCDEFGHIJKLM"}
    deviation = f"SQRT(SUMPRODUCT({area['F']},{area['F']})/(COUNT({area['E']})-1))" if len(s.runs) > 1 else None
    slowest = f'IF(COUNT({area["I"]})=COUNT({area["E"]}),MAX({area["I"]}),"{NOT_REACHED}")'
    cells: tuple[tuple[Value, str | None], ...] = (
        (s.parameters, s.network.parameters_cell if s.network else None),
        (c.recipe.epochs, f"MAX({area['C']})"),
        (len(s.runs), f"COUNT({area['E']})"),
        (c.mean, f"AVERAGE({area['E']})"),
        (c.deviation if deviation else "–", deviation),
        (min(c.accuracies), f"MIN({area['E']})"),
        (c.best, f"MAX({area['H']})"),
        (s.slowest, of_target(slowest)),
        (c.views, f"AVERAGE({area['J']})"),
        (c.gap, f"AVERAGE({area['K']})"),
        (c.seconds, f"AVERAGE({area['L']})"),
        (s.whole, None if s.teachers is None else f"AVERAGE({area['M']})"),
    )
    sheet.put(s.row, 0, TELLING[name], book.style("cell", "bold"))
    for column, ((value, formula), form) in enumerate(zip(cells, CLAIM_FORMS, strict=True), 1):
        look = ("cell", "center", form, "bold") if column == 4 else ("cell", "center", form)
        sheet.put(s.row, column, value, book.style(*look), formula)
    sheet.put(s.row, LAST_COLUMN, c.recipe.architecture.net, book.style("cell", "muted", "indent"))


def _seed(book: Book, sheet: Sheet, s: Summary, run: Run, row: int, teachers: Sequence[int]) -> None:
    """One seed: its numbers are looked up in the Training log, or, where they stand nowhere else, recorded.

    `teachers` are the rows of the runs that taught it.
    """
    r = run.record
    first, marks = r.first_above(TARGET), run.cells("J")
    cells: tuple[tuple[Value, str | None], ...] = (
        (r.seed, None),
        (len(r.epochs), f"MAX({run.cells('C')})"),
        (r.tested, None),
        (r.accuracy, run.end("H")),
        (r.accuracy - s.claim.mean, f"E{row}-E${s.row}"),
        (len(r.mistakes), None),
        (r.best, f"MAX({run.cells('H')})"),
        (NOT_REACHED if first is None else first, of_target(f'IF(COUNT({marks})=0,"{NOT_REACHED}",MIN({marks}))')),
        (r.views_accuracy, None),
        (r.gap, f"{run.end('F')}-{run.end('H')}"),
        (r.wall_seconds, None),
        (UNKNOWN, None) if s.teachers is None else
        (r.wall_seconds + s.teachers, "+".join(f"L{k}" for k in (row, *teachers))),
    )  # fmt: skip
    sheet.set_row_pixels(row - 1, ROW)
    sheet.put(row, 0, run.claim, book.style("cell"))
    for column, ((value, formula), form) in enumerate(zip(cells, SEED_FORMS, strict=True), 1):
        sheet.put(row, column, value, book.style("cell", "center", form), formula)
    sheet.put(row, LAST_COLUMN, r.weights_sha256[:64], book.style("cell", "hash"))
