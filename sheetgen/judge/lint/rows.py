"""The cells of one sheet, checked as they stream by: 300,000 formulas take seconds."""

from sheetgen.excel.a1 import MAX_COLUMN, MAX_ROW, column_letters, column_number
from sheetgen.excel.package import local
from sheetgen.excel.read import number, unescape, whole
from sheetgen.judge.lint.book import LintWorkbook, Tab, length_fault, text_of
from sheetgen.judge.lint.package import Element

HIGHEST = 409.5
_DIGITS = "0123456789"
ERRORS = {"#NULL!", "#DIV/0!", "#VALUE!", "#REF!", "#NAME?", "#NUM!", "#N/A", "#GETTING_DATA"}
KINDS = {"n", "s", "str", "b", "e", "inlineStr", "d"}


class Rows:
    """Reads the rows of one sheet; `texts` are those at the `wanted` addresses, `root` is what else there is."""

    def __init__(self, book: LintWorkbook, tab: Tab, wanted: set[str]) -> None:
        self.book, self.tab, self.wanted = book, tab, wanted
        self._add = book.report.on(tab.name)
        self.texts: dict[str, str] = {}
        self.formula_cells = book.formula_cells.setdefault(tab.number, set())
        self.shared: set[str] = set()
        self.row = 0
        self.root: Element | None = book.package.stream(tab.part, "row", self._row)

    def _row(self, element: Element) -> None:
        if element.getparent() is None or not element.getparent().tag.endswith("}sheetData"):
            return  # drawings have rows too
        row = whole(element.get("r"), self.row + 1)
        digits = str(row)
        if not 1 <= row <= MAX_ROW:
            self._add("cell-address", digits, "The row is not on the sheet: there are 1,048,576.")
        elif row == self.row:
            self._add("cell-duplicate", digits, "The row is there twice: merge the two.")
        elif row < self.row:
            self._add("cell-order", digits, f"The row comes after row {self.row}: sort the rows.")
        self.row = row
        height = element.get("ht")
        if height is not None and not 0 <= decimal(height) <= HIGHEST:
            self._add("row-height", digits, f"The row is {height} points high and Excel stops at 409.5: lower it.")
        if element.get("s") not in self.book.styles.allowed:
            self._add("style-index", digits, f"Row format {element.get('s')} does not exist: add it to cellXfs.")
        self.book.count_cells(len(element))
        column = 0
        for cell in element:
            column = self._cell(cell, digits, column)

    def _cell(self, cell: Element, digits: str, before: int) -> int:
        """Check one cell; its column."""
        address = cell.get("r") or f"{column_letters(before + 1)}{digits}"
        letters = address.rstrip(_DIGITS)
        column = column_number(letters)
        if address[len(letters) :] != digits or not 1 <= column <= MAX_COLUMN:
            message = f"The address does not belong to row {digits} of a sheet: correct it."
            self._add("cell-address", address, message)
        elif column <= before:
            self._misplaced(address, column == before)
        if cell.get("s") not in self.book.styles.allowed:
            self._add("style-index", address, f"Cell format {cell.get('s')} does not exist: add it to cellXfs.")
        parts = {local(child.tag): child for child in cell}
        formula = parts.get("f")
        if formula is not None:
            self._formula(formula, address, cell)
        if "v" in parts or "is" in parts:
            self._value(cell.get("t", "n"), parts, address)
        return column

    def _misplaced(self, address: str, again: bool) -> None:
        if again:
            self._add("cell-duplicate", address, "The cell is there twice: write it once.")
        else:
            self._add("cell-order", address, "The cell comes after one to its right: sort the cells of the row.")

    def _formula(self, element: Element, address: str, cell: Element) -> None:
        if self.book.chains:
            self.formula_cells.add(address)
        text, kind = element.text, element.get("t")
        if cell.get("cm") is not None:
            message = "The formula is a dynamic array, which Excel 2010 does not have: write an array formula."
            self._add("newer-than-2010", address, message)
        if kind == "shared":
            if text:
                self.shared.add(element.get("si", ""))
            elif element.get("si", "") not in self.shared:
                message = "The formula is shared with a cell that is not there: write it out."
                self._add("shared-formula", address, message)
        if text or kind not in ("shared", "dataTable"):
            for rule, message in self.book.scope.judge(text or "", self.tab.name).faults:
                self._add(rule, address, message)

    def _value(self, kind: str, parts: dict[str, Element], address: str) -> None:
        text = parts["v"].text or "" if "v" in parts else ""
        if kind == "n":
            if text or "f" not in parts:
                self._number(text, address)
            return
        if kind == "s":
            text = self._shared_text(text, address)
        elif kind == "str":
            text = unescape(text)
        elif kind == "inlineStr":
            text = text_of(parts["is"]) if "is" in parts else ""
        elif kind == "b" and text not in ("0", "1"):
            self._add("number-value", address, f"{text!r} is no truth value: write 0 or 1.")
        elif kind == "e" and text not in ERRORS:
            self._add("error-value", address, f"{text!r} is no error of Excel: write one such as #N/A.")
        elif kind not in KINDS:
            self._add("number-value", address, f"{kind!r} is no type of a cell: write n, s, str, b or e.")
        if kind in ("str", "inlineStr") and (fault := length_fault(text)):
            self._add("string-length", address, fault)
        if address in self.wanted and kind in ("s", "inlineStr"):
            self.texts[address] = text

    def _number(self, text: str, address: str) -> None:
        try:
            number(text)
        except ValueError:
            self._add("number-value", address, f"{text or 'Nothing'!r} is no number: write a finite one, or text.")

    def _shared_text(self, text: str, address: str) -> str:
        self.book.string_uses += 1
        index = whole(text)
        if text and 0 <= index < len(self.book.strings):
            return self.book.strings[index]
        message = f"Shared string {text or 'without a number'} does not exist: add it to sharedStrings."
        self._add("shared-strings", address, message)
        return ""


def decimal(text: str) -> float:
    """The number in an attribute; text that is none counts as beyond every limit."""
    try:
        return number(text)
    except ValueError:
        return float("inf")
