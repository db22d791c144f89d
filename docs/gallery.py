"""Take a picture of every sheet of a workbook as a screen shows it: `python docs/gallery.py [WORKBOOK] [FOLDER]`.

Without a folder: those of out/sheetgen.xlsx into docs/gallery, with the page docs/gallery.md. It needs LibreOffice and
pdftoppm. A screen is 1,366 x 768 pixels at 100 %, the cells from A1 on; `--pages` takes every page as it is printed.
"""

from __future__ import annotations

import argparse
import re
import subprocess
import tempfile
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from PIL import Image

from sheetgen.excel.a1 import column_letters

ROOT = Path(__file__).resolve().parents[1]
SCREEN = 1366, 768  # pixels
INCH = 96  # pixels
ROW, COLUMN = 20, 64  # pixels, where a sheet says nothing
PAPER = 'paperSize="66" orientation="landscape"'  # A2, 2,245 x 1,587 pixels: a screen fits, and a footer below it
LINE = "sheetgen &amp;A page &amp;P of &amp;N"
FOOTER = re.compile(r"sheetgen +(.+?) +page \d+ of \d+")
SHEET = re.compile(r'<sheet name="([^"]*)"[^>]*?r:id="rId(\d+)"')
COLUMNS = re.compile(r'<col min="(\d+)" max="(\d+)" width="([\d.]+)"([^>]*)/>')
ROWS = re.compile(r'<row r="(\d+)"([^>]*)>')
PAGE = re.compile(r"<pageMargins[^>]*/>(?:<pageSetup[^>]*/>)?(?:<headerFooter[^>]*>.*?</headerFooter>)?", re.S)


class Printed(NamedTuple):
    """A page of a sheet."""

    sheet: str
    number: int  # of the sheet, from 1
    picture: Image.Image


def run(*words: str) -> str:
    """What a program prints; subprocess.CalledProcessError if it fails."""
    return subprocess.run(words, check=True, capture_output=True, text=True).stdout


def pages(book: Path, resolution: int, first: bool = False) -> Iterator[Printed]:
    """The pages of a workbook as LibreOffice prints it, or the `first` of every sheet."""
    with tempfile.TemporaryDirectory() as scratch:
        yield from _pages(printed(book, Path(scratch)), resolution, first)


def _pages(pdf: Path, resolution: int, first: bool) -> Iterator[Printed]:
    seen: dict[str, int] = {}
    for number, text in enumerate(run("pdftotext", "-layout", str(pdf), "-").split("\f"), 1):
        if found := FOOTER.findall(text):
            sheet = found[-1]
            seen[sheet] = seen.get(sheet, 0) + 1
            if seen[sheet] == 1 or not first:
                page = pdf.with_name("page")
                only = ["-f", str(number), "-l", str(number), "-singlefile"]
                run("pdftoppm", "-png", "-r", str(resolution), *only, str(pdf), str(page))
                yield Printed(sheet, seen[sheet], Image.open(page.with_suffix(".png")).convert("RGB"))


def printed(book: Path, folder: Path) -> Path:
    """The PDF that LibreOffice makes of a workbook."""
    profile = f"-env:UserInstallation={(folder / 'profile').as_uri()}"
    run("soffice", profile, "--headless", "--convert-to", "pdf", "--outdir", str(folder), str(book))
    return (folder / book.name).with_suffix(".pdf")


def screens(book: Path, scale: float = 1.0) -> Iterator[tuple[str, Image.Image]]:
    """(sheet, what a screen shows of it) for the sheets of a workbook that are in sight.

    It is a copy of the workbook that is printed, with the screen's cells for a page.
    """
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        draft = folder / "screens.xlsx"
        _as_pages(book, draft)
        for sheet, _, page in _pages(printed(draft, folder), round(INCH * scale), first=True):
            yield sheet, page.crop((0, 0, round(SCREEN[0] * scale), round(SCREEN[1] * scale)))


def _as_pages(book: Path, draft: Path) -> None:
    """Write a copy of a workbook in which the screen's cells are each sheet's only page."""
    with zipfile.ZipFile(book) as source, zipfile.ZipFile(draft, "w", zipfile.ZIP_DEFLATED) as target:
        workbook = source.read("xl/workbook.xml").decode()
        names = [re.sub(r"&(amp|apos);", lambda m: "&'"[m[1] == "apos"], name) for name, _ in SHEET.findall(workbook)]
        areas = []
        for part in source.namelist():
            content = source.read(part)
            if found := re.fullmatch(r"xl/worksheets/sheet(\d+)\.xml", part):
                text, last = _one_page(content.decode())
                k = int(found[1]) - 1
                quoted = names[k].replace("'", "''").replace("&", "&amp;")
                area = f"'{quoted}'!$A$1:{last}"
                areas.append(f'<definedName name="_xlnm.Print_Area" localSheetId="{k}">{area}</definedName>')
                content = text.encode()
            if part != "xl/workbook.xml":
                target.writestr(part, content)
        kept = re.sub(r'<definedName name="_xlnm\.Print_(?:Area|Titles)"[^>]*>[^<]*</definedName>', "", workbook)
        target.writestr("xl/workbook.xml", kept.replace("<definedNames>", "<definedNames>" + "".join(areas)))


def _one_page(sheet: str) -> tuple[str, str]:
    """A sheet's XML set up for one page of the screen's cells, and the last of these."""
    widths: dict[int, int] = {}
    for first, last, width, more in COLUMNS.findall(sheet):
        pixels = 0 if 'hidden="1"' in more else int(float(width) * 7 + 0.5)
        widths |= dict.fromkeys(range(int(first), min(int(last), 500) + 1), pixels)
    heights = {}
    for row, more in ROWS.findall(sheet[: sheet.find("</sheetData>")]):
        height = re.search(r' ht="([\d.]+)"', more)
        heights[int(row)] = 0 if 'hidden="1"' in more else round(float(height[1]) * 4 / 3) if height else ROW
    last = f"${column_letters(_reaching(SCREEN[0], widths, COLUMN))}${_reaching(SCREEN[1], heights, ROW)}"
    setup = (
        '<pageMargins left="0" right="0" top="0" bottom="1" header="0" footer="0.3"/>'
        f'<pageSetup scale="100" {PAPER}/><headerFooter><oddFooter>{LINE}</oddFooter></headerFooter>'
    )
    text = sheet.replace('<pageSetUpPr fitToPage="1"/>', "")
    text = re.sub(r"<(row|col)Breaks.*?</\1Breaks>", "", text, flags=re.S)
    return PAGE.sub(setup, text, count=1), last


def _reaching(pixels: int, sizes: dict[int, int], usual: int) -> int:
    """How many rows or columns it takes to fill some pixels."""
    count = 0
    while pixels > 0:
        count += 1
        pixels -= sizes.get(count, usual)
    return count


def file_name(sheet: str) -> str:
    """The name of a sheet's picture."""
    return re.sub(r"[^a-z0-9]+", "-", sheet.lower()).strip("-") + ".png"


def save(picture: Image.Image, path: Path, colours: int = 128) -> None:
    """Write a picture with few colours: it is to load at once."""
    path.parent.mkdir(parents=True, exist_ok=True)
    picture.quantize(colours, method=Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE).save(path, optimize=True)
    print(f"{path}: {picture.width} x {picture.height}, {path.stat().st_size:,} bytes")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("workbook", nargs="?", type=Path, default=ROOT / "out" / "sheetgen.xlsx")
    parser.add_argument("folder", nargs="?", type=Path, default=ROOT / "docs" / "gallery")
    parser.add_argument("--pages", action="store_true", help="every page as it is printed")
    parser.add_argument("--scale", type=float, default=1.0, help="of a screen")
    given = parser.parse_args()
    if given.pages:
        for sheet, number, picture in pages(given.workbook, 70):
            save(picture, given.folder / file_name(f"{sheet} page {number:02d}"))
    else:
        for sheet, picture in screens(given.workbook, given.scale):
            save(picture, given.folder / file_name(sheet))
