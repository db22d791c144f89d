"""A verdict as comments in a copy: where each finding stands, what it says, and which files `--comments` writes."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import openpyxl
import pytest
import saved_by
from click.testing import CliRunner
from verdicts import class_of, finding, hostile

from sheetgen.__main__ import main
from sheetgen.audit.judge import audit
from sheetgen.audit.show import comments, machine
from sheetgen.audit.verdict import Verdict
from sheetgen.excel import read

SUBMISSIONS = Path(__file__).parents[2] / "docs" / "examples" / "submissions"
WHY = "The error passes through a_h2, so its slope belongs here."
Run = Callable[..., tuple[int, str, str]]


def texts(*findings: Any, sheets: tuple[str, ...] = ("Sheet1", "Back Prop")) -> dict[str, dict[str, str]]:
    return comments.texts(Verdict(Path("a.xlsx"), list(findings)), sheets)


def notes(path: Path) -> dict[str, dict[str, str]]:
    """Sheet -> cell -> comment, as openpyxl reads them."""
    book = openpyxl.load_workbook(path)
    found = {s.title: {c.coordinate: c.comment.text for c in s._cells.values() if c.comment} for s in book.worksheets}
    return {sheet: cells for sheet, cells in found.items() if cells}


def test_a_finding_says_what_a_terminal_says() -> None:
    assert texts(finding(cells="AA33:AA100"), finding(cells="B2", sheet="Back Prop")) == {
        "Sheet1": {"AA33": f"error: wrong gradient, AA33:AA100\nis: =N33*(1-N33)\nshould be: =P33*(1-P33)\nwhy: {WHY}"},
        "Back Prop": {"B2": f"error: wrong gradient\nis: =N33*(1-N33)\nshould be: =P33*(1-P33)\nwhy: {WHY}"},
    }


def test_several_at_one_cell_are_one_comment_with_the_errors_first() -> None:
    found = texts(finding("note", "A1", "drift"), finding("warning", "A1:A9", "column"), finding("error", "$A$1"))
    (text,) = found["Sheet1"].values()
    assert list(found["Sheet1"]) == ["A1"]
    heads = [part.split("\n")[0] for part in text.split("\n\n")]
    assert heads == ["error: wrong gradient", "warning: not one formula, A1:A9", "note: drifting number"]


@pytest.mark.parametrize(("cells", "sheet", "place", "head"), [
    ("Chart 2 at H5", "Back Prop", ("Back Prop", "A1"), "error: wrong gradient, Back Prop: Chart 2 at H5"),
    ("", "Back Prop", ("Back Prop", "A1"), "error: wrong gradient, Back Prop"),
    ("", "xl/styles.xml", ("Sheet1", "A1"), "error: wrong gradient, xl/styles.xml"),
    ("", "", ("Sheet1", "A1"), "error: wrong gradient"),
    ("B2", "Chart sheet", ("Sheet1", "A1"), "error: wrong gradient, 'Chart sheet'!B2"),
    ("C:D", "Sheet1", ("Sheet1", "C1"), "error: wrong gradient, C:D"),
    ("XFE1", "Sheet1", ("Sheet1", "A1"), "error: wrong gradient, Sheet1: XFE1"),
])  # fmt: skip
def test_what_has_no_cell_stands_in_the_first_one(cells: str, sheet: str, place: tuple[str, str], head: str) -> None:
    found = texts(finding(cells=cells, sheet=sheet))
    assert found[place[0]][place[1]].split("\n")[0] == head and len(found) == 1


def test_more_than_a_person_reads_is_counted() -> None:
    found = texts(*[finding(cells=f"B{k}") for k in range(1, comments.MOST + 3)])
    assert len(found["Sheet1"]) == comments.MOST + 1 and found["Sheet1"]["A1"] == "and 2 more findings"
    assert texts(finding(), sheets=()) == {}


def test_hostile_texts_become_comments_as_they_are(tmp_path: Path) -> None:
    for k, verdict in enumerate([*hostile(tmp_path), *class_of(tmp_path)]):
        verdict.path = SUBMISSIONS / "ada.xlsx"
        comments.write_copy(verdict, tmp_path / f"{k}.xlsx")
        assert bool(notes(tmp_path / f"{k}.xlsx")) == bool(verdict.findings)
        assert read(tmp_path / f"{k}.xlsx") == read(verdict.path)


def judged(path: Path) -> Any:
    """What --json says, without the path and the seconds."""
    (file,) = json.loads(machine.document([audit(path)]))["files"]
    return {name: value for name, value in file.items() if name not in ("path", "seconds")}


@pytest.mark.filterwarnings("ignore:Workbook contains no default style")
@pytest.mark.parametrize("source", [*sorted(SUBMISSIONS.glob("*.xlsx")), *map(saved_by.path, saved_by.PROGRAMS)],
                         ids=lambda path: path.stem)  # fmt: skip
def test_a_copy_is_judged_as_its_source(source: Path, tmp_path: Path) -> None:
    verdict, target = audit(source), tmp_path / source.name
    comments.write_copy(verdict, target)
    assert judged(target) == judged(source)
    assert {(f.sheet, f.first) for f in verdict.findings} == {(s, at) for s, c in notes(target).items() for at in c}


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run `sheetgen audit` in a folder with a class of two, one of whom is right."""
    monkeypatch.chdir(tmp_path)
    for person, folder in (("ada", "a"), ("ben", "a"), ("ben", "b")):
        (tmp_path / "class" / folder).mkdir(parents=True, exist_ok=True)
        shutil.copy(SUBMISSIONS / f"{person}.xlsx", tmp_path / "class" / folder)

    def call(*arguments: str) -> tuple[int, str, str]:
        result = CliRunner().invoke(main, ["audit", *arguments])
        assert result.exception is None or isinstance(result.exception, SystemExit)
        return result.exit_code, result.stdout, result.stderr

    return call


def copies(folder: str = "out") -> list[str]:
    return sorted(str(path) for path in Path(folder).rglob("*.xlsx"))


def test_files_with_findings_get_copies_in_folders_of_their_own(run: Run) -> None:
    (Path("class") / "bad.xlsx").write_text("no workbook")
    status, out, err = run("class", "--comments", "out", "--json")
    assert (status, err, copies()) == (2, "", ["out/a/ben.xlsx", "out/b/ben.xlsx"])
    assert list(notes(Path("out/a/ben.xlsx"))["BackProp"]) == ["Z33"]
    assert len(json.loads(out)["files"]) == 4
    for path in ("class/a/ben.xlsx", "class/b/ben.xlsx"):
        assert Path(path).read_bytes() == (SUBMISSIONS / "ben.xlsx").read_bytes()


def test_copies_are_replaced_and_are_no_submissions(run: Run) -> None:
    """Though they lie among what is judged."""
    for _ in range(2):
        status, out, err = run(".", "--comments", "marked", "--json")
        assert (status, err, len(json.loads(out)["files"])) == (1, "", 3)
        assert copies("marked") == ["marked/class/a/ben.xlsx", "marked/class/b/ben.xlsx"]
    assert run("class/a/ben.xlsx", "--comments", "one")[0] == 1 and copies("one") == ["one/ben.xlsx"]


@pytest.mark.parametrize(("options", "sentence"), [
    ("class --comments class", "class/a/ada.xlsx: the copy cannot be written (it is what is judged): choose another"),
    ("class/a --comments class/b", "class/b/ben.xlsx: the copy cannot be written (it is no copy that sheetgen audit"),
    ("class --comments class/a/ada.xlsx", "ada.xlsx/a/ada.xlsx: the copy cannot be written (class/a/ada.xlsx is no "),
    ("class/a --comments link", "link/ada.xlsx: the copy cannot be written (it is what is judged): choose another"),
    ("class/a --comments out --report out/ben.xlsx", "out/ben.xlsx: the copy cannot be written (a report would have"),
    ("class/a --comments out/ben.xlsx", "out/ben.xlsx/ada.xlsx: the copy cannot be written (out/ben.xlsx is no folder"),
])  # fmt: skip
def test_no_other_file_is_written_over(options: str, sentence: str, run: Run, tmp_path: Path) -> None:
    """It is said before anything is judged."""
    (tmp_path / "link").symlink_to(tmp_path / "class" / "a")
    if options.endswith("out/ben.xlsx") and "report" not in options:
        (tmp_path / "out").mkdir()
        shutil.copy(SUBMISSIONS / "ben.xlsx", "out")
    before = {path: path.read_bytes() for path in tmp_path.rglob("*.xlsx")}
    status, out, err = run(*options.split())
    assert (status, out, err.count("\n")) == (2, "", 1) and sentence in err
    assert {path: path.read_bytes() for path in tmp_path.rglob("*.xlsx")} == before


def test_a_copy_that_somebody_saved_since_is_theirs(run: Run) -> None:
    run("class/a", "--comments", "out")
    book = openpyxl.load_workbook("out/ben.xlsx")
    book.save("out/ben.xlsx")
    before = Path("out/ben.xlsx").read_bytes()
    status, out, err = run("class/a", "--comments", "out")
    assert (status, out) == (2, "") and "it is no copy that sheetgen audit wrote" in err
    assert Path("out/ben.xlsx").read_bytes() == before


def test_what_cannot_be_copied_is_one_sentence_and_the_others_are(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """Here for a folder that is in the way when the time has come."""

    def in_the_way(verdict: Verdict, target: Path) -> None:
        if "a/" in str(target):
            target.mkdir(parents=True)
        write_copy(verdict, target)

    write_copy = comments.write_copy
    monkeypatch.setattr("sheetgen.cli.copies.write_copy", in_the_way)
    status, out, err = run("class", "--comments", "out")
    assert status == 2 and "2 wrong" in out and err.startswith("out/a/ben.xlsx: the file cannot be written (it is a f")
    assert err.count("\n") == 1 and list(notes(Path("out/b/ben.xlsx"))) == ["BackProp"]
