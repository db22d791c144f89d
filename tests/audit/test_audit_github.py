"""Annotations and the summary on GitHub: as its runner reads them, within its limits, and no stranger's command."""

from pathlib import Path

import pytest
from books import STEADY
from hypothesis import given, settings
from hypothesis import strategies as st
from runner import Command, commands
from verdicts import HOSTILE, WHY, class_of, finding, hostile, judged, safe

from sheetgen.audit.show import github, markdown
from sheetgen.audit.verdict import Verdict
from sheetgen.audit.verdict import finding as finding_at

ANY = st.text(st.characters(codec=None, exclude_categories=()), max_size=40)
COMMANDS = ["::error::x", "a\n::add-mask::b", "##[add-mask]b", "%0A::debug::c", "x,title=y::z", "::stop-commands::t"]
PROPERTIES = {"file", "title"}


def shown(verdicts: list[Verdict]) -> list[Command]:
    """The annotations, as the runner reads them: every line is one, and nothing but one."""
    text = github.document(verdicts, lambda path: path.as_posix())
    found = commands(text)
    assert len(found) == text.count("\n") == len(text.splitlines())
    assert all(one.name in ("error", "warning", "notice") and set(one.properties) <= PROPERTIES for one in found)
    for one in found:
        safe(one.message + "".join(one.properties.values()))
        assert one.message and len(one.message) <= github.LONGEST and len(one.properties["title"]) <= 255
    assert all(sum(one.name == level for one in found) <= github.MOST for level in github.LEVELS.values())
    return found


def test_each_finding_is_one_at_its_file_errors_first() -> None:
    found = shown(class_of(Path("class")))
    assert [(one.name, one.properties["file"], one.properties["title"]) for one in found] == [
        ("error", "class/bob/Book1.xlsx", "wrong gradient Sheet1!AB33:AB100"),
        ("error", "class/bob/Book1.xlsx", "wrong gradient Sheet1!AA33:AA100"),
        ("error", "class/bob/Book1.xlsx", "not one formula Sheet1!AA40"),
        ("error", "class/dora.xlsx", "not judged"),
        ("warning", "class/bob/Book1.xlsx", "wrong chart Sheet1: Chart 2"),
        ("warning", "class/cid/Book1.xlsx", "contradicting text 'Back Prop'!B4"),
        ("notice", "class/bob/Book1.xlsx", "drifting number Sheet1!C34:C100"),
    ]
    assert found[0].message == f"is: =N33*(1-N33)\nshould be: =P33*(1-P33)\nwhy: {WHY}"
    assert found[3].message == "dora.xlsx is protected with a password."
    assert shown([Verdict(Path("a.xlsx"), tables=[judged()])]) == []


@pytest.mark.parametrize(("severity", "level"), [(None, "error"), ("note", "error"), ("warning", "warning"),
                                                 ("error", "warning")])  # fmt: skip
def test_a_part_that_was_not_judged_is_an_error_if_the_exit_status_is_for_its_sake(
    severity: str | None, level: str
) -> None:
    findings = [finding(severity)] if severity else []
    verdict = Verdict(Path("a.xlsx"), findings, [judged()], unjudged=["updates not judged: Adam"])
    (one,) = (one for one in shown([verdict]) if one.properties["title"] == "not judged")
    assert (one.name, one.message) == (level, "updates not judged: Adam")
    assert (verdict.code == 2) == (level == "error")


@pytest.mark.parametrize("text", [*HOSTILE, *COMMANDS])
def test_no_text_of_a_stranger_is_a_command(text: str, tmp_path: Path) -> None:
    everywhere = finding_at(text, (text, text), text, text, text)
    path = Path(text.replace("\0", "").replace("/", "_") or "x")
    verdicts = [Verdict(path, [everywhere, finding_at("gradient", (text, "B2"), text, text, text, "note")]),
                Verdict(path, problem=text), Verdict(path, unjudged=[text])]  # fmt: skip
    assert [one.name for one in shown(verdicts)] == ["error", "error", "error", "notice"]
    assert commands(markdown.document(verdicts)) == [] or "##[" in text  # which is in a file, and no output


def test_all_hostile_verdicts_together_keep_the_limits(tmp_path: Path) -> None:
    found = shown(hostile(tmp_path))
    assert {one.name for one in found} == {"error", "warning"}


@settings(**STEADY)
@given(ANY, ANY, ANY)
def test_the_runner_reads_what_was_meant(file: str, title: str, message: str) -> None:
    line = github.Annotation("error", file, title, message).command()
    (found,) = commands(line)
    expected = {"title": title, **({"file": file} if file else {})}
    assert found == Command("error", expected, message) and "\n" not in line and "\r" not in line


def test_of_many_findings_each_file_gets_one() -> None:
    ten = [finding(cells=f"B{k}") for k in range(1, 11)]
    assert len(shown([Verdict(Path("a.xlsx"), ten)])) == 10
    eleven = [*ten, finding(cells="C1")]
    one, other = shown([Verdict(Path("a.xlsx"), eleven), Verdict(Path("b.xlsx"), [finding(cells="D7")])])
    assert one.properties == {"file": "a.xlsx", "title": "11 errors"}
    assert all(f"wrong gradient Sheet1!B{k}\nis: " in one.message for k in range(1, 11)) and "more" not in one.message
    assert other.properties == {"file": "b.xlsx", "title": "wrong gradient Sheet1!D7"}


def test_a_long_message_is_cut_between_findings_and_counts_the_rest() -> None:
    long = [finding_at("gradient", ("S", f"B{k}"), "=1", "x" * 1_000, WHY) for k in range(30)]
    (one,) = shown([Verdict(Path("a.xlsx"), long)])
    assert one.message.count("wrong gradient") == 3 and one.message.endswith("\n\nand 27 more")


def test_of_many_files_the_last_one_tells() -> None:
    verdicts = [Verdict(Path(f"s{k}.xlsx"), [finding(), finding("warning")]) for k in range(10)]
    assert len(shown(verdicts)) == 20
    more = [Verdict(Path(f"s{k}.xlsx"), [finding(), finding(cells="B2")]) for k in range(40)]
    *nine, last = shown(more)
    assert [one.properties for one in nine] == [{"file": f"s{k}.xlsx", "title": "2 errors"} for k in range(9)]
    assert last.properties == {"title": "31 more files with errors"}
    assert last.message.endswith(", ".join(f"s{k}.xlsx" for k in range(9, 40)))


def test_the_outputs_are_counts_and_nothing_else(tmp_path: Path) -> None:
    assert github.outputs(class_of(tmp_path)) == "right=1\ndoubtful=1\nwrong=1\nnot-judged=1\n"
    assert github.outputs(hostile(tmp_path)) == "right=0\ndoubtful=0\nwrong=10\nnot-judged=10\n"


# The summary


@pytest.mark.parametrize("most", [0, 100, 150, 700, 3_000, 10_000])
def test_a_summary_that_is_too_long_ends_after_a_whole_line_with_a_sentence(most: int, tmp_path: Path) -> None:
    whole = markdown.document([*class_of(tmp_path), *hostile(tmp_path)])
    short = markdown.shortened(whole, most)
    assert len(short.encode()) <= most
    if short:
        kept = short.removesuffix(markdown.CUT)
        assert kept != short and whole.startswith(kept) and (not kept or kept.endswith("\n"))
        following = whole[len(kept) :].split("\n")[0]
        assert len((short + following + "\n").encode()) > most
    assert bool(short) == (most > len(markdown.CUT))


def test_a_summary_that_fits_is_whole(tmp_path: Path) -> None:
    whole = markdown.document(class_of(tmp_path))
    assert markdown.shortened(whole, len(whole.encode())) == whole
