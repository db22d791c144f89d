"""Comments in a copy of a workbook: what was there stays byte for byte, and every reader finds what was added."""

from __future__ import annotations

import re
import shutil
import subprocess
import zipfile
from pathlib import Path
from xml.etree import ElementTree

import openpyxl
import pytest
import xlsxwriter
from books import STEADY
from comment_books import BEFORE, BEHIND, OLD, STRICT, VML_TYPE, Notes, Odd, changed, odd_books, parts, stored
from hypothesis import example, given, settings
from hypothesis import strategies as st
from openpyxl.comments import Comment
from openxml_audit import FileFormat, OpenXmlValidator
from packages import OFFICE, PARTS, SHEET, sheet
from packages import write as write_parts

from sheetgen.excel import comments, notes, read
from sheetgen.excel.a1 import MAX_COLUMN, MAX_ROW, address
from sheetgen.excel.read import unescape

SUBMISSION = Path(__file__).parents[2] / "docs" / "examples" / "submissions" / "ben.xlsx"
ORDER = (*BEFORE, "legacyDrawing", *BEHIND)
TEXTS = st.text(st.characters(codec=None, exclude_categories=()), min_size=1, max_size=60)
CELLS = st.builds(address, st.integers(1, 3) | st.just(MAX_ROW), st.integers(1, 5) | st.just(MAX_COLUMN))


def validated(path: Path, version: FileFormat = FileFormat.MICROSOFT_365) -> list[str]:
    """What openxml-audit finds."""
    return [str(error) for error in OpenXmlValidator(version, max_errors=0).validate(path).errors]


def spoken(text: str) -> str:
    """What a comment says of any text."""
    return re.sub("[^\t\n -\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]", "\ufffd", re.sub("\r\n?", "\n", text))


def unescaped(text: str) -> str:
    return text.replace("_x005F_", "_")


@settings(**STEADY, max_examples=200)
@given(odd_books(), st.dictionaries(CELLS, TEXTS, min_size=1, max_size=6))
def test_any_workbook_gets_any_comments(
    tmp_path_factory: pytest.TempPathFactory, book: Odd, texts: dict[str, str]
) -> None:
    folder = tmp_path_factory.mktemp("odd")
    source, target = book.write(folder / "a.xlsx"), folder / "b.xlsx"
    comments.write(source, target, {"S": texts})
    allowed = {"[content_types].xml", book.sheet, "xl/comments1.xml", "xl/drawings/vmldrawing1.vml"}
    names = {name for name in changed(source, target) if "_rels" not in name}
    assert {name.casefold() for name in names} <= {name.casefold() for name in allowed}
    found = Notes(target, book.sheet)
    old = book.there
    new = {at: "\n\n".join(filter(None, (old.get(at), spoken(text)))) for at, text in texts.items()}
    assert {at: unescaped(text) for at, text in found.texts.items()} == {
        at: unescaped(text) for at, text in (old | new).items()
    }
    assert {found.authors[at] for at in new if at not in old} <= {"sheetgen"}
    assert {address(row + 1, column + 1) for row, column in found.boxes()} == {*old, *new}
    assert found.order() == sorted(found.order(), key=ORDER.index)
    assert found.type(found.drawing) == VML_TYPE or book.drawing
    assert found.type(found.part) == comments.COMMENTS_TYPE or book.part or book.old
    office = STRICT if book.strict else OFFICE
    assert all(type.startswith(f"{office}/") for type, _ in found.targets.values())
    (rels,) = (name for name in found.names if name.endswith(f"{book.sheet.rpartition('/')[2]}.rels"))
    assert found.type(f"/{rels}") or rels in parts(source)
    assert comments.is_copy(target) and not comments.is_copy(source)
    with zipfile.ZipFile(target) as copy:
        assert copy.testzip() is None and copy.comment == b"of the zip"


@settings(**STEADY, max_examples=100)
@given(TEXTS)
@example("_x0041_ _x005F_ x0041_")
def test_a_text_is_that_text_and_nothing_else(text: str) -> None:
    xml = notes.escaped(notes.legal(text))
    assert xml.isascii() and not set(xml) & set("<>\r")
    assert unescape(ElementTree.fromstring(f"<t>{xml}</t>").text or "") == spoken(text)


@pytest.mark.parametrize("cell", ["A1", "B3", "XFD1048576", "XFB1048570"])
@pytest.mark.parametrize("text", ["short", "line\n" * 20, "long " * 500, "漢字" * 200])
def test_a_box_fits_its_text_and_stands_in_the_sheet(cell: str, text: str) -> None:
    grid, (width, height) = notes.Grid(), notes.box(text)
    assert width * height >= 6 * 15 * len(text) or height == notes.TALLEST
    left, x, top, y, right, x2, bottom, y2 = map(int, grid.anchor(cell, width, height).split(","))
    assert 64 * (right - left) + x2 - x == width and 20 * (bottom - top) + y2 - y == height
    assert 0 <= left < right < MAX_COLUMN and 0 <= top < bottom < MAX_ROW and 0 <= x2 <= 64 and 0 <= y2 <= 20


@pytest.mark.parametrize("prefix", ["", "x"])
@pytest.mark.parametrize("closed", [True, False])
@pytest.mark.parametrize("kind", OLD)
def test_every_kind_of_comment_is_appended_to(kind: str, closed: bool, prefix: str, tmp_path: Path) -> None:
    book = Odd(old=(kind,), prefix=prefix, closed=closed, drawing=closed)
    comments.write(book.write(tmp_path / "a.xlsx"), tmp_path / "b.xlsx", {"S": {"A1": "more"}})
    found = Notes(tmp_path / "b.xlsx")
    assert found.texts == {"A1": "\n\n".join(filter(None, (book.there["A1"], "more")))} and found.boxes() == {(0, 0)}


def test_a_box_counts_the_sizes_of_columns_and_rows(tmp_path: Path) -> None:
    with xlsxwriter.Workbook(tmp_path / "a.xlsx") as book:
        one = book.add_worksheet("S")
        one.set_column_pixels("B:C", 10)
        one.set_column("D:D", None, None, {"hidden": True})
        one.set_column_pixels("E:E", 400)
        one.set_row_pixels(1, 400)
    comments.write(tmp_path / "a.xlsx", tmp_path / "b.xlsx", {"S": {"A1": "short"}})
    drawing = parts(tmp_path / "b.xlsx")["xl/drawings/vmlDrawing1.vml"].decode()
    assert "<x:Anchor>1, 5, 0, 10, 4, 304, 1, 19</x:Anchor>" in drawing
    cells = (
        '<cols><col min="2" max="9" width="5" hidden="1"/></cols><sheetData><row r="1" ht="30" hidden="1"/></sheetData>'
    )
    write_parts(tmp_path / "a.xlsx", {SHEET: sheet("").replace('<sheetData><row r="1"></row></sheetData>', cells)})
    comments.write(tmp_path / "a.xlsx", tmp_path / "b.xlsx", {"S": {"A1": "short"}})
    drawing = parts(tmp_path / "b.xlsx")["xl/drawings/vmlDrawing1.vml"].decode()
    assert "<x:Anchor>1, 0, 0, 0, 13, 56, 2, 8</x:Anchor>" in drawing


@pytest.mark.parametrize("text", ["x" * 40_000, "\U0001f600" * 20_000, "=1+1" * 10_000])
def test_a_long_text_is_cut_to_what_excel_holds(text: str, tmp_path: Path) -> None:
    target = tmp_path / "b.xlsx"
    comments.write(SUBMISSION, target, {"BackProp": {"A1": text}})
    comments.write(target, tmp_path / "c.xlsx", {"BackProp": {"A1": "more"}})
    for path in (target, tmp_path / "c.xlsx"):
        (found,) = Notes(path).texts.values()
        assert 32_766 <= notes.units(found) <= 32_767 and found.endswith("…")


def test_other_programs_read_the_comments_and_the_cells_stay(tmp_path: Path) -> None:
    target = tmp_path / "b.xlsx"
    comments.write(SUBMISSION, target, {"BackProp": {"z33": "one\ntwo <b>&", "$B$2": "=1+1"}})
    assert changed(SUBMISSION, target) == {
        "[Content_Types].xml", SHEET, "xl/worksheets/_rels/sheet1.xml.rels", "xl/comments1.xml",
        "xl/drawings/vmlDrawing1.vml",
    }  # fmt: skip
    assert read(target) == read(SUBMISSION)
    made = openpyxl.load_workbook(target)["BackProp"]
    assert [(made[at].comment.text, made[at].comment.author) for at in ("Z33", "B2")] == [
        ("one\ntwo <b>&", "sheetgen"), ("=1+1", "sheetgen")
    ]  # fmt: skip
    assert validated(target) == validated(target, FileFormat.OFFICE_2010) == []


@pytest.mark.skipif(shutil.which("soffice") is None, reason="LibreOffice is not installed")
def test_libreoffice_reads_them(tmp_path: Path) -> None:
    target = tmp_path / "b.xlsx"
    comments.write(SUBMISSION, target, {"BackProp": {"Z33": "one\ntwo <b>&"}})
    profile, out = (tmp_path / "profile").as_uri(), tmp_path / "out"
    command = [
        "soffice",
        f"-env:UserInstallation={profile}",
        "--headless",
        "--convert-to",
        "xlsx",
        "--outdir",
        str(out),
    ]
    subprocess.run([*command, str(target)], check=True, capture_output=True, timeout=120)
    assert openpyxl.load_workbook(out / "b.xlsx")["BackProp"]["Z33"].comment.text == "one\ntwo <b>&"


def with_openpyxl(path: Path) -> None:
    made = openpyxl.Workbook()
    made.active["A1"] = 1
    made.active["A1"].comment, made.active["C3"].comment = Comment("theirs", "Ann"), Comment("of C3", "Ann")
    made.create_sheet("other")["B2"].comment = Comment("elsewhere", "Bob")
    made.save(path)


def with_xlsxwriter(path: Path) -> None:
    with xlsxwriter.Workbook(path) as book:
        one, other = book.add_worksheet(), book.add_worksheet("other")
        one.write_comment("A1", "theirs", {"author": "Ann", "visible": True})
        one.write_comment("C3", "of C3", {"author": "Ann"})
        one.insert_button("F3", {"caption": "press"})
        one.add_table("A5:B7")
        other.write_comment("B2", "elsewhere")


@pytest.mark.parametrize("make", [with_openpyxl, with_xlsxwriter])
def test_comments_that_are_there_survive(make: object, tmp_path: Path) -> None:
    source, target = tmp_path / "a.xlsx", tmp_path / "b.xlsx"
    make(source)  # type: ignore[operator]
    first, other = comments.worksheets(source)
    comments.write(source, target, {first: {"A1": "ours", "B1": "new"}, other: {}})
    assert not any("2" in name for name in changed(source, target))
    made, old = openpyxl.load_workbook(target), openpyxl.load_workbook(source)
    there = {at: made[first][at].comment for at in ("A1", "B1", "C3")}
    assert {at: (note.text, note.author) for at, note in there.items()} == {
        "A1": ("theirs\n\nours", "Ann"), "B1": ("new", "sheetgen"), "C3": ("of C3", "Ann"),
    }  # fmt: skip
    assert made["other"]["B2"].comment.text == old["other"]["B2"].comment.text
    assert validated(target) == validated(source)


def test_a_copy_gets_more_comments_and_its_ids_stay_apart(tmp_path: Path) -> None:
    one, two = tmp_path / "1.xlsx", tmp_path / "2.xlsx"
    comments.write(SUBMISSION, one, {"BackProp": {f"A{k}": "x" for k in range(1, 1100)}})
    comments.write(one, two, {"BackProp": {f"B{k}": "y" for k in range(1, 1100)}})
    assert len(Notes(two).boxes()) == 2198
    assert 'data="1,2"' in parts(one)["xl/drawings/vmlDrawing1.vml"].decode()


def test_a_conversation_gets_a_reply(tmp_path: Path) -> None:
    """For where there is one, Excel shows it, and not the comment."""
    office = "http://schemas.microsoft.com/office"
    space = f'xmlns="{office}/spreadsheetml/2018/threadedcomments"'
    said = '<threadedComment ref="A1" dT="2024-05-01T10:00:00" personId="{P}" id="{T}"><text>?</text></threadedComment>'
    book = Odd(part=True, old=("t", "runs"), drawing=True).parts()
    rels = "xl/worksheets/_rels/sheet1.xml.rels"
    for name, kind, end in (
        (rels, "threadedComment", "/xl/threads.xml"),
        ("xl/_rels/workbook.xml.rels", "person", "p.xml"),
    ):
        more = f'<Relationship Id="t" Type="{office}/2017/10/relationships/{kind}" Target="{end}"/></Relationships>'
        book[name] = book[name].decode().replace("</Relationships>", more).encode()
    said = said.replace("{T}", "{R}").replace("id=", 'parentId="{T}" id=') + said  # a reply may come first
    book["xl/threads.xml"] = f"<ThreadedComments {space}>{said}</ThreadedComments>".encode()
    book["xl/p.xml"] = f'<personList {space}><person displayName="Ann" id="{{P}}"/></personList>'.encode()
    source, target = tmp_path / "a.xlsx", tmp_path / "b.xlsx"
    stored(source, book)
    comments.write(source, target, {"S": {"A1": "an <answer>", "B1": "no conversation", "C1": "new"}})
    assert {"xl/threads.xml", "xl/p.xml", "xl/comments1.xml"} < changed(source, target)
    assert Notes(target).texts == {"A1": "old\n\nan <answer>", "B1": "old\n\nno conversation", "C1": "new"}
    _, theirs, ours = ElementTree.fromstring(parts(target)["xl/threads.xml"])
    assert ours[0].text == "an <answer>" and ours.get("parentId") == theirs.get("id") == "{T}"
    assert ours.get("dT") == theirs.get("dT") and ours.get("ref") == "A1" and ours.get("id") != "{T}"
    ann, us = ElementTree.fromstring(parts(target)["xl/p.xml"])
    assert us.get("id") == ours.get("personId") != ann.get("id") and us.get("displayName") == "sheetgen"


def test_two_sheets_get_parts_of_their_own(tmp_path: Path) -> None:
    source, target = tmp_path / "a.xlsx", tmp_path / "b.xlsx"
    with xlsxwriter.Workbook(source) as book:
        for name in ("one", "two", "three"):
            book.add_worksheet(name)
        chart = book.add_chart({"type": "line"})
        chart.add_series({"values": "=one!$A$1:$A$2"})
        book.add_chartsheet("chart").set_chart(chart)
    assert comments.worksheets(source) == ["one", "two", "three"]
    comments.write(source, target, {"three": {"A1": "3"}, "one": {"A1": "1", "$A$1": "more"}})
    made = openpyxl.load_workbook(target)
    assert [sheet["A1"].comment and sheet["A1"].comment.text for sheet in made.worksheets] == ["1\n\nmore", None, "3"]
    assert {"xl/comments2.xml", "xl/drawings/vmlDrawing2.vml"} < set(parts(target))


def test_names_that_are_taken_are_left_alone(tmp_path: Path) -> None:
    types = PARTS["[Content_Types].xml"].replace(
        "</Types>", '<Override PartName="/xl/comments2.xml" ContentType="a"/></Types>'
    )
    taken: dict[str, str | bytes] = {
        "XL/Comments1.xml": "<a/>",
        "/xl/drawings/VMLDRAWING1.vml": "<a/>",
        SHEET: sheet(""),
    }
    source, target = write_parts(tmp_path / "a.xlsx", {**taken, "[Content_Types].xml": types}), tmp_path / "b.xlsx"
    comments.write(source, target, {"S": {"A1": "x"}})
    new = {name for name in parts(target) if name not in parts(source)}
    assert new == {"xl/comments3.xml", "xl/drawings/vmlDrawing2.vml", "xl/worksheets/_rels/sheet1.xml.rels"}


def test_the_copy_is_the_same_every_time(tmp_path: Path) -> None:
    for name in ("a.xlsx", "b.xlsx"):
        comments.write(SUBMISSION, tmp_path / name, {"BackProp": {"A1": "x", "B9": "y"}})
    assert (tmp_path / "a.xlsx").read_bytes() == (tmp_path / "b.xlsx").read_bytes()
    with zipfile.ZipFile(tmp_path / "a.xlsx") as book, zipfile.ZipFile(SUBMISSION) as source:
        old = {info.filename: info.date_time for info in source.infolist()}
        assert all(i.date_time == old.get(i.filename, (1980, 1, 1, 0, 0, 0)) for i in book.infolist())
