"""Training log: one of our runs shown live, charts, and ours beside the reference; all of it looked up in Full log."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate

from mnist import published
from mnist.recipe import TARGET
from mnist.record import Epoch
from mnist.sheets import charts, runs
from mnist.sheets.common import FULL, LOG, NO_SEED, OURS, REFERENCE, heads, of_target, pages, section
from mnist.sheets.full_log import FORMS, mark
from sheetgen.excel.a1 import place
from sheetgen.writer.book import Book, Formula, Link, Sheet, Value
from sheetgen.writer.digits import scientific
from sheetgen.writer.sheets.common import InputRule, across, limit, numbers, opened, page
from sheetgen.writer.trace import letter, quoted

WIDTHS = (11, 12, 7, 12, 12, 12, 12, 11, 8, 10, 2)
TITLE = "Training log: does it learn, or learn by heart?"
SUBTITLE = (
    "Choose a seed in the yellow cell: the sentences, three of the charts and the table below follow. Loss is "
    "cross-entropy, −ln of the probability of the right digit. The reference is a classic network."
)
TRY = "Try: choose seed {}. Does its test accuracy ever drop, and is it back at the end?"
PUBLISHED = "Test accuracy %: ours, the reference, its author's own run"
WHY = "Why does the last epoch count, not the best? To pick the best is to peek at the test."


def write(book: Book, logged: Sequence[runs.RunRows]) -> None:
    """Write the sheet Training log, and define `mnist_seed` and `mnist_target`."""
    widths = (*WIDTHS, 7, *(8.6 for _ in runs.SIDE_BY_SIDE[1:]))
    sheet = opened(book, LOG, TITLE, SUBTITLE, widths)
    sheet.link(3, 2, Link.to(FULL, "→ Full log: every epoch of every run", "The numbers that are drawn here"))
    ours = runs.of(logged, OURS)
    _facts(sheet, ours)
    _told(sheet, ours)
    section(sheet, runs.HEAD - 1, "The seed shown, epoch by epoch", 0, len(runs.COLUMNS) - 1)
    heads(sheet, runs.HEAD, 0, runs.COLUMNS)
    for epoch in ours[0].record.epochs:
        _live_row(sheet, ours, epoch)
    last = runs.LIVE + len(ours[0].record.epochs) - 1
    scientific(sheet, (runs.LIVE - 1, runs.RATE, last - 1, runs.RATE + 5), "number", look="beyond, short")
    below = _comparison(sheet, logged)
    charts.write(sheet, logged)
    page(sheet, (runs.TOLD, 0), (max(last, below), runs.BESIDE + len(runs.SIDE_BY_SIDE) - 1))
    pages(sheet, 72, [runs.HEAD - 1])


def of_seed(formula: str) -> str:
    """A formula that tells of the seed chosen, if there is such a seed."""
    return f"IF(ISNUMBER({runs.ROW_AT}),{formula},{runs.ROW_AT})"


def _live_row(sheet: Sheet, ours: Sequence[runs.RunRows], epoch: Epoch) -> None:
    """An epoch of the seed that is chosen, looked up in the full log."""
    row = runs.LIVE + epoch.epoch - 1
    sheet.put(row, 0, OURS, "cell", "bold")
    columns = [letter(column) for column in range(runs.RATE, runs.RATE + len(FORMS))]
    figures = [of_seed(f"INDEX({runs.column_of(ours, at)},{runs.ROW_AT}+$C{row}-1,1)") for at in columns]
    values: list[Value] = [Formula(of_seed("mnist_seed")), epoch.epoch, *map(Formula, figures)]
    numbers(sheet, row, 1, values, ("whole", "whole", *FORMS))
    mark(sheet, row)


def _facts(sheet: Sheet, ours: Sequence[runs.RunRows]) -> None:
    """The seed, and its last, best and first epoch at the target; all live."""
    record, seeds = ours[0].record, [run.record.seed for run in ours]
    last = runs.LIVE + len(record.epochs) - 1
    accuracy, epochs, marks = (f"${k}${runs.LIVE}:${k}${last}" for k in "HCJ")
    best = f"INDEX({epochs},MATCH(MAX({accuracy}),{accuracy},0),1)"
    # The full log's first row of the chosen seed, counted within our runs.
    row = f'IFERROR(MATCH(mnist_seed,{runs.column_of(ours, "B")},0),"{NO_SEED}")'
    first = of_seed(of_target(f'IF(COUNT({marks})=0,"not reached",MIN({marks}))'))
    facts: tuple[tuple[int, str, Value, str], ...] = (
        (0, "seed shown", seeds[0], "whole"),
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
    top, column = place(runs.ROW_AT.replace("$", ""))
    sheet.live(top, column - 1, row, "muted", "whole")
    for k, text in enumerate((TRY.format(max(ours, key=_deepest).record.seed), WHY)):
        sheet.put(runs.LABELS + k, len(facts) + 2, text, "bold", "indent")
    sheet.define(mnist_seed=f"$A${runs.FACTS}", mnist_target=f"$H${runs.FACTS}")
    listed = [str(seed) for seed in seeds]
    seed = InputRule(
        "list", source=listed if len(",".join(listed)) <= 250 else f"={runs.column_of(ours, 'B')}",
        hint=("Seed", f"One of {', '.join(listed)}"[:250]),
        complaint=("Not a seed of ours", "Type the seed of one of our runs."),
    )  # fmt: skip
    target = InputRule(
        "decimal", (0, 100),
        hint=("Target", "Per cent of the test images. The checklist and every run are measured by it."),
        complaint=("Not a share", "Type a number from 0 to 100."),
    )  # fmt: skip
    for column, typed in ((0, seed), (7, target)):
        limit(sheet, (runs.FACTS - 1, column, runs.FACTS - 1, column), typed)


def _deepest(run: runs.RunRows) -> float:
    """By how much its test accuracy ever was below its best until then."""
    accuracies = [e.test_accuracy for e in run.record.epochs]
    return max(best - now for best, now in zip(accumulate(accuracies, max), accuracies, strict=True))


def _told(sheet: Sheet, ours: Sequence[runs.RunRows]) -> None:
    """What the numbers above say, in a live sentence."""
    tested, seeds = ours[0].record.tested, ", ".join(str(run.record.seed) for run in ours)
    row, accuracy, first = runs.ROW_AT, f"$D${runs.FACTS}", f"$G${runs.FACTS}"
    wrong = f'"Seed "&mnist_seed&" takes "&ROUND({tested}*(100-{accuracy})/100,0)&" of {tested:,} test images for '
    reached = (
        f'IF(ISNUMBER({first}),"It was at the target first in epoch "&{first}&".",'
        f'IF(ISNUMBER(mnist_target),"It never was at the target.","There is no target: type a number."))'
    )
    sentence = f'{wrong}another digit after its last epoch. "&{reached}'
    formula = (
        f'IF(ISNUMBER({row}),IF(ISNUMBER({accuracy}),{sentence},"Its last accuracy is no number."),'
        f'"There is no such seed: choose one of {seeds[:200]}.")'
    )
    sheet.live(runs.TOLD, 0, formula, "text")
    end = runs.LIVE + len(ours[0].record.epochs) - 1
    more = f"ROUND($H${end}-$F${end},2)"
    above = (
        f'"It reads "&{more}&" % more of the test images than of the training ones: those are warped afresh in every '
        f'epoch, and so are harder. "&"Overfitting would look otherwise: train loss falls on while test loss turns up."'
    )
    under = (
        f'"It reads "&-{more}&" % fewer of the test images than of the training ones. "&"If that gap grows while train '
        f'loss still falls, it overfits: it learns the training images by heart."'
    )
    sheet.live(runs.TOLD + 1, 0, f'IF(COUNT($F${end},$H${end})=2,IF({more}<0,{under},{above})," ")', "text")


def _comparison(sheet: Sheet, logged: Sequence[runs.RunRows]) -> int:
    """Ours and the reference, each the mean over its seeds, beside the published run; returns the last row."""
    last = runs.BESIDE + len(runs.SIDE_BY_SIDE) - 1
    section(sheet, runs.HEAD - 1, PUBLISHED, runs.BESIDE, last)
    heads(sheet, runs.HEAD, runs.BESIDE, runs.SIDE_BY_SIDE)
    target = of_target("mnist_target")
    for row, p in enumerate(published.RUN, runs.LIVE):
        plain = ("cell", "center", "hundredth")
        sheet.put(row, runs.BESIDE, p.epoch, "cell", "center", "whole")
        for column, name in enumerate((OURS, REFERENCE), runs.BESIDE + 1):
            there = [run for run in runs.of(logged, name) if len(run.record.epochs) >= p.epoch]
            if there:
                cells = ",".join(f"{quoted(FULL)}!H{run.first + p.epoch - 1}" for run in there)
                sheet.live(row, column, f"AVERAGE({cells})", *plain)
            else:
                sheet.put(row, column, None, *plain)
        across(sheet, row, runs.BESIDE + 3, (p.test_accuracy, p.train_accuracy), *plain)
        across(sheet, row, runs.BESIDE + 5, (p.test_loss, p.learning_rate), "cell", "center", "ten thousandth")
        sheet.live(row, runs.BESIDE + 7, target, "cell", "center", "hundredth", "muted")
    return runs.LIVE + len(published.RUN) - 1
