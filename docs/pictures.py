"""Draw the pictures of README.md and docs that are not of the default workbook: `python docs/pictures.py`.

docs/audit.png holds two sheets of the report that `sheetgen audit` writes on the folder docs/examples/submissions, and
docs/web.png the page that judges in a browser, with a verdict. It needs LibreOffice, pdftoppm, Chromium and npm.
"""

import subprocess
import sys
import tempfile
from pathlib import Path

import gallery
from gallery import ROOT
from PIL import Image, ImageChops, ImageDraw

from sheetgen.writer.style import RULE

GAP = 12  # pixels


def cut(page: Image.Image, margin: int = 8) -> Image.Image:
    """The page without its footer and the white around what is printed."""
    body = page.crop((0, 0, page.width, int(page.height * 0.95)))
    printed = ImageChops.difference(body, Image.new("RGB", body.size, "white"))
    left, top, right, bottom = printed.getbbox() or (0, 0, *body.size)
    right, bottom = min(right + margin, body.width), min(bottom + margin, body.height)
    return body.crop((max(left - margin, 0), max(top - margin, 0), right, bottom))


def audited() -> Image.Image:
    """The report on the three workbooks: its first sheet, and below it that on Ben's."""
    with tempfile.TemporaryDirectory() as scratch:
        report = Path(scratch, "marks.xlsx")
        words = [sys.executable, "-m", "sheetgen", "audit", "docs/examples/submissions", "--report", str(report)]
        subprocess.run(words, cwd=ROOT, capture_output=True, check=False)  # its status is 1: two of them are wrong
        shown = {sheet: cut(picture) for sheet, _, picture in gallery.pages(report, 110, first=True)}
    above, below = shown["Summary"], shown["ben"]
    canvas = Image.new("RGB", (max(above.width, below.width), above.height + below.height + 2 * GAP), "white")
    canvas.paste(above, (0, 0))
    canvas.paste(below, (0, above.height + 2 * GAP))
    ImageDraw.Draw(canvas).line((0, above.height + GAP, canvas.width, above.height + GAP), fill=RULE, width=2)
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
    gallery.save(audited(), gallery.DOCS / "audit.png")
    gallery.save(page(), gallery.DOCS / "web.png")
