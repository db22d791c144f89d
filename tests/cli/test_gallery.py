"""The gallery: a picture of every sheet as a screen shows it, and the page that shows them."""

from __future__ import annotations

import runpy
from pathlib import Path
from typing import Any

import pytest
import xlsxwriter
from PIL import Image
from shown import ROOT

GALLERY = ROOT / "docs" / "gallery"


@pytest.fixture(scope="module")
def gallery() -> dict[str, Any]:
    """What docs/gallery.py defines."""
    return runpy.run_path(str(ROOT / "docs" / "gallery.py"))


def test_the_page_shows_every_sheet_of_the_default_workbook(gallery: dict[str, Any]) -> None:
    assert (ROOT / "docs" / "gallery.md").read_text() == gallery["page"]()
    pictures = {gallery["file_name"](sheet) for sheet in gallery["index"]()}
    assert {path.name for path in GALLERY.iterdir()} == pictures
    for name in pictures:
        path = GALLERY / name
        with Image.open(path) as picture:
            assert picture.size == (1366, 768) and path.stat().st_size < 150_000, name


def test_a_screen_has_each_cell_in_its_place(gallery: dict[str, Any], tmp_path: Path) -> None:
    """Wide and hidden columns, a tall row, a print area, a scale and a name with an ampersand notwithstanding."""
    path = tmp_path / "book.xlsx"
    arial = {"font_name": "Arial", "font_size": 10}  # columns are as wide as the digits of the first font
    with xlsxwriter.Workbook(path, {"default_format_properties": arial}) as book:
        first, second = book.add_worksheet("Q&A, it's"), book.add_worksheet("other")
        red, blue = book.add_format({"bg_color": "#FF0000"}), book.add_format({"bg_color": "#0000FF"})
        first.set_column_pixels(0, 0, 200)
        first.set_column_pixels(1, 1, 100, None, {"hidden": True})
        first.set_row_pixels(0, 300)
        first.write(1, 2, "-", red)  # at (200, 300), 64 x 20
        first.write(1, 19, "-", red)  # at (1,288, 300)
        first.write_formula(5, 2, "=1+1", None, 999)  # what is drawn is calculated anew
        first.conditional_format(5, 2, 5, 2, {"type": "cell", "criteria": "=", "value": 2, "format": red})  # (200, 380)
        first.print_area(0, 0, 0, 0)
        first.set_print_scale(50)
        second.write(0, 20, "-", blue)  # at (1,280, 0)
        second.fit_to_pages(1, 0)
        second.write(5000, 0, "far below")
    shown = dict(gallery["screens"](path))
    assert list(shown) == ["Q&A, it's", "other"] and {screen.size for screen in shown.values()} == {(1366, 768)}
    white, red_seen, seen = (255, 255, 255), (255, 0, 0), shown["Q&A, it's"]
    assert {seen.getpixel(at) for at in ((232, 310), (1330, 310), (232, 390))} == {red_seen}
    assert {seen.getpixel(at) for at in ((190, 310), (275, 310), (232, 290), (232, 330))} == {white}
    assert shown["other"].getpixel((1310, 10)) == (0, 0, 255) and shown["other"].getpixel((1260, 10)) == white
