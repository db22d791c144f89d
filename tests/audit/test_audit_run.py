"""Many files: found, judged side by side, in order; and what one of them does to its process stays there."""

import multiprocessing
import os
import time
from pathlib import Path

import pytest

from sheetgen.audit import processes
from sheetgen.audit.processes import Assignment, audit_all, find_files
from sheetgen.audit.verdict import Verdict

HUGE = 1 << 40
PATIENT = 60.0  # seconds, for a machine that does other things as well


def tame(path: Path, pointed: str | None) -> Verdict:
    """A judge that does what the file's name says. It is a function of a module, so that a process can find it."""
    word = path.stem.split("-")[0]
    if word == "slow":
        time.sleep(600)
    if word == "late":
        time.sleep(0.4)
    if word == "abort":
        os.abort()
    if word == "exit":
        os._exit(0)
    if word == "huge":
        bytearray(HUGE)
    if word == "fault":
        raise ValueError("a\nb")
    if word == "deep":
        return tame(path, pointed)
    if word == "secret":
        return Verdict(path, unread=[lambda: 0])  # type: ignore[list-item]  # what no pipe takes
    if word == "noisy":
        print("to stdout")
        os.write(2, b"to stderr")
    return Verdict(path, unread=[str(pointed), str(path.is_absolute()), str(os.getpid())])


def files(folder: Path, *names: str) -> list[Path]:
    """Empty files."""
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(b"")
    return [folder / name for name in names]


def test_folders_are_searched_and_the_rest_is_left(tmp_path: Path) -> None:
    wanted = files(tmp_path, "B.XLSX", "a.xlsx", "a/deep/er/c.xlsm", "ä b.xlsx")
    files(
        tmp_path, "~$a.xlsx", ".hidden.xlsx", ".git/x.xlsx", "__MACOSX/._a.xlsx", "a.xls", "b.csv", "xlsx", "a.xlsx.bak"
    )
    assert find_files([tmp_path]) == sorted(wanted)


def test_paths_keep_their_order_and_come_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    files(tmp_path, "one/b.xlsx", "one/a.xlsx", "z.xlsx", "odd.txt")
    monkeypatch.chdir(tmp_path)
    given = ["z.xlsx", "one", "./one/a.xlsx", "missing.xlsx", "odd.txt", "one/../z.xlsx", str(tmp_path / "one")]
    found = find_files(map(Path, given))
    assert [str(path) for path in found] == ["z.xlsx", "one/a.xlsx", "one/b.xlsx", "missing.xlsx", "odd.txt"]


def test_what_is_written_is_not_judged(tmp_path: Path) -> None:
    one, _ = files(tmp_path, "a.xlsx", "report.xlsx")
    assert find_files([tmp_path], leave_out=[tmp_path / "x" / ".." / "report.xlsx"]) == [one]


def test_links_that_go_round_end(tmp_path: Path) -> None:
    (one,) = files(tmp_path, "sub/a.xlsx")
    (tmp_path / "sub" / "up").symlink_to(tmp_path, target_is_directory=True)
    assert find_files([tmp_path]) == [one]


@pytest.mark.parametrize("jobs", [1, 3, None])
def test_verdicts_are_in_the_order_of_the_paths(jobs: int | None, tmp_path: Path) -> None:
    paths = files(tmp_path, "late-0.xlsx", "1.xlsx", "2.xlsx", "late-3.xlsx", "4.xlsx")
    told: list[Path] = []
    found = audit_all(paths, jobs, lambda verdict: told.append(verdict.path), Assignment("S!A1:B2", judge=tame))
    assert [verdict.path for verdict in found] == paths and sorted(told) == sorted(paths)
    assert all(verdict.unread[:2] == ["S!A1:B2", "True"] for verdict in found)
    pids = {verdict.unread[2] for verdict in found}
    assert len(pids) == len(paths) and str(os.getpid()) not in pids
    if jobs == 1:
        assert told == paths
    elif jobs == 3:
        assert told != paths  # those that need no time overtake


def test_relative_paths_work_where_the_process_is_and_stay_as_given(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files(tmp_path, "a.xlsx")
    monkeypatch.chdir(tmp_path)
    (verdict,) = audit_all([Path("a.xlsx")], task=Assignment(judge=tame))
    assert verdict.path == Path("a.xlsx") and verdict.unread[1] == "True"


def test_no_file_stops_the_others(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(processes, "MEMORY", 1 << 30)
    names = ["fine-1", "abort", "exit", "huge", "fault", "deep", "secret", "noisy", "fine-2"]
    paths = files(tmp_path, *(f"{name}.xlsx" for name in names))
    (tmp_path / "empty").mkdir()
    os.mkfifo(tmp_path / "pipe.xlsx")
    more = [tmp_path / "missing.xlsx", tmp_path / "empty", tmp_path / "pipe.xlsx"]
    found = audit_all([*paths, *more], task=Assignment(timeout=PATIENT, judge=tame))
    problems = dict(zip([*names, "missing", "empty", "pipe"], [verdict.problem for verdict in found], strict=True))
    assert problems == {
        "fine-1": "",
        "abort": "abort.xlsx made its judge end with SIGABRT.",
        "exit": "exit.xlsx made its judge end too early.",
        "huge": "huge.xlsx takes more than 1 GB of memory to judge.",
        "fault": "fault.xlsx could not be judged, for the judge has a fault (ValueError: a\nb).",
        "deep": problems["deep"],
        "secret": "secret.xlsx made its judge end too early.",
        "noisy": "",
        "fine-2": "",
        "missing": "missing.xlsx does not exist.",
        "empty": "empty is a folder without an .xlsx or .xlsm file.",
        "pipe": "pipe.xlsx is no ordinary file.",
    }
    assert "RecursionError" in problems["deep"]
    assert capfd.readouterr() == ("", "")


def test_what_takes_too_long_is_stopped(tmp_path: Path) -> None:
    paths = files(tmp_path, "slow-1.xlsx", "a.xlsx", "slow-2.xlsx", "b.xlsx")
    start = time.monotonic()
    limit = 5  # the others are done by then, also where every processor runs a test
    found = audit_all(paths, 2, task=Assignment(None, limit, judge=tame))
    assert limit + 1 > found[0].seconds >= limit and time.monotonic() - start < PATIENT
    assert [verdict.word for verdict in found] == ["not judged", "right", "not judged", "right"]
    assert found[0].problem == "slow-1.xlsx takes longer than 5 seconds to judge, so it was stopped."


def test_an_interrupt_ends_the_processes(tmp_path: Path) -> None:
    paths = files(tmp_path, "a.xlsx", *(f"slow-{k}.xlsx" for k in range(3)))

    def interrupt(_: Verdict) -> None:
        raise KeyboardInterrupt

    start = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        audit_all(paths, 4, interrupt, Assignment(judge=tame))
    assert time.monotonic() - start < PATIENT
    assert multiprocessing.active_children() == []


def test_nothing_gives_nothing() -> None:
    assert audit_all([], task=Assignment(judge=tame)) == [] == find_files([])


def test_a_memory_limit_that_is_far_too_small_is_still_a_verdict(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Even what Python needs to say so may be missing then."""
    monkeypatch.setattr(processes, "MEMORY", 1)
    found = audit_all(files(tmp_path, "huge.xlsx", "b.xlsx"), task=Assignment(timeout=PATIENT, judge=tame))
    assert found[0].problem and len(found) == 2


def test_the_default_is_the_judge_itself(tmp_path: Path) -> None:
    (path,) = files(tmp_path, "empty.xlsx")
    (verdict,) = audit_all([path])
    assert verdict.word == "not judged" and "empty.xlsx" in verdict.problem
