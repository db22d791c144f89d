"""What a comment needs to know of its sheet: where the drawing of comments is named, and how large the cells are."""

from __future__ import annotations

from collections.abc import Iterable

from sheetgen.excel.a1 import MAX_COLUMN, place
from sheetgen.excel.insert import Element, Source, reading, split
from sheetgen.excel.notes import Grid
from sheetgen.excel.package import Attributes
from sheetgen.excel.read import number, whole

# What stands behind <legacyDrawing> in a sheet, as the schema has it.
AFTER = frozenset(
    ("legacyDrawingHF", "drawingHF", "picture", "oleObjects", "controls", "webPublishItems", "tableParts", "extLst")
)
BELOW = 50  # rows whose heights count for the box of a comment
DOT, CHARACTER = 4 / 3, 7  # pixels of a point; of the unit in which a column's width is told
LARGEST = 2_000  # pixels of a row or a column
MAX_WIDTHS = 1 << 20  # columns that <col>s may name, all together


class Layout:
    """One pass over a sheet's part, of any size, with comments for some cells.

    `drawing`: the id of its drawing of comments, None without one; `at`: the offset before which that would stand,
    None if that is the end of `root`. Raises UnreadableWorkbook.
    """

    def __init__(self, book: Source, part: str, cells: Iterable[str]) -> None:
        self.root = Element("", "", "", {}, 0)
        self.drawing: str | None = None
        self.at: int | None = None
        self.grid = Grid()
        self._rows = {row for cell in cells for row in range(place(cell)[0] - 2, place(cell)[0] + BELOW)}
        self._depth, self._row, self._widths = 0, 0, 0
        self._child = Element("", "", "", {}, 0)
        self._parser = reading(book)
        self._parser.StartElementHandler, self._parser.EndElementHandler = self._start, self._end
        for _ in book.parse(part, self._parser):
            pass

    def _start(self, name: str, attributes: Attributes) -> None:
        self._depth += 1
        if self._depth > 4 or (self._depth == 4 and self._child.tag != "AlternateContent"):
            return
        if self._depth == 3:
            self._size(split(name)[1], attributes)
            return
        element = Element.of(name, attributes, self._parser.CurrentByteIndex)
        if self._depth == 1:
            self.root = element
        elif self._depth == 2:
            self._child = element
            self._place(element)
            if element.tag == "sheetFormatPr":
                self._usual(attributes)
        else:  # what is for some versions only: <AlternateContent><Choice>
            self._place(element)

    def _end(self, _: str) -> None:
        self._depth -= 1
        if not self._depth:
            self.root.end = self._parser.CurrentByteIndex
            rest = self._parser.GetInputContext()
            self.root.closed = rest is not None and not rest.startswith(b"</")  # after <worksheet/> nothing is closed

    def _place(self, element: Element) -> None:
        if element.tag == "legacyDrawing" and self.drawing is None:
            self.drawing = element.attributes.get("id", "")
        elif element.tag in AFTER and self.at is None:
            self.at = self._child.start

    def _size(self, tag: str, attributes: Attributes) -> None:
        if tag == "row":
            self._height(attributes)
        elif tag == "col":
            self._width(attributes)

    def _usual(self, attributes: Attributes) -> None:
        self.grid.column = _pixels(attributes.get("defaultColWidth"), CHARACTER, self.grid.column)
        self.grid.row = _pixels(attributes.get("defaultRowHeight"), DOT, self.grid.row)

    def _height(self, attributes: Attributes) -> None:
        self._row = whole(attributes.get("r"), self._row + 1)
        if self._row - 1 in self._rows and ("ht" in attributes or "hidden" in attributes):
            self.grid.rows[self._row - 1] = _sized(attributes, "ht", DOT, self.grid.row)

    def _width(self, attributes: Attributes) -> None:
        first, last = whole(attributes.get("min"), 1), min(whole(attributes.get("max"), 1), MAX_COLUMN)
        columns = range(max(first, 1) - 1, last)
        self._widths += len(columns)
        if self._widths <= MAX_WIDTHS:
            self.grid.columns |= dict.fromkeys(columns, _sized(attributes, "width", CHARACTER, self.grid.column))


def _sized(attributes: Attributes, name: str, unit: float, usual: int) -> int:
    """The pixels of a row or a column; one that is hidden has none."""
    hidden = attributes.get("hidden") in ("1", "true")
    return 0 if hidden else _pixels(attributes.get(name), unit, usual)


def _pixels(text: str | None, unit: float, usual: int) -> int:
    try:
        return usual if text is None else round(max(0.0, min(number(text) * unit, LARGEST)))
    except ValueError:
        return usual
