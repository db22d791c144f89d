"""Four sheets for sheetgen's default workbook, from the records of `mnist/runs`: report, architecture, log, errors."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from mnist.ladder import LADDER
from mnist.notation import BadNetwork
from mnist.record import RUNS, BadRecord, Claim, claims
from mnist.sheets import architecture, errors, log, pictures, report, runs
from mnist.sheets.common import INDEX, OURS
from mnist.sheets.ladder import Rung
from sheetgen.book import Book
from sheetgen.extras import CannotAdd, Extra, Verdict

VERDICT = Verdict(
    "MNIST at its target", "mnist_verdict", "mnist_mean", "hundredth",
    "per cent right, mean over all seeds; see the checklist of MNIST report",
)  # fmt: skip


def gather(folder: Path = RUNS, find: pictures.Find = pictures.from_disk) -> Extra | None:
    """The sheets of the records in a folder; None if there are none of ours. Raises CannotAdd.

    `find` gives test images by their indices, or None where MNIST is not at hand.
    """
    try:
        found = claims(folder)
        return sheets(found, LADDER, find) if OURS in found else None
    except (BadRecord, BadNetwork) as error:
        raise CannotAdd(str(error)) from error


def sheets(found: Mapping[str, Claim], rungs: Sequence[Rung], find: pictures.Find) -> Extra:
    """The sheets of some claims, `ours` among them. Raises BadNetwork."""
    networks = architecture.places(found)
    placed = runs.places(found)
    record = found[OURS].records[0]
    shown = pictures.gather(errors.surest_first(record), find)
    wrong = errors.places(placed, shown)

    def write(book: Book) -> None:
        # The report is written first, for it stands first; what it refers to is known by its place.
        report.write(book, report.Content(found, placed, networks, wrong, rungs))
        architecture.write(book, networks)
        log.write(book, placed)
        errors.write(book, wrong, shown)

    return Extra(INDEX, [VERDICT], write)
