"""The command `sheetgen audit`: exit statuses, options together, and one sentence for what cannot be done."""

import io
import json
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from xml.etree import ElementTree

import pytest
from verdicts import finding, judged

from sheetgen.__main__ import main
from sheetgen.audit import processes
from sheetgen.audit.processes import audit_all
from sheetgen.audit.show.markdown import CUT
from sheetgen.audit.verdict import Verdict
from sheetgen.cli.github import SUMMARY
from sheetgen.judge.lint import lint

Run = Callable[..., tuple[int, str, str]]


def by_name(path: Path, pointed: str | None) -> Verdict:
    """A judge that believes the file's name."""
    found = {"wrong": [finding()], "doubtful": [finding("warning")]}.get(path.stem, [])
    return Verdict(path, found, [judged()], [pointed or ""], "bad.xlsx is no workbook." if path.stem == "bad" else "")


def at_once(paths: Sequence[Path], jobs: int | None, progress: object, task: processes.Assignment) -> list[Verdict]:
    """Do as audit_all does, without processes."""
    refused = {path: processes.refusal(path) for path in paths}
    return [Verdict(path, problem=why) if (why := refused[path]) else by_name(path, task.table) for path in paths]


@pytest.fixture
def audit(capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run `sheetgen audit` in a folder with four files."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(processes, "audit_all", at_once)
    for name in ("FORCE_COLOR", "TTY_COMPATIBLE"):
        monkeypatch.delenv(name, raising=False)
    for word in ("right", "wrong", "doubtful", "bad"):
        (tmp_path / f"{word}.xlsx").write_bytes(b"")

    def call(*arguments: str) -> tuple[int, str, str]:
        with pytest.raises(SystemExit) as stop:
            main(["audit", *arguments], prog_name="sheetgen")
        out, err = capsys.readouterr()
        assert "\x1b" not in out + err and "Traceback" not in out + err
        return int(stop.value.code or 0), out, err

    return call


@pytest.mark.parametrize(("files", "status"), [
    ("right", 0), ("wrong", 1), ("doubtful", 1), ("bad", 2), ("right wrong", 1), ("bad wrong right", 2), ("missing", 2),
])  # fmt: skip
def test_the_worst_file_decides(files: str, status: int, audit: Run) -> None:
    found, out, err = audit(*(f"{name}.xlsx" for name in files.split()))
    assert (found, err) == (status, "")
    assert all(f"{name}.xlsx\n" in out for name in files.split())


def test_all_reports_at_once(audit: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """And with real processes."""

    def by_names(files: list[Path], jobs: int, progress: object, task: processes.Assignment) -> list[Verdict]:
        return audit_all(files, jobs, task=task._replace(judge=by_name))

    monkeypatch.setattr(processes, "audit_all", by_names)
    options = ["--junit", "o/j.xml", "--gradescope", "o/g.json", "--report", "o/r.xlsx", "--points", "40", "-j", "2"]
    status, out, err = audit(".", "--json", "--table", "S!A1:B2", *options)
    assert (status, err) == (2, "")
    files = json.loads(out)["files"]
    assert [file["path"] for file in files] == ["bad.xlsx", "doubtful.xlsx", "right.xlsx", "wrong.xlsx"]
    assert files[2]["unread"] == ["S!A1:B2"]
    assert len(ElementTree.parse("o/j.xml").getroot()) == 4
    assert json.loads(Path("o/g.json").read_text())["score"] == 28.75
    assert lint("o/r.xlsx") == [] and sorted(p.name for p in Path("o").iterdir()) == ["g.json", "j.xml", "r.xlsx"]
    again, out, _ = audit(".", "--json", "--report", "o/r.xlsx")
    assert again == 2 and len(json.loads(out)["files"]) == 4  # the report itself is no submission


def test_markdown_is_printed(audit: Run) -> None:
    status, out, err = audit("right.xlsx", "--markdown")
    assert (status, err) == (0, "") and out.startswith("# 1 workbook: 1 right\n")


@pytest.mark.parametrize(("fail_on", "files", "status"), [
    ("warning", "doubtful", 1), ("error", "doubtful right", 0), ("error", "wrong doubtful", 1), ("error", "bad", 2),
    ("never", "wrong bad missing", 0),
])  # fmt: skip
def test_what_is_a_failure_is_chosen(fail_on: str, files: str, status: int, audit: Run) -> None:
    found, out, _ = audit(*(f"{name}.xlsx" for name in files.split()), "--fail-on", fail_on)
    assert found == status and all(f"{name}.xlsx\n" in out for name in files.split())
    assert audit("right.xlsx", "--fail-on", "never", "--report", "right.xlsx")[0] == 2


@pytest.fixture
def step(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Path, Path]:
    """The files that GitHub gives to a step: for its summary, and for its outputs."""
    summary, outputs = tmp_path / "summary.md", tmp_path / "outputs"
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(summary))
    monkeypatch.setenv("GITHUB_OUTPUT", str(outputs))
    monkeypatch.setenv("GITHUB_WORKSPACE", str(tmp_path))
    return summary, outputs


def test_github_is_told_in_its_own_ways(audit: Run, step: tuple[Path, Path]) -> None:
    summary, outputs = step
    summary.write_text("before\n")
    outputs.write_text("before=1\n")
    status, out, err = audit("wrong.xlsx", "right.xlsx", "--github", "--junit", "j.xml")
    assert (status, err) == (1, "") and Path("j.xml").exists()
    assert out.startswith("::error file=wrong.xlsx,title=wrong gradient Sheet1!AA33%3AAA100::is: =N33")
    assert out.endswith("\n2 workbooks: 1 right, 1 wrong\n")
    assert summary.read_text().startswith("before\n# 2 workbooks: 1 right, 1 wrong\n")
    assert outputs.read_text() == "before=1\nright=1\ndoubtful=0\nwrong=1\nnot-judged=0\n"


def test_a_summary_leaves_room_for_what_is_there(audit: Run, step: tuple[Path, Path]) -> None:
    step[0].write_text("x" * (SUMMARY - 200))
    assert audit("wrong.xlsx", "--github")[0] == 1
    assert SUMMARY - 200 < step[0].stat().st_size <= SUMMARY and step[0].read_text().endswith(CUT)


def test_elsewhere_than_on_github_there_are_only_the_lines(audit: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("GITHUB_STEP_SUMMARY", "GITHUB_OUTPUT", "GITHUB_WORKSPACE"):
        monkeypatch.delenv(name, raising=False)
    status, out, err = audit("bad.xlsx", "--github")
    line = "::error file=bad.xlsx,title=not judged::bad.xlsx is no workbook.\n"
    assert (status, out, err) == (2, f"{line}1 workbook: 1 not judged\n", "")


def test_a_summary_that_cannot_be_written_is_one_sentence(
    audit: Run, step: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", "wrong.xlsx/summary")
    status, out, err = audit("wrong.xlsx", "--github", "--junit", "j.xml")
    assert status == 2 and out.startswith("::error file=wrong.xlsx,") and Path("j.xml").exists()
    assert err == "GITHUB_STEP_SUMMARY: the file that it names cannot be written (Not a directory)\n"
    assert step[1].read_text().startswith("right=0\n")


def test_a_file_is_named_from_the_root_of_its_repository(
    audit: Run, step: tuple[Path, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own, inside, outside = (tmp_path / name / "a b" for name in ("work/own", "work", "elsewhere"))
    for folder in (own, inside, outside):
        folder.mkdir(parents=True)
        (folder / "wrong.xlsx").write_bytes(b"")
    (tmp_path / "work" / "own" / ".git").mkdir()
    monkeypatch.setenv("GITHUB_WORKSPACE", str(tmp_path / "work"))
    monkeypatch.chdir(own)
    _, out, _ = audit("wrong.xlsx", "../../a b", str(outside), "--github")
    assert [line.partition("title")[0] for line in out.splitlines()[:-1]] == [
        "::error file=a b/wrong.xlsx,", "::error file=a b/wrong.xlsx,", "::error "
    ]  # fmt: skip


def test_no_folder_s_name_is_printed_where_it_could_be_a_command(audit: Run, step: object, tmp_path: Path) -> None:
    (tmp_path / "::add-mask::x").mkdir()
    status, out, err = audit("::add-mask::x", "--github")
    assert (status, err) == (2, "") and out.startswith("::error ") and out.count("\n") == 2


def test_nothing_to_judge_is_one_sentence_and_the_files_say_so(audit: Run, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    status, out, err = audit("empty", "--gradescope", "g.json")
    assert (status, out, err.count("\n")) == (2, "", 1) and err.startswith("empty: there is nothing to judge: name ")
    assert json.loads(Path("g.json").read_text())["score"] == 0


def test_an_empty_folder_among_others_is_named(audit: Run, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    status, out, err = audit("right.xlsx", "empty")
    assert (status, err) == (2, "") and "not judged: empty is a folder without an .xlsx or .xlsm file." in out


@pytest.mark.parametrize(("options", "sentence"), [
    ("--report r.txt", r"r\.txt: the report's name must end with \.xlsx"),
    ("--report right.xlsx", r"right\.xlsx: the file cannot be written \(it is what is judged\): choose another name"),
    ("--junit folder", r"folder: .*\(it is a folder\).*"),
    ("--junit bad.xlsx/j.xml", r"bad\.xlsx/j\.xml: .*\(bad\.xlsx is no folder\).*"),
    ("--junit x --gradescope ./x", r"x: .*\(two reports would have this name\).*"),
    ("--json --markdown", r"--json and --markdown: .*"),
    ("--markdown --github", r"--markdown and --github: .*"),
    ("--points nan", r"--points nan: the points must be a number"),
])  # fmt: skip
def test_what_cannot_be_written_is_refused_before_anything_is_judged(
    options: str, sentence: str, audit: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(processes, "audit_all", None)
    (tmp_path / "folder").mkdir()
    before = sorted(tmp_path.rglob("*"))
    status, out, err = audit("right.xlsx", *options.split())
    assert (status, out) == (2, "") and re.fullmatch(sentence + "\n", err)
    assert sorted(tmp_path.rglob("*")) == before


@pytest.mark.parametrize("name", ["junit", "report"])
def test_a_report_replaces_a_report_and_no_submission(name: str, audit: Run, tmp_path: Path) -> None:
    _, out, err = audit(".", f"--{name}", "wrong.xlsx")
    why = "it is among what is judged, and no report"
    assert (out, err) == ("", f"wrong.xlsx: the file cannot be written ({why}): choose another name\n")
    assert (tmp_path / "wrong.xlsx").read_bytes() == b""
    for _ in range(2):
        status, out, _ = audit(".", "--report", "marks.xlsx")
        assert status == 2 and "marks" not in out and processes.is_report(tmp_path / "marks.xlsx")


@pytest.mark.parametrize("name", ["junit", "gradescope", "report"])
def test_a_full_disk_is_one_sentence_and_the_old_file_survives(
    name: str, audit: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "o.xlsx").write_text("old")

    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("tempfile.mkdtemp", full)
    status, out, err = audit("right.xlsx", f"--{name}", "o.xlsx")
    assert (status, err) == (2, "o.xlsx: the file cannot be written (No space left on device): choose another name\n")
    assert "right: 68 rows" in out and (tmp_path / "o.xlsx").read_text() == "old"


@pytest.mark.parametrize("options", ["", "--jobs 0 x", "--timeout 0 x", "--points -1 x", "--nonsense x"])
def test_a_command_that_is_none_shows_its_usage(options: str, audit: Run) -> None:
    status, out, err = audit(*options.split())
    assert (status, out) == (2, "") and err.startswith("Usage: sheetgen audit")


def test_a_narrow_encoding_is_survived(monkeypatch: pytest.MonkeyPatch) -> None:
    out = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    monkeypatch.setattr("sys.stdout", out)
    monkeypatch.setattr(processes, "audit_all", lambda *_, **__: [Verdict(Path("∂.xlsx"))])
    with pytest.raises(SystemExit) as stop:
        main(["audit", "∂.xlsx"])
    assert stop.value.code == 0
    out.flush()
    assert out.buffer.getvalue().startswith(b"?.xlsx\n")
