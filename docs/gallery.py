"""Take a picture of every sheet of a workbook as a screen shows it: `python docs/gallery.py [WORKBOOK FOLDER]`.

Without arguments: of out/sheetgen.xlsx, into docs/gallery, with the page docs/gallery.md, and docs/contact.png of all.
It needs LibreOffice and pdftoppm. A screen is 1,366 x 768 pixels at 100 %, the cells from A1 on; `--pages` takes every
page as it is printed.
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

from PIL import Image, ImageDraw, ImageFont

from mnist.sheets.common import INDEX as MNIST_INDEX
from mnist.sheets.common import LAST_INDEX, LIVE_INDEX
from sheetgen.excel.a1 import column_letters
from sheetgen.judge.engines import libreoffice
from sheetgen.writer import style
from sheetgen.writer.plan import START
from sheetgen.writer.sheets.start import INDEX

ROOT = Path(__file__).resolve().parents[1]
DOCS = ROOT / "docs"
ACROSS, THUMBNAIL, GAP, LABEL = 5, (320, 180), 12, 22  # of the contact sheet, in pixels; the first has four places
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
                png = pdf.with_name("page.png")
                only = ["-f", str(number), "-l", str(number), "-singlefile"]
                run("pdftoppm", "-png", "-r", str(resolution), *only, str(pdf), str(png.with_suffix("")))
                yield Printed(sheet, seen[sheet], Image.open(png).convert("RGB"))


def printed(book: Path, folder: Path) -> Path:
    """The PDF that LibreOffice makes of a workbook, which it calculates anew."""
    libreoffice.soffice(folder, libreoffice.TIMEOUT, "--convert-to", "pdf", "--outdir", str(folder), str(book))
    return (folder / book.name).with_suffix(".pdf")


def screens(book: Path) -> Iterator[tuple[str, Image.Image]]:
    """(sheet, what a screen shows of it) for the sheets of a workbook that are in sight.

    It is a copy of the workbook that is printed, with the screen's cells for a page.
    """
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        draft = folder / "screens.xlsx"
        _as_pages(book, draft)
        for sheet, _, picture in _pages(printed(draft, folder), INCH, first=True):
            yield sheet, picture.crop((0, 0, *SCREEN))


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
        widths |= dict.fromkeys(range(int(first), min(int(last), 3_000) + 1), pixels)
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


def save(picture: Image.Image, path: Path) -> None:
    """Write a picture with a palette, so that it loads at once; rare colours stay, for they have meanings."""
    path.parent.mkdir(parents=True, exist_ok=True)
    few = picture.quantize(256, method=Image.Quantize.MAXCOVERAGE, kmeans=3, dither=Image.Dither.NONE)
    few.save(path, optimize=True)
    print(f"{path}: {picture.width} x {picture.height}, {path.stat().st_size:,} bytes")


def index() -> dict[str, str]:
    """What Start says of every sheet of the default workbook, in their order."""
    first = START, "the way in: the verdict, where to begin, and the index"
    return dict([first, *INDEX, *MNIST_INDEX, *LIVE_INDEX, *LAST_INDEX])


def page() -> str:
    """The page docs/gallery.md."""
    lines = [
        "# Gallery",
        "",
        "Every sheet of the default workbook as a screen of 1,366 x 768 pixels shows it at 100 %, drawn by LibreOffice",
        "from its formulas: `.venv/bin/python build.py`, then `.venv/bin/python docs/gallery.py`.",
    ]
    for sheet, about in index().items():
        lines += [
            "",
            f"## {sheet}",
            "",
            f"{about[0].upper()}{about[1:]}.",
            "",
            f"![{sheet}](gallery/{file_name(sheet)})",
        ]
    return "\n".join(lines) + "\n"


def contact(shown: dict[str, Image.Image]) -> Image.Image:
    """All sheets side by side, each with its name; the first is twice as wide and high."""
    places = [(k % ACROSS, k // ACROSS) for k in range(len(shown) + 3)]
    places = [(0, 0), *(at for at in places if at not in [(0, 0), (1, 0), (0, 1), (1, 1)])]
    across, down = THUMBNAIL[0] + GAP, THUMBNAIL[1] + LABEL + GAP
    rows = 1 + max(row for _, row in places)
    canvas = Image.new("RGB", (ACROSS * across + GAP, rows * down + GAP), style.PAPER)
    draw, font = ImageDraw.Draw(canvas), ImageFont.load_default(size=15)
    for k, ((name, screen), (column, row)) in enumerate(zip(shown.items(), places, strict=True)):
        size = THUMBNAIL if k else (THUMBNAIL[0] + across, THUMBNAIL[1] + down)
        x, y = GAP + column * across, GAP + row * down
        canvas.paste(screen.resize(size, Image.Resampling.LANCZOS), (x, y))
        draw.rectangle((x, y, x + size[0] - 1, y + size[1] - 1), outline=style.RULE)
        draw.text((x, y + size[1] + 2), name, fill=style.INK, font=font)
    return canvas


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("workbook", nargs="?", type=Path, default=ROOT / "out" / "sheetgen.xlsx")
    parser.add_argument("folder", nargs="?", type=Path)
    parser.add_argument("--pages", action="store_true", help="every page as it is printed")
    given = parser.parse_args()
    folder = given.folder or DOCS / "gallery"
    if given.pages:
        for sheet, number, picture in pages(given.workbook, 70):
            save(picture, folder / file_name(f"{sheet} page {number:02d}"))
    else:
        taken = dict(screens(given.workbook))
        for sheet, picture in taken.items():
            save(picture, folder / file_name(sheet))
        if not given.folder:
            save(contact(taken), DOCS / "contact.png")
            (DOCS / "gallery.md").write_text(page())
