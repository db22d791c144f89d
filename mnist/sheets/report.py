"""MNIST report: the result and what it means, what was required, what came beyond, every seed, and provenance."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from mnist.ladder import Rung
from mnist.recipe import GOAL_MEAN, MOST_EPOCHS, MOST_PARAMETERS
from mnist.record import Claim
from mnist.sheets import architecture, checklist, compared, errors, ladder, provenance, results
from mnist.sheets.checklist import LEARNED, TESTED
from mnist.sheets.common import LOG, ONE_TEACHER, OURS, REPORT, UNTAUGHT, of_target, pages, paragraph, section
from mnist.sheets.results import LAST_COLUMN, Summary
from mnist.sheets.runs import RunRows
from mnist.spreadsheet import Measured
from sheetgen.writer.book import Book, Formula, Link, Sheet
from sheetgen.writer.sheets.common import colour_words, merge, opened, page

CARDS = 5  # the row of the big numbers, their labels above it and what they mean below
WIDTHS = (26, *(9.6 for _ in range(12)), 29)
TEXT = (1, LAST_COLUMN)  # the columns that the story runs over
FIT = 178  # characters in a line of it
FAIR = (0, LAST_COLUMN)
FAIR_FIT = 194
TITLE = "MNIST: can fewer than 20,000 numbers read handwriting?"
SUBTITLE = (
    f"MNIST is a collection of handwritten digits, 28 × 28 pixels each: {LEARNED:,} to learn from, {TESTED:,} others "
    "to be tested on. Whatever follows from another number here is a live formula."
)
TRY = (
    "→ Try it: the target is the % of the test images that it must read. Type 99.7 for it on Training log, and see "
    "what is said of accuracy below turn to FAIL"
)
WORDS = (
    "A parameter is a number that training changes. An epoch is one pass over all training images. A seed starts the "
    "random numbers: what differs between seeds is chance. A teacher is a wider network that it learned from, too."
)
STORY = (
    ("The network", "Small convolutions, each followed by ReLU (what is below 0 becomes 0) and BatchNorm; then the "
     "mean of every plane, and a 1×1 convolution to the ten classes. Architecture draws it."),
    ("Its training", "Every epoch turns, scales, shears, shifts and bends the images afresh. The learning rate rises, "
     "then falls to zero. At the end BatchNorm is measured anew on the images as they are."),
    ("Its teachers", "Beside the labels it learns what wider networks, trained before on the same images, say of each "
     "warped image. The seconds are told with their training and without."),
    ("What counts", "The last epoch of every recorded seed, not the best epoch of the best one."),
)  # fmt: skip
UNPRINTED = (
    "Below this line, and not printed, stand every seed, the recipe, the versions and the hardware of every run, and "
    "the SHA-256 of its weights: enough to make each number again."
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


def story(claims: Mapping[str, Claim]) -> list[tuple[str, str]]:
    """What the first screen tells, and the one thing to be careful about."""
    if not (earlier := _earlier(claims)):
        return list(STORY)
    versions = f"The same test images have judged {len(earlier) + 1} versions of this network, and this is the last"
    return [*STORY, ("Be careful", f"{versions}: take its figure as a little flattered. More on that below.")]


def _earlier(claims: Mapping[str, Claim]) -> list[Claim]:
    """What was called ours before."""
    return [claims[name] for name in (UNTAUGHT, ONE_TEACHER) if name in claims]


def fairness(claims: Mapping[str, Claim]) -> list[str]:
    """How the test set was kept apart, and how often a network called ours was tested before this one: paragraphs."""
    if not (earlier := _earlier(claims)):
        return [CHOSEN, APART]
    return [
        CHOSEN,
        "But the test set was not new when ours was tested on it: what was called ours before had been tested on it, "
        "too.",
        *(f"First: {_score(c)}." if not k else f"Then: {_score(c)}." for k, c in enumerate(earlier)),
        f"Only then was the network trained that is called ours now. {_score(claims[OURS])}.",
        f"The same test images have judged {len(earlier) + 1} versions, and this is the last: take its figure as a "
        "little flattered.",
        APART,
    ]


def _score(c: Claim) -> str:
    """A version of ours, and its result beside the goal."""
    teachers = f"teachers: {n}" if (n := c.recipe.distillation.teachers) else "no teacher"
    met = "at" if round(c.mean, 6) >= GOAL_MEAN else "below"
    return f"{c.name} ({teachers}; seeds: {len(c.records)}): {c.score}, {met} the goal beyond, {GOAL_MEAN:g} %"


def write(book: Book, content: Content) -> None:
    """Write the sheet MNIST report, and define `mnist_verdict` and `mnist_mean`."""
    sheet = opened(book, REPORT, TITLE, SUBTITLE, WIDTHS)
    sheet.link(3, 1, Link.to(LOG, TRY, "Cell H5 there"))
    told, fair = story(content.claims), fairness(content.claims)
    first = CARDS + 3
    top = first + ladder.height(content.rungs, content.runs) + len(told) + 2
    results_at = top + max(checklist.height(content.claims, content.measured), compared.ROWS) + 1
    between = len(fair) + 3
    summaries = results.places(content.claims, content.runs, content.networks, results_at, between)
    sheet.put(CARDS + 2, 0, WORDS, "muted")
    row = ladder.write(sheet, first, content.rungs, content.runs)
    _story(sheet, row, told)
    required = checklist.write(sheet, top, checklist.checks(summaries, content.errors, content.measured))
    _cards(sheet, summaries[OURS], required)
    compared.write(sheet, summaries, (top - 1, checklist.FROM + 1), top + 2)
    _fair(sheet, results.write(sheet, summaries) + 1, fair)
    end = summaries[OURS].first - 3
    paragraph(sheet, end, FAIR, UNPRINTED, FAIR_FIT, "muted")
    row = results.write_seeds(sheet, summaries)
    page(sheet, (3, 0), (end - 1, LAST_COLUMN))
    pages(sheet, 75, [top])
    row = provenance.write(sheet, row + 1, content.claims, content.measured)
    provenance.weights(sheet, row + 1, [run for s in summaries.values() for run in s.runs])


def _story(sheet: Sheet, row: int, told: Sequence[tuple[str, str]]) -> None:
    """Short paragraphs, each with its name on the left."""
    section(sheet, row, "How ours was made", 0, LAST_COLUMN)
    for k, (name, text) in enumerate(told, row + 1):
        sheet.put(k, 0, name, "wrap", "bold")
        paragraph(sheet, k, TEXT, text, FIT)


def _fair(sheet: Sheet, row: int, paragraphs: Sequence[str]) -> None:
    """What was kept fair, and what was not."""
    section(sheet, row, "What was kept fair, and what was not", 0, LAST_COLUMN)
    for k, text in enumerate(paragraphs, row + 1):
        paragraph(sheet, k, FAIR, text, FAIR_FIT)


def _cards(sheet: Sheet, ours: Summary, required: tuple[str, int]) -> None:
    """The result in six numbers and a word, and below each what it means; all live."""
    area, count = required
    passed = f'COUNTIF({area},"PASS")'
    whole = of_target(f'IF({passed}={count},"PASS","FAIL")')
    mean, lowest = f"$E${ours.row}", f"$G${ours.row}"
    cards = (
        (0, 0, "all that is required", "big", whole, f'{passed}&" of {count} lines"'),
        (1, 2, "mean %, last epoch", "thousandth", mean, f'{_wrong(mean)}&" of {TESTED:,} wrong"'),
        (3, 4, "lowest seed %", "hundredth", lowest, f'{_wrong(lowest)}&" wrong, the worst of "&$D${ours.row}'),
        (5, 6, "parameters", "whole", f"$B${ours.row}", f'"fewer than {MOST_PARAMETERS:,} allowed"'),
        (7, 8, "epochs", "whole", f"$C${ours.row}", f'"fewer than {MOST_EPOCHS + 1} allowed"'),
        (9, 10, "seconds per run", "whole", f"$L${ours.row}", _minutes(f"$L${ours.row}")),
        (11, 12, "seconds, teachers too", "whole", f"$M${ours.row}", _minutes(f"$M${ours.row}")),
    )
    sheet.set_row_pixels(CARDS - 1, 40)
    for first, last, label, form, formula, meaning in cards:
        small = "muted", "center"
        lines = (label, small), (Formula(formula), ("big", form)), (Formula(meaning), small)
        for row, (value, look) in enumerate(lines, CARDS - 1):
            if first < last:
                merge(sheet, (row - 1, first, row - 1, last), *look)
            sheet.put(row, first, value, *look)
    colour_words(sheet, (CARDS - 1, 0, CARDS - 1, 0), f"$A{CARDS}")
    sheet.define(mnist_verdict=f"$A${CARDS}", mnist_mean=f"$B${CARDS}")


def _wrong(accuracy: str) -> str:
    """How many test images that is; of a mean, to the nearest whole one."""
    return f'IF(ISNUMBER({accuracy}),ROUND({TESTED}*(100-{accuracy})/100,0),"–")'


def _minutes(seconds: str) -> str:
    return f'IF(ISNUMBER({seconds}),"about "&ROUND({seconds}/60,0)&" minutes","not recorded")'
