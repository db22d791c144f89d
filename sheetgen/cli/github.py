"""What `sheetgen audit --github` tells GitHub Actions, in the files that its variables name and on standard output."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from functools import cache
from pathlib import Path

from sheetgen.audit.show import github, markdown
from sheetgen.audit.show.text import total
from sheetgen.audit.verdict import Verdict
from sheetgen.base.errors import Status
from sheetgen.base.files import CannotWrite

SUMMARY = 1 << 20  # bytes that GitHub shows of the summary of a step


def tell(verdicts: Sequence[Verdict]) -> Status:
    """Print the annotations, add to the summary and to the outputs of the step. Raises CannotWrite.

    Nothing else is printed: in the output of a step any line of a stranger could be a command.
    """
    sys.stdout.write(github.document(verdicts, _place) + total(list(verdicts)) + "\n")
    _add("GITHUB_OUTPUT", github.outputs(verdicts))
    _add("GITHUB_STEP_SUMMARY", markdown.document(verdicts), SUMMARY)
    return Status.RIGHT


def _add(variable: str, text: str, most: int | None = None) -> None:
    """Add a text to a file of GitHub's, if there is one; with what is in it, it has `most` bytes."""
    name = os.environ.get(variable)
    if not name:
        return
    try:
        with open(name, "ab") as file:
            text = text if most is None else markdown.shortened(text, most - file.tell())
            file.write(text.encode("utf-8"))
    except OSError as error:
        raise CannotWrite(f"{variable}: the file that it names cannot be written ({error.strerror})") from error


def _place(path: Path) -> str:
    """The path of a file from the root of its repository, as GitHub wants it; '' outside of every one."""
    file = Path(os.path.abspath(path))
    root = _root(file.parent)
    return file.relative_to(root).as_posix() if root else ""


@cache
def _root(folder: Path) -> Path | None:
    """The root of the repository that a folder is in; without git's own folder, that of the whole job."""
    inside = (folder, *folder.parents)
    workspace = Path(os.path.abspath(os.environ.get("GITHUB_WORKSPACE") or os.curdir))
    return next((path for path in inside if (path / ".git").exists()), workspace if workspace in inside else None)
