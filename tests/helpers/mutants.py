"""Break a workbook on purpose: edit one cell's XML inside the zip, everything else byte for byte."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from xml.sax.saxutils import escape, unescape

SHEETS = [
    "Start", "Network", "Steps", "Training", "Learning rates", "Laboratory", "Autograd check", "Recomputation",
    "Finite differences", "Template", "MNIST report", "Architecture", "Training log", "Errors",
]  # fmt: skip


def part(sheet: str, sheets: Sequence[str] = SHEETS) -> str:
    """The zip entry of a sheet of our workbook, or of one with other sheets."""
    return f"xl/worksheets/sheet{sheets.index(sheet) + 1}.xml"


def edit(source: Path, target: Path, name: str, change: Callable[[str], str]) -> Path:
    """Copy a workbook with one part changed; a change that changes nothing is a mistake in the test."""
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as new:
        for entry in old.infolist():
            data = old.read(entry)
            if entry.filename == name:
                changed = change(data.decode()).encode()
                assert changed != data, f"nothing changed in {name}"
                data = changed
            new.writestr(entry, data)
    return target


def formula_of(source: Path, sheet: str, cell: str) -> str:
    """The formula in a cell, without =."""
    with zipfile.ZipFile(source) as book:
        text = book.read(part(sheet)).decode()
    found = re.search(rf'<c r="{cell}"[^>]*><f>(.*?)</f>', text)
    assert found, f"{sheet}!{cell} has no formula"
    return unescape(found[1])


def set_cells(
    source: Path, target: Path, sheet: str, cells: Mapping[str, str | float], sheets: Sequence[str] = SHEETS
) -> Path:
    """Put formulas (starting with =) or numbers into cells; the cached value of a formula stays what it was."""

    def change(text: str) -> str:
        for cell, new in cells.items():
            pattern = rf'(<c r="{cell}"[^>]*>)(?:<f>.*?</f>)?<v>(.*?)</v></c>'
            match = re.search(pattern, text)
            assert match, f"{sheet}!{cell} is not there"
            if isinstance(new, str):
                inside = f"<f>{escape(new.removeprefix('='))}</f><v>{match[2]}</v>"
            else:
                inside = f"<v>{new!r}</v>"
            text = text.replace(match[0], f"{match[1]}{inside}</c>")
        return text

    return edit(source, target, part(sheet, sheets), change)
