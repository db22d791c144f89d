"""What surrounds the cells of a sheet: merges, tables, validations, conditional formats, links, views, widths."""

from collections import Counter
from collections.abc import Iterator

from sheetgen.excel.a1 import Area, overlaps, range_of
from sheetgen.excel.read import whole
from sheetgen.judge.lint.book import Book, Sheet, characters
from sheetgen.judge.lint.package import Element, relation_id
from sheetgen.judge.lint.rows import HIGHEST, decimal
from sheetgen.judge.lint.tables import check_tables, header_cells

MOST_LINKS, LONGEST_LINK, TEXT, TITLE, WIDEST = 65_530, 2_083, 255, 32, 255
PANES = {  # (split in x, split in y) -> the panes there are
    (True, True): {"topLeft", "topRight", "bottomLeft", "bottomRight"},
    (True, False): {"topLeft", "topRight"},
    (False, True): {"topLeft", "bottomLeft"},
}


class Surroundings:
    """The checks on one sheet's XML after its rows are gone; `texts` are the header cells of its tables."""

    def __init__(self, book: Book, sheet: Sheet, root: Element, texts: dict[str, str]) -> None:
        self.book, self.sheet, self.root, self.texts = book, sheet, root, texts
        self.tables = book.tables.get(sheet.name, [])
        self._add = book.report.on(sheet.name)

    def check(self) -> None:
        """Report everything."""
        checks = (self._merges, self._tables, self._validations, self._formats, self._extensions, self._links)
        for check in (*checks, self._views, self._widths, self._headers):
            check()

    def _areas(self, text: str) -> Iterator[tuple[Area, str]]:
        """The ranges in a list separated by blanks; bad ones are reported."""
        for reference in text.split() or [""]:
            found = range_of(reference)
            if found:
                yield found, reference
            else:
                message = f"{reference!r} is no range of a sheet: write A1:B2."
                self._add("cell-address", reference, message)

    def _merges(self) -> None:
        items = self.root.iterfind("{*}mergeCells/{*}mergeCell")
        merges = [found for item in items for found in self._areas(item.get("ref", ""))]
        tables = [(table.area, f"table {table.name}") for table in self.tables if table.area]
        for first, second in overlaps([*merges, *tables]):
            if not (first.startswith("table ") and second.startswith("table ")):
                cell = second if first.startswith("table ") else first
                self._add("merge-overlap", cell, f"{first} and {second} overlap: merge other cells, or none.")

    def _tables(self) -> None:
        for first, second in overlaps([(table.area, table.name) for table in self.tables if table.area]):
            self._add("table-overlap", first, f"The tables {first} and {second} overlap: move one.")
        check_tables(self.tables, self.texts, self._add)
        for table in self.tables:
            for index in table.formats:
                fault = self.book.styles.differential_fault(index)
                if fault:
                    self._add("format-index", table.reference, fault)
            for formula in table.formulas:
                for rule, message in self.book.scope.faults(formula, self.sheet.name):
                    self._add(rule, table.reference, message)

    def _validations(self) -> None:
        taken: list[tuple[Area, str]] = []
        for item in self.root.iterfind("{*}dataValidations/{*}dataValidation"):
            where = item.get("sqref", "")
            taken.extend(self._areas(where))
            for name, limit in (("promptTitle", TITLE), ("errorTitle", TITLE), ("prompt", TEXT), ("error", TEXT)):
                if characters(item.get(name, "")) > limit:
                    self._add("validation-text", where, f"Its {name} is longer than {limit} characters: shorten it.")
            for formula in (*item.iterfind("{*}formula1"), *item.iterfind("{*}formula2")):
                self._validation_formula(item, where, formula)
        for first, second in overlaps(taken):
            message = f"The data validations of {first} and {second} overlap: give each cell one."
            self._add("validation-overlap", second, message)

    def _validation_formula(self, item: Element, where: str, formula: Element) -> None:
        text = formula.text or ""
        if item.get("type") == "list" and text.startswith('"'):
            if characters(text[1:-1]) > TEXT:
                self._add("validation-text", where, "Its list is longer than 255 characters: put it into cells.")
            return
        banned = {"union", "intersection", "array"}
        for rule, message in self.book.scope.criteria_faults(text, self.sheet.name, "validation-formula", banned):
            self._add(rule, where, message)

    def _formats(self) -> None:
        priorities: Counter[str] = Counter()
        for block in self.root.iterfind("{*}conditionalFormatting"):
            where = block.get("sqref", "")
            list(self._areas(where))
            for item in block.iterfind("{*}cfRule"):
                priorities[item.get("priority", "")] += 1
                if priorities[item.get("priority", "")] == 2:
                    message = f"Two conditional formats have priority {item.get('priority')}: number them."
                    self._add("format-priority", where, message)
                fault = self.book.styles.differential_fault(item.get("dxfId"))
                if fault:
                    self._add("format-index", where, fault)
                self._format_formulas(item, where)

    def _format_formulas(self, item: Element, where: str) -> None:
        texts = [formula.text or "" for formula in item.iterfind("{*}formula")]
        texts += [v.get("val", "") for v in item.iter("{*}cfvo") if v.get("type") not in ("min", "max")]
        banned = {"union", "intersection", "array", "sheet"}
        for text in texts:
            for rule, message in self.book.scope.criteria_faults(text, self.sheet.name, "format-formula", banned):
                self._add(rule, where, message)

    def _extensions(self) -> None:
        """Formulas of sparklines and of the newer validations and formats."""
        for formula in self.root.iter("{http://schemas.microsoft.com/office/excel/2006/main}f"):
            for rule, message in self.book.scope.faults(formula.text or "", self.sheet.name):
                self._add(rule, "", message)

    def _links(self) -> None:
        add = self._add
        links = self.root.findall("{*}hyperlinks/{*}hyperlink")
        if len(links) > MOST_LINKS:
            add("link-count", "", f"The sheet has {len(links)} links, and Excel stops at 65,530: use HYPERLINK().")
        targets = {relation.id: relation.target for relation in self.book.package.relations(self.sheet.part)}
        for item in links:
            where, location = item.get("ref", ""), item.get("location", "").removeprefix("#")
            outside = relation_id(item)
            if characters(f"{targets.get(outside, '')}#{location}".removeprefix("#")) > LONGEST_LINK:
                add("link-length", where, "The link is longer than 2,083 characters: shorten it.")
            for name in ("display", "tooltip"):
                if characters(item.get(name, "")) > TEXT:
                    add("link-length", where, f"The link's {name} is longer than 255 characters: shorten it.")
            for rule, message in self.book.scope.target_faults(location, self.sheet.name, "link-target"):
                if not outside:
                    add(rule, where, f"The link leads nowhere. {message}")

    def _views(self) -> None:
        add = self._add
        for view in self.root.iterfind("{*}sheetViews/{*}sheetView"):
            if view.get("tabSelected", "0") in ("1", "true") and self.sheet.name != self.book.active:
                message = f"The tab is selected together with {self.book.active}: typing would change both; select one."
                add("active-tab", "", message)
        for pane in self.root.iterfind("{*}sheetViews/{*}sheetView/{*}pane"):
            frozen = pane.get("state", "split") != "split"
            x, y = decimal(pane.get("xSplit", "0")), decimal(pane.get("ySplit", "0"))
            first = range_of(pane.get("topLeftCell", "XFD1048576"))
            if frozen and not (x.is_integer() and y.is_integer()):
                add("freeze-panes", "", f"The panes are frozen at {x}, {y}: split at whole cells.")
            elif frozen and (first is None or first.column <= x or first.row <= y):
                add("freeze-panes", "", "The free pane begins with a frozen cell: set topLeftCell beyond the split.")
            panes = PANES.get((x > 0, y > 0), set())
            selected = {item.get("pane", "topLeft") for item in pane.getparent().iterfind("{*}selection")}
            if not {pane.get("activePane", "topLeft"), *selected} <= panes:
                add("freeze-panes", "", "A pane is active or selected that the split does not make: name another.")

    def _widths(self) -> None:
        add = self._add
        last = 0
        for item in self.root.iterfind("{*}cols/{*}col"):
            first, end = whole(item.get("min")), whole(item.get("max"))
            where = f"{first}:{end}"
            if not last < first <= end:
                add("column-width", where, "The columns overlap earlier ones or run backwards: sort them.")
            last = max(last, end)
            if not 0 <= decimal(item.get("width", "0")) <= WIDEST:
                add("column-width", where, f"The width is {item.get('width')}, and Excel stops at 255: reduce it.")
            if item.get("style") not in self.book.styles.allowed:
                add("style-index", where, f"Column format {item.get('style')} does not exist: add it to cellXfs.")
        for item in self.root.iterfind("{*}sheetFormatPr"):
            if not 0 <= decimal(item.get("defaultColWidth", "0")) <= WIDEST:
                add("column-width", "", "The default width is beyond 255: reduce it.")
            if not 0 <= decimal(item.get("defaultRowHeight", "inf")) <= HIGHEST:
                add("row-height", "", "The default height is missing or beyond 409.5 points: write defaultRowHeight.")

    def _headers(self) -> None:
        for item in self.root.iterfind("{*}headerFooter/*"):
            if characters(item.text or "") > TEXT:
                self._add("header-footer", "", "A header or footer is longer than 255 characters: shorten it.")


def wanted_texts(book: Book, sheet: Sheet) -> set[str]:
    """The header cells whose text must be read for the tables' sake."""
    return {address for address, _ in header_cells(book.tables.get(sheet.name, []))}
