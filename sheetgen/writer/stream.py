"""The content of cells; and a table with a row for every step, streamed into the XML of its sheet, without memory."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple
from xml.sax.saxutils import escape

from sheetgen.writer.trace import THIS, at_row, letter, quoted

Value = float | str
Rows = Callable[[], Iterator[Sequence[Value | None]]]  # None is #N/A, of which charts draw no point
Cells = Iterable[tuple[int, int, str | None, Value | None]]  # row from 1, column from 0, formula, value if it is known
Results = Mapping[tuple[int, int], Value]  # by row and column

CHART_CACHE_ROWS = 2_000
UNKNOWN = object()  # what a formula shows as long as nobody has calculated it
ERRORS = frozenset(("#DIV/0!", "#N/A", "#NAME?", "#NULL!", "#NUM!", "#REF!", "#VALUE!"))


class Formula(str):
    """A formula (without =) among numbers and texts, with its value; without one, an engine calculates it."""

    value: Value | None

    def __new__(cls, text: str, value: Value | None = None) -> Formula:
        self = str.__new__(cls, text)
        self.value = value
        return self


class Link(NamedTuple):
    """A hyperlink: where it leads as XlsxWriter writes that, its text, and what is shown under the pointer."""

    target: str
    text: str
    tip: str = ""

    @classmethod
    def to(cls, sheet: str, text: str, tip: str, at: str = "A1") -> Link:
        """A link to a cell of a sheet of the same workbook."""
        return cls(f"internal:{quoted(sheet)}!{at}", text, tip)


class Stream(NamedTuple):
    """One column of a table that is written row by row: a formula for the first row, one for all below.

    THIS and ABOVE in a formula stand for row numbers; without a formula the column holds plain values. What formulas
    show that are not `given` is no part of the rows: an engine calculates it.
    """

    style: Any  # XlsxWriter's Format
    first: str | None = None
    below: str | None = None
    given: bool = True


class StreamTable:
    """The streams from a first to a last row (counted from 1), the first of them in `column`, counted from 0.

    A column of a trace is one formula, so a row of XML is one template: filling it in is 40 times faster than
    `write_formula` cell by cell.
    """

    def __init__(self, first: int, last: int, column: int, streams: Sequence[Stream], given: Rows):
        self.first, self.last, self.column, self.streams, self._given = first, last, column, streams, given
        self._later = [k for k, stream in enumerate(streams) if not stream.given]
        self._formulas = [s.first for s in streams], [s.below for s in streams]
        self.results: Results = {}
        self._drawn: list[list[Value | None]] | None = None

    @property
    def right(self) -> int:
        """The last column."""
        return self.column + len(self.streams) - 1

    @property
    def size(self) -> int:
        """How many cells it has."""
        return (self.last - self.first + 1) * len(self.streams)

    def rows(self) -> Iterator[tuple[int, list[Any]]]:
        """Each row's number and values: what is given, and among it what was calculated."""
        for row, given in zip(range(self.first, self.last + 1), self._given(), strict=True):
            values: list[Any] = list(given)
            for k in self._later:
                values.insert(k, self.results.get((row, self.column + k), UNKNOWN))
            yield row, [None if value == "#N/A" else value for value in values] if self._later else values

    def contents(self) -> Cells:
        """All cells, for an engine that calculates what is not given."""
        for row, values in self.rows():
            formulas = self._formulas[row > self.first]
            for column, (formula, value) in enumerate(zip(formulas, values, strict=True), self.column):
                if value is UNKNOWN or value is None:
                    yield row, column, at_row(formula or "", row), None
                else:
                    yield row, column, None, value

    def drawn(self, rows: range, columns: range) -> Sequence[Value | None]:
        """The numbers that a chart caches; none of a long table, whose charts are drawn from the cells alone."""
        if self.last - self.first > CHART_CACHE_ROWS:
            return ()
        if self._drawn is None:
            self._drawn = [[None if v is UNKNOWN else v for v in values] for _, values in self.rows()]
        return [self._drawn[row - self.first][c - self.column] for row in rows for c in columns]

    def lines(self) -> Iterator[str]:
        """The XML of every row."""
        indices = [stream.style._get_xf_index() for stream in self.streams]
        templates: dict[tuple[object, ...], str] = {}
        for row, values in self.rows():
            kinds = [_kind(value) for value in values]
            key = (row == self.first, *kinds)
            if key not in templates:
                templates[key] = _template(self.column, indices, self._formulas[row > self.first], kinds)
            if any(kinds):
                values = [_text(value) for value in values if value is not UNKNOWN]
            yield at_row(templates[key], row) % tuple(values)


def _kind(value: Any) -> str:
    """The type of a cell's value as XML has it; nothing for a number."""
    if value is UNKNOWN:
        return "unknown"
    return "e" if value is None or value in ERRORS else "str" if isinstance(value, str) else ""


def _text(value: Any) -> Any:
    return "#N/A" if value is None else escape(value) if isinstance(value, str) else value


def _template(column: int, indices: list[int], formulas: Sequence[str | None], kinds: list[str]) -> str:
    """The XML of one row, with THIS and ABOVE for row numbers, and %r for its numbers and %s for its texts."""
    parts = [f'<row r="{THIS}">']
    for k, (index, formula, kind) in enumerate(zip(indices, formulas, kinds, strict=True), column):
        start = f'<c r="{letter(k)}{THIS}" s="{index}"'
        f = f"<f>{escape(formula).replace('%', '%%')}</f>" if formula else ""
        if not kind:
            parts.append(f"{start}>{f}<v>%r</v></c>")
        elif kind == "unknown":
            parts.append(f"{start}>{f}</c>")
        elif formula:
            parts.append(f'{start} t="{kind}">{f}<v>%s</v></c>')
        else:
            parts.append(f'{start} t="inlineStr"><is><t>%s</t></is></c>')
    return "".join(parts) + "</row>"
