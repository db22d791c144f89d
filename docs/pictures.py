"""Draw the pictures of README.md and docs: `python docs/pictures.py`.

It needs LibreOffice, pdftoppm, Chromium and npm.

docs/contact.png holds the first page of every sheet of out/sheetgen.xlsx, docs/live.png its sheet Live CNN, and
docs/audit.png two sheets of the report that `sheetgen audit` writes on the folder docs/examples/submissions, and
docs/web.png the page that judges in a browser, with a verdict.
"""

import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from PIL import Image, ImageChops, ImageDraw, ImageFont

ROOT = Path(__file__).resolve().parents[1]
COLUMNS, WIDTH, HEIGHT, GAP, LABEL = 5, 300, 212, 12, 22  # of a thumbnail, in pixels; the first sheet has four places
ENLARGED = 1.3
INK, LINE = "#1b2a3a", "#c9d1da"
FOOTER = re.compile(r"sheetgen +(.+?) +page \d+ of \d+")


def pages(book: Path, resolution: int) -> Iterator[tuple[str, Image.Image]]:
    """(sheet, its first page) of a workbook, as LibreOffice prints it."""
    with tempfile.TemporaryDirectory() as scratch:
        profile = f"-env:UserInstallation={Path(scratch, 'profile').as_uri()}"
        run("soffice", profile, "--headless", "--convert-to", "pdf", "--outdir", scratch, str(book))
        pdf = Path(scratch, book.name).with_suffix(".pdf")
        seen = set()
        for number, text in enumerate(run("pdftotext", "-layout", str(pdf), "-").split("\f"), 1):
            found = FOOTER.findall(text)
            if found and found[-1] not in seen:
                seen.add(found[-1])
                page = Path(scratch, "page")
                only = ["-f", str(number), "-l", str(number), "-singlefile"]
                run("pdftoppm", "-png", "-r", str(resolution), *only, str(pdf), str(page))
                yield found[-1], Image.open(page.with_suffix(".png")).convert("RGB")


def run(*words: str) -> str:
    """What a program prints; subprocess.CalledProcessError if it fails."""
    return subprocess.run(words, check=True, capture_output=True, text=True).stdout


def cut(page: Image.Image, margin: int = 8) -> Image.Image:
    """The page without its footer and the white around what is printed."""
    body = page.crop((0, 0, page.width, int(page.height * 0.95)))
    printed = ImageChops.difference(body, Image.new("RGB", body.size, "white"))
    left, top, right, bottom = printed.getbbox() or (0, 0, *body.size)
    right, bottom = min(right + margin, body.width), min(bottom + margin, body.height)
    return body.crop((max(left - margin, 0), max(top - margin, 0), right, bottom))


def fitted(page: Image.Image, width: int, height: int) -> Image.Image:
    """The upper left of what is printed on a page, nearly as wide as the frame: more would be too small to read."""
    inner = cut(page)
    scale = width / inner.width * (1 if width > WIDTH else ENLARGED)
    small = inner.resize((round(inner.width * scale), round(inner.height * scale)), Image.Resampling.LANCZOS)
    frame = Image.new("RGB", (width, height), "white")
    frame.paste(small, (0, 0))
    ImageDraw.Draw(frame).rectangle((0, 0, width - 1, height - 1), outline=LINE)
    return frame


def contact(sheets: list[tuple[str, Image.Image]]) -> Image.Image:
    """All sheets side by side, each with its name; the first is twice as wide and high."""
    places = [(k % COLUMNS, k // COLUMNS) for k in range(len(sheets) + 3)]
    places = [(0, 0), *(at for at in places if at not in [(0, 0), (1, 0), (0, 1), (1, 1)])]
    across, down = WIDTH + GAP, HEIGHT + LABEL + GAP
    rows = 1 + max(row for _, row in places)
    canvas = Image.new("RGB", (COLUMNS * across + GAP, rows * down + GAP), "#f3f5f8")
    draw, font = ImageDraw.Draw(canvas), ImageFont.load_default(size=15)
    for k, ((name, page), (column, row)) in enumerate(zip(sheets, places, strict=True)):
        size = (WIDTH, HEIGHT) if k else (WIDTH + across, HEIGHT + down)
        x, y = GAP + column * across, GAP + row * down
        canvas.paste(fitted(page, *size), (x, y))
        draw.text((x, y + size[1] + 2), name, fill=INK, font=font)
    return canvas


def save(picture: Image.Image, name: str, colours: int = 128) -> None:
    """Write a picture into docs, with few colours: it is to load at once."""
    path = ROOT / "docs" / name
    picture.quantize(colours, method=Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE).save(path, optimize=True)
    print(f"{path}: {picture.width} x {picture.height}, {path.stat().st_size:,} bytes")


def audited() -> Image.Image:
    """The report on the three workbooks: its first sheet, and below it that on Ben's."""
    with tempfile.TemporaryDirectory() as scratch:
        report = Path(scratch, "marks.xlsx")
        words = [sys.executable, "-m", "sheetgen", "audit", "docs/examples/submissions", "--report", str(report)]
        subprocess.run(words, cwd=ROOT, capture_output=True, check=False)  # its status is 1: two of them are wrong
        shown = {name: cut(page) for name, page in pages(report, 110)}
    above, below = shown["Summary"], shown["ben"]
    canvas = Image.new("RGB", (max(above.width, below.width), above.height + below.height + 2 * GAP), "white")
    canvas.paste(above, (0, 0))
    canvas.paste(below, (0, above.height + 2 * GAP))
    ImageDraw.Draw(canvas).line((0, above.height + GAP, canvas.width, above.height + GAP), fill=LINE, width=2)
    return canvas


def page() -> Image.Image:
    """The page in a browser after one of the workbooks was dropped on it."""
    sys.path.insert(0, str(ROOT / "tests" / "helpers"))
    import web_page

    with tempfile.TemporaryDirectory() as scratch:
        site, picture = web_page.site(Path(scratch, "site")), Path(scratch, "page.png")
        with web_page.chromium() as browser, web_page.served(site) as address:
            visit = web_page.Visit(browser, address)
            visit.page.set_viewport_size({"width": 1120, "height": 800})
            visit.page.wait_for_selector("html[data-offline]", state="attached")
            visit.drop(ROOT / "docs" / "examples" / "submissions" / "ben.xlsx")
            visit.page.locator(".finding").wait_for()
            visit.page.evaluate("document.querySelectorAll('#verdicts ~ section').forEach((part) => part.remove())")
            visit.page.screenshot(path=picture, full_page=True)
        return Image.open(picture).convert("RGB")


if __name__ == "__main__":
    sheets = list(pages(ROOT / "out" / "sheetgen.xlsx", 96))
    save(contact(sheets), "contact.png")
    save(cut(dict(sheets)["Live CNN"]), "live.png")
    save(audited(), "audit.png")
    save(page(), "web.png")
