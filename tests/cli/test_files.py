"""Drafts: links and modes are kept, what killed processes left is swept, and nothing else ever is."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from sheetgen.base import files
from sheetgen.base.files import CannotWrite, save
from sheetgen.writer.book import writing

HOLD = """
import pathlib, sys, time
from sheetgen.base.files import staging
with staging(pathlib.Path(sys.argv[1])) as folder:
    (folder / "draft").write_text("half")
    print(folder.name, flush=True)
    time.sleep(300)
"""


def holding(path: Path) -> tuple[subprocess.Popen[str], str]:
    """A process that is drafting a file, and the name of its folder."""
    process = subprocess.Popen([sys.executable, "-c", HOLD, str(path)], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    return process, process.stdout.readline().strip()


def end(process: subprocess.Popen[str]) -> None:
    """Kill it, so that it cleans up nothing."""
    assert process.stdout is not None
    process.kill()
    process.wait()
    process.stdout.close()


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def test_what_a_killed_process_left_goes_and_what_a_living_one_uses_stays(tmp_path: Path) -> None:
    dead, left = holding(tmp_path / "x")
    alive, used = holding(tmp_path / "y")
    try:
        assert names(tmp_path) == {left, used}
        end(dead)
        assert names(tmp_path) == {left, used}
        files.sweep(tmp_path)
        assert names(tmp_path) == {used} and (tmp_path / used / "draft").read_text() == "half"
        with files.staging(tmp_path / "z") as folder:
            files.sweep(tmp_path)  # not one's own, either
            assert names(tmp_path) == {used, folder.name}
        assert names(tmp_path) == {used}
    finally:
        end(dead)
        end(alive)
    with files.staging(tmp_path / "z") as folder:
        assert names(tmp_path) == {folder.name}


@pytest.mark.parametrize(
    ("name", "lock"),
    [
        (".sheetgen-notes", files.LOCK),  # of another form
        (".sheetgen-abcdefg1", "other"),  # without our lock
        (".sheetgen-ABCDEFGH", files.LOCK),
        ("sheetgen-abcdefgh", files.LOCK),
        (".run-abcdefgh", files.LOCK),
        (".sheetgen-abcdefg2", ""),  # one that another process is just making
    ],
)
def test_what_is_not_ours_stays(name: str, lock: str, tmp_path: Path) -> None:
    (tmp_path / name).mkdir()
    if lock:
        (tmp_path / name / lock).write_text("of somebody")
    files.sweep(tmp_path)
    assert names(tmp_path) == {name}


def test_a_folder_like_ours_is_swept(tmp_path: Path) -> None:
    """The test above would hold if nothing was ever swept."""
    (tmp_path / ".sheetgen-abcdefg3" / "deep").mkdir(parents=True)
    (tmp_path / ".sheetgen-abcdefg3" / files.LOCK).touch()
    files.sweep(tmp_path)
    assert names(tmp_path) == set()


def test_links_and_pipes_are_not_followed(tmp_path: Path) -> None:
    kept = tmp_path / "kept"
    kept.mkdir()
    (kept / files.LOCK).touch()
    (tmp_path / ".sheetgen-abcdefg4").symlink_to(kept)
    (tmp_path / ".sheetgen-abcdefg5").mkdir()
    (tmp_path / ".sheetgen-abcdefg5" / files.LOCK).symlink_to(kept / files.LOCK)
    (tmp_path / ".sheetgen-abcdefg6").mkdir()
    os.mkfifo(tmp_path / ".sheetgen-abcdefg6" / files.LOCK)  # to open it would be to wait for ever
    before = names(tmp_path)
    files.sweep(tmp_path)
    assert names(tmp_path) == before and names(kept) == {files.LOCK}


def by_book(path: Path) -> None:
    with writing(path, "A title") as book:
        book.sheet("One", "heading", "subtitle")


def by_save(path: Path) -> None:
    save(path, b"new")


def by_staging(path: Path) -> None:
    with files.staging(path, CannotWrite, "choose another") as folder:
        (folder / "draft").write_text("new")
        (folder / "draft").chmod(0o600)  # as some libraries write their files
        files.move_into_place(folder / "draft", path)


@pytest.fixture(params=[by_book, by_save, by_staging])
def write(request: pytest.FixtureRequest) -> Callable[[Path], None]:
    """Each way in which a file is written."""
    found: Callable[[Path], None] = request.param
    return found


def test_a_link_stays_and_its_target_is_replaced(write: Callable[[Path], None], tmp_path: Path) -> None:
    (tmp_path / "far").mkdir()
    (tmp_path / "far" / "real.xlsx").write_text("old")
    (tmp_path / "link.xlsx").symlink_to("far/real.xlsx")
    write(tmp_path / "link.xlsx")
    assert (tmp_path / "link.xlsx").readlink() == Path("far/real.xlsx")
    assert (tmp_path / "far" / "real.xlsx").read_bytes() != b"old"
    assert names(tmp_path) == {"far", "link.xlsx"} and names(tmp_path / "far") == {"real.xlsx"}


def test_a_link_to_nothing_gets_its_target(write: Callable[[Path], None], tmp_path: Path) -> None:
    (tmp_path / "link.xlsx").symlink_to("new/real.xlsx")
    write(tmp_path / "link.xlsx")
    assert (tmp_path / "link.xlsx").is_symlink() and (tmp_path / "new" / "real.xlsx").is_file()


@pytest.mark.parametrize("mode", [0o600, 0o640, 0o664, 0o444])
def test_the_mode_of_an_older_file_is_kept(mode: int, write: Callable[[Path], None], tmp_path: Path) -> None:
    path = tmp_path / "x.xlsx"
    path.write_text("old")
    path.chmod(mode)
    write(path)
    assert path.stat().st_mode & 0o777 == mode and path.read_bytes() != b"old"


@pytest.mark.parametrize("mask", [0o22, 0o77, 0o2])
def test_a_new_file_follows_the_umask(mask: int, write: Callable[[Path], None], tmp_path: Path) -> None:
    before = os.umask(mask)
    try:
        write(tmp_path / "x.xlsx")
    finally:
        os.umask(before)
    assert (tmp_path / "x.xlsx").stat().st_mode & 0o777 == 0o666 & ~mask


def test_what_is_in_the_way(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "pipe2").symlink_to("pipe")
    (tmp_path / "a").symlink_to("b")
    (tmp_path / "b").symlink_to("a")
    (tmp_path / "file").touch()
    (tmp_path / "in file").symlink_to("file/x")
    tried = (".", "pipe", "pipe2", "a", "file/x", "in file", "x")
    found = {name: files.why_not_writable(tmp_path / name) for name in tried}
    assert found == {
        ".": "it is a folder", "pipe": "it is no ordinary file", "pipe2": "it is no ordinary file",
        "a": "it is a link that leads nowhere", "file/x": f"{tmp_path / 'file'} is no folder",
        "in file": f"{tmp_path / 'file'} is no folder", "x": "",
    }  # fmt: skip
    assert files.why_not_writable(Path("/dev/null")) == "it is no ordinary file"


def test_a_lock_is_held_before_it_has_its_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Else a sweeper that comes between could take it."""
    really = os.replace

    def replace(new: str, lock: Path) -> None:
        files.sweep(tmp_path)
        really(new, lock)
        files.sweep(tmp_path)

    monkeypatch.setattr(os, "replace", replace)
    with files.staging(tmp_path / "x") as folder:
        assert (folder / files.LOCK).is_file()
    assert names(tmp_path) == set()
