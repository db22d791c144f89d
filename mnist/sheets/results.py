"""The report's results: one line for every claim, and one for every seed below it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from mnist.record import Claim, seconds_of_teachers
from mnist.sheets.architecture import ArchitecturePlaces
from mnist.sheets.common import TELLING, heads, of_target, section
from mnist.sheets.runs import RunRows, of
from sheetgen.writer.book import Formula, Sheet, Value
from sheetgen.writer.sheets.common import ROW, merge, numbers

LAST_COLUMN = 13
CLAIM_HEADS = (
    "network", "parameters", "epochs", "seeds", "mean %", "standard deviation", "lowest seed %", "best epoch %",
    "at target, slowest", "nine views, mean %", "train − test, mean", "seconds, mean", "with teachers", "layers",
)  # fmt: skip
BANDS = (  # what the columns between two tell of
    (1, 3, "size"), (4, 6, "last epoch: what counts"), (7, 10, "beside it: claims nothing"), (11, 12, "what it costs"),
)  # fmt: skip
SEED_HEADS = (
    "run", "seed", "epochs", "images tested", "last epoch %", "from the mean", "images wrong", "best epoch %",
    "at target first", "nine views %", "train − test", "seconds", "with teachers", "",
)  # fmt: skip
CLAIM_FORMS = (
    "whole", "whole", "whole", "thousandth", "thousandth", "hundredth", "hundredth", "whole", "thousandth", "signed",
    "whole", "whole",
)  # fmt: skip
SEED_FORMS = (
    "whole", "whole", "whole", "hundredth", "signed", "whole", "hundredth", "whole", "hundredth", "signed", "tenth",
    "tenth",
)  # fmt: skip
NOT_REACHED, UNKNOWN = "not reached", "–"  # the latter of a single seed, or where a teacher is not recorded


class Summary(NamedTuple):
    """A claim's line, and the lines of its seeds."""

    claim: Claim
    runs: Sequence[RunRows]
    network: ArchitecturePlaces | None
    row: int
    first: int
    taught: bool  # whether the teachers, if any, are recorded: then it is known how long they were trained

    @property
    def last(self) -> int:
        """The row of the last seed."""
        return self.first + len(self.runs) - 1


def places(
    claims: Mapping[str, Claim],
    runs: Sequence[RunRows],
    networks: Mapping[str, ArchitecturePlaces],
    row: int,
    between: int,
) -> dict[str, Summary]:
    """The lines of the claims that the report is about, from a row on; `between`: rows above those of the seeds."""
    names = [name for name in TELLING if name in claims]
    records = [run.record for run in runs]
    summaries: dict[str, Summary] = {}
    first = row + 3 + len(names) + between + 3
    for k, name in enumerate(names):
        mine = of(runs, name)
        known = seconds_of_teachers(mine[0].record, records) is not None
        summaries[name] = Summary(claims[name], mine, networks.get(name), row + 3 + k, first, known)
        first = summaries[name].last + 1
    return summaries


def write(sheet: Sheet, summaries: Mapping[str, Summary]) -> int:
    """Write the table of the claims; returns the row below it."""
    lines = list(summaries.values())
    top = lines[0].row - 3
    section(sheet, top, "Results over all recorded seeds, on the test images", 0, LAST_COLUMN)
    for left, right, band in BANDS:
        merge(sheet, (top, left, top, right), "band", "center")
        sheet.put(top + 1, left, band, "band", "center")
    heads(sheet, top + 2, 0, CLAIM_HEADS)
    for name, line in summaries.items():
        _claim(sheet, name, line)
    return lines[-1].row + 1


def write_seeds(sheet: Sheet, summaries: Mapping[str, Summary]) -> int:
    """Write the table of the seeds; returns the row below it."""
    lines = list(summaries.values())
    section(sheet, lines[0].first - 2, "Every seed", 0, LAST_COLUMN)
    heads(sheet, lines[0].first - 1, 0, SEED_HEADS)
    rows = {run.record.weights_sha256: row for line in lines for row, run in enumerate(line.runs, line.first)}
    for line in lines:
        for row, run in enumerate(line.runs, line.first):
            _seed(sheet, line, run, row, [rows[x] for x in run.record.taught_by if x in rows])
    return lines[-1].last + 1


def _claim(sheet: Sheet, name: str, s: Summary) -> None:
    """One line over all seeds of a claim."""
    area = {k: f"{k}{s.first}:{k}{s.last}" for k in "BCDEFGHIJKLM"}
    deviation = f"SQRT(SUMPRODUCT({area['F']},{area['F']})/(COUNT({area['E']})-1))"
    slowest = f'IF(COUNT({area["I"]})=COUNT({area["E"]}),MAX({area["I"]}),"{NOT_REACHED}")'
    cells: tuple[Value, ...] = (
        Formula(s.network.parameters_cell) if s.network else s.runs[0].record.parameters,
        Formula(f"MAX({area['C']})"),
        Formula(f"COUNT({area['E']})"),
        Formula(f"AVERAGE({area['E']})"),
        Formula(deviation) if len(s.runs) > 1 else UNKNOWN,
        Formula(f"MIN({area['E']})"),
        Formula(f"MAX({area['H']})"),
        Formula(of_target(slowest)),
        *(Formula(f"AVERAGE({area[k]})") for k in "JKL"),
        Formula(f"AVERAGE({area['M']})") if s.taught else UNKNOWN,
    )
    sheet.put(s.row, 0, TELLING[name], "cell", "bold")
    for column, (value, form) in enumerate(zip(cells, CLAIM_FORMS, strict=True), 1):
        look = ("cell", "center", form, "bold") if column == 4 else ("cell", "center", form)
        sheet.put(s.row, column, value, *look)
    sheet.put(s.row, LAST_COLUMN, s.claim.recipe.architecture.net, "cell", "fine")


def _seed(sheet: Sheet, s: Summary, run: RunRows, row: int, teachers: Sequence[int]) -> None:
    """One seed: its numbers are looked up in the Training log, or, where they stand nowhere else, recorded.

    `teachers` are the rows of the runs that taught it.
    """
    r, marks = run.record, run.cells("J")
    cells: tuple[Value, ...] = (
        r.seed,
        Formula(f"MAX({run.cells('C')})"),
        r.tested,
        Formula(run.end("H")),
        Formula(f"E{row}-E${s.row}"),
        len(r.mistakes),
        Formula(f"MAX({run.cells('H')})"),
        Formula(of_target(f'IF(COUNT({marks})=0,"{NOT_REACHED}",MIN({marks}))')),
        r.views_accuracy,
        Formula(f"{run.end('F')}-{run.end('H')}"),
        r.wall_seconds,
        Formula("+".join(f"L{k}" for k in (row, *teachers))) if s.taught else UNKNOWN,
    )
    sheet.set_row_pixels(row - 1, ROW)
    sheet.put(row, 0, run.claim, "cell")
    numbers(sheet, row, 1, cells, SEED_FORMS)
