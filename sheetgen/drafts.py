"""A file is drafted beside its place; whatever prevents that is one sentence, and nothing is lost."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path


def obstacle(path: Path) -> str:
    """Why no file can stand there; '' if nothing is in the way."""
    if path.is_dir():
        return "it is a folder"
    return next((f"{p} is no folder" for p in path.parents if p.exists() and not p.is_dir()), "")


@contextmanager
def room(path: Path, refused: Callable[[str], Exception], remedy: str) -> Iterator[Path]:
    """A folder for drafts, beside a file's place. Raises what `refused` makes of a sentence that ends with the remedy.

    So it does for every OSError of what is done in the folder.
    """
    if why := obstacle(path):
        raise refused(f"{path}: the file cannot be written ({why}): {remedy}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=path.parent, prefix=".sheetgen-") as folder:
            yield Path(folder)
    except OSError as error:
        reason = error.strerror or error
        raise refused(f"{path}: the file cannot be written ({reason}): {remedy}") from error
