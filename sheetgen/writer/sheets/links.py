"""Names of sheets, links into other workbooks, and heights of rows, for the report of an audit."""

from __future__ import annotations

import math
import os
import re
import textwrap
import unicodedata
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from urllib.parse import quote

from sheetgen.base.text import plain
from sheetgen.excel.a1 import quoted, range_of
from sheetgen.writer.book import Link, Sheet

LONGEST_NAME, LONGEST_LINK, LONGEST_TIP = 31, 2_000, 255
LARGEST = 1e300
LINE, HIGHEST = 16, 540  # pixels: of a line of text, and of the highest row that Excel has
_FORBIDDEN = re.compile(r"[\[\]:*?/\\']")
_UNSAFE = re.compile(r"[^\w./~!$&()+,;=@-]")


def sheets(paths: Sequence[Path], taken: Iterable[str]) -> list[str]:
    """A legal name for the sheet of each file: what the file is called, with its folder's name where two are alike."""
    used = {name.casefold() for name in (*taken, "History")}  # Excel keeps History for itself
    stems = Counter(path.stem.casefold() for path in paths)
    names: list[str] = []
    for path in paths:
        parts = [path.stem] if stems[path.stem.casefold()] == 1 else [path.absolute().parent.name, path.stem]
        name = _FORBIDDEN.sub("_", plain(" ".join(filter(None, parts)))).strip() or "file"
        names.append(_unique(name, used))
        used.add(names[-1].casefold())
    return names


def _unique(name: str, used: set[str]) -> str:
    """The name, shortened, with the first number that makes it new."""
    number, ending = 1, ""
    while (candidate := _short(name, LONGEST_NAME - len(ending)) + ending).casefold() in used:
        number += 1
        ending = f" ({number})"
    return candidate


def _short(name: str, most: int) -> str:
    """As much of the name as Excel takes, which counts UTF-16 units."""
    while len(name.encode("utf-16-le")) // 2 > most:
        name = name[:-1]
    return name.strip()


def address(path: Path, home: Path) -> str:
    """Where a file is, as a link from a folder has it: relative, but for a file on another drive of Windows."""
    try:
        drive, rest = "", os.path.relpath(path.absolute(), home)
    except ValueError:
        drive, rest = os.path.splitdrive(path.absolute())
    return f"external:{drive}{_UNSAFE.sub(_percent, Path(rest).as_posix())}"


def _percent(match: re.Match[str]) -> str:
    """A sign that has a meaning in a link, as %23; a byte that is no character comes from Python as half of one."""
    c = match[0]
    return quote(c, safe="", errors="surrogateescape" if "\udc80" <= c <= "\udcff" else "surrogatepass")


def cell(file: str, sheet: str, cells: str) -> str:
    """A link to cells of a file; to its sheet where they are no cells, such as a chart; to the file without a sheet."""
    if not sheet:
        return file
    return f"{file}#{quoted(plain(sheet))}!{cells if range_of(cells) else 'A1'}"


def put(sheet: Sheet, row: int, column: int, link: Link, *styles: str) -> None:
    """Write a link; one that Excel would not take is a plain text."""
    if len(link.target.encode("utf-16-le")) // 2 > LONGEST_LINK or sheet.hlink_count >= 65_000:
        sheet.put(row, column, link.text, *styles)
    else:
        sheet.link(row, column, link._replace(tip=link.tip[:LONGEST_TIP]), *styles)


def fit(sheet: Sheet, row: int, texts: Iterable[tuple[str, float]]) -> None:
    """Make a row as high as the texts in it need at the widths of their columns: LibreOffice does not do it itself."""
    lines = 1
    for text, width in texts:
        room = int(width * 1.18)  # most letters are narrower than a digit, which widths are counted in
        spread = "".join(c * (1 + (unicodedata.east_asian_width(c) in "WF")) for c in text)
        if len(spread) > room:  # a Chinese sign is as wide as two letters
            lines = max(lines, len(textwrap.wrap(spread, room)))
    if lines > 1:
        sheet.set_row_pixels(row - 1, min(LINE * lines + 4, HIGHEST))


def finite(x: float) -> float:
    """A number that a cell can hold."""
    return x if math.isfinite(x) else LARGEST
