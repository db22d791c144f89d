"""Training log: every epoch of every run as recorded, one of our runs shown live, and charts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import astuple

from mnist import published
from mnist.recipe import TARGET
from mnist.record import Epoch
from mnist.sheets import charts, runs
from mnist.sheets.common import LOG, NO_SEED, OURS, REFERENCE, heads, of_target, section
from sheetgen.writer.book import Book, Formula, Sheet, Value
from sheetgen.writer.digits import scientific
from sheetgen.writer.sheets import common
from sheetgen.writer.sheets.common import ROW, InputRule, across, limit, numbers, opened, page
from sheetgen.writer.trace import letter

FORMS = ("millionth", "ten thousandth", "hundredth", "ten thousandth", "hundredth", "tenth")
WIDTHS = (16, 8, 8, 10, 10, 11, 10, 11, 9, 12, 3)
SUBTITLE = (
    "Choose a seed in the yellow cell: the run shown, the facts above it and two charts follow. "
    "Below stands the log of every run, as recorded. Train accuracy is of images warped as they were fed."
)


def write(book: Book, logged: Sequence[runs.RunRows]) -> None:
    """Write the sheet Training log, and define `mnist_seed` and `mnist_target`."""
    widths = (*WIDTHS, 9, *(16 for _ in runs.SIDE_BY_SIDE[1:]))
    sheet = opened(book, LOG, "Training log", SUBTITLE, widths)
    heads(sheet, runs.HEAD, 0, runs.COLUMNS)
    _facts(sheet, logged)
    ours = runs.of(logged, OURS)
    for epoch in ours[0].record.epochs:
        _live_row(sheet, ours, epoch)
    section(sheet, logged[0].first - 1, "The log of every run", 0, len(runs.COLUMNS) - 1)
    for run in logged:
        _recorded(sheet, run)
    scientific(sheet, (runs.LIVE - 1, runs.RATE, logged[-1].last - 1, runs.RATE + 5), "number", look="beyond, short")
    _comparison(sheet, logged)
    charts.write(sheet, logged)
    last = logged[-1].last, runs.BESIDE + len(runs.SIDE_BY_SIDE) - 1
    page(sheet, (runs.HEAD, 0), last, repeat=True)


def of_seed(formula: str) -> str:
    """A formula that tells of the seed chosen, if there is such a seed."""
    return f"IF(ISNUMBER($B${runs.FACTS}),{formula},$B${runs.FACTS})"


def _live_row(sheet: Sheet, ours: Sequence[runs.RunRows], epoch: Epoch) -> None:
    """An epoch of the seed that is chosen, looked up in the log below."""
    row = runs.LIVE + epoch.epoch - 1
    first, last = ours[0].first, ours[-1].last
    sheet.put(row, 0, OURS, "cell", "bold")
    columns = [letter(column) for column in range(runs.RATE, runs.RATE + len(FORMS))]
    figures = [of_seed(f"INDEX({at}${first}:{at}${last},$B${runs.FACTS}+$C{row}-1,1)") for at in columns]
    values: list[Value] = [Formula(of_seed("mnist_seed")), epoch.epoch, *map(Formula, figures)]
    numbers(sheet, row, 1, values, ("whole", "whole", *FORMS))
    _mark(sheet, row)


def _recorded(sheet: Sheet, run: runs.RunRows) -> None:
    """A run's epochs as plain numbers."""
    for row, epoch in enumerate(run.record.epochs, run.first):
        sheet.put(row, 0, run.claim, "cell")
        numbers(sheet, row, 1, (run.record.seed, *astuple(epoch)), ("whole", "whole", *FORMS))
        _mark(sheet, row)


def _mark(sheet: Sheet, row: int) -> None:
    """The epoch if the target is reached in it, else a dash."""
    formula = f'IF(AND(ISNUMBER(mnist_target),ISNUMBER(H{row}),H{row}>=mnist_target),C{row},"–")'
    sheet.live(row, runs.REACHED, formula, "cell", "center", "whole", "muted")


def _facts(sheet: Sheet, logged: Sequence[runs.RunRows]) -> None:
    """The seed, and its last, best and first epoch at the target; all live."""
    ours = runs.of(logged, OURS)
    record, seeds = ours[0].record, [run.record.seed for run in ours]
    last = runs.LIVE + len(record.epochs) - 1
    accuracy, epochs, marks = (f"${k}${runs.LIVE}:${k}${last}" for k in "HCJ")
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
        sheet.put(runs.LABELS, column, name, "muted", "center")
        look = "bold" if isinstance(value, Formula) else "input"
        sheet.put(runs.FACTS, column, value, look, "center", form)
    sheet.define(mnist_seed=f"$A${runs.FACTS}", mnist_target=f"$H${runs.FACTS}")
    seed = InputRule(
        "list", source=f"=$B${runs.LIVE + len(record.epochs) + 2}:$B${ours[-1].last}",
        hint=("Seed", f"One of {', '.join(map(str, seeds))}"[:250]),
        complaint=("Not a seed of ours", "Type the seed of one of our runs."),
    )  # fmt: skip
    target = InputRule(
        "decimal", (0, 100),
        hint=("Target", "Per cent of the test images. The checklist and every run are measured by it."),
        complaint=("Not a share", "Type a number from 0 to 100."),
    )  # fmt: skip
    for column, typed in ((0, seed), (7, target)):
        limit(sheet, (runs.FACTS - 1, column, runs.FACTS - 1, column), typed)


def _comparison(sheet: Sheet, logged: Sequence[runs.RunRows]) -> None:
    """Ours and the reference, each the mean over its seeds, beside the published run."""
    last = runs.BESIDE + len(runs.SIDE_BY_SIDE) - 1
    title = "Test accuracy %: ours, the reference trained here, and the published run of the reference network"
    common.section(sheet, runs.COMPARISON, title, runs.BESIDE, last, ROW)
    heads(sheet, runs.COMPARISON + 1, runs.BESIDE, runs.SIDE_BY_SIDE, ROW)
    target = of_target("mnist_target")
    for k, p in enumerate(published.RUN):
        row = runs.COMPARISON + 2 + k
        plain = ("cell", "center", "hundredth")
        sheet.put(row, runs.BESIDE, p.epoch, "cell", "center", "whole")
        for column, name in enumerate((OURS, REFERENCE), runs.BESIDE + 1):
            there = [run for run in runs.of(logged, name) if len(run.record.epochs) >= p.epoch]
            if there:
                cells = ",".join(f"H{run.first + p.epoch - 1}" for run in there)
                sheet.live(row, column, f"AVERAGE({cells})", *plain)
            else:
                sheet.put(row, column, None, *plain)
        across(sheet, row, runs.BESIDE + 3, (p.test_accuracy, p.train_accuracy), *plain)
        across(sheet, row, runs.BESIDE + 5, (p.test_loss, p.learning_rate), "cell", "center", "ten thousandth")
        sheet.live(row, runs.BESIDE + 7, target, "cell", "center", "hundredth", "muted")
