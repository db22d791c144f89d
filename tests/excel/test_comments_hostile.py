"""Comments in a workbook that means harm, or into a place that is taken: one sentence, and nothing is lost."""

from __future__ import annotations

import re
import shutil
import zipfile
from pathlib import Path

import pytest
from books import STEADY
from comment_books import Odd, changed, odd_books, stored
from hypothesis import given, settings
from hypothesis import strategies as st
from packages import HOSTILE, PARTS, SHEET, sheet
from packages import write as write_parts

from sheetgen.base.files import CannotWrite
from sheetgen.excel import UnreadableWorkbook, comments

SUBMISSION = Path(__file__).parents[2] / "docs" / "examples" / "submissions" / "ben.xlsx"


@settings(**STEADY, max_examples=300)
@given(odd_books(), st.integers(0), st.integers(0), st.binary(max_size=4), st.integers(0, 40))
def test_a_damaged_workbook_is_refused_or_copied(
    tmp_path_factory: pytest.TempPathFactory, book: Odd, part: int, at: int, new: bytes, gone: int
) -> None:
    """Whatever stands where in whichever part."""
    folder, made = tmp_path_factory.mktemp("damaged"), book.parts()
    name = list(made)[part % len(made)]
    at %= len(made[name]) + 1
    made[name] = made[name][:at] + new + made[name][at + gone :]
    source, target = stored(folder / "a.xlsx", made), folder / "b.xlsx"
    try:
        comments.write(source, target, {"S": {"A1": "x", "B2": "y"}})
    except UnreadableWorkbook as error:
        assert str(error).startswith("a.xlsx ") and not target.exists()
    except ValueError as error:
        assert str(error) == "'S' is no worksheet."
    else:
        changed(source, target)


@pytest.mark.parametrize("name", sorted(HOSTILE))
def test_what_cannot_be_read_is_refused_and_nothing_is_written(name: str, tmp_path: Path) -> None:
    make, words = HOSTILE[name]
    make(tmp_path / "book.xlsx")
    try:
        comments.write(tmp_path / "book.xlsx", tmp_path / "copy.xlsx", {"S": {"A1": "x"}})
    except UnreadableWorkbook as error:
        assert str(error).startswith("book.xlsx ") and "\n" not in str(error)
        assert not (tmp_path / "copy.xlsx").exists()
    except ValueError as error:
        assert str(error) == "'S' is no worksheet." and words == "no part for the sheet S"
    else:  # what is wrong with it stands in cells, which no comment needs, or its sheet is of UTF-16
        cells = ("address", "same cell", "same cell, empty", "cell in a cell", "orphan", "long", "deep")
        assert "S!" in words or name in (*cells, "two sheets", "utf-16")


def test_comments_that_two_sheets_share_are_refused(tmp_path: Path) -> None:
    shared = '<R><Relationship Id="a" Type="x/comments" Target="/c.xml"/></R>'
    parts: dict[str, str | bytes] = {
        SHEET: sheet(""), "b.xml": sheet(""), "c.xml": "<comments/>",
        "xl/worksheets/_rels/sheet1.xml.rels": shared, "_rels/b.xml.rels": shared,
    }  # fmt: skip
    tab, relation = (
        '<sheet name="T" r:id="rId2"/></sheets>',
        '<Relationship Id="rId2" Type="x/worksheet" Target="/b.xml"/>',
    )
    for name, end, more in (("xl/workbook.xml", "</sheets>", tab), ("xl/_rels/workbook.xml.rels", "", relation)):
        parts[name] = PARTS[name].replace(end or "</Relationships>", more + "</Relationships>" * (not end))
    source = write_parts(tmp_path / "book.xlsx", parts)
    comments.write(source, tmp_path / "copy.xlsx", {"T": {"A1": "x"}})
    with pytest.raises(UnreadableWorkbook, match=r"has one part for two things, c\.xml"):
        comments.write(source, tmp_path / "copy.xlsx", {"S": {"A1": "x"}, "T": {"A1": "x"}})


def test_a_comment_at_no_cell_stays_without_a_box(tmp_path: Path) -> None:
    old = '<comments><authors/><commentList><comment ref="?"/><comment/><comment ref="B2:C3"/></commentList></comments>'
    rels = '<R><Relationship Id="a" Type="x/comments" Target="/c.xml"/></R>'
    parts: dict[str, str | bytes] = {SHEET: sheet(""), "c.xml": old, "xl/worksheets/_rels/sheet1.xml.rels": rels}
    comments.write(write_parts(tmp_path / "a.xlsx", parts), tmp_path / "b.xlsx", {"S": {"B2": "x"}})
    with zipfile.ZipFile(tmp_path / "b.xlsx") as book:
        assert book.read("xl/drawings/vmlDrawing1.vml").count(b"<v:shape ") == 1
        assert b'<comment ref="B2:C3"><text><r>' in book.read("c.xml")


@pytest.mark.parametrize(("broken", "words"), [
    ({"[Content_Types].xml": ""}, "lacks the part [Content_Types].xml"),
    ({"[Content_Types].xml": "<Types>"}, "broken XML in [Content_Types].xml"),
    ({"xl/worksheets/_rels/sheet1.xml.rels": '<R><Relationship Id="a" Type="x/comments" Target="c.xml"/></R>'},
     "lacks the part xl/worksheets/c.xml"),
    ({SHEET: sheet("").replace("</worksheet>", '<legacyDrawing id="rId1"/></worksheet>')}, "names in xl/worksheets"),
    ({"xl/worksheets/_rels/sheet1.xml.rels": '<R><Relationship Id="a" Type="x/comments" Target="/c.xml"/></R>',
      "c.xml": f"<c>{'<a/>' * 100_001}</c>"}, "elements in c.xml"),
    ({"xl/worksheets/_rels/sheet1.xml.rels": '<R><Relationship Id="a" Type="x/comments" Target="/c.xml"/></R>',
      "c.xml": b"\xff\xfe<\0c\0/\0>"}, "is no UTF-16"),
    ({"xl/worksheets/_rels/sheet1.xml.rels": '<R><Relationship Id="a" Type="x/comments" Target="/c.xml"/></R>',
      "c.xml": '<!DOCTYPE c [<!ENTITY e "h">]><c>&e;</c>'.encode("utf-16")}, "DOCTYPE in c.xml"),
])  # fmt: skip
def test_a_part_that_only_comments_need_is_held_to_the_same_limits(
    broken: dict[str, str | bytes], words: str, tmp_path: Path
) -> None:
    source = write_parts(tmp_path / "book.xlsx", {SHEET: sheet(""), **broken})
    with pytest.raises(UnreadableWorkbook, match=re.escape(words)):
        comments.write(source, tmp_path / "copy.xlsx", {"S": {"A1": "x"}})
    assert sorted(path.name for path in tmp_path.iterdir()) == ["book.xlsx"]


def test_the_source_is_never_written_to_and_a_failure_leaves_what_was_there(tmp_path: Path) -> None:
    source = Path(shutil.copy(SUBMISSION, tmp_path / "a.xlsx"))
    (tmp_path / "link.xlsx").symlink_to(source)
    (tmp_path / "folder").mkdir()
    for target in ("a.xlsx", "link.xlsx", "folder", "a.xlsx/b.xlsx"):
        with pytest.raises(CannotWrite):
            comments.write(source, tmp_path / target, {"BackProp": {"A1": "x"}})
    for wrong in ({"Sheet": {"A1": "x"}}, {"BackProp": {"A1:B2": "x"}}, {"BackProp": {"A0": "x"}}):
        with pytest.raises(ValueError, match="is no"):
            comments.write(source, tmp_path / "b.xlsx", wrong)
    assert source.read_bytes() == SUBMISSION.read_bytes() and not (tmp_path / "b.xlsx").exists()
