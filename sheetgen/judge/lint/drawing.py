"""Drawings: charts and pictures, where they stand, what they say and what they show."""

from sheetgen.excel.a1 import MAX_COLUMN, MAX_ROW, address
from sheetgen.excel.package import local
from sheetgen.excel.read import whole
from sheetgen.judge.lint.book import LintWorkbook, Tab, characters
from sheetgen.judge.lint.package import Add, Element

MOST_SERIES, TITLE = 255, 255
DESCRIBED = {"pic": "picture", "graphicFrame": "chart"}


def check_drawings(book: LintWorkbook, tab: Tab) -> None:
    """Report what is wrong with the drawings of one sheet and their charts."""
    for part in book.package.related(tab.part, "drawing"):
        root = book.package.tree(part)
        if root is None:
            continue
        book.package.check_ids(part, root)
        add = book.report.on(tab.name)
        _anchors(root, add)
        _links(book, tab, part)
        for chart in book.package.related(part, "chart"):
            tree = book.package.tree(chart)
            if tree is not None:
                book.package.check_ids(chart, tree)
                _chart(book, tab, tree, chart.rpartition("/")[2], add)


def _corner(anchor: Element, name: str) -> list[int]:
    """column, its offset, row, its offset; [] where there is no such corner."""
    item = anchor.find(f"{{*}}{name}")
    if item is None:
        return []
    return [whole(item.findtext(f"{{*}}{part}"), 0) for part in ("col", "colOff", "row", "rowOff")]


def _anchors(root: Element, add: Add) -> None:
    for anchor in root:
        if not local(anchor.tag).endswith("Anchor"):
            continue
        first, second = _corner(anchor, "from"), _corner(anchor, "to")
        cell = ""
        corners = [(corner[2] + 1, corner[0] + 1) for corner in (first, second) if corner]
        if not all(1 <= row <= MAX_ROW and 1 <= column <= MAX_COLUMN for row, column in corners):
            add("anchor", cell, "A corner of the drawing lies on no cell of the sheet: move it to one.")
        elif first:
            cell = address(*corners[0])
        if first and second and (first[:2] > second[:2] or first[2:] > second[2:]):
            add("anchor", cell, "The drawing's second corner lies before its first: exchange them.")
        for item in anchor.iter("*"):
            kind = DESCRIBED.get(local(item.tag))
            properties = next(item.iter("{*}cNvPr"), None) if kind else None
            if properties is None or (properties.get("descr") or "").strip():
                continue
            if not any(d.get("val") in ("1", "true") for d in properties.iter("{*}decorative")):
                add("alt-text", cell, f"The {kind} {properties.get('name', '')} has no description: write alt text.")


def _links(book: LintWorkbook, tab: Tab, part: str) -> None:
    for relation in book.package.relations(part):
        if relation.kind == "hyperlink" and relation.target.startswith("#"):
            faults = book.scope.target_faults(relation.target[1:], tab.name, "link-target")
            book.report.add_all(faults, tab.name, "", "The drawing's link leads nowhere.")


def _chart(book: LintWorkbook, tab: Tab, root: Element, name: str, add: Add) -> None:
    series = sum(1 for _ in root.iter("{*}ser"))
    if series > MOST_SERIES:
        add("chart-series", name, f"The chart has {series} series, and Excel stops at 255: draw another chart.")
    for formula in root.iter("{*}f"):
        faults = book.scope.target_faults(formula.text or "", tab.name, "chart-reference", True)
        book.report.add_all(faults, tab.name, name, "A series refers to nothing.")
    for size in root.iterfind(".//{*}marker/{*}size"):
        if not 2 <= whole(size.get("val"), 5) <= 72:
            add("chart-marker", name, f"A marker has size {size.get('val')}: take 2 to 72.")
    for title in root.iter("{*}title"):
        length = characters("".join(text.text or "" for text in title.iter("{*}t")))
        if length > TITLE:
            add("chart-title", name, f"A title has {length} characters, and Excel stops at 255: shorten it.")
