"""The workbook part: its sheets, names, shared strings and calculation chain."""

import re
from collections import Counter
from collections.abc import Iterator
from typing import NamedTuple

from sheetgen.excel.a1 import range_of
from sheetgen.excel.names import Resolver
from sheetgen.excel.package import local
from sheetgen.excel.read import MAX_CELLS, defined_names, unescape, whole
from sheetgen.judge.lint.package import Element, Findings, LintPackage, relation_id
from sheetgen.judge.lint.scope import Scope
from sheetgen.judge.lint.styles import Styles
from sheetgen.judge.lint.tables import read_tables

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


class Tab(NamedTuple):
    """A sheet: `kind` is worksheet, chartsheet or another; `number` its sheetId; `part` '' if it is missing."""

    name: str
    number: str
    visible: bool
    kind: str
    part: str


class LintWorkbook:
    """The part of the workbook, and what its sheets share."""

    def __init__(self, package: LintPackage, part: str, root: Element, report: Findings) -> None:
        self.package, self.part, self.root, self.report = package, part, root, report
        self.strings: list[str] = []
        self.string_uses = self.cells = 0
        self.string_count: int | None = None
        self.chains = package.related(part, "calcChain")
        self.formula_cells: dict[str, set[str]] = {}  # by sheetId, where there is a chain to compare with
        self.tabs = list(self._read_tabs())
        self.active = self.tabs[0].name if self.tabs else ""  # the name of the tab that opens
        self.styles = Styles(package, part, report)
        self.tables = {tab.name: list(read_tables(package, tab.name, tab.part, report)) for tab in self.tabs}
        self.names = root.findall("{*}definedNames/{*}definedName")
        tabs = [tab.name for tab in self.tabs]
        names = defined_names(((item.attrib, item.text or "") for item in self.names), tabs)
        printed = {name.replace("_xlnm.", ""): text for name, text in names.items()}  # known as Print_Area, too
        tables = [part.table for parts in self.tables.values() for part in parts]
        self.scope = Scope(Resolver(tabs, printed | names, tables))

    def check(self) -> None:
        """Report what is wrong with the workbook's own part, with names and shared strings."""
        self.package.check_ids(self.part, self.root)
        self._check_tabs()
        self._check_views()
        self._check_table_names()
        self._check_names()
        self._read_strings()

    def _read_tabs(self) -> Iterator[Tab]:
        relations = {relation.id: relation for relation in self.package.relations(self.part)}
        for item in self.root.iterfind("{*}sheets/{*}sheet"):
            relation = relations.get(relation_id(item))
            part = relation.target if relation and relation.target in self.package.parts else ""
            visible = item.get("state", "visible") == "visible"
            yield Tab(item.get("name", ""), item.get("sheetId", ""), visible, relation.kind if relation else "", part)

    def _check_tabs(self) -> None:
        names = [tab.name for tab in self.tabs]
        times = Counter(name.casefold() for name in names)
        for name in names:
            if not 1 <= characters(name) <= LONGEST_SHEET_NAME:
                message = f"The name has {len(name)} characters: take 1 to 31."
                self.report.add("sheet-name", name or self.part, "", message)
            if _FORBIDDEN.search(name) or name[:1] == "'" or name[-1:] == "'" or name.casefold() == "history":
                message = "The name is History, holds one of []:*?/\\ or begins or ends with ': choose another."
                self.report.add("sheet-name", name or self.part, "", message)
            if times[name.casefold()] > 1:
                self.report.add("sheet-name", name, "", "Two sheets have the name, as Excel ignores case: rename one.")

    def _check_views(self) -> None:
        """The tab that opens, dates, and links to other workbooks."""
        if not any(tab.visible for tab in self.tabs):
            self.report.add("active-tab", self.part, "", "No sheet is visible: show one.")
        for view in self.root.iterfind("{*}bookViews/{*}workbookView"):
            active = whole(view.get("activeTab"))
            if not 0 <= active < len(self.tabs):
                message = f"Tab {active} opens and there are {len(self.tabs)}: activate one that exists."
                self.report.add("active-tab", self.part, "", message)
                continue
            self.active = self.tabs[active].name
            if not self.tabs[active].visible:
                self.report.add("active-tab", self.active, "", "The tab that opens is hidden: show it.")
        for properties in self.root.iterfind("{*}workbookPr"):
            if properties.get("date1904", "0") in ("1", "true"):
                self.report.add("date-system", self.part, "", "Dates count from 1904: leave date1904 out.")
        for _ in self.root.iterfind("{*}externalReferences/{*}externalReference"):
            message = "The workbook is linked to another one: break the link."
            self.report.add("external-link", self.part, "", message)

    def _check_table_names(self) -> None:
        seen: set[str] = set()
        for tab in self.tabs:
            for table, reference, *_ in self.tables[tab.name]:
                if fault := name_fault(table.name):
                    self.report.add("table-name", tab.name, reference, f"The table name {table.name} {fault}.")
                if table.name.casefold() in seen:
                    message = f"There is another table {table.name}: rename one."
                    self.report.add("name-duplicate", tab.name, reference, message)
                seen.add(table.name.casefold())

    def _check_names(self) -> None:
        seen = {("", name) for name in self.scope.resolver.tables}
        for item in self.names:
            name, index = item.get("name", ""), item.get("localSheetId")
            position = whole(index, -1)
            sheet = self.tabs[position].name if 0 <= position < len(self.tabs) else ""
            if position >= len(self.tabs):
                message = f"The name {name} belongs to sheet number {index}, which is not there: correct localSheetId."
                self.report.add("name-target", self.part, name, message)
            if (sheet.casefold(), name.casefold()) in seen:
                message = f"The name {name} is defined twice, as Excel ignores case: rename one."
                self.report.add("name-duplicate", sheet or self.part, name, message)
            seen.add((sheet.casefold(), name.casefold()))
            if not name.startswith(("_xlnm.", "_xlfn.", "_xlpm.", "_xlws.")) and (fault := name_fault(name)):
                self.report.add("name-syntax", sheet or self.part, name, f"The name {name} {fault}.")
            if not name.startswith("_xlfn.") and item.get("function") != "1":
                text = item.text or ""
                builtin = name.startswith("_xlnm.")  # print areas, filters: they must lead to their own sheet
                faults = self.scope.print_faults(text, sheet) if builtin else self.scope.name_faults(text, sheet)
                self.report.add_all(faults, sheet or self.part, name, f"The name {name} leads nowhere.")

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
        """Report what needs every sheet read: the number of shared strings, the calculation chain."""
        if self.string_count not in (None, self.string_uses):
            message = f"count says {self.string_count} and cells use {self.string_uses}: write the true number."
            self.report.add("shared-strings", "xl/sharedStrings.xml", "", message)
        for part in self.chains:
            self._check_chain(part)

    def _check_chain(self, part: str) -> None:
        names = {tab.number: tab.name for tab in self.tabs}
        number = ""

        def visit(item: Element) -> None:
            nonlocal number
            number = item.get("i", number)  # without one it is on the sheet of the item before
            if item.get("r") not in self.formula_cells.get(number, ()):
                message = "calcChain lists the cell, which has no formula: remove it or the whole part."
                self.report.add("calc-chain", names.get(number, part), item.get("r", ""), message)

        self.package.stream(part, "c", visit)
