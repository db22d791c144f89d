"""The workbook part: its sheets, names, shared strings and calculation chain."""

import re
from collections import Counter
from collections.abc import Iterator
from typing import NamedTuple

from sheetgen.excel.a1 import range_of
from sheetgen.excel.package import local
from sheetgen.excel.read import MAX_CELLS, unescape, whole
from sheetgen.judge.lint.package import Element, Findings, Package, relation_id
from sheetgen.judge.lint.scope import Scope
from sheetgen.judge.lint.styles import Styles
from sheetgen.judge.lint.tables import Table, read_table

LONGEST_NAME, LONGEST_SHEET_NAME, LONGEST_STRING = 255, 31, 32_767
_NAME = re.compile(r"(?:[^\W\d]|\\)[\w.?\\]*")
_R1C1_NAME = re.compile(r"[Rr]\d*(?:[Cc]\d*)?|[Cc]\d*")
_FORBIDDEN = re.compile(r"[\[\]:*?/\\]")


def name_fault(name: str) -> str:
    """Why Excel would refuse the text as a defined name or a table name; '' if it would not."""
    if len(name) > LONGEST_NAME:
        return f"has {len(name)} characters: shorten it to 255"
    if not _NAME.fullmatch(name):
        return "holds a character that names may not have: use letters, digits, _ and ., and begin with a letter"
    if range_of(name):
        return "is the address of a cell: put an _ before its digits"
    if _R1C1_NAME.fullmatch(name) or name.upper() in ("TRUE", "FALSE"):
        return "means something else in a formula (R1C1 or a truth value): choose another"
    return ""


def characters(text: str) -> int:
    """The length as Excel counts it, in UTF-16 units."""
    return len(text) if text.isascii() else len(text.encode("utf-16-le", "surrogatepass")) // 2


def length_fault(text: str) -> str:
    """Why Excel would cut the text of a cell; '' if it would not."""
    if len(text) <= LONGEST_STRING // 2 or characters(text) <= LONGEST_STRING:
        return ""
    return f"The text has {characters(text)} characters, and Excel stops at 32,767: shorten it."


def text_of(item: Element) -> str:
    """The text of a shared or inline string, without its phonetic guide."""
    texts = (t for t in item.iter("{*}t") if local(t.getparent().tag) != "rPh")
    return "".join(unescape(t.text or "") for t in texts)


class Sheet(NamedTuple):
    """One tab: `kind` is worksheet, chartsheet or another; `number` its sheetId; `part` '' if it is missing."""

    name: str
    number: str
    visible: bool
    kind: str
    part: str


class Book:
    """What the sheets of a workbook share."""

    def __init__(self, package: Package, part: str, report: Findings) -> None:
        self.package, self.part, self.report = package, part, report
        self.sheets: list[Sheet] = []
        self.active = ""  # the name of the tab that opens
        self.strings: list[str] = []
        self.string_uses = self.cells = 0
        self.string_count: int | None = None
        self.formula_cells: dict[str, set[str]] = {}  # by sheetId, where there is a calcChain to compare with
        self.tables: dict[str, list[Table]] = {}
        root = package.tree(part)
        if root is None:
            self.scope, self.styles = Scope(()), Styles(package, part, report)
            return
        package.check_ids(part, root)
        self.sheets = list(self._read_sheets(root))
        self.scope = Scope(sheet.name for sheet in self.sheets)
        self.styles = Styles(package, part, report)
        self._check_sheets()
        self.active = self.sheets[0].name if self.sheets else ""
        self._check_views(root)
        self._read_tables()
        self._check_names(list(root.iterfind("{*}definedNames/{*}definedName")))
        self._read_strings()

    def _read_sheets(self, root: Element) -> Iterator[Sheet]:
        relations = {relation.id: relation for relation in self.package.relations(self.part)}
        for item in root.iterfind("{*}sheets/{*}sheet"):
            relation = relations.get(relation_id(item))
            part = relation.target if relation and relation.target in self.package.parts else ""
            visible = item.get("state", "visible") == "visible"
            yield Sheet(item.get("name", ""), item.get("sheetId", ""), visible, relation.kind if relation else "", part)

    def _check_sheets(self) -> None:
        names = Counter(sheet.name.casefold() for sheet in self.sheets)
        for sheet in self.sheets:
            name = sheet.name
            if not 1 <= characters(name) <= LONGEST_SHEET_NAME:
                message = f"The name has {len(name)} characters: take 1 to 31."
                self.report.add("sheet-name", name or self.part, "", message)
            if _FORBIDDEN.search(name) or name[:1] == "'" or name[-1:] == "'" or name.casefold() == "history":
                message = "The name is History, holds one of []:*?/\\ or begins or ends with ': choose another."
                self.report.add("sheet-name", name or self.part, "", message)
            if names[name.casefold()] > 1:
                self.report.add("sheet-name", name, "", "Two sheets have the name, as Excel ignores case: rename one.")

    def _check_views(self, root: Element) -> None:
        """The tab that opens, dates, and links to other workbooks."""
        if not any(sheet.visible for sheet in self.sheets):
            self.report.add("active-tab", self.part, "", "No sheet is visible: show one.")
        for view in root.iterfind("{*}bookViews/{*}workbookView"):
            active = whole(view.get("activeTab"))
            if not 0 <= active < len(self.sheets):
                message = f"Tab {active} opens and there are {len(self.sheets)}: activate one that exists."
                self.report.add("active-tab", self.part, "", message)
                continue
            self.active = self.sheets[active].name
            if not self.sheets[active].visible:
                self.report.add("active-tab", self.active, "", "The tab that opens is hidden: show it.")
        for properties in root.iterfind("{*}workbookPr"):
            if properties.get("date1904", "0") in ("1", "true"):
                self.report.add("date-system", self.part, "", "Dates count from 1904: leave date1904 out.")
        for _ in root.iterfind("{*}externalReferences/{*}externalReference"):
            message = "The workbook is linked to another one: break the link."
            self.report.add("external-link", self.part, "", message)

    def _read_tables(self) -> None:
        seen: set[str] = set()
        for sheet in self.sheets:
            parts = self.package.related(sheet.part, "table") if sheet.part else []
            tables = [read_table(self.package, part) for part in parts]
            self.tables[sheet.name] = [table for table in tables if table]
            for table in self.tables[sheet.name]:
                fault = name_fault(table.name)
                if fault:
                    self.report.add("table-name", sheet.name, table.reference, f"The table name {table.name} {fault}.")
                if table.name.casefold() in seen:
                    message = f"There is another table {table.name}: rename one."
                    self.report.add("name-duplicate", sheet.name, table.reference, message)
                seen.add(table.name.casefold())
                self.scope.define_table(table.name, table.columns)

    def _check_names(self, items: list[Element]) -> None:
        seen = {("", name) for name in self.scope.tables}
        scoped = []
        for item in items:
            name, index = item.get("name", ""), item.get("localSheetId")
            position = whole(index, -1)
            sheet = self.sheets[position].name if 0 <= position < len(self.sheets) else ""
            if position >= len(self.sheets):
                message = f"The name {name} belongs to sheet number {index}, which is not there: correct localSheetId."
                self.report.add("name-target", self.part, name, message)
            if (sheet.casefold(), name.casefold()) in seen:
                message = f"The name {name} is defined twice, as Excel ignores case: rename one."
                self.report.add("name-duplicate", sheet or self.part, name, message)
            seen.add((sheet.casefold(), name.casefold()))
            self.scope.define(name, sheet)
            scoped.append((name, sheet, item))
        for name, sheet, item in scoped:  # now that every name is known
            if not name.startswith(("_xlnm.", "_xlfn.", "_xlpm.", "_xlws.")):
                fault = name_fault(name)
                if fault:
                    self.report.add("name-syntax", sheet or self.part, name, f"The name {name} {fault}.")
            if not name.startswith("_xlfn.") and item.get("function") != "1":
                self._check_target(name, sheet, item.text or "")

    def _check_target(self, name: str, sheet: str, text: str) -> None:
        """Where a name leads; built-in ones (print areas, filters) must lead to their own sheet."""
        where = sheet or self.part
        if name.startswith("_xlnm."):
            faults = list(self.scope.target_faults(text, sheet, "print-target", need_sheet=True))
            if not faults and sheet and self.scope.sheets_in(text) != {sheet.casefold()}:
                faults = [("print-target", f"{text} is not on the sheet {sheet}: correct it.")]
        else:
            faults = list(self.scope.name_faults(text, sheet))
        for rule, message in faults:
            self.report.add(rule, where, name, f"The name {name} leads nowhere. {message}")

    def _read_strings(self) -> None:
        for part in self.package.related(self.part, "sharedStrings"):
            root = self.package.stream(part, "si", self._read_string)
            for index, text in enumerate(self.strings):
                if fault := length_fault(text):
                    self.report.add("string-length", part, str(index), fault)
            unique = None if root is None else root.get("uniqueCount")
            if unique is not None and whole(unique) != len(self.strings):
                message = f"uniqueCount says {unique} and there are {len(self.strings)}: write the true number."
                self.report.add("shared-strings", part, "", message)
            count = None if root is None else root.get("count")
            self.string_count = None if count is None else whole(count)

    def _read_string(self, item: Element) -> None:
        self.strings.append(text_of(item))
        if len(self.strings) > MAX_CELLS:
            self.package.refuse(f"has more than {MAX_CELLS:,} shared strings")

    def count_cells(self, more: int) -> None:
        """Refuse a workbook of more cells than anybody reads."""
        self.cells += more
        if self.cells > MAX_CELLS:
            self.package.refuse(f"has more than {MAX_CELLS:,} cells")

    def check_after_sheets(self) -> None:
        """What needs every sheet read: the number of shared strings, the calculation chain."""
        if self.string_count not in (None, self.string_uses):
            message = f"count says {self.string_count} and cells use {self.string_uses}: write the true number."
            self.report.add("shared-strings", "xl/sharedStrings.xml", "", message)
        for part in self.package.related(self.part, "calcChain"):
            self._check_chain(part)

    def _check_chain(self, part: str) -> None:
        names = {sheet.number: sheet.name for sheet in self.sheets}
        number = ""

        def visit(item: Element) -> None:
            nonlocal number
            number = item.get("i", number)  # without one it is on the sheet of the item before
            if item.get("r") not in self.formula_cells.get(number, ()):
                message = "calcChain lists the cell, which has no formula: remove it or the whole part."
                self.report.add("calc-chain", names.get(number, part), item.get("r", ""), message)

        self.package.stream(part, "c", visit)
