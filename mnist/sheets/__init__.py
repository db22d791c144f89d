"""Sheets for sheetgen's default workbook, from the records of `mnist/runs`.

Report, architecture, log and errors; and a recorded network in cells, if there is the one of `mnist.live`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from mnist import live, spreadsheet
from mnist.ladder import LADDER, Rung
from mnist.notation import BadNetwork
from mnist.record import RUNS, BadRecord, Claim, claims
from mnist.sheets import architecture, errors, full_log, log, painting, pictures, report, runs, samples
from mnist.sheets.common import ERRORS, INDEX, LAST_INDEX, LIVE_INDEX, OURS, PICTURED, REPORT
from sheetgen.network.torch.graph import CannotExport
from sheetgen.writer.book import Book
from sheetgen.writer.plugins import CannotAdd, ChecklistItem, Extra
from sheetgen.writer.sheets import layers, weights
from sheetgen.writer.trace import START

VERDICT = ChecklistItem(
    "MNIST at its target", "mnist_verdict", "mnist_mean", "hundredth",
    "per cent right, mean over all seeds; see the checklist of MNIST report", REPORT,
)  # fmt: skip


def gather(folder: Path = RUNS, find: pictures.Find = pictures.from_disk) -> Extra | None:
    """The sheets of the records in a folder; None if there are none of ours. Raises CannotAdd.

    `find` gives test images by their indices, or None where MNIST is not at hand.
    """
    try:
        claimed = claims(folder)
        if OURS not in claimed:
            return None
        cells = live.load(folder) if live.NET in claimed else None
        return sheets(claimed, LADDER, find, cells, spreadsheet.load(folder) if cells else None)
    except (BadRecord, BadNetwork, CannotExport) as error:
        raise CannotAdd(str(error)) from error


def sheets(
    claimed: Mapping[str, Claim],
    rungs: Sequence[Rung],
    find: pictures.Find,
    cells: live.Live | None = None,
    measured: spreadsheet.Measured | None = None,
) -> Extra:
    """The sheets of some claims, `ours` among them; and of a network in `cells`, which was `measured`.

    Raises BadNetwork.
    """
    networks = architecture.places(claimed)
    placed = runs.places(claimed)
    record = claimed[OURS].records[0]
    shown = pictures.gather(errors.surest_first(record), find)
    wrong = errors.places(placed, shown)

    def write(book: Book) -> None:
        # The report is written first, for it stands first; what it refers to is known by its place.
        report.write(book, report.Content(claimed, placed, networks, wrong, rungs, cells and measured))
        architecture.write(book, networks)
        log.write(book, placed)
        errors.write(book, wrong, shown)
        if cells:
            painting.write(book, cells)
            home = START, live.LIVE
            layers.write(book, cells.layout, live.LAYERS, home, live.HINT)
            weights.write(book, cells.layout, live.WEIGHTS, home)
            samples.write(book, cells)
        full_log.write(book, placed)

    pictured = PICTURED.format(count=len(shown)) if shown else ""
    index = [(name, text + pictured if name == ERRORS else text) for name, text in INDEX]
    return Extra([*index, *(LIVE_INDEX if cells else ()), *LAST_INDEX], [VERDICT], write)
