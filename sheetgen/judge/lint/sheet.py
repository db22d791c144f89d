"""The surroundings of the cells of a sheet: merges, tables, validations, conditional formats, links, views, widths."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from sheetgen.excel.a1 import Area, overlaps, range_of
from sheetgen.excel.read import whole
from sheetgen.judge.lint.book import LintWorkbook, Tab, characters
from sheetgen.judge.lint.formula import Fault
from sheetgen.judge.lint.package import Element, relation_id
from sheetgen.judge.lint.rows import HIGHEST, decimal
from sheetgen.judge.lint.scope import ANOTHER_SHEET, ARRAY, INTERSECTION, UNION
from sheetgen.judge.lint.tables import check_tables

MOST_LINKS, LONGEST_LINK, TEXT, TITLE, WIDEST = 65_530, 2_083, 255, 32, 255
PANES = {  # (split in x, split in y) -> the panes there are
    (True, True): {"topLeft", "topRight", "bottomLeft", "bottomRight"},
    (True, False): {"topLeft", "topRight"},
    (False, True): {"topLeft", "bottomLeft"},
}
BANNED = (UNION, INTERSECTION, ARRAY)


class Surroundings:
    """The checks on one sheet's XML after its rows are gone; `texts` are the header cells of its tables."""

    def __init__(self, book: LintWorkbook, tab: Tab, root: Element, texts: dict[str, str]) -> None:
        self.book, self.tab, self.root, self.texts = book, tab, root, texts
        self.tables = book.tables[tab.name]
        self._add = book.report.on(tab.name)

    def check(self) -> None:
        """Report everything."""
        checks = (self._merges, self._tables, self._validations, self._formats, self._extensions, self._links)
        for check in (*checks, self._views, self._widths, self._headers):
            check()

    def _add_all(self, faults: Iterable[Fault], cell: str, before: str = "") -> None:
        self.book.report.add_all(faults, self.tab.name, cell, before)

    def _areas(self, text: str) -> Iterator[tuple[Area, str]]:
        """The ranges in a list separated by blanks; bad ones are reported."""
        for reference in text.split() or [""]:
            if area := range_of(reference):
                yield area, reference
            else:
                message = f"{reference!r} is no range of a sheet: write A1:B2."
                self._add("cell-address", reference, message)

    def _merges(self) -> None:
        items = self.root.iterfind("{*}mergeCells/{*}mergeCell")
        merges = [area for item in items for area in self._areas(item.get("ref", ""))]
        tables = [(table.area._replace(sheet=""), f"table {table.name}") for table, *_ in self.tables]
        for first, second in overlaps([*merges, *tables]):
            if not (first.startswith("table ") and second.startswith("table ")):
                cell = second if first.startswith("table ") else first
                self._add("merge-overlap", cell, f"{first} and {second} overlap: merge other cells, or none.")

    def _tables(self) -> None:
        for first, second in overlaps([(table.area, table.name) for table, *_ in self.tables]):
            self._add("table-overlap", first, f"The tables {first} and {second} overlap: move one.")
        check_tables(self.tables, self.texts, self._add)
        for part in self.tables:
            for index in part.formats:
                self._check_format(index, part.reference)
            for formula in part.formulas:
                self._add_all(self.book.scope.judge(formula, self.tab.name).faults, part.reference)

    def _check_format(self, index: str | None, where: str) -> None:
        if fault := self.book.styles.differential_fault(index):
            self._add("format-index", where, fault)

    def _validations(self) -> None:
        taken: list[tuple[Area, str]] = []
        for item in self.root.iterfind("{*}dataValidations/{*}dataValidation"):
            where = item.get("sqref", "")
            taken.extend(self._areas(where))
            for name, limit in (("promptTitle", TITLE), ("errorTitle", TITLE), ("prompt", TEXT), ("error", TEXT)):
                if characters(item.get(name, "")) > limit:
                    self._add("validation-text", where, f"Its {name} is longer than {limit} characters: shorten it.")
            for text in (item.findtext("{*}formula1"), item.findtext("{*}formula2")):
                self._validation_formula(text, where, item.get("type") == "list")
        for first, second in overlaps(taken):
            message = f"The data validations of {first} and {second} overlap: give each cell one."
            self._add("validation-overlap", second, message)

    def _validation_formula(self, text: str | None, where: str, is_list: bool) -> None:
        if text is None:
            return
        if not (is_list and text.startswith('"')):
            self._add_all(self._criteria(text, "validation-formula", BANNED), where)
        elif characters(text[1:-1]) > TEXT:
            self._add("validation-text", where, "Its list is longer than 255 characters: put it into cells.")

    def _criteria(self, text: str, rule: str, banned: Sequence[str]) -> Iterator[Fault]:
        return self.book.scope.criteria_faults(text, self.tab.name, rule, banned)

    def _formats(self) -> None:
        priorities: Counter[str] = Counter()
        for block in self.root.iterfind("{*}conditionalFormatting"):
            where = block.get("sqref", "")
            list(self._areas(where))
            for item in block.iterfind("{*}cfRule"):
                priority = item.get("priority", "")
                priorities[priority] += 1
                if priorities[priority] == 2:
                    message = f"Two conditional formats have priority {priority}: number them."
                    self._add("format-priority", where, message)
                self._check_format(item.get("dxfId"), where)
                texts = [formula.text or "" for formula in item.iterfind("{*}formula")]
                texts += [v.get("val", "") for v in item.iter("{*}cfvo") if v.get("type") not in ("min", "max")]
                for text in texts:
                    self._add_all(self._criteria(text, "format-formula", (*BANNED, ANOTHER_SHEET)), where)

    def _extensions(self) -> None:
        """Check the formulas of sparklines and of the newer validations and formats."""
        for formula in self.root.iter("{http://schemas.microsoft.com/office/excel/2006/main}f"):
            self._add_all(self.book.scope.judge(formula.text or "", self.tab.name).faults, "")

    def _links(self) -> None:
        links = self.root.findall("{*}hyperlinks/{*}hyperlink")
        if len(links) > MOST_LINKS:
            message = f"The sheet has {len(links)} links, and Excel stops at 65,530: use HYPERLINK()."
            self._add("link-count", "", message)
        targets = {relation.id: relation.target for relation in self.book.package.relations(self.tab.part)}
        for item in links:
            where, location = item.get("ref", ""), item.get("location", "").removeprefix("#")
            outside = relation_id(item)
            if characters(f"{targets.get(outside, '')}#{location}".removeprefix("#")) > LONGEST_LINK:
                self._add("link-length", where, "The link is longer than 2,083 characters: shorten it.")
            for name in ("display", "tooltip"):
                if characters(item.get(name, "")) > TEXT:
                    self._add("link-length", where, f"The link's {name} is longer than 255 characters: shorten it.")
            if not outside:
                faults = self.book.scope.target_faults(location, self.tab.name, "link-target")
                self._add_all(faults, where, "The link leads nowhere.")

    def _views(self) -> None:
        for view in self.root.iterfind("{*}sheetViews/{*}sheetView"):
            if view.get("tabSelected", "0") in ("1", "true") and self.tab.name != self.book.active:
                message = f"The tab is selected together with {self.book.active}: typing would change both; select one."
                self._add("active-tab", "", message)
            for pane in view.iterfind("{*}pane"):
                selections = {item.get("pane", "topLeft") for item in view.iterfind("{*}selection")}
                for message in _pane_faults(pane, selections):
                    self._add("freeze-panes", "", message)

    def _widths(self) -> None:
        last = 0
        for item in self.root.iterfind("{*}cols/{*}col"):
            first, end = whole(item.get("min")), whole(item.get("max"))
            where = f"{first}:{end}"
            if not last < first <= end:
                self._add("column-width", where, "The columns overlap earlier ones or run backwards: sort them.")
            last = max(last, end)
            width, style = item.get("width", "0"), item.get("style")
            if not 0 <= decimal(width) <= WIDEST:
                self._add("column-width", where, f"The width is {width}, and Excel stops at 255: reduce it.")
            if style not in self.book.styles.allowed:
                self._add("style-index", where, f"Column format {style} does not exist: add it to cellXfs.")
        for item in self.root.iterfind("{*}sheetFormatPr"):
            if not 0 <= decimal(item.get("defaultColWidth", "0")) <= WIDEST:
                self._add("column-width", "", "The default width is beyond 255: reduce it.")
            if not 0 <= decimal(item.get("defaultRowHeight", "inf")) <= HIGHEST:
                message = "The default height is missing or beyond 409.5 points: write defaultRowHeight."
                self._add("row-height", "", message)

    def _headers(self) -> None:
        for item in self.root.iterfind("{*}headerFooter/*"):
            if characters(item.text or "") > TEXT:
                self._add("header-footer", "", "A header or footer is longer than 255 characters: shorten it.")


def _pane_faults(pane: Element, selections: set[str]) -> Iterator[str]:
    frozen = pane.get("state", "split") != "split"
    x, y = decimal(pane.get("xSplit", "0")), decimal(pane.get("ySplit", "0"))
    first = range_of(pane.get("topLeftCell", "XFD1048576"))
    if frozen and not (x.is_integer() and y.is_integer()):
        yield f"The panes are frozen at {x}, {y}: split at whole cells."
    elif frozen and (first is None or first.column <= x or first.row <= y):
        yield "The free pane begins with a frozen cell: set topLeftCell beyond the split."
    if not selections | {pane.get("activePane", "topLeft")} <= PANES.get((x > 0, y > 0), set()):
        yield "A pane is active or selected that the split does not make: name another."
