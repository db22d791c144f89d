"""The charts of a workbook: where they stand, and which cells their series plot."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

from sheetgen.base.text import plain
from sheetgen.excel.a1 import MAX_COLUMN, MAX_ROW, Area, address
from sheetgen.excel.names import Resolver
from sheetgen.excel.package import Attributes, Package, UnreadableWorkbook, local
from sheetgen.excel.read import defined_names, whole
from sheetgen.excel.references import Unresolved

MAX_CHARTS, MAX_SERIES = 500, 1_000
MAX_DEPTH = 500  # elements within elements
MAX_TEXT = 8_192  # characters of a reference or a title that are kept
MAX_NAME = 80


class Reference(NamedTuple):
    """Cells as a chart refers to them; `area` is None for what is not one range, such as (A1,B2) or a literal."""

    text: str
    area: Area | None


class Series(NamedTuple):
    """One series: what its legend says, and where its name, its categories (or x) and its values (or y) stand."""

    label: str
    name: Reference
    categories: Reference
    values: Reference


class Chart(NamedTuple):
    """A chart and the sheet it stands on, named as a person would: 'Loss at H5'. `problem` says why it is not read.

    `log`: one of its axes is logarithmic.
    """

    sheet: str
    name: str
    series: tuple[Series, ...]
    problem: str = ""
    log: bool = False


def read_charts(path: str | Path) -> list[Chart]:
    """Every chart of a workbook, those of chart sheets too. Raises UnreadableWorkbook if it is no workbook at all.

    A chart or a drawing that is broken is a Chart with a `problem` and no series. Charts of the newer kind (cx) are
    left out: no series of theirs is a line.
    """
    with Package(path) as package:
        book = package.workbook()
        elements = package.elements(book)
        sheets = package.relations(book)
        tabs = [attributes for tag, attributes, _ in elements if tag == "sheet"]
        order = [tab.get("name", "") for tab in tabs]
        names = defined_names(((a, text) for tag, a, text in elements if tag == "definedName"), order)
        resolver = Resolver(order, names)
        charts: list[Chart] = []
        for sheet, attributes in zip(order, tabs, strict=True):
            for id in (value for key, value in attributes.items() if local(key) == "id" and value in sheets):
                charts += _charts_of(package, sheets[id].target, sheet, resolver, MAX_CHARTS - len(charts))
        return charts


def _charts_of(package: Package, part: str, sheet: str, resolver: Resolver, room: int) -> Iterator[Chart]:
    """The charts on one sheet, whose part is given, at most `room` of them."""
    number = 0
    try:
        for relation in package.relations(part, required=False).values():
            if relation.kind != "drawing":
                continue
            targets = package.relations(relation.target, required=False)
            for cell, id in _Drawing(package, relation.target).charts:
                if id in targets and targets[id].kind == "chart" and number < room:
                    number += 1
                    empty = Chart(sheet, _place(f"Chart {number}", cell), ())
                    yield _chart(package, targets[id].target, empty, resolver)
    except UnreadableWorkbook as error:
        yield Chart(sheet, "a drawing", (), str(error))


def _chart(package: Package, part: str, empty: Chart, resolver: Resolver) -> Chart:
    try:
        read = _ChartPart(package, part)
    except UnreadableWorkbook as error:
        return empty._replace(problem=str(error))
    title = plain(" ".join("".join(read.title).split()), MAX_NAME)
    name = empty.name
    if any(letter.isalpha() for letter in title):  # a title that is a number names nothing
        name = _place(title, empty.name.partition(" at ")[2])
    series = tuple(_series(fields, empty.sheet, resolver) for fields in read.series)
    return empty._replace(name=name, series=series, log=read.log)


def _place(name: str, cell: str) -> str:
    return f"{name} at {cell}" if cell else name


def _series(fields: Mapping[str, str], sheet: str, resolver: Resolver) -> Series:
    name, categories, values = (_reference(fields.get(key, ""), sheet, resolver) for key in ("tx", "cat", "val"))
    return Series(plain(" ".join(fields.get("label", "").split()), MAX_NAME), name, categories, values)


def _reference(text: str, sheet: str, resolver: Resolver) -> Reference:
    """The cells that a formula of a chart names, through a defined name if need be."""
    text = text.strip()
    try:
        return Reference(text, resolver.area(text, sheet))
    except Unresolved:
        return Reference(text, None)


class _Walk:
    """Goes through one part of any size; `begin` and `end` see the path of local names down to the element."""

    def __init__(self, package: Package, part: str) -> None:
        self.path: list[str] = []
        self.text = ""
        parser = package.parser()
        parser.StartElementHandler, parser.EndElementHandler = self._begin, self._end
        parser.CharacterDataHandler = self._data
        self.package, self.part = package, part
        package.parse_whole(part, parser)

    def begin(self, attributes: Attributes) -> None:
        """An element begins."""

    def end(self) -> None:
        """An element ends; `text` is what stands in it after its last child."""

    def _begin(self, tag: str, attributes: Attributes) -> None:
        self.path.append(local(tag))
        self.text = ""
        if len(self.path) > MAX_DEPTH:
            self.package.refuse(f"has elements more than {MAX_DEPTH} deep in {self.part}")
        self.begin(attributes)

    def _end(self, _: str) -> None:
        self.end()
        self.path.pop()
        self.text = ""

    def _data(self, text: str) -> None:
        if len(self.text) < MAX_TEXT:
            self.text += text[:MAX_TEXT]


class _Drawing(_Walk):
    """`charts`: the cell at the top left corner ('' if there is none) and the relation of each chart."""

    def __init__(self, package: Package, part: str) -> None:
        self.charts: dict[tuple[str, str], None] = {}  # in order; a Choice and its Fallback may both name a chart
        self.corner = {"row": -1, "col": -1}
        super().__init__(package, part)
        self.charts = dict(list(self.charts.items())[:MAX_CHARTS])

    def begin(self, attributes: Attributes) -> None:
        if self.path[-1].endswith("Anchor"):
            self.corner = {"row": -1, "col": -1}
        elif self.path[-1] == "chart":
            row, column = self.corner["row"] + 1, self.corner["col"] + 1
            cell = address(row, column) if 1 <= row <= MAX_ROW and 1 <= column <= MAX_COLUMN else ""
            for id in (value for key, value in attributes.items() if local(key) == "id"):
                self.charts[cell, id] = None

    def end(self) -> None:
        if self.path[-2:-1] == ["from"] and self.path[-1] in self.corner:
            self.corner[self.path[-1]] = whole(self.text.strip(), -1)


# Where a series says what it plots; a scatter chart has xVal and yVal for cat and val.
_FIELDS: dict[tuple[str, ...], str] = {
    ("tx", "strRef", "f"): "tx",
    ("tx", "v"): "label",
    ("tx", "strRef", "strCache", "pt", "v"): "label",
    **{
        (source, kind, "f"): field
        for source, field in (("cat", "cat"), ("xVal", "cat"), ("val", "val"), ("yVal", "val"))
        for kind in ("numRef", "strRef", "multiLvlStrRef")
    },
}


class _ChartPart(_Walk):
    """`title`: the pieces of its title; `series`: what each says, by the names of _FIELDS; `log`: of an axis."""

    def __init__(self, package: Package, part: str) -> None:
        self.title: list[str] = []
        self.series: list[dict[str, str]] = []
        self.depth = 0  # of the series that is being read
        self.log = False
        super().__init__(package, part)

    def begin(self, attributes: Attributes) -> None:
        self.log |= self.path[-2:] == ["scaling", "logBase"]
        if self.path[-1] == "ser" and not self.depth and "extLst" not in self.path:  # there, series that are hidden
            self.depth = len(self.path)
            self.series.append({})
            if len(self.series) > MAX_SERIES:
                self.package.refuse(f"has more than {MAX_SERIES:,} series in {self.part}")

    def end(self) -> None:
        if self.depth:
            field = _FIELDS.get(tuple(self.path[self.depth :]))
            if field:
                self.series[-1].setdefault(field, self.text)
            if len(self.path) == self.depth:
                self.depth = 0
        elif self.path[1:3] == ["chart", "title"] and len(self.title) < MAX_NAME:
            if self.path[-1] in ("t", "v"):
                self.title.append(self.text)
            elif self.path[-1] == "p":
                self.title.append(" ")
