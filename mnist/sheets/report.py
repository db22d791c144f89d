"""MNIST report: the goal, what was done, a live checklist, the results over all seeds, the ladder, provenance."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from mnist.ladder import Rung
from mnist.recipe import GOAL_MEAN
from mnist.record import Claim
from mnist.sheets import architecture, checklist, errors, ladder, provenance, results
from mnist.sheets.common import ONE_TEACHER, OURS, REPORT, UNTAUGHT, of_target, paragraph, section
from mnist.sheets.results import LAST_COLUMN, Summary
from mnist.sheets.runs import RunRows
from mnist.spreadsheet import Measured
from sheetgen.writer.book import Book, Formula, Sheet
from sheetgen.writer.sheets.common import colour_words, merge, opened, page

CARDS = 5  # the row of the big numbers, their labels above it
WIDTHS = (27, *(11.5 for _ in range(12)), 46)
TEXT = (0, 12)  # the columns that prose runs over
FIT = 160  # characters in a line of prose
SUBTITLE = "What the records of real runs say. Every number that follows from another is a formula; change one and see."

GOAL = (
    "A network that reads handwritten digits, and is small enough to be trained on a laptop: the checklist below says "
    "how many parameters and epochs it may have and how many of MNIST's test images it must read. What counts is the "
    "last epoch of every recorded seed, not the best epoch of the best one."
)
DONE = (
    "Ours is a small convolutional network without biases: each convolution is followed by ReLU and BatchNorm, the "
    "last one by global average pooling and a 1×1 convolution to the ten classes (sheet Architecture). Images are "
    "turned, scaled, sheared, shifted and bent a little, afresh in every epoch; the learning rate rises at first and "
    "falls to zero. At the end, BatchNorm's statistics are measured anew on the training images as they are, for so "
    "the test's are. Beside the labels it learns what wider networks, trained before on the same images, say of each "
    "warped image; they are listed as teacher, and the seconds are told with their training and without. Provenance, "
    "below, tells of every recipe: the other networks differ."
)
CHOSEN = (
    "Networks and settings were chosen on images held out of the training set; those trials are not recorded. The "
    "final runs use all training images, and every recorded seed is listed."
)
APART = (
    "Accuracies of several views of an image are reported apart, and claim nothing. The weights are in the repository: "
    "python -m mnist verify measures them again."
)


class Content(NamedTuple):
    """All that the report is written from."""

    claims: Mapping[str, Claim]
    runs: Sequence[RunRows]
    networks: Mapping[str, architecture.ArchitecturePlaces]
    errors: errors.MatrixPlaces
    rungs: Sequence[Rung]
    measured: Measured | None = None  # of the network in cells


def fairness(claims: Mapping[str, Claim]) -> str:
    """How the test set was kept apart, and how often a network called ours was tested before this one."""
    earlier = [claims[name] for name in (UNTAUGHT, ONE_TEACHER) if name in claims]
    if not earlier:
        return f"{CHOSEN} {APART}"
    return (
        f"{CHOSEN} But the test set was not new when ours was tested on it, for what was called ours before had been "
        f"tested on it, too. {' Then '.join(_score(c) + '.' for c in earlier)} Only then was the network trained that "
        f"is called ours now. {_score(claims[OURS])}. The same test images have judged {len(earlier) + 1} versions, "
        f"and this is the last: take its figure as a little flattered. {APART}"
    )


def _score(c: Claim) -> str:
    """A version of ours, and its result beside the goal."""
    teachers = f"teachers: {n}" if (n := c.recipe.distillation.teachers) else "no teacher"
    met = "at" if round(c.mean, 6) >= GOAL_MEAN else "below"
    return f"{c.name} ({teachers}; seeds: {len(c.records)}): {c.score}, {met} the goal beyond, {GOAL_MEAN:g} %"


def write(book: Book, content: Content) -> None:
    """Write the sheet MNIST report, and define `mnist_verdict` and `mnist_mean`."""
    sheet = opened(book, REPORT, "MNIST: digits, read by a small network", SUBTITLE, WIDTHS)
    row = CARDS + 2
    fair = fairness(content.claims)
    for title, text in (("The goal", GOAL), ("What was done", DONE), ("What was kept fair, and what was not", fair)):
        section(sheet, row, title, 0, LAST_COLUMN)
        paragraph(sheet, row + 1, TEXT, text, FIT)
        row += 2
    top = row + 1
    below = top + checklist.height(content.claims, content.measured) + 1
    summaries = results.places(content.claims, content.runs, content.networks, below)
    required = checklist.write(sheet, top, checklist.checks(summaries, content.errors, content.measured))
    _cards(sheet, summaries[OURS], required)
    row = results.write(sheet, summaries)
    row = ladder.write(sheet, row + 1, content.rungs, content.runs)
    row = provenance.write(sheet, row + 1, content.claims, content.measured)
    page(sheet, (3, 0), (row, LAST_COLUMN))


def _cards(sheet: Sheet, ours: Summary, required: tuple[str, int]) -> None:
    """The result in six numbers and a word, all live."""
    area, count = required
    whole = of_target(f'IF(COUNTIF({area},"PASS")={count},"PASS","FAIL")')
    cards = (
        (0, 0, "all that is required", "big", whole),
        (1, 2, "mean accuracy %, last epoch", "thousandth", f"$E${ours.row}"),
        (3, 4, "lowest seed %", "hundredth", f"$G${ours.row}"),
        (5, 6, "parameters", "whole", f"$B${ours.row}"),
        (7, 8, "epochs", "whole", f"$C${ours.row}"),
        (9, 10, "seconds per run", "whole", f"$L${ours.row}"),
        (11, 12, "with its teachers", "whole", f"$M${ours.row}"),
    )
    sheet.set_row_pixels(CARDS - 1, 44)
    for first, last, label, form, formula in cards:
        for row, looks, value in ((CARDS - 1, ("muted", "center"), label), (CARDS, ("big", form), Formula(formula))):
            if first < last:
                merge(sheet, (row - 1, first, row - 1, last), *looks)
            sheet.put(row, first, value, *looks)
    colour_words(sheet, (CARDS - 1, 0, CARDS - 1, 0), f"$A{CARDS}")
    sheet.define(mnist_verdict=f"$A${CARDS}", mnist_mean=f"$B${CARDS}")
