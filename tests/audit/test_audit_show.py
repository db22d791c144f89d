"""Every report, read back: complete, in order, and safe from whatever stands in a stranger's workbook."""

import io
import json
import re
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from books import STEADY
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.console import Console
from verdicts import HOSTILE, WHY, class_of, finding, hostile, judged, safe

from sheetgen.audit.show import gradescope, junit, machine, markdown, text
from sheetgen.audit.verdict import Judged, Verdict
from sheetgen.base.files import save
from sheetgen.base.finding import Finding
from sheetgen.base.text import plain
from sheetgen.base.version import __version__
from sheetgen.cli import verdicts as terminal


def printed(verdicts: list[Verdict], width: int = 500, **options: Any) -> str:
    out = Console(file=io.StringIO(), width=width, markup=False, emoji=False, highlight=False, **options)
    terminal.show(verdicts, out)
    assert isinstance(out.file, io.StringIO)
    return out.file.getvalue()


# What all share


@settings(**STEADY)
@given(st.text(st.characters(codec=None, exclude_categories=()), max_size=50), st.integers(2, 60))
def test_a_plain_text_is_one_harmless_line(one: str, most: int) -> None:
    shown = plain(one, most)
    safe(shown)
    assert "\n" not in shown and len(shown) <= most
    ElementTree.fromstring(ElementTree.tostring(ElementTree.Element("a", b=shown)))
    assert plain(shown, most) == shown


@given(st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=200))
@settings(**STEADY)
def test_an_ordinary_text_stays_as_it_is(one: str) -> None:
    assert plain(one) == one


def test_a_long_text_loses_its_middle() -> None:
    assert plain("abcdefghij", 6) == "abc…ij" and plain("abcdefghij", 10) == "abcdefghij"


@pytest.mark.parametrize(("sheet", "cells", "shown"), [
    ("Sheet1", "AA33:AA100", "Sheet1!AA33:AA100"),
    ("Back Prop", "AA33", "'Back Prop'!AA33"),
    ("O'Brien", "A1", "'O''Brien'!A1"),
    ("AB12", "A1", "'AB12'!A1"),
    ("R1C1", "A1", "'R1C1'!A1"),
    ("2024", "A1", "'2024'!A1"),
    ("η", "A1", "η!A1"),
    ("Sheet1", "Chart 2", "Sheet1: Chart 2"),
    ("Sheet1", "", "Sheet1"),
    ("", "", ""),
])  # fmt: skip
def test_a_place_reads_as_in_a_formula(sheet: str, cells: str, shown: str) -> None:
    assert text.where(sheet, cells) == shown


def test_a_file_that_cannot_be_saved_leaves_the_old_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a.xml").write_text("old")

    def full(*_: object) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(OSError, match="No space"):
        save(tmp_path / "a.xml", b"new")
    assert [path.read_text() for path in tmp_path.iterdir()] == ["old"]


# The terminal


def test_the_report_says_everything_in_order(tmp_path: Path) -> None:
    shown = printed(class_of(tmp_path))
    order = ["ann.xlsx", "right: 68 rows", "Book1.xlsx", "wrong: 3 errors, 1 warning",
             "Sheet1!AB33:AB100  wrong gradient", "is  =N33*(1-N33)", "should be  =P33*(1-P33)", f"why  {WHY}",
             "Sheet1!AA33:AA100", "Sheet1!AA40  not one formula",
             "warning  Sheet1: Chart 2  wrong chart", "note  Sheet1!C34:C100  drifting number",
             "not understood, so not judged: 9", "OFFSET", "and 4 more", "doubtful: 1 warning", "'Back Prop'!B4",
             "not judged: dora.xlsx is protected", "first wrong cell",
             "4 workbooks: 1 right, 1 doubtful, 1 wrong, 1 not judged"]  # fmt: skip
    places = [shown.find(one) for one in order]
    assert -1 not in places and places == sorted(places)
    assert "\x1b" not in shown
    table = shown[shown.index("first wrong cell") :]
    assert re.search(r"bob/Book1\.xlsx +wrong +3 +1 +Sheet1!AB33:AB100", table)


def test_one_file_needs_no_summary(tmp_path: Path) -> None:
    assert printed(class_of(tmp_path)[:1]).splitlines()[-2:] == [
        "  right: 68 rows, 544 gradients compared, worst relative difference 3e-15", ""
    ]  # fmt: skip


def test_only_a_terminal_gets_colours(tmp_path: Path) -> None:
    verdicts = class_of(tmp_path)
    coloured = printed(verdicts, force_terminal=True, color_system="standard")
    assert "\x1b[1;31m" in coloured and "\x1b[32m" in coloured
    assert re.sub(r"\x1b\[[\d;]*m", "", coloured) != coloured


def test_the_summary_names_files_from_the_folder_they_share(tmp_path: Path) -> None:
    ann, bob, *_ = class_of(tmp_path)
    assert text.short([ann, bob]) == ["ann.xlsx", "bob/Book1.xlsx"] and text.short([bob]) == ["Book1.xlsx"]
    table = printed([ann, bob]).split("first wrong cell")[1]
    assert "\nann.xlsx " in table and str(tmp_path) not in table


@pytest.mark.parametrize("width", [20, 40, 79, 200])
def test_a_narrow_terminal_breaks_lines_and_cuts_nothing_off(width: int, tmp_path: Path) -> None:
    verdicts = class_of(Path("."))
    shown = printed(verdicts, width, force_terminal=True, color_system=None)
    assert max(cell_len(line) for line in shown.splitlines()) <= max(width, 13 + terminal.NARROWEST)
    assert "…" not in shown
    squeezed, whole = (re.sub(r"\s", "", one) for one in (shown, printed(verdicts, 500)))
    body = whole[: whole.index("fileverdict")]  # the summary's cells are broken side by side
    assert squeezed.startswith(body)


def test_many_findings_are_counted_not_shown(tmp_path: Path) -> None:
    verdict = Verdict(tmp_path / "a.xlsx", [finding(cells=f"B{k}") for k in range(1, 1_001)])
    shown = printed([verdict])
    assert shown.count("wrong gradient") == terminal.MOST and "and 950 more errors" in shown


def test_no_terminal_is_taken_over(tmp_path: Path) -> None:
    shown = printed(hostile(tmp_path), force_terminal=True, color_system=None)
    safe(shown)
    assert "[red]markup[/red] :smile:" in shown and "=HYPERLINK(" in shown
    assert len(shown) < 100_000


# JSON


def test_the_json_has_every_field(tmp_path: Path) -> None:
    verdicts = class_of(tmp_path)
    found = json.loads(machine.document(verdicts))
    assert (found["version"], found["code"]) == (__version__, 2)
    assert found["counts"] == {"files": 4, "right": 1, "doubtful": 1, "wrong": 1, "not judged": 1}
    for verdict, one in zip(verdicts, found["files"], strict=True):
        assert {key: one[key] for key in ("path", "verdict", "code", "sentence", "problem", "seconds", "unread")} == {
            "path": str(verdict.path), "verdict": verdict.word, "code": verdict.code, "sentence": verdict.sentence(),
            "problem": verdict.problem, "seconds": verdict.seconds, "unread": verdict.unread,
        }  # fmt: skip
        assert [Judged(**table) for table in one["tables"]] == verdict.tables
        assert all(f.pop("first") == f["cells"].split(":")[0] for f in one["findings"])
        shown = [Finding(message=f.pop("why"), **f) for f in one["findings"]]
        assert sorted(shown) == sorted(verdict.findings)
    assert [f["severity"] for f in found["files"][1]["findings"]] == ["error"] * 3 + ["warning", "note"]
    assert found["files"][1]["counts"] == {"error": 3, "warning": 1, "note": 1, "unread": 9}


def test_the_json_keeps_every_text_and_is_ascii(tmp_path: Path) -> None:
    written = machine.document(hostile(tmp_path))
    assert written.isascii() and "NaN" not in written and "Infinity" not in written
    found = json.loads(written)["files"]
    for one, file in zip(HOSTILE, found[::2], strict=True):
        assert file["findings"][0]["found"] == one.encode("utf-8", "replace").decode()
        assert file["tables"][0]["worst"] is None


# Markdown


def rows_of(written: str) -> list[list[str]]:
    """The cells of every table row, as GitHub cuts them."""
    lines = [line for line in written.split("\n") if line.startswith("|")]
    return [[cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]] for line in lines]


def test_the_markdown_is_tables(tmp_path: Path) -> None:
    rows = rows_of(markdown.document(class_of(tmp_path)))
    assert [row[1] for row in rows[2:6]] == ["right", "wrong", "doubtful", "not judged"]
    findings = [row for row in rows if row[0] in ("error", "warning", "note")]
    assert [row[0] for row in findings] == ["error"] * 3 + ["warning", "note", "warning"]
    assert findings[0][1:5] == ["Sheet1!AB33:AB100", "wrong gradient", r"\=N33\*(1-N33)", r"\=P33\*(1-P33)"]
    assert {len(row) for row in rows} == {5, 6}


def test_no_markdown_of_a_stranger_is_markup(tmp_path: Path) -> None:
    written = markdown.document(hostile(tmp_path))
    safe(written)
    assert {len(row) for row in rows_of(written)} == {5, 6}
    assert not re.search(r"<|(?<!\\)[`*_\[\]~$](?!\*)", re.sub(r"\*\*(wrong|not judged)\*\*", "", written))
    assert not re.search(r"@\w|www\.\w|[a-z]://|&(?!amp;|lt;|gt;)", written)
    assert len(written) < 100_000


@pytest.mark.parametrize(("one", "shown"), [
    ("- item", r"\- item"), ("+1", r"\+1"), ("1. one", r"1\. one"), ("=A1", r"\=A1"), ("a-b", "a-b"),
    ("3e-15", "3e-15"), ("# head", r"\# head"), ("a\\|b", r"a\\\|b"), ("a\nb", "a b"),
    ("<i>", "&lt;i&gt;"), ("http://x", r"http\://x"),
])  # fmt: skip
def test_markdown_is_escaped(one: str, shown: str) -> None:
    assert markdown.escaped(one) == shown


# JUnit


def test_the_junit_has_a_suite_per_file(tmp_path: Path) -> None:
    verdicts = class_of(tmp_path)
    root = ElementTree.fromstring(junit.document(verdicts))
    assert dict(root.attrib) == {
        "name": "sheetgen audit",
        "tests": "9",
        "failures": "5",
        "errors": "1",
        "time": "0.250",
    }
    suites = root.findall("testsuite")
    assert [suite.get("name") for suite in suites] == [str(verdict.path) for verdict in verdicts]
    assert [[suite.get(name) for name in ("tests", "failures", "errors")] for suite in suites] == [
        ["1", "0", "0"], ["5", "4", "0"], ["2", "1", "0"], ["1", "0", "1"]
    ]  # fmt: skip
    cases = suites[1].findall("testcase")
    assert [case.get("name") for case in cases] == [
        "table Sheet1!A32:AE100", "wrong gradient Sheet1!AB33:AB100", "wrong gradient Sheet1!AA33:AA100",
        "not one formula Sheet1!AA40", "wrong chart Sheet1: Chart 2",
    ]  # fmt: skip
    failure = cases[1].find("failure")
    assert failure is not None and failure.text
    assert (failure.get("message"), failure.get("type")) == ("=N33*(1-N33)", "error: wrong gradient")
    assert failure.text.splitlines() == ["is: =N33*(1-N33)", "should be: =P33*(1-P33)", f"why: {WHY}"]
    assert "drifting number" in (suites[1].findtext("system-out") or "")
    error = suites[3].find("testcase/error")
    assert error is not None and error.get("message") == "dora.xlsx is protected with a password."


def test_junit_survives_any_text_and_gives_each_test_a_name_of_its_own(tmp_path: Path) -> None:
    twice = Verdict(tmp_path / "a.xlsx", [finding(), finding()])
    root = ElementTree.fromstring(junit.document([*hostile(tmp_path), twice, Verdict(tmp_path / "b.xlsx")]))
    for one in root.iter():
        safe("".join(one.attrib.values()) + (one.text or ""))
    for suite in root:
        found = [case.get("name") for case in suite.findall("testcase")]
        assert found and len(set(found)) == len(found)


# Gradescope


def score(*verdicts: Verdict, points: float = 100) -> float:
    """The score; the tests must add up to it, and to the points."""
    found = json.loads(gradescope.document(verdicts, points))
    tests = found["tests"]
    assert sum(test["score"] for test in tests) == pytest.approx(found["score"], abs=1e-3)
    assert sum(test["max_score"] for test in tests) == pytest.approx(points if verdicts else 0, abs=1e-3)
    assert all(0 <= test["score"] <= test["max_score"] and test["status"] in ("passed", "failed") for test in tests)
    assert found["max_score"] == points
    return float(found["score"])


@pytest.mark.parametrize(("findings", "expected"), [
    ([], 100),
    ([finding("warning"), finding("note")], 100),
    ([finding(cells="AA33:AA100")], 87.5),
    ([finding(cells="AA33:AA100"), finding(cells="AA40", kind="column")], 87.5),
    ([finding(cells="AA33:AA100"), finding(cells="AB33")], 75),
    ([finding(cells="AA33:AA100"), finding(cells="AA33:AA100", sheet="Other")], 75),
    ([finding(cells="X33:AE100")], 0),
    ([finding(cells="B2:Z2")], 87.5),
    ([finding(cells="Chart 1"), finding("error", "Chart 2", "chart")], 75),
    ([finding(cells=f"{c}5") for c in "ABCDEFGHIJKL"], 0),
    ([finding(cells=f"A{k}") for k in range(1, 500)], 87.5),
    ([finding(cells=f"B{k}:B{k + 1}", sheet=f"S{k}") for k in range(1, 500)], 0),
])  # fmt: skip
def test_each_wrong_column_takes_its_share(findings: list[Finding], expected: float) -> None:
    assert score(Verdict(Path("a.xlsx"), findings, [judged()])) == expected


def test_files_share_the_points_and_what_is_not_judged_earns_none(tmp_path: Path) -> None:
    right, _, _, broken = class_of(tmp_path)
    assert (score(right), score(broken), score(right, broken), score(right, right, points=7.5)) == (100, 0, 50, 7.5)
    assert (score(right, points=0), score()) == (0, 0)
    test = json.loads(gradescope.document([broken]))["tests"][0]
    assert test["output"] == "not judged: dora.xlsx is protected with a password." and test["status"] == "failed"


def test_gradescope_gets_plain_texts(tmp_path: Path) -> None:
    found = json.loads(gradescope.document(hostile(tmp_path)))
    assert (found["test_output_format"], found["test_name_format"], found["output_format"]) == ("text",) * 3
    assert found["stdout_visibility"] == "hidden"
    for test in found["tests"]:
        safe(test["name"] + test["output"])
