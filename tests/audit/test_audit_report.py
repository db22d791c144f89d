"""The report for the teacher: live counts that are right, links that lead there, texts that stay texts."""

import re
import zipfile
from pathlib import Path
from urllib.parse import unquote
from xml.etree import ElementTree

import openpyxl  # type: ignore[import-untyped,unused-ignore]
import pytest
from books import STEADY, recalculated
from hypothesis import given, settings
from hypothesis import strategies as st
from verdicts import HOSTILE, class_of, finding, hostile, judged, safe

from sheetgen.audit.show import text
from sheetgen.audit.verdict import KINDS, Verdict
from sheetgen.audit.verdict import finding as finding_at
from sheetgen.base.finding import Finding
from sheetgen.deliver.marks import causes, write_report
from sheetgen.excel import Entry, read
from sheetgen.excel.charts import read_charts
from sheetgen.judge.lint import lint
from sheetgen.writer.sheets import audit_report
from sheetgen.writer.sheets.links import sheets as sheet_names


def links(path: Path, sheet: int) -> dict[str, tuple[str, str]]:
    """Cell -> (file, place) of the links of a sheet."""
    with zipfile.ZipFile(path) as book:
        root = ElementTree.fromstring(book.read(f"xl/worksheets/sheet{sheet}.xml"))
        rels = f"xl/worksheets/_rels/sheet{sheet}.xml.rels"
        targets = {r.get("Id"): r.get("Target") for r in ElementTree.fromstring(book.read(rels))}
    key = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"
    return {
        one.get("ref", ""): (targets.get(one.get(key)) or "", one.get("location", ""))
        for one in root.iter("{http://schemas.openxmlformats.org/spreadsheetml/2006/main}hyperlink")
    }


def head(path: Path) -> dict[str, str]:
    """Heading -> letters of the summary's columns."""
    cells = read(path).sheets["Summary"]
    row = str(audit_report.HEAD_ROW)
    return {str(e.value): at.removesuffix(row) for at, e in cells.items() if re.fullmatch(rf"[A-Z]+{row}", at)}


def test_the_summary_counts(tmp_path: Path) -> None:
    write_report(class_of(tmp_path), tmp_path / "out" / "r.xlsx")
    book = read(tmp_path / "out" / "r.xlsx")
    assert list(book.sheets) == ["Summary", "ann", "bob Book1", "cid Book1", "dora"]
    cells = book.sheets["Summary"]
    assert [cells[f"{c}5"].value for c in "ABCDE"] == [4, 1, 1, 1, 1]
    columns = head(tmp_path / "out" / "r.xlsx")
    assert list(columns)[len(audit_report.HEADS) :] == [
        "wrong gradient", "not one formula", "wrong chart", "contradicting text"
    ]  # fmt: skip
    first = audit_report.FIRST_ROW
    assert [cells[f"B{first + k}"].value for k in range(4)] == ["right", "wrong", "doubtful", "not judged"]
    assert [cells[f"{columns['errors']}{first + k}"].value for k in range(3)] == [0, 3, 0]
    gradient = columns["wrong gradient"]
    assert [cells[f"{gradient}{row}"].value for row in (audit_report.ALL_ROW, audit_report.WITH_ROW)] == [2, 1]
    assert all(cells[f"{c}5"].formula for c in "ABCDE")


def test_what_is_shown_is_what_the_formulas_give(tmp_path: Path) -> None:
    """And the counts are live: a finding that is forgiven makes its workbook right."""
    path = tmp_path / "r.xlsx"
    write_report([*class_of(tmp_path), *hostile(tmp_path)], path)
    shown = {s: {at: e.value for at, e in cells.items() if e.formula} for s, cells in read(path).sheets.items()}
    assert recalculated(path) == shown
    first = audit_report.FIRST_ROW
    forgiven = recalculated(
        path,
        **{"bob Book1!A6": "forgiven", "bob Book1!A7": "forgiven"},  # two gradients of one cause, and a column
    )
    assert forgiven["Summary"][f"B{first + 1}"] == "doubtful"
    assert forgiven["Summary"]["D5"] == shown["Summary"]["D5"] - 1  # type: ignore[operator]
    kinds = head(path)["wrong gradient"]
    assert forgiven["Summary"][f"{kinds}{first + 1}"] == 0


def test_cells_link_into_the_submission(tmp_path: Path) -> None:
    name = "50% #1 [a]; ünï'&.xlsx"
    verdict = Verdict(tmp_path / "in" / name, [finding(sheet="O'Brien's"), finding("warning", "Chart 1")], [judged()])
    write_report([verdict], tmp_path / "out" / "r.xlsx")
    found = links(tmp_path / "out" / "r.xlsx", 2)
    file = f"../in/{name}"
    assert {at: (unquote(target).replace("\\", "/"), place) for at, (target, place) in found.items()} == {
        "A3": ("", "'Summary'!A1"),
        "C3": (file, ""),
        "C6": (file, "'O''Brien''s'!AA33:AA100"),
        "C7": (file, "'Sheet1'!A1"),
        "C11": (file, "'Sheet1'!A32:AE100"),
    }
    summary = links(tmp_path / "out" / "r.xlsx", 1)
    row = audit_report.FIRST_ROW
    assert summary[f"H{row}"] == found["C6"] and summary[f"A{row}"][1].endswith("'!A1")


def test_texts_stay_texts_and_the_linter_is_content(tmp_path: Path) -> None:
    path = tmp_path / "r.xlsx"
    write_report([*hostile(tmp_path), *class_of(tmp_path)], path)
    assert lint(path) == []
    book = read(path)
    for sheet, cells in book.sheets.items():
        assert sheet == "Summary" or not any(entry.formula for entry in cells.values())
        safe("".join(str(entry.value) for entry in cells.values()))
    assert book.sheets[list(book.sheets)[1]]["D6"] == Entry(None, HOSTILE[0])
    assert len(openpyxl.load_workbook(path).sheetnames) == 1 + 2 * len(HOSTILE) + 4


@pytest.mark.parametrize("verdicts", [
    [Verdict(Path("a.xlsx"))],
    [Verdict(Path("a.xlsx"), problem="a.xlsx is no audit_report.")],
    [Verdict(Path("Summary.xlsx")), Verdict(Path("History.xlsx")), Verdict(Path("summary.xlsm"))],
    [Verdict(Path("w1.xlsx"), [finding()]), Verdict(Path("x" * 90 + ".xlsx")), Verdict(Path("x" * 91 + ".xlsx"))],
    [Verdict(Path("d" * 250, "e" * 250, *["f" * 250] * 9, "deep.xlsx"), [finding()])],
    [Verdict(Path("many.xlsx"), [finding(cells=f"B{k}") for k in range(1, 12_001)], [], ["x"] * 999)],
    [Verdict(Path(f"{k}/Book1.xlsx"), [finding()] * (k % 2)) for k in range(60)],
], ids=["right", "unreadable", "reserved", "long names", "long path", "many findings", "many files"])  # fmt: skip
def test_any_class_makes_a_workbook(verdicts: list[Verdict], tmp_path: Path) -> None:
    path = tmp_path / "r.xlsx"
    write_report(verdicts, path)
    assert lint(path) == []
    cells = read(path).sheets["Summary"]
    assert cells["A5"].value == len(verdicts)
    last = audit_report.HEAD_ROW + len(verdicts)
    assert [cells[f"B{row}"].value for row in range(audit_report.FIRST_ROW, last + 1)] == [v.word for v in verdicts]


@settings(**STEADY)
@given(st.lists(st.text(st.characters(codec=None, exclude_characters="\0/", exclude_categories=()), min_size=1)))
def test_names_of_sheets_are_legal_and_differ(stems: list[str]) -> None:
    found = sheet_names([Path("folder", stem + ".xlsx") for stem in stems], ["Summary"])
    assert len({name.casefold() for name in (*found, "Summary", "History")}) == len(stems) + 2
    for name in found:
        assert 1 <= len(name.encode("utf-16-le")) // 2 <= 31 and not set(name) & set("[]:*?/\\'")
        safe(name)


def test_the_report_is_the_same_every_time(tmp_path: Path) -> None:
    for name in ("a.xlsx", "b.xlsx"):
        write_report(class_of(tmp_path), tmp_path / name)
    assert (tmp_path / "a.xlsx").read_bytes() == (tmp_path / "b.xlsx").read_bytes()


def test_every_kind_has_a_name_of_its_own() -> None:
    """The summary counts by name."""
    assert len({*KINDS.values(), text.OTHER}) == len(KINDS) + 1


def test_a_cause_has_one_row_however_many_cells_have_it(tmp_path: Path) -> None:
    """Its places are counted, and listed; another slip of the same kind has a row of its own."""
    edit = "=L{0}*(1-L{0}): with a_h2 (L{0}) for a_h1 (J{0}) it agrees with the derivative in every step"
    other = "=O{0}: with w7 (O{0}) for w6 (N{0}) it agrees with the derivative in every step"
    why = "the weights then move in a wrong direction"

    def slip(sheet: str, cells: str, text: str, row: int) -> Finding:
        return finding_at("gradient", (sheet, cells), f"=J{row}: it gives 0.{row}", text.format(row), why)

    found = [slip(f"rate {k}", "Z5:Z54", edit, 5 + k) for k in range(9)] + [slip("rate 1", "X5:X54", other, 5)]
    brackets = "with brackets around exp(-h{}) it is"
    text = [finding_at("text", ("Notes", f"A{k}"), "σ = 1", "", brackets.format(k), "warning") for k in (1, 2)]
    groups = causes([*found, *text])
    assert [len(group) for group in groups] == [9, 1, 2] and [f for group in groups for f in group] == [*found, *text]
    path = tmp_path / "r.xlsx"
    write_report([Verdict(Path("a.xlsx"), [*found, *text], [judged()])], path)
    cells = read(path).sheets["a"]
    assert [cells[f"G{row}"].value for row in (6, 7, 8)] == [9, 1, 2] and "B9" not in cells
    assert str(cells["H6"].value).startswith("'rate 1'!Z5:Z54, 'rate 2'!Z5:Z54") and "more" in str(cells["H6"].value)
    assert cells["H8"].value == "Notes!A2" and ("H7" not in cells or cells["H7"].value is None)
    summary, first = read(path).sheets["Summary"], audit_report.FIRST_ROW
    assert [summary[f"{c}{first}"].value for c in "CD"] == [10, 2]
    forgiven = recalculated(path, **{"a!A6": "forgiven"})["Summary"]
    assert [forgiven[f"{c}{first}"] for c in "BCD"] == ["wrong", 1, 2]


def test_the_chart_of_mistakes_has_a_bar_for_each_kind(tmp_path: Path) -> None:
    """The commonest first: named by the headings, as long as the numbers above these, which are live."""
    class_ = [Verdict(Path(f"{k}.xlsx"), [finding("warning", "B4", "text")], [judged()]) for k in range(3)]
    path = tmp_path / "r.xlsx"
    write_report([*class_of(tmp_path), *class_], path)
    columns = head(path)
    kinds = list(columns)[len(audit_report.HEADS) :]
    assert kinds == ["contradicting text", "wrong gradient", "not one formula", "wrong chart"]
    (chart,) = read_charts(path)
    (bar,) = chart.series
    first, last = columns[kinds[0]], columns[kinds[-1]]
    assert bar.values.text.replace("$", "") == f"Summary!{first}{audit_report.WITH_ROW}:{last}{audit_report.WITH_ROW}"
    cells = read(path).sheets["Summary"]
    assert [cells[f"{columns[k]}{audit_report.WITH_ROW}"].value for k in kinds] == [4, 1, 1, 1]
    write_report([Verdict(Path("right.xlsx"), [], [judged()])], path)
    assert list(read_charts(path)) == []
