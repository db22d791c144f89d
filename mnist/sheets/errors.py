"""Errors: the confusion matrix, precision, recall and F1 of every class, and each misclassified image."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from mnist.notation import CLASSES
from mnist.record import Mistake, Record
from mnist.sheets import pictures
from mnist.sheets.common import ERRORS, OURS, heads, section
from mnist.sheets.pictures import Picture
from mnist.sheets.runs import RunRows, of
from sheetgen.writer import style
from sheetgen.writer.book import Book, Chart, Sheet
from sheetgen.writer.sheets.common import ROW, Box, across, bars, colour_words, curve, insert, line, opened, page
from sheetgen.writer.style import Axes
from sheetgen.writer.trace import letter, quoted

LABELS, FACTS, STRIP = 4, 5, 7  # rows; the strip holds the charts, and the pictures
SUMS = ("images", "precision", "recall", "F1", "missed", "false alarms")
FIRST, LAST = 1, CLASSES  # columns of the matrix
TOTAL, PRECISION, RECALL, HARMONIC, MISSED, ALARMS = range(LAST + 1, LAST + 7)
WIDTHS = (12, *(10.2 for _ in range(CLASSES)), *(9.5 for _ in SUMS), 3)
NARROW_STRIP = 14  # rows of the strip without pictures
CHART_WIDTH = 590
LISTED = ("place", "image", "true", "predicted", "probability")
SUBTITLE = (
    "The first seed of ours on the test images. Rows are what an image is, columns what it was taken for; "
    "missed: images of the class taken for another; false alarms: images of others taken for it."
)


class MatrixPlaces(NamedTuple):
    """Where the matrix stands."""

    run: RunRows
    top: int  # the row of the matrix's headings

    @property
    def record(self) -> Record:
        """Whose errors these are."""
        return self.run.record

    @property
    def first(self) -> int:
        """The row of class 0."""
        return self.top + 1

    @property
    def last(self) -> int:
        """The row of the last class; the sums stand below it."""
        return self.top + CLASSES

    def column(self, k: int) -> str:
        """All rows of a column of the matrix."""
        return f"{letter(k)}${self.first}:{letter(k)}${self.last}"

    @property
    def images(self) -> str:
        """The cell that counts the images, for other sheets."""
        return f"{quoted(ERRORS)}!${letter(TOTAL)}${self.last + 1}"


def places(runs: Sequence[RunRows], shown: Sequence[Picture]) -> MatrixPlaces:
    """Below the strip, which is as high as the pictures."""
    rows = pictures.rows(len(shown)) if shown else NARROW_STRIP
    return MatrixPlaces(of(runs, OURS)[0], STRIP + rows + 2)


def write(book: Book, at: MatrixPlaces, shown: Sequence[Picture]) -> None:
    """Write the sheet Errors."""
    sheet = opened(book, ERRORS, "Errors: what is taken for what", SUBTITLE, WIDTHS)
    _matrix(sheet, at)
    for k in range(CLASSES):
        _class(sheet, at, k)
    _sums(sheet, at)
    _facts(sheet, at)
    _colours(sheet, at)
    _charts(sheet, at, pictures.height(len(shown)) if shown else ROW * NARROW_STRIP - 8)
    last = _mistakes(sheet, at, shown)
    right = pictures.write(sheet, STRIP, len(WIDTHS), shown) if shown else ALARMS
    page(sheet, (FACTS, 1), (last, right))


def _matrix(sheet: Sheet, at: MatrixPlaces) -> None:
    section(sheet, at.top - 1, "Confusion matrix: true class by row, predicted class by column", 0, ALARMS)
    heads(sheet, at.top, 0, ["true ↓  taken for →", *range(CLASSES), *SUMS])
    for k, row in enumerate(at.record.confusion):
        sheet.put(at.first + k, 0, k, "head", "center", "whole")
        for column, count in enumerate(row, FIRST):
            right = ("bold", "pass") if column - FIRST == k else ()
            sheet.put(at.first + k, column, count, "cell", "center", "count", *right)


def _class(sheet: Sheet, at: MatrixPlaces, k: int) -> None:
    """How well one class is told from the others."""
    row = at.first + k
    diagonal, total = f"{letter(FIRST + k)}{row}", f"{letter(TOTAL)}{row}"
    column = f"{letter(FIRST + k)}${at.last + 1}"
    share, whole = sheet.style("cell", "center", "ten thousandth"), sheet.style("cell", "center", "whole")
    cells = (
        (TOTAL, f"SUM({letter(FIRST)}{row}:{letter(LAST)}{row})"),
        (PRECISION, f'IF({column}=0,"–",{diagonal}/{column})'),
        (RECALL, f'IF({total}=0,"–",{diagonal}/{total})'),
        (HARMONIC, f'IF({total}+{column}=0,"–",2*{diagonal}/({total}+{column}))'),
        (MISSED, f"{total}-{diagonal}"),
        (ALARMS, f"{column}-{diagonal}"),
    )
    for place, formula in cells:
        form = share if place in (PRECISION, RECALL, HARMONIC) else whole
        sheet.live(row, place, formula, form)


def _sums(sheet: Sheet, at: MatrixPlaces) -> None:
    """The last row: how often each class was predicted, and the means of the shares."""
    row = at.last + 1
    sheet.put(row, 0, "predicted", "head", "center")
    for k in range(CLASSES):
        sheet.live(row, FIRST + k, f"SUM({at.column(FIRST + k)})", "head", "center", "whole")
    form = sheet.style("head", "center", "whole")
    sheet.live(row, TOTAL, f"SUM({at.column(TOTAL)})", form)
    line(sheet, row, None, PRECISION, HARMONIC, "head")
    for column in (MISSED, ALARMS):
        sheet.live(row, column, f"SUM({at.column(column)})", form)


def _facts(sheet: Sheet, at: MatrixPlaces) -> None:
    """Accuracy and mistakes of the matrix, which must be those of the log."""
    row = at.last + 1
    total, missed = f"${letter(TOTAL)}${row}", f"${letter(MISSED)}${row}"
    facts = (
        ("seed", at.run.cells("B").split(":")[0], "whole"),
        ("images", total, "whole"),
        ("mistakes", missed, "whole"),
        ("accuracy %", f"100*({total}-{missed})/{total}", "hundredth"),
        ("log says %", at.run.end("H"), "hundredth"),
        ("they agree", f'IF(ABS($D${FACTS}-$E${FACTS})<0.000001,"PASS","FAIL")', "verdict"),
        ("mean F1", f"SUM({at.column(HARMONIC)})/{CLASSES}", "ten thousandth"),
    )
    for column, (name, formula, form) in enumerate(facts):
        sheet.put(LABELS, column, name, "muted", "center")
        sheet.live(FACTS, column, formula, "bold", "center", form)
    colour_words(sheet, (FACTS - 1, 5, FACTS - 1, 5), f"$F{FACTS}")


def _colours(sheet: Sheet, at: MatrixPlaces) -> None:
    """A heat map of the mistakes alone: beside the right answers none of them would be seen."""
    columns = [letter(k) for k in range(FIRST, LAST + 1)]
    parts = []
    for k in range(CLASSES):
        row = at.first + k
        if k:
            parts.append(f"{columns[0]}{row}:{columns[k - 1]}{row}")
        if k < CLASSES - 1:
            parts.append(f"{columns[k + 1]}{row}:{columns[-1]}{row}")
    scale = {
        "type": "2_color_scale", "min_color": "#FFFFFF", "max_color": style.HEAT, "min_type": "num",
        "min_value": 0, "multi_range": " ".join(parts),
    }  # fmt: skip
    sheet.conditional_format(at.first - 1, FIRST, at.last - 1, LAST, scale)


def _charts(sheet: Sheet, at: MatrixPlaces, height: int) -> None:
    """Which classes are hard, and how sure the network was when it was wrong."""
    where = quoted(ERRORS)
    title = "Mistakes by class" if at.record.mistakes else "Mistakes by class: empty, there are none"
    classes = sheet.book.chart({"type": "column"}, title, Axes("class", "images"))
    for k, (column, name) in enumerate(((MISSED, "missed"), (ALARMS, "false alarms"))):
        x, y = (f"{where}!${letter(c)}${at.first}:${letter(c)}${at.last}" for c in (0, column))
        bars(classes, k, name, x, y, gap=60, overlap=-5)
    drawn: list[tuple[Chart, str]] = [(classes, "Column chart: how many images of each class are missed or mistaken.")]
    if n := len(at.record.mistakes):
        kind = {"type": "scatter", "subtype": "straight"}
        axes = Axes("place in the list", "probability", up=(0, 1))
        sure = sheet.book.chart(kind, "How sure it was of its mistakes", axes)
        first = at.last + 5
        x, y = (f"{where}!${k}${first}:${k}${first + n - 1}" for k in "AE")
        curve(sure, 1, "probability", x, y, marker=style.series_point(1, 4))
        sure.set_legend({"none": True})
        drawn.append((sure, "Line chart: the probability given to each wrong answer, surest first."))
    for k, (chart, text) in enumerate(drawn):
        insert(sheet, chart, Box((STRIP - 1, 0), (4 + k * (CHART_WIDTH + 8), 4), (CHART_WIDTH, height)), text)


def surest_first(record: Record) -> list[Mistake]:
    """The mistakes, the hardest to forgive first."""
    return sorted(record.mistakes, key=lambda m: (-m.probability, m.index))


def _mistakes(sheet: Sheet, at: MatrixPlaces, shown: Sequence[Picture]) -> int:
    """The list of wrong images; returns its last row."""
    row = at.last + 3
    section(sheet, row, "Misclassified test images, the surest mistake first", 0, ALARMS)
    heads(sheet, row + 1, 0, LISTED)
    how = "The pictures of the first ones stand above, on the right." if shown else pictures.HOW
    sheet.put(row + 1, len(LISTED), how, "muted", "indent")
    for k, m in enumerate(surest_first(at.record), 1):
        across(sheet, row + 1 + k, 0, (k, m.index, m.true, m.predicted), "cell", "center", "whole")
        sheet.put(row + 1 + k, 4, m.probability, "cell", "center", "thousandth")
    return row + 1 + len(at.record.mistakes)
