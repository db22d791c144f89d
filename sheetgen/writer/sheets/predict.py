"""A network on vectors as a table to type into: a row for each sample, inputs and predictions side by side."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sheetgen.cells.text import MAX_FORMULA
from sheetgen.network.torch.graph import Array, CannotExport
from sheetgen.writer.book import Book, Formula, Link, Sheet
from sheetgen.writer.digits import scientific
from sheetgen.writer.planes.layout import Layout, Written
from sheetgen.writer.sheets import weights
from sheetgen.writer.sheets.common import InputRule, colour, first_of, limit, line, section
from sheetgen.writer.trace import LAST_ROW, THIS, at_row, letter, quoted

FACTS, GROUPS, HEADER = 4, 6, 7  # rows counted from 1
FIRST_ROW = HEADER + 1
LEFT = 1  # the column of the first input
MAX_CELLS = 1_000_000  # of the table; a workbook of more opens slowly or not at all
SHOWN_HIDDEN = 60  # columns of hidden units that stand open; more are folded away
SUBTITLE = (
    "Type your own numbers into the yellow cells: the predictions follow. For more rows, select the last row of the "
    "table and fill it down."
)
ANY_NUMBER = InputRule("decimal", (-1e300, 1e300), complaint=("Not a number", "This cell takes a number."))


@dataclass(frozen=True)
class PredictTable:
    """The content of the sheet: the layout, the names, and how many rows there are."""

    layout: Layout
    sheet: str
    weights: str
    features: Sequence[str]
    outputs: Sequence[str]
    classifier: bool
    rows: int

    @property
    def last_row(self) -> int:
        """Counted from 1."""
        return FIRST_ROW + self.rows - 1

    @property
    def output_columns(self) -> tuple[int, int]:
        """First and last."""
        first = LEFT + len(self.features)
        return first, first + len(self.outputs) - 1

    def guarded(self, formula: str) -> str:
        """Nothing, as long as not all inputs of the row are numbers."""
        count = len(self.features)
        inputs = _across(LEFT, LEFT + count - 1)
        return f'IF(COUNT({inputs})<{count},"",{formula})'

    def prediction(self) -> str:
        """The name above the largest output of the row."""
        first, last = self.output_columns
        values, names = _across(first, last), f"${letter(first)}${HEADER}:${letter(last)}${HEADER}"
        return self.guarded(f"INDEX({names},1,MATCH(MAX({values}),{values},0))")


def _across(first: int, last: int) -> str:
    start = f"${letter(first)}{THIS}"
    return start if first == last else f"{start}:${letter(last)}{THIS}"


def gap(classifier: bool) -> int:
    """Columns between outputs and hidden units: the prediction, and a narrow one."""
    return 1 + classifier


def fits(table: PredictTable) -> None:
    """Raises CannotExport for more rows or longer formulas than there can be."""
    columns = sum(w.block.out.size for w in table.layout.written) + 1
    if table.last_row > LAST_ROW or columns * table.rows > MAX_CELLS:
        raise CannotExport(
            f"{table.rows:,} rows of {columns:,} formulas are too many for one sheet: use at most "
            f"{max(1, min(MAX_CELLS // columns, LAST_ROW - HEADER)):,} rows"
        )
    for written in table.layout.written:
        longest = max(len(at_row(table.guarded(f), table.last_row)) for f in written.formulas)
        if longest >= MAX_FORMULA:
            raise CannotExport(
                f"{written.block.layer} ({written.block.text}): a formula would have {longest:,} characters, and Excel "
                f"takes {MAX_FORMULA:,}: use fewer units"
            )


def write(book: Book, table: PredictTable, heading: str) -> None:
    """Write the sheet; it is not protected, so that rows can be filled down."""
    sheet = book.sheet(table.sheet, heading, SUBTITLE)
    sheet.set_column_pixels(0, 0, 18)
    _facts(sheet, table)
    _inputs(sheet, table)
    output, *hidden = table.layout.written
    _outputs(sheet, table, output)
    last = table.output_columns[1]
    if table.classifier:
        last += 1
        _prediction(sheet, table, last)
    _hidden(sheet, table, hidden)
    longest = max(*map(len, table.features), *(len(name) + 3 * table.classifier for name in table.outputs))
    sheet.set_row_pixels(HEADER - 1, 6 + 15 * min(8, -(-longest // 14)))  # a line holds 14 characters or so
    sheet.ignore_errors({"number_stored_as_text": f"{letter(LEFT)}{HEADER}:{letter(last)}{HEADER}"})
    sheet.freeze_panes(HEADER, LEFT)
    sheet.repeat_rows(GROUPS - 1, HEADER - 1)
    sheet.print_area(0, 0, table.last_row - 1, max(last, LEFT + 6))
    sheet.set_selection(FIRST_ROW - 1, LEFT, FIRST_ROW - 1, LEFT)


def _facts(sheet: Sheet, table: PredictTable) -> None:
    sheet.put(FACTS, LEFT, "parameters", "muted")
    total = f"{quoted(table.weights)}!{weights.total_cell()}"
    sheet.live(FACTS, LEFT + 1, total, "whole", "left", "bold")
    sheet.link(FACTS, LEFT + 2, Link.to(table.weights, "the weights", "Every number that was learned"))


def _inputs(sheet: Sheet, table: PredictTable) -> None:
    count = len(table.features)
    sheet.set_column_pixels(LEFT, LEFT + count - 1, 104)
    section(sheet, GROUPS, "inputs", LEFT, LEFT + count - 1)
    form = sheet.style("input", "general")
    example = table.layout.graph.example
    for k, name in enumerate(table.features):
        sheet.put(HEADER, LEFT + k, name, "head", "right", "broken", "typed")
        for r in range(table.rows):
            sheet.put(FIRST_ROW + r, LEFT + k, float(example[r, k]) if r < len(example) else None, form)
        hint = name[:32], "Type a number; the predictions of this row follow."
        limit(sheet, (FIRST_ROW - 1, LEFT + k, table.last_row - 1, LEFT + k), ANY_NUMBER._replace(hint=hint))


def _outputs(sheet: Sheet, table: PredictTable, output: Written) -> None:
    first, last = table.output_columns
    sheet.set_column_pixels(first, last, 104)
    section(sheet, GROUPS, "probabilities" if table.classifier else "outputs", first, last)
    head = ("head", "right", "broken", "typed", *(["probability"] if table.classifier else []))
    values = _per_row(table, output)
    form = sheet.style("cell", "share" if table.classifier else number_style(values))
    for k, (name, formula) in enumerate(zip(table.outputs, output.formulas, strict=True)):
        sheet.put(HEADER, first + k, name, *head)
        _column(sheet, table, first + k, formula, values[:, k], form)
    area = FIRST_ROW - 1, first, table.last_row - 1, last
    scientific(sheet, area, "number", look="beyond, short")
    if table.classifier:
        cells = f"${letter(first)}{FIRST_ROW}:${letter(last)}{FIRST_ROW}"
        first_cell = first_of(area)
        colour(sheet, area, f"AND(ISNUMBER({first_cell}),{first_cell}=MAX({cells}))", "pass")


def _per_row(table: PredictTable, written: Written) -> Array:
    """(N, columns) numbers."""
    return table.layout.values(written.block.out.ravel())


def number_style(values: Array) -> str:
    """Four decimals, unless the numbers are large or small."""
    largest = float(abs(values).max())
    return "ten thousandth" if 1e-2 <= largest < 1e6 else "general"


def _column(sheet: Sheet, table: PredictTable, column: int, formula: str, values: Array, form: Any) -> None:
    """One formula in every row; the rows without inputs show nothing."""
    guarded = table.guarded(formula)
    for r in range(table.rows):
        row = FIRST_ROW + r
        value = float(values[r]) if r < len(values) else ""
        sheet.put(row, column, Formula(at_row(guarded, row), value), form)


def _prediction(sheet: Sheet, table: PredictTable, column: int) -> None:
    sheet.set_column_pixels(column, column, 124)
    section(sheet, GROUPS, "", column, column)
    sheet.put(HEADER, column, "prediction", "head", "center")
    for row in range(FIRST_ROW, FIRST_ROW + table.rows):
        sheet.live(row, column, at_row(table.prediction(), row), "cell", "bold", "center")


def _hidden(sheet: Sheet, table: PredictTable, hidden: Sequence[Written]) -> None:
    if not hidden:
        return
    first = min(int(w.columns.min()) for w in hidden)
    last = max(int(w.columns.max()) for w in hidden)
    sheet.set_column_pixels(first - 1, first - 1, 26)
    folded = last - first >= SHOWN_HIDDEN
    sheet.set_column_pixels(first, last, 58, None, {"level": 1, "hidden": folded})
    sheet.outline_settings(True, True, False, False)  # the button stands left of the group
    form, head = sheet.style("cell", "muted", "thousandth"), sheet.style("head", "muted", "right")
    for written in hidden:
        values = _per_row(table, written)
        start, count = int(written.columns.min()), len(written.formulas)
        label = f"{written.block.layer.partition(',')[0]}: {written.block.text}"
        if len(label) > 9 * count:
            label = written.block.text.rpartition(", then ")[2]
        line(sheet, GROUPS, label, start, start + count - 1, "muted", "bold")
        for k, formula in enumerate(written.formulas):
            sheet.put(HEADER, start + k, k, head)
            _column(sheet, table, start + k, formula, values[:, k], form)
    scientific(sheet, (FIRST_ROW - 1, first, table.last_row - 1, last), "hidden", look="beyond, narrow")
