"""Training log: every epoch of every run as recorded, one of our runs shown live, and charts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import astuple

from mnist import published
from mnist.recipe import TARGET
from mnist.record import Epoch
from mnist.sheets import charts
from mnist.sheets.common import LOG, NO_SEED, OURS, REFERENCE, heads, of_target, section
from mnist.sheets.runs import (  # fmt: skip
    BESIDE,
    COLUMNS,
    COMPARISON,
    FACTS,
    HEAD,
    LABELS,
    LIVE,
    RATE,
    REACHED,
    SIDE_BY_SIDE,
    Run,
    of,
)
from sheetgen.writer.book import Book, Formula, Sheet, Value
from sheetgen.writer.digits import scientific
from sheetgen.writer.sheets import common
from sheetgen.writer.sheets.common import ROW, Typed, across, limit, numbers, opened
from sheetgen.writer.trace import letter

FORMS = ("millionth", "ten thousandth", "hundredth", "ten thousandth", "hundredth", "tenth")
WIDTHS = (16, 8, 8, 10, 10, 11, 10, 11, 9, 12, 3)
SUBTITLE = (
    "Choose a seed in the yellow cell: the run shown, the facts above it and two charts follow. "
    "Below stands the log of every run, as recorded. Train accuracy is of images warped as they were fed."
)


def write(book: Book, runs: Sequence[Run]) -> None:
    """Write the sheet Training log, and define `mnist_seed` and `mnist_target`."""
    widths = (*WIDTHS, 9, *(16 for _ in SIDE_BY_SIDE[1:]))
    sheet = opened(book, LOG, "Training log", SUBTITLE, widths)
    heads(sheet, HEAD, 0, COLUMNS)
    _facts(sheet, runs)
    ours = of(runs, OURS)
    for epoch in ours[0].record.epochs:
        _live_row(sheet, ours, epoch)
    section(sheet, runs[0].first - 1, "The log of every run", 0, len(COLUMNS) - 1)
    for run in runs:
        _recorded(sheet, run)
    scientific(sheet, (LIVE - 1, RATE, runs[-1].last - 1, RATE + 5), "number", look="beyond, short")
    _comparison(sheet, runs)
    charts.write(sheet, runs)
    sheet.freeze_panes(HEAD, 0)
    sheet.repeat_rows(HEAD - 1)
    sheet.print_area(0, 0, runs[-1].last - 1, BESIDE + len(SIDE_BY_SIDE) - 1)


def of_seed(formula: str) -> str:
    """A formula that tells of the seed chosen, if there is such a seed."""
    return f"IF(ISNUMBER($B${FACTS}),{formula},$B${FACTS})"


def _live_row(sheet: Sheet, ours: Sequence[Run], epoch: Epoch) -> None:
    """An epoch of the seed that is chosen, looked up in the log below."""
    row = LIVE + epoch.epoch - 1
    first, last = ours[0].first, ours[-1].last
    sheet.put(row, 0, OURS, "cell", "bold")
    columns = [letter(column) for column in range(RATE, RATE + len(FORMS))]
    figures = [of_seed(f"INDEX({at}${first}:{at}${last},$B${FACTS}+$C{row}-1,1)") for at in columns]
    values: list[Value] = [Formula(of_seed("mnist_seed")), epoch.epoch, *map(Formula, figures)]
    numbers(sheet, row, 1, values, ("whole", "whole", *FORMS))
    _mark(sheet, row)


def _recorded(sheet: Sheet, run: Run) -> None:
    """A run's epochs as plain numbers."""
    for row, epoch in enumerate(run.record.epochs, run.first):
        sheet.put(row, 0, run.claim, "cell")
        numbers(sheet, row, 1, (run.record.seed, *astuple(epoch)), ("whole", "whole", *FORMS))
        _mark(sheet, row)


def _mark(sheet: Sheet, row: int) -> None:
    """The epoch if the target is reached in it, else a dash."""
    formula = f'IF(AND(ISNUMBER(mnist_target),ISNUMBER(H{row}),H{row}>=mnist_target),C{row},"–")'
    sheet.live(row, REACHED, formula, "cell", "center", "whole", "muted")


def _facts(sheet: Sheet, runs: Sequence[Run]) -> None:
    """The seed, and its last, best and first epoch at the target; all live."""
    ours = of(runs, OURS)
    record, seeds = ours[0].record, [run.record.seed for run in ours]
    last = LIVE + len(record.epochs) - 1
    accuracy, epochs, marks = (f"${k}${LIVE}:${k}${last}" for k in "HCJ")
    best = f"INDEX({epochs},MATCH(MAX({accuracy}),{accuracy},0),1)"
    # The log's first row of the chosen seed, counted within our runs.
    row = f'IFERROR(MATCH(mnist_seed,$B${ours[0].first}:$B${ours[-1].last},0),"{NO_SEED}")'
    first = of_seed(of_target(f'IF(COUNT({marks})=0,"not reached",MIN({marks}))'))
    facts: tuple[tuple[int, str, Value, str], ...] = (
        (0, "seed shown", seeds[0], "whole"),
        (1, "its row", Formula(row), "whole"),
        (3, "last epoch %", Formula(f"$H${last}"), "hundredth"),
        (4, "best epoch %", Formula(of_seed(f"MAX({accuracy})")), "hundredth"),
        (5, "best at epoch", Formula(of_seed(best)), "whole"),
        (6, "at target first", Formula(first), "whole"),
        (7, "target %", TARGET, "hundredth"),
    )
    for column, name, value, form in facts:
        sheet.put(LABELS, column, name, "muted", "center")
        look = "bold" if isinstance(value, Formula) else "input"
        sheet.put(FACTS, column, value, look, "center", form)
    sheet.define(mnist_seed=f"$A${FACTS}", mnist_target=f"$H${FACTS}")
    seed = Typed(
        "list", source=f"=$B${LIVE + len(record.epochs) + 2}:$B${ours[-1].last}",
        hint=("Seed", f"One of {', '.join(map(str, seeds))}"[:250]),
        complaint=("Not a seed of ours", "Type the seed of one of our runs."),
    )  # fmt: skip
    target = Typed(
        "decimal", (0, 100),
        hint=("Target", "Per cent of the test images. The checklist and every run are measured by it."),
        complaint=("Not a share", "Type a number from 0 to 100."),
    )  # fmt: skip
    for column, typed in ((0, seed), (7, target)):
        limit(sheet, (FACTS - 1, column, FACTS - 1, column), typed)


def _comparison(sheet: Sheet, runs: Sequence[Run]) -> None:
    """Ours and the reference, each the mean over its seeds, beside the published run."""
    last = BESIDE + len(SIDE_BY_SIDE) - 1
    title = "Test accuracy %: ours, the reference trained here, and the published run of the reference network"
    common.section(sheet, COMPARISON, title, BESIDE, last, ROW)
    heads(sheet, COMPARISON + 1, BESIDE, SIDE_BY_SIDE, ROW)
    target = of_target("mnist_target")
    for k, p in enumerate(published.RUN):
        row = COMPARISON + 2 + k
        plain = ("cell", "center", "hundredth")
        sheet.put(row, BESIDE, p.epoch, "cell", "center", "whole")
        for column, name in enumerate((OURS, REFERENCE), BESIDE + 1):
            there = [run for run in of(runs, name) if len(run.record.epochs) >= p.epoch]
            if there:
                cells = ",".join(f"H{run.first + p.epoch - 1}" for run in there)
                sheet.live(row, column, f"AVERAGE({cells})", *plain)
            else:
                sheet.put(row, column, None, *plain)
        across(sheet, row, BESIDE + 3, (p.test_accuracy, p.train_accuracy), *plain)
        across(sheet, row, BESIDE + 5, (p.test_loss, p.learning_rate), "cell", "center", "ten thousandth")
        sheet.live(row, BESIDE + 7, target, "cell", "center", "hundredth", "muted")
