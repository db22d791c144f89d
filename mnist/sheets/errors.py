"""Errors: the confusion matrix, what is confused most, how sure it was when it was wrong, and each wrong image."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from mnist.notation import CLASSES
from mnist.record import Mistake, Record
from mnist.sheets import confused, pictures
from mnist.sheets.common import ERRORS, OURS, heads, section
from mnist.sheets.pictures import Picture
from mnist.sheets.runs import RunRows, of
from sheetgen.writer import style
from sheetgen.writer.book import Book, Chart, Sheet
from sheetgen.writer.sheets.common import ROW, Box, across, bars, colour_words, insert, line, merge, opened, page
from sheetgen.writer.style import Axes
from sheetgen.writer.trace import letter, quoted

LABELS, FACTS, DEFINED, TOP = 4, 5, 6, 8  # rows; the last holds the matrix's headings
SUMS = ("images", "precision", "recall", "F1", "missed", "false alarms")
FIRST, LAST = 1, CLASSES  # columns of the matrix
TOTAL, PRECISION, RECALL, HARMONIC, MISSED, ALARMS = range(LAST + 1, LAST + 7)
SIDE = ALARMS + 2  # the column of the drawing
SURE, COUNT = 8, 9  # columns beside the list of mistakes: how sure it was, and of how many
BINS = 10  # of the probability
TOLD = TOP + CLASSES + 2  # the row of the sentences
STRIP = TOLD + confused.PAIRS + 2  # the row of the charts, and of the pictures beside them
WIDTHS = (10, *(6.9 for _ in range(CLASSES)), *(8.6 for _ in SUMS), 2, 35, 2)
HIDDEN = len(WIDTHS) + pictures.ACROSS * pictures.STEP + 1  # right of all pictures
NARROW_STRIP = 13  # rows of the strip without pictures
CHART_WIDTH = 615
LISTED = ("place", "image", "true", "taken for", "how sure", "bar above")
TENTH = 5  # the column of the list that says which bin a mistake is in
SUBTITLE = (
    "The first seed of ours on the test images. A row is what an image is, a column what it was taken for; "
    "green are the right answers. Type over a number of the table: its sums, sentences and drawings follow."
)
WORDS = (
    "Precision: of all that are taken for a digit, the share that is it. Recall: of all that are it, the share that is "
    "found. F1: one number for both, low if either is. The list of mistakes stays as recorded."
)


class MatrixPlaces(NamedTuple):
    """Where the matrix and the list of mistakes stand."""

    run: RunRows
    listed: int  # the row of the list's headings

    @property
    def record(self) -> Record:
        """Whose errors these are."""
        return self.run.record

    @property
    def first(self) -> int:
        """The row of class 0."""
        return TOP + 1

    @property
    def last(self) -> int:
        """The row of the last class; the sums stand below it."""
        return TOP + CLASSES

    def column(self, k: int) -> str:
        """All rows of a column of the matrix."""
        return f"{letter(k)}${self.first}:{letter(k)}${self.last}"

    @property
    def bins(self) -> tuple[int, int]:
        """The first and the last row of the counts of mistakes by how sure it was; all of them stand below."""
        return self.listed + 1, self.listed + BINS

    @property
    def tenths(self) -> str:
        """The cells that say in which tenth each mistake's probability is; a heading where there is no mistake."""
        at = letter(TENTH)
        return f"${at}${self.listed}:${at}${self.listed + len(self.record.mistakes)}"

    @property
    def images(self) -> str:
        """The cell that counts the images, for other sheets."""
        return f"{quoted(ERRORS)}!${letter(TOTAL)}${self.last + 1}"


def places(runs: Sequence[RunRows], shown: Sequence[Picture]) -> MatrixPlaces:
    """The list stands below the strip, which is as high as the pictures."""
    rows = pictures.rows(len(shown)) if shown else NARROW_STRIP
    return MatrixPlaces(of(runs, OURS)[0], STRIP + rows + 2)


def write(book: Book, at: MatrixPlaces, shown: Sequence[Picture]) -> None:
    """Write the sheet Errors."""
    sheet = opened(book, ERRORS, "Errors: which digits are taken for which?", SUBTITLE, WIDTHS)
    _matrix(sheet, at)
    for k in range(CLASSES):
        _class(sheet, at, k)
    _sums(sheet, at)
    _facts(sheet, at)
    _colours(sheet, at)
    _sure(sheet, at)
    confused.write(sheet, confused.Matrix(at.first, FIRST, HIDDEN), (TOP - 2, SIDE), TOLD + 1)
    _charts(sheet, at, pictures.height(len(shown)) if shown else ROW * NARROW_STRIP - 8)
    last = _mistakes(sheet, at, shown)
    right = pictures.write(sheet, STRIP, len(WIDTHS), shown) if shown else SIDE + 1
    # Without pictures on the right, the list below is left to the screen.
    page(sheet, (3, 1), (last if shown else at.listed - 3, right))


def _matrix(sheet: Sheet, at: MatrixPlaces) -> None:
    section(sheet, TOP - 1, "Confusion matrix: true class by row, predicted class by column", 0, ALARMS)
    heads(sheet, TOP, 0, ["true ↓  taken for →", *range(CLASSES), *SUMS])
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
    """Accuracy and mistakes of the matrix, which must be those of the log; a fact has two columns."""
    row = at.last + 1
    total, missed = f"${letter(TOTAL)}${row}", f"${letter(MISSED)}${row}"
    mine, logged = f"${letter(5)}${FACTS}", f"${letter(7)}${FACTS}"
    facts = (
        ("seed", at.run.cells("B").split(":")[0], "whole"),
        ("images", total, "whole"),
        ("mistakes", missed, "whole"),
        ("accuracy %", f"100*({total}-{missed})/{total}", "hundredth"),
        ("Training log says", at.run.end("H"), "hundredth"),
        ("they agree", f'IF(ABS({mine}-{logged})<0.000001,"PASS","FAIL")', "verdict"),
        ("mean F1", f"SUM({at.column(HARMONIC)})/{CLASSES}", "ten thousandth"),
    )
    for k, (name, formula, form) in enumerate(facts):
        column = max(0, 2 * k - 1)
        if k:
            for row in (LABELS, FACTS):
                merge(sheet, (row - 1, column, row - 1, column + 1))
        sheet.put(LABELS, column, name, "muted", "center")
        sheet.live(FACTS, column, formula, "bold", form, "center")
    colour_words(sheet, (FACTS - 1, 9, FACTS - 1, 10), f"${letter(9)}${FACTS}")
    sheet.put(DEFINED, 0, WORDS, "muted")


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


def _sure(sheet: Sheet, at: MatrixPlaces) -> None:
    """How many mistakes it made with which probability, counted in the list beside; and in words what that means."""
    first, last = at.bins
    heads(sheet, at.listed, SURE, ("it said %", "so often"))
    for k, row in enumerate(range(first, last + 1)):
        sheet.put(row, SURE, f"{10 * k}–{10 * k + 10}", "cell", "center")
        sheet.live(row, COUNT, f"COUNTIF({at.tenths},{k + 1})", "cell", "count", "center")
    at_all = letter(COUNT)
    sheet.put(last + 1, SURE, "all", "head", "center")
    sheet.live(last + 1, COUNT, f"SUM({at_all}{first}:{at_all}{last})", "head", "whole", "center")
    surest, whole = f"${at_all}${last}", f"${at_all}${last + 1}"
    told = (
        f'"In "&{surest}&" of the "&{whole}&" mistakes that are listed below it was 90 % sure or surer. "&'
        '"To be sure is not to be right: these head the list."'
    )
    formula = f'IF({whole}=0,"It made no mistake.",IF({surest}=0,"It was never 90 % sure of a mistake.",{told}))'
    sheet.live(TOLD, 0, formula, "text")


def _charts(sheet: Sheet, at: MatrixPlaces, height: int) -> None:
    """Which classes are hard, and how sure the network was when it was wrong."""
    where, none = quoted(ERRORS), "" if at.record.mistakes else ": empty, there are none"
    title = f"Mistakes by class{none}"
    classes = sheet.book.chart({"type": "column"}, title, Axes("class", "images"))
    for k, (column, name) in enumerate(((MISSED, "missed"), (ALARMS, "false alarms"))):
        x, y = (f"{where}!${letter(c)}${at.first}:${letter(c)}${at.last}" for c in (0, column))
        bars(classes, k, name, x, y, gap=60, overlap=-5)
    classes.set_legend({"position": "top", "font": style.label_font()})
    title = f"How sure it was when it was wrong{none}"
    sure = sheet.book.chart({"type": "column"}, title, Axes("probability that it gave its wrong answer, %", "mistakes"))
    x, y = (f"{where}!${letter(c)}${at.bins[0]}:${letter(c)}${at.bins[1]}" for c in (SURE, COUNT))
    bars(sure, 5, "mistakes", x, y, gap=8, data_labels={"value": True, "num_format": "0;;", "font": style.label_font()})
    sure.set_legend({"none": True})
    drawn: list[tuple[Chart, str]] = [
        (classes, "Column chart: how many images of each class are missed, and how many others are mistaken for it."),
        (sure, "Column chart, a histogram: of how many mistakes the network was how sure, in tenths."),
    ]
    for k, (chart, text) in enumerate(drawn):
        insert(sheet, chart, Box((STRIP - 1, 0), (4 + k * (CHART_WIDTH + 8), 4), (CHART_WIDTH, height)), text)


def surest_first(record: Record) -> list[Mistake]:
    """The mistakes, the hardest to forgive first."""
    return sorted(record.mistakes, key=lambda m: (-m.probability, m.index))


def _mistakes(sheet: Sheet, at: MatrixPlaces, shown: Sequence[Picture]) -> int:
    """The list of wrong images; returns its last row."""
    row = at.listed
    section(sheet, row - 1, "Misclassified test images, the surest mistake first", 0, ALARMS)
    heads(sheet, row, 0, LISTED)
    how = "The pictures of the first ones stand above, on the right." if shown else pictures.HOW
    sheet.put(at.bins[1] + 3, SURE, how, "muted")
    for k, m in enumerate(surest_first(at.record), 1):
        across(sheet, row + k, 0, (k, m.index, m.true, m.predicted), "cell", "center", "whole")
        sheet.put(row + k, 4, m.probability, "cell", "center", "thousandth")
        sheet.live(row + k, TENTH, f'IF(ISNUMBER(E{row + k}),MIN({BINS},INT({BINS}*E{row + k})+1),"–")',
                   "cell", "center", "whole", "muted")  # fmt: skip
    return row + len(at.record.mistakes)
