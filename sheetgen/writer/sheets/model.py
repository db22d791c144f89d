"""A network on images as a page to type on: the planes of its input as cells, its outputs beside them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sheetgen.excel.a1 import qualified
from sheetgen.network.torch.graph import Array, CannotExport
from sheetgen.writer import style
from sheetgen.writer.book import Book, Formula, Link, Sheet
from sheetgen.writer.digits import scientific
from sheetgen.writer.planes.layout import Layout, Spot, input_planes
from sheetgen.writer.sheets import weights
from sheetgen.writer.sheets.common import colour, heads, limit, lock, section
from sheetgen.writer.sheets.predict import ANY_NUMBER, number_style
from sheetgen.writer.trace import LAST_COLUMN, LAST_ROW, letter, quoted

LINKS, VERDICT, FACTS, HEADER = 3, 4, 5, 6  # rows counted from 1
FIRST_ROW = HEADER + 1
NAME, VALUE, SPACE, AXIS, LEFT = range(5)  # columns; the planes stand from the last one on
ROWS_OF_A_PAGE = 70  # as many as are printed small rather than on two pages
NUMBERS_UP_TO = 16  # columns of a plane whose numbers are shown; larger ones are seen by their colour
SUBTITLE = (
    "Type your own numbers into the framed cells, or paste a block of them: every layer is recalculated. The more, the "
    "darker."
)


@dataclass(frozen=True)
class Page:
    """The content of the sheet: the layout, the names, and the names of the two other sheets."""

    layout: Layout
    sheet: str
    layers: str
    weights: str
    features: Sequence[str]  # of a vector; else empty
    outputs: Sequence[str]
    classifier: bool

    @property
    def last_row(self) -> int:
        """Of the outputs, counted from 1."""
        return FIRST_ROW + len(self.outputs) - 1

    def cell(self, output: int) -> str:
        """The address of an output."""
        return f"{letter(VALUE)}{FIRST_ROW + output}"


def fits(page: Page) -> None:
    """Raises CannotExport if the input or the outputs are larger than a sheet."""
    channels, height, width = input_planes(page.layout.graph)
    rows, columns = max(page.last_row, FIRST_ROW + channels * (height + 1)), LEFT + width
    if rows > LAST_ROW or columns > LAST_COLUMN:
        raise CannotExport(
            f"the sheet {page.sheet} would need {rows:,} rows and {columns:,} columns, and Excel has {LAST_ROW:,} and "
            f"{LAST_COLUMN:,}: use a smaller input"
        )


def spot(sheet: str) -> Spot:
    """Where the input stands."""
    return Spot(sheet, FIRST_ROW - 1, LEFT)


def write(book: Book, page: Page, heading: str) -> None:
    """Write the sheet; only its yellow cells can be typed over."""
    sheet = book.sheet(page.sheet, heading, SUBTITLE)
    sheet.set_column_pixels(NAME, VALUE, 124)
    sheet.set_column_pixels(SPACE, SPACE, 26)
    sheet.set_column_pixels(AXIS, AXIS, 110 if page.features else 26)
    _facts(sheet, page)
    _outputs(sheet, page)
    channels, height, width = input_planes(page.layout.graph)
    for channel in range(channels):
        _plane(sheet, page, channel)
    sheet.freeze_panes(HEADER, SPACE)
    lock(sheet, format_rows=True)
    last = max(page.last_row, FIRST_ROW + channels * (height + 1))
    sheet.print_area(0, 0, last - 1, max(LEFT + width, LEFT + 10))
    sheet.fit_to_pages(1, 1 if last <= ROWS_OF_A_PAGE else 0)
    sheet.ignore_errors({"number_stored_as_text": f"{letter(NAME)}{FIRST_ROW}:{letter(NAME)}{page.last_row}"})


def _facts(sheet: Sheet, page: Page) -> None:
    sheet.link(LINKS, NAME, Link.to(page.layers, "the layers", "Every activation as a formula"))
    sheet.link(LINKS, VALUE, Link.to(page.weights, "the weights", "Every number that was learned"))
    total = f"{quoted(page.weights)}!{weights.total_cell()}"
    sheet.put(FACTS, NAME, "parameters", "muted")
    sheet.live(FACTS, VALUE, total, "whole", "muted", "right")
    if page.classifier:
        names, values = (f"${letter(c)}${FIRST_ROW}:${letter(c)}${page.last_row}" for c in (NAME, VALUE))
        sheet.set_row_pixels(VERDICT - 1, 34)
        sheet.put(VERDICT, NAME, "prediction", "bold")
        sheet.live(VERDICT, VALUE, f"INDEX({names},MATCH(MAX({values}),{values},0),1)", "big")


def _outputs(sheet: Sheet, page: Page) -> None:
    values: Array = page.layout.graph.result[0].ravel()
    cells = page.layout.places.cells(page.layout.graph.outputs)
    heads(sheet, HEADER, NAME, ("output", "probability" if page.classifier else "value"), "lr")
    form = sheet.style("cell", "share" if page.classifier else number_style(values))
    for k, (name, at) in enumerate(zip(page.outputs, cells, strict=True)):
        sheet.put(FIRST_ROW + k, NAME, name, "cell", "typed")
        sheet.put(FIRST_ROW + k, VALUE, Formula(qualified(*at), float(values[k])), form)
    column = f"${letter(VALUE)}${FIRST_ROW}:${letter(VALUE)}${page.last_row}"
    first, last = FIRST_ROW - 1, page.last_row - 1
    scientific(sheet, (first, VALUE, last, VALUE), "number", look="beyond, short")
    if page.layout.graph.outputs.ndim == 1 and len(values) > 1:
        colour(sheet, (first, NAME, last, NAME), f"${letter(VALUE)}{FIRST_ROW}=MAX({column})", "pass")
    ends = {"min_type": "num", "min_value": 0, "max_type": "num", "max_value": 1} if page.classifier else {}
    colours = {"bar_color": style.SERIES[4], "bar_negative_color": style.HEAT, "bar_axis_color": style.MUTED}
    bar = {"type": "data_bar", "bar_solid": True, "data_bar_2010": True, **colours, **ends}
    sheet.conditional_format(first, VALUE, last, VALUE, bar)


def _plane(sheet: Sheet, page: Page, channel: int) -> None:
    channels, height, width = input_planes(page.layout.graph)
    top = FIRST_ROW + channel * (height + 1)  # counted from 1
    numbers = width <= NUMBERS_UP_TO
    sheet.set_column_pixels(LEFT, LEFT + width - 1, 84 if width == 1 else 40 if numbers else 20)
    title = "input" if channels == 1 else f"input, channel {channel}"
    section(sheet, top - 1, title, AXIS, LEFT + max(width, 6) - 1)
    values = page.layout.graph.example[0].reshape(channels, height, width)[channel]
    form = sheet.style("input", "activation", "general") if numbers else sheet.style("input", "activation", "pixel")
    if width == 1:
        form = sheet.style("input", "general")
    for y in range(height):
        name, look = (page.features[y], ("cell", "typed")) if page.features else (y, ("axis",))
        sheet.put(top + y, AXIS, name, *look)
        for x in range(width):
            sheet.put(top + y, LEFT + x, float(values[y, x]), form)
    area = (top - 1, LEFT, top + height - 2, LEFT + width - 1)
    if width > 1:
        sheet.conditional_format(*area, _shades(page.layout.graph.example, style.HEAT if numbers else style.INK))
    limit(sheet, area, ANY_NUMBER)


def _shades(example: Array, most_colour: str) -> dict[str, object]:
    """From yellow to another colour; a picture's ends are 0 and 1, or 0 and 255."""
    scale: dict[str, object] = {"type": "2_color_scale", "min_color": style.INPUT_FILL, "max_color": most_colour}
    least, most = float(example.min()), float(example.max())
    if least < 0 or most > 255:
        return scale
    return {**scale, "min_type": "num", "min_value": 0, "max_type": "num", "max_value": 1 if most <= 1 else 255}
