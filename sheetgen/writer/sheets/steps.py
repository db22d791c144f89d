"""Steps: the derivation, each line as mathematics, as the Excel formula, with numbers put in, and as a live value."""

from __future__ import annotations

import io
from bisect import bisect_left
from collections.abc import Callable, Mapping, Sequence
from itertools import accumulate
from textwrap import wrap

from sheetgen.cells.cell import Cell
from sheetgen.cells.text import TEX, TEXTBOOK, by_name, by_tex_name, live_text, show, tex_name
from sheetgen.network import derivation
from sheetgen.network.derivation import Line
from sheetgen.network.words import in_words
from sheetgen.writer import style
from sheetgen.writer.book import Book, Sheet, Value
from sheetgen.writer.digits import LITERAL, scientific, text_of
from sheetgen.writer.plan import STEPS, Run, quiet
from sheetgen.writer.sheets.common import ROW as PIXELS
from sheetgen.writer.sheets.common import across, colour, fold, heads, opened, page
from sheetgen.writer.sheets.network import Panel
from sheetgen.writer.trace import FIRST_ROW, Trace, guarded
from sheetgen.writer.typeset import typeset

MATHS, FORMULA, NUMBERS, VALUE, AS_TEXT = range(5)  # columns
MATHS_PIXELS = 560
WIDTHS = 39, 42, 15  # of the columns of the formula, the numbers, the value: a screen shows them all
LETTERS = 40, 46  # that fit the first two of them
WORDS_FROM, LETTER = 234, 5.8  # pixels: where a line in words begins, and one of its letters
WORDS_WRAP = 44  # letters of it in one line, of which each has so many pixels:
WORDS_LINE = 17
ROW = 48  # pixels: the height of a line with a fraction
MOST_TEXT = 8_000  # characters of a formula that spells a line out
NUMBER = "0.606478"  # as long as most numbers are in a line that is spelt out

PAPER, PAGE = 75, 890  # percent, at which all columns fit on a page; the pixels of its rows
TITLES, TOP = 20, 94  # pixels: of the headings on every page, and of all above the lines on the first

AT = "$E$3"  # the row of Training that is shown
ROW_MARK = "#"  # stands for its number in the text of a formula

SUBTITLE = (
    "Each line: as mathematics and in words, as an Excel formula (of Training's cells, or of column D here), with the "
    "numbers of the row shown put in, and its live value. Choose the row on Network."
)


def write(book: Book, run: Run, training: Trace, panel: Panel) -> None:
    """Write the sheet Steps."""
    steps = derivation.derive(run.program.spec)
    many = "six" if len(steps) > 4 else "four"  # where no layer is hidden
    sheet = opened(book, STEPS, f"Backpropagation in {many} steps", SUBTITLE)
    sheet.set_column_pixels(MATHS, MATHS, MATHS_PIXELS + 16)
    for column, width in enumerate(WIDTHS, FORMULA):
        sheet.set_column(column, column, width)
    fold(sheet, AS_TEXT, AS_TEXT)
    first = '&"; the lines are those of the first sample"' * (run.program.spec.samples > 1)
    told = f'IF(ISNUMBER(row_number),"row shown: "&row_number{first},why_none)'
    sheet.live(3, FORMULA, told, "bold", "left", "indent")
    colour(sheet, (2, FORMULA, 2, VALUE), "ISTEXT(row_number)", "fail")
    sheet.live(3, AS_TEXT, quiet(f"row_number+{FIRST_ROW}"), "muted", "right")
    heads(
        sheet,
        4,
        MATHS,
        ("as mathematics, and in words (∂, a slope while all else stays, is d on the other sheets)",),
        "l",
    )
    heads(sheet, 4, NUMBERS, ("with the numbers put in", "live value", "value as text"), "lc")
    heading = _substituted(f"as the Excel formula (Training, row {ROW_MARK})")
    sheet.live(4, FORMULA, f'IF(ISNUMBER({AT}),{heading},"as the Excel formula")', "head", "left", "indent")
    writer = _Writer(sheet, run, training, panel)
    for step in steps:
        writer.step(step)
    scientific(sheet, (4, VALUE, writer.row - 1, VALUE), "wide")
    page(sheet, (4, 0), (writer.row + 1, VALUE), repeat=True)
    sheet.set_print_scale(PAPER)
    sheet.set_h_pagebreaks(breaks(writer.heights))


def breaks(steps: Sequence[Sequence[int]]) -> list[int]:
    """After how many rows a page ends: before a step that it has no room for; a step of several pages is shared evenly.

    Such a step begins on the page of the one before if a third of it is left.
    `steps` are the heights of every step's rows, the first of which is empty.
    """
    row, used, found = 4, TOP, []
    for heights in steps:
        so_far = [*accumulate(heights)]
        long = so_far[-1] > PAGE - TITLES and 3 * (PAGE - used) >= PAGE
        here = min(bisect_left(so_far, PAGE - used), len(heights) - 4) if long else 0  # no page of a line alone
        start = so_far[here - 1] if here > 0 else 0
        rest = so_far[-1] - start
        parts = 1 if rest <= PAGE - TITLES else -(-rest // (PAGE - TITLES - max(heights)))
        ends = [here] * (here > 0) + [bisect_left(so_far, start + rest * k / parts) + 1 for k in range(1, parts)]
        if used + so_far[ends[0] - 1 if ends else -1] > PAGE:
            found.append(row)
            used = TITLES
        found += [row + end for end in ends]
        used = TITLES + so_far[-1] - so_far[ends[-1] - 1] if ends else used + so_far[-1]
        row += len(heights)
    return found


def _substituted(text: str) -> str:
    """A formula that writes a text with the row of Training that is shown: one literal, if Excel takes it so long."""
    pieces = [text[k : k + LITERAL].replace('"', '""') for k in range(0, len(text), LITERAL)]
    literals = "&".join(f'"{piece}"' for piece in pieces)
    return f'SUBSTITUTE({literals},"{ROW_MARK}",{AT})'


class _Writer:
    """Writes line after line, remembering where each line's value stands, for later lines refer to it."""

    def __init__(self, sheet: Sheet, run: Run, training: Trace, panel: Panel):
        self.sheet, self.run, self.row = sheet, run, 4
        self.heights: list[list[int]] = []  # of the rows of every step, in pixels
        self.placed: dict[str, tuple[str, str]] = {}  # name -> the addresses of its number and of that as text
        self.panel = panel
        self.training = {c.name or "": f"{training.letters[id(c)]}{ROW_MARK}" for c in training.cells}
        self.names = {c.name or "": n for c, n in run.names.items()}

    def step(self, step: derivation.Step) -> None:
        """A title with its sentence, then the lines."""
        self.row += 2
        self.sheet.put(self.row, 0, step.title, "section")
        self.sheet.put(self.row, 1, step.about, "section", "muted", "indent")
        across(self.sheet, self.row, 2, [None, None], "section")
        self.heights.append([PIXELS, PIXELS])
        for line in step.lines:
            self.line(line)

    def line(self, line: Line) -> None:
        """One line in its four renderings."""
        self.row += 1
        form = self.run.style(line.name)
        told = self._picture(line)
        formula = "=" + show(line.cell, self._ref(line, self._training))
        self._formula(line, formula)
        text = quiet(live_text(line.cell, self._ref(line, self._text)))
        spelt = show(line.cell, self._ref(line, lambda name: NUMBER if self._text(name) else None), TEXTBOOK)
        if len(text) < MOST_TEXT and len(spelt) < 2_000:
            self.sheet.live(self.row, NUMBERS, text, "cell", "left", "numbers")
        self.sheet.live(self.row, VALUE, self._value(line), "cell", "right", form)
        at = f"$D${self.row}"
        self.sheet.live(self.row, AS_TEXT, text_of(at), "muted", "right")
        longest = len(formula.replace(ROW_MARK, str(self.run.last)))
        lines = max(1, -(-longest // LETTERS[0]), -(-len(spelt) // LETTERS[1]))
        self.heights[-1].append(max(15 * lines + 14, told))
        self.sheet.set_row_pixels(self.row - 1, self.heights[-1][-1])
        self.placed.setdefault(line.name, (at, f"$E${self.row}"))

    def _formula(self, line: Line, formula: str) -> None:
        """The line as a formula, of whatever row is shown; or where it stands, if it is too long for a live text."""
        if len(_substituted(formula)) >= MOST_TEXT:
            formula = f"too long to print: see Training!{self._training(line.name)}"
        code = self.sheet.style("cell", "code", "left", "indent", "typed")
        if ROW_MARK in formula:
            self.sheet.live(self.row, FORMULA, quiet(_substituted(formula)), code)
        else:
            self.sheet.put(self.row, FORMULA, formula, code)

    def _value(self, line: Line) -> str:
        text = show(line.cell, self._ref(line, self._number))
        return quiet(guarded(text, self.run.program.spec.bounded))

    @staticmethod
    def _known(name: str, table: Mapping[str, object]) -> str:
        return name if name in table else f"{name}[1]"  # a batch is derived for its first sample

    @staticmethod
    def _ref(line: Line, find: Callable[[str], str | None]) -> Callable[[Cell], str | None]:
        # The line's own name is what is being written out; whatever else has a name goes by its place.
        return lambda c: find(c.name) if c.name and (c is not line.cell or c.op == "variable") else None

    def _training(self, name: str) -> str | None:
        for table in (self.training, self.names):
            if (known := self._known(name, table)) in table:
                return table[known]
        place = self.placed.get(name)
        return f"{STEPS}!{place[0].replace('$', '')}" if place else None

    def _number(self, name: str) -> str | None:
        if name in self.placed:
            return self.placed[name][0]
        return self.panel.number.get(self._known(name, self.panel.number))

    def _text(self, name: str) -> str | None:
        if name in self.placed:
            return self.placed[name][1]
        return self.panel.text.get(self._known(name, self.panel.text))

    def _picture(self, line: Line) -> int:
        """The line typeset, and in words; returns how many pixels these take."""
        tex = f"{tex_name(line.name)} = {show(line.cell, by_tex_name, TEX)}"
        plain = f"{line.name} = {show(line.cell, by_name, TEXTBOOK)}"
        picture = typeset(tex, style.INK)
        scale = min(1.0, MATHS_PIXELS / picture.width)
        height = picture.height * scale
        told = self._words(line, "*d" in plain, picture.width * scale)
        options: dict[str, Value | io.BytesIO] = {
            "image_data": io.BytesIO(picture.png), "description": plain, "object_position": 1,
            "x_offset": 6, "y_offset": max(1, (told - height) / 2), "x_scale": scale, "y_scale": scale,
        }  # fmt: skip
        if self.sheet.insert_image(self.row - 1, MATHS, f"line-{self.row}.png", options):
            raise ValueError(f"{STEPS}: the picture of {line.name} could not be placed")
        return told

    def _words(self, line: Line, product: bool, width: float) -> int:
        """The line in words right of its picture of that width: in a column, or at the end, or nowhere.

        Returns the height of both in pixels.
        """
        words = in_words(line, self.run.program.spec.activations, product)
        if width <= WORDS_FROM:
            self.sheet.put(self.row, MATHS, words, "cell", "words")
            lines = sum(len(wrap(part, WORDS_WRAP)) for part in words.splitlines())
            return max(ROW, WORDS_LINE * lines + 8)
        fits = len(words) * LETTER < MATHS_PIXELS - width
        self.sheet.put(self.row, MATHS, words if fits else None, "cell", "subtitle", "right", "indent")
        return ROW
