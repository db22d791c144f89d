"""A file is drafted beside its place, and moved there when whole; whatever prevents that is one sentence.

The folder of the drafts holds a lock, by which a later run tells what a killed one left from what is in use.
"""

from __future__ import annotations

import os
import re
import shutil
import stat
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from sheetgen.base.errors import UserError
from sheetgen.base.text import plain

try:
    import fcntl
except ImportError:  # Windows, where a file in use cannot be removed, which tells the same
    fcntl = None  # type: ignore[assignment]

PREFIX, LOCK = ".sheetgen-", "in-use"
_NAME = re.compile(re.escape(PREFIX) + r"[a-z0-9_]{8}")  # as tempfile makes them


class CannotWrite(UserError):
    """A file cannot stand where it should."""


def why_not_writable(path: Path) -> str:
    """Why no file can stand there; '' if nothing is in the way."""
    if os.path.isdir(path):
        return "it is a folder"
    if os.path.exists(path) and not os.path.isfile(path):
        return "it is no ordinary file"
    if (real := _real(path)).is_symlink():
        return "it is a link that leads nowhere"
    return next((f"{p} is no folder" for p in real.parents if os.path.exists(p) and not os.path.isdir(p)), "")


def _real(path: Path) -> Path:
    """Where a file really is: a link stays, and what it leads to is replaced."""
    return Path(os.path.realpath(path)) if path.is_symlink() else path


@contextmanager
def staging(path: Path, error: Callable[[str], Exception] | None = None, hint: str = "") -> Iterator[Path]:
    """Yield a folder beside the place of a file, which goes with all that is in it; and sweep what killed runs left.

    An OSError inside is raised as it is, or as `error` with a sentence that ends with the hint.
    """
    try:
        if error and (why := why_not_writable(path)):
            raise OSError(why)
        parent = _real(path).parent
        parent.mkdir(parents=True, exist_ok=True)
        sweep(parent)
        folder = Path(tempfile.mkdtemp(dir=parent, prefix=PREFIX))
        try:
            with _locked(folder):
                yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)
    except OSError as problem:
        if error is None:
            raise
        raise error(f"{plain(path)}: the file cannot be written ({problem.strerror or problem}): {hint}") from problem


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """Hold the folder's lock, which the system lets go of when the process ends, however it ends."""
    lock = folder / LOCK
    # Named when it is held, so that what bears the name is never free while its folder is in use.
    with lock.with_suffix(".new" if fcntl else "").open("w") as file:
        file.write(f"a draft of process {os.getpid()}: a later run removes what a killed one left\n")
        file.flush()
        if fcntl:
            with suppress(OSError):  # of a file system without locks, where nobody sweeps either
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            os.replace(file.name, lock)
        yield


def sweep(parent: Path) -> None:
    """Remove the folders for drafts that killed runs left: those of our name, with our lock in them, held by nobody."""
    for folder in parent.glob(f"{PREFIX}*"):
        with suppress(OSError):  # such as that of a lock that is held
            if _NAME.fullmatch(folder.name) and not folder.is_symlink():
                _sweep(folder, folder / LOCK)


def _sweep(folder: Path, lock: Path) -> None:
    """Remove a folder whose lock is there and held by nobody. Raises OSError."""
    if not stat.S_ISREG(lock.lstat().st_mode):
        return
    if fcntl:
        with lock.open("r+") as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            shutil.rmtree(folder)
    else:
        lock.unlink()
        shutil.rmtree(folder)


def save(path: Path, content: bytes, error: Callable[[str], Exception] | None = None, hint: str = "") -> None:
    """Write a whole file, so that an old one survives a failure. Raises as `staging` does."""
    with staging(path, error, hint) as folder:
        draft = folder / "draft"
        draft.write_bytes(content)
        move_into_place(draft, path)


def move_into_place(draft: Path, path: Path) -> None:
    """Move a draft to its place at once: a link stays, and so does the mode of the file that was there."""
    real = _real(path)
    try:
        mode = real.stat().st_mode & 0o777
    except FileNotFoundError:
        mode = _usual(draft.parent)
    with suppress(PermissionError):  # of a file system that has no modes
        draft.chmod(mode)
    draft.replace(real)


def _usual(folder: Path) -> int:
    """The mode of a new file as the umask has it, which is read by making one."""
    probe = folder / "mode"
    probe.touch()
    return probe.stat().st_mode & 0o777
