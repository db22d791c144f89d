"""The content of a cell: a number, a text, a formula, a link."""

from __future__ import annotations

from typing import NamedTuple

from sheetgen.writer.trace import quoted

Value = float | str


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
    def to(cls, sheet: str, text: str, tip: str) -> Link:
        """A link to a sheet of the same workbook."""
        return cls(f"internal:{quoted(sheet)}!A1", text, tip)
