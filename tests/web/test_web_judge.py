"""What the page's worker calls, called here: verdicts as the command's, strips of numbers, and nothing left behind."""

from __future__ import annotations

import json
import re
import zipfile
from pathlib import Path
from typing import Any

import pytest
import web_page
from audit_tables import book, cells, row, text

from sheetgen.audit.show import table
from sheetgen.audit.show.excerpt import MOST, Excerpt
from sheetgen.audit.verdict import Judged, Verdict, finding
from sheetgen.excel.a1 import address
from sheetgen.web import judge

SUBMISSIONS = Path(__file__).parents[2] / "docs" / "examples" / "submissions"


@pytest.fixture(autouse=True)
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A desk of this test's own."""
    monkeypatch.setattr(judge, "DESK", tmp_path / "desk")
    return tmp_path / "desk"


class Array(list[Any]):
    """Arguments as JavaScript hands them over."""

    def to_py(self) -> list[Any]:
        return list(self)


def test_the_document_is_the_commands(desk: Path) -> None:
    names = [path.name for path in sorted(SUBMISSIONS.iterdir())]
    kept = [judge.call("judge", Array([f"submissions/{n}", (SUBMISSIONS / n).read_bytes(), ""])) for n in names]
    ours = judge.as_json([pickled for _, pickled in kept])
    theirs = web_page.command(SUBMISSIONS.parent, ["submissions"])
    assert web_page.timeless(ours) == web_page.timeless(theirs)
    assert [json.loads(line)["word"] for line, _ in kept] == ["right", "wrong", "wrong"]
    assert not desk.exists()


def test_a_table_can_be_pointed_at(desk: Path) -> None:
    content = (SUBMISSIONS / "ada.xlsx").read_bytes()
    line, _ = judge.judge("ada.xlsx", content, "Nowhere!A1:B2")
    assert json.loads(line)["word"] == "not judged" and "Nowhere" in json.loads(line)["sentence"]


@pytest.mark.parametrize(
    ("why", "sentence"),
    [
        ("slow", "a.xlsx takes longer than 7 seconds to judge, so it was stopped."),
        ("ended", "a.xlsx made its judge end too early."),
        ("You stopped it.", "You stopped it."),
    ],
)
def test_a_file_whose_judge_was_stopped_has_a_verdict(why: str, sentence: str) -> None:
    line, pickled = judge.without("class/a.xlsx", why, 7)
    assert json.loads(line) == {"word": "not judged", "sentence": f"not judged: {sentence}", "first": ""}
    assert json.loads(judge.as_json([pickled]))["files"][0]["path"] == "class/a.xlsx"


def test_details_without_the_file_have_no_numbers() -> None:
    content = (SUBMISSIONS / "ben.xlsx").read_bytes()
    _, pickled = judge.judge("ben.xlsx", content)
    with_file = json.loads(judge.details("ben.xlsx", content, pickled))
    without = json.loads(judge.details("ben.xlsx", b"", pickled))
    assert len(with_file["findings"][0].pop("strip")) == 31 and without["findings"][0].pop("strip") == []
    assert with_file == without


def marks(strip: list[Any]) -> dict[str, str]:
    return {cell.cell: cell.mark for cell in strip if cell.mark}


def test_a_strip_runs_along_the_step_whichever_way_the_table_lies() -> None:
    for across in (True, False):
        made = book(cells(across, 3, row(2), 9))
        area = "B3:M12" if across else "C2:L13"
        verdict = Verdict(Path("x.xlsx"), tables=[Judged("Sheet1", area, 9, 18, 0.0, "")])
        at, used = ("L5", {"I5", "B5", "G5", "F5", "C5"}) if across else ("E12", {"E9", "E2", "E7", "E6", "E3"})
        wrong = finding("gradient", ("Sheet1", at), "", "=E4*M5: with another for one" if across else "", "")
        strip = Excerpt(made, verdict, {}).strip(wrong)
        assert [cell.label for cell in strip] == [*(["h1"] if across else []), *row()]  # E4 is of the step before
        assert {cell for cell, mark in marks(strip).items() if mark == "used"} == used
        assert marks(strip)[at] == "wrong"
        assert {cell for cell, mark in marks(strip).items() if mark == "meant"} == ({"E4", "M5"} if across else set())


def test_a_strip_of_a_cell_in_no_table_of_a_chart_and_of_a_sheet_that_is_not_there() -> None:
    made = book(cells(True, 1, row(), 30))
    excerpt = Excerpt(made, Verdict(Path("x.xlsx")), {("Sheet1", "A2"): 1.5})
    assert [cell.cell for cell in excerpt.strip(finding("value", ("Settings", "B1"), "", "", ""))] == ["A1", "B1"]
    for place in (("Sheet1", "Chart 2"), ("Nowhere", "A1"), ("", ""), ("Sheet1", "ZZ9")):
        assert excerpt.strip(finding("chart", place, "", "", "")) == []


def test_a_long_strip_ends() -> None:
    made = book(text(**{address(r, c): f"c{c}" if r == 1 else 0.5 for r in (1, 2, 3) for c in range(1, 200)}))
    verdict = Verdict(Path("x.xlsx"), tables=[Judged("Sheet1", "A1:GQ3", 2, 0, 0.0, "")])
    strip = Excerpt(made, verdict, {}).strip(finding("value", ("Sheet1", "CV3"), "", "", ""))
    assert len(strip) == MOST and "CV3" in [cell.cell for cell in strip]


def test_no_name_of_a_file_becomes_a_formula_in_the_table() -> None:
    said = table.document([Verdict(Path('=HYPERLINK("x").xlsx'), problem="@cmd"), Verdict(Path("ü.xlsx"))])
    lines = said.splitlines()
    assert said.startswith("\ufefffile,verdict,") and lines[1].startswith('"\'=HYPERLINK(""x"").xlsx",not judged')
    assert lines[2] == 'ü.xlsx,right,0,0,,"right: 0 rows, 0 gradients compared, worst relative difference 0"'


@pytest.mark.parametrize(
    ("text", "formula"),
    [
        ("=A1*2: it gives 3, the derivative is 4", "=A1*2"),
        ("=1/(1+ EXP(-Q33)), as in the rest of the column", "=1/(1+ EXP(-Q33))"),
        ("=P34-G32*AK34 gives #VALUE!", "=P34-G32*AK34"),
        ("=SUM(A1, B2): 0.5 (G31)", "=SUM(A1, B2)"),
        ('=IF(A1=", ",1,2), as above', '=IF(A1=", ",1,2)'),
        ("=B2^2", "=B2^2"),
        ("0.5 (G31)", ""),
        ("a number", ""),
        ("=)( is no formula: at all", ""),
    ],
)
def test_a_formula_is_told_from_what_is_said_of_it(text: str, formula: str) -> None:
    assert judge._cut(text) == (formula, text.removeprefix(formula))


def test_the_links_of_a_report_lead_to_the_files_beside_it(tmp_path: Path) -> None:
    _, pickled = judge.judge("class/ben.xlsx", (SUBMISSIONS / "ben.xlsx").read_bytes())
    (tmp_path / "report.xlsx").write_bytes(judge.as_report([pickled]))
    with zipfile.ZipFile(tmp_path / "report.xlsx") as report:
        links = [x for name in report.namelist() if name.endswith(".rels") for x in _targets(report.read(name))]
    assert links and all(link.startswith(("class\\ben.xlsx", "class/ben.xlsx")) for link in links), links


def _targets(relations: bytes) -> list[str]:
    return re.findall(r'Target="([^"]*ben\.xlsx[^"]*)"', relations.decode())
