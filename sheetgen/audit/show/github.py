"""The verdicts as workflow commands, which GitHub Actions shows as annotations of a commit or pull request.

Escaped as GitHub's own toolkit does it: https://github.com/actions/toolkit/blob/main/packages/core/src/command.ts.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

from sheetgen.audit.show.text import kind, lines, ordered, tally, where
from sheetgen.audit.verdict import Verdict
from sheetgen.base.finding import ERROR, NOTE, WARNING
from sheetgen.base.text import plain

MOST = 10  # annotations of one level that GitHub shows of a step
LONGEST = 4_000  # characters of a message, of which GitHub keeps 4,096
TITLE = 200  # characters of a title, of which GitHub takes 255
LEVELS = {ERROR: "error", WARNING: "warning", NOTE: "notice"}


class Annotation(NamedTuple):
    """What GitHub shows at a file, which is a path from the root of its repository, or ''; the levels are in LEVELS."""

    level: str
    file: str
    title: str
    message: str

    def command(self) -> str:
        """The line that makes it. No text of it can end the line, or begin a command of its own."""
        file = f"file={escaped(self.file)}," if self.file else ""
        return f"::{self.level} {file}title={escaped(self.title)}::{_data(self.message[:LONGEST])}"


def document(verdicts: Sequence[Verdict], place: Callable[[Path], str]) -> str:
    """The commands, a line each, errors first; `place` has the path of a file from the root of its repository.

    More than GitHub shows of a level become one for each file, and of more files than that the last one tells.
    """
    files = [_annotations(verdict, plain(place(verdict.path), LONGEST)) for verdict in verdicts]
    shown = [annotation for level in LEVELS.values() for annotation in _chosen(level, files)]
    return "".join(f"{annotation.command()}\n" for annotation in shown)


def outputs(verdicts: Sequence[Verdict]) -> str:
    """How many files got each verdict, as the outputs of a step: right=1, doubtful=0, wrong=2, not-judged=0."""
    return "".join(f"{word.replace(' ', '-')}={n}\n" for word, n in tally(verdicts).items())


def escaped(text: str) -> str:
    """A text as the property of a command, where a colon would end the properties, and a comma the property."""
    return _data(text).replace(":", "%3A").replace(",", "%2C")


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _annotations(verdict: Verdict, file: str) -> list[Annotation]:
    """One for each finding, and for what was not judged: an error if the exit status is for its sake."""
    shown = [
        Annotation(LEVELS[f.severity], file, plain(f"{kind(f)} {where(f.sheet, f.cells)}", TITLE), "\n".join(lines(f)))
        for f in ordered(verdict)
    ]
    level = LEVELS[ERROR if verdict.word == "not judged" else WARNING]
    left = [verdict.problem] if verdict.problem else verdict.unjudged
    return shown + [Annotation(level, file, "not judged", plain(why)) for why in left]


def _chosen(level: str, files: Sequence[Sequence[Annotation]]) -> list[Annotation]:
    """The annotations of one level, as many as GitHub shows."""
    groups = [group for file in files if (group := [one for one in file if one.level == level])]
    if sum(map(len, groups)) <= MOST:
        return [one for group in groups for one in group]
    if len(groups) <= MOST:
        return [_merged(group) for group in groups]
    shown, rest = groups[: MOST - 1], groups[MOST - 1 :]
    names = ", ".join(group[0].file for group in rest)
    message = f"The summary of the job names the cells of all. {names}"
    return [*map(_merged, shown), Annotation(level, "", f"{len(rest):,} more files with {level}s", message)]


def _merged(group: Sequence[Annotation]) -> Annotation:
    """One annotation for all of a file."""
    if len(group) == 1:
        return group[0]
    texts: list[str] = []
    room = LONGEST - 20
    for one in group:
        text = f"{one.title}\n{one.message}"
        room -= len(text) + 2
        if texts and room < 0:
            texts.append(f"and {len(group) - len(texts):,} more")
            break
        texts.append(text)
    return group[0]._replace(title=f"{len(group):,} {group[0].level}s", message="\n\n".join(texts))
