"""A finished .xlsx as plain Python: formulas, cached values and defined names."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cache
from math import isfinite
from pathlib import Path
from typing import NamedTuple, NoReturn

from sheetgen.excel.a1 import address, place
from sheetgen.excel.package import Attributes, Package, UnreadableWorkbook, local
from sheetgen.excel.tables import Table, table_of
from sheetgen.excel.tokens import depth, mover, tokens

MAX_CELLS = 5_000_000
MAX_FORMULA = 8_192  # characters, as in Excel
MAX_DEPTH = 256  # brackets within brackets, four times what Excel takes; a few thousand crash IronCalc
TWICE = "a cell that is there twice"
_is_address = re.compile(r"[A-Z]{1,3}[1-9][0-9]{0,6}").fullmatch
_WHOLE = re.compile(r"\s*-?[0-9]{1,18}\s*")
_ESCAPE = re.compile(r"_x(?![Dd][89A-Fa-f])([0-9A-Fa-f]{4})_")  # half a surrogate pair is no character


class ErrorValue(str):
    """An Excel error such as #NUM!, which no text of a cell can be mistaken for."""

    def __repr__(self) -> str:
        return f"ErrorValue({super().__repr__()})"


Place = tuple[str, str]  # a sheet's name, a cell's address
Value = float | str | bool  # numbers are always float; an ErrorValue is a str


class Entry(NamedTuple):
    """One cell: its formula without the '=', its (cached) value; None where there is none."""

    formula: str | None
    value: Value | None

    @property
    def left_out(self) -> bool:
        """Whether its formula says NA(), and it shows #N/A: so a chart leaves a cell out."""
        return self.value == "#N/A" and any(token.text.upper() == "NA(" for token in tokens(self.formula or ""))


Sheets = dict[str, dict[str, Entry]]  # sheet name -> "A1" -> Entry, in the workbook's order


class Workbook(NamedTuple):
    """The cells of a file, and more of it; names: 'eta' -> "Sheet1!$G$31", a name of one sheet only as 'Sheet1!eta'.

    arrays: (sheet, address) of a cell with an array formula -> the range that its results fill; what_ifs: likewise
    of what-if data tables, whose results stand as plain numbers. as_displayed: Excel calculates with the numbers that
    it shows, rounded as their formats have it ("precision as displayed").
    """

    sheets: Sheets
    names: dict[str, str]
    arrays: Mapping[Place, str] = {}
    what_ifs: Mapping[Place, str] = {}
    as_displayed: bool = False
    tables: tuple[Table, ...] = ()


def read(path: str | Path) -> Workbook:
    """Read a workbook; shared formulas are written out for every cell. Raises UnreadableWorkbook."""
    with Package(path) as package:
        part = package.workbook()
        relations = package.relations(part)
        elements = package.elements(part)
        parts = [relation.target for relation in relations.values() if relation.kind == "sharedStrings"]
        strings = [text for target in parts for text in _shared_strings(package, target)]
        tabs = [attributes for tag, attributes, _ in elements if tag == "sheet"]
        order = [tab.get("name", "") for tab in tabs]
        if len({name.casefold() for name in order}) < len(order):
            package.refuse("has two sheets of one name")
        sheets: Sheets = {}
        arrays: dict[tuple[str, str], str] = {}
        what_ifs: dict[tuple[str, str], str] = {}
        tables: list[Table] = []
        for name, tab in zip(order, tabs, strict=True):
            ids = [value for key, value in tab.items() if local(key) == "id"]
            if ids == [""]:  # a sheet of macros, whose part is elsewhere
                continue
            targets = [relations[value] for value in ids if value in relations]
            if not targets:
                package.refuse(f"has no part for the sheet {name}")
            if targets[0].kind == "worksheet":  # not a chart sheet
                already = sum(map(len, sheets.values()))
                read = _Cells(package, targets[0].target, name, strings, already)
                sheets[name] = read.cells
                arrays |= {(name, at): ref for at, ref in read.arrays.items()}
                what_ifs |= {(name, at): ref for at, ref in read.what_ifs.items()}
                tables += _tables(package, targets[0].target, name)
        calculation = next((attributes for tag, attributes, _ in elements if tag == "calcPr"), {})
        as_displayed = calculation.get("fullPrecision", "1") in ("0", "false")
        names = defined_names(((a, text) for tag, a, text in elements if tag == "definedName"), order)
        return Workbook(sheets, names, arrays, what_ifs, as_displayed, tuple(tables))


def defined_names(items: Iterable[tuple[Mapping[str, str], str]], order: Sequence[str]) -> dict[str, str]:
    """The names of the <definedName>s, (attributes, text) each: 'eta' -> "S!$A$1", one of a single sheet as 'S!eta'."""
    names = {}
    for attributes, text in items:
        scope = whole(attributes.get("localSheetId"), -1)
        sheet = f"{order[scope]}!" if 0 <= scope < len(order) else ""
        names[sheet + attributes.get("name", "")] = text.strip()  # Gnumeric breaks the line after it
    return names


def _tables(package: Package, part: str, sheet: str) -> Iterator[Table]:
    """The tables of a sheet; one that is broken is left out."""
    relations = package.relations(part, required=False).values()
    for target in [relation.target for relation in relations if relation.kind == "table"]:
        try:
            elements = package.elements(target)
        except UnreadableWorkbook:
            continue
        columns = [unescape(a.get("name", "")) for tag, a, _ in elements if tag == "tableColumn"]
        tables = [table_of(sheet, attributes, columns) for tag, attributes, _ in elements if tag == "table"]
        yield from (table for table in tables if table is not None)


def _shared_strings(package: Package, part: str) -> list[str]:
    """The shared strings in order; runs of rich text are joined, phonetic guides left out."""
    strings: list[str] = []
    text: list[str] = []
    parser = package.parser()
    phonetic = False

    def start(tag: str, _: Attributes) -> None:
        nonlocal phonetic
        tag = local(tag)
        if tag == "si":
            strings.append("")
            if len(strings) > MAX_CELLS:
                package.refuse(f"has more than {MAX_CELLS:,} shared strings")
        elif tag == "t":
            text.clear()
        elif tag == "rPh":
            phonetic = True

    def end(tag: str) -> None:
        nonlocal phonetic
        tag = local(tag)
        if tag == "t" and strings and not phonetic:
            strings[-1] += unescape("".join(text))
        elif tag == "rPh":
            phonetic = False

    parser.StartElementHandler, parser.EndElementHandler, parser.CharacterDataHandler = start, end, text.append
    for _ in package.parse(part, parser):
        pass
    return strings


def unescape(text: str) -> str:
    """Undo the format's _x000D_ for characters that XML cannot hold."""
    return _ESCAPE.sub(lambda match: chr(int(match[1], 16)), text) if "_x" in text else text


def whole(text: str | None, default: int = 0) -> int:
    """The whole number in an attribute; text that is none counts as beyond every limit."""
    if text is None:
        return default
    return int(text) if _WHOLE.fullmatch(text) else 1 << 62


def number(text: str) -> float:
    """The number that a cell or an attribute spells; ValueError for what only Python reads, such as nan and 1_000."""
    value = float(text)
    if not isfinite(value) or "_" in text or not text.isascii():
        raise ValueError(f"{text[:40]!r} is no number of a workbook.")
    return value


class _Cells:
    """Handlers of one worksheet part; `cells` is the result."""

    def __init__(self, package: Package, part: str, sheet: str, strings: list[str], already: int) -> None:
        self.cells: dict[str, Entry] = {}
        self.arrays: dict[str, str] = {}
        self.what_ifs: dict[str, str] = {}
        self.package, self.sheet, self.strings, self.room = package, sheet, strings, MAX_CELLS - already
        self.shared: dict[str, tuple[int, int, Callable[[int, int], str]]] = {}
        self.text: list[str] = []
        self.row, self.address, self.kind = 0, "", "n"
        self.formula_tag: Attributes | None = None
        self.formula, self.value, self.inline, self.phonetic = "", "", "", False
        self.filled = False  # something is in the cell: then its end is asked for, but most hold a format alone
        self.local = cache(local)  # the few names of a part, for its thousands of cells
        self.parser = parser = package.parser()
        parser.StartElementHandler, parser.CharacterDataHandler = self.start, self.text.append
        for _ in package.parse(part, parser):
            pass

    def refuse(self, why: str) -> NoReturn:
        self.package.refuse(f"has in {self.sheet}!{self.address} {why}")

    def start(self, tag: str, attributes: Attributes) -> None:
        tag = self.local(tag)
        if tag == "c":
            self.address, self.kind = attributes.get("r") or self._next(), attributes.get("t", "n")
            if not _is_address(self.address):
                self.refuse("an address that is none")
            if self.address in self.cells:
                self.refuse(TWICE)
            if self.filled:
                self.formula_tag, self.formula, self.value, self.inline = None, "", "", ""
                self.filled, self.parser.EndElementHandler = False, None
            if self.kind == "n":
                return
        if not self.filled:
            self.filled, self.parser.EndElementHandler = True, self.end
        if tag == "f":
            self.formula_tag = attributes
            self.text.clear()
        elif tag in ("v", "t"):
            self.text.clear()
        elif tag == "row":
            self.row, self.address = whole(attributes.get("r"), self.row + 1), ""
        elif tag == "rPh":
            self.phonetic = True

    def end(self, tag: str) -> None:
        tag = self.local(tag)
        if tag == "v":
            self.value = "".join(self.text)
        elif tag == "c":
            self._close()
        elif tag == "f":
            self.formula = "".join(self.text)
        elif tag == "t" and not self.phonetic:
            self.inline += "".join(self.text)
        elif tag == "rPh":
            self.phonetic = False

    def _next(self) -> str:
        """The address of a cell that does not tell it: right of the one before."""
        return address(self.row, place(self.address)[1] + 1 if self.address else 1)

    def _close(self) -> None:
        if self.address in self.cells:
            self.refuse(TWICE)
        formula = None if self.formula_tag is None else self._formula(self.formula_tag)
        value = self._value()
        if formula is None and value is None:  # a cell with a format only is not there
            return
        self.cells[self.address] = Entry(formula, value)
        if len(self.cells) > self.room:
            self.package.refuse(f"has more than {MAX_CELLS:,} cells")

    def _formula(self, tag: Attributes) -> str | None:
        if len(self.formula) > MAX_FORMULA:
            self.refuse(f"a formula of {len(self.formula):,} characters, more than {MAX_FORMULA:,}")
        if self.formula.count("(") > MAX_DEPTH and depth(self.formula) > MAX_DEPTH:
            self.refuse(f"a formula with brackets more than {MAX_DEPTH} deep")
        if tag.get("t") == "array" and self.formula:
            self.arrays[self.address] = tag.get("ref", self.address)
        if tag.get("t") == "dataTable":
            self.what_ifs[self.address] = tag.get("ref", self.address)
        if tag.get("t") != "shared":
            return self.formula or None
        row, column = place(self.address)
        if self.formula:
            self.shared[tag.get("si", "")] = row, column, mover(self.formula)
            return self.formula
        if tag.get("si", "") not in self.shared:
            self.refuse("a shared formula that is nowhere written out")
        top, left, moved = self.shared[tag.get("si", "")]
        return moved(row - top, column - left)

    def _value(self) -> Value | None:
        if self.kind == "str":
            return unescape(self.value)
        if self.kind == "inlineStr":
            return unescape(self.inline)
        if not self.value:
            return None
        try:
            return self._typed()
        except (ValueError, IndexError):
            self.refuse(f"the value {self.value[:40]!r}, which is not of its type {self.kind!r}")

    def _typed(self) -> Value:
        if self.kind == "n":
            return number(self.value)
        if self.kind == "s":
            if (index := whole(self.value)) < 0:
                raise IndexError
            return self.strings[index]
        if self.kind == "b":
            return bool(("0", "1").index(self.value))
        return ErrorValue(self.value) if self.kind == "e" else self.value
